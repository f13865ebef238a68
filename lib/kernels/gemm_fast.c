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
enum { VL = BYTES / (int)sizeof(ml_real), NR = VL * NV, KC = 320, MC = 192, KS = 4096, AREA = 1 << 20, L2 = MC * KC };

/* The compiler's vectors: +, * and [] work on VL numbers at once, on any CPU. `loose` may lie anywhere. */
typedef ml_real vec __attribute__((vector_size(BYTES)));
typedef ml_real loose __attribute__((vector_size(BYTES), aligned(sizeof(ml_real)), may_alias));
typedef ml_real quad __attribute__((vector_size(4 * sizeof(ml_real)), aligned(sizeof(ml_real)), may_alias));
typedef ml_real oct __attribute__((vector_size(8 * sizeof(ml_real)), aligned(sizeof(ml_real)), may_alias));

/* The low halves of two squares interleaved, in both halves of the vector; and the high ones. */
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)

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
    const ml_real *a;    /* packed strip: k steps of MR numbers */
    const ml_real *b;    /* packed panel: k steps of NR numbers */
    const ml_real *bias; /* of the first column */
    ml_real *c;
    int64_t c_row;
    start start;
} tile;

/* rows is a constant where this is inlined. */
static inline __attribute__((always_inline)) void run_tile(const tile *t, const int rows)
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
    for (int64_t p = 0; p < t->k; p++, a += MR, b += NR) {
        vec bv[NV];
        UNROLL
        for (int v = 0; v < NV; v++)
            bv[v] = *(const vec *)(b + v * VL);
        UNROLL
        for (int i = 0; i < rows; i++)
            UNROLL
            for (int v = 0; v < NV; v++)
                sum[i][v] += a[i] * bv[v];
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
        for (int v = 0; v < NV; v++)
            *(loose *)(t->c + i * t->c_row + v * VL) = sum[i][v];
}

#define CASE(n)                                                                                                \
    case n:                                                                                                        \
        if (n <= MR)                                                                                               \
            run_tile(t, n <= MR ? n : MR);                                                                         \
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

/* ---- packing: from rows and columns to one straight line ----
 *
 * `to` receives k steps of `wide` numbers; of these the first `have` come from the matrix, the rest are zero. */

/* The numbers of a step lie side by side, steps are `step` apart. */
static void pack_straight(ml_real *to, const ml_real *from, int64_t step, int64_t k, int wide, int64_t have)
{
    if (have == NR && wide == NR) {
        for (int64_t p = 0; p < k; p++)
            for (int v = 0; v < NV; v++)
                *(vec *)(to + p * NR + v * VL) = *(const loose *)(from + p * step + v * VL);
        return;
    }
    for (int64_t p = 0; p < k; p++)
        for (int j = 0; j < wide; j++)
            to[p * wide + j] = j < have ? from[p * step + j] : 0;
}

/* Four steps of eight lines, turned: two squares of four side by side in one vector. Two rounds of interleaving transpose
 * a square. */
static inline void turn_pair(ml_real *to, int wide, const ml_real *from, int64_t line)
{
    oct x[4], lo02, hi02, lo13, hi13;
    for (int i = 0; i < 4; i++)
        x[i] = __builtin_shufflevector(*(const quad *)(from + i * line), *(const quad *)(from + (i + 4) * line), 0, 1, 2, 3,
                                       4, 5, 6, 7);
    lo02 = LOW(x[0], x[2]), hi02 = HIGH(x[0], x[2]), lo13 = LOW(x[1], x[3]), hi13 = HIGH(x[1], x[3]);
    *(oct *)to = LOW(lo02, lo13);
    *(oct *)(to + wide) = HIGH(lo02, lo13);
    *(oct *)(to + 2 * wide) = LOW(hi02, hi13);
    *(oct *)(to + 3 * wide) = HIGH(hi02, hi13);
}

/* Four steps of four lines. */
static inline void turn_square(ml_real *to, int wide, const ml_real *from, int64_t line)
{
    quad x0 = *(const quad *)from, x1 = *(const quad *)(from + line);
    quad x2 = *(const quad *)(from + 2 * line), x3 = *(const quad *)(from + 3 * line);
    quad lo02 = __builtin_shufflevector(x0, x2, 0, 4, 1, 5), hi02 = __builtin_shufflevector(x0, x2, 2, 6, 3, 7);
    quad lo13 = __builtin_shufflevector(x1, x3, 0, 4, 1, 5), hi13 = __builtin_shufflevector(x1, x3, 2, 6, 3, 7);
    *(quad *)to = __builtin_shufflevector(lo02, lo13, 0, 4, 1, 5);
    *(quad *)(to + wide) = __builtin_shufflevector(lo02, lo13, 2, 6, 3, 7);
    *(quad *)(to + 2 * wide) = __builtin_shufflevector(hi02, hi13, 0, 4, 1, 5);
    *(quad *)(to + 3 * wide) = __builtin_shufflevector(hi02, hi13, 2, 6, 3, 7);
}

/* The steps lie side by side, the numbers of a step are `line` apart; `lines` of them may be read, have or more.
 * Squares go from right to left: where wide is no multiple of four, one writes over the edge into the next step, and the
 * leftmost square of that step comes later. The last step is left to the plain loop, so that nothing is written over the
 * edge of the whole. */
static inline __attribute__((always_inline)) void pack_turned(ml_real *to, const ml_real *from, int64_t line, int64_t k,
                                                              const int wide, int64_t have, int64_t lines)
{
    const int over = (wide + 3) / 4 * 4;
    int turned = have == wide && lines >= over ? over : (int)(have - have % 4);
    int64_t k4 = turned > wide ? (k - 1) / 4 * 4 : k / 4 * 4;
    for (int64_t p = 0; p < k4; p += 4) {
        int j = turned - 4;
        for (; wide % 8 == 0 && j >= 4; j -= 8)
            turn_pair(to + p * wide + j - 4, wide, from + p + (j - 4) * line, line);
        for (; j >= 0; j -= 4)
            turn_square(to + p * wide + j, wide, from + p + j * line, line);
    }
    for (int64_t p = turned < wide ? 0 : k4; p < k; p++)
        for (int j = p < k4 ? turned : 0; j < wide; j++)
            to[p * wide + j] = j < have ? from[p + j * line] : 0;
}

/* ---- chunks ---- */

typedef struct plan {
    int64_t k, kc;        /* steps of a pass, and of a block in it */
    int64_t rows;         /* of a pass: a packed A is at most AREA numbers */
    int64_t high, panels; /* of a chunk: rows, and panels of NR columns */
    int64_t down, across; /* chunks of a pass */
} plan;

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* n cut into equal parts of at most `most`, each a multiple of `unit`. */
static int64_t part(int64_t n, int64_t most, int64_t unit)
{
    return n > 0 ? ceil_div(ceil_div(n, ceil_div(n, most)), unit) * unit : unit;
}

/* Chunks of a quarter of a million multiply-adds at least, some five microseconds, so that handing them out costs little;
 * at most eight panels, so that many threads find work. By the shape alone: same bits for any number of threads. */
static plan plan_for(const mlk_gemm_args *g)
{
    plan p = {.k = part(g->k, KS, 1)};
    p.kc = part(p.k, KC, 1);
    p.rows = part(g->m, AREA / p.k > MC ? AREA / p.k : MC, MR);
    p.high = part(p.rows, L2 / p.kc > MC ? L2 / p.kc : MC, MR);
    int64_t panel = p.high * NR * p.k, wanted = ceil_div(1 << 18, panel);
    p.panels = wanted > 8 ? 8 : wanted;
    p.down = ceil_div(p.rows, p.high);
    p.across = ceil_div(ceil_div(g->n, NR), p.panels);
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
    const mlk_gemm_args *g = s->g;
    for (int64_t i = chunk * STRIPS * MR; i < s->rows && i < (chunk + 1) * STRIPS * MR; i += MR) {
        int64_t have = s->rows - i < MR ? s->rows - i : MR;
        const ml_real *from = g->a + (s->row + i) * g->a_row + s->k0 * g->a_col;
        if (g->a_col == 1)
            pack_turned(s->a + i * s->k, from, g->a_row, s->k, MR, have, g->m - s->row - i);
        else
            pack_straight(s->a + i * s->k, from, g->a_col, s->k, MR, have);
    }
    return ML_OK;
}

/* One panel of C, NR columns from col on: rows first .. last of the pass, one block of K. */
static void run_panel(const pass *s, tile t, int64_t first, int64_t last, int64_t col)
{
    const mlk_gemm_args *g = s->g;
    const ml_real *a = t.a;
    int64_t cols = g->n - col < NR ? g->n - col : NR;
    for (int64_t i = first; i < last; i += MR) {
        int rows = last - i < MR ? (int)(last - i) : MR;
        t.a = a + i * s->k;
        t.c = g->c + (s->row + i) * g->c_row + col;
        if (cols == NR)
            tile_of_rows(&t, rows);
        else
            edge_tile(&t, rows, cols);
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
            int64_t cols = g->n - col < NR ? g->n - col : NR;
            if (g->b_col == 1)
                pack_straight(packed, g->b + from * g->b_row + col, g->b_row, k, NR, cols);
            else
                pack_turned(packed, g->b + from + col * g->b_col, g->b_col, k, NR, cols, cols);
            tile t = {.k = k, .a = s->a + k0 * MR, .b = packed, .bias = g->bias ? g->bias + col : NULL, .c_row = g->c_row,
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
    return ceil_div(p->rows * p->k, NR) * NR;
}

size_t mlk_gemm_fast_workspace(const mlk_gemm_args *g)
{
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
    pass s = {.g = g, .p = plan_for(g), .a = work};
    s.b = s.a + a_size(&s.p);
    for (s.k0 = 0; s.k0 < g->k; s.k0 += s.p.k) {
        s.k = g->k - s.k0 < s.p.k ? g->k - s.k0 : s.p.k;
        for (s.row = 0; s.row < g->m; s.row += s.p.rows) {
            s.rows = g->m - s.row < s.p.rows ? g->m - s.row : s.p.rows;
            ml_parallel_for(ceil_div(s.rows, STRIPS * MR), pack_a, &s);
            ml_parallel_for(s.p.across * s.p.down, run_chunk, &s);
        }
    }
}
