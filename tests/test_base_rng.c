/* Random numbers: the published answers of Philox4x32-10, and what uniform, normal, below, shuffle and split promise. */
#include "base/base.h"
#include "support/check.h"

#include <math.h>
#include <stdlib.h>

static void expect(uint64_t key, uint64_t hi, uint64_t lo, const uint32_t answer[4])
{
    uint32_t out[4];
    mli_philox(key, hi, lo, out);
    for (int i = 0; i < 4; i++)
        assert_int_equal(out[i], answer[i]);
}

/* kat_vectors of Random123 (Salmon et al. 2011), lines "philox4x32 10". */
static void known_answers(void **state)
{
    (void)state;
    expect(0, 0, 0, (uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    expect(UINT64_MAX, UINT64_MAX, UINT64_MAX, (uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    expect(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88,
           (uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

/* The k-th draw is a function of seed, stream and k: what resuming relies on. */
static void a_draw_is_a_function_of_its_counter(void **state)
{
    (void)state;
    ml_rng a = ml_rng_seed(7);
    uint32_t drawn[23];
    for (int i = 0; i < 23; i++)
        drawn[i] = ml_rng_u32(&a);
    assert_int_equal(a.counter, 23);
    for (int i = 22; i >= 0; i--) {
        ml_rng b = {.seed = 7, .stream = 0, .counter = (uint64_t)i};
        assert_int_equal(ml_rng_u32(&b), drawn[i]);
    }
    uint32_t first[4];
    mli_philox(7, 0, 0, first);
    assert_int_equal(drawn[3], first[3]);
}

static void uniform_moments(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    enum { N = 200000 };
    double sum = 0, squares = 0, low = 1, high = 0;
    for (int i = 0; i < N; i++) {
        double u = ml_rng_uniform(&rng);
        sum += u, squares += u * u;
        low = fmin(low, u), high = fmax(high, u);
    }
    double mean = sum / N, variance = squares / N - mean * mean;
    assert_true(low >= 0 && high < 1);
    assert_true(low < 1e-3 && high > 1 - 1e-3);
    assert_true(fabs(mean - 0.5) < 4 * sqrt(1.0 / 12 / N)); /* four standard errors */
    assert_true(fabs(variance - 1.0 / 12) < 5e-4);
}

static void normal_moments(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    enum { N = 200000 };
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    int beyond = 0;
    for (int i = 0; i < N; i++) {
        double z = ml_rng_normal(&rng);
        assert_true(isfinite(z));
        m1 += z, m2 += z * z, m3 += z * z * z, m4 += z * z * z * z;
        beyond += fabs(z) > 1.959963985;
    }
    assert_true(fabs(m1 / N) < 4 / sqrt(N));
    assert_true(fabs(m2 / N - 1) < 4 * sqrt(2.0 / N));
    assert_true(fabs(m3 / N) < 4 * sqrt(15.0 / N));
    assert_true(fabs(m4 / N - 3) < 4 * sqrt(96.0 / N));
    assert_true(fabs((double)beyond / N - 0.05) < 4 * sqrt(0.05 * 0.95 / N));
}

static void below_has_no_bias(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    enum { N = 70000 };
    int counts[7] = {0};
    for (int i = 0; i < N; i++) {
        int64_t k = ml_rng_below(&rng, 7);
        assert_true(k >= 0 && k < 7);
        counts[k]++;
    }
    double chi2 = 0;
    for (int k = 0; k < 7; k++)
        chi2 += (counts[k] - N / 7.0) * (counts[k] - N / 7.0) / (N / 7.0);
    assert_true(chi2 < 22.46); /* six degrees of freedom, one in a thousand */

    /* A naive x % n over 64 bits would give the lower half of 3 * 2^61 half as often again as the upper. */
    int64_t n = (int64_t)3 << 61;
    int lower = 0;
    for (int i = 0; i < N; i++)
        lower += ml_rng_below(&rng, n) < n / 2;
    assert_true(fabs((double)lower / N - 0.5) < 4 * sqrt(0.25 / N));

    assert_int_equal(ml_rng_below(&rng, 1), 0);
    assert_int_equal(ml_rng_below(&rng, 0), 0);
    assert_int_equal(ml_rng_below(&rng, -5), 0);
}

static void shuffle_permutes(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    int64_t v[100];
    for (int i = 0; i < 100; i++)
        v[i] = i;
    ml_rng_shuffle(&rng, v, 100);
    int seen[100] = {0}, moved = 0;
    for (int i = 0; i < 100; i++) {
        seen[v[i]]++;
        moved += v[i] != i;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 80);
    ml_rng_shuffle(&rng, v, 0);
    ml_rng_shuffle(&rng, v, 1);

    /* All six orders of three, equally often. */
    enum { N = 60000 };
    int orders[27] = {0};
    for (int i = 0; i < N; i++) {
        int64_t w[3] = {0, 1, 2};
        ml_rng_shuffle(&rng, w, 3);
        orders[w[0] * 9 + w[1] * 3 + w[2]]++;
    }
    double chi2 = 0;
    int kinds = 0;
    for (int k = 0; k < 27; k++)
        if (orders[k])
            kinds++, chi2 += (orders[k] - N / 6.0) * (orders[k] - N / 6.0) / (N / 6.0);
    assert_int_equal(kinds, 6);
    assert_true(chi2 < 20.52); /* five degrees of freedom, one in a thousand */
}

static void split_streams_are_independent(void **state)
{
    (void)state;
    ml_rng root = ml_rng_seed(5);
    enum { N = 50000 };
    /* Neighbouring streams, swapped arguments, a split of a split, and the root itself: no correlation. */
    ml_rng s[] = {root, ml_rng_split(root, 0, 0), ml_rng_split(root, 0, 1), ml_rng_split(root, 1, 0),
                  ml_rng_split(ml_rng_split(root, 0, 1), 0, 1), ml_rng_seed(6)};
    enum { S = sizeof s / sizeof *s };
    double *u = malloc(sizeof *u * S * N);
    for (int k = 0; k < (int)S; k++)
        for (int i = 0; i < N; i++)
            u[k * N + i] = ml_rng_uniform(&s[k]) - 0.5;
    for (int a = 0; a < (int)S; a++) {
        for (int b = a + 1; b < (int)S; b++) {
            double sum = 0;
            for (int i = 0; i < N; i++)
                sum += u[a * N + i] * u[b * N + i];
            assert_true(fabs(12 * sum / N) < 4.5 / sqrt(N));
        }
    }
    free(u);
    /* The same arguments give the same stream, whatever was drawn in between. */
    ml_rng again = root;
    ml_rng_u32(&again);
    assert_int_equal(ml_rng_split(again, 3, 9).stream, ml_rng_split(root, 3, 9).stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),     cmocka_unit_test(a_draw_is_a_function_of_its_counter),
        cmocka_unit_test(uniform_moments),   cmocka_unit_test(normal_moments),
        cmocka_unit_test(below_has_no_bias), cmocka_unit_test(shuffle_permutes),
        cmocka_unit_test(split_streams_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
