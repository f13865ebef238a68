/* Curves against scikit-learn (make_select.py), and permutation importance by what it must be. */
#include "support/check.h"
#include "support/people.h"

#include <math.h>
#include <string.h>

enum { ROWS = 150, POINTS = 5 };

/* Columns a, b, c, d and y of select_data.npy. */
static ml_frame *golden_frame(void)
{
    static const char *const names[] = {"a", "b", "c", "d", NULL, "y"};
    golden g = golden_read("select_data");
    ml_frame *f = ml_frame_new();
    double v[ROWS];
    for (int j = 0; j < 6; j++) {
        for (int i = 0; i < ROWS; i++)
            v[i] = g.v[6 * i + j];
        if (names[j])
            assert_int_equal(ml_frame_put_numbers(f, names[j], v, ROWS), ML_OK);
    }
    golden_free(&g);
    return f;
}

/* A column of the frame is a column of the golden table. */
static void assert_column(const ml_frame *f, const char *name, const golden *g, int j)
{
    const ml_column *c = ml_frame_column(f, name);
    assert_non_null(c);
    for (int i = 0; i < POINTS; i++)
        if (!(fabs(c->number[i] - g->v[6 * i + j]) <= 1e-6))
            fail_msg("%s[%d] is %.12g, expected %.12g", name, i, c->number[i], g->v[6 * i + j]);
}

static void curves_equal_scikit_learn(void **state)
{
    (void)state;
    golden g = golden_read("select_curve");
    ml_frame *f = golden_frame();
    ml_folds *folds = ml_folds_k(ROWS, (ml_fold_opts){0});
    ml_recipe recipe = ML_RECIPE(ML_LINEAR(), ML_SCALE("*number"));
    ml_frame *curve = ml_learning_curve(recipe, f, "y", folds, (ml_curve_opts){.in_order = true});
    if (!curve)
        fail_msg("%s", ml_error());
    assert_column(curve, "rows", &g, 0);
    assert_column(curve, "train", &g, 1);
    assert_column(curve, "held", &g, 2);
    assert_column(curve, "train_spread", &g, 3);
    assert_column(curve, "held_spread", &g, 4);
    ml_frame_free(curve);
    curve = ml_validation_curve(recipe, f, "y", folds, ML_VALUES("alpha", 0.01, 0.1, 1, 10, 100), NULL);
    assert_non_null(curve);
    assert_string_equal(curve->column[0].name, "alpha");
    assert_column(curve, "held", &g, 5);
    ml_frame_free(curve);
    ml_folds_free(folds);
    ml_frame_free(f);
    golden_free(&g);
}

static void shuffled_curves(void **state)
{
    (void)state;
    ml_frame *f = golden_frame(), *curve[3];
    ml_folds *folds = ml_folds_k(ROWS, (ml_fold_opts){0});
    static const double share[] = {0.25, 1};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ml_set_threads(1 + i), ML_OK);
        curve[i] = ml_learning_curve(ML_RECIPE(ML_LINEAR()), f, "y", folds,
                                     (ml_curve_opts){.score = "rmse", .share = share, .shares = 2, .seed = i == 2});
        assert_non_null(curve[i]);
        assert_true(ml_frame_column(curve[i], "rows")->number[0] == 30);
    }
    const double *held[] = {ml_frame_column(curve[0], "held")->number, ml_frame_column(curve[1], "held")->number,
                            ml_frame_column(curve[2], "held")->number};
    assert_memory_equal(held[0], held[1], 2 * sizeof(double));
    assert_true(held[0][0] != held[2][0]);
    assert_float_equal(held[0][1], held[2][1], 1e-9); /* all rows, in another order */
    for (int i = 0; i < 3; i++)
        ml_frame_free(curve[i]);
    ml_folds_free(folds);
    ml_frame_free(f);
}

static void assert_no_curve(ml_frame *curve, const char *sentence)
{
    assert_null(curve);
    if (!strstr(ml_error(), sentence))
        fail_msg("%s\n  does not say: %s", ml_error(), sentence);
}

static void what_has_no_curve(void **state)
{
    (void)state;
    ml_frame *f = golden_frame();
    ml_folds *folds = ml_folds_k(ROWS, (ml_fold_opts){0});
    const ml_recipe r = ML_RECIPE(ML_LINEAR());
    const double wrong[][2] = {{0, 1}, {0.5, 1.5}, {0.5, 0.5}, {(double)NAN, 1}};
    for (int i = 0; i < 4; i++)
        assert_no_curve(ml_learning_curve(r, f, "y", folds, (ml_curve_opts){.share = wrong[i], .shares = 2}),
                        "they must be in (0, 1], and ascend");
    assert_no_curve(ml_learning_curve(r, f, "y", folds, (ml_curve_opts){.share = wrong[0], .shares = -1}), "learning curve: -1 shares");
    assert_no_curve(ml_learning_curve(r, f, "y", NULL, (ml_curve_opts){0}), "learning curve: the folds are NULL");
    assert_no_curve(ml_learning_curve(r, f, "z", folds, (ml_curve_opts){0}), "there is no column 'z'");
    assert_no_curve(ml_learning_curve(r, f, "y", folds, (ml_curve_opts){.score = "r2,mae"}), "2 scores, not 1 .. 1");
    assert_no_curve(ml_validation_curve(r, f, "y", folds, (ml_choice){0}, NULL), "it wants an option and a list of values");
    assert_no_curve(ml_validation_curve(r, f, "y", folds, ML_VALUES("beta", 1), NULL),
                    "validation curve: beta=1: fold 0: linear: there is no option");
    assert_no_curve(ml_validation_curve(r, f, "y", folds, ML_VALUES("alpha", -1), NULL), "alpha");
    ml_folds_free(folds);
    ml_frame_free(f);
}

/* ---- permutation importance ---- */

static ml_pipeline *payers(void)
{
    ml_frame *f = without(people(200, 1), "survived,port");
    ml_pipeline *p = ml_pipeline_fit(people_recipe(ML_LINEAR()), f, "pay");
    assert_non_null(p);
    ml_frame_free(f);
    return p;
}

static void what_pay_goes_by(void **state)
{
    (void)state;
    ml_pipeline *p = payers();
    ml_frame *held = without(people(200, 9), "survived,port"), *by_r2, *by_rmse;
    by_r2 = ml_permutation_importance(p, held, (ml_permutation_opts){.repeats = 20});
    by_rmse = ml_permutation_importance(p, held, (ml_permutation_opts){.repeats = 20, .score = "rmse"});
    assert_non_null(by_r2);
    assert_non_null(by_rmse);
    assert_int_equal(by_r2->rows, 3); /* inputs, not what the steps made of them */
    static const char *const inputs[] = {"age", "rooms", "sex"};
    for (int j = 0; j < 3; j++)
        assert_string_equal(ml_column_text(&by_r2->column[0], j), inputs[j]);
    for (int i = 0; i < 2; i++) { /* worse is positive, of scores and of losses */
        const double *importance = ml_frame_column(i ? by_rmse : by_r2, "importance")->number;
        assert_true(importance[0] > importance[1] && importance[1] > 10 * fabs(importance[2]));
    }
    assert_true(ml_frame_column(by_r2, "spread")->number[0] > 0);
    ml_frame_free(by_r2);
    ml_frame_free(by_rmse);
    ml_frame_free(held);
    ml_pipeline_free(p);
}

/* Of a linear model y = b x the mean over all orders is known: mean squared error rises by 2 b^2 var(x) n / n. */
static void what_it_is_in_the_mean(void **state)
{
    (void)state;
    enum { N = 400 };
    double x[N], y[N], expected = 0;
    ml_rng rng = ml_rng_seed(4);
    for (int i = 0; i < N; i++) {
        x[i] = ml_rng_normal(&rng);
        y[i] = 3 * x[i];
    }
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "x", x, N), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "y", y, N), ML_OK);
    ml_pipeline *p = ml_pipeline_fit(ML_RECIPE(ML_LINEAR()), f, "y");
    assert_non_null(p);
    ml_frame *importance = ml_permutation_importance(p, f, (ml_permutation_opts){.repeats = 200});
    assert_non_null(importance);
    expected = 2; /* r2 falls from 1 to 1 - 2 var / var = -1 */
    assert_float_equal(importance->column[1].number[0], expected, 0.02); /* deviation of one 0.1, of the mean 0.007 */
    ml_frame_free(importance);
    ml_pipeline_free(p);
    ml_frame_free(f);
}

static void the_seed_decides_on_any_threads(void **state)
{
    (void)state;
    ml_pipeline *p = payers();
    ml_frame *held = without(people(200, 9), "survived,port"), *f[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ml_set_threads(1 + i), ML_OK);
        f[i] = ml_permutation_importance(p, held, (ml_permutation_opts){.seed = i == 2});
        assert_non_null(f[i]);
    }
    assert_memory_equal(f[0]->column[1].number, f[1]->column[1].number, 3 * sizeof(double));
    assert_memory_not_equal(f[0]->column[1].number, f[2]->column[1].number, 3 * sizeof(double));
    for (int i = 0; i < 3; i++)
        ml_frame_free(f[i]);
    ml_frame_free(held);
    ml_pipeline_free(p);
}

static void what_has_no_importance(void **state)
{
    (void)state;
    ml_pipeline *p = payers();
    ml_frame *held = without(people(50, 9), "survived,port"), *blind = ml_frame_without(held, "pay");
    assert_no_curve(ml_permutation_importance(p, held, (ml_permutation_opts){.repeats = -1}), "repeats is -1");
    assert_no_curve(ml_permutation_importance(p, held, (ml_permutation_opts){.repeats = INT64_MAX}), "too many");
    assert_no_curve(ml_permutation_importance(p, held, (ml_permutation_opts){.score = "f1"}), "'f1' is no score of numbers");
    assert_no_curve(ml_permutation_importance(p, blind, (ml_permutation_opts){0}), "permutation importance: target");
    assert_no_curve(ml_permutation_importance(NULL, held, (ml_permutation_opts){0}), "pipeline or frame is NULL");
    assert_no_curve(ml_permutation_importance(p, NULL, (ml_permutation_opts){0}), "pipeline or frame is NULL");
    ml_frame_free(blind);
    ml_frame_free(held);
    ml_pipeline_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_equal_scikit_learn),       cmocka_unit_test(shuffled_curves),
        cmocka_unit_test(what_has_no_curve),               cmocka_unit_test(what_pay_goes_by),
        cmocka_unit_test(what_it_is_in_the_mean),          cmocka_unit_test(the_seed_decides_on_any_threads),
        cmocka_unit_test(what_has_no_importance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
