/* quantiles.h -- the normal and the chi-square distribution: how much lies below a place, and below which place so much lies.
 * Internal; in double in every build. NaN, and what is not in a function's range, gives NaN.
 */
#ifndef MLI_QUANTILES_H
#define MLI_QUANTILES_H

#include <math.h>

/* The share of the standard normal distribution below z, and the z below which the share p lies: -inf at 0, inf at 1. */
double mli_normal_cdf(double z);
double mli_normal_quantile(double p);

/* The same of the chi-square distribution with k > 0 degrees of freedom (any number, not whole ones only), x >= 0. */
double mli_chi_square_cdf(double x, double k);
/* 1 - cdf, without the cancellation: the p-value of a test. */
double mli_chi_square_above(double x, double k);
double mli_chi_square_quantile(double p, double k);

#endif
