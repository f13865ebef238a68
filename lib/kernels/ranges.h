/* ranges.h -- n independent elements, cut into ranges for the threads. Internal.
 *
 * The cut depends on n alone, never on the number of threads, so results have the same bits on any number of them.
 */
#ifndef MLK_RANGES_H
#define MLK_RANGES_H

#include "base/base.h"

/* Below this many elements waking a thread costs more than the loop. */
enum { MLK_CHUNK = 32768 };

/* Blocks of this many numbers stay in the first-level cache. */
enum { MLK_BLOCK = 1024 };

/* Calls body(arg, begin, end) over ranges that cover 0 .. n-1; each but the last is a multiple of 64 long. */
void mlk_ranges(int64_t n, void (*body)(void *arg, int64_t begin, int64_t end), void *arg);

/* y = f(x), range by range. f sees plain stretches of n numbers. */
typedef void mlk_map_fn(ml_real *y, const ml_real *x, int64_t n);
void mlk_map(mlk_map_fn *f, ml_real *y, const ml_real *x, int64_t n);

/* dx = f(dy, v), or dx += f(dy, v) where add is set; v is what the formula needs, the input or the output of forward. */
typedef void mlk_pull_fn(ml_real *g, const ml_real *dy, const ml_real *v, int64_t n);
void mlk_pull(mlk_pull_fn *f, ml_real *dx, bool add, const ml_real *dy, const ml_real *v, int64_t n);

/* The same for formulas with something of their own, such as the slope of a leaky relu: `own` is handed on. */
typedef void mlk_map_with_fn(ml_real *y, const ml_real *x, int64_t n, const void *own);
void mlk_map_with(mlk_map_with_fn *f, ml_real *y, const ml_real *x, int64_t n, const void *own);
typedef void mlk_pull_with_fn(ml_real *g, const ml_real *dy, const ml_real *v, int64_t n, const void *own);
void mlk_pull_with(mlk_pull_with_fn *f, ml_real *dx, bool add, const ml_real *dy, const ml_real *v, int64_t n,
                   const void *own);

#endif
