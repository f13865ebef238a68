/* vector_norm.c -- how long a vector is:  y = (sum_k |x_k|^p)^(1/p)
 *
 * Shapes     x (O,n,I): along the axis of n entries.  y (O,I)
 * Forward    p = 1         y = sum_k |x[k]|
 *            p = 2         y = sqrt(sum_k x[k]^2)
 *            p = infinity  y = max_k |x[k]|, which the others approach as p grows; NaN wins
 *            any p > 0     m = max_k |x[k]|      y = m (sum_k (|x[k]| / m)^p)^(1/p)
 *            With m taken out no power overflows, and one term is 1. (Below p = 1 it is no norm in the
 *            strict sense: the triangle inequality fails.)
 * Backward   p < infinity  dx[k] = dy sign(x[k]) (|x[k]| / y)^(p - 1)
 *            p = infinity  dx[k] = dy sign(x[k]) / c for each of the c elements with |x[k]| = y
 *            and 0 where x[k] = 0: so the zero vector gets 0, a slope between all those around it
 *            Check by scale: t x is t times as long, so sum_k x[k] dx[k] = dy y.
 * Saves      nothing but the output      Cost  p = 1 and 2: one pass along rows; else one pow an element
 * Source     the rules at 0 and for ties are PyTorch's          Derivation  docs/math/norm.md
 */
#include "kernels/vector_norm.h"

#include "kernels/rows.h"

enum { BLOCK = 64 }; /* columns side by side when the axis is not the last */

static inline double power(double r, double p)
{
    return p == 1 ? r : p == 2 ? r * r : pow(r, p);
}

static inline double root(double sum, double p)
{
    return p == 1 ? sum : p == 2 ? sqrt(sum) : pow(sum, 1 / p);
}

/* The larger of m and |x|; NaN stays. */
static inline double larger(double m, ml_real x)
{
    double size = fabs((double)x);
    return size > m || size != size ? size : m;
}

/* Whether m says it all: the vector is zero, has an infinity or a NaN, or m is what is asked for. */
static inline bool is_end(double m, double p)
{
    return !(m > 0 && m < INFINITY) || p == INFINITY;
}

/* ---- the definition ---- */

static ml_real line(const ml_real *x, int64_t n, int64_t step, double p)
{
    double m = 0, sum = 0;
    for (int64_t k = 0; k < n; k++)
        m = larger(m, x[k * step]);
    if (is_end(m, p))
        return (ml_real)m;
    for (int64_t k = 0; k < n; k++)
        sum += power(fabs((double)x[k * step]) / m, p);
    return (ml_real)(m * root(sum, p));
}

void mlk_vector_norm_ref(ml_real *y, const ml_real *x, const mlk_vector_norm *v)
{
    const mlk_axis s = v->s;
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++)
            y[o * s.inner + i] = line(x + o * s.n * s.inner + i, s.n, s.inner, v->p);
}

/* ---- fast ---- */

/* Squares that overflow or vanish, as only those of doubles can, take the long way. */
static ml_real row(const ml_real *x, int64_t n, double p)
{
    if (p == 1)
        return (ml_real)mlk_row_abs_sum(x, n);
    double squares = p == 2 ? mlk_row_dot(x, x, n) : 0;
    if (squares > 1e-280 && squares < INFINITY)
        return (ml_real)sqrt(squares);
    return line(x, n, 1, p);
}

/* A few columns: reads x row by row, as it lies. */
static void columns(ml_real *y, const ml_real *x, int64_t count, const mlk_vector_norm *v)
{
    double m[BLOCK] = {0}, sum[BLOCK] = {0}, p = v->p;
    for (int64_t k = 0; k < v->s.n; k++)
        for (int64_t i = 0; i < count; i++)
            m[i] = larger(m[i], x[k * v->s.inner + i]);
    for (int64_t k = 0; k < v->s.n && p != INFINITY; k++)
        for (int64_t i = 0; i < count; i++)
            sum[i] += power(fabs((double)x[k * v->s.inner + i]) / m[i], p);
    for (int64_t i = 0; i < count; i++)
        y[i] = (ml_real)(is_end(m[i], p) ? m[i] : m[i] * root(sum[i], p));
}

void mlk_vector_norm_forward(ml_real *y, const ml_real *x, const mlk_vector_norm *v)
{
    const mlk_axis s = v->s;
    for (int64_t o = 0; o < s.outer; o++, x += s.n * s.inner, y += s.inner) {
        if (s.inner == 1) {
            y[0] = row(x, s.n, v->p);
            continue;
        }
        for (int64_t i = 0; i < s.inner; i += BLOCK)
            columns(y + i, x + i, s.inner - i < BLOCK ? s.inner - i : BLOCK, v);
    }
}

/* ---- backward ---- */

/* dy / dx[k] */
static inline double slope(double x, double y, double p)
{
    if (y == 0) /* the zero vector */
        return 0;
    if (p < 1 && x == 0) /* the power is infinite there, and the choice is 0; a NaN in y is handed on */
        return 0 * y;
    if (p == 1)
        return x > 0 ? 1 : x < 0 ? -1 : 0;
    if (p == 2)
        return x / y;
    return copysign(pow(fabs(x) / y, p - 1), x);
}

static inline bool wins(ml_real x, ml_real y)
{
    return y == y ? fabs((double)x) == (double)y : x != x;
}

/* The gradient of one of the largest: shared with `winners` in all. */
static inline ml_real share(ml_real dy, ml_real x, int64_t winners)
{
    ml_real part = dy / (ml_real)winners;
    return x > 0 ? part : x < 0 ? -part : 0;
}

static void largest_back(ml_real *dx, bool add, ml_real dy, const ml_real *x, ml_real y, int64_t n,
                         int64_t step)
{
    int64_t winners = 0;
    for (int64_t k = 0; k < n; k++)
        winners += wins(x[k * step], y);
    for (int64_t k = 0; k < n; k++)
        dx[k * step] = (add ? dx[k * step] : 0) +
                       (wins(x[k * step], y) ? share(dy, x[k * step], winners) : 0);
}

/* n numbers that lie side by side: of one line (step 0), or one of each of n lines (step 1) */
static inline void back(ml_real *dx, bool add, const ml_real *dy, const ml_real *x,
                        const ml_real *y, double p, int64_t n, int64_t step)
{
    for (int64_t i = 0; i < n; i++) {
        double d = slope((double)x[i], (double)y[i * step], p);
        dx[i] = (add ? dx[i] : 0) + dy[i * step] * (ml_real)d;
    }
}

void mlk_vector_norm_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x,
                              const ml_real *y, const mlk_vector_norm *v)
{
    const mlk_axis s = v->s;
    for (int64_t o = 0; o < s.outer; o++, dy += s.inner, y += s.inner) {
        int64_t at = o * s.n * s.inner;
        if (v->p == INFINITY)
            for (int64_t i = 0; i < s.inner; i++)
                largest_back(dx + at + i, add, dy[i], x + at + i, y[i], s.n, s.inner);
        else if (s.inner == 1)
            back(dx + at, add, dy, x + at, y, v->p, s.n, 0);
        else
            for (int64_t k = 0; k < s.n; k++, at += s.inner)
                back(dx + at, add, dy, x + at, y, v->p, s.inner, 1);
    }
}
