/* test_kernels_attention.c -- attention by blocks, in both bodies of its products, against the definition. */
#include "support/check.h"

#include "kernels/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* n numbers in low .. high, one past the alignment of malloc; freed by free(p - 1). */
static ml_real *numbers(ml_rng *rng, int64_t n, double low, double high)
{
    ml_real *p = malloc((size_t)(n + 1) * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i <= n; i++)
        p[i] = (ml_real)(low + (high - low) * ml_rng_uniform(rng));
    return p + 1;
}

/* What is asked: one bit each. */
enum { CAUSAL = 1, MASK = 2, MASKS = 4, ADD = 8, ONLY_DQ = 16, NO_DQ = 32, SHARED = 64, HUGE_SCORES = 128, HARD = 256 };

/* batch, T, S, D, M */
static const int64_t SIZES[][5] = {
    {1, 1, 1, 1, 1},   {1, 2, 3, 1, 2},    {2, 5, 5, 3, 4},    {3, 17, 9, 4, 1},  {1, 47, 48, 8, 8},
    {2, 48, 47, 8, 5}, {1, 49, 49, 16, 7}, {5, 31, 64, 13, 6}, {0, 3, 4, 2, 2},   {2, 0, 4, 2, 2},
    {2, 3, 0, 2, 2},   {2, 3, 4, 2, 0},    {7, 100, 1, 2, 3},  {2, 1, 130, 5, 5}, {5, 97, 101, 9, 6},
};
enum { N_SIZES = sizeof SIZES / sizeof SIZES[0] };

typedef struct setup {
    mlk_attention a;
    int64_t q, k, v, y; /* how many numbers */
    ml_real *x[7];      /* q, k, v, mask, dy, y, and in one piece all gradients */
    ml_real *grads[3];
} setup;

/* Hides keys, of some queries all; rows of the mask that are there for all sequences are enough. */
static void hide(ml_real *mask, int64_t rows, int64_t s)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < s; j++)
            if ((i + j) % 3 == 0 || i % 5 == 1)
                mask[i * s + j] = (ml_real)-INFINITY;
}

static setup setup_new(const int64_t *size, int what)
{
    ml_rng rng = ml_rng_seed(5);
    setup s = {.a = {.batch = size[0], .t = size[1], .s = size[2], .d = size[3], .m = size[4]}};
    s.q = size[0] * size[1] * size[3];
    s.k = size[0] * size[2] * size[3];
    s.v = size[0] * size[2] * size[4];
    s.y = size[0] * size[1] * size[4];
    int64_t masks = size[1] * size[2] * (what & MASKS ? size[0] : 1);
    int64_t n[] = {s.q, s.k, s.v, masks, s.y, s.y, s.q + s.k + s.v};
    for (int i = 0; i < 7; i++)
        s.x[i] = numbers(&rng, n[i], -1, 1);
    for (int64_t i = 0; i < s.q && what & HUGE_SCORES; i++)
        s.x[0][i] *= 500;
    hide(s.x[3], n[3] ? n[3] / size[2] : 0, size[2]);
    for (int64_t i = 0; i < s.y && what & HARD; i += 7)
        s.x[4][i] = 0;
    if (what & HARD && s.q > 0 && s.k > 0) { /* a query of NaN, and a key at infinity */
        s.x[0][s.q / 2] = (ml_real)NAN;
        s.x[1][s.k - 1] = (ml_real)INFINITY;
    }
    s.a.q = s.x[0];
    s.a.k = s.x[1];
    s.a.v = s.x[2];
    s.a.mask = what & (MASK | MASKS) ? s.x[3] : NULL;
    s.a.mask_next = what & MASKS ? size[1] * size[2] : 0;
    s.a.scale = 1 / sqrt((double)size[3]);
    s.a.causal = what & CAUSAL;
    s.a.level = calloc((size_t)(size[0] * size[1]) + 1, sizeof(double));
    s.grads[0] = s.x[6];
    s.grads[1] = s.x[6] + s.q;
    s.grads[2] = s.x[6] + s.q + s.k;
    return s;
}

static void setup_free(setup *s)
{
    for (int i = 0; i < 7; i++)
        free(s->x[i] - 1);
    free(s->a.level);
}

static void run(setup *s, int what, ml_kernel body)
{
    bool add = what & ADD;
    mlk_attention_grads g = {s->grads[0], s->grads[1], s->grads[2], add, add, add, what & SHARED};
    if (what & ONLY_DQ)
        g.dk = g.dv = NULL;
    if (what & NO_DQ)
        g.dq = NULL;
    if (body == ML_KERNEL_REF) {
        mlk_attention_ref(s->x[5], &s->a);
        mlk_attention_backward_ref(&g, s->x[4], s->x[5], &s->a);
        return;
    }
    void *work = mli_alloc(mlk_attention_work(body, &s->a));
    mlk_attention_forward(body, s->x[5], &s->a, work);
    mlk_attention_backward(body, &g, s->x[4], s->x[5], &s->a, work);
    mli_free(work);
}

static void check(const int64_t *size, int what)
{
    setup ref = setup_new(size, what);
    double tol = what & HUGE_SCORES && sizeof(ml_real) == 4 ? 1e-3 : TOL_REAL;
    run(&ref, what, ML_KERNEL_REF);
    for (int body = 0; body < 2; body++) {
        setup fast = setup_new(size, what);
        run(&fast, what, (ml_kernel)body);
        assert_reals_close(fast.x[5], ref.x[5], ref.y, tol, tol);
        for (int64_t i = 0; i < ref.a.batch * ref.a.t; i++) {
            ml_real a = (ml_real)fast.a.level[i], b = (ml_real)ref.a.level[i];
            assert_reals_close(&a, &b, 1, tol, tol);
        }
        assert_reals_close(fast.x[6], ref.x[6], ref.q + ref.k + ref.v, tol, tol * (what & HUGE_SCORES ? 500 : 5));
        setup_free(&fast);
    }
    setup_free(&ref);
}

static void blocks_agree_with_the_definition(void **state)
{
    (void)state;
    static const int CHOICES[] = {0,
                                  CAUSAL,
                                  MASK,
                                  MASKS | ADD,
                                  CAUSAL | MASK,
                                  CAUSAL | MASKS | ADD,
                                  ADD | ONLY_DQ,
                                  CAUSAL | NO_DQ,
                                  SHARED,
                                  HUGE_SCORES,
                                  HUGE_SCORES | CAUSAL | MASK};
    for (int i = 0; i < N_SIZES; i++)
        for (size_t k = 0; k < sizeof CHOICES / sizeof CHOICES[0]; k++)
            check(SIZES[i], CHOICES[k]);
}

/* Where the query or a key that it sees is not finite, neither is the output; all other queries are as they were. */
static void nan_stays_where_it_is_seen(void **state)
{
    (void)state;
    for (int i = 2; i < 8; i++) {
        setup fast = setup_new(SIZES[i], HARD | CAUSAL), ref = setup_new(SIZES[i], HARD | CAUSAL);
        run(&fast, 0, ML_KERNEL_FAST);
        run(&ref, 0, ML_KERNEL_REF);
        assert_reals_close(fast.x[5], ref.x[5], ref.y, TOL_REAL, TOL_REAL);
        assert_true(isfinite(fast.x[5][0]) && isnan(fast.x[5][ref.q / 2 / ref.a.d * ref.a.m]));
        setup_free(&fast);
        setup_free(&ref);
    }
}

static void a_query_that_sees_nothing_gives_zero(void **state)
{
    (void)state;
    for (int body = 0; body < 3; body++) {
        setup s = setup_new((int64_t[]){2, 7, 4, 3, 3}, MASK);
        run(&s, 0, (ml_kernel)body);
        for (int64_t b = 0; b < 2; b++)
            for (int64_t i = 0; i < 3; i++) { /* query 1 sees no key: see hide */
                assert_true(s.x[5][(b * 7 + 1) * 3 + i] == 0 && s.grads[0][(b * 7 + 1) * 3 + i] == 0);
                assert_true(s.x[5][b * 7 * 3 + i] != 0 && s.grads[0][b * 7 * 3 + i] != 0);
            }
        setup_free(&s);
    }
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    static const int64_t LARGE[][5] = {{9, 130, 101, 12, 17}, {1, 200, 210, 33, 20}, {3, 100, 90, 16, 16}};
    int before = ml_threads();
    for (int k = 0; k < 12; k++) {
        const int64_t *size = LARGE[k / 4];
        int what = (k % 2 ? CAUSAL | MASK : 0) | ADD;
        ml_kernel body = k / 2 % 2 ? ML_KERNEL_BLAS : ML_KERNEL_FAST;
        assert_int_equal(ml_set_threads(1), ML_OK);
        setup one = setup_new(size, what);
        run(&one, what, body);
        for (int threads = 2; threads <= 4; threads += 2) {
            assert_int_equal(ml_set_threads(threads), ML_OK);
            setup many = setup_new(size, what);
            run(&many, what, body);
            assert_memory_equal(one.x[5], many.x[5], (size_t)one.y * sizeof(ml_real));
            assert_memory_equal(one.x[6], many.x[6], (size_t)(one.q + one.k + one.v) * sizeof(ml_real));
            setup_free(&many);
        }
        setup_free(&one);
    }
    ml_set_threads(before);
}

/* A sequence of 4,000 queries has sixteen million scores: the scratch holds a few blocks of them. */
static void memory_grows_with_the_keys_alone(void **state)
{
    (void)state;
    mlk_attention a = {.batch = 4, .t = 4000, .s = 4000, .d = 64, .m = 64, .scale = 1};
    size_t once = mlk_attention_work(ML_KERNEL_FAST, &a);
    assert_true(once < (size_t)4 * 4000 * 4000 * sizeof(ml_real) / 4);
    a.t *= 10;
    assert_true(mlk_attention_work(ML_KERNEL_FAST, &a) == once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_agree_with_the_definition),
        cmocka_unit_test(nan_stays_where_it_is_seen),
        cmocka_unit_test(a_query_that_sees_nothing_gives_zero),
        cmocka_unit_test(same_bits_on_any_number_of_threads),
        cmocka_unit_test(memory_grows_with_the_keys_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
