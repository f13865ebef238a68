/* Elementwise ops on the tape: golden values of PyTorch, gradients by difference quotients, errors that stick. */
#include "support/check.h"

#include <math.h>
#include <string.h>

typedef ml_tensor *(*binary_op)(ml_tape *, ml_tensor *, ml_tensor *);
typedef ml_tensor *(*unary_op)(ml_tape *, ml_tensor *);
static const binary_op BINARY[] = {ml_add, ml_sub, ml_mul, ml_div};
static const unary_op UNARY[] = {ml_exp, ml_log, ml_sqrt, ml_abs, ml_relu, ml_sigmoid, ml_tanh};
static const char *const BINARY_NAMES[] = {"add", "sub", "mul", "div"};

typedef struct pattern {
    const char *name;
    int rank_a;
    int64_t a[6];
    int rank_b;
    int64_t b[6];
} pattern;
static const pattern PATTERNS[] = {
    {"same", 2, {3, 5}, 2, {3, 5}},          {"scalar", 2, {3, 5}, 0, {0}},
    {"row", 2, {4, 7}, 1, {7}},              {"column", 2, {4, 7}, 2, {4, 1}},
    {"middle", 3, {2, 3, 4}, 3, {2, 1, 4}},  {"both", 3, {3, 1, 5}, 2, {4, 1}},
    {"deep", 6, {2, 1, 3, 1, 2, 1}, 6, {1, 4, 1, 2, 1, 3}},
};
enum { N_PATTERNS = (int)(sizeof PATTERNS / sizeof PATTERNS[0]) };

static ml_tensor *leaf(int rank, const int64_t *shape, const double *values)
{
    ml_tensor *x = ml_tensor_new(rank, shape);
    assert_non_null(x);
    assert_int_equal(ml_requires_grad(x), ML_OK);
    for (int64_t i = 0; i < x->size; i++)
        x->data[i] = (ml_real)values[i];
    return x;
}

/* A constant of the shape of y. */
static ml_tensor *constant_like(ml_tape *t, const ml_tensor *y, const double *values)
{
    static ml_real v[4096];
    assert_true(y->size <= 4096);
    for (int64_t i = 0; i < y->size; i++)
        v[i] = (ml_real)values[i];
    return ml_constant(t, y->rank, y->shape, v);
}

/* sum(w y): its gradient by y is w */
static ml_tensor *weighed(ml_tape *t, ml_tensor *y, const double *w)
{
    return ml_sum(t, ml_mul(t, y, constant_like(t, y, w)), ML_ALL, false);
}

/* ---- golden values ---- */

static void check_pattern(const pattern *s, bool swapped)
{
    char name[64];
    snprintf(name, sizeof name, "elementwise_%s", s->name);
    golden g = golden_read(name);
    ml_tape *t = ml_tape_new();
    const double *at = g.v;
    ml_tensor *a = leaf(s->rank_a, s->a, at), *b = leaf(s->rank_b, s->b, at + a->size);
    int64_t n = (g.size - a->size - b->size) - 4 * (a->size + b->size);
    assert_int_equal(n % 5, 0); /* w, and y four times */
    n /= 5;
    const double *w = at + a->size + b->size;
    at = w + n;
    for (int k = 0; k < 4; k++) {
        bool commutes = k == 0 || k == 2;
        ml_tape_reset(t);
        a->has_grad = b->has_grad = false;
        ml_tensor *y = swapped && commutes ? BINARY[k](t, b, a) : BINARY[k](t, a, b);
        assert_non_null(y);
        assert_int_equal(y->size, n);
        assert_int_equal(ml_backward(t, weighed(t, y, w)), ML_OK);
        assert_close(y->data, at, n, TOL_REAL, TOL_REAL);
        assert_close(a->grad, at + n, a->size, TOL_REAL, TOL_REAL);
        assert_close(b->grad, at + n + a->size, b->size, TOL_REAL, TOL_REAL);
        at += n + a->size + b->size;
    }
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
    golden_free(&g);
}

static void broadcasting_equals_pytorch(void **state)
{
    (void)state;
    for (int i = 0; i < N_PATTERNS; i++) {
        check_pattern(&PATTERNS[i], false);
        check_pattern(&PATTERNS[i], true);
    }
}

/* rows of x, w, y, dx for each function */
static void check_unary(const char *name)
{
    golden g = golden_read(name);
    assert_int_equal(g.shape[0], 7);
    int64_t n = g.shape[2];
    ml_tape *t = ml_tape_new();
    for (int k = 0; k < 7; k++) {
        const double *rows = g.v + k * 4 * n;
        ml_tensor *x = leaf(1, &n, rows);
        ml_tape_reset(t);
        ml_tensor *y = UNARY[k](t, x);
        /* the weights are multiplied outside: 0 * infinity would hide what this op gives */
        assert_int_equal(ml_backward(t, weighed(t, y, rows + n)), ML_OK);
        assert_close(y->data, rows + 2 * n, n, TOL_REAL, TOL_REAL);
        assert_close(x->grad, rows + 3 * n, n, TOL_REAL, TOL_REAL);
        ml_tensor_free(x);
    }
    ml_tape_free(t);
    golden_free(&g);
}

static void functions_equal_pytorch(void **state)
{
    (void)state;
    check_unary("elementwise_unary");
}

static void nan_and_infinity_go_as_in_pytorch(void **state)
{
    (void)state;
    check_unary("elementwise_special");
    golden g = golden_read("elementwise_special2");
    int64_t n = g.shape[2];
    ml_tape *t = ml_tape_new();
    for (int k = 0; k < 4; k++) {
        const double *rows = g.v + k * 5 * n;
        ml_tensor *a = leaf(1, &n, rows), *b = leaf(1, &n, rows + n);
        ml_tape_reset(t);
        ml_tensor *y = BINARY[k](t, a, b);
        assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
        assert_close(y->data, rows + 2 * n, n, TOL_REAL, TOL_REAL);
        assert_close(a->grad, rows + 3 * n, n, TOL_REAL, TOL_REAL);
        assert_close(b->grad, rows + 4 * n, n, TOL_REAL, TOL_REAL);
        ml_tensor_free(a);
        ml_tensor_free(b);
    }
    ml_tape_free(t);
    golden_free(&g);
}

/* ---- gradient checks ---- */

/* Any weights will do, as long as each element has its own. */
static double weight(int64_t i)
{
    return 0.3 + 0.7 * (double)(i * 37 % 11) / 11 - (double)(i % 2);
}

static ml_tensor *scalar_of(ml_tape *t, ml_tensor *y)
{
    double w[512];
    if (!y || y->size > 512)
        return NULL;
    for (int64_t i = 0; i < y->size; i++)
        w[i] = weight(i);
    return weighed(t, y, w);
}

static ml_tensor *binary_scalar(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return scalar_of(t, (*(const binary_op *)user)(t, in[0], in[1]));
}

static void gradients_of_all_broadcast_patterns(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(21);
    for (int i = 0; i < N_PATTERNS; i++) {
        const pattern *s = &PATTERNS[i];
        ml_tensor *a = random_tensor(&rng, s->rank_a, s->a, -1, 1), *b = random_tensor(&rng, s->rank_b, s->b, 0.8, 2);
        for (int k = 0; k < 4; k++) {
            binary_op op = BINARY[k];
            assert_gradients(binary_scalar, (ml_tensor *[]){a, b}, 2, &op);
            if (op != ml_div) /* a may be near 0 */
                assert_gradients(binary_scalar, (ml_tensor *[]){b, a}, 2, &op);
        }
        binary_op divide = ml_div;
        ml_tensor *c = random_tensor(&rng, s->rank_a, s->a, 0.8, 2);
        assert_gradients(binary_scalar, (ml_tensor *[]){b, c}, 2, &divide);
        ml_tensor_free(a);
        ml_tensor_free(b);
        ml_tensor_free(c);
    }
}

static ml_tensor *unary_scalar(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return scalar_of(t, (*(const unary_op *)user)(t, in[0]));
}

static ml_tensor *scale_scalar(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return scalar_of(t, ml_scale(t, in[0], *(const double *)user));
}

static ml_tensor *dropout_scalar(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    return scalar_of(t, ml_dropout(t, in[0], *(const double *)user));
}

static void gradients_of_functions(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(22);
    double factor = -1.7, p = 0.4;
    ml_tensor *x = random_tensor(&rng, 2, (int64_t[]){5, 13}, 0.3, 2);
    for (int k = 0; k < 7; k++) {
        unary_op op = UNARY[k];
        assert_gradients(unary_scalar, &x, 1, &op);
    }
    /* left of 0 too, but not at the corner of relu and abs */
    for (int64_t i = 0; i < x->size; i += 2)
        x->data[i] = -x->data[i];
    const unary_op both_sides[] = {ml_exp, ml_abs, ml_relu, ml_sigmoid, ml_tanh};
    for (int k = 0; k < 5; k++) {
        unary_op op = both_sides[k];
        assert_gradients(unary_scalar, &x, 1, &op);
    }
    assert_gradients(scale_scalar, &x, 1, &factor);
    assert_gradients(dropout_scalar, &x, 1, &p);
    ml_tensor_free(x);
}

/* Every op here, some inputs used twice, one through a view, one branch that the loss does not use. */
static ml_tensor *tangle(ml_tape *t, ml_tensor *const *in, int n, void *user)
{
    (void)n;
    (void)user;
    ml_tensor *x = in[0], *b = in[1];
    ml_exp(t, x);
    ml_tensor *row = ml_slice(t, x, 0, 1, 2), *square = ml_mul(t, x, x);
    ml_tensor *y = ml_add(t, ml_sub(t, square, x), ml_mul(t, row, b));
    y = ml_div(t, ml_tanh(t, y), ml_add(t, ml_exp(t, ml_scale(t, b, 0.5)), ml_sigmoid(t, y)));
    y = ml_add(t, y, ml_sqrt(t, ml_add(t, ml_abs(t, x), ml_exp(t, row))));
    return scalar_of(t, ml_add(t, y, ml_log(t, ml_add(t, square, ml_exp(t, y)))));
}

static void gradients_where_inputs_are_used_often(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(23);
    ml_tensor *in[] = {random_tensor(&rng, 2, (int64_t[]){3, 4}, 0.2, 1), random_tensor(&rng, 1, (int64_t[]){4}, -1, 1)};
    assert_gradients(tangle, in, 2, NULL);
    ml_tensor_free(in[0]);
    ml_tensor_free(in[1]);
}

static void one_tensor_as_both_operands(void **state)
{
    (void)state;
    static const double v[] = {3, -2};
    const double slopes[4][2] = {{2, 2}, {0, 0}, {6, -4}, {0, 0}}; /* 2x, 0, x^2, 1 */
    ml_tensor *x = leaf(1, (int64_t[]){2}, v);
    ml_tape *t = ml_tape_new();
    for (int k = 0; k < 4; k++) {
        ml_tape_reset(t);
        x->has_grad = false;
        assert_int_equal(ml_backward(t, ml_sum(t, BINARY[k](t, x, x), ML_ALL, false)), ML_OK);
        assert_close(x->grad, slopes[k], 2, 0, 1e-6);
    }
    /* and the second backward adds */
    ml_tape_reset(t);
    assert_int_equal(ml_backward(t, ml_sum(t, ml_mul(t, x, x), ML_ALL, false)), ML_OK);
    assert_close(x->grad, (double[]){6, -4}, 2, 0, 1e-6);
    ml_tensor_free(x);
    ml_tape_free(t);
}

/* ---- dropout ---- */

static void dropout_keeps_the_mean_and_the_rate(void **state)
{
    (void)state;
    enum { N = 100000 };
    const double rates[] = {0.1, 0.5, 0.8};
    ml_tensor *x = ml_zeros(N);
    ml_tape *t = ml_tape_open((ml_tape_opts){.seed = 9});
    for (int i = 0; i < N; i++)
        x->data[i] = 1;
    for (int r = 0; r < 3; r++) {
        ml_tensor *y = ml_dropout(t, x, rates[r]);
        int64_t zeros = 0, pairs = 0;
        double sum = 0, kept = 1 / (1 - rates[r]);
        for (int64_t i = 0; i < N; i++) {
            zeros += y->data[i] == 0;
            pairs += i > 0 && y->data[i] == 0 && y->data[i - 1] == 0;
            sum += (double)y->data[i];
            assert_true(y->data[i] == 0 || fabs((double)y->data[i] - kept) < 1e-5 * kept);
        }
        double p = rates[r], sd = sqrt(p * (1 - p) / N);
        assert_true(fabs((double)zeros / N - p) < 5 * sd);
        assert_true(fabs(sum / N - 1) < 5 * sd / (1 - p));
        assert_true(fabs((double)pairs / N - p * p) < 0.01); /* neighbours do not know of each other */
    }
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void dropout_repeats_and_moves_on(void **state)
{
    (void)state;
    enum { N = 1000 };
    ml_tensor *x = ml_zeros(N);
    for (int i = 0; i < N; i++)
        x->data[i] = (ml_real)(i + 1);
    ml_tape *t = ml_tape_new(), *other = ml_tape_new();
    ml_set_stream(t, 5, 17);
    ml_set_stream(other, 5, 17);
    ml_tensor *a = ml_dropout(t, x, 0.5), *b = ml_dropout(other, x, 0.5), *next = ml_dropout(other, x, 0.5);
    assert_memory_equal(a->data, b->data, N * sizeof(ml_real));     /* seed, step, op: the same bits */
    assert_memory_not_equal(a->data, next->data, N * sizeof(ml_real)); /* another op */
    ml_real held[N];
    memcpy(held, a->data, sizeof held);
    ml_tape_reset(t);
    assert_memory_not_equal(held, ml_dropout(t, x, 0.5)->data, sizeof held); /* another step */
    ml_set_stream(other, 6, 17);
    assert_memory_not_equal(held, ml_dropout(other, x, 0.5)->data, sizeof held); /* another seed */
    ml_tape_free(t);
    ml_tape_free(other);
    ml_tensor_free(x);
}

static void dropout_masks_the_gradient_alike(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(24);
    ml_tensor *x = random_tensor(&rng, 1, (int64_t[]){333}, 1, 2);
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_dropout(t, x, 0.25);
    assert_int_equal(ml_backward(t, ml_sum(t, y, ML_ALL, false)), ML_OK);
    for (int64_t i = 0; i < x->size; i++) /* y = x dx, as y is linear in x */
        assert_true(fabs((double)(y->data[i] - x->data[i] * x->grad[i])) < 1e-6);
    ml_tape_free(t);
    ml_tensor_free(x);
}

static void dropout_in_eval_is_the_tensor_itself(void **state)
{
    (void)state;
    ml_tensor *x = ml_zeros(4);
    ml_tape *t = ml_tape_open((ml_tape_opts){.mode = ML_EVAL});
    assert_ptr_equal(ml_dropout(t, x, 0.5), x);
    ml_set_mode(t, ML_TRAIN);
    assert_ptr_not_equal(ml_dropout(t, x, 0.5), x);
    assert_ptr_equal(ml_dropout(t, x, 0), x);
    ml_tape_free(t);
    ml_tensor_free(x);
}

/* ---- shapes and errors ---- */

static void empty_tensors_have_zero_gradients(void **state)
{
    (void)state;
    static const double v[] = {1, 2, 3};
    ml_tensor *a = leaf(2, (int64_t[]){3, 1}, v), *b = leaf(2, (int64_t[]){3, 0}, v);
    a->grad[0] = 7; /* an old gradient, to be overwritten */
    ml_tape *t = ml_tape_new();
    ml_tensor *y = ml_mul(t, ml_add(t, a, b), ml_exp(t, b));
    assert_non_null(y);
    assert_int_equal(y->size, 0);
    assert_int_equal(y->shape[0], 3);
    assert_int_equal(ml_backward(t, ml_sum(t, ml_dropout(t, y, 0.5), ML_ALL, false)), ML_OK);
    assert_close(a->grad, (double[]){0, 0, 0}, 3, 0, 0);
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
}

static void wrong_shapes_are_named(void **state)
{
    (void)state;
    ml_tensor *a = ml_zeros(3, 4), *b = ml_zeros(5, 4), *c = ml_zeros(3);
    ml_tape *t = ml_tape_new();
    char expected[160];
    for (int k = 0; k < 4; k++) {
        ml_tape_reset(t);
        assert_null(BINARY[k](t, a, b));
        snprintf(expected, sizeof expected, "%s: shapes 3x4 and 5x4 do not broadcast: axis 0 has 3 and 5", BINARY_NAMES[k]);
        assert_string_equal(ml_tape_error_text(t), expected);
        ml_tape_reset(t);
        assert_null(BINARY[k](t, c, a));
        snprintf(expected, sizeof expected, "%s: shapes 3 and 3x4 do not broadcast: axis 1 has 3 and 4", BINARY_NAMES[k]);
        assert_string_equal(ml_tape_error_text(t), expected);
    }
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
    ml_tensor_free(c);
}

static void the_first_error_sticks(void **state)
{
    (void)state;
    ml_tensor *a = ml_zeros(3, 4), *b = ml_zeros(5, 4);
    ml_tape *t = ml_tape_new();
    assert_null(ml_dropout(t, ml_relu(t, ml_scale(t, ml_exp(t, ml_add(t, a, b)), 2)), 0.5));
    assert_string_equal(ml_tape_error_text(t), "add: shapes 3x4 and 5x4 do not broadcast: axis 0 has 3 and 5");
    assert_null(ml_mul(t, a, a)); /* a good call after a bad one */
    assert_string_equal(ml_error(), "add: shapes 3x4 and 5x4 do not broadcast: axis 0 has 3 and 5");
    ml_tape_reset(t);
    assert_non_null(ml_mul(t, a, a));
    assert_null(ml_sub(t, a, NULL));
    assert_string_equal(ml_tape_error_text(t), "sub: input 1 is NULL");
    ml_tape_free(t);
    ml_tensor_free(a);
    ml_tensor_free(b);
}

static void dropout_rates_out_of_range_are_named(void **state)
{
    (void)state;
    const double bad[] = {1, 1.2, -0.1, NAN, INFINITY};
    ml_tensor *x = ml_zeros(3);
    for (int mode = ML_TRAIN; mode <= ML_EVAL; mode++)
        for (int i = 0; i < 5; i++) {
            ml_tape *t = ml_tape_open((ml_tape_opts){.mode = (ml_mode)mode});
            assert_null(ml_dropout(t, x, bad[i]));
            assert_int_equal(ml_tape_error(t), ML_EINVAL);
            assert_non_null(strstr(ml_tape_error_text(t), "not in 0 <= p < 1"));
            if (i == 1)
                assert_string_equal(ml_tape_error_text(t), "dropout: p is 1.2, not in 0 <= p < 1");
            ml_tape_free(t);
        }
    ml_tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broadcasting_equals_pytorch),
        cmocka_unit_test(functions_equal_pytorch),
        cmocka_unit_test(nan_and_infinity_go_as_in_pytorch),
        cmocka_unit_test(gradients_of_all_broadcast_patterns),
        cmocka_unit_test(gradients_of_functions),
        cmocka_unit_test(gradients_where_inputs_are_used_often),
        cmocka_unit_test(one_tensor_as_both_operands),
        cmocka_unit_test(dropout_keeps_the_mean_and_the_rate),
        cmocka_unit_test(dropout_repeats_and_moves_on),
        cmocka_unit_test(dropout_masks_the_gradient_alike),
        cmocka_unit_test(dropout_in_eval_is_the_tensor_itself),
        cmocka_unit_test(empty_tensors_have_zero_gradients),
        cmocka_unit_test(wrong_shapes_are_named),
        cmocka_unit_test(the_first_error_sticks),
        cmocka_unit_test(dropout_rates_out_of_range_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
