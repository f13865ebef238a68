/* summary_group.c -- what the rows of a group come to: one row a group, or put back into each row. */
#include "data/aggregate.h"
#include "io/io.h"

#include <math.h>

/* n aggregates of one grouping, each on its own: so they go to threads. */
typedef struct work {
    const mli_codes *groups;
    const ml_aggregate *aggregate;
    const ml_column **column; /* of each aggregate */
    ml_column *out;
    int n;
} work;

static ml_status one(work *w, int64_t j)
{
    char *name = mli_aggregate_name(&w->aggregate[j]);
    ml_status s = name ? mli_aggregate(&w->out[j], name, w->groups, w->column[j], &w->aggregate[j]) : ML_ENOMEM;
    mli_free(name);
    return s;
}

static ml_status one_of_ours(void *arg, int64_t j)
{
    work *w = arg;
    return w->aggregate[j].kind == ML_AGG_FUNCTION ? ML_OK : one(w, j);
}

static ml_status all(work *w)
{
    ml_status s = ml_parallel_for(w->n, one_of_ours, w);
    for (int j = 0; !s && j < w->n; j++) /* a program's function need not know of threads */
        s = w->aggregate[j].kind == ML_AGG_FUNCTION ? one(w, j) : ML_OK;
    return s;
}

static ml_status check(const char *where, const ml_frame *f, const ml_aggregate *a, int n, const ml_column **column)
{
    ml_status s = ML_OK;
    for (int j = 0; !s && j < n; j++)
        s = mli_aggregate_check(where, f, &a[j], &column[j]);
    return s;
}

/* ---- one row a group ---- */

static ml_status give_keys(ml_frame *out, const mli_codes *g, const ml_column **keys, int n)
{
    ml_status s = ML_OK;
    for (int j = 0; !s && j < n; j++) {
        ml_column c;
        s = mli_column_pick(&c, keys[j]->name, keys[j], g->first, g->count);
        if (!s)
            s = mli_frame_give(out, &c);
    }
    return s;
}

static ml_status give_results(ml_frame *out, work *w)
{
    ml_status s = all(w);
    for (int j = 0; !s && j < w->n; j++) {
        char shown[MLI_SHOWN];
        if (ml_frame_has(out, w->out[j].name))
            s = mli_fail(ML_EINVAL, "two columns are called '%s': give one of them a name", mli_shown(w->out[j].name, shown));
        else
            s = mli_frame_give(out, &w->out[j]);
    }
    return s;
}

static ml_status grouped(ml_frame *out, const ml_frame *f, const ml_column **keys, int n_keys, work *w, ml_frame_group_opts opts)
{
    mli_codes g;
    ml_status s = check("group", f, w->aggregate, w->n, w->column);
    if (s)
        return s;
    s = mli_codes_of_keys(&g, keys, n_keys, opts.missing);
    w->groups = &g;
    if (!s)
        s = mli_codes_sort(&g, keys, n_keys);
    if (!s)
        s = give_keys(out, &g, keys, n_keys);
    if (!s)
        s = give_results(out, w);
    mli_codes_free(&g);
    return s ? mli_fail_in("group") : ML_OK;
}

ml_frame *ml_frame_group(const ml_frame *f, const char *keys, const ml_aggregate *aggregate, int n, ml_frame_group_opts opts)
{
    int n_keys;
    if (!mli_frame_is("group", f))
        return NULL;
    if (n < 0 || (n > 0 && !aggregate))
        return mli_null(ML_EINVAL, "group: %d aggregates: they are NULL or less than none", n);
    const ml_column **key = mli_keys_find("group", f, keys, &n_keys);
    if (!key)
        return NULL;
    work w = {.aggregate = aggregate, .n = n, .column = mli_calloc((size_t)n, sizeof *w.column),
              .out = mli_calloc((size_t)n, sizeof *w.out)};
    ml_frame *out = w.column && w.out ? mli_frame_like(f) : NULL;
    if (out && grouped(out, f, key, n_keys, &w, opts)) {
        ml_frame_free(out);
        out = NULL;
    }
    for (int j = 0; w.out && j < n; j++)
        mli_column_free(&w.out[j]);
    mli_free(key);
    mli_free(w.column);
    mli_free(w.out);
    return out;
}

/* ---- one value a row ---- */

static ml_status give_back(ml_frame *f, const mli_codes *g, const ml_column *of_groups)
{
    int64_t *group = mli_alloc((size_t)g->n * sizeof *group);
    ml_column c;
    if (!group)
        return ML_ENOMEM;
    for (int64_t i = 0; i < g->n; i++)
        group[i] = g->code[i];
    ml_status s = mli_column_pick(&c, of_groups->name, of_groups, group, g->n);
    mli_free(group);
    return s ? s : mli_frame_give(f, &c);
}

ml_status ml_frame_transform(ml_frame *f, const char *keys, ml_aggregate aggregate, ml_frame_group_opts opts)
{
    int n_keys;
    const ml_column *column;
    if (!mli_frame_is("transform", f) || mli_aggregate_check("transform", f, &aggregate, &column))
        return ml_error_status();
    const ml_column **key = mli_keys_find("transform", f, keys, &n_keys);
    if (!key)
        return ml_error_status();
    mli_codes g;
    ml_column of_groups = {0};
    work w = {.groups = &g, .aggregate = &aggregate, .column = &column, .out = &of_groups, .n = 1};
    ml_status s = mli_codes_of_keys(&g, key, n_keys, opts.missing);
    if (!s)
        s = one(&w, 0);
    if (!s)
        s = give_back(f, &g, &of_groups);
    mli_column_free(&of_groups);
    mli_codes_free(&g);
    mli_free(key);
    return s ? mli_fail_in("transform") : ML_OK;
}

ml_status ml_frame_statistic(const ml_frame *f, const char *column, ml_aggregate_kind kind, double *value)
{
    const ml_aggregate a = {.kind = kind, .column = column};
    const ml_column *c;
    if (!mli_frame_is("statistic", f) || mli_aggregate_check("statistic", f, &a, &c))
        return ml_error_status();
    if (!value || kind == ML_AGG_FUNCTION || (c && !mli_is_numeric(c)))
        return mli_fail(ML_EINVAL, "statistic: wants a numeric column, a kind that is no function, and where to put the value");
    mli_codes all_rows = {.n = f->rows, .count = 1, .code = mli_calloc((size_t)f->rows, sizeof *all_rows.code)};
    ml_column out = {0};
    ml_status s = all_rows.code ? mli_aggregate(&out, "value", &all_rows, c, &a) : ML_ENOMEM;
    if (!s)
        *value = ml_column_number(&out, 0);
    mli_column_free(&out);
    mli_codes_free(&all_rows);
    return s;
}
