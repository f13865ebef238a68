/* checkpoint.h -- a training run as one file, to go on from as if it had never stopped: the same bits.
 *
 * The file is a safetensors file, written beside its place and renamed when whole: a run that is killed while it writes
 * leaves the checkpoint before it. The format, and what else an exact resume needs: docs/checkpoints.md.
 *
 *     ml_checkpoint c = {.params = net->params, .optim = opt, .ema = ema, .tape = t};
 *     if (resume && ml_checkpoint_load(&c, path, NULL)) return ml_perror("resume");
 *     for (; c.progress.epoch < epochs; c.progress.epoch++) {
 *         ...
 *         if (ml_checkpoint_save(&c, path, NULL)) return ml_perror("save");
 *     }
 */
#ifndef MLCORE_CHECKPOINT_H
#define MLCORE_CHECKPOINT_H

#include <mlcore/optim.h>

ML_BEGIN

/* Where a training loop stands. The library saves it and brings it back, and leaves it to the loop to use: fields that a loop
 * has no use for stay 0. Counts are in 0 .. 2^53; the numbers may be NaN or infinite. */
typedef struct ml_train_progress {
    int64_t epoch;      /* whole epochs that are done */
    int64_t batch;      /* batches of the epoch after them that are done */
    int64_t step;       /* steps that are done, in all epochs */
    uint64_t seed;      /* of the run */
    ml_rng rng;         /* as it was when that epoch began: it shuffles the epoch once more */
    double best_score;  /* of an epoch */
    int64_t best_epoch; /* which one that was */
    int64_t epochs_since_best;
    double loss_sum;    /* of that epoch so far, over samples */
    int64_t loss_count; /* those samples */
    double seconds;     /* spent on training */
} ml_train_progress;

/* What a checkpoint is made of, as it is in the running program. params must be there; what else is NULL is not saved, and
 * must not be in a file that is loaded. */
typedef struct ml_checkpoint {
    ml_params *params;   /* values and buffers; which are frozen is for the program to say again */
    ml_optim *optim;     /* its memory, its steps, its rate. Not L-BFGS, which is ML_ESTATE: leave it out */
    ml_ema *ema;
    ml_plateau *plateau;
    ml_tape *tape;       /* its stream of dropout */
    ml_train_progress progress;
} ml_checkpoint;

/* Saves between two steps: ML_ESTATE where gradients wait for a step, or where the averages of ema are in the net. extra:
 * NULL, or a JSON object of the program's (its settings), kept with the rest. */
ML_API ml_status ml_checkpoint_save(const ml_checkpoint *c, const char *path, const char *extra);

/* Loads into a net, an optimizer, ... that were made the same way: names and shapes, the rule and its options (but for lr,
 * which is brought back), groups, options of ema and plateau must be equal. Everything is checked before anything is changed;
 * an error names the file and the first thing that differs, and leaves all as it was. Gradients are dropped. *extra, where
 * not NULL, gets the JSON object as text to free with free(), or NULL. */
ML_API ml_status ml_checkpoint_load(ml_checkpoint *c, const char *path, char **extra);

ML_END
#endif
