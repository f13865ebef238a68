/* frame_mask.c -- masks: which rows of a frame answer a question with yes; and the frame of those. */
#include "data/pattern.h"
#include "data/verbs.h"

#include <math.h>
#include <string.h>

ml_mask *ml_mask_new(int64_t n)
{
    if (n < 0)
        return mli_null(ML_EINVAL, "mask: %lld rows", (long long)n);
    ml_mask *m = mli_alloc(sizeof *m);
    bool *v = m ? mli_calloc((size_t)n, sizeof *v) : NULL;
    if (!v) {
        mli_free(m);
        return NULL;
    }
    *m = (ml_mask){n, v};
    return m;
}

void ml_mask_free(ml_mask *m)
{
    if (!m)
        return;
    mli_free(m->v);
    mli_free(m);
}

int64_t ml_mask_count(const ml_mask *m)
{
    int64_t count = 0;
    for (int64_t i = 0; m && i < m->n; i++)
        count += m->v[i];
    return count;
}

/* ---- masks of rows and numbers ---- */

ml_mask *ml_mask_rows(const ml_frame *f, ml_row_test test, void *user)
{
    if (!mli_frame_is("mask_rows", f))
        return NULL;
    if (!test)
        return mli_null(ML_EINVAL, "mask_rows: test is NULL");
    ml_mask *m = ml_mask_new(f->rows);
    for (int64_t i = 0; m && i < f->rows; i++)
        m->v[i] = test(f, i, user);
    return m;
}

ml_mask *ml_mask_missing(const ml_frame *f, const char *column)
{
    const ml_column *c = mli_verb_column("mask_missing", f, column, MLI_ANY);
    ml_mask *m = c ? ml_mask_new(c->n) : NULL;
    for (int64_t i = 0; m && i < c->n; i++)
        m->v[i] = ml_column_missing(c, i);
    return m;
}

/* Whether what compares so (order below, at or above 0) is what was asked. */
static bool holds(ml_compare how, int order)
{
    switch (how) {
    case ML_LESS:
        return order < 0;
    case ML_AT_MOST:
        return order <= 0;
    case ML_EQUAL:
        return order == 0;
    case ML_NOT_EQUAL:
        return order != 0;
    case ML_AT_LEAST:
        return order >= 0;
    default:
        return order > 0;
    }
}

static bool is_compare(const char *where, ml_compare how)
{
    if ((unsigned)how > ML_GREATER)
        mli_fail(ML_EINVAL, "%s: there is no comparison %d", where, (int)how);
    return (unsigned)how <= ML_GREATER;
}

/* The order of an integer and a number, exactly: a double cannot hold all of 64 bits. */
static int order_exactly(int64_t a, double b)
{
    const double limit = 9223372036854775808.0;
    if (b >= limit)
        return -1;
    if (b < -limit)
        return 1;
    const int64_t whole = (int64_t)b;
    const double rest = b - (double)whole;
    return a != whole ? (a < whole ? -1 : 1) : rest > 0 ? -1 : rest < 0;
}

ml_mask *ml_mask_number(const ml_frame *f, const char *column, ml_compare how, double value)
{
    const ml_column *c = mli_verb_column("mask_number", f, column, MLI_NUMERIC | MLI_TIMES);
    ml_mask *m = c && is_compare("mask_number", how) ? ml_mask_new(c->n) : NULL;
    for (int64_t i = 0; m && i < c->n; i++)
        if (isnan(value) || ml_column_missing(c, i))
            m->v[i] = how == ML_NOT_EQUAL;
        else if (c->type == ML_NUMBER)
            m->v[i] = holds(how, (c->number[i] > value) - (c->number[i] < value));
        else
            m->v[i] = holds(how, order_exactly(c->integer[i], value));
    return m;
}

/* ---- masks of texts ---- */

typedef ml_status (*text_test)(const char *text, const void *user, bool *yes);

/* Asks about each text, of a category about each of its list once. */
static ml_status ask(const ml_column *c, text_test test, const void *user, bool if_missing, bool *v)
{
    ml_status s = ML_OK;
    if (c->type == ML_TEXT) {
        for (int64_t i = 0; i < c->n && !s; i++)
            if (c->at[i] < 0)
                v[i] = if_missing;
            else
                s = test(c->bytes + c->at[i], user, &v[i]);
        return s;
    }
    bool *yes = mli_calloc((size_t)c->categories, sizeof *yes);
    if (!yes)
        return ML_ENOMEM;
    for (int32_t k = 0; k < c->categories && !s; k++)
        s = test(c->category[k], user, &yes[k]);
    for (int64_t i = 0; i < c->n; i++)
        v[i] = c->code[i] < 0 ? if_missing : yes[c->code[i]];
    mli_free(yes);
    return s;
}

static ml_mask *mask_texts(const char *where, const ml_frame *f, const char *column, text_test test, const void *user,
                           bool if_missing)
{
    const ml_column *c = mli_verb_column(where, f, column, MLI_TEXTUAL);
    ml_mask *m = c ? ml_mask_new(c->n) : NULL;
    if (m && ask(c, test, user, if_missing, m->v)) {
        ml_mask_free(m);
        return NULL;
    }
    return m;
}

typedef struct comparison {
    ml_compare how;
    const char *text;
} comparison;

static ml_status compares(const char *text, const void *user, bool *yes)
{
    const comparison *c = user;
    *yes = holds(c->how, strcmp(text, c->text)); /* the order of bytes is that of code points, in UTF-8 */
    return ML_OK;
}

ml_mask *ml_mask_text(const ml_frame *f, const char *column, ml_compare how, const char *text)
{
    if (!text)
        return mli_null(ML_EINVAL, "mask_text: text is NULL");
    if (!is_compare("mask_text", how))
        return NULL;
    return mask_texts("mask_text", f, column, compares, &(comparison){how, text}, how == ML_NOT_EQUAL);
}

typedef struct list {
    const char *const *texts;
    int64_t n;
} list;

static ml_status is_in(const char *text, const void *user, bool *yes)
{
    const list *l = user;
    *yes = false;
    for (int64_t k = 0; k < l->n && !*yes; k++)
        *yes = strcmp(text, l->texts[k]) == 0;
    return ML_OK;
}

ml_mask *ml_mask_in(const ml_frame *f, const char *column, const char *const *texts, int64_t n)
{
    if (n < 0 || (n > 0 && !texts))
        return mli_null(ML_EINVAL, "mask_in: there are no texts");
    for (int64_t k = 0; k < n; k++)
        if (!texts[k])
            return mli_null(ML_EINVAL, "mask_in: text %lld is NULL", (long long)k);
    return mask_texts("mask_in", f, column, is_in, &(list){texts, n}, false);
}

static ml_status contains(const char *text, const void *part, bool *yes)
{
    *yes = strstr(text, part) != NULL;
    return ML_OK;
}

ml_mask *ml_mask_contains(const ml_frame *f, const char *column, const char *part)
{
    if (!part)
        return mli_null(ML_EINVAL, "mask_contains: part is NULL");
    return mask_texts("mask_contains", f, column, contains, part, false);
}

static ml_status matches(const char *text, const void *pattern, bool *yes)
{
    regmatch_t whole;
    return mli_pattern_find(pattern, text, 1, &whole, yes);
}

ml_mask *ml_mask_matches(const ml_frame *f, const char *column, const char *pattern)
{
    mli_pattern p;
    if (mli_pattern_open(&p, "mask_matches", pattern))
        return NULL;
    ml_mask *m = mask_texts("mask_matches", f, column, matches, &p, false);
    mli_pattern_close(&p);
    return m;
}

/* ---- masks of masks ---- */

static ml_mask *both(const char *where, ml_mask *a, ml_mask *b, bool want_all)
{
    const bool good = a && b && a->n == b->n;
    if (a && b && !good)
        mli_fail(ML_EINVAL, "%s: masks of %lld and %lld rows", where, (long long)a->n, (long long)b->n);
    for (int64_t i = 0; good && i < a->n; i++)
        a->v[i] = want_all ? a->v[i] && b->v[i] : a->v[i] || b->v[i];
    ml_mask_free(b);
    if (good)
        return a;
    ml_mask_free(a);
    return NULL;
}

ml_mask *ml_mask_and(ml_mask *a, ml_mask *b)
{
    return both("mask_and", a, b, true);
}

ml_mask *ml_mask_or(ml_mask *a, ml_mask *b)
{
    return both("mask_or", a, b, false);
}

ml_mask *ml_mask_not(ml_mask *m)
{
    for (int64_t i = 0; m && i < m->n; i++)
        m->v[i] = !m->v[i];
    return m;
}

/* ---- frames of masks ---- */

static bool fits(const char *where, const ml_frame *f, const ml_mask *m)
{
    if (!m || !mli_frame_is(where, f))
        return false;
    if (m->n != f->rows)
        mli_fail(ML_EINVAL, "%s: the mask has %lld rows, the frame %lld", where, (long long)m->n, (long long)f->rows);
    return m->n == f->rows;
}

ml_frame *ml_frame_where(const ml_frame *f, ml_mask *m)
{
    const bool good = fits("frame_where", f, m);
    int64_t *rows = good ? mli_alloc((size_t)ml_mask_count(m) * sizeof *rows) : NULL, n = 0;
    for (int64_t i = 0; rows && i < m->n; i++)
        if (m->v[i])
            rows[n++] = i;
    ml_mask_free(m);
    ml_frame *g = rows ? ml_frame_take(f, rows, n) : NULL;
    mli_free(rows);
    return g;
}

ml_frame *ml_frame_filter(const ml_frame *f, ml_row_test test, void *user)
{
    return ml_frame_where(f, ml_mask_rows(f, test, user));
}

ml_status ml_frame_put_mask(ml_frame *f, const char *name, ml_mask *m)
{
    const bool good = fits("frame_put_mask", f, m);
    int64_t *v = good ? mli_alloc((size_t)m->n * sizeof *v) : NULL;
    for (int64_t i = 0; v && i < m->n; i++)
        v[i] = m->v[i];
    ml_mask_free(m);
    return v ? mli_verb_integers("frame_put_mask", f, name, v) : ml_error_status();
}
