/* vision.h -- pictures: read, write, simple geometry. What is read, the limits, and which tool each operation equals:
 * docs/vision.md.
 */
#ifndef MLCORE_VISION_H
#define MLCORE_VISION_H

#include <mlcore/error.h>

ML_BEGIN

/* No side and no picture is larger: what a file or a call asks beyond is an error, and memory stays bounded. */
#define ML_IMAGE_MAX_SIDE 65535
#define ML_IMAGE_MAX_PIXELS 67108864 /* 64 Mi: 8192 x 8192, or 20,000 x 3,355 */

/* Bytes in rows, H W C: number k of the pixel in row y and column x is px[(y * w + x) * c + k]. c is 1 (grey), 3 (RGB) or
 * 4 (RGBA, colours not multiplied by alpha). A struct over the caller's own bytes is as good as one made here; it is only
 * not for ml_image_free. */
typedef struct ml_image {
    int64_t h, w, c;
    uint8_t *px;
} ml_image;

/* All zero: black, and transparent where c is 4. */
ML_API ml_image *ml_image_new(int64_t h, int64_t w, int64_t c);
/* Takes NULL. */
ML_API void ml_image_free(ml_image *im);

/* A JPEG, PNG, BMP or GIF file (of an animation the first picture), whatever its name, at most 256 MiB. channels: 1, 3 or
 * 4; 0 for what the file has. A JPEG is turned as its EXIF orientation says; 16 bits become 8; where alpha is in the file
 * but not asked for, the picture lies on white. A file that is cut short, damaged, too large, or of another kind is an
 * error that says so. */
ML_API ml_image *ml_image_read(const char *path, int64_t channels);
/* The same from n bytes in memory; name is for sentences. */
ML_API ml_image *ml_image_decode(const char *name, const void *bytes, size_t n, int64_t channels);

/* A PNG of 8 bits a channel, written beside and renamed. */
ML_API ml_status ml_image_write_png(const ml_image *im, const char *path);

/* Each of these returns a new picture, or NULL with an error. They treat alpha as one more channel. */

/* One channel: luma by ITU-R BT.601, (19595 R + 38470 G + 7471 B + 32768) / 65536, as Pillow's convert("L"). RGBA is laid
 * on white first. */
ML_API ml_image *ml_image_grey(const ml_image *im);

/* 255 - v in each channel but alpha. */
ML_API ml_image *ml_image_invert(const ml_image *im);

/* The h x w pixels whose first is in row y and column x. All must be inside. */
ML_API ml_image *ml_image_crop(const ml_image *im, int64_t y, int64_t x, int64_t h, int64_t w);

typedef enum ml_flip { ML_FLIP_LEFT_RIGHT = 1, ML_FLIP_TOP_BOTTOM } ml_flip;
ML_API ml_image *ml_image_flip(const ml_image *im, ml_flip how);

/* How a picture changes its size: docs/math/resize.md. */
typedef enum ml_interpolation {
    ML_NEAREST = 0, /* the pixel under the middle of the new one; equals Pillow's NEAREST */
    ML_BILINEAR,    /* between the middles of four pixels, however much it shrinks; OpenCV's INTER_LINEAR to one level */
    ML_AREA         /* the mean of all that the new pixel covers; OpenCV's INTER_AREA to one level */
} ml_interpolation;
ML_API ml_image *ml_image_resize(const ml_image *im, int64_t h, int64_t w, ml_interpolation how);

/* Turned about its middle, counter-clockwise, bilinear; what comes from outside is fill. expand: as large as the turned
 * picture, else of the old size. Multiples of 90 degrees are exact where sizes allow. Equals Pillow's rotate(degrees,
 * BILINEAR, expand, fillcolor=fill) to one level, but for RGBA, which Pillow multiplies by alpha first. */
ML_API ml_image *ml_image_rotate(const ml_image *im, double degrees, bool expand, uint8_t fill);

ML_END
#endif
