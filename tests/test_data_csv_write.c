/* test_data_csv_write.c -- CSV out: as pandas writes it, and read back the same. */
#include "support/table.h"
#include "support/tmp.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A frame of all five types with the values that are easily spoiled. */
static ml_frame *awkward(void)
{
    static const double numbers[] = {1, -0.0, 0.1, 1e300, 5e-324, NAN, INFINITY, -INFINITY, 1.0 / 3};
    static const int64_t integers[] = {0, -1, INT64_MAX, -INT64_MAX, ML_MISSING, 7, 8, 9, 10};
    static const int32_t codes[] = {0, 1, 2, 3, -1, 0, 1, 2, 3};
    static const char *const categories[] = {"", "NA", "a,b", "plain"};
    static const char *const texts[] = {"say \"hi\"", "two\nlines", "\r", NULL, "", " blanks ", "NA", "gr\xc3\xbc\xc3\x9f",
                                        "`x` <script>"};
    static const int64_t times[] = {0, -1, ML_MISSING, 1580470200123456, 253402300799999999, -62167219200000000, 1, 86400000000,
                                    5};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "number", numbers, 9), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "an, integer", integers, 9), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "category", (ml_ints){codes, 9}, categories, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "text \"x\"", texts, 9), ML_OK);
    assert_int_equal(ml_frame_put_times(f, "time", times, 9), ML_OK);
    return f;
}

static const ml_csv_type TYPES[] = {{"number", ML_NUMBER, NULL}, {"an, integer", ML_INTEGER, NULL}, {"category", ML_CATEGORY,
                                                                                                     NULL},
                                    {"text \"x\"", ML_TEXT, NULL}, {"time", ML_TIME, NULL}};

static void written_and_read_back(void **state)
{
    (void)state;
    ml_frame *f = awkward();
    static const ml_csv_write_opts how[] = {{0}, {.separator = ';', .decimal_comma = true}, {.separator = '\t'},
                                            {.quote_all = true},
                                            {.na = "?"}};
    for (size_t k = 0; k < sizeof how / sizeof *how; k++) {
        assert_int_equal(ml_csv_write(f, tmp_path("t.csv"), how[k]), ML_OK);
        ml_frame *back = ml_csv_read(tmp_path("t.csv"), (ml_csv_opts){.separator = how[k].separator,
                                                                      .decimal_comma = how[k].decimal_comma,
                                                                      .quoted_present = true,
                                                                      .types = TYPES,
                                                                      .n_types = 5});
        if (!back)
            fail_msg("%d: %s", (int)k, ml_error());
        assert_same_table(f, back);
        ml_frame_free(back);
    }
    assert_int_equal(tmp_count(), 1); /* nothing is left beside */
    ml_frame_free(f);
}

static void the_bytes(void **state)
{
    (void)state;
    ml_frame *f = awkward();
    static const char want[] = "number,\"an, integer\",category,\"text \"\"x\"\"\",time\n"
                               "1.0,0,\"\",\"say \"\"hi\"\"\",1970-01-01 00:00:00\n"
                               "-0.0,-1,\"NA\",\"two\nlines\",1969-12-31 23:59:59.999999\n"
                               "0.1,9223372036854775807,\"a,b\",\"\r\",\n"
                               "1e+300,-9223372036854775807,plain,,2020-01-31 11:30:00.123456\n"
                               "5e-324,,,\"\",9999-12-31 23:59:59.999999\n"
                               ",7,\"\",\" blanks \",0000-01-01 00:00:00\n"
                               "inf,8,\"NA\",\"NA\",1970-01-01 00:00:00.000001\n"
                               "-inf,9,\"a,b\",gr\xc3\xbc\xc3\x9f,1970-01-02 00:00:00\n"
                               "0.3333333333333333,10,plain,`x` <script>,1970-01-01 00:00:00.000005\n";
    assert_int_equal(ml_csv_write(f, tmp_path("t.csv"), (ml_csv_write_opts){0}), ML_OK);
    assert_true(same_file(tmp_path("t.csv"), want, sizeof want - 1));
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") || setlocale(LC_NUMERIC, "de_DE.utf8")) {
        const ml_status s = ml_csv_write(f, tmp_path("t.csv"), (ml_csv_write_opts){0});
        setlocale(LC_NUMERIC, "C");
        assert_int_equal(s, ML_OK);
        assert_true(same_file(tmp_path("t.csv"), want, sizeof want - 1));
    }
    ml_frame_free(f);
    f = table_of("d\n2020-01-01\n\"\"\n1999-12-31\n", (ml_csv_opts){0});
    assert_int_equal(ml_csv_write(f, tmp_path("t.csv"), (ml_csv_write_opts){.no_header = true}), ML_OK);
    assert_true(same_file(tmp_path("t.csv"), "2020-01-01\n\"\"\n1999-12-31\n", 25));
    ml_frame_free(f);
}

static void small_frames(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_csv_write(f, tmp_path("t.csv"), (ml_csv_write_opts){0}), ML_OK);
    assert_true(same_file(tmp_path("t.csv"), "", 0));
    assert_int_equal(ml_frame_put_numbers(f, "x", (double[]){0}, 0), ML_OK);
    assert_int_equal(ml_csv_write(f, tmp_path("t.csv"), (ml_csv_write_opts){0}), ML_OK);
    assert_true(same_file(tmp_path("t.csv"), "x\n", 2));
    ml_frame_free(f);
}

/* Longer than the buffer, and than a block. */
static void long_texts(void **state)
{
    (void)state;
    enum { N = 700000 };
    char *text = malloc(N + 1);
    assert_non_null(text);
    for (int i = 0; i < N; i++)
        text[i] = i % 1000 == 3 ? '"' : i % 5000 == 4 ? '\n' : (char)('a' + i % 26);
    text[N] = 0;
    const char *const texts[] = {text, "x", text + 300000};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "t", texts, 3), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "i", (int64_t[]){1, 2, 3}, 3), ML_OK);
    assert_int_equal(ml_csv_write(f, tmp_path("t.csv"), (ml_csv_write_opts){0}), ML_OK);
    ml_frame *back = ml_csv_read(tmp_path("t.csv"), (ml_csv_opts){0});
    if (!back)
        fail_msg("%s", ml_error());
    assert_same_table(f, back);
    ml_frame_free(back);
    ml_frame_free(f);
    free(text);
}

static void what_is_refused(void **state)
{
    (void)state;
    ml_frame *f = awkward();
    const char *path = tmp_path("t.csv");
    static const struct {
        ml_csv_write_opts opts;
        const char *sentence;
    } rows[] = {
        {{.separator = '\n'},
         "csv_write: the separator must be an ASCII character that is no quote, no newline and no part of numbers"},
        {{.separator = '"'},
         "csv_write: the separator must be an ASCII character that is no quote, no newline and no part of numbers"},
        {{.separator = '.'},
         "csv_write: the separator must be an ASCII character that is no quote, no newline and no part of numbers"},
        {{.separator = (char)0xc3},
         "csv_write: the separator must be an ASCII character that is no quote, no newline and no part of numbers"},
        {{.decimal_comma = true}, "csv_write: decimal_comma wants another separator than the comma"},
        {{.na = "a,b"}, "csv_write: na is 'a,b': it must have no separator, quote or newline"},
        {{.na = "\n"}, "csv_write: na is '\n': it must have no separator, quote or newline"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(ml_csv_write(f, path, rows[i].opts), ML_EINVAL);
        assert_string_equal(ml_error(), rows[i].sentence);
    }
    assert_int_equal(ml_csv_write(NULL, path, (ml_csv_write_opts){0}), ML_EINVAL);
    assert_int_equal(ml_csv_write(f, NULL, (ml_csv_write_opts){0}), ML_EINVAL);
    assert_int_equal(ml_csv_write(f, tmp_path("no/t.csv"), (ml_csv_write_opts){0}), ML_EIO);
    assert_int_equal(ml_csv_write(f, "/dev/full", (ml_csv_write_opts){0}), ML_EIO);
    assert_int_equal(tmp_count(), 0);
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_and_read_back, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(the_bytes, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(small_frames, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(long_texts, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(what_is_refused, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("data/csv write", tests, NULL, NULL);
}
