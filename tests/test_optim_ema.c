/* The average of the weights: against PyTorch's AveragedModel, by the formula, and in and out of the net. */
#include "support/twenty_steps.h"

#include "base/base.h"
#include "nn/nn.h"

#include <math.h>
#include <string.h>

static void equal_to_pytorch(void **state)
{
    (void)state;
    for (int warm_up = 0; warm_up < 2; warm_up++) {
        twenty_steps t = twenty_start();
        ml_optim *opt = ml_sgd(t.ps, (ml_sgd_opts){.lr = 0.1});
        ml_ema *ema = ml_ema_new(t.ps, (ml_ema_opts){.decay = 0.9, .warm_up = warm_up});
        for (int step = 0; step < STEPS; step++) {
            twenty_gradients(&t, step);
            assert_int_equal(ml_step(opt), ML_OK);
            assert_int_equal(ml_ema_update(ema), ML_OK);
        }
        assert_int_equal(ml_ema_updates(ema), STEPS);
        assert_int_equal(ml_ema_swap(ema), ML_OK);
        assert_twenty(&t, warm_up ? "optim_ema_warm_up" : "optim_ema");
        ml_ema_free(ema);
        ml_optim_free(opt);
        twenty_free(&t);
    }
}

static ml_params *one_weight(int64_t n)
{
    ml_params *ps = ml_params_new();
    assert_non_null(ml_param(ps, "w", 1, &n));
    return ps;
}

/* docs/math/ema.md, by numbers. */
static void by_numbers(void **state)
{
    (void)state;
    const double plain[] = {0.5, 1.25, 2.125}, warm[] = {0.9, 1.8, 2.7};
    for (int w = 0; w < 2; w++) {
        ml_params *ps = one_weight(1);
        ml_ema *ema = ml_ema_new(ps, (ml_ema_opts){.decay = 0.5, .warm_up = w});
        for (int t = 0; t < 3; t++) {
            ml_tensor *x = ml_params_at(ps, 0);
            x->data[0] = (ml_real)(t + 1);
            assert_int_equal(ml_ema_update(ema), ML_OK);
            assert_int_equal(ml_ema_swap(ema), ML_OK);
            assert_true(fabs((double)x->data[0] - (w ? warm[t] : plain[t])) < 1e-6);
            assert_int_equal(ml_ema_swap(ema), ML_OK);
            assert_true(x->data[0] == (ml_real)(t + 1));
        }
        ml_ema_free(ema);
        ml_params_free(ps);
    }
}

static void the_average_waits_while_it_is_in_the_net(void **state)
{
    (void)state;
    ml_params *ps = one_weight(3);
    ml_ema *ema = ml_ema_new(ps, (ml_ema_opts){0});
    assert_int_equal(ml_ema_swap(ema), ML_OK);
    assert_int_equal(ml_ema_update(ema), ML_ESTATE);
    assert_string_equal(ml_error(), "ema_update: the averages are in the net: ml_ema_swap brings its weights back first");
    assert_int_equal(ml_ema_updates(ema), 0);
    assert_int_equal(ml_ema_swap(ema), ML_OK);
    assert_int_equal(ml_ema_update(ema), ML_OK);
    assert_non_null(ml_param(ps, "late", 1, (int64_t[]){2}));
    assert_int_equal(ml_ema_update(ema), ML_ESTATE);
    assert_string_equal(ml_error(), "ema_update: parameters were added after this average was made: make a new one");
    assert_int_equal(ml_ema_swap(ema), ML_ESTATE);
    ml_ema_free(ema);
    ml_params_free(ps);
}

static void equal_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    enum { LARGE = 100003 };
    static ml_real first[LARGE];
    int before = ml_threads();
    for (int threads = 1; threads <= 4; threads++) {
        ml_rng rng = ml_rng_seed(2);
        ml_set_threads(threads);
        ml_params *ps = one_weight(LARGE);
        ml_ema *ema = ml_ema_new(ps, (ml_ema_opts){.decay = 0.99, .warm_up = true});
        int64_t asked = mli_alloc_count();
        for (int t = 0; t < 3; t++) {
            ml_init_normal(ml_params_at(ps, 0), &rng, 0, 1);
            assert_int_equal(ml_ema_update(ema), ML_OK);
        }
        assert_int_equal(ml_ema_swap(ema), ML_OK);
        assert_int_equal(mli_alloc_count(), asked);
        if (threads == 1)
            memcpy(first, ps->data, sizeof first);
        assert_memory_equal(first, ps->data, sizeof first);
        ml_ema_free(ema);
        ml_params_free(ps);
    }
    ml_set_threads(before);
}

static void bad_calls(void **state)
{
    (void)state;
    ml_params *ps = one_weight(3);
    assert_null(ml_ema_new(ps, (ml_ema_opts){.decay = 1}));
    assert_string_equal(ml_error(), "ema: decay is 1: it must be in [0, 1)");
    assert_null(ml_ema_new(ps, (ml_ema_opts){.decay = NAN}));
    assert_null(ml_ema_new(ps, (ml_ema_opts){.decay = -0.5}));
    assert_null(ml_ema_new(NULL, (ml_ema_opts){0}));
    assert_int_equal(ml_ema_update(NULL), ML_EINVAL);
    assert_int_equal(ml_ema_swap(NULL), ML_EINVAL);
    assert_int_equal(ml_ema_updates(NULL), 0);
    ml_ema_free(NULL);
    ml_ema *last = ml_ema_new(ps, (ml_ema_opts){.decay = ML_ZERO}); /* keeps nothing: the last weights */
    ml_init_constant(ml_params_at(ps, 0), 3);
    assert_int_equal(ml_ema_update(last), ML_OK);
    ml_init_constant(ml_params_at(ps, 0), 4);
    assert_int_equal(ml_ema_swap(last), ML_OK);
    assert_true(ml_params_at(ps, 0)->data[2] == 3);
    ml_ema_free(last);
    ml_params_free(ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(the_average_waits_while_it_is_in_the_net),
        cmocka_unit_test(equal_bits_on_any_number_of_threads),
        cmocka_unit_test(bad_calls),
    };
    return cmocka_run_group_tests_name("optim/ema", tests, NULL, NULL);
}
