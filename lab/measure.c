/* measure.c -- how long something takes, and how fast this machine could be at best. */
#include "measure.h"

#include <mlcore/mlcore.h>

#include <math.h>
#include <stdlib.h>
#include <time.h>

double lab_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double lab_median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

enum { RUNS_MAX = 1000 };
#define ENOUGH 2.0     /* seconds of one measurement */
#define SHORT  0.001   /* a run takes this long at least: the clock and what is around are then nothing beside it */

static double time_of(void (*work)(void *arg), void *arg, int64_t times)
{
    double start = lab_seconds();
    for (int64_t i = 0; i < times; i++)
        work(arg);
    return (lab_seconds() - start) / (double)times;
}

lab_time lab_measure(void (*work)(void *arg), void *arg, int64_t repeat)
{
    double took[RUNS_MAX], first = time_of(work, arg, 1), spent = 0; /* the first warms the caches, and says how long */
    if (first > ENOUGH)
        return (lab_time){first, 1};
    int64_t times = first < SHORT ? (int64_t)(SHORT / (first > 1e-8 ? first : 1e-8)) + 1 : 1;
    int runs = 0;
    while (runs < repeat && runs < RUNS_MAX && (runs == 0 || spent < ENOUGH)) {
        took[runs] = time_of(work, arg, times);
        spent += took[runs++] * (double)times;
    }
    return (lab_time){lab_median(took, runs), runs};
}

/* ---- the ceiling ---- */

#if defined(__AVX512F__)
enum { BYTES = 64 };
#elif defined(__AVX__)
enum { BYTES = 32 };
#else
enum { BYTES = 16 };
#endif
enum { CHAINS = 10, STEPS = 2000000, LANES = BYTES / (int)sizeof(ml_real) };
typedef ml_real vec __attribute__((vector_size(BYTES)));

/* Independent chains of multiply-adds in registers: nothing waits for memory or for another. */
static ml_status spin(void *arg, int64_t thread)
{
    ml_real x = (ml_real)0.999 + (ml_real)1e-6 * (ml_real)thread;
    vec s[CHAINS], m;
    for (int i = 0; i < LANES; i++)
        m[i] = x;
    for (int k = 0; k < CHAINS; k++)
        s[k] = m * (ml_real)k;
    for (int64_t step = 0; step < STEPS; step++)
        for (int k = 0; k < CHAINS; k++)
            s[k] = s[k] * m + m;
    for (int k = 1; k < CHAINS; k++)
        s[0] += s[k];
    ((ml_real *)arg)[thread] = s[0][0]; /* so that it is not left out */
    return ML_OK;
}

double lab_peak(void)
{
    ml_real sink[256]; /* as many as threads may be */
    double least = INFINITY, start = lab_seconds();
    int threads = ml_threads();
    for (double last = start; last - start < 0.3;) {
        ml_parallel_for(threads, spin, sink);
        double took = lab_seconds() - last;
        least = took < least ? took : least;
        last += took;
    }
    return 2.0 * threads * STEPS * CHAINS * LANES / least * 1e-9;
}
