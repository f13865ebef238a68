/* summary_merge.c -- two frames side by side where their keys are equal: a hash join.
 *
 * The keys of both are put under each other, left above right, and get codes together: equal keys, equal codes. Rows of either side
 * by their code then say which pairs there are, how many, and in which order.
 */
#include "data/codes.h"
#include "io/io.h"

#include <mlcore/summary.h>

#include <math.h>
#include <string.h>

/* ---- keys under each other ---- */

static bool worded(const ml_column *c)
{
    return c->type == ML_TEXT || c->type == ML_CATEGORY;
}

static ml_status stack_numbers(ml_frame *out, const ml_column *a, const ml_column *b)
{
    double *v = mli_alloc((size_t)(a->n + b->n) * sizeof *v);
    for (int64_t i = 0; v && i < a->n + b->n; i++)
        v[i] = i < a->n ? ml_column_number(a, i) : ml_column_number(b, i - a->n);
    ml_status s = v ? ml_frame_put_numbers(out, a->name, v, a->n + b->n) : ML_ENOMEM;
    mli_free(v);
    return s;
}

static ml_status stack_integers(ml_frame *out, const ml_column *a, const ml_column *b)
{
    int64_t *v = mli_alloc((size_t)(a->n + b->n) * sizeof *v);
    for (int64_t i = 0; v && i < a->n + b->n; i++)
        v[i] = i < a->n ? a->integer[i] : b->integer[i - a->n];
    ml_status s = !v                   ? ML_ENOMEM
                  : a->type == ML_TIME ? ml_frame_put_times(out, a->name, v, a->n + b->n)
                                       : ml_frame_put_integers(out, a->name, v, a->n + b->n);
    mli_free(v);
    return s;
}

static ml_status stack_texts(ml_frame *out, const ml_column *a, const ml_column *b)
{
    const char **v = mli_alloc((size_t)(a->n + b->n) * sizeof *v);
    for (int64_t i = 0; v && i < a->n + b->n; i++)
        v[i] = i < a->n ? ml_column_text(a, i) : ml_column_text(b, i - a->n);
    ml_status s = v ? ml_frame_put_texts(out, a->name, v, a->n + b->n) : ML_ENOMEM;
    mli_free(v);
    return s;
}

/* Codes of b as codes of the texts of both lists, of which c are the codes. */
static ml_status put_united(ml_frame *out, const ml_column *a, const ml_column *b, const mli_codes *c, const ml_column *texts)
{
    int32_t *code = mli_alloc((size_t)(a->n + b->n) * sizeof *code);
    const char **category = mli_alloc((size_t)c->count * sizeof *category);
    for (int32_t k = 0; category && k < c->count; k++)
        category[k] = ml_column_text(texts, c->first[k]);
    for (int64_t i = 0; code && i < a->n + b->n; i++) {
        const int32_t k = i < a->n ? a->code[i] : b->code[i - a->n];
        code[i] = k < 0 ? -1 : c->code[i < a->n ? k : a->categories + k];
    }
    ml_status s = code && category ? ml_frame_put_categories(out, a->name, (ml_ints){code, a->n + b->n}, category, c->count)
                                   : ML_ENOMEM;
    mli_free(code);
    mli_free(category);
    return s;
}

static ml_status stack_categories(ml_frame *out, const ml_column *a, const ml_column *b)
{
    const int64_t n = (int64_t)a->categories + b->categories;
    const char **text = mli_alloc((size_t)n * sizeof *text);
    ml_frame *texts = text ? ml_frame_new() : NULL;
    mli_codes c = {0};
    for (int64_t k = 0; text && k < n; k++)
        text[k] = k < a->categories ? a->category[k] : b->category[k - a->categories];
    ml_status s = texts ? ml_frame_put_texts(texts, "text", text, n) : ML_ENOMEM;
    if (!s)
        s = mli_codes_of(&c, &texts->column[0], false);
    const bool other_list = !s && (c.count > a->categories || c.count > b->categories);
    if (other_list) /* the lists have not the same texts: pandas makes texts of such keys, and sorts them as texts */
        s = mli_codes_sort(&c, &(const ml_column *){&texts->column[0]}, 1);
    if (!s)
        s = put_united(out, a, b, &c, &texts->column[0]);
    mli_codes_free(&c);
    ml_frame_free(texts);
    mli_free(text);
    return s;
}

/* A column of a's name with the rows of a and then those of b. */
static ml_status stack(ml_frame *out, const ml_column *a, const ml_column *b)
{
    char left[MLI_SHOWN], right[MLI_SHOWN];
    if (ml_frame_has(out, a->name))
        return mli_fail(ML_EINVAL, "the key '%s' is named twice", mli_shown(a->name, left));
    if (worded(a) && worded(b))
        return (a->type == ML_CATEGORY && b->type == ML_CATEGORY ? stack_categories : stack_texts)(out, a, b);
    if (a->type == b->type && a->type != ML_NUMBER)
        return stack_integers(out, a, b);
    if (mli_is_numeric(a) && mli_is_numeric(b))
        return stack_numbers(out, a, b);
    return mli_fail(ML_EINVAL, "the key '%s' is of type %s on the left, and '%s' of type %s on the right: these are never equal",
                    mli_shown(a->name, left), ml_type_name(a->type), mli_shown(b->name, right), ml_type_name(b->type));
}

/* ---- which rows go together ---- */

/* The rows of one side by their code. */
typedef struct side {
    mli_codes codes; /* code looks into those of both */
    int64_t *start, *rows;
} side;

typedef struct merge {
    const ml_frame *left, *right;
    const ml_column **left_key, **right_key;
    int keys;
    ml_merge_opts opts;
    ml_frame *both; /* the keys, under each other */
    mli_codes codes;
    side l, r;
    int64_t *l_row, *r_row, n; /* the pairs; -1 where a side has none */
} merge;

static int64_t rows_of(const side *s, int32_t k)
{
    return s->start[k + 1] - s->start[k];
}

static ml_status code_keys(merge *m)
{
    ml_status s = ML_OK;
    for (int j = 0; !s && j < m->keys; j++)
        s = stack(m->both, m->left_key[j], m->right_key[j]);
    const ml_column **key = s ? NULL : mli_alloc((size_t)m->keys * sizeof *key);
    for (int j = 0; key && j < m->keys; j++)
        key[j] = &m->both->column[j];
    if (!s)
        s = key ? mli_codes_of_keys(&m->codes, key, m->keys, true) : ML_ENOMEM;
    if (!s && m->opts.how == ML_JOIN_OUTER)
        s = mli_codes_sort(&m->codes, key, m->keys);
    mli_free(key);
    if (s)
        return s;
    m->l.codes = (mli_codes){.n = m->left->rows, .count = m->codes.count, .code = m->codes.code};
    m->r.codes = (mli_codes){.n = m->right->rows, .count = m->codes.count, .code = m->codes.code + m->left->rows};
    s = mli_codes_rows(&m->l.codes, &m->l.start, &m->l.rows);
    return s ? s : mli_codes_rows(&m->r.codes, &m->r.start, &m->r.rows);
}

static ml_status check_once(const side *s, const char *which)
{
    for (int32_t k = 0; k < s->codes.count; k++)
        if (rows_of(s, k) > 1)
            return mli_fail(ML_EINVAL, "rows %lld and %lld of the %s have the same keys", (long long)s->rows[s->start[k]],
                            (long long)s->rows[s->start[k] + 1], which);
    return ML_OK;
}

static ml_status validate(const merge *m)
{
    const ml_merge_check v = m->opts.validate;
    ml_status s = v == ML_MERGE_ONE_TO_ONE || v == ML_MERGE_ONE_TO_MANY ? check_once(&m->l, "left") : ML_OK;
    return !s && (v == ML_MERGE_ONE_TO_ONE || v == ML_MERGE_MANY_TO_ONE) ? check_once(&m->r, "right") : s;
}

static bool keeps_left(const merge *m)
{
    return m->opts.how == ML_JOIN_LEFT || m->opts.how == ML_JOIN_OUTER;
}

static bool keeps_right(const merge *m)
{
    return m->opts.how == ML_JOIN_RIGHT || m->opts.how == ML_JOIN_OUTER;
}

/* Room for the pairs, which are counted first: a key that is often on both sides multiplies. */
static ml_status make_room(merge *m)
{
    const int64_t most = INT64_MAX / 64;
    int64_t n = 0;
    for (int32_t k = 0; k < m->codes.count; k++) {
        const int64_t a = rows_of(&m->l, k), b = rows_of(&m->r, k);
        const int64_t l = a == 0 && keeps_right(m) ? 1 : a, r = b == 0 && keeps_left(m) ? 1 : b;
        if (r > 0 && l > (most - n) / r)
            return mli_fail(ML_ENOMEM, "more than %lld rows: the keys are too often on both sides", (long long)most);
        n += l * r;
    }
    m->l_row = mli_alloc((size_t)n * sizeof *m->l_row);
    m->r_row = mli_alloc((size_t)n * sizeof *m->r_row);
    return m->l_row && m->r_row ? ML_OK : ML_ENOMEM;
}

static void add(merge *m, int64_t l, int64_t r)
{
    m->l_row[m->n] = l;
    m->r_row[m->n++] = r;
}

/* Row l of the left with each of the right that has code k. */
static void add_left(merge *m, int64_t l, int32_t k)
{
    for (int64_t i = m->r.start[k]; i < m->r.start[k + 1]; i++)
        add(m, l, m->r.rows[i]);
    if (rows_of(&m->r, k) == 0 && keeps_left(m))
        add(m, l, -1);
}

static void add_right(merge *m, int64_t r, int32_t k)
{
    for (int64_t i = m->l.start[k]; i < m->l.start[k + 1]; i++)
        add(m, m->l.rows[i], r);
    if (rows_of(&m->l, k) == 0)
        add(m, -1, r);
}

static void make_pairs(merge *m)
{
    if (m->opts.how == ML_JOIN_RIGHT) {
        for (int64_t r = 0; r < m->right->rows; r++)
            add_right(m, r, m->r.codes.code[r]);
        return;
    }
    if (m->opts.how != ML_JOIN_OUTER) {
        for (int64_t l = 0; l < m->left->rows; l++)
            add_left(m, l, m->l.codes.code[l]);
        return;
    }
    for (int32_t k = 0; k < m->codes.count; k++) {
        for (int64_t i = m->l.start[k]; i < m->l.start[k + 1]; i++)
            add_left(m, m->l.rows[i], k);
        for (int64_t i = m->r.start[k]; rows_of(&m->l, k) == 0 && i < m->r.start[k + 1]; i++)
            add(m, -1, m->r.rows[i]);
    }
}

/* ---- columns ---- */

/* Which key a column is that has one name on both sides; -1: none. */
static int common_key(const merge *m, const char *name)
{
    for (int j = 0; j < m->keys; j++)
        if (strcmp(m->left_key[j]->name, name) == 0 && strcmp(m->right_key[j]->name, name) == 0)
            return j;
    return -1;
}

/* A column under its name, and with the suffix where the other frame has the name too. */
static ml_status give(ml_frame *out, const ml_column *c, const int64_t *rows, int64_t n, const char *suffix)
{
    char shown[MLI_SHOWN];
    const size_t size = strlen(c->name) + strlen(suffix) + 1;
    char *name = mli_alloc(size);
    ml_column picked;
    if (!name)
        return ML_ENOMEM;
    snprintf(name, size, "%s%s", c->name, suffix);
    ml_status s = ml_frame_has(out, name)
                      ? mli_fail(ML_EINVAL, "two columns would be called '%s': choose other suffixes", mli_shown(name, shown))
                      : mli_column_pick(&picked, name, c, rows, n);
    mli_free(name);
    return s ? s : mli_frame_give(out, &picked);
}

/* A common key where a row may have no left side: from the keys under each other, the left one where there is one. */
static ml_status give_key(ml_frame *out, const merge *m, int j)
{
    int64_t *row = mli_alloc((size_t)m->n * sizeof *row);
    for (int64_t i = 0; row && i < m->n; i++)
        row[i] = m->l_row[i] >= 0 ? m->l_row[i] : m->left->rows + m->r_row[i];
    ml_status s = row ? give(out, &m->both->column[j], row, m->n, "") : ML_ENOMEM;
    mli_free(row);
    return s;
}

static ml_status give_columns(ml_frame *out, const merge *m)
{
    const char *x = m->opts.suffix_left ? m->opts.suffix_left : "_x", *y = m->opts.suffix_right ? m->opts.suffix_right : "_y";
    ml_status s = ML_OK;
    for (int j = 0; !s && j < m->left->columns; j++) {
        const ml_column *c = &m->left->column[j];
        const int key = common_key(m, c->name);
        s = key >= 0 && keeps_right(m) ? give_key(out, m, key)
                                       : give(out, c, m->l_row, m->n, key < 0 && ml_frame_has(m->right, c->name) ? x : "");
    }
    for (int j = 0; !s && j < m->right->columns; j++) {
        const ml_column *c = &m->right->column[j];
        if (common_key(m, c->name) < 0)
            s = give(out, c, m->r_row, m->n, ml_frame_has(m->left, c->name) ? y : "");
    }
    return s;
}

static ml_status merged(ml_frame *out, merge *m)
{
    ml_status s = code_keys(m);
    if (!s)
        s = validate(m);
    if (!s)
        s = make_room(m);
    if (s)
        return s;
    make_pairs(m);
    out->role = mli_role_join(m->left->role, m->right->role);
    return give_columns(out, m);
}

static ml_status find_keys(merge *m, const char *on)
{
    int n = 0;
    if (!mli_frame_is("merge", m->left) || !mli_frame_is("merge", m->right))
        return ML_EINVAL;
    if ((unsigned)m->opts.how > ML_JOIN_OUTER || (unsigned)m->opts.validate > ML_MERGE_MANY_TO_ONE)
        return mli_fail(ML_EINVAL, "merge: how is %d and validate %d: one of them is unknown", (int)m->opts.how, (int)m->opts.validate);
    m->left_key = mli_keys_find("merge: left", m->left, on, &m->keys);
    m->right_key = m->left_key ? mli_keys_find("merge: right", m->right, m->opts.right_on ? m->opts.right_on : on, &n) : NULL;
    if (!m->right_key)
        return ml_error_status();
    return n == m->keys ? ML_OK : mli_fail(ML_EINVAL, "merge: %d keys on the left, but %d on the right", m->keys, n);
}

ml_frame *ml_frame_merge(const ml_frame *left, const ml_frame *right, const char *on, ml_merge_opts opts)
{
    merge m = {.left = left, .right = right, .opts = opts};
    ml_frame *out = NULL;
    if (!find_keys(&m, on)) {
        m.both = ml_frame_new();
        out = m.both ? ml_frame_new() : NULL;
        if (out && merged(out, &m)) {
            mli_fail_in("merge");
            ml_frame_free(out);
            out = NULL;
        }
    }
    mli_free(m.left_key);
    mli_free(m.right_key);
    ml_frame_free(m.both);
    mli_codes_free(&m.codes);
    mli_free(m.l.start);
    mli_free(m.l.rows);
    mli_free(m.r.start);
    mli_free(m.r.rows);
    mli_free(m.l_row);
    mli_free(m.r_row);
    return out;
}
