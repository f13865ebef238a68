/* losses.h -- softmax cross-entropy, binary cross-entropy with logits, mean squared error. Internal. */
#ifndef MLK_LOSSES_H
#define MLK_LOSSES_H

#include <mlcore/real.h>

/* *loss = mean over rows of -log softmax(z)[label]; p (rows, n) gets the softmax. rows >= 1. */
void mlk_softmax_xent_ref(ml_real *loss, ml_real *p, const ml_real *z, const int32_t *label,
                          int64_t rows, int64_t n);
void mlk_softmax_xent_forward(ml_real *loss, ml_real *p, const ml_real *z, const int32_t *label,
                              int64_t rows, int64_t n);
/* What a backward of a loss reads: the gradient of the loss, and the sizes. */
typedef struct mlk_loss_grad {
    ml_real dloss;
    int64_t rows, n; /* elementwise losses: rows is 1 */
} mlk_loss_grad;
/* dz = (p - onehot(label)) dloss / rows */
void mlk_softmax_xent_backward(ml_real *dz, bool add, const ml_real *p, const int32_t *label,
                               mlk_loss_grad g);

/* *loss = mean of max(z,0) - z y + log(1 + exp(-|z|)). n >= 1. */
void mlk_bce_logits_ref(ml_real *loss, const ml_real *z, const ml_real *y, int64_t n);
void mlk_bce_logits_forward(ml_real *loss, const ml_real *z, const ml_real *y, int64_t n);
/* dz = (sigmoid(z) - y) dloss / n */
void mlk_bce_logits_backward(ml_real *dz, bool add, const ml_real *z, const ml_real *y,
                             mlk_loss_grad g);

/* *loss = mean of (a - b)^2. n >= 1. */
void mlk_mse_ref(ml_real *loss, const ml_real *a, const ml_real *b, int64_t n);
void mlk_mse_forward(ml_real *loss, const ml_real *a, const ml_real *b, int64_t n);
/* da = 2 (a - b) dloss / n; db by swapping a and b */
void mlk_mse_backward(ml_real *da, bool add, const ml_real *a, const ml_real *b, mlk_loss_grad g);

#endif
