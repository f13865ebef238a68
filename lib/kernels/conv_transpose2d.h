/* conv_transpose2d.h -- transposed convolution of images. Internal; the lesson is in conv_transpose2d.c. */
#ifndef MLK_CONV_TRANSPOSE2D_H
#define MLK_CONV_TRANSPOSE2D_H

#include "kernels/conv2d.h"

/* Shapes and arguments are those of a convolution, x (N,H,W,C) in and y (N,P,Q,F) out, but w is (C,R,S,F/groups), and the
 * sizes go the other way: P >= (H - 1) stride - 2 pad + dil (R - 1) + 1, Q from W alike. What is above that was not seen by
 * any window: it gets the bias alone. */

/* Bytes of workspace: enough for each of the passes, and for mlk_conv2d_db. */
size_t mlk_conv_transpose2d_workspace(ml_kernel kernel, const mlk_conv2d *g);
/* out = y from x, w and b; out = dx from dy and w; out = dw from dy and x. With `add`, dx and dw are added to what is there.
 * Same bits for any number of threads. */
void mlk_conv_transpose2d_forward(const mlk_conv2d_args *a);
void mlk_conv_transpose2d_dx(const mlk_conv2d_args *a);
void mlk_conv_transpose2d_dw(const mlk_conv2d_args *a);

/* The definition. */
void mlk_conv_transpose2d_ref(const mlk_conv2d_args *a);
void mlk_conv_transpose2d_dx_ref(const mlk_conv2d_args *a);
void mlk_conv_transpose2d_dw_ref(const mlk_conv2d_args *a);

#endif
