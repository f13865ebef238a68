/* test_vision_hostile.c -- files that are cut, damaged, lying, huge or no pictures at all: a sentence, and bounded memory. */
#include "support/picture.h"
#include "support/tmp.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zlib.h>

#define LLVMFuzzerTestOneInput fuzz_image
#include "fuzz/fuzz_image.c"
#undef LLVMFuzzerTestOneInput

static void assert_sentence(ml_image *im, ml_status status, const char *sentence)
{
    assert_null(im);
    assert_int_equal(ml_error_status(), status);
    assert_string_equal(ml_error(), sentence);
}

/* Decodes under the name "f"; the sentence must be this. */
static void assert_refused(const void *bytes, size_t n, const char *sentence)
{
    uint8_t *exact = malloc(n ? n : 1); /* so that the sanitizer sees a read beyond its end */
    assert_non_null(exact);
    memcpy(exact, bytes, n);
    ml_image *im = ml_image_decode("f", exact, n, 0);
    free(exact);
    assert_sentence(im, ML_EFORMAT, sentence);
}

/* ---- bombs: first, as the peak of memory only grows ---- */

static uint8_t *put32(uint8_t *to, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *to++ = (uint8_t)(v >> shift);
    return to;
}

/* A PNG of RGB whose data inflates to `zeros` zeros. To free. */
static uint8_t *png_of_zeros(uint32_t h, uint32_t w, size_t zeros, size_t *n)
{
    uLongf packed = compressBound((uLong)zeros);
    uint8_t *raw = calloc(zeros, 1), *png = malloc(packed + 100), *to = png;
    assert_true(raw && png);
    memcpy(to, "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16);
    to = put32(put32(to + 16, w), h);
    memcpy(to, "\x08\x02\0\0\0" /* and no CRC */ "\0\0\0", 9);
    to += 9;
    assert_int_equal(compress2(to + 8, &packed, raw, (uLong)zeros, 9), Z_OK);
    put32(to, (uint32_t)packed);
    memcpy(to + 4, "IDAT", 4);
    to = put32(to + 8 + packed, 0);
    memcpy(to, "\0\0\0\0IEND\0\0\0", 12);
    *n = (size_t)(to + 12 - png);
    free(raw);
    return png;
}

static long peak_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void a_bomb_stays_small(void **state)
{
    (void)state;
    size_t n;
    uint8_t *png = png_of_zeros(5, 4, 100 << 20, &n); /* 100 MB of zeros in 100 KB, for a picture of 20 pixels */
    long before = peak_kb();
    assert_null(ml_image_decode("f", png, n, 0));
    assert_non_null(strstr(ml_error(), "f: a PNG picture of 5x4 whose data asks for more memory than the 15"));
    assert_true(peak_kb() - before < 20 << 10);
    free(png);
}

static void huge_sizes_cost_nothing(void **state)
{
    (void)state;
    size_t n;
    long before = peak_kb();
    static const uint32_t sizes[][2] = {{20000, 20000}, {65535, 65535}, {1, 65536}, {INT32_MAX, 1}, {UINT32_MAX, UINT32_MAX}};
    for (int i = 0; i < 5; i++) {
        char text[200];
        uint8_t *png = png_of_zeros(sizes[i][0], sizes[i][1], 9, &n);
        snprintf(text, sizeof text, "f: a PNG picture %lu high and %lu wide: sides are 1 to 65535, with at most 67108864 pixels "
                 "together", (unsigned long)sizes[i][0], (unsigned long)sizes[i][1]);
        assert_refused(png, n, text);
        free(png);
    }
    assert_true(peak_kb() - before < 20 << 10);
    /* Within the limits, with too little data: it costs its pixels once, then a sentence. */
    uint8_t *png = png_of_zeros(300, 20000, 1000, &n);
    assert_refused(png, n, "f: a PNG picture that cannot be decoded: not enough pixels");
    free(png);
    assert_true(peak_kb() - before < 60 << 10);
}

static void long_and_thin_is_read(void **state)
{
    (void)state;
    size_t n;
    uint8_t *png = png_of_zeros(3, 20000, 3 * (1 + 60000), &n);
    ml_image *im = ml_image_decode("f", png, n, 1);
    assert_non_null(im);
    assert_int_equal(im->h, 3);
    assert_int_equal(im->w, 20000);
    ml_image_free(im);
    free(png);
}

/* ---- what is no picture ---- */

static void other_kinds_are_named(void **state)
{
    (void)state;
    assert_refused("", 0, "f: not a picture: it is empty");
    assert_refused("hello world\n", 12,
                   "f: not a picture of a kind that is read (JPEG, PNG, BMP, GIF): it begins with \"hello wo\"");
    assert_refused("\1\2\n", 3, "f: not a picture of a kind that is read (JPEG, PNG, BMP, GIF): it begins with 01 02 0a");
    assert_refused("\x93NUMPY\1\0v", 9,
                   "f: not a picture of a kind that is read (JPEG, PNG, BMP, GIF): it begins with 93 4e 55 4d 50 59 01 00");
    static const struct {
        const char *bytes, *name, *tool;
    } others[] = {
        {"\0\0\0\x18" "ftypheic....", "HEIC", "heif-convert"}, {"\0\0\0\x18" "ftypheix....", "HEIC", "heif-convert"},
        {"\0\0\0\x18" "ftypmif1....", "HEIF", "heif-convert"}, {"\0\0\0\x18" "ftypavif....", "AVIF", "avifdec"},
        {"RIFF1234WEBPVP8 ", "WebP", "dwebp"},                 {"II*\0............", "TIFF", "ImageMagick"},
        {"MM\0*............", "TIFF", "ImageMagick"},          {"\xff\x0a..............", "JPEG XL", "djxl"},
        {"%PDF-1.7........", "PDF", "pdftoppm -png"},          {"8BPS............", "Photoshop", "ImageMagick"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char text[200];
        snprintf(text, sizeof text, "f: a %s file, which is not read: convert it to PNG or JPEG, for example with %s",
                 others[i].name, others[i].tool);
        assert_refused(others[i].bytes, 16, text);
    }
}

static void files_that_are_none(void **state)
{
    (void)state;
    assert_null(ml_image_read(tmp_path("missing.png"), 0));
    assert_int_equal(ml_error_status(), ML_EIO);
    assert_non_null(strstr(ml_error(), "missing.png: cannot be opened: No such file"));
    assert_null(ml_image_read(tmp_path(""), 0));
    assert_non_null(strstr(ml_error(), "is a folder, not a file"));
    assert_null(ml_image_read(tmp_file("empty.png", "", 0), 0));
    assert_non_null(strstr(ml_error(), "empty.png: not a picture: it is empty"));
    assert_null(ml_image_read(tmp_file("text.png", "a,b\n", 4), 0));
    assert_non_null(strstr(ml_error(), "text.png: not a picture of a kind that is read"));
    assert_sentence(ml_image_read(NULL, 0), ML_EINVAL, "image: path is NULL");
    assert_sentence(ml_image_decode(NULL, "x", 1, 0), ML_EINVAL, "image: name is NULL");
    assert_sentence(ml_image_decode("f", NULL, 1, 0), ML_EINVAL, "image: bytes is NULL");
    assert_sentence(ml_image_decode("f", "x", 1, 2), ML_EINVAL,
                    "f: 2 channels are asked for: 1, 3 or 4, or 0 for what the file has");
    assert_null(ml_image_decode("f", "x", 1, INT64_MIN));
    assert_null(ml_image_decode("f", "x", SIZE_MAX, 0));
}

/* ---- cut and damaged ---- */

static uint8_t *picture_bytes(const char *name, size_t *n)
{
    uint8_t *bytes = slurp(picture_path(name), n);
    assert_non_null(bytes);
    return bytes;
}

static void assert_every_cut(const char *name)
{
    size_t n;
    uint8_t *bytes = picture_bytes(name, &n);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1);
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        ml_image *im = ml_image_decode("f", exact, cut, 0);
        /* A GIF ends with a byte that nobody needs, and some writers leave out what fills up a BMP's last row. */
        bool enough = im && (strstr(name, ".gif") || strstr(name, ".bmp")) && cut + 3 >= n;
        if (im && !enough && !strstr(name, "animated"))
            fail_msg("%s: %zu of %zu bytes were taken for a picture", name, cut, n);
        ml_image_free(im);
        ml_image_free(image_checked(exact, cut));
        free(exact);
    }
    free(bytes);
}

static void every_cut_is_seen(void **state)
{
    (void)state;
    static const char *const names[] = {
        "rgb.png",  "palette.png",         "grey16_interlaced.png", "one.png",    "rgb_420.jpg", "grey.jpg",    "cmyk.jpg",
        "rgb.bmp",  "rgb_progressive.jpg", "rgb_restart.jpg",       "rgb565.bmp", "bits.bmp",    "palette.gif", "exif6_ii.jpg",
        "animated.gif",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_every_cut(names[i]);
}

static void a_cut_has_its_sentence(void **state)
{
    (void)state;
    size_t n;
    static const char *const names[] = {"rgb.png", "rgb_420.jpg", "rgb_progressive.jpg", "rgb.bmp", "palette.gif"};
    static const char *const kinds[] = {"PNG", "JPEG", "JPEG", "BMP", "GIF"};
    for (int i = 0; i < 5; i++) {
        char text[100];
        uint8_t *bytes = picture_bytes(names[i], &n);
        snprintf(text, sizeof text, "f: a %s picture that is cut short: more should follow its %zu bytes", kinds[i], n * 4 / 5);
        assert_refused(bytes, n * 4 / 5, text);
        snprintf(text, sizeof text, "f: a %s picture whose head does not say how large it is: it is cut short or damaged",
                 kinds[i]);
        assert_refused(bytes, 8, text);
        free(bytes);
    }
}

/* Each byte of each file in a folder, changed by some bits or others. */
static int each_byte(const char *folder)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/%s", MLCORE_SOURCE_DIR, folder);
    DIR *d = opendir(path);
    int files = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        /* Of the eight ways up one is enough. */
        if (e->d_name[0] == '.' || (strncmp(e->d_name, "exif", 4) == 0 && strcmp(e->d_name, "exif6_mm.jpg") != 0))
            continue;
        snprintf(path, sizeof path, "%s/tests/%s/%s", MLCORE_SOURCE_DIR, folder, e->d_name);
        size_t n;
        uint8_t *bytes = slurp(path, &n), *exact = malloc(n);
        assert_true(bytes && exact);
        memcpy(exact, bytes, n);
        fuzz_image(exact, n);
        for (size_t i = 0; i < n; i++) {
            exact[i] = (uint8_t)(bytes[i] ^ (1 + i * 37 % 255));
            ml_image_free(image_checked(exact, n));
            exact[i] = bytes[i];
        }
        free(exact);
        free(bytes);
        files++;
    }
    closedir(d);
    return files;
}

static void every_byte_changed(void **state)
{
    (void)state;
    assert_true(each_byte("golden/images") >= 30);
    assert_true(each_byte("fuzz/seeds/image") >= 20);
}

/* ---- JPEG: what its head claims ---- */

/* rgb_420.jpg with a segment after its first two bytes. To free. */
static uint8_t *with_segment(uint8_t marker, const void *body, size_t size, size_t *n)
{
    size_t old;
    uint8_t *jpeg = picture_bytes("rgb_420.jpg", &old), *out = malloc(old + size + 4);
    assert_non_null(out);
    const uint8_t head[6] = {0xff, 0xd8, 0xff, marker, (uint8_t)((size + 2) >> 8), (uint8_t)(size + 2)};
    memcpy(out, head, 6);
    memcpy(out + 6, body, size);
    memcpy(out + 6 + size, jpeg + 2, old - 2);
    *n = old + size + 4;
    free(jpeg);
    return out;
}

static void lying_orientations_are_ignored(void **state)
{
    (void)state;
    static const char tiff[] = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
    enum { SIZE = sizeof tiff - 1, OFFSET = 10, COUNT = 14, TAG = 16, TYPE = 18, ONE = 20, VALUE = 24 };
    ml_image *plain = ml_image_read(picture_path("rgb_420.jpg"), 0);
    assert_non_null(plain);
    static const struct {
        int at;
        uint8_t byte;
        bool turned;
    } changes[] = {
        {VALUE, 6, true},      {VALUE, 8, true},   {VALUE, 1, false}, {VALUE, 0, false},     {VALUE, 9, false},
        {VALUE + 1, 1, false}, {TYPE, 4, false},   {ONE, 2, false},   {TAG, 0x13, false},    {COUNT, 0, false},
        {COUNT + 1, 255, true}, {OFFSET, 9, false}, {OFFSET, 255, false}, {OFFSET + 3, 255, false}, {8, 0, false},
        {6, 'M', false},       {0, 'e', false},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        size_t n;
        char body[SIZE];
        memcpy(body, tiff, SIZE);
        body[changes[i].at] = (char)changes[i].byte;
        uint8_t *jpeg = with_segment(0xe1, body, SIZE, &n);
        ml_image *im = ml_image_decode("f", jpeg, n, 0);
        assert_non_null(im);
        if (changes[i].turned)
            assert_int_equal(im->h, plain->w);
        else
            assert_same_picture(im, plain, 0);
        ml_image_free(im);
        free(jpeg);
    }
    for (size_t cut = 0; cut < SIZE - 2; cut++) { /* the segment ends before what it speaks of */
        size_t n;
        uint8_t *jpeg = with_segment(0xe1, tiff, cut, &n);
        ml_image *im = ml_image_decode("f", jpeg, n, 0);
        assert_same_picture(im, plain, 0);
        ml_image_free(im);
        free(jpeg);
    }
    ml_image_free(plain);
}

static void four_inks_must_say_which(void **state)
{
    (void)state;
    size_t n;
    uint8_t *jpeg = picture_bytes("cmyk.jpg", &n), *adobe = NULL;
    for (size_t i = 0; i + 5 < n && !adobe; i++)
        if (memcmp(jpeg + i, "Adobe", 5) == 0)
            adobe = jpeg + i;
    assert_non_null(adobe);
    adobe[0] = 'a';
    assert_refused(jpeg, n, "f: a JPEG of four inks that does not say how they are stored (no Adobe marker of CMYK or YCCK): "
                            "convert it to RGB");
    free(jpeg);
}

/* One scan more than the picture has components, each through all of it. */
static void endless_scans_end(void **state)
{
    (void)state;
    size_t n;
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/fuzz/seeds/image/scans.jpg", MLCORE_SOURCE_DIR);
    uint8_t *jpeg = slurp(path, &n);
    assert_non_null(jpeg);
    assert_refused(jpeg, n, "f: a JPEG picture that cannot be decoded: too many scans");
    free(jpeg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bomb_stays_small),
        cmocka_unit_test(huge_sizes_cost_nothing),
        cmocka_unit_test(long_and_thin_is_read),
        cmocka_unit_test(other_kinds_are_named),
        cmocka_unit_test_setup_teardown(files_that_are_none, tmp_setup, tmp_teardown),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(a_cut_has_its_sentence),
        cmocka_unit_test(every_byte_changed),
        cmocka_unit_test(lying_orientations_are_ignored),
        cmocka_unit_test(four_inks_must_say_which),
        cmocka_unit_test(endless_scans_end),
    };
    return cmocka_run_group_tests_name("vision/hostile", tests, NULL, NULL);
}
