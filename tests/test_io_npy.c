/* test_io_npy.c -- .npy: NumPy's files give the same arrays, ours have the same bytes as NumPy's, and every lie in a header
 * is found. The files of tests/golden are made by make_npy.py.
 */
#include "io/io.h"
#include "support/check.h"
#include "support/tmp.h"

#include <float.h>
#include <math.h>
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

static ml_npy read_golden(const char *name)
{
    ml_npy npy;
    if (ml_npy_read(golden_path(name), &npy))
        fail_msg("%s", ml_error());
    return npy;
}

/* Memory of exactly n bytes, so that the sanitizer sees a read beyond them. */
static ml_status parse(const void *bytes, size_t n, ml_npy *npy)
{
    uint8_t *own = mli_alloc(n);
    memcpy(own, bytes, n);
    return mli_npy_parse("f", own, n, npy);
}

/* ---- right files ---- */

/* What make_npy.py puts into every type: both ends of its range and four more; and the same as doubles. */
static const struct {
    const char *dtype;
    size_t width;
    const void *elements;
    double numbers[6];
} TYPES[] = {
    {"b1", 1, (const uint8_t[]){0, 1, 1, 0, 1, 0}, {0, 1, 1, 0, 1, 0}},
    {"i1", 1, (const int8_t[]){INT8_MIN, INT8_MAX, 0, 1, 2, 100}, {INT8_MIN, INT8_MAX, 0, 1, 2, 100}},
    {"i2", 2, (const int16_t[]){INT16_MIN, INT16_MAX, 0, 1, 2, 100}, {INT16_MIN, INT16_MAX, 0, 1, 2, 100}},
    {"i4", 4, (const int32_t[]){INT32_MIN, INT32_MAX, 0, 1, 2, 100}, {INT32_MIN, INT32_MAX, 0, 1, 2, 100}},
    {"i8", 8, (const int64_t[]){INT64_MIN, INT64_MAX, 0, 1, 2, 100}, {-0x1p63, 0x1p63, 0, 1, 2, 100}},
    {"u1", 1, (const uint8_t[]){0, UINT8_MAX, 0, 1, 2, 100}, {0, UINT8_MAX, 0, 1, 2, 100}},
    {"u2", 2, (const uint16_t[]){0, UINT16_MAX, 0, 1, 2, 100}, {0, UINT16_MAX, 0, 1, 2, 100}},
    {"u4", 4, (const uint32_t[]){0, UINT32_MAX, 0, 1, 2, 100}, {0, UINT32_MAX, 0, 1, 2, 100}},
    {"u8", 8, (const uint64_t[]){0, UINT64_MAX, 0, 1, 2, 100}, {0, 0x1p64, 0, 1, 2, 100}},
    {"f2", 2, (const uint16_t[]){0, 0xbe00, 0x7bff, 1, 0x7c00, 0x7e00}, {0, -1.5, 65504, 0x1p-24, INFINITY, NAN}},
    {"f4", 4, (const float[]){0, -1.5f, FLT_MAX, FLT_TRUE_MIN, INFINITY, NAN}, {0, -1.5, FLT_MAX, 0x1p-149, INFINITY, NAN}},
    {"f8", 8, (const double[]){0, -1.5, DBL_MAX, DBL_TRUE_MIN, INFINITY, NAN}, {0, -1.5, DBL_MAX, 0x1p-1074, INFINITY, NAN}},
};
enum { N_TYPES = sizeof TYPES / sizeof *TYPES };

static void reads_every_type(void **state)
{
    (void)state;
    for (int k = 0; k < N_TYPES; k++)
        for (int big = 0; big < (TYPES[k].width > 1 ? 2 : 1); big++) {
            char name[32];
            snprintf(name, sizeof name, "npy_%s%s.npy", big ? "big_" : "", TYPES[k].dtype);
            ml_npy npy = read_golden(name);
            assert_string_equal(npy.dtype, TYPES[k].dtype);
            assert_int_equal(npy.rank, 2);
            assert_int_equal(npy.shape[0], 2);
            assert_int_equal(npy.shape[1], 3);
            assert_int_equal(npy.size, 6);
            assert_memory_equal(npy.data, TYPES[k].elements, 6 * TYPES[k].width);
            ml_npy_free(&npy);
            assert_null(npy.data);
            ml_npy_free(&npy);
        }
}

static void tensors_of_every_type(void **state)
{
    (void)state;
    for (int k = 0; k < N_TYPES; k++) {
        char name[32];
        snprintf(name, sizeof name, "npy_%s.npy", TYPES[k].dtype);
        ml_tensor *x = ml_npy_tensor(golden_path(name));
        assert_non_null(x);
        assert_int_equal(x->rank, 2);
        assert_int_equal(x->shape[0], 2);
        assert_int_equal(x->shape[1], 3);
        for (int i = 0; i < 6; i++) {
            ml_real v = (ml_real)TYPES[k].numbers[i];
            if (!(x->data[i] == v || (isnan(x->data[i]) && isnan(v))))
                fail_msg("%s: element %d is %g, expected %g", name, i, (double)x->data[i], (double)v);
        }
        ml_tensor_free(x);
    }
}

static void every_half(void **state)
{
    (void)state;
    enum { N = 65536 };
    uint16_t *bits = malloc(N * sizeof *bits);
    for (int i = 0; i < N; i++)
        bits[i] = (uint16_t)i;
    ml_npy npy = {.dtype = "f2", .rank = 1, .shape = {N}, .size = N, .data = bits};
    ml_tensor *x = ml_tensor_of_npy(&npy);
    assert_non_null(x);
    for (int i = 0; i < 0x8000; i++) { /* positive: each above the one before, by the step of its exponent */
        double v = (double)x->data[i], step = ldexp(1, (i >> 10 ? i >> 10 : 1) - 25);
        if (i < 0x7c00)
            assert_true(v == (i & 1023) * step + (i >> 10 ? 1024 * step : 0));
        else
            assert_true(i == 0x7c00 ? isinf(v) : isnan(v));
        assert_true(isnan(v) || (double)x->data[i | 0x8000] == -v);
    }
    assert_true(signbit(x->data[0x8000]));
    ml_tensor_free(x);
    free(bits);
}

static void reads_every_rank(void **state)
{
    (void)state;
    ml_npy npy = read_golden("npy_scalar.npy");
    assert_int_equal(npy.rank, 0);
    assert_int_equal(npy.size, 1);
    assert_true(*(double *)npy.data == -2.5);
    ml_npy_free(&npy);
    npy = read_golden("npy_rank1.npy");
    assert_int_equal(npy.rank, 1);
    assert_memory_equal(npy.data, ((int16_t[]){0, 1, 2}), 6);
    ml_npy_free(&npy);
    npy = read_golden("npy_rank6.npy");
    assert_int_equal(npy.rank, 6);
    assert_memory_equal(npy.shape, ((int64_t[]){1, 2, 1, 3, 1, 2}), sizeof npy.shape);
    ml_npy_free(&npy);
    npy = read_golden("npy_empty.npy");
    assert_int_equal(npy.rank, 3);
    assert_int_equal(npy.size, 0);
    assert_int_equal(npy.shape[2], 3);
    assert_non_null(npy.data);
    ml_tensor *x = ml_tensor_of_npy(&npy);
    assert_non_null(x);
    assert_int_equal(x->shape[1], 0);
    ml_tensor_free(x);
    ml_npy_free(&npy);
}

static void fortran_order_becomes_c_order(void **state)
{
    (void)state;
    ml_npy npy = read_golden("npy_fortran.npy");
    for (int16_t i = 0; i < 24; i++)
        assert_int_equal(((int16_t *)npy.data)[i], i);
    assert_int_equal(npy.shape[0], 2);
    assert_int_equal(npy.shape[2], 4);
    ml_npy_free(&npy);
    npy = read_golden("npy_fortran_big.npy");
    for (int i = 0; i < 24; i++)
        assert_true(((float *)npy.data)[i] == (float)i);
    ml_npy_free(&npy);
    npy = read_golden("npy_fortran_empty.npy");
    assert_int_equal(npy.size, 0);
    assert_int_equal(npy.shape[1], 5);
    ml_npy_free(&npy);
}

static void reads_every_version(void **state)
{
    (void)state;
    for (int version = 2; version <= 3; version++) {
        char name[32];
        snprintf(name, sizeof name, "npy_version%d.npy", version);
        ml_npy npy = read_golden(name);
        assert_int_equal(npy.size, 24);
        assert_int_equal(((int16_t *)npy.data)[23], 23);
        ml_npy_free(&npy);
    }
}

/* ---- writing ---- */

static void writes_what_numpy_writes(void **state)
{
    (void)state;
    static const char *const names[] = {"scalar", "rank1", "rank6", "empty", "b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4",
                                        "u8",     "f2",    "f4",    "f8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[32];
        snprintf(name, sizeof name, "npy_%s.npy", names[i]);
        ml_npy npy = read_golden(name);
        const char *out = tmp_path(name);
        assert_int_equal(ml_npy_write(out, &npy), ML_OK);
        size_t n;
        uint8_t *numpy = slurp(golden_path(name), &n);
        if (!same_file(out, numpy, n))
            fail_msg("%s is not what NumPy writes", name);
        free(numpy);
        ml_npy_free(&npy);
    }
    assert_int_equal(tmp_count(), sizeof names / sizeof *names);
}

static void headers_as_long_as_numpys(void **state)
{
    (void)state;
    size_t n, n_header;
    int count = 0;
    uint8_t *numpy = slurp(golden_path("npy_headers.bin"), &n), ours[MLI_NPY_HEADER_MAX];
    for (size_t at = 0; at < n; count++) {
        ml_npy npy;
        mli_npy_layout layout;
        assert_int_equal(mli_npy_read_header("f", numpy + at, n - at, &npy, &layout), ML_OK);
        assert_int_equal(mli_npy_header("f", &npy, ours, &n_header), ML_OK);
        assert_int_equal(n_header, layout.begin);
        assert_memory_equal(ours, numpy + at, n_header);
        at += n_header;
    }
    assert_int_equal(count, 37);
    free(numpy);
    /* The longest there is. */
    ml_npy npy = {.dtype = "u1", .rank = 6, .shape = {0, 1 << 12, 1 << 12, 1 << 12, 1 << 12, 1 << 9}};
    assert_int_equal(mli_npy_header("f", &npy, ours, &n_header), ML_OK);
    assert_true(n_header % 64 == 0);
}

static void tensors_go_there_and_back(void **state)
{
    (void)state;
    const char *path = tmp_path("t.npy");
    ml_rng rng = ml_rng_seed(3);
    for (int rank = 0; rank <= ML_MAX_RANK; rank++) {
        ml_tensor *x = random_tensor(&rng, rank, (int64_t[]){2, 3, 1, 4, 2, 5}, -9, 9);
        assert_int_equal(ml_npy_save_tensor(path, x), ML_OK);
        ml_npy npy;
        assert_int_equal(ml_npy_read(path, &npy), ML_OK);
        assert_string_equal(npy.dtype, sizeof(ml_real) == 8 ? "f8" : "f4");
        ml_npy_free(&npy);
        ml_tensor *y = ml_npy_tensor(path);
        assert_non_null(y);
        assert_int_equal(y->rank, rank);
        assert_memory_equal(y->shape, x->shape, sizeof x->shape);
        assert_memory_equal(y->data, x->data, (size_t)x->size * sizeof(ml_real));
        ml_tensor_free(x);
        ml_tensor_free(y);
    }
    assert_int_equal(tmp_count(), 1);
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    struct rlimit old, small;
    const char *path = tmp_file("keep.npy", "old", 3);
    double *big = calloc(10000, sizeof *big);
    ml_npy npy = {.dtype = "f8", .rank = 1, .shape = {10000}, .size = 10000, .data = big};
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){.rlim_cur = 4096, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    ml_status s = ml_npy_write(path, &npy);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(s, ML_EIO);
    assert_non_null(strstr(ml_error(), "keep.npy: cannot be written: File too large"));
    assert_true(same_file(path, "old", 3));
    assert_int_equal(tmp_count(), 1);
    assert_int_equal(ml_npy_write("/dev/full", &npy), ML_EIO);
    free(big);
}

static void refuses_to_write(void **state)
{
    (void)state;
    double v[6] = {0};
    const ml_npy good = {.dtype = "f8", .rank = 2, .shape = {2, 3}, .size = 6, .data = v};
    ml_npy npy = good;
    const char *path = tmp_path("out.npy");
#define REFUSED(sentence)                                     \
    do {                                                      \
        assert_int_equal(ml_npy_write(path, &npy), ML_EINVAL); \
        if (!strstr(ml_error(), "out.npy: " sentence))        \
            fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence); \
        npy = good;                                           \
    } while (0)
    npy.dtype = NULL;
    REFUSED("unknown dtype NULL");
    npy.dtype = "";
    REFUSED("unknown dtype ");
    npy.dtype = "<f8";
    REFUSED("unknown dtype <f8");
    npy.rank = 7;
    REFUSED("rank 7, expected 0 to 6");
    npy.rank = -1;
    REFUSED("rank -1, expected 0 to 6");
    npy.shape[1] = -3;
    REFUSED("shape 2x-3 is negative or too large");
    npy.shape[1] = INT64_MAX;
    REFUSED("shape 2x9223372036854775807 is negative or too large");
    npy.size = 5;
    REFUSED("shape 2x3 has 6 elements, but 5 were given");
    npy.data = NULL;
    REFUSED("shape 2x3 has 6 elements, but 0 were given");
    assert_int_equal(ml_npy_write(path, NULL), ML_EINVAL);
    assert_int_equal(ml_npy_write(NULL, &good), ML_EINVAL);
    assert_int_equal(ml_npy_save_tensor(path, NULL), ML_EINVAL);
    assert_int_equal(ml_npy_save_tensor(NULL, NULL), ML_EINVAL);
    assert_null(ml_npy_of_tensor(NULL).dtype);
    assert_int_equal(tmp_count(), 0);
    npy.dtype = "f3";
    assert_null(ml_tensor_of_npy(&npy));
    assert_string_equal(ml_error(), "tensor_of_npy: unknown dtype f3");
    npy = good, npy.rank = 9;
    assert_null(ml_tensor_of_npy(&npy));
    npy = good, npy.size = 7;
    assert_null(ml_tensor_of_npy(&npy));
    assert_string_equal(ml_error(), "tensor_of_npy: its shape has 6 elements, but it has 7");
    assert_null(ml_tensor_of_npy(NULL));
}

/* ---- wrong files ---- */

#define TAKES "this reader takes b1, i1 to i8, u1 to u8, f2, f4 and f8"

static void refuses_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *sentence;
    } cases[] = {
        {"rank7", "an array of more than 6 axes: this reader takes at most 6"},
        {"complex", "holds complex numbers (dtype '<c16'): " TAKES},
        {"objects", "holds Python objects (dtype '|O'): " TAKES},
        {"text", "holds text (dtype '<U2'): " TAKES},
        {"bytes", "holds strings of bytes (dtype '|S2'): " TAKES},
        {"records", "holds structured records: " TAKES},
        {"dates", "holds dates (dtype '<M8[D]'): " TAKES},
        {"spans", "holds spans of time (dtype '<m8[s]'): " TAKES},
        {"raw", "holds raw records (dtype '|V3'): " TAKES},
        {"long", "dtype '<f16' is not known: " TAKES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[64], sentence[200];
        ml_npy npy = {.size = 9};
        snprintf(name, sizeof name, "npy_no_%s.npy", cases[i].name);
        snprintf(sentence, sizeof sentence, "%s: %s", name, cases[i].sentence);
        assert_int_equal(ml_npy_read(golden_path(name), &npy), ML_EFORMAT);
        if (!strstr(ml_error(), sentence))
            fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);
        assert_int_equal(npy.size, 0);
        assert_null(npy.data);
        assert_null(ml_npy_tensor(golden_path(name)));
    }
}

/* A file of version 1.0 with this header, and `data` bytes after it. */
static ml_status parse_header(const char *header, size_t data, ml_npy *npy)
{
    uint8_t bytes[512] = "\x93NUMPY\1";
    size_t n = strlen(header);
    bytes[8] = (uint8_t)n;
    bytes[9] = (uint8_t)(n >> 8);
    memcpy(bytes + 10, header, n);
    memset(bytes + 10 + n, 1, data);
    return parse(bytes, 10 + n + data, npy);
}

static void lies_in_the_header(void **state)
{
    (void)state;
#define KEYS "'descr': '<f4', 'fortran_order': False, "
    static const struct {
        const char *header;
        size_t data;
        const char *sentence;
    } cases[] = {
        {"", 0, "the header ends early: '{' expected"},
        {"   ", 0, "the header ends early: '{' expected"},
        {"[]", 0, "the header is not valid: '{' expected at byte 0"},
        {"{", 0, "the header ends early: a key expected"},
        {"{}", 0, "the header has no 'descr'"},
        {"{,}", 0, "the header is not valid: a key expected at byte 1"},
        {"{3: 4}", 0, "the header is not valid: a key expected at byte 1"},
        {"{'descr'}", 0, "the header is not valid: ':' expected at byte 8"},
        {"{'descr", 0, "the header ends early: the end of a string expected"},
        {"{'descr\": 1}", 0, "the header ends early: the end of a string expected"},
        {"{'de\\x73cr': '<f4'}", 0, "the header is not valid: a string with escapes, at byte 4"},
        {"{'de\nscr': '<f4'}", 0, "the header is not valid: a string with escapes, at byte 4"},
        {"{'descr': }", 0, "the header is not valid: a dtype expected at byte 10"},
        {"{'descr': 4}", 0, "the header is not valid: a dtype expected at byte 10"},
        {"{'descr': '<f4' 'shape': ()}", 0, "the header is not valid: ',' or '}' expected at byte 16"},
        {"{'descr': '<f4'", 0, "the header ends early: ',' or '}' expected"},
        {"{'descr': '<f4', 'descr': '<f4'}", 0, "the header has 'descr' twice"},
        {"{'descr': '<f4', 'shape': ()}", 4, "the header has no 'fortran_order'"},
        {"{" KEYS "}", 4, "the header has no 'shape'"},
        {"{" KEYS "'shape': (), 'more': 1}", 4, "the header has a key that is not known: 'more'"},
        {"{" KEYS "'shap\xc3\xa9': ()}", 4, "the header has a key that is not known: 'shap?\?'"},
        {"{" KEYS "'shape': ()} {", 4, "something follows the end of the header's dict, at byte 54"},
        {"{" KEYS "'shape': ()}}", 4, "something follows the end of the header's dict, at byte 53"},
        {"{'fortran_order': false}", 4, "the header is not valid: True or False expected at byte 18"},
        {"{'fortran_order': 1}", 4, "the header is not valid: True or False expected at byte 18"},
        {"{'fortran_order': Tru", 4, "the header is not valid: True or False expected at byte 18"},
        {"{'fortran_order':", 4, "the header ends early: True or False expected"},
        {"{'descr': ''}", 0, "dtype '' is not known: " TAKES},
        {"{'descr': '<'}", 0, "dtype '<' is not known: " TAKES},
        {"{'descr': 'f4'}", 0, "dtype 'f4' is not known: " TAKES},
        {"{'descr': '!f4'}", 0, "dtype '!f4' is not known: " TAKES},
        {"{'descr': '<f3'}", 0, "dtype '<f3' is not known: " TAKES},
        {"{'descr': '<f44'}", 0, "dtype '<f44' is not known: " TAKES},
        {"{'descr': '<b8'}", 0, "dtype '<b8' is not known: " TAKES},
        {"{'descr': ('<f4', (2,))}", 0, "holds structured records: " TAKES},
        {"{" KEYS "'shape': 3}", 12, "the header is not valid: a tuple expected at byte 50"},
        {"{" KEYS "'shape': [3]}", 12, "the header is not valid: a tuple expected at byte 50"},
        {"{" KEYS "'shape': (3)}", 12, "its shape is not a tuple: (3) is a number in Python, (3,) one extent"},
        {"{" KEYS "'shape': (,)}", 12, "the header is not valid: a whole number expected at byte 51"},
        {"{" KEYS "'shape': (3,,)}", 12, "the header is not valid: a whole number expected at byte 53"},
        {"{" KEYS "'shape': (1 2)}", 12, "the header is not valid: ',' or ')' expected at byte 53"},
        {"{" KEYS "'shape': (3.0,)}", 12, "the header is not valid: ',' or ')' expected at byte 52"},
        {"{" KEYS "'shape': (3e0,)}", 12, "the header is not valid: ',' or ')' expected at byte 52"},
        {"{" KEYS "'shape': (0x3,)}", 12, "the header is not valid: ',' or ')' expected at byte 52"},
        {"{" KEYS "'shape': (03,)}", 12, "the header is not valid: a number begins with 0, at byte 51"},
        {"{" KEYS "'shape': (True,)}", 12, "the header is not valid: a whole number expected at byte 51"},
        {"{" KEYS "'shape': (3", 12, "the header ends early: ',' or ')' expected"},
        {"{" KEYS "'shape': (3,", 12, "the header ends early: a whole number expected"},
        {"{" KEYS "'shape': (3, -1)}", 12, "extent 1 of its shape is negative"},
        {"{" KEYS "'shape': (9223372036854775808,)}", 12, "extent 0 of its shape is larger than 9223372036854775807"},
        {"{" KEYS "'shape': (9223372036854775807,)}", 12, "its shape 9223372036854775807 is too large"},
        {"{" KEYS "'shape': (4294967296, 4294967296)}", 0, "its shape 4294967296x4294967296 is too large"},
        {"{" KEYS "'shape': (0, 4294967296, 4294967296)}", 0, "its shape 0x4294967296x4294967296 is too large"},
        {"{" KEYS "'shape': (1, 1, 1, 1, 1, 1, 1)}", 4, "an array of more than 6 axes: this reader takes at most 6"},
        {"{" KEYS "'shape': (288230376151711743,)}", 9,
         "cut short: the header says 288230376151711743 of f4 = 1152921504606846972 bytes, 9 follow"},
        {"{" KEYS "'shape': (2, 3)}", 23, "cut short: the header says 2x3 of f4 = 24 bytes, 23 follow"},
        {"{" KEYS "'shape': (2, 3)}", 25, "the header says 2x3 of f4 = 24 bytes, but 25 follow"},
        {"{" KEYS "'shape': ()}", 0, "cut short: the header says scalar of f4 = 4 bytes, 0 follow"},
        {"{" KEYS "'shape': (0,)}", 1, "the header says 0 of f4 = 0 bytes, but 1 follow"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ml_npy npy = {.size = 9};
        ml_status s = parse_header(cases[i].header, cases[i].data, &npy);
        if (s != ML_EFORMAT || npy.data || npy.size || strncmp(ml_error(), "f: ", 3) != 0 ||
            strcmp(ml_error() + 3, cases[i].sentence) != 0)
            fail_msg("%s\ngives \"%s\"\nexpected \"f: %s\"", cases[i].header, ml_error(), cases[i].sentence);
    }
}

static void what_python_takes_too(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }    \n",
        "{'shape': (2, 3), 'descr': '<i2', 'fortran_order': False}",
        "  {  \"fortran_order\" :False ,\n\t\"shape\":(2,3,),\"descr\" : \"<i2\"}\r\n",
        "{'descr': '=i2', 'fortran_order': False, 'shape': (2L, 3L)}",
        "{'descr': '|i2', 'fortran_order': False, 'shape': ( 2 , 3 ) , }",
        "{'descr': '>i2', 'fortran_order': False, 'shape': (2, 3)}", /* of bytes that are all alike */
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        ml_npy npy;
        if (parse_header(headers[i], 12, &npy))
            fail_msg("%s gives \"%s\"", headers[i], ml_error());
        assert_string_equal(npy.dtype, "i2");
        assert_int_equal(npy.rank, 2);
        assert_int_equal(npy.shape[1], 3);
        assert_int_equal(((int16_t *)npy.data)[5], 0x101);
        ml_npy_free(&npy);
    }
    /* A zero after the dict is no blank. */
    ml_npy npy;
    uint8_t bytes[] = "\x93NUMPY\1\0\x36\0{" KEYS "'shape': ()}\0....";
    assert_int_equal(parse(bytes, sizeof bytes - 1, &npy), ML_EFORMAT);
    assert_string_equal(ml_error(), "f: something follows the end of the header's dict, at byte 53");
    /* Bytes that are neither false nor true in C become true. */
    uint8_t odd[] = "\x93NUMPY\1\0\x37\0{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}\0\1\xff";
    assert_int_equal(parse(odd, sizeof odd - 1, &npy), ML_OK);
    assert_memory_equal(npy.data, "\0\1\1", 3);
    ml_npy_free(&npy);
}

static void wrong_starts(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *sentence;
    } cases[] = {
        {"", 0, "f: not a .npy file: it does not begin with \\x93NUMPY"},
        {"\x93NUMP", 5, "f: not a .npy file: it does not begin with \\x93NUMPY"},
        {"PK\3\4aaaaaa", 10, "f: not a .npy file: it does not begin with \\x93NUMPY"},
        {"\x93NUMPY", 6, "f: cut short: 6 bytes, too few for the length of the header"},
        {"\x93NUMPY\1\0\1", 9, "f: cut short: 9 bytes, too few for the length of the header"},
        {"\x93NUMPY\2\0\1\0\0", 11, "f: cut short: 11 bytes, too few for the length of the header"},
        {"\x93NUMPY\0\0\1\0{", 11, "f: version 0.0 of the .npy format: this reader knows 1.0, 2.0 and 3.0"},
        {"\x93NUMPY\1\1\1\0{", 11, "f: version 1.1 of the .npy format: this reader knows 1.0, 2.0 and 3.0"},
        {"\x93NUMPY\4\0\1\0{", 11, "f: version 4.0 of the .npy format: this reader knows 1.0, 2.0 and 3.0"},
        {"\x93NUMPY\1\0\2\0{", 11, "f: cut short: the header says that it is 2 bytes, 1 follow"},
        {"\x93NUMPY\1\0\xff\xff{", 11, "f: cut short: the header says that it is 65535 bytes, 1 follow"},
        {"\x93NUMPY\3\0\xff\xff\xff\xff{", 13, "f: cut short: the header says that it is 4294967295 bytes, 1 follow"},
        {"\x93NUMPY\1\0\0\0{", 11, "f: the header ends early: '{' expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ml_npy npy;
        assert_int_equal(parse(cases[i].bytes, cases[i].n, &npy), ML_EFORMAT);
        assert_string_equal(ml_error(), cases[i].sentence);
    }
}

static void lying_headers_reserve_nothing(void **state)
{
    (void)state;
    ml_npy npy;
    int64_t before = mli_alloc_count();
    assert_int_equal(parse_header("{" KEYS "'shape': (250000000000, )}", 9, &npy), ML_EFORMAT);
    assert_int_equal(mli_alloc_count(), before + 1); /* the test's own copy of the file */
    before = mli_alloc_count();
    assert_int_equal(parse_header("{'descr': '<f4', 'fortran_order': True, 'shape': (250000, 1000000)}", 9, &npy), ML_EFORMAT);
    assert_int_equal(mli_alloc_count(), before + 1);
    /* A header of 20 MB of extents is refused at the seventh. */
    size_t n = 20000000;
    uint8_t *bytes = malloc(n);
    memset(bytes, '1', n);
    memcpy(bytes, "\x93NUMPY\2\0", 8);
    for (int i = 0; i < 4; i++)
        bytes[8 + i] = (uint8_t)((n - 12) >> 8 * i);
    memcpy(bytes + 12, "{'shape': (", 11);
    for (size_t i = 23; i < n; i += 2)
        bytes[i] = ',';
    bytes[23] = ' ';
    assert_int_equal(parse(bytes, n, &npy), ML_EFORMAT);
    assert_string_equal(ml_error(), "f: an array of more than 6 axes: this reader takes at most 6");
    free(bytes);
}

/* A sentence, or an array that holds what its shape says. */
static void assert_sound(const uint8_t *bytes, size_t n)
{
    ml_npy npy;
    ml_error_clear();
    if (parse(bytes, n, &npy)) {
        assert_int_equal(ml_error_status(), ML_EFORMAT);
        assert_int_equal(strncmp(ml_error(), "f: ", 3), 0);
        assert_null(strchr(ml_error(), '\n'));
        assert_null(npy.data);
        return;
    }
    int64_t size;
    assert_true(mli_shape_size(npy.rank, npy.shape, &size) && size == npy.size);
    ml_tensor *x = ml_tensor_of_npy(&npy); /* the sanitizer sees whether all of it may be read */
    assert_non_null(x);
    ml_tensor_free(x);
    ml_npy_free(&npy);
}

static void every_cut_and_every_changed_byte(void **state)
{
    (void)state;
    static const char *const names[] = {"npy_fortran.npy", "npy_big_f2.npy", "npy_b1.npy", "npy_scalar.npy", "npy_version3.npy",
                                        "npy_empty.npy"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        size_t n;
        ml_npy npy;
        uint8_t *bytes = slurp(golden_path(names[k]), &n);
        for (size_t m = 0; m < n; m++)
            assert_int_equal(parse(bytes, m, &npy), ML_EFORMAT);
        for (size_t i = 0; i < n; i++) {
            uint8_t right = bytes[i];
            for (int v = 0; v < 256; v++) {
                bytes[i] = (uint8_t)v;
                assert_sound(bytes, n);
            }
            bytes[i] = right;
        }
        free(bytes);
    }
}

static void files_that_are_none(void **state)
{
    (void)state;
    ml_npy npy = {.size = 7};
    assert_int_equal(ml_npy_read(tmp_path("missing"), &npy), ML_EIO);
    assert_non_null(strstr(ml_error(), "missing: cannot be opened: No such file"));
    assert_int_equal(npy.size, 0);
    assert_int_equal(ml_npy_read(tmp_path(""), &npy), ML_EIO);
    assert_non_null(strstr(ml_error(), "is a folder"));
    assert_int_equal(ml_npy_read(tmp_file("empty", "", 0), &npy), ML_EFORMAT);
    assert_non_null(strstr(ml_error(), "empty: not a .npy file"));
    assert_int_equal(ml_npy_read(NULL, &npy), ML_EINVAL);
    assert_int_equal(ml_npy_read("x", NULL), ML_EINVAL);
    assert_null(ml_npy_tensor(NULL));
    assert_null(ml_npy_tensor(tmp_path("missing")));
    ml_npy_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(tensors_of_every_type),
        cmocka_unit_test(every_half),
        cmocka_unit_test(reads_every_rank),
        cmocka_unit_test(fortran_order_becomes_c_order),
        cmocka_unit_test(reads_every_version),
        cmocka_unit_test_setup_teardown(writes_what_numpy_writes, tmp_setup, tmp_teardown),
        cmocka_unit_test(headers_as_long_as_numpys),
        cmocka_unit_test_setup_teardown(tensors_go_there_and_back, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refuses_to_write, tmp_setup, tmp_teardown),
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(lies_in_the_header),
        cmocka_unit_test(what_python_takes_too),
        cmocka_unit_test(wrong_starts),
        cmocka_unit_test(lying_headers_reserve_nothing),
        cmocka_unit_test(every_cut_and_every_changed_byte),
        cmocka_unit_test_setup_teardown(files_that_are_none, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("io/npy", tests, NULL, NULL);
}
