/* layers_activations.c -- layers that bend each number, or a row of them: the shape stays, nothing is learnt. */
#include "nn/nn.h"

#include <mlcore/ops.h>

/* ---- without options ---- */

static ml_tensor *relu_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    return ml_relu(t, x);
}

static ml_tensor *sigmoid_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    return ml_sigmoid(t, x);
}

static ml_tensor *tanh_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    return ml_tanh(t, x);
}

static ml_tensor *gelu_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    return ml_gelu(t, x);
}

static ml_tensor *gelu_tanh_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    return ml_gelu_tanh(t, x);
}

static ml_tensor *silu_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    return ml_silu(t, x);
}

static ml_tensor *softplus_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    return ml_softplus(t, x);
}

static ml_tensor *softmax_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    return ml_softmax(t, x, -1);
}

static ml_tensor *log_softmax_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    return ml_log_softmax(t, x, -1);
}

const ml_layer_kind mli_relu = {.name = "relu", .build = mli_layer_keep, .forward = relu_forward};
const ml_layer_kind mli_sigmoid = {.name = "sigmoid", .build = mli_layer_keep, .forward = sigmoid_forward};
const ml_layer_kind mli_tanh = {.name = "tanh", .build = mli_layer_keep, .forward = tanh_forward};
const ml_layer_kind mli_gelu = {.name = "gelu", .build = mli_layer_keep, .forward = gelu_forward};
const ml_layer_kind mli_gelu_tanh = {.name = "gelu_tanh", .build = mli_layer_keep, .forward = gelu_tanh_forward};
const ml_layer_kind mli_silu = {.name = "silu", .build = mli_layer_keep, .forward = silu_forward};
const ml_layer_kind mli_softplus = {.name = "softplus", .build = mli_layer_keep, .forward = softplus_forward};
const ml_layer_kind mli_softmax = {.name = "softmax", .build = mli_layer_keep, .forward = softmax_forward};
const ml_layer_kind mli_log_softmax = {.name = "log_softmax", .build = mli_layer_keep, .forward = log_softmax_forward};

ml_layer ml_layer_relu(void)
{
    return (ml_layer){.kind = &mli_relu};
}

ml_layer ml_layer_sigmoid(void)
{
    return (ml_layer){.kind = &mli_sigmoid};
}

ml_layer ml_layer_tanh(void)
{
    return (ml_layer){.kind = &mli_tanh};
}

ml_layer ml_layer_gelu(void)
{
    return (ml_layer){.kind = &mli_gelu};
}

ml_layer ml_layer_gelu_tanh(void)
{
    return (ml_layer){.kind = &mli_gelu_tanh};
}

ml_layer ml_layer_silu(void)
{
    return (ml_layer){.kind = &mli_silu};
}

ml_layer ml_layer_softplus(void)
{
    return (ml_layer){.kind = &mli_softplus};
}

ml_layer ml_layer_softmax(void)
{
    return (ml_layer){.kind = &mli_softmax};
}

ml_layer ml_layer_log_softmax(void)
{
    return (ml_layer){.kind = &mli_log_softmax};
}

/* ---- with a number ---- */

/* The op says whether the number will do. */
static ml_status number_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    (void)b;
    return mli_layer_infer(l, shape);
}

static double or_default(double option, double standard)
{
    return option == 0 ? standard : option == ML_ZERO ? 0 : option;
}

static double slope(const mli_layer *l)
{
    return or_default(l->spec.u.leaky_relu.slope, 0.01);
}

static ml_tensor *leaky_relu_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_leaky_relu(t, x, slope(l));
}

static void leaky_relu_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "slope %g", slope(l));
}

static const mli_layer_option LEAKY_RELU[] = {{"slope", MLI_OPTION_REAL, offsetof(ml_layer, u.leaky_relu.slope)}, {0}};

const ml_layer_kind mli_leaky_relu = {.name = "leaky_relu",
                                      .build = number_build,
                                      .forward = leaky_relu_forward,
                                      .describe = leaky_relu_describe,
                                      .options = LEAKY_RELU};

ml_layer ml_layer_leaky_relu(ml_leaky_relu_opts opts)
{
    return (ml_layer){.kind = &mli_leaky_relu, .u.leaky_relu = opts};
}

static double alpha(const mli_layer *l)
{
    return or_default(l->spec.u.elu.alpha, 1);
}

static ml_tensor *elu_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_elu(t, x, alpha(l));
}

static void elu_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "alpha %g", alpha(l));
}

static const mli_layer_option ELU[] = {{"alpha", MLI_OPTION_REAL, offsetof(ml_layer, u.elu.alpha)}, {0}};

const ml_layer_kind mli_elu = {
    .name = "elu", .build = number_build, .forward = elu_forward, .describe = elu_describe, .options = ELU};

ml_layer ml_layer_elu(ml_elu_opts opts)
{
    return (ml_layer){.kind = &mli_elu, .u.elu = opts};
}
