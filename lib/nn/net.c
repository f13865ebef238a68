/* net.c -- networks: a row of layers, or a struct and a function of the caller's. */
#include "nn/nn.h"

#include <string.h>

/* ---- making ---- */

static ml_net *net_new(void)
{
    ml_net *net = mli_calloc(1, sizeof *net);
    if (!net)
        return NULL;
    net->self = mli_calloc(1, sizeof *net->self);
    net->params = ml_params_new();
    if (net->self && net->params) {
        net->self->outputs = -1;
        return net;
    }
    ml_net_free(net);
    return NULL;
}

void ml_net_free(ml_net *net)
{
    if (!net)
        return;
    ml_params_free(net->params);
    for (int i = 0; net->self && i < net->self->n; i++)
        mli_layer_free(&net->self->layers[i]);
    if (net->self) {
        mli_free(net->self->layers);
        mli_hooks_free(&net->self->hooks);
    }
    mli_free(net->self);
    mli_free(net);
}

ml_net *ml_net_empty(const ml_rng *rng)
{
    if (!rng)
        return mli_null(ML_EINVAL, "net: rng is NULL: initial values are drawn from it, say ml_rng_seed(42)");
    ml_net *net = net_new();
    if (net)
        net->self->rng = *rng;
    return net;
}

ml_net *ml_net_build(ml_rng *rng, const ml_layer *layers, int n)
{
    n = mli_row_count(layers, n);
    if (n < 1)
        return mli_null(ML_EINVAL, "net: there are no layers");
    ml_net *net = ml_net_empty(rng);
    for (int i = 0; i < n && net; i++) {
        if (ml_net_add(net, layers[i])) {
            ml_net_free(net);
            return NULL;
        }
    }
    if (net)
        *rng = net->self->rng; /* the caller's generator goes on from here */
    return net;
}

static bool grow(mli_net *self)
{
    int room = self->room ? self->room * 2 : 8;
    mli_layer *layers = mli_alloc((size_t)room * sizeof *layers);
    if (!layers)
        return false;
    if (self->n)
        memcpy(layers, self->layers, (size_t)self->n * sizeof *layers);
    mli_free(self->layers);
    self->layers = layers;
    self->room = room;
    return true;
}

ml_status mli_net_add(ml_net *net, const ml_layer *layer, mli_build *b)
{
    mli_net *self = net->self;
    if (self->forward)
        return mli_fail(ML_ESTATE, "net: layers cannot be added to a custom net");
    if (self->n == 0 && layer->kind != &mli_input)
        return mli_fail(ML_EINVAL, "net: the first layer is %s: it must be ML_INPUT(...), the shape of one sample",
                        layer->kind ? layer->kind->name : "none of ml_layer_...");
    if (self->n == self->room && !grow(self))
        return ML_ENOMEM;

    int params = net->params->n, buffers = net->params->n_buffers;
    mli_shape shape = self->out;
    if (mli_layer_build(&self->layers[self->n], layer, self->n - 1, &shape, b)) {
        mli_params_cut(net->params, params, buffers); /* the net is as it was */
        return ml_error_status();
    }
    self->out = shape;
    if (self->n++ == 0)
        self->in = shape;
    self->outputs = mli_shape_numbers(&shape);
    mli_hooks_mark(self);
    return ML_OK;
}

ml_status ml_net_add(ml_net *net, ml_layer layer)
{
    if (!net)
        return mli_fail(ML_EINVAL, "net: the net is NULL");
    ml_rng rng = net->self->rng;
    ml_status s = mli_net_add(net, &layer, &(mli_build){.params = net->params, .rng = &rng, .left = INT64_MAX});
    if (!s)
        net->self->rng = rng;
    return s;
}

ml_net *ml_net_custom(ml_forward_fn forward, void *user, int rank, const int64_t *sample_shape)
{
    int64_t size;
    char text[160];
    if (!forward)
        return mli_null(ML_EINVAL, "net: forward is NULL");
    if (rank < 1 || rank > ML_MAX_RANK - 1 || !sample_shape)
        return mli_null(ML_EINVAL, "net: the rank of a sample is %d: it must be in 1 .. %d, with a shape", rank,
                        ML_MAX_RANK - 1);
    if (!mli_shape_size(rank, sample_shape, &size) || size < 1)
        return mli_null(ML_EINVAL, "net: a sample cannot be %s", mli_shape_text(rank, sample_shape, text, sizeof text));
    ml_net *net = net_new();
    if (!net)
        return NULL;
    net->self->forward = forward;
    net->self->user = user;
    net->self->in.rank = rank;
    memcpy(net->self->in.extent, sample_shape, (size_t)rank * sizeof *sample_shape);
    return net;
}

/* ---- running ---- */

static bool fits(const mli_net *self, const ml_tensor *x)
{
    if (x->rank != self->in.rank + 1)
        return false;
    return memcmp(x->shape + 1, self->in.extent, (size_t)self->in.rank * sizeof *x->shape) == 0;
}

ml_tensor *ml_net_forward(ml_net *net, ml_tape *t, ml_tensor *x)
{
    char got[160], want[160];
    if (!mli_ready(t, "net", 1, x))
        return NULL;
    if (!net)
        return mli_stick(t, ML_EINVAL, "net: the net is NULL");
    const mli_net *self = net->self;
    if (self->in.rank == 0)
        return mli_stick(t, ML_ESTATE, "net: it has no layers yet");
    if (!fits(self, x))
        return mli_stick(t, ML_EINVAL, "net: input is %s, expected Nx%s", ml_shape_text(x, got, sizeof got),
                         mli_shape_text(self->in.rank, self->in.extent, want, sizeof want));
    if (!net->params->sealed && ml_params_seal(net->params))
        return mli_stick_last(t);
    if (self->forward) {
        ml_tensor *y = self->forward(self->user, t, x);
        return y && self->hooks.first ? mli_hooks_call(&self->hooks, t, "", "custom", x, y) : y;
    }
    return mli_row_forward(self->layers, self->n, t, x);
}

/* ---- facts ---- */

int64_t ml_net_macs(const ml_net *net)
{
    return net ? mli_row_macs(net->self->layers, net->self->n) : 0;
}

int64_t ml_net_inputs(const ml_net *net)
{
    if (!net || net->self->in.rank == 0) {
        mli_fail(ML_EINVAL, "net: it is NULL, or has no layers yet");
        return -1;
    }
    return mli_shape_numbers(&net->self->in);
}
