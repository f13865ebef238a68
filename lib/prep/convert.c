/* convert.c -- see convert.h. */
#include "prep/convert.h"

#include "base/number.h"
#include "io/io.h"

#include <math.h>

static ml_status put_missing(ml_frame *to, const char *name, ml_type type, int64_t n)
{
    const ml_column none = {.type = type};
    ml_column c;
    int64_t *nowhere = mli_alloc((size_t)n * sizeof *nowhere);
    for (int64_t i = 0; nowhere && i < n; i++)
        nowhere[i] = -1;
    ml_status s = nowhere ? mli_column_pick(&c, name, &none, nowhere, n) : ML_ENOMEM;
    mli_free(nowhere);
    return s ? s : mli_frame_give(to, &c);
}

static ml_status put_numbers(ml_frame *to, const ml_column *c)
{
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = ml_column_number(c, i);
    ml_status s = v ? ml_frame_put_numbers(to, c->name, v, c->n) : ML_ENOMEM;
    mli_free(v);
    return s;
}

/* Whole numbers beyond this are not all doubles. */
static const double MOST_WHOLE = 9007199254740992.0;

static ml_status take_whole(const ml_column *c, int64_t *v)
{
    char shown[MLI_SHOWN], text[MLI_NUMBER_TEXT];
    for (int64_t i = 0; i < c->n; i++) {
        const double x = c->number[i];
        if (!isnan(x) && !(fabs(x) <= MOST_WHOLE && x == floor(x))) {
            mli_number_text(x, '.', text);
            return mli_fail(ML_EINVAL, "column '%s' has %s in row %lld, but had whole numbers when it was fitted",
                            mli_shown(c->name, shown), text, (long long)i);
        }
        v[i] = isnan(x) ? ML_MISSING : (int64_t)x;
    }
    return ML_OK;
}

static ml_status put_integers(ml_frame *to, const ml_column *c)
{
    int64_t *v = mli_alloc((size_t)c->n * sizeof *v);
    ml_status s = v ? take_whole(c, v) : ML_ENOMEM;
    if (!s)
        s = ml_frame_put_integers(to, c->name, v, c->n);
    mli_free(v);
    return s;
}

static ml_status put_texts(ml_frame *to, const ml_column *c)
{
    const char **v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = ml_column_text(c, i);
    ml_status s = v ? ml_frame_put_texts(to, c->name, v, c->n) : ML_ENOMEM;
    mli_free(v);
    return s;
}

/* Categories in sorted order. */
static ml_status put_categories(ml_frame *to, const ml_column *c)
{
    int32_t count = 0, *code = mli_alloc((size_t)c->n * sizeof *code);
    ml_status s = code ? mli_column_codes(c, code, &count) : ML_ENOMEM;
    const char **category = s ? NULL : mli_alloc((size_t)count * sizeof *category);
    for (int64_t i = 0; category && i < c->n; i++)
        if (code[i] >= 0)
            category[code[i]] = ml_column_text(c, i);
    if (!s)
        s = category ? ml_frame_put_categories(to, c->name, (ml_ints){code, c->n}, category, count) : ML_ENOMEM;
    mli_free(category);
    mli_free(code);
    return s;
}

ml_status mli_column_as(ml_frame *to, const ml_column *c, ml_type type)
{
    char shown[MLI_SHOWN];
    if (c->type == type)
        return ml_frame_put(to, NULL, c);
    if (c->missing == c->n)
        return put_missing(to, c->name, type, c->n);
    if (c->type == ML_INTEGER && type == ML_NUMBER)
        return put_numbers(to, c);
    if (c->type == ML_NUMBER && type == ML_INTEGER)
        return put_integers(to, c);
    if (c->type == ML_CATEGORY && type == ML_TEXT)
        return put_texts(to, c);
    if (c->type == ML_TEXT && type == ML_CATEGORY)
        return put_categories(to, c);
    return mli_fail(ML_EINVAL, "column '%s' is of type %s, but was of type %s when it was fitted", mli_shown(c->name, shown),
                    ml_type_name(c->type), ml_type_name(type));
}
