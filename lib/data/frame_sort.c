/* frame_sort.c -- rows in order. Each value becomes 64 bits that compare as the values do, and rows are sorted by these, a byte at a
 * time from the last: linear in rows, and stable (Knuth, The Art of Computer Programming 3, 5.2.5).
 */
#include "data/codes.h"
#include "data/verbs.h"
#include "io/io.h"

#include <math.h>
#include <string.h>

/* ---- values as keys; what is missing has the largest, whatever the direction ---- */

static uint64_t key_of_number(double x, bool down)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    if (isnan(x))
        return UINT64_MAX;
    x = x == 0 ? 0 : x; /* -0 equals 0 */
    memcpy(&bits, &x, sizeof bits);
    bits = bits & sign ? ~bits : bits | sign; /* bits of negative numbers grow with their size */
    return down ? ~bits : bits;
}

static uint64_t key_of_integer(int64_t v, bool down)
{
    const uint64_t bits = (uint64_t)v ^ UINT64_C(1) << 63; /* 0 is ML_MISSING */
    return v == ML_MISSING ? UINT64_MAX : down ? ~bits : bits - 1;
}

static uint64_t key_of_code(int32_t code, int32_t count, bool down)
{
    return code < 0 ? (uint64_t)count : (uint64_t)(down ? count - 1 - code : code);
}

/* Codes of a text in the order of the different ones, of a category those that it has: their order is its list's. */
static ml_status keys_of_texts(const ml_column *c, bool down, uint64_t *key)
{
    mli_codes codes = {0};
    const int32_t *code = c->code;
    int32_t count = c->categories;
    if (c->type == ML_TEXT) {
        if (mli_codes_of(&codes, c, false) || mli_codes_sort(&codes, &c, 1)) {
            mli_codes_free(&codes);
            return ml_error_status();
        }
        code = codes.code;
        count = codes.count;
    }
    for (int64_t i = 0; i < c->n; i++)
        key[i] = key_of_code(code[i], count, down);
    mli_codes_free(&codes);
    return ML_OK;
}

static ml_status keys_of(const ml_column *c, bool down, uint64_t *key)
{
    if (c->type == ML_TEXT || c->type == ML_CATEGORY)
        return keys_of_texts(c, down, key);
    for (int64_t i = 0; i < c->n; i++)
        key[i] = c->type == ML_NUMBER ? key_of_number(c->number[i], down) : key_of_integer(c->integer[i], down);
    return ML_OK;
}

/* ---- sorting ---- */

typedef struct sorter {
    int64_t n;
    int64_t *rows, *other_rows; /* the order so far, and the next */
    uint64_t *key, *other_key;  /* key i is of row rows[i] */
} sorter;

static void sort_by_byte(sorter *s, int shift)
{
    int64_t begin[257] = {0};
    for (int64_t i = 0; i < s->n; i++)
        begin[(s->key[i] >> shift & 255) + 1]++;
    for (int b = 0; b < 256; b++) {
        if (begin[b + 1] == s->n) /* all have the same byte here */
            return;
        begin[b + 1] += begin[b];
    }
    for (int64_t i = 0; i < s->n; i++) {
        const int64_t to = begin[s->key[i] >> shift & 255]++;
        s->other_key[to] = s->key[i];
        s->other_rows[to] = s->rows[i];
    }
    int64_t *rows = s->rows;
    uint64_t *key = s->key;
    s->rows = s->other_rows;
    s->key = s->other_key;
    s->other_rows = rows;
    s->other_key = key;
}

/* Those of equal keys stay as they are. */
static ml_status sort_by(sorter *s, const ml_column *c, bool down)
{
    ml_status e = keys_of(c, down, s->other_key);
    for (int64_t i = 0; i < s->n && !e; i++)
        s->key[i] = s->other_key[s->rows[i]];
    for (int shift = 0; shift < 64 && !e; shift += 8)
        sort_by_byte(s, shift);
    return e;
}

/* ---- the verb ---- */

/* Which of the keys are in the list `descending`; each name of it must be one of them. */
static ml_status find_descending(const ml_frame *f, const char *descending, const ml_column *const *key, int keys, bool *down)
{
    int n;
    char shown[MLI_SHOWN];
    const ml_column **columns = mli_verb_columns("frame_sort", f, descending ? descending : "", &n);
    ml_status s = columns ? ML_OK : ml_error_status();
    for (int i = 0; i < n && !s; i++) {
        int k = 0;
        while (k < keys && key[k] != columns[i])
            k++;
        if (k < keys)
            down[k] = true;
        else
            s = mli_fail(ML_EINVAL, "frame_sort: '%s' is to be descending, but it is not sorted by",
                         mli_shown(columns[i]->name, shown));
    }
    mli_free(columns);
    return s;
}

/* The last key first: since each pass keeps the order of equals, the first counts most. */
static ml_frame *sort(const ml_frame *f, const ml_column *const *key, const bool *down, int keys)
{
    const size_t size = (size_t)f->rows * sizeof(int64_t);
    sorter s = {f->rows, mli_alloc(size), mli_alloc(size), mli_alloc(size), mli_alloc(size)};
    bool good = s.rows && s.other_rows && s.key && s.other_key;
    for (int64_t i = 0; good && i < s.n; i++)
        s.rows[i] = i;
    for (int k = keys - 1; k >= 0 && good; k--)
        good = sort_by(&s, key[k], down[k]) == ML_OK;
    ml_frame *g = good ? ml_frame_take(f, s.rows, s.n) : NULL;
    mli_free(s.rows);
    mli_free(s.other_rows);
    mli_free(s.key);
    mli_free(s.other_key);
    return g;
}

ml_frame *ml_frame_sort(const ml_frame *f, const char *by, const char *descending)
{
    int keys;
    if (!by)
        return mli_null(ML_EINVAL, "frame_sort: by is NULL");
    const ml_column **key = mli_verb_columns("frame_sort", f, by, &keys);
    bool *down = key ? mli_calloc((size_t)keys, sizeof *down) : NULL;
    ml_frame *g = down && find_descending(f, descending, key, keys, down) == ML_OK ? sort(f, key, down, keys) : NULL;
    mli_free(down);
    mli_free(key);
    return g;
}
