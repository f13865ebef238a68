/* report.c -- report.html: what a run came to, for a reader who was not there. */
#include "week04-mnist/week04.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORST = 24, FILTERS = 32, TEXT = 96 };

/* ---- what the numbers are ---- */

static void put_facts(ml_html *h, const outcome *o, const test_results *r)
{
    char accuracy[TEXT], loss[TEXT], f1[TEXT], seconds[TEXT];
    snprintf(accuracy, TEXT, "%.2f %%", 100 * r->accuracy);
    snprintf(loss, TEXT, "%.4g", r->loss);
    snprintf(f1, TEXT, "%.4f", r->f1);
    snprintf(seconds, TEXT, "%.1f s", o->seconds);
    const ml_pair facts[] = {{"test accuracy", accuracy}, {"test loss", loss}, {"F1, mean over classes", f1}, {"trained in", seconds}};
    ml_html_facts(h, facts, sizeof facts / sizeof *facts);
}

static void put_curves(ml_html *h, const outcome *o)
{
    ml_plot *loss = ml_plot_new((ml_plot_opts){.title = "Training loss", .x_label = "epoch", .y_label = "cross-entropy", .height = 320,
                                               .y_min = ML_ZERO});
    ml_plot_line(loss, NULL, o->tenth, o->loss_then, o->tenths);
    ml_html_plot(h, loss, "Mean loss of each tenth of an epoch on the training set", "A line over epochs: the training loss");
    ml_plot_free(loss);
    if (o->epochs_judged < 2)
        return;
    ml_plot *accuracy = ml_plot_new((ml_plot_opts){.title = "Validation accuracy", .x_label = "epoch", .y_label = "accuracy", .height = 320});
    ml_plot_curve(accuracy, NULL, o->epoch, o->accuracy_then, NULL, o->epochs_judged);
    ml_html_plot(h, accuracy, "Accuracy after each epoch on digits that were held out", "A line over epochs: the accuracy on held-out digits");
    ml_plot_free(accuracy);
}

static void put_confusion(ml_html *h, const test_results *r)
{
    ml_plot *p = ml_plot_new((ml_plot_opts){.title = "Test set", .width = 600, .height = 560});
    ml_plot_confusion(p, r->counts, r->test->classes, NULL);
    ml_html_plot(h, p, "Confusion matrix: how many of each class were taken for which, coloured by their share of the row",
                 "A grid of numbers, largest on the diagonal");
    ml_plot_free(p);
}

static double four_digits(double v)
{
    return round(v * 1e4) / 1e4;
}

/* A score a class. */
static void put_scores(ml_html *h, const test_results *r)
{
    const int32_t k = r->test->classes;
    double *v = calloc((size_t)k * 3, sizeof *v);
    int64_t *whole = calloc((size_t)k * 2, sizeof *whole);
    ml_frame *f = ml_frame_new();
    for (int32_t i = 0; v && whole && i < k; i++) {
        v[i] = four_digits(r->scores[i].precision);
        v[k + i] = four_digits(r->scores[i].recall);
        v[2 * k + i] = four_digits(r->scores[i].f1);
        whole[i] = i;
        whole[k + i] = r->scores[i].support;
    }
    if (f && v && whole && !ml_frame_put_integers(f, "class", whole, k) && !ml_frame_put_numbers(f, "precision", v, k) &&
        !ml_frame_put_numbers(f, "recall", v + k, k) && !ml_frame_put_numbers(f, "F1", v + 2 * k, k) &&
        !ml_frame_put_integers(f, "samples", whole + k, k))
        ml_html_table(h, "Scores of each class on the test set", f, 0);
    ml_frame_free(f);
    free(v);
    free(whole);
}

/* ---- pictures ---- */

static bool has_pictures(const ml_dataset *ds)
{
    return ds->bytes && ds->rank == 3 && (ds->shape[2] == 1 || ds->shape[2] == 3);
}

/* A sample that was taken for another class, and how sure the net was of that. */
typedef struct mistake {
    int64_t sample;
    int32_t truth, answer;
    double sure;
} mistake;

static int surest_first(const void *a, const void *b)
{
    double x = ((const mistake *)a)->sure, y = ((const mistake *)b)->sure;
    return (x < y) - (x > y);
}

/* Asks the net once more about what it got wrong, few samples, for how sure it was. */
static ml_status ask(const test_results *r, mistake *m, int64_t n)
{
    const ml_dataset *ds = r->test;
    uint8_t *bytes = malloc((size_t)(n * ds->features));
    int32_t *labels = malloc((size_t)n * sizeof *labels);
    double *p = malloc((size_t)n * (size_t)ds->classes * sizeof *p);
    for (int64_t i = 0; bytes && labels && i < n; i++) {
        memcpy(bytes + i * ds->features, ds->bytes + m[i].sample * ds->features, (size_t)ds->features);
        labels[i] = m[i].truth;
    }
    ml_dataset *wrong = bytes && labels && p ? ml_dataset_new(n, ds->rank, ds->shape, bytes, labels, ds->classes) : NULL;
    ml_status s = wrong ? ml_probabilities(r->net, wrong, p) : ML_ENOMEM;
    for (int64_t i = 0; !s && i < n; i++)
        m[i].sure = p[i * ds->classes + m[i].answer];
    ml_dataset_free(wrong);
    free(bytes), free(labels), free(p);
    return s;
}

static void show_mistakes(ml_html *h, const test_results *r, mistake *m, int64_t n)
{
    const ml_dataset *ds = r->test;
    ml_image pictures[WORST];
    const ml_image *shown[WORST];
    const char *captions[WORST];
    char text[WORST][TEXT];
    int64_t k = n < WORST ? n : WORST;
    if (ask(r, m, n))
        return;
    qsort(m, (size_t)n, sizeof *m, surest_first);
    for (int64_t i = 0; i < k; i++) {
        pictures[i] = (ml_image){ds->shape[0], ds->shape[1], ds->shape[2], (uint8_t *)ds->bytes + m[i].sample * ds->features};
        snprintf(text[i], TEXT, "%ld, is %ld (%.0f %%)", (long)m[i].answer, (long)m[i].truth, 100 * m[i].sure);
        shown[i] = pictures + i;
        captions[i] = text[i];
    }
    ml_html_pictures(h, "What the net was surest of, and wrong: its answer, the truth, and how sure it was", shown, captions, k);
}

static void put_mistakes(ml_html *h, const test_results *r)
{
    const ml_dataset *ds = r->test;
    int64_t n = 0;
    mistake *m = calloc((size_t)ds->n, sizeof *m);
    for (int64_t i = 0; m && i < ds->n; i++)
        if (r->predicted[i] != ds->labels[i])
            m[n++] = (mistake){.sample = i, .truth = ds->labels[i], .answer = r->predicted[i]};
    ml_html_section(h, "Worst mistakes");
    if (m && n)
        show_mistakes(h, r, m, n);
    else
        ml_html_text(h, "There are none.");
    free(m);
}

/* A weight's colour: blue above zero, orange below, white at it. */
static void paint(uint8_t *px, double weight)
{
    static const int above[3] = {0, 114, 178}, below[3] = {213, 94, 0};
    const int *to = weight > 0 ? above : below;
    for (int k = 0; k < 3; k++)
        px[k] = (uint8_t)lround(255 + fabs(weight) * (to[k] - 255));
}

/* The weights of one unit or filter as a picture, scaled by its largest. */
static ml_image *weight_picture(const ml_real *w, int64_t rows, int64_t columns)
{
    ml_image *im = ml_image_new(rows, columns, 3);
    double most = 0;
    for (int64_t i = 0; i < rows * columns; i++)
        most = fmax(most, fabs((double)w[i]));
    for (int64_t i = 0; im && i < rows * columns; i++)
        paint(im->px + 3 * i, most > 0 ? (double)w[i] / most : 0);
    return im;
}

/* Filters of a convolution (F R S 1), or units of a dense layer, whose weights lie as the pixels do. */
static void put_filters(ml_html *h, const test_results *r)
{
    const ml_tensor *w = ml_params_count(r->net->params) ? ml_params_at(r->net->params, 0) : NULL;
    const ml_dataset *ds = r->test;
    bool filters = w && w->rank == 4 && w->shape[3] == 1, units = w && w->rank == 2 && w->shape[1] == ds->shape[0] * ds->shape[1];
    if (!filters && !units)
        return;
    int64_t rows = filters ? w->shape[1] : ds->shape[0], columns = filters ? w->shape[2] : ds->shape[1];
    int64_t n = w->shape[0] < FILTERS ? w->shape[0] : FILTERS;
    ml_image *pictures[FILTERS];
    for (int64_t i = 0; i < n; i++)
        pictures[i] = weight_picture(w->data + i * rows * columns, rows, columns);
    ml_html_section(h, "First layer");
    ml_html_pictures(h, filters ? "Filters of the first layer: weights above zero blue, below orange"
                                : "What units of the first layer look for: weights above zero blue, below orange",
                     (const ml_image *const *)pictures, NULL, n);
    for (int64_t i = 0; i < n; i++)
        ml_image_free(pictures[i]);
}

/* ---- how it was made ---- */

static void put_layers(ml_html *h, ml_net *net)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    if (f) {
        ml_net_print(f, net);
        fclose(f);
    }
    if (text)
        ml_html_code(h, text);
    free(text);
}

static void put_settings(ml_html *h, const settings *s, const outcome *o)
{
    char epochs[TEXT], batch[TEXT], lr[TEXT], decay[TEXT], dropout[TEXT], held[TEXT], seed[TEXT];
    snprintf(epochs, TEXT, "%lld of %lld", (long long)o->epochs, (long long)s->c.epochs);
    snprintf(batch, TEXT, "%lld", (long long)s->batch);
    snprintf(lr, TEXT, "%g", s->lr);
    snprintf(decay, TEXT, "%g", s->weight_decay);
    snprintf(dropout, TEXT, "%g", s->dropout);
    snprintf(held, TEXT, s->validation > 0 ? "%.3g %% of the training set" : "nothing", 100 * s->validation);
    snprintf(seed, TEXT, "%lld", (long long)s->c.seed);
    const ml_pair pairs[] = {{"model", MODEL_NAMES[s->model]}, {"epochs", epochs}, {"batch", batch},
                             {"optimizer", s->optimizer == OPTIMIZER_SGD ? "sgd" : "adam"}, {"learning rate", lr},
                             {"schedule", s->schedule == SCHEDULE_CONSTANT ? "constant" : "one-cycle"}, {"weight decay", decay},
                             {"dropout", dropout}, {"held out", held}, {"augmentation", s->augment ? "yes" : "no"}, {"seed", seed}};
    ml_html_section(h, "Settings");
    ml_html_pairs(h, "Settings of the run", pairs, sizeof pairs / sizeof *pairs);
    ml_html_environment(h);
}

/* The first error on a page sticks, so only writing it is checked. */
int report_write(const settings *s, const outcome *o, const test_results *r)
{
    char path[CLI_PATH], subtitle[2 * TEXT];
    snprintf(subtitle, sizeof subtitle, "%s, %lld epoch%s, tested on %lld images", MODEL_NAMES[s->model], (long long)o->epochs,
             o->epochs == 1 ? "" : "s", (long long)r->test->n);
    ml_html *h = ml_html_new("Reading digits", subtitle);
    put_facts(h, o, r);
    ml_html_section(h, "Training");
    put_layers(h, r->net);
    put_curves(h, o);
    ml_html_section(h, "Test");
    put_confusion(h, r);
    put_scores(h, r);
    if (has_pictures(r->test))
        put_mistakes(h, r);
    if (has_pictures(r->test))
        put_filters(h, r);
    put_settings(h, s, o);
    int status = ml_html_write(h, cli_out_path(&s->c, "report.html", path)) ? cli_fail_ml(&s->c) : 0;
    if (!status && !s->c.quiet && ml_html_missing(h))
        printf("the report lacks pictures: %s\n", ml_html_missing(h));
    ml_html_free(h);
    return status;
}
