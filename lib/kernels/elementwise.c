/* elementwise.c -- one number at a time:  y = a + b, a - b, a b, a / b, c x, e^x, log x, sqrt x, |x|
 *
 * Shapes     y: the shape of a and b broadcast together (broadcast.c), or that of x
 * Forward    y[i] = f(x[i])
 * Backward   dx[i] = dy[i] f'(x[i]): no element sees another, the Jacobian is diagonal, and the chain rule is a product.
 *            a + b   da = dy        db = dy            e^x     dx = dy y
 *            a - b   da = dy        db = -dy           log x   dx = dy / x
 *            a b     da = dy b      db = dy a          sqrt x  dx = dy / 2y
 *            a / b   da = dy / b    db = -dy y / b     |x|     dx = dy sign(x), and 0 at 0
 *            c x     dx = dy c
 * Saves      nothing: they need the input or the output, which the tape holds       Cost  one pass over memory each way
 * Source     any book of calculus; |x| at 0 takes the middle of its subgradients, -1 .. 1, as PyTorch does
 * Derivation docs/math/add-mul-broadcast.md, docs/math/exp-log.md
 *
 * A derivative that can be said with the output is: e^x a second time would cost more than reading y.
 */
#include "kernels/elementwise.h"

#include "kernels/functions.h"

#include <tgmath.h> /* sqrt and fabs of ml_real, whichever that is */

/* ---- two operands ---- */

static inline ml_real add(ml_real a, ml_real b)
{
    return a + b;
}

static inline ml_real sub(ml_real a, ml_real b)
{
    return a - b;
}

static inline ml_real mul(ml_real a, ml_real b)
{
    return a * b;
}

static inline ml_real divide(ml_real a, ml_real b)
{
    return a / b;
}

static void add_run(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r)
{
    mlk_each(y, a, b, r, add);
}

static void sub_run(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r)
{
    mlk_each(y, a, b, r, sub);
}

static void mul_run(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r)
{
    mlk_each(y, a, b, r, mul);
}

static void div_run(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r)
{
    mlk_each(y, a, b, r, divide);
}

void mlk_add_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p)
{
    mlk_broadcast_forward(y, a, b, p, add_run);
}

void mlk_sub_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p)
{
    mlk_broadcast_forward(y, a, b, p, sub_run);
}

void mlk_mul_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p)
{
    mlk_broadcast_forward(y, a, b, p, mul_run);
}

void mlk_div_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p)
{
    mlk_broadcast_forward(y, a, b, p, div_run);
}

/* The local gradients, g over one run. dy always moves; the other factor may stay. */

/* a + b, a - b by a:  g = dy */
static void same(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    const ml_real *dy = m->dy + r->at;
    for (int64_t i = 0; i < r->n; i++)
        g[i] = dy[i];
}

/* a - b by b:  g = -dy */
static void negated(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    const ml_real *dy = m->dy + r->at;
    for (int64_t i = 0; i < r->n; i++)
        g[i] = -dy[i];
}

/* a b by a:  g = dy b */
static void times_b(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    mul_run(g, m->dy + r->at, m->b + r->in[1], &(mlk_run){.n = r->n, .moves = {1, r->moves[1]}});
}

/* a b by b:  g = dy a */
static void times_a(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    mul_run(g, m->dy + r->at, m->a + r->in[0], &(mlk_run){.n = r->n, .moves = {1, r->moves[0]}});
}

/* a / b by a:  g = dy / b */
static void over_b(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    div_run(g, m->dy + r->at, m->b + r->in[1], &(mlk_run){.n = r->n, .moves = {1, r->moves[1]}});
}

/* a / b by b:  g = -dy (y / b), as d(a / b)/db = -a / b^2 */
static void by_divisor(ml_real *g, const mlk_terms *m, const mlk_run *r)
{
    const ml_real *dy = m->dy + r->at;
    div_run(g, m->y + r->at, m->b + r->in[1], &(mlk_run){.n = r->n, .moves = {1, r->moves[1]}});
    for (int64_t i = 0; i < r->n; i++)
        g[i] = -dy[i] * g[i];
}

void mlk_add_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand)
{
    mlk_broadcast_backward(dx, add, m, p, operand, same);
}

void mlk_sub_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand)
{
    mlk_broadcast_backward(dx, add, m, p, operand, operand == 0 ? same : negated);
}

void mlk_mul_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand)
{
    mlk_broadcast_backward(dx, add, m, p, operand, operand == 0 ? times_b : times_a);
}

void mlk_div_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand)
{
    mlk_broadcast_backward(dx, add, m, p, operand, operand == 0 ? over_b : by_divisor);
}

/* ---- one operand: a formula forward, a formula back ---- */

static void exp_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_exp(x[i]);
}

static void exp_pull(ml_real *dx, const ml_real *dy, const ml_real *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * y[i];
}

static void log_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_log(x[i]);
}

static void log_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] / x[i];
}

static void sqrt_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = sqrt(x[i]);
}

static void sqrt_pull(ml_real *dx, const ml_real *dy, const ml_real *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] / (2 * y[i]);
}

static void abs_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = fabs(x[i]);
}

static void abs_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const ml_real right = x[i] > 0, left = x[i] < 0;
        dx[i] = dy[i] * (right - left);
    }
}

void mlk_exp_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(exp_map, y, x, n);
}

void mlk_exp_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n)
{
    mlk_pull(exp_pull, dx, add, dy, y, n);
}

void mlk_log_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(log_map, y, x, n);
}

void mlk_log_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n)
{
    mlk_pull(log_pull, dx, add, dy, x, n);
}

void mlk_sqrt_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(sqrt_map, y, x, n);
}

void mlk_sqrt_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n)
{
    mlk_pull(sqrt_pull, dx, add, dy, y, n);
}

void mlk_abs_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(abs_map, y, x, n);
}

void mlk_abs_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n)
{
    mlk_pull(abs_pull, dx, add, dy, x, n);
}

typedef struct scale_job {
    ml_real *y;
    const ml_real *x;
    ml_real factor;
    bool add;
} scale_job;

static void scale_range(void *arg, int64_t begin, int64_t end)
{
    const scale_job j = *(const scale_job *)arg;
    if (j.add)
        for (int64_t i = begin; i < end; i++)
            j.y[i] += j.x[i] * j.factor;
    else
        for (int64_t i = begin; i < end; i++)
            j.y[i] = j.x[i] * j.factor;
}

void mlk_scale(ml_real *y, bool add, const ml_real *x, ml_real factor, int64_t n)
{
    mlk_ranges(n, scale_range, &(scale_job){y, x, factor, add});
}
