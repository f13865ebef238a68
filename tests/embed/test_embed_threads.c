/* Threads of the program: each with a tape and a net of its own trains at once, all predict on one net at once. The bits are
 * those of one alone. The ThreadSanitizer build says whether they met. */
#include "support/check.h"

#include "nn/nn.h"

#include <pthread.h>
#include <string.h>

enum { SAMPLES = 40, SIDE = 8, CLASSES = 3, BATCH = 10, STEPS = 12, MOST = 4, ROUNDS = 6 };

/* ---- training ---- */

typedef struct trainer {
    uint64_t seed;
    ml_kernel kernel;
    ml_status status;
    char sentence[256];
    int64_t length;
    ml_real weights[4096], out[SAMPLES * CLASSES];
} trainer;

static ml_net *net_of(uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    return ml_net_new(&rng, ML_INPUT(SIDE, SIDE, 1), ML_CONV(6, .k = 3, .pad = 1), ML_BATCH_NORM(), ML_RELU(), ML_POOL(2),
                      ML_RESIDUAL(ML_SEQ(ML_CONV(6, .k = 3, .pad = 1), ML_TANH())), ML_FLATTEN(), ML_DROPOUT(0.3), ML_DENSE(20),
                      ML_RELU(), ML_DENSE(CLASSES));
}

static void pictures(uint64_t seed, ml_tensor *x, int32_t *labels)
{
    ml_rng rng = ml_rng_seed(seed);
    ml_init_normal(x, &rng, 0, 1);
    for (int i = 0; i < SAMPLES; i++)
        labels[i] = (int32_t)ml_rng_below(&rng, CLASSES);
}

static ml_status train(trainer *w)
{
    ml_tensor *x = ml_tensor_new(4, (int64_t[]){SAMPLES, SIDE, SIDE, 1});
    ml_net *net = net_of(w->seed);
    ml_tape *t = ml_tape_open((ml_tape_opts){.seed = w->seed, .kernel = w->kernel});
    ml_optim *opt = net ? ml_adam(net->params, (ml_adam_opts){.lr = 0.01}) : NULL;
    int32_t labels[SAMPLES];
    ml_status s = x && t && opt ? ML_OK : ml_error_status();
    if (!s)
        pictures(w->seed, x, labels);
    for (int step = 0; step < STEPS && !s; step++) {
        ml_tape_reset(t);
        int64_t from = step * BATCH % SAMPLES;
        ml_tensor *batch = ml_slice(t, x, 0, from, from + BATCH);
        ml_tensor *loss = ml_softmax_xent(t, ml_net_forward(net, t, batch), (ml_ints){labels + from, BATCH});
        s = ml_backward(t, loss);
        if (!s)
            s = ml_step(opt);
    }
    if (!s && (w->length = net->params->length) <= 4096)
        memcpy(w->weights, net->params->data, (size_t)w->length * sizeof(ml_real));
    if (!s)
        s = ml_predict(net, x->data, SAMPLES, w->out);
    ml_optim_free(opt), ml_tape_free(t), ml_net_free(net), ml_tensor_free(x);
    return s;
}

static void *train_thread(void *arg)
{
    trainer *w = arg;
    w->status = train(w);
    if (w->status)
        snprintf(w->sentence, sizeof w->sentence, "%s", ml_error());
    return NULL;
}

static void together(void *(*body)(void *), void *args, size_t size, int n)
{
    pthread_t threads[MOST];
    for (int i = 0; i < n; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, body, (char *)args + (size_t)i * size), 0);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

static void a_tape_each(void **state)
{
    (void)state;
    static trainer alone[MOST], at_once[MOST];
    const ml_kernel kernels[MOST] = {ML_KERNEL_FAST, ML_KERNEL_FAST, ML_KERNEL_BLAS, ML_KERNEL_REF};
    int before = ml_threads();
    for (int i = 0; i < MOST; i++) {
        alone[i] = (trainer){.seed = (uint64_t)i + 1, .kernel = kernels[i]};
        train_thread(&alone[i]);
        assert_int_equal(alone[i].status, ML_OK);
        assert_true(alone[i].length > 500 && alone[i].length <= 4096);
    }
    for (int threads = 1; threads <= 2; threads++) {
        ml_set_threads(threads); /* with one, and with a pool that one of them gets and the others do without */
        for (int n = 2; n <= MOST; n += 2) {
            for (int i = 0; i < n; i++)
                at_once[i] = (trainer){.seed = (uint64_t)i + 1, .kernel = kernels[i]};
            together(train_thread, at_once, sizeof *at_once, n);
            for (int i = 0; i < n; i++) {
                if (at_once[i].status)
                    fail_msg("%s", at_once[i].sentence);
                assert_memory_equal(alone[i].weights, at_once[i].weights, sizeof alone[i].weights);
                assert_memory_equal(alone[i].out, at_once[i].out, sizeof alone[i].out);
            }
        }
    }
    ml_set_threads(before);
}

/* ---- predicting ---- */

typedef struct reader {
    ml_net *net;
    const ml_real *x;
    int64_t from, n; /* which of the samples */
    ml_status status;
    ml_real out[ROUNDS][SAMPLES * CLASSES];
} reader;

static void *predict_thread(void *arg)
{
    reader *r = arg;
    for (int k = 0; k < ROUNDS && !r->status; k++)
        r->status = ml_predict(r->net, r->x + r->from * SIDE * SIDE, r->n, r->out[k]);
    return NULL;
}

static void assert_predicts_at_once(ml_net *net, const ml_real *x)
{
    static reader readers[MOST];
    ml_real alone[SAMPLES * CLASSES];
    assert_int_equal(ml_net_prepare(net), ML_OK);
    assert_int_equal(ml_predict(net, x, SAMPLES, alone), ML_OK);
    for (int n = 2; n <= MOST; n++) {
        for (int i = 0; i < n; i++)
            readers[i] = (reader){.net = net, .x = x, .from = i, .n = SAMPLES - 2 * i};
        together(predict_thread, readers, sizeof *readers, n);
        for (int i = 0; i < n; i++)
            for (int k = 0; k < ROUNDS; k++) {
                assert_int_equal(readers[i].status, ML_OK);
                assert_memory_equal(readers[i].out[k], alone + i * CLASSES, (size_t)readers[i].n * CLASSES * sizeof *alone);
            }
    }
}

static ml_tensor *custom_forward(void *user, ml_tape *t, ml_tensor *x)
{
    ml_tensor *const *w = user;
    return ml_linear(t, ml_tanh(t, ml_linear(t, ml_flatten(t, x), w[0], NULL)), w[1], NULL);
}

static void one_net_for_all(void **state)
{
    (void)state;
    ml_tensor *x = ml_tensor_new(4, (int64_t[]){SAMPLES, SIDE, SIDE, 1}), *w[2];
    int32_t labels[SAMPLES];
    pictures(9, x, labels);
    ml_net *net = net_of(5), *custom = ml_net_custom(custom_forward, w, 3, (int64_t[]){SIDE, SIDE, 1});
    ml_rng rng = ml_rng_seed(6);
    w[0] = ml_param(custom->params, "w", 2, (int64_t[]){7, SIDE * SIDE});
    w[1] = ml_param(custom->params, "v", 2, (int64_t[]){CLASSES, 7});
    ml_init_normal(w[0], &rng, 0, 1), ml_init_normal(w[1], &rng, 0, 1);
    int before = ml_threads();
    for (int threads = 1; threads <= 2; threads++) {
        ml_set_threads(threads);
        assert_predicts_at_once(net, x->data);
        assert_predicts_at_once(custom, x->data);
    }
    ml_set_threads(before);
    ml_net_free(net), ml_net_free(custom), ml_tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tape_each),
        cmocka_unit_test(one_net_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
