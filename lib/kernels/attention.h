/* attention.h -- scaled dot-product attention: q (B,T,D), k (B,S,D), v (B,S,M) -> y (B,T,M). Internal. */
#ifndef MLK_ATTENTION_H
#define MLK_ATTENTION_H

#include "kernels/gemm.h"

typedef struct mlk_attention {
    int64_t batch, t, s, d, m; /* B sequences of T queries and S keys; numbers of a key and of a value */
    const ml_real *q, *k, *v;
    const ml_real *mask; /* added to the scores; NULL: none */
    int64_t mask_next;   /* from one sequence's mask to the next; 0: one (T,S) for all */
    double scale;
    bool causal;   /* query i sees keys 0 .. i */
    double *level; /* of each query, B T: forward leaves it for backward */
} mlk_attention;

/* Where gradients go: NULL where none is wanted; added to what is there where its add says so. */
typedef struct mlk_attention_grads {
    ml_real *dq, *dk, *dv;
    bool add_dq, add_dk, add_dv;
    bool shared; /* some of them lie in the same memory, as when q, k and v are one tensor */
} mlk_attention_grads;

void mlk_attention_ref(ml_real *y, const mlk_attention *a);
void mlk_attention_backward_ref(const mlk_attention_grads *g, const ml_real *dy, const ml_real *y,
                                const mlk_attention *a);

/* Zeros where a gradient does not add: after this all may. */
void mlk_attention_clear(const mlk_attention_grads *g, const mlk_attention *a);

/* The same by blocks of queries, with products by gemm's body. work: so many bytes (never
 * 0), on a 64-byte boundary. Same bits on any number of threads. */
size_t mlk_attention_work(ml_kernel body, const mlk_attention *a);
void mlk_attention_forward(ml_kernel body, ml_real *y, const mlk_attention *a, void *work);
void mlk_attention_backward(ml_kernel body, const mlk_attention_grads *g, const ml_real *dy,
                            const ml_real *y, const mlk_attention *a, void *work);

#endif
