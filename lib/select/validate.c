/* validate.c -- cross-validation: each fold is held out once, and predicted by what was fitted on the rest.
 *
 * A fold is one chunk of ml_parallel_for. It writes to places of its own, so there is nothing to race for; where all are done, the
 * answers of the folds are laid out by rows.
 */
#include "data/frame.h"
#include "select/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct mli_cv {
    const char *score[MLI_MOST_SCORES];
    mli_goal goal;
    mli_truth truth;
    mli_answers answers; /* of all rows */
    double *held, *train, *fit_seconds, *predict_seconds;
    ml_recipe *chosen;
};

void ml_cv_free(ml_cv *cv)
{
    if (!cv)
        return;
    struct mli_cv *self = cv->self;
    mli_goal_free(&self->goal);
    mli_truth_free(&self->truth);
    mli_answers_free(&self->answers);
    mli_free(self->held);
    mli_free(self->train);
    mli_free(self->fit_seconds);
    mli_free(self->predict_seconds);
    mli_free(self->chosen);
    mli_free(self);
    mli_free(cv);
}

/* ---- room ---- */

/* Of a row that is never held: label -1, numbers NaN. */
static ml_status blank_answers(mli_answers *a, int64_t n, int32_t classes)
{
    int64_t size;
    *a = (mli_answers){.n = n, .classes = classes};
    if (!mli_shape_size(2, (int64_t[]){n, classes ? classes : 1}, &size))
        return mli_fail(ML_EINVAL, "cross-validation: %lld rows of %ld classes are too many", (long long)n, (long)classes);
    double *v = mli_alloc((size_t)size * sizeof *v);
    a->label = classes ? mli_alloc((size_t)n * sizeof *a->label) : NULL;
    *(classes ? &a->p : &a->value) = v;
    if (!v || (classes && !a->label))
        return ML_ENOMEM;
    for (int64_t i = 0; i < size; i++)
        v[i] = (double)NAN;
    for (int64_t i = 0; classes && i < n; i++)
        a->label[i] = -1;
    return ML_OK;
}

static ml_status make_room(struct mli_cv *self, int64_t folds, int scores, bool train_scores)
{
    size_t cells = (size_t)folds * (size_t)scores;
    self->held = mli_alloc(cells * sizeof *self->held);
    self->train = train_scores ? mli_alloc(cells * sizeof *self->train) : NULL;
    self->fit_seconds = mli_alloc((size_t)folds * sizeof *self->fit_seconds);
    self->predict_seconds = mli_alloc((size_t)folds * sizeof *self->predict_seconds);
    self->chosen = mli_alloc((size_t)folds * sizeof *self->chosen);
    const bool all = self->held && (self->train || !train_scores) && self->fit_seconds && self->predict_seconds && self->chosen;
    return all ? ML_OK : ML_ENOMEM;
}

static ml_cv *blank(void)
{
    ml_cv *cv = mli_calloc(1, sizeof *cv);
    if (cv && !(cv->self = mli_calloc(1, sizeof *cv->self))) {
        mli_free(cv);
        return NULL;
    }
    return cv;
}

/* The public view of what is there. */
static void show(ml_cv *cv, const ml_folds *folds, const mli_score_list *scores)
{
    struct mli_cv *self = cv->self;
    for (int i = 0; i < scores->n; i++)
        self->score[i] = scores->v[i]->name;
    *cv = (ml_cv){.folds = folds->count, .scores = scores->n, .score = self->score, .held = self->held, .train = self->train,
                  .fit_seconds = self->fit_seconds, .predict_seconds = self->predict_seconds, .rows = folds->rows,
                  .classes = self->goal.classes, .class_name = (const char *const *)self->goal.text, .truth = self->truth.label,
                  .label = self->answers.label, .p = self->answers.p, .truth_value = self->truth.value,
                  .value = self->answers.value, .chosen = self->chosen, .self = self};
}

/* ---- the folds ---- */

typedef struct work {
    mli_trials all;
    const ml_recipe *recipe;
    const ml_folds *folds;
    const ml_search_opts *search;
    struct mli_cv *self;
    mli_answers *of_fold;
} work;

/* The recipe of a fold: the one given, or what a search on its training rows chooses. */
static ml_status choose(const work *w, int64_t j)
{
    w->self->chosen[j] = *w->recipe;
    if (!w->search)
        return ML_OK;
    ml_frame *train = ml_frame_take(w->all.f, w->folds->fold[j].train, w->folds->fold[j].n_train);
    ml_search *s = train && !ml_frame_set_role(train, ML_ROLE_TRAIN)
                       ? mli_search_fit(w->recipe, train, w->all.goal, w->search)
                       : NULL;
    if (s)
        w->self->chosen[j] = s->best;
    ml_frame_free(train);
    ml_search_free(s);
    return s ? ML_OK : ml_error_status();
}

static ml_status run_fold(void *arg, int64_t j)
{
    const work *w = arg;
    const ml_fold *fold = &w->folds->fold[j];
    const int64_t n = w->all.scores->n;
    char where[32];
    const mli_trial t = {.recipe = &w->self->chosen[j], .train = fold->train, .n_train = fold->n_train, .held = fold->held,
                         .n_held = fold->n_held, .held_scores = w->self->held + j * n,
                         .train_scores = w->self->train ? w->self->train + j * n : NULL,
                         .fit_seconds = &w->self->fit_seconds[j], .predict_seconds = &w->self->predict_seconds[j],
                         .answers = &w->of_fold[j]};
    if (!choose(w, j) && !mli_trial_run(&w->all, &t))
        return ML_OK;
    snprintf(where, sizeof where, "fold %lld", (long long)j);
    return mli_fail_in(where);
}

static void lay_out(mli_answers *rows, const ml_fold *fold, const mli_answers *a)
{
    for (int64_t i = 0; i < fold->n_held; i++) {
        const int64_t row = fold->held[i];
        if (!rows->classes) {
            rows->value[row] = a->value[i];
            continue;
        }
        rows->label[row] = a->label[i];
        memcpy(rows->p + row * rows->classes, a->p + i * rows->classes, (size_t)rows->classes * sizeof *rows->p);
    }
}

static ml_status run_folds(work *w)
{
    w->of_fold = mli_calloc((size_t)w->folds->count, sizeof *w->of_fold);
    if (!w->of_fold)
        return ML_ENOMEM;
    ml_status s = ml_parallel_for(w->folds->count, run_fold, w);
    for (int j = 0; j < w->folds->count; j++) {
        if (!s)
            lay_out(&w->self->answers, &w->folds->fold[j], &w->of_fold[j]);
        mli_answers_free(&w->of_fold[j]);
    }
    mli_free(w->of_fold);
    return s;
}

ml_cv *ml_cross_validate(ml_recipe recipe, const ml_frame *f, const char *target, const ml_folds *folds, ml_cv_opts opts)
{
    static const char *const where = "cross-validation";
    mli_score_list scores;
    ml_cv *cv = blank();
    struct mli_cv *self = cv ? cv->self : NULL;
    ml_status s = cv ? mli_select_begin(where, &recipe, f, target, &self->goal) : ML_ENOMEM;
    if (!s)
        s = mli_folds_match(where, folds, f);
    if (!s && mli_scores_of(&scores, opts.scores, self->goal.classes > 0, MLI_MOST_SCORES))
        s = mli_fail_in(where);
    if (!s)
        s = make_room(self, folds->count, scores.n, opts.train_scores);
    if (!s)
        s = mli_truth_of(&self->truth, &self->goal, f);
    if (!s)
        s = blank_answers(&self->answers, f->rows, self->goal.classes);
    if (!s) {
        work w = {.all = {f, &self->goal, &scores}, .recipe = &recipe, .folds = folds, .search = opts.search, .self = self};
        s = run_folds(&w);
        if (s)
            mli_fail_in(where);
    }
    if (s) {
        ml_cv_free(cv);
        return NULL;
    }
    show(cv, folds, &scores);
    return cv;
}

/* ---- what came of it ---- */

static int find_score(const ml_cv *cv, const char *score)
{
    for (int i = 0; cv && score && i < cv->scores; i++)
        if (strcmp(cv->score[i], score) == 0)
            return i;
    return -1;
}

double ml_cv_mean(const ml_cv *cv, const char *score)
{
    int i = find_score(cv, score);
    return i < 0 ? (double)NAN : mli_score_mean(cv->held + i, cv->folds, cv->scores);
}

double ml_cv_spread(const ml_cv *cv, const char *score)
{
    int i = find_score(cv, score);
    return i < 0 ? (double)NAN : mli_score_spread(cv->held + i, cv->folds, cv->scores);
}

/* Numbers that lie `stride` apart as a column. */
static ml_status put_strided(ml_frame *f, const char *before, const char *name, const double *from, int64_t n, int64_t stride)
{
    char full[64];
    double *v = mli_alloc((size_t)n * sizeof *v);
    snprintf(full, sizeof full, "%s%s", before, name);
    for (int64_t i = 0; v && i < n; i++)
        v[i] = from[i * stride];
    ml_status s = v ? ml_frame_put_numbers(f, full, v, n) : ML_ENOMEM;
    mli_free(v);
    return s;
}

static ml_status put_folds(ml_frame *f, int64_t n)
{
    int64_t *v = mli_alloc((size_t)n * sizeof *v);
    for (int64_t i = 0; v && i < n; i++)
        v[i] = i;
    ml_status s = v ? ml_frame_put_integers(f, "fold", v, n) : ML_ENOMEM;
    mli_free(v);
    return s;
}

ml_frame *ml_cv_frame(const ml_cv *cv)
{
    if (!cv)
        return mli_null(ML_EINVAL, "cv: it is NULL");
    ml_frame *f = ml_frame_new();
    ml_status s = f ? put_folds(f, cv->folds) : ML_ENOMEM;
    for (int i = 0; i < cv->scores && !s; i++)
        s = put_strided(f, "", cv->score[i], cv->held + i, cv->folds, cv->scores);
    for (int i = 0; i < cv->scores && !s && cv->train; i++)
        s = put_strided(f, "train_", cv->score[i], cv->train + i, cv->folds, cv->scores);
    if (!s)
        s = put_strided(f, "", "fit_seconds", cv->fit_seconds, cv->folds, 1);
    if (!s)
        s = put_strided(f, "", "predict_seconds", cv->predict_seconds, cv->folds, 1);
    if (!s)
        return f;
    ml_frame_free(f);
    return NULL;
}
