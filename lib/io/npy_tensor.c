/* npy_tensor.c -- between arrays of NumPy's and tensors: every number becomes the ml_real that is nearest. */
#include "io/io.h"

#include <math.h>
#include <string.h>

#ifdef MLCORE_DOUBLE
#define REAL_DTYPE "f8"
#else
#define REAL_DTYPE "f4"
#endif

/* IEEE 754 binary16: sign, five bits of exponent, ten of fraction. */
static ml_real half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double v;
    if (exponent == 31)
        v = fraction ? NAN : INFINITY;
    else if (exponent)
        v = ldexp(1024 + fraction, exponent - 25);
    else
        v = ldexp(fraction, -24);
    return (ml_real)(bits >> 15 ? -v : v);
}

static ml_real truth(uint8_t v)
{
    return v != 0;
}

/* The elements may lie anywhere, so each is copied before it is read as what it is. */
#define COPY(type, convert)                                         \
    for (int64_t i = 0; i < x->size; i++) {                         \
        type v;                                                     \
        memcpy(&v, in + (size_t)i * sizeof v, sizeof v);            \
        x->data[i] = convert(v);                                    \
    }

static void copy_numbers(ml_tensor *x, const ml_npy *npy)
{
    const uint8_t *in = npy->data;
    switch (npy->dtype[0] << 8 | npy->dtype[1]) {
    case 'b' << 8 | '1': COPY(uint8_t, truth) break;
    case 'i' << 8 | '1': COPY(int8_t, (ml_real)) break;
    case 'i' << 8 | '2': COPY(int16_t, (ml_real)) break;
    case 'i' << 8 | '4': COPY(int32_t, (ml_real)) break;
    case 'i' << 8 | '8': COPY(int64_t, (ml_real)) break;
    case 'u' << 8 | '1': COPY(uint8_t, (ml_real)) break;
    case 'u' << 8 | '2': COPY(uint16_t, (ml_real)) break;
    case 'u' << 8 | '4': COPY(uint32_t, (ml_real)) break;
    case 'u' << 8 | '8': COPY(uint64_t, (ml_real)) break;
    case 'f' << 8 | '2': COPY(uint16_t, half) break;
    case 'f' << 8 | '4': COPY(float, (ml_real)) break;
    default: COPY(double, (ml_real)) break;
    }
}

ml_tensor *ml_tensor_of_npy(const ml_npy *npy)
{
    char shown[MLI_SHOWN];
    if (!npy)
        return NULL;
    if (!npy->dtype || !mli_npy_dtype(npy->dtype))
        return mli_null(ML_EINVAL, "tensor_of_npy: unknown dtype %s", npy->dtype ? mli_shown(npy->dtype, shown) : "NULL");
    ml_tensor *x = ml_tensor_new(npy->rank, npy->shape);
    if (!x)
        return NULL;
    if (x->size != npy->size || (x->size && !npy->data)) {
        mli_fail(ML_EINVAL, "tensor_of_npy: its shape has %lld elements, but it has %lld", (long long)x->size,
                 npy->data ? (long long)npy->size : 0);
        ml_tensor_free(x);
        return NULL;
    }
    copy_numbers(x, npy);
    return x;
}

ml_npy ml_npy_of_tensor(const ml_tensor *x)
{
    ml_npy npy = {0};
    if (!x)
        return npy;
    npy = (ml_npy){.dtype = REAL_DTYPE, .rank = x->rank, .size = x->size, .data = x->data};
    memcpy(npy.shape, x->shape, sizeof npy.shape);
    return npy;
}

ml_tensor *ml_npy_tensor(const char *path)
{
    ml_npy npy;
    if (ml_npy_read(path, &npy))
        return NULL;
    ml_tensor *x = ml_tensor_of_npy(&npy);
    if (!x)
        mli_fail_in(path);
    ml_npy_free(&npy);
    return x;
}

ml_status ml_npy_save_tensor(const char *path, const ml_tensor *x)
{
    if (!path || !x)
        return mli_fail(ML_EINVAL, "npy_save_tensor: %s is NULL", path ? "tensor" : "path");
    ml_npy npy = ml_npy_of_tensor(x);
    return ml_npy_write(path, &npy);
}
