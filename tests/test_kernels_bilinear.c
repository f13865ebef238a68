/* test_kernels_bilinear.c -- bilinear resizing: the fast body against the definition, places in whole numbers, threads. */
#include "support/check.h"

#include "kernels/bilinear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t SHAPES[][6] = {/* N, C, H, P, W, Q */
                                    {1, 1, 1, 1, 1, 1},    {2, 3, 4, 8, 5, 10},   {1, 16, 7, 14, 7, 14}, {2, 17, 5, 3, 11, 4},
                                    {1, 33, 3, 3, 2, 9},   {3, 5, 1, 6, 6, 1},    {1, 2, 13, 1, 1, 13},  {2, 20, 9, 10, 10, 9},
                                    {0, 4, 3, 6, 3, 6},    {1, 0, 3, 6, 3, 6},    {1, 1, 31, 7, 2, 50},  {4, 6, 2, 16, 2, 16},
                                    {1, 7, 40, 2, 50, 3},  {2, 1, 6, 6, 6, 6},    {1, 64, 2, 5, 3, 7},   {1, 4, 2, 300, 3, 2}};
enum { N_SHAPES = sizeof SHAPES / sizeof SHAPES[0] };

static mlk_bilinear shape_of(const int64_t *s, bool align)
{
    return (mlk_bilinear){.n = s[0], .c = s[1], .h = mlk_bilinear_axis_of(s[2], s[3], align),
                          .w = mlk_bilinear_axis_of(s[4], s[5], align)};
}

/* n numbers at an address that no vector would choose, with one to watch on either side. */
enum { WATCH = 12345 };
static ml_real *run_of(ml_rng *rng, int64_t n)
{
    ml_real *x = malloc((size_t)(n + 2) * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i + 1] = (ml_real)(6 * ml_rng_uniform(rng) - 3);
    x[0] = x[n + 1] = WATCH;
    return x + 1;
}

static void run_free(ml_real *x, int64_t n)
{
    assert_true(x[-1] == WATCH && x[n] == WATCH);
    free(x - 1);
}

static ml_real *copy_of(const ml_real *x, int64_t n)
{
    ml_real *copy = malloc((size_t)(n + 2) * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, x - 1, (size_t)(n + 2) * sizeof *copy);
    return copy + 1;
}

static double dot(const ml_real *a, const ml_real *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* NaN and infinities here and there, not where the corner of the image hides them. */
static void make_hard(ml_real *x, int64_t n)
{
    for (int64_t i = 1; i < n; i += 7)
        x[i] = (ml_real)(i % 2 ? NAN : i % 3 ? INFINITY : -INFINITY);
}

static void check_shape(const mlk_bilinear *s, bool hard, ml_rng *rng)
{
    int64_t in = s->n * s->h.in * s->w.in * s->c, out = s->n * s->h.out * s->w.out * s->c;
    ml_real *x = run_of(rng, in), *dy = run_of(rng, out), *a = run_of(rng, out), *b = run_of(rng, out);
    if (hard)
        make_hard(x, in), make_hard(dy, out);
    mlk_bilinear_ref(a, x, s);
    mlk_bilinear_forward(b, x, s);
    assert_reals_close(b, a, out, TOL_REAL, TOL_REAL);
    for (int add = 0; add < 2; add++) {
        ml_real *da = run_of(rng, in), *db = copy_of(da, in);
        mlk_bilinear_backward_ref(da, add, dy, s);
        mlk_bilinear_backward(db, add, dy, s);
        assert_reals_close(db, da, in, TOL_REAL, 10 * TOL_REAL);
        if (!add && !hard) /* a linear map and its adjoint: <A x, dy> = <x, A^T dy> */
            assert_true(fabs(dot(b, dy, out) - dot(x, db, in)) <= TOL_REAL * (double)(1 + in + out));
        run_free(da, in), run_free(db, in);
    }
    run_free(x, in), run_free(dy, out), run_free(a, out), run_free(b, out);
}

static void it_equals_the_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int c = 0; c < N_SHAPES; c++)
        for (int k = 0; k < 4; k++) {
            mlk_bilinear s = shape_of(SHAPES[c], k & 1);
            check_shape(&s, k & 2, &rng);
        }
}

/* What every interpolation must do, whoever wrote it: a constant stays, a slope stays a slope where nothing is cut off, and
 * each gradient is shared out whole. */
static void constants_slopes_and_sums(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    for (int c = 0; c < N_SHAPES; c++)
        for (int align = 0; align < 2; align++) {
            mlk_bilinear s = shape_of(SHAPES[c], align);
            int64_t in = s.n * s.h.in * s.w.in * s.c, out = s.n * s.h.out * s.w.out * s.c;
            ml_real *x = run_of(&rng, in), *y = run_of(&rng, out), *dx = run_of(&rng, in);
            double given = 0, got = 0;
            for (int64_t i = 0; i < in; i++)
                x[i] = (ml_real)(i / s.c % s.w.in - 2 * (i / s.c / s.w.in % s.h.in)); /* w - 2 h */
            mlk_bilinear_forward(y, x, &s);
            for (int64_t i = 0; i < out; i++) {
                double w = (double)(i / s.c % s.w.out), h = (double)(i / s.c / s.w.out % s.h.out);
                double u = align ? (s.h.out > 1 ? h * (double)(s.h.in - 1) / (double)(s.h.out - 1) : 0)
                                 : (h + 0.5) * (double)s.h.in / (double)s.h.out - 0.5;
                double v = align ? (s.w.out > 1 ? w * (double)(s.w.in - 1) / (double)(s.w.out - 1) : 0)
                                 : (w + 0.5) * (double)s.w.in / (double)s.w.out - 0.5;
                u = fmin(fmax(u, 0), (double)(s.h.in - 1)), v = fmin(fmax(v, 0), (double)(s.w.in - 1));
                assert_true(fabs((double)y[i] - (v - 2 * u)) <= 10 * TOL_REAL * (1 + fabs(v) + fabs(u)));
            }
            mlk_bilinear_backward(dx, false, y, &s);
            for (int64_t i = 0; i < out; i++)
                given += (double)y[i];
            for (int64_t i = 0; i < in; i++)
                got += (double)dx[i];
            assert_true(fabs(given - got) <= TOL_REAL * (double)(1 + out) * 100);
            run_free(x, in), run_free(y, out), run_free(dx, in);
        }
}

/* The largest images there may be: places that no product takes out of range. One number at each corner is enough. */
static void the_largest_axes(void **state)
{
    (void)state;
    const int64_t most = INT32_MAX;
    for (int align = 0; align < 2; align++) {
        mlk_bilinear_axis down = mlk_bilinear_axis_of(most, most - 1, align), up = mlk_bilinear_axis_of(most - 1, most, align);
        assert_in_range((down.start + (most - 2) * down.step) / down.unit, most - 2, most - 1);
        assert_in_range((up.start + (most - 1) * up.step) / up.unit, most - 3, most - 2);
    }
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    static const int64_t large[][6] = {{1, 20, 40, 80, 41, 80}, {3, 3, 60, 90, 64, 40}, {8, 64, 7, 14, 7, 14}};
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(3);
    for (int c = 0; c < 6; c++) {
        mlk_bilinear s = shape_of(large[c / 2], c % 2);
        int64_t in = s.n * s.h.in * s.w.in * s.c, out = s.n * s.h.out * s.w.out * s.c;
        ml_real *x = run_of(&rng, in), *dy = run_of(&rng, out), *one = run_of(&rng, in + out), *many = copy_of(one, in + out);
        for (int k = 1; k <= 4; k *= 2) {
            ml_real *to = k == 1 ? one : many;
            assert_int_equal(ml_set_threads(k), ML_OK);
            mlk_bilinear_forward(to, x, &s);
            mlk_bilinear_backward(to + out, false, dy, &s);
            if (k > 1)
                assert_memory_equal(many, one, (size_t)(in + out) * sizeof *one);
        }
        run_free(x, in), run_free(dy, out), run_free(one, in + out), run_free(many, in + out);
    }
    ml_set_threads(threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_equals_the_definition),
        cmocka_unit_test(constants_slopes_and_sums),
        cmocka_unit_test(the_largest_axes),
        cmocka_unit_test(same_bits_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
