/* fields_json.c -- structs that a table describes, as JSON and back.
 *
 * A double is written with 17 digits, which name it exactly, or as "nan", "inf", "-inf", which JSON does not have; 64 bits
 * are text, since most readers of JSON know only 53.
 */
#include "io/fields_json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static json_t *number_json(double x)
{
    if (isfinite(x))
        return json_real(x);
    return json_string(isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
}

static json_t *field_json(const mli_field *f, const void *from)
{
    char text[32];
    const char *p = (const char *)from + f->at;
    switch (f->kind) {
    case MLI_COUNT:
        return json_integer(*(const int64_t *)p);
    case MLI_WORD:
        return json_string(mli_field_text(f, from, text, sizeof text));
    case MLI_FLAG:
        return json_boolean(*(const bool *)p);
    case MLI_CHOICE:
        return json_string(mli_field_text(f, from, text, sizeof text));
    default:
        return number_json(*(const double *)p);
    }
}

json_t *mli_json_put(json_t *o, const char *key, json_t *v)
{
    if (json_object_set_new(o, key, v) == 0)
        return o;
    json_decref(o);
    return NULL;
}

json_t *mli_json_put_fields(json_t *o, const mli_field *fields, const void *from)
{
    for (const mli_field *f = fields; f->name; f++)
        o = mli_json_put(o, f->name, field_json(f, from));
    return o;
}

json_t *mli_json_of(const mli_field *fields, const void *from)
{
    return mli_json_put_fields(json_object(), fields, from);
}

/* ---- reading ---- */

/* The field from v, or what v must be. */
static const char *take_number(double *x, const json_t *v)
{
    const char *text = json_string_value(v);
    if (json_is_number(v))
        *x = json_number_value(v);
    else if (text && strcmp(text, "nan") == 0)
        *x = NAN;
    else if (text && (strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0))
        *x = *text == '-' ? -INFINITY : INFINITY;
    else
        return "a number, or \"nan\", \"inf\", \"-inf\"";
    return NULL;
}

static const char *take_word(uint64_t *x, const json_t *v)
{
    const char *text = json_string_value(v);
    if (!text || !*text || strspn(text, "0123456789") != strlen(text))
        return "a text of digits";
    errno = 0;
    *x = strtoull(text, NULL, 10);
    return errno ? "a number of 64 bits" : NULL;
}

static const char *take_choice(const mli_field *f, int *x, const json_t *v)
{
    const char *text = json_string_value(v);
    for (*x = 0; text && f->choices[*x]; ++*x)
        if (strcmp(text, f->choices[*x]) == 0)
            return NULL;
    return "one of the names it can have";
}

static const char *take_field(const mli_field *f, const json_t *v, void *to)
{
    void *p = (char *)to + f->at;
    switch (f->kind) {
    case MLI_COUNT:
        *(int64_t *)p = json_integer_value(v);
        return json_is_integer(v) ? NULL : "a whole number";
    case MLI_WORD:
        return take_word(p, v);
    case MLI_FLAG:
        *(bool *)p = json_is_true(v);
        return json_is_boolean(v) ? NULL : "true or false";
    case MLI_CHOICE:
        return take_choice(f, p, v);
    default:
        return take_number(p, v);
    }
}

ml_status mli_fields_take(const char *path, const char *where, const json_t *o, const mli_field *fields, void *to)
{
    if (!json_is_object(o))
        return mli_fail(ML_EFORMAT, "%s: %s is not there, or no JSON object", path, where);
    for (const mli_field *f = fields; f->name; f++) {
        const json_t *v = json_object_get(o, f->name);
        const char *must = v ? take_field(f, v, to) : "there";
        if (must)
            return mli_fail(ML_EFORMAT, "%s: %s: %s must be %s", path, where, f->name, must);
    }
    if (mli_fields_check(where, fields, to))
        return mli_fail(ML_EFORMAT, "%s: %s", path, ml_error());
    return ML_OK;
}
