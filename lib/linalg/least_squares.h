/* least_squares.h -- the u that brings A u nearest to y. Internal; in double in every build. */
#ifndef MLI_LEAST_SQUARES_H
#define MLI_LEAST_SQUARES_H

#include "linalg/design.h"

/* The u (D) with the least  sum_n weight[n] (y[n] - A[n,:] u)^2 + sum_d (ridge[d] u[d])^2,  A the design (N,D); ridge may be NULL.
 * Where columns depend on each other, so that many u do, the one with the least sum_d (u[d] inverse[d])^2: the shortest
 * vector of coefficients of x itself. *rank (may be NULL): how many columns do not depend on others. */
ml_status mli_least_squares(const mli_design *d, const double *y, const double *ridge, double *u, int64_t *rank);

#endif
