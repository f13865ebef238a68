/* store_read.c -- see store.h: the reading half. */
#include "base/texts.h"
#include "io/store_inside.h"

#include <string.h>

static ml_status check_root(const mli_store *s, const char *kind)
{
    const json_t *format = json_object_get(s->root, "format");
    const char *theirs = json_string_value(json_object_get(s->root, "kind"));
    char shown[MLI_SHOWN];
    if (!json_is_integer(format) || !theirs)
        return mli_fail(ML_EFORMAT, "%s: it is no %s: its metadata says neither format nor kind", s->path, kind);
    if (json_integer_value(format) != MLI_STORE_FORMAT)
        return mli_fail(ML_EFORMAT, "%s: its format is %lld, and this version reads format %d: a newer one may have written it",
                        s->path, (long long)json_integer_value(format), MLI_STORE_FORMAT);
    if (strcmp(theirs, kind) != 0)
        return mli_fail(ML_EFORMAT, "%s: it holds a %s, not a %s", s->path, mli_shown(theirs, shown), kind);
    if (!json_is_object(json_object_get(s->root, "parts")))
        return mli_fail(ML_EFORMAT, "%s: its metadata has no parts", s->path);
    return ML_OK;
}

static ml_status read_root(mli_store *s, const char *kind)
{
    json_error_t why;
    char shown[MLI_SHOWN];
    const char *text = ml_safetensors_meta(s->file, MLI_META_KEY);
    if (!text)
        return mli_fail(ML_EFORMAT, "%s: it is no %s: it has no metadata \"" MLI_META_KEY "\"", s->path, kind);
    if (strlen(text) > MLI_STORE_MOST)
        return mli_fail(ML_EFORMAT, "%s: its settings are %zu bytes, the limit is %zu", s->path, strlen(text), MLI_STORE_MOST);
    s->root = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!s->root && json_error_code(&why) == json_error_out_of_memory)
        return mli_fail(ML_ENOMEM, "%s: out of memory while reading its settings", s->path);
    if (!s->root)
        return mli_fail(ML_EFORMAT, "%s: its settings are not valid JSON: %s, at byte %d", s->path, mli_shown(why.text, shown),
                        why.position);
    return check_root(s, kind);
}

/* Takes file. */
static mli_store *open_store(const char *path, ml_safetensors *file, const char *kind)
{
    mli_store *s = file ? mli_calloc(1, sizeof *s) : NULL;
    if (!s) {
        ml_safetensors_free(file);
        return NULL;
    }
    s->file = file;
    s->path = mli_strdup(path);
    if (s->path && !read_root(s, kind))
        return s;
    mli_store_free(s);
    return NULL;
}

mli_store *mli_store_read(const char *path, const char *kind)
{
    if (!path)
        return mli_null(ML_EINVAL, "%s: path is NULL", kind);
    return open_store(path, ml_safetensors_read(path), kind);
}

mli_store *mli_store_parse(const char *path, const uint8_t *bytes, size_t n, const char *kind)
{
    ml_safetensors *file = NULL;
    return mli_safetensors_parse(path, bytes, n, &file) ? NULL : open_store(path, file, kind);
}

/* ---- arrays ---- */

static ml_status find(mli_store *s, const char *at, const char *name, ml_safetensor *found)
{
    const size_t long_at = strlen(at);
    for (int i = 0; i < ml_safetensors_count(s->file); i++) {
        *found = ml_safetensors_at(s->file, i);
        if (strncmp(found->name, at, long_at) == 0 && found->name[long_at] == '.' && strcmp(found->name + long_at + 1, name) == 0)
            return ML_OK;
    }
    return mli_store_fail(s, at, name, "is missing");
}

static ml_status check_length(const mli_store *s, const char *at, const char *name, int64_t n, int64_t n_least, int64_t n_most)
{
    if (n >= n_least && n <= n_most)
        return ML_OK;
    if (n_least == n_most)
        return mli_store_fail(s, at, name, "has length %lld, not %lld", (long long)n, (long long)n_least);
    return mli_store_fail(s, at, name, "has length %lld, not %lld to %lld", (long long)n, (long long)n_least, (long long)n_most);
}

static void *take(mli_store *s, const char *at, const char *name, const char *dtype, size_t size, int64_t n_least, int64_t n_most,
                  int64_t *n)
{
    ml_safetensor t = {0};
    if (find(s, at, name, &t))
        return NULL;
    if (strcmp(t.dtype, dtype) != 0 || t.rank != 1) {
        mli_store_fail(s, at, name, "is %s of %d axes, not a list of %s", t.dtype, t.rank, dtype);
        return NULL;
    }
    const int64_t length = (int64_t)(t.bytes / size);
    if (check_length(s, at, name, length, n_least, n_most))
        return NULL;
    void *v = mli_alloc(t.bytes);
    if (!v) {
        mli_fail_in(s->path);
        return NULL;
    }
    if (t.bytes)
        memcpy(v, t.data, t.bytes);
    if (n)
        *n = length;
    return v;
}

ml_status mli_store_doubles(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, double **v, int64_t *n)
{
    *v = take(s, at, name, "F64", sizeof **v, n_least, n_most, n);
    return *v ? ML_OK : ml_error_status();
}

ml_status mli_store_floats(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, float **v, int64_t *n)
{
    *v = take(s, at, name, "F32", sizeof **v, n_least, n_most, n);
    return *v ? ML_OK : ml_error_status();
}

ml_status mli_store_ints(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, int32_t **v, int64_t *n)
{
    *v = take(s, at, name, "I32", sizeof **v, n_least, n_most, n);
    return *v ? ML_OK : ml_error_status();
}

ml_status mli_store_longs(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, int64_t **v, int64_t *n)
{
    *v = take(s, at, name, "I64", sizeof **v, n_least, n_most, n);
    return *v ? ML_OK : ml_error_status();
}

ml_status mli_store_bytes(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, uint8_t **v, int64_t *n)
{
    *v = take(s, at, name, "U8", sizeof **v, n_least, n_most, n);
    return *v ? ML_OK : ml_error_status();
}

/* ---- settings ---- */

const json_t *mli_store_json(mli_store *s, const char *at, const char *name)
{
    const json_t *v = json_object_get(json_object_get(json_object_get(s->root, "parts"), at), name);
    if (!v)
        mli_store_fail(s, at, name, "is missing");
    return v;
}

ml_status mli_store_texts(mli_store *s, const char *at, const char *name, int64_t n_least, int64_t n_most, char ***v, int64_t *n)
{
    const json_t *list = mli_store_json(s, at, name);
    const int64_t count = (int64_t)json_array_size(list);
    *v = NULL;
    if (!list)
        return ML_EFORMAT;
    if (!json_is_array(list))
        return mli_store_fail(s, at, name, "is not a list of texts");
    if (check_length(s, at, name, count, n_least, n_most))
        return ML_EFORMAT;
    const char **texts = mli_alloc((size_t)count * sizeof *texts);
    if (!texts)
        return mli_fail_in(s->path);
    ml_status e = ML_OK;
    for (int64_t i = 0; i < count && !e; i++) {
        texts[i] = json_string_value(json_array_get(list, (size_t)i));
        if (!texts[i])
            e = mli_store_fail(s, at, name, "has at place %lld what is no text", (long long)i);
    }
    if (!e && !(*v = mli_texts_copy(texts, count)))
        e = mli_fail_in(s->path);
    mli_free(texts);
    if (!e && n)
        *n = count;
    return e;
}
