/* trees.h -- looking into decision trees and forests: nodes, pictures, pruning, out-of-bag scores. */
#ifndef MLCORE_TREES_H
#define MLCORE_TREES_H

#include <mlcore/classical.h>

ML_BEGIN

/* ---- nodes ---- */

/* Node i of a tree. Nodes are numbered in preorder, the root is 0. */
typedef struct ml_tree_node {
    int64_t left, right; /* nodes; -1 of a leaf */
    int64_t feature;     /* -1 of a leaf */
    double threshold;    /* x[feature] <= threshold goes left; INFINITY: all that is not missing does; NaN of a leaf */
    bool missing_seen;   /* whether the feature had NaN here in training */
    bool missing_left;   /* whether NaN goes left; where none was seen, it goes with the larger half */
    int64_t depth;       /* 0 of the root */
    int64_t samples;     /* training rows of weight > 0 that came here */
    double weight;       /* of these rows */
    double impurity;     /* Gini or entropy (in bits) of their labels, or the variance of their numbers */
    const double *value; /* the weight of each class, or one number, the mean; the model's */
} ml_tree_node;

/* How many trees a model has; 0 where it is neither a tree nor a forest. */
ML_API int64_t ml_model_trees(const ml_model *m);
/* A tree's nodes, leaves, and largest depth; each pointer may be NULL. */
ML_API ml_status ml_model_tree_size(const ml_model *m, int64_t tree, int64_t *nodes, int64_t *leaves, int64_t *depth);
/* An error where the model has no such tree, or the tree no such node. Takes as many steps as the node is deep. */
ML_API ml_status ml_model_node(const ml_model *m, int64_t tree, int64_t node, ml_tree_node *out);

/* Prints a model of one tree as text, indented, a line a question:
 *     age <= 9.5, or missing
 *     |   sibsp <= 2.5
 *     |   |   class yes (27 of 27)
 * class_names has as many texts as classes, or is NULL; max_depth 0: all of it, else deeper parts are counted, not shown. */
ML_API ml_status ml_tree_print(FILE *f, const ml_model *m, const char *const *class_names, int64_t max_depth);

/* Writes the same as a drawing, in the language of Graphviz: `dot -Tsvg tree.dot > tree.svg`. The stronger a colour, the surer the
 * node; names may hold any text. */
ML_API ml_status ml_tree_dot(const ml_model *m, const char *path, const char *const *class_names);

/* ---- pruning ---- */

/* What minimal cost-complexity pruning would do to a tree, weakest link first (scikit-learn's cost_complexity_pruning_path): with
 * ccp_alpha from alpha[i] up to alpha[i+1] it has leaves[i] leaves, whose impurities, by weight, sum to impurity[i]. */
typedef struct ml_pruning {
    int64_t n;
    double *alpha; /* not decreasing, from 0 on */
    double *impurity;
    int64_t *leaves; /* down to 1 */
} ml_pruning;
/* Of a tree of a fitted model; the model does not change. NULL on error. */
ML_API ml_pruning *ml_model_pruning(const ml_model *m, int64_t tree);
ML_API void ml_pruning_free(ml_pruning *p);

/* ---- out of bag ---- */

/* Predicts each row by those trees of a forest that did not see it, and scores that: accuracy to classify, R^2 for regression, rows
 * without such a tree left out. `data` must be what the forest was fitted to: which rows a tree saw is drawn anew from the seed.
 * prediction (may be NULL) gets rows x classes probabilities, or a number a row; NaN where no tree can say. An error of a
 * forest whose trees saw all rows, or of data with another number of rows. Source: Breiman 2001, section 3.1. */
ML_API ml_status ml_forest_oob(const ml_model *m, ml_xy data, double *prediction, double *score);

ML_END
#endif
