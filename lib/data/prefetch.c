/* prefetch.c -- threads that make batches ahead, while the caller computes with the one in its hands.
 *
 * They are the pass's own and not the pool's: the pool belongs to the caller's kernels. A ring of slots, one more than there
 * are workers. Whoever is free takes the next batch, if its slot has been given back; batches do not depend on who makes them, so
 * nothing else needs an order.
 */
#include "data/loader.h"

#include <signal.h>
#include <unistd.h>

void mli_ring_init(mli_ring *r)
{
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->filled, NULL);
    pthread_cond_init(&r->freed, NULL);
    r->running = 0;
    r->quit = false;
}

/* A batch to make, or false where there is none left. */
static bool next_batch(mli_pass *p, int64_t *k)
{
    mli_ring *r = &p->ring;
    pthread_mutex_lock(&r->lock);
    while (!r->quit && r->next < p->count && r->next > r->held + p->opts.workers)
        pthread_cond_wait(&r->freed, &r->lock);
    const bool some = !r->quit && r->next < p->count;
    *k = r->next;
    r->next += some;
    pthread_mutex_unlock(&r->lock);
    return some;
}

static void *work(void *arg)
{
    mli_pass *p = arg;
    mli_ring *r = &p->ring;
    for (int64_t k; next_batch(p, &k);) {
        const ml_status s = mli_pass_fill(p, k, false);
        pthread_mutex_lock(&r->lock);
        mli_pass_slot(p, k)->ready = k;
        if (s && (r->failed < 0 || k < r->failed)) {
            r->failed = k;
            r->status = s;
            snprintf(r->sentence, sizeof r->sentence, "%s", ml_error());
        }
        pthread_cond_signal(&r->filled);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

void mli_ring_start(mli_pass *p, int64_t first)
{
    mli_ring *r = &p->ring;
    r->process = getpid();
    r->next = r->held = first;
    r->failed = -1;
    for (int i = 0; i <= p->opts.workers; i++)
        p->slots[i].ready = -1;
    /* Signals are for the caller's own threads: a worker starts with all of them blocked. */
    sigset_t all, held;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &held);
    /* With fewer threads than asked for, or none, the batches are the same. */
    const int64_t left = p->count - first;
    const int useful = left < p->opts.workers ? (int)left : p->opts.workers;
    while (r->running < useful && pthread_create(&r->threads[r->running], NULL, work, p) == 0)
        r->running++;
    pthread_sigmask(SIG_SETMASK, &held, NULL);
}

/* A fork has the records of its parent's threads, but not the threads, and perhaps a lock that one of them held. */
static void forget_in_child(mli_ring *r)
{
    if (r->running > 0 && r->process != getpid())
        mli_ring_init(r);
}

void mli_ring_stop(mli_pass *p)
{
    mli_ring *r = &p->ring;
    forget_in_child(r);
    if (r->running == 0)
        return;
    pthread_mutex_lock(&r->lock);
    r->quit = true;
    pthread_cond_broadcast(&r->freed);
    pthread_mutex_unlock(&r->lock);
    while (r->running > 0)
        pthread_join(r->threads[--r->running], NULL);
    r->quit = false;
}

ml_status mli_ring_take(mli_pass *p, int64_t k)
{
    mli_ring *r = &p->ring;
    forget_in_child(r);
    if (r->running == 0)
        return mli_pass_fill(p, k, p->opts.workers == 0);
    pthread_mutex_lock(&r->lock);
    r->held = k;
    pthread_cond_broadcast(&r->freed);
    while (mli_pass_slot(p, k)->ready != k)
        pthread_cond_wait(&r->filled, &r->lock);
    const ml_status s = r->failed == k ? r->status : ML_OK;
    pthread_mutex_unlock(&r->lock);
    return s ? mli_fail(s, "%s", r->sentence) : ML_OK;
}
