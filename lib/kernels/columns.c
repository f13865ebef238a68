/* columns.c -- see columns.h. */
#include "kernels/columns.h"

#include "kernels/ranges.h"

#include <string.h>

/* At most MOST chunks, of at least LEAST rows, so that their sums stay small beside the matrix. */
enum { MOST = 64, LEAST = 16 };

/* Extents only. They follow from the shape alone, never from the number of threads. */
static mlk_columns extents(int64_t rows, int64_t columns)
{
    mlk_columns p = {.rows = rows, .columns = columns};
    int64_t chunks = rows * columns / MLK_CHUNK;
    chunks = chunks < 1 ? 1 : chunks > MOST ? MOST : chunks;
    p.width = columns * (columns < 8 ? 64 : columns < 64 ? 8 : 1);
    p.length = (rows + chunks - 1) / chunks;
    p.length = p.length < LEAST ? LEAST : p.length;
    p.chunks = columns == 0 ? 0 : (rows + p.length - 1) / p.length;
    return p;
}

size_t mlk_columns_work(int64_t rows, int64_t columns)
{
    mlk_columns p = extents(rows, columns);
    size_t doubles = 2 * (size_t)columns + 2 * (size_t)p.chunks * (size_t)p.width;
    return doubles * sizeof(double) + 4 * (size_t)p.width * sizeof(ml_real);
}

mlk_columns mlk_columns_plan(int64_t rows, int64_t columns, void *work)
{
    mlk_columns p = extents(rows, columns);
    p.sum[0] = work;
    p.sum[1] = p.sum[0] + columns;
    p.sheets = p.sum[1] + columns;
    p.v[0] = (ml_real *)(p.sheets + 2 * p.chunks * p.width);
    for (int k = 1; k < 4; k++)
        p.v[k] = p.v[k - 1] + p.width;
    return p;
}

void mlk_columns_fold(mlk_columns *p)
{
    for (int k = 0; k < 4; k++)
        for (int64_t i = p->columns; i < p->width; i++)
            p->v[k][i] = p->v[k][i - p->columns];
}

/* Chunk i: its rows folded, and those that are left over as one shorter row. */
static void walk(const mlk_columns *p, int64_t i, double *s, double *q)
{
    int64_t begin = i * p->length, rows = p->rows - begin < p->length ? p->rows - begin : p->length;
    int64_t at = begin * p->columns, n = rows * p->columns, folded = n / p->width;
    p->body(p, s, q, at, folded, p->width);
    p->body(p, s, q, at + folded * p->width, 1, n - folded * p->width);
}

static ml_status plain_chunk(void *arg, int64_t i)
{
    walk(arg, i, NULL, NULL);
    return ML_OK;
}

static ml_status sum_chunk(void *arg, int64_t i)
{
    const mlk_columns *p = arg;
    double *sheet = p->sheets + 2 * i * p->width;
    memset(sheet, 0, 2 * (size_t)p->width * sizeof *sheet);
    walk(p, i, sheet, sheet + p->width);
    return ML_OK;
}

void mlk_columns_run(mlk_columns *p, mlk_columns_fn *body)
{
    p->body = body;
    ml_parallel_for(p->chunks, plain_chunk, p); /* plain_chunk cannot fail */
}

void mlk_columns_sum(mlk_columns *p, mlk_columns_fn *body)
{
    p->body = body;
    ml_parallel_for(p->chunks, sum_chunk, p); /* sum_chunk cannot fail */
    memset(p->sum[0], 0, 2 * (size_t)p->columns * sizeof(double));
    const double *sheet = p->sheets;
    for (int64_t half = 0; half < 2 * p->chunks; half++) /* the sheets, in their order */
        for (int64_t k = 0; k < p->width; k += p->columns, sheet += p->columns)
            for (int64_t c = 0; c < p->columns; c++)
                p->sum[half % 2][c] += sheet[c];
}
