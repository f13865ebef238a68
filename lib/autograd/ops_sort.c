/* ops_sort.c -- in order along an axis: cumulative sum, sort and top-k on the tape; argmax. */
#include "autograd/axis.h"
#include "autograd/tape.h"
#include "kernels/cumsum.h"
#include "kernels/gather.h"
#include "kernels/sort.h"

#include <mlcore/ops.h>

#include <string.h>

/* ---- cumulative sum ---- */

static void cumsum_backward(ml_tape *t, const ml_node *n)
{
    const mlk_axis *s = n->saved;
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_cumsum_backward(dx.v, dx.add, dy, *s);
}

static const ml_op CUMSUM = {"cumsum", cumsum_backward};

ml_tensor *ml_cumsum(ml_tape *t, ml_tensor *x, int axis)
{
    if (!mli_ready(t, "cumsum", 1, x) || (axis = mli_axis(t, "cumsum", x, axis)) < 0)
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    mlk_axis *s = y ? mli_saved(t, sizeof *s) : NULL;
    if (!s)
        return NULL;
    *s = mli_along(x, axis);
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_cumsum_ref(y->data, x->data, *s);
    else
        mlk_cumsum_forward(y->data, x->data, *s);
    return mli_record_saved(t, &CUMSUM, y, 1, &x, s) ? y : NULL;
}

/* ---- sort, top-k ---- */

/* What backward must know: which number of x each number of y was. */
typedef struct sorted {
    mlk_order order;
    int32_t at[];
} sorted;

/* y is x gathered by an index, so this is gather's backward. */
static void sort_backward(ml_tape *t, const ml_node *n)
{
    const sorted *saved = n->saved;
    mlk_pick p = {saved->order.s, saved->order.k, saved->at};
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (!dx.add) /* what is not among the first k has gradient zero */
        memset(dx.v, 0, (size_t)n->in[0]->size * sizeof *dx.v);
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_scatter_add_ref(dx.v, dy, &p);
    else
        mlk_scatter_add_forward(dx.v, dy, &p);
}

static const ml_op SORT = {"sort", sort_backward};
static const ml_op TOP_K = {"top_k", sort_backward};

/* Computes y and, where not NULL, at; false (sticking) where memory lacks. */
static bool put_in_order(ml_tape *t, ml_tensor *y, int32_t *at, const ml_tensor *x, const mlk_order *o)
{
    bool all = o->k == o->s.n;
    if (y->size == 0)
        return true;
    if (mli_kernel(t) == ML_KERNEL_REF) {
        mlk_order_ref(y->data, at, x->data, o);
        return true;
    }
    void *work = mli_workspace(t, all ? mlk_sort_work(o) : mlk_top_k_work(o));
    if (work && all)
        mlk_sort_forward(y->data, at, x->data, o, work);
    else if (work)
        mlk_top_k_forward(y->data, at, x->data, o, work);
    return work != NULL;
}

/* The first k along an axis that is known to be right; k is in 0 .. n. */
static ml_tensor *first_in_order(ml_tape *t, const ml_op *op, ml_tensor *x, int axis, mlk_order o, int32_t *order)
{
    char text[160];
    int64_t shape[ML_MAX_RANK];
    if (o.s.n > INT32_MAX)
        return mli_stick(t, ML_EINVAL, "%s: axis %d of %s is longer than %d entries", op->name, axis,
                         ml_shape_text(x, text, sizeof text), INT32_MAX);
    memcpy(shape, x->shape, sizeof shape);
    shape[axis] = o.k;
    ml_tensor *y = mli_out(t, x->rank, shape);
    if (!y)
        return NULL;
    /* Without a backward to come nobody but the caller asks where the numbers were. */
    sorted *s = NULL;
    size_t bytes = (size_t)y->size * sizeof s->at[0];
    if (mli_wants_grad(t, 1, &x) && !(s = mli_saved(t, sizeof *s + bytes)))
        return NULL;
    if (!put_in_order(t, y, s ? s->at : order, x, &o))
        return NULL;
    if (s) {
        s->order = o;
        if (order && bytes)
            memcpy(order, s->at, bytes);
    }
    return mli_record_saved(t, op, y, 1, &x, s) ? y : NULL;
}

ml_tensor *ml_sort(ml_tape *t, ml_tensor *x, int axis, bool descending, int32_t *order)
{
    if (!mli_ready(t, "sort", 1, x) || (axis = mli_axis(t, "sort", x, axis)) < 0)
        return NULL;
    mlk_axis s = mli_along(x, axis);
    return first_in_order(t, &SORT, x, axis, (mlk_order){s, s.n, descending}, order);
}

ml_tensor *ml_top_k(ml_tape *t, ml_tensor *x, int axis, int64_t k, int32_t *index)
{
    char text[160];
    if (!mli_ready(t, "top_k", 1, x) || (axis = mli_axis(t, "top_k", x, axis)) < 0)
        return NULL;
    mlk_axis s = mli_along(x, axis);
    if (k < 0 || k > s.n)
        return mli_stick(t, ML_EINVAL, "top_k: k is %lld, not in 0 .. %lld, axis %d of %s", (long long)k,
                         (long long)s.n, axis, ml_shape_text(x, text, sizeof text));
    return first_in_order(t, &TOP_K, x, axis, (mlk_order){s, k, true}, index);
}

/* ---- argmax: a fact about values, no op ---- */

ml_status ml_argmax(const ml_tensor *x, int axis, int32_t *out)
{
    char text[160];
    if (!x || !out)
        return mli_fail(ML_EINVAL, "argmax: x or out is NULL");
    bool all = axis == ML_ALL;
    if (!all && (axis = mli_axis(NULL, "argmax", x, axis)) < 0) /* no tape: the sentence is the thread's */
        return ml_error_status();
    mlk_axis s = all ? (mlk_axis){1, x->size, 1} : mli_along(x, axis);
    if (s.n == 0 || s.n > INT32_MAX)
        return mli_fail(ML_EINVAL, "argmax: %lld numbers of %s to choose from: there must be 1 to %d", (long long)s.n,
                        ml_shape_text(x, text, sizeof text), INT32_MAX);
    mlk_argmax(out, x->data, s);
    return ML_OK;
}
