/* bce.c -- a yes or a no, and how surprising it was:  binary cross-entropy with logits
 *
 * Shapes     z, y: n logits and n targets in 0 .. 1      w: weights of yes, one for each of the trailing places      loss ()
 * Forward    plain     loss = (1/n) sum ( max(z,0) - z y + log(1 + exp(-|z|)) )
 *            weighted  loss = (1/n) sum ( (1 - y) (max(z,0) + L) + w y (max(-z,0) + L) )       L = log(1 + exp(-|z|))
 * Backward   plain     dz = (sigmoid(z) - y) dloss / n
 *            weighted  dz = ((1 - y) sigmoid(z) - w y sigmoid(-z)) dloss / n
 *            Check by meaning: a no pushes the score down by what was said for yes, a yes pulls it up, w times as hard.
 * Saves      nothing          Cost  one exp and one log an element
 * Source     The stable form: rewrite exp(z) as exp(-|z|) for either sign
 * Derivation docs/math/bce.md
 */
#include "kernels/losses.h"

#include "kernels/rows.h"

enum { BLOCK = 256 };

/* e[i] = exp(-|z[i]|), so that no exponent is above 0 */
static void exp_of_minus_size(ml_real *e, const ml_real *z, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        e[i] = mlk_exp(-(ml_real)fabs((double)z[i]));
}

/* ---- plain ---- */

void mlk_bce_logits_ref(ml_real *loss, const mlk_pair *v)
{
    double total = 0;
    for (int64_t i = 0; i < v->n; i++) {
        double z = (double)v->p[i];
        total += (z > 0 ? z : 0) - z * (double)v->y[i] + log1p(exp(-fabs(z)));
    }
    *loss = (ml_real)(total / (double)v->n);
}

/* The exponentials in vectors; the logarithm one by one, in double, where 1 + e keeps what log1p is for. */
void mlk_bce_logits_forward(ml_real *loss, const mlk_pair *v)
{
    ml_real e[BLOCK], linear[BLOCK];
    double total = 0;
    for (int64_t i = 0; i < v->n; i += BLOCK) {
        const ml_real *z = v->p + i, *y = v->y + i;
        int64_t count = v->n - i < BLOCK ? v->n - i : BLOCK;
        exp_of_minus_size(e, z, count);
        for (int64_t j = 0; j < count; j++)
            linear[j] = z[j] > 0 ? z[j] * (1 - y[j])
                                 : -z[j] * y[j]; /* max(z,0) - z y with one rounding less */
        total += mlk_row_sum(linear, count);
        for (int64_t j = 0; j < count; j++)
            total += log1p((double)e[j]);
    }
    *loss = (ml_real)(total / (double)v->n);
}

void mlk_bce_logits_backward(ml_real *dz, bool add, const mlk_pair *v, ml_real dloss)
{
    ml_real scale = dloss / (ml_real)v->n;
    for (int64_t i = 0; i < v->n; i++)
        dz[i] = (add ? dz[i] : 0) +
                (mlk_sigmoid(v->p[i]) - v->y[i]) * scale; /* dz = (sigmoid(z) - y) dloss / n */
}

/* ---- with a weight for yes ---- */

/* What z costs where the target is y and a yes counts w times; l = log(1 + exp(-|z|)). */
static double weighted(double z, double y, double w, double l)
{
    return (1 - y) * ((z > 0 ? z : 0) + l) + w * y * ((z < 0 ? -z : 0) + l);
}

void mlk_bce_weighted_ref(ml_real *loss, const mlk_pair *v)
{
    double total = 0;
    for (int64_t i = 0; i < v->n; i++) {
        double z = (double)v->p[i], y = (double)v->y[i], w = (double)v->weight[i % v->period];
        total += (1 - y) * (z > 0 ? z + log1p(exp(-z)) : log1p(exp(z))) +
                 w * y * (z < 0 ? -z + log1p(exp(z)) : log1p(exp(-z)));
    }
    *loss = (ml_real)(total / (double)v->n);
}

void mlk_bce_weighted_forward(ml_real *loss, const mlk_pair *v)
{
    ml_real e[BLOCK];
    double total = 0;
    for (int64_t i = 0; i < v->n; i += BLOCK) {
        int64_t count = v->n - i < BLOCK ? v->n - i : BLOCK;
        exp_of_minus_size(e, v->p + i, count);
        for (int64_t j = 0; j < count; j++)
            total += weighted((double)v->p[i + j], (double)v->y[i + j],
                              (double)v->weight[(i + j) % v->period], log1p((double)e[j]));
    }
    *loss = (ml_real)(total / (double)v->n);
}

void mlk_bce_weighted_backward(ml_real *dz, bool add, const mlk_pair *v, ml_real dloss)
{
    ml_real scale = dloss / (ml_real)v->n;
    for (int64_t i = 0; i < v->n; i++) {
        ml_real z = v->p[i], y = v->y[i], w = v->weight[i % v->period];
        ml_real down = (1 - y) * mlk_sigmoid(z), up = w * y * mlk_sigmoid(-z);
        dz[i] = (add ? dz[i] : 0) + (down - up) * scale; /* dz = (down - up) dloss / n */
    }
}
