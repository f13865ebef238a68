/* conv2d_depthwise.h -- which taps and pixels lie inside of the picture, and asking the memory in time. Internal. */
#ifndef MLK_CONV2D_DEPTHWISE_H
#define MLK_CONV2D_DEPTHWISE_H

#include "kernels/conv2d.h"
#include "kernels/gemm_fast.h"
#include "kernels/lanes.h"

/* Of a window whose first tap is at `at`, along one axis: the taps that look at a picture of that extent. */
mlk_span mlk_taps_inside(int64_t at, int64_t taps, int64_t dil, int64_t extent);
/* The pixels of a row of outputs of which each sees the picture through all columns of its window. */
mlk_span mlk_pixels_inside(const mlk_conv2d *g);
/* How many pixels from q on make a tile: one of those outside of that span, whose window is cut, else at most `most`, in strips of nearly
 * the same length: a short one would leave the multipliers waiting. */
static inline int64_t mlk_pixels_from(mlk_span inside, int64_t q, int64_t most)
{
    int64_t left = inside.end - q, strips = mlk_ceil_div(left, most);
    return q < inside.begin || left <= 0 ? 1 : mlk_ceil_div(left, strips);
}

/* Pixels that 2 KB lie between fall on the same few lines of the first-level cache: so many of a tile find room there. */
static inline int64_t mlk_pixels_at_once(const mlk_conv2d *g, int64_t most, int64_t few)
{
    return g->c * (int64_t)sizeof(ml_real) % 2048 == 0 ? few : most;
}

/* From tap to tap of weights as (R,S,C): for the same reason a line more than there are channels. */
static inline int64_t mlk_tap_pitch(const mlk_conv2d *g)
{
    return g->c + 64 / (int)sizeof(ml_real);
}

/* What some pixels of the next row of outputs will see that those of this row do not, to be asked for in time, a little with each tile:
 * tiles jump from pixel to pixel, so that the processor cannot guess what comes next, and would wait for memory. */
enum { MLK_BELOW = 4 };
typedef struct mlk_below {
    int rows;
    const ml_real *line[MLK_BELOW];
    int64_t per; /* numbers of a line for each channel */
} mlk_below;
mlk_below mlk_below_of(const mlk_conv2d *g, const ml_real *image, int64_t p, int64_t q, int64_t pixels);

static inline void mlk_ask(const ml_real *x, int64_t numbers)
{
    for (int64_t i = 0; i < numbers; i += 64 / (int)sizeof *x)
        __builtin_prefetch(x + i, 0, 2);
}
/* As much of it as n channels are of all. */
static inline void mlk_ask_below(const mlk_below *b, int64_t c, int64_t n)
{
    for (int i = 0; i < b->rows; i++)
        mlk_ask(b->line[i] + c * b->per, n * b->per);
}

#endif
