/* codes.c -- see codes.h. A hash table whose keys are 64 bits: the bits of a number, a pair of codes, or the hash of a text, which
 * alone may be the same for different values and is then compared.
 */
#include "data/codes.h"

#include <math.h>
#include <string.h>

/* ---- the table ---- */

typedef struct slot {
    uint64_t key;
    int32_t code; /* -1: free */
} slot;

/* Open addressing, at most half full; the number of slots is a power of two. */
typedef struct table {
    slot *slots;
    uint64_t mask;
    const ml_column *texts; /* where equal keys may be different values; else NULL */
    mli_codes *codes;       /* what is being made: `first` has room for half of the slots */
} table;

/* Every bit of the key counts for each bit of the result: the end of MurmurHash3, Appleby. */
static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
    return x ^ (x >> 33);
}

static slot *free_slots(uint64_t count)
{
    slot *slots = mli_alloc(count * sizeof *slots);
    for (uint64_t i = 0; slots && i < count; i++)
        slots[i].code = -1;
    return slots;
}

static ml_status grow(table *t)
{
    const uint64_t count = t->slots ? 2 * (t->mask + 1) : 1024;
    slot *slots = free_slots(count);
    int64_t *first = mli_alloc(count / 2 * sizeof *first);
    if (!slots || !first) {
        mli_free(slots);
        mli_free(first);
        return ML_ENOMEM;
    }
    for (uint64_t i = 0; t->slots && i <= t->mask; i++) {
        if (t->slots[i].code < 0)
            continue;
        uint64_t at = mixed(t->slots[i].key) & (count - 1);
        while (slots[at].code >= 0)
            at = (at + 1) & (count - 1);
        slots[at] = t->slots[i];
    }
    if (t->codes->count)
        memcpy(first, t->codes->first, (size_t)t->codes->count * sizeof *first);
    mli_free(t->slots);
    mli_free(t->codes->first);
    t->slots = slots;
    t->mask = count - 1;
    t->codes->first = first;
    return ML_OK;
}

static inline bool same(const table *t, const slot *s, uint64_t key, int64_t row)
{
    return s->key == key && (!t->texts || strcmp(ml_column_text(t->texts, t->codes->first[s->code]),
                                                 ml_column_text(t->texts, row)) == 0);
}

enum { MOST_CODES = INT32_MAX - 1 }; /* so that one more, of a margin, has a number too */

/* A new code, or -1. */
static int32_t next_code(table *t, int64_t row)
{
    mli_codes *c = t->codes;
    if ((uint64_t)c->count >= (t->mask + 1) / 2 && grow(t))
        return -1;
    if (c->count == MOST_CODES) {
        mli_fail(ML_EINVAL, "frame: more than %ld different values", (long)MOST_CODES);
        return -1;
    }
    c->first[c->count] = row;
    return c->count++;
}

/* A new code for a key that is not there; -1 on error. */
static int32_t add(table *t, uint64_t key, int64_t row)
{
    const int32_t code = next_code(t, row);
    if (code < 0)
        return -1;
    uint64_t at = mixed(key) & t->mask;
    while (t->slots[at].code >= 0)
        at = (at + 1) & t->mask;
    t->slots[at] = (slot){key, code};
    return code;
}

/* The code of a key, a new one where it is not there; -1 on error. */
static inline int32_t code_of(table *t, uint64_t key, int64_t row)
{
    uint64_t at = mixed(key) & t->mask;
    while (t->slots[at].code >= 0 && !same(t, &t->slots[at], key, row))
        at = (at + 1) & t->mask;
    return t->slots[at].code >= 0 ? t->slots[at].code : add(t, key, row);
}

static ml_status start(table *t, mli_codes *c, int64_t n, const ml_column *texts)
{
    *c = (mli_codes){.n = n, .code = mli_alloc((size_t)n * sizeof *c->code)};
    *t = (table){.texts = texts, .codes = c};
    return c->code ? grow(t) : ML_ENOMEM;
}

static ml_status finish(table *t, ml_status s)
{
    mli_free(t->slots);
    if (s)
        mli_codes_free(t->codes);
    return s;
}

/* ---- codes of one column ---- */

static uint64_t key_of_number(double x)
{
    uint64_t key;
    x = x == 0 ? 0 : x; /* -0 is 0 */
    memcpy(&key, &x, sizeof key);
    return key;
}

/* FNV-1a, Fowler, Noll, Vo. */
static uint64_t key_of_text(const char *text)
{
    uint64_t h = 0xcbf29ce484222325;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3;
    return h;
}

/* Categories have codes already, and only want the order in which they are seen; what is missing stands before them here. */
static ml_status of_category(mli_codes *c, const ml_column *column, bool missing)
{
    const size_t room = (size_t)column->categories + 1;
    int32_t *now = mli_alloc(room * sizeof *now);
    *c = (mli_codes){.n = column->n, .code = mli_alloc((size_t)column->n * sizeof *c->code),
                     .first = mli_alloc(room * sizeof *c->first)};
    if (!now || !c->code || !c->first) {
        mli_free(now);
        mli_codes_free(c);
        return ML_ENOMEM;
    }
    memset(now, -1, room * sizeof *now);
    for (int64_t i = 0; i < column->n; i++) {
        const int32_t k = column->code[i] + 1;
        if (now[k] < 0 && (k > 0 || missing)) {
            c->first[c->count] = i;
            now[k] = c->count++;
        }
        c->code[i] = now[k];
    }
    mli_free(now);
    return ML_OK;
}

/* The key of row i, which is not missing where the result is true. The type is known before a loop over rows, and not asked in it. */
static inline bool key_of(const ml_column *c, ml_type type, int64_t i, uint64_t *key)
{
    if (type == ML_NUMBER) {
        *key = key_of_number(c->number[i]);
        return !isnan(c->number[i]);
    }
    if (type == ML_TEXT) {
        *key = c->at[i] < 0 ? 0 : key_of_text(c->bytes + c->at[i]);
        return c->at[i] >= 0;
    }
    *key = (uint64_t)c->integer[i];
    return c->integer[i] != ML_MISSING;
}

ml_status mli_codes_of(mli_codes *c, const ml_column *column, bool missing)
{
    if (column->type == ML_CATEGORY)
        return of_category(c, column, missing);
    const ml_type type = column->type;
    table t;
    int32_t hole = -1;
    ml_status s = start(&t, c, column->n, type == ML_TEXT ? column : NULL);
    for (int64_t i = 0; !s && i < column->n; i++) {
        uint64_t key;
        const bool there = key_of(column, type, i, &key);
        if (!there && missing && hole < 0)
            hole = next_code(&t, i);
        const int32_t code = there ? code_of(&t, key, i) : hole;
        c->code[i] = code;
        if (code < 0 && (there || missing))
            s = ml_error_status();
    }
    return finish(&t, s);
}

/* ---- of several ---- */

ml_status mli_codes_pair(mli_codes *a, const mli_codes *b)
{
    mli_codes pairs;
    table t;
    ml_status s = start(&t, &pairs, a->n, NULL);
    for (int64_t i = 0; !s && i < a->n; i++) {
        const bool missing = a->code[i] < 0 || b->code[i] < 0;
        const uint64_t key = (uint64_t)(uint32_t)a->code[i] << 32 | (uint32_t)b->code[i];
        pairs.code[i] = missing ? -1 : code_of(&t, key, i);
        s = pairs.code[i] < 0 && !missing ? ml_error_status() : ML_OK;
    }
    s = finish(&t, s);
    mli_codes_free(a);
    *a = pairs;
    return s;
}

/* By what codes are sorted: the values of n columns, each in this order. */
typedef struct sorting {
    const ml_column *const *keys;
    int n;
    int (*order)(const ml_column *c, int64_t i, int64_t j);
} sorting;

/* The order of two codes: that of the rows where they are first seen, by the first column in which these differ. */
static int order(const mli_codes *c, const sorting *by, int32_t a, int32_t b)
{
    int order = 0;
    for (int j = 0; j < by->n && order == 0; j++)
        order = by->order(by->keys[j], c->first[a], c->first[b]);
    return order;
}

/* Codes in their order, by merging: `to` gets those of `from`, both of `count`. The one that has them in the end is returned. */
static int32_t *sorted(const mli_codes *c, const sorting *by, int32_t *from, int32_t *to)
{
    for (int64_t width = 1; width < c->count; width *= 2) {
        for (int64_t begin = 0; begin < c->count; begin += 2 * width) {
            const int64_t middle = begin + width < c->count ? begin + width : c->count;
            const int64_t end = middle + width < c->count ? middle + width : c->count;
            int64_t a = begin, b = middle;
            for (int64_t i = begin; i < end; i++)
                to[i] = b == end || (a < middle && order(c, by, from[a], from[b]) <= 0) ? from[a++] : from[b++];
        }
        int32_t *other = from;
        from = to;
        to = other;
    }
    return from;
}

static ml_status sort(mli_codes *c, const sorting *by)
{
    const size_t count = (size_t)c->count;
    int32_t *from = mli_alloc(count * sizeof *from), *to = mli_alloc(count * sizeof *to);
    int64_t *first = mli_alloc(count * sizeof *first);
    if (!from || !to || !first) {
        mli_free(from);
        mli_free(to);
        mli_free(first);
        mli_codes_free(c);
        return ML_ENOMEM;
    }
    for (int32_t k = 0; k < c->count; k++)
        from[k] = k;
    const int32_t *was = sorted(c, by, from, to);
    int32_t *now = was == from ? to : from;
    for (int32_t k = 0; k < c->count; k++) {
        first[k] = c->first[was[k]];
        now[was[k]] = k;
    }
    for (int64_t i = 0; i < c->n; i++)
        c->code[i] = c->code[i] < 0 ? -1 : now[c->code[i]];
    mli_free(from);
    mli_free(to);
    mli_free(c->first);
    c->first = first;
    return ML_OK;
}

ml_status mli_codes_sort(mli_codes *c, const ml_column *const *keys, int n)
{
    return sort(c, &(sorting){keys, n, mli_column_order});
}

ml_status mli_column_codes(const ml_column *column, int32_t *code, int32_t *count)
{
    mli_codes c;
    ml_status s = mli_codes_of(&c, column, false);
    if (!s)
        s = sort(&c, &(sorting){&column, 1, mli_column_order_of_texts});
    if (s)
        return s;
    if (c.n)
        memcpy(code, c.code, (size_t)c.n * sizeof *code);
    *count = c.count;
    mli_codes_free(&c);
    return ML_OK;
}

ml_status mli_codes_of_keys(mli_codes *c, const ml_column *const *keys, int n, bool missing)
{
    *c = (mli_codes){0};
    ml_status s = ML_OK;
    for (int j = 0; !s && j < n; j++) {
        mli_codes one;
        s = mli_codes_of(&one, keys[j], missing);
        if (!s && j == 0) {
            *c = one;
            continue;
        }
        if (!s)
            s = mli_codes_pair(c, &one);
        mli_codes_free(&one);
    }
    if (s)
        mli_codes_free(c);
    return s;
}

ml_status mli_codes_rows(const mli_codes *c, int64_t **start, int64_t **rows)
{
    *start = mli_calloc((size_t)c->count + 2, sizeof **start);
    *rows = mli_alloc((size_t)c->n * sizeof **rows);
    if (!*start || !*rows) {
        mli_free(*start);
        mli_free(*rows);
        *start = *rows = NULL;
        return ML_ENOMEM;
    }
    int64_t *next = *start + 1; /* counts one place to the right, so that placing rows makes starts of them */
    for (int64_t i = 0; i < c->n; i++)
        if (c->code[i] >= 0)
            next[c->code[i] + 1]++;
    for (int32_t k = 0; k < c->count; k++)
        next[k + 1] += next[k];
    for (int64_t i = 0; i < c->n; i++)
        if (c->code[i] >= 0)
            (*rows)[next[c->code[i]]++] = i;
    return ML_OK;
}

void mli_codes_free(mli_codes *c)
{
    mli_free(c->code);
    mli_free(c->first);
    *c = (mli_codes){0};
}

const ml_column **mli_keys_find(const char *where, const ml_frame *f, const char *names, int *n)
{
    if (!names)
        return mli_null(ML_EINVAL, "%s: the names of columns are NULL", where);
    char **name = mli_names_parse(where, names, n);
    if (!name)
        return NULL;
    const ml_column **keys = *n > 0 ? mli_alloc((size_t)*n * sizeof *keys)
                                    : mli_null(ML_EINVAL, "%s: wants at least one column to go by", where);
    for (int j = 0; keys && j < *n; j++) {
        keys[j] = ml_frame_column(f, name[j]);
        if (!keys[j]) {
            mli_fail_in(where);
            mli_free(keys);
            keys = NULL;
        }
    }
    mli_free(name);
    return keys;
}
