/* train.c -- the loop: batches, forward, backward, step; early stopping around it. */
#include "week04-mnist/week04.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ml_optim *optim_new(const settings *s, ml_params *params)
{
    if (s->optimizer == OPTIMIZER_SGD)
        return ml_sgd(params, (ml_sgd_opts){.lr = s->lr, .momentum = 0.9, .nesterov = true, .weight_decay = s->weight_decay});
    if (s->weight_decay > 0)
        return ml_adamw(params, (ml_adam_opts){.lr = s->lr, .weight_decay = s->weight_decay});
    return ml_adam(params, (ml_adam_opts){.lr = s->lr});
}

/* Copies all weights out, or back in. */
static void copy_weights(ml_params *params, ml_real *kept, bool back)
{
    for (int i = 0; i < ml_params_count(params); i++) {
        ml_tensor *w = ml_params_at(params, i);
        memcpy(back ? w->data : kept, back ? kept : w->data, (size_t)w->size * sizeof(ml_real));
        kept += w->size;
    }
}

/* One pass over the set. *loss is the mean over its samples. */
static ml_status epoch(const settings *s, ml_net *net, ml_tape *t, ml_optim *opt, const ml_schedule *schedule,
                       ml_dataset *set, ml_rng *rng, ml_progress *bar, double *loss)
{
    double sum = 0;
    int64_t done = 0;
    ml_loader it = ml_batches(set, s->batch, rng);
    for (ml_batch b; ml_next(&it, &b);) {
        ml_tape_reset(t);
        ml_tensor *logits = ml_net_forward(net, t, b.x);
        ml_tensor *batch_loss = ml_softmax_xent(t, logits, b.label);
        if (ml_backward(t, batch_loss))
            return ml_tape_error(t);
        if (ml_set_lr(opt, ml_schedule_at(schedule, ml_optim_steps(opt))) || ml_step(opt))
            return ml_error_status();
        sum += (double)batch_loss->data[0] * (double)b.label.n;
        done += b.label.n;
        *loss = sum / (double)done;
        if (!isfinite(*loss))
            break;
        ml_progress_update(bar, done, *loss);
    }
    return it.status;
}

/* All epochs, on a net, tape and optimizer that the caller frees. best: room for all weights. */
static ml_status epochs(const settings *s, ml_net *net, ml_tape *t, ml_optim *opt, ml_dataset *set, ml_dataset *held,
                        ml_real *best, outcome *o)
{
    FILE *out = s->c.quiet ? NULL : stdout;
    ml_rng rng = ml_rng_split(ml_rng_seed((uint64_t)s->c.seed), 1, 0); /* apart from the initial weights */
    int64_t steps = (set->n + s->batch - 1) / s->batch * s->c.epochs;
    ml_schedule schedule = s->schedule == SCHEDULE_CONSTANT ? ml_schedule_constant(s->lr)
                                                            : ml_schedule_one_cycle(s->lr, steps);
    double started = cli_seconds();
    for (int64_t e = 1; e <= s->c.epochs; e++) {
        char label[48], note[64] = "";
        snprintf(label, sizeof label, "epoch %lld/%lld", (long long)e, (long long)s->c.epochs);
        ml_progress bar = ml_progress_start(out, set->n, label);
        ml_status bad = epoch(s, net, t, opt, &schedule, set, &rng, &bar, &o->loss);
        if (bad)
            return bad;
        o->epochs = e;
        o->samples += (double)set->n;
        o->seconds = cli_seconds() - started;
        o->diverged = !isfinite(o->loss);
        double accuracy = NAN;
        if (held && !o->diverged) {
            if (ml_evaluate(net, held, ML_ACCURACY, &accuracy))
                return ml_error_status();
            snprintf(note, sizeof note, "validation %.2f %%", 100 * accuracy);
        }
        ml_progress_end(&bar, o->diverged ? "not finite" : note);
        if (o->diverged)
            break;
        if (held && !(accuracy <= o->validation)) { /* the first is compared with NaN */
            o->validation = accuracy;
            o->best_epoch = e;
            copy_weights(net->params, best, false);
        }
        if (s->patience && e - o->best_epoch >= s->patience) {
            if (out)
                fprintf(out, "stopped after epoch %lld: no better validation accuracy for %lld epoch%s\n", (long long)e,
                        (long long)s->patience, s->patience == 1 ? "" : "s");
            break;
        }
    }
    if (s->patience && !o->diverged && o->best_epoch < o->epochs) {
        copy_weights(net->params, best, true);
        if (out)
            fprintf(out, "kept the weights of epoch %lld, validation %.2f %%\n", (long long)o->best_epoch,
                    100 * o->validation);
    }
    return ML_OK;
}

ml_status train(const settings *s, ml_net *net, ml_dataset *set, ml_dataset *held, outcome *o)
{
    *o = (outcome){.validation = NAN, .loss = NAN};
    ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)s->c.kernel, .seed = (uint64_t)s->c.seed});
    ml_optim *opt = optim_new(s, net->params);
    ml_real *best = malloc((size_t)ml_params_size(net->params) * sizeof *best);
    ml_status bad = t && opt && best ? ML_OK : ML_ENOMEM;
    if (!bad)
        bad = epochs(s, net, t, opt, set, held, best, o);
    free(best);
    ml_optim_free(opt);
    ml_tape_free(t);
    return bad;
}
