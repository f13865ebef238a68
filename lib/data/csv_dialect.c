/* csv_dialect.c -- what the first lines say: encoding, separator, the names of the columns and how many there are. */
#include "data/csv.h"
#include "io/io.h"

#include <string.h>

static const char CANDIDATES[] = ",;\t|";
enum { SAMPLE_ROWS = 20 };

/* ---- the start of the file ---- */

static void drop(ml_csv *csv, size_t n)
{
    csv->n_ahead -= n;
    csv->start += (int64_t)n;
    memmove(csv->ahead, csv->ahead + n, csv->n_ahead + MLI_CSV_PAD);
}

static ml_status skip_mark(ml_csv *csv)
{
    const unsigned char *b = (const unsigned char *)csv->ahead;
    if (csv->n_ahead >= 2 && ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff)))
        return mli_fail(ML_EFORMAT, "%s: the file is UTF-16: make it UTF-8, by iconv -f UTF-16 -t UTF-8, say", csv->path);
    if (csv->n_ahead >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf)
        drop(csv, 3);
    return ML_OK;
}

/* Moves *at behind the next newline; *had is false where there is none. */
static ml_status pass_line(ml_csv *csv, size_t *at, bool *had)
{
    const char *newline;
    while (!(newline = memchr(csv->ahead + *at, '\n', csv->n_ahead - *at)) && !csv->ended) {
        drop(csv, *at);
        *at = 0;
        if (mli_csv_fill(csv, csv->n_ahead + 1))
            return ml_error_status();
    }
    *had = newline != NULL;
    csv->line += *had;
    *at = *had ? (size_t)(newline - csv->ahead) + 1 : csv->n_ahead;
    return ML_OK;
}

static bool is_empty_or_comment(const ml_csv *csv, const char *line)
{
    return line[0] == '\n' || (line[0] == '\r' && line[1] == '\n') || (csv->dialect.comment && line[0] == csv->dialect.comment);
}

/* Lines that are skipped by number, then those that are empty or comments. */
static ml_status skip_lines(ml_csv *csv)
{
    size_t at = 0;
    bool had = true;
    ml_status s = ML_OK;
    for (int64_t i = 0; !s && had && i < csv->opts.skip_lines; i++)
        s = pass_line(csv, &at, &had);
    while (!s && had) {
        if (at + 2 > csv->n_ahead && !csv->ended) {
            drop(csv, at);
            at = 0;
            s = mli_csv_fill(csv, 2);
        }
        if (s || !is_empty_or_comment(csv, csv->ahead + at))
            break;
        s = pass_line(csv, &at, &had);
    }
    drop(csv, at);
    if (!s)
        s = mli_csv_fill(csv, 1);
    if (!s && csv->n_ahead == 0)
        s = mli_fail(ML_EFORMAT, "%s: %s", csv->path,
                     csv->line > 1 ? "nothing in it but lines that are empty, comments or skipped" : "the file is empty");
    return s;
}

/* ---- the separator ---- */

/* How many fields the first rows have with a separator: of the first one, and whether all have as many. */
static int64_t fields_with(const ml_csv *csv, char separator, bool *alike)
{
    mli_csv_dialect d = csv->dialect;
    int64_t first = 0, fields;
    size_t from = 0;
    bool open;
    d.separator = separator;
    *alike = true;
    for (int r = 0; r < SAMPLE_ROWS && from < csv->n_ahead; r++) {
        const bool passed_over = is_empty_or_comment(csv, csv->ahead + from);
        const size_t after = mli_csv_record(&d, csv->ahead, from, csv->n_ahead, &fields, &open);
        if (!after)
            break;
        from = after;
        if (passed_over)
            continue;
        if (!first)
            first = fields;
        *alike = *alike && fields == first;
    }
    return first;
}

static void find_separator(ml_csv *csv)
{
    int64_t most = 1;
    bool best_alike = false;
    csv->dialect.separator = csv->opts.decimal_comma ? ';' : ',';
    for (const char *c = CANDIDATES; *c; c++) {
        bool alike;
        if (*c == ',' && csv->opts.decimal_comma)
            continue;
        const int64_t fields = fields_with(csv, *c, &alike);
        if (fields < 2 || alike < best_alike || (alike == best_alike && fields <= most))
            continue;
        most = fields;
        best_alike = alike;
        csv->dialect.separator = *c;
    }
}

/* ---- the header ---- */

/* The first record is ahead to its end. */
static ml_status find_first_record(ml_csv *csv, size_t *size, int64_t *fields)
{
    bool open;
    while (!(*size = mli_csv_record(&csv->dialect, csv->ahead, 0, csv->n_ahead, fields, &open))) {
        if (csv->ended)
            return mli_fail(ML_EFORMAT, "%s: line %lld: a quote opens in this row and is never closed", csv->path,
                            (long long)csv->line);
        if (mli_csv_fill(csv, csv->n_ahead + 1))
            return ml_error_status();
    }
    const char *cr = memchr(csv->ahead, '\r', *size);
    if (cr && cr + 2 < csv->ahead + *size && *size == csv->n_ahead && csv->ended)
        return mli_fail(ML_EFORMAT, "%s: its lines end with carriage returns alone: tr '\\r' '\\n' makes them newlines",
                        csv->path);
    if (*fields > INT32_MAX)
        return mli_fail(ML_EFORMAT, "%s: %lld columns are too many", csv->path, (long long)*fields);
    return ML_OK;
}

ml_status mli_csv_find_dialect(ml_csv *csv)
{
    size_t size;
    ml_status s = mli_csv_fill(csv, 1);
    if (!s)
        s = skip_mark(csv);
    if (!s)
        s = skip_lines(csv);
    if (!s && !csv->dialect.separator)
        find_separator(csv);
    if (!s)
        s = find_first_record(csv, &size, &csv->dialect.fields);
    return s;
}

/* One field of the first record, as a name. */
static ml_status name_of(const ml_csv *csv, const char *begin, const char *end, int64_t field, mli_csv_scratch *scratch,
                         mli_dictionary *names, int32_t *k)
{
    mli_csv_value v;
    char unnamed[40];
    if (mli_csv_value_of(csv, begin, end, scratch, &v))
        return ML_ENOMEM;
    mli_csv_trim(&v);
    if (v.n == 0) {
        v.n = (size_t)snprintf(unnamed, sizeof unnamed, "Unnamed: %lld", (long long)field);
        v.text = unnamed;
    }
    if (!mli_texts_valid(v.text, v.n))
        return mli_fail(ML_EFORMAT, "%s: line %lld: the name of column %lld %s", csv->path, (long long)csv->line,
                        (long long)field + 1, memchr(v.text, 0, v.n) ? "has a zero byte" : "is not UTF-8");
    *k = mli_dictionary_add(names, v.text, v.n);
    return *k < 0 ? ML_ENOMEM : ML_OK;
}

/* The numbers of the header's names in *names, field by field. */
static ml_status read_names(ml_csv *csv, mli_dictionary *names, int32_t *number)
{
    mli_csv_tokens *t = &csv->tokens;
    mli_csv_scratch scratch = {0};
    mli_csv_dialect d = csv->dialect;
    d.comment = 0;
    ml_status s = mli_csv_tokenise(t, &d, csv->path, csv->ahead, csv->n_ahead, csv->line, 1, NULL);
    for (int64_t i = 0; !s && i < d.fields; i++)
        s = name_of(csv, csv->ahead + (i ? t->end[i - 1] + 1 : t->begin[0]), csv->ahead + t->end[i], i, &scratch, names,
                    &number[i]);
    mli_free(scratch.bytes);
    if (!s) {
        csv->line += mli_csv_count_lines(csv->ahead, t->used);
        drop(csv, t->used);
    }
    return s;
}

/* Names that the program gives, or x0, x1, ... */
static ml_status given_names(ml_csv *csv, mli_dictionary *names, int32_t *number)
{
    char made[32];
    int n = 0;
    char **name = csv->opts.names ? mli_names_parse("csv: names", csv->opts.names, &n) : NULL;
    ml_status s = csv->opts.names && !name ? ml_error_status() : ML_OK;
    if (name && n != csv->dialect.fields)
        s = mli_fail(ML_EINVAL, "%s: names has %d names, and the first row %lld fields", csv->path, n,
                     (long long)csv->dialect.fields);
    for (int64_t i = 0; !s && i < csv->dialect.fields; i++) {
        if (!name)
            snprintf(made, sizeof made, "x%lld", (long long)i);
        const char *text = name ? name[i] : made;
        if (!mli_texts_valid(text, strlen(text)))
            s = mli_fail(ML_EINVAL, "csv: names: name %lld is not UTF-8", (long long)i + 1);
        else if ((number[i] = mli_dictionary_add(names, text, strlen(text))) < 0)
            s = ML_ENOMEM;
    }
    mli_free(name);
    return s;
}

/* "name.k" into own, k from *k on, so that no column has it. */
static size_t numbered(const mli_dictionary *names, const mli_dictionary *given, const char *name, int64_t *k, char *own)
{
    size_t size = strlen(name);
    memcpy(own, name, size);
    for (;; ++*k) {
        const size_t longer = size + (size_t)snprintf(own + size, 24, ".%lld", (long long)*k);
        if (mli_dictionary_find(names, own, longer) < 0 && mli_dictionary_find(given, own, longer) < 0)
            return longer;
    }
}

/* As pandas does: of columns of one name the second is "a.1", or the next of these that no column has. */
static ml_status make_different(const mli_dictionary *names, const int32_t *number, int64_t n, mli_dictionary *given)
{
    int64_t *times = mli_calloc((size_t)names->count, sizeof *times);
    ml_status s = times ? ML_OK : ML_ENOMEM;
    for (int64_t i = 0; !s && i < n; i++) {
        const char *name = mli_dictionary_text(names, number[i]);
        int64_t *k = &times[number[i]];
        char *own = *k ? mli_alloc(strlen(name) + 24) : NULL;
        if (*k && !own)
            s = ML_ENOMEM;
        const size_t size = own ? numbered(names, given, name, k, own) : strlen(name);
        if (!s && mli_dictionary_add(given, own ? own : name, size) < 0)
            s = ML_ENOMEM;
        ++*k;
        mli_free(own);
    }
    mli_free(times);
    return s;
}

ml_status mli_csv_names(ml_csv *csv, mli_dictionary *given)
{
    mli_dictionary names = {0}, unused = {0};
    int32_t *number = mli_alloc((size_t)csv->dialect.fields * sizeof *number);
    ml_status s = number ? ML_OK : ML_ENOMEM;
    const bool own = csv->opts.names || csv->opts.no_header;
    if (!s && !csv->opts.no_header)
        s = read_names(csv, own ? &unused : &names, number);
    if (!s && own)
        s = given_names(csv, &names, number);
    if (!s)
        s = make_different(&names, number, csv->dialect.fields, given);
    mli_free(number);
    mli_dictionary_free(&names);
    mli_dictionary_free(&unused);
    return s;
}
