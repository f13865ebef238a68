/* Windows, neighbours and fills against pandas (tests/golden/make_frame_rows.py), and by the definition. */
#include "support/frames.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 40, COLUMNS = 2 };

static ml_frame *golden_frame(int row)
{
    golden x = golden_read("frame_rows_x");
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", x.v + row * N, N), ML_OK);
    golden_free(&x);
    return f;
}

static void windows_equal_pandas(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 3, 4, 17, 100};
    static const ml_roll_opts ways[] = {{0, false}, {1, false}, {1, true}, {0, true}, {ML_NONE, false}};
    golden g = golden_read("frame_rows_windows");
    const double *v = g.v;
    for (int k = 0; k < COLUMNS; k++) {
        ml_frame *f = golden_frame(k);
        for (int s = 0; s < 5; s++)
            for (int w = 0; w < 5; w++)
                for (int what = ML_ROLL_MEAN; what <= ML_ROLL_COUNT; what++, v += N) {
                    assert_int_equal(ml_frame_rolling(f, "x", "out", sizes[s], (ml_roll)what, ways[w]), ML_OK);
                    assert_column_close(f, "out", v, N, 1e-12);
                }
        ml_frame_free(f);
    }
    assert_int_equal(v - g.v, g.size);
    golden_free(&g);
}

/* The definition, in two passes over each window. */
static double plain(const double *x, int64_t first, int64_t last, ml_roll what, int64_t least)
{
    double sum = 0, squares = 0, low = INFINITY, high = -INFINITY;
    int64_t n = 0;
    for (int64_t i = first; i <= last; i++)
        if (!isnan(x[i])) {
            sum += x[i];
            low = fmin(low, x[i]);
            high = fmax(high, x[i]);
            n++;
        }
    if ((what == ML_ROLL_COUNT ? last - first + 1 : n) < least)
        return NAN;
    for (int64_t i = first; i <= last; i++)
        squares += isnan(x[i]) ? 0 : (x[i] - sum / (double)n) * (x[i] - sum / (double)n);
    switch (what) {
    case ML_ROLL_SUM:
        return sum;
    case ML_ROLL_MEAN:
        return n ? sum / (double)n : NAN;
    case ML_ROLL_MIN:
        return n ? low : NAN;
    case ML_ROLL_MAX:
        return n ? high : NAN;
    case ML_ROLL_STD:
        return n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
    default:
        return (double)n;
    }
}

static void windows_equal_their_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    for (int64_t n = 0; n < 24; n++) {
        double x[24], expected[24];
        for (int64_t i = 0; i < n; i++)
            x[i] = ml_rng_uniform(&rng) < 0.2 ? NAN : ml_rng_normal(&rng);
        ml_frame *f = ml_frame_new();
        assert_int_equal(ml_frame_put_numbers(f, "x", x, n), ML_OK);
        for (int64_t size = 1; size < 52; size++)
            for (int center = 0; center < 2; center++)
                for (int what = 0; what <= ML_ROLL_COUNT; what++) {
                    if (what == ML_ROLL_MEDIAN)
                        continue;
                    for (int64_t i = 0; i < n; i++) {
                        const int64_t last = i + (center ? (size - 1) / 2 : 0), first = last - size + 1;
                        expected[i] = plain(x, first < 0 ? 0 : first, last < n ? last : n - 1, (ml_roll)what, 2 < size ? 2 : size);
                    }
                    ml_roll_opts opts = {.min_periods = 2 < size ? 2 : size, .center = center};
                    assert_int_equal(ml_frame_rolling(f, "x", "out", size, (ml_roll)what, opts), ML_OK);
                    for (int64_t i = 0; i < n; i++) {
                        const double is = ml_frame_column(f, "out")->number[i];
                        assert_true(isnan(is) == isnan(expected[i]) && !(fabs(is - expected[i]) > 1e-14 * (1 + fabs(expected[i]))));
                    }
                }
        ml_frame_free(f);
    }
}

/* A window of equal numbers has their mean, and no deviation; pandas looks for such windows apart. */
static void equal_numbers_stay(void **state)
{
    (void)state;
    double x[100];
    for (int i = 0; i < 100; i++)
        x[i] = i < 3 ? 1e18 : 0.1;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", x, 100), ML_OK);
    assert_int_equal(ml_frame_rolling(f, "x", "mean", 7, ML_ROLL_MEAN, (ml_roll_opts){0}), ML_OK);
    assert_int_equal(ml_frame_rolling(f, "x", "std", 7, ML_ROLL_STD, (ml_roll_opts){0}), ML_OK);
    for (int i = 9; i < 100; i++) {
        assert_true(ml_frame_column(f, "mean")->number[i] == 0.1);
        assert_true(ml_frame_column(f, "std")->number[i] == 0);
    }
    ml_frame_free(f);
}

static void neighbours_equal_pandas(void **state)
{
    (void)state;
    static const int64_t by[] = {1, 3, -2};
    golden g = golden_read("frame_rows_neighbours");
    const double *v = g.v;
    for (int k = 0; k < COLUMNS; k++) {
        ml_frame *f = golden_frame(k);
        for (int b = 0; b < 3; b++, v += N) {
            assert_int_equal(ml_frame_shift(f, "x", "out", by[b]), ML_OK);
            assert_column_close(f, "out", v, N, 0);
        }
        for (int b = 0; b < 3; b++, v += N) {
            assert_int_equal(ml_frame_diff(f, "x", "out", by[b]), ML_OK);
            assert_column_close(f, "out", v, N, 0);
        }
        for (int b = 0; b < 3; b++, v += N) {
            assert_int_equal(ml_frame_pct_change(f, "x", "out", by[b]), ML_OK);
            assert_column_close(f, "out", v, N, 0);
        }
        for (int what = 0; what <= ML_CUM_MAX; what++, v += N) {
            assert_int_equal(ml_frame_cumulate(f, "x", "out", (ml_cumulate)what), ML_OK);
            assert_column_close(f, "out", v, N, 1e-14);
        }
        static const ml_fill fills[] = {ML_FILL_FORWARD, ML_FILL_BACKWARD, ML_FILL_INTERPOLATE};
        for (int b = 0; b < 3; b++, v += N) {
            assert_int_equal(ml_frame_fill(f, "x", "out", fills[b]), ML_OK);
            assert_column_close(f, "out", v, N, 0);
        }
        ml_frame_free(f);
    }
    assert_int_equal(v - g.v, g.size);
    golden_free(&g);
}

static void fills_equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("frame_rows_fills");
    for (int k = 0; k < COLUMNS; k++)
        for (int how = ML_FILL_MEAN; how <= ML_FILL_MODE; how++) {
            ml_frame *f = golden_frame(k);
            assert_int_equal(ml_frame_fill(f, "x", "out", (ml_fill)how), ML_OK);
            const ml_column *x = ml_frame_column(f, "x"), *out = ml_frame_column(f, "out");
            for (int i = 0; i < N; i++) {
                const double expected = isnan(x->number[i]) ? g.v[3 * k + how] : x->number[i];
                assert_true(out->number[i] == expected || fabs(out->number[i] - expected) < 1e-12 * fabs(expected));
            }
            ml_frame_free(f);
        }
    golden_free(&g);
}

static void integers_and_times(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "i", "1 - 4 4 -");
    assert_int_equal(ml_frame_fill(f, "i", "forward", ML_FILL_FORWARD), ML_OK);
    assert_values(f, "forward", ML_INTEGER, "1 1 4 4 4");
    assert_int_equal(ml_frame_fill(f, "i", "mode", ML_FILL_MODE), ML_OK);
    assert_values(f, "mode", ML_INTEGER, "1 4 4 4 4");
    assert_int_equal(ml_frame_fill(f, "i", "mean", ML_FILL_MEAN), ML_OK);
    assert_values(f, "mean", ML_NUMBER, "1 3 4 4 3");
    assert_int_equal(ml_frame_fill(f, "i", "line", ML_FILL_INTERPOLATE), ML_OK);
    assert_values(f, "line", ML_NUMBER, "1 2.5 4 4 4");
    assert_int_equal(ml_frame_fill_number(f, "i", "zero", 0), ML_OK);
    assert_values(f, "zero", ML_INTEGER, "1 0 4 4 0");
    assert_int_equal(ml_frame_fill_number(f, "i", NULL, 0.5), ML_EINVAL);
    assert_error_has("0.5 is no whole number");
    assert_int_equal(ml_frame_shift(f, "i", NULL, -1), ML_OK);
    assert_values(f, "i", ML_INTEGER, "- 4 4 - -");

    const int64_t times[] = {0, 1500000, ML_MISSING, INT64_MAX, INT64_MIN + 1};
    assert_int_equal(ml_frame_put_times(f, "t", times, 5), ML_OK);
    assert_int_equal(ml_frame_diff(f, "t", "seconds", 1), ML_OK);
    const double seconds[] = {NAN, 1.5, NAN, NAN, -18446744073709.55};
    assert_column_close(f, "seconds", seconds, 5, 1e-15);
    assert_int_equal(ml_frame_shift(f, "t", NULL, INT64_MIN), ML_OK);
    assert_int_equal(ml_frame_column(f, "t")->missing, 5);
    ml_frame_free(f);
}

static void texts_are_filled(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_category(f, "c", "b - a a b -");
    put_words(f, "t", "b - a a b -");
    assert_int_equal(ml_frame_fill(f, "c", "mode", ML_FILL_MODE), ML_OK);
    assert_words(f, "mode", ML_CATEGORY, "b b a a b b"); /* as often as a; first in the list */
    assert_int_equal(ml_frame_fill(f, "t", "mode", ML_FILL_MODE), ML_OK);
    assert_words(f, "mode", ML_TEXT, "b a a a b a");
    assert_int_equal(ml_frame_fill_text(f, "c", "new", "Unknown"), ML_OK);
    assert_words(f, "new", ML_CATEGORY, "b Unknown a a b Unknown");
    assert_int_equal(ml_frame_column(f, "new")->categories, 3);
    assert_int_equal(ml_frame_fill_text(f, "c", "old", "a"), ML_OK);
    assert_int_equal(ml_frame_column(f, "old")->categories, 2);
    assert_int_equal(ml_frame_fill_text(f, "t", NULL, ""), ML_OK);
    assert_words(f, "t", ML_TEXT, "b _ a a b _");
    assert_int_equal(ml_frame_fill_text(f, "t", NULL, "\xff"), ML_EINVAL);
    assert_int_equal(ml_frame_fill(f, "c", NULL, ML_FILL_MEAN), ML_EINVAL);
    assert_error_has("column 'c' is category: wants number or integer");
    ml_frame_free(f);
}

static void nothing_to_learn_from(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "x", "- - -");
    put_values(f, "y", "1.5 - 2");
    for (int how = ML_FILL_MEAN; how <= ML_FILL_MODE; how++) {
        assert_int_equal(ml_frame_fill(f, "x", NULL, (ml_fill)how), ML_EINVAL);
        assert_error_has("'x' has no value to learn a");
    }
    assert_int_equal(ml_frame_fill(f, "x", NULL, ML_FILL_FORWARD), ML_OK);
    assert_values(f, "x", ML_INTEGER, "- - -");
    assert_int_equal(ml_frame_set_role(f, ML_ROLE_TEST), ML_OK);
    for (int how = ML_FILL_MEAN; how <= ML_FILL_MODE; how++) {
        assert_int_equal(ml_frame_fill(f, "y", NULL, (ml_fill)how), ML_EINVAL);
        assert_error_has("leak");
    }
    assert_int_equal(ml_frame_fill_number(f, "y", NULL, 1.75), ML_OK);
    assert_values(f, "y", ML_NUMBER, "1.5 1.75 2");
    ml_frame_free(f);
}

static void bad_options(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "x", "1.5 2 -");
    put_words(f, "t", "a b c");
    static const int64_t windows[] = {0, -1, INT64_MIN};
    for (int k = 0; k < 3; k++)
        assert_int_equal(ml_frame_rolling(f, "x", NULL, windows[k], ML_ROLL_SUM, (ml_roll_opts){0}), ML_EINVAL);
    assert_int_equal(ml_frame_rolling(f, "x", NULL, 2, ML_ROLL_SUM, (ml_roll_opts){.min_periods = 3}), ML_EINVAL);
    assert_error_has("min_periods is 3");
    assert_int_equal(ml_frame_rolling(f, "x", NULL, 2, ML_ROLL_SUM, (ml_roll_opts){.min_periods = -2}), ML_EINVAL);
    assert_int_equal(ml_frame_rolling(f, "x", NULL, 2, (ml_roll)9, (ml_roll_opts){0}), ML_EINVAL);
    assert_int_equal(ml_frame_rolling(f, "t", NULL, 2, ML_ROLL_SUM, (ml_roll_opts){0}), ML_EINVAL);
    assert_int_equal(ml_frame_rolling(NULL, "x", NULL, 2, ML_ROLL_SUM, (ml_roll_opts){0}), ML_EINVAL);
    assert_int_equal(ml_frame_rolling(f, "y", NULL, 2, ML_ROLL_SUM, (ml_roll_opts){0}), ML_EINVAL);
    assert_error_has("no column 'y'");
    assert_int_equal(ml_frame_cumulate(f, "x", NULL, (ml_cumulate)-1), ML_EINVAL);
    assert_int_equal(ml_frame_fill(f, "x", NULL, (ml_fill)77), ML_EINVAL);
    assert_int_equal(ml_frame_fill_number(f, "x", NULL, NAN), ML_EINVAL);
    assert_int_equal(ml_frame_shift(f, "x", "", 1), ML_EINVAL);
    for (int center = 0; center < 2; center++) {
        ml_roll_opts opts = {.min_periods = 1, .center = center};
        assert_int_equal(ml_frame_rolling(f, "x", "out", INT64_MAX, ML_ROLL_SUM, opts), ML_OK);
        assert_int_equal(ml_frame_column(f, "out")->missing, 0);
    }
    assert_values(f, "x", ML_NUMBER, "1.5 2 -");
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_equal_pandas),    cmocka_unit_test(windows_equal_their_definition),
        cmocka_unit_test(equal_numbers_stay),      cmocka_unit_test(neighbours_equal_pandas),
        cmocka_unit_test(fills_equal_pandas),      cmocka_unit_test(integers_and_times),
        cmocka_unit_test(texts_are_filled),        cmocka_unit_test(nothing_to_learn_from),
        cmocka_unit_test(bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
