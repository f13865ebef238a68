/* arena.h -- the three regions of a tape's memory. Internal. */
#ifndef MLI_ARENA_H
#define MLI_ARENA_H

#include "base/base.h"

/* Values: a list of chunks that are filled one after another and emptied together. A chunk once had is kept. */
typedef struct mli_chunk {
    struct mli_chunk *next;
    size_t size, used;
    unsigned char *bytes;
} mli_chunk;
typedef struct mli_arena {
    mli_chunk *first, *now;
    size_t total;
} mli_arena;
void *mli_arena_take(mli_arena *a, size_t bytes);
void mli_arena_reset(mli_arena *a);
/* Back to a place: chunk number and bytes used in it. */
void mli_arena_place(const mli_arena *a, size_t *chunk, size_t *used);
void mli_arena_return(mli_arena *a, size_t chunk, size_t used);
void mli_arena_free(mli_arena *a);

/* Gradients: blocks that are lent and come back. The first free block serves, and is replaced by a larger one where it is
 * too small. So which block a request gets depends on the order of requests alone, not on their sizes: a step with a
 * smaller batch takes the blocks of the larger one, and allocates nothing. (A best fit does not promise that.) */
typedef struct mli_block {
    struct mli_block *next;
    size_t size;
    bool lent;
    void *bytes;
} mli_block;
typedef struct mli_pool {
    mli_block *first; /* in order of age */
    size_t total;
} mli_pool;
void *mli_pool_take(mli_pool *p, size_t bytes);
void mli_pool_give(mli_pool *p, void *bytes);
void mli_pool_reset(mli_pool *p);
void mli_pool_free(mli_pool *p);

#endif
