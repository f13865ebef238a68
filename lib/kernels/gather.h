/* gather.h -- numbers picked along an axis by an index, and added back there. Internal; the lesson is in gather.c. */
#ifndef MLK_GATHER_H
#define MLK_GATHER_H

#include "kernels/reduce.h"

/* Which entries of an axis are picked. Every index is in 0 .. n-1: the op has checked them. */
typedef struct mlk_pick {
    mlk_axis s;           /* x, seen from the axis */
    int64_t m;            /* how many entries are picked along it */
    const int32_t *index; /* gather, scatter-add: (O,m,I), each number by its own; select: (m), whole slices */
} mlk_pick;

/* y[o,j,i] = x[o, index[o,j,i], i], added to what is there where add says so. y (O,m,I). */
void mlk_gather_ref(ml_real *y, bool add, const ml_real *x, const mlk_pick *p);
void mlk_gather_forward(ml_real *y, bool add, const ml_real *x, const mlk_pick *p);
/* y[o, index[o,j,i], i] += src[o,j,i], for j = 0, 1, ... in this order. src (O,m,I). */
void mlk_scatter_add_ref(ml_real *y, const ml_real *src, const mlk_pick *p);
void mlk_scatter_add_forward(ml_real *y, const ml_real *src, const mlk_pick *p);

/* Columns of I that one thread adds up: a cache line of floats, so that neighbours do not write into one line. */
enum { MLK_STRIPE = 16 };
static inline int64_t mlk_stripes(const mlk_pick *p)
{
    return (p->s.inner + MLK_STRIPE - 1) / MLK_STRIPE;
}

#endif
