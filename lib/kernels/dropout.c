/* dropout.c -- zeros at random:  y = m x / (1 - p),  m is 0 with probability p, else 1
 *
 * Shapes     x, y, m of n numbers
 * Forward    y[i] = x[i] m[i] / (1 - p)        so the mean of y is x, and eval mode has nothing to do
 * Backward   dx[i] = dy[i] m[i] / (1 - p)      a linear map with a diagonal matrix is its own adjoint: one loop serves both
 * Saves      m, one bit an element             Cost  10 rounds of Philox a 4 elements, then one pass over memory
 * Source     Srivastava et al. 2014; dividing in training ("inverted") follows their section 10; Philox: Salmon et al. 2011
 * Derivation docs/math/dropout.md
 *
 * The mask is a function of (key, stream, element) and of nothing else: no generator moves, so any thread can make any
 * part of it and the bits are the same. Of 64 elements, number 16 w + l takes word w of counter 16 (element / 64) + l:
 * in this order sixteen counters run side by side in vector registers, and their words come out where they are needed.
 */
#include "kernels/dropout.h"

#include <string.h>

enum { LANES = 16, GROUP = 64 };

/* Zero where the word is below p 2^32, rounded: the rate is right to 1 in 4 thousand million. */
static uint32_t threshold(double p)
{
    double t = p * 0x1p32 + 0.5;
    return t >= 0xFFFFFFFFp0 ? 0xFFFFFFFFu : (uint32_t)t;
}

void mlk_dropout_mask_ref(uint64_t *mask, const mlk_dropout *d, int64_t n)
{
    memset(mask, 0, (size_t)mlk_dropout_words(n) * sizeof *mask);
    for (int64_t i = 0; i < n; i++) {
        uint32_t words[4];
        uint64_t group = (uint64_t)i / GROUP, in_group = (uint64_t)i % GROUP;
        mli_philox(d->key, d->stream, group * LANES + in_group % LANES, words);
        if (words[in_group / LANES] >= threshold(d->p))
            mask[group] |= (uint64_t)1 << in_group;
    }
}

/* The bits of 64 elements. The loop is mli_philox (base/rng.c says what it does) for 16 counters; without a call in it, the
 * compiler unrolls the rounds and runs the lanes side by side. Lane l gives bits l, 16 + l, 32 + l and 48 + l. */
static uint64_t group_mask(const mlk_dropout *d, uint32_t limit, int64_t group)
{
    const uint64_t counter = (uint64_t)group * LANES; /* a multiple of 16: adding a lane never carries */
    const uint32_t low = (uint32_t)counter, high = (uint32_t)(counter >> 32);
    const uint32_t stream_low = (uint32_t)d->stream, stream_high = (uint32_t)(d->stream >> 32);
    const uint32_t key_low = (uint32_t)d->key, key_high = (uint32_t)(d->key >> 32);
    uint32_t first[LANES], second[LANES], bits_first = 0, bits_second = 0;
    for (uint32_t l = 0; l < LANES; l++) {
        uint32_t c0 = low + l, c1 = high, c2 = stream_low, c3 = stream_high;
        for (uint32_t round = 0; round < 10; round++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ (key_low + round * 0x9E3779B9u);
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ (key_high + round * 0xBB67AE85u);
            c1 = (uint32_t)p1;
            c3 = (uint32_t)p0;
        }
        first[l] = ((uint32_t)(c0 >= limit) | (uint32_t)(c1 >= limit) << LANES) << l;
        second[l] = ((uint32_t)(c2 >= limit) | (uint32_t)(c3 >= limit) << LANES) << l;
    }
    for (int l = 0; l < LANES; l++) {
        bits_first |= first[l];
        bits_second |= second[l];
    }
    return (uint64_t)bits_second << 32 | bits_first;
}

/* y = x times scale or 0. A product, not a choice: NaN times 0 is NaN, and a broken net shows. */
static void apply(ml_real *y, bool add, const ml_real *x, uint64_t mask, ml_real scale, int64_t n)
{
    ml_real factor[GROUP];
    for (int w = 0; w < 4; w++) {
        const uint32_t bits = (uint32_t)(mask >> (LANES * w));
        for (int l = 0; l < LANES; l++)
            factor[LANES * w + l] = (bits >> l & 1) ? scale : 0;
    }
    if (add)
        for (int64_t i = 0; i < n; i++)
            y[i] += x[i] * factor[i];
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i] * factor[i];
}

typedef struct job {
    ml_real *y;
    bool add;
    const ml_real *x;
    uint64_t *draw; /* where the mask goes, NULL in backward */
    const uint64_t *mask;
    const mlk_dropout *d;
} job;

/* begin is a multiple of GROUP. */
static void range(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    const uint32_t limit = threshold(j->d->p);
    const ml_real scale = (ml_real)(1 / (1 - j->d->p));
    for (int64_t at = begin; at < end; at += GROUP) {
        if (j->draw)
            j->draw[at / GROUP] = group_mask(j->d, limit, at / GROUP);
        apply(j->y + at, j->add, j->x + at, j->mask[at / GROUP], scale, end - at < GROUP ? end - at : GROUP);
    }
}

void mlk_dropout_forward(ml_real *y, uint64_t *mask, const ml_real *x, const mlk_dropout *d, int64_t n)
{
    mlk_ranges(n, range, &(job){y, false, x, mask, mask, d});
}

void mlk_dropout_backward(ml_real *dx, bool add, const ml_real *dy, const uint64_t *mask, const mlk_dropout *d, int64_t n)
{
    mlk_ranges(n, range, &(job){dx, add, dy, NULL, mask, d});
}
