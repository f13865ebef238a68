/* test_data_augment.c -- pictures changed at random: how far, from what, and only by what was asked for. */
#include "base/base.h"
#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 28, PIXELS = SIDE * SIDE };
static const double TURN = 3.14159265358979323846 / 180;

/* Pictures of h x w x c, and nothing else of interest. */
static ml_dataset *pictures(const uint8_t *bytes, int64_t n, int64_t h, int64_t w, int64_t c)
{
    int32_t *labels = calloc((size_t)n, sizeof *labels);
    ml_dataset *ds = ml_dataset_new(n, 3, (int64_t[]){h, w, c}, bytes, labels, 1);
    free(labels);
    assert_non_null(ds);
    return ds;
}

/* A round blot whose middle lies at (x, y), a place where pixel 0 covers 0 .. 1. */
static ml_dataset *blot(double x, double y)
{
    uint8_t bytes[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
        double across = i % SIDE + 0.5 - x, down = (double)(i / SIDE) + 0.5 - y;
        bytes[i] = (uint8_t)lround(255 * exp(-(across * across + down * down) / 8));
    }
    return pictures(bytes, 1, SIDE, SIDE, 1);
}

/* The middle of a blot after augmentation, from the middle of the picture. */
static void see(const ml_dataset *ds, ml_augment_opts opts, int64_t epoch, double *right, double *down)
{
    uint8_t out[PIXELS];
    double sum = 0, x = 0, y = 0;
    assert_int_equal(ml_dataset_augmented(ds, 0, opts, 1, epoch, out), ML_OK);
    for (int i = 0; i < PIXELS; i++) {
        sum += out[i];
        x += out[i] * (i % SIDE + 0.5);
        y += out[i] * ((double)(i / SIDE) + 0.5);
    }
    *right = x / sum - SIDE / 2;
    *down = y / sum - SIDE / 2;
}

/* What a number drawn uniformly from -most .. most looks like after n draws: in bounds, near both ends, centred. */
typedef struct spread {
    double low, high, sum;
    int n;
} spread;

static void spread_add(spread *s, double v)
{
    s->low = s->n && s->low < v ? s->low : v;
    s->high = s->n && s->high > v ? s->high : v;
    s->sum += v;
    s->n++;
}

static void assert_uniform(const spread *s, double most, double slack)
{
    if (!(s->low >= -most - slack && s->high <= most + slack && s->low < -0.95 * most && s->high > 0.95 * most &&
          fabs(s->sum / s->n) < 4 * most / sqrt(3.0 * s->n) + slack))
        fail_msg("%g .. %g, mean %g, of %d: expected -%g .. %g", s->low, s->high, s->sum / s->n, s->n, most, most);
}

static void each_option_does_what_it_says(void **state)
{
    (void)state;
    enum { DRAWS = 400 };
    ml_dataset *middle = blot(14, 14), *upper = blot(14, 8), *aside = blot(19, 14);
    spread right = {0}, down = {0}, angle = {0}, scale = {0}, slant = {0};
    double x, y;
    for (int64_t e = 0; e < DRAWS; e++) {
        see(middle, (ml_augment_opts){.shift = 3}, e, &x, &y);
        spread_add(&right, x);
        spread_add(&down, y);
        see(aside, (ml_augment_opts){.rotate = 20}, e, &x, &y);
        spread_add(&angle, atan2(y, x) / TURN);
        assert_float_equal(hypot(x, y), 5, 0.05);
        see(aside, (ml_augment_opts){.scale = 0.2}, e, &x, &y);
        spread_add(&scale, x / 5 - 1);
        assert_float_equal(y, 0, 0.02);
        see(upper, (ml_augment_opts){.shear = 0.3}, e, &x, &y);
        spread_add(&slant, x / 6);
        assert_float_equal(y, -6, 0.02);
        see(aside, (ml_augment_opts){.shear = 0.3}, e, &x, &y); /* what lies at the height of the middle stays */
        assert_float_equal(x, 5, 0.02);
    }
    assert_uniform(&right, 3, 0.02);
    assert_uniform(&down, 3, 0.02);
    assert_uniform(&angle, 20, 0.3);
    assert_uniform(&scale, 0.2, 0.01);
    assert_uniform(&slant, 0.3, 0.01);
    ml_dataset_free(middle);
    ml_dataset_free(upper);
    ml_dataset_free(aside);
}

/* On a slope of 8 levels a pixel, a pixel moved by d changes by 8 d. */
static void elastic_is_the_root_mean_square(void **state)
{
    (void)state;
    enum { DRAWS = 300, EDGE = 8 };
    uint8_t bytes[PIXELS], out[PIXELS];
    for (int down = 0; down < 2; down++) {
        for (int i = 0; i < PIXELS; i++)
            bytes[i] = (uint8_t)(8 * (down ? i / SIDE : i % SIDE));
        ml_dataset *ds = pictures(bytes, 1, SIDE, SIDE, 1);
        double sum = 0, alike = 0;
        int n = 0;
        for (int64_t e = 0; e < DRAWS; e++) {
            assert_int_equal(ml_dataset_augmented(ds, 0, (ml_augment_opts){.elastic = 1.5}, 3, e, out), ML_OK);
            for (int y = EDGE; y < SIDE - EDGE; y++)
                for (int x = EDGE; x < SIDE - EDGE; x++, n++) {
                    const int i = y * SIDE + x;
                    const double way = (out[i] - bytes[i]) / 8.0, beside = (out[i + 1] - bytes[i + 1]) / 8.0;
                    sum += way * way;
                    alike += way * beside;
                }
        }
        assert_float_equal(sqrt(sum / n), 1.5, 0.1);
        assert_true(alike / sum > 0.95); /* neighbours move alike */
        ml_dataset_free(ds);
    }
}

static void a_function_of_seed_epoch_and_sample(void **state)
{
    (void)state;
    enum { N = 3, H = 13, W = 18, C = 3, SIZE = H * W * C };
    ml_rng rng = ml_rng_seed(4);
    uint8_t bytes[N * SIZE], a[SIZE], b[SIZE];
    for (int i = 0; i < N * SIZE; i++)
        bytes[i] = (uint8_t)ml_rng_u32(&rng);
    memcpy(bytes + SIZE, bytes, SIZE);
    ml_dataset *ds = pictures(bytes, N, H, W, C);
    const ml_augment_opts opts = {.shift = 2, .rotate = 15, .scale = 0.1, .shear = 0.1, .elastic = 1, .fill = 9};
    assert_int_equal(ml_dataset_augmented(ds, 0, opts, 5, 6, a), ML_OK);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(ml_dataset_augmented(ds, 0, opts, 5, 6, b), ML_OK);
        assert_memory_equal(a, b, SIZE);
        assert_int_equal(ml_dataset_augmented(ds, 1, opts, 5, 6, b), ML_OK); /* the same picture, another sample */
        assert_memory_not_equal(a, b, SIZE);
        assert_int_equal(ml_dataset_augmented(ds, 0, opts, 5, 7, b), ML_OK);
        assert_memory_not_equal(a, b, SIZE);
        assert_int_equal(ml_dataset_augmented(ds, 0, opts, 6, 6, b), ML_OK);
        assert_memory_not_equal(a, b, SIZE);
    }
    assert_int_equal(ml_dataset_augmented(ds, 2, (ml_augment_opts){.fill = 9}, 5, 6, a), ML_OK);
    assert_memory_equal(a, bytes + 2 * SIZE, SIZE); /* nothing asked for, nothing done */
    /* Shifts are the same numbers whatever else is asked for. */
    assert_int_equal(ml_dataset_augmented(ds, 2, (ml_augment_opts){.shift = 5}, 5, 6, a), ML_OK);
    assert_int_equal(ml_dataset_augmented(ds, 2, (ml_augment_opts){.shift = 5, .scale = 1e-12}, 5, 6, b), ML_OK);
    assert_memory_equal(a, b, SIZE);
    ml_dataset_free(ds);
}

static void colours_and_fill(void **state)
{
    (void)state;
    enum { H = 9, W = 14, C = 3 };
    uint8_t bytes[H * W * C], out[H * W * C], grey[H * W];
    for (int i = 0; i < H * W * C; i++)
        bytes[i] = (uint8_t)(i / C * 37);
    ml_dataset *ds = pictures(bytes, 1, H, W, C);
    const ml_augment_opts opts[] = {{.shift = 9, .rotate = 40, .fill = 200}, {.elastic = 3, .shift = 9, .fill = 200}};
    for (int k = 0; k < 2; k++) {
        int filled = 0;
        assert_int_equal(ml_dataset_augmented(ds, 0, opts[k], 1, 0, out), ML_OK);
        for (int i = 0; i < H * W; i++) {
            assert_int_equal(out[C * i], out[C * i + 1]); /* equal planes stay equal */
            assert_int_equal(out[C * i], out[C * i + 2]);
            filled += out[C * i] == 200;
        }
        assert_true(filled > 10);
    }
    ml_dataset_free(ds);

    for (int i = 0; i < H * W; i++)
        grey[i] = (uint8_t)(i * 37);
    int32_t label = 0;
    ds = ml_dataset_new(1, 2, (int64_t[]){H, W}, grey, &label, 1); /* no axis for the channel */
    assert_int_equal(ml_dataset_augmented(ds, 0, opts[1], 1, 0, grey), ML_OK);
    for (int i = 0; i < H * W; i++)
        assert_int_equal(grey[i], out[C * i]);
    ml_dataset_free(ds);
}

static void wrong_options_are_errors(void **state)
{
    (void)state;
    ml_dataset *ds = blot(14, 14);
    uint8_t out[PIXELS];
    const double bad[] = {NAN, INFINITY, -INFINITY, -1, 1e300, -1e300, 181};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const ml_augment_opts opts[] = {{.shift = bad[i]}, {.rotate = bad[i]}, {.scale = bad[i]}, {.shear = bad[i]},
                                        {.elastic = bad[i]}, {.elastic = 1, .elastic_sigma = bad[i]}};
        const char *names[] = {"shift", "rotate", "scale", "shear", "elastic", "elastic_sigma"};
        for (int k = 0; k < 6; k++) {
            char start[64];
            snprintf(start, sizeof start, "augment: %s is ", names[k]);
            assert_int_equal(ml_dataset_augmented(ds, 0, opts[k], 1, 0, out), ML_EINVAL);
            assert_int_equal(strncmp(ml_error(), start, strlen(start)), 0);
        }
    }
    assert_int_equal(ml_dataset_augmented(ds, 0, (ml_augment_opts){.scale = 1}, 1, 0, out), ML_EINVAL);
    assert_string_equal(ml_error(), "augment: scale is 1: wants 0 to 0.99, so that the factors 1 - scale to 1 + scale are "
                                    "above 0");
    assert_int_equal(ml_dataset_augmented(ds, 0, (ml_augment_opts){.shift = 29}, 1, 0, out), ML_EINVAL);
    assert_string_equal(ml_error(), "augment: shift is 29: wants 0 to 28 pixels, the larger side of a picture");
    assert_int_equal(ml_dataset_augmented(ds, 1, (ml_augment_opts){.shift = 1}, 1, 0, out), ML_EINVAL);
    assert_string_equal(ml_error(), "augmented: sample 1 of a set of 1");
    assert_int_equal(ml_dataset_augmented(ds, -1, (ml_augment_opts){.shift = 1}, 1, 0, out), ML_EINVAL);
    assert_int_equal(ml_dataset_augmented(NULL, 0, (ml_augment_opts){.shift = 1}, 1, 0, out), ML_EINVAL);
    assert_int_equal(ml_dataset_augmented(ds, 0, (ml_augment_opts){.shift = 1}, 1, 0, NULL), ML_EINVAL);
    ml_dataset_free(ds);

    int32_t label = 0;
    ds = ml_dataset_new(1, 1, (int64_t[]){PIXELS}, out, &label, 1);
    assert_int_equal(ml_dataset_augmented(ds, 0, (ml_augment_opts){.shift = 1}, 1, 0, out), ML_EINVAL);
    assert_string_equal(ml_error(), "augment: a sample is 784: wants pictures, height x width x channels");
    ml_dataset_free(ds);
    ds = ml_dataset_new(1, 3, (int64_t[]){1, 1, 1}, (const uint8_t *)"x", &label, 1); /* the smallest picture */
    assert_int_equal(ml_dataset_augmented(ds, 0, (ml_augment_opts){.rotate = 180, .elastic = 1}, 1, 0, out), ML_OK);
    ml_dataset_free(ds);
    ds = ml_dataset_new(1, 3, (int64_t[]){0, 5, 1}, out, &label, 1); /* and an empty one */
    assert_int_equal(ml_dataset_augmented(ds, 0, (ml_augment_opts){.rotate = 180, .elastic = 1}, 1, 0, out), ML_OK);
    ml_dataset_free(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_option_does_what_it_says),
        cmocka_unit_test(elastic_is_the_root_mean_square),
        cmocka_unit_test(a_function_of_seed_epoch_and_sample),
        cmocka_unit_test(colours_and_fill),
        cmocka_unit_test(wrong_options_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
