/* adagrad.c -- Adagrad: a learning rate for each parameter that falls as its gradients add up
 *
 * Sum        s <- s + g^2                                 of all steps; at first initial_accumulator
 * Rate       r = lr / (1 + (t - 1) lr_decay)              t = 1, 2, 3, ... for this parameter
 * Step       p <- p - r g / (sqrt(s) + eps)
 * Decay      g <- g + weight_decay p first, as in SGD
 * Remembers  s, one number a parameter, and its t
 * Source     Duchi, Hazan, Singer 2011, figure 1 (the diagonal form); lr_decay is PyTorch's
 * Derivation docs/math/adagrad.md
 */
#include "optim/optim.h"

static void update(ml_real *restrict p, const ml_real *restrict g, ml_real *restrict s, int64_t n, ml_real rate,
                   ml_real decay, ml_real eps)
{
    for (int64_t i = 0; i < n; i++) {
        ml_real d = g[i] + decay * p[i];
        s[i] += d * d;
        p[i] -= rate * (d / (mli_sqrt(s[i]) + eps));
    }
}

static void apply(const mli_opts *opts, const mli_span *s)
{
    const ml_adagrad_opts *o = &opts->adagrad;
    double rate = s->lr / (1 + (double)(s->t - 1) * o->lr_decay);
    update(s->p, s->g, s->state[0], s->n, (ml_real)rate, (ml_real)s->weight_decay, (ml_real)o->eps);
}

static const mli_field FIELDS[] = {
    MLI_FIELD(ml_adagrad_opts, lr, MLI_FROM_ZERO, 0.01),
    MLI_FIELD(ml_adagrad_opts, lr_decay, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_adagrad_opts, weight_decay, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_adagrad_opts, initial_accumulator, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_adagrad_opts, eps, MLI_FROM_ZERO, 1e-10),
    {0},
};

const char *ml_adagrad_check(ml_adagrad_opts o)
{
    mli_fields_resolve(FIELDS, &o);
    return mli_fields_check("adagrad", FIELDS, &o);
}

ml_optim *ml_adagrad(ml_params *ps, ml_adagrad_opts o)
{
    if (ml_adagrad_check(o))
        return NULL;
    mli_fields_resolve(FIELDS, &o);
    mli_rule rule = {.name = "adagrad", .fields = FIELDS, .states = 1, .apply = apply, .apart = o.eps == 0};
    ml_optim *opt = mli_optim_new(ps, rule, (mli_opts){.adagrad = o}, o.lr, o.weight_decay);
    for (int64_t i = 0; opt && i < ps->length; i++)
        opt->state[0][i] = (ml_real)o.initial_accumulator;
    return opt;
}
