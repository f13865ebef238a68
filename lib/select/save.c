/* save.c -- a pipeline as one file: what it wants, what it does, what it predicts. */
#include "classical/model.h"
#include "prep/prep.h"
#include "select/select.h"

#include <string.h>

static const char *name_part(char buf[32], int step)
{
    snprintf(buf, 32, "steps.%d", step);
    return buf;
}

static ml_status put(const ml_pipeline *p, mli_store *s)
{
    char at[32];
    ml_status e = mli_store_put_json(s, "pipeline", "steps", json_integer(p->steps));
    if (!e)
        e = mli_inputs_put(&p->in, s, "inputs");
    if (!e)
        e = mli_goal_put(&p->goal, s, "target");
    if (!e)
        e = mli_notes_put(&p->notes, s, "pipeline");
    for (int i = 0; i < p->steps && !e; i++)
        e = mli_prep_put(p->prep[i], s, name_part(at, i));
    return e ? e : mli_model_put(p->model, s, "model");
}

ml_status ml_pipeline_save(const ml_pipeline *p, const char *path)
{
    if (!p)
        return mli_fail(ML_EINVAL, "pipeline_save: the pipeline is NULL");
    mli_store *s = mli_store_new("pipeline");
    ml_status e = s ? put(p, s) : ML_ENOMEM;
    if (!e)
        e = mli_store_write(s, path);
    mli_store_free(s);
    return e;
}

static ml_status take_steps(ml_pipeline *p, mli_store *s)
{
    char at[32];
    const json_t *steps = mli_store_json(s, "pipeline", "steps");
    if (!steps)
        return ml_error_status();
    if (!json_is_integer(steps) || json_integer_value(steps) < 0 || json_integer_value(steps) > ML_MAX_STEPS)
        return mli_store_fail(s, "pipeline", "steps", "is no number in 0 .. %d", ML_MAX_STEPS);
    const int n = (int)json_integer_value(steps);
    for (; p->steps < n; p->steps++)
        if (!(p->prep[p->steps] = mli_prep_take(s, name_part(at, p->steps))))
            return ml_error_status();
    return ML_OK;
}

static ml_status take(ml_pipeline *p, mli_store *s)
{
    ml_status e = mli_inputs_take(&p->in, s, "inputs");
    if (!e)
        e = mli_goal_take(&p->goal, s, "target");
    if (!e)
        e = mli_notes_take(&p->notes, s, "pipeline");
    if (!e)
        e = take_steps(p, s);
    if (!e && !(p->model = mli_model_take(s, "model")))
        e = ml_error_status();
    if (!e && ml_model_classes(p->model) != p->goal.classes)
        e = mli_store_fail(s, "model", "classes", "are %ld, but the target has %ld", (long)ml_model_classes(p->model),
                           (long)p->goal.classes);
    return e;
}

ml_pipeline *mli_pipeline_take(mli_store *s)
{
    ml_pipeline *p = mli_calloc(1, sizeof *p);
    if (p && !take(p, s))
        return p;
    ml_pipeline_free(p);
    return NULL;
}

ml_pipeline *ml_pipeline_load(const char *path)
{
    mli_store *s = mli_store_read(path, "pipeline");
    ml_pipeline *p = s ? mli_pipeline_take(s) : NULL;
    mli_store_free(s);
    return p;
}
