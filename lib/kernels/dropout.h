/* dropout.h -- zeros at random. Internal; the lesson is in dropout.c. */
#ifndef MLK_DROPOUT_H
#define MLK_DROPOUT_H

#include "kernels/ranges.h"

typedef struct mlk_dropout {
    uint64_t key, stream; /* of the random words */
    double p;             /* probability of zero, 0 <= p < 1 */
} mlk_dropout;

/* 64-bit words of a mask over n elements, a bit an element. */
static inline int64_t mlk_dropout_words(int64_t n)
{
    return n / 64 + (n % 64 != 0);
}

/* Sets y (n) and mask (mlk_dropout_words(n)) from x (n). */
void mlk_dropout_forward(ml_real *y, uint64_t *mask, const ml_real *x, const mlk_dropout *d, int64_t n);
void mlk_dropout_backward(ml_real *dx, bool add, const ml_real *dy, const uint64_t *mask, const mlk_dropout *d, int64_t n);
/* The mask by its definition, a call of mli_philox for each element: what the tests hold the fast one to. */
void mlk_dropout_mask_ref(uint64_t *mask, const mlk_dropout *d, int64_t n);

#endif
