/* finite.h -- where a NaN or an infinity is. Internal. */
#ifndef MLK_FINITE_H
#define MLK_FINITE_H

#include <mlcore/real.h>

/* The index of the first of n numbers that is NaN or infinite; -1 where all are finite. */
int64_t mlk_first_not_finite(const ml_real *x, int64_t n);
int64_t mlk_first_not_finite_ref(const ml_real *x, int64_t n);

#endif
