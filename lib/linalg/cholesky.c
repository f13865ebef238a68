/* cholesky.c -- A = L L^T
 *
 * Shapes     A (N,N), symmetric     L (N,N), zero above its diagonal
 * Row i      A[i,j] = sum_k<=j L[i,k] L[j,k], so   L[i,j] = (A[i,j] - sum_k<j L[i,k] L[j,k]) / L[j,j]    for j < i
 *                                                  L[i,i]^2 = A[i,i] - sum_k<i L[i,k]^2
 * Left over  of A[i,i], the square of column i of an X with A = X^T X: what the columns before it do not explain. Zero
 *            or less says that it is a sum of them
 * Blocks     of 64 columns: their triangle by the formulas; the rows below it against that; then all that is right of them
 *            loses P P^T, P the rows below: where the work is, in registers (syrk.c) and on all threads
 * Solve      L y = b from the top, L^T x = y from the bottom
 * Cost       N^3 / 3 flops, 2 N^2 to solve
 * Source     Cholesky 1910; Golub and Van Loan 2013, algorithms 4.2.1, 4.2.4    Derivation  docs/math/cholesky.md
 */
#include "linalg/cholesky.h"

#include "linalg/syrk.h"
#include "linalg/vector.h"

enum { BLOCK = 64, STRIPS = 8 };

typedef struct work {
    double *a;
    int64_t n, begin, end; /* of the columns of the block */
    double *packed;        /* the rows below it, turned */
} work;

static double *row(const work *w, int64_t i)
{
    return w->a + i * w->n;
}

/* L[i,j] for j in begin .. last-1, of columns before `begin` nothing is left. */
static void reduce_row(const work *w, int64_t i, int64_t last)
{
    for (int64_t j = w->begin; j < last; j++)
        row(w, i)[j] = (row(w, i)[j] - mli_dot(row(w, i) + w->begin, row(w, j) + w->begin, j - w->begin)) / row(w, j)[j];
}

/* Whether enough is left of A[j,j]. */
static bool diagonal(const work *w, int64_t j, double least)
{
    const double *l = row(w, j);
    double left = l[j] - mli_dot(l + w->begin, l + w->begin, j - w->begin);
    double whole = left + mli_dot(l, l, j);
    if (!(left > 0 && left >= least * whole))
        return false;
    row(w, j)[j] = sqrt(left);
    return true;
}

static ml_status rows_below(void *arg, int64_t chunk)
{
    const work *w = arg;
    int64_t k = w->end - w->begin, first = w->end + chunk * BLOCK;
    for (int64_t i = first; i < w->n && i < first + BLOCK; i++) {
        reduce_row(w, i, w->end);
        for (int64_t p = 0; p < k; p++)
            w->packed[mli_syrk_at(k, p, i - w->end)] = row(w, i)[w->begin + p];
    }
    return ML_OK;
}

static ml_status take_away(void *arg, int64_t chunk)
{
    const work *w = arg;
    int64_t n = w->n - w->end, strips = mli_syrk_strips(n), first = chunk * STRIPS;
    mli_syrk(row(w, w->end) + w->end, w->n, n, w->packed, w->end - w->begin, -1, first,
             first + STRIPS < strips ? first + STRIPS : strips);
    return ML_OK;
}

static int64_t factor(work *w, double least)
{
    for (w->begin = 0; w->begin < w->n; w->begin = w->end) {
        w->end = w->begin + BLOCK < w->n ? w->begin + BLOCK : w->n;
        for (int64_t j = w->begin; j < w->end; j++) {
            reduce_row(w, j, j);
            if (!diagonal(w, j, least))
                return j;
        }
        int64_t below = w->n - w->end;
        for (int64_t j = below; j < mli_syrk_panels(below) * MLI_SYRK_WIDE; j++)
            for (int64_t p = 0; p < BLOCK; p++)
                w->packed[mli_syrk_at(BLOCK, p, j)] = 0;
        ml_parallel_for((below + BLOCK - 1) / BLOCK, rows_below, w); /* neither can fail */
        ml_parallel_for((mli_syrk_strips(below) + STRIPS - 1) / STRIPS, take_away, w);
    }
    return -1;
}

ml_status mli_cholesky(double *a, int64_t n, double least, int64_t *column)
{
    work w = {.a = a, .n = n};
    size_t bytes;
    if (!mli_mul_size((size_t)(n + MLI_SYRK_WIDE), BLOCK * sizeof *a, &bytes))
        return mli_fail(ML_ENOMEM, "cholesky: a matrix of %lld columns is too large", (long long)n);
    if (n > BLOCK && !(w.packed = mli_alloc(bytes)))
        return ML_ENOMEM;
    int64_t bad = factor(&w, least);
    mli_free(w.packed);
    if (column)
        *column = bad;
    if (bad < 0)
        return ML_OK;
    return mli_fail(ML_EINVAL, "cholesky: the matrix is not positive definite: nothing is left of column %lld but rounding",
                    (long long)bad);
}

void mli_cholesky_solve(const double *l, int64_t n, double *b)
{
    for (int64_t i = 0; i < n; i++)
        b[i] = (b[i] - mli_dot(l + i * n, b, i)) / l[i * n + i];
    for (int64_t i = n - 1; i >= 0; i--) {
        b[i] /= l[i * n + i];
        mli_axpy(b, -b[i], l + i * n, i);
    }
}

double mli_cholesky_share(const double *l, int64_t n)
{
    double share = 1;
    for (int64_t j = 0; j < n; j++) {
        const double *r = l + j * n;
        share = fmin(share, r[j] * r[j] / mli_dot(r, r, j + 1));
    }
    return share;
}
