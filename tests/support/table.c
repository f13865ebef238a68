#include "support/table.h"

#include "base/number.h"
#include "data/csv.h"
#include "data/times.h"

#include <stdlib.h>
#include <string.h>

ml_frame *table_parse(const void *bytes, size_t n, ml_csv_opts opts)
{
    uint8_t *exact = malloc(n ? n : 1);
    assert_non_null(exact);
    if (n)
        memcpy(exact, bytes, n);
    ml_csv *csv = mli_csv_start("t.csv", mli_csv_source_of("t.csv", exact, n), opts);
    ml_frame *f = csv ? mli_csv_read_all(csv) : NULL;
    ml_csv_free(csv);
    free(exact);
    return f;
}

ml_frame *table_of(const char *text, ml_csv_opts opts)
{
    ml_frame *f = table_parse(text, strlen(text), opts);
    if (!f)
        fail_msg("'%.60s': %s", text, ml_error());
    return f;
}

void assert_table_bytes_refused(const void *bytes, size_t n, ml_csv_opts opts, const char *sentence)
{
    ml_error_clear();
    ml_frame *f = table_parse(bytes, n, opts);
    assert_null(f);
    assert_string_equal(ml_error(), sentence);
}

void assert_table_refused(const char *text, ml_csv_opts opts, const char *sentence)
{
    assert_table_bytes_refused(text, strlen(text), opts, sentence);
}

static void same_column(const ml_column *a, const ml_column *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->missing, b->missing);
    const size_t n = (size_t)a->n;
    if (a->type == ML_NUMBER)
        assert_memory_equal(a->number, b->number, n * sizeof(double));
    else if (a->type == ML_INTEGER || a->type == ML_TIME)
        assert_memory_equal(a->integer, b->integer, n * sizeof(int64_t));
    else
        for (int64_t i = 0; i < a->n; i++) {
            const char *s = ml_column_text(a, i), *t = ml_column_text(b, i);
            assert_true(s && t ? strcmp(s, t) == 0 : s == t);
        }
}

void assert_same_table(const ml_frame *a, const ml_frame *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->columns, b->columns);
    for (int j = 0; j < a->columns; j++)
        same_column(&a->column[j], &b->column[j]);
}

static void value_text(const ml_column *c, int64_t i, char *text, size_t size)
{
    if (ml_column_missing(c, i))
        snprintf(text, size, "NA");
    else if (c->type == ML_NUMBER)
        mli_number_text(c->number[i], '.', text);
    else if (c->type == ML_INTEGER)
        snprintf(text, size, "%lld", (long long)c->integer[i]);
    else if (c->type == ML_TIME)
        mli_time_text(c->integer[i], c->integer[i] % MLI_DAY == 0, text);
    else
        snprintf(text, size, "%s", ml_column_text(c, i));
}

void assert_table_column(const ml_frame *f, const char *name, ml_type type, const char *values)
{
    char all[2048], one[512];
    size_t used = 0;
    const ml_column *c = ml_frame_column(f, name);
    if (!c)
        fail_msg("%s", ml_error());
    all[0] = 0;
    int64_t missing = 0;
    for (int64_t i = 0; i < c->n; i++) {
        value_text(c, i, one, sizeof one);
        used += (size_t)snprintf(all + used, sizeof all - used, "%s|", one);
        assert_true(used < sizeof all);
        missing += ml_column_missing(c, i);
    }
    assert_string_equal(all, values);
    assert_string_equal(ml_type_name(c->type), ml_type_name(type));
    assert_int_equal(c->missing, missing);
}
