/* clip.c -- gradients kept within bounds:  by their norm, which keeps the direction, or number by number
 *
 * Norm       |g| = sqrt(sum over all gradients of g^2)          one vector of all parameters' gradients
 *            g <- g min(1, max_norm / (|g| + 1e-6))
 * Value      g <- min(max(g, -limit), limit)
 * Source     Pascanu, Mikolov, Bengio 2013, algorithm 1; the 1e-6 is PyTorch's   Derivation  docs/math/clipping.md
 *
 * The block of gradients is cut into at most PARTS parts, by its length alone. Each is summed in double, and the sums are
 * added in order, so the norm has the same bits on any number of threads. What lies in the block but is no gradient (that of
 * a frozen parameter, or one that backward did not reach) is stepped over.
 */
#include "optim/optim.h"

enum { PARTS = 64, LEAST = 16384, LANES = 8 };

/* What is done to a run of gradients; what it returns is summed. */
typedef double gradient_fn(ml_real *g, int64_t n, double bound);

static double squares(ml_real *g, int64_t n, double bound)
{
    double lanes[LANES] = {0}; /* side by side, so that additions need not wait for one another */
    int64_t i = 0;
    (void)bound;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lanes[k] += (double)g[i + k] * (double)g[i + k];
    for (; i < n; i++)
        lanes[0] += (double)g[i] * (double)g[i];
    double sum = 0;
    for (int k = 0; k < LANES; k++)
        sum += lanes[k];
    return sum;
}

static double scale(ml_real *g, int64_t n, double factor)
{
    ml_real f = (ml_real)factor;
    for (int64_t i = 0; i < n; i++)
        g[i] *= f;
    return 0;
}

/* Written so that NaN fails both comparisons and stays. */
static double clamp(ml_real *g, int64_t n, double limit)
{
    ml_real high = (ml_real)limit, low = -high;
    for (int64_t i = 0; i < n; i++) {
        ml_real x = g[i] > high ? high : g[i];
        g[i] = x < low ? low : x;
    }
    return 0;
}

/* ---- over all gradients ---- */

typedef struct pass {
    const ml_params *ps;
    gradient_fn *each;
    double bound;
    int64_t length; /* of a part */
    double sums[PARTS];
} pass;

static ml_status part(void *arg, int64_t i)
{
    pass *a = arg;
    int64_t begin = i * a->length, end = begin + a->length;
    double sum = 0;
    for (int k = 0; k < a->ps->n; k++) {
        const mli_param *e = &a->ps->entries[k];
        int64_t from = e->at > begin ? e->at : begin, to = e->at + e->x->size < end ? e->at + e->x->size : end;
        if (e->x->has_grad && from < to)
            sum += a->each(a->ps->grad + from, to - from, a->bound);
    }
    a->sums[i] = sum;
    return ML_OK;
}

static double over_gradients(const ml_params *ps, gradient_fn *each, double bound)
{
    pass a = {.ps = ps, .each = each, .bound = bound, .length = (ps->length + PARTS - 1) / PARTS};
    if (a.length < LEAST)
        a.length = LEAST;
    int64_t parts = (ps->length + a.length - 1) / a.length;
    ml_parallel_for(parts, part, &a); /* part cannot fail */
    double sum = 0;
    for (int64_t i = 0; i < parts; i++)
        sum += a.sums[i];
    return sum;
}

/* The first number that makes a norm infinite or NaN. */
static ml_status blame(const ml_params *ps, double norm)
{
    for (int k = 0; k < ps->n; k++) {
        const ml_tensor *x = ps->entries[k].x;
        for (int64_t i = 0; x->has_grad && i < x->size; i++)
            if (!isfinite(x->grad[i]))
                return mli_fail(ML_EINVAL, "clip_grad_norm: the gradient of \"%s\" is %g at element %lld: better no step "
                                "than this one (ml_zero_grad)", x->name, (double)x->grad[i], (long long)i);
    }
    return mli_fail(ML_EINVAL, "clip_grad_norm: the norm is %g: the gradients are too large to be squared", norm);
}

ml_status ml_clip_grad_norm(ml_params *ps, double max_norm, double *norm)
{
    if (!(max_norm > 0))
        return mli_fail(ML_EINVAL, "clip_grad_norm: max_norm is %g: it must be a number > 0", max_norm);
    if (ml_params_seal(ps))
        return ml_error_status();
    double size = sqrt(over_gradients(ps, squares, 0)), factor = max_norm / (size + 1e-6);
    if (norm)
        *norm = size;
    if (!isfinite(size))
        return blame(ps, size);
    if (factor < 1)
        over_gradients(ps, scale, factor);
    return ML_OK;
}

ml_status ml_clip_grad_value(ml_params *ps, double limit)
{
    if (!(limit > 0))
        return mli_fail(ML_EINVAL, "clip_grad_value: limit is %g: it must be a number > 0", limit);
    if (ml_params_seal(ps))
        return ml_error_status();
    over_gradients(ps, clamp, limit);
    return ML_OK;
}
