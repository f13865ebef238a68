/* build.c -- what this library is, in one line. */
#include "base/base.h"

#include <mlcore/build.h>

#ifdef MLCORE_BLAS
/* Both names are weak: whichever BLAS the system loads, the ones that it lacks are NULL. */
extern char *openblas_get_config(void) __attribute__((weak));
extern const char *bli_info_get_version_str(void) __attribute__((weak));
#endif

#include <string.h>

const char *ml_version(void)
{
    return ML_VERSION;
}

static const char *vectors(void)
{
#if defined(__AVX512F__)
    return "AVX-512";
#elif defined(__AVX2__)
    return "AVX2";
#elif defined(__AVX__)
    return "AVX";
#elif defined(__ARM_FEATURE_SVE)
    return "SVE";
#elif defined(__ARM_NEON)
    return "NEON";
#elif defined(__SSE2__)
    return "SSE2";
#else
    return "plain";
#endif
}

static int vector_bits(void)
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

static void blas_text(char *buf, size_t size)
{
#ifdef MLCORE_BLAS
    if (openblas_get_config) {
        /* "OpenBLAS 0.3.21 DYNAMIC_ARCH ...": the first two words are enough. */
        const char *text = openblas_get_config(), *end = text;
        for (int words = 0; *end && (words += *end == ' ') < 2;)
            end++;
        snprintf(buf, size, "%.*s", (int)(end - text), text);
    } else if (bli_info_get_version_str) {
        snprintf(buf, size, "BLIS %s", bli_info_get_version_str());
    } else {
        snprintf(buf, size, "BLAS of unknown make");
    }
#else
    snprintf(buf, size, "no BLAS: own gemm only");
#endif
}

const char *ml_build_info(void)
{
    static _Thread_local char info[256];
    char blas[96];
    blas_text(blas, sizeof blas);
    int threads = ml_threads();
    snprintf(info, sizeof info, "mlcore %s  %s  %s  vectors of %d (%s)  %d thread%s  %s", ML_VERSION, ML_REAL_NAME, blas,
             vector_bits() / 8 / (int)sizeof(ml_real), vectors(), threads, threads == 1 ? "" : "s",
#ifdef NDEBUG
             "release"
#else
             "debug"
#endif
    );
    return info;
}

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
    return NULL;
}
