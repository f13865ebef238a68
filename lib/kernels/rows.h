/* rows.h -- sums and maxima over a run of numbers that lie side by side.
 *
 * A chain s += x[0], s += x[1], ... waits for each addition before the next, and rounds ever harder as s grows. Here are
 * LANES sums side by side instead (a compiler makes vectors of them), each in double, added up at the end in a fixed
 * order: fast, exact to a float's last bit over millions of terms, and the same bits each time.
 */
#ifndef MLK_ROWS_H
#define MLK_ROWS_H

#include <mlcore/real.h>

#include <math.h>

enum { MLK_LANES = 16 };

static inline double mlk_add_lanes(const double *lane)
{
    double s[4];
    for (int j = 0; j < 4; j++)
        s[j] = (lane[j] + lane[j + 4]) + (lane[j + 8] + lane[j + 12]);
    return (s[0] + s[2]) + (s[1] + s[3]);
}

static inline double mlk_row_sum(const ml_real *x, int64_t n)
{
    double sum = 0;
    int64_t i = 0;
    if (n >= MLK_LANES) {
        double lane[MLK_LANES] = {0};
        for (; i + MLK_LANES <= n; i += MLK_LANES)
            for (int j = 0; j < MLK_LANES; j++)
                lane[j] += (double)x[i + j];
        sum = mlk_add_lanes(lane);
    }
    for (; i < n; i++)
        sum += (double)x[i];
    return sum;
}

/* sum of a[i] * b[i] */
static inline double mlk_row_dot(const ml_real *a, const ml_real *b, int64_t n)
{
    double sum = 0;
    int64_t i = 0;
    if (n >= MLK_LANES) {
        double lane[MLK_LANES] = {0};
        for (; i + MLK_LANES <= n; i += MLK_LANES)
            for (int j = 0; j < MLK_LANES; j++)
                lane[j] += (double)a[i + j] * (double)b[i + j];
        sum = mlk_add_lanes(lane);
    }
    for (; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* The largest of x, -infinity where n is 0. NaN is passed over here; *nan (which may be NULL) says whether there is one. */
static inline ml_real mlk_row_max(const ml_real *x, int64_t n, bool *nan)
{
    ml_real most = (ml_real)-INFINITY;
    bool unordered = false;
    int64_t i = 0;
    if (n >= MLK_LANES) {
        ml_real lane[MLK_LANES];
        int32_t bad[MLK_LANES] = {0};
        for (int j = 0; j < MLK_LANES; j++)
            lane[j] = most;
        for (; i + MLK_LANES <= n; i += MLK_LANES)
            for (int j = 0; j < MLK_LANES; j++) {
                lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
                bad[j] |= x[i + j] != x[i + j];
            }
        for (int j = 0; j < MLK_LANES; j++) {
            most = lane[j] > most ? lane[j] : most;
            unordered |= bad[j] != 0;
        }
    }
    for (; i < n; i++) {
        most = x[i] > most ? x[i] : most;
        unordered |= x[i] != x[i];
    }
    if (nan)
        *nan = unordered;
    return most;
}

#endif
