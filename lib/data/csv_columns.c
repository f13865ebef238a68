/* csv_columns.c -- which columns are wanted, what is tried for each, and what follows from how that went.
 *
 * A column without a given type is an integer where all its values are, else a number, else a time, else a category or a text.
 * The first rows say where to begin; what does not hold for the rest is found out by trying, so that the type depends on the
 * values alone.
 */
#include "base/number.h"
#include "data/csv.h"
#include "data/times.h"
#include "io/io.h"

#include <string.h>

enum { SAMPLE_ROWS = 100 };

/* ---- which columns ---- */

static ml_status add_column(ml_csv *csv, const mli_dictionary *names, int32_t field)
{
    mli_csv_column *c = &csv->columns[csv->n_columns];
    *c = (mli_csv_column){.field = field, .name = mli_strdup(mli_dictionary_text(names, field))};
    csv->n_columns += c->name != NULL;
    return c->name ? ML_OK : ML_ENOMEM;
}

static ml_status no_such_column(const ml_csv *csv, const char *option, const char *name, const mli_dictionary *names)
{
    char shown[MLI_SHOWN], first[MLI_SHOWN], last[MLI_SHOWN], separator[4];
    return mli_fail(ML_EINVAL, "%s: %s: there is no column '%s' among the %ld from '%s' to '%s' (the separator is %s)",
                    csv->path, option,
                    mli_shown(name, shown), (long)names->count, mli_shown(mli_dictionary_text(names, 0), first),
                    mli_shown(mli_dictionary_text(names, names->count - 1), last),
                    mli_csv_separator_text(&csv->dialect, separator));
}

/* The listed columns, in the order of the list. */
static ml_status add_listed(ml_csv *csv, const mli_dictionary *names, char *const *list, int n)
{
    bool *had = mli_calloc((size_t)names->count, sizeof *had);
    ml_status s = had ? ML_OK : ML_ENOMEM;
    char shown[MLI_SHOWN];
    for (int i = 0; !s && i < n; i++) {
        const int32_t field = mli_dictionary_find(names, list[i], strlen(list[i]));
        if (field < 0)
            s = no_such_column(csv, "columns", list[i], names);
        else if (had[field])
            s = mli_fail(ML_EINVAL, "%s: columns: '%s' is asked for twice", csv->path, mli_shown(list[i], shown));
        else
            s = add_column(csv, names, field);
        if (!s)
            had[field] = true;
    }
    mli_free(had);
    return s;
}

static mli_csv_column *column_of(ml_csv *csv, int32_t field)
{
    for (int j = 0; j < csv->n_columns; j++)
        if (csv->columns[j].field == field)
            return &csv->columns[j];
    return NULL;
}

static ml_status give_types(ml_csv *csv, const ml_csv_opts *opts, const mli_dictionary *names)
{
    for (int i = 0; i < opts->n_types; i++) {
        const ml_csv_type *t = &opts->types[i];
        const int32_t field = mli_dictionary_find(names, t->column, strlen(t->column));
        mli_csv_column *c = field < 0 ? NULL : column_of(csv, field);
        if (field < 0)
            return no_such_column(csv, "types", t->column, names);
        if (!c)
            continue; /* it is not wanted */
        c->given = c->fixed = true;
        c->type = t->type;
        if (t->format && !(c->format = mli_strdup(t->format)))
            return ML_ENOMEM;
    }
    return ML_OK;
}

ml_status mli_csv_make_columns(ml_csv *csv, const ml_csv_opts *opts, const mli_dictionary *names)
{
    int n = names->count;
    char **list = opts->columns ? mli_names_parse("csv: columns", opts->columns, &n) : NULL;
    if (opts->columns && !list)
        return ml_error_status();
    csv->columns = mli_calloc((size_t)n, sizeof *csv->columns);
    ml_status s = csv->columns ? ML_OK : ML_ENOMEM;
    if (!s && list)
        s = add_listed(csv, names, list, n);
    for (int32_t field = 0; !s && !list && field < names->count; field++)
        s = add_column(csv, names, field);
    mli_free(list);
    return s ? s : give_types(csv, opts, names);
}

/* What a column has of the stretch that is being read. */
static void forget_values(mli_csv_column *c)
{
    mli_csv_forget_codes(c);
    mli_free(c->category);
    mli_free(c->at);
    mli_free(c->bytes);
    c->category = NULL;
    c->at = NULL;
    c->bytes = NULL;
    c->size = c->room = 0;
    c->missing = 0;
    c->again = false;
}

void mli_csv_columns_free(ml_csv *csv)
{
    for (int j = 0; j < csv->n_columns; j++) {
        forget_values(&csv->columns[j]);
        mli_free(csv->columns[j].name);
        mli_free(csv->columns[j].format);
    }
    mli_free(csv->columns);
}

/* ---- what to try first ---- */

static mli_csv_work work_of(ml_type type)
{
    switch (type) {
    case ML_NUMBER: return MLI_CSV_NUMBERS;
    case ML_INTEGER: return MLI_CSV_INTEGERS;
    case ML_TIME: return MLI_CSV_TIMES;
    case ML_CATEGORY: return MLI_CSV_CODES;
    default: return MLI_CSV_SIZES;
    }
}

/* What all values of the first rows are; integers where there are none. */
static ml_status guess(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *p, mli_csv_scratch *scratch,
                       mli_csv_work *work)
{
    bool integers = true, numbers = true, times = true;
    for (int64_t row = 0; row < p->tokens.rows && row < SAMPLE_ROWS && (numbers || times); row++) {
        mli_csv_value v;
        int64_t integer;
        double number;
        if (mli_csv_value_of(csv, mli_csv_field_begin(p, csv->dialect.fields, row, c->field),
                             mli_csv_field_end(p, csv->dialect.fields, row, c->field), scratch, &v))
            return ML_ENOMEM;
        mli_csv_trim(&v);
        if (v.missing || v.n == 0)
            continue;
        integers = integers && mli_integer_read(v.text, v.text + v.n, &integer) == v.text + v.n;
        numbers = numbers && mli_number_read(v.text, v.text + v.n, csv->dialect.point, &number) == v.text + v.n;
        times = times && mli_time_read(v.text, v.n, &integer);
    }
    *work = integers ? MLI_CSV_INTEGERS : numbers ? MLI_CSV_NUMBERS : times ? MLI_CSV_TIMES : MLI_CSV_CODES;
    return ML_OK;
}

ml_status mli_csv_first_work(ml_csv *csv, const mli_csv_part *first)
{
    mli_csv_scratch scratch = {0};
    ml_status s = ML_OK;
    for (int j = 0; !s && j < csv->n_columns; j++) {
        mli_csv_column *c = &csv->columns[j];
        forget_values(c);
        c->times = false;
        c->work = c->fixed ? work_of(c->type) : MLI_CSV_INTEGERS;
        if (!c->fixed && first)
            s = guess(csv, c, first, &scratch, &c->work);
    }
    mli_free(scratch.bytes);
    return s;
}

ml_status mli_csv_prepare(mli_csv_column *c, int64_t rows)
{
    const size_t n = (size_t)rows;
    bool good = true;
    switch (c->work) {
    case MLI_CSV_INTEGERS:
    case MLI_CSV_NUMBERS:
    case MLI_CSV_TIMES: good = (c->values = mli_alloc(n * sizeof(int64_t))) != NULL; break;
    case MLI_CSV_CODES:
        c->values = mli_alloc(n * sizeof(int32_t));
        c->different = mli_calloc(1, sizeof *c->different);
        good = c->values && c->different;
        break;
    case MLI_CSV_TEXTS:
        c->room = c->size;
        c->at = mli_alloc(n * sizeof *c->at);
        c->bytes = mli_alloc((size_t)c->room);
        good = c->at && c->bytes;
        break;
    default: break;
    }
    if (c->work != MLI_CSV_DONE)
        c->size = 0;
    return good ? ML_OK : ML_ENOMEM;
}

/* ---- after a pass ---- */

static ml_status settle_codes(mli_csv_column *c, int64_t rows)
{
    const ml_status s = mli_csv_settle_texts(c, rows);
    const bool times = c->times && c->missing < rows && !c->fixed;
    if (times)
        forget_values(c);
    c->type = c->values ? ML_CATEGORY : ML_TEXT;
    c->work = times ? MLI_CSV_TIMES : c->values ? MLI_CSV_DONE : MLI_CSV_TEXTS;
    return s;
}

ml_status mli_csv_settle(mli_csv_column *c, int64_t rows)
{
    if (c->again) { /* no number, or no time */
        c->times = c->work != MLI_CSV_TIMES;
        forget_values(c);
        c->work = MLI_CSV_CODES;
        return ML_OK;
    }
    switch (c->work) {
    case MLI_CSV_INTEGERS:
        c->type = ML_INTEGER;
        if (c->missing == rows && !c->fixed) { /* nothing says what it is */
            mli_csv_integers_to_numbers(c->values, rows);
            c->type = ML_NUMBER;
        }
        break;
    case MLI_CSV_NUMBERS: c->type = ML_NUMBER; break;
    case MLI_CSV_TIMES: c->type = ML_TIME; break;
    case MLI_CSV_CODES: return settle_codes(c, rows);
    case MLI_CSV_SIZES: c->work = MLI_CSV_TEXTS; return ML_OK;
    default: break;
    }
    c->work = MLI_CSV_DONE;
    return ML_OK;
}
