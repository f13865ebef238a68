/* frame_concat.c -- frames one after another, and side by side. */
#include "data/builder.h"
#include "io/io.h"

#include <math.h>
#include <string.h>

/* Frames, one of whose columns is being put together. */
typedef struct parts {
    const ml_frame *const *frame;
    int n;
    int64_t rows; /* of all */
} parts;

static const ml_column *column_of(const ml_frame *f, const char *name)
{
    return ml_frame_has(f, name) ? ml_frame_column(f, name) : NULL;
}

static ml_status check_frames(const char *where, const ml_frame *const *frames, int n)
{
    if (n < 1 || !frames)
        return mli_fail(ML_EINVAL, "%s: %d frames: wants one or more", where, n);
    for (int k = 0; k < n; k++)
        if (!frames[k])
            return mli_fail(ML_EINVAL, "%s: frame %d is NULL", where, k);
    return ML_OK;
}

static ml_role role_of(const ml_frame *const *frames, int n)
{
    ml_role role = frames[0]->role;
    for (int k = 1; k < n; k++)
        role = mli_role_join(role, frames[k]->role);
    return role;
}

/* ---- the type of what is put together ---- */

/* Whether values of both types fit one, and which. */
static bool join_types(ml_type a, ml_type b, ml_type *type)
{
    const unsigned both = 1u << a | 1u << b;
    *type = both == MLI_NUMERIC ? ML_NUMBER : both == MLI_TEXTUAL ? ML_TEXT : a;
    return a == b || both == MLI_NUMERIC || both == MLI_TEXTUAL;
}

/* A part whose values are all missing has a say only where all are. */
static ml_status find_type(const parts *p, const char *name, ml_type *type)
{
    const ml_column *first = NULL;
    char shown[MLI_SHOWN];
    for (int k = 0; k < p->n; k++) {
        const ml_column *c = column_of(p->frame[k], name);
        if (!c || (first && c->missing == c->n))
            continue;
        if (!first || first->missing == first->n)
            *type = c->type;
        else if (!join_types(*type, c->type, type))
            return mli_fail(ML_EINVAL, "frame_concat: column '%s' is %s in one frame and %s in frame %d: convert one of them first",
                            mli_shown(name, shown), ml_type_name(first->type), ml_type_name(c->type), k);
        first = c;
    }
    return ML_OK;
}

/* ---- values, part after part ---- */

static ml_status join_numbers(ml_column *to, const parts *p, const char *name)
{
    double *v = mli_alloc((size_t)p->rows * sizeof *v);
    to->number = v;
    for (int k = 0; v && k < p->n; v += p->frame[k++]->rows) {
        const ml_column *c = column_of(p->frame[k], name);
        for (int64_t i = 0; i < p->frame[k]->rows; i++)
            v[i] = c && !ml_column_missing(c, i) ? ml_column_number(c, i) : NAN;
    }
    return to->number ? ML_OK : ML_ENOMEM;
}

static ml_status join_integers(ml_column *to, const parts *p, const char *name)
{
    int64_t *v = mli_alloc((size_t)p->rows * sizeof *v);
    to->integer = v;
    for (int k = 0; v && k < p->n; v += p->frame[k++]->rows) {
        const ml_column *c = column_of(p->frame[k], name);
        for (int64_t i = 0; i < p->frame[k]->rows; i++)
            v[i] = c && !ml_column_missing(c, i) ? c->integer[i] : ML_MISSING;
    }
    return to->integer ? ML_OK : ML_ENOMEM;
}

static ml_status join_texts(ml_column *to, const parts *p, const char *name)
{
    mli_builder b;
    ml_status s = mli_builder_begin(&b, p->rows);
    for (int k = 0; k < p->n; k++) {
        const ml_column *c = column_of(p->frame[k], name);
        for (int64_t i = 0; i < p->frame[k]->rows && !s; i++)
            s = mli_builder_text(&b, c ? ml_column_text(c, i) : NULL);
    }
    return mli_builder_column(&b, s, to);
}

/* The lists one after another, as one text column, and codes into it: then equal texts are made one. */
static ml_status join_lists(ml_column *list, int32_t *code, const parts *p, const char *name)
{
    int64_t n = 0, row = 0;
    mli_builder b;
    for (int k = 0; k < p->n; k++) {
        const ml_column *c = column_of(p->frame[k], name);
        n += c && c->type == ML_CATEGORY ? c->categories : 0;
    }
    if (n > INT32_MAX)
        return mli_fail(ML_EINVAL, "frame_concat: %lld categories are too many", (long long)n);
    ml_status s = mli_builder_begin(&b, n);
    for (int k = 0; k < p->n; k++) {
        const ml_column *c = column_of(p->frame[k], name);
        const bool has = c && c->type == ML_CATEGORY;
        const int32_t before = (int32_t)b.done;
        for (int64_t i = 0; i < p->frame[k]->rows; i++)
            code[row++] = has && c->code[i] >= 0 ? before + c->code[i] : -1;
        for (int32_t i = 0; has && i < c->categories && !s; i++)
            s = mli_builder_text(&b, c->category[i]);
    }
    return mli_builder_column(&b, s, list);
}

static ml_status join_categories(ml_column *to, const parts *p, const char *name)
{
    ml_column list;
    int32_t *code = mli_alloc((size_t)p->rows * sizeof *code);
    ml_status s = code ? join_lists(&list, code, p, name) : ML_ENOMEM;
    if (!s) {
        s = mli_column_regroup(to, &(ml_column){.type = ML_CATEGORY, .n = p->rows, .code = code}, &list);
        mli_column_free(&list);
    }
    mli_free(code);
    return s;
}

static ml_status join_column(ml_frame *g, const parts *p, const char *name)
{
    static ml_status (*const join[])(ml_column *, const parts *, const char *) = {
        [ML_NUMBER] = join_numbers, [ML_INTEGER] = join_integers, [ML_CATEGORY] = join_categories,
        [ML_TEXT] = join_texts,     [ML_TIME] = join_integers,
    };
    ml_type type = ML_NUMBER;
    ml_status s = find_type(p, name, &type);
    if (s)
        return s;
    ml_column made = {.type = type, .n = p->rows};
    s = join[type](&made, p, name);
    if (!s)
        return mli_verb_give("frame_concat", g, name, &made);
    mli_column_free(&made);
    return s;
}

/* ---- the verbs ---- */

static bool all_have(const parts *p, const char *name)
{
    for (int k = 0; k < p->n; k++)
        if (!ml_frame_has(p->frame[k], name))
            return false;
    return true;
}

ml_frame *ml_frame_concat(const ml_frame *const *frames, int n, bool common_only)
{
    if (check_frames("frame_concat", frames, n))
        return NULL;
    parts p = {frames, n, 0};
    for (int k = 0; k < n; k++) {
        if (frames[k]->rows > INT64_MAX / 16 - p.rows)
            return mli_null(ML_EINVAL, "frame_concat: the rows of %d frames are too many", n);
        p.rows += frames[k]->rows;
    }
    ml_frame *g = ml_frame_new();
    ml_status s = g ? ML_OK : ML_ENOMEM;
    for (int k = 0; k < n; k++)
        for (int j = 0; j < frames[k]->columns && !s; j++) {
            const char *name = frames[k]->column[j].name;
            if (!ml_frame_has(g, name) && !(common_only && !all_have(&p, name)))
                s = join_column(g, &p, name);
        }
    if (s) {
        ml_frame_free(g);
        return NULL;
    }
    g->role = role_of(frames, n);
    return g;
}

ml_frame *ml_frame_concat_columns(const ml_frame *const *frames, int n)
{
    char shown[MLI_SHOWN];
    if (check_frames("frame_concat_columns", frames, n))
        return NULL;
    ml_frame *g = ml_frame_new();
    ml_status s = g ? ML_OK : ML_ENOMEM;
    for (int k = 0; k < n; k++)
        for (int j = 0; j < frames[k]->columns && !s; j++) {
            const char *name = frames[k]->column[j].name;
            if (frames[k]->rows != frames[0]->rows)
                s = mli_fail(ML_EINVAL, "frame_concat_columns: frame %d has %lld rows, the first %lld", k,
                             (long long)frames[k]->rows, (long long)frames[0]->rows);
            else if (ml_frame_has(g, name))
                s = mli_fail(ML_EINVAL, "frame_concat_columns: column '%s' is in two frames", mli_shown(name, shown));
            else
                s = ml_frame_put(g, NULL, &frames[k]->column[j]);
        }
    if (s) {
        ml_frame_free(g);
        return NULL;
    }
    g->role = role_of(frames, n);
    return g;
}
