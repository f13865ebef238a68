/* doctor.c -- the examination: what is asked is checked, the parts follow each other, and all is put back. */
#include "doctor/doctor.h"

#include <math.h>
#include <string.h>

enum { BATCH = 64, LEAST_ROOM = 32 };

/* ---- what is asked ---- */

const char *ml_doctor_check(ml_doctor_opts o)
{
    ml_status s = ML_OK;
    if (o.batch < 0)
        s = mli_fail(ML_EINVAL, "doctor: batch is %lld: it must be 1 or more, or 0 for %d", (long long)o.batch, BATCH);
    else if (o.lr != ML_ZERO && !(o.lr >= 0 && o.lr < INFINITY))
        s = mli_fail(ML_EINVAL, "doctor: lr is %g: it must be a number >= 0", o.lr);
    else if ((int)o.rule < ML_DOCTOR_ADAM || o.rule > ML_DOCTOR_MOMENTUM)
        s = mli_fail(ML_EINVAL, "doctor: rule is %d: it must be one of ML_DOCTOR_ADAM .. ML_DOCTOR_MOMENTUM", (int)o.rule);
    else if ((int)o.loss < ML_DOCTOR_CROSS_ENTROPY || o.loss > ML_DOCTOR_OTHER)
        s = mli_fail(ML_EINVAL, "doctor: loss is %d: it must be one of ML_DOCTOR_CROSS_ENTROPY .. ML_DOCTOR_OTHER", (int)o.loss);
    else if (o.loss == ML_DOCTOR_OTHER && !o.loss_fn)
        s = mli_fail(ML_EINVAL, "doctor: loss is ML_DOCTOR_OTHER: then loss_fn must say it");
    else if (o.mode != ML_TRAIN && o.mode != ML_EVAL)
        s = mli_fail(ML_EINVAL, "doctor: mode is %d: it must be ML_TRAIN or ML_EVAL", (int)o.mode);
    else if ((int)o.kernel < ML_KERNEL_FAST || o.kernel > ML_KERNEL_REF)
        s = mli_fail(ML_EINVAL, "doctor: kernel is %d: it must be one of ML_KERNEL_FAST .. ML_KERNEL_REF", (int)o.kernel);
    return s ? ml_error() : NULL;
}

static ml_status check_set(const ml_dataset *ds, const char *what, int64_t features)
{
    if (ds->role == ML_ROLE_TEST)
        return mli_fail(ML_EINVAL, "doctor: the %s is for testing: what is chosen by it, rates and networks too, makes its "
                        "score a lie (leakage); use the training set", what);
    if (ds->n < 1)
        return mli_fail(ML_EINVAL, "doctor: the %s is empty", what);
    if (ds->features != features)
        return mli_fail(ML_EINVAL, "doctor: the net takes %lld numbers a sample, the %s has %lld", (long long)features, what,
                        (long long)ds->features);
    return ML_OK;
}

static ml_status check_tensors(const ml_doctor_opts *o, int64_t features)
{
    const ml_tensor *x = o->x, *target = o->target;
    if (x->rank < 2 || x->shape[0] < 1)
        return mli_fail(ML_EINVAL, "doctor: x must be (samples, shape of a sample), with a sample or more");
    if (x->size / x->shape[0] != features)
        return mli_fail(ML_EINVAL, "doctor: the net takes %lld numbers a sample, x has %lld", (long long)features,
                        (long long)(x->size / x->shape[0]));
    if (o->label.v && o->label.n != x->shape[0])
        return mli_fail(ML_EINVAL, "doctor: %lld samples, but %lld labels", (long long)x->shape[0], (long long)o->label.n);
    if (target && (target->rank < 1 || target->shape[0] != x->shape[0] || target->size < 1))
        return mli_fail(ML_EINVAL, "doctor: %lld samples, but another number of targets", (long long)x->shape[0]);
    return ML_OK;
}

static ml_status check(ml_net *net, const ml_dataset *set, const ml_doctor_opts *o)
{
    int64_t features = ml_net_inputs(net);
    if (features < 0)
        return mli_fail(ML_EINVAL, "doctor: the net is NULL, or has no layers yet");
    if (!set == !o->x)
        return mli_fail(ML_EINVAL, "doctor: wants a data set, or opts.x and no data set");
    if (set && (o->target || o->label.v))
        return mli_fail(ML_EINVAL, "doctor: opts.label and opts.target go with opts.x: a data set has labels of its own");
    if (ml_doctor_check(*o) || (set ? check_set(set, "set", features) : check_tensors(o, features)) ||
        (o->validation && check_set(o->validation, "validation set", features)))
        return ml_error_status();
    if (o->loss == ML_DOCTOR_CROSS_ENTROPY && !set && !o->label.v && !o->loss_fn)
        return mli_fail(ML_EINVAL, "doctor: cross-entropy wants opts.label");
    if ((o->loss == ML_DOCTOR_BCE || o->loss == ML_DOCTOR_MSE) && !set && !o->label.v && !o->target)
        return mli_fail(ML_EINVAL, "doctor: this loss wants opts.target");
    return ML_OK;
}

/* ---- the examination ---- */

static void fill_report(mli_doctor *d)
{
    ml_doctor_report *r = d->r;
    int rank = d->set ? d->set->rank : d->o.x->rank - 1;
    r->samples = d->n;
    r->params = ml_params_size(d->net->params);
    r->batch = d->o.batch;
    r->loss = d->o.loss;
    r->own_loss = d->o.loss_fn != NULL;
    mli_shape_text(rank, d->set ? d->set->shape : d->o.x->shape + 1, r->sample, sizeof r->sample);
}

static ml_status open_doctor(mli_doctor *d)
{
    d->features = ml_net_inputs(d->net);
    if ((d->outputs = ml_net_outputs(d->net)) < 0)
        return ml_error_status();
    d->n = d->set ? d->set->n : d->o.x->shape[0];
    if (!d->o.batch)
        d->o.batch = BATCH;
    /* Batches here are small enough for a few seconds, and of two samples at least, which batch norm needs. */
    d->batch = d->o.batch < BATCH ? d->o.batch : BATCH;
    d->batch = d->batch < 2 ? 2 : d->batch;
    d->batch = d->batch < d->n ? d->batch : d->n;
    d->room = d->batch > LEAST_ROOM ? d->batch : LEAST_ROOM;
    fill_report(d);
    d->tape = ml_tape_open((ml_tape_opts){.mode = d->o.mode, .kernel = d->o.kernel, .seed = d->o.seed});
    if (!d->tape || mli_doctor_samples_open(d))
        return ML_ENOMEM;
    return mli_doctor_state_take(&d->state, d->net->params);
}

static ml_status examine(mli_doctor *d)
{
    static ml_status (*const parts[])(mli_doctor *) = {
        mli_doctor_inputs, mli_doctor_labels, mli_doctor_duplicates, mli_doctor_optimizer,
        mli_doctor_look,   mli_doctor_slopes, mli_doctor_modes,      mli_doctor_steps,
        mli_doctor_rates,  mli_doctor_updates, mli_doctor_overfit};
    ml_status s = open_doctor(d);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !s && !d->stop; i++)
        s = parts[i](d);
    d->r->complete = !s && !d->stop;
    return s;
}

static void close_doctor(mli_doctor *d)
{
    mli_doctor_state_give_back(&d->state, d->net->params);
    mli_doctor_units_close(d);
    mli_free(d->alike);
    mli_doctor_samples_close(d);
    ml_optim_free(d->optim);
    ml_tape_free(d->tape);
}

ml_status ml_doctor(ml_net *net, const ml_dataset *set, ml_doctor_opts opts, ml_doctor_report *report)
{
    if (!report)
        return mli_fail(ML_EINVAL, "doctor: report is NULL");
    *report = (ml_doctor_report){.lr = NAN, .input_mean = NAN, .input_deviation = NAN, .input_low = NAN, .input_high = NAN,
                                 .target_mean = NAN, .target_deviation = NAN, .largest_share = NAN, .smallest_share = NAN,
                                 .chance_loss = NAN, .frequency_loss = NAN, .first_loss = NAN, .first_accuracy = NAN,
                                 .steps_loss = NAN, .lr_steepest = NAN, .lr_diverged = NAN, .overfit_loss = NAN,
                                 .overfit_lr = NAN};
    if (check(net, set, &opts)) {
        ml_doctor_free(report);
        return ml_error_status();
    }
    mli_doctor d = {.net = net, .set = set, .o = opts, .r = report};
    ml_status s = examine(&d);
    close_doctor(&d);
    if (s)
        ml_doctor_free(report);
    return s;
}

void ml_doctor_free(ml_doctor_report *report)
{
    if (!report)
        return;
    mli_free(report->layers);
    mli_free(report->units);
    mli_free(report->rates);
    *report = (ml_doctor_report){0};
}
