/* tile.h -- a tensor laid side by side with itself. Internal; the lesson is in tile.c. */
#ifndef MLK_TILE_H
#define MLK_TILE_H

#include <mlcore/real.h>

/* y has times[d] x[d] entries along axis d. */
typedef struct mlk_tile {
    int rank;
    int64_t x[ML_MAX_RANK], times[ML_MAX_RANK];
} mlk_tile;

void mlk_tile_ref(ml_real *y, const ml_real *x, const mlk_tile *p);
void mlk_tile_forward(ml_real *y, const ml_real *x, const mlk_tile *p);
/* dx = the sum of dy over the copies, added to what is there where add says so. */
void mlk_tile_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_tile *p);
void mlk_tile_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_tile *p);

#endif
