/* values.c -- numbers in memory as the tensors of a safetensors file: those of a net, and what an optimizer keeps beside them.
 *
 * Saved as the type of the build, F32 or F64, and read from either. The weight of a convolution has its channels last in memory,
 * where PyTorch has them second: F R S C lies on file as F C R S, F R C as F C R, and the C R S F of a transposed one as C F R S.
 * Of four axes each parameter is such a weight, of three those that say so (ml_param_conv1d). All else lies on file as in memory.
 */
#include "io/io.h"
#include "kernels/shape.h"

#include <string.h>

/* Numbers lie on file as in memory, little-endian. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "values.c expects a little-endian machine"
#endif

#ifdef MLCORE_DOUBLE
#define REAL_DTYPE "F64"
#else
#define REAL_DTYPE "F32"
#endif

/* Of a weight of so many axes: axis j on file is axis TO_FILE[rank][j] in memory, and back. */
static const int TO_FILE[5][4] = {[3] = {0, 2, 1}, [4] = {0, 3, 1, 2}}, TO_MEMORY[5][4] = {[3] = {0, 2, 1}, [4] = {0, 2, 3, 1}};

static void file_shape(const mli_values *v, int64_t shape[ML_MAX_RANK])
{
    memcpy(shape, v->shape, sizeof v->shape);
    for (int j = 0; j < v->rank && v->turned; j++)
        shape[j] = v->shape[TO_FILE[v->rank][j]];
}

/* ---- saving ---- */

/* How many numbers the turned ones have: all of them, or the largest. */
static size_t turned_size(const mli_values *v, int n, bool largest)
{
    size_t size = 0;
    for (int i = 0; i < n; i++) {
        size_t numbers = v[i].turned ? (size_t)v[i].size : 0;
        size = !largest ? size + numbers : numbers > size ? numbers : size;
    }
    return size;
}

/* Describes them all; turned copies go to `turned`. */
static void describe(const mli_values *v, int n, ml_safetensor *tensors, ml_real *turned)
{
    for (int i = 0; i < n; i++) {
        tensors[i] = (ml_safetensor){.name = v[i].name, .dtype = REAL_DTYPE, .rank = v[i].rank, .data = v[i].data,
                                     .bytes = (size_t)v[i].size * sizeof(ml_real)};
        file_shape(&v[i], tensors[i].shape);
        if (!v[i].turned)
            continue;
        mlk_transpose_forward(turned, v[i].data, v[i].rank, v[i].shape, TO_FILE[v[i].rank]);
        tensors[i].data = turned;
        turned += v[i].size;
    }
}

ml_status mli_values_save(const mli_values *v, int n, const char *path, const char *metadata)
{
    static const char *const key = MLI_META_KEY;
    ml_safetensor *tensors = mli_calloc((size_t)n + 1, sizeof *tensors);
    ml_real *turned = tensors ? mli_calloc(turned_size(v, n, false), sizeof *turned) : NULL;
    ml_status e = ML_OK;
    if (turned) {
        describe(v, n, tensors, turned);
        e = ml_safetensors_write(path, tensors, n, &key, &metadata, metadata != NULL);
    } else {
        e = mli_fail_in(path);
    }
    mli_free(turned);
    mli_free(tensors);
    return e;
}

/* ---- loading ---- */

static void copy_from_f32(ml_real *to, const uint8_t *raw, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float x;
        memcpy(&x, raw + 4 * i, 4);
        to[i] = (ml_real)x;
    }
}

static void copy_from_f64(ml_real *to, const uint8_t *raw, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double x;
        memcpy(&x, raw + 8 * i, 8);
        to[i] = (ml_real)x;
    }
}

static bool find_tensor(const ml_safetensors *st, const char *name, ml_safetensor *found)
{
    for (int i = 0; i < ml_safetensors_count(st); i++) {
        *found = ml_safetensors_at(st, i);
        if (strcmp(found->name, name) == 0)
            return true;
    }
    return false;
}

static ml_status check_one(const mli_values *v, const char *path, const ml_safetensors *st)
{
    ml_safetensor t;
    int64_t shape[ML_MAX_RANK];
    char shown[MLI_SHOWN], theirs[128], ours[128];
    mli_shown(v->name, shown);
    if (!find_tensor(st, v->name, &t))
        return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" of the net is not in the file", path, shown);
    file_shape(v, shape);
    mli_shape_text(t.rank, t.shape, theirs, sizeof theirs);
    mli_shape_text(v->rank, shape, ours, sizeof ours);
    if (strcmp(theirs, ours) != 0)
        return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" is %s in the file but %s in the net", path, shown, theirs, ours);
    if (strcmp(t.dtype, "F32") != 0 && strcmp(t.dtype, "F64") != 0)
        return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" is %s in the file: parameters are read from F32 or F64", path, shown,
                        t.dtype);
    return ML_OK;
}

static bool has(const mli_values *v, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(v[i].name, name) == 0)
            return true;
    return false;
}

ml_status mli_values_check(const mli_values *v, int n, const char *path, const ml_safetensors *st,
                           bool (*pass_over)(const void *arg, const char *name), const void *arg)
{
    char shown[MLI_SHOWN];
    for (int i = 0; i < n; i++) {
        ml_status e = check_one(&v[i], path, st);
        if (e)
            return e;
    }
    for (int i = 0; i < ml_safetensors_count(st); i++) {
        const char *name = ml_safetensors_at(st, i).name;
        if (!has(v, n, name) && !(pass_over && pass_over(arg, name)))
            return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" is in the file but not in the net", path, mli_shown(name, shown));
    }
    return ML_OK;
}

static void copy_one(const mli_values *v, const ml_safetensor *t, ml_real *scratch)
{
    ml_real *to = v->turned ? scratch : v->data;
    if (strcmp(t->dtype, REAL_DTYPE) == 0)
        memcpy(to, t->data, t->bytes);
    else if (strcmp(t->dtype, "F32") == 0)
        copy_from_f32(to, t->data, v->size);
    else
        copy_from_f64(to, t->data, v->size);
    if (v->turned)
        mlk_transpose_forward(v->data, scratch, v->rank, t->shape, TO_MEMORY[v->rank]);
}

ml_status mli_values_copy(const mli_values *v, int n, const char *path, const ml_safetensors *st)
{
    ml_real *scratch = mli_calloc(turned_size(v, n, true), sizeof *scratch);
    if (!scratch)
        return mli_fail_in(path);
    for (int i = 0; i < n; i++) {
        ml_safetensor t;
        if (find_tensor(st, v[i].name, &t))
            copy_one(&v[i], &t, scratch);
    }
    mli_free(scratch);
    return ML_OK;
}
