/* Groups against pandas 3 (tests/golden/make_summary.py), and by hand. */
#include "support/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 11 };
static const ml_aggregate_kind kinds[KINDS] = {ML_AGG_MEAN, ML_AGG_MEDIAN, ML_AGG_STD,  ML_AGG_VAR,   ML_AGG_SUM,    ML_AGG_MIN,
                                               ML_AGG_MAX,  ML_AGG_FIRST,  ML_AGG_LAST, ML_AGG_COUNT, ML_AGG_NUNIQUE};

static void equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("summary_group");
    ml_frame *f = summary_frame();
    ml_aggregate a[KINDS + 2];
    for (int k = 0; k < KINDS; k++)
        a[k] = (ml_aggregate){.kind = kinds[k], .column = "x"};
    a[KINDS] = (ml_aggregate){.kind = ML_AGG_SIZE};
    a[KINDS + 1] = (ml_aggregate){.kind = ML_AGG_SUM, .column = "y"};
    ml_frame *out = ml_frame_group(f, "a,b", a, KINDS + 2, (ml_frame_group_opts){0});
    assert_non_null(out);
    assert_int_equal(out->rows, g.shape[0]);
    assert_int_equal(out->columns, g.shape[1]);
    for (int64_t i = 0; i < g.size; i++)
        assert_value(&out->column[i % g.shape[1]], i / g.shape[1], g.v[i]);
    assert_string_equal(out->column[2].name, "x_mean");
    assert_string_equal(out->column[13].name, "size");
    assert_int_equal(out->column[14].type, ML_INTEGER);
    ml_frame_free(f), ml_frame_free(out), golden_free(&g);
}

static void missing_keys_equal_pandas(void **state)
{
    (void)state;
    golden g = golden_read("summary_missing");
    ml_frame *f = summary_frame();
    const ml_aggregate a[] = {{.kind = ML_AGG_SIZE}, {.column = "z"}};
    ml_frame *out = ml_frame_group(f, "a,b", a, 2, (ml_frame_group_opts){.missing = true});
    assert_non_null(out);
    assert_int_equal(out->rows, g.shape[0]);
    for (int64_t i = 0; i < g.size; i++)
        assert_value(&out->column[i % 4], i / 4, g.v[i]);
    ml_frame_free(f), ml_frame_free(out), golden_free(&g);
}

static void transform_equals_pandas(void **state)
{
    (void)state;
    golden g = golden_read("summary_transform");
    ml_frame *f = summary_frame();
    assert_int_equal(ml_frame_transform(f, "a", (ml_aggregate){.column = "x"}, (ml_frame_group_opts){0}), ML_OK);
    assert_int_equal(ml_frame_transform(f, "b", (ml_aggregate){.kind = ML_AGG_SIZE, .name = "n"}, (ml_frame_group_opts){0}), ML_OK);
    for (int64_t i = 0; i < g.shape[0]; i++) {
        assert_value(column(f, "x_mean"), i, g.v[2 * i]);
        assert_value(column(f, "n"), i, g.v[2 * i + 1]);
    }
    ml_frame_free(f), golden_free(&g);
}

/* The order of a category is that of its list, in every verb; of a text that of its bytes, capitals first. As pandas 3. */
static void one_order_of_categories(void **state)
{
    (void)state;
    const ml_aggregate a[] = {{.kind = ML_AGG_SUM, .column = "v"}, {.kind = ML_AGG_MIN, .column = "k"}};
    ml_frame *f = ml_frame_new(), *out;
    assert_int_equal(ml_frame_put_categories(f, "k", (ml_ints){(int32_t[]){1, 2, 0, 1, -1, 2}, 6},
                                             (const char *[]){"c", "b", "a", "nowhere"}, 4), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "v", (int64_t[]){1, 2, 3, 4, 5, 6}, 6), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "t", (const char *[]){"b", "a", "C", "b", NULL, "a"}, 6), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "all", (int64_t[]){1, 1, 1, 1, 1, 1}, 6), ML_OK);
    assert_non_null(out = ml_frame_sort(f, "k", NULL));
    assert_texts(out, "k", (const char *[]){"c", "b", "b", "a", "a", NULL}, 6);
    ml_frame_free(out);
    assert_non_null(out = ml_frame_group(f, "k", a, 1, (ml_frame_group_opts){0}));
    assert_texts(out, "k", (const char *[]){"c", "b", "a"}, 3);
    assert_numbers(out, "v_sum", (double[]){3, 5, 8}, 3);
    ml_frame_free(out);
    assert_non_null(out = ml_frame_group(f, "all", a, 2, (ml_frame_group_opts){0}));
    assert_texts(out, "k_min", (const char *[]){"c"}, 1);
    ml_frame_free(out);
    assert_non_null(out = ml_frame_pivot(f, "all", "k", a[0], (ml_pivot_opts){0}));
    assert_string_equal(out->column[1].name, "c");
    assert_string_equal(out->column[3].name, "a");
    ml_frame_free(out);
    assert_non_null(out = ml_frame_merge(f, f, "k", (ml_merge_opts){.how = ML_JOIN_OUTER}));
    assert_texts(out, "k", (const char *[]){"c", "b", "b", "b", "b", "a", "a", "a", "a", NULL}, 10);
    ml_frame_free(out);
    assert_non_null(out = ml_frame_sort(f, "t", NULL));
    assert_texts(out, "t", (const char *[]){"C", "a", "a", "b", "b", NULL}, 6);
    ml_frame_free(out);
    assert_non_null(out = ml_frame_group(f, "t", a, 1, (ml_frame_group_opts){0}));
    assert_texts(out, "t", (const char *[]){"C", "a", "b"}, 3);
    ml_frame_free(out), ml_frame_free(f);
}

/* Keys of each type, with their order, and values of each type that keeps it. */
static void any_type(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new(), *out;
    const ml_aggregate a[] = {{.kind = ML_AGG_MIN, .column = "t"},   {.kind = ML_AGG_MAX, .column = "c"},
                              {.kind = ML_AGG_LAST, .column = "w"},  {.kind = ML_AGG_NUNIQUE, .column = "t"},
                              {.kind = ML_AGG_COUNT, .column = "c"}, {.kind = ML_AGG_MIN, .column = "i"}};
    assert_int_equal(ml_frame_put_numbers(f, "x", (double[]){0, 1, -0.0, 1, -(double)INFINITY}, 5), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "i", (int64_t[]){INT64_MAX, -3, ML_MISSING, 8, 5}, 5), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "t", (const char *[]){"b", NULL, "a", "", "a"}, 5), ML_OK);
    assert_int_equal(ml_frame_put_times(f, "w", (int64_t[]){50, 40, ML_MISSING, 20, 10}, 5), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "c", (ml_ints){(int32_t[]){1, 0, 0, -1, -1}, 5}, (const char *[]){"z", "y"}, 2), ML_OK);
    assert_non_null(out = ml_frame_group(f, "x", a, 6, (ml_frame_group_opts){0}));
    assert_numbers(out, "x", (double[]){-(double)INFINITY, 0, 1}, 3); /* -0 and 0 are one key */
    assert_texts(out, "t_min", (const char *[]){"a", "a", ""}, 3);
    assert_texts(out, "c_max", (const char *[]){NULL, "y", "z"}, 3); /* by the list */
    assert_numbers(out, "w_last", (double[]){10, 50, 20}, 3);
    assert_int_equal(column(out, "w_last")->type, ML_TIME);
    assert_numbers(out, "t_nunique", (double[]){1, 2, 1}, 3);
    assert_numbers(out, "c_count", (double[]){0, 2, 1}, 3);
    assert_true(column(out, "i_min")->integer[1] == INT64_MAX);
    ml_frame_free(out);

    const ml_aggregate size = {.kind = ML_AGG_SIZE};
    assert_non_null(out = ml_frame_group(f, "c", &size, 1, (ml_frame_group_opts){.missing = true}));
    assert_texts(out, "c", (const char *[]){"z", "y", NULL}, 3); /* by the list, not by the texts */
    assert_numbers(out, "size", (double[]){2, 1, 2}, 3);
    ml_frame_free(out);
    assert_non_null(out = ml_frame_group(f, "w", NULL, 0, (ml_frame_group_opts){0}));
    assert_numbers(out, "w", (double[]){10, 20, 40, 50}, 4);
    assert_int_equal(out->columns, 1);
    ml_frame_free(out), ml_frame_free(f);
}

static double range(const double *v, int64_t n, void *user)
{
    double low = (double)INFINITY, high = -(double)INFINITY;
    for (int64_t i = 0; i < n; i++)
        low = fmin(low, v[i]), high = fmax(high, v[i]);
    return n ? (high - low) * *(double *)user : (double)NAN;
}

static void callers_function(void **state)
{
    (void)state;
    ml_frame *f = summary_frame();
    double twice = 2;
    const ml_aggregate a[] = {{.kind = ML_AGG_FUNCTION, .column = "x", .of = range, .user = &twice, .name = "range"},
                              {.kind = ML_AGG_MIN, .column = "x"},
                              {.kind = ML_AGG_MAX, .column = "x"}};
    ml_frame *out = ml_frame_group(f, "a,b", a, 3, (ml_frame_group_opts){0});
    for (int64_t i = 0; i < out->rows; i++)
        assert_value(column(out, "range"), i, 2 * (column(out, "x_max")->number[i] - column(out, "x_min")->number[i]));
    ml_frame_free(f), ml_frame_free(out);
}

/* Every row its own group, and all rows one; with a table that has to grow many times. */
static void many_groups(void **state)
{
    (void)state;
    enum { N = 100000 };
    int64_t *key = malloc(N * sizeof *key);
    double *v = malloc(N * sizeof *v);
    assert_true(key && v);
    for (int64_t i = 0; i < N; i++)
        key[i] = (i * 7919 % N - N / 2) * (INT64_C(1) << 40), v[i] = (double)i; /* equal low bits */
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "key", key, N), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "v", v, N), ML_OK);
    const ml_aggregate a = {.column = "v"};
    ml_frame *out = ml_frame_group(f, "key", &a, 1, (ml_frame_group_opts){0});
    assert_int_equal(out->rows, N);
    for (int64_t i = 0; i < N; i++) {
        assert_true(column(out, "key")->integer[i] == (i - N / 2) * (INT64_C(1) << 40));
        assert_true((int64_t)column(out, "v_mean")->number[i] * 7919 % N == i);
    }
    ml_frame_free(out), ml_frame_free(f);
    free(key), free(v);
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    ml_frame *f = summary_frame(), *out[2];
    ml_aggregate a[KINDS];
    const int threads = ml_threads();
    for (int k = 0; k < KINDS; k++)
        a[k] = (ml_aggregate){.kind = kinds[k], .column = "x"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ml_set_threads(i ? 4 : 1), ML_OK);
        assert_non_null(out[i] = ml_frame_group(f, "b", a, KINDS, (ml_frame_group_opts){0}));
    }
    for (int j = 0; j < out[0]->columns; j++) {
        const ml_column *p = &out[0]->column[j], *q = &out[1]->column[j];
        const size_t size = (size_t)p->n * 8;
        assert_memory_equal(p->type == ML_NUMBER ? (const void *)p->number : p->integer,
                            q->type == ML_NUMBER ? (const void *)q->number : q->integer, size);
    }
    assert_int_equal(ml_set_threads(threads), ML_OK);
    ml_frame_free(out[0]), ml_frame_free(out[1]), ml_frame_free(f);
}

static void nothing_to_group(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "k", NULL, 0), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "v", NULL, 0), ML_OK);
    const ml_aggregate a = {.column = "v"};
    ml_frame *out = ml_frame_group(f, "k", &a, 1, (ml_frame_group_opts){0});
    assert_non_null(out);
    assert_int_equal(out->rows, 0);
    assert_int_equal(out->columns, 2);
    assert_int_equal(ml_frame_transform(f, "k", a, (ml_frame_group_opts){0}), ML_OK);
    ml_frame_free(out), ml_frame_free(f);

    f = ml_frame_new(); /* a key that is missing in every row */
    const double hole = (double)NAN;
    assert_int_equal(ml_frame_put_numbers(f, "k", &hole, 1), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "v", &hole, 1), ML_OK);
    assert_int_equal(ml_frame_set_role(f, ML_ROLE_TEST), ML_OK);
    out = ml_frame_group(f, "k", &a, 1, (ml_frame_group_opts){0});
    assert_int_equal(out->rows, 0);
    assert_int_equal(out->role, ML_ROLE_TEST);
    ml_frame_free(out);
    assert_int_equal(ml_frame_transform(f, "k", a, (ml_frame_group_opts){0}), ML_OK);
    assert_numbers(f, "v_mean", &hole, 1);
    ml_frame_free(f);
}

static void statistics_of_all_rows(void **state)
{
    (void)state;
    golden g = golden_read("summary_describe");
    ml_frame *f = summary_frame();
    double value;
    assert_int_equal(ml_frame_statistic(f, "x", ML_AGG_MEAN, &value), ML_OK);
    assert_true(fabs(value - g.v[1]) < 1e-12);
    assert_int_equal(ml_frame_statistic(f, "x", ML_AGG_COUNT, &value), ML_OK);
    assert_true(value == g.v[0]);
    assert_int_equal(ml_frame_statistic(f, "y", ML_AGG_MEDIAN, &value), ML_OK);
    assert_true(value == g.v[8 + 5]);
    assert_int_equal(ml_frame_statistic(f, "a", ML_AGG_COUNT, &value), ML_EINVAL);
    assert_string_equal(ml_error(), "statistic: wants a numeric column, a kind that is no function, and where to put the value");
    assert_int_equal(ml_frame_statistic(f, "nope", ML_AGG_SUM, &value), ML_EINVAL);
    ml_frame_free(f), golden_free(&g);
}

static void wrong_groups_are_errors(void **state)
{
    (void)state;
    ml_frame *f = summary_frame();
    const ml_frame_group_opts o = {0};
    const ml_aggregate mean = {.column = "x"}, two[] = {mean, mean}, of_text = {.column = "a"}, none = {.kind = ML_AGG_COUNT},
                       unknown = {.kind = (ml_aggregate_kind)77, .column = "x"}, nameless = {.column = "x", .name = ""},
                       no_function = {.kind = ML_AGG_FUNCTION, .column = "x"}, far = {.column = "nope"}, key = {.column = "x", .name = "a"};
    assert_no_frame(ml_frame_group(NULL, "a", &mean, 1, o), "group: the frame is NULL");
    assert_no_frame(ml_frame_group(f, NULL, &mean, 1, o), "group: the names of columns are NULL");
    assert_no_frame(ml_frame_group(f, "", &mean, 1, o), "group: wants at least one column to go by");
    assert_no_frame(ml_frame_group(f, "a", NULL, 1, o), "group: 1 aggregates: they are NULL or less than none");
    assert_no_frame(ml_frame_group(f, "a", &mean, -1, o), "group: -1 aggregates: they are NULL or less than none");
    assert_no_frame(ml_frame_group(f, "a", two, 2, o), "group: two columns are called 'x_mean': give one of them a name");
    assert_no_frame(ml_frame_group(f, "a", &key, 1, o), "group: two columns are called 'a': give one of them a name");
    assert_no_frame(ml_frame_group(f, "b", &of_text, 1, o),
                    "group: 'a' is of type text, of which there is no mean: only of number and integer");
    assert_no_frame(ml_frame_group(f, "a", &none, 1, o), "group: the count wants a column");
    assert_no_frame(ml_frame_group(f, "a", &unknown, 1, o), "group: aggregate 77 is unknown");
    assert_no_frame(ml_frame_group(f, "a", &nameless, 1, o), "group: the name of the mean must not be empty");
    assert_no_frame(ml_frame_group(f, "a", &no_function, 1, o), "group: the function of 'x' is NULL");
    assert_null(ml_frame_group(f, "a", &far, 1, o));
    assert_non_null(strstr(ml_error(), "there is no column 'nope'"));
    assert_null(ml_frame_group(f, "a,nope", &mean, 1, o));
    assert_non_null(strstr(ml_error(), "there is no column 'nope'"));
    assert_int_equal(ml_frame_transform(f, "nope", mean, o), ML_EINVAL);
    assert_int_equal(ml_frame_transform(NULL, "a", mean, o), ML_EINVAL);

    const int64_t huge[] = {1, INT64_MAX, 1};
    const ml_aggregate sum = {.kind = ML_AGG_SUM, .column = "i"};
    ml_frame *g = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(g, "i", huge, 3), ML_OK);
    assert_int_equal(ml_frame_put_integers(g, "k", (int64_t[]){1, 2, 2}, 3), ML_OK);
    assert_no_frame(ml_frame_group(g, "k", &sum, 1, o), "group: the sum of 'i' does not fit an integer: it overflows in row 2");
    ml_frame_free(f), ml_frame_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_pandas),     cmocka_unit_test(missing_keys_equal_pandas),
        cmocka_unit_test(transform_equals_pandas), cmocka_unit_test(one_order_of_categories),
        cmocka_unit_test(any_type),
        cmocka_unit_test(callers_function), cmocka_unit_test(many_groups),
        cmocka_unit_test(same_bits_on_any_number_of_threads), cmocka_unit_test(nothing_to_group),
        cmocka_unit_test(statistics_of_all_rows), cmocka_unit_test(wrong_groups_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
