/* optim.h -- the inside of an optimizer. Internal. A new rule is one file: its options' check, a function `apply` over
 * flat memory, a struct mli_rule, and a constructor that calls mli_optim_new. */
#ifndef MLI_OPTIM_H
#define MLI_OPTIM_H

#include "nn/nn.h"

#include <mlcore/optim.h>

enum { MLI_STATES = 2 };

/* A run of numbers that one call of a rule updates: parameters, gradients, and the rule's memory beside them. */
typedef struct mli_span {
    ml_real *p;
    const ml_real *g;
    ml_real *state[MLI_STATES];
    int64_t n;
    int64_t t; /* which step this is for these parameters: 1, 2, 3, ... */
} mli_span;

typedef struct mli_rule {
    const char *name;
    int states; /* how many numbers it remembers for each parameter */
    void (*apply)(const ml_optim *opt, const mli_span *span);
    bool apart; /* the padding would not stay zero: never run across it */
} mli_rule;

struct ml_optim {
    mli_rule rule;
    double lr;
    union {
        ml_sgd_opts sgd;
        ml_adam_opts adam;
    } opts; /* defaults filled in; lr is the one above */
    ml_params *ps;
    int64_t version;            /* of ps, when this was made */
    ml_real *state[MLI_STATES]; /* as long as the block of parameters, zero at first */
    int64_t *taken;             /* of each parameter: the steps it took part in, as in PyTorch */
    int64_t steps;
};

/* Seals ps and makes an optimizer with a memory of zeros; the caller fills in opts. */
ml_optim *mli_optim_new(ml_params *ps, mli_rule rule, double lr);

/* The option, its default where it is 0, and 0 where it is ML_ZERO. */
double mli_option(double value, double standard);

/* NULL where 0 <= value < high, else the sentence "adam: beta1 is 1.5: it must be in [0, 1)". */
const char *mli_option_check(const char *rule, const char *option, double value, double high);

#endif
