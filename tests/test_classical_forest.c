/* Forests and extra trees: what holds whatever was drawn; scores beside scikit-learn's. */
#include "support/tmp.h"
#include "support/trees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 400, K = 3 };

static ml_model *planted(const tree_data *d, ml_forest_opts opts)
{
    ml_model *m = ml_forest_fit(d->xy, opts);
    if (!m)
        fail_msg("%s", ml_error());
    return m;
}

static void threads_and_files_change_no_bit(void **state)
{
    (void)state;
    const ml_forest_opts opts[] = {{.trees = 12, .seed = 1}, {.trees = 12, .extra = true}, {.trees = 7, .balanced = true, .max_depth = 3}};
    for (int c = 0; c < 6; c++) {
        double p[4][N * K] = {{0}};
        tree_data d = tree_data_golden("holes", c % 2, c > 2);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(ml_set_threads(i == 0 ? 1 : i), ML_OK);
            ml_model *m = planted(&d, opts[c / 2]);
            if (i == 3) {
                assert_int_equal(ml_model_save(m, tmp_path("forest.safetensors")), ML_OK);
                ml_model_free(m);
                m = ml_model_load(tmp_path("forest.safetensors"));
                if (!m)
                    fail_msg("%s", ml_error());
            }
            assert_int_equal(c % 2 ? ml_model_probabilities(m, d.xy.x, p[i]) : ml_model_values(m, d.xy.x, p[i]), ML_OK);
            ml_model_free(m);
        }
        for (int i = 1; i < 4; i++)
            assert_memory_equal(p[0], p[i], sizeof p[0]);
        tree_data_free(&d);
    }
}

/* The mean of its trees, walked by hand. */
static void a_forest_is_the_mean_of_its_trees(void **state)
{
    (void)state;
    static double p[N * K];
    tree_data d = tree_data_golden("holes", true, false);
    ml_model *m = planted(&d, (ml_forest_opts){.trees = 9});
    assert_int_equal(ml_model_probabilities(m, d.xy.x, p), ML_OK);
    for (int i = 0; i < N; i++) {
        double sum[K] = {0};
        for (int64_t t = 0; t < 9; t++) {
            ml_tree_node n = {0};
            for (int64_t at = 0; at >= 0;) {
                assert_int_equal(ml_model_node(m, t, at, &n), ML_OK);
                double v = n.feature < 0 ? 0 : d.x[i * 6 + n.feature];
                at = (isnan(v) ? n.missing_left : v <= n.threshold) ? n.left : n.right;
            }
            for (int k = 0; k < K; k++)
                sum[k] += n.value[k] / n.weight / 9;
        }
        for (int k = 0; k < K; k++)
            assert_true(fabs(sum[k] - p[i * K + k]) < 1e-14);
    }
    ml_model_free(m);
    tree_data_free(&d);
}

/* A tree's root holds N draws of about 63 % of the rows; without a bootstrap each row once. */
static void bootstraps_are_with_replacement(void **state)
{
    (void)state;
    tree_data d = tree_data_golden("data", true, false);
    const ml_forest_opts opts[] = {{.trees = 5}, {.trees = 5, .no_bootstrap = true}, {.trees = 5, .extra = true}};
    for (int o = 0; o < 3; o++) {
        ml_model *m = planted(&d, opts[o]);
        ml_tree_node n, first;
        int same = 0;
        for (int64_t t = 0; t < 5; t++) {
            assert_int_equal(ml_model_node(m, t, 0, &n), ML_OK);
            assert_true(n.weight == N);
            assert_true(o ? n.samples == N : n.samples > 215 && n.samples < 290);
            assert_int_equal(ml_model_node(m, 0, 0, &first), ML_OK);
            same += first.threshold == n.threshold;
        }
        assert_true(same < 5);
        ml_model_free(m);
    }
    tree_data_free(&d);
}

/* With one tree the rows that it did not see are the others', and it says for them what it says anyway. */
static void out_of_bag_leaves_out_what_was_seen(void **state)
{
    (void)state;
    static double oob[N * K], p[N * K];
    double score;
    ml_tree_node root;
    tree_data d = tree_data_golden("holes", true, false);
    ml_model *m = planted(&d, (ml_forest_opts){.trees = 1, .seed = 3});
    assert_int_equal(ml_forest_oob(m, d.xy, oob, &score), ML_OK);
    assert_int_equal(ml_model_probabilities(m, d.xy.x, p), ML_OK);
    assert_int_equal(ml_model_node(m, 0, 0, &root), ML_OK);
    int unseen = 0, right = 0, wrong_in = 0;
    for (int i = 0; i < N; i++) {
        int best = 0;
        for (int k = 1; k < K; k++)
            best = p[i * K + k] > p[i * K + best] ? k : best;
        if (isnan(oob[i * K])) {
            wrong_in += best != d.label[i];
            continue;
        }
        unseen++;
        right += best == d.label[i];
        assert_memory_equal(oob + i * K, p + i * K, K * sizeof *p);
    }
    assert_int_equal(unseen, N - root.samples);
    assert_int_equal(wrong_in, 0); /* a full tree knows by heart what it saw: these are the rows */
    assert_true(score == (double)right / unseen);
    ml_model_free(m);
    tree_data_free(&d);
}

/* Beside scikit-learn 1.9 on the same rows: mean of 20 seeds, and three times what differs between seeds. */
static void scores_are_as_scikit_learns(void **state)
{
    (void)state;
    golden g = golden_read("forest_oob"); /* class, number; mean and deviation each */
    for (int classes = 0; classes < 2; classes++) {
        double sum = 0;
        tree_data d = tree_data_golden("holes", classes, false);
        for (uint64_t seed = 0; seed < 5; seed++) {
            double score;
            ml_model *m = planted(&d, (ml_forest_opts){.seed = seed});
            assert_int_equal(ml_forest_oob(m, d.xy, NULL, &score), ML_OK);
            sum += score / 5;
            ml_model_free(m);
        }
        const double *expected = g.v + (classes ? 0 : 2);
        if (!(fabs(sum - expected[0]) <= 3 * expected[1]))
            fail_msg("oob %.4f, scikit-learn's %.4f +- %.4f", sum, expected[0], expected[1]);
        tree_data_free(&d);
    }
    golden_free(&g);
}

/* Rows of weight 0 are never drawn; a forest of the others is the same. */
static void rows_without_weight_are_not_there(void **state)
{
    (void)state;
    tree_data d = tree_data_golden("data", true, false);
    double a[N * K], b[N * K], weight[N];
    for (int i = 0; i < N; i++)
        weight[i] = i < 300;
    ml_xy part = d.xy;
    part.x.rows = part.label.n = 300;
    part.classes = d.xy.classes = K;
    d.xy.weight = (ml_doubles){weight, N};
    ml_model *m = planted(&d, (ml_forest_opts){.trees = 5}), *o = ml_forest_fit(part, (ml_forest_opts){.trees = 5});
    assert_int_equal(ml_model_probabilities(m, d.xy.x, a), ML_OK);
    assert_int_equal(ml_model_probabilities(o, d.xy.x, b), ML_OK);
    assert_memory_equal(a, b, sizeof a);
    ml_model_free(m);
    ml_model_free(o);
    tree_data_free(&d);
}

static void importances_find_what_counts(void **state)
{
    (void)state;
    double importance[6], sum = 0;
    tree_data d = tree_data_random(N, 6, false, true, 2);
    ml_model *m = planted(&d, (ml_forest_opts){.trees = 20});
    assert_int_equal(ml_model_importances(m, importance), ML_OK);
    for (int j = 0; j < 6; j++)
        sum += importance[j];
    assert_true(fabs(sum - 1) < 1e-12);
    for (int j = 2; j < 6; j++)
        assert_true(importance[0] > 2 * importance[j] && importance[1] > 2 * importance[j]);
    ml_model_free(m);
    tree_data_free(&d);
}

static void wrong_use_is_an_error(void **state)
{
    (void)state;
    double score;
    tree_data d = tree_data_golden("data", true, false);
    const ml_forest_opts wrong[] = {{.trees = ML_NONE}, {.trees = -7}, {.trees = INT64_MAX}, {.max_features = -3}, {.min_samples_leaf = -1}};
    for (size_t c = 0; c < sizeof wrong / sizeof *wrong; c++)
        assert_null(ml_forest_fit(d.xy, wrong[c]));
    ml_model *all = planted(&d, (ml_forest_opts){.trees = 2, .no_bootstrap = true}), *m = planted(&d, (ml_forest_opts){.trees = 2});
    assert_int_equal(ml_forest_oob(all, d.xy, NULL, &score), ML_EINVAL);
    assert_string_equal(ml_error(), "oob: each tree of this forest saw all rows: fit it with bootstrap");
    ml_xy less = d.xy;
    less.x.rows--;
    assert_int_equal(ml_forest_oob(m, less, NULL, &score), ML_EINVAL);
    assert_string_equal(ml_error(), "oob: x is 399 x 6, and the forest was fitted to 400 x 6");
    less = d.xy;
    less.label.n--;
    assert_int_equal(ml_forest_oob(m, less, NULL, &score), ML_EINVAL);
    assert_int_equal(ml_forest_oob(NULL, d.xy, NULL, &score), ML_EINVAL);
    assert_int_equal(ml_tree_print(stderr, m, NULL, 0), ML_EINVAL);
    assert_string_equal(ml_error(), "tree_print: the model has 2 trees: it must be one");
    ml_model_free(all);
    ml_model_free(m);
    tree_data_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threads_and_files_change_no_bit, tmp_setup, tmp_teardown),
        cmocka_unit_test(a_forest_is_the_mean_of_its_trees),
        cmocka_unit_test(bootstraps_are_with_replacement),
        cmocka_unit_test(out_of_bag_leaves_out_what_was_seen),
        cmocka_unit_test(scores_are_as_scikit_learns),
        cmocka_unit_test(rows_without_weight_are_not_there),
        cmocka_unit_test(importances_find_what_counts),
        cmocka_unit_test(wrong_use_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
