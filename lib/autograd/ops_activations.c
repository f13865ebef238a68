/* ops_activations.c -- what bends a net, and dropout, on the tape. The formulas are in the kernels. */
#include "autograd/elementwise.h"
#include "kernels/activations.h"
#include "kernels/dropout.h"

#include <mlcore/ops.h>

#include <math.h>

static const mli_unary RELU = {{"relu", mli_unary_backward}, mlk_relu_forward, mlk_relu_backward, false};
static const mli_unary SIGMOID = {{"sigmoid", mli_unary_backward}, mlk_sigmoid_forward, mlk_sigmoid_backward, false};
static const mli_unary TANH = {{"tanh", mli_unary_backward}, mlk_tanh_forward, mlk_tanh_backward, false};
static const mli_unary GELU = {{"gelu", mli_unary_backward}, mlk_gelu_forward, mlk_gelu_backward, true};
static const mli_unary GELU_TANH = {{"gelu_tanh", mli_unary_backward}, mlk_gelu_tanh_forward, mlk_gelu_tanh_backward, true};
static const mli_unary SILU = {{"silu", mli_unary_backward}, mlk_silu_forward, mlk_silu_backward, true};
static const mli_unary SOFTPLUS = {{"softplus", mli_unary_backward}, mlk_softplus_forward, mlk_softplus_backward, true};

ml_tensor *ml_relu(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &RELU, x);
}

ml_tensor *ml_sigmoid(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &SIGMOID, x);
}

ml_tensor *ml_tanh(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &TANH, x);
}

ml_tensor *ml_gelu(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &GELU, x);
}

ml_tensor *ml_gelu_tanh(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &GELU_TANH, x);
}

ml_tensor *ml_silu(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &SILU, x);
}

ml_tensor *ml_softplus(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &SOFTPLUS, x);
}

/* ---- with a number ---- */

static const mli_unary_with LEAKY_RELU = {
    {"leaky_relu", mli_unary_with_backward}, mlk_leaky_relu_forward, mlk_leaky_relu_backward};
static const mli_unary_with ELU = {{"elu", mli_unary_with_backward}, mlk_elu_forward, mlk_elu_backward};

ml_tensor *ml_leaky_relu(ml_tape *t, ml_tensor *x, double slope)
{
    if (mli_ready(t, "leaky_relu", 1, x) && !isfinite((ml_real)slope))
        return mli_stick(t, ML_EINVAL, "leaky_relu: slope is %g, not a finite " ML_REAL_NAME, slope);
    return mli_unary_with_op(t, &LEAKY_RELU, x, slope, 0);
}

ml_tensor *ml_elu(ml_tape *t, ml_tensor *x, double alpha)
{
    if (mli_ready(t, "elu", 1, x) && !(alpha >= 0 && isfinite((ml_real)alpha)))
        return mli_stick(t, ML_EINVAL, "elu: alpha is %g, not a finite " ML_REAL_NAME " of 0 or more", alpha);
    return mli_unary_with_op(t, &ELU, x, alpha, 0);
}

/* ---- dropout ---- */

typedef struct dropped {
    mlk_dropout how;
    uint64_t mask[];
} dropped;

static void dropout_backward(ml_tape *t, const ml_node *n)
{
    const dropped *saved = n->saved;
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_dropout_backward(dx.v, dx.add, mli_dout(n), saved->mask, &saved->how, n->out->size);
}

static const ml_op DROPOUT = {"dropout", dropout_backward};

ml_tensor *ml_dropout(ml_tape *t, ml_tensor *x, double p)
{
    if (!mli_ready(t, "dropout", 1, x))
        return NULL;
    if (!(p >= 0 && p < 1)) /* so asked, NaN fails too */
        return mli_stick(t, ML_EINVAL, "dropout: p is %g, not in 0 <= p < 1", p);
    if (mli_mode(t) == ML_EVAL || p == 0)
        return x;
    ml_rng rng = mli_op_rng(t);
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    dropped *saved = mli_saved(t, sizeof *saved + (size_t)mlk_dropout_words(x->size) * sizeof saved->mask[0]);
    if (!y || !saved)
        return NULL;
    saved->how = (mlk_dropout){rng.seed, rng.stream, p};
    mlk_dropout_forward(y->data, saved->mask, x->data, &saved->how, x->size);
    return mli_record_saved(t, &DROPOUT, y, 1, &x, saved) ? y : NULL;
}
