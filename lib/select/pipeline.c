/* pipeline.c -- a recipe fitted on a frame, and what it says of others.
 *
 * To fit is to fit a step, to let it change the frame, and to go on to the next with what came of it; the learner gets the
 * columns at the end. To predict is the same walk with the steps as they were fitted. So nothing of the frame that is predicted
 * can find its way into the steps: this is what a pipeline is for.
 */
#include "data/frame.h"
#include "io/io.h"
#include "prep/prep.h"
#include "select/select.h"

#include <math.h>
#include <string.h>

ml_status mli_refuse_test(const char *where, ml_role role)
{
    if (role != ML_ROLE_TEST)
        return ML_OK;
    return mli_fail(ML_EINVAL, "%s: this is a TEST frame: what is fitted on it or chosen by it has seen the answers, and its test "
                    "score no longer says how it does on new data", where);
}

void ml_pipeline_free(ml_pipeline *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->steps; i++)
        ml_prep_free(p->prep[i]);
    ml_model_free(p->model);
    mli_goal_free(&p->goal);
    mli_inputs_free(&p->in);
    mli_notes_free(&p->notes);
    mli_free(p);
}

/* ---- fitting ---- */

static ml_status fail_in_step(int i, const char *name)
{
    char where[64];
    snprintf(where, sizeof where, "step %d (%s)", i, name);
    return mli_fail_in(where);
}

/* Whether a step only takes columns away. */
static bool only_drops(ml_prep_step step)
{
    const char *name = ml_prep_step_name(step);
    return name && (strcmp(name, "drop") == 0 || strcmp(name, "keep") == 0);
}

/* Fits step i; *at, NULL for train itself, becomes what it makes of the frame. */
static ml_status fit_step(ml_pipeline *p, const ml_recipe *recipe, int i, const ml_frame *train, ml_frame **at)
{
    ml_frame *next = ml_prep_fit_transform(recipe->step[i], *at ? *at : train, p->goal.name, &p->prep[i]);
    ml_frame_free(*at);
    *at = next;
    if (!next)
        return fail_in_step(i, ml_prep_step_name(recipe->step[i]));
    p->steps = i + 1;
    return ML_OK;
}

/* Returns what the learner is given, with the target. What the first steps drop is no input: nothing has looked at it. */
static ml_frame *fit_steps(ml_pipeline *p, const ml_recipe *recipe, const ml_frame *train)
{
    ml_frame *at = NULL;
    ml_status s = ML_OK;
    int i = 0;
    for (; i < recipe->steps && only_drops(recipe->step[i]) && !s; i++)
        s = fit_step(p, recipe, i, train, &at);
    if (!s)
        s = mli_inputs_of(&p->in, train, at ? at : train, p->goal.name);
    for (; i < recipe->steps && !s; i++)
        s = fit_step(p, recipe, i, train, &at);
    if (!s)
        return at ? at : ml_frame_copy(train);
    ml_frame_free(at);
    return NULL;
}

/* A frame that comes out of the steps, without the target, as numbers. */
static ml_matrix *numbers_of(const ml_frame *f)
{
    char shown[MLI_SHOWN];
    if (!f->columns)
        return mli_null(ML_EINVAL, "pipeline: behind the steps no column is left for the learner");
    for (int j = 0; j < f->columns; j++) {
        const ml_column *c = &f->column[j];
        if (c->type != ML_NUMBER && c->type != ML_INTEGER)
            return mli_null(ML_EINVAL, "pipeline: behind the steps column '%s' is still of type %s, and the learner wants "
                            "numbers: encode it (one_hot, ordinal, group_rate), or drop it", mli_shown(c->name, shown),
                            ml_type_name(c->type));
    }
    return ml_frame_matrix(f, NULL);
}

/* Takes the target out of the frame. */
static ml_status fit_model(ml_pipeline *p, const ml_recipe *recipe, ml_frame *ready)
{
    mli_truth t;
    if (mli_truth_of(&t, &p->goal, ready))
        return ml_error_status();
    ml_matrix *x = ml_frame_remove(ready, p->goal.name) ? NULL : numbers_of(ready);
    if (x) {
        ml_xy data = {.x = *x, .classes = t.classes};
        if (t.classes)
            data.label = (ml_ints){t.label, t.n};
        else
            data.y = (ml_doubles){t.value, t.n};
        p->model = ml_fit(recipe->learner, data);
    }
    ml_status s = p->model ? ML_OK : ml_error_status();
    ml_matrix_free(x);
    mli_truth_free(&t);
    return s;
}

ml_pipeline *mli_pipeline_fit(const ml_recipe *recipe, const ml_frame *train, const mli_goal *goal)
{
    ml_pipeline *p = mli_calloc(1, sizeof *p);
    ml_frame *ready = p && !mli_goal_copy(&p->goal, goal) ? fit_steps(p, recipe, train) : NULL;
    bool well = ready && !fit_model(p, recipe, ready);
    ml_frame_free(ready);
    if (well)
        return p;
    ml_pipeline_free(p);
    return NULL;
}

ml_pipeline *ml_pipeline_fit(ml_recipe recipe, const ml_frame *train, const char *target)
{
    mli_goal goal;
    if (!mli_frame_is("pipeline", train) || mli_refuse_test("pipeline", train->role) || ml_recipe_check(&recipe) ||
        mli_goal_of(&goal, train, target, recipe.learner))
        return NULL;
    ml_pipeline *p = mli_pipeline_fit(&recipe, train, &goal);
    mli_goal_free(&goal);
    return p;
}

/* ---- predicting ---- */

/* *behind becomes what the steps make of a frame out of mli_inputs_conform; NULL where there are none, and it is ready as it is. */
static ml_status walk(const ml_pipeline *p, const ml_frame *conformed, ml_frame **behind)
{
    *behind = NULL;
    for (int i = 0; i < p->steps; i++) {
        ml_frame *next = ml_prep_transform(p->prep[i], *behind ? *behind : conformed);
        ml_frame_free(*behind);
        *behind = next;
        if (!next)
            return fail_in_step(i, ml_prep_name(p->prep[i]));
    }
    return ML_OK;
}

ml_frame *ml_pipeline_transform(const ml_pipeline *p, const ml_frame *f)
{
    if (!p)
        return mli_null(ML_EINVAL, "pipeline: it is NULL");
    ml_frame *conformed = mli_inputs_conform(&p->in, f, p->goal.name), *behind;
    if (!conformed)
        return NULL;
    if (!walk(p, conformed, &behind) && !behind)
        return conformed;
    ml_frame_free(conformed);
    return behind;
}

/* The label of the largest probability; of equals the first, as ml_model_labels has it. */
static void label_rows(mli_answers *a)
{
    for (int64_t i = 0; i < a->n; i++) {
        const double *p = a->p + i * a->classes;
        a->label[i] = 0;
        for (int32_t k = 1; k < a->classes; k++)
            if (p[k] > p[a->label[i]])
                a->label[i] = k;
    }
}

static ml_status ask(const ml_pipeline *p, const ml_matrix *x, mli_answers *a)
{
    if (!a->classes) {
        a->value = mli_alloc((size_t)a->n * sizeof *a->value);
        return a->value ? ml_model_values(p->model, *x, a->value) : ML_ENOMEM;
    }
    int64_t size;
    if (!mli_shape_size(2, (int64_t[]){a->n, a->classes}, &size))
        return mli_fail(ML_EINVAL, "pipeline: %lld rows of %ld classes are too many", (long long)a->n, (long)a->classes);
    a->p = mli_alloc((size_t)size * sizeof *a->p);
    a->label = mli_alloc((size_t)a->n * sizeof *a->label);
    if (!a->p || !a->label)
        return ML_ENOMEM;
    ml_status s = ml_model_probabilities(p->model, *x, a->p);
    if (!s)
        label_rows(a);
    return s;
}

ml_status mli_pipeline_answer(const ml_pipeline *p, const ml_frame *conformed, mli_answers *a)
{
    *a = (mli_answers){.n = conformed->rows, .classes = p->goal.classes};
    ml_frame *behind;
    ml_matrix *x = walk(p, conformed, &behind) ? NULL : numbers_of(behind ? behind : conformed);
    ml_frame_free(behind);
    ml_status s = x ? ask(p, x, a) : ml_error_status();
    ml_matrix_free(x);
    if (s)
        mli_answers_free(a);
    return s;
}

void mli_answers_free(mli_answers *a)
{
    mli_free(a->p);
    mli_free(a->label);
    mli_free(a->value);
    *a = (mli_answers){0};
}

/* The answers for a frame of the caller's, which begins every prediction; wants says what is asked for. */
typedef enum wants { WANTS_CLASSES, WANTS_VALUES, WANTS_ANY } wants;
static ml_status answer(const ml_pipeline *p, const ml_frame *f, const void *out, wants w, mli_answers *a)
{
    *a = (mli_answers){0};
    if (!p || !out)
        return mli_fail(ML_EINVAL, "pipeline: it is NULL, or what it is to write to");
    if (w != WANTS_ANY && (w == WANTS_CLASSES) != (p->goal.classes > 0))
        return mli_fail(ML_EINVAL, "pipeline: it predicts %s of '%s': ask for %s", p->goal.classes ? "classes" : "values",
                        p->goal.name, p->goal.classes ? "labels or probabilities" : "values");
    ml_frame *conformed = mli_inputs_conform(&p->in, f, p->goal.name);
    ml_status s = conformed ? mli_pipeline_answer(p, conformed, a) : ml_error_status();
    ml_frame_free(conformed);
    return s;
}

ml_status ml_pipeline_labels(const ml_pipeline *p, const ml_frame *f, int32_t *label)
{
    mli_answers a;
    ml_status s = answer(p, f, label, WANTS_CLASSES, &a);
    if (!s && a.n)
        memcpy(label, a.label, (size_t)a.n * sizeof *label);
    mli_answers_free(&a);
    return s;
}

ml_status ml_pipeline_probabilities(const ml_pipeline *p, const ml_frame *f, double *prob)
{
    mli_answers a;
    ml_status s = answer(p, f, prob, WANTS_CLASSES, &a);
    if (!s && a.n)
        memcpy(prob, a.p, (size_t)(a.n * a.classes) * sizeof *prob);
    mli_answers_free(&a);
    return s;
}

ml_status ml_pipeline_values(const ml_pipeline *p, const ml_frame *f, double *y)
{
    mli_answers a;
    ml_status s = answer(p, f, y, WANTS_VALUES, &a);
    if (!s && a.n)
        memcpy(y, a.value, (size_t)a.n * sizeof *y);
    mli_answers_free(&a);
    return s;
}

ml_frame *ml_pipeline_predict(const ml_pipeline *p, const ml_frame *f)
{
    mli_answers a;
    if (answer(p, f, p, WANTS_ANY, &a))
        return NULL;
    ml_frame *predicted = mli_frame_like(f);
    if (predicted && mli_predictions_put(predicted, &p->goal, &a)) {
        ml_frame_free(predicted);
        predicted = NULL;
    }
    mli_answers_free(&a);
    return predicted;
}

ml_status ml_pipeline_score(const ml_pipeline *p, const ml_frame *f, const char *score, double *value)
{
    mli_score_list scores;
    mli_answers a;
    mli_truth t = {0};
    if (answer(p, f, value, WANTS_ANY, &a))
        return ml_error_status();
    ml_status s = mli_truth_of(&t, &p->goal, f);
    if (!s)
        s = mli_scores_of(&scores, score, p->goal.classes > 0, 1);
    if (!s)
        s = mli_scores_value(&scores, &t, &a, value);
    mli_truth_free(&t);
    mli_answers_free(&a);
    return s;
}
