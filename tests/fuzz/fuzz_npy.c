/* fuzz_npy.c -- libFuzzer: any bytes are a .npy file or get a sentence. What was read and written again is the same, and so
 * are its numbers as a tensor.
 */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void npy_must(bool holds)
{
    if (!holds)
        abort();
}

/* Memory of exactly n bytes that the parser takes over. */
static uint8_t *npy_own(const uint8_t *bytes, size_t n)
{
    uint8_t *own = mli_alloc(n);
    npy_must(own != NULL);
    memcpy(own, bytes, n);
    return own;
}

/* The bytes that ml_npy_write would put into a file. */
static uint8_t *npy_written(const ml_npy *npy, size_t *n)
{
    uint8_t header[MLI_NPY_HEADER_MAX];
    size_t n_header, n_data = (size_t)npy->size * mli_npy_width(npy->dtype);
    npy_must(mli_npy_header("written", npy, header, &n_header) == ML_OK);
    uint8_t *bytes = mli_alloc(n_header + n_data);
    npy_must(bytes != NULL);
    memcpy(bytes, header, n_header);
    memcpy(bytes + n_header, npy->data, n_data);
    *n = n_header + n_data;
    return bytes;
}

static void npy_round_trip(const ml_npy *npy)
{
    ml_npy back;
    size_t n;
    uint8_t *bytes = npy_written(npy, &n);
    npy_must(n % 64 == (size_t)npy->size * mli_npy_width(npy->dtype) % 64);
    npy_must(mli_npy_parse("written", bytes, n, &back) == ML_OK);
    npy_must(back.dtype == npy->dtype && back.rank == npy->rank && back.size == npy->size);
    npy_must(memcmp(back.shape, npy->shape, sizeof back.shape) == 0);
    npy_must(memcmp(back.data, npy->data, (size_t)npy->size * mli_npy_width(npy->dtype)) == 0);
    ml_npy_free(&back);
}

static void npy_parse_checked(const uint8_t *bytes, size_t n)
{
    ml_npy npy;
    ml_error_clear();
    ml_status s = mli_npy_parse("fuzzed", npy_own(bytes, n), n, &npy);
    if (s) {
        npy_must(s == ML_EFORMAT && ml_error_status() == s);
        npy_must(strncmp(ml_error(), "fuzzed: ", 8) == 0 && !strchr(ml_error(), '\n'));
        npy_must(!npy.data && !npy.size && !npy.rank);
        return;
    }
    npy_must((size_t)npy.size * mli_npy_width(npy.dtype) <= n);
    ml_tensor *x = ml_tensor_of_npy(&npy);
    npy_must(x && x->size == npy.size && x->rank == npy.rank);
    npy_round_trip(&npy);
    ml_tensor_free(x);
    ml_npy_free(&npy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    npy_parse_checked(bytes, n);
    /* A length that fits is hard to guess while the header changes: what lies after the start once more as a header, its
     * length put right, before as many bytes of data as the last byte says. */
    if (n < 11 || n > 4096)
        return 0;
    size_t header = n - 11, data = bytes[n - 1];
    uint8_t *fixed = calloc(1, 10 + header + data);
    npy_must(fixed != NULL);
    memcpy(fixed, "\x93NUMPY\1", 8);
    fixed[8] = (uint8_t)header;
    fixed[9] = (uint8_t)(header >> 8);
    memcpy(fixed + 10, bytes + 10, header);
    for (size_t i = 0; i < data; i++)
        fixed[10 + header + i] = (uint8_t)(i * 37);
    npy_parse_checked(fixed, 10 + header + data);
    free(fixed);
    return 0;
}
