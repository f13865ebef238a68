/* rotate.c -- a picture turned about its middle, as Pillow turns it.
 *
 * Output pixel (x, y), middle at (x + 1/2, y + 1/2), shows the input at
 *     u = cos (x + 1/2) - sin (y + 1/2) + m2        sin, cos of the angle; m2 and m5 so that middle comes to middle
 *     v = sin (x + 1/2) + cos (y + 1/2) + m5
 * bilinear between the middles of pixels, and fill where (u, v) lies outside 0 <= u < W, 0 <= v < H.
 * Source     Pillow 13, Image.rotate and Geometry.c
 *
 * Within half a pixel of its edge a picture has no neighbour on one side. The kernel would blend it with fill; Pillow
 * repeats the outermost pixel, up to the edge and not beyond. So the kernel is given the picture in a frame of such
 * repeats, and fill is laid over what comes from outside.
 */
#include "kernels/warp.h"
#include "vision/vision.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

/* The pixels with each outermost one once more around them: two rows and two columns more. For mli_free. */
static uint8_t *framed(const ml_image *im)
{
    const int64_t h = im->h, w = im->w, c = im->c, wide = (w + 2) * c;
    uint8_t *px = mli_alloc((size_t)((h + 2) * wide));
    if (!px) {
        mli_fail_in("rotate");
        return NULL;
    }
    for (int64_t y = 0; y < h + 2; y++) {
        const uint8_t *in = im->px + (y < 1 ? 0 : y > h ? h - 1 : y - 1) * w * c;
        uint8_t *to = px + y * wide;
        memcpy(to, in, (size_t)c);
        memcpy(to + c, in, (size_t)(w * c));
        memcpy(to + c + w * c, in + (w - 1) * c, (size_t)c);
    }
    return px;
}

/* sin and cos to 15 digits, as Pillow has them: so that quarter turns have no crumbs. */
static double round15(double x)
{
    return round(x * 1e15) / 1e15;
}

/* m and the size of the output, so that the middle of the output shows the middle of the picture. */
static void find_map(double m[6], int64_t *out_h, int64_t *out_w, const ml_image *im, double degrees, bool expand)
{
    const double angle = degrees * (PI / 180), h = (double)im->h, w = (double)im->w;
    m[0] = m[4] = round15(cos(angle));
    m[3] = round15(sin(angle));
    m[1] = -m[3];
    m[2] = m[0] * (-w / 2) + m[1] * (-h / 2) + w / 2;
    m[5] = m[3] * (-w / 2) + m[4] * (-h / 2) + h / 2;
    *out_h = im->h;
    *out_w = im->w;
    if (!expand)
        return;
    /* The corners' places, by the map from output to input as Pillow does it: turned the other way, but as wide. */
    double x[4] = {m[2], m[0] * w + m[2], m[0] * w + m[1] * h + m[2], m[1] * h + m[2]};
    double y[4] = {m[5], m[3] * w + m[5], m[3] * w + m[4] * h + m[5], m[4] * h + m[5]};
    double left = x[0], right = x[0], top = y[0], bottom = y[0];
    for (int i = 1; i < 4; i++) {
        left = fmin(left, x[i]);
        right = fmax(right, x[i]);
        top = fmin(top, y[i]);
        bottom = fmax(bottom, y[i]);
    }
    double more_w = ceil(right) - floor(left) - w, more_h = ceil(bottom) - floor(top) - h;
    m[2] = m[0] * (-more_w / 2) + m[1] * (-more_h / 2) + m[2];
    m[5] = m[3] * (-more_w / 2) + m[4] * (-more_h / 2) + m[5];
    *out_w += (int64_t)more_w;
    *out_h += (int64_t)more_h;
}

typedef struct rotate_job {
    ml_image *out;
    const ml_image *in;
    const uint8_t *framed;
    double m[6];
    uint8_t fill;
} rotate_job;

static bool comes_from_inside(const rotate_job *j, int64_t x, int64_t y)
{
    double u = j->m[0] * ((double)x + 0.5) + j->m[1] * ((double)y + 0.5) + j->m[2];
    double v = j->m[3] * ((double)x + 0.5) + j->m[4] * ((double)y + 0.5) + j->m[5];
    return u >= 0 && u < (double)j->in->w && v >= 0 && v < (double)j->in->h;
}

static ml_status rotate_rows(void *arg, int64_t begin, int64_t end)
{
    const rotate_job *j = arg;
    const int64_t w = j->out->w, c = j->out->c;
    /* In its frame the picture lies one pixel further on, and these rows begin `begin` lower. */
    double m[6];
    memcpy(m, j->m, sizeof m);
    m[2] += 1 + m[1] * (double)begin;
    m[5] += 1 + m[4] * (double)begin;
    mlk_warp_affine(j->out->px + begin * w * c, end - begin, w, j->framed, j->in->h + 2, j->in->w + 2, c, m, j->fill);
    for (int64_t y = begin; y < end; y++) {
        uint8_t *row = j->out->px + y * w * c;
        int64_t first = 0, past = w; /* what a line meets of a rectangle is one piece */
        while (first < past && !comes_from_inside(j, first, y))
            first++;
        while (past > first && !comes_from_inside(j, past - 1, y))
            past--;
        memset(row, j->fill, (size_t)(first * c));
        memset(row + past * c, j->fill, (size_t)((w - past) * c));
    }
    return ML_OK;
}

static ml_image *rotate_any(const ml_image *im, double degrees, bool expand, uint8_t fill)
{
    rotate_job job = {.in = im, .fill = fill};
    int64_t h, w;
    find_map(job.m, &h, &w, im, degrees, expand);
    job.out = mli_image_blank("rotate", h, w, im->c);
    uint8_t *frame = job.out ? framed(im) : NULL;
    if (!frame) {
        ml_image_free(job.out);
        return NULL;
    }
    job.framed = frame;
    (void)mli_rows(h, w * im->c, rotate_rows, &job); /* cannot fail */
    mli_free(frame);
    return job.out;
}

ml_image *ml_image_rotate(const ml_image *im, double degrees, bool expand, uint8_t fill)
{
    if (mli_image_check("rotate", im))
        return NULL;
    if (!isfinite(degrees))
        return mli_null(ML_EINVAL, "rotate: %g degrees", degrees);
    double angle = fmod(degrees, 360);
    if (angle < 0)
        angle += 360;
    if (angle == 0 || angle == 360) /* 360: a tiny negative angle, rounded */
        return mli_image_turn("rotate", im, 0);
    if (angle == 180)
        return mli_image_turn("rotate", im, MLI_ROWS | MLI_COLUMNS);
    if ((angle == 90 || angle == 270) && (expand || im->h == im->w))
        return mli_image_turn("rotate", im, MLI_SWAP | (angle == 90 ? MLI_COLUMNS : MLI_ROWS));
    return rotate_any(im, angle, expand, fill);
}
