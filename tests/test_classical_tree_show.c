/* Trees as text and as drawings: exact texts, awkward names, a locale with a comma. */
#include "support/tmp.h"
#include "support/trees.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAMES[] = {"age", "<script>\"a\" & `b`\n\x01"};
static const char *const CLASS_NAMES[] = {"no", "yes & <b>"};

/* Below 9.5 years, and without an age, one class; of the others those whose second feature is missing. */
static ml_model *small(bool classes)
{
    static const double x[] = {1, 5, 8, 4, NAN, 3, 11, NAN, 20, NAN, 30, 1, 40, 2};
    static const double y[] = {0.5, 0.5, 0.5, 7.25, 7.25, -1, -1};
    static const int32_t label[] = {1, 1, 1, 1, 1, 0, 0};
    ml_xy xy = {.x = {.v = x, .rows = 7, .columns = 2, .names = NAMES}};
    if (classes)
        xy.label = (ml_ints){label, 7};
    else
        xy.y = (ml_doubles){y, 7};
    ml_model *m = ml_tree_fit(xy, (ml_tree_opts){0});
    if (!m)
        fail_msg("%s", ml_error());
    return m;
}

/* What ml_tree_print writes, to be freed. */
static char *printed(const ml_model *m, const char *const *class_names, int64_t max_depth)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    assert_int_equal(ml_tree_print(f, m, class_names, max_depth), ML_OK);
    fclose(f);
    return text;
}

static void assert_printed(const ml_model *m, const char *const *class_names, int64_t max_depth, const char *expected)
{
    char *text = printed(m, class_names, max_depth);
    if (strcmp(text, expected) != 0)
        fail_msg("printed\n%s\nexpected\n%s", text, expected);
    free(text);
}

static void text_is_as_documented(void **state)
{
    (void)state;
    ml_model *m = small(true), *r = small(false);
    assert_printed(m, CLASS_NAMES, 0,
                   "age <= 25, or missing\n"
                   "|   class yes & <b> (5 of 5)\n"
                   "age > 25\n"
                   "|   class no (2 of 2)\n");
    assert_printed(r, NULL, 1,
                   "<script>\"a\" & `b`?? is there\n"
                   "|   ... 2 nodes more\n"
                   "<script>\"a\" & `b`?? is missing\n"
                   "|   value 7.25 (2 rows)\n");
    ml_model_free(m);
    ml_model_free(r);
}

static void one_leaf_is_a_line(void **state)
{
    (void)state;
    ml_xy xy = {.x = {.v = (double[]){1, 2}, .rows = 2, .columns = 1}, .label = {(int32_t[]){0, 0}, 2}};
    ml_model *m = ml_tree_fit(xy, (ml_tree_opts){0});
    assert_printed(m, NULL, 0, "class 0 (2 of 2)\n");
    ml_model_free(m);
}

static void drawing_escapes_names(void **state)
{
    (void)state;
    size_t n;
    ml_model *m = small(false);
    assert_int_equal(ml_tree_dot(m, tmp_path("tree.dot"), NULL), ML_OK);
    char *text = (char *)slurp(tmp_path("tree.dot"), &n);
    assert_non_null(text);
    text = realloc(text, n + 1);
    text[n] = 0;
    assert_non_null(strstr(text, "&lt;script&gt;&quot;a&quot; &amp; `b`?? is there?"));
    assert_null(strstr(text, "<script>"));
    assert_non_null(strstr(text, "n0 -> n1 [label=\" yes\"]"));
    free(text);
    assert_int_equal(ml_tree_dot(m, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_tree_dot(m, tmp_path("no/such/folder.dot"), NULL), ML_EIO);
    assert_int_equal(ml_tree_dot(NULL, tmp_path("tree.dot"), NULL), ML_EINVAL);
    assert_int_equal(ml_tree_print(NULL, m, NULL, 0), ML_EINVAL);
    assert_int_equal(ml_tree_print(stderr, m, NULL, -1), ML_EINVAL);
    ml_model_free(m);
}

static void a_comma_of_the_locale_stays_out(void **state)
{
    (void)state;
    ml_model *m = small(false);
    char *plain = printed(m, NULL, 0);
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8")) {
        assert_printed(m, NULL, 0, plain);
        setlocale(LC_NUMERIC, "C");
    }
    assert_non_null(strstr(plain, "7.25"));
    free(plain);
    ml_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_as_documented),
        cmocka_unit_test(one_leaf_is_a_line),
        cmocka_unit_test_setup_teardown(drawing_escapes_names, tmp_setup, tmp_teardown),
        cmocka_unit_test(a_comma_of_the_locale_stays_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
