/* terms.c -- of what a gradient is the sum, found through backward functions alone.
 *
 *     d loss / d x[e]  =  sum over the ops n that read x, over their outputs o   d loss / d n[o]  *  d n[o] / d x[e]
 *                                                                                 (upstream)        (partial)
 *
 * A backward function gives, for a gradient dy of its output, the whole sum  sum_o dy[o] d n[o] / d x[e]. With dy = 1 at
 * one o and 0 elsewhere that is one partial. To find which of a million outputs matter, one does not ask a million times:
 * a group of outputs is asked as a whole, by dy = upstream times a random factor at its members, so that terms do not cancel.
 * What answers exactly 0 has no member that matters (but for an accident of probability zero). Else it is halved, and of
 * all halves the BEAM with the largest answers are halved again. Once few enough outputs are left, each is asked alone.
 *
 * So where the terms that are not 0 are few, all are found; where they are many, some of the largest.
 * Source of the idea: group testing, Dorfman 1943; the random factors: Rademacher, as in Hutchinson 1990.
 */
#include "autograd/terms.h"

#include "autograd/inside.h"
#include "autograd/inspect.h"

#include <math.h>
#include <string.h>

enum { BEAM = 8, FEW = 96 };

typedef struct search {
    ml_tape *t;
    const ml_node *n;
    const ml_tensor *x;
    int64_t e;
    bool weighed;       /* by what arrived at each output; else all outputs alike */
    const ml_real *up;  /* what arrived */
    ml_real *dy, *dx;   /* the question, 0 but for the members; the answer */
    int64_t *member;    /* the outputs that may matter, in the order in which they are halved */
    mli_terms *terms;
} search;

typedef struct group {
    int64_t begin, end;
    double answer;
} group;

/* ---- asking ---- */

static ml_status answer(search *s, double *value)
{
    ml_status bad = mli_ask(s->t, s->n, s->x, s->dy, s->dx);
    *value = bad ? 0 : (double)s->dx[s->e];
    return bad;
}

/* In -1.5 .. -0.5 or 0.5 .. 1.5, a function of o alone, so that each run gives the same text. */
static double factor(int64_t o)
{
    uint32_t bits[4];
    mli_philox(0, 0, (uint64_t)o, bits);
    double size = 0.5 + bits[0] / 4294967296.0;
    return bits[1] & 1 ? size : -size;
}

static ml_status ask_group(search *s, group *g)
{
    for (int64_t i = g->begin; i < g->end; i++) {
        int64_t o = s->member[i];
        s->dy[o] = (ml_real)((s->weighed ? (double)s->up[o] : 1) * factor(o));
    }
    ml_status bad = answer(s, &g->answer);
    for (int64_t i = g->begin; i < g->end; i++)
        s->dy[s->member[i]] = 0;
    return bad;
}

/* ---- keeping the largest ---- */

/* NaN is the largest of all. */
static double magnitude(double v)
{
    return isnan(v) ? INFINITY : fabs(v);
}

static double weight_of(const mli_term *m, bool weighed)
{
    return magnitude(weighed ? m->upstream * m->partial : m->partial);
}

static void keep(search *s, mli_term m)
{
    mli_terms *all = s->terms;
    int at = all->n;
    while (at > 0 && weight_of(&m, s->weighed) > weight_of(&all->most[at - 1], s->weighed))
        at--;
    all->others += all->n == MLI_SHOWN;
    if (at == MLI_SHOWN)
        return;
    all->n += all->n < MLI_SHOWN;
    memmove(&all->most[at + 1], &all->most[at], (size_t)(all->n - 1 - at) * sizeof m);
    all->most[at] = m;
}

static ml_status ask_each(search *s, const group *g)
{
    ml_status bad = ML_OK;
    for (int64_t i = g->begin; i < g->end && !bad; i++) {
        mli_term m = {.node = s->n, .out = s->member[i], .upstream = (double)s->up[s->member[i]]};
        s->dy[m.out] = 1;
        bad = answer(s, &m.partial);
        s->dy[m.out] = 0;
        if (!bad && weight_of(&m, s->weighed) > 0)
            keep(s, m);
    }
    return bad;
}

/* ---- halving ---- */

/* Halves each of n groups into `halves`; those that answer 0 are left out. */
static ml_status halve(search *s, const group *g, int n, group *halves, int *count)
{
    ml_status bad = ML_OK;
    *count = 0;
    for (int i = 0; i < 2 * n && !bad; i++) {
        const group *whole = &g[i / 2];
        int64_t middle = whole->begin + (whole->end - whole->begin) / 2;
        group half = i % 2 ? (group){middle, whole->end, 0} : (group){whole->begin, middle, 0};
        if (half.begin == half.end)
            continue;
        bad = ask_group(s, &half);
        if (magnitude(half.answer) > 0)
            halves[(*count)++] = half;
    }
    return bad;
}

static int64_t members_of(const group *g, int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += g[i].end - g[i].begin;
    return sum;
}

/* Puts the largest answers first; the order of equals stays. */
static void sort(group *g, int n)
{
    for (int i = 1; i < n; i++) {
        group held = g[i];
        int at = i;
        for (; at > 0 && magnitude(held.answer) > magnitude(g[at - 1].answer); at--)
            g[at] = g[at - 1];
        g[at] = held;
    }
}

static ml_status find(search *s, int64_t members)
{
    group now[BEAM] = {{0, members, 0}}, halves[2 * BEAM];
    int n = members > 0, count;
    while (members_of(now, n) > FEW) {
        ml_status bad = halve(s, now, n, halves, &count);
        if (bad)
            return bad;
        n = count;
        if (count > BEAM && members_of(halves, count) > FEW) {
            sort(halves, count);
            s->terms->others += members_of(halves + BEAM, count - BEAM);
            s->terms->counted = false;
            n = BEAM;
        }
        if (n > BEAM) { /* few members in many groups */
            ml_status each = ML_OK;
            for (int i = 0; i < n && !each; i++)
                each = ask_each(s, &halves[i]);
            return each;
        }
        memcpy(now, halves, (size_t)n * sizeof *now);
    }
    ml_status bad = ML_OK;
    for (int i = 0; i < n && !bad; i++)
        bad = ask_each(s, &now[i]);
    return bad;
}

/* ---- an op ---- */

/* A parameter acts on one column (its unit, its channel) for all samples, a value in the middle on one row (its sample): in
 * this order those outputs lie together. */
static int64_t list_members(search *s)
{
    const ml_tensor *y = s->n->out;
    int64_t columns = y->rank && s->x->op < 0 ? y->shape[y->rank - 1] : 1, count = 0;
    for (int64_t c = 0; c < columns; c++)
        for (int64_t o = c; o < y->size; o += columns)
            if (!s->weighed || s->up[o] != 0)
                s->member[count++] = o;
    return count;
}

static ml_status search_op(search *s)
{
    double all;
    const ml_tensor *y = s->n->out;
    s->up = mli_grad_of(y);
    memcpy(s->dy, s->up, (size_t)y->size * sizeof *s->dy);
    ml_status bad = answer(s, &all);
    memset(s->dy, 0, (size_t)y->size * sizeof *s->dy);
    if (s->weighed)
        s->terms->sum += all;
    return bad ? bad : find(s, list_members(s));
}

static ml_status with_memory(search *s)
{
    ml_status bad = ML_ENOMEM;
    size_t outputs = (size_t)s->n->out->size;
    s->dy = mli_alloc(outputs * sizeof *s->dy);
    s->dx = mli_alloc((size_t)s->x->size * sizeof *s->dx);
    s->member = mli_alloc(outputs * sizeof *s->member);
    if (s->dy && s->dx && s->member)
        bad = search_op(s);
    mli_free(s->dy);
    mli_free(s->dx);
    mli_free(s->member);
    return bad;
}

bool mli_reads(const ml_node *n, const ml_tensor *x, int64_t e)
{
    if (!n->op->backward || !mli_grad_of(n->out))
        return false;
    for (int k = 0; k < n->n_in; k++) {
        const ml_tensor *in = n->in[k];
        if (in && in->requires_grad && mli_root(in) == x && e >= in->offset && e < in->offset + in->size)
            return true;
    }
    return false;
}

static ml_status search_all(ml_tape *t, const ml_tensor *x, int64_t e, bool weighed, mli_terms *out)
{
    ml_status bad = ML_OK;
    search s = {.t = t, .x = x, .e = e, .weighed = weighed, .terms = out};
    *out = (mli_terms){.counted = true};
    for (int64_t i = 0; i <= t->loss && !bad; i++) {
        s.n = mli_tape_node(t, i);
        if (mli_reads(s.n, x, e))
            bad = with_memory(&s);
    }
    return bad;
}

ml_status mli_terms_of(ml_tape *t, const ml_tensor *x, int64_t e, mli_terms *out)
{
    ml_status bad = search_all(t, x, e, true, out);
    return bad || out->n ? bad : search_all(t, x, e, false, out);
}
