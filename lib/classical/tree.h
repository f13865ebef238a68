/* tree.h -- what the files of trees and forests share. Internal.
 *
 * A fitted tree lies in preorder, as scikit-learn's: the left child of node i is node i + 1. Growing looks at ranks instead of
 * numbers: equal orders give equal splits, whole numbers sort quickly, and nothing is rounded. Thresholds are numbers again,
 * midpoints of two neighbours in double.
 */
#ifndef MLI_TREE_H
#define MLI_TREE_H

#include "classical/model.h"

#include <mlcore/trees.h>

/* ---- a fitted tree ---- */

/* What a prediction reads of a node: 16 bytes. */
typedef struct mli_fork {
    double threshold; /* -INFINITY of a leaf: no number goes left, and right is the leaf itself */
    int32_t right;
    int32_t what; /* feature << 2 | missing values were seen in training << 1 | they go left; 0 of a leaf */
} mli_fork;

static inline int32_t mli_feature(const mli_fork *f)
{
    return f->what >> 2;
}
static inline bool mli_missing_seen(const mli_fork *f)
{
    return f->what >> 1 & 1;
}
static inline bool mli_missing_left(const mli_fork *f)
{
    return f->what & 1;
}

typedef struct mli_tree {
    int32_t nodes, room;
    int32_t classes; /* 0: regression */
    int32_t outputs; /* numbers in a value: classes, or 1 */
    mli_fork *fork;
    int32_t *samples; /* rows of weight > 0 that came here */
    double *weight, *impurity;
    double *value; /* nodes x outputs: the weight of each class, or the mean */
} mli_tree;

static inline bool mli_leaf(const mli_tree *t, int32_t i)
{
    return t->fork[i].right == i;
}

/* Room for so many nodes, those that are there kept; exactly so many, so that it also gives back what is too much. */
ml_status mli_tree_reserve(mli_tree *t, int64_t room);
void mli_tree_clear(mli_tree *t);

/* Where node i hangs: parent is -1 of the root. */
typedef struct mli_place {
    int32_t parent, depth;
} mli_place;
/* One a node, for mli_free; NULL with an error set where memory lacks. */
mli_place *mli_tree_places(const mli_tree *t);

/* The state of a model of either kind. */
typedef struct mli_trees {
    int64_t trees;
    mli_tree *tree;
    int64_t rows; /* that it was fitted to */
} mli_trees;

enum { MLI_MOST_TREES = 1 << 24 };
/* NULL with an error set where memory lacks; the trees are empty. */
mli_trees *mli_trees_new(int64_t trees, int32_t classes, int64_t rows);
/* The functions of ml_learner_kind that both kinds have. */
ml_status mli_trees_predict(const ml_model *m, const ml_matrix *x, double *out);
ml_status mli_trees_importances(const ml_model *m, double *importance);
ml_status mli_trees_save(const ml_model *m, mli_store *s, const char *at);
ml_status mli_trees_load(ml_model *m, mli_store *s, const char *at);
void mli_trees_free(void *state);
/* A tree of a model, or NULL with an error set that begins with `who`. */
const mli_tree *mli_tree_of(const ml_model *m, int64_t tree, const char *who);

/* n rows of x, from `first` on, one after the other, for mli_free; NULL with an error set where memory lacks. */
double *mli_matrix_rows(const ml_matrix *x, int64_t first, int64_t n);
/* The leaves of n rows of numbers, `features` each. */
void mli_tree_walk(const mli_tree *t, const double *x, int64_t n, int64_t features, int32_t *leaf);
/* Adds what the leaf says: shares of the classes, or its mean. */
void mli_tree_add(const mli_tree *t, int32_t leaf, double *out);

/* ---- the data of a growing tree ---- */

/* A number to be sorted in the upper 32 bits, what goes with it in the lower. */
typedef uint64_t mli_key;
static inline uint32_t mli_rank_of(mli_key k)
{
    return (uint32_t)(k >> 32);
}
/* Sorts by the upper half, which lies in least .. most; equal ones keep their order. spare has room for n; the result is in one of the
 * two, which is returned. */
mli_key *mli_sort_keys(mli_key *keys, mli_key *spare, int64_t n, uint32_t least, uint32_t most);

/* A feature: number i is value[rank[i]], values increase; a missing one has rank `levels`. */
typedef struct mli_ranks {
    uint32_t *rank;
    double *value;
    uint32_t levels;
} mli_ranks;

/* What all trees of a model are grown from. */
typedef struct mli_tree_data {
    int64_t rows, features;
    mli_ranks *x;
    int32_t classes; /* 0: regression */
    const int32_t *label;
    const double *y;
    double *weight; /* of the rows, classes' weights in it */
} mli_tree_data;
ml_status mli_tree_data_init(mli_tree_data *d, const ml_xy *data, int32_t classes, bool balanced);
void mli_tree_data_clear(mli_tree_data *d);

/* ---- growing ---- */

typedef struct mli_tree_rules {
    bool entropy;
    int64_t max_depth, min_samples_split, min_samples_leaf, max_features;
    double min_impurity_decrease, ccp_alpha;
    bool random_splits;
} mli_tree_rules;
extern const char *const mli_criterion_names[];
/* NULL, or what is wrong with options that a tree and a forest have in common; it is then ml_error too. */
const char *mli_tree_options_check(const char *who, double max_features, int64_t min_samples_split, int64_t min_samples_leaf);
/* How many features `max_features` means. */
int64_t mli_tree_features(double max_features, int64_t features);
/* Whether it is entropy; an error where the criterion is not for this kind of data. */
ml_status mli_tree_criterion(const char *who, ml_criterion criterion, int32_t classes, bool *entropy);

/* Grows the empty tree t on the rows whose weight, times count (NULL: 1), is not 0, and prunes it. */
ml_status mli_tree_grow(mli_tree *t, const mli_tree_data *d, const mli_tree_rules *rules, const int32_t *count, ml_rng rng);
/* Cuts off what is worth less than alpha, see tree_prune.c. */
ml_status mli_tree_prune(mli_tree *t, double alpha);

/* A row on its way down the growing tree. */
typedef struct mli_sample {
    double weight;
    union {
        double y;
        int64_t label;
    } is;
} mli_sample;

/* A node that is to be split: n rows, and what lies in them. */
typedef struct mli_node {
    int64_t n;
    const int32_t *row;
    const mli_sample *sample;
    const uint32_t *payload; /* label << 16 | weight where `packed`; else the sample's number */
    bool packed;
    double weight;
    const double *total; /* weight of each class, or the mean */
} mli_node;

typedef struct mli_split {
    double score; /* the larger the better; -INFINITY: none was found */
    double threshold;
    int64_t feature;
    uint32_t cut; /* ranks up to it go left */
    bool missing_seen, missing_left;
} mli_split;

/* Memory for one search at a time. */
typedef struct mli_searcher {
    const mli_tree_data *d;
    const mli_tree_rules *rules;
    mli_key *keys, *spare;         /* rows of the tree each */
    double *left, *right, *missing; /* outputs each */
} mli_searcher;

/* Tries a feature: *best is replaced where a split of it scores more. u, in [0, 1), places the threshold and side of a random split.
 * False where the feature is constant in the node. */
bool mli_split_try(const mli_searcher *s, const mli_node *n, int64_t feature, const double u[2], mli_split *best);

#endif
