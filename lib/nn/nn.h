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

/* Numbers in a sample of this shape. */
int64_t mli_shape_numbers(const mli_shape *s);

/* A layer that has joined a net. */
typedef struct mli_layer mli_layer;
typedef struct mli_hooks mli_hooks;
struct mli_layer {
    ml_layer spec;         /* as given; the name is a copy, and a block's layers are those below */
    char *path;            /* its name with those of the blocks around it, "features.0" */
    const mli_hooks *hooks; /* those of the net, where one of them is on this layer; else NULL */
    int index;             /* in its container, and its name where it has none; the input's is -1 */
    mli_shape out;         /* of one sample */
    ml_tensor *w, *b;      /* NULL where it has none */
    ml_tensor *mean, *var; /* running statistics of a norm */
    mli_layer *layers;     /* inside a block, n of them */
    int n;
    int64_t params, buffers; /* numbers that it learns and that it keeps, with those of the layers inside */
    int64_t macs;            /* multiply-adds of one sample, likewise */
};

/* Where layers are being built: what they add to and draw from, and what is around them. */
typedef struct mli_build {
    ml_params *params;
    ml_rng *rng;    /* NULL: values will come from a file, zeros do */
    int64_t left;   /* how many numbers parameters and buffers may still have */
    int depth;      /* blocks around */
    char path[256]; /* their names, "features.0"; "" in the net itself */
    bool told;      /* the sentence of the error names the layer already */
} mli_build;

/* An option as it lies in a file: a field of ml_layer that is left out where it is 0, the documented default. */
typedef enum mli_option_type {
    MLI_OPTION_WHOLE, /* int64_t */
    MLI_OPTION_REAL,  /* double; 0 on file is ML_ZERO */
    MLI_OPTION_BOOL,
    MLI_OPTION_SHAPE /* int64_t [ML_MAX_RANK - 1], up to the first 0 */
} mli_option_type;
typedef struct mli_layer_option {
    const char *name;
    mli_option_type type;
    size_t at; /* offsetof(ml_layer, ...) */
} mli_layer_option;

struct ml_layer_kind {
    const char *name; /* in tables, sentences and files */
    /* Checks the options against *shape, the sample that comes in, adds parameters, and leaves in *shape what goes out. */
    ml_status (*build)(mli_layer *l, mli_shape *shape, mli_build *b);
    ml_tensor *(*forward)(const mli_layer *l, ml_tape *t, ml_tensor *x);
    /* What the summary says beside the name, such as "p 0.5"; NULL for nothing. */
    void (*describe)(const mli_layer *l, char *buf, size_t size);
    const mli_layer_option *options; /* until one without a name; NULL for none. Initial values are not among them */
    bool block;                      /* it has layers inside, in u.block */
};

/* All kinds, by name: mli_dense is one. */
#define MLI_LAYER_KINDS(KIND)                                                                                  \
    KIND(input) KIND(identity) KIND(seq) KIND(residual) KIND(branch) KIND(flatten)                             \
    KIND(dense) KIND(embedding) KIND(conv) KIND(conv1d) KIND(conv_transpose)                                   \
    KIND(max_pool) KIND(avg_pool) KIND(adaptive_avg_pool) KIND(upsample) KIND(upsample_bilinear)               \
    KIND(batch_norm) KIND(layer_norm) KIND(group_norm) KIND(dropout)                                           \
    KIND(relu) KIND(leaky_relu) KIND(elu) KIND(gelu) KIND(gelu_tanh) KIND(silu) KIND(softplus)                 \
    KIND(sigmoid) KIND(tanh) KIND(softmax) KIND(log_softmax)
#define MLI_DECLARE_KIND(name) extern const ml_layer_kind mli_##name;
MLI_LAYER_KINDS(MLI_DECLARE_KIND)
/* In no order, until NULL. */
extern const ml_layer_kind *const mli_layer_kinds[];

/* Puts a layer in its place: copies the spec, builds it, and names it in the sentence where that fails; *l is then empty. */
ml_status mli_layer_build(mli_layer *l, const ml_layer *spec, int index, mli_shape *shape, mli_build *b);
void mli_layer_free(mli_layer *l);

/* For build functions: a parameter or buffer of this layer, such as "weight"; NULL with an error set. */
ml_tensor *mli_layer_param(mli_build *b, const char *name, int rank, const int64_t *shape);
ml_tensor *mli_layer_buffer(mli_build *b, const char *name, int rank, const int64_t *shape);
/* Initial values of a weight and its bias (or NULL), as ml_dense_opts has them. */
ml_status mli_layer_init(ml_tensor *w, ml_tensor *bias, ml_init init, mli_build *b);
/* The build function of a layer that has no options and keeps the shape of a sample. */
ml_status mli_layer_keep(mli_layer *l, mli_shape *shape, mli_build *b);
/* An error unless a sample is H x W x C. */
ml_status mli_layer_wants_image(const mli_shape *shape);
/* What goes out, for a layer whose parameters are there: its op says so, for a batch of none. So which options and shapes fit is
 * written down once. */
ml_status mli_layer_infer(const mli_layer *l, mli_shape *shape);
/* For nets that only predict. In eval mode a batch norm is a straight line: scale x + shift, for channel c. */
typedef struct mli_line {
    double scale, shift;
} mli_line;
mli_line mli_batch_norm_line(const mli_layer *l, int64_t c);
/* What a layer that is a convolution, of images or of sequences, makes of x: see autograd/conv.h. */
struct mlk_conv2d;
bool mli_layer_geometry(const mli_layer *l, ml_tape *t, const ml_tensor *x, struct mlk_conv2d *g);
/* For describe functions: "3x3, stride 2, pad 1x0"; then ", what", and its number where there is one (w 0: the same as h). */
void mli_describe_window(char *buf, size_t size, int64_t k, int64_t k_w, int64_t stride, int64_t stride_w, int64_t pad,
                         int64_t pad_w);
void mli_describe_more(char *buf, size_t size, const char *what, int64_t h, int64_t w);
/* A shape as text, "28x28x1", into buf, which it returns. */
char *mli_sample_text(const mli_shape *s, char *buf, size_t size);

/* Layers in a row: how many there are (n < 0: as many as come before one without a kind), x through all of them, and what
 * they multiply. */
int mli_row_count(const ml_layer *layers, int n);
ml_tensor *mli_row_forward(const mli_layer *layers, int n, ml_tape *t, ml_tensor *x);
int64_t mli_row_macs(const mli_layer *layers, int n);

/* ---- hooks ---- */

typedef struct mli_hook mli_hook;
struct mli_hook {
    mli_hook *next;
    int64_t id;  /* 0: taken off */
    char *layer; /* NULL: on all */
    ml_hook hook;
};
struct mli_hooks {
    mli_hook *first;
    int64_t made; /* so many ids were given */
};

/* Shows one layer's work to the hooks that are on it. Returns y, or NULL (sticking) where a hook stops or memory lacks. */
ml_tensor *mli_hooks_call(const mli_hooks *hooks, ml_tape *t, const char *layer, const char *kind, ml_tensor *x, ml_tensor *y);

/* ---- nets ---- */

typedef struct mli_net {
    mli_layer *layers; /* of a sequential net, the input first */
    int n, room;
    ml_rng rng;            /* where the next layer's initial values come from */
    ml_forward_fn forward; /* of a custom net */
    void *user;
    mli_shape in, out; /* of one sample; out is that of the last layer */
    int64_t outputs;   /* numbers out for one sample; -1: not yet known (custom nets) */
    ml_kernel kernel;  /* of prediction */
    mli_hooks hooks;
} mli_net;

/* After a layer joined: hooks on all are on it too. */
void mli_hooks_mark(mli_net *self);
void mli_hooks_free(mli_hooks *hooks);

/* ml_net_add for whoever says where values come from and how many there may be. */
ml_status mli_net_add(ml_net *net, const ml_layer *layer, mli_build *b);

/* Samples that go through a net at a time, at most, when it predicts. */
int64_t mli_net_batch(const mli_net *self);

/* The layers of a sequential net as JSON text, for free(): equal nets give equal texts. NULL with an error set, ML_ESTATE
 * for a custom net. */
char *mli_net_architecture(const ml_net *net);
/* The net that a parsed file describes; ml_net_load for the bytes in hand. `name` is for sentences. */
struct ml_safetensors;
ml_net *mli_net_read(const char *name, const struct ml_safetensors *st, char **extra);

#endif
