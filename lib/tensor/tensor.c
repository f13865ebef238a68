/* tensor.c -- making, freeing and reading tensors. */
#include "base/base.h"

#include <mlcore/tensor.h>

#include <math.h>
#include <string.h>

ml_tensor *ml_tensor_new(int rank, const int64_t *shape)
{
    int64_t size;
    if (rank < 0 || rank > ML_MAX_RANK)
        return mli_null(ML_EINVAL, "tensor: rank %d is not in 0 .. %d", rank, ML_MAX_RANK);
    if (rank > 0 && !shape)
        return mli_null(ML_EINVAL, "tensor: shape is NULL");
    if (!mli_shape_size(rank, shape, &size)) {
        char text[160];
        return mli_null(ML_EINVAL, "tensor: shape %s is negative or too large",
                        mli_shape_text(rank, shape, text, sizeof text));
    }
    ml_tensor *x = mli_calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->data = mli_calloc((size_t)size, sizeof(ml_real));
    if (!x->data) {
        mli_free(x);
        return NULL;
    }
    x->rank = rank;
    x->size = size;
    x->op = -1;
    for (int i = 0; i < rank; i++)
        x->shape[i] = shape[i];
    return x;
}

ml_tensor *ml_tensor_from(int rank, const int64_t *shape, const ml_real *values)
{
    if (!values)
        return mli_null(ML_EINVAL, "tensor: values is NULL");
    ml_tensor *x = ml_tensor_new(rank, shape);
    if (x)
        memcpy(x->data, values, (size_t)x->size * sizeof *values);
    return x;
}

void ml_tensor_free(ml_tensor *x)
{
    if (!x || x->on_tape)
        return;
    mli_free(x->data);
    mli_free(x->grad);
    mli_free(x);
}

ml_status ml_requires_grad(ml_tensor *x)
{
    if (!x)
        return mli_fail(ML_EINVAL, "requires_grad: tensor is NULL");
    if (x->on_tape)
        return mli_fail(ML_EINVAL, "requires_grad: this tensor was made by an op; use ml_keep_grad");
    if (!x->grad && !(x->grad = mli_calloc((size_t)x->size, sizeof(ml_real))))
        return ML_ENOMEM;
    x->requires_grad = true;
    return ML_OK;
}

double ml_at(const ml_tensor *x, const int64_t *index)
{
    int64_t at = 0;
    if (!x || (x->rank && !index)) {
        mli_fail(ML_EINVAL, "at: tensor or index is NULL");
        return NAN;
    }
    for (int i = 0; i < x->rank; i++) {
        if (x->shape[i] == 0) {
            mli_fail(ML_EINVAL, "at: axis %d is empty: it has no index %lld", i, (long long)index[i]);
            return NAN;
        }
        if (index[i] < 0 || index[i] >= x->shape[i]) {
            mli_fail(ML_EINVAL, "at: index %lld of axis %d is outside 0 .. %lld", (long long)index[i], i,
                     (long long)x->shape[i] - 1);
            return NAN;
        }
        at = at * x->shape[i] + index[i];
    }
    return (double)x->data[at];
}

char *ml_shape_text(const ml_tensor *x, char *buf, size_t size)
{
    if (x)
        return mli_shape_text(x->rank, x->shape, buf, size);
    snprintf(buf, size, "NULL");
    return buf;
}
