/* predictor.h -- a net made ready for prediction: fewer steps, weights prepared once, values in two or three buffers.
 *
 * A batch norm in eval mode is a straight line, and so goes into the weights of the convolution or dense layer before it. A bias, the
 * shortcut of a residual block and a relu are added while what the convolution has computed is still in the cache. See
 * docs/nets.md, and docs/math/folding.md for the lesson.
 *
 * Use ml_predict while a net is still changing or is asked a few times: it needs no preparing and sees each change. Use a predictor
 * to ask the same net many times, or from many threads.
 */
#ifndef MLCORE_PREDICTOR_H
#define MLCORE_PREDICTOR_H

#include <mlcore/nn.h>

ML_BEGIN

typedef struct ml_predictor ml_predictor;

typedef struct ml_predictor_opts {
    int64_t batch;    /* samples that go through at a time, at most; default: as many as ml_predict takes. Bodies of convolutions are
                         chosen for it: say 1 where samples come one by one */
    ml_kernel kernel; /* default ML_KERNEL_FAST, whatever ml_net_set_kernel was told */
} ml_predictor_opts;

/* Has copies of all that it needs: the net may be trained on or freed, and this predicts as the net did when it was made. Hooks
 * stay with the net. NULL, with a sentence: no layers yet, a batch that is negative or too large, or a custom net (ML_ESTATE), of
 * whose function nobody knows what may be put together. */
ML_API ml_predictor *ml_predictor_new(const ml_net *net, ml_predictor_opts opts);
ML_API void ml_predictor_free(ml_predictor *p);

/* As ml_predict: n samples at x, n rows of answers to out, equal to its answers but for rounding. Any number of threads may run one
 * predictor at once: each call in progress has buffers of its own, which the next call takes over, so that later calls allocate nothing
 * unless n, up to the batch, is larger than before. The bits of a sample's answer do not depend on threads. */
ML_API ml_status ml_predictor_run(ml_predictor *p, const ml_real *x, int64_t n, ml_real *out);

/* A table: the steps, the layers that each is made of, the body of the convolution that runs in it, its output, bytes of weights;
 * below it the bytes of buffers. Layers that do nothing in prediction (dropout, say) are in no step. */
ML_API void ml_predictor_print(FILE *out, const ml_predictor *p);

ML_END
#endif
