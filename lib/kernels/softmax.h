/* softmax.h -- softmax and log-softmax along an axis. Internal. */
#ifndef MLK_SOFTMAX_H
#define MLK_SOFTMAX_H

#include "kernels/reduce.h"

void mlk_softmax_ref(ml_real *p, const ml_real *z, mlk_axis s);
void mlk_softmax_forward(ml_real *p, const ml_real *z, mlk_axis s);
/* dz = p (dp - sum_k p_k dp_k), from the output p */
void mlk_softmax_backward(ml_real *dz, bool add, const ml_real *dp, const ml_real *p, mlk_axis s);

void mlk_log_softmax_ref(ml_real *y, const ml_real *z, mlk_axis s);
void mlk_log_softmax_forward(ml_real *y, const ml_real *z, mlk_axis s);
/* dz = dy - exp(y) sum_k dy_k, from the output y */
void mlk_log_softmax_backward(ml_real *dz, bool add, const ml_real *dy, const ml_real *y,
                              mlk_axis s);

/* y = z - (its largest), for each of `rows` rows of n; and how many rows of n to take at a time so that they
 * stay in the nearest cache from one pass to the next. The losses use these too. */
void mlk_shift_rows(ml_real *y, const ml_real *z, int64_t rows, int64_t n);
int64_t mlk_rows_a_block(int64_t n);

#endif
