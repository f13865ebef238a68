/* test_io_fuzz.c -- the fuzzers' checks without a fuzzer: their seeds, and thousands of mutations of each, the same in every
 * run.
 */
#include "support/check.h"
#include "support/tmp.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define LLVMFuzzerTestOneInput fuzz_idx
#include "fuzz/fuzz_idx.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_safetensors
#include "fuzz/fuzz_safetensors.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_net
#include "fuzz/fuzz_net.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_checkpoint
#include "fuzz/fuzz_checkpoint.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_npy
#include "fuzz/fuzz_npy.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_csv
#include "fuzz/fuzz_csv.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_model
#include "fuzz/fuzz_model.c"
#undef LLVMFuzzerTestOneInput
#ifdef MLCORE_ZIP
#define LLVMFuzzerTestOneInput fuzz_npz
#include "fuzz/fuzz_npz.c"
#endif

enum { ROOM = 4096 };

/* Changes a byte, a bit, a digit; cuts, repeats or drops a stretch; puts in a number that is at some edge. */
static size_t mutate(ml_rng *rng, uint8_t *b, size_t n)
{
    static const char *const edges[] = {"0", "-1", "4294967296", "9223372036854775807", "18446744073709551616", "1.5", "{", "}",
                                        "[", "]", "\"", ",", "\\u0000", "\xff\xff\xff\xff", "\0\0\0\0", "\x1f\x8b"};
    size_t at = n ? (size_t)ml_rng_below(rng, (int64_t)n) : 0, left = n - at;
    size_t stretch = left ? 1 + (size_t)ml_rng_below(rng, (int64_t)(left < 24 ? left : 24)) : 0;
    switch (n ? ml_rng_below(rng, 7) : 6) {
    case 0: b[at] ^= (uint8_t)(1 << ml_rng_below(rng, 8)); return n;
    case 1: b[at] = (uint8_t)ml_rng_u32(rng); return n;
    case 2: return at; /* cut */
    case 3: /* drop */
        memmove(b + at, b + at + stretch, left - stretch);
        return n - stretch;
    case 4: /* repeat */
        if (n + stretch > ROOM)
            return n;
        memmove(b + at + stretch, b + at, left);
        return n + stretch;
    case 5: b[at] = (uint8_t)('0' + ml_rng_below(rng, 10)); return n;
    default: break;
    }
    const char *edge = edges[ml_rng_below(rng, (int64_t)(sizeof edges / sizeof *edges))];
    size_t length = *edge ? strlen(edge) : 4;
    if (n + length > ROOM)
        return n;
    memmove(b + at + length, b + at, left);
    memcpy(b + at, edge, length);
    return n + length;
}

static int replay(const char *folder, int (*one)(const uint8_t *, size_t), int times)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/fuzz/seeds/%s", MLCORE_SOURCE_DIR, folder);
    DIR *d = opendir(path);
    assert_non_null(d);
    int seeds = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        size_t n;
        snprintf(path, sizeof path, "%s/tests/fuzz/seeds/%s/%s", MLCORE_SOURCE_DIR, folder, e->d_name);
        uint8_t *seed = slurp(path, &n);
        assert_non_null(seed);
        assert_true(n <= ROOM);
        one(seed, n);
        for (int i = 0; i < times; i++) {
            ml_rng rng = ml_rng_split(ml_rng_seed(1), (uint64_t)i, n);
            uint8_t room[ROOM];
            size_t m = n;
            memcpy(room, seed, n);
            for (int64_t k = ml_rng_below(&rng, 4); k >= 0; k--)
                m = mutate(&rng, room, m);
            uint8_t *exact = malloc(m ? m : 1); /* so that the sanitizer sees a read beyond its end */
            assert_non_null(exact);
            memcpy(exact, room, m);
            one(exact, m);
            free(exact);
        }
        free(seed);
        seeds++;
    }
    closedir(d);
    return seeds;
}

static void mutated_idx_files(void **state)
{
    (void)state;
    assert_true(replay("idx", fuzz_idx, 2000) >= 14);
}

static void mutated_safetensors_files(void **state)
{
    (void)state;
    assert_true(replay("safetensors", fuzz_safetensors, 2000) >= 11);
}

static void mutated_nets(void **state)
{
    (void)state;
    assert_true(replay("net", fuzz_net, 1000) >= 10);
}

static void mutated_checkpoints(void **state)
{
    (void)state;
    assert_true(replay("checkpoint", fuzz_checkpoint, 500) >= 8);
}

/* A seed that is refused is of an older format, and shows nothing: tests/fuzz/make_model_seeds.c makes new ones. */
static void mutated_models(void **state)
{
    (void)state;
    const int seeds = replay("model", fuzz_model, 0);
    assert_true(seeds >= 12);
    assert_int_equal(fm_loaded, seeds);
    replay("model", fuzz_model, 300);
}

static void mutated_npy_files(void **state)
{
    (void)state;
    assert_true(replay("npy", fuzz_npy, 2000) >= 16);
}

static void mutated_tables(void **state)
{
    (void)state;
    assert_true(replay("csv", fuzz_csv, 2000) >= 28);
}

static void mutated_npz_files(void **state)
{
    (void)state;
#ifdef MLCORE_ZIP
    assert_true(replay("npz", fuzz_npz, 2000) >= 9);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutated_idx_files),
        cmocka_unit_test(mutated_safetensors_files),
        cmocka_unit_test(mutated_nets),
        cmocka_unit_test(mutated_checkpoints),
        cmocka_unit_test(mutated_models),
        cmocka_unit_test(mutated_npy_files),
        cmocka_unit_test(mutated_tables),
        cmocka_unit_test(mutated_npz_files),
    };
    return cmocka_run_group_tests_name("io/fuzz", tests, NULL, NULL);
}
