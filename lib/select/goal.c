/* goal.c -- the column that is predicted: its classes, and what is true of the rows of a frame. */
#include "classical/model.h"
#include "data/frame.h"
#include "prep/target.h"
#include "select/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A learner that knows one task only: integers it takes as numbers, where it knows no classes; else it is the wrong one. */
static ml_status match(mli_goal *g, ml_learner learner)
{
    bool classes = g->classes > 0;
    if (!learner.kind)
        return mli_fail(ML_EINVAL, "recipe: there is no learner");
    if (classes ? learner.kind->classifies : learner.kind->regresses)
        return ML_OK;
    if (!classes)
        return mli_fail(ML_EINVAL, "target '%s' is of %ss, and %s predicts classes: make it a category, or take a learner for "
                        "regression", g->name, ml_type_name(g->type), learner.kind->name);
    if (g->type != ML_INTEGER)
        return mli_fail(ML_EINVAL, "target '%s' is a %s, and %s predicts numbers: take a learner that classifies", g->name,
                        ml_type_name(g->type), learner.kind->name);
    mli_free(g->text);
    g->text = NULL;
    g->classes = 0;
    return ML_OK;
}

ml_status mli_goal_of(mli_goal *g, const ml_frame *f, const char *name, ml_learner learner)
{
    mli_target t;
    *g = (mli_goal){0};
    if (mli_target_of(f, name, &t))
        return ml_error_status();
    *g = (mli_goal){.name = mli_strdup(name), .type = ml_frame_column(f, name)->type, .classes = t.classes, .text = t.text};
    t.text = NULL;
    mli_target_free(&t);
    ml_status s = g->name ? match(g, learner) : ML_ENOMEM;
    if (s)
        mli_goal_free(g);
    return s;
}

ml_status mli_goal_copy(mli_goal *to, const mli_goal *from)
{
    *to = *from;
    to->name = mli_strdup(from->name);
    to->text = from->text ? mli_texts_copy((const char *const *)from->text, from->classes) : NULL;
    if (to->name && (to->text || !from->text))
        return ML_OK;
    mli_goal_free(to);
    return ML_ENOMEM;
}

void mli_goal_free(mli_goal *g)
{
    mli_free(g->name);
    mli_free(g->text);
    *g = (mli_goal){0};
}

/* ---- in a frame ---- */

static ml_status values_of(const mli_goal *g, const ml_frame *f, double *y)
{
    const ml_column *c = ml_frame_column(f, g->name);
    if (!c)
        return mli_fail_in("target");
    if (c->type != ML_NUMBER && c->type != ML_INTEGER)
        return mli_fail(ML_EINVAL, "target '%s' is a %s, but was of numbers where the model was fitted", g->name,
                        ml_type_name(c->type));
    for (int64_t i = 0; i < f->rows; i++) {
        y[i] = ml_column_number(c, i);
        if (!isfinite(y[i]))
            return mli_fail(ML_EINVAL, "target '%s': row %lld %s", g->name, (long long)i,
                            isnan(y[i]) ? "has no value" : "is infinite");
    }
    return ML_OK;
}

ml_status mli_truth_of(mli_truth *t, const mli_goal *g, const ml_frame *f)
{
    *t = (mli_truth){.n = f->rows, .classes = g->classes};
    ml_status s;
    if (g->classes) {
        t->label = mli_alloc((size_t)f->rows * sizeof *t->label);
        s = t->label ? mli_target_labels(f, g->name, (const char *const *)g->text, g->classes, t->label) : ML_ENOMEM;
    } else {
        t->value = mli_alloc((size_t)f->rows * sizeof *t->value);
        s = t->value ? values_of(g, f, t->value) : ML_ENOMEM;
    }
    if (s)
        mli_truth_free(t);
    return s;
}

void mli_truth_free(mli_truth *t)
{
    mli_free(t->label);
    mli_free(t->value);
    *t = (mli_truth){0};
}

/* ---- in a file ---- */

ml_status mli_goal_put(const mli_goal *g, mli_store *s, const char *at)
{
    json_t *o = json_object();
    o = mli_json_put(o, "name", json_string(g->name));
    o = mli_json_put(o, "type", json_string(ml_type_name(g->type)));
    o = mli_json_put(o, "classes", json_integer(g->classes));
    if (mli_store_put_json(s, at, "column", o))
        return ml_error_status();
    return g->classes ? mli_store_put_texts(s, at, "classes", (const char *const *)g->text, g->classes) : ML_OK;
}

/* Classes of an integer become integers again when they are predicted. */
static ml_status check_integers(const mli_goal *g, const mli_store *s, const char *at)
{
    char text[32];
    for (int32_t k = 0; k < g->classes && g->type == ML_INTEGER; k++) {
        snprintf(text, sizeof text, "%lld", strtoll(g->text[k], NULL, 10));
        if (strcmp(text, g->text[k]) != 0)
            return mli_store_fail(s, at, "classes", "are of an integer, and number %ld is no whole number", (long)k);
    }
    return ML_OK;
}

/* Numbers are never classes, categories and texts always; integers are what they were. */
static bool possible(ml_type type, json_int_t classes)
{
    return classes >= 0 && classes <= INT32_MAX && type != ML_TIME &&
           (type == ML_INTEGER || (classes > 0) == (type != ML_NUMBER));
}

static ml_status take_classes(mli_goal *g, mli_store *s, const char *at, int64_t classes)
{
    int64_t n;
    if (mli_store_texts(s, at, "classes", classes, classes, &g->text, &n))
        return ml_error_status();
    g->classes = (int32_t)classes;
    return check_integers(g, s, at);
}

ml_status mli_goal_take(mli_goal *g, mli_store *s, const char *at)
{
    *g = (mli_goal){0};
    const json_t *o = mli_store_json(s, at, "column"), *classes = json_object_get(o, "classes");
    if (!o)
        return ml_error_status();
    const char *name = json_string_value(json_object_get(o, "name"));
    if (!name || !*name || !mli_type_named(json_string_value(json_object_get(o, "type")), &g->type) ||
        !json_is_integer(classes) || !possible(g->type, json_integer_value(classes)))
        return mli_store_fail(s, at, "column", "wants a name, a type, and a number of classes that fits the type");
    g->name = mli_strdup(name);
    ml_status status = g->name ? ML_OK : ML_ENOMEM;
    if (!status && json_integer_value(classes) > 0)
        status = take_classes(g, s, at, json_integer_value(classes));
    if (status)
        mli_goal_free(g);
    return status;
}
