/* ops_reduce.c -- sum, mean, max, min, softmax and log-softmax on the tape. */
#include "autograd/axis.h"
#include "autograd/tape.h"
#include "kernels/softmax.h"

#include <mlcore/ops.h>

int mli_axis(ml_tape *t, const char *op, const ml_tensor *x, int axis)
{
    char text[160];
    if (axis >= -x->rank && axis < x->rank)
        return axis < 0 ? axis + x->rank : axis;
    if (x->rank == 0)
        mli_stick(t, ML_EINVAL, "%s: a scalar has no axis %d", op, axis);
    else
        mli_stick(t, ML_EINVAL, "%s: axis %d is not in %d .. %d of %s", op, axis, -x->rank,
                  x->rank - 1, ml_shape_text(x, text, sizeof text));
    return -1;
}

mlk_axis mli_along(const ml_tensor *x, int axis)
{
    mlk_axis s = {1, x->shape[axis], 1};
    for (int d = 0; d < axis; d++)
        s.outer *= x->shape[d];
    for (int d = axis + 1; d < x->rank; d++)
        s.inner *= x->shape[d];
    return s;
}

ml_tensor *mli_reduced(ml_tape *t, const char *op, const ml_tensor *x, int axis, bool keep_dim,
                       mlk_axis *s)
{
    int64_t shape[ML_MAX_RANK];
    int rank = 0;
    bool all = axis == ML_ALL;
    if (!all && (axis = mli_axis(t, op, x, axis)) < 0)
        return NULL;
    *s = all ? (mlk_axis){1, x->size, 1} : mli_along(x, axis);
    for (int d = 0; d < x->rank; d++)
        if (!all && d != axis)
            shape[rank++] = x->shape[d];
        else if (keep_dim)
            shape[rank++] = 1;
    ml_tensor *y = mli_out(t, rank, shape);
    if (y && y->size == 0)
        s->outer = 0; /* lines that hold nothing, be they ever so many, need not be walked */
    return y;
}

ml_tensor *mli_nothing_to(ml_tape *t, const char *op, const ml_tensor *x, int axis)
{
    char text[160];
    ml_shape_text(x, text, sizeof text);
    if (axis == ML_ALL)
        return mli_stick(t, ML_EINVAL, "%s: %s has no elements, so it has no %s", op, text, op);
    return mli_stick(t, ML_EINVAL, "%s: axis %d of %s is empty, so it has no %s", op, axis, text,
                     op);
}

/* ---- sum, mean, max, min ---- */

/* What backward must know of a reduction. */
typedef struct reduction {
    mlk_axis s;
    bool all;
    int64_t at[]; /* max and min along an axis: where each was */
} reduction;

static void sum_backward(ml_tape *t, const ml_node *n)
{
    const reduction *r = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_sum_backward(dx.v, dx.add, dy, r->s, 1);
}

static void mean_backward(ml_tape *t, const ml_node *n)
{
    const reduction *r = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_sum_backward(dx.v, dx.add, dy, r->s, (double)r->s.n);
}

static void extreme_backward(ml_tape *t, const ml_node *n)
{
    const reduction *r = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (r->all)
        mlk_extreme_all_backward(dx.v, dx.add, *dy, n->in[0]->data, *n->out->data, r->s.n);
    else
        mlk_extreme_backward(dx.v, dx.add, dy, r->at, r->s);
}

static const ml_op SUM = {"sum", sum_backward};
static const ml_op MEAN = {"mean", mean_backward};
static const ml_op MAX = {"max", extreme_backward};
static const ml_op MIN = {"min", extreme_backward};

static ml_tensor *sum_or_mean(ml_tape *t, const ml_op *op, ml_tensor *x, int axis, bool keep_dim)
{
    if (!mli_ready(t, op->name, 1, x))
        return NULL;
    reduction *r = mli_saved(t, sizeof *r);
    ml_tensor *y = r ? mli_reduced(t, op->name, x, axis, keep_dim, &r->s) : NULL;
    if (!y)
        return NULL;
    if (op == &MEAN && r->s.n == 0)
        return mli_nothing_to(t, op->name, x, axis);
    double divisor = op == &MEAN ? (double)r->s.n : 1;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_sum_ref(y->data, x->data, r->s, divisor);
    else
        mlk_sum_forward(y->data, x->data, r->s, divisor);
    return mli_record_saved(t, op, y, 1, &x, r) ? y : NULL;
}

ml_tensor *ml_sum(ml_tape *t, ml_tensor *x, int axis, bool keep_dim)
{
    return sum_or_mean(t, &SUM, x, axis, keep_dim);
}

ml_tensor *ml_mean(ml_tape *t, ml_tensor *x, int axis, bool keep_dim)
{
    return sum_or_mean(t, &MEAN, x, axis, keep_dim);
}

typedef void extreme_fn(ml_real *, int64_t *, const ml_real *, mlk_axis);

static ml_tensor *extreme(ml_tape *t, const ml_op *op, extreme_fn *kernel, ml_tensor *x, int axis,
                          bool keep_dim)
{
    mlk_axis s;
    if (!mli_ready(t, op->name, 1, x))
        return NULL;
    ml_tensor *y = mli_reduced(t, op->name, x, axis, keep_dim, &s);
    if (!y)
        return NULL;
    if (s.n == 0)
        return mli_nothing_to(t, op->name, x, axis);
    reduction *r = mli_saved(t, sizeof *r + (size_t)y->size * sizeof r->at[0]);
    if (!r)
        return NULL;
    r->s = s;
    r->all = axis == ML_ALL;
    kernel(y->data, r->at, x->data, s);
    return mli_record_saved(t, op, y, 1, &x, r) ? y : NULL;
}

ml_tensor *ml_max(ml_tape *t, ml_tensor *x, int axis, bool keep_dim)
{
    bool ref = t && mli_kernel(t) == ML_KERNEL_REF;
    return extreme(t, &MAX, ref ? mlk_max_ref : mlk_max_forward, x, axis, keep_dim);
}

ml_tensor *ml_min(ml_tape *t, ml_tensor *x, int axis, bool keep_dim)
{
    bool ref = t && mli_kernel(t) == ML_KERNEL_REF;
    return extreme(t, &MIN, ref ? mlk_min_ref : mlk_min_forward, x, axis, keep_dim);
}

/* ---- softmax, log-softmax ---- */

static void softmax_backward(ml_tape *t, const ml_node *n)
{
    const mlk_axis *s = n->saved;
    const ml_real *dp = mli_dout(n);
    mli_dx dz = mli_din(t, n, 0);
    if (dz.v)
        mlk_softmax_backward(dz.v, dz.add, dp, n->out->data, *s);
}

static void log_softmax_backward(ml_tape *t, const ml_node *n)
{
    const mlk_axis *s = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dz = mli_din(t, n, 0);
    if (dz.v)
        mlk_log_softmax_backward(dz.v, dz.add, dy, n->out->data, *s);
}

static const ml_op SOFTMAX = {"softmax", softmax_backward};
static const ml_op LOG_SOFTMAX = {"log_softmax", log_softmax_backward};

typedef void softmax_fn(ml_real *, const ml_real *, mlk_axis);

static ml_tensor *softmax_like(ml_tape *t, const ml_op *op, softmax_fn *kernel, ml_tensor *x,
                               int axis)
{
    if (!mli_ready(t, op->name, 1, x) || (axis = mli_axis(t, op->name, x, axis)) < 0)
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    mlk_axis *s = y ? mli_saved(t, sizeof *s) : NULL;
    if (!s)
        return NULL;
    *s = mli_along(x, axis);
    kernel(y->data, x->data, *s);
    return mli_record_saved(t, op, y, 1, &x, s) ? y : NULL;
}

ml_tensor *ml_softmax(ml_tape *t, ml_tensor *x, int axis)
{
    bool ref = t && mli_kernel(t) == ML_KERNEL_REF;
    return softmax_like(t, &SOFTMAX, ref ? mlk_softmax_ref : mlk_softmax_forward, x, axis);
}

ml_tensor *ml_log_softmax(ml_tape *t, ml_tensor *x, int axis)
{
    bool ref = t && mli_kernel(t) == ML_KERNEL_REF;
    return softmax_like(t, &LOG_SOFTMAX, ref ? mlk_log_softmax_ref : mlk_log_softmax_forward, x,
                        axis);
}
