/* Functions with a number of their own, a^b, where: against the definition in double, over awkward lengths; and how exact the
 * functions of floats are, in units of the last place. */
#include "kernels/activations.h"
#include "kernels/compare.h"
#include "kernels/elementwise.h"
#include "kernels/functions.h"
#include "kernels/power.h"
#include "kernels/sin_cos.h"
#include "support/check.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t LENGTHS[] = {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 64, 101, 1024, 1025, 32768, 32769, 70001};
enum { N_LENGTHS = (int)(sizeof LENGTHS / sizeof LENGTHS[0]) };

/* Room for n numbers beginning one past the alignment of malloc, filled with low .. high; freed by free(p - 1). */
static ml_real *numbers(ml_rng *rng, int64_t n, double low, double high)
{
    ml_real *p = malloc((size_t)(n + 1) * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i <= n; i++)
        p[i] = (ml_real)(low + (high - low) * ml_rng_uniform(rng));
    return p + 1;
}

/* ---- one operand and a number ---- */

typedef struct kernel {
    const char *name;
    void (*forward)(ml_real *, const ml_real *, int64_t, const double *);
    void (*backward)(ml_real *, bool, const ml_real *, const ml_real *, int64_t, const double *);
    double own[2], low, high;
    double (*f)(double x, const double *own), (*slope)(double x, const double *own);
} kernel;

static double raise(double x, const double *p) { return pow(x, *p); }
static double d_raise(double x, const double *p) { return *p == 0 ? 0 : *p * pow(x, *p - 1); }
static double leaky(double x, const double *slope) { return x > 0 ? x : *slope * x; }
static double d_leaky(double x, const double *slope) { return x > 0 ? 1 : *slope; }
static double elu(double x, const double *alpha) { return x > 0 ? x : *alpha * expm1(x); }
static double d_elu(double x, const double *alpha) { return x > 0 ? 1 : *alpha * exp(x); }
static double clamp(double x, const double *b) { return x < b[0] ? b[0] : x > b[1] ? b[1] : x; }
static double d_clamp(double x, const double *b) { return x >= b[0] && x <= b[1]; }

#define POW mlk_pow_forward, mlk_pow_backward
static const kernel KERNELS[] = {
    {"x^0", POW, {0}, -3, 3, raise, d_raise},
    {"x^1", POW, {1}, -3, 3, raise, d_raise},
    {"x^2", POW, {2}, -3, 3, raise, d_raise},
    {"x^3", POW, {3}, -3, 3, raise, d_raise},
    {"x^4", POW, {4}, -3, 3, raise, d_raise},
    {"x^-1", POW, {-1}, 0.3, 3, raise, d_raise},
    {"x^-2", POW, {-2}, -3, -0.3, raise, d_raise},
    {"x^-7", POW, {-7}, -3, -0.3, raise, d_raise},
    {"x^0.5", POW, {0.5}, 0.3, 3, raise, d_raise},
    {"x^-0.5", POW, {-0.5}, 0.3, 3, raise, d_raise},
    {"x^1.5", POW, {1.5}, 0.3, 3, raise, d_raise},
    {"x^(1/3)", POW, {1. / 3}, 0.3, 3, raise, d_raise},
    {"x^-2.2", POW, {-2.2}, 0.3, 3, raise, d_raise},
    {"leaky_relu", mlk_leaky_relu_forward, mlk_leaky_relu_backward, {0.2}, -3, 3, leaky, d_leaky},
    {"leaky_relu", mlk_leaky_relu_forward, mlk_leaky_relu_backward, {-1}, -3, 3, leaky, d_leaky},
    {"elu", mlk_elu_forward, mlk_elu_backward, {1}, -6, 6, elu, d_elu},
    {"elu", mlk_elu_forward, mlk_elu_backward, {0.3}, -40, 1, elu, d_elu},
    {"clamp", mlk_clamp_forward, mlk_clamp_backward, {-0.5, 0.25}, -1, 1, clamp, d_clamp},
    {"clamp", mlk_clamp_forward, mlk_clamp_backward, {-INFINITY, 0.25}, -1, 1, clamp, d_clamp},
};

static void check_kernel(const kernel *k, ml_rng *rng, int64_t n)
{
    const double tol = (double)TOL_REAL / 10;
    ml_real *x = numbers(rng, n, k->low, k->high), *y = numbers(rng, n, NAN, NAN);
    ml_real *dy = numbers(rng, n, -1, 1), *dx = numbers(rng, n, NAN, NAN);
    k->forward(y, x, n, k->own);
    k->backward(dx, false, dy, x, n, k->own);
    k->backward(dx, true, dy, x, n, k->own);
    for (int64_t i = 0; i < n; i++) {
        double v = (double)x[i], f = k->f(v, k->own), g = 2 * (double)dy[i] * k->slope(v, k->own);
        if (!(fabs((double)y[i] - f) <= tol * (1 + fabs(f))))
            fail_msg("%s, %g: of %.9g it is %.9g, expected %.9g", k->name, k->own[0], v, (double)y[i], f);
        if (!(fabs((double)dx[i] - g) <= tol * (1 + fabs(g))))
            fail_msg("%s, %g: at %.9g the gradient is %.9g, expected %.9g", k->name, k->own[0], v, (double)dx[i], g);
    }
    free(x - 1);
    free(y - 1);
    free(dy - 1);
    free(dx - 1);
}

static void functions_with_a_number_equal_the_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(41);
    for (size_t k = 0; k < sizeof KERNELS / sizeof KERNELS[0]; k++)
        for (int l = 0; l < N_LENGTHS; l++)
            check_kernel(&KERNELS[k], &rng, LENGTHS[l]);
}

/* ---- a^b ---- */

/* The bases as a column, the exponents as a row. */
static void powers_equal_the_definition(void **state)
{
    (void)state;
    enum { A = 37, B = 1031 };
    ml_rng rng = ml_rng_seed(42);
    ml_real *a = numbers(&rng, A, 0.2, 3), *b = numbers(&rng, B, -3, 3), *y = numbers(&rng, A * B, NAN, NAN);
    ml_real *dy = numbers(&rng, A * B, -1, 1), *dx[2] = {numbers(&rng, A, NAN, NAN), numbers(&rng, B, NAN, NAN)};
    double da[A] = {0}, db[B] = {0};
    mlk_broadcast p;
    assert_int_equal(mlk_broadcast_plan(&p, 2, (int64_t[]){A, 1}, 1, (int64_t[]){B}), MLK_FITS);
    ml_real *work = numbers(&rng, mlk_broadcast_work(&p, 0) + mlk_broadcast_work(&p, 1), NAN, NAN);
    mlk_terms m = {dy, a, b, y, work};
    mlk_pow_tensors_forward(y, a, b, &p);
    for (int i = 0; i < 2; i++)
        mlk_pow_tensors_backward(dx[i], false, &m, &p, i);
    for (int i = 0; i < A; i++)
        for (int j = 0; j < B; j++) {
            double base = (double)a[i], e = (double)b[j], f = pow(base, e), g = (double)dy[i * B + j];
            assert_true(fabs((double)y[i * B + j] - f) <= (double)TOL_REAL / 10 * f);
            da[i] += g * e * pow(base, e - 1);
            db[j] += g * f * log(base);
        }
    for (int i = 0; i < A; i++)
        assert_true(fabs((double)dx[0][i] - da[i]) <= (double)TOL_REAL * 500);
    for (int j = 0; j < B; j++)
        assert_true(fabs((double)dx[1][j] - db[j]) <= (double)TOL_REAL * 50);
    free(a - 1), free(b - 1), free(y - 1), free(dy - 1), free(dx[0] - 1), free(dx[1] - 1), free(work - 1);
}

/* C11, annex F.10.4.4, of which the C library is the judge. */
static void special_powers_are_those_of_the_standard(void **state)
{
    (void)state;
    const double values[] = {0,    -0.0,  1,     -1,    2,        -2,        3,        -3,        0.5, -0.5,
                              2.5,  1000,  -1000, 1e-30, -1e30,    16777216,  -16777215, INFINITY, -INFINITY, NAN};
    enum { N = (int)(sizeof values / sizeof values[0]) };
    ml_real v[N], y[N * N];
    for (int i = 0; i < N; i++)
        v[i] = (ml_real)values[i];
    mlk_broadcast p;
    assert_int_equal(mlk_broadcast_plan(&p, 2, (int64_t[]){N, 1}, 1, (int64_t[]){N}), MLK_FITS);
    mlk_pow_tensors_forward(y, v, v, &p);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            ml_real got = y[i * N + j], want = (ml_real)pow((double)v[i], (double)v[j]);
            bool same = isnan(want) ? isnan(got) : !signbit(got) == !signbit(want) &&
                                      (got == want || fabs((double)(got - want)) <= 2e-7 * fabs((double)want));
            if (!same)
                fail_msg("%g^%g is %g, expected %g", (double)v[i], (double)v[j], (double)got, (double)want);
        }
}

/* ---- where ---- */

static void the_stretched_condition_chooses(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(43);
    for (int l = 0; l < N_LENGTHS; l++) {
        int64_t n = LENGTHS[l], size = 3 * n;
        ml_real *row = numbers(&rng, n, -1, 1), *mask = numbers(&rng, size, NAN, NAN), *y = numbers(&rng, size, NAN, NAN);
        ml_real *a = numbers(&rng, size, 1, 2), b = -1, *dy = numbers(&rng, size, 1, 2), *da = numbers(&rng, size, NAN, NAN), db = NAN;
        for (int64_t i = 0; i < n; i++)
            row[i] = row[i] > 0 ? row[i] : 0;
        mlk_broadcast pc, pa, pb;
        assert_int_equal(mlk_broadcast_plan(&pc, 2, (int64_t[]){3, n}, 1, &n), MLK_FITS);
        assert_int_equal(mlk_broadcast_plan(&pa, 2, (int64_t[]){3, n}, 2, (int64_t[]){3, n}), MLK_FITS);
        assert_int_equal(mlk_broadcast_plan(&pb, 2, (int64_t[]){3, n}, 0, NULL), MLK_FITS);
        mlk_stretch(mask, row, &pc);
        mlk_where_forward(y, mask, a, &pa, &b, &pb);
        ml_real *work = numbers(&rng, mlk_broadcast_work(&pb, 1), NAN, NAN);
        mlk_terms m = {.dy = dy, .a = mask, .work = work};
        mlk_where_backward(da, false, &m, &pa, true);
        mlk_where_backward(&db, false, &m, &pb, false);
        double sum = 0;
        for (int64_t i = 0; i < size; i++) {
            bool yes = row[i % n] != 0;
            assert_true(y[i] == (yes ? a[i] : b));
            assert_true(da[i] == (yes ? dy[i] : 0));
            sum += yes ? 0 : (double)dy[i];
        }
        assert_true(fabs((double)db - sum) <= (double)TOL_REAL * (1 + sum));
        free(row - 1), free(mask - 1), free(y - 1), free(a - 1), free(dy - 1), free(da - 1), free(work - 1);
    }
}

/* ---- the same bits on any number of threads ---- */

static void threads_change_no_bit(void **state)
{
    (void)state;
    enum { N = 150001 };
    static ml_real x[N], y[3][N];
    int threads = ml_threads();
    for (int64_t i = 0; i < N; i++)
        x[i] = (ml_real)((double)(i * 7919 % N) * 1e-4 - 7);
    for (size_t k = 0; k < sizeof KERNELS / sizeof KERNELS[0]; k++) {
        for (int c = 0; c < 3; c++) {
            assert_int_equal(ml_set_threads(1 << c), ML_OK);
            KERNELS[k].forward(y[c], x, N, KERNELS[k].own);
            KERNELS[k].backward(y[c], true, x, x, N, KERNELS[k].own);
        }
        assert_memory_equal(y[0], y[1], sizeof y[0]);
        assert_memory_equal(y[0], y[2], sizeof y[0]);
    }
    ml_set_threads(threads);
}

/* ---- how exact ---- */

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

static double below_x(double x) { return 0.5 * erfc(-x / sqrt(2)); }
static double gelu(double x) { return x * below_x(x); }
static double gelu_tanh(double x)
{
    double u = sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x);
    return x / (1 + exp(-2 * u));
}
static double silu(double x) { return x / (1 + exp(-x)); }
static double softplus(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }
static double elu_1(double x) { return x > 0 ? x : expm1(x); }
static double power_1_7(double x) { return pow(x, 1.7); }
static double power_33(double x) { return pow(x, -33.3); }

static void expm1_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_expm1(x[i]);
}

static void log1p_map(ml_real *y, const ml_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = mlk_log1p(x[i]);
}

static void elu_1_map(ml_real *y, const ml_real *x, int64_t n) { mlk_elu_forward(y, x, n, &(double){1}); }
static void power_1_7_map(ml_real *y, const ml_real *x, int64_t n) { mlk_pow_forward(y, x, n, &(double){1.7}); }
static void power_33_map(ml_real *y, const ml_real *x, int64_t n) { mlk_pow_forward(y, x, n, &(double){-33.3}); }

typedef struct exactness {
    const char *name;
    void (*map)(ml_real *, const ml_real *, int64_t);
    double (*f)(double);
    double low, high; /* swept evenly; then geometrically, from the larger of them to 1e-37, both signs where low < 0 */
    double most;      /* units allowed in the float build */
} exactness;

static const exactness EXACT[] = {
    {"expm1", expm1_map, expm1, -40, 0, 1.5},
    {"log", mlk_log_forward, log, 0, 1e30, 0.52},
    {"log1p", log1p_map, log1p, 0, 1, 2},
    {"sin", mlk_sin_forward, sin, -1048576, 1048576, 0.52},
    {"cos", mlk_cos_forward, cos, -1048576, 1048576, 0.52},
    {"sin", mlk_sin_forward, sin, -40, 40, 0.52},
    {"cos", mlk_cos_forward, cos, -40, 40, 0.52},
    {"sin, far", mlk_sin_forward, sin, -1e30, 1e30, 1},
    {"x^1.7", power_1_7_map, power_1_7, 0, 1e22, 0.52},
    {"x^-33.3", power_33_map, power_33, 0.07, 14, 0.52},
    {"elu", elu_1_map, elu_1, -30, 1, 1.5},
    {"gelu", mlk_gelu_forward, gelu, -12.5, 6, 7},
    {"gelu_tanh, right of -1", mlk_gelu_tanh_forward, gelu_tanh, -1, 6, 4},
    {"gelu_tanh, left of it", mlk_gelu_tanh_forward, gelu_tanh, -9, -1, 250},
    {"silu", mlk_silu_forward, silu, -80, 80, 4},
    {"softplus", mlk_softplus_forward, softplus, -80, 80, 2.5},
};

enum { SWEEP = 400000 };

static double worst_of(const exactness *e, const ml_real *x, ml_real *y, int64_t n, double *at)
{
    double worst = 0;
    e->map(y, x, n);
    for (int64_t i = 0; i < n; i++) {
        double error = ulps(y[i], e->f((double)x[i]));
        if (!(error <= worst)) {
            worst = error;
            *at = (double)x[i];
        }
    }
    return worst;
}

static void functions_are_right_to_the_last_digits(void **state)
{
    (void)state;
    static ml_real x[SWEEP], y[SWEEP];
    for (size_t k = 0; k < sizeof EXACT / sizeof EXACT[0]; k++) {
        const exactness *e = &EXACT[k];
        double at = 0, from = fmax(fabs(e->low), fabs(e->high)), worst;
        for (int64_t i = 0; i < SWEEP; i++)
            x[i] = (ml_real)(e->low + (e->high - e->low) * ((double)i + 0.5) / SWEEP);
        worst = worst_of(e, x, y, SWEEP, &at);
        int64_t n = 0;
        for (double v = from; v > 1e-37 && n < SWEEP; v *= 0.9997) /* to 0, as far as low .. high goes */
            for (int sign = -1; sign <= 1 && n < SWEEP; sign += 2)
                if (sign * v >= e->low && sign * v <= e->high)
                    x[n++] = (ml_real)(sign * v);
        worst = fmax(worst, worst_of(e, x, y, n, &at));
        print_message("%-24s %.3f units of the last place at most, at %.9g\n", e->name, worst, at);
        if (sizeof(ml_real) == 4 && !(worst <= e->most))
            fail_msg("%s: %g units, more than %g", e->name, worst, e->most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_with_a_number_equal_the_definition),
        cmocka_unit_test(powers_equal_the_definition),
        cmocka_unit_test(special_powers_are_those_of_the_standard),
        cmocka_unit_test(the_stretched_condition_chooses),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(functions_are_right_to_the_last_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
