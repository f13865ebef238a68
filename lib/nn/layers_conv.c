/* layers_conv.c -- convolution of images: y = x * w + b, with weights F R S C/groups */
#include "nn/nn.h"

#include <mlcore/ops.h>

static int64_t given(int64_t value, int64_t standard)
{
    return value ? value : standard;
}

static ml_status check(const ml_conv_opts *o, const mli_shape *shape)
{
    int64_t c = shape->extent[2], groups = given(o->groups, 1);
    if (mli_layer_wants_image(shape))
        return ml_error_status();
    if (o->out < 1)
        return mli_fail(ML_EINVAL, "out is %lld: say how many filters, 1 or more", (long long)o->out);
    if (o->k < 1 || given(o->k_w, 1) < 1)
        return mli_fail(ML_EINVAL, "k is %lld and k_w %lld: say the size of the window, as in ML_CONV(16, .k = 3)",
                        (long long)o->k, (long long)o->k_w);
    if (groups < 1 || c % groups != 0 || o->out % groups != 0)
        return mli_fail(ML_EINVAL, "%lld channels in and %lld filters do not fall into %lld groups", (long long)c,
                        (long long)o->out, (long long)groups);
    return ML_OK;
}

static ml_status conv_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    const ml_conv_opts *o = &l->spec.u.conv;
    if (check(o, shape))
        return ml_error_status();
    int64_t w[] = {o->out, o->k, given(o->k_w, o->k), shape->extent[2] / given(o->groups, 1)};
    if (!(l->w = mli_layer_param(b, "weight", 4, w)))
        return ml_error_status();
    if (!o->no_bias && !(l->b = mli_layer_param(b, "bias", 1, &o->out)))
        return ml_error_status();
    if (mli_layer_infer(l, shape))
        return ml_error_status();
    int64_t products[] = {shape->extent[0], shape->extent[1], w[0], w[1], w[2], w[3]};
    if (!mli_shape_size(6, products, &l->macs))
        return mli_fail(ML_EINVAL, "one sample would take more multiply-adds than can be counted");
    return mli_layer_init(l->w, l->b, o->init, b);
}

static ml_tensor *conv_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    const ml_conv_opts *o = &l->spec.u.conv;
    return ml_conv2d(t, x, l->w, l->b,
                     (ml_conv2d_opts){.stride = o->stride, .pad = o->pad, .dilation = o->dilation, .groups = o->groups,
                                      .stride_w = o->stride_w, .pad_w = o->pad_w, .dilation_w = o->dilation_w});
}

static void conv_describe(const mli_layer *l, char *buf, size_t size)
{
    const ml_conv_opts *o = &l->spec.u.conv;
    mli_describe_window(buf, size, o->k, o->k_w, o->stride, o->stride_w, o->pad, o->pad_w);
    if (o->dilation > 1 || o->dilation_w > 1)
        mli_describe_more(buf, size, "dilation", o->dilation, o->dilation_w);
    if (o->groups > 1)
        mli_describe_more(buf, size, "groups", o->groups, 0);
    if (o->no_bias)
        mli_describe_more(buf, size, "no bias", 0, 0);
}

#define AT(field) offsetof(ml_layer, u.conv.field)
static const mli_layer_option OPTIONS[] = {
    {"out", MLI_OPTION_WHOLE, AT(out)},
    {"k", MLI_OPTION_WHOLE, AT(k)},
    {"k_w", MLI_OPTION_WHOLE, AT(k_w)},
    {"stride", MLI_OPTION_WHOLE, AT(stride)},
    {"stride_w", MLI_OPTION_WHOLE, AT(stride_w)},
    {"pad", MLI_OPTION_WHOLE, AT(pad)},
    {"pad_w", MLI_OPTION_WHOLE, AT(pad_w)},
    {"dilation", MLI_OPTION_WHOLE, AT(dilation)},
    {"dilation_w", MLI_OPTION_WHOLE, AT(dilation_w)},
    {"groups", MLI_OPTION_WHOLE, AT(groups)},
    {"no_bias", MLI_OPTION_BOOL, AT(no_bias)},
    {0},
};

const ml_layer_kind mli_conv = {
    .name = "conv", .build = conv_build, .forward = conv_forward, .describe = conv_describe, .options = OPTIONS};

ml_layer ml_layer_conv(ml_conv_opts opts)
{
    return (ml_layer){.kind = &mli_conv, .u.conv = opts};
}
