/* test_data_split.c -- stratified splits keep each class's share, and weights even the classes out. */
#include "base/base.h"
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sample i has the bytes of i, and the labels given. */
static ml_dataset *labelled(const int32_t *labels, int64_t n, int32_t classes)
{
    int32_t *bytes = malloc((size_t)n * sizeof *bytes + 1);
    for (int64_t i = 0; i < n; i++)
        bytes[i] = (int32_t)i;
    ml_dataset *ds = ml_dataset_new(n, 1, (int64_t[]){4}, (const uint8_t *)bytes, labels, classes);
    assert_non_null(ds);
    free(bytes);
    return ds;
}

/* Class k has counts[k] samples, the classes taking turns. */
static ml_dataset *counted(const int64_t *counts, int32_t classes)
{
    int32_t labels[4096];
    int64_t n = 0;
    for (int64_t round = 0; round < 4096; round++)
        for (int32_t k = 0; k < classes; k++)
            if (round < counts[k])
                labels[n++] = k;
    return labelled(labels, n, classes);
}

static int64_t identity(const ml_dataset *ds, int64_t i)
{
    ml_real v[4];
    ml_dataset copy = *ds;
    copy.mean = 0, copy.scale = 1;
    assert_int_equal(ml_dataset_sample(&copy, i, v, NULL), ML_OK);
    return (int64_t)v[0] + 256 * (int64_t)v[1];
}

static void count(const ml_dataset *ds, int64_t *counts)
{
    memset(counts, 0, (size_t)ds->classes * sizeof *counts);
    for (int64_t i = 0; i < ds->n; i++)
        counts[ds->labels[i]]++;
}

static void assert_held(const int64_t *counts, int32_t classes, double fraction, const int64_t *want)
{
    ml_dataset *ds = counted(counts, classes), *rest, *held;
    int64_t got[16], left[16], total = 0;
    assert_int_equal(ml_dataset_split_stratified(ds, fraction, 7, ML_ROLE_VALIDATION, &rest, &held), ML_OK);
    count(held, got);
    count(rest, left);
    for (int32_t k = 0; k < classes; k++) {
        if (got[k] != want[k] || got[k] + left[k] != counts[k])
            fail_msg("class %d of %d samples: %d held and %d left, expected %d held", (int)k, (int)counts[k], (int)got[k],
                     (int)left[k], (int)want[k]);
        total += got[k];
    }
    assert_int_equal(held->n, total);
    assert_int_equal(held->role, ML_ROLE_VALIDATION);
    assert_int_equal(rest->role, ML_ROLE_TRAIN);

    char *seen = calloc((size_t)ds->n, 1); /* disjoint, together the whole, labels with their samples */
    for (int part = 0; part < 2; part++) {
        const ml_dataset *p = part ? held : rest;
        for (int64_t i = 0; i < p->n; i++) {
            int64_t at = identity(p, i);
            assert_int_equal(seen[at]++, 0);
            assert_int_equal(p->labels[i], ds->labels[at]);
        }
    }
    free(seen);
    ml_dataset_free(rest);
    ml_dataset_free(held);
    ml_dataset_free(ds);
}

static void each_class_keeps_its_share(void **state)
{
    (void)state;
    assert_held((int64_t[]){100, 50, 10}, 3, 0.1, (int64_t[]){10, 5, 1});
    /* Due 3.3, 3.3, 3.4: one is left over, for the largest remainder. */
    assert_held((int64_t[]){33, 33, 34}, 3, 0.1, (int64_t[]){3, 3, 4});
    /* Due 0.5, 0.5, 0.5, 0.5: two for four equal remainders go to the smaller labels. */
    assert_held((int64_t[]){5, 5, 5, 5}, 4, 0.1, (int64_t[]){1, 1, 0, 0});
    /* A class without samples, and one with a single sample, which stays. */
    assert_held((int64_t[]){40, 0, 1, 20}, 4, 0.5, (int64_t[]){20, 0, 0, 10});
    /* Two of a class: one stays, whatever the fraction. */
    assert_held((int64_t[]){2, 100}, 2, 0.9, (int64_t[]){1, 90});
    assert_held((int64_t[]){1000, 2000, 7}, 3, 1.0 / 3, (int64_t[]){333, 667, 2});
}

/* Any set: within one of the exact share, and the total as plain split has it unless a class would be emptied. */
static void shares_of_random_sets(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int trial = 0; trial < 300; trial++) {
        int64_t counts[10], got[10], n = 0;
        const double fraction = 0.02 + 0.96 * ml_rng_uniform(&rng);
        for (int k = 0; k < 10; k++)
            n += counts[k] = 2 + ml_rng_below(&rng, trial % 3 ? 60 : 5);
        ml_dataset *ds = counted(counts, 10), *rest, *held;
        if (ml_dataset_split_stratified(ds, fraction, (uint64_t)trial, ML_ROLE_VALIDATION, &rest, &held)) {
            assert_non_null(strstr(ml_error(), "one part would be empty"));
            ml_dataset_free(ds);
            continue;
        }
        bool emptied = false;
        count(held, got);
        for (int k = 0; k < 10; k++) {
            const double due = (double)counts[k] * fraction;
            assert_true((double)got[k] > due - 1 && (double)got[k] < due + 1);
            assert_true(got[k] < counts[k]);
            emptied |= ceil(due) == (double)counts[k];
        }
        if (!emptied)
            assert_int_equal(held->n, llround((double)n * fraction));
        ml_dataset_free(rest);
        ml_dataset_free(held);
        ml_dataset_free(ds);
    }
}

static void the_seed_decides(void **state)
{
    (void)state;
    ml_dataset *ds = counted((int64_t[]){300, 300}, 2), *rest[3], *held[3];
    int64_t same = 0;
    for (int i = 0; i < 3; i++)
        assert_int_equal(ml_dataset_split_stratified(ds, 0.5, i / 2 ? 9 : 8, ML_ROLE_VALIDATION, &rest[i], &held[i]), ML_OK);
    for (int64_t i = 0; i < held[0]->n; i++) {
        assert_int_equal(identity(held[0], i), identity(held[1], i));
        same += identity(held[0], i) == identity(held[2], i);
    }
    assert_true(same < 30);
    /* Shuffled too: classes do not come in blocks. */
    int64_t changes = 0;
    for (int64_t i = 1; i < held[0]->n; i++)
        changes += held[0]->labels[i] != held[0]->labels[i - 1];
    assert_true(changes > 100);

    ml_dataset *rest2, *held2; /* a split of a split looks into the whole */
    assert_int_equal(ml_dataset_split_stratified(rest[0], 0.2, 1, ML_ROLE_VALIDATION, &rest2, &held2), ML_OK);
    assert_int_equal(held2->n, 60);
    for (int64_t i = 0; i < held2->n; i++)
        assert_int_equal(ds->labels[identity(held2, i)], held2->labels[i]);
    ml_dataset_free(rest2);
    ml_dataset_free(held2);
    for (int i = 0; i < 3; i++) {
        ml_dataset_free(rest[i]);
        ml_dataset_free(held[i]);
    }
    ml_dataset_free(ds);
}

static void weights_even_the_classes_out(void **state)
{
    (void)state;
    ml_dataset *ds = counted((int64_t[]){30, 0, 10, 1}, 4);
    double weights[41], of_class[4] = {0}, sum = 0;
    assert_int_equal(ml_class_weights(ds, weights), ML_OK);
    for (int64_t i = 0; i < ds->n; i++) {
        of_class[ds->labels[i]] += weights[i];
        sum += weights[i];
    }
    assert_float_equal(sum, 41, 1e-12);
    assert_float_equal(of_class[0], 41.0 / 3, 1e-12);
    assert_float_equal(of_class[2], 41.0 / 3, 1e-12);
    assert_float_equal(of_class[3], 41.0 / 3, 1e-12);
    ml_dataset_free(ds);
}

static void wrong_input_is_an_error(void **state)
{
    (void)state;
    ml_dataset *ds = counted((int64_t[]){30, 20}, 2), *rest = ds, *held = ds;
    const double fractions[] = {0, 1, -0.5, 1.5, NAN, INFINITY, 0.001};
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
        assert_int_equal(ml_dataset_split_stratified(ds, fractions[i], 1, ML_ROLE_VALIDATION, &rest, &held), ML_EINVAL);
        assert_null(rest);
        assert_null(held);
    }
    assert_string_equal(ml_error(), "split: 0.001 of 50 samples, stratified, is 0: one part would be empty");
    assert_int_equal(ml_dataset_split_stratified(NULL, 0.5, 1, ML_ROLE_VALIDATION, &rest, &held), ML_EINVAL);
    assert_int_equal(ml_dataset_split_stratified(ds, 0.5, 1, ML_ROLE_VALIDATION, NULL, &held), ML_EINVAL);
    assert_int_equal(ml_dataset_split_stratified(ds, 0.5, 1, ML_ROLE_VALIDATION, &rest, NULL), ML_EINVAL);
    assert_int_equal(ml_class_weights(NULL, NULL), ML_EINVAL);
    ds->role = ML_ROLE_TEST;
    assert_int_equal(ml_dataset_split_stratified(ds, 0.5, 1, ML_ROLE_VALIDATION, &rest, &held), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "leaks the answers"));
    ml_dataset_free(ds);

    ds = labelled((int32_t[]){0, 1, 2}, 3, 3); /* nothing but single samples */
    assert_int_equal(ml_dataset_split_stratified(ds, 0.5, 1, ML_ROLE_VALIDATION, &rest, &held), ML_EINVAL);
    ml_dataset_free(ds);
    ds = labelled((int32_t[]){0, 2000000000}, 2, 0); /* labels with gaps must not take memory */
    double weights[2];
    assert_int_equal(ml_dataset_split_stratified(ds, 0.5, 1, ML_ROLE_VALIDATION, &rest, &held), ML_EINVAL);
    assert_int_equal(ml_class_weights(ds, weights), ML_EINVAL);
    assert_string_equal(ml_error(), "class weights: 2000000001 classes for 2 samples: number the labels 0, 1, 2, ... without "
                                    "large gaps");
    ml_dataset_free(ds);
    ds = ml_dataset_new(0, 1, (int64_t[]){4}, NULL, NULL, 3);
    assert_int_equal(ml_dataset_split_stratified(ds, 0.5, 1, ML_ROLE_VALIDATION, &rest, &held), ML_EINVAL);
    assert_int_equal(ml_class_weights(ds, weights), ML_OK);
    ml_dataset_free(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_keeps_its_share),
        cmocka_unit_test(shares_of_random_sets),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(weights_even_the_classes_out),
        cmocka_unit_test(wrong_input_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
