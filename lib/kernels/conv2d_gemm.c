/* conv2d_gemm.c -- convolution with a window of one pixel: the image is a matrix already.
 *
 *     y (N H W, F) = x (N H W, C) w^T + b        w (F, C) as it lies
 *
 * In N H W C the pixels are the rows of a linear layer, so this is one, without a copy: see linear.c.
 * Source     Lin, Chen, Yan 2013, "Network in network"
 */
#include "kernels/conv2d.h"
#include "kernels/linear.h"

static void run_gemm(const mlk_conv2d_args *a, mlk_gemm_args product)
{
    mlk_gemm(a->kernel, &product, a->work);
}

void mlk_conv2d_gemm(const mlk_conv2d_args *a)
{
    mlk_gemm_args product = mlk_linear_forward(a->out, a->x, a->w, a->b, mlk_conv2d_pixels(&a->g), a->g.c, a->g.f);
    product.add = a->add;
    run_gemm(a, product);
}

void mlk_conv2d_gemm_dx(const mlk_conv2d_args *a)
{
    run_gemm(a, mlk_linear_dx(a->out, a->add, a->dy, a->w, mlk_conv2d_pixels(&a->g), a->g.c, a->g.f));
}

void mlk_conv2d_gemm_dw(const mlk_conv2d_args *a)
{
    run_gemm(a, mlk_linear_dw(a->out, a->add, a->dy, a->x, mlk_conv2d_pixels(&a->g), a->g.c, a->g.f));
}

size_t mlk_conv2d_gemm_workspace(ml_kernel kernel, const mlk_conv2d *g)
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
