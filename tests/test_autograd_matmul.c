/* test_autograd_matmul.c -- linear and matmul: gradients by difference, values by PyTorch, errors by their sentence. */
#include "support/check.h"

#include <mlcore/ops.h>

#include <string.h>

/* A scalar with a gradient of its own everywhere: the sum of squares, by matmul alone, so that this file needs no other
 * op: y (N,M) -> flat (1,NM) -> flat flat^T (1,1). */
static ml_tensor *sum_of_squares(ml_tape *t, ml_tensor *y)
{
    if (!y)
        return NULL;
    ml_tensor *flat = ml_reshape(t, y, 2, (int64_t[]){1, y->size});
    return ml_matmul_t(t, flat, flat, false, true);
}

static ml_tensor *linear_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)user;
    return sum_of_squares(t, ml_linear(t, in[0], in[1], n > 2 ? in[2] : NULL));
}

static ml_tensor *matmul_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const int *how = user;
    return sum_of_squares(t, ml_matmul_t(t, in[0], in[n - 1], how[0], how[1]));
}

static void gradients(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    const int64_t shapes[][3] = {{1, 1, 1}, {3, 5, 2}, {4, 1, 3}, {2, 7, 17}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        int64_t n = shapes[s][0], d = shapes[s][1], m = shapes[s][2];
        ml_tensor *in[] = {random_tensor(&rng, 2, (int64_t[]){n, d}, -1, 1),
                           random_tensor(&rng, 2, (int64_t[]){m, d}, -1, 1), random_tensor(&rng, 1, &m, -1, 1)};
        assert_gradients(linear_loss, in, 3, NULL);
        assert_gradients(linear_loss, in, 2, NULL);
        for (int i = 0; i < 3; i++)
            ml_tensor_free(in[i]);
        for (int how = 0; how < 4; how++) {
            int turned[2] = {how & 1, how >> 1};
            ml_tensor *ab[] = {
                random_tensor(&rng, 2, turned[0] ? (int64_t[]){d, n} : (int64_t[]){n, d}, -1, 1),
                random_tensor(&rng, 2, turned[1] ? (int64_t[]){m, d} : (int64_t[]){d, m}, -1, 1)};
            assert_gradients(matmul_loss, ab, 2, turned);
            ml_tensor_free(ab[0]), ml_tensor_free(ab[1]);
        }
    }
}

/* A A, A A^T and A^T A: both gradients go to one tensor. */
static void one_tensor_twice(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    ml_tensor *a = random_tensor(&rng, 2, (int64_t[]){4, 4}, -1, 1);
    for (int how = 0; how < 4; how++) {
        int turned[2] = {how & 1, how >> 1};
        assert_gradients(matmul_loss, &a, 1, turned);
    }
    ml_tensor_free(a);
}

static void compare_golden(const char *name, const ml_real *v)
{
    golden g = golden_read(name);
    assert_close(v, g.v, g.size, TOL_REAL, TOL_REAL);
    golden_free(&g);
}

static void equal_to_pytorch(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)k});
        ml_tensor *x = golden_tensor("linear_x"), *w = golden_tensor("linear_w"), *b = golden_tensor("linear_b");
        ml_requires_grad(x), ml_requires_grad(w), ml_requires_grad(b);
        ml_tensor *y = ml_linear(t, x, w, b);
        compare_golden("linear_y", y->data);
        assert_int_equal(ml_backward(t, sum_of_squares(t, y)), ML_OK);
        compare_golden("linear_dx", x->grad);
        compare_golden("linear_dw", w->grad);
        compare_golden("linear_db", b->grad);
        ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b);
        for (int how = 0; how < 4; how++) {
            char name[32];
            ml_tape_reset(t);
            snprintf(name, sizeof name, "matmul%d%d_a", how & 1, how >> 1);
            ml_tensor *a = golden_tensor(name);
            name[9] = 'b';
            ml_tensor *c = golden_tensor(name);
            ml_requires_grad(a), ml_requires_grad(c);
            y = ml_matmul_t(t, a, c, how & 1, how >> 1);
            name[9] = 'y';
            compare_golden(name, y->data);
            assert_int_equal(ml_backward(t, sum_of_squares(t, y)), ML_OK);
            strcpy(name + 9, "da");
            compare_golden(name, a->grad);
            strcpy(name + 9, "db");
            compare_golden(name, c->grad);
            ml_tensor_free(a), ml_tensor_free(c);
        }
        ml_tape_free(t);
    }
}

static void wrong_shapes_stick(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *a = ml_zeros(64, 784), *b = ml_zeros(128, 10), *v = ml_zeros(3);
    assert_null(ml_matmul(t, a, b));
    assert_string_equal(ml_tape_error_text(t), "matmul: a is 64x784 but b is 128x10: inner sizes 784 and 128 differ");
    assert_null(ml_linear(t, a, a, NULL)); /* right in itself, but the tape has failed */
    assert_string_equal(ml_error(), "matmul: a is 64x784 but b is 128x10: inner sizes 784 and 128 differ");
    ml_tape_reset(t);
    assert_null(ml_linear(t, a, b, NULL));
    assert_string_equal(ml_tape_error_text(t), "linear: x is 64x784 and w is 128x10: wanted (N,D) and (M,D)");
    ml_tape_reset(t);
    assert_null(ml_linear(t, a, a, v));
    assert_string_equal(ml_tape_error_text(t), "linear: b is 3 but w is 64x784: wanted (64)");
    ml_tape_reset(t);
    assert_null(ml_matmul(t, a, v));
    assert_string_equal(ml_tape_error_text(t), "matmul: a is 64x784 and b is 3: wanted two matrices");
    assert_null(ml_matmul(NULL, a, b));
    ml_tensor_free(a), ml_tensor_free(b), ml_tensor_free(v);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients),
        cmocka_unit_test(one_tensor_twice),
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(wrong_shapes_stick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
