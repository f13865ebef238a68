/* Decision trees against scikit-learn (tests/golden/make_trees.py): every node; files; wrong use. */
#include "support/check.h"
#include "support/tmp.h"
#include "support/trees.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- scikit-learn ---- */

typedef struct golden_case {
    const char *name, *data;
    bool classes, weighted;
    ml_tree_opts opts;
} golden_case;

static const golden_case CASES[] = {
    {"gini", "data", true, false, {.max_depth = 5, .min_samples_leaf = 11}},
    {"entropy", "data", true, false, {.criterion = ML_ENTROPY, .max_depth = 5, .min_samples_leaf = 8}},
    {"squares", "data", false, false, {.max_depth = 6, .min_samples_leaf = 4}},
    {"weighted", "data", true, true, {.max_depth = 5, .min_samples_leaf = 8}},
    {"squares_weighted", "data", false, true, {.max_depth = 5, .min_samples_split = 20, .min_samples_leaf = 4}},
    {"balanced", "data", true, false, {.max_depth = 4, .min_samples_leaf = 8, .balanced = true}},
    {"decrease", "data", false, false, {.min_impurity_decrease = 0.05, .min_samples_leaf = 5}},
    {"missing", "holes", true, false, {.max_depth = 5, .min_samples_leaf = 7}},
    {"missing_entropy", "holes", true, false, {.criterion = ML_ENTROPY, .max_depth = 4, .min_samples_leaf = 5}},
    {"missing_squares", "holes", false, false, {.max_depth = 5, .min_samples_leaf = 5}},
    {"pruned", "holes", true, false, {.ccp_alpha = 0.006, .max_depth = 6, .min_samples_leaf = 7}},
};
enum { CASE_COUNT = sizeof CASES / sizeof *CASES };

static ml_model *fitted(const golden_case *c, tree_data *d)
{
    *d = tree_data_golden(c->data, c->classes, c->weighted);
    ml_model *m = ml_tree_fit(d->xy, c->opts);
    if (!m)
        fail_msg("%s: %s", c->name, ml_error());
    return m;
}

static void close_to(const char *where, double got, double expected, double rtol, double atol)
{
    if (isnan(got) && isnan(expected))
        return;
    if (got != expected && !(fabs(got - expected) <= atol + rtol * fabs(expected)))
        fail_msg("%s: %.17g, expected %.17g", where, got, expected);
}

/* Row: left, right, feature, threshold, missing_left, samples, weight, impurity, values. */
static void same_node(const char *name, const ml_tree_node *n, const double *row, int values)
{
    const double exact[] = {(double)n->left, (double)n->right, (double)n->feature, n->threshold, n->missing_left,
                            (double)n->samples};
    for (int k = 0; k < 6; k++)
        close_to(name, exact[k], row[k], 0, 0);
    close_to(name, n->weight, row[6], 1e-12, 0);
    close_to(name, n->impurity, row[7], 1e-9, 1e-12); /* scikit-learn's is a difference of squares */
    for (int k = 0; k < values; k++)
        close_to(name, n->value[k], row[8 + k], 1e-10, 1e-12);
}

static void nodes_equal_scikit_learn(void **state)
{
    (void)state;
    for (int c = 0; c < CASE_COUNT; c++) {
        char name[64];
        tree_data d;
        ml_model *m = fitted(&CASES[c], &d);
        snprintf(name, sizeof name, "trees_%s", CASES[c].name);
        golden g = golden_read(name);
        int64_t nodes;
        assert_int_equal(ml_model_tree_size(m, 0, &nodes, NULL, NULL), ML_OK);
        assert_int_equal(nodes, g.shape[0]);
        for (int64_t i = 0; i < nodes; i++) {
            ml_tree_node n;
            assert_int_equal(ml_model_node(m, 0, i, &n), ML_OK);
            same_node(name, &n, g.v + i * g.shape[1], (int)g.shape[1] - 8);
        }
        golden_free(&g);
        ml_model_free(m);
        tree_data_free(&d);
    }
}

static void importances_equal_scikit_learn(void **state)
{
    (void)state;
    golden g = golden_read("trees_importances");
    assert_int_equal(g.shape[0], CASE_COUNT);
    for (int c = 0; c < CASE_COUNT; c++) {
        double importance[6];
        tree_data d;
        ml_model *m = fitted(&CASES[c], &d);
        assert_int_equal(ml_model_importances(m, importance), ML_OK);
        for (int j = 0; j < 6; j++)
            close_to(CASES[c].name, importance[j], g.v[c * 6 + j], 1e-9, 1e-12);
        ml_model_free(m);
        tree_data_free(&d);
    }
    golden_free(&g);
}

/* Rows with NaN in features that had none in training too: those go with the larger half. */
static void predictions_equal_scikit_learn(void **state)
{
    (void)state;
    golden x = golden_read("trees_test");
    for (int c = 0; c < CASE_COUNT; c++) {
        char name[64];
        tree_data d;
        if (strcmp(CASES[c].data, "holes") != 0)
            continue;
        ml_model *m = fitted(&CASES[c], &d);
        snprintf(name, sizeof name, "trees_%s_predicted", CASES[c].name);
        golden g = golden_read(name);
        double out[300];
        ml_matrix view = {.v = x.v, .rows = 100, .columns = 6};
        assert_int_equal(CASES[c].classes ? ml_model_probabilities(m, view, out) : ml_model_values(m, view, out), ML_OK);
        for (int64_t i = 0; i < g.size; i++)
            close_to(name, out[i], g.v[i], 1e-12, 1e-14);
        golden_free(&g);
        ml_model_free(m);
        tree_data_free(&d);
    }
    golden_free(&x);
}

static void paths_equal_scikit_learn(void **state)
{
    (void)state;
    for (int classes = 0; classes < 2; classes++) {
        tree_data d = tree_data_golden("data", classes, false);
        ml_model *m = ml_tree_fit(d.xy, (ml_tree_opts){.max_depth = 5, .min_samples_leaf = 5});
        golden g = golden_read(classes ? "trees_path_class" : "trees_path_number");
        ml_pruning *p = ml_model_pruning(m, 0);
        assert_non_null(p);
        assert_int_equal(p->n, g.shape[0]);
        for (int64_t i = 0; i < p->n; i++) {
            close_to("alpha", p->alpha[i], g.v[2 * i], 1e-8, 1e-11);
            close_to("impurity", p->impurity[i], g.v[2 * i + 1], 1e-9, 0);
        }
        /* Each price makes the tree that it promises, and so does one between two of them. */
        for (int64_t i = 0; i < p->n; i++) {
            double next = i + 1 < p->n ? p->alpha[i + 1] : 2 * p->alpha[i];
            int64_t leaves;
            if (!(next > p->alpha[i] * (1 + 1e-9)))
                continue;
            ml_model *cut = ml_tree_fit(d.xy, (ml_tree_opts){.max_depth = 5, .min_samples_leaf = 5,
                                                             .ccp_alpha = (p->alpha[i] + next) / 2});
            assert_int_equal(ml_model_tree_size(cut, 0, NULL, &leaves, NULL), ML_OK);
            assert_int_equal(leaves, p->leaves[i]);
            ml_model_free(cut);
        }
        assert_int_equal(p->leaves[p->n - 1], 1);
        ml_pruning_free(p);
        golden_free(&g);
        ml_model_free(m);
        tree_data_free(&d);
    }
}

/* docs/math/decision-tree.md and pruning.md. */
static void by_numbers(void **state)
{
    (void)state;
    ml_xy xy = {.x = {.v = (double[]){1, 2, 3, 4, 5, 6, NAN}, .rows = 7, .columns = 1}, .label = {(int32_t[]){0, 0, 0, 1, 0, 1, 1}, 7}};
    const double threshold[] = {3.5, NAN, 5.5, 4.5, NAN, NAN, NAN}, impurity[] = {24.0 / 49, 0, 0.375, 0.5, 0, 0, 0};
    const double alpha[] = {0, 3.0 / 28, 24.0 / 49 - 3.0 / 14};
    const int64_t leaves[] = {4, 2, 1};
    ml_model *m = ml_tree_fit(xy, (ml_tree_opts){0});
    assert_non_null(m);
    for (int64_t i = 0; i < 7; i++) {
        ml_tree_node n;
        assert_int_equal(ml_model_node(m, 0, i, &n), ML_OK);
        close_to("threshold", n.threshold, threshold[i], 0, 0);
        close_to("impurity", n.impurity, impurity[i], 1e-14, 0);
        assert_false(n.missing_left && n.missing_seen);
    }
    ml_pruning *p = ml_model_pruning(m, 0);
    assert_int_equal(p->n, 3);
    for (int i = 0; i < 3; i++) {
        close_to("alpha", p->alpha[i], alpha[i], 1e-14, 0);
        assert_int_equal(p->leaves[i], leaves[i]);
    }
    ml_pruning_free(p);
    ml_model_free(m);
}

/* The exercise of decision-tree.md. */
static void exclusive_or_is_split_without_a_decrease(void **state)
{
    (void)state;
    int64_t leaves;
    ml_xy xy = {.x = {.v = (double[]){0, 0, 0, 1, 1, 0, 1, 1}, .rows = 4, .columns = 2}, .label = {(int32_t[]){0, 1, 1, 0}, 4}};
    for (int least = 0; least < 2; least++) {
        ml_model *m = ml_tree_fit(xy, (ml_tree_opts){.min_impurity_decrease = least ? 1e-9 : 0});
        assert_int_equal(ml_model_tree_size(m, 0, NULL, &leaves, NULL), ML_OK);
        assert_int_equal(leaves, least ? 1 : 4);
        ml_model_free(m);
    }
}

/* ---- what data may be ---- */

/* A tree of one feature; predictions for the same rows must be the labels. */
static int64_t nodes_of(const double *x, int64_t n, const int32_t *label, int64_t *leaves)
{
    int32_t said[16];
    ml_xy xy = {.x = {.v = x, .rows = n, .columns = 1}, .label = {label, n}};
    ml_model *m = ml_tree_fit(xy, (ml_tree_opts){0});
    if (!m)
        fail_msg("%s", ml_error());
    int64_t nodes;
    assert_int_equal(ml_model_tree_size(m, 0, &nodes, leaves, NULL), ML_OK);
    assert_int_equal(ml_model_labels(m, xy.x, said), ML_OK);
    for (int64_t i = 0; i < n && nodes > 1; i++)
        assert_int_equal(said[i], label[i]);
    ml_model_free(m);
    return nodes;
}

static void awkward_numbers_are_told_apart(void **state)
{
    (void)state;
    const double next = nextafter(1, 2);
    const struct {
        double x[4];
        int64_t nodes;
    } cases[] = {
        {{1, 1, next, next}, 3},                         /* beyond float: no rounding joins them */
        {{-1e300, -1e300, 1e300, 1e300}, 3},             /* beyond the range of float; the sum would overflow in halves only */
        {{-DBL_MAX, -DBL_MAX, DBL_MAX, DBL_MAX}, 3},
        {{0, 0, 5e-324, 5e-324}, 3},                     /* half of the least number is 0 */
        {{-5e-324, -5e-324, 0, 0}, 3},
        {{-0.0, 0, 0, -0.0}, 1},                         /* one number */
        {{7, 7, 7, 7}, 1},
        {{NAN, NAN, NAN, NAN}, 1},
        {{NAN, NAN, 3, 3}, 3},                           /* missing against the rest */
        {{3, 3, NAN, NAN}, 3},
        {{-3, -3, NAN, 3}, 3},                           /* missing goes with the large ones */
        {{NAN, -3, 3, 3}, 3},                            /* with the small ones */
    };
    const int32_t label[] = {0, 0, 1, 1};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int64_t nodes = nodes_of(cases[c].x, 4, label, NULL);
        if (nodes != cases[c].nodes)
            fail_msg("case %zu: %lld nodes, expected %lld", c, (long long)nodes, (long long)cases[c].nodes);
    }
    assert_int_equal(nodes_of((double[]){5}, 1, label, NULL), 1);
    assert_int_equal(nodes_of((double[]){5, 6}, 2, label, NULL), 1); /* one class */
}

static void no_features_make_one_leaf(void **state)
{
    (void)state;
    double p[4];
    ml_xy xy = {.x = {.rows = 2, .columns = 0}, .label = {(int32_t[]){0, 1}, 2}};
    ml_model *m = ml_tree_fit(xy, (ml_tree_opts){0});
    assert_non_null(m);
    assert_int_equal(ml_model_probabilities(m, xy.x, p), ML_OK);
    assert_true(p[0] == 0.5 && p[3] == 0.5);
    ml_model_free(m);
}

/* A target far from zero, and one far below one: nothing depends on the unit. */
static void units_do_not_matter(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6}, scale[] = {1, 1e-12, 1e12}, shift[] = {0, 0, 1e15};
    for (int c = 0; c < 3; c++) {
        double y[] = {1, 1, 2, 2, 4, 4}, said[6];
        int64_t leaves;
        for (int i = 0; i < 6; i++)
            y[i] = y[i] * scale[c] + shift[c];
        ml_xy xy = {.x = {.v = x, .rows = 6, .columns = 1}, .y = {y, 6}};
        ml_model *m = ml_tree_fit(xy, (ml_tree_opts){0});
        assert_int_equal(ml_model_tree_size(m, 0, NULL, &leaves, NULL), ML_OK);
        assert_int_equal(leaves, 3);
        assert_int_equal(ml_model_values(m, xy.x, said), ML_OK);
        for (int i = 0; i < 6; i++)
            assert_true(said[i] == y[i]);
        ml_model_free(m);
    }
}

static void a_class_without_rows_has_probability_zero(void **state)
{
    (void)state;
    double p[10];
    ml_xy xy = {.x = {.v = (double[]){1, 2}, .rows = 2, .columns = 1}, .label = {(int32_t[]){1, 3}, 2}, .classes = 5};
    ml_model *m = ml_tree_fit(xy, (ml_tree_opts){.balanced = true});
    assert_int_equal(ml_model_probabilities(m, xy.x, p), ML_OK);
    for (int k = 0; k < 5; k++)
        assert_true(p[k] == (k == 1) && p[5 + k] == (k == 3));
    ml_model_free(m);
    xy.label.v = (int32_t[]){0, 0}; /* one class in all */
    xy.classes = 1;
    m = ml_tree_fit(xy, (ml_tree_opts){0});
    assert_int_equal(ml_model_probabilities(m, xy.x, p), ML_OK);
    assert_true(p[0] == 1 && p[1] == 1);
    ml_model_free(m);
}

/* ---- options ---- */

static void wrong_options_are_refused(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4};
    ml_xy xy = {.x = {.v = x, .rows = 4, .columns = 1}, .label = {(int32_t[]){0, 0, 1, 1}, 4}};
    const ml_tree_opts wrong[] = {{.max_depth = -2},
                                  {.min_samples_split = 1},
                                  {.min_samples_split = INT64_MIN},
                                  {.min_samples_leaf = ML_NONE},
                                  {.min_samples_leaf = INT64_MAX},
                                  {.max_features = NAN},
                                  {.max_features = -1},
                                  {.max_features = INFINITY},
                                  {.min_impurity_decrease = -1},
                                  {.ccp_alpha = NAN},
                                  {.criterion = ML_SQUARED_ERROR},
                                  {.criterion = (ml_criterion)9}};
    for (size_t c = 0; c < sizeof wrong / sizeof *wrong; c++) {
        ml_model *m = ml_tree_fit(xy, wrong[c]);
        if (m)
            fail_msg("case %zu was taken", c);
        assert_true(strncmp(ml_error(), "tree: ", 6) == 0);
    }
    xy.label = (ml_ints){0};
    xy.y = (ml_doubles){x, 4};
    assert_null(ml_tree_fit(xy, (ml_tree_opts){.criterion = ML_GINI}));
    assert_string_equal(ml_error(), "tree: criterion gini, but the data has numbers y");
}

/* Large ones are no error: they only stop early. */
static void huge_options_do_not_overflow(void **state)
{
    (void)state;
    const int64_t most = (int64_t)1 << 53;
    ml_xy xy = {.x = {.v = (double[]){1, 2, 3, 4}, .rows = 4, .columns = 1}, .label = {(int32_t[]){0, 0, 1, 1}, 4}};
    const ml_tree_opts huge[] = {{.max_depth = most}, {.min_samples_leaf = most}, {.min_samples_split = most}, {.max_features = 1e300},
                                 {.ccp_alpha = 1e300}, {.min_impurity_decrease = 1e300}};
    const int64_t expected[] = {3, 1, 1, 3, 1, 1};
    for (int c = 0; c < 6; c++) {
        int64_t nodes;
        ml_model *m = ml_tree_fit(xy, huge[c]);
        assert_int_equal(ml_model_tree_size(m, 0, &nodes, NULL, NULL), ML_OK);
        assert_int_equal(nodes, expected[c]);
        ml_model_free(m);
    }
}

static void looking_at_what_is_not_there_is_an_error(void **state)
{
    (void)state;
    ml_tree_node n;
    ml_xy xy = {.x = {.v = (double[]){1, 2, 3, 4}, .rows = 4, .columns = 1}, .label = {(int32_t[]){0, 0, 1, 1}, 4}};
    ml_model *m = ml_tree_fit(xy, (ml_tree_opts){0}), *dummy = ml_dummy_fit(xy, (ml_dummy_opts){0});
    assert_int_equal(ml_model_node(m, 0, 3, &n), ML_EINVAL);
    assert_string_equal(ml_error(), "node 3: the tree has 3, counted from 0");
    assert_int_equal(ml_model_node(m, 0, -1, &n), ML_EINVAL);
    assert_int_equal(ml_model_node(m, 1, 0, &n), ML_EINVAL);
    assert_int_equal(ml_model_node(m, 0, 0, NULL), ML_EINVAL);
    assert_int_equal(ml_model_node(NULL, 0, 0, &n), ML_EINVAL);
    assert_int_equal(ml_model_node(dummy, 0, 0, &n), ML_EINVAL);
    assert_string_equal(ml_error(), "node: a dummy model has no trees to look into");
    assert_null(ml_model_pruning(dummy, 0));
    assert_int_equal(ml_model_trees(dummy), 0);
    ml_model_free(m);
    ml_model_free(dummy);
}

/* ---- files ---- */

static void loaded_trees_predict_the_same_bits(void **state)
{
    (void)state;
    golden x = golden_read("trees_test");
    ml_matrix view = {.v = x.v, .rows = 100, .columns = 6};
    for (int c = 0; c < CASE_COUNT; c++) {
        double a[300] = {0}, b[300] = {0};
        tree_data d;
        ml_model *m = fitted(&CASES[c], &d);
        assert_int_equal(ml_model_save(m, tmp_path("tree.safetensors")), ML_OK);
        ml_model *loaded = ml_model_load(tmp_path("tree.safetensors"));
        if (!loaded)
            fail_msg("%s", ml_error());
        assert_int_equal(CASES[c].classes ? ml_model_probabilities(m, view, a) : ml_model_values(m, view, a), ML_OK);
        assert_int_equal(CASES[c].classes ? ml_model_probabilities(loaded, view, b) : ml_model_values(loaded, view, b), ML_OK);
        assert_memory_equal(a, b, sizeof a);
        ml_model_free(m);
        ml_model_free(loaded);
        tree_data_free(&d);
    }
    golden_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_equal_scikit_learn),
        cmocka_unit_test(importances_equal_scikit_learn),
        cmocka_unit_test(predictions_equal_scikit_learn),
        cmocka_unit_test(paths_equal_scikit_learn),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(exclusive_or_is_split_without_a_decrease),
        cmocka_unit_test(awkward_numbers_are_told_apart),
        cmocka_unit_test(no_features_make_one_leaf),
        cmocka_unit_test(units_do_not_matter),
        cmocka_unit_test(a_class_without_rows_has_probability_zero),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(huge_options_do_not_overflow),
        cmocka_unit_test(looking_at_what_is_not_there_is_an_error),
        cmocka_unit_test_setup_teardown(loaded_trees_predict_the_same_bits, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
