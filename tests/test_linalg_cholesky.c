/* Cholesky against its definition, X^T X against its definition, and least squares that does not depend on how it is computed. */
#include "support/check.h"

#include "linalg/cholesky.h"
#include "linalg/design.h"
#include "linalg/least_squares.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* n numbers of -1 .. 1. */
static double *numbers(int64_t n, uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    double *v = malloc((size_t)(n + 1) * sizeof *v);
    for (int64_t i = 0; i < n; i++)
        v[i] = 2 * ml_rng_uniform(&rng) - 1;
    return v;
}

/* X^T X + I of n random columns. */
static double *positive(int64_t n)
{
    double *x = numbers(n * n, 5), *a = malloc((size_t)(n * n + 1) * sizeof *a);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            a[i * n + j] = i == j;
            for (int64_t k = 0; k < n; k++)
                a[i * n + j] += x[k * n + i] * x[k * n + j];
        }
    free(x);
    return a;
}

static void its_product_is_the_matrix(void **state)
{
    (void)state;
    const int64_t sizes[] = {0, 1, 2, 3, 7, 63, 64, 65, 100, 129, 200};
    for (size_t t = 0; t < sizeof sizes / sizeof *sizes; t++) {
        int64_t n = sizes[t], column = 7;
        double *a = positive(n), *l = malloc((size_t)(n * n + 1) * sizeof *l);
        memcpy(l, a, (size_t)(n * n) * sizeof *l);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = i + 1; j < n; j++)
                l[i * n + j] = NAN; /* is not read */
        assert_int_equal(mli_cholesky(l, n, 1e-12, &column), ML_OK);
        assert_int_equal(column, -1);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j <= i; j++) {
                double sum = 0;
                for (int64_t k = 0; k <= j; k++)
                    sum += l[i * n + k] * l[j * n + k];
                assert_true(fabs(sum - a[i * n + j]) <= 1e-13 * (double)(n + 1) * (1 + fabs(a[i * n + i])));
            }
        double *want = numbers(n, 3), *b = calloc((size_t)n + 1, sizeof *b);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++)
                b[i] += a[i * n + j] * want[j];
        mli_cholesky_solve(l, n, b);
        for (int64_t i = 0; i < n; i++)
            assert_true(fabs(b[i] - want[i]) <= 1e-10);
        assert_true(mli_cholesky_share(l, n) > 0 && mli_cholesky_share(l, n) <= 1);
        free(a), free(l), free(want), free(b);
    }
}

/* docs/math/cholesky.md */
static void by_numbers(void **state)
{
    (void)state;
    double a[] = {4, 0, 0, 2, 5, 0, 2, 3, 6}, b[] = {8, 10, 11};
    assert_int_equal(mli_cholesky(a, 3, 0, NULL), ML_OK);
    const double want[] = {2, 1, 2, 1, 1, 2};
    for (int i = 0, k = 0; i < 3; i++)
        for (int j = 0; j <= i; j++)
            assert_true(a[i * 3 + j] == want[k++]);
    mli_cholesky_solve(a, 3, b);
    assert_true(fabs(b[0] - 1) < 1e-15 && fabs(b[1] - 1) < 1e-15 && fabs(b[2] - 1) < 1e-15);
    assert_true(fabs(mli_cholesky_share(a, 3) - 4.0 / 6) < 1e-15);
}

static void the_column_is_named(void **state)
{
    (void)state;
    const int64_t sizes[] = {1, 2, 40, 64, 65, 150};
    for (size_t t = 0; t < sizeof sizes / sizeof *sizes; t++)
        for (int way = 0; way < 3; way++) {
            int64_t n = sizes[t], bad = n - 1, column;
            double *a = positive(n);
            if (way == 0)
                a[bad * n + bad] = -1;
            else if (way == 1)
                a[bad * n + bad] = NAN;
            else
                for (int64_t j = 0; j <= bad; j++) /* the same as the column before it */
                    a[bad * n + j] = n < 2 ? 0 : j == bad ? a[(bad - 1) * n + bad - 1] : a[(bad - 1) * n + j];
            assert_int_equal(mli_cholesky(a, n, 1e-12, &column), ML_EINVAL);
            assert_int_equal(column, bad);
            char want[64];
            snprintf(want, sizeof want, "of column %lld but rounding", (long long)bad);
            assert_non_null(strstr(ml_error(), want));
            free(a);
        }
    assert_int_equal(mli_cholesky(NULL, INT64_MAX / 1024, 0, NULL), ML_ENOMEM);
}

/* ---- the design ---- */

enum { SHAPES = 9 };
static const int64_t shapes[SHAPES][2] = {{1, 1}, {2, 3}, {5, 4}, {128, 12}, {129, 13}, {300, 25}, {4097, 7}, {9000, 31}, {50, 60}};

/* The same numbers row after row, column after column, or with gaps. */
static ml_matrix lay(const double *v, int64_t n, int64_t d, int way, double *room)
{
    const int64_t strides[3][2] = {{d, 1}, {1, n}, {2 * d + 1, 2}};
    ml_matrix x = {.v = room, .rows = n, .columns = d, .row_stride = strides[way][0], .column_stride = strides[way][1]};
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            room[i * x.row_stride + j * x.column_stride] = v[i * d + j];
    return x;
}

static void its_columns_are_centred(void **state)
{
    (void)state;
    for (int t = 0; t < SHAPES; t++)
        for (int way = 0; way < 3; way++) {
            int64_t n = shapes[t][0], d = shapes[t][1];
            double *v = numbers(n * d, 1), *room = malloc((size_t)(n * (2 * d + 1)) * sizeof *room), *rows = malloc((size_t)(n * d) * sizeof *rows);
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = 0; j < d; j++) /* from 1e-9 to 1e9, and a constant */
                    v[i * d + j] = j == d - 1 ? 0.1 : (v[i * d + j] + 3) * pow(10, (double)(j % 7 - 3) * 3);
            ml_matrix x = lay(v, n, d, way, room);
            mli_design a;
            assert_int_equal(mli_design_init(&a, &x, NULL, true), ML_OK);
            assert_true(a.total == (double)n && a.inverse[d - 1] == 0 && a.shift[d - 1] == 0.1);
            mli_design_rows(&a, 0, n, rows);
            for (int64_t j = 0; j < d; j++) {
                double sum = 0, squares = 0;
                for (int64_t i = 0; i < n; i++)
                    sum += rows[i * d + j], squares += rows[i * d + j] * rows[i * d + j];
                assert_true(fabs(sum) <= 1e-12 * (double)n);
                assert_true(n == 1 || j == d - 1 ? squares == 0 : squares >= 0.24 * (double)n && squares <= 1.01 * (double)n);
            }
            mli_design_free(&a);
            free(v), free(room), free(rows);
        }
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    const char *names[] = {"age", "fare"};
    double v[] = {1, 1e200, 2, -1e200};
    mli_design a;
    assert_int_equal(mli_design_init(&a, &(ml_matrix){.v = v, .rows = 2, .columns = 2, .names = names}, NULL, true), ML_EINVAL);
    assert_string_equal(ml_error(), "column 'fare' holds numbers whose squares do not fit a double: scale it down");
    mli_design_free(&a);
    assert_int_equal(mli_design_init(&a, &(ml_matrix){.v = v, .rows = 2, .columns = 2}, NULL, false), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "column 'x1'"));
    mli_design_free(&a);
}

/* Against the definition, for each layout, with weights and without; the same bits on 1, 2 and 4 threads. */
static void gram_is_its_definition(void **state)
{
    (void)state;
    int before = ml_threads();
    for (int t = 0; t < SHAPES; t++)
        for (int way = 0; way < 6; way++) {
            int64_t n = shapes[t][0], d = shapes[t][1], m = d + 2;
            double *v = numbers(n * d, 1), *w = numbers(n, 2), *y = numbers(n, 3), *rows = malloc((size_t)(n * d) * sizeof *rows);
            double *room = malloc((size_t)(n * (2 * d + 1)) * sizeof *room), *g = malloc((size_t)(m * m) * sizeof *g);
            double *again = malloc((size_t)(m * m) * sizeof *g);
            for (int64_t i = 0; i < n; i++)
                w[i] = i % 3 ? fabs(w[i]) : 0;
            w[n - 1] = 1;
            ml_matrix x = lay(v, n, d, way % 3, room);
            mli_design a;
            assert_int_equal(mli_design_init(&a, &x, way < 3 ? NULL : w, way % 2), ML_OK);
            mli_design_rows(&a, 0, n, rows);
            const mli_beside beside[] = {{y}, {NULL}};
            assert_int_equal(mli_gram(&a, NULL, beside, 2, g), ML_OK);
            for (int64_t i = 0; i < m; i++)
                for (int64_t j = 0; j < m; j++) {
                    double sum = 0;
                    for (int64_t r = 0; r < n; r++) {
                        double p = i < d ? rows[r * d + i] : i == d ? y[r] : 1, q = j < d ? rows[r * d + j] : j == d ? y[r] : 1;
                        sum += (way < 3 ? 1 : w[r]) * p * q;
                    }
                    assert_true(fabs(sum - g[i * m + j]) <= 1e-13 * (double)(n + 10));
                }
            for (int threads = 1; threads <= 4; threads *= 2) {
                ml_set_threads(threads);
                assert_int_equal(mli_gram(&a, NULL, beside, 2, again), ML_OK);
                assert_memory_equal(g, again, (size_t)(m * m) * sizeof *g);
            }
            ml_set_threads(before);
            mli_design_free(&a);
            free(v), free(w), free(y), free(rows), free(room), free(g), free(again);
        }
}

/* Squares of scores: a loss whose gradient is known. */
static double squares(void *user, int64_t first, int64_t n, double *z)
{
    int64_t k = *(int64_t *)user;
    double sum = 0;
    for (int64_t i = 0; i < n * k; i++) {
        double factor = 1 + (double)((first * k + i) % 5);
        sum += factor * z[i] * z[i] / 2;
        z[i] *= factor;
    }
    return sum;
}

static void a_pass_is_its_definition(void **state)
{
    (void)state;
    for (int t = 0; t < SHAPES; t++)
        for (int64_t k = 1; k < 4; k++) {
            int64_t n = shapes[t][0], d = shapes[t][1], width = d + 1;
            double *v = numbers(n * d, 1), *u = numbers(k * width, 2), *rows = malloc((size_t)(n * d) * sizeof *rows), value, want = 0;
            double *g = malloc((size_t)(k * width) * sizeof *g), *wanted = calloc((size_t)(k * width), sizeof *g);
            mli_design a;
            assert_int_equal(mli_design_init(&a, &(ml_matrix){.v = v, .rows = n, .columns = d}, NULL, true), ML_OK);
            mli_design_rows(&a, 0, n, rows);
            for (int64_t i = 0; i < n; i++)
                for (int64_t c = 0; c < k; c++) {
                    double z = u[c * width + d], factor = 1 + (double)((i * k + c) % 5);
                    for (int64_t j = 0; j < d; j++)
                        z += u[c * width + j] * rows[i * d + j];
                    want += factor * z * z / 2;
                    for (int64_t j = 0; j <= d; j++)
                        wanted[c * width + j] += factor * z * (j < d ? rows[i * d + j] : 1);
                }
            assert_int_equal(mli_design_pass(&a, u, k, squares, &k, &value, g), ML_OK);
            assert_true(fabs(value - want) <= 1e-12 * (1 + want));
            for (int64_t j = 0; j < k * width; j++)
                assert_true(fabs(g[j] - wanted[j]) <= 1e-12 * (double)(n + 10) * (double)(d + 1));
            mli_design_free(&a);
            free(v), free(u), free(rows), free(g), free(wanted);
        }
}

/* ---- least squares ---- */

/* At the minimum the residual is at a right angle to every column: A^T W (A u - y) + ridge^2 u = 0. */
static void residuals_stand_at_right_angles(void **state)
{
    (void)state;
    for (int t = 0; t < SHAPES; t++)
        for (int way = 0; way < 4; way++) {
            int64_t n = shapes[t][0], d = shapes[t][1], rank;
            double *v = numbers(n * d, 1), *w = numbers(n, 2), *y = numbers(n, 3), *ridge = numbers(d, 4);
            double *u = malloc((size_t)d * sizeof *u), *rows = malloc((size_t)(n * d) * sizeof *rows);
            for (int64_t i = 0; i < n; i++)
                w[i] = 1 + w[i];
            mli_design a;
            assert_int_equal(mli_design_init(&a, &(ml_matrix){.v = v, .rows = n, .columns = d}, way % 2 ? w : NULL, false), ML_OK);
            assert_int_equal(mli_least_squares(&a, y, way < 2 ? NULL : ridge, u, &rank), ML_OK);
            assert_int_equal(rank, way < 2 && n < d ? n : d);
            mli_design_rows(&a, 0, n, rows);
            for (int64_t j = 0; j < d; j++) {
                double sum = way < 2 ? 0 : ridge[j] * ridge[j] * u[j];
                for (int64_t i = 0; i < n; i++) {
                    double off = -y[i];
                    for (int64_t k = 0; k < d; k++)
                        off += rows[i * d + k] * u[k];
                    sum += (way % 2 ? w[i] : 1) * off * rows[i * d + j];
                }
                assert_true(fabs(sum) <= 1e-11 * (double)(n + d));
            }
            mli_design_free(&a);
            free(v), free(w), free(y), free(ridge), free(u), free(rows);
        }
}

/* Two equal columns, one twice as large, a column of zeros: of w_0 + w_1 + 2 w_2 = 6 the shortest is (1, 1, 2). */
static void the_shortest_of_many(void **state)
{
    (void)state;
    double v[20], y[5], u[4];
    for (int i = 0; i < 5; i++) {
        v[4 * i] = v[4 * i + 1] = i - 2, v[4 * i + 2] = 2 * (i - 2), v[4 * i + 3] = 0;
        y[i] = 6 * (i - 2);
    }
    int64_t rank;
    mli_design a;
    assert_int_equal(mli_design_init(&a, &(ml_matrix){.v = v, .rows = 5, .columns = 4}, NULL, false), ML_OK);
    assert_int_equal(mli_least_squares(&a, y, NULL, u, &rank), ML_OK);
    assert_int_equal(rank, 1);
    const double want[] = {1, 1, 2, 0};
    for (int j = 0; j < 4; j++)
        assert_true(fabs(u[j] * a.inverse[j] - want[j]) < 1e-14);
    mli_design_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_product_is_the_matrix),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(the_column_is_named),
        cmocka_unit_test(its_columns_are_centred),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(gram_is_its_definition),
        cmocka_unit_test(a_pass_is_its_definition),
        cmocka_unit_test(residuals_stand_at_right_angles),
        cmocka_unit_test(the_shortest_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
