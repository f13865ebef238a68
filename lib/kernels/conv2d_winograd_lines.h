/* conv2d_winograd_lines.h -- the matrices of Winograd's convolution, as the few additions that they are
 *
 * Points     0, a, -a, b, -b and infinity for m = 4; 0, a, -a and infinity for m = 2, with a = 1
 * Inputs     V = B^T d B      B^T row j: the coefficients of  prod (x - p) over the finite points p but the j-th; last: over all
 * Weights    U = G g G^T      G row j: (1, p, p^2) / prod (p_j - p) over the other finite points; last: (0, 0, 1)
 * Outputs    y = A^T M A      A^T row i: p^i for each finite point p, and 1 in the last row's last column
 * Backward   each transform is linear, so its backward is its transpose: A dy A^T, and G^T dU G
 * Points +-p share their even powers: sums and differences of an even and an odd half do both.
 * Derivation docs/math/winograd.md
 *
 * Each works on vectors, a number of VL channels or filters at a time. Internal.
 */
#ifndef MLK_CONV2D_WINOGRAD_LINES_H
#define MLK_CONV2D_WINOGRAD_LINES_H

#include "kernels/conv2d_winograd.h"

#define INLINE static inline __attribute__((always_inline))
enum { T = MLK_WINO_T };

/* The points of m = 4: 1/sqrt(2) and sqrt(2), whose small powers keep the matrices, and so the rounding, small. (Of m = 2: 1.) */
#define PA ((ml_real)0.70710678118654752440)
#define PB ((ml_real)1.41421356237309504880)
#define A2 ((ml_real)0.5) /* a^2 and b^2; their product is 1 */
#define B2 ((ml_real)2)

/* ---- one line of a tile, m a constant where these are inlined ---- */

INLINE void input_line(vec *o, const vec *d, const int m)
{
    if (m == 2) {
        o[0] = d[2] - d[0];
        o[1] = d[2] + d[1];
        o[2] = d[2] - d[1];
        o[3] = d[3] - d[1];
        return;
    }
    vec even_a = d[4] - B2 * d[2], odd_a = d[3] - B2 * d[1], even_b = d[4] - A2 * d[2], odd_b = d[3] - A2 * d[1];
    o[0] = d[0] - (A2 + B2) * d[2] + d[4];
    o[1] = even_a + PA * odd_a;
    o[2] = even_a - PA * odd_a;
    o[3] = even_b + PB * odd_b;
    o[4] = even_b - PB * odd_b;
    o[5] = d[1] - (A2 + B2) * d[3] + d[5];
}

INLINE void output_line(vec *o, const vec *p, const int m)
{
    if (m == 2) {
        o[0] = p[0] + p[1] + p[2];
        o[1] = p[1] - p[2] + p[3];
        return;
    }
    vec even_a = p[1] + p[2], odd_a = PA * (p[1] - p[2]), even_b = p[3] + p[4], odd_b = PB * (p[3] - p[4]);
    o[0] = p[0] + even_a + even_b;
    o[1] = odd_a + odd_b;
    o[2] = A2 * even_a + B2 * even_b;
    o[3] = A2 * odd_a + B2 * odd_b + p[5];
}

/* The transpose of output_line: m numbers to t. */
INLINE void gradient_line(vec *o, const vec *d, const int m)
{
    if (m == 2) {
        o[0] = d[0];
        o[1] = d[0] + d[1];
        o[2] = d[0] - d[1];
        o[3] = d[1];
        return;
    }
    vec even_a = d[0] + A2 * d[2], odd_a = PA * (d[1] + A2 * d[3]), even_b = d[0] + B2 * d[2], odd_b = PB * (d[1] + B2 * d[3]);
    o[0] = d[0];
    o[1] = even_a + odd_a;
    o[2] = even_a - odd_a;
    o[3] = even_b + odd_b;
    o[4] = even_b - odd_b;
    o[5] = d[3];
}

#define NA (1 / (2 * A2 * (A2 - B2))) /* of the points +-a, and of +-b */
#define NB (1 / (2 * B2 * (B2 - A2)))

/* Three taps to t. */
INLINE void weight_line(vec *o, const vec *g, const int m)
{
    if (m == 2) {
        vec even = (ml_real)0.5 * (g[0] + g[2]), odd = (ml_real)0.5 * g[1];
        o[0] = -g[0];
        o[1] = even + odd;
        o[2] = even - odd;
        o[3] = g[2];
        return;
    }
    vec even_a = NA * (g[0] + A2 * g[2]), odd_a = NA * PA * g[1], even_b = NB * (g[0] + B2 * g[2]), odd_b = NB * PB * g[1];
    o[0] = g[0];
    o[1] = even_a + odd_a;
    o[2] = even_a - odd_a;
    o[3] = even_b + odd_b;
    o[4] = even_b - odd_b;
    o[5] = g[2];
}

/* The transpose of weight_line: t numbers to three. */
INLINE void weight_gradient_line(vec *o, const vec *u, const int m)
{
    if (m == 2) {
        vec even = (ml_real)0.5 * (u[1] + u[2]);
        o[0] = even - u[0];
        o[1] = (ml_real)0.5 * (u[1] - u[2]);
        o[2] = even + u[3];
        return;
    }
    vec even_a = NA * (u[1] + u[2]), odd_a = NA * PA * (u[1] - u[2]), even_b = NB * (u[3] + u[4]), odd_b = NB * PB * (u[3] - u[4]);
    o[0] = u[0] + even_a + even_b;
    o[1] = odd_a + odd_b;
    o[2] = A2 * even_a + B2 * even_b + u[5];
}

/* ---- a matrix: its columns, then its rows ---- */

/* o (h,h) from d (n,n) by a line function that makes h numbers of n. */
#define BOTH_WAYS(o, h, d, n, line, m)                                                                         \
    do {                                                                                                           \
        vec half_[T][T], in_[T], out_[T];                                                                          \
        MLK_UNROLL                                                                                                 \
        for (int j_ = 0; j_ < (n); j_++) {                                                                         \
            MLK_UNROLL                                                                                             \
            for (int i_ = 0; i_ < (n); i_++)                                                                       \
                in_[i_] = (d)[i_][j_];                                                                             \
            line(out_, in_, m);                                                                                    \
            MLK_UNROLL                                                                                             \
            for (int i_ = 0; i_ < (h); i_++)                                                                       \
                half_[i_][j_] = out_[i_];                                                                          \
        }                                                                                                          \
        MLK_UNROLL                                                                                                 \
        for (int i_ = 0; i_ < (h); i_++)                                                                           \
            line((o)[i_], half_[i_], m);                                                                           \
    } while (0)

#endif
