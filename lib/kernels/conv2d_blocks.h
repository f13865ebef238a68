/* conv2d_blocks.h -- the picture by blocks: some pixels of the output, and a copy of what their windows look at. Internal.
 *
 * The copy, the patch, has the padding around it as zeros and stays in the cache. In it no window is cut by an edge: step k of
 * a window's sum lies at the same distance from the window's corner for all of them. */
#ifndef MLK_CONV2D_BLOCKS_H
#define MLK_CONV2D_BLOCKS_H

#include "kernels/conv2d.h"
#include "kernels/lanes.h"

typedef struct mlk_blocks {
    mlk_conv2d g;
    int64_t rows, cols;   /* pixels of the output in a block; fewer at the edges */
    int64_t down, across; /* blocks of a picture */
    int64_t pitch, line;  /* numbers from pixel to pixel of a patch, and from line to line */
    int64_t size;         /* numbers of a patch */
} mlk_blocks;

typedef struct mlk_block {
    int64_t image, p, q, rows, cols;
} mlk_block;

/* Blocks whose patches have a pixel each `pitch` numbers, and are small enough for the second-level cache. */
mlk_blocks mlk_blocks_for(const mlk_conv2d *g, int64_t pitch);
int64_t mlk_blocks_count(const mlk_blocks *b);
mlk_block mlk_block_of(const mlk_blocks *b, int64_t i);

/* Fills the patch of a block: of each pixel n numbers, those from `first` on. */
void mlk_patch_fill(ml_real *patch, const mlk_blocks *b, const mlk_block *at, const ml_real *x, int64_t first, int64_t n);

/* Distance from the corner of a window to step k = (r S + s) n + i of its sum, for n numbers of each pixel. */
void mlk_patch_offsets(int64_t *offset, const mlk_blocks *b, int64_t n);

/* Where the window of row i, column j of the block has its corner. */
static inline int64_t mlk_patch_corner(const mlk_blocks *b, int64_t i, int64_t j)
{
    return i * b->g.stride[0] * b->line + j * b->g.stride[1] * b->pitch;
}

#endif
