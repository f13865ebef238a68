/* The update rules: against PyTorch over 20 steps, against the formulas as plain loops, and what a step leaves alone. */
#include "support/twenty_steps.h"

#include "nn/nn.h"

#include <math.h>
#include <string.h>

typedef ml_optim *(*maker)(ml_params *ps);

static void assert_equals_pytorch(const char *name, maker make)
{
    twenty_steps t = twenty_start();
    ml_optim *opt = make(t.ps);
    assert_non_null(opt);
    for (int step = 0; step < STEPS; step++) {
        twenty_gradients(&t, step);
        assert_int_equal(ml_step(opt), ML_OK);
    }
    assert_int_equal(ml_optim_steps(opt), STEPS);
    assert_twenty(&t, name);
    ml_optim_free(opt);
    twenty_free(&t);
}

static ml_optim *sgd(ml_params *ps) { return ml_sgd(ps, (ml_sgd_opts){.lr = 0.1}); }
static ml_optim *sgd_decay(ml_params *ps) { return ml_sgd(ps, (ml_sgd_opts){.lr = 0.1, .weight_decay = 0.05}); }
static ml_optim *sgd_momentum(ml_params *ps) { return ml_sgd(ps, (ml_sgd_opts){.lr = 0.05, .momentum = 0.9}); }
static ml_optim *sgd_dampening(ml_params *ps)
{
    return ml_sgd(ps, (ml_sgd_opts){.lr = 0.05, .momentum = 0.8, .dampening = 0.3, .weight_decay = 0.01});
}
static ml_optim *sgd_nesterov(ml_params *ps)
{
    return ml_sgd(ps, (ml_sgd_opts){.lr = 0.05, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true});
}
static ml_optim *adam(ml_params *ps) { return ml_adam(ps, (ml_adam_opts){.lr = 0.01}); }
static ml_optim *adam_decay(ml_params *ps)
{
    return ml_adam(ps, (ml_adam_opts){.lr = 0.02, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6, .weight_decay = 0.1});
}
static ml_optim *adamw(ml_params *ps) { return ml_adamw(ps, (ml_adam_opts){.lr = 0.02}); }
static ml_optim *adamw_decay(ml_params *ps)
{
    return ml_adamw(ps, (ml_adam_opts){.lr = 0.02, .beta1 = 0.85, .beta2 = 0.99, .weight_decay = 0.3});
}

static ml_optim *rmsprop(ml_params *ps) { return ml_rmsprop(ps, (ml_rmsprop_opts){0}); }
static ml_optim *rmsprop_momentum(ml_params *ps)
{
    return ml_rmsprop(ps, (ml_rmsprop_opts){.lr = 0.005, .alpha = 0.9, .momentum = 0.8, .weight_decay = 0.1});
}
static ml_optim *rmsprop_centered(ml_params *ps)
{
    return ml_rmsprop(ps, (ml_rmsprop_opts){.lr = 0.02, .alpha = 0.95, .eps = 1e-4, .centered = true});
}
static ml_optim *rmsprop_both(ml_params *ps)
{
    return ml_rmsprop(ps, (ml_rmsprop_opts){.lr = 0.003, .alpha = 0.9, .eps = 1e-3, .momentum = 0.7, .weight_decay = 0.02,
                                            .centered = true});
}
static ml_optim *adagrad(ml_params *ps) { return ml_adagrad(ps, (ml_adagrad_opts){0}); }
static ml_optim *adagrad_decay(ml_params *ps)
{
    return ml_adagrad(ps, (ml_adagrad_opts){.lr = 0.1, .lr_decay = 0.05, .weight_decay = 0.03, .initial_accumulator = 0.2,
                                            .eps = 1e-6});
}

static void sgd_equals_pytorch(void **state)
{
    (void)state;
    assert_equals_pytorch("optim_sgd", sgd);
    assert_equals_pytorch("optim_sgd_decay", sgd_decay);
    assert_equals_pytorch("optim_sgd_momentum", sgd_momentum);
    assert_equals_pytorch("optim_sgd_dampening", sgd_dampening);
    assert_equals_pytorch("optim_sgd_nesterov", sgd_nesterov);
}

static void adam_equals_pytorch(void **state)
{
    (void)state;
    assert_equals_pytorch("optim_adam", adam);
    assert_equals_pytorch("optim_adam_decay", adam_decay);
    assert_equals_pytorch("optim_adamw", adamw);
    assert_equals_pytorch("optim_adamw_decay", adamw_decay);
}

/* PyTorch's decay is decoupled from the gradient and not from the rate: both shrink under a schedule. */
static void adamw_under_a_schedule(void **state)
{
    (void)state;
    twenty_steps t = twenty_start();
    ml_optim *opt = ml_adamw(t.ps, (ml_adam_opts){.lr = 0.05, .weight_decay = 0.4});
    ml_schedule falling = ml_schedule_exponential(0.05, 0.8);
    for (int step = 0; step < STEPS; step++) {
        twenty_gradients(&t, step);
        assert_int_equal(ml_set_lr(opt, ml_schedule_at(&falling, step)), ML_OK);
        assert_int_equal(ml_step(opt), ML_OK);
    }
    assert_twenty(&t, "optim_adamw_scheduled");
    ml_optim_free(opt);
    twenty_free(&t);
}

static void rmsprop_equals_pytorch(void **state)
{
    (void)state;
    assert_equals_pytorch("optim_rmsprop", rmsprop);
    assert_equals_pytorch("optim_rmsprop_momentum", rmsprop_momentum);
    assert_equals_pytorch("optim_rmsprop_centered", rmsprop_centered);
    assert_equals_pytorch("optim_rmsprop_both", rmsprop_both);
}

static void adagrad_equals_pytorch(void **state)
{
    (void)state;
    assert_equals_pytorch("optim_adagrad", adagrad);
    assert_equals_pytorch("optim_adagrad_decay", adagrad_decay);
}

/* ---- the formulas, as plain loops in double, over a size that is cut into chunks with a remainder ---- */

enum { LARGE = 70001 };

static ml_params *large(ml_rng *rng)
{
    ml_params *ps = ml_params_new();
    ml_init_normal(ml_param(ps, "a", 1, (int64_t[]){LARGE}), rng, 0, 1);
    ml_init_normal(ml_param(ps, "b", 1, (int64_t[]){3}), rng, 0, 1);
    return ps;
}

static void random_gradients(ml_params *ps, ml_rng *rng)
{
    for (int k = 0; k < ml_params_count(ps); k++) {
        ml_tensor *x = ml_params_at(ps, k);
        ml_tensor g = {.data = x->grad, .rank = 1, .shape = {x->size}, .size = x->size};
        ml_init_normal(&g, rng, 0, 1);
        x->has_grad = true;
    }
}

typedef void (*formula)(double *p, double g, double *m, double *v, int t);

static void rmsprop_formula(double *p, double g, double *b, double *v, int t)
{
    (void)t;
    g += 0.1 * *p;
    *v = 0.9 * *v + 0.1 * g * g;
    *b = 0.8 * *b + g / (sqrt(*v) + 1e-8);
    *p -= 0.005 * *b;
}

static void centered_formula(double *p, double g, double *m, double *v, int t)
{
    (void)t;
    *m = 0.95 * *m + 0.05 * g;
    *v = 0.95 * *v + 0.05 * g * g;
    *p -= 0.02 * g / (sqrt(*v - *m * *m) + 1e-4);
}

static void adagrad_formula(double *p, double g, double *s, double *v, int t)
{
    (void)v;
    g += 0.03 * *p;
    *s = (t == 1 ? 0.2 : *s) + g * g;
    *p -= 0.1 / (1 + (t - 1) * 0.05) * g / (sqrt(*s) + 1e-6);
}

static void sgd_formula(double *p, double g, double *m, double *v, int t)
{
    (void)m, (void)v, (void)t;
    *p -= 0.1 * g;
}

static void nesterov_formula(double *p, double g, double *b, double *v, int t)
{
    (void)v;
    g += 0.01 * *p;
    *b = t == 1 ? g : 0.9 * *b + g;
    *p -= 0.05 * (g + 0.9 * *b);
}

static void adamw_formula(double *p, double g, double *m, double *v, int t)
{
    *p -= 0.02 * 0.01 * *p;
    *m = 0.9 * *m + 0.1 * g;
    *v = 0.999 * *v + 0.001 * g * g;
    double mh = *m / (1 - pow(0.9, t)), vh = *v / (1 - pow(0.999, t));
    *p -= 0.02 * mh / (sqrt(vh) + 1e-8);
}

static void assert_equals_formula(maker make, formula f)
{
    static double p[LARGE + 3], m[LARGE + 3], v[LARGE + 3];
    ml_rng rng = ml_rng_seed(5);
    ml_params *ps = large(&rng);
    ml_optim *opt = make(ps);
    for (int i = 0; i < LARGE + 3; i++) {
        m[i] = v[i] = 0;
        p[i] = (double)(i < LARGE ? ml_params_at(ps, 0)->data[i] : ml_params_at(ps, 1)->data[i - LARGE]);
    }
    for (int t = 1; t <= 3; t++) {
        random_gradients(ps, &rng);
        const ml_real *a = ml_params_at(ps, 0)->grad, *b = ml_params_at(ps, 1)->grad;
        for (int i = 0; i < LARGE + 3; i++)
            f(&p[i], (double)(i < LARGE ? a[i] : b[i - LARGE]), &m[i], &v[i], t);
        assert_int_equal(ml_step(opt), ML_OK);
    }
    assert_close(ml_params_at(ps, 0)->data, p, LARGE, TOL, TOL);
    assert_close(ml_params_at(ps, 1)->data, p + LARGE, 3, TOL, TOL);
    ml_optim_free(opt);
    ml_params_free(ps);
}

static void equal_to_the_formulas(void **state)
{
    (void)state;
    assert_equals_formula(sgd, sgd_formula);
    assert_equals_formula(sgd_nesterov, nesterov_formula);
    assert_equals_formula(adamw, adamw_formula);
    assert_equals_formula(rmsprop_momentum, rmsprop_formula);
    assert_equals_formula(rmsprop_centered, centered_formula);
    assert_equals_formula(adagrad_decay, adagrad_formula);
}

static void equal_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    static ml_real one[LARGE];
    maker makers[] = {adamw, rmsprop_both, adagrad_decay};
    int before = ml_threads();
    for (int k = 0; k < 3; k++)
        for (int threads = 1; threads <= 4; threads++) {
            ml_set_threads(threads);
            ml_rng rng = ml_rng_seed(6);
            ml_params *ps = large(&rng);
            ml_optim *opt = makers[k](ps);
            for (int t = 0; t < 3; t++) {
                random_gradients(ps, &rng);
                ml_step(opt);
            }
            if (threads == 1)
                memcpy(one, ml_params_at(ps, 0)->data, sizeof one);
            assert_memory_equal(one, ml_params_at(ps, 0)->data, sizeof one);
            ml_optim_free(opt);
            ml_params_free(ps);
        }
    ml_set_threads(before);
}

/* ---- what a step touches ---- */

static ml_params *pair(void)
{
    ml_params *ps = ml_params_new();
    ml_init_constant(ml_param(ps, "a", 1, (int64_t[]){3}), 1);
    ml_init_constant(ml_param(ps, "b", 1, (int64_t[]){3}), 1);
    return ps;
}

static void set_gradient(ml_tensor *x, double value)
{
    for (int64_t i = 0; i < x->size; i++)
        x->grad[i] = (ml_real)value;
    x->has_grad = true;
}

static void frozen_and_unreached_stay(void **state)
{
    (void)state;
    maker makers[] = {sgd_decay, sgd_nesterov, adam_decay, adamw, rmsprop_momentum, adagrad_decay};
    for (int k = 0; k < 6; k++) { /* all with decay: a step that touched them would show */
        ml_params *ps = pair();
        ml_tensor *a = ml_params_at(ps, 0), *b = ml_params_at(ps, 1);
        ml_optim *opt = makers[k](ps);
        set_gradient(a, 1);
        assert_int_equal(ml_step(opt), ML_OK);
        assert_true(a->data[0] != 1 && b->data[0] == 1);
        assert_false(a->has_grad);

        ml_params_freeze(ps, "a", true);
        ml_real held = a->data[0];
        a->has_grad = true; /* even if a gradient were there */
        set_gradient(b, 1);
        assert_int_equal(ml_step(opt), ML_OK);
        assert_true(a->data[0] == held && b->data[0] != 1);
        ml_params_freeze(ps, "a", false);
        assert_int_equal(ml_step(opt), ML_OK); /* nothing has a gradient: nothing moves */
        assert_true(a->data[0] == held);
        ml_optim_free(opt);
        ml_params_free(ps);
    }
}

static ml_optim *adam_bare(ml_params *ps) { return ml_adam(ps, (ml_adam_opts){.lr = 0.1, .eps = ML_ZERO}); }
static ml_optim *rmsprop_bare(ml_params *ps)
{
    return ml_rmsprop(ps, (ml_rmsprop_opts){.lr = 0.1, .alpha = ML_ZERO, .eps = ML_ZERO});
}
static ml_optim *adagrad_bare(ml_params *ps) { return ml_adagrad(ps, (ml_adagrad_opts){.lr = 0.1, .eps = ML_ZERO}); }

/* Each divides the gradient by its size, so the first step is lr; in the padding that is 0 / 0. */
static void eps_zero_leaves_the_padding(void **state)
{
    (void)state;
    maker makers[] = {adam_bare, rmsprop_bare, adagrad_bare};
    for (int k = 0; k < 3; k++) {
        ml_params *ps = pair();
        ml_optim *opt = makers[k](ps);
        set_gradient(ml_params_at(ps, 0), 2);
        set_gradient(ml_params_at(ps, 1), -2);
        assert_int_equal(ml_step(opt), ML_OK);
        assert_true(fabs((double)ml_params_at(ps, 0)->data[2] - 0.9) < 1e-6);
        assert_true(fabs((double)ml_params_at(ps, 1)->data[2] - 1.1) < 1e-6);
        for (int64_t i = 3; i < MLI_ALIGN; i++)
            assert_true(ps->data[i] == 0);
        ml_optim_free(opt);
        ml_params_free(ps);
    }
}

/* A gradient that never changes has no variance; rounding must not make it negative. */
static void a_constant_gradient_centered(void **state)
{
    (void)state;
    ml_params *ps = pair();
    ml_optim *opt = ml_rmsprop(ps, (ml_rmsprop_opts){.lr = 1e-6, .alpha = 0.5, .eps = 1, .centered = true});
    for (int t = 0; t < 200; t++) {
        set_gradient(ml_params_at(ps, 0), 0.1);
        set_gradient(ml_params_at(ps, 1), -1234.567);
        assert_int_equal(ml_step(opt), ML_OK);
    }
    assert_true(isfinite(ml_params_at(ps, 0)->data[0]) && isfinite(ml_params_at(ps, 1)->data[0]));
    ml_optim_free(opt);
    ml_params_free(ps);
}

/* docs/math/rmsprop.md and docs/math/adagrad.md, by numbers. */
static void by_numbers(void **state)
{
    (void)state;
    ml_params *ps = pair();
    ml_tensor *a = ml_params_at(ps, 0);
    ml_optim *rms = ml_rmsprop(ps, (ml_rmsprop_opts){.lr = 0.1, .alpha = 0.75});
    set_gradient(a, 2);
    assert_int_equal(ml_step(rms), ML_OK);
    assert_true(fabs((double)a->data[0] - 0.8) < 1e-6);
    set_gradient(a, 2);
    assert_int_equal(ml_step(rms), ML_OK);
    assert_true(fabs((double)a->data[0] - 0.648814) < 1e-6);
    ml_optim_free(rms);

    ml_init_constant(a, 1);
    ml_optim *ada = ml_adagrad(ps, (ml_adagrad_opts){.lr = 0.1});
    const double g[] = {3, 4, 12}, p[] = {0.9, 0.82, 0.727692};
    for (int t = 0; t < 3; t++) {
        set_gradient(a, g[t]);
        assert_int_equal(ml_step(ada), ML_OK);
        assert_true(fabs((double)a->data[0] - p[t]) < 1e-6);
    }
    ml_optim_free(ada);
    ml_params_free(ps);
}

static void parameters_added_later_are_an_error(void **state)
{
    (void)state;
    ml_params *ps = pair();
    ml_optim *opt = sgd(ps);
    ml_param(ps, "c", 1, (int64_t[]){2});
    assert_int_equal(ml_step(opt), ML_ESTATE);
    assert_string_equal(ml_error(), "step: parameters were added after this sgd was made: make a new one");
    ml_params_seal(ps);
    assert_int_equal(ml_step(opt), ML_ESTATE);
    ml_optim *fresh = adam(ps);
    assert_int_equal(ml_step(fresh), ML_OK);
    ml_params_free(ps);
    ml_optim_free(fresh); /* an optimizer may be freed after its parameters */
    ml_optim_free(opt);
    ml_optim_free(NULL);
}

static void a_step_allocates_nothing(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_params *ps = large(&rng);
    ml_optim *opt = adam(ps);
    random_gradients(ps, &rng);
    ml_step(opt);
    int64_t asked = mli_alloc_count();
    for (int i = 0; i < 3; i++) {
        random_gradients(ps, &rng);
        ml_step(opt);
    }
    assert_int_equal(mli_alloc_count(), asked);
    ml_optim_free(opt);
    ml_params_free(ps);
}

/* ---- options ---- */

static void learning_rate(void **state)
{
    (void)state;
    ml_params *ps = pair();
    ml_optim *a = ml_sgd(ps, (ml_sgd_opts){0}), *b = ml_adam(ps, (ml_adam_opts){0});
    assert_true(ml_lr(a) == 0.01 && ml_lr(b) == 1e-3);
    assert_int_equal(ml_set_lr(a, 0.5), ML_OK);
    set_gradient(ml_params_at(ps, 0), 1);
    ml_step(a);
    assert_true(fabs((double)ml_params_at(ps, 0)->data[0] - 0.5) < 1e-6);
    assert_int_equal(ml_set_lr(a, -1), ML_EINVAL);
    assert_string_equal(ml_error(), "sgd: lr is -1: it must be a number >= 0");
    assert_int_equal(ml_set_lr(a, NAN), ML_EINVAL);
    assert_int_equal(ml_set_lr(a, INFINITY), ML_EINVAL);
    assert_int_equal(ml_set_lr(NULL, 1), ML_EINVAL);
    assert_true(ml_lr(a) == 0.5);
    ml_optim_free(a);
    ml_optim_free(b);
    ml_params_free(ps);
}

/* docs/math/sgd.md, by numbers; then with another rate at the second step. */
static void a_new_rate_scales_all_of_b(void **state)
{
    (void)state;
    for (int changed = 0; changed < 2; changed++) {
        ml_params *ps = pair();
        ml_optim *opt = ml_sgd(ps, (ml_sgd_opts){.lr = 0.1, .momentum = 0.9});
        set_gradient(ml_params_at(ps, 0), 2);
        assert_int_equal(ml_step(opt), ML_OK);
        assert_true(fabs((double)ml_params_at(ps, 0)->data[0] - 0.8) < 1e-6);
        ml_set_lr(opt, changed ? 0.2 : 0.1);
        set_gradient(ml_params_at(ps, 0), 2);
        assert_int_equal(ml_step(opt), ML_OK);
        assert_true(fabs((double)ml_params_at(ps, 0)->data[0] - (changed ? 0.04 : 0.42)) < 1e-6);
        ml_optim_free(opt);
        ml_params_free(ps);
    }
}

static void options_out_of_range(void **state)
{
    (void)state;
    assert_null(ml_sgd_check((ml_sgd_opts){0}));
    assert_null(ml_adam_check((ml_adam_opts){0}));
    assert_null(ml_adam_check((ml_adam_opts){.beta1 = ML_ZERO, .beta2 = ML_ZERO, .eps = ML_ZERO}));
    assert_string_equal(ml_sgd_check((ml_sgd_opts){.lr = -0.1}), "sgd: lr is -0.1: it must be a number >= 0");
    assert_string_equal(ml_sgd_check((ml_sgd_opts){.lr = INFINITY}), "sgd: lr is inf: it must be a number >= 0");
    assert_non_null(ml_sgd_check((ml_sgd_opts){.lr = NAN}));
    assert_string_equal(ml_sgd_check((ml_sgd_opts){.momentum = -1}), "sgd: momentum is -1: it must be a number >= 0");
    assert_string_equal(ml_sgd_check((ml_sgd_opts){.weight_decay = -1}),
                        "sgd: weight_decay is -1: it must be a number >= 0");
    assert_string_equal(ml_sgd_check((ml_sgd_opts){.momentum = 0.9, .dampening = INFINITY}),
                        "sgd: dampening is inf: it must be a finite number");
    assert_string_equal(ml_sgd_check((ml_sgd_opts){.nesterov = true}),
                        "sgd: nesterov wants momentum > 0 and no dampening, got momentum 0 and dampening 0");
    assert_non_null(ml_sgd_check((ml_sgd_opts){.nesterov = true, .momentum = 0.9, .dampening = 0.1}));
    assert_string_equal(ml_adam_check((ml_adam_opts){.beta1 = 1}), "adam: beta1 is 1: it must be in [0, 1)");
    assert_string_equal(ml_adam_check((ml_adam_opts){.beta2 = -0.5}), "adam: beta2 is -0.5: it must be in [0, 1)");
    assert_non_null(ml_adam_check((ml_adam_opts){.lr = -1}));
    assert_non_null(ml_adam_check((ml_adam_opts){.beta2 = NAN}));
    assert_non_null(ml_adam_check((ml_adam_opts){.eps = -1}));
    assert_non_null(ml_adam_check((ml_adam_opts){.weight_decay = -1}));
    assert_null(ml_rmsprop_check((ml_rmsprop_opts){.alpha = ML_ZERO, .eps = ML_ZERO, .centered = true}));
    assert_string_equal(ml_rmsprop_check((ml_rmsprop_opts){.alpha = 1}), "rmsprop: alpha is 1: it must be in [0, 1)");
    assert_non_null(ml_rmsprop_check((ml_rmsprop_opts){.lr = NAN}));
    assert_non_null(ml_rmsprop_check((ml_rmsprop_opts){.eps = -1}));
    assert_non_null(ml_rmsprop_check((ml_rmsprop_opts){.momentum = INFINITY}));
    assert_non_null(ml_rmsprop_check((ml_rmsprop_opts){.weight_decay = -1}));
    assert_null(ml_adagrad_check((ml_adagrad_opts){.eps = ML_ZERO}));
    assert_string_equal(ml_adagrad_check((ml_adagrad_opts){.initial_accumulator = -1}),
                        "adagrad: initial_accumulator is -1: it must be a number >= 0");
    assert_non_null(ml_adagrad_check((ml_adagrad_opts){.lr = -1}));
    assert_non_null(ml_adagrad_check((ml_adagrad_opts){.lr_decay = NAN}));
    assert_non_null(ml_adagrad_check((ml_adagrad_opts){.weight_decay = -INFINITY}));
    assert_non_null(ml_adagrad_check((ml_adagrad_opts){.eps = NAN}));

    ml_params *ps = pair();
    assert_null(ml_sgd(ps, (ml_sgd_opts){.lr = -0.1}));
    assert_string_equal(ml_error(), "sgd: lr is -0.1: it must be a number >= 0");
    assert_null(ml_adamw(ps, (ml_adam_opts){.beta1 = 2}));
    assert_string_equal(ml_error(), "adamw: beta1 is 2: it must be in [0, 1)");
    assert_null(ml_sgd(NULL, (ml_sgd_opts){0}));
    assert_null(ml_rmsprop(ps, (ml_rmsprop_opts){.alpha = -1}));
    assert_null(ml_adagrad(ps, (ml_adagrad_opts){.lr = -1}));
    assert_null(ml_adagrad(NULL, (ml_adagrad_opts){.initial_accumulator = 1}));
    assert_string_equal(ml_error(), "adagrad: the parameters are NULL");
    assert_int_equal(ml_step(NULL), ML_EINVAL);
    ml_params_free(ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_equals_pytorch),          cmocka_unit_test(adam_equals_pytorch),
        cmocka_unit_test(adamw_under_a_schedule),
        cmocka_unit_test(rmsprop_equals_pytorch),      cmocka_unit_test(adagrad_equals_pytorch),
        cmocka_unit_test(equal_to_the_formulas),       cmocka_unit_test(equal_bits_on_any_number_of_threads),
        cmocka_unit_test(frozen_and_unreached_stay),   cmocka_unit_test(eps_zero_leaves_the_padding),
        cmocka_unit_test(a_constant_gradient_centered), cmocka_unit_test(by_numbers),
        cmocka_unit_test(parameters_added_later_are_an_error), cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(learning_rate),               cmocka_unit_test(a_new_rate_scales_all_of_b),
        cmocka_unit_test(options_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
