/* store.c -- see store.h: the writing half, and what both halves share.
 *
 *     metadata "mlcore":  {"format": 1, "kind": "pipeline", "parts": {"model": {"learner": "tree", ...}, "steps.0": {...}}}
 *     tensors:            "model.threshold" F64 [31], ...
 */
#include "io/store_inside.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 256 };

static mli_store *blank(void)
{
    return mli_calloc(1, sizeof(mli_store));
}

mli_store *mli_store_new(const char *kind)
{
    mli_store *s = blank();
    if (!s)
        return NULL;
    json_t *root = mli_json_put(json_object(), "format", json_integer(MLI_STORE_FORMAT));
    root = mli_json_put(root, "kind", json_string(kind));
    s->root = mli_json_put(root, "parts", json_object());
    if (s->root)
        return s;
    mli_store_free(s);
    return mli_null(ML_ENOMEM, "store: out of memory");
}

void mli_store_free(mli_store *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n; i++) {
        mli_free((char *)s->tensors[i].name);
        mli_free((void *)s->tensors[i].data);
    }
    mli_free(s->tensors);
    json_decref(s->root);
    ml_safetensors_free(s->file);
    mli_free(s->path);
    mli_free(s);
}

/* ---- settings ---- */

ml_status mli_store_put_json(mli_store *s, const char *at, const char *name, json_t *v)
{
    json_t *parts = json_object_get(s->root, "parts"), *part = json_object_get(parts, at);
    if (v && !part && json_object_set_new(parts, at, json_object()) == 0)
        part = json_object_get(parts, at);
    if (v && part && json_object_set_new(part, name, v) == 0)
        return ML_OK;
    if (v && !part)
        json_decref(v);
    return mli_fail(ML_EINVAL, "store: %s.%s: a text is not UTF-8, or memory lacks", at, name);
}

ml_status mli_store_put_texts(mli_store *s, const char *at, const char *name, const char *const *v, int64_t n)
{
    json_t *list = json_array();
    for (int64_t i = 0; list && i < n; i++)
        if (json_array_append_new(list, json_string(v[i]))) {
            json_decref(list);
            list = NULL;
        }
    return mli_store_put_json(s, at, name, list);
}

/* ---- arrays ---- */

static ml_status make_room(mli_store *s)
{
    if (s->n < s->room)
        return ML_OK;
    const int room = s->room ? 2 * s->room : 16;
    ml_safetensor *tensors = mli_calloc((size_t)room, sizeof *tensors);
    if (!tensors)
        return ML_ENOMEM;
    if (s->n)
        memcpy(tensors, s->tensors, (size_t)s->n * sizeof *tensors);
    mli_free(s->tensors);
    s->tensors = tensors;
    s->room = room;
    return ML_OK;
}

static ml_status put(mli_store *s, const char *at, const char *name, const char *dtype, size_t size, const void *v, int64_t n)
{
    char full[LONGEST_NAME];
    if (snprintf(full, sizeof full, "%s.%s", at, name) >= (int)sizeof full)
        return mli_fail(ML_EINVAL, "store: the name %.60s... is too long", full);
    if (make_room(s))
        return ML_ENOMEM;
    ml_safetensor *t = &s->tensors[s->n];
    *t = (ml_safetensor){.name = mli_strdup(full), .dtype = dtype, .rank = 1, .shape = {n}, .bytes = (size_t)n * size};
    void *copy = t->name ? mli_alloc(t->bytes) : NULL;
    if (!copy) {
        mli_free((char *)t->name);
        return ML_ENOMEM;
    }
    if (n)
        memcpy(copy, v, t->bytes);
    t->data = copy;
    s->n++;
    return ML_OK;
}

ml_status mli_store_put_doubles(mli_store *s, const char *at, const char *name, const double *v, int64_t n)
{
    return put(s, at, name, "F64", sizeof *v, v, n);
}

ml_status mli_store_put_floats(mli_store *s, const char *at, const char *name, const float *v, int64_t n)
{
    return put(s, at, name, "F32", sizeof *v, v, n);
}

ml_status mli_store_put_ints(mli_store *s, const char *at, const char *name, const int32_t *v, int64_t n)
{
    return put(s, at, name, "I32", sizeof *v, v, n);
}

ml_status mli_store_put_longs(mli_store *s, const char *at, const char *name, const int64_t *v, int64_t n)
{
    return put(s, at, name, "I64", sizeof *v, v, n);
}

ml_status mli_store_put_bytes(mli_store *s, const char *at, const char *name, const uint8_t *v, int64_t n)
{
    return put(s, at, name, "U8", sizeof *v, v, n);
}

ml_status mli_store_write(const mli_store *s, const char *path)
{
    static const char *const key = MLI_META_KEY;
    if (!path)
        return mli_fail(ML_EINVAL, "store: path is NULL");
    char *text = mli_json_text(s->root, MLI_JSON_FLAGS);
    if (!text)
        return mli_fail_in(path);
    const char *value = text;
    ml_status e = strlen(text) <= MLI_STORE_MOST
                      ? ml_safetensors_write(path, s->tensors, s->n, &key, &value, 1)
                      : mli_fail(ML_EINVAL, "%s: its settings would be %zu bytes, the limit is %zu", path, strlen(text), MLI_STORE_MOST);
    free(text);
    return e;
}

/* ---- errors ---- */

ml_status mli_store_fail(const mli_store *s, const char *at, const char *name, const char *format, ...)
{
    char text[320];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return mli_fail(ML_EFORMAT, "%s: %s.%s %s", mli_store_path(s), at, name, text);
}

const char *mli_store_path(const mli_store *s)
{
    return s->path ? s->path : "store";
}
