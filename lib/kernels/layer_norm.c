/* layer_norm.c -- each sample to mean 0 and variance 1 over its own features, then scaled and
 * shifted by what is learnt
 *
 * Shapes     x, y (R,D)     gamma, beta (D)     mean, scale (R)
 * Forward    mean = (1/D) sum_d x[d]         var = (1/D) sum_d (x[d] - mean)^2        of each row
 *            scale = 1 / sqrt(var + eps)     xh = (x - mean) scale     y = gamma xh + beta
 * Backward   dbeta = sum_r dy[r]             dgamma = sum_r dy[r] xh[r]
 *            h = gamma dy         dx = scale (h - (1/D) sum_d h[d] - xh (1/D) sum_d h[d] xh[d])
 *            Check by sum: to add a constant to a row of x changes nothing, so sum_d dx = 0.
 * Saves      mean and scale, two numbers a row; xh is computed again
 * Cost       a row stays in the cache over its three passes: x and dy are read once, y or dx
 *            written once
 * Source     Ba, Kiros, Hinton 2016, eq. 3 and 4             Derivation  docs/math/layer-norm.md
 */
#include "kernels/layer_norm.h"

#include "kernels/ranges.h"
#include "kernels/rows.h"

#include <string.h>

/* ---- the definition ---- */

void mlk_layer_norm_ref(ml_real *y, const ml_real *x, const mlk_norm *l, double eps)
{
    for (int64_t r = 0; r < l->rows; r++, x += l->n, y += l->n) {
        double sum = 0, squares = 0, n = (double)l->n;
        for (int64_t d = 0; d < l->n; d++)
            sum += (double)x[d];
        l->mean[r] = sum / n;
        for (int64_t d = 0; d < l->n; d++)
            squares += ((double)x[d] - l->mean[r]) * ((double)x[d] - l->mean[r]);
        l->scale[r] = 1 / sqrt(squares / n + eps);
        for (int64_t d = 0; d < l->n; d++)
            y[d] = (ml_real)(mlk_gamma(l, d) * (((double)x[d] - l->mean[r]) * l->scale[r]) +
                             mlk_beta(l, d));
    }
}

static double xh_of(const mlk_norm *l, const ml_real *x, int64_t r, int64_t d)
{
    return ((double)x[r * l->n + d] - l->mean[r]) * l->scale[r];
}

void mlk_layer_norm_backward_ref(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                                 const mlk_norm *l)
{
    for (int64_t r = 0; r < l->rows; r++) {
        double sum = 0, dot = 0, n = (double)l->n; /* of h, and of h with xh */
        for (int64_t d = 0; d < l->n; d++) {
            double h = mlk_gamma(l, d) * (double)dy[r * l->n + d];
            sum += h;
            dot += h * xh_of(l, x, r, d);
        }
        for (int64_t d = 0; d < l->n; d++) {
            double h = mlk_gamma(l, d) * (double)dy[r * l->n + d];
            mlk_give(g->dx, g->add_dx, r * l->n + d,
                     l->scale[r] * (h - sum / n - xh_of(l, x, r, d) * dot / n));
        }
    }
    for (int64_t d = 0; d < l->n; d++) {
        double dgamma = 0, dbeta = 0;
        for (int64_t r = 0; r < l->rows; r++) {
            dgamma += (double)dy[r * l->n + d] * xh_of(l, x, r, d);
            dbeta += (double)dy[r * l->n + d];
        }
        mlk_give(g->dgamma, g->add_dgamma, d, dgamma);
        mlk_give(g->dbeta, g->add_dbeta, d, dbeta);
    }
}

/* ---- fast: chunks of rows for the threads, sixteen sums side by side for the vectors ---- */

enum { BLOCK = 256 };

typedef struct pass {
    int64_t rows, n, length, chunks; /* length: rows of a chunk */
    const mlk_norm *l;
    const ml_real *x, *dy;
    const ml_real *gamma, *beta; /* ones and zeros where the norm has none */
    ml_real *out;
    bool add;
    double eps;
    double *sheets; /* of each chunk n sums for dbeta and n for dgamma; NULL: not wanted */
} pass;

/* At most 64 chunks, so that their sums stay small beside x. */
static pass pass_of(int64_t rows, int64_t n)
{
    int64_t chunks = rows * n / MLK_CHUNK;
    chunks = chunks < 1 ? 1 : chunks > 64 ? 64 : chunks;
    pass p = {.rows = rows, .n = n, .length = (rows + chunks - 1) / chunks};
    p.chunks = rows == 0 ? 0 : (rows + p.length - 1) / p.length;
    return p;
}

size_t mlk_layer_norm_work(int64_t rows, int64_t n)
{
    return 2 * (size_t)n * ((size_t)pass_of(rows, n).chunks * sizeof(double) + sizeof(ml_real));
}

static void share_out(pass *p, const mlk_norm *l, void *work)
{
    p->l = l;
    p->sheets = work;
    ml_real *ones = (ml_real *)(p->sheets + 2 * p->chunks * p->n), *zeros = ones + p->n;
    for (int64_t d = 0; d < p->n; d++) {
        ones[d] = 1;
        zeros[d] = 0;
    }
    p->gamma = l->gamma ? l->gamma : ones;
    p->beta = l->beta ? l->beta : zeros;
}

static int64_t end_of(const pass *p, int64_t chunk)
{
    int64_t end = (chunk + 1) * p->length;
    return end < p->rows ? end : p->rows;
}

/* What a row is normalised by, as ml_real. What rounding has added to the mean stands apart, so
 * that nothing is lost. */
typedef struct row {
    ml_real mean, excess, scale;
} row;

static row row_of(const mlk_norm *l, int64_t r)
{
    ml_real mean = (ml_real)l->mean[r];
    return (row){mean, (ml_real)((double)mean - l->mean[r]), (ml_real)l->scale[r]};
}

/* x - mean */
static inline ml_real centred(ml_real x, row v)
{
    return (x - v.mean) + v.excess;
}

/* ---- forward ---- */

/* sum (x - mean)^2, a block at a time */
static double squares(const ml_real *x, row v, int64_t n)
{
    double sum = 0;
    ml_real c[BLOCK];
    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t count = n - at < BLOCK ? n - at : BLOCK;
        for (int64_t i = 0; i < count; i++)
            c[i] = centred(x[at + i], v);
        sum += mlk_row_dot(c, c, count);
    }
    return sum;
}

static void normalize(ml_real *y, const ml_real *x, row v, const ml_real *gamma,
                      const ml_real *beta, int64_t n)
{
    for (int64_t d = 0; d < n; d++)
        y[d] = centred(x[d], v) * v.scale * gamma[d] + beta[d];
}

static ml_status forward_chunk(void *arg, int64_t chunk)
{
    const pass *p = arg;
    for (int64_t r = chunk * p->length; r < end_of(p, chunk); r++) {
        const ml_real *x = p->x + r * p->n;
        p->l->mean[r] = mlk_row_sum(x, p->n) / (double)p->n;
        p->l->scale[r] = 1 / sqrt(squares(x, row_of(p->l, r), p->n) / (double)p->n + p->eps);
        normalize(p->out + r * p->n, x, row_of(p->l, r), p->gamma, p->beta, p->n);
    }
    return ML_OK;
}

void mlk_layer_norm_forward(ml_real *y, const ml_real *x, const mlk_norm *l, double eps, void *work)
{
    pass p = pass_of(l->rows, l->n);
    share_out(&p, l, work);
    p.out = y;
    p.x = x;
    p.eps = eps;
    ml_parallel_for(p.chunks, forward_chunk, &p); /* forward_chunk cannot fail */
}

/* ---- backward ---- */

/* sums[0] = sum h and sums[1] = sum h (x - mean), h = gamma dy, a block at a time */
static void row_sums(double sums[2], const ml_real *dy, const ml_real *x, const ml_real *gamma,
                     row v, int64_t n)
{
    ml_real h[BLOCK], c[BLOCK];
    sums[0] = sums[1] = 0;
    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t count = n - at < BLOCK ? n - at : BLOCK;
        for (int64_t i = 0; i < count; i++) {
            h[i] = gamma[at + i] * dy[at + i];
            c[i] = centred(x[at + i], v);
        }
        sums[0] += mlk_row_sum(h, count);
        sums[1] += mlk_row_dot(h, c, count);
    }
}

/* dx = scale (h - sum h / D - (x - mean) scale^2 sum h (x - mean) / D) */
static void row_back(const pass *p, int64_t r)
{
    const ml_real *x = p->x + r * p->n, *dy = p->dy + r * p->n, *gamma = p->gamma;
    ml_real *dx = p->out + r * p->n;
    const row v = row_of(p->l, r);
    double sums[2], n = (double)p->n, scale = p->l->scale[r];
    row_sums(sums, dy, x, gamma, v, p->n);
    const ml_real mean = (ml_real)(sums[0] / n), slope = (ml_real)(scale * scale * sums[1] / n);
    const bool add = p->add;
    for (int64_t d = 0; d < p->n; d++)
        dx[d] = (add ? dx[d] : 0) + v.scale * (gamma[d] * dy[d] - mean - centred(x[d], v) * slope);
}

/* dbeta += dy, dgamma += dy xh */
static void add_row(double *dbeta, double *dgamma, const ml_real *dy, const ml_real *x, row v,
                    int64_t n)
{
    for (int64_t d = 0; d < n; d++) {
        dbeta[d] += (double)dy[d];
        dgamma[d] += (double)(dy[d] * centred(x[d], v) * v.scale);
    }
}

static ml_status backward_chunk(void *arg, int64_t chunk)
{
    const pass *p = arg;
    double *sheet = p->sheets ? p->sheets + 2 * chunk * p->n : NULL;
    if (sheet)
        memset(sheet, 0, 2 * (size_t)p->n * sizeof *sheet);
    for (int64_t r = chunk * p->length; r < end_of(p, chunk); r++) {
        if (p->out)
            row_back(p, r);
        if (sheet)
            add_row(sheet, sheet + p->n, p->dy + r * p->n, p->x + r * p->n, row_of(p->l, r), p->n);
    }
    return ML_OK;
}

void mlk_layer_norm_backward(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                             const mlk_norm *l, void *work)
{
    pass p = pass_of(l->rows, l->n);
    share_out(&p, l, work);
    p.out = g->dx;
    p.add = g->add_dx;
    p.x = x;
    p.dy = dy;
    if (!g->dgamma && !g->dbeta)
        p.sheets = NULL;
    ml_parallel_for(p.chunks, backward_chunk, &p); /* backward_chunk cannot fail */
    for (int64_t d = 0; p.sheets && d < p.n; d++) {
        double dbeta = 0, dgamma = 0;
        for (int64_t c = 0; c < p.chunks; c++) { /* the sheets, in their order */
            dbeta += p.sheets[2 * c * p.n + d];
            dgamma += p.sheets[(2 * c + 1) * p.n + d];
        }
        mlk_give(g->dgamma, g->add_dgamma, d, dgamma);
        mlk_give(g->dbeta, g->add_dbeta, d, dbeta);
    }
}
