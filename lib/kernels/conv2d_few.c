/* conv2d_few.c -- convolution with few filters: vectors of pixels instead of vectors of filters.
 *
 * conv2d_implicit.c computes tiles of MR pixels by NR filters. A first layer with six filters would leave most of such a
 * tile empty. The product read the other way round,
 *
 *     y^T (F, N P Q) = w (F, R S C) windows^T
 *
 * has tiles of MR filters by NR pixels, and six filters fill it. What is left is to turn each finished tile into N H W C.
 *
 * With one channel the windows of neighbours lie side by side already: tap s of NR pixels is a run of NR numbers. So a row of
 * the output at a time, R rows of the picture are copied with their padding around them, and packing is a copy of runs.
 *
 * dx with few channels is the same over dy, with the window turned (see conv2d_implicit.c).
 */
#include "kernels/conv2d_windows.h"
#include "kernels/lanes.h"

#include <string.h>

typedef struct job {
    mlk_conv2d g;
    const ml_real *x, *bias;
    ml_real *y;
    bool add;
    mlk_cut cut;
    ml_real *weights;      /* one strip: all columns of MR filters */
    ml_real *zeros, *lanes;
    int64_t panel, patch;  /* numbers of a lane */
} job;

static bool one_channel(const mlk_conv2d *g)
{
    return g->c == 1 && g->stride[1] == 1 && mlk_conv2d_columns(g) <= KC;
}

/* Of a row with its padding; NR numbers past the last window may be read. */
static int64_t row_length(const mlk_conv2d *g)
{
    return g->q + NR + g->dil[1] * (g->s - 1);
}

static job job_for(const mlk_conv2d *g)
{
    mlk_cut cut = mlk_conv2d_cut(g);
    int64_t patch = one_channel(g) ? g->r * row_length(g) : NR * g->s * g->c;
    int64_t columns = one_channel(g) ? mlk_conv2d_columns(g) : cut.runs * cut.piece;
    return (job){.g = *g, .cut = cut, .panel = mlk_aligned(columns * NR), .patch = mlk_aligned(patch)};
}

static int64_t weights_size(const mlk_conv2d *g)
{
    return mlk_aligned(mlk_conv2d_columns(g) * MR);
}

static size_t job_numbers(const job *j)
{
    return (size_t)(weights_size(&j->g) + mlk_aligned(j->g.s * j->g.c) + MLK_LANES_MAX * (j->panel + j->patch));
}

static void place(job *j, void *work)
{
    j->weights = work;
    j->zeros = j->weights + weights_size(&j->g);
    j->lanes = j->zeros + mlk_aligned(j->g.s * j->g.c);
    memset(j->zeros, 0, (size_t)(j->g.s * j->g.c) * sizeof *j->zeros);
}

/* A finished tile, MR filters by NR pixels, to `pixels` rows of y. */
static void turn_out(const job *j, const ml_real *tile, int64_t pixel, int64_t pixels)
{
    int64_t filters = j->g.f;
    ml_real *y = j->y + pixel * filters;
    for (int64_t f = 0; f < filters; f++) {
        ml_real b = j->bias ? j->bias[f] : 0;
        for (int64_t i = 0; i < pixels; i++)
            y[i * filters + f] = tile[f * NR + i] + (j->add ? y[i * filters + f] : b);
    }
}

/* Runs r .. r+runs-1 of NR windows, or a piece of run r: packed, and multiplied into the tile. */
static void run_columns(const job *j, const mlk_windows *x, ml_real *panel, const mlk_spot *spot, ml_real *tile, int64_t r,
                        int64_t from)
{
    int64_t run = j->g.s * j->g.c, runs = j->g.r - r < j->cut.runs ? j->g.r - r : j->cut.runs;
    int64_t piece = run - from < j->cut.piece ? run - from : j->cut.piece, first = r * run + from;
    for (int64_t i = 0; i < runs; i++)
        mlk_windows_strip(panel + i * piece * NR, x, spot, r + i, from, piece, NR);
    mlk_tile t = {.k = runs * piece, .a = j->weights + first * MR, .b = panel, .c = tile, .c_row = NR,
                  .start = first ? FROM_C : FROM_ZERO};
    mlk_tile_run(&t, (int)j->g.f, NR);
}

static void lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->g;
    ml_real *panel = j->lanes + l.index * (j->panel + j->patch);
    mlk_windows x = {g, j->x, j->zeros, panel + j->panel};
    int64_t pixels = mlk_conv2d_pixels(g);
    _Alignas(64) ml_real tile[MR * NR];
    mlk_spot spot[NR];
    for (int64_t pixel = l.begin * NR; pixel < l.end * NR && pixel < pixels; pixel += NR) {
        mlk_windows_spots(&x, spot, pixel, NR, pixels);
        for (int64_t r = 0; r < g->r; r += j->cut.runs)
            for (int64_t from = 0; from < g->s * g->c; from += j->cut.piece)
                run_columns(j, &x, panel, spot, tile, r, from);
        turn_out(j, tile, pixel, pixels - pixel < NR ? pixels - pixel : NR);
    }
}

/* ---- one channel ---- */

/* The R rows of the picture that row `row` of the output looks at, from the first window's first number on. */
static void copy_rows(const job *j, ml_real *rows, int64_t row)
{
    const mlk_conv2d *g = &j->g;
    const ml_real *image = j->x + row / g->p * g->h * g->w;
    int64_t length = row_length(g), before = g->pad[1] > 0 ? g->pad[1] : 0, skip = before - g->pad[1];
    int64_t n = g->w - skip < length - before ? g->w - skip : length - before;
    memset(rows, 0, (size_t)(g->r * length) * sizeof *rows);
    for (int64_t r = 0; r < g->r; r++) {
        int64_t h = row % g->p * g->stride[0] + r * g->dil[0] - g->pad[0];
        if (h >= 0 && h < g->h && n > 0)
            memcpy(rows + r * length + before, image + h * g->w + skip, (size_t)n * sizeof *rows);
    }
}

static void one_channel_lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->g;
    ml_real *panel = j->lanes + l.index * (j->panel + j->patch), *rows = panel + j->panel;
    _Alignas(64) ml_real tile[MR * NR];
    mlk_tile t = {.k = g->r * g->s, .a = j->weights, .b = panel, .c = tile, .c_row = NR, .start = FROM_ZERO};
    for (int64_t row = l.begin; row < l.end; row++) {
        copy_rows(j, rows, row);
        for (int64_t q = 0; q < g->q; q += NR) {
            for (int64_t tap = 0; tap < t.k; tap++)
                memcpy(panel + tap * NR, rows + tap / g->s * row_length(g) + tap % g->s * g->dil[1] + q, NR * sizeof *panel);
            mlk_tile_run(&t, (int)g->f, NR);
            turn_out(j, tile, row * g->q + q, g->q - q < NR ? g->q - q : NR);
        }
    }
}

static void run_panels(job *j)
{
    int64_t rows = j->g.n * j->g.p;
    if (one_channel(&j->g)) {
        mlk_run_lanes(rows, mlk_lanes(rows, 4, MLK_LANES_MAX), one_channel_lane, j);
        return;
    }
    int64_t panels = mlk_ceil_div(mlk_conv2d_pixels(&j->g), NR);
    mlk_run_lanes(panels, mlk_lanes(panels, 4, MLK_LANES_MAX), lane, j);
}

void mlk_conv2d_few(const mlk_conv2d_args *a)
{
    job j = job_for(&a->g);
    j.x = a->x, j.bias = a->b, j.y = a->out, j.add = a->add;
    place(&j, a->work);
    int64_t k = mlk_conv2d_columns(&a->g);
    mlk_gemm_args w = {.m = a->g.f, .k = k, .a = a->w, .a_row = k, .a_col = 1};
    mlk_pack_strip(j.weights, &w, 0, 0, k);
    run_panels(&j);
}

void mlk_conv2d_few_dx(const mlk_conv2d_args *a)
{
    mlk_conv2d g = mlk_conv2d_turned(&a->g); /* its f are the channels of w, its c the filters */
    job j = job_for(&g);
    j.x = a->dy, j.y = a->out, j.add = a->add;
    place(&j, a->work);
    ml_real *to = j.weights;
    for (int64_t tap = g.r * g.s - 1; tap >= 0; tap--, to += g.c * MR) {
        mlk_gemm_args w = {.m = g.f, .k = g.c, .a = a->w + tap * g.f, .a_row = 1, .a_col = g.r * g.s * g.f};
        mlk_pack_strip(to, &w, 0, 0, g.c);
    }
    run_panels(&j);
}

size_t mlk_conv2d_few_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    mlk_conv2d back = mlk_conv2d_turned(g);
    job forward = job_for(g), dx = job_for(&back);
    size_t a = job_numbers(&forward), b = job_numbers(&dx);
    return (a > b ? a : b) * sizeof(ml_real);
}
