/* frame.c -- a table of columns: what it owns, and how columns come, are found and go. */
#include "data/frame.h"
#include "io/io.h"

#include <math.h>
#include <string.h>

const char *ml_type_name(ml_type type)
{
    static const char *const names[] = {"number", "integer", "category", "text", "time"};
    return (unsigned)type < sizeof names / sizeof *names ? names[type] : "unknown";
}

bool mli_type_named(const char *name, ml_type *type)
{
    for (int t = ML_NUMBER; name && t <= ML_TIME; t++)
        if (strcmp(name, ml_type_name((ml_type)t)) == 0) {
            *type = (ml_type)t;
            return true;
        }
    return false;
}

bool mli_frame_is(const char *where, const ml_frame *f)
{
    if (!f)
        mli_fail(ML_EINVAL, "%s: the frame is NULL", where);
    return f != NULL;
}

ml_frame *ml_frame_new(void)
{
    ml_frame *f = mli_calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->self = mli_calloc(1, sizeof *f->self);
    if (f->self)
        return f;
    mli_free(f);
    return NULL;
}

ml_frame *mli_frame_like(const ml_frame *f)
{
    ml_frame *g = ml_frame_new();
    if (g)
        g->role = f->role;
    return g;
}

void ml_frame_free(ml_frame *f)
{
    if (!f)
        return;
    for (int j = 0; j < f->columns; j++)
        mli_column_free(&f->self->columns[j]);
    mli_free(f->self->columns);
    mli_free(f->self->slot);
    mli_free(f->self);
    mli_free(f);
}

/* ---- finding ---- */

static ml_status not_found(const ml_frame *f, const char *where, const char *name)
{
    char names[400], shown[MLI_SHOWN];
    size_t used = 0;
    names[0] = 0;
    for (int j = 0; j < f->columns && used + 100 < sizeof names; j++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", j ? ", " : "", mli_shown(f->column[j].name, shown));
        if (j + 1 < f->columns && used + 100 >= sizeof names)
            snprintf(names + used, sizeof names - used, ", ... (%d more)", f->columns - j - 1);
    }
    return mli_fail(ML_EINVAL, "%s: there is no column '%s'; there %s: %s", where, mli_shown(name, shown),
                    f->columns == 1 ? "is" : "are", f->columns ? names : "none");
}

const ml_column *ml_frame_column(const ml_frame *f, const char *name)
{
    if (!mli_frame_is("frame_column", f))
        return NULL;
    if (!name)
        return mli_null(ML_EINVAL, "frame_column: name is NULL");
    const int j = mli_frame_find(f, name);
    if (j >= 0)
        return &f->column[j];
    not_found(f, "frame_column", name);
    return NULL;
}

bool ml_frame_has(const ml_frame *f, const char *name)
{
    return f && name && mli_frame_find(f, name) >= 0;
}

/* ---- columns come ---- */

ml_status mli_frame_room(ml_frame *f, int more)
{
    struct mli_frame *self = f->self;
    int room = self->room ? self->room : 8;
    while (room - f->columns < more && room <= INT32_MAX / 4)
        room *= 2;
    if (self->room == room && self->columns)
        return ML_OK;
    ml_column *columns = room - f->columns >= more ? mli_alloc((size_t)room * sizeof *columns) : NULL;
    if (!columns || mli_index_room(f, room)) {
        mli_free(columns);
        return mli_fail(ML_ENOMEM, "frame: no room for column %d", f->columns + 1);
    }
    if (f->columns)
        memcpy(columns, self->columns, (size_t)f->columns * sizeof *columns);
    mli_free(self->columns);
    self->columns = columns;
    self->room = room;
    f->column = columns;
    return ML_OK;
}

static ml_status place(ml_frame *f, const ml_column *c)
{
    const int j = mli_frame_find(f, c->name);
    char shown[MLI_SHOWN];
    if (f->columns > (j >= 0) && c->n != f->rows)
        return mli_fail(ML_EINVAL, "frame: column '%s' has %lld values, and the frame %lld rows", mli_shown(c->name, shown),
                        (long long)c->n, (long long)f->rows);
    if (j >= 0) {
        mli_column_free(&f->self->columns[j]);
        f->self->columns[j] = *c;
    } else {
        if (mli_frame_room(f, 1))
            return ML_ENOMEM;
        f->self->columns[f->columns++] = *c;
        mli_index_add(f, f->columns - 1);
    }
    f->rows = c->n;
    return ML_OK;
}

ml_status mli_frame_give(ml_frame *f, ml_column *c)
{
    c->missing = mli_column_count_missing(c);
    ml_status s = place(f, c);
    if (s)
        mli_column_free(c);
    *c = (ml_column){0};
    return s;
}

ml_status mli_frame_give_all(ml_frame *f, ml_column *columns, int n, int64_t rows)
{
    if (mli_index_room(f, n))
        return ML_ENOMEM;
    mli_free(f->self->columns);
    f->self->columns = columns;
    f->self->room = n;
    f->column = columns;
    f->columns = n;
    f->rows = rows;
    for (int j = 0; j < n; j++)
        mli_index_add(f, j);
    return ML_OK;
}

/* The sentence for what a column can be refused for before it is looked at. */
static ml_status check_put(const ml_frame *f, const char *name, const void *v, int64_t n)
{
    if (!mli_frame_is("frame_put", f))
        return ML_EINVAL;
    if (!name || !*name)
        return mli_fail(ML_EINVAL, "frame_put: the name of a column must not be empty");
    if (!mli_is_utf8(name))
        return mli_fail(ML_EINVAL, "frame_put: the name of column %d is not UTF-8", f->columns + 1);
    if (n < 0 || (n > 0 && !v))
        return mli_fail(ML_EINVAL, "frame_put: %s: there are no values", name);
    return ML_OK;
}

static ml_status put(ml_frame *f, const char *name, const ml_column *c)
{
    ml_column own;
    if (mli_column_pick(&own, name, c, NULL, c->n))
        return ml_error_status();
    return mli_frame_give(f, &own);
}

ml_status ml_frame_put_numbers(ml_frame *f, const char *name, const double *v, int64_t n)
{
    if (check_put(f, name, v, n))
        return ML_EINVAL;
    return put(f, name, &(ml_column){.type = ML_NUMBER, .n = n, .number = v});
}

ml_status ml_frame_put_integers(ml_frame *f, const char *name, const int64_t *v, int64_t n)
{
    if (check_put(f, name, v, n))
        return ML_EINVAL;
    return put(f, name, &(ml_column){.type = ML_INTEGER, .n = n, .integer = v});
}

ml_status ml_frame_put_times(ml_frame *f, const char *name, const int64_t *v, int64_t n)
{
    if (check_put(f, name, v, n))
        return ML_EINVAL;
    return put(f, name, &(ml_column){.type = ML_TIME, .n = n, .integer = v});
}

static ml_status check_categories(const char *name, ml_ints codes, const char *const *category, int32_t categories)
{
    char shown[MLI_SHOWN];
    if (categories < 0 || (categories > 0 && !category))
        return mli_fail(ML_EINVAL, "frame_put: %s: there are no categories", name);
    for (int32_t k = 0; k < categories; k++)
        if (!category[k] || !mli_is_utf8(category[k]))
            return mli_fail(ML_EINVAL, "frame_put: %s: category %ld is not UTF-8 text", name, (long)k);
    for (int64_t i = 0; i < codes.n; i++)
        if (codes.v[i] < -1 || codes.v[i] >= categories)
            return mli_fail(ML_EINVAL, "frame_put: %s: code %ld of row %lld is not in -1 .. %ld", name, (long)codes.v[i],
                            (long long)i, (long)categories - 1);
    ml_column texts = {.type = ML_CATEGORY, .n = categories, .category = category, .categories = categories};
    int32_t *identity = mli_alloc((size_t)categories * sizeof *identity);
    if (!identity)
        return ML_ENOMEM;
    for (int32_t k = 0; k < categories; k++)
        identity[k] = k;
    texts.code = identity;
    int64_t *order = mli_column_sorted(&texts);
    ml_status s = order ? ML_OK : ML_ENOMEM;
    for (int32_t k = 1; !s && k < categories; k++)
        if (strcmp(category[order[k - 1]], category[order[k]]) == 0)
            s = mli_fail(ML_EINVAL, "frame_put: %s: the category '%s' is there twice", name, mli_shown(category[order[k]], shown));
    mli_free(order);
    mli_free(identity);
    return s;
}

ml_status ml_frame_put_categories(ml_frame *f, const char *name, ml_ints codes, const char *const *category, int32_t categories)
{
    ml_status s = check_put(f, name, codes.v, codes.n);
    if (!s)
        s = check_categories(name, codes, category, categories);
    if (s)
        return s;
    return put(f, name, &(ml_column){.type = ML_CATEGORY, .n = codes.n, .code = codes.v, .category = category,
                                     .categories = categories});
}

/* Their bytes one after another, each with its zero. */
static ml_status gather_texts(const char *name, ml_column *c, const char *const *v)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < c->n; i++) {
        if (v[i] && !mli_is_utf8(v[i]))
            return mli_fail(ML_EINVAL, "frame_put: %s: the text of row %lld is not UTF-8", name, (long long)i);
        bytes += v[i] ? strlen(v[i]) + 1 : 0;
    }
    int64_t *at = mli_alloc((size_t)c->n * sizeof *at);
    char *all = mli_alloc(bytes);
    c->at = at;
    c->bytes = all;
    if (!at || !all)
        return ML_ENOMEM;
    size_t used = 0;
    for (int64_t i = 0; i < c->n; i++) {
        const size_t size = v[i] ? strlen(v[i]) + 1 : 0;
        at[i] = v[i] ? (int64_t)used : -1;
        if (size)
            memcpy(all + used, v[i], size);
        used += size;
    }
    return ML_OK;
}

ml_status ml_frame_put_texts(ml_frame *f, const char *name, const char *const *v, int64_t n)
{
    if (check_put(f, name, v, n))
        return ML_EINVAL;
    ml_column c = {.type = ML_TEXT, .n = n};
    ml_status s = gather_texts(name, &c, v);
    if (!s && !(c.name = mli_strdup(name)))
        s = ML_ENOMEM;
    if (!s)
        return mli_frame_give(f, &c);
    mli_column_free(&c);
    return s;
}

ml_status ml_frame_put(ml_frame *f, const char *name, const ml_column *c)
{
    if (!c)
        return mli_fail(ML_EINVAL, "frame_put: the column is NULL");
    if (check_put(f, name ? name : c->name, c, c->n))
        return ML_EINVAL;
    return put(f, name ? name : c->name, c);
}

/* ---- columns go ---- */

ml_status ml_frame_remove(ml_frame *f, const char *name)
{
    if (!mli_frame_is("frame_remove", f) || !name)
        return mli_fail(ML_EINVAL, "frame_remove: frame and name must not be NULL");
    const int j = mli_frame_find(f, name);
    if (j < 0)
        return not_found(f, "frame_remove", name);
    mli_index_remove(f, j);
    mli_column_free(&f->self->columns[j]);
    f->columns--;
    memmove(&f->self->columns[j], &f->self->columns[j + 1], (size_t)(f->columns - j) * sizeof *f->column);
    mli_index_close_up(f, j);
    return ML_OK;
}

ml_status ml_frame_rename(ml_frame *f, const char *name, const char *now)
{
    if (check_put(f, now, now, 0) || !name)
        return mli_fail(ML_EINVAL, "frame_rename: frame and names must be there");
    const int j = mli_frame_find(f, name), other = mli_frame_find(f, now);
    char shown[MLI_SHOWN];
    if (j < 0)
        return not_found(f, "frame_rename", name);
    if (other >= 0 && other != j)
        return mli_fail(ML_EINVAL, "frame_rename: there is a column '%s' already", mli_shown(now, shown));
    char *copy = mli_strdup(now);
    if (!copy)
        return ML_ENOMEM;
    mli_index_remove(f, j);
    mli_free((char *)f->self->columns[j].name);
    f->self->columns[j].name = copy;
    mli_index_add(f, j);
    return ML_OK;
}

/* ---- frames of some columns ---- */

ml_frame *ml_frame_select(const ml_frame *f, const char *names)
{
    int n;
    if (!mli_frame_is("frame_select", f))
        return NULL;
    char **name = mli_names_parse("frame_select", names, &n);
    ml_frame *g = name ? mli_frame_like(f) : NULL;
    ml_status s = g ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < n && !s; i++) {
        const int j = mli_frame_find(f, name[i]);
        if (j < 0)
            s = not_found(f, "frame_select", name[i]);
        else if (mli_frame_find(g, name[i]) >= 0)
            s = mli_fail(ML_EINVAL, "frame_select: '%s' is asked for twice", name[i]);
        else
            s = put(g, name[i], &f->column[j]);
    }
    mli_free(name);
    if (!s)
        return g;
    ml_frame_free(g);
    return NULL;
}

ml_frame *ml_frame_without(const ml_frame *f, const char *names)
{
    int n;
    if (!mli_frame_is("frame_without", f))
        return NULL;
    char **name = mli_names_parse("frame_without", names, &n);
    bool *out = name ? mli_calloc((size_t)f->columns, sizeof *out) : NULL;
    ml_frame *g = out ? mli_frame_like(f) : NULL;
    ml_status s = g ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < n && !s; i++) {
        const int j = mli_frame_find(f, name[i]);
        if (j < 0)
            s = not_found(f, "frame_without", name[i]);
        else
            out[j] = true;
    }
    for (int j = 0; j < f->columns && !s; j++)
        if (!out[j])
            s = put(g, f->column[j].name, &f->column[j]);
    mli_free(name);
    mli_free(out);
    if (!s)
        return g;
    ml_frame_free(g);
    return NULL;
}
