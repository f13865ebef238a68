/* fields.c -- see fields.h. */
#include "io/fields.h"
#include "io/io.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The largest count: counting on from it cannot overflow, and every reader of JSON knows it exactly. */
static const int64_t MOST = (int64_t)1 << 53;

static double *number_in(const mli_field *f, const void *s)
{
    return (double *)((char *)s + f->at);
}

static int64_t *count_in(const mli_field *f, const void *s)
{
    return (int64_t *)((char *)s + f->at);
}

static int *choice_in(const mli_field *f, const void *s)
{
    return (int *)((char *)s + f->at);
}

int mli_choices(const mli_field *f)
{
    int n = 0;
    while (f->choices[n])
        n++;
    return n;
}

void mli_fields_resolve(const mli_field *fields, void *opts)
{
    for (const mli_field *f = fields; f->name; f++) {
        if (f->kind <= MLI_NUMBER) {
            double *x = number_in(f, opts);
            *x = mli_option(*x, f->standard);
        } else if (f->kind == MLI_COUNT) {
            int64_t *n = count_in(f, opts);
            *n = *n == 0 ? (int64_t)f->standard : *n == ML_NONE ? 0 : *n;
        }
    }
}

/* What the field must be, where it is not; NULL where it is. */
static const char *demand(const mli_field *f, const void *opts)
{
    switch (f->kind) {
    case MLI_FROM_ZERO:
        return *number_in(f, opts) >= 0 && *number_in(f, opts) < INFINITY ? NULL : "a number >= 0";
    case MLI_BELOW_ONE:
        return *number_in(f, opts) >= 0 && *number_in(f, opts) < 1 ? NULL : "in [0, 1)";
    case MLI_FINITE:
        return isfinite(*number_in(f, opts)) ? NULL : "a finite number";
    case MLI_COUNT:
        return *count_in(f, opts) >= 0 && *count_in(f, opts) <= MOST ? NULL : "in 0 .. 2^53";
    case MLI_CHOICE:
        return *choice_in(f, opts) >= 0 && *choice_in(f, opts) < mli_choices(f) ? NULL : "one of its enum";
    case MLI_NUMBER:
    case MLI_WORD:
    case MLI_FLAG:
        break;
    }
    return NULL;
}

const char *mli_fields_check(const char *who, const mli_field *fields, const void *opts)
{
    char text[32];
    for (const mli_field *f = fields; f->name; f++) {
        const char *must = demand(f, opts);
        if (!must)
            continue;
        mli_fail(ML_EINVAL, "%s: %s is %s: it must be %s", who, f->name, mli_field_text(f, opts, text, sizeof text), must);
        return ml_error();
    }
    return NULL;
}

static bool equal(const mli_field *f, const void *a, const void *b)
{
    const char *p = (const char *)a + f->at, *q = (const char *)b + f->at;
    if (f->kind == MLI_FLAG)
        return *(const bool *)p == *(const bool *)q;
    if (f->kind == MLI_CHOICE)
        return *choice_in(f, a) == *choice_in(f, b);
    if (f->kind <= MLI_NUMBER) {
        double x = *number_in(f, a), y = *number_in(f, b);
        return x == y || (isnan(x) && isnan(y));
    }
    return memcmp(p, q, sizeof(int64_t)) == 0;
}

const mli_field *mli_fields_differ(const mli_field *fields, const void *a, const void *b)
{
    for (const mli_field *f = fields; f->name; f++)
        if (!equal(f, a, b))
            return f;
    return NULL;
}

/* ---- one option by its name ---- */

const mli_field *mli_fields_find(const char *who, const mli_field *fields, const char *name, size_t length)
{
    char names[512], shown[MLI_SHOWN];
    size_t used = 0;
    names[0] = 0;
    for (const mli_field *f = fields; f->name; f++) {
        if (strncmp(f->name, name, length) == 0 && !f->name[length])
            return f;
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", f->name);
    }
    snprintf(shown, sizeof shown, "%.*s", (int)(length < 64 ? length : 64), name);
    return mli_null(ML_EINVAL, "%s: there is no option '%s'; there are: %s", who, shown, fields->name ? names : "none");
}

static bool is_whole(double v, double most)
{
    return v == floor(v) && fabs(v) <= most;
}

ml_status mli_field_set(const char *who, const mli_field *f, void *opts, double v)
{
    void *at = (char *)opts + f->at;
    const char *must = NULL;
    switch (f->kind) {
    case MLI_COUNT:
        must = is_whole(v, (double)MOST) ? NULL : "a whole number";
        if (!must)
            *(int64_t *)at = v == 0 ? ML_NONE : (int64_t)v;
        break;
    case MLI_WORD:
        must = is_whole(v, (double)MOST) && v >= 0 ? NULL : "a whole number >= 0";
        if (!must)
            *(uint64_t *)at = (uint64_t)v;
        break;
    case MLI_FLAG:
        must = v == 0 || v == 1 ? NULL : "0 or 1";
        if (!must)
            *(bool *)at = v == 1;
        break;
    case MLI_CHOICE:
        must = is_whole(v, mli_choices(f) - 1) && v >= 0 ? NULL : "the number of one of its names";
        if (!must)
            *(int *)at = (int)v;
        break;
    default:
        must = isnan(v) && f->kind != MLI_NUMBER ? "a number" : NULL;
        if (!must)
            *(double *)at = v == 0 ? ML_ZERO : v;
    }
    return must ? mli_fail(ML_EINVAL, "%s: %s is %g: it must be %s", who, f->name, v, must) : ML_OK;
}

char *mli_field_text(const mli_field *f, const void *from, char *buf, size_t size)
{
    const char *p = (const char *)from + f->at;
    if (f->kind == MLI_FLAG)
        snprintf(buf, size, "%s", *(const bool *)p ? "true" : "false");
    else if (f->kind == MLI_CHOICE && *choice_in(f, from) >= 0 && *choice_in(f, from) < mli_choices(f))
        snprintf(buf, size, "%s", f->choices[*choice_in(f, from)]);
    else if (f->kind == MLI_CHOICE)
        snprintf(buf, size, "%d", *choice_in(f, from));
    else if (f->kind == MLI_WORD)
        snprintf(buf, size, "%" PRIu64, *(const uint64_t *)p);
    else if (f->kind == MLI_COUNT)
        snprintf(buf, size, "%" PRId64, *count_in(f, from));
    else
        snprintf(buf, size, "%.10g", *number_in(f, from));
    return buf;
}
