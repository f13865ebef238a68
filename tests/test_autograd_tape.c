/* The tape: who gets which gradient, when, and with what words it refuses. Derivatives here fit in the head: every op
 * is a square, a sum of two, a sum over elements, or a view. */
#include "support/check.h"
#include "support/tiny_ops.h"

#include <mlcore/ops.h>

#include <stdlib.h>
#include <string.h>

static ml_tensor *leaf(int64_t n, const ml_real *v)
{
    ml_tensor *x = ml_tensor_from(1, &n, v);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    return x;
}

static void grad_is(const ml_tensor *x, const double *expected)
{
    assert_non_null(x->grad);
    assert_true(x->has_grad);
    assert_close(x->grad, expected, x->size, TOL_REAL, 0);
}

static void backward(ml_tape *t, ml_tensor *loss)
{
    if (ml_backward(t, loss))
        fail_msg("%s", ml_error());
}

static void used_twice(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = leaf(2, (ml_real[]){3, -2});
    /* x^2 + x, and x^2 again through one tensor used twice: d = 2x + 1 and 4x */
    backward(t, tiny_sum(t, tiny_add(t, tiny_square(t, x), x)));
    grad_is(x, (double[]){7, -3});
    ml_tape_reset(t);
    x->has_grad = false;
    ml_tensor *y = tiny_square(t, x);
    backward(t, tiny_sum(t, tiny_add(t, y, y)));
    grad_is(x, (double[]){12, -8});
    ml_tape_reset(t);
    x->has_grad = false;
    backward(t, tiny_sum(t, tiny_add(t, x, x))); /* both inputs of one op are one leaf */
    grad_is(x, (double[]){2, 2});
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void unused_branch(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = leaf(1, (ml_real[]){3}), *w = leaf(1, (ml_real[]){5});
    ml_tensor *aside = ml_keep_grad(tiny_square(t, w)), *y = tiny_square(t, x);
    tiny_square(t, aside);
    backward(t, tiny_sum(t, y));
    grad_is(x, (double[]){6});
    assert_false(w->has_grad);
    assert_null(aside->grad);
    /* An op after the loss is not on the way. */
    ml_tape_reset(t);
    x->has_grad = false;
    ml_tensor *loss = tiny_sum(t, tiny_square(t, x));
    tiny_square(t, loss);
    backward(t, loss);
    grad_is(x, (double[]){6});
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_tensor_free(w);
}

static void views(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = leaf(4, (ml_real[]){1, 2, 3, 4});
    /* A part only: the rest of the gradient is zero, not what lay in the memory. */
    x->grad[0] = 99;
    backward(t, tiny_sum(t, tiny_square(t, tiny_part(t, x, 1, 2))));
    grad_is(x, (double[]){0, 4, 6, 0});

    /* The same in the middle, on recycled memory; the view is read before the whole, then after it. */
    for (int whole_first = 0; whole_first < 2; whole_first++) {
        ml_tape_reset(t);
        x->has_grad = false;
        ml_tensor *y = tiny_square(t, x), *part, *whole;
        if (whole_first)
            whole = tiny_sum(t, tiny_square(t, y)), part = tiny_sum(t, tiny_part(t, y, 2, 2));
        else
            part = tiny_sum(t, tiny_part(t, y, 2, 2)), whole = tiny_sum(t, tiny_square(t, y));
        backward(t, tiny_add(t, part, whole)); /* 4x^3, and 2x more in the part */
        grad_is(x, (double[]){4, 32, 114, 264});
    }

    /* A view of a view looks into the root, at the sum of the offsets. */
    ml_tape_reset(t);
    x->has_grad = false;
    ml_tensor *inner = tiny_part(t, tiny_part(t, tiny_square(t, x), 1, 3), 1, 2);
    assert_true(inner->data[0] == 9);
    backward(t, tiny_sum(t, inner));
    grad_is(x, (double[]){0, 0, 6, 8});

    /* Two views, one of them unused, and a loss that is itself a view. */
    ml_tape_reset(t);
    x->has_grad = false;
    ml_tensor *y = tiny_square(t, x);
    tiny_part(t, y, 0, 2);
    backward(t, tiny_part(t, y, 3, 1));
    grad_is(x, (double[]){0, 0, 0, 8});
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void a_loss_that_looks_into_a_leaf_accumulates(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = leaf(2, (ml_real[]){1, 2});
    backward(t, tiny_part(t, x, 1, 1));
    grad_is(x, (double[]){0, 1});
    backward(t, tiny_part(t, x, 1, 1));
    grad_is(x, (double[]){0, 2});
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void gradients_accumulate_until_cleared(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = leaf(1, (ml_real[]){3});
    for (int k = 1; k <= 3; k++) {
        ml_tape_reset(t);
        backward(t, tiny_sum(t, tiny_square(t, x)));
        grad_is(x, (double[]){6.0 * k});
    }
    x->has_grad = false; /* what ml_step and ml_zero_grad do */
    ml_tape_reset(t);
    backward(t, tiny_sum(t, tiny_square(t, x)));
    grad_is(x, (double[]){6});
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void a_second_backward_on_one_tape(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = leaf(1, (ml_real[]){2});
    ml_tensor *y = ml_keep_grad(tiny_square(t, x)), *z = ml_keep_grad(tiny_square(t, y));
    ml_tensor *a = tiny_sum(t, z), *b = tiny_sum(t, y);
    backward(t, a); /* x^4: 32 */
    grad_is(x, (double[]){32});
    grad_is(y, (double[]){8});
    backward(t, a); /* the middle afresh, the leaf in addition */
    grad_is(x, (double[]){64});
    grad_is(y, (double[]){8});
    backward(t, b); /* z is not under this loss: what it kept is gone */
    grad_is(x, (double[]){68});
    grad_is(y, (double[]){1});
    assert_null(z->grad);
    assert_false(z->has_grad);
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void keep_grad_and_inspect(void **state)
{
    (void)state;
    for (int inspect = 0; inspect < 2; inspect++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = inspect});
        ml_tensor *x = leaf(2, (ml_real[]){1, 2});
        ml_tensor *y = tiny_square(t, x), *part = tiny_part(t, y, 1, 1), *z = tiny_square(t, part);
        if (!inspect)
            assert_ptr_equal(ml_keep_grad(part), part);
        backward(t, tiny_sum(t, z));
        grad_is(y, (double[]){0, 8}); /* a view keeps what it looks into */
        grad_is(part, (double[]){8});
        if (inspect)
            grad_is(z, (double[]){1});
        else
            assert_null(z->grad);
        ml_tape_free(t);
        ml_tensor_free(x);
    }
    assert_null(ml_keep_grad(NULL));
}

static void no_grad(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = leaf(1, (ml_real[]){3});
    assert_false(ml_no_grad(t, true));
    ml_tensor *y = tiny_square(t, x);
    assert_true(y->data[0] == 9);
    assert_int_equal(ml_tape_ops(t), 0);
    assert_false(y->requires_grad);
    assert_int_equal(ml_backward(t, tiny_sum(t, y)), ML_EINVAL);
    assert_string_equal(ml_error(), "backward: the loss was computed while recording was off (no_grad)");
    ml_tape_reset(t);
    y = tiny_square(t, x);
    assert_true(ml_no_grad(t, false));
    backward(t, tiny_sum(t, tiny_add(t, y, x))); /* y is a constant here */
    grad_is(x, (double[]){1});
    /* A view made without recording passes nothing on, though what it looks into would. */
    ml_tape_reset(t);
    x->has_grad = false;
    ml_tensor *z = tiny_square(t, x);
    ml_no_grad(t, true);
    ml_tensor *v = tiny_part(t, z, 0, 1);
    ml_no_grad(t, false);
    backward(t, tiny_sum(t, tiny_add(t, tiny_square(t, v), x)));
    grad_is(x, (double[]){1});
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void detach_and_constant(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new(), *other = ml_tape_new();
    ml_tensor *x = leaf(1, (ml_real[]){3});
    ml_tensor *y = tiny_square(t, x), *d = ml_detach(t, y);
    assert_true(d->data != y->data && d->data[0] == 9);
    backward(t, tiny_sum(t, tiny_add(t, tiny_square(t, d), y)));
    grad_is(x, (double[]){6});
    ml_tensor *over = ml_detach(other, y); /* from tape to tape */
    assert_true(tiny_square(other, over)->data[0] == 81);
    assert_null(ml_constant(t, 7, (int64_t[]){1, 1, 1, 1, 1, 1, 1}, x->data));
    assert_string_equal(ml_tape_error_text(t), "constant: rank 7, or a NULL shape or values");
    ml_tape_free(t);
    ml_tape_free(other);
    ml_tensor_free(x);
}

static void mark_and_rewind(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = true});
    ml_mark start = ml_tape_mark(t); /* an empty tape has a place too */
    ml_tensor *x = leaf(2, (ml_real[]){1, 2});
    ml_tensor *y = tiny_square(t, x);
    ml_mark mark = ml_tape_mark(t);
    size_t bytes = 0;
    for (int k = 0; k < 50; k++) {
        x->has_grad = false;
        ml_tensor *whole = tiny_part(t, y, 0, 2); /* the same address as y: rewinding must not give y's memory away */
        backward(t, tiny_sum(t, tiny_square(t, whole)));
        grad_is(x, (double[]){4, 32});
        ml_real *held = y->grad;
        assert_int_equal(ml_tape_rewind(t, mark), ML_OK);
        assert_int_equal(ml_tape_ops(t), 1);
        assert_ptr_equal(y->grad, held);
        assert_true(y->data[1] == 4);
        if (k == 1)
            bytes = ml_tape_bytes(t);
        else if (k > 1)
            assert_int_equal(ml_tape_bytes(t), bytes);
    }
    /* The gradient of y is still y's: nothing else was given its memory. */
    ml_tensor *z = tiny_square(t, y);
    x->has_grad = false;
    backward(t, tiny_sum(t, z));
    assert_true(z->grad != y->grad);
    grad_is(x, (double[]){4, 32});

    ml_mark late = ml_tape_mark(t);
    assert_int_equal(ml_tape_rewind(t, start), ML_OK);
    assert_int_equal(ml_tape_ops(t), 0);
    assert_int_equal(ml_tape_rewind(t, late), ML_EINVAL);
    assert_string_equal(ml_error(), "rewind: the mark is at op 3, the tape has only 0");
    ml_tape_reset(t);
    tiny_square(t, x);
    assert_int_equal(ml_tape_rewind(t, mark), ML_EINVAL);
    assert_string_equal(ml_error(), "rewind: the mark was made before the last reset of the tape");
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void the_first_error_sticks(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *a = leaf(2, (ml_real[]){1, 2}), *b = leaf(3, (ml_real[]){1, 2, 3});
    ml_tensor *loss = tiny_sum(t, tiny_square(t, tiny_add(t, a, b)));
    assert_null(loss);
    assert_int_equal(ml_tape_error(t), ML_EINVAL);
    assert_string_equal(ml_tape_error_text(t), "add: a has 2 numbers, b 3");
    assert_null(tiny_square(t, a)); /* right in itself, but the tape is in error */
    mli_fail(ML_EIO, "something else of this thread");
    assert_int_equal(ml_backward(t, loss), ML_EINVAL);
    assert_string_equal(ml_error(), "add: a has 2 numbers, b 3");
    assert_int_equal(ml_tape_ops(t), 0);
    ml_tape_reset(t);
    assert_int_equal(ml_tape_error(t), ML_OK);
    assert_string_equal(ml_tape_error_text(t), "");
    assert_non_null(tiny_square(t, a));
    assert_null(tiny_add(t, a, NULL));
    assert_string_equal(ml_tape_error_text(t), "add: input 1 is NULL");
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
}

static void refuses(ml_tape *t, ml_tensor *loss, const char *sentence)
{
    assert_int_equal(ml_backward(t, loss), ML_EINVAL);
    assert_string_equal(ml_error(), sentence);
    if (t)
        assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_reset(t);
}

static void backward_errors(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new(), *other = ml_tape_new();
    ml_tensor *x = leaf(2, (ml_real[]){1, 2}), *c = ml_zeros(1);
    refuses(t, tiny_square(t, x), "backward: the loss is 2, not a scalar: take its sum or mean first");
    refuses(t, NULL, "backward: input 0 is NULL");
    refuses(t, c, "backward: the loss was not computed on this tape since its reset");
    refuses(t, tiny_sum(other, x), "backward: the loss was not computed on this tape since its reset");
    refuses(t, tiny_sum(t, c), "backward: the loss depends on no parameter: nothing to differentiate");
    refuses(NULL, c, "backward: the tape is NULL");
    ml_tape_free(t);
    ml_tape_free(other);
    ml_tensor_free(x);
    ml_tensor_free(c);
}

/* The state of a recurrent net carried over a reset: a beginner's mistake that must not pass in silence. */
static void a_tensor_of_another_time_or_tape(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new(), *other = ml_tape_new();
    ml_tensor *x = leaf(1, (ml_real[]){2}), *h = tiny_square(other, x);
    const char *sentence = "add: input 1 was computed on another tape, or before this one was reset or rewound";
    assert_null(tiny_add(t, x, h));
    assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_reset(t);
    h = tiny_square(t, tiny_square(t, x));
    ml_tape_reset(t);
    assert_null(tiny_add(t, x, h));
    assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_free(t);
    ml_tape_free(other);
    ml_tensor_free(x);
}

static void a_null_tape_is_an_error_not_a_crash(void **state)
{
    (void)state;
    ml_tensor *x = leaf(1, (ml_real[]){2});
    assert_null(tiny_square(NULL, x));
    assert_string_equal(ml_error(), "square: the tape is NULL");
    ml_tape_reset(NULL);
    ml_tape_free(NULL);
    assert_false(ml_no_grad(NULL, true));
    assert_int_equal(ml_set_mode(NULL, ML_EVAL), ML_TRAIN);
    assert_int_equal(ml_set_kernel(NULL, ML_KERNEL_REF), ML_KERNEL_FAST);
    ml_set_stream(NULL, 1, 1);
    uint64_t seed = 7, step = 7;
    ml_stream(NULL, &seed, &step);
    assert_true(seed == 0 && step == 0);
    assert_int_equal(ml_tape_ops(NULL), 0);
    assert_int_equal(ml_tape_bytes(NULL), 0);
    assert_int_equal(ml_tape_rewind(NULL, ml_tape_mark(NULL)), ML_EINVAL);
    assert_int_equal(ml_tape_error(NULL), ML_EINVAL);
    ml_tensor_free(x);
}

static void settings(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_open((ml_tape_opts){.mode = ML_EVAL, .kernel = ML_KERNEL_REF, .no_grad = true});
    assert_int_equal(ml_set_mode(t, ML_TRAIN), ML_EVAL);
    assert_int_equal(mli_mode(t), ML_TRAIN);
    assert_int_equal(ml_set_kernel(t, ML_KERNEL_BLAS), ML_KERNEL_REF);
    assert_int_equal(mli_kernel(t), ML_KERNEL_BLAS);
    ml_tape_reset(t); /* settings outlive a reset */
    assert_int_equal(mli_kernel(t), ML_KERNEL_BLAS);
    assert_true(ml_no_grad(t, true));
    ml_tape_free(t);
}

/* The stream of an op: its number counts, recorded or not, and the step. */
static void each_op_has_its_own_stream(void **state)
{
    (void)state;
    ml_tensor *x = leaf(1, (ml_real[]){2});
    uint64_t streams[2][2];
    for (int off = 0; off < 2; off++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.seed = 5, .no_grad = off});
        for (int k = 0; k < 2; k++) {
            streams[off][k] = mli_op_rng(t).stream;
            tiny_square(t, x);
        }
        ml_tape_reset(t);
        assert_true(mli_op_rng(t).stream != streams[off][0]); /* the step went on */
        uint64_t seed, step;
        ml_stream(t, &seed, &step);
        assert_true(seed == 5 && step == 1);
        ml_set_stream(t, 5, 0);
        assert_int_equal(mli_op_rng(t).stream, streams[off][0]);
        ml_tape_free(t);
    }
    assert_true(streams[0][0] != streams[0][1]);
    assert_int_equal(streams[1][0], streams[0][0]);
    assert_int_equal(streams[1][1], streams[0][1]); /* two dropouts without recording: two masks */
    ml_tensor_free(x);
}

static void the_blackboard(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = true});
    ml_tensor *x = leaf(2, (ml_real[]){3, 4}), *w = leaf(1, (ml_real[]){2}), *c = ml_zeros(1);
    w->name = "w";
    ml_tensor *y = tiny_part(t, tiny_square(t, x), 1, 1);
    ml_tensor *z = tiny_add(t, y, tiny_square(t, w));
    backward(t, tiny_sum(t, z));
    tiny_add(t, z, c);
    tiny_add(t, x, w);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ml_tape_print(out, t);
    fclose(out);
    assert_string_equal(text,
                        "op   name         shape           |out|    |grad|  from\n"
                        "#0   square       2               18.36         1  leaf (2)\n"
                        "#1   part         1                  16         1  #0 (2)\n"
                        "#2   square       1                   4         1  w (1)\n"
                        "#3   add          1                  20         1  #1 (1) #2 (1)\n"
                        "#4   sum          scalar             20         1  #3 (1)\n"
                        "#5   add          1                  20         -  #3 (1) constant (1)\n"
                        "error: add: a has 2 numbers, b 1\n");
    free(text);
    w->name = NULL;
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_tensor_free(w);
    ml_tensor_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(used_twice),
        cmocka_unit_test(unused_branch),
        cmocka_unit_test(views),
        cmocka_unit_test(a_loss_that_looks_into_a_leaf_accumulates),
        cmocka_unit_test(gradients_accumulate_until_cleared),
        cmocka_unit_test(a_second_backward_on_one_tape),
        cmocka_unit_test(keep_grad_and_inspect),
        cmocka_unit_test(no_grad),
        cmocka_unit_test(detach_and_constant),
        cmocka_unit_test(mark_and_rewind),
        cmocka_unit_test(the_first_error_sticks),
        cmocka_unit_test(backward_errors),
        cmocka_unit_test(a_tensor_of_another_time_or_tape),
        cmocka_unit_test(settings),
        cmocka_unit_test(each_op_has_its_own_stream),
        cmocka_unit_test(the_blackboard),
        cmocka_unit_test(a_null_tape_is_an_error_not_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
