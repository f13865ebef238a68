/* regression.c -- how far numbers are from the truth.
 *
 * With weights w (1 each) and errors e = truth - predicted, means being weighted,
 *     mse    mean e^2        mae   mean |e|        mape  mean |e| / max(|truth|, 2.2e-16)
 *     R2     1 - sum w e^2 / sum w (truth - mean)^2       explained variance: e less its mean in the place of e
 *     pinball   mean of max(q e, (q - 1) e)
 * Source     scikit-learn's functions of these names; its median of weighted errors halves the weight (average=True)
 */
#include "linalg/statistics.h"
#include "metrics/scores.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static ml_status check(const char *name, ml_doubles truth, ml_doubles predicted, ml_doubles weight)
{
    double sum = 0;
    if (truth.n != predicted.n || (weight.v && weight.n != truth.n))
        return mli_fail(ML_EINVAL, "%s: %lld true numbers, %lld predicted, %lld weights", name, (long long)truth.n, (long long)predicted.n,
                        (long long)weight.n);
    if (truth.n < 1 || !truth.v || !predicted.v)
        return mli_fail(ML_EINVAL, "%s: %lld samples: wants at least 1, and none NULL", name, (long long)truth.n);
    for (int64_t i = 0; i < truth.n; i++) {
        const double w = weight.v ? weight.v[i] : 1;
        if (!isfinite(truth.v[i]) || !isfinite(predicted.v[i]))
            return mli_fail(ML_EINVAL, "%s: sample %lld is %g, and predicted %g: both must be finite", name, (long long)i, truth.v[i],
                            predicted.v[i]);
        if (!(w >= 0 && w <= DBL_MAX))
            return mli_fail(ML_EINVAL, "%s: sample %lld has the weight %g: wants a number that is not negative", name, (long long)i, w);
        sum += w;
    }
    return sum > 0 && sum <= DBL_MAX ? ML_OK : mli_fail(ML_EINVAL, "%s: the weights are %g together", name, sum);
}

/* ---- the median of weighted errors ---- */

typedef struct weighed {
    double v, w;
} weighed;

static int by_size(const void *a, const void *b)
{
    const double x = ((const weighed *)a)->v, y = ((const weighed *)b)->v;
    return (x > y) - (x < y);
}

/* Sorts them: where half of the weight is reached, or between there and the next where it is reached exactly. */
static double weighted_median(weighed *p, int64_t n)
{
    double all = 0, until = 0;
    qsort(p, (size_t)n, sizeof *p, by_size);
    for (int64_t i = 0; i < n; i++)
        all += p[i].w;
    int64_t i = 0;
    for (; i < n - 1 && until + p[i].w < all / 2; i++)
        until += p[i].w;
    int64_t next = i + 1;
    while (next < n && p[next].w == 0)
        next++;
    return until + p[i].w == all / 2 && next < n ? (p[i].v + p[next].v) / 2 : p[i].v;
}

/* ---- scores ---- */

/* Of n samples the error, its size and the weight, and room for as many numbers and pairs. */
typedef struct work {
    double *error, *size, *weight, *scaled;
    weighed *pairs;
    double all; /* weight */
    int64_t n;
} work;

/* About the first, so that the mean of equal numbers is exactly that number. */
static double weighted_mean(const work *w, const double *v)
{
    return v[0] + mli_sum_products(v, v[0], w->weight, 0, w->n) / w->all;
}

/* The sum of w (v - a)^2. */
static double squares(const work *w, const double *v, double a)
{
    for (int64_t i = 0; i < w->n; i++)
        w->scaled[i] = (v[i] - a) * w->weight[i];
    return mli_sum_products(w->scaled, 0, v, a, w->n);
}

/* 1 - part / whole; where the truth is constant 1 for no error, else 0. */
static double explained(double part, double whole)
{
    return whole > 0 ? 1 - part / whole : part > 0 ? 0 : 1;
}

static void score_all(const work *w, const double *truth, ml_regression_score *s)
{
    double largest = 0;
    for (int64_t i = 0; i < w->n; i++) {
        w->size[i] = fabs(w->error[i]);
        largest = fmax(largest, w->size[i]);
    }
    const double sum = squares(w, w->error, 0), whole = squares(w, truth, weighted_mean(w, truth));
    *s = (ml_regression_score){.mse = sum / w->all, .rmse = sqrt(sum / w->all), .mae = weighted_mean(w, w->size), .max_error = largest};
    s->r2 = w->n > 1 ? explained(sum, whole) : NAN;
    s->explained_variance = explained(squares(w, w->error, weighted_mean(w, w->error)), whole);
    for (int64_t i = 0; i < w->n; i++)
        w->pairs[i] = (weighed){w->size[i], w->weight[i]};
    s->median_ae = weighted_median(w->pairs, w->n);
    for (int64_t i = 0; i < w->n; i++)
        w->size[i] /= fmax(fabs(truth[i]), DBL_EPSILON);
    s->mape = weighted_mean(w, w->size);
}

ml_status ml_regression_scores(ml_doubles truth, ml_doubles predicted, ml_doubles weight, ml_regression_score *score)
{
    if (check("regression scores", truth, predicted, weight))
        return ml_error_status();
    if (!score)
        return mli_fail(ML_EINVAL, "regression scores: score is NULL");
    const size_t bytes = (size_t)truth.n * sizeof(double);
    work w = {mli_alloc(bytes), mli_alloc(bytes), mli_alloc(bytes), mli_alloc(bytes), mli_alloc((size_t)truth.n * sizeof *w.pairs), 0,
              truth.n};
    const bool had = w.error && w.size && w.weight && w.scaled && w.pairs;
    for (int64_t i = 0; had && i < w.n; i++) {
        w.error[i] = truth.v[i] - predicted.v[i];
        w.weight[i] = weight.v ? weight.v[i] : 1;
    }
    if (had) {
        w.all = mli_sum(w.weight, w.n);
        score_all(&w, truth.v, score);
    }
    mli_free(w.error);
    mli_free(w.size);
    mli_free(w.weight);
    mli_free(w.scaled);
    mli_free(w.pairs);
    return had ? ML_OK : ML_ENOMEM;
}

ml_status ml_pinball_score(ml_doubles truth, ml_doubles predicted, ml_doubles weight, double q, double *loss)
{
    if (check("pinball", truth, predicted, weight))
        return ml_error_status();
    if (!(q >= 0 && q <= 1) || !loss)
        return mli_fail(ML_EINVAL, "pinball: q is %g, not in 0 .. 1, or loss is NULL", q);
    double sum = 0, all = 0;
    for (int64_t i = 0; i < truth.n; i++) {
        const double e = truth.v[i] - predicted.v[i], w = weight.v ? weight.v[i] : 1;
        sum += w * fmax(q * e, (q - 1) * e);
        all += w;
    }
    *loss = sum / all;
    return ML_OK;
}
