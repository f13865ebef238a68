/* bins.c -- features cut into bins.
 *
 * Problem   Real numbers in so few kinds that sums over each kind can be kept: a byte a number.
 * Given     the rows of a matrix, and how many bins there may be
 * Returns   the edges between bins, and each number's bin
 * Source    Ke and others 2017, "LightGBM", section 2; edges as scikit-learn's: with no more values than bins, the midpoints
 *           between neighbours; else the quantiles k / bins of the sorted column, of which that share of the values is not above,
 *           and the midpoint of two where it is so between them (Hyndman and Fan 1996, definition 2)
 *
 * A column is sorted by its bits, a byte at a time: eleven bits a pass, six passes, whatever the numbers are.
 */
#include "classical/bins.h"

#include <math.h>
#include <string.h>

enum { DIGIT = 11, DIGITS = 6, BUCKETS = 1 << DIGIT };

/* A double's bits as a whole number of the same order: negative numbers turn over. */
static uint64_t key_of(double v)
{
    uint64_t u;
    v += 0.0; /* -0 and 0 are one number */
    memcpy(&u, &v, sizeof u);
    return u >> 63 ? ~u : u | (uint64_t)1 << 63;
}

static double value_of(uint64_t key)
{
    const uint64_t u = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
    double v;
    memcpy(&v, &u, sizeof v);
    return v;
}

/* Sorts n keys; other is room for n. The result is in keys: the number of passes is even. */
static void sort_keys(uint64_t *keys, uint64_t *other, int64_t n)
{
    for (int pass = 0; pass < DIGITS; pass++) {
        int64_t at[BUCKETS] = {0}, sum = 0;
        for (int64_t i = 0; i < n; i++)
            at[keys[i] >> DIGIT * pass & (BUCKETS - 1)]++;
        for (int d = 0; d < BUCKETS; d++) {
            const int64_t count = at[d];
            at[d] = sum;
            sum += count;
        }
        for (int64_t i = 0; i < n; i++)
            other[at[keys[i] >> DIGIT * pass & (BUCKETS - 1)]++] = keys[i];
        uint64_t *t = keys;
        keys = other;
        other = t;
    }
}

/* Between two neighbours, and never the upper one of two: that would put it into the lower bin. */
static double between(double a, double b)
{
    const double middle = a / 2 + b / 2;
    return middle < b ? middle : a;
}

/* The edges of n sorted values, `distinct` of them different. */
static int32_t cut(const uint64_t *sorted, int64_t n, int64_t distinct, int64_t bins, double *edge)
{
    int32_t count = 0;
    if (distinct <= bins) {
        for (int64_t i = 1; i < n; i++)
            if (sorted[i] != sorted[i - 1])
                edge[count++] = between(value_of(sorted[i - 1]), value_of(sorted[i]));
        return count;
    }
    for (int64_t k = 1; k < bins; k++) {
        const int64_t at = n / bins * k + n % bins * k / bins; /* n k / bins, which might overflow */
        const bool whole = n % bins * k % bins == 0;
        const double b = value_of(sorted[at]), e = whole ? between(value_of(sorted[at - 1]), b) : b;
        if (!count || e > edge[count - 1])
            edge[count++] = e;
    }
    return count;
}

/* The first edge that v is not above. */
static uint8_t bin_of(double v, const double *edge, int32_t edges)
{
    if (isnan(v))
        return (uint8_t)(edges + 1);
    int32_t low = 0, n = edges;
    while (n > 0) {
        const int32_t half = n / 2;
        const bool above = v > edge[low + half];
        low = above ? low + half + 1 : low;
        n = above ? n - half - 1 : half;
    }
    return (uint8_t)low;
}

typedef struct job {
    mli_bins *b;
    const ml_matrix *x;
} job;

static ml_status one_feature(void *arg, int64_t j)
{
    const job *w = arg;
    mli_bins *b = w->b;
    uint64_t *keys = mli_alloc((size_t)b->rows * 2 * sizeof *keys);
    int64_t n = 0, distinct = 0;
    if (!keys)
        return ML_ENOMEM;
    for (int64_t i = 0; i < b->rows; i++) {
        const double v = ml_matrix_at(w->x, i, j);
        if (!isnan(v))
            keys[n++] = key_of(v);
    }
    sort_keys(keys, keys + n, n);
    for (int64_t i = 0; i < n; i++)
        distinct += i == 0 || keys[i] != keys[i - 1];
    double *edge = b->edge + j * b->most;
    b->edges[j] = cut(keys, n, distinct, b->most, edge);
    mli_free(keys);
    for (int64_t i = 0; i < b->rows; i++)
        b->bin[j * b->rows + i] = bin_of(ml_matrix_at(w->x, i, j), edge, b->edges[j]);
    return ML_OK;
}

ml_status mli_bins_make(mli_bins *b, const ml_matrix *x, int64_t max_bins)
{
    const size_t d = (size_t)x->columns;
    size_t bytes;
    *b = (mli_bins){.rows = x->rows, .features = x->columns, .most = max_bins};
    if (!mli_mul_size((size_t)x->rows, d, &bytes))
        return mli_fail(ML_EINVAL, "bins: %lld x %lld numbers would not fit", (long long)x->rows, (long long)x->columns);
    b->bin = mli_alloc(bytes);
    b->edge = mli_calloc(d * (size_t)max_bins, sizeof *b->edge);
    b->edges = mli_calloc(d, sizeof *b->edges);
    ml_status s = b->bin && b->edge && b->edges ? ML_OK : ML_ENOMEM;
    if (!s)
        s = ml_parallel_for(x->columns, one_feature, &(job){b, x});
    if (s)
        mli_bins_free(b);
    return s;
}

void mli_bins_free(mli_bins *b)
{
    mli_free(b->bin);
    mli_free(b->edge);
    mli_free(b->edges);
    *b = (mli_bins){0};
}
