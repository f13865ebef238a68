/* test_kernels_bmm.c -- batches of matrix products: each body against the definition, over awkward shapes and strides. */
#include "support/check.h"

#include "kernels/bmm.h"

#include <math.h>
#include <string.h>

static ml_real *numbers(ml_rng *rng, int64_t n)
{
    ml_real *v = mli_alloc((size_t)(n + 4) * sizeof *v);
    for (int64_t i = 0; i < n + 4; i++)
        v[i] = (ml_real)(ml_rng_uniform(rng) - 0.5);
    return v;
}

/* What is asked: one bit each. */
enum { TURN_A = 1, TURN_B = 2, ONE_A = 4, ONE_B = 8, SUM = 16, ADD = 32, ALL = 64 };

/* count products (m,k)(k,n), all operands one number off their alignment. */
static mlk_bmm_args batch(int what, int64_t count, int64_t m, int64_t n, int64_t k, const ml_real *a, const ml_real *b,
                          ml_real *c)
{
    bool at = what & TURN_A, bt = what & TURN_B;
    mlk_gemm_args first = {.m = m, .n = n, .k = k, .a = a + 1, .a_row = at ? 1 : k, .a_col = at ? m : 1, .b = b + 1,
                           .b_row = bt ? 1 : n, .b_col = bt ? k : 1, .c = c + 1, .c_row = n, .add = what & ADD};
    return (mlk_bmm_args){first, count, what & ONE_A ? 0 : m * k, what & ONE_B ? 0 : k * n, what & SUM ? 0 : m * n};
}

static void compare(ml_rng *rng, int what, int64_t count, int64_t m, int64_t n, int64_t k, ml_kernel body)
{
    ml_real *a = numbers(rng, count * m * k), *b = numbers(rng, count * k * n), *c = numbers(rng, count * m * n + m * n);
    ml_real *want = numbers(rng, count * m * n + m * n);
    int64_t room = count * m * n + m * n + 4;
    memcpy(want, c, (size_t)room * sizeof *c);
    mlk_bmm_args g = batch(what, count, m, n, k, a, b, c), ref = batch(what, count, m, n, k, a, b, want);
    void *work = mli_alloc(mlk_bmm_workspace(body, &g));
    mlk_bmm(body, &g, work);
    mlk_bmm_ref(&ref);
    double tol = (sizeof(ml_real) == 8 ? 1e-14 : 1e-6) * (double)(k * (what & SUM ? count : 1) + 10);
    for (int64_t i = 0; i < room; i++)
        if (!(fabs((double)c[i] - (double)want[i]) <= tol))
            fail_msg("what %d, %d products of m %d n %d k %d, body %d: number %d is %.9g, expected %.9g", what, (int)count,
                     (int)m, (int)n, (int)k, (int)body, (int)i, (double)c[i], (double)want[i]);
    mli_free(a), mli_free(b), mli_free(c), mli_free(want), mli_free(work);
}

static const int64_t SIZES[] = {0, 1, 2, 3, 5, 8, 13, 17, 33, 64}, COUNTS[] = {0, 1, 2, 3, 7, 40};
enum { N_SIZES = sizeof SIZES / sizeof *SIZES, N_COUNTS = sizeof COUNTS / sizeof *COUNTS };

static void bodies_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int trial = 0; trial < 18 * ALL; trial++) {
        int64_t m = SIZES[ml_rng_below(&rng, N_SIZES)], n = SIZES[ml_rng_below(&rng, N_SIZES)];
        int64_t k = SIZES[ml_rng_below(&rng, N_SIZES)], count = COUNTS[ml_rng_below(&rng, N_COUNTS)];
        if (count * m * n * k < 300000)
            compare(&rng, trial % ALL, count, m, n, k, (ml_kernel)(trial / ALL % 3));
    }
}

/* Products that are one, or that are large, take other paths than many small ones. */
static void large_ones_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    for (int body = 0; body < 2; body++)
        for (int what = body; what < ALL; what += 13) {
            compare(&rng, what, 2, 170, 170, 150, (ml_kernel)body);
            compare(&rng, what, 300, 9, 20, 31, (ml_kernel)body);
        }
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    const int64_t count = 50, m = 33, n = 27, k = 35;
    ml_real *a = numbers(&rng, count * m * k), *b = numbers(&rng, count * k * n), *c = numbers(&rng, count * m * n),
            *first = numbers(&rng, count * m * n);
    int before = ml_threads();
    for (int what = 0; what < ADD; what += 3)
        for (int body = 0; body < 2; body++)
            for (int threads = 1; threads <= 4; threads *= 2) {
                assert_int_equal(ml_set_threads(threads), ML_OK);
                mlk_bmm_args g = batch(what, count, m, n, k, a, b, threads == 1 ? first : c);
                void *work = mli_alloc(mlk_bmm_workspace((ml_kernel)body, &g));
                mlk_bmm((ml_kernel)body, &g, work);
                mli_free(work);
                int64_t size = what & SUM ? m * n : count * m * n;
                if (threads > 1)
                    assert_memory_equal(first + 1, c + 1, (size_t)size * sizeof *c);
            }
    ml_set_threads(before);
    mli_free(a), mli_free(b), mli_free(c), mli_free(first);
}

/* However many products of nothing, nothing is done. */
static void a_great_many_empty_products(void **state)
{
    (void)state;
    const int64_t huge = (int64_t)1 << 55;
    ml_real a[16] = {0}, b[16] = {0}, c[16] = {7, 7, 7, 7, 7};
    for (int body = 0; body < 3; body++) {
        mlk_bmm_args none = batch(0, huge, 0, 2, 2, a, b, c), sum = batch(SUM, huge, 2, 2, 0, a, b, c);
        c[1] = 7;
        mlk_bmm((ml_kernel)body, &none, NULL);
        assert_true(c[1] == 7);
        void *work = mli_alloc(mlk_bmm_workspace((ml_kernel)body, &sum));
        mlk_bmm((ml_kernel)body, &sum, work);
        assert_true(c[0] == 7 && c[1] == 0 && c[4] == 0);
        mli_free(work);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_agree),
        cmocka_unit_test(large_ones_agree),
        cmocka_unit_test(same_bits_on_any_number_of_threads),
        cmocka_unit_test(a_great_many_empty_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
