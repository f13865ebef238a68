/* test_kernels_losses.c -- losses: the fast bodies against the definitions, and plain ones against those with options. */
#include "support/check.h"

#include "kernels/losses.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Random numbers at an address that no vector would choose. */
static ml_real *random_run(ml_rng *rng, int64_t n, double low, double high)
{
    ml_real *x = malloc((size_t)(n + 2) * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n + 2; i++)
        x[i] = (ml_real)(low + (high - low) * ml_rng_uniform(rng));
    return x;
}

static const int64_t SIZES[][2] = {{1, 1},    {1, 2},   {64, 10}, {7, 13},
                                   {3, 4097}, {500, 9}, {33, 128}};
enum { N_SIZES = sizeof SIZES / sizeof SIZES[0] };

static void xent_agrees(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    for (int c = 0; c < 2 * N_SIZES; c++) {
        int64_t rows = SIZES[c / 2][0], n = SIZES[c / 2][1];
        double reach = c % 2 ? 1000 : 5;
        ml_real *z = random_run(&rng, rows * n, -reach, reach),
                *a = random_run(&rng, rows * n, 0, 1);
        ml_real *b = random_run(&rng, rows * n, 0, 1), loss_a, loss_b;
        int32_t label[500];
        for (int64_t r = 0; r < rows; r++)
            label[r] = (int32_t)ml_rng_below(&rng, n);
        mlk_softmax_xent_ref(&loss_a, a, z + 1, label, rows, n);
        mlk_softmax_xent_forward(&loss_b, b, z + 1, label, rows, n);
        assert_reals_close(&loss_b, &loss_a, 1, TOL_REAL, TOL_REAL);
        assert_reals_close(b, a, rows * n, TOL_REAL, TOL_REAL);
        free(z), free(a), free(b);
    }
}

/* Each way to ask: with weights or not, smoothed or not, with labels to ignore or not. */
static mlk_labels asked(int kind, int64_t rows, int64_t n, const int32_t *label, const ml_real *weight)
{
    return (mlk_labels){.label = label,
                        .rows = rows,
                        .n = n,
                        .weight = kind & 1 ? weight : NULL,
                        .smoothing = kind & 2 ? 0.3 : 0,
                        .has_ignore = kind & 4,
                        .ignore = -100};
}

static void options_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(6);
    for (int c = 0; c < 16 * N_SIZES; c++) {
        int64_t rows = SIZES[c / 16][0], n = SIZES[c / 16][1];
        double reach = c & 8 ? 1000 : 5;
        ml_real *z = random_run(&rng, rows * n, -reach, reach), *weight = random_run(&rng, n, 0.1, 2);
        ml_real *a = random_run(&rng, rows * n, 0, 1), *b = random_run(&rng, rows * n, 0, 1);
        ml_real loss_a, loss_b;
        int32_t label[500];
        for (int64_t r = 0; r < rows; r++)
            label[r] = (c & 4) && r % 3 == 1 ? -100 : (int32_t)ml_rng_below(&rng, n);
        mlk_labels l = asked(c & 7, rows, n, label, weight + 1);
        mlk_cross_entropy_ref(&loss_a, a + 1, z + 1, &l);
        mlk_cross_entropy_forward(&loss_b, b + 1, z + 1, &l);
        assert_reals_close(&loss_b, &loss_a, 1, TOL_REAL, TOL_REAL);
        assert_reals_close(b + 1, a + 1, rows * n, TOL_REAL, TOL_REAL);
        mlk_nll_ref(&loss_a, z + 1, &l);
        mlk_nll_forward(&loss_b, z + 1, &l);
        assert_reals_close(&loss_b, &loss_a, 1, TOL_REAL, TOL_REAL * reach);
        free(z), free(weight), free(a), free(b);
    }
}

/* Weights of 1 are no weights, and a label that does not occur ignores nothing: forward, backward, adding. */
static void options_that_say_nothing(void **state)
{
    (void)state;
    enum { ROWS = 37, K = 11 };
    ml_rng rng = ml_rng_seed(7);
    ml_real *z = random_run(&rng, ROWS * K, -4, 4), one[K], loss_a, loss_b;
    ml_real a[ROWS * K], b[ROWS * K], da[ROWS * K], db[ROWS * K];
    int32_t label[ROWS];
    for (int i = 0; i < ROWS; i++)
        label[i] = (int32_t)ml_rng_below(&rng, K);
    for (int k = 0; k < K; k++)
        one[k] = 1;
    mlk_labels l = {.label = label, .rows = ROWS, .n = K, .weight = one, .has_ignore = true, .ignore = -1};
    mlk_softmax_xent_forward(&loss_a, a, z + 1, label, ROWS, K);
    mlk_cross_entropy_forward(&loss_b, b, z + 1, &l);
    assert_reals_close(&loss_b, &loss_a, 1, TOL_REAL, 0);
    assert_memory_equal(a, b, sizeof a);
    for (int add = 0; add < 2; add++) {
        mlk_softmax_xent_backward(da, add, a, label, (mlk_loss_grad){(ml_real)0.7, ROWS, K});
        mlk_cross_entropy_backward(db, add, b, &l, (ml_real)0.7);
        assert_reals_close(db, da, ROWS * K, TOL_REAL, TOL_REAL);
    }
    free(z);
}

typedef struct pair_kernel {
    mlk_pair_fn *ref, *forward;
    double low, high, shape; /* targets are in low .. high */
} pair_kernel;

static const pair_kernel PAIRS[] = {
    {mlk_bce_logits_ref, mlk_bce_logits_forward, 0, 1, 0},
    {mlk_bce_weighted_ref, mlk_bce_weighted_forward, 0, 1, 0},
    {mlk_mse_ref, mlk_mse_forward, -3, 3, 0},
    {mlk_mae_ref, mlk_mae_forward, -3, 3, 0},
    {mlk_huber_ref, mlk_huber_forward, -3, 3, 0.7},
    {mlk_pinball_ref, mlk_pinball_forward, -3, 3, 0.9},
    {mlk_kl_div_ref, mlk_kl_div_forward, 0, 1, 0},
    {mlk_hinge_ref, mlk_hinge_forward, -1, 1, 0},
};
enum { N_PAIRS = sizeof PAIRS / sizeof PAIRS[0] };

static void pairs_agree(void **state)
{
    (void)state;
    static const int64_t LENGTHS[] = {1, 2, 15, 16, 17, 255, 256, 257, 1031};
    ml_rng rng = ml_rng_seed(5);
    for (int k = 0; k < N_PAIRS; k++)
        for (int c = 0; c < 18; c++) {
            int64_t n = LENGTHS[c / 2];
            double reach = c % 2 ? 300 : 4;
            ml_real *p = random_run(&rng, n, -reach, reach), *w = random_run(&rng, n, 0, 3);
            ml_real *y = random_run(&rng, n, PAIRS[k].low, PAIRS[k].high), a, b;
            mlk_pair v = {.p = p + 1, .y = y + 1, .n = n, .rows = n, .shape = PAIRS[k].shape,
                          .weight = w + 1, .period = c % 3 ? n : 1};
            PAIRS[k].ref(&a, &v);
            PAIRS[k].forward(&b, &v);
            assert_reals_close(&b, &a, 1, TOL_REAL, TOL_REAL);
            free(p), free(w), free(y);
        }
}

/* A million terms: the sum is kept in double. */
static void long_batches_keep_their_digits(void **state)
{
    (void)state;
    enum { N = 1000003 };
    ml_real *p = malloc(N * sizeof *p), *y = malloc(N * sizeof *y), loss;
    assert_non_null(p);
    assert_non_null(y);
    for (int i = 0; i < N; i++)
        p[i] = (ml_real)0.1, y[i] = 0;
    mlk_mae_forward(&loss, &(mlk_pair){.p = p, .y = y, .n = N, .rows = N});
    assert_reals_close(&loss, &(ml_real){(ml_real)0.1}, 1, 1e-12, 0);
    free(p), free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xent_agrees),
        cmocka_unit_test(options_agree),
        cmocka_unit_test(options_that_say_nothing),
        cmocka_unit_test(pairs_agree),
        cmocka_unit_test(long_batches_keep_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
