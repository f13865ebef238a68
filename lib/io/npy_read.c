/* npy_read.c -- reading .npy: the bytes of the file become the array, in C order and in this machine's byte order.
 *
 * Memory is asked for once, for the file; for a matrix in Fortran order once more. What the header says asks for none.
 */
#include "io/io.h"

#include <string.h>

/* "2x3 of f4 = 24 bytes" into buf, which it returns. */
static char *promise(const ml_npy *npy, size_t bytes, char buf[200])
{
    char shape[160];
    mli_shape_text(npy->rank, npy->shape, shape, sizeof shape);
    snprintf(buf, 200, "%s of %s = %zu bytes", shape, npy->dtype, bytes);
    return buf;
}

static ml_status check_length(const char *name, const ml_npy *npy, size_t have)
{
    char text[200];
    size_t bytes;
    if (!mli_mul_size((size_t)npy->size, mli_npy_width(npy->dtype), &bytes))
        return mli_fail(ML_EFORMAT, "%s: its shape %s is too large", name,
                        mli_shape_text(npy->rank, npy->shape, text, sizeof text));
    if (have < bytes)
        return mli_fail(ML_EFORMAT, "%s: cut short: the header says %s, %zu follow", name, promise(npy, bytes, text), have);
    if (have > bytes)
        return mli_fail(ML_EFORMAT, "%s: the header says %s, but %zu follow", name, promise(npy, bytes, text), have);
    return ML_OK;
}

/* Numbers lie in memory little-endian: params.c sees to that. */
static void swap_bytes(uint8_t *v, int64_t size, size_t width)
{
    for (int64_t k = 0; k < size; k++, v += width)
        for (size_t i = 0; i < width / 2; i++) {
            uint8_t b = v[i];
            v[i] = v[width - 1 - i];
            v[width - 1 - i] = b;
        }
}

/* Walks the array in C order and takes each element from where Fortran order has it. */
static void from_fortran(uint8_t *out, const uint8_t *in, const ml_npy *npy, size_t width)
{
    int64_t stride[ML_MAX_RANK], index[ML_MAX_RANK] = {0}, from = 0;
    for (int i = 0; i < npy->rank; i++)
        stride[i] = i ? stride[i - 1] * npy->shape[i - 1] : 1;
    for (int64_t k = 0; k < npy->size; k++) {
        memcpy(out + (size_t)k * width, in + (size_t)from * width, width);
        for (int i = npy->rank - 1; i >= 0; i--) {
            from += stride[i];
            if (++index[i] < npy->shape[i])
                break;
            from -= stride[i] * npy->shape[i];
            index[i] = 0;
        }
    }
}

/* Puts the elements in order, in npy->data. */
static ml_status arrange(ml_npy *npy, const mli_npy_layout *layout)
{
    size_t width = mli_npy_width(npy->dtype);
    uint8_t *v = npy->data;
    if (layout->swapped)
        swap_bytes(v, npy->size, width);
    if (npy->dtype[0] == 'b')
        for (int64_t i = 0; i < npy->size; i++)
            v[i] = v[i] != 0; /* another value would not be a bool in C */
    if (!layout->fortran || npy->rank < 2)
        return ML_OK;
    uint8_t *in_order = mli_alloc((size_t)npy->size * width);
    if (!in_order)
        return ML_ENOMEM;
    from_fortran(in_order, v, npy, width);
    mli_free(v);
    npy->data = in_order;
    return ML_OK;
}

ml_status mli_npy_parse(const char *name, uint8_t *bytes, size_t n, ml_npy *npy)
{
    mli_npy_layout layout;
    ml_status e = mli_npy_read_header(name, bytes, n, npy, &layout);
    if (!e)
        e = check_length(name, npy, n - layout.begin);
    npy->data = bytes;
    if (!e) {
        memmove(bytes, bytes + layout.begin, n - layout.begin);
        if ((e = arrange(npy, &layout)))
            mli_fail_in(name);
    }
    if (e)
        ml_npy_free(npy);
    return e;
}

ml_status ml_npy_read(const char *path, ml_npy *npy)
{
    uint8_t *bytes;
    size_t n;
    if (!path || !npy)
        return mli_fail(ML_EINVAL, "npy_read: %s is NULL", path ? "npy" : "path");
    *npy = (ml_npy){0};
    ml_status e = mli_read_file(path, SIZE_MAX / 4, &bytes, &n);
    return e ? e : mli_npy_parse(path, bytes, n, npy);
}

void ml_npy_free(ml_npy *npy)
{
    if (!npy)
        return;
    mli_free(npy->data);
    *npy = (ml_npy){0};
}
