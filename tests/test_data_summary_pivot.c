/* Pivot and cross tables against pandas 3 (tests/golden/make_summary.py), and by hand. */
#include "support/summary.h"

#include <math.h>

/* The cells of a table of a and b with margins, from golden values on; returns how many. */
static int64_t assert_cells(const ml_frame *out, const double *v, int rows, int columns)
{
    static const char *const names[] = {"1.0", "2.0", "3.0", "All"};
    assert_non_null(out);
    assert_int_equal(out->rows, rows);
    assert_int_equal(out->columns, columns + 1);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            assert_value(column(out, names[j]), i, v[i * columns + j]);
    return (int64_t)rows * columns;
}

static void pivots_equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("summary_pivot");
    ml_frame *f = summary_frame(), *out;
    int64_t at = 0;
    out = ml_frame_pivot(f, "a", "b", (ml_aggregate){.column = "x"}, (ml_pivot_opts){.margins = true});
    at += assert_cells(out, g.v + at, 6, 4);
    assert_texts(out, "a", (const char *[]){"a", "b", "c", "d", "e", "All"}, 6);
    ml_frame_free(out);
    out = ml_frame_pivot(f, "a", "b", (ml_aggregate){.kind = ML_AGG_SUM, .column = "y"}, (ml_pivot_opts){.margins = true, .fill = ML_ZERO});
    at += assert_cells(out, g.v + at, 6, 4);
    assert_int_equal(column(out, "1.0")->type, ML_INTEGER);
    ml_frame_free(out);
    out = ml_frame_pivot(f, "a", "b", (ml_aggregate){.kind = ML_AGG_MEDIAN, .column = "x"}, (ml_pivot_opts){.margins = true});
    at += assert_cells(out, g.v + at, 6, 4);
    assert_int_equal(at, g.size);
    ml_frame_free(out), ml_frame_free(f), golden_free(&g);
}

static void cross_tables_equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("summary_crosstab");
    ml_frame *f = summary_frame();
    int64_t at = 0;
    for (int how = ML_NORMALISE_NONE; how <= ML_NORMALISE_COLUMNS; how++) {
        const ml_crosstab_opts opts = {.normalise = (ml_normalise)how, .margins = true};
        ml_frame *out = ml_frame_crosstab(f, "a", "b", opts);
        at += assert_cells(out, g.v + at, how == ML_NORMALISE_COLUMNS ? 5 : 6, how == ML_NORMALISE_ROWS ? 3 : 4);
        ml_frame_free(out);
    }
    assert_int_equal(at, g.size);
    ml_frame_free(f), golden_free(&g);
}

static ml_frame *passengers(void)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "class", (int64_t[]){3, 1, 3, 1, 2, ML_MISSING}, 6), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "sex", (ml_ints){(int32_t[]){0, 1, 1, 1, 0, 0}, 6}, (const char *[]){"male", "female"}, 2),
                     ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "port", (const char *[]){"S", "C", "S", "S", "", "S"}, 6), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "fare", (double[]){8, 90, 10, 70, (double)NAN, 5}, 6), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "name", (const char *[]){"Owen", "Elsa", "Ida", "Ada", "Ben", "Tom"}, 6), ML_OK);
    return f;
}

static void by_hand(void **state)
{
    (void)state;
    const double hole = (double)NAN;
    ml_frame *f = passengers(), *out;
    /* Keys keep their type; the second class has no fare at all, and so neither row nor column. */
    out = ml_frame_pivot(f, "class", "sex", (ml_aggregate){.column = "fare"}, (ml_pivot_opts){0});
    assert_int_equal(column(out, "class")->type, ML_INTEGER);
    assert_numbers(out, "class", (double[]){1, 3}, 2);
    assert_numbers(out, "female", (double[]){80, 10}, 2);
    assert_numbers(out, "male", (double[]){hole, 8}, 2);
    ml_frame_free(out);
    out = ml_frame_pivot(f, "class", "sex", (ml_aggregate){.kind = ML_AGG_COUNT, .column = "fare"}, (ml_pivot_opts){.fill = -1});
    assert_numbers(out, "class", (double[]){1, 2, 3}, 3); /* but a count of none is 0 */
    assert_numbers(out, "male", (double[]){-1, 0, 1}, 3);
    ml_frame_free(out);
    /* Several keys both ways, and an aggregate that is a text. */
    out = ml_frame_pivot(f, "sex,class", "class,port", (ml_aggregate){.kind = ML_AGG_FIRST, .column = "name"}, (ml_pivot_opts){0});
    assert_texts(out, "sex", (const char *[]){"male", "male", "female", "female"}, 4); /* as its list has them */
    assert_numbers(out, "class", (double[]){2, 3, 1, 3}, 4);
    assert_texts(out, "1/C", (const char *[]){NULL, NULL, "Elsa", NULL}, 4);
    assert_texts(out, "1/S", (const char *[]){NULL, NULL, "Ada", NULL}, 4);
    assert_texts(out, "2/", (const char *[]){"Ben", NULL, NULL, NULL}, 4);
    assert_texts(out, "3/S", (const char *[]){NULL, "Owen", NULL, "Ida"}, 4);
    ml_frame_free(out);
    /* A mean of all is not the mean of means. */
    out = ml_frame_pivot(f, "class,port", "sex", (ml_aggregate){.column = "fare"}, (ml_pivot_opts){.margins = true, .margins_name = "all of them"});
    assert_texts(out, "class", (const char *[]){"1", "1", "3", "all of them"}, 4);
    assert_texts(out, "port", (const char *[]){"C", "S", "S", ""}, 4);
    assert_numbers(out, "all of them", (double[]){90, 70, 9, 44.5}, 4);
    assert_numbers(out, "female", (double[]){90, 70, 10, 170.0 / 3}, 4);
    ml_frame_free(out);
    const int64_t day = INT64_C(86400) * 1000000;
    assert_int_equal(ml_frame_put_times(f, "when", (int64_t[]){0, day, day, -1, ML_MISSING, 0}, 6), ML_OK);
    out = ml_frame_crosstab(f, "sex", "when", (ml_crosstab_opts){.margins = true});
    assert_numbers(out, "1969-12-31 23:59:59.999999", (double[]){0, 1, 1}, 3);
    assert_numbers(out, "1970-01-01", (double[]){2, 0, 2}, 3);
    assert_numbers(out, "1970-01-02", (double[]){0, 2, 2}, 3);
    ml_frame_free(out);
    out = ml_frame_crosstab(f, "port", "port", (ml_crosstab_opts){0}); /* a value that is no name */
    assert_numbers(out, "(empty)", (double[]){1, 0, 0}, 3);
    ml_frame_free(out), ml_frame_free(f);
}

static void nothing_to_show(void **state)
{
    (void)state;
    const int64_t hole = ML_MISSING;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "k", &hole, 1), ML_OK);
    for (int how = ML_NORMALISE_NONE; how <= ML_NORMALISE_COLUMNS; how++)
        for (int margins = 0; margins < 2; margins++) {
            ml_frame *out = ml_frame_crosstab(f, "k", "k", (ml_crosstab_opts){.normalise = (ml_normalise)how, .margins = margins});
            assert_non_null(out);
            assert_int_equal(out->rows, 0);
            assert_int_equal(out->columns, 1);
            ml_frame_free(out);
        }
    ml_frame_free(f);
}

static void wrong_tables_are_errors(void **state)
{
    (void)state;
    ml_frame *f = passengers();
    const ml_aggregate mean = {.column = "fare"}, first = {.kind = ML_AGG_FIRST, .column = "name"}, size = {.kind = ML_AGG_SIZE};
    const ml_pivot_opts none = {0}, half = {.fill = 0.5}, all = {.margins = true};
    assert_int_equal(ml_frame_put_texts(f, "odd", (const char *[]){"class", "a", "All", "a", "a", "a"}, 6), ML_OK);
    assert_no_frame(ml_frame_pivot(NULL, "class", "sex", mean, none), "pivot: the frame is NULL");
    assert_no_frame(ml_frame_pivot(f, "", "sex", mean, none), "pivot: wants at least one column to go by");
    assert_no_frame(ml_frame_pivot(f, "class", NULL, mean, none), "pivot: the names of columns are NULL");
    assert_no_frame(ml_frame_pivot(f, "class", "sex", first, half), "pivot: cells of type text cannot be filled with 0.5");
    assert_no_frame(ml_frame_pivot(f, "class", "sex", size, half), "pivot: cells of type integer cannot be filled with 0.5");
    assert_no_frame(ml_frame_pivot(f, "class", "odd", mean, none), "pivot: two columns would be called 'class'");
    assert_no_frame(ml_frame_pivot(f, "class", "sex", (ml_aggregate){.column = "name"}, none),
                    "pivot: 'name' is of type text, of which there is no mean: only of number and integer");
    assert_int_equal(ml_frame_put_texts(f, "blank", (const char *[]){"", "(empty)", "b", "b", "b", "b"}, 6), ML_OK);
    assert_no_frame(ml_frame_pivot(f, "class", "blank", size, none), "pivot: two columns would be called '(empty)'");
    assert_int_equal(ml_frame_remove(f, "class"), ML_OK);
    assert_no_frame(ml_frame_pivot(f, "port", "odd", size, all), "pivot: two columns would be called 'All'");
    assert_no_frame(ml_frame_crosstab(f, "port", "sex", (ml_crosstab_opts){.normalise = (ml_normalise)9}),
                    "crosstab: normalise is 9: unknown");
    assert_no_frame(ml_frame_crosstab(NULL, "port", "sex", (ml_crosstab_opts){0}), "crosstab: pivot: the frame is NULL");
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pivots_equal_pandas), cmocka_unit_test(cross_tables_equal_pandas),
        cmocka_unit_test(by_hand),             cmocka_unit_test(nothing_to_show),
        cmocka_unit_test(wrong_tables_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
