/* spline.c -- a smooth field: cubic B-splines on the nodes of a coarse grid
 *
 * Shapes     field (H,W)   node (A,B), step pixels apart
 * Forward    field[y,x] = sum_ab node[a,b] B(y/step - a + 1) B(x/step - b + 1)      B is 0 from 2 on, either way
 * Backward   none: it bends pictures, and nothing learns here
 * Cost       4 products a number, and 4 more for each node row
 * Source     de Boor 1978, "A practical guide to splines", chapter 9; fields of random nodes that bend pictures: Simard,
 *            Steinkraus, Platt 2003, section 2, whose Gaussian B stands in for
 * Derivation docs/math/warp.md
 *
 * The weights of x and y are factors, so rows are widened first, each node row once, then mixed down the columns.
 */
#include "kernels/spline.h"

#include <math.h>

int64_t mlk_spline_nodes(int64_t n, double step)
{
    return n < 1 ? 0 : (int64_t)((double)(n - 1) / step) + 4;
}

/* The first of the four nodes that bear on pixel i, and their weights. Node 1 lies at pixel 0. */
static int64_t weights(double b[4], int64_t i, double step)
{
    const double t = (double)i / step, first = floor(t), f = t - first, e = 1 - f;
    b[0] = e * e * e / 6;
    b[1] = ((3 * f - 6) * f * f + 4) / 6;
    b[2] = ((3 * e - 6) * e * e + 4) / 6; /* as b[1], seen from the right */
    b[3] = f * f * f / 6;
    return (int64_t)first;
}

void mlk_spline_field_ref(ml_real *field, const ml_real *node, int64_t h, int64_t w, double step)
{
    const int64_t columns = mlk_spline_nodes(w, step);
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            double by[4], bx[4], sum = 0;
            const int64_t row = weights(by, y, step), column = weights(bx, x, step);
            for (int64_t a = 0; a < 4; a++)
                for (int64_t b = 0; b < 4; b++)
                    sum += by[a] * bx[b] * (double)node[(row + a) * columns + column + b];
            field[y * w + x] = (ml_real)sum;
        }
}

void mlk_spline_field(ml_real *field, const ml_real *node, int64_t h, int64_t w, double step, ml_real *scratch)
{
    const int64_t rows = mlk_spline_nodes(h, step), columns = mlk_spline_nodes(w, step);
    double b[4];
    for (int64_t x = 0; x < w; x++) {
        const int64_t first = weights(b, x, step);
        const ml_real b0 = (ml_real)b[0], b1 = (ml_real)b[1], b2 = (ml_real)b[2], b3 = (ml_real)b[3];
        for (int64_t a = 0; a < rows; a++) {
            const ml_real *n = node + a * columns + first;
            scratch[a * w + x] = (b0 * n[0] + b1 * n[1]) + (b2 * n[2] + b3 * n[3]);
        }
    }
    for (int64_t y = 0; y < h; y++) {
        const ml_real *r0 = scratch + weights(b, y, step) * w, *r1 = r0 + w, *r2 = r1 + w, *r3 = r2 + w;
        const ml_real b0 = (ml_real)b[0], b1 = (ml_real)b[1], b2 = (ml_real)b[2], b3 = (ml_real)b[3];
        ml_real *to = field + y * w;
        for (int64_t x = 0; x < w; x++)
            to[x] = (b0 * r0[x] + b1 * r1[x]) + (b2 * r2[x] + b3 * r3[x]);
    }
}
