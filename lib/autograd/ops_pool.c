/* ops_pool.c -- pooling and upsampling of images, N H W C, on the tape. */
#include "autograd/pool.h"
#include "autograd/tape.h"
#include "kernels/bilinear.h"
#include "kernels/upsample.h"

/* ---- options: their defaults, their range ---- */

/* All sizes of windows and images stay below 2^31, so that products of two of them fit. */
static ml_status check_size(const char *op, const char *what, char axis, int64_t size)
{
    if (size < 1 || size > INT32_MAX)
        return mli_fail(ML_EINVAL, "%s: %s %c is %lld, not in 1 .. %d", op, what, axis, (long long)size, INT32_MAX);
    return ML_OK;
}

static ml_status check_axis(const char *op, char axis, mlk_pool_axis *a, bool ceil_mode)
{
    ml_status bad = check_size(op, "x along", axis, a->in);
    if (!bad)
        bad = check_size(op, "k along", axis, a->k);
    if (!bad)
        bad = check_size(op, "stride along", axis, a->stride);
    if (bad)
        return bad;
    if (a->pad < 0 || a->pad > a->k / 2)
        return mli_fail(ML_EINVAL, "%s: pad along %c is %lld, not in 0 .. %lld, half of the window's %lld", op, axis,
                        (long long)a->pad, (long long)(a->k / 2), (long long)a->k);
    a->out = mlk_pool_count(a, ceil_mode);
    if (a->out < 1)
        return mli_fail(ML_EINVAL, "%s: along %c the window has %lld pixels, more than x with its padding, %lld + 2 * %lld",
                        op, axis, (long long)a->k, (long long)a->in, (long long)a->pad);
    return ML_OK;
}

ml_status mli_pool2d(mlk_pool2d *s, const char *op, const int64_t x[4], ml_pool2d_opts opts)
{
    int64_t k_w = mli_given(opts.k_w, opts.k), pad_w = mli_given(opts.pad_w, opts.pad);
    *s = (mlk_pool2d){.n = x[0], .c = x[3], .exclude_pad = opts.exclude_pad};
    s->h = (mlk_pool_axis){x[1], 0, opts.k, mli_given(opts.stride, opts.k), opts.pad == ML_NONE ? 0 : opts.pad};
    s->w = (mlk_pool_axis){x[2], 0, k_w, mli_given(opts.stride_w, mli_given(opts.stride, k_w)), pad_w == ML_NONE ? 0 : pad_w};
    ml_status bad = check_axis(op, 'H', &s->h, opts.ceil_mode);
    return bad ? bad : check_axis(op, 'W', &s->w, opts.ceil_mode);
}

/* Of an image, and of what it becomes. */
static ml_status check_sizes(const char *op, const int64_t x[4], int64_t p, int64_t q)
{
    ml_status bad = check_size(op, "x along", 'H', x[1]);
    if (!bad)
        bad = check_size(op, "x along", 'W', x[2]);
    if (!bad)
        bad = check_size(op, "output along", 'P', p);
    return bad ? bad : check_size(op, "output along", 'Q', q);
}

ml_status mli_adaptive_pool2d(mlk_pool2d *s, const char *op, const int64_t x[4], int64_t p, int64_t q)
{
    *s = (mlk_pool2d){.n = x[0], .c = x[3], .h = {.in = x[1], .out = p}, .w = {.in = x[2], .out = q}};
    return check_sizes(op, x, p, q);
}

static bool is_image(ml_tape *t, const char *op, const ml_tensor *x)
{
    char text[160];
    if (x->rank != 4)
        return mli_stick(t, ML_EINVAL, "%s: x is %s: wanted (N,H,W,C)", op, ml_shape_text(x, text, sizeof text));
    return true;
}

/* A tensor for the output, if it is not too large to be had. */
static ml_tensor *image(ml_tape *t, const char *op, int64_t n, int64_t h, int64_t w, int64_t c)
{
    char text[160];
    int64_t shape[4] = {n, h, w, c}, size;
    if (!mli_shape_size(4, shape, &size))
        return mli_stick(t, ML_EINVAL, "%s: the output, %s, is too large", op,
                         mli_shape_text(4, shape, text, sizeof text));
    return mli_out(t, 4, shape);
}

/* ---- max ---- */

typedef struct max_pool {
    mlk_pool2d s;
    bool ref;     /* the plain loops ran, and left nothing in `at` */
    int32_t at[]; /* who won */
} max_pool;

static void max_backward(ml_tape *t, const ml_node *n)
{
    const max_pool *m = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (m->ref)
        mlk_max_pool2d_backward_ref(dx.v, dx.add, dy, n->in[0]->data, &m->s);
    else
        mlk_max_pool2d_backward(dx.v, dx.add, dy, m->at, &m->s);
}

static const ml_op MAX_POOL2D = {"max_pool2d", max_backward};

ml_tensor *ml_max_pool2d(ml_tape *t, ml_tensor *x, ml_pool2d_opts opts)
{
    const char *op = MAX_POOL2D.name;
    mlk_pool2d s;
    if (!mli_ready(t, op, 1, x) || !is_image(t, op, x))
        return NULL;
    if (mli_pool2d(&s, op, x->shape, opts))
        return mli_stick_last(t);
    if (!mlk_max_pool2d_in_bytes(&s) && s.h.in * s.w.in > INT32_MAX)
        return mli_stick(t, ML_EINVAL, "max_pool2d: an image has %lld x %lld pixels, more than %d to choose from",
                         (long long)s.h.in, (long long)s.w.in, INT32_MAX);
    bool ref = mli_kernel(t) == ML_KERNEL_REF, winners = !ref && mli_wants_grad(t, 1, &x);
    ml_tensor *y = image(t, op, s.n, s.h.out, s.w.out, s.c);
    max_pool *m = y ? mli_saved(t, sizeof *m + (winners ? mlk_max_pool2d_saved(&s) : 0)) : NULL;
    if (!m)
        return NULL;
    m->s = s;
    m->ref = ref;
    if (ref)
        mlk_max_pool2d_ref(y->data, x->data, &s);
    else
        mlk_max_pool2d_forward(y->data, winners ? m->at : NULL, x->data, &s);
    return mli_record_saved(t, &MAX_POOL2D, y, 1, &x, m) ? y : NULL;
}

/* ---- average ---- */

static void avg_backward(ml_tape *t, const ml_node *n)
{
    const mlk_pool2d *s = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_avg_pool2d_backward_ref(dx.v, dx.add, dy, s);
    else
        mlk_avg_pool2d_backward(dx.v, dx.add, dy, s);
}

static const ml_op AVG_POOL2D = {"avg_pool2d", avg_backward};
static const ml_op ADAPTIVE_AVG_POOL2D = {"adaptive_avg_pool2d", avg_backward};

static ml_tensor *average(ml_tape *t, const ml_op *op, ml_tensor *x, const mlk_pool2d *windows)
{
    ml_tensor *y = image(t, op->name, windows->n, windows->h.out, windows->w.out, windows->c);
    mlk_pool2d *s = y ? mli_saved(t, sizeof *s) : NULL;
    if (!s)
        return NULL;
    *s = *windows;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_avg_pool2d_ref(y->data, x->data, s);
    else
        mlk_avg_pool2d_forward(y->data, x->data, s);
    return mli_record_saved(t, op, y, 1, &x, s) ? y : NULL;
}

ml_tensor *ml_avg_pool2d(ml_tape *t, ml_tensor *x, ml_pool2d_opts opts)
{
    mlk_pool2d s;
    if (!mli_ready(t, AVG_POOL2D.name, 1, x) || !is_image(t, AVG_POOL2D.name, x))
        return NULL;
    if (mli_pool2d(&s, AVG_POOL2D.name, x->shape, opts))
        return mli_stick_last(t);
    return average(t, &AVG_POOL2D, x, &s);
}

ml_tensor *ml_adaptive_avg_pool2d(ml_tape *t, ml_tensor *x, int64_t p, int64_t q)
{
    const ml_op *op = &ADAPTIVE_AVG_POOL2D;
    mlk_pool2d s;
    if (!mli_ready(t, op->name, 1, x) || !is_image(t, op->name, x))
        return NULL;
    if (mli_adaptive_pool2d(&s, op->name, x->shape, p, q))
        return mli_stick_last(t);
    return average(t, op, x, &s);
}

/* ---- upsampling ---- */

static void upsample_backward(ml_tape *t, const ml_node *n)
{
    const mlk_upsample *s = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_upsample_backward_ref(dx.v, dx.add, dy, s);
    else
        mlk_upsample_backward(dx.v, dx.add, dy, s);
}

static const ml_op UPSAMPLE_NEAREST = {"upsample_nearest", upsample_backward};

ml_tensor *ml_upsample_nearest(ml_tape *t, ml_tensor *x, int64_t factor)
{
    const char *op = UPSAMPLE_NEAREST.name;
    if (!mli_ready(t, op, 1, x) || !is_image(t, op, x))
        return NULL;
    if (factor < 1 || factor > INT32_MAX)
        return mli_stick(t, ML_EINVAL, "%s: factor %lld is not in 1 .. %d", op, (long long)factor, INT32_MAX);
    if (check_size(op, "x along", 'H', x->shape[1]) || check_size(op, "x along", 'W', x->shape[2]))
        return mli_stick_last(t);
    mlk_upsample from = {x->shape[0], x->shape[1], x->shape[2], x->shape[3], factor};
    ml_tensor *y = image(t, op, from.n, factor * from.h, factor * from.w, from.c);
    mlk_upsample *s = y ? mli_saved(t, sizeof *s) : NULL;
    if (!s)
        return NULL;
    *s = from;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_upsample_ref(y->data, x->data, s);
    else
        mlk_upsample_forward(y->data, x->data, s);
    return mli_record_saved(t, &UPSAMPLE_NEAREST, y, 1, &x, s) ? y : NULL;
}

/* ---- bilinear ---- */

static void bilinear_backward(ml_tape *t, const ml_node *n)
{
    const mlk_bilinear *s = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_bilinear_backward_ref(dx.v, dx.add, dy, s);
    else
        mlk_bilinear_backward(dx.v, dx.add, dy, s);
}

static const ml_op UPSAMPLE_BILINEAR = {"upsample_bilinear", bilinear_backward};

ml_tensor *ml_upsample_bilinear(ml_tape *t, ml_tensor *x, int64_t p, int64_t q, bool align_corners)
{
    const char *op = UPSAMPLE_BILINEAR.name;
    if (!mli_ready(t, op, 1, x) || !is_image(t, op, x))
        return NULL;
    if (check_sizes(op, x->shape, p, q))
        return mli_stick_last(t);
    ml_tensor *y = image(t, op, x->shape[0], p, q, x->shape[3]);
    mlk_bilinear *s = y ? mli_saved(t, sizeof *s) : NULL;
    if (!s)
        return NULL;
    *s = (mlk_bilinear){.n = x->shape[0], .c = x->shape[3], .h = mlk_bilinear_axis_of(x->shape[1], p, align_corners),
                        .w = mlk_bilinear_axis_of(x->shape[2], q, align_corners)};
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_bilinear_ref(y->data, x->data, s);
    else
        mlk_bilinear_forward(y->data, x->data, s);
    return mli_record_saved(t, &UPSAMPLE_BILINEAR, y, 1, &x, s) ? y : NULL;
}
