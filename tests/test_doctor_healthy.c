/* The doctor on sound set-ups: it says nothing. Nets like those of week 4, on real digits; others of other kinds. The nets of
 * week 4 themselves are examined by tests/examples/week04-doctor.sh, where no sanitizer makes them slow. */
#include "support/patient.h"

#include <math.h>

/* Ten times slower under a sanitizer, which looks for slips of memory and not for verdicts. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SAMPLES = 250, SEEDS = 1, LENETS = 0, FEW = 80 };
#else
enum { SAMPLES = 2000, SEEDS = 2, LENETS = 1, FEW = 320 };
#endif

static ml_net *softmax_regression(ml_rng *rng)
{
    return ml_net_new(rng, ML_INPUT(28, 28, 1), ML_FLATTEN(), ML_DENSE(10));
}

static ml_net *mlp(ml_rng *rng)
{
    return ml_net_new(rng, ML_INPUT(28, 28, 1), ML_FLATTEN(), ML_DENSE(128), ML_RELU(), ML_DROPOUT(0.2), ML_DENSE(10));
}

static ml_net *lenet(ml_rng *rng)
{
    return ml_net_new(rng, ML_INPUT(28, 28, 1), ML_CONV(6, .k = 5, .pad = 2), ML_RELU(), ML_POOL(2), ML_CONV(16, .k = 5), ML_RELU(),
                      ML_POOL(2), ML_FLATTEN(), ML_DENSE(120), ML_RELU(), ML_DENSE(84), ML_RELU(), ML_DENSE(10));
}

static ml_net *cnn(ml_rng *rng)
{
    return ml_net_new(rng, ML_INPUT(28, 28, 1), ML_CONV(8, .k = 3, .stride = 2, .pad = 1, .no_bias = true), ML_BATCH_NORM(),
                      ML_RELU(), ML_POOL(2), ML_CONV(16, .k = 3, .pad = 1, .no_bias = true), ML_BATCH_NORM(), ML_RELU(),
                      ML_FLATTEN(), ML_DROPOUT(0.3), ML_DENSE(10));
}

static void healthy_on_digits(ml_net *(*net_of)(ml_rng *rng), uint64_t seeds, double adam, double sgd)
{
    ml_dataset *ds = digits(SAMPLES);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        ml_rng rng = ml_rng_seed(seed);
        ml_net *net = made(net_of(&rng));
        ml_optim *opt = ml_sgd(net->params, (ml_sgd_opts){.lr = sgd, .momentum = 0.9, .nesterov = true});
        assert_healthy(net, ds, (ml_doctor_opts){.lr = adam, .seed = seed, .batch = 128});
        if (seed > 1)
            assert_healthy(net, ds, (ml_doctor_opts){.optim = opt, .seed = seed, .batch = 128});
        ml_optim_free(opt);
        ml_net_free(net);
    }
    ml_dataset_free(ds);
}

static void softmax_on_digits(void **state)
{
    (void)state;
    healthy_on_digits(softmax_regression, SEEDS, 0.004, 0.2);
}

static void mlp_on_digits(void **state)
{
    (void)state;
    healthy_on_digits(mlp, SEEDS, 0.003, 0.2);
}

static void lenet_on_digits(void **state)
{
    (void)state;
    healthy_on_digits(lenet, LENETS, 0.004, 0.1);
}

static void cnn_on_digits(void **state)
{
    (void)state;
    healthy_on_digits(cnn, SEEDS, 0.006, 0.1);
}

/* Standardised digits, and He's initial weights in every layer: the first loss is high, but not odd. */
static void he_on_standardised_digits(void **state)
{
    (void)state;
    ml_dataset *ds = digits(SAMPLES);
    ds->mean = 0.1307 * 255;
    ds->scale = 1 / (0.3081 * 255);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        ml_rng rng = ml_rng_seed(seed);
        ml_net *net = made(ml_net_new(&rng, ML_INPUT(28, 28, 1), ML_FLATTEN(), ML_DENSE(100, .init = ML_INIT_HE), ML_RELU(),
                                      ML_DENSE(100, .init = ML_INIT_HE), ML_RELU(), ML_DENSE(10, .init = ML_INIT_HE)));
        assert_healthy(net, ds, (ml_doctor_opts){.seed = seed});
        ml_net_free(net);
    }
    ml_dataset_free(ds);
}

static void few_digits(void **state)
{
    (void)state;
    for (int64_t n = 20; n <= FEW; n *= 4) {
        ml_dataset *ds = digits(n);
        ml_rng rng = ml_rng_seed(1);
        ml_net *net = made(mlp(&rng));
        assert_healthy(net, ds, (ml_doctor_opts){0});
        ml_net_free(net);
        ml_dataset_free(ds);
    }
}

/* ---- other kinds ---- */

static void regression(void **state)
{
    (void)state;
    enum { N = 500, FEATURES = 8 };
    ml_rng rng = ml_rng_seed(1);
    ml_tensor *x = ml_zeros(N, FEATURES), *y = ml_zeros(N, 2);
    assert_int_equal(ml_init_normal(x, &rng, 0, 1), ML_OK);
    for (int64_t i = 0; i < N; i++) {
        y->data[2 * i] = (ml_real)(sin((double)x->data[FEATURES * i]) + 0.5 * (double)x->data[FEATURES * i + 1]);
        y->data[2 * i + 1] = x->data[FEATURES * i + 2];
    }
    ml_net *linear = made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(2)));
    ml_net *tanh = made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(32), ML_TANH(), ML_DENSE(32), ML_SIGMOID(), ML_DENSE(2)));
    ml_doctor_opts o = {.loss = ML_DOCTOR_MSE, .x = x, .target = y, .lr = 0.01};
    assert_healthy(linear, NULL, o);
    assert_healthy(tanh, NULL, o);
    o.rule = ML_DOCTOR_SGD;
    o.lr = 0.1;
    assert_healthy(linear, NULL, o);
    ml_net_free(linear);
    ml_net_free(tanh);
    ml_tensor_free(x);
    ml_tensor_free(y);
}

/* The four rows of XOR, two tanh units, plain descent: week 1. */
static void four_rows(void **state)
{
    (void)state;
    ml_tensor *x = ml_tensor_from(2, (int64_t[]){4, 2}, (ml_real[]){0, 0, 0, 1, 1, 0, 1, 1});
    ml_tensor *y = ml_tensor_from(2, (int64_t[]){4, 1}, (ml_real[]){0, 1, 1, 0});
    for (uint64_t seed = 1; seed <= 10; seed++) {
        ml_rng rng = ml_rng_seed(seed);
        ml_net *net = made(ml_net_new(&rng, ML_INPUT(2), ML_DENSE(2), ML_TANH(), ML_DENSE(1)));
        assert_healthy(net, NULL, (ml_doctor_opts){.loss = ML_DOCTOR_BCE, .x = x, .target = y, .rule = ML_DOCTOR_SGD, .lr = 0.5});
        ml_net_free(net);
    }
    ml_tensor_free(x);
    ml_tensor_free(y);
}

/* A net that has learnt already is none at its start, and well all the same. */
static void trained(void **state)
{
    (void)state;
    ml_dataset *ds = digits(500);
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(mlp(&rng));
    ml_optim *opt = ml_adam(net->params, (ml_adam_opts){0});
    ml_tape *t = ml_tape_new();
    for (int epoch = 0; epoch < 20; epoch++) {
        ml_loader it = ml_batches(ds, 50, &rng);
        for (ml_batch b; ml_next(&it, &b);) {
            ml_tape_reset(t);
            assert_int_equal(ml_backward(t, ml_softmax_xent(t, ml_net_forward(net, t, b.x), b.label)), ML_OK);
            assert_int_equal(ml_step(opt), ML_OK);
        }
    }
    ml_doctor_report r = examined(net, ds, (ml_doctor_opts){.optim = opt});
    assert_true(r.trained && r.first_accuracy > 0.99);
    assert_true(r.overfit_steps <= 20);
    ml_doctor_free(&r);
    assert_healthy(net, ds, (ml_doctor_opts){.optim = opt});
    assert_healthy(net, ds, (ml_doctor_opts){.lr = 1e-6}); /* finetuning */
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_net_free(net);
    ml_dataset_free(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_on_digits),
        cmocka_unit_test(mlp_on_digits),
        cmocka_unit_test(lenet_on_digits),
        cmocka_unit_test(cnn_on_digits),
        cmocka_unit_test(he_on_standardised_digits),
        cmocka_unit_test(few_digits),
        cmocka_unit_test(regression),
        cmocka_unit_test(four_rows),
        cmocka_unit_test(trained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
