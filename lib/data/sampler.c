/* sampler.c -- in which order samples come: each once, or drawn by weight. */
#include "data/loader.h"

#include <math.h>

void mli_order_shuffle(int64_t *order, int64_t n, ml_rng *rng)
{
    /* From order 0, 1, 2, ...: what a pass draws depends on rng alone, not on the passes before. */
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    ml_rng_shuffle(rng, order, n);
}

ml_status mli_weights_check(const double *weights, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!(weights[i] >= 0 && weights[i] < INFINITY))
            return mli_fail(ML_EINVAL, "load: weight %lld is %g: wants numbers from 0 on", (long long)i, weights[i]);
        sum += weights[i];
    }
    if (!(sum > 0 && sum < INFINITY))
        return mli_fail(ML_EINVAL, "load: the %lld weights add up to %g: wants a sum above 0, and finite", (long long)n, sum);
    return ML_OK;
}

/* Sample i owns the stretch from sums[i-1] to sums[i], as long as its weight; a uniform number falls into one. */
void mli_order_draw(int64_t *order, int64_t n, const double *weights, double *sums, ml_rng *rng)
{
    double sum = 0;
    int64_t last = 0; /* the last sample that has a stretch: where rounding lets the number fall on the very end */
    for (int64_t i = 0; i < n; i++) {
        sums[i] = sum += weights[i];
        last = weights[i] > 0 ? i : last;
    }
    for (int64_t k = 0; k < n; k++) {
        const double at = sum * ml_rng_uniform(rng);
        int64_t low = 0, high = last;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (sums[middle] > at)
                high = middle;
            else
                low = middle + 1;
        }
        order[k] = low;
    }
}
