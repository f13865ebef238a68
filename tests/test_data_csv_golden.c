/* test_data_csv_golden.c -- small awkward tables, read as pandas 3 reads them: tests/golden/make_csv.py.
 *
 * One difference is meant: pandas makes doubles of integers among which one is missing, a frame keeps them.
 */
#include "base/number.h"
#include "support/table.h"
#include "support/tmp.h"

#include <stdlib.h>
#include <string.h>

typedef struct text_buffer {
    char text[8192];
    size_t n;
} text_buffer;

static void add(text_buffer *b, const char *text)
{
    const size_t n = strlen(text);
    assert_true(b->n + n < sizeof b->text);
    memcpy(b->text + b->n, text, n + 1);
    b->n += n;
}

static void add_escaped(text_buffer *b, const char *text)
{
    for (; *text; text++) {
        const char plain[] = {*text, 0};
        add(b, *text == '\n' ? "\\n" : *text == '\r' ? "\\r" : *text == '\t' ? "\\t" : *text == '\\' ? "\\\\" : plain);
    }
}

static void add_value(text_buffer *b, const ml_column *c, int64_t i, bool as_number)
{
    char text[64];
    add(b, "\t");
    if (ml_column_missing(c, i)) {
        add(b, "NA");
    } else if (c->type == ML_TEXT || c->type == ML_CATEGORY) {
        add_escaped(b, ml_column_text(c, i));
    } else if (as_number) {
        mli_number_text(ml_column_number(c, i), '.', text);
        add(b, text);
    } else {
        snprintf(text, sizeof text, "%lld", (long long)c->integer[i]);
        add(b, text);
    }
}

/* A frame as make_csv.py writes pandas's. */
static void add_frame(text_buffer *b, const ml_frame *f)
{
    for (int j = 0; j < f->columns; j++) {
        const ml_column *c = &f->column[j];
        const bool as_number = c->type == ML_NUMBER || (c->type == ML_INTEGER && c->missing);
        add_escaped(b, c->name);
        add(b, "\t");
        add(b, as_number ? "number" : c->type == ML_CATEGORY ? "text" : ml_type_name(c->type));
        for (int64_t i = 0; i < c->n; i++)
            add_value(b, c, i, as_number);
        add(b, "\n");
    }
}

static char *golden_text(const char *name, const char *kind)
{
    char path[1024];
    size_t n;
    snprintf(path, sizeof path, "%s/tests/golden/csv/%s.%s", MLCORE_SOURCE_DIR, name, kind);
    uint8_t *bytes = slurp(path, &n);
    assert_non_null(bytes);
    char *text = malloc(n + 1);
    assert_non_null(text);
    memcpy(text, bytes, n);
    text[n] = 0;
    free(bytes);
    return text;
}

static void read_as_pandas_does(void **state)
{
    (void)state;
    const ml_csv_type text = {"c", ML_TEXT, NULL};
    const struct {
        const char *name;
        ml_csv_opts opts;
    } rows[] = {
        {"plain", {0}}, {"crlf_bom", {0}}, {"quotes", {0}}, {"missing", {0}}, {"question", {0}}, {"duplicates", {0}}, {"widths",
                                                                                                                       {0}},
        {"rounding", {0}}, {"infinite", {0}}, {"blank_lines", {0}}, {"comments", {.comment = '#'}}, {"no_newline", {0}},
        {"semicolons", {.decimal_comma = true}}, {"tabs", {0}}, {"no_header", {.no_header = true}}, {"skipped",
                                                                                                     {.skip_lines = 2,
                                                                                                      .rows = 2}},
        {"chosen", {.columns = "a,c"}}, {"mixed", {.types = &text, .n_types = 1}}, {"times", {0}}, {"constant", {0}},
        {"all_missing", {0}}, {"one_column", {0}}, {"hostile_names", {0}}, {"utf8", {0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *csv = golden_text(rows[i].name, "csv"), *want = golden_text(rows[i].name, "txt");
        text_buffer b = {.n = 0};
        ml_frame *f = table_of(csv, rows[i].opts);
        add_frame(&b, f);
        if (strcmp(b.text, want) != 0)
            fail_msg("%s: read as\n%sand by pandas as\n%s", rows[i].name, b.text, want);
        ml_frame_free(f);
        free(csv);
        free(want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(read_as_pandas_does)};
    return cmocka_run_group_tests_name("data/csv golden", tests, NULL, NULL);
}
