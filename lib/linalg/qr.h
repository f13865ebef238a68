/* qr.h -- a matrix as a product of orthonormal columns and a triangle. Internal; in double in every build. */
#ifndef MLI_QR_H
#define MLI_QR_H

#include <stdint.h>

/* A (M,D), M >= D >= 0, column after column: A[i,j] is a[j M + i]. On return R[i,j] with i < j stands at a[j M + i], R's diagonal
 * in diagonal[0 .. D-1], and from row j of column j on the unit vector v_j of the reflection j. */
void mli_qr(double *a, int64_t m, int64_t d, double *diagonal);

/* The D columns of Q, from the reflections that mli_qr left in a; q likewise column after column. */
void mli_qr_q(double *q, const double *a, int64_t m, int64_t d);

#endif
