/* gemm_fast.c -- the matrix product, blocked for registers and caches. Derivation: docs/math/matmul.md
 *
 * Three ideas, from the inside out (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"):
 *
 *   registers  A tile of C, MR rows by NR columns, stays in vector registers while p runs over K. Each step loads NR
 *              numbers of B and MR of A, and does MR*NR multiply-adds: arithmetic outweighs loads.
 *   L1         A is copied ("packed") into strips of MR rows and B into panels of NR columns, so that the tile reads both
 *              in one straight line. (A read where it lies, six rows at once, has them all in the same bank of the
 *              cache: a quarter slower.) K is cut into blocks of at most KC, so that a panel of B stays in the
 *              first-level cache while all tiles of its column use it.
 *   threads    A is packed once, by all. Then C is cut into chunks, by its shape alone, and a chunk packs the columns of B
 *              that it needs by itself.
 *
 * This file has the plan; gemm_tile.c the inner loop, gemm_pack.c the copying, gemm_tall.c other plans for odd shapes.
 */
#include "kernels/gemm_fast.h"

#include "kernels/lanes.h"

/* ---- chunks ---- */

typedef struct plan {
    int64_t k, kc;        /* steps of a pass, and of a block in it */
    int64_t rows;         /* of a pass: a packed A is at most AREA numbers */
    int64_t high, panels; /* of a chunk: rows, and panels of NR columns */
    int64_t down, across; /* chunks of a pass */
} plan;

/* n cut into equal parts of at most `most`, each a multiple of `unit`. */
static int64_t part(int64_t n, int64_t most, int64_t unit)
{
    return n > 0 ? mlk_ceil_div(mlk_ceil_div(n, mlk_ceil_div(n, most)), unit) * unit : unit;
}

/* Chunks of a quarter of a million multiply-adds at least, some five microseconds, so that handing them out costs little;
 * at most eight panels, so that many threads find work. By the shape alone: same bits for any number of threads. */
static plan plan_for(const mlk_gemm_args *g)
{
    plan p = {.k = part(g->k, KS, 1)};
    p.kc = part(p.k, KC, 1);
    p.rows = part(g->m, AREA / p.k > MC ? AREA / p.k : MC, MR);
    p.high = part(p.rows, L2 / p.kc > MC ? L2 / p.kc : MC, MR);
    int64_t panel = p.high * NR * p.k, wanted = mlk_ceil_div(1 << 18, panel);
    p.panels = wanted > 8 ? 8 : wanted;
    p.down = mlk_ceil_div(p.rows, p.high);
    p.across = mlk_ceil_div(mlk_ceil_div(g->n, NR), p.panels);
    return p;
}

typedef struct pass {
    const mlk_gemm_args *g;
    plan p;
    int64_t row, rows, k0, k; /* this pass: its part of A */
    ml_real *a, *b;           /* packed A; a block of a panel of B for each chunk */
} pass;

enum { STRIPS = 8 }; /* of A, packed by one chunk of packing */

static ml_status pack_a(void *arg, int64_t chunk)
{
    const pass *s = arg;
    for (int64_t i = chunk * STRIPS * MR; i < s->rows && i < (chunk + 1) * STRIPS * MR; i += MR)
        mlk_pack_strip(s->a + i * s->k, s->g, s->row + i, s->k0, s->k);
    return ML_OK;
}

/* One panel of C, NR columns from col on: rows first .. last of the pass, one block of K. */
static void run_panel(const pass *s, mlk_tile t, int64_t first, int64_t last, int64_t col)
{
    const mlk_gemm_args *g = s->g;
    const ml_real *a = t.a;
    int64_t cols = g->n - col < NR ? g->n - col : NR;
    for (int64_t i = first; i < last; i += MR) {
        int rows = last - i < MR ? (int)(last - i) : MR;
        t.a = a + i * s->k;
        t.c = g->c + (s->row + i) * g->c_row + col;
        mlk_tile_run(&t, rows, cols);
    }
}

static ml_status run_chunk(void *arg, int64_t chunk)
{
    const pass *s = arg;
    const mlk_gemm_args *g = s->g;
    const plan *p = &s->p;
    int64_t first = chunk / p->across * p->high, last = first + p->high < s->rows ? first + p->high : s->rows;
    int64_t left = chunk % p->across * p->panels * NR, right = left + p->panels * NR < g->n ? left + p->panels * NR : g->n;
    ml_real *packed = s->b + chunk * p->kc * NR;
    for (int64_t k0 = 0; k0 < s->k && first < last; k0 += p->kc) {
        int64_t k = s->k - k0 < p->kc ? s->k - k0 : p->kc, from = s->k0 + k0;
        for (int64_t col = left; col < right; col += NR) {
            mlk_pack_panel(packed, g, col, from, k);
            mlk_tile t = {.k = k, .a = s->a + k0 * MR, .b = packed, .bias = g->bias ? g->bias + col : NULL, .c_row = g->c_row,
                      .start = from || g->add ? FROM_C : g->bias ? FROM_BIAS : FROM_ZERO};
            run_panel(s, t, first, last, col);
        }
    }
    return ML_OK;
}

/* ---- the product ---- */

/* A sum of no terms. */
static void no_steps(const mlk_gemm_args *g)
{
    for (int64_t i = 0; i < g->m && !g->add; i++)
        for (int64_t j = 0; j < g->n; j++)
            g->c[i * g->c_row + j] = g->bias ? g->bias[j] : 0;
}

/* Numbers of packed A, rounded so that what follows is aligned. */
static int64_t a_size(const plan *p)
{
    return mlk_ceil_div(p->rows * p->k, NR) * NR;
}

size_t mlk_gemm_fast_workspace(const mlk_gemm_args *g)
{
    if (mlk_gemm_is_tall(g))
        return mlk_gemm_tall_workspace(g);
    if (mlk_gemm_is_deep(g))
        return mlk_gemm_deep_workspace(g);
    plan p = plan_for(g);
    return (size_t)(a_size(&p) + p.across * p.down * p.kc * NR) * sizeof(ml_real);
}

void mlk_gemm_fast(const mlk_gemm_args *g, void *work)
{
    if (g->m == 0 || g->n == 0)
        return;
    if (g->k == 0) {
        no_steps(g);
        return;
    }
    if (mlk_gemm_is_tall(g)) {
        mlk_gemm_tall(g, work);
        return;
    }
    if (mlk_gemm_is_deep(g)) {
        mlk_gemm_deep(g, work);
        return;
    }
    pass s = {.g = g, .p = plan_for(g), .a = work};
    s.b = s.a + a_size(&s.p);
    for (s.k0 = 0; s.k0 < g->k; s.k0 += s.p.k) {
        s.k = g->k - s.k0 < s.p.k ? g->k - s.k0 : s.p.k;
        for (s.row = 0; s.row < g->m; s.row += s.p.rows) {
            s.rows = g->m - s.row < s.p.rows ? g->m - s.row : s.p.rows;
            ml_parallel_for(mlk_ceil_div(s.rows, STRIPS * MR), pack_a, &s);
            ml_parallel_for(s.p.across * s.p.down, run_chunk, &s);
        }
    }
}
