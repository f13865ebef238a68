/* conv2d.c -- convolution of images:  y = x * w + b, a small window of weights slid over the picture
 *
 * Shapes     x (N,H,W,C)   w (F,R,S,C)   b (F)   y (N,P,Q,F)
 *            P = (H + 2 pad - dil (R - 1) - 1) / stride + 1, rounded down; Q from W alike
 * Forward    y[n,p,q,f] = b[f] + sum_{r,s,c} x[n, p stride + r dil - pad, q stride + s dil - pad, c] w[f,r,s,c]
 *            where x outside of the picture is 0. With G groups, filter f sees the C/G channels of its group alone.
 * Backward   each product of the sum sends dy times one factor to the other:
 *            dw[f,r,s,c] = sum_{n,p,q} dy[n,p,q,f] x[n, p stride + r dil - pad, .., c]
 *            dx[n,h,w,c] = sum of dy[n,p,q,f] w[f,r,s,c] over all (f,p,q,r,s) with h = p stride + r dil - pad, w alike
 *            db[f]       = sum_{n,p,q} dy[n,p,q,f]
 * Saves      nothing: x and w are at hand         Cost  2 N P Q F R S C / G flops forward, twice that backward
 * Source     Fukushima 1980; LeCun et al. 1998, section II; dilation: Yu and Koltun 2016; groups: Krizhevsky et al. 2012.
 *            (Strictly it is a correlation: the window is not flipped.)
 * Derivation docs/math/conv2d.md
 *
 * This file has the definition; conv2d_choose.c picks one of the bodies. conv2d_gemm.c is for windows of one pixel, conv2d_im2col.c makes
 * a matrix product of any, conv2d_implicit.c the same product without the copy, conv2d_direct.c reads few channels
 * where they lie, conv2d_depthwise.c is for one filter a channel. dx of a stride: conv2d_phases.c.
 */
#include "kernels/conv2d.h"

#include "kernels/lanes.h"
#include "kernels/linear.h"
#include "kernels/ranges.h"

#include <string.h>

/* ---- the definition ---- */

/* Calls each product of the sum once: where its x, its w and its y lie. */
#define FOR_EACH_PRODUCT(g, body)                                                                              \
    for (int64_t n = 0; n < (g)->n; n++)                                                                           \
        for (int64_t p = 0; p < (g)->p; p++)                                                                       \
            for (int64_t q = 0; q < (g)->q; q++)                                                                   \
                for (int64_t f = 0; f < (g)->f; f++)                                                               \
                    for (int64_t r = 0; r < (g)->r; r++)                                                           \
                        for (int64_t s = 0; s < (g)->s; s++) {                                                     \
                            const int64_t h = p * (g)->stride[0] + r * (g)->dil[0] - (g)->pad[0];                  \
                            const int64_t w = q * (g)->stride[1] + s * (g)->dil[1] - (g)->pad[1];                  \
                            const int64_t cg = (g)->c / (g)->groups, first = f / ((g)->f / (g)->groups) * cg;      \
                            if (h < 0 || h >= (g)->h || w < 0 || w >= (g)->w)                                      \
                                continue;                                                                          \
                            for (int64_t c = 0; c < cg; c++) {                                                     \
                                const int64_t at_x = ((n * (g)->h + h) * (g)->w + w) * (g)->c + first + c;         \
                                const int64_t at_w = ((f * (g)->r + r) * (g)->s + s) * cg + c;                     \
                                const int64_t at_y = ((n * (g)->p + p) * (g)->q + q) * (g)->f + f;                 \
                                body;                                                                              \
                            }                                                                                      \
                        }

void mlk_conv2d_ref(const mlk_conv2d_args *a)
{
    for (int64_t i = 0; i < a->g.n * a->g.p * a->g.q * a->g.f; i++)
        a->out[i] = a->b ? a->b[i % a->g.f] : a->add ? a->out[i] : 0;
    FOR_EACH_PRODUCT(&a->g, a->out[at_y] += a->x[at_x] * a->w[at_w])
    mlk_conv2d_finish(a, 0, a->g.n * a->g.p * a->g.q * a->g.f);
}

/* In a net that predicts, what follows a convolution is done while y is still in the cache: a shortcut is added, then relu. */
void mlk_conv2d_finish(const mlk_conv2d_args *a, int64_t first, int64_t last)
{
    ml_real *y = a->out + first;
    const int64_t n = last - first; /* and nothing behind a pointer in the loops, so that they become vector code */
    if (a->plus) {
        const ml_real *plus = a->plus + first;
        for (int64_t i = 0; i < n; i++)
            y[i] += plus[i];
    }
    if (a->relu)
        for (int64_t i = 0; i < n; i++)
            y[i] = y[i] < 0 ? 0 : y[i];
}

static void clear(const mlk_conv2d_args *a, int64_t size)
{
    if (!a->add)
        memset(a->out, 0, (size_t)size * sizeof *a->out);
}

void mlk_conv2d_dx_ref(const mlk_conv2d_args *a)
{
    clear(a, a->g.n * a->g.h * a->g.w * a->g.c);
    FOR_EACH_PRODUCT(&a->g, a->out[at_x] += a->dy[at_y] * a->w[at_w])
}

void mlk_conv2d_dw_ref(const mlk_conv2d_args *a)
{
    clear(a, a->g.f * a->g.r * a->g.s * (a->g.c / a->g.groups));
    FOR_EACH_PRODUCT(&a->g, a->out[at_w] += a->dy[at_y] * a->x[at_x])
}

/* ---- db: the sum of dy over all pixels ---- */

static void db_lane(void *arg, mlk_lane l)
{
    const mlk_conv2d_args *a = arg;
    mlk_linear_db((ml_real *)a->work + l.index * a->g.f, false, a->dy + l.begin * a->g.f, l.end - l.begin, a->g.f);
}

void mlk_conv2d_db(const mlk_conv2d_args *a)
{
    int64_t lanes = mlk_lanes(mlk_conv2d_pixels(&a->g), MLK_CHUNK / (a->g.f + 1) + 1, MLK_LANES_MAX);
    mlk_run_lanes(mlk_conv2d_pixels(&a->g), lanes, db_lane, (void *)a);
    mlk_sum_parts(a->out, a->add, a->work, lanes, a->g.f);
}
