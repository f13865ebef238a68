/* ranks.h -- order instead of size: ranks, and Kendall's tau-b. Internal. */
#ifndef MLI_RANKS_H
#define MLI_RANKS_H

#include "base/base.h"

/* Puts ranks 1 .. n in the place of n numbers, equal ones having the mean of theirs. Without NaN. */
ml_status mli_ranks(double *v, int64_t n);
/* Kendall's tau-b of n pairs; NaN where x or y is constant, or n < 2. Without NaN in them. Reorders both. */
ml_status mli_kendall(double *x, double *y, int64_t n, double *tau);

#endif
