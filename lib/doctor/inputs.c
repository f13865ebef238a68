/* inputs.c -- the inputs: finite, of about unit size, not all the same. */
#include "doctor/doctor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK = 1024,      /* samples */
    FEW_FEATURES = 64 /* a table: each column was meant to say something */
};
/* Data between 0 and 1 and standardised data are both well within; bytes, whose root mean square is about a hundred, are not. */
static const double LARGE = 10, SMALL = 0.01, APART = 1000, MOST = 0.9;

/* Sums over the samples looked at, and for each feature. */
typedef struct tally {
    double *square;    /* of each feature */
    bool *varies;      /* of each feature: not the same in all samples */
    ml_real *first;    /* sample */
    double sum, sum_square, low, high;
    int64_t samples, blank;
} tally;

static void tally_close(tally *c)
{
    mli_free(c->square);
    mli_free(c->varies);
    mli_free(c->first);
}

static ml_status tally_open(tally *c, int64_t features)
{
    *c = (tally){.low = INFINITY, .high = -INFINITY};
    c->square = mli_calloc((size_t)features, sizeof *c->square);
    c->varies = mli_calloc((size_t)features, sizeof *c->varies);
    c->first = mli_alloc((size_t)features * sizeof *c->first);
    return c->square && c->varies && c->first ? ML_OK : ML_ENOMEM;
}

static void count(tally *c, const ml_real *x, int64_t features)
{
    bool blank = true;
    if (c->samples++ == 0)
        memcpy(c->first, x, (size_t)features * sizeof *x);
    for (int64_t f = 0; f < features; f++) {
        double v = (double)x[f];
        c->sum += v;
        c->sum_square += v * v;
        c->square[f] += v * v;
        c->low = fmin(c->low, v);
        c->high = fmax(c->high, v);
        c->varies[f] |= x[f] != c->first[f];
        blank &= x[f] == x[0];
    }
    c->blank += blank;
}

/* ---- what is wrong ---- */

/* The whole of a tensor; of a set, whose bytes are finite, its mean and scale. */
static void not_finite(mli_doctor *d)
{
    const ml_tensor *x = d->o.x;
    if (d->set && !(isfinite(d->set->mean) && isfinite(d->set->scale)))
        mli_doctor_find(d, ML_DOCTOR_INPUTS_NOT_FINITE,
                        "The set's mean is %g and its scale %g: all inputs become NaN or infinite.",
                        d->set->mean, d->set->scale);
    for (int64_t i = 0; !d->set && i < x->size; i++)
        if (!isfinite(x->data[i])) {
            mli_doctor_find(d, ML_DOCTOR_INPUTS_NOT_FINITE,
                            "Input %lld of sample %lld is %g.", (long long)(i % d->features),
                            (long long)(i / d->features), (double)x->data[i]);
            return;
        }
}

static void scale(mli_doctor *d, const tally *c)
{
    const ml_doctor_report *r = d->r;
    double rms = sqrt(c->sum_square / ((double)c->samples * (double)d->features));
    if (rms > LARGE)
        mli_doctor_find(d, ML_DOCTOR_INPUTS_SCALE,
                        "The inputs lie between %.4g and %.4g, their root mean square is %.4g%s.", r->input_low,
                        r->input_high, rms, r->input_low >= 0 && r->input_high == 255 ? ": bytes as they are" : "");
    else if (rms < SMALL)
        mli_doctor_find(d, ML_DOCTOR_INPUTS_SCALE,
                        "The inputs lie between %.4g and %.4g, their root mean square is %.2g: almost nothing.",
                        r->input_low, r->input_high, rms);
    else if (fabs(r->input_mean) > LARGE * r->input_deviation)
        mli_doctor_find(d, ML_DOCTOR_INPUTS_SCALE,
                        "The inputs have mean %.4g and deviation %.2g: what differs between them is small "
                        "beside what they share.", r->input_mean, r->input_deviation);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Of rows of features: the largest column beside the middle one. Sorts c->square. */
static void columns(mli_doctor *d, tally *c)
{
    int64_t at = 0;
    for (int64_t f = 1; f < d->features; f++)
        if (c->square[f] > c->square[at])
            at = f;
    double largest = sqrt(c->square[at] / (double)c->samples);
    qsort(c->square, (size_t)d->features, sizeof *c->square, by_size);
    double middle = sqrt(c->square[d->features / 2] / (double)c->samples);
    if (d->features > 1 && middle > 0 && largest > APART * middle)
        mli_doctor_find(d, ML_DOCTOR_FEATURES_SCALE,
                        "Feature %lld has a root mean square of %.3g, the one in the middle %.3g: the net "
                        "sees little but this feature.", (long long)at, largest, middle);
}

static void constants(mli_doctor *d, const tally *c)
{
    int64_t constant = 0, first = -1;
    for (int64_t f = 0; f < d->features; f++)
        if (!c->varies[f]) {
            first = first < 0 ? f : first;
            constant++;
        }
    bool table = d->r->input_low < d->r->input_high && d->features <= FEW_FEATURES && c->samples >= 32;
    if (constant == d->features && c->samples > 1)
        mli_doctor_find(d, ML_DOCTOR_INPUTS_CONSTANT,
                        "All %lld samples looked at are the same.", (long long)c->samples);
    else if (constant && (table || ((double)constant > MOST * (double)d->features && c->samples >= 256)))
        mli_doctor_find(d, ML_DOCTOR_FEATURES_CONSTANT,
                        "%lld of %lld features are the same in all %lld samples looked at; the first is "
                        "feature %lld, always %.4g.", (long long)constant, (long long)d->features, (long long)c->samples,
                        (long long)first, (double)c->first[first]);
}

static void judge(mli_doctor *d, tally *c)
{
    int rank = d->set ? d->set->rank : d->o.x->rank - 1;
    double numbers = (double)c->samples * (double)d->features;
    d->r->input_mean = c->sum / numbers;
    d->r->input_deviation = sqrt(fmax(0, c->sum_square / numbers - d->r->input_mean * d->r->input_mean));
    d->r->input_low = c->low;
    d->r->input_high = c->high;
    constants(d, c);
    if (mli_doctor_found(d, ML_DOCTOR_INPUTS_CONSTANT))
        return;
    scale(d, c);
    if (rank >= 2 && d->features >= 16 && c->blank * 100 >= c->samples)
        mli_doctor_find(d, ML_DOCTOR_PICTURES_BLANK,
                        "%lld of %lld pictures looked at have a single colour.", (long long)c->blank,
                        (long long)c->samples);
    if (rank == 1)
        columns(d, c);
}

ml_status mli_doctor_inputs(mli_doctor *d)
{
    tally c;
    not_finite(d);
    if ((d->stop = mli_doctor_found(d, ML_DOCTOR_INPUTS_NOT_FINITE)))
        return ML_OK;
    ml_status s = tally_open(&c, d->features);
    for (int64_t i = 0; i < d->n && i < LOOK && !s; i++) {
        s = mli_doctor_fetch(d, i, 1);
        if (!s)
            count(&c, d->x, d->features);
    }
    if (!s)
        judge(d, &c);
    tally_close(&c);
    return s;
}
