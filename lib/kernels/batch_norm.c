/* batch_norm.c -- each channel to mean 0 and variance 1 over the batch, then scaled and shifted by
 * what is learnt
 *
 * Shapes     x, y (R,C): images N H W C have NHW rows      gamma, beta, mean, var, scale (C)
 * Forward    mean = (1/R) sum_r x[r]         var = (1/R) sum_r (x[r] - mean)^2
 *            scale = 1 / sqrt(var + eps)     xh = (x - mean) scale     y = gamma xh + beta
 *            running = (1 - momentum) running + momentum batch, of mean and of var R / (R - 1)
 *            eval: mean and var are the running ones, constants
 * Backward   dbeta = sum_r dy[r]             dgamma = sum_r dy[r] xh[r]
 *            dx = gamma scale (dy - (dbeta + xh dgamma) / R)           eval: dx = gamma scale dy
 *            Check by sum: to add a constant to x changes nothing, so sum_r dx = 0; nor does a
 *            factor, with eps = 0, so sum_r x dx = 0.
 * Saves      mean and scale, two numbers a channel; xh is computed again
 * Cost       forward reads x twice and writes y, backward reads x and dy twice and writes dx:
 *            memory is the limit
 * Source     Ioffe and Szegedy 2015, algorithms 1 and 2      Derivation  docs/math/batch-norm.md
 */
#include "kernels/batch_norm.h"

#include "kernels/columns.h"

#include <math.h>
#include <string.h>

/* ---- the definition ---- */

void mlk_batch_norm_moments_ref(double *mean, double *var, const ml_real *x, int64_t rows,
                                int64_t channels)
{
    for (int64_t c = 0; c < channels; c++) {
        double sum = 0, squares = 0;
        for (int64_t r = 0; r < rows; r++)
            sum += (double)x[r * channels + c];
        mean[c] = sum / (double)rows;
        for (int64_t r = 0; r < rows; r++) {
            double d = (double)x[r * channels + c] - mean[c];
            squares += d * d;
        }
        var[c] = squares / (double)rows;
    }
}

void mlk_batch_norm_track(ml_real *running, const double *batch, int64_t channels, double momentum,
                          double factor)
{
    for (int64_t c = 0; c < channels; c++)
        running[c] = (ml_real)((1 - momentum) * (double)running[c] + momentum * factor * batch[c]);
}

void mlk_batch_norm_scale(double *var, int64_t channels, double eps)
{
    for (int64_t c = 0; c < channels; c++)
        var[c] = 1 / sqrt(var[c] + eps);
}

void mlk_batch_norm_ref(ml_real *y, const ml_real *x, const mlk_norm *b)
{
    for (int64_t r = 0; r < b->rows; r++)
        for (int64_t c = 0; c < b->n; c++) {
            double xh = ((double)x[r * b->n + c] - b->mean[c]) * b->scale[c];
            y[r * b->n + c] = (ml_real)(mlk_gamma(b, c) * xh + mlk_beta(b, c));
        }
}

void mlk_batch_norm_backward_ref(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                                 const mlk_norm *b)
{
    for (int64_t c = 0; c < b->n; c++) {
        double dbeta = 0, dgamma = 0, rows = (double)b->rows;
        for (int64_t r = 0; r < b->rows; r++) {
            double d = (double)dy[r * b->n + c],
                   xh = ((double)x[r * b->n + c] - b->mean[c]) * b->scale[c];
            dbeta += d;
            dgamma += d * xh;
        }
        for (int64_t r = 0; r < b->rows; r++) {
            double d = (double)dy[r * b->n + c],
                   xh = ((double)x[r * b->n + c] - b->mean[c]) * b->scale[c];
            double through =
                b->constant ? 0 : (dbeta + xh * dgamma) / rows; /* mean and var move with x */
            mlk_give(g->dx, g->add_dx, r * b->n + c, mlk_gamma(b, c) * b->scale[c] * (d - through));
        }
        mlk_give(g->dgamma, g->add_dgamma, c, dgamma);
        mlk_give(g->dbeta, g->add_dbeta, c, dbeta);
    }
}

size_t mlk_batch_norm_work(int64_t rows, int64_t channels)
{
    return mlk_columns_work(rows, channels);
}

/* ---- fast: mean and variance, reading x once ----
 *
 * With d = x - pivot:  mean = pivot + sum d / R,  var = sum d^2 / R - (sum d / R)^2. The difference
 * keeps its digits as long as the pivot is near the mean. Here it is the mean of n rows, so that
 * (mean - pivot)^2 <= var R / n whatever the data, and about var / n as a rule. */

static void set_pivot(mlk_columns *p)
{
    int64_t n = p->rows < 32 ? 1 : p->rows < 1024 ? p->rows / 16 : 64;
    double *sum = p->sum[0]; /* not yet in use */
    memset(sum, 0, (size_t)p->columns * sizeof *sum);
    for (int64_t k = 0; k < n; k++)
        for (int64_t c = 0; c < p->columns; c++)
            sum[c] += (double)p->x[k * (p->rows / n) * p->columns + c];
    for (int64_t c = 0; c < p->columns; c++)
        p->v[0][c] = (ml_real)(sum[c] / (double)n);
    mlk_columns_fold(p);
}

/* sum d and sum d^2: four rows in ml_real, the fours in double */
static void add_moments(const mlk_columns *p, double *s, double *q, int64_t at, int64_t rows,
                        int64_t width)
{
    const ml_real *pivot = p->v[0], *x = p->x + at;
    for (; rows >= 4; rows -= 4, x += 4 * width) /* so a sum is loaded and stored once for four */
        for (int64_t i = 0; i < width; i++) {
            ml_real v = pivot[i], a = x[i] - v, b = x[width + i] - v, c = x[2 * width + i] - v,
                    d = x[3 * width + i] - v;
            s[i] += (double)((a + b) + (c + d));
            q[i] += (double)((a * a + b * b) + (c * c + d * d));
        }
    for (; rows > 0; rows--, x += width)
        for (int64_t i = 0; i < width; i++) {
            ml_real d = x[i] - pivot[i];
            s[i] += (double)d;
            q[i] += (double)(d * d);
        }
}

void mlk_batch_norm_moments(double *mean, double *var, const ml_real *x, int64_t rows,
                            int64_t channels, void *work)
{
    mlk_columns p = mlk_columns_plan(rows, channels, work);
    p.x = x;
    set_pivot(&p);
    mlk_columns_sum(&p, add_moments);
    for (int64_t c = 0; c < channels; c++) {
        double d = p.sum[0][c] / (double)rows;
        mean[c] = (double)p.v[0][c] + d;
        var[c] = p.sum[1][c] / (double)rows - d * d;
    }
}

/* ---- forward ---- */

/* y = (x - v0) v1 + v2 */
static void normalize(const mlk_columns *p, double *s, double *q, int64_t at, int64_t rows,
                      int64_t width)
{
    (void)s, (void)q;
    const ml_real *mean = p->v[0], *scale = p->v[1], *shift = p->v[2];
    const ml_real *x = p->x + at;
    ml_real *y = p->out + at;
    for (; rows > 0; rows--, x += width, y += width)
        for (int64_t i = 0; i < width; i++)
            y[i] = (x[i] - mean[i]) * scale[i] + shift[i];
}

/* What rounding the mean to an ml_real has added to it. The shift takes it back. */
static double excess(const mlk_norm *b, int64_t c)
{
    return (double)(ml_real)b->mean[c] - b->mean[c];
}

void mlk_batch_norm_forward(ml_real *y, const ml_real *x, const mlk_norm *b, void *work)
{
    mlk_columns p = mlk_columns_plan(b->rows, b->n, work);
    p.x = x;
    p.out = y;
    for (int64_t c = 0; c < b->n; c++) {
        double scale = mlk_gamma(b, c) * b->scale[c];
        p.v[0][c] = (ml_real)b->mean[c];
        p.v[1][c] = (ml_real)scale;
        p.v[2][c] = (ml_real)(mlk_beta(b, c) + excess(b, c) * scale);
    }
    mlk_columns_fold(&p);
    mlk_columns_run(&p, normalize);
}

/* ---- backward ---- */

/* sum dy and sum dy (x - v0): four rows in ml_real, the fours in double */
static void add_products(const mlk_columns *p, double *s, double *q, int64_t at, int64_t rows,
                         int64_t width)
{
    const ml_real *mean = p->v[0], *x = p->x + at, *dy = p->dy + at;
    for (; rows >= 4; rows -= 4, x += 4 * width, dy += 4 * width)
        for (int64_t i = 0; i < width; i++) {
            ml_real m = mean[i], a = dy[i], b = dy[width + i], c = dy[2 * width + i],
                    d = dy[3 * width + i];
            s[i] += (double)((a + b) + (c + d));
            q[i] += (double)((a * (x[i] - m) + b * (x[width + i] - m)) +
                             (c * (x[2 * width + i] - m) + d * (x[3 * width + i] - m)));
        }
    for (; rows > 0; rows--, x += width, dy += width)
        for (int64_t i = 0; i < width; i++) {
            s[i] += (double)dy[i];
            q[i] += (double)(dy[i] * (x[i] - mean[i]));
        }
}

/* dx = v1 dy */
static void scale_back(const mlk_columns *p, double *s, double *q, int64_t at, int64_t rows,
                       int64_t width)
{
    (void)s, (void)q;
    const ml_real *scale = p->v[1], *dy = p->dy + at;
    ml_real *dx = p->out + at;
    const bool add = p->add;
    for (; rows > 0; rows--, dy += width, dx += width)
        for (int64_t i = 0; i < width; i++)
            dx[i] = (add ? dx[i] : 0) + scale[i] * dy[i];
}

/* dx = v1 dy + v2 (x - v0) + v3 */
static void normalize_back(const mlk_columns *p, double *s, double *q, int64_t at, int64_t rows,
                           int64_t width)
{
    (void)s, (void)q;
    const ml_real *mean = p->v[0], *scale = p->v[1], *slope = p->v[2], *shift = p->v[3];
    const ml_real *x = p->x + at, *dy = p->dy + at;
    ml_real *dx = p->out + at;
    const bool add = p->add;
    for (; rows > 0; rows--, x += width, dy += width, dx += width)
        for (int64_t i = 0; i < width; i++)
            dx[i] =
                (add ? dx[i] : 0) + (scale[i] * dy[i] + (slope[i] * (x[i] - mean[i]) + shift[i]));
}

/* dgamma = scale sum dy (x - mean), in place of what add_products leaves */
static void sum_gradients(mlk_columns *p, const mlk_norm *b)
{
    double *dbeta = p->sum[0], *dgamma = p->sum[1];
    for (int64_t c = 0; c < b->n; c++)
        p->v[0][c] = (ml_real)b->mean[c];
    mlk_columns_fold(p);
    mlk_columns_sum(p, add_products);
    for (int64_t c = 0; c < b->n; c++)
        dgamma[c] = b->scale[c] * (dgamma[c] + excess(b, c) * dbeta[c]);
}

/* dx = gamma scale (dy - (dbeta + xh dgamma) / R), sorted by dy and x - v0 */
static void set_slopes(mlk_columns *p, const mlk_norm *b)
{
    const double *dbeta = p->sum[0], *dgamma = p->sum[1], rows = (double)b->rows;
    for (int64_t c = 0; c < b->n; c++) {
        double scale = mlk_gamma(b, c) * b->scale[c];
        p->v[1][c] = (ml_real)scale;
        if (b->constant)
            continue;
        double slope = -scale * b->scale[c] * dgamma[c] / rows;
        p->v[2][c] = (ml_real)slope;
        p->v[3][c] = (ml_real)(slope * excess(b, c) - scale * dbeta[c] / rows);
    }
    mlk_columns_fold(p);
}

void mlk_batch_norm_backward(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                             const mlk_norm *b, void *work)
{
    mlk_columns p = mlk_columns_plan(b->rows, b->n, work);
    const bool wanted = g->dgamma || g->dbeta;
    p.x = x;
    p.dy = dy;
    p.out = g->dx;
    p.add = g->add_dx;
    if (wanted || !b->constant)
        sum_gradients(&p, b);
    if (g->dx) {
        set_slopes(&p, b);
        mlk_columns_run(&p, b->constant ? scale_back : normalize_back);
    }
    for (int64_t c = 0; wanted && c < b->n; c++) {
        mlk_give(g->dgamma, g->add_dgamma, c, p.sum[1][c]);
        mlk_give(g->dbeta, g->add_dbeta, c, p.sum[0][c]);
    }
}
