/* build.h -- what this library is: every program prints it, so that nobody is silently slow. */
#ifndef MLCORE_BUILD_H
#define MLCORE_BUILD_H

#include <mlcore/real.h>

ML_BEGIN

#define ML_VERSION_MAJOR 0
#define ML_VERSION_MINOR 1
#define ML_VERSION_PATCH 0
#define ML_VERSION "0.1.0"

/* The version of the library that is linked, such as "0.1.0". */
ML_API const char *ml_version(void);

/* One line, such as
 *   mlcore 0.1.0  float32  OpenBLAS 0.3.21  vectors of 8 (AVX2)  2 threads  release
 * The kernels of a package are compiled for several levels of x86-64, one of which is picked before main. It then says
 *   vectors of 8 (x86-64-v3, picked at start from v2 v3 v4)
 * MLCORE_CPU=x86-64-v2 in the environment picks an older one; where it names one that is not there, the best runs, and the line says so.
 * The text belongs to the calling thread and is valid until its next call. */
ML_API const char *ml_build_info(void);

/* A sentence when this binary was built for a newer CPU than the one it runs on, else NULL. */
ML_API const char *ml_cpu_check(void);

ML_END
#endif
