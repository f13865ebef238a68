/* memory.c -- aligned memory, counted; sizes that cannot overflow in silence. */
#include "base/base.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic int64_t asked;

void *mli_alloc(size_t bytes)
{
    void *p = NULL;
    atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed);
    if (bytes > SIZE_MAX / 2 || posix_memalign(&p, 64, bytes ? bytes : 1) != 0)
        return mli_null(ML_ENOMEM, "out of memory: %zu bytes could not be had", bytes);
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
    free(p);
}

char *mli_strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = mli_alloc(n);
    return copy ? memcpy(copy, text, n) : NULL;
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
