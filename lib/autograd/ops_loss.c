/* ops_loss.c -- losses against labels on the tape: softmax cross-entropy, plain and with options, and nll. */
#include "autograd/tape.h"
#include "kernels/losses.h"

#include <mlcore/losses.h>

#include <math.h>

/* ---- what all of them check ---- */

static bool check_weight(ml_tape *t, const char *op, const ml_tensor *w, const ml_tensor *x,
                         const char *x_is)
{
    char w_text[160], x_text[160];
    if (!w)
        return true;
    if (w->rank != 1 || w->shape[0] != x->shape[1])
        return mli_stick(t, ML_EINVAL, "%s: class_weight is %s but %s %s: it wants one a class", op,
                         ml_shape_text(w, w_text, sizeof w_text), x_is,
                         ml_shape_text(x, x_text, sizeof x_text));
    for (int64_t k = 0; k < w->size; k++)
        if (!(isfinite(w->data[k]) && w->data[k] >= 0))
            return mli_stick(t, ML_EINVAL,
                             "%s: class_weight %g of class %lld is not a finite number from 0 on",
                             op, (double)w->data[k], (long long)k);
    return true;
}

static bool check_labels(ml_tape *t, const char *op, const ml_tensor *x, const char *x_is,
                         const mlk_labels *l, int64_t count)
{
    char text[160];
    ml_shape_text(x, text, sizeof text);
    if (x->rank != 2)
        return mli_stick(t, ML_EINVAL, "%s: %s %s, not (samples, classes)", op, x_is, text);
    if (count != x->shape[0] || (count && !l->label))
        return mli_stick(t, ML_EINVAL, "%s: %s %s but there are %lld labels", op, x_is, text,
                         (long long)(l->label ? count : 0));
    if (x->size == 0)
        return mli_stick(t, ML_EINVAL, "%s: %s %s: no samples or no classes, so no mean", op, x_is,
                         text);
    for (int64_t i = 0; i < count; i++)
        if ((l->label[i] < 0 || l->label[i] >= x->shape[1]) &&
            !(l->has_ignore && l->label[i] == l->ignore))
            return mli_stick(t, ML_EINVAL, "%s: label %d of sample %lld is not in 0 .. %lld", op,
                             (int)l->label[i], (long long)i, (long long)x->shape[1] - 1);
    return true;
}

/* The labels and options as kernels want them, checked against x (N,K). */
static bool prepare(ml_tape *t, const char *op, const ml_tensor *x, const char *x_is,
                    ml_ints labels, const ml_xent_opts *o, mlk_labels *l)
{
    *l = (mlk_labels){.label = labels.v,
                      .smoothing = o->label_smoothing,
                      .has_ignore = o->has_ignore,
                      .ignore = o->ignore};
    if (!check_labels(t, op, x, x_is, l, labels.n) ||
        !check_weight(t, op, o->class_weight, x, x_is))
        return false;
    if (!(o->label_smoothing >= 0 && o->label_smoothing <= 1)) /* so asked, NaN fails too */
        return mli_stick(t, ML_EINVAL, "%s: label_smoothing is %g, not in 0 .. 1", op,
                         o->label_smoothing);
    l->rows = x->shape[0];
    l->n = x->shape[1];
    l->weight = o->class_weight ? o->class_weight->data : NULL;
    return true;
}

/* Records a loss of x; the weights stand on the tape beside it, but get no gradient. */
static ml_tensor *record(ml_tape *t, const ml_op *op, ml_tensor *y, ml_tensor *x, ml_tensor *weight,
                         void *saved)
{
    if (!mli_record_saved(t, op, y, 2, (ml_tensor *[]){x, weight}, saved))
        return NULL;
    y->requires_grad = mli_wants_grad(t, 1, &x);
    return y;
}

/* What was saved, with the weights where they are now: a buffer that joins a net later moves. */
static mlk_labels labels_of(const ml_node *n, const mlk_labels *saved)
{
    mlk_labels l = *saved;
    l.weight = n->in[1] ? n->in[1]->data : NULL;
    return l;
}

/* ---- softmax cross-entropy ---- */

/* Backward needs the probabilities and where the caller's labels are. */
typedef struct xent {
    mlk_labels labels;
    ml_real p[];
} xent;

static bool is_plain(const mlk_labels *l)
{
    return !l->weight && l->smoothing == 0 && !l->has_ignore;
}

static void xent_backward(ml_tape *t, const ml_node *n)
{
    const xent *saved = n->saved;
    mlk_labels l = labels_of(n, &saved->labels);
    ml_real dloss = *mli_dout(n);
    mli_dx dz = mli_din(t, n, 0);
    if (dz.v && is_plain(&l))
        mlk_softmax_xent_backward(dz.v, dz.add, saved->p, l.label,
                                  (mlk_loss_grad){dloss, l.rows, l.n});
    else if (dz.v)
        mlk_cross_entropy_backward(dz.v, dz.add, saved->p, &l, dloss);
}

static const ml_op XENT = {"softmax_xent", xent_backward};
static const ml_op CROSS_ENTROPY = {"cross_entropy", xent_backward};

static ml_tensor *cross_entropy(ml_tape *t, const ml_op *op, ml_tensor *logits, ml_ints labels,
                                const ml_xent_opts *o)
{
    mlk_labels l;
    if (!mli_ready(t, op->name, 1, logits) ||
        !prepare(t, op->name, logits, "logits are", labels, o, &l))
        return NULL;
    size_t bytes = sizeof(xent) + (size_t)logits->size * sizeof(ml_real);
    ml_tensor *y = mli_out(t, 0, NULL);
    if (!y)
        return NULL;
    /* Without a backward to come the probabilities are only scratch. */
    xent *s = mli_wants_grad(t, 1, &logits) ? mli_saved(t, bytes) : mli_workspace(t, bytes);
    if (!s)
        return NULL;
    s->labels = l;
    bool ref = mli_kernel(t) == ML_KERNEL_REF;
    if (is_plain(&l))
        (ref ? mlk_softmax_xent_ref : mlk_softmax_xent_forward)(y->data, s->p, logits->data,
                                                                l.label, l.rows, l.n);
    else
        (ref ? mlk_cross_entropy_ref : mlk_cross_entropy_forward)(y->data, s->p, logits->data, &l);
    return record(t, op, y, logits, o->class_weight, s);
}

ml_tensor *ml_softmax_xent(ml_tape *t, ml_tensor *logits, ml_ints labels)
{
    return cross_entropy(t, &XENT, logits, labels, &(ml_xent_opts){0});
}

ml_tensor *ml_cross_entropy(ml_tape *t, ml_tensor *logits, ml_ints labels, ml_xent_opts opts)
{
    return cross_entropy(t, &CROSS_ENTROPY, logits, labels, &opts);
}

/* ---- the same from log-probabilities ---- */

static void nll_backward(ml_tape *t, const ml_node *n)
{
    mlk_labels l = labels_of(n, n->saved);
    mli_dx dlog_p = mli_din(t, n, 0);
    if (dlog_p.v)
        mlk_nll_backward(dlog_p.v, dlog_p.add, &l, *mli_dout(n));
}

static const ml_op NLL = {"nll", nll_backward};

ml_tensor *ml_nll(ml_tape *t, ml_tensor *log_p, ml_ints labels, ml_xent_opts opts)
{
    mlk_labels l;
    if (!mli_ready(t, "nll", 1, log_p) ||
        !prepare(t, "nll", log_p, "log_p is", labels, &opts, &l))
        return NULL;
    ml_tensor *y = mli_out(t, 0, NULL);
    mlk_labels *saved = y ? mli_saved(t, sizeof *saved) : NULL;
    if (!saved)
        return NULL;
    *saved = l;
    (mli_kernel(t) == ML_KERNEL_REF ? mlk_nll_ref : mlk_nll_forward)(y->data, log_p->data, &l);
    return record(t, &NLL, y, log_p, opts.class_weight, saved);
}
