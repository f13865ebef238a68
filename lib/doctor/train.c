/* train.c -- forward, backward and steps on the samples in hand. */
#include "doctor/doctor.h"

#include <math.h>
#include <string.h>

/* The samples as tensors on the tape. */
static ml_doctor_batch batch_of(mli_doctor *d, int64_t n)
{
    ml_doctor_batch b = {.label = {d->label, d->set || d->o.label.v ? n : 0}};
    int64_t shape[ML_MAX_RANK] = {n};
    int rank = d->set ? d->set->rank : d->o.x->rank - 1;
    memcpy(shape + 1, d->set ? d->set->shape : d->o.x->shape + 1, (size_t)rank * sizeof *shape);
    b.x = ml_constant(d->tape, rank + 1, shape, d->x);
    rank = 1;
    shape[1] = 1; /* a label as a number */
    if (d->o.target) {
        rank = d->o.target->rank - 1;
        memcpy(shape + 1, d->o.target->shape + 1, (size_t)rank * sizeof *shape);
    }
    if (d->target_size)
        b.target = ml_constant(d->tape, rank + 1, shape, d->target);
    return b;
}

static ml_tensor *loss_of(mli_doctor *d, const ml_doctor_batch *b)
{
    ml_tape *t = d->tape;
    if (d->o.loss_fn)
        return d->o.loss_fn(d->o.user, d->net, t, b);
    ml_tensor *y = ml_net_forward(d->net, t, b->x);
    switch (d->o.loss) {
    case ML_DOCTOR_BCE:
        return ml_bce_logits(t, y, b->target);
    case ML_DOCTOR_MSE:
        return ml_mse(t, y, b->target);
    default:
        return ml_softmax_xent(t, y, b->label);
    }
}

ml_status mli_doctor_forward(mli_doctor *d, int64_t n, ml_tensor **loss)
{
    char text[160];
    ml_tape_reset(d->tape);
    ml_doctor_batch b = batch_of(d, n);
    *loss = loss_of(d, &b);
    if (ml_tape_error(d->tape))
        return mli_fail(ml_tape_error(d->tape), "doctor: %s", ml_tape_error_text(d->tape));
    if (!*loss || (*loss)->size != 1)
        return mli_fail(ML_EINVAL, "doctor: the loss is %s, not a scalar",
                        *loss ? ml_shape_text(*loss, text, sizeof text) : "NULL");
    return ML_OK;
}

static int64_t largest(const ml_real *v, int64_t n)
{
    int64_t best = 0;
    for (int64_t k = 1; k < n; k++)
        if (v[k] > v[best])
            best = k;
    return best;
}

static double accuracy_of(const mli_doctor *d, int64_t n)
{
    int64_t right = 0, asked = n;
    if (d->o.loss == ML_DOCTOR_CROSS_ENTROPY && (d->set || d->o.label.v)) {
        for (int64_t i = 0; i < n; i++)
            right += largest(d->out + i * d->outputs, d->outputs) == d->label[i];
    } else if (d->o.loss == ML_DOCTOR_BCE && d->outputs == d->target_size) {
        asked = n * d->outputs;
        for (int64_t i = 0; i < asked; i++)
            right += (d->out[i] > 0) == (d->target[i] > (ml_real)0.5);
    } else {
        return NAN;
    }
    return (double)right / (double)asked;
}

ml_status mli_doctor_score(mli_doctor *d, int64_t n, double *loss, double *accuracy)
{
    ml_tensor *l;
    ml_mode mode = ml_set_mode(d->tape, ML_EVAL);
    bool off = ml_no_grad(d->tape, true);
    ml_status s = mli_doctor_forward(d, n, &l);
    if (!s)
        *loss = (double)l->data[0];
    ml_set_mode(d->tape, mode);
    ml_no_grad(d->tape, off);
    if (!s)
        s = ml_predict(d->net, d->x, n, d->out);
    if (!s)
        *accuracy = accuracy_of(d, n);
    return s;
}

ml_status mli_doctor_restart(mli_doctor *d, ml_optim *opt, double lr)
{
    const ml_params *ps = d->net->params;
    mli_doctor_rewind(d);
    for (int k = 0; k < opt->rule.states; k++)
        memset(opt->state[k], 0, (size_t)ps->length * sizeof(ml_real));
    for (int i = 0; i < ps->n; i++)
        opt->own[i].taken = 0;
    opt->steps = 0;
    return ml_set_lr(opt, lr);
}

ml_status mli_doctor_step(mli_doctor *d, ml_optim *opt, int64_t n, double *loss)
{
    ml_tensor *l;
    if (mli_doctor_forward(d, n, &l))
        return ml_error_status();
    *loss = (double)l->data[0];
    if (!isfinite(*loss))
        return ML_OK;
    return ml_backward(d->tape, l) || ml_step(opt) ? ml_error_status() : ML_OK;
}
