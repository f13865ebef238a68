/* Symmetric eigen against LAPACK's (by NumPy), against its definition, and the normal and chi-square distributions against SciPy's. */
#include "support/check.h"

#include "linalg/eigen.h"
#include "linalg/quantiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void equal_to_lapack(void **state)
{
    (void)state;
    golden a = golden_read("eigen_a"), values = golden_read("eigen_values"), vectors = golden_read("eigen_vectors");
    int64_t n = values.size;
    double d[64], most = fabs(values.v[0]);
    assert_int_equal(mli_symmetric_eigen(a.v, n, d), ML_OK);
    for (int64_t k = 0; k < n; k++) {
        assert_true(fabs(d[k] - values.v[k]) <= 1e-13 * most);
        double dot = 0, largest = 0;
        for (int64_t i = 0; i < n; i++) {
            dot += a.v[k * n + i] * vectors.v[k * n + i];
            if (fabs(a.v[k * n + i]) > fabs(largest))
                largest = a.v[k * n + i];
        }
        assert_true(fabs(fabs(dot) - 1) <= 1e-12 && largest > 0);
    }
    golden_free(&a), golden_free(&values), golden_free(&vectors);
}

typedef double (*entry)(int64_t i, int64_t j);
static double hilbert(int64_t i, int64_t j)
{
    return 1 / (double)(i + j + 1);
}
static double identity(int64_t i, int64_t j)
{
    return i == j;
}
static double zero(int64_t i, int64_t j)
{
    (void)i, (void)j;
    return 0;
}
static double ones(int64_t i, int64_t j)
{
    (void)i, (void)j;
    return 1;
}
static double huge(int64_t i, int64_t j)
{
    return 1e300 / (double)(1 + i + j);
}
static double tiny(int64_t i, int64_t j)
{
    return 1e-300 / (double)(1 + i + j);
}
static double second_difference(int64_t i, int64_t j)
{
    return i == j ? 2 : i - j == 1 || j - i == 1 ? -1 : 0;
}
static double blocks(int64_t i, int64_t j)
{
    return i / 3 == j / 3 ? sin((double)(i * j)) : 0;
}

/* A v = value v, rows of V at right angles, values rise. */
static void its_definition_holds(void **state)
{
    (void)state;
    const entry entries[] = {hilbert, identity, zero, ones, huge, tiny, second_difference, blocks};
    const int64_t sizes[] = {0, 1, 2, 3, 4, 9, 40};
    for (size_t t = 0; t < sizeof entries / sizeof *entries; t++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            int64_t n = sizes[s];
            double *a = malloc((size_t)(n * n + 1) * sizeof *a), values[40], most = 0;
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = 0; j < n; j++)
                    a[i * n + j] = j <= i ? entries[t](i, j) : NAN; /* the upper half is not read */
            assert_int_equal(mli_symmetric_eigen(a, n, values), ML_OK);
            for (int64_t k = 0; k < n; k++)
                most = fmax(most, fabs(values[k]));
            for (int64_t k = 0; k < n; k++) {
                const double *v = a + k * n;
                assert_true(k == 0 || values[k] >= values[k - 1]);
                for (int64_t i = 0; i < n; i++) {
                    double sum = 0, dot = 0;
                    for (int64_t j = 0; j < n; j++) {
                        sum += entries[t](i, j) * v[j];
                        dot += a[i * n + j] * v[j];
                    }
                    assert_true(fabs(sum - values[k] * v[i]) <= 1e-13 * most);
                    assert_true(fabs(dot - (i == k)) <= 1e-13);
                }
            }
            free(a);
        }
}

static void values_that_are_known(void **state)
{
    (void)state;
    /* docs/math/eigen.md */
    double a[] = {2, 0, 1, 2}, values[30], b[900];
    assert_int_equal(mli_symmetric_eigen(a, 2, values), ML_OK);
    assert_true(fabs(values[0] - 1) < 1e-15 && fabs(values[1] - 3) < 1e-15);
    assert_true(fabs(a[0] - sqrt(0.5)) < 1e-15 && fabs(a[1] + sqrt(0.5)) < 1e-15 && fabs(a[2] - a[3]) < 1e-15);
    for (int64_t i = 0; i < 30; i++)
        for (int64_t j = 0; j < 30; j++)
            b[i * 30 + j] = second_difference(i, j);
    assert_int_equal(mli_symmetric_eigen(b, 30, values), ML_OK);
    for (int k = 0; k < 30; k++) {
        double half = sin((k + 1) * 3.14159265358979323846 / 62);
        assert_true(fabs(values[k] - 4 * half * half) < 1e-14);
    }
}

static void what_is_not_finite_is_named(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, -INFINITY};
    for (int k = 0; k < 3; k++) {
        double a[] = {1, 0, 0, 0, 1, 0, 0, bad[k], 1}, values[3];
        assert_int_equal(mli_symmetric_eigen(a, 3, values), ML_EINVAL);
        assert_string_equal(ml_error(), "eigen: row 2 has a number that is not finite");
    }
}

/* ---- distributions ---- */

static void near(double got, double want, double tolerance, const double *at)
{
    if (!(fabs(got - want) <= tolerance * fabs(want)))
        fail_msg("at %.17g, %.17g: %.17g, expected %.17g", at[0], at[1], got, want);
}

static void normal_is_scipys(void **state)
{
    (void)state;
    golden q = golden_read("normal_quantiles"), c = golden_read("normal_cdf");
    for (int64_t i = 0; i < q.shape[0]; i++)
        near(mli_normal_quantile(q.v[2 * i]), q.v[2 * i + 1], q.v[2 * i] == 0.5 ? 0 : 2e-15, q.v + 2 * i);
    for (int64_t i = 0; i < c.shape[0]; i++)
        near(mli_normal_cdf(c.v[2 * i]), c.v[2 * i + 1], 1e-13, c.v + 2 * i); /* rounding z / sqrt 2 costs z^2 eps */
    golden_free(&q), golden_free(&c);
    assert_true(mli_normal_quantile(0) == -INFINITY && mli_normal_quantile(1) == INFINITY && mli_normal_quantile(0.5) == 0);
    assert_true(isnan(mli_normal_quantile(-0.1)) && isnan(mli_normal_quantile(1.1)) && isnan(mli_normal_quantile(NAN)));
    assert_true(mli_normal_cdf(-INFINITY) == 0 && mli_normal_cdf(INFINITY) == 1 && isnan(mli_normal_cdf(NAN)));
    for (double z = -30; z < 5; z += 0.37)
        assert_true(fabs(mli_normal_quantile(mli_normal_cdf(z)) - z) <= 1e-9);
}

static void chi_square_is_scipys(void **state)
{
    (void)state;
    golden c = golden_read("chi_square"), q = golden_read("chi_square_quantiles");
    for (int64_t i = 0; i < c.shape[0]; i++) {
        const double *r = c.v + 4 * i;
        near(mli_chi_square_cdf(r[0], r[1]), r[2], r[2] < 1e-200 ? 1e-11 : 1e-12, r);
        near(mli_chi_square_above(r[0], r[1]), r[3], r[3] < 1e-200 ? 1e-11 : 1e-12, r);
    }
    for (int64_t i = 0; i < q.shape[0]; i++)
        near(mli_chi_square_quantile(q.v[3 * i], q.v[3 * i + 1]), q.v[3 * i + 2], 1e-11, q.v + 3 * i);
    golden_free(&c), golden_free(&q);
    assert_true(mli_chi_square_quantile(0, 3) == 0 && mli_chi_square_quantile(1, 3) == INFINITY);
    assert_true(mli_chi_square_cdf(0, 2) == 0 && mli_chi_square_above(0, 2) == 1 && mli_chi_square_cdf(INFINITY, 2) == 1);
    const double bad[][2] = {{-1, 2}, {0.5, 0}, {0.5, -1}, {0.5, NAN}, {NAN, 1}, {0.5, INFINITY}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(isnan(mli_chi_square_cdf(bad[i][0], bad[i][1])) && isnan(mli_chi_square_quantile(bad[i][0], bad[i][1])));
    assert_true(isnan(mli_chi_square_quantile(1.5, 2)));
    /* Two degrees of freedom: an exponential distribution. */
    for (double p = 1e-10; p < 1; p = p < 0.5 ? p * 3 : p + 0.04)
        assert_true(fabs(mli_chi_square_quantile(p, 2) + 2 * log1p(-p)) <= 1e-13 * -2 * log1p(-p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_lapack),
        cmocka_unit_test(its_definition_holds),
        cmocka_unit_test(values_that_are_known),
        cmocka_unit_test(what_is_not_finite_is_named),
        cmocka_unit_test(normal_is_scipys),
        cmocka_unit_test(chi_square_is_scipys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
