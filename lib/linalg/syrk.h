/* syrk.h -- the inner loop of products of a matrix with itself: X^T X, and what Cholesky takes away. Internal. */
#ifndef MLI_SYRK_H
#define MLI_SYRK_H

#include <stdint.h>

/* MLI_SYRK_WIDE columns side by side make a panel, MLI_SYRK_STRIP of them, on the other side, a strip. Vectors of the CPU's width:
 * a strip by a panel of sums, and what they are made of, just fit its registers. */
#if defined(__AVX512F__)
enum { MLI_SYRK_STRIP = 8, MLI_SYRK_VECTORS = 3 };
#elif defined(__AVX__)
enum { MLI_SYRK_STRIP = 4, MLI_SYRK_VECTORS = 3 };
#elif defined(__aarch64__)
enum { MLI_SYRK_STRIP = 2, MLI_SYRK_VECTORS = 6 };
#else
enum { MLI_SYRK_STRIP = 2, MLI_SYRK_VECTORS = 4 };
#endif
enum { MLI_SYRK_WIDE = MLI_SYRK_STRIP * MLI_SYRK_VECTORS };

/* How many panels, and how many strips, n columns make. */
static inline int64_t mli_syrk_panels(int64_t n)
{
    return (n + MLI_SYRK_WIDE - 1) / MLI_SYRK_WIDE;
}
static inline int64_t mli_syrk_strips(int64_t n)
{
    return (n + MLI_SYRK_STRIP - 1) / MLI_SYRK_STRIP;
}
/* Where number (row p, column j) of a packed P of k rows is: panel after panel, in each row after row; on a 64-byte boundary.
 * Columns past the last are zeros. */
static inline int64_t mli_syrk_at(int64_t k, int64_t p, int64_t j)
{
    return (j / MLI_SYRK_WIDE * k + p) * MLI_SYRK_WIDE + j % MLI_SYRK_WIDE;
}

/* C[i,j] += sign sum_p P[p,i] P[p,j] for j <= i < n in strips first .. last-1; C[i,j] is c[i c_row + j]. What is above the
 * diagonal in the block of a strip itself is changed too. */
void mli_syrk(double *c, int64_t c_row, int64_t n, const double *packed, int64_t k, double sign, int64_t first, int64_t last);

#endif
