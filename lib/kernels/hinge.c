/* hinge.c -- the loss of a support vector machine: right is not enough, it wants a margin
 *
 * Shapes     s, y: n scores and n targets, each -1 or 1      loss ()
 * Forward    loss = (1/n) sum max(0, 1 - y s)
 * Backward   ds = -y dloss / n where y s < 1, 0 elsewhere
 *            Check by meaning: who is right by 1 or more is left in peace; the others are all pushed alike.
 * Saves      nothing          Cost  three flops an element; memory is the limit
 * Source     Cortes and Vapnik 1995, "Support-vector networks"
 * Derivation docs/math/hinge.md
 */
#include "kernels/pair_sum.h"

/* NaN is not below 0, and stays. */
static inline double missing(double s, double y, double unused)
{
    (void)unused;
    double gap = 1 - y * s;
    return gap <= 0 ? 0 : gap;
}

void mlk_hinge_ref(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum_ref(v, missing) / (double)v->n);
}

void mlk_hinge_forward(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum(v, missing) / (double)v->n);
}

void mlk_hinge_backward(ml_real *ds, bool add, const mlk_pair *v, ml_real dloss)
{
    ml_real scale = dloss / (ml_real)v->n;
    for (int64_t i = 0; i < v->n; i++) {
        bool content = v->y[i] * v->p[i] >= 1;
        ds[i] = (add ? ds[i] : 0) - (content ? 0 : v->y[i]) * scale; /* ds = -y dloss / n, or 0 */
    }
}
