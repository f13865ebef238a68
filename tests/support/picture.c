/* picture.c -- see picture.h. */
#include "support/picture.h"

#include <stdlib.h>

const char *picture_path(const char *name)
{
    static char texts[8][1024];
    static int next;
    char *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "%s/tests/golden/images/%s", MLCORE_SOURCE_DIR, name);
    return text;
}

ml_image *picture_golden(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "vision_%s", name);
    golden g = golden_read(path);
    assert_int_equal(g.rank, 3);
    ml_image *im = ml_image_new(g.shape[0], g.shape[1], g.shape[2]);
    assert_non_null(im);
    for (int64_t i = 0; i < g.size; i++)
        im->px[i] = (uint8_t)g.v[i];
    golden_free(&g);
    return im;
}

void assert_pixels(const ml_image *im, int64_t h, int64_t w, int64_t c, const uint8_t *px, int levels)
{
    if (!im)
        fail_msg("no picture: %s", ml_error());
    if (im->h != h || im->w != w || im->c != c)
        fail_msg("%lldx%lldx%lld, expected %lldx%lldx%lld", (long long)im->h, (long long)im->w, (long long)im->c, (long long)h,
                 (long long)w, (long long)c);
    for (int64_t i = 0; i < h * w * c; i++)
        if (abs(im->px[i] - px[i]) > levels)
            fail_msg("row %lld, column %lld, channel %lld: %d, expected %d", (long long)(i / c / w), (long long)(i / c % w),
                     (long long)(i % c), im->px[i], px[i]);
}

void assert_same_picture(const ml_image *im, const ml_image *as, int levels)
{
    assert_pixels(im, as->h, as->w, as->c, as->px, levels);
}
