/* lbfgs.c -- L-BFGS: Newton's method with the curvature guessed from the last steps
 *
 * Newton      d = -H g, where H is the inverse of the Hessian: n^2 numbers, which nobody has
 * Pairs       a step s = x' - x changed the gradient by y = g' - g. Along s the Hessian B must have B s = y, so H y = s
 * BFGS        the H nearest to the one before that has it: H <- (I - r s y^T) H (I - r y s^T) + r s s^T,  r = 1 / y.s
 * Limited     begin with h I, h = y.s / y.y of the newest pair, and unroll the products for the last `history` pairs:
 *             q = -g;   newest to oldest:  a_k = r_k s_k.q,  q -= a_k y_k
 *             d = h q;  oldest to newest:  d += (a_k - r_k y_k.d) s_k           two loops, 4 history n flops, no matrix
 * Kept        a pair only where y.s > 0, or some more: with r > 0, H stays positive definite and d leads down
 * First step  d = -g, of a length of min(1, 1 / sum |g_i|)
 * Remembers   `history` pairs s, y; the last d, t and g
 * Source      Liu and Nocedal 1989, algorithm 2.1; Nocedal and Wright 2006, algorithms 7.4, 7.5; every choice above and when to
 *             stop as in torch.optim.LBFGS                                     Derivation  docs/math/lbfgs.md
 */
#include "linalg/lbfgs.h"

#include "linalg/vector.h"
#include "linalg/wolfe.h"

#include <string.h>

enum { ROWS = 8 }; /* vectors beside the pairs */

struct mli_lbfgs {
    int64_t n, history;
    double *s, *y;        /* rows of n, a ring */
    double *rho, *alpha;  /* of each row */
    int64_t pairs, first; /* how many rows are filled, and which is the oldest */
    double scale;         /* h */
    double *d, *g, *was;  /* the direction, the gradient, and the one before */
    double *before, *at, *trial[3];
    double t;             /* how far the last step went along d */
    int64_t iterations;   /* since it began anew */
};

static double *numbers(int64_t rows, int64_t n)
{
    size_t count;
    if (!mli_mul_size((size_t)rows, (size_t)n, &count) || !mli_mul_size(count, sizeof(double), &count))
        return mli_null(ML_ENOMEM, "lbfgs: %lld vectors of %lld numbers are too large", (long long)rows, (long long)n);
    return mli_alloc(count);
}

mli_lbfgs *mli_lbfgs_new(int64_t n, int64_t history)
{
    if (n < 1 || history < 1)
        return mli_null(ML_EINVAL, "lbfgs: %lld numbers and a history of %lld: both must be >= 1", (long long)n,
                        (long long)history);
    mli_lbfgs *m = mli_calloc(1, sizeof *m);
    if (!m)
        return NULL;
    *m = (mli_lbfgs){.n = n, .history = history, .scale = 1};
    bool whole = (m->s = numbers(history, n)) && (m->y = numbers(history, n)) && (m->rho = numbers(2, history)) &&
                 (m->d = numbers(ROWS, n));
    if (!whole) {
        mli_lbfgs_free(m);
        return NULL;
    }
    m->alpha = m->rho + history;
    double **rest[] = {&m->g, &m->was, &m->before, &m->at, &m->trial[0], &m->trial[1], &m->trial[2]};
    for (int k = 0; k < ROWS - 1; k++)
        *rest[k] = m->d + (k + 1) * n;
    return m;
}

void mli_lbfgs_free(mli_lbfgs *m)
{
    if (!m)
        return;
    mli_free(m->s);
    mli_free(m->y);
    mli_free(m->rho);
    mli_free(m->d);
    mli_free(m);
}

void mli_lbfgs_forget(mli_lbfgs *m)
{
    m->pairs = m->first = m->iterations = 0;
    m->scale = 1;
}

/* ---- the direction ---- */

/* Where pair k lies, 0 being the oldest. */
static int64_t row(const mli_lbfgs *m, int64_t k)
{
    return (m->first + k) % m->history;
}

/* The pair of the last step, where it shows curvature. The oldest makes room. */
static void remember(mli_lbfgs *m, double curvature)
{
    double *y = m->at;
    for (int64_t i = 0; i < m->n; i++)
        y[i] = m->g[i] - m->was[i];
    double ys = m->t * mli_dot(y, m->d, m->n);
    if (!(ys > curvature))
        return;
    if (m->pairs == m->history)
        m->first = row(m, 1);
    else
        m->pairs++;
    int64_t newest = row(m, m->pairs - 1);
    memcpy(m->y + newest * m->n, y, (size_t)m->n * sizeof *y);
    for (int64_t i = 0; i < m->n; i++)
        m->s[newest * m->n + i] = m->t * m->d[i];
    m->rho[newest] = 1 / ys;
    m->scale = ys / mli_dot(y, y, m->n);
}

/* d = -H g, by the two loops. */
static void direction(mli_lbfgs *m)
{
    double *d = m->d;
    int64_t n = m->n;
    for (int64_t i = 0; i < n; i++)
        d[i] = -m->g[i];
    for (int64_t k = m->pairs - 1; k >= 0; k--) {
        int64_t r = row(m, k);
        m->alpha[r] = m->rho[r] * mli_dot(m->s + r * n, d, n);
        mli_axpy(d, -m->alpha[r], m->y + r * n, n);
    }
    for (int64_t i = 0; i < n; i++)
        d[i] *= m->scale;
    for (int64_t k = 0; k < m->pairs; k++) {
        int64_t r = row(m, k);
        double beta = m->rho[r] * mli_dot(m->y + r * n, d, n);
        mli_axpy(d, m->alpha[r] - beta, m->s + r * n, n);
    }
}

/* The first step has nothing to go by but the gradient, whose size means nothing. */
static double first_length(const mli_lbfgs *m)
{
    double sum = 0;
    for (int64_t i = 0; i < m->n; i++)
        sum += fabs(m->g[i]);
    return fmin(1, 1 / sum);
}

/* ---- the step ---- */

typedef struct run {
    mli_lbfgs *m;
    const mli_lbfgs_opts *o;
    mli_objective f;
    void *user;
    double *x;
    double value;
    mli_lbfgs_result r;
} run;

static ml_status check_finite(const run *w)
{
    double most = mli_largest(w->m->g, w->m->n);
    if (isfinite(w->value) && isfinite(most))
        return ML_OK;
    return mli_fail(ML_EINVAL, "lbfgs: at iteration %lld the value is %g and the largest of the gradient %g%s",
                    (long long)w->r.iterations, w->value, most,
                    w->r.iterations ? ": a line search (strong_wolfe) or a smaller step would not have gone there" : "");
}

static ml_status evaluate(run *w)
{
    w->r.evaluations++;
    ml_status s = w->f(w->user, w->x, &w->value, w->m->g);
    return s ? s : check_finite(w);
}

static ml_status search(run *w, double slope)
{
    mli_lbfgs *m = w->m;
    mli_line line = {.objective = w->f, .user = w->user, .n = m->n, .x = w->x, .d = m->d, .at = m->at};
    memcpy(line.gradient, m->trial, sizeof line.gradient);
    line.shortest = w->o->change / mli_largest(m->d, m->n);
    line.most = w->o->evaluations - w->r.evaluations;
    mli_place zero = {.f = w->value, .slope = slope, .g = m->was}, found;
    ml_status s = mli_wolfe(&line, &zero, m->t, &found);
    w->r.evaluations += line.evaluations;
    if (s)
        return s;
    m->t = found.t;
    w->value = found.f;
    memcpy(m->g, found.g, (size_t)m->n * sizeof *m->g);
    mli_axpy(w->x, found.t, m->d, m->n);
    return ML_OK;
}

/* The last step of a run is not evaluated: the next run begins with that. */
static ml_status go(run *w)
{
    mli_lbfgs *m = w->m;
    memcpy(m->before, w->x, (size_t)m->n * sizeof *w->x);
    mli_axpy(w->x, m->t, m->d, m->n);
    ml_status s = w->r.iterations < w->o->iterations ? evaluate(w) : ML_OK;
    if (s)
        memcpy(w->x, m->before, (size_t)m->n * sizeof *w->x);
    return s;
}

/* Whether the run is over after a step, and why. */
static bool is_over(run *w, double value_before)
{
    const mli_lbfgs *m = w->m;
    const mli_lbfgs_opts *o = w->o;
    w->r.end = MLI_LBFGS_CHANGE;
    if (w->r.iterations == o->iterations)
        w->r.end = MLI_LBFGS_ITERATIONS;
    else if (w->r.evaluations >= o->evaluations)
        w->r.end = MLI_LBFGS_EVALUATIONS;
    else if (mli_largest(m->g, m->n) <= o->gradient)
        w->r.end = MLI_LBFGS_GRADIENT;
    else
        return fabs(m->t) * mli_largest(m->d, m->n) <= o->change || fabs(w->value - value_before) < o->change;
    return true;
}

static ml_status iterate(run *w, bool *over)
{
    mli_lbfgs *m = w->m;
    w->r.iterations++;
    if (m->iterations++)
        remember(m, w->o->curvature);
    direction(m);
    memcpy(m->was, m->g, (size_t)m->n * sizeof *m->g);
    m->t = m->iterations == 1 ? w->o->rate * first_length(m) : w->o->rate;
    double slope = mli_dot(m->g, m->d, m->n), before = w->value;
    w->r.end = MLI_LBFGS_CHANGE;
    *over = slope > -w->o->change;
    if (*over)
        return ML_OK;
    ml_status s = w->o->strong_wolfe ? search(w, slope) : go(w);
    *over = !s && is_over(w, before);
    return s;
}

ml_status mli_lbfgs_run(mli_lbfgs *m, const mli_lbfgs_opts *o, mli_objective f, void *user, double *x,
                        mli_lbfgs_result *result)
{
    run w = {.m = m, .o = o, .f = f, .user = user, .x = x};
    ml_status s = evaluate(&w);
    w.r.first = w.value;
    bool over = !s && mli_largest(m->g, m->n) <= o->gradient;
    while (!s && !over)
        s = iterate(&w, &over);
    if (s)
        mli_lbfgs_forget(m);
    w.r.last = w.value;
    if (result)
        *result = w.r;
    return s;
}
