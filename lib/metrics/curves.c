/* curves.c -- two classes by score: what every threshold would do.
 *
 * From the largest score down, each different score is a threshold: of the samples at or above it TP are of class 1 and FP of class 0.
 * With P and N in all,
 *     ROC      x = FP / N   y = TP / P
 *     PR       x = TP / P   y = TP / (TP + FP)
 *     AP       sum over thresholds of (x - x before) y
 *     cost     TN c00 + FP c01 + FN c10 + TP c11
 * Source     scikit-learn's roc_curve, precision_recall_curve, average_precision_score
 * Derivation docs/math/roc-pr.md
 */
#include "metrics/scores.h"

#include <math.h>
#include <stdlib.h>

/* ---- samples of two classes ---- */

ml_status mli_binary_of(const char *name, ml_ints truth, ml_scores s, mli_binary *b)
{
    *b = (mli_binary){.truth = truth.v, .n = truth.n};
    if (s.columns > 2)
        return mli_fail(ML_EINVAL, "%s: %ld columns of scores: wants one, or two", name, (long)s.columns);
    if (mli_check_scores(name, truth, s, 2))
        return ml_error_status();
    b->score = mli_alloc((size_t)b->n * sizeof *b->score);
    for (int64_t i = 0; b->score && i < b->n; i++) {
        b->score[i] = s.v[i * s.columns + s.columns - 1];
        b->positives += truth.v[i];
    }
    return b->score ? ML_OK : ML_ENOMEM;
}

/* Gives back the scores, and the error. */
static ml_status refuse(mli_binary *b)
{
    mli_free(b->score);
    b->score = NULL;
    return ml_error_status();
}

ml_status mli_both_of(const char *name, ml_ints truth, ml_scores s, mli_binary *b)
{
    if (mli_binary_of(name, truth, s, b))
        return ml_error_status();
    if (b->positives > 0 && b->positives < b->n)
        return ML_OK;
    mli_fail(ML_EINVAL, "%s: none of the %lld samples is of class %d: a curve wants both kinds", name, (long long)b->n,
             b->positives == 0);
    return refuse(b);
}

ml_status mli_probable_of(const char *name, ml_ints truth, ml_scores s, mli_binary *b)
{
    if (mli_binary_of(name, truth, s, b))
        return ml_error_status();
    for (int64_t i = 0; i < b->n; i++)
        if (!(b->score[i] >= 0 && b->score[i] <= 1)) {
            mli_fail(ML_EINVAL, "%s: sample %lld has %g for class 1: no probability, which is in 0 .. 1", name, (long long)i, b->score[i]);
            return refuse(b);
        }
    return ML_OK;
}

/* ---- thresholds ---- */

ml_curve *mli_curve_new(int64_t room)
{
    ml_curve *c = mli_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->x = mli_alloc((size_t)room * sizeof *c->x);
    c->y = mli_alloc((size_t)room * sizeof *c->y);
    c->at = mli_alloc((size_t)room * sizeof *c->at);
    if (c->x && c->y && c->at)
        return c;
    ml_curve_free(c);
    return NULL;
}

void ml_curve_free(ml_curve *c)
{
    if (!c)
        return;
    mli_free(c->x);
    mli_free(c->y);
    mli_free(c->at);
    mli_free(c);
}

static void add(ml_curve *c, double x, double y, double at)
{
    c->x[c->n] = x;
    c->y[c->n] = y;
    c->at[c->n++] = at;
}

typedef struct sample {
    double score;
    int32_t label;
} sample;

static int largest_first(const void *a, const void *b)
{
    const double x = ((const sample *)a)->score, y = ((const sample *)b)->score;
    return (x < y) - (x > y);
}

/* How many of either class are at or above each threshold, the largest first: x of class 0, y of class 1. */
static ml_curve *thresholds(const mli_binary *b)
{
    sample *v = mli_alloc((size_t)b->n * sizeof *v);
    ml_curve *c = v ? mli_curve_new(b->n) : NULL;
    double counts[2] = {0, 0};
    for (int64_t i = 0; v && i < b->n; i++)
        v[i] = (sample){b->score[i], b->truth[i]};
    if (c)
        qsort(v, (size_t)b->n, sizeof *v, largest_first);
    for (int64_t i = 0; c && i < b->n; i++) {
        counts[v[i].label]++;
        if (i + 1 == b->n || v[i + 1].score != v[i].score)
            add(c, counts[0], counts[1], v[i].score);
    }
    mli_free(v);
    return c;
}

/* The same of samples that are still to be checked, of which *b then says how many of each class there are; its scores are freed. */
static ml_curve *thresholds_of(const char *name, ml_ints truth, ml_scores scores, mli_binary *b)
{
    if (mli_both_of(name, truth, scores, b))
        return NULL;
    ml_curve *c = thresholds(b);
    mli_free(b->score);
    return c;
}

/* ---- what is made of them ---- */

/* Whether the way from the point before i goes on past it in the same direction, in equal steps. */
static bool inside(const ml_curve *c, int64_t i)
{
    return i > 0 && i + 1 < c->n && c->x[i + 1] - c->x[i] == c->x[i] - c->x[i - 1] && c->y[i + 1] - c->y[i] == c->y[i] - c->y[i - 1];
}

ml_curve *ml_roc_curve(ml_ints truth, ml_scores scores)
{
    mli_binary b;
    ml_curve *all = thresholds_of("roc curve", truth, scores, &b);
    ml_curve *c = all ? mli_curve_new(all->n + 1) : NULL;
    if (c)
        add(c, 0, 0, INFINITY);
    for (int64_t i = 0; c && i < all->n; i++)
        if (!inside(all, i))
            add(c, all->x[i] / (double)(b.n - b.positives), all->y[i] / (double)b.positives, all->at[i]);
    ml_curve_free(all);
    return c;
}

ml_curve *ml_precision_recall_curve(ml_ints truth, ml_scores scores)
{
    mli_binary b;
    ml_curve *all = thresholds_of("precision-recall curve", truth, scores, &b);
    ml_curve *c = all ? mli_curve_new(all->n + 1) : NULL;
    for (int64_t i = all ? all->n - 1 : -1; c && i >= 0; i--)
        add(c, all->y[i] / (double)b.positives, all->y[i] / (all->x[i] + all->y[i]), all->at[i]);
    if (c)
        add(c, 0, 1, INFINITY);
    ml_curve_free(all);
    return c;
}

ml_status ml_average_precision(ml_ints truth, ml_scores scores, double *precision)
{
    mli_binary b;
    if (!precision)
        return mli_fail(ML_EINVAL, "average precision: precision is NULL");
    ml_curve *c = thresholds_of("average precision", truth, scores, &b);
    if (!c)
        return ml_error_status();
    double sum = 0;
    for (int64_t i = 0; i < c->n; i++) {
        const double found = c->y[i] - (i ? c->y[i - 1] : 0);
        sum += found / (double)b.positives * (c->y[i] / (c->x[i] + c->y[i]));
    }
    *precision = sum;
    ml_curve_free(c);
    return ML_OK;
}

/* What it costs to call FP of class 0 and TP of class 1 positive. */
static ml_threshold at_threshold(const mli_binary *b, const ml_costs *c, double fp, double tp, double threshold)
{
    const double tn = (double)(b->n - b->positives) - fp, fn = (double)b->positives - tp;
    return (ml_threshold){threshold, tn * c->true_negative + fp * c->false_positive + fn * c->false_negative + tp * c->true_positive,
                          {(int64_t)tn, (int64_t)fp, (int64_t)fn, (int64_t)tp}};
}

ml_status ml_best_threshold(ml_ints truth, ml_scores scores, ml_costs costs, ml_threshold *best)
{
    mli_binary b;
    if (!best)
        return mli_fail(ML_EINVAL, "best threshold: best is NULL");
    if (!isfinite(costs.true_negative) || !isfinite(costs.false_positive) || !isfinite(costs.false_negative) ||
        !isfinite(costs.true_positive))
        return mli_fail(ML_EINVAL, "best threshold: the costs are %g, %g, %g, %g: they must be finite", costs.true_negative,
                        costs.false_positive, costs.false_negative, costs.true_positive);
    ml_curve *c = thresholds_of("best threshold", truth, scores, &b);
    if (!c)
        return ml_error_status();
    *best = at_threshold(&b, &costs, 0, 0, INFINITY);
    for (int64_t i = 0; i < c->n; i++) {
        const ml_threshold here = at_threshold(&b, &costs, c->x[i], c->y[i], c->at[i]);
        *best = here.cost < best->cost ? here : *best;
    }
    ml_curve_free(c);
    return ML_OK;
}
