/* learner.c -- a learner and its options by their names: on a command line, in a search, in a file. */
#include "classical/model.h"

#include "io/io.h"

#include <math.h>
#include <string.h>

static const ml_learner_kind *const KINDS[] = {&mli_dummy_kind, &mli_linear_kind, &mli_logistic_kind,
                                               &mli_tree_kind,  &mli_forest_kind, &mli_boost_kind};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

const ml_learner_kind *mli_learner_kind(const char *name)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (strcmp(KINDS[i]->name, name) == 0)
            return KINDS[i];
    return NULL;
}

char *mli_learner_names(char *buf, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < KIND_COUNT && used < size; i++)
        used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "", KINDS[i]->name);
    return buf;
}

ml_learner ml_dummy_learner(ml_dummy_opts opts)
{
    return (ml_learner){.kind = &mli_dummy_kind, .opts.dummy = opts};
}

ml_learner ml_linear_learner(ml_linear_opts opts)
{
    return (ml_learner){.kind = &mli_linear_kind, .opts.linear = opts};
}

ml_learner ml_logistic_learner(ml_logistic_opts opts)
{
    return (ml_learner){.kind = &mli_logistic_kind, .opts.logistic = opts};
}

ml_learner ml_tree_learner(ml_tree_opts opts)
{
    return (ml_learner){.kind = &mli_tree_kind, .opts.tree = opts};
}

ml_learner ml_forest_learner(ml_forest_opts opts)
{
    return (ml_learner){.kind = &mli_forest_kind, .opts.forest = opts};
}

ml_learner ml_boost_learner(ml_boost_opts opts)
{
    return (ml_learner){.kind = &mli_boost_kind, .opts.boost = opts};
}

/* ---- options ---- */

const char *ml_learner_name(ml_learner learner)
{
    return learner.kind ? learner.kind->name : NULL;
}

ml_status mli_learner_resolve(ml_learner *learner)
{
    mli_fields_resolve(learner->kind->fields, &learner->opts);
    if (mli_fields_check(learner->kind->name, learner->kind->fields, &learner->opts))
        return ML_EINVAL;
    return learner->kind->check && learner->kind->check(learner) ? ML_EINVAL : ML_OK;
}

const char *ml_learner_check(ml_learner learner)
{
    if (!learner.kind) {
        mli_fail(ML_EINVAL, "learner: it has no kind");
        return ml_error();
    }
    return mli_learner_resolve(&learner) ? ml_error() : NULL;
}

/* ---- one option ---- */

static const mli_field *find(const ml_learner *learner, const char *option, size_t length)
{
    return mli_fields_find(learner->kind->name, learner->kind->fields, option, length);
}

static ml_status set(ml_learner *learner, const mli_field *f, double v)
{
    return mli_field_set(learner->kind->name, f, &learner->opts, v);
}

ml_status ml_learner_set(ml_learner *learner, const char *option, double value)
{
    if (!learner || !learner->kind || !option)
        return mli_fail(ML_EINVAL, "learner_set: learner and option must not be NULL");
    const mli_field *f = find(learner, option, strlen(option));
    return f ? set(learner, f, value) : ML_EINVAL;
}

/* ---- a text ---- */

/* A number of the text, or the place of a choice's name. */
static ml_status value_of(const ml_learner *learner, const mli_field *f, const char *text, double *v)
{
    for (int i = 0; f->kind == MLI_CHOICE && f->choices[i]; i++)
        if (strcmp(f->choices[i], text) == 0) {
            *v = i;
            return ML_OK;
        }
    if (f->kind == MLI_FLAG && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        *v = *text == 't';
        return ML_OK;
    }
    if (f->kind <= MLI_NUMBER && (strcmp(text, "inf") == 0 || strcmp(text, "sqrt") == 0)) {
        *v = *text == 'i' ? INFINITY : ML_SQRT;
        return ML_OK;
    }
    json_t *number = json_loads(text, JSON_DECODE_ANY, NULL); /* whatever the locale */
    const bool is = json_is_number(number);
    *v = json_number_value(number);
    json_decref(number);
    char shown[MLI_SHOWN];
    return is ? ML_OK : mli_fail(ML_EINVAL, "%s: %s is '%s': it must be a number%s", learner->kind->name, f->name,
                                 mli_shown(text, shown), f->kind == MLI_CHOICE ? " or a name it knows" : "");
}

/* "max_depth=4" */
static ml_status set_by_text(ml_learner *learner, const char *text)
{
    const char *equals = strchr(text, '=');
    double v;
    char shown[MLI_SHOWN];
    if (!equals)
        return mli_fail(ML_EINVAL, "%s: '%s' is not option=value", learner->kind->name, mli_shown(text, shown));
    const mli_field *f = find(learner, text, (size_t)(equals - text));
    return f && !value_of(learner, f, equals + 1, &v) ? set(learner, f, v) : ML_EINVAL;
}

static ml_status set_all(ml_learner *learner, char *options)
{
    for (char *option = options, *next; option; option = next) {
        next = strchr(option, ',');
        if (next)
            *next++ = 0;
        if (set_by_text(learner, option))
            return ML_EINVAL;
    }
    return ML_OK;
}

ml_learner ml_learner_named(const char *text)
{
    const ml_learner none = {0};
    ml_learner learner = {0};
    char names[256], shown[MLI_SHOWN];
    char *copy = text ? mli_strdup(text) : NULL;
    if (!copy) {
        if (!text)
            mli_fail(ML_EINVAL, "learner: text is NULL");
        return none;
    }
    char *options = strchr(copy, ':');
    if (options)
        *options++ = 0;
    learner.kind = mli_learner_kind(copy);
    if (!learner.kind)
        mli_fail(ML_EINVAL, "there is no learner '%s'; there are: %s", mli_shown(copy, shown), mli_learner_names(names, sizeof names));
    ml_learner resolved = learner;
    const bool well = learner.kind && !(options && set_all(&learner, options)) && (resolved = learner, !mli_learner_resolve(&resolved));
    mli_free(copy);
    return well ? learner : none;
}
