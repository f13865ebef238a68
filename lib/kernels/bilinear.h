/* bilinear.h -- images of another size by bilinear interpolation. Internal; the lesson is in bilinear.c. */
#ifndef MLK_BILINEAR_H
#define MLK_BILINEAR_H

#include "base/base.h"

/* One axis: where in the input the pixels of the output lie. That of pixel i is (start + i step) / unit, in whole numbers, so
 * that no rounding moves it across a pixel. No extent is above 2^31 - 1, so no product below overflows. */
typedef struct mlk_bilinear_axis {
    int64_t in, out;
    int64_t start, step, unit;
} mlk_bilinear_axis;

/* x (N,H,W,C) -> y (N,P,Q,C): H and P are h.in and h.out, W and Q are w.in and w.out. */
typedef struct mlk_bilinear {
    int64_t n, c;
    mlk_bilinear_axis h, w;
} mlk_bilinear;

/* align_corners: the middles of the corner pixels fall on each other. If not, the corners of the images do. */
mlk_bilinear_axis mlk_bilinear_axis_of(int64_t in, int64_t out, bool align_corners);

void mlk_bilinear_ref(ml_real *y, const ml_real *x, const mlk_bilinear *s);
void mlk_bilinear_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_bilinear *s);
void mlk_bilinear_forward(ml_real *y, const ml_real *x, const mlk_bilinear *s);
void mlk_bilinear_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_bilinear *s);

#endif
