/* test_autograd_reduce.c -- sum, mean, max and softmax on the tape: PyTorch's numbers, gradients, errors. */
#include "support/check.h"

#include <math.h>
#include <string.h>

typedef ml_tensor *axis_op(ml_tape *t, ml_tensor *x, int axis);

static ml_tensor *sum(ml_tape *t, ml_tensor *x, int axis)
{
    return ml_sum(t, x, axis, false);
}

static ml_tensor *mean(ml_tape *t, ml_tensor *x, int axis)
{
    return ml_mean(t, x, axis, false);
}

static ml_tensor *largest(ml_tape *t, ml_tensor *x, int axis)
{
    return ml_max(t, x, axis, false);
}

static ml_tensor *transpose201(ml_tape *t, ml_tensor *x, int axis)
{
    (void)axis;
    return ml_transpose(t, x, (int[]){2, 0, 1});
}

static ml_tensor *slice(ml_tape *t, ml_tensor *x, int axis)
{
    return ml_slice(t, x, axis, 1, 3);
}

static ml_tensor *concat(ml_tape *t, ml_tensor *x, int axis)
{
    return ml_concat(t, (ml_tensor *[]){ml_slice(t, x, axis, 2, 5), ml_slice(t, x, axis, 0, 1)}, 2,
                     axis);
}

/* sum of y * w, w fixed weights: a product of a row and a column. */
static ml_tensor *weighted(ml_tape *t, ml_tensor *y, const ml_real *w)
{
    ml_tensor *row = ml_reshape(t, y, 2, (int64_t[]){1, -1});
    if (!row)
        return NULL;
    return ml_matmul(t, row, ml_constant(t, 2, (int64_t[]){row->size, 1}, w));
}

static void check_golden(const char *name, const char *input, axis_op *op, int axis, double tol)
{
    char file[64];
    ml_kernel bodies[] = {ML_KERNEL_REF, ML_KERNEL_FAST};
    for (int body = 0; body < 2; body++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = bodies[body]});
        ml_tensor *x = golden_tensor(input), *w = golden_tensor("reduce_w");
        assert_int_equal(ml_requires_grad(x), ML_OK);
        ml_tensor *y = op(t, x, axis);
        if (!y)
            fail_msg("%s: %s", name, ml_tape_error_text(t));
        snprintf(file, sizeof file, "reduce_%s", name);
        golden value = golden_read(file);
        assert_int_equal(y->rank, value.rank);
        assert_memory_equal(y->shape, value.shape, (size_t)y->rank * sizeof y->shape[0]);
        assert_close(y->data, value.v, value.size, tol, tol);
        assert_int_equal(ml_backward(t, weighted(t, y, w->data)), ML_OK);
        strcat(file, "_grad");
        golden grad = golden_read(file);
        assert_close(x->grad, grad.v, grad.size, tol, tol);
        golden_free(&value), golden_free(&grad);
        ml_tensor_free(x), ml_tensor_free(w);
        ml_tape_free(t);
    }
}

static void values_and_gradients_are_those_of_pytorch(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        axis_op *op;
    } OPS[] = {{"sum", sum},
               {"mean", mean},
               {"max", largest},
               {"softmax", ml_softmax},
               {"log_softmax", ml_log_softmax}};
    char name[32];
    for (int i = 0; i < 5; i++)
        for (int axis = 0; axis < 3; axis++) {
            snprintf(name, sizeof name, "%s%d", OPS[i].name, axis);
            check_golden(name, "reduce_x", OPS[i].op, axis, TOL_REAL);
            check_golden(name, "reduce_x", OPS[i].op, axis - 3, TOL_REAL);
        }
    check_golden("sum_all", "reduce_x", sum, ML_ALL, TOL_REAL);
    check_golden("mean_all", "reduce_x", mean, ML_ALL, TOL_REAL);
    check_golden("max_all", "reduce_x", largest, ML_ALL, TOL_REAL);
    check_golden("transpose201", "reduce_x", transpose201, 0, TOL_REAL);
    check_golden("slice1", "reduce_x", slice, 1, TOL_REAL);
    check_golden("concat2", "reduce_x", concat, 2, TOL_REAL);
}

static void huge_logits_infinities_and_nan_are_pytorchs_too(void **state)
{
    (void)state;
    check_golden("hard_softmax", "reduce_hard", ml_softmax, 1, TOL_REAL);
    check_golden("hard_log_softmax", "reduce_hard", ml_log_softmax, 1, TOL_REAL);
    check_golden("hard_softmax0", "reduce_hard", ml_softmax, 0, TOL_REAL);
    check_golden("hard_max1", "reduce_hard", largest, 1, TOL_REAL);
    check_golden("hard_max0", "reduce_hard", largest, 0, TOL_REAL);
    check_golden("hard_max_all", "reduce_hard", largest, ML_ALL, TOL_REAL);
}

typedef struct trial {
    int op, axis;
    bool keep;
} trial;

static ml_tensor *trial_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    const trial *c = user;
    ml_tensor *x = in[0], *y = NULL;
    switch (c->op) {
    case 0:
        y = ml_sum(t, x, c->axis, c->keep);
        break;
    case 1:
        y = ml_mean(t, x, c->axis, c->keep);
        break;
    case 2:
        y = ml_max(t, x, c->axis, c->keep);
        break;
    case 3:
        y = ml_softmax(t, x, c->axis);
        break;
    default:
        y = ml_log_softmax(t, x, c->axis);
    }
    ml_real w[128];
    for (int i = 0; i < 128; i++)
        w[i] = (ml_real)(i % 7 - 2.5);
    return weighted(t, y, w);
}

static void every_gradient_over_every_axis(void **state)
{
    (void)state;
    static const int64_t SHAPES[][4] = {{5, 0}, {4, 7}, {3, 2, 5}, {1, 3, 1}, {2, 3, 2, 4}};
    static const int RANKS[] = {1, 2, 3, 3, 4};
    ml_rng rng = ml_rng_seed(11);
    for (int s = 0; s < 5; s++) {
        ml_tensor *x = random_tensor(&rng, RANKS[s], SHAPES[s], -1, 1);
        for (int64_t i = 0; i < x->size;
             i++) /* far apart, so that no step of the check changes who is largest */
            x->data[i] = (ml_real)((double)(i * 37 % x->size) / 8 - 1);
        for (trial c = {0}; c.op < 5; c.op++)
            for (c.axis = -RANKS[s]; c.axis <= RANKS[s]; c.axis++)
                for (int keep = 0; keep < 2; keep++) {
                    trial one = c;
                    one.keep = keep;
                    one.axis = c.axis == RANKS[s] ? ML_ALL : c.axis;
                    if (one.axis != ML_ALL || one.op < 3)
                        assert_gradients(trial_loss, &x, 1, &one);
                }
        ml_tensor_free(x);
    }
}

static void assert_shape(const ml_tensor *y, const char *shape)
{
    char text[160];
    assert_non_null(y);
    assert_string_equal(ml_shape_text(y, text, sizeof text), shape);
}

static void shapes_and_keep_dim(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(3, 4, 5), *empty = ml_zeros(3, 0), *none = ml_zeros(0, 3),
              *one = ml_tensor_new(0, NULL);
    assert_shape(ml_sum(t, x, 1, false), "3x5");
    assert_shape(ml_sum(t, x, -1, true), "3x4x1");
    assert_shape(ml_mean(t, x, ML_ALL, true), "1x1x1");
    assert_shape(ml_max(t, x, ML_ALL, false), "scalar");
    assert_shape(ml_max(t, one, ML_ALL, true), "scalar");
    ml_tensor *y = ml_sum(t, empty, 1, false);
    assert_shape(y, "3");
    assert_true(y->data[0] == 0 && y->data[2] == 0);
    assert_shape(ml_max(t, none, 1, false), "0");
    assert_shape(ml_softmax(t, empty, 1), "3x0");
    assert_int_equal(ml_tape_error(t), ML_OK);
    ml_tensor_free(x), ml_tensor_free(empty), ml_tensor_free(none), ml_tensor_free(one);
    ml_tape_free(t);
}

/* Two uses of one tensor: gradients of both add. The same twice over: the leaf accumulates. */
static void used_twice(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_tensor_from(2, (int64_t[]){2, 2}, (ml_real[]){1, 5, 3, 2});
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int pass = 1; pass <= 2; pass++) {
        ml_tape_reset(t);
        ml_tensor *both[] = {ml_sum(t, x, 0, false), ml_max(t, x, 1, false),
                             ml_mean(t, x, 0, false)};
        ml_tensor *loss = ml_sum(t, ml_concat(t, both, 3, 0), ML_ALL, false);
        assert_true(fabs((double)loss->data[0] - (11 + 8 + 5.5)) < 1e-5);
        assert_int_equal(ml_backward(t, loss), ML_OK);
        const ml_real right[] = {(ml_real)1.5 * (ml_real)pass, (ml_real)2.5 * (ml_real)pass,
                                 (ml_real)2.5 * (ml_real)pass, (ml_real)1.5 * (ml_real)pass};
        assert_reals_close(x->grad, right, 4, 1e-6, 0);
    }
    ml_tensor_free(x);
    ml_tape_free(t);
}

static void assert_sticks(ml_tape *t, const ml_tensor *y, const char *sentence)
{
    assert_null(y);
    assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_reset(t);
}

static void errors_say_the_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(4, 5), *empty = ml_zeros(3, 0), *one = ml_tensor_new(0, NULL);
    assert_sticks(t, ml_sum(t, x, 2, false), "sum: axis 2 is not in -2 .. 1 of 4x5");
    assert_sticks(t, ml_mean(t, x, -3, false), "mean: axis -3 is not in -2 .. 1 of 4x5");
    assert_sticks(t, ml_softmax(t, x, ML_ALL), "softmax: axis 1000 is not in -2 .. 1 of 4x5");
    assert_sticks(t, ml_log_softmax(t, one, 0), "log_softmax: a scalar has no axis 0");
    assert_sticks(t, ml_max(t, empty, 1, false), "max: axis 1 of 3x0 is empty, so it has no max");
    assert_sticks(t, ml_max(t, empty, ML_ALL, false), "max: 3x0 has no elements, so it has no max");
    assert_sticks(t, ml_mean(t, empty, -1, false),
                  "mean: axis -1 of 3x0 is empty, so it has no mean");
    assert_sticks(t, ml_softmax(t, NULL, 0), "softmax: input 0 is NULL");
    assert_null(ml_sum(NULL, x, 0, false));
    assert_null(ml_softmax(NULL, x, 0));
    assert_string_equal(ml_error(), "softmax: the tape is NULL");
    assert_sticks(t, ml_sum(t, ml_softmax(t, ml_max(t, x, 7, false), 0), 0, false),
                  "max: axis 7 is not in -2 .. 1 of 4x5");
    ml_tensor_free(x), ml_tensor_free(empty), ml_tensor_free(one);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(huge_logits_infinities_and_nan_are_pytorchs_too),
        cmocka_unit_test(every_gradient_over_every_axis),
        cmocka_unit_test(shapes_and_keep_dim),
        cmocka_unit_test(used_twice),
        cmocka_unit_test(errors_say_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
