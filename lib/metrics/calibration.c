/* calibration.c -- whether what is called 80 % comes true eight times of ten: Brier score, calibration curve.
 *
 *     Brier    (1/N) sum (p - label)^2
 *     curve    samples go to bins by p; of each bin the mean of p, and the share of class 1
 * Source     Brier 1950; scikit-learn's calibration_curve, of which the edges of the bins are
 */
#include "linalg/statistics.h"
#include "metrics/scores.h"

#include <string.h>

enum { MOST_BINS = 1000000 };

ml_status ml_brier_score(ml_ints truth, ml_scores p, double *score)
{
    mli_binary b;
    if (!score)
        return mli_fail(ML_EINVAL, "brier score: score is NULL");
    if (mli_probable_of("brier score", truth, p, &b))
        return ml_error_status();
    for (int64_t i = 0; i < b.n; i++)
        b.score[i] -= truth.v[i];
    *score = mli_sum_products(b.score, 0, b.score, 0, b.n) / (double)b.n;
    mli_free(b.score);
    return ML_OK;
}

/* The bins - 1 edges between bins, rising. */
static ml_status place_edges(const mli_binary *b, int32_t bins, bool quantile, double *edge)
{
    double *v = quantile ? mli_alloc((size_t)b->n * sizeof *v) : NULL;
    if (quantile && !v)
        return ML_ENOMEM;
    if (quantile)
        memcpy(v, b->score, (size_t)b->n * sizeof *v);
    for (int32_t k = 1; k < bins; k++) {
        const double share = k * (1.0 / bins);
        edge[k - 1] = quantile ? mli_quantile(v, b->n, share * 100 / 100) : share; /* by way of per cent, as NumPy rounds it */
    }
    mli_free(v);
    return ML_OK;
}

/* The number of edges below p. */
static int32_t bin_of(const double *edge, int32_t edges, double p)
{
    int32_t low = 0, high = edges;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (edge[middle] < p)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Fills the sums of each bin, and makes means of them; empty bins go. */
static void fill(ml_curve *c, const mli_binary *b, const double *edge, int32_t bins)
{
    for (int32_t k = 0; k < bins; k++)
        c->x[k] = c->y[k] = c->at[k] = 0;
    for (int64_t i = 0; i < b->n; i++) {
        const int32_t k = bin_of(edge, bins - 1, b->score[i]);
        c->x[k] += b->score[i];
        c->y[k] += b->truth[i];
        c->at[k]++;
    }
    for (int32_t k = 0; k < bins; k++)
        if (c->at[k] > 0) {
            c->x[c->n] = c->x[k] / c->at[k];
            c->y[c->n] = c->y[k] / c->at[k];
            c->at[c->n++] = c->at[k];
        }
}

ml_curve *ml_calibration_curve(ml_ints truth, ml_scores p, int32_t bins, bool quantile)
{
    mli_binary b;
    if (bins < 1 || bins > MOST_BINS)
        return mli_null(ML_EINVAL, "calibration curve: %ld bins: not in 1 .. %d", (long)bins, (int)MOST_BINS);
    if (mli_probable_of("calibration curve", truth, p, &b))
        return NULL;
    double *edge = mli_alloc((size_t)bins * sizeof *edge);
    ml_curve *c = edge && !place_edges(&b, bins, quantile, edge) ? mli_curve_new(bins) : NULL;
    if (c)
        fill(c, &b, edge, bins);
    mli_free(edge);
    mli_free(b.score);
    return c;
}
