/* logistic_newton.c -- logistic regression by parabolas
 *
 * Problem    minimize F(u) = f(u) + sum l1 |u|, f smooth and convex
 * Given      value and gradient of f, and its Hessian H
 * Returns    u where the slopes that are left are within tol
 * Step       d makes  g.d + 1/2 d.H d + sum l1 |u + d|  least: without l1 it is -H^-1 g, by Cholesky. Then u + t d with the first t of
 *            1, 1/2, 1/4, ... that brings F down by 1e-4 of what the slope promises
 * H          costs D times a gradient. Near the minimum it hardly changes: it is kept as long as whole steps each take nine tenths
 *            of the slopes away
 * Paper      Fisher 1925 (scoring); Friedman, Hastie, Tibshirani 2010; Lee, Sun, Saunders 2014    docs/math/logistic-regression.md
 */
#include "classical/logistic.h"

#include "linalg/cholesky.h"
#include "linalg/vector.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double KEEP = 0.1, DECREASE = 1e-4, INNER = 1e-2;

typedef struct newton {
    mli_logistic *p;
    const double *l1; /* NULL: none */
    int64_t size;
    double *u, *g, *d, *hd, *next, *next_g; /* size numbers each */
    double *h;                              /* H, or its Cholesky factor */
    double value, left;                     /* F, and the slopes that are left */
} newton;

static double kinks(const newton *w, const double *u)
{
    double sum = 0;
    for (int64_t i = 0; i < w->size && w->l1; i++)
        sum += i % w->p->width + 1 < w->p->width ? w->l1[i % w->p->width] * fabs(u[i]) : 0;
    return sum;
}

static ml_status look(newton *w, const double *u, double *g, double *value)
{
    ml_status s = mli_logistic_objective(w->p, u, value, g);
    *value += kinks(w, u);
    return s;
}

/* H at u, where the last look was. Where the classes are all but parted, H all but vanishes in some directions, and wants more to stand
 * on. */
static ml_status curve(newton *w)
{
    int64_t column = 0;
    ml_status s = ML_OK;
    for (double damping = 1e-10; damping < 1 && column >= 0; damping *= 1e3) {
        s = mli_logistic_hessian(w->p, damping, w->h);
        if (s || w->l1)
            return s;
        s = mli_cholesky(w->h, w->size, 0, &column);
    }
    return s;
}

/* d, and what F should change by along it. */
static double direction(newton *w)
{
    if (w->l1)
        mli_quadratic_l1(w->h, w->g, w->l1, w->u, w->size, w->p->width, INNER, w->d, w->hd);
    else {
        for (int64_t i = 0; i < w->size; i++)
            w->d[i] = -w->g[i];
        mli_cholesky_solve(w->h, w->size, w->d);
    }
    for (int64_t i = 0; i < w->size; i++)
        w->next[i] = w->u[i] + w->d[i];
    return mli_dot(w->g, w->d, w->size) + kinks(w, w->next) - kinks(w, w->u);
}

/* Moves u; *t is 0 where no step leads down, which near the minimum is rounding. */
static ml_status step(newton *w, double *t)
{
    enum { HALVINGS = 40 };
    double promise = direction(w), value;
    for (*t = 1; *t > ldexp(1, -HALVINGS); *t /= 2) {
        for (int64_t i = 0; i < w->size; i++)
            w->next[i] = w->u[i] + *t * w->d[i];
        ml_status s = look(w, w->next, w->next_g, &value);
        if (s)
            return s;
        /* Where F no longer shows the difference, the slopes do. */
        bool down = value <= w->value + DECREASE * *t * promise;
        bool flat = fabs(value - w->value) <= 4 * DBL_EPSILON * fabs(w->value) &&
                    mli_slope_left(w->next_g, w->l1, w->next, w->size, w->p->width) < w->left;
        if (!down && !flat)
            continue;
        memcpy(w->u, w->next, (size_t)w->size * sizeof *w->u);
        memcpy(w->g, w->next_g, (size_t)w->size * sizeof *w->g);
        w->value = value;
        return ML_OK;
    }
    *t = 0;
    return ML_OK;
}

static ml_status descend(newton *w)
{
    mli_logistic *p = w->p;
    ml_status s = look(w, w->u, w->g, &w->value);
    bool fresh = false, stale = true;
    int64_t last = p->steps + p->opts->max_iter; /* after those of another solver */
    if (s)
        return s;
    w->left = mli_slope_left(w->g, w->l1, w->u, w->size, p->width);
    while (!s && !(p->settled = w->left <= p->opts->tol) && p->steps < last) {
        if ((fresh = stale))
            s = curve(w);
        double t = 0, before = w->left;
        if (!s)
            s = step(w, &t);
        p->steps++;
        if (t == 0 && fresh)
            break;
        w->left = mli_slope_left(w->g, w->l1, w->u, w->size, p->width);
        stale = t < 1 || w->left > KEEP * before;
        if (t == 0 && !s)
            s = look(w, w->u, w->g, &w->value); /* p->p is that of u again */
    }
    return s;
}

ml_status mli_logistic_newton(mli_logistic *p, double *u, bool l1)
{
    newton w = {.p = p, .l1 = l1 ? p->l1 : NULL, .size = p->k * p->width, .u = u};
    int64_t numbers;
    if (!mli_shape_size(2, (int64_t[]){w.size + 5, w.size}, &numbers))
        return mli_fail(ML_ENOMEM, "logistic: a Hessian of %lld coefficients is too large: solver lbfgs needs none", (long long)w.size);
    w.h = mli_alloc((size_t)numbers * sizeof *w.h);
    p->p = mli_alloc((size_t)(p->design.x.rows * p->k) * sizeof *p->p);
    double **rest[] = {&w.g, &w.d, &w.hd, &w.next, &w.next_g};
    for (int i = 0; i < 5 && w.h; i++)
        *rest[i] = w.h + (w.size + i) * w.size;
    ml_status s = w.h && p->p ? descend(&w) : ML_ENOMEM;
    mli_free(w.h);
    mli_free(p->p);
    p->p = NULL;
    return s;
}
