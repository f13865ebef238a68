/* vector_norm.h -- the p-norm along an axis: how long a vector is. Internal. */
#ifndef MLK_VECTOR_NORM_H
#define MLK_VECTOR_NORM_H

#include "kernels/reduce.h"

typedef struct mlk_vector_norm {
    mlk_axis s;
    double p; /* above 0; INFINITY: the largest |x| */
} mlk_vector_norm;

/* y[o,i] = (sum_k |x[o,k,i]|^p)^(1/p). With n 0: 0. */
void mlk_vector_norm_ref(ml_real *y, const ml_real *x, const mlk_vector_norm *v);
void mlk_vector_norm_forward(ml_real *y, const ml_real *x, const mlk_vector_norm *v);
/* dx from dy, x and y, added to what is there where add says so. */
void mlk_vector_norm_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x,
                              const ml_real *y, const mlk_vector_norm *v);

#endif
