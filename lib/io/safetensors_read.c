/* safetensors_read.c -- reading safetensors: names, types, shapes and bytes of tensors.
 *
 * Format   header length (uint64, little-endian), header (JSON), data.
 *          {"__metadata__": {key: text, ...},
 *           name: {"dtype": "F32", "shape": [128, 784], "data_offsets": [begin, end]}, ...}
 *          Offsets count from the start of the data; the tensors cover all of it and share none.
 * Source   https://github.com/huggingface/safetensors, README, "Format"
 *
 * The two outer levels of the JSON are walked here, entry by entry, and jansson reads each name and each description:
 * so memory stays a small multiple of the file, whatever is written in it.
 */
#include "io/io.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Six extents, two offsets and a type need 200 bytes; files may carry fields that we do not know. */
enum { LONGEST_DESCRIPTION = 65536 };

typedef struct pair {
    const char *key, *value;
} pair;

struct ml_safetensors {
    uint8_t *owned; /* the file, where we read it */
    ml_safetensor *tensors;
    pair *meta;
    int count, room, n_meta, meta_room;
    char *texts; /* names, keys and values, each with its zero; together never longer than the header */
    size_t used;
};

/* Where we are in the header. */
typedef struct walk {
    const char *file;
    const char *start, *at, *end;
    const uint8_t *data;
    size_t n_data;
    bool has_meta;
    ml_safetensors *st;
} walk;

/* ---- sentences ---- */

static ml_status bad(const walk *w, const char *format, ...) ML_PRINTF(2, 3);
static ml_status bad(const walk *w, const char *format, ...)
{
    char text[320];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return mli_fail(ML_EFORMAT, "%s: %s", w->file, text);
}

static ml_status bad_tensor(const walk *w, const char *tensor, const char *format, ...) ML_PRINTF(3, 4);
static ml_status bad_tensor(const walk *w, const char *tensor, const char *format, ...)
{
    char text[256], shown[MLI_SHOWN];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return bad(w, "tensor \"%s\": %s", mli_shown(tensor, shown), text);
}

/* ---- walking the header ---- */

static char next_char(walk *w)
{
    while (w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r'))
        w->at++;
    return w->at < w->end ? *w->at : 0;
}

static ml_status expect(walk *w, char c, const char *where)
{
    char have = next_char(w);
    if (w->at == w->end)
        return bad(w, "the header ends early: '%c' expected %s", c, where);
    if (have != c)
        return bad(w, "the header is not valid: '%c' expected %s, at byte %zu", c, where, (size_t)(w->at - w->start));
    w->at++;
    return ML_OK;
}

/* Reads one JSON value that begins here; NULL with an error set. */
static json_t *read_json(walk *w, size_t longest)
{
    json_error_t why;
    char shown[MLI_SHOWN];
    size_t left = (size_t)(w->end - w->at), n = left < longest ? left : longest;
    json_t *v = json_loadb(w->at, n, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &why);
    if (v) {
        w->at += why.position;
        return v;
    }
    if (json_error_code(&why) == json_error_out_of_memory)
        return mli_null(ML_ENOMEM, "%s: out of memory while reading the header", w->file);
    if (n < left && json_error_code(&why) == json_error_premature_end_of_input)
        bad(w, "the description of a tensor is longer than %zu bytes, at byte %zu", longest, (size_t)(w->at - w->start));
    else
        bad(w, "the header is not valid JSON: %s, at byte %zu", mli_shown(why.text, shown), (size_t)(w->at - w->start));
    return NULL;
}

/* Reads a string and keeps it. */
static ml_status read_text(walk *w, const char **text, const char *where)
{
    *text = NULL;
    if (next_char(w) != '"')
        return expect(w, '"', where);
    json_t *v = read_json(w, SIZE_MAX);
    if (!v)
        return ml_error_status();
    size_t n = json_string_length(v) + 1;
    *text = memcpy(w->st->texts + w->st->used, json_string_value(v), n);
    w->st->used += n;
    json_decref(v);
    return ML_OK;
}

/* Walks {"key": value, ...}, calling entry where each value begins. */
static ml_status walk_object(walk *w, ml_status (*entry)(walk *w, const char *key), const char *what)
{
    ml_status e = expect(w, '{', what);
    if (e || next_char(w) == '}') {
        w->at += !e;
        return e;
    }
    for (;;) {
        const char *key = NULL;
        if ((e = read_text(w, &key, "before a name")) || (e = expect(w, ':', "after a name")))
            return e;
        next_char(w);
        if ((e = entry(w, key)))
            return e;
        if (next_char(w) == '}') {
            w->at++;
            return ML_OK;
        }
        if ((e = expect(w, ',', "between entries")))
            return e;
    }
}

/* Makes room for one more of an array. */
static ml_status reserve(void **array, int count, int *room, size_t size)
{
    if (count < *room)
        return ML_OK;
    int wider = *room ? 2 * *room : 16;
    void *copy = mli_calloc((size_t)wider, size);
    if (!copy)
        return ML_ENOMEM;
    if (count)
        memcpy(copy, *array, (size_t)count * size);
    mli_free(*array);
    *array = copy;
    *room = wider;
    return ML_OK;
}

/* ---- one tensor ---- */

static ml_status read_shape(const walk *w, ml_safetensor *t, const json_t *shape)
{
    if (!json_is_array(shape))
        return bad_tensor(w, t->name, "it has no shape");
    if (json_array_size(shape) > ML_MAX_RANK)
        return bad_tensor(w, t->name, "it has %zu axes: this reader takes at most %d", json_array_size(shape), ML_MAX_RANK);
    t->rank = (int)json_array_size(shape);
    for (int i = 0; i < t->rank; i++) {
        const json_t *extent = json_array_get(shape, (size_t)i);
        if (!json_is_integer(extent) || json_integer_value(extent) < 0)
            return bad_tensor(w, t->name, "extent %d of its shape is not a whole number from 0 on", i);
        t->shape[i] = json_integer_value(extent);
    }
    return ML_OK;
}

static ml_status read_offsets(const walk *w, ml_safetensor *t, const json_t *offsets)
{
    const json_t *a = json_array_get(offsets, 0), *b = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(a) || !json_is_integer(b) || json_integer_value(a) < 0)
        return bad_tensor(w, t->name, "data_offsets are not two whole numbers from 0 on");
    json_int_t begin = json_integer_value(a), end = json_integer_value(b);
    if (end < begin || (uint64_t)end > w->n_data)
        return bad_tensor(w, t->name, "its bytes %lld to %lld are not within the %zu bytes of data", (long long)begin,
                          (long long)end, w->n_data);
    t->data = w->data + begin;
    t->bytes = (size_t)(end - begin);
    return ML_OK;
}

static ml_status read_description(const walk *w, ml_safetensor *t, const json_t *v)
{
    char text[128], shown[MLI_SHOWN];
    const char *dtype = json_string_value(json_object_get(v, "dtype"));
    const mli_dtype *type = dtype ? mli_dtype_find(dtype) : NULL;
    if (!type)
        return bad_tensor(w, t->name, "%s%s", dtype ? "unknown dtype " : "it has no dtype", dtype ? mli_shown(dtype, shown) : "");
    t->dtype = type->name;
    ml_status e = read_shape(w, t, json_object_get(v, "shape"));
    if (e || (e = read_offsets(w, t, json_object_get(v, "data_offsets"))))
        return e;
    int64_t size;
    size_t bytes;
    mli_shape_text(t->rank, t->shape, text, sizeof text);
    if (!mli_shape_size(t->rank, t->shape, &size) || !mli_mul_size((size_t)size, type->size, &bytes))
        return bad_tensor(w, t->name, "its shape %s is too large", text);
    if (bytes != t->bytes)
        return bad_tensor(w, t->name, "%s of %s are %zu bytes, but its data_offsets span %zu", text, t->dtype, bytes, t->bytes);
    return ML_OK;
}

static ml_status read_tensor(walk *w, const char *name)
{
    if (next_char(w) != '{')
        return bad_tensor(w, name, "its description is not a JSON object");
    void *array = w->st->tensors;
    if (reserve(&array, w->st->count, &w->st->room, sizeof(ml_safetensor)))
        return mli_fail_in(w->file);
    w->st->tensors = array;
    json_t *v = read_json(w, LONGEST_DESCRIPTION);
    if (!v)
        return ml_error_status();
    ml_safetensor *t = &w->st->tensors[w->st->count];
    *t = (ml_safetensor){.name = name};
    ml_status e = read_description(w, t, v);
    json_decref(v);
    w->st->count += !e;
    return e;
}

/* ---- metadata ---- */

static ml_status read_meta(walk *w, const char *key)
{
    char shown[MLI_SHOWN];
    if (next_char(w) != '"')
        return bad(w, MLI_SAFETENSORS_META ": the value of \"%s\" is not a string", mli_shown(key, shown));
    void *array = w->st->meta;
    if (reserve(&array, w->st->n_meta, &w->st->meta_room, sizeof(pair)))
        return mli_fail_in(w->file);
    w->st->meta = array;
    pair *p = &w->st->meta[w->st->n_meta++];
    p->key = key;
    return read_text(w, &p->value, "before a value");
}

static ml_status read_entry(walk *w, const char *name)
{
    if (strcmp(name, MLI_SAFETENSORS_META) != 0)
        return read_tensor(w, name);
    if (w->has_meta)
        return bad(w, "the header has " MLI_SAFETENSORS_META " twice");
    w->has_meta = true;
    return walk_object(w, read_meta, "after " MLI_SAFETENSORS_META);
}

/* ---- the whole ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const ml_safetensor *)a)->name, ((const ml_safetensor *)b)->name);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const pair *)a)->key, ((const pair *)b)->key);
}

static int by_data(const void *a, const void *b)
{
    const ml_safetensor *s = a, *t = b;
    const uint8_t *p = s->data, *q = t->data;
    if (p != q)
        return p < q ? -1 : 1;
    if (s->bytes != t->bytes)
        return s->bytes < t->bytes ? -1 : 1;
    return by_name(a, b);
}

static ml_status check_names(const walk *w)
{
    ml_safetensors *st = w->st;
    char shown[MLI_SHOWN];
    if (st->count > 1)
        qsort(st->tensors, (size_t)st->count, sizeof *st->tensors, by_name);
    for (int i = 1; i < st->count; i++)
        if (strcmp(st->tensors[i - 1].name, st->tensors[i].name) == 0)
            return bad(w, "the header has tensor \"%s\" twice", mli_shown(st->tensors[i].name, shown));
    if (st->n_meta > 1)
        qsort(st->meta, (size_t)st->n_meta, sizeof *st->meta, by_key);
    for (int i = 1; i < st->n_meta; i++)
        if (strcmp(st->meta[i - 1].key, st->meta[i].key) == 0)
            return bad(w, MLI_SAFETENSORS_META " has the key \"%s\" twice", mli_shown(st->meta[i].key, shown));
    return ML_OK;
}

/* Every byte of the data belongs to one tensor. */
static ml_status check_cover(const walk *w)
{
    ml_safetensors *st = w->st;
    size_t covered = 0;
    if (st->count > 1)
        qsort(st->tensors, (size_t)st->count, sizeof *st->tensors, by_data);
    for (int i = 0; i < st->count; i++) {
        const ml_safetensor *t = &st->tensors[i];
        size_t begin = (size_t)((const uint8_t *)t->data - w->data);
        char shown[MLI_SHOWN];
        if (begin < covered)
            return bad_tensor(w, t->name, "its bytes from %zu on are also those of \"%s\"", begin,
                              mli_shown(st->tensors[i - 1].name, shown));
        if (begin > covered)
            return bad(w, "bytes %zu to %zu of the data belong to no tensor", covered, begin);
        covered = begin + t->bytes;
    }
    if (covered != w->n_data)
        return bad(w, "the last %zu of %zu bytes of data belong to no tensor", w->n_data - covered, w->n_data);
    return ML_OK;
}

static ml_status read_header(walk *w)
{
    ml_status e = walk_object(w, read_entry, "at its start");
    if (!e && (next_char(w), w->at < w->end))
        e = bad(w, "%zu bytes follow the end of the header's JSON", (size_t)(w->end - w->at));
    if (!e)
        e = check_names(w);
    if (!e)
        e = check_cover(w);
    return e;
}

static ml_status check_length(const walk *w, const uint8_t *bytes, size_t n, size_t *length)
{
    uint64_t header = 0;
    if (n < 8)
        return bad(w, "not a safetensors file: %zu bytes, too few for the length of its header", n);
    for (int i = 7; i >= 0; i--)
        header = header << 8 | bytes[i];
    if (header > MLI_SAFETENSORS_HEADER_MAX)
        return bad(w, "not a safetensors file: its header would be %llu bytes, the limit is %zu", (unsigned long long)header,
                   MLI_SAFETENSORS_HEADER_MAX);
    if (header > n - 8)
        return bad(w, "cut short: the header says that it is %llu bytes, %zu follow", (unsigned long long)header, n - 8);
    if (header == 0 || bytes[8] != '{')
        return bad(w, "not a safetensors file: its header does not begin with '{'");
    *length = (size_t)header;
    return ML_OK;
}

ml_status mli_safetensors_parse(const char *name, const uint8_t *bytes, size_t n, ml_safetensors **st)
{
    walk w = {.file = name};
    size_t length = 0;
    *st = NULL;
    ml_status e = check_length(&w, bytes, n, &length);
    if (e)
        return e;
    w.st = mli_calloc(1, sizeof *w.st);
    if (!w.st || !(w.st->texts = mli_alloc(length + 1))) {
        ml_safetensors_free(w.st);
        return mli_fail_in(name);
    }
    w.start = w.at = (const char *)bytes + 8;
    w.end = w.start + length;
    w.data = bytes + 8 + length;
    w.n_data = n - 8 - length;
    e = read_header(&w);
    if (e)
        ml_safetensors_free(w.st);
    else
        *st = w.st;
    return e;
}

ml_safetensors *ml_safetensors_read(const char *path)
{
    uint8_t *bytes;
    size_t n;
    ml_safetensors *st;
    if (!path)
        return mli_null(ML_EINVAL, "safetensors_read: path is NULL");
    if (mli_read_file(path, SIZE_MAX / 4, &bytes, &n))
        return NULL;
    if (mli_safetensors_parse(path, bytes, n, &st)) {
        mli_free(bytes);
        return NULL;
    }
    st->owned = bytes;
    return st;
}

int ml_safetensors_count(const ml_safetensors *st)
{
    return st ? st->count : 0;
}

ml_safetensor ml_safetensors_at(const ml_safetensors *st, int i)
{
    if (!st || i < 0 || i >= st->count) {
        mli_fail(ML_EINVAL, "safetensors_at: tensor %d of %d", i, ml_safetensors_count(st));
        return (ml_safetensor){0};
    }
    return st->tensors[i];
}

const char *ml_safetensors_meta(const ml_safetensors *st, const char *key)
{
    for (int i = 0; st && key && i < st->n_meta; i++)
        if (strcmp(st->meta[i].key, key) == 0)
            return st->meta[i].value;
    return NULL;
}

void ml_safetensors_free(ml_safetensors *st)
{
    if (!st)
        return;
    mli_free(st->owned);
    mli_free(st->tensors);
    mli_free(st->meta);
    mli_free(st->texts);
    mli_free(st);
}
