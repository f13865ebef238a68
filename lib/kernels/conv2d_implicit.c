/* conv2d_implicit.c -- convolution as a matrix product whose left matrix is never made.
 *
 * conv2d_im2col.c copies windows into rows, and the product then copies the rows again, into strips (see gemm_fast.c). Here
 * the strips are packed straight from the picture, a block of output pixels at a time, so that nothing leaves the
 * second-level cache:
 *
 *     for each block of PIXELS output pixels                       the threads share the blocks
 *       for each block of columns (some runs of the window)        so many that a panel of weights stays in the first level
 *         pack the strips of the block                             MR windows side by side
 *         for each panel of NR filters                             packed once for all blocks
 *           for each strip: a tile of y, MR pixels by NR filters, in registers
 *
 * dx, for strides of 1, is the same thing once more: each pixel of x was seen through every tap of the window, so its
 * gradient is a convolution over dy with the window turned by 180 degrees, filters and channels exchanged:
 *
 *     dx[n,h,w,c] = sum_{r,s,f} dy[n, h + pad - r dil, w + pad - s dil, f] w[f,r,s,c]
 *
 * dw = dy^T windows: a long sum over pixels for a small result. The lanes each sum some of the pixels, and are added up in
 * their order; a result too large for many sums is cut by its columns instead.
 */
#include "kernels/conv2d_windows.h"
#include "kernels/lanes.h"

#include <string.h>

enum { PIXELS = 16 * MR, STEPS = 256 };

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t aligned(int64_t numbers)
{
    return ceil_div(numbers, 16) * 16;
}

static int64_t columns(const mlk_conv2d *g)
{
    return g->r * g->s * g->c;
}

/* ---- forward, and dx as a forward ---- */

/* How the columns are cut: `runs` whole runs of the window at a time, or, where one is too long, pieces of one. */
typedef struct cut {
    int64_t runs, piece;
} cut;

static cut cut_for(const mlk_conv2d *g)
{
    int64_t run = g->s * g->c;
    if (run > KC)
        return (cut){1, ceil_div(run, ceil_div(run, KC))};
    int64_t runs = g->r < KC / run ? g->r : KC / run;
    return (cut){ceil_div(g->r, ceil_div(g->r, runs)), run};
}

typedef struct job {
    mlk_conv2d g;
    const ml_real *x, *w, *bias;
    ml_real *y;
    bool add;
    cut cut;
    int64_t rows;          /* of a block */
    ml_real *weights;      /* packed: a panel after the other, all columns each */
    ml_real *zeros;        /* S*C */
    ml_real *lanes;
    int64_t strips, patch; /* numbers of a lane */
} job;

/* Blocks of PIXELS, or smaller where there would be too few to share. */
static job job_for(const mlk_conv2d *g)
{
    int64_t pixels = mlk_conv2d_pixels(g), eighth = ceil_div(ceil_div(pixels, 8), MR) * MR;
    job j = {.g = *g, .cut = cut_for(g)};
    j.rows = eighth < MR ? MR : eighth < PIXELS ? eighth : PIXELS;
    j.strips = aligned(j.rows * j.cut.runs * j.cut.piece + MLK_LINES);
    j.patch = aligned(MLK_LINES * g->s * g->c);
    return j;
}

static int64_t weights_size(const mlk_conv2d *g)
{
    return ceil_div(g->f, NR) * NR * columns(g);
}

static size_t job_numbers(const job *j)
{
    return (size_t)(weights_size(&j->g) + aligned(j->g.s * j->g.c) + MLK_LANES_MAX * (j->strips + j->patch));
}

static void place(job *j, void *work)
{
    j->weights = work;
    j->zeros = j->weights + weights_size(&j->g);
    j->lanes = j->zeros + aligned(j->g.s * j->g.c);
    memset(j->zeros, 0, (size_t)(j->g.s * j->g.c) * sizeof *j->zeros);
}

/* Columns k .. k+n-1 times all filters, of `rows` pixels from `pixel` on. */
static void run_panels(const job *j, const ml_real *strips, int64_t pixel, int64_t rows, int64_t k, int64_t n)
{
    const mlk_conv2d *g = &j->g;
    for (int64_t f = 0; f < g->f; f += NR) {
        int64_t filters = g->f - f < NR ? g->f - f : NR;
        mlk_tile t = {.k = n, .b = j->weights + f * columns(g) + k * NR, .bias = j->bias ? j->bias + f : NULL, .c_row = g->f,
                      .start = k || j->add ? FROM_C : j->bias ? FROM_BIAS : FROM_ZERO};
        for (int64_t i = 0; i < rows; i += MR) {
            t.a = strips + i * n;
            t.c = j->y + (pixel + i) * g->f + f;
            mlk_tile_run(&t, rows - i < MR ? (int)(rows - i) : MR, filters);
        }
    }
}

/* Runs r .. r+runs-1 of the windows, or a piece of run r: packed and multiplied. */
static void run_columns(const job *j, const mlk_windows *x, ml_real *strips, const mlk_spot *spot, int64_t pixel, int64_t rows,
                        int64_t r, int64_t runs, int64_t from, int64_t piece)
{
    int64_t n = runs * piece;
    for (int64_t i = 0; i < rows; i += MR)
        for (int64_t k = 0; k < runs; k++)
            mlk_windows_strip(strips + i * n + k * piece * MR, x, spot + i, r + k, from, piece);
    run_panels(j, strips, pixel, rows, r * j->g.s * j->g.c + from, n);
}

static void forward_lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->g;
    ml_real *strips = j->lanes + l.index * (j->strips + j->patch);
    mlk_windows x = {g, j->x, j->zeros, strips + j->strips};
    int64_t pixels = mlk_conv2d_pixels(g), run = g->s * g->c;
    mlk_spot spot[PIXELS];
    for (int64_t pixel = l.begin * j->rows; pixel < l.end * j->rows && pixel < pixels; pixel += j->rows) {
        int64_t rows = pixels - pixel < j->rows ? pixels - pixel : j->rows;
        mlk_windows_spots(&x, spot, pixel, ceil_div(rows, MR) * MR, pixels);
        for (int64_t r = 0; r < g->r; r += j->cut.runs)
            for (int64_t from = 0; from < run; from += j->cut.piece) {
                int64_t runs = g->r - r < j->cut.runs ? g->r - r : j->cut.runs;
                int64_t piece = run - from < j->cut.piece ? run - from : j->cut.piece;
                run_columns(j, &x, strips, spot, pixel, rows, r, runs, from, piece);
            }
    }
}

static void run_blocks(job *j)
{
    int64_t blocks = ceil_div(mlk_conv2d_pixels(&j->g), j->rows);
    if (blocks > 0)
        mlk_run_lanes(blocks, mlk_lanes(blocks, 1, MLK_LANES_MAX), forward_lane, j);
}

/* Weights as panels of NR filters: w (F, R S C) read transposed. */
static ml_status pack_filters(void *arg, int64_t panel)
{
    const job *j = arg;
    int64_t k = columns(&j->g);
    mlk_gemm_args g = {.n = j->g.f, .k = k, .b = j->w, .b_row = 1, .b_col = k};
    mlk_pack_panel(j->weights + panel * NR * k, &g, panel * NR, 0, k);
    return ML_OK;
}

void mlk_conv2d_implicit(const mlk_conv2d_args *a)
{
    job j = job_for(&a->g);
    j.x = a->x, j.w = a->w, j.bias = a->b, j.y = a->out;
    place(&j, a->work);
    ml_parallel_for(ceil_div(j.g.f, NR), pack_filters, &j);
    run_blocks(&j);
}

/* The convolution over dy that gives dx. Its padding may be negative: then some of dy is never looked at. */
static mlk_conv2d turned(const mlk_conv2d *g)
{
    return (mlk_conv2d){.n = g->n, .h = g->p, .w = g->q, .c = g->f, .f = g->c, .r = g->r, .s = g->s, .p = g->h, .q = g->w,
                        .stride = {1, 1}, .dil = {g->dil[0], g->dil[1]}, .groups = 1,
                        .pad = {g->dil[0] * (g->r - 1) - g->pad[0], g->dil[1] * (g->s - 1) - g->pad[1]}};
}

/* The same with the window turned and filters and channels exchanged; g is the turned convolution, so its c counts the
 * filters of w and its f the channels. */
static ml_status pack_turned_filters(void *arg, int64_t panel)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->g;
    ml_real *to = j->weights + panel * NR * columns(g);
    for (int64_t tap = g->r * g->s - 1; tap >= 0; tap--, to += g->c * NR) {
        mlk_gemm_args at = {.n = g->f, .k = g->c, .b = j->w + tap * g->f, .b_row = g->r * g->s * g->f, .b_col = 1};
        mlk_pack_panel(to, &at, panel * NR, 0, g->c);
    }
    return ML_OK;
}

void mlk_conv2d_implicit_dx(const mlk_conv2d_args *a)
{
    if (a->g.stride[0] > 1 || a->g.stride[1] > 1) { /* dy would be a picture with holes, and most products zero */
        mlk_conv2d_im2col_dx(a);
        return;
    }
    mlk_conv2d g = turned(&a->g);
    job j = job_for(&g);
    j.x = a->dy, j.w = a->w, j.y = a->out, j.add = a->add;
    place(&j, a->work);
    ml_parallel_for(ceil_div(g.f, NR), pack_turned_filters, &j);
    run_blocks(&j);
}

/* ---- dw ---- */

typedef struct dw_job {
    const mlk_conv2d_args *a;
    int64_t steps;                 /* pixels of a block */
    int64_t sums, cuts;            /* lanes: sums of some pixels each, times cuts of the columns */
    int64_t strips, panel, patch;  /* numbers of a lane */
    ml_real *zeros, *lanes, *parts;
} dw_job;

/* A block of dy is at most BLOCK numbers, so that it stays in the second-level cache. All sums together are about SUMS
 * numbers at most. */
enum { BLOCK = 1 << 15, SUMS = 1 << 20 };

static dw_job dw_job_for(const mlk_conv2d_args *a)
{
    const mlk_conv2d *g = &a->g;
    int64_t high = ceil_div(g->f, MR) * MR, steps = BLOCK / high, panels = ceil_div(columns(g), NR);
    dw_job j = {.a = a, .steps = steps < 32 ? 32 : steps > STEPS ? STEPS : steps};
    j.sums = mlk_lanes(ceil_div(mlk_conv2d_pixels(g), j.steps), 1, MLK_LANES_MAX);
    int64_t most = SUMS / (g->f * columns(g));
    j.sums = most < 1 ? 1 : j.sums < most ? j.sums : most;
    j.cuts = mlk_lanes(panels, 4, MLK_LANES_MAX / j.sums);
    j.strips = aligned(high * j.steps);
    j.panel = NR * j.steps;
    j.patch = aligned(g->s * g->c);
    return j;
}

static int64_t parts_size(const dw_job *j)
{
    return j->sums > 1 ? j->sums * j->a->g.f * columns(&j->a->g) : 0;
}

static size_t dw_numbers(const dw_job *j)
{
    return (size_t)(j->patch + j->sums * j->cuts * (j->strips + j->panel + j->patch) + parts_size(j));
}

/* One block of pixels times the columns of panels first .. last-1, added to sum. */
static void dw_block(const dw_job *j, const mlk_windows *x, ml_real *strips, mlk_lane pixels, mlk_lane panels, ml_real *sum,
                     bool add)
{
    const mlk_conv2d *g = x->g;
    int64_t k = pixels.end - pixels.begin;
    ml_real *panel = strips + j->strips;
    mlk_spot spot[STEPS];
    mlk_windows_spots(x, spot, pixels.begin, k, pixels.end);
    mlk_gemm_args dy = {.m = g->f, .k = k, .a = j->a->dy, .a_row = 1, .a_col = g->f};
    for (int64_t f = 0; f < g->f; f += MR)
        mlk_pack_strip(strips + f * k, &dy, f, pixels.begin, k);
    for (int64_t i = panels.begin; i < panels.end; i++) {
        int64_t left = columns(g) - i * NR;
        mlk_windows_panel(panel, x, spot, k, i * NR);
        mlk_tile t = {.k = k, .b = panel, .c_row = columns(g), .start = add ? FROM_C : FROM_ZERO};
        for (int64_t f = 0; f < g->f; f += MR) {
            t.a = strips + f * k;
            t.c = sum + f * columns(g) + i * NR;
            mlk_tile_run(&t, g->f - f < MR ? (int)(g->f - f) : MR, left < NR ? left : NR);
        }
    }
}

static ml_status dw_lane(void *arg, int64_t lane)
{
    const dw_job *j = arg;
    const mlk_conv2d *g = &j->a->g;
    ml_real *strips = j->lanes + lane * (j->strips + j->panel + j->patch);
    mlk_windows x = {g, j->a->x, j->zeros, strips + j->strips + j->panel};
    mlk_lane panels = mlk_lane_of(ceil_div(columns(g), NR), j->cuts, lane % j->cuts);
    mlk_lane blocks = mlk_lane_of(ceil_div(mlk_conv2d_pixels(g), j->steps), j->sums, lane / j->cuts);
    ml_real *sum = j->sums > 1 ? j->parts + blocks.index * g->f * columns(g) : j->a->out;
    for (int64_t b = blocks.begin; b < blocks.end; b++) {
        int64_t end = (b + 1) * j->steps, pixels = mlk_conv2d_pixels(g);
        dw_block(j, &x, strips, (mlk_lane){0, b * j->steps, end < pixels ? end : pixels}, panels, sum,
                 b > blocks.begin || (j->sums == 1 && j->a->add));
    }
    return ML_OK;
}

void mlk_conv2d_implicit_dw(const mlk_conv2d_args *a)
{
    dw_job j = dw_job_for(a);
    int64_t size = a->g.f * columns(&a->g);
    j.zeros = a->work;
    j.lanes = j.zeros + j.patch;
    j.parts = j.lanes + j.sums * j.cuts * (j.strips + j.panel + j.patch);
    if (mlk_conv2d_pixels(&a->g) == 0) { /* a sum of no terms */
        memset(a->out, 0, a->add ? 0 : (size_t)size * sizeof *a->out);
        return;
    }
    memset(j.zeros, 0, (size_t)j.patch * sizeof *j.zeros);
    ml_parallel_for(j.sums * j.cuts, dw_lane, &j);
    if (j.sums > 1)
        mlk_sum_parts(a->out, a->add, j.parts, j.sums, size);
}

/* ---- the workspace of all three ---- */

size_t mlk_conv2d_implicit_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    mlk_conv2d back = turned(g);
    mlk_conv2d_args a = {.g = *g};
    job forward = job_for(g), dx = job_for(&back);
    dw_job dw = dw_job_for(&a);
    bool strided = g->stride[0] > 1 || g->stride[1] > 1;
    size_t sizes[] = {job_numbers(&forward) * sizeof(ml_real),
                      strided ? mlk_conv2d_im2col_workspace(kernel, g) : job_numbers(&dx) * sizeof(ml_real),
                      dw_numbers(&dw) * sizeof(ml_real)};
    size_t most = sizes[0] > sizes[1] ? sizes[0] : sizes[1];
    return most > sizes[2] ? most : sizes[2];
}
