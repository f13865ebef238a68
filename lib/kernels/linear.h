/* linear.h -- see linear.c. Internal. */
#ifndef MLK_LINEAR_H
#define MLK_LINEAR_H

#include "kernels/gemm.h"

/* y (N,M) = x (N,D) W^T + b, W (M,D), b (M) or NULL. */
mlk_gemm_args mlk_linear_forward(ml_real *y, const ml_real *x, const ml_real *w, const ml_real *b, int64_t n, int64_t d,
                                 int64_t m);
/* dx (N,D) = dy W    (added to dx when add) */
mlk_gemm_args mlk_linear_dx(ml_real *dx, bool add, const ml_real *dy, const ml_real *w, int64_t n, int64_t d, int64_t m);
/* dW (M,D) = dy^T x */
mlk_gemm_args mlk_linear_dw(ml_real *dw, bool add, const ml_real *dy, const ml_real *x, int64_t n, int64_t d, int64_t m);
/* db (M) = sum_n dy[n,:] */
void mlk_linear_db(ml_real *db, bool add, const ml_real *dy, int64_t n, int64_t m);

/* The same by the definition: plain loops. db and dx may be NULL. */
void mlk_linear_ref(ml_real *y, const ml_real *x, const ml_real *w, const ml_real *b, int64_t n, int64_t d, int64_t m);
void mlk_linear_backward_ref(ml_real *dx, ml_real *dw, ml_real *db, const ml_real *dy, const ml_real *x, const ml_real *w,
                             int64_t n, int64_t d, int64_t m);

#endif
