/* losses.c -- how wrong, as one number:  softmax cross-entropy, binary cross-entropy, mean squared error
 *
 * Shapes     softmax_xent  z (N,K)  label (N)  p (N,K)  loss ()     bce, mse  both inputs n numbers
 * Forward    softmax_xent  loss = (1/N) sum_n ( log sum_k exp(z[n,k]) - z[n,label n] )
 *            bce           loss = (1/n) sum ( max(z,0) - z y + log(1 + exp(-|z|)) )
 *            mse           loss = (1/n) sum (a - b)^2
 * Backward   softmax_xent  dz[n,k] = (p[n,k] - [k = label n]) dloss / N
 *            bce           dz = (sigmoid(z) - y) dloss / n
 *            mse           da = 2 (a - b) dloss / n          db = -da
 *            Check by meaning: the first two are "what I said minus what is so", 0 where that is right.
 * Saves      softmax_xent: p          Cost  one exp an element; bce also one log
 * Source     Bridle 1990; the stable form of bce: rewrite exp(z) as exp(-|z|) for either sign
 * Derivation docs/math/cross-entropy.md, docs/math/bce.md, docs/math/mse.md
 */
#include "kernels/losses.h"

#include "kernels/rows.h"
#include "kernels/softmax.h"

/* ---- softmax cross-entropy ---- */

void mlk_softmax_xent_ref(ml_real *loss, ml_real *p, const ml_real *z, const int32_t *label,
                          int64_t rows, int64_t n)
{
    double total = 0;
    for (int64_t r = 0; r < rows; r++) {
        double m = -INFINITY, sum = 0;
        for (int64_t k = 0; k < n; k++)
            m = (double)z[r * n + k] > m ? (double)z[r * n + k] : m;
        for (int64_t k = 0; k < n; k++)
            sum += exp((double)z[r * n + k] - m);
        for (int64_t k = 0; k < n; k++)
            p[r * n + k] = (ml_real)(exp((double)z[r * n + k] - m) / sum);
        total += log(sum) - ((double)z[r * n + label[r]] - m);
    }
    *loss = (ml_real)(total / (double)rows);
}

void mlk_softmax_xent_forward(ml_real *loss, ml_real *p, const ml_real *z, const int32_t *label,
                              int64_t rows, int64_t n)
{
    int64_t block = mlk_rows_a_block(n);
    double total = 0;
    for (int64_t r = 0; r < rows; r += block, p += block * n, z += block * n) {
        int64_t count = rows - r < block ? rows - r : block;
        mlk_shift_rows(p, z, count, n);
        for (int64_t b = 0; b < count; b++)
            total -= (double)p[b * n + label[r + b]]; /* here p is still z - max */
        mlk_exp_row(p, p, count * n);
        for (int64_t b = 0; b < count; b++) {
            double sum = mlk_row_sum(p + b * n, n);
            ml_real scale = (ml_real)(1 / sum);
            total += log(sum);
            for (int64_t k = 0; k < n; k++)
                p[b * n + k] *= scale;
        }
    }
    *loss = (ml_real)(total / (double)rows);
}

void mlk_softmax_xent_backward(ml_real *dz, bool add, const ml_real *p, const int32_t *label,
                               mlk_loss_grad g)
{
    ml_real scale = g.dloss / (ml_real)g.rows;
    for (int64_t i = 0; i < g.rows * g.n; i++)
        dz[i] = (add ? dz[i] : 0) + p[i] * scale; /* dz = p dloss / N ... */
    for (int64_t r = 0; r < g.rows; r++)
        dz[r * g.n + label[r]] -= scale; /* ... - onehot dloss / N */
}

/* ---- binary cross-entropy with logits ---- */

void mlk_bce_logits_ref(ml_real *loss, const ml_real *z, const ml_real *y, int64_t n)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        double zi = (double)z[i];
        total += (zi > 0 ? zi : 0) - zi * (double)y[i] + log1p(exp(-fabs(zi)));
    }
    *loss = (ml_real)(total / (double)n);
}

/* The exponentials in vectors; the logarithm one by one, in double, where 1 + e keeps what log1p is for. */
void mlk_bce_logits_forward(ml_real *loss, const ml_real *z, const ml_real *y, int64_t n)
{
    enum { BLOCK = 256 };
    ml_real e[BLOCK], linear[BLOCK];
    double total = 0;
    for (int64_t i = 0; i < n; i += BLOCK, z += BLOCK, y += BLOCK) {
        int64_t count = n - i < BLOCK ? n - i : BLOCK;
        for (int64_t j = 0; j < count; j++) {
            e[j] = mlk_exp(-(ml_real)fabs((double)z[j]));
            linear[j] = z[j] > 0 ? z[j] * (1 - y[j])
                                 : -z[j] * y[j]; /* max(z,0) - z y with one rounding less */
        }
        total += mlk_row_sum(linear, count);
        for (int64_t j = 0; j < count; j++)
            total += log1p((double)e[j]);
    }
    *loss = (ml_real)(total / (double)n);
}

void mlk_bce_logits_backward(ml_real *dz, bool add, const ml_real *z, const ml_real *y,
                             mlk_loss_grad g)
{
    ml_real scale = g.dloss / (ml_real)g.n;
    for (int64_t i = 0; i < g.n; i++)
        dz[i] = (add ? dz[i] : 0) +
                (mlk_sigmoid(z[i]) - y[i]) * scale; /* dz = (sigmoid(z) - y) dloss / n */
}

/* ---- mean squared error ---- */

void mlk_mse_ref(ml_real *loss, const ml_real *a, const ml_real *b, int64_t n)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++)
        total += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    *loss = (ml_real)(total / (double)n);
}

void mlk_mse_forward(ml_real *loss, const ml_real *a, const ml_real *b, int64_t n)
{
    double lane[MLK_LANES] = {0};
    int64_t i = 0;
    for (; i + MLK_LANES <= n; i += MLK_LANES)
        for (int j = 0; j < MLK_LANES; j++) {
            double d = (double)a[i + j] - (double)b[i + j];
            lane[j] += d * d;
        }
    double total = mlk_add_lanes(lane);
    for (; i < n; i++)
        total += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    *loss = (ml_real)(total / (double)n);
}

void mlk_mse_backward(ml_real *da, bool add, const ml_real *a, const ml_real *b, mlk_loss_grad g)
{
    ml_real scale = 2 * g.dloss / (ml_real)g.n;
    for (int64_t i = 0; i < g.n; i++)
        da[i] = (add ? da[i] : 0) + (a[i] - b[i]) * scale; /* da = 2 (a - b) dloss / n */
}
