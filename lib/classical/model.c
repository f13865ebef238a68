/* model.c -- a learner fits, a model predicts: what all of them share. */
#include "classical/model.h"

#include "base/texts.h"
#include "io/io.h"

#include <string.h>

static ml_status name_features(ml_model *m, const ml_matrix *x)
{
    char text[32];
    const char **names = mli_alloc((size_t)x->columns * sizeof *names);
    char(*made)[sizeof text] = x->names ? NULL : mli_alloc((size_t)x->columns * sizeof *made);
    if (names && (made || x->names))
        for (int64_t j = 0; j < x->columns; j++) {
            if (made)
                snprintf(made[j], sizeof made[j], "x%lld", (long long)j);
            names[j] = made ? made[j] : x->names[j];
        }
    m->name = names && (made || x->names) ? mli_texts_copy(names, x->columns) : NULL;
    m->named = x->names != NULL;
    mli_free(names);
    mli_free(made);
    return m->name ? ML_OK : ML_ENOMEM;
}

ml_model *mli_model_blank(const ml_learner *learner)
{
    ml_model *m = mli_calloc(1, sizeof *m);
    if (m)
        m->learner = *learner;
    return m;
}

ml_model *ml_fit(ml_learner learner, ml_xy data)
{
    if (!learner.kind)
        return mli_null(ML_EINVAL, "fit: the learner has no kind (where it is of ml_learner_named, look there first)");
    const char *who = learner.kind->name;
    if (mli_learner_resolve(&learner) || mli_check_data(&learner, &data) ||
        (!learner.kind->notices && mli_check_features(who, &data.x, learner.kind->missing)))
        return NULL;
    ml_model *m = mli_model_blank(&learner);
    if (!m)
        return NULL;
    m->classes = data.label.v ? data.classes : 0;
    m->features = data.x.columns;
    if (name_features(m, &data.x) || learner.kind->fit(m, &data)) {
        if (learner.kind->notices)
            mli_check_features(who, &data.x, false); /* its sentence, where that is what fit noticed */
        ml_model_free(m);
        return NULL;
    }
    if (learner.kind == &mli_logistic_kind)
        m->learner.opts.logistic.class_weight = NULL; /* the caller's, which may be gone */
    return m;
}

ml_model *ml_dummy_fit(ml_xy data, ml_dummy_opts opts)
{
    return ml_fit(ml_dummy_learner(opts), data);
}

ml_model *ml_linear_fit(ml_xy data, ml_linear_opts opts)
{
    return ml_fit(ml_linear_learner(opts), data);
}

ml_model *ml_logistic_fit(ml_xy data, ml_logistic_opts opts)
{
    return ml_fit(ml_logistic_learner(opts), data);
}

ml_model *ml_tree_fit(ml_xy data, ml_tree_opts opts)
{
    return ml_fit(ml_tree_learner(opts), data);
}

ml_model *ml_forest_fit(ml_xy data, ml_forest_opts opts)
{
    return ml_fit(ml_forest_learner(opts), data);
}

ml_model *ml_boost_fit(ml_xy data, ml_boost_opts opts)
{
    return ml_fit(ml_boost_learner(opts), data);
}

void ml_model_free(ml_model *m)
{
    if (!m)
        return;
    m->learner.kind->free(m->state);
    mli_free(m->name);
    mli_free(m);
}

/* ---- a model ---- */

ml_learner ml_model_learner(const ml_model *m)
{
    return m ? m->learner : (ml_learner){0};
}

int32_t ml_model_classes(const ml_model *m)
{
    return m ? m->classes : 0;
}

int64_t ml_model_features(const ml_model *m)
{
    return m ? m->features : 0;
}

const char *ml_model_feature(const ml_model *m, int64_t j)
{
    return m && j >= 0 && j < m->features ? m->name[j] : NULL;
}

ml_status ml_model_importances(const ml_model *m, double *importance)
{
    if (!m || !importance)
        return mli_fail(ML_EINVAL, "importances: model and importance must not be NULL");
    if (!m->learner.kind->importances)
        return mli_fail(ML_EINVAL, "importances: %s has none", m->learner.kind->name);
    return m->learner.kind->importances(m, importance);
}

/* ---- predicting ---- */

static ml_status check_names(const ml_model *m, const ml_matrix *x)
{
    char mine[MLI_SHOWN], theirs[MLI_SHOWN];
    for (int64_t j = 0; m->named && x->names && j < m->features; j++)
        if (strcmp(m->name[j], x->names[j]) != 0)
            return mli_fail(ML_EINVAL, "%s: feature %lld is '%s', and the model was fitted with '%s' there", m->learner.kind->name,
                            (long long)j, mli_shown(x->names[j], theirs), mli_shown(m->name[j], mine));
    return ML_OK;
}

static ml_status check_x(const ml_model *m, const ml_matrix *x, const void *out)
{
    if (!m || !out)
        return mli_fail(ML_EINVAL, "predict: model and result must not be NULL");
    const char *who = m->learner.kind->name;
    if (x->rows < 0 || (x->rows > 0 && x->columns > 0 && !x->v))
        return mli_fail(ML_EINVAL, "%s: x has no numbers", who);
    if (x->columns != m->features)
        return mli_fail(ML_EINVAL, "%s: x has %lld features, and the model was fitted with %lld", who, (long long)x->columns,
                        (long long)m->features);
    return check_names(m, x) ? ML_EINVAL : mli_check_features(who, x, m->learner.kind->missing);
}

ml_status ml_model_probabilities(const ml_model *m, ml_matrix x, double *p)
{
    if (check_x(m, &x, p))
        return ML_EINVAL;
    if (!m->classes)
        return mli_fail(ML_EINVAL, "%s: it was fitted to numbers: ask for values", m->learner.kind->name);
    return m->learner.kind->predict(m, &x, p);
}

ml_status ml_model_values(const ml_model *m, ml_matrix x, double *y)
{
    if (check_x(m, &x, y))
        return ML_EINVAL;
    if (m->classes)
        return mli_fail(ML_EINVAL, "%s: it was fitted to labels: ask for labels or probabilities", m->learner.kind->name);
    return m->learner.kind->predict(m, &x, y);
}

/* Rows first .. first+n-1 of x. */
static ml_matrix stretch(const ml_matrix *x, int64_t first, int64_t n)
{
    ml_matrix part = *x;
    part.rows = n;
    if (x->v)
        part.v = x->v + first * (x->row_stride || x->column_stride ? x->row_stride : x->columns);
    return part;
}

/* The class of largest probability, the first of equals. */
void mli_largest_class(const double *p, int64_t n, int32_t classes, int32_t *label)
{
    for (int64_t i = 0; i < n; i++, p += classes) {
        label[i] = 0;
        for (int32_t k = 1; k < classes; k++)
            if (p[k] > p[label[i]])
                label[i] = k;
    }
}

ml_status ml_model_labels(const ml_model *m, ml_matrix x, int32_t *label)
{
    if (check_x(m, &x, label))
        return ML_EINVAL;
    if (!m->classes)
        return mli_fail(ML_EINVAL, "%s: it was fitted to numbers: ask for values", m->learner.kind->name);
    /* In blocks, so that probabilities of a million rows and a thousand classes need not be held at once. */
    int64_t block = ((int64_t)1 << 20) / m->classes;
    block = block < 1 ? 1 : block < x.rows ? block : x.rows;
    double *p = mli_alloc((size_t)block * (size_t)m->classes * sizeof *p);
    ml_status s = p ? ML_OK : ML_ENOMEM;
    for (int64_t first = 0; first < x.rows && !s; first += block) {
        const int64_t n = x.rows - first < block ? x.rows - first : block;
        const ml_matrix part = stretch(&x, first, n);
        s = m->learner.kind->predict(m, &part, p);
        if (!s)
            mli_largest_class(p, n, m->classes, label + first);
    }
    mli_free(p);
    return s;
}
