/* test_autograd_loss_pairs.c -- losses of two tensors on the tape: PyTorch's numbers, gradients, kinks, errors. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 3, COLUMNS = 4, SIZE = ROWS * COLUMNS, WIDTH = 2 + COLUMNS + 4 * SIZE + 1 };

/* The losses in the order of make_losses.py, under one interface. w has 0, 1 or COLUMNS weights. */
static ml_tensor *pair_loss(ml_tape *t, int which, ml_tensor *p, ml_tensor *y, double option, ml_tensor *w)
{
    switch (which) {
    case 0:
        return ml_mse(t, p, y);
    case 1:
        return ml_mae(t, p, y);
    case 2:
        return ml_huber(t, p, y, option);
    case 3:
        return ml_pinball(t, p, y, option);
    case 4:
        return ml_binary_cross_entropy(t, p, y, (ml_bce_opts){.pos_weight = w});
    case 5:
        return ml_kl_div(t, p, y);
    default:
        return ml_hinge(t, p, y);
    }
}

static const char *const NAMES[] = {"mse", "mae", "huber", "pinball", "bce", "kl_div", "hinge"};

static ml_tensor *tensor_of(int rank, const int64_t *shape, const double *v)
{
    ml_tensor *x = ml_tensor_new(rank, shape);
    assert_non_null(x);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)v[i];
    return x;
}

/* The golden gradients are those of 1.5 times the loss. */
static void check_row(ml_tape *t, const double *row)
{
    int which = (int)row[0];
    const double *w_at = row + 2, *p_at = w_at + COLUMNS, *y_at = p_at + SIZE, *loss_at = y_at + SIZE;
    ml_tensor *w = NULL, *p = tensor_of(2, (int64_t[]){ROWS, COLUMNS}, p_at),
              *y = tensor_of(2, (int64_t[]){ROWS, COLUMNS}, y_at);
    if (which == 4 && row[1] > 0)
        w = row[1] > 1 ? tensor_of(1, (int64_t[]){COLUMNS}, w_at) : tensor_of(0, NULL, w_at);
    ml_tensor *loss = pair_loss(t, which, p, y, row[1], w);
    if (!loss)
        fail_msg("%s: %s", NAMES[which], ml_tape_error_text(t));
    assert_close(loss->data, loss_at, 1, TOL_REAL, TOL_REAL);
    assert_int_equal(ml_backward(t, ml_scale(t, loss, 1.5)), ML_OK);
    assert_close(p->grad, loss_at + 1, SIZE, TOL_REAL, TOL_REAL / 10);
    if (which < 4)
        assert_close(y->grad, loss_at + 1 + SIZE, SIZE, TOL_REAL, TOL_REAL / 10);
    else
        assert_false(y->has_grad);
    ml_tensor_free(p), ml_tensor_free(y), ml_tensor_free(w);
}

static void losses_are_those_of_pytorch(void **state)
{
    (void)state;
    golden g = golden_read("losses_pairs");
    assert_int_equal(g.shape[1], WIDTH);
    for (int body = 0; body < 3; body++)
        for (int r = 0; r < g.shape[0]; r++) {
            ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)body});
            check_row(t, g.v + r * WIDTH);
            ml_tape_free(t);
        }
    golden_free(&g);
}

typedef struct question {
    int which;
    double option;
    ml_tensor *y, *w; /* y: NULL where it is the second input */
} question;

static ml_tensor *one_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const question *q = user;
    return pair_loss(t, q->which, in[0], n > 1 ? in[1] : q->y, q->option, q->w);
}

/* Targets that are not given are inputs as well. Two random numbers are never so near that a step reaches a kink. */
static void gradients(void **state)
{
    (void)state;
    static const int64_t SHAPES[][2] = {{1, 1}, {1, 3}, {5, 2}, {7, 11}, {3, 17}};
    static const double OPTIONS[] = {0, 0, 0.8, 0.9, 0, 0, 0};
    ml_rng rng = ml_rng_seed(43);
    for (int s = 0; s < 5; s++)
        for (int which = 0; which < 7; which++) {
            ml_tensor *in[] = {random_tensor(&rng, 2, SHAPES[s], -3, 3), random_tensor(&rng, 2, SHAPES[s], -2, 2)};
            ml_tensor *w = random_tensor(&rng, 1, SHAPES[s] + 1, 0, 3), *share = random_tensor(&rng, 2, SHAPES[s], 0, 1);
            for (int64_t i = 0; which == 6 && i < share->size; i++)
                share->data[i] = share->data[i] < (ml_real)0.5 ? -1 : 1;
            question q = {which, OPTIONS[which], share, which == 4 && s % 2 ? w : NULL};
            assert_gradients(one_loss, in, which < 4 ? 2 : 1, &q);
            ml_tensor_free(in[0]), ml_tensor_free(in[1]), ml_tensor_free(w), ml_tensor_free(share);
        }
}

/* The same numbers reach three losses, one through a view, as prediction and as target: gradients add. */
static ml_tensor *several(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *a = ml_slice(t, in[0], 0, 0, 2), *b = ml_slice(t, in[0], 0, 1, 3);
    ml_tensor *p = ml_log_softmax(t, in[0], 1), *q = ml_detach(t, ml_softmax(t, in[1], 1));
    return ml_add(t, ml_add(t, ml_huber(t, a, b, 0.5), ml_kl_div(t, p, q)),
                  ml_add(t, ml_pinball(t, in[1], in[0], 0.2), ml_mae(t, in[0], in[1])));
}

static void gradients_add(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(45);
    ml_tensor *x = random_tensor(&rng, 2, (int64_t[]){3, 4}, -1, 1), *target = random_tensor(&rng, 2, (int64_t[]){3, 4}, -1, 1);
    target->requires_grad = false; /* q is detached from it, which a difference quotient cannot know */
    ml_tensor *in[] = {x, target};
    assert_gradients(several, in, 1, NULL);
    /* A tensor against itself: nothing to pay, nothing to change. */
    ml_tape *t = ml_tape_new();
    for (int which = 0; which < 4; which++) {
        x->has_grad = false;
        ml_tensor *loss = pair_loss(t, which, x, x, 0.5, NULL);
        assert_true(loss->data[0] == 0);
        assert_int_equal(ml_backward(t, loss), ML_OK);
        for (int i = 0; i < 12; i++)
            assert_true(x->grad[i] == 0);
    }
    ml_tensor_free(x), ml_tensor_free(target);
    ml_tape_free(t);
}

/* The quantile of the pinball loss: of the numbers 1 .. 9, its smallest value is where the share below is 0.8. */
static void pinball_finds_the_quantile(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_zeros(9), *p = ml_zeros(9);
    double best = INFINITY, at = 0;
    for (int i = 0; i < 9; i++)
        y->data[i] = (ml_real)(i + 1);
    for (int guess = 0; guess <= 20; guess++) {
        for (int i = 0; i < 9; i++)
            p->data[i] = (ml_real)guess / 2;
        double loss = (double)ml_pinball(t, p, y, 0.8)->data[0];
        if (loss < best)
            best = loss, at = guess / 2.0;
    }
    assert_true(at == 8);
    ml_tensor_free(y), ml_tensor_free(p);
    ml_tape_free(t);
}

/* A target of 0 costs nothing, even where its log-probability is -infinity; a NaN there is seen. */
static void nothing_is_expected_where_the_target_is_0(void **state)
{
    (void)state;
    ml_tensor *y = ml_tensor_from(2, (int64_t[]){1, 2}, (ml_real[]){0, 1});
    ml_tensor *log_p = ml_tensor_from(2, (int64_t[]){1, 2}, (ml_real[]){(ml_real)-INFINITY, 0});
    assert_int_equal(ml_requires_grad(log_p), ML_OK);
    for (int body = 0; body < 3; body++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)body});
        log_p->data[0] = (ml_real)-INFINITY;
        log_p->has_grad = false;
        ml_tensor *loss = ml_kl_div(t, log_p, y);
        assert_true(loss->data[0] == 0);
        assert_int_equal(ml_backward(t, loss), ML_OK);
        assert_reals_close(log_p->grad, (ml_real[]){0, -1}, 2, 0, 0);
        log_p->data[0] = (ml_real)NAN;
        assert_true(isnan(ml_kl_div(t, log_p, y)->data[0]));
        ml_tape_free(t);
    }
    ml_tensor_free(y), ml_tensor_free(log_p);
}

static void assert_sticks(ml_tape *t, const ml_tensor *y, const char *sentence)
{
    assert_null(y);
    assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_reset(t);
}

static void options_out_of_range(void **state)
{
    (void)state;
    static const double WRONG[] = {0, -1, (double)NAN, (double)INFINITY, -1e300};
    ml_tape *t = ml_tape_new();
    ml_tensor *p = ml_zeros(4, 3), *y = ml_zeros(4, 3), *w = ml_zeros(3), *row = ml_zeros(1, 3), *deep = ml_zeros(1, 4, 3);
    char sentence[128];
    for (int i = 0; i < 5; i++) {
        snprintf(sentence, sizeof sentence, "huber: delta is %g, not a finite number above 0", WRONG[i]);
        assert_sticks(t, ml_huber(t, p, y, WRONG[i]), sentence);
        snprintf(sentence, sizeof sentence, "pinball: quantile is %g, not between 0 and 1", WRONG[i]);
        assert_sticks(t, ml_pinball(t, p, y, WRONG[i]), sentence);
    }
    assert_sticks(t, ml_pinball(t, p, y, 1), "pinball: quantile is 1, not between 0 and 1");
    assert_non_null(ml_huber(t, p, y, 1e300)); /* as good as a parabola */
    for (int i = 1; i < 4; i++) {
        w->data[2] = (ml_real)WRONG[i];
        snprintf(sentence, sizeof sentence,
                 "binary_cross_entropy: pos_weight %g of element 2 is not a finite number from 0 on", WRONG[i]);
        assert_sticks(t, ml_binary_cross_entropy(t, p, y, (ml_bce_opts){.pos_weight = w}), sentence);
    }
    assert_sticks(t, ml_binary_cross_entropy(t, p, y, (ml_bce_opts){.pos_weight = row}),
                  "binary_cross_entropy: pos_weight is 1x3 but logits are 4x3: not their trailing axes");
    assert_sticks(t, ml_binary_cross_entropy(t, p, y, (ml_bce_opts){.pos_weight = deep}),
                  "binary_cross_entropy: pos_weight is 1x4x3 but logits are 4x3: not their trailing axes");
    assert_non_null(ml_binary_cross_entropy(t, p, y, (ml_bce_opts){.pos_weight = p}));
    ml_tensor *all[] = {p, y, w, row, deep};
    for (int i = 0; i < 5; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(t);
}

static void inputs_that_do_not_fit(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_tensor *p = ml_zeros(4, 3), *turned = ml_zeros(3, 4), *none = ml_zeros(0, 3), *one = ml_tensor_new(0, NULL);
    assert_sticks(t, ml_mae(t, p, turned), "mae: prediction is 4x3 but target is 3x4: the shapes differ");
    assert_sticks(t, ml_huber(t, none, none, 1), "huber: prediction is 0x3: no elements, so no mean");
    assert_sticks(t, ml_pinball(t, p, NULL, 0.5), "pinball: input 1 is NULL");
    assert_sticks(t, ml_hinge(t, p, p), "hinge: target 0 of element 0 is neither -1 nor 1");
    assert_sticks(t, ml_hinge(t, p, turned), "hinge: scores are 4x3 but targets are 3x4: the shapes differ");
    assert_sticks(t, ml_kl_div(t, one, one), "kl_div: log_p is a scalar: no axis of samples, so no mean");
    p->data[5] = 1.5f;
    assert_sticks(t, ml_kl_div(t, p, p), "kl_div: target 1.5 of element 5 is not in 0 .. 1");
    assert_sticks(t, ml_binary_cross_entropy(t, p, p, (ml_bce_opts){0}),
                  "binary_cross_entropy: target 1.5 of element 5 is not in 0 .. 1");
    p->data[5] = (ml_real)NAN;
    assert_sticks(t, ml_kl_div(t, p, p), "kl_div: target nan of element 5 is not in 0 .. 1");
    assert_sticks(t, ml_hinge(t, p, ml_slice(t, p, 0, 1, 3)), "hinge: scores are 4x3 but targets are 2x3: the shapes differ");
    assert_sticks(t, ml_mae(t, NULL, p), "mae: input 0 is NULL");
    assert_sticks(t, ml_huber(t, ml_slice(t, p, 5, 0, 1), p, -1), "slice: axis 5 is not in -2 .. 1 of 4x3");
    ml_tensor *all[] = {p, turned, none, one};
    for (int i = 0; i < 4; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_pytorch),
        cmocka_unit_test(gradients),
        cmocka_unit_test(gradients_add),
        cmocka_unit_test(pinball_finds_the_quantile),
        cmocka_unit_test(nothing_is_expected_where_the_target_is_0),
        cmocka_unit_test(options_out_of_range),
        cmocka_unit_test(inputs_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
