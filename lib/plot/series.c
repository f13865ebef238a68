/* series.c -- lines, points, bars, distributions: what several of may share a plot. */
#include "plot/plot.h"

#include "base/texts.h"

#include <math.h>
#include <string.h>

enum { MOST_LINE = 8000, STRETCHES = 4000, MOST_POINTS = 20000, CURVE_POINTS = 256, MOST_MARKS = 40 };

static bool gap(double v)
{
    return !(fabs(v) <= 1e300);
}

static void put(mli_layer *l, int64_t at, const double *x, const double *y, int64_t i)
{
    l->v[2 * at] = x ? x[i] : (double)(i + 1);
    l->v[2 * at + 1] = y[i];
}

/* Of each stretch its least and its most, in their order; a gap is kept as one. */
static void thin(mli_layer *l, const double *x, const double *y, int64_t n)
{
    for (int64_t k = 0; k < STRETCHES; k++) {
        int64_t begin = k * n / STRETCHES, end = (k + 1) * n / STRETCHES, least = begin, most = begin;
        for (int64_t i = begin; i < end; i++) {
            if (gap(y[i])) {
                least = i;
                break;
            }
            least = y[i] < y[least] ? i : least;
            most = y[i] > y[most] ? i : most;
        }
        put(l, 2 * k, x, y, least < most ? least : most);
        put(l, 2 * k + 1, x, y, least < most ? most : least);
    }
}

static ml_status add_line(ml_plot *p, int colour, const char *label, const double *x, const double *y, int64_t n)
{
    mli_layer *l = mli_plot_layer(p, MLI_LINE, colour, label, n > MOST_LINE ? 2 * STRETCHES : n);
    if (!l)
        return p->failed;
    if (n > MOST_LINE)
        thin(l, x, y, n);
    else
        for (int64_t i = 0; i < n; i++)
            put(l, i, x, y, i);
    return ML_OK;
}

static ml_status add_points(ml_plot *p, int colour, const char *label, const double *x, const double *y, int64_t n)
{
    int64_t step = n / MOST_POINTS + (n % MOST_POINTS > 0);
    step = step > 1 ? step : 1;
    mli_layer *l = mli_plot_layer(p, MLI_POINTS, colour, label, (n + step - 1) / step);
    for (int64_t i = 0; l && i < l->n; i++)
        put(l, i, x, y, i * step);
    return l ? ML_OK : p->failed;
}

ml_status ml_plot_line(ml_plot *p, const char *label, const double *x, const double *y, int64_t n)
{
    ml_status s = mli_plot_check(p, "line", n, y);
    if (s)
        return s;
    p->counted |= !x;
    return add_line(p, p->series++, label, x, y, n);
}

ml_status ml_plot_points(ml_plot *p, const char *label, const double *x, const double *y, int64_t n)
{
    ml_status s = mli_plot_check(p, "points", n, y);
    if (s)
        return s;
    p->counted |= !x;
    return add_points(p, p->series++, label, x, y, n);
}

ml_status ml_plot_curve(ml_plot *p, const char *label, const double *x, const double *y, const double *spread, int64_t n)
{
    ml_status s = mli_plot_check(p, "curve", n, y);
    if (s)
        return s;
    int colour = p->series++;
    p->counted |= !x;
    mli_layer *band = spread ? mli_plot_layer(p, MLI_AREA, colour, NULL, n) : NULL;
    for (int64_t i = 0; band && i < n; i++) {
        band->v[3 * i] = x ? x[i] : (double)(i + 1);
        band->v[3 * i + 1] = y[i] - spread[i];
        band->v[3 * i + 2] = y[i] + spread[i];
    }
    if (!p->failed && !add_line(p, colour, label, x, y, n) && n <= MOST_MARKS)
        add_points(p, colour, NULL, x, y, n);
    return p->failed;
}

ml_status ml_plot_bars(ml_plot *p, const char *label, const char *const *names, const double *v, int64_t n)
{
    ml_status s = mli_plot_check(p, "bars", n, v);
    mli_names *axis = p && p->opts.horizontal ? &p->y_names : p ? &p->x_names : NULL;
    if (s || mli_plot_names(p, axis, names, n))
        return s ? s : p->failed;
    mli_layer *l = mli_plot_layer(p, MLI_BARS, p->series++, label, n);
    if (!l)
        return p->failed;
    if (n)
        memcpy(l->v, v, (size_t)n * sizeof *v);
    if (p->opts.horizontal)
        p->x_zero = true;
    else
        p->y_zero = true;
    return ML_OK;
}

/* ---- distributions ---- */

/* The values with NaN for gaps, for mli_free; NULL where memory lacks, which is noted. */
static double *without_gaps(ml_plot *p, const double *v, int64_t n)
{
    double *copy = mli_alloc((size_t)n * sizeof *copy);
    if (!copy)
        mli_plot_failed(p);
    for (int64_t i = 0; copy && i < n; i++)
        copy[i] = gap(v[i]) ? (double)NAN : v[i];
    return copy;
}

static void add_histogram(ml_plot *p, const char *label, ml_doubles v, int64_t bins)
{
    double low, high;
    int64_t found;
    if (ml_histogram_bins(v, &found, &low, &high)) {
        mli_plot_failed(p);
        return;
    }
    bins = bins ? bins : found;
    int64_t *count = mli_calloc((size_t)bins, sizeof *count);
    mli_layer *l = count ? mli_plot_layer(p, MLI_BOXES, p->series++, label, bins) : NULL;
    if (!l || ml_histogram_counts(v, bins, low, high, count))
        mli_plot_failed(p);
    for (int64_t i = 0; l && i < bins; i++) {
        double *box = l->v + 4 * i, width = (high - low) / (double)bins;
        box[0] = low + (double)i * width;
        box[1] = low + (double)(i + 1) * width;
        box[3] = (double)count[i];
    }
    mli_free(count);
}

ml_status ml_plot_histogram(ml_plot *p, const char *label, const double *v, int64_t n, int64_t bins)
{
    const int64_t most = 100000;
    ml_status s = mli_plot_check(p, "histogram", n, v);
    if (s)
        return s;
    if (bins < 0 || bins > most)
        return mli_plot_fail(p, ML_EINVAL, "histogram: %lld bins: it makes 1 to %lld", (long long)bins, (long long)most);
    double *plain = without_gaps(p, v, n);
    if (plain)
        add_histogram(p, label, (ml_doubles){plain, n}, bins);
    mli_free(plain);
    p->y_zero = true;
    mli_plot_labels(p, NULL, "count");
    return p->failed;
}

/* The least and the most; false where there are no two. */
static bool extent(ml_doubles v, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < v.n; i++) {
        *low = fmin(*low, v.v[i]);
        *high = fmax(*high, v.v[i]);
    }
    return *low < *high;
}

static void add_density(ml_plot *p, const char *label, ml_doubles v)
{
    double x[CURVE_POINTS], y[CURVE_POINTS], low, high, h;
    if (!extent(v, &low, &high) || high - low < 1e-290)
        return;
    if (ml_density_bandwidth(v, &h)) {
        mli_plot_failed(p);
        return;
    }
    for (int i = 0; i < CURVE_POINTS; i++)
        x[i] = low - 3 * h + (high - low + 6 * h) * i / (CURVE_POINTS - 1);
    mli_layer *area = mli_plot_layer(p, MLI_AREA, p->series, NULL, CURVE_POINTS);
    if (!area || ml_density(v, h, (ml_doubles){x, CURVE_POINTS}, y)) {
        mli_plot_failed(p);
        return;
    }
    for (int i = 0; i < CURVE_POINTS; i++) {
        area->v[3 * i] = x[i];
        area->v[3 * i + 2] = y[i];
    }
    add_line(p, p->series++, label, x, y, CURVE_POINTS);
}

ml_status ml_plot_density(ml_plot *p, const char *label, const double *v, int64_t n)
{
    ml_status s = mli_plot_check(p, "density", n, v);
    double *plain = s ? NULL : without_gaps(p, v, n);
    if (!plain)
        return s ? s : p->failed;
    add_density(p, label, (ml_doubles){plain, n});
    mli_free(plain);
    p->y_zero = true;
    mli_plot_labels(p, NULL, "density");
    return p->failed;
}

/* The label of a box becomes the name of its place on the axis, unless bars have named it. */
static void name_box(ml_plot *p, const char *label)
{
    if (p->x_names.n >= p->boxes)
        return;
    const char **names = mli_calloc((size_t)p->boxes, sizeof *names);
    char **copy = NULL;
    if (names) {
        for (int64_t i = 0; i < p->x_names.n; i++)
            names[i] = p->x_names.v[i];
        names[p->boxes - 1] = label ? label : "";
        copy = mli_texts_copy(names, p->boxes);
    }
    mli_free(names);
    if (!copy) {
        mli_plot_failed(p);
        return;
    }
    mli_free(p->x_names.v);
    p->x_names = (mli_names){copy, p->boxes};
}

static void put_segment(double *to, double x0, double y0, double x1, double y1)
{
    to[0] = x0;
    to[1] = y0;
    to[2] = x1;
    to[3] = y1;
}

static void draw_box(ml_plot *p, double at, const ml_box *b, const double *v, int64_t n)
{
    const double half = 0.3;
    mli_layer *body = mli_plot_layer(p, MLI_BOXES, 0, NULL, 1), *lines = mli_plot_layer(p, MLI_SEGMENTS, MLI_INK, NULL, 5);
    mli_layer *out = mli_plot_layer(p, MLI_POINTS, MLI_INK, NULL, b->outliers);
    if (p->failed)
        return;
    put_segment(body->v, at - half, 0, at + half, 0);
    body->v[1] = at + half;
    body->v[2] = b->q1;
    body->v[3] = b->q3;
    put_segment(lines->v, at, b->low, at, b->q1);
    put_segment(lines->v + 4, at, b->q3, at, b->high);
    put_segment(lines->v + 8, at - half, b->median, at + half, b->median);
    put_segment(lines->v + 12, at - half / 2, b->low, at + half / 2, b->low);
    put_segment(lines->v + 16, at - half / 2, b->high, at + half / 2, b->high);
    int64_t k = 0;
    for (int64_t i = 0; i < n && k < out->n; i++)
        if (v[i] < b->low || v[i] > b->high) {
            out->v[2 * k] = at;
            out->v[2 * k++ + 1] = v[i];
        }
}

ml_status ml_plot_box(ml_plot *p, const char *label, const double *v, int64_t n)
{
    ml_status s = mli_plot_check(p, "box", n, v);
    double *plain = s ? NULL : without_gaps(p, v, n);
    if (!plain)
        return s ? s : p->failed;
    ml_box b;
    int64_t there = 0;
    for (int64_t i = 0; i < n; i++)
        there += !isnan(plain[i]);
    p->boxes++;
    name_box(p, label);
    if (!p->failed && there && ml_box_of((ml_doubles){plain, n}, &b))
        mli_plot_failed(p);
    else if (!p->failed && there)
        draw_box(p, p->boxes, &b, plain, n);
    mli_free(plain);
    return p->failed;
}
