/* conv2d_im2col.c -- convolution as a matrix product: each window becomes a row.
 *
 *     columns (N P Q, R S C)     row (n,p,q) is the window that y[n,p,q,:] looks through, zeros where it leaves the picture
 *     forward   y       = columns w^T + b      w (F, R S C) as it lies
 *     by input  dcolumns = dy w                and each number of a window goes back to where it came from, adding up (col2im)
 *     by weight dw      = dy^T columns
 *
 * The columns of a whole batch would be R S times as large as the picture: a block of rows at a time is made and used
 * while it is in the cache. In N H W C a row of a window lies in one piece: im2col copies whole runs.
 * Groups are products of their own, each with its channels.
 * Source     Chellapilla, Puri, Simard 2006, "High performance convolutional neural networks for document processing"
 */
#include "kernels/conv2d.h"
#include "kernels/gemm.h"
#include "kernels/lanes.h"

#include <string.h>

enum { ROWS = 256 };

/* Numbers in a row: a window of one group's channels. */
static int64_t window(const mlk_conv2d *g)
{
    return g->r * g->s * (g->c / g->groups);
}

/* One window to a row, or (back) a row added to where its window lies in the picture. */
typedef struct spot {
    int64_t n, h, w, first; /* image, upper left corner, first channel */
} spot;

static spot spot_of(const mlk_conv2d *g, int64_t pixel, int64_t group)
{
    int64_t q = pixel % g->q, p = pixel / g->q % g->p;
    return (spot){pixel / g->q / g->p, p * g->stride[0] - g->pad[0], q * g->stride[1] - g->pad[1],
                  group * (g->c / g->groups)};
}

static void add_run(ml_real *restrict to, const ml_real *restrict from, int64_t n)
{
    for (int64_t c = 0; c < n; c++)
        to[c] += from[c];
}

/* Is each row of the window one run of S*C numbers in the picture? */
static bool in_one_piece(const mlk_conv2d *g, spot at)
{
    return at.w >= 0 && at.w + g->s <= g->w && g->dil[1] == 1 && g->groups == 1;
}

static void copy_window(ml_real *row, const ml_real *x, const mlk_conv2d *g, spot at)
{
    int64_t cg = g->c / g->groups, taps = in_one_piece(g, at) ? g->s : 1;
    for (int64_t r = 0; r < g->r; r++) {
        int64_t h = at.h + r * g->dil[0];
        for (int64_t s = 0; s < g->s; s += taps, row += taps * cg) {
            int64_t w = at.w + s * g->dil[1];
            if (h >= 0 && h < g->h && w >= 0 && w < g->w)
                memcpy(row, x + ((at.n * g->h + h) * g->w + w) * g->c + at.first, (size_t)(taps * cg) * sizeof *row);
            else
                memset(row, 0, (size_t)(taps * cg) * sizeof *row);
        }
    }
}

static void add_window(ml_real *dx, const ml_real *row, const mlk_conv2d *g, spot at)
{
    int64_t cg = g->c / g->groups, taps = in_one_piece(g, at) ? g->s : 1;
    for (int64_t r = 0; r < g->r; r++) {
        int64_t h = at.h + r * g->dil[0];
        for (int64_t s = 0; s < g->s; s += taps, row += taps * cg) {
            int64_t w = at.w + s * g->dil[1];
            if (h >= 0 && h < g->h && w >= 0 && w < g->w)
                add_run(dx + ((at.n * g->h + h) * g->w + w) * g->c + at.first, row, taps * cg);
        }
    }
}

/* ---- the three products of one block and one group ---- */

static mlk_gemm_args forward_product(const mlk_conv2d_args *a, const ml_real *columns, int64_t pixel, int64_t rows, int64_t group)
{
    const mlk_conv2d *g = &a->g;
    int64_t k = window(g), fg = g->f / g->groups, f = group * fg;
    return (mlk_gemm_args){.m = rows, .n = fg, .k = k, .a = columns, .a_row = k, .a_col = 1, .b = a->w + f * k, .b_row = 1,
                           .b_col = k, .c = a->out + pixel * g->f + f, .c_row = g->f, .bias = a->b ? a->b + f : NULL, .add = a->add};
}

static mlk_gemm_args dx_product(const mlk_conv2d_args *a, ml_real *columns, int64_t pixel, int64_t rows, int64_t group)
{
    const mlk_conv2d *g = &a->g;
    int64_t k = window(g), fg = g->f / g->groups, f = group * fg;
    return (mlk_gemm_args){.m = rows, .n = k, .k = fg, .a = a->dy + pixel * g->f + f, .a_row = g->f, .a_col = 1,
                           .b = a->w + f * k, .b_row = k, .b_col = 1, .c = columns, .c_row = k};
}

static mlk_gemm_args dw_product(const mlk_conv2d_args *a, ml_real *dw, const ml_real *columns, int64_t pixel, int64_t rows,
                                int64_t group)
{
    const mlk_conv2d *g = &a->g;
    int64_t k = window(g), fg = g->f / g->groups, f = group * fg;
    return (mlk_gemm_args){.m = fg, .n = k, .k = rows, .a = a->dy + pixel * g->f + f, .a_row = 1, .a_col = g->f, .b = columns,
                           .b_row = k, .b_col = 1, .c = dw + f * k, .c_row = k};
}

/* ---- lanes: each has columns of its own, and a workspace for its products ---- */

typedef struct job {
    const mlk_conv2d_args *a;
    int64_t columns, product; /* numbers of a lane: the columns, what a product wants */
    ml_real *parts;           /* of dw, a lane each */
} job;

static int64_t rows_of(const mlk_conv2d *g)
{
    return mlk_conv2d_pixels(g) < ROWS ? mlk_conv2d_pixels(g) : ROWS;
}

static int64_t product_numbers(ml_kernel kernel, const mlk_conv2d *g)
{
    const mlk_conv2d_args a = {.g = *g};
    const mlk_gemm_args products[] = {forward_product(&a, NULL, 0, rows_of(g), 0), dx_product(&a, NULL, 0, rows_of(g), 0),
                                      dw_product(&a, NULL, NULL, 0, rows_of(g), 0)};
    size_t most = 0;
    for (int i = 0; i < 3; i++) {
        size_t bytes = mlk_gemm_workspace(kernel, &products[i]);
        most = bytes > most ? bytes : most;
    }
    return mlk_aligned((int64_t)(most / sizeof(ml_real)) + 1);
}

static job job_for(const mlk_conv2d_args *a)
{
    return (job){.a = a, .columns = mlk_aligned(rows_of(&a->g) * window(&a->g)), .product = product_numbers(a->kernel, &a->g)};
}

static int64_t blocks_of(const mlk_conv2d *g)
{
    return (mlk_conv2d_pixels(g) + ROWS - 1) / ROWS;
}

/* Lanes of dw have a sum each: as many as a million numbers allow. */
static int64_t dw_lanes(const mlk_conv2d *g)
{
    int64_t size = g->f * window(g), most = (1 << 20) / (size + 1);
    return mlk_lanes(blocks_of(g), 1, most < 1 ? 1 : most < MLK_LANES_MAX ? most : MLK_LANES_MAX);
}

size_t mlk_conv2d_im2col_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    const mlk_conv2d_args a = {.g = *g, .kernel = kernel};
    job j = job_for(&a);
    return (size_t)(MLK_LANES_MAX * (j.columns + j.product) + dw_lanes(g) * g->f * window(g)) * sizeof(ml_real);
}

static ml_real *columns_of(const job *j, int64_t lane)
{
    return (ml_real *)j->a->work + lane * (j->columns + j->product);
}

static void run(const job *j, ml_real *columns, mlk_gemm_args product)
{
    mlk_gemm(j->a->kernel, &product, columns + j->columns);
}

static void copy_windows(ml_real *columns, const mlk_conv2d_args *a, int64_t pixel, int64_t rows, int64_t group)
{
    for (int64_t i = 0; i < rows; i++)
        copy_window(columns + i * window(&a->g), a->x, &a->g, spot_of(&a->g, pixel + i, group));
}

static int64_t rows_from(const mlk_conv2d *g, int64_t pixel)
{
    return mlk_conv2d_pixels(g) - pixel < ROWS ? mlk_conv2d_pixels(g) - pixel : ROWS;
}

static void forward_lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->a->g;
    ml_real *columns = columns_of(j, l.index);
    for (int64_t pixel = l.begin * ROWS; pixel < l.end * ROWS && pixel < mlk_conv2d_pixels(g); pixel += ROWS)
        for (int64_t group = 0; group < g->groups; group++) {
            int64_t rows = rows_from(g, pixel);
            copy_windows(columns, j->a, pixel, rows, group);
            run(j, columns, forward_product(j->a, columns, pixel, rows, group));
        }
}

void mlk_conv2d_im2col(const mlk_conv2d_args *a)
{
    job j = job_for(a);
    mlk_run_lanes(blocks_of(&a->g), mlk_lanes(blocks_of(&a->g), 1, MLK_LANES_MAX), forward_lane, &j);
}

/* Images from begin to end: windows overlap within an image, never across. */
static void dx_lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->a->g;
    ml_real *columns = columns_of(j, l.index), *dx = j->a->out;
    int64_t image = g->h * g->w * g->c, each = g->p * g->q;
    if (!j->a->add)
        memset(dx + l.begin * image, 0, (size_t)((l.end - l.begin) * image) * sizeof *dx);
    for (int64_t pixel = l.begin * each; pixel < l.end * each; pixel += ROWS)
        for (int64_t group = 0; group < g->groups; group++) {
            int64_t rows = l.end * each - pixel < ROWS ? l.end * each - pixel : ROWS;
            run(j, columns, dx_product(j->a, columns, pixel, rows, group));
            for (int64_t i = 0; i < rows; i++)
                add_window(dx, columns + i * window(g), g, spot_of(g, pixel + i, group));
        }
}

void mlk_conv2d_im2col_dx(const mlk_conv2d_args *a)
{
    job j = job_for(a);
    mlk_run_lanes(a->g.n, mlk_lanes(a->g.n, 1, MLK_LANES_MAX), dx_lane, &j);
}

static void dw_lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->a->g;
    ml_real *columns = columns_of(j, l.index), *part = j->parts + l.index * g->f * window(g);
    memset(part, 0, (size_t)(g->f * window(g)) * sizeof *part);
    for (int64_t pixel = l.begin * ROWS; pixel < l.end * ROWS && pixel < mlk_conv2d_pixels(g); pixel += ROWS)
        for (int64_t group = 0; group < g->groups; group++) {
            int64_t rows = rows_from(g, pixel);
            copy_windows(columns, j->a, pixel, rows, group);
            mlk_gemm_args product = dw_product(j->a, part, columns, pixel, rows, group);
            product.add = true;
            run(j, columns, product);
        }
}

void mlk_conv2d_im2col_dw(const mlk_conv2d_args *a)
{
    job j = job_for(a);
    int64_t lanes = dw_lanes(&a->g);
    j.parts = (ml_real *)a->work + MLK_LANES_MAX * (j.columns + j.product);
    mlk_run_lanes(blocks_of(&a->g), lanes, dw_lane, &j);
    mlk_sum_parts(a->out, a->add, j.parts, lanes, a->g.f * window(&a->g));
}
