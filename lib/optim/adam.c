/* adam.c -- Adam and AdamW: a step size for each parameter, from the moments of its gradient
 *
 * Moments    m <- beta1 m + (1 - beta1) g              the mean of recent gradients
 *            v <- beta2 v + (1 - beta2) g^2            the mean of their squares
 * Unbiased   mh = m / (1 - beta1^t)                    m and v start at 0, so early means are too small by this
 *            vh = v / (1 - beta2^t)
 * Step       p <- p - lr mh / (sqrt(vh) + eps)         about lr in size, whatever the scale of g
 * Decay      Adam:  g <- g + weight_decay p first, so the decay is scaled by 1/sqrt(vh) too
 *            AdamW: p <- p - lr weight_decay p first, and g as it is: the decay is the same for all
 * Remembers  m and v, two numbers a parameter, and its t
 * Source     Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2      Derivation  docs/math/adam.md
 */
#include "optim/optim.h"

#include <math.h>

#ifdef MLCORE_DOUBLE
#define root sqrt
#else
#define root sqrtf
#endif

/* What is the same for all numbers of a step. Computed in double: 1 - beta2^t is 0.001 at first, where float would keep
 * four digits of it. */
typedef struct scalars {
    ml_real keep1, take1, keep2, take2;
    ml_real size;     /* lr / (1 - beta1^t) */
    ml_real unbias2;  /* 1 / sqrt(1 - beta2^t) */
    ml_real eps;
    ml_real couple;   /* Adam's weight decay, else 0 */
    ml_real shrink;   /* AdamW's 1 - lr weight_decay, else 1 */
} scalars;

static scalars scalars_of(const ml_optim *opt, int64_t t, bool decoupled)
{
    const ml_adam_opts *o = &opt->opts.adam;
    double bias1 = 1 - pow(o->beta1, (double)t), bias2 = 1 - pow(o->beta2, (double)t);
    return (scalars){
        .keep1 = (ml_real)o->beta1,
        .take1 = (ml_real)(1 - o->beta1),
        .keep2 = (ml_real)o->beta2,
        .take2 = (ml_real)(1 - o->beta2),
        .size = (ml_real)(opt->lr / bias1),
        .unbias2 = (ml_real)(1 / sqrt(bias2)),
        .eps = (ml_real)o->eps,
        .couple = decoupled ? 0 : (ml_real)o->weight_decay,
        .shrink = decoupled ? (ml_real)(1 - opt->lr * o->weight_decay) : 1,
    };
}

/* One pass for both: with couple 0 the first line, with shrink 1 the last product changes nothing. */
static void update(ml_real *restrict p, const ml_real *restrict g, ml_real *restrict m, ml_real *restrict v, int64_t n,
                   scalars s)
{
    for (int64_t i = 0; i < n; i++) {
        ml_real d = g[i] + s.couple * p[i];
        m[i] = s.keep1 * m[i] + s.take1 * d;
        v[i] = s.keep2 * v[i] + s.take2 * d * d;
        p[i] = s.shrink * p[i] - s.size * m[i] / (root(v[i]) * s.unbias2 + s.eps);
    }
}

static void apply_adam(const ml_optim *opt, const mli_span *s)
{
    update(s->p, s->g, s->state[0], s->state[1], s->n, scalars_of(opt, s->t, false));
}

static void apply_adamw(const ml_optim *opt, const mli_span *s)
{
    update(s->p, s->g, s->state[0], s->state[1], s->n, scalars_of(opt, s->t, true));
}

/* decay: the default of weight_decay */
static ml_adam_opts resolved(ml_adam_opts o, double decay)
{
    o.lr = mli_option(o.lr, 1e-3);
    o.beta1 = mli_option(o.beta1, 0.9);
    o.beta2 = mli_option(o.beta2, 0.999);
    o.eps = mli_option(o.eps, 1e-8);
    o.weight_decay = mli_option(o.weight_decay, decay);
    return o;
}

static const char *check(const char *rule, ml_adam_opts opts)
{
    ml_adam_opts o = resolved(opts, 0);
    const char *why = mli_option_check(rule, "lr", o.lr, INFINITY);
    if (!why)
        why = mli_option_check(rule, "beta1", o.beta1, 1);
    if (!why)
        why = mli_option_check(rule, "beta2", o.beta2, 1);
    if (!why)
        why = mli_option_check(rule, "eps", o.eps, INFINITY);
    if (!why)
        why = mli_option_check(rule, "weight_decay", o.weight_decay, INFINITY);
    return why;
}

const char *ml_adam_check(ml_adam_opts opts)
{
    return check("adam", opts);
}

static ml_optim *make(ml_params *ps, ml_adam_opts opts, mli_rule rule, double decay)
{
    if (check(rule.name, opts))
        return NULL;
    ml_adam_opts o = resolved(opts, decay);
    rule.states = 2;
    rule.apart = o.eps == 0; /* 0 / 0 in the padding would not be 0 */
    ml_optim *opt = mli_optim_new(ps, rule, o.lr);
    if (opt)
        opt->opts.adam = o;
    return opt;
}

ml_optim *ml_adam(ml_params *ps, ml_adam_opts opts)
{
    return make(ps, opts, (mli_rule){.name = "adam", .apply = apply_adam}, 0);
}

ml_optim *ml_adamw(ml_params *ps, ml_adam_opts opts)
{
    return make(ps, opts, (mli_rule){.name = "adamw", .apply = apply_adamw}, 0.01);
}
