/* pool.h -- windows as ops take them. Internal. */
#ifndef MLI_POOL_H
#define MLI_POOL_H

#include "kernels/pool2d.h"

#include <mlcore/ops.h>

/* The windows of a pooling of x (N,H,W,C) by opts. Else a sentence that begins with op and names the axis. */
ml_status mli_pool2d(mlk_pool2d *s, const char *op, const int64_t x[4], ml_pool2d_opts opts);
/* The windows of an adaptive one, p by q of them. */
ml_status mli_adaptive_pool2d(mlk_pool2d *s, const char *op, const int64_t x[4], int64_t p, int64_t q);

#endif
