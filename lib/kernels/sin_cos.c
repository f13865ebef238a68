/* sin_cos.c -- sine and cosine
 *
 * Shapes     x, y, dx, dy all of n numbers
 * Forward    y = sin x                       y = cos x                   x in radians; of an infinity NaN
 * Backward   dx = dy cos x                   dx = -dy sin x
 *            From the input: of sin x alone the sign of cos x is not known.
 * Saves      nothing: x is the input         Cost  one pass over memory each way; some 30 flops a number
 * Error      0.52 units in the last place of a float (tests measure it)
 * Source     Range reduction: Cody and Waite 1980, "Software manual for the elementary functions", chapter 8; Muller 2016,
 *            chapter 11. The coefficients are our own fits.          Derivation  docs/math/sin-cos.md
 */
#include "kernels/sin_cos.h"

#include "kernels/functions.h"

#ifdef MLCORE_DOUBLE

static void sin_map(double *y, const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = sin(x[i]);
}

static void cos_map(double *y, const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = cos(x[i]);
}

#else

enum { FAR = 1 << 20 }; /* up to here the reduction below is exact */

/* sin(x + turn pi / 2), turn 0 or 1. With k = round(x 2 / pi) and r = x - k pi / 2 in -pi/4 .. pi/4 it is one of sin r, cos r,
 * -sin r, -cos r, by the last two bits of k + turn. In double, as r is a small difference of large numbers. */
static inline float sine(float x, uint64_t turn)
{
    const double high = 1.57079632673412561417, low = 6.07710050650619224932e-11; /* pi / 2: high has 33 bits, k high is exact */
    const double shifted = (double)x * 0.63661977236758134 + MLK_ROUND_DOUBLE, k = shifted - MLK_ROUND_DOUBLE;
    const double r = ((double)x - k * high) - k * low, z = r * r;
    const uint64_t quarter = mlk_bits_of_double(shifted) + turn;
    double s = 2.7249940396777235e-6, c = 2.4547990117423716e-5;
    s = s * z - 0.00019840086964800246;
    s = s * z + 0.0083333318754593924;
    s = s * z - 0.16666666663858607;
    c = c * z - 0.0013888303410142315;
    c = c * z + 0.041666664662991118;
    const double y = mlk_choose_double(quarter & 1, c * z * z - 0.5 * z + 1, s * z * r + r);
    return (float)mlk_double_of(mlk_bits_of_double(y) ^ ((quarter & 2) << 62)); /* the second bit is the sign */
}

/* Numbers so large that pi must be known to a hundred digits are left to the C library. */
static void far_ones(float *y, const float *x, int64_t n, float (*f)(float))
{
    int far = 0;
    for (int64_t i = 0; i < n; i++)
        far |= fabsf(x[i]) > FAR;
    for (int64_t i = 0; far && i < n; i++)
        if (fabsf(x[i]) > FAR)
            y[i] = f(x[i]);
}

static void sin_map(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = sine(x[i], 0);
    far_ones(y, x, n, sinf);
}

static void cos_map(float *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = sine(x[i], 1);
    far_ones(y, x, n, cosf);
}

#endif

static void sin_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n)
{
    cos_map(dx, x, n);
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * dx[i];
}

static void cos_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n)
{
    sin_map(dx, x, n);
    for (int64_t i = 0; i < n; i++)
        dx[i] = -dy[i] * dx[i];
}

void mlk_sin_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(sin_map, y, x, n);
}

void mlk_sin_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n)
{
    mlk_pull(sin_pull, dx, add, dy, x, n);
}

void mlk_cos_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(cos_map, y, x, n);
}

void mlk_cos_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n)
{
    mlk_pull(cos_pull, dx, add, dy, x, n);
}
