/* plot.c -- a plot as a list of layers: made, filled, freed. */
#include "plot/plot.h"

#include "base/texts.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { WIDTH = 640, HEIGHT = 400, LEAST_SIDE = 100, MOST_SIDE = 10000 };

/* Numbers a row, mark by mark. */
static const int COLUMNS[] = {2, 2, 3, 4, 1, 4, 5, 2, 5};

/* ---- errors ---- */

ml_status mli_plot_fail(ml_plot *p, ml_status status, const char *format, ...)
{
    char text[sizeof p->sentence];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!p->failed) {
        p->failed = status;
        memcpy(p->sentence, text, sizeof text);
    }
    return mli_fail(status, "%s", text);
}

ml_status mli_plot_failed(ml_plot *p)
{
    return mli_plot_fail(p, ml_error_status(), "%s", ml_error());
}

ml_status mli_plot_check(ml_plot *p, const char *who, int64_t n, bool there)
{
    if (!p)
        return mli_fail(ML_EINVAL, "%s: the plot is NULL", who);
    if (p->failed)
        return mli_fail(p->failed, "%s", p->sentence);
    if (p->panels)
        return mli_plot_fail(p, ML_EINVAL, "%s: panels are drawn on one by one", who);
    if (n < 0 || n > INT32_MAX)
        return mli_plot_fail(p, ML_EINVAL, "%s: %lld values cannot be drawn", who, (long long)n);
    return there || n == 0 ? ML_OK : mli_plot_fail(p, ML_EINVAL, "%s: %lld values at NULL", who, (long long)n);
}

/* ---- made and freed ---- */

/* NULL, or what is wrong with the end of an axis. */
static const char *bad_axis(double low, double high, bool log)
{
    if (!isfinite(low) || !isfinite(high))
        return "is not finite";
    if (low != 0 && high != 0 && mli_option(low, 0) >= mli_option(high, 0))
        return "begins where it ends, or behind";
    if (log && ((low != 0 && mli_option(low, 0) <= 0) || (high != 0 && mli_option(high, 0) <= 0)))
        return "is logarithmic and has an end that is not above 0";
    return NULL;
}

static ml_status check_opts(const ml_plot_opts *o)
{
    const char *x = bad_axis(o->x_min, o->x_max, o->log_x), *y = bad_axis(o->y_min, o->y_max, o->log_y);
    if (x || y)
        return mli_fail(ML_EINVAL, "plot: the %c axis %s: %g to %g", x ? 'x' : 'y', x ? x : y, x ? o->x_min : o->y_min,
                        x ? o->x_max : o->y_max);
    if (o->width < LEAST_SIDE || o->width > MOST_SIDE || o->height < LEAST_SIDE || o->height > MOST_SIDE)
        return mli_fail(ML_EINVAL, "plot: %lld x %lld pixels: each must be in %d .. %d", (long long)o->width,
                        (long long)o->height, LEAST_SIDE, MOST_SIDE);
    return ML_OK;
}

static bool copy_text(char **to, const char *from)
{
    *to = from ? mli_strdup(from) : NULL;
    return !from || *to;
}

ml_plot *ml_plot_new(ml_plot_opts opts)
{
    opts.width = mli_given(opts.width, WIDTH);
    opts.height = mli_given(opts.height, HEIGHT);
    if (check_opts(&opts))
        return NULL;
    ml_plot *p = mli_calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->opts = opts;
    p->end = &p->layer;
    p->y_down = opts.horizontal;
    if (copy_text(&p->title, opts.title) && copy_text(&p->x_label, opts.x_label) && copy_text(&p->y_label, opts.y_label))
        return p;
    ml_plot_free(p);
    return NULL;
}

void ml_plot_free(ml_plot *p)
{
    if (!p)
        return;
    for (mli_layer *l = p->layer, *next; l; l = next) {
        next = l->next;
        mli_free(l->label);
        mli_free(l->text);
        mli_free(l->v);
        mli_free(l);
    }
    mli_free(p->x_names.v);
    mli_free(p->y_names.v);
    mli_free(p->title);
    mli_free(p->x_label);
    mli_free(p->y_label);
    mli_free(p);
}

ml_plot *ml_plot_panels(const ml_plot *const *plots, int64_t n, int64_t columns, ml_plot_opts opts)
{
    const int64_t width = 480, height = 340, most = 64;
    if (!plots || n < 1 || n > most || columns < 0)
        return mli_null(ML_EINVAL, "panels: %lld plots in %lld columns: it takes 1 to %lld", (long long)n, (long long)columns,
                        (long long)most);
    for (int64_t i = 0; i < n; i++)
        if (!plots[i] || plots[i]->panels)
            return mli_null(ML_EINVAL, "panels: plot %lld is %s", (long long)i, plots[i] ? "of panels itself" : "NULL");
    columns = columns ? columns : (int64_t)ceil(sqrt((double)n));
    columns = columns < n ? columns : n;
    opts.width = mli_given(opts.width, columns * width < MOST_SIDE ? columns * width : MOST_SIDE);
    int64_t rows = (n + columns - 1) / columns;
    opts.height = mli_given(opts.height, rows * height < MOST_SIDE ? rows * height : MOST_SIDE);
    ml_plot *p = ml_plot_new(opts);
    if (!p)
        return NULL;
    p->panel = plots;
    p->panels = n;
    p->panel_columns = columns;
    return p;
}

/* ---- parts ---- */

mli_layer *mli_plot_layer(ml_plot *p, mli_mark mark, int colour, const char *label, int64_t n)
{
    mli_layer *l = mli_calloc(1, sizeof *l);
    if (l) {
        *l = (mli_layer){.mark = mark, .colour = colour, .n = n, .columns = COLUMNS[mark]};
        l->v = mli_calloc((size_t)n, (size_t)l->columns * sizeof *l->v);
        *p->end = l;
        p->end = &l->next;
    }
    if (l && l->v && copy_text(&l->label, label))
        return l;
    mli_plot_failed(p);
    return NULL;
}

ml_status mli_plot_names(ml_plot *p, mli_names *axis, const char *const *names, int64_t n)
{
    if (!names || axis->v)
        return ML_OK;
    axis->v = mli_texts_copy(names, n);
    axis->n = n;
    return axis->v ? ML_OK : mli_plot_failed(p);
}

void mli_plot_labels(ml_plot *p, const char *x, const char *y)
{
    if ((!p->x_label && !copy_text(&p->x_label, x)) || (!p->y_label && !copy_text(&p->y_label, y)))
        mli_plot_failed(p);
}

ml_status mli_plot_diagonal(ml_plot *p)
{
    if (p->reference)
        return ML_OK;
    mli_layer *l = mli_plot_layer(p, MLI_LINE, MLI_QUIET, NULL, 2);
    if (!l)
        return p->failed;
    l->v[2] = l->v[3] = 1;
    p->reference = p->square = p->x_tight = p->y_tight = true;
    return ML_OK;
}
