/* sgd.c -- stochastic gradient descent, with momentum
 *
 * Plain      p <- p - lr g
 * Decay      g <- g + weight_decay p                      (before all else: the gradient of weight_decay/2 |p|^2)
 * Momentum   b <- momentum b + (1 - dampening) g          (b = g at a parameter's first step)
 *            p <- p - lr b
 * Nesterov   p <- p - lr (g + momentum b)                 (look ahead along b, then correct)
 * Remembers  b, one number a parameter; nothing without momentum
 * Source     Robbins and Monro 1951; Polyak 1964; Sutskever, Martens, Dahl, Hinton 2013, eq. 1-4. The form above,
 *            where lr stands outside b, is PyTorch's torch.optim.SGD.        Derivation  docs/math/sgd.md
 */
#include "optim/optim.h"

/* The one pass that a training loop spends its time in: load p and g, one multiply-add, store p. */
static void plain(ml_real *restrict p, const ml_real *restrict g, int64_t n, ml_real lr)
{
    for (int64_t i = 0; i < n; i++)
        p[i] -= lr * g[i];
}

static void decayed(ml_real *restrict p, const ml_real *restrict g, int64_t n, ml_real lr, ml_real decay)
{
    for (int64_t i = 0; i < n; i++)
        p[i] -= lr * (g[i] + decay * p[i]);
}

/* keep is the momentum, take is 1 - dampening. */
static void with_momentum(ml_real *restrict p, const ml_real *restrict g, ml_real *restrict b, int64_t n, ml_real lr,
                          ml_real decay, ml_real keep, ml_real take, bool nesterov)
{
    if (nesterov) {
        for (int64_t i = 0; i < n; i++) {
            ml_real d = g[i] + decay * p[i];
            b[i] = keep * b[i] + take * d;
            p[i] -= lr * (d + keep * b[i]);
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            b[i] = keep * b[i] + take * (g[i] + decay * p[i]);
            p[i] -= lr * b[i];
        }
    }
}

static void apply(const mli_opts *opts, const mli_span *s)
{
    const ml_sgd_opts *o = &opts->sgd;
    ml_real lr = (ml_real)s->lr, decay = (ml_real)s->weight_decay;
    if (o->momentum == 0 && decay == 0) {
        plain(s->p, s->g, s->n, lr);
    } else if (o->momentum == 0) {
        decayed(s->p, s->g, s->n, lr, decay);
    } else {
        double take = s->t == 1 ? 1 : 1 - o->dampening; /* b is 0 before the first step: b = g */
        with_momentum(s->p, s->g, s->state[0], s->n, lr, decay, (ml_real)o->momentum, (ml_real)take, o->nesterov);
    }
}

static const mli_field FIELDS[] = {
    MLI_FIELD(ml_sgd_opts, lr, MLI_FROM_ZERO, 0.01),
    MLI_FIELD(ml_sgd_opts, momentum, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_sgd_opts, dampening, MLI_FINITE, 0),
    MLI_FIELD(ml_sgd_opts, weight_decay, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_sgd_opts, nesterov, MLI_FLAG, 0),
    {0},
};

const char *ml_sgd_check(ml_sgd_opts o)
{
    mli_fields_resolve(FIELDS, &o);
    const char *why = mli_fields_check("sgd", FIELDS, &o);
    if (!why && o.nesterov && (o.momentum == 0 || o.dampening != 0)) {
        mli_fail(ML_EINVAL, "sgd: nesterov wants momentum > 0 and no dampening, got momentum %g and dampening %g",
                 o.momentum, o.dampening);
        why = ml_error();
    }
    return why;
}

ml_optim *ml_sgd(ml_params *ps, ml_sgd_opts o)
{
    if (ml_sgd_check(o))
        return NULL;
    mli_fields_resolve(FIELDS, &o);
    mli_rule rule = {.name = "sgd", .fields = FIELDS, .states = o.momentum == 0 ? 0 : 1, .apply = apply};
    return mli_optim_new(ps, rule, (mli_opts){.sgd = o}, o.lr, o.weight_decay);
}
