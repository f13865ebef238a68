/* linear_coordinate.c -- lasso and elastic net, one coefficient at a time
 *
 * Problem    minimize over u  P(u) = 1/2 |y - A u|^2 + sum_d l1[d] |u[d]| + 1/2 sum_d l2[d] u[d]^2     (rows by their weights)
 * Given      the design A (N,D), y (N), l1, l2 (D)
 * Returns    u (D), many of its numbers exactly 0
 * One        with all others fixed P is a parabola and a kink in u[d], least at
 *                soft(q_d - sum_k!=d G[d,k] u[k], l1[d]) / (G[d,d] + l2[d]),    G = A^T A,  q = A^T y,
 *                soft(a, l) = sign(a) max(|a| - l, 0)
 * Pass       over all d; h = G u is kept, so that a number that does not change costs nothing. The rows are read once, for G
 * Stop       where the duality gap is within tol y.y. With r = y - A u and c = min(1, min_d l1[d] / |A_d.r - l2[d] u[d]|) the point
 *            c r is allowed in the dual problem, and no u has a P below
 *                c r.y - c^2/2 (r.r + sum l2 u^2)
 * Paper      Friedman, Hastie, Tibshirani 2010; the gap as in scikit-learn      docs/math/lasso.md
 */
#include "classical/linear.h"

#include "linalg/vector.h"

#include <float.h>
#include <math.h>

typedef struct descent {
    mli_linear *p;
    int64_t d, m; /* features; the rows of g are m apart, row d is q, and its last number y.y */
    const double *g;
    double *h;
} descent;

static double soft(double a, double l)
{
    return copysign(fmax(fabs(a) - l, 0), a);
}

/* The largest change that a number made to a fit: |change| sqrt(G[d,d]). */
static double pass(const descent *s)
{
    const mli_linear *p = s->p;
    double most = 0;
    for (int64_t j = 0; j < s->d; j++) {
        const double *row = s->g + j * s->m;
        double curve = row[j] + p->l2[j], was = p->u[j];
        if (!(row[j] > 0))
            continue; /* a constant column: u stays 0 */
        p->u[j] = soft(s->g[s->d * s->m + j] - s->h[j] + row[j] * was, p->l1[j]) / curve;
        if (p->u[j] == was)
            continue;
        mli_axpy(s->h, p->u[j] - was, row, s->d);
        most = fmax(most, fabs(p->u[j] - was) * sqrt(row[j]));
    }
    return most;
}

static double duality_gap(const descent *s)
{
    const mli_linear *p = s->p;
    const double *q = s->g + s->d * s->m, yy = q[s->d];
    double qu = mli_dot(q, p->u, s->d), rr = fmax(yy - 2 * qu + mli_dot(s->h, p->u, s->d), 0), c = 1, one = 0, two = 0;
    for (int64_t j = 0; j < s->d; j++) {
        double slope = fabs(q[j] - s->h[j] - p->l2[j] * p->u[j]);
        if (slope > p->l1[j] && p->design.inverse[j] > 0)
            c = fmin(c, p->l1[j] / slope);
        one += p->l1[j] * fabs(p->u[j]);
        two += p->l2[j] * p->u[j] * p->u[j];
    }
    return rr / 2 + one + two / 2 - c * (yy - qu) + c * c / 2 * (rr + two);
}

static void descend(const descent *s)
{
    mli_linear *p = s->p;
    double yy = s->g[s->d * s->m + s->d], tol = (p->opts->tol > 0 ? p->opts->tol : 1e-4) * yy;
    p->settled = false;
    for (p->steps = 0; p->steps < p->opts->max_iter && !p->settled;) {
        double change = pass(s);
        p->steps++;
        p->settled = duality_gap(s) <= tol || change <= DBL_EPSILON * sqrt(yy);
    }
}

ml_status mli_linear_coordinate(mli_linear *p)
{
    descent s = {.p = p, .d = p->design.x.columns, .m = p->design.x.columns + 1};
    int64_t size;
    if (!mli_shape_size(2, (int64_t[]){s.m + 1, s.m}, &size))
        return mli_fail(ML_ENOMEM, "linear: %lld features are too many for coordinate descent, which keeps their products",
                        (long long)s.d);
    double *g = mli_calloc((size_t)size, sizeof *g);
    if (!g)
        return ML_ENOMEM;
    const mli_beside y = {p->y};
    ml_status e = mli_gram(&p->design, NULL, &y, 1, g);
    s.g = g, s.h = g + s.m * s.m;
    if (!e)
        descend(&s);
    mli_free(g);
    return e;
}
