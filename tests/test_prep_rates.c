/* test_prep_rates.c -- group rates against the plain definition over pairs of rows, and what a row must not know of itself. */
#include "support/prep.h"
#include "support/tmp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 120, KEYS = 3 };
static const char *const LISTS[KEYS] = {"ticket", "name,class", "class,port"};

/* Keys of few values, with holes; a target of 0 and 1, and one of numbers. */
static ml_frame *passengers(int64_t n, uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    const char *names[N];
    int64_t tickets[N], classes[N], survived[N];
    int32_t ports[N];
    double fare[N];
    static const char *const some[] = {"Ng", "Li", "O'Hara, Jr", "Na", "", "N", "g1"};
    for (int64_t i = 0; i < n; i++) {
        tickets[i] = ml_rng_uniform(&rng) < 0.1 ? ML_MISSING : ml_rng_below(&rng, 40);
        names[i] = ml_rng_uniform(&rng) < 0.1 ? NULL : some[ml_rng_below(&rng, 7)];
        classes[i] = ml_rng_below(&rng, 3);
        ports[i] = (int32_t)ml_rng_below(&rng, 3) - 1;
        survived[i] = ml_rng_below(&rng, 2);
        fare[i] = ml_rng_normal(&rng);
    }
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "ticket", tickets, n), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "name", names, n), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "class", classes, n), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "port", (ml_ints){ports, n}, (const char *[]){"C", "S"}, 2), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "survived", survived, n), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "fare", fare, n), ML_OK);
    return f;
}

/* ---- the plain definition ---- */

static bool same_value(const ml_column *a, int64_t i, const ml_column *b, int64_t j)
{
    if (ml_column_missing(a, i) || ml_column_missing(b, j))
        return false;
    const char *x = ml_column_text(a, i), *y = ml_column_text(b, j);
    return x ? strcmp(x, y) == 0 : a->integer[i] == b->integer[j];
}

static bool agree(const ml_frame *f, int64_t i, const ml_frame *g, int64_t j, const char *list)
{
    char names[64], *save = NULL;
    strcpy(names, list);
    for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save))
        if (!same_value(ml_frame_column(f, name), i, ml_frame_column(g, name), j))
            return false;
    return true;
}

/* Rates of the rows of f by those of train; where they are one frame, each row is left out of its own. */
static void plain(const ml_frame *f, const ml_frame *train, const char *target, int keys, double m, double *rate, double *count)
{
    const ml_column *y = ml_frame_column(train, target);
    double prior = 0;
    for (int64_t j = 0; j < train->rows; j++)
        prior += ml_column_number(y, j) / (double)train->rows;
    for (int64_t i = 0; i < f->rows; i++) {
        double sum = 0, n = 0;
        for (int64_t j = 0; j < train->rows; j++) {
            bool companion = false;
            for (int k = 0; k < keys; k++)
                companion = companion || agree(f, i, train, j, LISTS[k]);
            if (companion && !(f == train && i == j)) {
                sum += ml_column_number(y, j);
                n++;
            }
        }
        rate[i] = n > 0 ? (sum + m * prior) / (n + m) : prior;
        count[i] = n;
    }
}

static ml_prep_step rates(int keys, double smoothing)
{
    return ML_GROUP_RATE(LISTS[0], .also = {keys > 1 ? LISTS[1] : NULL, keys > 2 ? LISTS[2] : NULL}, .name = "rate", .count = true,
                         .smoothing = smoothing);
}

static void assert_rates(const ml_frame *train, const ml_frame *test, const char *target, int keys, double m)
{
    double rate[N], count[N];
    ml_prep *p = NULL;
    ml_frame *own = ml_prep_fit_transform(rates(keys, m), train, target, &p);
    if (!own)
        fail_msg("%s", ml_error());
    plain(train, train, target, keys, m, rate, count);
    assert_column(own, "rate", rate);
    assert_column(own, "rate_count", count);
    ml_frame *other = transformed(rates(keys, m), train, target, test);
    plain(test, train, target, keys, m, rate, count);
    assert_column(other, "rate", rate);
    assert_column(other, "rate_count", count);
    ml_frame_free(own);
    ml_frame_free(other);
    ml_prep_free(p);
}

static void test_rates_are_those_of_companions(void **state)
{
    (void)state;
    ml_frame *train = passengers(N, 1), *test = passengers(50, 2);
    for (int keys = 1; keys <= KEYS; keys++)
        for (int m = 0; m < 2; m++) {
            assert_rates(train, test, "survived", keys, 2.5 * m);
            assert_rates(train, test, "fare", keys, 2.5 * m);
        }
    ml_frame_free(train);
    ml_frame_free(test);
}

/* The rate of a training row is the same whatever its own target is. */
static void test_no_row_sees_its_own_target(void **state)
{
    (void)state;
    ml_frame *f = passengers(N, 3), *g = ml_frame_copy(f);
    int64_t y[N];
    memcpy(y, ml_frame_column(f, "survived")->integer, sizeof y);
    y[7] = 1, y[8] = 0; /* two rows of different tickets change, so that the prior stays */
    assert_int_equal(ml_frame_put_integers(f, "survived", y, N), ML_OK);
    y[7] = 0, y[8] = 1;
    assert_int_equal(ml_frame_put_integers(g, "survived", y, N), ML_OK);
    ml_frame *a = ml_prep_fit_transform(rates(1, 0), f, "survived", NULL), *b = ml_prep_fit_transform(rates(1, 0), g, "survived", NULL);
    const double *p = ml_frame_column(a, "rate")->number, *q = ml_frame_column(b, "rate")->number;
    assert_true(ml_column_number(&f->column[0], 7) != ml_column_number(&f->column[0], 8));
    assert_true(p[7] == q[7] && p[8] == q[8]);
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(a), ml_frame_free(b);
}

/* The example of docs/math/group-rates.md. */
static void test_by_numbers(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new(), *new = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "ticket", (const char *[]){"A", "A", "B", "C"}, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "surname", (const char *[]){"Ng", "Li", "Ek", "Ng"}, 4), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "y", (int64_t[]){1, 0, 1, 1}, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(new, "ticket", (const char *[]){"B"}, 1), ML_OK);
    assert_int_equal(ml_frame_put_texts(new, "surname", (const char *[]){"Ng"}, 1), ML_OK);
    ml_prep *p = NULL;
    ml_frame *own = ml_prep_fit_transform(ML_GROUP_RATE("ticket", .also = {"surname"}, .name = "r", .count = true), f, "y", &p);
    assert_column(own, "r", (double[]){0.5, 1, 0.75, 1});
    assert_column(own, "r_count", (double[]){2, 1, 0, 1});
    ml_frame *other = ml_prep_transform(p, new);
    assert_column(other, "r", (double[]){1});
    assert_column(other, "r_count", (double[]){3});
    ml_frame *smooth = ml_prep_fit_transform(ML_GROUP_RATE("ticket", .also = {"surname"}, .name = "r", .smoothing = 2), f, "y", NULL);
    assert_column(smooth, "r", (double[]){0.625, 2.5 / 3, 0.75, 2.5 / 3});
    ml_prep_free(p);
    ml_frame_free(f), ml_frame_free(new), ml_frame_free(own), ml_frame_free(other), ml_frame_free(smooth);
}

/* "ab" and "c" are not "a" and "bc", nor is a length of a text a part of it. */
static void test_keys_do_not_run_together(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "a", (const char *[]){"ab", "a", "1:x", "1", "ab"}, 5), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "b", (const char *[]){"c", "bc", "1:y", "1:x1:y", "c"}, 5), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "y", (double[]){10, 20, 30, 40, 50}, 5), ML_OK);
    ml_frame *r = ml_prep_fit_transform(ML_GROUP_RATE("a,b"), f, "y", NULL);
    assert_names(r, "a b y a_b_rate");
    assert_column(r, "a_b_rate", (double[]){50, 30, 30, 30, 10});
    ml_frame_free(f);
    ml_frame_free(r);
}

static void test_targets_of_two_classes(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_texts(f, "k", (const char *[]){"u", "u", "u", "v"}, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "y", (const char *[]){"no", "yes", "yes", "no"}, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "three", (const char *[]){"a", "b", "c", "a"}, 4), ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "hole", (const char *[]){"a", "b", NULL, "a"}, 4), ML_OK);
    ml_frame *r = ml_prep_fit_transform(ML_GROUP_RATE("k"), f, "y", NULL);
    assert_column(r, "k_rate", (double[]){1, 0.5, 0.5, 0.5});
    assert_refused(ML_GROUP_RATE("k"), f, "three", "group_rate: the target 'three' has 3 classes");
    assert_refused(ML_GROUP_RATE("k"), f, "hole", "column 'hole' has no value in row 2");
    assert_refused(ML_GROUP_RATE("k"), f, NULL, "group_rate: it needs a target");
    assert_refused(ML_GROUP_RATE("*text"), f, "y", "group_rate: '*text' is a class of columns: here they are named one by one");
    assert_refused(ML_GROUP_RATE("k", .also = {"y"}), f, "y", "column 'y' is the target");
    assert_refused(ML_GROUP_RATE("k", .smoothing = -1), f, "y", "smoothing is -1");
    assert_refused(ML_GROUP_RATE("k", .smoothing = NAN), f, "y", "smoothing is nan");
    assert_refused(ML_GROUP_RATE("k", .name = ""), f, "y", "name must be UTF-8, and not empty");
    ml_frame_free(f);
    ml_frame_free(r);
}

static void test_many_groups(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    int64_t *k = malloc(MANY * sizeof *k);
    double *y = malloc(MANY * sizeof *y), *want = malloc(MANY * sizeof *want);
    for (int i = 0; i < MANY; i++) {
        k[i] = i / 2;
        y[i] = i;
        want[i] = i ^ 1;
    }
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_integers(f, "k", k, MANY), ML_OK);
    assert_int_equal(ml_frame_put_numbers(f, "y", y, MANY), ML_OK);
    ml_frame *r = ml_prep_fit_transform(ML_GROUP_RATE("k"), f, "y", NULL);
    assert_column(r, "k_rate", want);
    ml_frame_free(r);
    r = transformed(ML_GROUP_RATE("k"), f, "y", NULL);
    ml_frame_free(r);
    ml_frame_free(f);
    free(k), free(y), free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_are_those_of_companions),
        cmocka_unit_test(test_no_row_sees_its_own_target),
        cmocka_unit_test(test_by_numbers),
        cmocka_unit_test(test_keys_do_not_run_together),
        cmocka_unit_test(test_targets_of_two_classes),
        cmocka_unit_test(test_many_groups),
    };
    return cmocka_run_group_tests(tests, tmp_setup, tmp_teardown);
}
