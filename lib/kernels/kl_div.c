/* kl_div.c -- how far a distribution is from the one that is so, in nats:  KL(y || p)
 *
 * Shapes     log_p, y (N, ...): n log-probabilities and n target probabilities, N rows      loss ()
 * Forward    loss = (1/N) sum y (log y - log_p), a term being 0 where y is 0
 * Backward   dlog_p = -y dloss / N
 *            Check by meaning: log y is a constant, so this is cross-entropy with soft targets, and its gradient.
 * Saves      nothing          Cost  one log an element forward
 * Source     Kullback and Leibler 1951, "On information and sufficiency"; Hinton, Vinyals, Dean 2015 for distillation
 * Derivation docs/math/kl.md
 */
#include "kernels/pair_sum.h"

/* y log y goes to 0 with y, and so does y log_p even where log_p is -infinity. NaN shows all the same. */
static inline double divergence(double log_p, double y, double unused)
{
    (void)unused;
    if (y > 0)
        return y * (log(y) - log_p);
    return isnan(log_p) ? log_p : 0;
}

void mlk_kl_div_ref(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum_ref(v, divergence) / (double)v->rows);
}

void mlk_kl_div_forward(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum(v, divergence) / (double)v->rows);
}

void mlk_kl_div_backward(ml_real *dlog_p, bool add, const mlk_pair *v, ml_real dloss)
{
    ml_real scale = dloss / (ml_real)v->rows;
    for (int64_t i = 0; i < v->n; i++)
        dlog_p[i] = (add ? dlog_p[i] : 0) - v->y[i] * scale; /* dlog_p = -y dloss / N */
}
