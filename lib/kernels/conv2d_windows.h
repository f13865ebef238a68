/* conv2d_windows.h -- the windows of an image as the rows of a matrix that is never made: packed straight into the strips
 * and panels of the blocked matrix product. See conv2d_implicit.c. Internal. */
#ifndef MLK_CONV2D_WINDOWS_H
#define MLK_CONV2D_WINDOWS_H

#include "kernels/conv2d.h"
#include "kernels/gemm_fast.h"

/* Matrix row i is the window of output pixel i: R runs of S*C numbers. */
typedef struct mlk_windows {
    const mlk_conv2d *g;
    const ml_real *x;
    const ml_real *zeros; /* S*C zeros: what lies outside of the picture */
    ml_real *patch;       /* MLK_LINES * S*C numbers: rows of windows that the edge of the picture cuts */
} mlk_windows;

/* Upper left corner of a window; image is NULL past the last pixel, where all is zero. */
typedef struct mlk_spot {
    const ml_real *image;
    int64_t h, w;
} mlk_spot;

/* The spots of n pixels from `pixel` on; those at `end` and after it are empty. */
void mlk_windows_spots(const mlk_windows *x, mlk_spot *spot, int64_t pixel, int64_t n, int64_t end);

/* A strip: rows of MR spots, columns from .. from+k-1 of their run r. Up to MLK_LINES - MR numbers past it are written. */
void mlk_windows_strip(ml_real *to, const mlk_windows *x, const mlk_spot *spot, int64_t r, int64_t from, int64_t k);

/* A panel: columns j .. j+NR-1 (zeros past the last) of n spots, a step each. */
void mlk_windows_panel(ml_real *to, const mlk_windows *x, const mlk_spot *spot, int64_t n, int64_t j);

#endif
