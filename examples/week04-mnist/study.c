/* study.c -- --study overfit: 500 digits, learnt by heart, and what helps against it.
 *
 * The same network from the same start, six times: plainly, with dropout, with weight decay, stopped early, with pictures changed
 * anew in each epoch, and with ten times the digits. After each epoch the loss on the digits that are trained on and on 2,000
 * others; where the two part, the network has begun to remember instead of to learn. */
#include "week04-mnist/week04.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 500, MANY = 10 * FEW, HELD = 2000, BATCH = 50, EPOCHS = 40, EPOCHS_MAX = 1000, PATIENCE = 5 };
static const double LR = 1e-3;

typedef struct variant {
    const char *name, *metric;
    int64_t samples;
    double dropout, weight_decay;
    bool augment, stop;
} variant;

static const variant VARIANTS[] = {
    {.name = "nothing", .metric = "nothing", .samples = FEW},
    {.name = "dropout 0.5", .metric = "dropout", .samples = FEW, .dropout = 0.5},
    {.name = "weight decay 2", .metric = "weight_decay", .samples = FEW, .weight_decay = 2},
    {.name = "early stop", .metric = "early_stop", .samples = FEW, .stop = true},
    {.name = "augmentation", .metric = "augmentation", .samples = FEW, .augment = true},
    {.name = "10 x the digits", .metric = "more_digits", .samples = MANY},
};
enum { N_VARIANTS = sizeof VARIANTS / sizeof *VARIANTS };

typedef struct point {
    double train_loss, train_accuracy, loss, accuracy;
} point;

typedef struct curve {
    point *v;
    int64_t n, best; /* epochs; the one of the lowest validation loss, from 0 */
} curve;

/* ---- training ---- */

static ml_status score(ml_net *net, ml_dataset *set, int32_t *predicted, double *loss, double *accuracy)
{
    return ml_classify(net, set, predicted, loss) ||
           ml_accuracy((ml_ints){set->labels, set->n}, (ml_ints){predicted, set->n}, accuracy) ? ml_error_status() : ML_OK;
}

typedef struct lesson {
    const settings *s;
    const variant *v;
    ml_net *net;
    ml_tape *t;
    ml_optim *opt;
    ml_dataset *set, *held;
} lesson;

static ml_status epoch(const lesson *l, int64_t e)
{
    ml_loader it = ml_load(l->set, (ml_load_opts){.batch = BATCH, .seed = (uint64_t)l->s->c.seed, .epoch = e, .shuffle = true,
                                                  .augment = l->v->augment ? AUGMENT : (ml_augment_opts){0}});
    for (ml_batch b; ml_next(&it, &b);) {
        ml_tape_reset(l->t);
        if (ml_backward(l->t, ml_softmax_xent(l->t, ml_net_forward(l->net, l->t, b.x), b.label)) || ml_step(l->opt))
            return ml_error_status();
    }
    return it.status;
}

/* c->v has room for all epochs. */
static ml_status follow(const lesson *l, curve *c)
{
    int32_t predicted[MANY];
    const settings *s = l->s;
    ml_progress bar = ml_progress_start(s->c.quiet ? NULL : stdout, s->c.epochs, l->v->name);
    for (c->n = c->best = 0; c->n < s->c.epochs && !(l->v->stop && c->n - c->best > PATIENCE); c->n++) {
        point *p = &c->v[c->n];
        if (epoch(l, c->n) || score(l->net, l->set, predicted, &p->train_loss, &p->train_accuracy) ||
            score(l->net, l->held, predicted, &p->loss, &p->accuracy))
            return ml_error_status();
        if (p->loss < c->v[c->best].loss)
            c->best = c->n;
        ml_progress_update(&bar, c->n + 1, p->loss);
    }
    ml_progress_end(&bar, NULL);
    return ML_OK;
}

static ml_status run_variant(const settings *all, const variant *v, const ml_dataset *rest, ml_dataset *held, curve *c)
{
    settings s = *all;
    s.dropout = v->dropout;
    double weight_decay = v->weight_decay > 0 ? v->weight_decay : ML_ZERO;
    lesson l = {.s = &s, .v = v, .held = held, .set = ml_dataset_head(rest, v->samples)};
    l.net = l.set ? model_new(&s, l.set) : NULL;
    l.opt = l.net ? ml_adamw(l.net->params, (ml_adam_opts){.lr = LR, .weight_decay = weight_decay}) : NULL;
    l.t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)s.c.kernel, .seed = (uint64_t)s.c.seed});
    ml_status bad = l.opt && l.t ? follow(&l, c) : ml_error_status();
    ml_tape_free(l.t);
    ml_optim_free(l.opt);
    ml_net_free(l.net);
    ml_dataset_free(l.set);
    return bad;
}

static ml_status run_all(const settings *s, const ml_dataset *all, curve *curves)
{
    ml_dataset *rest = NULL, *held = NULL;
    ml_status bad = ml_dataset_split(all, (double)HELD / (double)all->n, 0, ML_ROLE_VALIDATION, &rest, &held);
    for (int k = 0; k < N_VARIANTS && !bad; k++)
        bad = run_variant(s, &VARIANTS[k], rest, held, &curves[k]);
    ml_dataset_free(rest);
    ml_dataset_free(held);
    return bad;
}

/* ---- the picture: three charts side by side, twice ---- */

enum { CHART_W = 23, CHART_H = 10, IN_ROW = 3 };
static const double TOP = 1; /* loss; what is larger is drawn at the upper edge */

static void plot(char chart[CHART_H][CHART_W + 1], const curve *c, int64_t epochs, bool train)
{
    for (int x = 0; x < CHART_W; x++) {
        int64_t e = epochs > 1 ? (int64_t)llround((double)x / (CHART_W - 1) * (double)(epochs - 1)) : 0;
        if (e >= c->n)
            break;
        double loss = train ? c->v[e].train_loss : c->v[e].loss;
        int y = isfinite(loss) && loss < TOP ? (int)(loss / TOP * CHART_H) : CHART_H - 1;
        char *cell = &chart[CHART_H - 1 - y][x];
        *cell = *cell == ' ' ? (train ? '.' : 'o') : '8'; /* where the two meet */
    }
}

/* n charts side by side, of the curves from `first` on. */
static void print_charts(FILE *out, const curve *curves, int first, int n, int64_t epochs)
{
    char chart[IN_ROW][CHART_H][CHART_W + 1];
    for (int k = 0; k < n; k++) {
        for (int y = 0; y < CHART_H; y++) {
            memset(chart[k][y], ' ', CHART_W);
            chart[k][y][CHART_W] = 0;
        }
        plot(chart[k], &curves[first + k], epochs, true);
        plot(chart[k], &curves[first + k], epochs, false);
    }
    for (int k = 0; k < n; k++)
        fprintf(out, "%s  %-*s", k ? "" : "\n  ", CHART_W, VARIANTS[first + k].name);
    for (int y = 0; y < CHART_H; y++) {
        fprintf(out, "\n%4.1f", TOP * (CHART_H - y) / CHART_H);
        for (int k = 0; k < n; k++)
            fprintf(out, "|%s ", chart[k][y]);
    }
    fprintf(out, "\n 0.0");
    for (int k = 0; k < n; k++) {
        fputc('+', out);
        for (int x = 0; x < CHART_W; x++)
            fputc('-', out);
        fputc(' ', out);
    }
    fputc('\n', out);
}

static void print_table(FILE *out, const curve *curves)
{
    fprintf(out, "\n%24s   %-26s   %s\n%-17s %6s %8s %9s %8s %8s %8s %8s\n", "", "at the end", "lowest validation loss",
            "with", "epochs", "training", "valid.", "loss", "epoch", "loss", "valid.");
    for (int k = 0; k < N_VARIANTS; k++) {
        const point *end = &curves[k].v[curves[k].n - 1], *best = &curves[k].v[curves[k].best];
        fprintf(out, "%-17s %6lld %6.2f %% %7.2f %% %8.4f %8lld %8.4f %6.2f %%\n", VARIANTS[k].name, (long long)curves[k].n,
                100 * end->train_accuracy, 100 * end->accuracy, end->loss, (long long)curves[k].best + 1, best->loss,
                100 * best->accuracy);
    }
}

/* With a point in every locale; nothing where it is no number. */
static void put_number(FILE *out, double value)
{
    long long millionths = isfinite(value) ? llround(1e6 * value) : 0;
    if (isfinite(value))
        fprintf(out, ",%lld.%06lld", millionths / 1000000, millionths % 1000000);
    else
        fputc(',', out);
}

static int write_csv(const settings *s, const curve *curves)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return cli_fail(&s->c, "out of memory for overfit.csv");
    fprintf(out, "with,epoch,training_loss,training_accuracy,validation_loss,validation_accuracy");
    for (int k = 0; k < N_VARIANTS; k++)
        for (int64_t e = 0; e < curves[k].n; e++) {
            const point *p = &curves[k].v[e];
            fprintf(out, "\n%s,%lld", VARIANTS[k].name, (long long)e + 1);
            put_number(out, p->train_loss);
            put_number(out, p->train_accuracy);
            put_number(out, p->loss);
            put_number(out, p->accuracy);
        }
    int status = fclose(out) == 0 ? cli_write(&s->c, "overfit.csv", text) : cli_fail(&s->c, "out of memory for overfit.csv");
    free(text);
    return status;
}

/* Early stopping keeps the weights of its best epoch; the others are what they are at the end. */
static void note_metrics(settings *s, const curve *curves, double seconds)
{
    cli_metric_text(&s->c, "study", "overfit");
    cli_metric_text(&s->c, "model", MODEL_NAMES[s->model]);
    for (int k = 0; k < N_VARIANTS; k++) {
        char name[64];
        const point *p = &curves[k].v[VARIANTS[k].stop ? curves[k].best : curves[k].n - 1];
        snprintf(name, sizeof name, "validation_accuracy_%s", VARIANTS[k].metric);
        cli_metric(&s->c, name, p->accuracy);
        snprintf(name, sizeof name, "validation_loss_%s", VARIANTS[k].metric);
        cli_metric(&s->c, name, p->loss);
    }
    cli_metric_int(&s->c, "epochs", s->c.epochs);
    cli_metric(&s->c, "train_seconds", seconds);
}

/* ---- the whole ---- */

static int report(settings *s, const curve *curves, double seconds)
{
    if (!s->c.quiet) {
        printf("\nloss after each epoch, 1 to %lld:  . digits that are trained on   o %d others\n", (long long)s->c.epochs, HELD);
        for (int k = 0; k < N_VARIANTS; k += IN_ROW)
            print_charts(stdout, curves, k, N_VARIANTS - k < IN_ROW ? N_VARIANTS - k : IN_ROW, s->c.epochs);
        print_table(stdout, curves);
        printf("\nWhere o turns up while . still falls, the network learns by heart.\n\n");
    }
    note_metrics(s, curves, seconds);
    int status = write_csv(s, curves);
    if (!status)
        status = cli_finish(&s->c);
    if (status)
        return status;
    printf("the study took %.1f s; its curves: %s/overfit.csv\n", seconds, s->c.out);
    return cli_close_stdout(&s->c);
}

int study_overfit(settings *s, const ml_dataset *all)
{
    curve curves[N_VARIANTS] = {{0}};
    if (all->n < MANY + HELD)
        return cli_fail(&s->c, "--study overfit wants %d training samples, and the set has %lld", MANY + HELD,
                        (long long)all->n);
    if (!s->c.epochs_given)
        s->c.epochs = EPOCHS;
    if (s->c.epochs > EPOCHS_MAX)
        return cli_fail(&s->c, "--epochs %lld: a study takes %d at most", (long long)s->c.epochs, EPOCHS_MAX);
    point *points = malloc(N_VARIANTS * (size_t)s->c.epochs * sizeof *points);
    if (!points)
        return cli_fail(&s->c, "out of memory for the curves");
    for (int k = 0; k < N_VARIANTS; k++)
        curves[k].v = points + k * s->c.epochs;
    double started = cli_seconds();
    int status = run_all(s, all, curves) ? cli_fail_ml(&s->c) : report(s, curves, cli_seconds() - started);
    free(points);
    return status;
}
