/* data.c -- two small files, each column brought to mean 0 and spread 1. Without that, descent would need a million steps: try. */
#include "week02-regression/week02.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int too_short(const cli *c, const char *path, long line)
{
    return cli_fail(c, "%s, line %ld: not the numbers that the first line promises", path, line);
}

/* First line: rows, columns, names of classes; then rows, the class last. v gets columns + 1 numbers a row. */
static int read_numbers(const cli *c, const char *path, FILE *f, int64_t columns, double **v, int64_t *rows)
{
    char line[1024];
    char *at = fgets(line, sizeof line, f), *end = NULL;
    long n = at ? strtol(at, &end, 10) : 0, wide = at && *end == ',' ? strtol(end + 1, &end, 10) : 0;
    if (n < 2 || n > 100000 || wide != columns)
        return cli_fail(c, "%s, line 1: it does not say how many rows of %lld columns follow", path, (long long)columns);
    *rows = n;
    *v = malloc((size_t)(n * (columns + 1)) * sizeof **v);
    double *to = *v;
    for (long i = 0; i < n; i++) {
        at = fgets(line, sizeof line, f);
        for (int64_t j = 0; j <= columns; j++, at = end + 1) {
            if (!to || !at)
                return too_short(c, path, i + 2);
            *to++ = strtod(at, &end);
            if (end == at || *end != (j < columns ? ',' : '\n') || !isfinite(to[-1]))
                return too_short(c, path, i + 2);
        }
    }
    return 0;
}

static int read_file(const cli *c, const char *name, int64_t columns, double **v, int64_t *rows)
{
    char folder[CLI_PATH], path[CLI_PATH + 32];
    int status = cli_find_data(c, "tabular", folder);
    if (status >= 0)
        return status;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    if (!f)
        return cli_fail(c, "%s cannot be opened", path);
    status = read_numbers(c, path, f, columns, v, rows);
    fclose(f);
    return status;
}

static void standardize(task *t)
{
    for (int64_t j = 0; j < t->columns; j++) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < t->rows; i++)
            mean += t->x[i * t->columns + j] / (double)t->rows;
        for (int64_t i = 0; i < t->rows; i++)
            square += pow(t->x[i * t->columns + j] - mean, 2) / (double)t->rows;
        for (int64_t i = 0; i < t->rows; i++)
            t->x[i * t->columns + j] = square > 0 ? (t->x[i * t->columns + j] - mean) / sqrt(square) : 0;
    }
}

/* Columns 0 .. columns-1 of v, `wide` numbers a row, are x; column `target` is y. */
static int take(const cli *c, task *t, double *v, int64_t wide, int64_t target)
{
    t->x = malloc((size_t)(t->rows * t->columns) * sizeof *t->x);
    t->y = malloc((size_t)t->rows * sizeof *t->y);
    for (int64_t i = 0; i < t->rows && t->x && t->y; i++) {
        memcpy(t->x + i * t->columns, v + i * wide, (size_t)t->columns * sizeof *v);
        t->y[i] = v[i * wide + target];
    }
    free(v);
    if (!t->x || !t->y)
        return cli_fail(c, "out of memory");
    standardize(t);
    return 0;
}

int read_flowers(const cli *c, task *t)
{
    *t = (task){.title = "Linear regression: the width of a petal from three other lengths, 150 irises",
                .what = "petal width, cm",
                .name = {"sepal length", "sepal width", "petal length"},
                .way = {"QR", "L-BFGS", "descent"},
                .columns = 3,
                .rate = 0.3};
    double *v = NULL;
    int status = read_file(c, "iris.csv", 4, &v, &t->rows);
    if (!status)
        return take(c, t, v, 5, 3);
    free(v);
    return status;
}

int read_tumours(const cli *c, task *t)
{
    *t = (task){.title = "Logistic regression: benign or malignant, 30 measures of 569 tumours",
                .what = "log odds of benign",
                .name = {"radius",        "texture",        "perimeter",       "area",          "smoothness",
                         "compactness",   "concavity",      "concave points",  "symmetry",      "fractal dimension",
                         "radius +-",     "texture +-",     "perimeter +-",    "area +-",       "smoothness +-",
                         "compactness +-", "concavity +-",  "concave pts +-",  "symmetry +-",   "fractal dim. +-",
                         "worst radius",  "worst texture",  "worst perimeter", "worst area",    "worst smoothness",
                         "worst compactn.", "worst concavity", "worst conc. pts", "worst symmetry", "worst fractal d."},
                .way = {"Newton", "L-BFGS", "descent"},
                .columns = FEATURES,
                .classes = true,
                .rate = 0.5};
    double *v = NULL;
    int status = read_file(c, "breast_cancer.csv", FEATURES, &v, &t->rows);
    for (int64_t i = 0; i < t->rows && !status; i++)
        if (v[i * (FEATURES + 1) + FEATURES] != 0 && v[i * (FEATURES + 1) + FEATURES] != 1)
            status = cli_fail(c, "breast_cancer.csv, line %lld: the class is neither 0 nor 1", (long long)i + 2);
    if (!status)
        return take(c, t, v, FEATURES + 1, FEATURES);
    free(v);
    return status;
}

void task_free(task *t)
{
    free(t->x), free(t->y);
    *t = (task){0};
}

double loss_of(const task *t, const double *w)
{
    double sum = 0;
    for (int64_t i = 0; i < t->rows; i++) {
        double z = w[t->columns];
        for (int64_t j = 0; j < t->columns; j++)
            z += w[j] * t->x[i * t->columns + j];
        double wrong = t->y[i] > 0.5 ? -z : z; /* how far on the wrong side */
        sum += t->classes ? log1p(exp(-fabs(wrong))) + (wrong > 0 ? wrong : 0) : (z - t->y[i]) * (z - t->y[i]);
    }
    for (int64_t j = 0; j < t->columns && t->classes; j++)
        sum += w[j] * w[j] / 2;
    return sum / (double)t->rows;
}
