/* design_pass.c -- scores of rows, their losses, and what each column of the design had to do with them
 *
 * Shapes     A (N,D), the design     u (K,D+1), its last column the intercepts     z, dz (N,K)
 * Forward    z = A u^T                        Backward    du = dz^T A
 * By blocks  of rows that stay in the first-level cache from the one product to the other: A is read once a pass from memory,
 *            which is what a pass costs
 * Derivation docs/math/logistic-regression.md
 */
#include "linalg/design.h"

#include "linalg/vector.h"

#include <string.h>

enum { CACHE = 3072 }; /* numbers of a block of rows: 24 KB */

typedef struct pass {
    const mli_design *d;
    const double *u;
    int64_t k, width, lanes, rows, size;
    mli_row_losses *losses;
    void *user;
    double *scratch; /* of each lane: the gradient, the value, z, rows */
} pass;

/* g += dz[0] row_0 + dz[1] row_1 + ..., four rows at a time: g is loaded and stored once for them. dz[i] is at dz[i k]. */
static void add_rows(double *restrict g, const double *restrict rows, const double *dz, int64_t k, int64_t n, int64_t columns)
{
    int64_t i = 0;
    for (; i + 4 <= n; i += 4, rows += 4 * columns) {
        double a = dz[i * k], b = dz[(i + 1) * k], c = dz[(i + 2) * k], e = dz[(i + 3) * k];
        const double *p = rows, *q = p + columns, *r = q + columns, *s = r + columns;
        for (int64_t j = 0; j < columns; j++)
            g[j] += (a * p[j] + b * q[j]) + (c * r[j] + e * s[j]);
    }
    for (; i < n; i++, rows += columns)
        mli_axpy(g, dz[i * k], rows, columns);
}

static ml_status one_lane(void *arg, int64_t lane)
{
    const pass *p = arg;
    int64_t columns = p->width - 1, k = p->k, end = mli_lane_begin(p->d->x.rows, p->lanes, lane + 1), n;
    double *g = p->scratch + lane * p->size, *value = g + k * p->width, *z = value + 1, *rows = z + p->rows * k;
    memset(g, 0, (size_t)(k * p->width + 1) * sizeof *g);
    for (int64_t i = mli_lane_begin(p->d->x.rows, p->lanes, lane); i < end; i += n) {
        n = end - i < p->rows ? end - i : p->rows;
        mli_design_rows(p->d, i, n, rows);
        for (int64_t r = 0; r < n; r++)
            for (int64_t c = 0; c < k; c++)
                z[r * k + c] = p->u[c * p->width + columns] + mli_dot(rows + r * columns, p->u + c * p->width, columns);
        *value += p->losses(p->user, i, n, z);
        for (int64_t c = 0; c < k; c++) {
            add_rows(g + c * p->width, rows, z + c, k, n, columns);
            for (int64_t r = 0; r < n; r++)
                g[c * p->width + columns] += z[r * k + c];
        }
    }
    return ML_OK;
}

ml_status mli_design_pass(const mli_design *d, const double *u, int64_t k, mli_row_losses *f, void *user, double *value,
                          double *gradient)
{
    int64_t width = d->x.columns + 1, rows = CACHE / width < 4 ? 4 : CACHE / width > 256 ? 256 : CACHE / width;
    pass p = {.d = d, .u = u, .k = k, .width = width, .rows = rows, .losses = f, .user = user};
    p.size = k * width + 1 + rows * k + rows * width;
    p.lanes = mli_row_lanes(d->x.rows, p.size);
    if (!(p.scratch = mli_calloc((size_t)p.lanes, (size_t)p.size * sizeof *p.scratch)))
        return ML_ENOMEM;
    ml_parallel_for(p.lanes, one_lane, &p); /* one_lane cannot fail */
    memcpy(gradient, p.scratch, (size_t)(k * width) * sizeof *gradient);
    *value = p.scratch[k * width];
    for (int64_t lane = 1; lane < p.lanes; lane++) {
        mli_axpy(gradient, 1, p.scratch + lane * p.size, k * width);
        *value += p.scratch[lane * p.size + k * width];
    }
    mli_free(p.scratch);
    return ML_OK;
}
