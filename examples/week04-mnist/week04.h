/* week04.h -- the parts of week04-mnist: settings, the network, the loop, resuming, a study, the pictures. */
#ifndef WEEK04_H
#define WEEK04_H

#include "common/cli.h"

enum { MODEL_SOFTMAX = 0, MODEL_MLP, MODEL_LENET, MODEL_CNN };
enum { OPTIMIZER_SGD = 0, OPTIMIZER_ADAM };
enum { SCHEDULE_ONE_CYCLE = 0, SCHEDULE_CONSTANT };
enum { STUDY_NONE = -1, STUDY_OVERFIT };

enum { FLAGS_MAX = 32 };

/* The data that a run saw. */
typedef struct run_data {
    char folder[CLI_PATH];
    int64_t crc; /* of all training and test samples */
} run_data;

typedef struct settings {
    cli c;
    int model, optimizer, schedule, study;
    bool augment;
    cli_sizes hidden;
    double lr, weight_decay, dropout, validation;
    int64_t batch, patience, samples, workers, checkpoint_every;
    bool explain_conv, doctor;
    bool dot;                    /* draw the tape of the first step */
    cli_files predict;
    const char *model_file;
    bool given[FLAGS_MAX];       /* flag by flag: on the command line, or in the checkpoint that is resumed */
    const char *resume;          /* NULL: a new run */
    char resume_folder[CLI_PATH];
    run_data resume_data;        /* what that run saw */
    char *run;                   /* kept in checkpoints: run_json */
} settings;

/* Flags to settings, with the defaults of the model, or with those of the run that --resume names. -1, or the status to exit
 * with. */
int settings_parse(settings *s, int argc, char **argv);

/* The network that the settings describe, for samples like those of ds. NULL: see ml_error. */
ml_net *model_new(const settings *s, const ml_dataset *ds);
/* What is kept beside layers and weights: scaling, classes, seed, score. A JSON object to free, or NULL. */
char *model_extra(const settings *s, const ml_dataset *ds, double test_accuracy);
extern const char *const MODEL_NAMES[];

/* ---- train.c ---- */

/* What --augment does to a digit. */
extern const ml_augment_opts AUGMENT;

/* What training did; of a run that was stopped and resumed, all of it. */
typedef struct outcome {
    int64_t epochs;    /* that were run */
    double seconds;
    double samples;    /* that went through the net */
    double loss;       /* mean of the last epoch */
    double validation; /* best accuracy there; NaN without a validation set */
    int64_t best_epoch;
    bool diverged;
    /* For the curves, since the start or since --resume: the mean loss of each tenth of an epoch, the accuracy after each. */
    int64_t tenths, epochs_judged;
    double *tenth, *loss_then, *epoch, *accuracy_then;
} outcome;
void outcome_free(outcome *o);
/* The optimizer that the settings ask for, at their highest rate. */
ml_optim *train_optim(const settings *s, ml_params *params);
/* Whether the last batch of n samples is left out: it has one, which the network cannot learn from. */
bool train_drops_last(const settings *s, int64_t n);
/* Trains; held may be NULL. Leaves checkpoints in the folder of the results. 0, or a status after a sentence. */
int train(const settings *s, ml_net *net, ml_dataset *set, ml_dataset *held, outcome *o);
/* Takes the checkpoints away, once the results are written. */
void train_tidy(const settings *s);

/* ---- resume.c ---- */

/* The first `fixed` flags make a run what it is, the others may be changed when it goes on. */
typedef struct run_flags {
    cli_option v[FLAGS_MAX];
    int n, fixed;
} run_flags;
run_flags settings_of_run(settings *s);

/* A run as a JSON object to free: its flags and its data. NULL: out of memory. */
char *run_json(const cli *c, const run_flags *flags, const char *folder, int64_t crc);
/* Whether two such objects are of runs that give the same bits. */
bool run_is_same(const char *a, const char *b);
/* Sets the flags that were not given from a checkpoint's; a fixed one that was given must agree. -1, or a status after a
 * sentence. */
int run_recall(const cli *c, const char *path, const run_flags *flags, run_data *data);
/* A checksum of the samples, going on from that of others, or from 0. */
int64_t run_checksum(const ml_dataset *set, int64_t before);

/* ---- study.c ---- */

/* Trains on few digits, plainly and with each remedy, and shows the curves side by side. The status to exit with. */
int study_overfit(settings *s, const ml_dataset *all);

/* ---- predict.c ---- */

/* What --predict does: each picture is prepared, shown, and read by the network of --model-file, or of the last run. The status to
 * exit with: 2 where a picture could not be read, after the others were. */
int predict(const settings *s);

/* ---- explain.c ---- */

/* --explain-conv: a convolution by hand and by the tape, on stdout. The status to exit with: 1 where the two differ. */
int explain_conv(const settings *s);

/* ---- report.c ---- */

/* What the test set says of a net. */
typedef struct test_results {
    ml_net *net;
    const ml_dataset *test;
    const int32_t *predicted;
    const int64_t *counts; /* the confusion matrix */
    const ml_class_score *scores;
    double accuracy, loss, f1;
} test_results;
/* Writes report.html: the numbers, curves, confusion matrix, worst mistakes, the filters of the first layer, settings. Without
 * gnuplot, with sentences in the place of drawings. 0, or a status after a sentence. */
int report_write(const settings *s, const outcome *o, const test_results *r);

/* ---- show.c ---- */

/* Five samples of the set and five that were taken for another class, drawn side by side. */
void show_samples(FILE *out, const ml_dataset *ds, const int32_t *predicted);
/* One picture of h * w bytes, 0 .. 255. */
void show_picture(FILE *out, const uint8_t *px, int64_t h, int64_t w);

#endif
