/* optim.c -- what all update rules share: which parameters take the step, and in how large pieces.
 *
 * A rule sees flat memory: p, g and its own state. Parameters that lie side by side, have a gradient, are not frozen, are of
 * one group and have taken equally many steps make one stretch: for a whole net that trains, that is one loop over
 * everything.
 */
#include "optim/optim.h"

#include <string.h>

/* A stretch longer than SERIAL is cut into chunks for the threads. Chunks depend on the length alone, and a chunk is
 * long enough to pay for waking a thread. */
enum { SERIAL = 32768, CHUNK = 16384 };

const mli_field mli_own_fields[] = {
    MLI_FIELD(mli_own, lr_scale, MLI_FROM_ZERO, 1),
    MLI_FIELD(mli_own, weight_decay, MLI_FROM_ZERO, 0),
    MLI_FIELD(mli_own, taken, MLI_COUNT, 0),
    {0},
};

ml_optim *mli_optim_new(ml_params *ps, mli_rule rule, mli_opts opts, double lr, double weight_decay)
{
    if (!ps)
        return mli_null(ML_EINVAL, "%s: the parameters are NULL", rule.name);
    if (ml_params_seal(ps))
        return NULL;
    ml_optim *opt = mli_calloc(1, sizeof *opt);
    if (!opt)
        return NULL;
    opt->rule = rule;
    opt->opts = opts;
    opt->lr = lr;
    opt->weight_decay = weight_decay;
    opt->ps = ps;
    opt->version = ps->version;
    bool whole = (opt->own = mli_calloc((size_t)ps->n, sizeof *opt->own)) != NULL;
    for (int k = 0; k < rule.states && whole; k++)
        whole = (opt->state[k] = mli_calloc((size_t)ps->length, sizeof(ml_real))) != NULL;
    if (!whole) {
        ml_optim_free(opt);
        return NULL;
    }
    for (int i = 0; i < ps->n; i++)
        opt->own[i] = (mli_own){.lr_scale = 1, .weight_decay = weight_decay};
    return opt;
}

void ml_optim_free(ml_optim *opt)
{
    if (!opt)
        return;
    for (int k = 0; k < MLI_STATES; k++)
        mli_free(opt->state[k]);
    mli_whole_free(opt->whole);
    mli_free(opt->own);
    mli_free(opt);
}

int64_t ml_optim_steps(const ml_optim *opt)
{
    return opt ? opt->steps : 0;
}

double ml_lr(const ml_optim *opt)
{
    return opt ? opt->lr : 0;
}

ml_status ml_set_lr(ml_optim *opt, double lr)
{
    if (!opt)
        return mli_fail(ML_EINVAL, "lr: the optimizer is NULL");
    static const mli_field rate[] = {{.name = "lr", .kind = MLI_FROM_ZERO}, {0}};
    if (mli_fields_check(opt->rule.name, rate, &lr))
        return ML_EINVAL;
    opt->lr = lr;
    return ML_OK;
}

ml_status mli_optim_ready(const ml_optim *opt, const char *what)
{
    if (!opt)
        return mli_fail(ML_EINVAL, "%s: the optimizer is NULL", what);
    if (!opt->ps->sealed || opt->ps->version != opt->version)
        return mli_fail(ML_ESTATE, "%s: parameters were added after this %s was made: make a new one", what, opt->rule.name);
    return ML_OK;
}

/* ---- groups ---- */

/* Whether a name begins with prefix, in which * stands for any characters, also none. */
static bool begins(const char *name, const char *prefix)
{
    const char *after = NULL, *from = NULL; /* the last *: what follows it, and where in name that was tried */
    while (*prefix) {
        if (*prefix == '*') {
            after = ++prefix;
            from = name;
        } else if (*prefix == *name) {
            prefix++;
            name++;
        } else if (after && *from) {
            prefix = after;
            name = ++from;
        } else {
            return false;
        }
    }
    return true;
}

ml_status ml_optim_group(ml_optim *opt, const char *prefix, ml_group_opts opts)
{
    if (mli_optim_ready(opt, "group"))
        return ml_error_status();
    if (!prefix)
        return mli_fail(ML_EINVAL, "group: the prefix is NULL");
    if (opt->rule.step)
        return mli_fail(ML_ESTATE, "group: %s steps over all parameters as one vector: it has no groups", opt->rule.name);
    mli_own own = {.lr_scale = opts.lr_scale, .weight_decay = opts.weight_decay};
    mli_fields_resolve(mli_own_fields, &own);
    if (mli_fields_check("group", mli_own_fields, &own))
        return ML_EINVAL;
    if (opts.weight_decay == 0)
        own.weight_decay = opt->weight_decay;
    int count = 0;
    for (int i = 0; i < opt->ps->n; i++) {
        if (!begins(opt->ps->entries[i].x->name, prefix))
            continue;
        own.taken = opt->own[i].taken;
        opt->own[i] = own;
        count++;
    }
    return count ? ML_OK : mli_fail(ML_EINVAL, "group: no parameter's name begins with \"%s\"", prefix);
}

/* ---- the step ---- */

static mli_span part_of(const mli_span *s, int64_t from, int64_t n)
{
    mli_span part = *s;
    part.p += from;
    part.g += from;
    part.n = n;
    for (int k = 0; k < MLI_STATES; k++)
        part.state[k] = s->state[k] ? s->state[k] + from : NULL;
    return part;
}

typedef struct job {
    const ml_optim *opt;
    const mli_span *span;
} job;

static ml_status chunk(void *arg, int64_t i)
{
    const job *j = arg;
    int64_t from = i * CHUNK, left = j->span->n - from;
    mli_span part = part_of(j->span, from, left < CHUNK ? left : CHUNK);
    j->opt->rule.apply(&j->opt->opts, &part);
    return ML_OK;
}

static ml_status apply(const ml_optim *opt, const mli_span *span)
{
    job j = {opt, span};
    if (span->n > SERIAL)
        return ml_parallel_for((span->n + CHUNK - 1) / CHUNK, chunk, &j);
    opt->rule.apply(&opt->opts, span);
    return ML_OK;
}

static bool takes_part(const ml_tensor *x)
{
    return x->requires_grad && x->has_grad; /* not frozen, and reached by a backward since the last step */
}

/* The end of the stretch that begins with parameter i. */
static int stretch_end(const ml_optim *opt, int i)
{
    const mli_own *a = &opt->own[i];
    int j = i + 1;
    for (; j < opt->ps->n && !opt->rule.apart && takes_part(opt->ps->entries[j].x); j++) {
        const mli_own *b = &opt->own[j];
        if (a->taken != b->taken || a->lr_scale != b->lr_scale || a->weight_decay != b->weight_decay)
            break;
    }
    return j;
}

/* The next backward overwrites. */
static void consume(ml_params *ps)
{
    for (int i = 0; i < ps->n; i++)
        ps->entries[i].x->has_grad = false;
}

ml_status ml_step(ml_optim *opt)
{
    if (mli_optim_ready(opt, "step"))
        return ml_error_status();
    if (opt->rule.step)
        return mli_fail(ML_ESTATE, "step: %s wants the loss several times a step: call ml_step_closure", opt->rule.name);
    ml_params *ps = opt->ps;
    mli_span all = {.p = ps->data, .g = ps->grad, .n = ps->length};
    memcpy(all.state, opt->state, sizeof all.state);
    for (int i = 0, j; i < ps->n; i = j) {
        j = i + 1;
        if (!takes_part(ps->entries[i].x))
            continue;
        j = stretch_end(opt, i);
        const mli_param *first = &ps->entries[i], *last = &ps->entries[j - 1];
        mli_span span = part_of(&all, first->at, last->at + last->x->size - first->at);
        span.t = opt->own[i].taken + 1;
        span.lr = opt->lr * opt->own[i].lr_scale;
        span.weight_decay = opt->own[i].weight_decay;
        if (apply(opt, &span))
            return ml_error_status();
        for (int k = i; k < j; k++)
            opt->own[k].taken++;
    }
    consume(ps);
    opt->steps++;
    return ML_OK;
}

ml_status ml_step_closure(ml_optim *opt, ml_closure_fn f, void *user, double *loss)
{
    if (mli_optim_ready(opt, "step_closure"))
        return ml_error_status();
    if (!f)
        return mli_fail(ML_EINVAL, "step_closure: the closure is NULL");
    ml_status s;
    if (opt->rule.step) {
        s = opt->rule.step(opt, f, user, loss);
        consume(opt->ps);
        opt->steps += !s;
    } else {
        double value = NAN;
        ml_zero_grad(opt->ps);
        s = f(user, &value);
        if (loss)
            *loss = value;
        s = s ? s : ml_step(opt);
    }
    return s;
}
