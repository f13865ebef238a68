/* safetensors_write.c -- writing safetensors, byte for byte as the Python package of that name does.
 *
 * Order    metadata first, then tensors by type (the widest first, see common.c), then by name; the data in that order.
 * JSON     compact, "dtype", "shape", "data_offsets"; the header is filled with spaces to a multiple of 8.
 * One thing differs: Python writes several metadata keys in an order that changes from run to run. Ours are sorted.
 */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>

/* A text that grows. Once memory lacked it stays as it was, and the caller looks at `failed` at the end. */
typedef struct text {
    char *s;
    size_t n, room;
    bool failed;
} text;

static void add_bytes(text *t, const char *s, size_t n)
{
    if (!t->failed && t->n + n > t->room) {
        size_t wider = 2 * (t->n + n) + 256;
        char *copy = mli_alloc(wider);
        t->failed = !copy;
        if (copy && t->n)
            memcpy(copy, t->s, t->n);
        if (copy) {
            mli_free(t->s);
            t->s = copy;
            t->room = wider;
        }
    }
    if (t->failed)
        return;
    memcpy(t->s + t->n, s, n);
    t->n += n;
}

static void add(text *t, const char *s)
{
    add_bytes(t, s, strlen(s));
}

/* A JSON string: escapes what JSON demands and nothing else, in lower-case hexadecimal. */
static void add_string(text *t, const char *s)
{
    static const char from[] = "\"\\\b\t\n\f\r", to[] = "\"\\btnfr";
    add(t, "\"");
    while (*s) {
        size_t plain = 0;
        while ((unsigned char)s[plain] >= 0x20 && s[plain] != '"' && s[plain] != '\\')
            plain++;
        add_bytes(t, s, plain);
        s += plain;
        if (!*s)
            break;
        const char *known = strchr(from, *s);
        char escape[8];
        if (known)
            snprintf(escape, sizeof escape, "\\%c", to[known - from]);
        else
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*s);
        add(t, escape);
        s++;
    }
    add(t, "\"");
}

static void add_number(text *t, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    add(t, digits);
}

/* ---- checks ---- */

static ml_status check_tensor(const char *path, const ml_safetensor *t, int i)
{
    char shown[MLI_SHOWN], shape[128];
    if (!t->name || !mli_is_utf8(t->name) || strcmp(t->name, MLI_SAFETENSORS_META) == 0)
        return mli_fail(ML_EINVAL, "%s: the name of tensor %d is %s", path, i,
                        !t->name ? "NULL" : mli_is_utf8(t->name) ? "the one reserved for metadata" : "not UTF-8");
    mli_shown(t->name, shown);
    const mli_dtype *type = t->dtype ? mli_dtype_find(t->dtype) : NULL;
    if (!type)
        return mli_fail(ML_EINVAL, "%s: tensor \"%s\": unknown dtype %s", path, shown, t->dtype ? t->dtype : "NULL");
    if (t->rank < 0 || t->rank > ML_MAX_RANK)
        return mli_fail(ML_EINVAL, "%s: tensor \"%s\": rank %d, expected 0 to %d", path, shown, t->rank, ML_MAX_RANK);
    int64_t size;
    size_t bytes;
    mli_shape_text(t->rank, t->shape, shape, sizeof shape);
    if (!mli_shape_size(t->rank, t->shape, &size) || !mli_mul_size((size_t)size, type->size, &bytes))
        return mli_fail(ML_EINVAL, "%s: tensor \"%s\": shape %s is negative or too large", path, shown, shape);
    if (bytes != t->bytes || (bytes && !t->data))
        return mli_fail(ML_EINVAL, "%s: tensor \"%s\": %s of %s are %zu bytes, but %zu were given", path, shown, shape,
                        t->dtype, bytes, t->data ? t->bytes : (size_t)0);
    return ML_OK;
}

static int by_type_then_name(const void *a, const void *b)
{
    const ml_safetensor *s = *(const ml_safetensor *const *)a, *t = *(const ml_safetensor *const *)b;
    const mli_dtype *p = mli_dtype_find(s->dtype), *q = mli_dtype_find(t->dtype);
    return p != q ? (p < q) - (p > q) : strcmp(s->name, t->name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const ml_safetensor *const *)a)->name, (*(const ml_safetensor *const *)b)->name);
}

typedef struct pair {
    const char *key, *value;
} pair;

static int by_key(const void *a, const void *b)
{
    return strcmp(((const pair *)a)->key, ((const pair *)b)->key);
}

/* The tensors in the order of the file; NULL with an error set. */
static const ml_safetensor **sorted_tensors(const char *path, const ml_safetensor *tensors, int n)
{
    for (int i = 0; i < n; i++)
        if (check_tensor(path, &tensors[i], i))
            return NULL;
    const ml_safetensor **order = mli_calloc((size_t)n + 1, sizeof *order);
    if (!order)
        return NULL;
    for (int i = 0; i < n; i++)
        order[i] = &tensors[i];
    qsort(order, (size_t)n, sizeof *order, by_name);
    for (int i = 1; i < n; i++)
        if (strcmp(order[i - 1]->name, order[i]->name) == 0) {
            char shown[MLI_SHOWN];
            mli_fail(ML_EINVAL, "%s: two tensors have the name \"%s\"", path, mli_shown(order[i]->name, shown));
            mli_free(order);
            return NULL;
        }
    qsort(order, (size_t)n, sizeof *order, by_type_then_name);
    return order;
}

static pair *sorted_meta(const char *path, const char *const *keys, const char *const *values, int n)
{
    char shown[MLI_SHOWN];
    for (int i = 0; i < n; i++)
        if (!keys[i] || !values[i] || !mli_is_utf8(keys[i]) || !mli_is_utf8(values[i]))
            return mli_null(ML_EINVAL, "%s: key or value %d of the metadata is NULL or not UTF-8", path, i);
    pair *meta = mli_calloc((size_t)n + 1, sizeof *meta);
    if (!meta)
        return NULL;
    for (int i = 0; i < n; i++)
        meta[i] = (pair){keys[i], values[i]};
    qsort(meta, (size_t)n, sizeof *meta, by_key);
    for (int i = 1; i < n; i++)
        if (strcmp(meta[i - 1].key, meta[i].key) == 0) {
            mli_fail(ML_EINVAL, "%s: the metadata has the key \"%s\" twice", path, mli_shown(meta[i].key, shown));
            mli_free(meta);
            return NULL;
        }
    return meta;
}

/* ---- the file ---- */

static void add_meta(text *t, const pair *meta, int n)
{
    add(t, "\"" MLI_SAFETENSORS_META "\":{");
    for (int i = 0; i < n; i++) {
        add(t, i ? "," : "");
        add_string(t, meta[i].key);
        add(t, ":");
        add_string(t, meta[i].value);
    }
    add(t, "}");
}

static void add_tensor(text *t, const ml_safetensor *x, uint64_t *offset)
{
    add_string(t, x->name);
    add(t, ":{\"dtype\":\"");
    add(t, x->dtype);
    add(t, "\",\"shape\":[");
    for (int i = 0; i < x->rank; i++) {
        add(t, i ? "," : "");
        add_number(t, (uint64_t)x->shape[i]);
    }
    add(t, "],\"data_offsets\":[");
    add_number(t, *offset);
    add(t, ",");
    *offset += x->bytes;
    add_number(t, *offset);
    add(t, "]}");
}

static text header_text(const ml_safetensor *const *order, int n, const pair *meta, int n_meta)
{
    text t = {0};
    uint64_t offset = 0;
    add(&t, "{");
    if (n_meta)
        add_meta(&t, meta, n_meta);
    for (int i = 0; i < n; i++) {
        add(&t, i || n_meta ? "," : "");
        add_tensor(&t, order[i], &offset);
    }
    add(&t, "}");
    while (!t.failed && t.n % 8)
        add(&t, " ");
    return t;
}

static ml_status write_file(const char *path, const text *header, const ml_safetensor *const *order, int n)
{
    uint8_t length[8];
    mli_writer w;
    if (header->failed)
        return mli_fail_in(path);
    if (header->n > MLI_SAFETENSORS_HEADER_MAX)
        return mli_fail(ML_EINVAL, "%s: the header would be %zu bytes, the format's limit is %zu", path, header->n,
                        MLI_SAFETENSORS_HEADER_MAX);
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)((uint64_t)header->n >> 8 * i);
    ml_status e = mli_writer_open(&w, path);
    if (e)
        return e;
    e = mli_writer_put(&w, length, sizeof length);
    if (!e)
        e = mli_writer_put(&w, header->s, header->n);
    for (int i = 0; i < n && !e; i++)
        e = mli_writer_put(&w, order[i]->data, order[i]->bytes);
    if (!e)
        return mli_writer_commit(&w);
    mli_writer_abandon(&w);
    return e;
}

ml_status ml_safetensors_write(const char *path, const ml_safetensor *tensors, int n, const char *const *keys,
                               const char *const *values, int n_meta)
{
    if (!path || n < 0 || (n && !tensors) || n_meta < 0 || (n_meta && (!keys || !values)))
        return mli_fail(ML_EINVAL, "safetensors_write: path, tensors, keys or values are NULL, or a count is negative");
    const ml_safetensor **order = sorted_tensors(path, tensors, n);
    pair *meta = order ? sorted_meta(path, keys, values, n_meta) : NULL;
    ml_status e;
    if (!meta) {
        e = ml_error_status();
    } else {
        text header = header_text(order, n, meta, n_meta);
        e = write_file(path, &header, order, n);
        mli_free(header.s);
    }
    mli_free(order);
    mli_free(meta);
    return e;
}
