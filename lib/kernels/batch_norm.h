/* batch_norm.h -- batch normalization: x (R,C), each channel by its own R numbers. Internal. */
#ifndef MLK_BATCH_NORM_H
#define MLK_BATCH_NORM_H

#include "kernels/norm.h"

/* Bytes of scratch that the bodies without _ref want. */
size_t mlk_batch_norm_work(int64_t rows, int64_t channels);

/* Mean and biased variance of each channel; rows >= 1. */
void mlk_batch_norm_moments_ref(double *mean, double *var, const ml_real *x, int64_t rows,
                                int64_t channels);
void mlk_batch_norm_moments(double *mean, double *var, const ml_real *x, int64_t rows,
                            int64_t channels, void *work);
/* running = (1 - momentum) running + momentum factor batch. The factor is 1 for the mean, and
 * R / (R - 1) for the variance, which makes it unbiased. */
void mlk_batch_norm_track(ml_real *running, const double *batch, int64_t channels, double momentum,
                          double factor);
/* 1 / sqrt(var + eps) in place of var */
void mlk_batch_norm_scale(double *var, int64_t channels, double eps);

void mlk_batch_norm_ref(ml_real *y, const ml_real *x, const mlk_norm *b);
void mlk_batch_norm_forward(ml_real *y, const ml_real *x, const mlk_norm *b, void *work);

void mlk_batch_norm_backward_ref(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                                 const mlk_norm *b);
void mlk_batch_norm_backward(const mlk_norm_grads *g, const ml_real *dy, const ml_real *x,
                             const mlk_norm *b, void *work);

#endif
