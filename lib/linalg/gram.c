/* gram.c -- G = A^T diag(f) A: each column of the design with each other
 *
 * Shapes     A (N,M): the design's D columns and those beside it     f (N), not negative     G (M,M), symmetric
 * By blocks  of rows: sqrt(f[n]) A[n,:] packed in panels of columns, on the way centred and scaled; then G += P^T P on half
 *            of the tiles (syrk.c). Each lane of rows has a G of its own; they are added in their order
 * Cost       N M^2 flops, and the memory of A once
 * Derivation docs/math/cholesky.md
 */
#include "linalg/design.h"

#include "linalg/syrk.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 128, WIDE = MLI_SYRK_WIDE };

typedef struct work {
    const mli_design *d;
    const double *factor;
    const mli_beside *beside;
    int64_t count, m, lanes, packed_size, size; /* of the packed block, and of all that a lane has */
    double *scratch;
} work;

/* n numbers of a row, side by side; n is a constant where that is worth it. */
static inline __attribute__((always_inline)) void pack_numbers(double *restrict to, const double *restrict v,
                                                               const double *restrict shift, const double *restrict inverse,
                                                               double root, int64_t n)
{
    for (int64_t c = 0; c < n; c++)
        to[c] = (v[c] - shift[c]) * inverse[c] * root;
}

/* Row after row, where numbers of a row lie side by side. */
static void pack_row(const mli_design *d, double *to, int64_t k, int64_t p, int64_t i, double root)
{
    const double *v = d->x.v + i * d->x.row_stride;
    int64_t j = 0, columns = d->x.columns;
    for (; j + WIDE <= columns; j += WIDE)
        pack_numbers(to + mli_syrk_at(k, p, j), v + j, d->shift + j, d->inverse + j, root, WIDE);
    if (j < columns)
        pack_numbers(to + mli_syrk_at(k, p, j), v + j, d->shift + j, d->inverse + j, root, columns - j);
}

static void pack_column(const mli_design *d, double *to, int64_t k, int64_t j, int64_t first, const double *roots)
{
    const double *v = d->x.v + first * d->x.row_stride + j * d->x.column_stride;
    double *t = to + mli_syrk_at(k, 0, j);
    for (int64_t p = 0; p < k; p++)
        t[p * WIDE] = (v[p * d->x.row_stride] - d->shift[j]) * d->inverse[j] * roots[p];
}

static void pack(const work *w, double *to, int64_t first, int64_t k)
{
    double roots[BLOCK];
    for (int64_t p = 0; p < k; p++)
        roots[p] = w->factor ? sqrt(w->factor[first + p]) : 1;
    for (int64_t p = 0; p < k && w->d->x.column_stride == 1; p++)
        pack_row(w->d, to, k, p, first + p, roots[p]);
    for (int64_t j = 0; j < w->d->x.columns && w->d->x.column_stride != 1; j++)
        pack_column(w->d, to, k, j, first, roots);
    for (int64_t c = 0; c < w->count; c++)
        for (int64_t p = 0; p < k; p++)
            to[mli_syrk_at(k, p, w->d->x.columns + c)] = (w->beside[c].v ? w->beside[c].v[first + p] : 1) * roots[p];
    for (int64_t j = w->m; j % WIDE; j++)
        for (int64_t p = 0; p < k; p++)
            to[mli_syrk_at(k, p, j)] = 0;
}

static ml_status one_lane(void *arg, int64_t lane)
{
    const work *w = arg;
    double *packed = w->scratch + lane * w->size, *g = packed + w->packed_size;
    int64_t rows = w->d->x.rows, end = mli_lane_begin(rows, w->lanes, lane + 1);
    memset(g, 0, (size_t)(w->m * w->m) * sizeof *g);
    for (int64_t i = mli_lane_begin(rows, w->lanes, lane); i < end; i += BLOCK) {
        int64_t k = end - i < BLOCK ? end - i : BLOCK;
        pack(w, packed, i, k);
        mli_syrk(g, w->m, w->m, packed, k, 1, 0, mli_syrk_strips(w->m));
    }
    return ML_OK;
}

ml_status mli_gram(const mli_design *d, const double *factor, const mli_beside *beside, int64_t count, double *g)
{
    work w = {.d = d, .factor = factor ? factor : d->weight, .beside = beside, .count = count, .m = d->x.columns + count};
    int64_t bytes, m = w.m;
    if (!mli_shape_size(2, (int64_t[]){m + 2 * WIDE + BLOCK, m + 2 * WIDE}, &bytes))
        return mli_fail(ML_ENOMEM, "a matrix of %lld x %lld numbers is too large", (long long)m, (long long)m);
    w.packed_size = mli_syrk_panels(m) * WIDE * BLOCK;
    w.size = w.packed_size + (m * m + WIDE) / 8 * 8; /* a multiple of 64 bytes, so that each lane's begins on such a boundary */
    w.lanes = mli_row_lanes(d->x.rows, w.size);
    if (!(w.scratch = mli_calloc((size_t)w.lanes, (size_t)w.size * sizeof *g)))
        return ML_ENOMEM;
    ml_parallel_for(w.lanes, one_lane, &w); /* one_lane cannot fail */
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0;
            for (int64_t lane = 0; lane < w.lanes; lane++)
                sum += w.scratch[lane * w.size + w.packed_size + i * m + j];
            g[i * m + j] = g[j * m + i] = sum;
        }
    mli_free(w.scratch);
    return ML_OK;
}
