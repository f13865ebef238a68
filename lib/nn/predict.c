/* predict.c -- a net at work: eval mode, nothing recorded, any number of threads.
 *
 * Each call has a tape of its own, and a prepared net is only read: that is all that many threads need.
 */
#include "nn/nn.h"

#include <string.h>

/* Samples at a time: enough for full speed, few enough that what the layers make of them, in numbers, stays small. */
enum { BATCH = 256, MADE = 1 << 22 };

static ml_tape *working_tape(void)
{
    return ml_tape_open((ml_tape_opts){.no_grad = true, .mode = ML_EVAL});
}

/* The caller's n samples, seen as a tensor: no copy. Ops only read their inputs. */
static ml_tensor looking_at(const mli_net *self, const ml_real *x, int64_t n)
{
    ml_tensor v = {.data = (ml_real *)x, .rank = self->in.rank + 1, .op = -1, .size = n * mli_shape_numbers(&self->in)};
    v.shape[0] = n;
    memcpy(v.shape + 1, self->in.extent, (size_t)self->in.rank * sizeof *v.shape);
    return v;
}

/* One batch through the net: *y gets the tensor, with as many rows as x. It may be x itself, where no layer changes it. */
static ml_status run(ml_net *net, ml_tape *t, ml_tensor *x, ml_tensor **y)
{
    char text[160];
    int64_t n = x->shape[0];
    ml_tape_reset(t);
    *y = ml_net_forward(net, t, x);
    if (ml_tape_error(t))
        return mli_fail(ml_tape_error(t), "%s", ml_tape_error_text(t));
    if (!*y)
        return mli_fail(ML_EINVAL, "net: its forward gave NULL");
    if ((*y)->rank < 1 || (*y)->shape[0] != n)
        return mli_fail(ML_EINVAL, "net: its forward gave %s for %lld samples: the first axis must be theirs",
                        ml_shape_text(*y, text, sizeof text), (long long)n);
    return ML_OK;
}

/* A custom net says how many numbers come out only by running: on one sample of zeros. */
static ml_status measure(ml_net *net)
{
    ml_tensor *y;
    ml_real *zeros = mli_calloc((size_t)mli_shape_numbers(&net->self->in), sizeof *zeros);
    ml_tape *t = zeros ? working_tape() : NULL;
    ml_tensor one = looking_at(net->self, zeros, 1);
    ml_status s = t ? run(net, t, &one, &y) : ML_ENOMEM;
    if (!s)
        net->self->outputs = y->size;
    ml_tape_free(t);
    mli_free(zeros);
    return s;
}

ml_status ml_net_prepare(ml_net *net)
{
    if (ml_net_inputs(net) < 0)
        return ml_error_status();
    if (ml_params_seal(net->params))
        return ml_error_status();
    return net->self->outputs < 0 ? measure(net) : ML_OK;
}

int64_t ml_net_outputs(ml_net *net)
{
    return ml_net_prepare(net) ? -1 : net->self->outputs;
}

/* How many numbers the layers make of one sample, together. In double: it may be more than an integer holds. */
static double numbers_made(const mli_layer *layers, int n)
{
    double made = 0;
    for (int i = 0; i < n; i++)
        made += (double)mli_shape_numbers(&layers[i].out) + numbers_made(layers[i].layers, layers[i].n);
    return made;
}

/* What the function of a custom net makes, nobody knows. */
static int64_t batch_of(const mli_net *self)
{
    double fit = MADE / (numbers_made(self->layers, self->n) + 1);
    return fit >= BATCH ? BATCH : fit >= 1 ? (int64_t)fit : 1;
}

ml_status ml_predict(ml_net *net, const ml_real *x, int64_t n, ml_real *out)
{
    if (ml_net_prepare(net))
        return ml_error_status();
    if (n < 0 || (n > 0 && (!x || !out)))
        return mli_fail(ML_EINVAL, "predict: %lld samples, or x or out is NULL", (long long)n);
    if (n == 0)
        return ML_OK;
    ml_tape *t = working_tape();
    if (!t)
        return ML_ENOMEM;
    int64_t inputs = mli_shape_numbers(&net->self->in), outputs = net->self->outputs, at_once = batch_of(net->self);
    ml_status s = ML_OK;
    for (int64_t i = 0; i < n && !s; i += at_once) {
        int64_t size = n - i < at_once ? n - i : at_once;
        ml_tensor *y, batch = looking_at(net->self, x + i * inputs, size);
        s = run(net, t, &batch, &y);
        if (!s && y->size != size * outputs)
            s = mli_fail(ML_EINVAL, "predict: the net gave %lld numbers a sample, and %lld before",
                         (long long)(y->size / size), (long long)outputs);
        if (!s)
            memcpy(out + i * outputs, y->data, (size_t)y->size * sizeof *out);
    }
    ml_tape_free(t);
    return s;
}
