/* logsumexp.h -- the logarithm of a sum of exponentials along an axis. Internal. */
#ifndef MLK_LOGSUMEXP_H
#define MLK_LOGSUMEXP_H

#include "kernels/reduce.h"

/* y[o,i] = log sum_k exp(x[o,k,i]); exact gets the same before rounding. n may be 0: log 0. */
void mlk_logsumexp_ref(ml_real *y, double *exact, const ml_real *x, mlk_axis s);
void mlk_logsumexp_forward(ml_real *y, double *exact, const ml_real *x, mlk_axis s);
/* dx[o,k,i] = dy[o,i] exp(x[o,k,i] - exact[o,i]), added to what is there where add says so. */
void mlk_logsumexp_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x,
                            const double *exact, mlk_axis s);

#endif
