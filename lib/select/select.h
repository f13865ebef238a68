/* select.h -- the inside of a pipeline, and what cross-validation, searches and curves share. Internal. */
#ifndef MLI_SELECT_H
#define MLI_SELECT_H

#include "io/store.h"

#include <mlcore/select.h>

/* ---- what is predicted ---- */

typedef struct mli_goal {
    char *name;
    ml_type type;
    int32_t classes; /* 0: a number */
    char **text;     /* of the classes, one block */
} mli_goal;

/* By the column's type (see prep/target.h), for a learner that must know the task; on error *g is empty. */
ml_status mli_goal_of(mli_goal *g, const ml_frame *f, const char *name, ml_learner learner);
ml_status mli_goal_copy(mli_goal *to, const mli_goal *from);
void mli_goal_free(mli_goal *g);
ml_status mli_goal_put(const mli_goal *g, mli_store *s, const char *at);
ml_status mli_goal_take(mli_goal *g, mli_store *s, const char *at);

/* The target in rows of a frame: labels where there are classes, else values. On error *t is empty. */
typedef struct mli_truth {
    int64_t n;
    int32_t classes;
    int32_t *label;
    double *value;
} mli_truth;
ml_status mli_truth_of(mli_truth *t, const mli_goal *g, const ml_frame *f);
void mli_truth_free(mli_truth *t);

/* ---- pipelines ---- */

typedef struct mli_wanted {
    char *name;
    ml_type type;
} mli_wanted;

typedef struct mli_inputs {
    int n, ignored;
    mli_wanted *v;
    char **ignore; /* columns that are dropped before anything looks at them: they may be there or not */
} mli_inputs;

/* All columns of `used` but the target are inputs, one at least; those of `all` beyond are ignored. On error *in is empty. */
ml_status mli_inputs_of(mli_inputs *in, const ml_frame *all, const ml_frame *used, const char *target);
/* A new frame of the inputs, in their order and with their types, as select.h says of all that take a frame. */
ml_frame *mli_inputs_conform(const mli_inputs *in, const ml_frame *f, const char *target);
void mli_inputs_free(mli_inputs *in);
ml_status mli_inputs_put(const mli_inputs *in, mli_store *s, const char *at);
ml_status mli_inputs_take(mli_inputs *in, mli_store *s, const char *at);

/* Numbers by name. */
enum { MLI_MOST_NOTES = 64 };
typedef struct mli_notes {
    int n;
    struct {
        char *name;
        double value;
    } v[MLI_MOST_NOTES];
} mli_notes;
ml_status mli_notes_add(mli_notes *notes, const char *name, double value);
void mli_notes_free(mli_notes *notes);
ml_status mli_notes_put(const mli_notes *notes, mli_store *s, const char *at);
ml_status mli_notes_take(mli_notes *notes, mli_store *s, const char *at);

struct ml_pipeline {
    mli_goal goal;
    mli_inputs in;
    mli_notes notes;
    int steps;
    ml_prep *prep[ML_MAX_STEPS];
    ml_model *model;
};

/* Fits on a frame whose target is known already: a part may lack a class that the whole has. */
ml_pipeline *mli_pipeline_fit(const ml_recipe *recipe, const ml_frame *train, const mli_goal *goal);
/* Reads a pipeline out of a store: the fuzzers' door. */
ml_pipeline *mli_pipeline_take(mli_store *s);
/* An error where the role is TEST, which begins with `where`. */
ml_status mli_refuse_test(const char *where, ml_role role);

/* What a pipeline says of n rows: probabilities (n x classes) with the label of the largest, or values. */
typedef struct mli_answers {
    int64_t n;
    int32_t classes;
    double *p;
    int32_t *label;
    double *value;
} mli_answers;
/* Of a frame out of mli_inputs_conform; on error *a is empty. */
ml_status mli_pipeline_answer(const ml_pipeline *p, const ml_frame *conformed, mli_answers *a);
void mli_answers_free(mli_answers *a);
/* The columns of ml_pipeline_predict. */
ml_status mli_predictions_put(ml_frame *f, const mli_goal *g, const mli_answers *a);

/* ---- scores ---- */

enum { MLI_MOST_SCORES = 16 };
typedef struct mli_score {
    const char *name;
    bool classify, loss;
    ml_status (*value)(const mli_truth *t, const mli_answers *a, double *out);
} mli_score;
typedef struct mli_score_list {
    int n;
    const mli_score *v[MLI_MOST_SCORES];
} mli_score_list;
/* A list of at most `most` names, separated by commas; NULL: the default of the task. */
ml_status mli_scores_of(mli_score_list *scores, const char *names, bool classify, int most);
/* Each score to out[0 .. n-1]; an error begins with its name. */
ml_status mli_scores_value(const mli_score_list *scores, const mli_truth *t, const mli_answers *a, double *out);

/* ---- fits on folds ---- */

/* One fit: a recipe on some rows, scored on others. Results are written where the pointers go; NULL: not wanted. */
typedef struct mli_trial {
    const ml_recipe *recipe;
    const int64_t *train, *held;
    int64_t n_train, n_held;
    double *held_scores, *train_scores;
    double *fit_seconds, *predict_seconds;
    mli_answers *answers; /* of the held rows, for the caller to free */
} mli_trial;
typedef struct mli_trials {
    const ml_frame *f;
    const mli_goal *goal;
    const mli_score_list *scores;
} mli_trials;
/* An error says of which of the two parts it is, since a row that it names is counted there. */
ml_status mli_trial_run(const mli_trials *all, const mli_trial *t);

/* ml_search_fit where the goal is known already. */
ml_search *mli_search_fit(const ml_recipe *recipe, const ml_frame *f, const mli_goal *goal, const ml_search_opts *opts);

/* Mean, and standard deviation of a sample, of n numbers `stride` apart; the spread of one number is NaN. */
double mli_score_mean(const double *v, int64_t n, int64_t stride);
double mli_score_spread(const double *v, int64_t n, int64_t stride);

/* Checks what all of these functions are given, and finds the goal; on error *goal is empty. */
ml_status mli_select_begin(const char *where, const ml_recipe *recipe, const ml_frame *f, const char *target, mli_goal *goal);
/* An error where the folds are not of the frame's rows. */
ml_status mli_folds_match(const char *where, const ml_folds *folds, const ml_frame *f);

#endif
