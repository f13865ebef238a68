/* csv_tokens.c -- where the fields of a stretch of text end.
 *
 * Text without quotes is looked at eight bytes at a time: a word in which a byte is a separator or a newline has a bit set for
 * it by arithmetic alone (L. Lamport 1975, Multiple byte processing with full-word instructions). Where the rows that come out
 * of that are not all alike, and where there are quotes or comments, the plain way goes field by field; it is the definition.
 */
#include "data/csv.h"

#include <string.h>

/* ---- memory ---- */

static ml_status grow(uint32_t **v, size_t *room, size_t used, size_t need)
{
    if (need <= *room)
        return ML_OK;
    const size_t wider = need > 2 * *room ? need : 2 * *room;
    uint32_t *own = mli_alloc(wider * sizeof *own);
    if (!own)
        return ML_ENOMEM;
    if (used)
        memcpy(own, *v, used * sizeof *own);
    mli_free(*v);
    *v = own;
    *room = wider;
    return ML_OK;
}

void mli_csv_tokens_free(mli_csv_tokens *t)
{
    mli_free(t->begin);
    mli_free(t->end);
    *t = (mli_csv_tokens){0};
}

int64_t mli_csv_count_lines(const char *bytes, size_t n)
{
    int64_t lines = 0;
    for (size_t i = 0; i < n;) {
        uint8_t some = 0; /* small, so that the compiler counts in vectors of bytes */
        const size_t stop = n - i < 192 ? n : i + 192;
        for (; i < stop; i++)
            some = (uint8_t)(some + (bytes[i] == '\n'));
        lines += some;
    }
    return lines;
}

const char *mli_csv_separator_text(const mli_csv_dialect *d, char buf[4])
{
    snprintf(buf, 4, "'%c'", d->separator);
    return d->separator == '\t' ? "a tab" : buf;
}

/* ---- field by field: the definition ---- */

/* Behind the quote that closes the field at p, two quotes in a row being one that is meant; NULL where there is none. */
static const char *close_quote(const char *p, const char *end, char quote)
{
    for (p++; (p = memchr(p, quote, (size_t)(end - p))); p += 2)
        if (p + 1 >= end || p[1] != quote)
            return p + 1;
        else if (p + 2 >= end)
            return NULL;
    return NULL;
}

/* The end of the field at p: a separator, a newline, or `end`; NULL where its quote is never closed. */
static const char *field_end(const mli_csv_dialect *d, const char *p, const char *end)
{
    if (d->quote && p < end && *p == d->quote && !(p = close_quote(p, end, d->quote)))
        return NULL;
    while (p < end && *p != d->separator && *p != '\n')
        p++;
    return p;
}

size_t mli_csv_record(const mli_csv_dialect *d, const char *bytes, size_t from, size_t n, int64_t *fields, bool *open)
{
    const char *p = bytes + from, *end = bytes + n;
    *open = false;
    for (*fields = 1;; (*fields)++, p++) {
        p = field_end(d, p, end);
        *open = p == NULL;
        if (!p || p == end)
            return 0;
        if (*p == '\n')
            return (size_t)(p - bytes) + 1;
    }
}

/* An empty line, or a comment: where the next one begins, else `from`. */
static size_t pass_over(const mli_csv_dialect *d, const char *bytes, size_t from, size_t n)
{
    const char *p = bytes + from;
    if (*p == '\n' || (*p == '\r' && from + 1 < n && p[1] == '\n'))
        return from + (*p == '\n' ? 1 : 2);
    if (!d->comment || *p != d->comment)
        return from;
    const char *newline = memchr(p, '\n', n - from);
    return newline ? (size_t)(newline - bytes) + 1 : n;
}

/* The ends of the fields of one row, at most d->fields of them; returns how many it has, 0 where it is not whole. */
static int64_t row_fields(const mli_csv_dialect *d, const char *bytes, size_t from, size_t n, uint32_t *ends, size_t *after)
{
    const char *p = bytes + from, *end = bytes + n;
    for (int64_t fields = 1;; fields++, p++) {
        if (!(p = field_end(d, p, end)) || p == end)
            return 0;
        const bool last = *p == '\n';
        if (fields <= d->fields)
            ends[fields - 1] = (uint32_t)(p - bytes - (last && p > bytes + from && p[-1] == '\r'));
        if (last) {
            *after = (size_t)(p - bytes) + 1;
            return fields;
        }
    }
}

static ml_status bad_row(const mli_csv_dialect *d, const char *path, int64_t line, int64_t fields, mli_csv_bad *bad)
{
    char separator[4];
    if (!d->skip_bad)
        return mli_fail(ML_EFORMAT,
                        "%s: line %lld: %lld field%s, expected %lld (the separator is %s); skip_bad_rows leaves such rows out",
                        path, (long long)line, (long long)fields, fields == 1 ? "" : "s", (long long)d->fields,
                        mli_csv_separator_text(d, separator));
    if (bad && bad->count < ML_CSV_BAD_LINES)
        bad->line[bad->count] = line;
    if (bad)
        bad->count++;
    return ML_OK;
}

static ml_status tokenise_plainly(mli_csv_tokens *t, const mli_csv_dialect *d, const char *path, const char *bytes, size_t n,
                                  int64_t line, int64_t max_rows, mli_csv_bad *bad)
{
    const size_t D = (size_t)d->fields;
    size_t from = 0, after;
    t->rows = 0;
    while (from < n && t->rows < max_rows) {
        after = pass_over(d, bytes, from, n);
        if (after == n && bytes[n - 1] != '\n')
            break; /* a comment that goes on */
        if (after > from) {
            from = after;
            continue;
        }
        const size_t rows = (size_t)t->rows;
        if (grow(&t->begin, &t->room_begin, rows, rows + 1) || grow(&t->end, &t->room_end, rows * D, (rows + 1) * D))
            return ML_ENOMEM;
        const int64_t fields = row_fields(d, bytes, from, n, t->end + rows * D, &after);
        if (fields == 0)
            break;
        if (fields == d->fields)
            t->begin[t->rows++] = (uint32_t)from;
        else if (bad_row(d, path, line + mli_csv_count_lines(bytes, from), fields, bad))
            return ml_error_status();
        from = after;
    }
    t->used = from;
    return ML_OK;
}

/* ---- eight bytes at a time ---- */

#define EACH(byte) (0x0101010101010101u * (unsigned char)(byte))

/* The highest bit of each byte that is 0, and no other. */
static uint64_t zero_bytes(uint64_t w)
{
    return ~(((w & EACH(0x7f)) + EACH(0x7f)) | w | EACH(0x7f));
}

/* Those bits beside each other: bit k for byte k. */
static uint64_t gathered(uint64_t bits)
{
    return ((bits >> 7) * 0x0102040810204080u) >> 56;
}

static uint64_t word_at(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

/* All separators and newlines of 64 bytes, from bit 0 on; adds to the newlines. */
static uint64_t structure(const char *p, uint64_t separator, int64_t *newlines)
{
    uint64_t all = 0;
    for (int k = 0; k < 8; k++) {
        const uint64_t w = word_at(p + 8 * k), newline = zero_bytes(w ^ EACH('\n'));
        *newlines += __builtin_popcountll(newline);
        all |= gathered(newline | zero_bytes(w ^ separator)) << 8 * k;
    }
    return all;
}

/* Whether every D-th of the ends is a newline, and there are no others; then rows and carriage returns are put right. */
static ml_status rows_alike(mli_csv_tokens *t, const char *bytes, int64_t fields, size_t ends, int64_t newlines, bool *alike)
{
    const size_t D = (size_t)fields;
    *alike = newlines > 0 && ends == (size_t)newlines * D;
    if (*alike && grow(&t->begin, &t->room_begin, 0, (size_t)newlines))
        return ML_ENOMEM;
    size_t from = 0;
    for (size_t r = 0; *alike && r < (size_t)newlines; r++) {
        uint32_t *last = &t->end[(r + 1) * D - 1];
        *alike = bytes[*last] == '\n';
        t->begin[r] = (uint32_t)from;
        from = *last + 1;
        *last -= *last > t->begin[r] && bytes[*last - 1] == '\r';
    }
    t->rows = newlines;
    t->used = from;
    return ML_OK;
}

/* Of n bytes that end with a newline. False in *done where the plain way must be gone. */
static ml_status tokenise_words(mli_csv_tokens *t, const mli_csv_dialect *d, const char *bytes, size_t n, bool *done)
{
    size_t ends = 0;
    int64_t newlines = 0;
    *done = false;
    for (size_t i = 0; i < n; i += 64) {
        if (ends + 64 > t->room_end && grow(&t->end, &t->room_end, ends, ends + n / 4 + 64))
            return ML_ENOMEM;
        uint64_t bits = structure(bytes + i, EACH(d->separator), &newlines);
        for (; bits; bits &= bits - 1)
            t->end[ends++] = (uint32_t)(i + (size_t)__builtin_ctzll(bits));
    }
    return rows_alike(t, bytes, d->fields, ends, newlines, done);
}

ml_status mli_csv_tokenise(mli_csv_tokens *t, const mli_csv_dialect *d, const char *path, const char *bytes, size_t n,
                           int64_t line, int64_t max_rows, mli_csv_bad *bad)
{
    bool done = false;
    /* One field a row: an empty line looks like a row. */
    const bool simple = d->fields > 1 && !d->comment && max_rows == INT64_MAX && n && bytes[n - 1] == '\n' &&
                        !(d->quote && memchr(bytes, d->quote, n));
    if (simple && tokenise_words(t, d, bytes, n, &done))
        return ML_ENOMEM;
    return done ? ML_OK : tokenise_plainly(t, d, path, bytes, n, line, max_rows, bad);
}
