/* frame_shift.c -- a value beside the one some rows before it: shifted, their difference, their ratio; and all up to a row
 * together. */
#include "data/verbs.h"

#include <math.h>

/* Row i - by, or -1 where there is none. */
static int64_t other_row(int64_t i, int64_t by, int64_t n)
{
    if (by >= n || by <= -n)
        return -1;
    return i - by >= 0 && i - by < n ? i - by : -1;
}

ml_status ml_frame_shift(ml_frame *f, const char *column, const char *as, int64_t by)
{
    const ml_column *c = mli_verb_column("frame_shift", f, column, MLI_ANY);
    int64_t *rows = c ? mli_alloc((size_t)c->n * sizeof *rows) : NULL;
    if (!rows)
        return ml_error_status();
    for (int64_t i = 0; i < c->n; i++)
        rows[i] = other_row(i, by, c->n);
    ml_status s = mli_verb_pick("frame_shift", f, as ? as : column, c, rows);
    mli_free(rows);
    return s;
}

/* a - b of integers may not fit 64 bits: as a double it does. */
static double difference(const ml_column *c, int64_t i, int64_t k)
{
    if (c->type == ML_NUMBER)
        return c->number[i] - c->number[k];
    const int64_t a = c->integer[i], b = c->integer[k];
    const bool fits = b >= 0 ? a >= INT64_MIN + b : a <= INT64_MAX + b;
    return fits ? (double)(a - b) : (double)a - (double)b;
}

static double difference_to(const ml_column *c, int64_t i, int64_t by)
{
    const int64_t k = other_row(i, by, c->n);
    if (k < 0 || ml_column_missing(c, i) || ml_column_missing(c, k))
        return NAN;
    return c->type == ML_TIME ? difference(c, i, k) / 1e6 : difference(c, i, k);
}

ml_status ml_frame_diff(ml_frame *f, const char *column, const char *as, int64_t by)
{
    const ml_column *c = mli_verb_column("frame_diff", f, column, MLI_NUMERIC | MLI_TIMES);
    double *v = c ? mli_alloc((size_t)c->n * sizeof *v) : NULL;
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = difference_to(c, i, by);
    return mli_verb_numbers("frame_diff", f, as ? as : column, v);
}

ml_status ml_frame_pct_change(ml_frame *f, const char *column, const char *as, int64_t by)
{
    const ml_column *c = mli_verb_column("frame_pct_change", f, column, MLI_NUMERIC);
    double *v = c ? mli_alloc((size_t)c->n * sizeof *v) : NULL;
    for (int64_t i = 0; v && i < c->n; i++) {
        const int64_t k = other_row(i, by, c->n);
        v[i] = k < 0 ? NAN : ml_column_number(c, i) / ml_column_number(c, k) - 1;
    }
    return mli_verb_numbers("frame_pct_change", f, as ? as : column, v);
}

/* ---- all rows up to one ---- */

static double together(ml_cumulate what, double a, double b)
{
    switch (what) {
    case ML_CUM_SUM:
        return a + b;
    case ML_CUM_PRODUCT:
        return a * b;
    case ML_CUM_MIN:
        return b < a ? b : a;
    default:
        return b > a ? b : a;
    }
}

ml_status ml_frame_cumulate(ml_frame *f, const char *column, const char *as, ml_cumulate what)
{
    const ml_column *c = mli_verb_column("frame_cumulate", f, column, MLI_NUMERIC);
    if (!c)
        return ml_error_status();
    if ((unsigned)what > ML_CUM_MAX)
        return mli_fail(ML_EINVAL, "frame_cumulate: there is no way %d to cumulate", (int)what);
    double *v = mli_alloc((size_t)c->n * sizeof *v), so_far = NAN;
    bool any = false;
    for (int64_t i = 0; v && i < c->n; i++) {
        v[i] = ml_column_number(c, i);
        if (ml_column_missing(c, i))
            continue;
        v[i] = so_far = any ? together(what, so_far, v[i]) : v[i];
        any = true;
    }
    return mli_verb_numbers("frame_cumulate", f, as ? as : column, v);
}
