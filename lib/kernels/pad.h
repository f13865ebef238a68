/* pad.h -- numbers put around a tensor, and taken away again. Internal; the lesson is in pad.c. */
#ifndef MLK_PAD_H
#define MLK_PAD_H

#include <mlcore/real.h>

/* y[d] = before[d] + x[d] + what comes after. */
typedef struct mlk_pad {
    int rank;
    int64_t x[ML_MAX_RANK], y[ML_MAX_RANK]; /* extents */
    int64_t before[ML_MAX_RANK];
} mlk_pad;

/* y = x in the middle, value around it. */
void mlk_pad_ref(ml_real *y, const ml_real *x, ml_real value, const mlk_pad *p);
void mlk_pad_forward(ml_real *y, const ml_real *x, ml_real value, const mlk_pad *p);
/* dx = the middle of dy, added to what is there where add says so. */
void mlk_pad_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_pad *p);

#endif
