/* predict.c -- a net at work: eval mode, nothing recorded, any number of threads.
 *
 * Each call has tapes of its own, and a prepared net is only read: that is all that many threads need. Nobody will look at what
 * lies between the layers of a row, so two tapes are enough for any depth: a layer reads from one and writes to the other.
 */
#include "nn/nn.h"

#include <string.h>

/* Samples at a time: enough for full speed, few enough that what a layer makes of them, in numbers, stays small. */
enum { BATCH = 256, MADE = 1 << 22 };

typedef struct tapes {
    ml_tape *t[2];
} tapes;

static void tapes_free(tapes *w)
{
    ml_tape_free(w->t[0]);
    ml_tape_free(w->t[1]);
}

static ml_status tapes_open(tapes *w, ml_kernel kernel)
{
    for (int i = 0; i < 2; i++)
        w->t[i] = ml_tape_open((ml_tape_opts){.no_grad = true, .mode = ML_EVAL, .kernel = kernel});
    if (w->t[0] && w->t[1])
        return ML_OK;
    tapes_free(w);
    return ML_ENOMEM;
}

/* The caller's n samples, seen as a tensor: no copy. Ops only read their inputs. */
static ml_tensor looking_at(const mli_net *self, const ml_real *x, int64_t n)
{
    ml_tensor v = {.data = (ml_real *)x, .rank = self->in.rank + 1, .op = -1, .size = n * mli_shape_numbers(&self->in)};
    v.shape[0] = n;
    memcpy(v.shape + 1, self->in.extent, (size_t)self->in.rank * sizeof *v.shape);
    return v;
}

/* Layer by layer: when one has written its numbers, those that it read are no longer needed. A layer that gives back its
 * input, or a view of it, has written none. */
static ml_tensor *run_row(const mli_net *self, tapes *w, ml_tape **last, ml_tensor *x)
{
    int now = 0;
    for (int i = 0; i < self->n && x; i++) {
        ml_tensor *y = mli_row_forward(&self->layers[i], 1, *last = w->t[now], x);
        if (y && y->data != x->data) {
            now = 1 - now;
            ml_tape_reset(w->t[now]);
        }
        x = y;
    }
    return x;
}

/* One batch through the net: *y gets the tensor, with as many rows as x. It may be x itself, where no layer changes it. */
static ml_status run(ml_net *net, tapes *w, ml_tensor *x, ml_tensor **y)
{
    char text[160];
    int64_t n = x->shape[0];
    ml_tape *last = w->t[0];
    ml_tape_reset(w->t[0]);
    ml_tape_reset(w->t[1]);
    *y = net->self->forward ? ml_net_forward(net, last, x) : run_row(net->self, w, &last, x);
    if (ml_tape_error(last))
        return mli_fail(ml_tape_error(last), "%s", ml_tape_error_text(last));
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
    tapes w = {{NULL, NULL}};
    ml_tensor one = looking_at(net->self, zeros, 1);
    ml_status s = zeros ? tapes_open(&w, net->self->kernel) : ML_ENOMEM;
    if (!s)
        s = run(net, &w, &one, &y);
    if (!s)
        net->self->outputs = y->size;
    tapes_free(&w);
    mli_free(zeros);
    return s;
}

ml_status ml_net_set_kernel(ml_net *net, ml_kernel kernel)
{
    if (!net || (int)kernel < ML_KERNEL_FAST || kernel > ML_KERNEL_REF)
        return mli_fail(ML_EINVAL, "net: it is NULL, or kernel %d is none of ML_KERNEL_...", (int)kernel);
    net->self->kernel = kernel;
    return ML_OK;
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

/* How many numbers a layer makes of one sample, those inside of a block too. In double: it may be more than an integer holds. */
static double numbers_made(const mli_layer *l)
{
    double made = (double)mli_shape_numbers(&l->out);
    for (int i = 0; i < l->n; i++)
        made += numbers_made(&l->layers[i]);
    return made;
}

/* What the function of a custom net makes, nobody knows. */
int64_t mli_net_batch(const mli_net *self)
{
    double most = 1;
    for (int i = 0; i < self->n; i++) {
        double made = numbers_made(&self->layers[i]);
        most = made > most ? made : most;
    }
    double fit = MADE / most;
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
    tapes w;
    if (tapes_open(&w, net->self->kernel))
        return ML_ENOMEM;
    int64_t at_once = mli_net_batch(net->self), inputs = mli_shape_numbers(&net->self->in), outputs = net->self->outputs;
    ml_status s = ML_OK;
    for (int64_t i = 0; i < n && !s; i += at_once) {
        int64_t size = n - i < at_once ? n - i : at_once;
        ml_tensor *y, batch = looking_at(net->self, x + i * inputs, size);
        s = run(net, &w, &batch, &y);
        if (!s && y->size != size * outputs)
            s = mli_fail(ML_EINVAL, "predict: the net gave %lld numbers a sample, and %lld before",
                         (long long)(y->size / size), (long long)outputs);
        if (!s)
            memcpy(out + i * outputs, y->data, (size_t)y->size * sizeof *out);
    }
    tapes_free(&w);
    return s;
}
