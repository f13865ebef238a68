/* ops_index.c -- gather, scatter-add, select, embedding and one-hot on the tape.
 *
 * The index stays the caller's: what is saved is where it lies, as softmax_xent does with its labels.
 */
#include "autograd/axis.h"
#include "autograd/tape.h"
#include "kernels/embedding.h"
#include "kernels/shape.h"

#include <mlcore/ops.h>

#include <string.h>

/* ---- checks ---- */

/* Every number of the index must be an entry of the axis; `what` is what the op calls it. */
static bool check_index(ml_tape *t, const char *op, const char *what, const ml_tensor *x, int axis, ml_ints index)
{
    char text[160];
    if (index.n < 0 || (index.n && !index.v))
        return mli_stick(t, ML_EINVAL, "%s: %s has %lld entries, or is NULL", op, what, (long long)index.n);
    for (int64_t i = 0; i < index.n; i++)
        if (index.v[i] < 0 || index.v[i] >= x->shape[axis])
            return mli_stick(t, ML_EINVAL, "%s: entry %lld of %s is %d: axis %d of %s has %lld entries, counted from 0", op,
                             (long long)i, what, (int)index.v[i], axis, ml_shape_text(x, text, sizeof text),
                             (long long)x->shape[axis]);
    return true;
}

/* x's extents with another one along the axis; false (sticking) where that is too large. */
static bool shape_with(ml_tape *t, const char *op, const ml_tensor *x, int axis, int64_t extent, int64_t *shape)
{
    char text[160];
    int64_t size;
    memcpy(shape, x->shape, sizeof x->shape);
    shape[axis] = extent;
    if (mli_shape_size(x->rank, shape, &size))
        return true;
    return mli_stick(t, ML_EINVAL, "%s: the output, %s, is too large", op,
                     mli_shape_text(x->rank, shape, text, sizeof text));
}

static mlk_pick *pick_of(ml_tape *t, const ml_tensor *x, int axis, int64_t m, const int32_t *index)
{
    mlk_pick *p = mli_saved(t, sizeof *p);
    if (p)
        *p = (mlk_pick){mli_along(x, axis), m, index};
    return p;
}

/* ---- gather, scatter-add: each is the other's backward ---- */

static void gather(const ml_tape *t, ml_real *y, bool add, const ml_real *x, const mlk_pick *p)
{
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_gather_ref(y, add, x, p);
    else
        mlk_gather_forward(y, add, x, p);
}

static void scatter_add(const ml_tape *t, ml_real *y, const ml_real *src, const mlk_pick *p)
{
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_scatter_add_ref(y, src, p);
    else
        mlk_scatter_add_forward(y, src, p);
}

static void gather_backward(ml_tape *t, const ml_node *n)
{
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (!dx.add) /* what nobody picked has gradient zero */
        memset(dx.v, 0, (size_t)n->in[0]->size * sizeof *dx.v);
    scatter_add(t, dx.v, dy, n->saved); /* dx[index] += dy */
}

static const ml_op GATHER = {"gather", gather_backward};

ml_tensor *ml_gather(ml_tape *t, ml_tensor *x, int axis, ml_ints index)
{
    char text[160];
    int64_t shape[ML_MAX_RANK];
    if (!mli_ready(t, "gather", 1, x) || (axis = mli_axis(t, "gather", x, axis)) < 0 ||
        !check_index(t, "gather", "the index", x, axis, index))
        return NULL;
    mlk_axis s = mli_along(x, axis);
    int64_t rest = s.outer * s.inner;
    if (rest ? index.n % rest != 0 : index.n != 0)
        return mli_stick(t, ML_EINVAL, "gather: the index has %lld entries: for axis %d of %s it must be a multiple of %lld",
                         (long long)index.n, axis, ml_shape_text(x, text, sizeof text), (long long)rest);
    int64_t m = rest ? index.n / rest : 1; /* of an empty batch nobody can tell: one each, as labels are */
    mlk_pick *p = pick_of(t, x, axis, m, index.v);
    if (!p || !shape_with(t, "gather", x, axis, m, shape))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, shape);
    if (!y)
        return NULL;
    gather(t, y->data, false, x->data, p);
    return mli_record_saved(t, &GATHER, y, 1, &x, p) ? y : NULL;
}

static void scatter_add_backward(ml_tape *t, const ml_node *n)
{
    const ml_real *dy = mli_dout(n);
    int64_t size = n->out->size;
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_copy_runs(dx.v, dx.add, dy, (mlk_runs){1, size, size, size}); /* dx = dy */
    mli_dx dsrc = mli_din(t, n, 1);
    if (dsrc.v)
        gather(t, dsrc.v, dsrc.add, dy, n->saved); /* dsrc = dy[index] */
}

static const ml_op SCATTER_ADD = {"scatter_add", scatter_add_backward};

static bool check_source(ml_tape *t, const ml_tensor *x, int axis, ml_ints index, const ml_tensor *src)
{
    char a[160], b[160];
    bool fits = src->rank == x->rank;
    for (int d = 0; d < x->rank && fits; d++)
        fits = d == axis || src->shape[d] == x->shape[d];
    if (!fits)
        return mli_stick(t, ML_EINVAL, "scatter_add: src is %s but x is %s: they may differ in axis %d only",
                         ml_shape_text(src, a, sizeof a), ml_shape_text(x, b, sizeof b), axis);
    if (index.n != src->size)
        return mli_stick(t, ML_EINVAL, "scatter_add: src is %s but the index has %lld entries: one for each number",
                         ml_shape_text(src, a, sizeof a), (long long)index.n);
    return true;
}

ml_tensor *ml_scatter_add(ml_tape *t, ml_tensor *x, int axis, ml_ints index, ml_tensor *src)
{
    if (!mli_ready(t, "scatter_add", 2, x, src) || (axis = mli_axis(t, "scatter_add", x, axis)) < 0 ||
        !check_source(t, x, axis, index, src) || !check_index(t, "scatter_add", "the index", x, axis, index))
        return NULL;
    mlk_pick *p = pick_of(t, x, axis, src->shape[axis], index.v);
    ml_tensor *y = p ? mli_out(t, x->rank, x->shape) : NULL, *in[] = {x, src};
    if (!y)
        return NULL;
    memcpy(y->data, x->data, (size_t)x->size * sizeof *y->data);
    scatter_add(t, y->data, src->data, p);
    return mli_record_saved(t, &SCATTER_ADD, y, 2, in, p) ? y : NULL;
}

/* ---- select, embedding: whole slices ---- */

static void select_backward(ml_tape *t, const ml_node *n)
{
    const ml_real *dy = mli_dout(n);
    mli_dx dx = mli_din(t, n, 0);
    if (!dx.v)
        return;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_select_backward_ref(dx.v, dx.add, dy, n->saved);
    else
        mlk_select_backward(dx.v, dx.add, dy, n->saved);
}

static const ml_op SELECT = {"select", select_backward};
static const ml_op EMBEDDING = {"embedding", select_backward};

/* All that is left once axis and index are known to be right. */
static ml_tensor *select_slices(ml_tape *t, const ml_op *op, ml_tensor *x, int axis, ml_ints index)
{
    int64_t shape[ML_MAX_RANK];
    mlk_pick *p = pick_of(t, x, axis, index.n, index.v);
    if (!p || !shape_with(t, op->name, x, axis, index.n, shape))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, shape);
    if (!y)
        return NULL;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_select_ref(y->data, x->data, p);
    else
        mlk_select_forward(y->data, x->data, p);
    return mli_record_saved(t, op, y, 1, &x, p) ? y : NULL;
}

ml_tensor *ml_select(ml_tape *t, ml_tensor *x, int axis, ml_ints index)
{
    if (!mli_ready(t, "select", 1, x) || (axis = mli_axis(t, "select", x, axis)) < 0 ||
        !check_index(t, "select", "the index", x, axis, index))
        return NULL;
    return select_slices(t, &SELECT, x, axis, index);
}

ml_tensor *ml_embedding(ml_tape *t, ml_tensor *w, ml_ints ids)
{
    char text[160];
    if (!mli_ready(t, "embedding", 1, w))
        return NULL;
    if (w->rank != 2)
        return mli_stick(t, ML_EINVAL, "embedding: w is %s, not (rows, dims)", ml_shape_text(w, text, sizeof text));
    return check_index(t, "embedding", "ids", w, 0, ids) ? select_slices(t, &EMBEDDING, w, 0, ids) : NULL;
}

/* ---- one-hot: labels are no tensor, so this is a constant and not an op ---- */

ml_tensor *ml_one_hot(ml_tape *t, ml_ints labels, int64_t classes)
{
    int64_t shape[] = {labels.n, classes}, size;
    if (!mli_ready(t, "one_hot", 0))
        return NULL;
    if (labels.n < 0 || (labels.n && !labels.v) || classes < 1 || !mli_shape_size(2, shape, &size))
        return mli_stick(t, ML_EINVAL, "one_hot: %lld labels%s of %lld classes: there must be one class at least, and room",
                         (long long)labels.n, labels.n && !labels.v ? ", which are NULL," : "", (long long)classes);
    for (int64_t i = 0; i < labels.n; i++)
        if (labels.v[i] < 0 || labels.v[i] >= classes)
            return mli_stick(t, ML_EINVAL, "one_hot: label %d of sample %lld is not in 0 .. %lld", (int)labels.v[i],
                             (long long)i, (long long)classes - 1);
    ml_tensor *y = mli_out(t, 2, shape);
    if (y)
        mlk_one_hot(y->data, labels.v, labels.n, classes);
    return y;
}
