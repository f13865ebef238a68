/* test_prep_columns.c -- which columns a step works on, what another frame must have, roles, and functions of the program. */
#include "support/prep.h"
#include "support/tmp.h"

#include <math.h>
#include <string.h>

/* Three rows of every type and an integer target. */
static ml_frame *three(void)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "age", (double[]){20, NAN, 40}, 3), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "kin", (int64_t[]){1, 0, 5}, 3), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "port", (ml_ints){(int32_t[]){1, 0, 1}, 3}, (const char *[]){"C", "S"}, 2), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "y", (int64_t[]){0, 1, 1}, 3), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "name", (const char *[]){"Ann", "Bo", NULL}, 3), ML_OK);
    assert_int_equal(ml_frame_put_times(f, "when", (int64_t[]){0, ML_MISSING, 5}, 3), ML_OK);
    return f;
}

static void assert_kept(const char *columns, const char *names)
{
    ml_frame *f = three(), *g = transformed(ML_KEEP(columns), f, "y", NULL);
    assert_names(g, names);
    ml_frame_free(f);
    ml_frame_free(g);
}

static void test_classes_of_columns(void **state)
{
    (void)state;
    assert_kept("*number", "age kin y");
    assert_kept("*category", "port y");
    assert_kept("*text", "y name");
    assert_kept("*", "age kin port y name when");
    assert_kept("when,*text,name,age", "age y name when"); /* each once, where the frame has it */
    ml_frame *f = three();
    assert_refused(ML_KEEP("*numbers"), f, "y", "keep: '*numbers' is no class of columns");
    assert_refused(ML_KEEP("y"), f, "y", "column 'y' is the target");
    assert_refused(ML_KEEP("age,fare"), f, "y", "there is no column 'fare'; there are: age, kin");
    assert_refused(ML_KEEP("age,,kin"), f, "y", "name 2 of 'age,,kin' is empty");
    assert_refused(ML_KEEP(""), f, "y", "no columns are named");
    assert_refused(ML_KEEP("age"), f, "no", "there is no column 'no'");
    assert_refused(ML_SCALE("*"), f, "y", "scale: column 'port' is category: it takes number, integer");
    assert_refused(ML_ONE_HOT("age"), f, "y", "one_hot: column 'age' is number: it takes integer, category, text");
    assert_refused(ML_IMPUTE("when"), f, "y", "column 'when' is time");
    ml_frame_free(f);
}

static void test_a_class_may_have_no_column(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "name", (const char *[]){"Ann"}, 1), ML_OK);
    ml_frame *g = transformed(ML_SCALE("*number"), f, NULL, NULL);
    assert_same_frames(f, g);
    ml_frame_free(f);
    ml_frame_free(g);
}

static void test_names_that_are_awkward(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "a,b", (double[]){1, 3}, 2), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "c\\", (double[]){1, 3}, 2), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "*number", (double[]){1, 3}, 2), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "`rm`<script>", (double[]){1, 3}, 2), ML_OK);
    ml_frame *g = transformed(ML_SCALE("a\\,b,c\\\\,*number"), f, NULL, NULL);
    assert_names(g, "a,b c\\ *number `rm`<script>");
    assert_column(g, "a,b", (double[]){-1, 1});
    assert_column(g, "c\\", (double[]){-1, 1});
    assert_column(g, "*number", (double[]){-1, 1}); /* the column of that very name */
    assert_column(g, "`rm`<script>", (double[]){1, 3});
    ml_frame_free(f);
    ml_frame_free(g);
}

static void test_the_target_is_never_changed(void **state)
{
    (void)state;
    ml_frame *f = three(), *g = transformed(ML_SCALE("*number"), f, "y", NULL);
    assert_column(g, "y", (double[]){0, 1, 1});
    ml_frame_free(g);
    assert_int_equal(ml_frame_remove(f, "y"), ML_OK);
    ml_frame *with = three();
    g = transformed(ML_SCALE("*number"), with, "y", f); /* and may be absent */
    assert_names(g, "age kin port name when");
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(with);
}

static void test_where_columns_stand(void **state)
{
    (void)state;
    ml_frame *f = three(), *g = transformed(ML_ONE_HOT("port"), f, "y", NULL);
    assert_names(g, "age kin port_C port_S y name when");
    ml_frame_free(g);
    g = transformed(ML_INDICATE("when,age,name"), f, "y", NULL);
    assert_names(g, "age kin port y name when when_missing age_missing name_missing");
    assert_column(g, "age_missing", (double[]){0, 1, 0});
    assert_column(g, "when_missing", (double[]){0, 1, 0});
    assert_column(g, "name_missing", (double[]){0, 0, 1});
    ml_frame_free(g);
    g = transformed(ML_DROP("*text,when"), f, "y", NULL);
    assert_names(g, "age kin port y");
    ml_frame_free(g);
    ml_prep *p = ml_prep_fit(ML_DROP("*"), f, NULL);
    assert_null(ml_prep_transform(p, f));
    assert_says("drop: no column would be left");
    ml_prep_free(p);
    ml_frame_free(f);
}

/* ---- another frame ---- */

static void test_what_another_frame_lacks_is_said(void **state)
{
    (void)state;
    ml_frame *f = three(), *g = three();
    ml_prep *scale = ml_prep_fit(ML_SCALE("kin,age"), f, "y"), *drop = ml_prep_fit(ML_DROP("age,name"), f, "y");
    assert_int_equal(ml_frame_remove(g, "age"), ML_OK);
    assert_null(ml_prep_transform(scale, g));
    assert_says("scale: column 'age' is missing: the step was fitted with it, as number");
    assert_int_equal(ml_frame_put_texts(g, "age", (const char *[]){"1", NULL, NULL}, 3), ML_OK);
    assert_null(ml_prep_transform(scale, g));
    assert_says("scale: column 'age' is of type text, but was of type number when it was fitted");
    assert_int_equal(ml_frame_remove(g, "age"), ML_OK);
    ml_frame *h = ml_prep_transform(drop, g); /* what goes may be gone */
    assert_names(h, "kin port y when");
    ml_prep_free(scale), ml_prep_free(drop);
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(h);
}

/* Fitted on f, the step does the same to g, whose columns are of other types. */
static void assert_alike(ml_prep_step step, const ml_frame *f, const ml_frame *g)
{
    ml_frame *a = transformed(step, f, NULL, NULL), *b = transformed(step, f, NULL, g);
    for (int j = 0; j < a->columns; j++)
        for (int64_t i = 0; i < a->rows; i++) {
            const char *x = ml_column_text(&a->column[j], i);
            if (x)
                assert_string_equal(x, ml_column_text(&b->column[j], i));
            else
                assert_true(ml_column_number(&a->column[j], i) == ml_column_number(&b->column[j], i));
        }
    ml_frame_free(a);
    ml_frame_free(b);
}

static void test_types_that_will_do(void **state)
{
    (void)state;
    const double number[] = {1, 2, NAN};
    const int64_t integer[] = {1, 2, ML_MISSING};
    const char *const text[] = {"x", "y", NULL}, *const none[] = {NULL, NULL, NULL}, *const category[] = {"y", "x"};
    ml_frame *f = ml_frame_new(), *g = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "a", number, 3), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "b", integer, 3), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "c", text, 3), ML_OK);
    assert_int_equal(ml_frame_put_integers(g, "a", integer, 3), ML_OK);
    assert_int_equal(ml_frame_put_numbers(g, "b", number, 3), ML_OK);
    assert_int_equal(ml_frame_put_categories(g, "c", (ml_ints){(int32_t[]){1, 0, -1}, 3}, category, 2), ML_OK);
    assert_alike(ML_IMPUTE("*", .how = ML_IMPUTE_MODE), f, g);
    assert_alike(ML_IMPUTE("*", .how = ML_IMPUTE_MODE), g, f);
    assert_int_equal(ml_frame_put_numbers(g, "b", (double[]){1, NAN, 1.5}, 3), ML_OK);
    ml_prep *p = ml_prep_fit(ML_ONE_HOT("b"), f, NULL);
    assert_null(ml_prep_transform(p, g));
    assert_says("column 'b' has 1.5 in row 2, but had whole numbers when it was fitted");
    assert_int_equal(ml_frame_put_texts(g, "b", none, 3), ML_OK); /* as an empty column comes out of a file */
    ml_frame *h = ml_prep_transform(p, g);
    assert_column(h, "b_1", (double[]){0, 0, 0});
    ml_prep_free(p);
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(h);
}

static void test_roles(void **state)
{
    (void)state;
    ml_frame *f = three();
    ml_prep *p = ml_prep_fit(ML_SCALE("age"), f, "y"), *none = p;
    for (ml_role role = ML_ROLE_NONE; role <= ML_ROLE_TEST; role++) {
        assert_int_equal(ml_frame_set_role(f, role), ML_OK);
        ml_frame *g = ml_prep_transform(p, f);
        assert_int_equal(g->role, role);
        ml_frame_free(g);
    }
    assert_refused(ML_SCALE("age"), f, "y", "scale: this frame is for testing: what a step learnt from it would leak into the score");
    assert_refused(ML_DROP("age"), f, "y", "drop: this frame is for testing");
    assert_null(ml_prep_fit_transform(ML_SCALE("age"), f, "y", &none));
    assert_null(none);
    assert_int_equal(ml_frame_forget_role(f, "the final fit"), ML_OK);
    ml_prep *again = ml_prep_fit(ML_SCALE("age"), f, "y");
    assert_non_null(again);
    ml_prep_free(p), ml_prep_free(again);
    ml_frame_free(f);
}

static void test_nothing_at_all(void **state)
{
    (void)state;
    ml_frame *f = three();
    assert_null(ml_prep_fit(ML_SCALE("age"), NULL, NULL));
    assert_says("prep_fit: the frame is NULL");
    assert_null(ml_prep_transform(NULL, f));
    assert_says("prep_transform: the step is NULL");
    assert_null(ml_prep_name(NULL));
    assert_null(ml_prep_step_name((ml_prep_step){0}));
    ml_prep_free(NULL);
    ml_frame_free(f);
}

/* ---- functions of the program ---- */

/* age / 10, and the number of columns that it was given: it must not see the target. */
static ml_frame *add_decade(const ml_frame *f, void *arg)
{
    double v[3];
    ml_frame *g = ml_frame_copy(f);
    const ml_column *age = ml_frame_column(f, "age");
    if (!g || !age || ml_frame_has(f, "y")) {
        ml_frame_free(g);
        return NULL;
    }
    for (int i = 0; i < 3; i++)
        v[i] = ml_column_number(age, i) / *(double *)arg;
    if (ml_frame_put_numbers(g, "decade", v, 3)) {
        ml_frame_free(g);
        return NULL;
    }
    return g;
}

static ml_frame *give_back(const ml_frame *f, void *arg)
{
    (void)arg;
    return (ml_frame *)f;
}

static ml_frame *lose_a_row(const ml_frame *f, void *arg)
{
    (void)arg;
    return ml_frame_head(f, 2);
}

static ml_frame *invent_y(const ml_frame *f, void *arg)
{
    ml_frame *g = ml_frame_copy(f);
    assert_int_equal(ml_frame_put_numbers(g, "y", arg, 3), ML_OK);
    return g;
}

static ml_frame *nothing(const ml_frame *f, void *arg)
{
    (void)f, (void)arg;
    return NULL;
}

static void assert_fails(ml_prep_step step, const ml_frame *f, const char *part)
{
    ml_prep *p = ml_prep_fit(step, f, "y");
    assert_null(ml_prep_transform(p, f));
    assert_says(part);
    ml_prep_free(p);
}

static void test_a_function_of_the_program(void **state)
{
    (void)state;
    double ten = 10;
    ml_frame *f = three();
    assert_int_equal(ml_frame_set_role(f, ML_ROLE_TRAIN), ML_OK);
    assert_int_equal(ml_prep_register("decade", add_decade, &ten), ML_OK);
    ml_frame *g = transformed(ML_APPLY("decade", add_decade, &ten), f, "y", NULL);
    assert_names(g, "age kin port name when decade y");
    assert_column(g, "decade", (double[]){2, NAN, 4});
    assert_int_equal(g->role, ML_ROLE_TRAIN);
    assert_fails(ML_APPLY("back", give_back, NULL), f, "apply: back: it gave back the frame that it was given");
    assert_fails(ML_APPLY("lose", lose_a_row, NULL), f, "apply: lose: it gave 2 rows for 3");
    assert_fails(ML_APPLY("y", invent_y, (double[]){1, 2, 3}), f, "it gave a column 'y', which is the target");
    assert_fails(ML_APPLY("null", nothing, NULL), f, "apply: null: it gave NULL, without an error");
    assert_refused(ML_APPLY("none", NULL, NULL), f, "y", "apply: the function 'none' is NULL");
    assert_refused(ML_APPLY("", add_decade, NULL), f, "y", "apply: the function has no name");
    ml_frame_free(f);
    ml_frame_free(g);
}

static void test_functions_that_are_not_registered(void **state)
{
    (void)state;
    double ten = 10;
    char name[80];
    ml_frame *f = three();
    ml_prep *p = ml_prep_fit(ML_APPLY("unheard", add_decade, &ten), f, "y");
    mli_store *s = mli_store_new("prep");
    assert_int_equal(mli_prep_put(p, s, "steps.0"), ML_OK);
    assert_int_equal(mli_store_write(s, tmp_path("apply.safetensors")), ML_OK);
    mli_store_free(s);
    s = mli_store_read(tmp_path("apply.safetensors"), "prep");
    assert_null(mli_prep_take(s, "steps.0"));
    assert_says("is 'unheard', and no function of that name is registered: call ml_prep_register first");
    mli_store_free(s);
    assert_int_equal(ml_prep_register(NULL, add_decade, NULL), ML_EINVAL);
    assert_int_equal(ml_prep_register("x", NULL, NULL), ML_EINVAL);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_int_equal(ml_prep_register(name, add_decade, NULL), ML_EINVAL);
    assert_says("prep_register: the name of a function is UTF-8 of at most 63 bytes");
    ml_status full = ML_OK;
    for (int i = 0; i < 70 && !full; i++) {
        snprintf(name, sizeof name, "f%d", i);
        full = ml_prep_register(name, add_decade, NULL);
    }
    assert_int_equal(full, ML_ESTATE);
    assert_int_equal(ml_prep_register("f0", add_decade, &ten), ML_OK); /* in its place */
    ml_prep_free(p);
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_of_columns),
        cmocka_unit_test(test_a_class_may_have_no_column),
        cmocka_unit_test(test_names_that_are_awkward),
        cmocka_unit_test(test_the_target_is_never_changed),
        cmocka_unit_test(test_where_columns_stand),
        cmocka_unit_test(test_what_another_frame_lacks_is_said),
        cmocka_unit_test(test_types_that_will_do),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_nothing_at_all),
        cmocka_unit_test(test_a_function_of_the_program),
        cmocka_unit_test(test_functions_that_are_not_registered),
    };
    return cmocka_run_group_tests(tests, tmp_setup, tmp_teardown);
}
