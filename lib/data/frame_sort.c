/* frame_sort.c -- rows in order; rows that are there more than once.
 *
 * Both work on codes: each column becomes whole numbers 0, 1, ..., equal where its values are, in the order of its values.
 */
#include "data/verbs.h"
#include "io/io.h"

#include <string.h>

/* A code for each value, what is missing the largest; *count codes in all. A category has its own: their order is its list's. */
static ml_status codes_of(const ml_column *c, int32_t *code, int32_t *count)
{
    char shown[MLI_SHOWN];
    ml_status s = ML_OK;
    if (c->type == ML_CATEGORY) {
        memcpy(code, c->code, (size_t)c->n * sizeof *code);
        *count = c->categories;
    } else {
        s = mli_column_codes(c, code, count);
    }
    if (!s && *count == INT32_MAX)
        return mli_fail(ML_EINVAL, "column '%s' has too many different values", mli_shown(c->name, shown));
    for (int64_t i = 0; i < c->n && !s; i++)
        if (code[i] < 0)
            code[i] = *count;
    *count += 1;
    return s;
}

/* ---- sort ---- */

typedef struct sorter {
    int64_t *rows, *other; /* the order so far, and the next */
    int32_t *code;
} sorter;

/* Rows by their code, those of equal codes as they come: a counting sort. */
static ml_status sort_by(sorter *s, const ml_column *c, bool descending)
{
    int32_t count;
    if (codes_of(c, s->code, &count))
        return ml_error_status();
    for (int64_t i = 0; descending && i < c->n; i++)
        if (s->code[i] < count - 1)
            s->code[i] = count - 2 - s->code[i];
    int64_t *begin = mli_calloc((size_t)count + 1, sizeof *begin);
    if (!begin)
        return ML_ENOMEM;
    for (int64_t i = 0; i < c->n; i++)
        begin[s->code[i] + 1]++;
    for (int32_t k = 0; k < count; k++)
        begin[k + 1] += begin[k];
    for (int64_t i = 0; i < c->n; i++)
        s->other[begin[s->code[s->rows[i]]]++] = s->rows[i];
    int64_t *sorted = s->other;
    s->other = s->rows;
    s->rows = sorted;
    mli_free(begin);
    return ML_OK;
}

/* Which of the keys are in the list `descending`; each name of it must be one of them. */
static ml_status find_descending(const ml_frame *f, const char *descending, const int *key, int keys, bool *down)
{
    int *at, n;
    char shown[MLI_SHOWN];
    if (mli_verb_columns("frame_sort", f, descending ? descending : "", &at, &n))
        return ml_error_status();
    ml_status s = ML_OK;
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (k < keys && key[k] != at[i])
            k++;
        if (k == keys)
            s = mli_fail(ML_EINVAL, "frame_sort: '%s' is to be descending, but it is not sorted by", mli_shown(f->column[at[i]].name, shown));
        else
            down[k] = true;
    }
    mli_free(at);
    return s;
}

/* The last key first: since each pass keeps the order of equals, the first counts most. */
static ml_frame *sort(const ml_frame *f, const int *key, const bool *down, int keys)
{
    const size_t n = (size_t)f->rows;
    sorter s = {mli_alloc(n * sizeof *s.rows), mli_alloc(n * sizeof *s.other), mli_alloc(n * sizeof *s.code)};
    bool good = s.rows && s.other && s.code;
    for (int64_t i = 0; good && i < f->rows; i++)
        s.rows[i] = i;
    for (int k = keys - 1; k >= 0 && good; k--)
        good = sort_by(&s, &f->column[key[k]], down[k]) == ML_OK;
    ml_frame *g = good ? ml_frame_take(f, s.rows, f->rows) : NULL;
    mli_free(s.rows);
    mli_free(s.other);
    mli_free(s.code);
    return g;
}

ml_frame *ml_frame_sort(const ml_frame *f, const char *by, const char *descending)
{
    int *key, keys;
    if (!by)
        return mli_null(ML_EINVAL, "frame_sort: by is NULL");
    if (mli_verb_columns("frame_sort", f, by, &key, &keys))
        return NULL;
    bool *down = mli_calloc((size_t)keys, sizeof *down);
    ml_frame *g = down && find_descending(f, descending, key, keys, down) == ML_OK ? sort(f, key, down, keys) : NULL;
    mli_free(down);
    mli_free(key);
    return g;
}

/* ---- duplicates ---- */

/* A number for each row, equal where all these columns are: pairs of (number so far, code of the next column) get numbers anew.
 * count <= rows, and a pair of int32_t fits an int64_t. */
static ml_status number_rows(const ml_frame *f, const int *at, int n, int32_t *number, int32_t *count)
{
    int32_t *code = mli_alloc((size_t)f->rows * sizeof *code), codes;
    int64_t *pair = mli_alloc((size_t)f->rows * sizeof *pair);
    ml_status s = code && pair ? ML_OK : ML_ENOMEM;
    memset(number, 0, (size_t)f->rows * sizeof *number);
    *count = 1;
    for (int k = 0; k < n && !s; k++) {
        s = codes_of(&f->column[at[k]], code, &codes);
        for (int64_t i = 0; i < f->rows && !s; i++)
            pair[i] = (int64_t)number[i] * codes + code[i];
        if (!s)
            s = mli_column_codes(&(ml_column){.name = "rows", .type = ML_INTEGER, .n = f->rows, .integer = pair}, number, count);
    }
    mli_free(code);
    mli_free(pair);
    return s;
}

/* Marks rows that are not the one of their number to keep. seen: room for each number. */
static void mark(const int32_t *number, int64_t n, ml_keep keep, int64_t *seen, bool *drop)
{
    for (int64_t i = 0; i < n; i++)
        if (keep == ML_KEEP_NONE)
            seen[number[i]]++;
        else if (keep == ML_KEEP_LAST || seen[number[i]] == 0)
            seen[number[i]] = i + 1;
    for (int64_t i = 0; i < n; i++)
        drop[i] = keep == ML_KEEP_NONE ? seen[number[i]] > 1 : seen[number[i]] != i + 1;
}

static ml_mask *duplicated(const char *where, const ml_frame *f, const char *columns, ml_keep keep)
{
    int *at, n;
    int32_t count = 0;
    if ((unsigned)keep > ML_KEEP_NONE)
        return mli_null(ML_EINVAL, "%s: there is no way %d to keep", where, (int)keep);
    if (mli_verb_columns(where, f, columns, &at, &n))
        return NULL;
    int32_t *number = mli_alloc((size_t)f->rows * sizeof *number);
    const bool good = number && number_rows(f, at, n, number, &count) == ML_OK;
    int64_t *seen = good ? mli_calloc((size_t)count, sizeof *seen) : NULL;
    ml_mask *m = seen ? ml_mask_new(f->rows) : NULL;
    if (m)
        mark(number, f->rows, keep, seen, m->v);
    mli_free(at);
    mli_free(number);
    mli_free(seen);
    return m;
}

ml_mask *ml_mask_duplicated(const ml_frame *f, const char *columns, ml_keep keep)
{
    return duplicated("mask_duplicated", f, columns, keep);
}

ml_frame *ml_frame_drop_duplicates(const ml_frame *f, const char *columns, ml_keep keep)
{
    return ml_frame_where(f, ml_mask_not(duplicated("frame_drop_duplicates", f, columns, keep)));
}
