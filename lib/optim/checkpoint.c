/* checkpoint.c -- a training run as one safetensors file.
 *
 *     0.weight, 0.bias, ...           parameters and buffers, as ml_params_save writes them
 *     optim.0.0.weight, ...           the optimizer's first number for each parameter; its second under optim.1, ...
 *     ema.0.weight, ...               averages of the weights
 *     metadata "mlcore"               all that is not a tensor, as JSON (checkpoint_json.c)
 *
 * What belongs to a parameter lies on file as the parameter does. Loading gathers all that is in the text, then lets the
 * tensors be checked and copied, which is all or nothing, and then puts the text's part in place, which cannot fail.
 */
#include "optim/checkpoint.h"

#include <stdlib.h>
#include <string.h>

/* ---- the tensors ---- */

typedef struct list {
    mli_values *v;
    int n;
    char *names, *end; /* of those that are no parameters: one behind the other */
} list;

static void list_free(list *l)
{
    mli_free(l->v);
    mli_free(l->names);
}

/* Numbers that lie in a block like that of the parameters, under the parameters' names with `prefix` before them. */
static void add_block(list *l, const ml_params *ps, const char *prefix, ml_real *block)
{
    for (int i = 0; i < ps->n; i++) {
        mli_values v = l->v[i]; /* those of the parameter: shape and order are the same */
        size_t size = strlen(prefix) + strlen(v.name) + 1;
        snprintf(l->end, size, "%s%s", prefix, v.name);
        v.name = l->end;
        v.data = block + ps->entries[i].at;
        l->end += size;
        l->v[l->n++] = v;
    }
}

static ml_status list_all(const ml_checkpoint *c, list *l)
{
    static const char *const prefixes[MLI_STATES] = {"optim.0.", "optim.1.", "optim.2."};
    const ml_params *ps = c->params;
    size_t states = c->optim ? (size_t)c->optim->rule.states : 0, blocks = states + (c->ema != NULL), text = 1;
    for (int i = 0; i < ps->n; i++)
        text += strlen(prefixes[0]) + strlen(ps->entries[i].x->name) + 1;
    *l = (list){.n = mli_params_values_count(ps)};
    l->v = mli_calloc((size_t)l->n + (size_t)ps->n * blocks, sizeof *l->v);
    l->names = l->end = mli_calloc(blocks + 1, text);
    if (!l->v || !l->names)
        return ML_ENOMEM;
    mli_params_values(ps, l->v);
    for (size_t k = 0; k < states; k++)
        add_block(l, ps, prefixes[k], c->optim->state[k]);
    if (c->ema)
        add_block(l, ps, "ema.", c->ema->average);
    return ML_OK;
}

/* ---- whether now is the time ---- */

static ml_status check_whole(const ml_checkpoint *c, const char *path, const char *what)
{
    if (!c || !path || !c->params)
        return mli_fail(ML_EINVAL, "%s: %s is NULL", what, !c ? "the checkpoint" : path ? "params" : "path");
    if (c->optim && mli_optim_ready(c->optim, what))
        return ml_error_status();
    if (c->ema && mli_ema_ready(c->ema, what))
        return ml_error_status();
    if ((c->optim && c->optim->ps != c->params) || (c->ema && c->ema->ps != c->params))
        return mli_fail(ML_EINVAL, "%s: the %s is of other parameters", what,
                        c->optim && c->optim->ps != c->params ? "optimizer" : "average");
    if (c->optim && c->optim->rule.step)
        return mli_fail(ML_ESTATE, "%s: what %s remembers is not saved: leave the optimizer out, and make a new one when the run "
                        "goes on", what, c->optim->rule.name);
    if (c->ema && c->ema->swapped)
        return mli_fail(ML_ESTATE, "%s: the averages are in the net: ml_ema_swap brings its weights back first", what);
    return ML_OK;
}

static ml_status check_no_gradients(const ml_params *ps)
{
    for (int i = 0; i < ps->n; i++)
        if (ps->entries[i].x->has_grad)
            return mli_fail(ML_ESTATE, "checkpoint_save: the gradient of \"%s\" waits for a step, and is not saved: step first, "
                            "or drop it", ps->entries[i].x->name);
    return ML_OK;
}

/* ---- saving and loading ---- */

ml_status ml_checkpoint_save(const ml_checkpoint *c, const char *path, const char *extra)
{
    if (check_whole(c, path, "checkpoint_save") || check_no_gradients(c->params))
        return ml_error_status();
    list l;
    ml_status e = list_all(c, &l) ? mli_fail_in(path) : ML_OK;
    char *text = e ? NULL : mli_checkpoint_write(c, extra);
    if (!e)
        e = text ? mli_values_save(l.v, l.n, path, text) : ml_error_status();
    free(text);
    list_free(&l);
    return e;
}

/* Nothing here can fail. */
static void put_in_place(ml_checkpoint *c, const mli_saved_state *s)
{
    if (c->optim) {
        c->optim->lr = s->lr;
        c->optim->steps = s->steps;
        memcpy(c->optim->own, s->own, (size_t)c->params->n * sizeof *s->own);
    }
    if (c->ema)
        c->ema->updates = s->updates;
    if (c->plateau)
        *c->plateau = s->plateau;
    if (c->tape)
        ml_set_stream(c->tape, s->dropout_seed, s->dropout_step);
    c->progress = s->progress;
    ml_zero_grad(c->params);
}

/* Everything that can fail; only when all of it has been checked do the tensors change, as the last of it. */
static ml_status take_all(const ml_checkpoint *c, const char *path, const ml_safetensors *st, mli_saved_state *s)
{
    json_t *root = mli_checkpoint_open(c, path, ml_safetensors_meta(st, MLI_META_KEY));
    if (!root)
        return ml_error_status();
    list l;
    ml_status e = list_all(c, &l) ? mli_fail_in(path) : mli_values_check(l.v, l.n, path, st, NULL, NULL);
    if (!e)
        e = mli_checkpoint_read(c, path, root, s);
    if (!e)
        e = mli_values_copy(l.v, l.n, path, st);
    json_decref(root);
    list_free(&l);
    return e;
}

ml_status mli_checkpoint_take(ml_checkpoint *c, const char *path, const ml_safetensors *st, char **extra)
{
    mli_saved_state s = {.own = mli_calloc((size_t)c->params->n, sizeof *s.own)};
    ml_status e = s.own ? take_all(c, path, st, &s) : mli_fail_in(path);
    if (!e)
        put_in_place(c, &s);
    if (!e && extra)
        *extra = s.extra;
    else
        free(s.extra);
    mli_free(s.own);
    return e;
}

ml_status ml_checkpoint_load(ml_checkpoint *c, const char *path, char **extra)
{
    if (extra)
        *extra = NULL;
    if (check_whole(c, path, "checkpoint_load"))
        return ml_error_status();
    ml_safetensors *st = ml_safetensors_read(path);
    if (!st)
        return ml_error_status();
    ml_status e = mli_checkpoint_take(c, path, st, extra);
    ml_safetensors_free(st);
    return e;
}
