/* groups.c -- see groups.h. */
#include "prep/groups.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void mli_groups_free(mli_groups *groups)
{
    mli_vocabulary_free(&groups->key);
    mli_free(groups->sum);
    mli_free(groups->count);
    *groups = (mli_groups){0};
}

/* ---- keys: "5:Smith1:3", so that no two lists of values give one text ---- */

enum { DIGITS = 24 };

static const char *value_text(const ml_column *c, int64_t i, char digits[DIGITS])
{
    if (c->type != ML_INTEGER)
        return ml_column_text(c, i);
    snprintf(digits, DIGITS, "%" PRId64, c->integer[i]);
    return digits;
}

/* The key of row i at `to` (NULL: nowhere), and its bytes with the zero at the end; 0 where something is missing. */
static size_t write_key(const mli_prep_rows *g, const bool *used, int n, int64_t i, char *to, size_t size)
{
    char digits[DIGITS];
    size_t all = 0;
    if (to)
        *to = 0; /* a damaged file may say that no column is used */
    for (int j = 0; j < n; j++) {
        if (!used[j])
            continue;
        if (ml_column_missing(g->column[j], i))
            return 0;
        const char *text = value_text(g->column[j], i, digits);
        all += (size_t)snprintf(to ? to + all : NULL, to ? size - all : 0, "%zu:%s", strlen(text), text);
    }
    return all + 1;
}

ml_status mli_groups_keys(const mli_prep_rows *g, const bool *used, int n, ml_column *keys)
{
    *keys = (ml_column){.type = ML_TEXT, .n = g->rows};
    int64_t *at = mli_alloc((size_t)g->rows * sizeof *at);
    size_t all = 0;
    keys->at = at;
    for (int64_t i = 0; at && i < g->rows; i++) {
        const size_t size = write_key(g, used, n, i, NULL, 0);
        at[i] = size ? (int64_t)all : -1;
        all += size;
    }
    char *bytes = at ? mli_alloc(all) : NULL;
    keys->bytes = bytes;
    for (int64_t i = 0; bytes && i < g->rows; i++)
        if (at[i] >= 0)
            write_key(g, used, n, i, bytes + at[i], all - (size_t)at[i]);
    if (bytes)
        return ML_OK;
    mli_column_free(keys);
    return ML_ENOMEM;
}

/* ---- sums ---- */

ml_status mli_groups_of(const ml_column *keys, const double *y, mli_groups *groups)
{
    *groups = (mli_groups){0};
    ml_status s = mli_vocabulary_of(keys, &groups->key, NULL);
    int64_t *place = s ? NULL : mli_vocabulary_places(&groups->key, keys);
    groups->sum = place ? mli_calloc((size_t)groups->key.n, sizeof *groups->sum) : NULL;
    groups->count = place ? mli_calloc((size_t)groups->key.n, sizeof *groups->count) : NULL;
    if (!groups->sum || !groups->count)
        s = ML_ENOMEM;
    for (int64_t i = 0; i < keys->n && !s; i++)
        if (place[i] >= 0) {
            groups->sum[place[i]] += y[i];
            groups->count[place[i]] += 1;
        }
    mli_free(place);
    if (s)
        mli_groups_free(groups);
    return s;
}

ml_status mli_groups_add(const mli_groups *groups, const ml_column *keys, double sign, double *sum, double *count)
{
    int64_t *place = mli_vocabulary_places(&groups->key, keys);
    for (int64_t i = 0; place && i < keys->n; i++)
        if (place[i] >= 0) {
            sum[i] += sign * groups->sum[place[i]];
            count[i] += sign * groups->count[place[i]];
        }
    mli_free(place);
    return place ? ML_OK : ML_ENOMEM;
}

/* ---- files ---- */

ml_status mli_groups_put(const mli_groups *groups, mli_store *s, const char *at, int number)
{
    char name[32];
    ml_status e = mli_vocabulary_put(&groups->key, s, at, "key", number);
    snprintf(name, sizeof name, "sum.%d", number);
    if (!e)
        e = mli_store_put_doubles(s, at, name, groups->sum, groups->key.n);
    snprintf(name, sizeof name, "count.%d", number);
    return e ? e : mli_store_put_doubles(s, at, name, groups->count, groups->key.n);
}

ml_status mli_groups_take(mli_groups *groups, mli_store *s, const char *at, int number)
{
    char name[32];
    *groups = (mli_groups){0};
    ml_status e = mli_vocabulary_take(&groups->key, s, at, "key", number, ML_TEXT);
    const int64_t n = groups->key.n;
    snprintf(name, sizeof name, "sum.%d", number);
    if (!e)
        e = mli_store_doubles(s, at, name, n, n, &groups->sum, NULL);
    snprintf(name, sizeof name, "count.%d", number);
    if (!e)
        e = mli_store_doubles(s, at, name, n, n, &groups->count, NULL);
    for (int64_t k = 0; k < n && !e; k++)
        if (!isfinite(groups->sum[k]) || !(groups->count[k] >= 1) || !isfinite(groups->count[k]))
            e = mli_store_fail(s, at, name, "has at place %lld a group that cannot be", (long long)k);
    return e;
}
