/* autograd.h -- the tape: ops compute at once and write themselves down; backward reads the tape from its end.
 *
 * The first error on a tape sticks: later ops return NULL at once, so expressions nest and one check a step is enough.
 * Memory: values in an arena that ml_tape_reset empties, gradients recycled as backward passes their op, workspaces
 * reused by the next op. All three stay allocated: from the second step on, a step allocates nothing.
 */
#ifndef MLCORE_AUTOGRAD_H
#define MLCORE_AUTOGRAD_H

#include <mlcore/tensor.h>

ML_BEGIN

typedef struct ml_tape ml_tape;

typedef enum ml_mode { ML_TRAIN = 0, ML_EVAL } ml_mode;

typedef struct ml_tape_opts {
    bool inspect;      /* keep every gradient until the next reset, for printing and explaining */
    bool no_grad;      /* record nothing */
    ml_mode mode;      /* dropout and running statistics behave as in training, or not */
    ml_kernel kernel;  /* which bodies */
    uint64_t seed;     /* of dropout; 0 is a seed like any other */
    bool check_finite; /* see ml_check_finite */
} ml_tape_opts;

ML_API ml_tape *ml_tape_new(void);
ML_API ml_tape *ml_tape_open(ml_tape_opts opts);
ML_API void ml_tape_free(ml_tape *t);

/* Forgets all ops, values and the sticky error; keeps the memory. Call it at the start of each step. */
ML_API void ml_tape_reset(ml_tape *t);

/* The sticky error: ML_OK, or the status of the first failure since the reset. Its sentence: ml_tape_error_text. */
ML_API ml_status ml_tape_error(const ml_tape *t);
ML_API const char *ml_tape_error_text(const ml_tape *t);

/* Gradients of a scalar by everything it was computed from. Params and tensors under ml_requires_grad accumulate. */
ML_API ml_status ml_backward(ml_tape *t, ml_tensor *loss);

/* Keeps x->grad readable after backward, for a tensor in the middle. For a view it is the part of its base's gradient
 * that the view looks at. Returns x. */
ML_API ml_tensor *ml_keep_grad(ml_tensor *x);

/* Turns recording off or on; returns what it was. */
ML_API bool ml_no_grad(ml_tape *t, bool off);
ML_API ml_mode ml_set_mode(ml_tape *t, ml_mode mode);
ML_API ml_kernel ml_set_kernel(ml_tape *t, ml_kernel kernel);
/* Turns the finite check on or off; returns what it was. While it is on, the first NaN or infinity that an op computes, in
 * forward or in backward, is an error that sticks, ML_ENOTFINITE. Its sentence names the op, its place on the tape, the step
 * (the number of resets, or where ml_set_stream put it), the element, and the values that caused it:
 *     log: element 2 (row 1, column 0) of a 2x2 became -inf at op #7 of step 12: its input 0 (#6) was 0 there
 * Where an input was not finite already (a parameter, a batch), the sentence names that. Off, it costs nothing; on, one more
 * pass over each output and each gradient. After an error in backward some parameters hold gradients that are not finite:
 * call ml_zero_grad before going on. */
ML_API bool ml_check_finite(ml_tape *t, bool on);
/* The random stream of dropout: a mask is a function of (seed, step, op, element). Each reset advances the step. */
ML_API void ml_set_stream(ml_tape *t, uint64_t seed, uint64_t step);
/* Where the stream is: another tape that is set so goes on as this one would. */
ML_API void ml_stream(const ml_tape *t, uint64_t *seed, uint64_t *step);

/* A place on the tape; rewinding forgets what came after it and gives its memory back to the arena. A mark is good until
 * the next reset. */
typedef struct ml_mark {
    int64_t ops, unrecorded;
    size_t chunk, used;
    uint64_t resets;
} ml_mark;
ML_API ml_mark ml_tape_mark(const ml_tape *t);
ML_API ml_status ml_tape_rewind(ml_tape *t, ml_mark mark);

/* A copy of a tensor on the tape as a constant: gradients stop here. */
ML_API ml_tensor *ml_detach(ml_tape *t, const ml_tensor *x);
/* A tensor of the tape holding the caller's numbers (copied), as a constant. */
ML_API ml_tensor *ml_constant(ml_tape *t, int rank, const int64_t *shape, const ml_real *values);

/* The blackboard: one line an op, with shapes, parents, |out| and |grad| (Euclidean norms). */
ML_API void ml_tape_print(FILE *out, const ml_tape *t);

/* How one gradient came to be, as text to free with free(): the path from element `index` of x (a parameter, or any tensor
 * on the tape) through the ops to the loss of the last ml_backward. At each op: the gradient that arrived there, times the
 * local partial, gives the product; the products of the largest few, how many others there are, and their sum, are the
 * gradient that was asked for. The path follows the largest. NULL, with the reason in ml_error, where the tape was opened
 * without .inspect, where nothing was differentiated since its reset (ML_ESTATE), or for a wrong index. No gradient changes.
 * Takes a few hundred backwards of each op on the path at most, and writes some hundred lines at most. */
ML_API char *ml_explain(ml_tape *t, const ml_tensor *x, int64_t index);

/* The tape as a drawing for Graphviz, in a file that is written whole or not at all: ops with their shapes and the norms
 * of their values and gradients, parameters, what came from outside; what is named alike ("0.weight", "0.bias") in one frame.
 * Norms of gradients in the middle want a tape opened with .inspect. `dot -Tsvg tape.dot -o tape.svg` makes a picture. */
ML_API ml_status ml_tape_dot(const ml_tape *t, const char *path);

/* Number of ops on the tape, and bytes it holds (all three regions). */
ML_API int64_t ml_tape_ops(const ml_tape *t);
ML_API size_t ml_tape_bytes(const ml_tape *t);

/* Compares the gradients that backward gives with central differences (f(x+h) - f(x-h)) / 2h, over every element of
 * inputs[0 .. n-1], which must be leaves under ml_requires_grad or parameters. f builds the scalar on the tape; it
 * must give the same value each time it is called with the same inputs. The error of an element is
 * |analytic - numeric| / max(1, |analytic|, |numeric|). Fails, with the worst element in the sentence, when the
 * largest error passes opts.tolerance. The inputs' values stay as they are; their gradients are dropped. */
typedef ml_tensor *(*ml_scalar_fn)(ml_tape *t, ml_tensor *const *inputs, int n, void *user);
typedef struct ml_gradcheck_opts {
    double tolerance; /* default 1e-6 in the double build, 2e-2 in float */
    double step;      /* h; default 1e-5 in the double build, 1e-2 in float */
    bool kink_ok;     /* where left and right difference disagree (relu at 0), any slope between them will do */
    ml_kernel kernel;
    ml_mode mode;
    uint64_t seed;
} ml_gradcheck_opts;
typedef struct ml_gradcheck_result {
    double worst;    /* largest error */
    int input;       /* where it was */
    int64_t element;
    double analytic, numeric;
    int64_t checked, skipped; /* skipped: excused by kink_ok */
} ml_gradcheck_result;
/* result may be NULL. */
ML_API ml_status ml_gradcheck(ml_scalar_fn f, ml_tensor *const *inputs, int n, void *user, ml_gradcheck_opts opts,
                              ml_gradcheck_result *result);

ML_END
#endif
