/* rmsprop.c -- RMSprop: each gradient divided by its own recent size
 *
 * Size       v <- alpha v + (1 - alpha) g^2                     the mean of recent squares
 * Centered   m <- alpha m + (1 - alpha) g,  v - m^2 for v       squares around the mean: the variance
 * Step       p <- p - lr g / (sqrt(v) + eps)
 * Momentum   b <- momentum b + g / (sqrt(v) + eps),  p <- p - lr b
 * Decay      g <- g + weight_decay p first, as in SGD
 * Remembers  v; then m, if centered; then b, with momentum: one to three numbers a parameter
 * Source     Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, eq. 38-42. The form above, with eps outside the
 *            root, is PyTorch's torch.optim.RMSprop.           Derivation  docs/math/rmsprop.md
 */
#include "optim/optim.h"

typedef struct scalars {
    ml_real lr, decay, keep, take, eps, momentum;
} scalars;

/* The variance by the difference of means can come out below 0 by rounding, and its root would be NaN for ever: it is 0. */
static inline ml_real variance(ml_real v, ml_real m)
{
    ml_real d = v - m * m;
    return d < 0 ? 0 : d;
}

/* One loop for all four rules; centered and momentum are constants where it is called, so each call is a loop of its own. */
static inline void update(const mli_span *s, scalars k, bool centered, bool momentum)
{
    ml_real *restrict p = s->p, *restrict v = s->state[0], *restrict m = s->state[1];
    ml_real *restrict b = s->state[centered ? 2 : 1];
    const ml_real *restrict g = s->g;
    for (int64_t i = 0; i < s->n; i++) {
        ml_real d = g[i] + k.decay * p[i];
        v[i] = k.keep * v[i] + k.take * d * d;
        if (centered)
            m[i] = k.keep * m[i] + k.take * d;
        ml_real step = d / (mli_sqrt(centered ? variance(v[i], m[i]) : v[i]) + k.eps);
        if (momentum)
            step = b[i] = k.momentum * b[i] + step;
        p[i] -= k.lr * step;
    }
}

static void apply(const mli_opts *opts, const mli_span *s)
{
    const ml_rmsprop_opts *o = &opts->rmsprop;
    scalars k = {.lr = (ml_real)s->lr, .decay = (ml_real)s->weight_decay, .keep = (ml_real)o->alpha,
                 .take = (ml_real)(1 - o->alpha), .eps = (ml_real)o->eps, .momentum = (ml_real)o->momentum};
    if (o->centered && o->momentum > 0)
        update(s, k, true, true);
    else if (o->centered)
        update(s, k, true, false);
    else if (o->momentum > 0)
        update(s, k, false, true);
    else
        update(s, k, false, false);
}

static const mli_field FIELDS[] = {
    MLI_FIELD(ml_rmsprop_opts, lr, MLI_FROM_ZERO, 0.01),
    MLI_FIELD(ml_rmsprop_opts, alpha, MLI_BELOW_ONE, 0.99),
    MLI_FIELD(ml_rmsprop_opts, eps, MLI_FROM_ZERO, 1e-8),
    MLI_FIELD(ml_rmsprop_opts, momentum, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_rmsprop_opts, weight_decay, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_rmsprop_opts, centered, MLI_FLAG, 0),
    {0},
};

const char *ml_rmsprop_check(ml_rmsprop_opts o)
{
    mli_fields_resolve(FIELDS, &o);
    return mli_fields_check("rmsprop", FIELDS, &o);
}

ml_optim *ml_rmsprop(ml_params *ps, ml_rmsprop_opts o)
{
    if (ml_rmsprop_check(o))
        return NULL;
    mli_fields_resolve(FIELDS, &o);
    mli_rule rule = {.name = "rmsprop", .fields = FIELDS, .apply = apply, .apart = o.eps == 0};
    rule.states = 1 + o.centered + (o.momentum > 0);
    return mli_optim_new(ps, rule, (mli_opts){.rmsprop = o}, o.lr, o.weight_decay);
}
