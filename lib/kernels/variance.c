/* variance.c -- how far numbers lie from their mean:  y = sum_k (x_k - mean)^2 / (n - c),  or its root
 *
 * Shapes     x (O,n,I): along the axis of n entries.  y, mean (O,I)
 * Forward    mean = (1/n) sum_k x[k]       var = sum_k (x[k] - mean)^2 / (n - c)       std = sqrt(var)
 *            c, the correction: 0 for the spread of these n numbers; 1 to guess, from a sample, the
 *            spread of what it was drawn from
 * Backward   var   dx[k] = dy 2 (x[k] - mean) / (n - c)
 *            std   dx[k] = dy (x[k] - mean) / ((n - c) std), and 0 where std is 0
 *            Check by sum: a constant added to x changes nothing, so sum_k dx[k] = 0.
 * Saves      mean, a double a line
 * Cost       two passes over x, 4 flops an element. One pass would do for sum x^2 - n mean^2, and lose
 *            all digits where the mean is large beside the spread.
 * Source     Chan, Golub, LeVeque 1983, "Algorithms for computing the sample variance", section 1
 * Derivation docs/math/variance.md
 */
#include "kernels/variance.h"

#include "kernels/rows.h"

enum { BLOCK = 64 }; /* columns side by side when the axis is not the last */

static ml_real finish(double squares, const mlk_variance *v)
{
    double var = squares / v->divisor;
    return (ml_real)(v->root ? sqrt(var) : var);
}

/* ---- the definition ---- */

void mlk_variance_ref(ml_real *y, const ml_real *x, const mlk_variance *v)
{
    const mlk_axis s = v->s;
    for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
            const ml_real *line = x + o * s.n * s.inner + i;
            double sum = 0, squares = 0;
            for (int64_t k = 0; k < s.n; k++)
                sum += (double)line[k * s.inner];
            double mean = sum / (double)s.n;
            for (int64_t k = 0; k < s.n; k++)
                squares += ((double)line[k * s.inner] - mean) * ((double)line[k * s.inner] - mean);
            v->mean[o * s.inner + i] = mean;
            y[o * s.inner + i] = finish(squares, v);
        }
}

/* ---- fast ---- */

/* A few columns: reads x row by row, as it lies, once for the means and once for the squares. */
static void columns(ml_real *y, double *mean, const ml_real *x, int64_t count,
                    const mlk_variance *v)
{
    double sum[BLOCK] = {0}, squares[BLOCK] = {0};
    for (int64_t k = 0; k < v->s.n; k++)
        for (int64_t i = 0; i < count; i++)
            sum[i] += (double)x[k * v->s.inner + i];
    for (int64_t i = 0; i < count; i++)
        mean[i] = sum[i] / (double)v->s.n;
    for (int64_t k = 0; k < v->s.n; k++)
        for (int64_t i = 0; i < count; i++) {
            double d = (double)x[k * v->s.inner + i] - mean[i];
            squares[i] += d * d;
        }
    for (int64_t i = 0; i < count; i++)
        y[i] = finish(squares[i], v);
}

void mlk_variance_forward(ml_real *y, const ml_real *x, const mlk_variance *v)
{
    const mlk_axis s = v->s;
    double *mean = v->mean;
    for (int64_t o = 0; o < s.outer; o++, x += s.n * s.inner, y += s.inner, mean += s.inner) {
        if (s.inner == 1) {
            mean[0] = mlk_row_sum(x, s.n) / (double)s.n;
            y[0] = finish(mlk_row_squares(x, mean[0], s.n), v);
            continue;
        }
        for (int64_t i = 0; i < s.inner; i += BLOCK)
            columns(y + i, mean + i, x + i, s.inner - i < BLOCK ? s.inner - i : BLOCK, v);
    }
}

/* ---- backward ---- */

/* What x - mean is multiplied by, for one line. */
static double slope(ml_real dy, ml_real y, const mlk_variance *v)
{
    if (!v->root)
        return 2 * (double)dy / v->divisor;
    return y == 0 ? 0 : (double)dy / ((double)y * v->divisor);
}

/* n numbers that lie side by side: of one line (step 0), or one of each of n lines (step 1) */
static inline void back(ml_real *dx, bool add, const ml_real *x, const double *mean,
                        const double *slopes, int64_t n, int64_t step)
{
    for (int64_t i = 0; i < n; i++) {
        double d = slopes[i * step] * ((double)x[i] - mean[i * step]);
        dx[i] = (add ? dx[i] : 0) + (ml_real)d;
    }
}

void mlk_variance_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x,
                           const ml_real *y, const mlk_variance *v)
{
    const mlk_axis s = v->s;
    const double *mean = v->mean;
    for (int64_t o = 0; o < s.outer; o++, dy += s.inner, y += s.inner, mean += s.inner)
        for (int64_t i = 0; i < s.inner; i += BLOCK) {
            double slopes[BLOCK];
            int64_t count = s.inner - i < BLOCK ? s.inner - i : BLOCK, at = o * s.n * s.inner + i;
            for (int64_t j = 0; j < count; j++)
                slopes[j] = slope(dy[i + j], y[i + j], v);
            if (s.inner == 1)
                back(dx + at, add, x + at, mean, slopes, s.n, 0);
            for (int64_t k = 0; k < s.n && s.inner > 1; k++, at += s.inner)
                back(dx + at, add, x + at, mean + i, slopes, count, 1);
        }
}
