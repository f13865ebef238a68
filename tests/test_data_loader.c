/* Batches: every sample once a pass, the same order for the same rng, no allocation in later passes. */
#include "base/base.h"
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

/* Sample i is i mod 251, then i / 251, then noise. */
static ml_dataset *counted(int64_t n, int64_t features)
{
    uint8_t *bytes = calloc((size_t)(n * features) + 1, 1);
    int32_t *labels = calloc((size_t)n + 1, sizeof *labels);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < features; j++)
            bytes[i * features + j] = (uint8_t)(i * 31 + j * 17);
        bytes[i * features] = (uint8_t)(i % 251);
        bytes[i * features + 1] = (uint8_t)(i / 251);
        labels[i] = (int32_t)(i % 10);
    }
    ml_dataset *ds = ml_dataset_new(n, 1, &features, bytes, labels, 10);
    assert_non_null(ds);
    ds->scale = 1;
    free(bytes);
    free(labels);
    return ds;
}

static int64_t identity(const ml_batch *b, int64_t row)
{
    const ml_real *v = b->x->data + row * b->x->shape[1];
    return (int64_t)v[0] + 251 * (int64_t)v[1];
}

/* Walks one pass; writes the order of samples; returns how many. */
static int64_t walk(ml_dataset *ds, int64_t batch, ml_rng *rng, bool whole, int64_t *order)
{
    int64_t seen = 0, batches = 0;
    ml_loader it = whole ? ml_full_batches(ds, batch, rng) : ml_batches(ds, batch, rng);
    assert_int_equal(it.status, ML_OK);
    ml_batch b = {0};
    while (ml_next(&it, &b)) {
        assert_int_equal(b.index, batches++);
        assert_int_equal(b.x->rank, 2);
        assert_int_equal(b.x->shape[0], b.label.n);
        assert_int_equal(b.x->size, b.label.n * ds->features);
        assert_true(b.label.n > 0 && b.label.n <= batch);
        for (int64_t k = 0; k < b.label.n; k++) {
            int64_t i = identity(&b, k);
            assert_int_equal(b.label.v[k], i % 10);
            for (int64_t j = 2; j < ds->features; j++)
                assert_int_equal((int)b.x->data[k * ds->features + j], (uint8_t)(i * 31 + j * 17));
            order[seen++] = i;
        }
    }
    assert_int_equal(it.status, ML_OK);
    assert_int_equal(batches, b.count);
    return seen;
}

static void each_sample_once(void **state)
{
    (void)state;
    enum { N = 1000 };
    int64_t order[N], sizes[] = {1, 7, 64, 999, 1000, 5000}, features[] = {2, 3, 17, 784};
    ml_rng rng = ml_rng_seed(5);
    for (size_t f = 0; f < 4; f++) {
        ml_dataset *ds = counted(N, features[f]);
        for (size_t s = 0; s < 6; s++) {
            char seen[N] = {0};
            assert_int_equal(walk(ds, sizes[s], &rng, false, order), N);
            for (int i = 0; i < N; i++)
                seen[order[i]]++;
            for (int i = 0; i < N; i++)
                assert_int_equal(seen[i], 1);
            assert_int_equal(walk(ds, sizes[s], NULL, false, order), N);
            for (int i = 0; i < N; i++)
                assert_int_equal(order[i], i);
            assert_int_equal(walk(ds, sizes[s], &rng, true, order), N / sizes[s] * sizes[s]);
        }
        ml_dataset_free(ds);
    }
}

static void order_comes_from_rng_alone(void **state)
{
    (void)state;
    int64_t a[300], b[300], c[300];
    ml_dataset *ds = counted(300, 4);
    ml_rng rng = ml_rng_seed(9);
    walk(ds, 32, &rng, false, a);
    walk(ds, 32, &rng, false, b);
    rng = ml_rng_seed(9);
    walk(ds, 64, &rng, false, c); /* after two other passes, and with another batch size */
    assert_memory_equal(a, c, sizeof a);
    assert_memory_not_equal(a, b, sizeof a);
    ml_dataset_free(ds);
}

static void batches_of_views_look_through(void **state)
{
    (void)state;
    int64_t order[500], seen[500] = {0};
    ml_dataset *ds = counted(500, 5), *rest, *held, *head;
    assert_int_equal(ml_dataset_split(ds, 0.3, 1, ML_ROLE_VALIDATION, &rest, &held), ML_OK);
    head = ml_dataset_head(held, 100);
    ml_rng rng = ml_rng_seed(2);
    assert_int_equal(walk(rest, 33, &rng, false, order), 350);
    for (int i = 0; i < 350; i++)
        seen[order[i]]++;
    assert_int_equal(walk(held, 33, NULL, false, order), 150);
    for (int i = 0; i < 150; i++)
        seen[order[i]]++;
    for (int i = 0; i < 500; i++)
        assert_int_equal(seen[i], 1);
    int64_t first[100];
    assert_int_equal(walk(head, 9, NULL, false, first), 100);
    assert_memory_equal(first, order, sizeof first);
    ml_dataset_free(head);
    ml_dataset_free(rest);
    ml_dataset_free(held);
    ml_dataset_free(ds);
}

static void same_numbers_on_any_threads(void **state)
{
    (void)state;
    ml_dataset *ds = counted(400, 784);
    ml_real *one = NULL;
    int before = ml_threads();
    for (int threads = 1; threads <= 4; threads++) {
        assert_int_equal(ml_set_threads(threads), ML_OK);
        ml_rng rng = ml_rng_seed(3);
        ml_loader it = ml_batches(ds, 400, &rng);
        ml_batch b;
        assert_true(ml_next(&it, &b));
        size_t bytes = (size_t)b.x->size * sizeof(ml_real);
        if (!one)
            one = memcpy(malloc(bytes), b.x->data, bytes);
        assert_memory_equal(one, b.x->data, bytes);
    }
    ml_set_threads(before);
    free(one);
    ml_dataset_free(ds);
}

static void later_passes_allocate_nothing(void **state)
{
    (void)state;
    ml_dataset *ds = counted(300, 100);
    int64_t order[300];
    ml_rng rng = ml_rng_seed(1);
    walk(ds, 64, &rng, false, order);
    int64_t before = mli_alloc_count();
    const ml_tensor *x = NULL;
    for (int pass = 0; pass < 3; pass++) {
        ml_loader it = ml_batches(ds, pass ? 32 : 64, pass == 2 ? NULL : &rng);
        for (ml_batch b; ml_next(&it, &b); x = b.x)
            assert_true(!x || x == b.x);
    }
    assert_int_equal(mli_alloc_count(), before);
    ml_dataset_free(ds);
}

static void wrong_use_is_an_error(void **state)
{
    (void)state;
    ml_dataset *ds = counted(10, 4);
    ml_rng rng = ml_rng_seed(1);
    ml_batch b;
    ml_loader it = ml_batches(ds, 0, &rng);
    assert_int_equal(it.status, ML_EINVAL);
    assert_false(ml_next(&it, &b));
    it = ml_batches(NULL, 1, &rng);
    assert_int_equal(it.status, ML_EINVAL);

    ds->role = ML_ROLE_TEST;
    it = ml_batches(ds, 4, &rng);
    assert_int_equal(it.status, ML_EINVAL);
    assert_non_null(strstr(ml_error(), "leaks the answers"));
    assert_false(ml_next(&it, &b));
    it = ml_full_batches(ds, 4, &rng);
    assert_int_equal(it.status, ML_EINVAL);
    it = ml_batches(ds, 4, NULL);
    assert_int_equal(it.status, ML_OK);

    /* One pass a set: the older one ends with a sentence, not with mixed numbers. */
    ml_loader second = ml_batches(ds, 4, NULL);
    assert_true(ml_next(&second, &b));
    assert_false(ml_next(&it, &b));
    assert_int_equal(it.status, ML_ESTATE);
    assert_true(ml_next(&second, &b));
    ml_dataset_free(ds);

    ds = ml_dataset_new(0, 1, (int64_t[]){3}, NULL, NULL, 2);
    it = ml_batches(ds, 4, &rng);
    assert_int_equal(it.status, ML_OK);
    assert_false(ml_next(&it, &b));
    assert_int_equal(it.status, ML_OK);
    ml_dataset_free(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sample_once),
        cmocka_unit_test(order_comes_from_rng_alone),
        cmocka_unit_test(batches_of_views_look_through),
        cmocka_unit_test(same_numbers_on_any_threads),
        cmocka_unit_test(later_passes_allocate_nothing),
        cmocka_unit_test(wrong_use_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
