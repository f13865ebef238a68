/* train.c -- the loop: batches, forward, backward, step; around it early stopping, and checkpoints to go on from. */
#include "week04-mnist/week04.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Digits are moved, turned, scaled and bent as hands do it. Chosen on held-out training digits; the README has the table. */
const ml_augment_opts AUGMENT = {.shift = 2, .rotate = 10, .scale = 0.1, .elastic = 0.8};

typedef struct run {
    const settings *s;
    ml_net *net;
    ml_dataset *set, *held;
    ml_checkpoint c; /* params, optimizer, tape and where the loop stands */
    ml_schedule schedule;
    FILE *out;
    char best[CLI_PATH], checkpoint[CLI_PATH]; /* files */
    double counted; /* until when progress.seconds says how long it took */
    outcome *o;
    double since_sum; /* of losses since the last tenth of an epoch was noted */
    int64_t since_count;
    bool diverged;
    bool drawn; /* the tape of the first step, where that is asked for */
} run;

ml_optim *train_optim(const settings *s, ml_params *params)
{
    if (s->optimizer == OPTIMIZER_SGD)
        return ml_sgd(params, (ml_sgd_opts){.lr = s->lr, .momentum = 0.9, .nesterov = true, .weight_decay = s->weight_decay});
    if (s->weight_decay > 0)
        return ml_adamw(params, (ml_adam_opts){.lr = s->lr, .weight_decay = s->weight_decay});
    return ml_adam(params, (ml_adam_opts){.lr = s->lr});
}

/* The cnn's last batch norm has one pixel of each sample to normalize, and so wants two samples. */
bool train_drops_last(const settings *s, int64_t n)
{
    return s->model == MODEL_CNN && n > s->batch && n % s->batch == 1;
}

static int check_batches(const settings *s, int64_t n)
{
    if (s->model == MODEL_CNN && s->batch == 1)
        return cli_fail(&s->c, "--batch 1: the cnn normalizes over a batch, and wants two samples in it: --batch 2, or --model lenet");
    if (s->model == MODEL_CNN && n == 1)
        return cli_fail(&s->c, "there is one sample to train on: the cnn normalizes over a batch, and wants two; or take --model lenet");
    return -1;
}

static void count_seconds(run *r)
{
    double now = cli_seconds();
    r->c.progress.seconds += now - r->counted;
    r->counted = now;
}

static ml_status save(run *r)
{
    count_seconds(r);
    return ml_checkpoint_save(&r->c, r->checkpoint, r->s->run);
}

/* ---- for the curves of the report ---- */

enum { TENTHS = 10 };

void outcome_free(outcome *o)
{
    free(o->tenth);
    free(o->loss_then);
    free(o->epoch);
    free(o->accuracy_then);
}

static void note_loss(run *r, double loss, int64_t n)
{
    const ml_train_progress *p = &r->c.progress;
    outcome *o = r->o;
    r->since_sum += loss * (double)n;
    r->since_count += n;
    if (r->since_count * TENTHS < r->set->n && p->loss_count < r->set->n)
        return;
    if (o->tenths < r->s->c.epochs * TENTHS) {
        o->tenth[o->tenths] = (double)p->epoch + (double)p->loss_count / (double)r->set->n;
        o->loss_then[o->tenths++] = r->since_sum / (double)r->since_count;
    }
    r->since_sum = 0;
    r->since_count = 0;
}

static void note_accuracy(outcome *o, double epoch, double accuracy)
{
    if (!isfinite(accuracy))
        return;
    o->epoch[o->epochs_judged] = epoch;
    o->accuracy_then[o->epochs_judged++] = accuracy;
}

/* ---- an epoch ---- */

/* Its batches, from the one on that comes next: after a resume, the rest of them. */
static ml_status epoch(run *r, ml_progress *bar)
{
    const settings *s = r->s;
    ml_train_progress *p = &r->c.progress;
    ml_tape *t = r->c.tape;
    const int64_t before = p->loss_count;
    ml_loader it = ml_load(r->set, (ml_load_opts){.batch = s->batch, .seed = (uint64_t)s->c.seed, .epoch = p->epoch,
                                                  .start = p->batch, .shuffle = true, .workers = (int)s->workers,
                                                  .drop_last = train_drops_last(s, r->set->n),
                                                  .augment = s->augment ? AUGMENT : (ml_augment_opts){0}});
    for (ml_batch b; ml_next(&it, &b);) {
        ml_tape_reset(t);
        ml_tensor *logits = ml_net_forward(r->net, t, b.x);
        ml_tensor *loss = ml_softmax_xent(t, logits, b.label);
        if (ml_backward(t, loss))
            return ml_tape_error(t);
        if (s->dot && !r->drawn && cli_draw_tape(&s->c, t, r->out))
            return ml_error_status();
        r->drawn = true;
        if (ml_set_lr(r->c.optim, ml_schedule_at(&r->schedule, p->step)) || ml_step(r->c.optim))
            return ml_error_status();
        p->step++;
        p->batch = b.index + 1;
        p->loss_sum += (double)loss->data[0] * (double)b.label.n;
        p->loss_count += b.label.n;
        note_loss(r, (double)loss->data[0], b.label.n);
        if ((r->diverged = !isfinite(p->loss_sum)))
            break;
        ml_progress_update(bar, p->loss_count - before, p->loss_sum / (double)p->loss_count);
        if (s->checkpoint_every && p->step % s->checkpoint_every == 0 && save(r))
            return ml_error_status();
    }
    return it.status;
}

/* The score on what was held out, and the weights where it is the best so far. */
static ml_status judge(run *r, double *accuracy)
{
    ml_train_progress *p = &r->c.progress;
    if (ml_evaluate(r->net, r->held, ML_ACCURACY, accuracy))
        return ml_error_status();
    p->epochs_since_best++;
    if (p->best_epoch && *accuracy <= p->best_score)
        return ML_OK;
    p->best_score = *accuracy;
    p->best_epoch = p->epoch + 1;
    p->epochs_since_best = 0;
    return r->s->patience ? ml_params_save(r->net->params, r->best, r->s->run) : ML_OK;
}

/* Trains until the end of the epoch, and judges it. */
static ml_status whole_epoch(run *r, outcome *o)
{
    ml_train_progress *p = &r->c.progress;
    char label[48], note[64] = "";
    double accuracy = NAN;
    snprintf(label, sizeof label, "epoch %lld/%lld", (long long)p->epoch + 1, (long long)r->s->c.epochs);
    ml_progress bar = ml_progress_start(r->out, r->set->n - p->loss_count, label);
    r->counted = cli_seconds();
    if (epoch(r, &bar))
        return ml_error_status();
    count_seconds(r);
    o->loss = p->loss_sum / (double)p->loss_count;
    if (!r->diverged && r->held && judge(r, &accuracy))
        return ml_error_status();
    if (isfinite(accuracy))
        snprintf(note, sizeof note, "validation %.2f %%", 100 * accuracy);
    note_accuracy(o, (double)p->epoch + 1, accuracy);
    ml_progress_end(&bar, r->diverged ? "not finite" : note);
    p->epoch++;
    p->batch = p->loss_count = 0;
    p->loss_sum = 0;
    return ML_OK;
}

/* ---- a run ---- */

static ml_status epochs(run *r, outcome *o)
{
    const settings *s = r->s;
    const ml_train_progress *p = &r->c.progress;
    while (p->epoch < s->c.epochs) {
        if (whole_epoch(r, o))
            return ml_error_status();
        if (r->diverged)
            return ML_OK;
        if (s->patience && p->epochs_since_best >= s->patience) {
            if (r->out)
                fprintf(r->out, "stopped after epoch %lld: no better validation accuracy for %lld epoch%s\n",
                        (long long)p->epoch, (long long)s->patience, s->patience == 1 ? "" : "s");
            return ML_OK;
        }
        if (p->epoch < s->c.epochs && save(r)) /* after the last one come the results */
            return ml_error_status();
    }
    return ML_OK;
}

/* Early stopping ends with the weights of the best epoch. */
static ml_status keep_best(run *r)
{
    const ml_train_progress *p = &r->c.progress;
    if (!r->s->patience || r->diverged || p->best_epoch == p->epoch)
        return ML_OK;
    if (ml_params_load(r->net->params, r->best, NULL))
        return ml_error_status();
    if (r->out)
        fprintf(r->out, "kept the weights of epoch %lld, validation %.2f %%\n", (long long)p->best_epoch, 100 * p->best_score);
    return ML_OK;
}

/* The best weights so far lie beside the checkpoint; here is where they go on lying. They pass through the net. */
static int fetch_best(run *r)
{
    const settings *s = r->s;
    const char *slash = strrchr(s->resume, '/');
    char from[CLI_PATH], *of = NULL;
    snprintf(from, sizeof from, "%.*sbest.safetensors", slash ? (int)(slash - s->resume) + 1 : 0, s->resume);
    int status = 0;
    if (ml_params_load(r->net->params, from, &of))
        status = cli_fail(&s->c, "--resume %s: its best weights: %s", s->resume, ml_error());
    else if (!run_is_same(of, s->run))
        status = cli_fail(&s->c, "--resume %s: %s holds the best weights of another run", s->resume, from);
    else if (ml_params_save(r->net->params, r->best, of))
        status = cli_fail_ml(&s->c);
    free(of);
    return status;
}

static int resume(run *r)
{
    const settings *s = r->s;
    const ml_train_progress *p = &r->c.progress;
    if (ml_checkpoint_load(&r->c, s->resume, NULL))
        return cli_fail(&s->c, "--resume %s", ml_error());
    if (s->patience && p->best_epoch) {
        int status = fetch_best(r);
        if (status)
            return status;
        if (ml_checkpoint_load(&r->c, s->resume, NULL)) /* once more: the net has other weights now */
            return cli_fail_ml(&s->c);
    }
    if (r->out)
        fprintf(r->out, "resumed %s after step %lld, in epoch %lld\n", s->resume, (long long)p->step, (long long)p->epoch + 1);
    return 0;
}

static int go(run *r, outcome *o)
{
    const ml_train_progress *p = &r->c.progress;
    int status = r->s->resume ? resume(r) : 0;
    if (status)
        return status;
    if (epochs(r, o) || keep_best(r))
        return cli_fail_ml(&r->s->c);
    o->epochs = p->epoch;
    o->samples = (double)p->epoch * (double)r->set->n;
    o->seconds = p->seconds;
    o->best_epoch = p->best_epoch;
    o->validation = p->best_epoch ? p->best_score : NAN;
    o->diverged = r->diverged;
    return 0;
}

static void name_files(const settings *s, run *r)
{
    cli_out_path(&s->c, "best.safetensors", r->best);
    cli_out_path(&s->c, "checkpoint.safetensors", r->checkpoint);
}

int train(const settings *s, ml_net *net, ml_dataset *set, ml_dataset *held, outcome *o)
{
    size_t most = (size_t)s->c.epochs;
    int wrong = check_batches(s, set->n);
    if (wrong >= 0) {
        *o = (outcome){0};
        return wrong;
    }
    *o = (outcome){.validation = NAN, .loss = NAN, .tenth = calloc(most * TENTHS, sizeof(double)), .epoch = calloc(most, sizeof(double)),
                   .loss_then = calloc(most * TENTHS, sizeof(double)), .accuracy_then = calloc(most, sizeof(double))};
    if (!o->tenth || !o->loss_then || !o->epoch || !o->accuracy_then)
        return cli_fail(&s->c, "out of memory for what %lld epochs come to", (long long)s->c.epochs);
    run r = {.s = s, .net = net, .set = set, .held = held, .out = s->c.quiet ? NULL : stdout, .o = o};
    int64_t steps = ((set->n + s->batch - 1) / s->batch - train_drops_last(s, set->n)) * s->c.epochs;
    r.schedule = s->schedule == SCHEDULE_CONSTANT ? ml_schedule_constant(s->lr) : ml_schedule_one_cycle(s->lr, steps);
    name_files(s, &r);
    r.c = (ml_checkpoint){.params = net->params, .optim = train_optim(s, net->params),
                          .tape = ml_tape_open((ml_tape_opts){.inspect = s->dot, .kernel = (ml_kernel)s->c.kernel,
                                                      .seed = (uint64_t)s->c.seed})};
    r.c.progress.seed = (uint64_t)s->c.seed;
    int status = r.c.optim && r.c.tape ? go(&r, o) : cli_fail_ml(&s->c);
    ml_optim_free(r.c.optim);
    ml_tape_free(r.c.tape);
    return status;
}

void train_tidy(const settings *s)
{
    run r;
    name_files(s, &r);
    unlink(r.checkpoint); /* first: best weights alone mislead nobody */
    unlink(r.best);
}
