/* test_autograd_conv.c -- convolution on the tape: gradients by difference, values by PyTorch, errors by their sentence. */
#include "support/check.h"

#include <string.h>

typedef struct spec {
    int64_t n, h, w, c, f, r, s;
    ml_conv2d_opts opts;
} spec;

/* The cases of golden/make_conv.py. */
static const spec CASES[] = {
    {2, 5, 6, 3, 4, 3, 3, {.pad = 1}},
    {2, 7, 8, 2, 5, 3, 2, {.stride = 2, .stride_w = 1, .pad_w = 1, .dilation_w = 2}},
    {1, 6, 5, 4, 6, 3, 3, {.stride = 2, .pad = 1, .groups = 2}},
    {2, 5, 5, 3, 3, 3, 3, {.pad = 1, .groups = 3}},
    {3, 4, 4, 5, 7, 1, 1, {0}},
    {1, 9, 9, 1, 3, 5, 5, {.pad = 2}},
};
enum { N_CASES = sizeof CASES / sizeof *CASES };

static int64_t channels_seen(const spec *c)
{
    return c->c / (c->opts.groups ? c->opts.groups : 1);
}

static ml_tensor *loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const spec *c = user;
    ml_tensor *y = ml_conv2d(t, in[0], in[1], n > 2 ? in[2] : NULL, c->opts);
    return ml_sum(t, ml_mul(t, y, y), ML_ALL, false);
}

/* x twice: the second gradient adds. */
static ml_tensor *twice(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const spec *c = user;
    ml_tensor *once = ml_conv2d(t, in[0], in[1], n > 2 ? in[2] : NULL, c->opts);
    ml_tensor *again = ml_conv2d(t, in[0], in[1], in[2], c->opts);
    return ml_sum(t, ml_mul(t, once, again), ML_ALL, false);
}

static void gradients(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int k = 0; k < N_CASES; k++) {
        spec c = CASES[k];
        c.n = 1, c.h = c.h > 5 ? 5 : c.h, c.w = c.w > 5 ? 5 : c.w;
        ml_tensor *in[] = {random_tensor(&rng, 4, (int64_t[]){c.n, c.h, c.w, c.c}, -1, 1),
                           random_tensor(&rng, 4, (int64_t[]){c.f, c.r, c.s, channels_seen(&c)}, -1, 1),
                           random_tensor(&rng, 1, &c.f, -1, 1)};
        assert_gradients(loss, in, 3, &c);
        assert_gradients(loss, in, 2, &c);
        assert_gradients(twice, in, 3, &c);
        for (int i = 0; i < 3; i++)
            ml_tensor_free(in[i]);
    }
}

/* A view of the second image: an offset into its base. */
static ml_tensor *of_a_view(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *y = ml_conv2d(t, ml_slice(t, in[0], 0, 1, 2), in[1], NULL, (ml_conv2d_opts){.pad = 1});
    return ml_sum(t, ml_mul(t, y, y), ML_ALL, false);
}

static void through_a_view(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    ml_tensor *in[] = {random_tensor(&rng, 4, (int64_t[]){3, 3, 3, 2}, -1, 1),
                       random_tensor(&rng, 4, (int64_t[]){2, 3, 3, 2}, -1, 1)};
    assert_gradients(of_a_view, in, 2, NULL);
    ml_tensor_free(in[0]), ml_tensor_free(in[1]);
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
    for (int k = 0; k < N_CASES * 3; k++) {
        const spec *c = &CASES[k % N_CASES];
        char name[32];
        snprintf(name, sizeof name, "conv_%d", k % N_CASES);
        golden g = golden_read(name);
        int64_t at = 0;
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)(k / N_CASES)});
        ml_tensor *x = next(&g, &at, 4, (int64_t[]){c->n, c->h, c->w, c->c});
        ml_tensor *w = next(&g, &at, 4, (int64_t[]){c->f, c->r, c->s, channels_seen(c)}), *b = next(&g, &at, 1, &c->f);
        ml_requires_grad(x), ml_requires_grad(w), ml_requires_grad(b);
        ml_tensor *y = ml_conv2d(t, x, w, b, c->opts);
        assert_non_null(y);
        check(&g, &at, y->data, y->size);
        ml_tensor *dy = next(&g, &at, 4, y->shape);
        assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, dy), ML_ALL, false)), ML_OK);
        check(&g, &at, x->grad, x->size);
        check(&g, &at, w->grad, w->size);
        check(&g, &at, b->grad, b->size);
        assert_int_equal(at, g.size);
        ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b), ml_tensor_free(dy);
        ml_tape_free(t);
        golden_free(&g);
    }
}

static void empty_batch(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(0, 5, 5, 2), *w = ml_zeros(3, 3, 3, 2), *b = ml_zeros(3);
    ml_requires_grad(w), ml_requires_grad(b);
    w->grad[0] = 7;
    ml_tensor *y = ml_conv2d(t, x, w, b, (ml_conv2d_opts){0});
    assert_true(y && y->shape[0] == 0 && y->shape[1] == 3 && y->shape[3] == 3);
    assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
    assert_true(w->grad[0] == 0 && b->grad[0] == 0);
    ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b);
    ml_tape_free(t);
}

static void refused(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv2d_opts o, const char *why)
{
    ml_tape_reset(t);
    assert_null(ml_conv2d(t, x, w, b, o));
    assert_string_equal(ml_tape_error_text(t), why);
}

static void wrong_calls_stick(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 5, 6, 4), *w = ml_zeros(6, 3, 3, 4), *b = ml_zeros(5), *flat = ml_zeros(2, 120);
    refused(t, flat, w, NULL, (ml_conv2d_opts){0}, "conv2d: x is 2x120 and w is 6x3x3x4: wanted (N,H,W,C) and (F,R,S,C/groups)");
    refused(t, x, w, b, (ml_conv2d_opts){0}, "conv2d: b is 5 but w is 6x3x3x4: wanted (6)");
    refused(t, x, w, NULL, (ml_conv2d_opts){.groups = 3}, "conv2d: 3 groups do not divide 4 channels and 6 filters");
    refused(t, x, w, NULL, (ml_conv2d_opts){.groups = INT64_MIN},
            "conv2d: -9223372036854775808 groups do not divide 4 channels and 6 filters");
    refused(t, x, w, NULL, (ml_conv2d_opts){.groups = 2},
            "conv2d: x is 2x5x6x4 (N,H,W,C) with 2 groups, so a filter sees 2 channels, but w is 6x3x3x4 (F,R,S,C/groups)");
    refused(t, x, w, NULL, (ml_conv2d_opts){.dilation = 3},
            "conv2d: along H the input is 5, 5 with its padding, but the window spans 7");
    refused(t, x, w, NULL, (ml_conv2d_opts){.stride = -2}, "conv2d: along H the window is 3, stride -2, pad 0, dilation 1: "
                                                           "wanted window, stride and dilation >= 1 and pad >= 0");
    refused(t, x, w, NULL, (ml_conv2d_opts){.pad_w = INT64_MAX},
            "conv2d: along W the window is 3, stride 1, pad 9223372036854775807, dilation 1: wanted window, stride and "
            "dilation >= 1 and pad >= 0");
    refused(t, x, w, NULL, (ml_conv2d_opts){.dilation = INT32_MAX, .pad = INT32_MAX},
            "conv2d: along H the input is 5 and the dilated window 3 * 2147483647: too large");
    refused(t, x, w, NULL, (ml_conv2d_opts){.pad = INT32_MAX},
            "tensor: shape 2x4294967297x4294967298x6 is negative or too large");
    refused(t, NULL, w, NULL, (ml_conv2d_opts){0}, "conv2d: input 0 is NULL");
    ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b), ml_tensor_free(flat);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients),       cmocka_unit_test(through_a_view), cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(empty_batch),     cmocka_unit_test(wrong_calls_stick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
