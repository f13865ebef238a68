/* hooks.c -- functions that are shown what goes through a net, and what comes back.
 *
 * A layer that somebody watches points to the hooks of its net; the others point nowhere, so that a net without hooks pays one
 * comparison a layer. Backward is watched on the tape: the op that made a layer's output shows its gradient once it is whole,
 * before it passes it on. Nothing is recorded for that, so a net that is watched computes the same bits.
 *
 * A hook that is taken off stays in the list, without an id, until the next one takes its room: the tape may still point
 * to it, and a hook may take itself off.
 */
#include "nn/nn.h"

#include <string.h>

static bool fits(const mli_hook *h, const char *layer)
{
    return h->id && (!h->layer || strcmp(h->layer, layer) == 0);
}

/* Lets each watched layer know; how many layers the hook h is on. */
static int mark(mli_hooks *hooks, mli_layer *layers, int n, const mli_hook *h)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        mli_layer *l = &layers[i];
        l->hooks = NULL;
        for (const mli_hook *other = hooks->first; other && l->index >= 0; other = other->next)
            if (fits(other, l->path))
                l->hooks = hooks;
        count += (h && l->index >= 0 && fits(h, l->path)) + mark(hooks, l->layers, l->n, h);
    }
    return count;
}

void mli_hooks_mark(mli_net *self)
{
    if (self->hooks.first)
        mark(&self->hooks, self->layers, self->n, NULL);
}

void mli_hooks_free(mli_hooks *hooks)
{
    for (mli_hook *h = hooks->first, *next; h; h = next) {
        next = h->next;
        mli_free(h->layer);
        mli_free(h);
    }
}

/* ---- setting and taking off ---- */

/* Room behind the last that is in use, so that hooks are called in the order in which they were set. */
static mli_hook *room(mli_hooks *hooks)
{
    mli_hook **at = &hooks->first;
    for (mli_hook *h = hooks->first; h; h = h->next)
        if (h->id)
            at = &h->next;
    if (!*at)
        *at = mli_calloc(1, sizeof **at);
    return *at;
}

int64_t ml_net_hook(ml_net *net, const char *layer, ml_hook hook)
{
    if (!net || !(hook.forward || hook.backward)) {
        mli_fail(ML_EINVAL, "hook: %s", net ? "both functions are NULL" : "the net is NULL");
        return 0;
    }
    mli_net *self = net->self;
    char *name = layer ? mli_strdup(layer) : NULL;
    mli_hook *h = layer && !name ? NULL : room(&self->hooks);
    if (!h) {
        mli_free(name);
        return 0;
    }
    h->layer = name;
    h->hook = hook;
    h->id = ++self->hooks.made;
    int count = mark(&self->hooks, self->layers, self->n, h);
    if (count || !layer || self->forward) /* which points a custom net has shows when it runs */
        return h->id;
    ml_net_unhook(net, h->id);
    mli_fail(ML_EINVAL, "hook: no layer of the net is named \"%s\"", layer);
    return 0;
}

ml_status ml_net_unhook(ml_net *net, int64_t id)
{
    mli_hook *h = net ? net->self->hooks.first : NULL;
    while (h && (h->id != id || id == 0))
        h = h->next;
    if (!h)
        return mli_fail(ML_EINVAL, "unhook: %s%lld", net ? "there is no hook " : "the net is NULL, and so is its hook ",
                        (long long)id);
    mli_free(h->layer);
    h->layer = NULL;
    h->id = 0;
    mli_hooks_mark(net->self);
    return ML_OK;
}

/* ---- running ---- */

/* One hook that waits for a gradient. */
typedef struct waiting {
    mli_watch watch;
    const mli_hook *hook;
    int64_t id; /* of the hook when it was set; another one since: it was taken off */
    ml_hook_view view;
} waiting;

/* The sentence of a hook that stops the run. A hook has no way to write one, but what it called may have. */
static ml_status stopped(const ml_hook_view *v, ml_status s)
{
    const char *more = ml_error_status() == s ? ml_error() : "";
    return mli_fail(s, "net: the hook on layer %s (%s) stopped %s with status %d%s%s", *v->layer ? v->layer : "\"\"", v->kind,
                    v->dy ? "backward" : "forward", (int)s, *more ? "; the last error is: " : "", more);
}

static ml_status seen(void *arg, const ml_real *dy)
{
    waiting *w = arg;
    if (w->id != w->hook->id)
        return ML_OK;
    w->view.dy = dy;
    ml_status s = w->hook->hook.backward(w->hook->hook.user, &w->view);
    return s ? stopped(&w->view, s) : ML_OK;
}

/* False (sticking) where memory lacks. */
static bool wait_for(ml_tape *t, const mli_hook *h, const ml_hook_view *view)
{
    waiting *w = mli_saved(t, sizeof *w);
    if (!w)
        return false;
    *w = (waiting){.watch = {.seen = seen, .arg = w}, .hook = h, .id = h->id, .view = *view};
    mli_watch_gradient(t, view->y, &w->watch);
    return true;
}

ml_tensor *mli_hooks_call(const mli_hooks *hooks, ml_tape *t, const char *layer, const char *kind, ml_tensor *x, ml_tensor *y)
{
    ml_hook_view view = {.layer = layer, .kind = kind, .x = x, .y = y};
    for (const mli_hook *h = hooks->first; h; h = h->next) {
        if (!fits(h, layer))
            continue;
        ml_status s = h->hook.forward ? h->hook.forward(h->hook.user, &view) : ML_OK;
        if (s) {
            stopped(&view, s);
            return mli_stick_last(t);
        }
        if (h->id && h->hook.backward && y->requires_grad && !wait_for(t, h, &view))
            return NULL;
    }
    return y;
}

ml_tensor *ml_net_point(ml_net *net, ml_tape *t, const char *name, ml_tensor *x, ml_tensor *y)
{
    if (!mli_ready(t, "net_point", 2, x, y))
        return NULL;
    if (!net || !name)
        return mli_stick(t, ML_EINVAL, "net_point: the %s is NULL", net ? "name" : "net");
    return net->self->hooks.first ? mli_hooks_call(&net->self->hooks, t, name, "point", x, y) : y;
}
