/* Two classes by score against scikit-learn (tests/golden/make_measures.py), and by hand: curves, average precision, calibration, costs. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>

enum { N = 160 };

static int32_t labels[N];
static double p[N];

static int setup(void **state)
{
    (void)state;
    golden g = golden_read("measures_binary");
    assert_int_equal(g.shape[0], N);
    for (int i = 0; i < N; i++)
        labels[i] = (int32_t)g.v[2 * i], p[i] = g.v[2 * i + 1];
    golden_free(&g);
    return 0;
}

static ml_ints truth(void)
{
    return (ml_ints){labels, N};
}
static ml_scores scores(void)
{
    return (ml_scores){p, N, 1};
}

static void assert_same(double a, double b)
{
    if (!(a == b || fabs(a - b) <= 1e-12))
        fail_msg("%.17g, expected %.17g", a, b);
}

/* The points of a curve against rows up to the one of -1; frees it, and returns where the next begins. */
static int64_t assert_curve(ml_curve *c, const golden *g, int64_t at, bool thresholds)
{
    int64_t i = 0;
    if (!c)
        fail_msg("%s", ml_error());
    for (; g->v[3 * at] != -1; i++, at++) {
        assert_true(i < c->n);
        assert_same(c->x[i], g->v[3 * at]);
        assert_same(c->y[i], g->v[3 * at + 1]);
        if (thresholds)
            assert_same(c->at[i], g->v[3 * at + 2]);
    }
    assert_int_equal(c->n, i);
    ml_curve_free(c);
    return at + 1;
}

static void curves_equal_scikit_learn(void **state)
{
    (void)state;
    golden g = golden_read("measures_curves");
    int64_t at = assert_curve(ml_roc_curve(truth(), scores()), &g, 0, true);
    at = assert_curve(ml_precision_recall_curve(truth(), scores()), &g, at, true);
    at = assert_curve(ml_calibration_curve(truth(), scores(), 10, false), &g, at, false);
    at = assert_curve(ml_calibration_curve(truth(), scores(), 7, true), &g, at, false);
    assert_int_equal(at, g.shape[0]);
    golden_free(&g);
}

static void values_equal_scikit_learn(void **state)
{
    (void)state;
    static const ml_costs costs[] = {{0, 1, 1, 0}, {0, 1, 10, 0}, {0, 5, 1, -2}, {-1, 100, 1, 0}};
    golden g = golden_read("measures_values");
    double value, two[2 * N];
    assert_int_equal(ml_average_precision(truth(), scores(), &value), ML_OK);
    assert_same(value, g.v[0]);
    assert_int_equal(ml_brier_score(truth(), scores(), &value), ML_OK);
    assert_same(value, g.v[1]);
    for (int i = 0; i < N; i++)
        two[2 * i] = 1 - p[i], two[2 * i + 1] = p[i];
    assert_int_equal(ml_brier_score(truth(), (ml_scores){two, N, 2}, &value), ML_OK);
    assert_same(value, g.v[1]);
    for (int i = 0; i < 4; i++) {
        ml_threshold best;
        assert_int_equal(ml_best_threshold(truth(), scores(), costs[i], &best), ML_OK);
        assert_same(best.cost, g.v[2 + 2 * i]);
        assert_same(best.threshold, g.v[3 + 2 * i]);
    }
    golden_free(&g);
}

/* The area under the ROC curve is what ml_roc_auc counts. */
static void area_is_the_area(void **state)
{
    (void)state;
    double auc, area = 0;
    ml_curve *c = ml_roc_curve(truth(), scores());
    assert_int_equal(ml_roc_auc(truth(), scores(), (ml_auc_opts){0}, &auc), ML_OK);
    for (int64_t i = 1; i < c->n; i++)
        area += (c->x[i] - c->x[i - 1]) * (c->y[i] + c->y[i - 1]) / 2;
    assert_same(area, auc);
    ml_curve_free(c);
}

/* The examples of docs/metrics.md. */
static void by_hand(void **state)
{
    (void)state;
    const ml_ints t = {(int32_t[]){0, 0, 1, 1}, 4};
    const ml_scores s = {(double[]){0.1, 0.4, 0.35, 0.8}, 4, 1};
    double value;
    assert_int_equal(ml_average_precision(t, s, &value), ML_OK);
    assert_same(value, 0.5 * 1 + 0.5 * 2 / 3);
    assert_int_equal(ml_brier_score(t, s, &value), ML_OK);
    assert_same(value, (0.01 + 0.16 + 0.4225 + 0.04) / 4);
    ml_threshold best;
    assert_int_equal(ml_best_threshold(t, s, (ml_costs){0, 1, 5, 0}, &best), ML_OK);
    assert_same(best.threshold, 0.35);
    assert_same(best.cost, 1);
    assert_true(best.counts[0] == 1 && best.counts[1] == 1 && best.counts[2] == 0 && best.counts[3] == 2);
    assert_int_equal(ml_best_threshold(t, s, (ml_costs){0, 9, 1, 0}, &best), ML_OK);
    assert_same(best.threshold, 0.8);
    assert_int_equal(ml_best_threshold(t, s, (ml_costs){0, 9, 1, 9}, &best), ML_OK);
    assert_same(best.threshold, (double)INFINITY); /* calling anybody 1 costs more than it brings */
    assert_same(best.cost, 2);

    ml_curve *c = ml_calibration_curve(t, s, 1, true);
    assert_int_equal(c->n, 1);
    assert_same(c->x[0], 0.4125);
    assert_same(c->y[0], 0.5);
    assert_same(c->at[0], 4);
    ml_curve_free(c);
    /* Of one class, and at the ends of the bins: 0 and 0.5 lie in the first of two, what is above in the second. */
    c = ml_calibration_curve((ml_ints){(int32_t[]){1, 1, 1}, 3}, (ml_scores){(double[]){0, 0.5, 1}, 3, 1}, 2, false);
    assert_int_equal(c->n, 2);
    assert_same(c->x[0], 0.25);
    assert_same(c->at[1], 1);
    ml_curve_free(c);
    /* All scores alike: one threshold. */
    c = ml_roc_curve(t, (ml_scores){(double[]){7, 7, 7, 7}, 4, 1});
    assert_int_equal(c->n, 2);
    assert_same(c->y[1], 1);
    ml_curve_free(c);
    ml_curve_free(NULL);
}

static void assert_refused(bool refused, const char *sentence)
{
    assert_true(refused);
    assert_string_equal(ml_error(), sentence);
}

static void wrong_scores_are_errors(void **state)
{
    (void)state;
    double v[] = {0.2, 0.3, 1.5, 0.1}, value;
    const ml_ints t = {(int32_t[]){0, 1, 0, 1}, 4}, ones = {(int32_t[]){1, 1, 1, 1}, 4}, far = {(int32_t[]){0, 1, 2, 1}, 4};
    const ml_scores s = {v, 4, 1};
    ml_threshold best;
    assert_refused(!ml_roc_curve(ones, s), "roc curve: none of the 4 samples is of class 0: a curve wants both kinds");
    assert_refused(!ml_precision_recall_curve((ml_ints){(int32_t[]){0, 0, 0, 0}, 4}, s),
                   "precision-recall curve: none of the 4 samples is of class 1: a curve wants both kinds");
    assert_refused(ml_average_precision(far, s, &value), "average precision: sample 2 has the label 2: outside 0 .. 1");
    assert_refused(ml_average_precision(t, s, NULL), "average precision: precision is NULL");
    assert_refused(ml_brier_score(t, s, &value), "brier score: sample 2 has 1.5 for class 1: no probability, which is in 0 .. 1");
    assert_refused(ml_brier_score(t, s, NULL), "brier score: score is NULL");
    assert_refused(ml_brier_score(t, (ml_scores){v, 1, 4}, &value), "brier score: 4 columns of scores: wants one, or two");
    assert_refused(ml_brier_score((ml_ints){0}, (ml_scores){v, 0, 1}, &value),
                   "brier score: 0 samples and 1 columns: wants at least 1 of each, and none NULL");
    assert_refused(!ml_calibration_curve(t, s, 0, false), "calibration curve: 0 bins: not in 1 .. 1000000");
    assert_refused(!ml_calibration_curve(t, s, INT32_MAX, true), "calibration curve: 2147483647 bins: not in 1 .. 1000000");
    assert_refused(!ml_calibration_curve(t, s, 3, true),
                   "calibration curve: sample 2 has 1.5 for class 1: no probability, which is in 0 .. 1");
    assert_refused(ml_best_threshold(t, s, (ml_costs){0, (double)NAN, 1, 0}, &best),
                   "best threshold: the costs are 0, nan, 1, 0: they must be finite");
    assert_refused(ml_best_threshold(t, s, (ml_costs){0}, NULL), "best threshold: best is NULL");
    v[1] = (double)NAN;
    assert_refused(!ml_roc_curve(t, s), "roc curve: sample 1 has NaN for column 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_equal_scikit_learn), cmocka_unit_test(values_equal_scikit_learn), cmocka_unit_test(area_is_the_area),
        cmocka_unit_test(by_hand),                   cmocka_unit_test(wrong_scores_are_errors),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
