/* memory.h -- where the library's memory comes from: malloc, or functions of yours. */
#ifndef MLCORE_MEMORY_H
#define MLCORE_MEMORY_H

#include <mlcore/error.h>

ML_BEGIN

typedef struct ml_allocator {
    void *(*alloc)(void *user, size_t bytes); /* as malloc: NULL where it cannot, and the call that asked fails: ML_ENOMEM */
    void (*free)(void *user, void *block);    /* as free; block is never NULL */
    void *user;
} ml_allocator;

/* From now on all blocks come from these functions, and go back to them; {0} brings back the usual ones. Both are called from
 * several threads at once. A block goes back to where it came from, so this is ML_ESTATE while a block is in use: call it
 * first in main, or when all that was made has been freed; and from one thread, while no other call into the library runs.
 * There is no realloc: nothing here grows in place. Blocks are larger than what was asked for by up to 72 bytes, since
 * the library aligns them itself, on 64. What other libraries take (zlib, jansson, libzip, stdio, threads), and texts that a call
 * gives you to free with free(), come from malloc as ever. */
ML_API ml_status ml_set_allocator(ml_allocator allocator);

/* How many blocks are in use: 0 when all that was made has been freed. */
ML_API int64_t ml_memory_blocks(void);

ML_END
#endif
