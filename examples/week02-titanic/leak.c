/* leak.c -- scores that are too good to be true: what a model is told that it could not know. */
#include "week02-titanic/week02.h"

#include <string.h>

enum { FOLDS = 5 };

typedef struct cv_score {
    double accuracy, roc_auc;
} cv_score;

static ml_status cross_validate(const study *s, ml_recipe recipe, const ml_frame *f, cv_score *score)
{
    const ml_fold_opts opts = {.k = FOLDS, .shuffle = true, .seed = (uint64_t)s->c.seed, .stratify = TARGET};
    ml_folds *folds = f ? ml_folds_of(f, opts) : NULL;
    ml_cv *cv = folds ? ml_cross_validate(recipe, f, TARGET, folds, (ml_cv_opts){.scores = "accuracy,roc_auc"}) : NULL;
    ml_folds_free(folds);
    if (!cv)
        return ml_error_status();
    *score = (cv_score){ml_cv_mean(cv, "accuracy"), ml_cv_mean(cv, "roc_auc")};
    ml_cv_free(cv);
    return ML_OK;
}

static void note(study *s, const char *metric, cv_score score)
{
    char name[64];
    snprintf(name, sizeof name, "%s_accuracy", metric);
    cli_metric(&s->c, name, score.accuracy);
    snprintf(name, sizeof name, "%s_roc_auc", metric);
    cli_metric(&s->c, name, score.roc_auc);
}

static int measure(study *s, const char *what, const char *metric, ml_recipe recipe, const ml_frame *f, cv_score *score)
{
    if (cross_validate(s, recipe, f, score))
        return cli_fail_ml(&s->c);
    fprintf(s->board, "%-52s  %8.4f  %7.4f\n", what, score->accuracy, score->roc_auc);
    note(s, metric, *score);
    return -1;
}

static int say(study *s, const char *what, const char *metric, ml_recipe recipe, const ml_frame *f)
{
    cv_score score;
    return measure(s, what, metric, recipe, f, &score);
}

/* The columns that are known before the ship sails, and those named too. */
static ml_frame *inputs_and(const ml_frame *all, const char *more)
{
    char names[256];
    snprintf(names, sizeof names, "%s,%s%s%s", INPUTS, TARGET, *more ? "," : "", more);
    return ml_frame_select(all, names);
}

/* Whether there was a boat or a body: known only afterwards, and the answer in another column. */
static int boat_and_body(study *s, const ml_frame *all)
{
    ml_recipe r = titanic_recipe("logistic:C=0.1", false);
    memmove(r.step + 2, r.step, (size_t)r.steps * sizeof *r.step);
    r.step[0] = ML_INDICATE("boat,body"), r.step[1] = ML_DROP("boat,body");
    r.steps += 2;
    ml_frame *f = inputs_and(all, "boat,body");
    int status = say(s, "+ whether there is a boat or a body", "leak_boat", r, f);
    ml_frame_free(f);
    return status;
}

/* Companion rates over all rows before there are folds; with `own` the row's own fate is in its rate too. */
static ml_frame *rates_of_all(const ml_frame *all, bool own)
{
    const ml_prep_step step = ML_GROUP_RATE("ticket", .also = {"surname,pclass,family_size"}, .name = "companions", .smoothing = 1);
    ml_frame *f = inputs_and(all, ""), *words = f ? titanic_words(f, NULL) : NULL, *rated = NULL;
    ml_prep *p = NULL;
    if (words)
        rated = ml_prep_fit_transform(step, words, TARGET, &p);
    if (rated && own) {
        ml_frame_free(rated);
        rated = ml_prep_transform(p, words);
    }
    if (!rated || ml_frame_put(f, NULL, ml_frame_column(rated, "companions"))) {
        ml_frame_free(f);
        f = NULL;
    }
    ml_prep_free(p);
    ml_frame_free(words);
    ml_frame_free(rated);
    return f;
}

static int rates(study *s, const ml_frame *all, bool own)
{
    ml_frame *f = rates_of_all(all, own);
    const char *what = own ? "+ companion rates of all rows, the own fate included"
                           : "+ companion rates of all rows, without the own fate";
    int status = say(s, what, own ? "leak_rates" : "leak_rates_without_own", titanic_recipe("logistic:C=0.1", false), f);
    ml_frame_free(f);
    return status;
}

/* What the scaler's leak was worth, in a sentence. */
static void say_gain(study *s, cv_score inside, cv_score before)
{
    const cv_score gain = {before.accuracy - inside.accuracy, before.roc_auc - inside.roc_auc};
    const bool small = fabs(gain.accuracy) < 0.005 && fabs(gain.roc_auc) < 0.005;
    note(s, "leak_scaler_gain", gain);
    fprintf(s->board, "\nScaling by all rows changes the accuracy by %+.4f and the ROC AUC by %+.4f:\n%s.\n", gain.accuracy,
            gain.roc_auc, small ? "next to nothing here, and a fault all the same" : "not little here");
}

/* The scaler (and imputer) fitted in each fold, and on all rows before there are folds: a leak in principle. */
static int scaler(study *s, const ml_frame *all)
{
    const ml_recipe honest = ML_RECIPE(ML_LOGISTIC(), ML_IMPUTE("*number"), ML_SCALE("*number"), ML_ONE_HOT("sex"));
    ml_frame *f = ml_frame_select(all, "pclass,sex,age,sibsp,parch,fare," TARGET);
    ml_pipeline *p = f ? ml_pipeline_fit(honest, f, TARGET) : NULL;
    ml_frame *scaled = p ? ml_pipeline_transform(p, f) : NULL;
    cv_score inside = {0}, before = {0};
    int status = -1;
    if (!scaled || (!ml_frame_has(scaled, TARGET) && ml_frame_put(scaled, NULL, ml_frame_column(f, TARGET))))
        status = cli_fail_ml(&s->c);
    fprintf(s->board, "\n");
    if (status < 0)
        status = measure(s, "six columns, scaled in each fold", "scaler_inside", honest, f, &inside);
    if (status < 0)
        status = measure(s, "six columns, scaled by all rows before the split", "leak_scaler", ML_RECIPE(ML_LOGISTIC()), scaled,
                         &before);
    if (status < 0)
        say_gain(s, inside, before);
    ml_pipeline_free(p);
    ml_frame_free(f);
    ml_frame_free(scaled);
    return status;
}

int leak(study *s, const ml_frame *all)
{
    ml_frame *f = inputs_and(all, "");
    fprintf(s->board, "\nWhat leaks fake: logistic regression, five folds\n\n%-52s  %8s  %7s\n", "", "accuracy", "ROC AUC");
    int status = say(s, "honest, without companions", "honest", titanic_recipe("logistic:C=0.1", false), f);
    if (status < 0)
        status = say(s, "honest, companion rates of the training rows", "honest_rates", titanic_recipe("logistic:C=0.1", true), f);
    ml_frame_free(f);
    if (status < 0)
        status = boat_and_body(s, all);
    if (status < 0)
        status = rates(s, all, false);
    if (status < 0)
        status = rates(s, all, true);
    if (status < 0)
        status = scaler(s, all);
    return status;
}
