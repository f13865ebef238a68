#include "support/regression.h"

#include <math.h>
#include <stdlib.h>

regression regression_read(regression_shape shape)
{
    const double scale[] = {1e6, 1, 1e-5, 1, 1e3, 1}, offset[] = {0, 1e5, 0, -3e4, 0, 0};
    regression r = {.x = golden_read("regression_x"), .y = golden_read("regression_y")};
    int64_t n = r.x.shape[0], d = r.x.shape[1];
    r.rows = shape == WIDE ? 18 : n;
    r.columns = shape == WIDE ? 30 : shape == AWKWARD ? d + 2 : d;
    r.v = malloc((size_t)(n * (d + 2)) * sizeof *r.v);
    r.two = malloc((size_t)n * sizeof *r.two);
    r.three = malloc((size_t)n * sizeof *r.three);
    for (int64_t i = 0; i < r.rows; i++) {
        const double *row = r.x.v + i * r.columns;
        for (int64_t j = 0; j < r.columns; j++)
            if (shape == AWKWARD) {
                row = r.x.v + i * d;
                r.v[i * r.columns + j] = j < d ? row[j] : j == d ? 0.1 : 2 * row[0] - row[1];
            } else
                r.v[i * r.columns + j] = shape == SCALED ? row[j] * scale[j] + offset[j] : row[j];
        r.two[i] = (int32_t)r.y.v[2 * n + i];
        r.three[i] = (int32_t)r.y.v[3 * n + i];
    }
    return r;
}

void regression_free(regression *r)
{
    golden_free(&r->x);
    golden_free(&r->y);
    free(r->v), free(r->two), free(r->three);
}

ml_xy regression_data(const regression *r, int classes, bool weighted)
{
    ml_xy data = {.x = {.v = r->v, .rows = r->rows, .columns = r->columns}};
    if (classes)
        data.label = (ml_ints){classes == 2 ? r->two : r->three, r->rows};
    else
        data.y = (ml_doubles){r->y.v, r->rows};
    if (weighted)
        data.weight = (ml_doubles){r->y.v + r->y.shape[1], r->rows};
    return data;
}

void assert_coefficients(ml_model *m, const char *file, int row, double tolerance, bool scaled)
{
    if (!m)
        fail_msg("%s %d: %s", file, row, ml_error());
    golden want = golden_read(file);
    int64_t d = ml_model_features(m), k = ml_model_classes(m) > 2 ? ml_model_classes(m) : 1, n = k * (d + 1);
    double got[64], most = 0;
    const double *w = want.v + row * want.shape[1];
    assert_int_equal(ml_model_coefficients(m, got, got + k * d), ML_OK);
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(w[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(got[i] - w[i]) <= tolerance * (scaled ? fabs(w[i]) : most)))
            fail_msg("%s %d, number %lld: %.12g, expected %.12g", file, row, (long long)i, got[i], w[i]);
    golden_free(&want);
    ml_model_free(m);
}
