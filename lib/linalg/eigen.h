/* eigen.h -- a symmetric matrix as stretches along directions at right angles. Internal; in double in every build. */
#ifndef MLI_EIGEN_H
#define MLI_EIGEN_H

#include "base/base.h"

/* A (N,N) symmetric, row after row, of which the half below the diagonal is read. On return row k of `a` is the unit eigenvector of
 * values[k], and values rise. The sign of a vector is such that its largest number (the first of equals) is positive. ML_EINVAL
 * where a number is not finite. */
ml_status mli_symmetric_eigen(double *a, int64_t n, double *values);

#endif
