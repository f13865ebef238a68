/* activations.h -- relu, sigmoid, tanh. Internal; the lesson is in activations.c. */
#ifndef MLK_ACTIVATIONS_H
#define MLK_ACTIVATIONS_H

#include "kernels/ranges.h"

/* n numbers each. add: to what is in dx. All three go back from the output y. */
void mlk_relu_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_relu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n);
void mlk_sigmoid_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_sigmoid_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n);
void mlk_tanh_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_tanh_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n);

#endif
