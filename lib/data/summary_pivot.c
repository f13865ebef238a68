/* summary_pivot.c -- a table of two ways, with an aggregate in each cell.
 *
 * A cell is a group of two codes, one of the row's keys and one of the column's. A margin is a group in which each row of the frame
 * counts once more: with margins each row is there four times, as (r, c), (r, all), (all, c) and (all, all), so that margins are
 * aggregates of rows and not of cells: a mean of all, not of means.
 */
#include "base/number.h"
#include "data/aggregate.h"
#include "data/times.h"
#include "io/io.h"

#include <math.h>
#include <string.h>

/* One of the two ways: its keys and their codes. */
typedef struct way {
    const ml_column **keys;
    int n;
    mli_codes codes; /* of the frame's rows, in order */
    int32_t all;     /* the code of the margin, the last one; -1: none */
    int32_t count;   /* of codes, the margin with them */
    bool *used;      /* of each code: whether a cell is there */
} way;

typedef struct pivot {
    const ml_frame *frame;
    way down, right;
    ml_aggregate aggregate;
    const ml_column *column;
    const char *margin;     /* its name, or NULL */
    ml_column value;        /* of each group */
    int32_t *cell;          /* down.count x right.count groups, or -1 */
} pivot;

/* ---- names ---- */

enum { VALUE_TEXT = (int)MLI_TIME_TEXT > (int)MLI_NUMBER_TEXT ? (int)MLI_TIME_TEXT : (int)MLI_NUMBER_TEXT };

/* Value i as text: of numbers and times in buf. */
static const char *text_of(const ml_column *c, int64_t i, char buf[VALUE_TEXT])
{
    if (c->type == ML_NUMBER)
        mli_number_text(c->number[i], '.', buf);
    else if (c->type == ML_INTEGER)
        snprintf(buf, VALUE_TEXT, "%lld", (long long)c->integer[i]);
    else if (c->type == ML_TIME)
        mli_time_text(c->integer[i], c->integer[i] % MLI_DAY == 0, buf);
    else
        return ml_column_text(c, i);
    return buf;
}

/* "1/female", or the margin's, never empty; for mli_free. */
static char *name_of(const pivot *p, const way *w, int32_t code)
{
    char buf[VALUE_TEXT];
    size_t size = 1;
    if (code == w->all)
        return mli_strdup(p->margin);
    for (int j = 0; j < w->n; j++)
        size += strlen(text_of(w->keys[j], w->codes.first[code], buf)) + 1;
    if (w->n == 1 && size == 2) /* one text, of which only the room for a slash is left */
        return mli_strdup("(empty)");
    char *name = mli_alloc(size), *at = name;
    for (int j = 0; name && j < w->n; j++)
        at += snprintf(at, size - (size_t)(at - name), "%s%s", j ? "/" : "", text_of(w->keys[j], w->codes.first[code], buf));
    return name;
}

/* ---- cells ---- */

static ml_status code_way(pivot *p, way *w, const char *names)
{
    w->keys = mli_keys_find("pivot", p->frame, names, &w->n);
    if (!w->keys)
        return ml_error_status();
    ml_status s = mli_codes_of_keys(&w->codes, w->keys, w->n, false);
    if (!s)
        s = mli_codes_sort(&w->codes, w->keys, w->n);
    w->all = p->margin ? w->codes.count : -1;
    w->count = s ? 0 : w->codes.count + (p->margin != NULL);
    w->used = s ? NULL : mli_calloc((size_t)w->count, sizeof *w->used);
    return s ? s : w->used ? ML_OK : ML_ENOMEM;
}

/* The codes of one way for every row of the frame, `times` times: in the k-th time that of the margin where its bit says so. */
static ml_status repeat(mli_codes *c, const way *w, const way *other, int times, int bit)
{
    const int64_t n = w->codes.n;
    *c = (mli_codes){.n = n * times, .count = w->count, .code = mli_alloc((size_t)(n * times) * sizeof *c->code)};
    for (int64_t i = 0; c->code && i < n * times; i++) {
        const int64_t row = i % n;
        const bool there = w->codes.code[row] >= 0 && other->codes.code[row] >= 0;
        c->code[i] = !there ? -1 : i / n & bit ? w->all : w->codes.code[row];
    }
    return c->code ? ML_OK : ML_ENOMEM;
}

/* The aggregate of each group. */
static ml_status aggregate_groups(pivot *p, const mli_codes *g)
{
    const int64_t n = p->frame->rows;
    if (g->n == n || !p->column)
        return mli_aggregate(&p->value, "value", g, p->column, &p->aggregate);
    int64_t *row = mli_alloc((size_t)g->n * sizeof *row);
    ml_column repeated = {0};
    for (int64_t i = 0; row && i < g->n; i++)
        row[i] = i % n;
    ml_status s = row ? mli_column_pick(&repeated, p->column->name, p->column, row, g->n) : ML_ENOMEM;
    if (!s)
        s = mli_aggregate(&p->value, "value", g, &repeated, &p->aggregate);
    mli_free(row);
    mli_column_free(&repeated);
    return s;
}

static ml_status place_cells(pivot *p, const mli_codes *groups, const mli_codes *down, const mli_codes *right)
{
    const int64_t size = (int64_t)p->down.count * p->right.count;
    if (size > INT32_MAX)
        return mli_fail(ML_EINVAL, "pivot: %ld rows and %ld columns are too many", (long)p->down.count, (long)p->right.count);
    p->cell = mli_alloc((size_t)size * sizeof *p->cell);
    if (!p->cell)
        return ML_ENOMEM;
    memset(p->cell, -1, (size_t)size * sizeof *p->cell);
    for (int32_t k = 0; k < groups->count; k++) {
        const int32_t d = down->code[groups->first[k]], r = right->code[groups->first[k]];
        if (ml_column_missing(&p->value, k))
            continue;
        p->cell[(int64_t)d * p->right.count + r] = k;
        p->down.used[d] = p->right.used[r] = true;
    }
    return ML_OK;
}

static ml_status make_cells(pivot *p)
{
    const int times = p->margin ? 4 : 1;
    mli_codes down = {0}, right = {0}, groups = {0};
    if (p->frame->rows > INT64_MAX / 64)
        return mli_fail(ML_ENOMEM, "pivot: %lld rows are too many", (long long)p->frame->rows);
    ml_status s = repeat(&down, &p->down, &p->right, times, 1);
    if (!s)
        s = repeat(&right, &p->right, &p->down, times, 2);
    if (!s)
        s = repeat(&groups, &p->down, &p->right, times, 1);
    if (!s)
        s = mli_codes_pair(&groups, &right);
    if (!s)
        s = aggregate_groups(p, &groups);
    if (!s)
        s = place_cells(p, &groups, &down, &right);
    mli_codes_free(&down);
    mli_codes_free(&right);
    mli_codes_free(&groups);
    return s;
}

/* ---- the table ---- */

static int64_t rows_of(const pivot *p)
{
    int64_t n = 0;
    for (int32_t d = 0; d < p->down.count; d++)
        n += p->down.used[d];
    return n;
}

/* A key of the rows as texts, the margin's being its name in the first and "" in the others. */
static ml_status give_names(ml_frame *out, const pivot *p, int j)
{
    const ml_column *key = p->down.keys[j];
    const int64_t n = rows_of(p);
    char(*buf)[VALUE_TEXT] = mli_alloc((size_t)n * sizeof *buf);
    const char **text = mli_alloc((size_t)n * sizeof *text);
    int64_t i = 0;
    for (int32_t d = 0; buf && text && d < p->down.count; d++)
        if (p->down.used[d]) {
            text[i] = d != p->down.all ? text_of(key, p->down.codes.first[d], buf[i]) : j ? "" : p->margin;
            i++;
        }
    ml_status s = buf && text ? ml_frame_put_texts(out, key->name, text, n) : ML_ENOMEM;
    mli_free(buf);
    mli_free(text);
    return s;
}

static ml_status give_keys(ml_frame *out, const pivot *p)
{
    int64_t n = 0, *row = mli_alloc((size_t)p->down.count * sizeof *row);
    ml_status s = row ? ML_OK : ML_ENOMEM;
    for (int32_t d = 0; row && !p->margin && d < p->down.count; d++)
        if (p->down.used[d])
            row[n++] = p->down.codes.first[d];
    for (int j = 0; !s && j < p->down.n; j++) {
        ml_column c;
        if (p->margin) {
            s = give_names(out, p, j);
            continue;
        }
        s = mli_column_pick(&c, p->down.keys[j]->name, p->down.keys[j], row, n);
        if (!s)
            s = mli_frame_give(out, &c);
    }
    mli_free(row);
    return s;
}

static ml_status give_column(ml_frame *out, const pivot *p, int32_t r, int64_t *group)
{
    char shown[MLI_SHOWN];
    char *name = name_of(p, &p->right, r);
    ml_column c;
    int64_t n = 0;
    if (!name)
        return ML_ENOMEM;
    for (int32_t d = 0; d < p->down.count; d++)
        if (p->down.used[d])
            group[n++] = p->cell[(int64_t)d * p->right.count + r];
    ml_status s = ml_frame_has(out, name)
                      ? mli_fail(ML_EINVAL, "pivot: two columns would be called '%s'", mli_shown(name, shown))
                      : mli_column_pick(&c, name, &p->value, group, n);
    mli_free(name);
    return s ? s : mli_frame_give(out, &c);
}

static ml_status give_columns(ml_frame *out, const pivot *p)
{
    int64_t *group = mli_alloc((size_t)p->down.count * sizeof *group);
    ml_status s = group ? ML_OK : ML_ENOMEM;
    for (int32_t r = 0; !s && r < p->right.count; r++)
        if (p->right.used[r])
            s = give_column(out, p, r, group);
    mli_free(group);
    return s;
}

static ml_status fill_in(ml_frame *out, const pivot *p, double fill)
{
    if (fill == 0 || isnan(fill))
        return ML_OK;
    fill = fill == ML_ZERO ? 0 : fill;
    if (!mli_is_numeric(&p->value) || (p->value.type == ML_INTEGER && !(fabs(fill) < 9e15 && fill == floor(fill))))
        return mli_fail(ML_EINVAL, "pivot: cells of type %s cannot be filled with %g", ml_type_name(p->value.type), fill);
    for (int j = p->down.n; j < out->columns; j++) {
        ml_column *c = &out->self->columns[j];
        for (int64_t i = 0; i < c->n; i++)
            if (!ml_column_missing(c, i))
                continue;
            else if (c->type == ML_NUMBER)
                ((double *)c->number)[i] = fill;
            else
                ((int64_t *)c->integer)[i] = (int64_t)fill;
        c->missing = 0;
    }
    return ML_OK;
}

static void free_way(way *w)
{
    mli_free(w->keys);
    mli_codes_free(&w->codes);
    mli_free(w->used);
}

static ml_frame *pivoted(pivot *p, const char *rows, const char *columns, double fill)
{
    if (!mli_frame_is("pivot", p->frame))
        return NULL;
    ml_frame *out = mli_frame_like(p->frame);
    ml_status s = out ? mli_aggregate_check("pivot", p->frame, &p->aggregate, &p->column) : ML_ENOMEM;
    if (!s)
        s = code_way(p, &p->down, rows);
    if (!s)
        s = code_way(p, &p->right, columns);
    if (!s)
        s = make_cells(p);
    if (!s)
        s = give_keys(out, p);
    if (!s)
        s = give_columns(out, p);
    if (!s)
        s = fill_in(out, p, fill);
    if (s) {
        ml_frame_free(out);
        out = NULL;
    }
    free_way(&p->down);
    free_way(&p->right);
    mli_free(p->cell);
    mli_column_free(&p->value);
    return out;
}

ml_frame *ml_frame_pivot(const ml_frame *f, const char *rows, const char *columns, ml_aggregate aggregate, ml_pivot_opts opts)
{
    const bool named = opts.margins_name && *opts.margins_name;
    pivot p = {.frame = f, .aggregate = aggregate, .margin = !opts.margins ? NULL : named ? opts.margins_name : "All"};
    return pivoted(&p, rows, columns, opts.fill);
}
