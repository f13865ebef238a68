/* lbfgs.c -- L-BFGS on the parameters of a net: the minimizer of linalg/lbfgs.c, with a closure as its function
 *
 * The parameters that train are one vector of doubles; they are rounded where the closure looks at them. A frozen one stands in
 * the vector with gradient 0, so it stays where it is as long as no remembered pair moved it: when others are frozen than in
 * the step before, the pairs are forgotten.
 * Source     linalg/lbfgs.c; torch.optim.LBFGS                                Derivation  docs/math/lbfgs.md
 */
#include "optim/optim.h"

#include "linalg/lbfgs.h"

struct mli_whole {
    mli_lbfgs *minimizer;
    double *x;
    bool *trains; /* which parameters did in the last step */
};

void mli_whole_free(mli_whole *w)
{
    if (!w)
        return;
    mli_lbfgs_free(w->minimizer);
    mli_free(w->x);
    mli_free(w->trains);
    mli_free(w);
}

static mli_whole *whole_new(const ml_params *ps, int64_t history)
{
    mli_whole *w = mli_calloc(1, sizeof *w);
    bool good = w && (w->minimizer = mli_lbfgs_new(ml_params_size(ps), history)) &&
                (w->x = mli_calloc((size_t)ml_params_size(ps), sizeof *w->x)) &&
                (w->trains = mli_calloc((size_t)ps->n, sizeof *w->trains));
    if (good)
        return w;
    mli_whole_free(w);
    return NULL;
}

/* ---- between the block of parameters and the vector ---- */

static void gather(const ml_params *ps, double *x)
{
    for (int i = 0; i < ps->n; i++)
        for (int64_t k = 0; k < ps->entries[i].x->size; k++)
            *x++ = (double)ps->entries[i].x->data[k];
}

static void scatter(ml_params *ps, const double *x)
{
    for (int i = 0; i < ps->n; i++)
        for (int64_t k = 0; k < ps->entries[i].x->size; k++)
            ps->entries[i].x->data[k] = (ml_real)*x++;
}

/* 0 where a parameter is frozen, or the loss does not depend on it. */
static void gather_gradients(const ml_params *ps, double *g)
{
    for (int i = 0; i < ps->n; i++) {
        const ml_tensor *p = ps->entries[i].x;
        for (int64_t k = 0; k < p->size; k++)
            *g++ = p->requires_grad && p->has_grad ? (double)p->grad[k] : 0;
    }
}

/* ---- the step ---- */

typedef struct closure {
    ml_params *ps;
    ml_closure_fn f;
    void *user;
} closure;

static ml_status objective(void *user, const double *x, double *value, double *gradient)
{
    const closure *c = user;
    scatter(c->ps, x);
    ml_zero_grad(c->ps);
    *value = NAN; /* a closure that sets none gets the sentence */
    ml_status s = c->f(c->user, value);
    if (!s)
        gather_gradients(c->ps, gradient);
    return s;
}

static void note_frozen(const ml_params *ps, mli_whole *w)
{
    bool same = true;
    for (int i = 0; i < ps->n; i++) {
        bool trains = ps->entries[i].x->requires_grad;
        same = same && trains == w->trains[i];
        w->trains[i] = trains;
    }
    if (!same)
        mli_lbfgs_forget(w->minimizer);
}

static ml_status step(ml_optim *opt, ml_closure_fn f, void *user, double *loss)
{
    const ml_lbfgs_opts *o = &opt->opts.lbfgs;
    mli_lbfgs_opts how = {.rate = opt->lr, .iterations = o->max_iter, .evaluations = o->max_eval, .gradient = o->tolerance_grad,
                          .change = o->tolerance_change, .curvature = 1e-10, .strong_wolfe = o->strong_wolfe};
    closure c = {opt->ps, f, user};
    mli_lbfgs_result r;
    note_frozen(opt->ps, opt->whole);
    gather(opt->ps, opt->whole->x);
    ml_status s = mli_lbfgs_run(opt->whole->minimizer, &how, objective, &c, opt->whole->x, &r);
    scatter(opt->ps, opt->whole->x); /* the objective left the last place it was tried at */
    if (!s && loss)
        *loss = r.first;
    return s;
}

static const mli_field FIELDS[] = {
    MLI_FIELD(ml_lbfgs_opts, lr, MLI_FROM_ZERO, 1),
    MLI_FIELD(ml_lbfgs_opts, max_iter, MLI_COUNT, 20),
    MLI_FIELD(ml_lbfgs_opts, max_eval, MLI_COUNT, 0),
    MLI_FIELD(ml_lbfgs_opts, history, MLI_COUNT, 100),
    MLI_FIELD(ml_lbfgs_opts, tolerance_grad, MLI_FROM_ZERO, 1e-7),
    MLI_FIELD(ml_lbfgs_opts, tolerance_change, MLI_FROM_ZERO, 1e-9),
    MLI_FIELD(ml_lbfgs_opts, strong_wolfe, MLI_FLAG, 0),
    {0},
};

const char *ml_lbfgs_check(ml_lbfgs_opts o)
{
    mli_fields_resolve(FIELDS, &o);
    const char *why = mli_fields_check("lbfgs", FIELDS, &o);
    if (!why && (o.max_iter == 0 || o.history == 0)) {
        mli_fail(ML_EINVAL, "lbfgs: max_iter is %lld and history %lld: both must be >= 1", (long long)o.max_iter,
                 (long long)o.history);
        why = ml_error();
    }
    return why;
}

ml_optim *ml_lbfgs(ml_params *ps, ml_lbfgs_opts o)
{
    if (ml_lbfgs_check(o))
        return NULL;
    mli_fields_resolve(FIELDS, &o);
    if (o.max_eval == 0)
        o.max_eval = o.max_iter + o.max_iter / 4;
    mli_rule rule = {.name = "lbfgs", .fields = FIELDS, .step = step};
    ml_optim *opt = mli_optim_new(ps, rule, (mli_opts){.lbfgs = o}, o.lr, 0);
    if (opt && !(opt->whole = whole_new(ps, o.history))) {
        ml_optim_free(opt);
        return NULL;
    }
    return opt;
}
