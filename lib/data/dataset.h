/* dataset.h -- what lies behind an ml_dataset. Internal. */
#ifndef MLI_DATASET_H
#define MLI_DATASET_H

#include "base/base.h"

#include <mlcore/data.h>
#include <mlcore/io.h>

/* The state of one pass, and the buffers that every pass uses again. */
typedef struct mli_pass {
    ml_dataset *ds;
    uint64_t number;    /* which pass this is: a loader of an earlier one has ended */
    int64_t batch;      /* samples in a full batch */
    int64_t end;        /* samples this pass will hand out */
    int64_t at;         /* samples handed out */
    int64_t index, count;
    bool shuffled;
    int64_t *order;     /* n positions, made by the first shuffled pass */
    ml_tensor *x;       /* room for `room` samples */
    int32_t *labels;
    int64_t room;
} mli_pass;

struct mli_dataset {
    const uint8_t *bytes; /* of the set that everything was read into */
    const int64_t *pick;  /* sample i lies at place pick[i] there; NULL: at place i */
    ml_idx images;        /* owned, where read from a file */
    uint8_t *own_bytes;   /* owned, where copied */
    int32_t *own_labels;
    int64_t *own_pick;
    mli_pass pass;
};

/* A set with its fields copied from `like` (may be NULL) and no samples of its own. NULL where memory lacks. */
ml_dataset *mli_dataset_blank(const ml_dataset *like);

/* Fails, naming `where`, unless all n labels are in 0 .. classes-1. */
ml_status mli_labels_check(const char *where, const int32_t *labels, int64_t n, int32_t classes);
/* The largest label + 1; 1 where there is none. */
int32_t mli_labels_classes(const int32_t *labels, int64_t n);

/* The bytes of sample i, ds->features of them. */
const uint8_t *mli_dataset_bytes(const ml_dataset *ds, int64_t i);
/* Samples order[0 .. n-1] (or from, from+1, ... where order is NULL) as floats to out, row after row. */
ml_status mli_dataset_gather(const ml_dataset *ds, const int64_t *order, int64_t from, int64_t n, ml_real *out);

/* n bytes to floats: (byte - mean) * scale. */
void mli_bytes_to_real(ml_real *restrict out, const uint8_t *restrict bytes, int64_t n, ml_real mean, ml_real scale);

#endif
