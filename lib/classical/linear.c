/* linear.c -- linear regression, ridge, lasso and elastic net
 *
 * Problem    minimize over w, b   1/(2n) sum_i s_i (y_i - x_i w - b)^2 + alpha l1_ratio |w|_1 + alpha (1 - l1_ratio)/2 |w|^2,
 *            s_i the weights of the rows, n their sum
 * Given      x (N,D), y (N), weights, alpha, l1_ratio; without an intercept b = 0
 * Returns    w (D), b; where columns depend on each other and nothing is penalized, the shortest w
 * How        x and y centred (design.h), so that b = mean(y) - mean(x) w follows in the end; then one of four solvers. The
 *            fastest that is safe: the normal equations, unless a column is nearly a sum of others, then QR
 * Paper      Legendre 1805; Hoerl, Kennard 1970; Tibshirani 1996; Zou, Hastie 2005     docs/math/linear-regression.md, lasso.md
 */
#include "classical/linear.h"

#include "classical/lines.h"
#include "io/io.h"

#include <math.h>
#include <stddef.h>

static const char *const SOLVERS[] = {"auto", "qr", "cholesky", "coordinate", "lbfgs", NULL};
static const mli_field FIELDS[] = {
    MLI_FIELD(ml_linear_opts, alpha, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_linear_opts, l1_ratio, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_linear_opts, no_intercept, MLI_FLAG, 0),
    MLI_FIELD_CHOICE(ml_linear_opts, solver, SOLVERS),
    MLI_FIELD(ml_linear_opts, max_iter, MLI_COUNT, 1000),
    MLI_FIELD(ml_linear_opts, tol, MLI_FROM_ZERO, 0), /* 0: the solver's own */
    {0}};

/* Of a column's square, what must be left when those before it took theirs: the normal equations then lose at most about five
 * digits of sixteen. */
static const double SAFE = 1e-5, HARDLY = 1e-13;

static const char *check(const ml_learner *learner)
{
    const ml_linear_opts *o = &learner->opts.linear;
    const char *solver = SOLVERS[o->solver];
    if (o->l1_ratio > 1)
        mli_fail(ML_EINVAL, "linear: l1_ratio is %g: it must be in 0 .. 1", o->l1_ratio);
    else if (o->max_iter < 1)
        mli_fail(ML_EINVAL, "linear: max_iter is 0: it must be at least 1");
    else if (o->alpha > 0 && o->l1_ratio > 0 && o->solver != ML_LINEAR_AUTO && o->solver != ML_LINEAR_COORDINATE)
        mli_fail(ML_EINVAL, "linear: solver %s knows no l1 part, and l1_ratio is %g: coordinate does", solver, o->l1_ratio);
    else
        return NULL;
    return ml_error();
}

/* ---- the problem ---- */

/* p->y from the data: less its mean where there is an intercept, and divided by a power of two, *scale, that brings it near 1. */
static ml_status centre(mli_linear *p, const ml_xy *data, double *mean, double *scale)
{
    const double *weight = data->weight.v, *y = data->y.v, origin = y[0];
    double sum = 0, most = 0;
    int power = 0;
    for (int64_t i = 0; i < data->y.n; i++)
        sum += (weight ? weight[i] : 1) * (y[i] - origin);
    *mean = p->opts->no_intercept ? 0 : origin + sum / p->design.total;
    for (int64_t i = 0; i < data->y.n; i++)
        most = fmax(most, fabs(p->y[i] = y[i] - *mean));
    if (!isfinite(*mean) || !isfinite(most))
        return mli_fail(ML_EINVAL, "linear: y reaches to %g: the spread does not fit a double", y[0]);
    frexp(most, &power);
    *scale = ldexp(1, power < -1000 ? -1000 : power);
    for (int64_t i = 0; i < data->y.n; i++)
        p->y[i] /= *scale;
    return ML_OK;
}

static ml_status penalize(mli_linear *p, double scale)
{
    double whole = p->opts->alpha * p->design.total, most = whole;
    for (int64_t j = 0; j < p->design.x.columns; j++) {
        double inverse = p->design.inverse[j];
        p->l1[j] = whole * p->opts->l1_ratio * inverse / scale;
        p->l2[j] = whole * (1 - p->opts->l1_ratio) * inverse * inverse;
        most = fmax(most, fmax(p->l1[j], p->l2[j]));
    }
    return most < INFINITY ? ML_OK : mli_fail(ML_EINVAL, "linear: alpha is %g: beside these features and y the penalty does not fit "
                                              "a double", p->opts->alpha);
}

static ml_status solve(mli_linear *p, bool l1, char *const *name)
{
    int64_t column = -1;
    char shown[MLI_SHOWN];
    ml_status s;
    switch (p->opts->solver) {
    case ML_LINEAR_QR:
        return mli_linear_qr(p);
    case ML_LINEAR_COORDINATE:
        return mli_linear_coordinate(p);
    case ML_LINEAR_LBFGS:
        return mli_linear_lbfgs(p);
    case ML_LINEAR_CHOLESKY:
        s = mli_linear_cholesky(p, HARDLY, &column);
        if (column >= 0)
            return mli_fail(ML_EINVAL, "linear: feature '%s' is a sum of those before it, so the normal equations have no single "
                            "answer: solver qr finds the shortest, and alpha > 0 makes it single", mli_shown(name[column], shown));
        return s;
    case ML_LINEAR_AUTO:
        break;
    }
    if (l1)
        return mli_linear_coordinate(p);
    if (p->design.x.rows <= p->design.x.columns && p->opts->alpha == 0)
        return mli_linear_qr(p);
    s = mli_linear_cholesky(p, SAFE, &column);
    return column >= 0 ? mli_linear_qr(p) : s;
}

static ml_status fit(ml_model *m, const ml_xy *data)
{
    const ml_linear_opts *o = &m->learner.opts.linear;
    int64_t n = data->x.rows, d = data->x.columns;
    double mean = 0, scale = 1;
    mli_linear p = {.opts = o, .steps = 1, .settled = true};
    mli_lines *l = m->state = mli_lines_new(1, d);
    p.l1 = mli_calloc((size_t)(3 * d + 1), sizeof *p.l1);
    p.y = mli_alloc((size_t)n * sizeof *p.y);
    ml_status s = l && p.l1 && p.y ? ML_OK : ML_ENOMEM;
    if (!s && mli_design_init(&p.design, &data->x, data->weight.v, !o->no_intercept))
        s = mli_fail_in("linear");
    if (!s)
        s = centre(&p, data, &mean, &scale);
    if (!s) {
        p.l2 = p.l1 + d, p.u = p.l2 + d;
        s = penalize(&p, scale);
    }
    if (!s)
        s = solve(&p, o->alpha > 0 && o->l1_ratio > 0, m->name);
    if (!s) {
        l->steps = p.steps, l->settled = p.settled;
        s = mli_lines_take(l, &p.design, p.u, scale, mean, "linear");
    }
    mli_design_free(&p.design);
    mli_free(p.l1);
    mli_free(p.y);
    return s;
}

static ml_status predict(const ml_model *m, const ml_matrix *x, double *out)
{
    mli_lines_scores(m->state, x, out);
    return ML_OK;
}

static ml_status load(ml_model *m, mli_store *s, const char *at)
{
    return m->classes ? mli_store_fail(s, at, "classes", "is %ld, of a linear model", (long)m->classes) : mli_lines_load(m, 1, s, at);
}

const ml_learner_kind mli_linear_kind = {.name = "linear",
                                         .fields = FIELDS,
                                         .notices = true, /* mli_design_init does */
                                         .regresses = true,
                                         .check = check,
                                         .fit = fit,
                                         .predict = predict,
                                         .save = mli_lines_save,
                                         .load = load,
                                         .free = mli_lines_free};
