/* digit.c -- ink becomes what MNIST's digits are: 20 pixels high or wide, strokes two to three pixels wide, in the middle of 28 x
 * 28 by the centre of mass (LeCun, Cortes, Burges 1998).
 *
 * MNIST's pens were thick and its forms small: a ballpoint on a photograph would be a tenth of a pixel wide at this size, a
 * faint grey. So a thin stroke is widened first.
 */
#include "week04-mnist/digit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BOX = 20, FINE = 160 };
static const double STROKE = 2.4, THIN = 0.65; /* pixels of 28: what strokes are widened to when they have less than THIN of it */

static int64_t longer(const ml_image *im)
{
    return im->h > im->w ? im->h : im->w;
}

static bool is_ink(const ml_image *im, int64_t y, int64_t x)
{
    return y >= 0 && x >= 0 && y < im->h && x < im->w && im->px[y * im->w + x] >= 128;
}

/* Width of the stroke: twice the area over the outline's length. Counted along pixels, an outline in all directions is 4/pi
 * times too long. */
static double stroke_width(const ml_image *im)
{
    int64_t area = 0, edges = 0;
    for (int64_t y = -1; y < im->h; y++)
        for (int64_t x = -1; x < im->w; x++) {
            bool here = is_ink(im, y, x);
            area += here;
            edges += (here != is_ink(im, y, x + 1)) + (here != is_ink(im, y + 1, x));
        }
    return edges ? 2 * (double)area / ((double)edges * 0.7854) : 0;
}

/* Distance of each pixel to the nearest ink, in thirds of a pixel: two passes that add 3 a side and 4 a corner (Borgefors
 * 1986). */
static void distances(const ml_image *im, int64_t margin, int32_t *d, int64_t h, int64_t w)
{
    static const int steps[4][3] = {{0, -1, 3}, {-1, 0, 3}, {-1, -1, 4}, {-1, 1, 4}};
    for (int64_t i = 0; i < h * w; i++)
        d[i] = is_ink(im, i / w - margin, i % w - margin) ? 0 : 1 << 28;
    for (int back = 0; back < 2; back++)
        for (int64_t i = 0; i < h * w; i++) {
            int64_t at = back ? h * w - 1 - i : i, sign = back ? -1 : 1;
            for (int s = 0; s < 4; s++) {
                int64_t y = at / w + sign * steps[s][0], x = at % w + sign * steps[s][1];
                if (y >= 0 && x >= 0 && y < h && x < w && d[y * w + x] + steps[s][2] < d[at])
                    d[at] = d[y * w + x] + steps[s][2];
            }
        }
}

/* The same with everything within r of the ink filled; larger by what that adds. */
static ml_image *widened(const ml_image *im, double r)
{
    int64_t margin = (int64_t)ceil(r), h = im->h + 2 * margin, w = im->w + 2 * margin;
    ml_image *out = ml_image_new(h, w, 1);
    int32_t *d = malloc((size_t)(h * w) * sizeof *d);
    if (out && d) {
        distances(im, margin, d, h, w);
        for (int64_t i = 0; i < h * w; i++) {
            double in = r + 1 - d[i] / 3.0;
            out->px[i] = (uint8_t)(255 * (in < 0 ? 0 : in > 1 ? 1 : in) + 0.5);
        }
    }
    free(d);
    return out;
}

/* Scaled so that the longer side is n. */
static ml_image *scaled(const ml_image *im, int64_t n, ml_interpolation how)
{
    int64_t h = (2 * im->h * n + longer(im)) / (2 * longer(im)), w = (2 * im->w * n + longer(im)) / (2 * longer(im));
    return ml_image_resize(im, h > 1 ? h : 1, w > 1 ? w : 1, how);
}

/* Ink within a box of 20 x 20, its stroke not thinner than MNIST's. */
static ml_image *boxed(const ml_image *ink)
{
    double width = stroke_width(ink), unit = (double)longer(ink) / BOX; /* pixels here for one of 28 */
    if (width >= THIN * STROKE * unit)
        return scaled(ink, BOX, ML_AREA);
    ml_image *fine = longer(ink) < FINE ? scaled(ink, FINE, ML_BILINEAR) : ml_image_crop(ink, 0, 0, ink->h, ink->w);
    if (!fine)
        return NULL;
    width *= (double)longer(fine) / (double)longer(ink);
    /* After widening by r on each side: width + 2r = STROKE u, longer + 2r = BOX u. */
    unit = ((double)longer(fine) - width) / (BOX - STROKE);
    ml_image *wide = widened(fine, (STROKE * unit - width) / 2);
    ml_image *out = wide ? scaled(wide, BOX, ML_AREA) : NULL;
    ml_image_free(wide);
    ml_image_free(fine);
    return out;
}

/* Where the box begins, so that the centre of mass comes into pixel 14, as it does in MNIST, and nothing falls over the edge. */
static int64_t begin(double centre, int64_t n)
{
    int64_t at = DIGIT_SIDE / 2 - (int64_t)floor(centre);
    return at < 0 ? 0 : at + n > DIGIT_SIDE ? DIGIT_SIDE - n : at;
}

static void place(const ml_image *im, digit_pixels out)
{
    double mass = 0, my = 0, mx = 0;
    int darkest = 1;
    for (int64_t i = 0; i < im->h * im->w; i++) {
        mass += im->px[i];
        my += im->px[i] * ((double)(i / im->w) + 0.5);
        mx += im->px[i] * ((double)(i % im->w) + 0.5);
        darkest = im->px[i] > darkest ? im->px[i] : darkest;
    }
    int64_t top = begin(my / mass, im->h), left = begin(mx / mass, im->w);
    memset(out, 0, sizeof(digit_pixels));
    for (int64_t i = 0; i < im->h * im->w; i++)
        out[(top + i / im->w) * DIGIT_SIDE + left + i % im->w] = (uint8_t)(im->px[i] * 255 / darkest);
}

const char *digit_prepare(const ml_image *photo, digit_pixels out)
{
    const char *why = NULL;
    ml_image *ink = ink_find(photo, &why), *box = ink ? boxed(ink) : NULL;
    if (box) {
        place(box, out);
        why = NULL;
    } else if (!why) {
        why = "out of memory";
    }
    ml_image_free(box);
    ml_image_free(ink);
    return why;
}
