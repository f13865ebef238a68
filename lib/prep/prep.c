/* prep.c -- fitting a step, and transforming by it: what is the same for all kinds. */
#include "prep/columns.h"
#include "prep/target.h"

#include <string.h>

const char *ml_prep_step_name(ml_prep_step step)
{
    return step.kind ? step.kind->name : NULL;
}

const char *ml_prep_name(const ml_prep *p)
{
    return p ? p->kind->name : NULL;
}

/* Puts defaults in, and checks. */
static ml_status resolve(ml_prep_step *step)
{
    const ml_prep_kind *kind = step->kind;
    if (!kind)
        return mli_fail(ML_EINVAL, "prep: the step is not one of ml_..._step");
    if (!kind->whole && !step->opts.columns)
        return mli_fail(ML_EINVAL, "%s: columns is NULL", kind->name);
    if (kind->fields)
        mli_fields_resolve(kind->fields, &step->opts);
    if (kind->fields && mli_fields_check(kind->name, kind->fields, &step->opts))
        return ml_error_status();
    return kind->check && kind->check(step) ? mli_fail_in(kind->name) : ML_OK;
}

const char *ml_prep_step_check(ml_prep_step step)
{
    return resolve(&step) ? ml_error() : NULL;
}

ml_status ml_prep_step_set(ml_prep_step *step, const char *option, double value)
{
    static const mli_field none[] = {{0}};
    if (!step || !step->kind || !option)
        return mli_fail(ML_EINVAL, "prep_step_set: step and option must not be NULL");
    const char *who = step->kind->name;
    const mli_field *f = mli_fields_find(who, step->kind->fields ? step->kind->fields : none, option, strlen(option));
    return f ? mli_field_set(who, f, &step->opts, value) : ML_EINVAL;
}

void ml_prep_free(ml_prep *p)
{
    if (!p)
        return;
    if (p->kind->free)
        p->kind->free(p->state);
    mli_free(p->name);
    mli_free(p->type);
    mli_free(p->target);
    mli_free(p);
}

/* ---- fitting ---- */

static ml_status check_frame(const ml_frame *f, const char *target)
{
    if (f->role == ML_ROLE_TEST)
        return mli_fail(ML_ESTATE, "this frame is for testing: what a step learnt from it would leak into the score, which would "
                                   "then promise more than new rows give. Fit on the training rows and transform these "
                                   "(ml_frame_forget_role is the door for a final fit on all rows)");
    if (target && !ml_frame_column(f, target))
        return ml_error_status();
    return ML_OK;
}

/* The target as one number a row. Of two classes the second is 1. */
static ml_status take_y(const ml_frame *f, const char *target, double **y)
{
    mli_target t;
    if (!target)
        return mli_fail(ML_EINVAL, "it needs a target, and target is NULL");
    const ml_column *c = ml_frame_column(f, target);
    if (!c || mli_target_of(f, target, &t))
        return ml_error_status();
    ml_status s = ML_OK;
    *y = mli_alloc((size_t)f->rows * sizeof **y);
    if (!*y)
        s = ML_ENOMEM;
    else if (t.classes > 2 && c->type != ML_INTEGER)
        s = mli_fail(ML_EINVAL, "the target '%s' has %ld classes: a rate is of a number, an integer or two classes", target,
                     (long)t.classes);
    for (int64_t i = 0; i < f->rows && !s; i++)
        (*y)[i] = c->type == ML_INTEGER || c->type == ML_NUMBER ? ml_column_number(c, i) : t.label[i];
    mli_target_free(&t);
    return s;
}

/* Columns that had to be converted are in *aside, which the caller frees as it does g->column. */
static ml_status give(const ml_prep *p, const ml_frame *f, const double *y, mli_prep_rows *g, ml_frame **aside)
{
    *g = (mli_prep_rows){.rows = f->rows, .y = y};
    return mli_columns_look_up(p, f, &g->column, aside);
}

static ml_status choose(ml_prep *p, const ml_prep_step *step, const ml_frame *f, const char *target)
{
    const char *list[1 + ML_ALSO] = {step->opts.columns};
    int n = 1;
    if (p->kind->whole)
        return ML_OK;
    if (p->kind->more)
        n = p->kind->more(step, list);
    return mli_columns_choose(p, f, target, list, n);
}

static ml_status learn(ml_prep *p, const ml_prep_step *step, const ml_frame *f, const double *y)
{
    mli_prep_rows g;
    ml_frame *aside = NULL;
    ml_status s = give(p, f, y, &g, &aside);
    if (!s && p->kind->fit)
        s = p->kind->fit(p, step, &g);
    mli_free(g.column);
    ml_frame_free(aside);
    return s;
}

/* *y gets the target where the step wants it, for mli_free. */
static ml_status fit(ml_prep *p, const ml_prep_step *step, const ml_frame *f, const char *target, double **y)
{
    ml_status s = check_frame(f, target);
    if (!s && target && !(p->target = mli_strdup(target)))
        s = ML_ENOMEM;
    if (!s)
        s = choose(p, step, f, target);
    if (!s && p->kind->wants_y)
        s = take_y(f, target, y);
    return s ? s : learn(p, step, f, *y);
}

static ml_prep *fitted(ml_prep_step step, const ml_frame *f, const char *target, double **y)
{
    *y = NULL;
    if (!mli_frame_is("prep_fit", f) || resolve(&step))
        return NULL;
    ml_prep *p = mli_calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->kind = step.kind;
    if (!fit(p, &step, f, target, y))
        return p;
    mli_fail_in(step.kind->name);
    ml_prep_free(p);
    return NULL;
}

ml_prep *ml_prep_fit(ml_prep_step step, const ml_frame *f, const char *target)
{
    double *y;
    ml_prep *p = fitted(step, f, target, &y);
    mli_free(y);
    return p;
}

/* ---- transforming ---- */

/* For each column of f the number that it has in p->name, or -1; for mli_free. */
static int *numbers_in(const ml_prep *p, const ml_frame *f)
{
    int *number = mli_alloc((size_t)f->columns * sizeof *number);
    for (int j = 0; number && j < f->columns; j++)
        number[j] = -1;
    for (int i = 0; number && i < p->n; i++)
        if (ml_frame_has(f, p->name[i]))
            number[ml_frame_column(f, p->name[i]) - f->column] = i;
    return number;
}

static bool is_target(const ml_prep *p, const ml_column *c)
{
    return p->target && strcmp(p->target, c->name) == 0;
}

static ml_status pass(const ml_prep *p, const ml_frame *f, const mli_prep_rows *g, ml_frame *out)
{
    int *number = numbers_in(p, f);
    ml_status s = number ? ML_OK : ML_ENOMEM;
    for (int j = 0; j < f->columns && !s; j++) {
        const int i = number[j];
        if (i >= 0)
            s = p->kind->replace ? p->kind->replace(p, i, g->column[i], out) : mli_add_column(out, g->column[i]);
        else if (!p->kind->others_go || is_target(p, &f->column[j]))
            s = mli_add_column(out, &f->column[j]);
    }
    mli_free(number);
    if (!s && p->kind->add)
        s = p->kind->add(p, g, out);
    return s;
}

static ml_frame *by_columns(const ml_prep *p, const ml_frame *f, const double *y)
{
    mli_prep_rows g = {0};
    ml_frame *aside = NULL, *out = mli_frame_like(f);
    ml_status s = out ? give(p, f, y, &g, &aside) : ML_ENOMEM;
    if (!s)
        s = pass(p, f, &g, out);
    if (!s && f->columns && !out->columns)
        s = mli_fail(ML_EINVAL, "no column would be left");
    mli_free(g.column);
    ml_frame_free(aside);
    if (!s)
        return out;
    ml_frame_free(out);
    return NULL;
}

static ml_frame *transformed(const ml_prep *p, const ml_frame *f, const double *y)
{
    ml_frame *out = p->kind->whole ? p->kind->whole(p, f) : by_columns(p, f, y);
    if (!out)
        mli_fail_in(p->kind->name);
    return out;
}

ml_frame *ml_prep_transform(const ml_prep *p, const ml_frame *f)
{
    if (!p)
        return mli_null(ML_EINVAL, "prep_transform: the step is NULL");
    return mli_frame_is("prep_transform", f) ? transformed(p, f, NULL) : NULL;
}

ml_frame *ml_prep_fit_transform(ml_prep_step step, const ml_frame *f, const char *target, ml_prep **out)
{
    double *y;
    if (out)
        *out = NULL;
    ml_prep *p = fitted(step, f, target, &y);
    ml_frame *changed = p ? transformed(p, f, y) : NULL;
    mli_free(y);
    if (changed && out)
        *out = p;
    else
        ml_prep_free(p);
    return changed;
}

/* ---- what kinds share ---- */

static ml_status not_there(const ml_frame *out, const char *name)
{
    char shown[MLI_SHOWN];
    return ml_frame_has(out, name) ? mli_fail(ML_EINVAL, "two columns would be called '%s'", mli_shown(name, shown)) : ML_OK;
}

/* Takes what c owns but for its name, which is copied. */
static ml_status add(ml_frame *out, const char *name, ml_column c)
{
    ml_status s = not_there(out, name);
    if (!s && !(c.name = mli_strdup(name)))
        s = ML_ENOMEM;
    if (!s)
        return mli_frame_give(out, &c);
    mli_column_free(&c);
    return s;
}

ml_status mli_add_numbers(ml_frame *out, const char *name, double *v, int64_t n)
{
    return v ? add(out, name, (ml_column){.type = ML_NUMBER, .n = n, .number = v}) : ML_ENOMEM;
}

ml_status mli_add_integers(ml_frame *out, const char *name, int64_t *v, int64_t n)
{
    return v ? add(out, name, (ml_column){.type = ML_INTEGER, .n = n, .integer = v}) : ML_ENOMEM;
}

ml_status mli_add_column(ml_frame *out, const ml_column *c)
{
    ml_status s = not_there(out, c->name);
    return s ? s : ml_frame_put(out, NULL, c);
}

char *mli_joined(const char *a, const char *between, const char *b)
{
    const size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
    char *text = mli_alloc(size);
    if (text)
        snprintf(text, size, "%s%s%s", a, between, b);
    return text;
}
