/* gemm_fast.c -- the matrix product, blocked for registers and caches. Derivation: docs/math/matmul.md
 *
 * Three ideas, from the inside out (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"):
 *
 *   registers  A tile of C, MR rows by NR columns, stays in vector registers while p runs over K. Each step loads NR
 *              numbers of B and MR of A, and does MR*NR multiply-adds: arithmetic outweighs loads.
 *   L1         B is copied ("packed") into panels NR wide, so that the tile reads it in one straight line. K is cut into
 *              blocks of at most KC, so that a panel stays in the first-level cache while all tiles of its column use it.
 *   threads    C is cut into chunks, by its shape alone. A chunk packs the columns of B that it needs by itself: no
 *              thread waits for another. A is read where it lies.
 */
#include "kernels/gemm.h"

#include <string.h>

#if defined(__AVX512F__)
enum { BYTES = 64, MR = 12, NV = 2 }; /* 32 registers: 24 sums, 2 of B, 1 of A */
#elif defined(__AVX__)
enum { BYTES = 32, MR = 6, NV = 2 }; /* 16 registers: 12, 2, 1 */
#elif defined(__aarch64__)
enum { BYTES = 16, MR = 8, NV = 3 }; /* 32 registers: 24, 3, 2 */
#else
enum { BYTES = 16, MR = 6, NV = 2 };
#endif
enum { VL = BYTES / (int)sizeof(ml_real), NR = VL * NV, KC = 320, MC = 192 };

/* The compiler's vectors: +, * and [] work on VL numbers at once, on any CPU. `loose` may lie anywhere. */
typedef ml_real vec __attribute__((vector_size(BYTES)));
typedef ml_real loose __attribute__((vector_size(BYTES), aligned(sizeof(ml_real)), may_alias));
typedef ml_real quad __attribute__((vector_size(4 * sizeof(ml_real)), aligned(sizeof(ml_real)), may_alias));

/* ---- the tile ---- */

/* A loop of few steps, wholly unrolled, so that its array lives in registers. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

typedef enum start { FROM_ZERO, FROM_BIAS, FROM_C } start;

typedef struct tile {
    int64_t k;           /* steps of this block */
    const ml_real *a;    /* first row of A */
    int64_t a_row, a_col;
    const ml_real *b;    /* packed panel: k rows of NR numbers */
    const ml_real *bias; /* of the first column */
    ml_real *c;
    int64_t c_row;
    start start;
} tile;

/* rows and the unit stride are constants where this is inlined: the loops over i and v unroll into registers. */
static inline __attribute__((always_inline)) void run_tile(const tile *t, const int rows, const bool a_by_rows)
{
    vec sum[MR][NV];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < NV; v++) {
            if (t->start == FROM_C)
                sum[i][v] = *(const loose *)(t->c + i * t->c_row + v * VL);
            else if (t->start == FROM_BIAS)
                sum[i][v] = *(const loose *)(t->bias + v * VL);
            else
                sum[i][v] = (vec){0};
        }
    const ml_real *a = t->a, *b = t->b;
    const int64_t a_row = a_by_rows ? t->a_row : 1, a_col = a_by_rows ? 1 : t->a_col;
    for (int64_t p = 0; p < t->k; p++, a += a_col, b += NR) {
        vec bv[NV];
        UNROLL
        for (int v = 0; v < NV; v++)
            bv[v] = *(const vec *)(b + v * VL);
        UNROLL
        for (int i = 0; i < rows; i++) {
            ml_real ai = a[i * a_row];
            UNROLL
            for (int v = 0; v < NV; v++)
                sum[i][v] += ai * bv[v];
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < NV; v++)
            *(loose *)(t->c + i * t->c_row + v * VL) = sum[i][v];
}

#define CASE(n)                                                                                                \
    case n:                                                                                                        \
        if (n > MR)                                                                                                \
            break;                                                                                                 \
        if (t->a_col == 1)                                                                                         \
            run_tile(t, n > MR ? MR : n, true);                                                                    \
        else                                                                                                       \
            run_tile(t, n > MR ? MR : n, false);                                                                   \
        break;

static void tile_of_rows(const tile *t, int rows)
{
    switch (rows) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
    }
}

/* A tile at the right edge has fewer columns than a panel: it works on a copy. */
static void edge_tile(const tile *t, int rows, int64_t cols)
{
    _Alignas(64) ml_real c[MR * NR] = {0}, bias[NR] = {0};
    tile copy = *t;
    for (int i = 0; i < rows && t->start == FROM_C; i++)
        memcpy(c + i * NR, t->c + i * t->c_row, (size_t)cols * sizeof *c);
    if (t->start == FROM_BIAS)
        memcpy(bias, t->bias, (size_t)cols * sizeof *bias);
    copy.c = c;
    copy.c_row = NR;
    copy.bias = bias;
    tile_of_rows(&copy, rows);
    for (int i = 0; i < rows; i++)
        memcpy(t->c + i * t->c_row, c + i * NR, (size_t)cols * sizeof *c);
}

/* ---- packing a panel of B: k rows of NR columns, zeros where B has none ---- */

static void pack_straight(ml_real *to, const ml_real *b, int64_t b_row, int64_t k, int64_t cols)
{
    if (cols == NR) {
        for (int64_t p = 0; p < k; p++)
            for (int v = 0; v < NV; v++)
                *(vec *)(to + p * NR + v * VL) = *(const loose *)(b + p * b_row + v * VL);
        return;
    }
    for (int64_t p = 0; p < k; p++) {
        memcpy(to + p * NR, b + p * b_row, (size_t)cols * sizeof *to);
        memset(to + p * NR + cols, 0, (size_t)(NR - cols) * sizeof *to);
    }
}

/* Four numbers of four columns, turned into four rows. Two rounds of interleaving transpose a square of four. */
static inline void turn_square(ml_real *to, const ml_real *b, int64_t b_col)
{
    quad x0 = *(const quad *)b, x1 = *(const quad *)(b + b_col);
    quad x2 = *(const quad *)(b + 2 * b_col), x3 = *(const quad *)(b + 3 * b_col);
    quad lo02 = __builtin_shufflevector(x0, x2, 0, 4, 1, 5), hi02 = __builtin_shufflevector(x0, x2, 2, 6, 3, 7);
    quad lo13 = __builtin_shufflevector(x1, x3, 0, 4, 1, 5), hi13 = __builtin_shufflevector(x1, x3, 2, 6, 3, 7);
    *(quad *)to = __builtin_shufflevector(lo02, lo13, 0, 4, 1, 5);
    *(quad *)(to + NR) = __builtin_shufflevector(lo02, lo13, 2, 6, 3, 7);
    *(quad *)(to + 2 * NR) = __builtin_shufflevector(hi02, hi13, 0, 4, 1, 5);
    *(quad *)(to + 3 * NR) = __builtin_shufflevector(hi02, hi13, 2, 6, 3, 7);
}

static void pack_turned(ml_real *to, const ml_real *b, int64_t b_col, int64_t k, int64_t cols)
{
    int64_t k4 = k - k % 4, cols4 = cols - cols % 4;
    for (int64_t p = 0; p < k4; p += 4)
        for (int64_t j = 0; j < cols4; j += 4)
            turn_square(to + p * NR + j, b + p + j * b_col, b_col);
    for (int64_t p = 0; p < k; p++)
        for (int64_t j = p < k4 ? cols4 : 0; j < NR; j++)
            to[p * NR + j] = j < cols ? b[p + j * b_col] : 0;
}

/* ---- chunks ---- */

typedef struct plan {
    int64_t panels;       /* of a chunk, NR columns each */
    int64_t rows;         /* of a chunk */
    int64_t across, down; /* chunks */
    int64_t kc;           /* steps of a block */
} plan;

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* Chunks of about half a million multiply-adds at least (some ten microseconds), so that handing them out costs nothing;
 * at most eight panels, so that many threads find work. By the shape alone: same bits for
 * any number of threads. */
static plan plan_for(const mlk_gemm_args *g)
{
    plan p = {0};
    p.rows = g->m <= MC + MC / 2 ? g->m : MC;
    p.down = ceil_div(g->m, p.rows ? p.rows : 1);
    int64_t all = ceil_div(g->n, NR), one = p.rows * NR * (g->k ? g->k : 1);
    p.panels = ceil_div(1 << 18, one ? one : 1);
    p.panels = p.panels > 8 ? 8 : p.panels < 1 ? 1 : p.panels;
    p.across = ceil_div(all, p.panels);
    p.kc = g->k ? ceil_div(g->k, ceil_div(g->k, KC)) : 1;
    return p;
}

typedef struct job {
    const mlk_gemm_args *g;
    plan p;
    ml_real *packed; /* kc * NR numbers a chunk: one panel */
} job;

static void run_panel(const mlk_gemm_args *g, tile t, int64_t row, int64_t rows, int64_t col)
{
    int64_t cols = g->n - col < NR ? g->n - col : NR;
    for (int64_t i = row; i < row + rows; i += MR) {
        int high = row + rows - i < MR ? (int)(row + rows - i) : MR;
        t.a = g->a + i * g->a_row + (t.a - g->a);
        t.c = g->c + i * g->c_row + col;
        if (cols == NR)
            tile_of_rows(&t, high);
        else
            edge_tile(&t, high, cols);
        t.a = t.a - i * g->a_row;
    }
}

static ml_status run_chunk(void *arg, int64_t index)
{
    const job *j = arg;
    const mlk_gemm_args *g = j->g;
    int64_t row = index / j->p.across * j->p.rows, first = index % j->p.across * j->p.panels * NR;
    int64_t rows = g->m - row < j->p.rows ? g->m - row : j->p.rows;
    int64_t last = first + j->p.panels * NR < g->n ? first + j->p.panels * NR : g->n;
    ml_real *packed = j->packed + index * j->p.kc * NR;
    for (int64_t k0 = 0; k0 < g->k; k0 += j->p.kc) {
        int64_t k = g->k - k0 < j->p.kc ? g->k - k0 : j->p.kc;
        for (int64_t col = first; col < last; col += NR) {
            int64_t cols = g->n - col < NR ? g->n - col : NR;
            if (g->b_col == 1)
                pack_straight(packed, g->b + k0 * g->b_row + col, g->b_row, k, cols);
            else
                pack_turned(packed, g->b + k0 + col * g->b_col, g->b_col, k, cols);
            tile t = {.k = k, .a = g->a + k0 * g->a_col, .a_row = g->a_row, .a_col = g->a_col, .b = packed,
                      .bias = g->bias ? g->bias + col : NULL, .c_row = g->c_row,
                      .start = k0 || g->add ? FROM_C : g->bias ? FROM_BIAS : FROM_ZERO};
            run_panel(g, t, row, rows, col);
        }
    }
    return ML_OK;
}

static void no_steps(const mlk_gemm_args *g)
{
    for (int64_t i = 0; i < g->m && !g->add; i++)
        for (int64_t j = 0; j < g->n; j++)
            g->c[i * g->c_row + j] = g->bias ? g->bias[j] : 0;
}

size_t mlk_gemm_fast_workspace(const mlk_gemm_args *g)
{
    plan p = plan_for(g);
    return (size_t)(p.across * p.down * p.kc * NR) * sizeof(ml_real);
}

void mlk_gemm_fast(const mlk_gemm_args *g, void *work)
{
    if (g->m == 0 || g->n == 0)
        return;
    if (g->k == 0) {
        no_steps(g);
        return;
    }
    job j = {g, plan_for(g), work};
    ml_parallel_for(j.p.across * j.p.down, run_chunk, &j);
}
