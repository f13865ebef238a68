/* ops_elementwise.c -- the elementwise ops on the tape: check, allocate, call the kernel, record.
 *
 * The formulas are in the kernels. An op here is a line of a table, which begins with its ml_op, so that the backward
 * function finds the rest of the line through the node.
 */
#include "autograd/tape.h"
#include "kernels/activations.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"

#include <mlcore/ops.h>

/* ---- two operands ---- */

typedef struct binary {
    ml_op op;
    void (*forward)(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
    void (*backward)(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand);
} binary;

static int plan_of(mlk_broadcast *p, const ml_tensor *a, const ml_tensor *b)
{
    return mlk_broadcast_plan(p, a->rank, a->shape, b->rank, b->shape);
}

static void binary_backward(ml_tape *t, const ml_node *n)
{
    const binary *kind = (const binary *)n->op;
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

static ml_tensor *do_not_fit(ml_tape *t, const char *op, const ml_tensor *a, const ml_tensor *b, int axis)
{
    char text_a[160], text_b[160];
    ml_shape_text(a, text_a, sizeof text_a);
    ml_shape_text(b, text_b, sizeof text_b);
    if (axis == MLK_TOO_LARGE)
        return mli_stick(t, ML_EINVAL, "%s: shapes %s and %s broadcast to more numbers than fit in memory", op, text_a,
                         text_b);
    int rank = a->rank > b->rank ? a->rank : b->rank;
    return mli_stick(t, ML_EINVAL, "%s: shapes %s and %s do not broadcast: axis %d has %lld and %lld", op, text_a, text_b,
                     axis, (long long)a->shape[axis - (rank - a->rank)], (long long)b->shape[axis - (rank - b->rank)]);
}

static ml_tensor *binary_op(ml_tape *t, const binary *kind, ml_tensor *a, ml_tensor *b)
{
    mlk_broadcast p;
    if (!mli_ready(t, kind->op.name, 2, a, b))
        return NULL;
    int fit = plan_of(&p, a, b);
    if (fit != MLK_FITS)
        return do_not_fit(t, kind->op.name, a, b, fit);
    ml_tensor *y = mli_out(t, p.out_rank, p.out_shape);
    if (!y)
        return NULL;
    kind->forward(y->data, a->data, b->data, &p);
    return mli_record(t, &kind->op, y, 2, (ml_tensor *[]){a, b}) ? y : NULL;
}

static const binary ADD = {{"add", binary_backward}, mlk_add_forward, mlk_add_backward};
static const binary SUB = {{"sub", binary_backward}, mlk_sub_forward, mlk_sub_backward};
static const binary MUL = {{"mul", binary_backward}, mlk_mul_forward, mlk_mul_backward};
static const binary DIV = {{"div", binary_backward}, mlk_div_forward, mlk_div_backward};

ml_tensor *ml_add(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return binary_op(t, &ADD, a, b);
}

ml_tensor *ml_sub(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return binary_op(t, &SUB, a, b);
}

ml_tensor *ml_mul(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return binary_op(t, &MUL, a, b);
}

ml_tensor *ml_div(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    return binary_op(t, &DIV, a, b);
}

/* ---- one operand ---- */

typedef struct unary {
    ml_op op;
    void (*forward)(ml_real *y, const ml_real *x, int64_t n);
    void (*backward)(ml_real *dx, bool add, const ml_real *dy, const ml_real *v, int64_t n);
    bool from_input; /* v is x; else it is y */
} unary;

static void unary_backward(ml_tape *t, const ml_node *n)
{
    const unary *kind = (const unary *)n->op;
    const ml_tensor *y = n->out, *v = kind->from_input ? n->in[0] : y;
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        kind->backward(dx.v, dx.add, mli_dout(n), v->data, y->size);
}

static ml_tensor *unary_op(ml_tape *t, const unary *kind, ml_tensor *x)
{
    if (!mli_ready(t, kind->op.name, 1, x))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    if (!y)
        return NULL;
    kind->forward(y->data, x->data, x->size);
    return mli_record(t, &kind->op, y, 1, &x) ? y : NULL;
}

static const unary EXP = {{"exp", unary_backward}, mlk_exp_forward, mlk_exp_backward, false};
static const unary LOG = {{"log", unary_backward}, mlk_log_forward, mlk_log_backward, true};
static const unary SQRT = {{"sqrt", unary_backward}, mlk_sqrt_forward, mlk_sqrt_backward, false};
static const unary ABS = {{"abs", unary_backward}, mlk_abs_forward, mlk_abs_backward, true};
static const unary RELU = {{"relu", unary_backward}, mlk_relu_forward, mlk_relu_backward, false};
static const unary SIGMOID = {{"sigmoid", unary_backward}, mlk_sigmoid_forward, mlk_sigmoid_backward, false};
static const unary TANH = {{"tanh", unary_backward}, mlk_tanh_forward, mlk_tanh_backward, false};

ml_tensor *ml_exp(ml_tape *t, ml_tensor *x)
{
    return unary_op(t, &EXP, x);
}

ml_tensor *ml_log(ml_tape *t, ml_tensor *x)
{
    return unary_op(t, &LOG, x);
}

ml_tensor *ml_sqrt(ml_tape *t, ml_tensor *x)
{
    return unary_op(t, &SQRT, x);
}

ml_tensor *ml_abs(ml_tape *t, ml_tensor *x)
{
    return unary_op(t, &ABS, x);
}

ml_tensor *ml_relu(ml_tape *t, ml_tensor *x)
{
    return unary_op(t, &RELU, x);
}

ml_tensor *ml_sigmoid(ml_tape *t, ml_tensor *x)
{
    return unary_op(t, &SIGMOID, x);
}

ml_tensor *ml_tanh(ml_tape *t, ml_tensor *x)
{
    return unary_op(t, &TANH, x);
}

/* ---- scale ---- */

static void scale_backward(ml_tape *t, const ml_node *n)
{
    const ml_real *factor = n->saved;
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_scale(dx.v, dx.add, mli_dout(n), *factor, n->out->size);
}

static const ml_op SCALE = {"scale", scale_backward};

ml_tensor *ml_scale(ml_tape *t, ml_tensor *x, double factor)
{
    if (!mli_ready(t, "scale", 1, x))
        return NULL;
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    ml_real *saved = mli_saved(t, sizeof *saved);
    if (!y || !saved)
        return NULL;
    *saved = (ml_real)factor;
    mlk_scale(y->data, false, x->data, *saved, x->size);
    return mli_record_saved(t, &SCALE, y, 1, &x, saved) ? y : NULL;
}

/* ---- dropout ---- */

typedef struct dropped {
    mlk_dropout how;
    uint64_t mask[];
} dropped;

static void dropout_backward(ml_tape *t, const ml_node *n)
{
    const dropped *saved = n->saved;
    mli_dx dx = mli_din(t, n, 0);
    if (dx.v)
        mlk_dropout_backward(dx.v, dx.add, mli_dout(n), saved->mask, &saved->how, n->out->size);
}

static const ml_op DROPOUT = {"dropout", dropout_backward};

ml_tensor *ml_dropout(ml_tape *t, ml_tensor *x, double p)
{
    if (!mli_ready(t, "dropout", 1, x))
        return NULL;
    if (!(p >= 0 && p < 1)) /* so asked, NaN fails too */
        return mli_stick(t, ML_EINVAL, "dropout: p is %g, not in 0 <= p < 1", p);
    if (mli_mode(t) == ML_EVAL || p == 0)
        return x;
    ml_rng rng = mli_op_rng(t);
    ml_tensor *y = mli_out(t, x->rank, x->shape);
    dropped *saved = mli_saved(t, sizeof *saved + (size_t)mlk_dropout_words(x->size) * sizeof saved->mask[0]);
    if (!y || !saved)
        return NULL;
    saved->how = (mlk_dropout){rng.seed, rng.stream, p};
    mlk_dropout_forward(y->data, saved->mask, x->data, &saved->how, x->size);
    return mli_record_saved(t, &DROPOUT, y, 1, &x, saved) ? y : NULL;
}
