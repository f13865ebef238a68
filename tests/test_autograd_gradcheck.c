/* The gradient check must find what is wrong, name it, and not cry where nothing is. */
#include "support/check.h"
#include "support/tiny_ops.h"

#include <mlcore/ops.h>

#include <math.h>
#include <string.h>

static ml_tensor *right(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    return tiny_sum(t, tiny_add(t, tiny_square(t, in[0]), in[1]));
}

static ml_tensor *wrong(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    return tiny_sum(t, tiny_add(t, in[0], tiny_square_wrong(t, in[1])));
}

static ml_tensor *leaf(int64_t n, const ml_real *v)
{
    ml_tensor *x = ml_tensor_from(1, &n, v);
    ml_requires_grad(x);
    return x;
}

static void agrees_with_what_is_right(void **state)
{
    (void)state;
    ml_tensor *in[] = {leaf(3, (ml_real[]){0.5, -1, 2}), leaf(3, (ml_real[]){1, 2, 3})};
    ml_gradcheck_result r;
    if (ml_gradcheck(right, in, 2, NULL, (ml_gradcheck_opts){0}, &r))
        fail_msg("%s", ml_error());
    assert_int_equal(r.checked, 6);
    assert_int_equal(r.skipped, 0);
    assert_true(r.worst >= 0 && r.worst < (sizeof(ml_real) == 8 ? 1e-8 : 1e-2));
    assert_true(in[0]->data[2] == 2 && in[1]->data[0] == 1); /* inputs are as they were */
    /* Its gradients are dropped: the next backward of the caller must not add to them. */
    assert_false(in[0]->has_grad);
    assert_false(in[1]->has_grad);
    ml_tensor_free(in[0]);
    ml_tensor_free(in[1]);
}

static void finds_a_flipped_sign(void **state)
{
    (void)state;
    ml_tensor *in[] = {leaf(4, (ml_real[]){1, 1, 1, 1}), leaf(4, (ml_real[]){0.125, -0.25, 0.375, 0})};
    ml_gradcheck_result r;
    assert_int_equal(ml_gradcheck(wrong, in, 2, NULL, (ml_gradcheck_opts){0}, &r), ML_EINVAL);
    assert_int_equal(r.input, 1);
    assert_int_equal(r.element, 2);
    assert_true(fabs(r.analytic + 0.75) < 1e-6 && fabs(r.numeric - 0.75) < 1e-2);
    assert_true(fabs(r.worst - 1.5) < 1e-2);
    assert_non_null(strstr(ml_error(), "gradcheck: input 1 element 2: backward says -0.75, the difference quotient 0.7"));
    /* A kink may be excused, a wrong sign may not. */
    assert_int_equal(ml_gradcheck(wrong, in, 2, NULL, (ml_gradcheck_opts){.kink_ok = true}, &r), ML_EINVAL);
    assert_int_equal(r.element, 2);
    assert_int_equal(ml_gradcheck(wrong, in, 2, NULL, (ml_gradcheck_opts){.tolerance = 2}, &r), ML_OK);
    ml_tensor_free(in[0]);
    ml_tensor_free(in[1]);
}

/* ---- kinks ---- */

static ml_real slope_at_0; /* what backward says there */

static void bend_backward(ml_tape *t, const ml_node *n)
{
    mli_dx dx = mli_din(t, n, 0);
    for (int64_t i = 0; dx.v && i < n->out->size; i++) {
        ml_real x = n->in[0]->data[i], d = mli_dout(n)[i] * (x > 0 ? 1 : x < 0 ? 0 : slope_at_0);
        dx.v[i] = dx.add ? dx.v[i] + d : d;
    }
}

static ml_tensor *bend(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    static const ml_op op = {"bend", bend_backward};
    (void)n, (void)user;
    ml_tensor *x = in[0], *y = mli_out(t, x->rank, x->shape);
    for (int64_t i = 0; y && i < x->size; i++)
        y->data[i] = x->data[i] > 0 ? x->data[i] : 0;
    return y && mli_record(t, &op, y, 1, &x) ? tiny_sum(t, y) : NULL;
}

static void kinks(void **state)
{
    (void)state;
    double h = sizeof(ml_real) == 8 ? 1e-5 : 1e-2;
    /* At the kink, right and left of it within the step (barely, too), and away. */
    ml_tensor *x = leaf(6, (ml_real[]){0, (ml_real)(0.3 * h), (ml_real)(-0.3 * h), (ml_real)(0.9 * h), 1, -1});
    ml_gradcheck_result r;
    slope_at_0 = 0;
    assert_int_equal(ml_gradcheck(bend, &x, 1, NULL, (ml_gradcheck_opts){0}, &r), ML_EINVAL);
    assert_int_equal(r.element, 0);
    if (ml_gradcheck(bend, &x, 1, NULL, (ml_gradcheck_opts){.kink_ok = true}, &r))
        fail_msg("%s", ml_error());
    assert_int_equal(r.skipped, 4);
    assert_int_equal(r.checked, 2);
    /* At a kink every slope between left and right will do, no other. */
    slope_at_0 = (ml_real)0.25;
    assert_int_equal(ml_gradcheck(bend, &x, 1, NULL, (ml_gradcheck_opts){.kink_ok = true}, &r), ML_OK);
    slope_at_0 = -1;
    assert_int_equal(ml_gradcheck(bend, &x, 1, NULL, (ml_gradcheck_opts){.kink_ok = true}, &r), ML_EINVAL);
    assert_int_equal(r.element, 0);
    ml_tensor_free(x);
}

/* ---- what it refuses, and odd inputs ---- */

static ml_tensor *not_a_number(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *bad = ml_constant(t, 1, in[0]->shape, (ml_real[]){NAN, NAN});
    return tiny_sum(t, tiny_square(t, tiny_add(t, in[0], bad)));
}

static ml_tensor *two_numbers(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    return tiny_square(t, in[0]);
}

static ml_tensor *fails(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    return tiny_add(t, in[0], NULL);
}

static ml_tensor *ignores(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    return tiny_sum(t, tiny_square(t, in[0]));
}

static void refuses(ml_scalar_fn f, ml_tensor *const *in, int n, const char *part)
{
    assert_int_equal(ml_gradcheck(f, in, n, NULL, (ml_gradcheck_opts){0}, NULL), ML_EINVAL);
    if (!strstr(ml_error(), part))
        fail_msg("\"%s\" is not in \"%s\"", part, ml_error());
}

static void refusals(void **state)
{
    (void)state;
    ml_tensor *x = leaf(2, (ml_real[]){1, 2}), *plain = ml_zeros(2);
    refuses(not_a_number, &x, 1, "gradcheck: input 0 element 0: backward says nan");
    refuses(two_numbers, &x, 1, "gradcheck: backward: the loss is 2, not a scalar");
    refuses(fails, &x, 1, "gradcheck: add: input 1 is NULL");
    refuses(ignores, (ml_tensor *[]){x, plain}, 2, "gradcheck: input 1 is not a leaf under ml_requires_grad");
    refuses(ignores, (ml_tensor *[]){NULL}, 1, "gradcheck: input 0 is not a leaf");
    refuses(NULL, &x, 1, "gradcheck: the function or the inputs are NULL");
    refuses(ignores, NULL, 1, "gradcheck: the function or the inputs are NULL");
    ml_tensor_free(x);
    ml_tensor_free(plain);
}

static void unused_and_empty_inputs(void **state)
{
    (void)state;
    ml_tensor *in[] = {leaf(2, (ml_real[]){1, 2}), leaf(2, (ml_real[]){1, 2}), ml_zeros(0)};
    ml_requires_grad(in[2]);
    in[1]->grad[0] = 5; /* left over from somewhere */
    ml_gradcheck_result r;
    if (ml_gradcheck(ignores, in, 3, NULL, (ml_gradcheck_opts){0}, &r))
        fail_msg("%s", ml_error());
    assert_int_equal(r.checked, 4);
    for (int i = 0; i < 3; i++)
        ml_tensor_free(in[i]);
    /* Nothing to check is not an error, and the worst of nothing is 0. */
    ml_tensor *none = ml_zeros(0);
    ml_requires_grad(none);
    assert_int_equal(ml_gradcheck(ignores, &none, 1, NULL, (ml_gradcheck_opts){0}, &r), ML_OK);
    assert_true(r.worst == 0 && r.checked == 0);
    ml_tensor_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_what_is_right),
        cmocka_unit_test(finds_a_flipped_sign),
        cmocka_unit_test(kinks),
        cmocka_unit_test(refusals),
        cmocka_unit_test(unused_and_empty_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
