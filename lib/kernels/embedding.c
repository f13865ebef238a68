/* embedding.c -- rows of a table by their numbers:  y[n] = W[id n]
 *
 * Shapes     W (V,D): V rows of D numbers   id (n), in 0 .. V-1   y (n,D).   select: the same along any axis of
 *            x (O,V,I), with the same m ids for each of the O blocks
 * Forward    y[n,d] = W[id n, d]            one-hot  h[n,v] = 1 where v = id n, else 0:  y = h W, a product never made
 * Backward   dW[v,d] = sum over the n with id n = v of dy[n,d]
 *            Check by the product: y = h W has dW = h^T dy, and h^T picks the n that asked for row v. Rows that nobody
 *            asked for get 0.
 * Saves      where the ids are              Cost  one copy a number; backward one addition, and V D zeros
 * Source     Bengio, Ducharme, Vincent, Jauvin 2003, "A neural probabilistic language model", the matrix C
 * Derivation docs/math/embedding.md
 */
#include "kernels/embedding.h"

#include "kernels/lanes.h"

#include <string.h>

/* ---- the definition ---- */

void mlk_select_ref(ml_real *y, const ml_real *x, const mlk_pick *p)
{
    for (int64_t o = 0; o < p->s.outer; o++)
        for (int64_t j = 0; j < p->m; j++)
            for (int64_t i = 0; i < p->s.inner; i++)
                y[(o * p->m + j) * p->s.inner + i] = x[(o * p->s.n + p->index[j]) * p->s.inner + i];
}

static void clear(ml_real *dx, const mlk_pick *p)
{
    memset(dx, 0, (size_t)(p->s.outer * p->s.n * p->s.inner) * sizeof *dx);
}

void mlk_select_backward_ref(ml_real *dx, bool add, const ml_real *dy, const mlk_pick *p)
{
    if (!add)
        clear(dx, p);
    for (int64_t o = 0; o < p->s.outer; o++)
        for (int64_t j = 0; j < p->m; j++)
            for (int64_t i = 0; i < p->s.inner; i++)
                dx[(o * p->s.n + p->index[j]) * p->s.inner + i] += dy[(o * p->m + j) * p->s.inner + i];
}

/* ---- fast ---- */

typedef struct job {
    ml_real *out;
    const ml_real *in;
    const mlk_pick *p;
} job;

/* Rows (o,j) of y: each is one copy. */
static void copy_rows(void *arg, mlk_lane l)
{
    const job *a = arg;
    const int64_t inner = a->p->s.inner;
    for (int64_t row = l.begin; row < l.end; row++) {
        int64_t from = row / a->p->m * a->p->s.n + a->p->index[row % a->p->m];
        memcpy(a->out + row * inner, a->in + from * inner, (size_t)inner * sizeof *a->out);
    }
}

void mlk_select_forward(ml_real *y, const ml_real *x, const mlk_pick *p)
{
    mlk_run_items(p->s.outer * p->m, p->s.inner, copy_rows, &(job){y, x, p});
}

/* A row may be asked for many times, so threads share the columns and not the ids: each adds in the order of the ids. */
static void add_stripes(void *arg, mlk_lane l)
{
    const job *a = arg;
    const int64_t inner = a->p->s.inner, count = mlk_stripes(a->p);
    for (int64_t item = l.begin; item < l.end; item++) {
        int64_t o = item / count, begin = item % count * MLK_STRIPE;
        int64_t width = inner - begin < MLK_STRIPE ? inner - begin : MLK_STRIPE;
        for (int64_t j = 0; j < a->p->m; j++) {
            ml_real *dx = a->out + (o * a->p->s.n + a->p->index[j]) * inner + begin;
            const ml_real *dy = a->in + (o * a->p->m + j) * inner + begin;
            for (int64_t i = 0; i < width; i++)
                dx[i] += dy[i]; /* dW[id] += dy */
        }
    }
}

void mlk_select_backward(ml_real *dx, bool add, const ml_real *dy, const mlk_pick *p)
{
    if (!add)
        clear(dx, p);
    mlk_run_items(p->s.outer * mlk_stripes(p), p->m * MLK_STRIPE, add_stripes, &(job){dx, dy, p});
}

/* ---- one-hot ---- */

void mlk_one_hot(ml_real *y, const int32_t *label, int64_t n, int64_t classes)
{
    memset(y, 0, (size_t)(n * classes) * sizeof *y);
    for (int64_t i = 0; i < n; i++)
        y[i * classes + label[i]] = 1;
}
