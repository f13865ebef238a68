/* net.c -- networks: a row of layers, or a struct and a function of the caller's. */
#include "nn/nn.h"

#include <string.h>

int64_t mli_shape_numbers(const mli_shape *s)
{
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++)
        n *= s->extent[i];
    return n;
}

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
    if (net->self)
        mli_free(net->self->layers);
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
    if (!layers || n < 1)
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

/* "net: layer 3 (dense): " before the sentence that is there. */
static ml_status fail_in_layer(const mli_layer *l)
{
    char where[64];
    if (l->index < 0)
        snprintf(where, sizeof where, "net: input");
    else
        snprintf(where, sizeof where, "net: layer %d (%s)", l->index, l->spec.kind->name);
    return mli_fail_in(where);
}

ml_status ml_net_add(ml_net *net, ml_layer layer)
{
    if (!net || !layer.kind)
        return mli_fail(ML_EINVAL, "net: the net is NULL, or the layer is not one of ml_layer_...");
    mli_net *self = net->self;
    mli_layer l = {.spec = layer, .index = self->n - 1};
    if (self->forward)
        return mli_fail(ML_ESTATE, "net: layers cannot be added to a custom net");
    if (self->n == 0 && !mli_is_input(&layer))
        return mli_fail(ML_EINVAL, "net: the first layer is %s: it must be ML_INPUT(...), the shape of one sample",
                        layer.kind->name);
    if (self->n > 0 && mli_is_input(&layer))
        return mli_fail(ML_EINVAL, "net: layer %d is an input: only the first may be one", l.index);
    if (self->n == self->room && !grow(self))
        return ML_ENOMEM;

    int before = net->params->n, buffers = net->params->n_buffers;
    mli_shape shape = self->out;
    ml_rng rng = self->rng;
    if (layer.kind->build(&l, &shape, net->params, &rng)) {
        mli_params_cut(net->params, before, buffers); /* the net is as it was */
        return fail_in_layer(&l);
    }
    self->rng = rng;
    for (int i = before; i < net->params->n; i++)
        l.params += net->params->entries[i].x->size;
    l.out = self->out = shape;
    if (self->n == 0)
        self->in = shape;
    self->outputs = mli_shape_numbers(&shape);
    self->layers[self->n++] = l;
    return ML_OK;
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
    if (self->forward)
        return self->forward(self->user, t, x);
    for (int i = 0; i < self->n && x; i++)
        x = self->layers[i].spec.kind->forward(&self->layers[i], t, x);
    return x;
}

/* ---- facts ---- */

static int64_t sum_macs(const mli_net *self)
{
    int64_t macs = 0;
    for (int i = 0; i < self->n; i++)
        macs += self->layers[i].macs;
    return macs;
}

int64_t ml_net_macs(const ml_net *net)
{
    return net ? sum_macs(net->self) : 0;
}

int64_t ml_net_inputs(const ml_net *net)
{
    if (!net || net->self->in.rank == 0) {
        mli_fail(ML_EINVAL, "net: it is NULL, or has no layers yet");
        return -1;
    }
    return mli_shape_numbers(&net->self->in);
}
