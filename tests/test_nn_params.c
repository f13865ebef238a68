/* The list of parameters: names, one block, alignment, what survives a seal. */
#include "support/check.h"

#include "nn/nn.h"

#include <string.h>

static ml_params *three(void)
{
    ml_params *ps = ml_params_new();
    assert_non_null(ml_param(ps, "0.weight", 2, (int64_t[]){3, 5}));
    assert_non_null(ml_param(ps, "0.bias", 1, (int64_t[]){3}));
    assert_non_null(ml_param(ps, "10.weight", 2, (int64_t[]){17, 2}));
    for (int i = 0; i < 3; i++)
        for (int64_t k = 0; k < ml_params_at(ps, i)->size; k++)
            ml_params_at(ps, i)->data[k] = (ml_real)(100 * i + k + 1);
    return ps;
}

static void assert_values_kept(const ml_params *ps)
{
    for (int i = 0; i < 3; i++)
        for (int64_t k = 0; k < ml_params_at(ps, i)->size; k++)
            assert_true(ml_params_at(ps, i)->data[k] == (ml_real)(100 * i + k + 1));
}

static void a_parameter_is_ready_at_once(void **state)
{
    (void)state;
    ml_params *ps = ml_params_new();
    ml_tensor *w = ml_param(ps, "fc.weight", 2, (int64_t[]){2, 3});
    assert_string_equal(w->name, "fc.weight");
    assert_true(w->requires_grad && w->grad && !w->has_grad && !w->on_tape && w->op == -1);
    for (int64_t i = 0; i < 6; i++)
        assert_true(w->data[i] == 0 && w->grad[i] == 0);
    ml_params_free(ps);
    ml_params_free(NULL);
}

static void found_by_name_and_number(void **state)
{
    (void)state;
    ml_params *ps = three();
    assert_int_equal(ml_params_count(ps), 3);
    assert_int_equal(ml_params_size(ps), 15 + 3 + 34);
    assert_ptr_equal(ml_params_find(ps, "0.bias"), ml_params_at(ps, 1));
    assert_null(ml_params_find(ps, "1.bias"));
    assert_string_equal(ml_error(), "params: none is named \"1.bias\"");
    assert_null(ml_params_at(ps, 3));
    assert_string_equal(ml_error(), "params: there is no number 3: they are 3");
    assert_null(ml_params_at(ps, -1));
    ml_params_free(ps);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    ml_params *ps = three();
    assert_null(ml_param(ps, "0.bias", 1, (int64_t[]){3}));
    assert_string_equal(ml_error(), "param: there is already one named \"0.bias\"");
    assert_null(ml_param(ps, "", 1, (int64_t[]){3}));
    assert_null(ml_param(NULL, "x", 1, (int64_t[]){3}));
    assert_null(ml_param(ps, "x", 7, (int64_t[]){1, 1, 1, 1, 1, 1, 1}));
    assert_null(ml_param(ps, "x", 1, (int64_t[]){-3}));
    assert_string_equal(ml_error(), "param: tensor: shape -3 is negative or too large");
    assert_int_equal(ml_params_count(ps), 3);
    assert_int_equal(ml_params_seal(NULL), ML_EINVAL);
    ml_params_free(ps);
}

static void sealing_makes_one_aligned_block(void **state)
{
    (void)state;
    ml_params *ps = three();
    ml_tensor *b = ml_params_find(ps, "0.bias");
    b->grad[1] = 5;
    b->has_grad = true;
    assert_int_equal(ml_params_seal(ps), ML_OK);
    assert_values_kept(ps);
    assert_true(b->has_grad && b->grad[1] == 5);

    int64_t at = 0;
    for (int i = 0; i < 3; i++) {
        const ml_tensor *x = ml_params_at(ps, i);
        assert_int_equal((uintptr_t)x->data % 64, 0);
        assert_int_equal((uintptr_t)x->grad % 64, 0);
        assert_ptr_equal(x->data, ps->data + at);
        assert_ptr_equal(x->grad, ps->grad + at);
        for (at += x->size; at % MLI_ALIGN; at++)
            assert_true(ps->data[at] == 0 && ps->grad[at] == 0);
    }
    assert_int_equal(at, ps->length);
    ml_params_free(ps);
}

static void sealing_twice_is_once(void **state)
{
    (void)state;
    ml_params *ps = three();
    ml_params_seal(ps);
    int64_t version = ps->version, asked = mli_alloc_count();
    const ml_real *data = ps->data;
    assert_int_equal(ml_params_seal(ps), ML_OK);
    assert_int_equal(ps->version, version);
    assert_int_equal(mli_alloc_count(), asked);
    assert_ptr_equal(ps->data, data);
    ml_params_free(ps);
}

static void adding_unseals_and_keeps_all(void **state)
{
    (void)state;
    ml_params *ps = three();
    ml_tensor *w = ml_params_at(ps, 0);
    ml_params_seal(ps);
    int64_t version = ps->version;
    ml_tensor *more = ml_param(ps, "11.weight", 1, (int64_t[]){40});
    more->data[39] = 7;
    assert_false(ps->sealed);
    assert_values_kept(ps);
    assert_int_equal(ml_params_seal(ps), ML_OK);
    assert_true(ps->version > version);
    assert_values_kept(ps);
    assert_true(more->data[39] == 7);
    assert_ptr_equal(ml_params_at(ps, 0), w);
    assert_ptr_equal(more->data + 40 + (MLI_ALIGN - 40 % MLI_ALIGN) % MLI_ALIGN, ps->data + ps->length);
    ml_params_free(ps);
}

static void an_empty_list_can_be_sealed(void **state)
{
    (void)state;
    ml_params *ps = ml_params_new();
    assert_int_equal(ml_params_seal(ps), ML_OK);
    assert_int_equal(ml_params_size(ps), 0);
    ml_zero_grad(ps);
    ml_params_free(ps);
}

static void zero_grad_drops_gradients(void **state)
{
    (void)state;
    ml_params *ps = three();
    ml_tensor *w = ml_params_at(ps, 0);
    w->grad[2] = 3;
    w->has_grad = true;
    ml_zero_grad(ps);
    assert_true(!w->has_grad && w->grad[2] == 0);
    assert_values_kept(ps);
    ml_params_free(ps);
}

static void freezing_goes_by_prefix(void **state)
{
    (void)state;
    ml_params *ps = three();
    ml_params_at(ps, 0)->has_grad = true;
    assert_int_equal(ml_params_freeze(ps, "0.", true), 2);
    assert_false(ml_params_at(ps, 0)->requires_grad);
    assert_false(ml_params_at(ps, 0)->has_grad);
    assert_true(ml_params_at(ps, 2)->requires_grad); /* "10.weight" does not begin with "0." */
    ml_params_seal(ps);
    assert_false(ml_params_at(ps, 1)->requires_grad);
    assert_int_equal(ml_params_freeze(ps, "", false), 3);
    assert_true(ml_params_at(ps, 1)->requires_grad);
    assert_int_equal(ml_params_freeze(ps, "conv", true), 0);
    ml_params_free(ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_is_ready_at_once), cmocka_unit_test(found_by_name_and_number),
        cmocka_unit_test(refuses_what_cannot_be),       cmocka_unit_test(sealing_makes_one_aligned_block),
        cmocka_unit_test(sealing_twice_is_once),        cmocka_unit_test(adding_unseals_and_keeps_all),
        cmocka_unit_test(an_empty_list_can_be_sealed),  cmocka_unit_test(zero_grad_drops_gradients),
        cmocka_unit_test(freezing_goes_by_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
