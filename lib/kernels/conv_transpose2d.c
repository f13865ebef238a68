/* conv_transpose2d.c -- transposed convolution: each pixel stamps the window, times its value, into a larger picture
 *
 * Shapes     x (N,H,W,C)   w (C,R,S,F)   b (F)   y (N,P,Q,F)
 *            P = (H - 1) stride - 2 pad + dil (R - 1) + output_pad + 1; Q from W alike
 * Forward    y[n,p,q,f] = b[f] + sum of x[n,h,w,c] w[c,r,s,f] over all (c,h,w,r,s) with p = h stride + r dil - pad, q alike;
 *            what is stamped outside of the picture is lost. With G groups, channel c stamps the F/G filters of its group.
 * Backward   each product of the sum sends dy times one factor to the other:
 *            dx[n,h,w,c]  = sum_{r,s,f} dy[n, h stride + r dil - pad, w stride + s dil - pad, f] w[c,r,s,f]
 *            dw[c,r,s,f]  = sum_{n,h,w} x[n,h,w,c] dy[n, h stride + r dil - pad, w stride + s dil - pad, f]
 *            db[f]        = sum_{n,p,q} dy[n,p,q,f]
 * No kernel  Read dx again: it is a convolution of dy, C filters over F channels. So x stands where a convolution has its
 *            dy, and y where it has its dx, and all three passes are there already (conv2d.c), with their bodies:
 *                forward = the convolution's backward by input
 *                dx      = its forward
 *                dw      = its backward by weight, x and dy in each other's place
 *                db      = its db: the sum of dy over the pixels of y
 *            Hence the name: as a matrix it is the convolution's, transposed. It is not its inverse.
 * Saves      nothing         Cost  2 N H W C R S F / G flops forward, twice that backward
 * Source     Zeiler et al. 2010, "Deconvolutional networks"; in nets: Long, Shelhamer, Darrell 2015; output_pad: PyTorch's
 *            ConvTranspose2d
 * Derivation docs/math/conv-transpose.md
 */
#include "kernels/conv_transpose2d.h"

#include "kernels/lanes.h"

#include <string.h>

/* ---- the definition ---- */

/* Calls each product of the sum once: where its x, its w and its y lie. */
#define FOR_EACH_STAMP(g, body)                                                                                \
    for (int64_t n = 0; n < (g)->n; n++)                                                                           \
        for (int64_t h = 0; h < (g)->h; h++)                                                                       \
            for (int64_t w = 0; w < (g)->w; w++)                                                                   \
                for (int64_t c = 0; c < (g)->c; c++)                                                               \
                    for (int64_t r = 0; r < (g)->r; r++)                                                           \
                        for (int64_t s = 0; s < (g)->s; s++) {                                                     \
                            const int64_t p = h * (g)->stride[0] + r * (g)->dil[0] - (g)->pad[0];                  \
                            const int64_t q = w * (g)->stride[1] + s * (g)->dil[1] - (g)->pad[1];                  \
                            const int64_t fg = (g)->f / (g)->groups, first = c / ((g)->c / (g)->groups) * fg;      \
                            if (p < 0 || p >= (g)->p || q < 0 || q >= (g)->q)                                      \
                                continue;                                                                          \
                            for (int64_t f = 0; f < fg; f++) {                                                     \
                                const int64_t at_x = ((n * (g)->h + h) * (g)->w + w) * (g)->c + c;                 \
                                const int64_t at_w = ((c * (g)->r + r) * (g)->s + s) * fg + f;                     \
                                const int64_t at_y = ((n * (g)->p + p) * (g)->q + q) * (g)->f + first + f;         \
                                body;                                                                              \
                            }                                                                                      \
                        }

void mlk_conv_transpose2d_ref(const mlk_conv2d_args *a)
{
    for (int64_t i = 0; i < mlk_conv2d_pixels(&a->g) * a->g.f; i++)
        a->out[i] = a->b ? a->b[i % a->g.f] : 0;
    FOR_EACH_STAMP(&a->g, a->out[at_y] += a->x[at_x] * a->w[at_w])
}

static void clear(const mlk_conv2d_args *a, int64_t size)
{
    if (!a->add)
        memset(a->out, 0, (size_t)size * sizeof *a->out);
}

void mlk_conv_transpose2d_dx_ref(const mlk_conv2d_args *a)
{
    clear(a, a->g.n * a->g.h * a->g.w * a->g.c);
    FOR_EACH_STAMP(&a->g, a->out[at_x] += a->dy[at_y] * a->w[at_w])
}

void mlk_conv_transpose2d_dw_ref(const mlk_conv2d_args *a)
{
    clear(a, a->g.c * a->g.r * a->g.s * (a->g.f / a->g.groups));
    FOR_EACH_STAMP(&a->g, a->out[at_w] += a->dy[at_y] * a->x[at_x])
}

/* ---- fast: the convolution that goes from y to x ---- */

static mlk_conv2d other_way(const mlk_conv2d *g)
{
    mlk_conv2d o = *g;
    o.h = g->p, o.w = g->q, o.c = g->f;
    o.p = g->h, o.q = g->w, o.f = g->c;
    return o;
}

size_t mlk_conv_transpose2d_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    mlk_conv2d other = other_way(g);
    size_t passes = mlk_conv2d_workspace(kernel, &other), db = MLK_LANES_MAX * (size_t)g->f * sizeof(ml_real);
    return passes > db ? passes : db;
}

static void bias_lane(void *arg, mlk_lane l)
{
    const mlk_conv2d_args *a = arg;
    for (int64_t pixel = l.begin; pixel < l.end; pixel++)
        memcpy(a->out + pixel * a->g.f, a->b, (size_t)a->g.f * sizeof *a->b);
}

/* y = b everywhere, and the stamps are added. */
void mlk_conv_transpose2d_forward(const mlk_conv2d_args *a)
{
    if (a->kernel == ML_KERNEL_REF) {
        mlk_conv_transpose2d_ref(a);
        return;
    }
    int64_t pixels = mlk_conv2d_pixels(&a->g);
    if (a->b)
        mlk_run_lanes(pixels, mlk_lanes(pixels, 1024, MLK_LANES_MAX), bias_lane, (void *)a);
    mlk_conv2d_args o = *a;
    o.g = other_way(&a->g), o.dy = a->x, o.add = a->b != NULL;
    mlk_conv2d_dx(&o);
}

void mlk_conv_transpose2d_dx(const mlk_conv2d_args *a)
{
    if (a->kernel == ML_KERNEL_REF) {
        mlk_conv_transpose2d_dx_ref(a);
        return;
    }
    mlk_conv2d_args o = *a;
    o.g = other_way(&a->g), o.x = a->dy, o.b = NULL;
    mlk_conv2d_forward(&o); /* dx = dy * w */
}

void mlk_conv_transpose2d_dw(const mlk_conv2d_args *a)
{
    if (a->kernel == ML_KERNEL_REF) {
        mlk_conv_transpose2d_dw_ref(a);
        return;
    }
    mlk_conv2d_args o = *a;
    o.g = other_way(&a->g), o.x = a->dy, o.dy = a->x;
    mlk_conv2d_dw(&o);
}
