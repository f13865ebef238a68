/* layers_pool.c -- layers that make images smaller or larger and learn nothing: pooling, upsampling. */
#include "nn/nn.h"

#include <mlcore/ops.h>

/* All of these: an image comes in, and the op says what goes out. */
static ml_status image_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    (void)b;
    return mli_layer_wants_image(shape) ? ml_error_status() : mli_layer_infer(l, shape);
}

/* ---- windows ---- */

static ml_tensor *max_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_max_pool2d(t, x, l->spec.u.pool);
}

static ml_tensor *avg_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_avg_pool2d(t, x, l->spec.u.pool);
}

static void pool_describe(const mli_layer *l, char *buf, size_t size)
{
    const ml_pool2d_opts *o = &l->spec.u.pool;
    mli_describe_window(buf, size, o->k, o->k_w, o->stride, o->stride_w, o->pad, o->pad_w);
}

#define AT(field) offsetof(ml_layer, u.pool.field)
static const mli_layer_option WINDOW[] = {
    {"k", MLI_OPTION_WHOLE, AT(k)},
    {"k_w", MLI_OPTION_WHOLE, AT(k_w)},
    {"stride", MLI_OPTION_WHOLE, AT(stride)},
    {"stride_w", MLI_OPTION_WHOLE, AT(stride_w)},
    {"pad", MLI_OPTION_WHOLE, AT(pad)},
    {"pad_w", MLI_OPTION_WHOLE, AT(pad_w)},
    {"exclude_pad", MLI_OPTION_BOOL, AT(exclude_pad)},
    {"ceil_mode", MLI_OPTION_BOOL, AT(ceil_mode)},
    {0},
};

const ml_layer_kind mli_max_pool = {
    .name = "max_pool", .build = image_build, .forward = max_forward, .describe = pool_describe, .options = WINDOW};
const ml_layer_kind mli_avg_pool = {
    .name = "avg_pool", .build = image_build, .forward = avg_forward, .describe = pool_describe, .options = WINDOW};

ml_layer ml_layer_max_pool(ml_pool2d_opts opts)
{
    return (ml_layer){.kind = &mli_max_pool, .u.pool = opts};
}

ml_layer ml_layer_avg_pool(ml_pool2d_opts opts)
{
    return (ml_layer){.kind = &mli_avg_pool, .u.pool = opts};
}

/* ---- adaptive ---- */

static ml_tensor *adaptive_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_adaptive_avg_pool2d(t, x, l->spec.u.grid.p, l->spec.u.grid.q);
}

static const mli_layer_option GRID[] = {
    {"p", MLI_OPTION_WHOLE, offsetof(ml_layer, u.grid.p)},
    {"q", MLI_OPTION_WHOLE, offsetof(ml_layer, u.grid.q)},
    {0},
};

const ml_layer_kind mli_adaptive_avg_pool = {
    .name = "adaptive_avg_pool", .build = image_build, .forward = adaptive_forward, .options = GRID};

ml_layer ml_layer_adaptive_avg_pool(int64_t p, int64_t q)
{
    return (ml_layer){.kind = &mli_adaptive_avg_pool, .u.grid = {p, q}};
}

/* ---- upsampling ---- */

static ml_tensor *upsample_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_upsample_nearest(t, x, l->spec.u.factor);
}

static const mli_layer_option FACTOR[] = {{"factor", MLI_OPTION_WHOLE, offsetof(ml_layer, u.factor)}, {0}};

const ml_layer_kind mli_upsample = {
    .name = "upsample", .build = image_build, .forward = upsample_forward, .options = FACTOR};

ml_layer ml_layer_upsample(int64_t factor)
{
    return (ml_layer){.kind = &mli_upsample, .u.factor = factor};
}

static ml_tensor *bilinear_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    const ml_upsample_opts *o = &l->spec.u.upsample;
    return ml_upsample_bilinear(t, x, o->factor * x->shape[1], o->factor * x->shape[2], o->align_corners);
}

/* The factor is looked at here, before forward multiplies by it. */
static ml_status bilinear_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    int64_t factor = l->spec.u.upsample.factor, size;
    if (mli_layer_wants_image(shape))
        return ml_error_status();
    if (factor < 1 || !mli_shape_size(4, (int64_t[]){factor, shape->extent[0], factor, shape->extent[1]}, &size))
        return mli_fail(ML_EINVAL, "factor is %lld: it must be 1 or more, and the image not too large", (long long)factor);
    return image_build(l, shape, b);
}

static void bilinear_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "%s", l->spec.u.upsample.align_corners ? "corners aligned" : "");
}

static const mli_layer_option BILINEAR[] = {{"factor", MLI_OPTION_WHOLE, offsetof(ml_layer, u.upsample.factor)},
                                            {"align_corners", MLI_OPTION_BOOL, offsetof(ml_layer, u.upsample.align_corners)},
                                            {0}};

const ml_layer_kind mli_upsample_bilinear = {.name = "upsample_bilinear",
                                             .build = bilinear_build,
                                             .forward = bilinear_forward,
                                             .describe = bilinear_describe,
                                             .options = BILINEAR};

ml_layer ml_layer_upsample_bilinear(ml_upsample_opts opts)
{
    return (ml_layer){.kind = &mli_upsample_bilinear, .u.upsample = opts};
}
