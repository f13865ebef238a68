/* Groups: rates and decays by name, equal to PyTorch's; what a pattern names; what a group leaves alone. */
#include "support/twenty_steps.h"

#include <math.h>
#include <string.h>

typedef ml_optim *(*maker)(ml_params *ps);

static ml_optim *sgd(ml_params *ps)
{
    return ml_sgd(ps, (ml_sgd_opts){.lr = 0.05, .momentum = 0.9, .weight_decay = 0.1});
}
static ml_optim *adam(ml_params *ps) { return ml_adam(ps, (ml_adam_opts){.lr = 0.02, .weight_decay = 0.1}); }
static ml_optim *adamw(ml_params *ps) { return ml_adamw(ps, (ml_adam_opts){.lr = 0.02, .weight_decay = 0.1}); }
static ml_optim *rmsprop(ml_params *ps) { return ml_rmsprop(ps, (ml_rmsprop_opts){.weight_decay = 0.1}); }
static ml_optim *adagrad(ml_params *ps) { return ml_adagrad(ps, (ml_adagrad_opts){.lr = 0.1, .weight_decay = 0.1}); }

static void equal_to_pytorch(void **state)
{
    (void)state;
    const struct {
        const char *name;
        maker make;
    } rules[] = {{"optim_groups_sgd", sgd}, {"optim_groups_adam", adam}, {"optim_groups_adamw", adamw},
                 {"optim_groups_rmsprop", rmsprop}, {"optim_groups_adagrad", adagrad}};
    for (int r = 0; r < 5; r++) {
        twenty_steps t = twenty_start();
        ml_optim *opt = rules[r].make(t.ps);
        assert_int_equal(ml_optim_group(opt, "b", (ml_group_opts){.lr_scale = 0.1, .weight_decay = ML_ZERO}), ML_OK);
        assert_int_equal(ml_optim_group(opt, "c", (ml_group_opts){.weight_decay = 0.4}), ML_OK);
        for (int step = 0; step < STEPS; step++) {
            twenty_gradients(&t, step);
            assert_int_equal(ml_step(opt), ML_OK);
        }
        assert_twenty(&t, rules[r].name);
        ml_optim_free(opt);
        twenty_free(&t);
    }
}

/* ---- which parameters a pattern names: those of rate 0 stay where they are ---- */

static const char *const NAMES[] = {"features.0.weight", "features.0.bias", "features.10.weight", "features.10.bias",
                                    "classifier.weight", "classifier.bias", "bias"};
enum { N = 7 };

static ml_params *named(void)
{
    ml_params *ps = ml_params_new();
    for (int i = 0; i < N; i++)
        assert_non_null(ml_param(ps, NAMES[i], 1, (int64_t[]){3}));
    return ps;
}

static void step_with_ones(ml_params *ps, ml_optim *opt)
{
    for (int i = 0; i < ml_params_count(ps); i++) {
        ml_tensor *x = ml_params_at(ps, i);
        for (int64_t k = 0; k < x->size; k++)
            x->grad[k] = 1;
        x->has_grad = true;
    }
    assert_int_equal(ml_step(opt), ML_OK);
}

/* names: a letter each, 'x' for those that the pattern should name. */
static void assert_names(const char *pattern, const char *names)
{
    ml_params *ps = named();
    ml_optim *opt = ml_sgd(ps, (ml_sgd_opts){.lr = 1});
    ml_status s = ml_optim_group(opt, pattern, (ml_group_opts){.lr_scale = ML_ZERO});
    assert_int_equal(s, strchr(names, 'x') ? ML_OK : ML_EINVAL);
    step_with_ones(ps, opt);
    for (int i = 0; i < N; i++)
        if ((ml_params_at(ps, i)->data[0] == 0) != (names[i] == 'x'))
            fail_msg("\"%s\" and %s", pattern, NAMES[i]);
    ml_optim_free(opt);
    ml_params_free(ps);
}

static void prefixes_and_stars(void **state)
{
    (void)state;
    assert_names("", "xxxxxxx");
    assert_names("*", "xxxxxxx");
    assert_names("features.", "xxxx---");
    assert_names("features.1", "--xx---");
    assert_names("features.1.", "-------");
    assert_names("*.bias", "-x-x-x-");
    assert_names("*bias", "-x-x-xx");
    assert_names("features.*.bias", "-x-x---");
    assert_names("f*0*e", "x-x----");
    assert_names("*.*.w", "x-x----");
    assert_names("bias", "------x");
    assert_names("biased", "-------");
    assert_names("features.0.weight*", "x------");
    assert_names("*x", "-------");
    char many[300];
    memset(many, '*', sizeof many);
    memcpy(many + 294, "z", 2); /* as many ways to match as there are, all of them wrong */
    assert_names(many, "-------");
}

static void a_name_that_matches_nothing(void **state)
{
    (void)state;
    ml_params *ps = named();
    ml_optim *opt = adam(ps);
    assert_int_equal(ml_optim_group(opt, "feature_extractor.", (ml_group_opts){.lr_scale = 0.1}), ML_EINVAL);
    assert_string_equal(ml_error(), "group: no parameter's name begins with \"feature_extractor.\"");
    ml_optim_free(opt);
    ml_params_free(ps);
}

static void the_last_call_counts(void **state)
{
    (void)state;
    ml_params *ps = named();
    ml_optim *opt = ml_sgd(ps, (ml_sgd_opts){.lr = 1});
    ml_optim_group(opt, "features.", (ml_group_opts){.lr_scale = 0.5});
    ml_optim_group(opt, "*.bias", (ml_group_opts){.lr_scale = 0.25});
    ml_optim_group(opt, "classifier.", (ml_group_opts){0}); /* back to the default */
    ml_set_lr(opt, 2); /* groups follow */
    step_with_ones(ps, opt);
    const double moved[N] = {1, 0.5, 1, 0.5, 2, 2, 2};
    for (int i = 0; i < N; i++)
        assert_true((double)ml_params_at(ps, i)->data[1] == -moved[i]);
    ml_optim_free(opt);
    ml_params_free(ps);
}

/* A weight decay of 0 in a group is the optimizer's own; ML_ZERO is none. */
static void decay_by_default(void **state)
{
    (void)state;
    ml_params *ps = named();
    for (int i = 0; i < N; i++)
        ml_init_constant(ml_params_at(ps, i), 1);
    ml_optim *opt = ml_sgd(ps, (ml_sgd_opts){.lr = 0.5, .weight_decay = 0.25});
    ml_optim_group(opt, "features.", (ml_group_opts){.weight_decay = 0.5});
    ml_optim_group(opt, "features.0.", (ml_group_opts){.weight_decay = ML_ZERO});
    ml_optim_group(opt, "features.10.bias", (ml_group_opts){.lr_scale = 0.5});
    step_with_ones(ps, opt);
    const double end[N] = {0.5, 0.5, 0.25, 0.6875, 0.375, 0.375, 0.375};
    for (int i = 0; i < N; i++)
        assert_true((double)ml_params_at(ps, i)->data[2] == end[i]);
    ml_optim_free(opt);
    ml_params_free(ps);
}

/* Frozen in the middle of a group, and a group in the middle of the rest: the stretches of a step end where they should. */
static void groups_and_freezing(void **state)
{
    (void)state;
    ml_params *ps = named();
    ml_optim *opt = adam(ps);
    ml_optim_group(opt, "features.10.", (ml_group_opts){.lr_scale = 0.5});
    step_with_ones(ps, opt);
    ml_params_freeze(ps, "features.10.w", true);
    step_with_ones(ps, opt);
    ml_params_freeze(ps, "", false);
    step_with_ones(ps, opt);
    const double steps[N] = {3, 3, 1, 1.5, 3, 3, 3}; /* of 0.02 each: Adam, and a gradient that stays the same */
    for (int i = 0; i < N; i++)
        if (fabs((double)ml_params_at(ps, i)->data[0] + 0.02 * steps[i]) > 2e-3)
            fail_msg("%s: %g", NAMES[i], (double)ml_params_at(ps, i)->data[0]);
    ml_optim_free(opt);
    ml_params_free(ps);
}

static void bad_calls(void **state)
{
    (void)state;
    ml_params *ps = named();
    ml_optim *opt = adam(ps);
    assert_int_equal(ml_optim_group(NULL, "", (ml_group_opts){0}), ML_EINVAL);
    assert_int_equal(ml_optim_group(opt, NULL, (ml_group_opts){0}), ML_EINVAL);
    assert_int_equal(ml_optim_group(opt, "", (ml_group_opts){.lr_scale = -1}), ML_EINVAL);
    assert_string_equal(ml_error(), "group: lr_scale is -1: it must be a number >= 0");
    assert_int_equal(ml_optim_group(opt, "", (ml_group_opts){.lr_scale = NAN}), ML_EINVAL);
    assert_int_equal(ml_optim_group(opt, "", (ml_group_opts){.lr_scale = INFINITY}), ML_EINVAL);
    assert_int_equal(ml_optim_group(opt, "", (ml_group_opts){.weight_decay = -0.5}), ML_EINVAL);
    assert_string_equal(ml_error(), "group: weight_decay is -0.5: it must be a number >= 0");
    assert_non_null(ml_param(ps, "late", 1, (int64_t[]){1}));
    assert_int_equal(ml_optim_group(opt, "late", (ml_group_opts){0}), ML_ESTATE);
    assert_string_equal(ml_error(), "group: parameters were added after this adam was made: make a new one");
    ml_optim_free(opt);
    ml_params_free(ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_pytorch),     cmocka_unit_test(prefixes_and_stars),
        cmocka_unit_test(a_name_that_matches_nothing), cmocka_unit_test(the_last_call_counts),
        cmocka_unit_test(decay_by_default),     cmocka_unit_test(groups_and_freezing),
        cmocka_unit_test(bad_calls),
    };
    return cmocka_run_group_tests_name("optim/groups", tests, NULL, NULL);
}
