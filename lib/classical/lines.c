/* lines.c -- see lines.h. */
#include "classical/lines.h"

#include "linalg/vector.h"

#include <math.h>
#include <string.h>

mli_lines *mli_lines_new(int64_t k, int64_t d)
{
    int64_t size;
    if (!mli_shape_size(2, (int64_t[]){k, d + 1}, &size))
        return mli_null(ML_ENOMEM, "%lld rows of %lld coefficients are too many", (long long)k, (long long)d);
    mli_lines *l = mli_calloc(1, sizeof *l);
    if (!l)
        return NULL;
    *l = (mli_lines){.k = k, .d = d, .w = mli_calloc((size_t)size, sizeof *l->w)};
    l->intercept = l->w + k * d;
    if (l->w)
        return l;
    mli_free(l);
    return NULL;
}

void mli_lines_free(void *lines)
{
    mli_lines *l = lines;
    if (l)
        mli_free(l->w);
    mli_free(l);
}

ml_status mli_lines_take(mli_lines *l, const mli_design *design, const double *u, double scale, double at, const char *who)
{
    for (int64_t k = 0; k < l->k; k++, u += l->d + 1) {
        double b = u[l->d];
        for (int64_t j = 0; j < l->d; j++) {
            double w = design->inverse[j] * u[j];
            l->w[k * l->d + j] = scale * w;
            b -= design->shift[j] * w;
        }
        l->intercept[k] = scale * b + at;
    }
    for (int64_t i = 0; i < l->k * (l->d + 1); i++)
        if (!isfinite(l->w[i]))
            return mli_fail(ML_EINVAL, "%s: coefficient %lld does not fit a double: bring features and y to sizes nearer to 1", who,
                            (long long)i);
    return ML_OK;
}

/* ---- scores ---- */

enum { CHUNK = 2048 }; /* rows */

typedef struct scores {
    const mli_lines *l;
    const ml_matrix *x;
    int64_t row_stride, column_stride;
    double *z;
} scores;

/* In the order of mli_dot, whatever the stride. */
static inline __attribute__((always_inline)) double dot(const double *x, int64_t stride, const double *w, int64_t n)
{
    double lane[MLI_LANES] = {0}, sum = 0;
    int64_t j = 0;
    for (; j + MLI_LANES <= n; j += MLI_LANES)
        for (int k = 0; k < MLI_LANES; k++)
            lane[k] += x[(j + k) * stride] * w[j + k];
    for (; j < n; j++)
        sum += x[j * stride] * w[j];
    for (int k = 0; k < MLI_LANES; k++)
        sum += lane[k];
    return sum;
}

static ml_status chunk_of_rows(void *arg, int64_t chunk)
{
    const scores *s = arg;
    const mli_lines *l = s->l;
    int64_t end = (chunk + 1) * CHUNK < s->x->rows ? (chunk + 1) * CHUNK : s->x->rows;
    for (int64_t i = chunk * CHUNK; i < end; i++)
        for (int64_t k = 0; k < l->k; k++) {
            const double *x = s->x->v + i * s->row_stride, *w = l->w + k * l->d;
            s->z[i * l->k + k] = l->intercept[k] + (s->column_stride == 1 ? dot(x, 1, w, l->d) : dot(x, s->column_stride, w, l->d));
        }
    return ML_OK;
}

void mli_lines_scores(const mli_lines *l, const ml_matrix *x, double *z)
{
    scores s = {.l = l, .x = x, .row_stride = x->row_stride, .column_stride = x->column_stride, .z = z};
    if (!s.row_stride && !s.column_stride)
        s.row_stride = x->columns, s.column_stride = 1;
    ml_parallel_for((x->rows + CHUNK - 1) / CHUNK, chunk_of_rows, &s); /* it cannot fail */
}

/* ---- on file ---- */

ml_status mli_lines_save(const ml_model *m, mli_store *s, const char *at)
{
    const mli_lines *l = m->state;
    ml_status e = mli_store_put_doubles(s, at, "coefficients", l->w, l->k * l->d);
    if (!e)
        e = mli_store_put_doubles(s, at, "intercepts", l->intercept, l->k);
    if (!e)
        e = mli_store_put_json(s, at, "steps", json_integer(l->steps));
    return e ? e : mli_store_put_json(s, at, "settled", json_boolean(l->settled));
}

/* An array of finite numbers, just as many as there is room for. */
static ml_status take(mli_store *s, const char *at, const char *name, double *to, int64_t n)
{
    double *v = NULL;
    int64_t found;
    ml_status e = mli_store_doubles(s, at, name, n, n, &v, &found);
    for (int64_t i = 0; i < n && !e; i++) {
        if (!isfinite(v[i]))
            e = mli_store_fail(s, at, name, "number %lld is %g: it must be finite", (long long)i, v[i]);
        to[i] = v[i];
    }
    mli_free(v);
    return e;
}

ml_status mli_lines_load(ml_model *m, int64_t k, mli_store *s, const char *at)
{
    const json_t *steps = mli_store_json(s, at, "steps"), *settled = steps ? mli_store_json(s, at, "settled") : NULL;
    if (!settled)
        return ml_error_status();
    if (!json_is_integer(steps) || json_integer_value(steps) < 0 || !json_is_boolean(settled))
        return mli_store_fail(s, at, "steps", "are no number >= 0 with a word on whether they were enough");
    mli_lines *l = m->state = mli_lines_new(k, m->features);
    if (!l)
        return ML_ENOMEM;
    l->steps = json_integer_value(steps);
    l->settled = json_is_true(settled);
    ml_status e = take(s, at, "coefficients", l->w, l->k * l->d);
    return e ? e : take(s, at, "intercepts", l->intercept, l->k);
}

/* ---- what a program may ask ---- */

static const mli_lines *lines_of(const ml_model *m, const char *who)
{
    if (!m)
        return mli_null(ML_EINVAL, "%s: the model is NULL", who);
    if (m->learner.kind != &mli_linear_kind && m->learner.kind != &mli_logistic_kind)
        return mli_null(ML_EINVAL, "%s: linear and logistic models have them, and this is %s", who, m->learner.kind->name);
    return m->state;
}

ml_status ml_model_coefficients(const ml_model *m, double *w, double *intercept)
{
    const mli_lines *l = lines_of(m, "coefficients");
    if (!l)
        return ML_EINVAL;
    if (w)
        memcpy(w, l->w, (size_t)(l->k * l->d) * sizeof *w);
    if (intercept)
        memcpy(intercept, l->intercept, (size_t)l->k * sizeof *intercept);
    return ML_OK;
}

int64_t ml_model_steps(const ml_model *m, bool *settled)
{
    const mli_lines *l = lines_of(m, "steps");
    if (settled)
        *settled = l && l->settled;
    return l ? l->steps : -1;
}
