/* ops.h -- the vocabulary: each op takes the tape first, computes at once, and returns a tensor that the tape owns.
 *
 * NULL in, NULL out: after the first error (a wrong shape, say) each op returns NULL, and ml_tape_error has the reason.
 * Axes count from 0; a negative axis counts from the end. `axis` of a reduction may be ML_ALL.
 */
#ifndef MLCORE_OPS_H
#define MLCORE_OPS_H

#include <mlcore/autograd.h>
#include <mlcore/losses.h>

ML_BEGIN

enum { ML_ALL = 1000 }; /* reduce over all axes */

/* Elementwise with NumPy's broadcasting: shapes are aligned at their last axis, and an extent of 1 stretches. */
ML_API ml_tensor *ml_add(ml_tape *t, ml_tensor *a, ml_tensor *b);
ML_API ml_tensor *ml_sub(ml_tape *t, ml_tensor *a, ml_tensor *b);
ML_API ml_tensor *ml_mul(ml_tape *t, ml_tensor *a, ml_tensor *b);
ML_API ml_tensor *ml_div(ml_tape *t, ml_tensor *a, ml_tensor *b);
/* x * factor */
ML_API ml_tensor *ml_scale(ml_tape *t, ml_tensor *x, double factor);

ML_API ml_tensor *ml_exp(ml_tape *t, ml_tensor *x);
ML_API ml_tensor *ml_log(ml_tape *t, ml_tensor *x);
ML_API ml_tensor *ml_sqrt(ml_tape *t, ml_tensor *x);
/* |x|; the gradient at 0 is 0, as in PyTorch */
ML_API ml_tensor *ml_abs(ml_tape *t, ml_tensor *x);
/* max(x, 0); the gradient at 0 is 0; NaN stays NaN */
ML_API ml_tensor *ml_relu(ml_tape *t, ml_tensor *x);
ML_API ml_tensor *ml_sigmoid(ml_tape *t, ml_tensor *x);
ML_API ml_tensor *ml_tanh(ml_tape *t, ml_tensor *x);

/* -x */
ML_API ml_tensor *ml_neg(ml_tape *t, ml_tensor *x);
ML_API ml_tensor *ml_sin(ml_tape *t, ml_tensor *x);
ML_API ml_tensor *ml_cos(ml_tape *t, ml_tensor *x);
/* x^p. As in PyTorch, x^0 is 1 with gradient 0 for every x, NaN too; a negative x to a power that is not whole is NaN; at
 * x = 0 the gradient is what p x^(p-1) gives: 0 for p > 1, 1 for p = 1, infinite for other p below 1. Error: p not finite. */
ML_API ml_tensor *ml_pow(ml_tape *t, ml_tensor *x, double p);
/* a^b, broadcast. The gradient of b is y log a: NaN where a < 0, and 0 where a = 0 and b >= 0. */
ML_API ml_tensor *ml_pow_tensors(ml_tape *t, ml_tensor *a, ml_tensor *b);

/* x kept within low .. high; -INFINITY or INFINITY for no bound. The gradient passes where x is within, at the bounds too.
 * NaN stays NaN, with gradient 0. Errors: a NaN bound, low above high. */
ML_API ml_tensor *ml_clamp(ml_tape *t, ml_tensor *x, double low, double high);
/* The larger, the smaller, broadcast. NaN wins. Where a = b each gets half of the gradient; where one is NaN, both get all
 * of it, as in PyTorch. */
ML_API ml_tensor *ml_maximum(ml_tape *t, ml_tensor *a, ml_tensor *b);
ML_API ml_tensor *ml_minimum(ml_tape *t, ml_tensor *a, ml_tensor *b);
/* a where cond is not 0 (NaN is not), else b; all three broadcast. What was not chosen gets gradient 0, and its NaN goes
 * nowhere. No gradient to cond. */
ML_API ml_tensor *ml_where(ml_tape *t, ml_tensor *cond, ml_tensor *a, ml_tensor *b);
/* 1 where it holds, else 0; broadcast. Flat almost everywhere: no gradient. With NaN only not_equal holds. */
ML_API ml_tensor *ml_greater(ml_tape *t, ml_tensor *a, ml_tensor *b);
ML_API ml_tensor *ml_greater_equal(ml_tape *t, ml_tensor *a, ml_tensor *b);
ML_API ml_tensor *ml_less(ml_tape *t, ml_tensor *a, ml_tensor *b);
ML_API ml_tensor *ml_less_equal(ml_tape *t, ml_tensor *a, ml_tensor *b);
ML_API ml_tensor *ml_equal(ml_tape *t, ml_tensor *a, ml_tensor *b);
ML_API ml_tensor *ml_not_equal(ml_tape *t, ml_tensor *a, ml_tensor *b);

/* x where x > 0, else slope x; the gradient at 0 is slope. Maas et al. 2013. Error: slope not finite. */
ML_API ml_tensor *ml_leaky_relu(ml_tape *t, ml_tensor *x, double slope);
/* x where x > 0, else alpha (e^x - 1); the gradient at 0 is alpha. Clevert et al. 2016, eq. 16. Error: alpha negative or
 * not finite. */
ML_API ml_tensor *ml_elu(ml_tape *t, ml_tensor *x, double alpha);
/* x Phi(x), Phi the chance that a standard normal number is below x: x (1 + erf(x / sqrt 2)) / 2. Hendrycks and Gimpel 2016. */
ML_API ml_tensor *ml_gelu(ml_tape *t, ml_tensor *x);
/* The same with Phi(x) ~ (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2: GPT-2's. */
ML_API ml_tensor *ml_gelu_tanh(ml_tape *t, ml_tensor *x);
/* x sigmoid(x), also called swish. Elfwing et al. 2018. (gelu, gelu_tanh and silu of minus infinity are NaN, infinity times
 * 0, and so is their gradient at either infinity, as in PyTorch.) */
ML_API ml_tensor *ml_silu(ml_tape *t, ml_tensor *x);
/* log(1 + e^x), to the last digits on both sides (PyTorch's gives x itself above 20). Dugas et al. 2001. */
ML_API ml_tensor *ml_softplus(ml_tape *t, ml_tensor *x);

/* (N,D) x (D,M) -> (N,M) */
ML_API ml_tensor *ml_matmul(ml_tape *t, ml_tensor *a, ml_tensor *b);
/* The same with a or b read transposed: transpose_a wants a as (D,N), transpose_b wants b as (M,D). */
ML_API ml_tensor *ml_matmul_t(ml_tape *t, ml_tensor *a, ml_tensor *b, bool transpose_a, bool transpose_b);
/* Matrices by the batch, in the last two axes: a (...,N,D), b (...,D,M) -> (...,N,M), each read transposed where asked. The
 * axes before must be equal, or a or b has rank 2: one matrix for all, whose gradient is the sum over all. */
ML_API ml_tensor *ml_bmm(ml_tape *t, ml_tensor *a, ml_tensor *b, bool transpose_a, bool transpose_b);
/* x W^T + b: x (N,D), w (M,D), b (M) or NULL for none -> (N,M). To pass a b that an error made NULL is caught by the
 * sticky error. */
ML_API ml_tensor *ml_linear(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b);

/* Along one axis; softmax sums to 1 along it. */
ML_API ml_tensor *ml_softmax(ml_tape *t, ml_tensor *x, int axis);
ML_API ml_tensor *ml_log_softmax(ml_tape *t, ml_tensor *x, int axis);

/* Over one axis, or ML_ALL. keep_dim leaves an extent of 1 there. */
ML_API ml_tensor *ml_sum(ml_tape *t, ml_tensor *x, int axis, bool keep_dim);
ML_API ml_tensor *ml_mean(ml_tape *t, ml_tensor *x, int axis, bool keep_dim);
/* Largest value; the gradient goes to the first of equals along an axis, as PyTorch's max(dim) gives on a CPU; with
 * ML_ALL it is shared evenly among equals, as PyTorch's amax does. NaN wins. */
ML_API ml_tensor *ml_max(ml_tape *t, ml_tensor *x, int axis, bool keep_dim);
/* Smallest value; in all else as ml_max. NaN wins here too. */
ML_API ml_tensor *ml_min(ml_tape *t, ml_tensor *x, int axis, bool keep_dim);
/* sum (x - mean)^2 / (n - correction) over the n elements, in two passes: exact also where the mean is large. correction 0
 * is the spread of these n numbers, 1 the guess at that of what they were drawn from (PyTorch's default). Fewer than
 * correction + 1 elements are an error, where PyTorch gives NaN or infinity. */
ML_API ml_tensor *ml_var(ml_tape *t, ml_tensor *x, int axis, bool keep_dim, int correction);
/* The standard deviation: its square root. The gradient where it is 0 is 0, as in PyTorch. */
ML_API ml_tensor *ml_std(ml_tape *t, ml_tensor *x, int axis, bool keep_dim, int correction);
/* (sum |x|^p)^(1/p), p > 0; INFINITY: the largest |x|, of no elements an error, and the gradient is shared evenly among
 * equals. The gradient at x = 0 is 0, that of a zero vector too, as in PyTorch. No power overflows on the way. */
ML_API ml_tensor *ml_norm(ml_tape *t, ml_tensor *x, double p, int axis, bool keep_dim);
/* log sum exp(x), without overflow; of no elements -infinity. */
ML_API ml_tensor *ml_logsumexp(ml_tape *t, ml_tensor *x, int axis, bool keep_dim);

/* The same numbers in another shape: a view. One extent may be -1: it is inferred. */
ML_API ml_tensor *ml_reshape(ml_tape *t, ml_tensor *x, int rank, const int64_t *shape);
/* (N, ...) -> (N, product of the rest): a view. (For images, N H W C, see the layer ML_FLATTEN.) */
ML_API ml_tensor *ml_flatten(ml_tape *t, ml_tensor *x);
/* Axes in another order: order is a permutation of 0 .. rank-1, NULL reverses them. A copy. */
ML_API ml_tensor *ml_transpose(ml_tape *t, ml_tensor *x, const int *order);
/* x[..., begin:end, ...] along an axis: a view where it is contiguous (axis 0), else a copy. */
ML_API ml_tensor *ml_slice(ml_tape *t, ml_tensor *x, int axis, int64_t begin, int64_t end);
/* n tensors one after another along an axis. A copy. */
ML_API ml_tensor *ml_concat(ml_tape *t, ml_tensor *const *xs, int n, int axis);

/* Picking and moving. Every index is in 0 .. extent-1 (none counts from the end), else the error says which entry is not.
 * What an ml_ints points to must stay valid until ml_backward has run, as the labels of a loss. */

/* out[.., j, ..] = x[.., index[.., j, ..], ..]: each number by an index of its own. The index is row-major and has x's
 * extents but along the axis, where its extent is index.n / (the product of the others), or 1 where that product is 0.
 * The gradient of a number picked twice is the sum of both, in the order of j. PyTorch's gather. */
ML_API ml_tensor *ml_gather(ml_tape *t, ml_tensor *x, int axis, ml_ints index);
/* A copy of x with src added: out[.., index[.., j, ..], ..] += src[.., j, ..], in the order of j. src has x's extents but
 * along the axis, and the index as many entries as src. PyTorch's scatter_add. */
ML_API ml_tensor *ml_scatter_add(ml_tape *t, ml_tensor *x, int axis, ml_ints index, ml_tensor *src);
/* Whole slices: out[.., j, ..] = x[.., index[j], ..]. PyTorch's index_select. */
ML_API ml_tensor *ml_select(ml_tape *t, ml_tensor *x, int axis, ml_ints index);
/* w (V,D), n ids in 0 .. V-1 -> (n,D): row ids[n] of w. Gradients of a row that is there more than once add in the order
 * of ids. Bengio et al. 2003. */
ML_API ml_tensor *ml_embedding(ml_tape *t, ml_tensor *w, ml_ints ids);
/* n labels in 0 .. classes-1 -> (n, classes): 1 at the label, else 0. A constant: nothing is recorded, and the labels are
 * no longer needed. */
ML_API ml_tensor *ml_one_hot(ml_tape *t, ml_ints labels, int64_t classes);

/* x in a frame: before[d] and after[d] numbers more along axis d, each of them value (any number, NaN and infinities
 * too). Errors: a negative one. A copy. */
ML_API ml_tensor *ml_pad(ml_tape *t, ml_tensor *x, const int64_t *before, const int64_t *after, double value);
/* n tensors of one shape along a new axis, -rank-1 .. rank of theirs: n of (3,4) along axis 1 are (3,n,4). A copy. */
ML_API ml_tensor *ml_stack(ml_tape *t, ml_tensor *const *xs, int n, int axis);
/* x side by side with itself, times[d] times along axis d (0: an empty tensor). A copy. NumPy's tile, PyTorch's repeat. */
ML_API ml_tensor *ml_tile(ml_tape *t, ml_tensor *x, const int64_t *times);

/* out[.., k, ..] = x[.., 0, ..] + ... + x[.., k, ..] */
ML_API ml_tensor *ml_cumsum(ml_tape *t, ml_tensor *x, int axis);
/* The numbers along an axis in order, smallest first, or largest. Stable: equal ones stay as they stood. NaN counts as
 * the largest, as in PyTorch. order, where not NULL, gets x->size numbers: where along the axis each came from; there its
 * gradient goes. The axis has at most INT32_MAX entries. */
ML_API ml_tensor *ml_sort(ml_tape *t, ml_tensor *x, int axis, bool descending, int32_t *order);
/* The k largest along an axis, largest first: how ml_sort descending begins, so of equals the first. k is 0 .. extent.
 * index, where not NULL, gets as many numbers as the output has. What is not among them has gradient 0. */
ML_API ml_tensor *ml_top_k(ml_tape *t, ml_tensor *x, int axis, int64_t k, int32_t *index);
/* Where along an axis (or in all of x, with ML_ALL) the largest number is, the first of equals; NaN counts as the largest.
 * out gets a number for each place that is left when the axis goes away. Nothing is recorded. Errors: an empty axis. */
ML_API ml_status ml_argmax(const ml_tensor *x, int axis, int32_t *out);

/* Each element is 0 with probability p, else x / (1 - p); in eval mode, x itself. Srivastava et al. 2014. */
ML_API ml_tensor *ml_dropout(ml_tape *t, ml_tensor *x, double p);

/* Images: N H W C. */

/* Options of a convolution; 0 is the default. Those that end in _w are along W: the same as along H where 0. */
typedef struct ml_conv2d_opts {
    int64_t stride;                      /* default 1 */
    int64_t pad;                         /* zeros around the picture, on each side; default 0 */
    int64_t dilation;                    /* distance of the taps of the window; default 1 */
    int64_t groups;                      /* default 1; each sees C/groups channels and has F/groups filters */
    int64_t stride_w, pad_w, dilation_w; /* pad_w ML_NONE: none along W though there is along H */
} ml_conv2d_opts;
/* x (N,H,W,C), w (F,R,S,C/groups), b (F) or NULL for none -> (N,P,Q,F), P = (H + 2 pad - dilation (R-1) - 1) / stride + 1.
 * The window is not flipped, as everywhere in the field. */
ML_API ml_tensor *ml_conv2d(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv2d_opts opts);
/* A convolution has several bodies (docs/math/conv2d.md): which one runs for x (N,H,W,C), w (F,R,S,C/groups), these options and this
 * kernel of the tape, and why, as text to free with free(): a line for each of forward, gradient by input, gradient by weight.
 *     forward: gemm, since the window is one pixel: the picture is a matrix already
 * The environment variable MLCORE_CONV_ALGO asks for one by its name (ref, gemm, im2col, ...; auto: none), for all convolutions of
 * the process but those of ML_KERNEL_REF: it runs where it fits the shape, and where not, the text says so. It is read once, at the
 * first convolution; under a name that is none, ops and this fail with ML_EINVAL. NULL, with a sentence, where shapes do not fit. */
ML_API char *ml_conv_explain(const int64_t x[4], const int64_t w[4], ml_conv2d_opts opts, ml_kernel kernel);

/* Windows that slide over an image, along H and, where that is to differ, along W. As PyTorch's MaxPool2d and AvgPool2d. */
typedef struct ml_pool2d_opts {
    int64_t k, k_w;           /* pixels of a window; k_w: default k */
    int64_t stride, stride_w; /* pixels from window to window; default k; stride_w: default stride if given, else k_w */
    int64_t pad, pad_w;       /* pixels put around x, k / 2 at most; default none; pad_w: default pad, or ML_NONE */
    bool exclude_pad;         /* an average divides by the pixels of x alone (a maximum never sees the padding) */
    bool ceil_mode;           /* the last window may stick out, if it begins in x or in the padding before it */
} ml_pool2d_opts;
/* (N,H,W,C) -> (N,P,Q,C), P = floor((H + 2 pad - k) / stride) + 1, Q alike. N may be 0. Errors: another rank, H or W 0,
 * k or stride below 1, pad above k / 2, a window larger than the padded x. */
/* The largest number of each window. NaN wins; the gradient goes to the first of equals (the last of several NaN). */
ML_API ml_tensor *ml_max_pool2d(ml_tape *t, ml_tensor *x, ml_pool2d_opts opts);
/* The mean of each window. LeCun et al. 1998, section II. */
ML_API ml_tensor *ml_avg_pool2d(ml_tape *t, ml_tensor *x, ml_pool2d_opts opts);
/* (N,H,W,C) -> (N,p,q,C): the means of p by q parts, as equal as whole pixels allow, as PyTorch's AdaptiveAvgPool2d. Row i
 * is the mean of rows floor(i H / p) .. ceil((i + 1) H / p) - 1. With p = q = 1, of the whole image. p and q 1 or more. */
ML_API ml_tensor *ml_adaptive_avg_pool2d(ml_tape *t, ml_tensor *x, int64_t p, int64_t q);
/* (N,H,W,C) -> (N,factor H,factor W,C): each pixel becomes factor x factor pixels like it. factor 1 or more. */
ML_API ml_tensor *ml_upsample_nearest(ml_tape *t, ml_tensor *x, int64_t factor);
/* (N,H,W,C) -> (N,p,q,C): each new pixel is a mean of the four around it, by nearness. As PyTorch's interpolate(size=(p, q),
 * mode="bilinear"): align_corners puts the middles of the corner pixels on each other, else the corners of the images meet. A
 * smaller p or q leaves pixels out. H, W, p and q are 1 or more. NaN spreads even with a weight of 0. */
ML_API ml_tensor *ml_upsample_bilinear(ml_tape *t, ml_tensor *x, int64_t p, int64_t q, bool align_corners);

/* Transposed convolution, as PyTorch's ConvTranspose2d: each pixel of x stamps the window, times its value, into a larger
 * picture. x (N,H,W,C), w (C,R,S,F/groups), b (F) or NULL for none -> (N,P,Q,F),
 * P = (H-1) stride - 2 pad + dilation (R-1) + output_pad + 1. It is the backward by input of the ml_conv2d that has the same w.
 * Errors: shapes that do not fit, P or Q below 1, an output_pad that is neither below stride nor below dilation. */
typedef struct ml_conv_transpose2d_opts {
    int64_t stride;     /* pixels from stamp to stamp; default 1 */
    int64_t pad;        /* pixels cut off from the result, on each side; default 0 */
    int64_t output_pad; /* pixels more below and to the right: of the sizes that a stride makes alike, which; default 0 */
    int64_t dilation;   /* distance of the taps of the window; default 1 */
    int64_t groups;     /* default 1; each has C/groups channels and F/groups filters */
    int64_t stride_w, pad_w, output_pad_w, dilation_w; /* along W: as along H where 0; ML_NONE for none of a pad */
} ml_conv_transpose2d_opts;
ML_API ml_tensor *ml_conv_transpose2d(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv_transpose2d_opts opts);

/* Convolution along time, as PyTorch's Conv1d: x (N,T,C), w (F,R,C/groups), b (F) or NULL for none -> (N,P,F),
 * P = (T + 2 pad - dilation (R-1) - 1) / stride + 1. */
typedef struct ml_conv1d_opts {
    int64_t stride;   /* default 1 */
    int64_t pad;      /* zeros before and after the sequence; default 0 */
    int64_t dilation; /* distance of the taps of the window; default 1 */
    int64_t groups;   /* default 1; each sees C/groups channels and has F/groups filters */
} ml_conv1d_opts;
ML_API ml_tensor *ml_conv1d(ml_tape *t, ml_tensor *x, ml_tensor *w, ml_tensor *b, ml_conv1d_opts opts);

/* Normalization. */

/* y = gamma (x - mean) / sqrt(var + eps) + beta for each channel: x (..., C), the last axis holds the channels, so that
 * (N,C), (N,T,C) and (N,H,W,C) are one op. gamma and beta (C), or NULL for 1 and 0. mean and var (C) are the running
 * statistics, NULL to keep none.
 * Training: mean and biased variance of the batch; then running = (1 - momentum) running + momentum batch, with the
 * unbiased variance, as PyTorch does, also under ml_no_grad. Fewer than 2 rows are an error.
 * Eval: the running statistics, which are only read, so that many threads may share them; without any, those of the batch
 * again. An empty batch gives an empty tensor.
 * NaN makes its whole channel NaN in training, one number in eval. To pass a gamma or beta that an error made NULL is
 * caught by the sticky error. Ioffe and Szegedy 2015. */
typedef struct ml_batch_norm_opts {
    double momentum;  /* weight of the new batch, in 0 .. 1; default 0.1; ML_ZERO for 0 */
    double eps;       /* default 1e-5; ML_ZERO for 0 */
    bool use_running; /* normalise by the running statistics in training too, and leave them alone: a frozen layer */
} ml_batch_norm_opts;
ML_API ml_tensor *ml_batch_norm(ml_tape *t, ml_tensor *x, ml_tensor *gamma, ml_tensor *beta, ml_tensor *mean,
                                ml_tensor *var, ml_batch_norm_opts opts);
/* The same formula, but mean and biased variance are those of each sample, over the trailing axes of x that the shape of
 * gamma names: x (N,T,D) and gamma (D) normalise each of the N T rows of D numbers. gamma and beta have one shape; NULL for 1
 * and 0; both NULL: over the last axis. eps 0 is the default, 1e-5; ML_ZERO for 0. Training and eval are the same, and
 * an empty x gives an empty tensor. Ba, Kiros, Hinton 2016. */
ML_API ml_tensor *ml_layer_norm(ml_tape *t, ml_tensor *x, ml_tensor *gamma, ml_tensor *beta, double eps);
/* The same formula, with mean and biased variance of each sample's groups: x (N,...,C), its C channels in `groups` runs of
 * C / groups neighbours, each over all axes between as well; gamma and beta (C), or NULL for 1 and 0. With 1 group a layer norm
 * over the whole sample, with C an instance norm. eps as above. Training and eval are the same, and an empty x gives an empty
 * tensor. Wu and He 2018. */
ML_API ml_tensor *ml_group_norm(ml_tape *t, ml_tensor *x, int64_t groups, ml_tensor *gamma, ml_tensor *beta,
                                double eps);

/* Attention: y = softmax(scale q k^T + mask) v over the last two axes: q (...,T,D) asks, k (...,S,D) and v (...,S,M) are what
 * it looks at -> (...,T,M); the axes before (batch, heads) are equal. A query that sees no key gives 0. Memory grows with
 * S, not with T S. Errors: shapes that do not fit, D 0, a scale that is no number. Vaswani et al. 2017, eq. 1. */
typedef struct ml_attention_opts {
    double scale;    /* default 1 / sqrt(D); ML_ZERO for 0 */
    bool causal;     /* query i sees keys 0 .. i only */
    ml_tensor *mask; /* (T,S) for all, or (...,T,S): added to the scores, so -INFINITY hides a key; it must live until
                        ml_backward has run, and gets no gradient. NULL: none */
} ml_attention_opts;
ML_API ml_tensor *ml_attention(ml_tape *t, ml_tensor *q, ml_tensor *k, ml_tensor *v, ml_attention_opts opts);

/* Losses: losses.h. */

ML_END
#endif
