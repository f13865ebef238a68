/* test_autograd_matmul.c -- linear, matmul and bmm: gradients by difference, values by PyTorch, errors by their sentence. */
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

/* ---- by the batch ---- */

enum { TURN_A = 1, TURN_B = 2, ONE_A = 4, ONE_B = 8 };

static ml_tensor *bmm_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    int what = *(const int *)user;
    return sum_of_squares(t, ml_bmm(t, in[0], in[n - 1], what & TURN_A, what & TURN_B));
}

/* Axes before the last two, or none of them, and (rows, cols) read transposed or not. */
static ml_tensor *matrices(ml_rng *rng, int before, bool one, int64_t rows, int64_t cols, bool turned)
{
    int64_t shape[4] = {2, 3};
    int rank = one ? 0 : before;
    shape[rank++] = turned ? cols : rows;
    shape[rank++] = turned ? rows : cols;
    return random_tensor(rng, rank, shape, -1, 1);
}

static void gradients_by_the_batch(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    const int64_t shapes[][3] = {{1, 1, 1}, {3, 5, 2}, {4, 1, 3}, {2, 7, 5}};
    for (int k = 0; k < 3 * 4 * 16; k++) {
        int before = k % 3, what = k / 12;
        const int64_t *s = shapes[k / 3 % 4];
        if ((what & ONE_A) && (what & ONE_B))
            continue;
        ml_tensor *in[] = {matrices(&rng, before, what & ONE_A, s[0], s[1], what & TURN_A),
                           matrices(&rng, before, what & ONE_B, s[1], s[2], what & TURN_B)};
        assert_gradients(bmm_loss, in, 2, &what);
        ml_tensor_free(in[0]), ml_tensor_free(in[1]);
    }
    ml_tensor *square = random_tensor(&rng, 3, (int64_t[]){2, 4, 4}, -1, 1);
    for (int what = 0; what < 4; what++) /* both gradients go to one tensor */
        assert_gradients(bmm_loss, &square, 1, &what);
    ml_tensor_free(square);
}

/* A reader of the flat file that make_attention.py writes. */
typedef struct reader {
    golden g;
    int64_t at;
} reader;

static ml_tensor *next_matrices(reader *r, bool one, int64_t rows, int64_t cols)
{
    ml_tensor *x = one ? ml_zeros(rows, cols) : ml_zeros(2, 2, rows, cols);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)r->g.v[r->at++];
    return x;
}

static void assert_next(reader *r, const ml_real *v, int64_t n)
{
    assert_close(v, r->g.v + r->at, n, TOL_REAL, TOL_REAL);
    r->at += n;
}

static void check_bmm(reader *r, int what, ml_kernel kernel)
{
    enum { N = 3, D = 4, M = 2 };
    ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = kernel});
    bool ta = what & TURN_A, tb = what & TURN_B;
    ml_tensor *a = next_matrices(r, what & ONE_A, ta ? D : N, ta ? N : D);
    ml_tensor *b = next_matrices(r, what & ONE_B, tb ? M : D, tb ? D : M), *w = next_matrices(r, false, N, M);
    ml_tensor *y = ml_bmm(t, a, b, ta, tb);
    if (!y || ml_backward(t, ml_sum(t, ml_mul(t, y, w), ML_ALL, false)))
        fail_msg("%s", ml_error());
    assert_true(y->rank == 4 && y->shape[0] == 2 && y->shape[1] == 2 && y->shape[2] == N && y->shape[3] == M);
    assert_next(r, y->data, y->size);
    assert_next(r, a->grad, a->size);
    assert_next(r, b->grad, b->size);
    ml_tensor_free(a), ml_tensor_free(b), ml_tensor_free(w);
    ml_tape_free(t);
}

static void batches_equal_to_pytorch(void **state)
{
    (void)state;
    static const int ONES[] = {0, ONE_B, ONE_A};
    for (int kernel = 0; kernel < 3; kernel++) {
        reader r = {golden_read("attention_bmm"), 0};
        for (int one = 0; one < 3; one++)
            for (int k = 0; k < 4; k++)
                check_bmm(&r, ONES[one] | (k / 2 ? TURN_A : 0) | (k % 2 ? TURN_B : 0), (ml_kernel)kernel);
        assert_int_equal(r.at, r.g.size);
        golden_free(&r.g);
    }
}

/* No matrices, no rows, nothing to add up: zeros where there is something to fill. */
static void empty_batches(void **state)
{
    (void)state;
    static const int64_t SIZES[][4] = {{0, 2, 3, 4}, {2, 0, 3, 4}, {2, 2, 0, 4}, {2, 2, 3, 0}};
    for (int k = 0; k < 24; k++) {
        const int64_t *s = SIZES[k % 4];
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)(k / 8)});
        ml_tensor *a = ml_tensor_new(3, (int64_t[]){s[0], s[1], s[2]});
        ml_tensor *b = k / 4 % 2 ? ml_zeros(s[2], s[3]) : ml_tensor_new(3, (int64_t[]){s[0], s[2], s[3]});
        ml_requires_grad(a), ml_requires_grad(b);
        for (int64_t i = 0; i < b->size; i++)
            b->grad[i] = 7; /* an old gradient, to be overwritten */
        ml_tensor *y = ml_bmm(t, a, b, false, false);
        assert_true(y && y->rank == 3 && y->shape[0] == s[0] && y->shape[1] == s[1] && y->shape[2] == s[3]);
        for (int64_t i = 0; i < y->size; i++)
            assert_true(y->data[i] == 0);
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        for (int64_t i = 0; i < b->size; i++)
            assert_true(b->grad[i] == 0);
        ml_tensor_free(a), ml_tensor_free(b);
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
    ml_tape_reset(t);
    ml_tensor *c = ml_zeros(2, 3, 4, 5), *d = ml_zeros(3, 2, 4, 5), *e = ml_zeros(3, 4, 5);
    assert_null(ml_bmm(t, c, v, false, false));
    assert_string_equal(ml_tape_error_text(t), "bmm: a is 2x3x4x5 and b is 3: wanted matrices in the last two axes of both");
    ml_tape_reset(t);
    assert_null(ml_bmm(t, c, d, false, true));
    assert_string_equal(ml_tape_error_text(t),
                        "bmm: a is 2x3x4x5 but b is 3x2x4x5: the axes before the last two differ, and neither is one matrix");
    ml_tape_reset(t);
    assert_null(ml_bmm(t, e, c, false, true));
    assert_string_equal(ml_tape_error_text(t),
                        "bmm: a is 3x4x5 but b is 2x3x4x5: the axes before the last two differ, and neither is one matrix");
    ml_tape_reset(t);
    assert_null(ml_bmm(t, c, c, true, true));
    assert_string_equal(ml_tape_error_text(t),
                        "bmm: a is 2x3x4x5 transposed but b is 2x3x4x5 transposed: inner sizes 4 and 5 differ");
    assert_null(ml_bmm(NULL, c, c, true, false));
    assert_string_equal(ml_error(), "bmm: the tape is NULL");
    ml_tensor_free(c), ml_tensor_free(d), ml_tensor_free(e);
    ml_tensor_free(a), ml_tensor_free(b), ml_tensor_free(v);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients),
        cmocka_unit_test(one_tensor_twice),
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(gradients_by_the_batch),
        cmocka_unit_test(batches_equal_to_pytorch),
        cmocka_unit_test(empty_batches),
        cmocka_unit_test(wrong_shapes_stick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
