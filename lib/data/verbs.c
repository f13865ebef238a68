/* verbs.c -- see verbs.h. */
#include "data/verbs.h"
#include "io/io.h"

#include <string.h>

const char *mli_types_text(unsigned types, char *buf, size_t size)
{
    size_t used = 0;
    buf[0] = 0;
    for (unsigned t = 0; t <= ML_TIME; t++)
        if (types & 1u << t && used < size)
            used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " or " : "", ml_type_name((ml_type)t));
    return buf;
}

const ml_column *mli_verb_column(const char *where, const ml_frame *f, const char *name, unsigned types)
{
    char shown[MLI_SHOWN], wanted[80];
    if (!mli_frame_is(where, f))
        return NULL;
    const ml_column *c = ml_frame_column(f, name);
    if (!c)
        mli_fail_in(where);
    else if (!(types & 1u << c->type))
        return mli_null(ML_EINVAL, "%s: column '%s' is %s: wants %s", where, mli_shown(c->name, shown), ml_type_name(c->type),
                        mli_types_text(types, wanted, sizeof wanted));
    return c;
}

static ml_status find_columns(const char *where, const ml_frame *f, char *const *names, int n, const ml_column **found)
{
    char shown[MLI_SHOWN];
    bool *taken = mli_calloc((size_t)f->columns, sizeof *taken);
    ml_status s = taken ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < n && !s; i++) {
        found[i] = mli_verb_column(where, f, names[i], MLI_ANY);
        if (!found[i])
            s = ml_error_status();
        else if (taken[found[i] - f->column])
            s = mli_fail(ML_EINVAL, "%s: '%s' is named twice", where, mli_shown(names[i], shown));
        else
            taken[found[i] - f->column] = true;
    }
    mli_free(taken);
    return s;
}

const ml_column **mli_verb_columns(const char *where, const ml_frame *f, const char *list, int *n)
{
    char **names = NULL;
    if (!mli_frame_is(where, f))
        return NULL;
    *n = f->columns;
    if (list && !(names = mli_names_parse(where, list, n)))
        return NULL;
    const ml_column **found = mli_alloc((size_t)*n * sizeof *found);
    for (int j = 0; found && !names && j < *n; j++)
        found[j] = &f->column[j];
    if (found && names && find_columns(where, f, names, *n, found)) {
        mli_free(found);
        found = NULL;
    }
    mli_free(names);
    return found;
}

static ml_status check_name(const char *where, const char *name)
{
    if (!name || !*name)
        return mli_fail(ML_EINVAL, "%s: the name of a column must not be empty", where);
    return mli_is_utf8(name) ? ML_OK : mli_fail(ML_EINVAL, "%s: the name of the new column is not UTF-8", where);
}

ml_status mli_verb_give(const char *where, ml_frame *f, const char *name, ml_column *c)
{
    ml_status s = check_name(where, name);
    if (!s && !(c->name = mli_strdup(name)))
        s = ML_ENOMEM;
    if (!s)
        return mli_frame_give(f, c);
    mli_column_free(c);
    return s;
}

ml_status mli_verb_numbers(const char *where, ml_frame *f, const char *name, double *v)
{
    return v ? mli_verb_give(where, f, name, &(ml_column){.type = ML_NUMBER, .n = f->rows, .number = v}) : ml_error_status();
}

ml_status mli_verb_integers(const char *where, ml_frame *f, const char *name, int64_t *v)
{
    return v ? mli_verb_give(where, f, name, &(ml_column){.type = ML_INTEGER, .n = f->rows, .integer = v}) : ml_error_status();
}

ml_status mli_verb_pick(const char *where, ml_frame *f, const char *name, const ml_column *from, const int64_t *rows)
{
    ml_column made;
    if (check_name(where, name) || mli_column_pick(&made, name, from, rows, from->n))
        return ml_error_status();
    return mli_frame_give(f, &made);
}

ml_status mli_verb_may_learn(const char *where, const ml_frame *f, const char *what)
{
    if (f->role != ML_ROLE_TEST)
        return ML_OK;
    return mli_fail(ML_EINVAL, "%s: this frame is for TEST, and %s of it would leak what only the test may know into the data: "
                               "learn it from the training frame, and give the value here", where, what);
}
