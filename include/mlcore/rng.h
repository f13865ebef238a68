/* rng.h -- random numbers from a generator that is passed, never from a hidden one.
 *
 * Counter-based: a number is a function of (seed, stream, counter) and of nothing else, so the k-th draw can be had
 * without the k-1 before it, and saving two integers saves the generator. Philox4x32-10 (Salmon, Moraes, Dror, Shaw
 * 2011, "Parallel random numbers: as easy as 1, 2, 3").
 */
#ifndef MLCORE_RNG_H
#define MLCORE_RNG_H

#include <mlcore/real.h>

ML_BEGIN

typedef struct ml_rng {
    uint64_t seed;    /* the key */
    uint64_t stream;  /* which of the 2^64 independent sequences of that seed */
    uint64_t counter; /* how many numbers have been drawn */
} ml_rng;

/* A generator at its start. Equal seeds give equal numbers, on every machine. */
ML_API ml_rng ml_rng_seed(uint64_t seed);

/* An independent generator for stream `a`, `b` of the same seed, such as (epoch, sample). It depends on seed and stream of
 * `rng`, not on how much was drawn from it. */
ML_API ml_rng ml_rng_split(ml_rng rng, uint64_t a, uint64_t b);

ML_API uint32_t ml_rng_u32(ml_rng *rng);
/* Uniform in [0, 1), 53 random bits. */
ML_API double ml_rng_uniform(ml_rng *rng);
/* Standard normal (Box and Muller 1958). */
ML_API double ml_rng_normal(ml_rng *rng);
/* Uniform in 0 .. n-1 without bias (by rejection); 0 where n < 1. */
ML_API int64_t ml_rng_below(ml_rng *rng, int64_t n);
/* Shuffles v in place (Fisher and Yates; Durstenfeld 1964). */
ML_API void ml_rng_shuffle(ml_rng *rng, int64_t *v, int64_t n);

ML_END
#endif
