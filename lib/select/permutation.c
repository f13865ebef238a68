/* permutation.c -- what a column counts: how much worse the score gets when its values are shuffled among the rows.
 *
 *     importance(j) = mean over repeats r of  score(f) - score(f with column j shuffled by (seed, j, r))
 * and of a loss the other way round. A column is shuffled as it came in, before the steps: all that they make of it goes with it.
 *
 * Source     Breiman 2001, "Random forests", section 10; Fisher, Rudin, Dominici 2019, "All models are wrong, but many are useful"
 */
#include "data/frame.h"
#include "select/select.h"

#include <string.h>

typedef struct work {
    const ml_pipeline *p;
    const ml_frame *conformed;
    const mli_truth *truth;
    const mli_score_list *scores;
    double base;
    int64_t repeats;
    uint64_t seed;
    double *worse; /* columns x repeats */
} work;

static ml_status score_of(const work *w, const ml_frame *f, double *score)
{
    mli_answers a;
    if (mli_pipeline_answer(w->p, f, &a))
        return ml_error_status();
    ml_status s = mli_scores_value(w->scores, w->truth, &a, score);
    mli_answers_free(&a);
    return s;
}

/* The same of the frame with `moved` in the place of column j: all else of it is only looked at, not copied. */
static ml_status score_with(const work *w, int64_t j, const ml_column *moved, double *score)
{
    ml_frame f = *w->conformed;
    struct mli_frame self = *f.self;
    ml_column *columns = mli_alloc((size_t)f.columns * sizeof *columns);
    if (!columns)
        return ML_ENOMEM;
    memcpy(columns, f.column, (size_t)f.columns * sizeof *columns);
    columns[j] = *moved;
    self.columns = columns;
    f.column = columns;
    f.self = &self;
    ml_status s = score_of(w, &f, score);
    mli_free(columns);
    return s;
}

/* Column j in another order of rows. On error *moved is empty. */
static ml_status shuffle(const work *w, int64_t j, int64_t repeat, ml_column *moved)
{
    const ml_column *c = &w->conformed->column[j];
    ml_rng rng = ml_rng_split(ml_rng_seed(w->seed), (uint64_t)j, (uint64_t)repeat);
    int64_t *row = mli_alloc((size_t)c->n * sizeof *row);
    *moved = (ml_column){0};
    if (!row)
        return ML_ENOMEM;
    for (int64_t i = 0; i < c->n; i++)
        row[i] = i;
    ml_rng_shuffle(&rng, row, c->n);
    ml_status s = mli_column_pick(moved, c->name, c, row, c->n);
    mli_free(row);
    return s;
}

static ml_status run_one(void *arg, int64_t i)
{
    const work *w = arg;
    const int64_t j = i / w->repeats;
    double score;
    ml_column moved;
    ml_status s = shuffle(w, j, i % w->repeats, &moved);
    if (!s)
        s = score_with(w, j, &moved, &score);
    mli_column_free(&moved);
    if (!s)
        w->worse[i] = w->scores->v[0]->loss ? score - w->base : w->base - score;
    return s ? mli_fail_in(w->conformed->column[j].name) : ML_OK;
}

static ml_frame *frame_of(const work *w)
{
    const int64_t n = w->conformed->columns;
    const char **name = mli_alloc((size_t)n * sizeof *name);
    double *mean = mli_alloc((size_t)n * sizeof *mean), *spread = mli_alloc((size_t)n * sizeof *spread);
    ml_frame *f = name && mean && spread ? ml_frame_new() : NULL;
    for (int64_t j = 0; f && j < n; j++) {
        name[j] = w->conformed->column[j].name;
        mean[j] = mli_score_mean(w->worse + j * w->repeats, w->repeats, 1);
        spread[j] = mli_score_spread(w->worse + j * w->repeats, w->repeats, 1);
    }
    if (f && (ml_frame_put_texts(f, "column", name, n) || ml_frame_put_numbers(f, "importance", mean, n) ||
              ml_frame_put_numbers(f, "spread", spread, n))) {
        ml_frame_free(f);
        f = NULL;
    }
    mli_free(name);
    mli_free(mean);
    mli_free(spread);
    return f;
}

static ml_frame *run(work *w)
{
    int64_t trials;
    ml_frame *f = NULL;
    if (!mli_shape_size(2, (int64_t[]){w->conformed->columns, w->repeats}, &trials))
        return mli_null(ML_EINVAL, "repeats is %lld: too many", (long long)w->repeats);
    w->worse = mli_alloc((size_t)trials * sizeof *w->worse);
    if (w->worse && !score_of(w, w->conformed, &w->base) && !ml_parallel_for(trials, run_one, w))
        f = frame_of(w);
    mli_free(w->worse);
    return f;
}

ml_frame *ml_permutation_importance(const ml_pipeline *p, const ml_frame *f, ml_permutation_opts opts)
{
    static const char *const where = "permutation importance";
    work w = {.p = p, .repeats = mli_given(opts.repeats, 5), .seed = opts.seed};
    mli_score_list scores;
    mli_truth truth = {0};
    if (!p || !f || w.repeats < 1)
        return mli_null(ML_EINVAL, "%s: pipeline or frame is NULL, or repeats is %lld, below 1", where, (long long)w.repeats);
    ml_frame *conformed = mli_inputs_conform(&p->in, f, p->goal.name), *result = NULL;
    w.conformed = conformed;
    w.scores = &scores;
    w.truth = &truth;
    if (conformed && !mli_truth_of(&truth, &p->goal, f) && !mli_scores_of(&scores, opts.score, p->goal.classes > 0, 1))
        result = run(&w);
    ml_frame_free(conformed);
    mli_truth_free(&truth);
    if (!result)
        mli_fail_in(where);
    return result;
}
