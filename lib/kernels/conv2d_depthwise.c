/* conv2d_depthwise.c -- each channel has one filter of its own:  G = C = F,  w (C,R,S,1)
 *
 *     y[n,p,q,c] = b[c] + sum_{r,s} x[n, p stride + r dil - pad, q stride + s dil - pad, c] w[c,r,s]
 *
 * No product of matrices: there is nothing to share between channels. But in N H W C the channels of a pixel lie side by
 * side, so that one step works on a vector of them; for that the weights are turned to (R,S,C) first. Pixels share the weights: MR
 * neighbours are summed at once, so that a vector of weights is read once for all of them, and their sums stay in registers until the
 * last tap.
 *
 *     for each row of output pixels                        the threads share the rows
 *       for MR neighbours
 *         for each NR channels: a tile of y in registers
 *           for each tap: pixel i's channels times the tap's
 *
 * Nothing is padded: a row leaves out the taps above and below the picture, and a pixel whose window reaches over the left or the right
 * edge is a tile by itself with fewer taps. dx is the same over dy (conv2d_phases.c); dw has its own file.
 * Cost       2 N P Q C R S flops: memory is the limit
 * Source     Sifre 2014; Howard et al. 2017, "MobileNets"
 */
#include "kernels/conv2d_depthwise.h"
#include "kernels/conv2d_slide.h"
#include "kernels/conv2d_windows.h"

/* ---- a tile ---- */

typedef struct tile {
    int64_t channels, rows, cols; /* rows and cols: of taps, all in the picture */
    const ml_real *x;             /* what the first pixel sees through the first tap */
    int64_t x_row, x_col, x_step; /* from tap to tap, down and across; from pixel to pixel */
    const ml_real *w;             /* of the first tap */
    int64_t w_row, w_col;
    const ml_real *from;          /* what a sum begins with: the bias, or y, or NULL */
    int64_t from_step;
    ml_real *y;
    int64_t y_step;
    mlk_below below;
} tile;

static inline __attribute__((always_inline)) void run_vectors(const tile *t, int64_t c, const int pixels, const int vectors)
{
    vec sum[MR][NV];
    MLK_UNROLL
    for (int i = 0; i < pixels; i++)
        MLK_UNROLL
        for (int v = 0; v < vectors; v++)
            sum[i][v] = t->from ? *(const loose *)(t->from + i * t->from_step + c + v * VL) : (loose){0};
    MLK_ASK_TO_WRITE(t->y + pixels * t->y_step + c, t->y_step, pixels, vectors); /* the next tile's: this one is soon done */
    for (int64_t r = 0; r < t->rows; r++) {
        const ml_real *x = t->x + r * t->x_row + c, *w = t->w + r * t->w_row + c;
        for (int64_t s = 0; s < t->cols; s++, x += t->x_col, w += t->w_col) {
            vec wv[NV];
            MLK_UNROLL
            for (int v = 0; v < vectors; v++)
                wv[v] = *(const loose *)(w + v * VL);
            MLK_UNROLL
            for (int i = 0; i < pixels; i++)
                MLK_UNROLL
                for (int v = 0; v < vectors; v++)
                    sum[i][v] += *(const loose *)(x + i * t->x_step + v * VL) * wv[v];
        }
    }
    ml_real *const y = t->y + c;
    const int64_t y_step = t->y_step;
    MLK_UNROLL
    for (int i = 0; i < pixels; i++)
        MLK_UNROLL
        for (int v = 0; v < vectors; v++)
            *(loose *)(y + i * y_step + v * VL) = sum[i][v];
}

/* Channel c, of the last few that fill no vector. */
static void run_channel(const tile *t, int64_t c, int pixels)
{
    for (int i = 0; i < pixels; i++) {
        ml_real sum = t->from ? t->from[i * t->from_step + c] : 0;
        for (int64_t r = 0; r < t->rows; r++)
            for (int64_t s = 0; s < t->cols; s++)
                sum += t->x[r * t->x_row + s * t->x_col + i * t->x_step + c] * t->w[r * t->w_row + s * t->w_col + c];
        t->y[i * t->y_step + c] = sum;
    }
}

static inline __attribute__((always_inline)) void run_pixels(const tile *t, const int pixels)
{
    int64_t c = 0;
    for (; c + NR <= t->channels; c += NR) {
        mlk_ask_below(&t->below, c, NR);
        run_vectors(t, c, pixels, NV);
    }
    for (; c + VL <= t->channels; c += VL)
        run_vectors(t, c, pixels, 1);
    for (; c < t->channels; c++)
        run_channel(t, c, pixels);
}

static void run_tile(const tile *t, int pixels)
{
    switch (pixels) {
        MLK_CASES(run_pixels, t)
    }
}

/* ---- rows of pixels ---- */

mlk_span mlk_taps_inside(int64_t at, int64_t taps, int64_t dil, int64_t extent)
{
    mlk_span t = {.begin = at < 0 ? mlk_ceil_div(-at, dil) : 0, .end = extent > at ? mlk_ceil_div(extent - at, dil) : 0};
    t.end = t.end < taps ? t.end : taps;
    return t.begin < t.end ? t : (mlk_span){0, 0};
}

mlk_span mlk_pixels_inside(const mlk_conv2d *g)
{
    int64_t room = g->w - 1 - (g->s - 1) * g->dil[1] + g->pad[1];
    mlk_span q = {.begin = g->pad[1] > 0 ? mlk_ceil_div(g->pad[1], g->stride[1]) : 0, .end = room < 0 ? 0 : room / g->stride[1] + 1};
    q.end = q.end < g->q ? q.end : g->q;
    return q.begin < q.end ? q : (mlk_span){g->q, g->q};
}

mlk_below mlk_below_of(const mlk_conv2d *g, const ml_real *image, int64_t p, int64_t q, int64_t pixels)
{
    int64_t left = q * g->stride[1] - g->pad[1] + (g->s - 1) * g->dil[1], end = left + pixels * g->stride[1];
    int64_t last = p * g->stride[0] - g->pad[0] + (g->r - 1) * g->dil[0];
    end = end < g->w ? end : g->w;
    mlk_below b = {.per = end - left};
    for (int64_t h = last + 1; h <= last + g->stride[0] && left >= 0 && left < end && b.rows < MLK_BELOW; h++)
        if (h >= 0 && h < g->h)
            b.line[b.rows++] = image + (h * g->w + left) * g->c;
    return b;
}

typedef struct job {
    const mlk_slide *s;
    const ml_real *turned; /* the weights, (R,S,C) */
    mlk_span inside;
} job;

/* Pixels q .. q+pixels-1 of a row, whose taps in the picture are the same ones. The tile is that row's; nothing is said yet about
 * columns. */
static void run_some(const job *j, tile t, int64_t q, int pixels)
{
    const mlk_conv2d *g = &j->s->g;
    int64_t left = q * g->stride[1] - g->pad[1];
    mlk_span s = mlk_taps_inside(left, g->s, g->dil[1], g->w);
    t.cols = s.end - s.begin;
    if (t.cols && t.rows)
        t.x += (left + s.begin * g->dil[1]) * g->c;
    t.w += s.begin * t.w_col;
    t.y += q * t.y_step;
    if (t.from)
        t.from += q * t.from_step;
    run_tile(&t, pixels);
}

static void run_row(const job *j, int64_t row)
{
    const mlk_slide *s = j->s;
    const mlk_conv2d *g = &s->g;
    int64_t n = row / g->p, p = row % g->p, top = p * g->stride[0] - g->pad[0], pitch = mlk_tap_pitch(g);
    const ml_real *image = s->x + n * g->h * g->w * g->c;
    mlk_span r = mlk_taps_inside(top, g->r, g->dil[0], g->h);
    tile t = {.channels = g->c, .rows = r.end - r.begin, .x = image, .x_row = g->dil[0] * g->w * g->c, .x_col = g->dil[1] * g->c,
              .x_step = g->stride[1] * g->c, .w = j->turned + r.begin * g->s * pitch, .w_row = g->s * pitch, .w_col = pitch, .from = s->bias,
              .y = s->y + n * s->y_image + p * s->y_row, .y_step = s->y_pixel};
    if (s->add)
        t.from = t.y, t.from_step = t.y_step;
    if (t.rows)
        t.x += (top + r.begin * g->dil[0]) * g->w * g->c;
    for (int64_t q = 0, pixels, most = mlk_pixels_at_once(g, MR, 3); q < g->q; q += pixels) {
        pixels = mlk_pixels_from(j->inside, q, most);
        t.below = mlk_below_of(g, image, p, q, pixels);
        run_some(j, t, q, (int)pixels);
    }
}

static void lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    int64_t numbers = j->s->g.q * j->s->g.f;
    for (int64_t row = l.begin; row < l.end; row++) {
        run_row(j, row);
        if (j->s->finish)
            mlk_conv2d_finish(j->s->finish, row * numbers, (row + 1) * numbers);
    }
}

/* ---- the body ---- */

static int64_t numbers(const mlk_conv2d *g)
{
    return mlk_aligned(g->r * g->s * mlk_tap_pitch(g));
}

static void turn(ml_real *turned, const mlk_taps *w, const mlk_conv2d *g)
{
    for (int64_t r = 0; r < g->r; r++)
        for (int64_t s = 0; s < g->s; s++, turned += mlk_tap_pitch(g))
            for (int64_t c = 0; c < g->c; c++)
                turned[c] = w->at[c * w->group + r * w->r_step + s * w->s_step];
}

static void run(const mlk_slide *s, void *work)
{
    job j = {s, s->packed ? s->packed : work, mlk_pixels_inside(&s->g)};
    int64_t rows = s->g.n * s->g.p;
    if (!s->packed)
        turn(work, &s->w, &s->g);
    mlk_run_lanes(rows, mlk_lanes(rows, 4, MLK_LANES_MAX), lane, &j);
}

static const mlk_slider DEPTHWISE = {numbers, run};

void mlk_conv2d_depthwise(const mlk_conv2d_args *a)
{
    mlk_slide s = mlk_slide_forward(a);
    run(&s, a->work);
}

void mlk_conv2d_depthwise_dx(const mlk_conv2d_args *a)
{
    mlk_slide_back(a, &DEPTHWISE);
}

size_t mlk_conv2d_depthwise_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    return (size_t)numbers(g) * sizeof(ml_real);
}

size_t mlk_conv2d_depthwise_dx_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    (void)kernel;
    return (size_t)mlk_slide_back_numbers(g, &DEPTHWISE) * sizeof(ml_real);
}

size_t mlk_conv2d_depthwise_packed_size(const mlk_conv2d *g)
{
    return (size_t)numbers(g) * sizeof(ml_real);
}

void mlk_conv2d_depthwise_pack(const mlk_conv2d_args *a, void *packed)
{
    mlk_slide s = mlk_slide_forward(a);
    turn(packed, &s.w, &s.g);
}
