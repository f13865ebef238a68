/* checkpoint_json.c -- what of a checkpoint is no tensor, as JSON.
 *
 *     {"format": 1, "kind": "checkpoint",
 *      "optimizer": {"rule": "adam", "steps": 938, "lr": 0.001, "options": {...},
 *                    "parameters": {"0.weight": {"lr_scale": 1.0, "weight_decay": 0.0, "taken": 938}, ...}},
 *      "ema": {"options": {...}, "updates": 938},
 *      "plateau": {"options": {...}, "best": 0.03, ...},
 *      "dropout": {"seed": "42", "step": "938"},
 *      "progress": {"epoch": 1, ...}, "extra": {...}}
 *
 * Each struct has a table of its fields, and is written, read and compared by it (fields_json.c).
 */
#include "optim/checkpoint.h"

#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1 };
static const char KIND[] = "checkpoint";

/* jansson needs up to fifty bytes for one of text; ten thousand parameters need a million. */
#define TEXT_MAX ((size_t)4 << 20)

#define COUNT(s, f) MLI_FIELD(s, f, MLI_COUNT, 0)
#define NUMBER(s, f) MLI_FIELD(s, f, MLI_NUMBER, 0)
#define WORD(s, f) MLI_FIELD(s, f, MLI_WORD, 0)

static const mli_field PROGRESS[] = {
    COUNT(ml_train_progress, epoch),
    COUNT(ml_train_progress, batch),
    COUNT(ml_train_progress, step),
    WORD(ml_train_progress, seed),
    {.name = "rng_seed", .at = offsetof(ml_train_progress, rng.seed), .kind = MLI_WORD},
    {.name = "rng_stream", .at = offsetof(ml_train_progress, rng.stream), .kind = MLI_WORD},
    {.name = "rng_counter", .at = offsetof(ml_train_progress, rng.counter), .kind = MLI_WORD},
    NUMBER(ml_train_progress, best_score),
    COUNT(ml_train_progress, best_epoch),
    COUNT(ml_train_progress, epochs_since_best),
    NUMBER(ml_train_progress, loss_sum),
    COUNT(ml_train_progress, loss_count),
    NUMBER(ml_train_progress, seconds),
    {0},
};
static const mli_field OPTIM[] = {
    COUNT(mli_saved_state, steps),
    MLI_FIELD(mli_saved_state, lr, MLI_FROM_ZERO, 0),
    {0},
};
static const mli_field EMA[] = {COUNT(mli_saved_state, updates), {0}};
static const mli_field PLATEAU[] = {
    NUMBER(ml_plateau, best),
    COUNT(ml_plateau, seen),
    COUNT(ml_plateau, bad),
    COUNT(ml_plateau, cooling),
    {0},
};
static const mli_field DROPOUT[] = {
    {.name = "seed", .at = offsetof(mli_saved_state, dropout_seed), .kind = MLI_WORD},
    {.name = "step", .at = offsetof(mli_saved_state, dropout_step), .kind = MLI_WORD},
    {0},
};

/* ---- writing ---- */

static json_t *optim_json(const ml_optim *opt)
{
    mli_saved_state now = {.lr = opt->lr, .steps = opt->steps};
    json_t *o = mli_json_put(json_object(), "rule", json_string(opt->rule.name)), *all = json_object();
    for (int i = 0; i < opt->ps->n; i++)
        all = mli_json_put(all, opt->ps->entries[i].x->name, mli_json_of(mli_own_fields, &opt->own[i]));
    o = mli_json_put_fields(o, OPTIM, &now);
    o = mli_json_put(o, "options", mli_json_of(opt->rule.fields, &opt->opts));
    return mli_json_put(o, "parameters", all);
}

static json_t *ema_json(const ml_ema *ema)
{
    mli_saved_state now = {.updates = ema->updates};
    return mli_json_put(mli_json_of(EMA, &now), "options", mli_json_of(mli_ema_fields, &ema->opts));
}

static json_t *plateau_json(const ml_plateau *p)
{
    ml_plateau_opts opts = p->opts;
    mli_fields_resolve(mli_plateau_fields, &opts);
    return mli_json_put(mli_json_of(PLATEAU, p), "options", mli_json_of(mli_plateau_fields, &opts));
}

static json_t *dropout_json(const ml_tape *t)
{
    mli_saved_state now = {0};
    ml_stream(t, &now.dropout_seed, &now.dropout_step);
    return mli_json_of(DROPOUT, &now);
}

static json_t *root_json(const ml_checkpoint *c, json_t *extra)
{
    json_t *root = mli_json_put(json_object(), "format", json_integer(FORMAT));
    root = mli_json_put(root, "kind", json_string(KIND));
    if (c->optim)
        root = mli_json_put(root, "optimizer", optim_json(c->optim));
    if (c->ema)
        root = mli_json_put(root, "ema", ema_json(c->ema));
    if (c->plateau)
        root = mli_json_put(root, "plateau", plateau_json(c->plateau));
    if (c->tape)
        root = mli_json_put(root, "dropout", dropout_json(c->tape));
    root = mli_json_put(root, "progress", mli_json_of(PROGRESS, &c->progress));
    return extra ? mli_json_put(root, "extra", extra) : root;
}

/* What could be written but not read. */
static ml_status check_state(const ml_checkpoint *c)
{
    if (mli_fields_check("checkpoint_save: progress", PROGRESS, &c->progress))
        return ML_EINVAL;
    if (c->plateau && (ml_plateau_check(c->plateau->opts) || mli_fields_check("plateau", PLATEAU, c->plateau)))
        return mli_fail_in("checkpoint_save");
    return ML_OK;
}

/* The program's object; nothing where it has none. */
static ml_status parse_extra(const char *text, json_t **extra)
{
    json_error_t why;
    char shown[MLI_SHOWN];
    *extra = text ? json_loads(text, JSON_REJECT_DUPLICATES, &why) : NULL;
    if (text && !*extra)
        return mli_fail(ML_EINVAL, "checkpoint_save: extra is not valid JSON: %s", mli_shown(why.text, shown));
    if (json_is_object(*extra) || !text)
        return ML_OK;
    json_decref(*extra);
    return mli_fail(ML_EINVAL, "checkpoint_save: extra is not a JSON object");
}

char *mli_checkpoint_write(const ml_checkpoint *c, const char *extra)
{
    json_t *object;
    if (check_state(c) || parse_extra(extra, &object))
        return NULL;
    json_t *root = root_json(c, object);
    if (!root)
        return mli_null(ML_EINVAL, "checkpoint_save: the name of a parameter is not UTF-8, or memory lacks");
    char *text = mli_json_text(root, MLI_JSON_FLAGS);
    json_decref(root);
    if (!text || strlen(text) <= TEXT_MAX)
        return text;
    mli_fail(ML_EINVAL, "checkpoint_save: the state and extra are %zu bytes as JSON, the limit is %zu", strlen(text), TEXT_MAX);
    free(text);
    return NULL;
}

/* ---- reading ---- */

/* What was, against what is here: equal, or a sentence. */
static ml_status check_same(const char *path, const char *where, const mli_field *fields, const void *was, const void *is)
{
    char a[32], b[32];
    const mli_field *f = mli_fields_differ(fields, was, is);
    if (!f)
        return ML_OK;
    return mli_fail(ML_EFORMAT, "%s: %s: %s was %s, and is %s here", path, where, f->name,
                    mli_field_text(f, was, a, sizeof a), mli_field_text(f, is, b, sizeof b));
}

/* The options of o against ours; theirs is room for them. */
static ml_status check_options(const char *path, const char *where, const json_t *o, const mli_field *fields, void *theirs,
                               const void *ours)
{
    ml_status e = mli_fields_take(path, where, json_object_get(o, "options"), fields, theirs);
    return e ? e : check_same(path, where, fields, theirs, ours);
}

static ml_status take_own(const char *path, const json_t *all, const ml_optim *opt, mli_own *own)
{
    for (int i = 0; i < opt->ps->n; i++) {
        const char *name = opt->ps->entries[i].x->name;
        char where[MLI_SHOWN];
        mli_shown(name, where);
        ml_status e = mli_fields_take(path, where, json_object_get(all, name), mli_own_fields, &own[i]);
        mli_own here = opt->own[i];
        here.taken = own[i].taken; /* brought back, not compared */
        if (e || (e = check_same(path, where, mli_own_fields, &own[i], &here)))
            return e;
    }
    return ML_OK;
}

static ml_status take_optim(const char *path, const json_t *o, const ml_optim *opt, mli_saved_state *s)
{
    mli_opts theirs = {0};
    ml_status e = mli_fields_take(path, "optimizer", o, OPTIM, s);
    if (!e) /* but for lr, the first of them, which is brought back */
        e = check_options(path, opt->rule.name, o, opt->rule.fields + 1, &theirs, &opt->opts);
    return e ? e : take_own(path, json_object_get(o, "parameters"), opt, s->own);
}

static ml_status take_ema(const char *path, const json_t *o, const ml_ema *ema, mli_saved_state *s)
{
    ml_ema_opts theirs = {0};
    ml_status e = mli_fields_take(path, "ema", o, EMA, s);
    return e ? e : check_options(path, "ema", o, mli_ema_fields, &theirs, &ema->opts);
}

static ml_status take_plateau(const char *path, const json_t *o, const ml_plateau *p, mli_saved_state *s)
{
    ml_plateau_opts ours = p->opts, theirs = {0};
    mli_fields_resolve(mli_plateau_fields, &ours);
    s->plateau.opts = p->opts;
    ml_status e = mli_fields_take(path, "plateau", o, PLATEAU, &s->plateau);
    return e ? e : check_options(path, "plateau", o, mli_plateau_fields, &theirs, &ours);
}

static ml_status take_extra(const char *path, const json_t *v, mli_saved_state *s)
{
    if (v && !json_is_object(v))
        return mli_fail(ML_EFORMAT, "%s: extra is not a JSON object", path);
    if (v && !(s->extra = mli_json_text(v, MLI_JSON_FLAGS)))
        return mli_fail_in(path);
    return ML_OK;
}

ml_status mli_checkpoint_read(const ml_checkpoint *c, const char *path, const json_t *root, mli_saved_state *s)
{
    ml_status e = mli_fields_take(path, "progress", json_object_get(root, "progress"), PROGRESS, &s->progress);
    if (!e && c->optim)
        e = take_optim(path, json_object_get(root, "optimizer"), c->optim, s);
    if (!e && c->ema)
        e = take_ema(path, json_object_get(root, "ema"), c->ema, s);
    if (!e && c->plateau)
        e = take_plateau(path, json_object_get(root, "plateau"), c->plateau, s);
    if (!e && c->tape)
        e = mli_fields_take(path, "dropout", json_object_get(root, "dropout"), DROPOUT, s);
    return e ? e : take_extra(path, json_object_get(root, "extra"), s);
}

/* ---- is it a checkpoint, and of what? ---- */

static ml_status check_kind(const char *path, const json_t *root)
{
    char shown[MLI_SHOWN];
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const json_t *format = json_object_get(root, "format");
    if (!kind || strcmp(kind, KIND) != 0)
        return mli_fail(ML_EFORMAT, "%s: not a checkpoint: its metadata %s%s", path,
                        kind ? "says that it is a " : "does not say that it is one", kind ? mli_shown(kind, shown) : "");
    if (!json_is_integer(format) || json_integer_value(format) != FORMAT)
        return mli_fail(ML_EFORMAT, "%s: a checkpoint of format %lld: this library reads format %d", path,
                        (long long)json_integer_value(format), FORMAT);
    return ML_OK;
}

/* What is in the file must be here, and the other way round. */
static ml_status check_parts(const ml_checkpoint *c, const char *path, const json_t *root)
{
    const struct {
        const char *name;
        bool here;
    } parts[] = {{"optimizer", c->optim}, {"ema", c->ema}, {"plateau", c->plateau}, {"dropout", c->tape}};
    for (int i = 0; i < 4; i++) {
        bool there = json_object_get(root, parts[i].name) != NULL;
        if (there && !parts[i].here)
            return mli_fail(ML_EFORMAT, "%s: it holds \"%s\", and there is nothing here to load that into", path, parts[i].name);
        if (!there && parts[i].here)
            return mli_fail(ML_EFORMAT, "%s: it holds no \"%s\", and this run has one", path, parts[i].name);
    }
    return ML_OK;
}

static ml_status check_rule(const ml_checkpoint *c, const char *path, const json_t *root)
{
    char shown[MLI_SHOWN];
    const char *rule = json_string_value(json_object_get(json_object_get(root, "optimizer"), "rule"));
    if (c->optim && (!rule || strcmp(rule, c->optim->rule.name) != 0))
        return mli_fail(ML_EFORMAT, "%s: the optimizer was %s, and is %s here", path, rule ? mli_shown(rule, shown) : "not named",
                        c->optim->rule.name);
    return ML_OK;
}

json_t *mli_checkpoint_open(const ml_checkpoint *c, const char *path, const char *text)
{
    json_error_t why;
    char shown[MLI_SHOWN];
    if (!text)
        return mli_null(ML_EFORMAT, "%s: not a checkpoint: it has no metadata \"" MLI_META_KEY "\"", path);
    if (strlen(text) > TEXT_MAX)
        return mli_null(ML_EFORMAT, "%s: the text of its metadata is %zu bytes, the limit is %zu", path, strlen(text), TEXT_MAX);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!root && json_error_code(&why) == json_error_out_of_memory)
        return mli_null(ML_ENOMEM, "%s: out of memory while reading its metadata", path);
    if (!root)
        return mli_null(ML_EFORMAT, "%s: not a checkpoint: its metadata is not valid JSON: %s", path, mli_shown(why.text, shown));
    if (!check_kind(path, root) && !check_parts(c, path, root) && !check_rule(c, path, root))
        return root;
    json_decref(root);
    return NULL;
}
