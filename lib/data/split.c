/* split.c -- a set in two parts, by chance, or by chance within each class.
 *
 * Bytes are copied never: a part is a list of places in the set it came from.
 */
#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>

ml_status mli_split_check(const char *where, ml_role role, double fraction)
{
    if (role == ML_ROLE_TEST)
        return mli_fail(ML_EINVAL, "%s: this is a TEST set: training or choosing on what comes out of it leaks the "
                        "answers into the model, and its test score no longer says how it does on new data", where);
    if (!(fraction > 0 && fraction < 1))
        return mli_fail(ML_EINVAL, "%s: fraction is %g, not between 0 and 1", where, fraction);
    return ML_OK;
}

/* Places 0 .. n-1 in the order that the seed gives; NULL where memory lacks. */
static int64_t *shuffled(int64_t n, uint64_t seed)
{
    int64_t *places = mli_alloc((size_t)n * sizeof *places);
    if (!places)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        places[i] = i;
    ml_rng rng = ml_rng_seed(seed);
    ml_rng_shuffle(&rng, places, n);
    return places;
}

/* ---- stratified ---- */

/* One class: its samples, and how many of them are held. */
typedef struct share {
    int64_t n, held;
    double remainder; /* what rounding down took away */
    int32_t label;
} share;

/* Samples of each of `count` classes; NULL with the error set. */
static share *count_classes(const char *where, int64_t n, const int32_t *labels, int32_t count)
{
    enum { FEW = 1 << 16 };
    if (count > n && count > FEW) /* memory goes with the samples there are, not with the labels' values */
        return mli_null(ML_EINVAL, "%s: %ld classes for %lld samples: number the labels 0, 1, 2, ... without large gaps", where,
                        (long)count, (long long)n);
    share *classes = mli_calloc((size_t)count, sizeof *classes);
    for (int64_t i = 0; classes && i < n; i++)
        classes[labels[i]].n++;
    for (int32_t k = 0; classes && k < count; k++)
        classes[k].label = k;
    return classes;
}

static int by_remainder(const void *a, const void *b)
{
    const share *x = a, *y = b;
    if (x->remainder != y->remainder)
        return x->remainder < y->remainder ? 1 : -1;
    return x->label < y->label ? -1 : x->label > y->label;
}

static int by_label(const void *a, const void *b)
{
    const share *x = a, *y = b;
    return x->label < y->label ? -1 : x->label > y->label;
}

/* Hamilton's method of 1792, for seats in a parliament: everybody the whole part of what is due, and what is then left over,
 * one each, to those with the largest remainders. Returns how many are held in all. */
static int64_t apportion(share *classes, int32_t count, double fraction, int64_t total)
{
    int64_t given = 0;
    for (share *c = classes; c < classes + count; c++) {
        const double due = (double)c->n * fraction;
        c->held = (int64_t)due;
        c->remainder = due - (double)c->held;
        given += c->held;
    }
    qsort(classes, (size_t)count, sizeof *classes, by_remainder);
    for (share *c = classes; c < classes + count && given < total; c++)
        if (c->remainder > 0 && c->held + 1 < c->n) { /* one at least stays */
            c->held++;
            given++;
        }
    qsort(classes, (size_t)count, sizeof *classes, by_label);
    return given;
}

/* Moves the first share of each class to the front; both parts keep the order of the shuffle. */
static void gather_held(int64_t *out, const int64_t *places, int64_t n, const int32_t *labels, share *classes, int64_t n_held)
{
    int64_t held = 0, rest = n_held;
    for (int64_t i = 0; i < n; i++) {
        share *c = &classes[labels[places[i]]];
        if (c->held > 0) {
            c->held--;
            out[held++] = places[i];
        } else {
            out[rest++] = places[i];
        }
    }
}

/* The places of a shuffle, by class, into *out; classes NULL: as they are. */
static ml_status in_order(const char *where, int64_t n, const int32_t *labels, share *classes, int32_t count, double fraction,
                          uint64_t seed, int64_t **out, int64_t *n_held)
{
    const int64_t due = llround((double)n * fraction);
    *n_held = classes ? apportion(classes, count, fraction, due) : due;
    if (*n_held < 1 || *n_held >= n)
        return mli_fail(ML_EINVAL, "%s: %g of %lld samples%s is %lld: one part would be empty", where, fraction, (long long)n,
                        classes ? ", stratified," : "", (long long)*n_held);
    *out = shuffled(n, seed);
    int64_t *ordered = *out && classes ? mli_alloc((size_t)n * sizeof *ordered) : NULL;
    if (ordered) {
        gather_held(ordered, *out, n, labels, classes, *n_held);
        mli_free(*out);
        *out = ordered;
    }
    return *out && (ordered || !classes) ? ML_OK : ML_ENOMEM;
}

ml_status mli_split_order(const char *where, int64_t n, const int32_t *labels, int32_t classes, double fraction, uint64_t seed,
                          int64_t **places, int64_t *n_held)
{
    share *shares = labels ? count_classes(where, n, labels, classes) : NULL;
    *places = NULL;
    ml_status s = labels && !shares ? ml_error_status() : ML_OK;
    if (!s)
        s = in_order(where, n, labels, shares, classes, fraction, seed, places, n_held);
    mli_free(shares);
    if (s) {
        mli_free(*places);
        *places = NULL;
    }
    return s;
}

/* ---- of a data set ---- */

/* The samples of ds at places[0 .. n-1], as a set of its own with a role. */
static ml_dataset *part(const ml_dataset *ds, const int64_t *places, int64_t n, ml_role role)
{
    ml_dataset *p = mli_dataset_blank(ds);
    if (!p)
        return NULL;
    struct mli_dataset *self = p->self;
    self->own_pick = mli_alloc((size_t)n * sizeof *places);
    self->own_labels = mli_alloc((size_t)n * sizeof *p->labels);
    if (!self->own_pick || !self->own_labels) {
        ml_dataset_free(p);
        return NULL;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t at = places[i];
        self->own_pick[i] = ds->self->pick ? ds->self->pick[at] : at; /* a part of a part looks into the whole */
        self->own_labels[i] = ds->labels[at];
    }
    self->pick = self->own_pick;
    p->n = n;
    p->role = role;
    p->bytes = NULL; /* the samples lie scattered */
    p->labels = self->own_labels;
    return p;
}

/* The first n_held places become *held, the others *rest. */
static ml_status cut(const ml_dataset *ds, const int64_t *places, int64_t n_held, ml_role held_role, ml_dataset **rest,
                     ml_dataset **held)
{
    *held = part(ds, places, n_held, held_role);
    *rest = part(ds, places + n_held, ds->n - n_held, ML_ROLE_TRAIN);
    if (*held && *rest)
        return ML_OK;
    ml_dataset_free(*held);
    ml_dataset_free(*rest);
    *held = *rest = NULL;
    return ML_ENOMEM;
}

/* Both splits; labels NULL: by chance alone. */
static ml_status split(const ml_dataset *ds, const int32_t *labels, double fraction, uint64_t seed, ml_role held_role,
                       ml_dataset **rest, ml_dataset **held)
{
    int64_t *places, n_held;
    if (rest)
        *rest = NULL;
    if (held)
        *held = NULL;
    if (!ds || !rest || !held)
        return mli_fail(ML_EINVAL, "split: ds, rest and held must not be NULL");
    if (mli_split_check("split", ds->role, fraction) ||
        mli_split_order("split", ds->n, labels, ds->classes, fraction, seed, &places, &n_held))
        return ml_error_status();
    ml_status s = cut(ds, places, n_held, held_role, rest, held);
    mli_free(places);
    return s;
}

ml_status ml_dataset_split(const ml_dataset *ds, double fraction, uint64_t seed, ml_role held_role,
                           ml_dataset **rest, ml_dataset **held)
{
    return split(ds, NULL, fraction, seed, held_role, rest, held);
}

ml_status ml_dataset_split_stratified(const ml_dataset *ds, double fraction, uint64_t seed, ml_role held_role,
                                      ml_dataset **rest, ml_dataset **held)
{
    return split(ds, ds ? ds->labels : NULL, fraction, seed, held_role, rest, held);
}

ml_status ml_class_weights(const ml_dataset *ds, double *weights)
{
    if (!ds || !weights)
        return mli_fail(ML_EINVAL, "class weights: ds and weights must not be NULL");
    share *classes = count_classes("class weights", ds->n, ds->labels, ds->classes);
    if (!classes)
        return ml_error_status();
    int64_t present = 0;
    for (int32_t k = 0; k < ds->classes; k++)
        present += classes[k].n > 0;
    for (int64_t i = 0; i < ds->n; i++)
        weights[i] = (double)ds->n / ((double)present * (double)classes[ds->labels[i]].n);
    mli_free(classes);
    return ML_OK;
}
