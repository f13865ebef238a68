/* Selection and quantiles against sorting, sums against long double. */
#include "support/check.h"

#include "linalg/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void selection_is_sorting(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(11);
    for (int64_t n = 1; n < 80; n++)
        for (int order = 0; order < 4; order++) {
            double v[80], sorted[80], work[80];
            for (int64_t i = 0; i < n; i++)
                v[i] = order == 0   ? (double)i
                       : order == 1 ? (double)-i
                       : order == 2 ? (double)ml_rng_below(&rng, 4)
                                    : ml_rng_normal(&rng);
            memcpy(sorted, v, sizeof sorted);
            qsort(sorted, (size_t)n, sizeof *sorted, by_size);
            for (int64_t k = 0; k < n; k++) {
                memcpy(work, v, sizeof work);
                assert_true(mli_select(work, n, k) == sorted[k]);
                for (int64_t i = 0; i < n; i++)
                    assert_true(i < k ? work[i] <= sorted[k] : work[i] >= sorted[k]);
                memcpy(work, v, sizeof work);
                assert_true(mli_quantile(work, n, n > 1 ? (double)k / (double)(n - 1) : 0.3) - sorted[k] <= 1e-12);
            }
            memcpy(work, v, sizeof work);
            assert_true(mli_median(work, n) == (sorted[(n - 1) / 2] + sorted[n / 2]) / 2);
        }
}

static void quantiles_lie_on_lines(void **state)
{
    (void)state;
    double v[] = {4, 1, 3, 2};
    assert_true(mli_quantile(v, 4, 0.25) == 1.75);
    assert_true(mli_quantile(v, 4, 0.5) == 2.5);
    assert_true(fabs(mli_quantile(v, 4, 0.9) - 3.7) < 1e-15);
    assert_true(isnan(mli_quantile(v, 0, 0.5)) && isnan(mli_median(v, 0)) && isnan(mli_mean(v, 0)) && isnan(mli_variance(v, 1)));
    double huge[] = {1e308, 1.7e308};
    assert_true(mli_median(huge, 2) == 1.35e308);
}

/* A sum of a million numbers, each rounded: added one after another the error would be near 1e-11. What is right is counted in whole
 * numbers: v = 1000 + k / 2^20, and the sum of (k - mean)^2 is that of k^2 less (sum of k)^2 / N, with the sum of k a N + b. */
static void sums_stay_exact(void **state)
{
    (void)state;
    enum { N = 1000003, UNIT = 1 << 20 };
    double *v = malloc(N * sizeof *v);
    assert_non_null(v);
    ml_rng rng = ml_rng_seed(5);
    int64_t sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        const int64_t k = ml_rng_below(&rng, UNIT);
        v[i] = 1e3 + (double)k / UNIT;
        sum += k, squares += k * k;
    }
    const int64_t a = sum / N, b = sum % N;
    const double off = (double)(squares - a * a * N - 2 * a * b) - (double)b * (double)b / N;
    const double right = 1e3 * N + (double)sum / UNIT, variance = off / UNIT / UNIT / (N - 1);
    assert_true(fabs(mli_sum(v, N) - right) <= 1e-15 * right);
    assert_true(fabs(mli_variance(v, N) - variance) <= 1e-13);
    for (int i = 0; i < N; i++)
        v[i] = 0.1;
    assert_true(mli_variance(v, N) == 0);
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selection_is_sorting),
        cmocka_unit_test(quantiles_lie_on_lines),
        cmocka_unit_test(sums_stay_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
