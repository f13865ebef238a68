/* memory.c -- aligned memory, counted, from malloc or from the program's own functions; sizes that cannot overflow in silence. */
#include "base/base.h"

#include <mlcore/memory.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

static _Atomic int64_t asked, used;
static ml_allocator own; /* alloc NULL: the system's */

ml_status ml_set_allocator(ml_allocator a)
{
    int64_t blocks = ml_memory_blocks();
    if (!a.alloc != !a.free)
        return mli_fail(ML_EINVAL, "set_allocator: alloc and free go together, and %s is NULL", a.alloc ? "free" : "alloc");
    if (blocks)
        return mli_fail(ML_ESTATE, "set_allocator: %lld blocks are in use: free what was made before", (long long)blocks);
    own = a;
    return ML_OK;
}

int64_t ml_memory_blocks(void)
{
    return atomic_load_explicit(&used, memory_order_relaxed);
}

/* A block of the program's function with an aligned one inside; before that, where it begins. */
static void *aligned_inside(size_t bytes)
{
    char *block = own.alloc(own.user, bytes + ALIGN + sizeof block);
    if (!block)
        return NULL;
    char *p = block + sizeof block;
    p += ALIGN - 1 - ((uintptr_t)p + ALIGN - 1) % ALIGN;
    memcpy(p - sizeof block, &block, sizeof block);
    return p;
}

static void *from_system(size_t bytes)
{
    void *p = NULL;
    return posix_memalign(&p, ALIGN, bytes) == 0 ? p : NULL;
}

void *mli_alloc(size_t bytes)
{
    size_t n = bytes ? bytes : 1;
    atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed);
    void *p = n > SIZE_MAX / 2 ? NULL : own.alloc ? aligned_inside(n) : from_system(n);
    if (!p)
        return mli_null(ML_ENOMEM, "out of memory: %zu bytes could not be had", bytes);
    atomic_fetch_add_explicit(&used, 1, memory_order_relaxed);
    return p;
}

void *mli_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (!mli_mul_size(count, size, &bytes))
        return mli_null(ML_ENOMEM, "out of memory: %zu times %zu bytes", count, size);
    void *p = mli_alloc(bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

void mli_free(void *p)
{
    if (!p)
        return;
    atomic_fetch_sub_explicit(&used, 1, memory_order_relaxed);
    if (own.alloc) {
        char *block;
        memcpy(&block, (char *)p - sizeof block, sizeof block);
        own.free(own.user, block);
    } else {
        free(p);
    }
}

char *mli_strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = mli_alloc(n);
    return copy ? memcpy(copy, text, n) : NULL;
}

char *mli_text_for_caller(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    return copy ? memcpy(copy, text, n) : mli_null(ML_ENOMEM, "out of memory: %zu bytes could not be had", n);
}

int64_t mli_alloc_count(void)
{
    return atomic_load_explicit(&asked, memory_order_relaxed);
}

bool mli_mul_size(size_t a, size_t b, size_t *out)
{
    if (b && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

bool mli_add_size(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

bool mli_shape_size(int rank, const int64_t *shape, int64_t *size)
{
    /* A zero extent must not hide an overflow of the others: reshape would uncover it. */
    int64_t n = 1, limit = INT64_MAX / 4 / (int64_t)sizeof(ml_real);
    bool empty = false;
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return false;
        empty |= shape[i] == 0;
        if (shape[i] > 1) { /* a division costs more than a small op: so not for 1 */
            if (n > limit / shape[i])
                return false;
            n *= shape[i];
        }
    }
    *size = empty ? 0 : n;
    return true;
}

char *mli_shape_text(int rank, const int64_t *shape, char *buf, size_t size)
{
    size_t used = 0;
    if (rank == 0)
        snprintf(buf, size, "scalar");
    for (int i = 0; i < rank && used < size; i++)
        used += (size_t)snprintf(buf + used, size - used, "%s%lld", i ? "x" : "", (long long)shape[i]);
    return buf;
}
