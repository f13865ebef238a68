/* csv_write.c -- a frame as text. */
#include "base/number.h"
#include "data/csv.h"
#include "data/times.h"

#include <math.h>
#include <string.h>

enum { BUFFER = 65536 };

typedef struct writer {
    mli_writer file;
    char buffer[BUFFER];
    size_t used;
    ml_status status;
    char separator, point;
    bool quote_all, alone; /* one column: an empty line would be no row */
    const char *na;
    mli_csv_na words; /* that readers take for missing values */
    bool *dates; /* of each column: all its times are midnights */
} writer;

static void put(writer *w, const char *bytes, size_t n)
{
    if (w->used + n > BUFFER) {
        if (!w->status)
            w->status = mli_writer_put(&w->file, w->buffer, w->used);
        w->used = 0;
    }
    if (n > BUFFER) {
        if (!w->status)
            w->status = mli_writer_put(&w->file, bytes, n);
        return;
    }
    memcpy(w->buffer + w->used, bytes, n);
    w->used += n;
}

static bool wants_quotes(const writer *w, const char *text, size_t n)
{
    if (w->quote_all || mli_csv_is_na(&w->words, text, n) || strcmp(text, w->na) == 0 || text[0] == ' ' || text[n - 1] == ' ')
        return true;
    for (size_t i = 0; i < n; i++)
        if (text[i] == w->separator || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
            return true;
    return false;
}

static void put_text(writer *w, const char *text)
{
    const size_t n = strlen(text);
    if (!wants_quotes(w, text, n)) {
        put(w, text, n);
        return;
    }
    put(w, "\"", 1);
    for (const char *p = text, *quote; *p; p = quote + 1) {
        quote = strchr(p, '"');
        put(w, p, quote ? (size_t)(quote - p) + 1 : strlen(p));
        if (!quote)
            break;
        put(w, "\"", 1);
    }
    put(w, "\"", 1);
}

static void put_missing(writer *w)
{
    if (w->alone && !*w->na)
        put(w, "\"\"", 2);
    put(w, w->na, strlen(w->na));
}

static void put_integer(writer *w, int64_t v)
{
    char digits[24], *p = digits + sizeof digits;
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (v < 0)
        *--p = '-';
    put(w, p, (size_t)(digits + sizeof digits - p));
}

static void put_value(writer *w, const ml_frame *f, int j, int64_t i)
{
    const ml_column *c = &f->column[j];
    char text[(int)MLI_TIME_TEXT > (int)MLI_NUMBER_TEXT ? (int)MLI_TIME_TEXT : (int)MLI_NUMBER_TEXT];
    if (ml_column_missing(c, i))
        put_missing(w);
    else if (c->type == ML_NUMBER)
        put(w, text, (size_t)mli_number_text(c->number[i], w->point, text));
    else if (c->type == ML_INTEGER)
        put_integer(w, c->integer[i]);
    else if (c->type == ML_TIME)
        put(w, text, (size_t)mli_time_text(c->integer[i], w->dates[j], text));
    else
        put_text(w, ml_column_text(c, i));
}

static void put_rows(writer *w, const ml_frame *f, bool header)
{
    for (int j = 0; header && j < f->columns; j++) {
        put(w, &w->separator, j > 0);
        put_text(w, f->column[j].name);
    }
    put(w, "\n", header && f->columns);
    for (int64_t i = 0; i < f->rows && !w->status; i++) {
        for (int j = 0; j < f->columns; j++) {
            put(w, &w->separator, j > 0);
            put_value(w, f, j, i);
        }
        put(w, "\n", 1);
    }
}

static void find_dates(const ml_frame *f, bool *dates)
{
    for (int j = 0; j < f->columns; j++) {
        const ml_column *c = &f->column[j];
        dates[j] = c->type == ML_TIME;
        for (int64_t i = 0; dates[j] && i < c->n; i++)
            dates[j] = c->integer[i] == ML_MISSING || c->integer[i] % MLI_DAY == 0;
    }
}

static ml_status check(const ml_frame *f, const char *path, const ml_csv_write_opts *o)
{
    const char separator = o->separator ? o->separator : ',';
    if (!f || !path)
        return mli_fail(ML_EINVAL, "csv_write: %s is NULL", f ? "path" : "the frame");
    if ((unsigned char)separator >= 0x80 || strchr("\n\r\"0123456789+-.eE", separator))
        return mli_fail(ML_EINVAL,
                        "csv_write: the separator must be an ASCII character that is no quote, no newline and no part of numbers");
    if (separator == ',' && o->decimal_comma)
        return mli_fail(ML_EINVAL, "csv_write: decimal_comma wants another separator than the comma");
    if (o->na && (strchr(o->na, separator) || strpbrk(o->na, "\"\n\r")))
        return mli_fail(ML_EINVAL, "csv_write: na is '%s': it must have no separator, quote or newline", o->na);
    return ML_OK;
}

ml_status ml_csv_write(const ml_frame *f, const char *path, ml_csv_write_opts opts)
{
    if (check(f, path, &opts))
        return ML_EINVAL;
    writer *w = mli_calloc(1, sizeof *w);
    if (!w)
        return ML_ENOMEM;
    w->separator = opts.separator ? opts.separator : ',';
    w->point = opts.decimal_comma ? ',' : '.';
    w->quote_all = opts.quote_all;
    w->alone = f->columns == 1;
    w->na = opts.na ? opts.na : "";
    w->dates = mli_alloc((size_t)f->columns * sizeof *w->dates);
    ml_status s = w->dates ? mli_csv_na_make(&w->words, NULL, false, w->point) : ML_ENOMEM;
    if (!s)
        s = mli_writer_open(&w->file, path);
    if (!s) {
        find_dates(f, w->dates);
        put_rows(w, f, !opts.no_header);
        s = w->status ? w->status : mli_writer_put(&w->file, w->buffer, w->used);
        if (!s)
            s = mli_writer_commit(&w->file);
    }
    mli_writer_abandon(&w->file);
    mli_free(w->words.word);
    mli_free(w->dates);
    mli_free(w);
    return s;
}
