/* folds.c -- who is held out when: the two lists of rows of each fold, by a number for each row.
 *
 * Every way to cut a set but that in time gives each row the fold in which it is held; folds_balanced.c has those that look at
 * classes and groups. Lists are ascending, so that rows keep their order.
 */
#include "select/folds.h"

#include "data/frame.h"

#include <string.h>

ml_status mli_folds_check(const char *where, int64_t rows, ml_fold_opts *opts)
{
    opts->k = mli_given(opts->k, 5);
    if (opts->k < 2 || opts->k > MLI_MAX_FOLDS)
        return mli_fail(ML_EINVAL, "%s: k is %lld, not in 2 .. %d", where, (long long)opts->k, MLI_MAX_FOLDS);
    if (rows < opts->k)
        return mli_fail(ML_EINVAL, "%s: %lld rows are too few for %lld folds", where, (long long)rows, (long long)opts->k);
    return ML_OK;
}

/* All lists in one block: the folds, then for each its rows. NULL where memory lacks. */
static ml_folds *blank(int64_t rows, int64_t k, int64_t places)
{
    size_t head = sizeof(ml_folds) + (size_t)k * sizeof(ml_fold), bytes;
    if (!mli_mul_size((size_t)places, sizeof(int64_t), &bytes) || !mli_add_size(head, bytes, &bytes))
        return mli_null(ML_ENOMEM, "folds: %lld folds of %lld rows do not fit into memory", (long long)k, (long long)rows);
    ml_folds *folds = mli_alloc(bytes);
    if (!folds)
        return NULL;
    *folds = (ml_folds){.rows = rows, .count = (int)k, .fold = (ml_fold *)(folds + 1)};
    return folds;
}

/* How many rows each fold holds, into n (k numbers); an error where one holds none, or all. */
static ml_status count_held(ml_ints fold_of_row, int64_t k, int64_t *n)
{
    memset(n, 0, (size_t)k * sizeof *n);
    for (int64_t i = 0; i < fold_of_row.n; i++)
        if (fold_of_row.v[i] >= 0)
            n[fold_of_row.v[i]]++;
    for (int64_t j = 0; j < k; j++)
        if (n[j] == 0 || n[j] == fold_of_row.n)
            return mli_fail(ML_EINVAL, "folds: fold %lld of %lld holds %s of the %lld rows", (long long)j, (long long)k,
                            n[j] ? "all" : "none", (long long)fold_of_row.n);
    return ML_OK;
}

static void fill(ml_fold *fold, ml_ints fold_of_row, int64_t j, int64_t *at)
{
    int64_t *held = at, *train = at + fold->n_held, h = 0, t = 0;
    for (int64_t i = 0; i < fold_of_row.n; i++)
        if (fold_of_row.v[i] == j)
            held[h++] = i;
        else
            train[t++] = i;
    fold->held = held;
    fold->train = train;
}

ml_folds *mli_folds_of_rows(ml_ints fold_of_row, int64_t k)
{
    int64_t places, *n = mli_alloc((size_t)k * sizeof *n);
    if (!n || count_held(fold_of_row, k, n)) {
        mli_free(n);
        return NULL;
    }
    ml_folds *folds = mli_shape_size(2, (int64_t[]){k, fold_of_row.n}, &places) ? blank(fold_of_row.n, k, places) : NULL;
    if (folds) {
        ml_fold *fold = (ml_fold *)(folds + 1);
        int64_t *at = (int64_t *)(fold + k);
        for (int64_t j = 0; j < k; j++, at += fold_of_row.n) {
            fold[j] = (ml_fold){.n_held = n[j], .n_train = fold_of_row.n - n[j]};
            fill(&fold[j], fold_of_row, j, at);
        }
    }
    mli_free(n);
    return folds;
}

ml_folds *ml_folds_given(ml_ints fold_of_row)
{
    int32_t largest = -1;
    if (fold_of_row.n < 2 || !fold_of_row.v)
        return mli_null(ML_EINVAL, "folds: %lld rows are too few", (long long)fold_of_row.n);
    for (int64_t i = 0; i < fold_of_row.n; i++) {
        if (fold_of_row.v[i] < -1 || fold_of_row.v[i] >= MLI_MAX_FOLDS)
            return mli_null(ML_EINVAL, "folds: row %lld is in fold %ld, not in -1 .. %d", (long long)i, (long)fold_of_row.v[i],
                            MLI_MAX_FOLDS - 1);
        largest = fold_of_row.v[i] > largest ? fold_of_row.v[i] : largest;
    }
    if (largest < 0)
        return mli_null(ML_EINVAL, "folds: no row is in a fold");
    return mli_folds_of_rows(fold_of_row, largest + 1);
}

/* Rows 0 .. n-1, shuffled where opts say so; NULL where memory lacks. */
static int64_t *row_order(int64_t n, const ml_fold_opts *opts)
{
    int64_t *order = mli_alloc((size_t)n * sizeof *order);
    for (int64_t i = 0; order && i < n; i++)
        order[i] = i;
    ml_rng rng = ml_rng_seed(opts->seed);
    if (order && opts->shuffle)
        ml_rng_shuffle(&rng, order, n);
    return order;
}

ml_folds *ml_folds_k(int64_t rows, ml_fold_opts opts)
{
    if (mli_folds_check("folds", rows, &opts))
        return NULL;
    int32_t *fold = mli_alloc((size_t)rows * sizeof *fold);
    int64_t *order = row_order(rows, &opts), at = 0;
    ml_folds *folds = NULL;
    if (fold && order) {
        for (int64_t j = 0; j < opts.k; j++)
            for (int64_t i = rows / opts.k + (j < rows % opts.k); i > 0; i--)
                fold[order[at++]] = (int32_t)j;
        folds = mli_folds_of_rows((ml_ints){fold, rows}, opts.k);
    }
    mli_free(order);
    mli_free(fold);
    return folds;
}

ml_folds *ml_folds_time(int64_t rows, int64_t k, int64_t gap)
{
    if (k < 2 || k > MLI_MAX_FOLDS || gap < 0)
        return mli_null(ML_EINVAL, "folds: k is %lld, not in 2 .. %d, or gap is %lld, below 0", (long long)k, MLI_MAX_FOLDS,
                        (long long)gap);
    int64_t held = rows / (k + 1), first = rows - k * held;
    if (held < 1 || first <= gap)
        return mli_null(ML_EINVAL, "folds: %lld rows are too few for %lld folds in time and a gap of %lld", (long long)rows,
                        (long long)k, (long long)gap);
    /* Every list is a stretch of 0, 1, 2, ...: one list serves them all. */
    ml_folds *folds = blank(rows, k, rows);
    if (!folds)
        return NULL;
    ml_fold *fold = (ml_fold *)(folds + 1);
    int64_t *row = (int64_t *)(fold + k);
    for (int64_t i = 0; i < rows; i++)
        row[i] = i;
    for (int64_t j = 0; j < k; j++)
        fold[j] = (ml_fold){.train = row, .n_train = first + j * held - gap, .held = row + first + j * held, .n_held = held};
    return folds;
}

/* ---- of a frame ---- */

/* Values of a column as numbers 0, 1, ...; missing ones -1, or each a number of its own. NULL on error. */
static int32_t *codes_of(const ml_frame *f, const char *name, bool missing_alone)
{
    const ml_column *c = ml_frame_column(f, name);
    int32_t *code = c ? mli_alloc((size_t)c->n * sizeof *code) : NULL, count;
    if (!code || mli_column_codes(c, code, &count)) {
        mli_free(code);
        return NULL;
    }
    for (int64_t i = 0; i < c->n && missing_alone; i++)
        code[i] = code[i] < 0 ? count++ : code[i];
    return code;
}

ml_folds *ml_folds_of(const ml_frame *f, ml_fold_opts opts)
{
    if (!mli_frame_is("folds", f))
        return NULL;
    int32_t *label = opts.stratify ? codes_of(f, opts.stratify, false) : NULL;
    int32_t *group = opts.group ? codes_of(f, opts.group, true) : NULL;
    ml_folds *folds = NULL;
    ml_ints labels = {label, f->rows}, groups = {group, f->rows};
    if ((!opts.stratify || label) && (!opts.group || group))
        folds = label && group ? ml_folds_stratified_group(labels, groups, opts)
                : label        ? ml_folds_stratified(labels, opts)
                : group        ? ml_folds_group(groups, opts)
                               : ml_folds_k(f->rows, opts);
    mli_free(label);
    mli_free(group);
    return folds;
}

void ml_folds_free(ml_folds *folds)
{
    mli_free(folds);
}
