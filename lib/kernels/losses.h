/* losses.h -- how wrong, as one number: cross_entropy.c, bce.c, regression_losses.c, kl_div.c, hinge.c. Internal. */
#ifndef MLK_LOSSES_H
#define MLK_LOSSES_H

#include <mlcore/real.h>

/* ---- against labels: cross_entropy.c ---- */

/* *loss = mean over rows of -log softmax(z)[label]; p (rows, n) gets the softmax. rows >= 1. */
void mlk_softmax_xent_ref(ml_real *loss, ml_real *p, const ml_real *z, const int32_t *label,
                          int64_t rows, int64_t n);
void mlk_softmax_xent_forward(ml_real *loss, ml_real *p, const ml_real *z, const int32_t *label,
                              int64_t rows, int64_t n);
/* What its backward reads: the gradient of the loss, and the sizes. */
typedef struct mlk_loss_grad {
    ml_real dloss;
    int64_t rows, n;
} mlk_loss_grad;
/* dz = (p - onehot(label)) dloss / rows */
void mlk_softmax_xent_backward(ml_real *dz, bool add, const ml_real *p, const int32_t *label,
                               mlk_loss_grad g);

/* What `rows` labels ask of n classes each. Row r wants the share t[r,k] = w[k] ((1 - s) [k = label r] + s / n) of class
 * k, and nothing where its label is the one to ignore. */
typedef struct mlk_labels {
    const int32_t *label;
    int64_t rows, n;
    const ml_real *weight; /* n, or NULL: 1 each */
    double smoothing;      /* s */
    bool has_ignore;
    int32_t ignore;
} mlk_labels;

/* *loss = -(1/W) sum_r sum_k t[r,k] log softmax(z)[r,k], W = sum_r w[label r] over the rows that count, so that it is NaN
 * where none does; p (rows, n) gets the softmax. */
void mlk_cross_entropy_ref(ml_real *loss, ml_real *p, const ml_real *z, const mlk_labels *l);
void mlk_cross_entropy_forward(ml_real *loss, ml_real *p, const ml_real *z, const mlk_labels *l);
/* dz = (p sum_j t[j] - t) dloss / W */
void mlk_cross_entropy_backward(ml_real *dz, bool add, const ml_real *p, const mlk_labels *l,
                                ml_real dloss);

/* The same from log-probabilities: *loss = -(1/W) sum_r sum_k t[r,k] log_p[r,k]. */
void mlk_nll_ref(ml_real *loss, const ml_real *log_p, const mlk_labels *l);
void mlk_nll_forward(ml_real *loss, const ml_real *log_p, const mlk_labels *l);
/* dlog_p = -t dloss / W */
void mlk_nll_backward(ml_real *dlog_p, bool add, const mlk_labels *l, ml_real dloss);

/* ---- against a tensor of the same shape ---- */

typedef struct mlk_pair {
    const ml_real *p, *y;  /* n predictions, logits, scores or log-probabilities, and n targets */
    int64_t n, rows;       /* n >= 1 */
    double shape;          /* of the curve: delta of huber, the quantile of pinball */
    const ml_real *weight; /* of weighted bce: element i has weight[i % period] */
    int64_t period;
} mlk_pair;

/* Each is a mean over the n elements but kl_div, which is one over the rows. backward: dp, for a gradient dloss of the loss.
 * Losses that see only p - y have dy = -dp, which is dp for -dloss. */
typedef void mlk_pair_fn(ml_real *loss, const mlk_pair *v);
typedef void mlk_pair_pull(ml_real *dp, bool add, const mlk_pair *v, ml_real dloss);

/* max(z,0) - z y + log(1 + exp(-|z|)) */
mlk_pair_fn mlk_bce_logits_ref, mlk_bce_logits_forward;
mlk_pair_pull mlk_bce_logits_backward;
/* (1 - y) log(1 + exp(z)) + w y log(1 + exp(-z)) */
mlk_pair_fn mlk_bce_weighted_ref, mlk_bce_weighted_forward;
mlk_pair_pull mlk_bce_weighted_backward;

/* (p - y)^2 */
mlk_pair_fn mlk_mse_ref, mlk_mse_forward;
mlk_pair_pull mlk_mse_backward;
/* |p - y| */
mlk_pair_fn mlk_mae_ref, mlk_mae_forward;
mlk_pair_pull mlk_mae_backward;
/* (p - y)^2 / 2 where |p - y| <= delta, else delta (|p - y| - delta / 2) */
mlk_pair_fn mlk_huber_ref, mlk_huber_forward;
mlk_pair_pull mlk_huber_backward;
/* q (y - p) where y > p, else (1 - q) (p - y) */
mlk_pair_fn mlk_pinball_ref, mlk_pinball_forward;
mlk_pair_pull mlk_pinball_backward;

/* y (log y - p), 0 where y is 0 */
mlk_pair_fn mlk_kl_div_ref, mlk_kl_div_forward;
mlk_pair_pull mlk_kl_div_backward;
/* max(0, 1 - y p), y is -1 or 1 */
mlk_pair_fn mlk_hinge_ref, mlk_hinge_forward;
mlk_pair_pull mlk_hinge_backward;

#endif
