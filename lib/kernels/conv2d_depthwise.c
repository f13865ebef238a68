/* conv2d_depthwise.c -- each channel has one filter of its own:  G = C = F,  w (C,R,S,1)
 *
 *     y[n,p,q,c] = b[c] + sum_{r,s} x[n, p stride + r dil - pad, q stride + s dil - pad, c] w[c,r,s]
 *
 * No product of matrices: there is nothing to share between channels. But in N H W C the channels of a pixel lie side by
 * side, so that one step of the loop works on a vector of them; for that the weights are turned to (R,S,C) first.
 * Cost       2 N P Q C R S flops: memory is the limit
 * Source     Sifre 2014; Howard et al. 2017, "MobileNets"
 */
#include "kernels/conv2d.h"
#include "kernels/lanes.h"

#include <string.h>

static void turn_weights(ml_real *turned, const ml_real *w, const mlk_conv2d *g)
{
    for (int64_t tap = 0; tap < g->r * g->s; tap++)
        for (int64_t c = 0; c < g->c; c++)
            turned[tap * g->c + c] = w[c * g->r * g->s + tap];
}

/* y[c] += a[c] b[c] */
static void multiply_add(ml_real *restrict y, const ml_real *restrict a, const ml_real *restrict b, int64_t n)
{
    for (int64_t c = 0; c < n; c++)
        y[c] += a[c] * b[c];
}

/* Where tap (r,s) of output pixel (n,p,q) looks; -1 outside of the picture. */
static int64_t seen(const mlk_conv2d *g, int64_t n, int64_t p, int64_t q, int64_t r, int64_t s)
{
    int64_t h = p * g->stride[0] + r * g->dil[0] - g->pad[0], w = q * g->stride[1] + s * g->dil[1] - g->pad[1];
    return h < 0 || h >= g->h || w < 0 || w >= g->w ? -1 : ((n * g->h + h) * g->w + w) * g->c;
}

/* Of rows of output pixels: a lane is a stretch of them. */
static void forward_lane(void *arg, mlk_lane l)
{
    const mlk_conv2d_args *a = arg;
    const mlk_conv2d *g = &a->g;
    const ml_real *turned = a->work;
    for (int64_t row = l.begin; row < l.end; row++)
        for (int64_t q = 0; q < g->q; q++) {
            ml_real *y = a->out + (row * g->q + q) * g->c;
            for (int64_t c = 0; c < g->c; c++)
                y[c] = a->b ? a->b[c] : a->add ? y[c] : 0;
            for (int64_t tap = 0; tap < g->r * g->s; tap++) {
                int64_t at = seen(g, row / g->p, row % g->p, q, tap / g->s, tap % g->s);
                if (at >= 0)
                    multiply_add(y, a->x + at, turned + tap * g->c, g->c);
            }
        }
}

void mlk_conv2d_depthwise(const mlk_conv2d_args *a)
{
    int64_t rows = a->g.n * a->g.p;
    turn_weights(a->work, a->w, &a->g);
    mlk_run_lanes(rows, mlk_lanes(rows, 4, MLK_LANES_MAX), forward_lane, (void *)a);
}

/* Which output, along one axis, saw position h through tap r? -1: none. */
static int64_t seen_by(int64_t h, int64_t r, int64_t stride, int64_t pad, int64_t dil, int64_t outputs)
{
    int64_t d = h + pad - r * dil;
    return d < 0 || d % stride || d / stride >= outputs ? -1 : d / stride;
}

/* dx asks, for rows of input pixels, who saw them: each number is written by one lane. */
static void dx_lane(void *arg, mlk_lane l)
{
    const mlk_conv2d_args *a = arg;
    const mlk_conv2d *g = &a->g;
    const ml_real *turned = a->work;
    for (int64_t row = l.begin; row < l.end; row++)
        for (int64_t w = 0; w < g->w; w++) {
            ml_real *dx = a->out + (row * g->w + w) * g->c;
            for (int64_t c = 0; c < g->c && !a->add; c++)
                dx[c] = 0;
            for (int64_t tap = 0; tap < g->r * g->s; tap++) {
                int64_t p = seen_by(row % g->h, tap / g->s, g->stride[0], g->pad[0], g->dil[0], g->p);
                int64_t q = seen_by(w, tap % g->s, g->stride[1], g->pad[1], g->dil[1], g->q);
                if (p >= 0 && q >= 0)
                    multiply_add(dx, a->dy + ((row / g->h * g->p + p) * g->q + q) * g->c, turned + tap * g->c, g->c);
            }
        }
}

void mlk_conv2d_depthwise_dx(const mlk_conv2d_args *a)
{
    int64_t rows = a->g.n * a->g.h;
    turn_weights(a->work, a->w, &a->g);
    mlk_run_lanes(rows, mlk_lanes(rows, 4, MLK_LANES_MAX), dx_lane, (void *)a);
}

/* Each lane sums some rows, as (R,S,C). */
static void dw_lane(void *arg, mlk_lane l)
{
    const mlk_conv2d_args *a = arg;
    const mlk_conv2d *g = &a->g;
    ml_real *sum = (ml_real *)a->work + (1 + l.index) * g->r * g->s * g->c;
    memset(sum, 0, (size_t)(g->r * g->s * g->c) * sizeof *sum);
    for (int64_t row = l.begin; row < l.end; row++)
        for (int64_t q = 0; q < g->q; q++)
            for (int64_t tap = 0; tap < g->r * g->s; tap++) {
                int64_t at = seen(g, row / g->p, row % g->p, q, tap / g->s, tap % g->s);
                if (at >= 0)
                    multiply_add(sum + tap * g->c, a->x + at, a->dy + (row * g->q + q) * g->c, g->c);
            }
}

void mlk_conv2d_depthwise_dw(const mlk_conv2d_args *a)
{
    const mlk_conv2d *g = &a->g;
    int64_t rows = g->n * g->p, lanes = mlk_lanes(rows, 4, MLK_LANES_MAX), size = g->r * g->s * g->c;
    ml_real *total = a->work;
    mlk_run_lanes(rows, lanes, dw_lane, (void *)a);
    mlk_sum_parts(total, false, total + size, lanes, size);
    for (int64_t tap = 0; tap < g->r * g->s; tap++)
        for (int64_t c = 0; c < g->c; c++) {
            ml_real *dw = a->out + c * g->r * g->s + tap;
            *dw = (a->add ? *dw : 0) + total[tap * g->c + c];
        }
}

size_t mlk_conv2d_depthwise_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    return (size_t)((1 + MLK_LANES_MAX) * g->r * g->s * g->c) * sizeof(ml_real);
}
