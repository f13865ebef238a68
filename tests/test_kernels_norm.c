/* test_kernels_norm.c -- batch, layer and group normalization: the fast bodies against the definitions. */
#include "support/check.h"

#include "kernels/batch_norm.h"
#include "kernels/group_norm.h"
#include "kernels/layer_norm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* n numbers in low .. high, beginning one past the alignment of malloc; freed by free(p - 1). */
static ml_real *numbers(ml_rng *rng, int64_t n, double low, double high)
{
    ml_real *p = malloc((size_t)(n + 1) * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i <= n; i++)
        p[i] = (ml_real)(low + (high - low) * ml_rng_uniform(rng));
    return p + 1;
}

static double *doubles(int64_t n)
{
    double *p = malloc((size_t)(n + 1) * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i < n; i++)
        p[i] = 0;
    return p;
}

/* rows, columns; the last N_LARGE make several chunks of rows */
static const int64_t SIZES[][2] = {
    {1, 1},     {1, 5},     {2, 1},     {2, 3},      {2, 33},    {7, 1},     {7, 16},
    {7, 33},    {0, 3},     {4, 0},     {17, 7},     {65, 8},    {129, 63},  {63, 64},
    {31, 257},  {3, 1031},  {1000, 1},  {1000, 16},  {1000, 33}, {20000, 1}, {40000, 3},
    {70001, 2}, {2400, 31}, {120, 700}, {1101, 128},
};
enum { N_SIZES = (int)(sizeof SIZES / sizeof SIZES[0]), N_LARGE = 5 };

/* Everything that a norm reads and writes. */
typedef struct setup {
    int64_t rows, n, size;
    ml_real *x, *dy, *gamma, *beta, *y, *dx, *dgamma, *dbeta;
    double *mean, *scale;
    void *work;
} setup;

static setup setup_new(int64_t rows, int64_t n, uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    setup s = {.rows = rows, .n = n, .size = rows * n};
    int64_t count = rows + n + s.size; /* as many groups as there are numbers, at most */
    size_t batch = mlk_batch_norm_work(rows, n), layer = mlk_layer_norm_work(rows, n),
           group = mlk_group_norm_work(rows, n);
    s.x = numbers(&rng, s.size, -1, 3);
    s.dy = numbers(&rng, s.size, -1, 1.5);
    s.gamma = numbers(&rng, n, 0.5, 2);
    s.beta = numbers(&rng, n, -1, 1);
    s.y = numbers(&rng, s.size, NAN, NAN);
    s.dx = numbers(&rng, s.size, -1, 1);
    s.dgamma = numbers(&rng, n, -1, 1);
    s.dbeta = numbers(&rng, n, -1, 1);
    s.mean = doubles(count);
    s.scale = doubles(count);
    s.work = malloc(batch + layer + group + 1);
    assert_non_null(s.work);
    return s;
}

static void setup_free(setup *s)
{
    ml_real *all[] = {s->x, s->dy, s->gamma, s->beta, s->y, s->dx, s->dgamma, s->dbeta};
    for (int i = 0; i < 8; i++)
        free(all[i] - 1);
    free(s->mean);
    free(s->scale);
    free(s->work);
}

/* What is asked of a norm: one bit each. */
enum {
    REF = 1,
    ADD = 2,
    CONSTANT = 4,
    NO_GAMMA = 8,
    NO_BETA = 16,
    ONLY_DX = 32,
    NO_DX = 64,
    LAYER = 128,
    GROUP = 256
};

/* Samples that share the rows evenly, and groups that share the columns. */
static int64_t samples_of(int64_t rows)
{
    static const int64_t TRIES[] = {50, 20, 7, 3};
    for (int i = 0; i < 4 && rows > 0; i++)
        if (rows % TRIES[i] == 0)
            return TRIES[i];
    return rows > 0 ? 1 : 0;
}

static int64_t groups_of(int64_t n)
{
    return n % 3 == 0 ? 3 : n % 2 == 0 ? n / 2 : 1;
}

static void batch_moments(setup *s, bool ref)
{
    if (s->rows == 0)
        return;
    if (ref)
        mlk_batch_norm_moments_ref(s->mean, s->scale, s->x, s->rows, s->n);
    else
        mlk_batch_norm_moments(s->mean, s->scale, s->x, s->rows, s->n, s->work);
    mlk_batch_norm_scale(s->scale, s->n, 1e-3);
}

static void run(setup *s, int what)
{
    mlk_norm n = {.rows = s->rows,
                  .n = s->n,
                  .mean = s->mean,
                  .scale = s->scale,
                  .constant = what & CONSTANT,
                  .samples = samples_of(s->rows),
                  .groups = groups_of(s->n)};
    n.gamma = what & NO_GAMMA ? NULL : s->gamma;
    n.beta = what & NO_BETA ? NULL : s->beta;
    mlk_norm_grads g = {s->dx, s->dgamma, s->dbeta, what & ADD, what & ADD, what & ADD};
    if (what & ONLY_DX)
        g.dgamma = g.dbeta = NULL;
    if (what & NO_DX)
        g.dx = NULL;
    if (!(what & (LAYER | GROUP)))
        batch_moments(s, what & REF);
    switch (what & (LAYER | GROUP | REF)) {
    case 0:
        mlk_batch_norm_forward(s->y, s->x, &n, s->work);
        mlk_batch_norm_backward(&g, s->dy, s->x, &n, s->work);
        break;
    case REF:
        mlk_batch_norm_ref(s->y, s->x, &n);
        mlk_batch_norm_backward_ref(&g, s->dy, s->x, &n);
        break;
    case LAYER:
        mlk_layer_norm_forward(s->y, s->x, &n, 1e-3, s->work);
        mlk_layer_norm_backward(&g, s->dy, s->x, &n, s->work);
        break;
    case GROUP:
        mlk_group_norm_forward(s->y, s->x, &n, 1e-3, s->work);
        mlk_group_norm_backward(&g, s->dy, s->x, &n, s->work);
        break;
    case GROUP | REF:
        mlk_group_norm_ref(s->y, s->x, &n, 1e-3);
        mlk_group_norm_backward_ref(&g, s->dy, s->x, &n);
        break;
    default:
        mlk_layer_norm_ref(s->y, s->x, &n, 1e-3);
        mlk_layer_norm_backward_ref(&g, s->dy, s->x, &n);
    }
}

/* A scale by which to judge sums: the largest |v|, 1 at least. */
static double largest(const ml_real *v, int64_t n)
{
    double most = 1;
    for (int64_t i = 0; i < n; i++) /* not by fmax: gcc 12 for arm64 stops at an internal error of its own there */
        most = fabs((double)v[i]) > most ? fabs((double)v[i]) : most;
    return most;
}

static void assert_agree(const setup *fast, const setup *ref, double tol)
{
    double sums = tol * (1 + (double)ref->rows / 100); /* of many terms near 1, which may cancel */
    assert_reals_close(fast->y, ref->y, ref->size, tol, tol);
    assert_reals_close(fast->dx, ref->dx, ref->size, tol, tol * largest(ref->dx, ref->size));
    assert_reals_close(fast->dgamma, ref->dgamma, ref->n, tol, sums);
    assert_reals_close(fast->dbeta, ref->dbeta, ref->n, tol, sums);
}

static void check_sizes(int kind, const int *choices, int n_choices)
{
    for (int i = 0; i < N_SIZES; i++)
        for (int k = 0; k < (i < N_SIZES - N_LARGE ? n_choices : 2); k++) {
            setup fast = setup_new(SIZES[i][0], SIZES[i][1], 7),
                  ref = setup_new(SIZES[i][0], SIZES[i][1], 7);
            run(&fast, kind | choices[k]);
            run(&ref, kind | choices[k] | REF);
            assert_agree(&fast, &ref, TOL_REAL);
            setup_free(&fast);
            setup_free(&ref);
        }
}

static void batch_norm_agrees(void **state)
{
    (void)state;
    static const int CHOICES[] = {0,
                                  ADD,
                                  CONSTANT,
                                  CONSTANT | ADD,
                                  NO_GAMMA,
                                  NO_BETA,
                                  NO_DX,
                                  CONSTANT | NO_DX,
                                  CONSTANT | ONLY_DX,
                                  NO_GAMMA | NO_BETA | ADD,
                                  ONLY_DX | NO_GAMMA};
    check_sizes(0, CHOICES, sizeof CHOICES / sizeof CHOICES[0]);
}

static void layer_and_group_norm_agree(void **state)
{
    (void)state;
    static const int CHOICES[] = {
        0, ADD, NO_GAMMA, NO_BETA, NO_DX, ONLY_DX, NO_GAMMA | NO_BETA | ADD};
    check_sizes(LAYER, CHOICES, sizeof CHOICES / sizeof CHOICES[0]);
    check_sizes(GROUP, CHOICES, sizeof CHOICES / sizeof CHOICES[0]);
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    int threads = ml_threads();
    for (int kind = 0; kind <= GROUP; kind += LAYER)
        for (int i = N_SIZES - N_LARGE; i < N_SIZES; i++) {
            assert_int_equal(ml_set_threads(1), ML_OK);
            setup one = setup_new(SIZES[i][0], SIZES[i][1], 8);
            run(&one, kind | ADD);
            for (int t = 2; t <= 4; t += 2) {
                assert_int_equal(ml_set_threads(t), ML_OK);
                setup many = setup_new(SIZES[i][0], SIZES[i][1], 8);
                run(&many, kind | ADD);
                int64_t count = kind == GROUP   ? samples_of(one.rows) * groups_of(one.n)
                                : kind == LAYER ? one.rows
                                                : one.n;
                assert_memory_equal(one.y, many.y, (size_t)one.size * sizeof(ml_real));
                assert_memory_equal(one.dx, many.dx, (size_t)one.size * sizeof(ml_real));
                assert_memory_equal(one.dgamma, many.dgamma, (size_t)one.n * sizeof(ml_real));
                assert_memory_equal(one.dbeta, many.dbeta, (size_t)one.n * sizeof(ml_real));
                assert_memory_equal(one.mean, many.mean, (size_t)count * sizeof(double));
                assert_memory_equal(one.scale, many.scale, (size_t)count * sizeof(double));
                setup_free(&many);
            }
            setup_free(&one);
        }
    ml_set_threads(threads);
}

/* ---- hard numbers ---- */

static void assert_near(double a, double b, double rtol)
{
    if (!(fabs(a - b) <= rtol * fabs(b)))
        fail_msg("%.12g, expected %.12g", a, b);
}

/* Around 10,000 neighbouring floats are 0.001 apart: as far as x was kept, so is y. */
static void a_large_mean_leaves_the_digits(void **state)
{
    (void)state;
    for (int kind = 0; kind <= GROUP; kind += LAYER)
        for (double noise = 100; noise > 0.003; noise /= 10) {
            setup fast = setup_new(1000, 33, 9), ref = setup_new(1000, 33, 9);
            for (int64_t i = 0; i < fast.size; i++)
                fast.x[i] = ref.x[i] = (ml_real)(1e4 + noise * (double)fast.x[i]);
            run(&fast, kind);
            run(&ref, kind | REF);
            assert_agree(
                &fast, &ref,
                fmax(TOL_REAL,
                     1e-6)); /* the plain sum of the definition loses digits here, in double too */
            setup_free(&fast);
            setup_free(&ref);
        }
}

/* One number far from all others, which are equal: the sums must not be taken around it. */
static void an_outlier_does_not_spoil_the_variance(void **state)
{
    (void)state;
    enum { R = 30000, C = 3 };
    setup s = setup_new(R, C, 10);
    double mean[C], var[C];
    const int64_t places[] = {0, 1, R / 64, R - 1};
    for (int k = 0; k < 4; k++) {
        for (int64_t i = 0; i < s.size; i++)
            s.x[i] = (ml_real)0.1;
        for (int64_t c = 0; c < C; c++)
            s.x[places[k] * C + c] = 1000;
        mlk_batch_norm_moments_ref(mean, var, s.x, R, C);
        mlk_batch_norm_moments(s.mean, s.scale, s.x, R, C, s.work);
        for (int64_t c = 0; c < C; c++) {
            assert_near(s.mean[c], mean[c], 1e-4);
            assert_near(s.scale[c], var[c], 1e-5);
        }
    }
    setup_free(&s);
}

static void equal_numbers_have_no_variance(void **state)
{
    (void)state;
    setup s = setup_new(1000, 7, 11);
    for (int64_t i = 0; i < s.size; i++)
        s.x[i] = (ml_real)0.3;
    mlk_batch_norm_moments(s.mean, s.scale, s.x, s.rows, s.n, s.work);
    for (int64_t c = 0; c < s.n; c++)
        assert_true(s.mean[c] == (double)(ml_real)0.3 && s.scale[c] == 0);
    run(&s, 0);
    assert_reals_close(s.y, s.beta, s.n, 0, 0);
    setup_free(&s);
}

static int64_t count_nan(const ml_real *v, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += isnan((double)v[i]);
    return count;
}

/* In a batch it takes the channel along, in a layer its row, in a group 10 pixels of 2 channels; with constant statistics
 * nobody. */
static void nan_passes(void **state)
{
    (void)state;
    enum { R = 500, C = 20 };
    static const int KINDS[] = {0, LAYER, GROUP, CONSTANT};
    static const int64_t HIT[] = {R, C, R / 50 * 2, 1}, CHANNELS[] = {1, C, 2, 1};
    for (int k = 0; k < 8; k++) {
        int what = KINDS[k / 2];
        setup s = setup_new(R, C, 12);
        if (what & CONSTANT) { /* statistics of the sound x */
            batch_moments(&s, false);
            mlk_norm n = {.rows = R, .n = C, .mean = s.mean, .scale = s.scale, .gamma = s.gamma, .beta = s.beta, .constant = true};
            s.x[123 * C + 5] = (ml_real)NAN;
            mlk_batch_norm_forward(s.y, s.x, &n, s.work);
            mlk_batch_norm_backward(&(mlk_norm_grads){.dx = s.dx, .dgamma = s.dgamma}, s.dy, s.x,
                                    &n, s.work);
        } else {
            s.x[123 * C + 5] = (ml_real)NAN;
            run(&s, what | (k % 2 ? REF : 0));
        }
        assert_int_equal(count_nan(s.y, s.size), HIT[k / 2]);
        assert_true(isnan((double)s.y[123 * C + 5]));
        assert_int_equal(count_nan(s.dx, s.size), what & CONSTANT ? 0 : HIT[k / 2]);
        assert_int_equal(count_nan(s.dgamma, C), CHANNELS[k / 2]);
        assert_int_equal(count_nan(s.dbeta, C), 0);
        setup_free(&s);
    }
}

/* As each kernel's head says: a constant added to x changes nothing, nor a factor when eps is 0. */
static void gradients_stand_upright(void **state)
{
    (void)state;
    enum { R = 200, C = 16 };
    double tol = sizeof(ml_real) == 8 ? 1e-12 : 1e-5;
    setup s = setup_new(R, C, 13);
    mlk_norm n = {.rows = R, .n = C, .mean = s.mean, .scale = s.scale, .gamma = s.gamma, .beta = s.beta};
    mlk_batch_norm_moments(s.mean, s.scale, s.x, R, C, s.work);
    mlk_batch_norm_scale(s.scale, C, 0);
    mlk_batch_norm_backward(&(mlk_norm_grads){.dx = s.dx}, s.dy, s.x, &n, s.work);
    for (int64_t c = 0; c < C; c++) {
        double sum = 0, dot = 0;
        for (int64_t r = 0; r < R; r++) {
            sum += (double)s.dx[r * C + c];
            dot += (double)s.dx[r * C + c] * (double)s.x[r * C + c];
        }
        assert_true(fabs(sum) < tol * R && fabs(dot) < tol * R);
    }
    run(&s, LAYER);
    for (int64_t r = 0; r < R; r++) {
        double sum = 0;
        for (int64_t d = 0; d < C; d++)
            sum += (double)s.dx[r * C + d];
        assert_true(fabs(sum) < tol * C);
    }
    setup_free(&s);
}

static void running_statistics_follow(void **state)
{
    (void)state;
    ml_real running[3] = {1, 2, -4};
    mlk_batch_norm_track(running, (double[]){3, 2, 0}, 3, 0.25, 2);
    assert_reals_close(running, (ml_real[]){(ml_real)2.25, (ml_real)2.5, -3}, 3, 0, 0);
    mlk_batch_norm_track(running, (double[]){3, 2, 0}, 3, 0, 1);
    assert_reals_close(running, (ml_real[]){(ml_real)2.25, (ml_real)2.5, -3}, 3, 0, 0);
    mlk_batch_norm_track(running, (double[]){3, 2, 0}, 3, 1, 1);
    assert_reals_close(running, (ml_real[]){3, 2, 0}, 3, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_norm_agrees),
        cmocka_unit_test(layer_and_group_norm_agree),
        cmocka_unit_test(same_bits_on_any_number_of_threads),
        cmocka_unit_test(a_large_mean_leaves_the_digits),
        cmocka_unit_test(an_outlier_does_not_spoil_the_variance),
        cmocka_unit_test(equal_numbers_have_no_variance),
        cmocka_unit_test(nan_passes),
        cmocka_unit_test(gradients_stand_upright),
        cmocka_unit_test(running_statistics_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
