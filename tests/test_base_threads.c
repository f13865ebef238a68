/* The pool: each chunk once, on any number of threads, in any order of events. Also run under ThreadSanitizer. */
#define _GNU_SOURCE /* sched_setaffinity */
#include "base/base.h"
#include "support/check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1 /* which starts no threads in the child of a process with threads */
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif

enum { MANY = 1000 };

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* qemu-user 7.2 stops at an assertion of its own when a process with threads forks. Asked before anything is begun that a
 * test, when it is skipped, would leave behind: a thread that waits for it would hold the exit. */
static void skip_without_fork(void)
{
    if (getenv("MLCORE_NO_FORK"))
        skip();
}

/* Runs f in a child, which fails by a non-zero status or by hanging for ten seconds. */
static void in_child(int (*f)(void))
{
    skip_without_fork();
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(10);
        _exit(f());
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int one_cpu_gives_one_thread(void)
{
#ifdef __linux__
    cpu_set_t all, one;
    unsetenv("MLCORE_THREADS");
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return 2;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &all)) {
            CPU_SET(cpu, &one);
            break;
        }
    }
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        return 3;
    return ml_threads() == 1 ? 0 : 1;
#else
    return 0;
#endif
}

static int the_environment_is_heard(void)
{
    setenv("MLCORE_THREADS", "3", 1);
    return ml_threads() == 3 ? 0 : 1;
}

/* First of all tests: the number is found out once. */
static void default_number(void **state)
{
    (void)state;
    in_child(one_cpu_gives_one_thread);
    in_child(the_environment_is_heard);
}

static ml_status count(void *arg, int64_t i)
{
    atomic_fetch_add(&((_Atomic int *)arg)[i], 1);
    return ML_OK;
}

static void each_chunk_once(void **state)
{
    (void)state;
    int numbers[] = {1, 2, 4, 8, 3, 1, 2};
    for (int k = 0; k < 7; k++) {
        static _Atomic int done[MANY];
        assert_int_equal(ml_set_threads(numbers[k]), ML_OK);
        assert_int_equal(ml_threads(), numbers[k]);
        for (int64_t chunks = 0; chunks < 40; chunks += 1 + chunks / 3) {
            memset((void *)done, 0, sizeof done);
            assert_int_equal(ml_parallel_for(chunks, count, (void *)done), ML_OK);
            for (int64_t i = 0; i < MANY; i++)
                assert_int_equal(done[i], i < chunks);
        }
        memset((void *)done, 0, sizeof done);
        assert_int_equal(ml_parallel_for(MANY, count, (void *)done), ML_OK);
        for (int64_t i = 0; i < MANY; i++)
            assert_int_equal(done[i], 1);
    }
}

static void a_thousand_tiny_jobs(void **state)
{
    (void)state;
    static _Atomic int done[5];
    ml_set_threads(4);
    memset((void *)done, 0, sizeof done);
    for (int k = 1; k <= MANY; k++) {
        assert_int_equal(ml_parallel_for(5, count, (void *)done), ML_OK);
        /* All is done when the call returns. */
        for (int i = 0; i < 5; i++)
            assert_int_equal(done[i], k);
        if (k % 100 == 0)
            nap(); /* long enough for the workers to fall asleep */
    }
}

typedef struct meeting {
    _Atomic int present;
    _Atomic int most;
} meeting;

/* Waits, up to a second, for a second thread to be here too. */
static ml_status meet(void *arg, int64_t i)
{
    (void)i;
    meeting *m = arg;
    int here = atomic_fetch_add(&m->present, 1) + 1;
    for (int k = 0; k < 1000 && here < 2; k++) {
        nap();
        here = atomic_load(&m->present);
    }
    if (here > atomic_load(&m->most))
        atomic_store(&m->most, here);
    if (here < 2)
        atomic_fetch_sub(&m->present, 1);
    return ML_OK;
}

static void chunks_really_run_together(void **state)
{
    (void)state;
    ml_set_threads(2);
    meeting m = {0};
    assert_int_equal(ml_parallel_for(2, meet, &m), ML_OK);
    assert_int_equal(m.most, 2);
}

typedef struct nest {
    _Atomic int inner;
    _Atomic int strays;
} nest;

typedef struct inner {
    nest *n;
    pthread_t outer;
} inner;

static ml_status inner_body(void *arg, int64_t i)
{
    (void)i;
    inner *in = arg;
    atomic_fetch_add(&in->n->inner, 1);
    if (!pthread_equal(pthread_self(), in->outer))
        atomic_fetch_add(&in->n->strays, 1);
    return ML_OK;
}

static ml_status outer_body(void *arg, int64_t i)
{
    (void)i;
    return ml_parallel_for(10, inner_body, &(inner){arg, pthread_self()});
}

static void nested_calls_run_serially(void **state)
{
    (void)state;
    ml_set_threads(4);
    nest n = {0};
    assert_int_equal(ml_parallel_for(50, outer_body, &n), ML_OK);
    assert_int_equal(n.inner, 500);
    assert_int_equal(n.strays, 0);
}

static ml_status fail_at_odd(void *arg, int64_t i)
{
    if (i == *(int64_t *)arg)
        nap(); /* the lowest is the last to be reported */
    if (i >= *(int64_t *)arg && i % 2)
        return mli_fail(i % 4 == 1 ? ML_EIO : ML_EFORMAT, "chunk %lld is bad", (long long)i);
    return ML_OK;
}

static void the_lowest_error_reaches_the_caller(void **state)
{
    (void)state;
    int numbers[] = {1, 2, 8};
    for (int k = 0; k < 3; k++) {
        ml_set_threads(numbers[k]);
        ml_error_clear();
        int64_t from = 13;
        assert_int_equal(ml_parallel_for(64, fail_at_odd, &from), ML_EIO);
        assert_string_equal(ml_error(), "chunk 13 is bad");
        assert_int_equal(ml_error_status(), ML_EIO);
        from = 15;
        assert_int_equal(ml_parallel_for(64, fail_at_odd, &from), ML_EFORMAT);
        assert_string_equal(ml_error(), "chunk 15 is bad");
        from = 1000; /* the pool works on, and success leaves the sentence alone */
        assert_int_equal(ml_parallel_for(64, fail_at_odd, &from), ML_OK);
    }
}

static ml_status fail_nested(void *arg, int64_t i)
{
    return i == 3 ? ml_parallel_for(20, fail_at_odd, arg) : ML_OK;
}

static void an_error_comes_through_two_levels(void **state)
{
    (void)state;
    ml_set_threads(4);
    int64_t from = 9;
    assert_int_equal(ml_parallel_for(8, fail_nested, &from), ML_EIO);
    assert_string_equal(ml_error(), "chunk 9 is bad");
}

static void *user(void *arg)
{
    for (int k = 0; k < 300; k++) {
        _Atomic int done[7] = {0};
        if (ml_parallel_for(7, count, (void *)done))
            atomic_fetch_add((_Atomic int *)arg, 1);
        for (int i = 0; i < 7; i++)
            if (done[i] != 1)
                atomic_fetch_add((_Atomic int *)arg, 1);
    }
    return NULL;
}

static void two_user_threads_at_once(void **state)
{
    (void)state;
    ml_set_threads(4);
    _Atomic int wrong = 0;
    pthread_t a, b;
    assert_int_equal(pthread_create(&a, NULL, user, (void *)&wrong), 0);
    assert_int_equal(pthread_create(&b, NULL, user, (void *)&wrong), 0);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    assert_int_equal(wrong, 0);
}

static ml_status set_threads_body(void *arg, int64_t i)
{
    (void)arg, (void)i;
    return ml_set_threads(2);
}

static int set_threads_inside(void)
{
    ml_set_threads(4);
    return ml_parallel_for(8, set_threads_body, NULL) == ML_ESTATE && ml_threads() == 4 ? 0 : 1;
}

static void setting_the_number(void **state)
{
    (void)state;
    assert_int_equal(ml_set_threads(0), ML_EINVAL);
    assert_string_equal(ml_error(), "threads: 0 is not in 1 .. 256");
    assert_int_equal(ml_set_threads(257), ML_EINVAL);
    for (int k = 0; k < 30; k++) {
        _Atomic int done[9] = {0};
        assert_int_equal(ml_set_threads(1 + k * 5 % 8), ML_OK);
        assert_int_equal(ml_parallel_for(9, count, (void *)done), ML_OK);
        for (int i = 0; i < 9; i++)
            assert_int_equal(done[i], 1);
    }
#ifdef UNDER_TSAN
    assert_int_equal(set_threads_inside(), 0);
#else
    in_child(set_threads_inside); /* in a child: a deadlock there is a failure here */
#endif
}

#ifndef UNDER_TSAN
static int pool_works(void)
{
    _Atomic int done[200] = {0};
    meeting m = {0};
    if (ml_parallel_for(2, meet, &m) || m.most != 2)
        return 1;
    for (int k = 1; k <= 100; k++) {
        if (ml_parallel_for(200, count, (void *)done))
            return 2;
        for (int i = 0; i < 200; i++)
            if (done[i] != k)
                return 3;
    }
    return 0;
}

static void a_child_has_its_own_pool(void **state)
{
    (void)state;
    ml_set_threads(2);
    _Atomic int done[4] = {0};
    assert_int_equal(ml_parallel_for(4, count, (void *)done), ML_OK);
    in_child(pool_works);
    assert_int_equal(pool_works(), 0);
}

static _Atomic bool entered, leave;

static ml_status hold(void *arg, int64_t i)
{
    (void)arg, (void)i;
    atomic_store(&entered, true);
    while (!atomic_load(&leave))
        nap();
    return ML_OK;
}

static void *holder(void *arg)
{
    (void)arg;
    ml_parallel_for(4, hold, NULL);
    return NULL;
}

/* A data loader of the caller's forks while a job runs on another thread. */
static void a_fork_in_the_middle_of_a_job(void **state)
{
    (void)state;
    skip_without_fork();
    pthread_t other;
    ml_set_threads(2);
    atomic_store(&leave, false);
    assert_int_equal(pthread_create(&other, NULL, holder, NULL), 0);
    while (!atomic_load(&entered))
        nap();
    in_child(pool_works);
    atomic_store(&leave, true);
    pthread_join(other, NULL);
    assert_int_equal(pool_works(), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_number),
        cmocka_unit_test(each_chunk_once),
        cmocka_unit_test(a_thousand_tiny_jobs),
        cmocka_unit_test(chunks_really_run_together),
        cmocka_unit_test(nested_calls_run_serially),
        cmocka_unit_test(the_lowest_error_reaches_the_caller),
        cmocka_unit_test(an_error_comes_through_two_levels),
        cmocka_unit_test(two_user_threads_at_once),
        cmocka_unit_test(setting_the_number),
#ifndef UNDER_TSAN
        cmocka_unit_test(a_child_has_its_own_pool),
        cmocka_unit_test(a_fork_in_the_middle_of_a_job),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
