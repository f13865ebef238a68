/* nn.h -- parameters, layers, networks.
 *
 * Parameters lie in one block and their gradients in another, each entry on a 64-byte boundary with zeroed padding, so
 * an optimizer's step is one pass over flat memory. The block is sealed at the first forward or optimizer; adding a
 * parameter later unseals it, and an optimizer built before then returns ML_ESTATE.
 */
#ifndef MLCORE_NN_H
#define MLCORE_NN_H

#include <mlcore/ops.h>
#include <mlcore/rng.h>

ML_BEGIN

/* ---- parameters ---- */

typedef struct ml_params ml_params;

ML_API ml_params *ml_params_new(void);
ML_API void ml_params_free(ml_params *ps);

/* Adds a parameter of zeros, owned by ps; the pointer stays valid, its data moves when the block is sealed. NULL when
 * the name is taken. Names are PyTorch's: "0.weight", "fc1.bias". */
ML_API ml_tensor *ml_param(ml_params *ps, const char *name, int rank, const int64_t *shape);

/* The same for a weight of ml_conv1d, (F,R,C/groups): on file it lies as PyTorch's, (F,C/groups,R). It has to be said, since
 * other parameters of three axes (embeddings of positions, say) lie on file as in memory. Weights of four axes are those of
 * convolutions, and lie on file as PyTorch's without being told. */
ML_API ml_tensor *ml_param_conv1d(ml_params *ps, const char *name, const int64_t shape[3]);

ML_API int ml_params_count(const ml_params *ps);
ML_API ml_tensor *ml_params_at(const ml_params *ps, int i);
/* NULL, with an error set, where no parameter has that name. */
ML_API ml_tensor *ml_params_find(const ml_params *ps, const char *name);
/* How many numbers they hold together, padding and buffers not counted. */
ML_API int64_t ml_params_size(const ml_params *ps);

/* Adds a buffer of zeros: numbers that belong to the model but are not learnt, such as the running statistics of a batch
 * norm. Saved and loaded with the parameters, never stepped, without gradient, in a list of their own. NULL when the name is
 * taken, by a buffer or by a parameter. */
ML_API ml_tensor *ml_buffer(ml_params *ps, const char *name, int rank, const int64_t *shape);
ML_API int ml_buffers_count(const ml_params *ps);
ML_API ml_tensor *ml_buffers_at(const ml_params *ps, int i);
ML_API ml_tensor *ml_buffers_find(const ml_params *ps, const char *name);

/* Moves all parameters into one block. Done for you by the first forward of a net and by each optimizer. */
ML_API ml_status ml_params_seal(ml_params *ps);
/* Drops the gradients that have gathered since the last step. */
ML_API void ml_zero_grad(ml_params *ps);
/* Freezes (or thaws) what has a name that begins with prefix. Parameters: no gradient, no step; what had gathered is
 * dropped. Buffers: the batch norm that keeps them normalises by them as they are and leaves them alone. "" means all, "1."
 * the layer 1 and not the layer 10. Returns how many, of both lists. */
ML_API int ml_params_freeze(ml_params *ps, const char *prefix, bool frozen);

/* ---- initial values ---- */

/* Each draws from rng, fills x, and fails on a NULL, on a range that is none, or where fans are wanted and rank < 2. */
ML_API ml_status ml_init_constant(ml_tensor *x, double value);
ML_API ml_status ml_init_uniform(ml_tensor *x, ml_rng *rng, double low, double high);
ML_API ml_status ml_init_normal(ml_tensor *x, ml_rng *rng, double mean, double std);
/* Xavier (Glorot and Bengio 2010): uniform on +-sqrt(6 / (fan_in + fan_out)), or normal of the same variance. */
ML_API ml_status ml_init_xavier_uniform(ml_tensor *x, ml_rng *rng);
ML_API ml_status ml_init_xavier_normal(ml_tensor *x, ml_rng *rng);
/* He (2015), for relu: uniform on +-sqrt(6 / fan_in), or normal with variance 2 / fan_in. Fans are read from the
 * shape (M,D): fan_in D, fan_out M; further axes (F,R,S,C) multiply by R*S. */
ML_API ml_status ml_init_he_uniform(ml_tensor *x, ml_rng *rng);
ML_API ml_status ml_init_he_normal(ml_tensor *x, ml_rng *rng);
/* The same with variance 2 / fan_out, which keeps the size of gradients: PyTorch's kaiming_normal_ of mode fan_out. */
ML_API ml_status ml_init_he_normal_out(ml_tensor *x, ml_rng *rng);
/* Orthogonal (Saxe, McClelland, Ganguli 2014): of the rows of (M,D), or of F rows of (F,R,S,C), and of the columns, whichever
 * are fewer, each has length `gain` and stands at a right angle to the others; every such matrix is equally likely. In double,
 * then rounded. Fails on rank < 2 and on a gain that is not finite. PyTorch's orthogonal_. */
ML_API ml_status ml_init_orthogonal(ml_tensor *x, ml_rng *rng, double gain);
/* Normal numbers of this mean and deviation (> 0), of those that lie in low .. high; a bound may be infinite. PyTorch's
 * trunc_normal_: the bounds are numbers as they are, not deviations. */
ML_API ml_status ml_init_trunc_normal(ml_tensor *x, ml_rng *rng, double mean, double std, double low, double high);

/* ---- layers: values that describe, built when they join a net ---- */

typedef struct ml_net ml_net;
typedef struct ml_layer ml_layer;
typedef struct ml_layer_kind ml_layer_kind;

typedef enum ml_init {
    ML_INIT_DEFAULT = 0,
    ML_INIT_HE,
    ML_INIT_XAVIER,
    ML_INIT_NORMAL,
    ML_INIT_ZERO,
    ML_INIT_ORTHOGONAL,
    ML_INIT_TRUNC_NORMAL,
    ML_INIT_HE_OUT
} ml_init;

typedef struct ml_dense_opts {
    int64_t out;   /* M, features out; features in are inferred */
    bool no_bias;
    ml_init init;  /* default: PyTorch's nn.Linear, uniform on +-1/sqrt(D), bias too. HE is he_normal, XAVIER is
                      xavier_uniform (each as in its paper), NORMAL has mean 0 and deviation 0.01, ORTHOGONAL gain 1,
                      TRUNC_NORMAL mean 0, deviation 0.02, cut at two deviations, HE_OUT is he_normal_out; their bias is 0 */
} ml_dense_opts;

typedef struct ml_conv_opts {
    int64_t out;    /* F, filters; channels in are inferred */
    int64_t k, k_w; /* R and S, the window; k_w: default k */
    int64_t stride, stride_w, pad, pad_w, dilation, dilation_w, groups; /* as in ml_conv2d_opts */
    bool no_bias;
    ml_init init; /* as in ml_dense_opts, with D = R*S*C/groups: PyTorch's nn.Conv2d by default */
} ml_conv_opts;

/* Of sequences, (T,C). */
typedef struct ml_conv1d_layer_opts {
    int64_t out, k;                       /* F, filters, and R, the window; channels in are inferred */
    int64_t stride, pad, dilation, groups; /* as in ml_conv1d_opts */
    bool no_bias;
    ml_init init; /* as in ml_dense_opts, with D = R*C/groups: PyTorch's nn.Conv1d by default */
} ml_conv1d_layer_opts;

typedef struct ml_conv_transpose_opts {
    int64_t out;    /* F, filters; channels in are inferred */
    int64_t k, k_w; /* R and S, the window; k_w: default k */
    int64_t stride, stride_w, pad, pad_w, output_pad, output_pad_w; /* as in ml_conv_transpose2d_opts */
    int64_t dilation, dilation_w, groups;
    bool no_bias;
    ml_init init; /* as in ml_dense_opts, with D = R*S*F/groups: PyTorch's nn.ConvTranspose2d by default */
} ml_conv_transpose_opts;

typedef struct ml_upsample_opts {
    int64_t factor;     /* how many times as high and as wide */
    bool align_corners; /* as in ml_upsample_bilinear */
} ml_upsample_opts;

typedef struct ml_grid_opts {
    int64_t p, q; /* rows and columns out */
} ml_grid_opts;

typedef struct ml_norm_opts {
    int begin;       /* of no meaning: so that the list of options may be empty */
    double eps;      /* default 1e-5; ML_ZERO for 0 */
    double momentum; /* default 0.1: how much of the running statistics a batch replaces; ML_ZERO for 0 */
    bool no_affine;  /* no weight and bias */
} ml_norm_opts;

typedef struct ml_group_norm_opts {
    int64_t groups; /* runs of neighbouring channels; they must share the channels evenly */
    double eps;     /* default 1e-5; ML_ZERO for 0 */
    bool no_affine; /* no weight and bias */
} ml_group_norm_opts;

typedef struct ml_dropout_opts {
    double p; /* probability of zero in [0, 1), default 0.5; ML_ZERO for 0 */
} ml_dropout_opts;

typedef struct ml_embedding_opts {
    int64_t rows, dims; /* V numbers to look up, D features each */
} ml_embedding_opts;
typedef struct ml_leaky_relu_opts {
    double slope; /* left of 0; default 0.01, ML_ZERO for 0 */
} ml_leaky_relu_opts;

typedef struct ml_elu_opts {
    int begin;    /* of no meaning: so that the list of options may be empty */
    double alpha; /* -alpha is the limit on the left; default 1, ML_ZERO for 0 */
} ml_elu_opts;

typedef struct ml_input_opts {
    int64_t shape[ML_MAX_RANK - 1]; /* of one sample: (784), or (H, W, C) for images */
} ml_input_opts;

typedef struct ml_block_opts {
    const ml_layer *layers; /* the caller's, until the block joins a net */
    int n;                  /* below 0: as many as come before one without a kind */
} ml_block_opts;

struct ml_layer {
    const ml_layer_kind *kind;
    const char *name; /* see ml_layer_named; NULL: its number in its container */
    union {
        ml_input_opts input;
        ml_dense_opts dense;
        ml_conv_opts conv;
        ml_conv1d_layer_opts conv1d;
        ml_conv_transpose_opts conv_transpose;
        ml_pool2d_opts pool;
        ml_grid_opts grid;
        int64_t factor;
        ml_upsample_opts upsample;
        ml_norm_opts norm;
        ml_group_norm_opts group_norm;
        ml_dropout_opts dropout;
        ml_embedding_opts embedding;
        ml_leaky_relu_opts leaky_relu;
        ml_elu_opts elu;
        ml_block_opts block;
        int64_t reserve[16]; /* room for layers to come, so that the struct keeps its size */
    } u;
};

ML_API ml_layer ml_layer_input(ml_input_opts opts);
ML_API ml_layer ml_layer_dense(ml_dense_opts opts);
ML_API ml_layer ml_layer_dropout(ml_dropout_opts opts);
ML_API ml_layer ml_layer_relu(void);
ML_API ml_layer ml_layer_sigmoid(void);
ML_API ml_layer ml_layer_tanh(void);
ML_API ml_layer ml_layer_leaky_relu(ml_leaky_relu_opts opts);
ML_API ml_layer ml_layer_elu(ml_elu_opts opts);
ML_API ml_layer ml_layer_gelu(void);
ML_API ml_layer ml_layer_gelu_tanh(void);
ML_API ml_layer ml_layer_silu(void);
ML_API ml_layer ml_layer_softplus(void);
/* Over the last axis. The losses take logits: these are for nets whose caller wants probabilities. */
ML_API ml_layer ml_layer_softmax(void);
ML_API ml_layer ml_layer_log_softmax(void);
ML_API ml_layer ml_layer_flatten(void); /* (N,H,W,C) -> (N, C*H*W), in C H W order as PyTorch's; others as they lie */
/* Images, (N,H,W,C): */
ML_API ml_layer ml_layer_conv(ml_conv_opts opts);
ML_API ml_layer ml_layer_max_pool(ml_pool2d_opts opts);
ML_API ml_layer ml_layer_avg_pool(ml_pool2d_opts opts);
ML_API ml_layer ml_layer_adaptive_avg_pool(int64_t p, int64_t q); /* 1, 1: the mean of each channel, (N,1,1,C) */
ML_API ml_layer ml_layer_upsample(int64_t factor);                /* each pixel becomes factor x factor */
ML_API ml_layer ml_layer_upsample_bilinear(ml_upsample_opts opts); /* ... with all shades between it and the next */
ML_API ml_layer ml_layer_conv_transpose(ml_conv_transpose_opts opts);
/* Sequences, (N,T,C). (PyTorch has them as N C T: a flatten behind a convolution gives T C order here and C T order there, and
 * the columns of a dense layer behind it differ accordingly.) */
ML_API ml_layer ml_layer_conv1d(ml_conv1d_layer_opts opts);
/* Over the batch and all axes but the last, a mean and variance a channel; in eval mode by the running statistics (buffers
 * running_mean, running_var). Of images and of rows alike: PyTorch's BatchNorm2d and BatchNorm1d. A frozen one (see
 * ml_params_freeze) goes by the running statistics in training too, and leaves them alone. */
ML_API ml_layer ml_layer_batch_norm(ml_norm_opts opts);
/* Over the last axis of each sample: PyTorch's LayerNorm(C). It keeps no statistics, so it has no momentum. */
ML_API ml_layer ml_layer_layer_norm(ml_norm_opts opts);
/* A sample of whole numbers in 0 .. rows-1, (...), becomes (...,dims): each number the row of a table that it names.
 * Begins as PyTorch's Embedding, normal of deviation 1. Another number is an error of the forward; no gradient goes to x.
 * In float rows is at most 2^24: a float holds no more whole numbers. */
ML_API ml_layer ml_layer_embedding(int64_t rows, int64_t dims);
/* Over each group of channels of each sample, and all axes between: PyTorch's GroupNorm. The channels are the last axis, of
 * images and of rows alike. */
ML_API ml_layer ml_layer_group_norm(ml_group_norm_opts opts);
ML_API ml_layer ml_layer_identity(void); /* x itself: a way past the others in a branch */

/* Blocks: layers inside a layer. `layers` and their names must live until the block joins a net, which copies all it
 * needs; blocks may be nested 32 deep. */
/* One after another: torch.nn.Sequential. */
ML_API ml_layer ml_layer_seq(const ml_layer *layers, int n);
/* y = main(x) + shortcut(x): layers[0] and, where n is 2, layers[1]; without it the shortcut is x itself. Both must give one
 * shape. He et al. 2016, eq. 1 and 2. */
ML_API ml_layer ml_layer_residual(const ml_layer *layers, int n);
/* Each gets x; what they give is put together along the last axis (the channels of an image). The other axes must agree. */
ML_API ml_layer ml_layer_branch(const ml_layer *layers, int n);

/* The layer under a name: parameters are called by the names from the outermost block to the layer, with dots between, as in
 * PyTorch: "features.0.weight". A layer without a name is called by its number in its container. The name "" adds nothing:
 * what is inside a block of that name is called as if it stood in the container itself. Two parameters of one name are an
 * error when the layer joins. */
ML_API ml_layer ml_layer_named(const char *name, ml_layer layer);

#ifndef __cplusplus
#define ML_INPUT(...) ml_layer_input((ml_input_opts){.shape = {__VA_ARGS__}})
#define ML_DENSE(...) ml_layer_dense((ml_dense_opts){.out = __VA_ARGS__})
#define ML_DROPOUT(...) ml_layer_dropout((ml_dropout_opts){.p = __VA_ARGS__})
/* ML_CONV(16, .k = 3, .pad = 1), ML_POOL(2), ML_AVG_POOL(3, .stride = 2), ML_BATCH_NORM(), ML_BATCH_NORM(.eps = 1e-3) */
#define ML_CONV(...) ml_layer_conv((ml_conv_opts){.out = __VA_ARGS__})
#define ML_POOL(...) ml_layer_max_pool((ml_pool2d_opts){.k = __VA_ARGS__})
#define ML_AVG_POOL(...) ml_layer_avg_pool((ml_pool2d_opts){.k = __VA_ARGS__})
#define ML_ADAPTIVE_AVG_POOL(p, q) ml_layer_adaptive_avg_pool((p), (q))
#define ML_GLOBAL_AVG_POOL() ml_layer_adaptive_avg_pool(1, 1)
#define ML_UPSAMPLE(factor) ml_layer_upsample(factor)
/* ML_UPSAMPLE_BILINEAR(2), ML_CONV_TRANSPOSE(16, .k = 2, .stride = 2), ML_CONV1D(16, .k = 3, .pad = 1) */
#define ML_UPSAMPLE_BILINEAR(...) ml_layer_upsample_bilinear((ml_upsample_opts){.factor = __VA_ARGS__})
#define ML_CONV_TRANSPOSE(...) ml_layer_conv_transpose((ml_conv_transpose_opts){.out = __VA_ARGS__})
#define ML_CONV1D(...) ml_layer_conv1d((ml_conv1d_layer_opts){.out = __VA_ARGS__})
#define ML_BATCH_NORM(...) ml_layer_batch_norm((ml_norm_opts){.begin = 0, __VA_ARGS__})
#define ML_LAYER_NORM(...) ml_layer_layer_norm((ml_norm_opts){.begin = 0, __VA_ARGS__})
#define ML_EMBEDDING(rows, dims) ml_layer_embedding((rows), (dims))
#define ML_GROUP_NORM(...) ml_layer_group_norm((ml_group_norm_opts){.groups = __VA_ARGS__}) /* ML_GROUP_NORM(8) */
#define ML_RELU() ml_layer_relu()
#define ML_SIGMOID() ml_layer_sigmoid()
#define ML_TANH() ml_layer_tanh()
#define ML_LEAKY_RELU(...) ml_layer_leaky_relu((ml_leaky_relu_opts){.slope = __VA_ARGS__})
#define ML_ELU(...) ml_layer_elu((ml_elu_opts){.begin = 0, __VA_ARGS__})
#define ML_GELU() ml_layer_gelu()
#define ML_GELU_TANH() ml_layer_gelu_tanh()
#define ML_SILU() ml_layer_silu()
#define ML_SOFTPLUS() ml_layer_softplus()
#define ML_SOFTMAX() ml_layer_softmax()
#define ML_LOG_SOFTMAX() ml_layer_log_softmax()
#define ML_FLATTEN() ml_layer_flatten()
#define ML_IDENTITY() ml_layer_identity()

/* Layers and their number, as two arguments: an array that one without a kind ends. */
#define ML_LAYERS(...) (const ml_layer[]){__VA_ARGS__, {0}}, -1
#define ML_SEQ(...) ml_layer_seq(ML_LAYERS(__VA_ARGS__))
#define ML_RESIDUAL(...) ml_layer_residual(ML_LAYERS(__VA_ARGS__))
#define ML_BRANCH(...) ml_layer_branch(ML_LAYERS(__VA_ARGS__))
#define ML_NAME(name, layer) ml_layer_named((name), (layer))

/* ml_net_new(&rng, ML_INPUT(784), ML_DENSE(128), ML_RELU(), ML_DENSE(10)): a sequential net; parameters are named by
 * the layer's index after the input, as in torch.nn.Sequential: "0.weight", "0.bias", "2.weight", "2.bias". */
#define ml_net_new(rng, ...) ml_net_build((rng), ML_LAYERS(__VA_ARGS__))
#endif

/* ---- networks ---- */

struct ml_net {
    ml_params *params; /* owned by the net */
    struct mli_net *self;
};

/* The function behind ml_net_new; n as in ml_block_opts. NULL, with the reason in ml_error, when the layers do not fit. */
ML_API ml_net *ml_net_build(ml_rng *rng, const ml_layer *layers, int n);
/* The path for C++ and for loops: an empty net, then one layer after another, the input first. rng is copied. */
ML_API ml_net *ml_net_empty(const ml_rng *rng);
ML_API ml_status ml_net_add(ml_net *net, ml_layer layer);
ML_API void ml_net_free(ml_net *net);

/* The path for any other shape: your own struct of layers and a C function. ml_net_custom makes a net of it, so that
 * predict, evaluate and the optimizers work; `forward` gets `user` back, and params are yours to add with ml_param. */
typedef ml_tensor *(*ml_forward_fn)(void *user, ml_tape *t, ml_tensor *x);
ML_API ml_net *ml_net_custom(ml_forward_fn forward, void *user, int rank, const int64_t *sample_shape);

/* x is (N, sample shape). */
ML_API ml_tensor *ml_net_forward(ml_net *net, ml_tape *t, ml_tensor *x);

/* Seals and checks, so that ml_predict may be called on this net from many threads at once. */
ML_API ml_status ml_net_prepare(ml_net *net);

/* Forward in eval mode without recording: x is n samples, out receives n rows of ml_net_outputs(net) numbers. */
ML_API ml_status ml_predict(ml_net *net, const ml_real *x, int64_t n, ml_real *out);
/* Which bodies of the kernels ml_predict and ml_evaluate run: ML_KERNEL_FAST until told otherwise. (ml_net_forward goes by its
 * tape.) Not while another thread predicts with this net. */
ML_API ml_status ml_net_set_kernel(ml_net *net, ml_kernel kernel);
ML_API int64_t ml_net_inputs(const ml_net *net);  /* numbers in one sample */
ML_API int64_t ml_net_outputs(ml_net *net);       /* numbers out for one sample; -1 with an error set */

/* ---- hooks: functions that are shown what goes through a net ---- */

/* What a hook sees; good until it returns. */
typedef struct ml_hook_view {
    const char *layer;  /* the name as in the parameters', "features.0" of "features.0.weight" */
    const char *kind;   /* "conv", "relu", ...; "point" (see ml_net_point); "custom" of a custom net as a whole, whose layer is "" */
    const ml_tensor *x; /* in */
    const ml_tensor *y; /* out */
    const ml_real *dy;  /* in backward the gradient of the loss by y, y->size numbers; in forward NULL */
} ml_hook_view;
/* An error that it returns stops forward or backward and sticks to the tape, with a sentence that names the layer. */
typedef ml_status (*ml_hook_fn)(void *user, const ml_hook_view *at);
typedef struct ml_hook {
    ml_hook_fn forward;  /* after the layer has run; NULL: not */
    ml_hook_fn backward; /* when the gradient of its output is whole; NULL: not */
    void *user;
} ml_hook;

/* Sets a hook on the layer of that name, or, where layer is NULL, on every one, blocks and what is inside them too (not on the
 * input). Several on a layer are called in the order in which they were set. The net computes the same bits with hooks as
 * without. They are called in training, ml_predict and ml_evaluate alike, by the thread that runs the net, so not set or
 * take them off while another thread predicts. A layer that gives back its input or a view of it (identity, flatten of rows)
 * has no gradient of its own: dy is that of what it gives back. Returns an id, or 0 with an error set: ML_EINVAL where no
 * layer has that name. The net frees its hooks; user is the caller's. */
ML_API int64_t ml_net_hook(ml_net *net, const char *layer, ml_hook hook);
/* Takes it off; also from inside a hook, also between forward and backward. ML_EINVAL where there is none of that id. */
ML_API ml_status ml_net_unhook(ml_net *net, int64_t id);
/* In the function of a custom net, whose layers have no names: shows x and y to the hooks on `name`, as those of a layer of
 * that name. Returns y, or NULL as ops do:  h = ml_net_point(net, t, "hidden", x, ml_linear(t, x, w, b)); */
ML_API ml_tensor *ml_net_point(ml_net *net, ml_tape *t, const char *name, ml_tensor *x, ml_tensor *y);

/* A table: layer, output shape, parameters, multiply-adds of one sample, bytes of parameters and buffers. What is inside a
 * block is indented. */
ML_API void ml_net_print(FILE *out, ml_net *net);
/* Multiply-adds of one sample's forward, as they are usually counted: those of the products, which dense and convolution
 * layers are. 0 for custom nets. */
ML_API int64_t ml_net_macs(const ml_net *net);

/* ---- files ---- */

/* A net as one file: a safetensors file of its parameters and buffers (names and shapes are PyTorch's), with its layers as
 * JSON in the metadata. extra: NULL, or a JSON object of the caller's, kept with it (classes, means, scores). Equal nets give
 * byte-equal files. A custom net is ML_ESTATE: no file can hold its function, only its numbers (ml_params_save). */
ML_API ml_status ml_net_save(const ml_net *net, const char *path, const char *extra);
/* The net rebuilt from the file alone, with the same bits. NULL, with one sentence, where the file is not such a one, or of
 * a newer format, or says what cannot be; memory stays a small multiple of the file. *extra, where not NULL, gets the JSON
 * object as text to free with free(), or NULL. Layers added later draw their initial values from ml_rng_seed(0). */
ML_API ml_net *ml_net_load(const char *path, char **extra);

ML_END
#endif
