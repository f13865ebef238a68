/* logistic.c -- logistic regression, and softmax regression for more than two classes
 *
 * Problem    minimize over w, b   C sum_i s_i loss(label_i, w x_i + b) + l1_ratio |w|_1 + (1 - l1_ratio)/2 |w|^2,
 *            s_i the weight of the row times that of its class
 * Given      x (N,D), labels, weights, C, l1_ratio; without intercepts b = 0
 * Returns    w (1,D), b (1) of two classes: the score of class 1; w (K,D), b (K) of more: b sums to 0, and so does each column of w
 *            but for an l1 part
 * How        on centred and scaled columns (design.h), so that no solver meets units; the penalty remains that of w. Newton's steps
 *            where coefficients are few, else L-BFGS; with an l1 part, coordinate descent on Newton's parabolas
 * No answer  C = INFINITY and classes that a plane parts: the larger w, the less the loss; an error
 * Paper      Cox 1958; Nelder, Wedderburn 1972; Friedman, Hastie, Tibshirani 2010   docs/math/logistic-regression.md
 */
#include "classical/logistic.h"

#include "classical/lines.h"
#include "linalg/lbfgs.h"

#include <math.h>
#include <stddef.h>

static const char *const SOLVERS[] = {"auto", "lbfgs", "newton", "coordinate", NULL};
static const mli_field FIELDS[] = {
    MLI_FIELD(ml_logistic_opts, C, MLI_NUMBER, 1),
    MLI_FIELD(ml_logistic_opts, l1_ratio, MLI_FROM_ZERO, 0),
    MLI_FIELD(ml_logistic_opts, no_intercept, MLI_FLAG, 0),
    MLI_FIELD(ml_logistic_opts, balanced, MLI_FLAG, 0),
    MLI_FIELD_CHOICE(ml_logistic_opts, solver, SOLVERS),
    MLI_FIELD(ml_logistic_opts, max_iter, MLI_COUNT, 100),
    MLI_FIELD(ml_logistic_opts, tol, MLI_FROM_ZERO, 1e-8),
    {0}};

/* Up to FEW coefficients a Hessian costs no more than the passes that it saves; up to MANY it is still there to help. */
enum { FEW = 48, MANY = 512 };

static const char *check(const ml_learner *learner)
{
    const ml_logistic_opts *o = &learner->opts.logistic;
    if (!(o->C > 0))
        mli_fail(ML_EINVAL, "logistic: C is %g: it must be above 0", o->C);
    else if (o->l1_ratio > 1)
        mli_fail(ML_EINVAL, "logistic: l1_ratio is %g: it must be in 0 .. 1", o->l1_ratio);
    else if (o->max_iter < 1)
        mli_fail(ML_EINVAL, "logistic: max_iter is 0: it must be at least 1");
    else if (o->l1_ratio > 0 && (o->solver == ML_LOGISTIC_LBFGS || o->solver == ML_LOGISTIC_NEWTON))
        mli_fail(ML_EINVAL, "logistic: solver %s knows no l1 part, and l1_ratio is %g: coordinate does", SOLVERS[o->solver],
                 o->l1_ratio);
    else
        return NULL;
    return ml_error();
}

/* ---- the problem ---- */

static ml_status check_class_weights(const double *v, int32_t classes)
{
    for (int32_t k = 0; v && k < classes; k++)
        if (!(v[k] >= 0 && v[k] < INFINITY))
            return mli_fail(ML_EINVAL, "logistic: the weight of class %ld is %g: it must be a number >= 0", (long)k, v[k]);
    return ML_OK;
}

/* Weights become shares of their sum, *total. */
static ml_status share_out(const mli_logistic *p, const ml_xy *data, double *total)
{
    int32_t one = -1, other = -1;
    *total = 0;
    for (int64_t i = 0; i < data->x.rows; i++) {
        *total += p->share[i];
        if (p->share[i] > 0 && one < 0)
            one = data->label.v[i];
        else if (p->share[i] > 0 && data->label.v[i] != one)
            other = data->label.v[i];
    }
    if (one < 0 || !isfinite(*total))
        return mli_fail(ML_EINVAL, "logistic: the weights of the rows, times those of their classes, sum to %g", *total);
    if (other < 0)
        return mli_fail(ML_EINVAL, "logistic: all rows that count are of class %ld: there is nothing to tell it from", (long)one);
    for (int64_t i = 0; i < data->x.rows; i++)
        p->share[i] /= *total;
    return ML_OK;
}

static ml_status penalize(const mli_logistic *p, double total)
{
    double whole = 1 / (p->opts->C * total), most = whole;
    for (int64_t j = 0; j + 1 < p->width; j++) {
        double inverse = p->design.inverse[j];
        p->l1[j] = whole * p->opts->l1_ratio * inverse;
        p->l2[j] = whole * (1 - p->opts->l1_ratio) * inverse * inverse;
        most = fmax(most, fmax(p->l1[j], p->l2[j]));
    }
    return most < INFINITY ? ML_OK : mli_fail(ML_EINVAL, "logistic: C is %g: beside these features the penalty does not fit a double",
                                              p->opts->C);
}

static ml_status by_lbfgs(mli_logistic *p, double *u)
{
    enum { HISTORY = 20 };
    const mli_lbfgs_opts opts = {.rate = 1,
                                 .iterations = p->opts->max_iter,
                                 .evaluations = 2 * p->opts->max_iter + 20,
                                 .gradient = p->opts->tol,
                                 .change = 1e-18, /* a value that stands still */
                                 .strong_wolfe = true};
    mli_lbfgs_result r;
    mli_lbfgs *m = mli_lbfgs_new(p->k * p->width, HISTORY);
    ml_status s = m ? mli_lbfgs_run(m, &opts, mli_logistic_objective, p, u, &r) : ML_ENOMEM;
    mli_lbfgs_free(m);
    if (s)
        return s;
    p->steps = r.iterations;
    p->settled = r.end == MLI_LBFGS_GRADIENT || r.end == MLI_LBFGS_CHANGE;
    return ML_OK;
}

/* L-BFGS where there are more than a few coefficients; if columns nearly depend on each other it may not come to an end. */
static ml_status by_either(mli_logistic *p, double *u)
{
    int64_t size = p->k * p->width;
    ml_status s = size <= FEW ? ML_OK : by_lbfgs(p, u);
    return s || p->settled || size > MANY ? s : mli_logistic_newton(p, u, false);
}

static ml_status solve(mli_logistic *p, double *u)
{
    bool l1 = p->opts->l1_ratio > 0 && p->opts->C < INFINITY;
    switch (p->opts->solver) {
    case ML_LOGISTIC_LBFGS:
        return by_lbfgs(p, u);
    case ML_LOGISTIC_NEWTON:
        return mli_logistic_newton(p, u, false);
    case ML_LOGISTIC_COORDINATE:
        return mli_logistic_newton(p, u, l1);
    case ML_LOGISTIC_AUTO:
        break;
    }
    return l1 ? mli_logistic_newton(p, u, true) : by_either(p, u);
}

/* n numbers a class: their sum over the classes becomes 0. */
static void sum_to_zero(double *v, int64_t k, int64_t n)
{
    for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t c = 0; c < k; c++)
            sum += v[c * n + j];
        for (int64_t c = 0; c < k; c++)
            v[c * n + j] -= sum / (double)k;
    }
}

/* ---- classes that a plane parts ---- */

/* Whether each row that counts has the largest score, with nothing beside it, for its own class. */
static bool is_parted(const mli_lines *l, const mli_logistic *p, const double *z)
{
    for (int64_t i = 0; i < p->design.x.rows; i++, z += l->k) {
        int32_t own = p->label[i];
        bool right = l->k > 1 || (own == 1 ? z[0] > 0 : z[0] < 0);
        for (int64_t c = 0; c < l->k && l->k > 1; c++)
            right = right && (c == own || z[own] > z[c]);
        if (p->share[i] > 0 && !right)
            return false;
    }
    return true;
}

static ml_status refuse_parted(const mli_lines *l, const mli_logistic *p, const ml_matrix *x)
{
    double *z = mli_alloc((size_t)(x->rows * l->k) * sizeof *z);
    if (!z)
        return ML_ENOMEM;
    mli_lines_scores(l, x, z);
    bool parted = is_parted(l, p, z);
    mli_free(z);
    if (!parted)
        return ML_OK;
    return mli_fail(ML_EINVAL, "logistic: the features part the classes of all %lld rows without a mistake, so without a penalty the "
                    "coefficients grow for ever: give a finite C", (long long)x->rows);
}

/* ---- the learner ---- */

static ml_status fit_problem(mli_logistic *p, mli_lines *l, const ml_xy *data, double *u)
{
    double total;
    ml_status s = check_class_weights(p->opts->class_weight, data->classes);
    if (!s)
        s = mli_row_weights(data, p->opts->balanced, p->opts->class_weight, p->share);
    if (!s)
        s = share_out(p, data, &total);
    if (!s && mli_design_init(&p->design, &data->x, p->share, !p->opts->no_intercept))
        s = mli_fail_in("logistic");
    if (!s)
        s = penalize(p, total);
    if (!s)
        s = solve(p, u);
    if (s)
        return s;
    l->steps = p->steps, l->settled = p->settled;
    s = mli_lines_take(l, &p->design, u, 1, 0, "logistic");
    /* All classes' scores may rise together, where no penalty holds them. */
    if (p->k > 1)
        sum_to_zero(l->intercept, l->k, 1);
    if (p->k > 1 && p->opts->C == INFINITY)
        sum_to_zero(l->w, l->k, l->d);
    return s || p->opts->C < INFINITY ? s : refuse_parted(l, p, &data->x);
}

static int64_t rows_of(int32_t classes)
{
    return classes == 2 ? 1 : classes;
}

static ml_status fit(ml_model *m, const ml_xy *data)
{
    int64_t d = data->x.columns;
    mli_logistic p = {.opts = &m->learner.opts.logistic, .label = data->label.v, .k = rows_of(data->classes), .width = d + 1};
    mli_lines *l = m->state = mli_lines_new(p.k, d);
    double *u = l ? mli_calloc((size_t)p.k, (size_t)p.width * sizeof *u) : NULL;
    p.share = mli_alloc((size_t)data->x.rows * sizeof *p.share);
    p.l1 = mli_calloc(2 * (size_t)d, sizeof *p.l1);
    p.l2 = p.l1 ? p.l1 + d : NULL;
    ml_status s = u && p.share && p.l1 ? fit_problem(&p, l, data, u) : ML_ENOMEM;
    mli_design_free(&p.design);
    mli_free(p.share);
    mli_free(p.l1);
    mli_free(u);
    return s;
}

static ml_status predict(const ml_model *m, const ml_matrix *x, double *out)
{
    const mli_lines *l = m->state;
    mli_lines_scores(l, x, out);
    if (l->k == 1)
        mli_logistic_two(out, x->rows);
    else
        mli_logistic_softmax(out, x->rows, l->k);
    return ML_OK;
}

static ml_status load(ml_model *m, mli_store *s, const char *at)
{
    return m->classes < 2 ? mli_store_fail(s, at, "classes", "is %ld, of a logistic model", (long)m->classes)
                          : mli_lines_load(m, rows_of(m->classes), s, at);
}

const ml_learner_kind mli_logistic_kind = {.name = "logistic",
                                           .fields = FIELDS,
                                           .notices = true, /* mli_design_init does */
                                           .classifies = true,
                                           .check = check,
                                           .fit = fit,
                                           .predict = predict,
                                           .save = mli_lines_save,
                                           .load = load,
                                           .free = mli_lines_free};
