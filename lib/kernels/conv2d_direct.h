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

#endif
