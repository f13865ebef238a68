/* summary_crosstab.c -- how many rows have each combination of two keys, or which share of them: a pivot table of sizes. */
#include "data/frame.h"

#include <mlcore/summary.h>

#include <string.h>

/* A table of counts: its cells begin behind the keys; a margin, where there is one, is its last row and its last column. */
typedef struct table {
    ml_frame *frame;
    int keys;
    bool margins;
    double *row, *column, all; /* sums, without margins */
} table;

static double cell(const table *t, int64_t i, int j)
{
    return (double)t->frame->column[j].integer[i];
}

static void add_up(table *t)
{
    const int64_t rows = t->frame->rows - t->margins;
    const int columns = t->frame->columns - t->margins;
    for (int j = t->keys; j < t->frame->columns; j++)
        for (int64_t i = 0; i < t->frame->rows; i++) {
            t->row[i] += j < columns ? cell(t, i, j) : 0;
            t->column[j] += i < rows ? cell(t, i, j) : 0;
            t->all += i < rows && j < columns ? cell(t, i, j) : 0;
        }
}

static ml_status put_shares(table *t, ml_normalise how)
{
    double *v = mli_alloc((size_t)t->frame->rows * sizeof *v);
    ml_status s = v ? ML_OK : ML_ENOMEM;
    for (int j = t->keys; !s && j < t->frame->columns; j++) {
        for (int64_t i = 0; i < t->frame->rows; i++)
            v[i] = cell(t, i, j) / (how == ML_NORMALISE_ROWS ? t->row[i] : how == ML_NORMALISE_COLUMNS ? t->column[j] : t->all);
        s = ml_frame_put_numbers(t->frame, t->frame->column[j].name, v, t->frame->rows);
    }
    mli_free(v);
    return s;
}

/* A margin whose shares are all 1 says nothing. */
static ml_status drop_ones(table *t, ml_normalise how)
{
    if (!t->margins || how == ML_NORMALISE_ALL)
        return ML_OK;
    if (how == ML_NORMALISE_ROWS)
        return ml_frame_remove(t->frame, t->frame->column[t->frame->columns - 1].name);
    ml_frame *without = ml_frame_head(t->frame, t->frame->rows - 1);
    if (!without)
        return ml_error_status();
    ml_frame_free(t->frame);
    t->frame = without;
    return ML_OK;
}

/* Takes the frame of counts, and returns that of shares. */
static ml_frame *shares(ml_frame *counts, int keys, ml_crosstab_opts opts)
{
    table t = {.frame = counts, .keys = keys, .margins = opts.margins && counts->rows > 0};
    t.row = mli_calloc((size_t)counts->rows, sizeof *t.row);
    t.column = mli_calloc((size_t)counts->columns, sizeof *t.column);
    ml_status s = t.row && t.column ? ML_OK : ML_ENOMEM;
    if (!s)
        add_up(&t);
    if (!s)
        s = put_shares(&t, opts.normalise);
    if (!s)
        s = drop_ones(&t, opts.normalise);
    mli_free(t.row);
    mli_free(t.column);
    if (s) {
        ml_frame_free(t.frame);
        return NULL;
    }
    return t.frame;
}

ml_frame *ml_frame_crosstab(const ml_frame *f, const char *rows, const char *columns, ml_crosstab_opts opts)
{
    if ((unsigned)opts.normalise > ML_NORMALISE_COLUMNS)
        return mli_null(ML_EINVAL, "crosstab: normalise is %d: unknown", (int)opts.normalise);
    const ml_pivot_opts pivot = {.fill = ML_ZERO, .margins = opts.margins, .margins_name = opts.margins_name};
    ml_frame *counts = ml_frame_pivot(f, rows, columns, (ml_aggregate){.kind = ML_AGG_SIZE}, pivot);
    int keys;
    char **name = counts ? mli_names_parse("crosstab", rows, &keys) : NULL;
    if (!name) {
        mli_fail_in("crosstab");
        ml_frame_free(counts);
        return NULL;
    }
    mli_free(name);
    return opts.normalise ? shares(counts, keys, opts) : counts;
}
