/* trial.c -- one fit on some rows, scored on others: of what all that chooses is made. */
#include "data/frame.h"
#include "select/select.h"

#include <math.h>

/* The answers for rows of the frame that the pipeline was fitted on a part of, and their scores. */
static ml_status score_rows(const mli_trials *all, const ml_pipeline *p, const ml_frame *rows, double *scores, mli_answers *a)
{
    mli_truth t = {0};
    ml_frame *conformed = mli_inputs_conform(&p->in, rows, p->goal.name);
    ml_status s = conformed ? mli_pipeline_answer(p, conformed, a) : ml_error_status();
    ml_frame_free(conformed);
    if (!s)
        s = mli_truth_of(&t, all->goal, rows);
    if (!s)
        s = mli_scores_value(all->scores, &t, a, scores);
    mli_truth_free(&t);
    return s;
}

static ml_status score_held(const mli_trials *all, const mli_trial *t, const ml_pipeline *p)
{
    mli_answers a = {0};
    ml_frame *held = ml_frame_take(all->f, t->held, t->n_held);
    ml_status s = held ? ml_frame_set_role(held, ML_ROLE_VALIDATION) : ml_error_status();
    double begin = mli_seconds();
    if (!s)
        s = score_rows(all, p, held, t->held_scores, &a);
    if (t->predict_seconds)
        *t->predict_seconds = mli_seconds() - begin;
    ml_frame_free(held);
    if (!s && t->answers)
        *t->answers = a;
    else
        mli_answers_free(&a);
    return s;
}

static ml_status score_train(const mli_trials *all, const mli_trial *t, const ml_pipeline *p, const ml_frame *train)
{
    mli_answers a = {0};
    ml_status s = t->train_scores ? score_rows(all, p, train, t->train_scores, &a) : ML_OK;
    mli_answers_free(&a);
    return s;
}

ml_status mli_trial_run(const mli_trials *all, const mli_trial *t)
{
    ml_frame *train = ml_frame_take(all->f, t->train, t->n_train);
    if (!train || ml_frame_set_role(train, ML_ROLE_TRAIN)) {
        ml_frame_free(train);
        return ml_error_status();
    }
    double begin = mli_seconds();
    ml_pipeline *p = mli_pipeline_fit(t->recipe, train, all->goal);
    if (t->fit_seconds)
        *t->fit_seconds = mli_seconds() - begin;
    ml_status s = p ? score_train(all, t, p, train) : ml_error_status();
    ml_frame_free(train);
    if (s)
        mli_fail_in("in its training rows");
    else if (score_held(all, t, p))
        s = mli_fail_in("in its held rows");
    ml_pipeline_free(p);
    return s;
}

double mli_score_mean(const double *v, int64_t n, int64_t stride)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += v[i * stride];
    return sum / (double)n;
}

double mli_score_spread(const double *v, int64_t n, int64_t stride)
{
    double mean = mli_score_mean(v, n, stride), sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (v[i * stride] - mean) * (v[i * stride] - mean);
    return n > 1 ? sqrt(sum / (double)(n - 1)) : (double)NAN;
}

ml_status mli_select_begin(const char *where, const ml_recipe *recipe, const ml_frame *f, const char *target, mli_goal *goal)
{
    *goal = (mli_goal){0};
    if (!mli_frame_is(where, f) || mli_refuse_test(where, f->role))
        return ML_EINVAL;
    if (ml_recipe_check(recipe) || mli_goal_of(goal, f, target, recipe->learner))
        return mli_fail_in(where);
    return ML_OK;
}

ml_status mli_folds_match(const char *where, const ml_folds *folds, const ml_frame *f)
{
    if (!folds)
        return mli_fail(ML_EINVAL, "%s: the folds are NULL", where);
    if (folds->rows != f->rows)
        return mli_fail(ML_EINVAL, "%s: the folds are of %lld rows, but the frame has %lld", where, (long long)folds->rows,
                        (long long)f->rows);
    return ML_OK;
}
