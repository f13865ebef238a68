/* frame_fill.c -- something in the place of missing values: a value, one learnt from the column, or one of the neighbours. */
#include "data/builder.h"
#include "data/codes.h"
#include "io/io.h"
#include "linalg/statistics.h"

#include <math.h>
#include <string.h>

/* ---- a value that is given ---- */

static ml_status check_value(const ml_column *c, double value)
{
    const double whole = 9007199254740992.0; /* 2^53: beyond, a double is not one integer */
    char shown[MLI_SHOWN];
    if (!isfinite(value))
        return mli_fail(ML_EINVAL, "frame_fill_number: column '%s': the value is %g: wants a finite number",
                        mli_shown(c->name, shown), value);
    if (c->type != ML_NUMBER && !(fabs(value) <= whole && value == floor(value)))
        return mli_fail(ML_EINVAL, "frame_fill_number: column '%s' is %s, and %g is no whole number: convert it to number first",
                        mli_shown(c->name, shown), ml_type_name(c->type), value);
    return ML_OK;
}

static double *numbers_or(const ml_column *c, double value)
{
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = ml_column_missing(c, i) ? value : ml_column_number(c, i);
    return v;
}

ml_status ml_frame_fill_number(ml_frame *f, const char *column, const char *as, double value)
{
    const ml_column *c = mli_verb_column("frame_fill_number", f, column, MLI_NUMERIC | MLI_TIMES);
    if (!c || check_value(c, value))
        return ml_error_status();
    const char *name = as ? as : column;
    if (c->type == ML_NUMBER)
        return mli_verb_numbers("frame_fill_number", f, name, numbers_or(c, value));
    int64_t *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = c->integer[i] == ML_MISSING ? (int64_t)value : c->integer[i];
    return v ? mli_verb_give("frame_fill_number", f, name, &(ml_column){.type = c->type, .n = c->n, .integer = v}) : ML_ENOMEM;
}

static ml_status fill_texts(ml_column *to, const ml_column *c, const char *value)
{
    mli_builder b;
    ml_status s = mli_builder_begin(&b, c->n);
    for (int64_t i = 0; i < c->n && !s; i++)
        s = mli_builder_text(&b, c->at[i] < 0 ? value : c->bytes + c->at[i]);
    return mli_builder_column(&b, s, to);
}

static ml_status fill_codes(ml_column *to, const ml_column *c, const char *value)
{
    int32_t k = 0;
    while (k < c->categories && strcmp(c->category[k], value) != 0)
        k++;
    const bool lacks = k == c->categories && c->missing;
    const char **list = mli_alloc(((size_t)c->categories + 1) * sizeof *list);
    int32_t *code = mli_alloc((size_t)c->n * sizeof *code);
    *to = (ml_column){.type = ML_CATEGORY, .n = c->n, .code = code, .categories = c->categories + lacks};
    if (list) {
        memcpy(list, c->category, (size_t)c->categories * sizeof *list);
        list[c->categories] = value;
        to->category = (const char *const *)mli_texts_copy(list, to->categories);
    }
    mli_free(list);
    if (!code || !to->category) {
        mli_column_free(to);
        return ML_ENOMEM;
    }
    for (int64_t i = 0; i < c->n; i++)
        code[i] = c->code[i] < 0 ? k : c->code[i];
    return ML_OK;
}

ml_status ml_frame_fill_text(ml_frame *f, const char *column, const char *as, const char *value)
{
    ml_column made;
    const ml_column *c = mli_verb_column("frame_fill_text", f, column, MLI_TEXTUAL);
    if (!c)
        return ml_error_status();
    if (!value || !mli_is_utf8(value))
        return mli_fail(ML_EINVAL, "frame_fill_text: the value is %s", value ? "not UTF-8" : "NULL");
    ml_status s = c->type == ML_TEXT ? fill_texts(&made, c, value) : fill_codes(&made, c, value);
    return s ? s : mli_verb_give("frame_fill_text", f, as ? as : column, &made);
}

/* ---- a value of another row: rows[i] is where value i comes from, -1 nowhere ---- */

/* Into *row the first that has the most frequent value, of those the least; -1 where all are missing. */
static ml_status find_mode(const ml_column *c, int64_t *row)
{
    mli_codes codes;
    ml_status s = mli_codes_of(&codes, c, false);
    int64_t *times = s ? NULL : mli_calloc((size_t)codes.count, sizeof *times);
    int32_t best = 0;
    *row = -1;
    for (int64_t i = 0; times && i < c->n; i++)
        if (codes.code[i] >= 0)
            times[codes.code[i]]++;
    for (int32_t k = 1; times && k < codes.count; k++)
        if (times[k] > times[best] || (times[k] == times[best] && mli_column_order(c, codes.first[k], codes.first[best]) < 0))
            best = k;
    if (times && codes.count)
        *row = codes.first[best];
    s = times ? ML_OK : ml_error_status();
    mli_codes_free(&codes);
    mli_free(times);
    return s;
}

/* Where each value comes from: itself, or the last that is there, in the direction of step. */
static void rows_of_neighbours(const ml_column *c, int64_t step, int64_t *rows)
{
    int64_t last = -1;
    for (int64_t k = 0; k < c->n; k++) {
        const int64_t i = step > 0 ? k : c->n - 1 - k;
        last = ml_column_missing(c, i) ? last : i;
        rows[i] = last;
    }
}

static ml_status fill_from_rows(ml_frame *f, const char *name, const ml_column *c, ml_fill how)
{
    int64_t mode = -1;
    if (how == ML_FILL_MODE && find_mode(c, &mode))
        return ml_error_status();
    int64_t *rows = mli_alloc((size_t)c->n * sizeof *rows);
    if (!rows)
        return ML_ENOMEM;
    rows_of_neighbours(c, how == ML_FILL_BACKWARD ? -1 : 1, rows);
    for (int64_t i = 0; how == ML_FILL_MODE && i < c->n; i++)
        rows[i] = ml_column_missing(c, i) ? mode : i;
    ml_status s = mli_verb_pick("frame_fill", f, name, c, rows);
    mli_free(rows);
    return s;
}

/* ---- a number that is computed ---- */

/* The mean or median of what is there. */
static ml_status learn(const ml_column *c, ml_fill how, double *value)
{
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    int64_t n = 0;
    for (int64_t i = 0; v && i < c->n; i++)
        if (!ml_column_missing(c, i))
            v[n++] = ml_column_number(c, i);
    if (!v)
        return ML_ENOMEM;
    *value = how == ML_FILL_MEAN ? mli_mean(v, n) : mli_median(v, n);
    mli_free(v);
    return ML_OK;
}

/* Between a at row i and b at row j by a straight line; as NumPy's interp where an infinity takes part. */
static double between(double a, double b, int64_t i, int64_t j, int64_t at)
{
    const double slope = (b - a) / (double)(j - i);
    double y = slope * (double)(at - i) + a;
    if (isnan(y))
        y = slope * (double)(at - j) + b;
    return isnan(y) && a == b ? a : y;
}

static void interpolate(double *v, int64_t n)
{
    int64_t last = -1; /* the last row that had a value */
    for (int64_t i = 0; i < n; i++) {
        if (isnan(v[i]))
            continue;
        for (int64_t k = last + 1; last >= 0 && k < i; k++)
            v[k] = between(v[last], v[i], last, i, k);
        last = i;
    }
    for (int64_t k = last + 1; last >= 0 && k < n; k++)
        v[k] = v[last];
}

static ml_status fill_with_numbers(ml_frame *f, const char *name, const ml_column *c, ml_fill how)
{
    double value = NAN;
    ml_status s = how == ML_FILL_INTERPOLATE ? ML_OK : learn(c, how, &value);
    double *v = s ? NULL : numbers_or(c, value);
    if (v && how == ML_FILL_INTERPOLATE)
        interpolate(v, c->n);
    return mli_verb_numbers("frame_fill", f, name, v);
}

ml_status ml_frame_fill(ml_frame *f, const char *column, const char *as, ml_fill how)
{
    static const char *const learns[] = {[ML_FILL_MEAN] = "a mean", [ML_FILL_MEDIAN] = "a median", [ML_FILL_MODE] = "a mode",
                                         [ML_FILL_FORWARD] = NULL,  [ML_FILL_BACKWARD] = NULL,     [ML_FILL_INTERPOLATE] = NULL};
    char shown[MLI_SHOWN];
    const bool moves = how == ML_FILL_MODE || how == ML_FILL_FORWARD || how == ML_FILL_BACKWARD;
    if ((unsigned)how > ML_FILL_INTERPOLATE)
        return mli_fail(ML_EINVAL, "frame_fill: there is no way %d to fill", (int)how);
    const ml_column *c = mli_verb_column("frame_fill", f, column, moves ? MLI_ANY : MLI_NUMERIC);
    if (!c || (learns[how] && mli_verb_may_learn("frame_fill", f, learns[how])))
        return ml_error_status();
    if (learns[how] && c->missing == c->n && c->n > 0)
        return mli_fail(ML_EINVAL, "frame_fill: column '%s' has no value to learn %s from", mli_shown(c->name, shown), learns[how]);
    return moves ? fill_from_rows(f, as ? as : column, c, how) : fill_with_numbers(f, as ? as : column, c, how);
}
