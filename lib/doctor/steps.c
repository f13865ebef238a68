/* steps.c -- some steps at the training's own rate: what moves, by how much, and what never does. */
#include "doctor/doctor.h"

#include <math.h>
#include <string.h>

enum { STEPS = 60, FIRST = 10 };

/* A step's size over that of the initial weights, mean of the first ten steps: 1e-3 is usual, 1e-1 for Adam at a high rate, and 1 for
 * the last layer under the peak of a cycle, which still learns. Later steps would say less: weights that were blown up make any
 * step look small. */
static const double LARGE = 4, SMALL = 1e-7, OTHERS = 1e-5;

typedef struct watch {
    ml_real *before; /* the block, before a step */
    bool *reached;   /* of each parameter: a gradient that is not 0 */
} watch;

static bool learns(const mli_doctor *d, int i)
{
    const ml_tensor *x = d->net->params->entries[i].x;
    return x->requires_grad && !x->frozen && d->optim->own[i].lr_scale != 0;
}

/* ---- while it steps ---- */

static void watch_gradients(const mli_doctor *d, watch *w)
{
    const ml_params *ps = d->net->params;
    for (int i = 0; i < ps->n; i++) {
        const ml_tensor *x = ps->entries[i].x;
        for (int64_t e = 0; e < x->size && x->has_grad && !w->reached[i]; e++)
            w->reached[i] = x->grad[e] != 0;
    }
}

/* Adds to each layer's update what this step was. */
static void watch_updates(const mli_doctor *d, const watch *w)
{
    const ml_params *ps = d->net->params;
    for (int i = 0; i < ps->n; i++) {
        const mli_param *e = &ps->entries[i];
        double sum = 0;
        for (int64_t k = 0; k < e->x->size; k++) {
            double moved = (double)e->x->data[k] - (double)w->before[e->at + k];
            sum += moved * moved;
        }
        d->r->layers[i].update += sqrt(sum / (double)e->x->size) / d->r->layers[i].weight / FIRST;
    }
}

static ml_status step(mli_doctor *d, watch *w, int number, double *value)
{
    ml_tensor *loss;
    const ml_params *ps = d->net->params;
    if (mli_doctor_fetch(d, number * d->batch, d->batch) || mli_doctor_forward(d, d->batch, &loss))
        return ml_error_status();
    *value = (double)loss->data[0];
    if (!isfinite(*value))
        return ML_OK;
    if (ml_backward(d->tape, loss))
        return ml_error_status();
    watch_gradients(d, w);
    memcpy(w->before, ps->data, (size_t)ps->length * sizeof *w->before);
    if (ml_step(d->optim))
        return ml_error_status();
    if (number < FIRST)
        watch_updates(d, w);
    return ML_OK;
}

/* ---- what was seen ---- */

static void unreached(mli_doctor *d, const watch *w)
{
    const ml_params *ps = d->net->params;
    const ml_tensor *first = NULL;
    char others[32];
    int n = 0;
    for (int i = 0; i < ps->n; i++)
        if (learns(d, i) && !w->reached[i] && n++ == 0)
            first = ps->entries[i].x;
    if (first)
        mli_doctor_find(d, ML_DOCTOR_GRADIENT_NONE,
                        "No gradient reaches %s: in %lld steps it was 0 each time%s.", first->name,
                        (long long)d->r->steps, mli_doctor_others(n - 1, others));
}

/* Whether a buffer has batch norm's name for its variance, which any batch changes; frozen, or with a frozen weight, it is meant to
 * stand still. */
static bool is_variance(const ml_params *ps, const ml_tensor *x)
{
    static const char suffix[] = "running_var";
    const size_t length = strlen(x->name), end = sizeof suffix - 1;
    if (x->frozen || length < end || strcmp(x->name + length - end, suffix) != 0)
        return false;
    for (int i = 0; i < ps->n; i++) {
        const ml_tensor *w = ps->entries[i].x;
        if (w->frozen && strncmp(w->name, x->name, length - end) == 0 && strcmp(w->name + length - end, "weight") == 0)
            return false;
    }
    return true;
}

static void statistics(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    const ml_real *was = d->state.buffers;
    const char *still = NULL;
    char others[32], layer[96];
    int n = 0;
    for (int i = 0; i < ps->n_buffers; was += ps->buffers[i++]->size) {
        const ml_tensor *x = ps->buffers[i];
        if (is_variance(ps, x) && memcmp(was, x->data, (size_t)x->size * sizeof *was) == 0 && n++ == 0)
            still = x->name;
    }
    if (still && d->o.mode == ML_TRAIN)
        mli_doctor_find(d, ML_DOCTOR_STATISTICS_STILL,
                        "The running statistics of batch norm %s are the same after %lld steps as before%s.",
                        mli_graph_layer(still, layer, sizeof layer), (long long)d->r->steps, mli_doctor_others(n - 1, others));
}

/* Equal units get no gradient where their weights are 0: the cause has been found. A loss that is no longer finite leaves nothing to
 * judge but itself, which rates.c does. */
static void judge(mli_doctor *d, const watch *w)
{
    if (!isfinite(d->r->steps_loss))
        return;
    if (!mli_doctor_found(d, ML_DOCTOR_UNITS_SYMMETRIC))
        unreached(d, w);
    statistics(d);
}

static ml_status steps(mli_doctor *d, watch *w)
{
    double loss = 0;
    for (int i = 0; i < d->r->n_layers; i++)
        d->r->layers[i].update = d->r->layers[i].weight > 0 ? 0 : NAN;
    if (mli_doctor_restart(d, d->optim, d->lr))
        return ml_error_status();
    for (int i = 0; i < STEPS && isfinite(loss); i++) {
        if (step(d, w, i, &loss))
            return ml_error_status();
        d->r->steps = i + 1;
    }
    if (isfinite(loss) && mli_doctor_mean_loss(d, &loss))
        return ml_error_status();
    d->r->steps_loss = loss;
    judge(d, w);
    return ML_OK;
}

ml_status mli_doctor_steps(mli_doctor *d)
{
    const ml_params *ps = d->net->params;
    watch w = {.before = mli_alloc((size_t)ps->length * sizeof(ml_real)), .reached = mli_calloc((size_t)ps->n, sizeof(bool))};
    ml_status s = w.before && w.reached ? steps(d, &w) : ML_ENOMEM;
    mli_free(w.before);
    mli_free(w.reached);
    return s;
}

/* ---- the size of the steps ---- */

/* A part of its own, after the rate has been judged: where that is too high, all steps are large. */
ml_status mli_doctor_updates(mli_doctor *d)
{
    const ml_doctor_layer *large = NULL, *small = NULL, *most = NULL;
    if (mli_doctor_found(d, ML_DOCTOR_LR_HIGH))
        return ML_OK;
    for (int i = 0; i < d->r->n_layers; i++) {
        const ml_doctor_layer *l = &d->r->layers[i];
        if (!learns(d, i) || d->net->params->entries[i].x->rank < 2 || !isfinite(l->update))
            continue;
        if (!most || l->update > most->update)
            most = l;
        if (l->update > LARGE && (!large || l->update > large->update))
            large = l;
        if (l->update < SMALL && (!small || l->update < small->update))
            small = l;
    }
    if (large)
        mli_doctor_find(d, ML_DOCTOR_UPDATES_LARGE,
                        "A step changes %s by %.2g times its size: nothing of it is left.", large->name,
                        large->update);
    if (small && most->update > OTHERS)
        mli_doctor_find(d, ML_DOCTOR_UPDATES_SMALL,
                        "A step changes %s by %.1g of its size, and %s by %.1g: the first stands still.",
                        small->name, small->update, most->name, most->update);
    return ML_OK;
}
