/* trees.c -- see trees.h. */
#include "support/trees.h"

#include <math.h>
#include <stdlib.h>

static tree_data rows(int64_t n, int64_t features, bool classes)
{
    tree_data d = {.x = calloc((size_t)(n * features) + 1, sizeof *d.x),
                   .y = calloc((size_t)n, sizeof *d.y),
                   .weight = calloc((size_t)n, sizeof *d.weight),
                   .label = calloc((size_t)n, sizeof *d.label)};
    assert_true(d.x && d.y && d.weight && d.label);
    d.xy = (ml_xy){.x = {.v = d.x, .rows = n, .columns = features}, .weight = {d.weight, n}};
    if (classes)
        d.xy.label = (ml_ints){d.label, n};
    else
        d.xy.y = (ml_doubles){d.y, n};
    return d;
}

tree_data tree_data_golden(const char *name, bool classes, bool weighted)
{
    enum { D = 6 };
    char path[64];
    snprintf(path, sizeof path, "trees_%s", name);
    golden g = golden_read(path);
    tree_data d = rows(g.shape[0], D, classes);
    for (int64_t i = 0; i < g.shape[0]; i++) {
        const double *row = g.v + i * g.shape[1];
        for (int j = 0; j < D; j++)
            d.x[i * D + j] = row[j];
        d.label[i] = (int32_t)row[D];
        d.y[i] = row[D + 1];
        d.weight[i] = row[D + 2];
    }
    if (!weighted)
        d.xy.weight = (ml_doubles){0};
    golden_free(&g);
    return d;
}

tree_data tree_data_random(int64_t n, int64_t features, bool classes, bool whole, uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    tree_data d = rows(n, features, classes);
    for (int64_t i = 0; i < n; i++) {
        double *x = d.x + i * features, sum = ml_rng_normal(&rng) / 2;
        for (int64_t j = 0; j < features; j++)
            x[j] = floor(8 * ml_rng_uniform(&rng)) / 4;
        for (int64_t j = 0; j < features && j < 2; j++)
            sum += x[j];
        for (int64_t j = 0; j < features; j++)
            if (ml_rng_uniform(&rng) < 0.15)
                x[j] = NAN;
        d.label[i] = sum < 1.2 ? 0 : sum < 2.2 ? 1 : 2;
        d.y[i] = sum;
        d.weight[i] = 3 * ml_rng_uniform(&rng);
        if (whole)
            d.weight[i] = floor(d.weight[i] + 0.9);
    }
    return d;
}

void tree_data_free(tree_data *d)
{
    free(d->x);
    free(d->y);
    free(d->weight);
    free(d->label);
}
