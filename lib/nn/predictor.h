/* predictor.h -- what a net made ready consists of: steps, whose values lie in few buffers. Internal.
 *
 * predictor_make.c makes the steps of the layers, predictor.c runs them, predictor_print.c shows them. */
#ifndef MLI_PREDICTOR_H
#define MLI_PREDICTOR_H

#include "kernels/conv2d.h"
#include "nn/nn.h"

#include <mlcore/predictor.h>

#include <pthread.h>

typedef enum mli_step_kind {
    MLI_STEP_CONV, /* a convolution, with all that was put into it; a dense layer is one, of pictures of one pixel */
    MLI_STEP_ADD,  /* the sum of two values */
    MLI_STEP_JOIN, /* values side by side, along the last axis */
    MLI_STEP_LAYER /* a layer as it is */
} mli_step_kind;

/* A value is the number of the step that makes it, or this: the caller's samples. */
enum { MLI_SAMPLES = -1 };

typedef struct mli_step {
    mli_step_kind kind;
    int *in, n_in;   /* the values it reads; of a convolution the second one is added to its sum */
    mli_shape x, out; /* of one sample: in[0], and what it makes */
    int buffer;      /* where that lies */
    bool relu;       /* of a convolution or a sum: max(0, .) of it */
    char *made_of;   /* which layers, for the table */
    /* of a convolution: */
    mlk_conv2d g; /* n: the largest batch */
    mlk_conv2d_body body;
    ml_real *w, *b; /* w is NULL where the body has it packed */
    void *packed;
    /* of a layer: */
    mli_layer layer;
} mli_step;

/* What one call needs while it runs. A buffer is a tape: what a step makes lies on it until another step writes there. */
typedef struct mli_room mli_room;
struct mli_room {
    mli_room *next;
    int64_t samples;        /* there is room for so many */
    const ml_real **at;     /* where the value in each buffer begins */
    ml_tape *buffers[];     /* the first one's workspace is that of all convolutions */
};

struct ml_predictor {
    mli_step *steps;
    int n, room;
    int result;   /* the value that is the answer */
    int buffers;
    int64_t batch;
    ml_kernel kernel;
    mli_shape in, out;
    ml_params *params; /* of the layers that run as they are */
    pthread_mutex_t lock; /* over rooms */
    mli_room *rooms;      /* that no call uses now */
};

/* Makes the steps; p has its options. */
ml_status mli_predictor_make(ml_predictor *p, const mli_net *net);
void mli_step_free(mli_step *s);
/* The most numbers of one sample that a buffer holds, and of how many bytes a step's weights are. */
int64_t mli_predictor_numbers(const ml_predictor *p, int buffer);
int64_t mli_step_bytes(const mli_step *s);
/* Bytes of workspace that the convolutions want for so many samples. */
size_t mli_predictor_workspace(const ml_predictor *p, int64_t samples);

#endif
