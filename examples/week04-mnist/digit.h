/* digit.h -- from somebody's picture of a digit to what the network was trained on. */
#ifndef WEEK04_DIGIT_H
#define WEEK04_DIGIT_H

#include <mlcore/mlcore.h>

/* ---- plane.c: one number a pixel ---- */

typedef struct plane {
    int64_t h, w;
    float *v;
} plane;

/* Zeros; false where memory lacks, as for all that follow. */
bool plane_new(plane *p, int64_t h, int64_t w);
void plane_free(plane *p);
/* Each pixel becomes the mean, or the largest, of the square of 2r+1 pixels around it, cut at the margins. */
bool plane_mean(plane *p, int64_t r);
bool plane_largest(plane *p, int64_t r);
/* The largest of each square, and of these the smallest: fills what is dark and narrower than 2r+1, leaves slopes and edges
 * as they are (Serra 1982). */
bool plane_closing(plane *p, int64_t r);
/* The value below which a share of n values in [0, 1] lies, to 1/4096. */
float quantile(const float *v, int64_t n, double share);

/* ---- lines.c ---- */

/* From how dark each pixel is, and what is darker than paper surely: printed lines become 0. */
bool lines_remove(plane *darkness, float threshold);

/* ---- ink.c: what is written, apart from what it is written on ---- */

/* The ink of a photograph, cut to where it is: 0 none, 255 as dark as the pen writes. NULL: *why is one sentence. */
ml_image *ink_find(const ml_image *photo, const char **why);

/* ---- digit.c: as MNIST's digits lie in their 28 x 28 pixels ---- */

enum { DIGIT_SIDE = 28 };
typedef uint8_t digit_pixels[DIGIT_SIDE * DIGIT_SIDE];

/* NULL, or one sentence that says why there is no digit. */
const char *digit_prepare(const ml_image *photo, digit_pixels out);

#endif
