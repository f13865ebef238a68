/* check.c -- what data must be before a learner sees it, and what its rows weigh. */
#include "classical/model.h"

#include "io/io.h"

#include <math.h>

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

static ml_status check_kind(const ml_learner *learner, const ml_xy *data)
{
    const ml_learner_kind *kind = learner->kind;
    if (data->label.v ? !kind->classifies : !kind->regresses)
        return mli_fail(ML_EINVAL, "%s: it %s, and the data has %s", kind->name,
                        kind->classifies ? "tells classes apart" : "predicts numbers", data->label.v ? "labels" : "numbers y");
    return ML_OK;
}

ml_status mli_check_data(const ml_learner *learner, ml_xy *data)
{
    const char *who = learner->kind->name;
    return check_shape(who, data) || check_targets(who, data) || check_kind(learner, data) ? ml_error_status() : ML_OK;
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
ml_status mli_check_features(const char *who, const ml_matrix *x, bool missing)
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
                            "values" : "the learner wants finite numbers");
        }
    return ML_OK;
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
