/* regression_losses.c -- how far off a number is:  squared, absolute, Huber's and the pinball loss
 *
 * Shapes     p, y: n numbers each, d = p - y      loss ()
 * Forward    mse      loss = (1/n) sum d^2                            its best p is the mean of y
 *            mae      loss = (1/n) sum |d|                            the median
 *            huber    loss = (1/n) sum { d^2 / 2                      where |d| <= delta: the mean of what is near
 *                                      { delta (|d| - delta / 2)      where not
 *            pinball  loss = (1/n) sum { -q d  where d < 0            the quantile q
 *                                      { (1 - q) d  where not
 * Backward   dp = slope(d) dloss / n                 dy = -dp
 *            slope    mse 2 d    mae sign(d)    huber d cut to -delta .. delta    pinball -q, 0 at d = 0, 1 - q
 *            Check by meaning: the slope of mae says only which way; that of mse grows with the distance.
 * Saves      nothing          Cost  two to six flops an element; memory is the limit
 * Source     Huber 1964, "Robust estimation of a location parameter"; Koenker and Bassett 1978, "Regression quantiles"
 * Derivation docs/math/mse.md, docs/math/mae-huber.md, docs/math/pinball.md
 */
#include "kernels/pair_sum.h"

/* ---- mean squared error ---- */

static inline double squared(double p, double y, double unused)
{
    (void)unused;
    return (p - y) * (p - y);
}

void mlk_mse_ref(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum_ref(v, squared) / (double)v->n);
}

void mlk_mse_forward(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum(v, squared) / (double)v->n);
}

void mlk_mse_backward(ml_real *dp, bool add, const mlk_pair *v, ml_real dloss)
{
    ml_real scale = 2 * dloss / (ml_real)v->n;
    for (int64_t i = 0; i < v->n; i++)
        dp[i] = (add ? dp[i] : 0) + (v->p[i] - v->y[i]) * scale; /* dp = 2 d dloss / n */
}

/* ---- mean absolute error ---- */

static inline double absolute(double p, double y, double unused)
{
    (void)unused;
    return fabs(p - y);
}

void mlk_mae_ref(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum_ref(v, absolute) / (double)v->n);
}

void mlk_mae_forward(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum(v, absolute) / (double)v->n);
}

void mlk_mae_backward(ml_real *dp, bool add, const mlk_pair *v, ml_real dloss)
{
    ml_real scale = dloss / (ml_real)v->n;
    for (int64_t i = 0; i < v->n; i++) {
        ml_real sign = (ml_real)((v->p[i] > v->y[i]) - (v->p[i] < v->y[i]));
        dp[i] = (add ? dp[i] : 0) + sign * scale; /* dp = sign(d) dloss / n */
    }
}

/* ---- Huber: a parabola near 0, straight lines beyond delta ---- */

static inline double bent(double p, double y, double delta)
{
    double size = fabs(p - y);
    return size <= delta ? size * size / 2 : delta * (size - delta / 2);
}

void mlk_huber_ref(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum_ref(v, bent) / (double)v->n);
}

void mlk_huber_forward(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum(v, bent) / (double)v->n);
}

void mlk_huber_backward(ml_real *dp, bool add, const mlk_pair *v, ml_real dloss)
{
    ml_real scale = dloss / (ml_real)v->n, delta = (ml_real)v->shape;
    for (int64_t i = 0; i < v->n; i++) {
        ml_real d = v->p[i] - v->y[i]; /* NaN is neither too large nor too small, and stays */
        ml_real cut = d > delta ? delta : d < -delta ? -delta : d;
        dp[i] = (add ? dp[i] : 0) + cut * scale; /* dp = (d cut to -delta .. delta) dloss / n */
    }
}

/* ---- pinball: too low costs q a unit, too high 1 - q ---- */

static inline double tilted(double p, double y, double q)
{
    return p < y ? q * (y - p) : (1 - q) * (p - y);
}

void mlk_pinball_ref(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum_ref(v, tilted) / (double)v->n);
}

void mlk_pinball_forward(ml_real *loss, const mlk_pair *v)
{
    *loss = (ml_real)(mlk_pair_sum(v, tilted) / (double)v->n);
}

void mlk_pinball_backward(ml_real *dp, bool add, const mlk_pair *v, ml_real dloss)
{
    ml_real scale = dloss / (ml_real)v->n, q = (ml_real)v->shape;
    for (int64_t i = 0; i < v->n; i++) {
        ml_real slope = v->p[i] < v->y[i] ? -q : v->p[i] > v->y[i] ? 1 - q : 0;
        dp[i] = (add ? dp[i] : 0) + slope * scale; /* dp = {-q, 0, 1 - q} dloss / n */
    }
}
