/* rates.c -- the range test: one short training whose learning rate rises by a constant factor at each step.
 *
 *     loss |------.__                     At first nothing happens, then the loss falls, the faster the better the rate,
 *          |         \         |          and in the end the steps are so large that it explodes. A good rate lies where
 *          |          \_     _/           it falls fastest, well below where it explodes.
 *          |            \___/
 *          +-------------------- log lr   Smith 2017, "Cyclical learning rates for training neural networks", section 3.3.
 *
 * Then the rate to judge, of which steps.c has shown what it does: only a rate at which nothing is learnt, beside one at which
 * much is, is called wrong. */
#include "doctor/doctor.h"

#include <math.h>

enum { A_DECADE = 12 }; /* steps */
static const double LOWEST = 1e-6, HIGHEST = 10, FLOOR = 1e-9, CEILING = 1e4;
static const double KEEP = 0.8; /* of the smoothed loss at each step */
static const double EXPLODED = 1.5, FALLEN = 0.8, FAR_BELOW = 0.1;
/* Of what the range test did, a rate that is called too high does less than the first, one called too low less than the second. */
static const double STUCK = 0.1, IDLE = 0.02;

/* Runs the test; the points are smoothed losses, corrected for their start at 0 as Adam's moments are. *last is the raw loss at the
 * end, which may not be finite. */
static ml_status run(mli_doctor *d, double from, int points, double *last)
{
    ml_doctor_report *r = d->r;
    double mean = 0, weight = 0, best = INFINITY;
    if (mli_doctor_restart(d, d->optim, from))
        return ml_error_status();
    for (int i = 0; i < points; i++) {
        double lr = from * pow(10, (double)i / A_DECADE);
        if (ml_set_lr(d->optim, lr) || mli_doctor_fetch(d, i * d->batch, d->batch) ||
            mli_doctor_step(d, d->optim, d->batch, last))
            return ml_error_status();
        if (!isfinite(*last)) {
            r->lr_diverged = lr;
            break;
        }
        mean = KEEP * mean + (1 - KEEP) * *last;
        weight = KEEP * weight + (1 - KEEP);
        r->rates[r->n_rates++] = (ml_doctor_rate){lr, mean / weight};
        best = fmin(best, mean / weight);
        if (mean / weight > EXPLODED * r->rates[0].loss && mean / weight > 4 * best) {
            r->lr_diverged = lr;
            break;
        }
    }
    return ML_OK;
}

static int lowest(const ml_doctor_report *r)
{
    int at = 0;
    for (int i = 1; i < r->n_rates; i++)
        if (r->rates[i].loss < r->rates[at].loss)
            at = i;
    return at;
}

/* Where the smoothed loss falls fastest, over two steps either way, before it is lowest. */
static double steepest(const ml_doctor_report *r)
{
    double fastest = 0, lr = NAN;
    for (int i = 2; i + 2 < r->n_rates && i <= lowest(r); i++) {
        double fall = r->rates[i - 2].loss - r->rates[i + 2].loss;
        if (fall > fastest) {
            fastest = fall;
            lr = r->rates[i].lr;
        }
    }
    return lr;
}

/* Beside what other rates did, which only proves a rate wrong where they have done much. */
static void compare(mli_doctor *d)
{
    const ml_doctor_report *r = d->r;
    ml_doctor_rate best = r->rates[lowest(r)];
    double first = r->first_loss, progress = (first - r->steps_loss) / (first - best.loss);
    if (!(best.loss < FALLEN * first) || !isfinite(r->lr_steepest))
        return;
    if (progress < STUCK && r->lr > best.lr)
        mli_doctor_find(d, ML_DOCTOR_LR_HIGH,
                        "At the rate %.3g the loss goes from %.3g to %.3g in %lld steps; in the range test it fell to "
                        "%.3g, fastest at %.2g.", r->lr, first, r->steps_loss, (long long)r->steps, best.loss, r->lr_steepest);
    else if (progress < IDLE && r->lr < FAR_BELOW * r->lr_steepest)
        mli_doctor_find(d, ML_DOCTOR_LR_LOW,
                        "At the rate %.3g the loss goes from %.3g to %.3g in %lld steps; in the range test it fell to "
                        "%.3g, fastest at %.2g.", r->lr, first, r->steps_loss, (long long)r->steps, best.loss, r->lr_steepest);
}

static void judge(mli_doctor *d)
{
    const ml_doctor_report *r = d->r;
    if (!(r->lr > 0) || r->n_rates == 0)
        return;
    char better[64] = "";
    if (isfinite(r->lr_steepest))
        snprintf(better, sizeof better, "; in the range test it fell fastest at %.2g", r->lr_steepest);
    if (!isfinite(r->steps_loss))
        mli_doctor_find(d, ML_DOCTOR_LR_HIGH,
                        "At the rate %.3g the loss is no longer finite after %lld steps%s.", r->lr,
                        (long long)r->steps, better);
    else if (!r->trained && r->steps_loss > EXPLODED * r->first_loss)
        mli_doctor_find(d, ML_DOCTOR_LR_HIGH,
                        "At the rate %.3g the loss rises from %.3g to %.3g in %lld steps%s.", r->lr,
                        r->first_loss, r->steps_loss, (long long)r->steps, better);
    else if (!r->trained)
        compare(d);
}

ml_status mli_doctor_rates(mli_doctor *d)
{
    double from = fmax(FLOOR, fmin(LOWEST, d->lr / 10)), to = fmin(CEILING, fmax(HIGHEST, 10 * d->lr)), last;
    int points = (int)ceil(A_DECADE * log10(to / from)) + 1;
    if (!(d->r->rates = mli_calloc((size_t)points, sizeof *d->r->rates)))
        return ML_ENOMEM;
    if (run(d, from, points, &last))
        return ml_error_status();
    d->r->lr_steepest = steepest(d->r);
    judge(d);
    return ML_OK;
}
