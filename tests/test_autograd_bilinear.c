/* test_autograd_bilinear.c -- bilinear resizing on the tape: PyTorch's numbers, gradients, memory, errors. */
#include "support/check.h"

#include "base/base.h"

#include <string.h>

/* The cases of golden/make_conv_more.py. */
typedef struct spec {
    int64_t n, h, w, c, p, q;
    bool align_corners;
} spec;
static const spec CASES[] = {{2, 3, 4, 3, 6, 8, false},  {2, 3, 4, 3, 6, 8, true},   {1, 5, 4, 2, 3, 7, false}, {1, 5, 4, 2, 3, 7, true},
                             {1, 4, 4, 1, 4, 9, false},  {1, 4, 4, 1, 4, 9, true},   {1, 1, 5, 2, 3, 1, false}, {1, 1, 5, 2, 3, 1, true},
                             {1, 13, 6, 2, 1, 1, false}, {1, 13, 6, 2, 1, 1, true},  {1, 3, 3, 2, 3, 3, false}, {1, 4, 5, 2, 8, 10, false},
                             {1, 4, 5, 2, 8, 10, true},  {1, 3, 4, 1, 3, 4, false}};
enum { N_CASES = sizeof CASES / sizeof CASES[0] };

static ml_tensor *run(ml_tape *t, ml_tensor *x, const spec *c)
{
    return ml_upsample_bilinear(t, x, c->p, c->q, c->align_corners);
}

static ml_tensor *next(const golden *g, int64_t *at, const int64_t *shape)
{
    ml_tensor *x = ml_tensor_new(4, shape);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)g->v[(*at)++];
    return x;
}

static void check(const golden *g, int64_t *at, const ml_real *v, int64_t n)
{
    assert_close(v, g->v + *at, n, TOL_REAL, TOL_REAL);
    *at += n;
}

static void equal_to_pytorch(void **state)
{
    (void)state;
    golden g = golden_read("bilinear");
    for (int k = 0; k < 3; k++) {
        int64_t at = 0;
        for (int i = 0; i < N_CASES; i++) {
            const spec *c = &CASES[i];
            ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)k});
            ml_tensor *x = next(&g, &at, (int64_t[]){c->n, c->h, c->w, c->c});
            ml_requires_grad(x);
            ml_tensor *y = run(t, x, c);
            assert_non_null(y);
            check(&g, &at, y->data, y->size);
            ml_tensor *dy = next(&g, &at, y->shape);
            assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, dy), ML_ALL, false)), ML_OK);
            check(&g, &at, x->grad, x->size);
            ml_tensor_free(x), ml_tensor_free(dy);
            ml_tape_free(t);
        }
        assert_int_equal(at, g.size);
    }
    golden_free(&g);
}

/* ---- gradients by difference ---- */

static ml_tensor *loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    ml_tensor *y = run(t, in[0], user);
    return ml_sum(t, ml_mul(t, y, y), ML_ALL, false);
}

/* A part of the batch, a view that begins in the middle, and the whole beside it: the second gradient adds. */
static ml_tensor *loss_of_views(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    ml_tensor *part = run(t, ml_slice(t, in[0], 0, 1, in[0]->shape[0]), user), *all = run(t, in[0], user);
    return ml_add(t, ml_sum(t, ml_mul(t, part, part), ML_ALL, false), ml_mean(t, ml_mul(t, all, all), ML_ALL, false));
}

static void gradients(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int i = 0; i < N_CASES; i++) {
        spec c = CASES[i];
        ml_tensor *x = random_tensor(&rng, 4, (int64_t[]){2, c.h, c.w, c.c}, -1, 1);
        assert_gradients(loss, &x, 1, &c);
        assert_gradients(loss_of_views, &x, 1, &c);
        ml_tensor_free(x);
    }
}

/* The example of docs/math/bilinear.md. */
static void by_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_tensor_from(4, (int64_t[]){1, 1, 2, 1}, (ml_real[]){0, 8});
    assert_int_equal(ml_requires_grad(x), ML_OK);
    ml_tensor *y = ml_upsample_bilinear(t, x, 1, 4, false);
    assert_reals_close(y->data, (ml_real[]){0, 2, 6, 8}, 4, 0, 0);
    ml_tensor *dy = ml_constant(t, 4, y->shape, (ml_real[]){1, 2, 3, 4});
    assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, dy), ML_ALL, false)), ML_OK);
    assert_reals_close(x->grad, (ml_real[]){3.25, 6.75}, 2, 0, 0);
    y = ml_upsample_bilinear(t, x, 1, 5, true);
    assert_reals_close(y->data, (ml_real[]){0, 2, 4, 6, 8}, 5, 0, 0);
    ml_tensor_free(x);
    ml_tape_free(t);
}

/* ---- memory, and nothing to do ---- */

static void no_allocation_after_the_first_step(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_tape *t = ml_tape_new();
    ml_tensor *x = random_tensor(&rng, 4, (int64_t[]){4, 6, 5, 20}, -1, 1);
    int64_t asked = 0;
    for (int k = 0; k < 10; k++) {
        ml_tape_reset(t);
        ml_tensor *y = ml_upsample_bilinear(t, x, 12, 10, k % 2);
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        if (k == 1)
            asked = mli_alloc_count();
    }
    assert_int_equal(mli_alloc_count(), asked);
    ml_tensor_free(x);
    ml_tape_free(t);
}

static void an_empty_batch_is_no_error(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)k});
        ml_tensor *x = ml_zeros(0, 4, 4, 3);
        assert_int_equal(ml_requires_grad(x), ML_OK);
        ml_tensor *y = ml_upsample_bilinear(t, x, 3, 8, false);
        assert_non_null(y);
        assert_true(y->size == 0 && y->shape[1] == 3 && y->shape[2] == 8 && y->shape[3] == 3);
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        ml_tensor_free(x), ml_tape_free(t);
    }
}

static void refused(ml_tape *t, ml_tensor *x, int64_t p, int64_t q, const char *why)
{
    ml_tape_reset(t);
    assert_null(ml_upsample_bilinear(t, x, p, q, false));
    assert_string_equal(ml_tape_error_text(t), why);
}

static void errors_say_the_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 5, 4, 3), *flat = ml_zeros(64, 784), *thin = ml_zeros(2, 4, 0, 3);
    refused(t, flat, 2, 2, "upsample_bilinear: x is 64x784: wanted (N,H,W,C)");
    refused(t, thin, 2, 2, "upsample_bilinear: x along W is 0, not in 1 .. 2147483647");
    refused(t, x, 0, 2, "upsample_bilinear: output along P is 0, not in 1 .. 2147483647");
    refused(t, x, 2, INT64_MIN, "upsample_bilinear: output along Q is -9223372036854775808, not in 1 .. 2147483647");
    refused(t, x, INT64_MAX, 2, "upsample_bilinear: output along P is 9223372036854775807, not in 1 .. 2147483647");
    refused(t, x, INT32_MAX, INT32_MAX, "upsample_bilinear: the output, 2x2147483647x2147483647x3, is too large");
    refused(t, NULL, 2, 2, "upsample_bilinear: input 0 is NULL");
    ml_tensor_free(x), ml_tensor_free(flat), ml_tensor_free(thin);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(gradients),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(no_allocation_after_the_first_step),
        cmocka_unit_test(an_empty_batch_is_no_error),
        cmocka_unit_test(errors_say_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
