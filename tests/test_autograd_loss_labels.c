/* test_autograd_loss_labels.c -- cross-entropy with options and nll on the tape: PyTorch's numbers, gradients, errors. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 6, K = 5, WIDTH = 4 + N + K + N * K + 1 + N * K + N * K + 1 + N * K };

static ml_tensor *tensor_of(int rank, const int64_t *shape, const double *v, bool wants)
{
    ml_tensor *x = ml_tensor_new(rank, shape);
    assert_non_null(x);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)v[i];
    if (wants)
        assert_int_equal(ml_requires_grad(x), ML_OK);
    return x;
}

/* A row of losses_labels.npy: see make_losses.py. */
typedef struct labels_case {
    ml_xent_opts opts;
    int32_t label[N];
    ml_tensor *weight, *z, *log_p;
    const double *loss, *dz, *nll, *dlog_p;
} labels_case;

static labels_case case_of(const double *row)
{
    labels_case c = {0};
    const double *at = row + 4;
    for (int i = 0; i < N; i++)
        c.label[i] = (int32_t)at[i];
    c.weight = tensor_of(1, (int64_t[]){K}, at += N, false);
    c.z = tensor_of(2, (int64_t[]){N, K}, at += K, true);
    c.loss = at += N * K;
    c.dz = at += 1;
    c.log_p = tensor_of(2, (int64_t[]){N, K}, at += N * K, true);
    c.nll = at += N * K;
    c.dlog_p = at + 1;
    c.opts = (ml_xent_opts){.class_weight = row[0] != 0 ? c.weight : NULL,
                            .label_smoothing = row[1],
                            .has_ignore = row[2] != 0,
                            .ignore = (int32_t)row[3]};
    return c;
}

/* The golden gradients are those of 1.5 times the loss. */
static void check(ml_tape *t, int row, ml_tensor *loss, const double *value, const ml_tensor *x,
                  const double *grad)
{
    if (!loss)
        fail_msg("row %d: %s", row, ml_tape_error_text(t));
    assert_close(loss->data, value, 1, TOL_REAL, TOL_REAL);
    assert_int_equal(ml_backward(t, ml_scale(t, loss, 1.5)), ML_OK);
    assert_close(x->grad, grad, x->size, TOL_REAL, TOL_REAL / 10);
}

static void labels_are_those_of_pytorch(void **state)
{
    (void)state;
    golden g = golden_read("losses_labels");
    assert_int_equal(g.shape[1], WIDTH);
    for (int body = 0; body < 3; body++)
        for (int r = 0; r < g.shape[0]; r++) {
            ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)body});
            labels_case c = case_of(g.v + r * WIDTH);
            ml_ints labels = {c.label, N};
            check(t, r, ml_cross_entropy(t, c.z, labels, c.opts), c.loss, c.z, c.dz);
            check(t, r, ml_nll(t, c.log_p, labels, c.opts), c.nll, c.log_p, c.dlog_p);
            ml_tensor_free(c.weight), ml_tensor_free(c.z), ml_tensor_free(c.log_p);
            ml_tape_free(t);
        }
    golden_free(&g);
}

/* With zero options it is softmax_xent, in every bit; and so is nll of log_softmax but for rounding. */
static void no_options_are_the_plain_loss(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(8);
    ml_tensor *z = random_tensor(&rng, 2, (int64_t[]){33, 10}, -4, 4);
    int32_t label[33];
    for (int i = 0; i < 33; i++)
        label[i] = (int32_t)ml_rng_below(&rng, 10);
    ml_ints labels = {label, 33};
    ml_real plain[330];
    ml_tape *t = ml_tape_new();
    ml_tensor *a = ml_softmax_xent(t, z, labels), *b = ml_cross_entropy(t, z, labels, (ml_xent_opts){0});
    ml_tensor *c = ml_nll(t, ml_log_softmax(t, z, 1), labels, (ml_xent_opts){0});
    assert_true(a->data[0] == b->data[0]);
    assert_reals_close(c->data, a->data, 1, TOL_REAL, 0);
    assert_int_equal(ml_backward(t, a), ML_OK);
    memcpy(plain, z->grad, sizeof plain);
    z->has_grad = false;
    assert_int_equal(ml_backward(t, b), ML_OK);
    assert_memory_equal(z->grad, plain, sizeof plain);
    ml_tensor_free(z);
    ml_tape_free(t);
}

typedef struct question {
    ml_ints labels;
    ml_xent_opts opts;
} question;

static ml_tensor *xent_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const question *q = user;
    (void)n;
    return ml_cross_entropy(t, in[0], q->labels, q->opts);
}

static ml_tensor *nll_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const question *q = user;
    (void)n;
    return ml_nll(t, in[0], q->labels, q->opts);
}

/* The logits reach both losses, so gradients add; a part is a view. */
static ml_tensor *both_losses(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    const question *q = user;
    (void)n;
    ml_tensor *first = ml_slice(t, in[0], 0, 0, 1);
    return ml_add(t, ml_add(t, xent_loss(t, in, 1, user), ml_nll(t, ml_log_softmax(t, in[0], 1), q->labels, q->opts)),
                  ml_cross_entropy(t, first, (ml_ints){q->labels.v, 1}, q->opts));
}

static void gradients(void **state)
{
    (void)state;
    static const int64_t SHAPES[][2] = {{1, 1}, {1, 3}, {5, 2}, {7, 11}, {3, 17}};
    ml_rng rng = ml_rng_seed(42);
    for (int c = 0; c < 40; c++) {
        const int64_t *shape = SHAPES[c / 8];
        ml_tensor *in[] = {random_tensor(&rng, 2, shape, -3, 3)};
        ml_tensor *weight = random_tensor(&rng, 1, shape + 1, 0.1, 2);
        int32_t v[7];
        for (int i = 0; i < 7; i++)
            v[i] = (c & 4) && i % 3 == 1 ? -1 : (int32_t)ml_rng_below(&rng, shape[1]);
        question q = {.labels = {v, shape[0]},
                      .opts = {.class_weight = c & 1 ? weight : NULL,
                               .label_smoothing = c & 2 ? 0.2 : 0,
                               .has_ignore = c & 4,
                               .ignore = -1}};
        assert_gradients(xent_loss, in, 1, &q);
        assert_gradients(nll_loss, in, 1, &q);
        assert_gradients(both_losses, in, 1, &q);
        assert_false(weight->has_grad); /* it wants one, and gets none */
        ml_tensor_free(in[0]), ml_tensor_free(weight);
    }
}

/* A NaN in an ignored sample is nobody's business; in one that counts it shows. */
static void ignored_samples_are_ignored(void **state)
{
    (void)state;
    ml_real v[] = {1, 2, 0, (ml_real)NAN, 0, 1};
    ml_tensor *z = ml_tensor_from(2, (int64_t[]){2, 3}, v), *log_p = ml_tensor_from(2, (int64_t[]){2, 3}, v);
    assert_int_equal(ml_requires_grad(z), ML_OK);
    assert_int_equal(ml_requires_grad(log_p), ML_OK);
    for (int body = 0; body < 3; body++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = (ml_kernel)body});
        ml_xent_opts opts = {.has_ignore = true, .ignore = 2};
        ml_ints labels = {(int32_t[]){0, 2}, 2};
        z->has_grad = log_p->has_grad = false;
        ml_tensor *a = ml_cross_entropy(t, z, labels, opts), *b = ml_nll(t, log_p, labels, opts);
        assert_reals_close(a->data, &(ml_real){(ml_real)1.40760596}, 1, 1e-6, 0);
        assert_true(b->data[0] == -1);
        assert_int_equal(ml_backward(t, ml_add(t, a, b)), ML_OK);
        ml_real dz[] = {(ml_real)-0.75527153, (ml_real)0.66524096, (ml_real)0.09003057, 0, 0, 0};
        assert_reals_close(z->grad, dz, 6, 1e-6, 0);
        assert_reals_close(log_p->grad, (ml_real[]){-1, 0, 0, 0, 0, 0}, 6, 0, 0);
        assert_true(isnan(ml_cross_entropy(t, z, labels, (ml_xent_opts){.label_smoothing = 0.1})->data[0]));
        assert_true(isnan(ml_nll(t, log_p, labels, (ml_xent_opts){.label_smoothing = 0.1})->data[0]));
        ml_tape_free(t);
    }
    ml_tensor_free(z), ml_tensor_free(log_p);
}

/* Nothing recorded, nothing saved, the same number. */
static void without_gradients(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_open((ml_tape_opts){.no_grad = true});
    ml_tensor *z = ml_tensor_from(2, (int64_t[]){1, 3}, (ml_real[]){1, 2, 0});
    assert_int_equal(ml_requires_grad(z), ML_OK);
    ml_xent_opts opts = {.label_smoothing = 0.3};
    ml_ints labels = {(int32_t[]){0}, 1};
    ml_tensor *loss = ml_cross_entropy(t, z, labels, opts);
    /* 0.7 * 1.4076 + 0.1 * (1.4076 + 0.4076 + 2.4076) */
    assert_reals_close(loss->data, &(ml_real){(ml_real)1.40760596}, 1, 1e-6, 0);
    assert_false(loss->requires_grad);
    assert_int_equal(ml_tape_ops(t), 0);
    ml_tensor_free(z);
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
    ml_tensor *z = ml_zeros(4, 10), *w = ml_zeros(10), *nine = ml_zeros(9), *row = ml_zeros(1, 10), *none = ml_zeros(0, 10);
    ml_ints labels = {(int32_t[]){1, 9, 0, 12}, 4}, fine = {(int32_t[]){1, 9, 0, 2}, 4};
    assert_sticks(t, ml_cross_entropy(t, z, labels, (ml_xent_opts){0}),
                  "cross_entropy: label 12 of sample 3 is not in 0 .. 9");
    assert_sticks(t, ml_nll(t, z, labels, (ml_xent_opts){.has_ignore = true, .ignore = -100}),
                  "nll: label 12 of sample 3 is not in 0 .. 9");
    assert_non_null(ml_nll(t, z, labels, (ml_xent_opts){.has_ignore = true, .ignore = 12}));
    assert_sticks(t, ml_nll(t, z, (ml_ints){labels.v, 3}, (ml_xent_opts){0}),
                  "nll: log_p is 4x10 but there are 3 labels");
    assert_sticks(t, ml_nll(t, w, labels, (ml_xent_opts){0}), "nll: log_p is 10, not (samples, classes)");
    assert_sticks(t, ml_cross_entropy(t, none, (ml_ints){NULL, 0}, (ml_xent_opts){0}),
                  "cross_entropy: logits are 0x10: no samples or no classes, so no mean");
    assert_sticks(t, ml_cross_entropy(t, z, fine, (ml_xent_opts){.class_weight = nine}),
                  "cross_entropy: class_weight is 9 but logits are 4x10: it wants one a class");
    assert_sticks(t, ml_nll(t, z, fine, (ml_xent_opts){.class_weight = row}),
                  "nll: class_weight is 1x10 but log_p is 4x10: it wants one a class");
    const double wrong[] = {-0.5, (double)INFINITY, (double)NAN};
    for (int i = 0; i < 3; i++) {
        char sentence[128];
        w->data[7] = (ml_real)wrong[i];
        snprintf(sentence, sizeof sentence, "nll: class_weight %g of class 7 is not a finite number from 0 on", wrong[i]);
        assert_sticks(t, ml_nll(t, z, fine, (ml_xent_opts){.class_weight = w}), sentence);
    }
    assert_sticks(t, ml_cross_entropy(t, z, fine, (ml_xent_opts){.label_smoothing = 1.5}),
                  "cross_entropy: label_smoothing is 1.5, not in 0 .. 1");
    assert_sticks(t, ml_cross_entropy(t, z, fine, (ml_xent_opts){.label_smoothing = -1e300}),
                  "cross_entropy: label_smoothing is -1e+300, not in 0 .. 1");
    assert_sticks(t, ml_nll(t, z, fine, (ml_xent_opts){.label_smoothing = NAN}), "nll: label_smoothing is nan, not in 0 .. 1");
    assert_sticks(t, ml_nll(t, NULL, fine, (ml_xent_opts){0}), "nll: input 0 is NULL");
    ml_tensor *all[] = {z, w, nine, row, none};
    for (int i = 0; i < 5; i++)
        ml_tensor_free(all[i]);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_those_of_pytorch), cmocka_unit_test(no_options_are_the_plain_loss),
        cmocka_unit_test(gradients),                   cmocka_unit_test(ignored_samples_are_ignored),
        cmocka_unit_test(without_gradients),           cmocka_unit_test(errors_say_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
