/* ops_loss_pairs.c -- losses against a tensor of the same shape on the tape: bce, mse, mae, huber, pinball, kl_div, hinge.
 *
 * The formulas are in the kernels. A loss here is a line of a table, which begins with its ml_op, so that the backward
 * function finds the rest of the line through the node.
 */
#include "autograd/tape.h"
#include "kernels/losses.h"

#include <mlcore/losses.h>

#include <math.h>
#include <string.h>

/* What targets are: numbers as the predictions are, which get a gradient as well; or given, in 0 .. 1; or -1 and 1. */
typedef enum targets { NUMBERS, SHARES, SIGNS } targets;

typedef struct pair_loss {
    ml_op op;
    const char *p_is, *y_is; /* for sentences */
    targets targets;
    mlk_pair_fn *ref, *forward;
    mlk_pair_pull *backward;
} pair_loss;

/* in: predictions, targets, and NULL or weights. */
static mlk_pair pair_of(ml_tensor *const *in, double shape)
{
    const ml_tensor *p = in[0], *y = in[1], *w = in[2];
    return (mlk_pair){.p = p->data,
                      .y = y->data,
                      .n = p->size,
                      .rows = p->rank ? p->shape[0] : 1,
                      .shape = shape,
                      .weight = w ? w->data : NULL,
                      .period = w ? w->size : 1};
}

static void pair_backward(ml_tape *t, const ml_node *n)
{
    const pair_loss *kind = (const pair_loss *)n->op;
    mlk_pair v = pair_of(n->in, *(const double *)n->saved);
    ml_real dloss = *mli_dout(n);
    mli_dx dp = mli_din(t, n, 0);
    if (dp.v)
        kind->backward(dp.v, dp.add, &v, dloss);
    if (kind->targets != NUMBERS)
        return;
    mli_dx dy = mli_din(t, n, 1);
    if (dy.v)
        kind->backward(dy.v, dy.add, &v, -dloss); /* the loss sees only p - y */
}

static bool check_targets(ml_tape *t, const pair_loss *kind, const ml_tensor *y)
{
    for (int64_t i = 0; kind->targets != NUMBERS && i < y->size; i++) {
        double v = (double)y->data[i]; /* the questions are asked so that NaN fails too */
        if (kind->targets == SHARES && !(v >= 0 && v <= 1))
            return mli_stick(t, ML_EINVAL, "%s: target %g of element %lld is not in 0 .. 1",
                             kind->op.name, v, (long long)i);
        if (kind->targets == SIGNS && !(v == -1 || v == 1))
            return mli_stick(t, ML_EINVAL, "%s: target %g of element %lld is neither -1 nor 1",
                             kind->op.name, v, (long long)i);
    }
    return true;
}

static bool check_pair(ml_tape *t, const pair_loss *kind, const ml_tensor *p, const ml_tensor *y)
{
    char p_text[160], y_text[160];
    ml_shape_text(p, p_text, sizeof p_text);
    ml_shape_text(y, y_text, sizeof y_text);
    if (p->rank != y->rank || memcmp(p->shape, y->shape, (size_t)p->rank * sizeof p->shape[0]) != 0)
        return mli_stick(t, ML_EINVAL, "%s: %s %s but %s %s: the shapes differ", kind->op.name,
                         kind->p_is, p_text, kind->y_is, y_text);
    if (p->size == 0)
        return mli_stick(t, ML_EINVAL, "%s: %s %s: no elements, so no mean", kind->op.name,
                         kind->p_is, p_text);
    return check_targets(t, kind, y);
}

/* weight: NULL, or checked. */
static ml_tensor *pair_op(ml_tape *t, const pair_loss *kind, ml_tensor *p, ml_tensor *y,
                          double shape, ml_tensor *weight)
{
    ml_tensor *in[] = {p, y, weight};
    if (!mli_ready(t, kind->op.name, 2, p, y) || !check_pair(t, kind, p, y))
        return NULL;
    ml_tensor *loss = mli_out(t, 0, NULL);
    double *saved = loss ? mli_saved(t, sizeof *saved) : NULL;
    if (!saved)
        return NULL;
    *saved = shape;
    mlk_pair v = pair_of(in, shape);
    (mli_kernel(t) == ML_KERNEL_REF ? kind->ref : kind->forward)(loss->data, &v);
    if (!mli_record_saved(t, &kind->op, loss, 3, in, saved))
        return NULL;
    loss->requires_grad = mli_wants_grad(t, kind->targets == NUMBERS ? 2 : 1, in);
    return loss;
}

/* ---- yes or no ---- */

static const pair_loss BCE = {{"bce_logits", pair_backward}, "logits are", "targets are", SHARES,
                              mlk_bce_logits_ref, mlk_bce_logits_forward, mlk_bce_logits_backward};
static const pair_loss BINARY = {{"binary_cross_entropy", pair_backward}, "logits are",
                                 "targets are", SHARES, mlk_bce_logits_ref, mlk_bce_logits_forward,
                                 mlk_bce_logits_backward};
static const pair_loss WEIGHTED = {{"binary_cross_entropy", pair_backward}, "logits are",
                                   "targets are", SHARES, mlk_bce_weighted_ref,
                                   mlk_bce_weighted_forward, mlk_bce_weighted_backward};
static const pair_loss HINGE = {{"hinge", pair_backward}, "scores are", "targets are", SIGNS,
                                mlk_hinge_ref, mlk_hinge_forward, mlk_hinge_backward};

static bool check_pos_weight(ml_tape *t, const ml_tensor *w, const ml_tensor *z)
{
    char w_text[160], z_text[160];
    if (w->rank > z->rank ||
        memcmp(w->shape, z->shape + (z->rank - w->rank), (size_t)w->rank * sizeof w->shape[0]) != 0)
        return mli_stick(t, ML_EINVAL,
                         "binary_cross_entropy: pos_weight is %s but logits are %s: not their "
                         "trailing axes",
                         ml_shape_text(w, w_text, sizeof w_text),
                         ml_shape_text(z, z_text, sizeof z_text));
    for (int64_t i = 0; i < w->size; i++)
        if (!(isfinite(w->data[i]) && w->data[i] >= 0))
            return mli_stick(t, ML_EINVAL,
                             "binary_cross_entropy: pos_weight %g of element %lld is not a finite "
                             "number from 0 on",
                             (double)w->data[i], (long long)i);
    return true;
}

ml_tensor *ml_bce_logits(ml_tape *t, ml_tensor *logits, ml_tensor *targets)
{
    return pair_op(t, &BCE, logits, targets, 0, NULL);
}

ml_tensor *ml_binary_cross_entropy(ml_tape *t, ml_tensor *logits, ml_tensor *targets,
                                   ml_bce_opts opts)
{
    ml_tensor *w = opts.pos_weight;
    if (!w)
        return pair_op(t, &BINARY, logits, targets, 0, NULL);
    if (!mli_ready(t, BINARY.op.name, 1, logits) || !check_pos_weight(t, w, logits))
        return NULL;
    return pair_op(t, &WEIGHTED, logits, targets, 0, w);
}

ml_tensor *ml_hinge(ml_tape *t, ml_tensor *scores, ml_tensor *targets)
{
    return pair_op(t, &HINGE, scores, targets, 0, NULL);
}

/* ---- how far off a number is ---- */

static const pair_loss MSE = {{"mse", pair_backward}, "prediction is", "target is", NUMBERS,
                              mlk_mse_ref, mlk_mse_forward, mlk_mse_backward};
static const pair_loss MAE = {{"mae", pair_backward}, "prediction is", "target is", NUMBERS,
                              mlk_mae_ref, mlk_mae_forward, mlk_mae_backward};
static const pair_loss HUBER = {{"huber", pair_backward}, "prediction is", "target is", NUMBERS,
                                mlk_huber_ref, mlk_huber_forward, mlk_huber_backward};
static const pair_loss PINBALL = {{"pinball", pair_backward}, "prediction is", "target is", NUMBERS,
                                  mlk_pinball_ref, mlk_pinball_forward, mlk_pinball_backward};

ml_tensor *ml_mse(ml_tape *t, ml_tensor *prediction, ml_tensor *target)
{
    return pair_op(t, &MSE, prediction, target, 0, NULL);
}

ml_tensor *ml_mae(ml_tape *t, ml_tensor *prediction, ml_tensor *target)
{
    return pair_op(t, &MAE, prediction, target, 0, NULL);
}

ml_tensor *ml_huber(ml_tape *t, ml_tensor *prediction, ml_tensor *target, double delta)
{
    if (!mli_ready(t, "huber", 0))
        return NULL;
    if (!(delta > 0 && isfinite(delta)))
        return mli_stick(t, ML_EINVAL, "huber: delta is %g, not a finite number above 0", delta);
    return pair_op(t, &HUBER, prediction, target, delta, NULL);
}

ml_tensor *ml_pinball(ml_tape *t, ml_tensor *prediction, ml_tensor *target, double quantile)
{
    if (!mli_ready(t, "pinball", 0))
        return NULL;
    if (!(quantile > 0 && quantile < 1))
        return mli_stick(t, ML_EINVAL, "pinball: quantile is %g, not between 0 and 1", quantile);
    return pair_op(t, &PINBALL, prediction, target, quantile, NULL);
}

/* ---- from one distribution to another ---- */

static const pair_loss KL_DIV = {{"kl_div", pair_backward}, "log_p is", "target_p is", SHARES,
                                 mlk_kl_div_ref, mlk_kl_div_forward, mlk_kl_div_backward};

ml_tensor *ml_kl_div(ml_tape *t, ml_tensor *log_p, ml_tensor *target_p)
{
    if (!mli_ready(t, "kl_div", 2, log_p, target_p))
        return NULL;
    if (log_p->rank == 0)
        return mli_stick(t, ML_EINVAL, "kl_div: log_p is a scalar: no axis of samples, so no mean");
    return pair_op(t, &KL_DIV, log_p, target_p, 0, NULL);
}
