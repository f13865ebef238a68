/* gather.c -- numbers picked by an index, and numbers added where an index says:  y_j = x_{k_j},  y_{k_j} += src_j
 *
 * Shapes     x (O,n,I): the axis has n entries, O numbers lie before it, I after it.  k, the index (O,m,I), in 0 .. n-1
 *            gather  y (O,m,I)          scatter-add  src (O,m,I), y (O,n,I)
 * Forward    gather       y[o,j,i] = x[o, k[o,j,i], i]
 *            scatter-add  y = x, then y[o, k[o,j,i], i] += src[o,j,i] for every j
 * Backward   gather       dx[o, k[o,j,i], i] += dy[o,j,i], 0 where nobody picked: a scatter-add of dy
 *            scatter-add  dx = dy          dsrc[o,j,i] = dy[o, k[o,j,i], i]: a gather of dy
 *            Check by meaning: a number that was picked twice is felt twice, so its gradients add. The two are each
 *            other's adjoint, <gather x, y> = <x, scatter y>, so neither needs a backward of its own.
 * Saves      where the index is           Cost  one read, one write and one index a number; memory is the limit
 * Source     PyTorch's gather and scatter_add
 * Derivation docs/math/gather-scatter.md
 */
#include "kernels/gather.h"

#include "kernels/lanes.h"

/* ---- the definition ---- */

static inline void put(ml_real *y, bool add, ml_real v)
{
    *y = add ? *y + v : v;
}

void mlk_gather_ref(ml_real *y, bool add, const ml_real *x, const mlk_pick *p)
{
    for (int64_t o = 0; o < p->s.outer; o++)
        for (int64_t j = 0; j < p->m; j++)
            for (int64_t i = 0; i < p->s.inner; i++) {
                int64_t at = (o * p->m + j) * p->s.inner + i;
                put(&y[at], add, x[(o * p->s.n + p->index[at]) * p->s.inner + i]);
            }
}

void mlk_scatter_add_ref(ml_real *y, const ml_real *src, const mlk_pick *p)
{
    for (int64_t o = 0; o < p->s.outer; o++)
        for (int64_t j = 0; j < p->m; j++)
            for (int64_t i = 0; i < p->s.inner; i++) {
                int64_t at = (o * p->m + j) * p->s.inner + i;
                y[(o * p->s.n + p->index[at]) * p->s.inner + i] += src[at];
            }
}

/* ---- fast: the same, shared by the threads ---- */

typedef struct job {
    ml_real *y;
    bool add;
    const ml_real *x; /* src where numbers are added */
    const mlk_pick *p;
} job;

/* Rows (o,j) of y. */
static void gather_rows(void *arg, mlk_lane l)
{
    const job *j = arg;
    const int64_t inner = j->p->s.inner, m = j->p->m, block = j->p->s.n * inner;
    const ml_real *x = j->x + l.begin / m * block;
    int64_t left = m - l.begin % m; /* rows with this o: counted, as a division a row would cost more than a short row */
    for (int64_t row = l.begin; row < l.end; row++) {
        const int32_t *index = j->p->index + row * inner;
        ml_real *y = j->y + row * inner;
        for (int64_t i = 0; i < inner; i++)
            put(&y[i], j->add, x[index[i] * inner + i]);
        if (--left == 0)
            left = m, x += block;
    }
}

void mlk_gather_forward(ml_real *y, bool add, const ml_real *x, const mlk_pick *p)
{
    mlk_run_items(p->s.outer * p->m, p->s.inner, gather_rows, &(job){y, add, x, p});
}

/* Several j may meet in one number, two stripes of columns never do: so one thread has all of a stripe, and adds in the
 * order of j. */
static void scatter_stripes(void *arg, mlk_lane l)
{
    const job *j = arg;
    const int64_t inner = j->p->s.inner, count = mlk_stripes(j->p);
    for (int64_t item = l.begin; item < l.end; item++) {
        int64_t o = item / count, begin = item % count * MLK_STRIPE;
        int64_t end = begin + MLK_STRIPE < inner ? begin + MLK_STRIPE : inner;
        ml_real *y = j->y + o * j->p->s.n * inner;
        for (int64_t row = o * j->p->m; row < (o + 1) * j->p->m; row++)
            for (int64_t i = begin; i < end; i++)
                y[j->p->index[row * inner + i] * inner + i] += j->x[row * inner + i];
    }
}

void mlk_scatter_add_forward(ml_real *y, const ml_real *src, const mlk_pick *p)
{
    mlk_run_items(p->s.outer * mlk_stripes(p), p->m * MLK_STRIPE, scatter_stripes, &(job){y, true, src, p});
}
