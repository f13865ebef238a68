/* predictor.c -- a net made ready, at work: the steps one after another, for as many threads as come.
 *
 * A buffer is a tape that records nothing: a convolution takes memory from it, a layer that runs as it is calls its ops on it, and
 * either way what was there before is gone. Which step writes to which buffer was settled when the steps were made.
 */
#include "nn/predictor.h"

#include "kernels/activations.h"

#include <string.h>

/* ---- making and freeing ---- */

static void room_free(mli_room *r, int buffers)
{
    for (int b = 0; r && b < buffers; b++)
        ml_tape_free(r->buffers[b]);
    if (r)
        mli_free(r->at);
    mli_free(r);
}

void ml_predictor_free(ml_predictor *p)
{
    if (!p)
        return;
    for (mli_room *r = p->rooms, *next; r; r = next) {
        next = r->next;
        room_free(r, p->buffers);
    }
    for (int i = 0; i < p->n; i++)
        mli_step_free(&p->steps[i]);
    mli_free(p->steps);
    ml_params_free(p->params);
    pthread_mutex_destroy(&p->lock);
    mli_free(p);
}

static ml_predictor *predictor_new(const mli_net *net, ml_predictor_opts opts)
{
    ml_predictor *p = mli_calloc(1, sizeof *p);
    if (!p)
        return NULL;
    pthread_mutex_init(&p->lock, NULL); /* an ordinary one cannot fail */
    p->params = ml_params_new();
    p->batch = mli_given(opts.batch, mli_net_batch(net));
    p->kernel = opts.kernel;
    p->in = net->in, p->out = net->out;
    if (p->params && !mli_predictor_make(p, net))
        return p;
    ml_predictor_free(p);
    return NULL;
}

ml_predictor *ml_predictor_new(const ml_net *net, ml_predictor_opts opts)
{
    if (!net || net->self->in.rank == 0)
        return mli_null(ML_EINVAL, "predictor: the net is NULL, or has no layers yet");
    if (net->self->forward)
        return mli_null(ML_ESTATE, "predictor: a custom net cannot be made ready, since nobody sees into its function: use ml_predict");
    if (opts.batch < 0 || (int)opts.kernel < ML_KERNEL_FAST || opts.kernel > ML_KERNEL_REF)
        return mli_null(ML_EINVAL, "predictor: the batch is %lld, which must be >= 0, and kernel %d one of ML_KERNEL_...",
                        (long long)opts.batch, (int)opts.kernel);
    return predictor_new(net->self, opts);
}

/* ---- rooms ---- */

int64_t mli_predictor_numbers(const ml_predictor *p, int buffer)
{
    int64_t most = 0;
    for (int i = 0; i < p->n; i++) {
        int64_t n = mli_shape_numbers(&p->steps[i].out);
        most = p->steps[i].buffer == buffer && n > most ? n : most;
    }
    return most;
}

/* Beside its numbers a buffer holds heads of tensors, and what ops write down beside them. */
enum { HEADS = 64 * 1024 };

/* A buffer that has all its memory at once: asked for little by little it would keep each piece. */
static ml_tape *buffer_new(const ml_predictor *p, int buffer, int64_t samples)
{
    ml_tape *t = ml_tape_open((ml_tape_opts){.no_grad = true, .mode = ML_EVAL, .kernel = p->kernel});
    if (t && mli_saved(t, (size_t)(samples * mli_predictor_numbers(p, buffer)) * sizeof(ml_real) + HEADS)) {
        ml_tape_reset(t);
        return t;
    }
    ml_tape_free(t);
    return NULL;
}

static mli_room *room_new(const ml_predictor *p, int64_t samples)
{
    mli_room *r = mli_calloc(1, sizeof *r + (size_t)p->buffers * sizeof *r->buffers);
    if (!r)
        return NULL;
    r->samples = samples;
    bool ok = (r->at = mli_calloc((size_t)p->buffers, sizeof *r->at)) != NULL;
    for (int b = 0; b < p->buffers && ok; b++)
        ok = (r->buffers[b] = buffer_new(p, b, samples)) != NULL;
    if (ok)
        return r;
    room_free(r, p->buffers);
    return NULL;
}

/* A room that another call has left, or a new one where there is none or it is too small. */
static mli_room *room_take(ml_predictor *p, int64_t samples)
{
    pthread_mutex_lock(&p->lock);
    mli_room *r = p->rooms;
    if (r)
        p->rooms = r->next;
    pthread_mutex_unlock(&p->lock);
    if (r && r->samples >= samples)
        return r;
    room_free(r, p->buffers);
    return room_new(p, samples);
}

static void room_leave(ml_predictor *p, mli_room *r)
{
    pthread_mutex_lock(&p->lock);
    r->next = p->rooms;
    p->rooms = r;
    pthread_mutex_unlock(&p->lock);
}

/* ---- steps ---- */

/* One batch on its way. */
typedef struct pass {
    const ml_predictor *p;
    mli_room *r;
    const ml_real *x; /* the caller's samples */
    int64_t n;
} pass;

static const ml_real *value(const pass *a, int v)
{
    return v == MLI_SAMPLES ? a->x : a->r->at[a->p->steps[v].buffer];
}

/* Value v seen as n samples of a shape: no copy, since ops only read. */
static ml_tensor looking_at(const pass *a, int v, const mli_shape *shape)
{
    ml_tensor x = {.data = (ml_real *)value(a, v), .rank = shape->rank + 1, .op = -1, .size = a->n * mli_shape_numbers(shape)};
    x.shape[0] = a->n;
    memcpy(x.shape + 1, shape->extent, (size_t)shape->rank * sizeof *x.shape);
    return x;
}

static ml_tensor *run_conv(const pass *a, const mli_step *s, ml_tape *t)
{
    int64_t size = a->n * mli_shape_numbers(&s->out);
    ml_tensor *y = mli_out(t, 1, &size);
    mlk_conv2d_args c = {.g = s->g, .kernel = a->p->kernel, .x = value(a, s->in[0]), .w = s->w, .b = s->b, .packed = s->packed,
                         .plus = s->n_in == 2 ? value(a, s->in[1]) : NULL, .relu = s->relu};
    c.g.n = a->n;
    size_t bytes = mlk_conv2d_body_workspace(s->body, c.kernel, &c.g, MLK_FORWARD);
    c.work = mli_workspace(a->r->buffers[0], bytes);
    if (!y || (bytes && !c.work))
        return NULL;
    c.out = y->data;
    mlk_conv2d_run(s->body, MLK_FORWARD, &c);
    return y;
}

static ml_tensor *run_add(const pass *a, const mli_step *s, ml_tape *t)
{
    ml_tensor main = looking_at(a, s->in[0], &s->out), shortcut = looking_at(a, s->in[1], &s->out);
    ml_tensor *y = ml_add(t, &main, &shortcut);
    if (y && s->relu)
        mlk_relu_forward(y->data, y->data, y->size);
    return y;
}

/* Along the last axis: all axes before it are rows. */
static ml_tensor *run_join(const pass *a, const mli_step *s, ml_tape *t)
{
    int64_t rows = a->n * (mli_shape_numbers(&s->out) / s->out.extent[s->out.rank - 1]);
    ml_tensor *parts = mli_saved(t, (size_t)s->n_in * sizeof *parts), **in = mli_saved(t, (size_t)s->n_in * sizeof *in);
    for (int i = 0; i < s->n_in && parts && in; i++) {
        const mli_shape *whole = s->in[i] == MLI_SAMPLES ? &a->p->in : &a->p->steps[s->in[i]].out;
        parts[i] = looking_at(a, s->in[i], whole);
        parts[i].rank = 2, parts[i].shape[0] = rows, parts[i].shape[1] = parts[i].size / rows;
        in[i] = &parts[i];
    }
    return parts && in ? ml_concat(t, in, s->n_in, 1) : NULL;
}

/* A layer that gives back its input, or a view of it, has written nothing: a copy does. */
static ml_tensor *run_layer(const pass *a, const mli_step *s, ml_tape *t)
{
    ml_tensor x = looking_at(a, s->in[0], &s->x), *y = s->layer.spec.kind->forward(&s->layer, t, &x);
    return y && y->data == x.data ? ml_detach(t, y) : y;
}

static ml_status run_batch(const pass *a, ml_real *out)
{
    static ml_tensor *(*const run[])(const pass *a, const mli_step *s, ml_tape *t) = {
        [MLI_STEP_CONV] = run_conv, [MLI_STEP_ADD] = run_add, [MLI_STEP_JOIN] = run_join, [MLI_STEP_LAYER] = run_layer};
    const ml_predictor *p = a->p;
    for (int i = 0; i < p->n; i++) {
        const mli_step *s = &p->steps[i];
        ml_tape *t = a->r->buffers[s->buffer];
        ml_tape_reset(t);
        const ml_tensor *y = run[s->kind](a, s, t);
        if (!y)
            return ml_error_status();
        a->r->at[s->buffer] = y->data;
    }
    memcpy(out, value(a, p->result), (size_t)(a->n * mli_shape_numbers(&p->out)) * sizeof *out);
    return ML_OK;
}

ml_status ml_predictor_run(ml_predictor *p, const ml_real *x, int64_t n, ml_real *out)
{
    if (!p || n < 0 || (n > 0 && (!x || !out)))
        return mli_fail(ML_EINVAL, "predictor: %lld samples, or the predictor, x or out is NULL", (long long)n);
    if (n == 0)
        return ML_OK;
    int64_t at_once = n < p->batch ? n : p->batch, inputs = mli_shape_numbers(&p->in), outputs = mli_shape_numbers(&p->out);
    mli_room *r = room_take(p, at_once);
    ml_status s = r ? ML_OK : ML_ENOMEM;
    for (int64_t i = 0; i < n && !s; i += at_once) {
        pass a = {p, r, x + i * inputs, n - i < at_once ? n - i : at_once};
        s = run_batch(&a, out + i * outputs);
    }
    if (r)
        room_leave(p, r);
    return s;
}
