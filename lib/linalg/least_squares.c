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
 * Wide       N < D, no ridge: with B = A / inverse, B t = A u. B^T = Q R, so B t = R^T z, z = Q^T t: N equations with N unknowns,
 *            and the shortest t is Q z with the shortest z. 2DN^2 flops instead of D^3
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

/* t = Q t of the first `count` mirrors in m (rows,count), which mli_qr left there; t has `rows` numbers, the last of them zeros. */
static void turn(const double *m, int64_t rows, int64_t count, double *t)
{
    for (int64_t j = count - 1; j >= 0; j--) {
        const double *v = m + j * rows + j;
        mli_axpy(t + j, -2 * mli_dot(v, t + j, rows - j), v, rows - j);
    }
}

static double scale_of(const double *inverse, int64_t j)
{
    return inverse ? inverse[j] : 1;
}

/* The shortest of many. room: D (rank + 2) numbers. */
static void shortest(const square *s, int64_t rank, const double *inverse, double *u, double *room)
{
    int64_t d = s->d;
    double *m = room, *diagonal = m + d * rank, *t = diagonal + d, *c = s->r + d * d;
    for (int64_t i = 0; i < rank; i++)
        for (int64_t j = 0; j < d; j++) { /* what lies below the diagonal of r is mirrors */
            double scale = scale_of(inverse, s->order[j]);
            m[i * d + j] = j < i || scale == 0 ? 0 : s->r[j * d + i] / scale;
        }
    mli_qr(m, d, rank, diagonal);
    memset(t, 0, (size_t)d * sizeof *t);
    for (int64_t i = 0; i < rank; i++)
        t[i] = (c[i] - mli_dot(m + i * d, t, i)) / diagonal[i];
    turn(m, d, rank, t);
    for (int64_t j = 0; j < d; j++) {
        double scale = scale_of(inverse, s->order[j]);
        u[s->order[j]] = scale > 0 ? t[j] / scale : 0;
    }
}

static ml_status square_new(square *s, int64_t d)
{
    *s = (square){.d = d, .r = mli_calloc((size_t)d, (size_t)(d + 1) * sizeof *s->r), .order = mli_alloc((size_t)d * sizeof *s->order)};
    for (int64_t j = 0; j < d && s->order; j++)
        s->order[j] = j;
    return s->r && s->order ? ML_OK : ML_ENOMEM;
}

static void square_free(square *s)
{
    mli_free(s->r);
    mli_free(s->order);
}

/* inverse NULL: 1 each. */
static ml_status solve(square *s, const double *inverse, int64_t rows, double *u, int64_t *rank)
{
    int64_t d = s->d;
    *rank = reveal(s, fmin(1e-10, DBL_EPSILON * (double)(rows > d ? rows : d)));
    if (*rank == d) {
        back_substitute(s, u);
        return ML_OK;
    }
    double *room = mli_alloc((size_t)(d * (*rank + 2)) * sizeof *room);
    if (!room)
        return ML_ENOMEM;
    shortest(s, *rank, inverse, u, room);
    mli_free(room);
    return ML_OK;
}

/* ---- the two shapes ---- */

static ml_status tall_solve(const mli_design *d, const double *y, const double *ridge, double *u, int64_t *rank)
{
    tall t = {.d = d, .y = y, .p = d->x.columns + 1};
    int64_t p = t.p;
    square q = {0};
    t.rows = p < 32 ? 128 : 4 * p;
    t.size = (p + t.rows + 1) * p + t.rows * (p - 1);
    t.lanes = mli_row_lanes(d->x.rows, t.size);
    t.scratch = mli_alloc((size_t)(t.lanes * t.size) * sizeof *t.scratch);
    double *r = t.scratch ? mli_alloc((size_t)(p * p) * sizeof *r) : NULL;
    ml_status s = r ? square_new(&q, p - 1) : ML_ENOMEM;
    if (!s) {
        ml_parallel_for(t.lanes, one_lane, &t); /* one_lane cannot fail */
        s = stack(&t, ridge, r);
    }
    for (int64_t j = 0; j < p && !s; j++)
        memcpy(q.r + j * q.d, r + j * p, (size_t)q.d * sizeof *r);
    mli_free(t.scratch);
    mli_free(r);
    if (!s)
        s = solve(&q, d->inverse, d->x.rows, u, rank);
    square_free(&q);
    return s;
}

/* b (D,N), column after column: B^T, each row of B by the root of its weight. y goes beside R^T. */
static void turn_over(const mli_design *d, const double *y, double *b, square *q)
{
    int64_t n = d->x.rows, columns = d->x.columns;
    mli_design_rows(d, 0, n, b);
    for (int64_t i = 0; i < n; i++) {
        double root = d->weight ? sqrt(d->weight[i]) : 1;
        for (int64_t j = 0; j < columns; j++)
            b[i * columns + j] *= d->inverse[j] > 0 ? root / d->inverse[j] : 0;
        q->r[n * n + i] = root * y[i];
    }
}

static ml_status wide_solve(const mli_design *d, const double *y, double *u, int64_t *rank)
{
    int64_t n = d->x.rows, columns = d->x.columns;
    square q;
    double *b = mli_alloc((size_t)(n * columns) * sizeof *b), *z = mli_calloc((size_t)(columns + n), sizeof *z);
    ml_status s = square_new(&q, n);
    if (!s && b && z) {
        turn_over(d, y, b, &q);
        mli_qr(b, columns, n, z + columns);
        for (int64_t j = 0; j < n; j++)
            for (int64_t i = j; i < n; i++)
                q.r[j * n + i] = i == j ? z[columns + j] : b[i * columns + j];
        s = solve(&q, NULL, columns, z, rank);
    }
    if (!s && b && z) {
        turn(b, columns, n, z);
        for (int64_t j = 0; j < columns; j++)
            u[j] = d->inverse[j] > 0 ? z[j] / d->inverse[j] : 0;
    }
    s = b && z ? s : ML_ENOMEM;
    square_free(&q);
    mli_free(b);
    mli_free(z);
    return s;
}

ml_status mli_least_squares(const mli_design *d, const double *y, const double *ridge, double *u, int64_t *rank)
{
    int64_t columns = d->x.columns, found, size;
    ml_status s;
    if (d->x.rows < columns && !ridge)
        s = wide_solve(d, y, u, &found);
    else if (!mli_shape_size(2, (int64_t[]){40 * columns + 300, 2 * columns + 2}, &size))
        return mli_fail(ML_ENOMEM, "least squares: %lld columns are too many", (long long)columns);
    else
        s = tall_solve(d, y, ridge, u, &found);
    if (rank)
        *rank = s ? 0 : found;
    return s;
}
