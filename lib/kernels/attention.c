/* attention.c -- each query takes a mean of the values, weighted by how well their keys fit it:
 *     y = softmax(scale q k^T + mask) v
 *
 * Shapes     q (B,T,D)   k (B,S,D)   v (B,S,M)   y (B,T,M)   mask (T,S) or (B,T,S)
 * Forward    s[i,j] = scale q[i] . k[j] + mask[i,j]          -infinity where causal and j > i
 *            p[i,:] = softmax of s[i,:]                      y[i] = sum_j p[i,j] v[j]
 *            A query that sees no key gives 0.
 * Backward   dp[i,j] = dy[i] . v[j]                          dv[j] = sum_i p[i,j] dy[i]
 *            ds[i,j] = p[i,j] (dp[i,j] - sum_l p[i,l] dp[i,l]) = p[i,j] (dp[i,j] - dy[i] . y[i])
 *            dq[i] = scale sum_j ds[i,j] k[j]                dk[j] = scale sum_i ds[i,j] q[i]
 *            Check by sum: a constant added to a row of s changes nothing, so sum_j ds[i,j] = 0.
 * Saves      level[i] = log sum_j exp(s[i,j]); p is computed again, as exp(s - level)
 * Cost       2 B T S (D + M) flops forward, half of it where causal; backward 2.5 times that. A block of
 *            T x S scores at a time: memory grows with S, not with T S.
 * Source     Vaswani et al. 2017, eq. 1; by blocks: Rabe and Staats 2021, Dao et al. 2022
 * Derivation docs/math/attention.md
 *
 * This file has the definition; attention_blocks.c the fast body.
 */
#include "kernels/attention.h"

#include <math.h>
#include <string.h>

/* Score of key j for query i, where i counts the queries of all sequences. */
static double score(const mlk_attention *a, int64_t i, int64_t j)
{
    int64_t b = i / a->t, row = i % a->t;
    const ml_real *q = a->q + i * a->d, *k = a->k + (b * a->s + j) * a->d;
    double dot = 0;
    for (int64_t d = 0; d < a->d; d++)
        dot += (double)q[d] * (double)k[d];
    double mask = a->mask ? (double)a->mask[b * a->mask_next + row * a->s + j] : 0;
    return a->causal && j > row ? -INFINITY : a->scale * dot + mask;
}

static double level_of(const mlk_attention *a, int64_t i)
{
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < a->s; j++)
        most = score(a, i, j) > most ? score(a, i, j) : most;
    for (int64_t j = 0; j < a->s && most > -INFINITY; j++)
        sum += exp(score(a, i, j) - most);
    return sum == 0 ? 0 : most + log(sum); /* nothing to see: any level will do, exp(-infinity) is 0 */
}

/* to += factor x, where a `to` is wanted */
static void add_times(ml_real *to, double factor, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; to && i < n; i++)
        to[i] += (ml_real)(factor * (double)x[i]);
}

void mlk_attention_ref(ml_real *y, const mlk_attention *a)
{
    for (int64_t i = 0; i < a->batch * a->t; i++) {
        const ml_real *v = a->v + i / a->t * a->s * a->m;
        a->level[i] = level_of(a, i);
        memset(y + i * a->m, 0, (size_t)a->m * sizeof *y);
        for (int64_t j = 0; j < a->s; j++)
            add_times(y + i * a->m, exp(score(a, i, j) - a->level[i]), v + j * a->m, a->m);
    }
}

/* ---- backward ---- */

void mlk_attention_clear(const mlk_attention_grads *g, const mlk_attention *a)
{
    if (g->dq && !g->add_dq)
        memset(g->dq, 0, (size_t)(a->batch * a->t * a->d) * sizeof(ml_real));
    if (g->dk && !g->add_dk)
        memset(g->dk, 0, (size_t)(a->batch * a->s * a->d) * sizeof(ml_real));
    if (g->dv && !g->add_dv)
        memset(g->dv, 0, (size_t)(a->batch * a->s * a->m) * sizeof(ml_real));
}

static double dot(const ml_real *a, const ml_real *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

void mlk_attention_backward_ref(const mlk_attention_grads *g, const ml_real *dy, const ml_real *y,
                                const mlk_attention *a)
{
    mlk_attention_clear(g, a);
    for (int64_t i = 0; i < a->batch * a->t; i++) {
        const ml_real *dyi = dy + i * a->m;
        double mean = dot(dyi, y + i * a->m, a->m); /* of dp, weighted by p */
        for (int64_t j = 0; j < a->s; j++) {
            int64_t key = i / a->t * a->s + j;
            double p = exp(score(a, i, j) - a->level[i]);
            double ds = p * (dot(dyi, a->v + key * a->m, a->m) - mean);
            add_times(g->dq ? g->dq + i * a->d : NULL, a->scale * ds, a->k + key * a->d, a->d);
            add_times(g->dk ? g->dk + key * a->d : NULL, a->scale * ds, a->q + i * a->d, a->d);
            add_times(g->dv ? g->dv + key * a->m : NULL, p, dyi, a->m);
        }
    }
}
