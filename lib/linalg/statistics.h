/* statistics.h -- what n doubles come to: sums, moments, quantiles. Internal.
 *
 * NaN is a number like any other here: whoever has missing values leaves them out before.
 */
#ifndef MLI_STATISTICS_H
#define MLI_STATISTICS_H

#include <stdint.h>

/* The sum by halves, so that rounding grows with log n (Higham 1993, "The accuracy of floating point summation"). */
double mli_sum(const double *v, int64_t n);
/* The sum of (v[i] - a) (w[i] - b), by halves. */
double mli_sum_products(const double *v, double a, const double *w, double b, int64_t n);
/* NaN of none. */
double mli_mean(const double *v, int64_t n);
/* sum (v - mean v) (w - mean w) / (n - 1), in two passes; NaN of less than two, and exactly 0 where v or w is constant. */
double mli_covariance(const double *v, const double *w, int64_t n);
/* The same of v and v. */
double mli_variance(const double *v, int64_t n);

/* The element that sorting would bring to place k in 0 .. n-1: smaller ones end up before it, larger ones behind. Linear in the mean,
 * whatever the order of v (Hoare 1961). Without NaN. */
double mli_select(double *v, int64_t n, int64_t k);
/* Between the two values around place share * (n - 1) by a straight line (Hyndman and Fan 1996, definition 7). share is in 0 .. 1; NaN of
 * none. Reorders v. */
double mli_quantile(double *v, int64_t n, double share);
/* NaN of none. Reorders v. */
double mli_median(double *v, int64_t n);

#endif
