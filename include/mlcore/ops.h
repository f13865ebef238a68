/* ops.h -- the vocabulary: each op takes the tape first, computes at once, and returns a tensor that the tape owns.
 *
 * NULL in, NULL out: after the first error (a wrong shape, say) each op returns NULL, and ml_tape_error has the reason.
 * Axes count from 0; a negative axis counts from the end. `axis` of a reduction may be ML_ALL.
 */
#ifndef MLCORE_OPS_H
#define MLCORE_OPS_H

#include <mlcore/autograd.h>

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

/* Losses take logits and return the mean over the batch as a scalar. */
/* logits (N,K), labels in 0 .. K-1, N of them, valid until ml_backward has run. */
ML_API ml_tensor *ml_softmax_xent(ml_tape *t, ml_tensor *logits, ml_ints labels);
/* logits and targets of one shape, targets in 0 .. 1; the mean over all elements. No gradient to targets. */
ML_API ml_tensor *ml_bce_logits(ml_tape *t, ml_tensor *logits, ml_tensor *targets);
/* The mean of (prediction - target)^2 over all elements, of one shape. */
ML_API ml_tensor *ml_mse(ml_tape *t, ml_tensor *prediction, ml_tensor *target);

ML_END
#endif
