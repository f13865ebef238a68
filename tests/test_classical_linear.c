/* Linear regression, ridge, lasso, elastic net: scikit-learn's coefficients on plain and awkward data, by each solver; what is refused;
 * one file. */
#include "support/regression.h"
#include "support/tmp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One line of the golden file: what was fitted there. */
typedef struct line {
    regression_shape shape;
    bool weighted;
    double alpha, l1_ratio; /* alpha of ours, or times N (the sum of the weights) for ridge */
    bool no_intercept;
} line;
static const line LINES[] = {
    {PLAIN, false, 0, 0, false},   {PLAIN, true, 0, 0, false},     {PLAIN, false, 0, 0, true},    {SCALED, false, 0, 0, false},
    {AWKWARD, false, 0, 0, false}, {PLAIN, false, 3, 0, false},    {PLAIN, true, 3, 0, false},    {PLAIN, false, 3, 0, true},
    {AWKWARD, false, 3, 0, false}, {PLAIN, false, 0.1, 1, false},  {PLAIN, false, 0.1, 0.5, false}, {PLAIN, true, 0.1, 1, false},
    {PLAIN, false, 0.1, 1, true},  {AWKWARD, false, 0.1, 0.5, false}, {WIDE, false, 0, 0, false}, {WIDE, false, 3, 0, false},
    {WIDE, false, 0.1, 1, false},
};
enum { LINE_COUNT = sizeof LINES / sizeof *LINES };

static ml_model *fitted(const line *l, ml_linear_solver solver, double tol)
{
    regression r = regression_read(l->shape);
    ml_xy data = regression_data(&r, 0, l->weighted);
    double total = 0;
    for (int64_t i = 0; i < r.rows; i++)
        total += l->weighted ? data.weight.v[i] : 1;
    ml_model *m = ml_linear_fit(data, (ml_linear_opts){.alpha = l->l1_ratio > 0 ? l->alpha : l->alpha / total,
                                                       .l1_ratio = l->l1_ratio,
                                                       .no_intercept = l->no_intercept,
                                                       .solver = solver,
                                                       .max_iter = 100000,
                                                       .tol = tol});
    regression_free(&r);
    return m;
}

static void equal_to_scikit_learn(void **state)
{
    (void)state;
    for (int i = 0; i < LINE_COUNT; i++) {
        const line *l = &LINES[i];
        assert_coefficients(fitted(l, ML_LINEAR_AUTO, 1e-15), "regression_linear", i, 1e-9, l->shape == SCALED);
        if (l->l1_ratio == 0)
            assert_coefficients(fitted(l, ML_LINEAR_QR, 0), "regression_linear", i, 1e-9, l->shape == SCALED);
        bool single = l->alpha > 0 || l->shape == PLAIN || l->shape == SCALED;
        if (l->l1_ratio == 0 && single)
            assert_coefficients(fitted(l, ML_LINEAR_CHOLESKY, 0), "regression_linear", i, 1e-9, l->shape == SCALED);
        if (l->l1_ratio == 0 && single)
            assert_coefficients(fitted(l, ML_LINEAR_LBFGS, 1e-12), "regression_linear", i, 1e-6, l->shape == SCALED);
        if (l->l1_ratio == 0 && single && l->shape != WIDE) /* slow where features depend on each other */
            assert_coefficients(fitted(l, ML_LINEAR_COORDINATE, 1e-30), "regression_linear", i, 1e-6, l->shape == SCALED);
    }
}

/* docs/math/linear-regression.md and lasso.md */
static void by_numbers(void **state)
{
    (void)state;
    double x[] = {0, 1, 2, 3}, y[] = {1, 2, 2, 5}, w, b, fit[4];
    ml_xy data = {.x = {.v = x, .rows = 4, .columns = 1}, .y = {y, 4}};
    const double alpha[] = {0, 1.25, 0.5}, ratio[] = {0, 0, 1}, slope[] = {1.2, 0.6, 0.8};
    for (int k = 0; k < 3; k++) {
        ml_model *m = ml_linear_fit(data, (ml_linear_opts){.alpha = alpha[k], .l1_ratio = ratio[k], .tol = 1e-15});
        assert_int_equal(ml_model_coefficients(m, &w, &b), ML_OK);
        assert_true(fabs(w - slope[k]) < 1e-14 && fabs(b - (2.5 - 1.5 * slope[k])) < 1e-14);
        assert_int_equal(ml_model_values(m, data.x, fit), ML_OK);
        assert_true(fabs(fit[3] - (b + 3 * w)) < 1e-14);
        ml_model_free(m);
    }
}

static void penalties_take_features_away(void **state)
{
    (void)state;
    regression r = regression_read(WIDE);
    ml_xy data = regression_data(&r, 0, false);
    double w[30];
    int before = 31;
    for (double alpha = 0.01; alpha < 100; alpha *= 4) {
        bool settled;
        ml_model *m = ml_linear_fit(data, (ml_linear_opts){.alpha = alpha, .l1_ratio = 1, .tol = 1e-12, .max_iter = 100000});
        assert_non_null(m);
        assert_int_equal(ml_model_coefficients(m, w, NULL), ML_OK);
        assert_true(ml_model_steps(m, &settled) > 0 && settled);
        int left = 0;
        for (int j = 0; j < 30; j++)
            left += w[j] != 0;
        assert_true(left <= before + 1 && left <= 18);
        before = left;
        ml_model_free(m);
    }
    assert_int_equal(before, 0);
    ml_model *m = ml_linear_fit(data, (ml_linear_opts){.alpha = 0.001, .l1_ratio = 1, .tol = 1e-15, .max_iter = 1});
    bool settled = true;
    assert_true(ml_model_steps(m, &settled) == 1 && !settled); /* one pass is not enough, and it says so */
    ml_model_free(m);
    regression_free(&r);
}

/* Constant columns, one row, no column: the mean is left. */
static void where_there_is_nothing_to_learn(void **state)
{
    (void)state;
    double x[] = {0.1, 7, 0.1, 7, 0.1, 7}, y[] = {1e9 + 1, 1e9 + 2, 1e9 + 3}, w[2], b;
    for (int solver = 0; solver < 5; solver++)
        for (int64_t rows = 1; rows <= 3; rows += 2)
            for (int64_t columns = 0; columns <= 2; columns += 2) {
                ml_xy data = {.x = {.v = x, .rows = rows, .columns = columns}, .y = {y, rows}};
                ml_model *m = ml_linear_fit(data, (ml_linear_opts){.solver = (ml_linear_solver)solver});
                if (!m)
                    fail_msg("solver %d, %lld rows: %s", solver, (long long)rows, ml_error());
                assert_int_equal(ml_model_coefficients(m, w, &b), ML_OK);
                assert_true(b == (rows == 1 ? 1e9 + 1 : 1e9 + 2) && (columns == 0 || (w[0] == 0 && w[1] == 0)));
                ml_model_free(m);
            }
}

/* Numbers from 1e-140 to 1e140: units do not matter. */
static void huge_and_tiny(void **state)
{
    (void)state;
    const double sizes[] = {1e-140, 1e-20, 1e20, 1e140};
    for (int a = 0; a < 4; a++)
        for (int c = 0; c < 4; c++) {
            double x[12], y[12], w, b;
            for (int i = 0; i < 12; i++) {
                x[i] = sizes[a] * (i * i - 3);
                y[i] = sizes[c] * (2 * i * i + 5);
            }
            ml_xy data = {.x = {.v = x, .rows = 12, .columns = 1}, .y = {y, 12}};
            for (int solver = 0; solver < 5; solver++) {
                ml_model *m = ml_linear_fit(data, (ml_linear_opts){.solver = (ml_linear_solver)solver, .tol = 1e-14});
                if (!m)
                    fail_msg("%s", ml_error());
                assert_int_equal(ml_model_coefficients(m, &w, &b), ML_OK);
                assert_true(fabs(w * sizes[a] / sizes[c] - 2) < 1e-7 && fabs(b / sizes[c] - 11) < 1e-6);
                ml_model_free(m);
            }
        }
}

static void assert_refused(ml_xy data, ml_linear_opts opts, const char *part)
{
    ml_model *m = ml_linear_fit(data, opts);
    assert_null(m);
    if (!strstr(ml_error(), part))
        fail_msg("\"%s\" has no \"%s\"", ml_error(), part);
}

static void what_is_refused(void **state)
{
    (void)state;
    double x[] = {1, 2, 2, 4, 3, 6}, y[] = {1, 2, 4}, far[] = {1.7e308, -1.7e308, 0}, wide[] = {1e200, -1e200, 3};
    const char *names[] = {"age", "twice the age"};
    ml_xy data = {.x = {.v = x, .rows = 3, .columns = 2, .names = names}, .y = {y, 3}};
    assert_refused(data, (ml_linear_opts){.alpha = -1}, "linear: alpha is -1");
    assert_refused(data, (ml_linear_opts){.alpha = NAN}, "alpha is nan");
    assert_refused(data, (ml_linear_opts){.alpha = INFINITY}, "alpha is inf");
    assert_refused(data, (ml_linear_opts){.l1_ratio = 1.5}, "l1_ratio is 1.5: it must be in 0 .. 1");
    assert_refused(data, (ml_linear_opts){.l1_ratio = NAN}, "l1_ratio is nan");
    assert_refused(data, (ml_linear_opts){.tol = -1}, "tol is -1");
    assert_refused(data, (ml_linear_opts){.max_iter = -5}, "max_iter");
    assert_refused(data, (ml_linear_opts){.max_iter = INT64_MAX}, "max_iter");
    assert_refused(data, (ml_linear_opts){.max_iter = ML_NONE}, "max_iter is 0");
    assert_refused(data, (ml_linear_opts){.solver = (ml_linear_solver)9}, "solver");
    assert_refused(data, (ml_linear_opts){.alpha = 1, .l1_ratio = 0.5, .solver = ML_LINEAR_QR}, "solver qr knows no l1 part");
    assert_refused(data, (ml_linear_opts){.solver = ML_LINEAR_CHOLESKY}, "feature 'twice the age' is a sum of those before it");
    assert_refused(data, (ml_linear_opts){.alpha = 1e308, .l1_ratio = 0.5}, "the penalty does not fit a double");
    data.y.v = far;
    assert_refused(data, (ml_linear_opts){0}, "does not fit a double");
    data.y.v = y;
    assert_refused((ml_xy){.x = {.v = wide, .rows = 3, .columns = 1}, .y = {y, 3}}, (ml_linear_opts){0}, "column 'x0' holds numbers");
    /* Wherever it is, in a row that counts or in one that does not, it is named. */
    const double bad[] = {NAN, INFINITY, -INFINITY}, some[] = {0, 1, 1};
    for (int at = 0; at < 6; at++)
        for (int way = 0; way < 6; way++) {
            double spoilt[6];
            char part[64];
            memcpy(spoilt, x, sizeof x);
            spoilt[at] = bad[way / 2];
            snprintf(part, sizeof part, "feature '%s' of row %d is %s", names[at % 2], at / 2, way < 2 ? "missing" : "infinite");
            ml_xy with = {.x = {.v = spoilt, .rows = 3, .columns = 2, .names = names}, .y = {y, 3}, .weight = {way % 2 ? some : NULL, 3}};
            assert_refused(with, (ml_linear_opts){.no_intercept = at % 2 == 0}, part);
        }
    data.y.v = NULL;
    data.label = (ml_ints){(int32_t[]){0, 1, 0}, 3};
    assert_refused(data, (ml_linear_opts){0}, "linear");
}

static void the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    enum { N = 5000, D = 7 };
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(1);
    double *x = malloc((N * D + N) * sizeof *x), *y = x + N * D, first[D + 1], again[D + 1];
    for (int64_t i = 0; i < N * D + N; i++)
        x[i] = ml_rng_uniform(&rng);
    ml_xy data = {.x = {.v = x, .rows = N, .columns = D}, .y = {y, N}};
    for (int solver = 0; solver < 5; solver++)
        for (int t = 1; t <= 4; t *= 2) {
            ml_set_threads(t);
            ml_model *m = ml_linear_fit(data, (ml_linear_opts){.solver = (ml_linear_solver)solver});
            assert_int_equal(ml_model_coefficients(m, t == 1 ? first : again, (t == 1 ? first : again) + D), ML_OK);
            ml_model_free(m);
            assert_true(t == 1 || memcmp(first, again, sizeof first) == 0);
        }
    ml_set_threads(threads);
    free(x);
}

static void saved_and_loaded(void **state)
{
    (void)state;
    regression r = regression_read(AWKWARD);
    ml_xy data = regression_data(&r, 0, true);
    ml_model *m = ml_linear_fit(data, (ml_linear_opts){.alpha = 0.1, .l1_ratio = 0.3});
    double y[90], again[90], turned[90];
    assert_int_equal(ml_model_save(m, tmp_path("linear.safetensors")), ML_OK);
    ml_model *n = ml_model_load(tmp_path("linear.safetensors"));
    if (!n)
        fail_msg("%s", ml_error());
    assert_int_equal(ml_model_values(m, data.x, y), ML_OK);
    assert_int_equal(ml_model_values(n, data.x, again), ML_OK);
    assert_memory_equal(y, again, sizeof y);
    assert_int_equal(ml_model_steps(m, NULL), ml_model_steps(n, NULL));
    /* Rows that lie elsewhere, column after column: the same bits. */
    ml_matrix *copy = ml_matrix_new(r.rows, r.columns);
    for (int64_t i = 0; i < r.rows; i++)
        for (int64_t j = 0; j < r.columns; j++)
            ml_matrix_values(copy)[i + j * r.rows] = r.v[i * r.columns + j];
    assert_int_equal(ml_model_values(n, *copy, turned), ML_OK);
    assert_memory_equal(y, turned, sizeof y);
    assert_int_equal(ml_model_importances(m, y), ML_EINVAL);
    ml_matrix_free(copy);
    ml_model_free(m);
    ml_model_free(n);
    regression_free(&r);
    assert_int_equal(ml_model_coefficients(NULL, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_model_steps(NULL, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_scikit_learn),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(penalties_take_features_away),
        cmocka_unit_test(where_there_is_nothing_to_learn),
        cmocka_unit_test(huge_and_tiny),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(the_same_bits_on_any_number_of_threads),
        cmocka_unit_test_setup_teardown(saved_and_loaded, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
