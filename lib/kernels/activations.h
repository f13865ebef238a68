/* activations.h -- what bends a net. Internal; the lessons are in activations.c (relu, sigmoid, tanh), activations_relu.c (leaky
 * relu, elu) and activations_smooth.c (gelu, silu, softplus). */
#ifndef MLK_ACTIVATIONS_H
#define MLK_ACTIVATIONS_H

#include "kernels/ranges.h"

/* n numbers each. add: to what is in dx. These three go back from the output y. */
void mlk_relu_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_relu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n);
void mlk_sigmoid_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_sigmoid_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n);
void mlk_tanh_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_tanh_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n);

/* All others from the input x. slope and alpha point to one number. */
void mlk_leaky_relu_forward(ml_real *y, const ml_real *x, int64_t n, const double *slope);
void mlk_leaky_relu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n, const double *slope);
void mlk_elu_forward(ml_real *y, const ml_real *x, int64_t n, const double *alpha);
void mlk_elu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n, const double *alpha);

void mlk_gelu_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_gelu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n);
void mlk_gelu_tanh_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_gelu_tanh_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n);
void mlk_silu_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_silu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n);
void mlk_softplus_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_softplus_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n);

#endif
