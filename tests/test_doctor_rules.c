/* What the doctor promises: it leaves no trace, says the same each time, refuses what it cannot examine, and prints plainly. */
#include "support/patient.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEATURES = 20, CLASSES = 4, N = 400 };

static ml_net *moody(void)
{
    ml_rng rng = ml_rng_seed(1);
    return made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(24), ML_BATCH_NORM(), ML_RELU(), ML_DROPOUT(0.3), ML_DENSE(CLASSES)));
}

/* ---- no trace ---- */

/* All numbers of a net, one after another. */
static ml_real *numbers(const ml_net *net, int64_t *n)
{
    const ml_params *ps = net->params;
    *n = 0;
    for (int i = 0; i < ml_params_count(ps); i++)
        *n += 2 * ml_params_at(ps, i)->size;
    for (int i = 0; i < ml_buffers_count(ps); i++)
        *n += ml_buffers_at(ps, i)->size;
    ml_real *all = calloc((size_t)*n, sizeof *all), *to = all;
    for (int i = 0; i < ml_params_count(ps); i++) {
        const ml_tensor *x = ml_params_at(ps, i);
        memcpy(to, x->data, (size_t)x->size * sizeof *to);
        memcpy(to + x->size, x->grad, (size_t)x->size * sizeof *to);
        to += 2 * x->size;
    }
    for (int i = 0; i < ml_buffers_count(ps); to += ml_buffers_at(ps, i++)->size)
        memcpy(to, ml_buffers_at(ps, i)->data, (size_t)ml_buffers_at(ps, i)->size * sizeof *to);
    return all;
}

static void assert_same_numbers(const ml_net *net, const ml_real *was)
{
    int64_t n;
    ml_real *is = numbers(net, &n);
    assert_memory_equal(is, was, (size_t)n * sizeof *is);
    free(is);
}

static ml_tensor *fails_later(void *user, ml_net *net, ml_tape *t, const ml_doctor_batch *b)
{
    int *left = user;
    if (--*left < 0)
        return NULL;
    return ml_softmax_xent(t, ml_net_forward(net, t, b->x), b->label);
}

/* Three steps of training, around which the doctor is asked or not; the net's numbers after them. */
static ml_real *three_steps(bool ask, int64_t *n)
{
    ml_net *net = moody();
    ml_dataset *ds = blobs(N, FEATURES, CLASSES, 1);
    ml_optim *opt = ml_adam(net->params, (ml_adam_opts){.lr = 0.01});
    ml_tape *t = ml_tape_open((ml_tape_opts){.seed = 5});
    ml_rng rng = ml_rng_seed(9);
    ml_loader it = ml_batches(ds, 50, &rng);
    ml_batch b;
    for (int i = 0; i < 3 && ml_next(&it, &b); i++) {
        ml_tape_reset(t);
        ml_tensor *loss = ml_softmax_xent(t, ml_net_forward(net, t, b.x), b.label);
        assert_int_equal(ml_backward(t, loss), ML_OK);
        if (ask) { /* gradients wait for the step, a pass is under way, the tape is in use */
            ml_real first = b.x->data[0], value = loss->data[0];
            ml_doctor_report r = examined(net, ds, (ml_doctor_opts){.optim = opt});
            ml_doctor_free(&r);
            assert_true(b.x->data[0] == first && loss->data[0] == value);
        }
        assert_int_equal(ml_step(opt), ML_OK);
    }
    assert_int_equal(it.status, ML_OK);
    ml_real *all = numbers(net, n);
    ml_tape_free(t);
    ml_optim_free(opt);
    ml_dataset_free(ds);
    ml_net_free(net);
    return all;
}

static void training_goes_on_as_if_nobody_had_asked(void **state)
{
    (void)state;
    int64_t n;
    ml_real *asked = three_steps(true, &n), *alone = three_steps(false, &n);
    assert_memory_equal(asked, alone, (size_t)n * sizeof *asked);
    free(asked);
    free(alone);
}

static void leaves_no_trace_when_it_fails(void **state)
{
    (void)state;
    int64_t n;
    ml_net *net = moody();
    ml_dataset *ds = blobs(N, FEATURES, CLASSES, 1);
    assert_int_equal(ml_net_prepare(net), ML_OK);
    ml_params_at(net->params, 0)->grad[3] = 7;
    ml_params_at(net->params, 0)->has_grad = true;
    ml_real *was = numbers(net, &n);
    /* after so many losses: in the first look, the slopes, the steps, the range test, the attempts */
    for (int left = 0; left < 200; left = left < 8 ? left + 1 : left * 2) {
        ml_doctor_report r;
        int calls = left;
        assert_int_equal(ml_doctor(net, ds, (ml_doctor_opts){.loss_fn = fails_later, .user = &calls}, &r), ML_EINVAL);
        assert_string_equal(ml_error(), "doctor: the loss is NULL, not a scalar");
        assert_true(r.n == 0 && !r.layers && !r.units && !r.rates);
        assert_same_numbers(net, was);
        assert_true(ml_params_at(net->params, 0)->has_grad && !ml_params_at(net->params, 1)->has_grad);
    }
    free(was);
    ml_dataset_free(ds);
    ml_net_free(net);
}

/* ---- the same each time ---- */

static char *printed(const ml_doctor_report *r)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    ml_doctor_print(out, r);
    fclose(out);
    return text;
}

static void equal_reports(void **state)
{
    (void)state;
    ml_dataset *ds = digits(300);
    char *first = NULL;
    int threads = ml_threads();
    for (int k = 0; k < 3; k++) {
        assert_int_equal(ml_set_threads(1 << k), ML_OK);
        ml_rng rng = ml_rng_seed(1);
        ml_net *net = made(ml_net_new(&rng, ML_INPUT(28, 28, 1), ML_CONV(4, .k = 5, .stride = 4), ML_BATCH_NORM(), ML_RELU(),
                                      ML_FLATTEN(), ML_DROPOUT(0.3), ML_DENSE(10), ML_RELU()));
        ml_doctor_report r = examined(net, ds, (ml_doctor_opts){.seed = 3});
        char *text = printed(&r);
        if (first)
            assert_string_equal(text, first);
        else
            first = strdup(text);
        free(text);
        ml_doctor_free(&r);
        ml_net_free(net);
    }
    assert_int_equal(ml_set_threads(threads), ML_OK);
    free(first);
    ml_dataset_free(ds);
}

/* ---- refusals ---- */

static void refuses(ml_net *net, const ml_dataset *ds, ml_doctor_opts o, const char *sentence)
{
    ml_doctor_report r;
    assert_int_equal(ml_doctor(net, ds, o, &r), ML_EINVAL);
    if (!strstr(ml_error(), sentence))
        fail_msg("\"%s\" lacks \"%s\"", ml_error(), sentence);
    assert_true(r.n == 0 && !r.layers);
    ml_doctor_free(&r);
}

static void refusals(void **state)
{
    (void)state;
    ml_net *net = moody();
    ml_rng rng = ml_rng_seed(1);
    ml_net *empty = ml_net_empty(&rng);
    ml_dataset *ds = blobs(N, FEATURES, CLASSES, 1), *test = blobs(N, FEATURES, CLASSES, 2), *wide = blobs(N, FEATURES + 1, CLASSES, 2);
    ml_dataset *none = ml_dataset_head(ds, 0);
    ml_tensor *x = ml_zeros(10, FEATURES), *y = ml_zeros(9, 1);
    int32_t labels[10] = {0};
    test->role = ML_ROLE_TEST;
    assert_int_equal(ml_doctor(net, ds, (ml_doctor_opts){0}, NULL), ML_EINVAL);
    refuses(NULL, ds, (ml_doctor_opts){0}, "the net is NULL");
    refuses(empty, ds, (ml_doctor_opts){0}, "has no layers yet");
    refuses(net, NULL, (ml_doctor_opts){0}, "wants a data set, or opts.x");
    refuses(net, ds, (ml_doctor_opts){.x = x}, "and no data set");
    refuses(net, none, (ml_doctor_opts){0}, "the set is empty");
    refuses(net, test, (ml_doctor_opts){0}, "the set is for testing");
    refuses(net, ds, (ml_doctor_opts){.validation = test}, "leakage");
    refuses(net, wide, (ml_doctor_opts){0}, "the net takes 20 numbers a sample, the set has 21");
    refuses(net, ds, (ml_doctor_opts){.validation = wide}, "the validation set has 21");
    refuses(net, NULL, (ml_doctor_opts){.x = x}, "cross-entropy wants opts.label");
    refuses(net, NULL, (ml_doctor_opts){.x = x, .label = {labels, 9}}, "10 samples, but 9 labels");
    refuses(net, NULL, (ml_doctor_opts){.x = x, .loss = ML_DOCTOR_MSE}, "this loss wants opts.target");
    refuses(net, NULL, (ml_doctor_opts){.x = x, .target = y, .loss = ML_DOCTOR_MSE}, "another number of targets");
    refuses(net, ds, (ml_doctor_opts){.target = y, .loss = ML_DOCTOR_MSE}, "a data set has labels of its own");
    refuses(net, ds, (ml_doctor_opts){.loss = ML_DOCTOR_MSE}, "mse: prediction is 64x4 but target is 64x1");
    ml_tensor_free(x);
    ml_tensor_free(y);
    ml_dataset_free(none);
    ml_dataset_free(wide);
    ml_dataset_free(test);
    ml_dataset_free(ds);
    ml_net_free(empty);
    ml_net_free(net);
}

static void options(void **state)
{
    (void)state;
    static const struct {
        ml_doctor_opts o;
        const char *part;
    } cases[] = {
        {{.batch = -1}, "batch is -1"},
        {{.batch = INT64_MIN}, "batch is -9223372036854775808"},
        {{.lr = -1}, "lr is -1"},
        {{.lr = NAN}, "lr is nan"},
        {{.lr = INFINITY}, "lr is inf"},
        {{.rule = (ml_doctor_rule)3}, "rule is 3"},
        {{.loss = (ml_doctor_loss)9}, "loss is 9"},
        {{.loss = ML_DOCTOR_OTHER}, "then loss_fn must say it"},
        {{.mode = (ml_mode)2}, "mode is 2"},
        {{.kernel = (ml_kernel)7}, "kernel is 7"},
    };
    ml_net *net = moody();
    ml_dataset *ds = blobs(N, FEATURES, CLASSES, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = ml_doctor_check(cases[i].o);
        if (!why || !strstr(why, cases[i].part))
            fail_msg("\"%s\" lacks \"%s\"", why ? why : "(NULL)", cases[i].part);
        refuses(net, ds, cases[i].o, cases[i].part);
    }
    assert_null(ml_doctor_check((ml_doctor_opts){.lr = ML_ZERO}));
    /* large, but no nonsense */
    ml_doctor_report r = examined(net, ds, (ml_doctor_opts){.batch = INT64_MAX, .lr = 1e300, .seed = UINT64_MAX});
    assert_non_null(finding_of(&r, ML_DOCTOR_LR_HIGH));
    ml_doctor_free(&r);
    r = examined(net, ds, (ml_doctor_opts){.lr = 1e-300});
    assert_non_null(finding_of(&r, ML_DOCTOR_LR_LOW));
    ml_doctor_free(&r);
    ml_dataset_free(ds);
    ml_net_free(net);
}

static void small_sets(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(8), ML_RELU(), ML_DENSE(CLASSES)));
    for (int64_t n = 1; n <= 5; n++) {
        ml_dataset *ds = blobs(n, FEATURES, CLASSES, 1);
        ml_doctor_report r = examined(net, ds, (ml_doctor_opts){0});
        assert_true(r.complete);
        ml_doctor_free(&r);
        ml_dataset_free(ds);
    }
    ml_net_free(net);
}

/* ---- names and print ---- */

static void names(void **state)
{
    (void)state;
    for (int i = 0; i < ML_DOCTOR_CODES; i++) {
        const char *name = ml_doctor_name((ml_doctor_code)i);
        assert_non_null(name);
        assert_true(strlen(name) > 2 && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(name, ml_doctor_name((ml_doctor_code)k));
    }
    assert_string_equal(ml_doctor_name(ML_DOCTOR_SOFTMAX_TWICE), "softmax-twice");
    assert_string_equal(ml_doctor_name(ML_DOCTOR_CODES), "?");
    assert_string_equal(ml_doctor_name((ml_doctor_code)-1), "?");
}

static void print(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = made(ml_net_new(&rng, ML_INPUT(FEATURES), ML_DENSE(8), ML_TANH(), ML_DENSE(CLASSES), ML_RELU()));
    ml_dataset *ds = blobs(N, FEATURES, CLASSES, 1);
    ds->scale = 1;
    ml_doctor_report r = examined(net, ds, (ml_doctor_opts){0});
    char *text = printed(&r);
    const char *parts[] = {"doctor: 400 samples of 20, 204 parameters, adam at 0.001", "inputs       mean",
                           "labels       4 classes, each with 25.0 to 25.0 %", "first loss", "0.weight", "tanh after 0",
                           "ERROR  logits-squashed", "WARNING  inputs-scale", "  why", "  try", "1 error, "};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text, parts[i]))
            fail_msg("\"%s\" is not in:\n%s", parts[i], text);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > 80)
            fail_msg("more than 80 columns: %.*s", (int)strcspn(line, "\n"), line);
    free(text);
    ml_doctor_free(&r);
    text = printed(&r); /* a report of zeros */
    assert_non_null(strstr(text, "no finding"));
    free(text);
    ml_doctor_print(NULL, &r);
    ml_doctor_print(stdout, NULL);
    ml_doctor_free(NULL);
    ml_dataset_free(ds);
    ml_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_goes_on_as_if_nobody_had_asked),
        cmocka_unit_test(leaves_no_trace_when_it_fails),
        cmocka_unit_test(equal_reports),
        cmocka_unit_test(refusals),
        cmocka_unit_test(options),
        cmocka_unit_test(small_sets),
        cmocka_unit_test(names),
        cmocka_unit_test(print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
