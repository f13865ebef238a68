/* activations.c -- what bends a net:  relu(x) = max(x, 0), sigmoid(x) = 1 / (1 + e^-x), tanh(x)
 *
 * Shapes     x, y, dx, dy all of n numbers
 * Forward    y[i] = f(x[i])
 * Backward   relu      dx = dy where y > 0, else 0        (the slope at the corner is taken as 0)
 *            sigmoid   dx = dy y (1 - y)                  (at most 1/4: deep stacks of it starve)
 *            tanh      dx = dy (1 - y^2)                  (at most 1)
 *            All three derivatives are functions of the output, so the input may be forgotten.
 * Saves      nothing: y is the output        Cost  one pass over memory each way; sigmoid and tanh some 25 flops
 * Source     relu: Nair and Hinton 2010; sigmoid: Rumelhart, Hinton, Williams 1986, eq. 2; tanh: LeCun et al. 1998,
 *            "Efficient backprop", section 4.4
 * Derivation docs/math/relu.md, docs/math/sigmoid-tanh.md
 */
#include "kernels/activations.h"

#include "kernels/functions.h"

/* Asked as "is it below 0", because NaN answers no to every question and so passes through: a broken number must not
 * turn into a healthy zero. The backward asks alike. */
static void relu_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? 0 : x[i];
}

static void relu_pull(ml_real *dx, const ml_real *dy, const ml_real *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = y[i] <= 0 ? 0 : dy[i];
}

static void sigmoid_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_sigmoid(x[i]);
}

static void sigmoid_pull(ml_real *dx, const ml_real *dy, const ml_real *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (y[i] * (1 - y[i]));
}

static void tanh_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_tanh(x[i]);
}

static void tanh_pull(ml_real *dx, const ml_real *dy, const ml_real *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (1 - y[i] * y[i]);
}

void mlk_relu_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(relu_map, y, x, n);
}

void mlk_relu_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n)
{
    mlk_pull(relu_pull, dx, add, dy, y, n);
}

void mlk_sigmoid_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(sigmoid_map, y, x, n);
}

void mlk_sigmoid_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n)
{
    mlk_pull(sigmoid_pull, dx, add, dy, y, n);
}

void mlk_tanh_forward(ml_real *y, const ml_real *x, int64_t n)
{
    mlk_map(tanh_map, y, x, n);
}

void mlk_tanh_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n)
{
    mlk_pull(tanh_pull, dx, add, dy, y, n);
}
