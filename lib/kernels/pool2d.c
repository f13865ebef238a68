/* pool2d.c -- how many windows, cut into work for the threads. See pool2d.h. */
#include "kernels/pool2d.h"

#include "kernels/ranges.h"

#include <string.h>

int64_t mlk_pool_count(const mlk_pool_axis *a, bool ceil_mode)
{
    int64_t room = a->in + 2 * a->pad - a->k + (ceil_mode ? a->stride - 1 : 0); /* that the first window leaves */
    if (room < 0)
        return 0;
    int64_t count = room / a->stride + 1;
    return ceil_mode && (count - 1) * a->stride >= a->in + a->pad ? count - 1 : count;
}

typedef struct cut {
    int64_t items, length;
    mlk_pool_range_fn *body;
    void *arg;
} cut;

static ml_status run_one(void *arg, int64_t i)
{
    const cut *c = arg;
    int64_t begin = i * c->length, end = begin + c->length;
    if (begin < c->items)
        c->body(c->arg, begin, end < c->items ? end : c->items);
    return ML_OK;
}

void mlk_pool_ranges(int64_t items, int64_t size, mlk_pool_range_fn *body, void *arg)
{
    if (items <= 0)
        return;
    int64_t most = size < MLK_CHUNK ? MLK_CHUNK / (size > 1 ? size : 1) : 1; /* things of one range */
    int64_t ranges = (items - 1) / most + 1;
    ml_parallel_for(ranges, run_one, &(cut){items, (items - 1) / ranges + 1, body, arg}); /* run_one cannot fail */
}

void mlk_pool_forward(const mlk_pool2d *s, mlk_pool_range_fn *rows, void *arg)
{
    int64_t size = s->h.in * s->w.in / s->h.out * s->c + s->w.out * s->c; /* numbers read and written, about */
    mlk_pool_ranges(s->n * s->h.out, size, rows, arg);
}

typedef struct job {
    ml_real *dx;
    bool clear;
    const mlk_pool2d *s;
    mlk_pool_row_fn *row;
    void *arg;
} job;

/* Rows are cleared when the first window reaches them, so that they are still in the nearest cache when it adds. */
static int64_t clear_rows(ml_real *image, int64_t begin, int64_t end, const mlk_pool2d *s)
{
    int64_t row = s->w.in * s->c;
    if (begin >= end)
        return begin;
    memset(image + begin * row, 0, (size_t)((end - begin) * row) * sizeof *image);
    return end;
}

static void images(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    const mlk_pool2d *s = j->s;
    for (int64_t n = begin; n < end; n++) {
        ml_real *image = j->dx + n * s->h.in * s->w.in * s->c;
        int64_t cleared = j->clear ? 0 : s->h.in;
        for (int64_t p = 0; p < s->h.out; p++) {
            mlk_span h = mlk_pool_window(&s->h, p);
            cleared = clear_rows(image, cleared, h.end, s);
            j->row(j->arg, image, n * s->h.out + p, h);
        }
        clear_rows(image, cleared, s->h.in, s);
    }
}

void mlk_pool_backward(ml_real *dx, bool clear, const mlk_pool2d *s, mlk_pool_row_fn *row, void *arg)
{
    mlk_pool_ranges(s->n, s->h.in * s->w.in * s->c, images, &(job){dx, clear, s, row, arg});
}
