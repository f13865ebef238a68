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

/* What is done with the logits of sample i. */
typedef void row_fn(void *arg, int64_t i, const ml_real *logits);

static ml_status pass(ml_net *net, const ml_dataset *ds, int64_t outputs, row_fn *row, void *arg)
{
    ml_real *x = mli_alloc((size_t)ROWS * (size_t)ds->features * sizeof *x);
    ml_real *logits = mli_alloc((size_t)ROWS * (size_t)outputs * sizeof *logits);
    ml_status s = x && logits ? ml_net_prepare(net) : ML_ENOMEM;
    for (int64_t i = 0; !s && i < ds->n; i += ROWS) {
        int64_t n = ds->n - i < ROWS ? ds->n - i : ROWS;
        for (int64_t k = 0; !s && k < n; k++)
            s = ml_dataset_sample(ds, i + k, x + k * ds->features, NULL);
        if (!s)
            s = ml_predict(net, x, n, logits);
        for (int64_t k = 0; !s && k < n; k++)
            row(arg, i + k, logits + k * outputs);
    }
    mli_free(x);
    mli_free(logits);
    return s;
}

typedef struct classified {
    int32_t *predicted;
    const int32_t *labels; /* NULL: no loss */
    int64_t outputs;
    double loss;
} classified;

static void classify_row(void *arg, int64_t i, const ml_real *logits)
{
    classified *c = arg;
    c->predicted[i] = argmax(logits, c->outputs);
    if (c->labels)
        c->loss += cross_entropy(logits, c->outputs, c->labels[i]);
}

ml_status ml_classify(ml_net *net, ml_dataset *ds, int32_t *predicted, double *loss)
{
    classified c = {.predicted = predicted};
    if (check(net, ds, &c.outputs))
        return ml_error_status();
    if (!predicted)
        return mli_fail(ML_EINVAL, "classify: predicted must not be NULL");
    c.labels = loss ? ds->labels : NULL;
    ml_status s = pass(net, ds, c.outputs, classify_row, &c);
    if (!s && loss)
        *loss = c.loss / (double)ds->n;
    return s;
}

typedef struct shares {
    double *p;
    int64_t outputs;
} shares;

static void softmax_row(void *arg, int64_t i, const ml_real *logits)
{
    const shares *s = arg;
    double *p = s->p + i * s->outputs, m = (double)logits[argmax(logits, s->outputs)], sum = 0;
    for (int64_t k = 0; k < s->outputs; k++)
        sum += p[k] = exp((double)logits[k] - m);
    for (int64_t k = 0; k < s->outputs; k++)
        p[k] /= sum;
}

ml_status ml_probabilities(ml_net *net, ml_dataset *ds, double *p)
{
    shares s = {.p = p};
    if (check(net, ds, &s.outputs))
        return ml_error_status();
    if (!p)
        return mli_fail(ML_EINVAL, "probabilities: p must not be NULL");
    return pass(net, ds, s.outputs, softmax_row, &s);
}

static ml_status average_f1(ml_ints truth, ml_ints predicted, int32_t classes, ml_average average, double *value)
{
    ml_class_score score = {0};
    int64_t *counts = mli_calloc((size_t)classes * (size_t)classes, sizeof *counts);
    ml_status s = counts ? ml_confusion(truth, predicted, classes, counts) : ML_ENOMEM;
    if (!s)
        s = ml_average_score(counts, classes, average, &score);
    if (!s)
        *value = score.f1;
    mli_free(counts);
    return s;
}

/* Metrics of the labels that the net gives, and the loss. */
static ml_status by_labels(ml_net *net, ml_dataset *ds, int32_t outputs, ml_metric metric, double *value)
{
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
        s = average_f1(truth, answers, outputs, metric == ML_F1_MACRO ? ML_MACRO : ML_WEIGHTED, value);
    mli_free(predicted);
    return s;
}

/* Metrics of how sure it is. */
static ml_status by_probabilities(ml_net *net, ml_dataset *ds, int32_t outputs, ml_metric metric, double *value)
{
    size_t count;
    double *p = mli_mul_size((size_t)ds->n, (size_t)outputs, &count) ? mli_calloc(count, sizeof *p) : NULL;
    if (!p)
        return mli_fail(ML_ENOMEM, "evaluate: no memory for the %ld probabilities of %lld samples", (long)outputs,
                        (long long)ds->n);
    ml_ints truth = {ds->labels, ds->n};
    ml_scores scores = {p, ds->n, outputs};
    ml_status s = ml_probabilities(net, ds, p);
    if (!s && metric == ML_TOP_5)
        s = ml_top_k_accuracy(truth, scores, outputs < 5 ? outputs : 5, value);
    else if (!s)
        s = ml_roc_auc(truth, scores, (ml_auc_opts){0}, value);
    mli_free(p);
    return s;
}

ml_status ml_evaluate(ml_net *net, ml_dataset *ds, ml_metric metric, double *value)
{
    int64_t outputs = 0;
    if (check(net, ds, &outputs))
        return ml_error_status();
    if (!value || metric < ML_ACCURACY || metric > ML_ROC_AUC)
        return mli_fail(ML_EINVAL, "evaluate: metric %d is unknown, or value is NULL", (int)metric);
    bool sure = metric == ML_TOP_5 || metric == ML_ROC_AUC;
    return (sure ? by_probabilities : by_labels)(net, ds, (int32_t)outputs, metric, value);
}
