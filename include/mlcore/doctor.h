/* doctor.h -- what is wrong with a training, said before it has run for an hour.
 *
 * ml_doctor takes what a training loop has in its hands, a net, its data, its optimizer, its loss, and examines them: the data,
 * the first loss, every layer's units, gradients and steps, the learning rate, whether a handful of samples can be learnt
 * by heart, training and evaluation mode. What it finds is a list of plain sentences with numbers, causes and advice.
 * docs/doctor.md has a section for each.
 *
 * It trains the net for some hundred steps to see what happens, and then puts parameters, buffers and gradients back, bit for
 * bit, also when it fails. It draws from a stream of its own and reads the data beside any pass. Equal calls give equal
 * reports, on any number of threads.
 *
 *     ml_doctor_report r;
 *     if (ml_doctor(net, train, (ml_doctor_opts){.optim = opt, .batch = 64}, &r))
 *         return ml_perror("doctor");
 *     ml_doctor_print(stdout, &r);
 *     ml_doctor_free(&r);
 *
 * Not looked for, since it cannot be seen cheaply and for certain: labels that have nothing to do with their samples (shuffled
 * labels are learnt by heart as well as true ones; only a validation set shows it), batches in an order that is not random,
 * and what a training loop of one's own does between its calls.
 */
#ifndef MLCORE_DOCTOR_H
#define MLCORE_DOCTOR_H

#include <mlcore/data.h>
#include <mlcore/nn.h>
#include <mlcore/optim.h>

ML_BEGIN

/* ---- what can be found: its name is the constant's, in small letters with dashes, "softmax-twice" ---- */

typedef enum ml_doctor_code {
    /* the data */
    ML_DOCTOR_INPUTS_NOT_FINITE = 0, /* NaN or infinity among the inputs */
    ML_DOCTOR_INPUTS_CONSTANT,       /* all samples are one and the same */
    ML_DOCTOR_INPUTS_SCALE,          /* far from zero mean and unit size */
    ML_DOCTOR_FEATURES_SCALE,        /* one feature a thousand times the size of the others */
    ML_DOCTOR_FEATURES_CONSTANT,     /* features that are the same in all samples */
    ML_DOCTOR_PICTURES_BLANK,        /* pictures of a single colour */
    ML_DOCTOR_LABELS_RANGE,          /* labels that the net has no output for; targets that the loss does not take */
    ML_DOCTOR_LABELS_CONSTANT,       /* one label, or one target, for all */
    ML_DOCTOR_LABELS_MISSING,        /* a class without samples, as when labels count from 1 */
    ML_DOCTOR_LABELS_UNBALANCED,     /* one class is nearly all */
    ML_DOCTOR_LABELS_CONTRADICT,     /* equal samples with different labels */
    ML_DOCTOR_TARGETS_SCALE,         /* regression: targets far from unit size */
    ML_DOCTOR_VALIDATION_LEAK,       /* samples of the validation set that are trained on, too */
    /* the optimizer */
    ML_DOCTOR_ALL_FROZEN,      /* nothing learns */
    ML_DOCTOR_OPTIMIZER_OTHER, /* it steps over the parameters of another net, or of this one before a layer was added */
    ML_DOCTOR_LR_ZERO,
    ML_DOCTOR_LR_HIGH,
    ML_DOCTOR_LR_LOW,
    /* the net at its start */
    ML_DOCTOR_NOT_FINITE,      /* NaN or infinity in weights, outputs, loss or gradients */
    ML_DOCTOR_FIRST_LOSS,      /* far from that of a net that knows nothing */
    ML_DOCTOR_SOFTMAX_TWICE,   /* the loss takes logits, and gets probabilities */
    ML_DOCTOR_LOGITS_SQUASHED, /* the loss takes logits, and gets what relu or tanh left of them */
    ML_DOCTOR_UNITS_DEAD,      /* relus that are 0 for all samples */
    ML_DOCTOR_UNITS_SATURATED, /* sigmoids and tanhs at the ends of their range */
    ML_DOCTOR_GRADIENT_VANISHES,
    ML_DOCTOR_GRADIENT_EXPLODES,
    ML_DOCTOR_GRADIENT_WRONG, /* backward is not the derivative of forward */
    /* the net while it learns */
    ML_DOCTOR_GRADIENT_NONE,   /* a parameter that no gradient reaches */
    ML_DOCTOR_UNITS_SYMMETRIC, /* all units of a layer are the same, and stay so */
    ML_DOCTOR_UPDATES_LARGE,   /* a step is as large as the weights */
    ML_DOCTOR_UPDATES_SMALL,   /* a step is lost in rounding */
    ML_DOCTOR_INPUT_IGNORED,   /* one answer for all samples */
    ML_DOCTOR_OVERFIT,         /* a handful of samples cannot be learnt by heart */
    /* training and evaluation */
    ML_DOCTOR_TRAINS_IN_EVAL,   /* the tape that trains is in eval mode */
    ML_DOCTOR_STATISTICS_STILL, /* running statistics that never change */
    ML_DOCTOR_BATCH_OF_ONE,     /* a batch of a single sample, which batch norm cannot take */
    ML_DOCTOR_EVAL_RANDOM,      /* the same samples, evaluated twice, get different answers */
    ML_DOCTOR_EVAL_NEIGHBOURS,  /* the answer for a sample depends on what else is in its batch */
    ML_DOCTOR_MODES_DIFFER,     /* learnt by heart in train mode, unknown in eval mode */
    ML_DOCTOR_CODES
} ml_doctor_code;

/* An error: training cannot work, or its scores mean nothing. A warning: it works worse than it could. */
typedef enum ml_doctor_severity { ML_DOCTOR_WARNING = 0, ML_DOCTOR_ERROR } ml_doctor_severity;

typedef struct ml_doctor_finding {
    ml_doctor_code code;
    const char *name;
    ml_doctor_severity severity;
    char text[480];      /* what was measured */
    const char *cause;   /* why it is so, most likely */
    const char *advice;  /* what to try */
} ml_doctor_finding;

/* The name of a code; "?" where there is none. */
ML_API const char *ml_doctor_name(ml_doctor_code code);

/* ---- what it is told ---- */

typedef enum ml_doctor_loss { ML_DOCTOR_CROSS_ENTROPY = 0, ML_DOCTOR_BCE, ML_DOCTOR_MSE, ML_DOCTOR_OTHER } ml_doctor_loss;
typedef enum ml_doctor_rule { ML_DOCTOR_ADAM = 0, ML_DOCTOR_SGD, ML_DOCTOR_MOMENTUM } ml_doctor_rule;

typedef struct ml_doctor_batch {
    ml_tensor *x;      /* (N, sample shape), a constant on the tape */
    ml_ints label;     /* N, or none */
    ml_tensor *target; /* (N, ...), a constant on the tape; the labels as numbers (N,1) where there are none; else NULL */
} ml_doctor_batch;

/* The loss of one batch, as the training computes it: a scalar on t. */
typedef ml_tensor *(*ml_doctor_loss_fn)(void *user, ml_net *net, ml_tape *t, const ml_doctor_batch *batch);
/* What the training evaluates with: n samples x to n rows of out, ml_net_outputs(net) numbers each. */
typedef ml_status (*ml_doctor_predict_fn)(void *user, ml_net *net, const ml_real *x, int64_t n, ml_real *out);

typedef struct ml_doctor_opts {
    int64_t batch;        /* samples of a training step; default 64, at most all */
    bool drop_last;       /* the training leaves out the last batch of an epoch where it is smaller */
    const ml_optim *optim; /* the training's; only read. Its rule, options and groups are used with a memory of zeros */
    ml_doctor_rule rule;  /* where optim is NULL: Adam, SGD, SGD with momentum 0.9 */
    double lr;            /* the rate to judge, the highest of a schedule; default: optim's, else the rule's. ML_ZERO for 0 */
    ml_doctor_loss loss;  /* default softmax cross-entropy. BCE, MSE: of target. OTHER: only loss_fn knows */
    ml_doctor_loss_fn loss_fn;    /* default: of `loss`, on ml_net_forward */
    ml_doctor_predict_fn predict; /* default: ml_predict */
    void *user;           /* for loss_fn and predict */
    ml_mode mode;         /* of the tape that trains */
    ml_kernel kernel;
    uint64_t seed;        /* which samples are looked at, and dropout */
    const ml_dataset *validation; /* compared with the data set, to find samples that are in both */
    /* Instead of a data set, which is then NULL: all samples as one tensor (N, sample shape), with labels or targets. */
    const ml_tensor *x;
    ml_ints label;
    const ml_tensor *target; /* (N, ...) */
} ml_doctor_opts;

/* NULL, or a sentence that says which option is out of range (it is also ml_error). */
ML_API const char *ml_doctor_check(ml_doctor_opts opts);

/* ---- what it says ---- */

typedef struct ml_doctor_layer { /* a parameter, at the start and in the steps after it */
    char name[96];
    int64_t size;
    bool frozen;
    double weight, gradient; /* root mean square */
    double update;           /* that of a step, divided by that of the weight; about 1e-3 is usual */
} ml_doctor_layer;

typedef struct ml_doctor_units { /* an activation */
    char name[128];   /* "relu after 0" */
    int64_t units;    /* places along the last axis: features, or channels */
    int64_t dead;     /* 0 for all samples, of a relu */
    double saturated; /* share of values at the end of the range, of sigmoid and tanh */
} ml_doctor_units;

typedef struct ml_doctor_rate { /* of the range test */
    double lr, loss; /* smoothed */
} ml_doctor_rate;

/* Numbers that were not measured are NaN, or 0 where they count. */
typedef struct ml_doctor_report {
    int n; /* findings, each code once: it names the worst place, and counts the others */
    ml_doctor_finding finding[ML_DOCTOR_CODES];
    int errors;
    bool complete; /* false: an error made what comes after it pointless: mend it, then ask again */

    int64_t samples, params, batch;
    char sample[64]; /* its shape, "28x28x1" */
    ml_doctor_loss loss;
    bool own_loss;
    const char *rule; /* "adam" */
    double lr;
    double input_mean, input_deviation, input_low, input_high;
    double target_mean, target_deviation;   /* of BCE and MSE */
    int64_t classes;                        /* outputs, for cross-entropy */
    double largest_share, smallest_share;   /* of the classes that have samples */
    double chance_loss;                     /* of a net that knows nothing: ln K, ln 2, the mean of squared targets */
    double frequency_loss;                  /* of one that knows how frequent the classes are: their entropy; the variance */
    double first_loss, first_accuracy;
    bool trained;                           /* it knows the samples already: no net at its start */
    int64_t steps;                          /* at the rate to judge */
    double steps_loss;                      /* after them */
    double lr_steepest, lr_diverged;        /* where the loss falls fastest, and where it explodes (NaN: nowhere) */
    int64_t overfit_samples, overfit_steps; /* learnt by heart, or not */
    double overfit_loss;                    /* at the end, in eval mode */
    const char *overfit_rule;               /* which rule did it: the training's, or Adam where that did not */
    double overfit_lr;

    int n_layers, n_units, n_rates;
    ml_doctor_layer *layers;
    ml_doctor_units *units;
    ml_doctor_rate *rates;
} ml_doctor_report;

/* Examines. set holds what will be trained on (a TEST set is an error that explains leakage), or is NULL where opts.x has it.
 * The first call on a net seals its parameters, as the first forward does. What opts.user points to is the caller's to put
 * back. Not ML_OK where nothing can be said: NULL or empty arguments, options out of range, no memory, a forward or a loss
 * that fails. *report is then as after ml_doctor_free. */
ML_API ml_status ml_doctor(ml_net *net, const ml_dataset *set, ml_doctor_opts opts, ml_doctor_report *report);

/* What was measured, as tables, and the findings, 80 columns wide. */
ML_API void ml_doctor_print(FILE *out, const ml_doctor_report *report);
/* Frees what the report owns (a report of zeros is fine, and NULL). */
ML_API void ml_doctor_free(ml_doctor_report *report);

ML_END
#endif
