/* tree.c -- a decision tree as a learner: its options, and what it makes of them.
 *
 * Problem   labels or numbers from features, by questions of the form "is feature j <= t?"
 * Given     rows of features (NaN: missing), labels or numbers, weights
 * Returns   a tree, see tree_grow.c; how much each feature counted
 * Paper     Breiman, Friedman, Olshen, Stone 1984, Classification and Regression Trees
 */
#include "classical/tree.h"

#include <math.h>

#define FIELD(name, kind, standard) MLI_FIELD(ml_tree_opts, name, kind, standard)
static const mli_field FIELDS[] = {MLI_FIELD_CHOICE(ml_tree_opts, criterion, mli_criterion_names),
                                   FIELD(max_depth, MLI_COUNT, 0),
                                   FIELD(min_samples_split, MLI_COUNT, 2),
                                   FIELD(min_samples_leaf, MLI_COUNT, 1),
                                   FIELD(max_features, MLI_FINITE, 1),
                                   FIELD(min_impurity_decrease, MLI_FROM_ZERO, 0),
                                   FIELD(ccp_alpha, MLI_FROM_ZERO, 0),
                                   FIELD(balanced, MLI_FLAG, 0),
                                   FIELD(random_splits, MLI_FLAG, 0),
                                   FIELD(seed, MLI_WORD, 0),
                                   {0}};

/* ---- options that trees and forests share ---- */

const char *const mli_criterion_names[] = {"auto", "gini", "entropy", "squared_error", NULL};

const char *mli_tree_options_check(const char *who, double max_features, int64_t min_samples_split, int64_t min_samples_leaf)
{
    if (!(max_features > 0) && max_features != ML_SQRT)
        mli_fail(ML_EINVAL, "%s: max_features is %g: it must be a share in (0, 1], a number above 1, or ML_SQRT", who, max_features);
    else if (min_samples_split < 2)
        mli_fail(ML_EINVAL, "%s: min_samples_split is %lld: it takes 2 to split", who, (long long)min_samples_split);
    else if (min_samples_leaf < 1)
        mli_fail(ML_EINVAL, "%s: min_samples_leaf is %lld: it must be 1 or more", who, (long long)min_samples_leaf);
    else
        return NULL;
    return ml_error();
}

int64_t mli_tree_features(double max_features, int64_t features)
{
    double m = max_features == ML_SQRT ? sqrt((double)features)
               : max_features <= 1     ? max_features * (double)features
                                       : max_features;
    return m >= (double)features ? features : m < 1 ? 1 : (int64_t)m;
}

ml_status mli_tree_criterion(const char *who, ml_criterion criterion, int32_t classes, bool *entropy)
{
    if (criterion != ML_CRITERION_AUTO && !classes != (criterion == ML_SQUARED_ERROR))
        return mli_fail(ML_EINVAL, "%s: criterion %s, but the data has %s", who, mli_criterion_names[criterion],
                        classes ? "labels" : "numbers y");
    *entropy = criterion == ML_ENTROPY;
    return ML_OK;
}

/* ---- the learner ---- */

static const char *check(const ml_learner *learner)
{
    const ml_tree_opts *o = &learner->opts.tree;
    return mli_tree_options_check("tree", o->max_features, o->min_samples_split, o->min_samples_leaf);
}

static ml_status fit(ml_model *m, const ml_xy *data)
{
    const ml_tree_opts *o = &m->learner.opts.tree;
    mli_tree_rules rules = {.max_depth = o->max_depth,
                            .min_samples_split = o->min_samples_split,
                            .min_samples_leaf = o->min_samples_leaf,
                            .max_features = mli_tree_features(o->max_features, m->features),
                            .min_impurity_decrease = o->min_impurity_decrease,
                            .ccp_alpha = o->ccp_alpha,
                            .random_splits = o->random_splits};
    mli_tree_data d;
    if (mli_tree_criterion("tree", o->criterion, m->classes, &rules.entropy))
        return ML_EINVAL;
    mli_trees *all = m->state = mli_trees_new(1, m->classes, data->x.rows);
    ml_status s = all ? mli_tree_data_init(&d, data, m->classes, o->balanced) : ML_ENOMEM;
    if (!all)
        return s;
    if (!s)
        s = mli_tree_grow(&all->tree[0], &d, &rules, NULL, ml_rng_seed(o->seed));
    mli_tree_data_clear(&d);
    return s;
}

/* ---- importances ---- */

/* The impurity that the splits on each feature took away, as shares of their sum. */
static void add_importances(const mli_tree *t, int64_t features, double *own, double *sum)
{
    double whole = 0;
    for (int64_t j = 0; j < features; j++)
        own[j] = 0;
    for (int32_t i = 0; i < t->nodes; i++) {
        int32_t l = i + 1, r = t->fork[i].right;
        if (mli_leaf(t, i))
            continue;
        double less = t->weight[i] * t->impurity[i] - t->weight[l] * t->impurity[l] - t->weight[r] * t->impurity[r];
        own[mli_feature(&t->fork[i])] += less;
        whole += less;
    }
    for (int64_t j = 0; j < features && whole > 0; j++)
        sum[j] += own[j] / whole;
}

ml_status mli_trees_importances(const ml_model *m, double *importance)
{
    const mli_trees *all = m->state;
    double *own = mli_alloc((size_t)m->features * sizeof *own), whole = 0;
    if (!own)
        return ML_ENOMEM;
    for (int64_t j = 0; j < m->features; j++)
        importance[j] = 0;
    for (int64_t k = 0; k < all->trees; k++)
        add_importances(&all->tree[k], m->features, own, importance);
    for (int64_t j = 0; j < m->features; j++)
        whole += importance[j];
    for (int64_t j = 0; j < m->features && whole > 0; j++)
        importance[j] /= whole;
    mli_free(own);
    return ML_OK;
}

const ml_learner_kind mli_tree_kind = {.name = "tree",
                                       .fields = FIELDS,
                                       .missing = true,
                                       .classifies = true,
                                       .regresses = true,
                                       .check = check,
                                       .fit = fit,
                                       .predict = mli_trees_predict,
                                       .importances = mli_trees_importances,
                                       .save = mli_trees_save,
                                       .load = mli_trees_load,
                                       .free = mli_trees_free};
