/* shape.h -- moving numbers: permuted axes, and runs cut out or put together. Internal. */
#ifndef MLK_SHAPE_H
#define MLK_SHAPE_H

#include <mlcore/real.h>

/* y = x with axes in another order: axis j of y is axis order[j] of x. shape is that of x. */
void mlk_transpose_ref(ml_real *y, const ml_real *x, int rank, const int64_t *shape,
                       const int *order);
void mlk_transpose_forward(ml_real *y, const ml_real *x, int rank, const int64_t *shape,
                           const int *order);
/* dx = dy with axes in the order back. shape and order as forward had them. */
void mlk_transpose_backward(ml_real *dx, bool add, const ml_real *dy, int rank,
                            const int64_t *shape, const int *order);

/* `runs` runs of `length` numbers, y_step and x_step apart. */
typedef struct mlk_runs {
    int64_t runs, length, y_step, x_step;
} mlk_runs;
/* y[r * y_step + j] = x[r * x_step + j], added to what is there where add says so. */
void mlk_copy_runs_ref(ml_real *y, bool add, const ml_real *x, mlk_runs s);
void mlk_copy_runs(ml_real *y, bool add, const ml_real *x, mlk_runs s);

#endif
