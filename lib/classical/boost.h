/* boost.h -- what the files of gradient boosting share. Internal. */
#ifndef MLI_BOOST_H
#define MLI_BOOST_H

#include "classical/bins.h"
#include "classical/model.h"

/* First and second derivative of the loss by the score of one row. */
typedef struct mli_slope {
    float g, h;
} mli_slope;

/* Trees, one after another in flat lists: what is fitted, saved and predicted with. A node is a leaf where left is -1. Children
 * come after their parent. */
typedef struct mli_boost {
    int64_t trees, nodes, room;
    int64_t *first; /* of tree t: its first node; trees + 1 of them */
    int64_t trees_room;
    int32_t *feature, *left, *right; /* left and right count from the tree's first node */
    uint8_t *missing_left;
    double *threshold; /* v <= threshold goes left */
    double *value;     /* of a leaf: what it adds to the score */
    double *gain;      /* of a split: the loss it took away */
    double *base;      /* the scores that trees add to: one, or one a class */
    int64_t scores;    /* of a row: 1, or classes where there are more than two */
} mli_boost;

/* Room for one more tree of n nodes. */
ml_status mli_boost_room(mli_boost *b, int64_t nodes);
/* Forgets the trees from number n on. */
void mli_boost_cut(mli_boost *b, int64_t trees);
void mli_boost_free(void *state);
/* Scores of x's rows, rows x scores, from the first `trees` trees. */
ml_status mli_boost_scores(const mli_boost *b, const ml_matrix *x, double *out);

ml_status mli_boost_save(const ml_model *m, mli_store *s, const char *at);
ml_status mli_boost_load(ml_model *m, mli_store *s, const char *at);

/* ---- growing one tree ---- */

typedef struct mli_grower mli_grower;
/* For trees over these bins and options; memory for all of them is taken now. */
mli_grower *mli_grower_new(const mli_bins *bins, const ml_boost_opts *opts);
void mli_grower_free(mli_grower *g);
/* Grows a tree from rows row[0 .. n-1] (ascending; put in another order on return), appends it to the model, and adds its leaves' values
 * to score[row * stride] of these rows. features: which of them it may use, n_features of them. */
ml_status mli_grow(mli_grower *g, mli_boost *b, const mli_slope *slope, int32_t *row, int64_t n, const int32_t *feature,
                   int64_t n_features, double *score, int64_t stride);

#endif
