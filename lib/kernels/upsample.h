/* upsample.h -- images made larger by a whole factor. Internal; the lesson is in upsample.c. */
#ifndef MLK_UPSAMPLE_H
#define MLK_UPSAMPLE_H

#include "base/base.h"

/* x (N,H,W,C) -> y (N,fH,fW,C) */
typedef struct mlk_upsample {
    int64_t n, h, w, c, factor;
} mlk_upsample;

void mlk_upsample_ref(ml_real *y, const ml_real *x, const mlk_upsample *s);
void mlk_upsample_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_upsample *s);
void mlk_upsample_forward(ml_real *y, const ml_real *x, const mlk_upsample *s);
void mlk_upsample_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_upsample *s);

#endif
