/* fuzz_safetensors.c -- libFuzzer: any bytes are a safetensors file or get a sentence. What was read and written again
 * is the same, and written a second time it has the same bytes.
 */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void st_must(bool holds)
{
    if (!holds)
        abort();
}

/* Memory where the system has it: a disk would make a thousand files a second out of a hundred thousand. */
static const char *st_path(void)
{
    static char path[64];
    if (!path[0])
        snprintf(path, sizeof path, "%s/mlcore-fuzz-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
    return path;
}

static void st_write(const ml_safetensors *st, const ml_safetensor *t, int n, uint8_t **bytes, size_t *size)
{
    const char *key = "mlcore", *value = ml_safetensors_meta(st, key);
    st_must(ml_safetensors_write(st_path(), t, n, &key, &value, value != NULL) == ML_OK);
    st_must(mli_read_file(st_path(), SIZE_MAX / 4, bytes, size) == ML_OK);
    remove(st_path());
}

static bool same_tensor(const ml_safetensor *a, const ml_safetensor *b)
{
    bool same = strcmp(a->name, b->name) == 0 && strcmp(a->dtype, b->dtype) == 0 && a->rank == b->rank && a->bytes == b->bytes;
    for (int i = 0; same && i < a->rank; i++)
        same = a->shape[i] == b->shape[i];
    return same && (a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0);
}

static void round_trip(const ml_safetensors *st)
{
    int n = ml_safetensors_count(st);
    ml_safetensor *t = calloc((size_t)n + 1, sizeof *t);
    uint8_t *once, *twice;
    size_t n_once, n_twice;
    ml_safetensors *back;
    for (int i = 0; i < n; i++)
        t[i] = ml_safetensors_at(st, i);
    st_write(st, t, n, &once, &n_once);
    st_must(mli_safetensors_parse("written", once, n_once, &back) == ML_OK);
    st_must(ml_safetensors_count(back) == n);
    for (int i = 0; i < n; i++) {
        ml_safetensor b = ml_safetensors_at(back, i);
        bool found = false;
        for (int k = 0; k < n && !found; k++)
            found = same_tensor(&t[k], &b);
        st_must(found);
    }
    for (int i = 0; i < n; i++)
        t[i] = ml_safetensors_at(back, i);
    st_write(back, t, n, &twice, &n_twice);
    st_must(n_once == n_twice && memcmp(once, twice, n_once) == 0);
    ml_safetensors_free(back);
    mli_free(once);
    mli_free(twice);
    free(t);
}

static void st_parse_checked(const uint8_t *bytes, size_t n)
{
    ml_safetensors *st;
    size_t total = 0;
    ml_error_clear();
    ml_status s = mli_safetensors_parse("fuzzed", bytes, n, &st);
    if (s) {
        st_must(s == ML_EFORMAT && ml_error_status() == s && !st);
        st_must(strncmp(ml_error(), "fuzzed: ", 8) == 0 && !strchr(ml_error(), '\n'));
        return;
    }
    for (int i = 0; i < ml_safetensors_count(st); i++) {
        ml_safetensor t = ml_safetensors_at(st, i);
        st_must((const uint8_t *)t.data >= bytes && (const uint8_t *)t.data + t.bytes <= bytes + n);
        total += t.bytes;
    }
    uint64_t header = 0;
    for (int i = 7; i >= 0; i--)
        header = header << 8 | bytes[i];
    st_must(total == n - 8 - header);
    round_trip(st);
    ml_safetensors_free(st);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    st_parse_checked(bytes, n);
    /* A length that fits is hard to guess while the header changes: the same header once more, its length put right,
     * before as many bytes of data as its last byte says. */
    if (n < 9 || n > 4096)
        return 0;
    size_t header = n - 9, data = bytes[n - 1] % 64;
    uint8_t *fixed = calloc(1, 8 + header + data);
    fixed[0] = (uint8_t)header;
    fixed[1] = (uint8_t)(header >> 8);
    memcpy(fixed + 8, bytes + 8, header);
    st_parse_checked(fixed, 8 + header + data);
    free(fixed);
    return 0;
}
