/* test_classical_boost.c -- gradient boosting: scikit-learn's numbers, holes, odd data, the same bits on any threads, files. */
#include "classical/bins.h"
#include "support/check.h"
#include "support/tmp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_says(const char *part)
{
    if (!strstr(ml_error(), part))
        fail_msg("the sentence '%s' does not say '%s'", ml_error(), part);
}

/* ---- golden ---- */

enum { N = 600, D = 5 };
static double x[N * D], y[4][N];
static int32_t label[2][N];

static int read_data(void **state)
{
    (void)state;
    golden gx = golden_read("boost_x"), gy = golden_read("boost_y");
    memcpy(x, gx.v, sizeof x);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 4; k++)
            y[k][i] = gy.v[i * 4 + k];
    for (int i = 0; i < N; i++)
        label[0][i] = (int32_t)y[0][i], label[1][i] = (int32_t)y[1][i];
    golden_free(&gx), golden_free(&gy);
    return 0;
}

static ml_matrix features(void)
{
    return (ml_matrix){.v = x, .rows = N, .columns = D};
}

static ml_xy two(void)
{
    return (ml_xy){.x = features(), .label = {label[0], N}};
}

static const ml_boost_opts SMALL = {.rounds = 12, .max_leaves = 7, .min_samples_leaf = 6};

/* Predictions of a fit against a golden file; slopes are floats there as here. */
static void assert_golden(ml_xy data, ml_boost_opts opts, const char *name)
{
    golden want = golden_read(name);
    double *got = malloc((size_t)want.size * sizeof *got);
    ml_model *m = ml_boost_fit(data, opts);
    if (!m)
        fail_msg("%s", ml_error());
    ml_status s = ml_model_classes(m) ? ml_model_probabilities(m, data.x, got) : ml_model_values(m, data.x, got);
    assert_int_equal(s, ML_OK);
    for (int64_t i = 0; i < want.size; i++)
        if (!(fabs(got[i] - want.v[i]) <= 1e-6))
            fail_msg("%s: number %d is %.9g, expected %.9g", name, (int)i, got[i], want.v[i]);
    ml_model_free(m);
    free(got);
    golden_free(&want);
}

static void test_golden(void **state)
{
    (void)state;
    assert_golden(two(), SMALL, "boost_p2");
    ml_xy data = two();
    data.weight = (ml_doubles){y[3], N};
    ml_boost_opts opts = SMALL;
    opts.l2 = 1.5;
    assert_golden(data, opts, "boost_p2w");
    assert_golden((ml_xy){.x = features(), .label = {label[1], N}}, SMALL, "boost_p3");
    assert_golden((ml_xy){.x = features(), .y = {y[2], N}}, SMALL, "boost_r");
}

static void test_golden_of_quantile_bins(void **state)
{
    (void)state;
    golden g = golden_read("boost_many");
    const int64_t n = g.shape[0];
    double *target = malloc((size_t)n * sizeof *target), *got = malloc((size_t)n * sizeof *got);
    for (int64_t i = 0; i < n; i++)
        target[i] = g.v[5 * i + 3];
    const ml_xy data = {.x = {.v = g.v, .rows = n, .columns = 3, .row_stride = 5, .column_stride = 1}, .y = {target, n}};
    ml_model *m = ml_boost_fit(data, (ml_boost_opts){.rounds = 8, .max_bins = 32, .max_depth = 3});
    assert_int_equal(ml_model_values(m, data.x, got), ML_OK);
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(got[i] - g.v[5 * i + 4]) <= 1e-6))
            fail_msg("row %d is %.9g, expected %.9g", (int)i, got[i], g.v[5 * i + 4]);
    ml_model_free(m);
    free(target), free(got);
    golden_free(&g);
}

/* The four rows of docs/math/boosting.md, and the cut of its exercise where the other one is not allowed. */
static void test_the_example_on_paper(void **state)
{
    (void)state;
    const double v[] = {1, 2, 3, 4};
    const int32_t k[] = {0, 0, 0, 1};
    double p[8];
    for (int64_t least = 1; least <= 2; least++) {
        const ml_matrix m = {.v = v, .rows = 4, .columns = 1};
        ml_model *model = ml_boost_fit((ml_xy){.x = m, .label = {k, 4}},
                                       (ml_boost_opts){.rounds = 1, .max_leaves = 2, .min_samples_leaf = least});
        assert_int_equal(ml_model_probabilities(model, m, p), ML_OK);
        const double left = -4.0 / 3, right = least == 1 ? 4 : 4.0 / 3;
        for (int i = 0; i < 4; i++) {
            const double score = log(1.0 / 3) + 0.1 * (i + 1 <= (least == 1 ? 3 : 2) ? left : right);
            assert_true(fabs(p[2 * i + 1] - 1 / (1 + exp(-score))) < 1e-7);
        }
        if (least == 1)
            assert_true(fabs(p[1] - 0.226) < 5e-4 && fabs(p[7] - 0.332) < 5e-4); /* as the page rounds them */
        ml_model_free(model);
    }
}

/* ---- bins ---- */

static void test_bins(void **state)
{
    (void)state;
    const double v[] = {3, -0.0, 0, NAN, -7, 1e300, -1e300, 3, 5e-324, 2};
    mli_bins b;
    const ml_matrix m = {.v = v, .rows = 10, .columns = 1};
    assert_int_equal(mli_bins_make(&b, &m, 255), ML_OK);
    assert_int_equal(b.edges[0], 6); /* seven values, 0 and -0 one of them */
    const uint8_t want[] = {5, 2, 2, 7, 1, 6, 0, 5, 3, 4};
    assert_memory_equal(b.bin, want, sizeof want);
    assert_true(b.edge[1] == -3.5 && b.edge[4] == 2.5);
    mli_bins_free(&b);
    for (int64_t bins = 2; bins <= 9; bins++) { /* bins agree with edges, whatever their number */
        assert_int_equal(mli_bins_make(&b, &m, bins), ML_OK);
        assert_true(b.edges[0] < bins);
        for (int i = 0; i < 10; i++) {
            int32_t at = 0;
            while (at < b.edges[0] && v[i] > b.edge[at])
                at++;
            assert_int_equal(b.bin[i], isnan(v[i]) ? b.edges[0] + 1 : at);
        }
        mli_bins_free(&b);
    }
}

/* ---- odd data ---- */

static void test_constant_missing_and_single(void **state)
{
    (void)state;
    const double none[6] = {NAN, NAN, NAN, NAN, NAN, NAN}, same[6] = {4, 4, 4, 4, 4, 4}, t[6] = {1, 2, 3, 4, 5, 9};
    const ml_boost_opts opts = {.rounds = 3, .min_samples_leaf = 1};
    double got[6];
    const double *columns[] = {none, same};
    for (int k = 0; k < 2; k++) { /* nothing to split by: the mean */
        const ml_matrix m = {.v = columns[k], .rows = 6, .columns = 1};
        ml_model *model = ml_boost_fit((ml_xy){.x = m, .y = {t, 6}}, opts);
        assert_int_equal(ml_model_values(model, m, got), ML_OK);
        for (int i = 0; i < 6; i++)
            assert_true(fabs(got[i] - 4) < 1e-6);
        double importance;
        assert_int_equal(ml_model_importances(model, &importance), ML_OK);
        assert_true(importance == 0);
        ml_model_free(model);
    }
    const ml_matrix one = {.v = t, .rows = 1, .columns = 1};
    ml_model *model = ml_boost_fit((ml_xy){.x = one, .y = {t, 1}}, opts);
    assert_int_equal(ml_model_values(model, one, got), ML_OK);
    assert_true(got[0] == 1);
    ml_model_free(model);
    double p[12];
    const ml_matrix six = {.v = t, .rows = 6, .columns = 1};
    model = ml_boost_fit((ml_xy){.x = six, .label = {(int32_t[]){1, 1, 1, 1, 1, 1}, 6}}, opts); /* one class only */
    assert_int_equal(ml_model_probabilities(model, six, p), ML_OK);
    assert_true(p[1] > 0.999999 && p[0] < 1e-6);
    ml_model_free(model);
}

/* Whether a value is there decides all. */
static void test_holes_carry_meaning(void **state)
{
    (void)state;
    double v[40], p[80];
    int32_t k[40];
    for (int i = 0; i < 40; i++) {
        k[i] = i % 2;
        v[i] = k[i] ? NAN : i;
    }
    const ml_matrix m = {.v = v, .rows = 40, .columns = 1};
    ml_model *model = ml_boost_fit((ml_xy){.x = m, .label = {k, 40}}, (ml_boost_opts){.min_samples_leaf = 2});
    assert_int_equal(ml_model_probabilities(model, m, p), ML_OK);
    for (int i = 0; i < 40; i++)
        assert_true(p[2 * i + k[i]] > 0.99);
    ml_model_free(model);
}

/* A value missing in prediction only goes where the many went. */
static void test_a_hole_that_was_never_seen(void **state)
{
    (void)state;
    double v[30], t[30], got;
    for (int i = 0; i < 30; i++)
        v[i] = i, t[i] = i < 20;
    ml_model *m = ml_boost_fit((ml_xy){.x = {.v = v, .rows = 30, .columns = 1}, .y = {t, 30}},
                               (ml_boost_opts){.rounds = 60, .min_samples_leaf = 2, .max_leaves = 2});
    const double hole = NAN;
    assert_int_equal(ml_model_values(m, (ml_matrix){.v = &hole, .rows = 1, .columns = 1}, &got), ML_OK);
    assert_true(got > 0.9);
    ml_model_free(m);
}

/* ---- rules ---- */

static void test_leaves_have_their_rows(void **state)
{
    (void)state;
    double p[2 * N];
    ml_boost_opts opts = {.rounds = 1, .min_samples_leaf = 50, .max_leaves = 31};
    ml_model *m = ml_boost_fit(two(), opts);
    assert_int_equal(ml_model_probabilities(m, features(), p), ML_OK);
    for (int i = 0; i < N; i++) {
        int alike = 0;
        for (int j = 0; j < N; j++)
            alike += p[2 * j] == p[2 * i];
        assert_true(alike >= 50);
    }
    ml_model_free(m);
}

static int distinct(const double *p, int n, int step)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        bool seen = false;
        for (int j = 0; j < i; j++)
            seen = seen || p[step * j] == p[step * i];
        count += !seen;
    }
    return count;
}

static void test_depth_and_leaves_are_kept(void **state)
{
    (void)state;
    double p[2 * N];
    for (int64_t leaves = 2; leaves <= 9; leaves++) {
        ml_model *m = ml_boost_fit(two(), (ml_boost_opts){.rounds = 1, .max_leaves = leaves, .min_samples_leaf = 1});
        assert_int_equal(ml_model_probabilities(m, features(), p), ML_OK);
        assert_int_equal(distinct(p, N, 2), leaves);
        ml_model_free(m);
    }
    ml_model *m = ml_boost_fit(two(), (ml_boost_opts){.rounds = 1, .max_depth = 2, .min_samples_leaf = 1});
    assert_int_equal(ml_model_probabilities(m, features(), p), ML_OK);
    assert_int_equal(distinct(p, N, 2), 4);
    ml_model_free(m);
}

static void test_early_stop_keeps_the_best(void **state)
{
    (void)state;
    double noise[200], t[200], got[200];
    ml_rng rng = ml_rng_seed(1);
    for (int i = 0; i < 200; i++)
        noise[i] = ml_rng_normal(&rng), t[i] = ml_rng_normal(&rng);
    const ml_xy data = {.x = {.v = noise, .rows = 200, .columns = 1}, .y = {t, 200}};
    ml_model *all = ml_boost_fit(data, (ml_boost_opts){.rounds = 200, .min_samples_leaf = 2});
    ml_model *stopped = ml_boost_fit(data, (ml_boost_opts){.rounds = 200, .min_samples_leaf = 2, .patience = 3, .validation = 0.3});
    double by_heart = 0, with_care = 0;
    assert_int_equal(ml_model_values(all, data.x, got), ML_OK);
    for (int i = 0; i < 200; i++)
        by_heart += (got[i] - t[i]) * (got[i] - t[i]) / 200;
    assert_int_equal(ml_model_values(stopped, data.x, got), ML_OK);
    for (int i = 0; i < 200; i++)
        with_care += (got[i] - t[i]) * (got[i] - t[i]) / 200;
    assert_true(by_heart < 0.1 && with_care > 0.6); /* there is nothing to learn but the noise */
    ml_model_free(all), ml_model_free(stopped);
}

static void test_wrong_options(void **state)
{
    (void)state;
    static const struct {
        const char *learner, *says;
    } table[] = {
        {"boost:rounds=-1", "rounds must be in"},        {"boost:learning_rate=0", "learning_rate must be above 0"},
        {"boost:max_bins=256", "max_bins must be in"},   {"boost:max_leaves=1", "max_leaves must be in"},
        {"boost:subsample=1.5", "subsample must be in"}, {"boost:l2=-1", "l2 is -1"},
        {"boost:depth=3", "no option 'depth'"},          {"boost:rounds=1.5", "must be a whole number"},
        {"boost:rounds=many", "must be a number"},       {"boost:rounds", "not option=value"},
        {"bosst", "no learner 'bosst'"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_null(ml_learner_named(table[i].learner).kind);
        assert_says(table[i].says);
    }
    assert_null(ml_boost_fit(two(), (ml_boost_opts){.validation = NAN, .patience = 1}));
    assert_null(ml_boost_fit(two(), (ml_boost_opts){.max_leaves = INT64_MAX}));
    ml_xy data = two();
    data.x.role = ML_ROLE_TEST;
    assert_null(ml_boost_fit(data, SMALL));
    assert_says("TEST");
}

/* ---- the same bits ---- */

static void test_threads_change_no_bit(void **state)
{
    (void)state;
    enum { MANY = 40000, WIDE = 7 };
    double *v = malloc(MANY * WIDE * sizeof *v), *p[2] = {malloc(MANY * 2 * sizeof **p), malloc(MANY * 2 * sizeof **p)};
    int32_t *k = malloc(MANY * sizeof *k);
    ml_rng rng = ml_rng_seed(4);
    for (int i = 0; i < MANY * WIDE; i++)
        v[i] = ml_rng_uniform(&rng) < 0.05 ? NAN : ml_rng_normal(&rng);
    for (int i = 0; i < MANY; i++)
        k[i] = (isnan(v[i * WIDE]) ? 0.3 : v[i * WIDE] * v[i * WIDE]) + ml_rng_normal(&rng) > 1;
    const ml_matrix m = {.v = v, .rows = MANY, .columns = WIDE};
    const int before = ml_threads();
    for (int t = 0; t < 2; t++) {
        assert_int_equal(ml_set_threads(t ? 3 : 1), ML_OK);
        ml_model *model = ml_boost_fit((ml_xy){.x = m, .label = {k, MANY}},
                                       (ml_boost_opts){.rounds = 5, .subsample = 0.7, .columns = 0.6, .seed = 9});
        assert_int_equal(ml_model_probabilities(model, m, p[t]), ML_OK);
        ml_model_free(model);
    }
    ml_set_threads(before);
    assert_memory_equal(p[0], p[1], MANY * 2 * sizeof **p);
    free(v), free(k), free(p[0]), free(p[1]);
}

/* ---- files ---- */

static void test_save_and_load(void **state)
{
    (void)state;
    double a[3 * N], b[3 * N];
    static const char *const names[D] = {"age", "fare, in pounds", "`x`", "<b>", "kin"};
    ml_xy data = {.x = features(), .label = {label[1], N}};
    data.x.names = names;
    ml_model *m = ml_boost_fit(data, SMALL);
    assert_int_equal(ml_model_save(m, tmp_path("m.safetensors")), ML_OK);
    ml_model *again = ml_model_load(tmp_path("m.safetensors"));
    if (!again)
        fail_msg("%s", ml_error());
    assert_string_equal(ml_model_feature(again, 1), names[1]);
    assert_int_equal(ml_model_classes(again), 3);
    assert_int_equal(ml_model_probabilities(m, data.x, a), ML_OK);
    assert_int_equal(ml_model_probabilities(again, data.x, b), ML_OK);
    assert_memory_equal(a, b, sizeof a);
    double importance[D], sum = 0;
    assert_int_equal(ml_model_importances(again, importance), ML_OK);
    for (int j = 0; j < D; j++)
        sum += importance[j];
    assert_true(fabs(sum - 1) < 1e-12 && importance[4] == 0);
    data.x.names = (const char *const[D]){"age", "fare", "`x`", "<b>", "kin"};
    assert_int_equal(ml_model_probabilities(again, data.x, b), ML_EINVAL);
    assert_says("feature 1 is 'fare', and the model was fitted with 'fare, in pounds' there");
    data.x.columns = 4;
    assert_int_equal(ml_model_probabilities(again, data.x, b), ML_EINVAL);
    ml_model_free(m), ml_model_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_of_quantile_bins),
        cmocka_unit_test(test_the_example_on_paper),
        cmocka_unit_test(test_bins),
        cmocka_unit_test(test_constant_missing_and_single),
        cmocka_unit_test(test_holes_carry_meaning),
        cmocka_unit_test(test_a_hole_that_was_never_seen),
        cmocka_unit_test(test_leaves_have_their_rows),
        cmocka_unit_test(test_depth_and_leaves_are_kept),
        cmocka_unit_test(test_early_stop_keeps_the_best),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_threads_change_no_bit),
        cmocka_unit_test_setup_teardown(test_save_and_load, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, read_data, NULL);
}
