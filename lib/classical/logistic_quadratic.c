/* logistic_quadratic.c -- the parabola that Newton's method sees, and its minimum where an l1 penalty is added
 *
 * Hessian    of sum share loss, with A the design and a column of ones:   two classes   A^T diag(share p (1-p)) A
 *            K classes, block (k,l):   A^T diag(share p_k ([k is l] - p_l)) A
 * Penalty    l2 on the diagonal
 * Damping    a share of the mean diagonal: where the minimum is not a single place (all classes' scores may rise together;
 *            columns may depend on each other) the step has no part in such directions, as the slope has none
 * Minimum    one number after the other, as in lasso: each step is a parabola and a kink
 * Paper      Boehning 1992 (softmax); Friedman, Hastie, Tibshirani 2010         docs/math/logistic-regression.md
 */
#include "classical/logistic.h"

#include "linalg/vector.h"

#include <math.h>

/* Block (c,e) from G, row after row. */
static void place(const mli_logistic *p, double *h, const double *g, int64_t c, int64_t e, double sign)
{
    int64_t size = p->k * p->width;
    for (int64_t i = 0; i < p->width; i++)
        for (int64_t j = 0; j < p->width; j++) {
            double v = sign * g[i * p->width + j];
            h[(c * p->width + i) * size + e * p->width + j] = v;
            h[(e * p->width + i) * size + c * p->width + j] = v;
        }
}

static ml_status block(const mli_logistic *p, double *h, int64_t c, int64_t e, double *factor, double *g)
{
    const mli_beside ones = {NULL};
    for (int64_t i = 0; i < p->design.x.rows; i++) {
        const double *own = p->p + i * p->k;
        factor[i] = p->share[i] * own[c] * (c == e ? 1 - own[c] : own[e]);
    }
    ml_status s = mli_gram(&p->design, factor, &ones, 1, g);
    if (!s)
        place(p, h, g, c, e, c == e ? 1 : -1);
    return s;
}

static void finish(const mli_logistic *p, double damping, double *h)
{
    int64_t size = p->k * p->width;
    double sum = 0;
    for (int64_t i = 0; i < size; i++)
        sum += h[i * size + i];
    for (int64_t i = 0; i < size; i++) {
        int64_t j = i % p->width;
        h[i * size + i] += damping * sum / (double)size + (j + 1 < p->width ? p->l2[j] : 0);
        if (p->opts->no_intercept && j + 1 == p->width)
            for (int64_t o = 0; o < size; o++)
                h[i * size + o] = h[o * size + i] = o == i;
    }
}

ml_status mli_logistic_hessian(const mli_logistic *p, double damping, double *h)
{
    double *factor = mli_alloc((size_t)p->design.x.rows * sizeof *factor);
    double *g = mli_alloc((size_t)(p->width * p->width) * sizeof *g);
    ml_status s = factor && g ? ML_OK : ML_ENOMEM;
    for (int64_t c = 0; c < p->k && !s; c++)
        for (int64_t e = 0; e <= c && !s; e++)
            s = block(p, h, c, e, factor, g);
    if (!s)
        finish(p, damping, h);
    mli_free(factor);
    mli_free(g);
    return s;
}

/* ---- with a kink at u = 0 ---- */

static double l1_of(const double *l1, int64_t i, int64_t width)
{
    return l1 && i % width + 1 < width ? l1[i % width] : 0;
}

static double left_of(double g, double l, double u)
{
    return u > 0 ? fabs(g + l) : u < 0 ? fabs(g - l) : fmax(fabs(g) - l, 0);
}

double mli_slope_left(const double *g, const double *l1, const double *u, int64_t size, int64_t width)
{
    double most = 0;
    for (int64_t i = 0; i < size; i++)
        most = fmax(most, left_of(g[i], l1_of(l1, i, width), u[i]));
    return most;
}

void mli_quadratic_l1(const double *h, const double *g, const double *l1, const double *u, int64_t size, int64_t width, double tol,
                      double *d, double *hd)
{
    enum { PASSES = 10000 };
    double enough = tol * mli_slope_left(g, l1, u, size, width), most = INFINITY;
    for (int64_t i = 0; i < size; i++)
        d[i] = hd[i] = 0;
    for (int pass = 0; pass < PASSES && most > enough; pass++) {
        most = 0;
        for (int64_t i = 0; i < size; i++) {
            double l = l1_of(l1, i, width), slope = g[i] + hd[i], curve = h[i * size + i], was = u[i] + d[i];
            most = fmax(most, left_of(slope, l, was));
            double a = curve * was - slope, step = copysign(fmax(fabs(a) - l, 0), a) / curve - was;
            if (!(curve > 0) || step == 0)
                continue;
            d[i] = was + step == 0 ? -u[i] : d[i] + step; /* exactly 0 where it should be */
            mli_axpy(hd, step, h + i * size, size);
        }
    }
}
