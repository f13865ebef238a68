/* colour.c -- between grey, RGB and RGBA; inverting. */
#include "vision/vision.h"

/* ITU-R BT.601: 0.299, 0.587 and 0.114 in multiples of 1/65536, which sum up to 1. Pillow's numbers. */
static inline uint8_t luma(uint32_t r, uint32_t g, uint32_t b)
{
    return (uint8_t)((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16);
}

/* v seen through to white: a of 255 parts are v. Rounded to nearest. */
static inline uint8_t on_white(uint32_t v, uint32_t a)
{
    return (uint8_t)((v * a + 255 * (255 - a) + 127) / 255);
}

/* Called with constant c and from, so that the questions are asked once. */
static inline void convert(uint8_t *out, const int64_t c, const uint8_t *in, const int64_t from, int64_t n)
{
    const bool colour = from >= 3, alpha = from == 2 || from == 4;
    for (int64_t i = 0; i < n; i++, in += from, out += c) {
        uint8_t r = in[0], g = in[colour], b = in[2 * colour], a = alpha ? in[from - 1] : 255;
        if (alpha && c != 4) {
            r = on_white(r, a);
            g = on_white(g, a);
            b = on_white(b, a);
        }
        out[0] = c == 1 && colour ? luma(r, g, b) : r;
        if (c >= 3) {
            out[1] = g;
            out[2] = b;
        }
        if (c == 4)
            out[3] = a;
    }
}

static inline void convert_to(uint8_t *out, const int64_t c, const uint8_t *in, int64_t from, int64_t n)
{
    switch (from) {
    case 1: convert(out, c, in, 1, n); break;
    case 2: convert(out, c, in, 2, n); break;
    case 3: convert(out, c, in, 3, n); break;
    default: convert(out, c, in, 4, n); break;
    }
}

void mli_pixels_convert(uint8_t *out, int64_t c, const uint8_t *in, int64_t from, int64_t n)
{
    if (c == 1)
        convert_to(out, 1, in, from, n);
    else if (c == 3)
        convert_to(out, 3, in, from, n);
    else
        convert_to(out, 4, in, from, n);
}

ml_image *ml_image_grey(const ml_image *im)
{
    if (mli_image_check("grey", im))
        return NULL;
    ml_image *out = mli_image_blank("grey", im->h, im->w, 1);
    if (out)
        mli_pixels_convert(out->px, 1, im->px, im->c, im->h * im->w);
    return out;
}

ml_image *ml_image_invert(const ml_image *im)
{
    if (mli_image_check("invert", im))
        return NULL;
    ml_image *out = mli_image_blank("invert", im->h, im->w, im->c);
    for (int64_t i = 0, n = im->h * im->w * im->c; out && i < n; i++)
        out->px[i] = im->c == 4 && i % 4 == 3 ? im->px[i] : (uint8_t)(255 - im->px[i]);
    return out;
}
