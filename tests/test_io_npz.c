/* test_io_npz.c -- .npz: NumPy's files give the same arrays, ours have the same bytes as NumPy's, and an archive that lies gets
 * a sentence before it gets memory. The files of tests/golden are made by make_npy.py.
 */
#include "io/io.h"
#include "support/check.h"
#include "support/tmp.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char *golden_path(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/tests/golden/%s", MLCORE_SOURCE_DIR, name);
    return path;
}

static uint8_t *golden_bytes(const char *name, size_t *n)
{
    uint8_t *bytes = slurp(golden_path(name), n);
    assert_non_null(bytes);
    return bytes;
}

static bool same_as_golden(const char *path, const char *name)
{
    size_t n;
    uint8_t *numpy = golden_bytes(name, &n);
    bool same = same_file(path, numpy, n);
    free(numpy);
    return same;
}

/* The arrays of npz_stored.npz. */
static float x[6] = {0, 0.125f, 0.25f, 0.375f, 0.5f, 0.625f};
static int64_t bias[2] = {-1, 5};
static uint8_t seven = 7;
static const char *const NAMES[] = {"x", "layer/bias", "\xc3\xa9"};
static const ml_npy ARRAYS[] = {
    {.dtype = "f4", .rank = 2, .shape = {2, 3}, .size = 6, .data = x},
    {.dtype = "i8", .rank = 1, .shape = {2}, .size = 2, .data = bias},
    {.dtype = "u1", .rank = 0, .size = 1, .data = &seven},
};

/* ---- writing, which needs no libzip ---- */

static void writes_what_numpy_writes(void **state)
{
    (void)state;
    const char *path = tmp_path("out.npz");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ml_npz_write(path, NAMES, ARRAYS, 3), ML_OK);
        assert_true(same_as_golden(path, "npz_stored.npz"));
    }
    assert_int_equal(ml_npz_write(path, NULL, NULL, 0), ML_OK);
    assert_true(same_as_golden(path, "npz_nothing.npz"));
    assert_int_equal(tmp_count(), 1);
}

static void sizes_and_offsets_of_64_bits(void **state)
{
    (void)state;
    mli_writer w;
    mli_zip_member members[2];
    mli_zip z = {.w = &w, .members = members, .at = (uint64_t)5 << 30};
    const char *path = tmp_path("far.bin");
    assert_int_equal(mli_writer_open(&w, path), ML_OK);
    assert_int_equal(mli_zip_add(&z, "a", "12", 2, "34", 2), ML_OK);
    assert_int_equal(mli_zip_add(&z, "b", "1234", 4, NULL, 0), ML_OK);
    members[0].bytes = (uint64_t)3 << 30;
    assert_int_equal(mli_zip_end(&z), ML_OK);
    assert_int_equal(mli_writer_commit(&w), ML_OK);
    assert_true(same_as_golden(path, "npz_far.bin"));
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    struct rlimit old, small;
    const char *path = tmp_file("keep.npz", "old", 3);
    double *big = calloc(10000, sizeof *big);
    ml_npy arrays[] = {ARRAYS[0], {.dtype = "f8", .rank = 1, .shape = {10000}, .size = 10000, .data = big}};
    getrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t room = 0; room < 80000; room += 4093) { /* in a header, in an array, in the directory */
        small = (struct rlimit){.rlim_cur = room, .rlim_max = old.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
        ml_status s = ml_npz_write(path, NAMES, arrays, 2);
        setrlimit(RLIMIT_FSIZE, &old);
        assert_int_equal(s, ML_EIO);
        assert_non_null(strstr(ml_error(), "keep.npz: cannot be written: File too large"));
        assert_true(same_file(path, "old", 3));
        assert_int_equal(tmp_count(), 1);
    }
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(ml_npz_write("/dev/full", NAMES, arrays, 2), ML_EIO);
    free(big);
}

static void refuses_to_write(void **state)
{
    (void)state;
    const char *path = tmp_file("keep.npz", "old", 3), *names[3] = {"a", "b", "a"};
    char *endless = calloc(1, 65600);
    ml_npy arrays[3];
    memcpy(arrays, ARRAYS, sizeof arrays);
#define REFUSED(sentence)                                                             \
    do {                                                                              \
        assert_int_equal(ml_npz_write(path, names, arrays, 3), ML_EINVAL);            \
        if (!strstr(ml_error(), "keep.npz: " sentence))                               \
            fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);               \
    } while (0)
    REFUSED("two arrays have the name \"a\"");
    names[2] = NULL;
    REFUSED("the name of array 2 is NULL");
    names[2] = "\xe9";
    REFUSED("the name of array 2 is not UTF-8");
    names[2] = memset(endless, 'n', 65532);
    REFUSED("the name of array 2 is longer than 65531 bytes");
    names[2] = "c";
    arrays[1].dtype = "c8";
    REFUSED("b: unknown dtype c8");
    arrays[1] = ARRAYS[1], arrays[2].size = 2;
    REFUSED("c: shape scalar has 1 elements, but 2 were given");
    assert_int_equal(ml_npz_write(NULL, names, arrays, 3), ML_EINVAL);
    assert_int_equal(ml_npz_write(path, NULL, arrays, 3), ML_EINVAL);
    assert_int_equal(ml_npz_write(path, names, NULL, 3), ML_EINVAL);
    assert_int_equal(ml_npz_write(path, names, arrays, -1), ML_EINVAL);
    assert_true(same_file(path, "old", 3));
    assert_int_equal(tmp_count(), 1);
    free(endless);
}

static void none_is_no_archive(void **state)
{
    (void)state;
    assert_null(ml_npz_read(NULL, (ml_npz_opts){0}));
    assert_null(ml_npz_read(tmp_path("missing"), (ml_npz_opts){0}));
    assert_non_null(strstr(ml_error(), "missing: cannot be opened: No such file"));
    assert_null(ml_npz_read(tmp_path(""), (ml_npz_opts){0}));
    assert_non_null(strstr(ml_error(), "is a folder"));
    assert_int_equal(ml_npz_count(NULL), 0);
    assert_null(ml_npz_name(NULL, 0));
    assert_null(ml_npz_at(NULL, 0));
    assert_string_equal(ml_error(), "npz: array 0 of 0");
    assert_null(ml_npz_find(NULL, "a"));
    ml_npz_free(NULL);
}

#ifndef MLCORE_ZIP

static void says_what_is_missing(void **state)
{
    (void)state;
    assert_null(ml_npz_read(golden_path("npz_stored.npz"), (ml_npz_opts){0}));
    assert_int_equal(ml_error_status(), ML_EIO);
    assert_non_null(strstr(ml_error(), "npz_stored.npz: this library was built without libzip, which reads .npz: install it "
                                       "(on Debian libzip-dev) and build again; .npy needs none"));
}

#else

/* ---- reading ---- */

static ml_npz *read_golden(const char *name)
{
    ml_npz *npz = ml_npz_read(golden_path(name), (ml_npz_opts){0});
    if (!npz)
        fail_msg("%s", ml_error());
    return npz;
}

/* Memory of exactly n bytes, so that the sanitizer sees a read beyond them. */
static ml_status parse(const uint8_t *bytes, size_t n, ml_npz_opts opts, ml_npz **npz)
{
    uint8_t *own = malloc(n ? n : 1);
    memcpy(own, bytes, n);
    ml_status s = mli_npz_parse("f", own, n, opts, npz);
    free(own);
    return s;
}

static void assert_array(const ml_npy *npy, const ml_npy *expected)
{
    assert_non_null(npy);
    assert_string_equal(npy->dtype, expected->dtype);
    assert_int_equal(npy->rank, expected->rank);
    assert_memory_equal(npy->shape, expected->shape, sizeof npy->shape);
    assert_int_equal(npy->size, expected->size);
    assert_memory_equal(npy->data, expected->data, (size_t)npy->size * mli_npy_width(npy->dtype));
}

static void reads_what_numpy_wrote(void **state)
{
    (void)state;
    static const char *const files[] = {"npz_stored.npz", "npz_stream.npz", "npz_deflated.npz"};
    for (int k = 0; k < 3; k++) {
        ml_npz *npz = read_golden(files[k]);
        int zeros = k == 2;
        assert_int_equal(ml_npz_count(npz), 3 + zeros);
        for (int i = 0; i < 3; i++) {
            assert_string_equal(ml_npz_name(npz, zeros + i), NAMES[i]);
            assert_array(ml_npz_at(npz, zeros + i), &ARRAYS[i]);
            assert_ptr_equal(ml_npz_find(npz, NAMES[i]), ml_npz_at(npz, zeros + i));
        }
        if (zeros) {
            ml_tensor *t = ml_tensor_of_npy(ml_npz_find(npz, "zeros"));
            assert_non_null(t);
            assert_int_equal(t->size, 2000);
            for (int i = 0; i < 2000; i++)
                assert_true(t->data[i] == 0);
            ml_tensor_free(t);
        }
        assert_null(ml_npz_at(npz, -1));
        assert_null(ml_npz_at(npz, 3 + zeros));
        assert_null(ml_npz_name(npz, 3 + zeros));
        assert_null(ml_tensor_of_npy(ml_npz_find(npz, "x.npy"))); /* and the sentence is that of find */
        assert_non_null(strstr(ml_error(), "arrays has the name \"x.npy\""));
        assert_null(ml_npz_find(npz, NULL));
        ml_npz_free(npz);
    }
    ml_npz *npz = read_golden("npz_nothing.npz");
    assert_int_equal(ml_npz_count(npz), 0);
    ml_npz_free(npz);
}

static void skips_what_is_no_array(void **state)
{
    (void)state;
    ml_npz *npz = read_golden("npz_others.npz");
    assert_int_equal(ml_npz_count(npz), 2);
    assert_string_equal(ml_npz_name(npz, 0), "a");
    assert_string_equal(ml_npz_name(npz, 1), ""); /* ".npy" */
    assert_true(*(float *)ml_npz_find(npz, "a")->data == 1.5f);
    ml_npz_free(npz);
}

static void more_arrays_than_16_bits_count(void **state)
{
    (void)state;
    enum { N = 65600 }; /* from 65536 on the directory ends in 64 bits */
    char(*texts)[16] = malloc(N * sizeof *texts);
    const char **names = malloc(N * sizeof *names), *path = tmp_path("many.npz");
    uint16_t *values = malloc(N * sizeof *values);
    ml_npy *arrays = malloc(N * sizeof *arrays);
    for (int i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "a%d", i);
        names[i] = texts[i];
        values[i] = (uint16_t)i;
        arrays[i] = (ml_npy){.dtype = "u2", .size = 1, .data = &values[i]};
    }
    assert_int_equal(ml_npz_write(path, names, arrays, N), ML_OK);
    ml_npz *npz = ml_npz_read(path, (ml_npz_opts){0});
    assert_int_equal(ml_npz_count(npz), N);
    for (int i = 0; i < N; i++) {
        assert_string_equal(ml_npz_name(npz, i), names[i]);
        assert_int_equal(*(uint16_t *)ml_npz_at(npz, i)->data, values[i]);
    }
    ml_npz_free(npz);
    free(texts);
    free(names);
    free(values);
    free(arrays);
}

/* ---- wrong files ---- */

static void assert_refused(const uint8_t *bytes, size_t n, ml_npz_opts opts, const char *sentence)
{
    ml_npz *npz = (ml_npz *)&npz;
    ml_status s = parse(bytes, n, opts, &npz);
    if (s != ML_EFORMAT || npz || strcmp(ml_error(), sentence) != 0)
        fail_msg("\"%s\" should be \"%s\"", ml_error(), sentence);
}

static void refuses_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *sentence;
    } cases[] = {
        {"npz_no_twice.npz", "f: two arrays have the name \"a\""},
        {"npz_no_array.npz", "f: a.npy: not a .npy file: it does not begin with \\x93NUMPY"},
        {"npz_no_bzip2.npz", "f: a.npy: it is packed by method 12: this reader knows 0, stored, and 8, deflated"},
        {"npz_no_lzma.npz", "f: a.npy: it is packed by method 14: this reader knows 0, stored, and 8, deflated"},
        {"npz_no_bomb.npz", "f: a.npy: the header says 10 of u1 = 10 bytes, but 1000000 follow"},
        {"npy_f4.npy", "f: not a .npz file: Not a zip archive"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n;
        uint8_t *bytes = golden_bytes(cases[i].name, &n);
        assert_refused(bytes, n, (ml_npz_opts){0}, cases[i].sentence);
        free(bytes);
    }
    assert_refused((const uint8_t *)"", 0, (ml_npz_opts){0}, "f: not a .npz file: it is empty");
}

/* Where in the golden file's directory the record of its first member begins. */
static size_t first_record(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i + 46 <= n; i++)
        if (memcmp(bytes + i, "PK\1\2", 4) == 0)
            return i;
    fail_msg("no directory");
    return 0;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static void bombs_get_no_memory(void **state)
{
    (void)state;
    size_t n;
    uint8_t *bytes = golden_bytes("npz_no_bomb.npz", &n), *record = bytes + first_record(bytes, n);
    enum { PACKED = 20, SIZE = 24 };
    /* A member of a megabyte against a limit of a megabyte less a byte: nothing but the list of members is asked for. */
    int64_t before = mli_alloc_count();
    assert_refused(bytes, n, (ml_npz_opts){.limit = 1000127},
                   "f: a.npy: with its 1000128 bytes the arrays have more than the limit of 1000127");
    assert_true(mli_alloc_count() - before <= 3);
    /* It says that it is small: inflating stops there. */
    put32(record + SIZE, 138);
    assert_refused(bytes, n, (ml_npz_opts){0}, "f: a.npy: the directory says 138 bytes, but more follow");
    /* Or larger than it is; or than deflate could make it; or its packed bytes are not there. */
    put32(record + SIZE, 1000129);
    assert_refused(bytes, n, (ml_npz_opts){0}, "f: a.npy: the directory says 1000129 bytes, but fewer are there");
    put32(record + SIZE, 0xfffffffe);
    char sentence[200];
    snprintf(sentence, sizeof sentence, "f: a.npy: the directory says 4294967294 bytes, more than %u packed ones can hold",
             record[PACKED] | record[PACKED + 1] << 8);
    assert_refused(bytes, n, (ml_npz_opts){0}, sentence);
    put32(record + PACKED, 0xfffffffe);
    snprintf(sentence, sizeof sentence, "f: a.npy: the directory says 4294967294 packed bytes, the file has %zu", n);
    assert_refused(bytes, n, (ml_npz_opts){0}, sentence);
    free(bytes);
}

static void the_limit_is_of_all_together(void **state)
{
    (void)state;
    size_t n;
    ml_npz *npz;
    uint8_t *bytes = golden_bytes("npz_stored.npz", &n);
    assert_int_equal(parse(bytes, n, (ml_npz_opts){.limit = 3 * 128 + 24 + 16 + 1}, &npz), ML_OK);
    ml_npz_free(npz);
    assert_refused(bytes, n, (ml_npz_opts){.limit = 3 * 128 + 24 + 16},
                   "f: \xc3\xa9.npy: with its 129 bytes the arrays have more than the limit of 424");
    assert_int_equal(parse(bytes, n, (ml_npz_opts){.limit = -1}, &npz), ML_EINVAL);
    assert_string_equal(ml_error(), "npz_read: limit -1 is negative");
    free(bytes);
}

static void encrypted_or_corrupt_members(void **state)
{
    (void)state;
    size_t n;
    uint8_t *bytes = golden_bytes("npz_stored.npz", &n), *record = bytes + first_record(bytes, n);
    record[8] |= 1;
    assert_refused(bytes, n, (ml_npz_opts){0}, "f: x.npy: it is encrypted");
    record[8] ^= 1;
    bytes[200] ^= 1; /* in the numbers of x */
    assert_refused(bytes, n, (ml_npz_opts){0}, "f: x.npy: CRC error");
    free(bytes);
}

/* A sentence, or arrays that hold what their shapes say. */
static void assert_sound(const uint8_t *bytes, size_t n)
{
    ml_npz *npz;
    ml_error_clear();
    if (parse(bytes, n, (ml_npz_opts){0}, &npz)) {
        assert_int_equal(ml_error_status(), ML_EFORMAT);
        assert_int_equal(strncmp(ml_error(), "f: ", 3), 0);
        assert_null(strchr(ml_error(), '\n'));
        assert_null(npz);
        return;
    }
    for (int i = 0; i < ml_npz_count(npz); i++) {
        ml_tensor *t = ml_tensor_of_npy(ml_npz_at(npz, i));
        assert_non_null(t);
        ml_tensor_free(t);
    }
    ml_npz_free(npz);
}

static void every_cut_and_every_changed_byte(void **state)
{
    (void)state;
    static const char *const names[] = {"npz_stored.npz", "npz_deflated.npz", "npz_stream.npz", "npz_others.npz"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        size_t n;
        ml_npz *npz;
        uint8_t *bytes = golden_bytes(names[k], &n);
        for (size_t m = 0; m < n; m++)
            assert_int_equal(parse(bytes, m, (ml_npz_opts){0}, &npz), ML_EFORMAT);
        for (size_t i = 0; i < n; i++) {
            uint8_t right = bytes[i];
            for (int bit = 0; bit < 8; bit++) {
                bytes[i] = (uint8_t)(right ^ 1 << bit);
                assert_sound(bytes, n);
            }
            bytes[i] = right;
        }
        free(bytes);
    }
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_what_numpy_writes, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(sizes_and_offsets_of_64_bits, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refuses_to_write, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(none_is_no_archive, tmp_setup, tmp_teardown),
#ifndef MLCORE_ZIP
        cmocka_unit_test(says_what_is_missing),
#else
        cmocka_unit_test(reads_what_numpy_wrote),
        cmocka_unit_test(skips_what_is_no_array),
        cmocka_unit_test_setup_teardown(more_arrays_than_16_bits_count, tmp_setup, tmp_teardown),
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(bombs_get_no_memory),
        cmocka_unit_test(the_limit_is_of_all_together),
        cmocka_unit_test(encrypted_or_corrupt_members),
        cmocka_unit_test(every_cut_and_every_changed_byte),
#endif
    };
    return cmocka_run_group_tests_name("io/npz", tests, NULL, NULL);
}
