/* rows.h -- exponentials, sums and extremes of a run of numbers that lie side by side.
 *
 * A chain s += x[0], s += x[1], ... waits for each addition before the next, and rounds ever harder as s grows.
 * Here are LANES sums side by side instead (a compiler makes vectors of them), each in double, added up at the end
 * in a fixed order: fast, exact to a float's last bit over millions of terms, and the same bits each time.
 */
#ifndef MLK_ROWS_H
#define MLK_ROWS_H

#include "kernels/functions.h"

enum { MLK_LANES = 16 };

/* y[i] = e^x[i]; y may be x. */
static inline void mlk_exp_row(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_exp(x[i]);
}

static inline double mlk_add_lanes(const double *lane)
{
    double s[4];
    for (int j = 0; j < 4; j++)
        s[j] = (lane[j] + lane[j + 4]) + (lane[j + 8] + lane[j + 12]);
    return (s[0] + s[2]) + (s[1] + s[3]);
}

/* Returns the sum over i of `term`, an expression in i: in lanes, which have no order between them and so become vectors. */
#define MLK_RETURN_SUM(n, term)                                                                                \
    double sum = 0;                                                                                            \
    int64_t i = 0;                                                                                             \
    if ((n) >= MLK_LANES) {                                                                                    \
        double lane[MLK_LANES] = {0};                                                                          \
        for (int64_t first = 0; first + MLK_LANES <= (n); first += MLK_LANES)                                  \
            for (int j = 0; j < MLK_LANES; j++) {                                                              \
                i = first + j;                                                                                 \
                lane[j] += (term);                                                                             \
            }                                                                                                  \
        sum = mlk_add_lanes(lane);                                                                             \
        i++;                                                                                                   \
    }                                                                                                          \
    for (; i < (n); i++)                                                                                       \
        sum += (term);                                                                                         \
    return sum

static inline double mlk_row_sum(const ml_real *x, int64_t n)
{
    MLK_RETURN_SUM(n, (double)x[i]);
}

/* sum of a[i] * b[i] */
static inline double mlk_row_dot(const ml_real *a, const ml_real *b, int64_t n)
{
    MLK_RETURN_SUM(n, (double)a[i] * (double)b[i]);
}

/* sum of |x[i]| */
static inline double mlk_row_abs_sum(const ml_real *x, int64_t n)
{
    MLK_RETURN_SUM(n, fabs((double)x[i]));
}

/* sum of (x[i] - centre)^2 */
static inline double mlk_row_squares(const ml_real *x, double centre, int64_t n)
{
    MLK_RETURN_SUM(n, ((double)x[i] - centre) * ((double)x[i] - centre));
}

/* The largest of sign * x[i], -infinity where n is 0. NaN is passed over. */
static inline ml_real mlk_row_most(const ml_real *x, int64_t n, ml_real sign)
{
    ml_real most = (ml_real)-INFINITY;
    int64_t i = 0;
    if (n >= MLK_LANES) {
        ml_real lane[MLK_LANES];
        for (int j = 0; j < MLK_LANES; j++)
            lane[j] = most;
        for (; i + MLK_LANES <= n; i += MLK_LANES)
            for (int j = 0; j < MLK_LANES;
                 j++) { /* both values at hand, then a choice: no branch */
                ml_real v = sign * x[i + j], yet = lane[j];
                lane[j] = v > yet ? v : yet;
            }
        for (int j = 0; j < MLK_LANES; j++)
            most = lane[j] > most ? lane[j] : most;
    }
    for (; i < n; i++)
        most = sign * x[i] > most ? sign * x[i] : most;
    return most;
}

/* The largest of x, likewise. */
static inline ml_real mlk_row_max(const ml_real *x, int64_t n)
{
    return mlk_row_most(x, n, 1);
}

/* Is there a NaN? Only NaN differs from itself. */
static inline bool mlk_row_has_nan(const ml_real *x, int64_t n)
{
    int bad = 0;
    for (int64_t i = 0; i < n; i++)
        bad |= x[i] != x[i];
    return bad != 0;
}

#endif
