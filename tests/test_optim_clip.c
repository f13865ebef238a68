/* Clipping against PyTorch's, and what it does with gradients that are not there or not finite. */
#include "support/twenty_steps.h"

#include "base/base.h"
#include "nn/nn.h"

#include <math.h>
#include <string.h>

static void norm_equals_pytorch(void **state)
{
    (void)state;
    twenty_steps t = twenty_start();
    ml_optim *opt = ml_sgd(t.ps, (ml_sgd_opts){.lr = 0.1});
    golden norms = golden_read("optim_clip_norm_norms");
    for (int step = 0; step < STEPS; step++) {
        double norm;
        twenty_gradients(&t, step);
        assert_int_equal(ml_clip_grad_norm(t.ps, 2, &norm), ML_OK);
        assert_true(fabs(norm - norms.v[step]) <= (sizeof(ml_real) == 8 ? 1e-13 : 1e-6) * norms.v[step]);
        assert_int_equal(ml_step(opt), ML_OK);
    }
    assert_twenty(&t, "optim_clip_norm");
    golden_free(&norms);
    ml_optim_free(opt);
    twenty_free(&t);
}

static void value_equals_pytorch(void **state)
{
    (void)state;
    twenty_steps t = twenty_start();
    ml_optim *opt = ml_sgd(t.ps, (ml_sgd_opts){.lr = 0.1});
    for (int step = 0; step < STEPS; step++) {
        twenty_gradients(&t, step);
        assert_int_equal(ml_clip_grad_value(t.ps, 0.3), ML_OK);
        assert_int_equal(ml_step(opt), ML_OK);
    }
    assert_twenty(&t, "optim_clip_value");
    ml_optim_free(opt);
    twenty_free(&t);
}

/* ---- a plain sum is the judge, over sizes that cut parts in all ways ---- */

static ml_params *filled(const int64_t *sizes, int n)
{
    ml_rng rng = ml_rng_seed(9);
    ml_params *ps = ml_params_new();
    for (int k = 0; k < n; k++) {
        char name[] = {(char)('a' + k), 0};
        ml_tensor *x = ml_param(ps, name, 1, &sizes[k]);
        assert_non_null(x);
        for (int64_t i = 0; i < x->size; i++)
            x->grad[i] = (ml_real)(ml_rng_uniform(&rng) - 0.5);
        x->has_grad = true;
    }
    assert_int_equal(ml_params_seal(ps), ML_OK);
    return ps;
}

static double plain_norm(const ml_params *ps)
{
    double sum = 0;
    for (int k = 0; k < ml_params_count(ps); k++) {
        const ml_tensor *x = ml_params_at(ps, k);
        for (int64_t i = 0; x->has_grad && i < x->size; i++)
            sum += (double)x->grad[i] * (double)x->grad[i];
    }
    return sqrt(sum);
}

static void over_awkward_sizes(void **state)
{
    (void)state;
    const int64_t sizes[][4] = {{1, 1, 1, 1}, {7, 0, 13, 1}, {16384, 16383, 16385, 2}, {70001, 3, 500000, 17}, {1100003, 1, 0, 5}};
    for (int s = 0; s < 5; s++)
        for (int unreached = -1; unreached < 4; unreached++) {
            ml_params *ps = filled(sizes[s], 4);
            if (unreached >= 0)
                ml_params_at(ps, unreached)->has_grad = false;
            double want = plain_norm(ps), norm = -1;
            ml_real left = unreached >= 0 && sizes[s][unreached] ? ml_params_at(ps, unreached)->grad[0] : 0;
            assert_int_equal(ml_clip_grad_norm(ps, want > 0 ? want / 2 : 1, &norm), ML_OK);
            assert_true(fabs(norm - want) <= 1e-12 * want);
            assert_true(fabs(plain_norm(ps) - want / 2) <= 1e-5);
            if (unreached >= 0 && sizes[s][unreached])
                assert_true(ml_params_at(ps, unreached)->grad[0] == left);
            ml_params_free(ps);
        }
}

static void equal_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    const int64_t sizes[] = {300007, 1, 900001};
    int before = ml_threads();
    double first = 0;
    ml_real *kept = NULL;
    for (int threads = 1; threads <= 4; threads++) {
        double norm;
        ml_set_threads(threads);
        ml_params *ps = filled(sizes, 3);
        assert_int_equal(ml_clip_grad_norm(ps, 1, &norm), ML_OK);
        if (threads == 1) {
            first = norm;
            kept = mli_alloc((size_t)ps->length * sizeof *kept);
            memcpy(kept, ps->grad, (size_t)ps->length * sizeof *kept);
        }
        assert_memory_equal(&first, &norm, sizeof norm);
        assert_memory_equal(kept, ps->grad, (size_t)ps->length * sizeof *kept);
        ml_params_free(ps);
    }
    mli_free(kept);
    ml_set_threads(before);
}

/* docs/math/clipping.md, by numbers. */
static void by_numbers(void **state)
{
    (void)state;
    ml_params *ps = filled((const int64_t[]){2, 1}, 2);
    ml_tensor *a = ml_params_at(ps, 0), *b = ml_params_at(ps, 1);
    a->grad[0] = 1, a->grad[1] = 2, b->grad[0] = 2;
    double norm;
    assert_int_equal(ml_clip_grad_norm(ps, 1.5, &norm), ML_OK);
    assert_true(norm == 3);
    assert_true(fabs((double)a->grad[0] - 0.5) < 1e-6 && fabs((double)b->grad[0] - 1) < 1e-6);
    ml_real held = a->grad[1];
    assert_int_equal(ml_clip_grad_norm(ps, 10, NULL), ML_OK); /* short enough: not one bit changes */
    assert_true(a->grad[1] == held);
    assert_int_equal(ml_clip_grad_norm(ps, INFINITY, &norm), ML_OK);
    assert_true(fabs(norm - 1.5) < 1e-6);
    a->grad[0] = 1, a->grad[1] = -2, b->grad[0] = 2;
    assert_int_equal(ml_clip_grad_value(ps, 1.5), ML_OK);
    assert_true(a->grad[0] == 1 && a->grad[1] == (ml_real)-1.5 && b->grad[0] == (ml_real)1.5);
    ml_params_free(ps);
}

static void not_finite(void **state)
{
    (void)state;
    ml_params *ps = filled((const int64_t[]){3, 4}, 2);
    ml_tensor *a = ml_params_at(ps, 0), *b = ml_params_at(ps, 1);
    double norm;
    ml_real held = a->grad[1];
    b->grad[2] = (ml_real)NAN;
    assert_int_equal(ml_clip_grad_norm(ps, 0.1, &norm), ML_EINVAL);
    assert_string_equal(ml_error(), "clip_grad_norm: the gradient of \"b\" is nan at element 2: better no step than this one "
                                    "(ml_zero_grad)");
    assert_true(isnan(norm) && a->grad[1] == held && isnan(b->grad[2]));
    b->grad[2] = (ml_real)-INFINITY;
    assert_int_equal(ml_clip_grad_norm(ps, 0.1, &norm), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "of \"b\" is -inf at element 2"));
    assert_true(norm == INFINITY && a->grad[1] == held);
    b->grad[3] = (ml_real)NAN;
    assert_int_equal(ml_clip_grad_value(ps, 0.125), ML_OK);
    assert_true(b->grad[2] == (ml_real)-0.125 && isnan(b->grad[3]));
    b->has_grad = false; /* what is no gradient is not looked at */
    assert_int_equal(ml_clip_grad_norm(ps, 0.1, &norm), ML_OK);
    if (sizeof(ml_real) == 8) {
        a->grad[0] = (ml_real)1e200;
        assert_int_equal(ml_clip_grad_norm(ps, 0.1, &norm), ML_EINVAL);
        assert_string_equal(ml_error(), "clip_grad_norm: the norm is inf: the gradients are too large to be squared");
    }
    ml_params_free(ps);
}

static void bad_calls(void **state)
{
    (void)state;
    ml_params *ps = filled((const int64_t[]){3}, 1), *none = ml_params_new();
    const double bad[] = {0, -1, NAN, -INFINITY};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ml_clip_grad_norm(ps, bad[i], NULL), ML_EINVAL);
        assert_int_equal(ml_clip_grad_value(ps, bad[i]), ML_EINVAL);
    }
    assert_string_equal(ml_error(), "clip_grad_value: limit is -inf: it must be a number > 0");
    assert_int_equal(ml_clip_grad_norm(NULL, 1, NULL), ML_EINVAL);
    assert_int_equal(ml_clip_grad_value(NULL, 1), ML_EINVAL);
    double norm = 7;
    assert_int_equal(ml_clip_grad_norm(none, 1, &norm), ML_OK);
    assert_true(norm == 0);
    int64_t asked = mli_alloc_count();
    ml_clip_grad_norm(ps, 1, NULL);
    ml_clip_grad_value(ps, 1);
    assert_int_equal(mli_alloc_count(), asked);
    ml_params_free(ps);
    ml_params_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norm_equals_pytorch), cmocka_unit_test(value_equals_pytorch),
        cmocka_unit_test(over_awkward_sizes),  cmocka_unit_test(equal_bits_on_any_number_of_threads),
        cmocka_unit_test(by_numbers),          cmocka_unit_test(not_finite),
        cmocka_unit_test(bad_calls),
    };
    return cmocka_run_group_tests_name("optim/clip", tests, NULL, NULL);
}
