/* Initial values: bounds, moments over 60,000 draws, equal seeds give equal bits. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { M = 200, D = 300 };

typedef struct moments {
    double mean, std, low, high;
} moments;

static moments measure(const ml_tensor *x)
{
    moments m = {0, 0, INFINITY, -INFINITY};
    for (int64_t i = 0; i < x->size; i++) {
        m.mean += (double)x->data[i] / (double)x->size;
        m.low = fmin(m.low, (double)x->data[i]);
        m.high = fmax(m.high, (double)x->data[i]);
    }
    for (int64_t i = 0; i < x->size; i++)
        m.std += pow((double)x->data[i] - m.mean, 2) / (double)x->size;
    m.std = sqrt(m.std);
    return m;
}

/* Uniform on +-a: the bounds hold and are nearly reached, mean and deviation are within five standard errors. */
static void assert_uniform(const ml_tensor *x, double a)
{
    moments m = measure(x);
    double n = sqrt((double)x->size);
    assert_true(m.low >= -a * (1 + 1e-6) && m.high <= a * (1 + 1e-6));
    assert_true(m.low < -0.99 * a && m.high > 0.99 * a);
    assert_true(fabs(m.mean) < 5 * a / sqrt(3) / n);
    assert_true(fabs(m.std - a / sqrt(3)) < 5 * a / n);
}

static void assert_normal(const ml_tensor *x, double mean, double std)
{
    moments m = measure(x);
    double n = sqrt((double)x->size), beyond = 0;
    assert_true(fabs(m.mean - mean) < 5 * std / n);
    assert_true(fabs(m.std - std) < 5 * std / n);
    for (int64_t i = 0; i < x->size; i++)
        beyond += fabs((double)x->data[i] - mean) > 2 * std;
    assert_true(fabs(beyond / (double)x->size - 0.0455) < 0.005); /* a uniform of this deviation would have none */
    assert_true(m.high > mean + 3.5 * std);
}

static void constant_and_plain_ranges(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_tensor *x = ml_zeros(M, D);
    assert_int_equal(ml_init_constant(x, 0.25), ML_OK);
    assert_true(x->data[0] == (ml_real)0.25 && x->data[M * D - 1] == (ml_real)0.25);
    assert_int_equal(ml_init_uniform(x, &rng, -3, 3), ML_OK);
    assert_uniform(x, 3);
    assert_int_equal(ml_init_uniform(x, &rng, 2, 4), ML_OK);
    assert_true(measure(x).low >= 2 && measure(x).high <= 4 && fabs(measure(x).mean - 3) < 0.02);
    assert_int_equal(ml_init_normal(x, &rng, 1.5, 0.2), ML_OK);
    assert_normal(x, 1.5, 0.2);
    assert_int_equal(ml_init_normal(x, &rng, 2, 0), ML_OK);
    assert_true(x->data[5] == 2);
    ml_tensor_free(x);
}

static void xavier_and_he(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    ml_tensor *x = ml_zeros(M, D);
    assert_int_equal(ml_init_xavier_uniform(x, &rng), ML_OK);
    assert_uniform(x, sqrt(6.0 / (M + D)));
    assert_int_equal(ml_init_xavier_normal(x, &rng), ML_OK);
    assert_normal(x, 0, sqrt(2.0 / (M + D)));
    assert_int_equal(ml_init_he_uniform(x, &rng), ML_OK);
    assert_uniform(x, sqrt(6.0 / D));
    assert_int_equal(ml_init_he_normal(x, &rng), ML_OK);
    assert_normal(x, 0, sqrt(2.0 / D));
    assert_int_equal(ml_init_he_normal_out(x, &rng), ML_OK);
    assert_normal(x, 0, sqrt(2.0 / M));
    ml_tensor_free(x);
}

static void fans_of_a_convolution(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    ml_tensor *x = ml_zeros(64, 3, 5, 40); /* F R S C */
    assert_int_equal(ml_init_he_uniform(x, &rng), ML_OK);
    assert_uniform(x, sqrt(6.0 / (3 * 5 * 40)));
    assert_int_equal(ml_init_xavier_normal(x, &rng), ML_OK);
    assert_normal(x, 0, sqrt(2.0 / (3 * 5 * (40 + 64))));
    assert_int_equal(ml_init_he_normal_out(x, &rng), ML_OK);
    assert_normal(x, 0, sqrt(2.0 / (3 * 5 * 64)));
    ml_tensor_free(x);
}

/* ---- orthogonal ---- */

/* The shorter side's rows or columns: length gain, at right angles. */
static void assert_orthogonal(const ml_tensor *x, double gain)
{
    int64_t m = x->shape[0], d = x->size / m, wide = m < d ? m : d, tall = m < d ? d : m;
    for (int64_t i = 0; i < wide; i++)
        for (int64_t j = 0; j < wide; j++) {
            double dot = 0;
            for (int64_t k = 0; k < tall; k++)
                dot += m < d ? (double)x->data[i * d + k] * (double)x->data[j * d + k]
                             : (double)x->data[k * d + i] * (double)x->data[k * d + j];
            assert_true(fabs(dot - (i == j ? gain * gain : 0)) < gain * gain * TOL_REAL);
        }
}

static void orthogonal(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    const int64_t shapes[][4] = {{1, 1}, {1, 7}, {7, 1}, {5, 5}, {13, 8}, {8, 13}, {64, 100}, {6, 3, 3, 2}, {32, 3, 3, 2}};
    const int ranks[] = {2, 2, 2, 2, 2, 2, 2, 4, 4};
    for (int k = 0; k < 9; k++) {
        ml_tensor *x = ml_tensor_new(ranks[k], shapes[k]);
        assert_int_equal(ml_init_orthogonal(x, &rng, 1), ML_OK);
        assert_orthogonal(x, 1);
        assert_int_equal(ml_init_orthogonal(x, &rng, sqrt(2)), ML_OK);
        assert_orthogonal(x, sqrt(2));
        ml_tensor_free(x);
    }
}

/* Of all 3x3 orthogonal matrices alike: each number has mean 0 and variance 1/3, the trace mean 0 and variance 1, and half of
 * the determinants are 1. Without the correction of signs the numbers on the diagonal would lean to one side. */
static void every_orthogonal_matrix_is_equally_likely(void **state)
{
    (void)state;
    enum { TRIES = 20000 };
    ml_rng rng = ml_rng_seed(5);
    ml_tensor *x = ml_zeros(3, 3);
    double sum[9] = {0}, squares[9] = {0}, trace = 0, traces = 0, turns = 0, five = 5 / sqrt(TRIES);
    for (int k = 0; k < TRIES; k++) {
        assert_int_equal(ml_init_orthogonal(x, &rng, 1), ML_OK);
        double q[9], det;
        for (int i = 0; i < 9; i++) {
            q[i] = (double)x->data[i];
            sum[i] += q[i] / TRIES;
            squares[i] += q[i] * q[i] / TRIES;
        }
        det = q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6]) + q[2] * (q[3] * q[7] - q[4] * q[6]);
        assert_true(fabs(fabs(det) - 1) < 1e-5);
        turns += (det > 0) / (double)TRIES;
        trace += (q[0] + q[4] + q[8]) / TRIES;
        traces += pow(q[0] + q[4] + q[8], 2) / TRIES;
    }
    for (int i = 0; i < 9; i++) {
        assert_true(fabs(sum[i]) < five * sqrt(1.0 / 3));
        assert_true(fabs(squares[i] - 1.0 / 3) < five * 0.3); /* the deviation of q^2, uniform q: sqrt(1/5 - 1/9) */
    }
    assert_true(fabs(trace) < five && fabs(traces - 1) < five * 2 && fabs(turns - 0.5) < five * 0.5);
    ml_tensor_free(x);
}

/* ---- truncated normal ---- */

static double below(double z)
{
    return erfc(-z / sqrt(2)) / 2;
}

/* Mean and deviation by the closed form, and the largest gap between the share of numbers below x and the distribution's
 * (Kolmogorov and Smirnov): 1.95 / sqrt(n) is passed once in a thousand times. */
static int compare(const void *p, const void *q)
{
    ml_real a = *(const ml_real *)p, b = *(const ml_real *)q;
    return (a > b) - (a < b);
}

static void assert_truncated(ml_tensor *x, double mean, double std, double low, double high)
{
    double a = (low - mean) / std, b = (high - mean) / std, density = 1 / sqrt(2 * acos(-1)), gap = 0;
    double at_a = isfinite(a) ? density * exp(-a * a / 2) : 0, at_b = isfinite(b) ? density * exp(-b * b / 2) : 0;
    /* The share between, from the side where it is a difference of small numbers. */
    double share = a > 0 ? below(-a) - below(-b) : below(b) - below(a), shift = (at_a - at_b) / share;
    double var = 1 + ((isfinite(a) ? a * at_a : 0) - (isfinite(b) ? b * at_b : 0)) / share - shift * shift;
    moments m = measure(x);
    double n = sqrt((double)x->size);
    assert_true(m.low >= (double)(ml_real)low && m.high <= (double)(ml_real)high);
    assert_true(fabs(m.mean - (mean + std * shift)) < 5 * std * sqrt(var) / n + 1e-6 * fabs(mean));
    assert_true(fabs(m.std / (std * sqrt(var)) - 1) < 15 / n);
    qsort(x->data, (size_t)x->size, sizeof *x->data, compare);
    for (int64_t i = 0; i < x->size; i++) {
        double z = ((double)x->data[i] - mean) / std, part = a > 0 ? below(-a) - below(-z) : below(z) - below(a);
        gap = fmax(gap, fabs(part / share - ((double)i + 0.5) / (double)x->size));
    }
    assert_true(gap < 1.95 / n);
}

static void truncated(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(6);
    ml_tensor *x = ml_zeros(M, D);
    const double cases[][4] = {
        {0, 1, -2, 2},                              /* the usual */
        {0, 0.02, -0.04, 0.04},   {3, 2, 2, 3.5},   /* narrow, around the mean and beside it */
        {0, 1, -0.1, 5},          {0, 1, -5, 0.3},  /* one side */
        {0, 1, 0.4, 3},           {0, 1, 0.6, 8},   /* the borders between the ways to draw */
        {0, 1, 2, INFINITY},      {-1, 0.5, -INFINITY, -2}, /* tails, both ways */
        {0, 1, 6, 6.1},           {0, 1, -8, -7},
        {0, 1, -INFINITY, INFINITY},
    };
    for (int k = 0; k < 12; k++) {
        const double *c = cases[k];
        assert_int_equal(ml_init_trunc_normal(x, &rng, c[0], c[1], c[2], c[3]), ML_OK);
        assert_truncated(x, c[0], c[1], c[2], c[3]);
    }
    ml_tensor_free(x);
}

/* Bounds with almost nothing between them, where a loop that only rejects would never end. */
static void truncated_far_out(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(7);
    ml_tensor *x = ml_zeros(50);
    const double cases[][2] = {{50, 51}, {-1e6, -1e6 + 1}, {1e30, INFINITY}, {-INFINITY, -1e200}, {1e200, 1e300}, {2, 2}, {0, 0}, {-3, -3}};
    for (int k = 0; k < 8; k++) {
        assert_int_equal(ml_init_trunc_normal(x, &rng, 0, 1, cases[k][0], cases[k][1]), ML_OK);
        for (int i = 0; i < 50; i++)
            assert_true(x->data[i] >= (ml_real)cases[k][0] && x->data[i] <= (ml_real)cases[k][1]);
    }
    ml_tensor_free(x);
}

static void layers_ask_for_them(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(8);
    ml_net *net = ml_net_new(&rng, ML_INPUT(6, 6, 2), ML_CONV(8, .k = 3, .init = ML_INIT_ORTHOGONAL), ML_FLATTEN(),
                             ML_DENSE(40, .init = ML_INIT_ORTHOGONAL), ML_DENSE(500, .init = ML_INIT_TRUNC_NORMAL),
                             ML_DENSE(100, .init = ML_INIT_HE_OUT));
    assert_non_null(net);
    assert_orthogonal(ml_params_find(net->params, "0.weight"), 1);
    assert_orthogonal(ml_params_find(net->params, "2.weight"), 1);
    assert_truncated(ml_params_find(net->params, "3.weight"), 0, 0.02, -0.04, 0.04);
    assert_true(ml_params_find(net->params, "2.bias")->data[3] == 0);
    assert_normal(ml_params_find(net->params, "4.weight"), 0, sqrt(2.0 / 100));
    assert_true(ml_params_find(net->params, "4.bias")->data[3] == 0);
    ml_net_free(net);
}

static void equal_seeds_equal_bits(void **state)
{
    (void)state;
    ml_rng a = ml_rng_seed(7), b = ml_rng_seed(7), c = ml_rng_seed(8);
    ml_tensor *x = ml_zeros(3, 11), *y = ml_zeros(3, 11), *z = ml_zeros(3, 11);
    for (int round = 0; round < 2; round++) { /* odd sizes: the second round begins in step too */
        ml_init_uniform(x, &a, -1, 1);
        ml_init_uniform(y, &b, -1, 1);
        ml_init_uniform(z, &c, -1, 1);
        assert_memory_equal(x->data, y->data, 33 * sizeof(ml_real));
        assert_memory_not_equal(x->data, z->data, 33 * sizeof(ml_real));
    }
    ml_init_uniform(y, &b, -1, 1);
    assert_memory_not_equal(x->data, y->data, 33 * sizeof(ml_real)); /* the generator moved on */
    ml_init_normal(x, &a, 0, 1);
    assert_memory_not_equal(x->data, y->data, 33 * sizeof(ml_real));
    b = a;
    ml_init_trunc_normal(x, &a, 0, 1, -1, 3), ml_init_trunc_normal(y, &b, 0, 1, -1, 3);
    assert_memory_equal(x->data, y->data, 33 * sizeof(ml_real));
    ml_init_orthogonal(x, &a, 1), ml_init_orthogonal(y, &b, 1);
    assert_memory_equal(x->data, y->data, 33 * sizeof(ml_real));
    ml_tensor_free(x);
    ml_tensor_free(y);
    ml_tensor_free(z);
}

static void the_first_draws_are_the_generators_own(void **state)
{
    (void)state;
    ml_rng a = ml_rng_seed(9), b = ml_rng_seed(9);
    ml_tensor *x = ml_zeros(1, 4);
    ml_init_uniform(x, &a, 0, 1);
    for (int i = 0; i < 4; i++)
        assert_true(x->data[i] == (ml_real)ml_rng_uniform(&b));
    assert_true(a.counter == b.counter);
    ml_tensor_free(x);
}

static void bad_arguments(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_tensor *x = ml_zeros(10), *empty = ml_zeros(0, 4);
    assert_int_equal(ml_init_he_normal(x, &rng), ML_EINVAL);
    assert_string_equal(ml_error(), "init: fans want an (M,D) or (F,R,S,C) weight, this is 10");
    assert_int_equal(ml_init_xavier_uniform(NULL, &rng), ML_EINVAL);
    assert_int_equal(ml_init_uniform(x, &rng, 2, 1), ML_EINVAL);
    assert_string_equal(ml_error(), "init: uniform on 2 .. 1 is no range");
    assert_int_equal(ml_init_uniform(x, NULL, 0, 1), ML_EINVAL);
    assert_int_equal(ml_init_normal(x, &rng, 0, -1), ML_EINVAL);
    assert_int_equal(ml_init_normal(x, &rng, NAN, 1), ML_EINVAL);
    assert_int_equal(ml_init_constant(NULL, 1), ML_EINVAL);
    assert_int_equal(ml_init_he_normal(empty, &rng), ML_OK);
    assert_int_equal(ml_init_orthogonal(empty, &rng, 1), ML_OK);
    assert_int_equal(ml_init_orthogonal(x, &rng, 1), ML_EINVAL);
    assert_string_equal(ml_error(), "init: orthogonal wants an (M,D) or (F,R,S,C) weight, this is 10");
    assert_int_equal(ml_init_orthogonal(empty, &rng, NAN), ML_EINVAL);
    assert_int_equal(ml_init_orthogonal(NULL, &rng, 1), ML_EINVAL);
    assert_int_equal(ml_init_trunc_normal(x, &rng, 0, 1, 2, 1), ML_EINVAL);
    assert_string_equal(ml_error(), "init: normal of mean 0 and standard deviation 1, between 2 and 1");
    const double bad[][4] = {{NAN, 1, 0, 1}, {0, 0, 0, 1}, {0, -1, 0, 1}, {0, INFINITY, 0, 1}, {0, 1, NAN, 1}, {0, 1, 0, NAN},
                             {0, 1, INFINITY, INFINITY}, {0, 1, -INFINITY, -INFINITY}, {0, 1e-300, 1e200, 1e201}};
    for (int k = 0; k < 9; k++)
        assert_int_equal(ml_init_trunc_normal(x, &rng, bad[k][0], bad[k][1], bad[k][2], bad[k][3]), ML_EINVAL);
    assert_int_equal(ml_init_trunc_normal(NULL, &rng, 0, 1, 0, 1), ML_EINVAL);
    ml_tensor_free(x);
    ml_tensor_free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_and_plain_ranges), cmocka_unit_test(xavier_and_he),
        cmocka_unit_test(orthogonal), cmocka_unit_test(every_orthogonal_matrix_is_equally_likely),
        cmocka_unit_test(truncated), cmocka_unit_test(truncated_far_out), cmocka_unit_test(layers_ask_for_them),
        cmocka_unit_test(fans_of_a_convolution),     cmocka_unit_test(equal_seeds_equal_bits),
        cmocka_unit_test(the_first_draws_are_the_generators_own), cmocka_unit_test(bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
