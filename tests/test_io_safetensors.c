/* test_io_safetensors.c -- safetensors: Python's files give the same tensors, ours have the same bytes as Python's, and
 * every lie in a header is found.
 */
#include "io/io.h"
#include "support/check.h"
#include "support/tmp.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GOLDEN MLCORE_SOURCE_DIR "/tests/golden/"

/* ---- right files ---- */

static ml_safetensor find(const ml_safetensors *st, const char *name)
{
    for (int i = 0; i < ml_safetensors_count(st); i++)
        if (strcmp(ml_safetensors_at(st, i).name, name) == 0)
            return ml_safetensors_at(st, i);
    fail_msg("no tensor \"%s\"", name);
    return (ml_safetensor){0};
}

static void reads_what_python_wrote(void **state)
{
    (void)state;
    ml_safetensors *st = ml_safetensors_read(GOLDEN "every_dtype.safetensors");
    assert_non_null(st);
    assert_int_equal(ml_safetensors_count(st), 16);
    const struct {
        const char *name;
        size_t size;
    } whole[] = {{"U8", 1},  {"I8", 1},  {"U16", 2}, {"I16", 2}, {"U32", 4}, {"I32", 4}, {"U64", 8}, {"I64", 8}};
    for (int k = 0; k < 8; k++) {
        char name[8];
        snprintf(name, sizeof name, "t.%s", whole[k].name);
        ml_safetensor t = find(st, name);
        assert_string_equal(t.dtype, whole[k].name);
        assert_int_equal(t.rank, 2);
        assert_int_equal(t.shape[0], 2);
        assert_int_equal(t.shape[1], 3);
        assert_int_equal(t.bytes, 6 * whole[k].size);
        for (size_t i = 0; i < t.bytes; i++) /* 0 1 2 3 4 5, little-endian */
            assert_int_equal(((const uint8_t *)t.data)[i], i % whole[k].size ? 0 : i / whole[k].size);
    }
    ml_safetensor t = find(st, "t.F32");
    for (int i = 0; i < 6; i++) {
        float x;
        memcpy(&x, (const char *)t.data + 4 * i, 4);
        assert_true(x == (float)i);
    }
    t = find(st, "t.BOOL");
    assert_string_equal(t.dtype, "BOOL");
    assert_memory_equal(t.data, "\0\1\0\1\0\1", 6);
    t = find(st, "scalar");
    double x;
    assert_int_equal(t.rank, 0);
    assert_int_equal(t.bytes, 8);
    memcpy(&x, t.data, 8);
    assert_true(x == -2.5);
    t = find(st, "empty");
    assert_int_equal(t.bytes, 0);
    assert_int_equal(t.shape[1], 3);
    t = find(st, "a\"\\/\b\t\n\f\r\x01\x1f\x7f\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80");
    assert_memory_equal(t.data, "\7", 1);
    assert_null(ml_safetensors_meta(st, "mlcore"));
    ml_safetensors_free(st);
}

static void reads_metadata(void **state)
{
    (void)state;
    ml_safetensors *st = ml_safetensors_read(GOLDEN "params_f32.safetensors");
    assert_non_null(st);
    assert_string_equal(ml_safetensors_meta(st, "mlcore"), "{\"net\":\"\xc3\xa9\\n\",\"n\":1}");
    assert_null(ml_safetensors_meta(st, "other"));
    assert_null(ml_safetensors_meta(st, NULL));
    ml_safetensors_free(st);
}

/* Reads a file of Python's, writes the same tensors in reverse, and compares the bytes. */
static void assert_same_bytes(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s%s", GOLDEN, name);
    ml_safetensors *st = ml_safetensors_read(path);
    if (!st)
        fail_msg("%s", ml_error());
    int n = ml_safetensors_count(st);
    ml_safetensor *t = calloc((size_t)n + 1, sizeof *t);
    for (int i = 0; i < n; i++)
        t[n - 1 - i] = ml_safetensors_at(st, i);
    const char *key = "mlcore", *value = ml_safetensors_meta(st, key), *out = tmp_path("out");
    assert_int_equal(ml_safetensors_write(out, t, n, &key, &value, value != NULL), ML_OK);
    size_t size;
    uint8_t *python = slurp(path, &size);
    assert_non_null(python);
    assert_true(same_file(out, python, size));
    free(python);
    free(t);
    ml_safetensors_free(st);
}

static void writes_what_python_writes(void **state)
{
    (void)state;
    assert_same_bytes("every_dtype.safetensors");
    assert_same_bytes("torch_dtypes.safetensors");
    assert_same_bytes("params_f32.safetensors");
    assert_same_bytes("params_f64.safetensors");
    assert_same_bytes("nothing.safetensors");
    assert_int_equal(tmp_count(), 1);
}

static void sorts_metadata(void **state)
{
    (void)state;
    const char *keys[] = {"z", "a", "m"}, *values[] = {"1", "2\n", ""}, *path = tmp_path("m");
    assert_int_equal(ml_safetensors_write(path, NULL, 0, keys, values, 3), ML_OK);
    const char expected[] = "\x30\0\0\0\0\0\0\0{\"__metadata__\":{\"a\":\"2\\n\",\"m\":\"\",\"z\":\"1\"}}     ";
    assert_true(same_file(path, expected, sizeof expected - 1));
    ml_safetensors *st = ml_safetensors_read(path);
    assert_non_null(st);
    assert_int_equal(ml_safetensors_count(st), 0);
    assert_string_equal(ml_safetensors_meta(st, "a"), "2\n");
    assert_string_equal(ml_safetensors_meta(st, "m"), "");
    ml_safetensors_free(st);
}

static void many_tensors_and_keys(void **state)
{
    (void)state;
    enum { N = 100, M = 40 };
    static const char *const types[] = {"U8", "I16", "BF16", "C64"};
    ml_safetensor t[N];
    uint8_t bytes[N][8];
    char names[N][8], texts[M][8];
    const char *keys[M];
    for (int i = 0; i < N; i++) {
        int k = i * 37 % N; /* in no order */
        snprintf(names[i], sizeof names[i], "t%02d", k);
        memset(bytes[i], k, sizeof bytes[i]);
        t[i] = (ml_safetensor){.name = names[i], .dtype = types[k / 25], .data = bytes[i], .bytes = k < 25 ? 1 : k < 75 ? 2 : 8};
    }
    for (int i = 0; i < M; i++) {
        snprintf(texts[i], sizeof texts[i], "k%02d", i * 7 % M);
        keys[i] = texts[i];
    }
    const char *path = tmp_path("many");
    assert_int_equal(ml_safetensors_write(path, t, N, keys, keys, M), ML_OK);
    ml_safetensors *st = ml_safetensors_read(path);
    assert_non_null(st);
    assert_int_equal(ml_safetensors_count(st), N);
    for (int i = 0; i < N; i++) { /* widest type first, then by name */
        ml_safetensor x = ml_safetensors_at(st, i);
        int k = (3 - i / 25) * 25 + i % 25;
        char name[8];
        snprintf(name, sizeof name, "t%02d", k);
        assert_string_equal(x.name, name);
        assert_int_equal(((const uint8_t *)x.data)[x.bytes - 1], k);
    }
    for (int i = 0; i < M; i++)
        assert_string_equal(ml_safetensors_meta(st, keys[i]), keys[i]);
    ml_safetensors_free(st);
}

/* ---- wrong files ---- */

static ml_status parse(const char *header, size_t n_header, size_t n_data, ml_safetensors **st)
{
    size_t n = 8 + n_header + n_data;
    uint8_t *bytes = calloc(1, n);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)n_header >> 8 * i);
    memcpy(bytes + 8, header, n_header);
    ml_status s = mli_safetensors_parse("f", bytes, n, st);
    free(bytes);
    return s;
}

static void lies_in_the_header(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *sentence;
    } cases[] = {
        {"", 0, "not a safetensors file: its header does not begin with '{'"},
        {" {}", 0, "not a safetensors file: its header does not begin with '{'"},
        {"[]", 0, "not a safetensors file: its header does not begin with '{'"},
        {"{", 0, "the header ends early: '\"' expected before a name"},
        {"{}}", 0, "1 bytes follow the end of the header's JSON"},
        {"{}  x", 0, "1 bytes follow the end of the header's JSON"},
        {"{},", 0, "1 bytes follow the end of the header's JSON"},
        {"{}", 3, "the last 3 of 3 bytes of data belong to no tensor"},
        {"{1:2}", 0, "the header is not valid: '\"' expected before a name, at byte 1"},
        {"{\"a\"}", 0, "the header is not valid: ':' expected after a name, at byte 4"},
        {"{\"a\":{}", 0, "tensor \"a\": it has no dtype"},
        {"{\"a\":3}", 0, "tensor \"a\": its description is not a JSON object"},
        {"{\"a\":[]}", 0, "tensor \"a\": its description is not a JSON object"},
        {"{\"a\":", 0, "tensor \"a\": its description is not a JSON object"},
        {"{\"a\":{\"dtype\":7}}", 0, "tensor \"a\": it has no dtype"},
        {"{\"a\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "tensor \"a\": unknown dtype F33"},
        {"{\"a\":{\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "tensor \"a\": unknown dtype f32"},
        {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "tensor \"a\": it has no shape"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":3,\"data_offsets\":[0,1]}}", 1, "tensor \"a\": it has no shape"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1,
         "tensor \"a\": it has 7 axes: this reader takes at most 6"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,-1],\"data_offsets\":[0,1]}}", 1,
         "tensor \"a\": extent 1 of its shape is not a whole number from 0 on"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1,
         "tensor \"a\": extent 0 of its shape is not a whole number from 0 on"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[\"1\"],\"data_offsets\":[0,1]}}", 1,
         "tensor \"a\": extent 0 of its shape is not a whole number from 0 on"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "tensor \"a\": data_offsets are not two whole numbers from 0 on"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1,
         "tensor \"a\": data_offsets are not two whole numbers from 0 on"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}", 1,
         "tensor \"a\": data_offsets are not two whole numbers from 0 on"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,0]}}", 1,
         "tensor \"a\": data_offsets are not two whole numbers from 0 on"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1.5]}}", 1,
         "tensor \"a\": data_offsets are not two whole numbers from 0 on"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}", 1,
         "tensor \"a\": its bytes 1 to 0 are not within the 1 bytes of data"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 1,
         "tensor \"a\": its bytes 0 to 2 are not within the 1 bytes of data"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[9223372036854775806,9223372036854775807]}}", 1,
         "tensor \"a\": its bytes 9223372036854775806 to 9223372036854775807 are not within the 1 bytes of data"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,20]}}", 20,
         "tensor \"a\": 2x3 of F32 are 24 bytes, but its data_offsets span 20"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
         "tensor \"a\": scalar of F64 are 8 bytes, but its data_offsets span 4"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
         "tensor \"a\": its shape 4294967296x4294967296 is too large"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}", 0,
         "tensor \"a\": its shape 4611686018427387904x4 is too large"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[0,4611686018427387904,4],\"data_offsets\":[0,0]}}", 0,
         "tensor \"a\": its shape 0x4611686018427387904x4 is too large"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
         3, "tensor \"b\": its bytes from 1 on are also those of \"a\""},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
         2, "tensor \"b\": its bytes from 0 on are also those of \"a\""},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]}}",
         2, "tensor \"b\": its bytes from 1 on are also those of \"a\""},
        {"{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]},\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
         5, "bytes 2 to 3 of the data belong to no tensor"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3, "bytes 0 to 1 of the data belong to no tensor"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 5,
         "the last 3 of 5 bytes of data belong to no tensor"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
         2, "the header has tensor \"a\" twice"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
         2, "the header has tensor \"a\" twice"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},}", 1,
         "the header is not valid: '\"' expected before a name, at byte 53"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]} \"b\":1}", 1,
         "the header is not valid: ',' expected between entries, at byte 53"},
        {"{\"__metadata__\":[]}", 0, "the header is not valid: '{' expected after __metadata__, at byte 16"},
        {"{\"__metadata__\":null}", 0, "the header is not valid: '{' expected after __metadata__, at byte 16"},
        {"{\"__metadata__\":{\"k\":1}}", 0, "__metadata__: the value of \"k\" is not a string"},
        {"{\"__metadata__\":{\"k\":{\"a\":\"b\"}}}", 0, "__metadata__: the value of \"k\" is not a string"},
        {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "__metadata__ has the key \"k\" twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "the header has __metadata__ twice"},
        {"{\"__metadata__\":{\"k\":\"1\"", 0, "the header ends early: ',' expected between entries"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ml_safetensors *st = (ml_safetensors *)&st;
        ml_status s = parse(cases[i].header, strlen(cases[i].header), cases[i].data, &st);
        if (s != ML_EFORMAT || st || strncmp(ml_error(), "f: ", 3) != 0 || strcmp(ml_error() + 3, cases[i].sentence) != 0)
            fail_msg("%s\ngives \"%s\"\nexpected \"f: %s\"", cases[i].header, ml_error(), cases[i].sentence);
    }
}

/* Where jansson says what is wrong: each is refused, with its words in one line. */
static void not_json(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"a",
        "{\"a\\q\":1}",
        "{\"a\nb\":1}",
        "{\"\\ud800\":1}",
        "{\"a\\u0000b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
        "{\"\xff\":1}",
        "{\"\xc0\x80\":1}",
        "{\"a\":{\"dtype\":\"U8\"",
        "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1e999],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[01],\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"x\":tru\ne}}",
        "{\"a\":{'dtype':\"U8\"}}",
        "{\"__metadata__\":{\"k\":\"\\x\"}}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        ml_safetensors *st;
        assert_int_equal(parse(headers[i], strlen(headers[i]), 0, &st), ML_EFORMAT);
        assert_null(st);
        if (strncmp(ml_error(), "f: the header is not valid JSON: ", 33) != 0 || strchr(ml_error(), '\n'))
            fail_msg("%s gives \"%s\"", headers[i], ml_error());
    }
}

static void unknown_fields_and_spaces_pass(void **state)
{
    (void)state;
    const char *h = "{ \"a\" : {\"new\":[{\"x\":null}],\"data_offsets\":[ 0 , 1 ] , \"shape\":[1],\"dtype\":\"U8\"} ,\r\n\t"
                    "\"__metadata__\" : { } }  ";
    ml_safetensors *st;
    assert_int_equal(parse(h, strlen(h), 1, &st), ML_OK);
    assert_int_equal(ml_safetensors_count(st), 1);
    ml_safetensors_free(st);
    /* A zero inside the name was refused; at the padding it is no space either. */
    assert_int_equal(parse("{}\0", 3, 0, &st), ML_EFORMAT);
    assert_string_equal(ml_error(), "f: 1 bytes follow the end of the header's JSON");
}

static void lengths_of_the_header(void **state)
{
    (void)state;
    ml_safetensors *st;
    for (size_t n = 0; n < 8; n++)
        assert_int_equal(mli_safetensors_parse("f", (const uint8_t *)"\2\0\0\0\0\0\0\0{}", n, &st), ML_EFORMAT);
    assert_string_equal(ml_error(), "f: not a safetensors file: 7 bytes, too few for the length of its header");
    assert_int_equal(mli_safetensors_parse("f", (const uint8_t *)"\2\0\0\0\0\0\0\0{}", 9, &st), ML_EFORMAT);
    assert_string_equal(ml_error(), "f: cut short: the header says that it is 2 bytes, 1 follow");
    assert_int_equal(mli_safetensors_parse("f", (const uint8_t *)"\2\0\0\0\0\0\0\0{}", 10, &st), ML_OK);
    ml_safetensors_free(st);
    assert_int_equal(mli_safetensors_parse("f", (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, &st), ML_EFORMAT);
    assert_string_equal(ml_error(), "f: not a safetensors file: its header would be 18446744073709551615 bytes, "
                                    "the limit is 100000000");
    assert_int_equal(mli_safetensors_parse("f", (const uint8_t *)"PK\3\4aaaaaaaa", 12, &st), ML_EFORMAT);
    assert_non_null(strstr(ml_error(), "f: not a safetensors file: its header would be "));
}

static void names_are_shown_in_one_short_line(void **state)
{
    (void)state;
    char header[400] = "{\"", *p = header + 2;
    for (int i = 0; i < 30; i++)
        p += sprintf(p, "\\n\xc3\xa9");
    strcpy(p, "\":{}}");
    ml_safetensors *st;
    assert_int_equal(parse(header, strlen(header), 0, &st), ML_EFORMAT);
    assert_null(strchr(ml_error(), '\n'));
    assert_non_null(strstr(ml_error(), "f: tensor \"?\xc3\xa9?\xc3\xa9"));
    assert_non_null(strstr(ml_error(), "\xc3\xa9?...\": it has no dtype"));
}

/* A header of `n` bytes: start, then `unit` again and again, then end. */
static char *long_header(size_t n, const char *start, const char *unit, const char *end)
{
    char *h = malloc(n + 1);
    assert_non_null(h);
    size_t a = strlen(start), u = strlen(unit), e = strlen(end);
    memcpy(h, start, a);
    while (a + u + e <= n)
        memcpy(h + a, unit, u), a += u;
    memcpy(h + a, end, e);
    memset(h + a + e, ' ', n - a - e);
    return h;
}

static void endless_shapes_are_refused_at_once(void **state)
{
    (void)state;
    const size_t n = 20000000;
    const struct {
        const char *start, *unit, *end, *sentence;
    } cases[] = {
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1", ",1", "],\"data_offsets\":[0,1]}}",
         "f: the description of a tensor is longer than 65536 bytes, at byte 5"},
        {"{\"a\":", "[", "}", "f: tensor \"a\": its description is not a JSON object"},
        {"{\"a\":{\"dtype\":", "[", "}", "f: the header is not valid JSON: maximum parsing depth reached near '[', at byte 5"},
        {"{\"a\":{\"dtype\":\"", "U", "\"}}", "f: the description of a tensor is longer than 65536 bytes, at byte 5"},
        {"{\"__metadata__\":{\"a\":", "[", "}", "f: __metadata__: the value of \"a\" is not a string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *h = long_header(n, cases[i].start, cases[i].unit, cases[i].end);
        ml_safetensors *st;
        clock_t begin = clock();
        assert_int_equal(parse(h, n, 1, &st), ML_EFORMAT);
        double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
        assert_string_equal(ml_error(), cases[i].sentence);
        assert_true(seconds < 0.5);
        free(h);
    }
}

static void files_that_are_none(void **state)
{
    (void)state;
    assert_null(ml_safetensors_read(tmp_path("missing")));
    assert_non_null(strstr(ml_error(), "missing: cannot be opened: No such file"));
    assert_int_equal(ml_error_status(), ML_EIO);
    assert_null(ml_safetensors_read(tmp_path("")));
    assert_non_null(strstr(ml_error(), "is a folder"));
    assert_null(ml_safetensors_read(tmp_file("empty", "", 0)));
    assert_non_null(strstr(ml_error(), "empty: not a safetensors file: 0 bytes"));
    assert_null(ml_safetensors_read(NULL));
    assert_int_equal(ml_safetensors_count(NULL), 0);
    assert_null(ml_safetensors_at(NULL, 0).name);
    assert_null(ml_safetensors_meta(NULL, "a"));
    ml_safetensors_free(NULL);
}

/* ---- wrong calls ---- */

static void refuses_to_write(void **state)
{
    (void)state;
    const float v[4] = {0};
    const ml_safetensor good = {.name = "a", .dtype = "F32", .rank = 1, .shape = {4}, .data = v, .bytes = 16};
    ml_safetensor t[2] = {good, good};
    const char *path = tmp_file("keep", "old", 3);
    const char *key[2] = {"k", "k"}, *value[2] = {"v", "v"}, *none = NULL, *latin = "\xe9";
#define REFUSED(sentence)                                                                  \
    do {                                                                                   \
        assert_int_equal(ml_safetensors_write(path, t, 1, key, value, 0), ML_EINVAL);      \
        if (!strstr(ml_error(), sentence))                                                 \
            fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);                    \
        t[0] = good;                                                                       \
    } while (0)
    t[0].name = NULL;
    REFUSED("the name of tensor 0 is NULL");
    t[0].name = latin;
    REFUSED("the name of tensor 0 is not UTF-8");
    t[0].name = "__metadata__";
    REFUSED("the name of tensor 0 is the one reserved for metadata");
    t[0].dtype = "F33";
    REFUSED("tensor \"a\": unknown dtype F33");
    t[0].dtype = NULL;
    REFUSED("tensor \"a\": unknown dtype NULL");
    t[0].rank = 7;
    REFUSED("tensor \"a\": rank 7, expected 0 to 6");
    t[0].shape[0] = -4;
    REFUSED("tensor \"a\": shape -4 is negative or too large");
    t[0].bytes = 15;
    REFUSED("tensor \"a\": 4 of F32 are 16 bytes, but 15 were given");
    t[0].data = NULL;
    REFUSED("tensor \"a\": 4 of F32 are 16 bytes, but 0 were given");
    assert_int_equal(ml_safetensors_write(path, t, 2, NULL, NULL, 0), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "keep: two tensors have the name \"a\""));
    assert_int_equal(ml_safetensors_write(path, t, 1, key, value, 2), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "keep: the metadata has the key \"k\" twice"));
    assert_int_equal(ml_safetensors_write(path, t, 1, key, &none, 1), ML_EINVAL);
    assert_int_equal(ml_safetensors_write(path, t, 1, &latin, value, 1), ML_EINVAL);
    assert_int_equal(ml_safetensors_write(path, NULL, 1, NULL, NULL, 0), ML_EINVAL);
    assert_int_equal(ml_safetensors_write(NULL, t, 1, NULL, NULL, 0), ML_EINVAL);
    assert_true(same_file(path, "old", 3));
    assert_int_equal(tmp_count(), 1);
    assert_int_equal(ml_safetensors_write("/dev/full", t, 1, NULL, NULL, 0), ML_EIO);
    assert_int_equal(strncmp(ml_error(), "/dev/full: cannot be written: ", 30), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_python_wrote),
        cmocka_unit_test(reads_metadata),
        cmocka_unit_test_setup_teardown(writes_what_python_writes, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(sorts_metadata, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(many_tensors_and_keys, tmp_setup, tmp_teardown),
        cmocka_unit_test(lies_in_the_header),
        cmocka_unit_test(not_json),
        cmocka_unit_test(unknown_fields_and_spaces_pass),
        cmocka_unit_test(lengths_of_the_header),
        cmocka_unit_test(names_are_shown_in_one_short_line),
        cmocka_unit_test(endless_shapes_are_refused_at_once),
        cmocka_unit_test_setup_teardown(files_that_are_none, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refuses_to_write, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("io/safetensors", tests, NULL, NULL);
}
