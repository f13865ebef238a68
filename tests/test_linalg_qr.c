/* QR: NumPy's factors, Q^T Q = I and A = Q R over awkward shapes, columns that are nothing or nothing new. */
#include "support/check.h"

#include "linalg/qr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A, column after column, into Q (signs so that R's diagonal is >= 0) and R (D,D) row after row. */
static void factor(const double *a, int64_t m, int64_t d, double *q, double *r)
{
    double *work = malloc((size_t)(m * d + d + 1) * sizeof *work), *diagonal = work + m * d;
    memcpy(work, a, (size_t)(m * d) * sizeof *work);
    mli_qr(work, m, d, diagonal);
    mli_qr_q(q, work, m, d);
    for (int64_t i = 0; i < d; i++) {
        double sign = diagonal[i] < 0 ? -1 : 1;
        for (int64_t j = 0; j < d; j++)
            r[i * d + j] = j < i ? 0 : sign * (j == i ? diagonal[i] : work[j * m + i]);
        for (int64_t k = 0; k < m; k++)
            q[i * m + k] *= sign;
    }
    free(work);
}

static void assert_factors(const double *a, int64_t m, int64_t d, double scale)
{
    double *q = malloc((size_t)(m * d + 1) * sizeof *q), *r = malloc((size_t)(d * d + 1) * sizeof *r);
    factor(a, m, d, q, r);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) {
            double dot = 0;
            for (int64_t k = 0; k < m; k++)
                dot += q[i * m + k] * q[j * m + k];
            assert_true(fabs(dot - (i == j)) < 1e-13);
        }
    for (int64_t j = 0; j < d; j++)
        for (int64_t k = 0; k < m; k++) {
            double sum = 0;
            for (int64_t i = 0; i < d; i++)
                sum += q[i * m + k] * (r[i * d + j] / scale);
            assert_true(fabs(sum - a[j * m + k] / scale) < 1e-13 * (double)m);
        }
    free(q);
    free(r);
}

static void equal_to_numpy(void **state)
{
    (void)state;
    enum { M = 7, D = 4 };
    golden all = golden_read("linalg_qr");
    const double *want_q = all.v + M * D, *want_r = want_q + M * D;
    double a[M * D], q[M * D], r[D * D];
    for (int i = 0; i < M; i++)
        for (int j = 0; j < D; j++)
            a[j * M + i] = all.v[i * D + j];
    factor(a, M, D, q, r);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < D; j++)
            assert_true(fabs(q[j * M + i] - want_q[i * D + j]) < 1e-13);
    for (int i = 0; i < D * D; i++)
        assert_true(fabs(r[i] - want_r[i]) < 1e-13);
    golden_free(&all);
}

static void awkward_shapes(void **state)
{
    (void)state;
    const int64_t shapes[][2] = {{1, 1}, {2, 1}, {2, 2}, {7, 7}, {13, 5}, {64, 64}, {101, 33}, {5, 0}, {0, 0}};
    const double scales[] = {1, 1e-200, 1e200}; /* whose squares are nothing, or infinite */
    ml_rng rng = ml_rng_seed(1);
    for (int k = 0; k < 9; k++)
        for (int s = 0; s < 3; s++) {
            int64_t m = shapes[k][0], d = shapes[k][1];
            double *a = malloc((size_t)(m * d + 1) * sizeof *a);
            for (int64_t i = 0; i < m * d; i++)
                a[i] = scales[s] * ml_rng_normal(&rng);
            assert_factors(a, m, d, scales[s]);
            free(a);
        }
}

/* A column of zeros, one that is twice another, and one that is along the first axis already: Q is orthonormal all the same. */
static void columns_that_add_nothing(void **state)
{
    (void)state;
    const double a[4 * 5] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 2, 4, 6, 8, 10};
    assert_factors(a, 5, 4, 1);
}

/* docs/math/qr.md */
static void by_numbers(void **state)
{
    (void)state;
    const double a[4] = {3, 4, 1, 2}; /* columns (3,4) and (1,2) */
    double q[4], r[4];
    factor(a, 2, 2, q, r);
    const double want_q[4] = {0.6, 0.8, -0.8, 0.6}, want_r[4] = {5, 2.2, 0, 0.4};
    for (int i = 0; i < 4; i++)
        assert_true(fabs(q[i] - want_q[i]) < 1e-15 && fabs(r[i] - want_r[i]) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_numpy),
        cmocka_unit_test(awkward_shapes),
        cmocka_unit_test(columns_that_add_nothing),
        cmocka_unit_test(by_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
