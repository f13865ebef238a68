#include "support/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const letters[] = {"e", "b", "a", "d", "c"};

ml_frame *summary_frame(void)
{
    golden g = golden_read("summary_data");
    const int64_t n = g.shape[0];
    ml_frame *f = ml_frame_new();
    const char **a = malloc((size_t)n * sizeof *a);
    double *v = malloc((size_t)n * sizeof *v);
    int64_t *y = malloc((size_t)n * sizeof *y);
    assert_true(f && a && v && y);
    for (int64_t i = 0; i < n; i++) {
        a[i] = isnan(g.v[5 * i]) ? NULL : letters[(int)g.v[5 * i]];
        y[i] = (int64_t)g.v[5 * i + 3];
    }
    assert_int_equal(ml_frame_put_texts(f, "a", a, n), ML_OK);
    for (int j = 1; j < 5; j++) {
        static const char *const names[] = {"a", "b", "x", "y", "z"};
        for (int64_t i = 0; i < n; i++)
            v[i] = g.v[5 * i + j];
        assert_int_equal(j == 3 ? ml_frame_put_integers(f, "y", y, n) : ml_frame_put_numbers(f, names[j], v, n), ML_OK);
    }
    for (int64_t i = 0; i < n; i++)
        v[i] = 0.1;
    assert_int_equal(ml_frame_put_numbers(f, "c", v, n), ML_OK);
    free(a), free(v), free(y);
    golden_free(&g);
    return f;
}

double summary_place(const ml_column *c, int64_t i)
{
    const char *text = ml_column_text(c, i);
    for (int k = 0; text && k < 5; k++)
        if (strcmp(text, letters[k]) == 0)
            return k;
    return (double)NAN;
}

const ml_column *column(const ml_frame *f, const char *name)
{
    assert_non_null(f);
    const ml_column *c = ml_frame_column(f, name);
    if (!c)
        fail_msg("%s", ml_error());
    return c;
}

void assert_value(const ml_column *c, int64_t i, double v)
{
    const double x = c->type == ML_TEXT || c->type == ML_CATEGORY ? summary_place(c, i) : ml_column_number(c, i);
    if (isnan(x) || isnan(v) ? isnan(x) != isnan(v) : fabs(x - v) > 1e-12 * fmax(1, fabs(v)))
        fail_msg("%s, row %lld: %.17g, expected %.17g", c->name, (long long)i, x, v);
}

void assert_numbers(const ml_frame *f, const char *name, const double *v, int64_t n)
{
    const ml_column *c = column(f, name);
    assert_int_equal(c->n, n);
    for (int64_t i = 0; i < n; i++)
        assert_value(c, i, v[i]);
}

void assert_texts(const ml_frame *f, const char *name, const char *const *v, int64_t n)
{
    const ml_column *c = column(f, name);
    assert_int_equal(c->n, n);
    for (int64_t i = 0; i < n; i++) {
        const char *text = ml_column_text(c, i);
        if (!text != !v[i] || (text && strcmp(text, v[i]) != 0))
            fail_msg("%s, row %lld: '%s', expected '%s'", name, (long long)i, text ? text : "missing", v[i] ? v[i] : "missing");
    }
}

void assert_no_frame(const ml_frame *f, const char *sentence)
{
    assert_null(f);
    assert_string_equal(ml_error(), sentence);
}
