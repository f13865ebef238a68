/* axes.c -- from where to where a plot reaches: over all that is no gap, with a little air, from 0 where something stands on it. */
#include "plot/axes.h"

#include <math.h>

static const double AIR = 0.04;

/* What each number of a row is for, mark by mark. Texts follow what they are written on. */
static const char *const ROLES[] = {"xy", "xy", "xyy", "xxyy", "", "xyxy", "xxyy-", "--", "xy---"};

bool mli_is_gap(double v, bool log)
{
    return !(fabs(v) <= 1e300) || (log && v < 1e-300);
}

static void stretch(mli_axis *a, double v, bool log)
{
    if (mli_is_gap(v, log))
        return;
    a->low = a->any && a->low < v ? a->low : v;
    a->high = a->any && a->high > v ? a->high : v;
    a->any = true;
}

static void stretch_by_bars(const ml_plot *p, const mli_layer *l, mli_axes *a)
{
    bool lie = p->opts.horizontal;
    mli_axis *across = lie ? &a->y : &a->x, *along = lie ? &a->x : &a->y;
    if (l->n == 0)
        return;
    stretch(across, 0.4, false);
    stretch(across, (double)l->n + 0.6, false);
    for (int64_t i = 0; i < l->n; i++)
        stretch(along, l->v[i], lie ? p->opts.log_x : p->opts.log_y);
}

/* An axis that the user has not bound: air at both ends, but not beneath 0 where things stand on it. */
static void give_air(mli_axis *a, bool log, bool tight, bool zero)
{
    if (!a->any) {
        *a = (mli_axis){log ? 1 : 0, log ? 10 : 1, false};
        return;
    }
    bool stands = zero && !log && a->low >= 0, hangs = zero && !log && a->high <= 0;
    a->low = stands ? 0 : a->low;
    a->high = hangs ? 0 : a->high;
    double size = fmax(fabs(a->low), fabs(a->high)), least = size > 1e-290 ? 1e-7 * size : 1;
    if (log && a->high / a->low < 1.001) {
        a->low /= 2;
        a->high *= 2;
    } else if (a->high - a->low < least) {
        double half = size > 1e-290 ? (zero ? 1 : 0.05) * size : 0.5;
        a->low -= stands ? 0 : half;
        a->high += hangs ? 0 : half;
    } else if (log && !tight) {
        double by = fmin(pow(a->high / a->low, AIR), 10); /* 1e300 stays finite */
        a->low /= by;
        a->high *= by;
    } else if (!tight) {
        double by = AIR * (a->high - a->low);
        a->low -= stands ? 0 : by;
        a->high += hangs ? 0 : by;
    }
}

/* The ends that the user has set. What is left of an axis may then be empty: it begins, or ends, one further. */
static void bind(mli_axis *a, double low, double high, bool log)
{
    a->low = low == 0 ? a->low : mli_option(low, 0);
    a->high = high == 0 ? a->high : mli_option(high, 0);
    if (a->low < a->high)
        return;
    if (high == 0)
        a->high = log ? 10 * a->low : a->low + fmax(1, fabs(a->low));
    else
        a->low = log ? a->high / 10 : a->high - fmax(1, fabs(a->high));
}

mli_axes mli_plot_axes(const ml_plot *p)
{
    mli_axes a = {0};
    const ml_plot_opts *o = &p->opts;
    for (const mli_layer *l = p->layer; l; l = l->next) {
        a.series += l->mark == MLI_BARS;
        if (l->mark == MLI_BARS)
            stretch_by_bars(p, l, &a);
        for (int64_t i = 0; i < l->n; i++)
            for (int k = 0; ROLES[l->mark][k]; k++)
                if (ROLES[l->mark][k] != '-')
                    stretch(ROLES[l->mark][k] == 'x' ? &a.x : &a.y, l->v[i * l->columns + k],
                            ROLES[l->mark][k] == 'x' ? o->log_x : o->log_y);
    }
    bool lie = o->horizontal, named = a.series || p->boxes;
    if (p->boxes) {
        stretch(&a.x, 0.4, false);
        stretch(&a.x, p->boxes + 0.6, false);
    }
    give_air(&a.x, o->log_x, p->x_tight || (named && !lie), p->x_zero);
    give_air(&a.y, o->log_y, p->y_tight || (a.series && lie), p->y_zero);
    bind(&a.x, o->x_min, o->x_max, o->log_x);
    bind(&a.y, o->y_min, o->y_max, o->log_y);
    return a;
}

void mli_bar_sides(const mli_axes *a, int64_t i, int64_t k, double *low, double *high)
{
    double width = 0.76 / (double)a->series;
    *low = (double)(i + 1) - 0.38 + width * (double)k;
    *high = *low + width;
}
