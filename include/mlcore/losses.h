/* losses.h -- how wrong, as one number to go down on. Each returns a scalar of the tape, the mean over the batch.
 *
 * Losses take logits, but for ml_nll and ml_kl_div, which take the logarithms of probabilities. NaN is never hidden: where
 * an element that counts is NaN, so is the loss. A batch without elements is an error, as it has no mean.
 */
#ifndef MLCORE_LOSSES_H
#define MLCORE_LOSSES_H

#include <mlcore/autograd.h>

ML_BEGIN

/* ---- against labels ---- */

/* logits (N,K), labels in 0 .. K-1, N of them, valid until ml_backward has run: the mean of -log softmax(logits)[label].
 * Bridle 1990. */
ML_API ml_tensor *ml_softmax_xent(ml_tape *t, ml_tensor *logits, ml_ints labels);

typedef struct ml_xent_opts {
    ml_tensor *class_weight; /* (K), finite and none below 0; NULL: 1 each. The mean is a weighted one. No gradient to it */
    double label_smoothing;  /* in 0 .. 1, default 0: this share of the truth is spread evenly over all K classes */
    bool has_ignore;         /* samples with the label `ignore` count for nothing */
    int32_t ignore;          /* any number, such as -100, or one of 0 .. K-1 */
} ml_xent_opts;

/* The same with options, as PyTorch's cross_entropy. With s the smoothing and w the weights,
 *     loss = -(1/W) sum_n sum_k w[k] ((1 - s) [k = label n] + s / K) log softmax(logits)[n,k],     W = sum_n w[label n]
 * over the samples that are not ignored. Where all are ignored, or all weights met are 0, it is NaN, 0 / 0. No gradient comes
 * from an ignored sample, even one with NaN. Szegedy et al. 2016, section 7. */
ML_API ml_tensor *ml_cross_entropy(ml_tape *t, ml_tensor *logits, ml_ints labels, ml_xent_opts opts);
/* The same from log_p (N,K), logarithms of probabilities such as ml_log_softmax gives. PyTorch's nll_loss, which has no
 * smoothing. That log_p is none above 0 is not checked. */
ML_API ml_tensor *ml_nll(ml_tape *t, ml_tensor *log_p, ml_ints labels, ml_xent_opts opts);

/* ---- against a tensor of the same shape: the mean over all elements ---- */

/* Logits of yes, and targets in 0 .. 1: -y log s - (1 - y) log(1 - s), s = sigmoid(logits). No gradient to targets. */
ML_API ml_tensor *ml_bce_logits(ml_tape *t, ml_tensor *logits, ml_tensor *targets);

typedef struct ml_bce_opts {
    ml_tensor *pos_weight; /* how often a yes counts: a scalar, or the shape of the trailing axes, (K) for logits (N,K).
                              Finite, none below 0; NULL: 1. No gradient to it */
} ml_bce_opts;
/* The same with options: -w y log s - (1 - y) log(1 - s), divided by the number of elements whatever w is, as PyTorch's
 * binary_cross_entropy_with_logits. */
ML_API ml_tensor *ml_binary_cross_entropy(ml_tape *t, ml_tensor *logits, ml_tensor *targets, ml_bce_opts opts);

/* (prediction - target)^2 */
ML_API ml_tensor *ml_mse(ml_tape *t, ml_tensor *prediction, ml_tensor *target);
/* |prediction - target|, PyTorch's l1_loss; the gradient where they are equal is 0. */
ML_API ml_tensor *ml_mae(ml_tape *t, ml_tensor *prediction, ml_tensor *target);
/* With d = prediction - target: d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2). delta > 0 and finite, in the unit
 * of the target. Huber 1964. */
ML_API ml_tensor *ml_huber(ml_tape *t, ml_tensor *prediction, ml_tensor *target, double delta);
/* quantile (target - prediction) where that is positive, else (1 - quantile) (prediction - target): smallest where the share
 * `quantile` of the targets lies below. 0 < quantile < 1; the gradient where they are equal is 0. Koenker and Bassett 1978;
 * scikit-learn's mean_pinball_loss. */
ML_API ml_tensor *ml_pinball(ml_tape *t, ml_tensor *prediction, ml_tensor *target, double quantile);

/* Kullback and Leibler's divergence of log_p (N, ...) from target_p, probabilities in 0 .. 1 (that they sum to 1 is not
 * checked): (1/N) sum target_p (log target_p - log_p), PyTorch's kl_div with reduction="batchmean". A target of 0 costs
 * nothing, also where log_p is -infinity, where PyTorch has NaN. No gradient to target_p. */
ML_API ml_tensor *ml_kl_div(ml_tape *t, ml_tensor *log_p, ml_tensor *target_p);
/* max(0, 1 - target score), targets -1 or 1; the gradient where target score is 1 is 0. No gradient to targets. Cortes and
 * Vapnik 1995. */
ML_API ml_tensor *ml_hinge(ml_tape *t, ml_tensor *scores, ml_tensor *targets);

ML_END
#endif
