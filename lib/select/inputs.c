/* inputs.c -- the columns that a pipeline wants, and how a frame is held against them.
 *
 * A file that is read again may give a column another type: whole numbers where there were fractions, texts where there were
 * few enough to be categories, nothing at all. What loses no value is taken; the rest is refused by name.
 */
#include "data/frame.h"
#include "io/io.h"
#include "select/select.h"

#include <math.h>
#include <string.h>

bool mli_type_named(const char *name, ml_type *type)
{
    for (ml_type t = ML_NUMBER; name && t <= ML_TIME; t++)
        if (strcmp(name, ml_type_name(t)) == 0) {
            *type = t;
            return true;
        }
    return false;
}

/* ---- what is wanted ---- */

void mli_inputs_free(mli_inputs *in)
{
    for (int j = 0; j < in->n && in->v; j++)
        mli_free(in->v[j].name);
    mli_free(in->v);
    mli_free(in->ignore);
    *in = (mli_inputs){0};
}

static ml_status add_input(mli_inputs *in, const char *name, ml_type type)
{
    mli_wanted *i = &in->v[in->n];
    *i = (mli_wanted){.name = mli_strdup(name), .type = type};
    in->n += i->name != NULL;
    return i->name ? ML_OK : ML_ENOMEM;
}

static ml_status find_ignored(mli_inputs *in, const ml_frame *all, const ml_frame *used)
{
    const char **name = mli_alloc((size_t)all->columns * sizeof *name);
    if (!name)
        return ML_ENOMEM;
    for (int j = 0; j < all->columns; j++)
        if (!ml_frame_has(used, all->column[j].name))
            name[in->ignored++] = all->column[j].name;
    in->ignore = mli_texts_copy(name, in->ignored);
    mli_free(name);
    return in->ignore ? ML_OK : ML_ENOMEM;
}

ml_status mli_inputs_of(mli_inputs *in, const ml_frame *all, const ml_frame *used, const char *target)
{
    *in = (mli_inputs){.v = mli_alloc((size_t)used->columns * sizeof *in->v)};
    ml_status s = in->v ? find_ignored(in, all, used) : ML_ENOMEM;
    for (int j = 0; j < used->columns && !s; j++)
        if (strcmp(used->column[j].name, target) != 0)
            s = add_input(in, used->column[j].name, used->column[j].type);
    if (s)
        mli_inputs_free(in);
    return s;
}

/* ---- one column as another type ---- */

static ml_status refuse_type(const ml_column *c, ml_type wanted)
{
    char shown[MLI_SHOWN];
    return mli_fail(ML_EINVAL, "pipeline: column '%s' is of type %s, but was of type %s where the pipeline was fitted",
                    mli_shown(c->name, shown), ml_type_name(c->type), ml_type_name(wanted));
}

static ml_status put_numbers(ml_frame *to, const ml_column *c)
{
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = ml_column_missing(c, i) ? (double)NAN : ml_column_number(c, i);
    ml_status s = v ? ml_frame_put_numbers(to, c->name, v, c->n) : ML_ENOMEM;
    mli_free(v);
    return s;
}

static ml_status whole_numbers(const ml_column *c, int64_t *v)
{
    static const double MOST = 9007199254740992.0; /* 2^53: every whole number up to it is a double */
    for (int64_t i = 0; i < c->n; i++) {
        double x = ml_column_missing(c, i) ? 0 : c->number[i];
        char shown[MLI_SHOWN];
        if (!(fabs(x) <= MOST) || x != floor(x))
            return mli_fail(ML_EINVAL, "pipeline: column '%s' has %.10g in row %lld, but had whole numbers where the pipeline was "
                            "fitted", mli_shown(c->name, shown), x, (long long)i);
        v[i] = ml_column_missing(c, i) ? ML_MISSING : (int64_t)x;
    }
    return ML_OK;
}

/* Of numbers; of any other type where all is missing. */
static ml_status put_whole(ml_frame *to, const ml_column *c, ml_type type)
{
    int64_t *v = mli_alloc((size_t)c->n * sizeof *v);
    ml_status s = v ? ML_OK : ML_ENOMEM;
    if (!s && c->type == ML_NUMBER)
        s = whole_numbers(c, v);
    for (int64_t i = 0; !s && c->type != ML_NUMBER && i < c->n; i++)
        v[i] = ML_MISSING;
    if (!s)
        s = (type == ML_TIME ? ml_frame_put_times : ml_frame_put_integers)(to, c->name, v, c->n);
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

/* Texts by the order of their bytes; where all is missing, no category at all. */
static ml_status put_categories(ml_frame *to, const ml_column *c)
{
    int32_t count = 0, *code = mli_alloc((size_t)c->n * sizeof *code);
    ml_status s = code ? mli_column_codes(c, code, &count) : ML_ENOMEM;
    const char **text = s ? NULL : mli_calloc((size_t)count, sizeof *text);
    for (int64_t i = 0; text && i < c->n; i++)
        if (code[i] >= 0)
            text[code[i]] = ml_column_text(c, i);
    if (!s)
        s = text ? ml_frame_put_categories(to, c->name, (ml_ints){code, c->n}, text, count) : ML_ENOMEM;
    mli_free(text);
    mli_free(code);
    return s;
}

static bool is_text(ml_type type)
{
    return type == ML_TEXT || type == ML_CATEGORY;
}

static ml_status put_as(ml_frame *to, const ml_column *c, ml_type type)
{
    bool nothing = c->missing == c->n;
    if (c->type == type)
        return ml_frame_put(to, NULL, c);
    if (type == ML_NUMBER && (c->type == ML_INTEGER || nothing))
        return put_numbers(to, c);
    if ((type == ML_INTEGER && c->type == ML_NUMBER) || (nothing && (type == ML_INTEGER || type == ML_TIME)))
        return put_whole(to, c, type);
    if (is_text(type) && (is_text(c->type) || nothing))
        return (type == ML_TEXT ? put_texts : put_categories)(to, c);
    return refuse_type(c, type);
}

/* ---- a frame ---- */

static ml_status refuse_others(const mli_inputs *in, const ml_frame *f, const char *target)
{
    char shown[MLI_SHOWN];
    for (int j = 0; j < f->columns; j++) {
        const char *name = f->column[j].name;
        bool known = strcmp(name, target) == 0;
        for (int k = 0; k < in->n && !known; k++)
            known = strcmp(name, in->v[k].name) == 0;
        for (int k = 0; k < in->ignored && !known; k++)
            known = strcmp(name, in->ignore[k]) == 0;
        if (!known)
            return mli_fail(ML_EINVAL, "pipeline: column '%s' is none of those that the pipeline was fitted on: leave it out",
                            mli_shown(name, shown));
    }
    return ML_OK;
}

ml_frame *mli_inputs_conform(const mli_inputs *in, const ml_frame *f, const char *target)
{
    if (!mli_frame_is("pipeline", f) || refuse_others(in, f, target))
        return NULL;
    ml_frame *g = mli_frame_like(f);
    ml_status s = g ? ML_OK : ML_ENOMEM;
    for (int j = 0; j < in->n && !s; j++) {
        const ml_column *c = ml_frame_column(f, in->v[j].name);
        s = c ? put_as(g, c, in->v[j].type) : mli_fail_in("pipeline: an input is missing");
    }
    if (!s)
        return g;
    ml_frame_free(g);
    return NULL;
}

/* ---- in a file ---- */

ml_status mli_inputs_put(const mli_inputs *in, mli_store *s, const char *at)
{
    json_t *list = json_array();
    for (int j = 0; j < in->n && list; j++) {
        json_t *o = mli_json_put(json_object(), "name", json_string(in->v[j].name));
        o = mli_json_put(o, "type", json_string(ml_type_name(in->v[j].type)));
        if (!o || json_array_append_new(list, o)) {
            json_decref(list);
            list = NULL;
        }
    }
    if (mli_store_put_json(s, at, "columns", list))
        return ml_error_status();
    return mli_store_put_texts(s, at, "ignored", (const char *const *)in->ignore, in->ignored);
}

enum { MOST_INPUTS = 1 << 20 };

static ml_status take_input(mli_inputs *in, mli_store *s, const char *at, const json_t *o)
{
    const char *name = json_string_value(json_object_get(o, "name"));
    ml_type type;
    if (!name || !*name || !mli_type_named(json_string_value(json_object_get(o, "type")), &type))
        return mli_store_fail(s, at, "columns", "want a name and a type each, which number %d has not", in->n);
    return add_input(in, name, type);
}

ml_status mli_inputs_take(mli_inputs *in, mli_store *s, const char *at)
{
    *in = (mli_inputs){0};
    const json_t *list = mli_store_json(s, at, "columns");
    if (!list)
        return ml_error_status();
    size_t n = json_array_size(list);
    int64_t ignored;
    if (!json_is_array(list) || n > MOST_INPUTS)
        return mli_store_fail(s, at, "columns", "is no list of at most %d", MOST_INPUTS);
    ml_status status = mli_store_texts(s, at, "ignored", 0, MOST_INPUTS, &in->ignore, &ignored);
    if (!status && !(in->v = mli_alloc(n * sizeof *in->v)))
        status = ML_ENOMEM;
    in->ignored = status ? 0 : (int)ignored;
    for (size_t j = 0; j < n && !status; j++)
        status = take_input(in, s, at, json_array_get(list, j));
    if (status)
        mli_inputs_free(in);
    return status;
}
