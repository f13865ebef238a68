/* nn.h -- what the inside of a parameter list and of a net looks like. Internal: nn and optim share it. */
#ifndef MLI_NN_H
#define MLI_NN_H

#include "autograd/tape.h"

#include <mlcore/nn.h>

/* ---- parameters ---- */

/* Entries begin on multiples of this many numbers: 64 bytes, a cache line and the widest vector. */
enum { MLI_ALIGN = 64 / (int)sizeof(ml_real) };

typedef struct mli_param {
    ml_tensor *x;
    int64_t at; /* where in the blocks it begins; -1 while it has storage of its own */
} mli_param;

struct ml_params {
    mli_param *entries;
    int n, room;
    ml_tensor **buffers;
    int n_buffers, buffers_room;
    ml_real *data, *grad; /* the blocks of the last seal, length numbers each */
    int64_t length;
    bool sealed;     /* every entry lies in the blocks */
    int64_t version; /* raised by each seal that moved something */
};

/* Drops the parameters from number n on, and the buffers from n_buffers on: the way back when a layer could not be built. */
void mli_params_cut(ml_params *ps, int n, int n_buffers);

/* ---- layers ---- */

/* The shape of one sample on its way through the net. */
typedef struct mli_shape {
    int rank;
    int64_t extent[ML_MAX_RANK - 1];
} mli_shape;

/* A layer that has joined a net. */
typedef struct mli_layer {
    ml_layer spec;
    int index;           /* counted after the input, which is -1: the number in its parameters' names */
    mli_shape out;       /* of one sample */
    ml_tensor *w, *b;    /* NULL where it has none */
    int64_t params, macs; /* numbers it learns; multiply-adds of one sample */
} mli_layer;

struct ml_layer_kind {
    const char *name;
    /* Checks the options against *shape, the sample that comes in, adds parameters, and leaves in *shape what goes out. */
    ml_status (*build)(mli_layer *l, mli_shape *shape, ml_params *ps, ml_rng *rng);
    ml_tensor *(*forward)(const mli_layer *l, ml_tape *t, ml_tensor *x);
    /* What the summary says beside the name, such as "p 0.5"; NULL for nothing. */
    void (*describe)(const mli_layer *l, char *buf, size_t size);
};

/* Whether a layer is ML_INPUT. */
bool mli_is_input(const ml_layer *layer);

/* ---- nets ---- */

typedef struct mli_net {
    mli_layer *layers; /* of a sequential net, the input first */
    int n, room;
    ml_rng rng;            /* where the next layer's initial values come from */
    ml_forward_fn forward; /* of a custom net */
    void *user;
    mli_shape in, out; /* of one sample; out is that of the last layer */
    int64_t outputs;   /* numbers out for one sample; -1: not yet known (custom nets) */
} mli_net;

/* Numbers in a sample of this shape. */
int64_t mli_shape_numbers(const mli_shape *s);

#endif
