/* exp.h -- e^x in a form that a compiler turns into vector code: no call, no table, no branch.
 *
 * Idea       x = k ln 2 + r with k whole and |r| <= ln(2) / 2, so e^x = 2^k e^r
 *            e^r by its Taylor series to r^7: what is left out is below 0.35^8 / 8! = 6e-9, a tenth of a float's last bit
 *            2^k by writing k into the exponent bits, in two halves so that neither leaves the exponent's range
 * Error      within 2 units of the last place of a float; 0 below -104, infinity above 88.73, NaN stays NaN
 * Double     the double build calls exp() itself: there exactness matters, and speed does not
 */
#ifndef MLK_EXP_H
#define MLK_EXP_H

#include <mlcore/real.h>

#include <math.h>
#include <string.h>

#ifdef MLCORE_DOUBLE

static inline ml_real mlk_exp(ml_real x)
{
    return exp(x);
}

#else

/* 2^k for k in -126 .. 127 */
static inline float mlk_pow2(int32_t k)
{
    uint32_t bits = (uint32_t)(k + 127) << 23;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline ml_real mlk_exp(ml_real x)
{
    const float round = 12582912.0f;                         /* 1.5 * 2^23: adding it leaves whole numbers in the last bits */
    const float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f; /* their sum is ln 2; k * ln2_high has no rounding */
    x = x < -104.0f ? -104.0f : x;
    x = x > 89.0f ? 89.0f : x;
    float t = x * 1.44269504f + round, k = t - round;
    int32_t bits, bits_of_round = 0x4b400000;
    memcpy(&bits, &t, sizeof bits); /* not (int)k: that is undefined for NaN */
    int32_t whole = bits - bits_of_round, half = whole >> 1;
    float r = (x - k * ln2_high) - k * ln2_low;
    float e = 1.0f / 5040;
    e = e * r + 1.0f / 720;
    e = e * r + 1.0f / 120;
    e = e * r + 1.0f / 24;
    e = e * r + 1.0f / 6;
    e = e * r + 0.5f;
    e = e * r + 1.0f;
    e = e * r + 1.0f;
    return e * mlk_pow2(half) * mlk_pow2(whole - half);
}

#endif

/* y[i] = e^x[i]; y may be x. */
static inline void mlk_exp_row(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_exp(x[i]);
}

#endif
