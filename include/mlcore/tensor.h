/* tensor.h -- an array of ml_real with a shape: contiguous, row-major, rank 0 to 6.
 *
 * What you made with ml_tensor_new or ml_tensor_from, you free with ml_tensor_free. What an op returned belongs to its
 * tape. The fields may be read; write only into data[0 .. size-1].
 */
#ifndef MLCORE_TENSOR_H
#define MLCORE_TENSOR_H

#include <mlcore/error.h>

ML_BEGIN

typedef struct ml_tensor ml_tensor;
struct ml_tensor {
    ml_real *data; /* size numbers */
    ml_real *grad; /* d loss / d data once a backward pass reached it and where it is kept, else NULL */
    int rank;
    int64_t shape[ML_MAX_RANK];
    int64_t size;          /* product of the extents; 1 for rank 0 */
    const char *name;      /* of a parameter, else NULL */
    ml_tensor *base;       /* the tensor that a view looks into, else NULL */
    int64_t offset;        /* where in base->data a view begins */
    int64_t op;            /* index on the tape of the op that made it, -1 for a leaf */
    bool requires_grad;    /* gradients flow to it */
    bool keep_grad;        /* its gradient stays readable until the tape is reset */
    bool has_grad;         /* grad holds a gradient: the next one adds, where the first overwrote */
    bool on_tape;          /* a tape owns it */
    bool frozen;           /* a parameter or buffer that ml_params_freeze stopped */
    bool conv1d;           /* a parameter (F,R,C) that lies on file as (F,C,R): see ml_param_conv1d */
};

/* A new tensor of zeros; shape has rank extents, each >= 0. NULL on overflow or lack of memory. */
ML_API ml_tensor *ml_tensor_new(int rank, const int64_t *shape);

/* A new tensor with a copy of values, which has as many numbers as the shape says. */
ML_API ml_tensor *ml_tensor_from(int rank, const int64_t *shape, const ml_real *values);

#ifndef __cplusplus
/* ml_zeros(2, 3): a new 2x3 tensor of zeros. */
#define ml_zeros(...)                                                                                  \
    ml_tensor_new((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__})
#endif

/* Frees a tensor made with _new or _from (NULL is fine); one that a tape owns is left alone. */
ML_API void ml_tensor_free(ml_tensor *x);

/* Marks a leaf so that backward writes x->grad (allocated here, zero at first). */
ML_API ml_status ml_requires_grad(ml_tensor *x);

/* The number at an index, such as (int64_t[]){1, 2}; NaN with an error set where it is outside. */
ML_API double ml_at(const ml_tensor *x, const int64_t *index);

/* "64x784" into buf, which it returns; "scalar" for rank 0. */
ML_API char *ml_shape_text(const ml_tensor *x, char *buf, size_t size);

/* Prints shape and values, cut in the middle where an axis is longer than 8, as NumPy does. */
ML_API void ml_fprint(FILE *out, const ml_tensor *x);
/* The same to stdout. */
ML_API void ml_print(const ml_tensor *x);

ML_END
#endif
