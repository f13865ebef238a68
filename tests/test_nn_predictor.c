/* Nets made ready: they answer as ml_predict does, in the steps and buffers that they should have, on their own numbers. */
#include "support/check.h"

#include "nn/predictor.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A batch norm as training leaves it: no number of it is 0 or 1. */
static void fill(ml_net *net, ml_rng *rng)
{
    for (int i = 0; i < ml_params_count(net->params); i++) {
        ml_tensor *x = ml_params_at(net->params, i);
        if (x->rank == 1)
            ml_init_uniform(x, rng, -0.8, 1.6);
    }
    for (int i = 0; i < ml_buffers_count(net->params); i++) {
        ml_tensor *x = ml_buffers_at(net->params, i);
        bool variance = strstr(x->name, "running_var") != NULL;
        ml_init_uniform(x, rng, variance ? 0.2 : -0.5, variance ? 2 : 0.5);
    }
}

static ml_real *samples(const ml_net *net, int64_t n, ml_rng *rng)
{
    int64_t size = n * ml_net_inputs(net);
    ml_real *x = mli_alloc((size_t)size * sizeof *x);
    for (int64_t i = 0; i < size; i++)
        x[i] = (ml_real)ml_rng_normal(rng);
    return x;
}

/* Rounding, of other orders and of Winograd's sums, as a part of the largest number. */
static const double NEAR = sizeof(ml_real) == 8 ? 1e-11 : 1e-4;

static void assert_near(const char *what, const ml_real *got, const ml_real *want, int64_t n)
{
    double largest = 1e-3;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)want[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - (double)want[i]) <= NEAR * largest))
            fail_msg("%s: number %lld is %.9g and ml_predict gives %.9g (the largest is %g)", what, (long long)i, (double)got[i],
                     (double)want[i], largest);
}

static ml_predictor *ready(const ml_net *net, ml_predictor_opts opts)
{
    ml_predictor *p = ml_predictor_new(net, opts);
    if (!p)
        fail_msg("%s", ml_error());
    return p;
}

/* Batches odd and even, none, and more than go through at a time. */
static void assert_answers(const char *what, ml_net *net, ml_rng *rng)
{
    enum { MOST = 7 };
    const int64_t batches[] = {0, 1, 3};
    int64_t outputs = ml_net_outputs(net);
    ml_real *x = samples(net, MOST, rng), *want = mli_alloc((size_t)(MOST * outputs) * sizeof *want);
    ml_real *got = mli_alloc((size_t)(MOST * outputs + 1) * sizeof *got);
    for (int i = 0; i < 9; i++) {
        ml_kernel kernel = (ml_kernel)(i % 3);
        ml_predictor *p = ready(net, (ml_predictor_opts){.batch = batches[i / 3], .kernel = kernel});
        assert_int_equal(ml_net_set_kernel(net, kernel), ML_OK);
        assert_int_equal(ml_predict(net, x, MOST, want), ML_OK);
        for (int64_t n = 0; n <= MOST; n += n < 3 ? 1 : 2) {
            got[n * outputs] = 12345;
            if (ml_predictor_run(p, x, n, got))
                fail_msg("%s: %s", what, ml_error());
            assert_near(what, got, want, n * outputs);
            assert_true(got[n * outputs] == 12345);
        }
        ml_predictor_free(p);
    }
    mli_free(x), mli_free(want), mli_free(got);
}

/* ---- a table of nets ---- */

#define CONV_BN(f, ...) ML_CONV(f, .no_bias = true, __VA_ARGS__), ML_BATCH_NORM()
#define BASIC(f, s) ML_SEQ(CONV_BN(f, .k = 3, .stride = s, .pad = 1), ML_RELU(), CONV_BN(f, .k = 3, .pad = 1))
#define DOWN(f, s) ML_SEQ(CONV_BN(f, .k = 1, .stride = s))
#define NET(name, ...)                                                                                         \
    static ml_net *name(ml_rng *rng)                                                                           \
    {                                                                                                          \
        return ml_net_new(rng, __VA_ARGS__);                                                                   \
    }

NET(lenet, ML_INPUT(28, 28, 1), ML_CONV(6, .k = 5, .pad = 2), ML_RELU(), ML_POOL(2), ML_CONV(16, .k = 5), ML_RELU(), ML_POOL(2),
    ML_FLATTEN(), ML_DENSE(120), ML_RELU(), ML_DENSE(84), ML_RELU(), ML_DROPOUT(0.5), ML_DENSE(10))
NET(cnn, ML_INPUT(14, 14, 1), CONV_BN(24, .k = 3, .pad = 1), ML_RELU(), ML_POOL(2), CONV_BN(48, .k = 3, .pad = 1), ML_RELU(),
    ML_GLOBAL_AVG_POOL(), ML_FLATTEN(), ML_DENSE(10))
NET(residual, ML_INPUT(8, 9, 16), ML_RESIDUAL(BASIC(16, 1)), ML_RELU(), ML_RESIDUAL(BASIC(16, 1)), ML_RELU())
NET(projected, ML_INPUT(9, 9, 8), ML_RESIDUAL(BASIC(24, 2), DOWN(24, 2)), ML_RELU(), ML_RESIDUAL(BASIC(24, 1)), ML_RELU(),
    ML_GLOBAL_AVG_POOL(), ML_FLATTEN(), ML_DENSE(5))
NET(before_activation, ML_INPUT(7, 6, 4), ML_CONV(8, .k = 3, .pad = 1),
    ML_RESIDUAL(ML_SEQ(ML_BATCH_NORM(), ML_RELU(), ML_CONV(8, .k = 3, .pad = 1))), ML_BATCH_NORM())
NET(relu_before_the_add, ML_INPUT(7, 6, 4), ML_RESIDUAL(ML_SEQ(ML_CONV(4, .k = 3, .pad = 1), ML_RELU())), ML_RELU())
NET(shortcut_alone, ML_INPUT(6), ML_RESIDUAL(ML_IDENTITY(), ML_DENSE(6)), ML_RELU())
NET(doubled, ML_INPUT(6), ML_DENSE(5), ML_RESIDUAL(ML_IDENTITY()), ML_BATCH_NORM())
NET(nested, ML_INPUT(6), ML_DENSE(6),
    ML_RESIDUAL(ML_SEQ(ML_RESIDUAL(ML_SEQ(ML_RESIDUAL(ML_DENSE(6)), ML_DENSE(6))), ML_RELU(), ML_DENSE(6))))
NET(depthwise, ML_INPUT(9, 8, 6), CONV_BN(6, .k = 3, .pad = 1, .groups = 6), ML_RELU(), CONV_BN(20, .k = 1), ML_RELU(),
    CONV_BN(20, .k = 3, .stride = 2, .groups = 2), ML_RELU())
NET(dense_and_norm, ML_INPUT(9), ML_DENSE(12), ML_BATCH_NORM(), ML_RELU(), ML_DROPOUT(0.3), ML_DENSE(4, .no_bias = true),
    ML_BATCH_NORM(.no_affine = true, .eps = 1e-2))
NET(two_relus, ML_INPUT(9), ML_DENSE(5), ML_RELU(), ML_RELU(), ML_BATCH_NORM())
NET(two_norms, ML_INPUT(6, 6, 2), ML_CONV(4, .k = 3), ML_BATCH_NORM(), ML_DROPOUT(0.1), ML_BATCH_NORM(.eps = ML_ZERO), ML_RELU())
NET(norm_first, ML_INPUT(6, 6, 2), ML_BATCH_NORM(), ML_CONV(4, .k = 3), ML_RELU(), ML_BATCH_NORM())
NET(norm_behind_flatten, ML_INPUT(5, 5, 3), ML_CONV(2, .k = 3), ML_FLATTEN(), ML_BATCH_NORM(), ML_DENSE(3))
NET(norm_behind_one_pixel, ML_INPUT(3, 3, 3), ML_CONV(4, .k = 3), ML_FLATTEN(), ML_BATCH_NORM())
NET(sequence, ML_INPUT(11, 5), ML_CONV1D(8, .k = 3, .pad = 1, .dilation = 1), ML_BATCH_NORM(), ML_RELU(),
    ML_CONV1D(6, .k = 4, .stride = 2, .no_bias = true), ML_LAYER_NORM(), ML_FLATTEN(), ML_DENSE(3), ML_SOFTMAX())
NET(branches, ML_INPUT(8, 8, 3), ML_CONV(5, .k = 3),
    ML_BRANCH(ML_SEQ(CONV_BN(4, .k = 1), ML_RELU()), ML_IDENTITY(),
              ML_SEQ(ML_POOL(3, .stride = 1, .pad = 1), ML_CONV(2, .k = 1))),
    ML_RELU(),
    ML_RESIDUAL(ML_BRANCH(ML_CONV(5, .k = 3, .pad = 1), ML_CONV(6, .k = 1))))
NET(samples_in_a_branch, ML_INPUT(4, 3), ML_BRANCH(ML_IDENTITY(), ML_TANH(), ML_DROPOUT(0.5)))
NET(others, ML_INPUT(6, 6, 4), ML_CONV(4, .k = 3, .pad = 1), ML_LEAKY_RELU(0.1), ML_GROUP_NORM(2),
    ML_CONV_TRANSPOSE(3, .k = 2, .stride = 2), ML_AVG_POOL(3), ML_UPSAMPLE(2), ML_SILU(), ML_UPSAMPLE_BILINEAR(2), ML_RELU(), ML_FLATTEN(),
    ML_RELU(), ML_DENSE(7), ML_LOG_SOFTMAX())
NET(nothing, ML_INPUT(4, 3, 2))
NET(next_to_nothing, ML_INPUT(4, 3, 1), ML_IDENTITY(), ML_DROPOUT(0.2), ML_FLATTEN())
NET(one_factor, ML_INPUT(4, 3, 2), ML_UPSAMPLE(1), ML_SEQ(ML_FLATTEN()))

static const struct {
    const char *name;
    ml_net *(*make)(ml_rng *rng);
    int steps, buffers;
} NETS[] = {
    {"lenet", lenet, 8, 2},
    {"cnn", cnn, 5, 2},
    {"residual", residual, 4, 3},
    {"projected", projected, 7, 3},
    {"before_activation", before_activation, 5, 3}, /* the norms, the relu, and two convolutions */
    {"relu_before_the_add", relu_before_the_add, 2, 2},
    {"shortcut_alone", shortcut_alone, 2, 2},
    {"doubled", doubled, 3, 2},
    {"nested", nested, 4, 3},
    {"depthwise", depthwise, 3, 2},
    {"dense_and_norm", dense_and_norm, 2, 2},
    {"two_relus", two_relus, 2, 2},
    {"two_norms", two_norms, 1, 1},
    {"norm_first", norm_first, 3, 2},
    {"norm_behind_flatten", norm_behind_flatten, 4, 2},
    {"norm_behind_one_pixel", norm_behind_one_pixel, 1, 1},
    {"sequence", sequence, 5, 2},
    {"branches", branches, 10, 4},
    {"samples_in_a_branch", samples_in_a_branch, 2, 2},
    {"others", others, 13, 2},
    {"nothing", nothing, 0, 0},
    {"next_to_nothing", next_to_nothing, 0, 0},
    {"one_factor", one_factor, 2, 2},
};
enum { N_NETS = sizeof NETS / sizeof *NETS };

static ml_net *made(int i, ml_rng *rng)
{
    ml_net *net = NETS[i].make(rng);
    if (!net)
        fail_msg("%s: %s", NETS[i].name, ml_error());
    fill(net, rng);
    return net;
}

static void answers_as_the_net_does(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int i = 0; i < N_NETS; i++) {
        ml_net *net = made(i, &rng);
        assert_answers(NETS[i].name, net, &rng);
        ml_net_free(net);
    }
}

static void puts_together_what_it_can(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    for (int i = 0; i < N_NETS; i++) {
        ml_net *net = made(i, &rng);
        ml_predictor *p = ready(net, (ml_predictor_opts){0});
        if (p->n != NETS[i].steps || p->buffers != NETS[i].buffers)
            fail_msg("%s: %d steps in %d buffers, expected %d in %d", NETS[i].name, p->n, p->buffers, NETS[i].steps,
                     NETS[i].buffers);
        ml_predictor_free(p);
        ml_net_free(net);
    }
}

/* ---- nets that nobody thought of ---- */

static int below(ml_rng *rng, int n)
{
    return (int)ml_rng_below(rng, n);
}

/* A layer that takes images and keeps their height and width; f channels come out, or as many as came in. */
static ml_layer image_layer(ml_rng *rng, int64_t channels)
{
    bool plain = below(rng, 2);
    switch (below(rng, 9)) {
    case 0:
        return ML_BATCH_NORM(.no_affine = plain);
    case 1:
        return ML_RELU();
    case 2:
        return ML_DROPOUT(0.4);
    case 3:
        return ML_TANH();
    case 4:
        return ML_POOL(3, .stride = 1, .pad = 1);
    case 5:
        return ML_CONV(channels, .k = 3, .pad = 1, .groups = channels);
    default:
        return ML_CONV(channels, .k = plain ? 1 : 3, .pad = plain ? ML_NONE : 1, .no_bias = below(rng, 2));
    }
}

static ml_status add_image_block(ml_net *net, ml_rng *rng)
{
    int64_t c = net->self->out.extent[2], f = 1 + below(rng, 9);
    ml_layer inside[6], other[3];
    int n = 1 + below(rng, 5), m = 1 + below(rng, 2);
    for (int i = 0; i < n; i++)
        inside[i] = image_layer(rng, c);
    for (int i = 0; i < m; i++)
        other[i] = image_layer(rng, c);
    switch (below(rng, 5)) {
    case 0:
        return ml_net_add(net, ML_CONV(f, .k = 3, .pad = 1, .stride = 1 + below(rng, 2)));
    case 1:
        return ml_net_add(net, ml_layer_residual((ml_layer[]){ml_layer_seq(inside, n)}, 1));
    case 2:
        return ml_net_add(net, ml_layer_residual((ml_layer[]){ml_layer_seq(inside, n), ml_layer_seq(other, m)}, 2));
    case 3:
        return ml_net_add(net, ml_layer_branch((ml_layer[]){ml_layer_seq(inside, n), ML_IDENTITY(), ml_layer_seq(other, m)},
                                               1 + below(rng, 3)));
    default:
        return ml_net_add(net, inside[0]);
    }
}

static ml_status add_row_layer(ml_net *net, ml_rng *rng)
{
    int64_t d = net->self->out.extent[0];
    switch (below(rng, 6)) {
    case 0:
        return ml_net_add(net, ML_BATCH_NORM());
    case 1:
        return ml_net_add(net, ML_RELU());
    case 2:
        return ml_net_add(net, ML_RESIDUAL(ML_SEQ(ML_DENSE(4), ML_BATCH_NORM(), ML_RELU(), ML_DENSE(d), ML_BATCH_NORM())));
    case 3:
        return ml_net_add(net, ML_LAYER_NORM());
    default:
        return ml_net_add(net, ML_DENSE(1 + below(rng, 12), .no_bias = below(rng, 2)));
    }
}

static void random_nets_too(void **state)
{
    (void)state;
    char name[32];
    for (int trial = 0; trial < 80; trial++) {
        ml_rng rng = ml_rng_seed((uint64_t)trial);
        ml_net *net = ml_net_empty(&rng);
        ml_status s = ml_net_add(net, ML_INPUT(4 + below(&rng, 5), 5, 1 + below(&rng, 6)));
        for (int i = below(&rng, 5); i >= 0 && !s; i--)
            s = add_image_block(net, &rng);
        if (!s && below(&rng, 2))
            s = ml_net_add(net, ML_FLATTEN());
        for (int i = below(&rng, 5); i > 0 && !s && net->self->out.rank == 1; i--)
            s = add_row_layer(net, &rng);
        if (s)
            fail_msg("net %d: %s", trial, ml_error());
        fill(net, &rng);
        snprintf(name, sizeof name, "random net %d", trial);
        assert_answers(name, net, &rng);
        ml_net_free(net);
    }
}

/* ---- numbers of its own ---- */

static void folds_in_double_and_rounds_once(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    ml_net *net = ml_net_new(&rng, ML_INPUT(3), ML_DENSE(2), ML_BATCH_NORM(.eps = 0.25));
    fill(net, &rng);
    ml_predictor *p = ready(net, (ml_predictor_opts){0});
    const ml_real *w = ml_params_at(net->params, 0)->data, *b = ml_params_at(net->params, 1)->data;
    const ml_real *gamma = ml_params_at(net->params, 2)->data, *beta = ml_params_at(net->params, 3)->data;
    const ml_real *mean = ml_buffers_at(net->params, 0)->data, *var = ml_buffers_at(net->params, 1)->data;
    for (int f = 0; f < 2; f++) {
        double scale = (double)gamma[f] / sqrt((double)var[f] + 0.25);
        double shift = (double)beta[f] + ((double)b[f] - (double)mean[f]) * scale;
        for (int i = 0; i < 3; i++)
            assert_true(p->steps[0].w[3 * f + i] == (ml_real)((double)w[3 * f + i] * scale));
        assert_true(fabs((double)p->steps[0].b[f] - shift) <= (sizeof(ml_real) == 8 ? 1e-15 : 1e-7));
    }
    ml_predictor_free(p);
    ml_net_free(net);
}

static void a_frozen_norm_is_folded_too(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(5);
    ml_net *net = made(1, &rng);
    assert_true(ml_params_freeze(net->params, "", true) > 0);
    assert_answers("frozen", net, &rng);
    ml_net_free(net);
}

static void the_net_may_change_or_go(void **state)
{
    (void)state;
    for (int i = 0; i < N_NETS; i++) {
        ml_rng rng = ml_rng_seed(6);
        ml_net *net = made(i, &rng);
        int64_t outputs = ml_net_outputs(net);
        size_t bytes = (size_t)(3 * outputs) * sizeof(ml_real);
        ml_real *x = samples(net, 3, &rng), *before = mli_alloc(bytes), *after = mli_alloc(bytes);
        ml_predictor *p = ready(net, (ml_predictor_opts){0});
        assert_int_equal(ml_predictor_run(p, x, 3, before), ML_OK);
        for (int k = 0; k < ml_params_count(net->params); k++)
            ml_init_constant(ml_params_at(net->params, k), 7);
        for (int k = 0; k < ml_buffers_count(net->params); k++)
            ml_init_constant(ml_buffers_at(net->params, k), 7);
        assert_int_equal(ml_predictor_run(p, x, 3, after), ML_OK);
        assert_memory_equal(before, after, bytes);
        ml_net_free(net);
        assert_int_equal(ml_predictor_run(p, x, 3, after), ML_OK);
        assert_memory_equal(before, after, bytes);
        ml_predictor_free(p);
        mli_free(x), mli_free(before), mli_free(after);
    }
}

static ml_status count(void *user, const ml_hook_view *at)
{
    (void)at;
    ++*(int *)user;
    return ML_OK;
}

static void hooks_stay_with_the_net(void **state)
{
    (void)state;
    int calls = 0;
    ml_rng rng = ml_rng_seed(7);
    ml_net *net = made(0, &rng);
    assert_true(ml_net_hook(net, NULL, (ml_hook){count, count, &calls}) > 0);
    ml_predictor *p = ready(net, (ml_predictor_opts){0});
    ml_real *x = samples(net, 1, &rng), out[10];
    assert_int_equal(ml_predictor_run(p, x, 1, out), ML_OK);
    assert_int_equal(calls, 0);
    assert_int_equal(ml_predict(net, x, 1, out), ML_OK);
    assert_true(calls > 0);
    ml_predictor_free(p), ml_net_free(net), mli_free(x);
}

static void relu_keeps_nan(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(8);
    ml_net *net = made(2, &rng);
    ml_real *x = samples(net, 2, &rng), *out = mli_alloc(2 * 8 * 9 * 16 * sizeof *out);
    x[5] = (ml_real)NAN; /* of the first sample */
    ml_predictor *p = ready(net, (ml_predictor_opts){0});
    assert_int_equal(ml_predictor_run(p, x, 2, out), ML_OK);
    int nans = 0;
    for (int i = 0; i < 8 * 9 * 16; i++) {
        nans += isnan(out[i]);
        assert_false(isnan(out[8 * 9 * 16 + i]));
    }
    assert_true(nans > 0);
    ml_predictor_free(p), ml_net_free(net), mli_free(x), mli_free(out);
}

/* ---- memory ---- */

static int64_t largest(const ml_predictor *p)
{
    int64_t most = mli_shape_numbers(&p->in);
    for (int i = 0; i < p->n; i++) {
        int64_t n = mli_shape_numbers(&p->steps[i].out);
        most = n > most ? n : most;
    }
    return most;
}

static void later_calls_allocate_nothing(void **state)
{
    (void)state;
    enum { N = 5 };
    ml_rng rng = ml_rng_seed(9);
    for (int i = 0; i < N_NETS; i++) {
        ml_net *net = made(i, &rng);
        ml_real *x = samples(net, N, &rng), *out = mli_alloc((size_t)(N * ml_net_outputs(net)) * sizeof *out);
        ml_predictor *p = ready(net, (ml_predictor_opts){.batch = 3});
        assert_int_equal(ml_predictor_run(p, x, N, out), ML_OK);
        int64_t before = mli_alloc_count();
        for (int64_t n = N; n > 0; n--)
            assert_int_equal(ml_predictor_run(p, x, n, out), ML_OK);
        if (mli_alloc_count() != before)
            fail_msg("%s: %lld requests", NETS[i].name, (long long)(mli_alloc_count() - before));
        ml_predictor_free(p), ml_net_free(net), mli_free(x), mli_free(out);
    }
}

/* What the table of ml_predictor_print says the buffers take, and what they do take. */
static void buffers_are_few(void **state)
{
    (void)state;
    enum { N = 4 };
    ml_rng rng = ml_rng_seed(10);
    for (int i = 0; i < 4; i++) {
        ml_net *net = made(i, &rng);
        ml_real *x = samples(net, N, &rng), *out = mli_alloc((size_t)(N * ml_net_outputs(net)) * sizeof *out);
        ml_predictor *p = ready(net, (ml_predictor_opts){.batch = N});
        assert_int_equal(ml_predictor_run(p, x, N, out), ML_OK);
        size_t numbers = 0, bytes = 0;
        for (int b = 0; b < p->buffers; b++) {
            numbers += (size_t)mli_predictor_numbers(p, b);
            bytes += ml_tape_bytes(p->rooms->buffers[b]);
        }
        assert_true(numbers <= 3 * (size_t)largest(p));
        size_t heads = (size_t)p->buffers * 70000;
        assert_true(bytes <= N * numbers * sizeof(ml_real) + mli_predictor_workspace(p, N) + heads);
        ml_predictor_free(p), ml_net_free(net), mli_free(x), mli_free(out);
    }
}

/* ---- threads ---- */

typedef struct reader {
    ml_predictor *p;
    const ml_real *x;
    int64_t n, outputs;
    ml_real out[40 * 10];
    ml_status status;
} reader;

static void *read_often(void *arg)
{
    reader *r = arg;
    for (int i = 0; i < 5 && !r->status; i++)
        r->status = ml_predictor_run(r->p, r->x, r->n, r->out);
    return NULL;
}

static void one_for_all_threads(void **state)
{
    (void)state;
    enum { READERS = 4, N = 40 };
    static reader readers[READERS];
    const int nets[] = {0, 3};
    int threads = ml_threads();
    for (int i = 0; i < 4; i++) {
        ml_rng rng = ml_rng_seed(11);
        ml_net *net = made(nets[i / 2], &rng);
        ml_real *x = samples(net, N, &rng), want[N * 10];
        ml_predictor *p = ready(net, (ml_predictor_opts){.batch = 8});
        pthread_t ids[READERS];
        int64_t outputs = ml_net_outputs(net);
        ml_set_threads(1 + i % 2);
        for (int k = 0; k < READERS; k++) { /* batches of other sizes, so that rooms are too small at times */
            readers[k] = (reader){.p = p, .x = x, .n = k == 3 ? 5 : N - k * 8, .outputs = outputs};
            assert_int_equal(pthread_create(&ids[k], NULL, read_often, &readers[k]), 0);
        }
        for (int k = 0; k < READERS; k++)
            pthread_join(ids[k], NULL);
        for (int k = 0; k < READERS; k++) {
            assert_int_equal(readers[k].status, ML_OK);
            assert_int_equal(ml_predictor_run(p, x, readers[k].n, want), ML_OK);
            assert_memory_equal(readers[k].out, want, (size_t)(readers[k].n * outputs) * sizeof *want);
        }
        ml_predictor_free(p), ml_net_free(net), mli_free(x);
    }
    ml_set_threads(threads);
}

/* ---- what it shows, and what it refuses ---- */

static void shows_its_steps(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(12);
    ml_net *net = ml_net_new(&rng, ML_INPUT(6, 6, 4),
                             ML_NAME("block", ML_RESIDUAL(ML_NAME("main", ML_SEQ(CONV_BN(4, .k = 1), ML_RELU(), CONV_BN(4, .k = 1))))),
                             ML_RELU(), ML_POOL(2), ML_DROPOUT(0.5), ML_FLATTEN(), ML_DENSE(3));
    ml_predictor *p = ready(net, (ml_predictor_opts){.batch = 2});
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    ml_predictor_print(f, p);
    fclose(f);
    const char *const parts[] = {"block.main.0 conv + block.main.1 batch_norm + block.main.2 relu ",
                                 "block.main.3 conv + block.main.4 batch_norm + block residual + 1 relu ", "2 max_pool ",
                                 "as it is ", "4 flatten ", "5 dense ", "3x3x4 ", "2 buffers of "};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text, parts[i]))
            fail_msg("\"%s\" is not in\n%s", parts[i], text);
    assert_null(strstr(text, "dropout"));
    ml_error_clear();
    ml_predictor_print(NULL, p);
    assert_string_equal(ml_error(), "predictor: the file or the predictor is NULL");
    free(text);
    ml_predictor_free(p), ml_net_free(net);
}

static ml_tensor *any_forward(void *user, ml_tape *t, ml_tensor *x)
{
    (void)user, (void)t;
    return x;
}

static void refuses(const ml_net *net, ml_predictor_opts opts, ml_status status, const char *sentence)
{
    ml_error_clear();
    assert_null(ml_predictor_new(net, opts));
    assert_int_equal(ml_error_status(), status);
    assert_string_equal(ml_error(), sentence);
}

static void what_cannot_be_gets_a_sentence(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(13);
    ml_net *net = made(3, &rng), *empty = ml_net_empty(&rng), *custom = ml_net_custom(any_forward, NULL, 1, (int64_t[]){4});
    ml_real x[9 * 9 * 8] = {0}, out[5];
    refuses(NULL, (ml_predictor_opts){0}, ML_EINVAL, "predictor: the net is NULL, or has no layers yet");
    refuses(empty, (ml_predictor_opts){0}, ML_EINVAL, "predictor: the net is NULL, or has no layers yet");
    refuses(custom, (ml_predictor_opts){0}, ML_ESTATE,
            "predictor: a custom net cannot be made ready, since nobody sees into its function: use ml_predict");
    refuses(net, (ml_predictor_opts){.batch = -2}, ML_EINVAL,
            "predictor: the batch is -2, which must be >= 0, and kernel 0 one of ML_KERNEL_...");
    refuses(net, (ml_predictor_opts){.kernel = (ml_kernel)5}, ML_EINVAL,
            "predictor: the batch is 0, which must be >= 0, and kernel 5 one of ML_KERNEL_...");
    refuses(net, (ml_predictor_opts){.batch = INT64_MAX}, ML_EINVAL,
            "predictor: a batch of 9223372036854775807 is too large where a sample is 9x9x8");
    ml_predictor *p = ready(net, (ml_predictor_opts){0});
    assert_int_equal(ml_predictor_run(p, x, -1, out), ML_EINVAL);
    assert_int_equal(ml_predictor_run(p, NULL, 1, out), ML_EINVAL);
    assert_int_equal(ml_predictor_run(p, x, 1, NULL), ML_EINVAL);
    assert_int_equal(ml_predictor_run(NULL, x, 1, out), ML_EINVAL);
    assert_int_equal(ml_predictor_run(p, NULL, 0, NULL), ML_OK);
    ml_predictor_free(p), ml_predictor_free(NULL);
    ml_net_free(net), ml_net_free(empty), ml_net_free(custom);
}

/* A layer's own error: this call fails, the next one does not. */
static void an_error_does_not_stay(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(14);
    ml_net *net = ml_net_new(&rng, ML_INPUT(2), ML_EMBEDDING(5, 3), ML_FLATTEN(), ML_DENSE(2), ML_RELU());
    ml_predictor *p = ready(net, (ml_predictor_opts){0});
    ml_real good[] = {0, 4}, bad[] = {1, 5}, out[2], want[2];
    assert_int_equal(ml_predictor_run(p, bad, 1, out), ML_EINVAL);
    assert_string_equal(ml_error(), "embedding: number 1 of sample 0 is 5, not a whole number in 0 .. 4");
    assert_int_equal(ml_predictor_run(p, good, 1, out), ML_OK);
    assert_int_equal(ml_predict(net, good, 1, want), ML_OK);
    assert_near("embedding", out, want, 2);
    ml_predictor_free(p), ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_the_net_does),
        cmocka_unit_test(puts_together_what_it_can),
        cmocka_unit_test(random_nets_too),
        cmocka_unit_test(folds_in_double_and_rounds_once),
        cmocka_unit_test(a_frozen_norm_is_folded_too),
        cmocka_unit_test(the_net_may_change_or_go),
        cmocka_unit_test(hooks_stay_with_the_net),
        cmocka_unit_test(relu_keeps_nan),
        cmocka_unit_test(later_calls_allocate_nothing),
        cmocka_unit_test(buffers_are_few),
        cmocka_unit_test(one_for_all_threads),
        cmocka_unit_test(shows_its_steps),
        cmocka_unit_test(what_cannot_be_gets_a_sentence),
        cmocka_unit_test(an_error_does_not_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
