/* shape.c -- the same numbers in other places: transpose, slice, concat
 *
 * Shapes     transpose  x (D0,D1,...)  y (D[order 0], D[order 1], ...)
 *            slice, concat along an axis of (O,n,I): O runs of (some of n) I numbers each, side by side in memory
 * Forward    transpose  y[j0,j1,...] = x[i0,i1,...] with i[order d] = j[d]
 *            slice      y[o, k, i] = x[o, begin + k, i]          concat  y[o, offset + k, i] = x[o, k, i]
 * Backward   transpose  dx = dy with the order back      slice  dx[o, begin + k, i] = dy[o, k, i], 0 elsewhere
 *            concat     dx[o, k, i] = dy[o, offset + k, i]
 *            Check by meaning: each number was only moved, so its gradient is moved back.
 * Saves      nothing          Cost  one read and one write a number
 * Source     the blocked transpose: Lam, Rothberg, Wolf 1991, "The cache performance of blocked algorithms"
 * Derivation docs/math/shape.md
 */
#include "kernels/shape.h"

#include <string.h>

enum { TILE = 16 };

/* How far apart in x neighbours along each axis of y lie; y_shape gets the extents of y. */
static void strides_of(int rank, const int64_t *shape, const int *order, int64_t *y_shape,
                       int64_t *stride)
{
    int64_t x_stride[ML_MAX_RANK], step = 1;
    for (int d = rank - 1; d >= 0; d--) {
        x_stride[d] = step;
        step *= shape[d];
    }
    for (int d = 0; d < rank; d++) {
        y_shape[d] = shape[order[d]];
        stride[d] = x_stride[order[d]];
    }
}

void mlk_transpose_ref(ml_real *y, const ml_real *x, int rank, const int64_t *shape,
                       const int *order)
{
    int64_t y_shape[ML_MAX_RANK], stride[ML_MAX_RANK], size = 1;
    strides_of(rank, shape, order, y_shape, stride);
    for (int d = 0; d < rank; d++)
        size *= shape[d];
    for (int64_t e = 0; e < size; e++) {
        int64_t from = 0, rest = e;
        for (int d = rank - 1; d >= 0; d--) {
            from += rest % y_shape[d] * stride[d];
            rest /= y_shape[d];
        }
        y[e] = x[from];
    }
}

/* Axes of y that follow each other in x as well are one axis: NHWC to NCHW is a transpose of (N, HW, C). */
static int merge_axes(int rank, int64_t *extent, int64_t *stride)
{
    int kept = 0;
    for (int d = 0; d < rank; d++) {
        if (extent[d] == 1)
            continue;
        if (kept && stride[kept - 1] == stride[d] * extent[d]) {
            extent[kept - 1] *= extent[d];
            stride[kept - 1] = stride[d];
        } else {
            extent[kept] = extent[d];
            stride[kept++] = stride[d];
        }
    }
    return kept;
}

static inline void put(ml_real *y, bool add, ml_real v)
{
    *y = add ? *y + v : v;
}

/* y[p,q] = x[p * sp + q * sq], in tiles: a tile of x and one of y fit the nearest cache together, so that a
 * cache line fetched for one number serves its neighbours before it is dropped. */
static void plane(ml_real *restrict y, bool add, const ml_real *restrict x, const int64_t *extent,
                  const int64_t *stride)
{
    int64_t rows = extent[0], columns = extent[1], sp = stride[0], sq = stride[1];
    if (sq == 1) { /* rows stay rows */
        mlk_copy_runs(y, add, x, (mlk_runs){rows, columns, columns, sp});
        return;
    }
    for (int64_t p0 = 0; p0 < rows; p0 += TILE)
        for (int64_t q0 = 0; q0 < columns; q0 += TILE) {
            int64_t p1 = p0 + TILE < rows ? p0 + TILE : rows,
                    q1 = q0 + TILE < columns ? q0 + TILE : columns;
            for (int64_t p = p0; p < p1; p++)
                for (int64_t q = q0; q < q1; q++)
                    put(&y[p * columns + q], add, x[p * sp + q * sq]);
        }
}

/* Planes of the last two axes, one after another. extent and stride have room for ML_MAX_RANK + 2. */
static void permute(ml_real *y, bool add, const ml_real *x, int rank, int64_t *extent,
                    int64_t *stride)
{
    rank = merge_axes(rank, extent, stride);
    for (; rank < 2; rank++) { /* a plane has two axes: put ones in front */
        memmove(extent + 1, extent, (size_t)rank * sizeof *extent);
        memmove(stride + 1, stride, (size_t)rank * sizeof *stride);
        extent[0] = 1;
        stride[0] = 1;
    }
    int outer = rank - 2;
    int64_t index[ML_MAX_RANK] = {0}, planes = 1, from = 0;
    for (int d = 0; d < outer; d++)
        planes *= extent[d];
    for (int64_t n = 0; n < planes; n++, y += extent[outer] * extent[outer + 1]) {
        plane(y, add, x + from, extent + outer, stride + outer);
        for (int d = outer - 1; d >= 0; d--) { /* count up, the last axis fastest */
            from += stride[d];
            if (++index[d] < extent[d])
                break;
            from -= extent[d] * stride[d];
            index[d] = 0;
        }
    }
}

static bool empty(int rank, const int64_t *shape)
{
    for (int d = 0; d < rank; d++)
        if (shape[d] == 0)
            return true;
    return false;
}

void mlk_transpose_forward(ml_real *y, const ml_real *x, int rank, const int64_t *shape,
                           const int *order)
{
    int64_t extent[ML_MAX_RANK + 2], stride[ML_MAX_RANK + 2];
    if (empty(rank, shape))
        return;
    strides_of(rank, shape, order, extent, stride);
    permute(y, false, x, rank, extent, stride);
}

void mlk_transpose_backward(ml_real *dx, bool add, const ml_real *dy, int rank,
                            const int64_t *shape, const int *order)
{
    int64_t y_shape[ML_MAX_RANK], extent[ML_MAX_RANK + 2], stride[ML_MAX_RANK + 2];
    int back[ML_MAX_RANK];
    if (empty(rank, shape))
        return;
    for (int d = 0; d < rank; d++) {
        back[order[d]] = d;
        y_shape[d] = shape[order[d]];
    }
    strides_of(rank, y_shape, back, extent, stride);
    permute(dx, add, dy, rank, extent, stride);
}

void mlk_copy_runs_ref(ml_real *y, bool add, const ml_real *x, mlk_runs s)
{
    for (int64_t r = 0; r < s.runs; r++)
        for (int64_t j = 0; j < s.length; j++)
            put(&y[r * s.y_step + j], add, x[r * s.x_step + j]);
}

void mlk_copy_runs(ml_real *y, bool add, const ml_real *x, mlk_runs s)
{
    if (add || s.length < 8) { /* a call costs more than a few numbers */
        mlk_copy_runs_ref(y, add, x, s);
        return;
    }
    for (int64_t r = 0; r < s.runs; r++)
        memcpy(y + r * s.y_step, x + r * s.x_step, (size_t)s.length * sizeof *y);
}
