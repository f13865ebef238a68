/* summary_describe.c -- one row for each column of a frame: moments, quantiles, the most frequent text, what is missing. */
#include "data/codes.h"
#include "io/io.h"
#include "linalg/statistics.h"

#include <mlcore/summary.h>

#include <math.h>

static bool worded(const ml_column *c)
{
    return c->type == ML_TEXT || c->type == ML_CATEGORY;
}

static bool any(const ml_column *c)
{
    (void)c;
    return true;
}

/* The columns of a kind; *n says how many. For mli_free. */
static const ml_column **columns_of(const ml_frame *f, bool (*is)(const ml_column *), int *n)
{
    const ml_column **columns = mli_alloc((size_t)f->columns * sizeof *columns);
    *n = 0;
    for (int j = 0; columns && j < f->columns; j++)
        if (is(&f->column[j]))
            columns[(*n)++] = &f->column[j];
    return columns;
}

/* The values that are there, for mli_free; *n says how many. */
static double *present(const ml_column *c, int64_t *n)
{
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    *n = 0;
    for (int64_t i = 0; v && i < c->n; i++)
        if (!ml_column_missing(c, i))
            v[(*n)++] = ml_column_number(c, i);
    return v;
}

static ml_status put_names(ml_frame *out, const ml_column *const *columns, int n)
{
    const char **name = mli_alloc((size_t)n * sizeof *name);
    for (int j = 0; name && j < n; j++)
        name[j] = columns[j]->name;
    ml_status s = name ? ml_frame_put_texts(out, "column", name, n) : ML_ENOMEM;
    mli_free(name);
    return s;
}

/* Frees the frame where there is an error, which then begins with `where`. */
static ml_frame *finished(const char *where, ml_frame *out, ml_status s)
{
    if (!s)
        return out;
    ml_frame_free(out);
    mli_fail_in(where);
    return NULL;
}

/* ---- numbers ---- */

enum { MEAN, STD, MIN, FIRST_QUARTER, HALF, LAST_QUARTER, MAX, NUMBERS };

typedef struct numbers {
    const ml_column **columns;
    int64_t *count; /* of each column */
    double *v;      /* NUMBERS stretches of n */
    int n;
} numbers;

static ml_status describe_one(void *arg, int64_t j)
{
    const numbers *d = arg;
    int64_t n;
    double *v = present(d->columns[j], &n);
    if (!v)
        return ML_ENOMEM;
    d->count[j] = n;
    const double moments[] = {mli_mean(v, n), sqrt(mli_variance(v, n))};
    const double value[NUMBERS] = {moments[0], moments[1], mli_quantile(v, n, 0), mli_quantile(v, n, 0.25),
                                   mli_quantile(v, n, 0.5), mli_quantile(v, n, 0.75), mli_quantile(v, n, 1)};
    for (int k = 0; k < NUMBERS; k++)
        d->v[k * (int64_t)d->n + j] = value[k];
    mli_free(v);
    return ML_OK;
}

static ml_status describe(ml_frame *out, const numbers *d)
{
    static const char *const names[NUMBERS] = {"mean", "std", "min", "25%", "50%", "75%", "max"};
    ml_status s = ml_parallel_for(d->n, describe_one, (void *)d);
    if (!s)
        s = put_names(out, d->columns, d->n);
    if (!s)
        s = ml_frame_put_integers(out, "count", d->count, d->n);
    for (int k = 0; !s && k < NUMBERS; k++)
        s = ml_frame_put_numbers(out, names[k], d->v + k * (int64_t)d->n, d->n);
    return s;
}

ml_frame *ml_frame_describe(const ml_frame *f)
{
    if (!mli_frame_is("describe", f))
        return NULL;
    numbers d;
    d.columns = columns_of(f, mli_is_numeric, &d.n);
    d.count = mli_alloc((size_t)d.n * sizeof *d.count);
    d.v = mli_calloc((size_t)d.n, NUMBERS * sizeof *d.v);
    ml_frame *out = d.columns && d.count && d.v ? mli_frame_like(f) : NULL;
    if (out)
        out = finished("describe", out, describe(out, &d));
    mli_free(d.columns);
    mli_free(d.count);
    mli_free(d.v);
    return out;
}

static ml_status put_quantiles(ml_frame *out, const ml_column *c, const double *share, int n)
{
    int64_t there;
    double *v = present(c, &there), *q = mli_alloc((size_t)n * sizeof *q);
    for (int k = 0; v && q && k < n; k++)
        q[k] = mli_quantile(v, there, share[k]);
    ml_status s = v && q ? ml_frame_put_numbers(out, c->name, q, n) : ML_ENOMEM;
    mli_free(v);
    mli_free(q);
    return s;
}

ml_frame *ml_frame_quantiles(const ml_frame *f, const double *share, int n)
{
    if (!mli_frame_is("quantiles", f))
        return NULL;
    if (n < 1 || !share)
        return mli_null(ML_EINVAL, "quantiles: %d shares: wants at least 1, and not NULL", n);
    for (int k = 0; k < n; k++)
        if (!(share[k] >= 0 && share[k] <= 1))
            return mli_null(ML_EINVAL, "quantiles: share %d is %g: not in 0 .. 1", k, share[k]);
    ml_frame *out = mli_frame_like(f);
    ml_status s = out ? ml_frame_put_numbers(out, "quantile", share, n) : ML_ENOMEM;
    for (int j = 0; !s && j < f->columns; j++) {
        char shown[MLI_SHOWN];
        if (mli_is_numeric(&f->column[j]) && ml_frame_has(out, f->column[j].name))
            s = mli_fail(ML_EINVAL, "a column is called '%s' already", mli_shown(f->column[j].name, shown));
        else if (mli_is_numeric(&f->column[j]))
            s = put_quantiles(out, &f->column[j], share, n);
    }
    return finished("quantiles", out, s);
}

/* ---- texts ---- */

typedef struct texts {
    int64_t *count, *unique, *often;
    const char **top;
} texts;

/* The most frequent code, of equals the smallest; -1 of none. */
static int32_t most_frequent(const mli_codes *c, int64_t *often)
{
    int64_t *count = mli_calloc((size_t)c->count, sizeof *count);
    int32_t top = -1;
    for (int64_t i = 0; count && i < c->n; i++)
        if (c->code[i] >= 0)
            count[c->code[i]]++;
    for (int32_t k = 0; count && k < c->count; k++)
        top = top < 0 || count[k] > count[top] ? k : top;
    *often = top < 0 ? ML_MISSING : count[top];
    mli_free(count);
    return top;
}

static ml_status describe_text(const texts *t, const ml_column *column, int j)
{
    mli_codes c;
    if (mli_codes_of(&c, column, false))
        return ml_error_status();
    const int32_t top = most_frequent(&c, &t->often[j]);
    t->count[j] = column->n - column->missing;
    t->unique[j] = c.count;
    t->top[j] = top < 0 ? NULL : ml_column_text(column, c.first[top]);
    const bool lacks_memory = top < 0 && c.count > 0;
    mli_codes_free(&c);
    return lacks_memory ? ML_ENOMEM : ML_OK;
}

static ml_status describe_texts(ml_frame *out, const texts *t, const ml_column *const *columns, int n)
{
    ml_status s = ML_OK;
    for (int j = 0; !s && j < n; j++)
        s = describe_text(t, columns[j], j);
    if (!s)
        s = put_names(out, columns, n);
    if (!s)
        s = ml_frame_put_integers(out, "count", t->count, n);
    if (!s)
        s = ml_frame_put_integers(out, "unique", t->unique, n);
    if (!s)
        s = ml_frame_put_texts(out, "top", t->top, n);
    return s ? s : ml_frame_put_integers(out, "freq", t->often, n);
}

ml_frame *ml_frame_describe_texts(const ml_frame *f)
{
    int n;
    if (!mli_frame_is("describe", f))
        return NULL;
    const ml_column **columns = columns_of(f, worded, &n);
    const size_t size = (size_t)n * sizeof(int64_t);
    texts t = {mli_alloc(size), mli_alloc(size), mli_alloc(size), mli_alloc((size_t)n * sizeof *t.top)};
    ml_frame *out = columns && t.count && t.unique && t.often && t.top ? mli_frame_like(f) : NULL;
    if (out)
        out = finished("describe", out, describe_texts(out, &t, columns, n));
    mli_free(columns);
    mli_free(t.count);
    mli_free(t.unique);
    mli_free(t.often);
    mli_free(t.top);
    return out;
}

/* ---- what is missing ---- */

typedef struct holes {
    const char **type;
    int64_t *missing, *unique;
    double *share;
} holes;

static ml_status null_counts(ml_frame *out, const holes *h, const ml_column *const *columns, int n)
{
    ml_status s = put_names(out, columns, n);
    for (int j = 0; !s && j < n; j++) {
        mli_codes c;
        s = mli_codes_of(&c, columns[j], false);
        h->type[j] = ml_type_name(columns[j]->type);
        h->missing[j] = columns[j]->missing;
        h->share[j] = columns[j]->n ? (double)columns[j]->missing / (double)columns[j]->n : NAN;
        h->unique[j] = c.count;
        mli_codes_free(&c);
    }
    if (!s)
        s = ml_frame_put_texts(out, "type", h->type, n);
    if (!s)
        s = ml_frame_put_integers(out, "missing", h->missing, n);
    if (!s)
        s = ml_frame_put_numbers(out, "share", h->share, n);
    return s ? s : ml_frame_put_integers(out, "unique", h->unique, n);
}

ml_frame *ml_frame_null_counts(const ml_frame *f)
{
    int n;
    if (!mli_frame_is("null counts", f))
        return NULL;
    const ml_column **columns = columns_of(f, any, &n);
    const size_t size = (size_t)n * sizeof(int64_t);
    holes h = {mli_alloc((size_t)n * sizeof *h.type), mli_alloc(size), mli_alloc(size), mli_alloc((size_t)n * sizeof *h.share)};
    ml_frame *out = columns && h.type && h.missing && h.unique && h.share ? mli_frame_like(f) : NULL;
    if (out)
        out = finished("null counts", out, null_counts(out, &h, columns, n));
    mli_free(columns);
    mli_free(h.type);
    mli_free(h.missing);
    mli_free(h.unique);
    mli_free(h.share);
    return out;
}
