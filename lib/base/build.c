/* build.c -- what this library is, in one line. */
#include "base/base.h"
#include "base/cpu.h"

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
    static _Thread_local char info[320];
    char blas[96], cpu[128];
    blas_text(blas, sizeof blas);
    mli_cpu_text(cpu, sizeof cpu);
    int threads = ml_threads();
    snprintf(info, sizeof info, "mlcore %s  %s  %s  vectors of %d (%s)  %d thread%s  %s", ML_VERSION, ML_REAL_NAME, blas,
             mli_cpu_vector_bits() / 8 / (int)sizeof(ml_real), cpu, threads, threads == 1 ? "" : "s",
#ifdef NDEBUG
             "release"
#else
             "debug"
#endif
    );
    return info;
}
