/* conv2d_direct.h -- what the direct body's forward and its gradient by weight share. See conv2d_direct.c. Internal. */
#ifndef MLK_CONV2D_DIRECT_H
#define MLK_CONV2D_DIRECT_H

#include "kernels/conv2d_blocks.h"
#include "kernels/conv2d_windows.h"

/* The filters of a group are taken by panels: NR at a time, and what is left of VL or fewer as one vector. */
static inline int mlk_direct_width(int64_t filters_left)
{
    return filters_left > VL ? NR : VL;
}

/* Filters of a group, those of the panels that there are not counted as well. */
static inline int64_t mlk_direct_padded(int64_t filters)
{
    int64_t whole = filters / NR * NR;
    return whole < filters ? whole + mlk_direct_width(filters - whole) : whole;
}

/* Numbers from pixel to pixel of a patch for c channels. Where the pixels of a tile would be whole cache lines apart, they would all
 * lie in the same bank of the cache. */
static inline int64_t mlk_direct_pitch(const mlk_conv2d *g)
{
    int64_t c = g->c / g->groups;
    return c * g->stride[1] % 16 == 0 ? c + 2 : c;
}

/* ---- conv2d_direct_tile.c ---- */

enum { MLK_TALL = MR * NV }; /* rows of a tile that is one vector wide */

typedef struct mlk_direct_tile {
    int64_t k;
    const int64_t *offset;
    const ml_real *x; /* corner of the first pixel's window */
    int64_t step;     /* to the next pixel's */
    const ml_real *w; /* k steps of one or NV vectors */
    const ml_real *bias;
    ml_real *y;
    int64_t y_step;
    bool add; /* to y, instead of the bias */
} mlk_direct_tile;

/* The first `filters` of a panel of NR or VL (width), for 1 .. MR or 1 .. MLK_TALL pixels. */
void mlk_direct_tile_run(const mlk_direct_tile *t, int rows, int width, int64_t filters);

#endif
