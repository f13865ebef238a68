/* labels.c -- labels and targets: in range, not all the same, not nearly all the same. */
#include "doctor/doctor.h"

#include <math.h>

enum { ENOUGH = 50 }; /* samples a class, on average: one without any is missing, not rare */
static const double NEARLY_ALL = 0.9, LARGE = 100, SMALL = 0.01;

/* ---- classes ---- */

static bool range(mli_doctor *d, ml_ints label)
{
    for (int64_t i = 0; i < label.n; i++)
        if (label.v[i] < 0 || label.v[i] >= d->outputs) {
            mli_doctor_find(d, ML_DOCTOR_LABELS_RANGE,
                            "Label %ld of sample %lld is outside 0 .. %lld: the net has %lld output%s.",
                            (long)label.v[i], (long long)i, (long long)d->outputs - 1, (long long)d->outputs,
                            d->outputs == 1 ? "" : "s");
            return false;
        }
    return true;
}

/* counts of 0 .. classes-1, the first and the last of which may be 0 */
static void judge_counts(mli_doctor *d, const int64_t *counts, int64_t classes, int64_t n)
{
    ml_doctor_report *r = d->r;
    int64_t largest = 0, missing = -1, smallest = n;
    r->frequency_loss = 0;
    for (int64_t k = 0; k < classes; k++) {
        double share = (double)counts[k] / (double)n;
        largest = counts[k] > counts[largest] ? k : largest;
        if (!counts[k]) {
            missing = missing < 0 ? k : missing;
            continue;
        }
        smallest = counts[k] < smallest ? counts[k] : smallest;
        r->frequency_loss -= share * log(share);
    }
    r->largest_share = (double)counts[largest] / (double)n;
    r->smallest_share = (double)smallest / (double)n;
    if (counts[largest] == n)
        mli_doctor_find(d, ML_DOCTOR_LABELS_CONSTANT, "All %lld labels are %lld.", (long long)n, (long long)largest);
    else if (r->largest_share >= NEARLY_ALL)
        mli_doctor_find(d, ML_DOCTOR_LABELS_UNBALANCED,
                        "%.1f %% of %lld labels are %lld: who always says %lld is right as often.",
                        100 * r->largest_share, (long long)n, (long long)largest, (long long)largest);
    if (missing >= 0 && counts[largest] < n && n >= ENOUGH * classes)
        mli_doctor_find(d, ML_DOCTOR_LABELS_MISSING,
                        "Class %lld of 0 .. %lld has not one of %lld samples%s", (long long)missing,
                        (long long)classes - 1, (long long)n, missing == 0 ? ": do the labels count from 1?" : ".");
}

static ml_status classes(mli_doctor *d, ml_ints label)
{
    int64_t last = 0;
    d->r->classes = d->outputs;
    d->r->chance_loss = log((double)d->outputs);
    if ((d->stop = !range(d, label)))
        return ML_OK;
    for (int64_t i = 0; i < label.n; i++)
        last = label.v[i] > last ? label.v[i] : last;
    if (d->set && d->set->classes > last && d->set->classes <= d->outputs)
        last = d->set->classes - 1;
    int64_t *counts = mli_calloc((size_t)last + 1, sizeof *counts);
    if (!counts)
        return ML_ENOMEM;
    for (int64_t i = 0; i < label.n; i++)
        counts[label.v[i]]++;
    judge_counts(d, counts, last + 1, label.n);
    mli_free(counts);
    return ML_OK;
}

/* ---- numbers ---- */

static double target_at(const mli_doctor *d, ml_ints label, int64_t i)
{
    return d->o.target ? (double)d->o.target->data[i] : (double)label.v[i];
}

static bool allowed(const mli_doctor *d, double v)
{
    return d->o.loss == ML_DOCTOR_BCE ? v >= 0 && v <= 1 : isfinite(v);
}

static void targets(mli_doctor *d, ml_ints label)
{
    ml_doctor_report *r = d->r;
    double sum = 0, square = 0, low = INFINITY, high = -INFINITY;
    int64_t n = d->n * d->target_size;
    for (int64_t i = 0; i < n; i++) {
        double v = target_at(d, label, i);
        if ((d->stop = !allowed(d, v))) {
            mli_doctor_find(d, ML_DOCTOR_LABELS_RANGE,
                            "Target %lld of sample %lld is %g%s.", (long long)(i % d->target_size),
                            (long long)(i / d->target_size), v, isfinite(v) ? ": this loss takes numbers from 0 to 1" : "");
            return;
        }
        sum += v;
        square += v * v;
        low = fmin(low, v);
        high = fmax(high, v);
    }
    r->target_mean = sum / (double)n;
    r->target_deviation = sqrt(fmax(0, square / (double)n - r->target_mean * r->target_mean));
    bool bce = d->o.loss == ML_DOCTOR_BCE;
    double p = r->target_mean, rms = sqrt(square / (double)n), more = fmax(p, 1 - p);
    r->chance_loss = bce ? log(2) : square / (double)n;
    r->frequency_loss = !bce ? r->target_deviation * r->target_deviation : more < 1 ? -p * log(p) - (1 - p) * log(1 - p) : 0;
    if (low == high)
        mli_doctor_find(d, ML_DOCTOR_LABELS_CONSTANT, "All %lld targets are %.4g.", (long long)n, low);
    else if (bce && d->target_size == 1 && more >= NEARLY_ALL)
        mli_doctor_find(d, ML_DOCTOR_LABELS_UNBALANCED,
                        "%.1f %% of %lld targets are %d: who always says %d is right as often.", 100 * more,
                        (long long)n, p > 0.5, p > 0.5);
    else if (!bce && (rms > LARGE || rms < SMALL))
        mli_doctor_find(d, ML_DOCTOR_TARGETS_SCALE,
                        "The targets lie between %.4g and %.4g, their root mean square is %.3g.", low, high, rms);
}

ml_status mli_doctor_labels(mli_doctor *d)
{
    ml_ints label = d->set ? (ml_ints){d->set->labels, d->set->n} : d->o.label;
    if (d->o.loss == ML_DOCTOR_CROSS_ENTROPY && label.v)
        return classes(d, label);
    if (d->target_size && d->o.loss != ML_DOCTOR_OTHER)
        targets(d, label);
    return ML_OK;
}
