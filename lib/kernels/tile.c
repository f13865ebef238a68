/* tile.c -- a tensor laid side by side with itself
 *
 * Shapes     x (X0,X1,...)   y (T0 X0, T1 X1, ...), Td how many times along axis d
 * Forward    y[j0,j1,...] = x[j0 mod X0, j1 mod X1, ...]
 * Backward   dx[i0,i1,...] = sum over t0 < T0, t1 < T1, ... of dy[t0 X0 + i0, t1 X1 + i1, ...]
 *            Check by meaning: a number that was copied is felt through all its copies. Check by sum: every dy arrives in
 *            just one dx, so both have one sum.
 * Saves      nothing         Cost  one copy, or one addition, a number of y; memory is the limit
 * Source     NumPy's tile, PyTorch's repeat
 * Derivation docs/math/pad-tile-stack.md
 */
#include "kernels/tile.h"

#include "kernels/lanes.h"
#include "kernels/ranges.h"

#include <string.h>

/* ---- the definition ---- */

/* Numbers along the first `rank` axes, of x and of y. */
static int64_t x_count(const mlk_tile *p, int rank)
{
    int64_t n = 1;
    for (int d = 0; d < rank; d++)
        n *= p->x[d];
    return n;
}

static int64_t y_count(const mlk_tile *p, int rank)
{
    int64_t n = 1;
    for (int d = 0; d < rank; d++)
        n *= p->x[d] * p->times[d];
    return n;
}

/* Where in x number `at` of y comes from, along the first `rank` axes. */
static int64_t origin(const mlk_tile *p, int rank, int64_t at)
{
    int64_t from = 0, step = 1;
    for (int d = rank - 1; d >= 0; d--) {
        from += at % p->x[d] * step;
        at /= p->x[d] * p->times[d];
        step *= p->x[d];
    }
    return from;
}

void mlk_tile_ref(ml_real *y, const ml_real *x, const mlk_tile *p)
{
    for (int64_t j = 0; j < y_count(p, p->rank); j++)
        y[j] = x[origin(p, p->rank, j)];
}

void mlk_tile_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_tile *p)
{
    if (!add)
        memset(dx, 0, (size_t)x_count(p, p->rank) * sizeof *dx);
    for (int64_t j = 0; j < y_count(p, p->rank); j++)
        dx[origin(p, p->rank, j)] += dy[j];
}

/* ---- fast: row by row ----
 *
 * An axis that is not repeated lies in one piece with the axis before it, so the two are one: (N,H,W,C) repeated along H
 * is (N, H W C), and a row of it is a whole image. */
static mlk_tile merged(const mlk_tile *p)
{
    mlk_tile m = {0};
    for (int d = 0; d < p->rank; d++) {
        bool joins = m.rank && p->times[d] == 1;
        int at = joins ? m.rank - 1 : m.rank++;
        m.x[at] = (joins ? m.x[at] : 1) * p->x[d];
        m.times[at] = joins ? m.times[at] : p->times[d];
    }
    if (m.rank == 0) /* a scalar is a row of one number */
        m.x[0] = m.times[0] = m.rank = 1;
    return m;
}

typedef struct job {
    ml_real *out; /* y or dx */
    bool add;
    const ml_real *in; /* x or dy */
    mlk_tile m;
    int64_t row, times; /* numbers in a row of x, and how often a row of y has them */
    int64_t copies;     /* of a row, over the axes before */
    int64_t pieces;     /* that a row is cut into, so that one long row is work for many threads too */
} job;

static job job_of(ml_real *out, bool add, const ml_real *in, const mlk_tile *p)
{
    job j = {.out = out, .add = add, .in = in, .m = merged(p), .copies = 1};
    int last = j.m.rank - 1;
    for (int d = 0; d < last; d++)
        j.copies *= j.m.times[d];
    j.row = j.m.x[last];
    j.times = j.m.times[last];
    j.pieces = (j.row + MLK_BLOCK - 1) / MLK_BLOCK;
    return j;
}

/* Item i is one copy of a row of x, in the order in which they lie in y. */
static void forward_copies(void *arg, mlk_lane l)
{
    const job *j = arg;
    for (int64_t i = l.begin; i < l.end; i++) {
        int64_t from = origin(&j->m, j->m.rank - 1, i / j->times);
        memcpy(j->out + i * j->row, j->in + from * j->row, (size_t)j->row * sizeof *j->out);
    }
}

void mlk_tile_forward(ml_real *y, const ml_real *x, const mlk_tile *p)
{
    job j = job_of(y, false, x, p);
    mlk_run_items(y_count(&j.m, j.m.rank - 1) * j.times, j.row, forward_copies, &j);
}

/* Which row of y is copy t of row `at` of x. */
static int64_t place(const mlk_tile *m, int64_t at, int64_t t)
{
    int64_t to = 0, step = 1;
    for (int d = m->rank - 2; d >= 0; d--) {
        to += (t % m->times[d] * m->x[d] + at % m->x[d]) * step;
        t /= m->times[d];
        at /= m->x[d];
        step *= m->x[d] * m->times[d];
    }
    return to;
}

/* Item i is a piece of a row of x: all its copies are summed by one thread, in their order. */
static void backward_pieces(void *arg, mlk_lane l)
{
    const job *j = arg;
    for (int64_t i = l.begin; i < l.end; i++) {
        int64_t row = i / j->pieces, begin = i % j->pieces * MLK_BLOCK;
        int64_t n = j->row - begin < MLK_BLOCK ? j->row - begin : MLK_BLOCK;
        double sum[MLK_BLOCK];
        for (int64_t c = 0; c < n; c++)
            sum[c] = 0;
        for (int64_t t = 0; t < j->copies; t++) {
            const ml_real *dy = j->in + place(&j->m, row, t) * j->times * j->row + begin;
            for (int64_t k = 0; k < j->times; k++, dy += j->row)
                for (int64_t c = 0; c < n; c++)
                    sum[c] += (double)dy[c];
        }
        ml_real *dx = j->out + row * j->row + begin;
        for (int64_t c = 0; c < n; c++)
            dx[c] = (j->add ? dx[c] : 0) + (ml_real)sum[c]; /* dx = sum of dy over the copies */
    }
}

void mlk_tile_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_tile *p)
{
    job j = job_of(dx, add, dy, p);
    int64_t copied = j.copies * j.times * (j.row < MLK_BLOCK ? j.row : MLK_BLOCK);
    mlk_run_items(x_count(&j.m, j.m.rank - 1) * j.pieces, copied, backward_pieces, &j);
}
