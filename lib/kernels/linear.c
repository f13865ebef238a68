/* linear.c -- the fully connected layer:  y = x W^T + b
 *
 * Shapes     x (N,D)   W (M,D)   b (M)   y (N,M)
 * Forward    y[n,m] = b[m] + sum_d x[n,d] W[m,d]
 * Backward   dx = dy W        dW = dy^T x        db = sum_n dy
 *            Check by shape: the only product of dy (N,M) and W (M,D) that is (N,D) is dy W.
 * Saves      nothing         Cost  2NDM flops forward, 4NDM backward
 * Source     Rumelhart, Hinton, Williams 1986, eq. 2-4        Derivation  docs/math/linear.md
 */
#include "kernels/linear.h"

/* ---- the definition ---- */

void mlk_linear_ref(ml_real *y, const ml_real *x, const ml_real *w, const ml_real *b, int64_t n, int64_t d, int64_t m)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < m; j++) {
            ml_real sum = b ? b[j] : 0;
            for (int64_t p = 0; p < d; p++)
                sum += x[i * d + p] * w[j * d + p];
            y[i * m + j] = sum;
        }
    }
}

void mlk_linear_backward_ref(ml_real *dx, ml_real *dw, ml_real *db, const ml_real *dy, const ml_real *x, const ml_real *w,
                             int64_t n, int64_t d, int64_t m)
{
    for (int64_t i = 0; dx && i < n * d; i++)
        dx[i] = 0;
    for (int64_t i = 0; i < m * d; i++)
        dw[i] = 0;
    for (int64_t j = 0; db && j < m; j++)
        db[j] = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < m; j++) {
            ml_real g = dy[i * m + j]; /* each y[i,j] sends its gradient to all it was made of */
            for (int64_t p = 0; p < d; p++) {
                if (dx)
                    dx[i * d + p] += g * w[j * d + p];
                dw[j * d + p] += g * x[i * d + p];
            }
            if (db)
                db[j] += g;
        }
    }
}

/* ---- the same as matrix products: which operand is read transposed is only a matter of strides ---- */

mlk_gemm_args mlk_linear_forward(ml_real *y, const ml_real *x, const ml_real *w, const ml_real *b, int64_t n, int64_t d,
                                 int64_t m)
{
    return (mlk_gemm_args){.m = n, .n = m, .k = d, .a = x, .a_row = d, .a_col = 1, .b = w, .b_row = 1, .b_col = d,
                           .c = y, .c_row = m, .bias = b};
}

mlk_gemm_args mlk_linear_dx(ml_real *dx, bool add, const ml_real *dy, const ml_real *w, int64_t n, int64_t d, int64_t m)
{
    return (mlk_gemm_args){.m = n, .n = d, .k = m, .a = dy, .a_row = m, .a_col = 1, .b = w, .b_row = d, .b_col = 1,
                           .c = dx, .c_row = d, .add = add};
}

mlk_gemm_args mlk_linear_dw(ml_real *dw, bool add, const ml_real *dy, const ml_real *x, int64_t n, int64_t d, int64_t m)
{
    return (mlk_gemm_args){.m = m, .n = d, .k = n, .a = dy, .a_row = 1, .a_col = m, .b = x, .b_row = d, .b_col = 1,
                           .c = dw, .c_row = d, .add = add};
}

/* db[j] += the sum of column j */
static void add_rows(ml_real *db, const ml_real *dy, int64_t n, int64_t m)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            db[j] += dy[i * m + j];
}

enum { WIDE = 64 };

void mlk_linear_db(ml_real *db, bool add, const ml_real *dy, int64_t n, int64_t m)
{
    if (!add)
        for (int64_t j = 0; j < m; j++)
            db[j] = 0;
    /* Short rows leave a vector half empty: several of them at a time are one long row, whose sums are folded at the end. */
    int64_t rows = m > 0 ? WIDE / m : 0, long_rows = rows > 1 ? n / rows : 0;
    ml_real sum[WIDE] = {0};
    if (long_rows > 1) {
        add_rows(sum, dy, long_rows, rows * m);
        add_rows(db, sum, rows, m);
        dy += long_rows * rows * m;
        n -= long_rows * rows;
    }
    add_rows(db, dy, n, m);
}
