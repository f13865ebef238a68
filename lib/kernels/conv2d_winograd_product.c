/* conv2d_winograd_product.c -- the inner loop of Winograd's convolution: MR rows by NR columns of sums in registers, as in
 * gemm_tile.c, but over operands that lie as the transforms left them: nothing is packed.
 *
 * Forward and dx    a is a tile's row of channels, so its steps are neighbours
 * By weight         a is one of a tile's row of filters, so its rows are neighbours and its steps are tiles
 *
 * The loop waits for nothing but its own sums; so it is the time in which memory can bring the pixels of the next tiles, and the
 * transforms, which come in bursts, find them in the cache.
 */
#include "kernels/conv2d_winograd.h"

/* rows and asking are constants where this is inlined, and so is one of a_row and a_step. */
static inline __attribute__((always_inline)) void product(const mlk_wino_tile *t, int64_t a_row, int64_t a_step, const int rows,
                                                          const bool asking)
{
    vec sum[MR][NV];
    MLK_UNROLL
    for (int i = 0; i < rows; i++)
        MLK_UNROLL
        for (int v = 0; v < NV; v++)
            if (t->add)
                sum[i][v] = *(const loose *)(t->c + i * t->c_row + v * VL);
            else
                sum[i][v] = (vec){0};
    const ml_real *a = t->a, *b = t->b;
    const int64_t b_step = t->b_step;
    const char *to_read = t->to_read, *to_write = t->to_write;
    for (int64_t p = 0; p < t->k; p++, a += a_step, b += b_step) {
        vec bv[NV];
        if (asking) {
            __builtin_prefetch(to_read, 0, 2);
            __builtin_prefetch(to_write, 1, 2);
            to_read += t->read_step, to_write += t->write_step;
        }
        MLK_UNROLL
        for (int v = 0; v < NV; v++)
            bv[v] = *(const vec *)(b + v * VL);
        MLK_UNROLL
        for (int i = 0; i < rows; i++)
            MLK_UNROLL
            for (int v = 0; v < NV; v++)
                sum[i][v] += a[i * a_row] * bv[v];
    }
    MLK_UNROLL
    for (int i = 0; i < rows; i++)
        MLK_UNROLL
        for (int v = 0; v < NV; v++)
            *(loose *)(t->c + i * t->c_row + v * VL) = sum[i][v];
}

static inline __attribute__((always_inline)) void by_rows(const mlk_wino_tile *t, const int rows)
{
    product(t, t->a_row, 1, rows, true);
}

static inline __attribute__((always_inline)) void by_steps(const mlk_wino_tile *t, const int rows)
{
    product(t, 1, t->a_step, rows, false);
}

void mlk_wino_by_rows(const mlk_wino_tile *t, int rows)
{
    switch (rows) {
        MLK_CASES(by_rows, t)
    }
}

void mlk_wino_by_steps(const mlk_wino_tile *t, int rows)
{
    switch (rows) {
        MLK_CASES(by_steps, t)
    }
}
