/* tree_nodes.c -- the memory of trees, and the door through which others look at their nodes. */
#include "classical/tree.h"

#include <math.h>
#include <string.h>

/* ---- memory ---- */

/* A copy of n of the elements in a block with room for more; the old block is freed where that could be had. */
static bool move(void *at, size_t size, int64_t n, int64_t room)
{
    void *old, *now = mli_alloc((size_t)room * size);
    if (!now)
        return false;
    memcpy(&old, at, sizeof old);
    if (n)
        memcpy(now, old, (size_t)n * size);
    mli_free(old);
    memcpy(at, &now, sizeof now);
    return true;
}

ml_status mli_tree_reserve(mli_tree *t, int64_t room)
{
    int64_t n = t->nodes;
    size_t value = (size_t)t->outputs * sizeof *t->value;
    if (room > INT32_MAX)
        room = INT32_MAX;
    if (n > room || n == INT32_MAX || room > INT64_MAX / 64 / t->outputs)
        return mli_fail(ML_ENOMEM, "trees: %lld nodes of %ld numbers would not fit", (long long)room, (long)t->outputs);
    bool good = move(&t->fork, sizeof *t->fork, n, room) && move(&t->samples, sizeof *t->samples, n, room) &&
                move(&t->weight, sizeof *t->weight, n, room) && move(&t->impurity, sizeof *t->impurity, n, room) &&
                move(&t->value, value, n, room);
    t->room = good ? (int32_t)room : t->room;
    return good ? ML_OK : ML_ENOMEM;
}

void mli_tree_clear(mli_tree *t)
{
    mli_free(t->fork);
    mli_free(t->samples);
    mli_free(t->weight);
    mli_free(t->impurity);
    mli_free(t->value);
    *t = (mli_tree){.classes = t->classes, .outputs = t->outputs};
}

mli_trees *mli_trees_new(int64_t trees, int32_t classes, int64_t rows)
{
    mli_trees *all = mli_calloc(1, sizeof *all);
    if (!all)
        return NULL;
    *all = (mli_trees){.trees = trees, .tree = mli_calloc((size_t)trees, sizeof *all->tree), .rows = rows};
    if (!all->tree) {
        mli_free(all);
        return NULL;
    }
    for (int64_t i = 0; i < trees; i++)
        all->tree[i] = (mli_tree){.classes = classes, .outputs = classes ? classes : 1};
    return all;
}

void mli_trees_free(void *state)
{
    mli_trees *all = state;
    if (!all)
        return;
    for (int64_t i = 0; i < all->trees; i++)
        mli_tree_clear(&all->tree[i]);
    mli_free(all->tree);
    mli_free(all);
}

/* ---- places ---- */

mli_place *mli_tree_places(const mli_tree *t)
{
    mli_place *p = mli_alloc((size_t)t->nodes * sizeof *p);
    if (!p)
        return NULL;
    p[0] = (mli_place){.parent = -1};
    for (int32_t i = 0; i < t->nodes; i++)
        if (!mli_leaf(t, i))
            p[i + 1] = p[t->fork[i].right] = (mli_place){.parent = i, .depth = p[i].depth + 1};
    return p;
}

/* ---- the door ---- */

int64_t ml_model_trees(const ml_model *m)
{
    bool has = m && (m->learner.kind == &mli_tree_kind || m->learner.kind == &mli_forest_kind);
    return has ? ((const mli_trees *)m->state)->trees : 0;
}

const mli_tree *mli_tree_of(const ml_model *m, int64_t tree, const char *who)
{
    int64_t trees = ml_model_trees(m);
    if (!m)
        return mli_null(ML_EINVAL, "%s: the model is NULL", who);
    if (!trees)
        return mli_null(ML_EINVAL, "%s: a %s model has no trees to look into", who, m->learner.kind->name);
    if (tree < 0 || tree >= trees)
        return mli_null(ML_EINVAL, "%s: tree %lld: the model has %lld, counted from 0", who, (long long)tree, (long long)trees);
    return &((const mli_trees *)m->state)->tree[tree];
}

ml_status ml_model_tree_size(const ml_model *m, int64_t tree, int64_t *nodes, int64_t *leaves, int64_t *depth)
{
    const mli_tree *t = mli_tree_of(m, tree, "tree_size");
    mli_place *place = t ? mli_tree_places(t) : NULL;
    if (!place)
        return ml_error_status();
    int64_t ends = 0, deepest = 0;
    for (int32_t i = 0; i < t->nodes; i++) {
        ends += mli_leaf(t, i);
        deepest = place[i].depth > deepest ? place[i].depth : deepest;
    }
    mli_free(place);
    if (nodes)
        *nodes = t->nodes;
    if (leaves)
        *leaves = ends;
    if (depth)
        *depth = deepest;
    return ML_OK;
}

/* The way down to a node: preorder says on which side it lies. */
static int64_t depth_of(const mli_tree *t, int64_t node)
{
    int64_t depth = 0;
    for (int32_t i = 0; i < node; depth++)
        i = node >= t->fork[i].right ? t->fork[i].right : i + 1;
    return depth;
}

ml_status ml_model_node(const ml_model *m, int64_t tree, int64_t node, ml_tree_node *out)
{
    const mli_tree *t = mli_tree_of(m, tree, "node");
    if (!t)
        return ml_error_status();
    if (!out)
        return mli_fail(ML_EINVAL, "node: the place for it is NULL");
    if (node < 0 || node >= t->nodes)
        return mli_fail(ML_EINVAL, "node %lld: the tree has %ld, counted from 0", (long long)node, (long)t->nodes);
    int32_t i = (int32_t)node;
    bool leaf = mli_leaf(t, i);
    *out = (ml_tree_node){.left = leaf ? -1 : i + 1,
                          .right = leaf ? -1 : t->fork[i].right,
                          .feature = leaf ? -1 : mli_feature(&t->fork[i]),
                          .threshold = leaf ? NAN : t->fork[i].threshold,
                          .missing_seen = mli_missing_seen(&t->fork[i]),
                          .missing_left = mli_missing_left(&t->fork[i]),
                          .depth = depth_of(t, node),
                          .samples = t->samples[i],
                          .weight = t->weight[i],
                          .impurity = t->impurity[i],
                          .value = t->value + node * t->outputs};
    return ML_OK;
}
