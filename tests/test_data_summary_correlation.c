/* Correlations and covariances against pandas 3 (tests/golden/make_summary.py), and by hand. */
#include "support/summary.h"

#include <math.h>
#include <stdlib.h>

static void equal_pandas(void **state)
{
    (void)state;
    static const char *const names[] = {"x", "y", "z", "c"};
    golden g = golden_read("summary_corr");
    ml_frame *f = summary_frame();
    for (int m = 0; m < 4; m++) {
        ml_frame *out = m < 3 ? ml_frame_correlation(f, "x,y,z,c", (ml_correlation)m) : ml_frame_covariance(f, "x,y,z,c");
        assert_texts(out, "column", names, 4);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) {
                const bool alone = m == ML_KENDALL && i == 3 && j == 3; /* 1 in pandas: a constant goes with itself */
                assert_value(column(out, names[j]), i, alone ? (double)NAN : g.v[16 * m + 4 * i + j]);
            }
        ml_frame_free(out);
    }
    ml_frame_free(f), golden_free(&g);
}

static void by_hand(void **state)
{
    (void)state;
    const double hole = (double)NAN, inf = (double)INFINITY;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "up", (double[]){1, 2, 3, 4}, 4), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "down", (int64_t[]){8, 6, 4, ML_MISSING}, 4), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "grows", (double[]){1, 10, 100, 1e6}, 4), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "one", (double[]){hole, hole, hole, 3}, 4), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "far", (double[]){1, inf, 3, 4}, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "t", (const char *[]){"a", "b", "c", "d"}, 4), ML_OK);
    for (int m = ML_PEARSON; m <= ML_KENDALL; m++) {
        ml_frame *out = ml_frame_correlation(f, NULL, (ml_correlation)m); /* the text is left out */
        assert_int_equal(out->columns, 6);
        const double far[] = {hole, -0.5, -1 / 3.0}; /* of ranks 1 3 2 and 3 2 1: an infinity is no more than the largest */
        assert_numbers(out, "down", (double[]){-1, 1, m == ML_PEARSON ? -198 / sqrt(5994 * 8) : -1, hole, far[m]}, 5);
        assert_numbers(out, "one", (double[]){hole, hole, hole, hole, hole}, 5);
        ml_frame_free(out);
    }
    ml_frame *out = ml_frame_covariance(f, "up,down");
    assert_numbers(out, "up", (double[]){5.0 / 3, -2}, 2);
    assert_numbers(out, "down", (double[]){-2, 4}, 2);
    ml_frame_free(out), ml_frame_free(f);
}

/* The example of docs/math/correlation.md. */
static void on_paper(void **state)
{
    (void)state;
    static const double expected[] = {0.5, 0.5, 0.4};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", (double[]){1, 2, 2, 3}, 4), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "y", (double[]){1, 3, 2, 2}, 4), ML_OK);
    for (int m = ML_PEARSON; m <= ML_KENDALL; m++) {
        ml_frame *out = ml_frame_correlation(f, NULL, (ml_correlation)m);
        assert_numbers(out, "y", (double[]){expected[m], 1}, 2);
        ml_frame_free(out);
    }
    ml_frame_free(f);
}

/* Kendall's tau by its definition: pairs in the same order less pairs in the other, of those that are not tied. */
static double plain_tau(const double *x, const double *y, int64_t n)
{
    double both = 0, of_x = 0, of_y = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            const double p = (double)((x[i] > x[j]) - (x[i] < x[j])), q = (double)((y[i] > y[j]) - (y[i] < y[j]));
            both += p * q, of_x += p * p, of_y += q * q;
        }
    return both / sqrt(of_x) / sqrt(of_y);
}

static void kendall_by_its_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    for (int64_t n = 2; n < 60; n++)
        for (int64_t values = 2; values < 40; values *= 3) {
            double x[60], y[60];
            for (int64_t i = 0; i < n; i++)
                x[i] = (double)ml_rng_below(&rng, values), y[i] = (double)ml_rng_below(&rng, values);
            const double tau = plain_tau(x, y, n);
            ml_frame *f = ml_frame_new();
            assert_int_equal(ml_frame_put_numbers(f, "x", x, n), ML_OK);
            assert_int_equal(ml_frame_put_numbers(f, "y", y, n), ML_OK);
            ml_frame *out = ml_frame_correlation(f, "x,y", ML_KENDALL);
            assert_value(column(out, "y"), 0, tau);
            ml_frame_free(out), ml_frame_free(f);
        }
}

static void wrong_columns_are_errors(void **state)
{
    (void)state;
    ml_frame *f = summary_frame();
    assert_no_frame(ml_frame_correlation(NULL, NULL, ML_PEARSON), "correlation: the frame is NULL");
    assert_no_frame(ml_frame_correlation(f, "x,a", ML_PEARSON), "correlation: 'a' is of type text: wants columns of number or integer");
    assert_no_frame(ml_frame_correlation(f, "x", (ml_correlation)3), "correlation: method 3 is unknown");
    assert_no_frame(ml_frame_covariance(f, "x,x"), "covariance: a column is called 'x' already");
    assert_null(ml_frame_covariance(f, "nope"));
    assert_int_equal(ml_frame_rename(f, "x", "column"), ML_OK);
    assert_no_frame(ml_frame_covariance(f, NULL), "covariance: a column is called 'column' already");
    ml_frame_free(f);
    f = ml_frame_new();
    ml_frame *out = ml_frame_covariance(f, NULL);
    assert_int_equal(out->rows, 0);
    assert_int_equal(out->columns, 1);
    ml_frame_free(out), ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_pandas),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(on_paper),
        cmocka_unit_test(kendall_by_its_definition),
        cmocka_unit_test(wrong_columns_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
