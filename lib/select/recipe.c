/* recipe.c -- steps and a learner as one value, and their options by name. */
#include "io/fields.h"
#include "io/io.h"

#include <mlcore/select.h>

#include <math.h>
#include <stdlib.h>
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

/* ---- options of steps ---- */

static const char *const IMPUTE_HOW[] = {"mean", "median", "mode", "constant", NULL};
static const char *const SCALE_HOW[] = {"standard", "min_max", "robust", NULL};
static const char *const UNSEEN[] = {"error", "ignore", "other", NULL};
static const char *const BIN_HOW[] = {"quantile", "uniform", NULL};

static const mli_field IMPUTE[] = {MLI_FIELD_CHOICE(ml_impute_opts, how, IMPUTE_HOW),
                                   MLI_FIELD(ml_impute_opts, constant, MLI_FINITE, 0), {0}};
static const mli_field SCALE[] = {MLI_FIELD_CHOICE(ml_scale_opts, how, SCALE_HOW),
                                  MLI_FIELD(ml_scale_opts, no_center, MLI_FLAG, 0),
                                  MLI_FIELD(ml_scale_opts, no_scale, MLI_FLAG, 0),
                                  MLI_FIELD(ml_scale_opts, low, MLI_FINITE, 0),
                                  MLI_FIELD(ml_scale_opts, high, MLI_FINITE, 0), {0}};
static const mli_field ONE_HOT[] = {MLI_FIELD_CHOICE(ml_one_hot_opts, unseen, UNSEEN),
                                    MLI_FIELD(ml_one_hot_opts, drop_first, MLI_FLAG, 0),
                                    MLI_FIELD(ml_one_hot_opts, missing, MLI_FLAG, 0),
                                    MLI_FIELD(ml_one_hot_opts, min_count, MLI_COUNT, 0),
                                    MLI_FIELD(ml_one_hot_opts, max_categories, MLI_COUNT, 0), {0}};
static const mli_field ORDINAL[] = {MLI_FIELD_CHOICE(ml_ordinal_opts, unseen, UNSEEN), {0}};
static const mli_field GROUP_RATE[] = {MLI_FIELD(ml_group_rate_opts, smoothing, MLI_FROM_ZERO, 0),
                                       MLI_FIELD(ml_group_rate_opts, count, MLI_FLAG, 0), {0}};
static const mli_field POLYNOMIAL[] = {MLI_FIELD(ml_polynomial_opts, degree, MLI_COUNT, 0),
                                       MLI_FIELD(ml_polynomial_opts, interactions_only, MLI_FLAG, 0), {0}};
static const mli_field BIN[] = {MLI_FIELD_CHOICE(ml_bin_opts, how, BIN_HOW),
                                MLI_FIELD(ml_bin_opts, bins, MLI_COUNT, 0), {0}};

static const struct {
    const char *step;
    const mli_field *fields;
} OPTIONS[] = {{"impute", IMPUTE}, {"scale", SCALE},           {"one_hot", ONE_HOT}, {"ordinal", ORDINAL},
               {"group_rate", GROUP_RATE}, {"polynomial", POLYNOMIAL}, {"bin", BIN}};

/* The field of a step's option; an error lists the names there are. */
static const mli_field *find_option(const char *step, const char *option)
{
    char names[256] = "none", shown[MLI_SHOWN];
    size_t used = 0;
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++) {
        if (strcmp(OPTIONS[i].step, step) != 0)
            continue;
        for (const mli_field *f = OPTIONS[i].fields; f->name; f++) {
            if (strcmp(f->name, option) == 0)
                return f;
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", f->name);
        }
    }
    return mli_null(ML_EINVAL, "%s: there is no option '%s' that a number can set; there are: %s", step, mli_shown(option, shown),
                    names);
}

/* Numbers as they are: the options of steps have no other zero than 0. */
static ml_status set_field(ml_prep_step *step, const mli_field *f, double v)
{
    void *at = (char *)&step->opts + f->at;
    const double exact = 9007199254740992.0; /* 2^53 */
    const double most = f->kind == MLI_FLAG ? 1 : f->kind == MLI_CHOICE ? mli_choices(f) - 1 : exact;
    if (f->kind >= MLI_COUNT && !(v >= 0 && v <= most && v == floor(v)))
        return mli_fail(ML_EINVAL, "%s: %s is %g: it must be a whole number in 0 .. %g", ml_prep_step_name(*step), f->name, v, most);
    if (!isfinite(v))
        return mli_fail(ML_EINVAL, "%s: %s is %g: it must be a finite number", ml_prep_step_name(*step), f->name, v);
    if (f->kind == MLI_COUNT)
        *(int64_t *)at = (int64_t)v;
    else if (f->kind == MLI_FLAG)
        *(bool *)at = v == 1;
    else if (f->kind == MLI_CHOICE)
        *(int *)at = (int)v;
    else
        *(double *)at = v;
    return ML_OK;
}

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
        const char *name = ml_prep_step_name(recipe->step[i]);
        const mli_field *f = name ? find_option(name, dot + 1) : NULL;
        if (!f || set_field(&recipe->step[i], f, value))
            return ML_EINVAL;
        found++;
    }
    char shown[MLI_SHOWN];
    return found ? ML_OK : mli_fail(ML_EINVAL, "recipe: no step is meant by '%s'", mli_shown(option, shown));
}
