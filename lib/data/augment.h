/* augment.h -- pictures changed at random. Internal; the options are in <mlcore/data.h>. */
#ifndef MLI_AUGMENT_H
#define MLI_AUGMENT_H

#include "base/base.h"

#include <mlcore/data.h>

/* Options for pictures of one size, looked through. */
typedef struct mli_augment {
    ml_augment_opts opts;
    int64_t h, w, channels;
    double step;           /* between the nodes of the elastic field, pixels */
    int64_t rows, columns; /* of nodes */
} mli_augment;

bool mli_augment_wanted(const ml_augment_opts *opts);
/* Fails, naming the option, where one is wrong or ds has no pictures. */
ml_status mli_augment_init(mli_augment *a, const ml_dataset *ds, const ml_augment_opts *opts);
/* Bytes that mli_augment_picture needs beside the picture. */
size_t mli_augment_scratch(const mli_augment *a);
/* One picture; what happens to it is a function of rng alone. */
void mli_augment_picture(const mli_augment *a, uint8_t *out, const uint8_t *in, ml_rng rng, void *scratch);

/* The streams of sample i in an epoch: 0 for augmentation, 1 for the caller's own transform. */
ml_rng mli_sample_rng(uint64_t seed, int64_t epoch, int64_t i, uint64_t which);

#endif
