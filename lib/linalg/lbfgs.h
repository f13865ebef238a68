/* lbfgs.h -- the minimum of a smooth function of many numbers, from its value and gradient alone. Internal; in double in every
 * build. Optimizers of nets (optim/lbfgs.c) and learners without a tape stand on it.
 */
#ifndef MLI_LBFGS_H
#define MLI_LBFGS_H

#include "base/base.h"

/* The function: *value and gradient[0 .. n-1] at x[0 .. n-1]. Infinity and NaN say "not there", and a line search steps back
 * from them. An error ends the run. */
typedef ml_status (*mli_objective)(void *user, const double *x, double *value, double *gradient);

/* Resolved by the caller: nothing here has a default. PyTorch's are 1, 20, 25, 1e-7, 1e-9, 1e-10. */
typedef struct mli_lbfgs_opts {
    double rate;                 /* the first step that a line search tries, or the step where none is made */
    int64_t iterations;          /* at most so many, >= 1 */
    int64_t evaluations;         /* and at most about so many calls of the objective: the last search may pass it by one */
    double gradient;             /* done where no |g_i| is above this */
    double change;               /* done where f, or every number of x, changes by no more than this */
    double curvature;            /* a pair s, y is kept where y.s is above this: 0, or more where f or g are noisy */
    bool strong_wolfe;           /* search along each direction; else a plain step of `rate` */
} mli_lbfgs_opts;

typedef enum mli_lbfgs_end {
    MLI_LBFGS_GRADIENT = 0, /* the gradient is small: a minimum, or close to one */
    MLI_LBFGS_CHANGE,       /* nothing changes any more, or the direction leads nowhere down */
    MLI_LBFGS_ITERATIONS,   /* exhausted: the next run goes on from here */
    MLI_LBFGS_EVALUATIONS
} mli_lbfgs_end;

typedef struct mli_lbfgs_result {
    double first, last; /* values where the run began and where it was evaluated last */
    int64_t iterations, evaluations;
    mli_lbfgs_end end;
} mli_lbfgs_result;

typedef struct mli_lbfgs mli_lbfgs;

/* A minimizer of functions of n >= 1 numbers that remembers `history` >= 1 pairs: (2 history + 8) n doubles, taken now, so
 * that runs allocate nothing. NULL where memory lacks. */
mli_lbfgs *mli_lbfgs_new(int64_t n, int64_t history);
void mli_lbfgs_free(mli_lbfgs *m);

/* Moves x downhill, and goes on from the pairs of the run before. ML_EINVAL where the value or gradient is not finite where
 * the run begins (or, without a line search, where a step leads); else the objective's own error. After an error x is the last
 * point where all was well, and the pairs are forgotten. result may be NULL. */
ml_status mli_lbfgs_run(mli_lbfgs *m, const mli_lbfgs_opts *o, mli_objective f, void *user, double *x,
                        mli_lbfgs_result *result);

/* Begins anew: for another function, or the same after something else moved x. */
void mli_lbfgs_forget(mli_lbfgs *m);

#endif
