/* ops_elementwise.c -- arithmetic and functions on the tape: check, allocate, call the kernel, record.
 *
 * Here is also what all elementwise ops share (elementwise.h). See ops_activations.c and ops_compare.c for the others.
 */
#include "autograd/elementwise.h"
#include "kernels/elementwise.h"
#include "kernels/power.h"
#include "kernels/sin_cos.h"

#include <mlcore/ops.h>

#include <math.h>

/* ---- two operands ---- */

static int plan_of(mlk_broadcast *p, const ml_tensor *a, const ml_tensor *b)
{
    return mlk_broadcast_plan(p, a->rank, a->shape, b->rank, b->shape);
}

void mli_binary_backward(ml_tape *t, const ml_node *n)
{
    const mli_binary *kind = (const mli_binary *)n->op;
    const ml_tensor *a = n->in[0], *b = n->in[1];
    mlk_broadcast p;
    mlk_terms m = {mli_dout(n), a->data, b->data, n->out->data, NULL};
    plan_of(&p, a, b); /* fitted in forward */
    /* One operand after the other: in mul(x, x) the second adds to what the first has written. */
    for (int i = 0; i < 2; i++) {
        mli_dx dx = mli_din(t, n, i);
        int64_t work = mlk_broadcast_work(&p, i);
        if (!dx.v)
            continue;
        if (work && !(m.work = mli_workspace(t, (size_t)work * sizeof(ml_real))))
            return;
        kind->backward(dx.v, dx.add, &m, &p, i);
    }
}

static void do_not_fit(ml_tape *t, const char *op, const ml_tensor *a, const ml_tensor *b, int axis)
{
    char text_a[160], text_b[160];
    ml_shape_text(a, text_a, sizeof text_a);
    ml_shape_text(b, text_b, sizeof text_b);
    int rank = a->rank > b->rank ? a->rank : b->rank;
    if (axis == MLK_TOO_LARGE)
        mli_stick(t, ML_EINVAL, "%s: shapes %s and %s broadcast to more numbers than fit in memory", op, text_a, text_b);
    else
        mli_stick(t, ML_EINVAL, "%s: shapes %s and %s do not broadcast: axis %d has %lld and %lld", op, text_a, text_b, axis,
                  (long long)a->shape[axis - (rank - a->rank)], (long long)b->shape[axis - (rank - b->rank)]);
}

bool mli_broadcast_plan(ml_tape *t, const char *op, mlk_broadcast *p, const ml_tensor *a, const ml_tensor *b)
{
    int fit = plan_of(p, a, b);
    if (fit != MLK_FITS)
        do_not_fit(t, op, a, b, fit);
    return fit == MLK_FITS;
}

ml_tensor *mli_binary_op(ml_tape *t, const mli_binary *kind, ml_tensor *a, ml_tensor *b)
{
    mlk_broadcast p;
    if (!mli_ready(t, kind->op.name, 2, a, b) || !mli_broadcast_plan(t, kind->op.name, &p, a, b))
        return NULL;
    ml_tensor *y = mli_out(t, p.out_rank, p.out_shape);
    if (!y)
        return NULL;
    kind->forward(y->data, a->data, b->data, &p);
    return mli_record(t, &kind->op, y, 2, (ml_tensor *[]){a, b}) ? y : NULL;
}

static const mli_binary ADD = {{"add", mli_binary_backward}, mlk_add_forward, mlk_add_backward};
static const mli_binary SUB = {{"sub", mli_binary_backward}, mlk_sub_forward, mlk_sub_backward};
static const mli_binary MUL = {{"mul", mli_binary_backward}, mlk_mul_forward, mlk_mul_backward};
static const mli_binary DIV = {{"div", mli_binary_backward}, mlk_div_forward, mlk_div_backward};
static const mli_binary POW_TENSORS = {{"pow_tensors", mli_binary_backward}, mlk_pow_tensors_forward, mlk_pow_tensors_backward};

ml_tensor *ml_add(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return mli_binary_op(t, &ADD, a, b);
}

ml_tensor *ml_sub(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return mli_binary_op(t, &SUB, a, b);
}

ml_tensor *ml_mul(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return mli_binary_op(t, &MUL, a, b);
}

ml_tensor *ml_div(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return mli_binary_op(t, &DIV, a, b);
}

ml_tensor *ml_pow_tensors(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return mli_binary_op(t, &POW_TENSORS, a, b);
}

/* ---- one operand ---- */

void mli_unary_backward(ml_tape *t, const ml_node *n)
{
    const mli_unary *kind = (const mli_unary *)n->op;
    const ml_tensor *y = n->out, *v = kind->from_input ? n->in[0] : y;
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        kind->backward(dx.v, dx.add, mli_dout(n), v->data, y->size);
}

ml_tensor *mli_unary_op(ml_tape *t, const mli_unary *kind, ml_tensor *x)
{
    if (!mli_ready(t, kind->op.name, 1, x))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    if (!y)
        return NULL;
    kind->forward(y->data, x->data, x->size);
    return mli_record(t, &kind->op, y, 1, &x) ? y : NULL;
}

static const mli_unary EXP = {{"exp", mli_unary_backward}, mlk_exp_forward, mlk_exp_backward, false};
static const mli_unary LOG = {{"log", mli_unary_backward}, mlk_log_forward, mlk_log_backward, true};
static const mli_unary SQRT = {{"sqrt", mli_unary_backward}, mlk_sqrt_forward, mlk_sqrt_backward, false};
static const mli_unary ABS = {{"abs", mli_unary_backward}, mlk_abs_forward, mlk_abs_backward, true};
static const mli_unary SIN = {{"sin", mli_unary_backward}, mlk_sin_forward, mlk_sin_backward, true};
static const mli_unary COS = {{"cos", mli_unary_backward}, mlk_cos_forward, mlk_cos_backward, true};

ml_tensor *ml_exp(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &EXP, x);
}

ml_tensor *ml_log(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &LOG, x);
}

ml_tensor *ml_sqrt(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &SQRT, x);
}

ml_tensor *ml_abs(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &ABS, x);
}

ml_tensor *ml_sin(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &SIN, x);
}

ml_tensor *ml_cos(ml_tape *t, ml_tensor *x)
{
    return mli_unary_op(t, &COS, x);
}

/* ---- one operand and a number ---- */

void mli_unary_with_backward(ml_tape *t, const ml_node *n)
{
    const mli_unary_with *kind = (const mli_unary_with *)n->op;
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        kind->backward(dx.v, dx.add, mli_dout(n), n->in[0]->data, n->out->size, n->saved);
}

ml_tensor *mli_unary_with_op(ml_tape *t, const mli_unary_with *kind, ml_tensor *x, double own0, double own1)
{
    if (!mli_ready(t, kind->op.name, 1, x))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    double *own = mli_saved(t, 2 * sizeof *own);
    if (!y || !own)
        return NULL;
    own[0] = own0;
    own[1] = own1;
    kind->forward(y->data, x->data, x->size, own);
    return mli_record_saved(t, &kind->op, y, 1, &x, own) ? y : NULL;
}

static const mli_unary_with POW = {{"pow", mli_unary_with_backward}, mlk_pow_forward, mlk_pow_backward};

ml_tensor *ml_pow(ml_tape *t, ml_tensor *x, double p)
{
    if (mli_ready(t, "pow", 1, x) && !isfinite(p))
        return mli_stick(t, ML_EINVAL, "pow: p is %g, not a finite number", p);
    return mli_unary_with_op(t, &POW, x, p, 0);
}

/* ---- scale ---- */

static void scale_backward(ml_tape *t, const ml_node *n)
{
    const ml_real *factor = n->saved;
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_scale(dx.v, dx.add, mli_dout(n), *factor, n->out->size);
}

static const ml_op SCALE = {"scale", scale_backward}, NEG = {"neg", scale_backward};

static ml_tensor *scaled(ml_tape *t, const ml_op *op, ml_tensor *x, double factor)
{
    if (!mli_ready(t, op->name, 1, x))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    ml_real *saved = mli_saved(t, sizeof *saved);
    if (!y || !saved)
        return NULL;
    *saved = (ml_real)factor;
    mlk_scale(y->data, false, x->data, *saved, x->size);
    return mli_record_saved(t, op, y, 1, &x, saved) ? y : NULL;
}

ml_tensor *ml_scale(ml_tape *t, ml_tensor *x, double factor)
{
    return scaled(t, &SCALE, x, factor);
}

ml_tensor *ml_neg(ml_tape *t, ml_tensor *x)
{
    return scaled(t, &NEG, x, -1);
}
