/* How frames look: what fits, what is left out, and what a terminal must not see. */
#include "support/frames.h"
#include "support/tmp.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is printed, to free; opts NULL: the info. */
static char *printed(const ml_frame *f, const ml_print_opts *opts)
{
    const char *path = tmp_path("printed");
    FILE *out = fopen(path, "w");
    size_t n;
    assert_non_null(out);
    if (opts)
        ml_frame_print(out, f, *opts);
    else
        ml_frame_info_print(out, f);
    fputc(0, out);
    fclose(out);
    return (char *)slurp(path, &n);
}

static void assert_prints(const ml_frame *f, ml_print_opts opts, const char *expected)
{
    char *text = printed(f, &opts);
    assert_string_equal(text, expected);
    free(text);
}

static ml_frame *people(void)
{
    ml_frame *f = ml_frame_new();
    put_words(f, "name", "Ann Émile - Bob");
    put_values(f, "age", "29 0.9166666 - 4.25");
    put_values(f, "class", "1 3 - 12345");
    assert_int_equal(ml_frame_put_times(f, "born", (int64_t[]){0, 1500000, ML_MISSING, -1000000}, 4), ML_OK);
    assert_int_equal(ml_frame_set_role(f, ML_ROLE_TRAIN), ML_OK);
    return f;
}

static void a_frame_looks_so(void **state)
{
    (void)state;
    ml_frame *f = people();
    assert_prints(f, (ml_print_opts){.width = 80},
                  "   name       age  class  born\n"
                  "0  Ann    29.0000      1  1970-01-01\n"
                  "1  Émile   0.9167      3  1970-01-01 00:00:01.500000\n"
                  "2  NaN        NaN    NaN  NaN\n"
                  "3  Bob     4.2500  12345  1969-12-31 23:59:59\n"
                  "[4 rows, 4 columns, TRAIN]\n");
    assert_prints(f, (ml_print_opts){.width = 80, .rows = 3, .precision = 1},
                  "     name    age  class  born\n"
                  "  0  Ann    29.0      1  1970-01-01\n"
                  "  1  Émile   0.9      3  1970-01-01 00:00:01.500000\n"
                  "...  ...     ...    ...  ...\n"
                  "  3  Bob     4.2  12345  1969-12-31 23:59:59\n"
                  "[4 rows, 4 columns, TRAIN]\n");
    assert_prints(f, (ml_print_opts){.width = 80, .rows = 1, .precision = ML_NONE},
                  "     name  age  class  born\n"
                  "  0  Ann    29      1  1970-01-01\n"
                  "...  ...   ...    ...  ...\n"
                  "[4 rows, 4 columns, TRAIN]\n");
    ml_frame_free(f);
}

static void the_middle_is_left_out(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "a", "1 2 3 4 5");
    put_values(f, "long_name", "1.5 2 3 4 5");
    put_values(f, "c", "1 2 3 4 5");
    assert_prints(f, (ml_print_opts){.width = 16, .rows = 3},
                  "     a  ...  c\n"
                  "  0  1  ...  1\n"
                  "  1  2  ...  2\n"
                  "...  .  ...  .\n"
                  "  4  5  ...  5\n"
                  "[5 rows, 3 columns]\n");
    assert_prints(f, (ml_print_opts){.width = 1, .rows = 1},
                  "     a  ...\n"
                  "  0  1  ...\n"
                  "...  .  ...\n"
                  "[5 rows, 3 columns]\n");
    ml_frame_free(f);
}

/* Every line fits, whatever is in the frame; and the first column is there. */
static void lines_fit(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    for (int j = 0; j < 30; j++) {
        char name[64];
        snprintf(name, sizeof name, "column %.*s", j, "of a name that grows and grows and");
        put_words(f, name, "short of_a_text_that_is_longer_than_most_but_one 東京都千代田区の東京都千代田区の東京都");
    }
    for (int width = 14; width < 300; width++) {
        ml_print_opts opts = {.width = width};
        char *text = printed(f, &opts);
        for (char *line = text; *line; line += strcspn(line, "\n") + 1) {
            int wide = 0;
            for (const char *p = line; *p && *p != '\n'; p++)
                wide += (*p & 0xc0) == 0x80 ? 0 : (unsigned char)*p >= 0xe0 ? 2 : 1; /* of these letters */
            if (wide > width && *line != '[')
                fail_msg("%d columns, of %d: %s", wide, width, text);
        }
        assert_non_null(strstr(text, "column"));
        free(text);
    }
    ml_frame_free(f);
}

static void a_file_cannot_steer_the_terminal(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    const char *texts[] = {"\033[2J\033]0;x\a", "a\nb\rc\td", "\xc2\x9b" "31m", "\xe2\x80\xae" "txt", "e\xcc\x81|"};
    assert_int_equal(ml_frame_put_texts(f, "bad\033name", texts, 5), ML_OK);
    assert_prints(f, (ml_print_opts){.width = 60},
                  "   bad?name\n"
                  "0  ?[2J?]0;x?\n"
                  "1  a?b?c?d\n"
                  "2  ?31m\n"
                  "3  ?txt\n"
                  "4  e\xcc\x81|\n"
                  "[5 rows, 1 column]\n");
    char *info = printed(f, NULL);
    assert_null(strchr(info, '\033'));
    free(info);
    ml_frame_free(f);
}

static void numbers_of_all_sizes(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    put_values(f, "plain", "1.0 2.0 inf");
    put_values(f, "tiny", "1e-9 -2.5e-10 0.0");
    put_values(f, "huge", "1e300 1.0 -inf");
    put_values(f, "whole", "1e14 0.5 -3.0");
    put_values(f, "int", "-9223372036854775807 0 9223372036854775807");
    const char *expected = "   plain         tiny         huge              whole                   int\n"
                           "0    1.0   1.0000e-09  1.0000e+300  100000000000000.0  -9223372036854775807\n"
                           "1    2.0  -2.5000e-10   1.0000e+00                0.5                     0\n"
                           "2    inf   0.0000e+00         -inf               -3.0   9223372036854775807\n"
                           "[3 rows, 5 columns]\n";
    assert_prints(f, (ml_print_opts){.width = 120}, expected);
    static const char *const comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    bool has = false;
    for (int k = 0; k < 3 && !has; k++)
        has = setlocale(LC_ALL, comma[k]) != NULL;
    assert_prints(f, (ml_print_opts){.width = 120}, expected);
    setlocale(LC_ALL, "C");
    ml_frame_free(f);
}

static void the_width_is_columns(void **state)
{
    (void)state;
    ml_frame *f = people();
    setenv("COLUMNS", "20", 1);
    assert_prints(f, (ml_print_opts){.rows = 1},
                  "     name  ...\n"
                  "  0  Ann   ...\n"
                  "...  ...   ...\n"
                  "[4 rows, 4 columns, TRAIN]\n");
    setenv("COLUMNS", "not a number", 1);
    char *text = printed(f, &(ml_print_opts){0});
    assert_non_null(strstr(text, "1969-12-31"));
    free(text);
    unsetenv("COLUMNS");
    assert_prints(NULL, (ml_print_opts){0}, "frame NULL\n");
    ml_frame_print(NULL, f, (ml_print_opts){0});
    ml_frame_info_print(NULL, f);
    ml_frame_free(f);
    f = ml_frame_new();
    assert_prints(f, (ml_print_opts){.width = INT32_MAX, .rows = INT64_MAX, .precision = INT32_MAX}, "[0 rows, 0 columns]\n");
    put_values(f, "x", "");
    assert_prints(f, (ml_print_opts){.width = -5, .rows = -5, .precision = -5}, "   x\n[0 rows, 1 column]\n");
    ml_frame_free(f);
}

static void the_info_looks_so(void **state)
{
    (void)state;
    ml_frame *f = people();
    put_category(f, "sex", "male female - male");
    char *text = printed(f, NULL);
    assert_string_equal(text, "4 rows, 5 columns, TRAIN, 187 B\n"
                              "column  type            values       missing  memory\n"
                              "name    text                 3             1     47 B\n"
                              "age     number               3             1     32 B\n"
                              "class   integer              3             1     32 B\n"
                              "born    time                 3             1     32 B\n"
                              "sex     category             3             1     44 B\n");
    free(text);
    text = printed(NULL, NULL);
    assert_string_equal(text, "frame NULL\n");
    free(text);
    ml_frame_free(f);
    f = ml_frame_new();
    double *many = calloc(1000000, sizeof *many);
    assert_int_equal(ml_frame_put_numbers(f, "x", many, 1000000), ML_OK);
    text = printed(f, NULL);
    assert_non_null(strstr(text, "8.0 MB\n"));
    free(many);
    free(text);
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_looks_so),     cmocka_unit_test(the_middle_is_left_out),
        cmocka_unit_test(lines_fit),            cmocka_unit_test(a_file_cannot_steer_the_terminal),
        cmocka_unit_test(numbers_of_all_sizes), cmocka_unit_test(the_width_is_columns),
        cmocka_unit_test(the_info_looks_so),
    };
    return cmocka_run_group_tests(tests, tmp_setup, tmp_teardown);
}
