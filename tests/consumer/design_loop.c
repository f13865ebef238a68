/* design_loop.c -- the training loop of the design, word for word, on a few made-up images: this text must compile with
 * -std=c11 -Wall -Wextra -Wpedantic -Werror, and run. */
#include <mlcore/mlcore.h>

static int loop(ml_dataset *train, ml_dataset *test)
{
    /* clang-format off */
ml_rng   rng = ml_rng_seed(42);
ml_net  *net = ml_net_new(&rng, ML_INPUT(28, 28, 1),
                          ML_CONV(16, .k = 3, .pad = 1), ML_RELU(), ML_POOL(2), ML_FLATTEN(), ML_DENSE(10));
ml_optim *opt = ml_adam(net->params, (ml_adam_opts){ .lr = 1e-3f });
ml_tape  *t   = ml_tape_new();

for (int epoch = 1; epoch <= 3; epoch++) {
    ml_loader it = ml_batches(train, 64, &rng);
    for (ml_batch b; ml_next(&it, &b); ) {
        ml_tape_reset(t);
        ml_tensor *logits = ml_net_forward(net, t, b.x);
        ml_tensor *loss   = ml_softmax_xent(t, logits, b.label);
        if (ml_backward(t, loss)) return ml_perror("backward");
        ml_step(opt);
    }
    double accuracy;
    if (ml_evaluate(net, test, ML_ACCURACY, &accuracy)) return ml_perror("evaluate");
    printf("epoch %d  accuracy %.2f %%\n", epoch, 100 * accuracy);
}
    /* clang-format on */
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_net_free(net);
    return 0;
}

enum { SAMPLES = 640, PIXELS = 28 * 28 };

/* Image i has one bright row: which one, is its class. */
int main(void)
{
    static uint8_t bytes[SAMPLES * PIXELS];
    static int32_t labels[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % 10;
        for (int x = 0; x < 28; x++)
            bytes[i * PIXELS + labels[i] * 28 + x] = 255;
    }
    ml_dataset *data = ml_dataset_new(SAMPLES, 3, (int64_t[]){28, 28, 1}, bytes, labels, 10);
    if (!data)
        return ml_perror("data");
    int failed = loop(data, data);
    ml_dataset_free(data);
    return failed;
}
