/* activations_relu.c -- relu's relatives, which let something through on the left:  leaky relu, elu
 *
 * Shapes     x, y, dx, dy all of n numbers
 * Forward    leaky relu   y[i] = x > 0 ? x : slope x
 *            elu          y[i] = x > 0 ? x : alpha (e^x - 1)
 * Backward   leaky relu   dx = x > 0 ? dy : slope dy
 *            elu          dx = x > 0 ? dy : alpha e^x dy          with alpha = 1 there is no corner at 0
 *            From the input, not the output: with a negative slope the output does not tell the sides apart. NaN is not above
 *            0, so its gradient is that of the left, as in PyTorch.
 * Saves      nothing: x is the input        Cost  one pass over memory each way; elu some 20 flops
 * Source     Maas, Hannun, Ng 2013, "Rectifier nonlinearities improve neural network acoustic models", section 2.1; elu:
 *            Clevert, Unterthiner, Hochreiter 2016, eq. 16
 * Derivation docs/math/relu-family.md
 */
#include "kernels/activations.h"

#include "kernels/functions.h"

static void leaky_map(ml_real *y, const ml_real *x, int64_t n, const void *own)
{
    const ml_real slope = (ml_real) * (const double *)own;
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_choose(x[i] > 0, x[i], slope * x[i]);
}

static void leaky_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n, const void *own)
{
    const ml_real slope = (ml_real) * (const double *)own;
    for (int64_t i = 0; i < n; i++)
        dx[i] = mlk_choose(x[i] > 0, dy[i], slope * dy[i]);
}

/* e^x - 1 by itself, not as a difference: for a small x the 1 would swallow its digits. */
static void elu_map(ml_real *y, const ml_real *x, int64_t n, const void *own)
{
    const ml_real alpha = (ml_real) * (const double *)own;
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_choose(x[i] > 0, x[i], alpha * mlk_expm1(x[i]));
}

static void elu_pull(ml_real *dx, const ml_real *dy, const ml_real *x, int64_t n, const void *own)
{
    const ml_real alpha = (ml_real) * (const double *)own;
    for (int64_t i = 0; i < n; i++)
        dx[i] = mlk_choose(x[i] > 0, dy[i], alpha * mlk_exp(x[i]) * dy[i]);
}

void mlk_leaky_relu_forward(ml_real *y, const ml_real *x, int64_t n, const double *slope)
{
    mlk_map_with(leaky_map, y, x, n, slope);
}

void mlk_leaky_relu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n, const double *slope)
{
    mlk_pull_with(leaky_pull, dx, add, dy, x, n, slope);
}

void mlk_elu_forward(ml_real *y, const ml_real *x, int64_t n, const double *alpha)
{
    mlk_map_with(elu_map, y, x, n, alpha);
}

void mlk_elu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n, const double *alpha)
{
    mlk_pull_with(elu_pull, dx, add, dy, x, n, alpha);
}
