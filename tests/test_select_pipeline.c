/* Pipelines: fitted, asked, saved, loaded; and frames that are not those they were fitted on. */
#include "support/check.h"
#include "support/people.h"
#include "support/tmp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 200 };

static ml_pipeline *fitted(ml_learner learner, const char *target, const char *others)
{
    ml_frame *f = without(people(ROWS, 1), others);
    ml_pipeline *p = ml_pipeline_fit(people_recipe(learner), f, target);
    if (!p)
        fail_msg("%s", ml_error());
    ml_frame_free(f);
    return p;
}

static ml_pipeline *survivors(void)
{
    return fitted(ML_LOGISTIC(), "survived", "port,pay");
}

/* ---- what it says ---- */

static void classes_of_an_integer(void **state)
{
    (void)state;
    ml_pipeline *p = survivors();
    ml_frame *f = without(people(ROWS, 2), "port,pay"), *predicted = ml_pipeline_predict(p, f);
    assert_non_null(predicted);
    assert_int_equal(ml_pipeline_classes(p), 2);
    assert_string_equal(ml_pipeline_class(p, 1), "1");
    assert_null(ml_pipeline_class(p, 2));
    assert_string_equal(ml_pipeline_target(p), "survived");
    assert_int_equal(predicted->columns, 3);
    assert_int_equal(predicted->column[0].type, ML_INTEGER);
    assert_string_equal(predicted->column[1].name, "probability_0");

    int32_t label[ROWS], truth[ROWS];
    double prob[2 * ROWS], accuracy;
    int right = 0;
    assert_int_equal(ml_pipeline_labels(p, f, label), ML_OK);
    assert_int_equal(ml_pipeline_probabilities(p, f, prob), ML_OK);
    assert_int_equal(ml_pipeline_truth_labels(p, f, truth), ML_OK);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(predicted->column[0].integer[i], label[i]);
        assert_true(predicted->column[2].number[i] == prob[2 * i + 1]);
        assert_int_equal(label[i], prob[2 * i + 1] > prob[2 * i]);
        right += label[i] == truth[i];
    }
    assert_int_equal(ml_pipeline_score(p, f, "accuracy", &accuracy), ML_OK);
    assert_true(accuracy == right / (double)ROWS);
    assert_true(accuracy > 0.7);
    assert_int_equal(ml_pipeline_values(p, f, prob), ML_EINVAL);
    assert_string_equal(ml_error(), "pipeline: it predicts classes of 'survived': ask for labels or probabilities");
    ml_frame_free(predicted);
    ml_frame_free(f);
    ml_pipeline_free(p);
}

static void classes_of_a_category(void **state)
{
    (void)state;
    ml_pipeline *p = fitted(ML_LOGISTIC(), "port", "survived,pay");
    ml_frame *f = without(people(ROWS, 2), "survived,pay"), *predicted = ml_pipeline_predict(p, f);
    assert_non_null(predicted);
    assert_int_equal(predicted->column[0].type, ML_CATEGORY);
    assert_int_equal(predicted->column[0].categories, 3);
    assert_string_equal(predicted->column[3].name, "probability_Southampton");
    ml_frame_free(predicted);
    ml_frame_free(f);
    ml_pipeline_free(p);
}

static void classes_of_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"yes", "no", "yes", "no"};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", (double[]){5, 1, 6, 2}, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "said", texts, 4), ML_OK);
    ml_pipeline *p = ml_pipeline_fit(ML_RECIPE(ML_LOGISTIC()), f, "said");
    assert_non_null(p);
    ml_frame *predicted = ml_pipeline_predict(p, f);
    assert_non_null(predicted);
    for (int i = 0; i < 4; i++)
        assert_string_equal(ml_column_text(&predicted->column[0], i), texts[i]);
    ml_frame_free(predicted);
    ml_frame_free(f);
    ml_pipeline_free(p);
}

static void numbers(void **state)
{
    (void)state;
    ml_pipeline *p = fitted(ML_LINEAR(), "pay", "survived,port");
    ml_frame *f = without(people(ROWS, 2), "survived,port"), *predicted = ml_pipeline_predict(p, f);
    assert_non_null(predicted);
    assert_int_equal(predicted->columns, 1);
    double y[ROWS], truth[ROWS], mae, sum = 0;
    assert_int_equal(ml_pipeline_classes(p), 0);
    assert_int_equal(ml_pipeline_values(p, f, y), ML_OK);
    assert_int_equal(ml_pipeline_truth_values(p, f, truth), ML_OK);
    for (int i = 0; i < ROWS; i++) {
        assert_true(predicted->column[0].number[i] == y[i]);
        sum += fabs(y[i] - truth[i]);
    }
    assert_int_equal(ml_pipeline_score(p, f, "mae", &mae), ML_OK);
    assert_float_equal(mae, sum / ROWS, 1e-12);
    assert_int_equal(ml_pipeline_truth_labels(p, f, (int32_t[ROWS]){0}), ML_EINVAL);
    assert_int_equal(ml_pipeline_score(p, f, "accuracy", &mae), ML_EINVAL);
    assert_string_equal(ml_error(), "'accuracy' is no score of numbers; there are: r2, rmse, mae");
    assert_int_equal(ml_pipeline_score(p, f, "mae,r2", &mae), ML_EINVAL);
    ml_frame_free(predicted);
    ml_frame_free(f);
    ml_pipeline_free(p);
}

/* Integers are numbers for a learner that knows no classes. */
static void integers_for_a_regression(void **state)
{
    (void)state;
    ml_frame *f = without(people(ROWS, 1), "name,sex,age,port,pay");
    ml_pipeline *p = ml_pipeline_fit(ML_RECIPE(ML_LINEAR()), f, "rooms");
    assert_non_null(p);
    assert_int_equal(ml_pipeline_classes(p), 0);
    ml_pipeline_free(p);
    ml_frame_free(f);
}

static void names_travel(void **state)
{
    (void)state;
    ml_pipeline *p = survivors();
    static const char *const inputs[] = {"age", "rooms", "sex"}, *const features[] = {"age", "rooms", "sex_female", "sex_male"};
    assert_int_equal(ml_pipeline_inputs(p), 3);
    for (int j = 0; j < 3; j++)
        assert_string_equal(ml_pipeline_input(p, j), inputs[j]);
    assert_int_equal(ml_pipeline_input_type(p, 2), ML_CATEGORY);
    assert_null(ml_pipeline_input(p, 3));
    assert_int_equal(ml_model_features(ml_pipeline_model(p)), 4);
    ml_frame *f = without(people(ROWS, 2), "port,pay"), *behind = ml_pipeline_transform(p, f);
    assert_non_null(behind);
    assert_int_equal(behind->columns, 4);
    for (int j = 0; j < 4; j++) {
        assert_string_equal(ml_model_feature(ml_pipeline_model(p), j), features[j]);
        assert_string_equal(behind->column[j].name, features[j]);
    }
    ml_frame_free(behind);
    ml_frame_free(f);
    ml_pipeline_free(p);
}

static void importances_have_names(void **state)
{
    (void)state;
    ml_pipeline *p = fitted(ML_TREE(.max_depth = 4), "survived", "port,pay");
    ml_frame *f = ml_pipeline_importances(p);
    assert_non_null(f);
    double sum = 0;
    assert_int_equal(f->rows, 4);
    assert_string_equal(ml_column_text(&f->column[0], 3), "sex_male");
    for (int64_t i = 0; i < f->rows; i++)
        sum += f->column[1].number[i];
    assert_float_equal(sum, 1, 1e-12);
    ml_frame_free(f);
    ml_pipeline_free(p);
    p = survivors();
    assert_null(ml_pipeline_importances(p));
    ml_pipeline_free(p);
}

/* ---- files ---- */

static void assert_same_answers(const ml_pipeline *p, const ml_pipeline *q, const ml_frame *f)
{
    ml_frame *a = ml_pipeline_predict(p, f), *b = ml_pipeline_predict(q, f);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(a->columns, b->columns);
    for (int j = 0; j < a->columns; j++)
        for (int64_t i = 0; i < a->rows; i++)
            assert_true(ml_column_number(&a->column[j], i) == ml_column_number(&b->column[j], i));
    ml_frame_free(a);
    ml_frame_free(b);
}

static void saved_and_loaded(void **state)
{
    (void)state;
    ml_pipeline *fits[] = {survivors(), fitted(ML_LOGISTIC(.C = 0.1), "port", "survived,pay"),
                           fitted(ML_LINEAR(.alpha = 0.1), "pay", "survived,port"), fitted(ML_DUMMY(), "survived", "port,pay")};
    static const char *const others[] = {"port,pay", "survived,pay", "survived,port", "port,pay"};
    for (int i = 0; i < 4; i++) {
        size_t n, m;
        assert_int_equal(ml_pipeline_save(fits[i], tmp_path("p.safetensors")), ML_OK);
        uint8_t *bytes = slurp(tmp_path("p.safetensors"), &n);
        ml_pipeline *back = ml_pipeline_load(tmp_path("p.safetensors"));
        if (!back)
            fail_msg("%s", ml_error());
        ml_frame *f = without(people(ROWS, 7), others[i]);
        assert_same_answers(fits[i], back, f);
        assert_int_equal(ml_pipeline_inputs(back), ml_pipeline_inputs(fits[i]));
        assert_int_equal(ml_pipeline_save(back, tmp_path("q.safetensors")), ML_OK);
        uint8_t *again = slurp(tmp_path("q.safetensors"), &m);
        assert_int_equal(n, m);
        assert_memory_equal(bytes, again, n);
        free(bytes);
        free(again);
        ml_frame_free(f);
        ml_pipeline_free(back);
        ml_pipeline_free(fits[i]);
    }
}

static void notes_travel(void **state)
{
    (void)state;
    char name[16];
    ml_pipeline *p = survivors();
    assert_int_equal(ml_pipeline_note(p, "cv_accuracy", 0.25), ML_OK);
    assert_int_equal(ml_pipeline_note(p, "seed", 42), ML_OK);
    assert_int_equal(ml_pipeline_note(p, "cv_accuracy", 0.1), ML_OK);
    assert_int_equal(ml_pipeline_note(p, "", 1), ML_EINVAL);
    assert_int_equal(ml_pipeline_note(p, "x", (double)NAN), ML_EINVAL);
    assert_string_equal(ml_error(), "note: 'x' is nan, no finite number");
    assert_int_equal(ml_pipeline_save(p, tmp_path("p")), ML_OK);
    ml_pipeline *back = ml_pipeline_load(tmp_path("p"));
    assert_non_null(back);
    assert_true(ml_pipeline_noted(back, "cv_accuracy") == 0.1 && ml_pipeline_noted(back, "seed") == 42);
    assert_true(isnan(ml_pipeline_noted(back, "x")) && isnan(ml_pipeline_noted(NULL, "seed")));
    for (int i = 2; i < 64; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(ml_pipeline_note(back, name, i), ML_OK);
    }
    assert_int_equal(ml_pipeline_note(back, "too many", 1), ML_EINVAL);
    assert_int_equal(ml_pipeline_note(back, "seed", 1), ML_OK);
    ml_pipeline_free(back);
    ml_pipeline_free(p);
}

static void files_that_are_none(void **state)
{
    (void)state;
    ml_pipeline *p = survivors();
    assert_int_equal(ml_model_save(ml_pipeline_model(p), tmp_path("model")), ML_OK);
    assert_null(ml_pipeline_load(tmp_path("model")));
    assert_non_null(strstr(ml_error(), "model"));
    assert_null(ml_pipeline_load(tmp_path("nowhere")));
    assert_null(ml_pipeline_load(NULL));
    static const char *const key = "mlcore";
    const char *text = "{\"format\":1,\"kind\":\"pipeline\",\"parts\":{\"inputs\":{\"columns\":[],\"ignored\":[]}}}";
    assert_int_equal(ml_safetensors_write(tmp_path("s"), NULL, 0, &key, &text, 1), ML_OK);
    assert_null(ml_pipeline_load(tmp_path("s")));
    assert_non_null(strstr(ml_error(), "inputs.columns is no list of 1 to "));
    assert_int_equal(ml_pipeline_save(NULL, tmp_path("x")), ML_EINVAL);
    assert_int_equal(ml_pipeline_save(p, NULL), ML_EINVAL);
    ml_pipeline_free(p);
    ml_pipeline_free(NULL);
}

/* ---- frames of another shape ---- */

static void assert_asked(const ml_pipeline *p, ml_frame *f, const char *sentence)
{
    int32_t label[ROWS];
    ml_status s = ml_pipeline_labels(p, f, label);
    if (!sentence) {
        assert_int_equal(s, ML_OK);
    } else {
        assert_int_not_equal(s, ML_OK);
        assert_string_equal(ml_error(), sentence);
    }
    ml_frame_free(f);
}

/* Four rows of what survivors() was fitted on. */
static ml_frame *four(void)
{
    static const char *const sexes[] = {"male", "female", "male", NULL};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "sex", sexes, 4), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "age", (int64_t[]){31, 4, ML_MISSING, 55}, 4), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "rooms", (double[]){1, 2, (double)NAN, 5}, 4), ML_OK);
    return f;
}

static void other_types_that_lose_nothing(void **state)
{
    (void)state;
    ml_pipeline *p = survivors();
    ml_frame *f = four();
    assert_asked(p, f, NULL); /* text for category, integers for numbers, whole numbers for integers, another order */

    f = four(); /* what was dropped first may be there or not, and of any type */
    assert_int_equal(ml_frame_put_numbers(f, "name", (double[]){1, 2, 3, 4}, 4), ML_OK);
    assert_asked(p, f, NULL);

    f = four(); /* nothing at all has no type */
    assert_int_equal(ml_frame_put_numbers(f, "sex", (double[]){(double)NAN, (double)NAN, (double)NAN, (double)NAN}, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "age", (const char *[]){NULL, NULL, NULL, NULL}, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "rooms", (const char *[]){NULL, NULL, NULL, NULL}, 4), ML_OK);
    assert_asked(p, f, NULL);

    f = four(); /* a category that was never seen, which the recipe ignores; and the target, which is passed over */
    assert_int_equal(ml_frame_put_categories(f, "sex", (ml_ints){(int32_t[]){0, 0, 1, -1}, 4}, (const char *[]){"x", "male"}, 2), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "survived", (const char *[]){"a", "b", "c", "d"}, 4), ML_OK);
    assert_asked(p, f, NULL);
    ml_pipeline_free(p);
}

/* The same values in another type give the same bits. */
static void types_change_no_answer(void **state)
{
    (void)state;
    ml_pipeline *p = survivors();
    ml_frame *f = four(), *g = four();
    assert_int_equal(ml_frame_put_categories(g, "sex", (ml_ints){(int32_t[]){1, 2, 1, -1}, 4},
                                             (const char *[]){"never", "male", "female"}, 3), ML_OK);
    assert_int_equal(ml_frame_put_numbers(g, "age", (double[]){31, 4, (double)NAN, 55}, 4), ML_OK);
    assert_int_equal(ml_frame_put_integers(g, "rooms", (int64_t[]){1, 2, ML_MISSING, 5}, 4), ML_OK);
    double a[8], b[8];
    assert_int_equal(ml_pipeline_probabilities(p, f, a), ML_OK);
    assert_int_equal(ml_pipeline_probabilities(p, g, b), ML_OK);
    assert_memory_equal(a, b, sizeof a);
    ml_frame_free(f);
    ml_frame_free(g);
    ml_pipeline_free(p);
}

static void refused_by_name(void **state)
{
    (void)state;
    ml_pipeline *p = survivors();
    assert_asked(p, without(four(), "age"), "pipeline: an input is missing: frame_column: there is no column 'age'; there are: sex, rooms");
    ml_frame *f = four();
    assert_int_equal(ml_frame_put_numbers(f, "boat", (double[]){1, 2, 3, 4}, 4), ML_OK);
    assert_asked(p, f, "pipeline: column 'boat' is none of those that the pipeline was fitted on: leave it out");
    f = four();
    assert_int_equal(ml_frame_put_texts(f, "age", (const char *[]){"31", "4", NULL, "old"}, 4), ML_OK);
    assert_asked(p, f, "pipeline: column 'age' is of type text, but was of type number when it was fitted");
    f = four();
    assert_int_equal(ml_frame_put_numbers(f, "rooms", (double[]){1, 2, 2.5, 5}, 4), ML_OK);
    assert_asked(p, f, "pipeline: column 'rooms' has 2.5 in row 2, but had whole numbers when it was fitted");
    f = four();
    assert_int_equal(ml_frame_put_numbers(f, "rooms", (double[]){1, 2, (double)INFINITY, 5}, 4), ML_OK);
    assert_asked(p, f, "pipeline: column 'rooms' has inf in row 2, but had whole numbers when it was fitted");
    f = four();
    assert_int_equal(ml_frame_put_integers(f, "sex", (int64_t[]){1, 2, 3, 4}, 4), ML_OK);
    assert_asked(p, f, "pipeline: column 'sex' is of type integer, but was of type category when it was fitted");
    f = four();
    assert_int_equal(ml_frame_put_times(f, "age", (int64_t[]){1, 2, 3, 4}, 4), ML_OK);
    assert_asked(p, f, "pipeline: column 'age' is of type time, but was of type number when it was fitted");
    assert_asked(p, NULL, "pipeline: the frame is NULL");
    f = without(people(9, 1), "survived");
    double value;
    assert_int_equal(ml_pipeline_score(p, f, "accuracy", &value), ML_EINVAL); /* port, pay */
    ml_frame_free(f);
    f = four();
    assert_int_equal(ml_pipeline_score(p, f, "accuracy", &value), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "there is no column 'survived'"));
    ml_frame_free(f);
    ml_pipeline_free(p);
}

/* In time that goes with the number of columns, not with its square. */
static void many_columns(void **state)
{
    (void)state;
    enum { N = 200000 };
    char name[16];
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "y", (int64_t[]){0, 1}, 2), ML_OK);
    for (int j = 0; j < N; j++) {
        snprintf(name, sizeof name, "%d", j);
        assert_int_equal(ml_frame_put_numbers(f, name, (double[]){j, -j}, 2), ML_OK);
    }
    ml_pipeline *p = ml_pipeline_fit(ML_RECIPE(ML_DUMMY(.strategy = ML_DUMMY_CONSTANT, .constant = 1), ML_SCALE("*")), f, "y");
    if (!p)
        fail_msg("%s", ml_error());
    int32_t label[2] = {0};
    assert_int_equal(ml_pipeline_labels(p, f, label), ML_OK);
    assert_true(label[0] == 1 && label[1] == 1);
    assert_int_equal(ml_frame_rename(f, "199999", "boat"), ML_OK);
    assert_int_equal(ml_pipeline_labels(p, f, label), ML_EINVAL);
    assert_string_equal(ml_error(), "pipeline: column 'boat' is none of those that the pipeline was fitted on: leave it out");
    ml_pipeline_free(p);
    ml_frame_free(f);
}

static void a_test_frame_is_predicted_but_not_fitted(void **state)
{
    (void)state;
    ml_pipeline *p = survivors();
    ml_frame *f = without(people(ROWS, 3), "port,pay");
    assert_int_equal(ml_frame_set_role(f, ML_ROLE_TEST), ML_OK);
    ml_frame *predicted = ml_pipeline_predict(p, f);
    assert_non_null(predicted);
    assert_int_equal(predicted->role, ML_ROLE_TEST);
    ml_frame_free(predicted);
    assert_null(ml_pipeline_fit(people_recipe(ML_LOGISTIC()), f, "survived"));
    assert_non_null(strstr(ml_error(), "TEST"));
    ml_frame_free(f);
    ml_pipeline_free(p);
}

/* ---- recipes that cannot be fitted ---- */

static void assert_unfit(ml_recipe recipe, const char *target, const char *sentence)
{
    ml_frame *f = people(40, 1);
    ml_pipeline *p = ml_pipeline_fit(recipe, f, target);
    ml_frame_free(f);
    assert_null(p);
    if (!strstr(ml_error(), sentence))
        fail_msg("%s\n  does not say: %s", ml_error(), sentence);
}

static void recipes_that_do_not_fit(void **state)
{
    (void)state;
    const ml_recipe whole = people_recipe(ML_LOGISTIC());
    ml_recipe r = whole;
    assert_unfit(whole, "age", "target: column 'age' has no value in row");
    assert_unfit(whole, "height", "there is no column 'height'");
    assert_unfit(whole, "pay", "target 'pay' is of numbers, and logistic predicts classes");
    assert_unfit(people_recipe(ML_LINEAR()), "port", "target 'port' is a category, and linear predicts numbers");
    assert_unfit(ML_RECIPE(ML_LOGISTIC()), "survived", "column 'sex' is still of type category");
    assert_unfit(ML_RECIPE(ML_LOGISTIC(), ML_ONE_HOT("sex,port")), "survived", "column 'name' is still of type text");
    assert_unfit(ML_RECIPE(ML_LOGISTIC(), ML_DROP("name"), ML_ONE_HOT("sex,port")), "survived", "missing (NaN)");
    assert_unfit(ML_RECIPE(ML_LOGISTIC(), ML_IMPUTE("aged")), "survived", "step 0 (impute): ");
    assert_unfit(ML_RECIPE(ML_LOGISTIC(), ML_IMPUTE("age"), (ml_prep_step){0}), "survived", "recipe: step 1 is empty");
    assert_unfit(ML_RECIPE((ml_learner){0}), "survived", "no kind");
    r.steps = 77;
    assert_unfit(r, "survived", "recipe: 77 steps, not 0 .. 32");
    r.steps = -1;
    assert_unfit(r, "survived", "recipe: -1 steps, not 0 .. 32");
    assert_null(ml_pipeline_fit(whole, NULL, "survived"));
    assert_null(ml_pipeline_labels(NULL, NULL, NULL) ? NULL : "");
}

/* Not even for a baseline that reads no column: nothing would say how many rows there are to predict. */
static void without_inputs(void **state)
{
    (void)state;
    static const char *const alone = "pipeline: no column but the target 'survived' is left to learn from";
    assert_unfit(ML_RECIPE(ML_DUMMY(), ML_DROP("*")), "survived", alone);
    assert_unfit(ML_RECIPE(ML_DUMMY(), ML_IMPUTE("age"), ML_DROP("*")), "survived",
                 "pipeline: behind the steps no column is left for the learner");
    ml_frame *f = without(people(40, 1), "age,rooms,sex,name,port,pay");
    assert_null(ml_pipeline_fit(ML_RECIPE(ML_DUMMY()), f, "survived"));
    assert_string_equal(ml_error(), alone);
    ml_frame_free(f);
}

/* What a program asks before it fits anything. */
static void recipes_are_checked(void **state)
{
    (void)state;
    ml_recipe r = people_recipe(ML_TREE(.max_depth = 3));
    assert_null(ml_recipe_check(&r));
    assert_string_equal(ml_recipe_check(NULL), "recipe: -1 steps, not 0 .. 32");
    r.step[1].opts.columns = NULL;
    assert_string_equal(ml_recipe_check(&r), "recipe: step 1: impute: columns is NULL");
    r.step[1] = (ml_prep_step){0};
    assert_string_equal(ml_recipe_check(&r), "recipe: step 1 is empty");
    r = people_recipe((ml_learner){0});
    assert_string_equal(ml_recipe_check(&r), "learner: it has no kind");

    ml_learner tree = ML_TREE();
    assert_null(ml_learner_check(tree));
    assert_int_equal(ml_learner_set(&tree, "max_depth", 3), ML_OK);
    assert_int_equal(tree.opts.tree.max_depth, 3);
    assert_int_equal(ml_learner_set(&tree, "depth", 3), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "tree: there is no option 'depth'; there are: "));
    assert_int_equal(ml_learner_set(&tree, "max_depth", 2.5), ML_EINVAL);
    assert_int_equal(ml_learner_set(&tree, NULL, 3), ML_EINVAL);
    assert_int_equal(ml_learner_set(&(ml_learner){0}, "max_depth", 3), ML_EINVAL);
    assert_int_equal(ml_learner_set(NULL, "max_depth", 3), ML_EINVAL);
    assert_int_equal(tree.opts.tree.max_depth, 3);
    tree.opts.tree.max_depth = -7;
    assert_non_null(strstr(ml_learner_check(tree), "tree: max_depth is -7"));
    r = people_recipe(tree);
    assert_string_equal(ml_recipe_check(&r), ml_learner_check(tree));
}

static void options_by_name(void **state)
{
    (void)state;
    ml_recipe r = people_recipe(ML_LOGISTIC());
    assert_int_equal(ml_recipe_set(&r, "C", 3), ML_OK);
    assert_true(r.learner.opts.logistic.C == 3);
    assert_int_equal(ml_recipe_set(&r, "1.how", ML_IMPUTE_MEAN), ML_OK);
    assert_int_equal(r.step[1].opts.impute.how, ML_IMPUTE_MEAN);
    assert_int_equal(r.step[2].opts.impute.how, ML_IMPUTE_MODE);
    assert_int_equal(ml_recipe_set(&r, "impute.how", ML_IMPUTE_CONSTANT), ML_OK);
    assert_int_equal(r.step[1].opts.impute.how, ML_IMPUTE_CONSTANT);
    assert_int_equal(r.step[2].opts.impute.how, ML_IMPUTE_CONSTANT);
    assert_int_equal(ml_recipe_set(&r, "impute.constant", -1.5), ML_OK);
    assert_int_equal(ml_recipe_set(&r, "scale.no_center", 1), ML_OK);
    assert_true(r.step[3].opts.scale.no_center && r.step[1].opts.impute.constant == -1.5);
    assert_int_equal(ml_recipe_set(&r, "one_hot.min_count", 9), ML_OK);
    assert_int_equal(r.step[4].opts.one_hot.min_count, 9);

    assert_int_equal(ml_recipe_set(&r, "depth", 3), ML_EINVAL);
    assert_int_equal(ml_recipe_set(&r, "one_hot.min", 3), ML_EINVAL);
    assert_string_equal(ml_error(), "one_hot: there is no option 'min'; there are: unseen, drop_first, missing, "
                                    "min_count, max_categories");
    assert_int_equal(ml_recipe_set(&r, "drop.columns", 3), ML_EINVAL);
    assert_int_equal(ml_recipe_set(&r, "bin.bins", 3), ML_EINVAL);
    assert_string_equal(ml_error(), "recipe: no step is meant by 'bin.bins'");
    assert_int_equal(ml_recipe_set(&r, "9.how", 0), ML_EINVAL);
    assert_int_equal(ml_recipe_set(&r, "impute.how", 4), ML_EINVAL);
    assert_string_equal(ml_error(), "impute: how is 4: it must be the number of one of its names");
    assert_int_equal(ml_recipe_set(&r, "impute.constant", (double)NAN), ML_EINVAL);
    assert_int_equal(ml_recipe_set(&r, "one_hot.min_count", 1e300), ML_EINVAL);
    assert_int_equal(ml_recipe_set(NULL, "C", 1), ML_EINVAL);
    for (int i = r.steps; i < ML_MAX_STEPS; i++)
        assert_int_equal(ml_recipe_add(&r, ML_DROP("age")), ML_OK);
    assert_int_equal(ml_recipe_add(&r, ML_DROP("age")), ML_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_of_an_integer),
        cmocka_unit_test(classes_of_a_category),
        cmocka_unit_test(classes_of_texts),
        cmocka_unit_test(numbers),
        cmocka_unit_test(integers_for_a_regression),
        cmocka_unit_test(names_travel),
        cmocka_unit_test(importances_have_names),
        cmocka_unit_test_setup_teardown(saved_and_loaded, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(notes_travel, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(files_that_are_none, tmp_setup, tmp_teardown),
        cmocka_unit_test(other_types_that_lose_nothing),
        cmocka_unit_test(types_change_no_answer),
        cmocka_unit_test(refused_by_name),
        cmocka_unit_test(many_columns),
        cmocka_unit_test(a_test_frame_is_predicted_but_not_fitted),
        cmocka_unit_test(recipes_that_do_not_fit),
        cmocka_unit_test(without_inputs),
        cmocka_unit_test(recipes_are_checked),
        cmocka_unit_test(options_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
