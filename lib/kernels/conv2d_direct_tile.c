/* conv2d_direct_tile.c -- the inner loop of the direct convolution: some pixels by a panel of filters in registers. Why: see
 * conv2d_direct.c */
#include "kernels/conv2d_direct.h"

#include <string.h>

/* rows and vectors are constants where this is inlined. */
static inline __attribute__((always_inline)) void run_tile(const mlk_direct_tile *t, const int rows, const int vectors)
{
    /* In variables of its own: writing y could change *t, as far as the compiler knows. */
    ml_real *const y = t->y;
    const ml_real *w = t->w;
    const int64_t y_step = t->y_step;
    vec sum[MLK_TALL][NV];
    MLK_UNROLL
    for (int i = 0; i < rows; i++)
        MLK_UNROLL
        for (int v = 0; v < vectors; v++)
            sum[i][v] = *(const loose *)((t->add ? y + i * y_step : t->bias) + v * VL);
    MLK_ASK_TO_WRITE(y, y_step, rows, vectors);
    for (int64_t k = 0; k < t->k; k++, w += vectors * VL) {
        const ml_real *x = t->x + t->offset[k];
        vec wv[NV];
        MLK_UNROLL
        for (int v = 0; v < vectors; v++)
            wv[v] = *(const vec *)(w + v * VL);
        MLK_UNROLL
        for (int i = 0; i < rows; i++)
            MLK_UNROLL
            for (int v = 0; v < vectors; v++)
                sum[i][v] += x[i * t->step] * wv[v];
    }
    MLK_UNROLL
    for (int i = 0; i < rows; i++)
        MLK_UNROLL
        for (int v = 0; v < vectors; v++)
            *(loose *)(y + i * y_step + v * VL) = sum[i][v];
}

static inline __attribute__((always_inline)) void run_wide(const mlk_direct_tile *t, const int rows)
{
    run_tile(t, rows, NV);
}

static void wide_tile(const mlk_direct_tile *t, int rows)
{
    switch (rows) {
        MLK_CASES(run_wide, t)
    }
}

#define NARROW(n)                                                                                              \
    case n:                                                                                                        \
        if (n <= MLK_TALL)                                                                                             \
            run_tile(t, n <= MLK_TALL ? n : MLK_TALL, 1);                                                                  \
        break;

static void narrow_tile(const mlk_direct_tile *t, int rows)
{
    switch (rows) {
        NARROW(1) NARROW(2) NARROW(3) NARROW(4) NARROW(5) NARROW(6) NARROW(7) NARROW(8) NARROW(9) NARROW(10) NARROW(11) NARROW(12)
        NARROW(13) NARROW(14) NARROW(15) NARROW(16) NARROW(17) NARROW(18) NARROW(19) NARROW(20) NARROW(21) NARROW(22) NARROW(23)
        NARROW(24)
    }
}

static void whole_tile(const mlk_direct_tile *t, int rows, int width)
{
    if (width == VL)
        narrow_tile(t, rows);
    else
        wide_tile(t, rows);
}

/* A tile with fewer filters than its vectors have room for works on a copy. Where the pixels of y lie side by side, each is put back as
 * whole vectors, whose rest the next overwrites. */
static void part_tile(const mlk_direct_tile *t, int rows, int width, int filters)
{
    _Alignas(64) ml_real y[MLK_TALL * NR];
    mlk_direct_tile copy = *t;
    copy.y = y;
    copy.y_step = width;
    for (int i = 0; i < rows && t->add; i++)
        memcpy(y + i * width, t->y + i * t->y_step, (size_t)filters * sizeof *y);
    whole_tile(&copy, rows, width);
    int i = 0;
    if (t->y_step == filters)
        for (; (rows - i) * filters >= width; i++)
            for (int v = 0; v < width; v += VL)
                *(loose *)(t->y + i * filters + v) = *(const vec *)(y + i * width + v);
    for (; i < rows; i++)
        for (int f = 0; f < filters; f++)
            t->y[i * t->y_step + f] = y[i * width + f];
}

void mlk_direct_tile_run(const mlk_direct_tile *t, int rows, int width, int64_t filters)
{
    if (filters < width)
        part_tile(t, rows, width, (int)filters);
    else
        whole_tile(t, rows, width);
}
