/* broadcast.h -- two arrays of different shape under one op. Internal; the lesson is in broadcast.c. */
#ifndef MLK_BROADCAST_H
#define MLK_BROADCAST_H

#include "kernels/ranges.h"

/* How a and b lie under the output, after neighbouring axes that behave alike are merged into one. */
typedef struct mlk_broadcast {
    int out_rank;                   /* the output, as the caller sees it */
    int64_t out_shape[ML_MAX_RANK];
    int64_t size;                   /* numbers in the output */
    int rank;                       /* merged axes, at least 1 */
    int64_t shape[ML_MAX_RANK];     /* their extents */
    int64_t stride[2][ML_MAX_RANK]; /* of a and of b: 0 where the operand is stretched */
    int64_t in_size[2];             /* numbers in a and in b */
} mlk_broadcast;

enum { MLK_FITS = -1, MLK_TOO_LARGE = -2 };

/* MLK_FITS with *p set; or the axis of the output where the extents differ and neither is 1; or MLK_TOO_LARGE when the
 * output would not fit in memory. out_rank and out_shape are set unless extents differ. Ranks are 0 .. ML_MAX_RANK. */
int mlk_broadcast_plan(mlk_broadcast *p, int rank_a, const int64_t *shape_a, int rank_b, const int64_t *shape_b);

/* n outputs in a row. An operand either moves along with them (stride 1) or stays (stride 0). */
typedef struct mlk_run {
    int64_t n;
    int64_t at;       /* first of them in the output */
    int64_t in[2];    /* where a and b stand */
    int64_t moves[2]; /* 1 or 0 */
} mlk_run;

/* The formula of an op over one run. */
typedef void mlk_run_fn(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r);
void mlk_broadcast_forward(ml_real *y, const ml_real *a, const ml_real *b, const mlk_broadcast *p, mlk_run_fn *f);

/* f over one run: three plain loops. f is known where this is inlined, so each becomes vector code. */
static inline void mlk_each(ml_real *y, const ml_real *a, const ml_real *b, const mlk_run *r,
                            ml_real (*f)(ml_real, ml_real))
{
    const int64_t n = r->n;
    if (!r->moves[0]) {
        const ml_real a0 = *a;
        for (int64_t i = 0; i < n; i++)
            y[i] = f(a0, b[i]);
    } else if (!r->moves[1]) {
        const ml_real b0 = *b;
        for (int64_t i = 0; i < n; i++)
            y[i] = f(a[i], b0);
    } else {
        for (int64_t i = 0; i < n; i++)
            y[i] = f(a[i], b[i]);
    }
}

/* What the formula of a gradient may need. work: mlk_broadcast_work numbers, or NULL where that is 0. */
typedef struct mlk_terms {
    const ml_real *dy, *a, *b, *y;
    ml_real *work;
} mlk_terms;

/* The gradient over one run as if nothing were stretched: g[0 .. n-1]. */
typedef void mlk_local_fn(ml_real *g, const mlk_terms *m, const mlk_run *r);

/* The gradient of operand 0 (a) or 1 (b): dx = the local gradient summed over the stretched axes, or dx += where add. */
void mlk_broadcast_backward(ml_real *dx, bool add, const mlk_terms *m, const mlk_broadcast *p, int operand,
                            mlk_local_fn *local);
int64_t mlk_broadcast_work(const mlk_broadcast *p, int operand);

#endif
