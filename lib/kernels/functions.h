/* functions.h -- e^x, log x, sigmoid and tanh in plain arithmetic, so that a loop over them becomes vector code.
 *
 * The C library's expf is a call a number; these are some twenty operations that the compiler does on 8 or 16 numbers
 * at once. They have no branches, only choices between two values. NaN gives NaN.
 * Error      exp 1.1, expm1 0.9, log 0.51, log1p 1.4, sigmoid 2, tanh 2 units in the last place of a float (tests measure
 *            it). In the double build they are the C library's functions: that build is for being right, not for being fast.
 * Source     Range reduction and polynomial: Muller 2016, "Elementary functions", chapters 3 and 11. The coefficients are
 *            our own fits, weighted for the relative error.         Derivation  docs/math/exp-log.md
 */
#ifndef MLK_FUNCTIONS_H
#define MLK_FUNCTIONS_H

#include <mlcore/real.h>

#include <math.h>

#ifdef MLCORE_DOUBLE

static inline ml_real mlk_choose(bool condition, ml_real yes, ml_real no)
{
    return condition ? yes : no;
}

static inline ml_real mlk_exp(ml_real x)
{
    return exp(x);
}

static inline ml_real mlk_expm1(ml_real x)
{
    return expm1(x);
}

static inline ml_real mlk_log(ml_real x)
{
    return log(x);
}

static inline ml_real mlk_log1p(ml_real x)
{
    return log1p(x);
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

/* The same for double, which some functions compute in where a float could not hold what they need on the way. */
static inline double mlk_double_of(uint64_t bits)
{
    union {
        uint64_t u;
        double d;
    } pun = {bits};
    return pun.d;
}

static inline uint64_t mlk_bits_of_double(double d)
{
    union {
        double d;
        uint64_t u;
    } pun = {d};
    return pun.u;
}

/* All ones where it holds, else all zeros: conditions that are combined, some the same for all numbers, vectorise so only. */
static inline uint64_t mlk_mask(bool condition)
{
    return (uint64_t)0 - (uint64_t)condition;
}

static inline double mlk_choose_by(uint64_t mask, double yes, double no)
{
    return mlk_double_of((mlk_bits_of_double(yes) & mask) | (mlk_bits_of_double(no) & ~mask));
}

static inline double mlk_choose_double(bool condition, double yes, double no)
{
    return mlk_choose_by(mlk_mask(condition), yes, no);
}

/* 1.5 * 2^23 and 1.5 * 2^52: adding it leaves no room for a fraction, so the addition rounds, and the low bits hold what
 * was rounded to. */
static const float MLK_ROUND = 12582912.0f;
static const double MLK_ROUND_DOUBLE = 6755399441055744.0;

/* k ln 2 + r, r in -0.35 .. 0.35. */
typedef struct mlk_reduced {
    float r;
    uint32_t k; /* as two's complement */
} mlk_reduced;

static inline mlk_reduced mlk_reduce(float x)
{
    const float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f; /* high has 9 bits, so k * high is exact */
    float shifted = x * 1.44269504f + MLK_ROUND, k = shifted - MLK_ROUND;
    return (mlk_reduced){(x - k * ln2_high) - k * ln2_low, mlk_bits_of(shifted) - mlk_bits_of(MLK_ROUND)};
}

/* e^r - 1 for such an r. */
static inline float mlk_expm1_of(float r)
{
    float q = 1.38145985e-3f;
    q = q * r + 8.36871688e-3f;
    q = q * r + 4.1668388e-2f;
    q = q * r + 0.166665206f;
    q = q * r + 0.499999934f;
    return q * (r * r) + r;
}

/* 2^k e^r. 2^k in two factors, as 2^128 and 2^-150 are no normal floats; 300 keeps the halving away from negative numbers. */
static inline float mlk_exp_of(mlk_reduced x)
{
    uint32_t k300 = x.k + 300, half = k300 >> 1;
    return (mlk_expm1_of(x.r) + 1.0f) * mlk_float_of((half - 150 + 127) << 23) *
           mlk_float_of((k300 - half - 150 + 127) << 23);
}

static inline ml_real mlk_exp(ml_real x)
{
    /* Beyond these the result is infinite or zero anyway. NaN compares false and stays. */
    x = mlk_choose(x > 89.0f, 89.0f, x);
    x = mlk_choose(x < -104.0f, -104.0f, x);
    return mlk_exp_of(mlk_reduce(x));
}

/* e^x - 1 = 2^k (e^r - 1) + (2^k - 1) for x <= 0, where it keeps the digits of a small x; of no meaning for x > 0. */
static inline ml_real mlk_expm1(ml_real x)
{
    x = mlk_choose(x < -30.0f, -30.0f, x); /* -1 by then */
    mlk_reduced of = mlk_reduce(x);
    float power = mlk_float_of((of.k + 127) << 23);
    return power * mlk_expm1_of(of.r) + (power - 1.0f);
}

/* log2 x = k + log2 m,  x = 2^k m,  m in sqrt(1/2) .. sqrt 2,  log m = 2 atanh s,  s = (m - 1) / (m + 1) in -0.172 .. 0.172.
 * To 5e-12 of itself, for those who multiply it. Of |x|, where x < 0. */
static inline double mlk_log2(float x)
{
    const uint64_t one = (uint64_t)1023 << 52, root = 0x3fe6a09e667f3bcd; /* the bits of 1 and of sqrt(1/2) */
    const double d = fabs((double)x);                                      /* every float is a normal double */
    uint64_t bits = mlk_bits_of_double(d), k1023 = (bits + (one - root)) >> 52;
    double m = mlk_double_of(bits - (k1023 << 52) + one);
    /* An exponent of 52 makes k1023 the last digits of a whole number. */
    double k = mlk_double_of(((uint64_t)1075 << 52) | k1023) - (4503599627370496.0 + 1023);
    double s = (m - 1) / (m + 1), z = s * s;
    double q = 0.34073010658534338;
    q = q * z + 0.41167271899777669;
    q = q * z + 0.57708358496515137;
    q = q * z + 0.96179667334179749;
    q = q * z + 2.8853900817900862;
    double y = k + s * q;
    y = mlk_choose_double(d == 0, (double)-INFINITY, y);
    return mlk_choose_double(!(d < (double)INFINITY), d, y); /* infinity and NaN */
}

static inline ml_real mlk_log(ml_real x)
{
    return (float)mlk_choose_double((double)x < 0, (double)NAN, mlk_log2(x) * 0.69314718055994531);
}

/* log(1 + x) = 2 atanh s,  s = x / (2 + x), for x in 0 .. 1, where it keeps the digits of a small x; of no meaning elsewhere.
 * 2 atanh s = 2 s + s^3 q(s^2), and 2 s = x - s x: said by x, which is exact, the rest being small. */
static inline ml_real mlk_log1p(ml_real x)
{
    float s = x / (2.0f + x), z = s * s;
    float q = 0.281783326f;
    q = q * z + 0.279606076f;
    q = q * z + 0.400249095f;
    q = q * z + 0.666663147f;
    return x - s * (x - q * z);
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
