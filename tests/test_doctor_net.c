/* The doctor on nets that begin wrongly: each on data from which a sound net of the kind learns. */
#include "support/patient.h"
#include "support/tiny_ops.h"

#include "doctor/doctor.h"

#include <math.h>
#include <string.h>

enum { FEATURES = 20, CLASSES = 4, HIDDEN = 24 };

static ml_dataset *data(void)
{
    return blobs(400, FEATURES, CLASSES, 1);
}

/* All numbers of parameters whose name ends so become factor times themselves, plus shift. */
static void change(ml_net *net, const char *end, double factor, double shift)
{
    for (int i = 0; i < ml_params_count(net->params); i++) {
        ml_tensor *x = ml_params_at(net->params, i);
        size_t length = strlen(x->name), n = strlen(end);
        if (length < n || strcmp(x->name + length - n, end) != 0)
            continue;
        for (int64_t e = 0; e < x->size; e++)
            x->data[e] = (ml_real)(factor * (double)x->data[e] + shift);
    }
}

#define PLAIN(rng, activation)                                                                                  \
    made(ml_net_new((rng), ML_INPUT(FEATURES), ML_DENSE(HIDDEN), activation, ML_DENSE(HIDDEN), activation, ML_DENSE(CLASSES)))

static void finds(ml_net *net, ml_doctor_code code, const char *part)
{
    ml_dataset *ds = data();
    assert_finds(net, ds, (ml_doctor_opts){0}, code, part);
    ml_dataset_free(ds);
    ml_net_free(net);
}

/* ---- weights ---- */

static void weights(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = PLAIN(&rng, ML_RELU());
    change(net, "weight", 30, 0);
    finds(net, ML_DOCTOR_FIRST_LOSS, "This one is sure, and wrong");
    net = PLAIN(&rng, ML_RELU());
    ml_params_find(net->params, "2.weight")->data[5] = NAN;
    finds(net, ML_DOCTOR_NOT_FINITE, "The parameter 2.weight has NaN or infinity before any step");
    net = PLAIN(&rng, ML_RELU());
    change(net, "0.bias", 0, -100);
    finds(net, ML_DOCTOR_UNITS_DEAD, "24 of 24 units of the relu after 0 are 0 for every sample");
    net = PLAIN(&rng, ML_TANH());
    change(net, "weight", 200, 0);
    finds(net, ML_DOCTOR_UNITS_SATURATED, "of what the tanh after");
    net = PLAIN(&rng, ML_SIGMOID());
    change(net, "0.bias", 0, 50);
    finds(net, ML_DOCTOR_UNITS_SATURATED, "100 % of what the sigmoid after 0 gives");
}

static void equal_units(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = PLAIN(&rng, ML_TANH());
    change(net, "weight", 0, 0.1);
    finds(net, ML_DOCTOR_UNITS_SYMMETRIC, "All 24 units of 0.weight have the same weights and get the same gradients");
    net = PLAIN(&rng, ML_RELU());
    change(net, "weight", 0, 0);
    finds(net, ML_DOCTOR_UNITS_SYMMETRIC, "All 24 units");
    /* Zeros in the last layer alone are sound. */
    ml_dataset *ds = data();
    net = PLAIN(&rng, ML_RELU());
    change(net, "4.weight", 0, 0);
    assert_healthy(net, ds, (ml_doctor_opts){0});
    ml_net_free(net);
    net = made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(CLASSES, .init = ML_INIT_ZERO)));
    assert_healthy(net, ds, (ml_doctor_opts){.lr = 0.01});
    ml_net_free(net);
    ml_dataset_free(ds);
}

static ml_net *deep(int layers, ml_layer activation)
{
    ml_rng rng = ml_rng_seed(2);
    ml_net *net = made(ml_net_empty(&rng));
    assert_int_equal(ml_net_add(net, ML_INPUT(FEATURES)), ML_OK);
    for (int i = 0; i < layers; i++) {
        assert_int_equal(ml_net_add(net, ML_DENSE(HIDDEN)), ML_OK);
        assert_int_equal(ml_net_add(net, activation), ML_OK);
    }
    assert_int_equal(ml_net_add(net, ML_DENSE(CLASSES)), ML_OK);
    return net;
}

static void deep_nets(void **state)
{
    (void)state;
    finds(deep(10, ML_SIGMOID()), ML_DOCTOR_GRADIENT_VANISHES, "The gradient of 0.weight is");
    /* tanh keeps what goes forward small, and large weights make what goes back grow. */
    ml_net *net = deep(24, ML_TANH());
    change(net, "weight", 10, 0);
    finds(net, ML_DOCTOR_GRADIENT_EXPLODES, "on the way back it has grown");
}

/* ---- the last layer ---- */

static ml_tensor *logits_of(void *user, ml_tape *t, ml_tensor *x)
{
    ml_net *net = *(ml_net **)user;
    return ml_linear(t, x, ml_params_at(net->params, 0), ml_params_at(net->params, 1));
}

static ml_tensor *softmax_of(void *user, ml_tape *t, ml_tensor *x)
{
    return ml_softmax(t, logits_of(user, t, x), 1);
}

/* Softmax by its definition: no op of that name. */
static ml_tensor *by_hand(void *user, ml_tape *t, ml_tensor *x)
{
    ml_tensor *e = ml_exp(t, logits_of(user, t, x));
    return ml_div(t, e, ml_sum(t, e, 1, true));
}

static ml_tensor *log_softmax_of(void *user, ml_tape *t, ml_tensor *x)
{
    return ml_log_softmax(t, logits_of(user, t, x), 1);
}

/* One linear layer under a function that sees the net. */
static ml_net *linear_under(ml_forward_fn forward, ml_net **user)
{
    ml_net *net = *user = made(ml_net_custom(forward, user, 1, (int64_t[]){FEATURES}));
    drawn(net, "fc.weight", CLASSES, FEATURES, 0.2);
    drawn(net, "fc.bias", CLASSES, 0, 0.2);
    return net;
}

static void probabilities_for_logits(void **state)
{
    (void)state;
    ml_net *user;
    finds(linear_under(softmax_of, &user), ML_DOCTOR_SOFTMAX_TWICE, "no loss can fall below 0.744");
    finds(linear_under(by_hand, &user), ML_DOCTOR_SOFTMAX_TWICE, "rows that are positive and sum to 1");
    /* The softmax of log probabilities is what they are the logarithms of: no harm done. */
    ml_dataset *ds = data();
    ml_net *net = linear_under(log_softmax_of, &user);
    assert_healthy(net, ds, (ml_doctor_opts){.lr = 0.01});
    ml_net_free(net);
    ml_dataset_free(ds);
}

static void activations_after_the_last_layer(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    finds(made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(CLASSES), ML_RELU())), ML_DOCTOR_LOGITS_SQUASHED,
          "softmax_xent takes logits of any size and sign, and gets what relu has left");
    finds(made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(CLASSES), ML_TANH())), ML_DOCTOR_LOGITS_SQUASHED, "what tanh has left");
    ml_dataset *two = blobs(400, FEATURES, 2, 1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(1), ML_SIGMOID()));
    assert_finds(net, two, (ml_doctor_opts){.loss = ML_DOCTOR_BCE}, ML_DOCTOR_SOFTMAX_TWICE, "bce_logits applies sigmoid");
    ml_net_free(net);
    /* A squared error of what sigmoid gives is a loss like others. */
    net = made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(1), ML_SIGMOID()));
    assert_healthy(net, two, (ml_doctor_opts){.loss = ML_DOCTOR_MSE, .lr = 0.01});
    ml_net_free(net);
    ml_dataset_free(two);
}

/* PyTorch's other activations have left as little of a logit as relu has. */
static void later_activations_after_the_last_layer(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    finds(made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(CLASSES), ML_SOFTMAX())), ML_DOCTOR_SOFTMAX_TWICE, "softmax was applied before");
    const ml_layer layers[] = {ML_GELU(), ML_GELU_TANH(), ML_SILU(), ML_SOFTPLUS(), ML_ELU()};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        finds(made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(CLASSES), layers[i])), ML_DOCTOR_LOGITS_SQUASHED, "takes logits");
}

static ml_tensor *weighed_bce(void *user, ml_net *net, ml_tape *t, const ml_doctor_batch *b)
{
    return ml_binary_cross_entropy(t, ml_net_forward(net, t, b->x), b->target, (ml_bce_opts){.pos_weight = user});
}

static void sigmoid_under_a_loss_with_weights(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_dataset *two = blobs(400, FEATURES, 2, 1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(1), ML_SIGMOID()));
    ml_tensor *weight = ml_tensor_from(1, (int64_t[]){1}, (ml_real[]){2});
    assert_finds(net, two, (ml_doctor_opts){.loss = ML_DOCTOR_BCE, .loss_fn = weighed_bce, .user = weight},
                 ML_DOCTOR_SOFTMAX_TWICE, "binary_cross_entropy applies sigmoid");
    ml_tensor_free(weight);
    ml_net_free(net);
    ml_dataset_free(two);
}

/* An op without a gradient is an op, and no view that one looks through. */
static void what_made_a_number(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2, 3);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    ml_tensor *bent = ml_relu(t, x);
    assert_true(mli_graph_is(mli_graph_maker(t, ml_flatten(t, bent)), "relu"));
    assert_true(mli_graph_is(mli_graph_maker(t, ml_greater(t, bent, x)), "greater"));
    assert_null(mli_graph_maker(t, x));
    ml_tape_free(t);
    ml_tensor_free(x);
}

/* ---- nets of one's own ---- */

static ml_tensor *log_of_negative(void *user, ml_tape *t, ml_tensor *x)
{
    return ml_log(t, ml_sub(t, logits_of(user, t, x), ml_exp(t, ml_scale(t, logits_of(user, t, x), 2))));
}

/* At 0 the root has an infinite slope. */
static ml_tensor *root_of_zero(void *user, ml_tape *t, ml_tensor *x)
{
    return ml_sqrt(t, ml_scale(t, logits_of(user, t, x), 0));
}

static void not_finite(void **state)
{
    (void)state;
    ml_net *user;
    finds(linear_under(log_of_negative, &user), ML_DOCTOR_NOT_FINITE, "NaN or infinity is born in forward, in log after fc");
    finds(linear_under(root_of_zero, &user), ML_DOCTOR_NOT_FINITE, "The loss is finite, but the gradient of fc.");
}

static ml_tensor *detached(void *user, ml_tape *t, ml_tensor *x)
{
    ml_net *net = *(ml_net **)user;
    ml_tensor *h = ml_tanh(t, ml_linear(t, x, ml_params_at(net->params, 2), NULL));
    return ml_linear(t, ml_detach(t, h), ml_params_at(net->params, 0), ml_params_at(net->params, 1));
}

/* A sum of squares whose backward has the wrong sign, beside logits that are sound. */
static ml_tensor *wrong_backward(void *user, ml_tape *t, ml_tensor *x)
{
    ml_net *net = *(ml_net **)user;
    ml_tensor *h = ml_linear(t, x, ml_params_at(net->params, 2), NULL);
    return ml_linear(t, tiny_square_wrong(t, h), ml_params_at(net->params, 0), ml_params_at(net->params, 1));
}

static ml_tensor *right_backward(void *user, ml_tape *t, ml_tensor *x)
{
    ml_net *net = *(ml_net **)user;
    ml_tensor *h = ml_linear(t, x, ml_params_at(net->params, 2), NULL);
    return ml_linear(t, tiny_square(t, h), ml_params_at(net->params, 0), ml_params_at(net->params, 1));
}

static ml_net *two_layers_under(ml_forward_fn forward, ml_net **user)
{
    ml_net *net = linear_under(forward, user);
    drawn(net, "first.weight", FEATURES, FEATURES, 0.4);
    return net;
}

static void gradients(void **state)
{
    (void)state;
    ml_net *user;
    ml_dataset *ds = data();
    finds(two_layers_under(detached, &user), ML_DOCTOR_GRADIENT_NONE, "No gradient reaches first.weight");
    ml_net *net = two_layers_under(logits_of, &user); /* which forgets its first layer */
    assert_finds(net, ds, (ml_doctor_opts){0}, ML_DOCTOR_GRADIENT_NONE, "No gradient reaches first.weight");
    ml_params_freeze(net->params, "first", true);
    assert_healthy(net, ds, (ml_doctor_opts){.lr = 0.01});
    ml_net_free(net);
    finds(two_layers_under(wrong_backward, &user), ML_DOCTOR_GRADIENT_WRONG,
          "Along its gradient, first.weight changes the loss by -");
    net = two_layers_under(right_backward, &user);
    assert_healthy(net, ds, (ml_doctor_opts){.lr = 0.01});
    ml_net_free(net);
    ml_dataset_free(ds);
}

/* The same row for every sample. */
static ml_tensor *without_input(void *user, ml_tape *t, ml_tensor *x)
{
    ml_real ones[FEATURES];
    for (int i = 0; i < FEATURES; i++)
        ones[i] = 1;
    ml_tensor *one = ml_constant(t, 2, (int64_t[]){1, FEATURES}, ones), *zero = ml_scale(t, x, 0);
    return logits_of(user, t, ml_add(t, zero, one));
}

static void answers(void **state)
{
    (void)state;
    ml_net *user;
    finds(linear_under(without_input, &user), ML_DOCTOR_INPUT_IGNORED, "the net has one answer for all of them");
}

/* Labels that are others each time. */
static ml_tensor *shifting(void *user, ml_net *net, ml_tape *t, const ml_doctor_batch *b)
{
    static int32_t label[1024];
    int *call = user;
    ++*call;
    for (int64_t i = 0; i < b->label.n; i++)
        label[i] = (b->label.v[i] + *call) % CLASSES;
    return ml_softmax_xent(t, ml_net_forward(net, t, b->x), (ml_ints){label, b->label.n});
}

static ml_tensor *summed(void *user, ml_net *net, ml_tape *t, const ml_doctor_batch *b)
{
    (void)user;
    return ml_scale(t, ml_softmax_xent(t, ml_net_forward(net, t, b->x), b->label), (double)b->label.n);
}

static ml_tensor *divided(void *user, ml_net *net, ml_tape *t, const ml_doctor_batch *b)
{
    (void)user;
    return ml_scale(t, ml_softmax_xent(t, ml_net_forward(net, t, b->x), b->label), 0.1);
}

static void losses_of_ones_own(void **state)
{
    (void)state;
    int calls = 0;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = PLAIN(&rng, ML_RELU());
    ml_dataset *ds = data();
    assert_finds(net, ds, (ml_doctor_opts){.loss_fn = shifting, .user = &calls}, ML_DOCTOR_OVERFIT,
                 "21 samples cannot be learnt by heart");
    assert_finds(net, ds, (ml_doctor_opts){.loss_fn = summed}, ML_DOCTOR_FIRST_LOSS, "64 times less, one for each sample");
    assert_finds(net, ds, (ml_doctor_opts){.loss_fn = divided}, ML_DOCTOR_FIRST_LOSS, "no better than chance");
    ml_dataset_free(ds);
    ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights),
        cmocka_unit_test(equal_units),
        cmocka_unit_test(deep_nets),
        cmocka_unit_test(probabilities_for_logits),
        cmocka_unit_test(activations_after_the_last_layer),
        cmocka_unit_test(later_activations_after_the_last_layer),
        cmocka_unit_test(sigmoid_under_a_loss_with_weights),
        cmocka_unit_test(what_made_a_number),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(gradients),
        cmocka_unit_test(answers),
        cmocka_unit_test(losses_of_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
