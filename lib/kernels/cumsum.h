/* cumsum.h -- running sums along an axis. Internal; the lesson is in cumsum.c. */
#ifndef MLK_CUMSUM_H
#define MLK_CUMSUM_H

#include "kernels/reduce.h"

/* y[o,k,i] = x[o,0,i] + ... + x[o,k,i]. Sums are taken in double. */
void mlk_cumsum_ref(ml_real *y, const ml_real *x, mlk_axis s);
void mlk_cumsum_forward(ml_real *y, const ml_real *x, mlk_axis s);
/* dx[o,k,i] = dy[o,k,i] + ... + dy[o,n-1,i], added to what is there where add says so. */
void mlk_cumsum_backward(ml_real *dx, bool add, const ml_real *dy, mlk_axis s);

#endif
