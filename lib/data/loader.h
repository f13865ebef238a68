/* loader.h -- the inside of a pass: its order, its buffers, the threads that fill them. Internal. */
#ifndef MLI_LOADER_H
#define MLI_LOADER_H

#include "data/augment.h"

#include <pthread.h>
#include <sys/types.h>

enum { MLI_WORKERS = 64 };

/* A place for one batch. */
typedef struct mli_slot {
    ml_tensor *x;      /* room for `room` samples */
    int32_t *labels;
    int64_t room;
    uint8_t *scratch;  /* of pictures being changed */
    size_t scratch_room;
    int64_t ready;     /* number of the batch that is in it; none: -1 */
} mli_slot;

/* Threads that fill slots ahead. Batch k lies in slot k mod (workers + 1), so it may be made once the caller holds batch
 * k - workers: one slot is in the caller's hands, and each worker has one to fill. */
typedef struct mli_ring {
    pthread_mutex_t lock;            /* guards what follows, and `ready` of the slots */
    pthread_cond_t filled, freed;
    pthread_t threads[MLI_WORKERS];
    int running;                     /* threads started and not yet joined */
    pid_t process;                   /* that started them: a fork has none */
    bool quit;
    int64_t next;                    /* batch that the next free worker takes */
    int64_t held;                    /* batch in the caller's hands; those before are given back */
    int64_t failed;                  /* lowest batch that could not be made, or -1 */
    ml_status status;                /* why */
    char sentence[1024];
} mli_ring;

/* One pass, and the buffers that every pass uses again. */
typedef struct mli_pass {
    const ml_dataset *ds;
    uint64_t number;        /* which pass this is: a loader of an earlier one has ended */
    ml_load_opts opts;      /* weights only until they are read */
    int64_t samples;        /* that this pass hands out, those before .start included */
    int64_t index, count;   /* of the batch handed out next; of the whole epoch */
    ml_real mean, scale;
    bool augmented;
    mli_augment augment;
    const int64_t *order;   /* sample at each position; NULL: as they lie */
    int64_t *own_order;     /* n, made by the first pass that wants one */
    double *sums;           /* n, made by the first with weights */
    mli_slot slots[MLI_WORKERS + 1];
    mli_ring ring;
} mli_pass;

void mli_pass_free(mli_pass *p);

/* Batch k into its slot: a function of the pass and k alone, whoever calls it. With the pool, or by this thread alone. */
ml_status mli_pass_fill(mli_pass *p, int64_t k, bool pool);
mli_slot *mli_pass_slot(mli_pass *p, int64_t k);

void mli_ring_init(mli_ring *r);
/* Starts as many workers as were asked for and the system gives. */
void mli_ring_start(mli_pass *p, int64_t first);
/* Joins them. Harmless where none run. */
void mli_ring_stop(mli_pass *p);
/* Waits until batch k lies in its slot, and gives those before it back; without workers it fills the slot here. */
ml_status mli_ring_take(mli_pass *p, int64_t k);

/* A random order: each of 0 .. n-1 once, or n draws with replacement, sums a scratch of n. */
void mli_order_shuffle(int64_t *order, int64_t n, ml_rng *rng);
void mli_order_draw(int64_t *order, int64_t n, const double *weights, double *sums, ml_rng *rng);
ml_status mli_weights_check(const double *weights, int64_t n);

#endif
