/* Searches: grids in order, draws within their ranges, the best chosen by what cross-validation says. */
#include "select/candidates.h"
#include "support/check.h"
#include "support/people.h"

#include <math.h>
#include <string.h>

enum { ROWS = 120 };

static ml_frame *survivors(void)
{
    return without(people(ROWS, 1), "port,pay");
}

static const double *numbers(const ml_frame *f, const char *name)
{
    const ml_column *c = ml_frame_column(f, name);
    assert_non_null(c);
    assert_int_equal(c->type, ML_NUMBER);
    return c->number;
}

static void a_grid_is_every_combination(void **state)
{
    (void)state;
    ml_frame *f = survivors();
    const ml_search_opts opts = {.choice = ML_CHOICES(ML_VALUES("C", 0.01, 1), ML_VALUES("one_hot.missing", 0, 1),
                                                      ML_VALUES("1.how", 0, 1, 2)),
                                 .folds = {.k = 4, .stratify = "survived"}, .scores = "log_loss,accuracy"};
    ml_search *s = ml_search_fit(people_recipe(ML_LOGISTIC()), f, "survived", opts);
    if (!s)
        fail_msg("%s", ml_error());
    static const char *const columns[] = {"C", "one_hot.missing", "1.how", "log_loss", "log_loss_spread", "accuracy",
                                          "accuracy_spread", "rank"};
    assert_int_equal(s->results->rows, 12);
    assert_int_equal(s->results->columns, 8);
    for (int j = 0; j < 8; j++)
        assert_string_equal(s->results->column[j].name, columns[j]);
    for (int i = 0; i < 12; i++) {
        assert_true(numbers(s->results, "C")[i] == (i < 6 ? 0.01 : 1));
        assert_true(numbers(s->results, "one_hot.missing")[i] == i / 3 % 2);
        assert_true(numbers(s->results, "1.how")[i] == i % 3);
    }
    ml_frame_free(f);
    ml_search_free(s);
}

/* Each row of the results is a cross-validation on the same folds; the best is the best of them. */
static void the_same_as_cross_validation(void **state)
{
    (void)state;
    ml_frame *f = survivors();
    static const double C[] = {0.001, 0.1, 1, 30};
    const ml_fold_opts cut = {.k = 4, .stratify = "survived", .shuffle = true, .seed = 5};
    const ml_search_opts opts = {.choice = ML_CHOICES(ML_VALUES("C", 0.001, 0.1, 1, 30)), .folds = cut, .scores = "log_loss"};
    ml_search *s = ml_search_fit(people_recipe(ML_LOGISTIC()), f, "survived", opts);
    assert_non_null(s);
    ml_folds *folds = ml_folds_of(f, cut);
    double best = INFINITY;
    for (int i = 0; i < 4; i++) {
        ml_cv *cv = ml_cross_validate(people_recipe(ML_LOGISTIC(.C = C[i])), f, "survived", folds,
                                      (ml_cv_opts){.scores = "log_loss"});
        assert_non_null(cv);
        assert_true(numbers(s->results, "log_loss")[i] == ml_cv_mean(cv, "log_loss"));
        assert_true(numbers(s->results, "log_loss_spread")[i] == ml_cv_spread(cv, "log_loss"));
        best = fmin(best, ml_cv_mean(cv, "log_loss"));
        ml_cv_free(cv);
    }
    assert_true(s->best_score == best);
    assert_true(numbers(s->results, "log_loss")[s->best_row] == best);
    assert_int_equal(ml_frame_column(s->results, "rank")->integer[s->best_row], 1);
    assert_true(s->best.learner.opts.logistic.C == C[s->best_row]);
    ml_search_free(s);

    const ml_search_opts by_accuracy = {.choice = opts.choice, .choices = 1, .folds = cut};
    s = ml_search_fit(people_recipe(ML_LOGISTIC()), f, "survived", by_accuracy);
    assert_non_null(s);
    for (int64_t i = 0; i < 4; i++)
        assert_true(numbers(s->results, "accuracy")[i] <= s->best_score);
    ml_search_free(s);
    ml_folds_free(folds);
    ml_frame_free(f);
}

/* Equal candidates: the first is the best, and all have its rank. */
static void ties_go_to_the_first(void **state)
{
    (void)state;
    ml_frame *f = survivors();
    const ml_search_opts opts = {.choice = ML_CHOICES(ML_VALUES("one_hot.unseen", ML_UNSEEN_IGNORE, ML_UNSEEN_OTHER, ML_UNSEEN_IGNORE)),
                                 .folds = {.k = 3}};
    ml_search *s = ml_search_fit(people_recipe(ML_DUMMY()), f, "survived", opts);
    assert_non_null(s);
    assert_int_equal(s->best_row, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ml_frame_column(s->results, "rank")->integer[i], 1);
    ml_search_free(s);
    ml_frame_free(f);
}

static void draws_are_within_their_ranges(void **state)
{
    (void)state;
    enum { DRAWS = 2000 };
    static const char *const options[] = {"C", "impute.constant", "one_hot.min_count", "one_hot.max_categories", "1.how"};
    const ml_search_opts opts = {.choice = ML_CHOICES(ML_LOG_BETWEEN("C", 1e-3, 1e3), ML_BETWEEN("impute.constant", -2, 6),
                                                      ML_WHOLE_BETWEEN("one_hot.min_count", 1.5, 4),
                                                      ((ml_choice){.option = options[3], .low = 1, .high = 64, .whole = true, .log = true}),
                                                      ML_VALUES("1.how", 0, 2)),
                                 .draws = DRAWS, .seed = 3};
    const ml_recipe recipe = people_recipe(ML_LOGISTIC());
    mli_candidates c;
    assert_int_equal(mli_candidates_make(&c, &recipe, &opts), ML_OK);
    double mean[5] = {0};
    int64_t count[5] = {0};
    for (int64_t i = 0; i < DRAWS; i++) {
        const double *v = c.value + 5 * i;
        assert_true(v[0] >= 1e-3 && v[0] <= 1e3);
        assert_true(v[1] >= -2 && v[1] <= 6);
        assert_true(v[2] == 2 || v[2] == 3 || v[2] == 4);
        assert_true(v[3] >= 1 && v[3] <= 64 && v[3] == floor(v[3]));
        assert_true(v[4] == 0 || v[4] == 2);
        mean[0] += log10(v[0]) / DRAWS, mean[1] += v[1] / DRAWS, mean[3] += log2(v[3]) / DRAWS, mean[4] += v[4] / DRAWS;
        count[(int)v[2]]++;
    }
    assert_float_equal(mean[0], 0, 0.15); /* deviation 6 / sqrt(12 * 2000) = 0.04 */
    assert_float_equal(mean[1], 2, 0.2);
    assert_float_equal(mean[3], 3, 0.2);
    assert_float_equal(mean[4], 1, 0.1);
    for (int i = 2; i <= 4; i++)
        assert_true(count[i] > 560 && count[i] < 780); /* 667, deviation 21 */
    mli_candidates more;
    ml_search_opts twice = opts;
    twice.draws = 2 * DRAWS; /* the first ones stay */
    assert_int_equal(mli_candidates_make(&more, &recipe, &twice), ML_OK);
    assert_memory_equal(c.value, more.value, 5 * DRAWS * sizeof(double));
    mli_candidates_free(&more);
    mli_candidates_free(&c);
}

static void drawn_searches_have_one_answer(void **state)
{
    (void)state;
    ml_frame *f = survivors();
    const ml_search_opts opts = {.choice = ML_CHOICES(ML_LOG_BETWEEN("C", 1e-3, 1e3)), .draws = 7, .seed = 3, .folds = {.k = 3},
                                 .scores = "log_loss"};
    ml_search *s[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ml_set_threads(1 + 2 * i), ML_OK);
        s[i] = ml_search_fit(people_recipe(ML_LOGISTIC()), f, "survived", opts);
        assert_non_null(s[i]);
    }
    assert_int_equal(s[0]->results->rows, 7);
    assert_memory_equal(numbers(s[0]->results, "C"), numbers(s[1]->results, "C"), 7 * sizeof(double));
    assert_memory_equal(numbers(s[0]->results, "log_loss"), numbers(s[1]->results, "log_loss"), 7 * sizeof(double));
    ml_search_free(s[0]);
    ml_search_free(s[1]);
    ml_frame_free(f);
}

/* ---- what is refused ---- */

static void assert_refused(ml_search_opts opts, const char *sentence)
{
    ml_frame *f = survivors();
    assert_null(ml_search_fit(people_recipe(ML_LOGISTIC()), f, "survived", opts));
    if (!strstr(ml_error(), sentence))
        fail_msg("%s\n  does not say: %s", ml_error(), sentence);
    ml_frame_free(f);
}

static void what_cannot_be_searched(void **state)
{
    (void)state;
    static double many[2000];
    const ml_choice lists[] = {{.option = "C", .v = many, .n = 2000}, {.option = "impute.constant", .v = many, .n = 2000}};
    const ml_choice empty = {.option = "C", .v = many, .n = 0}, nameless = {.v = many, .n = 1}, negative = {.option = "C", .n = -1};
    for (int i = 0; i < 2000; i++)
        many[i] = 1 + i;
    assert_refused((ml_search_opts){0}, "search: 0 choices, not 1 .. 32");
    assert_refused((ml_search_opts){.choice = lists, .choices = -5}, "search: -5 choices");
    assert_refused((ml_search_opts){.choice = &empty, .choices = 1}, "search: C: a list of 0 values");
    assert_refused((ml_search_opts){.choice = &negative, .choices = 1, .draws = 3}, "search: C: a list of -1 values");
    assert_refused((ml_search_opts){.choice = &nameless, .choices = 1}, "search: choice 0 names no option");
    assert_refused((ml_search_opts){.choice = lists, .choices = 2}, "search: the grid has more than 100000 candidates");
    assert_refused((ml_search_opts){.choice = lists, .choices = 2, .draws = -1}, "search: draws is -1");
    assert_refused((ml_search_opts){.choice = lists, .choices = 2, .draws = INT64_MAX}, "search: draws is 9223372036854775807");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_VALUES("C", 1), ML_VALUES("C", 2))}, "search: C is there twice");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_BETWEEN("C", 1, 2))}, "search: C: a range has no end of values");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_BETWEEN("C", 2, 1)), .draws = 2}, "search: C: 2 .. 1 is no range");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_BETWEEN("C", 1, (double)NAN)), .draws = 2}, "search: C: 1 .. nan is no range");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_LOG_BETWEEN("C", 0, 1)), .draws = 2}, "search: C: 0 .. 1 has no logarithm");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_WHOLE_BETWEEN("C", 0.2, 0.8)), .draws = 2}, "has no whole number");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_VALUES("c", 1))}, "search: logistic: there is no option 'c'");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_VALUES("scale.how", 1, 7))}, "search: scale: how is 7");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_VALUES("C", 1)), .folds = {.k = 200}}, "search: folds: 120 rows are too few");
    assert_refused((ml_search_opts){.choice = ML_CHOICES(ML_VALUES("C", 1)), .scores = "rmse"}, "search: 'rmse' is no score of classes");
    assert_null(ml_search_fit(people_recipe(ML_LOGISTIC()), NULL, "survived", (ml_search_opts){0}));
    ml_search_free(NULL);
}

/* An option that shows only in the fit: the sentence has candidate and fold. */
static void an_error_names_the_candidate(void **state)
{
    (void)state;
    ml_frame *f = survivors();
    const ml_search_opts opts = {.choice = ML_CHOICES(ML_VALUES("one_hot.min_count", 1), ML_VALUES("one_hot.unseen", 1)),
                                 .folds = {.k = 3}};
    ml_recipe recipe = ML_RECIPE(ML_LOGISTIC(), ML_ONE_HOT("sex")); /* the name is left, a text */
    assert_null(ml_search_fit(recipe, f, "survived", opts));
    assert_non_null(strstr(ml_error(), "search: one_hot.min_count=1, one_hot.unseen=1: fold 0: in its training rows: pipeline: behind "
                                       "the steps column 'name'"));
    assert_int_equal(ml_frame_set_role(f, ML_ROLE_TEST), ML_OK);
    assert_null(ml_search_fit(recipe, f, "survived", opts));
    assert_non_null(strstr(ml_error(), "search: this is a TEST frame"));
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_is_every_combination),   cmocka_unit_test(the_same_as_cross_validation),
        cmocka_unit_test(ties_go_to_the_first),          cmocka_unit_test(draws_are_within_their_ranges),
        cmocka_unit_test(drawn_searches_have_one_answer), cmocka_unit_test(what_cannot_be_searched),
        cmocka_unit_test(an_error_names_the_candidate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
