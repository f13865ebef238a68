/* impute.c -- fills what is missing by one value a column
 *
 * Mean      of the values that are there        Median  the middle one of the sorted values, or the mean of the middle two
 * Mode      the longest run of the sorted values, the first of several as long
 * Learns    a value a column; a column without any gets the constant
 */
#include "prep/prep.h"
#include "prep/statistics.h"

#include <math.h>
#include <string.h>

static const char *const HOW[] = {"mean", "median", "mode", "constant", NULL};
static const mli_field FIELDS[] = {
    MLI_FIELD_CHOICE(ml_impute_opts, how, HOW),
    MLI_FIELD(ml_impute_opts, constant, MLI_FINITE, 0),
    {0},
};

/* A value for each of the p->n columns, where its type says. */
typedef struct fills {
    ml_type *type; /* what the column becomes */
    double *number;
    int64_t *whole;
    char **text; /* one block */
} fills;

static void free_fills(void *state)
{
    fills *s = state;
    if (!s)
        return;
    mli_free(s->type);
    mli_free(s->number);
    mli_free(s->whole);
    mli_free(s->text);
    mli_free(s);
}

static ml_status check(const ml_prep_step *step)
{
    const ml_impute_opts *o = &step->opts.impute;
    return o->text && !mli_is_utf8(o->text) ? mli_fail(ML_EINVAL, "text is not UTF-8") : ML_OK;
}

/* ---- fitting ---- */

static void fill_constant(fills *s, int i, const ml_column *c, const ml_impute_opts *o)
{
    const bool whole = o->constant == floor(o->constant) && fabs(o->constant) < 9e15;
    const bool averaged = o->how == ML_IMPUTE_MEAN || o->how == ML_IMPUTE_MEDIAN;
    s->type[i] = c->type == ML_INTEGER && whole && !averaged ? ML_INTEGER : ML_NUMBER;
    s->number[i] = o->constant;
    s->whole[i] = whole ? (int64_t)o->constant : 0;
}

static ml_status fill_average(fills *s, int i, const ml_column *c, ml_impute_how how)
{
    char shown[MLI_SHOWN];
    double *v = mli_known(c);
    const int64_t n = c->n - c->missing;
    if (!v)
        return ml_error_status();
    s->type[i] = ML_NUMBER;
    s->number[i] = how == ML_IMPUTE_MEDIAN ? mli_median(v, n) : mli_mean(v, n);
    mli_free(v);
    if (isfinite(s->number[i]))
        return ML_OK;
    return mli_fail(ML_EINVAL, "the values of column '%s' are too large: their mean is no double", mli_shown(c->name, shown));
}

/* A row that has the most frequent value, of several the smallest; -1 where memory lacks. Some value is there. */
static int64_t mode_row(const ml_column *c)
{
    int64_t *order = mli_column_sorted(c), best = -1, longest = 0, begin = 0;
    for (int64_t i = 0; order && i < c->n - c->missing; i++) {
        if (i && mli_column_order_of_texts(c, order[i - 1], order[i]) != 0)
            begin = i;
        if (i - begin + 1 > longest) {
            longest = i - begin + 1;
            best = order[i];
        }
    }
    mli_free(order);
    return best;
}

static ml_status fill_mode(fills *s, int i, const ml_column *c, const char **text)
{
    const int64_t row = mode_row(c);
    if (row < 0)
        return ML_ENOMEM;
    s->type[i] = c->type;
    if (c->type == ML_NUMBER)
        s->number[i] = c->number[row];
    else if (c->type == ML_INTEGER)
        s->whole[i] = c->integer[row];
    else
        text[i] = ml_column_text(c, row);
    return ML_OK;
}

static ml_status fill(fills *s, int i, const ml_column *c, const ml_impute_opts *o, const char **text)
{
    char shown[MLI_SHOWN];
    const bool word = c->type == ML_CATEGORY || c->type == ML_TEXT;
    text[i] = "";
    if (word && (o->how == ML_IMPUTE_MEAN || o->how == ML_IMPUTE_MEDIAN))
        return mli_fail(ML_EINVAL, "column '%s' is %s and has no %s: take ML_IMPUTE_MODE or ML_IMPUTE_CONSTANT",
                        mli_shown(c->name, shown), ml_type_name(c->type), HOW[o->how]);
    if (c->missing < c->n && o->how == ML_IMPUTE_MODE)
        return fill_mode(s, i, c, text);
    if (word) {
        s->type[i] = c->type;
        text[i] = o->text ? o->text : "missing";
    } else if (c->missing < c->n && o->how != ML_IMPUTE_CONSTANT) {
        return fill_average(s, i, c, o->how);
    } else {
        fill_constant(s, i, c, o);
    }
    return ML_OK;
}

static fills *blank(int n)
{
    fills *s = mli_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->type = mli_calloc((size_t)n, sizeof *s->type);
    s->number = mli_calloc((size_t)n, sizeof *s->number);
    s->whole = mli_calloc((size_t)n, sizeof *s->whole);
    if (s->type && s->number && s->whole)
        return s;
    free_fills(s);
    return NULL;
}

static ml_status fit(ml_prep *p, const ml_prep_step *step, const mli_prep_rows *g)
{
    fills *s = blank(p->n);
    const char **text = mli_alloc((size_t)p->n * sizeof *text);
    ml_status e = s && text ? ML_OK : ML_ENOMEM;
    p->state = s;
    for (int i = 0; i < p->n && !e; i++)
        e = fill(s, i, g->column[i], &step->opts.impute, text);
    if (!e && !(s->text = mli_texts_copy(text, p->n)))
        e = ML_ENOMEM;
    mli_free(text);
    return e;
}

/* ---- transforming ---- */

static ml_status put_numbers(const ml_column *c, double instead, ml_frame *out)
{
    double *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = ml_column_missing(c, i) ? instead : ml_column_number(c, i);
    return mli_add_numbers(out, c->name, v, c->n);
}

static ml_status put_integers(const ml_column *c, int64_t instead, ml_frame *out)
{
    int64_t *v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = ml_column_missing(c, i) ? instead : c->integer[i];
    return mli_add_integers(out, c->name, v, c->n);
}

static ml_status put_texts(const ml_column *c, const char *instead, ml_frame *out)
{
    const char **v = mli_alloc((size_t)c->n * sizeof *v);
    for (int64_t i = 0; v && i < c->n; i++)
        v[i] = ml_column_missing(c, i) ? instead : ml_column_text(c, i);
    ml_status e = v ? ml_frame_put_texts(out, c->name, v, c->n) : ML_ENOMEM;
    mli_free(v);
    return e;
}

static ml_status put_codes(const ml_column *c, const char *instead, ml_frame *out)
{
    const char **category = mli_alloc(((size_t)c->categories + 1) * sizeof *category);
    int32_t *code = mli_alloc((size_t)c->n * sizeof *code), k = 0;
    ml_status e = category && code ? ML_OK : ML_ENOMEM;
    for (int32_t i = 0; i < c->categories && !e; i++)
        category[i] = c->category[i];
    while (!e && k < c->categories && strcmp(category[k], instead) != 0)
        k++;
    if (!e)
        category[k] = instead;
    for (int64_t i = 0; i < c->n && !e; i++)
        code[i] = c->code[i] < 0 ? k : c->code[i];
    if (!e)
        e = ml_frame_put_categories(out, c->name, (ml_ints){code, c->n}, category, c->categories + (k == c->categories));
    mli_free(category);
    mli_free(code);
    return e;
}

static ml_status replace(const ml_prep *p, int i, const ml_column *c, ml_frame *out)
{
    const fills *s = p->state;
    if (s->type[i] == ML_NUMBER)
        return put_numbers(c, s->number[i], out);
    if (s->type[i] == ML_INTEGER)
        return put_integers(c, s->whole[i], out);
    if (c->missing == 0)
        return mli_add_column(out, c);
    return c->type == ML_TEXT ? put_texts(c, s->text[i], out) : put_codes(c, s->text[i], out);
}

/* ---- files ---- */

static ml_status save(const ml_prep *p, mli_store *store, const char *at)
{
    const fills *s = p->state;
    ml_status e = mli_prep_put_types(store, at, "becomes", s->type, p->n);
    if (!e)
        e = mli_store_put_doubles(store, at, "number", s->number, p->n);
    if (!e)
        e = mli_store_put_longs(store, at, "whole", s->whole, p->n);
    return e ? e : mli_store_put_texts(store, at, "text", (const char *const *)s->text, p->n);
}

/* What a column of this type can become. */
static bool may_become(ml_type was, ml_type becomes)
{
    return becomes == was || (was == ML_INTEGER && becomes == ML_NUMBER);
}

static ml_status load(ml_prep *p, mli_store *store, const char *at)
{
    fills *s = mli_calloc(1, sizeof *s);
    p->state = s;
    ml_status e = s ? mli_prep_take_types(store, at, "becomes", p->n, &s->type) : ML_ENOMEM;
    if (!e)
        e = mli_store_doubles(store, at, "number", p->n, p->n, &s->number, NULL);
    if (!e)
        e = mli_store_longs(store, at, "whole", p->n, p->n, &s->whole, NULL);
    if (!e)
        e = mli_store_texts(store, at, "text", p->n, p->n, &s->text, NULL);
    for (int i = 0; i < p->n && !e; i++)
        if (!may_become(p->type[i], s->type[i]))
            e = mli_store_fail(store, at, "becomes", "makes %s of %s", ml_type_name(s->type[i]), ml_type_name(p->type[i]));
    return e;
}

const ml_prep_kind mli_impute_kind = {
    .name = "impute",
    .fields = FIELDS,
    .takes = MLI_TAKES_NUMBERS | MLI_TAKES_KEYS,
    .check = check,
    .fit = fit,
    .replace = replace,
    .save = save,
    .load = load,
    .free = free_fills,
};

ml_prep_step ml_impute_step(ml_impute_opts opts)
{
    return (ml_prep_step){.kind = &mli_impute_kind, .opts.impute = opts};
}
