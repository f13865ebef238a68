/* The plateau against PyTorch's ReduceLROnPlateau, score by score. */
#include "support/check.h"

#include <math.h>
#include <string.h>

static ml_optim *optimizer(ml_params **ps)
{
    *ps = ml_params_new();
    assert_non_null(ml_param(*ps, "w", 1, (int64_t[]){1}));
    return ml_sgd(*ps, (ml_sgd_opts){.lr = 0.5});
}

static void assert_follows(ml_plateau_opts opts, const char *scores, const char *rates)
{
    ml_params *ps;
    ml_optim *opt = optimizer(&ps);
    golden s = golden_read(scores), r = golden_read(rates);
    ml_plateau p = {.opts = opts};
    assert_int_equal(s.size, r.size);
    for (int64_t i = 0; i < s.size; i++) {
        assert_int_equal(ml_plateau_update(&p, opt, s.v[i]), ML_OK);
        if (!(fabs(ml_lr(opt) - r.v[i]) <= 1e-15 * r.v[i]))
            fail_msg("%s, score %lld (%g): %.17g, expected %.17g", rates, (long long)i, s.v[i], ml_lr(opt), r.v[i]);
    }
    assert_true(r.v[r.size - 1] < 0.5); /* it did fall */
    golden_free(&s);
    golden_free(&r);
    ml_optim_free(opt);
    ml_params_free(ps);
}

static void equal_to_pytorch(void **state)
{
    (void)state;
    assert_follows((ml_plateau_opts){0}, "plateau_falling", "plateau_default");
    assert_follows((ml_plateau_opts){.factor = 0.5, .patience = 3, .threshold = 0.01, .cooldown = 2, .min_lr = 0.02},
                   "plateau_falling", "plateau_patient");
    assert_follows((ml_plateau_opts){.higher_is_better = true, .factor = 0.3, .patience = 2, .threshold = 0.002},
                   "plateau_rising", "plateau_max");
    assert_follows((ml_plateau_opts){.higher_is_better = true, .factor = 0.9, .patience = ML_NONE, .threshold = ML_ZERO,
                                     .cooldown = 1},
                   "plateau_rising", "plateau_at_once");
    assert_follows((ml_plateau_opts){.factor = 0.01, .patience = ML_NONE}, "plateau_falling", "plateau_tiny");
}

/* docs/math/schedules.md, by numbers. */
static void by_numbers(void **state)
{
    (void)state;
    ml_params *ps;
    ml_optim *opt = optimizer(&ps);
    ml_plateau p = {.opts = {.factor = 0.5, .patience = 1}};
    const double loss[] = {3, 2, 2, 2.5, 1, 1, 1}, lr[] = {0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1};
    ml_set_lr(opt, 0.4);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(ml_plateau_update(&p, opt, loss[i]), ML_OK);
        assert_true(ml_lr(opt) == lr[i]);
    }
    ml_optim_free(opt);
    ml_params_free(ps);
}

static void never_a_number(void **state)
{
    (void)state;
    ml_params *ps;
    ml_optim *opt = optimizer(&ps);
    ml_plateau p = {.opts = {.patience = 2}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(ml_plateau_update(&p, opt, NAN), ML_OK);
    assert_true(ml_lr(opt) == 0.5 && p.best == INFINITY && p.bad == 2);
    ml_plateau_update(&p, opt, NAN);
    assert_true(ml_lr(opt) == 0.05);
    ml_plateau_update(&p, opt, 3);
    assert_true(p.best == 3 && p.bad == 0 && p.seen == 4);
    ml_optim_free(opt);
    ml_params_free(ps);
}

static void bad_calls(void **state)
{
    (void)state;
    ml_params *ps;
    ml_optim *opt = optimizer(&ps);
    ml_plateau p = {.opts = {.factor = 1}};
    assert_int_equal(ml_plateau_update(&p, opt, 1), ML_EINVAL);
    assert_string_equal(ml_error(), "plateau: factor is 1: it must be in [0, 1)");
    assert_int_equal(p.seen, 0);
    assert_null(ml_plateau_check((ml_plateau_opts){0}));
    assert_null(ml_plateau_check((ml_plateau_opts){.factor = ML_ZERO, .patience = ML_NONE, .threshold = ML_ZERO}));
    assert_string_equal(ml_plateau_check((ml_plateau_opts){.patience = -2}), "plateau: patience is -2: it must be in 0 .. 2^53");
    assert_non_null(ml_plateau_check((ml_plateau_opts){.patience = INT64_MAX}));
    assert_non_null(ml_plateau_check((ml_plateau_opts){.cooldown = INT64_MIN}));
    assert_non_null(ml_plateau_check((ml_plateau_opts){.threshold = NAN}));
    assert_non_null(ml_plateau_check((ml_plateau_opts){.min_lr = -1}));
    assert_non_null(ml_plateau_check((ml_plateau_opts){.factor = -0.1}));
    p.opts.factor = 0;
    assert_int_equal(ml_plateau_update(NULL, opt, 1), ML_EINVAL);
    assert_string_equal(ml_error(), "plateau: the plateau is NULL");
    assert_int_equal(ml_plateau_update(&p, NULL, 1), ML_EINVAL);
    ml_optim_free(opt);
    ml_params_free(ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(never_a_number),
        cmocka_unit_test(bad_calls),
    };
    return cmocka_run_group_tests_name("optim/plateau", tests, NULL, NULL);
}
