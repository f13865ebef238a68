/* test_kernels_warp.c -- the fast warp is the plain loops to the last bit, and both are bilinear interpolation. */
#include "support/check.h"

#include "base/base.h"
#include "kernels/warp.h"

#include <float.h>
#include <math.h>
#include <string.h>

static uint8_t *noise(ml_rng *rng, int64_t n)
{
    uint8_t *v = mli_alloc((size_t)n);
    for (int64_t i = 0; i < n; i++)
        v[i] = (uint8_t)ml_rng_u32(rng);
    return v;
}

typedef struct sizes {
    int64_t out_h, out_w, h, w, c;
} sizes;

/* Both bodies into buffers of their own with a guard behind them; the picture that they agree on is the caller's to free. */
static uint8_t *warp_both(const sizes *s, const uint8_t *in, const double m[6], uint8_t fill)
{
    enum { GUARD = 16 };
    int64_t n = s->out_h * s->out_w * s->c;
    uint8_t *fast = mli_alloc((size_t)(n + GUARD)), *ref = mli_alloc((size_t)(n + GUARD));
    memset(fast, 0xA5, (size_t)(n + GUARD));
    memset(ref, 0xA5, (size_t)(n + GUARD));
    mlk_warp_affine(fast, s->out_h, s->out_w, in, s->h, s->w, s->c, m, fill);
    mlk_warp_affine_ref(ref, s->out_h, s->out_w, in, s->h, s->w, s->c, m, fill);
    for (int64_t i = 0; i < n + GUARD; i++)
        if (fast[i] != ref[i] || (i >= n && fast[i] != 0xA5))
            fail_msg("%dx%d from %dx%dx%d by (%g %g %g, %g %g %g): byte %d is %d, the plain loops say %d", (int)s->out_h,
                     (int)s->out_w, (int)s->h, (int)s->w, (int)s->c, m[0], m[1], m[2], m[3], m[4], m[5], (int)i, fast[i],
                     ref[i]);
    mli_free(ref);
    return fast;
}

static const int64_t SIZES[] = {0, 1, 2, 3, 5, 7, 8, 13, 28, 31};
enum { N_SIZES = sizeof SIZES / sizeof *SIZES };

static int64_t size(ml_rng *rng)
{
    return SIZES[ml_rng_below(rng, N_SIZES)];
}

/* Uniform in -1 .. 1. */
static double around(ml_rng *rng)
{
    return 2 * ml_rng_uniform(rng) - 1;
}

static void fast_is_plain_loops(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int trial = 0; trial < 4000; trial++) {
        sizes s = {size(&rng), size(&rng), size(&rng), size(&rng), 1 + ml_rng_below(&rng, 5)};
        double m[6], scale = pow(2, 6 * around(&rng));
        for (int i = 0; i < 6; i++)
            m[i] = i % 3 == 2 ? 40 * around(&rng) : ml_rng_below(&rng, 4) == 0 ? 0 : scale * around(&rng);
        uint8_t *in = noise(&rng, s.h * s.w * s.c);
        mli_free(warp_both(&s, in, m, (uint8_t)trial));
        mli_free(in);
    }
}

/* Fails unless byte (y,x,k) is the definition in double precision at (u, v): the nearest level, or, as weights have 12 bits,
 * the other one where the value lies near the middle between two. */
static void assert_bilinear(int got, const sizes *s, const uint8_t *in, double u, double v, int64_t k, double fill)
{
    double want = 0;
    for (int64_t j = 0; j < 4; j++) {
        double column = floor(u) + (double)(j % 2), row = floor(v) + (double)(j / 2);
        bool beyond = row < 0 || row >= (double)s->h || column < 0 || column >= (double)s->w;
        double value = beyond ? fill : in[((int64_t)row * s->w + (int64_t)column) * s->c + k];
        want += (1 - fabs(u - column)) * (1 - fabs(v - row)) * value;
    }
    if (!(fabs(got - want) <= 0.5 + 2 * 255.0 / 8192 + 1e-6))
        fail_msg("at (%g,%g) channel %d: %d, expected %g", u, v, (int)k, got, want);
}

static void is_bilinear_interpolation(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    const sizes s = {19, 23, 17, 29, 3};
    for (int trial = 0; trial < 200; trial++) {
        double m[6], fill = (double)ml_rng_below(&rng, 256);
        for (int i = 0; i < 6; i++)
            m[i] = i % 3 == 2 ? 20 * around(&rng) : 1.5 * around(&rng);
        uint8_t *in = noise(&rng, s.h * s.w * s.c), *out = warp_both(&s, in, m, (uint8_t)fill);
        for (int64_t y = 0; y < s.out_h; y++)
            for (int64_t x = 0; x < s.out_w; x++)
                for (int64_t k = 0; k < s.c; k++) {
                    double px = (double)x + 0.5, py = (double)y + 0.5;
                    double u = m[0] * px + m[1] * py + m[2] - 0.5, v = m[3] * px + m[4] * py + m[5] - 0.5;
                    assert_bilinear(out[(y * s.out_w + x) * s.c + k], &s, in, u, v, k, fill);
                }
        mli_free(in);
        mli_free(out);
    }
}

/* PyTorch's grid_sample, in float64. */
static void is_grid_sample(void **state)
{
    (void)state;
    golden in = golden_read("warp_in"), maps = golden_read("warp_map"), want = golden_read("warp_out");
    const sizes s = {want.shape[1], want.shape[2], in.shape[0], in.shape[1], in.shape[2]};
    const int64_t n = s.out_h * s.out_w * s.c;
    uint8_t *bytes = mli_alloc((size_t)in.size);
    for (int64_t i = 0; i < in.size; i++)
        bytes[i] = (uint8_t)in.v[i];
    for (int64_t k = 0; k < maps.shape[0]; k++) {
        uint8_t *out = warp_both(&s, bytes, maps.v + 6 * k, 0);
        for (int64_t i = 0; i < n; i++)
            assert_float_equal(out[i], want.v[k * n + i], 0.5 + 2 * 255.0 / 8192 + 1e-6);
        mli_free(out);
    }
    mli_free(bytes);
    golden_free(&in);
    golden_free(&maps);
    golden_free(&want);
}

static void identity_and_whole_shifts_are_copies(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    for (int64_t c = 1; c <= 4; c++) {
        const sizes s = {28, 31, 28, 31, c};
        uint8_t *in = noise(&rng, s.h * s.w * c);
        for (int trial = 0; trial < 40; trial++) {
            int64_t right = trial ? ml_rng_below(&rng, 80) - 40 : 0, down = trial ? ml_rng_below(&rng, 80) - 40 : 0;
            uint8_t *out = warp_both(&s, in, (double[]){1, 0, (double)right, 0, 1, (double)down}, 77);
            for (int64_t y = 0; y < s.h; y++)
                for (int64_t x = 0; x < s.w; x++)
                    for (int64_t k = 0; k < c; k++) {
                        int64_t i = x + right, j = y + down;
                        bool in_it = i >= 0 && i < s.w && j >= 0 && j < s.h;
                        assert_int_equal(out[(y * s.w + x) * c + k], in_it ? in[(j * s.w + i) * c + k] : 77);
                    }
            mli_free(out);
        }
        mli_free(in);
    }
}

/* A quarter turn moves every pixel to a pixel; so do the mirrors. */
static void quarter_turns_are_exact(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    const sizes s = {12, 12, 12, 12, 1};
    uint8_t *in = noise(&rng, 144);
    uint8_t *turned = warp_both(&s, in, (double[]){0, 1, 0, -1, 0, 12}, 0);
    uint8_t *mirrored = warp_both(&s, in, (double[]){-1, 0, 12, 0, 1, 0}, 0);
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 12; x++) {
            assert_int_equal(turned[y * 12 + x], in[(11 - x) * 12 + y]);
            assert_int_equal(mirrored[y * 12 + x], in[y * 12 + 11 - x]);
        }
    mli_free(in);
    mli_free(turned);
    mli_free(mirrored);
}

/* Half a pixel to the right is the mean of two neighbours, the last with fill. */
static void by_numbers(void **state)
{
    (void)state;
    const uint8_t in[] = {10, 20, 41};
    uint8_t *out = warp_both(&(sizes){1, 3, 1, 3, 1}, in, (double[]){1, 0, 0.5, 0, 1, 0}, 1);
    assert_int_equal(out[0], 15);
    assert_int_equal(out[1], 31); /* 30.5, rounded up */
    assert_int_equal(out[2], 21);
    mli_free(out);
}

/* Far along a wide picture the places are still those of the definition. */
static void nothing_drifts(void **state)
{
    (void)state;
    enum { W = 20000 };
    uint8_t *in = mli_calloc(W, 1);
    in[W - 2] = 200;
    double third = 1.0 / 3;
    uint8_t *out = warp_both(&(sizes){1, 3 * W, 1, W, 1}, in, (double[]){third, 0, 0, 0, 1, 0}, 0);
    /* The middle of pixel i of in lies in pixel 3 i + 1 of out; a third of a pixel beside it two thirds are left. */
    const int64_t at = 3 * (W - 2) + 1;
    const int want[] = {0, 67, 133, 200, 133, 67, 0};
    for (int k = -3; k <= 3; k++)
        assert_int_equal(out[at + k], want[k + 3]);
    mli_free(in);
    mli_free(out);
}

static void any_numbers_are_safe(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(5);
    const double odd[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300, DBL_MAX, 0x1p63, -0x1p63, 0x1p31, 1e9, 5e8, DBL_MIN,
                          4.9e-324, -0.0};
    const sizes s = {9, 11, 8, 7, 2};
    uint8_t *in = noise(&rng, s.h * s.w * s.c);
    for (size_t k = 0; k < sizeof odd / sizeof *odd; k++)
        for (int place = 0; place < 6; place++) {
            double m[6] = {1, 0.1, 0, -0.1, 1, 0};
            m[place] = odd[k];
            uint8_t *out = warp_both(&s, in, m, 9);
            if (!(fabs(odd[k]) < 1e9))
                for (int64_t i = 0; i < s.out_h * s.out_w * s.c; i++)
                    assert_int_equal(out[i], 9);
            mli_free(out);
        }
    for (int trial = 0; trial < 20000; trial++) { /* of any size, up to the largest that is let in and beyond */
        double m[6];
        for (int i = 0; i < 6; i++)
            m[i] = around(&rng) * pow(2, 40 * around(&rng));
        mli_free(warp_both(&s, in, m, 9));
    }
    mli_free(in);
}

/* A field moves each pixel's place, and one that is the same everywhere is a shift. */
static void fields_move_places(void **state)
{
    (void)state;
    enum { H = 17, W = 23, C = 2, N = H * W };
    ml_rng rng = ml_rng_seed(6);
    const sizes s = {H, W, H, W, C};
    ml_real right[N], down[N];
    uint8_t *in = noise(&rng, N * C), out[N * C];
    for (int trial = 0; trial < 100; trial++) {
        double m[6] = {1.1, 0.2, around(&rng), -0.2, 0.9, around(&rng)}, by = floor(640 * around(&rng)) / 64;
        for (int i = 0; i < N; i++) {
            right[i] = (ml_real)(trial % 2 ? by : 9 * around(&rng));
            down[i] = (ml_real)(trial % 2 ? -by : 9 * around(&rng));
        }
        mlk_warp_field(out, in, H, W, C, m, right, down, 33);
        for (int i = 0; i < N * C; i++) {
            double x = i / C % W + 0.5, y = (double)(i / C / W) + 0.5;
            double u = m[0] * x + m[1] * y + m[2] - 0.5 + (double)right[i / C];
            double v = m[3] * x + m[4] * y + m[5] - 0.5 + (double)down[i / C];
            assert_bilinear(out[i], &s, in, u, v, i % C, 33);
        }
        if (trial % 2) {
            double shifted[6] = {m[0], m[1], m[2] + by, m[3], m[4], m[5] - by};
            uint8_t *want = warp_both(&s, in, shifted, 33);
            int apart = 0;
            for (int i = 0; i < N * C; i++)
                apart += out[i] != want[i];
            assert_true(apart <= 2); /* m[2] + by itself is rounded */
            mli_free(want);
        }
    }
    const double odd[] = {NAN, INFINITY, -INFINITY, 0x1p29, -0x1p29, 1e30};
    for (int i = 0; i < N; i++)
        right[i] = (ml_real)odd[i % 6], down[i] = 0;
    mlk_warp_field(out, in, H, W, C, (double[]){1, 0, 0, 0, 1, 0}, right, down, 33);
    for (int i = 0; i < N * C; i++)
        assert_int_equal(out[i], 33);
    mlk_warp_field(out, in, H, W, C, (double[]){1, 0, 0, 0, 1, 0}, down, right, 34);
    for (int i = 0; i < N * C; i++)
        assert_int_equal(out[i], 34);
    mli_free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_is_plain_loops),
        cmocka_unit_test(is_bilinear_interpolation),
        cmocka_unit_test(is_grid_sample),
        cmocka_unit_test(identity_and_whole_shifts_are_copies),
        cmocka_unit_test(quarter_turns_are_exact),
        cmocka_unit_test(by_numbers),
        cmocka_unit_test(nothing_drifts),
        cmocka_unit_test(any_numbers_are_safe),
        cmocka_unit_test(fields_move_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
