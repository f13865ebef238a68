/* ops_conv.c -- convolution on the tape: check, allocate, call the kernel, record. */
#include "autograd/tape.h"
#include "kernels/conv2d.h"

#include <mlcore/ops.h>

static mlk_conv2d_args args_of(ml_tape *t, const mlk_conv2d *g)
{
    mlk_conv2d_args a = {.g = *g, .kernel = mli_kernel(t)};
    size_t bytes = mlk_conv2d_workspace(a.kernel, g);
    a.work = bytes ? mli_workspace(t, bytes) : NULL;
    return a;
}

static void conv2d_backward(ml_tape *t, const ml_node *node)
{
    const mlk_conv2d *g = node->saved;
    mlk_conv2d_args a = args_of(t, g);
    mli_dx dx = mli_din(t, node, 0), dw = mli_din(t, node, 1), db = mli_din(t, node, 2);
    if (ml_tape_error(t))
        return;
    a.x = node->in[0]->data, a.w = node->in[1]->data, a.dy = mli_dout(node);
    if (dx.v) {
        a.out = dx.v, a.add = dx.add;
        mlk_conv2d_dx(&a);
    }
    if (dw.v) {
        a.out = dw.v, a.add = dw.add;
        mlk_conv2d_dw(&a);
    }
    if (db.v) {
        a.out = db.v, a.add = db.add;
        mlk_conv2d_db(&a);
    }
}

static const ml_op CONV2D = {"conv2d", conv2d_backward};

/* The options of one axis with their defaults; false (sticking) where one is out of range, or no output is left. */
static bool axis_size(ml_tape *t, const char *axis, int64_t extent, int64_t window, int64_t stride, int64_t pad, int64_t dil,
                      int64_t *out)
{
    const int64_t most = INT32_MAX; /* so that no sum below can overflow */
    if (stride < 1 || stride > most || pad < 0 || pad > most || dil < 1 || dil > most || window < 1 || window > most)
        return mli_stick(t, ML_EINVAL, "conv2d: along %s the window is %lld, stride %lld, pad %lld, dilation %lld: wanted "
                         "window, stride and dilation >= 1 and pad >= 0", axis, (long long)window, (long long)stride,
                         (long long)pad, (long long)dil);
    if (extent > most || window - 1 > (most - 1) / dil)
        return mli_stick(t, ML_EINVAL, "conv2d: along %s the input is %lld and the dilated window %lld * %lld: too large", axis,
                         (long long)extent, (long long)window, (long long)dil);
    int64_t span = dil * (window - 1) + 1;
    if (extent + 2 * pad < span)
        return mli_stick(t, ML_EINVAL, "conv2d: along %s the input is %lld, %lld with its padding, but the window spans %lld",
                         axis, (long long)extent, (long long)(extent + 2 * pad), (long long)span);
    *out = (extent + 2 * pad - span) / stride + 1;
    return true;
}

static int64_t or_default(int64_t value, int64_t standard)
{
    return value == 0 ? standard : value == ML_NONE ? 0 : value;
}

static bool geometry(ml_tape *t, const ml_tensor *x, const ml_tensor *w, const ml_tensor *b, ml_conv2d_opts o, mlk_conv2d *g)
{
    char sx[160], sw[160], sb[160];
    if (x->rank != 4 || w->rank != 4)
        return mli_stick(t, ML_EINVAL, "conv2d: x is %s and w is %s: wanted (N,H,W,C) and (F,R,S,C/groups)",
                         ml_shape_text(x, sx, sizeof sx), ml_shape_text(w, sw, sizeof sw));
    *g = (mlk_conv2d){.n = x->shape[0], .h = x->shape[1], .w = x->shape[2], .c = x->shape[3], .f = w->shape[0],
                      .r = w->shape[1], .s = w->shape[2], .groups = or_default(o.groups, 1)};
    g->stride[0] = or_default(o.stride, 1), g->stride[1] = or_default(o.stride_w, g->stride[0]);
    g->pad[0] = or_default(o.pad, 0), g->pad[1] = or_default(o.pad_w, g->pad[0]);
    g->dil[0] = or_default(o.dilation, 1), g->dil[1] = or_default(o.dilation_w, g->dil[0]);
    if (g->groups < 1 || g->c < 1 || g->f < 1 || g->c % g->groups || g->f % g->groups)
        return mli_stick(t, ML_EINVAL, "conv2d: %lld groups do not divide %lld channels and %lld filters",
                         (long long)g->groups, (long long)g->c, (long long)g->f);
    if (w->shape[3] != g->c / g->groups)
        return mli_stick(t, ML_EINVAL, "conv2d: x is %s (N,H,W,C) with %lld groups, so a filter sees %lld channels, but w is "
                         "%s (F,R,S,C/groups)", ml_shape_text(x, sx, sizeof sx), (long long)g->groups,
                         (long long)(g->c / g->groups), ml_shape_text(w, sw, sizeof sw));
    if (b && (b->rank != 1 || b->shape[0] != g->f))
        return mli_stick(t, ML_EINVAL, "conv2d: b is %s but w is %s: wanted (%lld)", ml_shape_text(b, sb, sizeof sb),
                         ml_shape_text(w, sw, sizeof sw), (long long)g->f);
    return axis_size(t, "H", g->h, g->r, g->stride[0], g->pad[0], g->dil[0], &g->p) &&
           axis_size(t, "W", g->w, g->s, g->stride[1], g->pad[1], g->dil[1], &g->q);
}

ml_tensor *ml_conv2d(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv2d_opts opts)
{
    if (!mli_ready(t, "conv2d", 2, x, w))
        return NULL;
    mlk_conv2d *g = mli_saved(t, sizeof *g);
    if (!g || !geometry(t, x, w, b, opts, g))
        return NULL;
    int64_t shape[4] = {g->n, g->p, g->q, g->f};
    ml_tensor *y = mli_out(t, 4, shape), *in[] = {x, w, b};
    if (!y)
        return NULL;
    mlk_conv2d_args a = args_of(t, g);
    if (ml_tape_error(t))
        return NULL;
    a.x = x->data, a.w = w->data, a.b = b ? b->data : NULL, a.out = y->data;
    mlk_conv2d_forward(&a);
    return mli_record_saved(t, &CONV2D, y, 3, in, g) ? y : NULL;
}
