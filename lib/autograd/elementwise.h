/* elementwise.h -- elementwise ops as lines of tables. Internal.
 *
 * A line begins with its ml_op, so that the backward function finds the rest of the line through the node. The formulas are in
 * the kernels. */
#ifndef MLI_ELEMENTWISE_H
#define MLI_ELEMENTWISE_H

#include "autograd/tape.h"
#include "kernels/broadcast.h"

/* Two operands, broadcast. A line's backward function is mli_binary_backward. */
typedef struct mli_binary {
    ml_op op;
    void (*forward)(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p);
    void (*backward)(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand);
} mli_binary;
void mli_binary_backward(ml_tape *t, const ml_node *n);
ml_tensor *mli_binary_op(ml_tape *t, const mli_binary *kind, ml_tensor *a, ml_tensor *b);

/* One operand: mli_unary_backward. */
typedef struct mli_unary {
    ml_op op;
    void (*forward)(ml_real *y, const ml_real *x, int64_t n);
    void (*backward)(ml_real *dx, bool add, const ml_real *dy, const ml_real *v, int64_t n);
    bool from_input; /* v is x; else it is y */
} mli_unary;
void mli_unary_backward(ml_tape *t, const ml_node *n);
ml_tensor *mli_unary_op(ml_tape *t, const mli_unary *kind, ml_tensor *x);

/* One operand and one or two numbers, `own`, which are saved: mli_unary_with_backward. */
typedef struct mli_unary_with {
    ml_op op;
    void (*forward)(ml_real *y, const ml_real *x, int64_t n, const double *own);
    void (*backward)(ml_real *dx, bool add, const ml_real *dy, const ml_real *x, int64_t n, const double *own);
} mli_unary_with;
void mli_unary_with_backward(ml_tape *t, const ml_node *n);
ml_tensor *mli_unary_with_op(ml_tape *t, const mli_unary_with *kind, ml_tensor *x, double own0, double own1);

/* The plan of two tensors. Where they do not fit, the error sticks and false comes back. */
bool mli_broadcast_plan(ml_tape *t, const char *op, mlk_broadcast *p, const ml_tensor *a, const ml_tensor *b);

#endif
