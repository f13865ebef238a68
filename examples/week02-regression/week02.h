/* week02.h -- two problems, three ways to each. */
#ifndef EXAMPLES_WEEK02_REGRESSION_H
#define EXAMPLES_WEEK02_REGRESSION_H

#include "common/cli.h"

enum { FEATURES = 30, WAYS = 3, MILESTONES = 9 };

/* What is minimized: the mean loss of a row, and for classes + |w|^2 / 2N. */
typedef struct task {
    const char *title, *what; /* what the coefficients explain */
    const char *name[FEATURES];
    const char *way[WAYS];
    int64_t rows, columns;
    bool classes; /* y is 0 or 1, the loss logistic; else squared error */
    double *x, *y; /* columns centred and of spread 1; y as it is */
    double rate;  /* of descent */
} task;

/* What a way came to: coefficients, the intercept last, and the loss after 1, 2, 5, 10, ... steps. */
typedef struct answer {
    double w[FEATURES + 1];
    int64_t steps;
    double loss[MILESTONES]; /* the last one for steps that were not needed */
} answer;
extern const int64_t MILESTONE[MILESTONES];

/* data.c: 0, or 2 after a sentence. */
int read_flowers(const cli *c, task *t);
int read_tumours(const cli *c, task *t);
void task_free(task *t);
double loss_of(const task *t, const double *w);

/* solvers.c: by the library, with a solver by its name, "linear:solver=qr"; NULL ml_error() means all is well. */
ml_status solve(const task *t, const char *learner, answer *a);
/* tape.c: by gradient descent, at most so many steps. */
ml_status descend(const task *t, int64_t steps, ml_kernel kernel, answer *a);
/* --doctor: what it says about that descent. 0, 1 where it found something, 2 after a sentence. */
int examine(cli *c, const task *t);

#endif
