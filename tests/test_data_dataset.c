/* Sets, splits, heads, samples: bytes in, floats out, roles kept. */
#include "base/base.h"
#include "support/check.h"

#include <math.h>
#include <string.h>

enum { N = 50, D = 6 };

static ml_dataset *small(void)
{
    uint8_t bytes[N * D];
    int32_t labels[N];
    for (int i = 0; i < N * D; i++)
        bytes[i] = (uint8_t)(i * 7);
    for (int i = 0; i < N; i++)
        labels[i] = i % 5;
    ml_dataset *ds = ml_dataset_new(N, 2, (int64_t[]){2, 3}, bytes, labels, 0);
    assert_non_null(ds);
    return ds;
}

static void holds_a_copy(void **state)
{
    (void)state;
    ml_dataset *ds = small();
    assert_int_equal(ds->n, N);
    assert_int_equal(ds->features, D);
    assert_int_equal(ds->classes, 5);
    assert_int_equal(ds->role, ML_ROLE_NONE);
    ml_real row[D];
    int32_t label;
    assert_int_equal(ml_dataset_sample(ds, 49, row, &label), ML_OK);
    assert_int_equal(label, 4);
    for (int j = 0; j < D; j++)
        assert_float_equal(row[j], (uint8_t)((49 * D + j) * 7) / 255.0, 1e-7);
    ds->mean = 128;
    ds->scale = 0.5;
    assert_int_equal(ml_dataset_sample(ds, 1, row, NULL), ML_OK);
    assert_float_equal(row[0], (42 - 128) * 0.5, 0);
    ml_dataset_free(ds);
    ml_dataset_free(NULL);
}

static void splits_into_disjoint_parts(void **state)
{
    (void)state;
    ml_dataset *ds = small(), *rest, *held, *rest2, *held2;
    assert_int_equal(ml_dataset_split(ds, 0.25, 3, ML_ROLE_VALIDATION, &rest, &held), ML_OK);
    assert_int_equal(held->n, 13); /* 12.5, rounded away from zero */
    assert_int_equal(rest->n, 37);
    assert_int_equal(held->role, ML_ROLE_VALIDATION);
    assert_int_equal(rest->role, ML_ROLE_TRAIN);
    int seen[N] = {0};
    for (int part = 0; part < 2; part++) {
        ml_dataset *p = part ? held : rest;
        assert_null(p->bytes);
        for (int64_t i = 0; i < p->n; i++) {
            ml_real row[D];
            int32_t label;
            p->mean = 0, p->scale = 1;
            assert_int_equal(ml_dataset_sample(p, i, row, &label), ML_OK);
            assert_int_equal(label, p->labels[i]);
            int at = -1; /* the first bytes are (42 i) mod 256: look which sample this is */
            for (int k = 0; k < N; k++)
                if (ds->bytes[k * D] == (uint8_t)row[0] && ds->labels[k] == label && !seen[k])
                    at = k;
            assert_true(at >= 0);
            seen[at]++;
        }
    }
    for (int k = 0; k < N; k++)
        assert_int_equal(seen[k], 1);

    /* The same seed gives the same parts, another seed others. */
    assert_int_equal(ml_dataset_split(ds, 0.25, 3, ML_ROLE_VALIDATION, &rest2, &held2), ML_OK);
    assert_memory_equal(held->labels, held2->labels, 13 * sizeof(int32_t));
    ml_dataset_free(rest2);
    ml_dataset_free(held2);
    assert_int_equal(ml_dataset_split(ds, 0.25, 4, ML_ROLE_VALIDATION, &rest2, &held2), ML_OK);
    assert_memory_not_equal(rest->labels, rest2->labels, 37 * sizeof(int32_t));
    ml_dataset_free(rest2);
    ml_dataset_free(held2);

    /* A split of a split, and its head, look through to the whole. */
    assert_int_equal(ml_dataset_split(rest, 0.5, 1, ML_ROLE_VALIDATION, &rest2, &held2), ML_OK);
    ml_dataset *head = ml_dataset_head(rest2, 5);
    for (int64_t i = 0; i < head->n; i++) {
        ml_real a[D], b[D];
        int32_t label;
        ml_dataset_sample(head, i, a, &label);
        ml_dataset_sample(rest2, i, b, NULL);
        assert_memory_equal(a, b, sizeof a);
        bool found = false;
        for (int64_t k = 0; k < rest->n; k++) {
            ml_dataset_sample(rest, k, b, NULL);
            found |= memcmp(a, b, sizeof a) == 0 && rest->labels[k] == label;
        }
        assert_true(found);
    }
    ml_dataset_free(head);
    ml_dataset_free(rest2);
    ml_dataset_free(held2);
    ml_dataset_free(rest);
    ml_dataset_free(held);
    ml_dataset_free(ds);
}

static void wrong_input_is_an_error(void **state)
{
    (void)state;
    ml_dataset *ds = small(), *rest = ds, *held = ds;
    double fractions[] = {0, 1, -0.5, 1.5, NAN, INFINITY, 0.001, 0.999};
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
        assert_int_equal(ml_dataset_split(ds, fractions[i], 1, ML_ROLE_VALIDATION, &rest, &held), ML_EINVAL);
        assert_null(rest);
        assert_null(held);
    }
    assert_string_equal(ml_error(), "split: 0.999 of 50 samples is 50: one part would be empty");
    ds->role = ML_ROLE_TEST;
    assert_int_equal(ml_dataset_split(ds, 0.5, 1, ML_ROLE_VALIDATION, &rest, &held), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "leaks the answers"));

    ml_real row[D];
    assert_int_equal(ml_dataset_sample(ds, -1, row, NULL), ML_EINVAL);
    assert_int_equal(ml_dataset_sample(ds, 50, row, NULL), ML_EINVAL);
    assert_string_equal(ml_error(), "sample: number 50 of a set of 50");
    assert_null(ml_dataset_head(ds, 51));
    assert_string_equal(ml_error(), "head: the first 51 samples of a set of 50");
    assert_null(ml_dataset_head(NULL, 1));
    ml_dataset *head = ml_dataset_head(ds, 3);
    assert_int_equal(head->role, ML_ROLE_TEST); /* a part of a test set is a test set */
    ml_dataset_free(head);
    ml_dataset_free(ds);

    uint8_t bytes[4] = {0};
    int32_t labels[4] = {0, 1, 2, 3};
    assert_null(ml_dataset_new(4, 1, (int64_t[]){1}, bytes, labels, 3));
    assert_string_equal(ml_error(), "dataset: label 3 of sample 3 is outside 0 .. 2, the 3 classes");
    labels[1] = -1;
    assert_null(ml_dataset_new(4, 1, (int64_t[]){1}, bytes, labels, 0));
    assert_null(ml_dataset_new(-1, 1, (int64_t[]){1}, bytes, labels, 3));
    assert_null(ml_dataset_new(4, 6, (int64_t[]){1, 1, 1, 1, 1, 1}, bytes, labels, 4));
    assert_null(ml_dataset_new(4, 1, (int64_t[]){-1}, bytes, labels, 4));
    assert_null(ml_dataset_new(4, 2, (int64_t[]){INT64_MAX, INT64_MAX}, bytes, labels, 4));
    assert_null(ml_dataset_new(4, 1, (int64_t[]){1}, NULL, labels, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_a_copy),
        cmocka_unit_test(splits_into_disjoint_parts),
        cmocka_unit_test(wrong_input_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
