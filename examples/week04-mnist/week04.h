/* week04.h -- the parts of week04-mnist: settings, the network, the loop, the pictures. */
#ifndef WEEK04_H
#define WEEK04_H

#include "common/cli.h"

enum { MODEL_SOFTMAX = 0, MODEL_MLP };
enum { OPTIMIZER_SGD = 0, OPTIMIZER_ADAM };
enum { SCHEDULE_ONE_CYCLE = 0, SCHEDULE_CONSTANT };

typedef struct settings {
    cli c;
    int model, optimizer, schedule;
    cli_sizes hidden;
    double lr, weight_decay, dropout, validation;
    int64_t batch, patience, samples;
    bool explain_conv;
} settings;

/* Flags to settings, with the defaults of the model. -1, or the status to exit with. */
int settings_parse(settings *s, int argc, char **argv);

/* The network that the settings describe, for samples like those of ds. NULL: see ml_error. */
ml_net *model_new(const settings *s, const ml_dataset *ds);
/* What is kept beside the weights: architecture, scaling, seed, score. One JSON string to free, or NULL. */
char *model_metadata(const settings *s, const ml_dataset *ds, double test_accuracy);

/* What training did. */
typedef struct outcome {
    int64_t epochs;      /* that were run */
    double seconds;
    double samples;      /* that went through the net */
    double loss;         /* mean of the last epoch */
    double validation;   /* best accuracy there; NaN without a validation set */
    int64_t best_epoch;
    bool diverged;
} outcome;
/* Trains; held may be NULL. ML_OK, or see ml_error. */
ml_status train(const settings *s, ml_net *net, ml_dataset *set, ml_dataset *held, outcome *o);

/* --explain-conv: a convolution by hand and by the tape, on stdout. The status to exit with: 1 where the two differ. */
int explain_conv(const settings *s);

/* Five samples of the set and five that were taken for another class, drawn side by side. */
void show_samples(FILE *out, const ml_dataset *ds, const int32_t *predicted);

#endif
