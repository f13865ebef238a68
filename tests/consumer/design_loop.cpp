// design_loop.cpp -- the twin of design_loop.c in C++17: the same net by ml_net_add, the same loop.
#include <mlcore/mlcore.h>

#include <cstdio>
#include <vector>

static ml_layer dense(int64_t out)
{
    ml_dense_opts opts = {};
    opts.out = out;
    return ml_layer_dense(opts);
}

static ml_layer conv(int64_t out, int64_t k, int64_t pad)
{
    ml_conv_opts opts = {};
    opts.out = out;
    opts.k = k;
    opts.pad = pad;
    return ml_layer_conv(opts);
}

static ml_layer max_pool(int64_t k)
{
    ml_pool2d_opts opts = {};
    opts.k = k;
    return ml_layer_max_pool(opts);
}

static ml_layer input(int64_t height, int64_t width, int64_t channels)
{
    ml_input_opts opts = {};
    opts.shape[0] = height;
    opts.shape[1] = width;
    opts.shape[2] = channels;
    return ml_layer_input(opts);
}

static int loop(ml_dataset *train, ml_dataset *test)
{
    ml_rng rng = ml_rng_seed(42);
    ml_net *net = ml_net_empty(&rng);
    for (const ml_layer &layer :
         {input(28, 28, 1), conv(16, 3, 1), ml_layer_relu(), max_pool(2), ml_layer_flatten(), dense(10)})
        if (ml_net_add(net, layer))
            return ml_perror("net");
    ml_adam_opts adam = {};
    adam.lr = 1e-3;
    ml_optim *opt = ml_adam(net->params, adam);
    ml_tape *t = ml_tape_new();

    for (int epoch = 1; epoch <= 3; epoch++) {
        ml_loader it = ml_batches(train, 64, &rng);
        for (ml_batch b; ml_next(&it, &b);) {
            ml_tape_reset(t);
            ml_tensor *logits = ml_net_forward(net, t, b.x);
            ml_tensor *loss = ml_softmax_xent(t, logits, b.label);
            if (ml_backward(t, loss))
                return ml_perror("backward");
            ml_step(opt);
        }
        double accuracy;
        if (ml_evaluate(net, test, ML_ACCURACY, &accuracy))
            return ml_perror("evaluate");
        std::printf("epoch %d  accuracy %.2f %%\n", epoch, 100 * accuracy);
    }
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_net_free(net);
    return 0;
}

int main()
{
    const int samples = 640, pixels = 28 * 28;
    std::vector<uint8_t> bytes(samples * pixels);
    std::vector<int32_t> labels(samples);
    for (int i = 0; i < samples; i++) {
        labels[i] = i % 10;
        for (int x = 0; x < 28; x++)
            bytes[i * pixels + labels[i] * 28 + x] = 255;
    }
    const int64_t shape[] = {28, 28, 1};
    ml_dataset *data = ml_dataset_new(samples, 3, shape, bytes.data(), labels.data(), 10);
    if (!data)
        return ml_perror("data");
    int failed = loop(data, data);
    ml_dataset_free(data);
    return failed;
}
