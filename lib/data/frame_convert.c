/* frame_convert.c -- columns of another type; parts of times. */
#include "base/number.h"
#include "data/builder.h"
#include "data/cell.h"
#include "data/codes.h"
#include "data/times.h"
#include "io/io.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- from one value ---- */

/* A text without the white space around it. */
static void trim(const char **text, const char **end)
{
    static const char spaces[] = " \t\n\v\f\r";
    *text += strspn(*text, spaces);
    *end = *text + strlen(*text);
    while (*end > *text && strchr(spaces, (*end)[-1]))
        (*end)--;
}

static bool number_of_text(const char *text, double *v)
{
    const char *end;
    trim(&text, &end);
    if (end - text == 3 && strncasecmp(text, "nan", 3) == 0) {
        *v = NAN;
        return true;
    }
    return mli_number_read(text, end, '.', v) == end && end > text;
}

/* Whole, and within 64 bits. */
static bool integer_of_number(double v, int64_t *out)
{
    const double limit = 9223372036854775808.0;
    if (!(v > -limit && v < limit && v == floor(v)))
        return false;
    *out = (int64_t)v;
    return true;
}

static bool integer_of_text(const char *text, int64_t *v)
{
    const char *end, *begin = text;
    double number;
    trim(&begin, &end);
    if (end > begin && mli_integer_read(begin, end, v) == end)
        return true;
    return number_of_text(text, &number) && integer_of_number(number, v);
}

static bool to_number(const ml_column *c, int64_t i, double *v)
{
    const char *text = ml_column_text(c, i);
    if (text)
        return number_of_text(text, v);
    *v = ml_column_number(c, i);
    return true;
}

static bool to_integer(const ml_column *c, int64_t i, int64_t *v)
{
    const char *text = ml_column_text(c, i);
    if (text)
        return integer_of_text(text, v);
    if (c->type == ML_NUMBER)
        return integer_of_number(c->number[i], v);
    *v = c->integer[i];
    return true;
}

static bool to_time(const ml_column *c, int64_t i, const char *format, int64_t *v)
{
    const char *text = ml_column_text(c, i), *end;
    if (!text)
        return to_integer(c, i, v);
    trim(&text, &end);
    return mli_time_read_as(format, text, (size_t)(end - text), v);
}

/* ---- whole columns ---- */

static ml_status refuse(const ml_column *c, int64_t i, ml_type type)
{
    char shown[MLI_SHOWN], value[MLI_SHOWN], cell[MLI_CELL];
    return mli_fail(ML_EINVAL, "frame_convert: column '%s', row %lld: '%s' is no %s: convert with .coerce to make such values "
                    "missing", mli_shown(c->name, shown), (long long)i, mli_shown(mli_cell_text(c, i, cell), value),
                    ml_type_name(type));
}

static ml_status numbers(ml_column *to, const ml_column *c, const ml_convert_opts *o)
{
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    *to = (ml_column){.type = ML_NUMBER, .n = c->n, .number = v};
    if (!v)
        return ML_ENOMEM;
    for (int64_t i = 0; i < c->n; i++) {
        if (!ml_column_missing(c, i) && to_number(c, i, &v[i]))
            continue;
        if (!ml_column_missing(c, i) && !o->coerce)
            return refuse(c, i, ML_NUMBER);
        v[i] = NAN;
    }
    return ML_OK;
}

static ml_status integers(ml_column *to, const ml_column *c, ml_type type, const ml_convert_opts *o)
{
    int64_t *v = mli_alloc((size_t)c->n * sizeof *v);
    *to = (ml_column){.type = type, .n = c->n, .integer = v};
    if (!v)
        return ML_ENOMEM;
    for (int64_t i = 0; i < c->n; i++) {
        if (!ml_column_missing(c, i) && (type == ML_TIME ? to_time(c, i, o->format, &v[i]) : to_integer(c, i, &v[i])))
            continue;
        if (!ml_column_missing(c, i) && !o->coerce)
            return refuse(c, i, type);
        v[i] = ML_MISSING;
    }
    return ML_OK;
}

static ml_status texts(ml_column *to, const ml_column *c)
{
    mli_builder b;
    char cell[MLI_CELL];
    ml_status s = mli_builder_begin(&b, c->n);
    for (int64_t i = 0; i < c->n && !s; i++)
        s = mli_builder_text(&b, ml_column_missing(c, i) ? NULL : mli_cell_text(c, i, cell));
    return mli_builder_column(&b, s, to);
}

/* The texts of the codes, each from the first row that has it. */
static ml_status category_texts(ml_column *to, const ml_column *c, const mli_codes *codes)
{
    mli_builder b;
    char cell[MLI_CELL];
    const char **list = mli_alloc((size_t)codes->count * sizeof *list);
    ml_status s = mli_builder_begin(&b, codes->count);
    s = list ? s : ML_ENOMEM;
    for (int32_t k = 0; k < codes->count && !s; k++)
        s = mli_builder_text(&b, mli_cell_text(c, codes->first[k], cell));
    for (int32_t k = 0; k < codes->count && !s; k++)
        list[k] = b.bytes + b.at[k];
    if (!s)
        to->category = (const char *const *)mli_texts_copy(list, codes->count);
    mli_builder_free(&b);
    mli_free(list);
    return s ? s : to->category ? ML_OK : ML_ENOMEM;
}

static ml_status categories(ml_column *to, const ml_column *c)
{
    mli_codes codes;
    ml_status s = mli_codes_of(&codes, c, false);
    if (!s)
        s = mli_codes_sort(&codes, &c, 1);
    if (s) {
        mli_codes_free(&codes);
        return s;
    }
    *to = (ml_column){.type = ML_CATEGORY, .n = c->n, .code = codes.code, .categories = codes.count};
    s = category_texts(to, c, &codes);
    codes.code = NULL; /* they are the column's now */
    mli_codes_free(&codes);
    return s;
}

static ml_status convert(ml_column *to, const ml_column *c, ml_type type, const ml_convert_opts *o)
{
    switch (type) {
    case ML_NUMBER:
        return numbers(to, c, o);
    case ML_TEXT:
        return texts(to, c);
    case ML_CATEGORY:
        return categories(to, c);
    default:
        return integers(to, c, type, o);
    }
}

ml_status ml_frame_convert(ml_frame *f, const char *column, const char *as, ml_type type, ml_convert_opts opts)
{
    ml_column made = {0};
    const ml_column *c = mli_verb_column("frame_convert", f, column, MLI_ANY);
    if (!c)
        return ml_error_status();
    if ((unsigned)type > ML_TIME)
        return mli_fail(ML_EINVAL, "frame_convert: there is no type %d", (int)type);
    if (opts.format && (type != ML_TIME || mli_time_format_check(opts.format)))
        return type == ML_TIME ? mli_fail_in("frame_convert") : mli_fail(ML_EINVAL, "frame_convert: only a time has a format");
    if (c->type == type)
        return ml_frame_put(f, as ? as : column, c);
    ml_status s = convert(&made, c, type, &opts);
    if (!s)
        return mli_verb_give("frame_convert", f, as ? as : column, &made);
    mli_column_free(&made);
    return s;
}

/* ---- parts of times ---- */

static int64_t part_of(int64_t time, ml_date_part part)
{
    const int64_t days = time / MLI_DAY - (time % MLI_DAY < 0), of_day = (time % MLI_DAY + MLI_DAY) % MLI_DAY;
    int64_t year, month, day;
    mli_days_date(days, &year, &month, &day);
    switch (part) {
    case ML_DATE_YEAR:
        return year;
    case ML_DATE_MONTH:
        return month;
    case ML_DATE_DAY:
        return day;
    case ML_DATE_WEEKDAY:
        return ((days + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    case ML_DATE_DAY_OF_YEAR:
        return days - mli_days_of(year, 1, 1) + 1;
    case ML_DATE_HOUR:
        return of_day / 3600 / 1000000;
    case ML_DATE_MINUTE:
        return of_day / 60 / 1000000 % 60;
    default:
        return of_day / 1000000 % 60;
    }
}

ml_status ml_frame_date_part(ml_frame *f, const char *column, const char *as, ml_date_part part)
{
    const ml_column *c = mli_verb_column("frame_date_part", f, column, MLI_TIMES);
    if (!c)
        return ml_error_status();
    if ((unsigned)part > ML_DATE_SECOND)
        return mli_fail(ML_EINVAL, "frame_date_part: there is no part %d", (int)part);
    int64_t *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = c->integer[i] == ML_MISSING ? ML_MISSING : part_of(c->integer[i], part);
    return mli_verb_integers("frame_date_part", f, as ? as : column, v);
}
