/* predictor_make.c -- the layers of a net as fewer steps.
 *
 *     layers                                               steps
 *     conv  batch_norm  relu                               one convolution: other weights, relu at its end
 *     residual(conv bn relu conv bn)  relu                 two: the second adds the shortcut at its end, then relu
 *     dropout  identity  flatten of one channel            none
 *     branch                                               those of its branches, and one that joins what they give
 *     all others                                           a copy of the layer, as it is
 *
 * A layer may be put into the step before it while that step is `open`: nobody else reads its value. So a step closes where a
 * residual block or a branch begins, since both its sides read what comes in. Lesson: docs/math/folding.md.
 */
#include "nn/predictor.h"

#include "autograd/conv.h"

#include <string.h>

enum { NONE = -2 };

typedef struct maker {
    ml_predictor *p;
    ml_tape *t; /* where errors about shapes stick */
    int open;   /* the step that layers may still be put into, or NONE */
} maker;

/* ---- steps ---- */

void mli_step_free(mli_step *s)
{
    mli_free(s->in);
    mli_free(s->made_of);
    mli_free(s->w);
    mli_free(s->b);
    mli_free(s->packed);
    mli_layer_free(&s->layer);
}

/* "conv1 conv + bn1 batch_norm": this layer too. */
static ml_status mention(mli_step *s, const mli_layer *l)
{
    const char *before = s->made_of ? s->made_of : "", *plus = s->made_of ? " + " : "", *space = *l->path ? " " : "";
    size_t size = strlen(before) + strlen(l->path) + strlen(l->spec.kind->name) + sizeof " + " + sizeof " ";
    char *text = mli_alloc(size);
    if (!text)
        return ML_ENOMEM;
    snprintf(text, size, "%s%s%s%s%s", before, plus, l->path, space, l->spec.kind->name);
    mli_free(s->made_of);
    s->made_of = text;
    return ML_OK;
}

static bool grow(ml_predictor *p)
{
    int room = p->room ? p->room * 2 : 16;
    mli_step *steps = mli_alloc((size_t)room * sizeof *steps);
    if (!steps)
        return false;
    if (p->n)
        memcpy(steps, p->steps, (size_t)p->n * sizeof *steps);
    mli_free(p->steps);
    p->steps = steps;
    p->room = room;
    return true;
}

/* A step for layer l, which reads n values, with room for one more; it is open. NULL where memory lacks. */
static mli_step *add_step(maker *m, mli_step_kind kind, const mli_layer *l, const mli_shape *x, const int *in, int n)
{
    ml_predictor *p = m->p;
    if (p->n == p->room && !grow(p))
        return NULL;
    mli_step *s = &p->steps[p->n];
    *s = (mli_step){.kind = kind, .in = mli_calloc((size_t)n + 1, sizeof *s->in), .n_in = n, .x = *x, .out = l->out};
    m->open = p->n++; /* from now on the predictor frees it */
    if (!s->in || mention(s, l))
        return NULL;
    memcpy(s->in, in, (size_t)n * sizeof *s->in);
    return s;
}

/* The step that makes value x, if layers may still be put into it: a sum alone, before relu and before a shortcut. */
static mli_step *open_sum(const maker *m, int x)
{
    mli_step *s = x >= 0 && x == m->open ? &m->p->steps[x] : NULL;
    return s && s->kind == MLI_STEP_CONV && s->n_in == 1 && !s->relu ? s : NULL;
}

/* ---- layers as they are ---- */

static void copy_numbers(ml_tensor *to, const ml_tensor *from)
{
    if (from)
        memcpy(to->data, from->data, (size_t)from->size * sizeof *to->data);
}

/* Under the name of its path, so that parameters of two layers do not meet. */
static ml_status add_copy(maker *m, const mli_layer *l, const mli_shape *in, int *x)
{
    mli_step *s = add_step(m, MLI_STEP_LAYER, l, in, x, 1);
    if (!s)
        return ML_ENOMEM;
    ml_layer spec = l->spec;
    mli_shape shape = *in;
    mli_build b = {.params = m->p->params, .left = INT64_MAX};
    spec.name = l->path;
    if (mli_layer_build(&s->layer, &spec, l->index, &shape, &b))
        return ml_error_status();
    copy_numbers(s->layer.w, l->w), copy_numbers(s->layer.b, l->b);
    copy_numbers(s->layer.mean, l->mean), copy_numbers(s->layer.var, l->var);
    *x = m->open;
    return ML_OK;
}

/* ---- convolutions ---- */

static bool geometry(maker *m, const mli_layer *l, const mli_shape *in, mlk_conv2d *g)
{
    ml_tensor x = {.rank = in->rank + 1, .shape = {m->p->batch}};
    memcpy(x.shape + 1, in->extent, (size_t)in->rank * sizeof *x.shape);
    if (l->spec.kind != &mli_dense)
        return mli_layer_geometry(l, m->t, &x, g);
    *g = (mlk_conv2d){.n = m->p->batch, .h = 1, .w = 1, .c = in->extent[0], .f = l->out.extent[0], .r = 1, .s = 1, .p = 1, .q = 1,
                      .stride = {1, 1}, .dil = {1, 1}, .groups = 1};
    return true;
}

static ml_status add_conv(maker *m, const mli_layer *l, const mli_shape *in, int *x)
{
    ml_kernel kernel = m->p->kernel;
    mli_step *s = add_step(m, MLI_STEP_CONV, l, in, x, 1);
    if (!s)
        return ML_ENOMEM;
    if (!geometry(m, l, in, &s->g))
        return ml_error_status();
    s->body = mlk_conv2d_choose(kernel, &s->g, MLK_FORWARD);
    if (l->spec.kind == &mli_dense) /* a matrix product, whatever is asked of convolutions */
        s->body = kernel == ML_KERNEL_REF ? MLK_CONV2D_REF : MLK_CONV2D_GEMM;
    s->w = mli_alloc((size_t)l->w->size * sizeof *s->w);
    s->b = mli_calloc((size_t)s->g.f, sizeof *s->b);
    if (!s->w || !s->b)
        return ML_ENOMEM;
    memcpy(s->w, l->w->data, (size_t)l->w->size * sizeof *s->w);
    if (l->b)
        memcpy(s->b, l->b->data, (size_t)s->g.f * sizeof *s->b);
    *x = m->open;
    return ML_OK;
}

/* scale (w x + b) + shift = (scale w) x + (scale b + shift), filter by filter. In double, rounded once. */
static void fold(mli_step *s, const mli_layer *norm)
{
    int64_t window = s->g.r * s->g.s * (s->g.c / s->g.groups);
    for (int64_t f = 0; f < s->g.f; f++) {
        mli_line line = mli_batch_norm_line(norm, f);
        for (int64_t i = f * window; i < (f + 1) * window; i++)
            s->w[i] = (ml_real)(line.scale * (double)s->w[i]);
        s->b[f] = (ml_real)(line.scale * (double)s->b[f] + line.shift);
    }
}

static ml_status add_batch_norm(maker *m, const mli_layer *l, const mli_shape *in, int *x)
{
    mli_step *s = open_sum(m, *x);
    if (!s || s->g.f != l->mean->size) /* behind a flatten its channels are not filters */
        return add_copy(m, l, in, x);
    fold(s, l);
    return mention(s, l);
}

static ml_status add_relu(maker *m, const mli_layer *l, const mli_shape *in, int *x)
{
    mli_step *s = *x >= 0 && *x == m->open ? &m->p->steps[*x] : NULL;
    if (!s || (s->kind != MLI_STEP_CONV && s->kind != MLI_STEP_ADD))
        return add_copy(m, l, in, x);
    s->relu = true; /* twice is as good as once */
    return mention(s, l);
}

/* ---- blocks ---- */

static ml_status add_layer(maker *m, const mli_layer *l, const mli_shape *in, int *x);

static ml_status add_row(maker *m, const mli_layer *layers, int n, const mli_shape *in, int *x)
{
    ml_status s = ML_OK;
    for (int i = 0; i < n && !s; i++) {
        s = add_layer(m, &layers[i], in, x);
        in = &layers[i].out;
    }
    return s;
}

/* The shortcut first, so that the last convolution of main can add it. */
static ml_status add_residual(maker *m, const mli_layer *l, const mli_shape *in, int *x)
{
    int terms[2] = {*x, *x};
    m->open = NONE;
    ml_status bad = add_row(m, l->layers + 1, l->n - 1, in, &terms[1]);
    m->open = NONE;
    if (!bad)
        bad = add_row(m, l->layers, 1, in, &terms[0]);
    if (bad)
        return bad;
    mli_step *s = open_sum(m, terms[0]);
    if (!s) {
        s = add_step(m, MLI_STEP_ADD, l, &l->out, terms, 2);
        *x = m->open;
        return s ? ML_OK : ML_ENOMEM;
    }
    s->in[s->n_in++] = terms[1];
    *x = terms[0];
    return mention(s, l);
}

static ml_status add_branch(maker *m, const mli_layer *l, const mli_shape *in, int *x)
{
    int *ends = mli_calloc((size_t)l->n, sizeof *ends);
    ml_status bad = ends ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < l->n && !bad; i++) {
        ends[i] = *x;
        m->open = NONE;
        bad = add_row(m, l->layers + i, 1, in, &ends[i]);
    }
    if (!bad && !add_step(m, MLI_STEP_JOIN, l, in, ends, l->n))
        bad = ML_ENOMEM;
    *x = m->open;
    mli_free(ends);
    return bad;
}

/* ---- all layers ---- */

/* Images of several channels and pixels are turned to C H W. */
static bool flatten_moves(const mli_shape *in)
{
    return in->rank == 3 && in->extent[2] > 1 && in->extent[0] * in->extent[1] > 1;
}

static bool does_nothing(const mli_layer *l, const mli_shape *in)
{
    const ml_layer_kind *k = l->spec.kind;
    return k == &mli_input || k == &mli_identity || k == &mli_dropout || (k == &mli_flatten && !flatten_moves(in));
}

/* Puts layer l, which sees value *x in the shape `in`, behind the steps; *x becomes its value. */
static ml_status add_layer(maker *m, const mli_layer *l, const mli_shape *in, int *x)
{
    static const struct {
        const ml_layer_kind *kind;
        ml_status (*add)(maker *m, const mli_layer *l, const mli_shape *in, int *x);
    } own[] = {{&mli_conv, add_conv}, {&mli_conv1d, add_conv}, {&mli_dense, add_conv}, {&mli_batch_norm, add_batch_norm},
               {&mli_relu, add_relu}, {&mli_residual, add_residual}, {&mli_branch, add_branch}};
    if (does_nothing(l, in))
        return ML_OK;
    if (l->spec.kind == &mli_seq)
        return add_row(m, l->layers, l->n, in, x);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (l->spec.kind == own[i].kind)
            return own[i].add(m, l, in, x);
    return add_copy(m, l, in, x);
}

/* ---- when all steps are there ---- */

/* A value keeps its buffer until its last reader is done; what a step makes lies apart from what it reads. */
static ml_status assign_buffers(ml_predictor *p)
{
    int *last = mli_calloc((size_t)p->n + 1, sizeof *last), *holds = mli_calloc((size_t)p->n + 1, sizeof *holds);
    ml_status bad = last && holds ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < p->n && !bad; i++)
        for (int k = 0; k < p->steps[i].n_in; k++)
            if (p->steps[i].in[k] >= 0)
                last[p->steps[i].in[k]] = i;
    if (p->result >= 0 && !bad)
        last[p->result] = p->n;
    for (int i = 0; i < p->n && !bad; i++) {
        int b = 0;
        while (b < p->buffers && last[holds[b]] >= i)
            b++;
        p->steps[i].buffer = b;
        holds[b] = i;
        p->buffers += b == p->buffers;
    }
    mli_free(last);
    mli_free(holds);
    return bad;
}

static ml_status pack_weights(const ml_predictor *p, mli_step *s)
{
    mlk_conv2d_args a = {.g = s->g, .kernel = p->kernel, .w = s->w};
    size_t bytes = s->kind == MLI_STEP_CONV ? mlk_conv2d_body_packed_size(s->body, &s->g) : 0;
    if (bytes == 0)
        return ML_OK;
    if (!(s->packed = mli_alloc(bytes)))
        return ML_ENOMEM;
    mlk_conv2d_body_pack(s->body, &a, s->packed);
    mli_free(s->w);
    s->w = NULL;
    return ML_OK;
}

static ml_status check_batch(const ml_predictor *p, const mli_layer *l)
{
    char text[160];
    int64_t size, numbers = mli_shape_numbers(&l->out);
    if (!mli_shape_size(2, (int64_t[]){p->batch, numbers}, &size))
        return mli_fail(ML_EINVAL, "predictor: a batch of %lld is too large where a sample is %s", (long long)p->batch,
                        mli_sample_text(&l->out, text, sizeof text));
    for (int i = 0; i < l->n; i++)
        if (check_batch(p, &l->layers[i]))
            return ml_error_status();
    return ML_OK;
}

ml_status mli_predictor_make(ml_predictor *p, const mli_net *net)
{
    ml_status bad = ML_OK;
    for (int i = 0; i < net->n && !bad; i++)
        bad = check_batch(p, &net->layers[i]);
    maker m = {.p = p, .t = bad ? NULL : ml_tape_new(), .open = NONE};
    p->result = MLI_SAMPLES;
    if (!bad)
        bad = m.t ? add_row(&m, net->layers, net->n, &net->in, &p->result) : ML_ENOMEM;
    ml_tape_free(m.t);
    for (int i = 0; i < p->n && !bad; i++)
        bad = pack_weights(p, &p->steps[i]);
    return bad ? bad : assign_buffers(p);
}
