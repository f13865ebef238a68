/* boost_histogram.c -- sums of slopes by bin, and the best split that they show.
 *
 * Problem   Which cut of which feature takes the most from the loss, given the slopes g and h of every row
 * Given     the bins of a feature's values
 * Returns   the split of largest gain:  gain = GL^2/(HL+l2) + GR^2/(HR+l2) - G^2/(H+l2)
 * Source    Chen, Guestrin 2016, "XGBoost", eq. 7 (twice it, without gamma); missing values on the better side: its algorithm 3
 */
#include "classical/boost_histogram.h"

#include <string.h>

void mli_histogram_add(mli_bin_sum *a, mli_bin_sum *b, const uint8_t *bin_a, const uint8_t *bin_b, const int32_t *row,
                       const mli_slope *slope, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t r = row ? row[i] : i;
        const mli_bin_sum s = {slope[i].g, slope[i].h, 1, 0};
        a[bin_a[r]] += s;
        if (bin_b)
            b[bin_b[r]] += s;
    }
}

enum { BINS = 256 };
static const double LEAST_H = 1e-3; /* of each side, as scikit-learn has it: below it a leaf's value is noise */

/* Sums of bins 0 .. b, and of what they begin with, for each b. */
typedef struct running {
    double g[BINS], h[BINS], n[BINS], gain[BINS];
} running;

static void run(running *r, const mli_bin_sum *sum, int32_t count, const mli_bin_sum *begin)
{
    mli_bin_sum so_far = *begin;
    for (int32_t b = 0; b < count; b++) {
        so_far += sum[b];
        r->g[b] = so_far[MLI_SUM_G];
        r->h[b] = so_far[MLI_SUM_H];
        r->n[b] = so_far[MLI_SUM_N];
    }
}

/* The gain of each cut; 0 where it breaks a rule. Without branches, so that it becomes vector code. */
static void gains(running *r, int32_t count, const mli_split_rules *rules, double g, double h, double n)
{
    const double l2 = rules->l2, least = (double)rules->min_rows, before = g * g / (h + l2);
    for (int32_t b = 0; b < count; b++) {
        const double gl = r->g[b], hl = r->h[b], nl = r->n[b], gr = g - gl, hr = h - hl, nr = n - nl;
        const double gain = gl * gl / (hl + l2) + gr * gr / (hr + l2) - before;
        const bool fits = (nl >= least) & (nr >= least) & (hl >= LEAST_H) & (hr >= LEAST_H);
        r->gain[b] = fits ? gain : 0;
    }
}

static void take_best(const running *r, int32_t count, bool missing_left, mli_split *best)
{
    for (int32_t b = 0; b < count; b++)
        if (r->gain[b] > best->gain)
            *best = (mli_split){.gain = r->gain[b], .bin = b, .missing_left = missing_left, .g = r->g[b], .h = r->h[b],
                                .n = (int64_t)r->n[b]};
}

mli_split mli_histogram_split(const mli_bin_sum *sum, int32_t edges, const mli_split_rules *rules, double g, double h, int64_t n)
{
    const mli_bin_sum nothing = {0}, missing = sum[edges + 1];
    const bool holes = missing[MLI_SUM_N] > 0;
    const int32_t cuts = edges + holes; /* the last: what is there against what is missing */
    mli_split best = {.gain = rules->min_gain};
    running r;
    run(&r, sum, cuts, &nothing);
    gains(&r, cuts, rules, g, h, (double)n);
    take_best(&r, cuts, false, &best);
    if (holes) {
        run(&r, sum, edges, &missing);
        gains(&r, edges, rules, g, h, (double)n);
        take_best(&r, edges, true, &best);
    } else {
        best.missing_left = 2 * best.n > n; /* a value that is missing later goes with the many */
    }
    if (!best.n)
        best.gain = 0; /* that was the floor */
    return best;
}
