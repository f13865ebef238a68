/* file.c -- a fitted step as a part of a file. What all kinds have is here: the name of the kind, the columns, the target. */
#include "prep/prep.h"

#include <string.h>

static const ml_prep_kind *const KINDS[] = {
#define KIND_AT(name) &mli_##name##_kind,
    MLI_PREP_KINDS(KIND_AT)
};

/* ---- types ---- */

ml_status mli_prep_put_types(mli_store *s, const char *at, const char *name, const ml_type *type, int n)
{
    const char **text = mli_alloc((size_t)n * sizeof *text);
    for (int i = 0; text && i < n; i++)
        text[i] = ml_type_name(type[i]);
    ml_status e = text ? mli_store_put_texts(s, at, name, text, n) : ML_ENOMEM;
    mli_free(text);
    return e;
}

ml_status mli_prep_take_types(mli_store *s, const char *at, const char *name, int n, ml_type **type)
{
    char **text, shown[MLI_SHOWN];
    if (mli_store_texts(s, at, name, n, n, &text, NULL))
        return ml_error_status();
    *type = mli_alloc((size_t)n * sizeof **type);
    ml_status e = *type ? ML_OK : ML_ENOMEM;
    for (int i = 0; i < n && !e; i++)
        if (!mli_type_named(text[i], &(*type)[i]))
            e = mli_store_fail(s, at, name, "has '%s', which is no type of a column", mli_shown(text[i], shown));
    mli_free(text);
    return e;
}

/* ---- a step ---- */

ml_status mli_prep_put(const ml_prep *p, mli_store *s, const char *at)
{
    const char *target[] = {p->target};
    ml_status e = mli_store_put_json(s, at, "step", json_string(p->kind->name));
    if (!e)
        e = mli_store_put_texts(s, at, "names", (const char *const *)p->name, p->n);
    if (!e)
        e = mli_prep_put_types(s, at, "types", p->type, p->n);
    if (!e)
        e = mli_store_put_texts(s, at, "target", target, p->target != NULL);
    return e || !p->kind->save ? e : p->kind->save(p, s, at);
}

static ml_status take_kind(ml_prep *p, mli_store *s, const char *at)
{
    char shown[MLI_SHOWN];
    const json_t *v = mli_store_json(s, at, "step");
    if (!v)
        return ml_error_status();
    const char *name = json_is_string(v) ? json_string_value(v) : "";
    for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++)
        if (strcmp(KINDS[k]->name, name) == 0) {
            p->kind = KINDS[k];
            return ML_OK;
        }
    return mli_store_fail(s, at, "step", "is '%s', which this version does not know", mli_shown(name, shown));
}

static ml_status take_columns(ml_prep *p, mli_store *s, const char *at)
{
    char shown[MLI_SHOWN];
    int64_t n = 0;
    if (mli_store_texts(s, at, "names", 0, INT32_MAX, &p->name, &n))
        return ml_error_status();
    p->n = (int)n;
    if (mli_prep_take_types(s, at, "types", p->n, &p->type))
        return ml_error_status();
    for (int i = 0; i < p->n; i++)
        if (!*p->name[i] || !(p->kind->takes & MLI_TAKES(p->type[i])))
            return mli_store_fail(s, at, "types", "says that '%s' is %s, which a step %s does not take",
                                  mli_shown(p->name[i], shown), ml_type_name(p->type[i]), p->kind->name);
    return ML_OK;
}

static ml_status take_target(ml_prep *p, mli_store *s, const char *at)
{
    char **target;
    int64_t n = 0;
    if (mli_store_texts(s, at, "target", 0, 1, &target, &n))
        return ml_error_status();
    p->target = n ? mli_strdup(target[0]) : NULL;
    mli_free(target);
    return n && !p->target ? ML_ENOMEM : ML_OK;
}

ml_prep *mli_prep_take(mli_store *s, const char *at)
{
    ml_prep *p = mli_calloc(1, sizeof *p);
    if (!p)
        return NULL;
    ml_status e = take_kind(p, s, at);
    if (!e)
        e = take_columns(p, s, at);
    if (!e)
        e = take_target(p, s, at);
    if (!e && p->kind->load)
        e = p->kind->load(p, s, at);
    if (!e)
        return p;
    if (p->kind)
        ml_prep_free(p);
    else
        mli_free(p);
    return NULL;
}
