/* train.c -- samples a second of training a network on MNIST, through the public interface, as a user would write it.
 *
 *   bench-train --net 512,256 --batch 64 --optimizer adam --threads 2 --samples 60000 --epochs 3
 *   bench-train --net lenet | cnn
 *
 * A list of numbers is the hidden layers of a multilayer perceptron. lenet is LeNet-5 with relu and max pooling; cnn is
 * conv 32 and 64 of 3x3, max pooling, dropout, dense 128, dropout. Prints one JSON line. The batch is gathered from bytes
 * and becomes float in the step. benchmarks/train.py runs it beside its peers. `bench-train --peak N` prints the
 * multiply-add ceiling of N threads, in GFLOPS. */
#include "lab/measure.h"

#include <mlcore/mlcore.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int peak(int threads)
{
    if (ml_set_threads(threads))
        return ml_perror("peak");
    printf("{\"peak_gflops\": %.1f, \"threads\": %d}\n", lab_peak(), threads);
    return 0;
}

static ml_net *mlp(ml_rng *rng, const char *hidden)
{
    ml_net *net = ml_net_empty(rng);
    if (!net || ml_net_add(net, ML_INPUT(28, 28, 1)) || ml_net_add(net, ML_FLATTEN()))
        return NULL;
    for (const char *p = hidden; *p;) {
        char *end;
        if (ml_net_add(net, ML_DENSE(strtoll(p, &end, 10))) || ml_net_add(net, ML_RELU()))
            return NULL;
        p = *end == ',' ? end + 1 : end;
    }
    return ml_net_add(net, ML_DENSE(10)) ? NULL : net;
}

static ml_net *build(ml_rng *rng, const char *name)
{
    if (!strcmp(name, "lenet"))
        return ml_net_new(rng, ML_INPUT(28, 28, 1), ML_CONV(6, .k = 5, .pad = 2), ML_RELU(), ML_POOL(2),
                          ML_CONV(16, .k = 5), ML_RELU(), ML_POOL(2), ML_FLATTEN(), ML_DENSE(120), ML_RELU(), ML_DENSE(84),
                          ML_RELU(), ML_DENSE(10));
    if (!strcmp(name, "cnn"))
        return ml_net_new(rng, ML_INPUT(28, 28, 1), ML_CONV(32, .k = 3), ML_RELU(), ML_CONV(64, .k = 3), ML_RELU(), ML_POOL(2),
                          ML_DROPOUT(0.25), ML_FLATTEN(), ML_DENSE(128), ML_RELU(), ML_DROPOUT(0.5), ML_DENSE(10));
    return mlp(rng, name);
}

/* Three passes, forward, by weight and by input, but for the first layer, whose input wants no gradient. */
static double flops_of(const ml_net *net, const char *name)
{
    double first = strcmp(name, "lenet") == 0 ? 28.0 * 28 * 25 * 6 : strcmp(name, "cnn") == 0 ? 26.0 * 26 * 9 * 32 : 784 * atof(name);
    return 6 * (double)ml_net_macs(net) - 2 * first;
}

static ml_status epoch(ml_net *net, ml_tape *t, ml_optim *opt, ml_dataset *train, int64_t batch, ml_rng *rng)
{
    ml_loader it = ml_full_batches(train, batch, rng);
    for (ml_batch b; ml_next(&it, &b);) {
        ml_tape_reset(t);
        ml_tensor *loss = ml_softmax_xent(t, ml_net_forward(net, t, b.x), b.label);
        if (ml_backward(t, loss) || ml_step(opt))
            return ml_error_status();
    }
    return it.status;
}

int main(int argc, char **argv)
{
    const char *name = "128", *optimizer = "sgd", *data = MLCORE_SOURCE_DIR "/data/mnist";
    int batch = 64, threads = 1, epochs = 3, samples = 60000;
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *flag = argv[i], *value = argv[i + 1];
        if (!strcmp(flag, "--peak"))
            return peak(atoi(value));
        if (!strcmp(flag, "--net"))
            name = value;
        else if (!strcmp(flag, "--optimizer"))
            optimizer = value;
        else if (!strcmp(flag, "--data"))
            data = value;
        else if (!strcmp(flag, "--batch"))
            batch = atoi(value);
        else if (!strcmp(flag, "--threads"))
            threads = atoi(value);
        else if (!strcmp(flag, "--samples"))
            samples = atoi(value);
        else if (!strcmp(flag, "--epochs"))
            epochs = atoi(value);
        else
            return fprintf(stderr, "bench-train: unknown flag %s\n", flag), 2;
    }
    if (epochs < 1 || epochs > 99 || ml_set_threads(threads))
        return fprintf(stderr, "bench-train: threads or epochs out of range\n"), 2;
    ml_rng rng = ml_rng_seed(1);
    double took[99], accuracy = 0;
    ml_dataset *all = ml_dataset_read_idx(data, "train", 0), *train = ml_dataset_head(all, samples), *test = ml_dataset_read_idx(data, "t10k", 10);
    ml_net *net = build(&rng, name);
    ml_tape *t = ml_tape_new();
    if (!train || !test || !net || !t)
        return ml_perror("bench-train");
    ml_optim *opt = strcmp(optimizer, "adam") ? ml_sgd(net->params, (ml_sgd_opts){.lr = 0.05})
                                              : ml_adam(net->params, (ml_adam_opts){.lr = 1e-3});
    if (!opt || epoch(net, t, opt, train, batch, &rng)) /* not timed: memory is had here */
        return ml_perror("bench-train");
    for (int e = 0; e < epochs; e++) {
        double start = lab_seconds();
        if (epoch(net, t, opt, train, batch, &rng))
            return ml_perror("bench-train");
        took[e] = lab_seconds() - start;
    }
    if (ml_evaluate(net, test, ML_ACCURACY, &accuracy))
        return ml_perror("bench-train");
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    double rate = samples / batch * batch / lab_median(took, epochs);
    printf("{\"samples_per_second\": %.1f, \"gflops\": %.2f, \"test_accuracy\": %.4f, \"threads\": %d, \"peak_rss_mb\": %.1f, "
           "\"build\": \"%s\"}\n",
           rate, rate * flops_of(net, name) * 1e-9, accuracy, threads, (double)use.ru_maxrss / 1024, ml_build_info());
    ml_optim_free(opt);
    ml_tape_free(t);
    ml_net_free(net);
    ml_dataset_free(train);
    ml_dataset_free(all);
    ml_dataset_free(test);
    return 0;
}
