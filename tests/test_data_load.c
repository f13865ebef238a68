/* test_data_load.c -- ml_load: the same bits with any workers and threads, from any batch on; and every way to leave a pass.
 * Also run under ThreadSanitizer. */
#include "base/base.h"
#include "support/check.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ThreadSanitizer dislikes forks of a process with threads; AddressSanitizer's allocator may be locked by a worker at the
 * moment of the fork, and then stays locked in the child. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define NO_FORK 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define NO_FORK 1
#endif
#endif

enum { N = 101, H = 12, W = 10, C = 2, FEATURES = H * W * C, BATCH = 8, FULL = N / BATCH, BATCHES = FULL + 1 };

static ml_dataset *pictures(void)
{
    ml_rng rng = ml_rng_seed(77);
    uint8_t *bytes = malloc(N * FEATURES);
    int32_t labels[N];
    for (int i = 0; i < N * FEATURES; i++)
        bytes[i] = (uint8_t)ml_rng_u32(&rng);
    for (int i = 0; i < N; i++)
        labels[i] = i;
    ml_dataset *ds = ml_dataset_new(N, 3, (int64_t[]){H, W, C}, bytes, labels, N);
    assert_non_null(ds);
    free(bytes);
    return ds;
}

/* All that a pass hands out. */
typedef struct record {
    ml_real x[N * FEATURES];
    int32_t label[N];
    int64_t samples, batches, first, count;
    ml_status status;
} record;

static void record_add(record *r, const ml_batch *b)
{
    const int64_t features = b->x->size / b->label.n;
    assert_true(r->samples + b->label.n <= N);
    assert_int_equal(b->x->shape[0], b->label.n);
    memcpy(r->x + r->samples * features, b->x->data, (size_t)b->x->size * sizeof *r->x);
    memcpy(r->label + r->samples, b->label.v, (size_t)b->label.n * sizeof *r->label);
    if (r->batches == 0)
        r->first = b->index;
    assert_int_equal(b->index, r->first + r->batches);
    r->samples += b->label.n;
    r->batches++;
    r->count = b->count;
}

static record *walk(ml_dataset *ds, ml_load_opts opts)
{
    record *r = calloc(1, sizeof *r);
    ml_loader it = ml_load(ds, opts);
    for (ml_batch b; ml_next(&it, &b);)
        record_add(r, &b);
    r->status = it.status;
    return r;
}

static void assert_same(const record *a, const record *b)
{
    assert_memory_equal(a, b, sizeof *a);
}

/* Noise on a tenth of the bytes: a transform that draws. */
static ml_status speckle(void *arg, const ml_dataset *ds, int64_t i, uint8_t *bytes, ml_rng *rng)
{
    (void)arg, (void)i;
    for (int64_t k = 0; k < ds->features / 10; k++)
        bytes[ml_rng_below(rng, ds->features)] = (uint8_t)ml_rng_u32(rng);
    return ML_OK;
}

static const ml_augment_opts SHAKEN = {.shift = 2, .rotate = 20, .scale = 0.2, .elastic = 0.5, .fill = 3};

/* Every kind of pass. */
static int passes(ml_load_opts *out, const double *weights)
{
    const ml_load_opts all[] = {
        {.batch = BATCH},
        {.batch = BATCH, .shuffle = true, .drop_last = true},
        {.batch = 1, .shuffle = true},
        {.batch = INT64_MAX, .shuffle = true},
        {.batch = BATCH, .shuffle = true, .augment = {.shift = 2, .rotate = 20}},
        {.batch = BATCH, .shuffle = true, .augment = SHAKEN, .transform = speckle},
        {.batch = 40, .weights = weights, .transform = speckle},
        {.batch = BATCH, .augment = SHAKEN, .start = 5},
    };
    memcpy(out, all, sizeof all);
    return sizeof all / sizeof *all;
}

static void same_bits_for_any_workers_and_threads(void **state)
{
    (void)state;
    const int workers[] = {0, 1, 3, 20}, threads[] = {1, 2, 4};
    ml_dataset *ds = pictures();
    double weights[N];
    ml_load_opts opts[16];
    for (int i = 0; i < N; i++)
        weights[i] = i % 7;
    const int n = passes(opts, weights), before = ml_threads();
    for (int k = 0; k < n; k++) {
        record *want = NULL;
        opts[k].seed = 12;
        opts[k].epoch = 3;
        for (int w = 0; w < 4; w++)
            for (int t = 0; t < 3; t++) {
                ml_set_threads(threads[t]);
                opts[k].workers = workers[w];
                record *got = walk(ds, opts[k]);
                assert_int_equal(got->status, ML_OK);
                if (want)
                    assert_same(got, want);
                if (want)
                    free(got);
                else
                    want = got;
            }
        free(want);
    }
    ml_set_threads(before);
    ml_dataset_free(ds);
}

static void samples_are_those_of_the_set(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    ds->mean = 100, ds->scale = 0.5;
    for (int changed = 0; changed < 2; changed++) {
        record *r = walk(ds, (ml_load_opts){.batch = BATCH, .seed = 4, .epoch = 9, .shuffle = true, .workers = 2,
                                            .augment = changed ? SHAKEN : (ml_augment_opts){.fill = 1}});
        char seen[N] = {0};
        assert_int_equal(r->samples, N);
        assert_int_equal(r->batches, BATCHES);
        assert_int_equal(r->count, BATCHES);
        for (int64_t k = 0; k < N; k++) {
            uint8_t bytes[FEATURES];
            const int64_t i = r->label[k];
            assert_int_equal(seen[i]++, 0);
            if (changed)
                assert_int_equal(ml_dataset_augmented(ds, i, SHAKEN, 4, 9, bytes), ML_OK);
            else
                memcpy(bytes, ds->bytes + i * FEATURES, FEATURES);
            for (int64_t j = 0; j < FEATURES; j++)
                assert_float_equal(r->x[k * FEATURES + j], (bytes[j] - 100) * 0.5, 0);
        }
        free(r);
    }
    ml_dataset_free(ds);
}

static void order_is_of_seed_and_epoch_alone(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    double weights[N];
    for (int i = 0; i < N; i++)
        weights[i] = 1;
    for (int drawn = 0; drawn < 2; drawn++) {
        ml_load_opts o = {.batch = BATCH, .seed = 1, .epoch = 2, .shuffle = !drawn, .weights = drawn ? weights : NULL};
        record *a = walk(ds, o);
        o.batch = 33, o.workers = 1;
        record *b = walk(ds, o);
        assert_memory_equal(a->label, b->label, sizeof a->label);
        o.epoch = 3;
        record *c = walk(ds, o);
        assert_memory_not_equal(a->label, c->label, sizeof a->label);
        o.epoch = 2, o.seed = 2;
        record *d = walk(ds, o);
        assert_memory_not_equal(a->label, d->label, sizeof a->label);
        free(a), free(b), free(c), free(d);
    }
    ml_dataset_free(ds);
}

/* Stored were epoch and next batch; what follows is what would have followed. */
static void resumes_in_the_middle(void **state)
{
    (void)state;
    for (int drop = 0; drop < 2; drop++) {
        ml_dataset *ds = pictures();
        const int64_t count = drop ? FULL : BATCHES;
        ml_load_opts o = {.batch = BATCH, .seed = 5, .epoch = 6, .shuffle = true, .drop_last = drop, .augment = SHAKEN};
        record *whole = walk(ds, o);
        assert_int_equal(whole->batches, count);
        for (int64_t at = 0; at <= count; at++) {
            ml_dataset *fresh = pictures();
            o.start = at;
            o.workers = (int)(at % 3);
            record *tail = walk(fresh, o);
            assert_int_equal(tail->status, ML_OK);
            assert_int_equal(tail->batches, count - at);
            assert_int_equal(tail->samples, whole->samples - at * BATCH > 0 ? whole->samples - at * BATCH : 0);
            if (tail->batches) {
                assert_int_equal(tail->first, at);
                assert_int_equal(tail->count, count);
            }
            assert_memory_equal(tail->label, whole->label + at * BATCH, (size_t)tail->samples * sizeof *tail->label);
            assert_memory_equal(tail->x, whole->x + at * BATCH * FEATURES,
                                (size_t)(tail->samples * FEATURES) * sizeof *tail->x);
            free(tail);
            ml_dataset_free(fresh);
        }
        free(whole);
        ml_dataset_free(ds);
    }
}

static void nap(long microseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000 * microseconds}, NULL);
}

/* However slow the caller: nobody writes into what it holds. */
static void a_batch_stays_until_the_next(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    record *want = walk(ds, (ml_load_opts){.batch = BATCH, .augment = SHAKEN});
    for (int workers = 1; workers <= 4; workers++) {
        record *got = calloc(1, sizeof *got);
        ml_loader it = ml_load(ds, (ml_load_opts){.batch = BATCH, .augment = SHAKEN, .workers = workers});
        for (ml_batch b; ml_next(&it, &b);) {
            nap(3000);
            record_add(got, &b);
        }
        assert_same(got, want);
        free(got);
    }
    free(want);
    ml_dataset_free(ds);
}

static void a_pass_may_be_left(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    record *want = walk(ds, (ml_load_opts){.batch = BATCH, .seed = 1, .shuffle = true, .augment = SHAKEN});
    for (int workers = 0; workers <= 3; workers++) {
        ml_load_opts o = {.batch = BATCH, .seed = 1, .shuffle = true, .augment = SHAKEN, .workers = workers};
        for (int64_t leave = 0; leave < BATCHES; leave += 3) { /* 0: before the first batch */
            ml_loader it = ml_load(ds, o);
            ml_batch b;
            for (int64_t k = 0; k < leave; k++)
                assert_true(ml_next(&it, &b));
            record *next = walk(ds, o); /* a new pass ends the old one */
            assert_same(next, want);
            free(next);
            assert_false(ml_next(&it, &b));
            assert_int_equal(it.status, ML_ESTATE);
        }
        ml_dataset *head = ml_dataset_head(ds, 40); /* the set may go while workers run, or after the end */
        for (int k = 0; k < 3; k++) {
            ml_batch b;
            ml_loader it = ml_load(head, o);
            for (int i = 0; i < 3 * k; i++)
                ml_next(&it, &b);
            ml_dataset_free(head);
            head = ml_dataset_head(ds, 40);
        }
        ml_dataset_free(head);
        ml_loader it = ml_load(ds, o); /* after the end, and after that */
        ml_batch b;
        while (ml_next(&it, &b))
            continue;
        assert_false(ml_next(&it, &b));
        assert_int_equal(it.status, ML_OK);
    }
    free(want);
    ml_dataset_free(ds);
}

/* Two sets that look into one, each with workers, side by side. */
static void heads_have_passes_of_their_own(void **state)
{
    (void)state;
    ml_dataset *ds = pictures(), *head = ml_dataset_head(ds, N);
    ml_load_opts o = {.batch = BATCH, .shuffle = true, .augment = SHAKEN, .workers = 2};
    record *want = walk(ds, o), *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    ml_loader it = ml_load(ds, o), other = ml_load(head, o);
    for (ml_batch x, y; ml_next(&it, &x) && ml_next(&other, &y);) {
        record_add(a, &x);
        record_add(b, &y);
    }
    assert_same(a, want);
    assert_same(b, want);
    free(a), free(b), free(want);
    ml_dataset_free(head);
    ml_dataset_free(ds);
}

static ml_status fails_at(void *arg, const ml_dataset *ds, int64_t i, uint8_t *bytes, ml_rng *rng)
{
    (void)bytes, (void)rng;
    const int64_t *from = arg;
    if (i < *from)
        return ML_OK;
    nap(i % 3 ? 10 : 900); /* so that later batches fail before earlier ones */
    return ml_dataset_sample(ds, -i, (ml_real[FEATURES]){0}, NULL);
}

static ml_status fails_in_silence(void *arg, const ml_dataset *ds, int64_t i, uint8_t *bytes, ml_rng *rng)
{
    (void)arg, (void)ds, (void)bytes, (void)rng;
    return i == 20 ? ML_EFORMAT : ML_OK;
}

static void an_error_in_a_worker_reaches_the_caller(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    record *whole = walk(ds, (ml_load_opts){.batch = BATCH});
    for (int workers = 0; workers <= 4; workers++)
        for (int64_t from = 0; from < N; from += 15) {
            ml_error_clear();
            ml_load_opts o = {.batch = BATCH, .workers = workers, .transform = fails_at, .transform_arg = &from};
            record *r = walk(ds, o);
            char want[128];
            snprintf(want, sizeof want, "load: transform of sample %lld: sample: number %lld of a set of %d", (long long)from,
                     (long long)-from, N);
            if (from == 0)
                snprintf(want, sizeof want, "load: transform of sample 1: sample: number -1 of a set of %d", N);
            assert_int_equal(r->status, ML_EINVAL);
            assert_string_equal(ml_error(), want);
            assert_int_equal(ml_error_status(), ML_EINVAL);
            assert_int_equal(r->batches, from / BATCH); /* those before came */
            assert_memory_equal(r->x, whole->x, (size_t)(r->samples * FEATURES) * sizeof *r->x);
            free(r);
            r = walk(ds, (ml_load_opts){.batch = BATCH, .workers = workers}); /* and the next pass is whole */
            assert_same(r, whole);
            free(r);
        }
    ml_error_clear();
    record *r = walk(ds, (ml_load_opts){.batch = BATCH, .workers = 1, .transform = fails_in_silence});
    assert_int_equal(r->status, ML_EFORMAT);
    assert_string_equal(ml_error(), "load: transform of sample 20: failed without a sentence");
    free(r);
    free(whole);
    ml_dataset_free(ds);
}

static void later_passes_allocate_nothing(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    double weights[N];
    for (int i = 0; i < N; i++)
        weights[i] = 1;
    record *r = calloc(1, sizeof *r);
    ml_load_opts o = {.batch = BATCH, .workers = 2, .weights = weights, .augment = SHAKEN};
    free(walk(ds, o));
    const int64_t before = mli_alloc_count();
    for (int pass = 0; pass < 4; pass++) {
        o.epoch = pass;
        o.batch = BATCH - pass;
        o.workers = 2 - pass % 2;
        o.weights = pass == 2 ? NULL : weights;
        ml_loader it = ml_load(ds, o);
        for (ml_batch b; ml_next(&it, &b);)
            r->samples += b.label.n;
        assert_int_equal(it.status, ML_OK);
    }
    assert_int_equal(mli_alloc_count(), before);
    assert_int_equal(r->samples, 4 * N);
    free(r);
    ml_dataset_free(ds);
}

/* ---- weights ---- */

/* How far the draws of many epochs are from what the weights say: chi-square over its degrees of freedom, near 1. */
static void draws_follow_the_weights(void **state)
{
    (void)state;
    enum { EPOCHS = 200 };
    ml_dataset *ds = pictures();
    double weights[N], sum = 0, chi = 0;
    int64_t drawn[N] = {0};
    int kinds = 0;
    for (int i = 0; i < N; i++)
        sum += weights[i] = i % 10 == 0 || i > 95 ? 0 : 1 + i % 4;
    for (int64_t e = 0; e < EPOCHS; e++) {
        record *r = walk(ds, (ml_load_opts){.batch = 50, .seed = 3, .epoch = e, .weights = weights});
        assert_int_equal(r->samples, N);
        for (int64_t k = 0; k < N; k++)
            drawn[r->label[k]]++;
        free(r);
    }
    for (int i = 0; i < N; i++) {
        const double expected = EPOCHS * N * weights[i] / sum;
        if (weights[i] == 0)
            assert_int_equal(drawn[i], 0);
        else
            chi += pow((double)drawn[i] - expected, 2) / expected, kinds++;
    }
    /* Mean kinds - 1, variance twice that: within four standard deviations. */
    assert_true(fabs(chi - (kinds - 1)) < 4 * sqrt(2.0 * (kinds - 1)));

    for (int only = 0; only < N; only += 50) { /* all the weight on one, whatever its size */
        for (int i = 0; i < N; i++)
            weights[i] = i == only ? (only == 50 ? 1e-320 : 1e300) : 0;
        record *r = walk(ds, (ml_load_opts){.batch = 50, .weights = weights});
        for (int64_t k = 0; k < N; k++)
            assert_int_equal(r->label[k], only);
        free(r);
    }
    ml_dataset_free(ds);
}

static void class_weights_even_out_a_pass(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    int32_t labels[N];
    for (int i = 0; i < N; i++)
        labels[i] = i % 10 == 0;
    ml_dataset *uneven = ml_dataset_new(N, 1, (int64_t[]){FEATURES}, ds->bytes, labels, 2);
    double weights[N];
    int64_t rare = 0;
    assert_int_equal(ml_class_weights(uneven, weights), ML_OK);
    for (int64_t e = 0; e < 50; e++) {
        record *r = walk(uneven, (ml_load_opts){.batch = 50, .epoch = e, .weights = weights});
        for (int64_t k = 0; k < N; k++)
            rare += r->label[k];
        free(r);
    }
    assert_true(llabs(rare - 50 * N / 2) < 4 * sqrt(50 * N / 4.0));
    ml_dataset_free(uneven);
    ml_dataset_free(ds);
}

/* ---- wrong use ---- */

static void assert_refused(ml_dataset *ds, ml_load_opts opts, const char *sentence)
{
    ml_batch b;
    ml_error_clear();
    ml_loader it = ml_load(ds, opts);
    assert_int_equal(it.status, ML_EINVAL);
    assert_false(ml_next(&it, &b));
    if (!strstr(ml_error(), sentence))
        fail_msg("'%s' is not in '%s'", sentence, ml_error());
}

static void wrong_options_are_errors(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    double weights[N] = {1};
    const struct {
        ml_load_opts opts;
        const char *sentence;
    } wrong[] = {
        {{.batch = 0}, "batches: 0 samples a batch: wants at least 1"},
        {{.batch = INT64_MIN}, "samples a batch: wants at least 1"},
        {{.batch = 8, .workers = -1}, "load: -1 workers: wants 0 to 64"},
        {{.batch = 8, .workers = 65}, "load: 65 workers: wants 0 to 64"},
        {{.batch = 8, .epoch = -1}, "load: epoch -1 from batch 0: wants both from 0 on"},
        {{.batch = 8, .start = -1}, "load: epoch 0 from batch -1: wants both from 0 on"},
        {{.batch = 8, .start = 14}, "load: start at batch 14 of an epoch of 13"},
        {{.batch = 8, .start = 13, .drop_last = true}, "load: start at batch 13 of an epoch of 12"},
        {{.batch = INT64_MAX, .start = INT64_MAX}, "of an epoch of 1"},
        {{.batch = 8, .shuffle = true, .weights = weights}, "load: shuffle and weights are two orders"},
        {{.batch = 8, .augment = {.rotate = NAN}}, "augment: rotate is "},
        {{.batch = 8, .augment = {.shift = -1}}, "augment: shift is -1: wants 0 to 12 pixels"},
    };
    ml_loader under_way = ml_load(ds, (ml_load_opts){.batch = 8, .workers = 1});
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused(ds, wrong[i].opts, wrong[i].sentence);
    assert_refused(NULL, (ml_load_opts){.batch = 8}, "ds is NULL");
    const double bad[] = {-1, NAN, INFINITY, -INFINITY, -1e-300};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        weights[N - 1] = bad[i];
        assert_refused(ds, (ml_load_opts){.batch = 8, .weights = weights}, "load: weight 100 is ");
    }
    weights[0] = weights[N - 1] = 0;
    assert_refused(ds, (ml_load_opts){.batch = 8, .weights = weights}, "load: the 101 weights add up to 0");
    weights[0] = weights[1] = 1e308;
    assert_refused(ds, (ml_load_opts){.batch = 8, .weights = weights}, "load: the 101 weights add up to inf");
    ml_batch b; /* a pass that was refused ended none */
    assert_true(ml_next(&under_way, &b));
    ml_dataset_free(ds);

    int32_t label = 0;
    ds = ml_dataset_new(1, 1, (int64_t[]){4}, (const uint8_t *)"four", &label, 1);
    assert_refused(ds, (ml_load_opts){.batch = 8, .augment = {.shift = 1}}, "augment: a sample is 4: wants pictures");
    ml_dataset_free(ds);
    ds = ml_dataset_new(0, 1, (int64_t[]){4}, NULL, NULL, 2);
    record *r = walk(ds, (ml_load_opts){.batch = 8, .shuffle = true, .workers = 2});
    assert_int_equal(r->status, ML_OK);
    assert_int_equal(r->batches, 0);
    free(r);
    ml_dataset_free(ds);
}

static void a_test_set_is_read_as_it_is(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    double weights[N] = {1};
    ds->role = ML_ROLE_TEST;
    const ml_load_opts wrong[] = {{.batch = 8, .shuffle = true},
                                  {.batch = 8, .weights = weights},
                                  {.batch = 8, .augment = {.shift = 1}},
                                  {.batch = 8, .transform = speckle}};
    for (int i = 0; i < 4; i++)
        assert_refused(ds, wrong[i], "leaks the answers into the model");
    record *r = walk(ds, (ml_load_opts){.batch = 8, .workers = 2});
    assert_int_equal(r->status, ML_OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(r->label[i], i);
    free(r);
    ml_dataset_free(ds);
}

/* ---- processes and signals ---- */

static ml_status wants_signals_blocked(void *arg, const ml_dataset *ds, int64_t i, uint8_t *bytes, ml_rng *rng)
{
    (void)arg, (void)ds, (void)i, (void)bytes, (void)rng;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, SIGINT) && sigismember(&mask, SIGTERM) && sigismember(&mask, SIGUSR1) ? ML_OK : ML_ESTATE;
}

static void workers_leave_signals_alone(void **state)
{
    (void)state;
    ml_dataset *ds = pictures();
    sigset_t mask;
    record *r = walk(ds, (ml_load_opts){.batch = BATCH, .workers = 3, .transform = wants_signals_blocked});
    assert_int_equal(r->status, ML_OK);
    pthread_sigmask(SIG_SETMASK, NULL, &mask); /* and the caller's mask is as it was */
    assert_false(sigismember(&mask, SIGUSR1));
    free(r);
    ml_dataset_free(ds);
}

#ifndef NO_FORK
/* Waits for a child, which fails by a non-zero status or by hanging for ten seconds. */
static void assert_ends_well(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void after_fork_nothing_hangs(void **state)
{
    (void)state;
    if (getenv("MLCORE_NO_FORK"))
        skip();
    ml_dataset *ds = pictures();
    ml_load_opts o = {.batch = BATCH, .shuffle = true, .augment = SHAKEN, .workers = 3};
    record *want = walk(ds, o);
    for (int at = 0; at < BATCHES; at += 2) {
        record *got = calloc(1, sizeof *got), *next = NULL;
        ml_loader it = ml_load(ds, o);
        ml_batch b;
        for (int k = 0; k < at && ml_next(&it, &b); k++)
            record_add(got, &b);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            alarm(10);
            while (at % 4 && ml_next(&it, &b)) /* the pass goes on, without the parent's workers; or is left */
                record_add(got, &b);
            bool right = at % 4 == 0 || memcmp(got, want, sizeof *got) == 0;
            next = walk(ds, o); /* and a new one has workers of its own */
            right = right && memcmp(next, want, sizeof *next) == 0;
            free(got), free(want), free(next); /* valgrind looks for leaks in a child, too */
            ml_dataset_free(ds);
            _exit(right ? 0 : 1);
        }
        assert_ends_well(pid);
        while (ml_next(&it, &b)) /* the parent has noticed nothing */
            record_add(got, &b);
        assert_same(got, want);
        free(got);
    }
    free(want);
    ml_dataset_free(ds);
}

static void exit_in_the_middle_of_a_pass(void **state)
{
    (void)state;
    if (getenv("MLCORE_NO_FORK"))
        skip();
    static ml_dataset *ds; /* static: not a leak */
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(10);
        ds = pictures();
        ml_loader it = ml_load(ds, (ml_load_opts){.batch = 2, .workers = 3, .augment = SHAKEN});
        ml_batch b;
        ml_next(&it, &b);
        exit(it.status);
    }
    assert_ends_well(pid);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_for_any_workers_and_threads),
        cmocka_unit_test(samples_are_those_of_the_set),
        cmocka_unit_test(order_is_of_seed_and_epoch_alone),
        cmocka_unit_test(resumes_in_the_middle),
        cmocka_unit_test(a_batch_stays_until_the_next),
        cmocka_unit_test(a_pass_may_be_left),
        cmocka_unit_test(heads_have_passes_of_their_own),
        cmocka_unit_test(an_error_in_a_worker_reaches_the_caller),
        cmocka_unit_test(later_passes_allocate_nothing),
        cmocka_unit_test(draws_follow_the_weights),
        cmocka_unit_test(class_weights_even_out_a_pass),
        cmocka_unit_test(wrong_options_are_errors),
        cmocka_unit_test(a_test_set_is_read_as_it_is),
        cmocka_unit_test(workers_leave_signals_alone),
#ifndef NO_FORK
        cmocka_unit_test(after_fork_nothing_hangs),
        cmocka_unit_test(exit_in_the_middle_of_a_pass),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
