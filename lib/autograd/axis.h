/* axis.h -- axes as ops take them. Internal. */
#ifndef MLI_AXIS_H
#define MLI_AXIS_H

#include "autograd/tape.h"
#include "kernels/reduce.h"

/* An axis of x in 0 .. rank-1 from one that may count from the end; -1 (sticking) where x has no such axis. */
int mli_axis(ml_tape *t, const char *op, const ml_tensor *x, int axis);

/* x seen from that axis. */
mlk_axis mli_along(const ml_tensor *x, int axis);

/* What a reduction of x over an axis, or ML_ALL, gives, not yet computed; *s is x seen from there. NULL (sticking) where x
 * has no such axis. */
ml_tensor *mli_reduced(ml_tape *t, const char *op, const ml_tensor *x, int axis, bool keep_dim,
                       mlk_axis *s);
/* Makes the error stick that there is nothing along that axis of x for op; returns NULL. */
ml_tensor *mli_nothing_to(ml_tape *t, const char *op, const ml_tensor *x, int axis);

#endif
