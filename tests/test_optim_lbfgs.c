/* L-BFGS on parameters: PyTorch's steps, what a step leaves alone, closures that fail, and what the other rules make of one. */
#include "support/check.h"
#include "support/tmp.h"

#include "optim/optim.h"

#include <math.h>
#include <string.h>

enum { D = 5, K = 3 };

#ifdef MLCORE_DOUBLE
#define TOL 1e-9
#else
#define TOL 1e-5
#endif

/* ---- a layer with tanh that can learn its targets exactly, as in tests/golden/make_lbfgs.py ---- */

typedef struct problem {
    ml_params *ps;
    ml_tensor *w, *b, *x, *y;
    ml_tape *t;
    int calls, fail_at; /* the call that fails, counting from 1 */
    double nan_at;      /* a weight above this makes the loss NaN */
} problem;

static problem begin(void)
{
    problem r = {.ps = ml_params_new(), .x = golden_tensor("lbfgs_x"), .y = golden_tensor("lbfgs_y"), .t = ml_tape_new(), .nan_at = INFINITY};
    golden start = golden_read("lbfgs_start");
    r.w = ml_param(r.ps, "weight", 2, (int64_t[]){K, D});
    r.b = ml_param(r.ps, "bias", 1, (int64_t[]){K});
    assert_non_null(r.b);
    for (int i = 0; i < K * D; i++)
        r.w->data[i] = (ml_real)start.v[i];
    for (int i = 0; i < K; i++)
        r.b->data[i] = (ml_real)start.v[K * D + i];
    golden_free(&start);
    return r;
}

static void end(problem *r)
{
    ml_params_free(r->ps);
    ml_tensor_free(r->x);
    ml_tensor_free(r->y);
    ml_tape_free(r->t);
}

static ml_status closure(void *user, double *value)
{
    problem *r = user;
    if (++r->calls == r->fail_at)
        return mli_fail(ML_EIO, "closure: call %d", r->calls);
    ml_tape_reset(r->t);
    ml_tensor *loss = ml_mse(r->t, ml_tanh(r->t, ml_linear(r->t, r->x, r->w, r->b)), r->y);
    if (ml_backward(r->t, loss))
        return ml_error_status();
    *value = (double)r->w->data[0] > r->nan_at ? NAN : (double)loss->data[0];
    return ML_OK;
}

static void assert_follows_pytorch(const char *name, ml_lbfgs_opts opts)
{
    problem r = begin();
    golden want = golden_read(name);
    ml_optim *opt = ml_lbfgs(r.ps, opts);
    assert_non_null(opt);
    for (int64_t step = 0; step < want.shape[0]; step++) {
        const double *row = want.v + step * (K * D + K + 1);
        double loss;
        if (ml_step_closure(opt, closure, &r, &loss))
            fail_msg("%s", ml_error());
        assert_close(r.w->data, row, K * D, TOL, TOL);
        assert_close(r.b->data, row + K * D, K, TOL, TOL);
        assert_true(fabs(loss - row[K * D + K]) <= TOL);
        assert_false(r.w->has_grad || r.b->has_grad);
    }
    assert_int_equal(ml_optim_steps(opt), want.shape[0]);
    for (int64_t i = K * D; i % MLI_ALIGN; i++)
        assert_true(r.ps->data[i] == 0);
    ml_optim_free(opt);
    golden_free(&want);
    end(&r);
}

static void equal_to_pytorch(void **state)
{
    (void)state;
    assert_follows_pytorch("lbfgs_wolfe", (ml_lbfgs_opts){.max_iter = 4, .history = 10, .strong_wolfe = true});
    assert_follows_pytorch("lbfgs_fixed", (ml_lbfgs_opts){.max_iter = 3, .history = 4, .lr = 0.5});
}

static void one_step_with_a_search_is_enough(void **state)
{
    (void)state;
    problem r = begin();
    golden want = golden_read("lbfgs_wolfe");
    ml_optim *opt = ml_lbfgs(r.ps, (ml_lbfgs_opts){.max_iter = 100, .strong_wolfe = true});
    double before, after;
    assert_int_equal(ml_step_closure(opt, closure, &r, &before), ML_OK);
    assert_true(r.calls < 60);
    assert_int_equal(ml_step_closure(opt, closure, &r, &after), ML_OK);
    assert_true(after < before);
    const double *last = want.v + (want.shape[0] - 1) * (K * D + K + 1);
    assert_close(r.w->data, last, K * D, 1e-3, 1e-3); /* the minimum, whichever way there */
    ml_optim_free(opt);
    golden_free(&want);
    end(&r);
}

/* ---- what a step leaves alone ---- */

static void frozen_parameters_stay(void **state)
{
    (void)state;
    problem r = begin();
    ml_optim *opt = ml_lbfgs(r.ps, (ml_lbfgs_opts){.max_iter = 2, .strong_wolfe = true});
    ml_real held[K];
    assert_int_equal(ml_step_closure(opt, closure, &r, NULL), ML_OK);
    memcpy(held, r.b->data, sizeof held);
    ml_params_freeze(r.ps, "bias", true); /* pairs that moved it are there: they must not move it again */
    for (int i = 0; i < 3; i++) {
        ml_real w = r.w->data[0];
        assert_int_equal(ml_step_closure(opt, closure, &r, NULL), ML_OK);
        assert_memory_equal(r.b->data, held, sizeof held);
        assert_true(r.w->data[0] != w);
    }
    ml_params_freeze(r.ps, "bias", false);
    assert_int_equal(ml_step_closure(opt, closure, &r, NULL), ML_OK);
    assert_memory_not_equal(r.b->data, held, sizeof held);
    ml_optim_free(opt);
    end(&r);
}

static void gathered_gradients_are_dropped(void **state)
{
    (void)state;
    problem r = begin(), s = begin();
    ml_optim *a = ml_lbfgs(r.ps, (ml_lbfgs_opts){.strong_wolfe = true}), *b = ml_lbfgs(s.ps, (ml_lbfgs_opts){.strong_wolfe = true});
    double loss;
    assert_int_equal(closure(&s, &loss), ML_OK); /* left there by somebody */
    assert_int_equal(ml_step_closure(a, closure, &r, NULL), ML_OK);
    assert_int_equal(ml_step_closure(b, closure, &s, NULL), ML_OK);
    assert_memory_equal(r.w->data, s.w->data, K * D * sizeof(ml_real));
    ml_optim_free(a);
    ml_optim_free(b);
    end(&r);
    end(&s);
}

static void equal_bits_on_any_number_of_threads_and_no_allocation(void **state)
{
    (void)state;
    ml_real one[K * D];
    int before = ml_threads();
    for (int threads = 1; threads <= 4; threads++) {
        ml_set_threads(threads);
        problem r = begin();
        ml_optim *opt = ml_lbfgs(r.ps, (ml_lbfgs_opts){.max_iter = 3, .history = 2, .strong_wolfe = true});
        assert_int_equal(ml_step_closure(opt, closure, &r, NULL), ML_OK);
        int64_t asked = mli_alloc_count();
        for (int i = 0; i < 4; i++)
            assert_int_equal(ml_step_closure(opt, closure, &r, NULL), ML_OK);
        assert_int_equal(mli_alloc_count(), asked);
        if (threads == 1)
            memcpy(one, r.w->data, sizeof one);
        assert_memory_equal(one, r.w->data, sizeof one);
        ml_optim_free(opt);
        end(&r);
    }
    ml_set_threads(before);
}

/* ---- closures that fail ---- */

static void the_error_of_a_closure(void **state)
{
    (void)state;
    for (int fail_at = 1; fail_at < 8; fail_at++) {
        problem r = begin();
        ml_optim *opt = ml_lbfgs(r.ps, (ml_lbfgs_opts){.strong_wolfe = true});
        double at_start, loss;
        r.fail_at = fail_at;
        ml_real start[K * D];
        memcpy(start, r.w->data, sizeof start);
        assert_int_equal(ml_step_closure(opt, closure, &r, NULL), ML_EIO);
        char want[64];
        snprintf(want, sizeof want, "closure: call %d", fail_at);
        assert_string_equal(ml_error(), want);
        assert_int_equal(ml_optim_steps(opt), 0);
        assert_false(r.w->has_grad);
        if (fail_at == 1)
            assert_memory_equal(r.w->data, start, sizeof start);
        r.fail_at = 0;
        assert_int_equal(closure(&r, &loss), ML_OK);
        problem fresh = begin();
        assert_int_equal(closure(&fresh, &at_start), ML_OK);
        assert_true(loss <= at_start);
        assert_int_equal(ml_step_closure(opt, closure, &r, NULL), ML_OK);
        ml_optim_free(opt);
        end(&fresh);
        end(&r);
    }
}

static void a_loss_that_is_not_finite(void **state)
{
    (void)state;
    problem r = begin();
    ml_optim *search = ml_lbfgs(r.ps, (ml_lbfgs_opts){.strong_wolfe = true, .max_iter = 50});
    r.nan_at = (double)r.w->data[0] + 1e-3; /* a wall close by, on the side where the minimum is or is not */
    assert_int_equal(ml_step_closure(search, closure, &r, NULL), ML_OK);
    assert_true((double)r.w->data[0] <= r.nan_at);
    r.nan_at = -INFINITY;
    assert_int_equal(ml_step_closure(search, closure, &r, NULL), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "lbfgs: at iteration 0 the value is nan and the largest of the gradient "));
    ml_optim_free(search);
    end(&r);
}

/* ---- the other rules, and what does not go together ---- */

static ml_status no_loss(void *user, double *loss)
{
    (void)user, (void)loss;
    return ML_OK;
}

static void other_rules_call_it_once(void **state)
{
    (void)state;
    problem r = begin(), s = begin();
    ml_optim *a = ml_adam(r.ps, (ml_adam_opts){.lr = 0.1}), *b = ml_adam(s.ps, (ml_adam_opts){.lr = 0.1});
    for (int i = 0; i < 3; i++) {
        double loss, same;
        assert_int_equal(ml_step_closure(a, closure, &r, &loss), ML_OK);
        assert_int_equal(closure(&s, &same), ML_OK);
        assert_int_equal(ml_step(b), ML_OK);
        assert_true(loss == same && r.calls == i + 1);
    }
    assert_memory_equal(r.w->data, s.w->data, K * D * sizeof(ml_real));
    assert_int_equal(ml_optim_steps(a), 3);
    r.fail_at = 4;
    assert_int_equal(ml_step_closure(a, closure, &r, NULL), ML_EIO);
    assert_memory_equal(r.w->data, s.w->data, K * D * sizeof(ml_real));
    ml_optim_free(a);
    ml_optim_free(b);
    end(&r);
    end(&s);
}

static void wrong_calls(void **state)
{
    problem r = begin();
    ml_optim *opt = ml_lbfgs(r.ps, (ml_lbfgs_opts){0});
    assert_int_equal(ml_step(opt), ML_ESTATE);
    assert_string_equal(ml_error(), "step: lbfgs wants the loss several times a step: call ml_step_closure");
    assert_int_equal(ml_step_closure(opt, NULL, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_step_closure(NULL, closure, &r, NULL), ML_EINVAL);
    assert_int_equal(ml_step_closure(opt, no_loss, NULL, NULL), ML_EINVAL); /* it set no value */
    assert_int_equal(ml_optim_group(opt, "weight", (ml_group_opts){.lr_scale = 2}), ML_ESTATE);
    assert_string_equal(ml_error(), "group: lbfgs steps over all parameters as one vector: it has no groups");

    ml_checkpoint c = {.params = r.ps, .optim = opt};
    (void)state;
    assert_int_equal(ml_checkpoint_save(&c, tmp_path("run"), NULL), ML_ESTATE);
    assert_string_equal(ml_error(), "checkpoint_save: what lbfgs remembers is not saved: leave the optimizer out, and make a new "
                                    "one when the run goes on");
    assert_int_equal(ml_checkpoint_load(&c, tmp_path("run"), NULL), ML_ESTATE);
    assert_int_equal(tmp_count(), 0);
    c.optim = NULL;
    assert_int_equal(ml_checkpoint_save(&c, tmp_path("run"), NULL), ML_OK);

    ml_param(r.ps, "late", 1, (int64_t[]){2});
    assert_int_equal(ml_step_closure(opt, closure, &r, NULL), ML_ESTATE);
    ml_optim_free(opt);
    ml_params *none = ml_params_new();
    assert_null(ml_lbfgs(none, (ml_lbfgs_opts){0}));
    ml_params_free(none);
    end(&r);
}

static void options(void **state)
{
    (void)state;
    assert_null(ml_lbfgs_check((ml_lbfgs_opts){0}));
    assert_null(ml_lbfgs_check((ml_lbfgs_opts){.tolerance_grad = ML_ZERO, .tolerance_change = ML_ZERO, .max_eval = ML_NONE}));
    assert_string_equal(ml_lbfgs_check((ml_lbfgs_opts){.lr = -1}), "lbfgs: lr is -1: it must be a number >= 0");
    assert_string_equal(ml_lbfgs_check((ml_lbfgs_opts){.max_iter = ML_NONE}),
                        "lbfgs: max_iter is 0 and history 100: both must be >= 1");
    assert_non_null(ml_lbfgs_check((ml_lbfgs_opts){.history = ML_NONE}));
    assert_non_null(ml_lbfgs_check((ml_lbfgs_opts){.history = INT64_MAX}));
    assert_non_null(ml_lbfgs_check((ml_lbfgs_opts){.max_iter = INT64_MIN}));
    assert_non_null(ml_lbfgs_check((ml_lbfgs_opts){.tolerance_grad = NAN}));
    assert_non_null(ml_lbfgs_check((ml_lbfgs_opts){.tolerance_change = -INFINITY}));
    problem r = begin();
    assert_null(ml_lbfgs(r.ps, (ml_lbfgs_opts){.lr = NAN}));
    assert_null(ml_lbfgs(r.ps, (ml_lbfgs_opts){.history = (int64_t)1 << 53})); /* more memory than there is */
    assert_int_equal(ml_error_status(), ML_ENOMEM);
    assert_null(ml_lbfgs(NULL, (ml_lbfgs_opts){0}));
    ml_optim *opt = ml_lbfgs(r.ps, (ml_lbfgs_opts){0});
    assert_true(ml_lr(opt) == 1);
    assert_int_equal(ml_set_lr(opt, 0), ML_OK);
    ml_real w = r.w->data[0];
    assert_int_equal(ml_step_closure(opt, closure, &r, NULL), ML_OK);
    assert_true(r.w->data[0] == w);
    ml_optim_free(opt);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_pytorch),
        cmocka_unit_test(one_step_with_a_search_is_enough),
        cmocka_unit_test(frozen_parameters_stay),
        cmocka_unit_test(gathered_gradients_are_dropped),
        cmocka_unit_test(equal_bits_on_any_number_of_threads_and_no_allocation),
        cmocka_unit_test(the_error_of_a_closure),
        cmocka_unit_test(a_loss_that_is_not_finite),
        cmocka_unit_test(other_rules_call_it_once),
        cmocka_unit_test_setup_teardown(wrong_calls, tmp_setup, tmp_teardown),
        cmocka_unit_test(options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
