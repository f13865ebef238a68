/* classical.h -- learners without a tape, all of one grammar:
 *
 *     ml_model *m = ml_tree_fit(data, (ml_tree_opts){.max_depth = 4});      or  ml_fit(ML_TREE(.max_depth = 4), data)
 *     ml_model_labels(m, x, label);  ml_model_save(m, "tree.safetensors");  ml_model_free(m);
 */
#ifndef MLCORE_CLASSICAL_H
#define MLCORE_CLASSICAL_H

#include <mlcore/learners.h>
#include <mlcore/matrix.h>

ML_BEGIN

/* What a learner learns from: rows of features, with a label or a number each. All the caller's; a model never points into it. */
typedef struct ml_xy {
    ml_matrix x;
    ml_ints label;     /* to classify: 0 .. classes-1, one a row */
    int32_t classes;   /* 0: the largest label + 1 */
    ml_doubles y;      /* for regression: a finite number a row; exactly one of label and y is given */
    ml_doubles weight; /* of the rows, not negative, not all 0; v NULL: 1 each */
} ml_xy;

/* A learner with its options: a value, which pipelines, cross-validation and searches take. */
typedef struct ml_learner_kind ml_learner_kind;
typedef struct ml_learner {
    const ml_learner_kind *kind;
    union {
        ml_dummy_opts dummy;
        ml_linear_opts linear;
        ml_logistic_opts logistic;
        ml_tree_opts tree;
        ml_forest_opts forest;
        ml_boost_opts boost;
    } opts;
} ml_learner;
ML_API ml_learner ml_dummy_learner(ml_dummy_opts opts);
ML_API ml_learner ml_linear_learner(ml_linear_opts opts);
ML_API ml_learner ml_logistic_learner(ml_logistic_opts opts);
ML_API ml_learner ml_tree_learner(ml_tree_opts opts);
ML_API ml_learner ml_forest_learner(ml_forest_opts opts);
ML_API ml_learner ml_boost_learner(ml_boost_opts opts);
#define ML_DUMMY(...) ml_dummy_learner((ml_dummy_opts){.begin = 0, __VA_ARGS__})
#define ML_LINEAR(...) ml_linear_learner((ml_linear_opts){.begin = 0, __VA_ARGS__})
#define ML_LOGISTIC(...) ml_logistic_learner((ml_logistic_opts){.begin = 0, __VA_ARGS__})
#define ML_TREE(...) ml_tree_learner((ml_tree_opts){.begin = 0, __VA_ARGS__})
#define ML_FOREST(...) ml_forest_learner((ml_forest_opts){.begin = 0, __VA_ARGS__})
#define ML_BOOST(...) ml_boost_learner((ml_boost_opts){.begin = 0, __VA_ARGS__})

/* By name, as a command line or a model file has it: "tree", or "tree:max_depth=4,seed=1". Its kind is NULL, with an error set,
 * where the name, an option or a value is not known; the sentence lists what is. */
ML_API ml_learner ml_learner_named(const char *text);
/* "tree", and so on; NULL where kind is NULL. */
ML_API const char *ml_learner_name(ml_learner learner);
/* Sets an option by its name, as a search does; whole numbers and flags are given as doubles too. An error lists the names. */
ML_API ml_status ml_learner_set(ml_learner *learner, const char *option, double value);
/* NULL, or a sentence on what is wrong with the options. */
ML_API const char *ml_learner_check(ml_learner learner);

/* ---- a fitted model ---- */

typedef struct ml_model ml_model;

/* Data of role TEST, a NaN in a feature (but for learners that know missing values: dummy, tree, forest, boost), an infinity, a label
 * out of range, or lengths that differ are errors that name row and column. NULL on error. */
ML_API ml_model *ml_fit(ml_learner learner, ml_xy data);
ML_API ml_model *ml_dummy_fit(ml_xy data, ml_dummy_opts opts);
ML_API ml_model *ml_linear_fit(ml_xy data, ml_linear_opts opts);
ML_API ml_model *ml_logistic_fit(ml_xy data, ml_logistic_opts opts);
ML_API ml_model *ml_tree_fit(ml_xy data, ml_tree_opts opts);
ML_API ml_model *ml_forest_fit(ml_xy data, ml_forest_opts opts);
ML_API ml_model *ml_boost_fit(ml_xy data, ml_boost_opts opts);
ML_API void ml_model_free(ml_model *m);

ML_API ml_learner ml_model_learner(const ml_model *m); /* what it was fitted by, defaults put in: a 0 in it is a 0,
                                                          so fit again by what you gave, not by this */
ML_API int32_t ml_model_classes(const ml_model *m);    /* 0 of a regression */
ML_API int64_t ml_model_features(const ml_model *m);
/* The name of feature j: the matrix's, or "x0", "x1", ... */
ML_API const char *ml_model_feature(const ml_model *m, int64_t j);

/* Predictions for x.rows rows; x must have the model's features, and where both have names, in the same order the same names.
 * Any role. A model may predict from many threads at once. */
ML_API ml_status ml_model_labels(const ml_model *m, ml_matrix x, int32_t *label);     /* the class of largest probability */
ML_API ml_status ml_model_probabilities(const ml_model *m, ml_matrix x, double *p);   /* rows x classes */
ML_API ml_status ml_model_values(const ml_model *m, ml_matrix x, double *y);          /* of a regression */

/* How much each feature counted, ml_model_features numbers that sum to 1 (or are all 0): the impurity or loss that its splits took
 * away, of trees; an error for the others, which have coefficients. */
ML_API ml_status ml_model_importances(const ml_model *m, double *importance);

/* Of linear and logistic models, copies: w (features) and one intercept; for more than two classes w (classes, features), row after
 * row, and an intercept a class. Either may be NULL. Of two classes, the score is for class 1. */
ML_API ml_status ml_model_coefficients(const ml_model *m, double *w, double *intercept);
/* Of the same, how many steps (passes of coordinate descent) the solver made, and whether it ended because its tolerance was
 * reached; settled may be NULL. A closed form is one step. -1 for other models. */
ML_API int64_t ml_model_steps(const ml_model *m, bool *settled);

/* One safetensors file, from which it is loaded without the code that trained it: bits of predictions are equal. */
ML_API ml_status ml_model_save(const ml_model *m, const char *path);
ML_API ml_model *ml_model_load(const char *path);

ML_END
#endif
