/* attention_blocks.c -- attention by blocks of queries. The formulas are in attention.c.
 *
 * A block is ROWS queries of a sequence and the keys that they may see. Its scores are one matrix
 * product, its outputs another, and in between lies a softmax of ROWS rows in the cache: so the T x S
 * scores of a sequence are never there as a whole, in forward or in backward, which computes them again
 * rather than read back what was saved. Blocks do not need each other, so forward shares them among
 * lanes; in backward the blocks of a sequence add to the same dk and dv, so there a lane has whole
 * sequences.
 */
#include "kernels/attention.h"

#include "kernels/lanes.h"
#include "kernels/linear.h"
#include "kernels/rows.h"

/* ---- blocks and lanes ---- */

enum { ROWS = 48, MOST = 16, LEAST = 1 << 18 }; /* a lane should have LEAST multiply-adds */

typedef struct block {
    int64_t sequence, row; /* its first query in the sequence */
    int64_t rows, keys;
} block;

static int64_t blocks_of(const mlk_attention *a)
{
    return (a->t + ROWS - 1) / ROWS;
}

static block nth(const mlk_attention *a, int64_t i)
{
    block b = {.sequence = i / blocks_of(a), .row = i % blocks_of(a) * ROWS};
    b.rows = a->t - b.row < ROWS ? a->t - b.row : ROWS;
    b.keys = a->causal && b.row + b.rows < a->s ? b.row + b.rows : a->s;
    return b;
}

/* What a lane has: scores, gradients of scores, and gemm's workspace. */
typedef struct pass {
    const mlk_attention *a;
    ml_kernel body;
    const mlk_attention_grads *g;
    const ml_real *dy, *y; /* backward */
    ml_real *out;          /* forward */
    char *work;
    size_t scores, lane; /* bytes of a block of scores, and of a lane */
} pass;

static size_t up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* The most that a product of any block wants. All are products that a linear layer has: x W^T, dy W,
 * dy^T x. */
static size_t gemm_work(ml_kernel body, const mlk_attention *a)
{
    size_t most = 0;
    for (int64_t i = 0; i < blocks_of(a); i++) {
        block b = nth(a, i);
        int64_t widths[] = {a->d, a->m};
        for (int k = 0; k < 2; k++) {
            int64_t d = widths[k];
            mlk_gemm_args g[] = {mlk_linear_forward(NULL, NULL, NULL, NULL, b.rows, d, b.keys),
                                 mlk_linear_dx(NULL, false, NULL, NULL, b.rows, d, b.keys),
                                 mlk_linear_dw(NULL, false, NULL, NULL, b.rows, d, b.keys)};
            for (int l = 0; l < 3; l++) {
                size_t bytes = mlk_gemm_workspace(body, &g[l]);
                most = bytes > most ? bytes : most;
            }
        }
    }
    return most;
}

static bool is_empty(const mlk_attention *a)
{
    return a->batch == 0 || a->t == 0;
}

static pass pass_of(ml_kernel body, const mlk_attention *a, void *work)
{
    pass p = {.a = a, .body = body, .work = work};
    int64_t rows = a->t < ROWS ? a->t : ROWS;
    p.scores = up((size_t)(rows * a->s) * sizeof(ml_real));
    p.lane = 2 * p.scores + up(gemm_work(body, a));
    return p;
}

static int64_t forward_lanes(const mlk_attention *a)
{
    double each = (double)ROWS * (double)a->s * (double)(a->d + a->m);
    return mlk_lanes(a->batch * blocks_of(a), 1 + (int64_t)(LEAST / (each + 1)), MOST);
}

/* With few sequences the products of a block are shared among threads instead. */
static int64_t backward_lanes(const mlk_attention *a)
{
    double each = (double)a->t * (double)a->s * (double)(a->d + a->m);
    return a->batch < 4 ? 1 : mlk_lanes(a->batch, 1 + (int64_t)(LEAST / (each + 1)), MOST);
}

size_t mlk_attention_work(ml_kernel body, const mlk_attention *a)
{
    if (is_empty(a))
        return 64;
    int64_t there = forward_lanes(a), back = backward_lanes(a);
    return 64 + (size_t)(there > back ? there : back) * pass_of(body, a, NULL).lane;
}

/* ---- forward ---- */

static void multiply(const pass *p, char *lane, mlk_gemm_args g)
{
    mlk_gemm(p->body, &g, lane + 2 * p->scores);
}

/* s = scale q k^T + mask */
static void scores(const pass *p, char *lane, ml_real *s, block b)
{
    const mlk_attention *a = p->a;
    const ml_real *q = a->q + (b.sequence * a->t + b.row) * a->d;
    const ml_real *k = a->k + b.sequence * a->s * a->d;
    const ml_real scale = (ml_real)a->scale;
    multiply(p, lane, mlk_linear_forward(s, q, k, NULL, b.rows, a->d, b.keys));
    for (int64_t i = 0; i < b.rows; i++, s += b.keys) {
        int64_t row = b.row + i;
        for (int64_t j = 0; j < b.keys; j++)
            s[j] *= scale;
        const ml_real *mask = a->mask ? a->mask + b.sequence * a->mask_next + row * a->s : NULL;
        for (int64_t j = 0; mask && j < b.keys; j++)
            s[j] += mask[j];
        for (int64_t j = row + 1; a->causal && j < b.keys; j++)
            s[j] = (ml_real)-INFINITY;
    }
}

/* s becomes p, the softmax of its rows */
static void weigh(ml_real *s, double *level, block b)
{
    for (int64_t i = 0; i < b.rows; i++, s += b.keys) {
        ml_real most = mlk_row_max(s, b.keys); /* a NaN passed over here makes the sum NaN below */
        most = most == (ml_real)-INFINITY ? 0 : most;
        for (int64_t j = 0; j < b.keys; j++)
            s[j] -= most;
        mlk_exp_row(s, s, b.keys);
        double sum = mlk_row_sum(s, b.keys);
        ml_real factor = sum == 0 ? 0 : (ml_real)(1 / sum);
        for (int64_t j = 0; j < b.keys; j++)
            s[j] *= factor;
        level[i] = sum == 0 ? 0 : (double)most + log(sum);
    }
}

static void forward_lane(void *arg, mlk_lane l)
{
    const pass *p = arg;
    const mlk_attention *a = p->a;
    char *lane = p->work + (size_t)l.index * p->lane;
    ml_real *s = (ml_real *)lane;
    for (int64_t i = l.begin; i < l.end; i++) {
        block b = nth(a, i);
        int64_t query = b.sequence * a->t + b.row;
        const ml_real *v = a->v + b.sequence * a->s * a->m;
        scores(p, lane, s, b);
        weigh(s, a->level + query, b);
        multiply(p, lane, mlk_linear_dx(p->out + query * a->m, false, s, v, b.rows, a->m, b.keys));
    }
}

void mlk_attention_forward(ml_kernel body, ml_real *y, const mlk_attention *a, void *work)
{
    if (is_empty(a))
        return;
    pass p = pass_of(body, a, work);
    p.out = y;
    mlk_run_lanes(a->batch * blocks_of(a), forward_lanes(a), forward_lane, &p);
}

/* ---- backward ---- */

/* From s and dp: s becomes p = exp(s - level), and dp becomes scale ds = scale p (dp - dy . y). */
static void weigh_back(ml_real *s, ml_real *dp, const pass *p, block b)
{
    const mlk_attention *a = p->a;
    int64_t query = b.sequence * a->t + b.row;
    for (int64_t i = 0; i < b.rows; i++, query++, s += b.keys, dp += b.keys) {
        const double level = a->level[query];
        const ml_real mean = (ml_real)mlk_row_dot(p->dy + query * a->m, p->y + query * a->m, a->m);
        const ml_real scale = (ml_real)a->scale;
        for (int64_t j = 0; j < b.keys; j++)
            s[j] = (ml_real)((double)s[j] - level);
        mlk_exp_row(s, s, b.keys);
        for (int64_t j = 0; j < b.keys; j++)
            dp[j] = scale * s[j] * (dp[j] - mean);
    }
}

static void block_back(const pass *p, char *lane, block b)
{
    const mlk_attention *a = p->a;
    const mlk_attention_grads *g = p->g;
    ml_real *s = (ml_real *)lane, *ds = (ml_real *)(lane + p->scores);
    int64_t query = b.sequence * a->t + b.row, key = b.sequence * a->s;
    const ml_real *q = a->q + query * a->d, *k = a->k + key * a->d, *v = a->v + key * a->m,
                  *dy = p->dy + query * a->m;
    scores(p, lane, s, b);
    multiply(p, lane, mlk_linear_forward(ds, dy, v, NULL, b.rows, a->m, b.keys)); /* dp = dy v^T */
    weigh_back(s, ds, p, b);
    if (g->dq) /* dq = ds k */
        multiply(p, lane, mlk_linear_dx(g->dq + query * a->d, true, ds, k, b.rows, a->d, b.keys));
    if (g->dk) /* dk = ds^T q */
        multiply(p, lane, mlk_linear_dw(g->dk + key * a->d, true, ds, q, b.rows, a->d, b.keys));
    if (g->dv) /* dv = p^T dy */
        multiply(p, lane, mlk_linear_dw(g->dv + key * a->m, true, s, dy, b.rows, a->m, b.keys));
}

static void backward_lane(void *arg, mlk_lane l)
{
    const pass *p = arg;
    int64_t blocks = blocks_of(p->a);
    for (int64_t i = l.begin * blocks; i < l.end * blocks; i++)
        block_back(p, p->work + (size_t)l.index * p->lane, nth(p->a, i));
}

void mlk_attention_backward(ml_kernel body, const mlk_attention_grads *g, const ml_real *dy,
                            const ml_real *y, const mlk_attention *a, void *work)
{
    mlk_attention_clear(g, a);
    if (is_empty(a))
        return;
    pass p = pass_of(body, a, work);
    p.g = g;
    p.dy = dy;
    p.y = y;
    mlk_run_lanes(a->batch, g->shared ? 1 : backward_lanes(a), backward_lane, &p);
}
