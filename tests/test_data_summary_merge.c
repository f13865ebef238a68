/* Joins against pandas 3 (tests/golden/make_summary.py), and by hand. */
#include "support/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ml_frame *side(const golden *keys, int64_t first, int64_t n, const char *id)
{
    double *v = malloc((size_t)n * 3 * sizeof *v);
    ml_frame *f = ml_frame_new();
    assert_true(v && f);
    for (int64_t i = 0; i < n; i++) {
        v[i] = keys->v[2 * (first + i)];
        v[n + i] = keys->v[2 * (first + i) + 1];
        v[2 * n + i] = (double)i;
    }
    assert_int_equal(ml_frame_put_numbers(f, "k", v, n), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "l", v + n, n), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, id, v + 2 * n, n), ML_OK);
    free(v);
    return f;
}

static void equal_pandas(void **state)
{
    (void)state;
    golden keys = golden_read("summary_keys"), g = golden_read("summary_merge");
    ml_frame *left = side(&keys, 0, 70, "left"), *right = side(&keys, 70, 50, "right");
    const struct {
        const char *on;
        ml_join how;
    } cases[] = {{"k,l", ML_JOIN_INNER}, {"k,l", ML_JOIN_LEFT}, {"k,l", ML_JOIN_RIGHT}, {"k,l", ML_JOIN_OUTER}, {"k", ML_JOIN_INNER}};
    int64_t at = 0;
    for (int i = 0; i < 5; i++) {
        ml_frame *out = ml_frame_merge(left, right, cases[i].on, (ml_merge_opts){.how = cases[i].how});
        int64_t row = 0;
        assert_non_null(out);
        for (; g.v[2 * at] != -1; at++, row++) {
            assert_value(column(out, "left"), row, g.v[2 * at]);
            assert_value(column(out, "right"), row, g.v[2 * at + 1]);
            /* The key is that of the side that is there. */
            const bool has_left = !isnan(g.v[2 * at]);
            assert_value(column(out, "k"), row, keys.v[2 * (has_left ? (int64_t)g.v[2 * at] : 70 + (int64_t)g.v[2 * at + 1])]);
        }
        assert_int_equal(out->rows, row);
        at++;
        ml_frame_free(out);
    }
    assert_int_equal(at, g.shape[0]);
    ml_frame_free(left), ml_frame_free(right), golden_free(&keys), golden_free(&g);
}

static ml_frame *pupils(void)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "name", (const char *[]){"Ann", "Bob", "Cy"}, 3), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "room", (int64_t[]){2, 1, 9}, 3), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "size", (int64_t[]){10, 11, 12}, 3), ML_OK);
    return f;
}

static ml_frame *rooms(void)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "number", (double[]){1, 2, 7}, 3), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "size", (int64_t[]){100, 200, 700}, 3), ML_OK);
    return f;
}

static void names_and_suffixes(void **state)
{
    (void)state;
    const double hole = (double)NAN;
    ml_frame *a = pupils(), *b = rooms();
    ml_frame *out = ml_frame_merge(a, b, "room", (ml_merge_opts){.how = ML_JOIN_OUTER, .right_on = "number"});
    assert_int_equal(out->columns, 5);
    assert_texts(out, "name", (const char *[]){"Bob", "Ann", NULL, "Cy"}, 4);
    assert_numbers(out, "room", (double[]){1, 2, hole, 9}, 4); /* keys of two names are both there, each its own */
    assert_numbers(out, "number", (double[]){1, 2, 7, hole}, 4);
    assert_numbers(out, "size_x", (double[]){11, 10, hole, 12}, 4);
    assert_numbers(out, "size_y", (double[]){100, 200, 700, hole}, 4);
    assert_int_equal(column(out, "size_y")->type, ML_INTEGER);
    ml_frame_free(out);
    out = ml_frame_merge(a, b, "room", (ml_merge_opts){.right_on = "number", .suffix_left = "", .suffix_right = " of the room"});
    assert_string_equal(out->column[2].name, "size");
    assert_string_equal(out->column[4].name, "size of the room");
    ml_frame_free(out), ml_frame_free(a), ml_frame_free(b);
}

/* Keys whose types differ and can be equal all the same. */
static void keys_of_two_types(void **state)
{
    (void)state;
    ml_frame *a = ml_frame_new(), *b = ml_frame_new(), *c = ml_frame_new(), *out;
    assert_int_equal(ml_frame_put_texts(a, "k", (const char *[]){"x", NULL, "y"}, 3), ML_OK);
    assert_int_equal(ml_frame_put_categories(b, "k", (ml_ints){(int32_t[]){1, 0, -1}, 3}, (const char *[]){"y", "z"}, 2), ML_OK);
    assert_int_equal(ml_frame_put_categories(c, "k", (ml_ints){(int32_t[]){1, 0}, 2}, (const char *[]){"a", "y"}, 2), ML_OK);
    assert_int_equal(ml_frame_put_integers(b, "i", (int64_t[]){0, 1, 2}, 3), ML_OK);
    out = ml_frame_merge(a, b, "k", (ml_merge_opts){.how = ML_JOIN_OUTER});
    assert_texts(out, "k", (const char *[]){"x", "y", "z", NULL}, 4);
    assert_numbers(out, "i", (double[]){(double)NAN, 1, 0, 2}, 4); /* what is missing is equal */
    ml_frame_free(out);
    out = ml_frame_merge(b, c, "k", (ml_merge_opts){.how = ML_JOIN_OUTER});
    assert_int_equal(column(out, "k")->type, ML_CATEGORY);
    assert_texts(out, "k", (const char *[]){"a", "y", "z", NULL}, 4);
    ml_frame_free(out), ml_frame_free(a), ml_frame_free(b), ml_frame_free(c);

    a = ml_frame_new(), b = ml_frame_new();
    assert_int_equal(ml_frame_put_times(a, "k", (int64_t[]){5, 6}, 2), ML_OK);
    assert_int_equal(ml_frame_put_times(b, "k", (int64_t[]){6, 7}, 2), ML_OK);
    out = ml_frame_merge(a, b, "k", (ml_merge_opts){.how = ML_JOIN_RIGHT});
    assert_int_equal(column(out, "k")->type, ML_TIME);
    assert_numbers(out, "k", (double[]){6, 7}, 2);
    ml_frame_free(out), ml_frame_free(a), ml_frame_free(b);
}

static void nothing_on_a_side(void **state)
{
    (void)state;
    static const int64_t rows[] = {3, 3, 0, 3};
    ml_frame *a = pupils(), *none = ml_frame_head(a, 0);
    for (int how = ML_JOIN_INNER; how <= ML_JOIN_OUTER; how++) {
        ml_frame *out = ml_frame_merge(a, none, "name", (ml_merge_opts){.how = (ml_join)how});
        assert_non_null(out);
        assert_int_equal(out->rows, how ? rows[how] : 0);
        assert_int_equal(out->columns, 5);
        ml_frame_free(out);
        assert_non_null(out = ml_frame_merge(none, none, "name", (ml_merge_opts){.how = (ml_join)how}));
        assert_int_equal(out->rows, 0);
        ml_frame_free(out);
    }
    ml_frame_free(a), ml_frame_free(none);
}

static void roles_follow(void **state)
{
    (void)state;
    ml_frame *a = pupils(), *b = pupils();
    assert_int_equal(ml_frame_set_role(b, ML_ROLE_TEST), ML_OK);
    ml_frame *out = ml_frame_merge(a, b, "name", (ml_merge_opts){0});
    assert_int_equal(out->role, ML_ROLE_TEST);
    ml_frame_free(out);
    out = ml_frame_merge(b, a, "name", (ml_merge_opts){0});
    assert_int_equal(out->role, ML_ROLE_TEST);
    ml_frame_free(out), ml_frame_free(a), ml_frame_free(b);
}

static void validated(void **state)
{
    (void)state;
    ml_frame *once = ml_frame_new(), *twice = ml_frame_new(), *out;
    assert_int_equal(ml_frame_put_integers(once, "k", (int64_t[]){1, 2}, 2), ML_OK);
    assert_int_equal(ml_frame_put_integers(twice, "k", (int64_t[]){2, 3, 2}, 3), ML_OK);
    assert_no_frame(ml_frame_merge(once, twice, "k", (ml_merge_opts){.validate = ML_MERGE_ONE_TO_ONE}),
                    "merge: rows 0 and 2 of the right have the same keys");
    assert_no_frame(ml_frame_merge(once, twice, "k", (ml_merge_opts){.validate = ML_MERGE_MANY_TO_ONE}),
                    "merge: rows 0 and 2 of the right have the same keys");
    assert_no_frame(ml_frame_merge(twice, once, "k", (ml_merge_opts){.validate = ML_MERGE_ONE_TO_MANY}),
                    "merge: rows 0 and 2 of the left have the same keys");
    out = ml_frame_merge(once, twice, "k", (ml_merge_opts){.validate = ML_MERGE_ONE_TO_MANY});
    assert_numbers(out, "k", (double[]){2, 2}, 2);
    ml_frame_free(out);
    out = ml_frame_merge(twice, once, "k", (ml_merge_opts){.validate = ML_MERGE_MANY_TO_ONE});
    assert_numbers(out, "k", (double[]){2, 2}, 2);
    ml_frame_free(out), ml_frame_free(once), ml_frame_free(twice);
}

static void wrong_joins_are_errors(void **state)
{
    (void)state;
    ml_frame *a = pupils(), *b = rooms();
    const ml_merge_opts o = {0};
    assert_no_frame(ml_frame_merge(NULL, b, "k", o), "merge: the frame is NULL");
    assert_no_frame(ml_frame_merge(a, NULL, "k", o), "merge: the frame is NULL");
    assert_no_frame(ml_frame_merge(a, a, "", o), "merge: left: wants at least one column to go by");
    assert_no_frame(ml_frame_merge(a, b, "room,size", (ml_merge_opts){.right_on = "number"}), "merge: 2 keys on the left, but 1 on the right");
    assert_no_frame(ml_frame_merge(a, b, "name", (ml_merge_opts){.right_on = "number"}),
                    "merge: the key 'name' is of type text on the left, and 'number' of type number on the right: these are never equal");
    assert_no_frame(ml_frame_merge(a, a, "name,name", o), "merge: the key 'name' is named twice");
    assert_no_frame(ml_frame_merge(a, b, "room", (ml_merge_opts){.right_on = "number", .suffix_left = "", .suffix_right = ""}),
                    "merge: two columns would be called 'size': choose other suffixes");
    assert_no_frame(ml_frame_merge(a, a, "name", (ml_merge_opts){.how = (ml_join)5}), "merge: how is 5 and validate 0: one of them is unknown");
    assert_no_frame(ml_frame_merge(a, a, "name", (ml_merge_opts){.validate = (ml_merge_check)-1}),
                    "merge: how is 0 and validate -1: one of them is unknown");
    assert_null(ml_frame_merge(a, b, "name", o));
    assert_non_null(strstr(ml_error(), "merge: right: "));
    ml_frame_free(a), ml_frame_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_pandas),      cmocka_unit_test(names_and_suffixes), cmocka_unit_test(keys_of_two_types),
        cmocka_unit_test(nothing_on_a_side), cmocka_unit_test(roles_follow),       cmocka_unit_test(validated),
        cmocka_unit_test(wrong_joins_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
