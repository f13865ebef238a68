/* gemm_pack.c -- operands of the matrix product copied into straight lines. Why: see gemm_fast.c
 *
 * `to` receives k steps of `wide` numbers; of these the first `have` come from the matrix, the rest are zero. */
#include "kernels/gemm_fast.h"

#include <string.h>

typedef ml_real quad __attribute__((vector_size(4 * sizeof(ml_real)), aligned(sizeof(ml_real)), may_alias));
typedef ml_real oct __attribute__((vector_size(8 * sizeof(ml_real)), aligned(sizeof(ml_real)), may_alias));

/* The low halves of two squares interleaved, in both halves of the vector; and the high ones. */
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)

/* The numbers of a step lie side by side, steps are `step` apart. wide is a constant where this is inlined: a copy of known
 * size is a few vectors. */
static inline __attribute__((always_inline)) void pack_straight(ml_real *to, const ml_real *from, int64_t step, int64_t k,
                                                                const int wide, int64_t have)
{
    if (have == wide) {
        for (int64_t p = 0; p < k; p++)
            memcpy(to + p * wide, from + p * step, (size_t)wide * sizeof *to);
        return;
    }
    for (int64_t p = 0; p < k; p++)
        for (int j = 0; j < wide; j++)
            to[p * wide + j] = j < have ? from[p * step + j] : 0;
}

/* Four steps of eight lines, turned: two squares of four side by side in one vector. Two rounds of interleaving transpose
 * a square. */
static inline void turn_pair(ml_real *to, int wide, const ml_real *const *line, int64_t p)
{
    oct x[4], lo02, hi02, lo13, hi13;
    for (int i = 0; i < 4; i++)
        x[i] = __builtin_shufflevector(*(const quad *)(line[i] + p), *(const quad *)(line[i + 4] + p), 0, 1, 2, 3, 4, 5, 6,
                                       7);
    lo02 = LOW(x[0], x[2]), hi02 = HIGH(x[0], x[2]), lo13 = LOW(x[1], x[3]), hi13 = HIGH(x[1], x[3]);
    *(oct *)to = LOW(lo02, lo13);
    *(oct *)(to + wide) = HIGH(lo02, lo13);
    *(oct *)(to + 2 * wide) = LOW(hi02, hi13);
    *(oct *)(to + 3 * wide) = HIGH(hi02, hi13);
}

/* Four steps of four lines. */
static inline void turn_square(ml_real *to, int wide, const ml_real *const *line, int64_t p)
{
    quad x0 = *(const quad *)(line[0] + p), x1 = *(const quad *)(line[1] + p);
    quad x2 = *(const quad *)(line[2] + p), x3 = *(const quad *)(line[3] + p);
    quad lo02 = __builtin_shufflevector(x0, x2, 0, 4, 1, 5), hi02 = __builtin_shufflevector(x0, x2, 2, 6, 3, 7);
    quad lo13 = __builtin_shufflevector(x1, x3, 0, 4, 1, 5), hi13 = __builtin_shufflevector(x1, x3, 2, 6, 3, 7);
    *(quad *)to = __builtin_shufflevector(lo02, lo13, 0, 4, 1, 5);
    *(quad *)(to + wide) = __builtin_shufflevector(lo02, lo13, 2, 6, 3, 7);
    *(quad *)(to + 2 * wide) = __builtin_shufflevector(hi02, hi13, 0, 4, 1, 5);
    *(quad *)(to + 3 * wide) = __builtin_shufflevector(hi02, hi13, 2, 6, 3, 7);
}

/* Turns steps 0 .. k4-1, a multiple of four, of the first `lines` lines, a multiple of four. Squares go from right to left:
 * where wide is no multiple of four, one writes over the edge into the next step, and the leftmost square of that step comes
 * later. */
static inline __attribute__((always_inline)) void turn_lines(ml_real *to, const ml_real *const *line, int64_t k4,
                                                             const int wide, int lines)
{
    for (int64_t p = 0; p < k4; p += 4) {
        int j = lines - 4;
        for (; wide % 8 == 0 && j >= 4; j -= 8)
            turn_pair(to + p * wide + j - 4, wide, line + j - 4, p);
        for (; j >= 0; j -= 4)
            turn_square(to + p * wide + j, wide, line + j, p);
    }
}

/* The steps lie side by side, the numbers of a step are `apart`; `lines` of them may be read, have or more. The last step is
 * left to the plain loop where squares write over the edge, so that nothing is written over the edge of the whole. */
static inline __attribute__((always_inline)) void pack_turned(ml_real *to, const ml_real *from, int64_t apart, int64_t k,
                                                              const int wide, int64_t have, int64_t lines)
{
    const int over = (wide + 3) / 4 * 4;
    const ml_real *line[MR + NR + 3];
    int turned = have == wide && lines >= over ? over : (int)(have - have % 4);
    int64_t k4 = turned > wide ? (k - 1) / 4 * 4 : k / 4 * 4;
    for (int i = 0; i < turned; i++)
        line[i] = from + i * apart;
    turn_lines(to, line, k4, wide, turned);
    for (int64_t p = turned < wide ? 0 : k4; p < k; p++)
        for (int j = p < k4 ? turned : 0; j < wide; j++)
            to[p * wide + j] = j < have ? from[p + j * apart] : 0;
}

void mlk_pack_lines(ml_real *to, const ml_real *const *line, int64_t k)
{
    int64_t k4 = k / 4 * 4;
    turn_lines(to, line, k4, MR, MLK_LINES);
    for (int64_t p = k4; p < k; p++)
        for (int i = 0; i < MR; i++)
            to[p * MR + i] = line[i][p];
}

void mlk_pack_strip(ml_real *to, const mlk_gemm_args *g, int64_t i, int64_t p, int64_t k)
{
    const ml_real *from = g->a + i * g->a_row + p * g->a_col;
    int64_t left = g->m - i, have = left < MR ? left : MR;
    if (g->a_col == 1)
        pack_turned(to, from, g->a_row, k, MR, have, left);
    else
        pack_straight(to, from, g->a_col, k, MR, have);
}

void mlk_pack_panel(ml_real *to, const mlk_gemm_args *g, int64_t j, int64_t p, int64_t k)
{
    const ml_real *from = g->b + p * g->b_row + j * g->b_col;
    int64_t left = g->n - j, have = left < NR ? left : NR;
    if (g->b_col == 1)
        pack_straight(to, from, g->b_row, k, NR, have);
    else
        pack_turned(to, from, g->b_col, k, NR, have, left);
}
