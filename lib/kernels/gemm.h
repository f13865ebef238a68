/* gemm.h -- one matrix product for the whole library, in three bodies. See gemm.c. Internal. */
#ifndef MLK_GEMM_H
#define MLK_GEMM_H

#include "base/base.h"

/* C (m,n) = A (m,k) B (k,n) [+ bias (n) on each row] [+ C when add].
 * A and B are read through two strides, in numbers: A[i,p] = a[i*a_row + p*a_col]. A transposed operand is the same
 * memory with its strides exchanged. One of the two strides is 1. C is row-major, its rows c_row apart. */
typedef struct mlk_gemm_args {
    int64_t m, n, k;
    const ml_real *a;
    int64_t a_row, a_col;
    const ml_real *b;
    int64_t b_row, b_col;
    ml_real *c;
    int64_t c_row;
    const ml_real *bias; /* NULL: none */
    bool add;            /* not together with bias */
} mlk_gemm_args;

/* Bytes of workspace that mlk_gemm wants for this product; 0 for most bodies. */
size_t mlk_gemm_workspace(ml_kernel body, const mlk_gemm_args *g);
/* work: that many bytes on a 64-byte boundary. Same bits for any number of threads. */
void mlk_gemm(ml_kernel body, const mlk_gemm_args *g, void *work);

/* The bodies: the definition, CBLAS calls on chunks of rows, and the blocked one. */
void mlk_gemm_ref(const mlk_gemm_args *g);
void mlk_gemm_blas(const mlk_gemm_args *g);
void mlk_gemm_fast(const mlk_gemm_args *g, void *work);
size_t mlk_gemm_fast_workspace(const mlk_gemm_args *g);
/* Whether the library was built with a BLAS; without one the blas body is the fast one. */
bool mlk_have_blas(void);

#endif
