/* ops_conv.c -- convolutions on the tape, of images, of sequences, and transposed: check, allocate, call the kernel, record. */
#include "autograd/conv.h"
#include "kernels/conv_transpose2d.h"

#include <mlcore/ops.h>

#include <string.h>

/* ---- shapes ---- */

/* What an op takes, for its sentences. */
typedef struct signature {
    const char *op;
    int rank;
    const char *x, *w;
} signature;

static bool check_ranks(ml_tape *t, const signature *f, const ml_tensor *x, const ml_tensor *w)
{
    char sx[160], sw[160];
    if (x->rank != f->rank || w->rank != f->rank)
        return mli_stick(t, ML_EINVAL, "%s: x is %s and w is %s: wanted %s and %s", f->op, ml_shape_text(x, sx, sizeof sx),
                         ml_shape_text(w, sw, sizeof sw), f->x, f->w);
    return true;
}

static bool check_groups(ml_tape *t, const signature *f, const mlk_conv2d *g)
{
    if (g->groups < 1 || g->c < 1 || g->f < 1 || g->c % g->groups || g->f % g->groups)
        return mli_stick(t, ML_EINVAL, "%s: %lld groups do not divide %lld channels and %lld filters", f->op,
                         (long long)g->groups, (long long)g->c, (long long)g->f);
    return true;
}

/* The last axis of the weight of a convolution: what a filter sees. */
static bool check_seen(ml_tape *t, const signature *f, const mlk_conv2d *g, const ml_tensor *x, const ml_tensor *w)
{
    char sx[160], sw[160];
    if (w->shape[w->rank - 1] != g->c / g->groups)
        return mli_stick(t, ML_EINVAL, "%s: x is %s %s with %lld groups, so a filter sees %lld channels, but w is %s %s", f->op,
                         ml_shape_text(x, sx, sizeof sx), f->x, (long long)g->groups, (long long)(g->c / g->groups),
                         ml_shape_text(w, sw, sizeof sw), f->w);
    return true;
}

static bool check_bias(ml_tape *t, const signature *f, const mlk_conv2d *g, const ml_tensor *w, const ml_tensor *b)
{
    char sw[160], sb[160];
    if (b && (b->rank != 1 || b->shape[0] != g->f))
        return mli_stick(t, ML_EINVAL, "%s: b is %s but w is %s: wanted (%lld)", f->op, ml_shape_text(b, sb, sizeof sb),
                         ml_shape_text(w, sw, sizeof sw), (long long)g->f);
    return true;
}

/* ---- options ---- */

static int64_t or_default(int64_t value, int64_t standard)
{
    return value == ML_NONE ? 0 : mli_given(value, standard);
}

typedef struct axis {
    const char *op, *name; /* for sentences */
    int64_t in, window, stride, pad, dil;
} axis;

static axis axis_h(const signature *f, const mlk_conv2d *g)
{
    return (axis){f->op, "H", g->h, g->r, g->stride[0], g->pad[0], g->dil[0]};
}

static axis axis_w(const signature *f, const char *name, const mlk_conv2d *g)
{
    return (axis){f->op, name, g->w, g->s, g->stride[1], g->pad[1], g->dil[1]};
}

/* What the window spans, taps and gaps. */
static int64_t span_of(const axis *a)
{
    return a->dil * (a->window - 1) + 1;
}

static bool check_range(ml_tape *t, const axis *a)
{
    const int64_t most = INT32_MAX; /* so that no sum of them can overflow */
    if (a->stride < 1 || a->stride > most || a->pad < 0 || a->pad > most || a->dil < 1 || a->dil > most || a->window < 1 ||
        a->window > most)
        return mli_stick(t, ML_EINVAL, "%s: along %s the window is %lld, stride %lld, pad %lld, dilation %lld: wanted "
                         "window, stride and dilation >= 1 and pad >= 0", a->op, a->name, (long long)a->window,
                         (long long)a->stride, (long long)a->pad, (long long)a->dil);
    if (a->in > most || a->window - 1 > (most - 1) / a->dil)
        return mli_stick(t, ML_EINVAL, "%s: along %s the input is %lld and the dilated window %lld * %lld: too large", a->op,
                         a->name, (long long)a->in, (long long)a->window, (long long)a->dil);
    return true;
}

/* How many windows fit. */
static bool windows(ml_tape *t, axis a, int64_t *out)
{
    if (!check_range(t, &a))
        return false;
    int64_t span = span_of(&a);
    if (a.in + 2 * a.pad < span)
        return mli_stick(t, ML_EINVAL, "%s: along %s the input is %lld, %lld with its padding, but the window spans %lld", a.op,
                         a.name, (long long)a.in, (long long)(a.in + 2 * a.pad), (long long)span);
    *out = (a.in + 2 * a.pad - span) / a.stride + 1;
    return true;
}

/* How far the stamps of a transposed convolution reach. */
static bool stamps(ml_tape *t, axis a, int64_t output_pad, int64_t *out)
{
    if (!check_range(t, &a))
        return false;
    int64_t span = span_of(&a), most = (a.stride > a.dil ? a.stride : a.dil) - 1;
    if (output_pad < 0 || output_pad > most)
        return mli_stick(t, ML_EINVAL, "%s: output_pad along %s is %lld, not in 0 .. %lld: stride is %lld and dilation %lld", a.op,
                         a.name, (long long)output_pad, (long long)most, (long long)a.stride, (long long)a.dil);
    *out = (a.in - 1) * a.stride - 2 * a.pad + span + output_pad;
    if (a.in < 1 || *out < 1)
        return mli_stick(t, ML_EINVAL, "%s: along %s nothing is left: the input is %lld, stride %lld, the window spans %lld, pad "
                         "%lld", a.op, a.name, (long long)a.in, (long long)a.stride, (long long)span, (long long)a.pad);
    return true;
}

/* ---- on the tape ---- */

/* The passes of a convolution, or of a transposed one. */
typedef struct passes {
    size_t (*workspace)(ml_kernel kernel, const mlk_conv2d *g);
    void (*forward)(const mlk_conv2d_args *a);
    void (*dx)(const mlk_conv2d_args *a);
    void (*dw)(const mlk_conv2d_args *a);
} passes;
static const passes PLAIN = {mlk_conv2d_workspace, mlk_conv2d_forward, mlk_conv2d_dx, mlk_conv2d_dw};
static const passes TRANSPOSED = {mlk_conv_transpose2d_workspace, mlk_conv_transpose2d_forward, mlk_conv_transpose2d_dx,
                                  mlk_conv_transpose2d_dw};

typedef struct convolution {
    const passes *passes;
    mlk_conv2d g;
} convolution;

static mlk_conv2d_args args_of(ml_tape *t, const convolution *c)
{
    mlk_conv2d_args a = {.g = c->g, .kernel = mli_kernel(t)};
    a.work = mli_workspace(t, c->passes->workspace(a.kernel, &c->g)); /* never of 0 bytes: db wants some */
    return a;
}

static void backward(ml_tape *t, const ml_node *node)
{
    const convolution *c = node->saved;
    mlk_conv2d_args a = args_of(t, c);
    mli_dx dx = mli_din(t, node, 0), dw = mli_din(t, node, 1), db = mli_din(t, node, 2);
    if (ml_tape_error(t))
        return;
    a.x = node->in[0]->data, a.w = node->in[1]->data, a.dy = mli_dout(node);
    if (dx.v) {
        a.out = dx.v, a.add = dx.add;
        c->passes->dx(&a);
    }
    if (dw.v) {
        a.out = dw.v, a.add = dw.add;
        c->passes->dw(&a);
    }
    if (db.v) {
        a.out = db.v, a.add = db.add;
        mlk_conv2d_db(&a); /* a sum over the pixels of y, whichever it is */
    }
}

/* A mistyped name that were ignored would look like a body that makes no difference. */
bool mli_conv_check_asked(ml_tape *t, const char *op)
{
    char names[400] = "auto";
    if (mlk_conv2d_asked() != MLK_ASKED_UNKNOWN)
        return true;
    for (int i = 0; i < MLK_CONV2D_BODIES; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), ", %s", mlk_conv2d_body_name((mlk_conv2d_body)i));
    return mli_stick(t, ML_EINVAL, "%s: MLCORE_CONV_ALGO names no body of the convolution: it may be one of %s", op, names);
}

static ml_tensor *convolve(ml_tape *t, const ml_op *op, const passes *run, const mlk_conv2d *g, ml_tensor *const in[3])
{
    const ml_tensor *x = in[0], *w = in[1], *b = in[2];
    const int64_t image[4] = {g->n, g->p, g->q, g->f}, sequence[3] = {g->n, g->q, g->f};
    if (!mli_conv_check_asked(t, op->name))
        return NULL;
    convolution *c = mli_saved(t, sizeof *c);
    ml_tensor *y = c ? mli_out(t, x->rank, x->rank == 4 ? image : sequence) : NULL;
    if (!y)
        return NULL;
    *c = (convolution){run, *g};
    mlk_conv2d_args a = args_of(t, c);
    if (!a.work)
        return NULL;
    a.x = x->data, a.w = w->data, a.b = b ? b->data : NULL, a.out = y->data;
    run->forward(&a);
    return mli_record_saved(t, op, y, 3, in, c) ? y : NULL;
}

/* ---- images ---- */

static const ml_op CONV2D = {"conv2d", backward};

bool mli_conv2d_geometry(ml_tape *t, mlk_conv2d *g, const ml_tensor *x, const ml_tensor *w, const ml_tensor *b, ml_conv2d_opts o)
{
    static const signature f = {"conv2d", 4, "(N,H,W,C)", "(F,R,S,C/groups)"};
    if (!check_ranks(t, &f, x, w))
        return false;
    *g = (mlk_conv2d){.n = x->shape[0], .h = x->shape[1], .w = x->shape[2], .c = x->shape[3], .f = w->shape[0],
                      .r = w->shape[1], .s = w->shape[2], .groups = or_default(o.groups, 1)};
    g->stride[0] = or_default(o.stride, 1), g->stride[1] = or_default(o.stride_w, g->stride[0]);
    g->pad[0] = or_default(o.pad, 0), g->pad[1] = or_default(o.pad_w, g->pad[0]);
    g->dil[0] = or_default(o.dilation, 1), g->dil[1] = or_default(o.dilation_w, g->dil[0]);
    return check_groups(t, &f, g) && check_seen(t, &f, g, x, w) && check_bias(t, &f, g, w, b) &&
           windows(t, axis_h(&f, g), &g->p) && windows(t, axis_w(&f, "W", g), &g->q);
}

ml_tensor *ml_conv2d(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv2d_opts opts)
{
    mlk_conv2d g;
    if (!mli_ready(t, CONV2D.name, 2, x, w) || !mli_conv2d_geometry(t, &g, x, w, b, opts))
        return NULL;
    return convolve(t, &CONV2D, &PLAIN, &g, (ml_tensor *[]){x, w, b});
}

/* ---- sequences: images one pixel high. x (N,T,C) is (N,1,T,C) as it lies, and w (F,R,C) is (F,1,R,C) ---- */

static const ml_op CONV1D = {"conv1d", backward};

bool mli_conv1d_geometry(ml_tape *t, mlk_conv2d *g, const ml_tensor *x, const ml_tensor *w, const ml_tensor *b, ml_conv1d_opts o)
{
    static const signature f = {"conv1d", 3, "(N,T,C)", "(F,R,C/groups)"};
    if (!check_ranks(t, &f, x, w))
        return false;
    *g = (mlk_conv2d){.n = x->shape[0], .h = 1, .w = x->shape[1], .c = x->shape[2], .f = w->shape[0], .r = 1, .s = w->shape[1],
                      .p = 1, .stride = {1, or_default(o.stride, 1)}, .pad = {0, or_default(o.pad, 0)},
                      .dil = {1, or_default(o.dilation, 1)}, .groups = or_default(o.groups, 1)};
    return check_groups(t, &f, g) && check_seen(t, &f, g, x, w) && check_bias(t, &f, g, w, b) &&
           windows(t, axis_w(&f, "T", g), &g->q);
}

ml_tensor *ml_conv1d(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv1d_opts opts)
{
    mlk_conv2d g;
    if (!mli_ready(t, CONV1D.name, 2, x, w) || !mli_conv1d_geometry(t, &g, x, w, b, opts))
        return NULL;
    return convolve(t, &CONV1D, &PLAIN, &g, (ml_tensor *[]){x, w, b});
}

/* ---- transposed ---- */

static const ml_op CONV_TRANSPOSE2D = {"conv_transpose2d", backward};

static bool transposed_geometry(ml_tape *t, const ml_tensor *x, const ml_tensor *w, const ml_tensor *b,
                                ml_conv_transpose2d_opts o, mlk_conv2d *g)
{
    static const signature f = {"conv_transpose2d", 4, "(N,H,W,C)", "(C,R,S,F/groups)"};
    char sx[160], sw[160];
    if (!check_ranks(t, &f, x, w))
        return false;
    *g = (mlk_conv2d){.n = x->shape[0], .h = x->shape[1], .w = x->shape[2], .c = x->shape[3], .f = w->shape[3],
                      .r = w->shape[1], .s = w->shape[2], .groups = or_default(o.groups, 1)};
    if (w->shape[0] != g->c)
        return mli_stick(t, ML_EINVAL, "%s: x is %s %s but w is %s %s: its channels differ", f.op,
                         ml_shape_text(x, sx, sizeof sx), f.x, ml_shape_text(w, sw, sizeof sw), f.w);
    if (g->groups >= 1 && g->groups <= g->c) /* others are refused below, and could overflow here */
        g->f *= g->groups;
    g->stride[0] = or_default(o.stride, 1), g->stride[1] = or_default(o.stride_w, g->stride[0]);
    g->pad[0] = or_default(o.pad, 0), g->pad[1] = or_default(o.pad_w, g->pad[0]);
    g->dil[0] = or_default(o.dilation, 1), g->dil[1] = or_default(o.dilation_w, g->dil[0]);
    int64_t more = or_default(o.output_pad, 0), more_w = or_default(o.output_pad_w, more);
    return check_groups(t, &f, g) && check_bias(t, &f, g, w, b) && stamps(t, axis_h(&f, g), more, &g->p) &&
           stamps(t, axis_w(&f, "W", g), more_w, &g->q);
}

ml_tensor *ml_conv_transpose2d(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv_transpose2d_opts opts)
{
    mlk_conv2d g;
    if (!mli_ready(t, CONV_TRANSPOSE2D.name, 2, x, w) || !transposed_geometry(t, x, w, b, opts, &g))
        return NULL;
    return convolve(t, &CONV_TRANSPOSE2D, &TRANSPOSED, &g, (ml_tensor *[]){x, w, b});
}
