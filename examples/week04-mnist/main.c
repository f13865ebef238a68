/* week04-mnist -- learn to read digits: from softmax regression to a network of convolutions.
 *
 * The training loop is in train.c, the network in model.c. This file reads the data, scores the result on the test set,
 * once and at the end, and writes it down. */
#include "week04-mnist/week04.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct sets {
    char folder[CLI_PATH];
    ml_dataset *all, *some, *train, *held, *test;
} sets;

static void sets_free(sets *d)
{
    ml_dataset_free(d->train);
    ml_dataset_free(d->held);
    ml_dataset_free(d->some);
    ml_dataset_free(d->all);
    ml_dataset_free(d->test);
}

static int read_sets(const settings *s, sets *d)
{
    const char *folder = d->folder;
    int status = cli_find_data(&s->c, "mnist", d->folder);
    if (status >= 0)
        return status;
    d->all = ml_dataset_read_idx(folder, "train", 0);
    d->test = d->all ? ml_dataset_read_idx(folder, "t10k", d->all->classes) : NULL;
    if (!d->test)
        return cli_fail_ml(&s->c);
    if (d->all->n < 1 || d->test->n < 1)
        return cli_fail(&s->c, "%s: %lld training and %lld test samples: wants at least one of each", folder,
                        (long long)d->all->n, (long long)d->test->n);
    if (memcmp(d->all->shape, d->test->shape, sizeof d->all->shape) != 0)
        return cli_fail(&s->c, "%s: training images are %lldx%lld, test images %lldx%lld", folder,
                        (long long)d->all->shape[0], (long long)d->all->shape[1], (long long)d->test->shape[0],
                        (long long)d->test->shape[1]);
    if (s->samples > d->all->n)
        return cli_fail(&s->c, "--samples %lld: the training set has %lld", (long long)s->samples, (long long)d->all->n);
    d->some = ml_dataset_head(d->all, s->samples ? s->samples : d->all->n);
    if (!d->some)
        return cli_fail_ml(&s->c);
    /* The same digits are held out for every --seed, so that their accuracies can be compared. */
    if (s->validation > 0 &&
        ml_dataset_split(d->some, s->validation, 0, ML_ROLE_VALIDATION, &d->train, &d->held))
        return cli_fail_ml(&s->c);
    if (!s->c.quiet)
        printf("%s: %lld training, %lld validation, %lld test images of %lldx%lld, %ld classes\n", folder,
               (long long)(d->train ? d->train : d->some)->n, (long long)(d->held ? d->held->n : 0), (long long)d->test->n,
               (long long)d->test->shape[0], (long long)d->test->shape[1], (long)d->test->classes);
    return -1;
}

static void note_metrics(settings *s, const outcome *o, double accuracy, double loss, double f1)
{
    cli *c = &s->c;
    cli_metric_text(c, "model", MODEL_NAMES[s->model]);
    cli_metric(c, "test_accuracy", accuracy);
    cli_metric(c, "test_loss", loss);
    cli_metric(c, "test_f1", f1);
    if (isfinite(o->validation)) {
        cli_metric(c, "validation_accuracy", o->validation);
        cli_metric_int(c, "best_epoch", o->best_epoch);
    }
    cli_metric(c, "train_loss", o->loss);
    cli_metric(c, "train_seconds", o->seconds);
    cli_metric(c, "train_samples_per_second", o->seconds > 0 ? o->samples / o->seconds : NAN);
    cli_metric_int(c, "epochs", o->epochs);
    cli_metric_int(c, "batch", s->batch);
    cli_metric(c, "lr", s->lr);
}

/* metrics.json last: when it is there, the run is whole. */
static int write_results(settings *s, const outcome *o, const test_results *r)
{
    char path[CLI_PATH];
    char *extra = model_extra(s, r->test, r->accuracy);
    if (!extra)
        return cli_fail(&s->c, "out of memory for what is kept beside the model");
    ml_status bad = ml_net_save(r->net, cli_out_path(&s->c, "model.safetensors", path), extra);
    free(extra);
    int status = bad ? cli_fail_ml(&s->c) : report_write(s, o, r);
    return status ? status : cli_finish(&s->c);
}

/* Scores on the test set, pictures, files. predicted, counts and scores have room. */
static int report(settings *s, ml_net *net, ml_dataset *test, const outcome *o, int32_t *predicted, int64_t *counts,
                  ml_class_score *scores)
{
    ml_ints truth = {test->labels, test->n}, answers = {predicted, test->n};
    double accuracy, loss;
    if (ml_classify(net, test, predicted, &loss) || ml_accuracy(truth, answers, &accuracy) ||
        ml_confusion(truth, answers, test->classes, counts) || ml_class_scores(counts, test->classes, scores))
        return cli_fail_ml(&s->c);
    double f1 = ml_macro_score(scores, test->classes).f1;
    note_metrics(s, o, accuracy, loss, f1);
    if (!s->c.quiet) {
        printf("\n");
        ml_confusion_print(stdout, counts, test->classes, NULL);
        show_samples(stdout, test, predicted);
        printf("\n");
    }
    test_results r = {net, test, predicted, counts, scores, accuracy, loss, f1};
    int status = write_results(s, o, &r);
    if (status)
        return status;
    train_tidy(s);
    printf("test accuracy %.2f %%  (%lld of %lld)  loss %.4g  F1 %.4f  trained in %.1f s\n", 100 * accuracy,
           (long long)llround(accuracy * (double)test->n), (long long)test->n, loss, f1, o->seconds);
    if (!s->c.quiet)
        printf("results: %s/metrics.json, %s/model.safetensors, %s/report.html\n", s->c.out, s->c.out, s->c.out);
    return cli_close_stdout(&s->c);
}

static int score(settings *s, ml_net *net, ml_dataset *test, const outcome *o)
{
    if (o->diverged) {
        train_tidy(s); /* who goes on from a checkpoint comes to the same end */
        cli_fail(&s->c, "the loss became infinite or not a number in epoch %lld: try a smaller --lr than %g",
                 (long long)o->epochs, s->lr);
        return 1;
    }
    size_t k = (size_t)test->classes;
    int32_t *predicted = calloc((size_t)test->n, sizeof *predicted);
    int64_t *counts = calloc(k * k, sizeof *counts);
    ml_class_score *scores = calloc(k, sizeof *scores);
    int status = predicted && counts && scores ? report(s, net, test, o, predicted, counts, scores)
                                               : cli_fail(&s->c, "out of memory for the scores");
    free(predicted);
    free(counts);
    free(scores);
    return status;
}

/* Trains, scores, writes. The data is read and *net is made. */
static int learn(settings *s, ml_net *net, const sets *d)
{
    outcome o;
    if (!s->c.quiet)
        ml_net_print(stdout, net);
    int status = train(s, net, d->train ? d->train : d->some, d->held, &o);
    if (!status)
        status = score(s, net, d->test, &o);
    outcome_free(&o);
    return status;
}

/* --doctor: what would be trained on, with what; the test set is not for that. */
static int examine(settings *s, ml_net *net, const sets *d)
{
    ml_optim *opt = train_optim(s, net->params);
    cli_metric_text(&s->c, "model", MODEL_NAMES[s->model]);
    const ml_dataset *set = d->train ? d->train : d->some;
    int status = opt ? cli_doctor(&s->c, net, set, (ml_doctor_opts){.optim = opt, .batch = s->batch, .validation = d->held,
                                                                   .drop_last = train_drops_last(s, set->n)})
                     : cli_fail_ml(&s->c);
    ml_optim_free(opt);
    return status;
}

/* The checksum of the data, and whether it is that of the run that is resumed. */
static int check_data(const settings *s, const sets *d, int64_t *crc)
{
    *crc = run_checksum(d->test, run_checksum(d->all, 0));
    if (!s->resume || *crc == s->resume_data.crc)
        return -1;
    return cli_fail(&s->c, "--resume %s: that run saw other data, in %s, than there is in %s: name its folder with --data",
                    s->resume, s->resume_data.folder, d->folder);
}

static int run(settings *s, sets *d)
{
    int64_t crc = 0;
    int status = read_sets(s, d);
    if (status < 0)
        status = check_data(s, d, &crc);
    if (status < 0)
        status = cli_prepare_out(&s->c); /* before the training, not after it */
    if (status >= 0)
        return status;
    if (s->study == STUDY_OVERFIT)
        return study_overfit(s, d->all);
    run_flags flags = settings_of_run(s);
    s->run = run_json(&s->c, &flags, d->folder, crc);
    if (!s->run)
        return cli_fail(&s->c, "out of memory for the settings");
    ml_net *net = model_new(s, d->test);
    status = !net ? cli_fail_ml(&s->c) : s->doctor ? examine(s, net, d) : learn(s, net, d);
    ml_net_free(net);
    return status;
}

int main(int argc, char **argv)
{
    settings s;
    sets d = {0};
    int status = settings_parse(&s, argc, argv);
    if (status < 0)
        status = s.explain_conv ? explain_conv(&s) : s.predict.n ? predict(&s) : run(&s, &d);
    sets_free(&d);
    free(s.run);
    cli_free(&s.c);
    return status;
}
