/* compare.h -- comparing and choosing. Internal; the lessons are in compare.c and where.c. */
#ifndef MLK_COMPARE_H
#define MLK_COMPARE_H

#include "kernels/broadcast.h"

/* y = a > b, ... as 1 or 0. */
void mlk_greater(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_greater_equal(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_less(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_less_equal(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_equal(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_not_equal(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);

/* The gradient of operand 0 (a) or 1 (b); add: to what is in dx. */
void mlk_maximum_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_maximum_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand);
void mlk_minimum_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
void mlk_minimum_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand);

/* bounds: low, high. */
void mlk_clamp_forward(ml_real *y, const ml_real *x, int64_t n, const double *bounds);
void mlk_clamp_backward(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n, const double *bounds);

/* y = x stretched to the shape of y. p, here and below: the plan of y's shape and the operand's, in this order. */
void mlk_stretch(ml_real *y, const ml_real *x, const mlk_broadcast *p);
/* y = a where mask is not 0, else b. mask has the shape of y. */
void mlk_where_forward(ml_real *y, const ml_real *mask, const ml_real *a, const mlk_broadcast *pa, const ml_real *b,
                       const mlk_broadcast *pb);
/* The gradient of a (chosen true) or b (false). m->a is the mask. */
void mlk_where_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, bool chosen);

#endif
