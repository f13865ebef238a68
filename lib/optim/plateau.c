/* plateau.c -- a lower learning rate once the score no longer gets better
 *
 * Better     score < best (1 - threshold), or score > best (1 + threshold) where higher is better
 * Bad        scores in a row that are not better; after a fall, `cooldown` scores are not counted
 * Fall       when bad > patience:  lr <- max(lr factor, min_lr),  bad <- 0
 * Source     PyTorch's ReduceLROnPlateau, threshold_mode "rel"          Derivation  docs/math/schedules.md
 */
#include "optim/optim.h"

const mli_field mli_plateau_fields[] = {
    MLI_FIELD(ml_plateau_opts, higher_is_better, MLI_FLAG, 0),
    MLI_FIELD(ml_plateau_opts, factor, MLI_BELOW_ONE, 0.1),
    MLI_FIELD(ml_plateau_opts, patience, MLI_COUNT, 10),
    MLI_FIELD(ml_plateau_opts, threshold, MLI_FROM_ZERO, 1e-4),
    MLI_FIELD(ml_plateau_opts, cooldown, MLI_COUNT, 0),
    MLI_FIELD(ml_plateau_opts, min_lr, MLI_FROM_ZERO, 0),
    {0},
};

const char *ml_plateau_check(ml_plateau_opts opts)
{
    mli_fields_resolve(mli_plateau_fields, &opts);
    return mli_fields_check("plateau", mli_plateau_fields, &opts);
}

static bool is_better(double score, double best, const ml_plateau_opts *o)
{
    return o->higher_is_better ? score > best * (1 + o->threshold) : score < best * (1 - o->threshold);
}

static ml_status fall(const ml_plateau_opts *o, ml_optim *opt)
{
    static const double least = 1e-8; /* PyTorch's eps: a smaller change is not worth it */
    double lr = fmax(ml_lr(opt) * o->factor, o->min_lr);
    return ml_lr(opt) - lr > least ? ml_set_lr(opt, lr) : ML_OK;
}

ml_status ml_plateau_update(ml_plateau *p, ml_optim *opt, double score)
{
    if (!p || !opt)
        return mli_fail(ML_EINVAL, "plateau: the %s is NULL", p ? "optimizer" : "plateau");
    ml_plateau_opts o = p->opts;
    mli_fields_resolve(mli_plateau_fields, &o);
    if (mli_fields_check("plateau", mli_plateau_fields, &o))
        return ML_EINVAL;
    double best = p->seen ? p->best : o.higher_is_better ? -INFINITY : INFINITY;
    bool better = is_better(score, best, &o);
    p->best = better ? score : best;
    p->bad = better ? 0 : p->bad + 1;
    p->seen++;
    if (p->cooling > 0) {
        p->cooling--;
        p->bad = 0;
    }
    if (p->bad <= o.patience)
        return ML_OK;
    p->bad = 0;
    p->cooling = o.cooldown;
    return fall(&o, opt);
}
