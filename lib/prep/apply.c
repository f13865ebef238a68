/* apply.c -- a function of the program's own as a step. A file can hold no function: it holds the name under which the program
 * that loads it has registered one.
 */
#include "prep/prep.h"

#include <string.h>

enum { MOST_FUNCTIONS = 64, LONGEST_NAME = 63 };

typedef struct applied {
    char name[LONGEST_NAME + 1];
    ml_apply_fn function;
    void *arg;
} applied;

/* The functions that files may name: set up by the program before it loads. */
static applied registered[MOST_FUNCTIONS];
static int n_registered;

static ml_status check_name(const char *name)
{
    if (!name || !*name)
        return mli_fail(ML_EINVAL, "the function has no name");
    if (strlen(name) > LONGEST_NAME || !mli_is_utf8(name))
        return mli_fail(ML_EINVAL, "the name of a function is UTF-8 of at most %d bytes", LONGEST_NAME);
    return ML_OK;
}

static ml_status check(const ml_prep_step *step)
{
    const ml_apply_opts *o = &step->opts.apply;
    if (check_name(o->name))
        return ml_error_status();
    return o->function ? ML_OK : mli_fail(ML_EINVAL, "the function '%s' is NULL", o->name);
}

static applied *find(const char *name)
{
    for (int i = 0; i < n_registered; i++)
        if (strcmp(registered[i].name, name) == 0)
            return &registered[i];
    return NULL;
}

/* The name has been checked. */
static applied made(const char *name, ml_apply_fn function, void *arg)
{
    applied a = {.function = function, .arg = arg};
    memcpy(a.name, name, strlen(name) + 1);
    return a;
}

ml_status ml_prep_register(const char *name, ml_apply_fn function, void *arg)
{
    if (check_name(name))
        return mli_fail_in("prep_register");
    if (!function)
        return mli_fail(ML_EINVAL, "prep_register: the function '%s' is NULL", name);
    applied *a = find(name);
    if (!a && n_registered == MOST_FUNCTIONS)
        return mli_fail(ML_ESTATE, "prep_register: there are %d functions already", MOST_FUNCTIONS);
    if (!a)
        a = &registered[n_registered++];
    *a = made(name, function, arg);
    return ML_OK;
}

/* ---- transforming ---- */

static ml_status keep(ml_prep *p, applied a)
{
    applied *own = mli_alloc(sizeof *own);
    p->state = own;
    if (own)
        *own = a;
    return own ? ML_OK : ML_ENOMEM;
}

static ml_status fit(ml_prep *p, const ml_prep_step *step, const mli_prep_rows *g)
{
    (void)g;
    const ml_apply_opts *o = &step->opts.apply;
    return keep(p, made(o->name, o->function, o->arg));
}

static const ml_column *target_in(const ml_prep *p, const ml_frame *f)
{
    return p->target && ml_frame_has(f, p->target) ? ml_frame_column(f, p->target) : NULL;
}

/* Another frame without the target, so that no function sees it. */
static ml_frame *without_target(const ml_prep *p, const ml_frame *f)
{
    ml_frame *g = ml_frame_copy(f);
    if (g && target_in(p, g) && ml_frame_remove(g, p->target)) {
        ml_frame_free(g);
        return NULL;
    }
    return g;
}

static ml_status check_result(const ml_prep *p, const ml_frame *given, const ml_frame *result)
{
    if (result == given)
        return mli_fail(ML_EINVAL, "it gave back the frame that it was given, not a new one");
    if (result->rows != given->rows)
        return mli_fail(ML_EINVAL, "it gave %lld rows for %lld: a step keeps them all", (long long)result->rows,
                        (long long)given->rows);
    if (target_in(p, result))
        return mli_fail(ML_EINVAL, "it gave a column '%s', which is the target", p->target);
    return ML_OK;
}

static ml_status call(const ml_prep *p, const ml_frame *given, ml_frame **result)
{
    const applied *a = p->state;
    ml_error_clear();
    *result = a->function(given, a->arg);
    if (*result)
        return check_result(p, given, *result);
    return ml_error_status() ? ml_error_status() : mli_fail(ML_EINVAL, "it gave NULL, without an error");
}

static ml_frame *whole(const ml_prep *p, const ml_frame *f)
{
    ml_frame *given = without_target(p, f), *result = NULL;
    const ml_column *target = target_in(p, f);
    ml_status s = given ? call(p, given, &result) : ML_ENOMEM;
    if (!s && target)
        s = ml_frame_put(result, NULL, target);
    if (!s && result->role != ML_ROLE_TEST)
        result->role = f->role;
    if (result != given)
        ml_frame_free(given);
    if (!s)
        return result;
    mli_fail_in(((const applied *)p->state)->name);
    ml_frame_free(result);
    return NULL;
}

/* ---- files ---- */

static ml_status save(const ml_prep *p, mli_store *store, const char *at)
{
    return mli_store_put_json(store, at, "function", json_string(((const applied *)p->state)->name));
}

static ml_status load(ml_prep *p, mli_store *store, const char *at)
{
    char shown[MLI_SHOWN];
    const json_t *v = mli_store_json(store, at, "function");
    if (!v)
        return ml_error_status();
    const char *name = json_is_string(v) ? json_string_value(v) : "";
    const applied *a = find(name);
    if (!a)
        return mli_store_fail(store, at, "function", "is '%s', and no function of that name is registered: call ml_prep_register "
                              "first", mli_shown(name, shown));
    return keep(p, *a);
}

const ml_prep_kind mli_apply_kind = {
    .name = "apply",
    .check = check,
    .fit = fit,
    .whole = whole,
    .save = save,
    .load = load,
    .free = mli_free,
};

ml_prep_step ml_apply_step(ml_apply_opts opts)
{
    return (ml_prep_step){.kind = &mli_apply_kind, .opts.apply = opts};
}
