/* power.h -- powers. Internal; the lesson is in power.c. */
#ifndef MLK_POWER_H
#define MLK_POWER_H

#include "kernels/broadcast.h"

/* y = x^p, p being one number for all: *exponent. add: to what is in dx. */
void mlk_pow_forward(ml_real *y, const ml_real *x, int64_t n, const double *exponent);
void mlk_pow_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n, const double *exponent);

/* y = a^b. The gradient of operand 0 (a) or 1 (b). */
void mlk_pow_tensors_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_pow_tensors_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand);

#endif
