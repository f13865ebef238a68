/* ops_pad.c -- pad, tile and stack on the tape: tensors that grow. */
#include "autograd/axis.h"
#include "autograd/tape.h"
#include "kernels/pad.h"
#include "kernels/shape.h"
#include "kernels/tile.h"

#include <mlcore/ops.h>

#include <string.h>

static bool check_size(ml_tape *t, const char *op, int rank, const int64_t *shape)
{
    char text[160];
    int64_t size;
    if (mli_shape_size(rank, shape, &size))
        return true;
    return mli_stick(t, ML_EINVAL, "%s: the output, %s, is too large", op, mli_shape_text(rank, shape, text, sizeof text));
}

/* ---- pad ---- */

static void pad_backward(ml_tape *t, const ml_node *n)
{
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_pad_backward(dx.v, dx.add, dy, n->saved);
}

static const ml_op PAD = {"pad", pad_backward};

/* Extents and frame into *p; false (sticking) where they cannot be. */
static bool frame(ml_tape *t, const ml_tensor *x, const int64_t *before, const int64_t *after, mlk_pad *p)
{
    char text[160];
    *p = (mlk_pad){.rank = x->rank};
    for (int d = 0; d < x->rank; d++) {
        int64_t room = INT64_MAX - x->shape[d];
        if (before[d] < 0 || after[d] < 0 || before[d] > room || after[d] > room - before[d])
            return mli_stick(t, ML_EINVAL,
                             "pad: %lld before and %lld after axis %d of %s: neither may be below 0, nor y too large",
                             (long long)before[d], (long long)after[d], d, ml_shape_text(x, text, sizeof text));
        p->x[d] = x->shape[d];
        p->before[d] = before[d];
        p->y[d] = before[d] + x->shape[d] + after[d];
    }
    return check_size(t, "pad", p->rank, p->y);
}

ml_tensor *ml_pad(ml_tape *t, ml_tensor *x, const int64_t *before, const int64_t *after, double value)
{
    if (!mli_ready(t, "pad", 1, x))
        return NULL;
    if (x->rank && (!before || !after))
        return mli_stick(t, ML_EINVAL, "pad: before or after is NULL: each has a number for every axis");
    mlk_pad *p = mli_saved(t, sizeof *p);
    if (!p || !frame(t, x, before, after, p))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, p->y);
    if (!y)
        return NULL;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_pad_ref(y->data, x->data, (ml_real)value, p);
    else
        mlk_pad_forward(y->data, x->data, (ml_real)value, p);
    return mli_record_saved(t, &PAD, y, 1, &x, p) ? y : NULL;
}

/* ---- tile ---- */

static void tile_backward(ml_tape *t, const ml_node *n)
{
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_tile_backward_ref(dx.v, dx.add, dy, n->saved);
    else
        mlk_tile_backward(dx.v, dx.add, dy, n->saved);
}

static const ml_op TILE = {"tile", tile_backward};

/* Fills *p and y's extents; false (sticking) where they cannot be. The copies are counted too: x may be empty. */
static bool repeats(ml_tape *t, const ml_tensor *x, const int64_t *times, mlk_tile *p, int64_t *shape)
{
    char a[160], b[160];
    int64_t copies;
    *p = (mlk_tile){.rank = x->rank};
    if (!mli_shape_size(x->rank, times, &copies))
        return mli_stick(t, ML_EINVAL, "tile: %s times %s: a number of times is negative or too large",
                         ml_shape_text(x, a, sizeof a), mli_shape_text(x->rank, times, b, sizeof b));
    for (int d = 0; d < x->rank; d++) {
        p->x[d] = x->shape[d];
        p->times[d] = times[d];
        if (times[d] && x->shape[d] > INT64_MAX / times[d])
            return mli_stick(t, ML_EINVAL, "tile: axis %d of %s grows too long, %lld times", d,
                             ml_shape_text(x, a, sizeof a), (long long)times[d]);
        shape[d] = x->shape[d] * times[d];
    }
    return check_size(t, "tile", x->rank, shape);
}

ml_tensor *ml_tile(ml_tape *t, ml_tensor *x, const int64_t *times)
{
    int64_t shape[ML_MAX_RANK];
    if (!mli_ready(t, "tile", 1, x))
        return NULL;
    if (x->rank && !times)
        return mli_stick(t, ML_EINVAL, "tile: times is NULL: it has a number for every axis");
    mlk_tile *p = mli_saved(t, sizeof *p);
    if (!p || !repeats(t, x, times, p, shape))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, shape);
    if (!y)
        return NULL;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_tile_ref(y->data, x->data, p);
    else
        mlk_tile_forward(y->data, x->data, p);
    return mli_record_saved(t, &TILE, y, 1, &x, p) ? y : NULL;
}

/* ---- stack: concat along an axis that is new ---- */

static void stack_backward(ml_tape *t, const ml_node *n)
{
    const int *axis = n->saved;
    const ml_real *dy = mli_dout(n);
    mlk_axis s = mli_along(n->out, *axis);
    for (int i = 0; i < n->n_in; i++) {
        mli_dx dx = mli_din(t, n, i);
        if (dx.v)
            mlk_copy_runs(dx.v, dx.add, dy + i * s.inner, (mlk_runs){s.outer, s.inner, s.inner, s.n * s.inner});
    }
}

static const ml_op STACK = {"stack", stack_backward};

/* y's extents; false (sticking) where the parts are not of one shape, or the axis cannot be. axis may count from the end. */
static bool stacked(ml_tape *t, ml_tensor *const *xs, int n, int *axis, int64_t *shape)
{
    char a[160], b[160];
    const ml_tensor *x = xs[0];
    for (int i = 1; i < n; i++)
        if (xs[i]->rank != x->rank || memcmp(xs[i]->shape, x->shape, (size_t)x->rank * sizeof *x->shape) != 0)
            return mli_stick(t, ML_EINVAL, "stack: input %d is %s but input 0 is %s: they must have one shape", i,
                             ml_shape_text(xs[i], a, sizeof a), ml_shape_text(x, b, sizeof b));
    ml_shape_text(x, a, sizeof a);
    if (x->rank == ML_MAX_RANK)
        return mli_stick(t, ML_EINVAL, "stack: the inputs are %s: there is no room for one axis more than %d", a,
                         ML_MAX_RANK);
    if (*axis < -x->rank - 1 || *axis > x->rank)
        return mli_stick(t, ML_EINVAL, "stack: the new axis %d of inputs that are %s is not in %d .. %d", *axis, a,
                         -x->rank - 1, x->rank);
    *axis += *axis < 0 ? x->rank + 1 : 0;
    for (int d = 0; d <= x->rank; d++)
        shape[d] = d == *axis ? n : x->shape[d - (d > *axis)];
    return check_size(t, "stack", x->rank + 1, shape);
}

ml_tensor *ml_stack(ml_tape *t, ml_tensor *const *xs, int n, int axis)
{
    int64_t shape[ML_MAX_RANK];
    if (!mli_ready(t, "stack", 0))
        return NULL;
    if (n < 1 || !xs)
        return mli_stick(t, ML_EINVAL, "stack: %d inputs: there must be one at least", xs ? n : 0);
    for (int i = 0; i < n; i++)
        if (!xs[i])
            return mli_stick(t, ML_EINVAL, "stack: input %d is NULL", i);
    if (!stacked(t, xs, n, &axis, shape))
        return NULL;
    ml_tensor *y = mli_out(t, xs[0]->rank + 1, shape);
    int *saved = y ? mli_saved(t, sizeof *saved) : NULL;
    if (!saved)
        return NULL;
    *saved = axis;
    mlk_axis s = mli_along(y, axis);
    for (int i = 0; i < n; i++)
        mlk_copy_runs(y->data + i * s.inner, false, xs[i]->data, (mlk_runs){s.outer, s.inner, s.n * s.inner, s.inner});
    return mli_record_saved(t, &STACK, y, n, xs, saved) ? y : NULL;
}
