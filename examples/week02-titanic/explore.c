/* explore.c -- the first look: what is missing, who survived, what goes with what. */
#include "week02-titanic/week02.h"

#include <stdlib.h>

/* As many digits as a reader wants. */
static ml_status round_numbers(ml_frame *f)
{
    double *v = calloc((size_t)f->rows + 1, sizeof *v);
    ml_status status = v ? ML_OK : ML_ENOMEM;
    for (int j = 0; j < f->columns && !status; j++) {
        if (f->column[j].type != ML_NUMBER)
            continue;
        for (int64_t i = 0; i < f->rows; i++)
            v[i] = four_digits(f->column[j].number[i]);
        status = ml_frame_put_numbers(f, f->column[j].name, v, f->rows);
    }
    free(v);
    return status;
}

int show(study *s, const char *caption, ml_frame *f)
{
    if (!f)
        return cli_fail_ml(&s->c);
    char plain[256];
    fprintf(s->board, "\n%s\n", plain_text(caption, plain, sizeof plain));
    ml_frame_print(s->board, f, (ml_print_opts){.rows = 30, .precision = 3, .width = 80});
    int status = round_numbers(f) ? cli_fail(&s->c, "out of memory") : -1;
    ml_html_table(s->page, caption, f, 30);
    ml_frame_free(f);
    return status;
}

/* How many, and which share survived, by the values of one column. */
static ml_frame *survival_by(const ml_frame *f, const char *keys)
{
    const ml_aggregate what[] = {{.kind = ML_AGG_SIZE, .name = "passengers"},
                                 {.kind = ML_AGG_MEAN, .column = TARGET, .name = "survived"}};
    return ml_frame_group(f, keys, what, 2, (ml_frame_group_opts){.missing = true});
}

/* The ages of those who survived, or did not. */
static ml_status add_ages(ml_plot *p, const ml_frame *f, double survived, const char *label)
{
    ml_frame *part = ml_frame_where(f, ml_mask_number(f, TARGET, ML_EQUAL, survived));
    const ml_column *age = part ? ml_frame_column(part, "age") : NULL;
    ml_status status = age ? ml_plot_density(p, label, age->number, age->n) : ml_error_status();
    ml_frame_free(part);
    return status;
}

static void plot_ages(study *s, const ml_frame *f)
{
    ml_plot *p = ml_plot_new((ml_plot_opts){.title = "Age", .x_label = "years", .y_label = "density"});
    if (!add_ages(p, f, 1, "survived") && !add_ages(p, f, 0, "died"))
        ml_html_plot(s->page, p, "Ages of those who survived and of those who did not",
                     "Two curves; below ten years more survived than died");
    ml_plot_free(p);
}

/* Women and men of each class, side by side. */
static void plot_classes(study *s, const ml_frame *pivot)
{
    static const char *const names[] = {"first", "second", "third"};
    ml_plot *p = ml_plot_new((ml_plot_opts){.title = "Survival by class and sex", .y_label = "share", .y_max = 1});
    for (int j = 1; j < pivot->columns && pivot->rows == 3; j++)
        ml_plot_bars(p, pivot->column[j].name, names, pivot->column[j].number, pivot->rows);
    ml_html_plot(s->page, p, "Share that survived, by class and sex",
                 "Bars; far more women than men survived, most in first class");
    ml_plot_free(p);
}

void plot_correlations(study *s, const ml_frame *square)
{
    int64_t n = square->rows;
    double *v = calloc((size_t)(n * n), sizeof *v);
    const char **names = calloc((size_t)n, sizeof *names);
    ml_plot *p = ml_plot_new((ml_plot_opts){.title = "Correlation"});
    for (int64_t i = 0; i < n && v && names; i++) {
        names[i] = ml_column_text(&square->column[0], i);
        for (int64_t j = 0; j < n; j++)
            v[i * n + j] = square->column[j + 1].number[i];
    }
    if (v && names)
        ml_plot_heat(p, (ml_heat){v, n, n, names, names, -1, 1, .diverging = true});
    ml_html_plot(s->page, p, "Pearson's correlation", "A square of numbers between -1 and 1");
    ml_plot_free(p);
    free(v);
    free(names);
}

static int explore_survival(study *s, const ml_frame *f)
{
    const ml_aggregate mean = {.kind = ML_AGG_MEAN, .column = TARGET};
    ml_frame *pivot = ml_frame_pivot(f, "pclass", "sex", mean, (ml_pivot_opts){0});
    if (!pivot)
        return cli_fail_ml(&s->c);
    plot_classes(s, pivot);
    int status = show(s, "Share that survived, by class and sex", pivot);
    static const char *const keys[] = {"title", "party", "deck"};
    for (int i = 0; i < 3 && status < 0; i++) {
        char caption[64];
        snprintf(caption, sizeof caption, "Survival by %s", keys[i]);
        status = show(s, caption, survival_by(f, keys[i]));
    }
    return status;
}

int explore(study *s, const ml_frame *all)
{
    ml_html_section(s->page, "The passengers");
    int status = show(s, "What is missing", ml_frame_null_counts(all));
    ml_frame *f = status < 0 ? titanic_words(all, NULL) : NULL;
    if (!f)
        return status < 0 ? cli_fail_ml(&s->c) : status;
    status = explore_survival(s, f);
    ml_frame *square = status < 0 ? ml_frame_correlation(f, "survived,pclass,age,sibsp,parch,fare", ML_PEARSON) : NULL;
    if (square) {
        plot_ages(s, f);
        plot_correlations(s, square);
    }
    if (status < 0)
        status = show(s, "Correlation", square);
    ml_frame_free(f);
    return status;
}
