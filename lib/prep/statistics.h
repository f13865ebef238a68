/* statistics.h -- what steps learn from the values of a column. Internal. */
#ifndef MLI_PREP_STATISTICS_H
#define MLI_PREP_STATISTICS_H

#include "base/base.h"

#include <mlcore/frame.h>

/* The values of numbers or integers that are there, in the order of the rows: c->n - c->missing of them, for mli_free; NULL with
 * an error set, which names the row, where one is infinite. */
double *mli_known(const ml_column *c);

/* Of n >= 1 finite numbers. Sums that leave double's range give infinity or NaN. */
double mli_mean(const double *v, int64_t n);
/* The square root of the mean squared distance from the mean: of n, not n-1. 0 where the values differ by no more than
 * the rounding of their mean, as scikit-learn has it. */
double mli_deviation(const double *v, int64_t n, double mean);

/* Sorts upwards. */
void mli_sort_numbers(double *v, int64_t n);
/* The q-quantile, q in [0, 1], of n >= 1 sorted numbers: between the two nearest, NumPy's "linear". */
double mli_quantile(const double *sorted, int64_t n, double q);

#endif
