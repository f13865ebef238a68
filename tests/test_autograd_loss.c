/* test_autograd_loss.c -- the losses on the tape: PyTorch's numbers, gradients, hard logits, errors. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ml_ints golden_labels(const char *name)
{
    golden g = golden_read(name);
    int32_t *v = malloc((size_t)g.size * sizeof *v);
    assert_non_null(v);
    for (int64_t i = 0; i < g.size; i++)
        v[i] = (int32_t)g.v[i];
    ml_ints labels = {v, g.size};
    golden_free(&g);
    return labels;
}

static ml_tensor *wanting_grad(const char *name)
{
    ml_tensor *x = golden_tensor(name);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    return x;
}

/* The golden gradients are those of 1.5 times the loss. */
static void check(ml_tape *t, const char *name, ml_tensor *loss, const ml_tensor *x)
{
    char file[64];
    if (!loss)
        fail_msg("%s: %s", name, ml_tape_error_text(t));
    snprintf(file, sizeof file, "reduce_%s", name);
    golden value = golden_read(file);
    assert_int_equal(loss->rank, 0);
    assert_close(loss->data, value.v, 1, TOL_REAL, TOL_REAL);
    ml_tensor *row = ml_reshape(t, loss, 2, (int64_t[]){1, 1});
    ml_tensor *scaled =
        ml_matmul(t, row, ml_constant(t, 2, (int64_t[]){1, 1}, (ml_real[]){(ml_real)1.5}));
    assert_int_equal(ml_backward(t, scaled), ML_OK);
    strcat(file, "_grad");
    golden grad = golden_read(file);
    assert_close(x->grad, grad.v, grad.size, TOL_REAL, TOL_REAL / 10);
    golden_free(&value), golden_free(&grad);
}

static void losses_are_those_of_pytorch(void **state)
{
    (void)state;
    ml_kernel bodies[] = {ML_KERNEL_REF, ML_KERNEL_BLAS, ML_KERNEL_FAST};
    for (int body = 0; body < 3; body++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = bodies[body]});
        ml_tensor *z = wanting_grad("reduce_xent_z"), *huge = wanting_grad("reduce_xent_huge_z");
        ml_ints label = golden_labels("reduce_xent_label"),
                huge_label = golden_labels("reduce_xent_huge_label");
        check(t, "xent", ml_softmax_xent(t, z, label), z);
        check(t, "xent_huge", ml_softmax_xent(t, huge, huge_label), huge);
        ml_tensor *bz = wanting_grad("reduce_bce_z"), *by = golden_tensor("reduce_bce_y");
        check(t, "bce", ml_bce_logits(t, bz, by), bz);
        ml_tensor *p = wanting_grad("reduce_mse_p"), *target = wanting_grad("reduce_mse_t");
        check(t, "mse", ml_mse(t, p, target), p);
        target->has_grad = false;
        check(t, "mse_target", ml_mse(t, p, target), target);
        ml_tensor *all[] = {z, huge, bz, by, p, target};
        for (int i = 0; i < 6; i++)
            ml_tensor_free(all[i]);
        free((void *)label.v), free((void *)huge_label.v);
        ml_tape_free(t);
    }
}

static ml_tensor *xent_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return ml_softmax_xent(t, in[0], *(ml_ints *)user);
}

static ml_tensor *bce_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return ml_bce_logits(t, in[0], user);
}

static ml_tensor *mse_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    return ml_mse(t, in[0], in[1]);
}

/* The logits reach three losses, one through a view, one twice: gradients add. */
static ml_tensor *all_losses(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    ml_tensor *z = ml_log_softmax(t, in[0], 1), *y = ml_softmax(t, in[1], 1);
    (void)n;
    ml_tensor *part = ml_slice(t, z, 0, 0, 2);
    ml_tensor *losses[] = {
        ml_softmax_xent(t, z, *(ml_ints *)user), ml_mse(t, part, ml_slice(t, y, 0, 1, 3)),
        ml_mse(t, z, y),
        ml_bce_logits(t, z,
                      ml_detach(t, ml_constant(t, 2, (int64_t[]){3, 4},
                                               (ml_real[]){0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1})))};
    for (int i = 0; i < 4; i++)
        losses[i] = ml_reshape(t, losses[i], 1, (int64_t[]){1});
    return ml_sum(t, ml_concat(t, losses, 4, 0), ML_ALL, false);
}

static void gradients(void **state)
{
    (void)state;
    static const int64_t SHAPES[][2] = {{1, 1}, {1, 3}, {5, 2}, {7, 11}, {3, 17}};
    ml_rng rng = ml_rng_seed(41);
    for (int s = 0; s < 5; s++) {
        ml_tensor *in[] = {random_tensor(&rng, 2, SHAPES[s], -3, 3),
                           random_tensor(&rng, 2, SHAPES[s], -1, 1)};
        ml_tensor *target = random_tensor(&rng, 2, SHAPES[s], 0, 1);
        int32_t v[7];
        for (int i = 0; i < 7; i++)
            v[i] = (int32_t)ml_rng_below(&rng, SHAPES[s][1]);
        ml_ints labels = {v, SHAPES[s][0]};
        assert_gradients(xent_loss, in, 1, &labels);
        assert_gradients(bce_loss, in, 1, target);
        assert_gradients(mse_loss, in, 2, NULL);
        ml_tensor_free(in[0]), ml_tensor_free(in[1]), ml_tensor_free(target);
    }
    ml_tensor *in[] = {random_tensor(&rng, 2, (int64_t[]){3, 4}, -1, 1),
                       random_tensor(&rng, 2, (int64_t[]){3, 4}, -1, 1)};
    ml_ints labels = {(int32_t[]){3, 0, 2}, 3};
    assert_gradients(all_losses, in, 2, &labels);
    ml_tensor_free(in[0]), ml_tensor_free(in[1]);
}

static void hard_logits(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *z =
        ml_tensor_from(2, (int64_t[]){1, 3}, (ml_real[]){(ml_real)-1e30, (ml_real)1e30, 0});
    assert_int_equal(ml_requires_grad(z), ML_OK);
    ml_tensor *right = ml_softmax_xent(t, z, (ml_ints){(int32_t[]){1}, 1});
    assert_true(right->data[0] == 0); /* certain, and right: nothing to pay, nothing to change */
    assert_int_equal(ml_backward(t, right), ML_OK);
    assert_reals_close(z->grad, (ml_real[]){0, 0, 0}, 3, 0, 0);
    ml_tensor *wrong = ml_softmax_xent(t, z, (ml_ints){(int32_t[]){2}, 1}); /* certain, and wrong */
    assert_true(wrong->data[0] == (ml_real)1e30);
    z->has_grad = false;
    assert_int_equal(ml_backward(t, wrong), ML_OK);
    assert_reals_close(z->grad, (ml_real[]){0, 1, -1}, 3, 0, 0);
    z->data[0] = (ml_real)NAN;
    ml_tensor *lost = ml_softmax_xent(t, z, (ml_ints){(int32_t[]){2}, 1});
    assert_true(isnan(lost->data[0])); /* a NaN is not hidden */
    ml_tensor *y = ml_tensor_from(2, (int64_t[]){1, 3}, (ml_real[]){0, 1, 1});
    assert_true(isnan(ml_bce_logits(t, z, y)->data[0]) && isnan(ml_mse(t, z, y)->data[0]));
    ml_tensor_free(z), ml_tensor_free(y);
    ml_tape_free(t);
}

/* No gradient wanted: the same loss, nothing saved, nothing recorded. */
static void without_gradients(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_open((ml_tape_opts){.no_grad = true});
    ml_tensor *z = wanting_grad("reduce_xent_z");
    ml_ints label = golden_labels("reduce_xent_label");
    golden value = golden_read("reduce_xent");
    assert_close(ml_softmax_xent(t, z, label)->data, value.v, 1, TOL_REAL, TOL_REAL);
    assert_int_equal(ml_tape_ops(t), 0);
    golden_free(&value);
    ml_tensor_free(z);
    free((void *)label.v);
    ml_tape_free(t);
}

static void targets_of_bce_get_no_gradient(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *z = ml_zeros(2), *y = ml_zeros(2);
    assert_int_equal(ml_requires_grad(y), ML_OK);
    ml_tensor *loss = ml_bce_logits(t, z, y);
    assert_false(loss->requires_grad);
    assert_int_equal(ml_requires_grad(z), ML_OK);
    assert_int_equal(ml_backward(t, ml_bce_logits(t, z, y)), ML_OK);
    assert_reals_close(z->grad, (ml_real[]){(ml_real)0.25, (ml_real)0.25}, 2, 1e-6, 0);
    assert_false(y->has_grad);
    ml_tensor_free(z), ml_tensor_free(y);
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
    ml_tensor *z = ml_zeros(4, 10), *cube = ml_zeros(2, 2, 10), *none = ml_zeros(0, 10),
              *bare = ml_zeros(4, 0);
    ml_tensor *y = ml_zeros(4, 10), *turned = ml_zeros(10, 4);
    ml_ints labels = {(int32_t[]){1, 9, 0, 12}, 4};
    assert_sticks(t, ml_softmax_xent(t, z, labels),
                  "softmax_xent: label 12 of sample 3 is not in 0 .. 9");
    assert_sticks(t, ml_softmax_xent(t, z, (ml_ints){(int32_t[]){1, -1, 0, 2}, 4}),
                  "softmax_xent: label -1 of sample 1 is not in 0 .. 9");
    assert_sticks(t, ml_softmax_xent(t, z, (ml_ints){labels.v, 3}),
                  "softmax_xent: logits are 4x10 but there are 3 labels");
    assert_sticks(t, ml_softmax_xent(t, z, (ml_ints){NULL, 4}),
                  "softmax_xent: logits are 4x10 but there are 0 labels");
    assert_sticks(t, ml_softmax_xent(t, cube, labels),
                  "softmax_xent: logits are 2x2x10, not (samples, classes)");
    assert_sticks(t, ml_softmax_xent(t, none, (ml_ints){labels.v, 0}),
                  "softmax_xent: logits are 0x10: no samples or no classes, so no mean");
    assert_sticks(t, ml_softmax_xent(t, bare, labels),
                  "softmax_xent: logits are 4x0: no samples or no classes, so no mean");
    y->data[17] = 2;
    assert_sticks(t, ml_bce_logits(t, z, y), "bce_logits: target 2 of element 17 is not in 0 .. 1");
    y->data[17] = (ml_real)NAN;
    assert_sticks(t, ml_bce_logits(t, z, y),
                  "bce_logits: target nan of element 17 is not in 0 .. 1");
    y->data[17] = (ml_real)-0.5;
    assert_sticks(t, ml_bce_logits(t, z, y),
                  "bce_logits: target -0.5 of element 17 is not in 0 .. 1");
    assert_sticks(t, ml_bce_logits(t, z, turned),
                  "bce_logits: logits are 4x10 but targets are 10x4: the shapes differ");
    assert_sticks(t, ml_mse(t, turned, z),
                  "mse: prediction is 10x4 but target is 4x10: the shapes differ");
    assert_sticks(t, ml_mse(t, none, none), "mse: prediction is 0x10: no elements, so no mean");
    assert_sticks(t, ml_bce_logits(t, z, NULL), "bce_logits: input 1 is NULL");
    assert_sticks(t, ml_softmax_xent(t, NULL, labels), "softmax_xent: input 0 is NULL");
    assert_sticks(t, ml_softmax_xent(t, ml_transpose(t, z, (int[]){0, 0}), labels),
                  "transpose: axis 0 is twice in the order");
    ml_tensor *all[] = {z, cube, none, bare, y, turned};
    for (int i = 0; i < 6; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_pytorch),
        cmocka_unit_test(gradients),
        cmocka_unit_test(hard_logits),
        cmocka_unit_test(without_gradients),
        cmocka_unit_test(targets_of_bce_get_no_gradient),
        cmocka_unit_test(errors_say_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
