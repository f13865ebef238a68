/* arena.c -- memory of the tape: a bump arena for values, a pool of blocks for gradients.
 *
 * Why not malloc: a training step makes and drops the same tensors thousands of times a second. Fresh pages cost a page
 * fault each; kept ones cost nothing, and the second step finds them warm in the cache.
 */
#include "autograd/arena.h"

#include <string.h>

enum { ALIGN = 64, FIRST_CHUNK = 64 * 1024 };

static size_t rounded(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static mli_chunk *chunk_new(size_t size)
{
    mli_chunk *c = mli_alloc(sizeof *c);
    if (!c)
        return NULL;
    *c = (mli_chunk){.size = size, .bytes = mli_alloc(size)};
    if (!c->bytes) {
        mli_free(c);
        return NULL;
    }
    return c;
}

void *mli_arena_take(mli_arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 4)
        return mli_null(ML_ENOMEM, "out of memory: %zu bytes could not be had", bytes);
    bytes = rounded(bytes ? bytes : 1);
    /* A chunk that is too small for this request is left behind until the reset. */
    while (a->now && a->now->size - a->now->used < bytes && a->now->next) {
        a->now = a->now->next;
        a->now->used = 0;
    }
    if (!a->now || a->now->size - a->now->used < bytes) {
        size_t size = a->total > FIRST_CHUNK ? a->total : FIRST_CHUNK; /* doubles: few chunks however much */
        mli_chunk *c = chunk_new(size > bytes ? size : bytes);
        if (!c)
            return NULL;
        a->total += c->size;
        if (a->now)
            a->now->next = c;
        else
            a->first = c;
        a->now = c;
    }
    void *p = a->now->bytes + a->now->used;
    a->now->used += bytes;
    return p;
}

void mli_arena_reset(mli_arena *a)
{
    a->now = a->first;
    if (a->now)
        a->now->used = 0;
}

void mli_arena_place(const mli_arena *a, size_t *chunk, size_t *used)
{
    *chunk = 0;
    for (const mli_chunk *c = a->first; c && c != a->now; c = c->next)
        ++*chunk;
    *used = a->now ? a->now->used : 0;
}

void mli_arena_return(mli_arena *a, size_t chunk, size_t used)
{
    mli_chunk *c = a->first;
    for (size_t i = 0; i < chunk && c; i++)
        c = c->next;
    a->now = c;
    if (c)
        c->used = used;
}

void mli_arena_free(mli_arena *a)
{
    for (mli_chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        mli_free(c->bytes);
        mli_free(c);
    }
    *a = (mli_arena){0};
}

static mli_block *first_free(mli_pool *p)
{
    mli_block **at = &p->first;
    while (*at && (*at)->lent)
        at = &(*at)->next;
    if (!*at && (*at = mli_alloc(sizeof **at)))
        **at = (mli_block){0};
    return *at;
}

void *mli_pool_take(mli_pool *p, size_t bytes)
{
    if (bytes > SIZE_MAX / 4)
        return mli_null(ML_ENOMEM, "out of memory: %zu bytes could not be had", bytes);
    bytes = rounded(bytes ? bytes : 1);
    mli_block *b = first_free(p);
    if (!b)
        return NULL;
    if (b->size < bytes) {
        mli_free(b->bytes); /* first, so that the two never need room together */
        p->total -= b->size;
        b->size = 0;
        if (!(b->bytes = mli_alloc(bytes)))
            return NULL;
        b->size = bytes;
        p->total += bytes;
    }
    b->lent = true;
    return b->bytes;
}

void mli_pool_give(mli_pool *p, void *bytes)
{
    for (mli_block *b = p->first; b; b = b->next) {
        if (b->bytes == bytes) {
            b->lent = false;
            return;
        }
    }
}

void mli_pool_reset(mli_pool *p)
{
    for (mli_block *b = p->first; b; b = b->next)
        b->lent = false;
}

void mli_pool_free(mli_pool *p)
{
    for (mli_block *b = p->first, *next; b; b = next) {
        next = b->next;
        mli_free(b->bytes);
        mli_free(b);
    }
    *p = (mli_pool){0};
}
