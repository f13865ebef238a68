/* columns.c -- see columns.h. */
#include "prep/columns.h"
#include "prep/convert.h"

#include <string.h>

/* ---- which are meant ---- */

static const struct column_class {
    const char *name;
    unsigned types;
} CLASSES[] = {
    {"*", MLI_TAKES_ALL},
    {"*number", MLI_TAKES_NUMBERS},
    {"*category", MLI_TAKES(ML_CATEGORY)},
    {"*text", MLI_TAKES(ML_TEXT)},
};

/* Columns of a frame as they are chosen: in their order, each once. */
typedef struct chosen {
    const ml_frame *f;
    const char *target; /* NULL: none */
    int *number;        /* of the columns in the frame */
    bool *taken;        /* by number */
    int n;
} chosen;

static void choose(chosen *c, int number)
{
    if (!c->taken[number])
        c->number[c->n++] = number;
    c->taken[number] = true;
}

static bool is_target(const chosen *c, const char *name)
{
    return c->target && strcmp(c->target, name) == 0;
}

static ml_status choose_class(chosen *c, const char *name)
{
    char shown[MLI_SHOWN];
    for (size_t k = 0; k < sizeof CLASSES / sizeof *CLASSES; k++) {
        if (strcmp(CLASSES[k].name, name) != 0)
            continue;
        for (int j = 0; j < c->f->columns; j++)
            if (CLASSES[k].types & MLI_TAKES(c->f->column[j].type) && !is_target(c, c->f->column[j].name))
                choose(c, j);
        return ML_OK;
    }
    return mli_fail(ML_EINVAL, "'%s' is no class of columns: there are *, *number, *category and *text", mli_shown(name, shown));
}

static ml_status choose_name(chosen *c, const char *name)
{
    char shown[MLI_SHOWN];
    if (is_target(c, name))
        return mli_fail(ML_EINVAL, "column '%s' is the target, which no step may change or read", mli_shown(name, shown));
    if (*name == '*' && !ml_frame_has(c->f, name))
        return choose_class(c, name);
    const ml_column *column = ml_frame_column(c->f, name);
    if (!column)
        return ml_error_status();
    choose(c, (int)(column - c->f->column));
    return ML_OK;
}

static ml_status choose_list(chosen *c, const char *list)
{
    int n;
    char **name = mli_names_parse("columns", list, &n);
    ml_status s = !name ? ml_error_status() : n ? ML_OK : mli_fail(ML_EINVAL, "no columns are named");
    for (int i = 0; i < n && !s; i++)
        s = choose_name(c, name[i]);
    mli_free(name);
    return s;
}

/* "number, integer" */
static char *types_text(unsigned types, char *buf, size_t size)
{
    size_t used = 0;
    for (int t = ML_NUMBER; t <= ML_TIME; t++)
        if (types & MLI_TAKES(t))
            used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "", ml_type_name((ml_type)t));
    return buf;
}

static ml_status keep_chosen(ml_prep *p, const chosen *c)
{
    char shown[MLI_SHOWN], types[64];
    const char **name = mli_alloc((size_t)c->n * sizeof *name);
    p->type = mli_alloc((size_t)c->n * sizeof *p->type);
    ml_status s = name && p->type ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < c->n && !s; i++) {
        const ml_column *column = &c->f->column[c->number[i]];
        name[i] = column->name;
        p->type[i] = column->type;
        if (!(p->kind->takes & MLI_TAKES(column->type)))
            s = mli_fail(ML_EINVAL, "column '%s' is %s: it takes %s", mli_shown(column->name, shown), ml_type_name(column->type),
                         types_text(p->kind->takes, types, sizeof types));
    }
    if (!s && !(p->name = mli_texts_copy(name, c->n)))
        s = ML_ENOMEM;
    mli_free(name);
    p->n = s ? 0 : c->n;
    return s;
}

static ml_status begin(chosen *c, const ml_frame *f, const char *target)
{
    *c = (chosen){.f = f, .target = target};
    c->number = mli_alloc((size_t)f->columns * sizeof *c->number);
    c->taken = mli_calloc((size_t)f->columns, sizeof *c->taken);
    return c->number && c->taken ? ML_OK : ML_ENOMEM;
}

static void end(chosen *c)
{
    mli_free(c->number);
    mli_free(c->taken);
}

ml_status mli_columns_choose(ml_prep *p, const ml_frame *f, const char *target, const char *const *list, int lists)
{
    chosen c;
    ml_status s = begin(&c, f, target);
    for (int i = 0; i < lists && !s; i++)
        s = choose_list(&c, list[i]);
    if (!s)
        s = keep_chosen(p, &c);
    end(&c);
    return s;
}

/* ---- the same columns in another frame ---- */

static ml_status find(const ml_prep *p, int i, const ml_frame *f, ml_frame *aside)
{
    char shown[MLI_SHOWN];
    if (p->kind->may_lack)
        return ML_OK;
    if (!ml_frame_has(f, p->name[i]))
        return mli_fail(ML_EINVAL, "column '%s' is missing: the step was fitted with it, as %s", mli_shown(p->name[i], shown),
                        ml_type_name(p->type[i]));
    const ml_column *c = ml_frame_column(f, p->name[i]);
    return c->type == p->type[i] ? ML_OK : mli_column_as(aside, c, p->type[i]);
}

ml_status mli_columns_look_up(const ml_prep *p, const ml_frame *f, const ml_column ***column, ml_frame **aside)
{
    *column = mli_alloc((size_t)p->n * sizeof **column);
    *aside = ml_frame_new();
    ml_status s = *column && *aside ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < p->n && !s; i++)
        s = find(p, i, f, *aside);
    /* Only now, since a column that is put may move the others. */
    for (int i = 0; i < p->n && !s; i++) {
        const ml_frame *g = ml_frame_has(*aside, p->name[i]) ? *aside : f;
        (*column)[i] = ml_frame_has(g, p->name[i]) ? ml_frame_column(g, p->name[i]) : NULL;
    }
    return s;
}

int *mli_prep_columns_of(const ml_prep *p, const char *list, int *n)
{
    char shown[MLI_SHOWN];
    char **name = mli_names_parse("columns", list, n);
    int *number = name ? mli_alloc((size_t)*n * sizeof *number) : NULL;
    ml_status s = number ? ML_OK : ml_error_status();
    for (int i = 0; i < *n && !s; i++) {
        int j = 0;
        while (j < p->n && strcmp(p->name[j], name[i]) != 0)
            j++;
        number[i] = j;
        if (j == p->n)
            s = mli_fail(ML_EINVAL, "'%s' is a class of columns: here they are named one by one", mli_shown(name[i], shown));
    }
    mli_free(name);
    if (!s)
        return number;
    mli_free(number);
    return NULL;
}
