/* design.h -- the features as solvers see them. Column j of the design is (x_j - shift_j) inverse_j: its mean is 0 where there is an
 * intercept, its size about 1, so that no solver meets columns that differ by their units. Internal; in double in every build.
 *
 * Passes over the rows run on all threads, in lanes whose number depends on the shape alone: results have the same bits on any
 * number of threads.
 */
#ifndef MLI_DESIGN_H
#define MLI_DESIGN_H

#include "base/base.h"

#include <mlcore/matrix.h>

typedef struct mli_design {
    ml_matrix x;           /* N x D, strides filled in */
    const double *weight;  /* of the rows; NULL: 1 each */
    double total;          /* of the weights */
    double *shift, *inverse; /* D each. inverse is a power of two, so that scaling rounds nothing; 0 where a column is constant */
} mli_design;

/* Finds shift (the weighted mean where `centre` says so, else 0) and scale. Weights are not negative. An error, with the column's
 * name, where a number is not finite, or the square of a column's spread does not fit a double; a spread below 1e-154 counts as none.
 * Free it in any case. */
ml_status mli_design_init(mli_design *d, const ml_matrix *x, const double *weight, bool centre);
void mli_design_free(mli_design *d);
/* Rows first .. first+n-1 of the design to out (n,D). */
void mli_design_rows(const mli_design *d, int64_t first, int64_t n, double *out);

/* How many lanes n rows make, each with scratch of `size` numbers, and where lane i begins. */
int64_t mli_row_lanes(int64_t n, int64_t size);
int64_t mli_lane_begin(int64_t n, int64_t lanes, int64_t i);

/* ---- design_pass.c: scores, and back ---- */

/* z (n,K): scores of rows first .. first+n-1. Returns the sum of these rows' losses, and leaves in z their derivatives. */
typedef double mli_row_losses(void *user, int64_t first, int64_t n, double *z);
/* The loss of all rows, and its gradient, in one pass:
 *     z[n,k] = u[k,D] + sum_d u[k,d] design[n,d]        gradient[k,d] = sum_n dz[n,k] design[n,d], and of u[k,D] sum_n dz[n,k]
 * u and gradient (K,D+1). */
ml_status mli_design_pass(const mli_design *d, const double *u, int64_t k, mli_row_losses *f, void *user, double *value,
                          double *gradient);

/* ---- gram.c ---- */

/* One more column beside those of x: N numbers, or NULL for ones. */
typedef struct mli_beside {
    const double *v;
} mli_beside;
/* G = A^T diag(factor) A, (M,M), A the design with `beside` at its right, M = D + count. factor: N numbers >= 0; NULL: the
 * weights of the design. */
ml_status mli_gram(const mli_design *d, const double *factor, const mli_beside *beside, int64_t count, double *g);

#endif
