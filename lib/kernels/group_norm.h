/* group_norm.h -- group normalization: x (N,P,C), each group of channels of each sample by its own
 * mean and variance. Internal. */
#ifndef MLK_GROUP_NORM_H
#define MLK_GROUP_NORM_H

#include "kernels/norm.h"

/* Bytes of scratch that the bodies without _ref want. */
size_t mlk_group_norm_work(int64_t rows, int64_t channels);

/* y, and the mean and scale of each group. */
void mlk_group_norm_ref(ml_real *y, const ml_real *x, const mlk_norm *g, double eps);
void mlk_group_norm_forward(ml_real *y, const ml_real *x, const mlk_norm *g, double eps,
                            void *work);

void mlk_group_norm_backward_ref(const mlk_norm_grads *to, const ml_real *dy, const ml_real *x,
                                 const mlk_norm *g);
void mlk_group_norm_backward(const mlk_norm_grads *to, const ml_real *dy, const ml_real *x,
                             const mlk_norm *g, void *work);

#endif
