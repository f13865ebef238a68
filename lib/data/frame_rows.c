/* frame_rows.c -- some rows of a frame, splits, roles. */
#include "data/dataset.h"
#include "data/frame.h"

#include <string.h>

ml_role mli_role_join(ml_role a, ml_role b)
{
    if (a == ML_ROLE_TEST || b == ML_ROLE_TEST)
        return ML_ROLE_TEST;
    return a == b ? a : ML_ROLE_NONE;
}

/* Rows rows[0 .. n-1], or the first n where rows is NULL. */
static ml_frame *pick(const ml_frame *f, const int64_t *rows, int64_t n)
{
    ml_frame *g = mli_frame_like(f);
    ml_column c;
    for (int j = 0; g && j < f->columns; j++)
        if (mli_column_pick(&c, f->column[j].name, &f->column[j], rows, n) || mli_frame_give(g, &c)) {
            ml_frame_free(g);
            return NULL;
        }
    return g;
}

ml_frame *ml_frame_copy(const ml_frame *f)
{
    return mli_frame_is("frame_copy", f) ? pick(f, NULL, f->rows) : NULL;
}

ml_frame *ml_frame_take(const ml_frame *f, const int64_t *rows, int64_t n)
{
    if (!mli_frame_is("frame_take", f))
        return NULL;
    if (n < 0 || (n > 0 && !rows))
        return mli_null(ML_EINVAL, "frame_take: there are no rows to take");
    for (int64_t i = 0; i < n; i++)
        if (rows[i] < 0 || rows[i] >= f->rows)
            return mli_null(ML_EINVAL, "frame_take: row %lld is not in 0 .. %lld", (long long)rows[i], (long long)f->rows - 1);
    static const int64_t none;
    return pick(f, n ? rows : &none, n);
}

/* n rows from `first` on, as far as there are. */
static ml_frame *stretch(const ml_frame *f, int64_t first, int64_t n)
{
    int64_t *rows = mli_alloc((size_t)n * sizeof *rows);
    for (int64_t i = 0; rows && i < n; i++)
        rows[i] = first + i;
    ml_frame *g = rows ? pick(f, rows, n) : NULL;
    mli_free(rows);
    return g;
}

ml_frame *ml_frame_head(const ml_frame *f, int64_t n)
{
    if (!mli_frame_is("frame_head", f))
        return NULL;
    if (n < 0)
        return mli_null(ML_EINVAL, "frame_head: n is %lld", (long long)n);
    return stretch(f, 0, n < f->rows ? n : f->rows);
}

ml_frame *ml_frame_tail(const ml_frame *f, int64_t n)
{
    if (!mli_frame_is("frame_tail", f))
        return NULL;
    if (n < 0)
        return mli_null(ML_EINVAL, "frame_tail: n is %lld", (long long)n);
    const int64_t count = n < f->rows ? n : f->rows;
    return stretch(f, f->rows - count, count);
}

ml_frame *ml_frame_sample(const ml_frame *f, int64_t n, ml_rng *rng)
{
    if (!mli_frame_is("frame_sample", f))
        return NULL;
    if (n < 0 || n > f->rows || !rng)
        return mli_null(ML_EINVAL, "frame_sample: %lld of %lld rows%s", (long long)n, (long long)f->rows,
                        rng ? "" : ", and rng is NULL");
    int64_t *rows = mli_alloc((size_t)f->rows * sizeof *rows);
    for (int64_t i = 0; rows && i < f->rows; i++)
        rows[i] = i;
    if (rows)
        ml_rng_shuffle(rng, rows, f->rows);
    ml_frame *g = rows ? pick(f, rows, n) : NULL;
    mli_free(rows);
    return g;
}

/* ---- splits ---- */

static ml_status check_split(const ml_frame *f, double fraction, ml_frame **rest, ml_frame **held)
{
    if (rest)
        *rest = NULL;
    if (held)
        *held = NULL;
    if (!f || !rest || !held)
        return mli_fail(ML_EINVAL, "frame_split: frame, rest and held must not be NULL");
    return mli_split_check("frame_split", f->role, fraction);
}

/* A label for each row, equal where the column has equal values; what is missing is a value of its own. */
static ml_status strata(const ml_frame *f, const char *name, int32_t **label, int32_t *classes)
{
    const ml_column *c = ml_frame_column(f, name);
    *label = NULL;
    if (!c)
        return mli_fail_in("frame_split");
    *label = mli_alloc((size_t)f->rows * sizeof **label);
    if (!*label || mli_column_codes(c, *label, classes))
        return ml_error_status();
    for (int64_t i = 0; i < f->rows; i++)
        if ((*label)[i] < 0)
            (*label)[i] = *classes;
    *classes += c->missing > 0;
    return ML_OK;
}

ml_status ml_frame_split(const ml_frame *f, double fraction, uint64_t seed, ml_role held_role, const char *stratify,
                         ml_frame **rest, ml_frame **held)
{
    int32_t *label = NULL, classes = 0;
    int64_t *rows = NULL, n_held = 0;
    ml_status s = check_split(f, fraction, rest, held);
    if (!s && stratify)
        s = strata(f, stratify, &label, &classes);
    if (!s)
        s = mli_split_order("frame_split", f->rows, label, classes, fraction, seed, &rows, &n_held);
    if (!s) {
        *held = pick(f, rows, n_held);
        *rest = *held ? pick(f, rows + n_held, f->rows - n_held) : NULL;
        s = *rest ? ML_OK : ml_error_status();
    }
    mli_free(label);
    mli_free(rows);
    if (s) {
        if (held)
            ml_frame_free(*held), *held = NULL;
        return s;
    }
    (*held)->role = held_role;
    (*rest)->role = ML_ROLE_TRAIN;
    return ML_OK;
}

ml_status ml_frame_set_role(ml_frame *f, ml_role role)
{
    if (!mli_frame_is("frame_set_role", f))
        return ML_EINVAL;
    if (f->role == ML_ROLE_TEST && role != ML_ROLE_TEST)
        return mli_fail(ML_ESTATE, "frame_set_role: this frame is for testing; ml_frame_forget_role makes it something else, "
                                   "and wants the reason");
    f->role = role;
    return ML_OK;
}

ml_status ml_frame_forget_role(ml_frame *f, const char *reason)
{
    if (!mli_frame_is("frame_forget_role", f))
        return ML_EINVAL;
    if (!reason || !*reason)
        return mli_fail(ML_EINVAL, "frame_forget_role: say why, in a sentence: who reads the program should see it");
    f->role = ML_ROLE_NONE;
    return ML_OK;
}
