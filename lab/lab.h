/* lab.h -- mlcore-lab: one op in all its bodies, measured, compared, its gradient checked.
 *
 *     main.c     flags and shapes, the order of things
 *     ops.c      the table of ops: what each takes, how it is called, what it costs
 *     bodies.c   an op through the tape, body by body: compared, checked, timed, one row of the table each
 *     gradient.c whether the gradients are right
 *     conv.c     the bodies of conv2d beneath the tape, one by one
 *     measure.c  times, and the ceiling of the machine
 *
 * The lab looks behind the door that include/mlcore is: it calls the backward of a single op, and the bodies of a
 * convolution, which no program needs to.
 */
#ifndef LAB_H
#define LAB_H

#include "autograd/tape.h"
#include "measure.h"

#include <mlcore/mlcore.h>

/* ---- what was asked for ---- */

/* Whole numbers, in the order of FLAGS in main.c. */
typedef enum lab_flag {
    LAB_FILTERS,
    LAB_OUT,
    LAB_K,
    LAB_K_W,
    LAB_STRIDE,
    LAB_STRIDE_W,
    LAB_PAD,
    LAB_PAD_W,
    LAB_OUTPUT_PAD,
    LAB_DILATION,
    LAB_GROUPS,
    LAB_AXIS,
    LAB_REPEAT,
    LAB_THREADS,
    LAB_SEED,
    LAB_FLAGS
} lab_flag;

typedef struct lab_shape {
    int rank;
    int64_t extent[ML_MAX_RANK];
} lab_shape;

enum { LAB_SHAPES = 2, LAB_INPUTS = 3 };
enum { LAB_NUMBERS = 1 << 28 }; /* that a tensor may have: more would not be an experiment but a full memory */

typedef struct lab_op lab_op;
typedef struct lab {
    const lab_op *op;
    lab_shape shape[LAB_SHAPES];
    int shapes;
    int64_t value[LAB_FLAGS];
    bool given[LAB_FLAGS], no_ref;

    /* What the op is called with: leaves that want a gradient, their names, and for losses the labels. */
    ml_tensor *in[LAB_INPUTS];
    const char *name[LAB_INPUTS];
    int n_in;
    int32_t *labels;
    ml_tensor *dy; /* a gradient for the output, of its shape */

    double flops, flops_back; /* of one pass */
    double terms;             /* of the longest sum in it: what rounding grows with */
    double peak, most;        /* GFLOPS: the ceiling, and the most that a row has reached */
} lab;

/* Prints "mlcore-lab: ..." on stderr; returns 2. */
int lab_fail(const char *format, ...) ML_PRINTF(1, 2);

/* ---- ops.c ---- */

struct lab_op {
    const char *name;
    const char *usage;     /* shapes and flags, as after the name on the command line */
    const char *example;
    int shapes, rank;      /* how many, and of which rank each; 0: any, 1 or more */
    const lab_flag *flags; /* that it takes, until LAB_FLAGS; those before LAB_REPEAT only */
    bool blas, ref;        /* whether it has bodies of its own for these, beside the fast one */
    bool one_back;         /* its backward has one body all the same */
    /* Inputs that the op is linear in together, as bits: <y,dy> = sum of <x,dx> over each set. Until 0. All 0: it is not. */
    unsigned linear[LAB_INPUTS];
    ml_status (*make)(lab *l, ml_rng *rng); /* the inputs */
    ml_tensor *(*run)(const lab *l, ml_tape *t, ml_tensor *const *in);
    void (*cost)(lab *l, const ml_tensor *y); /* flops, flops_back, terms */
};

extern const lab_op lab_ops[]; /* until one without a name */

/* The options of conv2d as given. */
ml_conv2d_opts lab_conv2d_opts(const lab *l);

/* ---- bodies.c ---- */

/* A row of the table: what ran, how long, and how far from the judge. */
void lab_print_header(const char *title);
void lab_print_row(lab *l, const char *pass, const char *body, lab_time time, double flops, double difference);
/* The largest |a - b|, as a part of the largest |b|, or of 1 where that is more; infinity where only one is NaN. */
double lab_difference(const ml_real *a, const ml_real *b, int64_t n);
/* How far apart two bodies may be. */
double lab_tolerance(const lab *l);

/* All bodies through the tape. 0; 1 after a sentence where they disagree or a gradient is wrong; 2 after one of another kind. */
int lab_bodies(lab *l);

/* ---- gradient.c ---- */

/* Whether the gradients in the inputs' grad, those of y for dy, are right: by ml_gradcheck, by the adjoint identity or along
 * random directions. Says which, and what came of it, in `said`. False where they are wrong. t is the tape of y, and is reset. */
bool lab_gradient(lab *l, ml_tape *t, const ml_tensor *y, ml_kernel kernel, char *said, size_t size);

/* ---- conv.c ---- */

/* Every body of conv2d that fits, pass by pass. As lab_bodies. */
int lab_conv_bodies(lab *l);

#endif
