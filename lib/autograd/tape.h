/* tape.h -- what an op needs from the tape. Internal; an op is a kernel, a thin function and a backward:
 *
 *     static void backward(ml_tape *t, const ml_node *n)
 *     {
 *         const ml_real *dy = mli_dout(n);
 *         mli_dx dx = mli_din(t, n, 0);                       // NULL where input 0 wants no gradient
 *         if (dx.v) mlk_relu_backward(dx.v, dx.add, dy, n->out->data, n->out->size);
 *     }
 *     static const ml_op RELU = {"relu", backward};
 *
 *     ml_tensor *ml_relu(ml_tape *t, ml_tensor *x)
 *     {
 *         if (!mli_ready(t, "relu", 1, x)) return NULL;       // check
 *         ml_tensor *y = mli_out(t, x->rank, x->shape);       // allocate
 *         if (!y) return NULL;
 *         mlk_relu_forward(y->data, x->data, y->size);        // call the kernel
 *         mli_record(t, &RELU, y, 1, &x);                     // record
 *         return y;
 *     }
 */
#ifndef MLI_TAPE_H
#define MLI_TAPE_H

#include "base/base.h"

#include <mlcore/custom.h>

/* Somebody who wants to see the gradient of an op's output. An error that it returns, with its sentence set, stops backward. */
typedef struct mli_watch mli_watch;
struct mli_watch {
    ml_status (*seen)(void *arg, const ml_real *dy);
    void *arg;
    mli_watch *next;
};

struct ml_node {
    const ml_op *op; /* its backward is NULL for views, whose gradient is a part of their base's, and where none flows */
    ml_tensor *out;
    ml_tensor **in;
    int n_in;
    void *saved;        /* what forward left for backward, from mli_saved */
    mli_watch *watch;   /* NULL but where somebody looks */
    ml_tensor *pair[2]; /* where `in` points to when there are one or two, as in most ops */
};

/* Where a gradient goes. The first overwrites (add is false), later ones add. */
typedef ml_dx mli_dx;

/* True when the tape has no error and none of the n tensors (ml_tensor *) is NULL; else records why and returns false. */
bool mli_ready(ml_tape *t, const char *op, int n, ...);

/* Makes an error stick to the tape; returns NULL. The sentence should begin with the op's name. */
ml_tensor *mli_stick(ml_tape *t, ml_status status, const char *format, ...) ML_PRINTF(3, 4);

/* Makes the thread's last error stick to the tape; returns NULL. */
ml_tensor *mli_stick_last(ml_tape *t);

/* A new tensor of the tape, its numbers not yet set; NULL (sticking) where memory lacks. */
ml_tensor *mli_out(ml_tape *t, int rank, const int64_t *shape);
/* A tensor that looks into base, from an offset on. */
ml_tensor *mli_view(ml_tape *t, ml_tensor *base, int64_t offset, int rank, const int64_t *shape);

/* Whether an op with these inputs will be differentiated: saving for backward is wasted where not. */
bool mli_wants_grad(const ml_tape *t, int n, ml_tensor *const *in);

/* Memory that lives as long as the values of the tape. */
void *mli_saved(ml_tape *t, size_t bytes);

/* Writes the op down, its output computed. saved may be NULL. False (sticking) where memory lacks, or where the finite check
 * is on and out is not finite: return NULL from the op then. */
bool mli_record_saved(ml_tape *t, const ml_op *op, ml_tensor *out, int n, ml_tensor *const *in, void *saved);
bool mli_record(ml_tape *t, const ml_op *op, ml_tensor *out, int n, ml_tensor *const *in);
/* For an op that must not compute before it is written down: the first records, the second is the finite check at its end. */
bool mli_record_early(ml_tape *t, const ml_op *op, ml_tensor *out, int n, ml_tensor *const *in, void *saved);
bool mli_computed(ml_tape *t, const ml_op *op, ml_tensor *out, int n, ml_tensor *const *in);

/* Backward will call w->seen when the gradient of y is whole, before the op that made y passes it on; several in the order in
 * which they were set. w is from mli_saved. Nothing happens where y is no output of a recorded op, or gets no gradient. A
 * view has no gradient of its own: what is seen is the part of its base's that it looks at. */
void mli_watch_gradient(ml_tape *t, const ml_tensor *y, mli_watch *w);

/* In a backward function: the gradient of the output, and the place for that of input i. */
const ml_real *mli_dout(const ml_node *n);
mli_dx mli_din(ml_tape *t, const ml_node *n, int i);

/* The workspace: `bytes` on a 64-byte boundary, until the next call; NULL where memory lacks (the error sticks). */
void *mli_workspace(ml_tape *t, size_t bytes);

ml_kernel mli_kernel(const ml_tape *t);
ml_mode mli_mode(const ml_tape *t);
/* Node i of 0 .. ml_tape_ops - 1. */
const ml_node *mli_tape_node(const ml_tape *t, int64_t i);
/* A stream of its own for the next op: (seed, step, op). */
ml_rng mli_op_rng(const ml_tape *t);

#endif
