/* curves.c -- how the scores go with the number of rows, and with one option.
 *
 * Both are fits at some points, on every fold, scored on the rows trained on and on those held out: a point on a fold is one chunk
 * of ml_parallel_for.
 */
#include "data/frame.h"
#include "select/select.h"

#include <math.h>
#include <string.h>

typedef struct curve {
    mli_trials all;
    const ml_recipe *recipe;
    const ml_folds *folds;
    int64_t points;
    const double *x;   /* of the points: shares, or values of the option */
    const char *option; /* NULL: of a learning curve */
    int64_t **order;   /* of a learning curve: each fold's training rows, in the order in which they come in */
    double *held, *train; /* points x folds */
} curve;

/* So many of a fold's training rows are in at a share; at least 1, and scikit-learn's rounding. */
static int64_t rows_at(const curve *c, int64_t point, int64_t fold)
{
    int64_t rows = (int64_t)(c->x[point] * (double)c->folds->fold[fold].n_train);
    return rows < 1 ? 1 : rows;
}

static ml_status fail_at(const curve *c, int64_t point, int64_t fold)
{
    char where[128];
    if (c->option)
        snprintf(where, sizeof where, "%.60s=%g: fold %lld", c->option, c->x[point], (long long)fold);
    else
        snprintf(where, sizeof where, "%lld rows: fold %lld", (long long)rows_at(c, point, fold), (long long)fold);
    return mli_fail_in(where);
}

static ml_status run_point(void *arg, int64_t i)
{
    const curve *c = arg;
    const int64_t point = i / c->folds->count, j = i % c->folds->count;
    const ml_fold *fold = &c->folds->fold[j];
    ml_recipe recipe = *c->recipe;
    mli_trial t = {.recipe = &recipe, .train = fold->train, .n_train = fold->n_train, .held = fold->held, .n_held = fold->n_held,
                   .held_scores = &c->held[i], .train_scores = &c->train[i]};
    if (!c->option) {
        t.train = c->order[j];
        t.n_train = rows_at(c, point, j);
    }
    if ((c->option && ml_recipe_set(&recipe, c->option, c->x[point])) || mli_trial_run(&c->all, &t))
        return fail_at(c, point, j);
    return ML_OK;
}

/* ---- as a frame ---- */

static ml_status put_over_folds(ml_frame *f, const curve *c, const char *name, const double *scores,
                                double (*over)(const double *, int64_t, int64_t), double *v)
{
    for (int64_t i = 0; i < c->points; i++)
        v[i] = over(scores + i * c->folds->count, c->folds->count, 1);
    return ml_frame_put_numbers(f, name, v, c->points);
}

static void mean_rows(const curve *c, double *v)
{
    for (int64_t i = 0; i < c->points; i++) {
        v[i] = 0;
        for (int64_t j = 0; j < c->folds->count; j++)
            v[i] += (double)rows_at(c, i, j) / c->folds->count;
    }
}

static ml_frame *frame_of(const curve *c)
{
    double *v = mli_alloc((size_t)c->points * sizeof *v);
    ml_frame *f = v ? ml_frame_new() : NULL;
    ml_status s = f ? ML_OK : ML_ENOMEM;
    if (!s && !c->option)
        mean_rows(c, v);
    if (!s)
        s = ml_frame_put_numbers(f, c->option ? c->option : "rows", c->option ? c->x : v, c->points);
    if (!s)
        s = put_over_folds(f, c, "train", c->train, mli_score_mean, v);
    if (!s)
        s = put_over_folds(f, c, "train_spread", c->train, mli_score_spread, v);
    if (!s)
        s = put_over_folds(f, c, "held", c->held, mli_score_mean, v);
    if (!s)
        s = put_over_folds(f, c, "held_spread", c->held, mli_score_spread, v);
    mli_free(v);
    if (!s)
        return f;
    ml_frame_free(f);
    return NULL;
}

static ml_frame *run(curve *c)
{
    int64_t trials;
    ml_frame *f = NULL;
    if (!mli_shape_size(2, (int64_t[]){c->points, c->folds->count}, &trials))
        return mli_null(ML_EINVAL, "%lld points are too many", (long long)c->points);
    c->held = mli_alloc((size_t)trials * sizeof *c->held);
    c->train = mli_alloc((size_t)trials * sizeof *c->train);
    if (c->held && c->train && !ml_parallel_for(trials, run_point, c))
        f = frame_of(c);
    mli_free(c->held);
    mli_free(c->train);
    return f;
}

/* What both curves begin with. */
static ml_status begin(curve *c, const char *where, const ml_frame *f, const char *target, const char *score, mli_goal *goal,
                       mli_score_list *scores)
{
    ml_status s = mli_select_begin(where, c->recipe, f, target, goal);
    if (!s && (mli_folds_match(where, c->folds, f) || mli_scores_of(scores, score, goal->classes > 0, 1)))
        s = ml_error_status();
    c->all = (mli_trials){f, goal, scores};
    return s;
}

/* ---- the two ---- */

static ml_status check_shares(const double *share, int64_t n)
{
    if (n < 1 || n > 10000)
        return mli_fail(ML_EINVAL, "%lld shares, not 1 .. 10000", (long long)n);
    for (int64_t i = 0; i < n; i++)
        if (!(share[i] > 0 && share[i] <= 1) || (i && !(share[i] > share[i - 1])))
            return mli_fail(ML_EINVAL, "share %lld is %g: they must be in (0, 1], and ascend", (long long)i, share[i]);
    return ML_OK;
}

static void free_order(curve *c)
{
    for (int64_t j = 0; j < c->folds->count && c->order; j++)
        mli_free(c->order[j]);
    mli_free(c->order);
}

static ml_status order_rows(curve *c, const ml_curve_opts *opts)
{
    c->order = mli_calloc((size_t)c->folds->count, sizeof *c->order);
    if (!c->order)
        return ML_ENOMEM;
    for (int64_t j = 0; j < c->folds->count; j++) {
        const ml_fold *fold = &c->folds->fold[j];
        ml_rng rng = ml_rng_split(ml_rng_seed(opts->seed), (uint64_t)j, 0);
        c->order[j] = mli_alloc((size_t)fold->n_train * sizeof **c->order);
        if (!c->order[j])
            return ML_ENOMEM;
        memcpy(c->order[j], fold->train, (size_t)fold->n_train * sizeof **c->order);
        if (!opts->in_order)
            ml_rng_shuffle(&rng, c->order[j], fold->n_train);
    }
    return ML_OK;
}

ml_frame *ml_learning_curve(ml_recipe recipe, const ml_frame *f, const char *target, const ml_folds *folds, ml_curve_opts opts)
{
    static const double usual[] = {0.1, 0.325, 0.55, 0.775, 1};
    curve c = {.recipe = &recipe, .folds = folds, .x = opts.share ? opts.share : usual,
               .points = opts.share ? opts.shares : (int64_t)(sizeof usual / sizeof *usual)};
    mli_goal goal;
    mli_score_list scores;
    ml_frame *result = NULL;
    if (begin(&c, "learning curve", f, target, opts.score, &goal, &scores)) {
        mli_goal_free(&goal);
        return NULL;
    }
    if (!check_shares(c.x, c.points) && !order_rows(&c, &opts))
        result = run(&c);
    free_order(&c);
    mli_goal_free(&goal);
    if (!result)
        mli_fail_in("learning curve");
    return result;
}

ml_frame *ml_validation_curve(ml_recipe recipe, const ml_frame *f, const char *target, const ml_folds *folds, ml_choice choice,
                              const char *score)
{
    curve c = {.recipe = &recipe, .folds = folds, .x = choice.v, .points = choice.n, .option = choice.option};
    mli_goal goal;
    mli_score_list scores;
    ml_frame *result = NULL;
    if (!choice.option || !choice.v || choice.n < 1)
        return mli_null(ML_EINVAL, "validation curve: it wants an option and a list of values");
    if (!begin(&c, "validation curve", f, target, score, &goal, &scores) && !(result = run(&c)))
        mli_fail_in("validation curve");
    mli_goal_free(&goal);
    return result;
}
