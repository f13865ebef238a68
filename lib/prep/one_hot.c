/* one_hot.c -- each value of a column becomes a column of its own, 1 in its rows and 0 in the others
 *
 * Order     of the new columns is the sorted order of values; then "other", then "missing"
 * Other     one column for the values of fewer than min_count rows, for those beyond the max_categories most frequent, and, where
 *           opts say so, for values that no training row had. A value that is called "other" itself shares it; likewise "missing"
 * Learns    the values of each column, which of the new columns each has, and their names
 */
#include "prep/vocabulary.h"

#include <stdlib.h>
#include <string.h>

/* Of one column. A table of more is not what somebody wanted. */
enum { MOST_COLUMNS = 10000 };

static const char *const UNSEEN[] = {"error", "ignore", "other", NULL};
static const mli_field FIELDS[] = {
    MLI_FIELD_CHOICE(ml_one_hot_opts, unseen, UNSEEN),
    MLI_FIELD(ml_one_hot_opts, drop_first, MLI_FLAG, 0),
    MLI_FIELD(ml_one_hot_opts, missing, MLI_FLAG, 0),
    MLI_FIELD(ml_one_hot_opts, min_count, MLI_COUNT, 1),
    MLI_FIELD(ml_one_hot_opts, max_categories, MLI_COUNT, 0),
    {0},
};

/* What becomes of one column. */
typedef struct hot {
    mli_encoding code; /* to the numbers of new columns */
    char **name;       /* theirs, one block */
    int32_t names;
} hot;
typedef struct hots {
    hot *column;
    int n;
} hots;

static void free_hots(void *state)
{
    hots *s = state;
    for (int i = 0; s && i < s->n; i++) {
        mli_encoding_free(&s->column[i].code);
        mli_free(s->column[i].name);
    }
    if (s)
        mli_free(s->column);
    mli_free(s);
}

static hots *blank(int n)
{
    hots *s = mli_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->n = n;
    s->column = mli_calloc((size_t)n, sizeof *s->column);
    if (s->column)
        return s;
    mli_free(s);
    return NULL;
}

/* ---- which values have a column ---- */

typedef struct ranked {
    int64_t count, place;
} ranked;

/* The most frequent first; of equals the first in sorted order. */
static int compare(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : (x->place > y->place) - (x->place < y->place);
}

/* Sets count to 0 for all but the `most` most frequent. */
static ml_status drop_beyond(int64_t *count, int64_t n, int64_t most)
{
    ranked *r = mli_alloc((size_t)n * sizeof *r);
    if (!r)
        return ML_ENOMEM;
    for (int64_t k = 0; k < n; k++)
        r[k] = (ranked){count[k], k};
    qsort(r, (size_t)n, sizeof *r, compare);
    for (int64_t k = most; k < n; k++)
        count[r[k].place] = 0;
    mli_free(r);
    return ML_OK;
}

/* The number of the column for "other" or "missing": that of a value which is called so, or a new one. */
static int32_t gathering(hot *h, const char *word, const char **of)
{
    const int64_t place = mli_vocabulary_find(&h->code.values, word);
    if (place >= 0 && h->code.to[place] != MLI_REFUSE)
        return h->code.to[place];
    of[h->names] = word;
    return h->names++;
}

/* Numbers the columns, and writes to `of` the value of which each is. Values with a count of 0 are rare. */
static void number(hot *h, const int64_t *count, const ml_one_hot_opts *o, const char **of)
{
    mli_encoding *e = &h->code;
    int64_t rare = 0;
    bool dropped = !o->drop_first;
    for (int64_t k = 0; k < e->values.n; k++) {
        e->to[k] = count[k] == 0 ? MLI_REFUSE : !dropped ? MLI_NOTHING : h->names;
        if (e->to[k] >= 0)
            of[h->names++] = e->values.word[k];
        dropped = dropped || count[k];
        rare += count[k] == 0;
    }
    const int32_t other = rare || o->unseen == ML_UNSEEN_OTHER ? gathering(h, "other", of) : MLI_NOTHING;
    e->missing = o->missing ? gathering(h, "missing", of) : MLI_NOTHING;
    e->unseen = o->unseen == ML_UNSEEN_ERROR ? MLI_REFUSE : o->unseen == ML_UNSEEN_IGNORE ? MLI_NOTHING : other;
    for (int64_t k = 0; k < e->values.n; k++)
        if (e->to[k] == MLI_REFUSE)
            e->to[k] = other;
}

static ml_status check_number(const hot *h, const ml_column *c)
{
    char shown[MLI_SHOWN];
    if (h->names <= MOST_COLUMNS)
        return ML_OK;
    return mli_fail(ML_EINVAL, "column '%s' has %lld values and would become %ld columns, more than %d: gather the rare ones by "
                               ".min_count or .max_categories, or take an ordinal code or a group rate",
                    mli_shown(c->name, shown), (long long)h->code.values.n, (long)h->names, MOST_COLUMNS);
}

/* "<column>_<value>" for each. */
static ml_status name_columns(hot *h, const char *column, const char *const *of)
{
    char **full = mli_calloc((size_t)h->names, sizeof *full);
    ml_status s = full ? ML_OK : ML_ENOMEM;
    for (int32_t k = 0; k < h->names && !s; k++)
        s = (full[k] = mli_joined(column, "_", of[k])) ? ML_OK : ML_ENOMEM;
    if (!s && !(h->name = mli_texts_copy((const char *const *)full, h->names)))
        s = ML_ENOMEM;
    for (int32_t k = 0; full && k < h->names; k++)
        mli_free(full[k]);
    mli_free(full);
    return s;
}

static ml_status fit_counted(hot *h, const ml_column *c, int64_t *count, const ml_one_hot_opts *o)
{
    const int64_t n = h->code.values.n;
    for (int64_t k = 0; k < n; k++)
        if (count[k] < o->min_count)
            count[k] = 0;
    if (o->max_categories && drop_beyond(count, n, o->max_categories))
        return ML_ENOMEM;
    const char **of = mli_alloc(((size_t)n + 2) * sizeof *of);
    h->code.to = mli_alloc((size_t)n * sizeof *h->code.to);
    ml_status s = of && h->code.to ? ML_OK : ML_ENOMEM;
    if (!s) {
        number(h, count, o, of);
        s = check_number(h, c);
    }
    if (!s)
        s = name_columns(h, c->name, of);
    mli_free(of);
    return s;
}

static ml_status fit(ml_prep *p, const ml_prep_step *step, const mli_prep_rows *g)
{
    hots *s = blank(p->n);
    ml_status e = s ? ML_OK : ML_ENOMEM;
    p->state = s;
    for (int i = 0; i < p->n && !e; i++) {
        int64_t *count = NULL;
        e = mli_vocabulary_of(g->column[i], &s->column[i].code.values, &count);
        if (!e)
            e = fit_counted(&s->column[i], g->column[i], count, &step->opts.one_hot);
        mli_free(count);
    }
    return e;
}

/* ---- transforming ---- */

/* Zeros, names x n, and a 1 for each code that is one. */
static ml_status fill(double **v, int32_t names, const int32_t *code, int64_t n)
{
    for (int32_t k = 0; k < names; k++)
        if (!(v[k] = mli_calloc((size_t)n, sizeof **v)))
            return ML_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        if (code[i] >= 0)
            v[code[i]][i] = 1;
    return ML_OK;
}

static ml_status put_columns(const hot *h, const int32_t *code, int64_t n, ml_frame *out)
{
    double **v = mli_calloc((size_t)h->names, sizeof *v);
    ml_status s = v ? fill(v, h->names, code, n) : ML_ENOMEM;
    for (int32_t k = 0; v && k < h->names; k++) {
        if (!s)
            s = mli_add_numbers(out, h->name[k], v[k], n);
        else
            mli_free(v[k]);
    }
    mli_free(v);
    return s;
}

static ml_status replace(const ml_prep *p, int i, const ml_column *c, ml_frame *out)
{
    const hot *h = &((const hots *)p->state)->column[i];
    int32_t *code = mli_encode(&h->code, c);
    if (!code)
        return ml_error_status();
    ml_status s = put_columns(h, code, c->n, out);
    mli_free(code);
    return s;
}

/* ---- files ---- */

static ml_status save(const ml_prep *p, mli_store *store, const char *at)
{
    const hots *s = p->state;
    char name[32];
    ml_status e = ML_OK;
    for (int i = 0; i < p->n && !e; i++) {
        e = mli_encoding_put(&s->column[i].code, store, at, i);
        snprintf(name, sizeof name, "columns.%d", i);
        if (!e)
            e = mli_store_put_texts(store, at, name, (const char *const *)s->column[i].name, s->column[i].names);
    }
    return e;
}

static ml_status load_column(hot *h, mli_store *store, const char *at, int i, ml_type type)
{
    char name[32];
    int64_t names = 0;
    snprintf(name, sizeof name, "columns.%d", i);
    if (mli_store_texts(store, at, name, 0, INT32_MAX, &h->name, &names))
        return ml_error_status();
    h->names = (int32_t)names;
    for (int64_t k = 0; k < names; k++)
        if (!*h->name[k])
            return mli_store_fail(store, at, name, "has an empty name at place %lld", (long long)k);
    return mli_encoding_take(&h->code, store, at, i, type, h->names);
}

static ml_status load(ml_prep *p, mli_store *store, const char *at)
{
    hots *s = blank(p->n);
    ml_status e = s ? ML_OK : ML_ENOMEM;
    p->state = s;
    for (int i = 0; i < p->n && !e; i++)
        e = load_column(&s->column[i], store, at, i, p->type[i]);
    return e;
}

const ml_prep_kind mli_one_hot_kind = {
    .name = "one_hot",
    .fields = FIELDS,
    .takes = MLI_TAKES_KEYS,
    .fit = fit,
    .replace = replace,
    .save = save,
    .load = load,
    .free = free_hots,
};

ml_prep_step ml_one_hot_step(ml_one_hot_opts opts)
{
    return (ml_prep_step){.kind = &mli_one_hot_kind, .opts.one_hot = opts};
}
