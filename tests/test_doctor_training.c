/* The doctor on what goes wrong around a sound net: optimizer, rate, groups, modes, batches. */
#include "support/patient.h"

#include <string.h>

enum { FEATURES = 20, CLASSES = 4, N = 400 };

typedef struct patient {
    ml_net *net;
    ml_dataset *ds;
} patient;

static patient plain(void)
{
    ml_rng rng = ml_rng_seed(1);
    return (patient){made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(24), ML_RELU(), ML_DENSE(24), ML_RELU(), ML_DENSE(CLASSES))),
                     blobs(N, FEATURES, CLASSES, 1)};
}

/* With batch norm and dropout, where modes matter. */
static patient moody(double momentum, double p)
{
    ml_rng rng = ml_rng_seed(1);
    return (patient){made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(24), ML_BATCH_NORM(.momentum = momentum), ML_RELU(),
                                     ML_DROPOUT(p), ML_DENSE(CLASSES))),
                     blobs(N, FEATURES, CLASSES, 1)};
}

static void discharge(patient *p)
{
    ml_net_free(p->net);
    ml_dataset_free(p->ds);
}

/* ---- the optimizer ---- */

static void nothing_learns(void **state)
{
    (void)state;
    patient p = plain();
    ml_params_freeze(p.net->params, "", true);
    assert_finds(p.net, p.ds, (ml_doctor_opts){0}, ML_DOCTOR_ALL_FROZEN, "All 6 parameters are frozen");
    ml_params_freeze(p.net->params, "4.", false);
    assert_healthy(p.net, p.ds, (ml_doctor_opts){.lr = 0.01});
    discharge(&p);
}

static void optimizers(void **state)
{
    (void)state;
    patient p = plain(), q = plain();
    ml_optim *mine = ml_sgd(p.net->params, (ml_sgd_opts){.lr = 0.1, .momentum = 0.9});
    ml_optim *other = ml_adam(q.net->params, (ml_adam_opts){0});
    assert_healthy(p.net, p.ds, (ml_doctor_opts){.optim = mine});
    assert_finds(p.net, p.ds, (ml_doctor_opts){.optim = other}, ML_DOCTOR_OPTIMIZER_OTHER, "the parameters of another net");
    assert_int_equal(ml_net_add(q.net, ML_DENSE(CLASSES)), ML_OK);
    assert_finds(q.net, q.ds, (ml_doctor_opts){.optim = other}, ML_DOCTOR_OPTIMIZER_OTHER, "Parameters were added after the adam");
    ml_doctor_report r = examined(p.net, p.ds, (ml_doctor_opts){.optim = mine});
    assert_string_equal(r.rule, "sgd");
    assert_true(r.lr == 0.1);
    ml_doctor_free(&r);
    ml_optim_free(mine);
    ml_optim_free(other);
    discharge(&p);
    discharge(&q);
}

static void rates(void **state)
{
    (void)state;
    patient p = plain();
    assert_finds(p.net, p.ds, (ml_doctor_opts){.lr = ML_ZERO}, ML_DOCTOR_LR_ZERO, "The learning rate is 0");
    assert_finds(p.net, p.ds, (ml_doctor_opts){.lr = 30, .rule = ML_DOCTOR_MOMENTUM}, ML_DOCTOR_LR_HIGH, "the loss rises from 1.38 to");
    assert_finds(p.net, p.ds, (ml_doctor_opts){.lr = 1e300, .rule = ML_DOCTOR_SGD}, ML_DOCTOR_LR_HIGH, "is no longer finite after");
    assert_finds(p.net, p.ds, (ml_doctor_opts){.lr = 3}, ML_DOCTOR_LR_HIGH, "At the rate 3 the loss goes from");
    assert_finds(p.net, p.ds, (ml_doctor_opts){.lr = 1e-7}, ML_DOCTOR_LR_LOW, "At the rate 1e-07 the loss goes from");
    assert_finds(p.net, p.ds, (ml_doctor_opts){.lr = 1e-5, .rule = ML_DOCTOR_MOMENTUM}, ML_DOCTOR_LR_LOW, "fastest at");
    for (double lr = 1e-3; lr < 0.05; lr *= 3)
        assert_healthy(p.net, p.ds, (ml_doctor_opts){.lr = lr});
    for (double lr = 0.03; lr < 0.5; lr *= 3)
        assert_healthy(p.net, p.ds, (ml_doctor_opts){.lr = lr, .rule = ML_DOCTOR_SGD});
    ml_optim *opt = ml_adam(p.net->params, (ml_adam_opts){0});
    assert_int_equal(ml_set_lr(opt, 0), ML_OK);
    assert_finds(p.net, p.ds, (ml_doctor_opts){.optim = opt}, ML_DOCTOR_LR_ZERO, "");
    ml_optim_free(opt);
    discharge(&p);
}

static void groups(void **state)
{
    (void)state;
    patient p = plain();
    ml_optim *opt = ml_adam(p.net->params, (ml_adam_opts){.lr = 1e-3});
    assert_int_equal(ml_optim_group(opt, "2.", (ml_group_opts){.lr_scale = 1e-8}), ML_OK);
    assert_finds(p.net, p.ds, (ml_doctor_opts){.optim = opt}, ML_DOCTOR_UPDATES_SMALL, "A step changes 2.weight by");
    assert_int_equal(ml_optim_group(opt, "2.", (ml_group_opts){.lr_scale = 1e5}), ML_OK);
    assert_finds(p.net, p.ds, (ml_doctor_opts){.optim = opt}, ML_DOCTOR_UPDATES_LARGE, "A step changes 2.weight by");
    assert_int_equal(ml_optim_group(opt, "2.", (ml_group_opts){.lr_scale = ML_ZERO}), ML_OK); /* so wanted */
    assert_healthy(p.net, p.ds, (ml_doctor_opts){.optim = opt});
    ml_optim_free(opt);
    discharge(&p);
}

/* ---- modes ---- */

static void training_in_eval_mode(void **state)
{
    (void)state;
    patient p = moody(0, 0.5), q = plain();
    assert_healthy(p.net, p.ds, (ml_doctor_opts){.lr = 0.01});
    assert_finds(p.net, p.ds, (ml_doctor_opts){.mode = ML_EVAL}, ML_DOCTOR_TRAINS_IN_EVAL, "The tape that trains is in eval mode");
    assert_healthy(q.net, q.ds, (ml_doctor_opts){.mode = ML_EVAL, .lr = 0.01}); /* no difference to this net */
    discharge(&p);
    discharge(&q);
}

static void statistics(void **state)
{
    (void)state;
    patient p = moody(ML_ZERO, ML_ZERO), q = moody(1e-6, ML_ZERO);
    assert_finds(p.net, p.ds, (ml_doctor_opts){0}, ML_DOCTOR_STATISTICS_STILL, "The running statistics of batch norm 1 are the same");
    ml_params_freeze(p.net->params, "1.weight", true); /* so wanted: it goes by its statistics */
    assert_healthy(p.net, p.ds, (ml_doctor_opts){.lr = 0.01});
    ml_params_freeze(p.net->params, "1.", true);
    assert_healthy(p.net, p.ds, (ml_doctor_opts){.lr = 0.01});
    /* Large weights make the true statistics far from 0 and 1, which the running ones never leave. */
    ml_tensor *w = ml_params_find(q.net->params, "0.weight");
    for (int64_t i = 0; i < w->size; i++)
        w->data[i] *= 100;
    assert_finds(q.net, q.ds, (ml_doctor_opts){.lr = 0.01}, ML_DOCTOR_MODES_DIFFER, "in train mode, and");
    discharge(&p);
    discharge(&q);
}

/* ---- evaluation ---- */

/* On a tape of one's own, in the mode that *user is. */
static ml_status on_a_tape(void *user, ml_net *net, const ml_real *x, int64_t n, ml_real *out)
{
    static uint64_t call;
    ml_tape *t = ml_tape_open((ml_tape_opts){.no_grad = true, .mode = *(ml_mode *)user, .seed = ++call});
    ml_tensor *y = ml_net_forward(net, t, ml_constant(t, 2, (int64_t[]){n, FEATURES}, x));
    if (y)
        memcpy(out, y->data, (size_t)y->size * sizeof *out);
    ml_tape_free(t);
    return y ? ML_OK : ml_error_status();
}

static void evaluation(void **state)
{
    (void)state;
    ml_mode train = ML_TRAIN, eval = ML_EVAL;
    patient dropout = moody(0, 0.5), norm = moody(0, ML_ZERO);
    ml_doctor_opts o = {.predict = on_a_tape, .user = &train, .lr = 0.01};
    assert_finds(dropout.net, dropout.ds, o, ML_DOCTOR_EVAL_RANDOM, "The same 8 samples were evaluated twice");
    assert_finds(norm.net, norm.ds, o, ML_DOCTOR_EVAL_NEIGHBOURS, "when 4 samples are evaluated together instead of 8");
    o.user = &eval;
    assert_healthy(dropout.net, dropout.ds, o);
    assert_healthy(norm.net, norm.ds, o);
    discharge(&dropout);
    discharge(&norm);
}

/* Of a net of one's own: each sample is centred by the mean of the batch, in eval mode, too. */
static ml_tensor *centred(void *user, ml_tape *t, ml_tensor *x)
{
    ml_net *net = *(ml_net **)user;
    return ml_linear(t, ml_sub(t, x, ml_mean(t, x, 0, true)), ml_params_at(net->params, 0), NULL);
}

static void neighbours(void **state)
{
    (void)state;
    ml_net *user, *net = user = made(ml_net_custom(centred, &user, 1, (int64_t[]){FEATURES}));
    ml_dataset *ds = blobs(N, FEATURES, CLASSES, 1);
    drawn(net, "weight", CLASSES, FEATURES, 0.2);
    assert_finds(net, ds, (ml_doctor_opts){.lr = 0.01}, ML_DOCTOR_EVAL_NEIGHBOURS, "A sample's answer differs by");
    ml_net_free(net);
    ml_dataset_free(ds);
}

static void single_samples(void **state)
{
    (void)state;
    patient p = moody(0, ML_ZERO);
    ml_doctor_opts o = {.batch = 57, .lr = 0.01}; /* 400 = 7 * 57 + 1 */
    assert_finds(p.net, p.ds, o, ML_DOCTOR_BATCH_OF_ONE, "400 samples in batches of 57 leave a last one of a single sample");
    o.drop_last = true;
    assert_healthy(p.net, p.ds, o);
    o.batch = 1;
    assert_finds(p.net, p.ds, o, ML_DOCTOR_BATCH_OF_ONE, "Batches are of one sample, and forward cannot take one: batch_norm");
    o = (ml_doctor_opts){.batch = 56, .lr = 0.01};
    assert_healthy(p.net, p.ds, o);
    discharge(&p);
    p = plain();
    assert_healthy(p.net, p.ds, (ml_doctor_opts){.batch = 57});
    assert_healthy(p.net, p.ds, (ml_doctor_opts){.batch = 1});
    discharge(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_learns),
        cmocka_unit_test(optimizers),
        cmocka_unit_test(rates),
        cmocka_unit_test(groups),
        cmocka_unit_test(training_in_eval_mode),
        cmocka_unit_test(statistics),
        cmocka_unit_test(evaluation),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(single_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
