/* test_autograd_conv_transpose.c -- transposed convolution on the tape: PyTorch's numbers, gradients, errors. */
#include "support/check.h"

#include "base/base.h"

#include <string.h>

/* The cases of golden/make_conv_more.py. */
typedef struct spec {
    int64_t n, h, w, c, f, r, s;
    ml_conv_transpose2d_opts opts;
} spec;
static const spec CASES[] = {
    {2, 3, 4, 3, 4, 3, 3, {.stride = 2, .pad = 1, .output_pad = 1}},
    {1, 4, 3, 2, 5, 2, 2, {.stride = 2}},
    {2, 3, 5, 4, 6, 3, 2,
     {.stride = 3, .stride_w = 1, .pad_w = 1, .output_pad = 2, .output_pad_w = ML_NONE, .dilation_w = 2, .groups = 2}},
    {1, 5, 4, 3, 3, 3, 3, {.pad = 1, .groups = 3}},
    {2, 3, 3, 5, 7, 1, 1, {0}},
    {1, 4, 4, 2, 3, 3, 3, {.stride_w = 2, .pad = 1, .pad_w = ML_NONE, .output_pad = 1, .dilation = 2, .dilation_w = 1}},
    {1, 3, 3, 3, 2, 4, 4, {.stride = 2, .pad = 3}},
    {2, 3, 2, 4, 3, 1, 1, {.output_pad = 2, .output_pad_w = 1, .dilation = 3, .dilation_w = 2}},
};
enum { N_CASES = sizeof CASES / sizeof CASES[0] };

static int64_t filters_of_a_group(const spec *c)
{
    return c->f / (c->opts.groups ? c->opts.groups : 1);
}

static ml_tensor *next(const golden *g, int64_t *at, int rank, const int64_t *shape)
{
    ml_tensor *x = ml_tensor_new(rank, shape);
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
    golden g = golden_read("conv_transpose");
    for (int k = 0; k < 3; k++) {
        int64_t at = 0;
        for (int i = 0; i < N_CASES; i++) {
            const spec *c = &CASES[i];
            ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)k});
            ml_tensor *x = next(&g, &at, 4, (int64_t[]){c->n, c->h, c->w, c->c});
            ml_tensor *w = next(&g, &at, 4, (int64_t[]){c->c, c->r, c->s, filters_of_a_group(c)}), *b = next(&g, &at, 1, &c->f);
            ml_requires_grad(x), ml_requires_grad(w), ml_requires_grad(b);
            ml_tensor *y = ml_conv_transpose2d(t, x, w, b, c->opts);
            assert_non_null(y);
            check(&g, &at, y->data, y->size);
            ml_tensor *dy = next(&g, &at, 4, y->shape);
            assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, dy), ML_ALL, false)), ML_OK);
            check(&g, &at, x->grad, x->size);
            check(&g, &at, w->grad, w->size);
            check(&g, &at, b->grad, b->size);
            ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b), ml_tensor_free(dy);
            ml_tape_free(t);
        }
        assert_int_equal(at, g.size);
    }
    golden_free(&g);
}

/* ---- gradients by difference ---- */

static ml_tensor *loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const spec *c = user;
    ml_tensor *y = ml_conv_transpose2d(t, in[0], in[1], n > 2 ? in[2] : NULL, c->opts);
    return ml_sum(t, ml_mul(t, y, y), ML_ALL, false);
}

/* Two uses of all, one through a view: the second gradient adds. */
static ml_tensor *twice(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const spec *c = user;
    (void)n;
    ml_tensor *part = ml_slice(t, in[0], 0, in[0]->shape[0] - 1, in[0]->shape[0]);
    ml_tensor *y = ml_conv_transpose2d(t, in[0], in[1], in[2], c->opts), *z = ml_conv_transpose2d(t, part, in[1], in[2], c->opts);
    return ml_add(t, ml_sum(t, ml_mul(t, y, y), ML_ALL, false), ml_mean(t, ml_mul(t, z, z), ML_ALL, false));
}

static void gradients(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int k = 0; k < N_CASES; k++) {
        spec c = CASES[k];
        c.n = 2, c.h = 3, c.w = 3;
        ml_tensor *in[] = {random_tensor(&rng, 4, (int64_t[]){c.n, c.h, c.w, c.c}, -1, 1),
                           random_tensor(&rng, 4, (int64_t[]){c.c, c.r, c.s, filters_of_a_group(&c)}, -1, 1),
                           random_tensor(&rng, 1, &c.f, -1, 1)};
        assert_gradients(loss, in, 3, &c);
        assert_gradients(loss, in, 2, &c);
        assert_gradients(twice, in, 3, &c);
        for (int i = 0; i < 3; i++)
            ml_tensor_free(in[i]);
    }
}

/* The example of docs/math/conv-transpose.md. */
static void by_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_tensor_from(4, (int64_t[]){1, 1, 2, 1}, (ml_real[]){1, 2});
    ml_tensor *w = ml_tensor_from(4, (int64_t[]){1, 1, 3, 1}, (ml_real[]){100, 10, 1}), *b = ml_tensor_from(1, (int64_t[]){1}, (ml_real[]){0.5});
    assert_true(ml_requires_grad(x) == ML_OK && ml_requires_grad(w) == ML_OK && ml_requires_grad(b) == ML_OK);
    ml_tensor *y = ml_conv_transpose2d(t, x, w, b, (ml_conv_transpose2d_opts){.stride_w = 2});
    assert_reals_close(y->data, (ml_real[]){100.5, 10.5, 201.5, 20.5, 2.5}, 5, 0, 0);
    ml_tensor *dy = ml_constant(t, 4, y->shape, (ml_real[]){1, 2, 3, 4, 5});
    assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, dy), ML_ALL, false)), ML_OK);
    assert_reals_close(x->grad, (ml_real[]){123, 345}, 2, 0, 0);
    assert_reals_close(w->grad, (ml_real[]){7, 10, 13}, 3, 0, 0);
    assert_reals_close(b->grad, (ml_real[]){15}, 1, 0, 0);
    ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b);
    ml_tape_free(t);
}

/* ---- memory, and nothing to do ---- */

static void no_allocation_after_the_first_step(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_tape *t = ml_tape_new();
    ml_tensor *x = random_tensor(&rng, 4, (int64_t[]){3, 7, 6, 16}, -1, 1), *w = random_tensor(&rng, 4, (int64_t[]){16, 2, 2, 8}, -1, 1);
    int64_t asked = 0;
    for (int k = 0; k < 10; k++) {
        ml_tape_reset(t);
        ml_tensor *y = ml_conv_transpose2d(t, x, w, NULL, (ml_conv_transpose2d_opts){.stride = 2});
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        if (k == 0)
            asked = mli_alloc_count();
    }
    assert_int_equal(mli_alloc_count(), asked);
    ml_tensor_free(x), ml_tensor_free(w);
    ml_tape_free(t);
}

static void empty_batch(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)k});
        ml_tensor *x = ml_zeros(0, 5, 5, 2), *w = ml_zeros(2, 3, 3, 4), *b = ml_zeros(4);
        ml_requires_grad(w), ml_requires_grad(b);
        w->grad[0] = 7;
        ml_tensor *y = ml_conv_transpose2d(t, x, w, b, (ml_conv_transpose2d_opts){.stride = 2});
        assert_true(y && y->shape[0] == 0 && y->shape[1] == 11 && y->shape[3] == 4);
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        assert_true(w->grad[0] == 0 && b->grad[0] == 0);
        ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b);
        ml_tape_free(t);
    }
}

/* ---- errors ---- */

static void refused(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv_transpose2d_opts o, const char *why)
{
    ml_tape_reset(t);
    assert_null(ml_conv_transpose2d(t, x, w, b, o));
    assert_string_equal(ml_tape_error_text(t), why);
}

static void wrong_calls_stick(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 5, 6, 4), *w = ml_zeros(4, 3, 3, 3), *b = ml_zeros(5), *flat = ml_zeros(2, 120), *none = ml_zeros(2, 0, 6, 4);
    ml_tensor *other = ml_zeros(6, 3, 3, 3);
    refused(t, flat, w, NULL, (ml_conv_transpose2d_opts){0},
            "conv_transpose2d: x is 2x120 and w is 4x3x3x3: wanted (N,H,W,C) and (C,R,S,F/groups)");
    refused(t, x, other, NULL, (ml_conv_transpose2d_opts){0},
            "conv_transpose2d: x is 2x5x6x4 (N,H,W,C) but w is 6x3x3x3 (C,R,S,F/groups): its channels differ");
    refused(t, x, w, b, (ml_conv_transpose2d_opts){0}, "conv_transpose2d: b is 5 but w is 4x3x3x3: wanted (3)");
    refused(t, x, w, b, (ml_conv_transpose2d_opts){.groups = 2}, "conv_transpose2d: b is 5 but w is 4x3x3x3: wanted (6)");
    refused(t, x, w, NULL, (ml_conv_transpose2d_opts){.groups = 3},
            "conv_transpose2d: 3 groups do not divide 4 channels and 9 filters");
    refused(t, x, w, NULL, (ml_conv_transpose2d_opts){.groups = INT64_MAX},
            "conv_transpose2d: 9223372036854775807 groups do not divide 4 channels and 3 filters");
    refused(t, x, w, NULL, (ml_conv_transpose2d_opts){.stride = 2, .output_pad = 2},
            "conv_transpose2d: output_pad along H is 2, not in 0 .. 1: stride is 2 and dilation 1");
    refused(t, x, w, NULL, (ml_conv_transpose2d_opts){.stride = 2, .output_pad = 1, .output_pad_w = INT64_MIN},
            "conv_transpose2d: output_pad along W is -9223372036854775808, not in 0 .. 1: stride is 2 and dilation 1");
    refused(t, x, w, NULL, (ml_conv_transpose2d_opts){.output_pad = INT64_MAX},
            "conv_transpose2d: output_pad along H is 9223372036854775807, not in 0 .. 0: stride is 1 and dilation 1");
    refused(t, x, w, NULL, (ml_conv_transpose2d_opts){.pad = 4}, "conv_transpose2d: along H nothing is left: the input is 5, stride "
                                                                 "1, the window spans 3, pad 4");
    refused(t, none, w, NULL, (ml_conv_transpose2d_opts){.dilation = 5}, "conv_transpose2d: along H nothing is left: the input is 0, "
                                                                         "stride 1, the window spans 11, pad 0");
    refused(t, x, w, NULL, (ml_conv_transpose2d_opts){.stride = INT64_MIN, .dilation = INT64_MIN},
            "conv_transpose2d: along H the window is 3, stride -9223372036854775808, pad 0, dilation -9223372036854775808: wanted "
            "window, stride and dilation >= 1 and pad >= 0");
    refused(t, x, w, NULL, (ml_conv_transpose2d_opts){.dilation = INT32_MAX},
            "conv_transpose2d: along H the input is 5 and the dilated window 3 * 2147483647: too large");
    refused(t, x, w, NULL, (ml_conv_transpose2d_opts){.stride = INT32_MAX},
            "tensor: shape 2x8589934591x10737418238x3 is negative or too large");
    refused(t, NULL, w, NULL, (ml_conv_transpose2d_opts){0}, "conv_transpose2d: input 0 is NULL");
    ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b), ml_tensor_free(flat), ml_tensor_free(none), ml_tensor_free(other);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(gradients),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(no_allocation_after_the_first_step),
        cmocka_unit_test(empty_batch),
        cmocka_unit_test(wrong_calls_stick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
