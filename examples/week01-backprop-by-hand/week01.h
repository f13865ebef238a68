/* week01.h -- the parts of the lesson, in their order. Each writes on `board`, 80 columns wide. */
#ifndef EXAMPLES_WEEK01_H
#define EXAMPLES_WEEK01_H

#include "common/cli.h"

typedef struct lesson {
    FILE *board;
    ml_kernel kernel;
    uint64_t seed;
    int64_t epochs;
    const cli *draw; /* where the tape is drawn; NULL: nowhere */
} lesson;

/* The four rows of a truth table of two inputs, in the order in which all parts read them. */
extern const int TABLE[4][2];
extern const int AND[4], XOR[4];

void heading(const lesson *l, int number, const char *text);

/* perceptron.c: Rosenblatt's rule. Epochs until AND was learned without a mistake; 0 if that never came. */
int perceptron_learns_and(const lesson *l);
/* The length, in epochs, of the cycle in which XOR keeps it; 0 if it found an answer (it cannot). */
int perceptron_fails_on_xor(const lesson *l);
/* How many rows of XOR three perceptrons with chosen weights get right. */
int hidden_layer_solves_xor(const lesson *l);

/* network.c: the chain rule by hand, on a net of two inputs, two hidden units and one output. */
enum { NUMBERS = 9 };
typedef struct paper {
    double at[NUMBERS], gradient[NUMBERS]; /* w11 w12 w21 w22  b1 b2  v1 v2  c */
    double x[2], target;
    double z[2], h[2], y, loss;
} paper;
extern const char *const NAMES[NUMBERS];
void chain_rule_by_hand(const lesson *l, paper *p);

/* tape.c: the same on the tape, and the check by differences. 0, or 1 after saying what differs. */
int tape_agrees(const lesson *l, const paper *p, double *largest);
int gradcheck_agrees(const lesson *l, const paper *p, ml_gradcheck_result *result);

/* train.c: gradient descent from random weights. */
typedef struct solution {
    int draws;    /* of first weights */
    int64_t epochs;
    double loss;
    int right;    /* of the four rows */
} solution;
int train_xor(const lesson *l, solution *s);
/* --doctor: the net and the rate of part 7, examined. The status to exit with. */
int examine_xor(cli *c, const lesson *l);

#endif
