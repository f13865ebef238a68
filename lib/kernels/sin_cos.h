/* sin_cos.h -- sine and cosine. Internal; the lesson is in sin_cos.c. */
#ifndef MLK_SIN_COS_H
#define MLK_SIN_COS_H

#include "kernels/ranges.h"

/* n numbers each, x in radians. add: to what is in dx. */
void mlk_sin_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_sin_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n);
void mlk_cos_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_cos_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n);

#endif
