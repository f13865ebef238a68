/* scores.c -- how good a model is, as a curve: ROC, calibration, importances. */
#include "plot/plot.h"

#include <mlcore/metrics.h>

#include <math.h>
#include <stdlib.h>

/* A curve of metrics over the diagonal. Takes c, whose NULL is an error that is set. */
static ml_status add_curve(ml_plot *p, const char *label, ml_curve *c, bool points)
{
    ml_status s = c ? mli_plot_diagonal(p) : mli_plot_failed(p);
    if (!s)
        s = points ? ml_plot_curve(p, label, c->x, c->y, NULL, c->n) : ml_plot_line(p, label, c->x, c->y, c->n);
    ml_curve_free(c);
    return s;
}

/* ---- ROC ---- */

static ml_status add_roc(ml_plot *p, const char *label, ml_ints truth, ml_scores scores)
{
    double area;
    mli_buffer text = {0};
    if (ml_roc_auc(truth, scores, (ml_auc_opts){0}, &area))
        return mli_plot_failed(p);
    mli_put_clean(&text, label ? label : "", "", 60);
    mli_put(&text, label ? " (area " : "area ");
    mli_put_number(&text, 'f', 3, area);
    mli_put(&text, label ? ")" : "");
    ml_status s = mli_buffer_status(&text) ? mli_plot_failed(p) : add_curve(p, text.v, ml_roc_curve(truth, scores), false);
    mli_buffer_free(&text);
    return s;
}

ml_status ml_plot_roc(ml_plot *p, const char *label, ml_ints truth, const double *score)
{
    ml_status s = mli_plot_check(p, "roc", truth.n, truth.v && score);
    if (s)
        return s;
    s = add_roc(p, label, truth, (ml_scores){score, truth.n, 1});
    mli_plot_labels(p, "false positive rate", "true positive rate");
    return s ? s : p->failed;
}

/* ---- calibration ---- */

ml_status ml_plot_calibration(ml_plot *p, const char *label, ml_ints truth, const double *probability, int64_t bins)
{
    const int64_t most = 1000;
    ml_status s = mli_plot_check(p, "calibration", truth.n, truth.v && probability);
    bins = mli_given(bins, 10);
    if (s)
        return s;
    if (bins < 1 || bins > most)
        return mli_plot_fail(p, ML_EINVAL, "calibration: %lld groups: it makes 1 to %lld", (long long)bins, (long long)most);
    s = add_curve(p, label, ml_calibration_curve(truth, (ml_scores){probability, truth.n, 1}, (int32_t)bins, false), true);
    mli_plot_labels(p, "mean predicted probability", "share of class 1");
    return s ? s : p->failed;
}

/* ---- importances ---- */

typedef struct ranked {
    double v;
    int64_t i;
} ranked;

/* The largest first, what is not a number last; of equal ones the first stays first. */
static int by_importance(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    double u = isnan(x->v) ? (double)-INFINITY : x->v, v = isnan(y->v) ? (double)-INFINITY : y->v;
    return u != v ? (u < v) - (u > v) : (x->i > y->i) - (x->i < y->i);
}

static void add_importances(ml_plot *p, const ranked *rank, const char *const *names, const double *spread, int64_t n)
{
    const char **shown = mli_calloc((size_t)n, sizeof *shown);
    double *v = mli_calloc((size_t)n, sizeof *v);
    if (!shown || !v)
        mli_plot_failed(p);
    for (int64_t i = 0; shown && v && i < n; i++) {
        shown[i] = names ? names[rank[i].i] : NULL;
        v[i] = rank[i].v;
    }
    if (shown && v)
        ml_plot_bars(p, NULL, names ? shown : NULL, v, n);
    mli_layer *l = spread && !p->failed ? mli_plot_layer(p, MLI_SEGMENTS, MLI_INK, NULL, n) : NULL;
    for (int64_t i = 0; l && i < n; i++) {
        double *to = l->v + 4 * i, wide = spread[rank[i].i];
        to[0] = v[i] - wide;
        to[2] = v[i] + wide;
        to[1] = to[3] = (double)(i + 1);
    }
    mli_free(shown);
    mli_free(v);
}

ml_status ml_plot_importances(ml_plot *p, const char *const *names, const double *v, const double *spread, int64_t n,
                              int64_t most)
{
    ml_status s = mli_plot_check(p, "importances", n, v);
    most = mli_given(most, 20);
    if (s)
        return s;
    if (p->layer || most < 1)
        return mli_plot_fail(p, ML_EINVAL, "importances: it wants a plot of its own, and at least 1 bar, not %lld",
                             (long long)most);
    ranked *rank = mli_calloc((size_t)n, sizeof *rank);
    if (!rank)
        return mli_plot_failed(p);
    for (int64_t i = 0; i < n; i++)
        rank[i] = (ranked){v[i], i};
    qsort(rank, (size_t)n, sizeof *rank, by_importance);
    p->opts.horizontal = p->y_down = true;
    add_importances(p, rank, names, spread, n < most ? n : most);
    mli_plot_labels(p, "importance", NULL);
    mli_free(rank);
    return p->failed;
}
