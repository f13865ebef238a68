/* conv2d_phases.c -- the gradient by input as convolutions over dy, for any stride.
 *
 * With a stride of 1 each pixel of x was seen through every tap of the window, so that dx is a convolution over dy, with the window
 * turned by 180 degrees and filters and channels exchanged:
 *
 *     dx[n,h,w,c] = sum_{r,s,f} dy[n, h + pad - r dil, w + pad - s dil, f] w[f,r,s,c]
 *
 * With a stride, output p saw pixel h through tap r where h + pad - r dil = p stride. So pixel h was seen through those taps alone for
 * which h + pad - r dil is a multiple of the stride: which ones depends on h mod stride only, its phase. A window of 3 with a stride
 * of 2 has taps 0 and 2 for one phase and tap 1 for the other. All pixels of a phase are seen through the same taps, and neighbours
 * among them by neighbours in dy: each phase, of h and of w, is a convolution over dy with some of the taps and a stride of 1:
 *
 *     h = a + stride i     r = first + every j          every = stride / gcd(stride, dil)
 *     p = i + (a + pad - first dil) / stride - j dil'    dil'  = dil / gcd(stride, dil)
 *
 * Four convolutions with 2x2, 2x1, 1x2 and 1x1 taps for a window of 3x3 and a stride of 2: together its nine taps once, on a quarter
 * of the pixels each. Nothing is multiplied by zeros between the pixels of dy, and nothing is added up twice.
 * Derivation docs/math/conv2d.md
 */
#include "kernels/conv2d_slide.h"
#include "kernels/conv2d_windows.h"

#include "kernels/lanes.h"

#include <string.h>

mlk_slide mlk_slide_forward(const mlk_conv2d_args *a)
{
    const mlk_conv2d *g = &a->g;
    int64_t cg = g->c / g->groups, window = g->r * g->s * cg;
    return (mlk_slide){.g = *g, .x = a->x, .packed = a->packed, .bias = a->b, .add = a->add, .y = a->out,
                       .w = {a->w, g->f / g->groups * window, window, g->s * cg, cg, 1}, .y_image = g->p * g->q * g->f,
                       .y_row = g->q * g->f, .y_pixel = g->f, .finish = a->plus || a->relu ? a : NULL};
}

/* Along one axis: the taps through which the pixels of a phase are seen, and the convolution that they make. */
typedef struct phase {
    int64_t pixels, taps;       /* how many there are of each */
    int64_t first, every;       /* taps of the window: first, first + every, .. */
    int64_t dil, pad;           /* over dy, turned */
} phase;

static int64_t gcd(int64_t a, int64_t b)
{
    return b ? gcd(b, a % b) : a;
}

static phase phase_of(int64_t a, int64_t extent, int64_t window, int64_t stride, int64_t pad, int64_t dil)
{
    int64_t common = gcd(stride, dil);
    phase f = {.pixels = (extent - a + stride - 1) / stride, .every = stride / common, .dil = dil / common};
    while (f.first < f.every && (a + pad - f.first * dil) % stride)
        f.first++;
    f.taps = f.first < f.every && f.first < window ? (window - f.first + f.every - 1) / f.every : 0;
    f.pad = (f.taps - 1) * f.dil - (a + pad - f.first * dil) / stride;
    return f;
}

/* Phase (a,b) of the pixels of x. */
static mlk_slide slide_of(const mlk_conv2d_args *args, int64_t a, int64_t b)
{
    const mlk_conv2d *g = &args->g;
    phase h = phase_of(a, g->h, g->r, g->stride[0], g->pad[0], g->dil[0]);
    phase w = phase_of(b, g->w, g->s, g->stride[1], g->pad[1], g->dil[1]);
    int64_t cg = g->c / g->groups, window = g->r * g->s * cg, line = g->s * cg;
    mlk_slide s = {.g = {.n = g->n, .h = g->p, .w = g->q, .c = g->f, .f = g->c, .r = h.taps, .s = w.taps, .p = h.pixels, .q = w.pixels,
                         .stride = {1, 1}, .pad = {h.pad, w.pad}, .dil = {h.dil, w.dil}, .groups = g->groups},
                   .x = args->dy, .add = args->add, .y_image = g->h * g->w * g->c, .y_row = g->stride[0] * g->w * g->c,
                   .y_pixel = g->stride[1] * g->c};
    if (args->out) /* NULL where only the shape is asked for */
        s.y = args->out + (a * g->w + b) * g->c;
    if (args->w && h.taps && w.taps) /* turned: from the last tap backwards */
        s.w = (mlk_taps){args->w + (h.first + (h.taps - 1) * h.every) * line + (w.first + (w.taps - 1) * w.every) * cg,
                         g->f / g->groups * window, 1, -h.every * line, -w.every * cg, window};
    return s;
}

static void clear_rows(void *arg, mlk_lane l)
{
    const mlk_slide *s = arg;
    for (int64_t row = l.begin; row < l.end; row++)
        for (int64_t q = 0; q < s->g.q; q++)
            memset(s->y + row / s->g.p * s->y_image + row % s->g.p * s->y_row + q * s->y_pixel, 0, (size_t)s->g.f * sizeof *s->y);
}

void mlk_slide_back(const mlk_conv2d_args *a, const mlk_slider *by)
{
    for (int64_t i = 0; i < a->g.stride[0] && i < a->g.h; i++)
        for (int64_t j = 0; j < a->g.stride[1] && j < a->g.w; j++) {
            mlk_slide s = slide_of(a, i, j);
            if (s.g.r && s.g.s)
                by->run(&s, a->work);
            else if (!a->add) /* pixels that nobody looked at */
                mlk_run_items(s.g.n * s.g.p, s.g.q * s.g.f, clear_rows, &s);
        }
}

int64_t mlk_slide_back_numbers(const mlk_conv2d *g, const mlk_slider *by)
{
    mlk_conv2d_args a = {.g = *g};
    int64_t most = 0;
    for (int64_t i = 0; i < g->stride[0] && i < g->h; i++)
        for (int64_t j = 0; j < g->stride[1] && j < g->w; j++) {
            mlk_slide s = slide_of(&a, i, j);
            int64_t numbers = s.g.r && s.g.s ? by->numbers(&s.g) : 0;
            most = numbers > most ? numbers : most;
        }
    return most;
}
