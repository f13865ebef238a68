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
 * This file has the definition and the choice. conv2d_im2col.c makes a matrix product of it, conv2d_implicit.c the same
 * product without the copy, conv2d_few.c turns it for few filters, conv2d_depthwise.c is for one filter a channel.
 */
#include "kernels/conv2d.h"

#include "kernels/gemm_fast.h"
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

/* ---- the choice ---- */

/* The output_pad of a transposed convolution may make the one picture larger than the other. */
static bool is_pointwise(const mlk_conv2d *g)
{
    return g->r == 1 && g->s == 1 && g->stride[0] == 1 && g->stride[1] == 1 && g->pad[0] == 0 && g->pad[1] == 0 &&
           g->p == g->h && g->q == g->w;
}

/* dx as a convolution over dy has a window for each pixel of x. With a stride most of it looks at nothing, and so it does where
 * the window is large and the picture small. */
static bool turning_wastes(const mlk_conv2d *g)
{
    return g->stride[0] > 1 || g->stride[1] > 1 || 2 * g->h * g->w > 3 * g->p * g->q;
}

mlk_conv2d_body mlk_conv2d_choose(ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass)
{
    if (kernel == ML_KERNEL_REF)
        return MLK_CONV2D_REF;
    if (g->groups == 1 && is_pointwise(g))
        return MLK_CONV2D_GEMM;
    if (kernel == ML_KERNEL_FAST && g->groups == g->c && g->f == g->c)
        return MLK_CONV2D_DEPTHWISE;
    if (kernel == ML_KERNEL_BLAS || g->groups > 1 || (pass == MLK_DX && turning_wastes(g)))
        return MLK_CONV2D_IM2COL;
    if ((pass == MLK_FORWARD && g->f <= MR) || (pass == MLK_DX && g->c <= MR))
        return MLK_CONV2D_FEW;
    return MLK_CONV2D_IMPLICIT;
}

/* ---- a 1x1 window: pixels are the rows of a linear layer ---- */

static void run_gemm(const mlk_conv2d_args *a, mlk_gemm_args product)
{
    mlk_gemm(a->kernel, &product, a->work);
}

static void gemm_forward(const mlk_conv2d_args *a)
{
    mlk_gemm_args product = mlk_linear_forward(a->out, a->x, a->w, a->b, mlk_conv2d_pixels(&a->g), a->g.c, a->g.f);
    product.add = a->add;
    run_gemm(a, product);
}

static void gemm_dx(const mlk_conv2d_args *a)
{
    run_gemm(a, mlk_linear_dx(a->out, a->add, a->dy, a->w, mlk_conv2d_pixels(&a->g), a->g.c, a->g.f));
}

static void gemm_dw(const mlk_conv2d_args *a)
{
    run_gemm(a, mlk_linear_dw(a->out, a->add, a->dy, a->x, mlk_conv2d_pixels(&a->g), a->g.c, a->g.f));
}

static size_t gemm_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    size_t most = 0;
    const mlk_gemm_args products[] = {mlk_linear_forward(NULL, NULL, NULL, NULL, mlk_conv2d_pixels(g), g->c, g->f),
                                      mlk_linear_dx(NULL, false, NULL, NULL, mlk_conv2d_pixels(g), g->c, g->f),
                                      mlk_linear_dw(NULL, false, NULL, NULL, mlk_conv2d_pixels(g), g->c, g->f)};
    for (int i = 0; i < 3; i++) {
        size_t bytes = mlk_gemm_workspace(kernel, &products[i]);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* ---- the bodies ---- */

typedef struct body {
    const char *name;
    void (*run[3])(const mlk_conv2d_args *a); /* forward, dx, dw; NULL: there is none */
    size_t (*workspace[3])(ml_kernel kernel, const mlk_conv2d *g);
} body;

#define THREE(f) {f, f, f}
static const body BODIES[MLK_CONV2D_BODIES] = {
    [MLK_CONV2D_REF] = {"ref", {mlk_conv2d_ref, mlk_conv2d_dx_ref, mlk_conv2d_dw_ref}, THREE(NULL)},
    [MLK_CONV2D_GEMM] = {"gemm", {gemm_forward, gemm_dx, gemm_dw}, THREE(gemm_workspace)},
    [MLK_CONV2D_IM2COL] = {"im2col",
                           {mlk_conv2d_im2col, mlk_conv2d_im2col_dx, mlk_conv2d_im2col_dw},
                           THREE(mlk_conv2d_im2col_workspace)},
    [MLK_CONV2D_IMPLICIT] = {"implicit",
                             {mlk_conv2d_implicit, mlk_conv2d_implicit_dx, mlk_conv2d_implicit_dw},
                             {mlk_conv2d_implicit_workspace, mlk_conv2d_implicit_workspace, mlk_conv2d_implicit_dw_workspace}},
    [MLK_CONV2D_FEW] = {"few",
                        {mlk_conv2d_few, mlk_conv2d_few_dx, NULL},
                        {mlk_conv2d_few_workspace, mlk_conv2d_few_workspace, NULL}},
    [MLK_CONV2D_DEPTHWISE] = {"depthwise",
                              {mlk_conv2d_depthwise, mlk_conv2d_depthwise_dx, mlk_conv2d_depthwise_dw},
                              THREE(mlk_conv2d_depthwise_workspace)},
};

const char *mlk_conv2d_body_name(mlk_conv2d_body body)
{
    return BODIES[body].name;
}

bool mlk_conv2d_fits(mlk_conv2d_body body, const mlk_conv2d *g, mlk_conv2d_pass pass)
{
    bool dense = g->groups == 1, strided = g->stride[0] > 1 || g->stride[1] > 1;
    switch (body) {
    case MLK_CONV2D_GEMM:
        return dense && is_pointwise(g);
    case MLK_CONV2D_IMPLICIT:
        return dense && !(pass == MLK_DX && strided);
    case MLK_CONV2D_FEW:
        return dense && ((pass == MLK_FORWARD && g->f <= MR) || (pass == MLK_DX && g->c <= MR && !strided));
    case MLK_CONV2D_DEPTHWISE:
        return g->groups == g->c && g->f == g->c;
    default:
        return true;
    }
}

size_t mlk_conv2d_body_workspace(mlk_conv2d_body body, ml_kernel kernel, const mlk_conv2d *g, mlk_conv2d_pass pass)
{
    return BODIES[body].workspace[pass] ? BODIES[body].workspace[pass](kernel, g) : 0;
}

void mlk_conv2d_run(mlk_conv2d_body body, mlk_conv2d_pass pass, const mlk_conv2d_args *a)
{
    BODIES[body].run[pass](a);
}

/* ---- the passes ---- */

size_t mlk_conv2d_workspace(ml_kernel kernel, const mlk_conv2d *g)
{
    size_t most = MLK_LANES_MAX * (size_t)g->f * sizeof(ml_real); /* of db */
    for (int pass = MLK_FORWARD; pass <= MLK_DW; pass++) {
        mlk_conv2d_body chosen = mlk_conv2d_choose(kernel, g, (mlk_conv2d_pass)pass);
        size_t bytes = mlk_conv2d_body_workspace(chosen, kernel, g, (mlk_conv2d_pass)pass);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static void run(const mlk_conv2d_args *a, mlk_conv2d_pass pass)
{
    mlk_conv2d_run(mlk_conv2d_choose(a->kernel, &a->g, pass), pass, a);
}

void mlk_conv2d_forward(const mlk_conv2d_args *a)
{
    run(a, MLK_FORWARD);
}

void mlk_conv2d_dx(const mlk_conv2d_args *a)
{
    run(a, MLK_DX);
}

void mlk_conv2d_dw(const mlk_conv2d_args *a)
{
    run(a, MLK_DW);
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
