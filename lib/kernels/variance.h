/* variance.h -- variance and standard deviation along an axis. Internal. */
#ifndef MLK_VARIANCE_H
#define MLK_VARIANCE_H

#include "kernels/reduce.h"

typedef struct mlk_variance {
    mlk_axis s;
    double divisor; /* n - correction, above 0 */
    bool root;      /* the standard deviation: the root of the variance */
    double *mean;   /* of each line, outer x inner: forward leaves them for backward */
} mlk_variance;

/* y[o,i] = sum_k (x[o,k,i] - mean[o,i])^2 / divisor, or the root of that. */
void mlk_variance_ref(ml_real *y, const ml_real *x, const mlk_variance *v);
void mlk_variance_forward(ml_real *y, const ml_real *x, const mlk_variance *v);
/* dx[o,k,i] = slope (x[o,k,i] - mean[o,i]), see variance.c; added to what is there where add says so. */
void mlk_variance_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x,
                           const ml_real *y, const mlk_variance *v);

#endif
