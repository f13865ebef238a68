/* Describe, quantiles, value counts, unique values against pandas 3 (tests/golden/make_summary.py), and by hand. */
#include "support/summary.h"

#include <math.h>
#include <string.h>

static ml_frame *letters_and_holes(void)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "t", (const char *[]){"b", "a", NULL, "c", "a", "b", "d"}, 7), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "c", (ml_ints){(int32_t[]){2, -1, 2, 0, 0, -1, -1}, 7},
                                             (const char *[]){"x", "never", "z"}, 3), ML_OK);
    return f;
}

static void describe_equals_pandas(void **state)
{
    (void)state;
    static const char *const names[] = {"count", "mean", "std", "min", "25%", "50%", "75%", "max"};
    golden g = golden_read("summary_describe");
    ml_frame *f = summary_frame(), *out = ml_frame_describe(f);
    assert_texts(out, "column", (const char *[]){"b", "x", "y", "z", "c"}, 5);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 8; k++)
            assert_value(column(out, names[k]), i + 1, g.v[8 * i + k]);
    assert_true(column(out, "std")->number[4] == 0); /* 0.1 in every row, and no rounding */
    assert_int_equal(column(out, "count")->type, ML_INTEGER);
    ml_frame_free(f), ml_frame_free(out), golden_free(&g);
}

static void quantiles_equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("summary_quantiles");
    ml_frame *f = summary_frame();
    const double share[] = {0, 0.1, 1.0 / 3, 0.5, 0.99, 1};
    ml_frame *out = ml_frame_quantiles(f, share, 6);
    assert_numbers(out, "quantile", share, 6);
    for (int i = 0; i < 6; i++) {
        assert_value(column(out, "x"), i, g.v[3 * i]);
        assert_value(column(out, "y"), i, g.v[3 * i + 1]);
        assert_value(column(out, "z"), i, g.v[3 * i + 2]);
    }
    ml_frame_free(f), ml_frame_free(out), golden_free(&g);
}

static void few_values(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, hole = (double)NAN;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "none", (double[]){hole, hole, hole}, 3), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "one", (double[]){hole, 5, hole}, 3), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "far", (double[]){inf, inf, -inf}, 3), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "huge", (double[]){1e308, 1.5e308, 1e308}, 3), ML_OK);
    ml_frame *out = ml_frame_describe(f);
    assert_numbers(out, "count", (double[]){0, 1, 3, 3}, 4);
    assert_numbers(out, "mean", (double[]){hole, 5, hole, inf}, 4);
    assert_numbers(out, "std", (double[]){hole, hole, hole, inf}, 4);
    assert_numbers(out, "min", (double[]){hole, 5, -inf, 1e308}, 4);
    assert_numbers(out, "50%", (double[]){hole, 5, inf, 1e308}, 4);
    assert_numbers(out, "75%", (double[]){hole, 5, inf, 1.25e308}, 4);
    ml_frame_free(out);
    out = ml_frame_describe_texts(f);
    assert_int_equal(out->rows, 0);
    assert_int_equal(out->columns, 5);
    ml_frame_free(out), ml_frame_free(f);

    f = ml_frame_new();
    out = ml_frame_describe(f);
    assert_int_equal(out->rows, 0);
    assert_int_equal(out->columns, 9);
    ml_frame_free(out);
    out = ml_frame_null_counts(f);
    assert_int_equal(out->rows, 0);
    ml_frame_free(out), ml_frame_free(f);
}

static void texts_are_described(void **state)
{
    (void)state;
    ml_frame *f = letters_and_holes(), *out = ml_frame_describe_texts(f);
    assert_texts(out, "column", (const char *[]){"t", "c"}, 2);
    assert_numbers(out, "count", (double[]){6, 4}, 2);
    assert_numbers(out, "unique", (double[]){4, 2}, 2);
    assert_texts(out, "top", (const char *[]){"b", "z"}, 2); /* of equals the one seen first */
    assert_numbers(out, "freq", (double[]){2, 2}, 2);
    ml_frame_free(out), ml_frame_free(f);

    f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "t", (const char *[]){NULL}, 1), ML_OK);
    out = ml_frame_describe_texts(f);
    assert_texts(out, "top", (const char *[]){NULL}, 1);
    assert_numbers(out, "freq", (double[]){(double)NAN}, 1);
    assert_numbers(out, "count", (double[]){0}, 1);
    ml_frame_free(out), ml_frame_free(f);
}

static void what_is_missing(void **state)
{
    (void)state;
    ml_frame *f = letters_and_holes();
    assert_int_equal(ml_frame_put_integers(f, "i", (int64_t[]){1, 1, 1, 2, 2, ML_MISSING, 3}, 7), ML_OK);
    assert_int_equal(ml_frame_set_role(f, ML_ROLE_TEST), ML_OK);
    ml_frame *out = ml_frame_null_counts(f);
    assert_texts(out, "column", (const char *[]){"t", "c", "i"}, 3);
    assert_texts(out, "type", (const char *[]){"text", "category", "integer"}, 3);
    assert_numbers(out, "missing", (double[]){1, 3, 1}, 3);
    assert_numbers(out, "share", (double[]){1.0 / 7, 3.0 / 7, 1.0 / 7}, 3);
    assert_numbers(out, "unique", (double[]){4, 2, 3}, 3);
    assert_int_equal(out->role, ML_ROLE_TEST);
    ml_frame_free(out), ml_frame_free(f);
}

static void value_counts_equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("summary_counts");
    ml_frame *f = summary_frame();
    ml_frame *out = ml_frame_value_counts(f, "z", (ml_value_counts_opts){.missing = true});
    assert_non_null(out);
    assert_int_equal(out->rows, g.shape[0]);
    for (int64_t i = 0; i < g.shape[0]; i++) {
        assert_value(column(out, "z"), i, g.v[2 * i]);
        assert_value(column(out, "count"), i, g.v[2 * i + 1]);
    }
    ml_frame_free(f), ml_frame_free(out), golden_free(&g);
}

static void value_counts_by_hand(void **state)
{
    (void)state;
    ml_frame *f = letters_and_holes();
    ml_frame *out = ml_frame_value_counts(f, "t", (ml_value_counts_opts){0});
    assert_texts(out, "t", (const char *[]){"b", "a", "c", "d"}, 4);
    assert_numbers(out, "count", (double[]){2, 2, 1, 1}, 4);
    ml_frame_free(out);
    out = ml_frame_value_counts(f, "t", (ml_value_counts_opts){.missing = true, .ascending = true});
    assert_texts(out, "t", (const char *[]){NULL, "c", "d", "b", "a"}, 5); /* the missing one was seen before c */
    ml_frame_free(out);
    out = ml_frame_value_counts(f, "c", (ml_value_counts_opts){.normalise = true, .missing = true});
    assert_texts(out, "c", (const char *[]){NULL, "z", "x"}, 3);
    assert_numbers(out, "proportion", (double[]){3.0 / 7, 2.0 / 7, 2.0 / 7}, 3);
    ml_frame_free(out);
    out = ml_frame_value_counts(f, "c", (ml_value_counts_opts){.normalise = true});
    assert_texts(out, "c", (const char *[]){"z", "x"}, 2);
    assert_numbers(out, "proportion", (double[]){0.5, 0.5}, 2);
    ml_frame_free(out);
    out = ml_frame_unique(f, "t");
    assert_texts(out, "t", (const char *[]){"b", "a", NULL, "c", "d"}, 5);
    ml_frame_free(out);
    out = ml_frame_unique(f, "c");
    assert_texts(out, "c", (const char *[]){"z", NULL, "x"}, 3);
    ml_frame_free(out), ml_frame_free(f);
}

static void wrong_questions_are_errors(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    const double share[] = {0.5, 1.5}, nan = (double)NAN;
    assert_int_equal(ml_frame_put_numbers(f, "count", share, 2), ML_OK);
    assert_no_frame(ml_frame_describe(NULL), "describe: the frame is NULL");
    assert_no_frame(ml_frame_describe_texts(NULL), "describe: the frame is NULL");
    assert_no_frame(ml_frame_null_counts(NULL), "null counts: the frame is NULL");
    assert_no_frame(ml_frame_unique(NULL, "count"), "unique: the frame is NULL");
    assert_null(ml_frame_unique(f, "nope"));
    assert_non_null(strstr(ml_error(), "unique: "));
    assert_null(ml_frame_value_counts(f, NULL, (ml_value_counts_opts){0}));
    assert_no_frame(ml_frame_value_counts(f, "count", (ml_value_counts_opts){0}),
                    "value counts: the column is called 'count', as what is counted would be: rename it");
    assert_no_frame(ml_frame_quantiles(f, share, 2), "quantiles: share 1 is 1.5: not in 0 .. 1");
    assert_no_frame(ml_frame_quantiles(f, &nan, 1), "quantiles: share 0 is nan: not in 0 .. 1");
    assert_no_frame(ml_frame_quantiles(f, share, 0), "quantiles: 0 shares: wants at least 1, and not NULL");
    assert_no_frame(ml_frame_quantiles(f, NULL, 1), "quantiles: 1 shares: wants at least 1, and not NULL");
    assert_int_equal(ml_frame_rename(f, "count", "quantile"), ML_OK);
    assert_no_frame(ml_frame_quantiles(f, share, 1), "quantiles: a column is called 'quantile' already");
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describe_equals_pandas),    cmocka_unit_test(quantiles_equal_pandas),
        cmocka_unit_test(few_values),                cmocka_unit_test(texts_are_described),
        cmocka_unit_test(what_is_missing),           cmocka_unit_test(value_counts_equal_pandas),
        cmocka_unit_test(value_counts_by_hand),      cmocka_unit_test(wrong_questions_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
