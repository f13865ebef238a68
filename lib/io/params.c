/* params.c -- the parameters and buffers of a net as a safetensors file.
 *
 * What a user of the net wants to remember beside the numbers is one JSON string, under the metadata key "mlcore". How
 * numbers lie on file: values.c.
 */
#include "io/io.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is in the file: parameters, then buffers ---- */

int mli_params_values_count(const ml_params *ps)
{
    return ml_params_count(ps) + ml_buffers_count(ps);
}

void mli_params_values(const ml_params *ps, mli_values *v)
{
    int n = ml_params_count(ps), all = mli_params_values_count(ps);
    for (int i = 0; i < all; i++) {
        const ml_tensor *x = i < n ? ml_params_at(ps, i) : ml_buffers_at(ps, i - n);
        v[i] = (mli_values){.name = x->name, .rank = x->rank, .size = x->size, .data = x->data,
                            .turned = i < n && (x->rank == 4 || x->conv1d)};
        memcpy(v[i].shape, x->shape, sizeof v[i].shape);
    }
}

static mli_values *values_of(const ml_params *ps, const char *path, int *n)
{
    *n = mli_params_values_count(ps);
    mli_values *v = mli_calloc((size_t)*n, sizeof *v);
    if (v)
        mli_params_values(ps, v);
    else
        mli_fail_in(path);
    return v;
}

ml_status ml_params_save(const ml_params *ps, const char *path, const char *metadata)
{
    int n;
    if (!ps || !path)
        return mli_fail(ML_EINVAL, "params_save: %s is NULL", ps ? "path" : "params");
    mli_values *v = values_of(ps, path, &n);
    ml_status e = v ? mli_values_save(v, n, path, metadata) : ml_error_status();
    mli_free(v);
    return e;
}

/* PyTorch's batch norm counts its batches, beside the running mean; nothing here needs the count. */
static bool is_count_of_batches(const void *params, const char *name)
{
    static const char count[] = "num_batches_tracked", mean[] = "running_mean";
    const ml_params *ps = params;
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

ml_status mli_params_take(ml_params *ps, const char *path, const ml_safetensors *st)
{
    int n;
    mli_values *v = values_of(ps, path, &n);
    ml_status e = v ? mli_values_check(v, n, path, st, is_count_of_batches, ps) : ml_error_status();
    if (!e)
        e = mli_values_copy(v, n, path, st);
    mli_free(v);
    return e;
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
    const char *text = ml_safetensors_meta(st, MLI_META_KEY);
    char *copy = metadata && text ? mli_text_for_caller(text) : NULL;
    ml_status e = metadata && text && !copy ? mli_fail_in(path) : mli_params_take(ps, path, st);
    if (e)
        free(copy);
    else if (metadata)
        *metadata = copy;
    ml_safetensors_free(st);
    return e;
}
