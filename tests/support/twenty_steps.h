/* twenty_steps.h -- the three parameters and 20 steps of gradients of tests/golden/make_optim.py, on which PyTorch's rules were
 * run. The third parameter has no gradient in steps 1, 4, 7, ... */
#ifndef TESTS_TWENTY_STEPS_H
#define TESTS_TWENTY_STEPS_H

#include "support/check.h"

enum { STEPS = 20, PARAMS = 3 };

#ifdef MLCORE_DOUBLE
#define TOL 1e-12
#else
#define TOL 1e-5
#endif

typedef struct twenty_steps {
    ml_params *ps; /* "a", "b", "c" */
    golden grads[PARAMS];
} twenty_steps;

twenty_steps twenty_start(void);
void twenty_gradients(twenty_steps *t, int step);
/* All values against tests/golden/<name>.npy, one parameter after the other; and the padding is still zero. */
void assert_twenty(const twenty_steps *t, const char *name);
void twenty_free(twenty_steps *t);

#endif
