/* layer_norm.h -- layer normalization: x (R,D), each row by its own mean and variance. Internal. */
#ifndef MLK_LAYER_NORM_H
#define MLK_LAYER_NORM_H

#include "kernels/norm.h"

/* Bytes of scratch that the bodies without _ref want. */
size_t mlk_layer_norm_work(int64_t rows, int64_t n);

/* y, and the mean and scale of each row. */
void mlk_layer_norm_ref(ml_real *y, const ml_real *x, const mlk_norm *l, double eps);
void mlk_layer_norm_forward(ml_real *y, const ml_real *x, const mlk_norm *l, double eps,
                            void *work);

void mlk_layer_norm_backward_ref(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                                 const mlk_norm *l);
void mlk_layer_norm_backward(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                             const mlk_norm *l, void *work);

#endif
