/* plain.c -- steps that have no options and learn nothing but which columns there are: indicate, log, drop, keep. */
#include "prep/prep.h"

#include <math.h>

/* ---- indicate: where something is missing ---- */

static ml_status add_indicators(const ml_prep *p, const mli_prep_rows *g, ml_frame *out)
{
    ml_status e = ML_OK;
    for (int i = 0; i < p->n && !e; i++) {
        char *name = mli_joined(p->name[i], "_", "missing");
        double *v = name ? mli_alloc((size_t)g->rows * sizeof *v) : NULL;
        for (int64_t k = 0; v && k < g->rows; k++)
            v[k] = ml_column_missing(g->column[i], k);
        e = mli_add_numbers(out, name, v, g->rows);
        mli_free(name);
    }
    return e;
}

const ml_prep_kind mli_indicate_kind = {.name = "indicate", .takes = MLI_TAKES_ALL, .add = add_indicators};

ml_prep_step ml_indicate_step(const char *columns)
{
    return (ml_prep_step){.kind = &mli_indicate_kind, .opts.columns = columns};
}

/* ---- log: log(1 + x) ---- */

static ml_status replace_by_log(const ml_prep *p, int i, const ml_column *c, ml_frame *out)
{
    (void)p, (void)i;
    char shown[MLI_SHOWN];
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t k = 0; v && k < c->n; k++) {
        const double x = ml_column_number(c, k);
        v[k] = log1p(x);
        if (x <= -1) {
            mli_free(v);
            return mli_fail(ML_EINVAL, "row %lld of column '%s' is -1 or below: log(1 + x) is no number", (long long)k,
                            mli_shown(c->name, shown));
        }
    }
    return mli_add_numbers(out, c->name, v, c->n);
}

const ml_prep_kind mli_log_kind = {.name = "log", .takes = MLI_TAKES_NUMBERS, .replace = replace_by_log};

ml_prep_step ml_log_step(const char *columns)
{
    return (ml_prep_step){.kind = &mli_log_kind, .opts.columns = columns};
}

/* ---- drop and keep ---- */

static ml_status replace_by_nothing(const ml_prep *p, int i, const ml_column *c, ml_frame *out)
{
    (void)p, (void)i, (void)c, (void)out;
    return ML_OK;
}

const ml_prep_kind mli_drop_kind = {.name = "drop", .takes = MLI_TAKES_ALL, .may_lack = true, .replace = replace_by_nothing};

ml_prep_step ml_drop_step(const char *columns)
{
    return (ml_prep_step){.kind = &mli_drop_kind, .opts.columns = columns};
}

const ml_prep_kind mli_keep_kind = {.name = "keep", .takes = MLI_TAKES_ALL, .others_go = true};

ml_prep_step ml_keep_step(const char *columns)
{
    return (ml_prep_step){.kind = &mli_keep_kind, .opts.columns = columns};
}
