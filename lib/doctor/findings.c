/* findings.c -- what can be found: names, how bad it is, why it happens, what to try. docs/doctor.md says more of each. */
#include "doctor/doctor.h"

#include <stdarg.h>

typedef struct entry {
    const char *name;
    ml_doctor_severity severity;
    const char *cause, *advice;
} entry;

#define WARNING ML_DOCTOR_WARNING
#define ERROR ML_DOCTOR_ERROR

static const entry TABLE[ML_DOCTOR_CODES] = {
    [ML_DOCTOR_INPUTS_NOT_FINITE] = {
        "inputs-not-finite", ERROR,
        "a missing value that was read as NaN, a division by a deviation of 0, or a mean or scale of the set that "
        "is no number",
        "look at that sample; fill or drop missing values; see that mean and scale of the set are finite"},
    [ML_DOCTOR_INPUTS_CONSTANT] = {
        "inputs-constant", ERROR,
        "the set's scale is 0, or the loop that filled it copied one sample again and again",
        "print two samples; see the set's mean and scale"},
    [ML_DOCTOR_INPUTS_SCALE] = {
        "inputs-scale", WARNING,
        "bytes that were not divided by 255, or columns in large units",
        "bring inputs to about zero mean and unit deviation, or to 0 .. 1: the set's mean and scale, or (x - mean) "
        "/ deviation, both from the training set"},
    [ML_DOCTOR_FEATURES_SCALE] = {
        "features-scale", WARNING,
        "columns in different units, such as metres and years",
        "standardise each column by its own mean and deviation on the training set; a logarithm for what spans "
        "decades"},
    [ML_DOCTOR_FEATURES_CONSTANT] = {
        "features-constant", WARNING,
        "a column that was never filled, or pixels that were lost in a conversion",
        "look at the data as they are read; drop what is the same for all"},
    [ML_DOCTOR_PICTURES_BLANK] = {
        "pictures-blank", WARNING,
        "files that could not be read, or crops beside the picture",
        "look at these samples, and drop them"},
    [ML_DOCTOR_LABELS_RANGE] = {
        "labels-range", ERROR,
        "labels that count from 1, a last layer with too few outputs, or -1 for \"unknown\"",
        "number the classes 0 .. K-1, and give the last layer K outputs"},
    [ML_DOCTOR_LABELS_CONSTANT] = {
        "labels-constant", ERROR,
        "only the beginning of a file that is sorted by class was read, or the wrong column",
        "count the labels; shuffle before a part is taken"},
    [ML_DOCTOR_LABELS_MISSING] = {
        "labels-missing", WARNING,
        "labels that count from 1, or a class that was lost when the data were split or filtered",
        "count the labels of each class; number the classes 0 .. K-1 without gaps"},
    [ML_DOCTOR_LABELS_UNBALANCED] = {
        "labels-unbalanced", WARNING,
        "the world is so, or one class was collected more than others",
        "judge by F1 or recall of each class, not by accuracy; draw classes evenly with ml_class_weights"},
    [ML_DOCTOR_LABELS_CONTRADICT] = {
        "labels-contradict", WARNING,
        "samples that were labelled twice, or labels that slipped by one against their samples",
        "look at these samples; keep one label for each"},
    [ML_DOCTOR_TARGETS_SCALE] = {
        "targets-scale", WARNING,
        "targets in large or small units, such as prices",
        "train on (target - mean) / deviation, of the training set, and turn predictions back"},
    [ML_DOCTOR_VALIDATION_LEAK] = {
        "validation-leak", ERROR,
        "the set was split after copies or augmented samples had been added, or validation is a part of training",
        "drop equal samples, then split, then augment the training part alone"},
    [ML_DOCTOR_ALL_FROZEN] = {
        "all-frozen", ERROR,
        "ml_params_freeze with \"\" or with a prefix that all names have",
        "thaw what is to learn: ml_params_freeze(net->params, \"...\", false)"},
    [ML_DOCTOR_OPTIMIZER_OTHER] = {
        "optimizer-other", ERROR,
        "the optimizer was made for another net, or before the last layer was added",
        "make the optimizer from net->params when the net is whole"},
    [ML_DOCTOR_LR_ZERO] = {
        "lr-zero", ERROR,
        "a schedule that begins or has ended at 0, an integer division, or a flag that was not read",
        "print ml_lr(opt) in the loop"},
    [ML_DOCTOR_LR_HIGH] = {
        "lr-high", ERROR,
        "the steps jump over the valley",
        "a rate near where the range test falls fastest, or a tenth of the present one"},
    [ML_DOCTOR_LR_LOW] = {
        "lr-low", WARNING,
        "the steps are far smaller than they need be",
        "a rate near where the range test falls fastest"},
    [ML_DOCTOR_NOT_FINITE] = {
        "not-finite", ERROR,
        "weights or inputs that are far too large, a logarithm or root of 0, or a division by 0",
        "look at that op's inputs: ml_tape_print; keep logarithms and divisions away from 0"},
    [ML_DOCTOR_FIRST_LOSS] = {
        "first-loss", WARNING,
        "initial weights or inputs that are too large, so that the net is sure before it knows; or a loss that is "
        "summed where it should be averaged",
        "the default initial weights, inputs of about unit size, the mean over the batch"},
    [ML_DOCTOR_SOFTMAX_TWICE] = {
        "softmax-twice", ERROR,
        "the net ends with softmax or sigmoid, and the loss applies it once more",
        "let the last layer give logits; use softmax only to show probabilities"},
    [ML_DOCTOR_LOGITS_SQUASHED] = {
        "logits-squashed", ERROR,
        "an activation after the last layer",
        "take the activation after the last dense layer away"},
    [ML_DOCTOR_UNITS_DEAD] = {
        "units-dead", WARNING,
        "biases that are far below zero, inputs that are all of one sign and large, or a learning rate that was too "
        "high for a while",
        "the default or He's initial weights, centred inputs, a smaller rate; batch norm before the relu"},
    [ML_DOCTOR_UNITS_SATURATED] = {
        "units-saturated", WARNING,
        "initial weights or inputs that are too large: at the ends the slope is almost 0",
        "Xavier's initial weights, inputs of about unit size, or relu"},
    [ML_DOCTOR_GRADIENT_VANISHES] = {
        "gradient-vanishes", WARNING,
        "many layers that each shrink the gradient: sigmoids, or initial weights that are too small",
        "relu with He's initial weights, batch norm, residual blocks, fewer layers"},
    [ML_DOCTOR_GRADIENT_EXPLODES] = {
        "gradient-explodes", WARNING,
        "many layers that each enlarge the gradient: initial weights that are too large",
        "He's or the default initial weights, batch norm; ml_clip_grad_norm"},
    [ML_DOCTOR_GRADIENT_WRONG] = {
        "gradient-wrong", ERROR,
        "the backward of an op of your own has a mistake, or its forward draws at random",
        "check that op by ml_gradcheck in the double build"},
    [ML_DOCTOR_GRADIENT_NONE] = {
        "gradient-none", ERROR,
        "a layer that forward does not use, ml_detach or a constant on the way, or units behind it that are all dead",
        "print the tape after ml_backward: ml_tape_print shows where |grad| ends; freeze what is not to learn"},
    [ML_DOCTOR_UNITS_SYMMETRIC] = {
        "units-symmetric", ERROR,
        "all initial weights are equal, such as 0: then all gradients are equal, too",
        "draw initial weights at random; only biases and the last layer may begin at 0"},
    [ML_DOCTOR_UPDATES_LARGE] = {
        "updates-large", WARNING,
        "a learning rate that is too high for this layer",
        "a smaller rate, a warm-up, or for this layer ml_optim_group with an lr_scale below 1"},
    [ML_DOCTOR_UPDATES_SMALL] = {
        "updates-small", WARNING,
        "a gradient or a group's rate that is far smaller than the others'",
        "see the rate of the group; Adam instead of SGD"},
    [ML_DOCTOR_INPUT_IGNORED] = {
        "input-ignored", ERROR,
        "units that are all dead, weights of 0, or a forward that loses x on the way",
        "follow one sample through the net: ml_print after each layer"},
    [ML_DOCTOR_OVERFIT] = {
        "overfit", ERROR,
        "the net, the loss and the labels do not belong together: a forward that mixes up axes, a loss of the wrong "
        "tensor, a net that is too small",
        "begin with one dense layer, which does learn them, and add your layers one by one until it no longer does"},
    [ML_DOCTOR_TRAINS_IN_EVAL] = {
        "trains-in-eval", ERROR,
        "ml_set_mode(t, ML_EVAL) for a score, and never back",
        "ml_set_mode(t, ML_TRAIN) before each epoch; ml_predict and ml_evaluate need no mode"},
    [ML_DOCTOR_STATISTICS_STILL] = {
        "statistics-still", ERROR,
        "a batch norm with a momentum of 0, so that evaluation goes by a mean of 0 and a variance of 1",
        "the default momentum, 0.1; or freeze the layer if that is what you want"},
    [ML_DOCTOR_BATCH_OF_ONE] = {
        "batch-of-one", ERROR,
        "the mean and variance of one sample say nothing: batch norm wants two",
        "another batch size, ml_full_batches or .drop_last"},
    [ML_DOCTOR_EVAL_RANDOM] = {
        "eval-random", ERROR,
        "dropout that is still on: evaluation on a tape in train mode",
        "ml_set_mode(t, ML_EVAL), or ml_predict"},
    [ML_DOCTOR_EVAL_NEIGHBOURS] = {
        "eval-neighbours", ERROR,
        "batch norm by the statistics of the batch: evaluation on a tape in train mode; or a reshape that mixes up "
        "samples",
        "ml_set_mode(t, ML_EVAL), or ml_predict; keep the first axis for the samples"},
    [ML_DOCTOR_MODES_DIFFER] = {
        "modes-differ", ERROR,
        "running statistics that follow too slowly (a tiny momentum), or a forward of your own that does something "
        "else in eval mode",
        "the default momentum, 0.1; compare the two modes layer by layer"},
};

const char *ml_doctor_name(ml_doctor_code code)
{
    return (int)code >= 0 && code < ML_DOCTOR_CODES ? TABLE[code].name : "?";
}

bool mli_doctor_found(const mli_doctor *d, ml_doctor_code code)
{
    for (int i = 0; i < d->r->n; i++)
        if (d->r->finding[i].code == code)
            return true;
    return false;
}

void mli_doctor_find(mli_doctor *d, ml_doctor_code code, const char *format, ...)
{
    if (mli_doctor_found(d, code))
        return;
    const entry *e = &TABLE[code];
    ml_doctor_finding *f = &d->r->finding[d->r->n++];
    *f = (ml_doctor_finding){.code = code, .name = e->name, .severity = e->severity, .cause = e->cause, .advice = e->advice};
    d->r->errors += e->severity == ERROR;
    va_list args;
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
}

const char *mli_doctor_others(int n, char buf[32])
{
    buf[0] = 0;
    if (n == 1)
        snprintf(buf, 32, " (one other alike)");
    else if (n > 1)
        snprintf(buf, 32, " (%d others alike)", n);
    return buf;
}
