/* gemm.c -- the matrix product:  C = A B + bias
 *
 * Shapes     A (M,K)   B (K,N)   bias (N)   C (M,N)
 * Forward    C[i,j] = bias[j] + sum_p A[i,p] B[p,j]
 * Backward   dA = dC B^T      dB = A^T dC      dbias = sum_i dC[i,:]
 *            Both are matrix products again: backward needs no kernel of its own (see linear.c).
 * Saves      nothing         Cost  2MNK flops
 * Derivation docs/math/matmul.md
 *
 * This file has the definition and the choice; gemm_blas.c has the body made of BLAS calls, gemm_fast.c our own.
 */
#include "kernels/gemm.h"

void mlk_gemm_ref(const mlk_gemm_args *g)
{
    for (int64_t i = 0; i < g->m; i++) {
        for (int64_t j = 0; j < g->n; j++) {
            ml_real sum = 0;
            for (int64_t p = 0; p < g->k; p++)
                sum += g->a[i * g->a_row + p * g->a_col] * g->b[p * g->b_row + j * g->b_col];
            ml_real *c = &g->c[i * g->c_row + j];
            *c = sum + (g->bias ? g->bias[j] : g->add ? *c : 0);
        }
    }
}

static bool is_fast(ml_kernel body)
{
    return body == ML_KERNEL_FAST || (body == ML_KERNEL_BLAS && !mlk_have_blas());
}

size_t mlk_gemm_workspace(ml_kernel body, const mlk_gemm_args *g)
{
    return is_fast(body) ? mlk_gemm_fast_workspace(g) : 0;
}

void mlk_gemm(ml_kernel body, const mlk_gemm_args *g, void *work)
{
    if (is_fast(body))
        mlk_gemm_fast(g, work);
    else if (body == ML_KERNEL_BLAS)
        mlk_gemm_blas(g);
    else
        mlk_gemm_ref(g);
}
