/* The finite check: it blames the op whose inputs were still finite, says what caused it, and costs others nothing. */
#include "support/check.h"
#include "support/tiny_ops.h"

#include <math.h>
#include <string.h>

#ifdef MLCORE_DOUBLE
#define BIG ((ml_real)1e200)
#define BIG_TEXT "1e+200"
#else
#define BIG ((ml_real)1e30)
#define BIG_TEXT "1e+30"
#endif
#define INF ((ml_real)INFINITY)

static ml_tape *checking(void)
{
    ml_tape *t = ml_tape_open((ml_tape_opts){.check_finite = true});
    assert_non_null(t);
    return t;
}

static ml_tensor *tensor(int rank, const int64_t *shape, const ml_real *v)
{
    ml_tensor *x = ml_tensor_from(rank, shape, v);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    return x;
}
#define SHAPE(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}
#define VALUES(...) (ml_real[]){__VA_ARGS__}

static void says(const ml_tape *t, const char *sentence)
{
    assert_string_equal(ml_tape_error_text(t), sentence);
    assert_int_equal(ml_tape_error(t), ML_ENOTFINITE);
    assert_string_equal(ml_error(), sentence);
    assert_int_equal(ml_error_status(), ML_ENOTFINITE);
}

static void off_until_turned_on(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = tensor(SHAPE(1), VALUES(0));
    assert_true(isinf(ml_log(t, x)->data[0]));
    assert_int_equal(ml_tape_error(t), ML_OK);
    assert_false(ml_check_finite(t, true));
    assert_null(ml_log(t, x));
    says(t, "log: element 0 of the 1 became -inf at op #1 of step 0: its input 0 (leaf) was 0 there");
    assert_true(ml_check_finite(t, true)); /* what it was; the error still sticks */
    assert_null(ml_exp(t, x));
    assert_true(ml_check_finite(t, false));
    ml_tape_reset(t);
    assert_non_null(ml_log(t, x));
    assert_false(ml_check_finite(NULL, true));
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void op_input_step_and_value(void **state)
{
    (void)state;
    ml_tape *t = checking();
    ml_tensor *x = tensor(SHAPE(2, 2), VALUES(1, 2, 0, 4));
    for (int step = 0; step < 12; step++)
        ml_tape_reset(t);
    ml_tensor *y = ml_scale(t, x, 1);
    for (int k = 0; k < 6; k++)
        y = ml_relu(t, y);
    assert_null(ml_sum(t, ml_log(t, y), ML_ALL, false)); /* the sum is a consequence */
    says(t, "log: element 2 (row 1, column 0) of the 2x2 became -inf at op #7 of step 12: its input 0 (#6) was 0 there");
    /* Where the stream was put by a checkpoint, that is the step. */
    ml_tape_reset(t);
    ml_set_stream(t, 1, 1000);
    assert_null(ml_sqrt(t, ml_scale(t, x, -1)));
    says(t, "sqrt: element 0 (row 0, column 0) of the 2x2 became nan at op #1 of step 1000: its input 0 (#0) was -1 there");
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void broadcasting_names_both_values(void **state)
{
    (void)state;
    ml_tape *t = checking();
    ml_tensor *a = tensor(SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)), *b = tensor(SHAPE(3), VALUES(1, 0, 0));
    assert_null(ml_div(t, a, b));
    says(t, "div: element 1 (row 0, column 1) of the 2x3 became inf at op #0 of step 0: its input 0 (leaf) was 2 there; its input "
            "1 (leaf) was 0 at element 1");
    /* The same where backward cannot be asked: no input wants a gradient. */
    ml_tape_reset(t);
    ml_tensor *ca = ml_constant(t, SHAPE(2, 3), a->data), *cb = ml_constant(t, SHAPE(2, 1), VALUES(3, 0));
    assert_null(ml_div(t, ca, cb));
    says(t, "div: element 3 (row 1, column 0) of the 2x3 became inf at op #0 of step 1: its input 0 (constant) was 4 there; its "
            "input 1 (constant) was 0 at element 1 (row 1, column 0)");
    /* Scalars, and higher ranks. */
    ml_tape_reset(t);
    ml_tensor *s = tensor(0, NULL, VALUES(0)), *deep = tensor(SHAPE(1, 2, 2), VALUES(1, 1, 0, 1));
    assert_null(ml_log(t, s));
    says(t, "log: the scalar became -inf at op #0 of step 2: its input 0 (leaf) was 0 there");
    ml_tape_reset(t);
    assert_null(ml_div(t, s, deep)); /* 0/0 */
    says(t, "div: element 2 [0,1,0] of the 1x2x2 became nan at op #0 of step 3: its input 0 (leaf) was 0; its input 1 (leaf) was 0 "
            "there");
    ml_tape_free(t);
    ml_tensor_free(a), ml_tensor_free(b), ml_tensor_free(s), ml_tensor_free(deep);
}

static void products_name_the_largest_that_were_read(void **state)
{
    (void)state;
    ml_tape *t = checking();
    ml_tensor *x = tensor(SHAPE(3, 2), VALUES(1, 1, 1, BIG, 2, 3));
    ml_tensor *w = tensor(SHAPE(2, 2), VALUES(0, 1, 1, BIG));
    w->name = "0.weight";
    assert_null(ml_linear(t, x, w, NULL));
    says(t, "linear: element 3 (row 1, column 1) of the 3x2 became inf at op #0 of step 0: the largest of the 2 numbers that it "
            "read of its input 0 (leaf) is " BIG_TEXT ", element 3 (row 1, column 1); the largest of the 2 numbers that it read of "
            "its input 1 (\"0.weight\") is " BIG_TEXT ", element 3 (row 1, column 1)");
    /* A batch wants no gradient, so backward says nothing of it: its largest number. */
    ml_tape_reset(t);
    assert_null(ml_linear(t, ml_constant(t, SHAPE(3, 2), x->data), w, NULL));
    assert_non_null(strstr(ml_tape_error_text(t), ": the largest of its input 0 (constant) is " BIG_TEXT ", element 3 (row 1, "
                                                  "column 1); the largest of the 2 numbers that it read of its input 1"));
    /* A sum that overflows, along one axis: only its row was read. */
    ml_tape_reset(t);
    ml_tensor *r = tensor(SHAPE(2, 2), VALUES(1, 2, 0, 0));
    r->data[2] = r->data[3] = sizeof(ml_real) == 8 ? (ml_real)1.7e308L : (ml_real)3e38;
    assert_null(ml_sum(t, r, 1, false));
    assert_non_null(strstr(ml_tape_error_text(t), "sum: element 1 of the 2 became inf at op #0 of step 2: the largest of the 2 "
                                                  "numbers that it read of its input 0 (leaf) is "));
    w->name = NULL;
    ml_tape_free(t);
    ml_tensor_free(x), ml_tensor_free(w), ml_tensor_free(r);
}

static void what_was_not_finite_before(void **state)
{
    (void)state;
    ml_tape *t = checking();
    ml_tensor *x = tensor(SHAPE(2, 2), VALUES(1, 2, 3, 4)), *w = tensor(SHAPE(2, 2), VALUES(1, 1, -INF, 1));
    w->name = "3.weight";
    assert_null(ml_linear(t, x, w, NULL));
    says(t, "linear: element 1 (row 0, column 1) of the 2x2 became -inf at op #0 of step 0: its input 1 (\"3.weight\") was not "
            "finite before: -inf at element 2 (row 1, column 0)");
    /* A batch, through a view of it. */
    ml_tape_reset(t);
    ml_tensor *batch = ml_constant(t, SHAPE(4), VALUES(1, 2, (ml_real)NAN, 4));
    assert_null(ml_relu(t, ml_reshape(t, batch, 2, (int64_t[]){2, 2})));
    assert_non_null(strstr(ml_tape_error_text(t), "relu: element 2 (row 1, column 0) of the 2x2 became nan at op #1 of step 1: its "
                                                  "input 0 (#0) was not finite before: nan at element 2 (row 1, column 0)"));
    /* Numbers that are not finite and come to nothing are no birth. */
    ml_tape_reset(t);
    batch = ml_constant(t, SHAPE(2), VALUES(-INF, 1));
    assert_non_null(ml_softmax(t, ml_relu(t, batch), 0));
    w->name = NULL;
    ml_tape_free(t);
    ml_tensor_free(x), ml_tensor_free(w);
}

static void turned_on_late_it_goes_back_to_the_birth(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = tensor(SHAPE(2), VALUES(0, 1));
    ml_tensor *l = ml_log(t, x), *y = ml_exp(t, ml_scale(t, ml_reshape(t, l, 2, (int64_t[]){1, 2}), -1));
    ml_check_finite(t, true);
    assert_null(ml_relu(t, y));
    says(t, "log: element 0 of the 2 became -inf at op #0 of step 0: its input 0 (leaf) was 0 there");
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void without_recording_too(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_open((ml_tape_opts){.check_finite = true, .no_grad = true});
    ml_tensor *x = tensor(SHAPE(2), VALUES(1, 0));
    assert_null(ml_log(t, x));
    says(t, "log: element 1 of the 2 became -inf in step 0, unrecorded: its input 0 (leaf) was 0 there");
    ml_tape_free(t);
    ml_tensor_free(x);
}

/* Normalization is written down before it computes. */
static void normalization(void **state)
{
    (void)state;
    ml_tape *t = checking();
    ml_tensor *x = tensor(SHAPE(2, 2), VALUES(1, 2, 3, 4)), *g = tensor(SHAPE(2), VALUES(1, INF));
    g->name = "1.weight";
    assert_non_null(ml_batch_norm(t, x, NULL, NULL, NULL, NULL, (ml_batch_norm_opts){0}));
    assert_non_null(ml_layer_norm(t, x, NULL, NULL, 0));
    assert_null(ml_batch_norm(t, x, g, NULL, NULL, NULL, (ml_batch_norm_opts){0}));
    /* -inf or NaN: that depends on the body */
    assert_non_null(strstr(ml_tape_error_text(t), "batch_norm: element 1 (row 0, column 1) of the 2x2 became "));
    assert_non_null(strstr(ml_tape_error_text(t), " at op #2 of step 0: its input 1 (\"1.weight\") was not finite before: inf at "
                                                  "element 1"));
    ml_tape_reset(t);
    assert_null(ml_layer_norm(t, x, g, NULL, 0));
    assert_non_null(strstr(ml_tape_error_text(t), "layer_norm: element 1 "));
    g->name = NULL;
    ml_tape_free(t);
    ml_tensor_free(x), ml_tensor_free(g);
}

static void backward_of_one_op(void **state)
{
    (void)state;
    ml_tape *t = checking();
    ml_tensor *x = tensor(SHAPE(2, 2), VALUES(1, 4, 0, 9));
    x->name = "x";
    assert_int_equal(ml_backward(t, ml_sum(t, ml_scale(t, ml_sqrt(t, x), 3), ML_ALL, false)), ML_ENOTFINITE);
    says(t, "sqrt: in backward element 2 (row 1, column 0) of the gradient of its input 0 (\"x\"), 2x2, became inf at op #0 of step "
            "0: the gradient that arrived was 3 there; its input 0 (\"x\") was 0 there; its output was 0 there");
    assert_null(ml_relu(t, x));
    /* After the reset all is well again; what has gathered must be dropped first. */
    ml_tape_reset(t);
    x->data[2] = 1;
    assert_int_equal(ml_backward(t, ml_sum(t, ml_sqrt(t, x), ML_ALL, false)), ML_ENOTFINITE);
    says(t, "sqrt: in backward element 2 (row 1, column 0) of the gradient of its input 0 (\"x\"), 2x2, became inf at op #0 of step "
            "1: it added 0.5 to what earlier ops or an earlier backward had left there");
    ml_tape_reset(t);
    x->has_grad = false;
    assert_int_equal(ml_backward(t, ml_sum(t, ml_sqrt(t, x), ML_ALL, false)), ML_OK);
    assert_true(x->grad[2] == 0.5);
    x->name = NULL;
    ml_tape_free(t);
    ml_tensor_free(x);
}

/* dw = dy^T x: both are finite, their product is not. */
static void a_product_that_overflows_in_backward(void **state)
{
    (void)state;
    ml_tape *t = checking();
    ml_tensor *w = tensor(SHAPE(1, 2), VALUES(0, 0));
    w->name = "w";
    ml_tensor *x = ml_constant(t, SHAPE(2, 2), VALUES(1, 1, BIG, 0));
    ml_tensor *loss = ml_sum(t, ml_scale(t, ml_linear(t, x, w, NULL), (double)BIG), ML_ALL, false);
    assert_int_equal(ml_backward(t, loss), ML_ENOTFINITE);
    says(t, "linear: in backward element 0 (row 0, column 0) of the gradient of its input 1 (\"w\"), 1x2, became inf at op #0 of "
            "step 0: the largest of the gradient that arrived is " BIG_TEXT ", element 0 (row 0, column 0); the largest of its "
            "input 0 (constant) is " BIG_TEXT ", element 2 (row 1, column 0); its input 1 (\"w\") was 0 there; the largest of its "
            "output is 0, element 0 (row 0, column 0)");
    w->name = NULL;
    ml_tape_free(t);
    ml_tensor_free(w);
}

/* Long tensors, several bad elements: the same sentence on any number of threads, and no allocation while nothing is wrong. */
static void same_on_any_number_of_threads(void **state)
{
    (void)state;
    enum { N = 300, D = 400 };
    int threads = ml_threads();
    char first[600] = "";
    ml_rng rng = ml_rng_seed(5);
    ml_tensor *x = random_tensor(&rng, SHAPE(N, D), 1, 2);
    x->data[77777] = x->data[77778] = x->data[100000] = 0;
    for (int n = 1; n <= 4; n++) {
        ml_set_threads(n);
        ml_tape *t = checking();
        assert_null(ml_log(t, ml_relu(t, x)));
        if (n == 1)
            snprintf(first, sizeof first, "%s", ml_tape_error_text(t));
        says(t, first);
        ml_tape_free(t);
    }
    assert_string_equal(first, "log: element 77777 (row 194, column 177) of the 300x400 became -inf at op #1 of step 0: its input "
                               "0 (#0) was 0 there");
    ml_set_threads(threads);
    x->data[77777] = x->data[77778] = x->data[100000] = 1;
    ml_tape *t = checking();
    int64_t asked = 0;
    for (int step = 0; step < 5; step++) {
        ml_tape_reset(t);
        x->has_grad = false;
        assert_int_equal(ml_backward(t, ml_mean(t, ml_log(t, ml_relu(t, x)), ML_ALL, false)), ML_OK);
        if (step == 1)
            asked = mli_alloc_count();
    }
    assert_int_equal(mli_alloc_count(), asked);
    ml_tape_free(t);
    ml_tensor_free(x);
}

/* The sentence is found by asking backward: afterwards all gradients are as they were. */
static void blaming_disturbs_nothing(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = true, .check_finite = true});
    ml_tensor *x = tensor(SHAPE(2), VALUES(2, 3));
    ml_tensor *y = ml_mul(t, x, x);
    assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
    assert_null(ml_log(t, ml_sub(t, y, y)));
    assert_true(x->grad[0] == 4 && x->grad[1] == 6 && x->has_grad);
    assert_true(y->grad[0] == 1 && y->grad[1] == 1 && y->has_grad);
    ml_tape_free(t);
    ml_tensor_free(x);
}

/* A thousand graphs of ops would say much more; here each op of a small net, on numbers that are fine. */
static void a_net_that_is_fine(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = ml_net_new(&rng, ML_INPUT(8, 8, 1), ML_CONV(4, .k = 3), ML_BATCH_NORM(), ML_RELU(), ML_POOL(2), ML_FLATTEN(),
                             ML_DENSE(6), ML_TANH(), ML_LAYER_NORM(), ML_DROPOUT(0.3), ML_DENSE(3));
    ml_tensor *x = random_tensor(&rng, SHAPE(5, 8, 8, 1), -1, 1);
    ml_tape *t = checking();
    for (int step = 0; step < 3; step++) {
        ml_tape_reset(t);
        if (ml_backward(t, ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){(int32_t[]){0, 1, 2, 0, 1}, 5})))
            fail_msg("%s", ml_error());
    }
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_until_turned_on),
        cmocka_unit_test(op_input_step_and_value),
        cmocka_unit_test(broadcasting_names_both_values),
        cmocka_unit_test(products_name_the_largest_that_were_read),
        cmocka_unit_test(what_was_not_finite_before),
        cmocka_unit_test(turned_on_late_it_goes_back_to_the_birth),
        cmocka_unit_test(without_recording_too),
        cmocka_unit_test(normalization),
        cmocka_unit_test(backward_of_one_op),
        cmocka_unit_test(a_product_that_overflows_in_backward),
        cmocka_unit_test(same_on_any_number_of_threads),
        cmocka_unit_test(blaming_disturbs_nothing),
        cmocka_unit_test(a_net_that_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
