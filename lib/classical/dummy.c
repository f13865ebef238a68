/* dummy.c -- what can be said without looking at the features: the score that a model has to beat.
 *
 * Problem   one answer for all rows, or a random one
 * Given     labels or numbers, weights
 * Returns   the shares of the classes; or the mean, median or constant
 * Paper     none. As scikit-learn's DummyClassifier and DummyRegressor
 */
#include "classical/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const STRATEGIES[] = {"prior", "stratified", "uniform", "median", "constant", NULL};
static const mli_field FIELDS[] = {MLI_FIELD_CHOICE(ml_dummy_opts, strategy, STRATEGIES),
                                   MLI_FIELD(ml_dummy_opts, constant, MLI_FINITE, 0),
                                   MLI_FIELD(ml_dummy_opts, seed, MLI_WORD, 0),
                                   {0}};

/* ---- the median of weighted numbers ---- */

typedef struct weighted {
    double y, weight;
} weighted;

static int by_number(const void *a, const void *b)
{
    double x = ((const weighted *)a)->y, y = ((const weighted *)b)->y;
    return (x > y) - (x < y);
}

/* Where half of the weight lies below; the middle of two neighbours where it parts between them. */
static ml_status median(const ml_xy *data, double *out)
{
    int64_t n = 0;
    double whole = 0, below = 0;
    weighted *v = mli_alloc((size_t)data->y.n * sizeof *v);
    if (!v)
        return ML_ENOMEM;
    for (int64_t i = 0; i < data->y.n; i++) {
        double w = data->weight.v ? data->weight.v[i] : 1;
        if (w > 0)
            v[n++] = (weighted){data->y.v[i], w};
        whole += w;
    }
    qsort(v, (size_t)n, sizeof *v, by_number);
    int64_t i = 0;
    while (i < n - 1 && below + v[i].weight < whole / 2)
        below += v[i++].weight;
    bool parts = i < n - 1 && below + v[i].weight == whole / 2;
    *out = parts ? v[i].y / 2 + v[i + 1].y / 2 : v[i].y;
    mli_free(v);
    return ML_OK;
}

/* ---- fitting ---- */

static ml_status wrong_use(const ml_model *m)
{
    const ml_dummy_opts *o = &m->learner.opts.dummy;
    if (m->classes ? o->strategy == ML_DUMMY_MEDIAN : o->strategy == ML_DUMMY_STRATIFIED || o->strategy == ML_DUMMY_UNIFORM)
        return mli_fail(ML_EINVAL, "dummy: strategy %s, but the data has %s", STRATEGIES[o->strategy],
                        m->classes ? "labels" : "numbers y");
    if (m->classes && o->strategy == ML_DUMMY_CONSTANT &&
        !(o->constant >= 0 && o->constant < m->classes && o->constant == floor(o->constant)))
        return mli_fail(ML_EINVAL, "dummy: constant is %g: classes are 0 .. %ld", o->constant, (long)m->classes - 1);
    return ML_OK;
}

static void shares(const ml_xy *data, int32_t classes, double *share)
{
    double whole = 0;
    for (int64_t i = 0; i < data->label.n; i++) {
        double w = data->weight.v ? data->weight.v[i] : 1;
        share[data->label.v[i]] += w;
        whole += w;
    }
    for (int32_t k = 0; k < classes; k++)
        share[k] /= whole;
}

static double mean(const ml_xy *data)
{
    double sum = 0, whole = 0, first = data->y.v[0];
    for (int64_t i = 0; i < data->y.n; i++) {
        double w = data->weight.v ? data->weight.v[i] : 1;
        sum += w * (data->y.v[i] - first); /* beside the first: what all have in common takes no digits */
        whole += w;
    }
    return first + sum / whole;
}

static ml_status fit(ml_model *m, const ml_xy *data)
{
    const ml_dummy_opts *o = &m->learner.opts.dummy;
    if (wrong_use(m))
        return ML_EINVAL;
    double *v = m->state = mli_calloc((size_t)(m->classes ? m->classes : 1), sizeof *v);
    if (!v)
        return ML_ENOMEM;
    if (o->strategy == ML_DUMMY_CONSTANT)
        v[m->classes ? (int32_t)o->constant : 0] = m->classes ? 1 : o->constant;
    else if (o->strategy == ML_DUMMY_MEDIAN)
        return median(data, v);
    else if (!m->classes)
        v[0] = mean(data);
    else if (o->strategy == ML_DUMMY_UNIFORM)
        for (int32_t k = 0; k < m->classes; k++)
            v[k] = 1.0 / m->classes;
    else
        shares(data, m->classes, v);
    return ML_OK;
}

/* ---- predicting ---- */

/* Row i draws the same each time it is asked. */
static int32_t draw(const ml_model *m, int64_t i)
{
    const double *share = m->state;
    ml_rng rng = ml_rng_split(ml_rng_seed(m->learner.opts.dummy.seed), (uint64_t)i, 0);
    double u = ml_rng_uniform(&rng);
    int32_t k = 0;
    while (k < m->classes - 1 && u >= share[k])
        u -= share[k++];
    return k;
}

static ml_status predict(const ml_model *m, const ml_matrix *x, double *out)
{
    ml_dummy_strategy strategy = m->learner.opts.dummy.strategy;
    bool random = strategy == ML_DUMMY_STRATIFIED || strategy == ML_DUMMY_UNIFORM;
    int64_t outputs = m->classes ? m->classes : 1;
    for (int64_t i = 0; i < x->rows; i++, out += outputs) {
        if (random) {
            memset(out, 0, (size_t)outputs * sizeof *out);
            out[draw(m, i)] = 1;
        } else {
            memcpy(out, m->state, (size_t)outputs * sizeof *out);
        }
    }
    return ML_OK;
}

/* ---- files ---- */

static ml_status save(const ml_model *m, mli_store *s, const char *at)
{
    return mli_store_put_doubles(s, at, "value", m->state, m->classes ? m->classes : 1);
}

static ml_status load(ml_model *m, mli_store *s, const char *at)
{
    int64_t n = m->classes ? m->classes : 1;
    double *v = NULL;
    ml_status e = mli_store_doubles(s, at, "value", n, n, &v, NULL);
    m->state = v;
    for (int64_t k = 0; k < n && !e; k++)
        if (!isfinite(v[k]) || (m->classes && !(v[k] >= 0 && v[k] <= 1)))
            e = mli_store_fail(s, at, "value", "has %g at place %lld", v[k], (long long)k);
    return e;
}

const ml_learner_kind mli_dummy_kind = {.name = "dummy",
                                        .fields = FIELDS,
                                        .missing = true,
                                        .classifies = true,
                                        .regresses = true,
                                        .fit = fit,
                                        .predict = predict,
                                        .save = save,
                                        .load = load,
                                        .free = mli_free};
