/* test_prep_target.c -- what a column is as a target: classes or numbers, in which order, and what it must not have. */
#include "prep/target.h"
#include "support/prep.h"

#include <math.h>
#include <string.h>

static ml_frame *columns(void)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "text", (const char *[]){"b", "a", "b", "ab"}, 4), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "category", (ml_ints){(int32_t[]){2, 0, 2, 2}, 4}, (const char *[]){"y", "-", "n"}, 3),
                     ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "integer", (int64_t[]){10, 9, -1, 10}, 4), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "number", (double[]){1, 0, 1, 0.5}, 4), ML_OK);
    assert_int_equal(ml_frame_put_times(f, "time", (int64_t[]){1, 2, 3, 4}, 4), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "hole", (double[]){1, 2, NAN, 3}, 4), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "infinite", (double[]){1, -INFINITY, 2, 3}, 4), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "one", (int64_t[]){7, 7, 7, 7}, 4), ML_OK);
    return f;
}

static void assert_classes(const ml_frame *f, const char *name, const char *const *text, int32_t classes, const int32_t *label)
{
    mli_target t;
    if (mli_target_of(f, name, &t))
        fail_msg("%s", ml_error());
    assert_int_equal(t.classes, classes);
    assert_null(t.y);
    for (int32_t k = 0; k < classes; k++)
        assert_string_equal(t.text[k], text[k]);
    for (int64_t i = 0; i < t.n; i++)
        assert_int_equal(t.label[i], label[i]);
    mli_target_free(&t);
}

static void test_classes(void **state)
{
    (void)state;
    ml_frame *f = columns();
    assert_classes(f, "text", (const char *[]){"a", "ab", "b"}, 3, (int32_t[]){2, 0, 2, 1});
    assert_classes(f, "category", (const char *[]){"n", "y"}, 2, (int32_t[]){0, 1, 0, 0}); /* those that occur, sorted */
    assert_classes(f, "integer", (const char *[]){"-1", "9", "10"}, 3, (int32_t[]){2, 1, 0, 2});
    assert_classes(f, "one", (const char *[]){"7"}, 1, (int32_t[]){0, 0, 0, 0});
    ml_frame_free(f);
}

static void test_numbers(void **state)
{
    (void)state;
    int64_t v[21];
    mli_target t;
    ml_frame *f = columns(), *g = ml_frame_new();
    assert_int_equal(mli_target_of(f, "number", &t), ML_OK);
    assert_int_equal(t.classes, 0);
    assert_null(t.label);
    assert_true(t.y[0] == 1 && t.y[3] == 0.5 && t.n == 4);
    mli_target_free(&t);
    for (int i = 0; i < 21; i++)
        v[i] = i;
    assert_int_equal(ml_frame_put_integers(g, "many", v, 21), ML_OK);
    assert_int_equal(mli_target_of(g, "many", &t), ML_OK);
    assert_int_equal(t.classes, 0);
    assert_true(t.y[20] == 20);
    mli_target_free(&t);
    v[20] = 3;
    assert_int_equal(ml_frame_put_integers(g, "many", v, 21), ML_OK);
    assert_int_equal(mli_target_of(g, "many", &t), ML_OK);
    assert_int_equal(t.classes, 20);
    mli_target_free(&t);
    ml_frame_free(f);
    ml_frame_free(g);
}

static void test_what_no_target_is(void **state)
{
    (void)state;
    mli_target t;
    ml_frame *f = columns(), *none = ml_frame_new();
    assert_int_equal(mli_target_of(f, "time", &t), ML_EINVAL);
    assert_says("target: column 'time' is of times");
    assert_int_equal(mli_target_of(f, "hole", &t), ML_EINVAL);
    assert_says("target: column 'hole' has no value in row 2 (and 1 are missing)");
    assert_int_equal(mli_target_of(f, "infinite", &t), ML_EINVAL);
    assert_says("target: column 'infinite' is infinite in row 1");
    assert_int_equal(mli_target_of(f, "absent", &t), ML_EINVAL);
    assert_says("there is no column 'absent'");
    assert_int_equal(ml_frame_put_numbers(none, "y", NULL, 0), ML_OK);
    assert_int_equal(mli_target_of(none, "y", &t), ML_EINVAL);
    assert_says("target: the frame has no rows");
    mli_target_free(&t);
    ml_frame_free(f);
    ml_frame_free(none);
}

static void test_labels_of_another_frame(void **state)
{
    (void)state;
    int32_t label[4];
    ml_frame *f = columns();
    assert_int_equal(mli_target_labels(f, "integer", (const char *[]){"-1", "9", "10", "11"}, 4, label), ML_OK);
    assert_memory_equal(label, ((int32_t[]){2, 1, 0, 2}), sizeof label);
    assert_int_equal(mli_target_labels(f, "text", (const char *[]){"a", "b"}, 2, label), ML_EINVAL);
    assert_says("target: row 3 of 'text' is 'ab', which is none of the 2 classes");
    assert_int_equal(mli_target_labels(f, "number", (const char *[]){"1"}, 1, label), ML_EINVAL);
    assert_says("column 'number' is of numbers, and the model knows classes");
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_what_no_target_is),
        cmocka_unit_test(test_labels_of_another_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
