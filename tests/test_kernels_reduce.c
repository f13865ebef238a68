/* test_kernels_reduce.c -- reductions, softmax, transposes and losses: the fast bodies against the definitions. */
#include "support/check.h"

#include "kernels/losses.h"
#include "kernels/rows.h"
#include "kernels/shape.h"
#include "kernels/softmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const mlk_axis AXES[] = {
    {1, 1, 1},   {1, 7, 1},  {3, 1, 5},   {5, 16, 1},  {2, 17, 1},   {3, 31, 2},
    {1, 13, 64}, {2, 5, 65}, {4, 3, 129}, {64, 10, 1}, {1, 4099, 1}, {500, 9, 1},
    {0, 4, 3},   {4, 3, 0},  {2, 300, 3}, {1, 257, 1},
};
enum { N_AXES = sizeof AXES / sizeof AXES[0] };

/* Random numbers at an address that no vector would choose. */
static ml_real *random_run(ml_rng *rng, int64_t n, double low, double high)
{
    ml_real *x = malloc((size_t)(n + 2) * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n + 2; i++)
        x[i] = (ml_real)(low + (high - low) * ml_rng_uniform(rng));
    return x;
}

static void sums_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int c = 0; c < N_AXES; c++) {
        mlk_axis s = AXES[c];
        int64_t in = s.outer * s.n * s.inner, out = s.outer * s.inner;
        ml_real *x = random_run(&rng, in, -2, 3), *a = random_run(&rng, out, 0, 1),
                *b = random_run(&rng, out, 0, 1);
        mlk_sum_ref(a + 1, x + 1, s, 1);
        mlk_sum_forward(b + 1, x + 1, s, 1);
        assert_reals_close(b + 1, a + 1, out, TOL_REAL, TOL_REAL);
        mlk_sum_ref(a + 1, x + 1, s, (double)s.n);
        mlk_sum_forward(b + 1, x + 1, s, (double)s.n);
        assert_reals_close(b + 1, a + 1, out, TOL_REAL, TOL_REAL);
        free(x), free(a), free(b);
    }
}

/* In float, a plain sum of ten million times 0.1 is off by one in ten; ours keeps every digit. */
static void long_sums_keep_their_digits(void **state)
{
    (void)state;
    enum { N = 3000001 };
    ml_real *x = malloc(N * sizeof *x), y[2];
    assert_non_null(x);
    for (int i = 0; i < N; i++)
        x[i] = (ml_real)0.1;
    double right = (double)(ml_real)0.1 * N;
    mlk_sum_forward(y, x, (mlk_axis){1, N, 1}, 1);
    assert_true(fabs((double)y[0] - right) <= 1.2e-7 * right);
    mlk_sum_forward(y, x, (mlk_axis){1, N / 2, 2}, 1);
    assert_true(fabs((double)y[0] - right * (N / 2) / N) <= 1.2e-7 * right);
    free(x);
}

typedef void extreme_fn(ml_real *, int64_t *, const ml_real *, mlk_axis);

static void check_extreme(extreme_fn *ref, extreme_fn *fast, ml_real worst)
{
    ml_rng rng = ml_rng_seed(2);
    for (int c = 0; c < N_AXES; c++)
        for (int kind = 0; kind < 3; kind++) {
            mlk_axis s = AXES[c];
            int64_t in = s.outer * s.n * s.inner, out = s.outer * s.inner, i_at[2048], j_at[2048];
            ml_real *x = random_run(&rng, in, -3, 3), *a = random_run(&rng, out, 0, 1),
                    *b = random_run(&rng, out, 0, 1);
            assert_true(out <= 2048);
            for (int64_t i = 0; kind > 0 && i < in; i++) /* whole numbers: many ties */
                x[i + 1] = (ml_real)floor((double)x[i + 1]);
            for (int64_t i = 0; kind == 2 && i < in; i += 5)
                x[i + 1] = i % 2 ? worst : (ml_real)NAN;
            ref(a + 1, i_at, x + 1, s);
            fast(b + 1, j_at, x + 1, s);
            assert_reals_close(b + 1, a + 1, out, 0, 0);
            assert_memory_equal(i_at, j_at, (size_t)out * sizeof i_at[0]);
            free(x), free(a), free(b);
        }
    ml_real low[40], y;
    for (int i = 0; i < 40; i++)
        low[i] = worst;
    for (int64_t n = 3; n <= 40; n += 37) { /* of nothing but the worst, the first */
        int64_t at = -1;
        fast(&y, &at, low, (mlk_axis){1, n, 1});
        assert_true(at == 0 && y == worst);
    }
}

static void extremes_agree_with_ties_and_nan(void **state)
{
    (void)state;
    check_extreme(mlk_max_ref, mlk_max_forward, (ml_real)-INFINITY);
    check_extreme(mlk_min_ref, mlk_min_forward, (ml_real)INFINITY);
    const ml_real x[] = {3, -1, 4, -1, 5};
    ml_real y;
    int64_t at;
    mlk_min_ref(&y, &at, x, (mlk_axis){1, 5, 1});
    assert_true(y == -1 && at == 1);
}

typedef void softmax_fn(ml_real *, const ml_real *, mlk_axis);

static void softmax_agrees(void **state)
{
    (void)state;
    softmax_fn *ref[] = {mlk_softmax_ref, mlk_log_softmax_ref},
               *fast[] = {mlk_softmax_forward, mlk_log_softmax_forward};
    ml_rng rng = ml_rng_seed(3);
    for (int c = 0; c < N_AXES; c++)
        for (int kind = 0; kind < 6; kind++) {
            mlk_axis s = AXES[c];
            double reach = kind < 2 ? 4 : 1000;
            int64_t in = s.outer * s.n * s.inner;
            ml_real *z = random_run(&rng, in, -reach, reach), *a = random_run(&rng, in, 0, 1),
                    *b = random_run(&rng, in, 0, 1);
            for (int64_t i = 0; kind >= 4 && i < in; i += 3)
                z[i + 1] = (ml_real)(i % 2 ? -INFINITY : i % 4 ? NAN : 900);
            ref[kind % 2](a + 1, z + 1, s);
            fast[kind % 2](b + 1, z + 1, s);
            assert_reals_close(b + 1, a + 1, in, TOL_REAL, TOL_REAL);
            fast[kind % 2](z + 1, z + 1, s); /* in place as well */
            assert_reals_close(z + 1, b + 1, in, 0, 0);
            free(z), free(a), free(b);
        }
}

static void xent_agrees(void **state)
{
    (void)state;
    static const int64_t SIZES[][2] = {{1, 1},    {1, 2},   {64, 10}, {7, 13},
                                       {3, 4097}, {500, 9}, {33, 128}};
    ml_rng rng = ml_rng_seed(4);
    for (int c = 0; c < 14; c++) {
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

static void elementwise_losses_agree(void **state)
{
    (void)state;
    static const int64_t SIZES[] = {1, 2, 15, 16, 17, 255, 256, 257, 1031};
    ml_rng rng = ml_rng_seed(5);
    for (int c = 0; c < 18; c++) {
        int64_t n = SIZES[c / 2];
        double reach = c % 2 ? 300 : 4;
        ml_real *z = random_run(&rng, n, -reach, reach), *y = random_run(&rng, n, 0, 1), a, b;
        mlk_bce_logits_ref(&a, z + 1, y + 1, n);
        mlk_bce_logits_forward(&b, z + 1, y + 1, n);
        assert_reals_close(&b, &a, 1, TOL_REAL, TOL_REAL);
        mlk_mse_ref(&a, z + 1, y + 1, n);
        mlk_mse_forward(&b, z + 1, y + 1, n);
        assert_reals_close(&b, &a, 1, TOL_REAL, TOL_REAL);
        free(z), free(y);
    }
}

/* Forward equals the definition; backward is its adjoint: <transpose(x), dy> = <x, backward(dy)>, and it adds. */
static void check_transpose(ml_rng *rng, int rank, const int64_t *shape, const int *order)
{
    int64_t size = 1;
    for (int d = 0; d < rank; d++)
        size *= shape[d];
    ml_real *x = random_run(rng, size, -1, 1), *a = random_run(rng, size, 0, 1),
            *b = random_run(rng, size, 0, 1);
    ml_real *dx = random_run(rng, size, 0, 1);
    mlk_transpose_ref(a + 1, x + 1, rank, shape, order);
    mlk_transpose_forward(b + 1, x + 1, rank, shape, order);
    assert_reals_close(b + 1, a + 1, size, 0, 0);
    mlk_transpose_backward(dx + 1, false, a + 1, rank, shape,
                           order); /* there and back: nothing has changed */
    assert_reals_close(dx + 1, x + 1, size, 0, 0);
    mlk_transpose_backward(dx + 1, true, a + 1, rank, shape, order);
    for (int64_t i = 0; i < size; i++)
        assert_true(dx[i + 1] == 2 * x[i + 1]);
    free(x), free(a), free(b), free(dx);
}

static void every_permutation_of(ml_rng *rng, int rank, const int64_t *shape)
{
    int total = 1, order[ML_MAX_RANK];
    for (int i = 2; i <= rank; i++)
        total *= i;
    for (int p = 0; p < total;
         p++) { /* the p-th permutation, by its digits in the factorial base */
        int left[ML_MAX_RANK], rest = p, base = total;
        for (int i = 0; i < rank; i++)
            left[i] = i;
        for (int i = 0; i < rank; i++) {
            base /= rank - i;
            int pick = rest / base;
            rest %= base;
            order[i] = left[pick];
            memmove(left + pick, left + pick + 1, (size_t)(rank - i - 1 - pick) * sizeof *left);
        }
        check_transpose(rng, rank, shape, order);
    }
}

static void transposes_agree(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(6);
    every_permutation_of(&rng, 0, NULL);
    every_permutation_of(&rng, 1, (int64_t[]){5});
    every_permutation_of(&rng, 2, (int64_t[]){1, 1});
    every_permutation_of(&rng, 2, (int64_t[]){17, 33});
    every_permutation_of(&rng, 2, (int64_t[]){16, 48});
    every_permutation_of(&rng, 2, (int64_t[]){0, 4});
    every_permutation_of(&rng, 3, (int64_t[]){3, 1, 19});
    every_permutation_of(&rng, 3, (int64_t[]){2, 18, 5});
    every_permutation_of(&rng, 4, (int64_t[]){2, 3, 4, 5});
    every_permutation_of(&rng, 5, (int64_t[]){2, 3, 1, 2, 4});
    every_permutation_of(&rng, 6, (int64_t[]){2, 3, 2, 1, 2, 3});
}

static void runs_agree(void **state)
{
    (void)state;
    static const mlk_runs CASES[] = {{1, 1, 1, 1},    {3, 7, 7, 9}, {4, 8, 11, 8},
                                     {5, 20, 20, 33}, {0, 4, 4, 4}, {3, 0, 2, 2}};
    ml_rng rng = ml_rng_seed(7);
    for (int c = 0; c < 12; c++) {
        ml_real *x = random_run(&rng, 200, -1, 1), a[200], b[200];
        for (int i = 0; i < 200; i++)
            a[i] = b[i] = (ml_real)i;
        mlk_copy_runs_ref(a, c % 2, x + 1, CASES[c / 2]);
        mlk_copy_runs(b, c % 2, x + 1, CASES[c / 2]);
        assert_reals_close(b, a, 200, 0, 0);
        free(x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_agree),
        cmocka_unit_test(long_sums_keep_their_digits),
        cmocka_unit_test(extremes_agree_with_ties_and_nan),
        cmocka_unit_test(softmax_agrees),
        cmocka_unit_test(xent_agrees),
        cmocka_unit_test(elementwise_losses_agree),
        cmocka_unit_test(transposes_agree),
        cmocka_unit_test(runs_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
