/* conv2d_windows.h -- the windows of an image as the rows of a matrix that is never made: packed straight into the strips
 * and panels of the blocked matrix product. See conv2d_implicit.c. Internal. */
#ifndef MLK_CONV2D_WINDOWS_H
#define MLK_CONV2D_WINDOWS_H

#include "kernels/conv2d.h"
#include "kernels/gemm_fast.h"
#include "kernels/lanes.h"

/* Numbers in a window. */
static inline int64_t mlk_conv2d_columns(const mlk_conv2d *g)
{
    return g->r * g->s * g->c;
}

/* How columns are cut: `runs` whole runs of the window at a time, or, where one is too long, pieces of one. */
typedef struct mlk_cut {
    int64_t runs, piece;
} mlk_cut;
mlk_cut mlk_conv2d_cut(const mlk_conv2d *g);

/* Matrix row i is the window of output pixel i: R runs of S*C numbers. */
typedef struct mlk_windows {
    const mlk_conv2d *g;
    const ml_real *x;
    const ml_real *zeros; /* S*C zeros: what lies outside of the picture */
    ml_real *patch;       /* S*C numbers for each window at hand: runs that the edge of the picture cuts */
} mlk_windows;

/* Upper left corner of a window; image is NULL past the last pixel, where all is zero. */
typedef struct mlk_spot {
    const ml_real *image;
    int64_t h, w;
} mlk_spot;

/* The spots of n pixels from `pixel` on; those at `end` and after it are empty. */
void mlk_windows_spots(const mlk_windows *x, mlk_spot *spot, int64_t pixel, int64_t n, int64_t end);

/* Windows side by side: of MR spots numbers from .. from+k-1 of run r, a step each. What mlk_pack_lines says about MLK_LINES holds
 * here. */
void mlk_windows_strip(ml_real *to, const mlk_windows *x, const mlk_spot *spot, int64_t r, int64_t from, int64_t k);

/* Where run r of n windows lies. Found once, for all panels that look at it. */
enum { MLK_STEPS = 256 };
typedef struct mlk_runs {
    const mlk_spot *spot;
    int64_t n, r; /* n at most MLK_STEPS; r -1 at first */
    const ml_real *line[MLK_STEPS];
} mlk_runs;

/* Windows one after another, a step each: columns j .. j+NR-1 (zeros past the last) of them. Panels are asked for from left to right. */
void mlk_windows_panel(ml_real *to, const mlk_windows *x, mlk_runs *runs, int64_t j);

#endif
