/* vector.h -- the three things that are done with vectors of doubles. Sums run in lanes side by side, of a fixed number, so that
 * additions need not wait for one another and the order is the same on every run. Internal. */
#ifndef MLI_VECTOR_H
#define MLI_VECTOR_H

#include <math.h>
#include <stdint.h>

enum { MLI_LANES = 8 };

/* x . y */
static inline double mli_dot(const double *x, const double *y, int64_t n)
{
    double lane[MLI_LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + MLI_LANES <= n; i += MLI_LANES)
        for (int k = 0; k < MLI_LANES; k++)
            lane[k] += x[i + k] * y[i + k];
    for (; i < n; i++)
        sum += x[i] * y[i];
    for (int k = 0; k < MLI_LANES; k++)
        sum += lane[k];
    return sum;
}

/* y += a x */
static inline void mli_axpy(double *restrict y, double a, const double *restrict x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* max |x_i|; NaN where one is NaN. */
static inline double mli_largest(const double *x, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(x[i]) <= most))
            most = isnan(most) ? most : fabs(x[i]);
    return most;
}

#endif
