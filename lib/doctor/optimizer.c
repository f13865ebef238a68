/* optimizer.c -- whether anything learns, by whom, and at which rate; and an optimizer like the training's to try it with. */
#include "doctor/doctor.h"

static int learning(const ml_params *ps)
{
    int n = 0;
    for (int i = 0; i < ps->n; i++)
        n += ps->entries[i].x->requires_grad && !ps->entries[i].x->frozen;
    return n;
}

static ml_optim *of_rule(ml_params *ps, ml_doctor_rule rule)
{
    switch (rule) {
    case ML_DOCTOR_SGD:
        return ml_sgd(ps, (ml_sgd_opts){0});
    case ML_DOCTOR_MOMENTUM:
        return ml_sgd(ps, (ml_sgd_opts){.momentum = 0.9});
    default:
        return ml_adam(ps, (ml_adam_opts){0});
    }
}

/* The training's rule, options and groups, with a memory of its own. */
static ml_optim *like(const ml_optim *opt, ml_params *ps)
{
    ml_optim *copy = mli_optim_new(ps, opt->rule, opt->opts, opt->lr, opt->weight_decay);
    for (int i = 0; copy && opt->ps == ps && opt->version == ps->version && i < ps->n; i++)
        copy->own[i] = opt->own[i];
    return copy;
}

static void whose(mli_doctor *d)
{
    const ml_optim *opt = d->o.optim;
    if (opt->ps != d->net->params)
        mli_doctor_find(d, ML_DOCTOR_OPTIMIZER_OTHER,
                        "The %s optimizer steps over the parameters of another net: this one will not change.",
                        opt->rule.name);
    else if (opt->version != d->net->params->version)
        mli_doctor_find(d, ML_DOCTOR_OPTIMIZER_OTHER,
                        "Parameters were added after the %s optimizer was made: its steps will fail.",
                        opt->rule.name);
}

ml_status mli_doctor_optimizer(mli_doctor *d)
{
    ml_params *ps = d->net->params;
    if (d->o.optim)
        whose(d);
    if (!(d->optim = d->o.optim ? like(d->o.optim, ps) : of_rule(ps, d->o.rule)))
        return ml_error_status();
    double own = ml_lr(d->optim), lr = mli_option(d->o.lr, own);
    d->r->rule = d->optim->rule.name;
    d->r->lr = lr;
    /* The rest is examined at a rate that moves: the rule's own default, for lack of another. */
    d->lr = lr > 0 ? lr : own > 0 ? own : 1e-3;
    if (!(lr > 0))
        mli_doctor_find(d, ML_DOCTOR_LR_ZERO, "The learning rate is 0: no step changes anything.");
    if ((d->stop = learning(ps) == 0))
        mli_doctor_find(d, ML_DOCTOR_ALL_FROZEN, ps->n ? "All %d parameters are frozen: there is nothing to train."
                                                       : "The net has %d parameters: there is nothing to train.", ps->n);
    return ML_OK;
}
