/* frame_assign.c -- columns from functions of a row or of a value, and by lists of pairs. */
#include "data/builder.h"
#include "io/io.h"

#include <math.h>
#include <string.h>

/* ---- functions ---- */

ml_status ml_frame_assign(ml_frame *f, const char *name, ml_row_number value, void *user)
{
    if (!mli_frame_is("frame_assign", f))
        return ML_EINVAL;
    if (!value)
        return mli_fail(ML_EINVAL, "frame_assign: the function is NULL");
    double *v = mli_alloc((size_t)f->rows * sizeof *v);
    for (int64_t i = 0; v && i < f->rows; i++)
        v[i] = value(f, i, user);
    return mli_verb_numbers("frame_assign", f, name, v);
}

static ml_status build_rows(mli_builder *b, const ml_frame *f, ml_row_text value, void *user)
{
    ml_status s = mli_builder_begin(b, f->rows);
    for (int64_t i = 0; i < f->rows && !s; i++) {
        const char *text = value(f, i, user);
        if (text && !mli_is_utf8(text))
            return mli_fail(ML_EINVAL, "frame_assign_texts: the text of row %lld is not UTF-8", (long long)i);
        s = mli_builder_text(b, text);
    }
    return s;
}

ml_status ml_frame_assign_texts(ml_frame *f, const char *name, ml_row_text value, void *user)
{
    mli_builder b;
    ml_column made;
    if (!mli_frame_is("frame_assign_texts", f))
        return ML_EINVAL;
    if (!value)
        return mli_fail(ML_EINVAL, "frame_assign_texts: the function is NULL");
    ml_status s = mli_builder_column(&b, build_rows(&b, f, value, user), &made);
    return s ? s : mli_verb_give("frame_assign_texts", f, name, &made);
}

ml_status ml_frame_apply(ml_frame *f, const char *column, const char *as, ml_number_map map, void *user)
{
    const ml_column *c = mli_verb_column("frame_apply", f, column, MLI_NUMERIC);
    if (!c)
        return ml_error_status();
    if (!map)
        return mli_fail(ML_EINVAL, "frame_apply: the function is NULL");
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = ml_column_missing(c, i) ? NAN : map(ml_column_number(c, i), user);
    return mli_verb_numbers("frame_apply", f, as ? as : column, v);
}

/* ---- lists of texts ---- */

typedef struct text_list {
    const ml_text_pair *pairs;
    int64_t n;
    bool keep_others;
} text_list;

static ml_status check_texts(const char *where, const ml_text_pair *pairs, int64_t n)
{
    char shown[MLI_SHOWN];
    if (n < 0 || (n > 0 && !pairs))
        return mli_fail(ML_EINVAL, "%s: there are no pairs", where);
    for (int64_t k = 0; k < n; k++) {
        if (!pairs[k].from || (pairs[k].to && !mli_is_utf8(pairs[k].to)))
            return mli_fail(ML_EINVAL, "%s: pair %lld is %s", where, (long long)k, pairs[k].from ? "not UTF-8" : "from NULL");
        for (int64_t l = 0; l < k; l++)
            if (strcmp(pairs[l].from, pairs[k].from) == 0)
                return mli_fail(ML_EINVAL, "%s: '%s' is in the list twice", where, mli_shown(pairs[k].from, shown));
    }
    return ML_OK;
}

static ml_status by_list(const char *text, mli_builder *b, bool *missing, void *user)
{
    const text_list *l = user;
    const char *to = l->keep_others ? text : NULL;
    for (int64_t k = 0; k < l->n; k++)
        if (strcmp(l->pairs[k].from, text) == 0) {
            to = l->pairs[k].to;
            break;
        }
    *missing = !to;
    return to ? mli_builder_add(b, to, strlen(to)) : ML_OK;
}

ml_status ml_frame_map_texts(ml_frame *f, const char *column, const char *as, const ml_text_pair *pairs, int64_t n)
{
    ml_status s = check_texts("frame_map_texts", pairs, n);
    return s ? s : mli_verb_map("frame_map_texts", f, column, as, by_list, &(text_list){pairs, n, false});
}

ml_status ml_frame_replace_texts(ml_frame *f, const char *column, const char *as, const ml_text_pair *pairs, int64_t n)
{
    ml_status s = check_texts("frame_replace_texts", pairs, n);
    return s ? s : mli_verb_map("frame_replace_texts", f, column, as, by_list, &(text_list){pairs, n, true});
}

static ml_status check_numbers_of_texts(const ml_text_number *pairs, int64_t n)
{
    char shown[MLI_SHOWN];
    if (n < 0 || (n > 0 && !pairs))
        return mli_fail(ML_EINVAL, "frame_map_numbers: there are no pairs");
    for (int64_t k = 0; k < n; k++) {
        if (!pairs[k].from)
            return mli_fail(ML_EINVAL, "frame_map_numbers: pair %lld is from NULL", (long long)k);
        for (int64_t l = 0; l < k; l++)
            if (strcmp(pairs[l].from, pairs[k].from) == 0)
                return mli_fail(ML_EINVAL, "frame_map_numbers: '%s' is in the list twice", mli_shown(pairs[k].from, shown));
    }
    return ML_OK;
}

static double number_of(const char *text, const ml_text_number *pairs, int64_t n)
{
    for (int64_t k = 0; text && k < n; k++)
        if (strcmp(pairs[k].from, text) == 0)
            return pairs[k].to;
    return NAN;
}

ml_status ml_frame_map_numbers(ml_frame *f, const char *column, const char *as, const ml_text_number *pairs, int64_t n)
{
    const ml_column *c = mli_verb_column("frame_map_numbers", f, column, MLI_TEXTUAL);
    if (!c || check_numbers_of_texts(pairs, n))
        return ml_error_status();
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = number_of(ml_column_text(c, i), pairs, n);
    return mli_verb_numbers("frame_map_numbers", f, as ? as : column, v);
}

/* ---- lists of numbers ---- */

/* The pair that value is from, or NULL. */
static const ml_number_pair *find(const ml_number_pair *pairs, int64_t n, double value)
{
    for (int64_t k = 0; k < n; k++)
        if (pairs[k].from == value || (isnan(pairs[k].from) && isnan(value)))
            return &pairs[k];
    return NULL;
}

static ml_status check_numbers(const ml_column *c, const ml_number_pair *pairs, int64_t n)
{
    const double whole = 9007199254740992.0; /* 2^53: beyond, a double is not one integer */
    char shown[MLI_SHOWN];
    if (n < 0 || (n > 0 && !pairs))
        return mli_fail(ML_EINVAL, "frame_replace_numbers: there are no pairs");
    for (int64_t k = 0; k < n; k++) {
        const double to = pairs[k].to;
        if (find(pairs, k, pairs[k].from))
            return mli_fail(ML_EINVAL, "frame_replace_numbers: %g is in the list twice", pairs[k].from);
        if (c->type == ML_INTEGER && !isnan(to) && !(fabs(to) <= whole && to == floor(to)))
            return mli_fail(ML_EINVAL, "frame_replace_numbers: column '%s' is integer, and %g is none: convert it to number first",
                            mli_shown(c->name, shown), to);
    }
    return ML_OK;
}

static ml_status replace_integers(ml_frame *f, const char *name, const ml_column *c, const ml_number_pair *pairs, int64_t n)
{
    int64_t *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++) {
        const ml_number_pair *p = find(pairs, n, ml_column_number(c, i));
        v[i] = p ? isnan(p->to) ? ML_MISSING : (int64_t)p->to : c->integer[i];
    }
    return mli_verb_integers("frame_replace_numbers", f, name, v);
}

ml_status ml_frame_replace_numbers(ml_frame *f, const char *column, const char *as, const ml_number_pair *pairs, int64_t n)
{
    const ml_column *c = mli_verb_column("frame_replace_numbers", f, column, MLI_NUMERIC);
    if (!c || check_numbers(c, pairs, n))
        return ml_error_status();
    if (c->type == ML_INTEGER)
        return replace_integers(f, as ? as : column, c, pairs, n);
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++) {
        const ml_number_pair *p = find(pairs, n, c->number[i]);
        v[i] = p ? p->to : c->number[i];
    }
    return mli_verb_numbers("frame_replace_numbers", f, as ? as : column, v);
}
