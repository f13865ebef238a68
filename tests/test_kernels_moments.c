/* test_kernels_moments.c -- variance, norms and log-sum-exp: the fast bodies against the definitions. */
#include "support/check.h"

#include "kernels/logsumexp.h"
#include "kernels/variance.h"
#include "kernels/vector_norm.h"

#include <math.h>
#include <stdlib.h>

static const mlk_axis AXES[] = {
    {1, 1, 1},   {1, 7, 1},  {3, 1, 5},   {5, 16, 1},  {2, 17, 1},   {3, 31, 2},
    {1, 13, 64}, {2, 5, 65}, {4, 3, 129}, {64, 10, 1}, {1, 4099, 1}, {500, 9, 1},
    {0, 4, 3},   {4, 3, 0},  {2, 300, 3}, {1, 257, 1},
};
enum { N_AXES = sizeof AXES / sizeof AXES[0], MOST = 1024 };

/* n numbers in low .. high, one past the alignment of malloc; freed by free(p - 1). */
static ml_real *numbers(ml_rng *rng, int64_t n, double low, double high)
{
    ml_real *p = malloc((size_t)(n + 1) * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i <= n; i++)
        p[i] = (ml_real)(low + (high - low) * ml_rng_uniform(rng));
    return p + 1;
}

/* Some infinities, NaNs and zeros. */
static void spoil(ml_real *x, int64_t n, int kind)
{
    for (int64_t i = 0; kind > 0 && i < n; i += 3)
        x[i] = (ml_real)(kind == 1 ? 0 : i % 2 ? -INFINITY : i % 4 ? NAN : INFINITY);
}

/* ---- variance ---- */

static void variance_agrees(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int c = 0; c < 4 * N_AXES; c++) {
        mlk_axis s = AXES[c / 4];
        int64_t in = s.outer * s.n * s.inner, out = s.outer * s.inner;
        ml_real *x = numbers(&rng, in, -2, 3), *a = numbers(&rng, out, 0, 1),
                *b = numbers(&rng, out, 0, 1);
        double mean_a[MOST], mean_b[MOST], divisor = (double)s.n - (s.n > 1 ? c % 2 : 0);
        assert_true(out <= MOST);
        spoil(x, in, c % 4 == 3 ? 2 : 0);
        mlk_variance_ref(a, x, &(mlk_variance){s, divisor, c / 2 % 2, mean_a});
        mlk_variance_forward(b, x, &(mlk_variance){s, divisor, c / 2 % 2, mean_b});
        assert_reals_close(b, a, out, TOL_REAL, TOL_REAL);
        for (int64_t i = 0; i < out && c % 4 != 3; i++)
            assert_true(fabs(mean_a[i] - mean_b[i]) < 1e-13);
        free(x - 1), free(a - 1), free(b - 1);
    }
}

/* Numbers centre - step, centre, centre + step, over and over: the variance is 2/3 step^2 to the last digit, whatever the
 * centre. The textbook's mean of squares less square of the mean has nothing left of it. */
static void a_large_mean_leaves_the_digits(void **state)
{
    (void)state;
    enum { N = 3000 };
    static ml_real x[2 * N];
    double centre = sizeof(ml_real) == 8 ? 1e9 : 1e6, mean[2], squares = 0, sum = 0;
    for (int64_t i = 0; i < 2 * N; i++)
        x[i] = (ml_real)(centre + 0.5 * (double)(i / 2 % 3 - 1));
    for (int64_t inner = 1; inner <= 2; inner++)
        for (int root = 0; root < 2; root++) {
            ml_real y[2], a[2];
            mlk_variance v = {{1, 2 * N / inner, inner}, (double)(2 * N / inner), root, mean};
            double right = root ? sqrt(0.25 * 2 / 3) : 0.25 * 2 / 3;
            mlk_variance_forward(y, x, &v);
            mlk_variance_ref(a, x, &v);
            for (int64_t i = 0; i < inner; i++)
                assert_true(fabs((double)y[i] - right) < 1e-6 && fabs((double)a[i] - right) < 1e-6);
        }
    for (int64_t i = 0; i < 2 * N; i++) { /* one pass, as precise as x itself is kept */
        ml_real square = x[i] * x[i];
        squares += (double)square / (2 * N);
        sum += (double)x[i] / (2 * N);
    }
    assert_true(fabs(squares - sum * sum - 0.25 * 2 / 3) > 0.1);
}

static void equal_numbers_have_no_variance(void **state)
{
    (void)state;
    ml_real x[100], y, dx[100], dy = 1;
    double mean;
    for (int i = 0; i < 100; i++)
        x[i] = (ml_real)0.3;
    mlk_variance v = {{1, 64, 1}, 64, true, &mean};
    mlk_variance_forward(&y, x, &v);
    mlk_variance_backward(dx, false, &dy, x, &y, &v);
    assert_true(y == 0 && dx[0] == 0 && dx[63] == 0);
}

/* ---- norm ---- */

static const double POWERS[] = {1, 2, 3, 0.5, 1.5, 2.5, 40, INFINITY};
enum { N_POWERS = sizeof POWERS / sizeof POWERS[0] };

static void norm_agrees(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    for (int c = 0; c < 3 * N_AXES; c++)
        for (int p = 0; p < N_POWERS; p++) {
            mlk_vector_norm v = {AXES[c / 3], POWERS[p]};
            int64_t in = v.s.outer * v.s.n * v.s.inner, out = v.s.outer * v.s.inner;
            ml_real *x = numbers(&rng, in, -2, 3), *a = numbers(&rng, out, 0, 1),
                    *b = numbers(&rng, out, 0, 1);
            spoil(x, in, c % 3);
            mlk_vector_norm_ref(a, x, &v);
            mlk_vector_norm_forward(b, x, &v);
            assert_reals_close(b, a, out, 2 * TOL_REAL, TOL_REAL);
            free(x - 1), free(a - 1), free(b - 1);
        }
}

/* 3 and 4 times the largest and the smallest numbers there are: their squares are none. */
static void no_power_overflows_or_vanishes(void **state)
{
    (void)state;
    const double big = sizeof(ml_real) == 8 ? 1e300 : 1e37, small = sizeof(ml_real) == 8 ? 1e-300 : 1e-37;
    for (int k = 0; k < 4; k++) {
        double unit = k % 2 ? big : small, tol = 1e-6 * unit;
        const ml_real x[] = {(ml_real)(3 * unit), 0, 0, (ml_real)(-4 * unit), 0, 0};
        const int64_t inner = k / 2 + 1;
        ml_real y[2] = {0}, dy[2] = {1, 0}, dx[6];
        mlk_vector_norm v = {{1, 6 / inner, inner}, 2};
        mlk_vector_norm_forward(y, x, &v);
        double right = inner == 1 ? 5 : 3;
        assert_true(fabs((double)y[0] - right * unit) < tol);
        mlk_vector_norm_backward(dx, false, dy, x, y, &v);
        assert_true(fabs((double)dx[0] - 3 / right) < 1e-6);
        v.p = 1000;
        mlk_vector_norm_forward(y, x, &v);
        assert_true(fabs((double)y[0] - (inner == 1 ? 4 : 3) * unit) < tol);
        v.p = 1e300;
        mlk_vector_norm_forward(y, x, &v);
        assert_true(fabs((double)y[0] - (inner == 1 ? 4 : 3) * unit) < tol);
    }
}

static void norms_of_nothing_and_of_zeros(void **state)
{
    (void)state;
    const ml_real x[4] = {0, 0, 0, 0}, dy[2] = {3, 3};
    for (int p = 0; p < N_POWERS; p++)
        for (int64_t inner = 1; inner <= 2; inner++) {
            ml_real y[2] = {7, 7}, dx[4] = {7, 7, 7, 7};
            mlk_vector_norm_forward(y, x, &(mlk_vector_norm){{1, 0, inner}, POWERS[p]});
            assert_true(y[0] == 0 && (inner == 1 || y[1] == 0));
            mlk_vector_norm v = {{1, 4 / inner, inner}, POWERS[p]};
            mlk_vector_norm_forward(y, x, &v);
            mlk_vector_norm_backward(dx, false, dy, x, y, &v);
            assert_true(y[0] == 0 && dx[0] == 0 && dx[1] == 0 && dx[3] == 0);
        }
}

/* ---- log-sum-exp ---- */

static void logsumexp_agrees(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    for (int c = 0; c < 6 * N_AXES; c++) {
        mlk_axis s = AXES[c / 6];
        double reach = c % 2 ? 4 : 1000, exact_a[MOST], exact_b[MOST];
        int64_t in = s.outer * s.n * s.inner, out = s.outer * s.inner;
        ml_real *x = numbers(&rng, in, -reach, reach), *a = numbers(&rng, out, 0, 1),
                *b = numbers(&rng, out, 0, 1);
        spoil(x, in, c / 2 % 3);
        mlk_logsumexp_ref(a, exact_a, x, s);
        mlk_logsumexp_forward(b, exact_b, x, s);
        assert_reals_close(b, a, out, TOL_REAL, TOL_REAL);
        free(x - 1), free(a - 1), free(b - 1);
    }
    ml_real y;
    double exact;
    mlk_logsumexp_forward(&y, &exact, NULL, (mlk_axis){1, 0, 1});
    assert_true(isinf(y) && y < 0); /* log 0 */
}

/* Around 1000 floats are 6e-5 apart: the gradient must not be off by as much. */
static void gradients_of_large_numbers_sum_to_one(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    enum { N = 50 };
    ml_real *x = numbers(&rng, N, 999, 1001), dx[N], y, dy = 1;
    double exact, sum = 0;
    mlk_logsumexp_forward(&y, &exact, x, (mlk_axis){1, N, 1});
    mlk_logsumexp_backward(dx, false, &dy, x, &exact, (mlk_axis){1, N, 1});
    for (int i = 0; i < N; i++)
        sum += (double)dx[i];
    assert_true(fabs(sum - 1) < 2e-6);
    free(x - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variance_agrees),
        cmocka_unit_test(a_large_mean_leaves_the_digits),
        cmocka_unit_test(equal_numbers_have_no_variance),
        cmocka_unit_test(norm_agrees),
        cmocka_unit_test(no_power_overflows_or_vanishes),
        cmocka_unit_test(norms_of_nothing_and_of_zeros),
        cmocka_unit_test(logsumexp_agrees),
        cmocka_unit_test(gradients_of_large_numbers_sum_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
