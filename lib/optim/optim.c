/* optim.c -- what all update rules share: which parameters take the step, and in how large pieces.
 *
 * A rule sees flat memory: p, g and its own state. Parameters that lie side by side, have a gradient, are not frozen and
 * have taken equally many steps make one stretch: for a whole net that trains, that is one loop over everything.
 */
#include "optim/optim.h"

#include <math.h>

/* A stretch longer than SERIAL is cut into chunks for the threads. Chunks depend on the length alone, and a chunk is
 * long enough to pay for waking a thread. */
enum { SERIAL = 32768, CHUNK = 16384 };

double mli_option(double value, double standard)
{
    return value == 0 ? standard : value == ML_ZERO ? 0 : value;
}

const char *mli_option_check(const char *rule, const char *option, double value, double high)
{
    if (value >= 0 && value < high)
        return NULL;
    if (isinf(high))
        mli_fail(ML_EINVAL, "%s: %s is %g: it must be a number >= 0", rule, option, value);
    else
        mli_fail(ML_EINVAL, "%s: %s is %g: it must be in [0, %g)", rule, option, value, high);
    return ml_error();
}

ml_optim *mli_optim_new(ml_params *ps, mli_rule rule, double lr)
{
    if (!ps)
        return mli_null(ML_EINVAL, "%s: the parameters are NULL", rule.name);
    if (ml_params_seal(ps))
        return NULL;
    ml_optim *opt = mli_calloc(1, sizeof *opt);
    if (!opt)
        return NULL;
    opt->rule = rule;
    opt->lr = lr;
    opt->ps = ps;
    opt->version = ps->version;
    bool whole = (opt->taken = mli_calloc((size_t)ps->n, sizeof *opt->taken)) != NULL;
    for (int k = 0; k < rule.states && whole; k++)
        whole = (opt->state[k] = mli_calloc((size_t)ps->length, sizeof(ml_real))) != NULL;
    if (whole)
        return opt;
    ml_optim_free(opt);
    return NULL;
}

void ml_optim_free(ml_optim *opt)
{
    if (!opt)
        return;
    for (int k = 0; k < MLI_STATES; k++)
        mli_free(opt->state[k]);
    mli_free(opt->taken);
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
    if (mli_option_check(opt->rule.name, "lr", lr, INFINITY))
        return ML_EINVAL;
    opt->lr = lr;
    return ML_OK;
}

/* ---- the step ---- */

static mli_span part_of(const mli_span *s, int64_t from, int64_t n)
{
    mli_span part = {.p = s->p + from, .g = s->g + from, .n = n, .t = s->t};
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
    j->opt->rule.apply(j->opt, &part);
    return ML_OK;
}

static ml_status apply(const ml_optim *opt, const mli_span *span)
{
    job j = {opt, span};
    if (span->n > SERIAL)
        return ml_parallel_for((span->n + CHUNK - 1) / CHUNK, chunk, &j);
    opt->rule.apply(opt, span);
    return ML_OK;
}

static bool takes_part(const ml_tensor *x)
{
    return x->requires_grad && x->has_grad; /* not frozen, and reached by a backward since the last step */
}

/* The end of the stretch that begins with parameter i. */
static int stretch_end(const ml_optim *opt, int i)
{
    int j = i + 1;
    while (j < opt->ps->n && !opt->rule.apart && takes_part(opt->ps->entries[j].x) && opt->taken[j] == opt->taken[i])
        j++;
    return j;
}

ml_status ml_step(ml_optim *opt)
{
    if (!opt)
        return mli_fail(ML_EINVAL, "step: the optimizer is NULL");
    ml_params *ps = opt->ps;
    if (!ps->sealed || ps->version != opt->version)
        return mli_fail(ML_ESTATE, "step: parameters were added after this %s was made: make a new one", opt->rule.name);

    mli_span all = {.p = ps->data, .g = ps->grad, .state = {opt->state[0], opt->state[1]}, .n = ps->length};
    for (int i = 0, j; i < ps->n; i = j) {
        j = i + 1;
        if (!takes_part(ps->entries[i].x))
            continue;
        j = stretch_end(opt, i);
        const mli_param *first = &ps->entries[i], *last = &ps->entries[j - 1];
        mli_span span = part_of(&all, first->at, last->at + last->x->size - first->at);
        span.t = opt->taken[i] + 1;
        if (apply(opt, &span))
            return ml_error_status();
        for (int k = i; k < j; k++)
            opt->taken[k]++;
    }
    for (int i = 0; i < ps->n; i++)
        ps->entries[i].x->has_grad = false; /* consumed: the next backward overwrites */
    opt->steps++;
    return ML_OK;
}
