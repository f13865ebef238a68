/* lines.h -- what linear and logistic regression leave: scores that are sums of the features. Internal. */
#ifndef MLI_LINES_H
#define MLI_LINES_H

#include "classical/model.h"
#include "linalg/design.h"

/* Row k of w (K,D) and intercept k make score k: one row of a regression and of two classes, else one a class. */
typedef struct mli_lines {
    int64_t k, d;
    double *w, *intercept; /* one block */
    int64_t steps;         /* of the solver that found them */
    bool settled;          /* it ended because nothing was left to do */
} mli_lines;

/* Zeros. */
mli_lines *mli_lines_new(int64_t k, int64_t d);
void mli_lines_free(void *lines); /* takes NULL */

/* From u (K,D+1), coefficients of the design, to those of x: w = scale inverse u, intercept = scale (u[D] - shift . inverse u) + at.
 * An error where a number does not fit a double. */
ml_status mli_lines_take(mli_lines *l, const mli_design *design, const double *u, double scale, double at, const char *who);

/* z (rows,K). A row's numbers do not depend on where it lies, nor on the rows beside it. */
void mli_lines_scores(const mli_lines *l, const ml_matrix *x, double *z);

ml_status mli_lines_save(const ml_model *m, mli_store *s, const char *at);
/* Of a model with k rows. */
ml_status mli_lines_load(ml_model *m, int64_t k, mli_store *s, const char *at);

#endif
