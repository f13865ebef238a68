/* cholesky.h -- a positive definite matrix as a product of a triangle with itself. Internal; in double in every build. */
#ifndef MLI_CHOLESKY_H
#define MLI_CHOLESKY_H

#include "base/base.h"

/* A (N,N) symmetric, row after row, of which the half below the diagonal is read; on return L stands there, A = L L^T, and what
 * is above the diagonal is anything. `least` is the share of A[j,j] that must be left of it when the columns before j have taken
 * theirs: 0 is positive definite to the last bit; 1e-12 says that no column is nearly a sum of those before. Where that fails,
 * or a number is NaN, ML_EINVAL: the sentence has the column, *column too (may be NULL), which is -1 otherwise. */
ml_status mli_cholesky(double *a, int64_t n, double least, int64_t *column);
/* Solves A x = b; b (N) becomes x. */
void mli_cholesky_solve(const double *l, int64_t n, double *b);
/* The lowest share of A[j,j] that was left; of an empty matrix 1. */
double mli_cholesky_share(const double *l, int64_t n);

#endif
