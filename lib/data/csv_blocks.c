/* csv_blocks.c -- the first pass: a file is cut into blocks of whole rows, and the rows are counted. */
#include "data/csv.h"

#include <string.h>

/* A block and the ends of its fields fit the cache of a core. A row that is longer makes its block as long as it needs. */
enum { BLOCK = 256 * 1024 };
#define LONGEST_ROW ((size_t)1 << 30)

static ml_status grow_ahead(ml_csv *csv, size_t room)
{
    if (room <= csv->room_ahead)
        return ML_OK;
    if (room > 2 * LONGEST_ROW)
        return mli_fail(ML_EFORMAT, "%s: line %lld: a row of more than %zu bytes: is a quote not closed?", csv->path,
                        (long long)csv->line, LONGEST_ROW);
    char *wider = mli_alloc(room + 1 + MLI_CSV_PAD);
    if (!wider)
        return mli_fail_in(csv->path);
    if (csv->n_ahead)
        memcpy(wider, csv->ahead, csv->n_ahead);
    mli_free(csv->ahead);
    csv->ahead = wider;
    csv->room_ahead = room;
    return ML_OK;
}

ml_status mli_csv_fill(ml_csv *csv, size_t least)
{
    /* Twice as much each time that a row goes on, so that looking at it anew costs no more than a multiple of its length. */
    size_t want = BLOCK, got = 0;
    while (want < least)
        want *= 2;
    if (csv->ended || want <= csv->n_ahead)
        return ML_OK;
    if (grow_ahead(csv, want))
        return ml_error_status();
    const ml_status s = mli_csv_source_read(csv->source, csv->ahead + csv->n_ahead, want - csv->n_ahead, &got);
    csv->ended = s || got < want - csv->n_ahead;
    csv->n_ahead += got;
    if (csv->ended && csv->n_ahead && csv->ahead[csv->n_ahead - 1] != '\n')
        csv->ahead[csv->n_ahead++] = '\n';
    memset(csv->ahead + csv->n_ahead, 0, MLI_CSV_PAD);
    return s;
}

/* Whether there is an empty line among the first n bytes, which end with a newline; or what may be one. */
static bool has_empty_line(const char *b, size_t n)
{
    uint8_t any = b[0] == '\n' || b[0] == '\r';
    for (size_t i = 0; i + 1 < n; i++)
        any |= (uint8_t)(b[i] == '\n') & (uint8_t)((b[i + 1] == '\n') | (b[i + 1] == '\r'));
    return any;
}

static size_t last_line_end(const char *b, size_t n)
{
    while (n && b[n - 1] != '\n')
        n--;
    return n;
}

/* Whole rows at the start of what is ahead, at most max of them. Where lines are rows, counting those is enough. */
static ml_status scan(ml_csv *csv, int64_t max, mli_csv_block *b)
{
    const mli_csv_dialect *d = &csv->dialect;
    b->n = last_line_end(csv->ahead, csv->n_ahead);
    if (b->n == 0)
        return ML_OK;
    if (!d->comment && !d->skip_bad && !(d->quote && memchr(csv->ahead, d->quote, b->n)) && !has_empty_line(csv->ahead, b->n)) {
        b->rows = mli_csv_count_lines(csv->ahead, b->n);
        if (b->rows <= max)
            return ML_OK;
    }
    const ml_status s = mli_csv_tokenise(&csv->tokens, d, csv->path, csv->ahead, csv->n_ahead, csv->line, max, &csv->bad);
    b->n = csv->tokens.used;
    b->rows = csv->tokens.rows;
    return s;
}

static ml_status append(mli_csv_blocks *blocks, const mli_csv_block *b)
{
    if (blocks->n == blocks->room) {
        const int64_t room = blocks->room ? 2 * blocks->room : 16;
        mli_csv_block *wider = mli_alloc((size_t)room * sizeof *wider);
        if (!wider)
            return ML_ENOMEM;
        if (blocks->n)
            memcpy(wider, blocks->v, (size_t)blocks->n * sizeof *wider);
        mli_free(blocks->v);
        blocks->v = wider;
        blocks->room = room;
    }
    blocks->v[blocks->n++] = *b;
    blocks->rows += b->rows;
    return ML_OK;
}

/* Takes the block's bytes from what is ahead. */
static ml_status take(ml_csv *csv, bool keep, mli_csv_block *b, mli_csv_blocks *blocks)
{
    b->bytes = keep ? mli_alloc(b->n + MLI_CSV_PAD) : NULL;
    if (keep && !b->bytes)
        return ML_ENOMEM;
    if (keep) {
        memcpy(b->bytes, csv->ahead, b->n);
        memset(b->bytes + b->n, 0, MLI_CSV_PAD);
    }
    csv->line += mli_csv_count_lines(csv->ahead, b->n);
    csv->n_ahead -= b->n;
    memmove(csv->ahead, csv->ahead + b->n, csv->n_ahead + MLI_CSV_PAD);
    const ml_status s = append(blocks, b);
    if (s)
        mli_free(b->bytes);
    return s;
}

ml_status mli_csv_cut(ml_csv *csv, int64_t rows, bool keep, mli_csv_blocks *blocks)
{
    ml_status s = mli_csv_fill(csv, 1);
    *blocks = (mli_csv_blocks){0};
    while (!s && csv->n_ahead && blocks->rows < rows) {
        mli_csv_block b = {.line = csv->line, .row = blocks->rows};
        s = scan(csv, rows - blocks->rows, &b);
        if (!s && b.n)
            s = take(csv, keep, &b, blocks);
        else if (!s && csv->ended)
            s = mli_fail(ML_EFORMAT, "%s: line %lld: a quote opens in this row and is never closed", csv->path,
                         (long long)csv->line);
        if (!s)
            s = mli_csv_fill(csv, b.n ? 1 : csv->n_ahead + 1);
    }
    if (s)
        mli_csv_blocks_free(blocks);
    return s;
}

void mli_csv_blocks_free(mli_csv_blocks *blocks)
{
    for (int64_t i = 0; i < blocks->n; i++)
        mli_free(blocks->v[i].bytes);
    mli_free(blocks->v);
    *blocks = (mli_csv_blocks){0};
}
