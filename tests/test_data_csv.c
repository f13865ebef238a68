/* test_data_csv.c -- CSV in: dialects, types, missing values, stretches; the same whatever the number of threads, and with no
 * more memory than promised.
 */
#include "support/table.h"
#include "support/tmp.h"

#include <locale.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define NO_OPTIONS ((ml_csv_opts){0})

/* ---- dialects ---- */

static void separators_are_found_out(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char separator;
    } rows[] = {
        {"a,b\n1,2\n", ','}, {"a;b\n1;2\n", ';'}, {"a\tb\n1\t2\n", '\t'}, {"a|b\n1|2\n", '|'}, {"a\n1\n", ','},
        {"a;b;c\n1,5;2,5;3\n4,5;5,5;6\n", ';'}, {"a,b\n\"1;2;3\",4\n\"5;6;7\",8\n", ','}, {"a|b;c\n1|2;3|4\n", ';'},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ml_csv_report r;
        ml_frame_free(table_of(rows[i].text, (ml_csv_opts){.report = &r}));
        assert_int_equal(r.separator, rows[i].separator);
    }
    ml_frame *f = table_of("a:b\n1:2,5\n", (ml_csv_opts){.separator = ':', .decimal_comma = true});
    assert_table_column(f, "b", ML_NUMBER, "2.5|");
    ml_frame_free(f);
    f = table_of("a;b\n1,25;-0,5\n", (ml_csv_opts){.decimal_comma = true});
    assert_table_column(f, "a", ML_NUMBER, "1.25|");
    assert_table_column(f, "b", ML_NUMBER, "-0.5|");
    ml_frame_free(f);
}

static void quotes(void **state)
{
    (void)state;
    ml_frame *f = table_of("a,\"b\"\"c\"\n\"x, y\",\"two\nlines\"\n\"\",\"say \"\"hi\"\"\"\n\"12\",5\" pipe\n\"ab\"c\"d\",''\n",
                           NO_OPTIONS);
    assert_table_column(f, "a", ML_TEXT, "x, y|NA|12|abc\"d\"|");
    assert_table_column(f, "b\"c", ML_TEXT, "two\nlines|say \"hi\"|5\" pipe|''|");
    ml_frame_free(f);
    f = table_of("a,b\n\"1\",\"2.5\"\n\"3\",\"\"\n", NO_OPTIONS);
    assert_table_column(f, "a", ML_INTEGER, "1|3|");
    assert_table_column(f, "b", ML_NUMBER, "2.5|NA|");
    ml_frame_free(f);
    f = table_of("a,b\n'x,y',\"q\n", (ml_csv_opts){.quote = '\''});
    assert_table_column(f, "a", ML_TEXT, "x,y|");
    assert_table_column(f, "b", ML_TEXT, "\"q|");
    ml_frame_free(f);
    f = table_of("a,b\n\"x,y\"\n", (ml_csv_opts){.no_quotes = true});
    assert_table_column(f, "a", ML_TEXT, "\"x|");
    assert_table_column(f, "b", ML_TEXT, "y\"|");
    ml_frame_free(f);
    f = table_of("a,b\n\"\",1\n\"NA\",2\nNA,3\n,4\n", (ml_csv_opts){.quoted_present = true});
    assert_table_column(f, "a", ML_TEXT, "|NA|NA|NA|");
    assert_int_equal(ml_frame_column(f, "a")->missing, 2);
    ml_frame_free(f);
}

static void ends_of_lines(void **state)
{
    (void)state;
    static const char *const texts[] = {"a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4",
                                        "\n\r\na,b\n\n1,2\n\r\n\n3,4\n\n", ("\xef\xbb\xbf" "a,b\n1,2\n3,4\n"),
                                        "\"a\",\"b\"\r\n\"1\",\"2\"\r\n\"3\",\"4\"\r\n",
                                        "\xef\xbb\xbf\"a\",b\n1,2\n3,4\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ml_frame *f = table_of(texts[i], NO_OPTIONS);
        assert_table_column(f, "a", ML_INTEGER, "1|3|");
        assert_table_column(f, "b", ML_INTEGER, "2|4|");
        ml_frame_free(f);
    }
    ml_frame *f = table_of("a\r\n1\r\n\r\n2\r\n", NO_OPTIONS);
    assert_table_column(f, "a", ML_INTEGER, "1|2|");
    ml_frame_free(f);
    f = table_of("a,b\n1,\r\n,\n", NO_OPTIONS);
    assert_table_column(f, "b", ML_NUMBER, "NA|NA|");
    ml_frame_free(f);
}

static void headers(void **state)
{
    (void)state;
    ml_frame *f = table_of("1,2\n3,4\n", (ml_csv_opts){.no_header = true});
    assert_table_column(f, "x0", ML_INTEGER, "1|3|");
    assert_table_column(f, "x1", ML_INTEGER, "2|4|");
    ml_frame_free(f);
    f = table_of("1,2\n", (ml_csv_opts){.no_header = true, .names = "u,v\\,w"});
    assert_table_column(f, "v,w", ML_INTEGER, "2|");
    ml_frame_free(f);
    f = table_of("a,b\n1,2\n", (ml_csv_opts){.names = "u,v"});
    assert_table_column(f, "u", ML_INTEGER, "1|");
    assert_int_equal(f->rows, 1);
    ml_frame_free(f);
    /* As pandas names them. */
    f = table_of("a,a,,a.1,a,,<script>alert(1)</script>,`rm -rf x`\n1,2,3,4,5,6,7,8\n", NO_OPTIONS);
    static const char *const names[] = {"a", "a.2", "Unnamed: 2", "a.1", "a.3", "Unnamed: 5", "<script>alert(1)</script>",
                                        "`rm -rf x`"};
    assert_int_equal(f->columns, 8);
    for (int j = 0; j < 8; j++)
        assert_string_equal(f->column[j].name, names[j]);
    ml_frame_free(f);
    f = table_of("a,b\n", NO_OPTIONS);
    assert_int_equal(f->rows, 0);
    assert_table_column(f, "a", ML_NUMBER, "");
    ml_frame_free(f);
    f = table_of(" a , b\n1,2\n", NO_OPTIONS);
    assert_true(ml_frame_has(f, "a") && ml_frame_has(f, "b"));
    ml_frame_free(f);
}

static void parts_of_a_file(void **state)
{
    (void)state;
    const char *text = "title\n# note\n\na,b,c\n1,2,3\n# 9,9,9\n4,5,6\n7,8,9\n";
    ml_csv_opts o = {.skip_lines = 1, .comment = '#'};
    ml_frame *f = table_of(text, o);
    assert_table_column(f, "a", ML_INTEGER, "1|4|7|");
    ml_frame_free(f);
    o.columns = "c,a";
    o.rows = 2;
    f = table_of(text, o);
    assert_int_equal(f->columns, 2);
    assert_string_equal(f->column[0].name, "c");
    assert_table_column(f, "c", ML_INTEGER, "3|6|");
    assert_table_column(f, "a", ML_INTEGER, "1|4|");
    ml_frame_free(f);
    o.rows = ML_NONE;
    f = table_of(text, o);
    assert_int_equal(f->rows, 0);
    assert_int_equal(f->columns, 2);
    ml_frame_free(f);
    o.rows = 1000;
    f = table_of(text, o);
    assert_int_equal(f->rows, 3);
    ml_frame_free(f);
}

static void bad_rows_can_be_skipped(void **state)
{
    (void)state;
    ml_csv_report r;
    ml_csv_opts o = {.skip_bad_rows = true, .report = &r};
    ml_frame *f = table_of("a,b\n1,2\n3\n4,5,6\n\"x\ny\",7\n8,9,\n10,11\n", o);
    assert_table_column(f, "a", ML_TEXT, "1|x\ny|10|");
    assert_int_equal(r.bad, 3);
    assert_int_equal(r.rows, 3);
    assert_int_equal(r.bad_line[0], 3);
    assert_int_equal(r.bad_line[1], 4);
    assert_int_equal(r.bad_line[2], 7);
    ml_frame_free(f);
    o.rows = 2;
    f = table_of("a,b\n1\n2\n3,4\n5\n6,7\n8,9\n", o);
    assert_table_column(f, "b", ML_INTEGER, "4|7|");
    ml_frame_free(f);
}

/* ---- types ---- */

static void types_of_values(void **state)
{
    (void)state;
    static const struct {
        const char *values; /* one a line */
        ml_type type;
        const char *read;
    } rows[] = {
        {"1\n-2\n+3\n", ML_INTEGER, "1|-2|3|"},
        {"9223372036854775807\n\n5\n", ML_INTEGER, "9223372036854775807|NA|5|"},
        {"9223372036854775808\n1\n", ML_NUMBER, "9.223372036854776e+18|1.0|"},
        {"1\n2.5\n", ML_NUMBER, "1.0|2.5|"},
        {"1\n?\n2.5\nNA\n", ML_NUMBER, "1.0|NA|2.5|NA|"},
        {"-0\n1\n", ML_NUMBER, "-0.0|1.0|"},
        {"1e5\n.5\n5.\n", ML_NUMBER, "100000.0|0.5|5.0|"},
        {"inf\n-Infinity\n1e999\n1e-999\n", ML_NUMBER, "inf|-inf|inf|0.0|"},
        {" 1\n2 \n\t3\n", ML_INTEGER, "1|2|3|"},
        {"?\n\nNA\n", ML_NUMBER, "NA|NA|NA|"},
        {"2020-01-31\n\n1969-12-31\n", ML_TIME, "2020-01-31|NA|1969-12-31|"},
        {"2020-01-31T12:30\n2020-01-31 23:59:59.25Z\n2020-02-01T00:00:00+02:00\n", ML_TIME,
         "2020-01-31 12:30:00|2020-01-31 23:59:59.250000|2020-01-31 22:00:00|"},
        {"2020-01-31\n2020-02-30\n", ML_TEXT, "2020-01-31|2020-02-30|"},
        {"b\na\nb\na\n\n", ML_CATEGORY, "b|a|b|a|NA|"},
        {"b\na\nb\nc\n", ML_TEXT, "b|a|b|c|"},
        {"True\nFalse\nTrue\nTrue\n", ML_CATEGORY, "True|False|True|True|"},
        {"1\n2\nx\n1\n1\n2\n", ML_CATEGORY, "1|2|x|1|1|2|"},
        {"1\n2020-01-01\n", ML_TEXT, "1|2020-01-01|"},
        {"1,5\n", ML_TEXT, "1,5|"},
        {"0x10\n", ML_TEXT, "0x10|"},
        {"1 2\n", ML_TEXT, "1 2|"},
        {"1.2.3\n", ML_TEXT, "1.2.3|"},
        {"-\n", ML_TEXT, "-|"},
        {".\n", ML_TEXT, ".|"},
        {"00012345678901234567\n", ML_INTEGER, "12345678901234567|"},
        {"0.1234567890123456789\n12345678.12345678\n123456789.1234567\n", ML_NUMBER,
         "0.12345678901234568|12345678.12345678|123456789.1234567|"},
        {"9007199254740993\n0.5\n", ML_NUMBER, "9007199254740992.0|0.5|"},
        {"12345678.\n.12345678\n123456789012345.\n.123456789012345\n", ML_NUMBER,
         "12345678.0|0.12345678|123456789012345.0|0.123456789012345|"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        size_t n = (size_t)snprintf(text, sizeof text, "a;b\n");
        for (const char *p = rows[i].values; *p; p += strcspn(p, "\n") + 1)
            n += (size_t)snprintf(text + n, sizeof text - n, "%.*s;0\n", (int)strcspn(p, "\n"), p);
        ml_frame *f = table_of(text, (ml_csv_opts){.separator = ';'});
        assert_table_column(f, "a", rows[i].type, rows[i].read);
        ml_frame_free(f);
    }
}

/* Whatever the first rows are like, the type is that of all. */
static void types_that_show_late(void **state)
{
    (void)state;
    static const struct {
        const char *first, *last;
        ml_type type;
    } rows[] = {
        {"1", "2", ML_INTEGER}, {"1", "2.5", ML_NUMBER}, {"1", "x", ML_TEXT}, {"1.5", "x", ML_TEXT}, {"", "7", ML_INTEGER}, {"",
                                                                                                                             "7.5", ML_NUMBER},
        {"", "2020-01-01", ML_TIME}, {"2020-01-01", "2021-01-01", ML_TIME}, {"2020-01-01", "7", ML_TEXT}, {"x", "7", ML_TEXT},
        {"", "x", ML_TEXT},
        {"1", "2020-01-01", ML_TEXT}, {"1", "", ML_INTEGER}, {"1.5", "", ML_NUMBER},
    };
    enum { N = 60000 }; /* several blocks */
    char *text = malloc(40 * N);
    assert_non_null(text);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        for (int64_t at = 150; at < N; at = at < N / 2 ? N / 2 + 17 : at < N - 1 ? N - 1 : N) {
            size_t n = (size_t)sprintf(text, "a,b\n");
            for (int64_t i = 0; i < N; i++) /* all different, so that texts are no category */
                n += (size_t)sprintf(text + n, "%s,%lld\n", i == at ? rows[k].last : rows[k].first, (long long)i);
            ml_frame *f = table_of(text, (ml_csv_opts){.categories = ML_NONE});
            const ml_column *c = ml_frame_column(f, "a");
            assert_string_equal(ml_type_name(c->type), ml_type_name(rows[k].type));
            assert_int_equal(c->n, N);
            assert_int_equal(c->missing, *rows[k].first ? !*rows[k].last : N - 1);
            if (c->type == ML_NUMBER && *rows[k].first && *rows[k].last) {
                assert_true(c->number[at] == atof(rows[k].last));
                assert_true(c->number[at - 1] == atof(rows[k].first) && c->number[0] == c->number[at - 1] && c->number[N - 2] >= 1);
            }
            if (c->type == ML_TEXT) {
                assert_string_equal(ml_column_text(c, at), rows[k].last);
                assert_true(*rows[k].first ? strcmp(ml_column_text(c, 0), rows[k].first) == 0 : ml_column_text(c, 0) == NULL);
            }
            ml_frame_free(f);
        }
    free(text);
}

static void types_that_are_given(void **state)
{
    (void)state;
    const ml_csv_type types[] = {{"n", ML_NUMBER, NULL}, {"t", ML_TEXT, NULL}, {"c", ML_CATEGORY, NULL}, {"d", ML_TIME,
                                                                                                          "%d.%m.%Y %H:%M"}};
    ml_frame *f = table_of("n,t,c,d,i\n1,007,x,31.12.1999 23:59,1\n,NA,y,,2\n", (ml_csv_opts){.types = types, .n_types = 4});
    assert_table_column(f, "n", ML_NUMBER, "1.0|NA|");
    assert_table_column(f, "t", ML_TEXT, "007|NA|");
    assert_table_column(f, "c", ML_CATEGORY, "x|y|");
    assert_table_column(f, "d", ML_TIME, "1999-12-31 23:59:00|NA|");
    assert_table_column(f, "i", ML_INTEGER, "1|2|");
    ml_frame_free(f);
    f = table_of("c\n\"\"\n\"\"\n", (ml_csv_opts){.types = &(ml_csv_type){"c", ML_CATEGORY, NULL}, .n_types = 1});
    assert_table_column(f, "c", ML_CATEGORY, "NA|NA|");
    assert_int_equal(ml_frame_column(f, "c")->categories, 0);
    ml_frame_free(f);
}

static void categories_in_order(void **state)
{
    (void)state;
    char text[4096];
    size_t n = (size_t)snprintf(text, sizeof text, "c,d\n");
    for (int i = 0; i < 102; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "k%02d,k%02d\n", 50 - i % 51, 49 - i % 50);
    ml_frame *f = table_of(text, NO_OPTIONS);
    assert_int_equal(ml_frame_column(f, "c")->type, ML_TEXT); /* 51 different ones */
    const ml_column *d = ml_frame_column(f, "d");
    assert_int_equal(d->type, ML_CATEGORY);
    assert_int_equal(d->categories, 50);
    for (int k = 0; k < 50; k++)
        assert_int_equal(atoi(d->category[k] + 1), k);
    assert_int_equal(d->code[0], 49);
    ml_frame_free(f);
    f = table_of(text, (ml_csv_opts){.categories = 51});
    assert_int_equal(ml_frame_column(f, "c")->type, ML_CATEGORY);
    ml_frame_free(f);
    f = table_of(text, (ml_csv_opts){.categories = ML_NONE});
    assert_int_equal(ml_frame_column(f, "d")->type, ML_TEXT);
    ml_frame_free(f);
}

static void words_for_missing_values(void **state)
{
    (void)state;
    ml_frame *f = table_of("a,b\n-999,none\n5,x\n", (ml_csv_opts){.na = "-999,none"});
    assert_table_column(f, "a", ML_INTEGER, "NA|5|");
    assert_table_column(f, "b", ML_TEXT, "NA|x|");
    ml_frame_free(f);
    f = table_of("a,b\nNA,?\n ,5\n", (ml_csv_opts){.no_default_na = true});
    assert_table_column(f, "a", ML_TEXT, "NA|NA|");
    assert_int_equal(ml_frame_column(f, "a")->missing, 1);
    assert_table_column(f, "b", ML_TEXT, "?|5|");
    ml_frame_free(f);
    f = table_of("a;b\n<NA>;1\n#N/A N/A;2\nnull; NaN \n", NO_OPTIONS);
    assert_table_column(f, "a", ML_NUMBER, "NA|NA|NA|");
    assert_table_column(f, "b", ML_INTEGER, "1|2|NA|");
    ml_frame_free(f);
}

static void a_locale_with_a_comma(void **state)
{
    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "de_DE.utf8"))
        skip();
    ml_frame *f = table_of("a,b\n1.5,0.12345678901234567890\n", NO_OPTIONS);
    setlocale(LC_NUMERIC, "C");
    assert_table_column(f, "a", ML_NUMBER, "1.5|");
    assert_table_column(f, "b", ML_NUMBER, "0.12345678901234568|");
    ml_frame_free(f);
}

/* ---- many rows ---- */

/* Rows of all types, with holes, some of them in quotes; deterministic. For free(). */
static char *many_rows(int64_t rows, bool quoted, size_t *n)
{
    char *text = malloc((size_t)rows * 120 + 64);
    ml_rng rng = ml_rng_seed(9);
    assert_non_null(text);
    *n = (size_t)sprintf(text, "number,integer,late,word,text,day\n");
    for (int64_t i = 0; i < rows; i++) {
        const long long a = ml_rng_below(&rng, 2000000000) - 1000000000, b = ml_rng_below(&rng, 1000);
        *n += (size_t)sprintf(text + *n, b % 17 ? "%lld.%06lld," : ",", a / 1000000, a < 0 ? -a % 1000000 : a % 1000000);
        *n += (size_t)sprintf(text + *n, b % 13 ? "%lld," : "NA,", a);
        *n += (size_t)sprintf(text + *n, i > rows / 2 ? "%lld.5," : "%lld,", b);
        *n += (size_t)sprintf(text + *n, "%s,", b % 3 == 0 ? "red" : b % 3 == 1 ? "green" : "blue");
        *n += (size_t)sprintf(text + *n, quoted && b % 5 == 0 ? "\"name, \"\"%lld\"\"\n\"," : b % 11 ? "name %lld," : ",", a);
        *n += (size_t)sprintf(text + *n, "20%02d-%02d-%02d\n", (int)(b % 100), (int)(b % 12 + 1), (int)(b % 28 + 1));
    }
    return text;
}

static void any_number_of_threads(void **state)
{
    (void)state;
    for (int quoted = 0; quoted < 2; quoted++) {
        size_t n;
        char *text = many_rows(60000, quoted, &n);
        const int before = ml_threads();
        assert_int_equal(ml_set_threads(1), ML_OK);
        ml_frame *one = table_parse(text, n, NO_OPTIONS);
        assert_non_null(one);
        static const ml_type types[] = {ML_NUMBER, ML_INTEGER, ML_NUMBER, ML_CATEGORY, ML_TEXT, ML_TIME};
        for (int j = 0; j < 6; j++)
            assert_int_equal(one->column[j].type, types[j]);
        for (int threads = 2; threads <= 4; threads += 2) {
            assert_int_equal(ml_set_threads(threads), ML_OK);
            ml_frame *f = table_parse(text, n, NO_OPTIONS);
            assert_non_null(f);
            assert_same_table(one, f);
            ml_frame_free(f);
        }
        assert_int_equal(ml_set_threads(before), ML_OK);
        /* The plain way, which a comment wants, reads the same. */
        ml_frame *plain = table_parse(text, n, (ml_csv_opts){.comment = '\x01'});
        assert_non_null(plain);
        assert_same_table(one, plain);
        ml_frame_free(plain);
        ml_frame_free(one);
        free(text);
    }
}

static void gzipped(void **state)
{
    (void)state;
    size_t n;
    char *text = many_rows(30000, true, &n);
    ml_frame *plain = table_parse(text, n, NO_OPTIONS);
    assert_non_null(plain);
    gzFile gz = gzopen(tmp_path("t.csv.gz"), "wb");
    assert_int_equal(gzwrite(gz, text, (unsigned)(n / 2)), n / 2);
    gzclose(gz);
    gz = gzopen(tmp_path("t.csv.gz"), "ab"); /* a second member */
    assert_int_equal(gzwrite(gz, text + n / 2, (unsigned)(n - n / 2)), n - n / 2);
    gzclose(gz);
    ml_frame *f = ml_csv_read(tmp_path("t.csv.gz"), NO_OPTIONS);
    if (!f)
        fail_msg("%s", ml_error());
    assert_same_table(plain, f);
    ml_frame_free(f);
    ml_frame_free(plain);
    free(text);
}

static void stretches(void **state)
{
    (void)state;
    size_t n;
    char *text = many_rows(30000, true, &n);
    const char *path = tmp_file("t.csv", text, n);
    ml_frame *all = table_parse(text, n, NO_OPTIONS);
    assert_non_null(all);
    const ml_csv_type types[] = {{"late", ML_NUMBER, NULL}, {"word", ML_CATEGORY, NULL}, {"text", ML_TEXT, NULL}};
    static const int64_t sizes[] = {1000, 7777, 29999, 30000, 1000000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        ml_csv_report r;
        ml_csv *csv = ml_csv_open(path, (ml_csv_opts){.types = types, .n_types = 3, .report = &r});
        assert_non_null(csv);
        int64_t row = 0;
        for (ml_frame *f; (f = ml_csv_next(csv, sizes[k])); ml_frame_free(f)) {
            assert_int_equal(f->rows, row + sizes[k] < 30000 ? sizes[k] : 30000 - row);
            int64_t *rows = malloc((size_t)f->rows * sizeof *rows);
            for (int64_t i = 0; i < f->rows; i++)
                rows[i] = row + i;
            ml_frame *same = ml_frame_take(all, rows, f->rows);
            assert_same_table(same, f);
            ml_frame_free(same);
            row += f->rows;
            free(rows);
        }
        assert_int_equal(ml_error_status(), ML_OK);
        assert_int_equal(row, 30000);
        assert_int_equal(r.rows, 30000);
        assert_null(ml_csv_next(csv, 5));
        ml_csv_free(csv);
    }
    /* A type that the first stretch has, and a later one has not. */
    ml_csv *csv = ml_csv_open(path, (ml_csv_opts){.columns = "late"});
    ml_frame *f = ml_csv_next(csv, 10000);
    assert_non_null(f);
    ml_frame_free(f);
    assert_null(ml_csv_next(csv, 10000));
    assert_non_null(strstr(ml_error(), "column 'late': '"));
    assert_non_null(strstr(ml_error(), ".5' is no integer, as the column was in the rows before: give its type"));
    assert_int_equal(ml_error_status(), ML_EFORMAT);
    ml_csv_free(csv);
    /* A limit holds for all stretches together. */
    csv = ml_csv_open(path, (ml_csv_opts){.rows = 2500, .columns = "number"});
    int64_t rows = 0;
    for (; (f = ml_csv_next(csv, 1000)); ml_frame_free(f))
        rows += f->rows;
    assert_int_equal(rows, 2500);
    ml_csv_free(csv);
    ml_frame_free(all);
    free(text);
}

static void a_million_columns(void **state)
{
    (void)state;
    enum { N = 1000000 };
    char *text = malloc(20 * N);
    assert_non_null(text);
    size_t n = 0;
    for (int i = 0; i < N; i++)
        n += (size_t)sprintf(text + n, "c%d%c", i / 2, i < N - 1 ? ',' : '\n'); /* each name twice */
    for (int r = 0; r < 2; r++)
        for (int i = 0; i < N; i++)
            n += (size_t)sprintf(text + n, "%d%c", i % 10, i < N - 1 ? ',' : '\n');
    ml_frame *f = table_parse(text, n, NO_OPTIONS);
    if (!f)
        fail_msg("%s", ml_error());
    assert_int_equal(f->columns, N);
    assert_int_equal(f->rows, 2);
    assert_string_equal(f->column[N - 1].name, "c499999.1");
    assert_int_equal(f->column[N - 1].integer[1], 9);
    free(text);

    /* What is made of it takes a second, not the hours of a search for each name among all. */
    ml_frame *head = ml_frame_head(f, 1);
    ml_frame_free(f);
    ml_frame *copy = ml_frame_copy(head);
    assert_true(head && copy && copy->columns == N && copy->rows == 1);
    ml_frame_free(head);
    for (int j = 0; j < N; j++)
        assert_ptr_equal(ml_frame_column(copy, copy->column[j].name), &copy->column[j]);
    ml_frame_free(copy);
}

/* ---- memory ---- */

static struct {
    _Atomic int64_t live, most;
    int64_t left; /* requests until one is refused; negative: never. For one thread */
} meter;

static void *metered_alloc(void *user, size_t n)
{
    (void)user;
    if (meter.left == 0)
        return NULL;
    if (meter.left > 0)
        meter.left--;
    size_t *p = malloc(n + 64);
    if (!p)
        return NULL;
    *p = n;
    const int64_t live = atomic_fetch_add(&meter.live, (int64_t)n) + (int64_t)n;
    for (int64_t most = meter.most; live > most && !atomic_compare_exchange_weak(&meter.most, &most, live);)
        ;
    return (char *)p + 64;
}

static void metered_free(void *user, void *p)
{
    (void)user;
    size_t *block = (size_t *)(void *)((char *)p - 64);
    atomic_fetch_sub(&meter.live, (int64_t)*block);
    free(block);
}

static int64_t frame_bytes(const ml_frame *f)
{
    int64_t bytes = 0;
    for (int j = 0; j < f->columns; j++) {
        const ml_column *c = &f->column[j];
        bytes += c->n * (c->type == ML_CATEGORY ? 4 : 8);
        for (int64_t i = 0; c->type == ML_TEXT && i < c->n; i++)
            bytes += c->at[i] < 0 ? 0 : (int64_t)strlen(c->bytes + c->at[i]) + 1;
    }
    return bytes;
}

/* All that is asked for while it is read, beside what comes out of it. */
static void memory_is_bounded(void **state)
{
    (void)state;
    size_t n;
    char *text = many_rows(400000, true, &n);
    const char *path = tmp_file("t.csv", text, n);
    free(text);
    meter.left = -1;
    assert_int_equal(ml_set_allocator((ml_allocator){.alloc = metered_alloc, .free = metered_free}), ML_OK);
    for (int threads = 1; threads <= 4; threads *= 2) {
        assert_int_equal(ml_set_threads(threads), ML_OK);
        const int64_t before = meter.live; /* of the pool */
        meter.most = before;
        ml_frame *f = ml_csv_read(path, NO_OPTIONS);
        assert_non_null(f);
        const int64_t bytes = frame_bytes(f);
        if (meter.most - before > bytes + bytes / 2)
            fail_msg("%d threads: %lld bytes of columns took %lld", threads, (long long)bytes, (long long)(meter.most - before));
        ml_frame_free(f);
        assert_int_equal(meter.live, before);
    }
    assert_int_equal(ml_set_threads(1), ML_OK);
    assert_int_equal(ml_set_allocator((ml_allocator){0}), ML_OK);
}

static void every_request_refused(void **state)
{
    (void)state;
    static const char text[] = "a,b,c,d,a\n1,x,2020-01-01,\"q\"\"q\",1.5\n2,y,2020-01-02,w,2\n,x,,v,3\n4,y,2020-01-01,u,x\n";
    assert_int_equal(ml_set_threads(1), ML_OK);
    assert_int_equal(ml_set_allocator((ml_allocator){.alloc = metered_alloc, .free = metered_free}), ML_OK);
    int refused = 0;
    for (;; refused++) {
        meter.left = refused;
        ml_frame *f = table_parse(text, sizeof text - 1, (ml_csv_opts){.columns = "b,a,d,c,a.1"});
        const bool done = meter.left > 0;
        meter.left = -1;
        if (f)
            ml_frame_free(f);
        else
            assert_int_equal(ml_error_status(), ML_ENOMEM);
        assert_int_equal(ml_memory_blocks(), 0);
        if (done && f)
            break;
    }
    assert_true(refused > 40);
    assert_int_equal(ml_set_allocator((ml_allocator){0}), ML_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_are_found_out),
        cmocka_unit_test(quotes),
        cmocka_unit_test(ends_of_lines),
        cmocka_unit_test(headers),
        cmocka_unit_test(parts_of_a_file),
        cmocka_unit_test(bad_rows_can_be_skipped),
        cmocka_unit_test(types_of_values),
        cmocka_unit_test(types_that_show_late),
        cmocka_unit_test(types_that_are_given),
        cmocka_unit_test(categories_in_order),
        cmocka_unit_test(words_for_missing_values),
        cmocka_unit_test(a_locale_with_a_comma),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test_setup_teardown(gzipped, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(stretches, tmp_setup, tmp_teardown),
        cmocka_unit_test(a_million_columns),
        cmocka_unit_test_setup_teardown(memory_is_bounded, tmp_setup, tmp_teardown),
        cmocka_unit_test(every_request_refused),
    };
    return cmocka_run_group_tests_name("data/csv", tests, NULL, NULL);
}
