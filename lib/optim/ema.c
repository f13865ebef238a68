/* ema.c -- an exponential moving average of the weights
 *
 * Update     a <- keep a + (1 - keep) w          keep = decay, or min(decay, (1 + n) / (10 + n)) at update n = 0, 1, 2, ...
 * Remembers  a, one number a parameter, which begins as w
 * Source     Polyak and Juditsky 1992 (the plain mean); the warm-up is TensorFlow's       Derivation  docs/math/ema.md
 *
 * Only weights are averaged. Running statistics are averages already: a net under ml_ema_swap keeps its own.
 */
#include "optim/optim.h"

#include "kernels/ranges.h"

#include <string.h>

const mli_field mli_ema_fields[] = {
    MLI_FIELD(ml_ema_opts, decay, MLI_BELOW_ONE, 0.999),
    MLI_FIELD(ml_ema_opts, warm_up, MLI_FLAG, 0),
    {0},
};

ml_ema *ml_ema_new(ml_params *ps, ml_ema_opts opts)
{
    mli_fields_resolve(mli_ema_fields, &opts);
    if (mli_fields_check("ema", mli_ema_fields, &opts) || ml_params_seal(ps))
        return NULL;
    ml_ema *ema = mli_calloc(1, sizeof *ema);
    ml_real *average = ema ? mli_alloc((size_t)ps->length * sizeof *average) : NULL;
    if (!average) {
        mli_free(ema);
        return NULL;
    }
    memcpy(average, ps->data, (size_t)ps->length * sizeof *average);
    *ema = (ml_ema){.ps = ps, .version = ps->version, .opts = opts, .average = average};
    return ema;
}

void ml_ema_free(ml_ema *ema)
{
    if (ema)
        mli_free(ema->average);
    mli_free(ema);
}

int64_t ml_ema_updates(const ml_ema *ema)
{
    return ema ? ema->updates : 0;
}

ml_status mli_ema_ready(const ml_ema *ema, const char *what)
{
    if (!ema)
        return mli_fail(ML_EINVAL, "%s: the average is NULL", what);
    if (!ema->ps->sealed || ema->ps->version != ema->version)
        return mli_fail(ML_ESTATE, "%s: parameters were added after this average was made: make a new one", what);
    return ML_OK;
}

typedef struct job {
    ml_real *average, *weights, take;
} job;

static void update_range(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    ml_real *restrict a = j->average, take = j->take;
    const ml_real *restrict w = j->weights;
    for (int64_t i = begin; i < end; i++)
        a[i] += take * (w[i] - a[i]);
}

static void swap_range(void *arg, int64_t begin, int64_t end)
{
    const job *j = arg;
    ml_real *restrict a = j->average, *restrict w = j->weights;
    for (int64_t i = begin; i < end; i++) {
        ml_real held = a[i];
        a[i] = w[i];
        w[i] = held;
    }
}

static double keep_now(const ml_ema *ema)
{
    double n = (double)ema->updates;
    return ema->opts.warm_up ? fmin(ema->opts.decay, (1 + n) / (10 + n)) : ema->opts.decay;
}

ml_status ml_ema_update(ml_ema *ema)
{
    if (mli_ema_ready(ema, "ema_update"))
        return ml_error_status();
    if (ema->swapped)
        return mli_fail(ML_ESTATE, "ema_update: the averages are in the net: ml_ema_swap brings its weights back first");
    job j = {ema->average, ema->ps->data, (ml_real)(1 - keep_now(ema))};
    mlk_ranges(ema->ps->length, update_range, &j);
    ema->updates++;
    return ML_OK;
}

ml_status ml_ema_swap(ml_ema *ema)
{
    if (mli_ema_ready(ema, "ema_swap"))
        return ml_error_status();
    job j = {ema->average, ema->ps->data, 0};
    mlk_ranges(ema->ps->length, swap_range, &j);
    ema->swapped = !ema->swapped;
    return ML_OK;
}
