/* threads.c -- one pool. A worker spins a little for the next job (waking a sleeper costs some ten microseconds, as
 * long as a small layer), then sleeps.
 *
 * A job is a body and a number of chunks; whoever is free takes the next chunk from an atomic counter. Jobs are
 * numbered, odd while open, even when closed, so that a worker that wakes late takes nothing by mistake.
 */
#ifdef __linux__
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/base.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_THREADS = 256, SPINS = 4000 };

typedef struct job {
    ml_status (*body)(void *, int64_t);
    void *arg;
    int64_t chunks;
    int64_t failed; /* lowest failing chunk, or -1 */
    ml_status status;
    char sentence[1024];
} job;

static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER; /* held by the caller whose job runs */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  /* guards sleeping and the failure report */
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static pthread_t workers[MAX_THREADS];
static int running;                /* workers started */
static _Atomic int wanted;         /* threads in use, the caller included; 0: not yet known */
static job current;
static _Atomic uint64_t posted;    /* number of the job that may be worked on */
static _Atomic int busy;           /* workers inside the current job */
static _Atomic int64_t next_chunk; /* of the current job */
static _Atomic int asleep;
static _Atomic bool quit;
static _Thread_local bool inside; /* this thread is running a body */

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int default_threads(void)
{
    const char *text = getenv("MLCORE_THREADS");
    if (text) {
        long n = strtol(text, NULL, 10);
        if (n >= 1 && n <= MAX_THREADS)
            return (int)n;
    }
    long n = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t may; /* a container or taskset may leave us fewer */
    if (sched_getaffinity(0, sizeof may, &may) == 0 && CPU_COUNT(&may) < n)
        n = CPU_COUNT(&may);
#endif
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (int)n;
}

static void run_chunks(void)
{
    inside = true;
    for (int64_t i; (i = atomic_fetch_add(&next_chunk, 1)) < current.chunks;) {
        ml_status s = current.body(current.arg, i);
        if (s == ML_OK)
            continue;
        pthread_mutex_lock(&lock);
        if (current.failed < 0 || i < current.failed) {
            current.failed = i;
            current.status = s;
            snprintf(current.sentence, sizeof current.sentence, "%s", ml_error());
        }
        pthread_mutex_unlock(&lock);
    }
    inside = false;
}

/* Waits until a job later than `seen` is posted; false when the pool closes. */
static bool wait_for_job(uint64_t seen)
{
    for (int spin = 0; spin < SPINS; spin++) {
        if (atomic_load(&posted) != seen || atomic_load(&quit))
            return !atomic_load(&quit);
        pause_briefly();
    }
    pthread_mutex_lock(&lock);
    atomic_fetch_add(&asleep, 1);
    while (atomic_load(&posted) == seen && !atomic_load(&quit))
        pthread_cond_wait(&wake, &lock);
    atomic_fetch_sub(&asleep, 1);
    pthread_mutex_unlock(&lock);
    return !atomic_load(&quit);
}

static void *work(void *arg)
{
    uint64_t seen = (uint64_t)(uintptr_t)arg;
    while (wait_for_job(seen)) {
        seen = atomic_load(&posted);
        /* Enter, then look again: the caller closes the job (odd to even) before it waits for busy to fall to zero, so a
         * worker that sees it still open is waited for, and one that comes late leaves without touching it. */
        atomic_fetch_add(&busy, 1);
        if (atomic_load(&posted) == seen && seen % 2 == 1)
            run_chunks();
        atomic_fetch_sub(&busy, 1);
    }
    return NULL;
}

static void stop_workers(void)
{
    pthread_mutex_lock(&lock);
    atomic_store(&quit, true);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < running; i++)
        pthread_join(workers[i], NULL);
    running = 0;
    atomic_store(&quit, false);
}

/* After fork the child has no workers, only their records; and where another thread's job was open, nobody will close it. */
static void after_fork(void)
{
    running = 0;
    atomic_store(&posted, atomic_load(&posted) & ~(uint64_t)1);
    atomic_store(&quit, false);
    atomic_store(&busy, 0);
    atomic_store(&asleep, 0);
    pthread_mutex_init(&owner, NULL);
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&wake, NULL);
}

static void start_workers(int n)
{
    static bool registered;
    if (!registered) {
        registered = true;
        pthread_atfork(NULL, NULL, after_fork);
        atexit(stop_workers);
    }
    /* Signals are for the caller's own threads: a worker starts with all of them blocked. */
    sigset_t all, held;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &held);
    while (running < n) {
        uint64_t seen = atomic_load(&posted);
        /* A system that gives no more threads still computes, with those it gave. */
        if (pthread_create(&workers[running], NULL, work, (void *)(uintptr_t)seen) != 0)
            break;
        running++;
    }
    pthread_sigmask(SIG_SETMASK, &held, NULL);
}

int ml_threads(void)
{
    int n = atomic_load(&wanted);
    if (n == 0) {
        n = default_threads();
        atomic_store(&wanted, n);
    }
    return n;
}

ml_status ml_set_threads(int n)
{
    if (n < 1 || n > MAX_THREADS)
        return mli_fail(ML_EINVAL, "threads: %d is not in 1 .. %d", n, MAX_THREADS);
    if (inside) /* it would wait for itself */
        return mli_fail(ML_ESTATE, "threads: the number was set from inside a body of ml_parallel_for");
    pthread_mutex_lock(&owner);
    if (running > n - 1)
        stop_workers();
    atomic_store(&wanted, n);
    pthread_mutex_unlock(&owner);
    return ML_OK;
}

static ml_status run_serially(int64_t chunks, ml_status (*body)(void *, int64_t), void *arg)
{
    for (int64_t i = 0; i < chunks; i++) {
        ml_status s = body(arg, i);
        if (s)
            return s;
    }
    return ML_OK;
}

ml_status ml_parallel_for(int64_t chunks, ml_status (*body)(void *arg, int64_t i), void *arg)
{
    int threads = ml_threads();
    if (chunks <= 1 || threads == 1 || inside || pthread_mutex_trylock(&owner) != 0)
        return run_serially(chunks, body, arg);
    if (running < threads - 1)
        start_workers(threads - 1);

    current = (job){.body = body, .arg = arg, .chunks = chunks, .failed = -1, .status = ML_OK};
    atomic_store(&next_chunk, 0);
    atomic_fetch_add(&posted, 1); /* even to odd: open */
    if (atomic_load(&asleep) > 0) {
        pthread_mutex_lock(&lock);
        pthread_cond_broadcast(&wake);
        pthread_mutex_unlock(&lock);
    }
    run_chunks();
    atomic_fetch_add(&posted, 1); /* odd to even: closed */
    for (int spin = 0; atomic_load(&busy) > 0; spin++) {
        if (spin < SPINS)
            pause_briefly();
        else
            sched_yield();
    }
    ml_status s = current.status;
    if (s)
        mli_fail(s, "%s", current.sentence);
    pthread_mutex_unlock(&owner);
    return s;
}
