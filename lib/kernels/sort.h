/* sort.h -- numbers of an axis in order, the first few of them, the first of all. Internal; the lesson is in sort.c. */
#ifndef MLK_SORT_H
#define MLK_SORT_H

#include "kernels/reduce.h"

/* The first k of x along an axis, in order. Equal numbers stay in the order in which they were; NaN is larger than all.
 * n is at most INT32_MAX. */
typedef struct mlk_order {
    mlk_axis s;      /* x */
    int64_t k;       /* 0 .. n; y is (O,k,I) */
    bool descending; /* largest first */
} mlk_order;

/* y[o,j,i] = x[o, at[o,j,i], i]. at may be NULL: nobody will ask. */
void mlk_order_ref(ml_real *y, int32_t *at, const ml_real *x, const mlk_order *p);
/* Scratch of so many bytes for the two that follow, on an 8-byte boundary. */
size_t mlk_sort_work(const mlk_order *p);
size_t mlk_top_k_work(const mlk_order *p);
/* All of them, k = n, by merging. */
void mlk_sort_forward(ml_real *y, int32_t *at, const ml_real *x, const mlk_order *p, void *work);
/* Some of them, by a heap of k. */
void mlk_top_k_forward(ml_real *y, int32_t *at, const ml_real *x, const mlk_order *p, void *work);

/* at[o,i] = the first k with the largest x[o,k,i]; n >= 1. */
void mlk_argmax(int32_t *at, const ml_real *x, mlk_axis s);

#endif
