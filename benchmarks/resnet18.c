/* resnet18.c -- ResNet-18 at 224x224 through the public interface: prediction by an ml_predictor, and one step of training by SGD
 * with momentum.
 *
 *   bench-resnet18 --work predict --batch 8 --threads 2 --rounds 11
 *   bench-resnet18 --work train --batch 8 --threads 2 --rounds 7
 *
 * Prints one JSON line: the median of the rounds in milliseconds, GFLOPS, peak memory of the process in MB and, of training, what
 * the tape holds. benchmarks/resnet18.py runs it beside its peers. The first two rounds are not timed: memory is had there. */
#include "lab/measure.h"

#include <mlcore/mlcore.h>

#include <stdlib.h>
#include <string.h>

enum { CLASSES = 1000, SIDE = 224, WARM = 2, MOST = 999 };

typedef struct work {
    ml_net *net;
    ml_tensor *x, *out;
    ml_ints labels;
    ml_predictor *p; /* of prediction */
    ml_optim *opt;   /* of training, as the tape */
    ml_tape *t;
} work;

static ml_status predict(work *w)
{
    return ml_predictor_run(w->p, w->x->data, w->x->shape[0], w->out->data);
}

static ml_status train(work *w)
{
    ml_tape_reset(w->t);
    ml_tensor *loss = ml_softmax_xent(w->t, ml_net_forward(w->net, w->t, w->x), w->labels);
    return ml_backward(w->t, loss) ? ml_error_status() : ml_step(w->opt);
}

/* Of the process, in MB, as the kernel counts it: not inherited, as that of getrusage is. 0 where there is no /proc. */
static double peak_memory(void)
{
    char line[256];
    double kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = atof(line + 6);
    if (f)
        fclose(f);
    return kb / 1024;
}

static ml_status prepare(work *w, int64_t batch, bool training)
{
    static int32_t labels[256];
    ml_rng rng = ml_rng_seed(1);
    for (int64_t i = 0; i < batch; i++)
        labels[i] = (int32_t)(i * 37 % CLASSES);
    *w = (work){.net = ml_resnet18(&rng, (ml_resnet_opts){0}), .x = ml_zeros(batch, SIDE, SIDE, 3), .out = ml_zeros(batch, CLASSES),
                .labels = {labels, batch}};
    if (!w->net || !w->out || ml_init_uniform(w->x, &rng, 0, 1))
        return ml_error_status();
    if (!training)
        return (w->p = ml_predictor_new(w->net, (ml_predictor_opts){.batch = batch})) ? ML_OK : ml_error_status();
    w->opt = ml_sgd(w->net->params, (ml_sgd_opts){.lr = 0.01, .momentum = 0.9});
    w->t = ml_tape_new();
    return w->opt && w->t ? ML_OK : ML_ENOMEM;
}

static ml_status measure(work *w, bool training, int rounds, double *took)
{
    for (int i = -WARM; i < rounds; i++) {
        double start = lab_seconds();
        if (training ? train(w) : predict(w))
            return ml_error_status();
        if (i >= 0)
            took[i] = lab_seconds() - start;
    }
    return ML_OK;
}

int main(int argc, char **argv)
{
    const char *what = "predict";
    int batch = 1, threads = 2, rounds = 11;
    double took[MOST];
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *flag = argv[i], *value = argv[i + 1];
        if (!strcmp(flag, "--work"))
            what = value;
        else if (!strcmp(flag, "--batch"))
            batch = atoi(value);
        else if (!strcmp(flag, "--threads"))
            threads = atoi(value);
        else if (!strcmp(flag, "--rounds"))
            rounds = atoi(value);
        else
            return fprintf(stderr, "bench-resnet18: unknown flag %s\n", flag), 2;
    }
    bool training = !strcmp(what, "train");
    if ((!training && strcmp(what, "predict")) || batch < 1 || batch > 256 || rounds < 1 || rounds > MOST || ml_set_threads(threads))
        return fprintf(stderr, "bench-resnet18: --work predict or train, --batch 1 .. 256, --rounds 1 .. %d\n", MOST), 2;
    work w;
    if (prepare(&w, batch, training) || measure(&w, training, rounds, took))
        return ml_perror("bench-resnet18");
    double seconds = lab_median(took, rounds), macs = (double)ml_net_macs(w.net) * batch;
    printf("{\"work\": \"%s\", \"batch\": %d, \"threads\": %d, \"ms\": %.2f, \"gflops\": %.1f, \"peak_mb\": %.1f, \"tape_mb\": %.1f, "
           "\"build\": \"%s\"}\n",
           what, batch, threads, seconds * 1e3, (training ? 6 : 2) * macs / seconds * 1e-9, peak_memory(),
           (double)ml_tape_bytes(w.t) / (1 << 20), ml_build_info());
    ml_predictor_free(w.p);
    ml_optim_free(w.opt);
    ml_tape_free(w.t);
    ml_tensor_free(w.x);
    ml_tensor_free(w.out);
    ml_net_free(w.net);
    return 0;
}
