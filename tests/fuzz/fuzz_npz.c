/* fuzz_npz.c -- libFuzzer: any bytes are a .npz file or get a sentence. What was read and written again is the same, and
 * written a second time it has the same bytes. Wants libzip.
 */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* No input of a few kilobytes may ask for more. */
static const ml_npz_opts NPZ_OPTS = {.limit = 1 << 22};

static void npz_must(bool holds)
{
    if (!holds)
        abort();
}

/* Memory where the system has it, as in fuzz_safetensors.c. */
static const char *npz_path(void)
{
    static char path[64];
    if (!path[0])
        snprintf(path, sizeof path, "%s/mlcore-npz-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
    return path;
}

/* Writes all arrays to a file, reads its bytes and removes it. Names that a zip archive may have and we do not write
 * get a sentence: then there is nothing to compare. */
static bool npz_write(const ml_npz *npz, uint8_t **bytes, size_t *size)
{
    int n = ml_npz_count(npz);
    const char **names = calloc((size_t)n + 1, sizeof *names);
    ml_npy *arrays = calloc((size_t)n + 1, sizeof *arrays);
    npz_must(names && arrays);
    for (int i = 0; i < n; i++) {
        names[i] = ml_npz_name(npz, i);
        arrays[i] = *ml_npz_at(npz, i);
    }
    ml_status s = ml_npz_write(npz_path(), names, arrays, n);
    npz_must(s == ML_OK || (s == ML_EINVAL && strstr(ml_error(), "is not UTF-8")));
    if (!s)
        npz_must(mli_read_file(npz_path(), SIZE_MAX / 4, bytes, size) == ML_OK);
    remove(npz_path());
    free(names);
    free(arrays);
    return !s;
}

static bool npz_same(const ml_npy *a, const ml_npy *b)
{
    return a->dtype == b->dtype && a->rank == b->rank && a->size == b->size &&
           memcmp(a->shape, b->shape, sizeof a->shape) == 0 &&
           memcmp(a->data, b->data, (size_t)a->size * mli_npy_width(a->dtype)) == 0;
}

static void npz_round_trip(const ml_npz *npz)
{
    uint8_t *once, *twice;
    size_t n_once, n_twice;
    ml_npz *back;
    if (!npz_write(npz, &once, &n_once))
        return;
    npz_must(mli_npz_parse("written", once, n_once, (ml_npz_opts){0}, &back) == ML_OK);
    npz_must(ml_npz_count(back) == ml_npz_count(npz));
    for (int i = 0; i < ml_npz_count(npz); i++) {
        npz_must(strcmp(ml_npz_name(back, i), ml_npz_name(npz, i)) == 0);
        npz_must(npz_same(ml_npz_at(back, i), ml_npz_at(npz, i)));
    }
    npz_must(npz_write(back, &twice, &n_twice));
    npz_must(n_once == n_twice && memcmp(once, twice, n_once) == 0);
    ml_npz_free(back);
    mli_free(once);
    mli_free(twice);
}

static void npz_parse_checked(const uint8_t *bytes, size_t n)
{
    ml_npz *npz;
    ml_error_clear();
    ml_status s = mli_npz_parse("fuzzed", bytes, n, NPZ_OPTS, &npz);
    if (s) {
        npz_must(s == ML_EFORMAT && ml_error_status() == s && !npz);
        npz_must(strncmp(ml_error(), "fuzzed: ", 8) == 0 && !strchr(ml_error(), '\n'));
        return;
    }
    size_t total = 0;
    for (int i = 0; i < ml_npz_count(npz); i++)
        total += (size_t)ml_npz_at(npz, i)->size * mli_npy_width(ml_npz_at(npz, i)->dtype);
    npz_must(total <= (size_t)NPZ_OPTS.limit);
    npz_round_trip(npz);
    ml_npz_free(npz);
}

static uint32_t npz_get(const uint8_t *p, int bytes)
{
    uint32_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

/* The fuzzer does not guess checksums: puts those of stored members right, in the directory. */
static void npz_fix_checksums(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i + 46 <= n; i++) {
        if (memcmp(bytes + i, "PK\1\2", 4) != 0)
            continue;
        size_t size = npz_get(bytes + i + 20, 4), local = npz_get(bytes + i + 42, 4);
        if (local + 30 > n)
            continue;
        size_t data = local + 30 + npz_get(bytes + local + 26, 2) + npz_get(bytes + local + 28, 2);
        if (data > n || size > n - data)
            continue;
        uLong crc = crc32(crc32(0, NULL, 0), bytes + data, (uInt)size);
        for (int k = 0; k < 4; k++)
            bytes[i + 16 + (size_t)k] = (uint8_t)(crc >> 8 * k);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    npz_parse_checked(bytes, n);
    uint8_t *fixed = malloc(n ? n : 1);
    npz_must(fixed != NULL);
    if (n)
        memcpy(fixed, bytes, n);
    npz_fix_checksums(fixed, n);
    npz_parse_checked(fixed, n);
    free(fixed);
    return 0;
}
