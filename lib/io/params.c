/* params.c -- the parameters and buffers of a net as a safetensors file.
 *
 * Saved as the type of the build, F32 or F64, and read from either. What a user of the net wants to remember beside the
 * numbers is one JSON string, under the metadata key "mlcore".
 *
 * A parameter of four axes is the weight of a convolution: F R S C in memory, PyTorch's F C R S on file. All else lies on
 * file as in memory.
 */
#include "io/io.h"
#include "kernels/shape.h"

#include <string.h>

/* Numbers lie on file as in memory, little-endian. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "params.c expects a little-endian machine"
#endif

#ifdef MLCORE_DOUBLE
#define REAL_DTYPE "F64"
#else
#define REAL_DTYPE "F32"
#endif

/* ---- what is in the file: parameters, then buffers ---- */

static int count_of(const ml_params *ps)
{
    return ml_params_count(ps) + ml_buffers_count(ps);
}

static ml_tensor *tensor_at(const ml_params *ps, int i)
{
    int n = ml_params_count(ps);
    return i < n ? ml_params_at(ps, i) : ml_buffers_at(ps, i - n);
}

/* Whether its axes lie in another order on file. */
static bool is_turned(const ml_params *ps, int i)
{
    return i < ml_params_count(ps) && ml_params_at(ps, i)->rank == 4;
}

/* Axis j on file is axis TO_FILE[j] in memory, and back. */
static const int TO_FILE[4] = {0, 3, 1, 2}, TO_MEMORY[4] = {0, 2, 3, 1};

static void file_shape(const ml_params *ps, int i, int64_t shape[ML_MAX_RANK])
{
    const ml_tensor *x = tensor_at(ps, i);
    memcpy(shape, x->shape, sizeof x->shape);
    for (int j = 0; j < 4 && is_turned(ps, i); j++)
        shape[j] = x->shape[TO_FILE[j]];
}

/* ---- saving ---- */

/* How many numbers the turned ones have: all of them, or the largest. */
static size_t turned_size(const ml_params *ps, bool largest)
{
    size_t size = 0;
    for (int i = 0; i < count_of(ps); i++) {
        size_t n = is_turned(ps, i) ? (size_t)tensor_at(ps, i)->size : 0;
        size = !largest ? size + n : n > size ? n : size;
    }
    return size;
}

/* Describes them all; turned copies go to `turned`. */
static void describe(const ml_params *ps, ml_safetensor *tensors, ml_real *turned)
{
    for (int i = 0; i < count_of(ps); i++) {
        const ml_tensor *x = tensor_at(ps, i);
        tensors[i] = (ml_safetensor){.name = x->name, .dtype = REAL_DTYPE, .rank = x->rank, .data = x->data,
                                     .bytes = (size_t)x->size * sizeof(ml_real)};
        file_shape(ps, i, tensors[i].shape);
        if (!is_turned(ps, i))
            continue;
        mlk_transpose_forward(turned, x->data, 4, x->shape, TO_FILE);
        tensors[i].data = turned;
        turned += x->size;
    }
}

ml_status ml_params_save(const ml_params *ps, const char *path, const char *metadata)
{
    static const char *const key = "mlcore";
    if (!ps || !path)
        return mli_fail(ML_EINVAL, "params_save: %s is NULL", ps ? "path" : "params");
    int n = count_of(ps);
    ml_safetensor *tensors = mli_calloc((size_t)n + 1, sizeof *tensors);
    ml_real *turned = tensors ? mli_calloc(turned_size(ps, false), sizeof *turned) : NULL;
    ml_status e = ML_OK;
    if (turned) {
        describe(ps, tensors, turned);
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

static ml_status check_tensor(const ml_params *ps, int i, const char *path, const ml_safetensors *st)
{
    ml_safetensor t;
    const ml_tensor *x = tensor_at(ps, i);
    int64_t shape[ML_MAX_RANK];
    char shown[MLI_SHOWN], theirs[128], ours[128];
    mli_shown(x->name, shown);
    if (!find_tensor(st, x->name, &t))
        return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" of the net is not in the file", path, shown);
    file_shape(ps, i, shape);
    mli_shape_text(t.rank, t.shape, theirs, sizeof theirs);
    mli_shape_text(x->rank, shape, ours, sizeof ours);
    if (strcmp(theirs, ours) != 0)
        return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" is %s in the file but %s in the net", path, shown, theirs, ours);
    if (strcmp(t.dtype, "F32") != 0 && strcmp(t.dtype, "F64") != 0)
        return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" is %s in the file: parameters are read from F32 or F64", path, shown,
                        t.dtype);
    return ML_OK;
}

static bool has_tensor(const ml_params *ps, const char *name)
{
    for (int i = 0; i < count_of(ps); i++)
        if (strcmp(tensor_at(ps, i)->name, name) == 0)
            return true;
    return false;
}

/* PyTorch's batch norm counts its batches, beside the running mean; nothing here needs the count. */
static bool is_count_of_batches(const ml_params *ps, const char *name)
{
    static const char count[] = "num_batches_tracked", mean[] = "running_mean";
    size_t length = strlen(name);
    if (length < strlen(count) || strcmp(name + length - strlen(count), count) != 0)
        return false;
    size_t before = length - strlen(count);
    for (int i = 0; i < ml_buffers_count(ps); i++) {
        const char *ours = ml_buffers_at(ps, i)->name;
        if (strncmp(ours, name, before) == 0 && strcmp(ours + before, mean) == 0)
            return true;
    }
    return false;
}

/* Everything that can fail, before anything is changed. */
static ml_status check_all(const ml_params *ps, const char *path, const ml_safetensors *st)
{
    char shown[MLI_SHOWN];
    for (int i = 0; i < count_of(ps); i++) {
        ml_status e = check_tensor(ps, i, path, st);
        if (e)
            return e;
    }
    for (int i = 0; i < ml_safetensors_count(st); i++) {
        ml_safetensor t = ml_safetensors_at(st, i);
        if (!has_tensor(ps, t.name) && !is_count_of_batches(ps, t.name))
            return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" is in the file but not in the net", path, mli_shown(t.name, shown));
    }
    return ML_OK;
}

/* `scratch` has room for the largest that is turned. */
static void copy_all(ml_params *ps, const ml_safetensors *st, ml_real *scratch)
{
    for (int i = 0; i < count_of(ps); i++) {
        ml_tensor *x = tensor_at(ps, i);
        ml_safetensor t;
        if (!find_tensor(st, x->name, &t))
            continue;
        ml_real *to = is_turned(ps, i) ? scratch : x->data;
        if (strcmp(t.dtype, REAL_DTYPE) == 0)
            memcpy(to, t.data, t.bytes);
        else if (strcmp(t.dtype, "F32") == 0)
            copy_from_f32(to, t.data, x->size);
        else
            copy_from_f64(to, t.data, x->size);
        if (is_turned(ps, i))
            mlk_transpose_forward(x->data, scratch, 4, t.shape, TO_MEMORY);
    }
}

ml_status mli_params_take(ml_params *ps, const char *path, const ml_safetensors *st)
{
    ml_status e = check_all(ps, path, st);
    if (e)
        return e;
    ml_real *scratch = mli_calloc(turned_size(ps, true), sizeof *scratch);
    if (!scratch)
        return mli_fail_in(path);
    copy_all(ps, st, scratch);
    mli_free(scratch);
    return ML_OK;
}

ml_status ml_params_load(ml_params *ps, const char *path, char **metadata)
{
    if (metadata)
        *metadata = NULL;
    if (!ps || !path)
        return mli_fail(ML_EINVAL, "params_load: %s is NULL", ps ? "path" : "params");
    ml_safetensors *st = ml_safetensors_read(path);
    if (!st)
        return ml_error_status();
    const char *text = ml_safetensors_meta(st, "mlcore");
    char *copy = metadata && text ? mli_strdup(text) : NULL;
    ml_status e = metadata && text && !copy ? mli_fail_in(path) : mli_params_take(ps, path, st);
    if (e)
        mli_free(copy);
    else if (metadata)
        *metadata = copy;
    ml_safetensors_free(st);
    return e;
}
