/* roc_auc.c -- the area under the ROC curve, by counting instead of drawing.
 *
 * The curve goes through the samples from the largest score down: up where one is positive, to the right where not. The
 * area under it is the share of pairs (positive, negative) in which the positive has the larger score, ties counted half:
 *     auc = (1 / (P Q)) sum over positives of ( negatives below + half of the negatives level )
 * With the samples sorted this takes one walk. Several classes are several such areas, and a mean.
 * Source     Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve"; Hand and Till 2001, eq. 7
 */
#include "metrics/scores.h"

#include <stdlib.h>

typedef struct sample {
    double score;
    bool positive;
} sample;

static int by_score(const void *a, const void *b)
{
    double x = ((const sample *)a)->score, y = ((const sample *)b)->score;
    return (x > y) - (x < y);
}

/* The area for n samples, of which both kinds occur; sorts them. */
static double area(sample *v, int64_t n)
{
    double negatives = 0, wins = 0;
    qsort(v, (size_t)n, sizeof *v, by_score);
    for (int64_t i = 0, end; i < n; i = end) { /* one level of score after another, from below */
        double up = 0, level = 0;
        for (end = i; end < n && v[end].score == v[i].score; end++)
            *(v[end].positive ? &up : &level) += 1;
        wins += up * (negatives + level / 2);
        negatives += level;
    }
    return wins / (((double)n - negatives) * negatives);
}

/* What the areas are of. */
typedef struct problem {
    ml_ints truth;
    ml_scores scores;
    sample *work; /* one a row */
    int64_t *support; /* of each class */
    int32_t classes;
} problem;

/* Class a against class b, or where b is -1 against all others, by the scores of a. */
static double of_class(const problem *p, int32_t a, int32_t b, int32_t column)
{
    int64_t n = 0;
    for (int64_t i = 0; i < p->truth.n; i++)
        if (b < 0 || p->truth.v[i] == a || p->truth.v[i] == b)
            p->work[n++] = (sample){p->scores.v[i * p->scores.columns + column], p->truth.v[i] == a};
    return area(p->work, n);
}

static double one_vs_rest(const problem *p, bool weighted)
{
    double sum = 0, weights = 0;
    for (int32_t k = 0; k < p->classes; k++) {
        double w = weighted ? (double)p->support[k] : 1;
        sum += w * of_class(p, k, -1, k);
        weights += w;
    }
    return sum / weights;
}

static double one_vs_one(const problem *p, bool weighted)
{
    double sum = 0, weights = 0;
    for (int32_t a = 0; a < p->classes; a++)
        for (int32_t b = a + 1; b < p->classes; b++) {
            double w = weighted ? (double)(p->support[a] + p->support[b]) : 1;
            sum += w * (of_class(p, a, b, a) + of_class(p, b, a, b)) / 2;
            weights += w;
        }
    return sum / weights;
}

static ml_status count(const problem *p)
{
    for (int64_t i = 0; i < p->truth.n; i++)
        p->support[p->truth.v[i]]++;
    for (int32_t k = 0; k < p->classes; k++)
        if (p->support[k] == 0)
            return mli_fail(ML_EINVAL, "roc auc: none of the %lld samples is of class %ld: a curve wants both kinds",
                            (long long)p->truth.n, (long)k);
    return ML_OK;
}

ml_status ml_roc_auc(ml_ints truth, ml_scores scores, ml_auc_opts opts, double *auc)
{
    bool binary = scores.columns <= 2;
    if (binary ? mli_check_scores("roc auc", truth, scores, 2) : mli_check_probabilities("roc auc", truth, scores))
        return ml_error_status();
    if (!auc)
        return mli_fail(ML_EINVAL, "roc auc: auc is NULL");
    problem p = {.truth = truth, .scores = scores, .classes = binary ? 2 : scores.columns};
    p.work = mli_alloc((size_t)truth.n * sizeof *p.work);
    p.support = mli_calloc((size_t)p.classes, sizeof *p.support);
    ml_status s = p.work && p.support ? count(&p) : ML_ENOMEM;
    if (!s)
        *auc = binary            ? of_class(&p, 1, 0, scores.columns - 1)
               : opts.one_vs_one ? one_vs_one(&p, opts.weighted)
                                 : one_vs_rest(&p, opts.weighted);
    mli_free(p.work);
    mli_free(p.support);
    return s;
}
