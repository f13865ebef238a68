/* test_io_idx.c -- IDX files: right ones give their bytes, each kind of wrong one its own sentence. */
#include "io/io.h"
#include "support/check.h"
#include "support/tmp.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* An IDX file in memory: magic, extents, then `n` elements 0, 1, 2, ... */
typedef struct blob {
    uint8_t b[8192];
    size_t n;
} blob;

static blob idx_blob(int rank, const uint32_t *shape, size_t elements)
{
    blob x = {.b = {0, 0, 8, (uint8_t)rank}, .n = 4};
    for (int i = 0; i < rank; i++)
        for (int shift = 24; shift >= 0; shift -= 8)
            x.b[x.n++] = (uint8_t)(shape[i] >> shift);
    for (size_t i = 0; i < elements; i++)
        x.b[x.n++] = (uint8_t)i;
    return x;
}

static blob gzipped(const uint8_t *bytes, size_t n)
{
    blob x = {.n = 0};
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)bytes;
    z.avail_in = (uInt)n;
    z.next_out = x.b;
    z.avail_out = sizeof x.b;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    x.n = sizeof x.b - z.avail_out;
    deflateEnd(&z);
    return x;
}

static void assert_refused(const uint8_t *bytes, size_t n, const char *sentence)
{
    ml_idx idx;
    /* A copy of exactly n bytes, so that the sanitizer sees a read beyond them. */
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, bytes, n);
    ml_status s = mli_idx_parse("f", exact, n, &idx);
    free(exact);
    assert_int_equal(s, ML_EFORMAT);
    assert_int_equal(ml_error_status(), ML_EFORMAT);
    assert_string_equal(ml_error(), sentence);
    assert_null(idx.bytes);
    assert_int_equal(idx.size, 0);
}

static void reads_every_rank(void **state)
{
    (void)state;
    const uint32_t shape[6] = {3, 2, 5, 1, 7, 2};
    for (int rank = 1; rank <= 6; rank++)
        for (int gz = 0; gz < 2; gz++) {
            size_t size = 1;
            for (int i = 0; i < rank; i++)
                size *= shape[i];
            blob x = idx_blob(rank, shape, size), z = gz ? gzipped(x.b, x.n) : x;
            const char *path = tmp_file("any-name", z.b, z.n); /* known by its bytes, not by its name */
            ml_idx idx;
            assert_int_equal(ml_idx_read(path, &idx), ML_OK);
            assert_int_equal(idx.rank, rank);
            assert_int_equal(idx.size, size);
            for (int i = 0; i < rank; i++)
                assert_int_equal(idx.shape[i], shape[i]);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(idx.bytes[i], (uint8_t)i);
            ml_idx_free(&idx);
            assert_null(idx.bytes);
            ml_idx_free(&idx);
        }
}

static void reads_the_digits(void **state)
{
    (void)state;
    ml_idx idx;
    assert_int_equal(ml_idx_read(MLCORE_SOURCE_DIR "/data/mnist/t10k-labels-idx1-ubyte.gz", &idx), ML_OK);
    assert_int_equal(idx.rank, 1);
    assert_int_equal(idx.shape[0], 10000);
    assert_memory_equal(idx.bytes, ((uint8_t[]){7, 2, 1, 0, 4, 1, 4, 9, 5, 9}), 10);
    int64_t count[10] = {0};
    for (int64_t i = 0; i < idx.size; i++)
        count[idx.bytes[i]]++;
    assert_int_equal(count[0], 980);
    assert_int_equal(count[1], 1135);
    assert_int_equal(count[9], 1009);
    ml_idx_free(&idx);
    assert_int_equal(ml_idx_read(MLCORE_SOURCE_DIR "/data/mnist/t10k-images-idx3-ubyte.gz", &idx), ML_OK);
    assert_int_equal(idx.rank, 3);
    assert_int_equal(idx.size, 10000 * 28 * 28);
    assert_int_equal(idx.bytes[7 * 28 + 6], 84); /* the first stroke of the first seven */
    ml_idx_free(&idx);
}

static void reads_more_than_the_first_guess(void **state)
{
    (void)state;
    /* 2 MB of zeros are 2 KB of gzip: the room must grow several times. */
    size_t size = 2000000;
    uint8_t *zeros = calloc(1, size + 8);
    memcpy(zeros, (uint8_t[]){0, 0, 8, 1, 0, 0x1e, 0x84, 0x80}, 8);
    zeros[size + 7] = 9;
    blob z = gzipped(zeros, size + 8);
    free(zeros);
    ml_idx idx;
    assert_int_equal(mli_idx_parse("z", z.b, z.n, &idx), ML_OK);
    assert_int_equal(idx.size, size);
    assert_int_equal(idx.bytes[size - 2], 0);
    assert_int_equal(idx.bytes[size - 1], 9);
    ml_idx_free(&idx);
}

static void joined_members_are_one_file(void **state)
{
    (void)state;
    blob x = idx_blob(1, (uint32_t[]){300}, 300), a = gzipped(x.b, 100), b = gzipped(x.b + 100, x.n - 100);
    memcpy(a.b + a.n, b.b, b.n);
    ml_idx idx;
    assert_int_equal(mli_idx_parse("j", a.b, a.n + b.n, &idx), ML_OK);
    for (int i = 0; i < 300; i++)
        assert_int_equal(idx.bytes[i], (uint8_t)i);
    ml_idx_free(&idx);
    a.b[a.n] = 'x';
    char sentence[100];
    snprintf(sentence, sizeof sentence, "f: %zu bytes follow the end of the gzip data", b.n);
    assert_refused(a.b, a.n + b.n, sentence);
}

static void empty_axes(void **state)
{
    (void)state;
    blob x = idx_blob(3, (uint32_t[]){0, 28, 28}, 0);
    ml_idx idx;
    assert_int_equal(mli_idx_parse("e", x.b, x.n, &idx), ML_OK);
    assert_int_equal(idx.size, 0);
    assert_non_null(idx.bytes);
    ml_idx_free(&idx);
    x.b[x.n++] = 1;
    assert_refused(x.b, x.n, "f: the header says 0x28x28 = 0 bytes, but more follow");
    /* A zero must not hide an overflow of the other extents. */
    x = idx_blob(6, (uint32_t[]){0, ~0u, ~0u, ~0u, ~0u, ~0u}, 0);
    assert_refused(x.b, x.n,
                   "f: the header says 0x4294967295x4294967295x4294967295x4294967295x4294967295 bytes, "
                   "more than the 4294967296 that are read");
}

static void wrong_magic(void **state)
{
    (void)state;
    assert_refused((const uint8_t *)"", 0, "f: not an IDX file: it is empty");
    assert_refused((const uint8_t *)"\0\0\x08", 3, "f: not an IDX file: 3 bytes, too few for its header");
    assert_refused((const uint8_t *)"PK\3\4abcdefgh", 12,
                   "f: not an IDX file: it begins with 50 4b 03 04, expected 00 00 08 and a rank of 01 to 06");
    assert_refused((const uint8_t *)"\0\1\x08\1\0\0\0\0", 8,
                   "f: not an IDX file: it begins with 00 01 08 01, expected 00 00 08 and a rank of 01 to 06");
    assert_refused((const uint8_t *)"\0\0\x0a\1\0\0\0\0", 8,
                   "f: not an IDX file: it begins with 00 00 0a 01, expected 00 00 08 and a rank of 01 to 06");
    assert_refused((const uint8_t *)"\0\0\x08\0", 4, "f: an IDX file of rank 0: this reader takes 1 to 6");
    assert_refused((const uint8_t *)"\0\0\x08\7", 4, "f: an IDX file of rank 7: this reader takes 1 to 6");
    const struct {
        uint8_t type;
        const char *name;
    } types[] = {{9, "signed bytes"}, {0xb, "16-bit integers"}, {0xc, "32-bit integers"}, {0xd, "floats"}, {0xe, "doubles"}};
    for (int i = 0; i < 5; i++) {
        char sentence[200];
        snprintf(sentence, sizeof sentence,
                 "f: an IDX file of %s (type %02x): this reader takes unsigned bytes (type 08)", types[i].name, types[i].type);
        assert_refused((uint8_t[]){0, 0, types[i].type, 1, 0, 0, 0, 0}, 8, sentence);
    }
}

static void wrong_length(void **state)
{
    (void)state;
    blob x = idx_blob(2, (uint32_t[]){5, 4}, 21);
    assert_refused(x.b, 33, "f: the header says 5x4 = 20 bytes, but more follow");
    assert_refused(x.b, 31, "f: cut short: the header says 5x4 = 20 bytes, 19 follow");
    assert_refused(x.b, 12, "f: cut short: the header says 5x4 = 20 bytes, 0 follow");
    assert_refused(x.b, 11, "f: cut short: rank 2 needs a header of 12 bytes, it has 11");
    assert_refused(x.b, 4, "f: cut short: rank 2 needs a header of 12 bytes, it has 4");
    blob z = gzipped(x.b, 33);
    assert_refused(z.b, z.n, "f: the header says 5x4 = 20 bytes, but more follow");
    z = gzipped(x.b, 31);
    assert_refused(z.b, z.n, "f: cut short: the header says 5x4 = 20 bytes, 19 follow");
    z = gzipped(x.b, 11);
    assert_refused(z.b, z.n, "f: cut short: rank 2 needs a header of 12 bytes, it has 11");
    z = gzipped(x.b, 3);
    assert_refused(z.b, z.n, "f: not an IDX file: 3 bytes, too few for its header");
    z = gzipped(x.b, 0);
    assert_refused(z.b, z.n, "f: not an IDX file: 0 bytes, too few for its header");
}

static void every_cut_is_seen(void **state)
{
    (void)state;
    blob x = idx_blob(3, (uint32_t[]){10, 9, 8}, 720), z = gzipped(x.b, x.n);
    ml_idx idx;
    for (size_t n = 0; n < x.n; n++)
        assert_int_equal(mli_idx_parse("c", x.b, n, &idx), ML_EFORMAT);
    for (size_t n = 0; n < z.n; n++)
        assert_int_equal(mli_idx_parse("c", z.b, n, &idx), ML_EFORMAT);
    assert_string_equal(ml_error(), "c: the gzip data is cut short");
}

static void corrupt_gzip(void **state)
{
    (void)state;
    blob x = idx_blob(2, (uint32_t[]){20, 30}, 600), z = gzipped(x.b, x.n), bad = z;
    bad.b[z.n - 8] ^= 1; /* the CRC */
    assert_refused(bad.b, bad.n, "f: corrupt gzip data: incorrect data check");
    bad = z;
    bad.b[z.n - 4] ^= 1; /* the length */
    assert_refused(bad.b, bad.n, "f: corrupt gzip data: incorrect length check");
    bad = z;
    bad.b[2] = 7; /* the method */
    assert_refused(bad.b, bad.n, "f: corrupt gzip data: unknown compression method");
    bad = z;
    bad.b[10] = 7; /* the first block is of a type that does not exist */
    assert_refused(bad.b, bad.n, "f: corrupt gzip data: invalid block type");
    assert_refused((const uint8_t *)"\x1f\x8b", 2, "f: the gzip data is cut short");
}

static void lying_headers_reserve_nothing(void **state)
{
    (void)state;
    blob x = idx_blob(3, (uint32_t[]){60000, 28, 28}, 10);
    int64_t before = mli_alloc_count();
    assert_refused(x.b, x.n, "f: cut short: the header says 60000x28x28 = 47040000 bytes, 10 follow");
    assert_int_equal(mli_alloc_count(), before);
    blob z = gzipped(x.b, x.n);
    char sentence[200];
    snprintf(sentence, sizeof sentence,
             "f: the header says 60000x28x28 = 47040000 bytes, more than %zu gzipped bytes can hold", z.n);
    assert_refused(z.b, z.n, sentence);
    assert_int_equal(mli_alloc_count(), before);
    x = idx_blob(2, (uint32_t[]){65536, 65537}, 0);
    assert_refused(x.b, x.n, "f: the header says 65536x65537 bytes, more than the 4294967296 that are read");
    x = idx_blob(6, (uint32_t[]){~0u, ~0u, ~0u, ~0u, ~0u, ~0u}, 0);
    assert_refused(x.b, x.n,
                   "f: the header says 4294967295x4294967295x4294967295x4294967295x4294967295x4294967295 bytes, "
                   "more than the 4294967296 that are read");
}

static void a_bomb_stops_at_the_header(void **state)
{
    (void)state;
    /* The header says 1000 bytes; 4 MB follow. */
    size_t size = 4000000;
    uint8_t *zeros = calloc(1, size);
    memcpy(zeros, (uint8_t[]){0, 0, 8, 1, 0, 0, 3, 0xe8}, 8);
    blob z = gzipped(zeros, size);
    free(zeros);
    assert_refused(z.b, z.n, "f: the header says 1000 bytes, but more follow");
}

static void files_that_are_none(void **state)
{
    (void)state;
    ml_idx idx = {.size = 7};
    assert_int_equal(ml_idx_read(tmp_path("missing"), &idx), ML_EIO);
    assert_non_null(strstr(ml_error(), "missing: cannot be opened: No such file"));
    assert_int_equal(idx.size, 0);
    assert_int_equal(ml_idx_read(tmp_path(""), &idx), ML_EIO);
    assert_non_null(strstr(ml_error(), "is a folder, not a file"));
    assert_int_equal(ml_idx_read(tmp_file("none", "", 0), &idx), ML_EFORMAT);
    assert_non_null(strstr(ml_error(), "none: not an IDX file: it is empty"));
    assert_int_equal(ml_idx_read(NULL, &idx), ML_EINVAL);
    assert_int_equal(ml_idx_read("x", NULL), ML_EINVAL);
    ml_idx_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_every_rank, tmp_setup, tmp_teardown),
        cmocka_unit_test(reads_the_digits),
        cmocka_unit_test(reads_more_than_the_first_guess),
        cmocka_unit_test(joined_members_are_one_file),
        cmocka_unit_test(empty_axes),
        cmocka_unit_test(wrong_magic),
        cmocka_unit_test(wrong_length),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(corrupt_gzip),
        cmocka_unit_test(lying_headers_reserve_nothing),
        cmocka_unit_test(a_bomb_stops_at_the_header),
        cmocka_unit_test_setup_teardown(files_that_are_none, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("io/idx", tests, NULL, NULL);
}
