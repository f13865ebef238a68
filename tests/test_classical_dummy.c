/* Baselines: against scikit-learn (tests/golden/make_trees.py) and by hand. */
#include "support/tmp.h"
#include "support/trees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void same(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-13 * (1 + fabs(expected))))
        fail_msg("%.17g, expected %.17g", got, expected);
}

static void equals_scikit_learn(void **state)
{
    (void)state;
    golden g = golden_read("dummies");
    double p[3], y;
    const double *next = g.v;
    for (int weighted = 0; weighted < 2; weighted++) {
        tree_data d = tree_data_golden("data", true, weighted);
        ml_model *m = ml_dummy_fit(d.xy, (ml_dummy_opts){0});
        ml_matrix one = d.xy.x;
        one.rows = 1;
        assert_int_equal(ml_model_probabilities(m, one, p), ML_OK);
        for (int k = 0; k < 3; k++)
            same(p[k], *next++);
        ml_model_free(m);
        tree_data_free(&d);
    }
    for (int c = 0; c < 3; c++) { /* mean, weighted mean, median */
        tree_data d = tree_data_golden("data", false, c == 1);
        ml_model *m = ml_dummy_fit(d.xy, (ml_dummy_opts){.strategy = c == 2 ? ML_DUMMY_MEDIAN : ML_DUMMY_PRIOR});
        ml_matrix one = d.xy.x;
        one.rows = 1;
        assert_int_equal(ml_model_values(m, one, &y), ML_OK);
        same(y, *next++);
        ml_model_free(m);
        tree_data_free(&d);
    }
    assert_true(next == g.v + g.size);
    golden_free(&g);
}

static const double ZEROS[4];

static double said(const double *y, const double *weight, int64_t n, ml_dummy_opts opts)
{
    double out[4];
    ml_xy xy = {.x = {.v = ZEROS, .rows = n, .columns = 1}, .y = {y, n}, .weight = {weight, weight ? n : 0}};
    ml_model *m = ml_dummy_fit(xy, opts);
    if (!m)
        fail_msg("%s", ml_error());
    assert_int_equal(ml_model_values(m, xy.x, out), ML_OK);
    for (int64_t i = 1; i < n; i++)
        assert_true(out[i] == out[0]);
    ml_model_free(m);
    return out[0];
}

static void medians_by_hand(void **state)
{
    (void)state;
    const ml_dummy_opts median = {.strategy = ML_DUMMY_MEDIAN};
    assert_true(said((double[]){3}, NULL, 1, median) == 3);
    assert_true(said((double[]){3, 1, 2}, NULL, 3, median) == 2);
    assert_true(said((double[]){4, 1, 2, 3}, NULL, 4, median) == 2.5);
    assert_true(said((double[]){1, 2, 9}, (double[]){1, 1, 3}, 3, median) == 9);
    assert_true(said((double[]){1, 5, 2}, (double[]){1, 0, 1}, 3, median) == 1.5); /* what weighs nothing is not there */
    assert_true(said((double[]){7, 7}, NULL, 2, (ml_dummy_opts){.strategy = ML_DUMMY_CONSTANT, .constant = -2.5}) == -2.5);
}

/* How often each of four classes, with the shares 0, 1/10, 2/10, 7/10, is said for 20,000 rows. */
static void counts(ml_dummy_strategy strategy, uint64_t seed, int64_t n[4], int32_t *label)
{
    enum { N = 20000 };
    static const double x[N];
    int32_t given[10] = {1, 2, 2, 3, 3, 3, 3, 3, 3, 3};
    ml_xy xy = {.x = {.v = x, .rows = 10, .columns = 1}, .label = {given, 10}};
    ml_model *m = ml_dummy_fit(xy, (ml_dummy_opts){.strategy = strategy, .seed = seed});
    assert_non_null(m);
    xy.x.rows = N;
    assert_int_equal(ml_model_labels(m, xy.x, label), ML_OK);
    for (int i = 0; i < N; i++)
        n[label[i]]++;
    ml_model_free(m);
}

static void random_classes_have_their_shares(void **state)
{
    (void)state;
    static int32_t a[20000], b[20000];
    int64_t n[4] = {0}, u[4] = {0}, again[4] = {0}, other[4] = {0};
    counts(ML_DUMMY_STRATIFIED, 1, n, a);
    assert_int_equal(n[0], 0);
    assert_true(llabs(n[1] - 2000) < 200 && llabs(n[2] - 4000) < 250 && llabs(n[3] - 14000) < 300); /* over four deviations */
    counts(ML_DUMMY_UNIFORM, 1, u, b);
    for (int k = 0; k < 4; k++)
        assert_true(llabs(u[k] - 5000) < 300);
    counts(ML_DUMMY_STRATIFIED, 1, again, b);
    assert_memory_equal(a, b, sizeof a);
    counts(ML_DUMMY_STRATIFIED, 2, other, b);
    assert_true(memcmp(a, b, sizeof a) != 0);
}

static void wrong_strategies_are_refused(void **state)
{
    (void)state;
    const double y[] = {1, 2};
    const int32_t label[] = {0, 1};
    ml_xy numbers = {.x = {.v = ZEROS, .rows = 2, .columns = 1}, .y = {y, 2}};
    ml_xy classes = {.x = {.v = ZEROS, .rows = 2, .columns = 1}, .label = {label, 2}};
    assert_null(ml_dummy_fit(numbers, (ml_dummy_opts){.strategy = ML_DUMMY_STRATIFIED}));
    assert_string_equal(ml_error(), "dummy: strategy stratified, but the data has numbers y");
    assert_null(ml_dummy_fit(classes, (ml_dummy_opts){.strategy = ML_DUMMY_MEDIAN}));
    assert_null(ml_dummy_fit(classes, (ml_dummy_opts){.strategy = ML_DUMMY_CONSTANT, .constant = 2}));
    assert_string_equal(ml_error(), "dummy: constant is 2: classes are 0 .. 1");
    assert_null(ml_dummy_fit(classes, (ml_dummy_opts){.strategy = ML_DUMMY_CONSTANT, .constant = 0.5}));
    assert_null(ml_dummy_fit(numbers, (ml_dummy_opts){.strategy = ML_DUMMY_CONSTANT, .constant = NAN}));
    assert_null(ml_dummy_fit(classes, (ml_dummy_opts){.strategy = (ml_dummy_strategy)17}));
}

static void loaded_ones_say_the_same(void **state)
{
    (void)state;
    double a[6], b[6];
    tree_data d = tree_data_golden("data", true, false);
    ml_model *m = ml_dummy_fit(d.xy, (ml_dummy_opts){.strategy = ML_DUMMY_STRATIFIED, .seed = 7});
    assert_int_equal(ml_model_save(m, tmp_path("dummy.safetensors")), ML_OK);
    ml_model *loaded = ml_model_load(tmp_path("dummy.safetensors"));
    if (!loaded)
        fail_msg("%s", ml_error());
    d.xy.x.rows = 2;
    assert_int_equal(ml_model_probabilities(m, d.xy.x, a), ML_OK);
    assert_int_equal(ml_model_probabilities(loaded, d.xy.x, b), ML_OK);
    assert_memory_equal(a, b, sizeof a);
    ml_model_free(m);
    ml_model_free(loaded);
    tree_data_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),
        cmocka_unit_test(medians_by_hand),
        cmocka_unit_test(random_classes_have_their_shares),
        cmocka_unit_test(wrong_strategies_are_refused),
        cmocka_unit_test_setup_teardown(loaded_ones_say_the_same, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
