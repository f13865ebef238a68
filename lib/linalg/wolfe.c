/* wolfe.c -- how far to go along a direction: far enough to pay, not so far that it rises again
 *
 * On a line   phi(t) = f(x + t d),    phi'(t) = g(x + t d) . d,    phi'(0) < 0: d leads down
 * Enough      phi(t) <= phi(0) + c1 t phi'(0)          lower by a share of what the slope promised       c1 = 1e-4
 * Flat        |phi'(t)| <= c2 |phi'(0)|                most of what this direction gives has been taken  c2 = 0.9
 * Bracket     lengthen t until a place is enough and flat (done), or not enough, or rising: then between it and the one
 *             before there is such a place
 * Zoom        try a place inside, keep the half that still holds one, until it is found
 * Where       at the minimum of the cubic through two places with their slopes:
 *             a = s1 + s2 - 3 (f1 - f2)/(t1 - t2),  b = sqrt(a^2 - s1 s2),  t = t2 - (t2 - t1)(s2 + b - a)/(s2 - s1 + 2 b)
 * Infinite    a place where f is not finite is not enough, and no cubic goes through it: the middle is tried instead
 * Source      Nocedal and Wright 2006, algorithms 3.5 and 3.6, eq. 3.59; step by step as torch.optim.LBFGS, after
 *             Schmidt's minFunc                                                Derivation  docs/math/lbfgs.md
 */
#include "linalg/wolfe.h"

#include "linalg/vector.h"

static const double C1 = 1e-4, C2 = 0.9;

ml_status mli_line_at(mli_line *l, double t, double *g, mli_place *p)
{
    for (int64_t i = 0; i < l->n; i++)
        l->at[i] = l->x[i] + t * l->d[i];
    *p = (mli_place){.t = t, .g = g};
    ml_status s = l->objective(l->user, l->at, &p->f, g);
    l->evaluations++;
    p->slope = s ? 0 : mli_dot(g, l->d, l->n);
    if (!isfinite(p->f) || !isfinite(p->slope))
        p->f = INFINITY;
    return s;
}

static bool enough(const mli_place *zero, const mli_place *p)
{
    return p->f <= zero->f + C1 * p->t * zero->slope;
}

static bool flat(const mli_place *zero, const mli_place *p)
{
    return fabs(p->slope) <= -C2 * zero->slope;
}

/* The minimum of the cubic through two places, kept within low .. high; the middle where it has none there. */
static double cubic(const mli_place *p, const mli_place *q, double low, double high)
{
    const mli_place *a = p->t <= q->t ? p : q, *b = a == p ? q : p; /* b is the farther one */
    double u = a->slope + b->slope - 3 * (a->f - b->f) / (a->t - b->t), square = u * u - a->slope * b->slope;
    if (!isfinite(square) || square < 0)
        return (low + high) / 2;
    double v = sqrt(square);
    double t = b->t - (b->t - a->t) * ((b->slope + v - u) / (b->slope - a->slope + 2 * v));
    return isnan(t) ? (low + high) / 2 : fmin(fmax(t, low), high);
}

/* Room for a gradient, other than those of two places. */
static double *room(const mli_line *l, const mli_place *p, const mli_place *q)
{
    int k = 0;
    while (l->gradient[k] == p->g || l->gradient[k] == q->g)
        k++;
    return l->gradient[k];
}

/* Leaves in b two places with a good one between them, or in both the good one. */
static ml_status bracket(mli_line *l, const mli_place *zero, double t, mli_place b[2], int64_t *tries)
{
    mli_place before = *zero, now;
    ml_status s = mli_line_at(l, t, room(l, zero, zero), &now);
    for (; !s && *tries < l->most; ++*tries) {
        b[0] = before;
        b[1] = now;
        if (!enough(zero, &now) || (*tries > 1 && now.f >= before.f))
            return ML_OK;
        if (flat(zero, &now)) {
            b[0] = now;
            return ML_OK;
        }
        if (now.slope >= 0)
            return ML_OK;
        t = cubic(&before, &now, now.t + 0.01 * (now.t - before.t), 10 * now.t);
        double *g = room(l, &before, &now);
        before = now;
        s = mli_line_at(l, t, g, &now);
    }
    b[0] = *zero;
    b[1] = now;
    return s;
}

/* A cubic's minimum close to an end of the bracket shortens it by little. The second time in a row, or at the end itself, a
 * place a tenth inside is tried instead. */
static double inside(double t, double low, double high, bool *close)
{
    double tenth = 0.1 * (high - low);
    bool was = *close;
    *close = fmin(high - t, t - low) < tenth;
    if (!*close || !(was || t >= high || t <= low))
        return t;
    *close = false;
    return fabs(t - high) < fabs(t - low) ? high - tenth : low + tenth;
}

/* Puts a new place into the bracket, whose lower end is b[*low]; true where it is the one that was looked for. */
static bool narrow(const mli_place *zero, mli_place b[2], int *low, const mli_place *now)
{
    mli_place *bottom = &b[*low], *top = &b[1 - *low];
    if (!enough(zero, now) || now->f >= bottom->f) {
        *top = *now;
        *low = b[0].f <= b[1].f ? 0 : 1;
        return false;
    }
    if (!flat(zero, now) && now->slope * (top->t - bottom->t) >= 0)
        *top = *bottom;
    *bottom = *now;
    return flat(zero, now);
}

ml_status mli_wolfe(mli_line *l, const mli_place *zero, double t, mli_place *found)
{
    mli_place b[2], now;
    int64_t tries = 0;
    ml_status s = bracket(l, zero, t, b, &tries);
    int low = b[0].f <= b[1].f ? 0 : 1;
    bool done = b[0].t == b[1].t, close = false;
    while (!s && !done && tries < l->most && fabs(b[1].t - b[0].t) >= l->shortest) {
        double from = fmin(b[0].t, b[1].t), to = fmax(b[0].t, b[1].t);
        t = inside(cubic(&b[0], &b[1], from, to), from, to, &close);
        s = mli_line_at(l, t, room(l, &b[0], &b[1]), &now);
        tries++;
        done = !s && narrow(zero, b, &low, &now);
    }
    *found = b[low];
    return s;
}
