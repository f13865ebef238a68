/* test_kernels_gemm.c -- the three bodies of the matrix product agree, over awkward shapes and strides. */
#include "support/check.h"

#include "kernels/linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ml_real *numbers(ml_rng *rng, int64_t n)
{
    ml_real *v = mli_alloc((size_t)(n + 4) * sizeof *v);
    for (int64_t i = 0; i < n + 4; i++)
        v[i] = (ml_real)(ml_rng_uniform(rng) - 0.5);
    return v;
}

static const int64_t SIZES[] = {0, 1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 33, 64, 97, 321, 700};
enum { N_SIZES = sizeof SIZES / sizeof *SIZES };

/* One product in one body against the definition in double. The operands lie one number off their alignment, rows of C have `gap`
 * numbers between them. */
static void compare(ml_rng *rng, int64_t m, int64_t n, int64_t k, int64_t gap, bool at, bool bt, int how, ml_kernel body)
{
    int64_t pitch = n + gap;
    ml_real *a = numbers(rng, m * k), *b = numbers(rng, k * n), *bias = numbers(rng, n), *c = numbers(rng, m * pitch);
    ml_real *before = numbers(rng, m * pitch);
    memcpy(before, c, (size_t)(m * pitch + 4) * sizeof *c);
    mlk_gemm_args g = {.m = m, .n = n, .k = k, .a = a + 1, .a_row = at ? 1 : k, .a_col = at ? m : 1, .b = b + 1,
                       .b_row = bt ? 1 : n, .b_col = bt ? k : 1, .c = c + 1, .c_row = pitch,
                       .bias = how == 1 ? bias + 1 : NULL, .add = how == 2};
    void *work = mli_alloc(mlk_gemm_workspace(body, &g));
    mlk_gemm(body, &g, work);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < pitch; j++) {
            int64_t at_c = 1 + i * pitch + j;
            double want = (double)before[at_c];
            if (j < n) {
                want = how == 1 ? (double)bias[1 + j] : how == 2 ? want : 0;
                for (int64_t p = 0; p < k; p++)
                    want += (double)g.a[i * g.a_row + p * g.a_col] * (double)g.b[p * g.b_row + j * g.b_col];
            }
            double bound = (sizeof(ml_real) == 8 ? 1e-14 : 3e-7) * (double)(k + 10);
            if (!(fabs((double)c[at_c] - want) <= bound))
                fail_msg("m %d n %d k %d at %d bt %d how %d body %d: C[%d,%d] is %.9g, expected %.9g", (int)m, (int)n,
                         (int)k, at, bt, how, (int)body, (int)i, (int)j, (double)c[at_c], want);
        }
    }
    mli_free(a), mli_free(b), mli_free(bias), mli_free(c), mli_free(before), mli_free(work);
}

static void bodies_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int trial = 0; trial < 1500; trial++) {
        int64_t m = SIZES[ml_rng_below(&rng, N_SIZES)], n = SIZES[ml_rng_below(&rng, N_SIZES)];
        int64_t k = SIZES[ml_rng_below(&rng, N_SIZES)];
        if (m * n * k > 3000000)
            continue;
        compare(&rng, m, n, k, 3, trial & 1, trial & 2, trial / 4 % 3, (ml_kernel)(trial / 12 % 3));
    }
}

/* gemm_tall.c has plans of its own for many rows, and for many steps; the shapes are past its limits on any CPU. */
static void tall_and_deep_agree(void **state)
{
    (void)state;
    const int64_t tall[][3] = {{3200, 1, 50}, {3333, 17, 33}, {4099, 64, 5}, {3201, 100, 321}, {5000, 3, 1}, {3200, 5, 0}};
    const int64_t deep[][3] = {{1, 1, 8192}, {33, 17, 8199}, {5, 64, 9001}, {200, 7, 8300}, {17, 33, 16500}, {0, 5, 8192}};
    ml_rng rng = ml_rng_seed(4);
    for (size_t s = 0; s < 6; s++)
        for (int trial = 0; trial < 12; trial++) {
            compare(&rng, tall[s][0], tall[s][1], tall[s][2], 3, trial & 1, trial & 2, trial / 4, ML_KERNEL_FAST);
            compare(&rng, deep[s][0], deep[s][1], deep[s][2], 0, trial & 1, trial & 2, trial / 4, ML_KERNEL_FAST);
        }
}

static void same_bits(int64_t m, int64_t n, int64_t k)
{
    ml_rng rng = ml_rng_seed(2);
    ml_real *a = numbers(&rng, m * k), *b = numbers(&rng, n * k), *c = numbers(&rng, m * n), *first = numbers(&rng, m * n);
    for (int body = 0; body < 3; body++) {
        for (int threads = 1; threads <= 8; threads *= 2) {
            assert_int_equal(ml_set_threads(threads), ML_OK);
            mlk_gemm_args g = mlk_linear_forward(threads == 1 ? first : c, a, b, NULL, m, k, n);
            void *work = mli_alloc(mlk_gemm_workspace((ml_kernel)body, &g));
            mlk_gemm((ml_kernel)body, &g, work);
            mli_free(work);
            if (threads > 1)
                assert_memory_equal(first, c, (size_t)(m * n) * sizeof *c);
        }
    }
    assert_int_equal(ml_set_threads(2), ML_OK);
    mli_free(a), mli_free(b), mli_free(c), mli_free(first);
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    same_bits(300, 130, 333);
    same_bits(4000, 30, 70);
    same_bits(30, 40, 9000);
}

/* NaN and infinity come through: no body may skip a product because the other factor is zero. */
static void nan_passes(void **state)
{
    (void)state;
    for (int body = 0; body < 3; body++) {
        ml_real a[6] = {0, 0, 0, 1, 1, 1}, b[6] = {(ml_real)NAN, 1, 1, (ml_real)INFINITY, 1, 1}, c[4];
        mlk_gemm_args g = {.m = 2, .n = 2, .k = 3, .a = a, .a_row = 3, .a_col = 1, .b = b, .b_row = 2, .b_col = 1,
                           .c = c, .c_row = 2};
        void *work = mli_alloc(mlk_gemm_workspace((ml_kernel)body, &g));
        mlk_gemm((ml_kernel)body, &g, work);
        assert_true(isnan((double)c[0]) && isnan((double)c[1]) && isnan((double)c[2]) && isinf((double)c[3]));
        mli_free(work);
    }
}

/* The lesson's plain loops are what the products compute. */
static void linear_is_its_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    const int64_t shapes[][3] = {{1, 1, 1}, {5, 7, 3}, {0, 4, 2}, {64, 33, 10}, {2, 0, 3}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        int64_t n = shapes[s][0], d = shapes[s][1], m = shapes[s][2];
        ml_real *x = numbers(&rng, n * d), *w = numbers(&rng, m * d), *b = numbers(&rng, m), *dy = numbers(&rng, n * m);
        ml_real *y[2], *dx[2], *dw[2], *db[2];
        for (int k = 0; k < 2; k++)
            y[k] = numbers(&rng, n * m), dx[k] = numbers(&rng, n * d), dw[k] = numbers(&rng, m * d), db[k] = numbers(&rng, m);
        mlk_linear_ref(y[0], x, w, b, n, d, m);
        mlk_linear_backward_ref(dx[0], dw[0], db[0], dy, x, w, n, d, m);
        mlk_gemm_args g[] = {mlk_linear_forward(y[1], x, w, b, n, d, m), mlk_linear_dx(dx[1], false, dy, w, n, d, m),
                             mlk_linear_dw(dw[1], false, dy, x, n, d, m)};
        for (int k = 0; k < 3; k++) {
            void *work = mli_alloc(mlk_gemm_workspace(ML_KERNEL_FAST, &g[k]));
            mlk_gemm(ML_KERNEL_FAST, &g[k], work);
            mli_free(work);
        }
        mlk_linear_db(db[1], false, dy, n, m);
        assert_reals_close(y[1], y[0], n * m, TOL_REAL, TOL_REAL);
        assert_reals_close(dx[1], dx[0], n * d, TOL_REAL, TOL_REAL);
        assert_reals_close(dw[1], dw[0], m * d, TOL_REAL, TOL_REAL);
        assert_reals_close(db[1], db[0], m, TOL_REAL, TOL_REAL);
        for (int k = 0; k < 2; k++)
            mli_free(y[k]), mli_free(dx[k]), mli_free(dw[k]), mli_free(db[k]);
        mli_free(x), mli_free(w), mli_free(b), mli_free(dy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_agree),
        cmocka_unit_test(tall_and_deep_agree),
        cmocka_unit_test(same_bits_on_any_number_of_threads),
        cmocka_unit_test(nan_passes),
        cmocka_unit_test(linear_is_its_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
