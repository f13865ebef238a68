/* conv2d_winograd.h -- what the passes of Winograd's convolution share: tiles, transforms, the product. See
 * conv2d_winograd.c. Internal. */
#ifndef MLK_CONV2D_WINOGRAD_H
#define MLK_CONV2D_WINOGRAD_H

#include "kernels/conv2d_windows.h"

/* F(m x m, 3 x 3): a tile of m x m outputs sees t x t inputs, t = m + 2, and takes t x t products a channel and filter
 * instead of 9 m m. */
enum { MLK_WINO_T = 6, MLK_WINO_E = MLK_WINO_T * MLK_WINO_T }; /* the most */

/* The tiles of a picture, one after another over all images. */
typedef struct mlk_wino {
    mlk_conv2d g;
    int m, t, e;             /* e = t t */
    int64_t down, across, n; /* tiles of an image along P and Q, and all */
} mlk_wino;

mlk_wino mlk_wino_of(const mlk_conv2d *g, int m);

/* Numbers of a row of `channels`, so long that rows lie on vectors, a panel may be read past the end, and rows one under another
 * do not fight for the same lines of the first-level cache. */
int64_t mlk_wino_row(int64_t channels);
/* Numbers of a slab, a cache line longer than need be: slabs a multiple of 4096 bytes apart would be in each other's way. */
static inline int64_t mlk_wino_slab(int64_t numbers)
{
    const int64_t line = 64 / (int64_t)sizeof(ml_real);
    return mlk_ceil_div(numbers, line) * line + line;
}

/* ---- conv2d_winograd_tiles.c: the transforms ----
 *
 * "Slabs" are t x t matrices, `slab` numbers apart: number (i,j) of every tile is in slab i t + j. */

/* V = B^T d B of tiles first .. first+n-1 of x; row `row` numbers a tile. zeros: C of them. */
void mlk_wino_inputs(ml_real *v, int64_t slab, int64_t row, const mlk_wino *w, const ml_real *x, const ml_real *zeros,
                     int64_t first, int64_t n);
/* A dy A^T of tiles of dy (N,P,Q,F), for the gradient by weight. zeros: F of them. */
void mlk_wino_gradients(ml_real *v, int64_t slab, int64_t row, const mlk_wino *w, const ml_real *dy, const ml_real *zeros,
                        int64_t first, int64_t n);
/* y = A^T M A, and bias, add, plus and relu of a: filters f .. f+NR-1 (those that there are) of tiles first ... A tile has NR
 * numbers in a slab. */
void mlk_wino_outputs(const mlk_conv2d_args *a, const mlk_wino *w, const ml_real *products, int64_t slab, int64_t f, int64_t first,
                      int64_t n);
/* U = G g G^T of NR filters side by side: from nine taps, `taps` numbers apart, of c channels, to slabs. */
void mlk_wino_weights(ml_real *u, int64_t slab, const ml_real *packed, int64_t taps, int64_t c, int m);
/* dw = G^T dU G of one filter, (3,3,C), from slabs of rows of C; added to what is there where add says so. */
void mlk_wino_weight_gradients(ml_real *dw, bool add, const ml_real *du, int64_t slab, int64_t c, int m);

/* ---- conv2d_winograd_product.c ---- */

/* c (rows,NR) = sum over k steps of a (rows, k) b (k,NR), one of MR rows or fewer. Added to c where add says so. */
typedef struct mlk_wino_tile {
    int64_t k;
    const ml_real *a;
    int64_t a_row, a_step; /* number (i,p) is at i a_row + p a_step */
    const ml_real *b;
    int64_t b_step;
    ml_real *c;
    int64_t c_row;
    bool add;
    /* Only by_rows looks at these: at each of the k steps the CPU is asked to bring the line of cache here, then so many bytes on. */
    const char *to_read, *to_write;
    int64_t read_step, write_step;
} mlk_wino_tile;
void mlk_wino_by_rows(const mlk_wino_tile *t, int rows);  /* a_step is 1 */
void mlk_wino_by_steps(const mlk_wino_tile *t, int rows); /* a_row is 1 */

/* conv2d_winograd_tiles.c: has t ask for m pixels of line `line` of a tile, those that the tiles before it did not bring: of x to be
 * read, of y to be written. */
void mlk_wino_ask(mlk_wino_tile *t, const mlk_conv2d_args *a, const mlk_wino *w, int64_t tile, int line);

#endif
