/* functions.h -- e^x, sigmoid and tanh in plain arithmetic, so that a loop over them becomes vector code.
 *
 * The C library's expf is a call a number; these are some twenty operations that the compiler does on 8 or 16 numbers
 * at once. They have no branches, only choices between two values. NaN gives NaN.
 * Error      exp 1.1, sigmoid 2, tanh 2 units in the last place of a float (tests measure it). In the double build
 *            they are the C library's functions: that build is for being right, not for being fast.
 * Source     Range reduction and polynomial: Muller 2016, "Elementary functions", chapters 3 and 11. The coefficients are
 *            our own fits, weighted for the relative error.         Derivation  docs/math/exp-log.md
 */
#ifndef MLK_FUNCTIONS_H
#define MLK_FUNCTIONS_H

#include <mlcore/real.h>

#include <math.h>

#ifdef MLCORE_DOUBLE

static inline ml_real mlk_exp(ml_real x)
{
    return exp(x);
}

static inline ml_real mlk_tanh(ml_real x)
{
    return tanh(x);
}

/* 1 / (1 + e^-x). With e = e^-|x| in 0 .. 1 nothing overflows: 1 / (1 + e) right of 0, e / (1 + e) left of it. */
static inline ml_real mlk_sigmoid(ml_real x)
{
    double e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

#else

/* The float with these bits. */
static inline float mlk_float_of(uint32_t bits)
{
    union {
        uint32_t u;
        float f;
    } pun = {bits};
    return pun.f;
}

static inline uint32_t mlk_bits_of(float f)
{
    union {
        float f;
        uint32_t u;
    } pun = {f};
    return pun.u;
}

/* yes or no, by bits: written as a branch or `?:`, gcc moves the work under the condition, and then cannot vectorise. */
static inline float mlk_choose(bool condition, float yes, float no)
{
    uint32_t mask = 0u - (uint32_t)condition;
    return mlk_float_of((mlk_bits_of(yes) & mask) | (mlk_bits_of(no) & ~mask));
}

/* e^x = 2^k e^r,  k = round(x / ln 2),  r = x - k ln 2 in -0.35 .. 0.35 */
static inline ml_real mlk_exp(ml_real x)
{
    const float round = 12582912.0f;                                /* 1.5 * 2^23: adding it leaves no room for a fraction */
    const float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f; /* high has 9 bits, so k * high is exact */
    /* Beyond these the result is infinite or zero anyway. NaN compares false and stays. */
    x = mlk_choose(x > 89.0f, 89.0f, x);
    x = mlk_choose(x < -104.0f, -104.0f, x);
    float shifted = x * 1.44269504f + round, k = shifted - round;
    float r = (x - k * ln2_high) - k * ln2_low;
    float q = 1.38145985e-3f;
    q = q * r + 8.36871688e-3f;
    q = q * r + 4.1668388e-2f;
    q = q * r + 0.166665206f;
    q = q * r + 0.499999934f;
    float e = (q * (r * r) + r) + 1.0f;
    /* 2^k in two factors, as 2^128 and 2^-150 are no normal floats. The low bits of `shifted` hold k; 300 keeps the
     * halving away from negative numbers. */
    uint32_t k300 = mlk_bits_of(shifted) - mlk_bits_of(round) + 300, half = k300 >> 1;
    return e * mlk_float_of((half - 150 + 127) << 23) * mlk_float_of((k300 - half - 150 + 127) << 23);
}

/* Near 0 a polynomial, as 1 - 2 / (1 + e^2x) would lose the digits of a small x there. */
static inline ml_real mlk_tanh(ml_real x)
{
    float size = fabsf(x), z = x * x;
    float q = -5.70453073e-3f;
    q = q * z + 2.06386953e-2f;
    q = q * z - 5.37396004e-2f;
    q = q * z + 0.133314409f;
    q = q * z - 0.333332819f;
    float near = q * z * size + size;
    float far = 1.0f - 2.0f / (1.0f + mlk_exp(2.0f * size));
    return copysignf(mlk_choose(size < 0.625f, near, far), x);
}

/* 1 / (1 + e^-x). With e = e^-|x| in 0 .. 1 nothing overflows: 1 / (1 + e) right of 0, e / (1 + e) left of it. */
static inline ml_real mlk_sigmoid(ml_real x)
{
    float e = mlk_exp(-fabsf(x));
    return mlk_choose(x < 0, e, 1.0f) / (1.0f + e);
}

#endif

#endif
