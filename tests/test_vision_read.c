/* test_vision_read.c -- files of every kind give the pixels that Pillow finds in them; what was written is read again. */
#include "support/picture.h"
#include "support/tmp.h"

#include <stdlib.h>
#include <string.h>

static void assert_reads(const char *file, int64_t channels, const char *golden_name, int levels)
{
    ml_image *im = ml_image_read(picture_path(file), channels), *as = picture_golden(golden_name);
    if (!im)
        fail_msg("%s", ml_error());
    assert_same_picture(im, as, levels);
    ml_image_free(im);
    ml_image_free(as);
}

static void png_of_every_kind(void **state)
{
    (void)state;
    assert_reads("grey.png", 0, "grey", 0);
    assert_reads("grey1.png", 0, "grey1", 0);
    assert_reads("grey2.png", 0, "grey2", 0); /* interlaced */
    assert_reads("grey4.png", 0, "grey4", 0);
    assert_reads("rgb.png", 0, "rgb", 0);
    assert_reads("rgb_interlaced.png", 0, "rgb", 0);
    assert_reads("rgba.png", 0, "rgba", 0);
    assert_reads("rgba_interlaced.png", 0, "rgba", 0);
    assert_reads("palette.png", 0, "palette", 0);
    assert_reads("palette_transparent.png", 0, "palette_transparent", 0);
    assert_reads("rgb_transparent.png", 0, "rgb_transparent", 0);
    assert_reads("rgb16.png", 0, "rgb16", 0);
    ml_image *one = ml_image_read(picture_path("one.png"), 0);
    assert_pixels(one, 1, 1, 3, (const uint8_t[]){1, 2, 3}, 0);
    ml_image_free(one);
}

static void sixteen_bits_keep_the_upper_eight(void **state)
{
    (void)state;
    ml_image *grey = ml_image_read(picture_path("grey16_interlaced.png"), 0), *rgb = picture_golden("rgb16");
    assert_int_equal(grey->c, 1);
    for (int64_t i = 0; i < grey->h * grey->w; i++)
        assert_int_equal(grey->px[i], rgb->px[3 * i]); /* made from the same numbers */
    ml_image_free(grey);
    ml_image_free(rgb);
}

static void bmp_and_gif(void **state)
{
    (void)state;
    assert_reads("rgb.bmp", 0, "rgb", 0);
    assert_reads("top_down.bmp", 0, "rgb", 0);
    assert_reads("grey.bmp", 1, "grey", 0);
    assert_reads("bits.bmp", 1, "bits", 0);
    assert_reads("rgb565.bmp", 0, "rgb", 7);
    assert_reads("palette.gif", 3, "palette", 0);
    assert_reads("animated.gif", 3, "palette", 0);
}

/* Decoders of JPEG round each in their own way: ours is within two levels of libjpeg, and three where colours are stored at
 * half the size both ways. */
static void jpeg_of_every_kind(void **state)
{
    (void)state;
    assert_reads("rgb_444.jpg", 0, "jpeg_444", 2);
    assert_reads("rgb_422.jpg", 0, "jpeg_422", 2);
    assert_reads("rgb_420.jpg", 0, "jpeg_420", 3);
    assert_reads("rgb_progressive.jpg", 0, "jpeg_progressive", 3);
    assert_reads("rgb_restart.jpg", 0, "jpeg_restart", 3);
    assert_reads("rgb_adobe.jpg", 0, "jpeg_adobe", 2);
    assert_reads("grey.jpg", 0, "jpeg_grey", 1);
    assert_reads("cmyk.jpg", 0, "jpeg_cmyk", 2);
    assert_reads("one.jpg", 0, "jpeg_one", 1);
}

static void channels_that_are_asked_for(void **state)
{
    (void)state;
    assert_reads("rgb.png", 1, "grey", 0);
    assert_reads("rgba.png", 3, "on_white", 1);
    ml_image *rgba = picture_golden("rgba"), *rgb = picture_golden("rgb"), *grey = picture_golden("grey");

    ml_image *im = ml_image_read(picture_path("rgb.png"), 4);
    for (int64_t i = 0; i < im->h * im->w; i++) {
        assert_memory_equal(im->px + 4 * i, rgb->px + 3 * i, 3);
        assert_int_equal(im->px[4 * i + 3], 255);
    }
    ml_image_free(im);

    im = ml_image_read(picture_path("grey.png"), 3);
    for (int64_t i = 0; i < im->h * im->w * 3; i++)
        assert_int_equal(im->px[i], grey->px[i / 3]);
    ml_image_free(im);

    im = ml_image_read(picture_path("grey_alpha.png"), 0);
    assert_int_equal(im->c, 4);
    for (int64_t i = 0; i < im->h * im->w; i++) {
        for (int k = 0; k < 3; k++)
            assert_int_equal(im->px[4 * i + k], grey->px[i]);
        assert_int_equal(im->px[4 * i + 3], rgba->px[4 * i + 3]);
    }
    ml_image_free(im);

    /* Over white, by the definition: where nothing covers, white; where all does, the picture. */
    im = ml_image_read(picture_path("grey_alpha.png"), 1);
    for (int64_t i = 0; i < im->h * im->w; i++) {
        double a = rgba->px[4 * i + 3] / 255.0, v = a * grey->px[i] + (1 - a) * 255;
        assert_int_equal(im->px[i], (int)(v + 0.5));
    }
    ml_image_free(im);
    ml_image_free(rgba);
    ml_image_free(rgb);
    ml_image_free(grey);
}

static void every_way_up(void **state)
{
    (void)state;
    golden g = golden_read("vision_exif");
    int64_t h = g.shape[1], w = g.shape[2], size = h * w * 3;
    uint8_t *as = malloc((size_t)size);
    assert_non_null(as);
    for (int way = 1; way <= 8; way++)
        for (int order = 0; order < 2; order++) {
            char name[32];
            snprintf(name, sizeof name, "exif%d_%s.jpg", way, order ? "mm" : "ii");
            for (int64_t i = 0; i < size; i++)
                as[i] = (uint8_t)g.v[(way - 1) * size + i];
            ml_image *im = ml_image_read(picture_path(name), 0);
            assert_pixels(im, h, w, 3, as, 2);
            ml_image_free(im);
        }
    free(as);
    golden_free(&g);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"grey", "rgb", "rgba"};
    for (int i = 0; i < 3; i++) {
        ml_image *im = picture_golden(names[i]);
        assert_int_equal(ml_image_write_png(im, tmp_path("out.png")), ML_OK);
        ml_image *back = ml_image_read(tmp_path("out.png"), 0);
        assert_same_picture(back, im, 0);
        ml_image_free(back);
        ml_image_free(im);
    }
    uint8_t px[4] = {9, 8, 7, 6};
    ml_image mine = {2, 2, 1, px}; /* the caller's own bytes */
    assert_int_equal(ml_image_write_png(&mine, tmp_path("out.png")), ML_OK);
    ml_image *back = ml_image_read(tmp_path("out.png"), 1);
    assert_same_picture(back, &mine, 0);
    ml_image_free(back);
    assert_int_equal(tmp_count(), 1);
}

static void what_cannot_be_written(void **state)
{
    (void)state;
    uint8_t px[6] = {0};
    ml_image im = {1, 3, 2, px};
    assert_int_equal(ml_image_write_png(&im, tmp_path("x.png")), ML_EINVAL);
    assert_string_equal(ml_error(), "write: 2 channels: pictures have 1, 3 or 4");
    im.c = 1;
    assert_int_equal(ml_image_write_png(&im, NULL), ML_EINVAL);
    assert_int_equal(ml_image_write_png(NULL, tmp_path("x.png")), ML_EINVAL);
    assert_int_equal(ml_image_write_png(&im, tmp_path("no/x.png")), ML_EIO);
    assert_non_null(strstr(ml_error(), "no/x.png: cannot be written"));
    assert_int_equal(ml_image_write_png(&im, tmp_path("")), ML_EIO);
    assert_int_equal(tmp_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_of_every_kind),
        cmocka_unit_test(sixteen_bits_keep_the_upper_eight),
        cmocka_unit_test(bmp_and_gif),
        cmocka_unit_test(jpeg_of_every_kind),
        cmocka_unit_test(channels_that_are_asked_for),
        cmocka_unit_test(every_way_up),
        cmocka_unit_test_setup_teardown(what_is_written_is_read, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_written, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("vision/read", tests, NULL, NULL);
}
