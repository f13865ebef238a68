/* statistics.h -- what steps learn from the values of a column. Internal. */
#ifndef MLI_PREP_STATISTICS_H
#define MLI_PREP_STATISTICS_H

#include "linalg/statistics.h"

#include <mlcore/frame.h>

/* The values of numbers or integers that are there, in the order of the rows: c->n - c->missing of them, for mli_free; NULL with
 * an error set, which names the row, where one is infinite. */
double *mli_known(const ml_column *c);

/* The square root of the mean squared distance from the mean: of n, not n-1. 0 where n >= 1 values differ by no more than
 * the rounding of their mean, as scikit-learn has it. */
double mli_deviation(const double *v, int64_t n, double mean);

#endif
