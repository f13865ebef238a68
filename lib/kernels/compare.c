/* compare.c -- which is larger:  a > b and its kin, maximum, minimum, clamp
 *
 * Shapes     y: the shape of a and b broadcast together (broadcast.c), or that of x
 * Forward    a > b        y = 1 where it holds, else 0; >=, <, <=, ==, != likewise
 *            maximum      y = a < b ? b : a               minimum    y = a > b ? b : a           NaN wins
 *            clamp        y = x < low ? low : x > high ? high : x                                NaN stays
 * Backward   a > b        none: a step is flat but where it jumps, and there it has no slope
 *            maximum      da = dy where a > b,  dy / 2 where a = b,  0 where a < b;  db by the rest
 *            minimum      da = dy where a < b,  dy / 2 where a = b,  0 where a > b
 *            clamp        dx = dy where low <= x <= high, else 0
 *            Where a = b any share from 0 to 1 is a subgradient; halves treat both alike, as PyTorch does.
 * Saves      nothing         Cost  one pass over memory each way
 * Source     subgradients: Rockafellar 1970, "Convex analysis", section 23; ties and NaN as in PyTorch
 * Derivation docs/math/compare-where-clamp.md
 */
#include "kernels/compare.h"

/* ---- 1 or 0: of two numbers, of a run of them, of arrays ---- */

#define COMPARISON(name, sign)                                                                                 \
    static inline ml_real name(ml_real a, ml_real b)                                                           \
    {                                                                                                          \
        return a sign b;                                                                                       \
    }                                                                                                          \
    static void name##_run(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r)                   \
    {                                                                                                          \
        mlk_each(y, a, b, r, name);                                                                            \
    }                                                                                                          \
    void mlk_##name(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p)                    \
    {                                                                                                          \
        mlk_broadcast_forward(y, a, b, p, name##_run);                                                         \
    }

COMPARISON(greater, >)
COMPARISON(greater_equal, >=)
COMPARISON(less, <)
COMPARISON(less_equal, <=)
COMPARISON(equal, ==)
COMPARISON(not_equal, !=)

/* ---- maximum, minimum ---- */

/* Only NaN differs from itself: so a NaN in b is taken, and one in a is kept, as it is not below b. */
static inline ml_real larger(ml_real a, ml_real b)
{
    return ((a < b) | (b != b)) ? b : a;
}

static inline ml_real smaller(ml_real a, ml_real b)
{
    return ((a > b) | (b != b)) ? b : a;
}

static void maximum_run(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r)
{
    mlk_each(y, a, b, r, larger);
}

static void minimum_run(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r)
{
    mlk_each(y, a, b, r, smaller);
}

/* What share of dy goes to the first: 1, 1/2 or 0. Beside NaN it is 1, for either. */
static inline ml_real share_if_larger(ml_real x, ml_real other)
{
    return x < other ? 0 : x == other ? (ml_real)0.5 : 1;
}

static inline ml_real share_if_smaller(ml_real x, ml_real other)
{
    return share_if_larger(-x, -other);
}

static inline ml_real second_if_larger(ml_real a, ml_real b)
{
    return share_if_larger(b, a);
}

static inline ml_real second_if_smaller(ml_real a, ml_real b)
{
    return share_if_smaller(b, a);
}

/* g = dy share, and 0 without a share even where dy is infinite. */
static inline void shared(ml_real *g, const mlk_terms *m, const mlk_run *r, ml_real (*share)(ml_real, ml_real))
{
    const ml_real *dy = m->dy + r->at;
    mlk_each(g, m->a + r->in[0], m->b + r->in[1], r, share);
    for (int64_t i = 0; i < r->n; i++)
        g[i] = g[i] == 0 ? 0 : dy[i] * g[i];
}

static void maximum_by_a(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    shared(g, m, r, share_if_larger);
}

static void maximum_by_b(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    shared(g, m, r, second_if_larger);
}

static void minimum_by_a(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    shared(g, m, r, share_if_smaller);
}

static void minimum_by_b(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    shared(g, m, r, second_if_smaller);
}

void mlk_maximum_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p)
{
    mlk_broadcast_forward(y, a, b, p, maximum_run);
}

void mlk_maximum_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand)
{
    mlk_broadcast_backward(dx, add, m, p, operand, operand == 0 ? maximum_by_a : maximum_by_b);
}

void mlk_minimum_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p)
{
    mlk_broadcast_forward(y, a, b, p, minimum_run);
}

void mlk_minimum_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand)
{
    mlk_broadcast_backward(dx, add, m, p, operand, operand == 0 ? minimum_by_a : minimum_by_b);
}

/* ---- clamp ---- */

static void clamp_map(ml_real *y, const ml_real *x, int64_t n, const void *own)
{
    const double *bounds = own;
    const ml_real low = (ml_real)bounds[0], high = (ml_real)bounds[1];
    for (int64_t i = 0; i < n; i++) {
        const ml_real above = x[i] < low ? low : x[i];
        y[i] = above > high ? high : above;
    }
}

static void clamp_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n, const void *own)
{
    const double *bounds = own;
    const ml_real low = (ml_real)bounds[0], high = (ml_real)bounds[1];
    for (int64_t i = 0; i < n; i++)
        dx[i] = ((x[i] >= low) & (x[i] <= high)) ? dy[i] : 0;
}

void mlk_clamp_forward(ml_real *y, const ml_real *x, int64_t n, const double *bounds)
{
    mlk_map_with(clamp_map, y, x, n, bounds);
}

void mlk_clamp_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n, const double *bounds)
{
    mlk_pull_with(clamp_pull, dx, add, dy, x, n, bounds);
}
