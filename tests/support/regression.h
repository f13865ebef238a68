/* regression.h -- the data of tests/golden/make_regression.py, and models fitted on it beside scikit-learn's. */
#ifndef TESTS_REGRESSION_H
#define TESTS_REGRESSION_H

#include "support/check.h"

typedef enum regression_shape {
    PLAIN,   /* 90 x 6 */
    SCALED,  /* the same, by 1e6, 1, 1e-5, 1, 1e3, 1, and far from 0 */
    AWKWARD, /* 90 x 8: a constant column, and one that is a sum of two others */
    WIDE     /* 18 x 30 */
} regression_shape;

typedef struct regression {
    golden x, y; /* as on file: y has rows of targets, weights, labels of two classes, of three */
    int64_t rows, columns;
    double *v;
    int32_t *two, *three;
} regression;

regression regression_read(regression_shape shape);
void regression_free(regression *r);
/* With y where classes is 0, else with the labels of two or three classes. */
ml_xy regression_data(const regression *r, int classes, bool weighted);

/* Fails unless the model's coefficients and intercepts are those of row `row` of the file: |a - b| <= tolerance times the largest that
 * belongs to the same unit (`scaled`: each by itself). Frees the model. */
void assert_coefficients(ml_model *m, const char *file, int row, double tolerance, bool scaled);

#endif
