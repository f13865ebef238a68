/* select.h -- pipelines, and choosing among them: folds, cross-validation of whole pipelines, searches, curves, and what each
 * column counts.
 *
 *     ml_recipe recipe = ML_RECIPE(ML_LOGISTIC(.C = 1), ML_IMPUTE("age"), ML_ONE_HOT("sex"));
 *     ml_pipeline *p = ml_pipeline_fit(recipe, train, "survived");
 *     ml_frame *predicted = ml_pipeline_predict(p, test);
 *     ml_pipeline_save(p, "titanic.safetensors");
 */
#ifndef MLCORE_SELECT_H
#define MLCORE_SELECT_H

#include <mlcore/classical.h>
#include <mlcore/frame.h>
#include <mlcore/prep.h>

ML_BEGIN

/* ---- recipes: what is to be done, before anything is fitted ---- */

/* Steps, done one after another, and the learner at their end: a value. Names of columns in it are the caller's, and must live
 * as long. */
enum { ML_MAX_STEPS = 32 };
typedef struct ml_recipe {
    ml_learner learner;
    int steps;
    ml_prep_step step[ML_MAX_STEPS];
} ml_recipe;

/* The learner comes first, steps follow, maybe none: ML_RECIPE(ML_TREE(.max_depth = 4), ML_ONE_HOT("sex")). The path for C++ and
 * for loops: ml_recipe_of(learner, NULL, 0), then ml_recipe_add. */
ML_API ml_recipe ml_recipe_of(ml_learner learner, const ml_prep_step *steps, int n);
ML_API ml_status ml_recipe_add(ml_recipe *recipe, ml_prep_step step);
#ifndef __cplusplus
#define ML_RECIPE(...) ML_RECIPE_ENDED(__VA_ARGS__, (ml_prep_step){0})
#define ML_RECIPE_ENDED(learner, ...)                            \
    ml_recipe_of((learner), (const ml_prep_step[]){__VA_ARGS__}, \
                 (int)(sizeof((const ml_prep_step[]){__VA_ARGS__}) / sizeof(ml_prep_step)) - 1)
#endif
/* Sets an option by its name: "max_depth" is the learner's; "impute.fill" that of all steps of that kind, "0.fill" that of the
 * first step. An error lists the names there are. */
ML_API ml_status ml_recipe_set(ml_recipe *recipe, const char *option, double value);
/* NULL, or a sentence on what is wrong with its steps or learner. */
ML_API const char *ml_recipe_check(const ml_recipe *recipe);

/* ---- pipelines: a recipe fitted on a frame ---- */

typedef struct ml_pipeline ml_pipeline;

/* Fits steps and learner on all columns of a frame but the target; the target may not miss a value. NULL on error: a TEST frame, a
 * target that does not fit the learner, no column besides it, columns that are still no numbers behind the steps, ...; the sentence
 * says which. */
ML_API ml_pipeline *ml_pipeline_fit(ml_recipe recipe, const ml_frame *train, const char *target);
ML_API void ml_pipeline_free(ml_pipeline *p);

/* All that take a frame f below want the columns that the pipeline was fitted on, in any order. A missing column, one too many (but
 * for the target), or one of another type is an error that names it. A type is taken for another where no value is lost: integers
 * for numbers, whole numbers for integers, texts for categories and the reverse, and a column without a value for any. Any role. */
ML_API ml_status ml_pipeline_labels(const ml_pipeline *p, const ml_frame *f, int32_t *label);       /* a class a row */
ML_API ml_status ml_pipeline_probabilities(const ml_pipeline *p, const ml_frame *f, double *prob); /* rows x classes */
ML_API ml_status ml_pipeline_values(const ml_pipeline *p, const ml_frame *f, double *y);            /* of a regression */
/* A new frame: "prediction", of the target's type, and of classes "probability_<class>" each. */
ML_API ml_frame *ml_pipeline_predict(const ml_pipeline *p, const ml_frame *f);
/* What the learner is given: a new frame of the columns behind the steps. */
ML_API ml_frame *ml_pipeline_transform(const ml_pipeline *p, const ml_frame *f);
/* The target in f as the pipeline has it, a class or a number a row: for scores. */
ML_API ml_status ml_pipeline_truth_labels(const ml_pipeline *p, const ml_frame *f, int32_t *label);
ML_API ml_status ml_pipeline_truth_values(const ml_pipeline *p, const ml_frame *f, double *y);
/* One of the scores below, of a frame with the target. */
ML_API ml_status ml_pipeline_score(const ml_pipeline *p, const ml_frame *f, const char *score, double *value);

ML_API const char *ml_pipeline_target(const ml_pipeline *p);
ML_API int32_t ml_pipeline_classes(const ml_pipeline *p); /* 0 of a regression */
ML_API const char *ml_pipeline_class(const ml_pipeline *p, int32_t k);
ML_API int ml_pipeline_inputs(const ml_pipeline *p);
ML_API const char *ml_pipeline_input(const ml_pipeline *p, int j);
ML_API ml_type ml_pipeline_input_type(const ml_pipeline *p, int j);
/* The fitted learner; it belongs to the pipeline. Its features are the columns behind the steps: ml_model_feature. */
ML_API const ml_model *ml_pipeline_model(const ml_pipeline *p);
/* A new frame: "feature" and "importance", by ml_model_importances. */
ML_API ml_frame *ml_pipeline_importances(const ml_pipeline *p);

/* Numbers that go with it into its file, by name: the score that it had, its seed. At most 64; the same name again replaces. Noted is
 * NaN where there is none of that name. */
ML_API ml_status ml_pipeline_note(ml_pipeline *p, const char *name, double value);
ML_API double ml_pipeline_noted(const ml_pipeline *p, const char *name);

/* One safetensors file with inputs, steps and model, from which it is loaded without the code that fitted it: predictions have
 * the same bits. */
ML_API ml_status ml_pipeline_save(const ml_pipeline *p, const char *path);
ML_API ml_pipeline *ml_pipeline_load(const char *path);

/* ---- folds: who is held out when ---- */

typedef struct ml_fold {
    const int64_t *train, *held; /* rows, ascending */
    int64_t n_train, n_held;
} ml_fold;
typedef struct ml_folds {
    int64_t rows;
    int count;
    const ml_fold *fold;
} ml_folds;

typedef struct ml_fold_opts {
    int64_t k;            /* how many: default 5, at most 10000 */
    bool shuffle;         /* by seed; else as the rows lie: folds of ml_folds_k are then stretches of rows */
    uint64_t seed;
    const char *stratify; /* these for ml_folds_of: a column whose values are spread evenly over the folds */
    const char *group;    /* a column of whose values each is held out as a whole; a missing one is a group of its own */
} ml_fold_opts;

/* Stretches of rows; the first rows % k are longer by one. scikit-learn's KFold. */
ML_API ml_folds *ml_folds_k(int64_t rows, ml_fold_opts opts);
/* Each class is spread over the folds so that their numbers differ by one at most: StratifiedKFold. A class with fewer rows than
 * folds is fine; where all classes have fewer, it is an error. */
ML_API ml_folds *ml_folds_stratified(ml_ints label, ml_fold_opts opts);
/* No group is in two folds: the largest first, each to the fold that has the fewest rows. GroupKFold. */
ML_API ml_folds *ml_folds_group(ml_ints group, ml_fold_opts opts);
/* The same, each group to the fold where the shares of the classes then differ least: StratifiedGroupKFold. */
ML_API ml_folds *ml_folds_stratified_group(ml_ints label, ml_ints group, ml_fold_opts opts);
/* Rows in the order of time: each fold is the next stretch of rows / (k + 1), trained on all that came before but the last
 * `gap` rows. TimeSeriesSplit. */
ML_API ml_folds *ml_folds_time(int64_t rows, int64_t k, int64_t gap);
/* Folds of one's own: the fold 0 .. k-1 in which a row is held, or -1 for a row that always trains. */
ML_API ml_folds *ml_folds_given(ml_ints fold_of_row);
/* Of a frame, by the columns that opts name: one of the four above. */
ML_API ml_folds *ml_folds_of(const ml_frame *f, ml_fold_opts opts);
ML_API void ml_folds_free(ml_folds *folds);

/* ---- cross-validation ---- */

/* Scores by name. Of classes: "accuracy", "balanced_accuracy" (the mean recall), "f1" (of class 1 of two; else as f1_macro),
 * "f1_macro", "log_loss", "roc_auc" (of class 1 of two; else each against all others). Of numbers: "r2", "rmse", "mae". A list is
 * separated by commas. Larger is better, but for the losses: log_loss, rmse, mae. */
ML_API bool ml_score_is_loss(const char *score);

struct ml_search_opts;
typedef struct ml_cv_opts {
    const char *scores;   /* default "accuracy" of classes, "r2" of numbers */
    bool train_scores;    /* of the rows trained on too */
    const struct ml_search_opts *search; /* tunes inside the folds: each fold's training rows alone choose. NULL: no */
} ml_cv_opts;

/* Belongs to the caller; fields may be read. */
typedef struct ml_cv {
    int folds, scores;
    const char *const *score;    /* names */
    const double *held, *train;  /* folds x scores; train NULL unless wanted */
    const double *fit_seconds, *predict_seconds; /* folds */
    int64_t rows;
    int32_t classes;             /* 0 of a regression */
    const char *const *class_name;
    const int32_t *truth, *label; /* rows: the class, and the one predicted when the row was held out; -1: never held */
    const double *p;             /* rows x classes; NaN: never held */
    const double *truth_value, *value; /* rows, of a regression */
    const ml_recipe *chosen;     /* folds: what each was fitted by */
    struct mli_cv *self;
} ml_cv;

/* Fits the recipe on each fold's training rows, as TRAIN, and predicts those held out, as VALIDATION. Folds run on several threads;
 * the bits are those of one. An error names the fold. TEST frames are refused: what is chosen by them is fitted to them. */
ML_API ml_cv *ml_cross_validate(ml_recipe recipe, const ml_frame *f, const char *target, const ml_folds *folds, ml_cv_opts opts);
/* Over the folds' held scores: the mean, and the standard deviation (of a sample: divided by folds - 1); NaN where there is none of
 * that name. */
ML_API double ml_cv_mean(const ml_cv *cv, const char *score);
ML_API double ml_cv_spread(const ml_cv *cv, const char *score);
/* A new frame, a row a fold: "fold", the scores, "train_<score>", "fit_seconds", "predict_seconds". */
ML_API ml_frame *ml_cv_frame(const ml_cv *cv);
ML_API void ml_cv_free(ml_cv *cv);

/* ---- searches ---- */

/* One option and what it may be: a list of n values, or where v is NULL a number between low and high. */
typedef struct ml_choice {
    const char *option; /* as in ml_recipe_set */
    const double *v;
    int n;
    double low, high;
    bool log;   /* uniform in the logarithm: low > 0 */
    bool whole; /* whole numbers, both ends included */
} ml_choice;
#ifndef __cplusplus
#define ML_VALUES(name, ...)                                                           \
    ((ml_choice){.option = (name), .v = (const double[]){__VA_ARGS__},                 \
                 .n = (int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double))})
#define ML_BETWEEN(name, lowest, highest) ((ml_choice){.option = (name), .low = (lowest), .high = (highest)})
#define ML_LOG_BETWEEN(name, lowest, highest) ((ml_choice){.option = (name), .low = (lowest), .high = (highest), .log = true})
#define ML_WHOLE_BETWEEN(name, lowest, highest) \
    ((ml_choice){.option = (name), .low = (lowest), .high = (highest), .whole = true})
/* The choices of a search and their number: .choice = ML_CHOICES(ML_VALUES("C", 0.1, 1, 10)) */
#define ML_CHOICES(...) \
    (const ml_choice[]){__VA_ARGS__}, .choices = (int)(sizeof((const ml_choice[]){__VA_ARGS__}) / sizeof(ml_choice))
#endif

typedef struct ml_search_opts {
    const ml_choice *choice;
    int choices;
    int64_t draws;      /* so many at random (Bergstra and Bengio 2012); 0: all combinations of lists, the last option fastest */
    uint64_t seed;      /* of the draws */
    ml_fold_opts folds; /* how the frame is cut, by ml_folds_of */
    const char *scores; /* as in ml_cv_opts; the first chooses */
} ml_search_opts;

/* Belongs to the caller; fields may be read. */
typedef struct ml_search {
    ml_recipe best; /* the recipe with the options of largest mean score, or smallest loss; of equals the first */
    int64_t best_row;
    double best_score;
    ml_frame *results; /* a row a candidate: the options, the mean and spread of each score over the folds, and "rank" */
} ml_search;

/* Cross-validates each candidate on the same folds of f. A recipe is chosen, not fitted: ml_pipeline_fit(s->best, f, target). */
ML_API ml_search *ml_search_fit(ml_recipe recipe, const ml_frame *f, const char *target, ml_search_opts opts);
ML_API void ml_search_free(ml_search *s);

/* ---- curves ---- */

typedef struct ml_curve_opts {
    const char *score;    /* as in ml_cv_opts, one */
    const double *share;  /* of each fold's training rows, in (0, 1], ascending */
    int shares;           /* default, of share NULL: 0.1, 0.325, 0.55, 0.775, 1 */
    bool in_order;        /* the first of the training rows; default: they are shuffled by seed first */
    uint64_t seed;
} ml_curve_opts;
/* How the score grows with the rows: a new frame with "rows" (the mean over the folds), "train", "train_spread", "held",
 * "held_spread". */
ML_API ml_frame *ml_learning_curve(ml_recipe recipe, const ml_frame *f, const char *target, const ml_folds *folds,
                                   ml_curve_opts opts);
/* The same by the values of one option, which is the first column's name. */
ML_API ml_frame *ml_validation_curve(ml_recipe recipe, const ml_frame *f, const char *target, const ml_folds *folds,
                                     ml_choice choice, const char *score);

/* ---- what each column counts ---- */

typedef struct ml_permutation_opts {
    const char *score; /* as in ml_cv_opts, one */
    int64_t repeats;   /* default 5 */
    uint64_t seed;
} ml_permutation_opts;
/* How much worse the score of f gets when the values of one input column are shuffled among its rows (Breiman 2001; Fisher, Rudin,
 * Dominici 2019): a new frame, a row a column, with "column", "importance" (the mean over the repeats) and "spread" (NaN of one
 * repeat). f has the target, and best was not trained on. */
ML_API ml_frame *ml_permutation_importance(const ml_pipeline *p, const ml_frame *f, ml_permutation_opts opts);

ML_END
#endif
