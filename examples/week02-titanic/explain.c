/* explain.c -- what a fitted pipeline is worth on rows that it has not seen, and what it looks at. */
#include "week02-titanic/week02.h"

#include <stdlib.h>
#include <string.h>

/* ---- classes ---- */

typedef struct answers {
    int64_t n;
    int32_t classes;
    int32_t *truth, *label;
    double *p, *baseline; /* n x classes */
    double *y, *y_baseline, *y_truth;
} answers;

static void answers_free(answers *a)
{
    free(a->truth), free(a->label), free(a->p), free(a->baseline), free(a->y), free(a->y_baseline), free(a->y_truth);
}

static ml_status ask_classes(answers *a, const ml_pipeline *p, const ml_pipeline *baseline, const ml_frame *test)
{
    size_t n = (size_t)a->n, k = (size_t)a->classes;
    a->truth = calloc(n, sizeof *a->truth), a->label = calloc(n, sizeof *a->label);
    a->p = calloc(n * k, sizeof *a->p), a->baseline = calloc(n * k, sizeof *a->baseline);
    if (!a->truth || !a->label || !a->p || !a->baseline)
        return ML_ENOMEM;
    ml_status status = ml_pipeline_truth_labels(p, test, a->truth);
    status = status ? status : ml_pipeline_labels(p, test, a->label);
    status = status ? status : ml_pipeline_probabilities(p, test, a->p);
    return status ? status : ml_pipeline_probabilities(baseline, test, a->baseline);
}

static ml_status ask_values(answers *a, const ml_pipeline *p, const ml_pipeline *baseline, const ml_frame *test)
{
    size_t n = (size_t)a->n;
    a->y = calloc(n, sizeof *a->y), a->y_baseline = calloc(n, sizeof *a->y_baseline), a->y_truth = calloc(n, sizeof *a->y_truth);
    if (!a->y || !a->y_baseline || !a->y_truth)
        return ML_ENOMEM;
    ml_status status = ml_pipeline_truth_values(p, test, a->y_truth);
    status = status ? status : ml_pipeline_values(p, test, a->y);
    return status ? status : ml_pipeline_values(baseline, test, a->y_baseline);
}

/* ---- scores ---- */

/* Beside the baseline, each with its interval. */
static ml_report *report_of(const study *s, const answers *a, const char *name)
{
    ml_report_opts opts = {.seed = (uint64_t)s->c.seed};
    if (!a->classes)
        return ml_report_new((ml_outcome){.y = {a->y_truth, a->n}}, (ml_outcome){.name = name, .y = {a->y, a->n}},
                             (ml_outcome){.name = "baseline", .y = {a->y_baseline, a->n}}, opts);
    return ml_report_new((ml_outcome){.label = {a->truth, a->n}}, (ml_outcome){.name = name, .p = {a->p, a->n, a->classes}},
                         (ml_outcome){.name = "baseline", .p = {a->baseline, a->n, a->classes}}, opts);
}

/* The few numbers that matter: which model, and how good. */
static void put_facts(study *s, const ml_report *r)
{
    static const char *const shown[] = {"accuracy", "roc_auc", "r2", "rmse"};
    char value[4][32];
    ml_pair facts[5] = {{"model", s->chosen}};
    int n = 1;
    for (int i = 0; i < r->rows; i++)
        for (int k = 0; k < 4; k++) {
            if (strcmp(r->row[i].score, shown[k]) != 0)
                continue;
            snprintf(value[k], sizeof value[k], k ? "%.4g" : "%.1f %%", r->row[i].value * (k ? 1 : 100));
            facts[n++] = (ml_pair){r->row[i].score, value[k]};
        }
    ml_html_facts(s->page, facts, n);
}

static void put_report(study *s, const ml_report *r)
{
    double v[4][16];
    const char *names[16], *const titles[] = {r->model, "from", "to", "baseline"};
    int n = r->rows < 16 ? r->rows : 16;
    char name[64], sentence[512], line[600];
    for (int i = 0; i < n; i++) {
        const ml_report_row *row = &r->row[i];
        const double values[] = {row->value, row->low, row->high, row->other};
        names[i] = row->score;
        for (int k = 0; k < 4; k++)
            v[k][i] = four_digits(values[k]);
        snprintf(name, sizeof name, "test_%s", row->score);
        cli_metric(&s->c, name, row->value);
    }
    ml_frame *f = ml_frame_new();
    bool good = f && !ml_frame_put_texts(f, "score", names, n);
    for (int k = 0; k < 4 && good; k++)
        good = !ml_frame_put_numbers(f, titles[k], v[k], n);
    if (good)
        ml_html_table(s->page, "Scores with 95 % intervals", f, n);
    snprintf(line, sizeof line, "%s: %s", r->row[0].score, ml_report_sentence(r, 0, sentence, sizeof sentence));
    ml_html_text(s->page, line);
    ml_frame_free(f);
}

/* ---- pictures; where one cannot be drawn the page says why ---- */

static void plot_confusion(study *s, const ml_pipeline *p, const answers *a)
{
    enum { MOST = 30 };
    const char *names[MOST];
    int64_t counts[MOST * MOST] = {0};
    if (a->classes > MOST) {
        ml_html_text(s->page, "More than 30 classes: too many for a picture of who was taken for what.");
        return;
    }
    if (ml_confusion((ml_ints){a->truth, a->n}, (ml_ints){a->label, a->n}, a->classes, counts)) {
        ml_html_text(s->page, ml_error());
        return;
    }
    for (int32_t k = 0; k < a->classes; k++)
        names[k] = ml_pipeline_class(p, k);
    fprintf(s->board, "\n");
    ml_confusion_print(s->board, counts, a->classes, names);
    ml_plot *plot = ml_plot_new((ml_plot_opts){.title = "Confusion"});
    ml_plot_confusion(plot, counts, a->classes, names);
    ml_html_plot(s->page, plot, "Who was taken for what", "A square of counts: the truth down, what was said across");
    ml_plot_free(plot);
}

static void plot_curves(study *s, const answers *a, const char *model)
{
    const ml_ints truth = {a->truth, a->n};
    double *score = a->classes == 2 ? calloc((size_t)a->n, sizeof *score) : NULL;
    if (!score)
        return;
    for (int64_t i = 0; i < a->n; i++)
        score[i] = a->p[2 * i + 1];
    ml_plot *roc = ml_plot_new((ml_plot_opts){.title = "ROC"});
    ml_plot *calibration = ml_plot_new((ml_plot_opts){.title = "Calibration"});
    ml_plot_roc(roc, model, truth, score);
    ml_plot_calibration(calibration, model, truth, score, 8);
    const ml_plot *both[] = {roc, calibration};
    ml_plot *panels = ml_plot_panels(both, 2, 2, (ml_plot_opts){0});
    ml_html_plot(s->page, panels, "How many are found for how many false alarms; how true its probabilities are",
                 "Two curves: the area under the first is the score roc_auc; the nearer the second to the diagonal the better");
    ml_plot_free(panels);
    ml_plot_free(roc);
    ml_plot_free(calibration);
    free(score);
}

static void plot_values(study *s, const answers *a)
{
    ml_plot *plot = ml_plot_new((ml_plot_opts){.title = "Predicted and true", .x_label = "truth", .y_label = "prediction"});
    ml_plot_points(plot, NULL, a->y_truth, a->y, a->n);
    ml_html_plot(s->page, plot, "Each row held out", "Points; the nearer to the diagonal the better");
    ml_plot_free(plot);
}

/* How much worse it is without knowing a column. */
static int importance(study *s, const ml_pipeline *p, const ml_frame *test)
{
    const char *score = ml_pipeline_classes(p) == 2 ? "roc_auc" : ml_pipeline_classes(p) ? "accuracy" : "r2";
    char caption[96];
    ml_permutation_opts opts = {.score = score, .repeats = 10, .seed = (uint64_t)s->c.seed};
    ml_frame *raw = ml_permutation_importance(p, test, opts);
    ml_frame *f = raw ? ml_frame_sort(raw, "importance", "importance") : NULL;
    ml_frame_free(raw);
    if (!f)
        return cli_fail_ml(&s->c);
    snprintf(caption, sizeof caption, "Loss of %s when a column is shuffled", score);
    fprintf(s->board, "\n%s\n", caption);
    ml_frame_print(s->board, f, (ml_print_opts){.rows = 20, .width = 80});
    ml_html_table(s->page, caption, f, 20);
    const char **names = calloc((size_t)f->rows + 1, sizeof *names);
    ml_plot *plot = ml_plot_new((ml_plot_opts){.title = caption});
    for (int64_t i = 0; i < f->rows && names; i++)
        names[i] = ml_column_text(ml_frame_column(f, "column"), i);
    const double *value = ml_frame_column(f, "importance")->number, *spread = ml_frame_column(f, "spread")->number;
    if (names)
        ml_plot_importances(plot, names, value, spread, f->rows, 15);
    ml_html_plot(s->page, plot, "What the model needs to know", "Lying bars, the most important column on top");
    ml_plot_free(plot);
    free(names);
    ml_frame_free(f);
    return -1;
}

int judge(study *s, const ml_pipeline *p, const ml_pipeline *baseline, const ml_frame *test)
{
    answers a = {.n = test->rows, .classes = ml_pipeline_classes(p)};
    ml_status status = a.classes ? ask_classes(&a, p, baseline, test) : ask_values(&a, p, baseline, test);
    ml_report *r = status ? NULL : report_of(s, &a, ml_learner_name(ml_model_learner(ml_pipeline_model(p))));
    int end = r ? -1 : status == ML_ENOMEM ? cli_fail(&s->c, "out of memory") : cli_fail_ml(&s->c);
    if (r) {
        ml_report_print(s->board, r);
        put_facts(s, r);
        put_report(s, r);
        if (a.classes)
            plot_confusion(s, p, &a), plot_curves(s, &a, r->model);
        else
            plot_values(s, &a);
        end = importance(s, p, test);
    }
    ml_report_free(r);
    answers_free(&a);
    return end;
}
