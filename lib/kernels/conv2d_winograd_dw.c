/* conv2d_winograd_dw.c -- the gradient by weight of Winograd's convolution, through the same points
 *
 * Forward is y = A^T [U . V] A with U = G g G^T and V = B^T d B, linear in each. So backward goes through the transposes, and the
 * sum over the tiles is a matrix product for each of the t x t numbers e, again a quarter of the multiplications:
 *
 *     W[e] (tiles, F) = A dy A^T       dU[e] (F, C) = W[e]^T V[e]       dw = G^T dU G
 *
 *     for each block of tiles          so many that what is read and written of dU is little beside the products
 *       V and W                        the threads share the tiles
 *       dU[e] += W[e]^T V[e]           the threads share e and panels of NR channels: no sum is anybody else's
 *     dw = G^T dU G                    the threads share the filters
 *
 * Where dU is small, each lane of tiles has one of its own, and the sum over lanes comes last: then no thread waits for what
 * another wrote, and V and W of a block stay in its own cache.
 *
 * Derivation docs/math/winograd.md
 */
#include "kernels/conv2d_winograd.h"

#include "kernels/lanes.h"

#include <string.h>

enum {
    BLOCK_BYTES = 8 << 20, /* V and W of a shared block */
    LEAST = 128,           /* tiles of one */
    OWN_BYTES = 1 << 20,   /* dU, up to which each lane has its own */
    OWN_LANES = 16,
    OWN_TILES = 64         /* of a lane's block */
};

typedef struct job {
    const mlk_conv2d_args *a;
    mlk_wino w;
    int64_t tiles;                            /* of a block */
    int64_t v_row, w_row, v_slab, w_slab;     /* numbers */
    int64_t u_row, u_slab;
    ml_real *zeros, *v, *dy, *u;              /* dy: W */
    int64_t first, n;                         /* of the block at hand */
    int64_t lanes;                            /* that have a dU of their own; 1: it is shared */
    bool add;                                 /* to what is there of dU: the block is not its first */
} job;

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static job job_for(const mlk_conv2d *g, int m)
{
    job j = {.w = mlk_wino_of(g, m), .v_row = mlk_wino_row(g->c), .w_row = mlk_wino_row(g->f), .u_row = mlk_ceil_div(g->c, NR) * NR};
    const int64_t number = (int64_t)sizeof(ml_real);
    j.u_slab = mlk_wino_slab(g->f * j.u_row);
    j.lanes = j.w.e * j.u_slab * number > OWN_BYTES ? 1 : mlk_lanes(j.w.n, 4 * OWN_TILES, OWN_LANES);
    j.tiles = j.lanes > 1 ? OWN_TILES : larger(BLOCK_BYTES / (number * j.w.e * (j.v_row + j.w_row)), LEAST);
    j.tiles = j.tiles < j.w.n ? j.tiles : larger(j.w.n, 1);
    j.v_slab = mlk_wino_slab(j.tiles * j.v_row), j.w_slab = mlk_wino_slab(j.tiles * j.w_row);
    return j;
}

static int64_t zeros_numbers(const mlk_conv2d *g)
{
    return mlk_aligned(larger(g->c, g->f) + VL);
}

static void transform_tiles(void *arg, mlk_lane l)
{
    const job *j = arg;
    const int64_t first = j->first + l.begin, n = l.end - l.begin;
    mlk_wino_inputs(j->v + l.begin * j->v_row, j->v_slab, j->v_row, &j->w, j->a->x, j->zeros, first, n);
    mlk_wino_gradients(j->dy + l.begin * j->w_row, j->w_slab, j->w_row, &j->w, j->a->dy, j->zeros, first, n);
}

static int64_t items(const job *j)
{
    return j->w.e * (j->u_row / NR);
}

/* Item i is number e and a panel of channels, all filters. */
static void multiply(void *arg, mlk_lane l)
{
    const job *j = arg;
    const int64_t f = j->w.g.f, panels = j->u_row / NR;
    for (int64_t i = l.begin; i < l.end; i++) {
        const int64_t e = i / panels, c = i % panels * NR;
        for (int64_t at = 0; at < f; at += MR) {
            const mlk_wino_tile t = {.k = j->n, .a = j->dy + e * j->w_slab + at, .a_step = j->w_row, .b = j->v + e * j->v_slab + c,
                                     .b_step = j->v_row, .c = j->u + e * j->u_slab + at * j->u_row + c, .c_row = j->u_row,
                                     .add = j->add};
            mlk_wino_by_steps(&t, f - at < MR ? (int)(f - at) : MR);
        }
    }
}

static void own_tiles(void *arg, mlk_lane l)
{
    job j = *(const job *)arg;
    j.u += l.index * j.w.e * j.u_slab;
    j.v += l.index * j.w.e * (j.v_slab + j.w_slab), j.dy += l.index * j.w.e * (j.v_slab + j.w_slab);
    for (j.first = l.begin; j.first < l.end; j.first += j.tiles) {
        j.n = mlk_least(l.end - j.first, j.tiles), j.add = j.first > l.begin;
        transform_tiles(&j, (mlk_lane){.end = j.n});
        multiply(&j, (mlk_lane){.end = items(&j)});
    }
}

static void shared_tiles(job *j)
{
    for (j->first = 0; j->first < j->w.n; j->first += j->tiles) {
        j->n = mlk_least(j->w.n - j->first, j->tiles), j->add = j->first > 0;
        mlk_run_lanes(j->n, mlk_lanes(j->n, 2, MLK_LANES_MAX), transform_tiles, j);
        mlk_run_lanes(items(j), mlk_lanes(items(j), 1, MLK_LANES_MAX), multiply, j);
    }
}

static void come_back(void *arg, mlk_lane l)
{
    const job *j = arg;
    const int64_t c = j->w.g.c;
    for (int64_t f = l.begin; f < l.end; f++)
        mlk_wino_weight_gradients(j->a->out + f * 9 * c, j->a->add, j->u + f * j->u_row, j->u_slab, c, j->w.m);
}

static void run(const mlk_conv2d_args *a, int m)
{
    job j = job_for(&a->g, m);
    j.a = a;
    j.zeros = a->work;
    j.u = j.zeros + zeros_numbers(&a->g), j.v = j.u + j.lanes * j.w.e * j.u_slab, j.dy = j.v + j.w.e * j.v_slab;
    memset(j.zeros, 0, (size_t)zeros_numbers(&a->g) * sizeof *j.zeros);
    if (j.w.n == 0)
        memset(j.u, 0, (size_t)(j.w.e * j.u_slab) * sizeof *j.u);
    if (j.lanes > 1) {
        mlk_run_lanes(j.w.n, j.lanes, own_tiles, &j);
        mlk_sum_parts(j.u, false, j.u, j.lanes, j.w.e * j.u_slab);
    } else {
        shared_tiles(&j);
    }
    mlk_run_items(a->g.f, 9 * a->g.c, come_back, &j);
}

static size_t workspace(const mlk_conv2d *g, int m)
{
    job j = job_for(g, m);
    return (size_t)(zeros_numbers(g) + j.lanes * j.w.e * (j.v_slab + j.w_slab + j.u_slab)) * sizeof(ml_real);
}

#define PASS(m)                                                                                                \
    void mlk_conv2d_winograd##m##_dw(const mlk_conv2d_args *a) { run(a, m); }                                      \
    size_t mlk_conv2d_winograd##m##_dw_workspace(ml_kernel kernel, const mlk_conv2d *g)                            \
    {                                                                                                              \
        (void)kernel;                                                                                              \
        return workspace(g, m);                                                                                    \
    }
PASS(4)
PASS(2)
