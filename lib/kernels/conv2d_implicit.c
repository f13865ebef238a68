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
 * dx is the same over dy, with parts of the window (conv2d_phases.c). Its pixels do not lie side by side: a block of them is
 * computed into a lane's own memory, and put where it belongs from there.
 */
#include "kernels/conv2d_slide.h"
#include "kernels/conv2d_windows.h"
#include "kernels/lanes.h"

#include <string.h>

enum { PIXELS = 16 * MR };

mlk_cut mlk_conv2d_cut(const mlk_conv2d *g)
{
    int64_t run = g->s * g->c;
    if (run > KC)
        return (mlk_cut){1, mlk_ceil_div(run, mlk_ceil_div(run, KC))};
    int64_t runs = g->r < KC / run ? g->r : KC / run;
    return (mlk_cut){mlk_ceil_div(g->r, mlk_ceil_div(g->r, runs)), run};
}

typedef struct job {
    const mlk_slide *s;
    mlk_conv2d g;
    mlk_cut cut;
    int64_t rows;           /* of a block */
    bool apart;             /* the pixels of y do not lie side by side */
    const ml_real *weights; /* packed: a panel after the other, all columns each */
    ml_real *zeros;         /* S*C */
    ml_real *lanes;
    int64_t strips, patch, block; /* numbers of a lane */
} job;

/* Blocks of PIXELS, or smaller where there would be too few to share. */
static job job_for(const mlk_conv2d *g)
{
    int64_t pixels = mlk_conv2d_pixels(g), eighth = mlk_ceil_div(mlk_ceil_div(pixels, 8), MR) * MR;
    job j = {.g = *g, .cut = mlk_conv2d_cut(g)};
    j.rows = eighth < MR ? MR : eighth < PIXELS ? eighth : PIXELS;
    j.strips = mlk_aligned(j.rows * j.cut.runs * j.cut.piece + MLK_LINES);
    j.patch = mlk_aligned(MLK_LINES * g->s * g->c);
    j.block = mlk_aligned(j.rows * g->f);
    return j;
}

static int64_t weights_size(const mlk_conv2d *g)
{
    return mlk_ceil_div(g->f, NR) * NR * mlk_conv2d_columns(g);
}

static int64_t numbers(const mlk_conv2d *g)
{
    job j = job_for(g);
    return weights_size(g) + mlk_aligned(g->s * g->c) + MLK_LANES_MAX * (j.strips + j.patch + j.block);
}

/* ---- a block ---- */

/* Columns k .. k+n-1 times all filters, of some pixels whose y begin at y. */
static void run_panels(const job *j, const ml_real *strips, ml_real *y, int64_t rows, int64_t k, int64_t n)
{
    const mlk_conv2d *g = &j->g;
    const ml_real *bias = j->s->bias;
    bool add = j->s->add && !j->apart;
    for (int64_t f = 0; f < g->f; f += NR) {
        int64_t filters = g->f - f < NR ? g->f - f : NR;
        mlk_tile t = {.k = n, .b = j->weights + f * mlk_conv2d_columns(g) + k * NR, .bias = bias ? bias + f : NULL, .c_row = g->f,
                      .start = k || add ? FROM_C : bias ? FROM_BIAS : FROM_ZERO};
        for (int64_t i = 0; i < rows; i += MR) {
            t.a = strips + i * n;
            t.c = y + i * g->f + f;
            mlk_tile_run(&t, rows - i < MR ? (int)(rows - i) : MR, filters);
        }
    }
}

/* Runs r .. r+runs-1 of the windows, or a piece of run r: packed and multiplied. */
static void run_columns(const job *j, const mlk_windows *x, ml_real *strips, const mlk_spot *spot, ml_real *y, int64_t rows,
                        int64_t r, int64_t runs, int64_t from, int64_t piece)
{
    int64_t n = runs * piece;
    for (int64_t i = 0; i < rows; i += MR)
        for (int64_t k = 0; k < runs; k++)
            mlk_windows_strip(strips + i * n + k * piece * MR, x, spot + i, r + k, from, piece);
    run_panels(j, strips, y, rows, r * j->g.s * j->g.c + from, n);
}

/* Finished pixels from a lane's memory to y. */
static void put(const mlk_slide *s, const ml_real *from, int64_t pixel, int64_t rows)
{
    const mlk_conv2d *g = &s->g;
    for (int64_t i = pixel; i < pixel + rows; i++, from += g->f) {
        ml_real *y = s->y + i / g->q / g->p * s->y_image + i / g->q % g->p * s->y_row + i % g->q * s->y_pixel;
        if (s->add)
            for (int64_t f = 0; f < g->f; f++)
                y[f] += from[f];
        else
            memcpy(y, from, (size_t)g->f * sizeof *y);
    }
}

static void run_block(const job *j, const mlk_windows *x, ml_real *strips, const mlk_spot *spot, ml_real *y, int64_t rows)
{
    const mlk_conv2d *g = &j->g;
    int64_t run = g->s * g->c;
    for (int64_t r = 0; r < g->r; r += j->cut.runs)
        for (int64_t from = 0; from < run; from += j->cut.piece) {
            int64_t runs = g->r - r < j->cut.runs ? g->r - r : j->cut.runs;
            int64_t piece = run - from < j->cut.piece ? run - from : j->cut.piece;
            run_columns(j, x, strips, spot, y, rows, r, runs, from, piece);
        }
}

static void lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->g;
    ml_real *strips = j->lanes + l.index * (j->strips + j->patch + j->block), *block = strips + j->strips + j->patch;
    mlk_windows x = {g, j->s->x, j->zeros, strips + j->strips};
    int64_t pixels = mlk_conv2d_pixels(g);
    mlk_spot spot[PIXELS];
    for (int64_t pixel = l.begin * j->rows; pixel < l.end * j->rows && pixel < pixels; pixel += j->rows) {
        int64_t rows = pixels - pixel < j->rows ? pixels - pixel : j->rows;
        mlk_windows_spots(&x, spot, pixel, mlk_ceil_div(rows, MR) * MR, pixels);
        run_block(j, &x, strips, spot, j->apart ? block : j->s->y + pixel * g->f, rows);
        if (j->apart)
            put(j->s, block, pixel, rows);
        if (j->s->finish)
            mlk_conv2d_finish(j->s->finish, pixel * g->f, (pixel + rows) * g->f);
    }
}

/* ---- weights ---- */

typedef struct pack_job {
    const mlk_conv2d *g;
    const mlk_taps *w;
    ml_real *to;
} pack_job;

/* A panel of NR filters: all columns, tap by tap. */
static ml_status pack_panel(void *arg, int64_t panel)
{
    const pack_job *j = arg;
    const mlk_conv2d *g = j->g;
    ml_real *to = j->to + panel * NR * mlk_conv2d_columns(g);
    for (int64_t r = 0; r < g->r; r++)
        for (int64_t s = 0; s < g->s; s++, to += g->c * NR) {
            mlk_gemm_args at = {.n = g->f, .k = g->c, .b = j->w->at + r * j->w->r_step + s * j->w->s_step, .b_row = j->w->c_step,
                                .b_col = j->w->f_step};
            mlk_pack_panel(to, &at, panel * NR, 0, g->c);
        }
    return ML_OK;
}

static void pack(const mlk_conv2d *g, const mlk_taps *w, ml_real *to)
{
    pack_job j = {g, w, to};
    ml_parallel_for(mlk_ceil_div(g->f, NR), pack_panel, &j); /* it cannot fail */
}

/* ---- the body ---- */

static void run(const mlk_slide *s, void *work)
{
    job j = job_for(&s->g);
    j.s = s;
    j.apart = s->y_row != s->g.q * s->y_pixel || s->y_image != s->g.p * s->y_row || s->y_pixel != s->g.f;
    j.weights = s->packed ? s->packed : work;
    j.zeros = (ml_real *)work + weights_size(&s->g);
    j.lanes = j.zeros + mlk_aligned(s->g.s * s->g.c);
    memset(j.zeros, 0, (size_t)(s->g.s * s->g.c) * sizeof *j.zeros);
    if (!s->packed)
        pack(&s->g, &s->w, work);
    int64_t blocks = mlk_ceil_div(mlk_conv2d_pixels(&j.g), j.rows);
    if (blocks > 0)
        mlk_run_lanes(blocks, mlk_lanes(blocks, 1, MLK_LANES_MAX), lane, &j);
}

static const mlk_slider IMPLICIT = {numbers, run};

void mlk_conv2d_implicit(const mlk_conv2d_args *a)
{
    mlk_slide s = mlk_slide_forward(a);
    run(&s, a->work);
}

void mlk_conv2d_implicit_dx(const mlk_conv2d_args *a)
{
    mlk_slide_back(a, &IMPLICIT);
}

size_t mlk_conv2d_implicit_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    return (size_t)numbers(g) * sizeof(ml_real);
}

size_t mlk_conv2d_implicit_dx_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    return (size_t)mlk_slide_back_numbers(g, &IMPLICIT) * sizeof(ml_real);
}

size_t mlk_conv2d_implicit_packed_size(const mlk_conv2d *g)
{
    return (size_t)weights_size(g) * sizeof(ml_real);
}

void mlk_conv2d_implicit_pack(const mlk_conv2d_args *a, void *packed)
{
    mlk_slide s = mlk_slide_forward(a);
    pack(&a->g, &s.w, packed);
}
