/* Initial values: bounds, moments over 60,000 draws, equal seeds give equal bits. */
#include "support/check.h"

#include <math.h>
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
    ml_tensor_free(x);
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
    ml_tensor_free(x);
    ml_tensor_free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_and_plain_ranges), cmocka_unit_test(xavier_and_he),
        cmocka_unit_test(fans_of_a_convolution),     cmocka_unit_test(equal_seeds_equal_bits),
        cmocka_unit_test(the_first_draws_are_the_generators_own), cmocka_unit_test(bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
