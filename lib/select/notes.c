/* notes.c -- numbers that travel with a pipeline: the scores it had, the seed it was fitted with. */
#include "io/io.h"
#include "select/select.h"

#include <math.h>
#include <string.h>

static int find(const mli_notes *notes, const char *name)
{
    for (int i = 0; i < notes->n; i++)
        if (strcmp(notes->v[i].name, name) == 0)
            return i;
    return -1;
}

ml_status mli_notes_add(mli_notes *notes, const char *name, double value)
{
    char shown[MLI_SHOWN];
    if (!name || !*name || !mli_is_utf8(name))
        return mli_fail(ML_EINVAL, "note: a name is UTF-8, and not empty");
    if (!isfinite(value))
        return mli_fail(ML_EINVAL, "note: '%s' is %g, no finite number", mli_shown(name, shown), value);
    int i = find(notes, name);
    if (i < 0 && notes->n == MLI_MOST_NOTES)
        return mli_fail(ML_EINVAL, "note: '%s' would be the %dth, and %d is the most", mli_shown(name, shown), notes->n + 1,
                        MLI_MOST_NOTES);
    if (i < 0) {
        char *copy = mli_strdup(name);
        if (!copy)
            return ML_ENOMEM;
        i = notes->n++;
        notes->v[i].name = copy;
    }
    notes->v[i].value = value;
    return ML_OK;
}

void mli_notes_free(mli_notes *notes)
{
    for (int i = 0; i < notes->n; i++)
        mli_free(notes->v[i].name);
    notes->n = 0;
}

ml_status ml_pipeline_note(ml_pipeline *p, const char *name, double value)
{
    return p ? mli_notes_add(&p->notes, name, value) : mli_fail(ML_EINVAL, "note: the pipeline is NULL");
}

double ml_pipeline_noted(const ml_pipeline *p, const char *name)
{
    const int i = p && name ? find(&p->notes, name) : -1;
    return i < 0 ? (double)NAN : p->notes.v[i].value;
}

/* ---- in a file ---- */

ml_status mli_notes_put(const mli_notes *notes, mli_store *s, const char *at)
{
    json_t *o = json_object();
    for (int i = 0; i < notes->n; i++)
        o = mli_json_put(o, notes->v[i].name, json_real(notes->v[i].value));
    return mli_store_put_json(s, at, "notes", o);
}

ml_status mli_notes_take(mli_notes *notes, mli_store *s, const char *at)
{
    const json_t *o = mli_store_json(s, at, "notes"), *value;
    const char *name;
    if (!o)
        return ml_error_status();
    if (!json_is_object(o))
        return mli_store_fail(s, at, "notes", "are no numbers by name");
    json_object_foreach((json_t *)o, name, value) {
        if (!json_is_number(value))
            return mli_store_fail(s, at, "notes", "are numbers, but one is not");
        if (mli_notes_add(notes, name, json_number_value(value)))
            return ml_error_status() == ML_ENOMEM ? ML_ENOMEM : mli_store_fail(s, at, "notes", "cannot be: %s", ml_error());
    }
    return ML_OK;
}
