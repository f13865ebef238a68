/* report_scores.c -- which scores a report has, and what they are on a draw of the samples.
 *
 * A draw is copied out, row by row, and goes to the very functions that everybody calls: so a report's numbers are theirs.
 */
#include "metrics/report.h"

#include <math.h>
#include <string.h>

static const mli_scorer of_classes[] = {
    {"accuracy", false, true, false, false},
    {"balanced_accuracy", false, true, false, false},
    {"f1_macro", false, true, false, false},
    {"roc_auc", false, true, true, true},
    {"average_precision", false, true, true, true},
    {"brier", true, false, true, true},
    {"log_loss", true, false, true, false},
};
static const mli_scorer of_numbers[] = {
    {"rmse", true, false, false, false},
    {"mae", true, false, false, false},
    {"r2", false, false, false, false},
};

/* ---- what is given ---- */

static ml_status check_labels(const char *who, ml_ints label, int64_t n, int32_t classes)
{
    if (label.n != n || !label.v)
        return mli_fail(ML_EINVAL, "report: %s has %lld labels of %lld samples", who, (long long)(label.v ? label.n : 0), (long long)n);
    for (int64_t i = 0; i < n; i++)
        if (label.v[i] < 0 || label.v[i] >= classes)
            return mli_fail(ML_EINVAL, "report: %s: sample %lld has the label %ld: outside 0 .. %ld", who, (long long)i, (long)label.v[i],
                            (long)classes - 1);
    return ML_OK;
}

static ml_status check_numbers(const char *who, ml_doubles y, int64_t n)
{
    if (y.n != n || !y.v)
        return mli_fail(ML_EINVAL, "report: %s has %lld numbers of %lld samples", who, (long long)(y.v ? y.n : 0), (long long)n);
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(y.v[i]))
            return mli_fail(ML_EINVAL, "report: %s: sample %lld is %g: it must be finite", who, (long long)i, y.v[i]);
    return ML_OK;
}

/* Rows of probabilities, by asking for their log loss, which checks them. */
static ml_status check_probabilities(const char *who, const mli_case *c, ml_scores p)
{
    double loss;
    if (p.columns != c->classes)
        return mli_fail(ML_EINVAL, "report: %s has %ld columns of probabilities for %ld classes", who, (long)p.columns, (long)c->classes);
    if (ml_log_loss(c->truth.label, p, &loss)) {
        mli_fail_in(who);
        return mli_fail_in("report");
    }
    return ML_OK;
}

/* The class of largest probability, of equals the first; for mli_free. */
static int32_t *most_probable(ml_scores p)
{
    int32_t *label = mli_alloc((size_t)p.rows * sizeof *label);
    for (int64_t i = 0; label && i < p.rows; i++) {
        label[i] = 0;
        for (int32_t k = 1; k < p.columns; k++)
            if (p.v[i * p.columns + k] > p.v[i * p.columns + label[i]])
                label[i] = k;
    }
    return label;
}

static ml_status check_model(mli_case *c, int m, int32_t **made)
{
    const char *who = m ? "the other model" : "the model";
    ml_outcome *o = &c->model[m];
    if (!c->classes)
        return check_numbers(who, o->y, c->n);
    if (o->p.v && check_probabilities(who, c, o->p))
        return ml_error_status();
    if (o->p.v && !o->label.v) {
        *made = most_probable(o->p);
        if (!*made)
            return ML_ENOMEM;
        o->label = (ml_ints){*made, c->n};
    }
    return check_labels(who, o->label, c->n, c->classes);
}

/* As many as the largest label of anybody, or the columns of probabilities, have it; at least two. */
static int32_t classes_of(const mli_case *c)
{
    int32_t classes = 2;
    for (int m = -1; m < c->models; m++) {
        const ml_outcome *o = m < 0 ? &c->truth : &c->model[m];
        for (int64_t i = 0; o->label.v && i < o->label.n; i++)
            classes = o->label.v[i] >= classes ? o->label.v[i] + (o->label.v[i] < INT32_MAX) : classes;
        classes = m >= 0 && o->p.v && o->p.columns > classes ? o->p.columns : classes;
    }
    return classes;
}

static void choose_scorers(mli_case *c)
{
    const mli_scorer *all = c->classes ? of_classes : of_numbers;
    const size_t n = c->classes ? sizeof of_classes / sizeof *of_classes : sizeof of_numbers / sizeof *of_numbers;
    bool probabilities = true;
    for (int m = 0; m < c->models; m++)
        probabilities &= c->model[m].p.v != NULL;
    for (size_t k = 0; k < n; k++)
        if ((!all[k].probabilities || probabilities) && (!all[k].binary || c->classes == 2))
            c->scorer[c->scorers++] = &all[k];
}

ml_status mli_case_of(mli_case *c, const ml_outcome *truth, const ml_outcome *model, const ml_outcome *other, int32_t *made[2])
{
    enum { MOST_CLASSES = 10000 };
    *c = (mli_case){.truth = *truth, .model = {*model, *other}, .models = other->label.v || other->p.v || other->y.v ? 2 : 1};
    if (!truth->label.v == !truth->y.v || truth->p.v)
        return mli_fail(ML_EINVAL, "report: the truth is either labels or numbers, and has no probabilities");
    c->n = truth->label.v ? truth->label.n : truth->y.n;
    if (c->n < 1)
        return mli_fail(ML_EINVAL, "report: of %lld samples", (long long)c->n);
    if (truth->label.v) {
        c->classes = classes_of(c);
        if (c->classes > MOST_CLASSES)
            return mli_fail(ML_EINVAL, "report: labels go up to %ld classes: at most %d", (long)c->classes, (int)MOST_CLASSES);
    }
    ml_status s = c->classes ? check_labels("the truth", truth->label, c->n, c->classes) : check_numbers("the truth", truth->y, c->n);
    for (int m = 0; !s && m < c->models; m++)
        s = check_model(c, m, &made[m]);
    choose_scorers(c);
    return s;
}

/* ---- a draw ---- */

ml_status mli_draw_new(mli_draw *d, const mli_case *c)
{
    const size_t n = (size_t)c->n, k = (size_t)c->classes;
    size_t numbers;
    *d = (mli_draw){0};
    if (!mli_mul_size(n, k > 1 ? k : 1, &numbers) || !mli_mul_size(numbers, sizeof *d->numbers, &numbers))
        return mli_fail(ML_ENOMEM, "report: %lld samples of %ld classes do not fit", (long long)c->n, (long)c->classes);
    d->rows = mli_alloc(n * sizeof *d->rows);
    d->truth = mli_alloc(n * sizeof *d->truth);
    d->label = mli_alloc(n * sizeof *d->label);
    d->y = mli_alloc(n * sizeof *d->y);
    d->numbers = mli_alloc(numbers);
    d->counts = mli_alloc(k * k * sizeof *d->counts);
    d->each = mli_alloc(k * sizeof *d->each);
    if (d->rows && d->truth && d->label && d->y && d->numbers && d->counts && d->each)
        return ML_OK;
    mli_draw_free(d);
    return ML_ENOMEM;
}

void mli_draw_free(mli_draw *d)
{
    mli_free(d->rows);
    mli_free(d->truth);
    mli_free(d->label);
    mli_free(d->y);
    mli_free(d->numbers);
    mli_free(d->counts);
    mli_free(d->each);
    *d = (mli_draw){0};
}

static ml_status number_scores(mli_draw *d, const mli_case *c, int m, double *score)
{
    ml_regression_score s;
    for (int64_t i = 0; i < c->n; i++) {
        d->y[i] = c->truth.y.v[d->rows[i]];
        d->numbers[i] = c->model[m].y.v[d->rows[i]];
    }
    if (ml_regression_scores((ml_doubles){d->y, c->n}, (ml_doubles){d->numbers, c->n}, (ml_doubles){0}, &s))
        return ml_error_status();
    score[0] = s.rmse;
    score[1] = s.mae;
    score[2] = s.r2;
    return ML_OK;
}

/* The mean F1 of the classes that are true of a sample or said of one: others are not there to be found. */
static ml_status f1_macro(mli_draw *d, int32_t classes, double *f1)
{
    double sum = 0, there = 0;
    if (ml_class_scores(d->counts, classes, d->each))
        return ml_error_status();
    for (int64_t k = 0; k < classes; k++) {
        int64_t said = 0;
        for (int64_t i = 0; i < classes; i++)
            said += d->counts[i * classes + k];
        sum += d->each[k].f1;
        there += d->each[k].support > 0 || said > 0;
    }
    *f1 = sum / there;
    return ML_OK;
}

static ml_status label_scores(mli_draw *d, const mli_case *c, int m, double *score)
{
    for (int64_t i = 0; i < c->n; i++) {
        d->truth[i] = c->truth.label.v[d->rows[i]];
        d->label[i] = c->model[m].label.v[d->rows[i]];
    }
    const ml_ints truth = {d->truth, c->n}, label = {d->label, c->n};
    ml_status s = ml_accuracy(truth, label, &score[0]);
    if (!s)
        s = ml_confusion(truth, label, c->classes, d->counts);
    if (!s)
        s = ml_balanced_accuracy(d->counts, c->classes, &score[1]);
    return s ? s : f1_macro(d, c->classes, &score[2]);
}

static ml_status probability_scores(mli_draw *d, const mli_case *c, int m, double *score)
{
    const ml_scores given = c->model[m].p, p = {d->numbers, c->n, c->classes};
    const ml_ints truth = {d->truth, c->n};
    int64_t ones = 0;
    for (int64_t i = 0; i < c->n; i++) {
        memcpy(d->numbers + i * c->classes, given.v + d->rows[i] * c->classes, (size_t)c->classes * sizeof *d->numbers);
        ones += d->truth[i] == 1;
    }
    ml_status s = ML_OK;
    for (int k = 3; !s && k < c->scorers; k++) {
        const char *name = c->scorer[k]->name;
        score[k] = NAN;
        if (strcmp(name, "log_loss") == 0)
            s = ml_log_loss(truth, p, &score[k]);
        else if (strcmp(name, "brier") == 0)
            s = ml_brier_score(truth, p, &score[k]);
        else if (ones > 0 && ones < c->n) /* a curve wants both classes */
            s = strcmp(name, "roc_auc") == 0 ? ml_roc_auc(truth, p, (ml_auc_opts){0}, &score[k])
                                             : ml_average_precision(truth, p, &score[k]);
    }
    return s;
}

ml_status mli_draw_scores(mli_draw *d, const mli_case *c, int m, double *score)
{
    if (!c->classes)
        return number_scores(d, c, m, score);
    if (label_scores(d, c, m, score))
        return ml_error_status();
    return c->scorers > 3 ? probability_scores(d, c, m, score) : ML_OK;
}
