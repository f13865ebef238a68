/* layers.c -- the layers: values that describe, and one table entry a kind. To add a layer: its options in the union of
 * ml_layer, a build and a forward here, a struct ml_layer_kind, a constructor. Nothing else knows which kinds there are.
 */
#include "nn/nn.h"

#include <mlcore/ops.h>

#include <math.h>
#include <string.h>

static char *text_of(const mli_shape *s, char *buf, size_t size)
{
    return mli_shape_text(s->rank, s->extent, buf, size);
}

/* ---- input ---- */

static ml_status input_build(mli_layer *l, mli_shape *shape, ml_params *ps, ml_rng *rng)
{
    (void)ps, (void)rng;
    const int64_t *extent = l->spec.u.input.shape;
    int rank = 0;
    while (rank < ML_MAX_RANK - 1 && extent[rank] > 0)
        rank++;
    for (int i = rank; i < ML_MAX_RANK - 1; i++)
        if (extent[i] != 0)
            return mli_fail(ML_EINVAL, "extent %d is %lld: all must be >= 1", rank, (long long)extent[rank]);
    if (rank == 0)
        return mli_fail(ML_EINVAL, "the shape of one sample is empty: say it, as in ML_INPUT(28, 28, 1)");
    int64_t size;
    if (!mli_shape_size(rank, extent, &size))
        return mli_fail(ML_EINVAL, "the shape of one sample is too large");
    shape->rank = rank;
    memcpy(shape->extent, extent, sizeof shape->extent);
    return ML_OK;
}

static ml_tensor *input_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l, (void)t;
    return x;
}

static const ml_layer_kind INPUT = {"input", input_build, input_forward, NULL};

bool mli_is_input(const ml_layer *layer)
{
    return layer->kind == &INPUT;
}

ml_layer ml_layer_input(ml_input_opts opts)
{
    ml_layer l = {.kind = &INPUT};
    l.u.input = opts;
    return l;
}

/* ---- dense: y = x W^T + b ---- */

static ml_status fill_dense(const mli_layer *l, int64_t d, ml_rng *rng)
{
    double a = 1 / sqrt((double)d);
    switch (l->spec.u.dense.init) {
    case ML_INIT_HE:
        return ml_init_he_normal(l->w, rng);
    case ML_INIT_XAVIER:
        return ml_init_xavier_uniform(l->w, rng);
    case ML_INIT_NORMAL:
        return ml_init_normal(l->w, rng, 0, 0.01);
    case ML_INIT_ZERO:
        return ML_OK;
    case ML_INIT_DEFAULT:
        break;
    }
    if (ml_init_uniform(l->w, rng, -a, a))
        return ml_error_status();
    return l->b ? ml_init_uniform(l->b, rng, -a, a) : ML_OK;
}

static ml_status dense_build(mli_layer *l, mli_shape *shape, ml_params *ps, ml_rng *rng)
{
    const ml_dense_opts *o = &l->spec.u.dense;
    int64_t d = shape->extent[0], m = o->out;
    char text[160], name[32];
    if (m == 0)
        return mli_fail(ML_EINVAL, "out is 0: say how many features out");
    if (m < 0)
        return mli_fail(ML_EINVAL, "out is %lld: it must be >= 1", (long long)m);
    if ((int)o->init < ML_INIT_DEFAULT || o->init > ML_INIT_ZERO)
        return mli_fail(ML_EINVAL, "init is %d: it must be one of ML_INIT_DEFAULT .. ML_INIT_ZERO", (int)o->init);
    if (shape->rank != 1)
        return mli_fail(ML_EINVAL, "a sample is %s here, not a row of features: put ML_FLATTEN() before it",
                        text_of(shape, text, sizeof text));
    snprintf(name, sizeof name, "%d.weight", l->index);
    if (!(l->w = ml_param(ps, name, 2, (int64_t[]){m, d})))
        return ml_error_status();
    snprintf(name, sizeof name, "%d.bias", l->index);
    if (!o->no_bias && !(l->b = ml_param(ps, name, 1, &m)))
        return ml_error_status();
    l->macs = m * d;
    shape->extent[0] = m;
    return fill_dense(l, d, rng);
}

static ml_tensor *dense_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_linear(t, x, l->w, l->b);
}

static void dense_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "%s", l->b ? "" : "no bias");
}

static const ml_layer_kind DENSE = {"dense", dense_build, dense_forward, dense_describe};

ml_layer ml_layer_dense(ml_dense_opts opts)
{
    ml_layer l = {.kind = &DENSE};
    l.u.dense = opts;
    return l;
}

/* ---- dropout ---- */

static ml_status dropout_build(mli_layer *l, mli_shape *shape, ml_params *ps, ml_rng *rng)
{
    (void)shape, (void)ps, (void)rng;
    double *p = &l->spec.u.dropout.p;
    *p = *p == 0 ? 0.5 : *p == ML_ZERO ? 0 : *p;
    if (!(*p >= 0 && *p < 1))
        return mli_fail(ML_EINVAL, "p is %g: it must be in [0, 1)", *p);
    return ML_OK;
}

static ml_tensor *dropout_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_dropout(t, x, l->spec.u.dropout.p);
}

static void dropout_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "p %g", l->spec.u.dropout.p);
}

static const ml_layer_kind DROPOUT = {"dropout", dropout_build, dropout_forward, dropout_describe};

ml_layer ml_layer_dropout(ml_dropout_opts opts)
{
    ml_layer l = {.kind = &DROPOUT};
    l.u.dropout = opts;
    return l;
}

/* ---- activations: the shape stays, nothing is learnt ---- */

static ml_status keep_build(mli_layer *l, mli_shape *shape, ml_params *ps, ml_rng *rng)
{
    (void)l, (void)shape, (void)ps, (void)rng;
    return ML_OK;
}

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

static const ml_layer_kind RELU = {"relu", keep_build, relu_forward, NULL};
static const ml_layer_kind SIGMOID = {"sigmoid", keep_build, sigmoid_forward, NULL};
static const ml_layer_kind TANH = {"tanh", keep_build, tanh_forward, NULL};

ml_layer ml_layer_relu(void)
{
    return (ml_layer){.kind = &RELU};
}

ml_layer ml_layer_sigmoid(void)
{
    return (ml_layer){.kind = &SIGMOID};
}

ml_layer ml_layer_tanh(void)
{
    return (ml_layer){.kind = &TANH};
}

/* ---- flatten ---- */

static ml_status flatten_build(mli_layer *l, mli_shape *shape, ml_params *ps, ml_rng *rng)
{
    (void)l, (void)ps, (void)rng;
    *shape = (mli_shape){.rank = 1, .extent = {mli_shape_numbers(shape)}};
    return ML_OK;
}

/* Images lie as N H W C, and PyTorch's dense weights after a flatten expect C H W: hence the copy, where there is more
 * than one channel. */
static ml_tensor *flatten_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l;
    if (x->rank == 4 && x->shape[3] > 1)
        x = ml_transpose(t, x, (int[]){0, 3, 1, 2});
    return x && x->rank == 2 ? x : ml_flatten(t, x);
}

static const ml_layer_kind FLATTEN = {"flatten", flatten_build, flatten_forward, NULL};

ml_layer ml_layer_flatten(void)
{
    return (ml_layer){.kind = &FLATTEN};
}
