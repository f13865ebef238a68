/* layers_norm.c -- normalization: by the batch (of each channel), by the sample (of each place, or of groups of channels).
 *
 * A batch norm keeps running statistics as buffers under PyTorch's names. Frozen, be it its weight or its statistics, it
 * normalises by them and leaves them alone, in training too.
 */
#include "nn/nn.h"

#include <mlcore/ops.h>

#include <math.h>

/* weight of ones and bias of zeros for the last axis */
static ml_status add_affine(mli_layer *l, int64_t c, mli_build *b)
{
    if (!(l->w = mli_layer_param(b, "weight", 1, &c)) || !(l->b = mli_layer_param(b, "bias", 1, &c)))
        return ml_error_status();
    return ml_init_constant(l->w, 1);
}

static void affine_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "%s", l->w ? "" : "no affine");
}

/* ---- batch norm ---- */

static ml_status batch_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    int64_t c = shape->extent[shape->rank - 1];
    if (!l->spec.u.norm.no_affine && add_affine(l, c, b))
        return ml_error_status();
    if (!(l->mean = mli_layer_buffer(b, "running_mean", 1, &c)) || !(l->var = mli_layer_buffer(b, "running_var", 1, &c)))
        return ml_error_status();
    if (ml_init_constant(l->var, 1))
        return ml_error_status();
    return mli_layer_infer(l, shape);
}

mli_line mli_batch_norm_line(const mli_layer *l, int64_t c)
{
    double gamma = l->w ? (double)l->w->data[c] : 1, beta = l->b ? (double)l->b->data[c] : 0;
    double scale = gamma / sqrt((double)l->var->data[c] + mli_option(l->spec.u.norm.eps, 1e-5));
    return (mli_line){scale, beta - (double)l->mean->data[c] * scale};
}

static ml_tensor *batch_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    const ml_norm_opts *o = &l->spec.u.norm;
    bool frozen = l->mean->frozen || (l->w && l->w->frozen);
    return ml_batch_norm(t, x, l->w, l->b, l->mean, l->var,
                         (ml_batch_norm_opts){.momentum = o->momentum, .eps = o->eps, .use_running = frozen});
}

#define AT(field) offsetof(ml_layer, u.norm.field)
static const mli_layer_option BATCH[] = {
    {"eps", MLI_OPTION_REAL, AT(eps)},
    {"momentum", MLI_OPTION_REAL, AT(momentum)},
    {"no_affine", MLI_OPTION_BOOL, AT(no_affine)},
    {0},
};

const ml_layer_kind mli_batch_norm = {.name = "batch_norm",
                                      .build = batch_build,
                                      .forward = batch_forward,
                                      .describe = affine_describe,
                                      .options = BATCH};

ml_layer ml_layer_batch_norm(ml_norm_opts opts)
{
    return (ml_layer){.kind = &mli_batch_norm, .u.norm = opts};
}

/* ---- layer norm ---- */

static ml_status layer_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    if (l->spec.u.norm.momentum != 0)
        return mli_fail(ML_EINVAL, "momentum is an option of a batch norm: a layer norm keeps no statistics");
    if (!l->spec.u.norm.no_affine && add_affine(l, shape->extent[shape->rank - 1], b))
        return ml_error_status();
    return mli_layer_infer(l, shape);
}

static ml_tensor *layer_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_layer_norm(t, x, l->w, l->b, l->spec.u.norm.eps);
}

static const mli_layer_option LAYER[] = {
    {"eps", MLI_OPTION_REAL, AT(eps)}, {"no_affine", MLI_OPTION_BOOL, AT(no_affine)}, {0}};

const ml_layer_kind mli_layer_norm = {.name = "layer_norm",
                                      .build = layer_build,
                                      .forward = layer_forward,
                                      .describe = affine_describe,
                                      .options = LAYER};

ml_layer ml_layer_layer_norm(ml_norm_opts opts)
{
    return (ml_layer){.kind = &mli_layer_norm, .u.norm = opts};
}

/* ---- group norm ---- */

static ml_status group_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    if (!l->spec.u.group_norm.no_affine && add_affine(l, shape->extent[shape->rank - 1], b))
        return ml_error_status();
    return mli_layer_infer(l, shape);
}

static ml_tensor *group_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    const ml_group_norm_opts *o = &l->spec.u.group_norm;
    return ml_group_norm(t, x, o->groups, l->w, l->b, o->eps);
}

static void group_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "groups %lld%s", (long long)l->spec.u.group_norm.groups, l->w ? "" : ", no affine");
}

static const mli_layer_option GROUP[] = {
    {"groups", MLI_OPTION_WHOLE, offsetof(ml_layer, u.group_norm.groups)},
    {"eps", MLI_OPTION_REAL, offsetof(ml_layer, u.group_norm.eps)},
    {"no_affine", MLI_OPTION_BOOL, offsetof(ml_layer, u.group_norm.no_affine)},
    {0},
};

const ml_layer_kind mli_group_norm = {.name = "group_norm",
                                      .build = group_build,
                                      .forward = group_forward,
                                      .describe = group_describe,
                                      .options = GROUP};

ml_layer ml_layer_group_norm(ml_group_norm_opts opts)
{
    return (ml_layer){.kind = &mli_group_norm, .u.group_norm = opts};
}
