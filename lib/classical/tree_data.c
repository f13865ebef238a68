/* tree_data.c -- features as ranks, sorted once for all trees of a model. */
#include "classical/tree.h"

#include <math.h>
#include <string.h>

enum { LANES = 4 }; /* each holds two lists of keys */

typedef struct ranking {
    mli_tree_data *d;
    const ml_matrix *x;
} ranking;

/* Bits that are in the order of the numbers: those of negative ones are turned round. */
static uint64_t bits_in_order(double x)
{
    uint64_t b;
    x += 0.0; /* -0 is 0 */
    memcpy(&b, &x, sizeof b);
    return b >> 63 ? ~b : b | 1ull << 63;
}

/* The n rows of column j that are not missing, in order: by the lower halves of their bits first, then by the upper ones. */
static mli_key *sort_column(const ml_matrix *x, int64_t j, mli_key *keys, mli_key *spare, int64_t *n)
{
    int64_t k = 0;
    for (int64_t i = 0; i < x->rows; i++) {
        double v = ml_matrix_at(x, i, j);
        if (!isnan(v))
            keys[k++] = bits_in_order(v) << 32 | (uint64_t)i;
    }
    mli_key *sorted = mli_sort_keys(keys, spare, k, 0, UINT32_MAX);
    for (int64_t i = 0; i < k; i++) {
        uint64_t row = sorted[i] & UINT32_MAX;
        sorted[i] = bits_in_order(ml_matrix_at(x, (int64_t)row, j)) >> 32 << 32 | row;
    }
    *n = k;
    return mli_sort_keys(sorted, sorted == keys ? spare : keys, k, 0, UINT32_MAX);
}

static ml_status rank_column(const ml_matrix *x, int64_t j, mli_key *keys, mli_key *spare, mli_ranks *out)
{
    int64_t n;
    const mli_key *sorted = sort_column(x, j, keys, spare, &n);
    out->rank = mli_alloc((size_t)x->rows * sizeof *out->rank);
    if (!out->rank)
        return ML_ENOMEM;
    uint32_t levels = 0;
    double before = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t row = (int64_t)(sorted[i] & UINT32_MAX);
        double v = ml_matrix_at(x, row, j);
        levels += i == 0 || v != before;
        out->rank[row] = levels - 1;
        before = v;
    }
    out->levels = levels;
    out->value = mli_alloc((size_t)levels * sizeof *out->value);
    if (!out->value)
        return ML_ENOMEM;
    for (int64_t i = 0; i < x->rows; i++) {
        double v = ml_matrix_at(x, i, j);
        if (isnan(v))
            out->rank[i] = levels;
        else
            out->value[out->rank[i]] = v;
    }
    return ML_OK;
}

/* Columns lane, lane + LANES, ... */
static ml_status rank_lane(void *arg, int64_t lane)
{
    const ranking *r = arg;
    size_t bytes = (size_t)r->d->rows * sizeof(mli_key);
    mli_key *keys = mli_alloc(bytes), *spare = mli_alloc(bytes);
    ml_status s = keys && spare ? ML_OK : ML_ENOMEM;
    for (int64_t j = lane; j < r->d->features && !s; j += LANES)
        s = rank_column(r->x, j, keys, spare, &r->d->x[j]);
    mli_free(keys);
    mli_free(spare);
    return s;
}

ml_status mli_tree_data_init(mli_tree_data *d, const ml_xy *data, int32_t classes, bool balanced)
{
    const ml_matrix *x = &data->x;
    *d = (mli_tree_data){.rows = x->rows, .features = x->columns, .classes = classes, .label = data->label.v, .y = data->y.v};
    if (x->rows > INT32_MAX / 4 || x->columns > INT32_MAX / 4)
        return mli_fail(ML_EINVAL, "trees: %lld rows of %lld features: at most 2^29 of each", (long long)x->rows,
                        (long long)x->columns);
    d->x = mli_calloc((size_t)x->columns, sizeof *d->x);
    d->weight = mli_alloc((size_t)x->rows * sizeof *d->weight);
    if (!d->x || !d->weight)
        return ML_ENOMEM;
    ml_status s = mli_row_weights(data, balanced, NULL, d->weight);
    return s ? s : ml_parallel_for(x->columns < LANES ? x->columns : LANES, rank_lane, &(ranking){d, x});
}

void mli_tree_data_clear(mli_tree_data *d)
{
    for (int64_t j = 0; j < d->features && d->x; j++) {
        mli_free(d->x[j].rank);
        mli_free(d->x[j].value);
    }
    mli_free(d->x);
    mli_free(d->weight);
    *d = (mli_tree_data){0};
}
