/* The tape's memory: from the second step on, nothing is allocated; a smaller batch fits where a larger one was. */
#include "autograd/arena.h"
#include "support/check.h"
#include "support/tiny_ops.h"

#include <mlcore/ops.h>

#include <string.h>

/* Sizes that follow the batch and one that does not, lent and given back in the order that misleads a best fit: a
 * block that the larger step used for A serves B in the smaller one, and then C finds none. */
static void step_of(ml_tape *t, ml_tensor *w, int64_t batch)
{
    ml_tape_reset(t);
    ml_tensor *x = ml_constant(t, 1, &batch, (ml_real[4096]){0});
    ml_tensor *y = x;
    for (int k = 0; k < 5; k++)
        y = tiny_square(t, y);
    ml_tensor *fat = tiny_fat(t, tiny_square(t, w), 300); /* does not follow the batch */
    ml_tensor *scaled = tiny_fat(t, fat, batch);
    ml_tensor *more = tiny_fat(t, tiny_part(t, scaled, 0, batch / 2), batch / 2);
    ml_tensor *a = tiny_sum(t, tiny_add(t, scaled, y)), *b = tiny_sum(t, more);
    w->has_grad = false;
    if (ml_backward(t, tiny_add(t, a, tiny_add(t, b, tiny_sum(t, tiny_square(t, fat))))))
        fail_msg("%s", ml_error());
    mli_workspace(t, (size_t)batch * 8);
}

static void no_allocation_after_the_largest_batch(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *w = ml_zeros(3);
    ml_requires_grad(w);
    step_of(t, w, 1000);
    int64_t asked = mli_alloc_count();
    size_t bytes = ml_tape_bytes(t);
    int64_t batches[] = {1000, 500, 2, 1000, 999, 301, 300, 64, 1000};
    for (int k = 0; k < 100; k++) {
        step_of(t, w, batches[k % 9]);
        assert_int_equal(mli_alloc_count(), asked);
        assert_int_equal(ml_tape_bytes(t), bytes);
    }
    assert_true(bytes > 8 * 1000 * sizeof(ml_real));
    step_of(t, w, 4096); /* a larger one may */
    assert_true(mli_alloc_count() > asked);
    ml_tape_free(t);
    ml_tensor_free(w);
}

/* The same with nets of linear layers, as training does it. */
static void mlp_step(ml_tape *t, ml_tensor *const *w, int64_t batch)
{
    static const ml_real zeros[64 * 32];
    ml_tape_reset(t);
    ml_tensor *h = ml_constant(t, 2, (int64_t[]){batch, 32}, zeros);
    for (int k = 0; k < 3; k++)
        h = tiny_square(t, ml_linear(t, h, w[k], NULL));
    for (int k = 0; k < 3; k++)
        w[k]->has_grad = false;
    if (ml_backward(t, tiny_sum(t, h)))
        fail_msg("%s", ml_error());
}

static void a_net_allocates_in_its_first_step_only(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_rng rng = ml_rng_seed(1);
    ml_tensor *w[] = {random_tensor(&rng, 2, (int64_t[]){48, 32}, -1, 1), random_tensor(&rng, 2, (int64_t[]){16, 48}, -1, 1),
                      random_tensor(&rng, 2, (int64_t[]){10, 16}, -1, 1)};
    mlp_step(t, w, 64);
    int64_t asked = mli_alloc_count();
    size_t bytes = ml_tape_bytes(t);
    for (int k = 0; k < 100; k++) {
        mlp_step(t, w, k % 7 == 6 ? 17 : 64);
        assert_int_equal(mli_alloc_count(), asked);
        assert_int_equal(ml_tape_bytes(t), bytes);
    }
    ml_tape_free(t);
    for (int k = 0; k < 3; k++)
        ml_tensor_free(w[k]);
}

/* Backward gives memory back as it goes: a chain of a hundred ops needs two gradients, not a hundred. */
static void gradients_are_recycled(void **state)
{
    (void)state;
    size_t bytes[2];
    for (int inspect = 0; inspect < 2; inspect++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = inspect});
        ml_tensor *x = ml_zeros(10000);
        ml_requires_grad(x);
        ml_tensor *y = x;
        for (int k = 0; k < 100; k++)
            y = tiny_square(t, y);
        ml_tensor *loss = tiny_sum(t, y);
        size_t before = ml_tape_bytes(t);
        assert_int_equal(ml_backward(t, loss), ML_OK);
        bytes[inspect] = ml_tape_bytes(t) - before;
        ml_tape_free(t);
        ml_tensor_free(x);
    }
    size_t one = 10000 * sizeof(ml_real);
    assert_in_range(bytes[0], one, 2 * one + 1024);
    assert_in_range(bytes[1], 100 * one, 101 * one);
}

static void the_pool(void **state)
{
    (void)state;
    mli_pool p = {0};
    unsigned char *a = mli_pool_take(&p, 1000), *b = mli_pool_take(&p, 10);
    assert_int_equal((uintptr_t)a % 64, 0);
    memset(a, 1, 1000);
    memset(b, 2, 10);
    assert_true(a[999] == 1 && b[0] == 2);
    mli_pool_give(&p, a);
    assert_ptr_equal(mli_pool_take(&p, 900), a); /* what came back is lent again */
    unsigned char *c = mli_pool_take(&p, 64);
    assert_true(c != a && c != b);
    mli_pool_reset(&p);
    int64_t asked = mli_alloc_count();
    mli_pool_take(&p, 1000), mli_pool_take(&p, 10), mli_pool_take(&p, 64);
    assert_int_equal(mli_alloc_count(), asked);
    assert_null(mli_pool_take(&p, SIZE_MAX - 5));
    assert_int_equal(ml_error_status(), ML_ENOMEM);
    assert_null(mli_pool_take(&p, SIZE_MAX / 8)); /* cannot be had, and leaves the pool sound */
    assert_non_null(mli_pool_take(&p, 100));
    mli_pool_free(&p);
    assert_int_equal(p.total, 0);
}

/* Any two sequences of one pattern, the second with no request larger: the second allocates nothing. */
static void a_smaller_run_of_one_pattern_never_allocates(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(11);
    for (int trial = 0; trial < 200; trial++) {
        mli_pool p = {0};
        enum { N = 40 };
        int64_t size[2][N], give_after[N];
        for (int i = 0; i < N; i++) {
            size[0][i] = 64 * (1 + ml_rng_below(&rng, 50));
            size[1][i] = 1 + ml_rng_below(&rng, size[0][i]);
            give_after[i] = i + 1 + ml_rng_below(&rng, 6);
        }
        int64_t asked = 0;
        for (int run = 0; run < 4; run++) {
            void *held[N];
            if (run == 1)
                asked = mli_alloc_count();
            for (int i = 0; i < N; i++) {
                for (int k = 0; k < i; k++)
                    if (give_after[k] == i)
                        mli_pool_give(&p, held[k]);
                assert_non_null(held[i] = mli_pool_take(&p, (size_t)size[run % 2][i]));
                memset(held[i], i, (size_t)size[run % 2][i]);
            }
            mli_pool_reset(&p);
        }
        assert_int_equal(mli_alloc_count(), asked);
        mli_pool_free(&p);
    }
}

static void the_arena(void **state)
{
    (void)state;
    mli_arena a = {0};
    size_t chunk, used;
    mli_arena_place(&a, &chunk, &used);
    assert_true(chunk == 0 && used == 0);
    unsigned char *first = mli_arena_take(&a, 1), *second = mli_arena_take(&a, 0);
    assert_int_equal(second - first, 64);
    mli_arena_place(&a, &chunk, &used);
    unsigned char *big = mli_arena_take(&a, 1000000), *after = mli_arena_take(&a, 100);
    assert_true(big != after);
    mli_arena_return(&a, chunk, used);
    assert_ptr_equal(mli_arena_take(&a, 64), second + 64);
    size_t total = a.total;
    mli_arena_reset(&a);
    assert_ptr_equal(mli_arena_take(&a, 1), first);
    mli_arena_take(&a, 1000000);
    assert_int_equal(a.total, total);
    assert_null(mli_arena_take(&a, SIZE_MAX));
    assert_null(mli_arena_take(&a, SIZE_MAX / 8));
    assert_non_null(mli_arena_take(&a, 10));
    mli_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pool),
        cmocka_unit_test(a_smaller_run_of_one_pattern_never_allocates),
        cmocka_unit_test(the_arena),
        cmocka_unit_test(gradients_are_recycled),
        cmocka_unit_test(no_allocation_after_the_largest_batch),
        cmocka_unit_test(a_net_allocates_in_its_first_step_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
