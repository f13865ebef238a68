/* dataset.c -- samples of bytes with labels: the whole set, its first samples, one of them. Splits are in split.c. */
#include "data/dataset.h"
#include "data/loader.h"

#include <string.h>

ml_dataset *mli_dataset_blank(const ml_dataset *like)
{
    ml_dataset *ds = mli_calloc(1, sizeof *ds);
    struct mli_dataset *self = mli_calloc(1, sizeof *self);
    if (!ds || !self) {
        mli_free(ds);
        mli_free(self);
        return NULL;
    }
    if (like) {
        *ds = *like;
        self->bytes = like->self->bytes;
        self->pick = like->self->pick;
    } else {
        ds->scale = 1.0 / 255;
    }
    ds->self = self;
    return ds;
}

int32_t mli_labels_classes(const int32_t *labels, int64_t n)
{
    int32_t largest = 0;
    for (int64_t i = 0; i < n; i++)
        if (labels[i] > largest)
            largest = labels[i];
    return largest < INT32_MAX ? largest + 1 : largest;
}

ml_status mli_labels_check(const char *where, const int32_t *labels, int64_t n, int32_t classes)
{
    for (int64_t i = 0; i < n; i++)
        if (labels[i] < 0 || labels[i] >= classes)
            return mli_fail(ML_EINVAL, "%s: label %ld of sample %lld is outside 0 .. %ld, the %ld classes", where,
                            (long)labels[i], (long long)i, (long)classes - 1, (long)classes);
    return ML_OK;
}

ml_dataset *ml_dataset_new(int64_t n, int rank, const int64_t *sample_shape, const uint8_t *bytes,
                           const int32_t *labels, int32_t classes)
{
    int64_t shape[ML_MAX_RANK], total;
    if (n < 0 || rank < 1 || rank >= ML_MAX_RANK || !sample_shape || classes < 0 || (n > 0 && (!bytes || !labels)))
        return mli_null(ML_EINVAL, "dataset: %lld samples of rank %d with %ld classes: wants n >= 0, a rank of 1 to %d, "
                        "classes >= 0, bytes and labels", (long long)n, rank, (long)classes, ML_MAX_RANK - 1);
    shape[0] = n;
    memcpy(shape + 1, sample_shape, (size_t)rank * sizeof *shape);
    if (!mli_shape_size(rank + 1, shape, &total))
        return mli_null(ML_EINVAL, "dataset: the shape of a sample has a negative or too large extent");
    if (classes == 0)
        classes = mli_labels_classes(labels, n);
    if (mli_labels_check("dataset", labels, n, classes))
        return NULL;

    ml_dataset *ds = mli_dataset_blank(NULL);
    if (!ds)
        return NULL;
    struct mli_dataset *self = ds->self;
    self->own_bytes = mli_alloc((size_t)total);
    self->own_labels = mli_alloc((size_t)n * sizeof *labels);
    if (!self->own_bytes || !self->own_labels) {
        ml_dataset_free(ds);
        return NULL;
    }
    if (n > 0) {
        memcpy(self->own_bytes, bytes, (size_t)total);
        memcpy(self->own_labels, labels, (size_t)n * sizeof *labels);
    }
    ds->n = n;
    ds->rank = rank;
    ds->features = 1;
    for (int i = 0; i < rank; i++)
        ds->features *= ds->shape[i] = sample_shape[i];
    ds->classes = classes;
    ds->bytes = self->bytes = self->own_bytes;
    ds->labels = self->own_labels;
    return ds;
}

void ml_dataset_free(ml_dataset *ds)
{
    if (!ds)
        return;
    struct mli_dataset *self = ds->self;
    mli_pass_free(self->pass); /* first: its workers read what follows */
    ml_idx_free(&self->images);
    mli_free(self->own_bytes);
    mli_free(self->own_labels);
    mli_free(self->own_pick);
    mli_free(self);
    mli_free(ds);
}

const uint8_t *mli_dataset_bytes(const ml_dataset *ds, int64_t i)
{
    const struct mli_dataset *self = ds->self;
    return self->bytes + (self->pick ? self->pick[i] : i) * ds->features;
}

ml_dataset *ml_dataset_head(const ml_dataset *ds, int64_t n)
{
    if (!ds)
        return mli_null(ML_EINVAL, "head: ds is NULL");
    if (n < 0 || n > ds->n)
        return mli_null(ML_EINVAL, "head: the first %lld samples of a set of %lld", (long long)n, (long long)ds->n);
    ml_dataset *p = mli_dataset_blank(ds);
    if (p)
        p->n = n;
    return p;
}

ml_status ml_dataset_sample(const ml_dataset *ds, int64_t i, ml_real *out, int32_t *label)
{
    if (!ds || !out)
        return mli_fail(ML_EINVAL, "sample: ds and out must not be NULL");
    if (i < 0 || i >= ds->n)
        return mli_fail(ML_EINVAL, "sample: number %lld of a set of %lld", (long long)i, (long long)ds->n);
    if (label)
        *label = ds->labels[i];
    mli_bytes_to_real(out, mli_dataset_bytes(ds, i), ds->features, (ml_real)ds->mean, (ml_real)ds->scale);
    return ML_OK;
}
