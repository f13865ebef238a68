/* save.c -- a model as one file, or as a part of one. */
#include "classical/model.h"

#include "base/texts.h"

ml_status mli_model_put(const ml_model *m, mli_store *s, const char *at)
{
    ml_status e = mli_store_put_json(s, at, "learner", json_string(m->learner.kind->name));
    if (!e)
        e = mli_store_put_json(s, at, "options", mli_json_of(m->learner.kind->fields, &m->learner.opts));
    if (!e)
        e = mli_store_put_json(s, at, "classes", json_integer(m->classes));
    if (!e)
        e = mli_store_put_json(s, at, "named", json_boolean(m->named));
    if (!e)
        e = mli_store_put_texts(s, at, "features", (const char *const *)m->name, m->features);
    return e ? e : m->learner.kind->save(m, s, at);
}

ml_status ml_model_save(const ml_model *m, const char *path)
{
    if (!m)
        return mli_fail(ML_EINVAL, "model_save: the model is NULL");
    mli_store *s = mli_store_new("model");
    ml_status e = s ? mli_model_put(m, s, "model") : ML_ENOMEM;
    if (!e)
        e = mli_store_write(s, path);
    mli_store_free(s);
    return e;
}

static ml_status take_learner(mli_store *s, const char *at, ml_learner *learner)
{
    const char *name = json_string_value(mli_store_json(s, at, "learner"));
    const json_t *options = mli_store_json(s, at, "options");
    char names[256];
    if (!name || !options)
        return mli_store_fail(s, at, "learner", "does not say what it is");
    *learner = (ml_learner){.kind = mli_learner_kind(name)};
    if (!learner->kind)
        return mli_store_fail(s, at, "learner", "is none of %s", mli_learner_names(names, sizeof names));
    if (mli_fields_take(mli_store_path(s), at, options, learner->kind->fields, &learner->opts))
        return ML_EFORMAT;
    return learner->kind->check && learner->kind->check(learner) ? mli_store_fail(s, at, "options", "are wrong: %s", ml_error()) : ML_OK;
}

static ml_status take_head(mli_store *s, const char *at, ml_model *m)
{
    enum { MOST = 1 << 24 };
    const json_t *classes = mli_store_json(s, at, "classes"), *named = classes ? mli_store_json(s, at, "named") : NULL;
    if (!named)
        return ML_EFORMAT;
    const json_int_t k = json_integer_value(classes);
    if (!json_is_integer(classes) || k < 0 || k > MOST || !json_is_boolean(named))
        return mli_store_fail(s, at, "classes", "are not 0 .. %d, or named is neither true nor false", MOST);
    if (k ? !m->learner.kind->classifies : !m->learner.kind->regresses)
        return mli_store_fail(s, at, "classes", "are %lld, which %s does not do", (long long)k, m->learner.kind->name);
    m->classes = (int32_t)k;
    m->named = json_is_true(named);
    return mli_store_texts(s, at, "features", 0, INT32_MAX, &m->name, &m->features);
}

ml_model *mli_model_take(mli_store *s, const char *at)
{
    ml_learner learner;
    if (take_learner(s, at, &learner))
        return NULL;
    ml_model *m = mli_model_blank(&learner);
    if (m && !take_head(s, at, m) && !learner.kind->load(m, s, at))
        return m;
    ml_model_free(m);
    return NULL;
}

ml_model *ml_model_load(const char *path)
{
    mli_store *s = mli_store_read(path, "model");
    ml_model *m = s ? mli_model_take(s, "model") : NULL;
    mli_store_free(s);
    return m;
}
