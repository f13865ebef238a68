/* conv2d_winograd.c -- convolution with a 3x3 window in a quarter of the multiplications
 *
 * A tile of 4 x 4 outputs sees 6 x 6 inputs. As polynomials, the product of a row of inputs and a row of weights is known when it is
 * known at six points: so take both to their values there (B^T d B, G g G^T), multiply value by value, 36 products instead
 * of 9 16 = 144, and come back (A^T . A). The transforms are additions for a handful of small constants, once for each channel and
 * once for each filter; the products are for each channel and filter, so they are what counts. Number e of all tiles' V and of
 * all weights' U meet in a matrix product of their own:
 *
 *     V[e] (tiles, C) = B^T d B        U[e] (C, F) = G g G^T        M[e] = V[e] U[e]        y = A^T M A
 *
 *     for each block of tiles                      the threads share them; V stays in the second-level cache
 *       V = B^T d B
 *       for each panel of NR filters
 *         for each e: M[e] = V[e] U[e]             MR tiles by NR filters in registers
 *         y = A^T M A, and what follows a convolution
 *
 * With many channels the numbers of a few tiles fill the cache, and the weights, read once a block, are what costs. So there, and
 * where there are too few blocks to share, V of many tiles is made first and the threads share the panels.
 *
 * dx is the same over dy with the window turned by 180 degrees, filters and channels exchanged: see conv2d_phases.c. The gradient by
 * weight: conv2d_winograd_dw.c.
 * Cost       2 36/16 = 4.5 flops an output, channel and filter instead of 18; with tiles of 2 x 2, 8
 * Precision  the values at the points are larger than what they come from: a few more bits are lost than by the plain sum
 * Source     Winograd 1980; Lavin, Gray 2016, "Fast algorithms for convolutional neural networks"; points: Barabasz et al. 2020
 * Derivation docs/math/winograd.md
 */
#include "kernels/conv2d_winograd.h"

#include "kernels/lanes.h"

#include <string.h>

enum {
    BLOCK_BYTES = 320 << 10,  /* V of a block: most of a second-level cache of 512 KB */
    SHARED_BYTES = 12 << 20,  /* V of many blocks, in the third level */
    FEW_BLOCKS = 8,
    WIDE = 160,               /* numbers of a row from where on V of a block is too large */
    CHUNK = 8 * MR,           /* tiles that a panel of weights meets before the next */
    PACK_LANES = 8            /* each has nine taps of a panel at hand */
};

typedef struct job {
    mlk_conv2d_args a; /* of the convolution that is computed: turned for dx */
    mlk_wino w;
    bool shared;
    int64_t tiles, blocks;           /* of a block, and how many */
    int64_t row, v_slab, m_slab;     /* numbers */
    int64_t lanes, lane;             /* how many, and numbers of one */
    const ml_real *u;                /* panel after panel: e (C, NR) each */
    ml_real *zeros, *v, *scratch;
    int64_t first, n;                /* of the block at hand */
} job;

static int64_t panels(const job *j)
{
    return mlk_ceil_div(j->w.g.f, NR);
}

static int64_t tiles_for(int64_t bytes, const job *j)
{
    int64_t fit = bytes / ((int64_t)sizeof(ml_real) * j->w.e * j->row) / MR * MR;
    int64_t all = mlk_ceil_div(j->w.n, MR) * MR;
    fit = fit < 2 * MR ? 2 * MR : fit; /* two strips, so that U is read for more than one */
    return fit < all ? fit : all > 0 ? all : MR;
}

static job job_for(const mlk_conv2d *g, int m)
{
    job j = {.a.g = *g, .w = mlk_wino_of(g, m), .row = mlk_wino_row(g->c)};
    j.tiles = tiles_for(BLOCK_BYTES, &j);
    j.shared = j.row > WIDE || j.w.n < FEW_BLOCKS * j.tiles;
    if (j.shared)
        j.tiles = tiles_for(SHARED_BYTES, &j);
    j.blocks = mlk_ceil_div(j.w.n, j.tiles);
    j.v_slab = mlk_wino_slab(j.tiles * j.row);
    j.m_slab = mlk_wino_slab((j.tiles < CHUNK ? j.tiles : CHUNK) * NR);
    j.lanes = j.shared ? MLK_LANES_MAX : mlk_lanes(j.blocks, 1, MLK_LANES_MAX);
    j.lane = j.w.e * (j.m_slab + (j.shared ? 0 : j.v_slab));
    return j;
}

static int64_t weights_numbers(const mlk_conv2d *g, int m)
{
    return (m + 2) * (m + 2) * g->c * mlk_ceil_div(g->f, NR) * NR;
}

static int64_t job_numbers(const job *j, bool packed)
{
    return mlk_aligned(j->w.g.c + VL) + (packed ? 0 : weights_numbers(&j->w.g, j->w.m)) +
           (j->shared ? j->w.e * j->v_slab : 0) + j->lanes * j->lane + PACK_LANES * mlk_aligned(9 * j->w.g.c * NR);
}

/* ---- weights ---- */

typedef struct pack_job {
    const mlk_conv2d *g; /* of the convolution that is computed */
    const ml_real *w;    /* (F,3,3,C) of the one that is meant */
    bool turned;
    ml_real *to, *scratch;
    int m;
} pack_job;

/* Nine taps of NR filters, (tap, C, NR); for dx the window turned, and filters and channels exchanged. */
static void take_taps(const pack_job *j, ml_real *to, int64_t panel)
{
    const int64_t c = j->g->c, f = j->g->f;
    for (int64_t tap = 0; tap < 9; tap++, to += c * NR) {
        mlk_gemm_args at = {.n = f, .k = c, .b = j->w + tap * c, .b_row = 1, .b_col = 9 * c};
        if (j->turned)
            at = (mlk_gemm_args){.n = f, .k = c, .b = j->w + (8 - tap) * f, .b_row = 9 * f, .b_col = 1};
        mlk_pack_panel(to, &at, panel * NR, 0, c);
    }
}

static void pack_panels(void *arg, mlk_lane l)
{
    const pack_job *j = arg;
    const int64_t c = j->g->c, e = (j->m + 2) * (j->m + 2);
    ml_real *taps = j->scratch + l.index * mlk_aligned(9 * c * NR);
    for (int64_t panel = l.begin; panel < l.end; panel++) {
        take_taps(j, taps, panel);
        mlk_wino_weights(j->to + panel * e * c * NR, c * NR, taps, c * NR, c, j->m);
    }
}

static void pack(const pack_job *j)
{
    int64_t n = mlk_ceil_div(j->g->f, NR);
    mlk_run_lanes(n, mlk_lanes(n, 1, PACK_LANES), pack_panels, (void *)j);
}

/* ---- tiles ---- */

/* What the product of number e of tiles at + i .. brings along: from the pixels of the next block as much as is this product's
 * share of the work on a block, or the next rows of V, where V is shared and comes from afar. */
static void ask(const job *j, mlk_wino_tile *t, int64_t panel, int64_t at, int64_t n, int64_t e, int64_t i)
{
    t->to_read = t->to_write = (const char *)t->c;
    if (j->shared) {
        t->to_read = (const char *)(i + MR < n ? t->a + MR * j->row : t->a + j->v_slab - i * j->row);
        t->read_step = MR * j->row * (int64_t)sizeof(ml_real) / t->k;
        return;
    }
    const int64_t done = (panel * j->n + at) * j->w.e + e * n + i, line = done * j->w.m / (panels(j) * j->w.e);
    const int64_t next = j->first + j->n + line / j->w.m;
    if (next < j->w.n)
        mlk_wino_ask(t, &j->a, &j->w, next, (int)(line % j->w.m));
}

/* Tiles `at` .. at+n-1 of a block times one panel of filters, to y. */
static void run_panel(const job *j, const ml_real *v, ml_real *products, int64_t panel, int64_t at, int64_t n)
{
    const int64_t c = j->w.g.c;
    const ml_real *u = j->u + panel * j->w.e * c * NR;
    for (int64_t e = 0; e < j->w.e; e++)
        for (int64_t i = 0; i < n; i += MR) {
            mlk_wino_tile t = {.k = c, .a = v + e * j->v_slab + (at + i) * j->row, .a_row = j->row, .b = u + e * c * NR, .b_step = NR,
                               .c = products + e * j->m_slab + i * NR, .c_row = NR};
            ask(j, &t, panel, at, n, e, i);
            mlk_wino_by_rows(&t, n - i < MR ? (int)(n - i) : MR);
        }
    mlk_wino_outputs(&j->a, &j->w, products, j->m_slab, panel * NR, j->first + at, n);
}

static void run_block(const job *j, const ml_real *v, ml_real *products)
{
    for (int64_t panel = 0; panel < panels(j); panel++)
        for (int64_t at = 0; at < j->n; at += CHUNK)
            run_panel(j, v, products, panel, at, mlk_least(j->n - at, CHUNK));
}

static void own_blocks(void *arg, mlk_lane l)
{
    job j = *(const job *)arg;
    ml_real *products = j.scratch + l.index * j.lane, *v = products + j.w.e * j.m_slab;
    for (j.first = l.begin * j.tiles; j.first < l.end * j.tiles && j.first < j.w.n; j.first += j.tiles) {
        j.n = mlk_least(j.w.n - j.first, j.tiles);
        mlk_wino_inputs(v, j.v_slab, j.row, &j.w, j.a.x, j.zeros, j.first, j.n);
        run_block(&j, v, products);
    }
}

static void shared_inputs(void *arg, mlk_lane l)
{
    const job *j = arg;
    mlk_wino_inputs(j->v + l.begin * j->row, j->v_slab, j->row, &j->w, j->a.x, j->zeros, j->first + l.begin, l.end - l.begin);
}

static int64_t chunks(const job *j)
{
    return mlk_ceil_div(j->n, CHUNK);
}

/* Item i is a chunk of tiles and a panel: neighbours share the panel. */
static void shared_panels(void *arg, mlk_lane l)
{
    const job *j = arg;
    for (int64_t i = l.begin; i < l.end; i++) {
        int64_t at = i % chunks(j) * CHUNK;
        run_panel(j, j->v, j->scratch + l.index * j->lane, i / chunks(j), at, mlk_least(j->n - at, CHUNK));
    }
}

static void run_tiles(job *j)
{
    if (!j->shared) {
        mlk_run_lanes(j->blocks, j->lanes, own_blocks, j);
        return;
    }
    for (j->first = 0; j->first < j->w.n; j->first += j->tiles) {
        j->n = mlk_least(j->w.n - j->first, j->tiles);
        mlk_run_lanes(j->n, mlk_lanes(j->n, 2, MLK_LANES_MAX), shared_inputs, j);
        int64_t items = panels(j) * chunks(j);
        mlk_run_lanes(items, mlk_lanes(items, 1, MLK_LANES_MAX), shared_panels, j);
    }
}

/* ---- the passes ---- */

/* The convolution a, over a->x with weights w of the one that is meant, here or turned. */
static void run(const mlk_conv2d_args *a, bool turned, int m)
{
    job j = job_for(&a->g, m);
    ml_real *u, *taps;
    j.a = *a;
    j.zeros = a->work;
    memset(j.zeros, 0, (size_t)(a->g.c + VL) * sizeof *j.zeros);
    u = j.zeros + mlk_aligned(a->g.c + VL);
    j.v = u + (a->packed ? 0 : weights_numbers(&a->g, m));
    j.scratch = j.v + (j.shared ? j.w.e * j.v_slab : 0);
    taps = j.scratch + j.lanes * j.lane;
    j.u = a->packed ? a->packed : u;
    if (!a->packed)
        pack(&(pack_job){&a->g, a->w, turned, u, taps, m});
    if (j.w.n > 0)
        run_tiles(&j);
}

/* The convolution over dy that gives dx. Its padding may be negative: then some of dy is never looked at. */
static mlk_conv2d turned_of(const mlk_conv2d *g)
{
    return (mlk_conv2d){.n = g->n, .h = g->p, .w = g->q, .c = g->f, .f = g->c, .r = 3, .s = 3, .p = g->h, .q = g->w,
                        .stride = {1, 1}, .dil = {1, 1}, .groups = 1, .pad = {2 - g->pad[0], 2 - g->pad[1]}};
}

static void dx(const mlk_conv2d_args *a, int m)
{
    mlk_conv2d_args b = {.g = turned_of(&a->g), .x = a->dy, .w = a->w, .out = a->out, .add = a->add, .work = a->work};
    run(&b, true, m);
}

static size_t workspace(const mlk_conv2d *g, int m)
{
    mlk_conv2d back = turned_of(g);
    job forward = job_for(g, m), turned = job_for(&back, m);
    int64_t a = job_numbers(&forward, false), b = job_numbers(&turned, false);
    return (size_t)(a > b ? a : b) * sizeof(ml_real);
}

/* Scratch for the taps lies behind the weights. */
static size_t packed_size(const mlk_conv2d *g, int m)
{
    return (size_t)(weights_numbers(g, m) + PACK_LANES * mlk_aligned(9 * g->c * NR)) * sizeof(ml_real);
}

static void pack_alone(const mlk_conv2d_args *a, void *packed, int m)
{
    pack(&(pack_job){&a->g, a->w, false, packed, (ml_real *)packed + weights_numbers(&a->g, m), m});
}

#define PASSES(m)                                                                                              \
    void mlk_conv2d_winograd##m(const mlk_conv2d_args *a) { run(a, false, m); }                                    \
    void mlk_conv2d_winograd##m##_dx(const mlk_conv2d_args *a) { dx(a, m); }                                       \
    size_t mlk_conv2d_winograd##m##_workspace(ml_kernel kernel, const mlk_conv2d *g)                               \
    {                                                                                                              \
        (void)kernel;                                                                                              \
        return workspace(g, m);                                                                                    \
    }                                                                                                              \
    size_t mlk_conv2d_winograd##m##_packed_size(const mlk_conv2d *g) { return packed_size(g, m); }                 \
    void mlk_conv2d_winograd##m##_pack(const mlk_conv2d_args *a, void *packed) { pack_alone(a, packed, m); }
PASSES(4)
PASSES(2)
