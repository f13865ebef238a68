/* optim.h -- the inside of an optimizer and of an average of weights. Internal. A new rule is one file: a table of its
 * options, a function `apply` over flat memory, a check, and a constructor that calls mli_optim_new. A rule that wants the
 * loss, and sees the parameters as one vector, has a function `step` instead, and memory of its own. */
#ifndef MLI_OPTIM_H
#define MLI_OPTIM_H

#include "nn/nn.h"
#include "io/fields.h"

#include <mlcore/optim.h>

#include <math.h>

enum { MLI_STATES = 3 };

/* A run of numbers that one call of a rule updates: parameters, gradients, and the rule's memory beside them. */
typedef struct mli_span {
    ml_real *p;
    const ml_real *g;
    ml_real *state[MLI_STATES];
    int64_t n;
    int64_t t; /* which step this is for these parameters: 1, 2, 3, ... */
    double lr, weight_decay;
} mli_span;

typedef union mli_opts {
    ml_sgd_opts sgd;
    ml_adam_opts adam;
    ml_rmsprop_opts rmsprop;
    ml_adagrad_opts adagrad;
    ml_lbfgs_opts lbfgs;
} mli_opts;

typedef struct mli_rule {
    const char *name;
    const mli_field *fields; /* of its options, lr first */
    int states;              /* how many numbers it remembers for each parameter */
    void (*apply)(const mli_opts *opts, const mli_span *span);
    bool apart; /* the padding would not stay zero: never run across it */
    ml_status (*step)(ml_optim *opt, ml_closure_fn f, void *user, double *loss); /* instead of apply */
} mli_rule;

/* The memory of L-BFGS. */
typedef struct mli_whole mli_whole;
void mli_whole_free(mli_whole *w);

/* What one parameter has of its own. */
typedef struct mli_own {
    double lr_scale, weight_decay; /* of its group */
    int64_t taken;                 /* the steps it took part in, as in PyTorch */
} mli_own;
extern const mli_field mli_own_fields[];

struct ml_optim {
    mli_rule rule;
    mli_opts opts;       /* defaults filled in */
    double lr;           /* of the next step */
    double weight_decay; /* of parameters that no group names */
    ml_params *ps;
    int64_t version;            /* of ps, when this was made */
    ml_real *state[MLI_STATES]; /* as long as the block of parameters, zero at first */
    mli_own *own;               /* of each parameter */
    mli_whole *whole;           /* of a rule with `step` */
    int64_t steps;
};

/* Seals ps and makes an optimizer with a memory of zeros. opts have their defaults filled in; lr and weight_decay are
 * theirs. */
ml_optim *mli_optim_new(ml_params *ps, mli_rule rule, mli_opts opts, double lr, double weight_decay);

/* ML_ESTATE where parameters were added after the optimizer was made. */
ml_status mli_optim_ready(const ml_optim *opt, const char *what);

struct ml_ema {
    ml_params *ps;
    int64_t version; /* of ps, when this was made */
    ml_ema_opts opts; /* defaults filled in */
    ml_real *average; /* as long as the block of parameters */
    int64_t updates;
    bool swapped; /* the averages are in the net, its weights here */
};
extern const mli_field mli_ema_fields[]; /* of its options */

/* ML_ESTATE where parameters were added after the average was made. */
ml_status mli_ema_ready(const ml_ema *ema, const char *what);

extern const mli_field mli_plateau_fields[]; /* of its options */

static inline ml_real mli_sqrt(ml_real x)
{
#ifdef MLCORE_DOUBLE
    return sqrt(x);
#else
    return sqrtf(x);
#endif
}

#endif
