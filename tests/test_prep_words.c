/* test_prep_words.c -- one-hot and ordinal encoding: scikit-learn's columns, values that no training row had, and many values. */
#include "support/prep.h"
#include "support/tmp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 37 };

/* The last golden column as integers. */
static ml_frame *golden_integers(void)
{
    golden x = golden_read("prep_x");
    int64_t v[N];
    for (int i = 0; i < N; i++)
        v[i] = isnan(x.v[i * 4 + 3]) ? ML_MISSING : (int64_t)x.v[i * 4 + 3];
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "d", v, N), ML_OK);
    golden_free(&x);
    return f;
}

static void assert_one_hot(ml_prep_step step, int k, const char *names)
{
    golden g = golden_read("prep_one_hot");
    ml_frame *f = golden_integers(), *y = transformed(step, f, NULL, NULL);
    assert_names(y, names);
    for (int j = 0; j < y->columns; j++) {
        double v[N];
        for (int i = 0; i < N; i++)
            v[i] = g.v[(k * N + i) * 5 + j];
        assert_column(y, y->column[j].name, v);
    }
    ml_frame_free(f);
    ml_frame_free(y);
    golden_free(&g);
}

static void test_one_hot_is_scikit_learns(void **state)
{
    (void)state;
    assert_one_hot(ML_ONE_HOT("d"), 0, "d_1 d_2 d_3 d_4 d_5");
    assert_one_hot(ML_ONE_HOT("d", .drop_first = true), 1, "d_2 d_3 d_4 d_5");
    assert_one_hot(ML_ONE_HOT("d", .min_count = 8), 2, "d_2 d_other");
    assert_one_hot(ML_ONE_HOT("d", .max_categories = 2), 3, "d_1 d_2 d_other"); /* theirs counts the other one */
}

static ml_frame *words(const char *const *v, int64_t n)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "w", v, n), ML_OK);
    return f;
}

/* Of a frame what a step that is fitted on `train` makes of its column. */
static void assert_ordinal(ml_prep_step step, const ml_frame *train, const ml_frame *f, int k)
{
    golden g = golden_read("prep_ordinal");
    ml_frame *y = transformed(step, train, NULL, f);
    assert_column(y, f->column[0].name, g.v + k * N);
    ml_frame_free(y);
    golden_free(&g);
}

static void test_ordinal_is_scikit_learns(void **state)
{
    (void)state;
    static const char *const word[] = {"never", "\xc3\xa4", "low", "Z", "lower", "a,b"};
    const char *text[N];
    ml_frame *f = golden_integers(), *few = ml_frame_head(f, 6);
    for (int i = 0; i < N; i++)
        text[i] = ml_column_missing(&f->column[0], i) ? NULL : word[f->column[0].integer[i]];
    ml_frame *t = words(text, N);
    assert_ordinal(ML_ORDINAL("d"), f, f, 0);
    assert_ordinal(ML_ORDINAL("d", .unseen = ML_UNSEEN_IGNORE), few, f, 1);
    assert_ordinal(ML_ORDINAL("w"), t, t, 2);
    assert_ordinal(ML_ORDINAL("w", .order = "never,\xc3\xa4,low,Z,lower,a\\,b"), t, t, 3);
    ml_frame_free(f), ml_frame_free(few), ml_frame_free(t);
}

/* ---- values that training rows do not have ---- */

static const char *const TRAIN[] = {"b", "a", NULL, "b", "\xc3\xa4"}, *const NEW[] = {"a", "c", NULL, "", "b"};

static void test_unseen_values_of_one_hot(void **state)
{
    (void)state;
    ml_frame *f = words(TRAIN, 5), *g = words(NEW, 5);
    ml_prep *p = ml_prep_fit(ML_ONE_HOT("w"), f, NULL);
    assert_null(ml_prep_transform(p, g));
    assert_says("one_hot: column 'w' has 'c' in row 1");
    ml_prep_free(p);
    ml_frame *ignored = transformed(ML_ONE_HOT("w", .unseen = ML_UNSEEN_IGNORE), f, NULL, g);
    assert_names(ignored, "w_a w_b w_\xc3\xa4");
    assert_column(ignored, "w_a", (double[]){1, 0, 0, 0, 0});
    assert_column(ignored, "w_b", (double[]){0, 0, 0, 0, 1});
    ml_frame *other = transformed(ML_ONE_HOT("w", .unseen = ML_UNSEEN_OTHER, .missing = true), f, NULL, g);
    assert_names(other, "w_a w_b w_\xc3\xa4 w_other w_missing");
    assert_column(other, "w_other", (double[]){0, 1, 0, 1, 0});
    assert_column(other, "w_missing", (double[]){0, 0, 1, 0, 0});
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(ignored), ml_frame_free(other);
}

static void test_unseen_values_of_ordinal(void **state)
{
    (void)state;
    ml_frame *f = words(TRAIN, 5), *g = words(NEW, 5);
    ml_prep *p = ml_prep_fit(ML_ORDINAL("w"), f, NULL);
    assert_null(ml_prep_transform(p, g));
    assert_says("ordinal: column 'w' has 'c' in row 1");
    ml_prep_free(p);
    ml_frame *same = transformed(ML_ORDINAL("w"), f, NULL, NULL);
    assert_column(same, "w", (double[]){1, 0, NAN, 1, 2});
    assert_int_equal(same->column[0].type, ML_INTEGER);
    ml_frame *ignored = transformed(ML_ORDINAL("w", .unseen = ML_UNSEEN_IGNORE), f, NULL, g);
    assert_column(ignored, "w", (double[]){0, NAN, NAN, NAN, 1});
    ml_frame *other = transformed(ML_ORDINAL("w", .unseen = ML_UNSEEN_OTHER), f, NULL, g);
    assert_column(other, "w", (double[]){0, 3, NAN, 3, 1});
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(same), ml_frame_free(ignored), ml_frame_free(other);
}

/* A value that is called as the column for others shares it. */
static void test_other_and_missing_as_values(void **state)
{
    (void)state;
    ml_frame *f = words((const char *[]){"other", "x", "missing", NULL, "x"}, 5), *g = words(NEW, 5);
    ml_frame *y = transformed(ML_ONE_HOT("w", .unseen = ML_UNSEEN_OTHER, .missing = true), f, NULL, g);
    assert_names(y, "w_missing w_other w_x");
    assert_column(y, "w_missing", (double[]){0, 0, 1, 0, 0});
    assert_column(y, "w_other", (double[]){1, 1, 0, 1, 1});
    ml_frame_free(y);
    y = transformed(ML_ONE_HOT("w", .min_count = 2), f, NULL, NULL); /* "other" itself is rare */
    assert_names(y, "w_x w_other");
    assert_column(y, "w_other", (double[]){1, 0, 1, 0, 0});
    ml_frame_free(y);
    ml_frame_free(f);
    ml_frame_free(g);
}

static void test_an_order_that_is_given(void **state)
{
    (void)state;
    ml_frame *f = words((const char *[]){"high", "low", NULL}, 3), *g = words((const char *[]){"middle", "low", "a,b"}, 3);
    ml_frame *y = transformed(ML_ORDINAL("w", .order = "low,middle,high,a\\,b"), f, NULL, g);
    assert_column(y, "w", (double[]){1, 0, 3});
    ml_frame_free(y);
    assert_refused(ML_ORDINAL("w", .order = "low,middle"), f, NULL, "ordinal: column 'w' has 'high' in row 0");
    assert_refused(ML_ORDINAL("w", .order = "low,low"), f, NULL, "order has 'low' twice");
    assert_refused(ML_ORDINAL("w", .order = ""), f, NULL, "order names no value");
    ml_frame_free(f);
    ml_frame_free(g);
    f = golden_integers();
    assert_refused(ML_ORDINAL("d", .order = "1,2"), f, NULL, "column 'd' is integer, and has an order of its own");
    y = transformed(ML_ORDINAL("d"), f, NULL, NULL);
    assert_int_equal(ml_column_number(&y->column[0], 0), ml_column_number(&f->column[0], 0) - 1);
    ml_frame_free(f);
    ml_frame_free(y);
}

static void test_integers_are_in_the_order_of_their_values(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "n", (int64_t[]){10, 9, -1, INT64_MAX, ML_MISSING}, 5), ML_OK);
    ml_frame *y = transformed(ML_ONE_HOT("n"), f, NULL, NULL);
    assert_names(y, "n_-1 n_9 n_10 n_9223372036854775807");
    assert_column(y, "n_10", (double[]){1, 0, 0, 0, 0});
    ml_frame_free(f);
    ml_frame_free(y);
}

static void test_names_that_meet(void **state)
{
    (void)state;
    ml_frame *f = words((const char *[]){"x", "y"}, 2);
    assert_int_equal(ml_frame_put_numbers(f, "w_y", (double[]){1, 2}, 2), ML_OK);
    ml_prep *p = ml_prep_fit(ML_ONE_HOT("w"), f, NULL);
    assert_null(ml_prep_transform(p, f));
    assert_says("one_hot: two columns would be called 'w_y'");
    ml_prep_free(p);
    ml_frame_free(f);
}

static void test_a_column_without_values(void **state)
{
    (void)state;
    ml_frame *f = words((const char *[]){NULL, NULL}, 2);
    assert_int_equal(ml_frame_put_numbers(f, "x", (double[]){1, 2}, 2), ML_OK);
    ml_frame *y = transformed(ML_ONE_HOT("w"), f, NULL, NULL);
    assert_names(y, "x");
    ml_frame_free(y);
    y = transformed(ML_ONE_HOT("w", .missing = true), f, NULL, NULL);
    assert_column(y, "w_missing", (double[]){1, 1});
    ml_frame_free(y);
    y = transformed(ML_ORDINAL("w"), f, NULL, NULL);
    assert_column(y, "w", (double[]){NAN, NAN});
    ml_frame_free(y);
    ml_frame_free(f);
}

/* A category by its texts, whatever its codes are; categories that no row has count for nothing. */
static void test_categories_go_by_their_texts(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new(), *g = ml_frame_new();
    assert_int_equal(ml_frame_put_categories(f, "w", (ml_ints){(int32_t[]){2, 0, -1}, 3}, (const char *[]){"z", "unused", "a"}, 3),
                     ML_OK);
    assert_int_equal(ml_frame_put_categories(g, "w", (ml_ints){(int32_t[]){1, 0}, 2}, (const char *[]){"a", "z"}, 2), ML_OK);
    ml_frame *y = transformed(ML_ONE_HOT("*category"), f, NULL, g);
    assert_names(y, "w_a w_z");
    assert_column(y, "w_z", (double[]){1, 0});
    ml_frame_free(y);
    ml_frame *texts = words((const char *[]){"z", "a"}, 2);
    y = transformed(ML_ORDINAL("w"), f, NULL, texts);
    assert_column(y, "w", (double[]){1, 0});
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(y), ml_frame_free(texts);
}

static void test_a_hundred_thousand_values(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    char(*text)[8] = malloc(MANY * sizeof *text);
    const char **v = malloc(MANY * sizeof *v);
    for (int i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "%05d", (int)((int64_t)i * 7919 % MANY));
        v[i] = text[i];
    }
    ml_frame *f = words(v, MANY), *y = transformed(ML_ORDINAL("w"), f, NULL, NULL);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(y->column[0].integer[i], atoi(text[i]));
    ml_frame_free(y);
    y = transformed(ML_ONE_HOT("w", .max_categories = 3), f, NULL, NULL); /* of equals the first ones */
    assert_names(y, "w_00000 w_00001 w_00002 w_other");
    assert_refused(ML_ONE_HOT("w"), f, NULL, "one_hot: column 'w' has 100000 values and would become 100000 columns, more than 10000");
    ml_frame_free(y);
    ml_frame_free(f);
    free(v);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_hot_is_scikit_learns),
        cmocka_unit_test(test_ordinal_is_scikit_learns),
        cmocka_unit_test(test_unseen_values_of_one_hot),
        cmocka_unit_test(test_unseen_values_of_ordinal),
        cmocka_unit_test(test_other_and_missing_as_values),
        cmocka_unit_test(test_an_order_that_is_given),
        cmocka_unit_test(test_integers_are_in_the_order_of_their_values),
        cmocka_unit_test(test_names_that_meet),
        cmocka_unit_test(test_a_column_without_values),
        cmocka_unit_test(test_categories_go_by_their_texts),
        cmocka_unit_test(test_a_hundred_thousand_values),
    };
    return cmocka_run_group_tests(tests, tmp_setup, tmp_teardown);
}
