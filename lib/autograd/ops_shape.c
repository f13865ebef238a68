/* ops_shape.c -- reshape, flatten, transpose, slice and concat on the tape.
 *
 * A view has no numbers of its own and no backward: whoever reads it puts its gradient straight into that of the
 * tensor it looks into (place_of in backward.c). It is still an op on the tape, so that it can be seen there.
 */
#include "autograd/axis.h"
#include "autograd/tape.h"
#include "kernels/shape.h"

#include <mlcore/ops.h>

#include <string.h>

/* ---- views ---- */

static const ml_op RESHAPE = {"reshape", NULL};
static const ml_op FLATTEN = {"flatten", NULL};
static const ml_op SLICE_VIEW = {"slice", NULL};

static ml_tensor *view(ml_tape *t, const ml_op *op, ml_tensor *x, int64_t offset, int rank,
                       const int64_t *shape)
{
    ml_tensor *y = mli_view(t, x, offset, rank, shape);
    return y && mli_record(t, op, y, 1, &x) ? y : NULL;
}

/* Fills in the extent that is -1; false (sticking) where the shape does not hold x->size numbers. */
static bool infer(ml_tape *t, const ml_tensor *x, int rank, int64_t *shape)
{
    char from[160], to[160];
    int hole = -1;
    int64_t rest;
    ml_shape_text(x, from, sizeof from);
    mli_shape_text(rank, shape, to, sizeof to);
    for (int d = 0; d < rank; d++) {
        if (shape[d] != -1)
            continue;
        if (hole >= 0)
            return mli_stick(t, ML_EINVAL,
                             "reshape: axes %d and %d of %s are both -1: only one can be inferred",
                             hole, d, to);
        hole = d;
        shape[d] = 1;
    }
    if (!mli_shape_size(rank, shape, &rest))
        return mli_stick(t, ML_EINVAL, "reshape: shape %s is negative or too large", to);
    if (hole >= 0 && (rest == 0 || x->size % rest != 0))
        return mli_stick(t, ML_EINVAL,
                         "reshape: %s has %lld elements: no extent in place of -1 makes that of %s",
                         from, (long long)x->size, to);
    if (hole >= 0)
        shape[hole] = x->size / rest;
    else if (rest != x->size)
        return mli_stick(t, ML_EINVAL, "reshape: %s has %lld elements but %s has %lld", from,
                         (long long)x->size, to, (long long)rest);
    return true;
}

ml_tensor *ml_reshape(ml_tape *t, ml_tensor *x, int rank, const int64_t *shape)
{
    int64_t wanted[ML_MAX_RANK];
    if (!mli_ready(t, "reshape", 1, x))
        return NULL;
    if (rank < 0 || rank > ML_MAX_RANK)
        return mli_stick(t, ML_EINVAL, "reshape: rank %d is not in 0 .. %d", rank, ML_MAX_RANK);
    if (rank && !shape)
        return mli_stick(t, ML_EINVAL, "reshape: shape is NULL");
    if (rank)
        memcpy(wanted, shape, (size_t)rank * sizeof *wanted);
    return infer(t, x, rank, wanted) ? view(t, &RESHAPE, x, 0, rank, wanted) : NULL;
}

ml_tensor *ml_flatten(ml_tape *t, ml_tensor *x)
{
    if (!mli_ready(t, "flatten", 1, x))
        return NULL;
    if (x->rank == 0)
        return mli_stick(t, ML_EINVAL, "flatten: a scalar has no batch axis to keep");
    int64_t shape[2] = {x->shape[0], 1};
    for (int d = 1; d < x->rank; d++)
        shape[1] *= x->shape[d];
    return view(t, &FLATTEN, x, 0, 2, shape);
}

/* ---- transpose ---- */

typedef struct permutation {
    int order[ML_MAX_RANK];
} permutation;

static void transpose_backward(ml_tape *t, const ml_node *n)
{
    const permutation *p = n->saved;
    const ml_tensor *x = n->in[0];
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_transpose_backward(dx.v, dx.add, dy, x->rank, x->shape, p->order);
}

static const ml_op TRANSPOSE = {"transpose", transpose_backward};

static bool check_order(ml_tape *t, const ml_tensor *x, const int *order, permutation *p)
{
    bool seen[ML_MAX_RANK] = {false};
    for (int d = 0; d < x->rank; d++) {
        int from = order ? order[d] : x->rank - 1 - d;
        if (from < 0 || from >= x->rank)
            return mli_stick(t, ML_EINVAL, "transpose: order[%d] is %d, not in 0 .. %d", d, from,
                             x->rank - 1);
        if (seen[from])
            return mli_stick(t, ML_EINVAL, "transpose: axis %d is twice in the order", from);
        seen[from] = true;
        p->order[d] = from;
    }
    return true;
}

ml_tensor *ml_transpose(ml_tape *t, ml_tensor *x, const int *order)
{
    int64_t shape[ML_MAX_RANK];
    if (!mli_ready(t, "transpose", 1, x))
        return NULL;
    permutation *p = mli_saved(t, sizeof *p);
    if (!p || !check_order(t, x, order, p))
        return NULL;
    for (int d = 0; d < x->rank; d++)
        shape[d] = x->shape[p->order[d]];
    ml_tensor *y = mli_out(t, x->rank, shape);
    if (!y)
        return NULL;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_transpose_ref(y->data, x->data, x->rank, x->shape, p->order);
    else
        mlk_transpose_forward(y->data, x->data, x->rank, x->shape, p->order);
    return mli_record_saved(t, &TRANSPOSE, y, 1, &x, p) ? y : NULL;
}

/* ---- slice ---- */

typedef struct cut {
    mlk_runs runs;
    int64_t offset;
} cut;

static void slice_backward(ml_tape *t, const ml_node *n)
{
    const cut *c = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (!dx.add) /* what was not sliced has gradient zero */
        memset(dx.v, 0, (size_t)n->in[0]->size * sizeof *dx.v);
    mlk_copy_runs(dx.v + c->offset, true, dy,
                  (mlk_runs){c->runs.runs, c->runs.length, c->runs.x_step, c->runs.y_step});
}

static const ml_op SLICE = {"slice", slice_backward};

static void copy_runs(const ml_tape *t, ml_real *y, const ml_real *x, mlk_runs s)
{
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_copy_runs_ref(y, false, x, s);
    else
        mlk_copy_runs(y, false, x, s);
}

ml_tensor *ml_slice(ml_tape *t, ml_tensor *x, int axis, int64_t begin, int64_t end)
{
    int64_t shape[ML_MAX_RANK];
    char text[160];
    if (!mli_ready(t, "slice", 1, x) || (axis = mli_axis(t, "slice", x, axis)) < 0)
        return NULL;
    if (begin < 0 || end < begin || end > x->shape[axis])
        return mli_stick(t, ML_EINVAL,
                         "slice: %lld .. %lld does not lie in 0 .. %lld, axis %d of %s",
                         (long long)begin, (long long)end, (long long)x->shape[axis], axis,
                         ml_shape_text(x, text, sizeof text));
    memcpy(shape, x->shape, sizeof shape);
    shape[axis] = end - begin;
    mlk_axis s = mli_along(x, axis);
    if (s.outer == 1) /* what is cut out lies in one piece */
        return view(t, &SLICE_VIEW, x, begin * s.inner, x->rank, shape);
    cut *c = mli_saved(t, sizeof *c);
    ml_tensor *y = c ? mli_out(t, x->rank, shape) : NULL;
    if (!y)
        return NULL;
    int64_t length = shape[axis] * s.inner;
    *c = (cut){{s.outer, length, length, s.n * s.inner}, begin * s.inner};
    copy_runs(t, y->data, x->data + c->offset, c->runs);
    return mli_record_saved(t, &SLICE, y, 1, &x, c) ? y : NULL;
}

/* ---- concat ---- */

static void concat_backward(ml_tape *t, const ml_node *n)
{
    const int *axis = n->saved;
    const ml_real *dy = mli_dout(n);
    int64_t step = mli_along(n->out, *axis).n * mli_along(n->out, *axis).inner;
    for (int i = 0; i < n->n_in; i++) {
        mlk_axis s = mli_along(n->in[i], *axis);
        mli_dx dx = mli_din(t, n, i);
        if (dx.v)
            mlk_copy_runs(dx.v, dx.add, dy,
                          (mlk_runs){s.outer, s.n * s.inner, s.n * s.inner, step});
        dy += s.n * s.inner;
    }
}

static const ml_op CONCAT = {"concat", concat_backward};

/* The extents of the whole; false (sticking) where the parts do not fit. */
static bool joined(ml_tape *t, ml_tensor *const *xs, int n, int axis, int64_t *shape)
{
    char a[160], b[160];
    memcpy(shape, xs[0]->shape, sizeof xs[0]->shape);
    for (int i = 1; i < n; i++) {
        bool fits = xs[i]->rank == xs[0]->rank;
        for (int d = 0; d < xs[0]->rank && fits; d++)
            fits = d == axis || xs[i]->shape[d] == shape[d];
        if (!fits)
            return mli_stick(
                t, ML_EINVAL,
                "concat: input %d is %s but input 0 is %s: they may differ in axis %d only", i,
                ml_shape_text(xs[i], a, sizeof a), ml_shape_text(xs[0], b, sizeof b), axis);
        if (xs[i]->shape[axis] > INT64_MAX - shape[axis])
            return mli_stick(t, ML_EINVAL, "concat: axis %d grows too long", axis);
        shape[axis] += xs[i]->shape[axis];
    }
    return true;
}

ml_tensor *ml_concat(ml_tape *t, ml_tensor *const *xs, int n, int axis)
{
    int64_t shape[ML_MAX_RANK];
    if (!mli_ready(t, "concat", 0))
        return NULL;
    if (n < 1 || !xs)
        return mli_stick(t, ML_EINVAL, "concat: %d inputs: there must be one at least", xs ? n : 0);
    for (int i = 0; i < n; i++)
        if (!xs[i])
            return mli_stick(t, ML_EINVAL, "concat: input %d is NULL", i);
    if ((axis = mli_axis(t, "concat", xs[0], axis)) < 0 || !joined(t, xs, n, axis, shape))
        return NULL;
    ml_tensor *y = mli_out(t, xs[0]->rank, shape);
    int *saved = y ? mli_saved(t, sizeof *saved) : NULL;
    if (!saved)
        return NULL;
    *saved = axis;
    ml_real *to = y->data;
    int64_t step = mli_along(y, axis).n * mli_along(y, axis).inner;
    for (int i = 0; i < n; i++) {
        mlk_axis s = mli_along(xs[i], axis);
        copy_runs(t, to, xs[i]->data, (mlk_runs){s.outer, s.n * s.inner, step, s.n * s.inner});
        to += s.n * s.inner;
    }
    return mli_record_saved(t, &CONCAT, y, n, xs, saved) ? y : NULL;
}
