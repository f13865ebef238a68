/* idx.c -- a folder of IDX files, as MNIST and its kin come, becomes a data set. */
#include "data/dataset.h"

#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

/* The names in use: "train-images-idx3-ubyte" of the original, "train-images.idx3-ubyte" of some copies; gzipped or not. */
static ml_status find_file(char path[PATH], const char *folder, const char *prefix, const char *what, int rank)
{
    static const char *const forms[] = {"%s/%s-%s-idx%d-ubyte", "%s/%s-%s-idx%d-ubyte.gz", "%s/%s-%s.idx%d-ubyte",
                                        "%s/%s-%s.idx%d-ubyte.gz"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        int n = snprintf(path, PATH, forms[i], folder, prefix, what, rank);
        if (n > 0 && n < PATH && access(path, F_OK) == 0)
            return ML_OK;
    }
    return mli_fail(ML_EIO, "%s: no file %s-%s-idx%d-ubyte in it, gzipped or not", folder, prefix, what, rank);
}

static ml_status read_labels(const char *path, int32_t **labels, int64_t *n)
{
    ml_idx idx;
    if (ml_idx_read(path, &idx))
        return ml_error_status();
    ml_status s = ML_OK;
    if (idx.rank != 1)
        s = mli_fail(ML_EFORMAT, "%s: rank %d: labels have rank 1", path, idx.rank);
    else if (!(*labels = mli_alloc((size_t)idx.size * sizeof **labels)))
        s = ML_ENOMEM;
    for (int64_t i = 0; !s && i < idx.size; i++)
        (*labels)[i] = idx.bytes[i];
    *n = idx.size;
    ml_idx_free(&idx);
    return s;
}

/* A test set may lack the last class by chance: the training labels say how many there are, where they lie beside. */
static ml_status classes_of_training(const char *folder, const ml_dataset *ds, int32_t *classes)
{
    char path[PATH];
    int32_t *labels = NULL;
    int64_t n = 0;
    *classes = mli_labels_classes(ds->labels, ds->n);
    if (ds->role == ML_ROLE_TRAIN)
        return ML_OK;
    if (find_file(path, folder, "train", "labels", 1)) {
        ml_error_clear(); /* a folder with a test set alone is fine */
        return ML_OK;
    }
    ml_status s = read_labels(path, &labels, &n);
    if (!s)
        *classes = mli_labels_classes(labels, n);
    mli_free(labels);
    return s;
}

static ml_status read_both(ml_dataset *ds, const char *folder, const char *prefix, int32_t classes)
{
    char images[PATH], labels[PATH];
    struct mli_dataset *self = ds->self;
    int64_t n = 0;
    if (find_file(images, folder, prefix, "images", 3) || find_file(labels, folder, prefix, "labels", 1) ||
        ml_idx_read(images, &self->images) || read_labels(labels, &self->own_labels, &n))
        return ml_error_status();
    const ml_idx *x = &self->images;
    if (x->rank != 3 || x->shape[1] < 1 || x->shape[2] < 1)
        return mli_fail(ML_EFORMAT, "%s: wants images of n x height x width", images);
    if (x->shape[0] != n)
        return mli_fail(ML_EFORMAT, "%s has %lld images, but %s has %lld labels", images, (long long)x->shape[0], labels,
                        (long long)n);
    ds->n = n;
    ds->rank = 3;
    ds->shape[0] = x->shape[1];
    ds->shape[1] = x->shape[2];
    ds->shape[2] = 1;
    ds->features = x->shape[1] * x->shape[2];
    ds->bytes = self->bytes = x->bytes;
    ds->labels = self->own_labels;
    if (classes == 0 && classes_of_training(folder, ds, &classes))
        return ml_error_status();
    ds->classes = classes;
    if (mli_labels_check(labels, ds->labels, n, classes))
        return mli_fail(ML_EFORMAT, "%s", ml_error());
    return ML_OK;
}

ml_dataset *ml_dataset_read_idx(const char *folder, const char *prefix, int32_t classes)
{
    if (!folder || !prefix || classes < 0)
        return mli_null(ML_EINVAL, "read idx: folder and prefix must not be NULL, and classes (%ld) not negative",
                        (long)classes);
    bool train = strcmp(prefix, "train") == 0;
    if (!train && strcmp(prefix, "t10k") != 0)
        return mli_null(ML_EINVAL, "read idx: the prefix is '%s': wants 'train' or 't10k', which say the set's role", prefix);
    ml_dataset *ds = mli_dataset_blank(NULL);
    if (!ds)
        return NULL;
    ds->role = train ? ML_ROLE_TRAIN : ML_ROLE_TEST;
    if (read_both(ds, folder, prefix, classes)) {
        ml_dataset_free(ds);
        return NULL;
    }
    return ds;
}
