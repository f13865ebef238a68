/* reduce.h -- sum, mean, max and min along an axis. Internal. */
#ifndef MLK_REDUCE_H
#define MLK_REDUCE_H

#include <mlcore/real.h>

/* A tensor seen from one of its axes: outer x n x inner, where n is the axis. Element (o, k, i) lies at
 * (o * n + k) * inner + i. Over everything: 1 x size x 1. */
typedef struct mlk_axis {
    int64_t outer, n, inner;
} mlk_axis;

/* y[o,i] = sum_k x[o,k,i] / divisor: 1 for the sum, n for the mean. Sums are taken in double. */
void mlk_sum_ref(ml_real *y, const ml_real *x, mlk_axis s, double divisor);
void mlk_sum_forward(ml_real *y, const ml_real *x, mlk_axis s, double divisor);
/* dx[o,k,i] = dy[o,i] / divisor, added to what is there where add says so. */
void mlk_sum_backward(ml_real *dx, bool add, const ml_real *dy, mlk_axis s, double divisor);

/* y[o,i] = max_k x[o,k,i], or min_k; at[o,i] = the first k that has it. NaN beats all. n >= 1. */
void mlk_max_ref(ml_real *y, int64_t *at, const ml_real *x, mlk_axis s);
void mlk_max_forward(ml_real *y, int64_t *at, const ml_real *x, mlk_axis s);
void mlk_min_ref(ml_real *y, int64_t *at, const ml_real *x, mlk_axis s);
void mlk_min_forward(ml_real *y, int64_t *at, const ml_real *x, mlk_axis s);
/* Of both: dx[o,at,i] = dy[o,i], 0 elsewhere. */
void mlk_extreme_backward(ml_real *dx, bool add, const ml_real *dy, const int64_t *at, mlk_axis s);
/* Over everything: dy shared evenly among the elements of x that equal y (the NaNs, where y is NaN). */
void mlk_extreme_all_backward(ml_real *dx, bool add, ml_real dy, const ml_real *x, ml_real y,
                              int64_t n);

#endif
