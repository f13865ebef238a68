/* modes.c -- training mode and evaluation mode, and what each has to do with the other samples of a batch. */
#include "doctor/doctor.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 8 };
static const double ROUNDING = 1e-3; /* of the largest number: more than another order of sums may change */

/* ---- training ---- */

/* Batch norm of rows takes no batch of one; whether this net has such a thing, forward says. */
static ml_status batch_of_one(mli_doctor *d)
{
    ml_tensor *loss;
    int64_t batch = d->o.batch, rest = d->n % batch;
    bool last = rest == 1 && d->n > batch && !d->o.drop_last;
    if ((batch > 1 && !last) || d->o.mode != ML_TRAIN)
        return ML_OK;
    if (mli_doctor_fetch(d, 0, 1))
        return ml_error_status();
    if (mli_doctor_forward(d, 1, &loss) == ML_OK)
        return ML_OK;
    if (ml_error_status() == ML_ENOMEM)
        return ML_ENOMEM;
    if (batch == 1)
        mli_doctor_find(d, ML_DOCTOR_BATCH_OF_ONE,
                        "Batches are of one sample, and forward cannot take one: %s.", ml_tape_error_text(d->tape));
    else
        mli_doctor_find(d, ML_DOCTOR_BATCH_OF_ONE,
                        "%lld samples in batches of %lld leave a last one of a single sample, and forward cannot "
                        "take it: %s.", (long long)d->n, (long long)batch, ml_tape_error_text(d->tape));
    return ML_OK;
}

/* A tape in eval mode harms only nets for which that makes a difference. */
static ml_status trains_in_eval(mli_doctor *d)
{
    ml_tensor *loss;
    double value[2];
    const ml_mode mode[] = {ML_TRAIN, ML_EVAL};
    if (d->o.mode != ML_EVAL)
        return ML_OK;
    if (mli_doctor_fetch(d, 0, d->batch))
        return ml_error_status();
    for (int k = 0; k < 2; k++) {
        ml_set_mode(d->tape, mode[k]);
        ml_status s = mli_doctor_forward(d, d->batch, &loss);
        ml_set_mode(d->tape, d->o.mode);
        if (s)
            return s;
        value[k] = (double)loss->data[0];
    }
    if (!(fabs(value[0] - value[1]) <= ROUNDING * fabs(value[1])))
        mli_doctor_find(d, ML_DOCTOR_TRAINS_IN_EVAL,
                        "The tape that trains is in eval mode: dropout is off and running statistics stand "
                        "still. The loss of one batch is %.4g in eval mode and %.4g in train mode.", value[1], value[0]);
    return ML_OK;
}

/* ---- evaluation ---- */

static ml_status predict(mli_doctor *d, int64_t n)
{
    return d->o.predict ? d->o.predict(d->o.user, d->net, d->x, n, d->out) : ml_predict(d->net, d->x, n, d->out);
}

/* By how much the n answers in hand differ from others, as a share of the largest of those. */
static double difference(const mli_doctor *d, const ml_real *others, int64_t n)
{
    double most = 0, size = 0;
    for (int64_t i = 0; i < n * d->outputs; i++) {
        const double apart = fabs((double)d->out[i] - (double)others[i]), large = fabs((double)others[i]);
        most = apart > most ? apart : most; /* (gcc 12 for arm64 breaks down over fmax here) */
        size = large > size ? large : size;
    }
    return size > 0 ? most / size : most;
}

/* Twice the same, then with fewer neighbours; answers has room for n. */
static ml_status evaluate(mli_doctor *d, int64_t n, ml_real *answers)
{
    if (predict(d, n))
        return ml_error_status();
    memcpy(answers, d->out, (size_t)(n * d->outputs) * sizeof *answers);
    if (predict(d, n))
        return ml_error_status();
    double again = difference(d, answers, n);
    if (again > ROUNDING) {
        mli_doctor_find(d, ML_DOCTOR_EVAL_RANDOM,
                        "The same %lld samples were evaluated twice, and the answers differ by %.2g of their size.",
                        (long long)n, again);
        return ML_OK;
    }
    for (int64_t few = n / 2; few >= 1; few = few > 1 ? 1 : 0) {
        if (predict(d, few)) {
            if (ml_error_status() == ML_ENOMEM)
                return ML_ENOMEM;
            mli_doctor_find(d, ML_DOCTOR_EVAL_NEIGHBOURS,
                            "%lld samples can be evaluated together, but not %lld: %s.", (long long)n,
                            (long long)few, ml_error());
            return ML_OK;
        }
        double less = difference(d, answers, few);
        if (less > ROUNDING) {
            mli_doctor_find(d, ML_DOCTOR_EVAL_NEIGHBOURS,
                            "A sample's answer differs by %.2g of its size when %lld samples are evaluated "
                            "together instead of %lld.", less, (long long)few, (long long)n);
            return ML_OK;
        }
    }
    return ML_OK;
}

ml_status mli_doctor_modes(mli_doctor *d)
{
    int64_t n = d->n < SAMPLES ? d->n : SAMPLES;
    mli_doctor_rewind(d);
    if (batch_of_one(d) || trains_in_eval(d))
        return ml_error_status();
    mli_doctor_rewind(d);
    ml_real *answers = mli_alloc((size_t)(n * d->outputs) * sizeof *answers);
    ml_status s = answers ? mli_doctor_fetch(d, 0, n) : ML_ENOMEM;
    if (!s)
        s = evaluate(d, n, answers);
    mli_free(answers);
    return s;
}
