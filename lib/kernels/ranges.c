/* ranges.c -- see ranges.h. */
#include "kernels/ranges.h"

typedef struct cut {
    int64_t n, length;
    void (*body)(void *arg, int64_t begin, int64_t end);
    void *arg;
} cut;

static ml_status run_one(void *arg, int64_t i)
{
    const cut *c = arg;
    int64_t begin = i * c->length, end = begin + c->length;
    if (begin < c->n)
        c->body(c->arg, begin, end < c->n ? end : c->n);
    return ML_OK;
}

void mlk_ranges(int64_t n, void (*body)(void *arg, int64_t begin, int64_t end), void *arg)
{
    if (n <= 0)
        return;
    /* Ranges of about equal length, so that no thread waits for one that got a whole chunk and left it the crumbs. */
    int64_t chunks = (n - 1) / MLK_CHUNK + 1;
    cut c = {n, ((n - 1) / chunks / 64 + 1) * 64, body, arg};
    if (chunks == 1)
        body(arg, 0, n);
    else
        ml_parallel_for(chunks, run_one, &c); /* run_one cannot fail */
}

typedef struct map_job {
    mlk_map_with_fn *f;
    ml_real *y;
    const ml_real *x;
    const void *own;
} map_job;

static void map_range(void *arg, int64_t begin, int64_t end)
{
    const map_job *j = arg;
    j->f(j->y + begin, j->x + begin, end - begin, j->own);
}

void mlk_map_with(mlk_map_with_fn *f, ml_real *y, const ml_real *x, int64_t n, const void *own)
{
    mlk_ranges(n, map_range, &(map_job){f, y, x, own});
}

/* A formula with nothing of its own is handed on itself. */
static void map_plain(ml_real *y, const ml_real *x, int64_t n, const void *f)
{
    (*(mlk_map_fn *const *)f)(y, x, n);
}

void mlk_map(mlk_map_fn *f, ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map_with(map_plain, y, x, n, &f);
}

typedef struct pull_job {
    mlk_pull_with_fn *f;
    ml_real *dx;
    bool add;
    const ml_real *dy, *v;
    const void *own;
} pull_job;

static void pull_range(void *arg, int64_t begin, int64_t end)
{
    const pull_job *j = arg;
    if (!j->add) {
        j->f(j->dx + begin, j->dy + begin, j->v + begin, end - begin, j->own);
        return;
    }
    ml_real g[MLK_BLOCK]; /* the new gradient, a block at a time, so that no formula needs a second form that adds */
    for (int64_t at = begin; at < end; at += MLK_BLOCK) {
        int64_t n = end - at < MLK_BLOCK ? end - at : MLK_BLOCK;
        ml_real *dx = j->dx + at;
        j->f(g, j->dy + at, j->v + at, n, j->own);
        for (int64_t i = 0; i < n; i++)
            dx[i] += g[i];
    }
}

void mlk_pull_with(mlk_pull_with_fn *f, ml_real *dx, bool add, const ml_real *dy, const ml_real *v, int64_t n,
                   const void *own)
{
    mlk_ranges(n, pull_range, &(pull_job){f, dx, add, dy, v, own});
}

static void pull_plain(ml_real *g, const ml_real *dy, const ml_real *v, int64_t n, const void *f)
{
    (*(mlk_pull_fn *const *)f)(g, dy, v, n);
}

void mlk_pull(mlk_pull_fn *f, ml_real *dx, bool add, const ml_real *dy, const ml_real *v, int64_t n)
{
    mlk_pull_with(pull_plain, dx, add, dy, v, n, &f);
}
