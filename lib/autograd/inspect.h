/* inspect.h -- what the finite check, explaining, drawing and printing share. Internal. */
#ifndef MLI_INSPECT_H
#define MLI_INSPECT_H

#include "autograd/tape.h"

/* The tensor whose memory x looks into: its base, or x itself. */
const ml_tensor *mli_root(const ml_tensor *x);
/* The op on this tape that made x; NULL for what came from outside. */
const ml_node *mli_maker(const ml_tape *t, const ml_tensor *x);

/* "#7", or the name, or "leaf" or "constant", into buf, which each of these returns. */
char *mli_name_of(const ml_tape *t, const ml_tensor *x, char *buf, size_t size);
/* "[1,0]", where in x element e lies; "" for a scalar. */
char *mli_index_text(const ml_tensor *x, int64_t e, char *buf, size_t size);

/* The Euclidean norm. */
double mli_norm(const ml_real *v, int64_t n);
/* The gradient of x where there is one now, else NULL. */
const ml_real *mli_grad_of(const ml_tensor *x);

/* Asks the backward of op n alone: dx gets d (dy . out) / dx, for a root x that n reads, itself or through views; zeros where
 * n passes it nothing. dy has as many numbers as the output of n, dx as many as x. The tape may have no error, and keeps all
 * that it has. n must have a backward and an output that requires a gradient. In backward.c. */
ml_status mli_ask(ml_tape *t, const ml_node *n, const ml_tensor *x, const ml_real *dy, ml_real *dx);

/* The finite check of an op that has computed; false where it fails, and the error sticks. In finite.c. */
bool mli_check_output(ml_tape *t, const ml_node *n);
/* The same for the gradients that its backward has just given to its inputs. */
bool mli_check_inputs(ml_tape *t, const ml_node *n);

#endif
