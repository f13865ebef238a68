/* Nets: shapes, names, errors, prediction from many threads, custom nets, dropout, flatten, training as PyTorch's. */
#include "support/check.h"

#include "nn/nn.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

/* A net that must come to be. */
static ml_net *made(ml_net *net)
{
    if (!net)
        fail_msg("%s", ml_error());
    return net;
}

static ml_net *mlp(uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    return made(ml_net_new(&rng, ML_INPUT(20), ML_DENSE(16), ML_RELU(), ML_DROPOUT(0.25), ML_DENSE(3)));
}

static ml_tensor *random_input(uint64_t seed, int rank, const int64_t *shape)
{
    ml_rng rng = ml_rng_seed(seed);
    ml_tensor *x = ml_tensor_new(rank, shape);
    ml_init_normal(x, &rng, 0, 1);
    return x;
}

/* ---- what building gives ---- */

static void shapes_and_names(void **state)
{
    (void)state;
    ml_net *net = mlp(1);
    const char *names[] = {"0.weight", "0.bias", "3.weight", "3.bias"};
    const char *shapes[] = {"16x20", "16", "3x16", "3"};
    char text[160];
    assert_int_equal(ml_params_count(net->params), 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(ml_params_at(net->params, i)->name, names[i]);
        assert_string_equal(ml_shape_text(ml_params_at(net->params, i), text, sizeof text), shapes[i]);
    }
    assert_int_equal(ml_net_inputs(net), 20);
    assert_int_equal(ml_net_outputs(net), 3);
    assert_int_equal(ml_net_macs(net), 20 * 16 + 16 * 3);
    ml_net_free(net);
    ml_net_free(NULL);
}

static void initial_values_of_dense(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1), at_start = rng;
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(100), ML_DENSE(50), ML_DENSE(50, .init = ML_INIT_HE),
                                  ML_DENSE(50, .init = ML_INIT_ZERO), ML_DENSE(50, .no_bias = true),
                                  ML_DENSE(50, .init = ML_INIT_XAVIER), ML_DENSE(50, .init = ML_INIT_NORMAL)));
    assert_true(rng.counter > at_start.counter); /* the caller's generator went on */
    double high = 0, high_bias = 0, he = 0, xavier = 0, normal = 0;
    for (int64_t i = 0; i < 5000; i++)
        high = fmax(high, fabs((double)ml_params_find(net->params, "0.weight")->data[i]));
    for (int64_t i = 0; i < 50; i++)
        high_bias = fmax(high_bias, fabs((double)ml_params_find(net->params, "0.bias")->data[i]));
    assert_true(high <= 0.1 + 1e-7 && high > 0.099 && high_bias <= 0.1 + 1e-7 && high_bias > 0.08);
    for (int64_t i = 0; i < 2500; i++) {
        he += pow((double)ml_params_find(net->params, "1.weight")->data[i], 2) / 2500;
        xavier = fmax(xavier, fabs((double)ml_params_find(net->params, "4.weight")->data[i]));
        normal += pow((double)ml_params_find(net->params, "5.weight")->data[i], 2) / 2500;
        assert_true(ml_params_find(net->params, "2.weight")->data[i] == 0);
    }
    assert_true(fabs(he - 2.0 / 50) < 0.006 && fabs(normal - 1e-4) < 2e-5);
    assert_true(xavier <= sqrt(6.0 / 100) + 1e-7 && xavier > 0.98 * sqrt(6.0 / 100));
    assert_true(ml_params_find(net->params, "1.bias")->data[7] == 0);
    assert_null(ml_params_find(net->params, "3.bias"));
    ml_net_free(net);
}

static void equal_seeds_equal_nets(void **state)
{
    (void)state;
    ml_net *a = mlp(5), *b = mlp(5), *c = mlp(6);
    const ml_tensor *wa = ml_params_at(a->params, 0), *wb = ml_params_at(b->params, 0), *wc = ml_params_at(c->params, 0);
    assert_memory_equal(wa->data, wb->data, 320 * sizeof(ml_real));
    assert_memory_not_equal(wa->data, wc->data, 320 * sizeof(ml_real));
    ml_rng rng = ml_rng_seed(5); /* layer by layer gives the same net */
    ml_net *d = ml_net_empty(&rng);
    ml_layer layers[] = {ML_INPUT(20), ML_DENSE(16), ML_RELU(), ML_DROPOUT(0.25), ML_DENSE(3)};
    for (int i = 0; i < 5; i++)
        assert_int_equal(ml_net_add(d, layers[i]), ML_OK);
    assert_memory_equal(ml_params_at(d->params, 2)->data, ml_params_at(a->params, 2)->data, 48 * sizeof(ml_real));
    ml_net_free(a);
    ml_net_free(b);
    ml_net_free(c);
    ml_net_free(d);
}

static void assert_fails(ml_net *net, const char *sentence)
{
    assert_null(net);
    assert_string_equal(ml_error(), sentence);
    assert_int_equal(ml_error_status(), ML_EINVAL);
}

static void layers_that_do_not_fit(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_DENSE(5), ML_RELU(), ML_TANH(), ML_DENSE(0)),
                 "net: layer 3 (dense): out is 0: say how many features out");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_DENSE(-2)), "net: layer 0 (dense): out is -2: it must be >= 1");
    assert_fails(ml_net_new(&rng, ML_INPUT(28, 28, 1), ML_DENSE(10)),
                 "net: layer 0 (dense): a sample is 28x28x1 here, not a row of features: put ML_FLATTEN() before it");
    assert_fails(ml_net_new(&rng, ML_DENSE(10)),
                 "net: the first layer is dense: it must be ML_INPUT(...), the shape of one sample");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_INPUT(4)), "net: layer 0 (input): only the first layer of a net may be an input");
    assert_fails(ml_net_new(&rng, ML_INPUT(0)),
                 "net: input: the shape of one sample is empty: say it, as in ML_INPUT(28, 28, 1)");
    assert_fails(ml_net_new(&rng, ML_INPUT(4, 0, 2)), "net: input: extent 1 is 0: all must be >= 1");
    assert_fails(ml_net_new(&rng, ML_INPUT(-4)), "net: input: extent 0 is -4: all must be >= 1");
    assert_fails(ml_net_new(&rng, ML_INPUT(INT64_MAX, 3)), "net: input: the shape of one sample is too large");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_DROPOUT(1)), "net: layer 0 (dropout): p is 1: it must be in [0, 1)");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_DROPOUT(NAN)), "net: layer 0 (dropout): p is nan: it must be in [0, 1)");
    assert_fails(ml_net_new(&rng, ML_INPUT(4), ML_DENSE(2, .init = (ml_init)9)),
                 "net: layer 0 (dense): init is 9: it must be one of ML_INIT_DEFAULT .. ML_INIT_HE_OUT");
    assert_fails(ml_net_new(NULL, ML_INPUT(4)),
                 "net: rng is NULL: initial values are drawn from it, say ml_rng_seed(42)");
    assert_fails(ml_net_build(&rng, NULL, 3), "net: there are no layers");
    assert_null(ml_net_new(&rng, ML_INPUT(4), ML_DENSE(INT64_MAX / 2)));
    assert_true(rng.counter == 0); /* a net that failed drew nothing from the caller's generator */
}

static void a_failed_layer_changes_nothing(void **state)
{
    (void)state;
    ml_net *net = mlp(1);
    assert_int_equal(ml_net_add(net, (ml_layer){0}), ML_EINVAL);
    assert_int_equal(ml_net_add(net, ML_DENSE(INT64_MAX / 2)), ML_EINVAL);
    assert_int_equal(ml_params_count(net->params), 4);
    assert_int_equal(ml_net_outputs(net), 3);
    assert_int_equal(ml_net_add(net, ML_DENSE(2)), ML_OK);
    assert_string_equal(ml_params_at(net->params, 4)->name, "4.weight");
    assert_int_equal(ml_net_outputs(net), 2);
    ml_net_free(net);
}

/* ---- forward ---- */

static void wrong_inputs(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(784), ML_DENSE(10)));
    ml_net *images = made(ml_net_new(&rng, ML_INPUT(8, 8, 3), ML_FLATTEN(), ML_DENSE(10)));
    ml_net *none = ml_net_empty(&rng);
    ml_tensor *x = ml_zeros(64, 100), *flat = ml_zeros(784);
    ml_tape *t = ml_tape_new();
    assert_null(ml_net_forward(net, t, x));
    assert_string_equal(ml_tape_error_text(t), "net: input is 64x100, expected Nx784");
    assert_null(ml_net_forward(images, t, x)); /* the first error sticks */
    assert_string_equal(ml_tape_error_text(t), "net: input is 64x100, expected Nx784");
    ml_tape_reset(t);
    assert_null(ml_net_forward(images, t, x));
    assert_string_equal(ml_tape_error_text(t), "net: input is 64x100, expected Nx8x8x3");
    ml_tape_reset(t);
    assert_null(ml_net_forward(net, t, flat));
    assert_string_equal(ml_tape_error_text(t), "net: input is 784, expected Nx784");
    ml_tape_reset(t);
    assert_null(ml_net_forward(net, t, NULL));
    assert_int_equal(ml_tape_error(t), ML_EINVAL);
    ml_tape_reset(t);
    assert_null(ml_net_forward(NULL, t, x));
    ml_tape_reset(t);
    assert_null(ml_net_forward(none, t, x));
    assert_int_equal(ml_tape_error(t), ML_ESTATE);
    assert_int_equal(ml_net_inputs(none), -1);
    assert_int_equal(ml_net_outputs(none), -1);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_tensor_free(flat);
    ml_net_free(net);
    ml_net_free(images);
    ml_net_free(none);
}

static void load(ml_net *net, const char *name)
{
    golden g = golden_read(name);
    int64_t at = 0;
    for (int k = 0; k < ml_params_count(net->params); k++)
        for (int64_t i = 0; i < ml_params_at(net->params, k)->size; i++)
            ml_params_at(net->params, k)->data[i] = (ml_real)g.v[at++];
    assert_int_equal(at, g.size);
    golden_free(&g);
}

static void trains_as_pytorch(void **state)
{
    (void)state;
    golden logits = golden_read("nn_logits"), losses = golden_read("nn_losses"), labels = golden_read("nn_labels");
    golden end = golden_read("nn_end");
    ml_tensor *x = golden_tensor("nn_x");
    int32_t label[7];
    for (int i = 0; i < 7; i++)
        label[i] = (int32_t)labels.v[i];
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(5), ML_DENSE(6), ML_RELU(), ML_DENSE(4), ML_TANH(),
                                  ML_DENSE(3, .no_bias = true)));
    load(net, "nn_start");
    ml_optim *opt = ml_sgd(net->params, (ml_sgd_opts){.lr = 0.5, .momentum = 0.9});
    ml_tape *t = ml_tape_new();
    for (int step = 0; step < 3; step++) {
        ml_tape_reset(t);
        ml_tensor *y = ml_net_forward(net, t, x);
        ml_tensor *loss = ml_softmax_xent(t, y, (ml_ints){label, 7});
        assert_int_equal(ml_backward(t, loss), ML_OK);
        if (step == 0)
            assert_close(y->data, logits.v, logits.size, TOL_REAL, TOL_REAL);
        assert_close(loss->data, losses.v + step, 1, TOL_REAL, TOL_REAL);
        assert_int_equal(ml_step(opt), ML_OK);
    }
    for (int64_t k = 0, at = 0; k < ml_params_count(net->params); k++) {
        const ml_tensor *p = ml_params_at(net->params, (int)k);
        assert_close(p->data, end.v + at, p->size, TOL_REAL, TOL_REAL);
        at += p->size;
    }
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_net_free(net);
    ml_tensor_free(x);
    golden_free(&logits);
    golden_free(&losses);
    golden_free(&labels);
    golden_free(&end);
}

static void flatten_gives_pytorchs_order(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    golden y = golden_read("nn_image_y");
    ml_tensor *x = golden_tensor("nn_image"), *w = golden_tensor("nn_image_w"), *b = golden_tensor("nn_image_b");
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(4, 5, 3), ML_FLATTEN(), ML_DENSE(2)));
    memcpy(ml_params_find(net->params, "1.weight")->data, w->data, (size_t)w->size * sizeof(ml_real));
    memcpy(ml_params_find(net->params, "1.bias")->data, b->data, (size_t)b->size * sizeof(ml_real));
    ml_tape *t = ml_tape_new();
    ml_tensor *out = ml_net_forward(net, t, x);
    assert_non_null(out);
    assert_close(out->data, y.v, y.size, TOL_REAL, TOL_REAL);
    golden_free(&y);
    ml_tensor_free(x);
    ml_tensor_free(w);
    ml_tensor_free(b);
    ml_tape_free(t);
    ml_net_free(net);
}

static void flatten_writes_channels_first(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *image = made(ml_net_new(&rng, ML_INPUT(2, 2, 2), ML_FLATTEN()));
    ml_net *grey = made(ml_net_new(&rng, ML_INPUT(2, 2, 1), ML_FLATTEN()));
    ml_net *series = made(ml_net_new(&rng, ML_INPUT(2, 3), ML_FLATTEN()));
    ml_net *row = made(ml_net_new(&rng, ML_INPUT(6), ML_FLATTEN()));
    ml_real v[] = {0, 1, 2, 3, 4, 5, 6, 7}, want[] = {0, 2, 4, 6, 1, 3, 5, 7};
    ml_tensor *x = ml_tensor_from(4, (int64_t[]){1, 2, 2, 2}, v), *g = ml_tensor_from(4, (int64_t[]){2, 2, 2, 1}, v);
    ml_tensor *s = ml_tensor_from(3, (int64_t[]){1, 2, 3}, v), *r = ml_tensor_from(2, (int64_t[]){1, 6}, v);
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_net_forward(image, t, x);
    assert_true(y->rank == 2 && y->shape[0] == 1 && y->shape[1] == 8);
    assert_memory_equal(y->data, want, sizeof want);
    assert_ptr_equal(ml_net_forward(grey, t, g)->data, g->data); /* one channel: a view, nothing moves */
    assert_ptr_equal(ml_net_forward(series, t, s)->data, s->data);
    assert_ptr_equal(ml_net_forward(row, t, r), r);
    assert_int_equal(ml_net_outputs(image), 8);
    ml_tensor *xs[] = {x, g, s, r};
    for (int i = 0; i < 4; i++)
        ml_tensor_free(xs[i]);
    ml_tape_free(t);
    ml_net_free(image);
    ml_net_free(grey);
    ml_net_free(series);
    ml_net_free(row);
}

static void dropout_only_in_training(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(1000), ML_DROPOUT(0.25)));
    ml_tensor *x = ml_zeros(4, 1000);
    ml_init_constant(x, 3);
    ml_tape *t = ml_tape_open((ml_tape_opts){.seed = 7});
    ml_tensor *y = ml_net_forward(net, t, x);
    int zeros = 0;
    for (int64_t i = 0; i < y->size; i++) {
        zeros += y->data[i] == 0;
        assert_true(y->data[i] == 0 || fabs((double)y->data[i] - 4) < 1e-5);
    }
    assert_in_range(zeros, 860, 1140); /* 1000 expected, five deviations */
    ml_set_mode(t, ML_EVAL);
    y = ml_net_forward(net, t, x);
    assert_memory_equal(y->data, x->data, (size_t)x->size * sizeof(ml_real));
    static ml_real out[4000];
    assert_int_equal(ml_predict(net, x->data, 4, out), ML_OK);
    assert_memory_equal(out, x->data, sizeof out);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* ---- predict ---- */

enum { SAMPLES = 600 }; /* three batches, the last smaller */

static void predict_equals_forward(void **state)
{
    (void)state;
    ml_net *net = mlp(3);
    ml_tensor *x = random_input(4, 2, (int64_t[]){SAMPLES, 20});
    static ml_real out[SAMPLES * 3 + 1];
    out[SAMPLES * 3] = 77;
    assert_int_equal(ml_predict(net, x->data, SAMPLES, out), ML_OK);
    assert_true(out[SAMPLES * 3] == 77);
    ml_tape *t = ml_tape_open((ml_tape_opts){.mode = ML_EVAL});
    ml_tensor *y = ml_net_forward(net, t, x);
    assert_reals_close(out, y->data, SAMPLES * 3, TOL_REAL, TOL_REAL);
    assert_int_equal(ml_predict(net, NULL, 0, NULL), ML_OK);
    assert_int_equal(ml_predict(net, NULL, 1, out), ML_EINVAL);
    assert_int_equal(ml_predict(net, x->data, -1, out), ML_EINVAL);
    assert_int_equal(ml_predict(NULL, x->data, 1, out), ML_EINVAL);
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

typedef struct caller {
    ml_net *net;
    const ml_real *x;
    ml_real out[SAMPLES * 3];
    ml_status status;
} caller;

static void *predicts(void *arg)
{
    caller *c = arg;
    for (int i = 0; i < 5 && !c->status; i++)
        c->status = ml_predict(c->net, c->x, SAMPLES, c->out);
    return NULL;
}

/* Layers that give back what they got, or a view of it, at the beginning, between others and at the end: the buffers that
 * prediction takes in turn must not be taken too early. */
static void predict_through_views(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(9);
    ml_net *net = ml_net_new(&rng, ML_INPUT(4, 4, 2), ML_IDENTITY(), ML_DROPOUT(0.1), ML_CONV(3, .k = 3), ML_IDENTITY(),
                             ML_FLATTEN(), ML_DROPOUT(0.3), ML_DENSE(5), ML_IDENTITY(), ML_RELU(), ML_DENSE(3), ML_DROPOUT(0.1));
    assert_non_null(net);
    ml_tensor *x = random_tensor(&rng, 4, (int64_t[]){7, 4, 4, 2}, -1, 1);
    ml_real out[7 * 3];
    assert_int_equal(ml_predict(net, x->data, 7, out), ML_OK);
    ml_tape *t = ml_tape_open((ml_tape_opts){.no_grad = true, .mode = ML_EVAL});
    ml_tensor *y = ml_net_forward(net, t, x);
    assert_non_null(y);
    assert_memory_equal(out, y->data, sizeof out);
    ml_tape_free(t), ml_tensor_free(x), ml_net_free(net);
}

static void predict_from_threads(void **state)
{
    (void)state;
    static caller callers[3];
    ml_net *net = mlp(3);
    ml_tensor *x = random_input(4, 2, (int64_t[]){SAMPLES, 20});
    assert_int_equal(ml_net_prepare(net), ML_OK);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        callers[i] = (caller){.net = net, .x = x->data};
        assert_int_equal(pthread_create(&threads[i], NULL, predicts, &callers[i]), 0);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(callers[i].status, ML_OK);
        assert_memory_equal(callers[i].out, callers[0].out, sizeof callers[0].out);
    }
    assert_true(callers[0].out[0] != 0);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* ---- a struct and a function ---- */

typedef struct residual {
    ml_tensor *w1, *w2;
    int64_t rows; /* where > 0, what forward wrongly gives */
} residual;

static ml_tensor *residual_forward(void *user, ml_tape *t, ml_tensor *x)
{
    residual *r = user;
    ml_tensor *h = ml_add(t, x, ml_tanh(t, ml_linear(t, x, r->w1, NULL)));
    return r->rows ? ml_slice(t, h, 0, 0, r->rows) : ml_linear(t, h, r->w2, NULL);
}

static void custom_nets(void **state)
{
    (void)state;
    residual r = {0};
    ml_rng rng = ml_rng_seed(2);
    ml_net *net = made(ml_net_custom(residual_forward, &r, 1, (int64_t[]){4}));
    r.w1 = ml_param(net->params, "w1", 2, (int64_t[]){4, 4});
    r.w2 = ml_param(net->params, "w2", 2, (int64_t[]){2, 4});
    ml_init_he_normal(r.w1, &rng);
    ml_init_he_normal(r.w2, &rng);
    assert_int_equal(ml_net_inputs(net), 4);
    assert_int_equal(ml_net_outputs(net), 2);
    assert_int_equal(ml_net_macs(net), 0);
    assert_int_equal(ml_net_add(net, ML_RELU()), ML_ESTATE);

    ml_tensor *x = random_input(3, 2, (int64_t[]){5, 4});
    ml_real out[10];
    int32_t label[5] = {0, 1, 0, 1, 1};
    double first = 0, last = 0;
    ml_optim *opt = ml_adam(net->params, (ml_adam_opts){.lr = 0.05});
    ml_tape *t = ml_tape_new();
    for (int step = 0; step < 60; step++) {
        ml_tape_reset(t);
        ml_tensor *loss = ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){label, 5});
        assert_int_equal(ml_backward(t, loss), ML_OK);
        assert_int_equal(ml_step(opt), ML_OK);
        last = (double)loss->data[0];
        first = step ? first : last;
    }
    assert_true(last < 0.2 * first);
    assert_int_equal(ml_predict(net, x->data, 5, out), ML_OK);
    for (int i = 0; i < 5; i++)
        assert_true((out[2 * i + 1] > out[2 * i]) == (label[i] == 1));

    r.rows = 1;
    assert_int_equal(ml_predict(net, x->data, 5, out), ML_EINVAL);
    assert_string_equal(ml_error(), "net: its forward gave 1x4 for 5 samples: the first axis must be theirs");
    assert_null(ml_net_custom(NULL, NULL, 1, (int64_t[]){4}));
    assert_null(ml_net_custom(residual_forward, &r, 0, NULL));
    assert_null(ml_net_custom(residual_forward, &r, 1, (int64_t[]){0}));
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* ---- training's housekeeping ---- */

static void a_step_allocates_nothing(void **state)
{
    (void)state;
    ml_net *net = mlp(3);
    ml_optim *opt = ml_sgd(net->params, (ml_sgd_opts){.momentum = 0.9});
    ml_tensor *x = random_input(4, 2, (int64_t[]){32, 20});
    int32_t label[32] = {0, 1, 2, 1};
    ml_tape *t = ml_tape_new();
    int64_t asked = 0;
    for (int step = 0; step < 5; step++) {
        ml_tape_reset(t);
        ml_tensor *loss = ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){label, 32});
        assert_int_equal(ml_backward(t, loss), ML_OK);
        assert_int_equal(ml_step(opt), ML_OK);
        if (step == 0)
            asked = mli_alloc_count();
    }
    assert_int_equal(mli_alloc_count(), asked);
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_tensor_free(x);
    ml_net_free(net);
}

/* Two backwards before a step add up; after the step the next one overwrites. */
static void gradients_accumulate_until_the_step(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(20), ML_DENSE(3)));
    ml_optim *opt = ml_sgd(net->params, (ml_sgd_opts){.lr = ML_ZERO}); /* the values stay, so each pass gives the same */
    assert_non_null(opt);
    ml_tensor *x = random_input(4, 2, (int64_t[]){8, 20}), *w = ml_params_at(net->params, 0);
    int32_t label[8] = {0, 1, 2, 1};
    ml_real once[60];
    ml_tape *t = ml_tape_new();
    for (int pass = 0; pass < 4; pass++) {
        ml_tape_reset(t);
        ml_tensor *loss = ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){label, 8});
        assert_int_equal(ml_backward(t, loss), ML_OK);
        if (pass == 0)
            memcpy(once, w->grad, sizeof once);
        for (int i = 0; i < 60; i++) /* passes 0, 1 gather; then a step; 2 alone; then zero_grad; 3 alone */
            assert_true(fabs((double)w->grad[i] - (pass == 1 ? 2 : 1) * (double)once[i]) < 1e-6);
        if (pass == 1)
            assert_int_equal(ml_step(opt), ML_OK);
        if (pass == 2)
            ml_zero_grad(net->params);
    }
    assert_true(fabs((double)once[0]) > 1e-6);
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_tensor_free(x);
    ml_net_free(net);
}

static void the_summary(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(28, 28, 1), ML_FLATTEN(), ML_DENSE(128), ML_RELU(), ML_DROPOUT(0.2),
                                  ML_DENSE(10, .no_bias = true)));
    FILE *f = tmpfile();
    char text[2048] = "";
    ml_net_print(f, net);
    rewind(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    const char *want = sizeof(ml_real) == 4 ? "layer             output    params     MACs    bytes\n"
                                              "----------------  -------  -------  -------  -------\n"
                                              "input             28x28x1        0        0        0\n"
                                              "0 flatten         784            0        0        0\n"
                                              "1 dense           128      100,480  100,352  401,920\n"
                                              "2 relu            128            0        0        0\n"
                                              "3 dropout, p 0.2  128            0        0        0\n"
                                              "4 dense, no bias  10         1,280    1,280    5,120\n"
                                              "----------------  -------  -------  -------  -------\n"
                                              "total                      101,760  101,632  407,040\n"
                                            : NULL;
    if (want)
        assert_string_equal(text, want);
    assert_non_null(strstr(text, "total"));
    ml_net_print(NULL, net);
    ml_net_free(net);
}

static ml_tensor *notes_the_kernel(void *user, ml_tape *t, ml_tensor *x)
{
    *(ml_kernel *)user = mli_kernel(t);
    return x;
}

static void prediction_has_the_kernel_it_is_told(void **state)
{
    (void)state;
    const ml_real x[4] = {0};
    ml_real y[4];
    ml_kernel seen;
    ml_net *net = made(ml_net_custom(notes_the_kernel, &seen, 1, (int64_t[]){4}));
    const ml_kernel kernels[] = {ML_KERNEL_REF, ML_KERNEL_BLAS, ML_KERNEL_FAST};
    assert_int_equal(ml_predict(net, x, 1, y), ML_OK);
    assert_int_equal(seen, ML_KERNEL_FAST);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ml_net_set_kernel(net, kernels[i]), ML_OK);
        assert_int_equal(ml_predict(net, x, 1, y), ML_OK);
        assert_int_equal(seen, kernels[i]);
    }
    assert_int_equal(ml_net_set_kernel(net, (ml_kernel)3), ML_EINVAL);
    assert_string_equal(ml_error(), "net: it is NULL, or kernel 3 is none of ML_KERNEL_...");
    assert_int_equal(ml_net_set_kernel(NULL, ML_KERNEL_REF), ML_EINVAL);
    ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_and_names),              cmocka_unit_test(initial_values_of_dense),
        cmocka_unit_test(equal_seeds_equal_nets),        cmocka_unit_test(layers_that_do_not_fit),
        cmocka_unit_test(a_failed_layer_changes_nothing), cmocka_unit_test(wrong_inputs),
        cmocka_unit_test(trains_as_pytorch),             cmocka_unit_test(flatten_gives_pytorchs_order),
        cmocka_unit_test(flatten_writes_channels_first), cmocka_unit_test(dropout_only_in_training),
        cmocka_unit_test(predict_equals_forward),        cmocka_unit_test(predict_from_threads), cmocka_unit_test(predict_through_views),
        cmocka_unit_test(custom_nets),                   cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(prediction_has_the_kernel_it_is_told),
        cmocka_unit_test(gradients_accumulate_until_the_step), cmocka_unit_test(the_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
