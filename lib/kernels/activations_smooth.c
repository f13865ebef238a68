/* activations_smooth.c -- relu without the corner:  gelu, silu, softplus
 *
 * Shapes     x, y, dx, dy all of n numbers
 * Forward    gelu        y = x Phi(x)            Phi(x): the chance that a standard normal number is below x
 *            gelu_tanh   y = x sigmoid(2 u)      u = sqrt(2 / pi) (x + 0.044715 x^3);  sigmoid(2 u) = (1 + tanh u) / 2
 *            silu        y = x s                 s = sigmoid(x)
 *            softplus    y = log(1 + e^x)
 * Backward   gelu        dx = dy (Phi(x) + x phi(x))             phi(x) = Phi'(x) = e^(-x^2 / 2) / sqrt(2 pi)
 *            gelu_tanh   dx = dy (s + x s (1 - s) 2 u')          s = sigmoid(2 u),  u' = sqrt(2 / pi) (1 + 0.134145 x^2)
 *            silu        dx = dy (s + x s (1 - s))
 *            softplus    dx = dy sigmoid(x)
 *            All from the input: none of the first three is monotone, so that y does not tell x.
 * Saves      nothing: x is the input        Cost  one pass over memory each way, 30 to 60 flops a number
 * Error      forward, in units of the last place of a float: gelu 5.4, silu 2.9, softplus 1.6 over the whole line; gelu_tanh 3
 *            right of -1, and more on the left, where the sigmoid magnifies the rounding of 2 u (tests measure them)
 * Source     gelu: Hendrycks and Gimpel 2016; silu: Elfwing, Uchibe, Doya 2018; softplus: Dugas et al. 2001
 * Derivation docs/math/gelu-silu-softplus.md
 */
#include "kernels/activations.h"

#include "kernels/functions.h"

/* ---- gelu ---- */

/* What gelu and its gradient are made of. */
typedef struct normal {
    ml_real below;   /* Phi(x) */
    ml_real density; /* phi(x) */
} normal;

#ifdef MLCORE_DOUBLE

static inline normal normal_of(double x)
{
    /* erfc, not 1 + erf: the latter is 0 left of -8.3, where Phi is small but not 0. */
    return (normal){0.5 * erfc(x * -0.70710678118654752), exp(-0.5 * x * x) * 0.39894228040143268};
}

#else

/* e^(-a^2 / 2) for a in 0 .. 15. Rounding a^2 would cost two digits where it is about 100. So a is cut into a part of 12 bits,
 * whose square is exact, and a rest:  a^2 = top^2 + (a - top)(a + top), and the small second term joins e^r. */
static inline float bell(float a)
{
    float top = mlk_float_of(mlk_bits_of(a) & 0xfffff000u);
    mlk_reduced x = mlk_reduce(-0.5f * (top * top));
    x.r -= 0.5f * ((a - top) * (a + top));
    return mlk_exp_of(x);
}

/* The tail Phi(-a) = e^(-a^2 / 2) R(a), where R, Mills' ratio over sqrt(2 pi), falls slowly from 1/2 to 1 / (a sqrt(2 pi)):
 * R(a) = q(t) / (a + 3.5), t = (a - 3.5) / (a + 3.5), q a polynomial. */
static inline normal normal_of(float x)
{
    float a = mlk_choose(fabsf(x) > 14.5f, 14.5f, fabsf(x)); /* the tail is 0 by then */
    float u = 1.0f / (a + 3.5f), t = (a - 3.5f) * u;
    float q = 0.000110687228f;
    q = q * t + 0.000421894301f;
    q = q * t - 0.00049494298f;
    q = q * t - 0.0031753078f;
    q = q * t + 0.00649311623f;
    q = q * t + 0.0174063776f;
    q = q * t - 0.116053041f;
    q = q * t + 0.315425049f;
    q = q * t - 0.565561745f;
    q = q * t + 0.744416074f;
    float e = bell(a), tail = q * u * e;
    return (normal){mlk_choose(x < 0, tail, 1.0f - tail), e * 0.398942280f};
}

#endif

static void gelu_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * normal_of(x[i]).below;
}

static void gelu_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const normal of = normal_of(x[i]);
        dx[i] = dy[i] * (of.below + x[i] * of.density);
    }
}

/* ---- gelu_tanh ---- */

#define SQRT_2_OVER_PI ((ml_real)0.79788456080286536)
#define CUBIC ((ml_real)0.044715)

/* 2 u */
static inline ml_real twice(ml_real x)
{
    return 2 * SQRT_2_OVER_PI * (x + CUBIC * (x * x * x));
}

static void gelu_tanh_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * mlk_sigmoid(twice(x[i]));
}

/* Beyond 30 the bend s (1 - s) is 0. x^2 must not be infinite there, as 0 times infinity is not 0. */
static void gelu_tanh_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        ml_real near = mlk_choose(x[i] > 30, 30, x[i]);
        near = mlk_choose(near < -30, -30, near);
        const ml_real s = mlk_sigmoid(twice(near)), rest = mlk_sigmoid(-twice(near));
        const ml_real slope = 2 * SQRT_2_OVER_PI * (1 + 3 * CUBIC * (near * near));
        dx[i] = dy[i] * (s + x[i] * (s * rest * slope));
    }
}

/* ---- silu ---- */

static void silu_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * mlk_sigmoid(x[i]);
}

/* 1 - s is sigmoid(-x): so it keeps its digits where s is nearly 1. */
static void silu_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const ml_real s = mlk_sigmoid(x[i]), rest = mlk_sigmoid(-x[i]);
        dx[i] = dy[i] * (s + x[i] * (s * rest));
    }
}

/* ---- softplus ---- */

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|): nothing overflows, and left of 0 no digit is lost. */
static void softplus_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_choose(x[i] > 0, x[i], 0) + mlk_log1p(mlk_exp(-(ml_real)fabs(x[i])));
}

static void softplus_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * mlk_sigmoid(x[i]);
}

void mlk_gelu_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(gelu_map, y, x, n);
}

void mlk_gelu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n)
{
    mlk_pull(gelu_pull, dx, add, dy, x, n);
}

void mlk_gelu_tanh_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(gelu_tanh_map, y, x, n);
}

void mlk_gelu_tanh_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n)
{
    mlk_pull(gelu_tanh_pull, dx, add, dy, x, n);
}

void mlk_silu_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(silu_map, y, x, n);
}

void mlk_silu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n)
{
    mlk_pull(silu_pull, dx, add, dy, x, n);
}

void mlk_softplus_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(softplus_map, y, x, n);
}

void mlk_softplus_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n)
{
    mlk_pull(softplus_pull, dx, add, dy, x, n);
}
