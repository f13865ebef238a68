/* statistics.c -- see statistics.h. */
#include "prep/statistics.h"

#include "base/base.h"
#include "io/io.h"

#include <float.h>
#include <math.h>

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
            return mli_null(ML_EINVAL, "column '%s' is infinite in row %lld: nothing can be learnt from it",
                            mli_shown(c->name, shown), (long long)i);
        }
    }
    return v;
}

double mli_deviation(const double *v, int64_t n, double mean)
{
    const double variance = mli_sum_products(v, mean, v, mean, n) / (double)n, rounding = (double)n * mean * DBL_EPSILON;
    return variance <= (double)n * DBL_EPSILON * variance + rounding * rounding ? 0 : sqrt(variance);
}
