/* Schedules against PyTorch's, step by step. */
#include "support/check.h"

#include <math.h>

static void assert_follows(ml_schedule s, const char *name)
{
    golden g = golden_read(name);
    for (int64_t i = 0; i < g.size; i++) {
        double lr = ml_schedule_at(&s, i);
        if (!(fabs(lr - g.v[i]) <= 1e-13 + 1e-12 * g.v[i]))
            fail_msg("%s, step %lld: %.17g, expected %.17g", name, (long long)i, lr, g.v[i]);
    }
    golden_free(&g);
}

static void equal_to_pytorch(void **state)
{
    (void)state;
    assert_follows(ml_schedule_step(0.1, 7, 0.3), "schedule_step");
    assert_follows(ml_schedule_one_cycle(0.5, 5), "schedule_one_cycle5");
    assert_follows(ml_schedule_one_cycle(0.5, 37), "schedule_one_cycle37");
    assert_follows(ml_schedule_one_cycle(0.5, 100), "schedule_one_cycle100");
    ml_schedule cosine = ml_schedule_cosine(0.3, 20, 0.01), steps = ml_schedule_step(0.3, 4, 0.5);
    assert_follows(cosine, "schedule_cosine");
    assert_follows(ml_schedule_warm_up(cosine, 7, 0.2), "schedule_warm_up");
    assert_follows(ml_schedule_warm_up(steps, 3, 1.0 / 3), "schedule_warm_up_step");
    assert_follows(ml_schedule_cosine_restarts(0.3, 7, 1, 0.01), "schedule_restarts");
    assert_follows(ml_schedule_cosine_restarts(0.3, 3, 2, 0), "schedule_restarts2");
    assert_follows(ml_schedule_cosine_restarts(0.3, 1, 3, 0.02), "schedule_restarts3");
    assert_follows(ml_schedule_exponential(0.3, 0.93), "schedule_exponential");
}

static void corners(void **state)
{
    (void)state;
    ml_schedule flat = ml_schedule_constant(0.3), cycle = ml_schedule_one_cycle(1, 10), one = ml_schedule_one_cycle(1, 1);
    assert_true(ml_schedule_at(&flat, 0) == 0.3 && ml_schedule_at(&flat, 1000000) == 0.3);
    assert_true(fabs(ml_schedule_at(&cycle, 0) - 1.0 / 25) < 1e-15);
    assert_true(fabs(ml_schedule_at(&cycle, 2) - 1) < 1e-15);
    assert_true(fabs(ml_schedule_at(&cycle, 9) - 1.0 / 250000) < 1e-15);
    assert_true(ml_schedule_at(&cycle, 1000) == ml_schedule_at(&cycle, 9));
    assert_true(isfinite(ml_schedule_at(&one, 0)));

    ml_schedule cosine = ml_schedule_cosine(1, 4, 0.2);
    const double row[] = {1, 0.8828, 0.6, 0.3172, 0.2, 0.2}; /* docs/math/schedules.md, by numbers */
    for (int i = 0; i < 6; i++)
        assert_true(fabs(ml_schedule_at(&cosine, i) - row[i]) < 5e-5);
    assert_true(ml_schedule_at(&cosine, INT64_MAX) == ml_schedule_at(&cosine, 4)); /* PyTorch's would rise again */

    ml_schedule again = ml_schedule_cosine_restarts(1, 2, 2, 0.2), even = ml_schedule_cosine_restarts(1, 2, 1, 0);
    const double twice[] = {1, 0.6, 1, 0.8828, 0.6, 0.3172, 1}; /* likewise */
    for (int i = 0; i < 7; i++)
        assert_true(fabs(ml_schedule_at(&again, i) - twice[i]) < 5e-5);
    assert_true(ml_schedule_at(&again, 2 * (((int64_t)1 << 40) - 1)) == 1); /* the start of a period, far out */
    assert_true(fabs(ml_schedule_at(&again, INT64_MAX) - 0.2) < 1 && ml_schedule_at(&even, INT64_MAX - 1) == 1);
    ml_schedule long_ago = ml_schedule_cosine_restarts(1, INT64_MAX, INT64_MAX, 0), decay = ml_schedule_exponential(1, 0.5);
    assert_true(ml_schedule_at(&long_ago, INT64_MAX) == 1 && ml_schedule_at(&decay, 3) == 0.125);
    assert_true(ml_schedule_at(&decay, INT64_MAX) == 0);

    ml_schedule warm = ml_schedule_warm_up(flat, 3, 0), none = ml_schedule_warm_up(warm, 0, 0);
    assert_true(ml_schedule_at(&warm, 0) == 0 && ml_schedule_at(&warm, 3) == 0.3 && ml_schedule_at(&warm, INT64_MAX) == 0.3);
    assert_true(fabs(ml_schedule_at(&warm, 1) - 0.1) < 1e-15 && fabs(ml_schedule_at(&warm, 2) - 0.2) < 1e-15);
    assert_true(ml_schedule_at(&none, 0) == 0.3);
}

static void bad_arguments(void **state)
{
    (void)state;
    ml_schedule s = ml_schedule_step(0.1, 0, 0.5), c = ml_schedule_one_cycle(0.1, 0), ok = ml_schedule_constant(1);
    assert_true(isnan(ml_schedule_at(&s, 3)));
    assert_string_equal(ml_error(), "schedule: step 3, every 0, total 1, mult 1: step must be >= 0, the others >= 1");
    assert_true(isnan(ml_schedule_at(&c, 3)));
    assert_true(isnan(ml_schedule_at(&ok, -1)));
    assert_true(isnan(ml_schedule_at(NULL, 0)));
    ml_schedule cosine = ml_schedule_cosine(0.1, -1, 0);
    assert_true(isnan(ml_schedule_at(&cosine, 0)));
    const ml_schedule restarts[] = {ml_schedule_cosine_restarts(1, 0, 1, 0), ml_schedule_cosine_restarts(1, 3, 0, 0),
                                    ml_schedule_cosine_restarts(1, -5, 2, 0), ml_schedule_cosine_restarts(1, 3, INT64_MIN, 0)};
    for (int i = 0; i < 4; i++)
        assert_true(isnan(ml_schedule_at(&restarts[i], 1)));
    const double starts[] = {-0.1, 1.1, NAN};
    for (int i = 0; i < 3; i++) {
        ml_schedule warm = ml_schedule_warm_up(ok, 3, starts[i]);
        assert_true(isnan(ml_schedule_at(&warm, 1)));
    }
    ml_schedule before = ml_schedule_warm_up(ok, -5, 0);
    assert_true(isnan(ml_schedule_at(&before, 1)));
    assert_string_equal(ml_error(), "schedule: a warm-up of -5 steps from 0: steps must be >= 0, the start in [0, 1]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(corners),
        cmocka_unit_test(bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
