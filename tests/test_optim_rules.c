/* The update rules: against PyTorch over 20 steps, against the formulas as plain loops, and what a step leaves alone. */
#include "support/check.h"

#include "nn/nn.h"

#include <math.h>
#include <string.h>

enum { STEPS = 20, PARAMS = 3 };

#ifdef MLCORE_DOUBLE
#define TOL 1e-12
#else
#define TOL 1e-5
#endif

static ml_params *start_values(golden *grads)
{
    ml_params *ps = ml_params_new();
    for (int k = 0; k < PARAMS; k++) {
        char name[64];
        snprintf(name, sizeof name, "optim_start%d", k);
        golden start = golden_read(name);
        ml_tensor *x = ml_param(ps, name, start.rank, start.shape);
        for (int64_t i = 0; i < x->size; i++)
            x->data[i] = (ml_real)start.v[i];
        golden_free(&start);
        snprintf(name, sizeof name, "optim_grad%d", k);
        grads[k] = golden_read(name);
    }
    return ps;
}

static void give_gradient(ml_tensor *x, const golden *grads, int step)
{
    for (int64_t i = 0; i < x->size; i++)
        x->grad[i] = (ml_real)grads->v[step * x->size + i];
    x->has_grad = true;
}

typedef ml_optim *(*maker)(ml_params *ps);

static void assert_equals_pytorch(const char *name, maker make)
{
    golden grads[PARAMS], end = golden_read(name);
    ml_params *ps = start_values(grads);
    ml_optim *opt = make(ps);
    assert_non_null(opt);
    for (int step = 0; step < STEPS; step++) {
        for (int k = 0; k < PARAMS; k++)
            if (!(k == 2 && step % 3 == 1))
                give_gradient(ml_params_at(ps, k), &grads[k], step);
        assert_int_equal(ml_step(opt), ML_OK);
    }
    assert_int_equal(ml_optim_steps(opt), STEPS);
    int64_t at = 0;
    for (int k = 0; k < PARAMS; k++) {
        const ml_tensor *x = ml_params_at(ps, k);
        assert_close(x->data, end.v + at, x->size, TOL, TOL);
        at += x->size;
        golden_free(&grads[k]);
    }
    assert_int_equal(at, end.size);
    for (int k = 0; k < PARAMS; k++) /* the padding is still zero */
        for (int64_t i = ps->entries[k].at + ps->entries[k].x->size; i % MLI_ALIGN; i++)
            assert_true(ps->data[i] == 0);
    golden_free(&end);
    ml_optim_free(opt);
    ml_params_free(ps);
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
}

static void equal_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    static ml_real one[LARGE];
    int before = ml_threads();
    for (int threads = 1; threads <= 4; threads++) {
        ml_set_threads(threads);
        ml_rng rng = ml_rng_seed(6);
        ml_params *ps = large(&rng);
        ml_optim *opt = adamw(ps);
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
    maker makers[] = {sgd_decay, sgd_nesterov, adam_decay, adamw};
    for (int k = 0; k < 4; k++) { /* all with decay: a step that touched them would show */
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

static void eps_zero_leaves_the_padding(void **state)
{
    (void)state;
    ml_params *ps = pair();
    ml_optim *opt = ml_adam(ps, (ml_adam_opts){.lr = 0.1, .eps = ML_ZERO});
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

    ml_params *ps = pair();
    assert_null(ml_sgd(ps, (ml_sgd_opts){.lr = -0.1}));
    assert_string_equal(ml_error(), "sgd: lr is -0.1: it must be a number >= 0");
    assert_null(ml_adamw(ps, (ml_adam_opts){.beta1 = 2}));
    assert_string_equal(ml_error(), "adamw: beta1 is 2: it must be in [0, 1)");
    assert_null(ml_sgd(NULL, (ml_sgd_opts){0}));
    assert_int_equal(ml_step(NULL), ML_EINVAL);
    ml_params_free(ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_equals_pytorch),          cmocka_unit_test(adam_equals_pytorch),
        cmocka_unit_test(equal_to_the_formulas),       cmocka_unit_test(equal_bits_on_any_number_of_threads),
        cmocka_unit_test(frozen_and_unreached_stay),   cmocka_unit_test(eps_zero_leaves_the_padding),
        cmocka_unit_test(parameters_added_later_are_an_error), cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(learning_rate),               cmocka_unit_test(a_new_rate_scales_all_of_b),
        cmocka_unit_test(options_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
