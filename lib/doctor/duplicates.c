/* duplicates.c -- equal samples: with different labels, and in training and validation both. */
#include "doctor/doctor.h"

#include "data/dataset.h"

#include <string.h>

enum { LEAST_FEATURES = 16 }; /* of fewer bytes, equal samples are no wonder */
static const int64_t MOST_BYTES = (int64_t)1 << 30; /* of a set; of a larger one the first samples */

/* An open hash table of sample numbers + 1, by the sample's bytes; 0 is an empty place. */
typedef struct table {
    const ml_dataset *set;
    int64_t n; /* samples looked at */
    int64_t *place;
    uint64_t mask;
} table;

/* Fowler, Noll and Vo's FNV-1a, of 64 bits. */
static uint64_t hash(const uint8_t *bytes, int64_t n)
{
    uint64_t h = 14695981039346656037u;
    for (int64_t i = 0; i < n; i++)
        h = (h ^ bytes[i]) * 1099511628211u;
    return h;
}

static int64_t looked_at(const ml_dataset *set)
{
    int64_t most = MOST_BYTES / set->features;
    return set->n < most ? set->n : most;
}

/* Where a sample with these bytes is, or the empty place where it would be. */
static int64_t *find(const table *t, const uint8_t *bytes)
{
    const size_t size = (size_t)t->set->features;
    uint64_t at = hash(bytes, t->set->features) & t->mask;
    while (t->place[at] && memcmp(mli_dataset_bytes(t->set, t->place[at] - 1), bytes, size) != 0)
        at = (at + 1) & t->mask;
    return &t->place[at];
}

static bool open_table(table *t, const ml_dataset *set)
{
    uint64_t places = 16;
    *t = (table){.set = set, .n = looked_at(set)};
    while (places < 2 * (uint64_t)t->n)
        places *= 2;
    t->mask = places - 1;
    return (t->place = mli_calloc((size_t)places, sizeof *t->place)) != NULL;
}

/* Fills the table with the first of equal samples. */
static void contradictions(mli_doctor *d, const table *t)
{
    const int32_t *label = d->set->labels;
    int64_t count = 0, one = 0, other = 0;
    for (int64_t i = 0; i < t->n; i++) {
        int64_t *place = find(t, mli_dataset_bytes(d->set, i));
        if (!*place) {
            *place = i + 1;
        } else if (label[*place - 1] != label[i] && count++ == 0) {
            one = *place - 1;
            other = i;
        }
    }
    if (count * 100 >= t->n)
        mli_doctor_find(d, ML_DOCTOR_LABELS_CONTRADICT,
                        "%lld of %lld samples equal an earlier one that has another label: samples %lld and "
                        "%lld are equal, their labels are %ld and %ld.", (long long)count, (long long)t->n, (long long)one,
                        (long long)other, (long)label[one], (long)label[other]);
}

static void leak(mli_doctor *d, const table *t)
{
    const ml_dataset *held = d->o.validation;
    int64_t count = 0, one = 0, other = 0, n = looked_at(held);
    for (int64_t i = 0; i < n; i++) {
        int64_t place = *find(t, mli_dataset_bytes(held, i));
        if (place && count++ == 0) {
            one = i;
            other = place - 1;
        }
    }
    if (n && count * 100 >= n)
        mli_doctor_find(d, ML_DOCTOR_VALIDATION_LEAK,
                        "%lld of %lld validation samples are in the training set, too: number %lld there "
                        "is number %lld here.", (long long)count, (long long)n, (long long)one, (long long)other);
}

ml_status mli_doctor_duplicates(mli_doctor *d)
{
    table t;
    const bool labelled = d->o.loss == ML_DOCTOR_CROSS_ENTROPY;
    if (!d->set || d->features < LEAST_FEATURES || mli_doctor_found(d, ML_DOCTOR_INPUTS_CONSTANT))
        return ML_OK;
    if (!open_table(&t, d->set))
        return ML_ENOMEM;
    if (labelled || d->o.validation)
        contradictions(d, &t);
    if (d->o.validation)
        leak(d, &t);
    mli_free(t.place);
    return ML_OK;
}
