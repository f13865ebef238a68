/* bmm.c -- matrix products by the batch:  C[i] = A[i] B[i]
 *
 * Shapes     A (B,M,K)   B (B,K,N)   C (B,M,N); A or B may be one matrix for all i
 * Forward    C[i] = A[i] B[i]
 * Backward   dA[i] = dC[i] B[i]^T      dB[i] = A[i]^T dC[i]
 *            One matrix for all serves every product, so its gradient is the sum over i.
 * Saves      nothing         Cost  2 B M N K flops
 * Derivation docs/math/matmul.md
 *
 * Each product is gemm's, in one of its bodies. What is here: which of them are one larger product in
 * truth, and which run side by side.
 */
#include "kernels/bmm.h"

#include "kernels/lanes.h"

/* Multiply-adds: a lane should have LEAST or more; a product of LARGE is cut into enough chunks by
 * gemm itself. */
enum { LEAST = 1 << 18, LARGE = 1 << 22 };

/* Product number i. The first of a sum overwrites or adds as asked, the others add. */
static mlk_gemm_args nth(const mlk_bmm_args *b, int64_t i)
{
    mlk_gemm_args g = b->first;
    g.a += i * b->a_next;
    g.b += i * b->b_next;
    g.c += i * b->c_next;
    g.add = g.add || (b->c_next == 0 && i > 0);
    return g;
}

/* No product gives a C of no numbers; a sum of no terms, be it that there are no products or that each
 * has none, is 0, as one product of no terms is. */
static mlk_bmm_args without_nothing(mlk_bmm_args b)
{
    if (b.first.m == 0 || b.first.n == 0)
        b.count = 0;
    else if (b.c_next == 0 && (b.count == 0 || b.first.k == 0)) {
        b.first.k = 0;
        b.count = 1;
    }
    return b;
}

void mlk_bmm_ref(const mlk_bmm_args *args)
{
    mlk_bmm_args b = without_nothing(*args);
    for (int64_t i = 0; i < b.count; i++) {
        mlk_gemm_args g = nth(&b, i);
        mlk_gemm_ref(&g);
    }
}

/* ---- fast ---- */

/* With one B for all, the rows of all A[i], where they lie one below the other, are the rows of one
 * product. A sum over i of sums over p is one longer sum, where A and B go on in the same steps. */
static mlk_bmm_args folded(const mlk_bmm_args *args)
{
    mlk_bmm_args b = without_nothing(*args);
    mlk_gemm_args *g = &b.first;
    if (b.b_next == 0 && b.a_next == g->m * g->a_row && b.c_next == g->m * g->c_row)
        g->m *= b.count;
    else if (b.c_next == 0 && b.a_next == g->k * g->a_col && b.b_next == g->k * g->b_row)
        g->k *= b.count;
    else
        return b;
    b.count = 1;
    return b;
}

/* By the shape alone. A sum is taken in its order. */
static int64_t lanes_of(const mlk_bmm_args *b)
{
    double each = (double)b->first.m * (double)b->first.n * (double)b->first.k;
    if (b->c_next == 0 || each >= LARGE)
        return 1;
    return mlk_lanes(b->count, 1 + (int64_t)(LEAST / (each + 1)), MLK_LANES_MAX);
}

/* Bytes of one lane: those of a product, and up to the next 64-byte boundary. */
static size_t lane_work(ml_kernel body, const mlk_bmm_args *b)
{
    return (mlk_gemm_workspace(body, &b->first) + 63) / 64 * 64;
}

size_t mlk_bmm_workspace(ml_kernel body, const mlk_bmm_args *args)
{
    if (body == ML_KERNEL_REF)
        return 0;
    mlk_bmm_args b = folded(args);
    return (size_t)lanes_of(&b) * lane_work(body, &b);
}

typedef struct job {
    const mlk_bmm_args *b;
    ml_kernel body;
    char *work;
} job;

static void run_lane(void *arg, mlk_lane l)
{
    const job *j = arg;
    char *work = j->work ? j->work + (size_t)l.index * lane_work(j->body, j->b) : NULL;
    for (int64_t i = l.begin; i < l.end; i++) {
        mlk_gemm_args g = nth(j->b, i);
        mlk_gemm(j->body, &g, work);
    }
}

void mlk_bmm(ml_kernel body, const mlk_bmm_args *args, void *work)
{
    if (body == ML_KERNEL_REF) {
        mlk_bmm_ref(args);
        return;
    }
    mlk_bmm_args b = folded(args);
    mlk_run_lanes(b.count, lanes_of(&b), run_lane, &(job){&b, body, work});
}
