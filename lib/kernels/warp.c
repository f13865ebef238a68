/* warp.c -- a picture seen through an affine map, bilinear between its pixels
 *
 * Shapes     out (P,Q,C)   in (H,W,C), both bytes   m (2,3): from a place in out to a place in in
 * Forward    out[y,x] = in(u, v)      u = m0 (x + 1/2) + m1 (y + 1/2) + m2 - 1/2      pixel i covers i .. i+1: its middle
 *                                     v = m3 (x + 1/2) + m4 (y + 1/2) + m5 - 1/2      is at i + 1/2
 *            in(i+f, j+g) = (1-g) ((1-f) in[j,i] + f in[j,i+1]) + g ((1-f) in[j+1,i] + f in[j+1,i+1])
 *            with 0 <= f, g < 1, rounded to nearest; pixels beyond the edges have the value fill
 * Backward   none: pictures are data
 * Cost       4 bytes read and 3 products a number
 * Source     Heckbert 1989, "Fundamentals of texture mapping and image warping", sections 2.2.1 and 3.4
 * Derivation docs/math/warp.md
 *
 * All in integers, so that every body, compiler and CPU gives the same bytes. A place is a multiple of 2^-32 pixel, and
 * x steps from the start of a row are one exact product: nothing drifts. Of the fraction 12 bits are used, rounded: four
 * bytes times two weights of 12 bits just fit 32 bits, and the error, 2 * 255 / 2^13, is a sixteenth of a grey level.
 */
#include "kernels/warp.h"

#include <math.h>
#include <string.h>

enum { PLACE_BITS = 32, WEIGHT_BITS = 12 };
static const uint32_t ONE = 1u << WEIGHT_BITS;
static const int64_t PIXEL = (int64_t)1 << PLACE_BITS;
static const int64_t REACH = (int64_t)1 << 29; /* pixels: sums of such places fit 64 bits */

typedef struct picture {
    const uint8_t *in;
    int64_t h, w, channels;
    uint8_t fill;
} picture;

/* One coordinate as a function of x and y: at + x dx + y dy, in multiples of 2^-32 pixel. */
typedef struct line {
    int64_t at, dx, dy;
} line;

/* The place of pixel (x, y) is m0 x + m1 y + (m0 + m1)/2 + m2 - 1/2. False where numbers are NaN or too large. */
static bool line_from(line *l, const double *m, int64_t out_h, int64_t out_w)
{
    if (!(fabs(m[0]) * (double)out_w + fabs(m[1]) * (double)out_h + fabs(m[2]) < (double)REACH))
        return false;
    const double unit = (double)PIXEL;
    const int64_t half_weight = PIXEL / ONE / 2; /* so that cutting the fraction to 12 bits rounds it */
    l->dx = llround(m[0] * unit);
    l->dy = llround(m[1] * unit);
    l->at = llround((0.5 * m[0] + 0.5 * m[1] + m[2] - 0.5) * unit) + half_weight;
    return true;
}

/* The map's two lines; false where there is nothing to sample, and then out is done. */
static bool begin(line *u, line *v, uint8_t *out, int64_t out_h, int64_t out_w, const picture *p, const double m[6])
{
    *u = *v = (line){0};
    if (out_h < 1 || out_w < 1 || p->channels < 1)
        return false;
    if (line_from(u, m, out_h, out_w) && line_from(v, m + 3, out_h, out_w))
        return true;
    memset(out, p->fill, (size_t)(out_h * out_w * p->channels));
    return false;
}

/* Towards minus infinity. */
static inline int64_t whole(int64_t place)
{
    return place >> PLACE_BITS;
}

static inline uint32_t weight(int64_t place)
{
    return (uint32_t)(place >> (PLACE_BITS - WEIGHT_BITS)) & (ONE - 1);
}

/* a b above c d, with weights f to the right and g down. (1-f) a + f b is a + f (b - a), one product; where the difference is
 * below 0 it wraps around, and the sum wraps back. */
static inline uint8_t blend(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t f, uint32_t g)
{
    uint32_t top = a * ONE + f * (b - a), low = c * ONE + f * (d - c);
    return (uint8_t)((top * ONE + g * (low - top) + ONE * ONE / 2) >> (2 * WEIGHT_BITS));
}

static inline uint32_t tap(const picture *p, int64_t row, int64_t column, int64_t k)
{
    bool in = row >= 0 && row < p->h && column >= 0 && column < p->w;
    return in ? p->in[(row * p->w + column) * p->channels + k] : p->fill;
}

/* One pixel anywhere, each of its four neighbours looked at. */
static inline void pixel(uint8_t *out, const picture *p, int64_t u, int64_t v)
{
    int64_t i = whole(u), j = whole(v);
    for (int64_t k = 0; k < p->channels; k++)
        out[k] = blend(tap(p, j, i, k), tap(p, j, i + 1, k), tap(p, j + 1, i, k), tap(p, j + 1, i + 1, k), weight(u),
                       weight(v));
}

void mlk_warp_affine_ref(uint8_t *out, int64_t out_h, int64_t out_w, const uint8_t *in, int64_t h, int64_t w,
                         int64_t channels, const double m[6], uint8_t fill)
{
    const picture p = {in, h, w, channels, fill};
    line u, v;
    if (!begin(&u, &v, out, out_h, out_w, &p, m))
        return;
    for (int64_t y = 0; y < out_h; y++)
        for (int64_t x = 0; x < out_w; x++)
            pixel(out + (y * out_w + x) * channels, &p, u.at + x * u.dx + y * u.dy, v.at + x * v.dx + y * v.dy);
}

/* ---- fast: a row falls into fill, edge, inside, edge, fill ---- */

static int64_t ceiling(int64_t a, int64_t b)
{
    return a / b + (a % b > 0); /* b > 0; the division of a negative number rounds up by itself */
}

static int64_t clamp(int64_t i, int64_t low, int64_t high)
{
    return i < low ? low : i > high ? high : i;
}

/* Narrows begin .. end-1 to the x for which low <= at + x step < high. */
static void narrow(int64_t *begin, int64_t *end, int64_t at, int64_t step, int64_t low, int64_t high)
{
    if (step < 0) { /* the same with all signs changed */
        int64_t mirrored = 1 - high;
        high = 1 - low;
        low = mirrored;
        at = -at;
        step = -step;
    }
    if (step == 0) {
        if (at < low || at >= high)
            *end = *begin;
        return;
    }
    int64_t first = clamp(ceiling(low - at, step), *begin, *end);
    *end = clamp(ceiling(high - at, step), first, *end);
    *begin = first;
}

/* n pixels whose neighbours are all inside. Called with constant channels, so that the loop over them is unrolled. */
static inline void inside(uint8_t *out, const picture *p, int64_t u, int64_t v, int64_t du, int64_t dv, int64_t n,
                          int64_t channels)
{
    const int64_t below = p->w * channels;
    for (int64_t x = 0; x < n; x++, u += du, v += dv) {
        const uint8_t *q = p->in + whole(v) * below + whole(u) * channels;
        const uint32_t f = weight(u), g = weight(v);
        for (int64_t k = 0; k < channels; k++)
            out[x * channels + k] = blend(q[k], q[channels + k], q[below + k], q[below + channels + k], f, g);
    }
}

/* One row of n pixels; u and v are the place of its first. */
static void warp_row(uint8_t *out, const picture *p, int64_t u, int64_t v, int64_t du, int64_t dv, int64_t n)
{
    const int64_t w = (p->w < REACH ? p->w : REACH) * PIXEL, h = (p->h < REACH ? p->h : REACH) * PIXEL;
    const int64_t c = p->channels;
    int64_t begin = 0, end = n; /* where at least one neighbour is inside, or nearly so */
    narrow(&begin, &end, u, du, -PIXEL, w);
    narrow(&begin, &end, v, dv, -PIXEL, h);
    int64_t first = begin, past = end; /* where all four are */
    narrow(&first, &past, u, du, 0, w - PIXEL);
    narrow(&first, &past, v, dv, 0, h - PIXEL);

    memset(out, p->fill, (size_t)(begin * c));
    for (int64_t x = begin; x < first; x++)
        pixel(out + x * c, p, u + x * du, v + x * dv);
    if (c == 1)
        inside(out + first, p, u + first * du, v + first * dv, du, dv, past - first, 1);
    else if (c == 3)
        inside(out + first * 3, p, u + first * du, v + first * dv, du, dv, past - first, 3);
    else
        inside(out + first * c, p, u + first * du, v + first * dv, du, dv, past - first, c);
    for (int64_t x = past; x < end; x++)
        pixel(out + x * c, p, u + x * du, v + x * dv);
    memset(out + end * c, p->fill, (size_t)((n - end) * c));
}

void mlk_warp_affine(uint8_t *out, int64_t out_h, int64_t out_w, const uint8_t *in, int64_t h, int64_t w, int64_t channels,
                     const double m[6], uint8_t fill)
{
    const picture p = {in, h, w, channels, fill};
    line u, v;
    if (!begin(&u, &v, out, out_h, out_w, &p, m))
        return;
    for (int64_t y = 0; y < out_h; y++)
        warp_row(out + y * out_w * channels, &p, u.at + y * u.dy, v.at + y * v.dy, u.dx, v.dx, out_w);
}

/* ---- bent: every pixel has a way of its own ---- */

static int64_t moved(int64_t place, ml_real way)
{
    const double far = (double)REACH;
    if (!((double)way > -far && (double)way < far))
        return -2 * PIXEL; /* outside */
    return place + (int64_t)((double)way * (double)PIXEL);
}

void mlk_warp_field(uint8_t *out, const uint8_t *in, int64_t h, int64_t w, int64_t channels, const double m[6],
                    const ml_real *right, const ml_real *down, uint8_t fill)
{
    const picture p = {in, h, w, channels, fill};
    line u, v;
    if (!begin(&u, &v, out, h, w, &p, m))
        return;
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            const int64_t at = y * w + x;
            const int64_t here = moved(u.at + x * u.dx + y * u.dy, right[at]);
            const int64_t there = moved(v.at + x * v.dx + y * v.dy, down[at]);
            const int64_t i = whole(here), j = whole(there);
            if (i >= 0 && i < w - 1 && j >= 0 && j < h - 1)
                inside(out + at * channels, &p, here, there, 0, 0, 1, channels);
            else
                pixel(out + at * channels, &p, here, there);
        }
}
