/* test_plot_statistics.c -- bins, densities and boxes equal NumPy's and SciPy's (tests/golden/make_plot.py); awkward values. */
#include "support/check.h"

#include <math.h>
#include <string.h>

enum { SETS = 8, MOST = 200, COUNTS = 47 };

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12 * fmax(1, fabs(b))))
        fail_msg("%.17g, expected %.17g", a, b);
}

static void bins_equal_numpy(void **state)
{
    (void)state;
    golden data = golden_read("plot_data"), bins = golden_read("plot_bins"), counts = golden_read("plot_counts");
    for (int k = 0; k < SETS; k++) {
        ml_doubles v = {data.v + k * MOST, MOST};
        const double *as = bins.v + 3 * k, *count_as = counts.v + COUNTS * k;
        int64_t n, count[40];
        double low, high;
        assert_int_equal(ml_histogram_bins(v, &n, &low, &high), ML_OK);
        assert_int_equal(n, as[0]);
        assert_true(low == as[1] && high == as[2]);
        assert_int_equal(ml_histogram_counts(v, n, low, high, count), ML_OK);
        for (int64_t i = 0; i < n; i++)
            assert_int_equal(count[i], count_as[i]);
        assert_int_equal(ml_histogram_counts(v, 7, -1, 2, count), ML_OK);
        for (int i = 0; i < 7; i++)
            assert_int_equal(count[i], count_as[40 + i]);
    }
    golden_free(&data), golden_free(&bins), golden_free(&counts);
}

static void density_equals_scipy(void **state)
{
    (void)state;
    golden data = golden_read("plot_data"), as = golden_read("plot_density"), bins = golden_read("plot_bins");
    for (int k = 0; k < SETS; k++) {
        ml_doubles v = {data.v + k * MOST, MOST};
        const double *expected = as.v + 42 * k;
        double x[40], y[40], h, low = bins.v[3 * k + 1], high = bins.v[3 * k + 2];
        if (isnan(expected[0])) {
            assert_int_equal(ml_density_bandwidth(v, &h), ML_EINVAL);
            continue;
        }
        assert_int_equal(ml_density_bandwidth(v, &h), ML_OK);
        assert_near(h, expected[0]);
        for (int i = 0; i < 40; i++)
            x[i] = low + (high - low) * i / 39;
        assert_int_equal(ml_density(v, 0, (ml_doubles){x, 40}, y), ML_OK);
        for (int i = 0; i < 40; i++)
            assert_near(y[i], expected[1 + i]);
        assert_int_equal(ml_density(v, 0.3, (ml_doubles){x, 1}, y), ML_OK);
        assert_near(y[0], expected[41]);
    }
    golden_free(&data), golden_free(&as), golden_free(&bins);
}

static void boxes_equal_numpy(void **state)
{
    (void)state;
    golden data = golden_read("plot_data"), as = golden_read("plot_box");
    for (int k = 0; k < SETS; k++) {
        ml_box b;
        const double *expected = as.v + 7 * k;
        assert_int_equal(ml_box_of((ml_doubles){data.v + k * MOST, MOST}, &b), ML_OK);
        const double got[5] = {b.low, b.q1, b.median, b.q3, b.high};
        for (int i = 0; i < 5; i++)
            assert_near(got[i], expected[i]);
        assert_int_equal(b.n, expected[5]);
        assert_int_equal(b.outliers, expected[6]);
    }
    golden_free(&data), golden_free(&as);
}

static void density_has_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    golden data = golden_read("plot_data");
    double x[100], one[100], more[100];
    int before = ml_threads();
    for (int i = 0; i < 100; i++)
        x[i] = i * 0.05 - 2;
    assert_int_equal(ml_set_threads(1), ML_OK);
    assert_int_equal(ml_density((ml_doubles){data.v, MOST}, 0, (ml_doubles){x, 100}, one), ML_OK);
    assert_int_equal(ml_set_threads(4), ML_OK);
    assert_int_equal(ml_density((ml_doubles){data.v, MOST}, 0, (ml_doubles){x, 100}, more), ML_OK);
    assert_memory_equal(one, more, sizeof one);
    assert_int_equal(ml_set_threads(before), ML_OK);
    golden_free(&data);
}

static void nothing_and_too_much(void **state)
{
    (void)state;
    const double none[2] = {NAN, NAN}, endless[2] = {1, INFINITY}, far[2] = {-1e308, 1e308};
    int64_t n, count[3];
    double low, high, h;
    ml_box b;
    for (int k = 0; k < 2; k++) {
        ml_doubles v = {k ? none : NULL, k ? 2 : 0};
        assert_int_equal(ml_histogram_bins(v, &n, &low, &high), ML_OK);
        assert_true(n == 1 && low == 0 && high == 1);
        assert_int_equal(ml_box_of(v, &b), ML_EINVAL);
        assert_int_equal(ml_density_bandwidth(v, &h), ML_EINVAL);
    }
    assert_int_equal(ml_histogram_bins((ml_doubles){endless, 2}, &n, &low, &high), ML_EINVAL);
    assert_string_equal(ml_error(), "histogram: value 1 is infinite");
    assert_int_equal(ml_box_of((ml_doubles){endless, 2}, &b), ML_EINVAL);
    assert_int_equal(ml_density_bandwidth((ml_doubles){endless, 2}, &h), ML_EINVAL);
    assert_int_equal(ml_histogram_bins((ml_doubles){far, 2}, &n, &low, &high), ML_EINVAL);
    assert_int_equal(ml_box_of((ml_doubles){far, 2}, &b), ML_EINVAL);
    assert_int_equal(ml_density_bandwidth((ml_doubles){far, 2}, &h), ML_OK);
    assert_true(h > 1e308);
    assert_int_equal(ml_histogram_bins((ml_doubles){NULL, 3}, &n, &low, &high), ML_EINVAL);
    assert_int_equal(ml_histogram_bins((ml_doubles){far, INT64_MIN}, &n, &low, &high), ML_EINVAL);
    for (int k = 0; k < 4; k++) {
        const double ends[4][2] = {{1, 1}, {2, 1}, {NAN, 1}, {0, INFINITY}};
        assert_int_equal(ml_histogram_counts((ml_doubles){none, 2}, 3, ends[k][0], ends[k][1], count), ML_EINVAL);
    }
    assert_int_equal(ml_histogram_counts((ml_doubles){none, 2}, 0, 0, 1, count), ML_EINVAL);
    assert_int_equal(ml_histogram_counts((ml_doubles){none, 2}, INT64_MAX, 0, 1, count), ML_EINVAL);
    assert_int_equal(ml_density((ml_doubles){far, 2}, NAN, (ml_doubles){far, 2}, &h), ML_EINVAL);
    assert_int_equal(ml_density((ml_doubles){far, 2}, -1, (ml_doubles){far, 2}, &h), ML_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_equal_numpy),
        cmocka_unit_test(density_equals_scipy),
        cmocka_unit_test(boxes_equal_numpy),
        cmocka_unit_test(density_has_the_same_bits_on_any_threads),
        cmocka_unit_test(nothing_and_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
