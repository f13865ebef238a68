/* backward.c -- reverse mode: from the loss back to everything it was computed from.
 *
 *     d loss / d x  =  sum over the ops y = f(.., x, ..) that used x of   d loss / d y  *  d y / d x
 *
 * The order in which ops ran is already a topological order of the graph: every op comes after the ops that made its
 * inputs. So when the loop, coming from the end, arrives at an op, all who used its output have added their share to
 * the output's gradient: it is complete. No sort and no recursion.
 * Source: Linnainmaa 1970; Rumelhart, Hinton, Williams 1986. Derivation: docs/math/tape.md
 */
#include "autograd/inside.h"
#include "autograd/inspect.h"

#include <string.h>

/* The same while somebody asks one op alone: see mli_ask. */
static mli_dx place_of_question(mli_question *q, const ml_tensor *x, const ml_tensor *root)
{
    if (root != q->of)
        return (mli_dx){NULL, false};
    if (x->size < root->size && !q->has) {
        memset(q->dx, 0, (size_t)root->size * sizeof(ml_real));
        q->has = true;
    }
    mli_dx place = {q->dx + x->offset, q->has};
    q->has = true;
    return place;
}

/* Where the gradient of x goes, and whether there is one already. */
static mli_dx place_of(ml_tape *t, ml_tensor *x)
{
    mli_dx none = {NULL, false};
    if (!x || !x->requires_grad)
        return none;
    ml_tensor *root = x->base ? x->base : x;
    if (!root->requires_grad)
        return none;
    if (t->asked.of)
        return place_of_question(&t->asked, x, root);
    if (!root->grad) {
        root->grad = mli_pool_take(&t->grads, (size_t)root->size * sizeof(ml_real));
        if (!root->grad) {
            mli_stick_last(t);
            return none;
        }
        root->has_grad = false;
    }
    if (x->size < root->size && !root->has_grad) { /* a part is about to be written: the rest is zero */
        memset(root->grad, 0, (size_t)root->size * sizeof(ml_real));
        root->has_grad = true;
    }
    mli_dx place = {root->grad + x->offset, root->has_grad};
    root->has_grad = true;
    return place;
}

const ml_real *mli_dout(const ml_node *n)
{
    const ml_tensor *y = n->out;
    return y->base ? y->base->grad + y->offset : y->grad;
}

mli_dx mli_din(ml_tape *t, const ml_node *n, int i)
{
    return place_of(t, n->in[i]);
}

/* Called when y's op is behind us. Its gradient is dropped, unless somebody wants to read it. */
static void keep_or_recycle(ml_tape *t, ml_tensor *y)
{
    bool keep = y->keep_grad || t->opts.inspect;
    if (y->base) { /* a view has no memory of its own; to keep it is to keep its base */
        y->has_grad = keep && y->base->has_grad && y->base->grad;
        y->grad = y->has_grad ? y->base->grad + y->offset : NULL;
    } else if (y->grad && !(keep && y->has_grad)) {
        mli_pool_give(&t->grads, y->grad);
        y->grad = NULL;
        y->has_grad = false;
    }
}

/* The gradient of n's output, to those who wanted to see it. */
static void show(ml_tape *t, const ml_node *n)
{
    if (!mli_grad_of(n->out)) /* a branch that the loss does not use */
        return;
    for (const mli_watch *w = n->watch; w && !t->error; w = w->next)
        if (w->seen(w->arg, mli_dout(n)))
            mli_stick_last(t);
}

static ml_status check_loss(ml_tape *t, const ml_tensor *loss)
{
    char text[160];
    if (!mli_ready(t, "backward", 1, loss))
        return ml_tape_error(t);
    if (loss->size != 1)
        mli_stick(t, ML_EINVAL, "backward: the loss is %s, not a scalar: take its sum or mean first",
                  ml_shape_text(loss, text, sizeof text));
    else if (loss->op < 0 && t->opts.no_grad)
        mli_stick(t, ML_EINVAL, "backward: the loss was computed while recording was off (no_grad)");
    else if (loss->op < 0 || loss->op >= t->ops || t->nodes[loss->op].out != loss)
        mli_stick(t, ML_EINVAL, "backward: the loss was not computed on this tape since its reset");
    else if (!loss->requires_grad)
        mli_stick(t, ML_EINVAL, "backward: the loss depends on no parameter: nothing to differentiate");
    return t->error;
}

ml_status ml_backward(ml_tape *t, ml_tensor *loss)
{
    ml_status bad = check_loss(t, loss);
    if (bad)
        return bad;
    /* A second pass over the same tape starts afresh in the middle, and accumulates in the leaves. */
    for (int64_t i = 0; t->passed && i <= loss->op; i++)
        t->nodes[i].out->has_grad = false;
    t->passed = true;

    mli_dx seed = place_of(t, loss);
    if (!seed.v)
        return t->error;
    *seed.v = seed.add ? *seed.v + 1 : 1; /* d loss / d loss */

    t->loss = loss->op;
    for (int64_t i = loss->op; i >= 0; i--) {
        const ml_node *n = &t->nodes[i];
        if (n->watch)
            show(t, n);
        if (!t->error && n->op->backward && n->out->has_grad) { /* a branch that the loss does not use has none */
            n->op->backward(t, n);
            if (t->opts.check_finite && !t->error)
                mli_check_inputs(t, n);
        }
        if (t->error)
            return mli_fail(t->error, "%s", t->sentence);
        keep_or_recycle(t, n->out);
    }
    return ML_OK;
}

/* Nothing of the tape changes but what is asked for: the output's gradient is lent the question, and place_of knows. */
ml_status mli_ask(ml_tape *t, const ml_node *n, const ml_tensor *x, const ml_real *dy, ml_real *dx)
{
    ml_real *held = n->out->grad;
    n->out->grad = (ml_real *)dy;
    t->asked = (mli_question){.of = x, .dx = dx};
    n->op->backward(t, n);
    if (!t->asked.has) /* the op passes it nothing */
        memset(dx, 0, (size_t)x->size * sizeof *dx);
    t->asked = (mli_question){0};
    n->out->grad = held;
    ml_status s = t->error;
    t->error = ML_OK; /* it had none, or nobody would have asked */
    t->sentence[0] = 0;
    return s;
}

ml_tensor *ml_keep_grad(ml_tensor *x)
{
    if (x) {
        x->keep_grad = true;
        if (x->base)
            x->base->keep_grad = true;
    }
    return x;
}
