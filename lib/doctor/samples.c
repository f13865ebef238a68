/* samples.c -- samples in a random order, read beside any pass over the set. */
#include "doctor/doctor.h"

#include <string.h>

/* Numbers of one sample's target: those that were given, or the label as a number. */
static int64_t target_size(const mli_doctor *d)
{
    if (d->o.target)
        return d->o.target->size / d->n;
    return d->o.loss == ML_DOCTOR_BCE || d->o.loss == ML_DOCTOR_MSE;
}

ml_status mli_doctor_samples_open(mli_doctor *d)
{
    const size_t room = (size_t)d->room, features = (size_t)d->features;
    d->target_size = target_size(d);
    d->order = mli_alloc((size_t)d->n * sizeof *d->order);
    d->x = mli_alloc(room * features * sizeof *d->x);
    d->target = mli_alloc(room * (size_t)d->target_size * sizeof *d->target);
    d->out = mli_alloc(room * (size_t)d->outputs * sizeof *d->out);
    d->label = mli_calloc(room, sizeof *d->label);
    if (!d->order || !d->x || !d->target || !d->out || !d->label)
        return ML_ENOMEM;
    ml_rng rng = ml_rng_seed(d->o.seed);
    for (int64_t i = 0; i < d->n; i++)
        d->order[i] = i;
    ml_rng_shuffle(&rng, d->order, d->n);
    return ML_OK;
}

void mli_doctor_samples_close(mli_doctor *d)
{
    mli_free(d->order);
    mli_free(d->x);
    mli_free(d->target);
    mli_free(d->out);
    mli_free(d->label);
}

static const int32_t *label_of(const mli_doctor *d, int64_t i)
{
    const int32_t *labels = d->set ? d->set->labels : d->o.label.v;
    return labels ? labels + i : NULL;
}

/* Puts sample i at place k of those in hand. */
static ml_status put(mli_doctor *d, int64_t k, int64_t i)
{
    ml_real *x = d->x + k * d->features, *target = d->target + k * d->target_size;
    const int32_t *label = label_of(d, i);
    if (d->set && ml_dataset_sample(d->set, i, x, NULL))
        return ml_error_status();
    if (!d->set)
        memcpy(x, d->o.x->data + i * d->features, (size_t)d->features * sizeof *x);
    d->label[k] = label ? *label : 0;
    if (d->o.target)
        memcpy(target, d->o.target->data + i * d->target_size, (size_t)d->target_size * sizeof *target);
    else if (d->target_size)
        *target = (ml_real)d->label[k];
    return ML_OK;
}

ml_status mli_doctor_fetch(mli_doctor *d, int64_t first, int64_t n)
{
    ml_status s = ML_OK;
    for (int64_t k = 0; k < n && !s; k++)
        s = put(d, k, d->order[(first + k) % d->n]);
    return s;
}

ml_status mli_doctor_fetch_these(mli_doctor *d, const int64_t *index, int64_t n)
{
    ml_status s = ML_OK;
    for (int64_t k = 0; k < n && !s; k++)
        s = put(d, k, index[k]);
    return s;
}
