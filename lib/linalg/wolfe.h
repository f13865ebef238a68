/* wolfe.h -- a line search. Internal. */
#ifndef MLI_WOLFE_H
#define MLI_WOLFE_H

#include "linalg/lbfgs.h"

/* A place on the line: how far from x along d, the value there, its slope along the line, and the gradient. */
typedef struct mli_place {
    double t, f, slope;
    double *g;
} mli_place;

typedef struct mli_line {
    mli_objective objective;
    void *user;
    int64_t n;
    const double *x, *d;
    double *at;         /* room for x + t d */
    double *gradient[3]; /* room for the gradients of three places */
    double shortest;    /* a bracket shorter than this is not searched any further */
    int64_t most;       /* evaluations after the first */
    int64_t evaluations; /* counts them */
} mli_line;

/* The place at t on the line. A value or slope that is not finite becomes f = INFINITY: nowhere to stay. */
ml_status mli_line_at(mli_line *l, double t, double *g, mli_place *p);

/* A step that satisfies the strong Wolfe conditions, from `zero`, the place at t = 0, where the slope is below 0; t is the first
 * one tried. Where evaluations run out it is the lowest place found, which may be zero itself. */
ml_status mli_wolfe(mli_line *l, const mli_place *zero, double t, mli_place *found);

#endif
