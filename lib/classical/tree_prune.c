/* tree_prune.c -- minimal cost-complexity pruning: the weakest link first.
 *
 * Problem   for a price alpha a leaf, the subtree with the smallest  R(T) + alpha |leaves of T|
 * Given     a grown tree; R(T) is the sum over its leaves of  weight / whole weight x impurity
 * Returns   the subtree; or all of them, with the prices at which one gives way to the next
 * Paper     Breiman, Friedman, Olshen, Stone 1984, Classification and Regression Trees, chapter 3
 *
 * A branch at node t is worth  g(t) = (R(t as a leaf) - R(branch)) / (leaves of the branch - 1)  a leaf: above that price it goes. Cutting
 * the smallest g raises those of its ancestors and changes no other. So a heap may hold old values: where the one on top has
 * grown since, it sinks, and the next is looked at.
 */
#include "classical/tree.h"

#include <math.h>
#include <string.h>

typedef struct pruner {
    const mli_tree *t;
    mli_place *place;
    double *own, *branch; /* R of the node as a leaf, and of what is below it now */
    int32_t *leaves;      /* below it now; 1 of a leaf, 0 of a node that is cut off */
    double *price;        /* g when the heap last looked */
    int32_t *heap;
    int32_t links; /* in the heap */
} pruner;

static double worth(const pruner *p, int32_t i)
{
    return (p->own[i] - p->branch[i]) / (p->leaves[i] - 1);
}

/* ---- the heap ---- */

/* Of equal ones the lower node is the weaker, as in scikit-learn. */
static bool weaker(const pruner *p, int32_t a, int32_t b)
{
    return p->price[a] < p->price[b] || (p->price[a] == p->price[b] && a < b);
}

static void sink(pruner *p, int32_t at)
{
    for (int64_t child; (child = 2 * (int64_t)at + 1) < p->links; at = (int32_t)child) {
        if (child + 1 < p->links && weaker(p, p->heap[child + 1], p->heap[child]))
            child++;
        if (!weaker(p, p->heap[child], p->heap[at]))
            return;
        int32_t held = p->heap[at];
        p->heap[at] = p->heap[child];
        p->heap[child] = held;
    }
}

/* The weakest link, or -1 where the root is a leaf. */
static int32_t weakest(pruner *p)
{
    while (p->links) {
        int32_t top = p->heap[0];
        double now = p->leaves[top] > 1 ? worth(p, top) : 0;
        if (p->leaves[top] > 1 && !(now > p->price[top]))
            return top;
        if (p->leaves[top] > 1)
            p->price[top] = now;
        else
            p->heap[0] = p->heap[--p->links];
        sink(p, 0);
    }
    return -1;
}

/* ---- links ---- */

static void end(pruner *p)
{
    mli_free(p->place);
    mli_free(p->own);
    mli_free(p->branch);
    mli_free(p->leaves);
    mli_free(p->price);
    mli_free(p->heap);
}

static ml_status begin(pruner *p, const mli_tree *t)
{
    size_t n = (size_t)t->nodes;
    *p = (pruner){.t = t,
                  .place = mli_tree_places(t),
                  .own = mli_alloc(n * sizeof *p->own),
                  .branch = mli_calloc(n, sizeof *p->branch),
                  .leaves = mli_calloc(n, sizeof *p->leaves),
                  .price = mli_alloc(n * sizeof *p->price),
                  .heap = mli_alloc(n * sizeof *p->heap)};
    if (!p->place || !p->own || !p->branch || !p->leaves || !p->price || !p->heap)
        return ML_ENOMEM;
    for (int32_t i = t->nodes - 1; i >= 0; i--) { /* children before parents */
        p->own[i] = t->weight[i] * t->impurity[i] / t->weight[0];
        if (mli_leaf(t, i)) {
            p->branch[i] = p->own[i];
            p->leaves[i] = 1;
        } else {
            p->price[i] = worth(p, i);
            p->heap[p->links++] = i;
        }
        if (i > 0) {
            p->branch[p->place[i].parent] += p->branch[i];
            p->leaves[p->place[i].parent] += p->leaves[i];
        }
    }
    for (int32_t i = p->links / 2; i >= 0; i--)
        sink(p, i);
    return ML_OK;
}

/* The node after those below node i. */
static int32_t after(const mli_tree *t, int32_t i)
{
    while (!mli_leaf(t, i))
        i = t->fork[i].right;
    return i + 1;
}

static void cut(pruner *p, int32_t link)
{
    int32_t fewer = p->leaves[link] - 1, last = after(p->t, link);
    double more = p->own[link] - p->branch[link];
    for (int32_t i = link; i >= 0; i = p->place[i].parent) {
        p->leaves[i] -= fewer;
        p->branch[i] += more;
    }
    for (int32_t i = link + 1; i < last; i++)
        p->leaves[i] = 0;
}

/* ---- a smaller tree ---- */

/* Moves what is left together. */
static void compact(mli_tree *t, const pruner *p, int32_t *now)
{
    size_t value = (size_t)t->outputs;
    int32_t n = 0;
    for (int32_t i = 0; i < t->nodes; i++) {
        now[i] = n;
        n += p->leaves[i] > 0;
    }
    for (int32_t i = 0; i < t->nodes; i++) {
        int32_t to = now[i];
        if (!p->leaves[i])
            continue;
        if (p->leaves[i] > 1)
            t->fork[to] = (mli_fork){t->fork[i].threshold, now[t->fork[i].right], t->fork[i].what};
        else
            t->fork[to] = (mli_fork){.threshold = -INFINITY, .right = to};
        t->samples[to] = t->samples[i];
        t->weight[to] = t->weight[i];
        t->impurity[to] = t->impurity[i];
        memmove(t->value + (size_t)to * value, t->value + (size_t)i * value, value * sizeof *t->value);
    }
    t->nodes = n;
}

ml_status mli_tree_prune(mli_tree *t, double alpha)
{
    pruner p;
    ml_status s = begin(&p, t);
    if (!s) {
        for (int32_t link; (link = weakest(&p)) >= 0 && worth(&p, link) <= alpha;)
            cut(&p, link);
        compact(t, &p, p.heap); /* which has done its work, and has a place a node */
    }
    end(&p);
    return s;
}

/* ---- all of them ---- */

static void note(ml_pruning *out, const pruner *p, double alpha)
{
    double least = out->n ? out->alpha[out->n - 1] : 0; /* rounding could make a price fall */
    out->alpha[out->n] = alpha > least ? alpha : least;
    out->impurity[out->n] = p->branch[0];
    out->leaves[out->n++] = p->leaves[0];
}

static ml_pruning *path(pruner *p)
{
    size_t n = (size_t)p->links + 1; /* at most one step a link */
    ml_pruning *out = mli_calloc(1, sizeof *out);
    if (!out)
        return NULL;
    out->alpha = mli_alloc(n * sizeof *out->alpha);
    out->impurity = mli_alloc(n * sizeof *out->impurity);
    out->leaves = mli_alloc(n * sizeof *out->leaves);
    if (!out->alpha || !out->impurity || !out->leaves) {
        ml_pruning_free(out);
        return NULL;
    }
    note(out, p, 0);
    for (int32_t link; (link = weakest(p)) >= 0;) {
        double alpha = worth(p, link);
        cut(p, link);
        note(out, p, alpha);
    }
    return out;
}

ml_pruning *ml_model_pruning(const ml_model *m, int64_t tree)
{
    const mli_tree *t = mli_tree_of(m, tree, "pruning");
    pruner p;
    if (!t)
        return NULL;
    ml_pruning *out = begin(&p, t) ? NULL : path(&p);
    end(&p);
    return out;
}

void ml_pruning_free(ml_pruning *p)
{
    if (!p)
        return;
    mli_free(p->alpha);
    mli_free(p->impurity);
    mli_free(p->leaves);
    mli_free(p);
}
