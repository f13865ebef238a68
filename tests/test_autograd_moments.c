/* test_autograd_moments.c -- variance, norm, logsumexp, min on the tape: PyTorch's numbers, gradients, errors. */
#include "base/base.h"
#include "support/check.h"

#include <math.h>
#include <string.h>

/* ---- the ops, in the order of tests/golden/make_moments.py ---- */

enum { VAR0, VAR1, STD0, STD1, NORM1, NORM2, NORM3, NORM_HALF, NORM_ONE_AND_HALF, NORM_MAX, LOGSUMEXP, MIN, N_OPS };

static ml_tensor *apply(ml_tape *t, int op, ml_tensor *x, int axis, bool keep)
{
    static const double P[] = {1, 2, 3, 0.5, 1.5, INFINITY};
    switch (op) {
    case VAR0:
    case VAR1:
        return ml_var(t, x, axis, keep, op - VAR0);
    case STD0:
    case STD1:
        return ml_std(t, x, axis, keep, op - STD0);
    case LOGSUMEXP:
        return ml_logsumexp(t, x, axis, keep);
    case MIN:
        return ml_min(t, x, axis, keep);
    default:
        return ml_norm(t, x, P[op - NORM1], axis, keep);
    }
}

/* sum of y * w */
static ml_tensor *weighed(ml_tape *t, ml_tensor *y, const ml_real *w)
{
    return y ? ml_sum(t, ml_mul(t, y, ml_constant(t, y->rank, y->shape, w)), ML_ALL, false) : NULL;
}

/* ---- golden values ---- */

typedef struct reader {
    golden g;
    int64_t at;
} reader;

static void assert_next(reader *r, const ml_real *v, int64_t n, int op, int axis)
{
    const double *want = r->g.v + r->at;
    for (int64_t i = 0; i < n; i++)
        if (!(isnan((double)v[i]) && isnan(want[i])) && (double)v[i] != want[i] &&
            !(fabs((double)v[i] - want[i]) <= TOL_REAL + TOL_REAL * fabs(want[i])))
            fail_msg("op %d, axis %d, number %d: %.12g, expected %.12g", op, axis, (int)i, (double)v[i], want[i]);
    r->at += n;
}

static void check_golden(const char *input, const char *file, const int *axes, int n_axes, ml_kernel kernel)
{
    ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = kernel});
    ml_tensor *x = golden_tensor(input), *w = golden_tensor("moments_w");
    reader r = {golden_read(file), 0};
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int op = 0; op < N_OPS; op++)
        for (int k = 0; k < n_axes; k++) {
            ml_tape_reset(t);
            x->has_grad = false;
            ml_tensor *y = apply(t, op, x, axes[k], false);
            if (!y)
                fail_msg("%s", ml_tape_error_text(t));
            assert_next(&r, y->data, y->size, op, axes[k]);
            assert_int_equal(ml_backward(t, weighed(t, y, w->data)), ML_OK);
            assert_next(&r, x->grad, x->size, op, axes[k]);
        }
    assert_int_equal(r.at, r.g.size);
    golden_free(&r.g);
    ml_tensor_free(x), ml_tensor_free(w);
    ml_tape_free(t);
}

static void values_and_gradients_are_those_of_pytorch(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        ml_kernel kernel = k ? ML_KERNEL_FAST : ML_KERNEL_REF;
        check_golden("moments_x", "moments_axes", (int[]){0, 1, 2, ML_ALL}, 4, kernel);
        check_golden("moments_x", "moments_axes", (int[]){-3, -2, -1, ML_ALL}, 4, kernel);
        check_golden("moments_hard", "moments_hards", (int[]){0, 1}, 2, kernel);
    }
}

/* ---- gradient checks ---- */

typedef struct trial {
    int op, axis;
    bool keep, twice;
} trial;

static ml_tensor *trial_loss(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    const trial *c = user;
    ml_real w[256];
    for (int i = 0; i < 256; i++)
        w[i] = (ml_real)(i % 7 - 2.5);
    ml_tensor *y = apply(t, c->op, in[0], c->axis, c->keep);
    if (c->twice) /* the gradients of both uses add, one of them before and one after */
        y = ml_add(t, ml_mul(t, y, ml_mean(t, in[0], ML_ALL, false)), apply(t, c->op, in[0], c->axis, c->keep));
    return weighed(t, y, w);
}

static void every_gradient_over_every_axis(void **state)
{
    (void)state;
    static const int64_t SHAPES[][4] = {{5, 0}, {4, 7}, {3, 2, 5}, {2, 3, 2, 4}, {2, 2, 33}};
    static const int RANKS[] = {1, 2, 3, 4, 3};
    ml_rng rng = ml_rng_seed(11);
    for (int s = 0; s < 5; s++) {
        ml_tensor *x = random_tensor(&rng, RANKS[s], SHAPES[s], -1, 1);
        for (int64_t i = 0; i < x->size; i++) /* apart in size, so that no step changes who wins; away from 0 */
            x->data[i] = (ml_real)((0.3 + (double)(i * 37 % x->size) / 11) * (i % 3 ? 1 : -1));
        for (int op = 0; op < N_OPS; op++)
            for (int axis = -RANKS[s]; axis <= RANKS[s]; axis++)
                for (int how = 0; how < 4; how++) {
                    trial c = {op, axis == RANKS[s] ? ML_ALL : axis, how % 2, how / 2};
                    bool fine = sizeof(ml_real) == 8 || op != NORM_HALF || x->size < 10;
                    if (fine) /* else the norm is so large that a float has no digits left for the step */
                        assert_gradients(trial_loss, &x, 1, &c);
                }
        ml_tensor_free(x);
    }
}

/* ---- edges ---- */

static void assert_shape(const ml_tensor *y, const char *shape)
{
    char text[160];
    assert_non_null(y);
    assert_string_equal(ml_shape_text(y, text, sizeof text), shape);
}

static void shapes_and_keep_dim(void **state)
{
    (void)state;
    ml_kernel bodies[] = {ML_KERNEL_REF, ML_KERNEL_FAST};
    for (int k = 0; k < 2; k++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = bodies[k]});
        ml_tensor *x = ml_zeros(3, 4, 5), *one = ml_tensor_new(0, NULL), *none = ml_zeros(0, 3),
                  *wide = ml_tensor_new(3, (int64_t[]){(int64_t)1 << 50, 3, 0});
        for (int op = 0; op < N_OPS; op++) {
            assert_shape(apply(t, op, x, 1, false), "3x5");
            assert_shape(apply(t, op, x, -1, true), "3x4x1");
            assert_shape(apply(t, op, x, ML_ALL, true), "1x1x1");
            assert_shape(apply(t, op, x, ML_ALL, false), "scalar");
            assert_shape(apply(t, op, none, 1, false), "0");
            assert_shape(apply(t, op, wide, 1, false), "1125899906842624x0"); /* and does not take a lifetime */
            if (op != VAR1 && op != STD1)
                assert_shape(apply(t, op, one, ML_ALL, false), "scalar");
        }
        assert_int_equal(ml_tape_error(t), ML_OK);
        ml_tensor_free(x), ml_tensor_free(one), ml_tensor_free(none), ml_tensor_free(wide);
        ml_tape_free(t);
    }
}

/* The norm of no numbers is 0, log 0 is -infinity; backward has nobody to give to. */
static void sums_of_nothing(void **state)
{
    (void)state;
    ml_kernel bodies[] = {ML_KERNEL_REF, ML_KERNEL_FAST};
    for (int k = 0; k < 4; k++) {
        ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = bodies[k % 2]});
        ml_tensor *x = k < 2 ? ml_zeros(3, 0) : ml_zeros(0, 3);
        assert_int_equal(ml_requires_grad(x), ML_OK);
        for (int op = NORM1; op <= NORM_ONE_AND_HALF; op++) {
            ml_tensor *y = apply(t, op, x, k < 2 ? 1 : 0, false);
            assert_true(y && y->size == 3 && y->data[0] == 0 && y->data[2] == 0);
            assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        }
        ml_tensor *y = ml_logsumexp(t, x, k < 2 ? 1 : 0, false);
        assert_true(y && isinf(y->data[0]) && y->data[0] < 0 && isinf(y->data[2]));
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        ml_tensor_free(x);
        ml_tape_free(t);
    }
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
    ml_tensor *x = ml_zeros(4, 1), *empty = ml_zeros(3, 0), *one = ml_tensor_new(0, NULL);
    assert_sticks(t, ml_var(t, x, 2, false, 0), "var: axis 2 is not in -2 .. 1 of 4x1");
    assert_sticks(t, ml_std(t, one, 0, false, 0), "std: a scalar has no axis 0");
    assert_sticks(t, ml_norm(t, x, 2, -3, false), "norm: axis -3 is not in -2 .. 1 of 4x1");
    assert_sticks(t, ml_logsumexp(t, x, 7, false), "logsumexp: axis 7 is not in -2 .. 1 of 4x1");
    assert_sticks(t, ml_min(t, x, 7, false), "min: axis 7 is not in -2 .. 1 of 4x1");
    assert_sticks(t, ml_var(t, x, 1, false, 1),
                  "var: axis 1 of 4x1 has 1 elements: with correction 1 it takes 2 at least");
    assert_sticks(t, ml_std(t, x, ML_ALL, false, 4),
                  "std: 4x1 has 4 elements: with correction 4 it takes 5 at least");
    assert_sticks(t, ml_var(t, x, 0, false, INT32_MAX),
                  "var: axis 0 of 4x1 has 4 elements: with correction 2147483647 it takes 2147483648 at least");
    assert_sticks(t, ml_var(t, x, 0, false, -1), "var: correction is -1: it must be 0 or more");
    assert_sticks(t, ml_std(t, x, 0, false, INT32_MIN), "std: correction is -2147483648: it must be 0 or more");
    assert_sticks(t, ml_var(t, empty, 1, false, 0), "var: axis 1 of 3x0 is empty, so it has no var");
    assert_sticks(t, ml_std(t, empty, ML_ALL, false, 0), "std: 3x0 has no elements, so it has no std");
    assert_sticks(t, ml_min(t, empty, 1, false), "min: axis 1 of 3x0 is empty, so it has no min");
    assert_sticks(t, ml_norm(t, empty, INFINITY, 1, false), "norm: axis 1 of 3x0 is empty, so it has no norm");
    assert_sticks(t, ml_norm(t, x, 0, 1, false), "norm: p is 0: it must be above 0, or INFINITY");
    assert_sticks(t, ml_norm(t, x, NAN, 1, false), "norm: p is nan: it must be above 0, or INFINITY");
    assert_sticks(t, ml_norm(t, x, -INFINITY, 1, false), "norm: p is -inf: it must be above 0, or INFINITY");
    for (int op = 0; op < N_OPS; op++) {
        assert_null(apply(NULL, op, x, 0, false));
        assert_non_null(strstr(ml_error(), "the tape is NULL"));
        assert_null(apply(t, op, NULL, 0, false));
        assert_non_null(strstr(ml_tape_error_text(t), "input 0 is NULL"));
        ml_tape_reset(t);
    }
    ml_tensor_free(x), ml_tensor_free(empty), ml_tensor_free(one);
    ml_tape_free(t);
}

/* The examples of docs/math/variance.md, norm.md and logsumexp.md, worked out on paper there. */
static void the_examples_on_paper(void **state)
{
    (void)state;
    const ml_real h = (ml_real)0.5, q = (ml_real)0.25;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_tensor_from(1, (int64_t[]){4}, (ml_real[]){1, 3, 3, 5}),
              *y = ml_tensor_from(1, (int64_t[]){3}, (ml_real[]){3, 0, -4}),
              *z = ml_tensor_from(1, (int64_t[]){2}, (ml_real[]){0, (ml_real)1.0986123});
    ml_requires_grad(x), ml_requires_grad(y), ml_requires_grad(z);
    ml_tensor *var = ml_var(t, x, 0, false, 0), *unbiased = ml_var(t, x, 0, false, 1);
    assert_true(var->data[0] == 2 && fabs((double)unbiased->data[0] - 8.0 / 3) < 1e-6);
    assert_int_equal(ml_backward(t, var), ML_OK);
    assert_reals_close(x->grad, (ml_real[]){-1, 0, 0, 1}, 4, 0, 1e-6);
    static const double P[] = {1, 2, INFINITY};
    const ml_real length[] = {7, 5, 4}, fifth = (ml_real)0.2;
    const ml_real slopes[][3] = {{1, 0, -1}, {3 * fifth, 0, -4 * fifth}, {0, 0, -1}};
    for (int i = 0; i < 3; i++) {
        y->has_grad = false;
        ml_tensor *norm = ml_norm(t, y, P[i], 0, false);
        assert_true(norm->data[0] == length[i]);
        assert_int_equal(ml_backward(t, norm), ML_OK);
        assert_reals_close(y->grad, slopes[i], 3, 0, 1e-6);
    }
    ml_tensor *log4 = ml_logsumexp(t, z, 0, false);
    assert_true(fabs((double)log4->data[0] - 1.3862944) < 1e-6);
    assert_int_equal(ml_backward(t, log4), ML_OK);
    assert_reals_close(z->grad, (ml_real[]){q, h + q}, 2, 0, 1e-6);
    ml_tensor_free(x), ml_tensor_free(y), ml_tensor_free(z);
    ml_tape_free(t);
}

static void step(ml_tape *t, ml_tensor *x)
{
    ml_real w[128] = {1, 2, 3};
    ml_tape_reset(t);
    ml_tensor *sum = ml_sum(t, x, ML_ALL, false);
    for (int op = 0; op < N_OPS; op++)
        sum = ml_add(t, sum, weighed(t, apply(t, op, x, op % 2, false), w));
    x->has_grad = false;
    if (ml_backward(t, sum))
        fail_msg("%s", ml_error());
}

static void no_allocation_after_the_first_step(void **state)
{
    (void)state;
    ml_tape *t = ml_tape_new();
    ml_rng rng = ml_rng_seed(12);
    ml_tensor *x = random_tensor(&rng, 2, (int64_t[]){70, 80}, -1, 1);
    step(t, x);
    int64_t asked = mli_alloc_count();
    for (int i = 0; i < 5; i++)
        step(t, x);
    assert_int_equal(mli_alloc_count(), asked);
    ml_tensor_free(x);
    ml_tape_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(every_gradient_over_every_axis),
        cmocka_unit_test(shapes_and_keep_dim),
        cmocka_unit_test(sums_of_nothing),
        cmocka_unit_test(errors_say_the_numbers),
        cmocka_unit_test(the_examples_on_paper),
        cmocka_unit_test(no_allocation_after_the_first_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
