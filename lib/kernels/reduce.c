/* reduce.c -- many numbers into one, along an axis:  y = sum_k x_k,  y = (1/n) sum_k x_k,  y = max_k x_k,  y = min_k x_k
 *
 * Shapes     x (O,n,I): the axis has n entries, O numbers lie before it, I after it.  y (O,I)
 * Forward    sum   y[o,i] = sum_k x[o,k,i]             mean  the same / n
 *            max   y[o,i] = x[o,k*,i], k* the first k with the largest value; NaN counts as the largest
 *            min   the same with the smallest; NaN counts as the smallest
 * Backward   sum   dx[o,k,i] = dy[o,i]                 mean  dy[o,i] / n
 *            max   dx[o,k,i] = dy[o,i] where k = k*, 0 elsewhere; min alike
 *            max over everything: dy / c for each of the c elements that equal y; min alike
 *            Check by meaning: a sum feels every change, so all get its gradient; a max feels its winner.
 * Saves      k*          Cost  O n I additions or comparisons; memory is the limit
 * Source     Torch's rules for ties and NaN           Derivation  docs/math/reduce.md
 */
#include "kernels/reduce.h"

#include "kernels/rows.h"

#include <string.h>

enum { BLOCK = 64 }; /* columns that are reduced side by side when the axis is not the last */

/* ---- sum and mean ---- */

void mlk_sum_ref(ml_real *y, const ml_real *x, mlk_axis s, double divisor)
{
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            double sum = 0;
            for (int64_t k = 0; k < s.n; k++)
                sum += (double)x[(o * s.n + k) * s.inner + i];
            y[o * s.inner + i] = (ml_real)(sum / divisor);
        }
}

/* y[i] = sum_k x[k * stride + i] / divisor for a few columns: reads x row by row, as it lies. */
static void sum_columns(ml_real *y, const ml_real *x, int64_t n, int64_t stride, int64_t columns,
                        double divisor)
{
    double sum[BLOCK] = {0};
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = 0; i < columns; i++)
            sum[i] += (double)x[k * stride + i];
    for (int64_t i = 0; i < columns; i++)
        y[i] = (ml_real)(sum[i] / divisor);
}

void mlk_sum_forward(ml_real *y, const ml_real *x, mlk_axis s, double divisor)
{
    for (int64_t o = 0; o < s.outer; o++, x += s.n * s.inner, y += s.inner) {
        if (s.inner == 1) {
            y[0] = (ml_real)(mlk_row_sum(x, s.n) / divisor);
            continue;
        }
        for (int64_t i = 0; i < s.inner; i += BLOCK)
            sum_columns(y + i, x + i, s.n, s.inner, s.inner - i < BLOCK ? s.inner - i : BLOCK,
                        divisor);
    }
}

void mlk_sum_backward(ml_real *dx, bool add, const ml_real *dy, mlk_axis s, double divisor)
{
    ml_real scale = (ml_real)(1 / divisor);
    for (int64_t o = 0; o < s.outer; o++, dx += s.n * s.inner, dy += s.inner) {
        if (s.inner == 1) { /* one number for the whole run */
            ml_real d = dy[0] * scale;
            for (int64_t k = 0; k < s.n; k++)
                dx[k] = add ? dx[k] + d : d;
            continue;
        }
        for (int64_t k = 0; k < s.n; k++)
            for (int64_t i = 0; i < s.inner; i++)
                dx[k * s.inner + i] = (add ? dx[k * s.inner + i] : 0) + dy[i] * scale;
    }
}

/* ---- max and min: sign is 1 for the largest, -1 for the smallest ---- */

/* Does x take the place of the best so far? NaN beats numbers, and nothing beats NaN. */
static inline bool beats(ml_real x, ml_real best, ml_real sign)
{
    return (sign * x > sign * best) | ((x != x) & (best == best));
}

static void extreme_ref(ml_real *y, int64_t *at, const ml_real *x, mlk_axis s, ml_real sign)
{
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            int64_t best = 0;
            for (int64_t k = 1; k < s.n; k++)
                if (beats(x[(o * s.n + k) * s.inner + i], x[(o * s.n + best) * s.inner + i], sign))
                    best = k;
            y[o * s.inner + i] = x[(o * s.n + best) * s.inner + i];
            at[o * s.inner + i] = best;
        }
}

/* Of one run: first how large, which vectorises, then where. */
static inline int64_t first_of_best(const ml_real *x, int64_t n, ml_real sign)
{
    bool nan = mlk_row_has_nan(x, n);
    ml_real best = sign * mlk_row_most(x, n, sign);
    int64_t k = 0;
    while (nan ? x[k] == x[k] : x[k] != best)
        k++;
    return k;
}

/* Inline, so that each of its two callers has a loop for its own sign. */
static inline void extreme(ml_real *restrict y, int64_t *restrict at, const ml_real *restrict x,
                           mlk_axis s, ml_real sign)
{
    for (int64_t o = 0; o < s.outer; o++, x += s.n * s.inner, y += s.inner, at += s.inner) {
        if (s.inner == 1) {
            at[0] = first_of_best(x, s.n, sign);
            y[0] = x[at[0]];
            continue;
        }
        for (int64_t i = 0; i < s.inner; i++) {
            y[i] = x[i];
            at[i] = 0;
        }
        for (int64_t k = 1; k < s.n; k++)
            for (int64_t i = 0; i < s.inner; i++) {
                bool better = beats(x[k * s.inner + i], y[i], sign);
                y[i] = better ? x[k * s.inner + i] : y[i];
                at[i] = better ? k : at[i];
            }
    }
}

void mlk_max_ref(ml_real *y, int64_t *at, const ml_real *x, mlk_axis s)
{
    extreme_ref(y, at, x, s, 1);
}

void mlk_min_ref(ml_real *y, int64_t *at, const ml_real *x, mlk_axis s)
{
    extreme_ref(y, at, x, s, -1);
}

void mlk_max_forward(ml_real *y, int64_t *at, const ml_real *x, mlk_axis s)
{
    extreme(y, at, x, s, 1);
}

void mlk_min_forward(ml_real *y, int64_t *at, const ml_real *x, mlk_axis s)
{
    extreme(y, at, x, s, -1);
}

/* A gradient follows the winner, whatever it has won. */
void mlk_extreme_backward(ml_real *dx, bool add, const ml_real *dy, const int64_t *at, mlk_axis s)
{
    if (!add)
        memset(dx, 0, (size_t)(s.outer * s.n * s.inner) * sizeof *dx);
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++)
            dx[(o * s.n + at[o * s.inner + i]) * s.inner + i] += dy[o * s.inner + i];
}

static inline bool equals(ml_real x, ml_real y)
{
    return y == y ? x == y : x != x;
}

void mlk_extreme_all_backward(ml_real *dx, bool add, ml_real dy, const ml_real *x, ml_real y,
                              int64_t n)
{
    int64_t winners = 0;
    for (int64_t i = 0; i < n; i++)
        winners += equals(x[i], y);
    ml_real share = dy / (ml_real)winners;
    for (int64_t i = 0; i < n; i++)
        dx[i] = (add ? dx[i] : 0) + (equals(x[i], y) ? share : 0);
}
