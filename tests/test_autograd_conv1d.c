/* test_autograd_conv1d.c -- convolution along time: the sum as it is written, PyTorch's numbers, gradients, errors. */
#include "support/check.h"

#include "base/base.h"

#include <string.h>

/* The cases of golden/make_conv_more.py. */
typedef struct spec {
    int64_t n, t, c, f, r;
    ml_conv1d_opts opts;
} spec;
static const spec CASES[] = {
    {2, 9, 3, 4, 3, {.pad = 1}},
    {1, 12, 2, 5, 4, {.stride = 3, .pad = 2, .dilation = 2}},
    {3, 7, 4, 6, 2, {.stride = 2, .groups = 2}},
    {2, 8, 5, 5, 3, {.pad = 2, .dilation = 2, .groups = 5}},
    {2, 5, 4, 3, 1, {0}},
    {1, 30, 1, 8, 7, {.pad = 3}},
};
enum { N_CASES = sizeof CASES / sizeof CASES[0] };

static int64_t given(int64_t value, int64_t standard)
{
    return value ? value : standard;
}

static int64_t channels_seen(const spec *c)
{
    return c->c / given(c->opts.groups, 1);
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
    golden g = golden_read("conv1d");
    for (int k = 0; k < 3; k++) {
        int64_t at = 0;
        for (int i = 0; i < N_CASES; i++) {
            const spec *c = &CASES[i];
            ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)k});
            ml_tensor *x = next(&g, &at, 3, (int64_t[]){c->n, c->t, c->c});
            ml_tensor *w = next(&g, &at, 3, (int64_t[]){c->f, c->r, channels_seen(c)}), *b = next(&g, &at, 1, &c->f);
            ml_requires_grad(x), ml_requires_grad(w), ml_requires_grad(b);
            ml_tensor *y = ml_conv1d(t, x, w, b, c->opts);
            assert_non_null(y);
            check(&g, &at, y->data, y->size);
            ml_tensor *dy = next(&g, &at, 3, y->shape);
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

/* ---- the sum as it is written ---- */

/* y[n,p,f] = b[f] + sum over r, c of x[n, p stride + r dilation - pad, c] w[f,r,c] */
static double output(const spec *c, const ml_tensor *x, const ml_tensor *w, const ml_tensor *b, int64_t n, int64_t p, int64_t f)
{
    int64_t seen = channels_seen(c), first = f / (c->f / given(c->opts.groups, 1)) * seen;
    double y = b ? (double)b->data[f] : 0;
    for (int64_t r = 0; r < c->r; r++) {
        int64_t at = p * given(c->opts.stride, 1) + r * given(c->opts.dilation, 1) - c->opts.pad;
        for (int64_t k = 0; k < seen && at >= 0 && at < c->t; k++)
            y += (double)x->data[(n * c->t + at) * c->c + first + k] * (double)w->data[(f * c->r + r) * seen + k];
    }
    return y;
}

static int64_t one_of(ml_rng *rng, const int64_t *v, int n)
{
    return v[ml_rng_below(rng, n)];
}
#define ONE_OF(...) one_of(rng, (const int64_t[]){__VA_ARGS__}, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))

static spec draw(ml_rng *rng)
{
    spec c = {ONE_OF(0, 1, 2, 3), ONE_OF(1, 2, 7, 29, 64), ONE_OF(1, 2, 3, 8, 17), ONE_OF(1, 2, 6, 16, 33), ONE_OF(1, 2, 3, 5, 8),
              {.stride = ONE_OF(0, 1, 2, 3), .pad = ONE_OF(0, 1, 2, 9), .dilation = ONE_OF(0, 1, 2, 5)}};
    if (ml_rng_below(rng, 5) == 0)
        c.opts.groups = c.c, c.f = c.c * ONE_OF(1, 2);
    return c;
}

static void equal_to_the_sum(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    int tried = 0;
    for (int trial = 0; trial < 300; trial++) {
        spec c = draw(&rng);
        if (c.t + 2 * c.opts.pad < given(c.opts.dilation, 1) * (c.r - 1) + 1)
            continue;
        ml_tensor *x = random_tensor(&rng, 3, (int64_t[]){c.n, c.t, c.c}, -1, 1), *b = random_tensor(&rng, 1, &c.f, -1, 1);
        ml_tensor *w = random_tensor(&rng, 3, (int64_t[]){c.f, c.r, channels_seen(&c)}, -1, 1);
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)(trial % 3)});
        ml_tensor *y = ml_conv1d(t, x, w, trial & 1 ? b : NULL, c.opts);
        assert_non_null(y);
        assert_true(y->rank == 3 && y->shape[0] == c.n && y->shape[2] == c.f);
        for (int64_t i = 0; i < y->size; i++) {
            double want = output(&c, x, w, trial & 1 ? b : NULL, i / c.f / y->shape[1], i / c.f % y->shape[1], i % c.f);
            assert_close(y->data + i, &want, 1, TOL_REAL, 5 * TOL_REAL);
        }
        ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b);
        ml_tape_free(t);
        tried++;
    }
    assert_true(tried > 200);
}

/* ---- gradients by difference ---- */

static ml_tensor *loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const spec *c = user;
    ml_tensor *y = ml_conv1d(t, in[0], in[1], n > 2 ? in[2] : NULL, c->opts);
    return ml_sum(t, ml_mul(t, y, y), ML_ALL, false);
}

/* Two uses of all, one through a view: the second gradient adds. */
static ml_tensor *twice(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const spec *c = user;
    (void)n;
    ml_tensor *part = ml_slice(t, in[0], 0, in[0]->shape[0] - 1, in[0]->shape[0]);
    ml_tensor *y = ml_conv1d(t, in[0], in[1], in[2], c->opts), *z = ml_conv1d(t, part, in[1], in[2], c->opts);
    return ml_add(t, ml_sum(t, ml_mul(t, y, y), ML_ALL, false), ml_mean(t, ml_mul(t, z, z), ML_ALL, false));
}

static void gradients(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int k = 0; k < N_CASES; k++) {
        spec c = CASES[k];
        c.n = 2, c.t = c.t > 9 ? 9 : c.t;
        ml_tensor *in[] = {random_tensor(&rng, 3, (int64_t[]){c.n, c.t, c.c}, -1, 1),
                           random_tensor(&rng, 3, (int64_t[]){c.f, c.r, channels_seen(&c)}, -1, 1), random_tensor(&rng, 1, &c.f, -1, 1)};
        assert_gradients(loss, in, 3, &c);
        assert_gradients(loss, in, 2, &c);
        assert_gradients(twice, in, 3, &c);
        for (int i = 0; i < 3; i++)
            ml_tensor_free(in[i]);
    }
}

/* The example of docs/math/conv1d.md. */
static void by_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_tensor_from(3, (int64_t[]){1, 5, 1}, (ml_real[]){1, 2, 4, 7, 11});
    ml_tensor *w = ml_tensor_from(3, (int64_t[]){1, 2, 1}, (ml_real[]){-1, 1});
    assert_true(ml_requires_grad(x) == ML_OK && ml_requires_grad(w) == ML_OK);
    ml_tensor *y = ml_conv1d(t, x, w, NULL, (ml_conv1d_opts){0});
    assert_reals_close(y->data, (ml_real[]){1, 2, 3, 4}, 4, 0, 0);
    assert_reals_close(ml_conv1d(t, x, w, NULL, (ml_conv1d_opts){.dilation = 2})->data, (ml_real[]){3, 5, 7}, 3, 0, 0);
    ml_tensor *dy = ml_constant(t, 3, y->shape, (ml_real[]){1, 0, 0, 2});
    assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, dy), ML_ALL, false)), ML_OK);
    assert_reals_close(x->grad, (ml_real[]){-1, 1, 0, -2, 2}, 5, 0, 0);
    assert_reals_close(w->grad, (ml_real[]){15, 24}, 2, 0, 0);
    ml_tensor_free(x), ml_tensor_free(w);
    ml_tape_free(t);
}

/* ---- memory, and nothing to do ---- */

static void no_allocation_after_the_first_step(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_tape *t = ml_tape_new();
    ml_tensor *x = random_tensor(&rng, 3, (int64_t[]){4, 50, 8}, -1, 1), *w = random_tensor(&rng, 3, (int64_t[]){16, 3, 8}, -1, 1);
    int64_t asked = 0;
    for (int k = 0; k < 10; k++) {
        ml_tape_reset(t);
        ml_tensor *y = ml_conv1d(t, x, w, NULL, (ml_conv1d_opts){.pad = 1});
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
        ml_tensor *x = ml_zeros(0, 5, 2), *w = ml_zeros(3, 3, 2), *b = ml_zeros(3);
        ml_requires_grad(w), ml_requires_grad(b);
        w->grad[0] = 7;
        ml_tensor *y = ml_conv1d(t, x, w, b, (ml_conv1d_opts){0});
        assert_true(y && y->shape[0] == 0 && y->shape[1] == 3 && y->shape[2] == 3);
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        assert_true(w->grad[0] == 0 && b->grad[0] == 0);
        ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b);
        ml_tape_free(t);
    }
}

/* ---- errors ---- */

static void refused(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv1d_opts o, const char *why)
{
    ml_tape_reset(t);
    assert_null(ml_conv1d(t, x, w, b, o));
    assert_string_equal(ml_tape_error_text(t), why);
}

static void wrong_calls_stick(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 5, 4), *w = ml_zeros(6, 3, 4), *b = ml_zeros(5), *flat = ml_zeros(2, 20), *image = ml_zeros(2, 1, 5, 4);
    refused(t, flat, w, NULL, (ml_conv1d_opts){0}, "conv1d: x is 2x20 and w is 6x3x4: wanted (N,T,C) and (F,R,C/groups)");
    refused(t, image, w, NULL, (ml_conv1d_opts){0}, "conv1d: x is 2x1x5x4 and w is 6x3x4: wanted (N,T,C) and (F,R,C/groups)");
    refused(t, x, w, b, (ml_conv1d_opts){0}, "conv1d: b is 5 but w is 6x3x4: wanted (6)");
    refused(t, x, w, NULL, (ml_conv1d_opts){.groups = 3}, "conv1d: 3 groups do not divide 4 channels and 6 filters");
    refused(t, x, w, NULL, (ml_conv1d_opts){.groups = 2},
            "conv1d: x is 2x5x4 (N,T,C) with 2 groups, so a filter sees 2 channels, but w is 6x3x4 (F,R,C/groups)");
    refused(t, x, w, NULL, (ml_conv1d_opts){.dilation = 3},
            "conv1d: along T the input is 5, 5 with its padding, but the window spans 7");
    refused(t, x, w, NULL, (ml_conv1d_opts){.stride = INT64_MIN}, "conv1d: along T the window is 3, stride -9223372036854775808, "
            "pad 0, dilation 1: wanted window, stride and dilation >= 1 and pad >= 0");
    refused(t, x, w, NULL, (ml_conv1d_opts){.pad = INT64_MAX}, "conv1d: along T the window is 3, stride 1, pad "
            "9223372036854775807, dilation 1: wanted window, stride and dilation >= 1 and pad >= 0");
    refused(t, x, w, NULL, (ml_conv1d_opts){.dilation = INT32_MAX, .pad = INT32_MAX},
            "conv1d: along T the input is 5 and the dilated window 3 * 2147483647: too large");
    refused(t, NULL, w, NULL, (ml_conv1d_opts){0}, "conv1d: input 0 is NULL");
    refused(t, x, NULL, NULL, (ml_conv1d_opts){0}, "conv1d: input 1 is NULL");
    ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(b), ml_tensor_free(flat), ml_tensor_free(image);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(equal_to_the_sum),
        cmocka_unit_test(gradients),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(no_allocation_after_the_first_step),
        cmocka_unit_test(empty_batch),
        cmocka_unit_test(wrong_calls_stick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
