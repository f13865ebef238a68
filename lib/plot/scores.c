/* scores.c -- how good a model is, as a curve: ROC, calibration, importances. */
#include "plot/plot.h"

#include "base/texts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct scored {
    double score;
    int32_t label;
} scored;

static int falling(const void *a, const void *b)
{
    double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x < y) - (x > y);
}

/* Labels with their scores, for mli_free; NULL with an error noted. counts of labels 0 and 1. */
static scored *gather(ml_plot *p, const char *who, ml_ints truth, const double *score, int64_t counts[2])
{
    scored *rows = mli_calloc((size_t)truth.n, sizeof *rows);
    counts[0] = counts[1] = 0;
    if (!rows)
        mli_plot_failed(p);
    for (int64_t i = 0; rows && i < truth.n; i++) {
        if (truth.v[i] < 0 || truth.v[i] > 1 || isnan(score[i])) {
            mli_plot_fail(p, ML_EINVAL, "%s: sample %lld has label %ld and score %g: wants 0 or 1, and a number", who,
                          (long long)i, (long)truth.v[i], score[i]);
            mli_free(rows);
            return NULL;
        }
        rows[i] = (scored){score[i], truth.v[i]};
        counts[truth.v[i]]++;
    }
    return rows;
}

/* ---- ROC ---- */

/* The corners of the curve from (0, 0) to (1, 1), one for each different score; how many, and the area under it (Fawcett 2006). */
static int64_t roc_points(const scored *rows, int64_t n, const int64_t counts[2], double *x, double *y, double *area)
{
    int64_t seen[2] = {0, 0}, k = 1;
    x[0] = y[0] = *area = 0;
    for (int64_t i = 0; i < n; i++) {
        seen[rows[i].label]++;
        if (i + 1 < n && rows[i + 1].score == rows[i].score)
            continue;
        x[k] = (double)seen[0] / (double)counts[0];
        y[k] = (double)seen[1] / (double)counts[1];
        *area += (x[k] - x[k - 1]) * (y[k] + y[k - 1]) / 2;
        k++;
    }
    return k;
}

static ml_status add_roc(ml_plot *p, const char *label, scored *rows, int64_t n, const int64_t counts[2])
{
    double *x = mli_calloc((size_t)n + 1, sizeof *x), *y = mli_calloc((size_t)n + 1, sizeof *y), area;
    mli_buffer text = {0};
    ml_status s = ML_OK;
    if (x && y) {
        qsort(rows, (size_t)n, sizeof *rows, falling);
        int64_t k = roc_points(rows, n, counts, x, y, &area);
        mli_put_clean(&text, label ? label : "", "", 60);
        mli_put(&text, label ? " (area " : "area ");
        mli_put_number(&text, 'f', 3, area);
        mli_put(&text, label ? ")" : "");
        s = mli_buffer_status(&text) ? mli_plot_failed(p) : ml_plot_line(p, text.v, x, y, k);
    } else {
        s = mli_plot_failed(p);
    }
    mli_buffer_free(&text);
    mli_free(x);
    mli_free(y);
    return s;
}

ml_status ml_plot_roc(ml_plot *p, const char *label, ml_ints truth, const double *score)
{
    int64_t counts[2];
    ml_status s = mli_plot_check(p, "roc", truth.n, truth.v && score);
    if (s)
        return s;
    scored *rows = gather(p, "roc", truth, score, counts);
    if (rows && (!counts[0] || !counts[1]))
        s = mli_plot_fail(p, ML_EINVAL, "roc: %lld samples of class 0 and %lld of class 1: it wants both", (long long)counts[0],
                          (long long)counts[1]);
    else if (rows && !mli_plot_diagonal(p))
        s = add_roc(p, label, rows, truth.n, counts);
    mli_plot_labels(p, "false positive rate", "true positive rate");
    mli_free(rows);
    return s ? s : p->failed;
}

/* ---- calibration ---- */

static ml_status add_calibration(ml_plot *p, const char *label, const scored *rows, int64_t n, int64_t bins)
{
    double *sum = mli_calloc((size_t)bins * 3, sizeof *sum), *said = sum + bins, *count = sum + 2 * bins;
    ml_status s = sum ? ML_OK : mli_plot_failed(p);
    int64_t k = 0;
    for (int64_t i = 0; !s && i < n; i++) {
        if (rows[i].score < 0 || rows[i].score > 1) {
            s = mli_plot_fail(p, ML_EINVAL, "calibration: sample %lld has probability %g", (long long)i, rows[i].score);
            break;
        }
        int64_t at = (int64_t)(rows[i].score * (double)bins);
        at = at < bins ? at : bins - 1;
        said[at] += rows[i].score;
        sum[at] += rows[i].label;
        count[at]++;
    }
    for (int64_t i = 0; !s && i < bins; i++)
        if (count[i] > 0) {
            said[k] = said[i] / count[i];
            sum[k++] = sum[i] / count[i];
        }
    if (!s)
        s = ml_plot_curve(p, label, said, sum, NULL, k);
    mli_free(sum);
    return s;
}

ml_status ml_plot_calibration(ml_plot *p, const char *label, ml_ints truth, const double *probability, int64_t bins)
{
    const int64_t most = 1000;
    int64_t counts[2];
    ml_status s = mli_plot_check(p, "calibration", truth.n, truth.v && probability);
    bins = mli_given(bins, 10);
    if (s)
        return s;
    if (bins < 1 || bins > most)
        return mli_plot_fail(p, ML_EINVAL, "calibration: %lld groups: it makes 1 to %lld", (long long)bins, (long long)most);
    scored *rows = gather(p, "calibration", truth, probability, counts);
    if (rows && !mli_plot_diagonal(p))
        s = add_calibration(p, label, rows, truth.n, bins);
    mli_plot_labels(p, "mean predicted probability", "share of class 1");
    mli_free(rows);
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
