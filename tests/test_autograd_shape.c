/* test_autograd_shape.c -- views and copies: values, gradients through views of views, unused branches, errors. */
#include "support/check.h"

#include <math.h>
#include <string.h>

static void assert_shape(const ml_tensor *y, const char *shape)
{
    char text[160];
    assert_non_null(y);
    assert_string_equal(ml_shape_text(y, text, sizeof text), shape);
}

static ml_tensor *counting(int rank, const int64_t *shape)
{
    ml_tensor *x = ml_tensor_new(rank, shape);
    assert_non_null(x);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)i;
    return x;
}

static ml_tensor *total(ml_tape *t, ml_tensor *x)
{
    return ml_sum(t, x, ML_ALL, false);
}

/* mean of (y - c)^2 with c = 0, 1/2, 1, 0, ...: a curved loss, so that each element has a gradient of its own. */
static ml_tensor *curved(ml_tape *t, ml_tensor *y)
{
    ml_real c[256];
    for (int i = 0; i < 256; i++)
        c[i] = (ml_real)(i % 3) / 2;
    return y ? ml_mse(t, y, ml_constant(t, y->rank, y->shape, c)) : NULL;
}

static void reshape_is_a_view(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = counting(3, (int64_t[]){2, 3, 4});
    ml_tensor *a = ml_reshape(t, x, 2, (int64_t[]){4, 6}),
              *b = ml_reshape(t, a, 3, (int64_t[]){3, -1, 2});
    assert_shape(b, "3x4x2");
    assert_true(a->data == x->data && b->data == x->data && b->base == x);
    assert_shape(ml_reshape(t, x, 1, (int64_t[]){-1}), "24");
    assert_shape(ml_flatten(t, x), "2x12");
    assert_shape(ml_flatten(t, ml_slice(t, a, 0, 1, 2)), "1x6");
    assert_shape(ml_flatten(t, ml_reshape(t, x, 1, (int64_t[]){24})), "24x1");
    assert_shape(ml_reshape(t, total(t, x), 3, (int64_t[]){1, 1, 1}), "1x1x1");
    assert_shape(ml_reshape(t, ml_reshape(t, total(t, x), 1, (int64_t[]){1}), 0, NULL), "scalar");
    ml_tensor *none = ml_slice(t, x, 0, 1, 1);
    assert_shape(ml_reshape(t, none, 2, (int64_t[]){0, 7}), "0x7");
    assert_shape(ml_reshape(t, none, 2, (int64_t[]){-1, 7}), "0x7");
    assert_int_equal(ml_tape_error(t), ML_OK);
    ml_tensor_free(x);
    ml_tape_free(t);
}

static void slices_and_concat_give_the_right_numbers(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = counting(2, (int64_t[]){3, 4});
    ml_tensor *rows = ml_slice(t, x, 0, 1, 3), *columns = ml_slice(t, x, -1, 1, 3);
    assert_shape(rows, "2x4");
    assert_true(rows->data == x->data + 4);
    assert_shape(columns, "3x2");
    assert_reals_close(columns->data, (ml_real[]){1, 2, 5, 6, 9, 10}, 6, 0, 0);
    ml_tensor *once = ml_slice(t, ml_reshape(t, x, 2, (int64_t[]){1, 12}), 1, 2,
                               5); /* outer extent 1: one piece too */
    assert_true(once->data == x->data + 2);
    ml_tensor *side = ml_concat(
        t, (ml_tensor *[]){columns, ml_slice(t, x, 1, 0, 1), ml_slice(t, x, 1, 2, 2)}, 3, 1);
    assert_shape(side, "3x3");
    assert_reals_close(side->data, (ml_real[]){1, 2, 0, 5, 6, 4, 9, 10, 8}, 9, 0, 0);
    ml_tensor *below = ml_concat(t, (ml_tensor *[]){rows, x}, 2, -2);
    assert_shape(below, "5x4");
    assert_true(below->data[0] == 4 && below->data[8] == 0 && below->data[19] == 11);
    ml_tensor *turned = ml_transpose(t, x, NULL);
    assert_shape(turned, "4x3");
    assert_reals_close(turned->data, (ml_real[]){0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}, 12, 0, 0);
    assert_shape(ml_transpose(t, ml_reshape(t, x, 4, (int64_t[]){1, 2, 3, 2}), (int[]){2, 0, 3, 1}),
                 "3x1x2x2");
    assert_shape(ml_transpose(t, total(t, x), NULL), "scalar");
    assert_int_equal(ml_tape_error(t), ML_OK);
    ml_tensor_free(x);
    ml_tape_free(t);
}

static ml_tensor *pair(ml_tape *t, ml_tensor *a, ml_tensor *b)
{
    ml_tensor *both[] = {ml_reshape(t, a, 1, (int64_t[]){1}), ml_reshape(t, b, 1, (int64_t[]){1})};
    return total(t, ml_concat(t, both, 2, 0));
}

/* Each of these builds a loss from in[0] of shape 4x6; the gradient check says whether backward finds its way. */

static ml_tensor *view_first_whole_later(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *y = ml_softmax(t, in[0], 1);
    ml_tensor *part = curved(t, ml_slice(t, y, 0, 1, 3)), *whole = curved(t, y);
    return pair(t, part, whole);
}

static ml_tensor *whole_first_view_later(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *y = ml_log_softmax(t, in[0], 0);
    ml_tensor *whole = curved(t, y);
    return pair(t, whole, curved(t, ml_slice(t, y, 0, 0, 1)));
}

static ml_tensor *only_a_part(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    return curved(t, ml_slice(t, ml_softmax(t, in[0], 1), 0, 2, 3));
}

static ml_tensor *slice_of_slice(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *y = ml_softmax(t, in[0], 0), *rows = ml_slice(t, y, 0, 1, 4),
              *middle = ml_slice(t, rows, 0, 1, 2);
    ml_tensor *flat = ml_reshape(t, middle, 2, (int64_t[]){3, 2}),
              *end = ml_slice(t, flat, 0, 1, 3);
    return pair(t, curved(t, ml_slice(t, end, 1, 0, 1)), curved(t, rows));
}

static ml_tensor *overlapping_views(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *y = ml_log_softmax(t, in[0], 1);
    return ml_mse(t, ml_slice(t, y, 0, 0, 3), ml_slice(t, y, 0, 1, 4));
}

static ml_tensor *views_of_the_leaf(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *x = in[0], *turned = ml_transpose(t, ml_reshape(t, x, 3, (int64_t[]){2, 2, 6}),
                                                 (int[]){1, 2, 0});
    return pair(t, curved(t, ml_slice(t, x, 0, 3, 4)), curved(t, ml_slice(t, turned, 1, 2, 5)));
}

static ml_tensor *used_twice_in_one_op(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *y = ml_softmax(t, in[0], 1), *part = ml_slice(t, y, 0, 1, 2);
    return curved(t, ml_concat(t, (ml_tensor *[]){y, part, y, part}, 4, 0));
}

static ml_tensor *an_unused_branch(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *y = ml_softmax(t, in[0], 1), *left = ml_slice(t, y, 1, 0, 3);
    ml_transpose(t, ml_log_softmax(t, ml_slice(t, y, 0, 1, 3), 0), NULL);
    curved(t, ml_slice(t, y, 0, 1, 2));
    return curved(t, left);
}

static ml_tensor *every_axis(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *x = ml_reshape(t, in[0], 4, (int64_t[]){2, 2, 3, 2}),
              *turned = ml_transpose(t, x, (int[]){3, 1, 0, 2});
    ml_tensor *joined = x;
    for (int axis = 0; axis < 4; axis++)
        joined = ml_concat(t, (ml_tensor *[]){ml_slice(t, joined, axis, 1, 2), joined}, 2, axis);
    return pair(t, curved(t, joined), curved(t, ml_slice(t, turned, 2, 0, 1)));
}

static ml_tensor *an_empty_part(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *y = ml_softmax(t, in[0], 1), *none = ml_slice(t, y, 0, 2, 2),
              *gap = ml_slice(t, y, 1, 6, 6);
    ml_tensor *wide = ml_concat(t, (ml_tensor *[]){gap, y}, 2, 1);
    return pair(t, curved(t, ml_concat(t, (ml_tensor *[]){none, wide}, 2, 0)), total(t, none));
}

static void gradients_find_their_way_through_views(void **state)
{
    (void)state;
    ml_scalar_fn losses[] = {view_first_whole_later, whole_first_view_later, only_a_part,
                             slice_of_slice,         overlapping_views,      views_of_the_leaf,
                             used_twice_in_one_op,   an_unused_branch,       every_axis,
                             an_empty_part};
    ml_rng rng = ml_rng_seed(31);
    ml_tensor *x = random_tensor(&rng, 2, (int64_t[]){4, 6}, -1, 1);
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++)
        assert_gradients(losses[i], &x, 1, NULL);
    ml_tensor_free(x);
}

/* The numbers themselves, small enough to see: dx is 1 where the slice looked, and a second pass adds. */
static void gradient_of_a_slice(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = counting(2, (int64_t[]){3, 2});
    for (int axis = 0; axis < 2; axis++) {
        x->has_grad = false;
        for (int pass = 1; pass <= 2; pass++) {
            ml_tape_reset(t);
            assert_int_equal(ml_backward(t, total(t, ml_slice(t, x, axis, 1, 2))), ML_OK);
            ml_real g = (ml_real)pass;
            const ml_real right[2][6] = {{0, 0, g, g, 0, 0}, {0, g, 0, g, 0, g}};
            assert_reals_close(x->grad, right[axis], 6, 0, 0);
        }
    }
    ml_tensor_free(x);
    ml_tape_free(t);
}

/* A view is on the tape like any op, and takes no memory for numbers of its own. */
static void views_are_recorded(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = counting(2, (int64_t[]){3, 4});
    ml_tensor *y = ml_slice(t, ml_flatten(t, ml_reshape(t, x, 2, (int64_t[]){2, 6})), 0, 0, 1);
    assert_int_equal(ml_tape_ops(t), 3);
    assert_true(y->requires_grad && y->op == 2);
    ml_no_grad(t, true);
    ml_tensor *quiet = ml_reshape(t, x, 1, (int64_t[]){12});
    assert_int_equal(ml_tape_ops(t), 3);
    assert_false(quiet->requires_grad);
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
    ml_tensor *x = ml_zeros(4, 5), *y = ml_zeros(3, 4), *z = ml_zeros(4, 5, 1),
              *one = ml_tensor_new(0, NULL);
    assert_sticks(t, ml_reshape(t, x, 2, (int64_t[]){3, 7}),
                  "reshape: 4x5 has 20 elements but 3x7 has 21");
    assert_sticks(t, ml_reshape(t, x, 2, (int64_t[]){3, -1}),
                  "reshape: 4x5 has 20 elements: no extent in place of -1 makes that of 3x-1");
    assert_sticks(t, ml_reshape(t, x, 2, (int64_t[]){0, -1}),
                  "reshape: 4x5 has 20 elements: no extent in place of -1 makes that of 0x-1");
    assert_sticks(t, ml_reshape(t, x, 3, (int64_t[]){-1, 2, -1}),
                  "reshape: axes 0 and 2 of -1x2x-1 are both -1: only one can be inferred");
    assert_sticks(t, ml_reshape(t, x, 2, (int64_t[]){-2, -10}),
                  "reshape: shape -2x-10 is negative or too large");
    assert_sticks(t, ml_reshape(t, x, 7, (int64_t[]){1, 1, 1, 1, 1, 4, 5}),
                  "reshape: rank 7 is not in 0 .. 6");
    assert_sticks(t, ml_reshape(t, x, 1, NULL), "reshape: shape is NULL");
    assert_sticks(t, ml_flatten(t, one), "flatten: a scalar has no batch axis to keep");
    assert_sticks(t, ml_transpose(t, x, (int[]){0, 2}), "transpose: order[1] is 2, not in 0 .. 1");
    assert_sticks(t, ml_transpose(t, x, (int[]){1, 1}), "transpose: axis 1 is twice in the order");
    assert_sticks(t, ml_slice(t, x, 1, 2, 6),
                  "slice: 2 .. 6 does not lie in 0 .. 5, axis 1 of 4x5");
    assert_sticks(t, ml_slice(t, x, -2, 3, 2),
                  "slice: 3 .. 2 does not lie in 0 .. 4, axis 0 of 4x5");
    assert_sticks(t, ml_slice(t, x, 0, -1, 2),
                  "slice: -1 .. 2 does not lie in 0 .. 4, axis 0 of 4x5");
    assert_sticks(t, ml_slice(t, one, 0, 0, 1), "slice: a scalar has no axis 0");
    assert_sticks(t, ml_concat(t, (ml_tensor *[]){x, y}, 2, 0),
                  "concat: input 1 is 3x4 but input 0 is 4x5: they may differ in axis 0 only");
    assert_sticks(t, ml_concat(t, (ml_tensor *[]){x, x, z}, 3, 1),
                  "concat: input 2 is 4x5x1 but input 0 is 4x5: they may differ in axis 1 only");
    assert_sticks(t, ml_concat(t, (ml_tensor *[]){x, NULL}, 2, 0), "concat: input 1 is NULL");
    assert_sticks(t, ml_concat(t, NULL, 2, 0), "concat: 0 inputs: there must be one at least");
    assert_sticks(t, ml_concat(t, (ml_tensor *[]){x}, 0, 0),
                  "concat: 0 inputs: there must be one at least");
    assert_sticks(t, total(t, ml_flatten(t, ml_slice(t, x, 5, 0, 1))),
                  "slice: axis 5 is not in -2 .. 1 of 4x5");
    assert_null(ml_concat(NULL, &x, 1, 0));
    assert_null(ml_reshape(NULL, x, 0, NULL));
    ml_tensor_free(x), ml_tensor_free(y), ml_tensor_free(z), ml_tensor_free(one);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reshape_is_a_view),
        cmocka_unit_test(slices_and_concat_give_the_right_numbers),
        cmocka_unit_test(gradients_find_their_way_through_views),
        cmocka_unit_test(gradient_of_a_slice),
        cmocka_unit_test(views_are_recorded),
        cmocka_unit_test(errors_say_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
