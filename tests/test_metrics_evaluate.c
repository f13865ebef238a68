/* A net against a set: accuracy, loss and F1 equal scikit-learn's; a training pass is not disturbed. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 6 };

/* The net whose logits are its input. */
static ml_tensor *same(void *user, ml_tape *t, ml_tensor *x)
{
    (void)user;
    return ml_scale(t, x, 1);
}

static ml_dataset *golden_set(void)
{
    golden x = golden_read("metrics_logits"), y = golden_read("metrics_truth");
    uint8_t *bytes = malloc((size_t)x.size);
    int32_t *labels = malloc((size_t)y.size * sizeof *labels);
    for (int64_t i = 0; i < x.size; i++)
        bytes[i] = (uint8_t)x.v[i];
    for (int64_t i = 0; i < y.size; i++)
        labels[i] = (int32_t)y.v[i];
    ml_dataset *ds = ml_dataset_new(y.size, 1, (int64_t[]){CLASSES}, bytes, labels, CLASSES);
    assert_non_null(ds);
    ds->mean = 100;
    ds->scale = 0.03125;
    free(bytes);
    free(labels);
    golden_free(&x);
    golden_free(&y);
    return ds;
}

static void equals_scikit_learn(void **state)
{
    (void)state;
    ml_dataset *ds = golden_set();
    ml_net *net = ml_net_custom(same, NULL, 1, (int64_t[]){CLASSES});
    assert_non_null(net);
    golden g = golden_read("metrics_evaluate");
    double tolerance[] = {1e-12, TOL_REAL, 1e-12};
    ml_metric metrics[] = {ML_ACCURACY, ML_LOSS, ML_F1_MACRO};
    for (int i = 0; i < 3; i++) {
        double value = NAN;
        if (ml_evaluate(net, ds, metrics[i], &value))
            fail_msg("%s", ml_error());
        if (!(fabs(value - g.v[i]) <= tolerance[i]))
            fail_msg("metric %d: %.15g, expected %.15g", i, value, g.v[i]);
    }
    golden_free(&g);
    ml_net_free(net);
    ml_dataset_free(ds);
}

/* The first `columns` numbers of each sample of the golden set, with labels below `classes`. */
static ml_dataset *narrow_set(int64_t columns, int32_t classes)
{
    golden x = golden_read("metrics_logits"), y = golden_read("metrics_truth");
    uint8_t *bytes = malloc((size_t)(y.size * columns));
    int32_t *labels = malloc((size_t)y.size * sizeof *labels);
    assert_non_null(bytes);
    assert_non_null(labels);
    for (int64_t i = 0; i < y.size; i++) {
        for (int64_t k = 0; k < columns; k++)
            bytes[i * columns + k] = (uint8_t)x.v[i * CLASSES + k];
        labels[i] = classes == 2 ? y.v[i] > 2 : (int32_t)y.v[i];
    }
    ml_dataset *ds = ml_dataset_new(y.size, 1, &columns, bytes, labels, classes);
    assert_non_null(ds);
    ds->mean = 100;
    ds->scale = 0.03125;
    free(bytes), free(labels);
    golden_free(&x), golden_free(&y);
    return ds;
}

static double evaluated(ml_dataset *ds, ml_metric metric)
{
    double value = NAN;
    ml_net *net = ml_net_custom(same, NULL, 1, (int64_t[]){ds->features});
    assert_non_null(net);
    if (ml_evaluate(net, ds, metric, &value))
        fail_msg("%s", ml_error());
    ml_net_free(net);
    ml_dataset_free(ds);
    return value;
}

static void sure_metrics_equal_scikit_learn(void **state)
{
    (void)state;
    golden g = golden_read("scores_evaluate");
    const double got[] = {evaluated(golden_set(), ML_F1_WEIGHTED), evaluated(golden_set(), ML_TOP_5),
                          evaluated(narrow_set(5, 5), ML_ROC_AUC), evaluated(narrow_set(2, 2), ML_ROC_AUC)};
    for (int i = 0; i < 4; i++)
        if (!(fabs(got[i] - g.v[i]) <= 1e-12))
            fail_msg("number %d: %.15g, expected %.15g", i, got[i], g.v[i]);
    assert_true(evaluated(narrow_set(2, 2), ML_TOP_5) == 1); /* there are only two */
    golden_free(&g);
}

/* More samples than are predicted at once; rows that sum to 1, in the order of the set. */
static void probabilities_are_softmax(void **state)
{
    (void)state;
    enum { N = 1100 };
    static uint8_t bytes[N][2];
    static int32_t labels[N];
    static double p[N][2];
    for (int i = 0; i < N; i++) {
        bytes[i][0] = (uint8_t)(i % 251);
        labels[i] = i % 2;
    }
    ml_dataset *ds = ml_dataset_new(N, 1, (int64_t[]){2}, bytes[0], labels, 2);
    ml_net *net = ml_net_custom(same, NULL, 1, (int64_t[]){2});
    assert_int_equal(ml_probabilities(net, ds, p[0]), ML_OK);
    for (int i = 0; i < N; i++) {
        double expected = 1 / (1 + exp(-(i % 251) / 255.0));
        if (!(fabs(p[i][0] - expected) < 1e-7) || !(fabs(p[i][0] + p[i][1] - 1) < 1e-15))
            fail_msg("sample %d: %.17g, expected %.17g", i, p[i][0], expected);
    }
    assert_int_equal(ml_probabilities(net, ds, NULL), ML_EINVAL);
    ml_net_free(net);
    ml_dataset_free(ds);
}

static void leaves_a_pass_alone(void **state)
{
    (void)state;
    ml_dataset *ds = golden_set();
    ml_net *net = ml_net_custom(same, NULL, 1, (int64_t[]){CLASSES});
    int64_t batches = 0;
    ml_loader it = ml_batches(ds, 100, NULL);
    for (ml_batch b; ml_next(&it, &b); batches++) {
        ml_real first = b.x->data[0];
        double value;
        assert_int_equal(ml_evaluate(net, ds, ML_ACCURACY, &value), ML_OK);
        assert_true(b.x->data[0] == first);
    }
    assert_int_equal(it.status, ML_OK);
    assert_int_equal(batches, 3);
    ml_net_free(net);
    ml_dataset_free(ds);
}

static void nan_and_infinity_are_not_hidden(void **state)
{
    (void)state;
    ml_dataset *ds = golden_set();
    ml_net *net = ml_net_custom(same, NULL, 1, (int64_t[]){CLASSES});
    double loss;
    ds->scale = NAN;
    assert_int_equal(ml_evaluate(net, ds, ML_LOSS, &loss), ML_OK);
    assert_true(isnan(loss));
    assert_int_equal(ml_evaluate(net, ds, ML_TOP_5, &loss), ML_EINVAL);
    assert_string_equal(ml_error(), "top-k accuracy: sample 0 has NaN for column 0");
    ds->scale = 30; /* logits of thousands: the loss stays finite */
    assert_int_equal(ml_evaluate(net, ds, ML_LOSS, &loss), ML_OK);
    assert_true(isfinite(loss) && loss > 100);
    ml_net_free(net);
    ml_dataset_free(ds);
}

static void wrong_use_is_an_error(void **state)
{
    (void)state;
    ml_dataset *ds = golden_set();
    ml_net *net = ml_net_custom(same, NULL, 1, (int64_t[]){CLASSES});
    double value;
    assert_int_equal(ml_evaluate(NULL, ds, ML_ACCURACY, &value), ML_EINVAL);
    assert_int_equal(ml_evaluate(net, NULL, ML_ACCURACY, &value), ML_EINVAL);
    assert_int_equal(ml_evaluate(net, ds, ML_ACCURACY, NULL), ML_EINVAL);
    assert_int_equal(ml_evaluate(net, ds, (ml_metric)9, &value), ML_EINVAL);
    assert_int_equal(ml_classify(net, ds, NULL, &value), ML_EINVAL);
    assert_int_equal(ml_evaluate(net, ds, ML_ROC_AUC, &value), ML_EINVAL);
    assert_string_equal(ml_error(), "roc auc: none of the 300 samples is of class 5: a curve wants both kinds");
    ml_dataset *none = ml_dataset_head(ds, 0);
    assert_int_equal(ml_evaluate(net, none, ML_ACCURACY, &value), ML_EINVAL);
    assert_string_equal(ml_error(), "evaluate: the set is empty");
    ds->classes = 7;
    assert_int_equal(ml_evaluate(net, ds, ML_ACCURACY, &value), ML_EINVAL);
    assert_string_equal(ml_error(), "evaluate: the net has 6 outputs, the set 7 classes");
    ml_net_free(net);
    net = ml_net_custom(same, NULL, 1, (int64_t[]){5});
    assert_int_equal(ml_evaluate(net, ds, ML_ACCURACY, &value), ML_EINVAL);
    assert_string_equal(ml_error(), "evaluate: the net takes 5 numbers a sample, the set has 6");
    ml_net_free(net);
    ml_dataset_free(none);
    ml_dataset_free(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),
        cmocka_unit_test(sure_metrics_equal_scikit_learn),
        cmocka_unit_test(probabilities_are_softmax),
        cmocka_unit_test(leaves_a_pass_alone),
        cmocka_unit_test(nan_and_infinity_are_not_hidden),
        cmocka_unit_test(wrong_use_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
