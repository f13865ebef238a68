/* inputs.c -- the columns that a pipeline wants, and how a frame is held against them. */
#include "data/frame.h"
#include "io/io.h"
#include "prep/convert.h"
#include "select/select.h"

#include <string.h>

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
    char shown[MLI_SHOWN];
    *in = (mli_inputs){.v = mli_alloc((size_t)used->columns * sizeof *in->v)};
    ml_status s = in->v ? find_ignored(in, all, used) : ML_ENOMEM;
    for (int j = 0; j < used->columns && !s; j++)
        if (strcmp(used->column[j].name, target) != 0)
            s = add_input(in, used->column[j].name, used->column[j].type);
    if (!s && !in->n)
        s = mli_fail(ML_EINVAL, "pipeline: no column but the target '%s' is left to learn from", mli_shown(target, shown));
    if (s)
        mli_inputs_free(in);
    return s;
}

/* ---- a frame ---- */

static void mark(const ml_frame *f, const char *name, bool *known)
{
    const int j = mli_frame_find(f, name);
    if (j >= 0)
        known[j] = true;
}

static ml_status refuse_others(const mli_inputs *in, const ml_frame *f, const char *target)
{
    char shown[MLI_SHOWN];
    bool *known = mli_calloc((size_t)f->columns, sizeof *known);
    ml_status s = known ? ML_OK : ML_ENOMEM;
    if (!s)
        mark(f, target, known);
    for (int k = 0; k < in->n && !s; k++)
        mark(f, in->v[k].name, known);
    for (int k = 0; k < in->ignored && !s; k++)
        mark(f, in->ignore[k], known);
    for (int j = 0; j < f->columns && !s; j++)
        if (!known[j])
            s = mli_fail(ML_EINVAL, "pipeline: column '%s' is none of those that the pipeline was fitted on: leave it out",
                         mli_shown(f->column[j].name, shown));
    mli_free(known);
    return s;
}

ml_frame *mli_inputs_conform(const mli_inputs *in, const ml_frame *f, const char *target)
{
    if (!mli_frame_is("pipeline", f) || refuse_others(in, f, target))
        return NULL;
    ml_frame *g = mli_frame_like(f);
    ml_status s = g ? ML_OK : ML_ENOMEM;
    for (int j = 0; j < in->n && !s; j++) {
        const ml_column *c = ml_frame_column(f, in->v[j].name);
        if (!c)
            s = mli_fail_in("pipeline: an input is missing");
        else if (mli_column_as(g, c, in->v[j].type))
            s = mli_fail_in("pipeline");
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
    if (!json_is_array(list) || n < 1 || n > MOST_INPUTS)
        return mli_store_fail(s, at, "columns", "is no list of 1 to %d", MOST_INPUTS);
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
