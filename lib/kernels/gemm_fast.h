/* gemm_fast.h -- the parts of the blocked matrix product: tile, packing, plan. See gemm_fast.c. Internal. */
#ifndef MLK_GEMM_FAST_H
#define MLK_GEMM_FAST_H

#include "kernels/gemm.h"

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

/* A loop of few steps, wholly unrolled, so that its array lives in registers. */
#ifdef __clang__
#define MLK_UNROLL _Pragma("clang loop unroll(full)")
#else
#define MLK_UNROLL _Pragma("GCC unroll 32")
#endif

/* A store to a line that is not in the cache waits for it: so the lines of rows x vectors, `step` numbers from row to row, are asked for
 * well before. rows and vectors are constants. */
#define MLK_ASK_TO_WRITE(y, step, rows, vectors)                                                               \
    MLK_UNROLL                                                                                                     \
    for (int i_ = 0; i_ < (rows); i_++)                                                                            \
        MLK_UNROLL                                                                                                 \
        for (int v_ = 0; v_ < (vectors); v_++)                                                                     \
            __builtin_prefetch((y) + i_ * (step) + v_ * VL, 1, 3)

/* Calls run(t, rows) with rows, 1 .. MR, a constant. */
#define MLK_CASE(n, run, t)                                                                                    \
    case n:                                                                                                        \
        if (n <= MR)                                                                                               \
            run(t, n <= MR ? n : MR);                                                                              \
        break;
#define MLK_CASES(run, t)                                                                                      \
    MLK_CASE(1, run, t)                                                                                            \
    MLK_CASE(2, run, t)                                                                                            \
    MLK_CASE(3, run, t)                                                                                            \
    MLK_CASE(4, run, t)                                                                                            \
    MLK_CASE(5, run, t)                                                                                            \
    MLK_CASE(6, run, t)                                                                                            \
    MLK_CASE(7, run, t)                                                                                            \
    MLK_CASE(8, run, t)                                                                                            \
    MLK_CASE(9, run, t)                                                                                            \
    MLK_CASE(10, run, t)                                                                                           \
    MLK_CASE(11, run, t)                                                                                           \
    MLK_CASE(12, run, t)

/* ---- gemm_tile.c ---- */

/* What a sum begins with. */
typedef enum mlk_start { FROM_ZERO, FROM_BIAS, FROM_C } mlk_start;

/* MR rows by NR columns of C, over one block of K. */
typedef struct mlk_tile {
    int64_t k;           /* steps of this block */
    const ml_real *a;    /* packed strip: k steps of MR numbers */
    const ml_real *b;    /* packed panel: k steps of NR numbers */
    const ml_real *bias; /* of the first column */
    ml_real *c;
    int64_t c_row;
    mlk_start start;
    const char *ahead;   /* NULL, or what the CPU is asked to bring meanwhile: at each step the line of the cache that is here, */
    int64_t ahead_step;  /* then so many bytes on */
} mlk_tile;

/* Computes the first rows (1 .. MR) and cols (1 .. NR) of a tile. */
void mlk_tile_run(const mlk_tile *t, int rows, int64_t cols);

/* ---- gemm_tall.c: where one operand, or C, is small ---- */

bool mlk_gemm_is_tall(const mlk_gemm_args *g);
size_t mlk_gemm_tall_workspace(const mlk_gemm_args *g);
void mlk_gemm_tall(const mlk_gemm_args *g, void *work);
bool mlk_gemm_is_deep(const mlk_gemm_args *g);
size_t mlk_gemm_deep_workspace(const mlk_gemm_args *g);
void mlk_gemm_deep(const mlk_gemm_args *g, void *work);

/* ---- gemm_pack.c ---- */

/* k steps from step p on. A strip: MR rows of A from row i on, those that there are, then zeros. */
void mlk_pack_strip(ml_real *to, const mlk_gemm_args *g, int64_t i, int64_t p, int64_t k);
/* A panel: NR columns of B from column j on. */
void mlk_pack_panel(ml_real *to, const mlk_gemm_args *g, int64_t j, int64_t p, int64_t k);
/* A strip of lines that lie anywhere, k numbers each. MLK_LINES pointers are read, those past MR for nothing, and up to
 * MLK_LINES - MR numbers past the strip are written, for the next to overwrite. */
enum { MLK_LINES = (MR + 3) / 4 * 4 };
void mlk_pack_lines(ml_real *to, const ml_real *const *line, int64_t k);

#endif
