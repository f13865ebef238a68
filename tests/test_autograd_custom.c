/* The door for ops of other programs: what it promises, and what it refuses. docs/your-own-op.md is tested as a whole in
 * tests/consumer. */
#include "base/base.h"
#include "support/check.h"

#include <mlcore/custom.h>

#include <stdlib.h>
#include <string.h>

#define SHAPE(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}

/* y = a x (+ b, of one number), with a a plain number that is saved: every function of the header has a part in it. */
typedef struct kept {
    double a;
    ml_mode mode;
} kept;

static void affine_backward(ml_tape *t, const ml_node *n)
{
    const kept *k = ml_op_saved(n);
    const ml_tensor *y = ml_op_output(n);
    const ml_real *dy = ml_op_dout(n);
    ml_real *g = ml_op_scratch(t, (size_t)y->size * sizeof *g);
    if (!g)
        return;
    double sum = 0;
    for (int64_t i = 0; i < y->size; i++) {
        g[i] = (ml_real)k->a * dy[i];
        sum += (double)dy[i];
    }
    ml_dx dx = ml_op_din(t, n, 0);
    for (int64_t i = 0; dx.v && i < y->size; i++)
        dx.v[i] = (dx.add ? dx.v[i] : 0) + g[i];
    ml_dx db = ml_op_din(t, n, 1);
    if (db.v)
        db.v[0] = (db.add ? db.v[0] : 0) + (ml_real)sum;
    assert_null(ml_op_din(t, n, 2).v); /* there is no such input */
    assert_null(ml_op_din(t, n, -1).v);
    assert_null(ml_op_input(n, 2));
}

static const ml_op AFFINE = {"affine", affine_backward};

static ml_tensor *affine(ml_tape *t, ml_tensor *x, double a, ml_tensor *b)
{
    ml_tensor *in[] = {x, b};
    if (!ml_op_ready(t, "affine", 1, in))
        return NULL;
    if (b && b->size != 1)
        return ml_op_fail(t, "affine: b has %lld numbers, not one", (long long)b->size);
    ml_tensor *y = ml_op_new(t, x->rank, x->shape);
    kept *k = ml_op_save(t, sizeof *k);
    if (!y || !k)
        return NULL;
    *k = (kept){a, ml_op_mode(t)};
    for (int64_t i = 0; i < y->size; i++)
        y->data[i] = (ml_real)a * x->data[i] + (b ? b->data[0] : 0);
    return ml_op_record(t, &AFFINE, y, 2, in, k);
}

static ml_tensor *graph(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *x = in[0], *b = in[1];
    ml_tensor *y = affine(t, ml_slice(t, x, 0, 1, 3), 2.5, b); /* a view of a leaf */
    y = ml_mul(t, affine(t, y, -1, NULL), ml_slice(t, affine(t, x, 0.5, b), 0, 0, 2));
    return ml_sum(t, ml_tanh(t, y), ML_ALL, false);
}

static void gradients_hold(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_tensor *in[] = {random_tensor(&rng, SHAPE(3, 2), -1, 1), random_tensor(&rng, SHAPE(1), -1, 1)};
    assert_gradients(graph, in, 2, NULL);
    ml_tensor_free(in[0]), ml_tensor_free(in[1]);
}

static void like_an_op_of_the_library(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_open((ml_tape_opts){.inspect = true, .mode = ML_EVAL});
    ml_rng rng = ml_rng_seed(1);
    ml_tensor *x = random_tensor(&rng, SHAPE(2), 1, 2), *c = ml_constant(t, SHAPE(2), (ml_real[]){1, 2});
    /* It wants a gradient where an input does, and says its name in the table. */
    ml_tensor *y = affine(t, x, 3, NULL), *z = affine(t, c, 3, NULL);
    assert_true(y->requires_grad && !z->requires_grad);
    assert_int_equal(ml_op_mode(t), ML_EVAL);
    assert_int_equal(ml_backward(t, ml_sum(t, ml_add(t, y, z), ML_ALL, false)), ML_OK);
    assert_true(x->grad[0] == 3);
    char *text = ml_explain(t, x, 1);
    assert_non_null(strstr(text, "#0 affine[1]"));
    free(text);
    /* Under ml_no_grad it computes, and is not written down. */
    ml_tape_reset(t);
    ml_no_grad(t, true);
    y = affine(t, x, 3, NULL);
    assert_true(y && !y->requires_grad && ml_tape_ops(t) == 0);
    ml_no_grad(t, false);
    /* The finite check knows it. */
    ml_tape_reset(t);
    ml_check_finite(t, true);
    x->data[0] = 0;
    assert_null(affine(t, ml_log(t, ml_scale(t, x, 1)), 1, NULL));
    ml_tape_reset(t);
    x->data[0] = 1;
    assert_null(affine(t, x, 1e308 * 10, NULL));
    assert_non_null(strstr(ml_tape_error_text(t), "affine: element 0 of the 2 became inf at op #0 of step 3"));
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void no_allocation_from_the_second_step_on(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_rng rng = ml_rng_seed(1);
    ml_tensor *in[] = {random_tensor(&rng, SHAPE(300, 20), -1, 1), random_tensor(&rng, SHAPE(1), -1, 1)};
    int64_t asked = 0;
    for (int step = 0; step < 5; step++) {
        ml_tape_reset(t);
        in[0]->has_grad = in[1]->has_grad = false;
        assert_int_equal(ml_backward(t, graph(t, in, 2, NULL)), ML_OK);
        if (step == 1)
            asked = mli_alloc_count();
    }
    assert_int_equal(mli_alloc_count(), asked);
    ml_tape_free(t);
    ml_tensor_free(in[0]), ml_tensor_free(in[1]);
}

static void random_numbers_of_its_own(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(1);
    ml_set_stream(t, 7, 3);
    ml_rng a = ml_op_rng(t), same = ml_op_rng(t);
    affine(t, x, 1, NULL);
    ml_rng b = ml_op_rng(t);
    assert_memory_equal(&a, &same, sizeof a);
    assert_true(ml_rng_u32(&a) != ml_rng_u32(&b));
    ml_tape_reset(t);
    ml_set_stream(t, 7, 3);
    ml_rng again = ml_op_rng(t);
    assert_true(ml_rng_u32(&again) == ml_rng_u32(&same));
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void refused_with_a_sentence(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(2);
    assert_false(ml_op_ready(NULL, "mine", 1, &x));
    assert_string_equal(ml_error(), "mine: the tape is NULL");
    assert_null(affine(t, NULL, 1, NULL));
    assert_string_equal(ml_error(), "affine: input 0 is NULL");
    assert_null(affine(t, x, 1, NULL)); /* the first error sticks */
    assert_string_equal(ml_tape_error_text(t), "affine: input 0 is NULL");
    assert_null(ml_op_new(t, 0, NULL));
    assert_null(ml_op_save(t, 8));
    assert_null(ml_op_scratch(t, 8));
    ml_tape_reset(t);
    assert_null(affine(t, x, 1, x));
    assert_string_equal(ml_tape_error_text(t), "affine: b has 2 numbers, not one");
    ml_tape_reset(t);
    assert_false(ml_op_ready(t, NULL, 1, NULL));
    assert_string_equal(ml_tape_error_text(t), "op: the list of its inputs is NULL");
    ml_tape_reset(t);
    assert_null(ml_op_new(t, 2, NULL));
    assert_string_equal(ml_tape_error_text(t), "op: a result of rank 2 with a shape that is NULL");
    ml_tape_reset(t);
    assert_null(ml_op_new(t, SHAPE(1, 1, 1, 1, 1, 1, 1)));
    ml_tape_reset(t);
    ml_tensor *y = ml_op_new(t, 1, &(int64_t){2});
    assert_null(ml_op_record(t, &(ml_op){"mine", NULL}, y, 1, &x, NULL));
    assert_string_equal(ml_tape_error_text(t), "op: an op to record has a name and a backward function");
    ml_tape_reset(t);
    assert_null(ml_op_record(t, &AFFINE, x, 1, &x, NULL)); /* what was not made by ml_op_new */
    assert_string_equal(ml_tape_error_text(t), "affine: what it records is not a new tensor from ml_op_new");
    ml_tape_reset(t);
    y = affine(t, x, 1, NULL);
    assert_null(ml_op_record(t, &AFFINE, y, 1, &x, NULL)); /* twice */
    assert_int_equal(ml_tape_error(t), ML_EINVAL);
    ml_tape_reset(t);
    y = ml_op_new(t, 1, &(int64_t){2});
    assert_null(ml_op_record(t, &AFFINE, y, -1, &x, NULL));
    assert_string_equal(ml_tape_error_text(t), "affine: -1 inputs, or a list of them that is NULL");
    ml_tape_reset(t);
    assert_null(ml_op_record(t, &AFFINE, NULL, 1, &x, NULL));
    /* A tensor of another tape. */
    ml_tape *other = ml_tape_new();
    ml_requires_grad(x);
    ml_tensor *far = affine(other, x, 1, NULL);
    ml_tape_reset(t);
    assert_null(affine(t, far, 1, NULL));
    assert_non_null(strstr(ml_tape_error_text(t), "affine: input 0 was computed on another tape"));
    ml_tape_free(t);
    ml_tape_free(other);
    ml_tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_hold),
        cmocka_unit_test(like_an_op_of_the_library),
        cmocka_unit_test(no_allocation_from_the_second_step_on),
        cmocka_unit_test(random_numbers_of_its_own),
        cmocka_unit_test(refused_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
