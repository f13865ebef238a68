/* linear.h -- least squares with and without penalties: what the solvers of linear regression share. Internal. */
#ifndef MLI_LINEAR_H
#define MLI_LINEAR_H

#include "classical/model.h"
#include "linalg/design.h"

/* The minimum over u (D) of
 *     1/2 sum_n weight[n] (y[n] - A[n,:] u)^2  +  sum_d l1[d] |u[d]|  +  1/2 sum_d l2[d] u[d]^2
 * where A is the design. With centred columns and y the intercept is 0, and needs no solver. */
typedef struct mli_linear {
    const ml_linear_opts *opts;
    mli_design design;
    double *y;           /* N, about 1 in size */
    double *l1, *l2, *u; /* D, D, and D + 1 of which the last is 0 */
    int64_t steps;
    bool settled;
} mli_linear;

/* ---- linear_solvers.c ---- */
ml_status mli_linear_qr(mli_linear *p);
/* ML_EINVAL with *column where no more than `least` of a column's length is left by those before it; -1 otherwise. */
ml_status mli_linear_cholesky(mli_linear *p, double least, int64_t *column);
ml_status mli_linear_lbfgs(mli_linear *p);

/* ---- linear_coordinate.c ---- */
ml_status mli_linear_coordinate(mli_linear *p);

#endif
