/* Scores of numbers and of confusion matrices against scikit-learn (tests/golden/make_measures.py), and by hand. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>

enum { N = 90 };

static void assert_same(double a, double b)
{
    if (isnan(a) || isnan(b) ? isnan(a) != isnan(b) : !(fabs(a - b) <= 1e-12 * fmax(1, fabs(b))))
        fail_msg("%.17g, expected %.17g", a, b);
}

static void errors_equal_scikit_learn(void **state)
{
    (void)state;
    golden g = golden_read("measures_regression"), expected = golden_read("measures_errors");
    double y[N], z[N], w[N];
    for (int i = 0; i < N; i++)
        y[i] = g.v[3 * i], z[i] = g.v[3 * i + 1], w[i] = g.v[3 * i + 2];
    for (int weighted = 0; weighted < 2; weighted++) {
        const ml_doubles weight = {weighted ? w : NULL, weighted ? N : 0};
        const double *e = expected.v + (weighted ? 10 : 0);
        ml_regression_score s;
        double pinball;
        assert_int_equal(ml_regression_scores((ml_doubles){y, N}, (ml_doubles){z, N}, weight, &s), ML_OK);
        const double got[] = {s.mse, s.rmse, s.mae, s.median_ae, s.max_error, s.mape, s.r2, s.explained_variance};
        for (int i = 0; i < 8; i++)
            assert_same(got[i], e[i]);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(ml_pinball_score((ml_doubles){y, N}, (ml_doubles){z, N}, weight, i ? 0.5 : 0.1, &pinball), ML_OK);
            assert_same(pinball, e[8 + i]);
        }
    }
    golden_free(&g), golden_free(&expected);
}

static ml_regression_score score(const double *y, const double *z, const double *w, int64_t n)
{
    ml_regression_score s;
    assert_int_equal(ml_regression_scores((ml_doubles){y, n}, (ml_doubles){z, n}, (ml_doubles){w, w ? n : 0}, &s), ML_OK);
    return s;
}

static void by_hand(void **state)
{
    (void)state;
    const double y[] = {3, -0.5, 2, 7}, z[] = {2.5, 0, 2, 8}; /* the example of docs/metrics.md */
    ml_regression_score s = score(y, z, NULL, 4);
    assert_same(s.mse, 0.375);
    assert_same(s.mae, 0.5);
    assert_same(s.median_ae, 0.5);
    assert_same(s.max_error, 1);
    assert_same(s.r2, 1 - 1.5 / 29.1875);
    /* A constant truth, whose mean is rounded: right, or not. */
    const double same[] = {0.1, 0.1, 0.1}, off[] = {0.1, 0.1, 0.2};
    s = score(same, same, NULL, 3);
    assert_true(s.r2 == 1 && s.explained_variance == 1 && s.mape == 0);
    s = score(same, off, NULL, 3);
    assert_true(s.r2 == 0 && s.explained_variance == 0);
    const double shifted[] = {4, 0.5, 3, 8};
    s = score(y, shifted, NULL, 4);
    assert_same(s.explained_variance, 1);
    assert_same(s.r2, 1 - 4 / 29.1875);
    s = score(y, z, NULL, 1);
    assert_same(s.r2, (double)NAN);
    assert_same(s.explained_variance, 1); /* less their mean, no errors are left */
    /* Half of the weight is reached exactly at the second: between it and the next that weighs. */
    s = score((double[]){0, 0, 0, 0}, (double[]){1, 2, 3, 5}, (double[]){1, 1, 0, 2}, 4);
    assert_same(s.median_ae, 3.5);
    s = score((double[]){0, 0}, (double[]){1, 2}, (double[]){0, 3}, 2);
    assert_same(s.median_ae, 2);
}

static void assert_refused(ml_status got, const char *sentence)
{
    assert_int_equal(got, ML_EINVAL);
    assert_string_equal(ml_error(), sentence);
}

static void wrong_numbers_are_errors(void **state)
{
    (void)state;
    double v[] = {1, 2, 3}, w[] = {1, -1, 1}, loss;
    const ml_doubles y = {v, 3}, two = {v, 2}, none = {0}, weight = {w, 3};
    ml_regression_score s;
    assert_refused(ml_regression_scores(y, two, none, &s), "regression scores: 3 true numbers, 2 predicted, 0 weights");
    assert_refused(ml_regression_scores(y, y, (ml_doubles){w, 1}, &s), "regression scores: 3 true numbers, 3 predicted, 1 weights");
    assert_refused(ml_regression_scores(none, none, none, &s), "regression scores: 0 samples: wants at least 1, and none NULL");
    assert_refused(ml_regression_scores(y, (ml_doubles){NULL, 3}, none, &s), "regression scores: 3 samples: wants at least 1, and none NULL");
    assert_refused(ml_regression_scores(y, y, weight, &s),
                   "regression scores: sample 1 has the weight -1: wants a number that is not negative");
    w[1] = (double)INFINITY;
    assert_refused(ml_pinball_score(y, y, weight, 0.5, &loss), "pinball: sample 1 has the weight inf: wants a number that is not negative");
    w[0] = w[1] = w[2] = 0;
    assert_refused(ml_regression_scores(y, y, weight, &s), "regression scores: the weights are 0 together");
    w[0] = w[1] = 1e308;
    assert_refused(ml_regression_scores(y, y, weight, &s), "regression scores: the weights are inf together");
    assert_refused(ml_regression_scores(y, y, none, NULL), "regression scores: score is NULL");
    assert_refused(ml_pinball_score(y, y, none, 1.5, &loss), "pinball: q is 1.5, not in 0 .. 1, or loss is NULL");
    assert_refused(ml_pinball_score(y, y, none, (double)NAN, &loss), "pinball: q is nan, not in 0 .. 1, or loss is NULL");
    v[2] = (double)NAN;
    assert_refused(ml_regression_scores(y, y, none, &s), "regression scores: sample 2 is nan, and predicted nan: both must be finite");
}

static void agreement_of(const int64_t *counts, int32_t classes, const double *e)
{
    double value;
    assert_int_equal(ml_balanced_accuracy(counts, classes, &value), ML_OK);
    assert_same(value, e[0]);
    assert_int_equal(ml_matthews(counts, classes, &value), ML_OK);
    assert_same(value, e[1]);
    for (int w = 0; w < 3; w++) {
        assert_int_equal(ml_cohen_kappa(counts, classes, (ml_kappa_weight)w, &value), ML_OK);
        assert_same(value, e[2 + w]);
    }
}

static void agreement_equals_scikit_learn(void **state)
{
    (void)state;
    golden truth = golden_read("metrics_truth"), predicted = golden_read("metrics_predicted"), binary = golden_read("measures_binary"),
           g = golden_read("measures_agreement");
    int32_t t[300], p[300];
    int64_t counts[36];
    for (int i = 0; i < 300; i++)
        t[i] = (int32_t)truth.v[i], p[i] = (int32_t)predicted.v[i];
    assert_int_equal(ml_confusion((ml_ints){t, 300}, (ml_ints){p, 300}, 6, counts), ML_OK);
    agreement_of(counts, 6, g.v);
    for (int i = 0; i < 160; i++)
        t[i] = (int32_t)binary.v[2 * i], p[i] = binary.v[2 * i + 1] >= 0.5;
    assert_int_equal(ml_confusion((ml_ints){t, 160}, (ml_ints){p, 160}, 2, counts), ML_OK);
    agreement_of(counts, 2, g.v + 5);
    golden_free(&truth), golden_free(&predicted), golden_free(&binary), golden_free(&g);
}

static void agreement_at_the_edges(void **state)
{
    (void)state;
    const int64_t one[] = {7, 0, 0, 0}, healthy[] = {90, 0, 10, 0}, nobody[4] = {0}, wrong[] = {0, 5, 5, 0};
    double value;
    assert_int_equal(ml_balanced_accuracy(healthy, 2, &value), ML_OK);
    assert_same(value, 0.5);
    assert_int_equal(ml_balanced_accuracy(one, 2, &value), ML_OK);
    assert_same(value, 1); /* of the one class that is there */
    assert_int_equal(ml_matthews(healthy, 2, &value), ML_OK);
    assert_same(value, 0);
    assert_int_equal(ml_matthews(wrong, 2, &value), ML_OK);
    assert_same(value, -1);
    assert_int_equal(ml_cohen_kappa(healthy, 2, ML_KAPPA_PLAIN, &value), ML_OK);
    assert_same(value, 0);
    assert_refused(ml_cohen_kappa(one, 2, ML_KAPPA_PLAIN, &value),
                   "kappa: all samples are and are called one class: chance agrees fully, and nothing is beyond it");
    assert_refused(ml_matthews(nobody, 2, &value), "matthews: of no samples");
    assert_refused(ml_balanced_accuracy(NULL, 2, &value), "balanced accuracy: 2 classes: wants at least 1, counts, and where to put the score");
    assert_refused(ml_matthews(one, 0, &value), "matthews: 0 classes: wants at least 1, counts, and where to put the score");
    assert_refused(ml_cohen_kappa(one, 2, ML_KAPPA_PLAIN, NULL), "kappa: 2 classes: wants at least 1, counts, and where to put the score");
    assert_refused(ml_cohen_kappa(one, 2, (ml_kappa_weight)3, &value), "kappa: weight 3 is unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_equal_scikit_learn),     cmocka_unit_test(by_hand),
        cmocka_unit_test(wrong_numbers_are_errors),      cmocka_unit_test(agreement_equals_scikit_learn),
        cmocka_unit_test(agreement_at_the_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
