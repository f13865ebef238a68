/* test_vision_operations.c -- grey, resize, rotate, crop, flip, invert: as Pillow and OpenCV do them; bad options get a
 * sentence; the same bytes on any number of threads.
 */
#include "support/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A golden file of many pictures, one after another. */
typedef struct reel {
    golden g;
    int64_t at;
} reel;

/* Compares the next picture of the reel, and frees im. */
static void next_is(reel *r, ml_image *im, int64_t h, int64_t w, int64_t c, int levels)
{
    uint8_t *px = malloc((size_t)(h * w * c));
    assert_non_null(px);
    assert_true(r->at + h * w * c <= r->g.size);
    for (int64_t i = 0; i < h * w * c; i++)
        px[i] = (uint8_t)r->g.v[r->at++];
    assert_pixels(im, h, w, c, px, levels);
    free(px);
    ml_image_free(im);
}

static reel reel_open(const char *name)
{
    return (reel){.g = golden_read(name)};
}

static void reel_close(reel *r)
{
    assert_int_equal(r->at, r->g.size);
    golden_free(&r->g);
}

/* A picture of other channels: RGB out of RGBA. */
static ml_image *without_alpha(const ml_image *im)
{
    ml_image *out = ml_image_new(im->h, im->w, 3);
    assert_non_null(out);
    for (int64_t i = 0; i < im->h * im->w; i++)
        memcpy(out->px + 3 * i, im->px + 4 * i, 3);
    return out;
}

static ml_image *noise(int64_t h, int64_t w, int64_t c, uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    ml_image *im = ml_image_new(h, w, c);
    assert_non_null(im);
    for (int64_t i = 0; i < h * w * c; i++)
        im->px[i] = (uint8_t)ml_rng_u32(&rng);
    return im;
}

static void grey_is_pillows(void **state)
{
    (void)state;
    ml_image *rgb = picture_golden("rgb"), *grey = picture_golden("grey"), *rgba = picture_golden("rgba");
    ml_image *a = ml_image_grey(rgb), *b = ml_image_grey(grey);
    assert_same_picture(a, grey, 0);
    assert_same_picture(b, grey, 0);
    ml_image *white = picture_golden("on_white"), *c = ml_image_grey(rgba), *d = ml_image_grey(white);
    assert_same_picture(c, d, 1);
    ml_image *all[] = {rgb, grey, rgba, a, b, white, c, d};
    for (int i = 0; i < 8; i++)
        ml_image_free(all[i]);
}

static void nearest_is_pillows(void **state)
{
    (void)state;
    reel r = reel_open("vision_nearest");
    golden sizes = golden_read("vision_sizes");
    ml_image *in[] = {picture_golden("grey"), picture_golden("rgba")};
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < sizes.shape[0]; i++) {
            int64_t h = (int64_t)sizes.v[2 * i], w = (int64_t)sizes.v[2 * i + 1];
            next_is(&r, ml_image_resize(in[k], h, w, ML_NEAREST), h, w, in[k]->c, 0);
        }
    reel_close(&r);
    golden_free(&sizes);
    ml_image_free(in[0]);
    ml_image_free(in[1]);
    /* Every pair of lengths up to 40, rows and columns. */
    r = reel_open("vision_nearest_lines");
    for (int64_t n = 1; n <= 40; n++)
        for (int64_t m = 1; m <= 40; m++) {
            ml_image *line = ml_image_new(1, n, 1);
            for (int64_t i = 0; i < n; i++)
                line->px[i] = (uint8_t)i;
            int64_t again = r.at;
            next_is(&r, ml_image_resize(line, 1, m, ML_NEAREST), 1, m, 1, 0);
            r.at = again;
            ml_image column = {n, 1, 1, line->px};
            next_is(&r, ml_image_resize(&column, m, 1, ML_NEAREST), m, 1, 1, 0);
            ml_image_free(line);
        }
    reel_close(&r);
}

static void resized_is_opencvs(const char *name, ml_interpolation how)
{
    reel r = reel_open(name);
    golden sizes = golden_read("vision_sizes");
    ml_image *in[] = {picture_golden("grey"), picture_golden("rgba")};
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < sizes.shape[0]; i++) {
            int64_t h = (int64_t)sizes.v[2 * i], w = (int64_t)sizes.v[2 * i + 1];
            if (how == ML_BILINEAR || (h <= in[k]->h) == (w <= in[k]->w))
                next_is(&r, ml_image_resize(in[k], h, w, how), h, w, in[k]->c, 1);
        }
    for (int64_t w = 1; w <= 2; w++) {
        ml_image few = {1, w, 1, in[0]->px};
        next_is(&r, ml_image_resize(&few, 5, 7, how), 5, 7, 1, 1);
    }
    reel_close(&r);
    golden_free(&sizes);
    ml_image_free(in[0]);
    ml_image_free(in[1]);
}

static void bilinear_is_opencvs(void **state)
{
    (void)state;
    resized_is_opencvs("vision_bilinear", ML_BILINEAR);
}

static void area_is_opencvs(void **state)
{
    (void)state;
    resized_is_opencvs("vision_area", ML_AREA);
}

/* How much of 0..1 the interval from a to b covers. */
static double covered(double a, double b)
{
    return fmax(0, fmin(b, 1) - fmax(a, 0));
}

/* The definitions in plain doubles: places, weights, sums. Ours is exact, so only a half may round another way. */
static double by_definition(const ml_image *im, int64_t h, int64_t w, int64_t y, int64_t x, int64_t k, ml_interpolation how)
{
    double sy = (double)im->h / (double)h, sx = (double)im->w / (double)w, sum = 0;
    double v = ((double)y + 0.5) * sy - 0.5, u = ((double)x + 0.5) * sx - 0.5;
    v = fmin(fmax(v, 0), (double)im->h - 1);
    u = fmin(fmax(u, 0), (double)im->w - 1);
    for (int64_t i = 0; i < im->h; i++)
        for (int64_t j = 0; j < im->w; j++) {
            double a, b;
            if (how == ML_AREA) {
                a = covered((double)y * sy - (double)i, ((double)y + 1) * sy - (double)i) / sy;
                b = covered((double)x * sx - (double)j, ((double)x + 1) * sx - (double)j) / sx;
            } else {
                a = fmax(0, 1 - fabs(v - (double)i));
                b = fmax(0, 1 - fabs(u - (double)j));
            }
            sum += a * b * im->px[(i * im->w + j) * im->c + k];
        }
    return sum;
}

static void resize_is_its_definition(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 3, 5, 7, 13};
    enum { N = sizeof sizes / sizeof *sizes };
    for (int64_t c = 1; c <= 4; c += 1 + (c == 1))
        for (int how = ML_BILINEAR; how <= ML_AREA; how++)
            for (int s = 0; s < N * N * N; s++) {
                int64_t h = sizes[s % N], w = sizes[s / N % N], p = sizes[s / N / N], q = sizes[(s + 3) % N];
                ml_image *in = noise(h, w, c, (uint64_t)s), *out = ml_image_resize(in, p, q, (ml_interpolation)how);
                assert_non_null(out);
                for (int64_t i = 0; i < p * q * c; i++) {
                    double v = by_definition(in, p, q, i / c / q, i / c % q, i % c, (ml_interpolation)how);
                    assert_true(fabs(out->px[i] - v) <= 0.5 + 1e-9);
                }
                ml_image_free(in);
                ml_image_free(out);
            }
}

static void halves_go_up(void **state)
{
    (void)state;
    uint8_t px[4] = {0, 1, 1, 0};
    ml_image im = {2, 2, 1, px};
    for (int how = ML_BILINEAR; how <= ML_AREA; how++) {
        ml_image *one = ml_image_resize(&im, 1, 1, (ml_interpolation)how);
        assert_pixels(one, 1, 1, 1, (const uint8_t[]){1}, 0);
        ml_image_free(one);
    }
    /* 3 rows, 11 columns: 17 of 33 are 1, which is beyond a half, and 16 are not. */
    uint8_t many[33] = {0};
    for (int i = 0; i < 16; i++)
        many[2 * i] = 1;
    ml_image wide = {3, 11, 1, many};
    ml_image *below = ml_image_resize(&wide, 1, 1, ML_AREA);
    many[32] = 1;
    ml_image *above = ml_image_resize(&wide, 1, 1, ML_AREA);
    assert_int_equal(below->px[0], 0);
    assert_int_equal(above->px[0], 1);
    ml_image_free(below);
    ml_image_free(above);
}

/* Long sides, where sums are largest: white stays white, to the last pixel. */
static void the_longest_sides(void **state)
{
    (void)state;
    ml_image *im = ml_image_new(1, ML_IMAGE_MAX_SIDE, 1);
    memset(im->px, 255, ML_IMAGE_MAX_SIDE);
    const int64_t sizes[] = {1, 1000, 65534, ML_IMAGE_MAX_SIDE};
    for (int how = ML_NEAREST; how <= ML_AREA; how++)
        for (int i = 0; i < 4; i++)
            for (int tall = 0; tall < 2; tall++) {
                int64_t h = tall ? sizes[i] : 1, w = tall ? 1 : sizes[i];
                ml_image from = {tall ? im->w : 1, tall ? 1 : im->w, 1, im->px};
                ml_image *out = ml_image_resize(&from, h, w, (ml_interpolation)how);
                assert_pixels(out, h, w, 1, im->px, 0);
                ml_image_free(out);
            }
    ml_image_free(im);
}

static void rotation_is_pillows(void **state)
{
    (void)state;
    reel r = reel_open("vision_rotate");
    golden turns = golden_read("vision_turns"), sizes = golden_read("vision_turned_sizes");
    ml_image *in = picture_golden("grey");
    for (int64_t i = 0; i < turns.shape[0]; i++) {
        ml_image *out = ml_image_rotate(in, turns.v[3 * i], turns.v[3 * i + 1] != 0, (uint8_t)turns.v[3 * i + 2]);
        next_is(&r, out, (int64_t)sizes.v[2 * i], (int64_t)sizes.v[2 * i + 1], 1, 1);
    }
    reel_close(&r);
    golden_free(&turns);
    golden_free(&sizes);
    ml_image_free(in);
}

static void quarter_turns_are_exact(void **state)
{
    (void)state;
    ml_image *in = noise(5, 70, 3, 1);
    for (int64_t quarter = -5; quarter <= 5; quarter++) {
        ml_image *out = ml_image_rotate(in, 90.0 * (double)quarter, true, 9);
        bool swap = quarter % 2 != 0;
        assert_int_equal(out->h, swap ? 70 : 5);
        assert_int_equal(out->w, swap ? 5 : 70);
        for (int64_t y = 0; y < out->h; y++)
            for (int64_t x = 0; x < out->w; x++) {
                int64_t i = y, j = x; /* where it comes from */
                switch ((quarter + 8) % 4) {
                case 1: i = x, j = 69 - y; break;
                case 2: i = 4 - y, j = 69 - x; break;
                case 3: i = 4 - x, j = y; break;
                default: break;
                }
                assert_memory_equal(out->px + (y * out->w + x) * 3, in->px + (i * 70 + j) * 3, 3);
            }
        ml_image_free(out);
    }
    ml_image_free(in);
}

/* RGB is three greys, RGB is RGBA without A: for every operation. */
static void channels_do_not_mix(void **state)
{
    (void)state;
    ml_image *rgba = noise(37, 41, 4, 2), *rgb = without_alpha(rgba);
    for (int op = 0; op < 6; op++) {
        ml_image *a = NULL, *b = NULL;
        const ml_image *in[2] = {rgba, rgb};
        ml_image **out[2] = {&a, &b};
        for (int k = 0; k < 2; k++)
            switch (op) {
            case 0: *out[k] = ml_image_resize(in[k], 90, 11, ML_NEAREST); break;
            case 1: *out[k] = ml_image_resize(in[k], 90, 11, ML_BILINEAR); break;
            case 2: *out[k] = ml_image_resize(in[k], 90, 11, ML_AREA); break;
            case 3: *out[k] = ml_image_rotate(in[k], 17, true, 3); break;
            case 4: *out[k] = ml_image_flip(in[k], ML_FLIP_LEFT_RIGHT); break;
            default: *out[k] = ml_image_invert(in[k]); break;
            }
        assert_non_null(a);
        ml_image *as = without_alpha(a);
        assert_same_picture(b, as, 0);
        ml_image_free(a);
        ml_image_free(b);
        ml_image_free(as);
    }
    ml_image_free(rgba);
    ml_image_free(rgb);
}

static void crop_flip_invert(void **state)
{
    (void)state;
    uint8_t px[12];
    for (int i = 0; i < 12; i++)
        px[i] = (uint8_t)i;
    ml_image im = {3, 4, 1, px}, dots = {3, 1, 4, px};
    ml_image *a = ml_image_crop(&im, 1, 2, 2, 2), *b = ml_image_crop(&im, 0, 0, 3, 4);
    assert_pixels(a, 2, 2, 1, (const uint8_t[]){6, 7, 10, 11}, 0);
    assert_same_picture(b, &im, 0);
    ml_image *c = ml_image_flip(&im, ML_FLIP_LEFT_RIGHT), *d = ml_image_flip(&im, ML_FLIP_TOP_BOTTOM);
    assert_pixels(c, 3, 4, 1, (const uint8_t[]){3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8}, 0);
    assert_pixels(d, 3, 4, 1, (const uint8_t[]){8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3}, 0);
    ml_image *e = ml_image_invert(&im), *f = ml_image_invert(&dots);
    assert_pixels(e, 3, 4, 1, (const uint8_t[]){255, 254, 253, 252, 251, 250, 249, 248, 247, 246, 245, 244}, 0);
    assert_pixels(f, 3, 1, 4, (const uint8_t[]){255, 254, 253, 3, 251, 250, 249, 7, 247, 246, 245, 11}, 0);
    ml_image *all[] = {a, b, c, d, e, f};
    for (int i = 0; i < 6; i++)
        ml_image_free(all[i]);
}

static void assert_refused(ml_image *im, const char *sentence)
{
    assert_null(im);
    assert_int_equal(ml_error_status(), ML_EINVAL);
    assert_string_equal(ml_error(), sentence);
}

static void bad_options(void **state)
{
    (void)state;
    uint8_t px[12] = {0};
    ml_image im = {3, 4, 1, px}, none = {3, 4, 1, NULL}, two = {1, 2, 2, px}, negative = {-3, 4, 1, px};
    assert_refused(ml_image_new(0, 4, 1),
                   "image: 0 high and 4 wide: sides are 1 to 65535, with at most 67108864 pixels together");
    assert_refused(ml_image_new(9000, 9000, 1),
                   "image: 9000 high and 9000 wide: sides are 1 to 65535, with at most 67108864 pixels together");
    assert_refused(ml_image_new(4, 4, 2), "image: 2 channels: pictures have 1, 3 or 4");
    assert_null(ml_image_new(INT64_MAX, INT64_MAX, 4));
    assert_null(ml_image_new(INT64_MIN, 1, 1));
    assert_null(ml_image_new(1, 1, INT64_MAX));
    ml_image_free(NULL);

    assert_refused(ml_image_grey(NULL), "grey: the picture is NULL");
    assert_refused(ml_image_invert(&none), "invert: its px is NULL");
    assert_refused(ml_image_grey(&two), "grey: 2 channels: pictures have 1, 3 or 4");
    assert_null(ml_image_flip(&negative, ML_FLIP_LEFT_RIGHT));
    assert_refused(ml_image_flip(&im, (ml_flip)0), "flip: way 0 is neither ML_FLIP_LEFT_RIGHT nor ML_FLIP_TOP_BOTTOM");

    assert_refused(ml_image_crop(&im, 2, 0, 2, 4), "crop: 2x4 from row 2, column 0 is not inside a picture of 3x4");
    assert_null(ml_image_crop(&im, INT64_MAX, 0, 1, 1));
    assert_null(ml_image_crop(&im, 0, INT64_MIN, 1, 1));
    assert_null(ml_image_crop(&im, 0, 0, INT64_MAX, 1));
    assert_null(ml_image_crop(&im, 0, 0, 1, 0));

    assert_null(ml_image_resize(&im, 0, 1, ML_AREA));
    assert_null(ml_image_resize(&im, 1, INT64_MAX, ML_BILINEAR));
    assert_null(ml_image_resize(&im, INT64_MIN, -1, ML_NEAREST));
    assert_refused(ml_image_resize(&im, 1, 1, (ml_interpolation)7),
                   "resize: interpolation 7 is none of ML_NEAREST, ML_BILINEAR, ML_AREA");
    assert_null(ml_image_resize(NULL, 1, 1, ML_AREA));

    assert_refused(ml_image_rotate(&im, (double)INFINITY, true, 0), "rotate: inf degrees");
    assert_null(ml_image_rotate(&im, (double)NAN, false, 0));
    ml_image *far = ml_image_rotate(&im, 1e300, true, 0), *near = ml_image_rotate(&im, -1e-300, true, 0);
    assert_non_null(far);
    assert_same_picture(near, &im, 0);
    ml_image_free(far);
    ml_image_free(near);
    /* Within the limits, but not when turned. */
    ml_image *line = ml_image_new(1, ML_IMAGE_MAX_SIDE, 1);
    assert_null(ml_image_rotate(line, 45, true, 0));
    assert_non_null(strstr(ml_error(), "rotate: 46"));
    ml_image_free(line);
}

/* As many bytes as a picture needs to be cut into chunks. */
static void the_same_on_any_number_of_threads(void **state)
{
    (void)state;
    int before = ml_threads();
    ml_image *in = noise(301, 407, 3, 3), *first[6] = {NULL};
    for (int threads = 1; threads <= 4; threads++) {
        assert_int_equal(ml_set_threads(threads), ML_OK);
        ml_image *out[6] = {
            ml_image_resize(in, 500, 333, ML_NEAREST), ml_image_resize(in, 500, 333, ML_BILINEAR),
            ml_image_resize(in, 100, 133, ML_AREA),    ml_image_rotate(in, 17, true, 200),
            ml_image_rotate(in, 90, true, 0),          ml_image_flip(in, ML_FLIP_LEFT_RIGHT),
        };
        for (int i = 0; i < 6; i++) {
            if (threads == 1) {
                assert_non_null(out[i]);
                first[i] = out[i];
                continue;
            }
            assert_same_picture(out[i], first[i], 0);
            ml_image_free(out[i]);
        }
    }
    for (int i = 0; i < 6; i++)
        ml_image_free(first[i]);
    ml_image_free(in);
    assert_int_equal(ml_set_threads(before), ML_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_is_pillows),
        cmocka_unit_test(nearest_is_pillows),
        cmocka_unit_test(bilinear_is_opencvs),
        cmocka_unit_test(area_is_opencvs),
        cmocka_unit_test(resize_is_its_definition),
        cmocka_unit_test(halves_go_up),
        cmocka_unit_test(the_longest_sides),
        cmocka_unit_test(rotation_is_pillows),
        cmocka_unit_test(quarter_turns_are_exact),
        cmocka_unit_test(channels_do_not_mix),
        cmocka_unit_test(crop_flip_invert),
        cmocka_unit_test(bad_options),
        cmocka_unit_test(the_same_on_any_number_of_threads),
    };
    return cmocka_run_group_tests_name("vision/operations", tests, NULL, NULL);
}
