/* conv2d_slide.h -- a window slid over a picture, wherever that comes from: the forward pass, or a part of dx. Internal.
 *
 * The forward pass slides w over x. The gradient by input slides parts of w, turned, over dy (conv2d_phases.c). A body that can do
 * a slide can do both: it is told where weights lie by steps, and where the pixels of the result go. */
#ifndef MLK_CONV2D_SLIDE_H
#define MLK_CONV2D_SLIDE_H

#include "kernels/conv2d.h"

/* Filter f of a group, tap (r,s), channel c of that group: at[f*f_step + r*r_step + s*s_step + c*c_step]; a group is `group` further
 * on. Of a window that is turned, the steps of taps are negative. */
typedef struct mlk_taps {
    const ml_real *at;
    int64_t group, f_step, r_step, s_step, c_step;
} mlk_taps;

typedef struct mlk_slide {
    mlk_conv2d g; /* c and f are those of all groups together */
    const ml_real *x;
    mlk_taps w;
    const void *packed;  /* the weights as the body wants them; or NULL */
    const ml_real *bias; /* or NULL */
    ml_real *y;          /* pixel (n,p,q) is at n*y_image + p*y_row + q*y_pixel: f numbers */
    int64_t y_image, y_row, y_pixel;
    bool add;                      /* to what is there; not together with bias */
    const mlk_conv2d_args *finish; /* whose plus and relu are to be done; NULL: none. Then y is its out. */
} mlk_slide;

/* A body: numbers of workspace, and the work. */
typedef struct mlk_slider {
    int64_t (*numbers)(const mlk_conv2d *g);
    void (*run)(const mlk_slide *s, void *work);
} mlk_slider;

mlk_slide mlk_slide_forward(const mlk_conv2d_args *a);

/* ---- conv2d_phases.c ---- */

/* dx by a body that slides windows, for any stride; and numbers of workspace that takes. */
void mlk_slide_back(const mlk_conv2d_args *a, const mlk_slider *by);
int64_t mlk_slide_back_numbers(const mlk_conv2d *g, const mlk_slider *by);

#endif
