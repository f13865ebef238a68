/* recipe.c -- steps and a learner as one value, and their options by name. */
#include "io/io.h"

#include <mlcore/select.h>

#include <string.h>

ml_recipe ml_recipe_of(ml_learner learner, const ml_prep_step *steps, int n)
{
    ml_recipe r = {.learner = learner, .steps = n}; /* a number that is no number of steps is found by the check */
    if (n > 0 && n <= ML_MAX_STEPS && steps)
        memcpy(r.step, steps, (size_t)n * sizeof *steps);
    return r;
}

ml_status ml_recipe_add(ml_recipe *recipe, ml_prep_step step)
{
    if (!recipe || recipe->steps < 0 || recipe->steps >= ML_MAX_STEPS)
        return mli_fail(ML_EINVAL, "recipe: it is NULL, or has %d steps already", ML_MAX_STEPS);
    recipe->step[recipe->steps++] = step;
    return ML_OK;
}

const char *ml_recipe_check(const ml_recipe *recipe)
{
    char where[64];
    if (!recipe || recipe->steps < 0 || recipe->steps > ML_MAX_STEPS) {
        mli_fail(ML_EINVAL, "recipe: %d steps, not 0 .. %d", recipe ? recipe->steps : -1, ML_MAX_STEPS);
        return ml_error();
    }
    for (int i = 0; i < recipe->steps; i++) {
        const char *name = ml_prep_step_name(recipe->step[i]);
        if (name && !ml_prep_step_check(recipe->step[i]))
            continue;
        snprintf(where, sizeof where, "recipe: step %d", i);
        if (name)
            mli_fail_in(where);
        else
            mli_fail(ML_EINVAL, "%s is empty", where);
        return ml_error();
    }
    return ml_learner_check(recipe->learner);
}

/* ---- options by name ---- */

/* Whether "impute" or "0", the `length` bytes before the dot, mean step i. */
static bool means(const ml_recipe *r, int i, const char *which, size_t length)
{
    char number[16];
    const char *name = ml_prep_step_name(r->step[i]);
    snprintf(number, sizeof number, "%d", i);
    return (name && strlen(name) == length && strncmp(name, which, length) == 0) ||
           (strlen(number) == length && strncmp(number, which, length) == 0);
}

ml_status ml_recipe_set(ml_recipe *recipe, const char *option, double value)
{
    if (!recipe || !option || recipe->steps < 0 || recipe->steps > ML_MAX_STEPS)
        return mli_fail(ML_EINVAL, "recipe_set: recipe or option is NULL");
    const char *dot = strchr(option, '.');
    if (!dot)
        return ml_learner_set(&recipe->learner, option, value);
    int found = 0;
    for (int i = 0; i < recipe->steps; i++) {
        if (!means(recipe, i, option, (size_t)(dot - option)))
            continue;
        if (ml_prep_step_set(&recipe->step[i], dot + 1, value))
            return ML_EINVAL;
        found++;
    }
    char shown[MLI_SHOWN];
    return found ? ML_OK : mli_fail(ML_EINVAL, "recipe: no step is meant by '%s'", mli_shown(option, shown));
}
