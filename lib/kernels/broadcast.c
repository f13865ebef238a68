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
 * How the two lie under the output is planned in broadcast_plan.c. Here the plan is walked.
 */
#include "kernels/broadcast.h"

#include <string.h>

/* ---- walking: one run after another, along the last axis ---- */

typedef struct walk {
    int64_t index[ML_MAX_RANK];
    mlk_run run;
} walk;

static void walk_from(walk *w, const mlk_broadcast *p, int64_t at)
{
    int last = p->rank - 1;
    w->run = (mlk_run){.at = at, .moves = {p->stride[0][last] != 0, p->stride[1][last] != 0}};
    for (int i = last; i > 0; i--) {
        w->index[i] = at % p->shape[i];
        at /= p->shape[i];
    }
    w->index[0] = at; /* less than its extent: so one axis alone needs no division, which costs more than a small op */
    for (int i = 0; i <= last; i++) {
        w->run.in[0] += w->index[i] * p->stride[0][i];
        w->run.in[1] += w->index[i] * p->stride[1][i];
    }
    w->run.n = p->shape[last] - w->index[last];
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

/* A small op of one run, such as on equal shapes: then the way through ranges and walks would cost more than the op. */
static bool is_one_run(const mlk_broadcast *p)
{
    return p->rank == 1 && p->size > 0 && p->size <= MLK_CHUNK;
}

static mlk_run whole_run(const mlk_broadcast *p)
{
    return (mlk_run){.n = p->size, .moves = {p->stride[0][0], p->stride[1][0]}};
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
    walk w;
    for (walk_from(&w, j->p, begin); w.run.at < end; walk_on(&w, j->p)) {
        mlk_run r = w.run;
        if (r.n > end - r.at)
            r.n = end - r.at;
        j->f(j->y + r.at, j->a + r.in[0], j->b + r.in[1], &r);
    }
}

void mlk_broadcast_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p, mlk_run_fn *f)
{
    mlk_run r = whole_run(p);
    if (is_one_run(p))
        f(y, a, b, &r);
    else
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

/* Adds the local gradient of the outputs of a run to dx, where a stretched number collects theirs. */
static void collect_run(ml_real *dx, const backward_job *j, const mlk_run *run)
{
    ml_real g[MLK_BLOCK];
    mlk_run r = *run;
    for (int64_t left = run->n; left > 0; left -= r.n) {
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

/* The same for outputs begin .. end-1. */
static void collect(ml_real *dx, const backward_job *j, int64_t begin, int64_t end)
{
    walk w;
    for (walk_from(&w, j->p, begin); w.run.at < end; walk_on(&w, j->p)) {
        mlk_run r = w.run;
        if (r.n > end - r.at)
            r.n = end - r.at;
        collect_run(dx, j, &r);
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
    walk w;
    for (walk_from(&w, j->p, begin); w.run.at < end; walk_on(&w, j->p)) {
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
        mlk_run r = whole_run(p);
        if (!is_one_run(p))
            mlk_ranges(p->size, plain_range, &j);
        else if (add)
            collect_run(dx, &j, &r);
        else
            local(dx, m, &r);
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
