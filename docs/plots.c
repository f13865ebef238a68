/* plots.c -- every kind of plot, on numbers drawn at random: the picture of plots.md.
 *
 *     cc docs/plots.c $(pkg-config --cflags --libs mlcore) -lm && ./a.out docs/plots.svg
 */
#include <mlcore/mlcore.h>

#include <math.h>
#include <stdlib.h>

enum { N = 60, MANY = 400, KINDS = 15, SIDE = 16 };

static ml_plot *kinds[KINDS];
static int n_kinds;

static ml_plot *next(ml_plot_opts opts)
{
    return kinds[n_kinds++] = ml_plot_new(opts);
}

/* Two groups of numbers, one above the other by `apart`. */
static void draw(ml_rng *rng, double *v, double mean, double spread, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        v[i] = mean + spread * ml_rng_normal(rng);
}

static void courses(ml_rng *rng)
{
    double training[N], validation[N], size[6], score[6], more[6], spread[6];
    for (int i = 0; i < N; i++) {
        training[i] = 2.3 * exp(-i / 9.0) + 0.02;
        validation[i] = 2.3 * exp(-i / 10.0) + 0.1 + 0.0015 * i + 0.01 * ml_rng_normal(rng);
    }
    for (int i = 0; i < 6; i++) {
        size[i] = 100 << i;
        score[i] = 1 - 0.3 / (i + 2), more[i] = 0.95 - 0.5 / (i + 2), spread[i] = 0.06 / (i + 1);
    }
    ml_plot *line = next((ml_plot_opts){.title = "Lines", .x_label = "epoch", .y_label = "loss"});
    ml_plot_line(line, "training", NULL, training, N);
    ml_plot_line(line, "validation", NULL, validation, N);
    ml_plot *log = next((ml_plot_opts){.title = "A logarithmic axis", .x_label = "epoch", .y_label = "loss", .log_y = true});
    ml_plot_line(log, NULL, NULL, training, N);
    ml_plot *curve = next((ml_plot_opts){.title = "Learning curves", .x_label = "samples", .y_label = "accuracy"});
    ml_plot_curve(curve, "training", size, score, spread, 6);
    ml_plot_curve(curve, "validation", size, more, spread, 6);
}

static void distributions(ml_rng *rng)
{
    double a[MANY], b[MANY], c[MANY];
    draw(rng, a, 30, 9, MANY), draw(rng, b, 42, 12, MANY), draw(rng, c, 36, 5, MANY);
    ml_plot *points = next((ml_plot_opts){.title = "Points", .x_label = "a", .y_label = "b"});
    ml_plot_points(points, "first", a, c, 100);
    ml_plot_points(points, "second", b, a, 100);
    ml_plot *histogram = next((ml_plot_opts){.title = "Histograms", .x_label = "age"});
    ml_plot_histogram(histogram, "died", a, MANY, 0);
    ml_plot_histogram(histogram, "survived", b, MANY, 0);
    ml_plot *density = next((ml_plot_opts){.title = "Densities", .x_label = "age"});
    ml_plot_density(density, "died", a, MANY);
    ml_plot_density(density, "survived", b, MANY);
    ml_plot *box = next((ml_plot_opts){.title = "Boxes", .y_label = "age"});
    ml_plot_box(box, "first", a, MANY), ml_plot_box(box, "second", b, MANY), ml_plot_box(box, "third", c, MANY);
}

static void tables(void)
{
    static const char *const names[] = {"age", "fare", "class", "kin"};
    const double share[] = {0.63, 0.43, 0.26, 0.51}, other[] = {0.37, 0.22, 0.14, 0.30}, spread[] = {0.03, 0.02, 0.02, 0.04};
    const double v[] = {1, 0.18, -0.41, -0.24, 0.18, 1, -0.56, 0.16, -0.41, -0.56, 1, 0.06, -0.24, 0.16, 0.06, 1};
    ml_plot *bars = next((ml_plot_opts){.title = "Bars"});
    ml_plot_bars(bars, "women", names, share, 4), ml_plot_bars(bars, "men", names, other, 4);
    ml_plot *lying = next((ml_plot_opts){.title = "Lying bars", .horizontal = true});
    ml_plot_bars(lying, NULL, names, share, 4);
    ml_plot_importances(next((ml_plot_opts){.title = "Importances"}), names, share, spread, 4, 0);
    ml_plot_heat(next((ml_plot_opts){.title = "Heat map"}),
                 (ml_heat){.v = v, .rows = 4, .columns = 4, .row_names = names, .column_names = names, .diverging = true, .low = -1, .high = 1});
    ml_plot_confusion(next((ml_plot_opts){.title = "Confusion matrix"}), (const int64_t[]){50, 3, 1, 4, 41, 9, 0, 6, 48}, 3,
                      (const char *const[]){"cat", "dog", "fox"});
}

static void scores(ml_rng *rng)
{
    double score[MANY];
    int32_t truth[MANY];
    for (int i = 0; i < MANY; i++) {
        double z = 1.6 * ml_rng_normal(rng);
        score[i] = 1 / (1 + exp(-1.5 * z)); /* a little too sure */
        truth[i] = ml_rng_uniform(rng) < 1 / (1 + exp(-z));
    }
    ml_plot_roc(next((ml_plot_opts){.title = "ROC curve"}), "model", (ml_ints){truth, MANY}, score);
    ml_plot_calibration(next((ml_plot_opts){.title = "Calibration"}), "model", (ml_ints){truth, MANY}, score, 8);
}

static void pictures(void)
{
    static const char *const captions[] = {"1 ring", "2 rings", "3 rings", "4 rings", "5 rings", "6 rings"};
    ml_image *ring[6];
    for (int k = 0; k < 6; k++) {
        ring[k] = ml_image_new(SIDE, SIDE, 1);
        for (int i = 0; ring[k] && i < SIDE * SIDE; i++) {
            double y = i / SIDE - SIDE / 2 + 0.5, x = i % SIDE - SIDE / 2 + 0.5;
            ring[k]->px[i] = (uint8_t)(127.5 + 127.5 * cos(sqrt(x * x + y * y) * (k + 1) * 0.4));
        }
    }
    ml_plot_pictures(next((ml_plot_opts){.title = "Pictures"}), (const ml_image *const *)ring, captions, 6, 3);
    for (int k = 0; k < 6; k++)
        ml_image_free(ring[k]);
}

int main(int argc, char **argv)
{
    ml_rng rng = ml_rng_seed(1);
    courses(&rng);
    distributions(&rng);
    tables();
    scores(&rng);
    pictures();
    ml_plot *all = ml_plot_panels((const ml_plot *const *)kinds, KINDS, 3, (ml_plot_opts){.width = 1080, .height = 1400});
    if (ml_plot_save(all, argc > 1 ? argv[1] : "plots.svg"))
        return ml_perror("plots");
    ml_plot_free(all);
    for (int i = 0; i < KINDS; i++)
        ml_plot_free(kinds[i]);
    return 0;
}
