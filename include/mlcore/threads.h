/* threads.h -- one pool of threads for the whole library.
 *
 * Work is cut into chunks whose size depends on the shape alone, never on how many threads there are, so a result has
 * the same bits on 1, 2 or 8 threads.
 */
#ifndef MLCORE_THREADS_H
#define MLCORE_THREADS_H

#include <mlcore/error.h>

ML_BEGIN

/* Number of threads in use, the caller included. At first: MLCORE_THREADS where set, else the CPUs this process may use. */
ML_API int ml_threads(void);

/* Sets that number, 1 to 256. Call it from one thread while no other call into the library runs; from inside a body it
 * is an error. */
ML_API ml_status ml_set_threads(int n);

/* Calls body(arg, i) once for each i in 0 .. chunks-1, from several threads; returns when all are done. A body that
 * fails makes the call fail with its status and sentence (of the lowest failing i); chunks above it may not run. Called from inside a body, or
 * while another thread is using the pool, it runs serially. */
ML_API ml_status ml_parallel_for(int64_t chunks, ml_status (*body)(void *arg, int64_t i), void *arg);

ML_END
#endif
