/* fuzz_csv.c -- libFuzzer: any bytes are a table or get a sentence. The first byte chooses options. What was read is read the
 * same by the plain way of finding fields, and in stretches.
 */
#include "data/csv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void csv_must(bool holds)
{
    if (!holds)
        abort();
}

static ml_csv *csv_start(const uint8_t *bytes, size_t n, ml_csv_opts opts)
{
    ml_error_clear();
    return mli_csv_start("fuzzed", mli_csv_source_of("fuzzed", bytes, n), opts);
}

static bool csv_same_value(const ml_column *a, int64_t i, const ml_column *b, int64_t j)
{
    const char *s = ml_column_text(a, i), *t = ml_column_text(b, j);
    const double x = ml_column_number(a, i), y = ml_column_number(b, j);
    if (ml_column_missing(a, i) || ml_column_missing(b, j))
        return ml_column_missing(a, i) && ml_column_missing(b, j);
    return s || t ? s && t && strcmp(s, t) == 0 : x == y;
}

/* Rows of b are those of a from `first` on. */
static void csv_must_agree(const ml_frame *a, int64_t first, const ml_frame *b)
{
    csv_must(a->columns == b->columns && first + b->rows <= a->rows);
    for (int j = 0; j < a->columns; j++) {
        csv_must(strcmp(a->column[j].name, b->column[j].name) == 0 && a->column[j].type == b->column[j].type);
        for (int64_t i = 0; i < b->rows; i++)
            csv_must(csv_same_value(&a->column[j], first + i, &b->column[j], i));
    }
}

static void csv_must_be_whole(const ml_frame *f)
{
    for (int j = 0; j < f->columns; j++) {
        const ml_column *c = &f->column[j];
        csv_must(c->n == f->rows && c->missing == mli_column_count_missing(c) && mli_texts_valid(c->name, strlen(c->name)));
        for (int64_t i = 0; i < c->n; i++)
            csv_must(c->type != ML_TEXT || c->at[i] < 0 || mli_texts_valid(c->bytes + c->at[i], strlen(c->bytes + c->at[i])));
        for (int64_t i = 0; c->type == ML_CATEGORY && i < c->n; i++)
            csv_must(c->code[i] >= -1 && c->code[i] < c->categories);
        for (int32_t k = 1; c->type == ML_CATEGORY && k < c->categories; k++)
            csv_must(strcmp(c->category[k - 1], c->category[k]) < 0);
    }
}

/* In stretches of three rows, with the types of the whole. */
static void csv_in_stretches(const uint8_t *bytes, size_t n, ml_csv_opts opts, const ml_frame *all)
{
    ml_csv_type *types = calloc((size_t)all->columns + 1, sizeof *types);
    csv_must(types != NULL);
    for (int j = 0; j < all->columns; j++)
        types[j] = (ml_csv_type){all->column[j].name, all->column[j].type, NULL};
    opts.types = types;
    opts.n_types = all->columns < 64 ? all->columns : 0;
    ml_csv *csv = csv_start(bytes, n, opts);
    csv_must(csv != NULL);
    int64_t row = 0;
    ml_frame *f;
    for (; opts.n_types && (f = ml_csv_next(csv, 3)); ml_frame_free(f)) {
        csv_must_agree(all, row, f);
        row += f->rows;
    }
    csv_must(!opts.n_types || (ml_error_status() == ML_OK && row == all->rows));
    ml_csv_free(csv);
    free(types);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < 1)
        return 0;
    const uint8_t choice = *bytes++;
    n--;
    ml_csv_opts opts = {.separator = choice & 1 ? ',' : 0,
                        .no_header = choice & 2,
                        .skip_bad_rows = choice & 4,
                        .quoted_present = choice & 8,
                        .no_quotes = choice & 16,
                        .skip_lines = choice & 32 ? 1 : 0,
                        .rows = choice & 64 ? 2 : 0,
                        .categories = choice & 128 ? ML_NONE : 3};
    ml_csv *csv = csv_start(bytes, n, opts);
    ml_frame *f = csv ? mli_csv_read_all(csv) : NULL;
    ml_csv_free(csv);
    if (!f) {
        csv_must(ml_error_status() == ML_EFORMAT && strncmp(ml_error(), "fuzzed: ", 8) == 0 && !strchr(ml_error(), '\n'));
        return 0;
    }
    csv_must_be_whole(f);
    csv_in_stretches(bytes, n, opts, f);
    if (!memchr(bytes, 1, n)) { /* a comment wants the plain way */
        opts.comment = 1;
        csv = csv_start(bytes, n, opts);
        ml_frame *plain = csv ? mli_csv_read_all(csv) : NULL;
        csv_must(plain && plain->rows == f->rows);
        csv_must_agree(f, 0, plain);
        ml_frame_free(plain);
        ml_csv_free(csv);
    }
    ml_frame_free(f);
    return 0;
}
