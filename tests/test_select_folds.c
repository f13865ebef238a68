/* Folds: every row is held once, classes are spread, groups are not cut; without a shuffle scikit-learn's (make_select.py). */
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

enum { N = 190, COLUMNS = 7 };

/* The fold of each row, or -1. */
static void fold_of_rows(const ml_folds *folds, int32_t *fold)
{
    for (int64_t i = 0; i < folds->rows; i++)
        fold[i] = -1;
    for (int j = 0; j < folds->count; j++)
        for (int64_t i = 0; i < folds->fold[j].n_held; i++) {
            assert_int_equal(fold[folds->fold[j].held[i]], -1);
            fold[folds->fold[j].held[i]] = j;
        }
}

static void assert_ascending(const int64_t *v, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        assert_true(v[i] > v[i - 1]);
}

/* Every row is held once, and trained on in all other folds. */
static void assert_partition(const ml_folds *folds)
{
    int32_t fold[N];
    assert_true(folds->rows <= N);
    fold_of_rows(folds, fold);
    for (int64_t i = 0; i < folds->rows; i++)
        assert_true(fold[i] >= 0);
    for (int j = 0; j < folds->count; j++) {
        const ml_fold *f = &folds->fold[j];
        assert_int_equal(f->n_held + f->n_train, folds->rows);
        assert_ascending(f->held, f->n_held);
        assert_ascending(f->train, f->n_train);
        for (int64_t i = 0; i < f->n_train; i++)
            assert_int_not_equal(fold[f->train[i]], j);
    }
}

static void column(const golden *g, int j, int32_t *out)
{
    for (int64_t i = 0; i < N; i++)
        out[i] = (int32_t)g->v[i * COLUMNS + j];
}

static void assert_golden(ml_folds *folds, const golden *g, int j)
{
    int32_t fold[N];
    assert_non_null(folds);
    assert_partition(folds);
    fold_of_rows(folds, fold);
    for (int64_t i = 0; i < N; i++)
        assert_int_equal(fold[i], (int32_t)g->v[i * COLUMNS + j]);
    ml_folds_free(folds);
}

static void equal_scikit_learn(void **state)
{
    (void)state;
    golden g = golden_read("select_folds");
    int32_t label[N], group[N];
    assert_int_equal(g.shape[0], N);
    column(&g, 0, label);
    column(&g, 1, group);
    const ml_ints labels = {label, N}, groups = {group, N};
    assert_golden(ml_folds_k(N, (ml_fold_opts){0}), &g, 2);
    assert_golden(ml_folds_stratified(labels, (ml_fold_opts){0}), &g, 3);
    assert_golden(ml_folds_group(groups, (ml_fold_opts){.k = 4}), &g, 4);
    assert_golden(ml_folds_stratified_group(labels, groups, (ml_fold_opts){.k = 4}), &g, 5);
    assert_golden(ml_folds_stratified(labels, (ml_fold_opts){.k = 3}), &g, 6);
    golden_free(&g);
}

static void sizes_differ_by_one(void **state)
{
    (void)state;
    for (int64_t n = 2; n < 40; n++)
        for (int64_t k = 2; k <= n; k++) {
            ml_folds *folds = ml_folds_k(n, (ml_fold_opts){.k = k, .shuffle = true, .seed = (uint64_t)n});
            assert_non_null(folds);
            assert_partition(folds);
            for (int j = 0; j < folds->count; j++)
                assert_int_equal(folds->fold[j].n_held, n / k + (j < n % k));
            ml_folds_free(folds);
        }
}

/* Of each class every fold has its share, to within one row; and of all rows too. */
static void assert_spread(const ml_folds *folds, const int32_t *label, int32_t classes)
{
    for (int32_t c = 0; c < classes; c++) {
        int64_t least = INT64_MAX, most = 0;
        for (int j = 0; j < folds->count; j++) {
            int64_t n = 0;
            for (int64_t i = 0; i < folds->fold[j].n_held; i++)
                n += label[folds->fold[j].held[i]] == c;
            least = n < least ? n : least;
            most = n > most ? n : most;
        }
        assert_true(most - least <= 1);
    }
    for (int j = 1; j < folds->count; j++)
        assert_true(llabs((long long)(folds->fold[j].n_held - folds->fold[0].n_held)) <= 1);
}

static void classes_are_spread(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int trial = 0; trial < 200; trial++) {
        int32_t label[N], classes = 1 + (int32_t)ml_rng_below(&rng, 6);
        const int64_t n = 40 + ml_rng_below(&rng, N - 40), k = 2 + ml_rng_below(&rng, 6);
        for (int64_t i = 0; i < n; i++)
            label[i] = (int32_t)(ml_rng_below(&rng, classes) * ml_rng_below(&rng, 2));
        ml_folds *folds = ml_folds_stratified((ml_ints){label, n}, (ml_fold_opts){.k = k, .shuffle = trial % 2, .seed = 3});
        assert_non_null(folds);
        assert_partition(folds);
        assert_spread(folds, label, classes);
        ml_folds_free(folds);
    }
}

static void assert_whole_groups(const ml_folds *folds, const int32_t *group)
{
    int32_t fold[N], of_group[N];
    fold_of_rows(folds, fold);
    memset(of_group, -1, sizeof of_group);
    for (int64_t i = 0; i < folds->rows; i++) {
        assert_true(of_group[group[i]] < 0 || of_group[group[i]] == fold[i]);
        of_group[group[i]] = fold[i];
    }
}

static void groups_are_not_cut(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    for (int trial = 0; trial < 200; trial++) {
        int32_t group[N], label[N];
        const int64_t n = 40 + ml_rng_below(&rng, N - 40), groups = 8 + ml_rng_below(&rng, 20);
        for (int64_t i = 0; i < n; i++) {
            group[i] = (int32_t)(i < groups ? i : ml_rng_below(&rng, groups));
            label[i] = (int32_t)ml_rng_below(&rng, 3);
        }
        const ml_fold_opts opts = {.k = 4, .shuffle = trial % 2, .seed = (uint64_t)trial};
        ml_folds *folds[] = {ml_folds_group((ml_ints){group, n}, opts),
                             ml_folds_stratified_group((ml_ints){label, n}, (ml_ints){group, n}, opts)};
        for (int i = 0; i < 2; i++) {
            assert_non_null(folds[i]);
            assert_partition(folds[i]);
            assert_whole_groups(folds[i], group);
            ml_folds_free(folds[i]);
        }
    }
}

static void the_seed_decides(void **state)
{
    (void)state;
    int32_t label[N], fold[4][N];
    for (int i = 0; i < N; i++)
        label[i] = i % 3;
    for (int i = 0; i < 4; i++) {
        ml_folds *folds = ml_folds_stratified((ml_ints){label, N}, (ml_fold_opts){.shuffle = i > 0, .seed = i == 3 ? 8 : 7});
        assert_non_null(folds);
        fold_of_rows(folds, fold[i]);
        ml_folds_free(folds);
    }
    assert_memory_not_equal(fold[0], fold[1], sizeof fold[0]);
    assert_memory_equal(fold[1], fold[2], sizeof fold[0]);
    assert_memory_not_equal(fold[1], fold[3], sizeof fold[0]);
}

/* TimeSeriesSplit(3) of 11 rows: trained on 5, 7, 9 rows, each held the 2 that follow; with gap=2 the last two fall out. */
static void time_goes_forward(void **state)
{
    (void)state;
    for (int64_t gap = 0; gap <= 2; gap += 2) {
        ml_folds *folds = ml_folds_time(11, 3, gap);
        assert_non_null(folds);
        assert_int_equal(folds->count, 3);
        for (int64_t j = 0; j < 3; j++) {
            const ml_fold *f = &folds->fold[j];
            assert_int_equal(f->n_train, 5 + 2 * j - gap);
            assert_int_equal(f->n_held, 2);
            assert_int_equal(f->train[0], 0);
            assert_int_equal(f->train[f->n_train - 1], 4 + 2 * j - gap);
            assert_int_equal(f->held[0], 5 + 2 * j);
        }
        ml_folds_free(folds);
    }
}

static void of_a_frame(void **state)
{
    (void)state;
    const char *const ticket[] = {"a", "b", NULL, "a", NULL, "c", "b", "d"};
    const int64_t survived[] = {0, 1, 0, 1, 0, 1, 0, 1};
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "ticket", ticket, 8), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "survived", survived, 8), ML_OK);
    int32_t fold[8];

    ml_folds *folds = ml_folds_of(f, (ml_fold_opts){.k = 2, .group = "ticket"});
    assert_non_null(folds);
    assert_partition(folds);
    fold_of_rows(folds, fold);
    assert_int_equal(fold[0], fold[3]);
    assert_int_equal(fold[1], fold[6]);
    assert_int_equal(folds->fold[0].n_held, 4);
    ml_folds_free(folds);

    folds = ml_folds_of(f, (ml_fold_opts){.k = 4, .stratify = "survived"});
    assert_non_null(folds);
    for (int j = 0; j < 4; j++)
        assert_int_equal(survived[folds->fold[j].held[0]] + survived[folds->fold[j].held[1]], 1);
    ml_folds_free(folds);

    folds = ml_folds_of(f, (ml_fold_opts){.k = 2, .stratify = "survived", .group = "ticket", .shuffle = true});
    assert_non_null(folds);
    assert_partition(folds);
    ml_folds_free(folds);
    assert_null(ml_folds_of(f, (ml_fold_opts){.stratify = "sex"}));
    assert_non_null(strstr(ml_error(), "there is no column 'sex'"));
    assert_null(ml_folds_of(f, (ml_fold_opts){.stratify = "ticket"}));
    assert_non_null(strstr(ml_error(), "row 2 has no class"));
    assert_null(ml_folds_of(NULL, (ml_fold_opts){0}));
    ml_frame_free(f);
}

static void folds_of_ones_own(void **state)
{
    (void)state;
    const int32_t given[] = {1, 0, -1, 1};
    ml_folds *folds = ml_folds_given((ml_ints){given, 4});
    assert_non_null(folds);
    assert_int_equal(folds->count, 2);
    assert_int_equal(folds->fold[0].n_held, 1);
    assert_int_equal(folds->fold[0].held[0], 1);
    assert_int_equal(folds->fold[1].n_train, 2);
    assert_int_equal(folds->fold[1].train[1], 2);
    ml_folds_free(folds);
}

static void assert_refused(ml_folds *folds, const char *sentence)
{
    assert_null(folds);
    assert_int_equal(ml_error_status(), ML_EINVAL);
    assert_string_equal(ml_error(), sentence);
}

static void what_cannot_be_cut(void **state)
{
    (void)state;
    const int32_t few[] = {0, 1, 0, 1}, far[] = {0, 2000000000, 0, 0}, below[] = {0, -1, 0, 0}, one[] = {0, 0, 0, 0};
    const ml_ints labels = {few, 4};
    assert_refused(ml_folds_k(4, (ml_fold_opts){0}), "folds: 4 rows are too few for 5 folds");
    assert_refused(ml_folds_k(-1, (ml_fold_opts){.k = 2}), "folds: -1 rows are too few for 2 folds");
    assert_refused(ml_folds_k(9, (ml_fold_opts){.k = 1}), "folds: k is 1, not in 2 .. 10000");
    assert_refused(ml_folds_k(INT64_MAX, (ml_fold_opts){.k = INT64_MAX}), "folds: k is 9223372036854775807, not in 2 .. 10000");
    assert_refused(ml_folds_k(9, (ml_fold_opts){.k = -3}), "folds: k is -3, not in 2 .. 10000");
    assert_refused(ml_folds_stratified(labels, (ml_fold_opts){.k = 3}),
                   "stratified folds: the largest class has 2 rows, too few for 3 folds");
    assert_refused(ml_folds_stratified((ml_ints){below, 4}, (ml_fold_opts){.k = 2}), "stratified folds: row 1 has no class");
    assert_refused(ml_folds_stratified((ml_ints){far, 4}, (ml_fold_opts){.k = 2}),
                   "stratified folds: row 1 has class 2000000000 of only 4 rows: number them 0, 1, 2, ... without large gaps");
    assert_refused(ml_folds_stratified((ml_ints){NULL, 0}, (ml_fold_opts){0}),
                   "stratified folds: 0 rows: wants at least 1, and a class of each");
    assert_refused(ml_folds_group((ml_ints){one, 4}, (ml_fold_opts){.k = 2}), "folds: fold 0 of 2 holds all of the 4 rows");
    assert_refused(ml_folds_group(labels, (ml_fold_opts){.k = 3}), "folds: fold 2 of 3 holds none of the 4 rows");
    assert_refused(ml_folds_stratified_group(labels, (ml_ints){few, 3}, (ml_fold_opts){.k = 2}),
                   "stratified group folds: 4 classes but 3 groups");
    assert_refused(ml_folds_stratified_group((ml_ints){NULL, 4}, labels, (ml_fold_opts){.k = 2}),
                   "stratified group folds: the classes are NULL");
    assert_refused(ml_folds_time(3, 3, 0), "folds: 3 rows are too few for 3 folds in time and a gap of 0");
    assert_refused(ml_folds_time(11, 3, 5), "folds: 11 rows are too few for 3 folds in time and a gap of 5");
    assert_refused(ml_folds_time(11, 3, -1), "folds: k is 3, not in 2 .. 10000, or gap is -1, below 0");
    assert_refused(ml_folds_given((ml_ints){below, 1}), "folds: 1 rows are too few");
    assert_refused(ml_folds_given((ml_ints){far, 4}), "folds: row 1 is in fold 2000000000, not in -1 .. 9999");
    assert_refused(ml_folds_given((ml_ints){one, 4}), "folds: fold 0 of 1 holds all of the 4 rows");
    assert_refused(ml_folds_given((ml_ints){(int32_t[]){-1, -1}, 2}), "folds: no row is in a fold");
    ml_folds_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_scikit_learn), cmocka_unit_test(sizes_differ_by_one), cmocka_unit_test(classes_are_spread),
        cmocka_unit_test(groups_are_not_cut), cmocka_unit_test(the_seed_decides),    cmocka_unit_test(time_goes_forward),
        cmocka_unit_test(of_a_frame),         cmocka_unit_test(folds_of_ones_own),   cmocka_unit_test(what_cannot_be_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
