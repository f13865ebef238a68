/* statistics.c -- see statistics.h. */
#include "prep/statistics.h"

#include "io/io.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

double *mli_known(const ml_column *c)
{
    char shown[MLI_SHOWN];
    int64_t n = 0;
    double *v = mli_alloc((size_t)(c->n - c->missing) * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++) {
        if (ml_column_missing(c, i))
            continue;
        v[n++] = ml_column_number(c, i);
        if (isinf(v[n - 1])) {
            mli_free(v);
            return mli_null(ML_EINVAL, "column '%s' is infinite in row %lld: nothing can be learnt from it", mli_shown(c->name, shown),
                            (long long)i);
        }
    }
    return v;
}

double mli_mean(const double *v, int64_t n)
{
    double sum = 0, rest = 0;
    for (int64_t i = 0; i < n; i++)
        sum += v[i];
    const double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        rest += v[i] - mean;
    return mean + rest / (double)n; /* what rounding of the first sum lost */
}

double mli_deviation(const double *v, int64_t n, double mean)
{
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += (v[i] - mean) * (v[i] - mean);
    const double variance = squares / (double)n, rounding = (double)n * mean * DBL_EPSILON;
    return variance <= (double)n * DBL_EPSILON * variance + rounding * rounding ? 0 : sqrt(variance);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void mli_sort_numbers(double *v, int64_t n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
}

double mli_quantile(const double *sorted, int64_t n, double q)
{
    const double at = q * (double)(n - 1);
    const int64_t low = (int64_t)at, high = low + 1 < n ? low + 1 : low;
    const double t = at - (double)low, a = sorted[low], b = sorted[high];
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}
