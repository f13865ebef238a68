/* lanes.h -- n items cut into a few lanes, each a stretch of them, for work that wants scratch memory or a sum of its own.
 * Internal.
 *
 * How many lanes there are depends on n alone, never on the number of threads: lane i has part i of the workspace, sums
 * of lanes are added in their order, and so results have the same bits on any number of threads. */
#ifndef MLK_LANES_H
#define MLK_LANES_H

#include "base/base.h"

/* Enough for the threads of a large machine to share evenly, few enough for their scratch to be small. */
enum { MLK_LANES_MAX = 32 };

static inline int64_t mlk_ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static inline int64_t mlk_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Numbers of workspace, rounded so that what follows lies on 64 bytes. */
static inline int64_t mlk_aligned(int64_t numbers)
{
    return mlk_ceil_div(numbers, 16) * 16;
}

/* begin .. end-1 */
typedef struct mlk_span {
    int64_t begin, end;
} mlk_span;

typedef struct mlk_lane {
    int64_t index, begin, end;
} mlk_lane;

/* How many lanes n items make when each should have `least` of them or more: 1 to most. */
int64_t mlk_lanes(int64_t n, int64_t least, int64_t most);
/* Which items lane i has: all lanes are of nearly equal length. */
mlk_lane mlk_lane_of(int64_t n, int64_t lanes, int64_t i);
/* Runs body for each lane, on the threads of the pool. */
void mlk_run_lanes(int64_t n, int64_t lanes, void (*body)(void *arg, mlk_lane l), void *arg);
/* The same for n items that know nothing of each other, each a work of about `size` numbers: as many lanes as are worth it. */
void mlk_run_items(int64_t n, int64_t size, void (*body)(void *arg, mlk_lane l), void *arg);
/* out[i] = sum over the lanes of parts[lane * size + i], added to what is there where add says so. */
void mlk_sum_parts(ml_real *out, bool add, const ml_real *parts, int64_t lanes, int64_t size);

#endif
