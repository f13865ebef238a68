/* optim.h -- update rules, clipping, averages of weights, schedules. The rules are PyTorch's, and equal to them over 20
 * steps to 1e-5. Checkpoints, which hold all of these: checkpoint.h.
 *
 * A step consumes the gradients: the next backward overwrites them. Parameters that got no gradient since the last
 * step, and frozen ones, are left as they are.
 */
#ifndef MLCORE_OPTIM_H
#define MLCORE_OPTIM_H

#include <mlcore/nn.h>

ML_BEGIN

typedef struct ml_optim ml_optim;

typedef struct ml_sgd_opts {
    double lr;           /* default 0.01 */
    double momentum;     /* default 0: plain */
    double dampening;    /* default 0 */
    double weight_decay; /* default 0; added to the gradient */
    bool nesterov;       /* wants momentum, and no dampening */
} ml_sgd_opts;

typedef struct ml_adam_opts {
    double lr;           /* default 1e-3 */
    double beta1;        /* default 0.9; ML_ZERO for 0 */
    double beta2;        /* default 0.999; ML_ZERO for 0 */
    double eps;          /* default 1e-8; ML_ZERO for 0 */
    double weight_decay; /* Adam: default 0, added to the gradient. AdamW: default 0.01, decoupled; ML_ZERO for 0 */
} ml_adam_opts;

typedef struct ml_rmsprop_opts {
    double lr;           /* default 0.01 */
    double alpha;        /* default 0.99: how much of the mean of squares is kept; ML_ZERO for 0 */
    double eps;          /* default 1e-8; ML_ZERO for 0 */
    double momentum;     /* default 0 */
    double weight_decay; /* default 0; added to the gradient */
    bool centered;       /* divide by the deviation from the mean gradient instead of by the size */
} ml_rmsprop_opts;

typedef struct ml_adagrad_opts {
    double lr;                  /* default 0.01 */
    double lr_decay;            /* default 0: the rate of step t is lr / (1 + (t - 1) lr_decay) */
    double weight_decay;        /* default 0; added to the gradient */
    double initial_accumulator; /* default 0: what the sum of squares begins with */
    double eps;                 /* default 1e-10; ML_ZERO for 0 */
} ml_adagrad_opts;

typedef struct ml_lbfgs_opts {
    double lr;                /* default 1: the first step tried along a direction; without a search, the step */
    int64_t max_iter;         /* default 20: iterations of one ml_step_closure */
    int64_t max_eval;         /* default max_iter * 5 / 4: evaluations of the loss in one ml_step_closure */
    int64_t history;          /* default 100: pairs remembered. The memory is (2 history + 9) doubles a parameter */
    double tolerance_grad;    /* default 1e-7: done where no number of the gradient is larger; ML_ZERO for 0 */
    double tolerance_change;  /* default 1e-9: done where loss or parameters change less; ML_ZERO for 0 */
    bool strong_wolfe;        /* search each direction for a step that satisfies the strong Wolfe conditions: do */
} ml_lbfgs_opts;

/* NULL, or a sentence that says which option is out of range (it is also ml_error, until the next failure). */
ML_API const char *ml_sgd_check(ml_sgd_opts opts);
ML_API const char *ml_adam_check(ml_adam_opts opts);
ML_API const char *ml_rmsprop_check(ml_rmsprop_opts opts);
ML_API const char *ml_adagrad_check(ml_adagrad_opts opts);
ML_API const char *ml_lbfgs_check(ml_lbfgs_opts opts);

/* ps must live as long as steps are taken; freeing the optimizer does not touch it. */
ML_API ml_optim *ml_sgd(ml_params *ps, ml_sgd_opts opts);
/* Kingma and Ba 2015, algorithm 1. */
ML_API ml_optim *ml_adam(ml_params *ps, ml_adam_opts opts);
/* Loshchilov and Hutter 2019, algorithm 2. */
ML_API ml_optim *ml_adamw(ml_params *ps, ml_adam_opts opts);
/* Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, eq. 38-42. */
ML_API ml_optim *ml_rmsprop(ml_params *ps, ml_rmsprop_opts opts);
/* Duchi, Hazan, Singer 2011, figure 1. */
ML_API ml_optim *ml_adagrad(ml_params *ps, ml_adagrad_opts opts);
/* Liu and Nocedal 1989, algorithm 2.1. For small problems and whole data sets: it builds on differences of gradients, so the
 * loss must be the same function at each evaluation, without dropout or a new batch. It computes in double; all parameters
 * that are not frozen are one vector, so it has no groups and no weight decay. It steps by ml_step_closure alone. What it
 * remembers is not saved in checkpoints (ML_ESTATE): save the parameters, and a new one finds its way back in a few steps. */
ML_API ml_optim *ml_lbfgs(ml_params *ps, ml_lbfgs_opts opts);
ML_API void ml_optim_free(ml_optim *opt);

/* One update of every parameter that has a gradient and is not frozen; ML_ESTATE when parameters were added after the
 * optimizer was made, or for L-BFGS, whose step is ml_step_closure. */
ML_API ml_status ml_step(ml_optim *opt);

/* The loss with the parameters as they are, into *loss, and its gradients onto them: reset the tape, forward, ml_backward. What
 * had gathered before is dropped for you. The error of a closure ends the step with its status and sentence. */
typedef ml_status (*ml_closure_fn)(void *user, double *loss);
/* One update by a rule that may want the loss several times: PyTorch's step(closure). L-BFGS calls f up to max_eval times;
 * every other rule once, and then does what ml_step does. *loss, where not NULL, gets the loss before the update. L-BFGS: where
 * the loss or its gradient is not finite at the start of a step, or without a search after it, the step is ML_EINVAL. After
 * any error the parameters are the last at which all was well. */
ML_API ml_status ml_step_closure(ml_optim *opt, ml_closure_fn f, void *user, double *loss);
ML_API int64_t ml_optim_steps(const ml_optim *opt);
ML_API double ml_lr(const ml_optim *opt);
ML_API ml_status ml_set_lr(ml_optim *opt, double lr);

/* Groups: parameters whose name begins with prefix get a learning rate and a weight decay of their own. In prefix, * stands
 * for any characters: "features." is a part of a net, "*.bias" every bias, "" all. The rest stays as it is, and of several
 * calls that name a parameter the last one counts. The rate of a group is lr_scale times ml_lr, whatever the schedule makes
 * of that: PyTorch's parameter groups under a schedule. ML_EINVAL where no parameter is named so.
 *     ml_optim_group(opt, "features.", (ml_group_opts){.lr_scale = 0.1});       a pretrained part: small steps
 *     ml_optim_group(opt, "*.bias", (ml_group_opts){.weight_decay = ML_ZERO});  no decay of biases */
typedef struct ml_group_opts {
    double lr_scale;     /* default 1; ML_ZERO for 0 */
    double weight_decay; /* default: what the optimizer was made with; ML_ZERO for 0 */
} ml_group_opts;
ML_API ml_status ml_optim_group(ml_optim *opt, const char *prefix, ml_group_opts opts);

/* ---- clipping: between ml_backward and ml_step ---- */

/* Scales all gradients by max_norm / (norm + 1e-6) where that is below 1, norm being the Euclidean norm of all of them as
 * one vector, computed in double; *norm (NULL is fine) gets it as it was before. As PyTorch's clip_grad_norm_ (Pascanu,
 * Mikolov, Bengio 2013, algorithm 1), but a norm that is not finite is ML_EINVAL, with the parameter in the sentence, and
 * leaves the gradients alone, where PyTorch would make all of them NaN, and the next step all weights. Drop them with
 * ml_zero_grad to go on. max_norm > 0; INFINITY only measures. */
ML_API ml_status ml_clip_grad_norm(ml_params *ps, double max_norm, double *norm);
/* Moves every number of every gradient into -limit .. limit, limit > 0. Infinity becomes the limit, NaN stays. */
ML_API ml_status ml_clip_grad_value(ml_params *ps, double limit);

/* ---- an exponential moving average of the weights ---- */

typedef struct ml_ema ml_ema;
typedef struct ml_ema_opts {
    double decay; /* default 0.999: how much of the average is kept at an update; ML_ZERO for 0 */
    bool warm_up; /* at update n = 0, 1, 2, ... keep min(decay, (1 + n) / (10 + n)): soon rid of the initial weights */
} ml_ema_opts;

/* Begins with the weights as they are. ps must live as long; parameters added later make each call ML_ESTATE. */
ML_API ml_ema *ml_ema_new(ml_params *ps, ml_ema_opts opts);
ML_API void ml_ema_free(ml_ema *ema);
/* average <- keep average + (1 - keep) weights, after each step (Polyak and Juditsky 1992, with exponential weights). */
ML_API ml_status ml_ema_update(ml_ema *ema);
/* Exchanges averages and weights: once to evaluate or save the averages, once more before training goes on. In between,
 * ml_ema_update is ML_ESTATE. Running statistics are no weights, and stay those of the net. */
ML_API ml_status ml_ema_swap(ml_ema *ema);
ML_API int64_t ml_ema_updates(const ml_ema *ema);

/* ---- schedules: the learning rate of step 0, 1, 2, ... as a pure function ---- */

typedef struct ml_schedule ml_schedule;
struct ml_schedule {
    double (*at)(const ml_schedule *s, int64_t step);
    double base, gamma, div, final_div, pct_start, floor; /* which of these are used: the constructor's comment */
    int64_t every, total, mult;
    int64_t warm_up; /* steps before the schedule begins; their rate rises from start * the first rate to it */
    double start;
};

/* base at every step */
ML_API ml_schedule ml_schedule_constant(double base);
/* base * gamma^(step / every), integer division */
ML_API ml_schedule ml_schedule_step(double base, int64_t every, double gamma);
/* Half a cosine from base at step 0 down to floor at step total, where it stays (Loshchilov and Hutter 2017, eq. 5), as
 * PyTorch's CosineAnnealingLR up to there. Uses base, floor, total. */
ML_API ml_schedule ml_schedule_cosine(double base, int64_t total, double floor);
/* The cosine with warm restarts (same paper): from base down towards floor in `first` steps, then from base again in first *
 * mult steps, in first * mult^2, and so on. PyTorch's CosineAnnealingWarmRestarts with T_0 = first, T_mult = mult, both
 * >= 1. Uses base, floor, every (first), mult. */
ML_API ml_schedule ml_schedule_cosine_restarts(double base, int64_t first, int64_t mult, double floor);
/* base * gamma^step: PyTorch's ExponentialLR */
ML_API ml_schedule ml_schedule_exponential(double base, double gamma);
/* One cycle (Smith and Topin 2018), as PyTorch's OneCycleLR with its defaults: from max/25 up to max by a cosine over
 * 30 % of total steps, then down to max/250000, where it stays. Uses base (max), div, final_div, pct_start, total. */
ML_API ml_schedule ml_schedule_one_cycle(double max, int64_t total);
/* Puts a linear warm-up before any of these: from start times the schedule's first rate up to that rate in `steps` steps, and
 * then the schedule from its step 0 on. PyTorch's LinearLR and SequentialLR. start in [0, 1]; steps 0 takes it away. */
ML_API ml_schedule ml_schedule_warm_up(ml_schedule after, int64_t steps, double start);
/* step counts from 0. NaN, with an error set, for a negative step, or where every, total or mult is below 1, or the warm-up
 * is none. */
ML_API double ml_schedule_at(const ml_schedule *s, int64_t step);

/* ---- plateau: the learning rate falls when a score no longer gets better ---- */

typedef struct ml_plateau_opts {
    bool higher_is_better; /* an accuracy; default: lower is better, a loss */
    double factor;         /* default 0.1: the new rate is factor times the old; in [0, 1), ML_ZERO for 0 */
    int64_t patience;      /* default 10: so many scores in a row may be no better, one more lowers the rate; ML_NONE for 0 */
    double threshold;      /* default 1e-4: better is by more than this share of the best; ML_ZERO for 0 */
    int64_t cooldown;      /* default 0: after a fall, so many scores do not count */
    double min_lr;         /* default 0: never below */
} ml_plateau_opts;

/* A plain value: set opts, leave the rest 0. PyTorch's ReduceLROnPlateau. */
typedef struct ml_plateau {
    ml_plateau_opts opts;
    double best;      /* of the scores seen */
    int64_t seen;     /* how many scores */
    int64_t bad;      /* since the last better one, or the last fall */
    int64_t cooling;  /* scores that still do not count */
} ml_plateau;

ML_API const char *ml_plateau_check(ml_plateau_opts opts);
/* Tells the score of an epoch, on validation data; may lower the rate of opt, by ml_set_lr. NaN is no better. A change
 * of the rate by no more than 1e-8 is left out, as in PyTorch. */
ML_API ml_status ml_plateau_update(ml_plateau *p, ml_optim *opt, double score);

ML_END
#endif
