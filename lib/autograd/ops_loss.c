/* ops_loss.c -- softmax cross-entropy, binary cross-entropy with logits and mean squared error on the tape. */
#include "autograd/tape.h"
#include "kernels/losses.h"

#include <mlcore/ops.h>

#include <string.h>

/* ---- softmax cross-entropy ---- */

/* Backward needs the probabilities and where the caller's labels are. */
typedef struct xent {
    const int32_t *label;
    ml_real p[];
} xent;

static void xent_backward(ml_tape *t, const ml_node *n)
{
    const xent *saved = n->saved;
    const ml_tensor *z = n->in[0];
    mlk_loss_grad g = {*mli_dout(n), z->shape[0], z->shape[1]};
    mli_dx dz = mli_din(t, n, 0);
    if (dz.v)
        mlk_softmax_xent_backward(dz.v, dz.add, saved->p, saved->label, g);
}

static const ml_op XENT = {"softmax_xent", xent_backward};

static bool check_labels(ml_tape *t, const ml_tensor *z, ml_ints labels)
{
    char text[160];
    ml_shape_text(z, text, sizeof text);
    if (z->rank != 2)
        return mli_stick(t, ML_EINVAL, "softmax_xent: logits are %s, not (samples, classes)", text);
    if (labels.n != z->shape[0] || (labels.n && !labels.v))
        return mli_stick(t, ML_EINVAL, "softmax_xent: logits are %s but there are %lld labels",
                         text, (long long)(labels.v ? labels.n : 0));
    if (z->size == 0)
        return mli_stick(t, ML_EINVAL,
                         "softmax_xent: logits are %s: no samples or no classes, so no mean", text);
    for (int64_t i = 0; i < labels.n; i++)
        if (labels.v[i] < 0 || labels.v[i] >= z->shape[1])
            return mli_stick(t, ML_EINVAL,
                             "softmax_xent: label %d of sample %lld is not in 0 .. %lld",
                             (int)labels.v[i], (long long)i, (long long)z->shape[1] - 1);
    return true;
}

ml_tensor *ml_softmax_xent(ml_tape *t, ml_tensor *logits, ml_ints labels)
{
    if (!mli_ready(t, "softmax_xent", 1, logits) || !check_labels(t, logits, labels))
        return NULL;
    int64_t rows = logits->shape[0], n = logits->shape[1];
    size_t bytes = sizeof(xent) + (size_t)logits->size * sizeof(ml_real);
    ml_tensor *y = mli_out(t, 0, NULL);
    if (!y)
        return NULL;
    /* Without a backward to come the probabilities are only scratch. */
    xent *s = mli_wants_grad(t, 1, &logits) ? mli_saved(t, bytes) : mli_workspace(t, bytes);
    if (!s)
        return NULL;
    s->label = labels.v;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_softmax_xent_ref(y->data, s->p, logits->data, labels.v, rows, n);
    else
        mlk_softmax_xent_forward(y->data, s->p, logits->data, labels.v, rows, n);
    return mli_record_saved(t, &XENT, y, 1, &logits, s) ? y : NULL;
}

/* ---- losses of two tensors of one shape ---- */

static bool check_pair(ml_tape *t, const char *op, const ml_tensor *a, const char *a_name,
                       const ml_tensor *b, const char *b_name)
{
    char a_text[160], b_text[160];
    ml_shape_text(a, a_text, sizeof a_text);
    ml_shape_text(b, b_text, sizeof b_text);
    if (a->rank != b->rank || memcmp(a->shape, b->shape, (size_t)a->rank * sizeof a->shape[0]) != 0)
        return mli_stick(t, ML_EINVAL, "%s: %s %s but %s %s: the shapes differ", op, a_name, a_text,
                         b_name, b_text);
    if (a->size == 0)
        return mli_stick(t, ML_EINVAL, "%s: %s %s: no elements, so no mean", op, a_name, a_text);
    return true;
}

static void bce_backward(ml_tape *t, const ml_node *n)
{
    const ml_tensor *z = n->in[0], *y = n->in[1];
    mlk_loss_grad g = {*mli_dout(n), 1, z->size};
    mli_dx dz = mli_din(t, n, 0);
    if (dz.v)
        mlk_bce_logits_backward(dz.v, dz.add, z->data, y->data, g);
}

static const ml_op BCE = {"bce_logits", bce_backward};

ml_tensor *ml_bce_logits(ml_tape *t, ml_tensor *logits, ml_tensor *targets)
{
    if (!mli_ready(t, "bce_logits", 2, logits, targets) ||
        !check_pair(t, "bce_logits", logits, "logits are", targets, "targets are"))
        return NULL;
    for (int64_t i = 0; i < targets->size; i++)
        if (!(targets->data[i] >= 0 && targets->data[i] <= 1)) /* so that NaN is found too */
            return mli_stick(t, ML_EINVAL, "bce_logits: target %g of element %lld is not in 0 .. 1",
                             (double)targets->data[i], (long long)i);
    ml_tensor *y = mli_out(t, 0, NULL);
    if (!y)
        return NULL;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_bce_logits_ref(y->data, logits->data, targets->data, logits->size);
    else
        mlk_bce_logits_forward(y->data, logits->data, targets->data, logits->size);
    if (!mli_record(t, &BCE, y, 2, (ml_tensor *[]){logits, targets}))
        return NULL;
    y->requires_grad = mli_wants_grad(t, 1, &logits); /* targets get none */
    return y;
}

static void mse_backward(ml_tape *t, const ml_node *n)
{
    const ml_real *a = n->in[0]->data, *b = n->in[1]->data;
    mlk_loss_grad g = {*mli_dout(n), 1, n->in[0]->size};
    mli_dx da = mli_din(t, n, 0);
    if (da.v)
        mlk_mse_backward(da.v, da.add, a, b, g);
    mli_dx db = mli_din(t, n, 1);
    if (db.v)
        mlk_mse_backward(db.v, db.add, b, a, g);
}

static const ml_op MSE = {"mse", mse_backward};

ml_tensor *ml_mse(ml_tape *t, ml_tensor *prediction, ml_tensor *target)
{
    if (!mli_ready(t, "mse", 2, prediction, target) ||
        !check_pair(t, "mse", prediction, "prediction is", target, "target is"))
        return NULL;
    ml_tensor *y = mli_out(t, 0, NULL);
    if (!y)
        return NULL;
    if (mli_kernel(t) == ML_KERNEL_REF)
        mlk_mse_ref(y->data, prediction->data, target->data, target->size);
    else
        mlk_mse_forward(y->data, prediction->data, target->data, target->size);
    return mli_record(t, &MSE, y, 2, (ml_tensor *[]){prediction, target}) ? y : NULL;
}
