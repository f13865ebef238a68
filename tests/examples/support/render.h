/* render.h -- pictures of digits as people make them: a hand that writes (strokes.c), and a scene in which it is
 * photographed or drawn (photo.c). Nothing here comes from MNIST, but for photo_cover_image, which puts given pixels on paper. */
#ifndef RENDER_H
#define RENDER_H

#include <mlcore/mlcore.h>

/* ---- strokes.c ---- */

/* Where the pen was: y from 0 (top) to 1 (bottom), x to the right in the same unit, from -1/2 to 1/2 or so. */
typedef struct dot {
    double x, y, pressure; /* pressure: about 1 */
} dot;
enum { DOTS_MAX = 8192 };

/* Writes a digit in one of its two forms (a 1 with a serif or plain, a 4 closed or open, a 7 with a bar or without, ...), each time
 * a little otherwise. Returns how many dots. */
int strokes_write(int digit, int form, ml_rng *rng, dot out[DOTS_MAX]);

/* ---- photo.c ---- */

typedef enum rule { BLANK, RULED, SQUARED } rule;

/* What lies before the camera, in how much light. Colours are reflectances 0 .. 1; lengths are parts of the shorter side, except
 * where something else is said. */
typedef struct scene {
    const char *name;
    int64_t h, w;                      /* of the picture */
    double x, y, size, tilt;           /* the digit's middle (of width, of height), its height, degrees */
    double pen, opacity, grain;        /* width; 1 hides the paper; how unevenly the pen writes, 0 .. 1 */
    float ink[3], paper[3], line[3];
    rule rule;
    double spacing, line_width, line_opacity;
    double texture, smear;             /* of the paper; of what was wiped off a board */
    double gradient, vignette, shadow; /* how much darker it gets: across, into the corners, in the shadow of a hand */
    double blur, noise;                /* in pixels; in levels of 255 */
} scene;

/* Scene number `which` (of SCENES) with details drawn from rng. */
enum { SCENES = 16 };
scene scene_draw(int which, ml_rng *rng);

/* How much of each pixel (h * w) is under ink: from a pen, or from the upscaled pixels of a picture of side x side bytes. */
void photo_cover_pen(const scene *s, const dot *dots, int n, float *cover);
void photo_cover_image(const scene *s, const uint8_t *bytes, int side, float *cover);
/* The picture, RGB, or NULL: see ml_error. */
ml_image *photo_take(const scene *s, const float *cover, ml_rng *rng);

#endif
