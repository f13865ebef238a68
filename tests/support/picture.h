/* picture.h -- what the tests of pictures share. */
#ifndef TESTS_PICTURE_H
#define TESTS_PICTURE_H

#include "support/check.h"

/* tests/golden/images/<name>; eight calls later the text is used again. */
const char *picture_path(const char *name);
/* The picture in tests/golden/vision_<name>.npy, for ml_image_free. */
ml_image *picture_golden(const char *name);

/* Fails unless the picture is there, has these sizes, and is within `levels` of px in each number. */
void assert_pixels(const ml_image *im, int64_t h, int64_t w, int64_t c, const uint8_t *px, int levels);
void assert_same_picture(const ml_image *im, const ml_image *as, int levels);

#endif
