/* params.c -- the parameters of a net as a safetensors file.
 *
 * Saved as the type of the build, F32 or F64, and read from either. What a user of the net wants to remember beside the
 * numbers is one JSON string, under the metadata key "mlcore".
 */
#include "io/io.h"

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

/* How a parameter lies on file: shape and order of axes. The same as in memory for every rank that we have. */
static void file_shape(const ml_tensor *p, int64_t shape[ML_MAX_RANK])
{
    memcpy(shape, p->shape, sizeof p->shape);
}

static void copy_from_f32(ml_tensor *p, const uint8_t *raw)
{
    for (int64_t i = 0; i < p->size; i++) {
        float x;
        memcpy(&x, raw + 4 * i, 4);
        p->data[i] = (ml_real)x;
    }
}

static void copy_from_f64(ml_tensor *p, const uint8_t *raw)
{
    for (int64_t i = 0; i < p->size; i++) {
        double x;
        memcpy(&x, raw + 8 * i, 8);
        p->data[i] = (ml_real)x;
    }
}

ml_status ml_params_save(const ml_params *ps, const char *path, const char *metadata)
{
    static const char *const key = "mlcore";
    if (!ps || !path)
        return mli_fail(ML_EINVAL, "params_save: %s is NULL", ps ? "path" : "params");
    int n = ml_params_count(ps);
    ml_safetensor *tensors = mli_calloc((size_t)n + 1, sizeof *tensors);
    if (!tensors)
        return mli_fail_in(path);
    for (int i = 0; i < n; i++) {
        const ml_tensor *p = ml_params_at(ps, i);
        tensors[i] = (ml_safetensor){.name = p->name, .dtype = REAL_DTYPE, .rank = p->rank, .data = p->data,
                                     .bytes = (size_t)p->size * sizeof(ml_real)};
        file_shape(p, tensors[i].shape);
    }
    ml_status e = ml_safetensors_write(path, tensors, n, &key, &metadata, metadata != NULL);
    mli_free(tensors);
    return e;
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

static ml_status check_param(const char *path, const ml_safetensors *st, const ml_tensor *p)
{
    ml_safetensor t;
    int64_t shape[ML_MAX_RANK];
    char shown[MLI_SHOWN], theirs[128], ours[128];
    mli_shown(p->name, shown);
    if (!find_tensor(st, p->name, &t))
        return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" of the net is not in the file", path, shown);
    file_shape(p, shape);
    mli_shape_text(t.rank, t.shape, theirs, sizeof theirs);
    mli_shape_text(p->rank, shape, ours, sizeof ours);
    if (strcmp(theirs, ours) != 0)
        return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" is %s in the file but %s in the net", path, shown, theirs, ours);
    if (strcmp(t.dtype, "F32") != 0 && strcmp(t.dtype, "F64") != 0)
        return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" is %s in the file: parameters are read from F32 or F64", path, shown,
                        t.dtype);
    return ML_OK;
}

/* Everything that can fail, before anything is changed. */
static ml_status check_all(const ml_params *ps, const char *path, const ml_safetensors *st)
{
    char shown[MLI_SHOWN];
    for (int i = 0; i < ml_params_count(ps); i++) {
        ml_status e = check_param(path, st, ml_params_at(ps, i));
        if (e)
            return e;
    }
    for (int i = 0; i < ml_safetensors_count(st); i++) {
        ml_safetensor t = ml_safetensors_at(st, i);
        if (!ml_params_find(ps, t.name))
            return mli_fail(ML_EFORMAT, "%s: tensor \"%s\" is in the file but not in the net", path, mli_shown(t.name, shown));
    }
    return ML_OK;
}

static void copy_all(ml_params *ps, const ml_safetensors *st)
{
    for (int i = 0; i < ml_params_count(ps); i++) {
        ml_tensor *p = ml_params_at(ps, i);
        ml_safetensor t;
        if (!find_tensor(st, p->name, &t))
            continue;
        if (strcmp(t.dtype, REAL_DTYPE) == 0)
            memcpy(p->data, t.data, t.bytes);
        else if (strcmp(t.dtype, "F32") == 0)
            copy_from_f32(p, t.data);
        else
            copy_from_f64(p, t.data);
    }
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
    ml_status e = check_all(ps, path, st);
    const char *text = ml_safetensors_meta(st, "mlcore");
    if (!e && metadata && text && !(*metadata = mli_strdup(text)))
        e = mli_fail_in(path);
    if (!e)
        copy_all(ps, st);
    ml_safetensors_free(st);
    return e;
}
