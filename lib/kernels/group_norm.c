/* group_norm.c -- groups of channels to mean 0 and variance 1, within each sample, then scaled and
 * shifted by what is learnt
 *
 * Shapes     x, y (N,P,C): P pixels, or moments, or 1     gamma, beta (C)     mean, scale (N,G)
 *            a group has D = C / G channels that lie side by side, so M = P D numbers of a sample
 * Forward    mean = (1/M) sum x                  var = (1/M) sum (x - mean)^2          of each group
 *            scale = 1 / sqrt(var + eps)         xh = (x - mean) scale     y = gamma xh + beta
 * Backward   dbeta = sum_n,p dy                  dgamma = sum_n,p dy xh                of each channel
 *            h = gamma dy                        dx = scale (h - (1/M) sum h - xh (1/M) sum h xh)
 *            Check by sum: to add a constant to a group of x changes nothing, so sum dx = 0 over it.
 * Saves      mean and scale, two numbers a group; xh is computed again
 * Cost       forward reads x three times and writes y; backward reads x and dy twice and writes dx
 * Source     Wu and He 2018, eq. 1, 2, 6 and 7               Derivation  docs/math/group-norm.md
 */
#include "kernels/group_norm.h"

#include "kernels/lanes.h"
#include "kernels/ranges.h"

#include <math.h>
#include <string.h>

static int64_t pixels_of(const mlk_norm *g)
{
    return g->samples ? g->rows / g->samples : 0;
}

/* ---- the definition ---- */

/* Where number i of the M numbers of group k lies; k counts the groups of all samples. */
static int64_t place(const mlk_norm *g, int64_t k, int64_t i)
{
    int64_t wide = g->n / g->groups, row = k / g->groups * pixels_of(g) + i / wide;
    return row * g->n + k % g->groups * wide + i % wide;
}

static int64_t group_size(const mlk_norm *g)
{
    return pixels_of(g) * (g->n / g->groups);
}

void mlk_group_norm_ref(ml_real *y, const ml_real *x, const mlk_norm *g, double eps)
{
    int64_t size = group_size(g);
    for (int64_t k = 0; k < g->samples * g->groups; k++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < size; i++)
            sum += (double)x[place(g, k, i)];
        g->mean[k] = sum / (double)size;
        for (int64_t i = 0; i < size; i++) {
            double d = (double)x[place(g, k, i)] - g->mean[k];
            squares += d * d;
        }
        g->scale[k] = 1 / sqrt(squares / (double)size + eps);
        for (int64_t i = 0; i < size; i++) {
            int64_t at = place(g, k, i), c = at % g->n;
            double xh = ((double)x[at] - g->mean[k]) * g->scale[k];
            y[at] = (ml_real)(mlk_gamma(g, c) * xh + mlk_beta(g, c));
        }
    }
}

static double xh_of(const mlk_norm *g, const ml_real *x, int64_t k, int64_t at)
{
    return ((double)x[at] - g->mean[k]) * g->scale[k];
}

static void give_channels(const mlk_norm_grads *to, const ml_real *dy, const ml_real *x,
                          const mlk_norm *g)
{
    for (int64_t c = 0; c < g->n; c++) {
        double dgamma = 0, dbeta = 0;
        for (int64_t r = 0; r < g->rows; r++) {
            int64_t at = r * g->n + c, k = r / pixels_of(g) * g->groups + c / (g->n / g->groups);
            dgamma += (double)dy[at] * xh_of(g, x, k, at);
            dbeta += (double)dy[at];
        }
        mlk_give(to->dgamma, to->add_dgamma, c, dgamma);
        mlk_give(to->dbeta, to->add_dbeta, c, dbeta);
    }
}

void mlk_group_norm_backward_ref(const mlk_norm_grads *to, const ml_real *dy, const ml_real *x,
                                 const mlk_norm *g)
{
    int64_t size = group_size(g);
    for (int64_t k = 0; k < g->samples * g->groups; k++) {
        double sum = 0, dot = 0, m = (double)size; /* of h, and of h with xh */
        for (int64_t i = 0; i < size; i++) {
            int64_t at = place(g, k, i);
            double h = mlk_gamma(g, at % g->n) * (double)dy[at];
            sum += h;
            dot += h * xh_of(g, x, k, at);
        }
        for (int64_t i = 0; i < size; i++) {
            int64_t at = place(g, k, i);
            double h = mlk_gamma(g, at % g->n) * (double)dy[at];
            mlk_give(to->dx, to->add_dx, at,
                     g->scale[k] * (h - sum / m - xh_of(g, x, k, at) * dot / m));
        }
    }
    give_channels(to, dy, x, g);
}

/* ---- fast: samples for the threads, channels side by side for the vectors ----
 *
 * A sum over a group is a sum over pixels for each of its channels, then over these few: the long loop
 * runs along the memory whatever the group's size. All sums are in double. */

enum { MOST = MLK_LANES_MAX, ARRAYS = 8 }; /* lanes; arrays of C doubles that a lane has */

typedef struct pass {
    const mlk_norm *g;
    double eps;
    const ml_real *x, *dy;
    ml_real *out;
    bool add;
    double *work;
} pass;

size_t mlk_group_norm_work(int64_t rows, int64_t channels)
{
    int64_t lanes = rows < 1 ? 1 : rows < MOST ? rows : MOST;
    return (size_t)lanes * ARRAYS * (size_t)channels * sizeof(double);
}

static int64_t lanes_of(const mlk_norm *g)
{
    return mlk_lanes(g->samples, 1 + MLK_CHUNK / (1 + pixels_of(g) * g->n), MOST);
}

/* Array number i of a lane. */
static double *array(const pass *p, int64_t lane, int64_t i)
{
    return p->work + (lane * ARRAYS + i) * p->g->n;
}

/* The sum over the channels of group k of v. */
static double total(const mlk_norm *g, int64_t k, const double *v)
{
    int64_t wide = g->n / g->groups;
    double sum = 0;
    for (int64_t c = k * wide; c < (k + 1) * wide; c++)
        sum += v[c];
    return sum;
}

/* v[c] = value for the channels of group k */
static void fill(const mlk_norm *g, int64_t k, double *v, double value)
{
    int64_t wide = g->n / g->groups;
    for (int64_t c = k * wide; c < (k + 1) * wide; c++)
        v[c] = value;
}

/* ---- forward ---- */

/* sum over pixels of x, and of (x - mean)^2 */
static void add_up(double *sum, const ml_real *x, int64_t pixels, int64_t n)
{
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int64_t p = 0; p < pixels; p++, x += n)
        for (int64_t c = 0; c < n; c++)
            sum[c] += (double)x[c];
}

static void add_squares(double *sum, const ml_real *x, const double *mean, int64_t pixels,
                        int64_t n)
{
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int64_t p = 0; p < pixels; p++, x += n)
        for (int64_t c = 0; c < n; c++)
            sum[c] += ((double)x[c] - mean[c]) * ((double)x[c] - mean[c]);
}

static void normalize(const pass *p, int64_t sample, const double *mean, const double *scale,
                      const double *shift)
{
    int64_t n = p->g->n, begin = sample * pixels_of(p->g) * n, end = begin + pixels_of(p->g) * n;
    for (int64_t at = begin; at < end; at += n)
        for (int64_t c = 0; c < n; c++)
            p->out[at + c] = (ml_real)(((double)p->x[at + c] - mean[c]) * scale[c] + shift[c]);
}

static void forward_lane(void *arg, mlk_lane l)
{
    const pass *p = arg;
    const mlk_norm *g = p->g;
    double *sum = array(p, l.index, 0), *mean = array(p, l.index, 1), *scale = array(p, l.index, 2),
           *shift = array(p, l.index, 3), size = (double)group_size(g);
    for (int64_t s = l.begin; s < l.end; s++) {
        const ml_real *x = p->x + s * pixels_of(g) * g->n;
        double *means = g->mean + s * g->groups, *scales = g->scale + s * g->groups;
        add_up(sum, x, pixels_of(g), g->n);
        for (int64_t k = 0; k < g->groups; k++)
            fill(g, k, mean, means[k] = total(g, k, sum) / size);
        add_squares(sum, x, mean, pixels_of(g), g->n);
        for (int64_t k = 0; k < g->groups; k++)
            fill(g, k, scale, scales[k] = 1 / sqrt(total(g, k, sum) / size + p->eps));
        for (int64_t c = 0; c < g->n; c++) {
            scale[c] *= mlk_gamma(g, c);
            shift[c] = mlk_beta(g, c);
        }
        normalize(p, s, mean, scale, shift);
    }
}

void mlk_group_norm_forward(ml_real *y, const ml_real *x, const mlk_norm *g, double eps, void *work)
{
    pass p = {.g = g, .eps = eps, .x = x, .out = y, .work = work};
    mlk_run_lanes(g->samples, lanes_of(g), forward_lane, &p);
}

/* ---- backward ---- */

/* sum over pixels of dy, and of dy (x - mean) */
static void add_products(double *sum, double *dot, const ml_real *dy, const ml_real *x,
                         const double *mean, int64_t pixels, int64_t n)
{
    memset(sum, 0, (size_t)n * sizeof *sum);
    memset(dot, 0, (size_t)n * sizeof *dot);
    for (int64_t p = 0; p < pixels; p++, x += n, dy += n)
        for (int64_t c = 0; c < n; c++) {
            sum[c] += (double)dy[c];
            dot[c] += (double)dy[c] * ((double)x[c] - mean[c]);
        }
}

/* dx = a dy - b (x - mean) - d, for each channel */
static void normalize_back(const pass *p, int64_t sample, const double *mean, const double *a,
                           const double *b, const double *d)
{
    int64_t n = p->g->n, begin = sample * pixels_of(p->g) * n, end = begin + pixels_of(p->g) * n;
    const bool add = p->add;
    for (int64_t at = begin; at < end; at += n)
        for (int64_t c = 0; c < n; c++) {
            double centred = (double)p->x[at + c] - mean[c];
            double dx = a[c] * (double)p->dy[at + c] - b[c] * centred - d[c];
            p->out[at + c] = (add ? p->out[at + c] : 0) + (ml_real)dx;
        }
}

/* With sum = sum_p dy and dot = sum_p dy (x - mean) of each channel, those over the group's h and xh:
 * dx = scale gamma dy - scale^2 (x - mean) sum h xh / M - scale sum h / M */
static void set_slopes(const mlk_norm *g, int64_t sample, const double *sum, const double *dot,
                       double *a, double *b, double *d)
{
    int64_t wide = g->n / g->groups;
    double size = (double)group_size(g);
    for (int64_t k = 0; k < g->groups; k++) {
        double h = 0, h_xh = 0, scale = g->scale[sample * g->groups + k];
        for (int64_t c = k * wide; c < (k + 1) * wide; c++) {
            a[c] = scale * mlk_gamma(g, c);
            h += mlk_gamma(g, c) * sum[c];
            h_xh += a[c] * dot[c];
        }
        fill(g, k, b, scale * scale * h_xh / size);
        fill(g, k, d, scale * h / size);
    }
}

static void backward_lane(void *arg, mlk_lane l)
{
    const pass *p = arg;
    const mlk_norm *g = p->g;
    double *v[ARRAYS];
    for (int i = 0; i < ARRAYS; i++)
        v[i] = array(p, l.index, i);
    double *dbeta = v[0], *dgamma = v[1], *sum = v[2], *dot = v[3], *mean = v[4];
    memset(dbeta, 0, 2 * (size_t)g->n * sizeof *dbeta); /* and dgamma, which is the next */
    for (int64_t s = l.begin; s < l.end; s++) {
        int64_t first = s * pixels_of(g) * g->n;
        for (int64_t k = 0; k < g->groups; k++)
            fill(g, k, mean, g->mean[s * g->groups + k]);
        add_products(sum, dot, p->dy + first, p->x + first, mean, pixels_of(g), g->n);
        for (int64_t c = 0; c < g->n; c++) {
            dbeta[c] += sum[c];
            dgamma[c] += g->scale[s * g->groups + c / (g->n / g->groups)] * dot[c];
        }
        if (!p->out)
            continue;
        set_slopes(g, s, sum, dot, v[5], v[6], v[7]);
        normalize_back(p, s, mean, v[5], v[6], v[7]);
    }
}

void mlk_group_norm_backward(const mlk_norm_grads *to, const ml_real *dy, const ml_real *x,
                             const mlk_norm *g, void *work)
{
    pass p = {.g = g, .x = x, .dy = dy, .out = to->dx, .add = to->add_dx, .work = work};
    mlk_run_lanes(g->samples, lanes_of(g), backward_lane, &p);
    for (int64_t c = 0; c < g->n; c++) {
        double dbeta = 0, dgamma = 0;
        for (int64_t l = 0; l < lanes_of(g); l++) { /* the lanes, in their order */
            dbeta += array(&p, l, 0)[c];
            dgamma += array(&p, l, 1)[c];
        }
        mlk_give(to->dgamma, to->add_dgamma, c, dgamma);
        mlk_give(to->dbeta, to->add_dbeta, c, dbeta);
    }
}
