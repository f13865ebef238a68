/* summary_correlation.c -- how numeric columns go together, pair by pair, each on the rows where both are there.
 *
 *     cov(x, y)   sum (x - mean x) (y - mean y) / (n - 1)
 *     Pearson     cov(x, y) / sqrt(var x  var y)
 *     Spearman    Pearson's of the ranks, equal values having the mean of theirs
 *     Kendall     tau-b: lib/linalg/ranks.c
 */
#include "data/codes.h"
#include "io/io.h"
#include "linalg/ranks.h"
#include "linalg/statistics.h"

#include <mlcore/summary.h>

#include <math.h>
#include <string.h>

/* Of n rows x and y, which it may reorder. */
typedef ml_status measure(double *x, double *y, int64_t n, double *value);

typedef struct work {
    const ml_column **columns;
    int n;
    measure *measure;
    double *out; /* n x n */
} work;

static ml_status covariance(double *x, double *y, int64_t n, double *value)
{
    *value = mli_covariance(x, y, n);
    return ML_OK;
}

static ml_status pearson(double *x, double *y, int64_t n, double *value)
{
    const double sx = sqrt(mli_variance(x, n)), sy = sqrt(mli_variance(y, n));
    const double r = sx > 0 && sy > 0 ? mli_covariance(x, y, n) / sx / sy : NAN;
    *value = r > 1 ? 1 : r < -1 ? -1 : r;
    return ML_OK;
}

static ml_status spearman(double *x, double *y, int64_t n, double *value)
{
    if (mli_ranks(x, n) || mli_ranks(y, n))
        return ml_error_status();
    return pearson(x, y, n, value);
}

static ml_status one_pair(const work *w, int i, int j)
{
    const ml_column *a = w->columns[i], *b = w->columns[j];
    double *x = mli_alloc((size_t)a->n * sizeof *x), *y = mli_alloc((size_t)a->n * sizeof *y), value = NAN;
    int64_t n = 0;
    for (int64_t k = 0; x && y && k < a->n; k++)
        if (!ml_column_missing(a, k) && !ml_column_missing(b, k)) {
            x[n] = ml_column_number(a, k);
            y[n++] = ml_column_number(b, k);
        }
    ml_status s = x && y ? w->measure(x, y, n, &value) : ML_ENOMEM;
    if (i == j && w->measure != covariance && !isnan(value))
        value = 1; /* and not a neighbour of it */
    w->out[i * (int64_t)w->n + j] = w->out[j * (int64_t)w->n + i] = value;
    mli_free(x);
    mli_free(y);
    return s;
}

static ml_status one_row(void *arg, int64_t chunk)
{
    const work *w = arg;
    ml_status s = ML_OK;
    for (int j = (int)chunk; !s && j < w->n; j++)
        s = one_pair(w, (int)chunk, j);
    return s;
}

static ml_status square(ml_frame *out, work *w)
{
    const char **name = mli_alloc((size_t)w->n * sizeof *name);
    w->out = mli_calloc((size_t)w->n, (size_t)w->n * sizeof *w->out);
    ml_status s = name && w->out ? ml_parallel_for(w->n, one_row, w) : ML_ENOMEM;
    for (int j = 0; !s && j < w->n; j++)
        name[j] = w->columns[j]->name;
    if (!s)
        s = ml_frame_put_texts(out, "column", name, w->n);
    for (int j = 0; !s && j < w->n; j++) {
        char shown[MLI_SHOWN];
        if (ml_frame_has(out, name[j]))
            s = mli_fail(ML_EINVAL, "a column is called '%s' already", mli_shown(name[j], shown));
        else
            s = ml_frame_put_numbers(out, name[j], w->out + j * (int64_t)w->n, w->n);
    }
    mli_free(name);
    mli_free(w->out);
    return s;
}

/* The columns of that name, or all that are numeric; for mli_free. */
static const ml_column **columns_of(const char *where, const ml_frame *f, const char *names, int *n)
{
    const ml_column **columns = names ? mli_keys_find(where, f, names, n) : mli_alloc((size_t)f->columns * sizeof *columns);
    if (!names)
        *n = 0;
    for (int j = 0; !names && columns && j < f->columns; j++)
        if (mli_is_numeric(&f->column[j]))
            columns[(*n)++] = &f->column[j];
    for (int j = 0; columns && j < *n; j++)
        if (!mli_is_numeric(columns[j])) {
            char shown[MLI_SHOWN];
            mli_fail(ML_EINVAL, "%s: '%s' is of type %s: wants columns of number or integer", where,
                     mli_shown(columns[j]->name, shown), ml_type_name(columns[j]->type));
            mli_free(columns);
            return NULL;
        }
    return columns;
}

static ml_frame *measured(const char *where, const ml_frame *f, const char *names, measure *m)
{
    work w = {.measure = m};
    if (!mli_frame_is(where, f))
        return NULL;
    w.columns = columns_of(where, f, names, &w.n);
    ml_frame *out = w.columns ? mli_frame_like(f) : NULL;
    if (out && square(out, &w)) {
        mli_fail_in(where);
        ml_frame_free(out);
        out = NULL;
    }
    mli_free(w.columns);
    return out;
}

ml_frame *ml_frame_correlation(const ml_frame *f, const char *names, ml_correlation method)
{
    static measure *const measures[] = {[ML_PEARSON] = pearson, [ML_SPEARMAN] = spearman, [ML_KENDALL] = mli_kendall};
    if ((unsigned)method >= sizeof measures / sizeof *measures)
        return mli_null(ML_EINVAL, "correlation: method %d is unknown", (int)method);
    return measured("correlation", f, names, measures[method]);
}

ml_frame *ml_frame_covariance(const ml_frame *f, const char *names)
{
    return measured("covariance", f, names, covariance);
}
