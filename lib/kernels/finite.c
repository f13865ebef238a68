/* finite.c -- the first number that is not finite
 *
 * Shapes     x, n numbers
 * Answer     the smallest i for which x[i] is NaN or infinite, or -1
 * Trick      x - x is 0 for every finite x, and NaN for an infinite one and for NaN; only NaN differs from 0 then. A
 *            subtraction, a comparison and an "or" have no order among elements, so compilers make vectors of them, and
 *            the pass is as fast as memory is read.
 * Threads    each range finds its own first; of these the smallest counts, whoever was quicker.
 * Source     IEEE 754-2008, section 7.2: infinity minus infinity is an invalid operation
 */
#include "kernels/finite.h"

#include "kernels/ranges.h"

#include <math.h>
#include <stdatomic.h>

int64_t mlk_first_not_finite_ref(const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return i;
    return -1;
}

static bool all_finite(const ml_real *x, int64_t n)
{
    int bad = 0;
    for (int64_t i = 0; i < n; i++)
        bad |= x[i] - x[i] != 0;
    return !bad;
}

typedef struct hunt {
    const ml_real *x;
    _Atomic int64_t first;
} hunt;

static void hunt_range(void *arg, int64_t begin, int64_t end)
{
    hunt *h = arg;
    for (int64_t at = begin; at < end; at += MLK_BLOCK) {
        int64_t n = end - at < MLK_BLOCK ? end - at : MLK_BLOCK;
        if (all_finite(h->x + at, n))
            continue;
        int64_t mine = at + mlk_first_not_finite_ref(h->x + at, n), yet = atomic_load(&h->first);
        while (mine < yet && !atomic_compare_exchange_weak(&h->first, &yet, mine)) {
        }
        return;
    }
}

int64_t mlk_first_not_finite(const ml_real *x, int64_t n)
{
    hunt h = {.x = x, .first = INT64_MAX};
    mlk_ranges(n, hunt_range, &h);
    int64_t first = atomic_load(&h.first);
    return first == INT64_MAX ? -1 : first;
}
