/* Checkpoints: what the file holds, that all of it comes back, and that a file which does not fit changes nothing. That a
 * resumed run has the same bits: test_optim_resume.c. */
#include "support/check.h"
#include "support/tmp.h"

#include "optim/checkpoint.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* ---- a run that has everything ---- */

typedef ml_optim *(*maker)(ml_params *ps);

static ml_optim *adam(ml_params *ps) { return ml_adam(ps, (ml_adam_opts){.weight_decay = 0.25}); }
static ml_optim *sgd(ml_params *ps) { return ml_sgd(ps, (ml_sgd_opts){0}); }
static ml_optim *rmsprop(ml_params *ps)
{
    return ml_rmsprop(ps, (ml_rmsprop_opts){.momentum = 0.5, .centered = true});
}

typedef struct run {
    ml_plateau plateau;
    ml_checkpoint c;
} run;

/* A weight of a convolution among them, and a buffer; all numbers depend on seed. */
static ml_params *params(uint64_t seed)
{
    ml_rng rng = ml_rng_seed(seed);
    ml_params *ps = ml_params_new();
    ml_init_normal(ml_param(ps, "conv.weight", 4, (int64_t[]){2, 3, 5, 7}), &rng, 0, 1);
    ml_init_normal(ml_param(ps, "fc.weight", 2, (int64_t[]){3, 5}), &rng, 0, 1);
    ml_init_normal(ml_param(ps, "fc.bias", 1, (int64_t[]){3}), &rng, 0, 1);
    ml_init_normal(ml_buffer(ps, "bn.running_mean", 1, (int64_t[]){4}), &rng, 0, 1);
    return ps;
}

static void random_step(ml_params *ps, ml_optim *opt, ml_rng *rng, int skip)
{
    for (int k = 0; k < ml_params_count(ps); k++) {
        ml_tensor *x = ml_params_at(ps, k);
        for (int64_t i = 0; i < x->size; i++)
            x->grad[i] = (ml_real)ml_rng_normal(rng);
        x->has_grad = k != skip;
    }
    assert_int_equal(ml_step(opt), ML_OK);
}

static run run_new(uint64_t seed, maker make)
{
    run r = {.plateau.opts = {.factor = 0.5, .patience = 3}};
    ml_rng rng = ml_rng_seed(seed + 100);
    r.c.params = params(seed);
    r.c.optim = make(r.c.params);
    r.c.ema = ml_ema_new(r.c.params, (ml_ema_opts){.decay = 0.9, .warm_up = true});
    r.c.tape = ml_tape_open((ml_tape_opts){.seed = seed});
    assert_int_equal(ml_optim_group(r.c.optim, "*.bias", (ml_group_opts){.lr_scale = 2, .weight_decay = ML_ZERO}), ML_OK);
    for (uint64_t t = 0; t < 3 + seed; t++) {
        ml_tape_reset(r.c.tape);
        random_step(r.c.params, r.c.optim, &rng, (int)t % 3);
        assert_int_equal(ml_ema_update(r.c.ema), ML_OK);
        assert_int_equal(ml_plateau_update(&r.plateau, r.c.optim, 1 / (1 + (double)(seed + t))), ML_OK);
    }
    return r;
}

/* The checkpoint of a run: its plateau lies beside it. */
static ml_checkpoint *of(run *r)
{
    r->c.plateau = &r->plateau;
    return &r->c;
}

static void run_free(run *r)
{
    ml_ema_free(r->c.ema);
    ml_optim_free(r->c.optim);
    ml_params_free(r->c.params);
    ml_tape_free(r->c.tape);
}

/* ---- all comes back ---- */

static const ml_train_progress ODD = {
    .epoch = 3,
    .batch = 17,
    .step = (int64_t)1 << 53,
    .seed = UINT64_MAX,
    .rng = {.seed = UINT64_MAX - 1, .stream = 0x8000000000000001u, .counter = 12345678901234567890u},
    .best_score = -0.0,
    .best_epoch = 2,
    .epochs_since_best = 1,
    .loss_sum = 0.1 + 0.2,
    .loss_count = 1088,
    .seconds = 5e-324,
};

static void assert_same_number(double a, double b)
{
    if (isnan(b))
        assert_true(isnan(a));
    else
        assert_memory_equal(&a, &b, sizeof a); /* every bit, the sign of zero too */
}

static void everything_comes_back(void **state)
{
    (void)state;
    maker makers[] = {adam, sgd, rmsprop};
    for (int k = 0; k < 3; k++) {
        run a = run_new(1, makers[k]), b = run_new(2, makers[k]);
        a.c.progress = ODD;
        assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), "{\"lr\": 0.1, \"name\": \"\xc3\xa9\"}"), ML_OK);
        char *extra = NULL;
        if (ml_checkpoint_load(of(&b), tmp_path("a"), &extra))
            fail_msg("%s", ml_error());
        assert_string_equal(extra, "{\"lr\":0.10000000000000001,\"name\":\"\xc3\xa9\"}");
        free(extra);
        assert_int_equal(ml_optim_steps(b.c.optim), 4);
        assert_int_equal(ml_ema_updates(b.c.ema), 4);
        assert_true(ml_lr(a.c.optim) == ml_lr(b.c.optim));
        assert_int_equal(b.plateau.seen, 4);
        assert_true(a.plateau.best == b.plateau.best);
        uint64_t seed, step;
        ml_stream(b.c.tape, &seed, &step);
        assert_true(seed == 1 && step == 4);
        assert_true(b.c.progress.rng.counter == 12345678901234567890u && b.c.progress.step == (int64_t)1 << 53);
        assert_same_number(b.c.progress.best_score, -0.0);
        assert_same_number(b.c.progress.loss_sum, 0.1 + 0.2);
        assert_same_number(b.c.progress.seconds, 5e-324);
        /* and so does all the rest: what is saved again has the same bytes */
        assert_int_equal(ml_checkpoint_save(of(&b), tmp_path("b"), "{\"lr\": 0.1, \"name\": \"\xc3\xa9\"}"), ML_OK);
        size_t n;
        uint8_t *bytes = slurp(tmp_path("a"), &n);
        assert_true(same_file(tmp_path("b"), bytes, n));
        free(bytes);
        run_free(&a);
        run_free(&b);
    }
}

static void numbers_that_json_does_not_have(void **state)
{
    (void)state;
    const double odd[] = {NAN, INFINITY, -INFINITY, 0x1.fffffffffffffp1023, -1e-310, 1.0 / 3};
    for (int i = 0; i < 6; i++) {
        ml_params *ps = params(1);
        ml_checkpoint c = {.params = ps, .progress = {.best_score = odd[i], .loss_sum = -odd[i]}}, back = {.params = ps};
        assert_int_equal(ml_checkpoint_save(&c, tmp_path("a"), NULL), ML_OK);
        assert_int_equal(ml_checkpoint_load(&back, tmp_path("a"), NULL), ML_OK);
        assert_same_number(back.progress.best_score, odd[i]);
        assert_same_number(back.progress.loss_sum, -odd[i]);
        ml_params_free(ps);
    }
}

/* The numbers on the file are where other readers look for them: a convolution's as PyTorch's, its optimizer's alike. */
static void the_file_as_others_read_it(void **state)
{
    (void)state;
    run a = run_new(1, adam);
    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), NULL), ML_OK);
    ml_safetensors *st = ml_safetensors_read(tmp_path("a"));
    assert_int_equal(ml_safetensors_count(st), 3 * 4 + 1);
    const ml_tensor *w = ml_params_find(a.c.params, "conv.weight");
    const struct {
        const char *name;
        const ml_real *data;
    } turned[] = {{"conv.weight", w->data}, {"optim.0.conv.weight", a.c.optim->state[0]},
                  {"optim.1.conv.weight", a.c.optim->state[1]}, {"ema.conv.weight", a.c.ema->average}};
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < ml_safetensors_count(st); i++) {
            ml_safetensor t = ml_safetensors_at(st, i);
            if (strcmp(t.name, turned[k].name) != 0)
                continue;
            assert_true(t.shape[0] == 2 && t.shape[1] == 7 && t.shape[2] == 3 && t.shape[3] == 5);
            ml_real on_file; /* f 1, c 6, r 2, s 3 */
            memcpy(&on_file, (const char *)t.data + (((1 * 7 + 6) * 3 + 2) * 5 + 3) * sizeof on_file, sizeof on_file);
            assert_true(on_file == turned[k].data[((1 * 3 + 2) * 5 + 3) * 7 + 6]);
        }
    ml_safetensors_free(st);
    run_free(&a);
}

/* Whatever a run has no use for stays out of the file. */
static void parts_may_be_missing(void **state)
{
    (void)state;
    run a = run_new(1, adam), b = run_new(2, adam);
    for (int parts = 0; parts < 16; parts++) {
        ml_checkpoint c = *of(&a), d = *of(&b);
        if (parts & 1)
            c.optim = d.optim = NULL;
        if (parts & 2)
            c.ema = d.ema = NULL;
        if (parts & 4)
            c.plateau = d.plateau = NULL;
        if (parts & 8)
            c.tape = d.tape = NULL;
        char *extra = (char *)"";
        assert_int_equal(ml_checkpoint_save(&c, tmp_path("a"), NULL), ML_OK);
        assert_int_equal(ml_checkpoint_load(&d, tmp_path("a"), &extra), ML_OK);
        assert_null(extra);
        assert_int_equal(ml_checkpoint_save(&d, tmp_path("b"), NULL), ML_OK);
        size_t n;
        uint8_t *bytes = slurp(tmp_path("a"), &n);
        assert_true(same_file(tmp_path("b"), bytes, n));
        free(bytes);
    }
    run_free(&a);
    run_free(&b);
}

/* ---- files that do not fit: one sentence, and nothing has changed ---- */

/* Tries to load into r; not a byte of what it would save may change. */
static void assert_refused(run *r, const char *path, const char *sentence)
{
    assert_int_equal(ml_checkpoint_save(of(r), tmp_path("before"), NULL), ML_OK);
    char *extra = (char *)"";
    ml_status s = ml_checkpoint_load(of(r), path, &extra);
    assert_true(s == ML_EFORMAT || s == ML_EIO);
    assert_null(extra);
    if (strncmp(ml_error(), path, strlen(path)) != 0 || !strstr(ml_error(), sentence) || strchr(ml_error(), '\n'))
        fail_msg("\"%s\" should say \"%s\"", ml_error(), sentence);
    assert_int_equal(ml_checkpoint_save(of(r), tmp_path("after"), NULL), ML_OK);
    size_t n;
    uint8_t *bytes = slurp(tmp_path("before"), &n);
    assert_true(same_file(tmp_path("after"), bytes, n));
    free(bytes);
}

static void refuses_another_run(void **state)
{
    (void)state;
    run here = run_new(2, adam);
    for (int k = 0; k < 12; k++) {
        run a = run_new(1, k == 0 ? sgd : k == 1 ? rmsprop : adam);
        ml_checkpoint c = *of(&a);
        const char *sentence = "";
        ml_plateau other = {.opts = {.factor = 0.25, .patience = 3}};
        switch (k) {
        case 0: sentence = "the optimizer was sgd, and is adam here"; break;
        case 1: sentence = "the optimizer was rmsprop, and is adam here"; break;
        case 2: c.optim = NULL, sentence = "it holds no \"optimizer\", and this run has one"; break;
        case 3: c.ema = NULL, sentence = "it holds no \"ema\", and this run has one"; break;
        case 4: c.plateau = NULL, sentence = "it holds no \"plateau\", and this run has one"; break;
        case 5: c.tape = NULL, sentence = "it holds no \"dropout\", and this run has one"; break;
        case 6: a.c.optim->opts.adam.beta2 = 0.95, sentence = "adam: beta2 was 0.95, and is 0.999 here"; break;
        case 7:
            ml_optim_group(a.c.optim, "fc.bias", (ml_group_opts){.weight_decay = ML_ZERO});
            sentence = "fc.bias: lr_scale was 1, and is 2 here";
            break;
        case 8:
            ml_optim_group(a.c.optim, "conv", (ml_group_opts){.weight_decay = 0.5});
            sentence = "conv.weight: weight_decay was 0.5, and is 0.25 here";
            break;
        case 9: a.c.ema->opts.warm_up = false, sentence = "ema: warm_up was false, and is true here"; break;
        case 10: a.c.ema->opts.decay = 0.90000001, sentence = "ema: decay was 0.90000001, and is 0.9 here"; break;
        case 11: c.plateau = &other, sentence = "plateau: factor was 0.25, and is 0.5 here"; break;
        }
        assert_int_equal(ml_checkpoint_save(&c, tmp_path("a"), NULL), ML_OK);
        assert_refused(&here, tmp_path("a"), sentence);
        run_free(&a);
    }
    run_free(&here);
}

static void refuses_a_run_with_more(void **state)
{
    (void)state;
    run a = run_new(1, adam);
    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), NULL), ML_OK);
    const char *const parts[] = {"optimizer", "ema", "plateau", "dropout"};
    for (int k = 0; k < 4; k++) {
        char sentence[128];
        ml_checkpoint c = *of(&a);
        snprintf(sentence, sizeof sentence, "it holds \"%s\", and there is nothing here to load that into", parts[k]);
        if (k == 0)
            c.optim = NULL;
        if (k == 1)
            c.ema = NULL;
        if (k == 2)
            c.plateau = NULL;
        if (k == 3)
            c.tape = NULL;
        assert_int_equal(ml_checkpoint_load(&c, tmp_path("a"), NULL), ML_EFORMAT);
        assert_non_null(strstr(ml_error(), sentence));
    }
    run_free(&a);
}

/* The file of a run with some text of its metadata replaced (or, where from is NULL, the metadata by it). */
static const char *changed(run *r, const char *from, const char *to)
{
    static const char *const key = "mlcore";
    assert_int_equal(ml_checkpoint_save(of(r), tmp_path("good"), "{}"), ML_OK);
    ml_safetensors *st = ml_safetensors_read(tmp_path("good"));
    const char *text = ml_safetensors_meta(st, key), *at = from ? strstr(text, from) : text;
    if (!at)
        fail_msg("\"%s\" is not in %s", from, text);
    char *other = calloc(1, strlen(text) + strlen(to) + 1);
    memcpy(other, text, (size_t)(at - text));
    strcat(other, to);
    if (from)
        strcat(other, at + strlen(from));
    ml_safetensor tensors[32];
    int n = ml_safetensors_count(st);
    for (int i = 0; i < n; i++)
        tensors[i] = ml_safetensors_at(st, i);
    const char *const value = other;
    assert_int_equal(ml_safetensors_write(tmp_path("changed"), tensors, n, &key, &value, 1), ML_OK);
    ml_safetensors_free(st);
    free(other);
    return tmp_path("changed");
}

static void refuses_another_text(void **state)
{
    (void)state;
    run a = run_new(1, adam), here = run_new(2, adam);
    a.c.progress.seed = 77;
    const struct {
        const char *from, *to, *sentence;
    } cases[] = {
        {"\"format\":1", "\"format\":2", "a checkpoint of format 2: this library reads format 1"},
        {"\"format\":1", "\"format\":\"1\"", "a checkpoint of format 0: this library reads format 1"},
        {"\"format\":1,", "", "a checkpoint of format 0: this library reads format 1"},
        {"\"kind\":\"checkpoint\"", "\"kind\":\"forest\"", "not a checkpoint: its metadata says that it is a forest"},
        {"\"kind\":\"checkpoint\"", "\"kind\":7", "not a checkpoint: its metadata does not say that it is one"},
        {NULL, "[]", "not a checkpoint: its metadata does not say that it is one"},
        {NULL, "{\"architecture\":[]}", "not a checkpoint: its metadata does not say that it is one"},
        {NULL, "{", "not a checkpoint: its metadata is not valid JSON: "},
        {NULL, "", "not a checkpoint: its metadata is not valid JSON: "},
        {"\"rule\":\"adam\"", "\"rule\":[]", "the optimizer was not named, and is adam here"},
        {"\"steps\":4", "\"steps\":-4", "optimizer: steps is -4: it must be in 0 .. 2^53"},
        {"\"steps\":4", "\"steps\":9223372036854775807", "optimizer: steps is 9223372036854775807: it must be in 0 .. 2^53"},
        {"\"steps\":4", "\"steps\":4.0", "optimizer: steps must be a whole number"},
        {"\"lr\":", "\"lr\":-", "optimizer: lr is -0.001: it must be a number >= 0"},
        {"\"lr\":0.001", "\"lr\":\"nan\"", "optimizer: lr is nan: it must be a number >= 0"},
        {"\"lr\":0.001", "\"lr\":\"0.001\"", "optimizer: lr must be a number, or \"nan\", \"inf\", \"-inf\""},
        {"\"beta1\":0.9", "\"beta1\":1.9", "adam: beta1 is 1.9: it must be in [0, 1)"},
        {"\"beta1\"", "\"beta3\"", "adam: beta1 must be there"},
        {"\"options\":{\"lr\"", "\"settings\":{\"lr\"", "adam is not there, or no JSON object"},
        {"\"parameters\":", "\"tensors\":", "conv.weight is not there, or no JSON object"},
        {"\"fc.bias\":", "\"fc.bass\":", "fc.bias is not there, or no JSON object"},
        {"\"taken\":3", "\"taken\":null", "taken must be a whole number"},
        {"\"updates\":4", "\"updates\":\"4\"", "ema: updates must be a whole number"},
        {"\"warm_up\":true", "\"warm_up\":1", "ema: warm_up must be true or false"},
        {"\"seen\":4", "\"seen\":-1", "plateau: seen is -1: it must be in 0 .. 2^53"},
        {"\"dropout\":{\"seed\":\"1\"", "\"dropout\":{\"seed\":1", "dropout: seed must be a text of digits"},
        {"\"dropout\":{\"seed\":\"1\"", "\"dropout\":{\"seed\":\"-1\"", "dropout: seed must be a text of digits"},
        {"\"dropout\":{\"seed\":\"1\"", "\"dropout\":{\"seed\":\"18446744073709551616\"", "dropout: seed must be a number of 64 bits"},
        {"\"dropout\":{", "\"dropout\":[{", "not a checkpoint: its metadata is not valid JSON"},
        {"\"progress\":{\"epoch\":0", "\"progress\":{\"epoch\":true", "progress: epoch must be a whole number"},
        {"\"seed\":\"77\"", "\"seed\":\"\"", "progress: seed must be a text of digits"},
        {"\"loss_sum\":0.0", "\"loss_sum\":\"NaN\"", "progress: loss_sum must be a number"},
        {"\"extra\":{}", "\"extra\":[]", "extra is not a JSON object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(&here, changed(&a, cases[i].from, cases[i].to), cases[i].sentence);
    run_free(&a);
    run_free(&here);
}

static void refuses_another_net(void **state)
{
    (void)state;
    run here = run_new(2, sgd);
    const struct {
        const char *name;
        int rank;
        int64_t shape[4];
        const char *sentence;
    } cases[] = {
        {"fc.weight", 2, {3, 6}, "tensor \"fc.weight\" is 3x6 in the file but 3x5 in the net"},
        {"fc.weights", 2, {3, 5}, "tensor \"fc.weight\" of the net is not in the file"},
        {"conv.weight", 4, {2, 3, 5, 6}, "tensor \"conv.weight\" is 2x6x3x5 in the file but 2x7x3x5 in the net"},
        {"extra.weight", 1, {2}, "extra.weight\" is in the file but not in the net"},
    };
    for (int k = 0; k < 4; k++) {
        run a = {.plateau.opts = here.plateau.opts};
        ml_rng rng = ml_rng_seed(3);
        ml_params *ps = a.c.params = ml_params_new();
        if (k != 2)
            ml_param(ps, "conv.weight", 4, (int64_t[]){2, 3, 5, 7});
        if (k > 1)
            ml_param(ps, "fc.weight", 2, (int64_t[]){3, 5});
        ml_param(ps, "fc.bias", 1, (int64_t[]){3});
        ml_buffer(ps, "bn.running_mean", 1, (int64_t[]){4});
        ml_param(ps, cases[k].name, cases[k].rank, cases[k].shape);
        a.c.optim = sgd(ps);
        ml_optim_group(a.c.optim, "fc.bias", (ml_group_opts){.lr_scale = 2, .weight_decay = ML_ZERO});
        a.c.ema = ml_ema_new(ps, (ml_ema_opts){.decay = 0.9, .warm_up = true});
        a.c.tape = ml_tape_new();
        random_step(ps, a.c.optim, &rng, -1);
        assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), NULL), ML_OK);
        assert_refused(&here, tmp_path("a"), cases[k].sentence);
        run_free(&a);
    }
    run_free(&here);
}

static void refuses_files_that_are_none(void **state)
{
    (void)state;
    run a = run_new(1, adam), here = run_new(2, adam);
    assert_int_equal(ml_params_save(a.c.params, tmp_path("params"), NULL), ML_OK);
    assert_refused(&here, tmp_path("params"), "not a checkpoint: it has no metadata \"mlcore\"");
    assert_refused(&here, tmp_path("missing"), "cannot be opened");

    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), NULL), ML_OK);
    size_t n;
    uint8_t *bytes = slurp(tmp_path("a"), &n);
    for (size_t cut = 0; cut < n; cut += 1 + cut / 40)
        assert_refused(&here, tmp_file("cut", bytes, cut), "");
    assert_refused(&here, tmp_file("cut", bytes, n - 1), "");
    free(bytes);

    char *extra = malloc(5000000); /* more than will be read, and so more than will be written */
    memset(extra, ' ', 4999999);
    memcpy(extra, "{\"a\":\"", 6);
    memset(extra + 6, 'x', 4500000);
    memcpy(extra + 4999990, "\"}", 2);
    extra[4999999] = 0;
    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("long"), extra), ML_EINVAL);
    assert_non_null(strstr(ml_error(), " bytes as JSON, the limit is 4194304"));
    assert_refused(&here, changed(&a, NULL, extra), "the text of its metadata is 4999999 bytes, the limit is 4194304");
    free(extra);
    run_free(&a);
    run_free(&here);
}

/* ---- when it may be saved ---- */

static void only_between_steps(void **state)
{
    (void)state;
    run a = run_new(1, adam);
    ml_params_at(a.c.params, 1)->has_grad = true;
    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), NULL), ML_ESTATE);
    assert_string_equal(ml_error(), "checkpoint_save: the gradient of \"fc.weight\" waits for a step, and is not saved: step "
                                    "first, or drop it");
    ml_zero_grad(a.c.params);
    assert_int_equal(ml_ema_swap(a.c.ema), ML_OK);
    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), NULL), ML_ESTATE);
    assert_string_equal(ml_error(), "checkpoint_save: the averages are in the net: ml_ema_swap brings its weights back first");
    assert_int_equal(ml_checkpoint_load(of(&a), tmp_path("a"), NULL), ML_ESTATE);
    assert_int_equal(ml_ema_swap(a.c.ema), ML_OK);
    assert_int_equal(tmp_count(), 0);
    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), NULL), ML_OK);
    ml_params_at(a.c.params, 1)->has_grad = true; /* one that gathered before loading is not to be stepped after it */
    assert_int_equal(ml_checkpoint_load(of(&a), tmp_path("a"), NULL), ML_OK);
    assert_false(ml_params_at(a.c.params, 1)->has_grad);
    run_free(&a);
}

static void bad_calls(void **state)
{
    (void)state;
    run a = run_new(1, adam), b = run_new(2, adam);
    ml_checkpoint none = {0}, mixed = *of(&a), lost = *of(&a);
    assert_int_equal(ml_checkpoint_save(NULL, tmp_path("a"), NULL), ML_EINVAL);
    assert_int_equal(ml_checkpoint_save(of(&a), NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_checkpoint_save(&none, tmp_path("a"), NULL), ML_EINVAL);
    assert_string_equal(ml_error(), "checkpoint_save: params is NULL");
    assert_int_equal(ml_checkpoint_load(NULL, tmp_path("a"), NULL), ML_EINVAL);
    assert_int_equal(ml_checkpoint_load(of(&a), NULL, NULL), ML_EINVAL);
    mixed.optim = b.c.optim;
    assert_int_equal(ml_checkpoint_save(&mixed, tmp_path("a"), NULL), ML_EINVAL);
    assert_string_equal(ml_error(), "checkpoint_save: the optimizer is of other parameters");
    mixed.optim = a.c.optim;
    mixed.ema = b.c.ema;
    assert_int_equal(ml_checkpoint_load(&mixed, tmp_path("a"), NULL), ML_EINVAL);
    assert_string_equal(ml_error(), "checkpoint_load: the average is of other parameters");
    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), "{"), ML_EINVAL);
    assert_non_null(strstr(ml_error(), "checkpoint_save: extra is not valid JSON: "));
    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), "[1]"), ML_EINVAL);
    assert_string_equal(ml_error(), "checkpoint_save: extra is not a JSON object");
    lost.progress.epoch = -1;
    assert_int_equal(ml_checkpoint_save(&lost, tmp_path("a"), NULL), ML_EINVAL);
    assert_string_equal(ml_error(), "checkpoint_save: progress: epoch is -1: it must be in 0 .. 2^53");
    a.plateau.opts.factor = 2;
    assert_int_equal(ml_checkpoint_save(of(&a), tmp_path("a"), NULL), ML_EINVAL);
    assert_string_equal(ml_error(), "checkpoint_save: plateau: factor is 2: it must be in [0, 1)");
    assert_int_equal(tmp_count(), 0);
    run_free(&a);
    run_free(&b);

    ml_params *ps = ml_params_new();
    ml_param(ps, "\xff", 1, (int64_t[]){1});
    ml_optim *opt = sgd(ps);
    assert_int_equal(ml_checkpoint_save(&(ml_checkpoint){.params = ps, .optim = opt}, tmp_path("a"), NULL), ML_EINVAL);
    assert_string_equal(ml_error(), "checkpoint_save: the name of a parameter is not UTF-8, or memory lacks");
    ml_param(ps, "late", 1, (int64_t[]){1});
    assert_int_equal(ml_checkpoint_save(&(ml_checkpoint){.params = ps, .optim = opt}, tmp_path("a"), NULL), ML_ESTATE);
    assert_string_equal(ml_error(), "checkpoint_save: parameters were added after this sgd was made: make a new one");
    ml_optim_free(opt);
    ml_params_free(ps);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    run a = run_new(1, adam);
    const char *path = tmp_file("a", "old", 3);
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){.rlim_cur = 2000, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    ml_status s = ml_checkpoint_save(of(&a), path, NULL);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(s, ML_EIO);
    assert_non_null(strstr(ml_error(), "a: cannot be written: File too large"));
    assert_true(same_file(path, "old", 3));
    assert_int_equal(tmp_count(), 1);
    assert_int_equal(ml_checkpoint_save(of(&a), "/dev/full", NULL), ML_EIO);
    run_free(&a);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, tmp_setup, tmp_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(everything_comes_back),
        IN_FOLDER(numbers_that_json_does_not_have),
        IN_FOLDER(the_file_as_others_read_it),
        IN_FOLDER(parts_may_be_missing),
        IN_FOLDER(refuses_another_run),
        IN_FOLDER(refuses_a_run_with_more),
        IN_FOLDER(refuses_another_text),
        IN_FOLDER(refuses_another_net),
        IN_FOLDER(refuses_files_that_are_none),
        IN_FOLDER(only_between_steps),
        IN_FOLDER(bad_calls),
        IN_FOLDER(a_full_disk_keeps_the_old_file),
    };
    return cmocka_run_group_tests_name("optim/checkpoint", tests, NULL, NULL);
}
