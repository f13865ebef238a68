/* csv_build.c -- blocks become a frame: passes over them until every column is done.
 *
 * A few blocks at a time are in memory. They are cut into fields and their numbers read by several threads, a block each; then
 * texts, a column each, because a column's codes depend on the blocks before. The number of threads changes nothing.
 */
#include "data/csv.h"

#include <string.h>

enum { PARTS = 8 };

typedef struct pass {
    ml_csv *csv;
    const mli_csv_blocks *blocks;
    mli_csv_part part[PARTS];
    char *bytes[PARTS]; /* of blocks that are read again */
    mli_csv_scratch scratch[PARTS];
    int parts;
    int *numeric, *textual; /* columns by their kind of work */
    int n_numeric, n_textual;
    mli_csv_result *result; /* of each part, of each numeric column */
} pass;

/* ---- getting the bytes ---- */

static ml_status changed(const ml_csv *csv)
{
    return mli_fail(ML_EIO, "%s: the file changed while it was read", csv->path);
}

static size_t longest(const mli_csv_blocks *blocks)
{
    size_t n = 0;
    for (int64_t i = 0; i < blocks->n; i++)
        n = blocks->v[i].n > n ? blocks->v[i].n : n;
    return n;
}

static ml_status read_again(pass *p, int k, const mli_csv_block *b)
{
    size_t got;
    if (!p->bytes[k] && !(p->bytes[k] = mli_alloc(longest(p->blocks) + MLI_CSV_PAD)))
        return ML_ENOMEM;
    char *bytes = p->bytes[k];
    const ml_status s = mli_csv_source_read(p->csv->source, bytes, b->n, &got);
    if (s)
        return s;
    if (got + 1 == b->n && b == &p->blocks->v[p->blocks->n - 1])
        bytes[got++] = '\n'; /* which the file lacks */
    if (got < b->n)
        return changed(p->csv);
    memset(bytes + b->n, 0, MLI_CSV_PAD);
    p->part[k].bytes = bytes;
    return ML_OK;
}

static ml_status load(pass *p, int64_t first)
{
    const int64_t left = p->blocks->n - first;
    ml_status s = ML_OK;
    p->parts = left < PARTS ? (int)left : PARTS;
    for (int k = 0; !s && k < p->parts; k++) {
        const mli_csv_block *b = &p->blocks->v[first + k];
        p->part[k].block = b;
        p->part[k].bytes = b->bytes;
        if (!b->bytes)
            s = read_again(p, k, b);
    }
    return s;
}

/* ---- work on a few blocks ---- */

static ml_status tokenise(pass *p, int k)
{
    mli_csv_part *part = &p->part[k];
    const mli_csv_block *b = part->block;
    ml_status s = mli_csv_tokenise(&part->tokens, &p->csv->dialect, p->csv->path, part->bytes, b->n, b->line, INT64_MAX, NULL);
    if (!s && (part->tokens.rows != b->rows || part->tokens.used != b->n))
        s = changed(p->csv);
    return s;
}

static ml_status work_on_block(void *arg, int64_t k)
{
    pass *p = arg;
    ml_status s = tokenise(p, (int)k);
    for (int i = 0; !s && i < p->n_numeric; i++)
        s = mli_csv_numbers(p->csv, &p->csv->columns[p->numeric[i]], &p->part[k], &p->scratch[k],
                            &p->result[k * p->n_numeric + i]);
    return s;
}

static ml_status work_on_texts(void *arg, int64_t i)
{
    pass *p = arg;
    mli_csv_scratch scratch = {0};
    ml_status s = ML_OK;
    for (int k = 0; !s && k < p->parts; k++)
        s = mli_csv_texts(p->csv, &p->csv->columns[p->textual[i]], &p->part[k], &scratch);
    mli_free(scratch.bytes);
    return s;
}

static ml_status unfit(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *part, int64_t row)
{
    const char *begin = mli_csv_field_begin(part, csv->dialect.fields, row, c->field);
    const int64_t n = mli_csv_field_end(part, csv->dialect.fields, row, c->field) - begin;
    char text[72];
    snprintf(text, sizeof text, "%.*s", (int)(n < 60 ? n : 60), begin);
    for (char *t = text; *t; t++)
        *t = (unsigned char)*t < 0x20 || (unsigned char)*t >= 0x7f ? '?' : *t;
    return mli_csv_fail_at(csv, c, part, row, "'%s' is no %s%s", text, ml_type_name(c->type),
                           !c->given ? ", as the column was in the rows before: give its type" : "");
}

/* Integers that were read before a column turned out to be of numbers become numbers, too. */
static ml_status merge(pass *p, int i)
{
    mli_csv_column *c = &p->csv->columns[p->numeric[i]];
    for (int k = 0; k < p->parts && !c->again; k++) {
        const mli_csv_result *r = &p->result[k * p->n_numeric + i];
        const mli_csv_block *b = p->part[k].block;
        c->missing += r->missing;
        if (r->as == MLI_CSV_CODES && c->fixed)
            return unfit(p->csv, c, &p->part[k], r->row);
        if (r->as == MLI_CSV_CODES)
            c->again = true;
        else if (c->work == MLI_CSV_INTEGERS && r->as == MLI_CSV_NUMBERS) {
            mli_csv_integers_to_numbers(c->values, b->row);
            c->work = MLI_CSV_NUMBERS;
        } else if (c->work == MLI_CSV_NUMBERS && r->as == MLI_CSV_INTEGERS)
            mli_csv_integers_to_numbers((int64_t *)c->values + b->row, b->rows);
    }
    return ML_OK;
}

/* Columns that must be read anew are left alone for the rest of the pass. */
static ml_status merge_all(pass *p)
{
    ml_status s = ML_OK;
    int left = 0;
    for (int i = 0; !s && i < p->n_numeric; i++)
        s = merge(p, i);
    for (int i = 0; i < p->n_numeric; i++)
        if (!p->csv->columns[p->numeric[i]].again)
            p->numeric[left++] = p->numeric[i];
    p->n_numeric = left;
    return s;
}

/* ---- a pass ---- */

/* Whether there is anything left to do. */
static bool sort_columns(pass *p)
{
    p->n_numeric = p->n_textual = 0;
    for (int j = 0; j < p->csv->n_columns; j++) {
        const mli_csv_work work = p->csv->columns[j].work;
        if (work == MLI_CSV_INTEGERS || work == MLI_CSV_NUMBERS || work == MLI_CSV_TIMES)
            p->numeric[p->n_numeric++] = j;
        else if (work != MLI_CSV_DONE)
            p->textual[p->n_textual++] = j;
    }
    return p->n_numeric + p->n_textual > 0;
}

static ml_status go_over(pass *p)
{
    const int64_t n = p->blocks->n;
    ml_status s = ML_OK;
    if (n && !p->blocks->v[0].bytes)
        s = mli_csv_source_seek(p->csv->source, p->csv->start);
    for (int64_t first = 0; !s && first < n; first += PARTS) {
        s = load(p, first);
        if (!s)
            s = ml_parallel_for(p->parts, work_on_block, p);
        if (!s)
            s = merge_all(p);
        if (!s)
            s = ml_parallel_for(p->n_textual, work_on_texts, p);
    }
    return s;
}

static ml_status all_passes(pass *p)
{
    ml_csv *csv = p->csv;
    const int64_t rows = p->blocks->rows;
    ml_status s = ML_OK;
    while (!s && sort_columns(p)) {
        for (int j = 0; !s && j < csv->n_columns; j++)
            s = mli_csv_prepare(&csv->columns[j], rows);
        if (!s)
            s = go_over(p);
        for (int j = 0; !s && j < csv->n_columns; j++)
            s = mli_csv_settle(&csv->columns[j], rows);
    }
    return s;
}

static ml_status first_look(pass *p)
{
    const bool any = p->blocks->n > 0 && !p->csv->begun;
    ml_status s = ML_OK;
    if (any && !p->blocks->v[0].bytes)
        s = mli_csv_source_seek(p->csv->source, p->csv->start);
    if (!s && any)
        s = load(p, 0);
    if (!s && any)
        s = tokenise(p, 0);
    return s ? s : mli_csv_first_work(p->csv, any ? &p->part[0] : NULL);
}

static void pass_free(pass *p)
{
    for (int k = 0; k < PARTS; k++) {
        mli_csv_tokens_free(&p->part[k].tokens);
        mli_free(p->bytes[k]);
        mli_free(p->scratch[k].bytes);
    }
    mli_free(p->numeric);
    mli_free(p->textual);
    mli_free(p->result);
}

/* ---- the frame ---- */

/* A column's values go to the frame; its name stays for the next stretch. */
static ml_status give(mli_csv_column *c, int64_t rows, ml_column *out)
{
    *out = (ml_column){.name = mli_strdup(c->name), .type = c->type, .n = rows, .missing = c->missing};
    if (!out->name)
        return ML_ENOMEM;
    if (c->type == ML_NUMBER)
        out->number = c->values;
    else if (c->type == ML_CATEGORY)
        out->code = c->values;
    else if (c->type != ML_TEXT)
        out->integer = c->values;
    out->category = (const char *const *)c->category;
    out->categories = c->categories;
    out->at = c->at;
    out->bytes = c->bytes;
    c->values = NULL;
    c->category = NULL;
    c->at = NULL;
    c->bytes = NULL;
    c->fixed = true;
    return ML_OK;
}

static ml_frame *make_frame(ml_csv *csv, int64_t rows)
{
    ml_column *columns = mli_calloc((size_t)csv->n_columns, sizeof *columns);
    ml_frame *f = columns ? ml_frame_new() : NULL;
    ml_status s = f ? ML_OK : ML_ENOMEM;
    for (int j = 0; !s && j < csv->n_columns; j++)
        s = give(&csv->columns[j], rows, &columns[j]);
    if (!s)
        s = mli_frame_give_all(f, columns, csv->n_columns, rows);
    if (!s)
        return f;
    for (int j = 0; columns && j < csv->n_columns; j++)
        mli_column_free(&columns[j]);
    mli_free(columns);
    ml_frame_free(f);
    return NULL;
}

ml_frame *mli_csv_build(ml_csv *csv, const mli_csv_blocks *blocks)
{
    pass p = {.csv = csv, .blocks = blocks};
    const size_t n = (size_t)csv->n_columns;
    const int64_t parts = blocks->n < PARTS ? blocks->n : PARTS;
    p.numeric = mli_alloc(n * sizeof *p.numeric);
    p.textual = mli_alloc(n * sizeof *p.textual);
    p.result = mli_alloc((size_t)parts * n * sizeof *p.result);
    ml_status s = p.numeric && p.textual && p.result ? first_look(&p) : ML_ENOMEM;
    if (!s)
        s = all_passes(&p);
    pass_free(&p);
    csv->begun = csv->begun || !s;
    return s ? NULL : make_frame(csv, blocks->rows);
}
