/* explore_own.c -- the first look at a table of which only the target is known. */
#include "week02-titanic/week02.h"

#include <stdlib.h>
#include <string.h>

enum { PANELS = 6, BARS = 8, GROUPS = 3, MOST_GROUPS = 12, MOST_CLASSES = 6, SQUARE = 20 };

static bool is_numeric(const ml_column *c)
{
    return c->type == ML_NUMBER || c->type == ML_INTEGER;
}

/* ---- distributions ---- */

static void add_histogram(ml_plot *p, const ml_column *c)
{
    double *v = calloc((size_t)c->n + 1, sizeof *v);
    for (int64_t i = 0; i < c->n && v; i++)
        v[i] = ml_column_number(c, i);
    if (v)
        ml_plot_histogram(p, NULL, v, c->n, 0);
    free(v);
}

/* A bar for each of the most frequent values. */
static void add_bars(ml_plot *p, const ml_frame *f, const char *name)
{
    const char *names[BARS];
    double v[BARS];
    ml_frame *counts = ml_frame_value_counts(f, name, (ml_value_counts_opts){0});
    int n = counts && counts->rows < BARS ? (int)counts->rows : BARS;
    for (int i = 0; i < n && counts; i++) {
        names[i] = ml_column_text(&counts->column[0], i);
        v[i] = ml_column_number(&counts->column[1], i);
    }
    if (counts)
        ml_plot_bars(p, NULL, names, v, n);
    ml_frame_free(counts);
}

static ml_plot *distribution(const ml_frame *f, const ml_column *c)
{
    const bool numeric = is_numeric(c);
    ml_plot *p = ml_plot_new((ml_plot_opts){.title = c->name, .horizontal = !numeric});
    if (numeric)
        add_histogram(p, c);
    else
        add_bars(p, f, c->name);
    return p;
}

/* The target, which is the last column, and the first of the others. */
static void plot_distributions(study *s, const ml_frame *f)
{
    ml_plot *plots[PANELS] = {NULL};
    int n = f->columns < PANELS ? f->columns : PANELS;
    for (int i = 0; i < n; i++)
        plots[i] = distribution(f, &f->column[i ? i - 1 : f->columns - 1]);
    ml_plot *panels = ml_plot_panels((const ml_plot *const *)plots, n, 2, (ml_plot_opts){0});
    ml_html_plot(s->page, panels, f->columns > n ? "What values there are: of the target, and of the first columns" : "What values there are",
                 "A histogram of each column of numbers, bars for the most frequent texts of others");
    ml_plot_free(panels);
    for (int i = 0; i < n; i++)
        ml_plot_free(plots[i]);
}

/* ---- the target by the values of others ---- */

/* The mean of a target that is a number, else the share of each class. */
static ml_frame *target_by(const study *s, const ml_frame *f, const char *key, bool numeric)
{
    size_t room = 2 * (strlen(key) + strlen(s->target)) + 2;
    char *keys = malloc(room), *target = malloc(room);
    ml_frame *g = NULL;
    if (keys && target) {
        const ml_aggregate what[] = {{.kind = ML_AGG_SIZE, .name = "rows"}, {.kind = ML_AGG_MEAN, .column = s->target}};
        add_name(keys, key, true);
        add_name(target, s->target, true);
        g = numeric ? ml_frame_group(f, keys, what, 2, (ml_frame_group_opts){.missing = true})
                    : ml_frame_crosstab(f, keys, target, (ml_crosstab_opts){.normalise = ML_NORMALISE_ROWS});
    }
    free(keys);
    free(target);
    return g;
}

/* For the first columns of few values. `unique`: how many different ones each column has. Columns of the answer that would have one
 * name are no reason to end: the page says so. */
static int show_groups(study *s, const ml_frame *f, const int64_t *unique)
{
    const ml_column *target = &f->column[f->columns - 1];
    int shown = 0, status = -1;
    if (!is_numeric(target) && unique[f->columns - 1] > MOST_CLASSES)
        return -1;
    for (int j = 0; j < f->columns - 1 && shown < GROUPS && status < 0; j++) {
        char caption[256];
        if (f->column[j].type == ML_NUMBER || unique[j] < 2 || unique[j] > MOST_GROUPS)
            continue;
        ml_frame *g = target_by(s, f, f->column[j].name, is_numeric(target));
        snprintf(caption, sizeof caption, "%s of '%.90s' by '%.90s'", is_numeric(target) ? "Mean" : "Shares", target->name, f->column[j].name);
        if (g)
            status = show(s, caption, g);
        else
            ml_html_text(s->page, ml_error());
        shown++;
    }
    return status;
}

static int show_numbers(study *s, const ml_frame *f)
{
    int numbers = 0;
    for (int j = 0; j < f->columns; j++)
        numbers += is_numeric(&f->column[j]);
    int status = numbers ? show(s, "Columns of numbers", ml_frame_describe(f)) : -1;
    if (status >= 0 || numbers < 2)
        return status;
    ml_frame *square = numbers <= SQUARE ? ml_frame_correlation(f, NULL, ML_PEARSON) : NULL;
    if (square)
        plot_correlations(s, square);
    else
        ml_html_text(s->page, numbers > SQUARE ? "More than 20 columns of numbers: too many for a square of correlations." : ml_error());
    ml_frame_free(square);
    return -1;
}

int explore_own(study *s, const ml_frame *f)
{
    ml_frame *counts = ml_frame_null_counts(f);
    int64_t *unique = counts ? calloc((size_t)f->columns + 1, sizeof *unique) : NULL;
    if (!unique) {
        ml_frame_free(counts);
        return cli_fail_ml(&s->c);
    }
    for (int j = 0; j < f->columns; j++)
        unique[j] = (int64_t)ml_column_number(ml_frame_column(counts, "unique"), j);
    ml_html_section(s->page, "The table");
    ml_html_table(s->page, "The first rows, the column to predict last", f, 10);
    int status = show(s, "What is missing", counts);
    if (status < 0) {
        plot_distributions(s, f);
        status = show_numbers(s, f);
    }
    if (status < 0)
        status = show_groups(s, f, unique);
    free(unique);
    return status;
}
