/* statistics.c -- the numbers behind histograms, densities and boxes.
 *
 * Histogram  width = min(Sturges, max(Freedman-Diaconis, half of the square root's)), as NumPy 2's "auto":
 *            (max - min) / (log2 n + 1);   2 (q3 - q1) n^(-1/3);   (max - min) / sqrt(n)
 * Density    f(x) = 1 / (n h) sum_i phi((x - v_i) / h),   h = n^(-1/5) s,   s with n - 1 below (Scott 1992)
 * Box        quartiles; whiskers to the outermost values within 1.5 (q3 - q1) of the box (Tukey 1977)
 * Derivation docs/math/distributions.md
 */
#include "plot/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BINS = 100000, CHUNK = 16 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

ml_status mli_sorted(const char *who, ml_doubles v, double **sorted, int64_t *n)
{
    size_t bytes;
    *sorted = NULL;
    *n = 0;
    if (v.n < 0 || (v.n && !v.v))
        return mli_fail(ML_EINVAL, "%s: %lld values%s", who, (long long)v.n, v.v ? "" : " at NULL");
    for (int64_t i = 0; i < v.n; i++)
        if (isinf(v.v[i]))
            return mli_fail(ML_EINVAL, "%s: value %lld is infinite", who, (long long)i);
    if (!mli_mul_size((size_t)v.n, sizeof **sorted, &bytes) || !(*sorted = mli_alloc(bytes)))
        return mli_fail(ML_ENOMEM, "%s: no memory for %lld values", who, (long long)v.n);
    for (int64_t i = 0; i < v.n; i++)
        if (!isnan(v.v[i]))
            (*sorted)[(*n)++] = v.v[i];
    qsort(*sorted, (size_t)*n, sizeof **sorted, by_value);
    if (*n && !isfinite((*sorted)[*n - 1] - (*sorted)[0]))
        return mli_fail(ML_EINVAL, "%s: from %g to %g is more than a double holds", who, (*sorted)[0], (*sorted)[*n - 1]);
    return ML_OK;
}

/* NumPy's linear interpolation, from the nearer end. */
static double quantile(const double *sorted, int64_t n, double q)
{
    double at = q * (double)(n - 1), t = at - floor(at);
    double a = sorted[(int64_t)at], b = sorted[(int64_t)at + (at < (double)(n - 1))];
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/* ---- histogram ---- */

static int64_t bins_of(const double *v, int64_t n)
{
    double range = v[n - 1] - v[0], size = (double)n;
    double sturges = range / (log2(size) + 1), root = range / sqrt(size);
    double narrow = 2 * (quantile(v, n, 0.75) - quantile(v, n, 0.25)) * pow(size, -1.0 / 3);
    double width = fmin(fmax(narrow, root / 2), sturges);
    double bins = width > 0 ? ceil(range / width) : 1;
    return bins < 1 ? 1 : bins > MOST_BINS ? MOST_BINS : (int64_t)bins;
}

ml_status ml_histogram_bins(ml_doubles v, int64_t *bins, double *low, double *high)
{
    double *sorted;
    int64_t n;
    ml_status s = mli_sorted("histogram", v, &sorted, &n);
    if (s) {
        mli_free(sorted);
        return s;
    }
    *bins = 1;
    *low = n ? sorted[0] : 0;
    *high = n ? sorted[n - 1] : 1;
    if (n && *low < *high)
        *bins = bins_of(sorted, n);
    if (*low == *high) {
        *low -= 0.5;
        *high += 0.5;
    }
    mli_free(sorted);
    return ML_OK;
}

static double edge(double low, double high, int64_t bins, int64_t i)
{
    return i == bins ? high : (double)i * ((high - low) / (double)bins) + low;
}

ml_status ml_histogram_counts(ml_doubles v, int64_t bins, double low, double high, int64_t *count)
{
    if (bins < 1 || bins > MOST_BINS)
        return mli_fail(ML_EINVAL, "histogram: %lld bins: it makes 1 to %d", (long long)bins, MOST_BINS);
    if (!(low < high) || !isfinite(high - low))
        return mli_fail(ML_EINVAL, "histogram: from %g to %g is no range", low, high);
    memset(count, 0, (size_t)bins * sizeof *count);
    for (int64_t i = 0; i < v.n; i++) {
        double x = v.v[i];
        if (!(x >= low && x <= high))
            continue;
        int64_t at = (int64_t)((x - low) / (high - low) * (double)bins);
        at = at >= bins ? bins - 1 : at;
        /* Division rounds: the edges decide. */
        if (at > 0 && x < edge(low, high, bins, at))
            at--;
        else if (at + 1 < bins && x >= edge(low, high, bins, at + 1))
            at++;
        count[at]++;
    }
    return ML_OK;
}

/* ---- density ---- */

ml_status ml_density_bandwidth(ml_doubles v, double *bandwidth)
{
    double mean = 0, squares = 0, scale = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < v.n; i++) {
        if (isinf(v.v[i]))
            return mli_fail(ML_EINVAL, "density: value %lld is infinite", (long long)i);
        scale = fmax(scale, fabs(v.v[i]));
    }
    for (int64_t i = 0; i < v.n; i++) {
        if (isnan(v.v[i]))
            continue;
        n++;
        double x = scale > 0 ? v.v[i] / scale : 0, step = x - mean; /* so that no square is too large; Welford 1962 */
        mean += step / (double)n;
        squares += step * (x - mean);
    }
    *bandwidth = n < 2 ? 0 : pow((double)n, -0.2) * sqrt(squares / (double)(n - 1)) * scale;
    if (!(*bandwidth > 0) || !isfinite(*bandwidth))
        return mli_fail(ML_EINVAL, "density: %lld values, Scott's bandwidth %g: it wants two different ones", (long long)n, *bandwidth);
    return ML_OK;
}

typedef struct curves {
    ml_doubles v, x;
    double h, scale, *out;
} curves;

static ml_status density_chunk(void *arg, int64_t chunk)
{
    const curves *c = arg;
    int64_t end = (chunk + 1) * CHUNK < c->x.n ? (chunk + 1) * CHUNK : c->x.n;
    for (int64_t i = chunk * CHUNK; i < end; i++) {
        double sum = 0;
        for (int64_t k = 0; k < c->v.n; k++) {
            double z = (c->x.v[i] - c->v.v[k]) / c->h;
            if (!isnan(c->v.v[k]))
                sum += exp(-0.5 * z * z);
        }
        c->out[i] = isnan(c->x.v[i]) ? NAN : sum * c->scale;
    }
    return ML_OK;
}

ml_status ml_density(ml_doubles v, double bandwidth, ml_doubles x, double *density)
{
    const double root_two_pi = 2.50662827463100050242;
    double h = bandwidth;
    int64_t n = 0;
    if (bandwidth < 0 || !isfinite(bandwidth))
        return mli_fail(ML_EINVAL, "density: bandwidth is %g: it must be a number above 0, or 0 for Scott's", bandwidth);
    double scott;
    ml_status s = ml_density_bandwidth(v, &scott);
    if (s)
        return s;
    h = h > 0 ? h : scott;
    for (int64_t k = 0; k < v.n; k++)
        n += !isnan(v.v[k]);
    curves c = {v, x, h, 1 / ((double)n * h * root_two_pi), density};
    return ml_parallel_for((x.n + CHUNK - 1) / CHUNK, density_chunk, &c);
}

/* ---- box ---- */

ml_status ml_box_of(ml_doubles v, ml_box *box)
{
    double *sorted;
    int64_t n, first = 0, last;
    ml_status s = mli_sorted("box", v, &sorted, &n);
    if (!s && n == 0)
        s = mli_fail(ML_EINVAL, "box: there is no value");
    if (s) {
        mli_free(sorted);
        return s;
    }
    *box = (ml_box){.q1 = quantile(sorted, n, 0.25), .median = quantile(sorted, n, 0.5), .q3 = quantile(sorted, n, 0.75), .n = n};
    double reach = 1.5 * (box->q3 - box->q1);
    /* As Matplotlib's: where no value lies between box and reach, the whisker ends at the box. */
    while (first < n && sorted[first] < box->q1 - reach)
        first++;
    for (last = n - 1; last >= 0 && sorted[last] > box->q3 + reach;)
        last--;
    box->low = fmin(sorted[first], box->q1);
    box->high = fmax(sorted[last], box->q3);
    box->outliers = first + n - 1 - last;
    mli_free(sorted);
    return ML_OK;
}
