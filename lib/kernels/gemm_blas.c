/* gemm_blas.c -- the matrix product by the system's BLAS, a chunk of rows a call.
 *
 * BLAS runs single-threaded inside our chunks: its own threads would fight with the pool, and would make the bits depend
 * on how many there are. Chunks are fixed by the shape.
 */
#include "kernels/gemm.h"

#ifdef MLCORE_BLAS
#include <cblas.h>
#include <pthread.h>

/* Weak: whichever BLAS the system loads, the name that it lacks is NULL. */
extern void openblas_set_num_threads(int n) __attribute__((weak));
extern void bli_thread_set_num_threads(int64_t n) __attribute__((weak));

static void one_thread(void)
{
    if (openblas_set_num_threads)
        openblas_set_num_threads(1);
    if (bli_thread_set_num_threads)
        bli_thread_set_num_threads(1);
}

bool mlk_have_blas(void)
{
    return true;
}

enum { ROWS = 64 };

static ml_status rows(void *arg, int64_t chunk)
{
    const mlk_gemm_args *g = arg;
    int64_t first = chunk * ROWS, m = g->m - first < ROWS ? g->m - first : ROWS;
    const ml_real *a = g->a + first * g->a_row;
    ml_real *c = g->c + first * g->c_row;
    if (g->bias)
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < g->n; j++)
                c[i * g->c_row + j] = g->bias[j];
    ml_real beta = g->bias || g->add ? 1 : 0;
    /* A stride of 1 along columns is a row-major operand, one along rows a transposed one. */
    bool at = g->a_col != 1, bt = g->b_col != 1;
    int lda = (int)(at ? g->a_col : g->a_row), ldb = (int)(bt ? g->b_col : g->b_row);
#ifdef MLCORE_DOUBLE
    cblas_dgemm(
#else
    cblas_sgemm(
#endif
        CblasRowMajor, at ? CblasTrans : CblasNoTrans, bt ? CblasTrans : CblasNoTrans, (int)m, (int)g->n, (int)g->k, 1, a,
        lda, g->b, ldb, beta, c, (int)g->c_row);
    return ML_OK;
}

/* BLAS counts in int, and checks leading dimensions even of matrices with one row. */
static bool fits(const mlk_gemm_args *g)
{
    int64_t big = INT32_MAX;
    int64_t lda = g->a_col != 1 ? g->a_col : g->a_row, wide_a = g->a_col != 1 ? g->m : g->k;
    int64_t ldb = g->b_col != 1 ? g->b_col : g->b_row, wide_b = g->b_col != 1 ? g->k : g->n;
    return g->m < big && g->n < big && g->k < big && lda < big && ldb < big && g->c_row < big && lda >= wide_a &&
           ldb >= wide_b && g->c_row >= g->n && g->m > 0 && g->n > 0 && g->k > 0;
}

void mlk_gemm_blas(const mlk_gemm_args *g)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!fits(g)) {
        mlk_gemm_ref(g);
        return;
    }
    pthread_once(&once, one_thread);
    mlk_gemm_args copy = *g;
    ml_parallel_for((g->m + ROWS - 1) / ROWS, rows, &copy);
}

#else

bool mlk_have_blas(void)
{
    return false;
}

void mlk_gemm_blas(const mlk_gemm_args *g)
{
    mlk_gemm_ref(g);
}

#endif
