/* evaluate.c -- a net against a whole data set, in eval mode, recording nothing.
 *
 * The samples are read beside the set's own pass, so that a training loop may evaluate the very set it walks through.
 */
#include "base/base.h"

#include <mlcore/metrics.h>

#include <math.h>

enum { ROWS = 512 }; /* samples predicted at once */

/* The index of the largest; the first of equals; a NaN wins, so that a broken net does not look sane by luck. */
static int32_t argmax(const ml_real *v, int64_t n)
{
    int64_t best = 0;
    for (int64_t k = 1; k < n; k++)
        if (v[k] > v[best] || (isnan(v[k]) && !isnan(v[best])))
            best = k;
    return (int32_t)best;
}

/* -log softmax(v)[label] = log(sum_k exp(v_k - m)) - (v_label - m), m the largest. */
static double cross_entropy(const ml_real *v, int64_t n, int32_t label)
{
    double m = (double)v[argmax(v, n)], sum = 0;
    for (int64_t k = 0; k < n; k++)
        sum += exp((double)v[k] - m);
    return log(sum) - ((double)v[label] - m);
}

static ml_status check(ml_net *net, const ml_dataset *ds, int64_t *outputs)
{
    if (!net || !ds)
        return mli_fail(ML_EINVAL, "evaluate: net and set must not be NULL");
    if (ds->n < 1)
        return mli_fail(ML_EINVAL, "evaluate: the set is empty");
    if (ml_net_inputs(net) != ds->features)
        return mli_fail(ML_EINVAL, "evaluate: the net takes %lld numbers a sample, the set has %lld",
                        (long long)ml_net_inputs(net), (long long)ds->features);
    *outputs = ml_net_outputs(net);
    if (*outputs < 0)
        return ml_error_status();
    if (*outputs < ds->classes)
        return mli_fail(ML_EINVAL, "evaluate: the net has %lld outputs, the set %ld classes", (long long)*outputs,
                        (long)ds->classes);
    return ML_OK;
}

ml_status ml_classify(ml_net *net, ml_dataset *ds, int32_t *predicted, double *loss)
{
    int64_t outputs = 0;
    if (check(net, ds, &outputs))
        return ml_error_status();
    if (!predicted)
        return mli_fail(ML_EINVAL, "classify: predicted must not be NULL");
    ml_real *x = mli_alloc((size_t)ROWS * (size_t)ds->features * sizeof *x);
    ml_real *logits = mli_alloc((size_t)ROWS * (size_t)outputs * sizeof *logits);
    ml_status s = x && logits ? ml_net_prepare(net) : ML_ENOMEM;
    double sum = 0;
    for (int64_t i = 0; !s && i < ds->n; i += ROWS) {
        int64_t n = ds->n - i < ROWS ? ds->n - i : ROWS;
        for (int64_t k = 0; !s && k < n; k++)
            s = ml_dataset_sample(ds, i + k, x + k * ds->features, NULL);
        if (!s)
            s = ml_predict(net, x, n, logits);
        for (int64_t k = 0; !s && k < n; k++) {
            const ml_real *row = logits + k * outputs;
            predicted[i + k] = argmax(row, outputs);
            if (loss)
                sum += cross_entropy(row, outputs, ds->labels[i + k]);
        }
    }
    mli_free(x);
    mli_free(logits);
    if (!s && loss)
        *loss = sum / (double)ds->n;
    return s;
}

static ml_status macro_f1(ml_ints truth, ml_ints predicted, int32_t classes, double *value)
{
    ml_class_score *scores = mli_alloc((size_t)classes * sizeof *scores);
    int64_t *counts = mli_calloc((size_t)classes * (size_t)classes, sizeof *counts);
    ml_status s = scores && counts ? ml_confusion(truth, predicted, classes, counts) : ML_ENOMEM;
    if (!s)
        s = ml_class_scores(counts, classes, scores);
    if (!s)
        *value = ml_macro_score(scores, classes).f1;
    mli_free(scores);
    mli_free(counts);
    return s;
}

ml_status ml_evaluate(ml_net *net, ml_dataset *ds, ml_metric metric, double *value)
{
    int64_t outputs = 0;
    if (check(net, ds, &outputs))
        return ml_error_status();
    if (!value || metric < ML_ACCURACY || metric > ML_F1_MACRO)
        return mli_fail(ML_EINVAL, "evaluate: metric %d is unknown, or value is NULL", (int)metric);
    int32_t *predicted = mli_alloc((size_t)ds->n * sizeof *predicted);
    if (!predicted)
        return ML_ENOMEM;
    ml_ints truth = {ds->labels, ds->n}, answers = {predicted, ds->n};
    double loss = 0;
    ml_status s = ml_classify(net, ds, predicted, metric == ML_LOSS ? &loss : NULL);
    if (!s && metric == ML_LOSS)
        *value = loss;
    else if (!s && metric == ML_ACCURACY)
        s = ml_accuracy(truth, answers, value);
    else if (!s)
        s = macro_f1(truth, answers, (int32_t)outputs, value);
    mli_free(predicted);
    return s;
}
