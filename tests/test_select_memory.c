/* Memory that fails: each request of each task in turn is refused. The task ends in an error, and gives every block back. */
#include "support/check.h"
#include "support/tmp.h"

#include <mlcore/memory.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- an allocator that counts, and refuses: on one thread ---- */

static int64_t asked, refuse; /* refuse: the request that gets nothing, from 1; 0: none */

static void *take(void *user, size_t bytes)
{
    (void)user;
    return ++asked == refuse ? NULL : malloc(bytes);
}

static void give(void *user, void *block)
{
    (void)user;
    free(block);
}

/* ---- tasks ---- */

enum { ROWS = 12 };

static ml_frame *rows(void)
{
    static const char *const words[] = {"a", "b"}, *const texts[] = {"p", "q", "r", "s"};
    double x[ROWS];
    int32_t c[ROWS];
    int64_t y[ROWS];
    const char *t[ROWS];
    for (int i = 0; i < ROWS; i++) {
        x[i] = i == 3 ? (double)NAN : i;
        c[i] = i == 5 ? -1 : i / 2 % 2;
        t[i] = texts[i / 3];
        y[i] = i % 2;
    }
    ml_frame *f = ml_frame_new();
    if (f && !ml_frame_put_numbers(f, "x", x, ROWS) && !ml_frame_put_categories(f, "c", (ml_ints){c, ROWS}, words, 2) &&
        !ml_frame_put_texts(f, "t", t, ROWS) && !ml_frame_put_integers(f, "y", y, ROWS))
        return f;
    ml_frame_free(f);
    return NULL;
}

static ml_recipe recipe(void)
{
    return ML_RECIPE(ML_TREE(.max_depth = 2), ML_DROP("t"), ML_IMPUTE("x"), ML_ONE_HOT("c", .unseen = ML_UNSEEN_IGNORE));
}

static bool pipelines(const ml_frame *f)
{
    double value;
    ml_pipeline *p = ml_pipeline_fit(recipe(), f, "y"), *back = NULL;
    ml_frame *predicted = p ? ml_pipeline_predict(p, f) : NULL, *importances = predicted ? ml_pipeline_importances(p) : NULL;
    bool well = importances && !ml_pipeline_score(p, f, "f1", &value) && !ml_pipeline_note(p, "f1", value) &&
                !ml_pipeline_save(p, tmp_path("p")) && (back = ml_pipeline_load(tmp_path("p")));
    ml_frame_free(importances);
    ml_frame_free(predicted);
    ml_pipeline_free(back);
    ml_pipeline_free(p);
    return well;
}

static bool folds(const ml_frame *f)
{
    ml_folds *made[] = {ml_folds_of(f, (ml_fold_opts){.k = 2, .shuffle = true}),
                        ml_folds_of(f, (ml_fold_opts){.k = 2, .shuffle = true, .stratify = "y"}),
                        ml_folds_of(f, (ml_fold_opts){.k = 2, .shuffle = true, .group = "t"}),
                        ml_folds_of(f, (ml_fold_opts){.k = 2, .stratify = "y", .group = "t"}),
                        ml_folds_time(ROWS, 2, 0)};
    bool well = true;
    for (int i = 0; i < 5; i++) {
        well = well && made[i];
        ml_folds_free(made[i]);
    }
    return well;
}

static const double depths[] = {1, 2};
static const ml_choice choice = {.option = "max_depth", .v = depths, .n = 2};

static bool validation(const ml_frame *f)
{
    const ml_search_opts search = {.choice = &choice, .choices = 1, .folds = {.k = 2}};
    ml_folds *cut = ml_folds_k(ROWS, (ml_fold_opts){.k = 2});
    ml_cv *cv = cut ? ml_cross_validate(recipe(), f, "y", cut, (ml_cv_opts){.train_scores = true, .search = &search}) : NULL;
    ml_frame *table = cv ? ml_cv_frame(cv) : NULL;
    bool well = table != NULL;
    ml_frame_free(table);
    ml_cv_free(cv);
    ml_folds_free(cut);
    return well;
}

static bool curves(const ml_frame *f)
{
    static const double share[] = {0.5, 1};
    ml_folds *cut = ml_folds_k(ROWS, (ml_fold_opts){.k = 2});
    ml_frame *learning = cut ? ml_learning_curve(recipe(), f, "y", cut, (ml_curve_opts){.share = share, .shares = 2}) : NULL;
    ml_frame *by_depth = learning ? ml_validation_curve(recipe(), f, "y", cut, choice, "accuracy") : NULL;
    bool well = by_depth != NULL;
    ml_frame_free(learning);
    ml_frame_free(by_depth);
    ml_folds_free(cut);
    return well;
}

static bool importance(const ml_frame *f)
{
    ml_pipeline *p = ml_pipeline_fit(recipe(), f, "y");
    ml_frame *table = p ? ml_permutation_importance(p, f, (ml_permutation_opts){.repeats = 2}) : NULL;
    bool well = table != NULL;
    ml_frame_free(table);
    ml_pipeline_free(p);
    return well;
}

/* ---- each request ---- */

static void refuse_each(bool (*task)(const ml_frame *))
{
    assert_int_equal(ml_set_threads(1), ML_OK);
    ml_frame *f = rows();
    assert_non_null(f);
    const int64_t before = ml_memory_blocks();
    asked = refuse = 0;
    if (!task(f))
        fail_msg("%s", ml_error());
    assert_int_equal(ml_memory_blocks(), before);
    const int64_t all = asked;
    for (int64_t i = 1; i <= all; i++) {
        asked = 0;
        refuse = i;
        ml_error_clear();
        if (task(f))
            fail_msg("request %lld of %lld was refused, and nobody said so", (long long)i, (long long)all);
        if (!*ml_error() || ml_memory_blocks() != before)
            fail_msg("request %lld of %lld: %lld blocks are left: %s", (long long)i, (long long)all,
                     (long long)(ml_memory_blocks() - before), ml_error());
    }
    refuse = 0;
    ml_frame_free(f);
}

#define REFUSED(task)              \
    static void task##_refused(void **state) \
    {                              \
        (void)state;               \
        refuse_each(task);         \
    }
REFUSED(pipelines)
REFUSED(folds)
REFUSED(validation)
REFUSED(curves)
REFUSED(importance)

static int begin(void **state)
{
    return tmp_setup(state) || ml_set_allocator((ml_allocator){take, give, NULL});
}

static int end(void **state)
{
    return ml_set_allocator((ml_allocator){0}) || tmp_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelines_refused), cmocka_unit_test(folds_refused),      cmocka_unit_test(validation_refused),
        cmocka_unit_test(curves_refused),    cmocka_unit_test(importance_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
