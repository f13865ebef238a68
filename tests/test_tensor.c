/* Tensors: shapes that cannot be had, empty ones, reading and printing. */
#include "base/base.h"
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void new_is_zero_and_contiguous(void **state)
{
    (void)state;
    ml_tensor *x = ml_zeros(2, 3, 4);
    assert_int_equal(x->rank, 3);
    assert_int_equal(x->size, 24);
    assert_int_equal(x->shape[1], 3);
    assert_int_equal((uintptr_t)x->data % 64, 0);
    for (int i = 0; i < 24; i++)
        assert_true(x->data[i] == 0);
    assert_null(x->grad);
    assert_int_equal(x->op, -1);
    ml_tensor_free(x);
    ml_tensor_free(NULL);

    ml_tensor *scalar = ml_tensor_new(0, NULL);
    assert_int_equal(scalar->size, 1);
    ml_tensor_free(scalar);
}

static void refused(int rank, const int64_t *shape, const char *sentence)
{
    ml_error_clear();
    assert_null(ml_tensor_new(rank, shape));
    assert_int_equal(ml_error_status(), ML_EINVAL);
    assert_string_equal(ml_error(), sentence);
}

static void bad_shapes(void **state)
{
    (void)state;
    int64_t ones[] = {1, 1, 1, 1, 1, 1, 1};
    refused(7, ones, "tensor: rank 7 is not in 0 .. 6");
    refused(-1, ones, "tensor: rank -1 is not in 0 .. 6");
    refused(2, NULL, "tensor: shape is NULL");
    refused(2, (int64_t[]){3, -2}, "tensor: shape 3x-2 is negative or too large");
    refused(2, (int64_t[]){4294967296, 4294967296}, "tensor: shape 4294967296x4294967296 is negative or too large");
    refused(3, (int64_t[]){0, 4294967296, 4294967296},
            "tensor: shape 0x4294967296x4294967296 is negative or too large");
    refused(6, (int64_t[]){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX},
            "tensor: shape 9223372036854775807x9223372036854775807x9223372036854775807x9223372036854775807x"
            "9223372036854775807x9223372036854775807 is negative or too large");
    /* Fits in arithmetic, not in the machine. */
    assert_null(ml_tensor_new(1, (int64_t[]){(int64_t)1 << 57}));
    assert_int_equal(ml_error_status(), ML_ENOMEM);
    assert_null(ml_tensor_from(1, (int64_t[]){2}, NULL));
    assert_string_equal(ml_error(), "tensor: values is NULL");
}

static void zero_extents(void **state)
{
    (void)state;
    ml_tensor *x = ml_zeros(0, 5);
    assert_non_null(x);
    assert_int_equal(x->size, 0);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    assert_non_null(x->grad);
    ml_error_clear();
    assert_true(isnan(ml_at(x, (int64_t[]){0, 0})));
    assert_string_equal(ml_error(), "at: axis 0 is empty: it has no index 0");
    ml_tensor_free(x);
}

static void at_reads_row_major(void **state)
{
    (void)state;
    ml_tensor *x = ml_tensor_from(2, (int64_t[]){2, 3}, (ml_real[]){0, 1, 2, 10, 11, 12});
    assert_true(ml_at(x, (int64_t[]){1, 2}) == 12);
    assert_true(ml_at(x, (int64_t[]){0, 1}) == 1);
    assert_true(isnan(ml_at(x, (int64_t[]){1, 3})));
    assert_string_equal(ml_error(), "at: index 3 of axis 1 is outside 0 .. 2");
    assert_true(isnan(ml_at(x, (int64_t[]){-1, 0})));
    assert_string_equal(ml_error(), "at: index -1 of axis 0 is outside 0 .. 1");
    assert_true(isnan(ml_at(NULL, (int64_t[]){0})));
    assert_true(isnan(ml_at(x, NULL)));
    ml_tensor_free(x);
    ml_tensor *s = ml_tensor_from(0, NULL, (ml_real[]){4});
    assert_true(ml_at(s, NULL) == 4);
    ml_tensor_free(s);
}

static void shape_text(void **state)
{
    (void)state;
    char buf[160], small[6];
    ml_tensor *x = ml_zeros(64, 784), *s = ml_tensor_new(0, NULL);
    assert_string_equal(ml_shape_text(x, buf, sizeof buf), "64x784");
    assert_string_equal(ml_shape_text(s, buf, sizeof buf), "scalar");
    assert_string_equal(ml_shape_text(NULL, buf, sizeof buf), "NULL");
    assert_string_equal(ml_shape_text(x, small, sizeof small), "64x78"); /* cut, not overrun */
    ml_tensor_free(x);
    ml_tensor_free(s);
}

static void requires_grad(void **state)
{
    (void)state;
    ml_tensor *x = ml_tensor_from(1, (int64_t[]){2}, (ml_real[]){1, 2});
    assert_int_equal(ml_requires_grad(x), ML_OK);
    ml_real *grad = x->grad;
    assert_true(grad[0] == 0 && grad[1] == 0 && x->requires_grad && !x->has_grad);
    assert_int_equal(ml_requires_grad(x), ML_OK); /* a second time changes nothing */
    assert_ptr_equal(x->grad, grad);
    assert_int_equal(ml_requires_grad(NULL), ML_EINVAL);
    ml_tape *t = ml_tape_new();
    ml_tensor *c = ml_constant(t, 1, (int64_t[]){2}, x->data);
    assert_int_equal(ml_requires_grad(c), ML_EINVAL);
    ml_tensor_free(c); /* the tape's: left alone */
    assert_true(c->data[1] == 2);
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void prints(const ml_tensor *x, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    ml_fprint(out, x);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void printing(void **state)
{
    (void)state;
    prints(NULL, "tensor NULL\n");
    ml_tensor *x = ml_tensor_from(2, (int64_t[]){2, 3}, (ml_real[]){0, 1, -2.5, 1e6, 1e-7, NAN});
    x->data[5] = (ml_real)fabs((double)x->data[5]); /* the sign of a NaN is not ours to print */
    prints(x, "tensor 2x3\n"
              "[[         0          1       -2.5]\n"
              " [     1e+06      1e-07        nan]]\n");
    ml_tensor_free(x);
    x = ml_tensor_from(0, NULL, (ml_real[]){1.5});
    prints(x, "tensor scalar\n       1.5\n");
    ml_tensor_free(x);
    x = ml_zeros(3, 0);
    prints(x, "tensor 3x0\n[]\n");
    ml_tensor_free(x);
    x = ml_zeros(2, 2, 1);
    prints(x, "tensor 2x2x1\n"
              "[[[         0]\n  [         0]]\n"
              " [[         0]\n  [         0]]]\n");
    ml_tensor_free(x);
}

static void long_axes_are_cut(void **state)
{
    (void)state;
    ml_tensor *x = ml_zeros(9);
    for (int i = 0; i < 9; i++)
        x->data[i] = (ml_real)i;
    prints(x, "tensor 9\n[         0          1          2        ...          6          7          8]\n");
    ml_tensor_free(x);
    x = ml_zeros(8); /* eight fit */
    x->data[3] = 3;
    prints(x, "tensor 8\n[         0          0          0          3          0          0          0          0]\n");
    ml_tensor_free(x);
    x = ml_zeros(10, 1);
    for (int i = 0; i < 10; i++)
        x->data[i] = (ml_real)i;
    prints(x, "tensor 10x1\n"
              "[[         0]\n [         1]\n [         2]\n ...\n [         7]\n [         8]\n [         9]]\n");
    ml_tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_is_zero_and_contiguous), cmocka_unit_test(bad_shapes), cmocka_unit_test(zero_extents),
        cmocka_unit_test(at_reads_row_major),         cmocka_unit_test(shape_text), cmocka_unit_test(requires_grad),
        cmocka_unit_test(printing),                   cmocka_unit_test(long_axes_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
