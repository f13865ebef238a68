/* logistic.h -- what the solvers of logistic and softmax regression share. Internal. */
#ifndef MLI_LOGISTIC_H
#define MLI_LOGISTIC_H

#include "classical/model.h"
#include "linalg/design.h"

/* The minimum over u (K,D+1), the last column intercepts, of
 *     f(u) = sum_n share[n] loss_n  +  sum_k sum_d l1[d] |u[k,d]| + 1/2 l2[d] u[k,d]^2
 * The shares of the rows sum to 1: f is a mean, and so is its gradient. K = 1 tells two classes apart, by the score of class 1. */
typedef struct mli_logistic {
    const ml_logistic_opts *opts;
    const int32_t *label;
    mli_design design;
    int64_t k, width; /* width = D + 1 */
    double *share;    /* N */
    double *l1, *l2;  /* D */
    double *p;        /* (N,K): probabilities at the place looked at last; NULL: not kept */
    int64_t steps;
    bool settled;
} mli_logistic;

/* ---- logistic_loss.c ---- */

/* The smooth part of f at u, without l1, and its gradient (K,D+1). An mli_objective. */
ml_status mli_logistic_objective(void *problem, const double *u, double *value, double *gradient);
/* Scores (n,K) become probabilities, in place. */
void mli_logistic_softmax(double *z, int64_t n, int64_t k);
/* n scores of class 1, at the front of p (n,2), become probabilities of both classes. */
void mli_logistic_two(double *p, int64_t n);

/* ---- logistic_newton.c ---- */

/* With l1, coordinate descent on the parabolas of Newton's method; without, Cholesky. u is where it begins and ends. */
ml_status mli_logistic_newton(mli_logistic *p, double *u, bool l1);

/* ---- logistic_quadratic.c ---- */

/* H (K (D+1), K (D+1)) at p->p, of the smooth part of f; `damping` times the mean of its diagonal is added there. */
ml_status mli_logistic_hessian(const mli_logistic *p, double damping, double *h);
/* The d that makes g.d + 1/2 d.H d + sum l1 |u + d| least, to the share `tol` of what the slopes are at d = 0. size: of u; width: l1 has
 * width - 1 numbers, for each row of u. h.d is left in hd. */
void mli_quadratic_l1(const double *h, const double *g, const double *l1, const double *u, int64_t size, int64_t width, double tol,
                      double *d, double *hd);
/* How far u is from the minimum: the largest of what the slopes of f leave when l1 takes its part. l1 NULL: none. */
double mli_slope_left(const double *g, const double *l1, const double *u, int64_t size, int64_t width);

#endif
