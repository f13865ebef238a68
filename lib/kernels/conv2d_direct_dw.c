/* conv2d_direct_dw.c -- the gradient by weight with few channels, few filters or small groups:  dw[f,k] = sum over pixels of
 * dy[pixel,f] x[corner of its window + offset[k]]
 *
 * As in conv2d_direct.c nothing is packed of the picture but a patch. A tile of dw^T stays in registers while the pixels of a block
 * pass: MR steps of the window by NR filters, or TALL steps by VL filters. Each lane sums some of the blocks, and the sums of the
 * lanes are added up in order.
 *
 *     for each block of output pixels
 *       for each group: copy its channels of the patch
 *         for each panel of filters: copy its numbers of dy, pixel after pixel, where many tiles read them
 *           for each MR steps k: a tile of the lane's sum, over all pixels of the block
 */
#include "kernels/conv2d_direct.h"

#include <string.h>

/* Rows of a tile that is one vector wide: each wants a pointer, and there are not more. Sums of all lanes, numbers at most. */
enum { TALL = 10, MOST = MR + 0 > TALL + 0 ? MR + 0 : TALL + 0, SUMS = 1 << 20 };
/* So few tiles read dy where it lies: a copy would cost more than the lines of the cache that it brings together. */
enum { FEW_TILES = 3 };

typedef struct job {
    const mlk_conv2d_args *a;
    mlk_blocks b;
    int64_t k, filters, padded, lanes;
    int64_t size, panel; /* numbers of a sum, and of a panel of dy */
    int64_t *offset;
    ml_real *total, *sums, *scratch;
} job;

static job job_for(const mlk_conv2d_args *a)
{
    const mlk_conv2d *g = &a->g;
    int64_t filters = g->f / g->groups;
    job j = {.a = a, .b = mlk_blocks_for(g, mlk_direct_pitch(g)), .k = g->r * g->s * (g->c / g->groups), .filters = filters,
             .padded = mlk_direct_padded(filters)};
    j.size = mlk_aligned(g->groups * j.padded * j.k);
    j.panel = mlk_aligned(j.b.rows * j.b.cols * NR);
    j.lanes = mlk_lanes(mlk_blocks_count(&j.b), 1, SUMS / j.size < 1 ? 1 : SUMS / j.size < MLK_LANES_MAX ? SUMS / j.size : MLK_LANES_MAX);
    return j;
}

static int64_t offsets_size(const job *j)
{
    return mlk_aligned(j->k * (int64_t)(sizeof(int64_t) / sizeof(ml_real)));
}

/* ---- a tile ---- */

typedef struct tile {
    int64_t rows, cols; /* of the block */
    const ml_real *x;   /* the patch; its steps to the next row of windows, and to the next of a row */
    int64_t x_row, x_col;
    const int64_t *offset; /* of the tile's steps */
    const ml_real *dy;     /* of all pixels, one or NV vectors each */
    int64_t dy_row, dy_col;
    ml_real *sum;
} tile;

/* steps and vectors are constants where this is inlined. */
static inline __attribute__((always_inline)) void run_tile(const tile *t, const int steps, const int vectors)
{
    vec sum[MOST][NV];
    MLK_UNROLL
    for (int i = 0; i < steps; i++)
        MLK_UNROLL
        for (int v = 0; v < vectors; v++)
            sum[i][v] = *(const vec *)(t->sum + (i * vectors + v) * VL);
    for (int64_t row = 0; row < t->rows; row++) {
        const ml_real *x[MOST], *dy = t->dy + row * t->dy_row;
        MLK_UNROLL
        for (int i = 0; i < steps; i++)
            x[i] = t->x + row * t->x_row + t->offset[i];
        for (int64_t col = 0, at = 0; col < t->cols; col++, at += t->x_col, dy += t->dy_col) {
            vec d[NV];
            MLK_UNROLL
            for (int v = 0; v < vectors; v++)
                d[v] = *(const loose *)(dy + v * VL);
            MLK_UNROLL
            for (int i = 0; i < steps; i++)
                MLK_UNROLL
                for (int v = 0; v < vectors; v++)
                    sum[i][v] += x[i][at] * d[v];
        }
    }
    MLK_UNROLL
    for (int i = 0; i < steps; i++)
        MLK_UNROLL
        for (int v = 0; v < vectors; v++)
            *(vec *)(t->sum + (i * vectors + v) * VL) = sum[i][v];
}

static inline __attribute__((always_inline)) void run_wide(const tile *t, const int steps)
{
    run_tile(t, steps, NV);
}

static void wide_tile(const tile *t, int64_t steps)
{
    switch (steps) {
        MLK_CASES(run_wide, t)
    }
}

#define NARROW(n)                                                                                              \
    case n:                                                                                                        \
        run_tile(t, n, 1);                                                                                         \
        break;

static void narrow_tile(const tile *t, int64_t steps)
{
    switch (steps) {
        NARROW(1) NARROW(2) NARROW(3) NARROW(4) NARROW(5) NARROW(6) NARROW(7) NARROW(8) NARROW(9) NARROW(10)
    }
}

/* ---- blocks ---- */

/* The numbers of dy for `width` filters, zeros where there are fewer, copied for the tile to read in one line. */
static void copy_dy(tile *t, ml_real *to, int64_t filters, int64_t width)
{
    ml_real *panel = to;
    for (int64_t row = 0; row < t->rows; row++) {
        const ml_real *dy = t->dy + row * t->dy_row;
        for (int64_t col = 0; col < t->cols; col++, dy += t->dy_col, to += width) {
            if (filters == NR)
                memcpy(to, dy, NR * sizeof *to);
            else
                for (int64_t i = 0; i < width; i++)
                    to[i] = i < filters ? dy[i] : 0;
        }
    }
    t->dy = panel;
    t->dy_row = t->cols * width;
    t->dy_col = width;
}

static void sum_group(const job *j, const mlk_block *at, const ml_real *patch, ml_real *panel, ml_real *sum, int64_t group)
{
    const mlk_conv2d *g = &j->b.g;
    const ml_real *dy = j->a->dy + ((at->image * g->p + at->p) * g->q + at->q) * g->f + group * j->filters;
    for (int64_t f = 0; f < j->filters; f += NR) {
        int64_t left = j->filters - f, width = mlk_direct_width(left), tiles = mlk_ceil_div(j->k, width == VL ? TALL : MR);
        tile t = {.rows = at->rows, .cols = at->cols, .x = patch, .x_row = mlk_patch_corner(&j->b, 1, 0),
                  .x_col = mlk_patch_corner(&j->b, 0, 1), .dy = dy + f, .dy_row = g->q * g->f, .dy_col = g->f};
        if (left < width || tiles > FEW_TILES)
            copy_dy(&t, panel, left < width ? left : width, width);
        for (int64_t i = 0; i < tiles; i++) { /* of nearly the same height: see run_row of conv2d_direct.c */
            mlk_lane l = mlk_lane_of(j->k, tiles, i);
            t.offset = j->offset + l.begin;
            t.sum = sum + (group * j->padded + f) * j->k + l.begin * width;
            if (width == VL)
                narrow_tile(&t, l.end - l.begin);
            else
                wide_tile(&t, l.end - l.begin);
        }
    }
}

static void lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->b.g;
    int64_t c = g->c / g->groups;
    ml_real *patch = j->scratch + l.index * (j->b.size + j->panel), *sum = j->sums + l.index * j->size;
    memset(sum, 0, (size_t)j->size * sizeof *sum);
    for (int64_t i = l.begin; i < l.end; i++) {
        mlk_block at = mlk_block_of(&j->b, i);
        for (int64_t group = 0; group < g->groups; group++) {
            mlk_patch_fill(patch, &j->b, &at, j->a->x, group * c, c);
            sum_group(j, &at, patch, patch + j->b.size, sum, group);
        }
    }
}

/* ---- the body ---- */

/* Panels of sums back to (F, R S C/G). */
static void turn(const job *j)
{
    for (int64_t f = 0; f < j->b.g.f; f++) {
        int64_t in = f % j->filters, first = in / NR * NR;
        const ml_real *from = j->total + (f / j->filters * j->padded + first) * j->k + in - first;
        ml_real *dw = j->a->out + f * j->k;
        for (int64_t k = 0, width = mlk_direct_width(j->filters - first); k < j->k; k++)
            dw[k] = (j->a->add ? dw[k] : 0) + from[k * width];
    }
}

void mlk_conv2d_direct_dw(const mlk_conv2d_args *a)
{
    job j = job_for(a);
    j.offset = a->work;
    j.total = (ml_real *)a->work + offsets_size(&j);
    j.sums = j.total + j.size;
    j.scratch = j.sums + j.lanes * j.size;
    mlk_patch_offsets(j.offset, &j.b, a->g.c / a->g.groups);
    mlk_run_lanes(mlk_blocks_count(&j.b), j.lanes, lane, &j);
    mlk_sum_parts(j.total, false, j.sums, j.lanes, j.size);
    turn(&j);
}

size_t mlk_conv2d_direct_dw_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    mlk_conv2d_args a = {.g = *g};
    job j = job_for(&a);
    return (size_t)(offsets_size(&j) + (1 + j.lanes) * j.size + j.lanes * (j.b.size + j.panel)) * sizeof(ml_real);
}
