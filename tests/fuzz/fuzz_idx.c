/* fuzz_idx.c -- libFuzzer: any bytes are an IDX file or get a sentence; gzipped, they are the same file. */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void idx_must(bool holds)
{
    if (!holds)
        abort();
}

static ml_status idx_parse_checked(const uint8_t *bytes, size_t n, ml_idx *idx)
{
    ml_error_clear();
    ml_status s = mli_idx_parse("fuzzed", bytes, n, idx);
    if (s) {
        idx_must(s == ML_EFORMAT && ml_error_status() == s);
        idx_must(strncmp(ml_error(), "fuzzed: ", 8) == 0 && !strchr(ml_error(), '\n'));
        idx_must(!idx->bytes && !idx->size && !idx->rank);
        return s;
    }
    int64_t size = 1;
    idx_must(idx->rank >= 1 && idx->rank <= ML_MAX_RANK && idx->bytes);
    for (int i = 0; i < idx->rank; i++)
        size *= idx->shape[i];
    idx_must(size == idx->size);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    ml_idx a, b;
    ml_status plain = idx_parse_checked(bytes, n, &a);
    /* The fuzzer does not guess checksums, so it would hardly get into gzip: we pack its bytes for it. */
    static uint8_t packed[8192];
    if (n > 0 && n <= 4096 && !(n > 1 && bytes[0] == 0x1f && bytes[1] == 0x8b)) {
        z_stream z = {0};
        idx_must(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
        z.next_in = (z_const Bytef *)bytes;
        z.avail_in = (uInt)n;
        z.next_out = packed;
        z.avail_out = sizeof packed;
        idx_must(deflate(&z, Z_FINISH) == Z_STREAM_END);
        ml_status gzipped = idx_parse_checked(packed, sizeof packed - z.avail_out, &b);
        idx_must(plain == gzipped && a.size == b.size && a.rank == b.rank);
        idx_must(a.size == 0 || memcmp(a.bytes, b.bytes, (size_t)a.size) == 0);
        ml_idx_free(&b);
        deflateEnd(&z);
    }
    ml_idx_free(&a);
    return 0;
}
