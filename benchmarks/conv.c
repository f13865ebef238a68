/* conv.c -- one convolution, its three passes: the body that is chosen, or each that fits. benchmarks/conv.py runs it beside PyTorch.
 *
 *   bench-conv [--n 32] [--threads 2] [--rounds 9] [--cpu] [--bodies] [--ref] C H F R STRIDE PAD GROUPS
 *
 * Pictures are H x H, windows R x R. In a round each runs once after the other; a figure is the median of the rounds. --cpu: one
 * thread, by the time that it had a core, the least of the rounds: for a machine that does something else besides. --ref: the definition
 * too, which takes its time.
 * Prints one JSON line: for each pass the seconds of each body, the chosen one first, under "flops" those of a pass, padding counted. */
#include "lab/measure.h"

#include "kernels/conv2d.h"

#include <mlcore/mlcore.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS_MAX = 100 };
#define WARM_UP 0.2 /* seconds */

typedef struct run {
    mlk_conv2d_pass pass;
    mlk_conv2d_body body;
    double seconds[ROUNDS_MAX];
} run;

typedef struct options {
    int64_t n;
    int threads, rounds;
    bool cpu, bodies, ref;
} options;

static double seconds(const options *o)
{
    struct timespec t;
    clock_gettime(o->cpu ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static ml_real *numbers(ml_rng *rng, int64_t n)
{
    ml_real *v = mli_alloc((size_t)n * sizeof *v);
    if (!v)
        exit(ml_perror("conv"));
    for (int64_t i = 0; i < n; i++)
        v[i] = (ml_real)(ml_rng_uniform(rng) - 0.5);
    return v;
}

/* What is to be run: of each pass the chosen body, then the others. */
static int list(run *runs, const mlk_conv2d *g, bool all, bool ref)
{
    int n = 0;
    for (int p = MLK_FORWARD; p <= MLK_DW; p++) {
        mlk_conv2d_pass pass = (mlk_conv2d_pass)p;
        mlk_conv2d_body chosen = mlk_conv2d_choose(ML_KERNEL_FAST, g, pass);
        runs[n++] = (run){.pass = pass, .body = chosen};
        for (int b = 0; b < MLK_CONV2D_BODIES; b++)
            if (b != (int)chosen && (b == MLK_CONV2D_REF ? ref : all) && mlk_conv2d_fits((mlk_conv2d_body)b, g))
                runs[n++] = (run){.pass = pass, .body = (mlk_conv2d_body)b};
    }
    return n;
}

static void measure(run *runs, int n, mlk_conv2d_args a, const options *o)
{
    ml_rng rng = ml_rng_seed(1);
    const mlk_conv2d *g = &a.g;
    int64_t sizes[] = {mlk_conv2d_pixels(g) * g->f, g->n * g->h * g->w * g->c, g->f * g->r * g->s * (g->c / g->groups)};
    ml_real *out[3], *y = numbers(&rng, sizes[0]), *x = numbers(&rng, sizes[1]), *w = numbers(&rng, sizes[2]);
    size_t bytes = 0;
    for (int i = 0; i < 3; i++)
        out[i] = numbers(&rng, sizes[i]);
    for (int i = 0; i < n; i++) {
        size_t want = mlk_conv2d_body_workspace(runs[i].body, a.kernel, g, runs[i].pass);
        bytes = want > bytes ? want : bytes;
    }
    a.work = mli_alloc(bytes);
    a.x = x, a.w = w, a.dy = y;
    double begun = lab_seconds();
    /* What comes first warms up: threads that have just been born may share a core for a while. */
    for (int round = -1; round < o->rounds; round += round >= 0 || lab_seconds() - begun > WARM_UP)
        for (int i = 0; i < n; i++) {
            a.out = out[runs[i].pass];
            double start = seconds(o);
            mlk_conv2d_run(runs[i].body, runs[i].pass, &a);
            if (round >= 0)
                runs[i].seconds[round] = seconds(o) - start;
        }
    for (int i = 0; i < 3; i++)
        mli_free(out[i]);
    mli_free(a.work), mli_free(x), mli_free(w), mli_free(y);
}

static void print(run *runs, int n, const mlk_conv2d *g, const options *o)
{
    static const char *const passes[] = {"forward", "dx", "dw"};
    double flops = 2.0 * (double)(mlk_conv2d_pixels(g) * g->f) * (double)(g->r * g->s * (g->c / g->groups));
    printf("{\"flops\": %.0f", flops);
    for (int i = 0; i < n; i++) {
        double median = lab_median(runs[i].seconds, o->rounds); /* sorts them */
        if (i == 0 || runs[i].pass != runs[i - 1].pass)
            printf("%s, \"%s\": {", i ? "}" : "", passes[runs[i].pass]);
        else
            printf(", ");
        printf("\"%s\": %.9f", mlk_conv2d_body_name(runs[i].body), o->cpu ? runs[i].seconds[0] : median);
    }
    printf("}}\n");
}

int main(int argc, char **argv)
{
    options o = {.n = 32, .threads = 2, .rounds = 9};
    int64_t v[7];
    int values = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--cpu") == 0)
            o.cpu = true;
        else if (strcmp(argv[i], "--bodies") == 0)
            o.bodies = true;
        else if (strcmp(argv[i], "--ref") == 0)
            o.ref = true;
        else if (strcmp(argv[i], "--n") == 0 && i + 1 < argc)
            o.n = atoll(argv[++i]);
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            o.threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            o.rounds = atoi(argv[++i]);
        else if (values < 7)
            v[values++] = atoll(argv[i]);
    }
    if (values < 7 || o.rounds < 1 || o.rounds > ROUNDS_MAX)
        return fputs("usage: bench-conv [--n N] [--threads N] [--rounds N] [--cpu] [--bodies] [--ref] C H F R STRIDE PAD GROUPS\n", stderr), 2;
    int64_t p = (v[1] + 2 * v[5] - v[3]) / v[4] + 1;
    mlk_conv2d_args a = {.kernel = ML_KERNEL_FAST,
                         .g = {.n = o.n, .h = v[1], .w = v[1], .c = v[0], .f = v[2], .r = v[3], .s = v[3], .p = p, .q = p,
                               .stride = {v[4], v[4]}, .pad = {v[5], v[5]}, .dil = {1, 1}, .groups = v[6]}};
    static run runs[3 * MLK_CONV2D_BODIES];
    if (ml_set_threads(o.cpu ? 1 : o.threads))
        return ml_perror("conv");
    int n = list(runs, &a.g, o.bodies, o.ref);
    measure(runs, n, a, &o);
    print(runs, n, &a.g, &o);
    return 0;
}
