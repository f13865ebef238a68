/* Logistic and softmax regression: scikit-learn's coefficients on plain and awkward data, by each solver; classes that are parted, missing
 * or alone; what is refused; one file. */
#include "support/regression.h"
#include "support/tmp.h"

#include "classical/logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double UNEVEN[] = {0.5, 3};
/* One line of the golden file: what was fitted there. */
static const struct line {
    regression_shape shape;
    int classes;
    bool weighted;
    ml_logistic_opts o;
} LINES[] = {
    {PLAIN, 2, false, {.C = 1}},
    {PLAIN, 2, false, {.C = 0.01}},
    {PLAIN, 2, false, {.C = INFINITY}},
    {PLAIN, 2, false, {.balanced = true}},
    {PLAIN, 2, true, {.C = 1}},
    {PLAIN, 2, false, {.no_intercept = true}},
    {PLAIN, 2, false, {.C = 0.5, .l1_ratio = 1}},
    {PLAIN, 2, false, {.C = 0.5, .l1_ratio = 0.5}},
    {PLAIN, 2, false, {.class_weight = UNEVEN}},
    {AWKWARD, 2, false, {.C = 1}},
    {SCALED, 2, false, {.C = INFINITY}},
    {PLAIN, 3, false, {.C = 1}},
    {PLAIN, 3, false, {.C = 100}},
    {PLAIN, 3, true, {.balanced = true}},
    {PLAIN, 3, false, {.C = 0.3, .l1_ratio = 1}},
    {PLAIN, 3, false, {.C = 0.3, .l1_ratio = 0.5}},
    {PLAIN, 3, false, {.C = INFINITY}},
    {AWKWARD, 3, false, {.C = 1}},
    {WIDE, 2, false, {.C = 0.2}},
    {AWKWARD, 2, false, {.C = 0.5, .l1_ratio = 0.5}},
};
enum { LINE_COUNT = sizeof LINES / sizeof *LINES };

static ml_model *fitted(const struct line *l, ml_logistic_solver solver, double tol)
{
    regression r = regression_read(l->shape);
    ml_logistic_opts o = l->o;
    o.solver = solver, o.tol = tol, o.max_iter = 2000;
    ml_model *m = ml_logistic_fit(regression_data(&r, l->classes, l->weighted), o);
    regression_free(&r);
    return m;
}

static void equal_to_scikit_learn(void **state)
{
    (void)state;
    for (int i = 0; i < LINE_COUNT; i++) {
        const struct line *l = &LINES[i];
        bool scaled = l->shape == SCALED;
        /* saga, with which scikit-learn found those with an l1 part, ends where steps are small. */
        assert_coefficients(fitted(l, ML_LOGISTIC_AUTO, 1e-12), "regression_logistic", i, l->o.l1_ratio > 0 ? 1e-6 : 1e-8, scaled);
        assert_coefficients(fitted(l, ML_LOGISTIC_COORDINATE, 1e-11), "regression_logistic", i, 1e-6, scaled);
        if (l->o.l1_ratio == 0)
            assert_coefficients(fitted(l, ML_LOGISTIC_LBFGS, 1e-11), "regression_logistic", i, 1e-6, scaled);
    }
}

/* The default tolerance is enough for six digits. */
static void six_digits_by_default(void **state)
{
    (void)state;
    for (int i = 0; i < LINE_COUNT; i++) {
        bool settled;
        regression r = regression_read(LINES[i].shape);
        ml_model *m = ml_logistic_fit(regression_data(&r, LINES[i].classes, LINES[i].weighted), LINES[i].o);
        assert_true(ml_model_steps(m, &settled) > 2 && settled);
        assert_coefficients(m, "regression_logistic", i, LINES[i].o.C == INFINITY ? 1e-5 : 1e-6, LINES[i].shape == SCALED);
        regression_free(&r);
    }
}

/* The gradient is that of the value, and the Hessian that of the gradient. */
static void derivatives_are_differences(void **state)
{
    (void)state;
    regression r = regression_read(PLAIN);
    for (int classes = 2; classes <= 3; classes++) {
        ml_xy data = regression_data(&r, classes, false);
        const ml_logistic_opts opts = {.C = 1};
        int64_t d = r.columns, k = classes == 2 ? 1 : 3, size = k * (d + 1);
        double share[90], l2[6], p[270], u[21], g[21], up[21], down[21], *h = malloc((size_t)(size * size) * sizeof *h), value, above, below;
        mli_logistic l = {.opts = &opts, .label = data.label.v, .k = k, .width = d + 1, .share = share, .l2 = l2, .p = p};
        for (int i = 0; i < 90; i++)
            share[i] = (i % 4) / 134.0;
        for (int j = 0; j < 6; j++)
            l2[j] = 0.01 * j;
        for (int i = 0; i < size; i++)
            u[i] = 0.3 * sin(i);
        assert_int_equal(mli_design_init(&l.design, &data.x, share, true), ML_OK);
        assert_int_equal(mli_logistic_objective(&l, u, &value, g), ML_OK);
        assert_int_equal(mli_logistic_hessian(&l, 0, h), ML_OK);
        for (int64_t i = 0; i < size; i++) {
            double at = u[i];
            u[i] = at + 1e-5;
            assert_int_equal(mli_logistic_objective(&l, u, &above, up), ML_OK);
            u[i] = at - 1e-5;
            assert_int_equal(mli_logistic_objective(&l, u, &below, down), ML_OK);
            u[i] = at;
            assert_true(fabs((above - below) / 2e-5 - g[i]) < 1e-9);
            for (int64_t j = 0; j < size; j++)
                assert_true(fabs((up[j] - down[j]) / 2e-5 - h[i * size + j]) < 1e-8);
        }
        mli_design_free(&l.design);
        free(h);
    }
    regression_free(&r);
}

/* docs/math/logistic-regression.md */
static void by_numbers(void **state)
{
    (void)state;
    double x[] = {0, 0, 0, 0, 1, 1, 1, 1}, w, b, p[16];
    int32_t label[] = {0, 0, 0, 1, 0, 1, 1, 1}, got[8];
    ml_xy data = {.x = {.v = x, .rows = 8, .columns = 1}, .label = {label, 8}};
    ml_model *m = ml_logistic_fit(data, (ml_logistic_opts){.C = INFINITY, .tol = 1e-14});
    assert_int_equal(ml_model_coefficients(m, &w, &b), ML_OK);
    assert_true(fabs(b + log(3)) < 1e-12 && fabs(w - 2 * log(3)) < 1e-12); /* odds of 1:3 and 3:1 */
    assert_int_equal(ml_model_probabilities(m, data.x, p), ML_OK);
    assert_int_equal(ml_model_labels(m, data.x, got), ML_OK);
    for (int i = 0; i < 8; i++)
        assert_true(fabs(p[2 * i + 1] - (i < 4 ? 0.25 : 0.75)) < 1e-12 && fabs(p[2 * i] + p[2 * i + 1] - 1) < 1e-15 && got[i] == i / 4);
    ml_model_free(m);
}

static void assert_refused(ml_xy data, ml_logistic_opts opts, const char *part)
{
    ml_model *m = ml_logistic_fit(data, opts);
    assert_null(m);
    if (!strstr(ml_error(), part))
        fail_msg("\"%s\" has no \"%s\"", ml_error(), part);
}

static void classes_that_a_plane_parts(void **state)
{
    (void)state;
    double x[] = {1, 5, 2, 4, 3, 7, 6, 1, 7, 2, 9, 3, 20, 20, 21, 25, 22, 19};
    int32_t label[] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
    for (int solver = 0; solver <= 3; solver++)
        for (int64_t rows = 6; rows <= 9; rows += 3) {
            ml_xy data = {.x = {.v = x, .rows = rows, .columns = 2}, .label = {label, rows}};
            assert_refused(data, (ml_logistic_opts){.C = INFINITY, .solver = (ml_logistic_solver)solver}, "without a mistake");
            bool settled;
            ml_model *m = ml_logistic_fit(data, (ml_logistic_opts){.solver = (ml_logistic_solver)solver});
            assert_true(ml_model_steps(m, &settled) > 0 && settled);
            int32_t got[9];
            assert_int_equal(ml_model_labels(m, data.x, got), ML_OK);
            assert_memory_equal(got, label, (size_t)rows * sizeof *got);
            ml_model_free(m);
        }
}

static void classes_that_are_alone_or_missing(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5, 6}, weight[] = {1, 1, 1, 0, 0, 0}, p[18];
    int32_t one[] = {0, 0, 0, 0, 0, 0}, third[] = {2, 2, 2, 2, 2, 2}, two[] = {0, 0, 0, 1, 1, 1}, mixed[] = {0, 1, 0, 1, 0, 1};
    ml_xy data = {.x = {.v = x, .rows = 6, .columns = 1}, .label = {one, 6}};
    assert_refused(data, (ml_logistic_opts){0}, "all rows that count are of class 0: there is nothing to tell it from");
    data.label.v = third;
    assert_refused(data, (ml_logistic_opts){0}, "all rows that count are of class 2");
    data.label.v = two;
    data.weight = (ml_doubles){weight, 6};
    assert_refused(data, (ml_logistic_opts){0}, "all rows that count are of class 0");
    data.weight = (ml_doubles){0};
    const double none[] = {0, 0}, half[] = {1, 0}, bad[] = {1, NAN};
    assert_refused(data, (ml_logistic_opts){.class_weight = none}, "sum to 0");
    assert_refused(data, (ml_logistic_opts){.class_weight = half}, "all rows that count are of class 0");
    assert_refused(data, (ml_logistic_opts){.class_weight = bad}, "the weight of class 1 is nan");
    /* A class that no row has is as good as impossible. */
    data.label.v = mixed;
    data.classes = 3;
    for (int solver = 0; solver <= 3; solver++) {
        ml_model *m = ml_logistic_fit(data, (ml_logistic_opts){.solver = (ml_logistic_solver)solver});
        if (!m)
            fail_msg("%s", ml_error());
        assert_int_equal(ml_model_probabilities(m, data.x, p), ML_OK);
        for (int i = 0; i < 6; i++)
            assert_true(p[3 * i + 2] < 1e-6 && fabs(p[3 * i] + p[3 * i + 1] + p[3 * i + 2] - 1) < 1e-14);
        ml_model_free(m);
    }
}

/* Constant columns, no column: the shares of the classes are left. */
static void where_there_is_nothing_to_learn(void **state)
{
    (void)state;
    double x[] = {0.1, 7, 0.1, 7, 0.1, 7, 0.1, 7}, p[8];
    int32_t label[] = {0, 1, 1, 1};
    for (int solver = 0; solver <= 3; solver++)
        for (int64_t columns = 0; columns <= 2; columns += 2) {
            ml_xy data = {.x = {.v = x, .rows = 4, .columns = columns}, .label = {label, 4}};
            ml_model *m = ml_logistic_fit(data, (ml_logistic_opts){.solver = (ml_logistic_solver)solver, .C = INFINITY});
            if (!m)
                fail_msg("%s", ml_error());
            assert_int_equal(ml_model_probabilities(m, data.x, p), ML_OK);
            assert_true(fabs(p[1] - 0.75) < 1e-7 && fabs(p[6] - 0.25) < 1e-7);
            ml_model_free(m);
        }
}

static void what_is_refused(void **state)
{
    (void)state;
    regression r = regression_read(PLAIN);
    ml_xy data = regression_data(&r, 2, false);
    assert_refused(data, (ml_logistic_opts){.C = -1}, "logistic: C is -1: it must be above 0");
    assert_refused(data, (ml_logistic_opts){.C = NAN}, "C is nan");
    assert_refused(data, (ml_logistic_opts){.C = ML_ZERO}, "C is 0");
    assert_refused(data, (ml_logistic_opts){.l1_ratio = 1.01}, "l1_ratio is 1.01");
    assert_refused(data, (ml_logistic_opts){.tol = NAN}, "tol is nan");
    assert_refused(data, (ml_logistic_opts){.max_iter = INT64_MAX}, "max_iter");
    assert_refused(data, (ml_logistic_opts){.max_iter = ML_NONE}, "max_iter is 0");
    assert_refused(data, (ml_logistic_opts){.solver = (ml_logistic_solver)-1}, "solver");
    assert_refused(data, (ml_logistic_opts){.l1_ratio = 1, .solver = ML_LOGISTIC_LBFGS}, "solver lbfgs knows no l1 part");
    assert_refused(regression_data(&r, 0, false), (ml_logistic_opts){0}, "logistic");
    assert_refused(data, (ml_logistic_opts){.C = 1e-320}, "the penalty does not fit a double");
    r.v[7] = NAN;
    assert_refused(data, (ml_logistic_opts){0}, "x1");
    regression_free(&r);
}

static void the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    enum { N = 5000, D = 7, K = 3 };
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(1);
    double *x = malloc(N * D * sizeof *x), first[K * (D + 1)], again[K * (D + 1)];
    int32_t *label = malloc(N * sizeof *label);
    for (int64_t i = 0; i < N * D; i++)
        x[i] = ml_rng_uniform(&rng);
    for (int64_t i = 0; i < N; i++)
        label[i] = (int32_t)(3 * ml_rng_uniform(&rng));
    ml_xy data = {.x = {.v = x, .rows = N, .columns = D}, .label = {label, N}};
    for (int solver = 0; solver < 4; solver++)
        for (int t = 1; t <= 4; t *= 2) {
            ml_set_threads(t);
            ml_model *m = ml_logistic_fit(data, (ml_logistic_opts){.solver = (ml_logistic_solver)solver});
            double *to = t == 1 ? first : again;
            assert_int_equal(ml_model_coefficients(m, to, to + K * D), ML_OK);
            ml_model_free(m);
            assert_true(t == 1 || memcmp(first, again, sizeof first) == 0);
        }
    ml_set_threads(threads);
    free(x), free(label);
}

static void saved_and_loaded(void **state)
{
    (void)state;
    regression r = regression_read(AWKWARD);
    for (int classes = 2; classes <= 3; classes++) {
        ml_xy data = regression_data(&r, classes, true);
        double *weights = malloc(3 * sizeof *weights), p[270], again[270];
        weights[0] = weights[1] = weights[2] = 2;
        ml_model *m = ml_logistic_fit(data, (ml_logistic_opts){.class_weight = weights});
        free(weights); /* read by fit alone */
        assert_int_equal(ml_model_save(m, tmp_path("logistic.safetensors")), ML_OK);
        ml_model *n = ml_model_load(tmp_path("logistic.safetensors"));
        if (!n)
            fail_msg("%s", ml_error());
        assert_int_equal(ml_model_classes(n), classes);
        assert_int_equal(ml_model_probabilities(m, data.x, p), ML_OK);
        assert_int_equal(ml_model_probabilities(n, data.x, again), ML_OK);
        assert_memory_equal(p, again, (size_t)(r.rows * classes) * sizeof *p);
        ml_model_free(m);
        ml_model_free(n);
    }
    regression_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_scikit_learn),
        cmocka_unit_test(six_digits_by_default),
        cmocka_unit_test(derivatives_are_differences),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(classes_that_a_plane_parts),
        cmocka_unit_test(classes_that_are_alone_or_missing),
        cmocka_unit_test(where_there_is_nothing_to_learn),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(the_same_bits_on_any_number_of_threads),
        cmocka_unit_test_setup_teardown(saved_and_loaded, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
