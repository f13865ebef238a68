/* layers_dense.c -- the fully connected layer: y = x W^T + b */
#include "nn/nn.h"

#include <mlcore/ops.h>

static ml_status dense_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    const ml_dense_opts *o = &l->spec.u.dense;
    int64_t d = shape->extent[0], m = o->out;
    char text[160];
    if (m == 0)
        return mli_fail(ML_EINVAL, "out is 0: say how many features out");
    if (m < 0)
        return mli_fail(ML_EINVAL, "out is %lld: it must be >= 1", (long long)m);
    if (shape->rank != 1)
        return mli_fail(ML_EINVAL, "a sample is %s here, not a row of features: put ML_FLATTEN() before it",
                        mli_sample_text(shape, text, sizeof text));
    if (!(l->w = mli_layer_param(b, "weight", 2, (int64_t[]){m, d})))
        return ml_error_status();
    if (!o->no_bias && !(l->b = mli_layer_param(b, "bias", 1, &m)))
        return ml_error_status();
    l->macs = m * d;
    shape->extent[0] = m;
    return mli_layer_init(l->w, l->b, o->init, b);
}

static ml_tensor *dense_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_linear(t, x, l->w, l->b);
}

static void dense_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "%s", l->b ? "" : "no bias");
}

static const mli_layer_option OPTIONS[] = {
    {"out", MLI_OPTION_WHOLE, offsetof(ml_layer, u.dense.out)},
    {"no_bias", MLI_OPTION_BOOL, offsetof(ml_layer, u.dense.no_bias)},
    {0},
};

const ml_layer_kind mli_dense = {.name = "dense",
                                 .build = dense_build,
                                 .forward = dense_forward,
                                 .describe = dense_describe,
                                 .options = OPTIONS};

ml_layer ml_layer_dense(ml_dense_opts opts)
{
    return (ml_layer){.kind = &mli_dense, .u.dense = opts};
}
