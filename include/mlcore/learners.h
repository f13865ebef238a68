/* learners.h -- the options of each learner; classical.h includes it. `begin` has no meaning: so that the list may be empty. */
#ifndef MLCORE_LEARNERS_H
#define MLCORE_LEARNERS_H

#include <mlcore/real.h>

ML_BEGIN

/* Baselines, which do not look at x. */
typedef enum ml_dummy_strategy {
    ML_DUMMY_PRIOR = 0,  /* the most frequent class, with the shares as probabilities; of a regression the mean */
    ML_DUMMY_STRATIFIED, /* a class at random, by the shares */
    ML_DUMMY_UNIFORM,    /* a class at random, all alike */
    ML_DUMMY_MEDIAN,     /* of a regression */
    ML_DUMMY_CONSTANT    /* the class or value given */
} ml_dummy_strategy;
typedef struct ml_dummy_opts {
    int begin;
    ml_dummy_strategy strategy;
    double constant;
    uint64_t seed;
} ml_dummy_opts;

/* Least squares: the minimum over w, b of  1/(2n) |y - X w - b|^2 + alpha l1_ratio |w|_1 + alpha (1 - l1_ratio) / 2 |w|^2. */
typedef enum ml_linear_solver {
    ML_LINEAR_AUTO = 0,   /* QR or the normal equations where there is no l1 part, else coordinate descent */
    ML_LINEAR_QR,         /* Householder; the most exact */
    ML_LINEAR_CHOLESKY,   /* the normal equations; the fastest where there are many rows */
    ML_LINEAR_COORDINATE, /* Friedman, Hastie, Tibshirani 2010 */
    ML_LINEAR_LBFGS
} ml_linear_solver;
typedef struct ml_linear_opts {
    int begin;
    double alpha;    /* default 0: no penalty. scikit-learn's Ridge(a) is alpha = a / n */
    double l1_ratio; /* 0 ridge, 1 lasso, between elastic net */
    bool no_intercept;
    ml_linear_solver solver;
    int64_t max_iter; /* default 1000 passes */
    double tol;       /* default 1e-4 of coordinate descent, as scikit-learn's; 1e-10 of L-BFGS's gradient */
} ml_linear_opts;

/* Logistic regression, and softmax regression for more than two classes: the minimum of
 * C sum_i s_i loss_i + (1 - l1_ratio) / 2 |w|^2 + l1_ratio |w|_1, where s_i is the row's weight times its class's. */
typedef enum ml_logistic_solver {
    ML_LOGISTIC_AUTO = 0,
    ML_LOGISTIC_LBFGS,
    ML_LOGISTIC_NEWTON,    /* Cholesky of the Hessian: few steps, where features are few */
    ML_LOGISTIC_COORDINATE /* the only one for an l1 part */
} ml_logistic_solver;
typedef struct ml_logistic_opts {
    int begin;
    double C;        /* default 1; INFINITY: no penalty */
    double l1_ratio; /* default 0 */
    bool no_intercept;
    bool balanced;              /* classes weigh n / (K n_k) */
    const double *class_weight; /* K numbers, or NULL; the caller's, read by fit alone */
    ml_logistic_solver solver;
    int64_t max_iter; /* default 100 steps */
    double tol;       /* default 1e-8 of the largest gradient, per row */
} ml_logistic_opts;

/* CART (Breiman, Friedman, Olshen, Stone 1984). NaN is a value of its own: each split learns the side to which it goes. */
typedef enum ml_criterion {
    ML_CRITERION_AUTO = 0, /* Gini to classify, squared error for regression */
    ML_GINI,
    ML_ENTROPY,
    ML_SQUARED_ERROR
} ml_criterion;
typedef struct ml_tree_opts {
    int begin;
    ml_criterion criterion;
    int64_t max_depth;         /* default: none */
    int64_t min_samples_split; /* default 2 */
    int64_t min_samples_leaf;  /* default 1 */
    double max_features;       /* tried at each split: a share in (0, 1], a number above 1, default all; ML_SQRT: the square root */
    double min_impurity_decrease;
    double ccp_alpha; /* of cost-complexity pruning: default 0, none */
    bool balanced;    /* classes weigh n / (K n_k) */
    bool random_splits; /* one threshold at random a feature, as extra trees have it; default the best */
    uint64_t seed;
} ml_tree_opts;
#define ML_SQRT (-2.0)

/* Random forest (Breiman 2001), and extra trees (Geurts, Ernst, Wehenkel 2006). */
typedef struct ml_forest_opts {
    int begin;
    int64_t trees;             /* default 100 */
    ml_criterion criterion;    /* these as in ml_tree_opts; max_features defaults to ML_SQRT to classify, to all for regression */
    int64_t max_depth, min_samples_split, min_samples_leaf;
    double max_features, min_impurity_decrease, ccp_alpha;
    bool balanced;
    bool extra;        /* thresholds at random, each tree from all rows: extra trees */
    bool no_bootstrap; /* each tree from all rows */
    uint64_t seed;
} ml_forest_opts;

/* Gradient boosting of trees over histograms (Friedman 2001; Ke and others 2017): logistic loss for two classes, softmax for more,
 * squared error for regression. NaN has a bin of its own. */
typedef struct ml_boost_opts {
    int begin;
    int64_t rounds;       /* default 100 */
    double learning_rate; /* default 0.1 */
    int64_t max_leaves;   /* default 31; grown best first */
    int64_t max_depth;    /* default: none */
    int64_t min_samples_leaf; /* default 20 */
    double l2;            /* on leaf values: default 0 */
    double min_gain;      /* default 0 */
    int64_t max_bins;     /* default 255 */
    double subsample;     /* share of the rows that a round sees: default 1 */
    double columns;       /* share of the features that a tree sees: default 1 */
    int64_t patience;     /* rounds without a better validation loss after which it stops: default 0, all rounds are run */
    double validation;    /* share of the rows kept for that: default 0.1 where there is patience */
    bool balanced;
    uint64_t seed;
} ml_boost_opts;

ML_END
#endif
