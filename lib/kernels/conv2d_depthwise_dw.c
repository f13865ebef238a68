/* conv2d_depthwise_dw.c -- the gradient by weight where each channel has a filter of its own:
 *
 *     dw[c,r,s] = sum_{n,p,q} x[n, p stride + r dil - pad, q stride + s dil - pad, c] dy[n,p,q,c]
 *
 * A vector of channels at a time (see conv2d_depthwise.c), and the sums of some taps in registers while some pixels of a row pass: dy
 * is read once for all of them. A pixel whose window reaches over the edge passes alone. Each lane sums some of the rows, as (R,S,C);
 * the sums of the lanes are added up in order.
 */
#include "kernels/conv2d_depthwise.h"

#include <string.h>

/* Taps of a tile at most: as many sums and one number of dy fill the registers. Pixels that pass: few, so that they are still in the
 * first-level cache when the next channels' turn comes. */
enum { TAPS = 10, PIXELS = 6, FEW = 2 };

typedef struct tile {
    int64_t pixels, channels;
    const ml_real *x[TAPS]; /* what the first pixel sees through each tap */
    int64_t x_step;
    const ml_real *dy; /* the next pixel is `channels` further on */
    ml_real *sum[TAPS];
    mlk_below below;
    const ml_real *dy_below; /* or NULL */
} tile;

/* Channels c .. c+VL-1. taps is a constant where this is inlined. */
static inline __attribute__((always_inline)) void run_vector(const tile *t, int64_t c, const int taps)
{
    vec sum[TAPS];
    const ml_real *x[TAPS], *dy = t->dy + c;
    MLK_UNROLL
    for (int i = 0; i < taps; i++) {
        sum[i] = *(const loose *)(t->sum[i] + c);
        x[i] = t->x[i] + c;
    }
    for (int64_t q = 0, at = 0; q < t->pixels; q++, at += t->x_step, dy += t->channels) {
        vec d = *(const loose *)dy;
        MLK_UNROLL
        for (int i = 0; i < taps; i++)
            sum[i] += *(const loose *)(x[i] + at) * d;
    }
    MLK_UNROLL
    for (int i = 0; i < taps; i++)
        *(loose *)(t->sum[i] + c) = sum[i];
}

static inline __attribute__((always_inline)) void run_channels(const tile *t, const int taps)
{
    int64_t c = 0;
    for (; c + VL <= t->channels; c += VL) {
        mlk_ask_below(&t->below, c, VL);
        if (t->dy_below)
            mlk_ask(t->dy_below + c * t->pixels, VL * t->pixels);
        run_vector(t, c, taps);
    }
    for (; c < t->channels; c++)
        for (int i = 0; i < taps; i++)
            for (int64_t q = 0; q < t->pixels; q++)
                t->sum[i][c] += t->x[i][q * t->x_step + c] * t->dy[q * t->channels + c];
}

#define TILE(n)                                                                                                    case n:                                                                                                                run_channels(t, n);                                                                                                    break;

static void run_tile(const tile *t, int taps)
{
    switch (taps) {
        TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8) TILE(9) TILE(10)
    }
}

/* ---- rows of pixels ---- */

/* Pixels q .. q+pixels-1 of a row, which all see the picture through the same taps. */
static void add_pixels(const mlk_conv2d_args *a, ml_real *sum, int64_t row, int64_t q, int64_t pixels)
{
    const mlk_conv2d *g = &a->g;
    const ml_real *image = a->x + row / g->p * g->h * g->w * g->c;
    int64_t top = row % g->p * g->stride[0] - g->pad[0], left = q * g->stride[1] - g->pad[1];
    mlk_span down = mlk_taps_inside(top, g->r, g->dil[0], g->h), across = mlk_taps_inside(left, g->s, g->dil[1], g->w);
    tile t = {.pixels = pixels, .channels = g->c, .x_step = g->stride[1] * g->c, .dy = a->dy + (row * g->q + q) * g->c};
    int taps = 0;
    t.below = mlk_below_of(g, image, row % g->p, q, pixels);
    t.dy_below = row + 1 < g->n * g->p ? t.dy + g->q * g->c : NULL;
    for (int64_t r = down.begin; r < down.end; r++)
        for (int64_t s = across.begin; s < across.end; s++) {
            t.x[taps] = image + ((top + r * g->dil[0]) * g->w + left + s * g->dil[1]) * g->c;
            t.sum[taps++] = sum + (r * g->s + s) * mlk_tap_pitch(g);
            if (taps == TAPS) {
                run_tile(&t, taps);
                taps = t.below.rows = 0;
                t.dy_below = NULL;
            }
        }
    run_tile(&t, taps);
}

typedef struct job {
    const mlk_conv2d_args *a;
    ml_real *sums; /* (R,S,C) of each lane */
    mlk_span inside;
} job;

static void lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    const mlk_conv2d *g = &j->a->g;
    int64_t size = g->r * g->s * mlk_tap_pitch(g), most = mlk_pixels_at_once(g, PIXELS, FEW);
    ml_real *sum = j->sums + l.index * size;
    memset(sum, 0, (size_t)size * sizeof *sum);
    for (int64_t row = l.begin; row < l.end; row++)
        for (int64_t q = 0, pixels; q < g->q; q += pixels) {
            pixels = mlk_pixels_from(j->inside, q, most);
            add_pixels(j->a, sum, row, q, pixels);
        }
}

void mlk_conv2d_depthwise_dw(const mlk_conv2d_args *a)
{
    const mlk_conv2d *g = &a->g;
    int64_t rows = g->n * g->p, lanes = mlk_lanes(rows, 4, MLK_LANES_MAX), pitch = mlk_tap_pitch(g), size = g->r * g->s * pitch;
    ml_real *total = a->work;
    job j = {a, total + size, mlk_pixels_inside(g)};
    mlk_run_lanes(rows, lanes, lane, &j);
    mlk_sum_parts(total, false, j.sums, lanes, size);
    for (int64_t tap = 0; tap < g->r * g->s; tap++)
        for (int64_t c = 0; c < g->c; c++) {
            ml_real *dw = a->out + c * g->r * g->s + tap;
            *dw = (a->add ? *dw : 0) + total[tap * pitch + c];
        }
}

size_t mlk_conv2d_depthwise_dw_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    return (size_t)((1 + MLK_LANES_MAX) * g->r * g->s * mlk_tap_pitch(g)) * sizeof(ml_real);
}
