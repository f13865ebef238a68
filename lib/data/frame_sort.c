/* frame_sort.c -- rows in order. Each column becomes whole numbers 0, 1, ... in the order of its values, by which rows are
 * counted out. */
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
    const size_t n = (size_t)f->rows;
    sorter s = {mli_alloc(n * sizeof *s.rows), mli_alloc(n * sizeof *s.other), mli_alloc(n * sizeof *s.code)};
    bool good = s.rows && s.other && s.code;
    for (int64_t i = 0; good && i < f->rows; i++)
        s.rows[i] = i;
    for (int k = keys - 1; k >= 0 && good; k--)
        good = sort_by(&s, key[k], down[k]) == ML_OK;
    ml_frame *g = good ? ml_frame_take(f, s.rows, f->rows) : NULL;
    mli_free(s.rows);
    mli_free(s.other);
    mli_free(s.code);
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
