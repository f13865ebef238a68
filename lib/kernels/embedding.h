/* embedding.h -- rows of a table by their numbers. Internal; the lesson is in embedding.c. */
#ifndef MLK_EMBEDDING_H
#define MLK_EMBEDDING_H

#include "kernels/gather.h"

/* y[o,j,i] = x[o, index[j], i]. y (O,m,I). An embedding: O is 1, n the rows of the table, I their length. */
void mlk_select_ref(ml_real *y, const ml_real *x, const mlk_pick *p);
void mlk_select_forward(ml_real *y, const ml_real *x, const mlk_pick *p);
/* dx[o, index[j], i] += dy[o,j,i] for j = 0, 1, ... in this order; without add, dx is zeroed before. */
void mlk_select_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_pick *p);
void mlk_select_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_pick *p);

/* y[n,k] = 1 where k is label n, else 0. */
void mlk_one_hot(ml_real *y, const int32_t *label, int64_t n, int64_t classes);

#endif
