/* conv2d_implicit_dw.c -- the gradient by weights as a matrix product:  dw (F, R S C) = dy^T windows
 *
 * A long sum, over all pixels of all images, for a small result. The lanes each sum some of the pixels, a block of them at a
 * time, and their sums are added up in order; a result too large for many sums is cut by its columns instead.
 *
 *     for each block of pixels
 *       pack dy as strips of MR filters, a step a pixel
 *       for each panel of NR columns: pack it straight from the picture; for each strip: a tile of dw, added to the lane's sum
 */
#include "kernels/conv2d_windows.h"
#include "kernels/lanes.h"

#include <string.h>

typedef struct job {
    const mlk_conv2d_args *a;
    mlk_conv2d g;
    int64_t steps;                 /* pixels of a block */
    int64_t sums, cuts;            /* lanes: sums of some pixels each, times cuts of the columns */
    int64_t strips, panel, patch;  /* numbers of a lane */
    ml_real *zeros, *lanes, *parts;
} job;

/* A block of dy is at most BLOCK numbers, so that it stays in the second-level cache. All sums together are about SUMS
 * numbers at most. */
enum { BLOCK = 1 << 15, SUMS = 1 << 20 };

static job job_for(const mlk_conv2d_args *a)
{
    const mlk_conv2d *g = &a->g;
    int64_t high = mlk_ceil_div(g->f, MR) * MR, steps = BLOCK / high, panels = mlk_ceil_div(mlk_conv2d_columns(g), NR);
    job j = {.a = a, .g = *g, .steps = steps < 32 ? 32 : steps > MLK_STEPS ? MLK_STEPS : steps};
    j.sums = mlk_lanes(mlk_ceil_div(mlk_conv2d_pixels(g), j.steps), 1, MLK_LANES_MAX);
    int64_t most = SUMS / (g->f * mlk_conv2d_columns(g));
    j.sums = most < 1 ? 1 : j.sums < most ? j.sums : most;
    j.cuts = mlk_lanes(panels, 4, MLK_LANES_MAX / j.sums);
    j.strips = mlk_aligned(high * j.steps);
    j.panel = NR * j.steps;
    j.patch = mlk_aligned(j.steps * g->s * g->c);
    return j;
}

static int64_t parts_size(const job *j)
{
    return j->sums > 1 ? mlk_aligned(j->sums * j->g.f * mlk_conv2d_columns(&j->g)) : 0;
}

static int64_t zeros_size(const job *j)
{
    return mlk_aligned(j->g.s * j->g.c);
}

static size_t job_numbers(const job *j)
{
    return (size_t)(zeros_size(j) + j->sums * j->cuts * (j->strips + j->panel + j->patch) + parts_size(j));
}

/* One block of pixels times the columns of panels first .. last-1, added to sum. */
static void dw_block(const job *j, const mlk_windows *x, ml_real *strips, mlk_lane pixels, mlk_lane panels, ml_real *sum,
                     bool add)
{
    const mlk_conv2d *g = x->g;
    int64_t k = pixels.end - pixels.begin;
    ml_real *panel = strips + j->strips;
    mlk_spot spot[MLK_STEPS];
    mlk_runs runs = {.spot = spot, .n = k, .r = -1};
    mlk_windows_spots(x, spot, pixels.begin, k, pixels.end);
    mlk_gemm_args dy = {.m = g->f, .k = k, .a = j->a->dy, .a_row = 1, .a_col = g->f};
    for (int64_t f = 0; f < g->f; f += MR)
        mlk_pack_strip(strips + f * k, &dy, f, pixels.begin, k);
    for (int64_t i = panels.begin; i < panels.end; i++) {
        int64_t left = mlk_conv2d_columns(g) - i * NR;
        mlk_windows_panel(panel, x, &runs, i * NR);
        mlk_tile t = {.k = k, .b = panel, .c_row = mlk_conv2d_columns(g), .start = add ? FROM_C : FROM_ZERO};
        for (int64_t f = 0; f < g->f; f += MR) {
            t.a = strips + f * k;
            t.c = sum + f * mlk_conv2d_columns(g) + i * NR;
            mlk_tile_run(&t, g->f - f < MR ? (int)(g->f - f) : MR, left < NR ? left : NR);
        }
    }
}

static ml_status dw_lane(void *arg, int64_t lane)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->g;
    ml_real *strips = j->lanes + lane * (j->strips + j->panel + j->patch);
    mlk_windows x = {g, j->a->x, j->zeros, strips + j->strips + j->panel};
    mlk_lane panels = mlk_lane_of(mlk_ceil_div(mlk_conv2d_columns(g), NR), j->cuts, lane % j->cuts);
    mlk_lane blocks = mlk_lane_of(mlk_ceil_div(mlk_conv2d_pixels(g), j->steps), j->sums, lane / j->cuts);
    ml_real *sum = j->sums > 1 ? j->parts + blocks.index * g->f * mlk_conv2d_columns(g) : j->a->out;
    for (int64_t b = blocks.begin; b < blocks.end; b++) {
        int64_t end = (b + 1) * j->steps, pixels = mlk_conv2d_pixels(g);
        dw_block(j, &x, strips, (mlk_lane){0, b * j->steps, end < pixels ? end : pixels}, panels, sum,
                 b > blocks.begin || (j->sums == 1 && j->a->add));
    }
    return ML_OK;
}

void mlk_conv2d_implicit_dw(const mlk_conv2d_args *a)
{
    job j = job_for(a);
    int64_t size = a->g.f * mlk_conv2d_columns(&a->g);
    j.zeros = a->work;
    j.lanes = j.zeros + zeros_size(&j);
    j.parts = j.lanes + j.sums * j.cuts * (j.strips + j.panel + j.patch);
    if (mlk_conv2d_pixels(&a->g) == 0) { /* a sum of no terms */
        memset(a->out, 0, a->add ? 0 : (size_t)size * sizeof *a->out);
        return;
    }
    memset(j.zeros, 0, (size_t)zeros_size(&j) * sizeof *j.zeros);
    ml_parallel_for(j.sums * j.cuts, dw_lane, &j);
    if (j.sums > 1)
        mlk_sum_parts(a->out, a->add, j.parts, j.sums, size);
}

size_t mlk_conv2d_implicit_dw_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    mlk_conv2d_args a = {.g = *g};
    job j = job_for(&a);
    return job_numbers(&j) * sizeof(ml_real);
}
