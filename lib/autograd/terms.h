/* terms.h -- of what a gradient is the sum. Internal. */
#ifndef MLI_TERMS_H
#define MLI_TERMS_H

#include "autograd/tape.h"

/* d loss / d out[o] * d out[o] / d x[e]: one way in which element e of x acts on the loss. */
typedef struct mli_term {
    const ml_node *node;
    int64_t out; /* o */
    double upstream, partial;
} mli_term;

enum { MLI_SHOWN = 5 };

typedef struct mli_terms {
    mli_term most[MLI_SHOWN]; /* those with the largest products, the largest first */
    int n;
    int64_t others; /* how many more may not be 0 */
    bool counted;   /* others is exact; else there are at most so many */
    double sum;     /* of all terms, by one backward of each op that reads x */
} mli_terms;

/* Whether op n reads element e of x, and the loss depends on it. */
bool mli_reads(const ml_node *n, const ml_tensor *x, int64_t e);

/* The terms of element e of x (a root) over the ops that read it on the way to the loss of the last backward. Where all
 * products are 0, those whose partial is not: the gradient that arrived is 0 there. */
ml_status mli_terms_of(ml_tape *t, const ml_tensor *x, int64_t e, mli_terms *out);

#endif
