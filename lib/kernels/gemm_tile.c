/* gemm_tile.c -- the inner loop of the matrix product: MR rows by NR columns of C in registers. Why: see gemm_fast.c */
#include "kernels/gemm_fast.h"

#include <string.h>

/* rows is a constant where this is inlined. */
static inline __attribute__((always_inline)) void run_tile(const mlk_tile *t, const int rows)
{
    vec sum[MR][NV];
    MLK_UNROLL
    for (int i = 0; i < rows; i++)
        MLK_UNROLL
        for (int v = 0; v < NV; v++) {
            if (t->start == FROM_C)
                sum[i][v] = *(const loose *)(t->c + i * t->c_row + v * VL);
            else if (t->start == FROM_BIAS)
                sum[i][v] = *(const loose *)(t->bias + v * VL);
            else
                sum[i][v] = (vec){0};
        }
    MLK_ASK_TO_WRITE(t->c, t->c_row, rows, NV);
    const ml_real *a = t->a, *b = t->b;
    const char *ahead = t->ahead ? t->ahead : (const char *)b;
    for (int64_t p = 0; p < t->k; p++, a += MR, b += NR, ahead += t->ahead_step) {
        vec bv[NV];
        __builtin_prefetch(ahead, 0, 2);
        MLK_UNROLL
        for (int v = 0; v < NV; v++)
            bv[v] = *(const vec *)(b + v * VL);
        MLK_UNROLL
        for (int i = 0; i < rows; i++)
            MLK_UNROLL
            for (int v = 0; v < NV; v++)
                sum[i][v] += a[i] * bv[v];
    }
    MLK_UNROLL
    for (int i = 0; i < rows; i++)
        MLK_UNROLL
        for (int v = 0; v < NV; v++)
            *(loose *)(t->c + i * t->c_row + v * VL) = sum[i][v];
}

static void tile_of_rows(const mlk_tile *t, int rows)
{
    switch (rows) {
        MLK_CASES(run_tile, t)
    }
}

/* A tile at the right edge has fewer columns than a panel: it works on a copy. */
static void edge_tile(const mlk_tile *t, int rows, int64_t cols)
{
    _Alignas(64) ml_real c[MR * NR] = {0}, bias[NR] = {0};
    mlk_tile copy = *t;
    for (int i = 0; i < rows && t->start == FROM_C; i++)
        memcpy(c + i * NR, t->c + i * t->c_row, (size_t)cols * sizeof *c);
    if (t->start == FROM_BIAS)
        memcpy(bias, t->bias, (size_t)cols * sizeof *bias);
    copy.c = c;
    copy.c_row = NR;
    copy.bias = bias;
    tile_of_rows(&copy, rows);
    for (int i = 0; i < rows; i++)
        memcpy(t->c + i * t->c_row, c + i * NR, (size_t)cols * sizeof *c);
}

void mlk_tile_run(const mlk_tile *t, int rows, int64_t cols)
{
    if (cols == NR)
        tile_of_rows(t, rows);
    else
        edge_tile(t, rows, cols);
}
