/* model.c -- what all learners share: fitting by name, what data must be, predicting in blocks. */
#include "classical/model.h"

#include "base/texts.h"
#include "io/io.h"

#include <math.h>
#include <string.h>

static const ml_learner_kind *const KINDS[] = {&mli_dummy_kind, &mli_linear_kind, &mli_logistic_kind,
                                               &mli_tree_kind,  &mli_forest_kind, &mli_boost_kind};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

const ml_learner_kind *mli_learner_kind(const char *name)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (strcmp(KINDS[i]->name, name) == 0)
            return KINDS[i];
    return NULL;
}

char *mli_learner_names(char *buf, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < KIND_COUNT && used < size; i++)
        used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "", KINDS[i]->name);
    return buf;
}

ml_learner ml_dummy_learner(ml_dummy_opts opts)
{
    return (ml_learner){.kind = &mli_dummy_kind, .opts.dummy = opts};
}

ml_learner ml_linear_learner(ml_linear_opts opts)
{
    return (ml_learner){.kind = &mli_linear_kind, .opts.linear = opts};
}

ml_learner ml_logistic_learner(ml_logistic_opts opts)
{
    return (ml_learner){.kind = &mli_logistic_kind, .opts.logistic = opts};
}

ml_learner ml_tree_learner(ml_tree_opts opts)
{
    return (ml_learner){.kind = &mli_tree_kind, .opts.tree = opts};
}

ml_learner ml_forest_learner(ml_forest_opts opts)
{
    return (ml_learner){.kind = &mli_forest_kind, .opts.forest = opts};
}

ml_learner ml_boost_learner(ml_boost_opts opts)
{
    return (ml_learner){.kind = &mli_boost_kind, .opts.boost = opts};
}

/* ---- fitting ---- */

static ml_status check_shape(const char *who, const ml_xy *data)
{
    const int64_t n = data->x.rows;
    if (data->x.role == ML_ROLE_TEST)
        return mli_fail(ML_EINVAL, "%s: these rows are a TEST set: a model that is fitted on them has seen the answers, and its "
                        "test score no longer says how it does on new data", who);
    if (n < 1 || data->x.columns < 0 || (data->x.columns > 0 && !data->x.v))
        return mli_fail(ML_EINVAL, "%s: x is %lld x %lld: there is nothing to learn from", who, (long long)n,
                        (long long)data->x.columns);
    if (!data->label.v == !data->y.v)
        return mli_fail(ML_EINVAL, "%s: give labels to classify, or y for regression: one of them", who);
    if (data->label.v && data->label.n != n)
        return mli_fail(ML_EINVAL, "%s: x has %lld rows, and there are %lld labels", who, (long long)n, (long long)data->label.n);
    if (data->y.v && data->y.n != n)
        return mli_fail(ML_EINVAL, "%s: x has %lld rows, and y %lld numbers", who, (long long)n, (long long)data->y.n);
    if (data->weight.v && data->weight.n != n)
        return mli_fail(ML_EINVAL, "%s: x has %lld rows, and there are %lld weights", who, (long long)n, (long long)data->weight.n);
    return ML_OK;
}

/* Labels in range; classes 0 becomes the largest + 1. */
static ml_status check_labels(const char *who, ml_xy *data)
{
    enum { FEW = 1 << 16 };
    int32_t most = 0;
    for (int64_t i = 0; i < data->label.n; i++) {
        const int32_t k = data->label.v[i];
        if (k < 0 || (data->classes > 0 && k >= data->classes))
            return mli_fail(ML_EINVAL, "%s: the label of row %lld is %ld: labels are 0 .. classes-1%s", who, (long long)i, (long)k,
                            k < 0 ? ", none below" : "");
        most = k > most ? k : most;
    }
    if (data->classes < 0 || most == INT32_MAX)
        return mli_fail(ML_EINVAL, "%s: %ld classes", who, (long)data->classes);
    if (!data->classes)
        data->classes = most + 1;
    if (data->classes > data->label.n && data->classes > FEW) /* memory goes with the rows there are, not with the labels' values */
        return mli_fail(ML_EINVAL, "%s: %ld classes for %lld rows: number the labels 0, 1, 2, ... without large gaps", who,
                        (long)data->classes, (long long)data->label.n);
    return ML_OK;
}

static ml_status check_targets(const char *who, ml_xy *data)
{
    double sum = 0;
    for (int64_t i = 0; data->y.v && i < data->y.n; i++)
        if (!isfinite(data->y.v[i]))
            return mli_fail(ML_EINVAL, "%s: y of row %lld is %g: it must be a finite number", who, (long long)i, data->y.v[i]);
    for (int64_t i = 0; data->weight.v && i < data->weight.n; i++) {
        if (!(data->weight.v[i] >= 0 && data->weight.v[i] < INFINITY))
            return mli_fail(ML_EINVAL, "%s: the weight of row %lld is %g: it must be a number >= 0", who, (long long)i,
                            data->weight.v[i]);
        sum += data->weight.v[i];
    }
    if (data->weight.v && !(sum > 0 && sum < INFINITY))
        return mli_fail(ML_EINVAL, "%s: the weights sum to %g", who, sum);
    return data->label.v ? check_labels(who, data) : ML_OK;
}

/* ---- numbers that can be used ---- */

enum { CHECKED = 1024 }; /* rows a chunk */

typedef struct numbers {
    const ml_matrix *x;
    bool missing;
} numbers;

/* 0 x is 0 for every finite x and NaN for every other, so a sum tells without a branch a number. With missing values a row that has
 * one is looked at number by number. Fails without a sentence of its own. */
static ml_status check_chunk(void *arg, int64_t chunk)
{
    const numbers *c = arg;
    const ml_matrix *x = c->x;
    const bool dense = !x->row_stride && !x->column_stride;
    const int64_t row = dense ? x->columns : x->row_stride, column = dense ? 1 : x->column_stride;
    const int64_t end = (chunk + 1) * CHECKED < x->rows ? (chunk + 1) * CHECKED : x->rows;
    const bool along = column == 1;
    const int64_t outer = along ? end - chunk * CHECKED : x->columns, inner = along ? x->columns : end - chunk * CHECKED;
    for (int64_t i = 0; i < outer; i++) {
        const double *v = x->v + chunk * CHECKED * row + i * (along ? row : column);
        const int64_t step = along ? 1 : row;
        double lane[8] = {0}, sum = 0;
        int64_t j = 0;
        for (; step == 1 && j + 8 <= inner; j += 8)
            for (int k = 0; k < 8; k++)
                lane[k] += 0 * v[j + k];
        for (; j < inner; j++)
            sum += 0 * v[j * step];
        for (int k = 0; k < 8; k++)
            sum += lane[k];
        for (j = 0; j < inner && isnan(sum); j++)
            if (!isfinite(v[j * step]) && !(c->missing && isnan(v[j * step])))
                return ML_EINVAL;
    }
    return ML_OK;
}

/* The first number that the learner cannot use. */
static ml_status check_features(const char *who, const ml_matrix *x, bool missing)
{
    char name[MLI_SHOWN];
    if (x->columns == 0 || !ml_parallel_for((x->rows + CHECKED - 1) / CHECKED, check_chunk, &(numbers){x, missing}))
        return ML_OK;
    for (int64_t i = 0; i < x->rows; i++)
        for (int64_t j = 0; j < x->columns; j++) {
            const double v = ml_matrix_at(x, i, j);
            if (isfinite(v) || (missing && isnan(v)))
                continue;
            snprintf(name, sizeof name, "x%lld", (long long)j);
            if (x->names)
                mli_shown(x->names[j], name);
            return mli_fail(ML_EINVAL, "%s: feature '%s' of row %lld is %s: %s", who, name, (long long)i,
                            isnan(v) ? "missing (NaN)" : "infinite", isnan(v) ? "fill it in first, or use trees, which know missing "
                            "values" : "only finite numbers can be learned from");
        }
    return ML_OK;
}

static ml_status check_kind(const ml_learner *learner, const ml_xy *data)
{
    const ml_learner_kind *kind = learner->kind;
    if (data->label.v ? !kind->classifies : !kind->regresses)
        return mli_fail(ML_EINVAL, "%s: it %s, and the data has %s", kind->name,
                        kind->classifies ? "tells classes apart" : "predicts numbers", data->label.v ? "labels" : "numbers y");
    return ML_OK;
}

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
        return ml_error_status() ? NULL : mli_null(ML_EINVAL, "fit: the learner has no kind"); /* ml_learner_named has said why */
    const char *who = learner.kind->name;
    if (mli_learner_resolve(&learner) || check_shape(who, &data) || check_targets(who, &data) || check_kind(&learner, &data) ||
        (!learner.kind->notices && check_features(who, &data.x, learner.kind->missing)))
        return NULL;
    ml_model *m = mli_model_blank(&learner);
    if (!m)
        return NULL;
    m->classes = data.label.v ? data.classes : 0;
    m->features = data.x.columns;
    if (name_features(m, &data.x) || learner.kind->fit(m, &data)) {
        if (learner.kind->notices)
            check_features(who, &data.x, false); /* its sentence, where that is what fit noticed */
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
    return check_names(m, x) ? ML_EINVAL : check_features(who, x, m->learner.kind->missing);
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
static void largest(const double *p, int64_t n, int32_t classes, int32_t *label)
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
            largest(p, n, m->classes, label + first);
    }
    mli_free(p);
    return s;
}

/* ---- weights ---- */

ml_status mli_row_weights(const ml_xy *data, bool balanced, const double *class_weight, double *out)
{
    const int64_t n = data->x.rows;
    double *of_class = mli_calloc((size_t)data->classes + 1, sizeof *of_class), total = 0;
    int32_t present = 0;
    if (!of_class)
        return ML_ENOMEM;
    for (int64_t i = 0; i < n; i++) {
        out[i] = data->weight.v ? data->weight.v[i] : 1;
        total += out[i];
        if (data->label.v)
            of_class[data->label.v[i]] += out[i];
    }
    for (int32_t k = 0; k < data->classes; k++)
        present += of_class[k] > 0;
    for (int64_t i = 0; i < n && data->label.v; i++) {
        const int32_t k = data->label.v[i];
        if (balanced && of_class[k] > 0)
            out[i] *= total / (present * of_class[k]);
        if (class_weight)
            out[i] *= class_weight[k];
    }
    mli_free(of_class);
    return ML_OK;
}
