/* broadcast.c -- stretching:  a (3,1) and b (4) meet as (3,4)
 *
 * Shapes     a, b of rank 0 to 6, aligned at their last axis; a missing axis counts as 1; where extents differ one is 1
 * Forward    y[i] = f(a[i'], b[i"])        i' is i with 0 on the axes that a stretches along
 * Backward   da[j] = sum over all i with i' = j of dy[i] df/da
 *            Stretching copies one number to many places, and a number that acts in many places collects the gradient
 *            of each: the adjoint of a copy is a sum. Check by shape: da must have the shape of a.
 * Saves      nothing         Cost  one visit an output, forward and backward
 * Source     NumPy's rule (Harris et al. 2020, "Array programming with NumPy")   Derivation  docs/math/add-mul-broadcast.md
 *
 * Merging makes the common cases fast without naming them. Each axis is one of three kinds: both operands full, a
 * stretched, b stretched. Neighbours of one kind are one axis. Equal shapes become one axis and one run; a scalar operand
 * too; a bias under a batch, (N,P,Q,C) and (C), becomes two axes (NPQ, C) and a run a row.
 */
#include "kernels/broadcast.h"

#include <string.h>

/* ---- the plan ---- */

static int64_t extent(int rank, const int64_t *shape, int axis, int out_rank)
{
    int i = axis - (out_rank - rank);
    return i < 0 ? 1 : shape[i];
}

static void merge(mlk_broadcast *p, int64_t n, bool full_a, bool full_b)
{
    int last = p->rank - 1;
    /* While planning, stride holds only full (1) or stretched (0). */
    if (last >= 0 && p->stride[0][last] == full_a && p->stride[1][last] == full_b) {
        p->shape[last] *= n;
        return;
    }
    p->shape[p->rank] = n;
    p->stride[0][p->rank] = full_a;
    p->stride[1][p->rank] = full_b;
    p->rank++;
}

static void set_strides(const mlk_broadcast *p, int64_t *stride, int64_t *size)
{
    *size = 1;
    for (int i = p->rank - 1; i >= 0; i--)
        if (stride[i]) {
            stride[i] = *size;
            *size *= p->shape[i];
        }
}

int mlk_broadcast_plan(mlk_broadcast *p, int rank_a, const int64_t *shape_a, int rank_b, const int64_t *shape_b)
{
    memset(p, 0, sizeof *p);
    p->out_rank = rank_a > rank_b ? rank_a : rank_b;
    for (int i = 0; i < p->out_rank; i++) {
        int64_t a = extent(rank_a, shape_a, i, p->out_rank), b = extent(rank_b, shape_b, i, p->out_rank);
        if (a != b && a != 1 && b != 1)
            return i;
        p->out_shape[i] = a == 1 ? b : a; /* not the larger: 1 stretches to 0 as well */
    }
    if (!mli_shape_size(p->out_rank, p->out_shape, &p->size))
        return MLK_TOO_LARGE;
    if (p->size == 0) { /* nothing to walk: merging would only multiply extents whose product may not fit */
        p->rank = 1;
        mli_shape_size(rank_a, shape_a, &p->in_size[0]);
        mli_shape_size(rank_b, shape_b, &p->in_size[1]);
        return MLK_FITS;
    }
    for (int i = 0; i < p->out_rank; i++)
        if (p->out_shape[i] != 1) {
            int64_t a = extent(rank_a, shape_a, i, p->out_rank), b = extent(rank_b, shape_b, i, p->out_rank);
            merge(p, p->out_shape[i], a != 1, b != 1);
        }
    if (p->rank == 0) /* one number and one number */
        merge(p, 1, true, true);
    set_strides(p, p->stride[0], &p->in_size[0]);
    set_strides(p, p->stride[1], &p->in_size[1]);
    return MLK_FITS;
}

/* ---- walking: one run after another, along the last axis ---- */

typedef struct walk {
    int64_t index[ML_MAX_RANK];
    mlk_run run;
} walk;

static walk walk_from(const mlk_broadcast *p, int64_t at)
{
    int last = p->rank - 1;
    walk w = {.run = {.at = at, .moves = {p->stride[0][last] != 0, p->stride[1][last] != 0}}};
    for (int i = last; i >= 0; i--) {
        w.index[i] = at % p->shape[i];
        at /= p->shape[i];
        w.run.in[0] += w.index[i] * p->stride[0][i];
        w.run.in[1] += w.index[i] * p->stride[1][i];
    }
    w.run.n = p->shape[last] - w.index[last];
    return w;
}

/* To the next run: the last axis returns to its start, and the axes before it count on like an odometer. */
static void walk_on(walk *w, const mlk_broadcast *p)
{
    int last = p->rank - 1;
    w->run.at += w->run.n;
    w->run.in[0] -= w->index[last] * p->stride[0][last];
    w->run.in[1] -= w->index[last] * p->stride[1][last];
    w->index[last] = 0;
    w->run.n = p->shape[last];
    for (int i = last - 1; i >= 0; i--) {
        w->run.in[0] += p->stride[0][i];
        w->run.in[1] += p->stride[1][i];
        if (++w->index[i] < p->shape[i])
            return;
        w->run.in[0] -= p->shape[i] * p->stride[0][i];
        w->run.in[1] -= p->shape[i] * p->stride[1][i];
        w->index[i] = 0;
    }
}

/* ---- forward ---- */

typedef struct forward_job {
    ml_real *y;
    const ml_real *a, *b;
    const mlk_broadcast *p;
    mlk_run_fn *f;
} forward_job;

static void forward_range(void *arg, int64_t begin, int64_t end)
{
    const forward_job *j = arg;
    for (walk w = walk_from(j->p, begin); w.run.at < end; walk_on(&w, j->p)) {
        mlk_run r = w.run;
        if (r.n > end - r.at)
            r.n = end - r.at;
        j->f(j->y + r.at, j->a + r.in[0], j->b + r.in[1], &r);
    }
}

void mlk_broadcast_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p, mlk_run_fn *f)
{
    mlk_ranges(p->size, forward_range, &(forward_job){y, a, b, p, f});
}

/* ---- backward ---- */

/* Sixteen sums side by side: one vector register or two, and a smaller rounding error than one long sum. */
static ml_real sum(const ml_real *g, int64_t n)
{
    enum { LANES = 16 };
    ml_real part[LANES] = {0}, total = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            part[k] += g[i + k];
    for (; i < n; i++)
        total += g[i];
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int k = 0; k < width; k++)
            part[k] += part[k + width];
    return total + part[0];
}

typedef struct backward_job {
    ml_real *dx;
    bool add;
    const mlk_terms *m;
    const mlk_broadcast *p;
    int operand;
    mlk_local_fn *local;
    int64_t rows; /* of axis 0, in a chunk */
} backward_job;

/* Adds the local gradient of outputs begin .. end-1 to dx, where stretched numbers collect theirs. */
static void collect(ml_real *dx, const backward_job *j, int64_t begin, int64_t end)
{
    ml_real g[MLK_BLOCK];
    for (walk w = walk_from(j->p, begin); w.run.at < end; walk_on(&w, j->p)) {
        mlk_run r = w.run;
        int64_t left = r.n < end - r.at ? r.n : end - r.at;
        for (; left > 0; left -= r.n) {
            r.n = left < MLK_BLOCK ? left : MLK_BLOCK;
            j->local(g, j->m, &r);
            ml_real *to = dx + r.in[j->operand];
            if (r.moves[j->operand])
                for (int64_t i = 0; i < r.n; i++)
                    to[i] += g[i];
            else
                *to += sum(g, r.n);
            r.at += r.n;
            r.in[0] += r.n * r.moves[0];
            r.in[1] += r.n * r.moves[1];
        }
    }
}

/* An operand that is nowhere stretched: each output has its own place in dx. */
static void plain_range(void *arg, int64_t begin, int64_t end)
{
    const backward_job *j = arg;
    if (j->add) {
        collect(j->dx, j, begin, end);
        return;
    }
    for (walk w = walk_from(j->p, begin); w.run.at < end; walk_on(&w, j->p)) {
        mlk_run r = w.run;
        if (r.n > end - r.at)
            r.n = end - r.at;
        j->local(j->dx + r.at, j->m, &r);
    }
}

/* Chunk i of a stretched operand: a few rows of axis 0. */
static ml_status stretched_chunk(void *arg, int64_t i)
{
    const backward_job *j = arg;
    const mlk_broadcast *p = j->p;
    int64_t row = p->size / p->shape[0], step = p->stride[j->operand][0], x_size = p->in_size[j->operand];
    int64_t begin = i * j->rows, end = begin + j->rows < p->shape[0] ? begin + j->rows : p->shape[0];
    ml_real *dx = j->dx;
    if (step == 0 && j->rows < p->shape[0]) { /* all chunks meet in the same numbers: each sums on a sheet of its own */
        dx = j->m->work + i * x_size;
        memset(dx, 0, (size_t)x_size * sizeof *dx);
    } else if (!j->add) {
        int64_t kept = step ? (end - begin) * step : x_size;
        memset(dx + begin * step, 0, (size_t)kept * sizeof *dx);
    }
    collect(dx, j, begin * row, end * row);
    return ML_OK;
}

/* Rows of axis 0 in a chunk, fixed by the shape. Where chunks need a sheet each, 16 rows at least share one, so that the
 * sheets stay small beside the output. */
static int64_t rows_of(const mlk_broadcast *p, int operand)
{
    int64_t row = p->size / p->shape[0], least = p->stride[operand][0] ? 1 : 16;
    return row * least >= MLK_CHUNK ? least : MLK_CHUNK / row;
}

static bool stretched(const mlk_broadcast *p, int operand)
{
    return p->in_size[operand] != p->size;
}

int64_t mlk_broadcast_work(const mlk_broadcast *p, int operand)
{
    if (p->size == 0 || !stretched(p, operand) || p->stride[operand][0])
        return 0;
    int64_t rows = rows_of(p, operand), chunks = (p->shape[0] - 1) / rows + 1;
    return chunks > 1 ? chunks * p->in_size[operand] : 0;
}

void mlk_broadcast_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand,
                            mlk_local_fn *local)
{
    int64_t x_size = p->in_size[operand];
    backward_job j = {dx, add, m, p, operand, local, 0};
    if (p->size == 0) { /* no output: nothing to collect */
        if (!add)
            memset(dx, 0, (size_t)x_size * sizeof *dx);
        return;
    }
    if (!stretched(p, operand)) {
        mlk_ranges(p->size, plain_range, &j);
        return;
    }
    j.rows = rows_of(p, operand);
    int64_t chunks = (p->shape[0] - 1) / j.rows + 1;
    ml_parallel_for(chunks, stretched_chunk, &j); /* stretched_chunk cannot fail */
    if (chunks == 1 || p->stride[operand][0])
        return;
    if (!add)
        memset(dx, 0, (size_t)x_size * sizeof *dx);
    for (int64_t c = 0; c < chunks; c++) /* the sheets, in their order */
        for (int64_t i = 0; i < x_size; i++)
            dx[i] += m->work[c * x_size + i];
}
