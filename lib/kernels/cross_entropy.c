/* cross_entropy.c -- the surprise at the true label:  softmax cross-entropy, and the same from log-probabilities (nll)
 *
 * Shapes     z, p, log_p (N,K)  label (N)  weight w (K)  loss ()
 * Forward    plain    loss = (1/N) sum_n ( log sum_k exp(z[n,k]) - z[n,label n] )
 *            options  loss = -(1/W) sum_n sum_k t[n,k] log p[n,k]          W = sum_n w[label n]
 *                     t[n,k] = w[k] ((1 - s) [k = label n] + s / K)        s of the truth is spread over all classes
 *                     an ignored label has t = 0 and no part in W
 * Backward   plain    dz[n,k] = (p[n,k] - [k = label n]) dloss / N
 *            options  dz[n,k] = (p[n,k] sum_j t[n,j] - t[n,k]) dloss / W
 *            nll      dlog_p[n,k] = -t[n,k] dloss / W
 *            Check by meaning: "what I said minus what is so", 0 where that is right; each row of dz sums to 0.
 * Saves      p, but nll nothing          Cost  one exp an element, one log a row; nll N additions without smoothing
 * Source     Bridle 1990; smoothing: Szegedy et al. 2016, "Rethinking the Inception architecture", section 7
 * Derivation docs/math/cross-entropy.md, docs/math/nll.md
 */
#include "kernels/losses.h"

#include "kernels/rows.h"
#include "kernels/softmax.h"

#include <string.h>

/* ---- plain: the hot path of training ---- */

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

/* ---- with options ---- */

static bool counts(const mlk_labels *l, int64_t r)
{
    return !(l->has_ignore && l->label[r] == l->ignore);
}

static double weight_of(const mlk_labels *l, int64_t k)
{
    return l->weight ? (double)l->weight[k] : 1;
}

/* t[k] of a row with this label */
static double target(const mlk_labels *l, int32_t label, int64_t k)
{
    return weight_of(l, k) * ((k == label ? 1 - l->smoothing : 0) + l->smoothing / (double)l->n);
}

/* W */
static double total_weight(const mlk_labels *l)
{
    double total = 0;
    for (int64_t r = 0; r < l->rows; r++)
        total += counts(l, r) ? weight_of(l, l->label[r]) : 0;
    return total;
}

/* The share of all t[k] that smoothing spreads, the same in each row: sum_k w[k] s / K */
static double spread(const mlk_labels *l)
{
    if (l->smoothing == 0)
        return 0;
    return l->weight ? l->smoothing / (double)l->n * mlk_row_sum(l->weight, l->n) : l->smoothing;
}

/* sum_k t[k] v[k]. Without smoothing that is one term: v may be -infinity elsewhere, and 0 times that is NaN. */
static double of_targets(const mlk_labels *l, int32_t label, const ml_real *v)
{
    double sum = (1 - l->smoothing) * weight_of(l, label) * (double)v[label];
    if (l->smoothing > 0)
        sum += l->smoothing / (double)l->n *
               (l->weight ? mlk_row_dot(l->weight, v, l->n) : mlk_row_sum(v, l->n));
    return sum;
}

void mlk_cross_entropy_ref(ml_real *loss, ml_real *p, const ml_real *z, const mlk_labels *l)
{
    double total = 0;
    for (int64_t r = 0; r < l->rows; r++, p += l->n, z += l->n) {
        double m = -INFINITY, sum = 0;
        for (int64_t k = 0; k < l->n; k++)
            m = (double)z[k] > m ? (double)z[k] : m;
        for (int64_t k = 0; k < l->n; k++)
            sum += exp((double)z[k] - m);
        for (int64_t k = 0; k < l->n; k++) {
            p[k] = (ml_real)(exp((double)z[k] - m) / sum);
            if (counts(l, r) && (l->smoothing > 0 || k == l->label[r]))
                total -= target(l, l->label[r], k) * ((double)z[k] - m - log(sum));
        }
    }
    *loss = (ml_real)(total / total_weight(l));
}

void mlk_cross_entropy_forward(ml_real *loss, ml_real *p, const ml_real *z, const mlk_labels *l)
{
    int64_t n = l->n, block = mlk_rows_a_block(n);
    double total = 0, shared = spread(l);
    for (int64_t r = 0; r < l->rows; r += block, p += block * n, z += block * n) {
        int64_t count = l->rows - r < block ? l->rows - r : block;
        mlk_shift_rows(p, z, count, n);
        for (int64_t b = 0; b < count; b++)
            if (counts(l, r + b))
                total -= of_targets(l, l->label[r + b], p + b * n); /* here p is still z - max */
        mlk_exp_row(p, p, count * n);
        for (int64_t b = 0; b < count; b++) {
            double sum = mlk_row_sum(p + b * n, n);
            ml_real scale = (ml_real)(1 / sum);
            if (counts(l, r + b))
                total += ((1 - l->smoothing) * weight_of(l, l->label[r + b]) + shared) * log(sum);
            for (int64_t k = 0; k < n; k++)
                p[b * n + k] *= scale;
        }
    }
    *loss = (ml_real)(total / total_weight(l));
}

/* d[k] -= t[k] scale, for a row with this label */
static void subtract_targets(ml_real *d, const mlk_labels *l, int32_t label, double scale)
{
    ml_real share = (ml_real)(l->smoothing / (double)l->n * scale);
    for (int64_t k = 0; l->smoothing > 0 && k < l->n; k++)
        d[k] -= (l->weight ? l->weight[k] : 1) * share;
    d[label] -= (ml_real)((1 - l->smoothing) * weight_of(l, label) * scale);
}

void mlk_cross_entropy_backward(ml_real *dz, bool add, const ml_real *p, const mlk_labels *l,
                                ml_real dloss)
{
    double scale = (double)dloss / total_weight(l), shared = spread(l);
    for (int64_t r = 0; r < l->rows; r++, dz += l->n, p += l->n) {
        bool some = counts(l, r);
        double sum = some ? (1 - l->smoothing) * weight_of(l, l->label[r]) + shared : 0;
        ml_real all = (ml_real)(sum * scale);
        for (int64_t k = 0; k < l->n; k++)
            dz[k] = (add ? dz[k] : 0) + (some ? p[k] * all : 0); /* dz = p sum_j t[j] dloss / W */
        if (some)
            subtract_targets(dz, l, l->label[r], scale); /* - t dloss / W */
    }
}

/* ---- the same from log-probabilities ---- */

void mlk_nll_ref(ml_real *loss, const ml_real *log_p, const mlk_labels *l)
{
    double total = 0;
    for (int64_t r = 0; r < l->rows; r++)
        for (int64_t k = 0; k < l->n; k++)
            if (counts(l, r) && (l->smoothing > 0 || k == l->label[r]))
                total -= target(l, l->label[r], k) * (double)log_p[r * l->n + k];
    *loss = (ml_real)(total / total_weight(l));
}

void mlk_nll_forward(ml_real *loss, const ml_real *log_p, const mlk_labels *l)
{
    double total = 0;
    for (int64_t r = 0; r < l->rows; r++)
        if (counts(l, r))
            total -= of_targets(l, l->label[r], log_p + r * l->n);
    *loss = (ml_real)(total / total_weight(l));
}

void mlk_nll_backward(ml_real *dlog_p, bool add, const mlk_labels *l, ml_real dloss)
{
    double scale = (double)dloss / total_weight(l);
    if (!add)
        memset(dlog_p, 0, (size_t)(l->rows * l->n) * sizeof *dlog_p);
    for (int64_t r = 0; r < l->rows; r++)
        if (counts(l, r))
            subtract_targets(dlog_p + r * l->n, l, l->label[r], scale); /* dlog_p = -t dloss / W */
}
