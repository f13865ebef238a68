/* Cross-validation of whole pipelines: scikit-learn's scores on the same folds (make_select.py), and what must hold of any. */
#include "support/check.h"
#include "support/people.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 150, FOLDS = 5 };

/* The frame of select_data.npy: a, b, c, d, two (kind > 0), kind, y. */
static ml_frame *golden_frame(void)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    golden g = golden_read("select_data");
    ml_frame *f = ml_frame_new();
    double v[ROWS];
    int64_t kind[ROWS], two[ROWS];
    assert_int_equal(g.shape[0], ROWS);
    for (int j = 0; j < 6; j++) {
        for (int i = 0; i < ROWS; i++)
            v[i] = g.v[6 * i + j];
        if (j < 4)
            assert_int_equal(ml_frame_put_numbers(f, names[j], v, ROWS), ML_OK);
        for (int i = 0; i < ROWS && j == 4; i++) {
            kind[i] = (int64_t)v[i];
            two[i] = kind[i] > 0;
        }
    }
    assert_int_equal(ml_frame_put_integers(f, "kind", kind, ROWS), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "two", two, ROWS), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "y", v, ROWS), ML_OK);
    golden_free(&g);
    return f;
}

static ml_cv *validated(ml_frame *f, ml_learner learner, const char *target, ml_fold_opts folds_opts, ml_cv_opts opts)
{
    ml_folds *folds = ml_folds_of(f, folds_opts);
    assert_non_null(folds);
    ml_cv *cv = ml_cross_validate(ML_RECIPE(learner, ML_SCALE("*number")), f, target, folds, opts);
    if (!cv)
        fail_msg("%s", ml_error());
    ml_folds_free(folds);
    return cv;
}

/* Score i of the golden rows from `first` on, fold by fold. */
static void assert_scores(const ml_cv *cv, const golden *g, int first)
{
    for (int i = 0; i < cv->scores; i++)
        for (int j = 0; j < FOLDS; j++)
            if (!(fabs(cv->held[j * cv->scores + i] - g->v[(first + i) * FOLDS + j]) <= 1e-6))
                fail_msg("%s of fold %d: %.12g, expected %.12g", cv->score[i], j, cv->held[j * cv->scores + i],
                         g->v[(first + i) * FOLDS + j]);
}

static void equal_scikit_learn(void **state)
{
    (void)state;
    golden g = golden_read("select_scores"), many = golden_read("select_many");
    ml_frame *f = without(golden_frame(), "kind,y");
    ml_cv *cv = validated(f, ML_LOGISTIC(.C = 0.5, .tol = 1e-12, .max_iter = 1000), "two", (ml_fold_opts){.stratify = "two"},
                          (ml_cv_opts){.scores = "accuracy,balanced_accuracy,f1,log_loss,roc_auc"});
    assert_scores(cv, &g, 0);
    ml_cv_free(cv);
    ml_frame_free(f);

    f = without(golden_frame(), "two,y");
    cv = validated(f, ML_LOGISTIC(.C = 0.5, .tol = 1e-12, .max_iter = 1000), "kind", (ml_fold_opts){.stratify = "kind"},
                   (ml_cv_opts){.scores = "accuracy,balanced_accuracy,f1_macro,log_loss,roc_auc"});
    assert_scores(cv, &many, 0);
    ml_cv_free(cv);
    ml_frame_free(f);

    f = without(golden_frame(), "two,kind");
    cv = validated(f, ML_LINEAR(.alpha = 3.0 / 120), "y", (ml_fold_opts){0}, (ml_cv_opts){.scores = "r2,rmse,mae"});
    assert_scores(cv, &g, 5);
    ml_cv_free(cv);
    ml_frame_free(f);
    golden_free(&g), golden_free(&many);
}

/* What the struct says is what the pipelines say, one after another. */
static void the_same_as_by_hand(void **state)
{
    (void)state;
    ml_frame *f = without(people(ROWS, 1), "port,pay");
    const ml_recipe recipe = people_recipe(ML_LOGISTIC());
    ml_folds *folds = ml_folds_of(f, (ml_fold_opts){.stratify = "survived", .shuffle = true, .seed = 4});
    ml_cv *cv = ml_cross_validate(recipe, f, "survived", folds, (ml_cv_opts){.scores = "accuracy,log_loss", .train_scores = true});
    assert_non_null(cv);
    double mean = 0;
    for (int j = 0; j < FOLDS; j++) {
        ml_frame *train = ml_frame_take(f, folds->fold[j].train, folds->fold[j].n_train);
        ml_frame *held = ml_frame_take(f, folds->fold[j].held, folds->fold[j].n_held);
        ml_pipeline *p = ml_pipeline_fit(recipe, train, "survived");
        double value, prob[2 * ROWS];
        int32_t label[ROWS];
        assert_int_equal(ml_pipeline_score(p, held, "log_loss", &value), ML_OK);
        assert_true(value == cv->held[2 * j + 1]);
        assert_int_equal(ml_pipeline_score(p, train, "accuracy", &value), ML_OK);
        assert_true(value == cv->train[2 * j]);
        assert_int_equal(ml_pipeline_labels(p, held, label), ML_OK);
        assert_int_equal(ml_pipeline_probabilities(p, held, prob), ML_OK);
        for (int64_t i = 0; i < held->rows; i++) {
            const int64_t row = folds->fold[j].held[i];
            assert_int_equal(cv->label[row], label[i]);
            assert_true(cv->p[2 * row] == prob[2 * i] && cv->p[2 * row + 1] == prob[2 * i + 1]);
            assert_int_equal(cv->truth[row], ml_frame_column(f, "survived")->integer[row]);
        }
        mean += cv->held[2 * j] / FOLDS;
        assert_true(cv->fit_seconds[j] >= 0 && cv->predict_seconds[j] >= 0);
        ml_pipeline_free(p);
        ml_frame_free(train);
        ml_frame_free(held);
    }
    assert_float_equal(ml_cv_mean(cv, "accuracy"), mean, 1e-15);
    assert_true(ml_cv_spread(cv, "accuracy") > 0);
    assert_true(isnan(ml_cv_mean(cv, "r2")) && isnan(ml_cv_spread(NULL, "r2")));
    assert_true(ml_score_is_loss("log_loss") && !ml_score_is_loss("accuracy") && !ml_score_is_loss(NULL));

    ml_frame *table = ml_cv_frame(cv);
    static const char *const columns[] = {"fold", "accuracy", "log_loss", "train_accuracy", "train_log_loss", "fit_seconds",
                                          "predict_seconds"};
    assert_int_equal(table->columns, 7);
    for (int j = 0; j < 7; j++)
        assert_string_equal(table->column[j].name, columns[j]);
    assert_true(table->column[2].number[3] == cv->held[7]);
    ml_frame_free(table);
    ml_cv_free(cv);
    ml_folds_free(folds);
    ml_frame_free(f);
}

static void rows_that_are_never_held(void **state)
{
    (void)state;
    ml_frame *f = without(people(ROWS, 1), "port,survived");
    ml_folds *folds = ml_folds_time(ROWS, 4, 0);
    ml_cv *cv = ml_cross_validate(people_recipe(ML_LINEAR()), f, "pay", folds, (ml_cv_opts){0});
    assert_non_null(cv);
    assert_string_equal(cv->score[0], "r2");
    assert_null(cv->label);
    assert_null(cv->p);
    for (int64_t i = 0; i < ROWS; i++)
        assert_int_equal(isnan(cv->value[i]) != 0, i < folds->fold[0].held[0]);
    ml_cv_free(cv);
    ml_folds_free(folds);
    ml_frame_free(f);
}

/* A class that a fold's training rows lack keeps its place: classes are those of the whole frame. */
static void a_class_of_one_row(void **state)
{
    (void)state;
    enum { N = 20 };
    static const char *const texts[] = {"a", "b", "once"};
    double x[N];
    int32_t code[N];
    for (int i = 0; i < N; i++) {
        x[i] = i % 2 * 10 + i * 0.1;
        code[i] = i == 7 ? 2 : i % 2;
    }
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", x, N), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "y", (ml_ints){code, N}, texts, 3), ML_OK);
    ml_folds *folds = ml_folds_of(f, (ml_fold_opts){.k = 4, .stratify = "y"});
    ml_cv *cv = ml_cross_validate(ML_RECIPE(ML_LOGISTIC()), f, "y", folds, (ml_cv_opts){.scores = "accuracy,balanced_accuracy,f1"});
    assert_non_null(cv);
    assert_int_equal(cv->classes, 3);
    assert_string_equal(cv->class_name[2], "once");
    assert_int_equal(cv->truth[7], 2);
    assert_int_not_equal(cv->label[7], 2);
    assert_float_equal(ml_cv_mean(cv, "accuracy"), 0.95, 1e-12);
    ml_cv_free(cv);
    ml_cv_opts opts = {.scores = "roc_auc"}; /* which some folds have not */
    assert_null(ml_cross_validate(ML_RECIPE(ML_LOGISTIC()), f, "y", folds, opts));
    assert_non_null(strstr(ml_error(), "fold "));
    assert_non_null(strstr(ml_error(), "roc_auc: roc auc: none of the 5 samples is of class 2"));
    ml_folds_free(folds);
    ml_frame_free(f);
}

static void same_bits_on_any_threads(void **state)
{
    (void)state;
    ml_frame *f = without(people(ROWS, 1), "survived,pay");
    ml_folds *folds = ml_folds_of(f, (ml_fold_opts){.stratify = "port", .shuffle = true});
    const ml_search_opts search = {.choice = ML_CHOICES(ML_LOG_BETWEEN("C", 0.01, 10)), .draws = 3, .folds = {.k = 3}};
    ml_cv *cv[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ml_set_threads(1 << i), ML_OK);
        cv[i] = ml_cross_validate(people_recipe(ML_LOGISTIC()), f, "port", folds, (ml_cv_opts){.scores = "log_loss", .search = &search});
        assert_non_null(cv[i]);
        assert_memory_equal(cv[i]->p, cv[0]->p, 3 * ROWS * sizeof(double));
        assert_memory_equal(cv[i]->held, cv[0]->held, FOLDS * sizeof(double));
    }
    for (int i = 0; i < 3; i++)
        ml_cv_free(cv[i]);
    ml_folds_free(folds);
    ml_frame_free(f);
}

/* A fold's search is that of its training rows, by hand. */
static void a_search_inside_the_folds(void **state)
{
    (void)state;
    ml_frame *f = without(people(ROWS, 1), "port,pay");
    ml_folds *folds = ml_folds_of(f, (ml_fold_opts){.stratify = "survived", .shuffle = true, .seed = 4});
    const ml_search_opts search = {.choice = ML_CHOICES(ML_VALUES("C", 0.01, 1, 100),
                                                        ML_VALUES("1.how", ML_IMPUTE_MEAN, ML_IMPUTE_MEDIAN)),
                                   .folds = {.k = 3, .stratify = "survived"}, .scores = "log_loss"};
    ml_cv *cv = ml_cross_validate(people_recipe(ML_LOGISTIC()), f, "survived", folds, (ml_cv_opts){.search = &search});
    assert_non_null(cv);
    for (int j = 0; j < FOLDS; j++) {
        ml_frame *train = ml_frame_take(f, folds->fold[j].train, folds->fold[j].n_train);
        ml_search *s = ml_search_fit(people_recipe(ML_LOGISTIC()), train, "survived", search);
        assert_non_null(s);
        assert_true(cv->chosen[j].learner.opts.logistic.C == s->best.learner.opts.logistic.C);
        assert_int_equal(cv->chosen[j].step[1].opts.impute.how, s->best.step[1].opts.impute.how);
        ml_search_free(s);
        ml_frame_free(train);
    }
    ml_cv_free(cv);
    ml_folds_free(folds);
    ml_frame_free(f);
}

/* ---- what is refused ---- */

static void assert_refused(const ml_frame *f, const char *target, const ml_folds *folds, ml_cv_opts opts, const char *sentence)
{
    assert_null(ml_cross_validate(people_recipe(ML_LOGISTIC()), f, target, folds, opts));
    if (!strstr(ml_error(), sentence))
        fail_msg("%s\n  does not say: %s", ml_error(), sentence);
}

static void what_cannot_be_validated(void **state)
{
    (void)state;
    ml_frame *f = without(people(40, 1), "port,pay");
    ml_folds *folds = ml_folds_k(40, (ml_fold_opts){.k = 4}), *other = ml_folds_k(41, (ml_fold_opts){.k = 4});
    const ml_cv_opts none = {0};
    assert_refused(f, "survived", NULL, none, "cross-validation: the folds are NULL");
    assert_refused(f, "survived", other, none, "cross-validation: the folds are of 41 rows, but the frame has 40");
    assert_refused(NULL, "survived", folds, none, "cross-validation: the frame is NULL");
    assert_refused(f, "died", folds, none, "there is no column 'died'");
    assert_refused(f, "survived", folds, (ml_cv_opts){.scores = "accurracy"},
                   "cross-validation: 'accurracy' is no score of classes; there are: accuracy, balanced_accuracy, f1, f1_macro, "
                   "log_loss, roc_auc");
    assert_refused(f, "survived", folds, (ml_cv_opts){.scores = "rmse"}, "'rmse' is no score of classes");
    assert_refused(f, "survived", folds, (ml_cv_opts){.scores = ""}, "0 scores");
    assert_refused(f, "survived", folds, (ml_cv_opts){.scores = "f1,f1"}, "the score f1 is asked for twice");
    const ml_search_opts search = {.choice = ML_CHOICES(ML_VALUES("C", 1)), .folds = {.k = 50}};
    assert_refused(f, "survived", folds, (ml_cv_opts){.search = &search},
                   "cross-validation: fold 0: search: folds: 30 rows are too few for 50");
    assert_int_equal(ml_frame_set_role(f, ML_ROLE_TEST), ML_OK);
    assert_refused(f, "survived", folds, none, "cross-validation: this is a TEST frame");
    ml_folds_free(folds);
    ml_folds_free(other);
    ml_frame_free(f);
    ml_cv_free(NULL);
    assert_null(ml_cv_frame(NULL));
}

/* Rows of which one fold alone is bad: the sentence says which, and where a row that it names is counted. */
static void an_error_names_the_fold(void **state)
{
    (void)state;
    int32_t held_in[40];
    for (int i = 0; i < 40; i++)
        held_in[i] = i / 10 == 2 ? 0 : 1;
    ml_frame *f = without(people(40, 1), "port,pay,name,sex,age");
    double x[40] = {0};
    x[25] = (double)INFINITY;
    assert_int_equal(ml_frame_put_numbers(f, "x", x, 40), ML_OK);
    ml_folds *folds = ml_folds_k(40, (ml_fold_opts){.k = 4});
    for (int threads = 1; threads <= 4; threads *= 2) {
        assert_int_equal(ml_set_threads(threads), ML_OK);
        assert_null(ml_cross_validate(ML_RECIPE(ML_LOGISTIC()), f, "survived", folds, (ml_cv_opts){0}));
        assert_string_equal(ml_error(), "cross-validation: fold 0: in its training rows: logistic: feature 'x' of row 15 is infinite: "
                                        "the learner wants finite numbers");
    }
    ml_folds_free(folds);
    folds = ml_folds_given((ml_ints){held_in, 40});
    assert_null(ml_cross_validate(ML_RECIPE(ML_LOGISTIC()), f, "survived", folds, (ml_cv_opts){0}));
    assert_string_equal(ml_error(), "cross-validation: fold 0: in its held rows: logistic: feature 'x' of row 5 is infinite: "
                                    "the learner wants finite numbers");
    ml_folds_free(folds);
    ml_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_scikit_learn),         cmocka_unit_test(the_same_as_by_hand),
        cmocka_unit_test(rows_that_are_never_held),   cmocka_unit_test(a_class_of_one_row),
        cmocka_unit_test(same_bits_on_any_threads),   cmocka_unit_test(a_search_inside_the_folds),
        cmocka_unit_test(what_cannot_be_validated),   cmocka_unit_test(an_error_names_the_fold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
