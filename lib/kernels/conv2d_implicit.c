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
 * With a stride that would be a picture with holes, most products zero: im2col is the body for that.
 */
#include "kernels/conv2d_windows.h"
#include "kernels/lanes.h"

#include <string.h>

enum { PIXELS = 16 * MR };

/* ---- forward, and dx as a forward ---- */

mlk_cut mlk_conv2d_cut(const mlk_conv2d *g)
{
    int64_t run = g->s * g->c;
    if (run > KC)
        return (mlk_cut){1, mlk_ceil_div(run, mlk_ceil_div(run, KC))};
    int64_t runs = g->r < KC / run ? g->r : KC / run;
    return (mlk_cut){mlk_ceil_div(g->r, mlk_ceil_div(g->r, runs)), run};
}

typedef struct job {
    mlk_conv2d g;
    const ml_real *x, *bias;
    ml_real *y;
    bool add;
    const mlk_conv2d_args *finish; /* NULL: nothing to do with y when it is there */
    mlk_cut cut;
    int64_t rows;           /* of a block */
    const ml_real *weights; /* packed: a panel after the other, all columns each */
    ml_real *zeros;        /* S*C */
    ml_real *lanes;
    int64_t strips, patch; /* numbers of a lane */
} job;

/* Blocks of PIXELS, or smaller where there would be too few to share. */
static job job_for(const mlk_conv2d *g)
{
    int64_t pixels = mlk_conv2d_pixels(g), eighth = mlk_ceil_div(mlk_ceil_div(pixels, 8), MR) * MR;
    job j = {.g = *g, .cut = mlk_conv2d_cut(g)};
    j.rows = eighth < MR ? MR : eighth < PIXELS ? eighth : PIXELS;
    j.strips = mlk_aligned(j.rows * j.cut.runs * j.cut.piece + MLK_LINES);
    j.patch = mlk_aligned(MLK_LINES * g->s * g->c);
    return j;
}

static int64_t weights_size(const mlk_conv2d *g)
{
    return mlk_ceil_div(g->f, NR) * NR * mlk_conv2d_columns(g);
}

static size_t job_numbers(const job *j)
{
    return (size_t)(weights_size(&j->g) + mlk_aligned(j->g.s * j->g.c) + MLK_LANES_MAX * (j->strips + j->patch) +
                    mlk_padded_numbers(&j->g));
}

static void place(job *j, void *work)
{
    j->weights = work;
    j->zeros = (ml_real *)work + weights_size(&j->g);
    j->lanes = j->zeros + mlk_aligned(j->g.s * j->g.c);
    memset(j->zeros, 0, (size_t)(j->g.s * j->g.c) * sizeof *j->zeros);
}

/* Columns k .. k+n-1 times all filters, of `rows` pixels from `pixel` on. */
static void run_panels(const job *j, const ml_real *strips, int64_t pixel, int64_t rows, int64_t k, int64_t n)
{
    const mlk_conv2d *g = &j->g;
    for (int64_t f = 0; f < g->f; f += NR) {
        int64_t filters = g->f - f < NR ? g->f - f : NR;
        mlk_tile t = {.k = n, .b = j->weights + f * mlk_conv2d_columns(g) + k * NR, .bias = j->bias ? j->bias + f : NULL, .c_row = g->f,
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
            mlk_windows_strip(strips + i * n + k * piece * MR, x, spot + i, r + k, from, piece, MR);
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
        mlk_windows_spots(&x, spot, pixel, mlk_ceil_div(rows, MR) * MR, pixels);
        for (int64_t r = 0; r < g->r; r += j->cut.runs)
            for (int64_t from = 0; from < run; from += j->cut.piece) {
                int64_t runs = g->r - r < j->cut.runs ? g->r - r : j->cut.runs;
                int64_t piece = run - from < j->cut.piece ? run - from : j->cut.piece;
                run_columns(j, &x, strips, spot, pixel, rows, r, runs, from, piece);
            }
        if (j->finish)
            mlk_conv2d_finish(j->finish, pixel * g->f, (pixel + rows) * g->f);
    }
}

static void run_blocks(job *j)
{
    if (mlk_padded_numbers(&j->g)) {
        ml_real *copy = j->lanes + MLK_LANES_MAX * (j->strips + j->patch);
        mlk_pad(copy, j->x, &j->g);
        j->x = copy;
    }
    int64_t blocks = mlk_ceil_div(mlk_conv2d_pixels(&j->g), j->rows);
    if (blocks > 0)
        mlk_run_lanes(blocks, mlk_lanes(blocks, 1, MLK_LANES_MAX), forward_lane, j);
}

/* Weights as panels of NR filters. */
typedef struct pack_job {
    const mlk_conv2d *g;
    const ml_real *w;
    ml_real *to;
} pack_job;

/* w (F, R S C) read transposed. */
static ml_status pack_filters(void *arg, int64_t panel)
{
    const pack_job *j = arg;
    int64_t k = mlk_conv2d_columns(j->g);
    mlk_gemm_args g = {.n = j->g->f, .k = k, .b = j->w, .b_row = 1, .b_col = k};
    mlk_pack_panel(j->to + panel * NR * k, &g, panel * NR, 0, k);
    return ML_OK;
}

size_t mlk_conv2d_implicit_packed_size(const mlk_conv2d *g)
{
    return (size_t)weights_size(g) * sizeof(ml_real);
}

void mlk_conv2d_implicit_pack(const mlk_conv2d_args *a, void *packed)
{
    pack_job j = {&a->g, a->w, packed};
    ml_parallel_for(mlk_ceil_div(a->g.f, NR), pack_filters, &j); /* it cannot fail */
}

void mlk_conv2d_implicit(const mlk_conv2d_args *a)
{
    job j = job_for(&a->g);
    j.x = a->x, j.bias = a->b, j.y = a->out, j.add = a->add, j.finish = a->plus || a->relu ? a : NULL;
    place(&j, a->work);
    if (a->packed)
        j.weights = a->packed;
    else
        mlk_conv2d_implicit_pack(a, a->work);
    run_blocks(&j);
}

mlk_conv2d mlk_conv2d_turned(const mlk_conv2d *g)
{
    return (mlk_conv2d){.n = g->n, .h = g->p, .w = g->q, .c = g->f, .f = g->c, .r = g->r, .s = g->s, .p = g->h, .q = g->w,
                        .stride = {1, 1}, .dil = {g->dil[0], g->dil[1]}, .groups = 1,
                        .pad = {g->dil[0] * (g->r - 1) - g->pad[0], g->dil[1] * (g->s - 1) - g->pad[1]}};
}

/* The same with the window turned and filters and channels exchanged; g is the turned convolution, so its c counts the
 * filters of w and its f the channels. */
static ml_status pack_turned_filters(void *arg, int64_t panel)
{
    const pack_job *j = arg;
    const mlk_conv2d *g = j->g;
    ml_real *to = j->to + panel * NR * mlk_conv2d_columns(g);
    for (int64_t tap = g->r * g->s - 1; tap >= 0; tap--, to += g->c * NR) {
        mlk_gemm_args at = {.n = g->f, .k = g->c, .b = j->w + tap * g->f, .b_row = g->r * g->s * g->f, .b_col = 1};
        mlk_pack_panel(to, &at, panel * NR, 0, g->c);
    }
    return ML_OK;
}

void mlk_conv2d_implicit_dx(const mlk_conv2d_args *a)
{
    mlk_conv2d g = mlk_conv2d_turned(&a->g);
    pack_job weights = {&g, a->w, a->work};
    job j = job_for(&g);
    j.x = a->dy, j.y = a->out, j.add = a->add;
    place(&j, a->work);
    ml_parallel_for(mlk_ceil_div(g.f, NR), pack_turned_filters, &weights);
    run_blocks(&j);
}

size_t mlk_conv2d_implicit_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    mlk_conv2d back = mlk_conv2d_turned(g);
    job forward = job_for(g), dx = job_for(&back);
    size_t a = job_numbers(&forward), b = job_numbers(&dx);
    return (a > b ? a : b) * sizeof(ml_real);
}
