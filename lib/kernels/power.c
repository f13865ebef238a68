/* power.c -- powers:  x^p with one exponent for all, a^b with two arrays
 *
 * Shapes     y: the shape of x, or that of a and b broadcast together (broadcast.c)
 * Forward    y = x^p                           x^0 = 1 for every x;  x < 0: NaN unless p is whole
 *            y = a^b = e^(b log a)
 * Backward   dx = dy p x^(p-1)                 0 where p = 0: a constant has no slope, not even at NaN
 *            da = dy b a^(b-1)                 0 where b = 0
 *            db = dy y log a                   0 where a = 0 and b >= 0: 0^b is 0 for all b around
 *            At x = 0 the slope is 0 for p > 1, 1 for p = 1 and infinite for other p below 1: the curve is as steep there.
 * Saves      nothing         Cost  one pass over memory each way; some 40 flops a number, 1 or 2 for the common exponents
 * Error      0.51 units in the last place of a float (tests measure it)
 * Source     any book of calculus; special values: C11, annex F.10.4.4; gradients at 0 as in PyTorch
 * Derivation docs/math/power.md
 */
#include "kernels/power.h"

#include "kernels/functions.h"

#include <tgmath.h> /* sqrt of ml_real, whichever that is */

/* ---- any base and exponent ---- */

#ifdef MLCORE_DOUBLE

static inline ml_real power(ml_real x, double p)
{
    return pow(x, p);
}

#else

/* 2^z = 2^k 2^f, k whole, f in -0.5 .. 0.5, for z within the doubles' range; infinity and 0 for floats beyond theirs. */
static inline double exp2_of(double z)
{
    z = mlk_choose_double(z > 200, 200, z);
    z = mlk_choose_double(z < -200, -200, z);
    const double shifted = z + MLK_ROUND_DOUBLE, f = z - (shifted - MLK_ROUND_DOUBLE);
    double q = 1.5310104122667237e-5;
    q = q * f + 0.00015461473435171195;
    q = q * f + 0.001333345446515982;
    q = q * f + 0.009618056603214062;
    q = q * f + 0.055504109288291762;
    q = q * f + 0.24022650922668837;
    q = q * f + 0.69314718055370784;
    const uint64_t k = mlk_bits_of_double(shifted) - mlk_bits_of_double(MLK_ROUND_DOUBLE);
    return (q * f + 1) * mlk_double_of((k + 1023) << 52);
}

/* By a rounding that is no call. For |p| below 2^51. */
static inline bool is_whole(double p)
{
    return (p + MLK_ROUND_DOUBLE) - MLK_ROUND_DOUBLE == p;
}

/* |x|^p = 2^(p log2 |x|). A float's logarithm times p has more digits than a float, hence double on the way. Then the
 * values where that is 0 times infinity, and the sign. */
static inline ml_real power(ml_real x, double p)
{
    const double d = (double)x, size = fabs(d), infinity = (double)INFINITY, most = 1073741824; /* beyond it p is even */
    const double parity = mlk_choose_double(fabs(p) > most, most, p);
    const uint64_t whole = mlk_mask(is_whole(parity)), odd = whole & ~mlk_mask(is_whole(parity / 2));
    const uint64_t one = mlk_mask(p == 0) | mlk_mask(d == 1) | (mlk_mask(size == 1) & mlk_mask(fabs(p) == infinity));
    const uint64_t negative = (uint64_t)0 - (mlk_bits_of_double(d) >> 63);
    const uint64_t broken = mlk_mask(d < 0) & mlk_mask(size < infinity) & ~whole & ~one;
    double y = mlk_choose_by(one, 1, exp2_of(p * mlk_log2(x)));
    y = mlk_choose_by(negative & odd, -y, y);
    return (float)mlk_choose_by(broken, (double)NAN, y);
}

#endif

/* ---- the common exponents: a flop or two, and as exact as these are ---- */

static void ones(ml_real *y, const ml_real *x, int64_t n)
{
    (void)x;
    for (int64_t i = 0; i < n; i++)
        y[i] = 1;
}

static void same(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i];
}

static void square(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * x[i];
}

static void cube(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * x[i] * x[i];
}

static void reciprocal(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = 1 / x[i];
}

static void reciprocal_square(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = 1 / (x[i] * x[i]);
}

static void root(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = sqrt(x[i]);
}

static void reciprocal_root(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = 1 / sqrt(x[i]);
}

static const struct {
    double exponent;
    mlk_map_fn *f;
} COMMON[] = {
    {0, ones},        {1, same},  {2, square},           {3, cube}, {-1, reciprocal}, {-2, reciprocal_square},
    {0.5, root},      {-0.5, reciprocal_root},
};

/* y = x^p; y may be x. */
static void raise(ml_real *y, const ml_real *x, int64_t n, double p)
{
    for (size_t i = 0; i < sizeof COMMON / sizeof COMMON[0]; i++)
        if (COMMON[i].exponent == p) {
            COMMON[i].f(y, x, n);
            return;
        }
    for (int64_t i = 0; i < n; i++)
        y[i] = power(x[i], p);
}

/* ---- x^p ---- */

static void pow_map(ml_real *y, const ml_real *x, int64_t n, const void *own)
{
    raise(y, x, n, *(const double *)own);
}

static void pow_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n, const void *own)
{
    const double p = *(const double *)own;
    const ml_real factor = (ml_real)p;
    if (p == 0)
        for (int64_t i = 0; i < n; i++)
            dx[i] = 0;
    else {
        raise(dx, x, n, p - 1);
        for (int64_t i = 0; i < n; i++)
            dx[i] = dy[i] * (factor * dx[i]);
    }
}

void mlk_pow_forward(ml_real *y, const ml_real *x, int64_t n, const double *exponent)
{
    mlk_map_with(pow_map, y, x, n, exponent);
}

void mlk_pow_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n, const double *exponent)
{
    mlk_pull_with(pow_pull, dx, add, dy, x, n, exponent);
}

/* ---- a^b ---- */

static inline ml_real power_of(ml_real a, ml_real b)
{
    return power(a, (double)b);
}

/* dy/da = b a^(b-1) */
static inline ml_real slope_by_a(ml_real a, ml_real b)
{
    return mlk_choose(b == 0, 0, b * power(a, (double)b - 1));
}

/* (dy/db) / y = log a */
static inline ml_real slope_by_b(ml_real a, ml_real b)
{
    return mlk_choose((a == 0) & (b >= 0), 0, mlk_log(a));
}

static void power_run(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r)
{
    mlk_each(y, a, b, r, power_of);
}

/* g = dy b a^(b-1) */
static void by_a(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    const ml_real *dy = m->dy + r->at;
    mlk_each(g, m->a + r->in[0], m->b + r->in[1], r, slope_by_a);
    for (int64_t i = 0; i < r->n; i++)
        g[i] = dy[i] * g[i];
}

/* g = dy y log a */
static void by_b(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    const ml_real *dy = m->dy + r->at, *y = m->y + r->at;
    mlk_each(g, m->a + r->in[0], m->b + r->in[1], r, slope_by_b);
    for (int64_t i = 0; i < r->n; i++)
        g[i] = dy[i] * (y[i] * g[i]);
}

void mlk_pow_tensors_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p)
{
    mlk_broadcast_forward(y, a, b, p, power_run);
}

void mlk_pow_tensors_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand)
{
    mlk_broadcast_backward(dx, add, m, p, operand, operand == 0 ? by_a : by_b);
}
