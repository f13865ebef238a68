/* ops_compare.c -- comparing and choosing on the tape: 1 or 0, the larger, within bounds, one or the other. */
#include "autograd/elementwise.h"
#include "kernels/compare.h"

#include <mlcore/ops.h>

#include <string.h>

/* ---- 1 or 0: recorded, so that the tape shows them, but without a gradient ---- */

static ml_tensor *flat_op(ml_tape *t, const mli_binary *kind, ml_tensor *a, ml_tensor *b)
{
    ml_tensor *y = mli_binary_op(t, kind, a, b);
    if (y)
        y->requires_grad = false;
    return y;
}

static const mli_binary GREATER = {{"greater", NULL}, mlk_greater, NULL};
static const mli_binary GREATER_EQUAL = {{"greater_equal", NULL}, mlk_greater_equal, NULL};
static const mli_binary LESS = {{"less", NULL}, mlk_less, NULL};
static const mli_binary LESS_EQUAL = {{"less_equal", NULL}, mlk_less_equal, NULL};
static const mli_binary EQUAL = {{"equal", NULL}, mlk_equal, NULL};
static const mli_binary NOT_EQUAL = {{"not_equal", NULL}, mlk_not_equal, NULL};

ml_tensor *ml_greater(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return flat_op(t, &GREATER, a, b);
}

ml_tensor *ml_greater_equal(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return flat_op(t, &GREATER_EQUAL, a, b);
}

ml_tensor *ml_less(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return flat_op(t, &LESS, a, b);
}

ml_tensor *ml_less_equal(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return flat_op(t, &LESS_EQUAL, a, b);
}

ml_tensor *ml_equal(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return flat_op(t, &EQUAL, a, b);
}

ml_tensor *ml_not_equal(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return flat_op(t, &NOT_EQUAL, a, b);
}

/* ---- the larger, the smaller, within bounds ---- */

static const mli_binary MAXIMUM = {{"maximum", mli_binary_backward}, mlk_maximum_forward, mlk_maximum_backward};
static const mli_binary MINIMUM = {{"minimum", mli_binary_backward}, mlk_minimum_forward, mlk_minimum_backward};
static const mli_unary_with CLAMP = {{"clamp", mli_unary_with_backward}, mlk_clamp_forward, mlk_clamp_backward};

ml_tensor *ml_maximum(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return mli_binary_op(t, &MAXIMUM, a, b);
}

ml_tensor *ml_minimum(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return mli_binary_op(t, &MINIMUM, a, b);
}

ml_tensor *ml_clamp(ml_tape *t, ml_tensor *x, double low, double high)
{
    if (mli_ready(t, "clamp", 1, x) && !(low <= high)) /* so asked, NaN fails too */
        return mli_stick(t, ML_EINVAL, "clamp: low is %g and high %g: low must be a number, and not above high", low, high);
    return mli_unary_with_op(t, &CLAMP, x, low, high);
}

/* ---- where ---- */

/* y's shape and an operand's. */
static int plan_of(mlk_broadcast *p, const ml_tensor *y, const ml_tensor *x)
{
    return mlk_broadcast_plan(p, y->rank, y->shape, x->rank, x->shape);
}

static void where_backward(ml_tape *t, const ml_node *n)
{
    mlk_broadcast p;
    mlk_terms m = {.dy = mli_dout(n), .a = n->saved};
    for (int i = 1; i <= 2; i++) {
        mli_dx dx = mli_din(t, n, i);
        if (!dx.v)
            continue;
        plan_of(&p, n->out, n->in[i]);
        int64_t work = mlk_broadcast_work(&p, 1);
        if (work && !(m.work = mli_workspace(t, (size_t)work * sizeof(ml_real))))
            return;
        mlk_where_backward(dx.v, dx.add, &m, &p, i == 1);
    }
}

static const ml_op WHERE = {"where", where_backward};

/* The shape of all three together, as a tensor without numbers. */
static bool where_shape(ml_tape *t, ml_tensor *shape, const ml_tensor *cond, const ml_tensor *a, const ml_tensor *b)
{
    mlk_broadcast p;
    if (!mli_broadcast_plan(t, "where", &p, a, b))
        return false;
    *shape = (ml_tensor){.rank = p.out_rank};
    memcpy(shape->shape, p.out_shape, sizeof shape->shape);
    if (!mli_broadcast_plan(t, "where", &p, cond, shape))
        return false;
    shape->rank = p.out_rank;
    memcpy(shape->shape, p.out_shape, sizeof shape->shape);
    return true;
}

/* The condition in y's shape: itself, or a copy. */
static const ml_real *mask_of(ml_tape *t, const ml_tensor *y, const ml_tensor *cond)
{
    mlk_broadcast p;
    if (cond->size == y->size)
        return cond->data;
    ml_real *mask = mli_saved(t, (size_t)y->size * sizeof *mask);
    plan_of(&p, y, cond);
    if (mask)
        mlk_stretch(mask, cond->data, &p);
    return mask;
}

ml_tensor *ml_where(ml_tape *t, ml_tensor *cond, ml_tensor *a, ml_tensor *b)
{
    ml_tensor shape;
    mlk_broadcast pa, pb;
    if (!mli_ready(t, "where", 3, cond, a, b) || !where_shape(t, &shape, cond, a, b))
        return NULL;
    ml_tensor *y = mli_out(t, shape.rank, shape.shape);
    const ml_real *mask = y ? mask_of(t, y, cond) : NULL;
    if (!mask)
        return NULL;
    plan_of(&pa, y, a);
    plan_of(&pb, y, b);
    mlk_where_forward(y->data, mask, a->data, &pa, b->data, &pb);
    if (!mli_record_saved(t, &WHERE, y, 3, (ml_tensor *[]){cond, a, b}, (void *)mask))
        return NULL;
    y->requires_grad = mli_wants_grad(t, 2, (ml_tensor *[]){a, b}); /* not for cond's sake */
    return y;
}
