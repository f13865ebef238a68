/* layers_conv.c -- convolutions: of images, weights F R S C/groups; of sequences, F R C/groups; transposed, C R S F/groups */
#include "nn/nn.h"

#include "autograd/conv.h"

#include <mlcore/ops.h>

/* ---- what all have ---- */

static ml_status check_filters(int64_t out, int64_t groups, int64_t channels)
{
    groups = mli_given(groups, 1);
    if (out < 1)
        return mli_fail(ML_EINVAL, "out is %lld: say how many filters, 1 or more", (long long)out);
    if (groups < 1 || channels % groups != 0 || out % groups != 0)
        return mli_fail(ML_EINVAL, "%lld channels in and %lld filters do not fall into %lld groups", (long long)channels,
                        (long long)out, (long long)groups);
    return ML_OK;
}

static ml_status check_window(int64_t k, int64_t k_w, const char *example)
{
    if (k < 1 || mli_given(k_w, 1) < 1)
        return mli_fail(ML_EINVAL, "k is %lld and k_w %lld: say the size of the window, as in %s", (long long)k, (long long)k_w,
                        example);
    return ML_OK;
}

/* What a layer learns, and how it begins. */
typedef struct weights {
    int rank;
    int64_t shape[4], filters;
    bool no_bias, transposed;
    ml_init init;
} weights;

/* Pixels, or steps, of a sample: all axes but the channels. */
static int64_t places(const mli_shape *s)
{
    return s->rank == 3 ? s->extent[0] * s->extent[1] : s->extent[0];
}

/* Adds the weights and lets the op say what goes out. The window is laid on each place that goes out, or, transposed, on each
 * that comes in. */
static ml_status build(mli_layer *l, mli_shape *shape, mli_build *b, const weights *w)
{
    int64_t in = places(shape);
    if (!(l->w = mli_layer_param(b, "weight", w->rank, w->shape)))
        return ml_error_status();
    l->w->conv1d = w->rank == 3;
    if (!w->no_bias && !(l->b = mli_layer_param(b, "bias", 1, &w->filters)))
        return ml_error_status();
    if (mli_layer_infer(l, shape))
        return ml_error_status();
    if (!mli_shape_size(2, (int64_t[]){w->transposed ? in : places(shape), l->w->size}, &l->macs))
        return mli_fail(ML_EINVAL, "one sample would take more multiply-adds than can be counted");
    return mli_layer_init(l->w, l->b, w->init, b);
}

static void describe_rest(char *buf, size_t size, int64_t dilation, int64_t dilation_w, int64_t groups, bool no_bias)
{
    if (dilation > 1 || dilation_w > 1)
        mli_describe_more(buf, size, "dilation", dilation, dilation_w);
    if (groups > 1)
        mli_describe_more(buf, size, "groups", groups, 0);
    if (no_bias)
        mli_describe_more(buf, size, "no bias", 0, 0);
}

/* ---- of images ---- */

static ml_status conv_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    const ml_conv_opts *o = &l->spec.u.conv;
    if (mli_layer_wants_image(shape) || check_window(o->k, o->k_w, "ML_CONV(16, .k = 3)") ||
        check_filters(o->out, o->groups, shape->extent[2]))
        return ml_error_status();
    return build(l, shape, b, &(weights){.rank = 4,
                                         .shape = {o->out, o->k, mli_given(o->k_w, o->k), shape->extent[2] / mli_given(o->groups, 1)},
                                         .filters = o->out, .no_bias = o->no_bias, .init = o->init});
}

static ml_conv2d_opts conv_op(const mli_layer *l)
{
    const ml_conv_opts *o = &l->spec.u.conv;
    return (ml_conv2d_opts){.stride = o->stride, .pad = o->pad, .dilation = o->dilation, .groups = o->groups,
                            .stride_w = o->stride_w, .pad_w = o->pad_w, .dilation_w = o->dilation_w};
}

static ml_tensor *conv_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_conv2d(t, x, l->w, l->b, conv_op(l));
}

static void conv_describe(const mli_layer *l, char *buf, size_t size)
{
    const ml_conv_opts *o = &l->spec.u.conv;
    mli_describe_window(buf, size, o->k, o->k_w, o->stride, o->stride_w, o->pad, o->pad_w);
    describe_rest(buf, size, o->dilation, o->dilation_w, o->groups, o->no_bias);
}

#define AT(field) offsetof(ml_layer, u.conv.field)
static const mli_layer_option CONV[] = {
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
#undef AT

const ml_layer_kind mli_conv = {
    .name = "conv", .build = conv_build, .forward = conv_forward, .describe = conv_describe, .options = CONV};

ml_layer ml_layer_conv(ml_conv_opts opts)
{
    return (ml_layer){.kind = &mli_conv, .u.conv = opts};
}

/* ---- of sequences ---- */

static ml_status conv1d_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    const ml_conv1d_layer_opts *o = &l->spec.u.conv1d;
    char text[160];
    if (shape->rank != 2)
        return mli_fail(ML_EINVAL, "a sample is %s here, not T x C: begin with ML_INPUT(steps, channels)",
                        mli_sample_text(shape, text, sizeof text));
    if (o->k < 1)
        return mli_fail(ML_EINVAL, "k is %lld: say the size of the window, as in ML_CONV1D(16, .k = 3)", (long long)o->k);
    if (check_filters(o->out, o->groups, shape->extent[1]))
        return ml_error_status();
    return build(l, shape, b, &(weights){.rank = 3, .shape = {o->out, o->k, shape->extent[1] / mli_given(o->groups, 1)},
                                         .filters = o->out, .no_bias = o->no_bias, .init = o->init});
}

static ml_conv1d_opts conv1d_op(const mli_layer *l)
{
    const ml_conv1d_layer_opts *o = &l->spec.u.conv1d;
    return (ml_conv1d_opts){.stride = o->stride, .pad = o->pad, .dilation = o->dilation, .groups = o->groups};
}

static ml_tensor *conv1d_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_conv1d(t, x, l->w, l->b, conv1d_op(l));
}

static void conv1d_describe(const mli_layer *l, char *buf, size_t size)
{
    const ml_conv1d_layer_opts *o = &l->spec.u.conv1d;
    snprintf(buf, size, "%lld", (long long)o->k);
    if (o->stride)
        mli_describe_more(buf, size, "stride", o->stride, 0);
    if (o->pad > 0)
        mli_describe_more(buf, size, "pad", o->pad, 0);
    describe_rest(buf, size, o->dilation, 0, o->groups, o->no_bias);
}

#define AT(field) offsetof(ml_layer, u.conv1d.field)
static const mli_layer_option CONV1D[] = {
    {"out", MLI_OPTION_WHOLE, AT(out)},
    {"k", MLI_OPTION_WHOLE, AT(k)},
    {"stride", MLI_OPTION_WHOLE, AT(stride)},
    {"pad", MLI_OPTION_WHOLE, AT(pad)},
    {"dilation", MLI_OPTION_WHOLE, AT(dilation)},
    {"groups", MLI_OPTION_WHOLE, AT(groups)},
    {"no_bias", MLI_OPTION_BOOL, AT(no_bias)},
    {0},
};
#undef AT

const ml_layer_kind mli_conv1d = {
    .name = "conv1d", .build = conv1d_build, .forward = conv1d_forward, .describe = conv1d_describe, .options = CONV1D};

ml_layer ml_layer_conv1d(ml_conv1d_layer_opts opts)
{
    return (ml_layer){.kind = &mli_conv1d, .u.conv1d = opts};
}

bool mli_layer_geometry(const mli_layer *l, ml_tape *t, const ml_tensor *x, struct mlk_conv2d *g)
{
    return l->spec.kind == &mli_conv1d ? mli_conv1d_geometry(t, g, x, l->w, l->b, conv1d_op(l))
                                       : mli_conv2d_geometry(t, g, x, l->w, l->b, conv_op(l));
}

/* ---- transposed ---- */

static ml_status transpose_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    const ml_conv_transpose_opts *o = &l->spec.u.conv_transpose;
    if (mli_layer_wants_image(shape) || check_window(o->k, o->k_w, "ML_CONV_TRANSPOSE(16, .k = 2, .stride = 2)") ||
        check_filters(o->out, o->groups, shape->extent[2]))
        return ml_error_status();
    return build(l, shape, b, &(weights){.rank = 4,
                                         .shape = {shape->extent[2], o->k, mli_given(o->k_w, o->k), o->out / mli_given(o->groups, 1)},
                                         .filters = o->out, .no_bias = o->no_bias, .transposed = true, .init = o->init});
}

static ml_tensor *transpose_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    const ml_conv_transpose_opts *o = &l->spec.u.conv_transpose;
    return ml_conv_transpose2d(
        t, x, l->w, l->b,
        (ml_conv_transpose2d_opts){.stride = o->stride, .pad = o->pad, .output_pad = o->output_pad, .dilation = o->dilation,
                                   .groups = o->groups, .stride_w = o->stride_w, .pad_w = o->pad_w,
                                   .output_pad_w = o->output_pad_w, .dilation_w = o->dilation_w});
}

static void transpose_describe(const mli_layer *l, char *buf, size_t size)
{
    const ml_conv_transpose_opts *o = &l->spec.u.conv_transpose;
    mli_describe_window(buf, size, o->k, o->k_w, o->stride, o->stride_w, o->pad, o->pad_w);
    if (o->output_pad > 0 || o->output_pad_w > 0)
        mli_describe_more(buf, size, "output pad", o->output_pad, o->output_pad_w);
    describe_rest(buf, size, o->dilation, o->dilation_w, o->groups, o->no_bias);
}

#define AT(field) offsetof(ml_layer, u.conv_transpose.field)
static const mli_layer_option TRANSPOSE[] = {
    {"out", MLI_OPTION_WHOLE, AT(out)},
    {"k", MLI_OPTION_WHOLE, AT(k)},
    {"k_w", MLI_OPTION_WHOLE, AT(k_w)},
    {"stride", MLI_OPTION_WHOLE, AT(stride)},
    {"stride_w", MLI_OPTION_WHOLE, AT(stride_w)},
    {"pad", MLI_OPTION_WHOLE, AT(pad)},
    {"pad_w", MLI_OPTION_WHOLE, AT(pad_w)},
    {"output_pad", MLI_OPTION_WHOLE, AT(output_pad)},
    {"output_pad_w", MLI_OPTION_WHOLE, AT(output_pad_w)},
    {"dilation", MLI_OPTION_WHOLE, AT(dilation)},
    {"dilation_w", MLI_OPTION_WHOLE, AT(dilation_w)},
    {"groups", MLI_OPTION_WHOLE, AT(groups)},
    {"no_bias", MLI_OPTION_BOOL, AT(no_bias)},
    {0},
};

const ml_layer_kind mli_conv_transpose = {.name = "conv_transpose",
                                          .build = transpose_build,
                                          .forward = transpose_forward,
                                          .describe = transpose_describe,
                                          .options = TRANSPOSE};

ml_layer ml_layer_conv_transpose(ml_conv_transpose_opts opts)
{
    return (ml_layer){.kind = &mli_conv_transpose, .u.conv_transpose = opts};
}
