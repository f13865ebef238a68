/* Elementwise kernels against the definition, in double, over awkward shapes; the same bits on any number of threads. */
#include "kernels/activations.h"
#include "kernels/compare.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "kernels/functions.h"
#include "kernels/sin_cos.h"
#include "support/check.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- two operands, broadcast ---- */

typedef struct kernel {
    const char *name;
    void (*forward)(ml_real *, const ml_real *, const ml_real *, const mlk_broadcast *);
    void (*backward)(ml_real *, bool, const mlk_terms *, const mlk_broadcast *, int);
    double (*f)(double a, double b);
    double (*slope[2])(double a, double b);
} kernel;

static double one(double a, double b) { return (void)a, (void)b, 1; }
static double minus_one(double a, double b) { return (void)a, (void)b, -1; }
static double first(double a, double b) { return (void)b, a; }
static double second(double a, double b) { return (void)a, b; }
static double plus(double a, double b) { return a + b; }
static double minus(double a, double b) { return a - b; }
static double times(double a, double b) { return a * b; }
static double over(double a, double b) { return a / b; }
static double reciprocal(double a, double b) { return (void)a, 1 / b; }
static double by_divisor(double a, double b) { return -a / (b * b); }
static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }
static double above(double a, double b) { return a > b ? 1 : a == b ? 0.5 : 0; }
static double below(double a, double b) { return above(b, a); }

static const kernel KERNELS[] = {
    {"add", mlk_add_forward, mlk_add_backward, plus, {one, one}},
    {"sub", mlk_sub_forward, mlk_sub_backward, minus, {one, minus_one}},
    {"mul", mlk_mul_forward, mlk_mul_backward, times, {second, first}},
    {"div", mlk_div_forward, mlk_div_backward, over, {reciprocal, by_divisor}},
    {"maximum", mlk_maximum_forward, mlk_maximum_backward, larger, {above, below}},
    {"minimum", mlk_minimum_forward, mlk_minimum_backward, smaller, {below, above}},
};

typedef struct pair {
    int rank_a;
    int64_t a[6];
    int rank_b;
    int64_t b[6];
} pair;

static const pair SHAPES[] = {
    {0, {0}, 0, {0}},                                  /* two scalars */
    {1, {1}, 0, {0}},
    {1, {7}, 1, {7}},
    {2, {3, 5}, 0, {0}},                               /* scalar, both sides */
    {0, {0}, 2, {3, 5}},
    {2, {1, 1}, 1, {17}},
    {2, {4, 19}, 1, {19}},                             /* row */
    {1, {19}, 2, {4, 19}},
    {2, {4, 19}, 2, {4, 1}},                           /* column */
    {2, {4, 1}, 2, {4, 19}},
    {3, {2, 3, 11}, 3, {2, 1, 11}},                    /* middle */
    {2, {5, 1}, 2, {1, 13}},                           /* both stretched */
    {3, {3, 1, 5}, 2, {4, 1}},
    {6, {2, 1, 3, 1, 2, 1}, 6, {1, 4, 1, 2, 1, 3}},    /* all axes alternate */
    {6, {2, 3, 1, 1, 5, 2}, 3, {4, 1, 1}},
    {4, {2, 3, 2, 3}, 1, {3}},                         /* a bias under an image */
    {1, {0}, 1, {0}},                                  /* nothing */
    {2, {3, 1}, 2, {3, 0}},                            /* something stretched to nothing */
    {3, {0, 4, 5}, 1, {5}},
    {1, {70001}, 1, {70001}},                          /* several ranges */
    {1, {70001}, 0, {0}},
    {2, {300, 257}, 1, {257}},
    {2, {40000, 3}, 1, {3}},
    {2, {3, 30011}, 2, {3, 1}},
    {2, {2, 40000}, 2, {1, 40000}},
    {2, {1, 501}, 2, {131, 1}},
    {3, {67, 2, 501}, 3, {67, 1, 501}},
    {3, {40, 1, 41}, 3, {1, 43, 1}},
};
enum { N_SHAPES = (int)(sizeof SHAPES / sizeof SHAPES[0]), N_KERNELS = (int)(sizeof KERNELS / sizeof KERNELS[0]) };

/* Room for n numbers beginning one past the alignment of malloc, filled with low .. high; freed by free(p - 1). */
static ml_real *numbers(ml_rng *rng, int64_t n, double low, double high)
{
    ml_real *p = malloc((size_t)(n + 1) * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i <= n; i++)
        p[i] = (ml_real)(low + (high - low) * ml_rng_uniform(rng));
    return p + 1;
}

static int64_t product(int rank, const int64_t *shape)
{
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= shape[i];
    return n;
}

/* Where output number `at` reads an operand: the definition of broadcasting. */
static int64_t source(const mlk_broadcast *p, int64_t at, int rank, const int64_t *shape)
{
    int64_t offset = 0, step = 1;
    for (int i = p->out_rank - 1; i >= 0; i--) {
        int64_t index = at % p->out_shape[i];
        int j = i - (p->out_rank - rank);
        at /= p->out_shape[i];
        if (j >= 0) {
            offset += (shape[j] == 1 ? 0 : index) * step;
            step *= shape[j];
        }
    }
    return offset;
}

typedef struct binary_case {
    const pair *s;
    mlk_broadcast p;
    ml_real *in[2], *y, *dy, *dx[2], *before[2], *work;
} binary_case;

static binary_case case_new(const pair *s, ml_rng *rng)
{
    binary_case c = {.s = s};
    assert_int_equal(mlk_broadcast_plan(&c.p, s->rank_a, s->a, s->rank_b, s->b), MLK_FITS);
    assert_int_equal(c.p.in_size[0], product(s->rank_a, s->a));
    assert_int_equal(c.p.in_size[1], product(s->rank_b, s->b));
    c.in[0] = numbers(rng, c.p.in_size[0], -2, 2);
    c.in[1] = numbers(rng, c.p.in_size[1], 0.5, 2);
    for (int i = 0; i < 2; i++) {
        c.before[i] = numbers(rng, c.p.in_size[i], -1, 1);
        c.dx[i] = numbers(rng, c.p.in_size[i], -1, 1);
    }
    c.y = numbers(rng, c.p.size, NAN, NAN);
    c.dy = numbers(rng, c.p.size, -1, 1);
    int64_t work_a = mlk_broadcast_work(&c.p, 0), work_b = mlk_broadcast_work(&c.p, 1);
    c.work = numbers(rng, work_a > work_b ? work_a : work_b, NAN, NAN);
    return c;
}

static void case_free(binary_case *c)
{
    for (int i = 0; i < 2; i++) {
        free(c->in[i] - 1);
        free(c->dx[i] - 1);
        free(c->before[i] - 1);
    }
    free(c->y - 1);
    free(c->dy - 1);
    free(c->work - 1);
}

static void case_run(binary_case *c, const kernel *k, bool add)
{
    mlk_terms m = {c->dy, c->in[0], c->in[1], c->y, c->work};
    k->forward(c->y, c->in[0], c->in[1], &c->p);
    for (int i = 0; i < 2; i++) {
        for (int64_t e = 0; e < c->p.in_size[i]; e++) /* without add the old numbers must not matter */
            c->dx[i][e] = add ? c->before[i][e] : (ml_real)NAN;
        k->backward(c->dx[i], add, &m, &c->p, i);
    }
}

/* The definition, and for each sum the sum of its absolute terms, which bounds the rounding error. */
static void case_check(const binary_case *c, const kernel *k, bool add)
{
    double *dx[2], *size[2];
    for (int i = 0; i < 2; i++) {
        dx[i] = calloc((size_t)c->p.in_size[i] + 1, sizeof(double));
        size[i] = calloc((size_t)c->p.in_size[i] + 1, sizeof(double));
        for (int64_t e = 0; e < c->p.in_size[i]; e++) {
            dx[i][e] = add ? (double)c->before[i][e] : 0;
            size[i][e] = 1;
        }
    }
    for (int64_t at = 0; at < c->p.size; at++) {
        int64_t from[2] = {source(&c->p, at, c->s->rank_a, c->s->a), source(&c->p, at, c->s->rank_b, c->s->b)};
        double a = (double)c->in[0][from[0]], b = (double)c->in[1][from[1]], y = k->f(a, b);
        if (!(fabs((double)c->y[at] - y) <= 4 * (double)TOL_REAL * (1 + fabs(y)) / 100))
            fail_msg("%s: y[%lld] is %.9g, expected %.9g", k->name, (long long)at, (double)c->y[at], y);
        for (int i = 0; i < 2; i++) {
            double g = (double)c->dy[at] * k->slope[i](a, b);
            dx[i][from[i]] += g;
            size[i][from[i]] += fabs(g);
        }
    }
    for (int i = 0; i < 2; i++) {
        for (int64_t e = 0; e < c->p.in_size[i]; e++)
            if (!(fabs((double)c->dx[i][e] - dx[i][e]) <= (double)TOL_REAL * size[i][e] / 10))
                fail_msg("%s: gradient %d of element %lld is %.9g, expected %.9g", k->name, i, (long long)e,
                         (double)c->dx[i][e], dx[i][e]);
        free(dx[i]);
        free(size[i]);
    }
}

static void broadcast_equals_the_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int s = 0; s < N_SHAPES; s++) {
        binary_case c = case_new(&SHAPES[s], &rng);
        for (int k = 0; k < N_KERNELS; k++)
            for (int add = 0; add < 2; add++) {
                case_run(&c, &KERNELS[k], add);
                case_check(&c, &KERNELS[k], add);
            }
        case_free(&c);
    }
}

static void broadcast_has_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    int threads = ml_threads();
    for (int s = 0; s < N_SHAPES; s++) {
        ml_rng rng = ml_rng_seed(2), same = ml_rng_seed(2);
        binary_case c = case_new(&SHAPES[s], &rng), d = case_new(&SHAPES[s], &same);
        for (int n = 2; n <= 4; n += 2) {
            assert_int_equal(ml_set_threads(1), ML_OK);
            case_run(&c, &KERNELS[3], true);
            assert_int_equal(ml_set_threads(n), ML_OK);
            case_run(&d, &KERNELS[3], true);
            assert_memory_equal(c.y, d.y, (size_t)c.p.size * sizeof(ml_real));
            for (int i = 0; i < 2; i++)
                assert_memory_equal(c.dx[i], d.dx[i], (size_t)c.p.in_size[i] * sizeof(ml_real));
        }
        case_free(&c);
        case_free(&d);
    }
    ml_set_threads(threads);
}

static void axes_that_behave_alike_are_merged(void **state)
{
    (void)state;
    mlk_broadcast p;
    assert_int_equal(mlk_broadcast_plan(&p, 4, (int64_t[]){2, 3, 4, 5}, 4, (int64_t[]){2, 3, 4, 5}), MLK_FITS);
    assert_int_equal(p.rank, 1);
    assert_int_equal(p.shape[0], 120);
    assert_int_equal(mlk_broadcast_plan(&p, 4, (int64_t[]){2, 3, 4, 5}, 1, (int64_t[]){5}), MLK_FITS);
    assert_int_equal(p.rank, 2);
    assert_int_equal(p.shape[0], 24);
    assert_int_equal(p.stride[1][0], 0);
    assert_int_equal(p.stride[1][1], 1);
    assert_int_equal(mlk_broadcast_plan(&p, 2, (int64_t[]){3, 4}, 2, (int64_t[]){5, 4}), 0);
    assert_int_equal(mlk_broadcast_plan(&p, 2, (int64_t[]){3, 4}, 1, (int64_t[]){3}), 1);
    assert_int_equal(mlk_broadcast_plan(&p, 1, (int64_t[]){0}, 1, (int64_t[]){3}), 0);
    int64_t huge = (int64_t)1 << 40;
    assert_int_equal(mlk_broadcast_plan(&p, 2, (int64_t[]){huge, 1}, 2, (int64_t[]){1, huge}), MLK_TOO_LARGE);
}

/* ---- one operand ---- */

typedef struct unary_kernel {
    const char *name;
    void (*forward)(ml_real *, const ml_real *, int64_t);
    void (*backward)(ml_real *, bool, const ml_real *, const ml_real *, int64_t);
    bool from_input;
    double low, high;
    double (*f)(double x), (*slope)(double x);
} unary_kernel;

static double d_log(double x) { return 1 / x; }
static double d_sqrt(double x) { return 0.5 / sqrt(x); }
static double sign(double x) { return (x > 0) - (x < 0); }
static double relu(double x) { return x > 0 ? x : 0; }
static double step(double x) { return x > 0; }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double d_sigmoid(double x) { return 1 / (2 + exp(x) + exp(-x)); }
static double d_tanh(double x) { return 1 / (cosh(x) * cosh(x)); }
static double minus_sin(double x) { return -sin(x); }
static double phi(double x) { return exp(-x * x / 2) / sqrt(2 * acos(-1)); }
static double below_x(double x) { return 0.5 * erfc(-x / sqrt(2)); }
static double gelu(double x) { return x * below_x(x); }
static double d_gelu(double x) { return below_x(x) + x * phi(x); }
static double u(double x) { return sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x); }
static double d_u(double x) { return sqrt(2 / acos(-1)) * (1 + 3 * 0.044715 * x * x); }
static double gelu_tanh(double x) { return 0.5 * x * (1 + tanh(u(x))); }
static double d_gelu_tanh(double x) { return 0.5 * (1 + tanh(u(x))) + 0.5 * x * d_tanh(u(x)) * d_u(x); }
static double silu(double x) { return x * sigmoid(x); }
static double d_silu(double x) { return sigmoid(x) + x * d_sigmoid(x); }
static double softplus(double x) { return log(1 + exp(x)); }

static const unary_kernel UNARY[] = {
    {"exp", mlk_exp_forward, mlk_exp_backward, false, -5, 3, exp, exp},
    {"log", mlk_log_forward, mlk_log_backward, true, 0.1, 9, log, d_log},
    {"sqrt", mlk_sqrt_forward, mlk_sqrt_backward, false, 0.1, 9, sqrt, d_sqrt},
    {"abs", mlk_abs_forward, mlk_abs_backward, true, -3, 3, fabs, sign},
    {"relu", mlk_relu_forward, mlk_relu_backward, false, -3, 3, relu, step},
    {"sigmoid", mlk_sigmoid_forward, mlk_sigmoid_backward, false, -6, 6, sigmoid, d_sigmoid},
    {"tanh", mlk_tanh_forward, mlk_tanh_backward, false, -6, 6, tanh, d_tanh},
    {"sin", mlk_sin_forward, mlk_sin_backward, true, -9, 9, sin, cos},
    {"cos", mlk_cos_forward, mlk_cos_backward, true, -9, 9, cos, minus_sin},
    {"gelu", mlk_gelu_forward, mlk_gelu_backward, true, -6, 6, gelu, d_gelu},
    {"gelu_tanh", mlk_gelu_tanh_forward, mlk_gelu_tanh_backward, true, -6, 6, gelu_tanh, d_gelu_tanh},
    {"silu", mlk_silu_forward, mlk_silu_backward, true, -6, 6, silu, d_silu},
    {"softplus", mlk_softplus_forward, mlk_softplus_backward, true, -6, 6, softplus, sigmoid},
};
static const int64_t LENGTHS[] = {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 64, 101, 1024, 1025, 32768, 32769, 100003};

static void functions_equal_the_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    const double tol = (double)TOL_REAL / 10;
    for (size_t k = 0; k < sizeof UNARY / sizeof UNARY[0]; k++)
        for (size_t l = 0; l < sizeof LENGTHS / sizeof LENGTHS[0]; l++) {
            const unary_kernel *u = &UNARY[k];
            int64_t n = LENGTHS[l];
            ml_real *x = numbers(&rng, n, u->low, u->high), *y = numbers(&rng, n, NAN, NAN);
            ml_real *dy = numbers(&rng, n, -1, 1), *dx = numbers(&rng, n, NAN, NAN);
            u->forward(y, x, n);
            u->backward(dx, false, dy, u->from_input ? x : y, n);
            u->backward(dx, true, dy, u->from_input ? x : y, n);
            for (int64_t i = 0; i < n; i++) {
                double v = (double)x[i], g = 2 * (double)dy[i] * u->slope(v);
                if (!(fabs((double)y[i] - u->f(v)) <= tol * (1 + fabs(u->f(v)))))
                    fail_msg("%s(%.9g) is %.9g, expected %.9g", u->name, v, (double)y[i], u->f(v));
                if (!(fabs((double)dx[i] - g) <= tol * (1 + fabs(g))))
                    fail_msg("%s'(%.9g): %.9g, expected %.9g", u->name, v, (double)dx[i], g);
            }
            free(x - 1);
            free(y - 1);
            free(dy - 1);
            free(dx - 1);
        }
}

static void scale_overwrites_or_adds(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    for (size_t l = 0; l < sizeof LENGTHS / sizeof LENGTHS[0]; l++) {
        int64_t n = LENGTHS[l];
        ml_real *x = numbers(&rng, n, -1, 1), *y = numbers(&rng, n, NAN, NAN);
        mlk_scale(y, false, x, (ml_real)0.5, n);
        mlk_scale(y, true, x, (ml_real)2, n);
        for (int64_t i = 0; i < n; i++)
            assert_true(fabs((double)y[i] - 2.5 * (double)x[i]) <= (double)TOL_REAL / 10);
        free(x - 1);
        free(y - 1);
    }
}

/* Distance in units of the last place of the result. */
static double ulps(ml_real got, double expected)
{
#ifdef MLCORE_DOUBLE
    double unit = fmax(fabs(expected), DBL_MIN) * DBL_EPSILON;
#else
    int e;
    frexp(fmax(fabs(expected), (double)FLT_MIN), &e);
    double unit = ldexp(1, e - 24);
#endif
    return fabs((double)got - expected) / unit;
}

static void exp_sigmoid_and_tanh_are_right_to_the_last_digits(void **state)
{
    (void)state;
    double worst_exp = 0, worst_sigmoid = 0, worst_tanh = 0;
    for (double v = -103; v < 88.7; v += 0.000731) {
        ml_real x = (ml_real)v;
        double d = (double)x;
        worst_exp = fmax(worst_exp, ulps(mlk_exp(x), exp(d)));
        worst_sigmoid = fmax(worst_sigmoid, ulps(mlk_sigmoid(x), d < 0 ? exp(d) / (1 + exp(d)) : 1 / (1 + exp(-d))));
        worst_tanh = fmax(worst_tanh, ulps(mlk_tanh(x / 8), tanh(d / 8)));
    }
    for (double v = 1; v > 1e-30; v *= 0.97)
        worst_tanh = fmax(worst_tanh, ulps(mlk_tanh((ml_real)v), tanh((double)(ml_real)v)));
    print_message("worst error in the last place: exp %.2f, sigmoid %.2f, tanh %.2f\n", worst_exp, worst_sigmoid, worst_tanh);
    assert_true(worst_exp < 1.1);
    assert_true(worst_sigmoid < 2.5);
    assert_true(worst_tanh < 2.5);
}

static void exp_has_its_limits(void **state)
{
    (void)state;
    volatile ml_real inf = (ml_real)INFINITY;
    assert_true(mlk_exp(0) == 1);
    assert_true(mlk_exp(inf) == inf && mlk_exp((ml_real)1e6) == inf);
    assert_true(mlk_exp(-inf) == 0 && mlk_exp((ml_real)-1e6) == 0);
    assert_true(isnan(mlk_exp((ml_real)NAN)) && isnan(mlk_tanh((ml_real)NAN)) && isnan(mlk_sigmoid((ml_real)NAN)));
    assert_true(mlk_sigmoid(-inf) == 0 && mlk_sigmoid(inf) == 1 && mlk_sigmoid(0) == (ml_real)0.5);
    assert_true(mlk_tanh(inf) == 1 && mlk_tanh(-inf) == -1);
    assert_true(signbit(mlk_tanh((ml_real)-0.0)));
    /* The left tail keeps its digits, where 1 - sigmoid(-x) would be 0. */
    assert_true(fabs((double)mlk_sigmoid(-80) / exp(-80) - 1) < 1e-5);
}

/* ---- dropout ---- */

static void dropout_mask_is_the_function_it_says(void **state)
{
    (void)state;
    const double rates[] = {0, 1e-9, 0.1, 0.5, 0.9, 0.999999999999};
    for (int r = 0; r < 6; r++)
        for (size_t l = 0; l < sizeof LENGTHS / sizeof LENGTHS[0]; l++) {
            int64_t n = LENGTHS[l], words = mlk_dropout_words(n);
            mlk_dropout d = {0x123456789ABCDEF0u + (uint64_t)r, 0xFEDCBA9876543210u, rates[r]};
            uint64_t *fast = calloc((size_t)words + 1, 8), *ref = calloc((size_t)words + 1, 8);
            ml_rng rng = ml_rng_seed(5);
            ml_real *x = numbers(&rng, n, 1, 2), *y = numbers(&rng, n, NAN, NAN), *dx = numbers(&rng, n, 3, 3);
            mlk_dropout_forward(y, fast, x, &d, n);
            mlk_dropout_backward(dx, true, x, fast, &d, n);
            mlk_dropout_mask_ref(ref, &d, n);
            for (int64_t i = 0; i < n; i++) {
                uint64_t bit = ref[i / 64] >> (i % 64) & 1;
                assert_int_equal(fast[i / 64] >> (i % 64) & 1, bit);
                ml_real expected = x[i] * (bit ? (ml_real)(1 / (1 - rates[r])) : 0);
                assert_true(y[i] == expected);
                assert_true(fabs((double)dx[i] - 3 - (double)expected) <= (double)TOL_REAL * (3 + (double)expected));
            }
            free(fast);
            free(ref);
            free(x - 1);
            free(y - 1);
            free(dx - 1);
        }
}

static void dropout_has_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    enum { N = 200003 };
    int threads = ml_threads();
    static ml_real x[N], y[3][N];
    static uint64_t mask[3][N / 64 + 1];
    mlk_dropout d = {7, 8, 0.3};
    for (int64_t i = 0; i < N; i++)
        x[i] = (ml_real)i;
    for (int k = 0; k < 3; k++) {
        assert_int_equal(ml_set_threads(1 << k), ML_OK);
        mlk_dropout_forward(y[k], mask[k], x, &d, N);
    }
    for (int k = 1; k < 3; k++) {
        assert_memory_equal(y[0], y[k], sizeof y[0]);
        assert_memory_equal(mask[0], mask[k], sizeof mask[0]);
    }
    ml_set_threads(threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broadcast_equals_the_definition),
        cmocka_unit_test(broadcast_has_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(axes_that_behave_alike_are_merged),
        cmocka_unit_test(functions_equal_the_definition),
        cmocka_unit_test(scale_overwrites_or_adds),
        cmocka_unit_test(exp_sigmoid_and_tanh_are_right_to_the_last_digits),
        cmocka_unit_test(exp_has_its_limits),
        cmocka_unit_test(dropout_mask_is_the_function_it_says),
        cmocka_unit_test(dropout_has_the_same_bits_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
