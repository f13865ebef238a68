/* A run that stops and goes on has the same bits as one that never stopped: at every step, under another locale, and when it
 * is killed at any moment. */
#include "support/check.h"
#include "support/tmp.h"

#include "optim/optim.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mlcore/checkpoint.h>
#include <mlcore/data.h>

/* ---- a training run: dropout, an average, clipping, shuffled batches, a schedule or a plateau ---- */

enum { SAMPLES = 52, FEATURES = 9, CLASSES = 3, BATCH = 8 }; /* seven batches an epoch, the last of four */

typedef enum rule { SGD, ADAM, RMSPROP, RULES } rule;

typedef struct run {
    rule rule;
    ml_net *net;
    ml_dataset *set;
    ml_plateau plateau;
    ml_checkpoint c;
} run;

static ml_dataset *data(void)
{
    ml_rng rng = ml_rng_seed(8);
    uint8_t bytes[SAMPLES * FEATURES];
    int32_t labels[SAMPLES];
    for (int i = 0; i < SAMPLES * FEATURES; i++)
        bytes[i] = (uint8_t)ml_rng_u32(&rng);
    for (int i = 0; i < SAMPLES; i++)
        labels[i] = (int32_t)ml_rng_below(&rng, CLASSES);
    return ml_dataset_new(SAMPLES, 1, (int64_t[]){FEATURES}, bytes, labels, CLASSES);
}

static ml_optim *optimizer(rule rule, ml_params *ps)
{
    if (rule == SGD)
        return ml_sgd(ps, (ml_sgd_opts){.lr = 0.1, .momentum = 0.9, .dampening = 0.1});
    if (rule == ADAM)
        return ml_adam(ps, (ml_adam_opts){.lr = 0.01});
    return ml_rmsprop(ps, (ml_rmsprop_opts){.lr = 0.002, .momentum = 0.5, .centered = true});
}

/* seed: of the initial weights. A run that will be resumed begins with others. */
static void run_start(run *r, rule rule, uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    *r = (run){.rule = rule, .set = data(), .plateau.opts = {.factor = 0.5, .patience = ML_NONE}};
    r->net = ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(16), ML_RELU(), ML_DROPOUT(0.3), ML_DENSE(CLASSES));
    r->c = (ml_checkpoint){.params = r->net->params, .tape = ml_tape_open((ml_tape_opts){.seed = seed})};
    r->c.optim = optimizer(rule, r->net->params);
    r->c.ema = ml_ema_new(r->net->params, (ml_ema_opts){.decay = 0.95, .warm_up = true});
    r->c.plateau = &r->plateau;
    r->c.progress = (ml_train_progress){.seed = seed, .rng = ml_rng_split(ml_rng_seed(seed), 1, 0), .best_score = INFINITY};
    ml_optim_group(r->c.optim, "0.", (ml_group_opts){.lr_scale = 0.5, .weight_decay = 0.01});
}

static void run_free(run *r)
{
    ml_ema_free(r->c.ema);
    ml_optim_free(r->c.optim);
    ml_tape_free(r->c.tape);
    ml_net_free(r->net);
    ml_dataset_free(r->set);
}

static ml_status step(run *r, const ml_batch *b)
{
    ml_checkpoint *c = &r->c;
    ml_tape_reset(c->tape);
    ml_tensor *loss = ml_softmax_xent(c->tape, ml_net_forward(r->net, c->tape, b->x), b->label);
    if (ml_backward(c->tape, loss) || ml_clip_grad_norm(c->params, 0.5, NULL))
        return ml_error_status();
    if (r->rule == SGD) { /* the others leave the rate to the plateau */
        ml_schedule s = ml_schedule_warm_up(ml_schedule_cosine(0.1, 40, 0.01), 5, 0.1);
        ml_set_lr(c->optim, ml_schedule_at(&s, c->progress.step));
    }
    if (ml_step(c->optim) || ml_ema_update(c->ema))
        return ml_error_status();
    c->progress.loss_sum += (double)loss->data[0] * (double)b->label.n;
    c->progress.loss_count += b->label.n;
    c->progress.batch++;
    c->progress.step++;
    return ML_OK;
}

static ml_status epoch_end(run *r, ml_rng rng)
{
    ml_train_progress *p = &r->c.progress;
    double score = p->loss_sum / (double)p->loss_count;
    if (r->rule != SGD && ml_plateau_update(&r->plateau, r->c.optim, score))
        return ml_error_status();
    p->epoch++;
    p->epochs_since_best++;
    if (score < p->best_score) {
        p->best_score = score;
        p->best_epoch = p->epoch;
        p->epochs_since_best = 0;
    }
    p->batch = p->loss_count = 0;
    p->loss_sum = 0;
    p->rng = rng;
    return ML_OK;
}

/* Trains until `last` steps are done, from wherever the run stands; saves after each step where path is given. */
static ml_status train(run *r, int64_t last, const char *path)
{
    ml_train_progress *p = &r->c.progress;
    while (p->step < last) {
        ml_rng rng = p->rng; /* the epoch's order once more, where it has begun already */
        ml_loader it = ml_batches(r->set, BATCH, &rng);
        for (ml_batch b; p->step < last && ml_next(&it, &b);) {
            if (b.index < p->batch)
                continue; /* done before the run stopped */
            if (step(r, &b))
                return ml_error_status();
            if (path && ml_checkpoint_save(&r->c, path, NULL))
                return ml_error_status();
        }
        if (it.status)
            return it.status;
        if (p->batch * BATCH >= SAMPLES && epoch_end(r, rng))
            return ml_error_status();
    }
    return ML_OK;
}

/* ---- the same bits ---- */

static void assert_same_bits(const run *a, const run *b)
{
    const ml_params *p = a->net->params, *q = b->net->params;
    size_t block = (size_t)p->length * sizeof(ml_real);
    assert_memory_equal(p->data, q->data, block);
    assert_memory_equal(a->c.ema->average, b->c.ema->average, block);
    for (int k = 0; k < a->c.optim->rule.states; k++)
        assert_memory_equal(a->c.optim->state[k], b->c.optim->state[k], block);
    double rates[] = {ml_lr(a->c.optim), ml_lr(b->c.optim)};
    assert_memory_equal(&rates[0], &rates[1], sizeof rates[0]);
    assert_memory_equal(&a->c.progress, &b->c.progress, sizeof a->c.progress);
    assert_memory_equal(&a->plateau.best, &b->plateau.best, sizeof a->plateau.best);
    assert_true(a->plateau.bad == b->plateau.bad && a->plateau.seen == b->plateau.seen);
}

/* Stops after `at` steps; goes on in a run that began with other weights, another dropout, another order. */
static void stop_and_go_on(run *r, rule rule, int64_t at, int64_t last)
{
    run first;
    run_start(&first, rule, 1);
    assert_int_equal(train(&first, at, NULL), ML_OK);
    assert_int_equal(ml_checkpoint_save(&first.c, tmp_path("c"), NULL), ML_OK);
    run_free(&first);
    run_start(r, rule, 2);
    assert_int_equal(train(r, 3, NULL), ML_OK);
    if (ml_checkpoint_load(&r->c, tmp_path("c"), NULL))
        fail_msg("%s", ml_error());
    assert_int_equal(r->c.progress.step, at);
    assert_int_equal(train(r, last, NULL), ML_OK);
}

static void at_every_step(void **state)
{
    (void)state;
    enum { LAST = 24 };
    for (rule rule = SGD; rule < RULES; rule++) {
        run whole;
        run_start(&whole, rule, 1);
        assert_int_equal(train(&whole, LAST, NULL), ML_OK);
        assert_true(whole.c.progress.epoch == 3 && whole.c.progress.batch == 3);
        assert_true(rule == SGD || ml_lr(whole.c.optim) < 0.01); /* the plateau had something to do */
        for (int64_t at = 0; at <= LAST; at++) {
            run r;
            stop_and_go_on(&r, rule, at, LAST);
            assert_same_bits(&r, &whole);
            run_free(&r);
        }
        run_free(&whole);
    }
}

/* Numbers in the file have a point, whatever the locale says while they are written or read. */
static void under_another_locale(void **state)
{
    (void)state;
    run whole, first, r;
    char *before = strdup(setlocale(LC_NUMERIC, NULL));
    bool german = setlocale(LC_NUMERIC, "de_DE.UTF-8") || setlocale(LC_NUMERIC, "de_DE.utf8");
    run_start(&first, ADAM, 1);
    assert_int_equal(train(&first, 10, NULL), ML_OK);
    assert_int_equal(ml_checkpoint_save(&first.c, tmp_path("c"), NULL), ML_OK);
    setlocale(LC_NUMERIC, "C");
    run_start(&whole, ADAM, 1);
    assert_int_equal(train(&whole, 10, NULL), ML_OK);
    assert_int_equal(ml_checkpoint_save(&whole.c, tmp_path("point"), NULL), ML_OK);
    size_t n;
    uint8_t *bytes = slurp(tmp_path("point"), &n);
    assert_true(same_file(tmp_path("c"), bytes, n));
    if (german)
        setlocale(LC_NUMERIC, "de_DE.UTF-8");
    run_start(&r, ADAM, 2);
    assert_int_equal(ml_checkpoint_load(&r.c, tmp_path("point"), NULL), ML_OK);
    assert_same_bits(&r, &whole);
    setlocale(LC_NUMERIC, before);
    free(before);
    free(bytes);
    run_free(&first);
    run_free(&whole);
    run_free(&r);
}

/* ---- killed ---- */

enum { KILLS = 40, STEPS = 1500 };

/* A program that trains and saves after each step, and goes on from its checkpoint where there is one. */
static int program(const char *path)
{
    run r;
    ml_set_threads(1);
    run_start(&r, RMSPROP, 1);
    if (access(path, F_OK) == 0 && ml_checkpoint_load(&r.c, path, NULL))
        return ml_perror("load");
    return train(&r, STEPS, path) ? ml_perror("train") : 0;
}

static void nap(double seconds)
{
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * fmod(seconds, 1))}, NULL);
}

/* Starts the program, waits until there is a checkpoint, and kills it a while later; says whether it had come to its end. */
static bool run_and_kill(const char *path, double seconds)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(program(path));
    for (int i = 0; i < 10000 && access(path, F_OK) != 0; i++)
        nap(0.001);
    nap(seconds);
    kill(pid, SIGKILL);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
}

/* The file is whole after each kill, and what it holds is a state that the run without kills went through. */
static void killed_at_any_moment(void **state)
{
    (void)state;
    if (getenv("MLCORE_NO_FORK")) /* qemu-user 7.2 stops at an assertion of its own when a process with threads forks */
        skip();
    char path[1024];
    snprintf(path, sizeof path, "%s", tmp_path("c"));
    ml_rng rng = ml_rng_seed(3);
    run whole, r;
    run_start(&whole, RMSPROP, 1);
    int64_t before = 0;
    bool ended = false;
    for (int k = 0; k < KILLS && !ended; k++) {
        ended = run_and_kill(path, 0.03 * ml_rng_uniform(&rng));
        run_start(&r, RMSPROP, 2);
        if (ml_checkpoint_load(&r.c, path, NULL))
            fail_msg("after kill %d: %s", k, ml_error());
        assert_true(r.c.progress.step >= before);
        before = r.c.progress.step;
        run_free(&r);
    }
    assert_true(before > 0);
    run_start(&r, RMSPROP, 2);
    assert_int_equal(ml_checkpoint_load(&r.c, path, NULL), ML_OK);
    assert_int_equal(train(&r, STEPS, NULL), ML_OK);
    assert_int_equal(train(&whole, STEPS, NULL), ML_OK);
    assert_same_bits(&r, &whole);
    run_free(&r);
    run_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_every_step, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(under_another_locale, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(killed_at_any_moment, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("optim/resume", tests, NULL, NULL);
}
