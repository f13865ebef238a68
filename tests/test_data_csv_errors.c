/* test_data_csv_errors.c -- CSV that is wrong, and options that are: each has its sentence. */
#include "support/table.h"
#include "support/tmp.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define NO_OPTIONS ((ml_csv_opts){0})

static void rows_of_another_length(void **state)
{
    (void)state;
    assert_table_refused("a,b\n1,2\n3\n", NO_OPTIONS,
                   "t.csv: line 3: 1 field, expected 2 (the separator is ','); skip_bad_rows leaves such rows out");
    assert_table_refused("a,b\n1,2,3\n", NO_OPTIONS,
                   "t.csv: line 2: 3 fields, expected 2 (the separator is ','); skip_bad_rows leaves such rows out");
    assert_table_refused("# x\n\na,b\n\"1\n\",2\n\n3,4,\n", (ml_csv_opts){.comment = '#'},
                   "t.csv: line 7: 3 fields, expected 2 (the separator is ','); skip_bad_rows leaves such rows out");
    assert_table_refused("a\tb\n1\t2\t3\n", (ml_csv_opts){.separator = '\t'},
                   "t.csv: line 2: 3 fields, expected 2 (the separator is a tab); skip_bad_rows leaves such rows out");
    /* Far behind the first block. */
    char *text = malloc(2000000);
    assert_non_null(text);
    size_t n = (size_t)sprintf(text, "a,b\n");
    for (int i = 0; i < 100000; i++)
        n += (size_t)sprintf(text + n, i == 77777 ? "%d,%d,\n" : "%d,%d\n", i, i);
    assert_table_bytes_refused(text, n, NO_OPTIONS,
                         "t.csv: line 77779: 3 fields, expected 2 (the separator is ','); skip_bad_rows leaves such rows out");
    free(text);
}

static void quotes_that_stay_open(void **state)
{
    (void)state;
    assert_table_refused("a,b\n1,2\n3,\"x\n4,5\n", NO_OPTIONS, "t.csv: line 3: a quote opens in this row and is never closed");
    assert_table_refused("\"a,b\n1,2\n", NO_OPTIONS, "t.csv: line 1: a quote opens in this row and is never closed");
    assert_table_refused("a,b\n1,\"\"\"\n", NO_OPTIONS, "t.csv: line 2: a quote opens in this row and is never closed");
    assert_table_refused("a,b\n1,\"", NO_OPTIONS, "t.csv: line 2: a quote opens in this row and is never closed");
    assert_table_refused("a,b\n1,2\n3,\"x\n4,5\n", (ml_csv_opts){.skip_bad_rows = true},
                   "t.csv: line 3: a quote opens in this row and is never closed");
}

static void bytes_that_are_no_text(void **state)
{
    (void)state;
    static const char zero[] = "a,b\n1,x\n2,y\0z\n", zero_name[] = "a\0,b\n1,x\n", zero_category[] = "a,b\n1,x\0\n2,x\0\n";
    assert_table_bytes_refused(zero, sizeof zero - 1, NO_OPTIONS,
                               "t.csv: line 3: column 'b': there is a zero byte in the text");
    assert_table_bytes_refused(zero_name, sizeof zero_name - 1, NO_OPTIONS,
                               "t.csv: line 1: the name of column 1 has a zero byte");
    assert_table_bytes_refused(zero_category, sizeof zero_category - 1, NO_OPTIONS,
                         "t.csv: line 2: column 'b': there is a zero byte in the text");
    static const char *const bad[] = {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64];
        snprintf(text, sizeof text, "a,b\n1,x\n2,%s\n", bad[i]);
        assert_table_refused(text, NO_OPTIONS, "t.csv: line 3: column 'b': the text is not UTF-8");
        snprintf(text, sizeof text, "a,%s\n1,x\n", bad[i]);
        assert_table_refused(text, NO_OPTIONS, "t.csv: line 1: the name of column 2 is not UTF-8");
    }
    ml_frame *f = table_of("a,b\n1,gr\xc3\xbc\xc3\x9f\n2,\xe2\x82\xac\n3,\xf0\x9f\x98\x80\n", NO_OPTIONS);
    assert_table_column(f, "b", ML_TEXT, "gr\xc3\xbc\xc3\x9f|\xe2\x82\xac|\xf0\x9f\x98\x80|");
    ml_frame_free(f);
    /* What is not asked for is not looked at. */
    f = table_parse(zero, sizeof zero - 1, (ml_csv_opts){.columns = "a"});
    assert_non_null(f);
    assert_table_column(f, "a", ML_INTEGER, "1|2|");
    ml_frame_free(f);
    assert_table_bytes_refused("\xff\xfe" "a\0,\0", 6, NO_OPTIONS,
                         "t.csv: the file is UTF-16: make it UTF-8, by iconv -f UTF-16 -t UTF-8, say");
    assert_table_refused("a,b\r1,2\r3,4\r", NO_OPTIONS,
                   "t.csv: its lines end with carriage returns alone: tr '\\r' '\\n' makes them newlines");
}

static void files_without_a_table(void **state)
{
    (void)state;
    assert_table_refused("", NO_OPTIONS, "t.csv: the file is empty");
    assert_table_refused("\xef\xbb\xbf", NO_OPTIONS, "t.csv: nothing in it but lines that are empty, comments or skipped");
    assert_table_refused("\n\n\r\n", NO_OPTIONS, "t.csv: nothing in it but lines that are empty, comments or skipped");
    assert_table_refused("a,b\n", (ml_csv_opts){.skip_lines = INT64_MAX},
                   "t.csv: nothing in it but lines that are empty, comments or skipped");
    assert_null(ml_csv_read(tmp_path("none.csv"), NO_OPTIONS));
    assert_non_null(strstr(ml_error(), "none.csv: cannot be opened: No such file"));
    assert_int_equal(ml_error_status(), ML_EIO);
    assert_int_equal(mkdir(tmp_path("folder"), 0777), 0);
    assert_null(ml_csv_read(tmp_path("folder"), NO_OPTIONS));
    assert_non_null(strstr(ml_error(), "folder: is a folder, not a file"));
    assert_null(ml_csv_read("/dev/null", NO_OPTIONS));
    assert_string_equal(ml_error(), "/dev/null: is not a regular file");
    assert_null(ml_csv_read(NULL, NO_OPTIONS));
    assert_null(ml_csv_open(NULL, NO_OPTIONS));
    assert_null(ml_csv_next(NULL, 1));
    ml_csv_free(NULL);
}

static void gzip_that_is_wrong(void **state)
{
    (void)state;
    gzFile gz = gzopen(tmp_path("t.gz"), "wb");
    for (int i = 0; i < 20000; i++)
        gzprintf(gz, "%d,%d\n", i, i * 7);
    gzclose(gz);
    size_t n;
    uint8_t *bytes = slurp(tmp_path("t.gz"), &n);
    assert_non_null(bytes);
    assert_table_bytes_refused(bytes, n - 4, NO_OPTIONS, "t.csv: the gzip data is cut short");
    assert_table_bytes_refused(bytes, n / 2, NO_OPTIONS, "t.csv: the gzip data is cut short");
    bytes[n - 6] ^= 1;
    assert_table_bytes_refused(bytes, n, NO_OPTIONS, "t.csv: corrupt gzip data: incorrect data check");
    free(bytes);
    assert_table_bytes_refused("\x1f\x8b", 2, NO_OPTIONS, "t.csv: the gzip data is cut short");
}

static void values_that_do_not_fit(void **state)
{
    (void)state;
    static const struct {
        ml_csv_type type;
        const char *value, *sentence;
    } rows[] = {
        {{"a", ML_NUMBER, NULL}, "x1", "t.csv: line 3: column 'a': 'x1' is no number"},
        {{"a", ML_INTEGER, NULL}, "1.5", "t.csv: line 3: column 'a': '1.5' is no integer"},
        {{"a", ML_INTEGER, NULL}, "9223372036854775808", "t.csv: line 3: column 'a': '9223372036854775808' is no integer"},
        {{"a", ML_TIME, NULL}, "2020-13-01", "t.csv: line 3: column 'a': '2020-13-01' is no time"},
        {{"a", ML_TIME, "%Y"}, "99", "t.csv: line 3: column 'a': '99' is no time"},
        {{"a", ML_NUMBER, NULL}, "\"\x01\"", "t.csv: line 3: column 'a': '\"?\"' is no number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[96];
        snprintf(text, sizeof text, "a,b\n,1\n%s,2\n", rows[i].value);
        assert_table_refused(text, (ml_csv_opts){.types = &rows[i].type, .n_types = 1}, rows[i].sentence);
    }
}

static void options_that_are_wrong(void **state)
{
    (void)state;
    const char *path = tmp_file("t.csv", "a,b\n1,2\n", 8);
    const ml_csv_type twice[] = {{"a", ML_NUMBER, NULL}, {"a", ML_TEXT, NULL}}, format = {"a", ML_TIME, "%Q"}, lost = {"a",
                                                                                                                       ML_TEXT,
                                                                                                                       "%Y"};
    const ml_csv_type wrong = {"a", (ml_type)77, NULL}, nameless = {NULL, ML_TEXT, NULL};
    const struct {
        ml_csv_opts opts;
        const char *part;
    } rows[] = {
        {{.separator = '\n'}, "must be ASCII characters that do not end a line"},
        {{.separator = (char)0xe4}, "must be ASCII characters that do not end a line"},
        {{.separator = '1'}, "the separator '1' is a part of numbers"},
        {{.separator = '"'}, "the separator '\"' is the quote or the comment, too"},
        {{.separator = '#', .comment = '#'}, "the separator '#' is the quote or the comment, too"},
        {{.comment = '"'}, "the quote '\"' is the comment, too"},
        {{.separator = ',', .decimal_comma = true}, "decimal_comma wants another separator than the comma"},
        {{.rows = -2}, "rows is -2"},
        {{.rows = INT64_MIN}, "rows is -9223372036854775808"},
        {{.skip_lines = -1}, "skip_lines is -1"},
        {{.categories = INT64_MAX}, "categories is 9223372036854775807"},
        {{.categories = -5}, "categories is -5"},
        {{.n_types = 1}, "n_types is 1, and types NULL"},
        {{.types = twice, .n_types = 2}, "types: a is there twice"},
        {{.types = &format, .n_types = 1}, "csv: types: the format '%Q' has %Q: what can be read is %Y"},
        {{.types = &lost, .n_types = 1}, "types: a: only a time has a format"},
        {{.types = &wrong, .n_types = 1}, "types: a: 77 is no type"},
        {{.types = &nameless, .n_types = 1}, "types: column 0 is NULL"},
        {{.columns = "b,c"}, "t.csv: columns: there is no column 'c' among the 2 from 'a' to 'b' (the separator is ',')"},
        {{.columns = "b,b"}, "columns: 'b' is asked for twice"},
        {{.columns = "b,,a"}, "csv: columns: name 2 of 'b,,a' is empty"},
        {{.names = "x"}, "t.csv: names has 1 names, and the first row 2 fields"},
        {{.names = "x,\xff"}, "csv: names: name 2 is not UTF-8"},
        {{.na = "x,,y"}, "csv: na: name 2 of 'x,,y' is empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ml_error_clear();
        assert_null(ml_csv_read(path, rows[i].opts));
        if (!strstr(ml_error(), rows[i].part))
            fail_msg("row %d: '%s' has not '%s'", (int)i, ml_error(), rows[i].part);
        assert_null(ml_csv_open(path, rows[i].opts));
    }
    ml_csv *csv = ml_csv_open(path, NO_OPTIONS);
    assert_null(ml_csv_next(csv, 0));
    assert_string_equal(ml_error(), "csv_next: rows must be at least 1");
    assert_null(ml_csv_next(csv, INT64_MIN));
    ml_frame *f = ml_csv_next(csv, INT64_MAX);
    assert_non_null(f);
    assert_int_equal(f->rows, 1);
    ml_frame_free(f);
    ml_csv_free(csv);
}

/* Nothing but separators, quotes, newlines: rows and columns in plenty, or a sentence; and no more memory than the text is
 * worth. */
static void only_structure(void **state)
{
    (void)state;
    enum { N = 300000 };
    static const char *const kinds[] = {",", "\n", "\"", "\",", ",\n", "\r", "\"\n", "a\n", "\"\"", ",\"\"\n", "\xff", "\x01"};
    char *text = malloc(N);
    assert_non_null(text);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int i = 0; i < N; i++)
            text[i] = kinds[k][(size_t)i % strlen(kinds[k])];
        ml_error_clear();
        ml_frame *f = table_parse(text, N, NO_OPTIONS);
        assert_true(f || (strncmp(ml_error(), "t.csv: ", 7) == 0 && ml_error_status() == ML_EFORMAT));
        ml_frame_free(f);
        f = table_parse(text, N, (ml_csv_opts){.no_header = true, .skip_bad_rows = true, .separator = ','});
        assert_true(f || ml_error_status() == ML_EFORMAT);
        ml_frame_free(f);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_another_length),
        cmocka_unit_test(quotes_that_stay_open),
        cmocka_unit_test(bytes_that_are_no_text),
        cmocka_unit_test_setup_teardown(files_without_a_table, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(gzip_that_is_wrong, tmp_setup, tmp_teardown),
        cmocka_unit_test(values_that_do_not_fit),
        cmocka_unit_test_setup_teardown(options_that_are_wrong, tmp_setup, tmp_teardown),
        cmocka_unit_test(only_structure),
    };
    return cmocka_run_group_tests_name("data/csv errors", tests, NULL, NULL);
}
