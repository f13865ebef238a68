// embed.cpp -- a C++17 program that holds nets as values: smart pointers free them, errors become exceptions, and a lambda
// is the forward of a custom net. Both nets learn XOR.
#include <mlcore/mlcore.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

template <auto Free> struct deleter {
    template <class T> void operator()(T *p) const { Free(p); }
};
using net_ptr = std::unique_ptr<ml_net, deleter<ml_net_free>>;
using tape_ptr = std::unique_ptr<ml_tape, deleter<ml_tape_free>>;
using optim_ptr = std::unique_ptr<ml_optim, deleter<ml_optim_free>>;

static void check(bool good)
{
    if (!good)
        throw std::runtime_error(ml_error());
}

static const ml_real POINTS[] = {0, 0, 0, 1, 1, 0, 1, 1};
static const int32_t LABELS[] = {0, 1, 1, 0};

static ml_layer dense(int64_t out)
{
    ml_dense_opts opts = {};
    opts.out = out;
    return ml_layer_dense(opts);
}

static net_ptr layer_by_layer(ml_rng *rng)
{
    ml_input_opts sample = {};
    sample.shape[0] = 2;
    net_ptr net(ml_net_empty(rng));
    check(net != nullptr);
    check(ml_net_add(net.get(), dense(4)) == ML_EINVAL); // the input must come first, and the sentence says so
    for (const ml_layer &layer : {ml_layer_input(sample), dense(8), ml_layer_tanh(), dense(2)})
        check(ml_net_add(net.get(), layer) == ML_OK);
    return net;
}

struct model {
    ml_tensor *w1, *b1, *w2, *b2;
};

static net_ptr from_a_lambda(model *m, ml_rng *rng)
{
    const int64_t sample = 2, hidden = 8, classes = 2, w1[] = {hidden, sample}, w2[] = {classes, hidden};
    ml_forward_fn forward = [](void *user, ml_tape *t, ml_tensor *x) {
        auto *m = static_cast<model *>(user);
        return ml_linear(t, ml_tanh(t, ml_linear(t, x, m->w1, m->b1)), m->w2, m->b2);
    };
    net_ptr net(ml_net_custom(forward, m, 1, &sample));
    check(net != nullptr);
    check((m->w1 = ml_param(net->params, "fc1.weight", 2, w1)) != nullptr);
    check((m->b1 = ml_param(net->params, "fc1.bias", 1, &hidden)) != nullptr);
    check((m->w2 = ml_param(net->params, "fc2.weight", 2, w2)) != nullptr);
    check((m->b2 = ml_param(net->params, "fc2.bias", 1, &classes)) != nullptr);
    check(ml_init_xavier_normal(m->w1, rng) == ML_OK && ml_init_xavier_normal(m->w2, rng) == ML_OK);
    return net;
}

// Returns how many of the four points are right in the end.
static int train(ml_net *net)
{
    ml_adam_opts adam = {};
    adam.lr = 0.05;
    optim_ptr opt(ml_adam(net->params, adam));
    tape_ptr t(ml_tape_new());
    check(opt && t);
    const int64_t shape[] = {4, 2};
    for (int step = 0; step < 300; step++) {
        ml_tape_reset(t.get());
        ml_tensor *x = ml_constant(t.get(), 2, shape, POINTS);
        ml_tensor *loss = ml_softmax_xent(t.get(), ml_net_forward(net, t.get(), x), ml_ints{LABELS, 4});
        check(ml_backward(t.get(), loss) == ML_OK && ml_step(opt.get()) == ML_OK);
    }
    ml_real out[8];
    check(ml_predict(net, POINTS, 4, out) == ML_OK);
    int right = 0;
    for (int i = 0; i < 4; i++)
        right += (out[2 * i + 1] > out[2 * i]) == (LABELS[i] == 1);
    return right;
}

int main()
try {
    ml_rng rng = ml_rng_seed(1);
    model m = {};
    int right = train(layer_by_layer(&rng).get()) + train(from_a_lambda(&m, &rng).get());
    std::printf("accuracy %.2f %%\n", 100.0 * right / 8);
    return right == 8 ? 0 : 1;
} catch (const std::exception &e) {
    std::fprintf(stderr, "embed: %s\n", e.what());
    return 1;
}
