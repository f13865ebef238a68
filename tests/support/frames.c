/* frames.c -- see frames.h. */
#include "support/frames.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, LONGEST = 128 };

typedef struct words {
    char text[MOST][LONGEST];
    const char *v[MOST]; /* NULL: missing */
    int n;
} words;

static words split(const char *text)
{
    words w = {.n = 0};
    for (const char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
        const size_t n = strcspn(p, " ");
        assert_true(w.n < MOST && n < LONGEST);
        memcpy(w.text[w.n], p, n);
        w.text[w.n][n] = 0;
        if (strcmp(w.text[w.n], "_") == 0)
            w.text[w.n][0] = 0;
        w.n++;
        p += n;
    }
    return w;
}

/* The pointers of a copy of ours. */
static void point(words *w)
{
    for (int i = 0; i < w->n; i++)
        w->v[i] = strcmp(w->text[i], "-") == 0 ? NULL : w->text[i];
}

void put_words(ml_frame *f, const char *name, const char *text)
{
    words w = split(text);
    point(&w);
    assert_int_equal(ml_frame_put_texts(f, name, w.v, w.n), ML_OK);
}

void put_category(ml_frame *f, const char *name, const char *text)
{
    words w = split(text);
    const char *list[MOST];
    int32_t code[MOST], n = 0;
    point(&w);
    for (int i = 0; i < w.n; i++) {
        code[i] = w.v[i] ? 0 : -1;
        while (w.v[i] && code[i] < n && strcmp(list[code[i]], w.v[i]) != 0)
            code[i]++;
        if (code[i] == n)
            list[n++] = w.v[i];
    }
    assert_int_equal(ml_frame_put_categories(f, name, (ml_ints){code, w.n}, list, n), ML_OK);
}

void put_values(ml_frame *f, const char *name, const char *text)
{
    words w = split(text);
    double v[MOST];
    int64_t whole[MOST];
    bool integers = true;
    point(&w);
    for (int i = 0; i < w.n; i++) {
        v[i] = w.v[i] ? strtod(w.v[i], NULL) : NAN;
        whole[i] = w.v[i] ? strtoll(w.v[i], NULL, 10) : ML_MISSING;
        integers = integers && (!w.v[i] || !w.v[i][strspn(w.v[i], "-0123456789")]);
    }
    if (integers)
        assert_int_equal(ml_frame_put_integers(f, name, whole, w.n), ML_OK);
    else
        assert_int_equal(ml_frame_put_numbers(f, name, v, w.n), ML_OK);
}

static const ml_column *column(const ml_frame *f, const char *name, ml_type type, int64_t n)
{
    assert_non_null(f);
    const ml_column *c = ml_frame_column(f, name);
    if (!c)
        fail_msg("%s", ml_error());
    if (c->type != type || c->n != n)
        fail_msg("%s: %lld of type %s, expected %lld of type %s", name, (long long)c->n, ml_type_name(c->type), (long long)n,
                 ml_type_name(type));
    return c;
}

void assert_words(const ml_frame *f, const char *name, ml_type type, const char *text)
{
    words w = split(text);
    point(&w);
    const ml_column *c = column(f, name, type, w.n);
    for (int i = 0; i < w.n; i++) {
        const char *is = ml_column_text(c, i);
        if (!is != !w.v[i] || (is && strcmp(is, w.v[i]) != 0))
            fail_msg("%s: row %d is '%s', expected '%s'", name, i, is ? is : "missing", w.v[i] ? w.v[i] : "missing");
    }
}

void assert_values(const ml_frame *f, const char *name, ml_type type, const char *text)
{
    words w = split(text);
    double v[MOST];
    point(&w);
    column(f, name, type, w.n);
    for (int i = 0; i < w.n; i++)
        v[i] = w.v[i] ? strtod(w.v[i], NULL) : NAN;
    assert_column_close(f, name, v, w.n, 0);
}

void assert_column_close(const ml_frame *f, const char *name, const double *v, int64_t n, double rtol)
{
    assert_non_null(f);
    const ml_column *c = ml_frame_column(f, name);
    if (!c || c->n != n)
        fail_msg("%s: %lld values, expected %lld", name, c ? (long long)c->n : -1, (long long)n);
    int64_t missing = 0;
    for (int64_t i = 0; i < n; i++) {
        const double is = ml_column_number(c, i);
        missing += isnan(v[i]);
        if (isnan(is) && isnan(v[i]))
            continue;
        if (!(is == v[i] || fabs(is - v[i]) <= rtol * fabs(v[i])))
            fail_msg("%s: row %lld is %.17g, expected %.17g", name, (long long)i, is, v[i]);
    }
    assert_int_equal(c->missing, missing);
}

void assert_error_has(const char *part)
{
    if (!strstr(ml_error(), part))
        fail_msg("'%s' does not say '%s'", ml_error(), part);
}
