/* The first number that is not finite: fast body and definition agree, wherever it is, on any number of threads. */
#include "kernels/finite.h"
#include "kernels/ranges.h"
#include "support/check.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#ifdef MLCORE_DOUBLE
#define LARGEST DBL_MAX
#define TINIEST DBL_MIN
#else
#define LARGEST FLT_MAX
#define TINIEST FLT_MIN
#endif

enum { MOST = 3 * MLK_CHUNK + 77 };
static ml_real x[MOST + 1];

static void fill(int64_t n)
{
    static const ml_real some[] = {0, -1, LARGEST, -LARGEST, TINIEST, TINIEST / 4, (ml_real)1e-3};
    for (int64_t i = 0; i < n; i++)
        x[i] = some[i % 7];
}

static void nothing_to_find(void **state)
{
    (void)state;
    fill(MOST);
    for (int64_t n = 0; n < 200; n++)
        assert_int_equal(mlk_first_not_finite(x, n), -1);
    assert_int_equal(mlk_first_not_finite(x, MOST), -1);
    assert_int_equal(mlk_first_not_finite_ref(x, MOST), -1);
    assert_int_equal(mlk_first_not_finite(NULL, 0), -1);
}

static void found_wherever_it_is(void **state)
{
    (void)state;
    const ml_real bad[] = {(ml_real)NAN, (ml_real)INFINITY, (ml_real)-INFINITY, (ml_real)-NAN};
    const int64_t sizes[] = {1, 2, 7, 64, 65, MLK_BLOCK - 1, MLK_BLOCK, MLK_BLOCK + 1, MLK_CHUNK + 3, MOST};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int64_t n = sizes[s], step = n < 100 ? 1 : n / 37;
        fill(n);
        for (int64_t at = 0, k = 0; at < n; at += step, k++) {
            ml_real held = x[at];
            x[at] = bad[k % 4];
            assert_int_equal(mlk_first_not_finite(x, n), at);
            assert_int_equal(mlk_first_not_finite_ref(x, n), at);
            if (at) /* an address that is not aligned */
                assert_int_equal(mlk_first_not_finite(x + 1, n - 1), at - 1);
            x[at] = held;
        }
    }
}

static void the_first_of_many_on_any_number_of_threads(void **state)
{
    (void)state;
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(3);
    for (int round = 0; round < 50; round++) {
        fill(MOST);
        for (int k = 0; k < 5; k++)
            x[ml_rng_below(&rng, MOST)] = (ml_real)(k % 2 ? NAN : INFINITY);
        int64_t first = mlk_first_not_finite_ref(x, MOST);
        for (int n = 1; n <= 4; n *= 2) {
            ml_set_threads(n);
            assert_int_equal(mlk_first_not_finite(x, MOST), first);
        }
    }
    ml_set_threads(threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_find),
        cmocka_unit_test(found_wherever_it_is),
        cmocka_unit_test(the_first_of_many_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
