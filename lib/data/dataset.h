/* dataset.h -- what lies behind an ml_dataset. Internal. */
#ifndef MLI_DATASET_H
#define MLI_DATASET_H

#include "base/base.h"

#include <mlcore/data.h>
#include <mlcore/io.h>

struct mli_dataset {
    const uint8_t *bytes; /* of the set that everything was read into */
    const int64_t *pick;  /* sample i lies at place pick[i] there; NULL: at place i */
    ml_idx images;        /* owned, where read from a file */
    uint8_t *own_bytes;   /* owned, where copied */
    int32_t *own_labels;
    int64_t *own_pick;
    struct mli_pass *pass; /* NULL before the first */
};

/* A set with its fields copied from `like` (may be NULL) and no samples of its own. NULL where memory lacks. */
ml_dataset *mli_dataset_blank(const ml_dataset *like);

/* Fails, naming `where`, unless all n labels are in 0 .. classes-1. */
ml_status mli_labels_check(const char *where, const int32_t *labels, int64_t n, int32_t classes);
/* The largest label + 1; 1 where there is none. */
int32_t mli_labels_classes(const int32_t *labels, int64_t n);

/* Whether something of this role may be split, and by this fraction; the sentence begins with `where`. */
ml_status mli_split_check(const char *where, ml_role role, double fraction);
/* The order in which n samples are cut in two: the first *n_held of *places (n of them, for mli_free) are held. labels NULL: by
 * chance; else each class keeps its share, as ml_dataset_split_stratified says. */
ml_status mli_split_order(const char *where, int64_t n, const int32_t *labels, int32_t classes, double fraction, uint64_t seed,
                          int64_t **places, int64_t *n_held);

/* The bytes of sample i, ds->features of them. */
const uint8_t *mli_dataset_bytes(const ml_dataset *ds, int64_t i);

/* n bytes to floats: (byte - mean) * scale. (loader.c) */
void mli_bytes_to_real(ml_real *restrict out, const uint8_t *restrict bytes, int64_t n, ml_real mean, ml_real scale);

#endif
