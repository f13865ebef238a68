/* tiny_ops.h -- the smallest ops that show what the tape does. The tests of the tape use these, so that a failure there
 * accuses the tape and not an op of the library. */
#ifndef TESTS_TINY_OPS_H
#define TESTS_TINY_OPS_H

#include "autograd/tape.h"

ml_tensor *tiny_square(ml_tape *t, ml_tensor *x);                            /* x^2, each element */
ml_tensor *tiny_add(ml_tape *t, ml_tensor *a, ml_tensor *b);                 /* a + b, of one shape */
ml_tensor *tiny_sum(ml_tape *t, ml_tensor *x);                               /* a scalar */
ml_tensor *tiny_part(ml_tape *t, ml_tensor *x, int64_t begin, int64_t size); /* a view, rank 1 */
ml_tensor *tiny_fat(ml_tape *t, ml_tensor *x, int64_t size);                 /* sum of x, `size` times: fixed size */
ml_tensor *tiny_square_wrong(ml_tape *t, ml_tensor *x);                      /* its backward has the wrong sign */

#endif
