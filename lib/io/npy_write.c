/* npy_write.c -- writing .npy, byte for byte as numpy.save does: version 1.0, C order, the data on a 64-byte boundary. */
#include "io/io.h"

#include <string.h>

static ml_status check(const char *name, const ml_npy *npy)
{
    char shape[160], shown[MLI_SHOWN];
    int64_t size;
    size_t bytes;
    if (!npy->dtype || !mli_npy_dtype(npy->dtype))
        return mli_fail(ML_EINVAL, "%s: unknown dtype %s", name, npy->dtype ? mli_shown(npy->dtype, shown) : "NULL");
    if (npy->rank < 0 || npy->rank > ML_MAX_RANK)
        return mli_fail(ML_EINVAL, "%s: rank %d, expected 0 to %d", name, npy->rank, ML_MAX_RANK);
    mli_shape_text(npy->rank, npy->shape, shape, sizeof shape);
    if (!mli_shape_size(npy->rank, npy->shape, &size) || !mli_mul_size((size_t)size, mli_npy_width(npy->dtype), &bytes))
        return mli_fail(ML_EINVAL, "%s: shape %s is negative or too large", name, shape);
    if (npy->size != size || (size && !npy->data))
        return mli_fail(ML_EINVAL, "%s: shape %s has %lld elements, but %lld were given", name, shape, (long long)size,
                        npy->data ? (long long)npy->size : 0);
    return ML_OK;
}

/* Writes "(2, 3)" as Python does: one extent keeps its comma. */
static int shape_literal(char *buf, size_t room, const ml_npy *npy)
{
    int n = snprintf(buf, room, "(");
    for (int i = 0; i < npy->rank; i++)
        n += snprintf(buf + n, room - (size_t)n, "%s%lld", i ? ", " : "", (long long)npy->shape[i]);
    return n + snprintf(buf + n, room - (size_t)n, npy->rank == 1 ? ",)" : ")");
}

ml_status mli_npy_header(const char *name, const ml_npy *npy, uint8_t header[MLI_NPY_HEADER_MAX], size_t *n)
{
    enum { START = 10, LONGEST_EXTENT = 21, ALIGN = 64 };
    char *text = (char *)header + START, shape[160];
    ml_status e = check(name, npy);
    if (e)
        return e;
    shape_literal(shape, sizeof shape, npy);
    size_t used = (size_t)snprintf(text, MLI_NPY_HEADER_MAX - START, "{'descr': '%c%s', 'fortran_order': False, 'shape': %s, }",
                                   mli_npy_width(npy->dtype) == 1 ? '|' : '<', npy->dtype, shape);
    /* NumPy leaves room for the first extent to grow to 21 digits, then fills to the boundary, by at least one blank. */
    size_t filled = used;
    if (npy->rank)
        filled += LONGEST_EXTENT - (size_t)snprintf(NULL, 0, "%lld", (long long)npy->shape[0]);
    filled += ALIGN - (START + filled + 1) % ALIGN;
    memset(text + used, ' ', filled - used);
    text[filled++] = '\n';
    memcpy(header, "\x93NUMPY\1\0", 8);
    header[8] = (uint8_t)filled;
    header[9] = (uint8_t)(filled >> 8);
    *n = START + filled;
    return ML_OK;
}

ml_status ml_npy_write(const char *path, const ml_npy *npy)
{
    uint8_t header[MLI_NPY_HEADER_MAX];
    size_t n;
    mli_writer w;
    if (!path || !npy)
        return mli_fail(ML_EINVAL, "npy_write: %s is NULL", path ? "npy" : "path");
    ml_status e = mli_npy_header(path, npy, header, &n);
    if (e || (e = mli_writer_open(&w, path)))
        return e;
    e = mli_writer_put(&w, header, n);
    if (!e)
        e = mli_writer_put(&w, npy->data, (size_t)npy->size * mli_npy_width(npy->dtype));
    if (!e)
        return mli_writer_commit(&w);
    mli_writer_abandon(&w);
    return e;
}
