/* scale.c -- makes columns of numbers comparable in size:  y = (x - centre) / scale
 *
 * Standard  centre the mean, scale the standard deviation (of n values, not n-1)
 * Min-max   y = low + (x - min) (high - low) / (max - min): centre and scale so that min becomes low and max high
 * Robust    centre the median, scale the distance between the quartiles: an outlier moves neither
 * Learns    centre and scale a column. A constant column has scale 1, and one without a value centre 0 and scale 1
 */
#include "prep/prep.h"
#include "prep/statistics.h"

#include <math.h>

static const char *const HOW[] = {"standard", "min_max", "robust", NULL};
static const mli_field FIELDS[] = {
    MLI_FIELD_CHOICE(ml_scale_opts, how, HOW),
    MLI_FIELD(ml_scale_opts, no_center, MLI_FLAG, 0),
    MLI_FIELD(ml_scale_opts, no_scale, MLI_FLAG, 0),
    MLI_FIELD(ml_scale_opts, low, MLI_FINITE, 0),
    MLI_FIELD(ml_scale_opts, high, MLI_FINITE, 1),
    {0},
};

/* y = (x - centre) / scale + shift, p->n numbers each. */
typedef struct scales {
    double *centre, *scale, *shift;
} scales;

static void free_scales(void *state)
{
    scales *s = state;
    if (!s)
        return;
    mli_free(s->centre);
    mli_free(s->scale);
    mli_free(s->shift);
    mli_free(s);
}

static ml_status check(const ml_prep_step *step)
{
    const ml_scale_opts *o = &step->opts.scale;
    if (o->how != ML_SCALE_MIN_MAX && (o->low != 0 || o->high != 1))
        return mli_fail(ML_EINVAL, "low and high are options of ML_SCALE_MIN_MAX");
    if (o->how == ML_SCALE_MIN_MAX && (o->no_center || o->no_scale))
        return mli_fail(ML_EINVAL, "ML_SCALE_MIN_MAX has neither no_center nor no_scale");
    if (o->low >= o->high)
        return mli_fail(ML_EINVAL, "low must be below high");
    return ML_OK;
}

/* ---- fitting ---- */

/* n >= 1 finite numbers, which it may reorder. */
static void measure(double *v, int64_t n, const ml_scale_opts *o, double *centre, double *scale, double *shift)
{
    if (o->how == ML_SCALE_STANDARD) {
        *centre = mli_mean(v, n);
        *scale = mli_deviation(v, n, *centre);
        return;
    }
    if (o->how == ML_SCALE_ROBUST) {
        *centre = mli_median(v, n);
        *scale = mli_quantile(v, n, 0.75) - mli_quantile(v, n, 0.25);
        return;
    }
    *centre = mli_select(v, n, 0);
    *scale = (mli_select(v, n, n - 1) - *centre) / (o->high - o->low);
    *shift = o->low;
}

static ml_status fit_column(scales *s, int i, const ml_column *c, const ml_scale_opts *o)
{
    char shown[MLI_SHOWN];
    const int64_t n = c->n - c->missing;
    double *v = mli_known(c);
    if (!v)
        return ml_error_status();
    s->centre[i] = s->scale[i] = s->shift[i] = 0;
    if (n)
        measure(v, n, o, &s->centre[i], &s->scale[i], &s->shift[i]);
    mli_free(v);
    if (!isfinite(s->centre[i]) || !isfinite(s->scale[i]))
        return mli_fail(ML_EINVAL, "the values of column '%s' are too far apart: their spread is no double",
                        mli_shown(c->name, shown));
    if (o->no_center)
        s->centre[i] = 0;
    if (o->no_scale || s->scale[i] == 0)
        s->scale[i] = 1;
    return ML_OK;
}

static ml_status fit(ml_prep *p, const ml_prep_step *step, const mli_prep_rows *g)
{
    scales *s = mli_calloc(1, sizeof *s);
    p->state = s;
    if (!s)
        return ML_ENOMEM;
    s->centre = mli_alloc((size_t)p->n * sizeof *s->centre);
    s->scale = mli_alloc((size_t)p->n * sizeof *s->scale);
    s->shift = mli_alloc((size_t)p->n * sizeof *s->shift);
    ml_status e = s->centre && s->scale && s->shift ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < p->n && !e; i++)
        e = fit_column(s, i, g->column[i], &step->opts.scale);
    return e;
}

/* ---- transforming ---- */

static ml_status replace(const ml_prep *p, int i, const ml_column *c, ml_frame *out)
{
    const scales *s = p->state;
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t k = 0; v && k < c->n; k++)
        v[k] = (ml_column_number(c, k) - s->centre[i]) / s->scale[i] + s->shift[i];
    return mli_add_numbers(out, c->name, v, c->n);
}

/* ---- files ---- */

static ml_status save(const ml_prep *p, mli_store *store, const char *at)
{
    const scales *s = p->state;
    ml_status e = mli_store_put_doubles(store, at, "centre", s->centre, p->n);
    if (!e)
        e = mli_store_put_doubles(store, at, "scale", s->scale, p->n);
    return e ? e : mli_store_put_doubles(store, at, "shift", s->shift, p->n);
}

static ml_status load(ml_prep *p, mli_store *store, const char *at)
{
    scales *s = mli_calloc(1, sizeof *s);
    p->state = s;
    ml_status e = s ? mli_store_doubles(store, at, "centre", p->n, p->n, &s->centre, NULL) : ML_ENOMEM;
    if (!e)
        e = mli_store_doubles(store, at, "scale", p->n, p->n, &s->scale, NULL);
    if (!e)
        e = mli_store_doubles(store, at, "shift", p->n, p->n, &s->shift, NULL);
    for (int i = 0; i < p->n && !e; i++)
        if (!isfinite(s->centre[i]) || !isfinite(s->scale[i]) || s->scale[i] == 0 || !isfinite(s->shift[i]))
            e = mli_store_fail(store, at, "scale", "has at place %d what is no scale", i);
    return e;
}

const ml_prep_kind mli_scale_kind = {
    .name = "scale",
    .fields = FIELDS,
    .takes = MLI_TAKES_NUMBERS,
    .check = check,
    .fit = fit,
    .replace = replace,
    .save = save,
    .load = load,
    .free = free_scales,
};

ml_prep_step ml_scale_step(ml_scale_opts opts)
{
    return (ml_prep_step){.kind = &mli_scale_kind, .opts.scale = opts};
}
