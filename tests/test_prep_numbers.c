/* test_prep_numbers.c -- imputers, scalers, bins, products: scikit-learn's values, and columns that are awkward. */
#include "support/prep.h"
#include "support/tmp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 37, D = 4 };
static const char *const NAMES[D] = {"a", "b", "c", "d"};

/* A column of (N,columns) numbers, for free. */
static double *column_of(const double *v, int columns, int j)
{
    double *c = malloc(N * sizeof *c);
    for (int i = 0; i < N; i++)
        c[i] = v[i * columns + j];
    return c;
}

static ml_frame *golden_frame(void)
{
    golden x = golden_read("prep_x");
    ml_frame *f = ml_frame_new();
    for (int j = 0; j < D; j++) {
        double *c = column_of(x.v, D, j);
        assert_int_equal(ml_frame_put_numbers(f, NAMES[j], c, N), ML_OK);
        free(c);
    }
    golden_free(&x);
    return f;
}

/* The columns of table k of a golden array. */
static void assert_golden(const ml_frame *f, const golden *g, int k, const char *const *names, int n)
{
    const int width = (int)g->shape[2];
    for (int j = 0; j < n; j++) {
        double *c = column_of(g->v + k * N * width, width, j);
        assert_column(f, names[j], c);
        free(c);
    }
}

static void assert_steps(const char *name, const ml_prep_step *step, int n, bool filled)
{
    golden g = golden_read(name);
    ml_frame *x = golden_frame(), *full = transformed(ML_IMPUTE("*", .how = ML_IMPUTE_MEDIAN), x, NULL, NULL);
    for (int k = 0; k < n; k++) {
        ml_frame *y = transformed(step[k], filled ? full : x, NULL, NULL);
        assert_names(y, "a b c d");
        assert_golden(y, &g, k, NAMES, D);
        ml_frame_free(y);
    }
    ml_frame_free(x);
    ml_frame_free(full);
    golden_free(&g);
}

static void test_imputers_are_scikit_learns(void **state)
{
    (void)state;
    const ml_prep_step step[] = {ML_IMPUTE("*number"), ML_IMPUTE("*", .how = ML_IMPUTE_MEDIAN), ML_IMPUTE("*", .how = ML_IMPUTE_MODE),
                                 ML_IMPUTE("d,c,b,a", .how = ML_IMPUTE_CONSTANT, .constant = -1.5)};
    assert_steps("prep_impute", step, 4, false);
}

static void test_scalers_are_scikit_learns(void **state)
{
    (void)state;
    const ml_prep_step step[] = {ML_SCALE("*"), ML_SCALE("*", .no_center = true), ML_SCALE("*", .no_scale = true),
                                 ML_SCALE("*", .how = ML_SCALE_MIN_MAX), ML_SCALE("*", .how = ML_SCALE_MIN_MAX, .low = -2, .high = 3),
                                 ML_SCALE("*", .how = ML_SCALE_ROBUST)};
    assert_steps("prep_scale", step, 6, false);
}

static void test_bins_are_scikit_learns(void **state)
{
    (void)state;
    const ml_prep_step step[] = {ML_BIN("*"), ML_BIN("*", .bins = 4, .how = ML_BIN_UNIFORM)};
    assert_steps("prep_bin", step, 2, true);
}

static void test_products_are_scikit_learns(void **state)
{
    (void)state;
    static const char *const all[] = {"a", "b", "c", "a^2", "a b", "a c", "b^2", "b c", "c^2", "a^3", "a^2 b", "a^2 c", "a b^2",
                                      "a b c", "a c^2", "b^3", "b^2 c", "b c^2", "c^3"};
    static const char *const few[] = {"a", "b", "c", "a b", "a c", "b c", "a b c"};
    golden g = golden_read("prep_polynomial");
    ml_frame *x = golden_frame(), *full = transformed(ML_IMPUTE("*", .how = ML_IMPUTE_MEDIAN), x, NULL, NULL);
    ml_frame *y = transformed(ML_POLYNOMIAL("a,b,c", .degree = 3), full, NULL, NULL);
    ml_frame *z = transformed(ML_POLYNOMIAL("a,b,c", .degree = 3, .interactions_only = true), full, NULL, NULL);
    assert_names(y, "a b c d a^2 a b a c b^2 b c c^2 a^3 a^2 b a^2 c a b^2 a b c a c^2 b^3 b^2 c b c^2 c^3");
    assert_names(z, "a b c d a b a c b c a b c");
    assert_golden(y, &g, 0, all, 19);
    assert_golden(z, &g, 1, few, 7);
    ml_frame_free(x), ml_frame_free(full), ml_frame_free(y), ml_frame_free(z);
    golden_free(&g);
}

/* ---- awkward columns ---- */

static ml_frame *one_column(const double *v, int64_t n)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", v, n), ML_OK);
    return f;
}

static void assert_becomes(ml_prep_step step, const double *v, const double *as, int64_t n)
{
    ml_frame *f = one_column(v, n), *g = transformed(step, f, NULL, NULL);
    assert_column(g, "x", as);
    ml_frame_free(f);
    ml_frame_free(g);
}

static void test_columns_without_values(void **state)
{
    (void)state;
    const double none[] = {NAN, NAN}, zeros[] = {0, 0}, sevens[] = {7, 7};
    assert_becomes(ML_IMPUTE("x"), none, zeros, 2);
    assert_becomes(ML_IMPUTE("x", .how = ML_IMPUTE_MODE, .constant = 7), none, sevens, 2);
    assert_becomes(ML_SCALE("x"), none, none, 2);
    assert_becomes(ML_SCALE("x", .how = ML_SCALE_ROBUST), none, none, 2);
    assert_becomes(ML_BIN("x"), none, none, 2);
    assert_becomes(ML_IMPUTE("x"), none, none, 0); /* no rows at all */
    assert_becomes(ML_SCALE("x"), none, none, 0);
    assert_becomes(ML_BIN("x"), none, none, 0);
    assert_becomes(ML_LOG("x"), none, none, 2);
}

static void test_one_row_and_constant_columns(void **state)
{
    (void)state;
    const double one[] = {3}, zero[] = {0}, low[] = {-1}, ones[] = {0.1, 0.1, 0.1}, zeros[] = {0, 0, 0};
    assert_becomes(ML_SCALE("x"), one, zero, 1);
    assert_becomes(ML_SCALE("x", .how = ML_SCALE_MIN_MAX, .low = -1, .high = 1), one, low, 1);
    assert_becomes(ML_SCALE("x", .how = ML_SCALE_ROBUST), one, zero, 1);
    assert_becomes(ML_BIN("x"), one, zero, 1);
    assert_becomes(ML_BIN("x", .how = ML_BIN_UNIFORM), ones, zeros, 3);
    assert_becomes(ML_SCALE("x"), ones, zeros, 3); /* the rounding of a mean of 0.1 is no spread */
}

/* Of [-2, 0] too: ML_ZERO is a bound of 0. */
static void test_min_max_bounds(void **state)
{
    (void)state;
    const double v[] = {1, 2, 5}, as[] = {-2, -1.5, 0};
    assert_becomes(ML_SCALE("x", .how = ML_SCALE_MIN_MAX, .low = -2, .high = ML_ZERO), v, as, 3);
}

/* scikit-learn's [0, 1, 5, 5] has the bins [0, 1) and [1, 5]: the last edge goes, and 5 is no inner edge. */
static void test_quantiles_that_are_equal(void **state)
{
    (void)state;
    const double v[] = {0, 1, 5, 5, 5, 5}, as[] = {0, 1, 1, 1, 1, 1};
    assert_becomes(ML_BIN("x", .bins = 5), v, as, 6);
}

static void test_new_rows_go_by_what_was_learnt(void **state)
{
    (void)state;
    ml_frame *f = one_column((double[]){0, 1, 2, 3, 4}, 5), *g = one_column((double[]){-9, INFINITY, NAN, 1.9, 2}, 5);
    ml_frame *bins = transformed(ML_BIN("x", .bins = 2, .how = ML_BIN_UNIFORM), f, NULL, g);
    assert_column(bins, "x", (double[]){0, 1, NAN, 0, 1});
    assert_int_equal(bins->column[0].type, ML_INTEGER);
    ml_frame *scaled = transformed(ML_SCALE("x", .how = ML_SCALE_MIN_MAX), f, NULL, g);
    assert_column(scaled, "x", (double[]){-2.25, INFINITY, NAN, 0.475, 0.5});
    ml_frame *filled = transformed(ML_IMPUTE("x"), f, NULL, g);
    assert_column(filled, "x", (double[]){-9, INFINITY, 2, 1.9, 2});
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(bins), ml_frame_free(scaled), ml_frame_free(filled);
}

static void test_integers(void **state)
{
    (void)state;
    const int64_t v[] = {3, ML_MISSING, 3, 8, INT64_MAX};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "x", v, 5), ML_OK);
    ml_frame *mode = transformed(ML_IMPUTE("x", .how = ML_IMPUTE_MODE), f, NULL, NULL);
    assert_int_equal(mode->column[0].type, ML_INTEGER);
    assert_int_equal(mode->column[0].integer[1], 3);
    assert_true(mode->column[0].integer[4] == INT64_MAX); /* no detour over a double */
    ml_frame *whole = transformed(ML_IMPUTE("x", .how = ML_IMPUTE_CONSTANT, .constant = -2), f, NULL, NULL);
    assert_int_equal(whole->column[0].integer[1], -2);
    ml_frame *half = transformed(ML_IMPUTE("x", .how = ML_IMPUTE_CONSTANT, .constant = 0.5), f, NULL, NULL);
    assert_int_equal(half->column[0].type, ML_NUMBER);
    assert_true(half->column[0].number[1] == 0.5);
    ml_frame *mean = transformed(ML_IMPUTE("x", .how = ML_IMPUTE_MEDIAN), f, NULL, NULL);
    assert_column(mean, "x", (double[]){3, 5.5, 3, 8, 9223372036854775807.0});
    ml_frame_free(f), ml_frame_free(mode), ml_frame_free(whole), ml_frame_free(half), ml_frame_free(mean);
}

static void test_words_are_filled(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    const char *const texts[] = {"b", NULL, "a", "a", "b"};
    assert_int_equal(ml_frame_put_texts(f, "t", texts, 5), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "c", (ml_ints){(int32_t[]){0, 1, -1, 1, 1}, 5}, (const char *[]){"x", "y", "z"}, 3),
                     ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "none", (const char *[]){NULL, NULL, NULL, NULL, NULL}, 5), ML_OK);
    ml_frame *mode = transformed(ML_IMPUTE("*text,*category", .how = ML_IMPUTE_MODE), f, NULL, NULL);
    assert_string_equal(ml_column_text(ml_frame_column(mode, "t"), 1), "a"); /* of two as frequent the smaller */
    assert_string_equal(ml_column_text(ml_frame_column(mode, "c"), 2), "y");
    assert_string_equal(ml_column_text(ml_frame_column(mode, "none"), 0), "missing");
    assert_int_equal(ml_frame_column(mode, "c")->categories, 3);
    ml_frame *word = transformed(ML_IMPUTE("*", .how = ML_IMPUTE_CONSTANT, .text = "?"), f, NULL, NULL);
    assert_string_equal(ml_column_text(ml_frame_column(word, "c"), 2), "?");
    assert_string_equal(ml_column_text(ml_frame_column(word, "c"), 1), "y");
    assert_refused(ML_IMPUTE("t"), f, NULL, "impute: column 't' is text and has no mean");
    ml_frame_free(f), ml_frame_free(mode), ml_frame_free(word);
}

static void test_numbers_that_are_too_much(void **state)
{
    (void)state;
    ml_frame *huge = one_column((double[]){1.7e308, 1.7e308, -1.7e308}, 3), *infinite = one_column((double[]){1, NAN, -INFINITY}, 3);
    assert_refused(ML_IMPUTE("x"), huge, NULL, "impute: the values of column 'x' are too large");
    assert_refused(ML_SCALE("x"), huge, NULL, "scale: the values of column 'x' are too far apart");
    assert_refused(ML_SCALE("x", .how = ML_SCALE_MIN_MAX), huge, NULL, "too far apart");
    assert_refused(ML_BIN("x"), huge, NULL, "bin: the values of column 'x' are too far apart");
    assert_refused(ML_IMPUTE("x"), infinite, NULL, "impute: column 'x' is infinite in row 2");
    assert_refused(ML_SCALE("x"), infinite, NULL, "scale: column 'x' is infinite in row 2");
    assert_refused(ML_BIN("x"), infinite, NULL, "bin: column 'x' is infinite in row 2");
    ml_frame_free(huge);
    ml_frame_free(infinite);
}

static void test_log(void **state)
{
    (void)state;
    const double v[] = {0, 1, NAN, -0.5, INFINITY}, as[] = {0, log1p(1), NAN, log1p(-0.5), INFINITY};
    assert_becomes(ML_LOG("x"), v, as, 5);
    ml_frame *f = one_column((double[]){0, -1}, 2);
    ml_prep *p = ml_prep_fit(ML_LOG("x"), f, NULL);
    assert_null(ml_prep_transform(p, f));
    assert_says("log: row 1 of column 'x' is -1 or below");
    ml_prep_free(p);
    ml_frame_free(f);
}

static void assert_bad(ml_prep_step step, const char *part)
{
    const char *says = ml_prep_step_check(step);
    if (!says || !strstr(says, part))
        fail_msg("'%s' where '%s' was to be said", says ? says : "nothing", part);
}

static void test_options_that_cannot_be(void **state)
{
    (void)state;
    assert_bad((ml_prep_step){0}, "prep: the step is not one of");
    assert_bad(ML_SCALE(NULL), "scale: columns is NULL");
    assert_bad(ML_IMPUTE("x", .how = (ml_impute_how)9), "impute: how is 9");
    assert_bad(ML_IMPUTE("x", .constant = NAN), "impute: constant is nan");
    assert_bad(ML_IMPUTE("x", .text = "\xff"), "impute: text is not UTF-8");
    assert_bad(ML_SCALE("x", .how = (ml_scale_how)-1), "scale: how is -1");
    assert_bad(ML_SCALE("x", .how = ML_SCALE_MIN_MAX, .low = 1, .high = 1), "scale: low must be below high");
    assert_bad(ML_SCALE("x", .how = ML_SCALE_MIN_MAX, .low = INFINITY), "low is inf");
    assert_bad(ML_SCALE("x", .how = ML_SCALE_MIN_MAX, .no_scale = true), "neither no_center nor no_scale");
    assert_bad(ML_SCALE("x", .low = 1, .high = 2), "options of ML_SCALE_MIN_MAX");
    assert_bad(ML_BIN("x", .bins = 1), "bin: bins is 1");
    assert_bad(ML_BIN("x", .bins = INT64_MAX), "bins is 9223372036854775807");
    assert_bad(ML_BIN("x", .bins = -3), "bins is -3");
    assert_bad(ML_POLYNOMIAL("x", .degree = 17), "polynomial: degree is 17");
    assert_bad(ML_POLYNOMIAL("x", .degree = INT64_MIN), "degree is");
    assert_null(ml_prep_step_check(ML_BIN("x", .bins = 2)));
}

static void test_options_by_name(void **state)
{
    (void)state;
    const double v[] = {0, 1, 2, 3}, halves[] = {0, 0, 1, 1}, as[] = {-3, -2, -1, 0};
    ml_prep_step bin = ML_BIN("x"), scale = ML_SCALE("x"), log = ML_LOG("x");
    assert_int_equal(ml_prep_step_set(&bin, "bins", 2), ML_OK);
    assert_int_equal(ml_prep_step_set(&bin, "how", ML_BIN_UNIFORM), ML_OK);
    assert_becomes(bin, v, halves, 4);
    assert_int_equal(ml_prep_step_set(&scale, "how", ML_SCALE_MIN_MAX), ML_OK);
    assert_int_equal(ml_prep_step_set(&scale, "low", -3), ML_OK);
    assert_int_equal(ml_prep_step_set(&scale, "high", 0), ML_OK); /* 0 and not the default */
    assert_becomes(scale, v, as, 4);
    assert_int_equal(ml_prep_step_set(&bin, "width", 2), ML_EINVAL);
    assert_says("bin: there is no option 'width'; there are: how, bins");
    assert_int_equal(ml_prep_step_set(&bin, "bins", 2.5), ML_EINVAL);
    assert_says("bin: bins is 2.5: it must be a whole number");
    assert_int_equal(ml_prep_step_set(&log, "base", 2), ML_EINVAL);
    assert_says("log: there is no option 'base'; there are: none");
    assert_int_equal(ml_prep_step_set(&(ml_prep_step){0}, "bins", 2), ML_EINVAL);
}

static void test_too_many_products(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    char name[16];
    for (int j = 0; j < 500; j++) {
        snprintf(name, sizeof name, "x%d", j);
        assert_int_equal(ml_frame_put_numbers(f, name, (double[]){1}, 1), ML_OK);
    }
    assert_refused(ML_POLYNOMIAL("*", .degree = 16), f, NULL, "500 columns have more than 100000 products of up to 16 factors");
    assert_refused(ML_POLYNOMIAL("*"), f, NULL, "more than 100000 products");
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_imputers_are_scikit_learns),
        cmocka_unit_test(test_scalers_are_scikit_learns),
        cmocka_unit_test(test_bins_are_scikit_learns),
        cmocka_unit_test(test_products_are_scikit_learns),
        cmocka_unit_test(test_columns_without_values),
        cmocka_unit_test(test_one_row_and_constant_columns),
        cmocka_unit_test(test_min_max_bounds),
        cmocka_unit_test(test_quantiles_that_are_equal),
        cmocka_unit_test(test_new_rows_go_by_what_was_learnt),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_words_are_filled),
        cmocka_unit_test(test_numbers_that_are_too_much),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_options_that_cannot_be),
        cmocka_unit_test(test_options_by_name),
        cmocka_unit_test(test_too_many_products),
    };
    return cmocka_run_group_tests(tests, tmp_setup, tmp_teardown);
}
