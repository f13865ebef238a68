/* ordinal.c -- categories become whole numbers, in sorted order or in the one given
 *
 * Code      of a value is its place among the values of the training rows, or in opts.order
 * Unseen    an error, or missing, or the code after the last
 * Learns    the values of each column
 */
#include "prep/vocabulary.h"

#include <string.h>

static const char *const UNSEEN[] = {"error", "ignore", "other", NULL};
static const mli_field FIELDS[] = {
    MLI_FIELD_CHOICE(ml_ordinal_opts, unseen, UNSEEN),
    {0},
};

/* An encoding for each column. */
typedef struct ordinals {
    mli_encoding *column;
    int n;
} ordinals;

static void free_ordinals(void *state)
{
    ordinals *s = state;
    for (int i = 0; s && i < s->n; i++)
        mli_encoding_free(&s->column[i]);
    if (s)
        mli_free(s->column);
    mli_free(s);
}

static ordinals *blank(int n)
{
    ordinals *s = mli_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->n = n;
    s->column = mli_calloc((size_t)n, sizeof *s->column);
    if (s->column)
        return s;
    mli_free(s);
    return NULL;
}

static ml_status check(const ml_prep_step *step)
{
    int n = 0;
    const ml_ordinal_opts *o = &step->opts.ordinal;
    if (!o->order)
        return ML_OK;
    char **name = mli_names_parse("order", o->order, &n);
    ml_status s = !name ? ml_error_status() : n ? ML_OK : mli_fail(ML_EINVAL, "order names no value");
    for (int i = 1; i < n && !s; i++)
        for (int j = 0; j < i && !s; j++)
            if (strcmp(name[i], name[j]) == 0)
                s = mli_fail(ML_EINVAL, "order has '%s' twice", name[i]);
    mli_free(name);
    return s;
}

/* ---- fitting ---- */

/* The values are those of opts.order, whether a row has them or not. */
static ml_status number_in_order(mli_encoding *e, char **order, int n)
{
    int32_t *code = mli_alloc((size_t)n * sizeof *code);
    for (int i = 0; code && i < n; i++)
        code[i] = i;
    const ml_column list = {.name = "order", .type = ML_CATEGORY, .n = n, .code = code, .category = (const char *const *)order,
                            .categories = n};
    ml_status s = code ? mli_vocabulary_of(&list, &e->values, NULL) : ML_ENOMEM;
    mli_free(code);
    if (!s && !(e->to = mli_alloc((size_t)n * sizeof *e->to)))
        s = ML_ENOMEM;
    for (int i = 0; i < n && !s; i++)
        e->to[mli_vocabulary_find(&e->values, order[i])] = i;
    return s;
}

static ml_status number_by_list(mli_encoding *e, const ml_column *c, const char *list)
{
    int n;
    char shown[MLI_SHOWN];
    if (c->type == ML_INTEGER)
        return mli_fail(ML_EINVAL, "column '%s' is integer, and has an order of its own", mli_shown(c->name, shown));
    char **order = mli_names_parse("order", list, &n);
    ml_status s = order ? number_in_order(e, order, n) : ml_error_status();
    mli_free(order);
    return s;
}

static ml_status number_sorted(mli_encoding *e, const ml_column *c)
{
    if (mli_vocabulary_of(c, &e->values, NULL))
        return ml_error_status();
    e->to = mli_alloc((size_t)e->values.n * sizeof *e->to);
    for (int64_t k = 0; e->to && k < e->values.n; k++)
        e->to[k] = (int32_t)k;
    return e->to ? ML_OK : ML_ENOMEM;
}

static ml_status fit_column(mli_encoding *e, const ml_column *c, const ml_ordinal_opts *o)
{
    ml_status s = o->order ? number_by_list(e, c, o->order) : number_sorted(e, c);
    e->missing = MLI_NOTHING;
    e->unseen = o->unseen == ML_UNSEEN_ERROR ? MLI_REFUSE : o->unseen == ML_UNSEEN_IGNORE ? MLI_NOTHING : (int32_t)e->values.n;
    int32_t *code = s ? NULL : mli_encode(e, c); /* values that are not in the order */
    mli_free(code);
    return code ? ML_OK : ml_error_status();
}

static ml_status fit(ml_prep *p, const ml_prep_step *step, const mli_prep_rows *g)
{
    ordinals *s = blank(p->n);
    ml_status e = s ? ML_OK : ML_ENOMEM;
    p->state = s;
    for (int i = 0; i < p->n && !e; i++)
        e = fit_column(&s->column[i], g->column[i], &step->opts.ordinal);
    return e;
}

/* ---- transforming ---- */

static ml_status replace(const ml_prep *p, int i, const ml_column *c, ml_frame *out)
{
    const ordinals *s = p->state;
    int32_t *code = mli_encode(&s->column[i], c);
    int64_t *v = code ? mli_alloc((size_t)c->n * sizeof *v) : NULL;
    for (int64_t k = 0; v && k < c->n; k++)
        v[k] = code[k] == MLI_NOTHING ? ML_MISSING : code[k];
    mli_free(code);
    return v ? mli_add_integers(out, c->name, v, c->n) : ml_error_status();
}

/* ---- files ---- */

static ml_status save(const ml_prep *p, mli_store *store, const char *at)
{
    const ordinals *s = p->state;
    ml_status e = ML_OK;
    for (int i = 0; i < p->n && !e; i++)
        e = mli_encoding_put(&s->column[i], store, at, i);
    return e;
}

static ml_status load(ml_prep *p, mli_store *store, const char *at)
{
    ordinals *s = blank(p->n);
    ml_status e = s ? ML_OK : ML_ENOMEM;
    p->state = s;
    for (int i = 0; i < p->n && !e; i++)
        e = mli_encoding_take(&s->column[i], store, at, i, p->type[i], INT32_MAX);
    return e;
}

const ml_prep_kind mli_ordinal_kind = {
    .name = "ordinal",
    .fields = FIELDS,
    .takes = MLI_TAKES_KEYS,
    .check = check,
    .fit = fit,
    .replace = replace,
    .save = save,
    .load = load,
    .free = free_ordinals,
};

ml_prep_step ml_ordinal_step(ml_ordinal_opts opts)
{
    return (ml_prep_step){.kind = &mli_ordinal_kind, .opts.ordinal = opts};
}
