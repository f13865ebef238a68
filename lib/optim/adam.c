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

static scalars scalars_of(const ml_adam_opts *o, const mli_span *s, bool decoupled)
{
    double bias1 = 1 - pow(o->beta1, (double)s->t), bias2 = 1 - pow(o->beta2, (double)s->t);
    return (scalars){
        .keep1 = (ml_real)o->beta1,
        .take1 = (ml_real)(1 - o->beta1),
        .keep2 = (ml_real)o->beta2,
        .take2 = (ml_real)(1 - o->beta2),
        .size = (ml_real)(s->lr / bias1),
        .unbias2 = (ml_real)(1 / sqrt(bias2)),
        .eps = (ml_real)o->eps,
        .couple = decoupled ? 0 : (ml_real)s->weight_decay,
        .shrink = decoupled ? (ml_real)(1 - s->lr * s->weight_decay) : 1,
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
        p[i] = s.shrink * p[i] - s.size * m[i] / (mli_sqrt(v[i]) * s.unbias2 + s.eps);
    }
}

static void apply_adam(const mli_opts *opts, const mli_span *s)
{
    update(s->p, s->g, s->state[0], s->state[1], s->n, scalars_of(&opts->adam, s, false));
}

static void apply_adamw(const mli_opts *opts, const mli_span *s)
{
    update(s->p, s->g, s->state[0], s->state[1], s->n, scalars_of(&opts->adam, s, true));
}

static const mli_field FIELDS[] = {
    MLI_FIELD(ml_adam_opts, lr, MLI_FROM_ZERO, 1e-3),
    MLI_FIELD(ml_adam_opts, beta1, MLI_BELOW_ONE, 0.9),
    MLI_FIELD(ml_adam_opts, beta2, MLI_BELOW_ONE, 0.999),
    MLI_FIELD(ml_adam_opts, eps, MLI_FROM_ZERO, 1e-8),
    MLI_FIELD(ml_adam_opts, weight_decay, MLI_FROM_ZERO, 0),
    {0},
};

static const char *check(const char *rule, ml_adam_opts o)
{
    mli_fields_resolve(FIELDS, &o);
    return mli_fields_check(rule, FIELDS, &o);
}

const char *ml_adam_check(ml_adam_opts opts)
{
    return check("adam", opts);
}

static ml_optim *make(ml_params *ps, ml_adam_opts o, mli_rule rule)
{
    if (check(rule.name, o))
        return NULL;
    mli_fields_resolve(FIELDS, &o);
    rule.fields = FIELDS;
    rule.states = 2;
    rule.apart = o.eps == 0; /* 0 / 0 in the padding would not be 0 */
    return mli_optim_new(ps, rule, (mli_opts){.adam = o}, o.lr, o.weight_decay);
}

ml_optim *ml_adam(ml_params *ps, ml_adam_opts opts)
{
    return make(ps, opts, (mli_rule){.name = "adam", .apply = apply_adam});
}

ml_optim *ml_adamw(ml_params *ps, ml_adam_opts opts)
{
    if (opts.weight_decay == 0)
        opts.weight_decay = 0.01;
    return make(ps, opts, (mli_rule){.name = "adamw", .apply = apply_adamw});
}
