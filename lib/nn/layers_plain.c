/* layers_plain.c -- layers that learn nothing and keep or only reshape a sample: input, dropout, identity, flatten. */
#include "nn/nn.h"

#include <mlcore/ops.h>

#include <string.h>

/* ---- input ---- */

static ml_status input_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    (void)b;
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

static ml_tensor *same_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    (void)l, (void)t;
    return x;
}

static const mli_layer_option INPUT_OPTIONS[] = {{"shape", MLI_OPTION_SHAPE, offsetof(ml_layer, u.input.shape)}, {0}};

const ml_layer_kind mli_input = {
    .name = "input", .build = input_build, .forward = same_forward, .options = INPUT_OPTIONS};

ml_layer ml_layer_input(ml_input_opts opts)
{
    return (ml_layer){.kind = &mli_input, .u.input = opts};
}

/* ---- dropout ---- */

static double probability(const mli_layer *l)
{
    return mli_option(l->spec.u.dropout.p, 0.5);
}

static ml_status dropout_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    (void)shape, (void)b;
    double p = probability(l);
    if (!(p >= 0 && p < 1))
        return mli_fail(ML_EINVAL, "p is %g: it must be in [0, 1)", p);
    return ML_OK;
}

static ml_tensor *dropout_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    return ml_dropout(t, x, probability(l));
}

static void dropout_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "p %g", probability(l));
}

static const mli_layer_option DROPOUT_OPTIONS[] = {{"p", MLI_OPTION_REAL, offsetof(ml_layer, u.dropout.p)}, {0}};

const ml_layer_kind mli_dropout = {.name = "dropout",
                                   .build = dropout_build,
                                   .forward = dropout_forward,
                                   .describe = dropout_describe,
                                   .options = DROPOUT_OPTIONS};

ml_layer ml_layer_dropout(ml_dropout_opts opts)
{
    return (ml_layer){.kind = &mli_dropout, .u.dropout = opts};
}

/* ---- identity ---- */

const ml_layer_kind mli_identity = {.name = "identity", .build = mli_layer_keep, .forward = same_forward};

ml_layer ml_layer_identity(void)
{
    return (ml_layer){.kind = &mli_identity};
}

/* ---- flatten ---- */

static ml_status flatten_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    (void)l, (void)b;
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

const ml_layer_kind mli_flatten = {.name = "flatten", .build = flatten_build, .forward = flatten_forward};

ml_layer ml_layer_flatten(void)
{
    return (ml_layer){.kind = &mli_flatten};
}
