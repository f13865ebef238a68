/* elementwise.h -- arithmetic and functions, one number at a time. Internal; the lessons are in elementwise.c. */
#ifndef MLK_ELEMENTWISE_H
#define MLK_ELEMENTWISE_H

#include "kernels/broadcast.h"

/* y has p->size numbers, a and b p->in_size[0] and [1]. */
void mlk_add_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_sub_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_mul_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_div_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);

/* The gradient of operand 0 (a) or 1 (b); add: to what is in dx. */
void mlk_add_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand);
void mlk_sub_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand);
void mlk_mul_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand);
void mlk_div_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand);

/* y = x * factor; its own backward, with dy for x. */
void mlk_scale(ml_real *y, bool add, const ml_real *x, ml_real factor, int64_t n);

void mlk_exp_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_exp_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n);
void mlk_log_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_log_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n);
void mlk_sqrt_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_sqrt_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *y, int64_t n);
void mlk_abs_forward(ml_real *y, const ml_real *x, int64_t n);
void mlk_abs_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n);

#endif
