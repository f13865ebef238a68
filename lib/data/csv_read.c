/* csv_read.c -- reading a table: options, the whole of a file, or stretch by stretch. */
#include "data/csv.h"
#include "data/times.h"

#include <string.h>

/* ---- options ---- */

static bool usable(char c)
{
    return (unsigned char)c < 0x80 && c != '\n' && c != '\r';
}

static ml_status check_characters(const ml_csv_opts *o)
{
    const char separator = o->separator, quote = o->no_quotes ? 0 : o->quote ? o->quote : '"';
    if (!usable(separator) || !usable(quote) || !usable(o->comment))
        return mli_fail(ML_EINVAL, "csv: separator, quote and comment must be ASCII characters that do not end a line");
    if (separator && strchr("0123456789+-.eE", separator))
        return mli_fail(ML_EINVAL, "csv: the separator '%c' is a part of numbers", separator);
    if (separator && (separator == quote || separator == o->comment))
        return mli_fail(ML_EINVAL, "csv: the separator '%c' is the quote or the comment, too", separator);
    if (quote && quote == o->comment)
        return mli_fail(ML_EINVAL, "csv: the quote '%c' is the comment, too", quote);
    if (separator == ',' && o->decimal_comma)
        return mli_fail(ML_EINVAL, "csv: decimal_comma wants another separator than the comma");
    return ML_OK;
}

static ml_status check_types(const ml_csv_opts *o)
{
    if (o->n_types < 0 || (o->n_types > 0 && !o->types))
        return mli_fail(ML_EINVAL, "csv: n_types is %d, and types %s", o->n_types, o->types ? "is there" : "NULL");
    for (int i = 0; i < o->n_types; i++) {
        const ml_csv_type *t = &o->types[i];
        if (!t->column)
            return mli_fail(ML_EINVAL, "csv: types: column %d is NULL", i);
        if ((unsigned)t->type > ML_TIME)
            return mli_fail(ML_EINVAL, "csv: types: %s: %d is no type", t->column, (int)t->type);
        if (t->format && t->type != ML_TIME)
            return mli_fail(ML_EINVAL, "csv: types: %s: only a time has a format", t->column);
        if (mli_time_format_check(t->format))
            return mli_fail_in("csv: types");
        for (int k = 0; k < i; k++)
            if (strcmp(o->types[k].column, t->column) == 0)
                return mli_fail(ML_EINVAL, "csv: types: %s is there twice", t->column);
    }
    return ML_OK;
}

static ml_status check(const ml_csv_opts *o)
{
    if (o->skip_lines < 0)
        return mli_fail(ML_EINVAL, "csv: skip_lines is %lld: it must not be negative", (long long)o->skip_lines);
    if (o->rows < ML_NONE)
        return mli_fail(ML_EINVAL, "csv: rows is %lld: it must be positive, 0 for all or ML_NONE", (long long)o->rows);
    if (o->categories < ML_NONE || o->categories > INT32_MAX - 1)
        return mli_fail(ML_EINVAL, "csv: categories is %lld: it must be in 1 .. %d, 0 for the default or ML_NONE",
                        (long long)o->categories, INT32_MAX - 1);
    const ml_status s = check_characters(o);
    return s ? s : check_types(o);
}

/* ---- start and end ---- */

static void report(ml_csv *csv, int64_t rows)
{
    if (!csv->report)
        return;
    csv->report->separator = csv->dialect.separator;
    csv->report->rows += rows;
    csv->report->bad = csv->bad.count;
    memcpy(csv->report->bad_line, csv->bad.line, sizeof csv->bad.line);
}

static ml_status begin(ml_csv *csv, const ml_csv_opts *o)
{
    mli_dictionary names = {0};
    csv->dialect = (mli_csv_dialect){.separator = o->separator,
                                     .point = o->decimal_comma ? ',' : '.',
                                     .quote = o->no_quotes ? 0 : o->quote ? o->quote : '"',
                                     .comment = o->comment, .skip_bad = o->skip_bad_rows};
    csv->limit = o->rows == ML_NONE ? 0 : mli_given(o->rows, INT64_MAX);
    csv->line = 1;
    ml_status s = mli_csv_na_make(&csv->na, o->na, o->no_default_na, csv->dialect.point);
    if (!s)
        s = mli_csv_find_dialect(csv);
    if (!s)
        s = mli_csv_names(csv, &names);
    if (!s)
        s = mli_csv_make_columns(csv, o, &names);
    mli_dictionary_free(&names);
    return s;
}

ml_csv *mli_csv_start(const char *path, mli_csv_source *source, ml_csv_opts opts)
{
    ml_csv *csv = source ? mli_calloc(1, sizeof *csv) : NULL;
    if (!csv) {
        mli_csv_source_close(source);
        return NULL;
    }
    csv->source = source;
    csv->opts = opts;
    csv->report = opts.report;
    csv->path = mli_strdup(path);
    if (csv->report)
        *csv->report = (ml_csv_report){0};
    if (csv->path && !begin(csv, &opts)) {
        report(csv, 0);
        return csv;
    }
    ml_csv_free(csv);
    return NULL;
}

void ml_csv_free(ml_csv *csv)
{
    if (!csv)
        return;
    mli_csv_columns_free(csv);
    mli_csv_tokens_free(&csv->tokens);
    mli_csv_source_close(csv->source);
    mli_free(csv->na.word);
    mli_free(csv->ahead);
    mli_free(csv->path);
    mli_free(csv);
}

ml_csv *ml_csv_open(const char *path, ml_csv_opts opts)
{
    if (!path)
        return mli_null(ML_EINVAL, "csv_open: path is NULL");
    return check(&opts) ? NULL : mli_csv_start(path, mli_csv_source_open(path), opts);
}

/* ---- rows ---- */

/* At most so many rows; a frame without rows where there are none left. */
static ml_frame *read_rows(ml_csv *csv, int64_t rows, bool keep)
{
    mli_csv_blocks blocks;
    if (mli_csv_cut(csv, rows < csv->limit ? rows : csv->limit, keep, &blocks))
        return NULL;
    ml_frame *f = mli_csv_build(csv, &blocks);
    csv->limit -= blocks.rows;
    report(csv, f ? blocks.rows : 0);
    mli_csv_blocks_free(&blocks);
    return f;
}

ml_frame *mli_csv_read_all(ml_csv *csv)
{
    return read_rows(csv, INT64_MAX, false);
}

ml_frame *ml_csv_next(ml_csv *csv, int64_t rows)
{
    if (!csv || rows < 1)
        return mli_null(ML_EINVAL, "csv_next: %s", csv ? "rows must be at least 1" : "csv is NULL");
    ml_error_clear();
    ml_frame *f = read_rows(csv, rows, true);
    if (f && f->rows)
        return f;
    ml_frame_free(f);
    return NULL;
}

ml_frame *ml_csv_read(const char *path, ml_csv_opts opts)
{
    if (!path)
        return mli_null(ML_EINVAL, "csv_read: path is NULL");
    ml_csv *csv = check(&opts) ? NULL : mli_csv_start(path, mli_csv_source_open(path), opts);
    ml_frame *f = csv ? mli_csv_read_all(csv) : NULL;
    ml_csv_free(csv);
    return f;
}
