/* conv2d_direct.c -- convolution with few channels, few filters or small groups: the picture is read where it lies.
 *
 * A matrix product packs its left matrix, here the windows, so that the inner loop reads it in one line. Windows of few channels
 * overlap nearly wholly: packing them writes each number of the picture R S times, to be used for a few filters. But a tile only wants
 * to know where the number of its next step is, and in a patch (conv2d_blocks.h) step k is at the same distance from the corner
 * of every window, while the windows of neighbours are stride*C apart. So nothing is packed but the weights:
 *
 *     for each block of output pixels                      the threads share the blocks
 *       for each group: copy its channels of the patch
 *         for each panel of filters
 *           for each row of the block, some pixels at a time: a tile of y in registers
 *             for each step k: each pixel's number at offset[k], times a panel's step k
 *
 * A tile (conv2d_direct_tile.c) is MR pixels by NR filters, as in gemm_tile.c. Where VL filters or fewer are left it is MR*NV pixels
 * by VL filters: the same registers, and six filters leave only a quarter of eight empty.
 *
 * dx is the same over dy (conv2d_phases.c).
 * Source     Georganas et al. 2018, "Anatomy of high-performance deep learning convolutions on SIMD architectures"
 */
#include "kernels/conv2d_direct.h"
#include "kernels/conv2d_slide.h"

#include <string.h>

/* ---- blocks ---- */

typedef struct job {
    const mlk_slide *s;
    mlk_blocks b;
    int64_t k, filters, padded; /* steps of the sum; filters of a group, and with those that fill its last panel */
    int64_t *offset;
    const ml_real *weights; /* a panel after the other, group after group */
    ml_real *bias;          /* padded for each group; zeros where there is none */
    ml_real *patches;       /* a lane each */
} job;

static job job_for(const mlk_conv2d *g)
{
    int64_t filters = g->f / g->groups;
    return (job){.b = mlk_blocks_for(g, mlk_direct_pitch(g)), .k = g->r * g->s * (g->c / g->groups), .filters = filters,
                 .padded = mlk_direct_padded(filters)};
}

static int64_t weights_size(const job *j)
{
    return mlk_aligned(j->b.g.groups * j->padded * j->k);
}

static int64_t offsets_size(const job *j)
{
    return mlk_aligned(j->k * (int64_t)(sizeof(int64_t) / sizeof(ml_real)));
}

static int64_t bias_size(const job *j)
{
    return mlk_aligned(j->b.g.groups * j->padded);
}

/* The pixels of one row of a block, all filters of a panel, in strips of nearly the same length: a short one would leave the multipliers
 * waiting. */
static void run_row(mlk_direct_tile t, int64_t cols, int64_t strips, int64_t width, int64_t filters)
{
    int64_t length = cols / strips, longer = cols % strips; /* so many are one pixel longer */
    for (int64_t i = 0; i < strips; i++) {
        int rows = (int)(length + (i < longer));
        mlk_direct_tile_run(&t, rows, (int)width, filters);
        t.x += rows * t.step;
        t.y += rows * t.y_step;
    }
}

static void run_group(const job *j, const mlk_block *at, const ml_real *patch, int64_t group)
{
    const mlk_slide *s = j->s;
    for (int64_t f = 0; f < j->filters; f += NR) {
        int64_t left = j->filters - f, width = mlk_direct_width(left), first = group * j->padded + f;
        int64_t strips = mlk_ceil_div(at->cols, width == VL ? MLK_TALL : MR);
        mlk_direct_tile t = {.k = j->k, .offset = j->offset, .step = mlk_patch_corner(&j->b, 0, 1), .w = j->weights + first * j->k,
                  .bias = j->bias + first, .y_step = s->y_pixel, .add = s->add};
        for (int64_t i = 0; i < at->rows; i++) {
            t.x = patch + mlk_patch_corner(&j->b, i, 0);
            t.y = s->y + at->image * s->y_image + (at->p + i) * s->y_row + at->q * s->y_pixel + group * j->filters + f;
            run_row(t, at->cols, strips, width, left < width ? left : width);
        }
    }
}

static void lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->b.g;
    ml_real *patch = j->patches + l.index * j->b.size;
    for (int64_t i = l.begin; i < l.end; i++) {
        mlk_block at = mlk_block_of(&j->b, i);
        for (int64_t group = 0; group < g->groups; group++) {
            mlk_patch_fill(patch, &j->b, &at, j->s->x, group * (g->c / g->groups), g->c / g->groups);
            run_group(j, &at, patch, group);
        }
        for (int64_t row = 0; row < at.rows && j->s->finish; row++) {
            int64_t pixel = (at.image * g->p + at.p + row) * g->q + at.q;
            mlk_conv2d_finish(j->s->finish, pixel * g->f, (pixel + at.cols) * g->f);
        }
    }
}

/* ---- weights ---- */

typedef struct pack_job {
    const job *j;
    const mlk_taps *w;
    ml_real *to;
} pack_job;

/* A panel of one group: width filters side by side, a step of the sum after the other. */
static void pack_panel(ml_real *to, const pack_job *p, int64_t group, int64_t f, int64_t width)
{
    const mlk_conv2d *g = &p->j->b.g;
    int64_t c = g->c / g->groups, left = p->j->filters - f;
    const ml_real *at = p->w->at + group * p->w->group + f * p->w->f_step;
    for (int64_t r = 0; r < g->r; r++)
        for (int64_t s = 0; s < g->s; s++)
            for (int64_t i = 0; i < c; i++, to += width)
                for (int64_t n = 0; n < width; n++)
                    to[n] = n < left ? at[r * p->w->r_step + s * p->w->s_step + i * p->w->c_step + n * p->w->f_step] : 0;
}

static void pack_groups(void *arg, mlk_lane l)
{
    const pack_job *p = arg;
    int64_t filters = p->j->filters;
    for (int64_t group = l.begin; group < l.end; group++)
        for (int64_t f = 0; f < filters; f += NR)
            pack_panel(p->to + (group * p->j->padded + f) * p->j->k, p, group, f, mlk_direct_width(filters - f));
}

static void pack(const job *j, const mlk_taps *w, ml_real *to)
{
    pack_job p = {j, w, to};
    mlk_run_items(j->b.g.groups, j->padded * j->k, pack_groups, &p);
}

static void place_bias(const job *j)
{
    memset(j->bias, 0, (size_t)bias_size(j) * sizeof *j->bias);
    for (int64_t group = 0; group < j->b.g.groups && j->s->bias; group++)
        memcpy(j->bias + group * j->padded, j->s->bias + group * j->filters, (size_t)j->filters * sizeof *j->bias);
}

/* ---- the body ---- */

static int64_t numbers(const mlk_conv2d *g)
{
    job j = job_for(g);
    return weights_size(&j) + offsets_size(&j) + bias_size(&j) + MLK_LANES_MAX * j.b.size;
}

static void run(const mlk_slide *s, void *work)
{
    job j = job_for(&s->g);
    ml_real *weights = work, *offset = weights + weights_size(&j);
    int64_t blocks = mlk_blocks_count(&j.b);
    if (blocks == 0)
        return;
    j.s = s;
    j.offset = (int64_t *)(void *)offset;
    j.bias = offset + offsets_size(&j);
    j.patches = j.bias + bias_size(&j);
    j.weights = s->packed ? s->packed : weights;
    if (!s->packed)
        pack(&j, &s->w, weights);
    mlk_patch_offsets(j.offset, &j.b, s->g.c / s->g.groups);
    place_bias(&j);
    mlk_run_lanes(blocks, mlk_lanes(blocks, 1, MLK_LANES_MAX), lane, &j);
}

static const mlk_slider DIRECT = {numbers, run};

void mlk_conv2d_direct(const mlk_conv2d_args *a)
{
    mlk_slide s = mlk_slide_forward(a);
    run(&s, a->work);
}

void mlk_conv2d_direct_dx(const mlk_conv2d_args *a)
{
    mlk_slide_back(a, &DIRECT);
}

size_t mlk_conv2d_direct_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    return (size_t)numbers(g) * sizeof(ml_real);
}

size_t mlk_conv2d_direct_dx_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    return (size_t)mlk_slide_back_numbers(g, &DIRECT) * sizeof(ml_real);
}

size_t mlk_conv2d_direct_packed_size(const mlk_conv2d *g)
{
    job j = job_for(g);
    return (size_t)weights_size(&j) * sizeof(ml_real);
}

void mlk_conv2d_direct_pack(const mlk_conv2d_args *a, void *packed)
{
    mlk_slide s = mlk_slide_forward(a);
    job j = job_for(&a->g);
    pack(&j, &s.w, packed);
}
