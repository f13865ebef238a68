/* frame_column.c -- one column: copying rows of it, what is missing, the order of its values. */
#include "data/frame.h"

#include <math.h>
#include <string.h>

void mli_column_free(ml_column *c)
{
    mli_free((char *)c->name);
    mli_free((double *)c->number);
    mli_free((int64_t *)c->integer);
    mli_free((int32_t *)c->code);
    mli_free((char **)c->category);
    mli_free((int64_t *)c->at);
    mli_free((char *)c->bytes);
    *c = (ml_column){0};
}

bool ml_column_missing(const ml_column *c, int64_t i)
{
    switch (c->type) {
    case ML_NUMBER:
        return isnan(c->number[i]);
    case ML_CATEGORY:
        return c->code[i] < 0;
    case ML_TEXT:
        return c->at[i] < 0;
    default:
        return c->integer[i] == ML_MISSING;
    }
}

int64_t mli_column_count_missing(const ml_column *c)
{
    int64_t n = 0;
    for (int64_t i = 0; i < c->n; i++)
        n += ml_column_missing(c, i);
    return n;
}

double ml_column_number(const ml_column *c, int64_t i)
{
    if (ml_column_missing(c, i) || c->type == ML_TEXT)
        return NAN;
    return c->type == ML_NUMBER ? c->number[i] : c->type == ML_CATEGORY ? (double)c->code[i] : (double)c->integer[i];
}

const char *ml_column_text(const ml_column *c, int64_t i)
{
    if (c->type == ML_TEXT)
        return c->at[i] < 0 ? NULL : c->bytes + c->at[i];
    return c->type == ML_CATEGORY && c->code[i] >= 0 ? c->category[c->code[i]] : NULL;
}

/* ---- copying rows ---- */

static ml_status pick_numbers(ml_column *to, const ml_column *from, const int64_t *rows, int64_t n)
{
    double *v = mli_alloc((size_t)n * sizeof *v);
    to->number = v;
    for (int64_t i = 0; v && i < n; i++) {
        const int64_t r = rows ? rows[i] : i;
        v[i] = r < 0 ? NAN : from->number[r];
    }
    return v ? ML_OK : ML_ENOMEM;
}

static ml_status pick_integers(ml_column *to, const ml_column *from, const int64_t *rows, int64_t n)
{
    int64_t *v = mli_alloc((size_t)n * sizeof *v);
    to->integer = v;
    for (int64_t i = 0; v && i < n; i++) {
        const int64_t r = rows ? rows[i] : i;
        v[i] = r < 0 ? ML_MISSING : from->integer[r];
    }
    return v ? ML_OK : ML_ENOMEM;
}

static ml_status pick_codes(ml_column *to, const ml_column *from, const int64_t *rows, int64_t n)
{
    int32_t *v = mli_alloc((size_t)n * sizeof *v);
    to->code = v;
    to->category = (const char *const *)mli_texts_copy(from->category, from->categories);
    to->categories = from->categories;
    if (!v || !to->category)
        return ML_ENOMEM;
    for (int64_t i = 0; i < n; i++) {
        const int64_t r = rows ? rows[i] : i;
        v[i] = r < 0 ? -1 : from->code[r];
    }
    return ML_OK;
}

static ml_status pick_texts(ml_column *to, const ml_column *from, const int64_t *rows, int64_t n)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t r = rows ? rows[i] : i;
        if (r >= 0 && from->at[r] >= 0 && !mli_add_size(bytes, strlen(from->bytes + from->at[r]) + 1, &bytes))
            return mli_fail(ML_ENOMEM, "frame: the texts of %lld rows do not fit", (long long)n);
    }
    int64_t *at = mli_alloc((size_t)n * sizeof *at);
    char *all = mli_alloc(bytes);
    to->at = at;
    to->bytes = all;
    if (!at || !all)
        return ML_ENOMEM;
    int64_t used = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t r = rows ? rows[i] : i;
        at[i] = -1;
        if (r < 0 || from->at[r] < 0)
            continue;
        const char *text = from->bytes + from->at[r];
        const size_t size = strlen(text) + 1;
        memcpy(all + used, text, size);
        at[i] = used;
        used += (int64_t)size;
    }
    return ML_OK;
}

ml_status mli_column_pick(ml_column *to, const char *name, const ml_column *from, const int64_t *rows, int64_t n)
{
    static ml_status (*const pick[])(ml_column *, const ml_column *, const int64_t *, int64_t) = {
        [ML_NUMBER] = pick_numbers, [ML_INTEGER] = pick_integers, [ML_CATEGORY] = pick_codes,
        [ML_TEXT] = pick_texts,     [ML_TIME] = pick_integers,
    };
    *to = (ml_column){.type = from->type, .n = n, .name = mli_strdup(name)};
    ml_status s = to->name ? pick[from->type](to, from, rows, n) : ML_ENOMEM;
    if (s) {
        mli_column_free(to);
        return s;
    }
    to->missing = mli_column_count_missing(to);
    return ML_OK;
}

/* ---- order ---- */

int mli_column_order(const ml_column *c, int64_t i, int64_t j)
{
    const bool a = ml_column_missing(c, i), b = ml_column_missing(c, j);
    if (a || b)
        return a - b;
    if (c->type == ML_TEXT)
        return strcmp(ml_column_text(c, i), ml_column_text(c, j));
    if (c->type == ML_CATEGORY)
        return (c->code[i] > c->code[j]) - (c->code[i] < c->code[j]);
    if (c->type == ML_NUMBER)
        return (c->number[i] > c->number[j]) - (c->number[i] < c->number[j]);
    return (c->integer[i] > c->integer[j]) - (c->integer[i] < c->integer[j]);
}

int mli_column_order_of_texts(const ml_column *c, int64_t i, int64_t j)
{
    if (c->type != ML_CATEGORY || c->code[i] < 0 || c->code[j] < 0)
        return mli_column_order(c, i, j);
    return strcmp(ml_column_text(c, i), ml_column_text(c, j));
}

/* Merges two sorted stretches of `from` into `to`; of equals those of the first come first. */
static void merge(const ml_column *c, const int64_t *from, int64_t *to, int64_t begin, int64_t middle, int64_t end)
{
    int64_t a = begin, b = middle;
    for (int64_t i = begin; i < end; i++)
        to[i] = b == end || (a < middle && mli_column_order_of_texts(c, from[a], from[b]) <= 0) ? from[a++] : from[b++];
}

int64_t *mli_column_sorted(const ml_column *c)
{
    int64_t *order = mli_alloc((size_t)c->n * sizeof *order), *other = mli_alloc((size_t)c->n * sizeof *other);
    if (!order || !other) {
        mli_free(order);
        mli_free(other);
        return NULL;
    }
    for (int64_t i = 0; i < c->n; i++)
        order[i] = i;
    for (int64_t width = 1; width < c->n; width *= 2) {
        for (int64_t begin = 0; begin < c->n; begin += 2 * width) {
            const int64_t middle = begin + width < c->n ? begin + width : c->n;
            merge(c, order, other, begin, middle, middle + width < c->n ? middle + width : c->n);
        }
        int64_t *sorted = other;
        other = order;
        order = sorted;
    }
    mli_free(other);
    return order;
}
