/* layers_activations.c -- layers that bend each number, or a row of them: the shape stays, nothing is learnt. */
#include "nn/nn.h"

#include <mlcore/ops.h>

/* ---- without options: the op, the kind, and the function that a program calls ---- */

#define LAYER_OF(layer, op)                                                                                    \
    static ml_tensor *layer##_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)                            \
    {                                                                                                          \
        (void)l;                                                                                               \
        return op;                                                                                             \
    }                                                                                                          \
    const ml_layer_kind mli_##layer = {.name = #layer, .build = mli_layer_keep, .forward = layer##_forward};   \
    ml_layer ml_layer_##layer(void)                                                                            \
    {                                                                                                          \
        return (ml_layer){.kind = &mli_##layer};                                                               \
    }

LAYER_OF(relu, ml_relu(t, x))
LAYER_OF(sigmoid, ml_sigmoid(t, x))
LAYER_OF(tanh, ml_tanh(t, x))
LAYER_OF(gelu, ml_gelu(t, x))
LAYER_OF(gelu_tanh, ml_gelu_tanh(t, x))
LAYER_OF(silu, ml_silu(t, x))
LAYER_OF(softplus, ml_softplus(t, x))
LAYER_OF(softmax, ml_softmax(t, x, -1))
LAYER_OF(log_softmax, ml_log_softmax(t, x, -1))

/* ---- with a number ---- */

/* The op says whether the number will do. */
static ml_status number_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    (void)b;
    return mli_layer_infer(l, shape);
}

static double slope(const mli_layer *l)
{
    return mli_option(l->spec.u.leaky_relu.slope, 0.01);
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
    return mli_option(l->spec.u.elu.alpha, 1);
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
