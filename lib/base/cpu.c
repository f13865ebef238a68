/* cpu.c -- what this library wants of the CPU, and what it makes of the one that is there. */
#include "base/cpu.h"
#include "base/base.h"

#include <mlcore/build.h>

#include <stdlib.h>
#include <string.h>

#ifdef MLCORE_X86_LEVELS

static const int levels[] = {MLCORE_X86_LEVELS}; /* rising */
enum { LEVELS = sizeof levels / sizeof *levels };

/* Written before main, read ever after. */
static struct choice {
    int at;           /* in levels */
    const char *says; /* what MLCORE_CPU had to do with it */
} choice = {0, ""};

/* The System V ABI's levels, as far as compilers can ask for their parts. The operating system must know the registers, too:
 * __builtin_cpu_supports heeds that. */
static bool cpu_has(int level)
{
    __builtin_cpu_init();
    bool has = __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
    if (level >= 3)
        has = has && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
              __builtin_cpu_supports("bmi2");
    if (level >= 4)
        has = has && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return has;
}

/* The place of the level that is called so, or -1. */
static int level_named(const char *wanted)
{
    char name[32];
    for (int i = 0; i < LEVELS; i++) {
        snprintf(name, sizeof name, "x86-64-v%d", levels[i]);
        if (!strcmp(name, wanted))
            return i;
    }
    return -1;
}

int mli_cpu_pick(void)
{
    choice = (struct choice){0, ""};
    for (int i = 1; i < LEVELS; i++)
        if (cpu_has(levels[i]))
            choice.at = i;
    const char *wanted = getenv("MLCORE_CPU");
    if (!wanted || !*wanted)
        return choice.at;
    int at = level_named(wanted);
    if (at < 0) {
        choice.says = "; MLCORE_CPU names none of them";
    } else if (at > choice.at) {
        choice.says = "; MLCORE_CPU names one that this CPU lacks";
    } else {
        choice.at = at;
        choice.says = "; as MLCORE_CPU says";
    }
    return choice.at;
}

int mli_cpu_vector_bits(void)
{
    return 32 << levels[choice.at]; /* 128, 256, 512 */
}

void mli_cpu_text(char *buf, size_t size)
{
    int n = snprintf(buf, size, "x86-64-v%d, picked at start from", levels[choice.at]);
    for (int i = 0; i < LEVELS; i++)
        n += snprintf(buf + n, size - (size_t)n, " v%d", levels[i]);
    snprintf(buf + n, size - (size_t)n, "%s", choice.says);
}

#else

int mli_cpu_vector_bits(void)
{
#if defined(__AVX512F__)
    return 512;
#elif defined(__AVX__)
    return 256;
#elif defined(__SSE2__) || defined(__ARM_NEON)
    return 128;
#else
    return 8 * (int)sizeof(ml_real); /* one number at a time */
#endif
}

void mli_cpu_text(char *buf, size_t size)
{
    snprintf(buf, size, "%s",
#if defined(__AVX512F__)
             "AVX-512"
#elif defined(__AVX2__)
             "AVX2"
#elif defined(__AVX__)
             "AVX"
#elif defined(__ARM_FEATURE_SVE)
             "SVE"
#elif defined(__ARM_NEON)
             "NEON"
#elif defined(__SSE2__)
             "SSE2"
#else
             "plain"
#endif
    );
}

#endif

const char *ml_cpu_check(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
#if defined(__AVX512F__)
    if (!__builtin_cpu_supports("avx512f"))
        return "this binary was built for a CPU with AVX-512, which this one lacks: build it here, or with "
               "-DMLCORE_NATIVE=OFF";
#endif
#if defined(__AVX2__)
    if (!__builtin_cpu_supports("avx2"))
        return "this binary was built for a CPU with AVX2, which this one lacks: build it here, or with "
               "-DMLCORE_NATIVE=OFF";
#endif
#endif
#ifdef MLCORE_X86_LEVELS
    static _Thread_local char sentence[128];
    if (!cpu_has(levels[0])) {
        snprintf(sentence, sizeof sentence, "this binary was built for CPUs of level x86-64-v%d and up, which this one is not: build it here",
                 levels[0]);
        return sentence;
    }
#endif
    return NULL;
}
