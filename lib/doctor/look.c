/* look.c -- the net as it was given: some batches forward and backward, no step. What they show is gathered here, and judged in
 * outputs.c, units.c and gradients.c. */
#include "doctor/doctor.h"

#include "kernels/finite.h"

#include <math.h>

enum { LOOK = 256 }; /* samples at least, where there are as many */

/* A net whose accuracy has gone this share of the way from always saying the most frequent class to 1 is called trained. */
static const double KNOWS = 0.4;

static bool weights_finite(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    for (int i = 0; i < ps->n; i++) {
        const ml_tensor *x = ps->entries[i].x;
        if (mlk_first_not_finite(x->data, x->size) < 0)
            continue;
        mli_doctor_find(d, ML_DOCTOR_NOT_FINITE, "The parameter %s has NaN or infinity before any step.", x->name);
        return false;
    }
    return true;
}

static bool forward_finite(mli_doctor *d, const ml_tensor *loss)
{
    char name[128];
    const ml_node *n = mli_graph_not_finite(d->tape);
    if (!n && isfinite(loss->data[0]))
        return true;
    mli_doctor_find(d, ML_DOCTOR_NOT_FINITE, "NaN or infinity is born in forward, in %s, from finite inputs.",
                    n ? mli_graph_name(d->tape, n, name, sizeof name) : "the loss");
    return false;
}

static bool gradients_finite(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    for (int i = ps->n - 1; i >= 0; i--) {
        const ml_tensor *x = ps->entries[i].x;
        if (!x->has_grad || mlk_first_not_finite(x->grad, x->size) < 0)
            continue;
        mli_doctor_find(d, ML_DOCTOR_NOT_FINITE, "The loss is finite, but the gradient of %s is not.", x->name);
        return false;
    }
    return true;
}

static int64_t look_batches(const mli_doctor *d)
{
    int64_t samples = d->n < LOOK ? d->n : LOOK;
    return (samples + d->batch - 1) / d->batch;
}

/* Batch number i in hand, and through the net; its dropout is a function of i. */
static ml_status forward(mli_doctor *d, int64_t i, ml_tensor **loss)
{
    if (mli_doctor_fetch(d, i * d->batch, d->batch))
        return ml_error_status();
    ml_set_stream(d->tape, d->o.seed, (uint64_t)i);
    return mli_doctor_forward(d, d->batch, loss);
}

ml_status mli_doctor_mean_loss(mli_doctor *d, double *loss)
{
    ml_tensor *l;
    const int64_t batches = look_batches(d);
    *loss = 0;
    for (int64_t i = 0; i < batches; i++) {
        if (forward(d, i, &l))
            return ml_error_status();
        *loss += (double)l->data[0] / (double)batches;
    }
    return ML_OK;
}

/* One batch: false where it makes the rest pointless, or on an error, which *s then holds. */
static bool look_at(mli_doctor *d, int64_t i, ml_status *s)
{
    ml_tensor *l;
    if ((*s = forward(d, i, &l)) || !forward_finite(d, l))
        return false;
    if (i == 0)
        mli_doctor_outputs(d);
    if ((*s = ml_backward(d->tape, l)) || !gradients_finite(d))
        return false;
    *s = mli_doctor_units_gather(d);
    mli_doctor_symmetry_gather(d);
    mli_doctor_gradients_gather(d);
    ml_zero_grad(d->net->params);
    return *s == ML_OK;
}

/* Whether it knows the samples already: a net that is trained on, or finetuned. Much that is odd at a start is then not. */
static bool knows(const ml_doctor_report *r)
{
    if (isfinite(r->first_accuracy) && r->classes > 0)
        return r->first_accuracy > r->largest_share + KNOWS * (1 - r->largest_share);
    return r->first_loss < 0.5 * r->frequency_loss;
}

static ml_status eval_accuracy(mli_doctor *d, int64_t batches)
{
    double sum = 0, loss, accuracy = 0;
    for (int64_t i = 0; i < batches; i++) {
        if (mli_doctor_fetch(d, i * d->batch, d->batch) || mli_doctor_score(d, d->batch, &loss, &accuracy))
            return ml_error_status();
        sum += accuracy;
    }
    d->r->first_accuracy = sum / (double)batches;
    return ML_OK;
}

ml_status mli_doctor_look(mli_doctor *d)
{
    ml_doctor_report *r = d->r;
    const int64_t batches = look_batches(d);
    ml_status s = mli_doctor_gradients_open(d);
    if (!s)
        s = mli_doctor_symmetry_open(d);
    if (s || (d->stop = !weights_finite(d)))
        return s;
    for (int64_t i = 0; i < batches; i++)
        if (!look_at(d, i, &s)) {
            d->stop = true;
            return s;
        }
    if (mli_doctor_mean_loss(d, &r->first_loss))
        return ml_error_status();
    mli_doctor_rewind(d); /* eval mode goes by the running statistics as they were given */
    if (eval_accuracy(d, batches))
        return ml_error_status();
    r->trained = knows(r);
    mli_doctor_symmetry_judge(d);
    mli_doctor_units_judge(d);
    mli_doctor_gradients_judge(d, batches);
    return ML_OK;
}
