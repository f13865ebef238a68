/* least_squares.c -- minimum over u of |A u - y|
 *
 * Shapes     A (N,D)     y (N)     [A y] = Q R, R (D+1,D+1): its last column is c = Q^T y, and below it the length of y - A u
 * Why QR     A u - y = Q (R u - c) - rest; Q changes no length, so R u = c is the answer. X^T X, whose condition is the square
 *            of A's, is never formed
 * Tall       a lane of rows at a time: R so far on top, the next rows under it, QR again; then the lanes' R on each other. The rows
 *            are read once, and stay in the cache while the mirrors pass over them
 * Ridge      |A u - y|^2 + |L u|^2, L diagonal, is least squares of the rows of L under A, with zeros under y
 * Rank       R again with columns exchanged, the longest that is left first: R P = Q' R'. Where R'[k,k] is nothing beside R'[0,0], the
 *            columns from there on are sums of the others
 * Shortest   then R'_1 u = c'_1, fewer rows than columns. With t = inverse u as unknown: M t = c', M^T = Q" R", and
 *            t = Q" R"^-T c' has no part that M does not see
 * Source     Golub and Van Loan 2013, 5.3.3, 5.4.1, 5.5.6; Demmel and others 2012 (tall)    Derivation  docs/math/qr.md
 */
#include "linalg/least_squares.h"

#include "linalg/qr.h"
#include "linalg/vector.h"

#include <float.h>
#include <string.h>

/* ---- [A y] to a triangle ---- */

typedef struct tall {
    const mli_design *d;
    const double *y;
    int64_t p, rows, lanes, size; /* columns of [A y]; rows under R at a time; numbers that a lane has */
    double *scratch;              /* of each lane: (p + rows, p) column after column, the diagonal, rows of the design */
} tall;

/* R, and its diagonal, to the top of a matrix with `height` rows, zeros below. */
static void settle(double *a, const double *diagonal, int64_t height, int64_t p)
{
    for (int64_t j = 0; j < p; j++) {
        a[j * height + j] = diagonal[j];
        memset(a + j * height + j + 1, 0, (size_t)(height - j - 1) * sizeof *a);
    }
}

static ml_status one_lane(void *arg, int64_t lane)
{
    const tall *t = arg;
    const mli_design *d = t->d;
    int64_t p = t->p, height = p + t->rows, columns = p - 1, end = mli_lane_begin(d->x.rows, t->lanes, lane + 1), n;
    double *a = t->scratch + lane * t->size, *diagonal = a + height * p, *rows = diagonal + p;
    memset(a, 0, (size_t)(height * p) * sizeof *a);
    for (int64_t i = mli_lane_begin(d->x.rows, t->lanes, lane); i < end; i += n) {
        n = end - i < t->rows ? end - i : t->rows;
        mli_design_rows(d, i, n, rows);
        for (int64_t r = 0; r < n; r++) {
            double root = d->weight ? sqrt(d->weight[i + r]) : 1, *to = a + p + r;
            for (int64_t j = 0; j < columns; j++)
                to[j * height] = root * rows[r * columns + j];
            to[columns * height] = root * t->y[i + r];
        }
        mli_qr(a, height, p, diagonal);
        settle(a, diagonal, height, p);
    }
    return ML_OK;
}

/* The lanes' triangles on each other, the ridge under them: r (p,p) column after column, its diagonal in place. */
static ml_status stack(const tall *t, const double *ridge, double *r)
{
    int64_t p = t->p, height = t->lanes * p + p, from = p + t->rows;
    double *a = mli_calloc((size_t)p, (size_t)(height + 1) * sizeof *a);
    if (!a)
        return ML_ENOMEM;
    double *diagonal = a + height * p;
    for (int64_t lane = 0; lane < t->lanes; lane++)
        for (int64_t j = 0; j < p; j++)
            memcpy(a + j * height + lane * p, t->scratch + lane * t->size + j * from, (size_t)p * sizeof *a);
    for (int64_t j = 0; j + 1 < p && ridge; j++)
        a[j * height + t->lanes * p + j] = ridge[j];
    mli_qr(a, height, p, diagonal);
    settle(a, diagonal, height, p);
    for (int64_t j = 0; j < p; j++)
        memcpy(r + j * p, a + j * height, (size_t)p * sizeof *r);
    mli_free(a);
    return ML_OK;
}

/* ---- R u = c, where columns may depend on each other ---- */

typedef struct square {
    double *r;      /* (D,D+1) column after column, the last one c */
    int64_t d;
    int64_t *order; /* column k of r is column order[k] of the design */
} square;

static void exchange(square *s, int64_t j, int64_t k)
{
    for (int64_t i = 0; i < s->d && j != k; i++) {
        double f = s->r[j * s->d + i];
        s->r[j * s->d + i] = s->r[k * s->d + i];
        s->r[k * s->d + i] = f;
    }
    int64_t was = s->order[j];
    s->order[j] = s->order[k], s->order[k] = was;
}

/* Triangular again, the longest column that is left first; how many are longer than `least` of the first. Of one column mli_qr makes
 * one mirror, which then passes over the columns to its right. */
static int64_t reveal(square *s, double least)
{
    int64_t d = s->d;
    double first = 0;
    for (int64_t k = 0; k < d; k++) {
        int64_t longest = k;
        double most = -1;
        for (int64_t j = k; j < d; j++) {
            double length = mli_dot(s->r + j * d + k, s->r + j * d + k, d - k);
            if (length > most)
                most = length, longest = j;
        }
        exchange(s, k, longest);
        first = k ? first : sqrt(most);
        if (!(sqrt(most) > least * first))
            return k;
        double *v = s->r + k * d + k, diagonal;
        mli_qr(v, d - k, 1, &diagonal);
        for (int64_t j = k + 1; j <= d; j++)
            mli_axpy(s->r + j * d + k, -2 * mli_dot(v, s->r + j * d + k, d - k), v, d - k);
        *v = diagonal;
    }
    return d;
}

static void back_substitute(const square *s, double *u)
{
    int64_t d = s->d;
    double *c = s->r + d * d;
    for (int64_t j = d - 1; j >= 0; j--) {
        c[j] /= s->r[j * d + j];
        mli_axpy(c, -c[j], s->r + j * d, j);
        u[s->order[j]] = c[j];
    }
}

/* The shortest of many. room: 2 D rank + rank numbers. */
static void shortest(const square *s, int64_t rank, const double *inverse, double *u, double *room)
{
    int64_t d = s->d;
    double *m = room, *q = m + d * rank, *diagonal = q + d * rank, *c = s->r + d * d;
    for (int64_t i = 0; i < rank; i++)
        for (int64_t j = 0; j < d; j++) /* what lies below the diagonal of r is mirrors */
            m[i * d + j] = j < i || inverse[s->order[j]] == 0 ? 0 : s->r[j * d + i] / inverse[s->order[j]];
    mli_qr(m, d, rank, diagonal);
    mli_qr_q(q, m, d, rank);
    for (int64_t i = 0; i < rank; i++)
        c[i] = (c[i] - mli_dot(m + i * d, c, i)) / diagonal[i];
    memset(u, 0, (size_t)d * sizeof *u);
    for (int64_t j = 0; j < d; j++)
        for (int64_t i = 0; i < rank && inverse[s->order[j]] > 0; i++)
            u[s->order[j]] += q[i * d + j] * c[i] / inverse[s->order[j]];
}

static ml_status solve(const double *r, int64_t p, const double *inverse, double least, double *u, int64_t *rank)
{
    int64_t d = p - 1;
    square s = {.d = d};
    s.r = mli_alloc((size_t)(d * p) * sizeof *s.r);
    s.order = mli_alloc((size_t)d * sizeof *s.order);
    double *room = NULL;
    bool whole = s.r && s.order;
    for (int64_t j = 0; j < p && whole; j++)
        memcpy(s.r + j * d, r + j * p, (size_t)d * sizeof *r);
    for (int64_t j = 0; j < d && whole; j++)
        s.order[j] = j;
    *rank = whole ? reveal(&s, least) : 0;
    if (whole && *rank < d)
        whole = (room = mli_alloc((size_t)(*rank * (2 * d + 1)) * sizeof *room)) != NULL;
    if (whole && room)
        shortest(&s, *rank, inverse, u, room);
    else if (whole)
        back_substitute(&s, u);
    mli_free(room);
    mli_free(s.r);
    mli_free(s.order);
    return whole ? ML_OK : ML_ENOMEM;
}

ml_status mli_least_squares(const mli_design *d, const double *y, const double *ridge, double *u, int64_t *rank)
{
    tall t = {.d = d, .y = y, .p = d->x.columns + 1};
    int64_t p = t.p, size;
    if (!mli_shape_size(2, (int64_t[]){40 * p + 256, 2 * p}, &size))
        return mli_fail(ML_ENOMEM, "least squares: %lld columns are too many", (long long)p);
    t.rows = p < 32 ? 128 : 4 * p;
    t.size = (p + t.rows + 1) * p + t.rows * (p - 1);
    t.lanes = mli_row_lanes(d->x.rows, t.size);
    t.scratch = mli_alloc((size_t)(t.lanes * t.size) * sizeof *t.scratch);
    double *r = t.scratch ? mli_alloc((size_t)(p * p) * sizeof *r) : NULL;
    ml_status s = r ? ML_OK : ML_ENOMEM;
    if (!s) {
        ml_parallel_for(t.lanes, one_lane, &t); /* one_lane cannot fail */
        s = stack(&t, ridge, r);
    }
    mli_free(t.scratch);
    int64_t found = 0;
    if (!s)
        s = solve(r, p, d->inverse, fmin(1e-10, DBL_EPSILON * (double)(d->x.rows > p ? d->x.rows : p)), u, &found);
    mli_free(r);
    if (rank)
        *rank = found;
    return s;
}
