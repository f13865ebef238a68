/* summary_values.c -- the different values of one column, and how often each is there. */
#include "data/codes.h"

#include <mlcore/summary.h>

#include <stdlib.h>
#include <string.h>

static const ml_column *column_of(const char *where, const ml_frame *f, const char *name)
{
    const ml_column *c = mli_frame_is(where, f) ? ml_frame_column(f, name) : NULL;
    if (f && !c)
        mli_fail_in(where);
    return c;
}

static ml_status put_rows(ml_frame *out, const ml_column *column, const int64_t *rows, int64_t n)
{
    ml_column c;
    ml_status s = mli_column_pick(&c, column->name, column, rows, n);
    return s ? s : mli_frame_give(out, &c);
}

ml_frame *ml_frame_unique(const ml_frame *f, const char *column)
{
    const ml_column *c = column_of("unique", f, column);
    mli_codes codes;
    if (!c || mli_codes_of(&codes, c, true))
        return NULL;
    ml_frame *out = mli_frame_like(f);
    if (out && put_rows(out, c, codes.first, codes.count)) {
        ml_frame_free(out);
        out = NULL;
    }
    mli_codes_free(&codes);
    return out;
}

/* ---- value counts ---- */

typedef struct tally {
    int64_t row, count;
} tally;

/* Of equal counts in the order of rows, whichever comes first. */
static int by_row(const tally *a, const tally *b)
{
    return (a->row > b->row) - (a->row < b->row);
}

static int rarest_first(const void *p, const void *q)
{
    const tally *a = p, *b = q;
    return a->count == b->count ? by_row(a, b) : a->count < b->count ? -1 : 1;
}

static int most_frequent_first(const void *p, const void *q)
{
    const tally *a = p, *b = q;
    return a->count == b->count ? by_row(a, b) : a->count > b->count ? -1 : 1;
}

/* How often each code is there, in that order; for mli_free. */
static tally *tallies(const mli_codes *c, bool ascending)
{
    tally *t = mli_calloc((size_t)c->count, sizeof *t);
    for (int32_t k = 0; t && k < c->count; k++)
        t[k].row = c->first[k];
    for (int64_t i = 0; t && i < c->n; i++)
        if (c->code[i] >= 0)
            t[c->code[i]].count++;
    if (t)
        qsort(t, (size_t)c->count, sizeof *t, ascending ? rarest_first : most_frequent_first);
    return t;
}

static ml_status put_tallies(ml_frame *out, const ml_column *column, const tally *t, int64_t n, bool normalise)
{
    int64_t *row = mli_alloc((size_t)n * sizeof *row), *count = mli_alloc((size_t)n * sizeof *count), all = 0;
    double *share = mli_alloc((size_t)n * sizeof *share);
    ml_status s = row && count && share ? ML_OK : ML_ENOMEM;
    for (int64_t k = 0; !s && k < n; k++) {
        row[k] = t[k].row;
        count[k] = t[k].count;
        all += t[k].count;
    }
    for (int64_t k = 0; !s && k < n; k++)
        share[k] = (double)count[k] / (double)all;
    if (!s)
        s = put_rows(out, column, row, n);
    if (!s)
        s = normalise ? ml_frame_put_numbers(out, "proportion", share, n) : ml_frame_put_integers(out, "count", count, n);
    mli_free(row);
    mli_free(count);
    mli_free(share);
    return s;
}

ml_frame *ml_frame_value_counts(const ml_frame *f, const char *column, ml_value_counts_opts opts)
{
    const ml_column *c = column_of("value counts", f, column);
    mli_codes codes;
    if (!c)
        return NULL;
    if (strcmp(c->name, opts.normalise ? "proportion" : "count") == 0)
        return mli_null(ML_EINVAL, "value counts: the column is called '%s', as what is counted would be: rename it", c->name);
    if (mli_codes_of(&codes, c, opts.missing))
        return NULL;
    tally *t = tallies(&codes, opts.ascending);
    ml_frame *out = t ? mli_frame_like(f) : NULL;
    if (out && put_tallies(out, c, t, codes.count, opts.normalise)) {
        ml_frame_free(out);
        out = NULL;
    }
    mli_free(t);
    mli_codes_free(&codes);
    return out;
}
