/* Powers, comparing, choosing and the later activation functions on the tape: golden values of PyTorch, gradients by difference
 * quotients, special values, errors. */
#include "support/check.h"

#include <math.h>
#include <string.h>

typedef ml_tensor *(*unary_op)(ml_tape *, ml_tensor *);
typedef ml_tensor *(*binary_op)(ml_tape *, ml_tensor *, ml_tensor *);

static ml_tensor *pow2(ml_tape *t, ml_tensor *x) { return ml_pow(t, x, 2); }
static ml_tensor *pow3(ml_tape *t, ml_tensor *x) { return ml_pow(t, x, 3); }
static ml_tensor *reciprocal(ml_tape *t, ml_tensor *x) { return ml_pow(t, x, -1); }
static ml_tensor *root(ml_tape *t, ml_tensor *x) { return ml_pow(t, x, 0.5); }
static ml_tensor *pow1_7(ml_tape *t, ml_tensor *x) { return ml_pow(t, x, 1.7); }
static ml_tensor *pow_3(ml_tape *t, ml_tensor *x) { return ml_pow(t, x, -3); }
static ml_tensor *pow1(ml_tape *t, ml_tensor *x) { return ml_pow(t, x, 1); }
static ml_tensor *pow0(ml_tape *t, ml_tensor *x) { return ml_pow(t, x, 0); }
static ml_tensor *clamp_both(ml_tape *t, ml_tensor *x) { return ml_clamp(t, x, -1, 0.5); }
static ml_tensor *clamp_one(ml_tape *t, ml_tensor *x) { return ml_clamp(t, x, -INFINITY, 1); }
static ml_tensor *leaky(ml_tape *t, ml_tensor *x) { return ml_leaky_relu(t, x, 0.1); }
static ml_tensor *elu(ml_tape *t, ml_tensor *x) { return ml_elu(t, x, 1); }
static ml_tensor *elu_half(ml_tape *t, ml_tensor *x) { return ml_elu(t, x, 0.5); }

/* In the order of tests/golden/make_functions.py; low .. high is where the difference quotient is good. */
static const struct {
    const char *name;
    unary_op f;
    double low, high;
} UNARY[] = {
    {"neg", ml_neg, -3, 3},
    {"sin", ml_sin, -3, 3},
    {"cos", ml_cos, -3, 3},
    {"x^2", pow2, -3, 3},
    {"x^3", pow3, -2, 2},
    {"x^-1", reciprocal, -2, -0.6},
    {"x^0.5", root, 0.5, 2},
    {"x^1.7", pow1_7, 0.3, 2},
    {"x^-3", pow_3, -2, -1},
    {"x^1", pow1, -3, 3},
    {"x^0", pow0, -3, 3},
    {"clamp, two bounds", clamp_both, -3, 3},
    {"clamp, one bound", clamp_one, -3, 3},
    {"leaky_relu", leaky, -3, 3},
    {"elu", elu, -3, 3},
    {"elu, alpha 0.5", elu_half, -3, 3},
    {"gelu", ml_gelu, -3, 3},
    {"gelu_tanh", ml_gelu_tanh, -3, 3},
    {"silu", ml_silu, -3, 3},
    {"softplus", ml_softplus, -3, 3},
};
static const binary_op BINARY[] = {ml_maximum, ml_minimum, ml_pow_tensors};
static const binary_op COMPARE[] = {ml_greater, ml_greater_equal, ml_less, ml_less_equal, ml_equal, ml_not_equal};
enum { N_UNARY = (int)(sizeof UNARY / sizeof UNARY[0]) };

static ml_tensor *leaf(int rank, const int64_t *shape, const double *values)
{
    ml_tensor *x = ml_tensor_new(rank, shape);
    assert_non_null(x);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)values[i];
    return x;
}

/* sum(w y): its gradient by y is w */
static ml_tensor *weighed(ml_tape *t, ml_tensor *y, const double *w)
{
    static ml_real v[1024];
    if (!y)
        return NULL;
    assert_true(y->size <= 1024);
    for (int64_t i = 0; i < y->size; i++)
        v[i] = (ml_real)w[i];
    return ml_sum(t, ml_mul(t, y, ml_constant(t, y->rank, y->shape, v)), ML_ALL, false);
}

/* Golden values as this build can hold them: 1e60 is infinite in float. */
static void assert_golden(const char *name, const ml_real *a, const double *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double want = (double)(ml_real)b[i], got = (double)a[i];
        bool same = isnan(want) ? isnan(got) : got == want || fabs(got - want) <= (double)TOL_REAL * (1 + fabs(want));
        if (!same)
            fail_msg("%s: element %d is %.12g, expected %.12g", name, (int)i, got, want);
    }
}

/* ---- golden values ---- */

static void check_unary(const char *file)
{
    golden g = golden_read(file);
    assert_int_equal(g.shape[0], N_UNARY);
    int64_t n = g.shape[2];
    ml_tape *t = ml_tape_new();
    for (int k = 0; k < N_UNARY; k++) {
        const double *rows = g.v + k * 4 * n;
        ml_tensor *x = leaf(1, &n, rows);
        ml_tape_reset(t);
        ml_tensor *y = UNARY[k].f(t, x);
        assert_int_equal(ml_backward(t, weighed(t, y, rows + n)), ML_OK);
        assert_golden(UNARY[k].name, y->data, rows + 2 * n, n);
        assert_golden(UNARY[k].name, x->grad, rows + 3 * n, n);
        ml_tensor_free(x);
    }
    ml_tape_free(t);
    golden_free(&g);
}

static void functions_equal_pytorch(void **state)
{
    (void)state;
    check_unary("functions_unary");
}

static void special_values_go_as_in_pytorch(void **state)
{
    (void)state;
    check_unary("functions_special");
}

static void pairs_of_special_values_go_as_in_pytorch(void **state)
{
    (void)state;
    const char *const names[] = {"maximum", "minimum", "pow_tensors"};
    golden g = golden_read("functions_binary"), c = golden_read("functions_compare");
    int64_t n = g.shape[2];
    ml_tensor *a = leaf(1, &n, g.v), *b = leaf(1, &n, g.v + n);
    ml_tape *t = ml_tape_new();
    for (int k = 0; k < 3; k++) {
        const double *rows = g.v + k * 5 * n;
        ml_tape_reset(t);
        a->has_grad = b->has_grad = false;
        ml_tensor *y = BINARY[k](t, a, b);
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        assert_golden(names[k], y->data, rows + 2 * n, n);
        assert_golden(names[k], a->grad, rows + 3 * n, n);
        assert_golden(names[k], b->grad, rows + 4 * n, n);
    }
    for (int k = 0; k < 6; k++)
        assert_golden("compare", COMPARE[k](t, a, b)->data, c.v + k * n, n);
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
    golden_free(&g);
    golden_free(&c);
}

static void stretched_operands_equal_pytorch(void **state)
{
    (void)state;
    golden g = golden_read("functions_stretched");
    ml_tensor *a = leaf(3, (int64_t[]){4, 1, 5}, g.v), *b = leaf(2, (int64_t[]){3, 1}, g.v + 20);
    const double *w = g.v + 23, *at = w + 60;
    ml_tape *t = ml_tape_new();
    for (int k = 0; k < 3; k++, at += 60 + 20 + 3) {
        ml_tape_reset(t);
        a->has_grad = b->has_grad = false;
        ml_tensor *y = BINARY[k](t, a, b);
        assert_int_equal(ml_backward(t, weighed(t, y, w)), ML_OK);
        assert_golden("stretched y", y->data, at, 60);
        assert_golden("stretched da", a->grad, at + 60, 20);
        assert_golden("stretched db", b->grad, at + 80, 3);
    }
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
    golden_free(&g);
}

static void where_equals_pytorch(void **state)
{
    (void)state;
    golden g = golden_read("functions_where");
    ml_tensor *cond = leaf(2, (int64_t[]){4, 1}, g.v), *a = leaf(3, (int64_t[]){3, 1, 5}, g.v + 4);
    ml_tensor *b = leaf(2, (int64_t[]){4, 5}, g.v + 19);
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_where(t, cond, a, b);
    assert_true(y->rank == 3 && y->shape[0] == 3 && y->shape[1] == 4 && y->shape[2] == 5);
    assert_int_equal(ml_backward(t, weighed(t, y, g.v + 39)), ML_OK);
    assert_golden("where y", y->data, g.v + 99, 60);
    assert_golden("where da", a->grad, g.v + 159, 15);
    assert_golden("where db", b->grad, g.v + 174, 20);
    assert_false(cond->has_grad);
    ml_tape_free(t);
    ml_tensor_free(cond);
    ml_tensor_free(a);
    ml_tensor_free(b);
    golden_free(&g);
}

/* ---- gradient checks ---- */

/* Any weights will do, as long as each element has its own. */
static ml_tensor *scalar_of(ml_tape *t, ml_tensor *y)
{
    double w[128];
    assert_true(!y || y->size <= 128);
    for (int64_t i = 0; i < 128; i++)
        w[i] = 0.3 + 0.7 * (double)(i * 37 % 11) / 11 - (double)(i % 2);
    return weighed(t, y, w);
}

static ml_tensor *unary_scalar(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return scalar_of(t, (*(const unary_op *)user)(t, in[0]));
}

/* An even grid: of it no number is nearer to a corner than the step of the difference quotient. */
static void gradients_of_functions(void **state)
{
    (void)state;
    ml_tensor *x = ml_zeros(4, 16);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int k = 0; k < N_UNARY; k++) {
        unary_op f = UNARY[k].f;
        for (int i = 0; i < 64; i++)
            x->data[i] = (ml_real)(UNARY[k].low + (UNARY[k].high - UNARY[k].low) * (i + 0.5) / 64);
        assert_gradients(unary_scalar, &x, 1, &f);
    }
    ml_tensor_free(x);
}

static ml_tensor *binary_scalar(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return scalar_of(t, (*(const binary_op *)user)(t, in[0], in[1]));
}

/* user is the condition. */
static ml_tensor *where_scalar(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return scalar_of(t, ml_where(t, user, in[0], in[1]));
}

static const struct {
    int rank_a;
    int64_t a[3];
    int rank_b;
    int64_t b[3];
} PATTERNS[] = {
    {2, {3, 5}, 2, {3, 5}}, {2, {3, 5}, 0, {0}},       {1, {7}, 2, {4, 7}},    {2, {4, 7}, 2, {4, 1}},
    {3, {2, 3, 4}, 3, {2, 1, 4}}, {3, {3, 1, 5}, 2, {4, 1}}, {1, {1}, 0, {0}},
};
enum { N_PATTERNS = (int)(sizeof PATTERNS / sizeof PATTERNS[0]) };

static void gradients_of_all_broadcast_patterns(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(51);
    for (int i = 0; i < N_PATTERNS; i++) {
        ml_tensor *a = random_tensor(&rng, PATTERNS[i].rank_a, PATTERNS[i].a, 0.6, 2);
        ml_tensor *b = random_tensor(&rng, PATTERNS[i].rank_b, PATTERNS[i].b, 0.6, 2);
        for (int64_t e = 0; e < a->size; e++) /* a in whole steps, b beside them: far enough from each other */
            a->data[e] = (ml_real)(0.06 * round((double)a->data[e] / 0.06));
        for (int64_t e = 0; e < b->size; e++)
            b->data[e] = (ml_real)(0.06 * floor((double)b->data[e] / 0.06) + 0.03);
        for (int k = 0; k < 3; k++) {
            binary_op f = BINARY[k];
            assert_gradients(binary_scalar, (ml_tensor *[]){a, b}, 2, &f);
        }
        ml_tensor *conds[] = {ml_zeros(1), ml_tensor_new(a->rank, a->shape), ml_tensor_new(b->rank, b->shape)};
        for (int c = 0; c < 3; c++) {
            for (int64_t e = 0; e < conds[c]->size; e++)
                conds[c]->data[e] = (ml_real)(e * 5 % 3 - 1);
            assert_gradients(where_scalar, (ml_tensor *[]){a, b}, 2, conds[c]);
            ml_tensor_free(conds[c]);
        }
        ml_tensor_free(a);
        ml_tensor_free(b);
    }
}

/* Each op here, some inputs used twice, one through a view. */
static ml_tensor *tangle(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n, (void)user;
    ml_tensor *x = in[0], *b = in[1], *row = ml_slice(t, x, 0, 1, 2);
    ml_tensor *y = ml_add(t, ml_gelu(t, ml_sin(t, x)), ml_neg(t, ml_silu(t, ml_mul(t, row, b))));
    y = ml_add(t, y, ml_pow_tensors(t, ml_softplus(t, x), ml_cos(t, b)));
    y = ml_maximum(t, y, ml_elu(t, ml_pow(t, row, 3), 0.7));
    y = ml_where(t, ml_greater(t, x, ml_minimum(t, b, row)), ml_leaky_relu(t, y, 0.2), ml_gelu_tanh(t, ml_mul(t, y, y)));
    return scalar_of(t, ml_clamp(t, y, -40, 40));
}

static void gradients_where_inputs_are_used_often(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(52);
    ml_tensor *in[] = {random_tensor(&rng, 2, (int64_t[]){3, 4}, 0.2, 1), random_tensor(&rng, 1, (int64_t[]){4}, -1, 1)};
    assert_gradients(tangle, in, 2, NULL);
    ml_tensor_free(in[0]);
    ml_tensor_free(in[1]);
}

static void one_tensor_as_both_operands(void **state)
{
    (void)state;
    static const double v[] = {3, 0.5};
    const double slopes[3][2] = {{1, 1}, {1, 1}, {27 + 27 * 1.0986122886681098, 0.70710678118654752 * (1 - 0.69314718055994531)}};
    ml_tensor *x = leaf(1, (int64_t[]){2}, v);
    ml_tape *t = ml_tape_new();
    for (int k = 0; k < 3; k++) { /* x, x, x^x */
        ml_tape_reset(t);
        x->has_grad = false;
        assert_int_equal(ml_backward(t, ml_sum(t, BINARY[k](t, x, x), ML_ALL, false)), ML_OK);
        assert_close(x->grad, slopes[k], 2, 1e-6, 1e-6);
    }
    ml_tape_reset(t);
    x->has_grad = false;
    assert_int_equal(ml_backward(t, ml_sum(t, ml_where(t, x, x, x), ML_ALL, false)), ML_OK);
    assert_close(x->grad, (double[]){1, 1}, 2, 0, 0);
    ml_tensor_free(x);
    ml_tape_free(t);
}

/* ---- what gets no gradient ---- */

static void comparing_stops_the_gradient(void **state)
{
    (void)state;
    static const double v[] = {1, 2, 3}, w[] = {2, 2, 2};
    ml_tensor *a = leaf(1, (int64_t[]){3}, v), *b = leaf(1, (int64_t[]){3}, w);
    ml_tape *t = ml_tape_new();
    for (int k = 0; k < 6; k++) {
        ml_tape_reset(t);
        a->has_grad = b->has_grad = false;
        ml_tensor *y = COMPARE[k](t, a, b);
        assert_int_equal(ml_tape_ops(t), 1); /* and yet the tape shows it */
        assert_false(y->requires_grad);
        assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, a), ML_ALL, false)), ML_OK);
        assert_close(a->grad, (double[]){(double)y->data[0], (double)y->data[1], (double)y->data[2]}, 3, 0, 0);
        assert_false(b->has_grad);
    }
    ml_tape_reset(t);
    ml_tensor *constant = ml_detach(t, b), *y = ml_where(t, a, constant, constant);
    assert_false(y->requires_grad); /* not for the condition's sake */
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
}

/* NaN and infinities on the other side, and in the gradient that comes back. */
static void what_was_not_chosen_is_silent(void **state)
{
    (void)state;
    static const double v[] = {2, -1, 0};
    ml_tensor *x = leaf(1, (int64_t[]){3}, v), *zero = ml_zeros(1);
    ml_tensor *bad = leaf(1, (int64_t[]){3}, (double[]){NAN, NAN, INFINITY});
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_where(t, ml_greater(t, x, zero), x, bad);
    assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, y, y), ML_ALL, false)), ML_OK);
    assert_close(x->grad, (double[]){4, 0, 0}, 3, 0, 1e-6);
    assert_true(bad->grad[0] == 0 && isnan(bad->grad[1]) && isinf(bad->grad[2]));
    ml_tape_free(t);
    ml_tensor_free(x);
    ml_tensor_free(zero);
    ml_tensor_free(bad);
}

/* ---- memory, shapes, errors ---- */

static void later_steps_allocate_nothing(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(53);
    ml_tensor *in[] = {random_tensor(&rng, 2, (int64_t[]){3, 4}, 0.2, 1), random_tensor(&rng, 1, (int64_t[]){4}, -1, 1)};
    ml_tape *t = ml_tape_new();
    size_t bytes = 0;
    for (int step = 0; step < 3; step++) {
        ml_tape_reset(t);
        assert_int_equal(ml_backward(t, tangle(t, in, 2, NULL)), ML_OK);
        assert_true(step == 0 || ml_tape_bytes(t) == bytes);
        bytes = ml_tape_bytes(t);
    }
    ml_tape_free(t);
    ml_tensor_free(in[0]);
    ml_tensor_free(in[1]);
}

static void empty_tensors_have_zero_gradients(void **state)
{
    (void)state;
    static const double v[] = {1, 2, 3};
    ml_tensor *a = leaf(2, (int64_t[]){3, 1}, v), *b = leaf(2, (int64_t[]){3, 0}, v);
    a->grad[0] = 7; /* an old gradient, to be overwritten */
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_maximum(t, ml_pow_tensors(t, a, b), ml_gelu(t, ml_pow(t, b, 1.5)));
    ml_tensor *wide = ml_tensor_new(2, (int64_t[]){0, (int64_t)1 << 40}), *one = ml_zeros(1);
    assert_int_equal(ml_where(t, one, wide, wide)->size, 0);
    y = ml_where(t, ml_less(t, a, b), y, ml_where(t, a, a, b));
    assert_non_null(y);
    assert_true(y->size == 0 && y->shape[0] == 3);
    assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
    assert_close(a->grad, (double[]){0, 0, 0}, 3, 0, 0);
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
    ml_tensor_free(wide);
    ml_tensor_free(one);
}

static void assert_says(ml_tape *t, const ml_tensor *y, const char *sentence)
{
    assert_null(y);
    assert_int_equal(ml_tape_error(t), ML_EINVAL);
    assert_string_equal(ml_tape_error_text(t), sentence);
    ml_tape_reset(t);
}

static void errors_name_the_op_and_the_numbers(void **state)
{
    (void)state;
    ml_tensor *a = ml_zeros(3, 4), *b = ml_zeros(5, 4), *c = ml_zeros(4);
    ml_tape *t = ml_tape_new();
    assert_says(t, ml_maximum(t, a, b), "maximum: shapes 3x4 and 5x4 do not broadcast: axis 0 has 3 and 5");
    assert_says(t, ml_pow_tensors(t, a, b), "pow_tensors: shapes 3x4 and 5x4 do not broadcast: axis 0 has 3 and 5");
    assert_says(t, ml_less_equal(t, a, b), "less_equal: shapes 3x4 and 5x4 do not broadcast: axis 0 has 3 and 5");
    assert_says(t, ml_where(t, c, a, b), "where: shapes 3x4 and 5x4 do not broadcast: axis 0 has 3 and 5");
    assert_says(t, ml_where(t, b, c, a), "where: shapes 5x4 and 3x4 do not broadcast: axis 0 has 5 and 3");
    assert_says(t, ml_where(t, a, NULL, a), "where: input 1 is NULL");
    assert_says(t, ml_gelu(t, NULL), "gelu: input 0 is NULL");
    assert_says(t, ml_pow(t, a, NAN), "pow: p is nan, not a finite number");
    assert_says(t, ml_pow(t, a, INFINITY), "pow: p is inf, not a finite number");
    assert_says(t, ml_clamp(t, a, 1, 0.5), "clamp: low is 1 and high 0.5: low must be a number, and not above high");
    assert_says(t, ml_clamp(t, a, NAN, 0), "clamp: low is nan and high 0: low must be a number, and not above high");
    assert_says(t, ml_clamp(t, a, 0, NAN), "clamp: low is 0 and high nan: low must be a number, and not above high");
    assert_says(t, ml_leaky_relu(t, a, NAN), "leaky_relu: slope is nan, not a finite " ML_REAL_NAME);
    assert_says(t, ml_leaky_relu(t, a, -INFINITY), "leaky_relu: slope is -inf, not a finite " ML_REAL_NAME);
    assert_says(t, ml_elu(t, a, -1), "elu: alpha is -1, not a finite " ML_REAL_NAME " of 0 or more");
    assert_says(t, ml_elu(t, a, NAN), "elu: alpha is nan, not a finite " ML_REAL_NAME " of 0 or more");
    assert_null(ml_clamp(NULL, a, 0, 1));
    assert_null(ml_where(NULL, a, a, a));
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
    ml_tensor_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_equal_pytorch),
        cmocka_unit_test(special_values_go_as_in_pytorch),
        cmocka_unit_test(pairs_of_special_values_go_as_in_pytorch),
        cmocka_unit_test(stretched_operands_equal_pytorch),
        cmocka_unit_test(where_equals_pytorch),
        cmocka_unit_test(gradients_of_functions),
        cmocka_unit_test(gradients_of_all_broadcast_patterns),
        cmocka_unit_test(gradients_where_inputs_are_used_often),
        cmocka_unit_test(one_tensor_as_both_operands),
        cmocka_unit_test(comparing_stops_the_gradient),
        cmocka_unit_test(what_was_not_chosen_is_silent),
        cmocka_unit_test(later_steps_allocate_nothing),
        cmocka_unit_test(empty_tensors_have_zero_gradients),
        cmocka_unit_test(errors_name_the_op_and_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
