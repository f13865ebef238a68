/* softmax.c -- scores into probabilities:  p_k = exp(z_k) / sum_j exp(z_j),  and their logarithms
 *
 * Shapes     z, p, y (O,n,I): along the axis of n entries
 * Forward    m = max_k z_k                       subtracting m changes nothing: it cancels above and below the bar
 *            p_k = exp(z_k - m) / sum_j exp(z_j - m)         no exponent above 0, and one is 0
 *            y_k = log p_k = z_k - m - log sum_j exp(z_j - m)
 * Backward   softmax      dz = p (dp - sum_j p_j dp_j)
 *            log-softmax  dz = dy - p sum_j dy_j, p = exp(y)
 *            Check by sum: adding a constant to z changes nothing, so sum_k dz_k = 0 in both.
 * Saves      nothing but the output      Cost  one exp an element forward; backward 4 flops, or one exp
 * Source     Bridle 1990, "Probabilistic interpretation of feedforward network outputs"
 * Derivation docs/math/softmax.md
 */
#include "kernels/softmax.h"

#include "kernels/rows.h"

enum { COLUMNS = 64, CACHED = 4096 };

/* ---- the definition ---- */

/* One line of n numbers, `step` apart: its largest, and sum_k exp(z_k - largest). */
static double line_max(const ml_real *z, int64_t n, int64_t step)
{
    double m = -INFINITY;
    for (int64_t k = 0; k < n; k++)
        m = (double)z[k * step] > m ? (double)z[k * step] : m;
    return m;
}

static double line_sum(const ml_real *z, int64_t n, int64_t step, double m)
{
    double sum = 0;
    for (int64_t k = 0; k < n; k++)
        sum += exp((double)z[k * step] - m);
    return sum;
}

void mlk_softmax_ref(ml_real *p, const ml_real *z, mlk_axis s)
{
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            int64_t at = o * s.n * s.inner + i;
            double m = line_max(z + at, s.n, s.inner), sum = line_sum(z + at, s.n, s.inner, m);
            for (int64_t k = 0; k < s.n; k++)
                p[at + k * s.inner] = (ml_real)(exp((double)z[at + k * s.inner] - m) / sum);
        }
}

void mlk_log_softmax_ref(ml_real *y, const ml_real *z, mlk_axis s)
{
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            int64_t at = o * s.n * s.inner + i;
            double m = line_max(z + at, s.n, s.inner),
                   log_sum = log(line_sum(z + at, s.n, s.inner, m));
            for (int64_t k = 0; k < s.n; k++)
                y[at + k * s.inner] = (ml_real)((double)z[at + k * s.inner] - m - log_sum);
        }
}

/* ---- fast, the axis is the last: rows ---- */

int64_t mlk_rows_a_block(int64_t n)
{
    return n < 1 || n > CACHED ? 1 : CACHED / n;
}

void mlk_shift_rows(ml_real *y, const ml_real *z, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++, y += n, z += n) {
        ml_real m = mlk_row_max(z, n); /* a NaN passed over here makes its own sum NaN below */
        for (int64_t k = 0; k < n; k++)
            y[k] = z[k] - m;
    }
}

/* A block of rows at a time, so that exp runs over one long stretch even where rows are short. */
static void softmax_rows(ml_real *p, const ml_real *z, int64_t rows, int64_t n)
{
    int64_t block = mlk_rows_a_block(n);
    for (int64_t r = 0; r < rows; r += block, p += block * n, z += block * n) {
        int64_t count = rows - r < block ? rows - r : block;
        mlk_shift_rows(p, z, count, n);
        mlk_exp_row(p, p, count * n);
        for (int64_t b = 0; b < count; b++) {
            ml_real scale = (ml_real)(1 / mlk_row_sum(p + b * n, n));
            for (int64_t k = 0; k < n; k++)
                p[b * n + k] *= scale;
        }
    }
}

static double sum_of_exp(const ml_real *x, int64_t n)
{
    double sum = 0;
    ml_real e[256];
    for (int64_t k = 0; k < n; k += 256) {
        int64_t count = n - k < 256 ? n - k : 256;
        mlk_exp_row(e, x + k, count);
        sum += mlk_row_sum(e, count);
    }
    return sum;
}

static void log_softmax_rows(ml_real *y, const ml_real *z, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++, y += n, z += n) {
        mlk_shift_rows(y, z, 1, n);
        ml_real log_sum = (ml_real)log(sum_of_exp(y, n));
        for (int64_t k = 0; k < n; k++)
            y[k] -= log_sum;
    }
}

/* ---- fast, the axis is further out: a few columns side by side ---- */

/* `count` lines, at most COLUMNS, that begin side by side; each has n numbers, `step` apart. */
typedef struct columns {
    int64_t n, step, count;
} columns;

/* y = z - max over k, or exp of that; sum[i] = sum_k exp(z - max) */
static void column_sums(ml_real *y, bool exponentials, double *sum, const ml_real *z, columns c)
{
    ml_real m[COLUMNS];
    for (int64_t i = 0; i < c.count; i++) {
        m[i] = (ml_real)-INFINITY;
        sum[i] = 0;
    }
    for (int64_t k = 0; k < c.n; k++)
        for (int64_t i = 0; i < c.count; i++)
            m[i] = z[k * c.step + i] > m[i] ? z[k * c.step + i] : m[i];
    for (int64_t k = 0; k < c.n; k++)
        for (int64_t i = 0; i < c.count; i++) {
            ml_real shifted = z[k * c.step + i] - m[i], e = mlk_exp(shifted);
            y[k * c.step + i] = exponentials ? e : shifted;
            sum[i] += (double)e;
        }
}

static void softmax_columns(ml_real *p, const ml_real *z, columns c)
{
    double sum[COLUMNS];
    column_sums(p, true, sum, z, c);
    for (int64_t k = 0; k < c.n; k++)
        for (int64_t i = 0; i < c.count; i++)
            p[k * c.step + i] = (ml_real)((double)p[k * c.step + i] / sum[i]);
}

static void log_softmax_columns(ml_real *y, const ml_real *z, columns c)
{
    double sum[COLUMNS];
    column_sums(y, false, sum, z, c);
    for (int64_t i = 0; i < c.count; i++)
        sum[i] = log(sum[i]);
    for (int64_t k = 0; k < c.n; k++)
        for (int64_t i = 0; i < c.count; i++)
            y[k * c.step + i] = (ml_real)((double)y[k * c.step + i] - sum[i]);
}

static void by_columns(void (*f)(ml_real *, const ml_real *, columns), ml_real *y, const ml_real *z,
                       mlk_axis s)
{
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i += COLUMNS) {
            int64_t count = s.inner - i < COLUMNS ? s.inner - i : COLUMNS,
                    at = o * s.n * s.inner + i;
            f(y + at, z + at, (columns){s.n, s.inner, count});
        }
}

void mlk_softmax_forward(ml_real *p, const ml_real *z, mlk_axis s)
{
    if (s.inner == 1)
        softmax_rows(p, z, s.outer, s.n);
    else
        by_columns(softmax_columns, p, z, s);
}

void mlk_log_softmax_forward(ml_real *y, const ml_real *z, mlk_axis s)
{
    if (s.inner == 1)
        log_softmax_rows(y, z, s.outer, s.n);
    else
        by_columns(log_softmax_columns, y, z, s);
}

/* ---- backward: one line a gradient, for any axis ---- */

void mlk_softmax_backward(ml_real *dz, bool add, const ml_real *dp, const ml_real *p, mlk_axis s)
{
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            int64_t at = o * s.n * s.inner + i;
            double mean = 0; /* of dp, weighted by p */
            for (int64_t k = 0; k < s.n; k++)
                mean += (double)p[at + k * s.inner] * (double)dp[at + k * s.inner];
            for (int64_t k = 0; k < s.n; k++) {
                int64_t e = at + k * s.inner;
                dz[e] = (add ? dz[e] : 0) +
                        p[e] * (dp[e] - (ml_real)mean); /* dz = p (dp - sum_j p_j dp_j) */
            }
        }
}

void mlk_log_softmax_backward(ml_real *dz, bool add, const ml_real *dy, const ml_real *y,
                              mlk_axis s)
{
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            int64_t at = o * s.n * s.inner + i;
            double sum = 0;
            for (int64_t k = 0; k < s.n; k++)
                sum += (double)dy[at + k * s.inner];
            for (int64_t k = 0; k < s.n; k++) {
                int64_t e = at + k * s.inner;
                dz[e] = (add ? dz[e] : 0) + dy[e] -
                        mlk_exp(y[e]) * (ml_real)sum; /* dz = dy - exp(y) sum_j dy_j */
            }
        }
}
