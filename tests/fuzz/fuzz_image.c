/* fuzz_image.c -- libFuzzer: any bytes are a picture or get a sentence. The same bytes give the same picture, whatever memory
 * held before; written as PNG and read again it is the same; and it can be resized and turned.
 */
#include "vision/vision.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MAX_PIXELS = 1 << 16 }; /* larger ones only take time */

static void image_must(bool holds)
{
    if (!holds)
        abort();
}

static bool same_image(const ml_image *a, const ml_image *b)
{
    return a->h == b->h && a->w == b->w && a->c == b->c && memcmp(a->px, b->px, (size_t)(a->h * a->w * a->c)) == 0;
}

static ml_image *image_decode(const uint8_t *bytes, size_t n, int64_t channels)
{
    ml_error_clear();
    ml_image *im = mli_image_decode("fuzzed", bytes, n, channels, MAX_PIXELS);
    if (!im) {
        image_must(ml_error_status() == ML_EFORMAT);
        image_must(strncmp(ml_error(), "fuzzed: ", 8) == 0 && strlen(ml_error()) > 12 && !strchr(ml_error(), '\n'));
        return NULL;
    }
    image_must(im->h >= 1 && im->w >= 1 && im->h * im->w <= MAX_PIXELS);
    image_must(channels ? im->c == channels : im->c == 1 || im->c == 3 || im->c == 4);
    return im;
}

static void image_use(const ml_image *im, uint8_t how)
{
    uint8_t *png;
    size_t n;
    image_must(mli_png_encode(im, &png, &n) == ML_OK);
    ml_image *back = image_decode(png, n, im->c);
    image_must(back && same_image(im, back));
    mli_free(png);
    ml_image_free(back);
    ml_image *small = ml_image_resize(im, 1 + how % 50, 1 + how / 5, (ml_interpolation)(how % 3));
    image_must(small != NULL);
    ml_image *turned = ml_image_rotate(small, how * 1.5, how % 2, how);
    image_must(turned != NULL);
    ml_image_free(small);
    ml_image_free(turned);
}

/* NULL where there is no picture in them; else it has the channels that the last byte asks for. */
static ml_image *image_checked(const uint8_t *bytes, size_t n)
{
    static const int64_t wanted[4] = {0, 1, 3, 4};
    ml_image *a = image_decode(bytes, n, 0), *b = image_decode(bytes, n, 0);
    ml_image *c = image_decode(bytes, n, wanted[n ? bytes[n - 1] % 4 : 0]);
    image_must(!a == !b && !a == !c);
    image_must(!a || same_image(a, b));
    ml_image_free(a);
    ml_image_free(b);
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    ml_image *im = image_checked(bytes, n);
    if (im)
        image_use(im, bytes[n - 1]);
    ml_image_free(im);
    return 0;
}
