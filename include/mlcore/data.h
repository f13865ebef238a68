/* data.h -- data sets that stay bytes, splits that know their role, batches in a random order, pictures changed at random. */
#ifndef MLCORE_DATA_H
#define MLCORE_DATA_H

#include <mlcore/matrix.h>
#include <mlcore/rng.h>
#include <mlcore/tensor.h>

ML_BEGIN

/* Samples of bytes with a label each. A batch becomes float as (byte - mean) * scale. Fields may be read. */
typedef struct ml_dataset ml_dataset;
struct ml_dataset {
    int64_t n;                        /* samples */
    int rank;                         /* of one sample */
    int64_t shape[ML_MAX_RANK - 1];   /* of one sample: (28, 28, 1) */
    int64_t features;                 /* numbers in one sample */
    int32_t classes;                  /* labels are 0 .. classes-1 */
    ml_role role;
    const uint8_t *bytes;             /* n * features; NULL in a split, whose samples lie scattered: ml_dataset_sample */
    const int32_t *labels;            /* n */
    double mean, scale;               /* default 0 and 1/255 */
    struct mli_dataset *self;
};

/* Reads "<prefix>-images-idx3-ubyte" and "<prefix>-labels-idx1-ubyte" from a folder, each as it is or with .gz: prefix
 * is "train" or "t10k". The role follows: train is TRAIN, t10k is TEST. Images of n x H x W become (H, W, 1).
 * classes: largest label of the training file + 1, or given here when > 0 (labels beyond are an error). Names with a
 * dot, "train-images.idx3-ubyte", are found too. */
ML_API ml_dataset *ml_dataset_read_idx(const char *folder, const char *prefix, int32_t classes);

/* A set of the caller's own bytes and labels, copied. classes: 0 for the largest label + 1. Its role is NONE: set it. */
ML_API ml_dataset *ml_dataset_new(int64_t n, int rank, const int64_t *sample_shape, const uint8_t *bytes,
                                  const int32_t *labels, int32_t classes);
ML_API void ml_dataset_free(ml_dataset *ds);

/* Splits by a shuffle with this seed: *held gets round(n * fraction) samples with the role given, *rest the others, as
 * TRAIN. Both look into ds, which must outlive them. A TEST set cannot be split for training; no part may be empty. */
ML_API ml_status ml_dataset_split(const ml_dataset *ds, double fraction, uint64_t seed, ml_role held_role,
                                  ml_dataset **rest, ml_dataset **held);
/* The same, and each class keeps its share: of its c samples *held gets c * fraction, rounded down or up so that the
 * total is round(n * fraction) (largest remainder first, the smaller label of equals). One sample of each class at least
 * stays in *rest, for what is not trained on cannot be learned: so a class of a single sample is all in *rest, and where this
 * rule bites, *held has fewer. A class without samples is none's share. */
ML_API ml_status ml_dataset_split_stratified(const ml_dataset *ds, double fraction, uint64_t seed, ml_role held_role,
                                             ml_dataset **rest, ml_dataset **held);
/* The first n samples, as a set that looks into ds. */
ML_API ml_dataset *ml_dataset_head(const ml_dataset *ds, int64_t n);
/* Copies sample i, as floats, to out (features numbers). */
ML_API ml_status ml_dataset_sample(const ml_dataset *ds, int64_t i, ml_real *out, int32_t *label);

/* How pictures (H,W,C) or (H,W) are changed at random, about their middle. Each number is drawn uniformly, for each sample
 * anew; 0 is none of it. Between pixels bilinear, docs/math/warp.md; new borders are fill. */
typedef struct ml_augment_opts {
    double shift;         /* pixels, along x and along y, either way */
    double rotate;        /* degrees, either way, at most 180 */
    double scale;         /* 0.1: by a factor of 0.9 to 1.1; at most 0.99 */
    double shear;         /* 0.1: slanted, by up to 0.1 pixel sideways for each pixel up, either way; at most 10 */
    double elastic;       /* pixels, root mean square of the way each pixel moves on its own (Simard et al. 2003) */
    double elastic_sigma; /* pixels, how far neighbours move alike: default 4, which suits digits of 28 x 28 */
    uint8_t fill;
} ml_augment_opts;

/* Sample i as a pass with these options, this seed and epoch hands it out, as bytes to out (features). It is a function of
 * (options, seed, epoch, i) alone. */
ML_API ml_status ml_dataset_augmented(const ml_dataset *ds, int64_t i, ml_augment_opts opts, uint64_t seed, int64_t epoch,
                                      uint8_t *out);

/* n weights, one a sample, under which all classes are drawn equally often: n / (classes that have samples * samples of
 * this one's class), as scikit-learn's "balanced". Their mean is 1. */
ML_API ml_status ml_class_weights(const ml_dataset *ds, double *weights);

typedef struct ml_batch {
    ml_tensor *x;    /* (N, sample shape), a constant; the set owns it, valid until the next ml_next */
    ml_ints label;   /* N */
    int64_t index;   /* 0, 1, 2, ... in the epoch: a run that ends after this batch goes on with .start = index + 1 */
    int64_t count;   /* how many batches the whole epoch has */
} ml_batch;

typedef struct ml_loader {
    struct mli_pass *pass;
    ml_status status; /* why ml_next returned false, if not for the end */
    uint64_t number;  /* of the pass: one set has one pass at a time, a new one ends the old with ML_ESTATE */
} ml_loader;

/* One pass over the set in batches (the last may be smaller), shuffled by rng, or in order where rng is NULL. The
 * loader needs no free: its buffers belong to the set and serve again in the next pass. Shuffled batches are for
 * training: on a TEST set they are an error. mean and scale are as the set has them when the pass begins. */
ML_API ml_loader ml_batches(ml_dataset *ds, int64_t batch, ml_rng *rng);
/* The same without the last batch when it is smaller. */
ML_API ml_loader ml_full_batches(ml_dataset *ds, int64_t batch, ml_rng *rng);

/* The caller's own change of sample i, in place, after augmentation: bytes is a copy, of ds->features bytes. It draws from
 * rng, which is a function of (seed, epoch, i). It is called from several threads at once, so it must not write what they
 * share, and must not use ds but to read. Not ML_OK ends the pass with that status, and with the sentence it left in ml_error(). */
typedef ml_status ml_transform_fn(void *arg, const ml_dataset *ds, int64_t i, uint8_t *bytes, ml_rng *rng);

typedef struct ml_load_opts {
    int64_t batch;             /* samples, at least 1 */
    uint64_t seed;
    int64_t epoch;             /* not negative */
    int64_t start;             /* batches left out at the beginning: to go on in the middle of an epoch */
    bool shuffle;              /* else in order */
    bool drop_last;            /* the last batch, where it is smaller */
    int workers;               /* threads that make batches ahead while the caller computes, at most 64; 0: none */
    const double *weights;     /* ds->n of them, or NULL. The epoch is n draws with replacement, sample i with probability
                                  weights[i] / sum, as PyTorch's WeightedRandomSampler. Read by ml_load alone */
    ml_augment_opts augment;
    ml_transform_fn *transform; /* NULL: none */
    void *transform_arg;
} ml_load_opts;

/* One pass with all that there is to say about it. The order is a function of (seed, epoch) alone, and a picture one of (seed,
 * epoch, sample): batches have the same bits for any number of workers and threads, and to resume a run it is enough to
 * store the epoch and the next batch's index. Workers end with the pass, when the next one begins, or with the set; leaving
 * the loop early is fine. Shuffling, weights, augmentation and transforms are for training: on a TEST set they are an error. */
ML_API ml_loader ml_load(ml_dataset *ds, ml_load_opts opts);

/* The next batch; false at the end, and on an error, which loader->status then holds. */
ML_API bool ml_next(ml_loader *loader, ml_batch *batch);

ML_END
#endif
