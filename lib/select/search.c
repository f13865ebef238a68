/* search.c -- options chosen by cross-validation: all combinations, or some drawn at random.
 *
 * A candidate is a row of numbers, one an option. All are made, and looked at, before the first is fitted; then each candidate on
 * each fold is one chunk of ml_parallel_for. The same folds serve all candidates, so that they differ by the options alone.
 */
#include "data/frame.h"
#include "select/candidates.h"
#include "select/select.h"

#include <math.h>

typedef struct work {
    mli_trials all;
    const ml_recipe *recipe;
    const ml_folds *folds;
    const mli_candidates *candidates;
    double *held; /* candidates x folds x scores */
} work;

/* "C=0.1, l1_ratio=0: fold 2: ..." */
static ml_status fail_in_trial(const work *w, int64_t candidate, int64_t fold)
{
    char where[320], text[256];
    snprintf(where, sizeof where, "%s: fold %lld", mli_candidate_text(w->candidates, candidate, text, sizeof text),
             (long long)fold);
    return mli_fail_in(where);
}

static ml_status run_trial(void *arg, int64_t i)
{
    const work *w = arg;
    const int64_t candidate = i / w->folds->count, j = i % w->folds->count;
    const ml_fold *fold = &w->folds->fold[j];
    ml_recipe recipe = *w->recipe;
    const mli_trial t = {.recipe = &recipe, .train = fold->train, .n_train = fold->n_train, .held = fold->held,
                         .n_held = fold->n_held, .held_scores = w->held + i * w->all.scores->n};
    if (mli_candidate_set(w->candidates, candidate, &recipe) || mli_trial_run(&w->all, &t))
        return fail_in_trial(w, candidate, j);
    return ML_OK;
}

/* ---- results ---- */

/* The mean over the folds of score s of each candidate, into n numbers; or the spread. */
static void over_folds(const work *w, int s, double *out, double (*f)(const double *, int64_t, int64_t))
{
    const int64_t k = w->folds->count, scores = w->all.scores->n;
    for (int64_t i = 0; i < w->candidates->n; i++)
        out[i] = f(w->held + i * k * scores + s, k, scores);
}

static bool better(double a, double b, bool loss)
{
    return loss ? a < b : a > b;
}

/* 1 is the best; equals share the smaller number. */
static void rank(const double *mean, int64_t n, bool loss, int64_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        out[i] = 1;
        for (int64_t j = 0; j < n; j++)
            out[i] += better(mean[j], mean[i], loss);
    }
}

static ml_status put_options(ml_frame *f, const mli_candidates *c, double *v)
{
    ml_status s = ML_OK;
    for (int j = 0; j < c->choices && !s; j++) {
        for (int64_t i = 0; i < c->n; i++)
            v[i] = c->value[i * c->choices + j];
        s = ml_frame_put_numbers(f, c->choice[j].option, v, c->n);
    }
    return s;
}

static ml_status put_score(ml_frame *f, const work *w, int s, double *v)
{
    char name[64];
    const int64_t n = w->candidates->n;
    over_folds(w, s, v, mli_score_mean);
    ml_status e = ml_frame_put_numbers(f, w->all.scores->v[s]->name, v, n);
    over_folds(w, s, v, mli_score_spread);
    snprintf(name, sizeof name, "%s_spread", w->all.scores->v[s]->name);
    return e ? e : ml_frame_put_numbers(f, name, v, n);
}

static ml_status put_results(ml_search *search, const work *w, double *v, int64_t *ranks)
{
    const int64_t n = w->candidates->n;
    const bool loss = w->all.scores->v[0]->loss;
    ml_frame *f = search->results = ml_frame_new();
    ml_status s = f ? put_options(f, w->candidates, v) : ML_ENOMEM;
    for (int i = 0; i < w->all.scores->n && !s; i++)
        s = put_score(f, w, i, v);
    over_folds(w, 0, v, mli_score_mean);
    rank(v, n, loss, ranks);
    if (!s)
        s = ml_frame_put_integers(f, "rank", ranks, n);
    for (int64_t i = 1; i < n; i++)
        if (better(v[i], v[search->best_row], loss))
            search->best_row = i;
    search->best_score = v[search->best_row];
    search->best = *w->recipe;
    return s ? s : mli_candidate_set(w->candidates, search->best_row, &search->best);
}

static ml_search *results_of(const work *w)
{
    ml_search *search = mli_calloc(1, sizeof *search);
    double *v = mli_alloc((size_t)w->candidates->n * sizeof *v);
    int64_t *ranks = mli_alloc((size_t)w->candidates->n * sizeof *ranks);
    ml_status s = search && v && ranks ? put_results(search, w, v, ranks) : ML_ENOMEM;
    mli_free(v);
    mli_free(ranks);
    if (!s)
        return search;
    ml_search_free(search);
    return NULL;
}

static ml_search *run(work *w)
{
    int64_t trials, cells;
    ml_search *search = NULL;
    if (!mli_shape_size(2, (int64_t[]){w->candidates->n, w->folds->count}, &trials) ||
        !mli_shape_size(2, (int64_t[]){trials, w->all.scores->n}, &cells))
        return mli_null(ML_EINVAL, "search: %lld candidates are too many", (long long)w->candidates->n);
    w->held = mli_alloc((size_t)cells * sizeof *w->held);
    if (w->held && !ml_parallel_for(trials, run_trial, w))
        search = results_of(w);
    mli_free(w->held);
    return search;
}

ml_search *mli_search_fit(const ml_recipe *recipe, const ml_frame *f, const mli_goal *goal, const ml_search_opts *opts)
{
    mli_candidates candidates = {0};
    mli_score_list scores;
    ml_search *search = NULL;
    ml_folds *folds = NULL;
    if (!mli_scores_of(&scores, opts->scores, goal->classes > 0, MLI_MOST_SCORES) &&
        !mli_candidates_make(&candidates, recipe, opts) && (folds = ml_folds_of(f, opts->folds))) {
        work w = {.all = {f, goal, &scores}, .recipe = recipe, .folds = folds, .candidates = &candidates};
        search = run(&w);
    }
    mli_candidates_free(&candidates);
    ml_folds_free(folds);
    if (!search)
        mli_fail_in("search");
    return search;
}

ml_search *ml_search_fit(ml_recipe recipe, const ml_frame *f, const char *target, ml_search_opts opts)
{
    mli_goal goal;
    if (mli_select_begin("search", &recipe, f, target, &goal))
        return NULL;
    ml_search *search = mli_search_fit(&recipe, f, &goal, &opts);
    mli_goal_free(&goal);
    return search;
}

void ml_search_free(ml_search *s)
{
    if (!s)
        return;
    ml_frame_free(s->results);
    mli_free(s);
}
