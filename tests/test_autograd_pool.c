/* test_autograd_pool.c -- pooling and upsampling on the tape: PyTorch's numbers, gradients, memory, errors. */
#include "support/check.h"

#include "base/base.h"

#include <string.h>

/* One call of an op: max, average, adaptive (p, q), or upsampling (p). */
typedef struct call {
    enum { MAX, AVG, ADAPTIVE, UPSAMPLE } op;
    ml_pool2d_opts opts;
    int64_t p, q;
} call;

static ml_tensor *run(ml_tape *t, ml_tensor *x, const call *c)
{
    switch (c->op) {
    case MAX:
        return ml_max_pool2d(t, x, c->opts);
    case AVG:
        return ml_avg_pool2d(t, x, c->opts);
    case ADAPTIVE:
        return ml_adaptive_avg_pool2d(t, x, c->p, c->q);
    default:
        return ml_upsample_nearest(t, x, c->p);
    }
}

/* sum of y * w, with weights that repeat after an odd number of steps. */
static ml_tensor *weighted(ml_tape *t, ml_tensor *y)
{
    if (!y)
        return NULL;
    ml_real w[4096];
    assert_true(y->size <= 4096);
    for (int64_t i = 0; i < y->size; i++)
        w[i] = (ml_real)(i % 13) / 4 - 1;
    return ml_sum(t, ml_mul(t, y, ml_constant(t, y->rank, y->shape, w)), ML_ALL, false);
}

/* ---- PyTorch ---- */

static void check_golden(const char *name, const char *input, const call *c)
{
    char file[64];
    ml_kernel bodies[] = {ML_KERNEL_REF, ML_KERNEL_BLAS, ML_KERNEL_FAST};
    for (int body = 0; body < 3; body++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = bodies[body]});
        ml_tensor *x = golden_tensor(input), *w = golden_tensor("pool_w");
        assert_int_equal(ml_requires_grad(x), ML_OK);
        ml_tensor *y = run(t, x, c);
        if (!y)
            fail_msg("%s: %s", name, ml_tape_error_text(t));
        snprintf(file, sizeof file, "pool_%s", name);
        golden value = golden_read(file);
        assert_memory_equal(y->shape, value.shape, 4 * sizeof y->shape[0]);
        assert_close(y->data, value.v, value.size, TOL_REAL, TOL_REAL);
        ml_tensor *loss = ml_sum(t, ml_mul(t, y, ml_constant(t, 4, y->shape, w->data)), ML_ALL, false);
        assert_int_equal(ml_backward(t, loss), ML_OK);
        strcat(file, "_grad");
        golden grad = golden_read(file);
        assert_close(x->grad, grad.v, grad.size, TOL_REAL, TOL_REAL);
        golden_free(&value), golden_free(&grad);
        ml_tensor_free(x), ml_tensor_free(w);
        ml_tape_free(t);
    }
}

static const struct {
    const char *name;
    ml_pool2d_opts opts;
} WINDOWS[] = {{"k2", {.k = 2}},
               {"k2_ceil", {.k = 2, .ceil_mode = true}},
               {"k3s2p1", {.k = 3, .stride = 2, .pad = 1}},
               {"k3s2p1_ceil", {.k = 3, .stride = 2, .pad = 1, .ceil_mode = true}},
               {"k32s13p10", {.k = 3, .k_w = 2, .stride = 1, .stride_w = 3, .pad = 1, .pad_w = ML_NONE}},
               {"k5s3p2_ceil", {.k = 5, .stride = 3, .pad = 2, .ceil_mode = true}},
               {"k7s5_ceil", {.k = 7, .stride = 5, .ceil_mode = true}}};
enum { N_WINDOWS = sizeof WINDOWS / sizeof WINDOWS[0] };

static void values_and_gradients_are_those_of_pytorch(void **state)
{
    (void)state;
    char name[48];
    for (int i = 0; i < N_WINDOWS; i++) {
        call c = {.op = MAX, .opts = WINDOWS[i].opts};
        snprintf(name, sizeof name, "max_%s", WINDOWS[i].name);
        check_golden(name, "pool_x", &c);
        snprintf(name, sizeof name, "hard_%s", WINDOWS[i].name); /* ties, NaN, infinities */
        check_golden(name, "pool_hard", &c);
        c.op = AVG;
        snprintf(name, sizeof name, "avg_%s", WINDOWS[i].name);
        check_golden(name, "pool_x", &c);
        c.opts.exclude_pad = true;
        if (c.opts.pad || c.opts.ceil_mode)
            snprintf(name, sizeof name, "exclude_%s", WINDOWS[i].name);
        check_golden(name, "pool_x", &c);
    }
    const int64_t parts[][2] = {{1, 1}, {3, 4}, {7, 6}, {9, 13}};
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "adaptive_%dx%d", (int)parts[i][0], (int)parts[i][1]);
        check_golden(name, "pool_x", &(call){.op = ADAPTIVE, .p = parts[i][0], .q = parts[i][1]});
    }
    check_golden("upsample_1", "pool_x", &(call){.op = UPSAMPLE, .p = 1});
    check_golden("upsample_2", "pool_x", &(call){.op = UPSAMPLE, .p = 2});
}

/* ---- gradients by difference ---- */

/* Distinct numbers in random order, further apart than a difference moves them: no maximum changes hands. */
static ml_tensor *distinct(ml_rng *rng, int64_t n, int64_t h, int64_t w, int64_t c)
{
    ml_tensor *x = random_tensor(rng, 4, (int64_t[]){n, h, w, c}, 0, 1);
    for (int64_t i = 0; i < x->size; i++) {
        int64_t j = ml_rng_below(rng, i + 1);
        x->data[i] = x->data[j];
        x->data[j] = (ml_real)(i - x->size / 2) / 16;
    }
    return x;
}

static ml_tensor *loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return weighted(t, run(t, in[0], user));
}

/* The same on a part of the batch, a view that begins in the middle; and on the whole beside it. */
static ml_tensor *loss_of_views(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    ml_tensor *part = ml_slice(t, in[0], 0, 1, in[0]->shape[0]);
    ml_tensor *a = weighted(t, run(t, part, user)), *b = weighted(t, run(t, in[0], user));
    return ml_add(t, ml_add(t, a, b), ml_scale(t, weighted(t, part), 0.5));
}

static const call CALLS[] = {{MAX, {.k = 2}, 0, 0},
                             {MAX, {.k = 3, .stride = 2, .pad = 1}, 0, 0},
                             {MAX, {.k = 3, .k_w = 1, .stride = 1, .stride_w = 3, .ceil_mode = true}, 0, 0},
                             {MAX, {.k = 257, .k_w = 3, .stride = 2, .pad = 128, .pad_w = ML_NONE}, 0, 0},
                             {AVG, {.k = 2}, 0, 0},
                             {AVG, {.k = 3, .stride = 2, .pad = 1}, 0, 0},
                             {AVG, {.k = 3, .stride = 2, .pad = 1, .exclude_pad = true, .ceil_mode = true}, 0, 0},
                             {ADAPTIVE, {0}, 1, 1},
                             {ADAPTIVE, {0}, 3, 7},
                             {UPSAMPLE, {0}, 1, 0},
                             {UPSAMPLE, {0}, 3, 0}};
enum { N_CALLS = sizeof CALLS / sizeof CALLS[0] };

static void every_gradient(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    const int64_t sizes[][4] = {{2, 5, 4, 3}, {1, 3, 6, 1}, {2, 4, 3, 5}, {1, 4, 4, 17}};
    for (int s = 0; s < 4; s++)
        for (int c = 0; c < N_CALLS; c++) {
            call copy = CALLS[c];
            ml_tensor *x = distinct(&rng, sizes[s][0], sizes[s][1], sizes[s][2], sizes[s][3]);
            assert_gradients(loss, &x, 1, &copy);
            ml_tensor_free(x);
        }
}

static void views_and_second_uses_add(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    for (int c = 0; c < N_CALLS; c++) {
        call copy = CALLS[c];
        ml_tensor *x = distinct(&rng, 3, 4, 3, 2), *wide = distinct(&rng, 2, 2, 2, 16);
        assert_gradients(loss_of_views, &x, 1, &copy);
        if (copy.op != MAX || copy.opts.k < 3)
            assert_gradients(loss_of_views, &wide, 1, &copy);
        ml_tensor_free(x), ml_tensor_free(wide);
    }
}

/* The examples of docs/math/pooling.md and docs/math/upsample.md. */
static void by_numbers(void **state)
{
    (void)state;
    const ml_real numbers[] = {1, 5, 2, 0, 3, 4, 6, 2, 7, 0, 1, 1, 2, 8, 3, 1};
    const struct {
        call c;
        ml_real y[4], dx[16];
    } want[] = {{{MAX, {.k = 2}, 0, 0}, {5, 6, 8, 3}, {0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 3, 4, 0}},
                {{AVG, {.k = 2}, 0, 0},
                 {3.25, 2.5, 4.25, 1.5},
                 {.25, .25, .5, .5, .25, .25, .5, .5, .75, .75, 1, 1, .75, .75, 1, 1}},
                {{MAX, {.k = 3, .stride = 1}, 0, 0}, {7, 6, 8, 8}, {0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 7, 0, 0}}};
    ml_tensor *x = ml_tensor_from(4, (int64_t[]){1, 4, 4, 1}, numbers);
    ml_tape *t = ml_tape_new();
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int i = 0; i < 3; i++) {
        ml_tape_reset(t);
        ml_tensor *y = run(t, x, &want[i].c);
        assert_reals_close(y->data, want[i].y, 4, 1e-6, 0);
        ml_tensor *dy = ml_constant(t, 4, y->shape, (ml_real[]){1, 2, 3, 4});
        x->has_grad = false;
        assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, dy), ML_ALL, false)), ML_OK);
        assert_reals_close(x->grad, want[i].dx, 16, 1e-6, 0);
    }
    ml_tensor_free(x);
    x = ml_tensor_from(4, (int64_t[]){1, 1, 2, 1}, (ml_real[]){5, 7});
    assert_int_equal(ml_requires_grad(x), ML_OK);
    ml_tape_reset(t);
    ml_tensor *y = ml_upsample_nearest(t, x, 2);
    assert_reals_close(y->data, (ml_real[]){5, 5, 7, 7, 5, 5, 7, 7}, 8, 0, 0);
    ml_tensor *dy = ml_constant(t, 4, y->shape, (ml_real[]){1, 2, 3, 4, 5, 6, 7, 8});
    assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, dy), ML_ALL, false)), ML_OK);
    assert_reals_close(x->grad, (ml_real[]){14, 22}, 2, 1e-6, 0);
    ml_tape_free(t), ml_tensor_free(x);
}

/* ---- memory, and nothing to do ---- */

static void step(ml_tape *t, ml_tensor *w, int64_t batch)
{
    ml_tape_reset(t);
    ml_tensor *x = ml_mul(t, w, ml_constant(t, 4, (int64_t[]){batch, 1, 1, 1}, (ml_real[]){1, 2, 3, 4, 5, 6, 7, 8}));
    ml_tensor *y = ml_max_pool2d(t, ml_upsample_nearest(t, x, 2), (ml_pool2d_opts){.k = 3, .stride = 2, .pad = 1});
    ml_tensor *z = ml_adaptive_avg_pool2d(t, ml_avg_pool2d(t, y, (ml_pool2d_opts){.k = 2}), 1, 1);
    w->has_grad = false;
    if (ml_backward(t, ml_sum(t, z, ML_ALL, false)))
        fail_msg("%s", ml_error());
}

static void no_allocation_after_the_first_step(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_tape *t = ml_tape_new();
    ml_tensor *w = random_tensor(&rng, 4, (int64_t[]){1, 12, 12, 20}, -1, 1);
    step(t, w, 8);
    int64_t asked = mli_alloc_count();
    for (int k = 0; k < 20; k++)
        step(t, w, k % 4 == 3 ? 5 : 8);
    assert_int_equal(mli_alloc_count(), asked);
    ml_tensor_free(w);
    ml_tape_free(t);
}

static void an_empty_batch_is_no_error(void **state)
{
    (void)state;
    for (int c = 0; c < N_CALLS; c++)
        for (int k = 0; k < 3; k++) {
            ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)k});
            ml_tensor *x = ml_zeros(0, 4, 4, 3);
            assert_int_equal(ml_requires_grad(x), ML_OK);
            ml_tensor *y = run(t, x, &CALLS[c]);
            assert_non_null(y);
            assert_true(y->size == 0 && y->shape[1] >= 1 && y->shape[2] >= 1 && y->shape[3] == 3);
            assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
            ml_tensor_free(x), ml_tape_free(t);
        }
}

/* ---- errors ---- */

static void assert_sticks(ml_tape *t, const ml_tensor *y, const char *sentence)
{
    assert_null(y);
    assert_string_equal(ml_tape_error_text(t), sentence);
    assert_null(ml_upsample_nearest(t, NULL, 0)); /* the first error stays */
    assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_reset(t);
}

#define OPTS(...) ((ml_pool2d_opts){__VA_ARGS__})

static void errors_say_the_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 5, 4, 3), *flat = ml_zeros(64, 784), *thin = ml_zeros(2, 0, 4, 3);
    ml_tensor *huge = ml_zeros(0, 65536, 65536, 1), *long_ = ml_zeros(0, 3000000000, 1, 1);
    assert_sticks(t, ml_max_pool2d(t, flat, OPTS(.k = 2)), "max_pool2d: x is 64x784: wanted (N,H,W,C)");
    assert_sticks(t, ml_upsample_nearest(t, flat, 2), "upsample_nearest: x is 64x784: wanted (N,H,W,C)");
    assert_sticks(t, ml_avg_pool2d(t, x, OPTS(.k = 0)), "avg_pool2d: k along H is 0, not in 1 .. 2147483647");
    assert_sticks(t, ml_avg_pool2d(t, x, OPTS(.k = 2, .k_w = -2)),
                  "avg_pool2d: k along W is -2, not in 1 .. 2147483647");
    assert_sticks(t, ml_max_pool2d(t, x, OPTS(.k = 2, .stride = -1)),
                  "max_pool2d: stride along H is -1, not in 1 .. 2147483647");
    assert_sticks(t, ml_max_pool2d(t, x, OPTS(.k = 2, .stride_w = INT64_MAX)),
                  "max_pool2d: stride along W is 9223372036854775807, not in 1 .. 2147483647");
    assert_sticks(t, ml_max_pool2d(t, x, OPTS(.k = INT64_MAX, .pad = INT64_MAX)),
                  "max_pool2d: k along H is 9223372036854775807, not in 1 .. 2147483647");
    assert_sticks(t, ml_max_pool2d(t, x, OPTS(.k = 3, .pad = 2)),
                  "max_pool2d: pad along H is 2, not in 0 .. 1, half of the window's 3");
    assert_sticks(t, ml_avg_pool2d(t, x, OPTS(.k = 3, .pad_w = -2)),
                  "avg_pool2d: pad along W is -2, not in 0 .. 1, half of the window's 3");
    assert_sticks(t, ml_max_pool2d(t, x, OPTS(.k = 5)),
                  "max_pool2d: along W the window has 5 pixels, more than x with its padding, 4 + 2 * 0");
    assert_sticks(t, ml_max_pool2d(t, x, OPTS(.k = 9, .stride = 1, .pad = 1, .ceil_mode = true)),
                  "max_pool2d: along H the window has 9 pixels, more than x with its padding, 5 + 2 * 1");
    assert_sticks(t, ml_avg_pool2d(t, thin, OPTS(.k = 2, .pad = 1)),
                  "avg_pool2d: x along H is 0, not in 1 .. 2147483647");
    assert_sticks(t, ml_max_pool2d(t, long_, OPTS(.k = 1)),
                  "max_pool2d: x along H is 3000000000, not in 1 .. 2147483647");
    assert_sticks(t, ml_max_pool2d(t, huge, OPTS(.k = 17)),
                  "max_pool2d: an image has 65536 x 65536 pixels, more than 2147483647 to choose from");
    assert_non_null(ml_max_pool2d(t, huge, OPTS(.k = 16)));
    assert_sticks(t, ml_adaptive_avg_pool2d(t, x, 0, 1),
                  "adaptive_avg_pool2d: output along P is 0, not in 1 .. 2147483647");
    assert_sticks(t, ml_adaptive_avg_pool2d(t, x, 1, -7),
                  "adaptive_avg_pool2d: output along Q is -7, not in 1 .. 2147483647");
    assert_sticks(t, ml_adaptive_avg_pool2d(t, thin, 1, 1),
                  "adaptive_avg_pool2d: x along H is 0, not in 1 .. 2147483647");
    assert_sticks(t, ml_adaptive_avg_pool2d(t, x, INT32_MAX, INT32_MAX),
                  "adaptive_avg_pool2d: the output, 2x2147483647x2147483647x3, is too large");
    assert_sticks(t, ml_upsample_nearest(t, x, 0), "upsample_nearest: factor 0 is not in 1 .. 2147483647");
    assert_sticks(t, ml_upsample_nearest(t, x, INT64_MIN),
                  "upsample_nearest: factor -9223372036854775808 is not in 1 .. 2147483647");
    assert_sticks(t, ml_upsample_nearest(t, x, INT32_MAX),
                  "upsample_nearest: the output, 2x10737418235x8589934588x3, is too large");
    assert_sticks(t, ml_upsample_nearest(t, thin, 2), "upsample_nearest: x along H is 0, not in 1 .. 2147483647");
    assert_sticks(t, ml_max_pool2d(t, NULL, OPTS(.k = 2)), "max_pool2d: input 0 is NULL");
    assert_null(ml_avg_pool2d(NULL, x, OPTS(.k = 2)));
    assert_string_equal(ml_error(), "avg_pool2d: the tape is NULL");
    ml_tensor_free(x), ml_tensor_free(flat), ml_tensor_free(thin), ml_tensor_free(huge), ml_tensor_free(long_);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(every_gradient),
        cmocka_unit_test(views_and_second_uses_add),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(no_allocation_after_the_first_step),
        cmocka_unit_test(an_empty_batch_is_no_error),
        cmocka_unit_test(errors_say_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
