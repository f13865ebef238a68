/* test_kernels_pool2d.c -- pooling and upsampling: the fast bodies against the definitions, on any number of threads. */
#include "support/check.h"

#include "kernels/pool2d.h"
#include "kernels/upsample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* N, C, then along H and W: in, k (0: adaptive, and then stride is the number of windows), stride, pad */
typedef struct shape {
    int64_t n, c, h, k, stride, pad, w, k_w, stride_w, pad_w;
    bool ceil_mode;
} shape;

static const shape SHAPES[] = {
    {1, 1, 1, 1, 1, 0, 1, 1, 1, 0, false},    {1, 32, 4, 2, 2, 0, 6, 2, 2, 0, false},
    {2, 16, 8, 2, 2, 0, 8, 2, 2, 0, false},   {3, 6, 7, 2, 2, 0, 5, 2, 2, 0, false},
    {3, 6, 7, 2, 2, 0, 5, 2, 2, 0, true},     {2, 33, 6, 2, 2, 0, 4, 2, 2, 0, false},
    {2, 20, 9, 3, 2, 1, 11, 3, 2, 1, false},  {2, 17, 9, 3, 2, 1, 10, 3, 2, 1, true},
    {1, 5, 13, 5, 1, 2, 7, 5, 1, 2, false},   {2, 3, 10, 3, 3, 1, 9, 3, 3, 1, false},
    {1, 19, 9, 4, 4, 0, 8, 4, 4, 0, false},   {2, 7, 11, 1, 3, 0, 7, 2, 1, 1, false},
    {1, 2, 5, 2, 5, 1, 17, 3, 4, 0, true},    {1, 18, 20, 17, 1, 8, 19, 17, 1, 8, false},
    {2, 1, 40, 40, 1, 0, 40, 40, 1, 0, false}, {1, 3, 300, 257, 40, 9, 2, 1, 1, 0, true},
    {1, 4, 600, 400, 300, 200, 2, 2, 1, 0, true}, {2, 9, 3, 7, 7, 3, 1, 2, 1, 1, true},
    {2, 3, 2, 3, 2, 0, 2, 3, 2, 0, true},     {0, 4, 6, 2, 2, 0, 6, 2, 2, 0, false},
    {2, 0, 6, 2, 2, 0, 6, 2, 2, 0, false},
    {1, 8, 1, 2147483647, 1, 1073741823, 3, 2147483647, 1, 1073741823, false},
};

static const shape ADAPTIVE[] = {
    {2, 5, 7, 0, 1, 0, 7, 0, 1, 0, false},  {3, 64, 4, 0, 1, 0, 4, 0, 1, 0, false},
    {2, 17, 7, 0, 3, 0, 8, 0, 5, 0, false}, {1, 16, 8, 0, 4, 0, 6, 0, 3, 0, false},
    {2, 3, 3, 0, 8, 0, 5, 0, 13, 0, false}, {1, 1, 1, 0, 1, 0, 1, 0, 1, 0, false},
    {1, 33, 31, 0, 30, 0, 1, 0, 2, 0, false}, {0, 3, 4, 0, 2, 0, 4, 0, 2, 0, false},
};

enum { N_SHAPES = sizeof SHAPES / sizeof SHAPES[0], N_ADAPTIVE = sizeof ADAPTIVE / sizeof ADAPTIVE[0] };

static mlk_pool_axis axis_of(int64_t in, int64_t k, int64_t stride, int64_t pad, bool ceil_mode)
{
    mlk_pool_axis a = {in, stride, k, stride, pad};
    if (k == 0)
        return (mlk_pool_axis){in, stride, 0, 0, 0};
    a.out = mlk_pool_count(&a, ceil_mode);
    return a;
}

static mlk_pool2d windows_of(const shape *s)
{
    mlk_pool2d p = {.n = s->n, .c = s->c};
    p.h = axis_of(s->h, s->k, s->stride, s->pad, s->ceil_mode);
    p.w = axis_of(s->w, s->k_w, s->stride_w, s->pad_w, s->ceil_mode);
    assert_true(p.h.out >= 1 && p.w.out >= 1);
    return p;
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

/* Whole numbers, so that there are ties; then NaN and infinities among them. */
static void make_hard(ml_real *x, int64_t n, int kind)
{
    for (int64_t i = 0; kind > 0 && i < n; i++)
        x[i] = (ml_real)floor((double)x[i]);
    for (int64_t i = 0; kind == 2 && i < n; i += 3)
        x[i] = (ml_real)(i % 4 == 0 ? NAN : -INFINITY);
}

static void max_case(const mlk_pool2d *s, int kind, ml_rng *rng)
{
    int64_t in = mlk_pool_x_size(s), out = mlk_pool_y_size(s);
    ml_real *x = run_of(rng, in), *dy = run_of(rng, out), *a = run_of(rng, out), *b = run_of(rng, out);
    size_t bytes = mlk_max_pool2d_saved(s);
    uint8_t *at = malloc(bytes + 1);
    assert_non_null(at);
    at[bytes] = 77;
    make_hard(x, in, kind);
    mlk_max_pool2d_ref(a, x, s);
    mlk_max_pool2d_forward(b, NULL, x, s);
    assert_reals_close(b, a, out, 0, 0);
    mlk_max_pool2d_forward(b, at, x, s);
    assert_reals_close(b, a, out, 0, 0);
    assert_int_equal(at[bytes], 77);
    for (int add = 0; add < 2; add++) {
        ml_real *da = run_of(rng, in), *db = copy_of(da, in);
        mlk_max_pool2d_backward_ref(da, add, dy, x, s);
        mlk_max_pool2d_backward(db, add, dy, at, s);
        assert_reals_close(db, da, in, TOL_REAL, TOL_REAL);
        run_free(da, in), run_free(db, in);
    }
    run_free(x, in), run_free(dy, out), run_free(a, out), run_free(b, out), free(at);
}

static void max_equals_the_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int c = 0; c < N_SHAPES; c++)
        for (int kind = 0; kind < 3; kind++) {
            mlk_pool2d s = windows_of(&SHAPES[c]);
            max_case(&s, kind, &rng);
        }
}

static double dot(const ml_real *a, const ml_real *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void avg_case(const mlk_pool2d *s, ml_rng *rng)
{
    int64_t in = mlk_pool_x_size(s), out = mlk_pool_y_size(s);
    ml_real *x = run_of(rng, in), *dy = run_of(rng, out), *a = run_of(rng, out), *b = run_of(rng, out);
    mlk_avg_pool2d_ref(a, x, s);
    mlk_avg_pool2d_forward(b, x, s);
    assert_reals_close(b, a, out, TOL_REAL, TOL_REAL);
    for (int add = 0; add < 2; add++) {
        ml_real *da = run_of(rng, in), *db = copy_of(da, in);
        mlk_avg_pool2d_backward_ref(da, add, dy, s);
        mlk_avg_pool2d_backward(db, add, dy, s);
        assert_reals_close(db, da, in, TOL_REAL, TOL_REAL);
        if (!add) /* a linear map and its adjoint: <A x, dy> = <x, A^T dy> */
            assert_true(fabs(dot(b, dy, out) - dot(x, db, in)) <= TOL_REAL * (double)(1 + in));
        run_free(da, in), run_free(db, in);
    }
    run_free(x, in), run_free(dy, out), run_free(a, out), run_free(b, out);
}

static void avg_equals_the_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    for (int c = 0; c < N_SHAPES + N_ADAPTIVE; c++)
        for (int exclude = 0; exclude < 2; exclude++) {
            mlk_pool2d s = windows_of(c < N_SHAPES ? &SHAPES[c] : &ADAPTIVE[c - N_SHAPES]);
            s.exclude_pad = exclude;
            avg_case(&s, &rng);
        }
}

/* The largest index that a window's pixel may have decides how it is saved. */
static void winners_take_a_byte_where_they_can(void **state)
{
    (void)state;
    mlk_pool2d s = {.n = 2, .c = 3, .h = {20, 5, 16, 1, 0}, .w = {20, 5, 16, 1, 0}};
    assert_int_equal(mlk_max_pool2d_saved(&s), 2 * 3 * 25);
    s.h = (mlk_pool_axis){20, 4, 17, 1, 0};
    assert_int_equal(mlk_max_pool2d_saved(&s), 2 * 3 * 20 * 4);
    s.h = (mlk_pool_axis){16, 2, 17, 1, 1}; /* only 16 rows of the image to choose from */
    assert_int_equal(mlk_max_pool2d_saved(&s), 2 * 3 * 10);
}

/* Adaptive windows leave no pixel out, begin and end in order, and differ by one pixel in length at most. */
static void adaptive_windows_cover_the_axis(void **state)
{
    (void)state;
    for (int64_t in = 1; in < 20; in++)
        for (int64_t out = 1; out < 25; out++) {
            mlk_pool_axis a = {.in = in, .out = out};
            int64_t reached = 0;
            for (int64_t i = 0; i < out; i++) {
                mlk_span w = mlk_pool_window(&a, i);
                assert_true(w.begin <= reached && w.begin < w.end && w.end >= reached);
                assert_in_range(w.end - w.begin, in / out, in / out + 2);
                reached = w.end;
            }
            assert_int_equal(reached, in);
            assert_true(mlk_pool_axis_tiles(&a) == (in % out == 0));
        }
}

static const mlk_upsample UPSAMPLES[] = {{1, 1, 1, 1, 1}, {2, 3, 4, 16, 2}, {3, 2, 5, 6, 3},  {1, 7, 1, 33, 2},
                                         {2, 4, 4, 1, 5}, {0, 3, 3, 4, 2},  {2, 3, 3, 20, 1}, {1, 1, 2, 3, 17}};

static void upsample_equals_the_definition(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    for (size_t c = 0; c < sizeof UPSAMPLES / sizeof UPSAMPLES[0]; c++) {
        const mlk_upsample *s = &UPSAMPLES[c];
        int64_t in = s->n * s->h * s->w * s->c, out = in * s->factor * s->factor;
        ml_real *x = run_of(&rng, in), *dy = run_of(&rng, out), *a = run_of(&rng, out), *b = run_of(&rng, out);
        mlk_upsample_ref(a, x, s);
        mlk_upsample_forward(b, x, s);
        assert_reals_close(b, a, out, 0, 0);
        for (int add = 0; add < 2; add++) {
            ml_real *da = run_of(&rng, in), *db = copy_of(da, in);
            mlk_upsample_backward_ref(da, add, dy, s);
            mlk_upsample_backward(db, add, dy, s);
            assert_reals_close(db, da, in, TOL_REAL, 10 * TOL_REAL);
            run_free(da, in), run_free(db, in);
        }
        run_free(x, in), run_free(dy, out), run_free(a, out), run_free(b, out);
    }
}

/* All kernels once: y and dx of max, average, upsampling, one after another in to. */
static void everything(ml_real *to, const mlk_pool2d *s, const ml_real *x, const ml_real *dy, bool add, void *at)
{
    int64_t in = mlk_pool_x_size(s), out = mlk_pool_y_size(s);
    mlk_upsample up = {s->n, s->h.out, s->w.out, s->c, 2};
    mlk_max_pool2d_forward(to, at, x, s);
    mlk_max_pool2d_backward(to + out, add, dy, at, s);
    mlk_avg_pool2d_forward(to + out + in, x, s);
    mlk_avg_pool2d_backward(to + 2 * out + in, add, dy, s);
    mlk_upsample_forward(to + 2 * out + 2 * in, dy, &up);
    mlk_upsample_backward(to + 6 * out + 2 * in, add, to + 2 * out + 2 * in, &up);
}

static void same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    static const shape LARGE[] = {{8, 20, 32, 2, 2, 0, 32, 2, 2, 0, false},
                                  {5, 7, 33, 3, 2, 1, 47, 3, 2, 1, true},
                                  {4, 1, 90, 2, 2, 0, 300, 2, 2, 0, false}};
    int threads = ml_threads();
    ml_rng rng = ml_rng_seed(4);
    for (int c = 0; c < 6; c++) {
        mlk_pool2d s = windows_of(&LARGE[c / 2]);
        int64_t in = mlk_pool_x_size(&s), out = mlk_pool_y_size(&s), all = 7 * out + 2 * in;
        ml_real *x = run_of(&rng, in), *dy = run_of(&rng, out), *one = run_of(&rng, all), *start = copy_of(one, all);
        void *at = malloc(mlk_max_pool2d_saved(&s));
        assert_int_equal(ml_set_threads(1), ML_OK);
        everything(one, &s, x, dy, c % 2, at);
        for (int k = 2; k <= 4; k *= 2) {
            ml_real *many = copy_of(start, all);
            assert_int_equal(ml_set_threads(k), ML_OK);
            everything(many, &s, x, dy, c % 2, at);
            assert_memory_equal(many, one, (size_t)all * sizeof *one);
            run_free(many, all);
        }
        run_free(x, in), run_free(dy, out), run_free(one, all), run_free(start, all), free(at);
    }
    ml_set_threads(threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_equals_the_definition),
        cmocka_unit_test(avg_equals_the_definition),
        cmocka_unit_test(winners_take_a_byte_where_they_can),
        cmocka_unit_test(adaptive_windows_cover_the_axis),
        cmocka_unit_test(upsample_equals_the_definition),
        cmocka_unit_test(same_bits_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
