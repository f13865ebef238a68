/* cumsum.c -- the cumulative sum:  y_k = x_0 + ... + x_k
 *
 * Shapes     x, y (O,n,I): the axis has n entries, O numbers lie before it, I after it
 * Forward    y[o,k,i] = sum over l <= k of x[o,l,i]
 * Backward   dx[o,l,i] = sum over k >= l of dy[o,k,i]: the same sum from the other end
 *            Check by meaning: x_l is in y_l and in all that come after it. As a matrix, forward is a triangle of ones, and
 *            backward its transpose, the other triangle.
 * Saves      nothing         Cost  one addition a number
 * Source     PyTorch's cumsum; a "scan" in Iverson 1962, "A programming language"
 * Derivation docs/math/cumsum.md
 */
#include "kernels/cumsum.h"

#include "kernels/lanes.h"

enum { COLUMNS = 64 }; /* of I that are summed side by side */

void mlk_cumsum_ref(ml_real *y, const ml_real *x, mlk_axis s)
{
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            double sum = 0;
            for (int64_t k = 0; k < s.n; k++) {
                int64_t at = (o * s.n + k) * s.inner + i;
                sum += (double)x[at];
                y[at] = (ml_real)sum;
            }
        }
}

typedef struct job {
    ml_real *out; /* y or dx */
    bool add;
    const ml_real *in; /* x or dy */
    mlk_axis s;
    bool from_end;
} job;

static int64_t strips(mlk_axis s)
{
    return (s.inner + COLUMNS - 1) / COLUMNS;
}

/* Which entry the sum reaches after `step` others. */
static inline int64_t entry(const job *j, int64_t step)
{
    return j->from_end ? j->s.n - 1 - step : step;
}

static inline void put(ml_real *to, bool add, double sum)
{
    *to = (add ? *to : 0) + (ml_real)sum;
}

/* The axis is the last: its entries lie side by side. */
static void run_row(const job *j, int64_t o)
{
    const ml_real *in = j->in + o * j->s.n;
    ml_real *out = j->out + o * j->s.n;
    double sum = 0;
    for (int64_t step = 0; step < j->s.n; step++) {
        int64_t k = entry(j, step);
        put(&out[k], j->add, sum += (double)in[k]);
    }
}

/* A few columns, row by row as they lie in memory. */
static void run_columns(const job *j, int64_t o, int64_t begin, int64_t columns)
{
    const bool add = j->add;
    double sum[COLUMNS] = {0};
    for (int64_t step = 0; step < j->s.n; step++) {
        int64_t at = (o * j->s.n + entry(j, step)) * j->s.inner + begin;
        const ml_real *in = j->in + at;
        ml_real *out = j->out + at;
        for (int64_t i = 0; i < columns; i++)
            put(&out[i], add, sum[i] += (double)in[i]);
    }
}

static void run_strips(void *arg, mlk_lane l)
{
    const job *j = arg;
    for (int64_t item = l.begin; item < l.end; item++) {
        int64_t begin = item % strips(j->s) * COLUMNS, left = j->s.inner - begin;
        if (j->s.inner == 1)
            run_row(j, item);
        else
            run_columns(j, item / strips(j->s), begin, left < COLUMNS ? left : COLUMNS);
    }
}

static void run(job *j)
{
    int64_t columns = j->s.inner < COLUMNS ? j->s.inner : COLUMNS;
    mlk_run_items(j->s.outer * strips(j->s), j->s.n * columns, run_strips, j);
}

void mlk_cumsum_forward(ml_real *y, const ml_real *x, mlk_axis s)
{
    run(&(job){y, false, x, s, false});
}

void mlk_cumsum_backward(ml_real *dx, bool add, const ml_real *dy, mlk_axis s)
{
    run(&(job){dx, add, dy, s, true});
}
