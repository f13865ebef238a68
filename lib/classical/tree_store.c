/* tree_store.c -- trees on file: their arrays, one tree after the other.
 *
 * A file is believed when each right child lies just behind all that is below the left one: then the forks are a tree in preorder,
 * whose every walk ends.
 */
#include "classical/tree.h"

#include <math.h>
#include <string.h>

/* The arrays of all trees, as they lie on file. */
typedef struct arrays {
    int64_t nodes; /* in all */
    int64_t *count;
    double *threshold, *weight, *impurity, *value;
    int32_t *right, *what, *samples;
} arrays;

static void clear(arrays *a)
{
    mli_free(a->count);
    mli_free(a->threshold);
    mli_free(a->weight);
    mli_free(a->impurity);
    mli_free(a->value);
    mli_free(a->right);
    mli_free(a->what);
    mli_free(a->samples);
}

/* ---- writing ---- */

static ml_status gather(const mli_trees *all, arrays *a)
{
    int32_t outputs = all->tree[0].outputs;
    for (int64_t k = 0; k < all->trees; k++)
        a->nodes += all->tree[k].nodes;
    size_t n = (size_t)a->nodes;
    a->count = mli_alloc((size_t)all->trees * sizeof *a->count);
    a->threshold = mli_alloc(n * sizeof *a->threshold);
    a->weight = mli_alloc(n * sizeof *a->weight);
    a->impurity = mli_alloc(n * sizeof *a->impurity);
    a->value = mli_alloc(n * (size_t)outputs * sizeof *a->value);
    a->right = mli_alloc(n * sizeof *a->right);
    a->what = mli_alloc(n * sizeof *a->what);
    a->samples = mli_alloc(n * sizeof *a->samples);
    if (!a->count || !a->threshold || !a->weight || !a->impurity || !a->value || !a->right || !a->what || !a->samples)
        return ML_ENOMEM;
    n = 0;
    for (int64_t k = 0; k < all->trees; k++) {
        const mli_tree *t = &all->tree[k];
        size_t nodes = (size_t)t->nodes;
        a->count[k] = t->nodes;
        for (size_t i = 0; i < nodes; i++) {
            a->threshold[n + i] = t->fork[i].threshold;
            a->right[n + i] = t->fork[i].right;
            a->what[n + i] = t->fork[i].what;
        }
        memcpy(a->weight + n, t->weight, nodes * sizeof *t->weight);
        memcpy(a->impurity + n, t->impurity, nodes * sizeof *t->impurity);
        memcpy(a->samples + n, t->samples, nodes * sizeof *t->samples);
        memcpy(a->value + n * (size_t)outputs, t->value, nodes * (size_t)outputs * sizeof *t->value);
        n += nodes;
    }
    return ML_OK;
}

static ml_status put(const arrays *a, int64_t trees, int32_t outputs, mli_store *s, const char *at)
{
    ml_status e = mli_store_put_longs(s, at, "nodes", a->count, trees);
    if (!e)
        e = mli_store_put_doubles(s, at, "threshold", a->threshold, a->nodes);
    if (!e)
        e = mli_store_put_ints(s, at, "right", a->right, a->nodes);
    if (!e)
        e = mli_store_put_ints(s, at, "feature", a->what, a->nodes);
    if (!e)
        e = mli_store_put_ints(s, at, "samples", a->samples, a->nodes);
    if (!e)
        e = mli_store_put_doubles(s, at, "weight", a->weight, a->nodes);
    if (!e)
        e = mli_store_put_doubles(s, at, "impurity", a->impurity, a->nodes);
    return e ? e : mli_store_put_doubles(s, at, "value", a->value, a->nodes * outputs);
}

ml_status mli_trees_save(const ml_model *m, mli_store *s, const char *at)
{
    const mli_trees *all = m->state;
    arrays a = {0};
    ml_status e = mli_store_put_longs(s, at, "rows", &all->rows, 1);
    if (!e)
        e = gather(all, &a);
    if (!e)
        e = put(&a, all->trees, all->tree[0].outputs, s, at);
    clear(&a);
    return e;
}

/* ---- reading ---- */

static ml_status take(mli_store *s, const char *at, int64_t least, int64_t most, int32_t outputs, arrays *a, int64_t *trees)
{
    ml_status e = mli_store_longs(s, at, "nodes", least, most, &a->count, trees);
    for (int64_t k = 0; !e && k < *trees; k++) {
        if (a->count[k] < 1 || a->count[k] > INT32_MAX)
            return mli_store_fail(s, at, "nodes", "has %lld for tree %lld", (long long)a->count[k], (long long)k);
        a->nodes += a->count[k];
    }
    const int64_t n = a->nodes;
    if (!e)
        e = mli_store_doubles(s, at, "threshold", n, n, &a->threshold, NULL);
    if (!e)
        e = mli_store_ints(s, at, "right", n, n, &a->right, NULL);
    if (!e)
        e = mli_store_ints(s, at, "feature", n, n, &a->what, NULL);
    if (!e)
        e = mli_store_ints(s, at, "samples", n, n, &a->samples, NULL);
    if (!e)
        e = mli_store_doubles(s, at, "weight", n, n, &a->weight, NULL);
    if (!e)
        e = mli_store_doubles(s, at, "impurity", n, n, &a->impurity, NULL);
    return e ? e : mli_store_doubles(s, at, "value", n * outputs, n * outputs, &a->value, NULL); /* as many as were read */
}

/* What is wrong with the numbers of node i; NULL: nothing. */
static const char *wrong(const mli_tree *t, int32_t i, int64_t features)
{
    if (mli_leaf(t, i) ? t->fork[i].threshold != -INFINITY || t->fork[i].what != 0
                       : isnan(t->fork[i].threshold) || t->fork[i].what < 0 || mli_feature(&t->fork[i]) >= features)
        return "its question is none";
    if (!(t->weight[i] > 0 && t->weight[i] < INFINITY) || !(t->impurity[i] >= 0 && t->impurity[i] < INFINITY) || t->samples[i] < 1)
        return "its weight, impurity or samples are out of range";
    for (int32_t k = 0; k < t->outputs; k++) {
        double v = t->value[(int64_t)i * t->outputs + k];
        if (!isfinite(v) || (t->classes && v < 0))
            return "its value is out of range";
    }
    return NULL;
}

/* below[i] is how many nodes the branch at i has, itself included. */
static ml_status check(const mli_store *s, const char *at, const mli_tree *t, int64_t features)
{
    int32_t *below = mli_alloc((size_t)t->nodes * sizeof *below);
    const char *must = NULL;
    int32_t i = t->nodes - 1;
    if (!below)
        return ML_ENOMEM;
    for (; i >= 0 && !must; i--) {
        int32_t right = t->fork[i].right;
        bool inside = right > i + 1 && right < t->nodes;
        if (right != i && !(inside && right == i + 1 + below[i + 1]))
            must = "its children are not where they should be";
        else
            must = wrong(t, i, features);
        if (!must)
            below[i] = right == i ? 1 : 1 + below[i + 1] + below[right];
    }
    if (!must && below[0] != t->nodes)
        must = "it does not lead to all nodes";
    mli_free(below);
    return must ? mli_store_fail(s, at, "right", "is no tree: node %ld: %s", (long)i + 1, must) : ML_OK;
}

/* Tree k out of the arrays, from node `first` on. */
static ml_status spread(const arrays *a, int64_t first, int32_t nodes, mli_tree *t)
{
    size_t n = (size_t)nodes, outputs = (size_t)t->outputs;
    ml_status e = mli_tree_reserve(t, nodes);
    if (e)
        return e;
    t->nodes = nodes;
    for (int32_t i = 0; i < nodes; i++)
        t->fork[i] = (mli_fork){a->threshold[first + i], a->right[first + i], a->what[first + i]};
    memcpy(t->samples, a->samples + first, n * sizeof *t->samples);
    memcpy(t->weight, a->weight + first, n * sizeof *t->weight);
    memcpy(t->impurity, a->impurity + first, n * sizeof *t->impurity);
    memcpy(t->value, a->value + (size_t)first * outputs, n * outputs * sizeof *t->value);
    return ML_OK;
}

ml_status mli_trees_load(ml_model *m, mli_store *s, const char *at)
{
    bool one = m->learner.kind == &mli_tree_kind;
    int32_t outputs = m->classes ? m->classes : 1;
    int64_t *rows = NULL, trees = 0, first = 0;
    arrays a = {0};
    ml_status e = mli_store_longs(s, at, "rows", 1, 1, &rows, NULL);
    if (!e)
        e = take(s, at, 1, one ? 1 : MLI_MOST_TREES, outputs, &a, &trees);
    mli_trees *all = e ? NULL : mli_trees_new(trees, m->classes, rows[0]);
    m->state = all;
    for (int64_t k = 0; all && k < trees && !e; first += a.count[k++]) {
        e = spread(&a, first, (int32_t)a.count[k], &all->tree[k]);
        if (!e)
            e = check(s, at, &all->tree[k], m->features);
    }
    mli_free(rows);
    clear(&a);
    return e ? e : all ? ML_OK : ML_ENOMEM;
}
