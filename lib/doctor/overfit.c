/* overfit.c -- a handful of samples, learnt by heart: what a net, a loss and an optimizer that belong together can always do.
 *
 * As many samples as a linear layer could know: of D features, D + 1 at most. First as the training would; where that does not
 * do it, by Adam at three rates, so that a poor rate is not taken for a broken net. */
#include "doctor/doctor.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 32, STEPS = 300, OTHER_STEPS = 200, LOOK_EVERY = 10 };
static const double TINY = 0.1, TINY_SQUARE = 0.05, HALF = 0.5, ANY = 0.9;
static const double ADAM[] = {1e-3, 1e-2, 1e-1};

typedef struct goal {
    int64_t n;    /* samples, in hand */
    double loss;  /* below this */
    bool answers; /* and all answers right */
} goal;

typedef struct outcome {
    bool learnt;
    bool train_mode_only;
    bool one_answer; /* for all samples, after each attempt */
} outcome;

/* ---- the samples ---- */

static bool is_new(const mli_doctor *d, int64_t k)
{
    const size_t bytes = (size_t)d->features * sizeof *d->x;
    for (int64_t i = 0; i < k; i++)
        if (memcmp(d->x + i * d->features, d->x + k * d->features, bytes) == 0)
            return false;
    return true;
}

/* Different ones: equal samples may have different labels, which nobody can learn. */
static ml_status pick(mli_doctor *d, int64_t *n)
{
    int64_t index[SAMPLES], most = d->features < SAMPLES ? d->features + 1 : SAMPLES;
    *n = 0;
    for (int64_t i = 0; i < d->n && *n < most; i++) {
        index[*n] = d->order[i];
        if (mli_doctor_fetch_these(d, index, *n + 1)) /* the last of them is new in hand */
            return ml_error_status();
        *n += is_new(d, *n);
    }
    return mli_doctor_fetch_these(d, index, *n);
}

/* The lowest loss that targets between 0 and 1 allow: their entropy, 0 where all are 0 or 1. */
static double entropy(const mli_doctor *d, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n * d->target_size; i++) {
        double p = (double)d->target[i];
        sum -= p > 0 && p < 1 ? p * log(p) + (1 - p) * log(1 - p) : 0;
    }
    return sum / (double)(n * d->target_size);
}

/* Of a loss of the caller's own the lowest value is not known: label smoothing, penalties. */
static goal goal_of(const mli_doctor *d, int64_t n, double first)
{
    goal g = {.n = n, .answers = true};
    if (d->o.loss == ML_DOCTOR_OTHER)
        g.loss = ANY * first;
    else if (d->o.loss_fn)
        g.loss = HALF * first;
    else if (d->o.loss == ML_DOCTOR_MSE)
        g.loss = TINY_SQUARE * d->r->frequency_loss;
    else if (d->o.loss == ML_DOCTOR_BCE) {
        double least = entropy(d, n);
        g.loss = least + TINY * d->r->chance_loss;
        g.answers = least == 0;
    } else
        g.loss = TINY * d->r->chance_loss;
    return g;
}

/* ---- attempts ---- */

/* In eval mode, as it will be used; dropout, which never lets the loss of train mode be tiny, is off then. */
static ml_status reached(mli_doctor *d, const goal *g, bool *yes)
{
    double accuracy;
    if (mli_doctor_score(d, g->n, &d->r->overfit_loss, &accuracy))
        return ml_error_status();
    *yes = d->r->overfit_loss < g->loss && !(g->answers && accuracy < 1);
    return ML_OK;
}

/* Whether the answers in hand are one and the same for all samples. */
static bool one_answer(const mli_doctor *d, int64_t n)
{
    double most = 0, size = 0;
    for (int64_t i = 0; i < n * d->outputs; i++) {
        most = fmax(most, fabs((double)d->out[i] - (double)d->out[i % d->outputs]));
        size = fmax(size, fabs((double)d->out[i]));
    }
    return most <= 1e-6 * size;
}

static ml_status attempt(mli_doctor *d, ml_optim *opt, double lr, int steps, const goal *g, outcome *o)
{
    double loss = 0, recent = 0;
    d->r->overfit_rule = opt->rule.name;
    d->r->overfit_lr = lr;
    d->r->overfit_steps = 0;
    if (mli_doctor_restart(d, opt, lr) || reached(d, g, &o->learnt))
        return ml_error_status();
    for (int i = 1; i <= steps && !o->learnt && isfinite(loss); i++) {
        if (mli_doctor_step(d, opt, g->n, &loss))
            return ml_error_status();
        recent += loss / LOOK_EVERY;
        d->r->overfit_steps = i;
        if (i % LOOK_EVERY)
            continue;
        if (reached(d, g, &o->learnt))
            return ml_error_status();
        o->train_mode_only |= i == steps && recent < g->loss && !o->learnt;
        recent = 0;
    }
    o->one_answer &= one_answer(d, g->n);
    return ML_OK;
}

static ml_status attempts(mli_doctor *d, const goal *g, outcome *o)
{
    ml_optim *adam = NULL;
    ml_status s = attempt(d, d->optim, d->lr, STEPS, g, o);
    if (!s && !o->learnt && !(adam = ml_adam(d->net->params, (ml_adam_opts){0})))
        s = ml_error_status();
    for (size_t k = 0; k < sizeof ADAM / sizeof *ADAM && !s && !o->learnt; k++)
        s = attempt(d, adam, ADAM[k], OTHER_STEPS, g, o);
    ml_optim_free(adam);
    return s;
}

/* ---- what it means ---- */

/* A symptom: it is left out where an error that explains it has been found. */
static void judge(mli_doctor *d, const goal *g, const outcome *o)
{
    const ml_doctor_report *r = d->r;
    if (o->learnt || r->errors)
        return;
    if (o->train_mode_only)
        mli_doctor_find(d, ML_DOCTOR_MODES_DIFFER,
                        "After %lld steps on %lld samples their loss is below %.2g in train mode, and %.3g in eval "
                        "mode.", (long long)r->overfit_steps, (long long)g->n, g->loss, r->overfit_loss);
    else if (o->one_answer)
        mli_doctor_find(d, ML_DOCTOR_INPUT_IGNORED,
                        "After %d steps on %lld different samples the net has one answer for all of them.", STEPS,
                        (long long)g->n);
    else
        mli_doctor_find(d, ML_DOCTOR_OVERFIT,
                        "%lld samples cannot be learnt by heart: after %d steps of the training's optimizer, and %d of "
                        "Adam at each of three rates, their loss is %.3g, and should be below %.2g.", (long long)g->n, STEPS,
                        OTHER_STEPS, r->overfit_loss, g->loss);
}

ml_status mli_doctor_overfit(mli_doctor *d)
{
    ml_doctor_report *r = d->r;
    double first, accuracy;
    int64_t n;
    outcome o = {.one_answer = true};
    mli_doctor_rewind(d);
    if (pick(d, &n) || mli_doctor_score(d, n, &first, &accuracy))
        return ml_error_status();
    goal g = goal_of(d, n, first);
    if (n < 2 || !(g.loss > 0))
        return ML_OK;
    r->overfit_samples = n;
    if (attempts(d, &g, &o))
        return ml_error_status();
    judge(d, &g, &o);
    return ML_OK;
}
