/* predictions.c -- a pipeline looked at: predictions as a frame, what is true, its names, its importances. */
#include "data/frame.h"
#include "select/select.h"

#include <stdlib.h>
#include <string.h>

/* ---- predictions ---- */

static ml_status put_integers(ml_frame *f, const mli_goal *g, const mli_answers *a)
{
    int64_t *v = mli_alloc((size_t)a->n * sizeof *v);
    for (int64_t i = 0; v && i < a->n; i++)
        v[i] = strtoll(g->text[a->label[i]], NULL, 10);
    ml_status s = v ? ml_frame_put_integers(f, "prediction", v, a->n) : ML_ENOMEM;
    mli_free(v);
    return s;
}

static ml_status put_texts(ml_frame *f, const mli_goal *g, const mli_answers *a)
{
    const char **v = mli_alloc((size_t)a->n * sizeof *v);
    for (int64_t i = 0; v && i < a->n; i++)
        v[i] = g->text[a->label[i]];
    ml_status s = v ? ml_frame_put_texts(f, "prediction", v, a->n) : ML_ENOMEM;
    mli_free(v);
    return s;
}

static ml_status put_prediction(ml_frame *f, const mli_goal *g, const mli_answers *a)
{
    if (!g->classes)
        return ml_frame_put_numbers(f, "prediction", a->value, a->n);
    if (g->type == ML_INTEGER)
        return put_integers(f, g, a);
    if (g->type == ML_TEXT)
        return put_texts(f, g, a);
    return ml_frame_put_categories(f, "prediction", (ml_ints){a->label, a->n}, (const char *const *)g->text, g->classes);
}

static ml_status put_probability(ml_frame *f, const mli_goal *g, const mli_answers *a, int32_t k)
{
    static const char before[] = "probability_";
    size_t size = sizeof before + strlen(g->text[k]);
    char *name = mli_alloc(size);
    double *v = name ? mli_alloc((size_t)a->n * sizeof *v) : NULL;
    ml_status s = ML_ENOMEM;
    if (v) {
        snprintf(name, size, "%s%s", before, g->text[k]);
        for (int64_t i = 0; i < a->n; i++)
            v[i] = a->p[i * a->classes + k];
        s = ml_frame_put_numbers(f, name, v, a->n);
    }
    mli_free(v);
    mli_free(name);
    return s;
}

ml_status mli_predictions_put(ml_frame *f, const mli_goal *g, const mli_answers *a)
{
    ml_status s = put_prediction(f, g, a);
    for (int32_t k = 0; k < g->classes && !s; k++)
        s = put_probability(f, g, a, k);
    return s;
}

/* ---- what is true ---- */

static ml_status truth(const ml_pipeline *p, const ml_frame *f, bool classes, void *out, size_t size)
{
    mli_truth t;
    if (!p || !f || !out)
        return mli_fail(ML_EINVAL, "pipeline: it is NULL, or the frame, or what is to be written to");
    if (classes != (p->goal.classes > 0))
        return mli_fail(ML_EINVAL, "pipeline: the target '%s' has %s", p->goal.name, p->goal.classes ? "classes" : "values");
    ml_status s = mli_truth_of(&t, &p->goal, f);
    if (!s && t.n)
        memcpy(out, classes ? (const void *)t.label : (const void *)t.value, (size_t)t.n * size);
    mli_truth_free(&t);
    return s;
}

ml_status ml_pipeline_truth_labels(const ml_pipeline *p, const ml_frame *f, int32_t *label)
{
    return truth(p, f, true, label, sizeof *label);
}

ml_status ml_pipeline_truth_values(const ml_pipeline *p, const ml_frame *f, double *y)
{
    return truth(p, f, false, y, sizeof *y);
}

/* ---- names ---- */

const char *ml_pipeline_target(const ml_pipeline *p)
{
    return p ? p->goal.name : NULL;
}

int32_t ml_pipeline_classes(const ml_pipeline *p)
{
    return p ? p->goal.classes : 0;
}

const char *ml_pipeline_class(const ml_pipeline *p, int32_t k)
{
    return p && k >= 0 && k < p->goal.classes ? p->goal.text[k] : NULL;
}

int ml_pipeline_inputs(const ml_pipeline *p)
{
    return p ? p->in.n : 0;
}

const char *ml_pipeline_input(const ml_pipeline *p, int j)
{
    return p && j >= 0 && j < p->in.n ? p->in.v[j].name : NULL;
}

ml_type ml_pipeline_input_type(const ml_pipeline *p, int j)
{
    return p && j >= 0 && j < p->in.n ? p->in.v[j].type : ML_NUMBER;
}

const ml_model *ml_pipeline_model(const ml_pipeline *p)
{
    return p ? p->model : NULL;
}

ml_frame *ml_pipeline_importances(const ml_pipeline *p)
{
    if (!p)
        return mli_null(ML_EINVAL, "pipeline: it is NULL");
    int64_t n = ml_model_features(p->model);
    double *importance = mli_alloc((size_t)n * sizeof *importance);
    const char **name = mli_alloc((size_t)n * sizeof *name);
    ml_frame *f = NULL;
    if (importance && name && !ml_model_importances(p->model, importance)) {
        for (int64_t j = 0; j < n; j++)
            name[j] = ml_model_feature(p->model, j);
        f = ml_frame_new();
    }
    if (f && (ml_frame_put_texts(f, "feature", name, n) || ml_frame_put_numbers(f, "importance", importance, n))) {
        ml_frame_free(f);
        f = NULL;
    }
    mli_free(importance);
    mli_free(name);
    return f;
}
