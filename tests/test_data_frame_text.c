/* Texts, lists, functions of rows, types and dates of columns. Letters and dates against tests/golden/make_frame_rows.py. */
#include "support/frames.h"

#include "data/letters.h"
#include "data/times.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A frame of one text and one category of the same words. */
static ml_frame *words(const char *text)
{
    ml_frame *f = ml_frame_new();
    put_words(f, "t", text);
    put_category(f, "c", text);
    return f;
}

/* A verb on both columns gives the same. */
#define ASSERT_BOTH(f, expected, verb, ...)                                \
    do {                                                                   \
        assert_int_equal(verb(f, "t", "out", __VA_ARGS__), ML_OK);         \
        assert_words(f, "out", ML_TEXT, expected);                         \
        assert_int_equal(verb(f, "c", "out", __VA_ARGS__), ML_OK);         \
        assert_words(f, "out", ML_CATEGORY, expected);                     \
    } while (0)

static void ends_are_stripped(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "t", (const char *[]){" a ", "\t\n", "b c\r", NULL, "", "a"}, 6), ML_OK);
    assert_int_equal(ml_frame_convert(f, "t", "c", ML_CATEGORY, (ml_convert_opts){0}), ML_OK);
    assert_int_equal(ml_frame_strip(f, "t", NULL), ML_OK);
    assert_string_equal(ml_column_text(ml_frame_column(f, "t"), 2), "b c");
    assert_string_equal(ml_column_text(ml_frame_column(f, "t"), 1), "");
    assert_int_equal(ml_frame_column(f, "t")->missing, 1);
    assert_int_equal(ml_frame_column(f, "c")->categories, 5);
    assert_int_equal(ml_frame_strip(f, "c", NULL), ML_OK);
    assert_int_equal(ml_frame_column(f, "c")->categories, 3); /* " a " and "a" are one now */
    assert_int_equal(ml_frame_column(f, "c")->code[0], ml_frame_column(f, "c")->code[5]);
    ml_frame_free(f);
}

static void letters_equal_python(void **state)
{
    (void)state;
    golden g = golden_read("frame_rows_letters");
    int differ = 0;
    for (int64_t i = 0; i < g.shape[0]; i++) {
        const uint32_t c = (uint32_t)g.v[3 * i], lower = mli_letter_lower(c), upper = mli_letter_upper(c);
        if (lower != c && lower != g.v[3 * i + 1])
            fail_msg("lower of U+%04X is U+%04X, in Python U+%04X", c, lower, (unsigned)g.v[3 * i + 1]);
        if (upper != c && upper != g.v[3 * i + 2])
            fail_msg("upper of U+%04X is U+%04X, in Python U+%04X", c, upper, (unsigned)g.v[3 * i + 2]);
        const int latin = c < 0x180 || (c >= 0x391 && c <= 0x3cb) || (c >= 0x400 && c < 0x460);
        differ += latin && ((lower == c && g.v[3 * i + 1] != c) || (upper == c && g.v[3 * i + 2] != c));
    }
    /* micro sign, sharp s, I with dot, dotless i, n with apostrophe, long s, final sigma, dialytika with tonos: not one for
     * one, or of another block */
    if (differ > 9)
        fail_msg("%d letters stay that change in Python", differ);
    golden_free(&g);
}

static void case_changes(void **state)
{
    (void)state;
    ml_frame *f = words("Ada ÉMILE Ωmega Жук ß - _");
    for (int k = 0; k < 2; k++) {
        assert_int_equal(ml_frame_lower(f, k ? "c" : "t", "out"), ML_OK);
        assert_words(f, "out", k ? ML_CATEGORY : ML_TEXT, "ada émile ωmega жук ß - _");
    }
    assert_int_equal(ml_frame_upper(f, "t", NULL), ML_OK);
    assert_words(f, "t", ML_TEXT, "ADA ÉMILE ΩMEGA ЖУК ß - _");
    assert_int_equal(ml_frame_length(f, "t", "n"), ML_OK);
    assert_values(f, "n", ML_INTEGER, "3 5 5 3 1 - 0");
    ml_frame_free(f);
}

static void utf8_goes_there_and_back(void **state)
{
    (void)state;
    static const uint32_t points[] = {1, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff};
    for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
        char bytes[5] = "";
        const size_t n = mli_utf8_put(points[k], bytes);
        const char *p = bytes;
        assert_int_equal(mli_utf8_next(&p), points[k]);
        assert_ptr_equal(p, bytes + n);
        assert_int_equal(mli_utf8_next(&p), 0);
        assert_ptr_equal(p, bytes + n);
    }
}

static void parts_are_replaced(void **state)
{
    (void)state;
    ml_frame *f = words("aaa banana - _ Éa");
    ASSERT_BOTH(f, "xa banana - _ Éa", ml_frame_replace_part, "aa", "x");
    ASSERT_BOTH(f, "aaaaaa baanaanaa - _ Éaa", ml_frame_replace_part, "a", "aa");
    ASSERT_BOTH(f, "_ bnn - _ É", ml_frame_replace_part, "a", "");
    ml_frame_free(f);
}

static void parts_are_split(void **state)
{
    (void)state;
    ml_frame *f = words("a,b,c x,,y z - _");
    ASSERT_BOTH(f, "a x z - _", ml_frame_split_part, ",", 0);
    ASSERT_BOTH(f, "b _ - - -", ml_frame_split_part, ",", 1);
    ASSERT_BOTH(f, "c y z - _", ml_frame_split_part, ",", -1);
    ASSERT_BOTH(f, "a x - - -", ml_frame_split_part, ",", -3);
    ASSERT_BOTH(f, "- - - - -", ml_frame_split_part, ",", INT64_MAX);
    ASSERT_BOTH(f, "- - - - -", ml_frame_split_part, ",", INT64_MIN);
    assert_int_equal(ml_frame_split_part(f, "t", NULL, "", 0), ML_EINVAL);
    assert_int_equal(ml_frame_split_part(f, "t", NULL, "\xc3", 0), ML_EINVAL);
    assert_int_equal(ml_frame_replace_part(f, "t", NULL, NULL, "x"), ML_EINVAL);
    assert_int_equal(ml_frame_replace_part(f, "t", NULL, "x", NULL), ML_EINVAL);
    ml_frame_free(f);
}

/* ---- patterns ---- */

static void groups_are_extracted(void **state)
{
    (void)state;
    const char *names[] = {"Allen, Miss. Elisabeth", "Astor, Col. John", "Rothes, the Countess. of", NULL, "Zoë"};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "name", names, 5), ML_OK);
    assert_int_equal(ml_frame_extract(f, "name", "surname,title", "^([^,]+), ([^.]+)\\."), ML_OK);
    assert_words(f, "surname", ML_TEXT, "Allen Astor Rothes - -");
    assert_string_equal(ml_column_text(ml_frame_column(f, "title"), 2), "the Countess");
    assert_int_equal(ml_frame_extract(f, "name", "second", "^.(.)"), ML_OK);
    assert_words(f, "second", ML_TEXT, "l s o - o");
    assert_int_equal(ml_frame_extract(f, "name", "last", "(.)$"), ML_OK);
    assert_words(f, "last", ML_TEXT, "h n f - ë");
    assert_int_equal(ml_frame_extract(f, "name", "a,b", "(A)|(R)"), ML_OK);
    assert_words(f, "a", ML_TEXT, "A A - - -");
    assert_words(f, "b", ML_TEXT, "- - R - -");
    assert_int_equal(ml_frame_convert(f, "name", "category", ML_CATEGORY, (ml_convert_opts){0}), ML_OK);
    assert_int_equal(ml_frame_extract(f, "category", "category", "^(A|R|Z)"), ML_OK);
    assert_words(f, "category", ML_CATEGORY, "A A R - Z");
    assert_int_equal(ml_frame_column(f, "category")->categories, 3);
    ml_frame_free(f);
}

static void bad_patterns_are_named(void **state)
{
    (void)state;
    ml_frame *f = words("a b");
    const struct {
        const char *as, *pattern, *says;
    } bad[] = {{"x", "a(", "the pattern 'a(': "}, {"x", "[z-a](x)", "the pattern '[z-a](x)': "}, {"x", "a", "has no group"},
               {"x", "(a)(b)", "has 2 groups, but 1 names"}, {"x,,y", "(a)", "is empty"},
               {"x", "\xff(a)", "not UTF-8"}, {NULL, "(a)", "0 names"}, {"x,x", "(a)(b)", "two columns are to be 'x'"},
               {"x,\xff", "(a)(b)", "name 1 is not UTF-8"}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(ml_frame_extract(f, "t", bad[k].as, bad[k].pattern), ML_EINVAL);
        assert_error_has(bad[k].says);
    }
    assert_int_equal(ml_frame_extract(f, "t", "x", NULL), ML_EINVAL);
    assert_int_equal(f->columns, 2);
    ml_frame_free(f);
}

/* ---- lists and functions ---- */

static void lists_map(void **state)
{
    (void)state;
    ml_frame *f = words("male female - other male");
    const ml_text_pair shorter[] = {{"male", "m"}, {"female", "f"}, {"other", NULL}};
    ASSERT_BOTH(f, "m f - - m", ml_frame_map_texts, shorter, 2);
    ASSERT_BOTH(f, "m f - other m", ml_frame_replace_texts, shorter, 2);
    ASSERT_BOTH(f, "m f - - m", ml_frame_replace_texts, shorter, 3);
    const ml_text_pair same[] = {{"male", "person"}, {"female", "person"}};
    ASSERT_BOTH(f, "person person - - person", ml_frame_map_texts, same, 2);
    assert_int_equal(ml_frame_column(f, "out")->categories, 1);
    const ml_text_number numbers[] = {{"male", 0}, {"female", 1}};
    assert_int_equal(ml_frame_map_numbers(f, "c", "out", numbers, 2), ML_OK);
    assert_values(f, "out", ML_NUMBER, "0 1 - - 0");
    const ml_text_pair twice[] = {{"a", "b"}, {"a", "c"}}, none[] = {{NULL, "x"}}, bytes[] = {{"male", "\xff"}};
    assert_int_equal(ml_frame_map_texts(f, "t", NULL, twice, 2), ML_EINVAL);
    assert_error_has("'a' is in the list twice");
    assert_int_equal(ml_frame_map_texts(f, "t", NULL, none, 1), ML_EINVAL);
    assert_int_equal(ml_frame_replace_texts(f, "t", NULL, bytes, 1), ML_EINVAL);
    assert_int_equal(ml_frame_map_texts(f, "t", NULL, NULL, 1), ML_EINVAL);
    assert_int_equal(ml_frame_map_texts(f, "t", NULL, shorter, -1), ML_EINVAL);
    ml_frame_free(f);
}

static void numbers_are_replaced(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "i", "-999 1 2 -");
    put_values(f, "x", "-999 1.5 2 -");
    const ml_number_pair pairs[] = {{-999, NAN}, {2, 3}, {NAN, 0}}, half[] = {{1, 0.5}}, twice[] = {{NAN, 1}, {NAN, 2}};
    assert_int_equal(ml_frame_replace_numbers(f, "i", "out", pairs, 3), ML_OK);
    assert_values(f, "out", ML_INTEGER, "- 1 3 0");
    assert_int_equal(ml_frame_replace_numbers(f, "x", "out", pairs, 2), ML_OK);
    assert_values(f, "out", ML_NUMBER, "- 1.5 3 -");
    assert_int_equal(ml_frame_replace_numbers(f, "i", NULL, half, 1), ML_EINVAL);
    assert_error_has("column 'i' is integer, and 0.5 is none");
    assert_int_equal(ml_frame_replace_numbers(f, "x", NULL, twice, 2), ML_EINVAL);
    ml_frame_free(f);
}

static double twice_row(const ml_frame *f, int64_t row, void *user)
{
    (void)f;
    return row == 1 ? (double)NAN : *(double *)user * (double)row;
}

static double log_of(double x, void *user)
{
    (void)user;
    return log(x);
}

static const char *number_of_row(const ml_frame *f, int64_t row, void *user)
{
    (void)f;
    snprintf(user, 8, "r%d", (int)row);
    return row == 2 ? NULL : user;
}

static const char *not_text(const ml_frame *f, int64_t row, void *user)
{
    (void)f, (void)user;
    return row ? "\xc3" : "a";
}

static void functions_make_columns(void **state)
{
    (void)state;
    double two = 2;
    char buf[8];
    ml_frame *f = words("a b c");
    assert_int_equal(ml_frame_assign(f, "x", twice_row, &two), ML_OK);
    assert_values(f, "x", ML_NUMBER, "0 - 4");
    assert_int_equal(ml_frame_assign_texts(f, "row", number_of_row, buf), ML_OK);
    assert_words(f, "row", ML_TEXT, "r0 r1 -");
    assert_int_equal(ml_frame_apply(f, "x", "log", log_of, NULL), ML_OK);
    const double logs[] = {(double)-INFINITY, NAN, 2 * log(2)};
    assert_column_close(f, "log", logs, 3, 1e-15);
    assert_int_equal(ml_frame_assign_texts(f, "row", not_text, NULL), ML_EINVAL);
    assert_error_has("row 1 is not UTF-8");
    assert_int_equal(ml_frame_assign(f, "x", NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_frame_assign(NULL, "x", twice_row, &two), ML_EINVAL);
    assert_int_equal(ml_frame_assign(f, NULL, twice_row, &two), ML_EINVAL);
    assert_int_equal(ml_frame_assign_texts(f, "x", NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_frame_apply(f, "x", NULL, NULL, NULL), ML_EINVAL);
    assert_words(f, "row", ML_TEXT, "r0 r1 -");
    ml_frame_free(f);
}

/* ---- types ---- */

static ml_status convert(ml_frame *f, const char *column, ml_type type, bool coerce)
{
    return ml_frame_convert(f, column, "out", type, (ml_convert_opts){.coerce = coerce});
}

static void texts_become_numbers(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    const char *texts[] = {" 1.5", "-2e3 ", "nan", NULL, "inf", "9007199254740993"};
    assert_int_equal(ml_frame_put_texts(f, "t", texts, 6), ML_OK);
    assert_int_equal(convert(f, "t", ML_NUMBER, false), ML_OK);
    const double v[] = {1.5, -2000, NAN, NAN, INFINITY, 9007199254740992.0};
    assert_column_close(f, "out", v, 6, 0);
    assert_int_equal(convert(f, "t", ML_INTEGER, false), ML_EINVAL);
    assert_error_has("column 't', row 0: ' 1.5' is no integer");
    assert_int_equal(convert(f, "t", ML_INTEGER, true), ML_OK);
    const int64_t *out = ml_frame_column(f, "out")->integer;
    assert_true(out[0] == ML_MISSING && out[2] == ML_MISSING && out[4] == ML_MISSING);
    assert_true(out[1] == -2000 && out[5] == INT64_C(9007199254740993));
    put_words(f, "bad", "1 1x _ 1,5 0x10 1");
    assert_int_equal(convert(f, "bad", ML_NUMBER, false), ML_EINVAL);
    assert_error_has("row 1: '1x' is no number");
    assert_int_equal(convert(f, "bad", ML_NUMBER, true), ML_OK);
    assert_values(f, "out", ML_NUMBER, "1 - - - - 1");
    put_category(f, "c", "10 2 10 - 2 2");
    assert_int_equal(convert(f, "c", ML_INTEGER, false), ML_OK);
    assert_values(f, "out", ML_INTEGER, "10 2 10 - 2 2");
    ml_frame_free(f);
}

static void numbers_become_others(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "i", "10 2 10 - -3");
    put_values(f, "x", "10 2.5 -0.0 - 1e300");
    assert_int_equal(convert(f, "i", ML_NUMBER, false), ML_OK);
    assert_values(f, "out", ML_NUMBER, "10 2 10 - -3");
    assert_int_equal(convert(f, "i", ML_TEXT, false), ML_OK);
    assert_words(f, "out", ML_TEXT, "10 2 10 - -3");
    assert_int_equal(convert(f, "i", ML_CATEGORY, false), ML_OK);
    assert_words(f, "out", ML_CATEGORY, "10 2 10 - -3");
    assert_string_equal(ml_frame_column(f, "out")->category[0], "-3"); /* by size, not by letters */
    assert_string_equal(ml_frame_column(f, "out")->category[1], "2");
    assert_int_equal(convert(f, "x", ML_TEXT, false), ML_OK);
    assert_words(f, "out", ML_TEXT, "10.0 2.5 -0.0 - 1e+300");
    assert_int_equal(convert(f, "x", ML_INTEGER, true), ML_OK);
    assert_values(f, "out", ML_INTEGER, "10 - 0 - -");
    assert_int_equal(convert(f, "x", ML_INTEGER, false), ML_EINVAL);
    assert_error_has("row 1: '2.5' is no integer");
    assert_int_equal(convert(f, "x", ML_NUMBER, false), ML_OK);
    assert_values(f, "out", ML_NUMBER, "10 2.5 -0.0 - 1e300");
    assert_int_equal(convert(f, "x", (ml_type)5, false), ML_EINVAL);
    const double edges[] = {9223372036854775807.0, -9223372036854775808.0, -9223372036854774784.0, INFINITY, NAN};
    assert_int_equal(ml_frame_put_numbers(f, "edge", edges, 5), ML_OK);
    assert_int_equal(convert(f, "edge", ML_INTEGER, true), ML_OK);
    assert_int_equal(ml_frame_column(f, "out")->missing, 4);
    assert_true(ml_frame_column(f, "out")->integer[2] == -INT64_C(9223372036854774784));
    ml_frame_free(f);
}

static void times_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *back;
        int64_t time;
    } good[] = {
        {"1970-01-01", "1970-01-01", 0},
        {"1970-01-01T00:00:01Z", "1970-01-01 00:00:01", 1000000},
        {" 2000-02-29 23:59", "2000-02-29 23:59:00", INT64_C(951868740000000)},
        {"1912-04-15 02:20:00.25", "1912-04-15 02:20:00.250000", -INT64_C(1821303599750000)},
        {"1969-12-31T23:59:59.999999999", "1969-12-31 23:59:59.999999", -1},
        {"2020-01-01 01:00+02:00", "2019-12-31 23:00:00", INT64_C(1577833200000000)},
        {"2020-01-01 01:00-0130", "2020-01-01 02:30:00", INT64_C(1577845800000000)},
    };
    static const char *const bad[] = {
        "",            "2020",        "2020-1-1",     "2020-13-01",       "2020-02-30",       "1900-02-29",
        "2020-01-01x", "2020-01-01T", "2020-01-01 1", "2020-01-01 24:00", "2020-01-01 00:60", "2020-01-01 00:00:60",
        "-200-01-01",  "2020-00-10",  "2020-01-00",   "2020-01-01+00:00", "2020-01-01 00:00 +1", "2020-01-01 00:00:00.",
    };
    char buf[MLI_TIME_TEXT];
    ml_frame *f = ml_frame_new();
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        assert_int_equal(ml_frame_put_texts(f, "t", &good[k].text, 1), ML_OK);
        assert_int_equal(ml_frame_convert(f, "t", "out", ML_TIME, (ml_convert_opts){0}), ML_OK);
        assert_true(ml_frame_column(f, "out")->integer[0] == good[k].time);
        assert_int_equal(ml_frame_convert(f, "out", NULL, ML_TEXT, (ml_convert_opts){0}), ML_OK);
        assert_string_equal(ml_column_text(ml_frame_column(f, "out"), 0), good[k].back);
    }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(ml_frame_put_texts(f, "t", &bad[k], 1), ML_OK);
        if (ml_frame_convert(f, "t", "out", ML_TIME, (ml_convert_opts){0}) != ML_EINVAL)
            fail_msg("'%s' was taken for a time", bad[k]);
        assert_error_has("is no time");
    }
    mli_time_text(INT64_MAX, false, buf);
    assert_string_equal(buf, "294247-01-10 04:00:54.775807");
    mli_time_text(INT64_MIN + 1, false, buf);
    assert_string_equal(buf, "-290308-12-21 19:59:05.224193");
    put_words(f, "day", "15/4/1912");
    assert_int_equal(ml_frame_convert(f, "day", NULL, ML_TIME, (ml_convert_opts){.format = "%d/%m/%Y"}), ML_OK);
    assert_true(ml_frame_column(f, "day")->integer[0] == -INT64_C(1821312000000000));
    assert_int_equal(ml_frame_convert(f, "day", NULL, ML_TEXT, (ml_convert_opts){.format = "%d/%m/%Y"}), ML_EINVAL);
    assert_error_has("only a time has a format");
    assert_int_equal(ml_frame_convert(f, "t", NULL, ML_TIME, (ml_convert_opts){.format = "%d/%Q"}), ML_EINVAL);
    assert_error_has("frame_convert: the format '%d/%Q'");
    ml_frame_free(f);
}

static void parts_of_dates_equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("frame_rows_dates");
    const int64_t n = g.shape[0];
    int64_t times[128] = {0};
    double part[128];
    ml_frame *f = ml_frame_new();
    for (int64_t i = 0; i < n; i++)
        times[i] = (int64_t)g.v[9 * i];
    times[n] = ML_MISSING;
    assert_int_equal(ml_frame_put_times(f, "t", times, n + 1), ML_OK);
    for (int k = 0; k < 8; k++) {
        assert_int_equal(ml_frame_date_part(f, "t", "part", (ml_date_part)k), ML_OK);
        for (int64_t i = 0; i < n; i++)
            part[i] = g.v[9 * i + k + 1];
        part[n] = NAN;
        assert_column_close(f, "part", part, n + 1, 0);
        assert_int_equal(ml_frame_column(f, "part")->type, ML_INTEGER);
    }
    assert_int_equal(ml_frame_date_part(f, "t", NULL, (ml_date_part)8), ML_EINVAL);
    assert_int_equal(ml_frame_date_part(f, "part", NULL, ML_DATE_DAY), ML_EINVAL);
    assert_error_has("column 'part' is integer: wants time");
    ml_frame_free(f);
    golden_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_stripped), cmocka_unit_test(letters_equal_python),
        cmocka_unit_test(case_changes), cmocka_unit_test(utf8_goes_there_and_back),
        cmocka_unit_test(parts_are_replaced), cmocka_unit_test(parts_are_split),
        cmocka_unit_test(groups_are_extracted), cmocka_unit_test(bad_patterns_are_named),
        cmocka_unit_test(lists_map), cmocka_unit_test(numbers_are_replaced),
        cmocka_unit_test(functions_make_columns), cmocka_unit_test(texts_become_numbers),
        cmocka_unit_test(numbers_become_others), cmocka_unit_test(times_are_read_and_written),
        cmocka_unit_test(parts_of_dates_equal_pandas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
