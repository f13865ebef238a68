/* pad.c -- a frame of one value around a tensor
 *
 * Shapes     x (X0,X1,...)   y (Y0,Y1,...), Yd = before d + Xd + after d
 * Forward    y[j0,j1,...] = x[j0 - before 0, j1 - before 1, ...] where that lies in x, else value
 * Backward   dx[i0,i1,...] = dy[i0 + before 0, i1 + before 1, ...]
 *            Check by meaning: x was only moved, so its gradient is moved back; the frame depends on nothing.
 * Saves      nothing         Cost  one write a number of y; memory is the limit
 * Source     PyTorch's pad in constant mode
 * Derivation docs/math/pad-tile-stack.md
 */
#include "kernels/pad.h"

#include "kernels/lanes.h"
#include "kernels/shape.h"

#include <string.h>

/* ---- the definition ---- */

static int64_t product(int rank, const int64_t *extent)
{
    int64_t n = 1;
    for (int d = 0; d < rank; d++)
        n *= extent[d];
    return n;
}

/* Where in x number `at` of y comes from; -1 in the frame. rank counts the axes that are looked at, from the first on. */
static int64_t origin(const mlk_pad *p, int rank, int64_t at)
{
    int64_t from = 0, step = 1;
    for (int d = rank - 1; d >= 0; d--) {
        int64_t i = at % p->y[d] - p->before[d];
        if (i < 0 || i >= p->x[d])
            return -1;
        at /= p->y[d];
        from += i * step;
        step *= p->x[d];
    }
    return from;
}

void mlk_pad_ref(ml_real *y, const ml_real *x, ml_real value, const mlk_pad *p)
{
    for (int64_t j = 0; j < product(p->rank, p->y); j++) {
        int64_t from = origin(p, p->rank, j);
        y[j] = from < 0 ? value : x[from];
    }
}

/* ---- fast: row by row ----
 *
 * An axis without a frame lies in one piece with the axis before it, so the two are one: an image (N,H,W,C) with a frame
 * along H and W becomes (N, H, W C), and a row of it is W C numbers. */
static mlk_pad merged(const mlk_pad *p)
{
    mlk_pad m = {0};
    for (int d = 0; d < p->rank; d++) {
        bool joins = m.rank && p->x[d] == p->y[d];
        int at = joins ? m.rank - 1 : m.rank++;
        m.x[at] = (joins ? m.x[at] : 1) * p->x[d];
        m.y[at] = (joins ? m.y[at] : 1) * p->y[d];
        m.before[at] = joins ? m.before[at] * p->x[d] : p->before[d];
    }
    if (m.rank == 0) /* a scalar is a row of one number */
        m.x[0] = m.y[0] = m.rank = 1;
    return m;
}

/* Where in y row number `at` of x goes. */
static int64_t place(const mlk_pad *m, int64_t at)
{
    int64_t to = 0, step = 1;
    for (int d = m->rank - 2; d >= 0; d--) {
        to += (at % m->x[d] + m->before[d]) * step;
        at /= m->x[d];
        step *= m->y[d];
    }
    return to;
}

typedef struct job {
    ml_real *out; /* y or dx */
    bool add;
    const ml_real *in; /* x or dy */
    ml_real value;
    mlk_pad m;
    int64_t x_row, y_row; /* numbers in a row */
} job;

static job job_of(ml_real *out, bool add, const ml_real *in, ml_real value, const mlk_pad *p)
{
    job j = {out, add, in, value, merged(p), 0, 0};
    j.x_row = j.m.x[j.m.rank - 1];
    j.y_row = j.m.y[j.m.rank - 1];
    return j;
}

static ml_real *fill(ml_real *y, ml_real value, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = value;
    return y + n;
}

static void forward_rows(void *arg, mlk_lane l)
{
    const job *j = arg;
    int64_t before = j->m.before[j->m.rank - 1], after = j->y_row - j->x_row - before;
    for (int64_t row = l.begin; row < l.end; row++) {
        ml_real *y = j->out + row * j->y_row;
        int64_t from = origin(&j->m, j->m.rank - 1, row);
        if (from < 0) {
            fill(y, j->value, j->y_row);
            continue;
        }
        y = fill(y, j->value, before);
        memcpy(y, j->in + from * j->x_row, (size_t)j->x_row * sizeof *y);
        fill(y + j->x_row, j->value, after);
    }
}

void mlk_pad_forward(ml_real *y, const ml_real *x, ml_real value, const mlk_pad *p)
{
    job j = job_of(y, false, x, value, p);
    mlk_run_items(product(j.m.rank - 1, j.m.y), j.y_row, forward_rows, &j);
}

static void backward_rows(void *arg, mlk_lane l)
{
    const job *j = arg;
    mlk_runs one = {1, j->x_row, 0, 0};
    for (int64_t row = l.begin; row < l.end; row++) {
        const ml_real *dy = j->in + place(&j->m, row) * j->y_row + j->m.before[j->m.rank - 1];
        mlk_copy_runs(j->out + row * j->x_row, j->add, dy, one); /* dx = the middle of dy */
    }
}

void mlk_pad_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_pad *p)
{
    job j = job_of(dx, add, dy, 0, p);
    mlk_run_items(product(j.m.rank - 1, j.m.x), j.x_row, backward_rows, &j);
}
