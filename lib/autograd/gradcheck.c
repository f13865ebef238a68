/* gradcheck.c -- is the backward right? Move each number a little, and look at what the loss does.
 *
 *     df/dx ~ (f(x + h) - f(x - h)) / 2h        error O(h^2) from the curve, O(eps / h) from rounding
 *
 * In double h = 1e-5 balances the two near 1e-10; in float nothing below 1e-3 can be told from rounding.
 */
#include "autograd/tape.h"

#include <math.h>
#include <string.h>

typedef struct check {
    ml_scalar_fn f;
    ml_tensor *const *inputs;
    int n;
    void *user;
    ml_tape *tape;
    uint64_t seed;
} check;

static ml_status value(const check *c, double *out)
{
    ml_tape_reset(c->tape);
    ml_set_stream(c->tape, c->seed, 0); /* the same dropout mask each time */
    ml_tensor *y = c->f(c->tape, c->inputs, c->n, c->user);
    if (!y || ml_tape_error(c->tape))
        return mli_fail(ML_EINVAL, "gradcheck: the function failed: %s", ml_tape_error_text(c->tape));
    if (y->size != 1)
        return mli_fail(ML_EINVAL, "gradcheck: the function gives %lld numbers, not one", (long long)y->size);
    *out = (double)y->data[0];
    return ML_OK;
}

static ml_status analytic(const check *c)
{
    ml_tape_reset(c->tape);
    ml_set_stream(c->tape, c->seed, 0);
    for (int i = 0; i < c->n; i++)
        c->inputs[i]->has_grad = false;
    ml_tensor *y = c->f(c->tape, c->inputs, c->n, c->user);
    ml_status s = ml_backward(c->tape, y);
    if (s)
        return mli_fail_in("gradcheck");
    for (int i = 0; i < c->n; i++)
        if (!c->inputs[i]->has_grad) /* unused: its gradient is zero */
            memset(c->inputs[i]->grad, 0, (size_t)c->inputs[i]->size * sizeof(ml_real));
    return ML_OK;
}

typedef struct slopes {
    double left, middle, right;
} slopes;

static ml_status element(const check *c, ml_real *x, double step, double f0, slopes *s)
{
    double below, above, held = (double)*x;
    ml_real up = (ml_real)(held + step), down = (ml_real)(held - step);
    *x = up;
    ml_status status = value(c, &above);
    *x = down;
    if (!status)
        status = value(c, &below);
    *x = (ml_real)held;
    if (status)
        return status;
    /* By the steps that were really taken: held + step is rounded. */
    s->left = (f0 - below) / (held - (double)down);
    s->right = (above - f0) / ((double)up - held);
    s->middle = (above - below) / ((double)up - (double)down);
    return ML_OK;
}

/* At a kink the derivative is any slope between left and right. On a smooth stretch the two are one but for h |f''|, so
 * this excuses nothing there. */
static bool is_between(double exact, const slopes *s, double tolerance)
{
    double slack = tolerance * fmax(1, fabs(exact));
    return exact >= fmin(s->left, s->right) - slack && exact <= fmax(s->left, s->right) + slack;
}

static ml_status check_all(const check *c, ml_gradcheck_opts o, ml_gradcheck_result *r)
{
    double f0;
    ml_status status = value(c, &f0);
    for (int i = 0; i < c->n && !status; i++) {
        ml_tensor *x = c->inputs[i];
        for (int64_t e = 0; e < x->size; e++) {
            slopes s;
            if ((status = element(c, &x->data[e], o.step, f0, &s)))
                break;
            double exact = (double)x->grad[e];
            double error = fabs(exact - s.middle) / fmax(1, fmax(fabs(exact), fabs(s.middle)));
            if (isnan(error))
                error = INFINITY; /* the worst of all */
            if (o.kink_ok && error > o.tolerance && is_between(exact, &s, o.tolerance)) {
                r->skipped++;
                continue;
            }
            r->checked++;
            if (error > r->worst || r->input < 0)
                *r = (ml_gradcheck_result){error, i, e, exact, s.middle, r->checked, r->skipped};
        }
    }
    return status;
}

ml_status ml_gradcheck(ml_scalar_fn f, ml_tensor *const *inputs, int n, void *user, ml_gradcheck_opts opts,
                       ml_gradcheck_result *result)
{
    bool fine = sizeof(ml_real) == 8;
    ml_gradcheck_result r = {.input = -1, .element = -1};
    if (!f || n < 1 || !inputs)
        return mli_fail(ML_EINVAL, "gradcheck: the function or the inputs are NULL");
    for (int i = 0; i < n; i++)
        if (!inputs[i] || !inputs[i]->requires_grad || !inputs[i]->grad)
            return mli_fail(ML_EINVAL, "gradcheck: input %d is not a leaf under ml_requires_grad", i);
    if (opts.tolerance == 0)
        opts.tolerance = fine ? 1e-6 : 2e-2;
    if (opts.step == 0)
        opts.step = fine ? 1e-5 : 1e-2;
    ml_tape *tape = ml_tape_open((ml_tape_opts){.mode = opts.mode, .kernel = opts.kernel});
    if (!tape)
        return ML_ENOMEM;
    check c = {f, inputs, n, user, tape, opts.seed};
    ml_status s = analytic(&c);
    if (!s)
        s = check_all(&c, opts, &r);
    ml_tape_free(tape);
    for (int i = 0; i < n; i++)
        inputs[i]->has_grad = false;
    if (result)
        *result = r;
    if (!s && r.worst > opts.tolerance)
        s = mli_fail(ML_EINVAL,
                     "gradcheck: input %d element %lld: backward says %.9g, the difference quotient %.9g: error %.3g "
                     "is above %.3g",
                     r.input, (long long)r.element, r.analytic, r.numeric, r.worst, opts.tolerance);
    return s;
}
