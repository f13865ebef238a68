/* custom.h -- an op of your own: a kernel, a thin function and a backward, as the library's are.
 *
 *     static void double_backward(ml_tape *t, const ml_node *n)
 *     {
 *         const ml_tensor *y = ml_op_output(n);
 *         const ml_real *dy = ml_op_dout(n);
 *         ml_dx dx = ml_op_din(t, n, 0);                      // v is NULL where input 0 wants no gradient
 *         for (int64_t i = 0; dx.v && i < y->size; i++)
 *             dx.v[i] = (dx.add ? dx.v[i] : 0) + 2 * dy[i];   // the first gradient overwrites, later ones add
 *     }
 *     static const ml_op DOUBLE = {"double", double_backward};
 *
 *     ml_tensor *double_of(ml_tape *t, ml_tensor *x)
 *     {
 *         if (!ml_op_ready(t, "double", 1, &x)) return NULL;      // check
 *         ml_tensor *y = ml_op_new(t, x->rank, x->shape);         // allocate
 *         for (int64_t i = 0; y && i < y->size; i++)              // compute
 *             y->data[i] = 2 * x->data[i];
 *         return ml_op_record(t, &DOUBLE, y, 1, &x, NULL);        // record
 *     }
 *
 * docs/your-own-op.md goes the whole way, from the formula on paper to a trained net. Prove the backward by ml_gradcheck.
 */
#ifndef MLCORE_CUSTOM_H
#define MLCORE_CUSTOM_H

#include <mlcore/autograd.h>
#include <mlcore/rng.h>

ML_BEGIN

/* An op on the tape, as its backward sees it. */
typedef struct ml_node ml_node;

/* A kind of op. It must live as long as tapes that hold it: make it static const. */
typedef struct ml_op {
    const char *name; /* for tables, drawings and sentences */
    /* Gives each input its gradient, from that of the output. It may not fail but for want of memory. */
    void (*backward)(ml_tape *t, const ml_node *n);
} ml_op;

/* ---- in the function that computes ---- */

/* True when the tape has no error and none of the n tensors is NULL; else the error sticks, with a sentence that begins
 * with op. Return NULL from the op then. */
ML_API bool ml_op_ready(ml_tape *t, const char *op, int n, ml_tensor *const *in);
/* Makes an error stick to the tape: what does not fit, with the numbers, beginning with the op's name. Returns NULL. */
ML_API ml_tensor *ml_op_fail(ml_tape *t, const char *format, ...) ML_PRINTF(2, 3);
/* A tensor for the result, its numbers not yet set; the tape owns it. NULL (the error sticks) where memory lacks. */
ML_API ml_tensor *ml_op_new(ml_tape *t, int rank, const int64_t *shape);
/* Memory on a 64-byte boundary for what backward will need again; it lives until the tape is reset. NULL as above. */
ML_API void *ml_op_save(ml_tape *t, size_t bytes);
/* Writes the op down, once y is computed. in: the n inputs, NULL where an optional one is absent; saved: from ml_op_save, or
 * NULL. Returns y, or NULL where y is NULL or an error sticks. */
ML_API ml_tensor *ml_op_record(ml_tape *t, const ml_op *op, ml_tensor *y, int n, ml_tensor *const *in, void *saved);
/* ML_TRAIN or ML_EVAL. */
ML_API ml_mode ml_op_mode(const ml_tape *t);
/* Random numbers of this op's own, a function of (seed, step, op): ask before ml_op_record. */
ML_API ml_rng ml_op_rng(const ml_tape *t);

/* ---- in the backward ---- */

/* Input i as it was recorded; NULL where it was absent. Their data are as in forward. */
ML_API const ml_tensor *ml_op_input(const ml_node *n, int i);
ML_API const ml_tensor *ml_op_output(const ml_node *n);
/* What was given to ml_op_record. */
ML_API const void *ml_op_saved(const ml_node *n);
/* The gradient of the loss by the output: as many numbers as the output has. */
ML_API const ml_real *ml_op_dout(const ml_node *n);

/* Where a gradient goes. v is NULL where none is wanted. The first gradient that reaches a tensor overwrites what lies in v,
 * which is no number yet (add is false); later ones add. */
typedef struct ml_dx {
    ml_real *v;
    bool add;
} ml_dx;
/* The place for the gradient of input i. Ask once for each input, and write all of it; of two inputs that may be one
 * tensor, write the first before you ask for the second. */
ML_API ml_dx ml_op_din(ml_tape *t, const ml_node *n, int i);

/* Scratch memory on a 64-byte boundary, in forward and in backward, until the next call or the next op. NULL as above. */
ML_API void *ml_op_scratch(ml_tape *t, size_t bytes);

ML_END
#endif
