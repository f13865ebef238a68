/* rng.c -- Philox4x32-10, a counter-based generator.
 *
 * Ten rounds of multiply and xor turn (key, counter) into four random words. There is no state to
 * carry: that is why a resumed run, or another number of threads, gives the same bits.
 * Source: Salmon, Moraes, Dror, Shaw 2011, section 4.3; the known answers of their Random123 are in the tests.
 */
#include "base/base.h"

#include <math.h>

void mli_philox(uint64_t key, uint64_t hi, uint64_t lo, uint32_t out[4])
{
    uint32_t c0 = (uint32_t)lo, c1 = (uint32_t)(lo >> 32), c2 = (uint32_t)hi, c3 = (uint32_t)(hi >> 32);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u; /* the golden ratio */
        k1 += 0xBB67AE85u; /* sqrt(3) - 1 */
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

ml_rng ml_rng_seed(uint64_t seed)
{
    return (ml_rng){.seed = seed, .stream = 0, .counter = 0};
}

ml_rng ml_rng_split(ml_rng rng, uint64_t a, uint64_t b)
{
    /* The new stream is itself a random number: a function of the old stream, a and b. Other keys than the seed keep
     * these apart from ordinary draws. */
    uint32_t w[4], v[4];
    mli_philox(rng.seed ^ 0x5851F42D4C957F2Du, rng.stream, a, w);
    mli_philox(rng.seed ^ 0x14057B7EF767814Fu, (uint64_t)w[0] << 32 | w[1], b, v);
    return (ml_rng){.seed = rng.seed, .stream = (uint64_t)v[0] << 32 | v[1], .counter = 0};
}

uint32_t ml_rng_u32(ml_rng *rng)
{
    uint32_t w[4];
    uint64_t i = rng->counter++;
    mli_philox(rng->seed, rng->stream, i / 4, w);
    return w[i % 4];
}

double ml_rng_uniform(ml_rng *rng)
{
    uint64_t hi = ml_rng_u32(rng), lo = ml_rng_u32(rng);
    return (double)((hi << 32 | lo) >> 11) * 0x1p-53;
}

double ml_rng_normal(ml_rng *rng)
{
    /* 1 - u lies in (0, 1]: its logarithm is finite. */
    double u = 1 - ml_rng_uniform(rng), v = ml_rng_uniform(rng);
    return sqrt(-2 * log(u)) * cos(6.283185307179586477 * v);
}

int64_t ml_rng_below(ml_rng *rng, int64_t n)
{
    if (n < 1)
        return 0;
    /* Reject the tail of 2^64 that does not divide evenly by n. */
    uint64_t m = (uint64_t)n, reject = (0 - m) % m, x;
    do {
        uint64_t hi = ml_rng_u32(rng);
        x = hi << 32 | ml_rng_u32(rng);
    } while (x < reject);
    return (int64_t)(x % m);
}

void ml_rng_shuffle(ml_rng *rng, int64_t *v, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = ml_rng_below(rng, i + 1), held = v[i];
        v[i] = v[j];
        v[j] = held;
    }
}
