/* save.c -- a net as one file, from which it is rebuilt without the program that made it.
 *
 * The file is a safetensors file of parameters and buffers; under the metadata key "mlcore" lies one JSON text:
 *
 *     {"format": 1, "architecture": [...], "extra": {...}}
 *
 * Reading believes nothing: the description is short, the layers of it may not have more numbers than the file has, and
 * names and shapes are those of the file before a number is taken.
 */
#include "io/io.h"
#include "nn/architecture.h"

#include <stdlib.h>
#include <string.h>

/* jansson needs up to fifty bytes for one of text; a thousand layers need a hundred thousand. */
#define DESCRIPTION_MAX ((size_t)4 << 20)
enum { FORMAT = 1 };

/* ---- saving ---- */

/* The layers as JSON; NULL with an error set. */
static json_t *architecture(const ml_net *net)
{
    if (!net)
        return mli_null(ML_EINVAL, "net: it is NULL");
    if (net->self->forward)
        return mli_null(ML_ESTATE, "net: no file can hold the function of a custom net: save its numbers by ml_params_save");
    if (net->self->n == 0)
        return mli_null(ML_ESTATE, "net: it has no layers yet");
    json_t *list = mli_layers_to_json(net->self->layers, net->self->n);
    return list ? list : mli_null(ML_EINVAL, "net: the name of a layer is not UTF-8, or memory lacks");
}

static char *dumped(json_t *value)
{
    char *text = value ? mli_json_text(value, JSON_COMPACT) : mli_null(ML_ENOMEM, "net: out of memory while its layers were written");
    json_decref(value);
    return text;
}

char *mli_net_architecture(const ml_net *net)
{
    json_t *list = architecture(net);
    return list ? dumped(list) : NULL;
}

/* The caller's JSON object into *object; nothing where there is none. */
static ml_status parse_extra(const char *extra, json_t **object)
{
    json_error_t why;
    char shown[MLI_SHOWN];
    *object = NULL;
    if (!extra)
        return ML_OK;
    json_t *v = json_loads(extra, JSON_REJECT_DUPLICATES, &why);
    if (!v)
        return mli_fail(ML_EINVAL, "net_save: extra is not valid JSON: %s, at byte %d", mli_shown(why.text, shown), why.position);
    if (!json_is_object(v)) {
        json_decref(v);
        return mli_fail(ML_EINVAL, "net_save: extra is not a JSON object");
    }
    *object = v;
    return ML_OK;
}

static char *description(const ml_net *net, const char *extra)
{
    json_t *object, *list = architecture(net);
    if (!list)
        return NULL;
    if (parse_extra(extra, &object)) {
        json_decref(list);
        return NULL;
    }
    return dumped(json_pack("{s:i, s:o, s:o*}", "format", FORMAT, "architecture", list, "extra", object));
}

/* Parameters that the caller added to those of the layers would make a file that cannot be loaded. */
static ml_status check_owners(const ml_net *net)
{
    int64_t params = 0, buffers = 0;
    for (int i = 0; i < net->self->n; i++) {
        params += net->self->layers[i].params;
        buffers += net->self->layers[i].buffers;
    }
    for (int i = 0; i < ml_buffers_count(net->params); i++)
        buffers -= ml_buffers_at(net->params, i)->size;
    if (params != ml_params_size(net->params) || buffers != 0)
        return mli_fail(ML_ESTATE, "net: it has parameters or buffers that belong to none of its layers: save its numbers by "
                                   "ml_params_save");
    return ML_OK;
}

ml_status ml_net_save(const ml_net *net, const char *path, const char *extra)
{
    if (!path)
        return mli_fail(ML_EINVAL, "net_save: path is NULL");
    char *text = description(net, extra);
    if (!text)
        return ml_error_status();
    ml_status s = check_owners(net);
    if (!s && strlen(text) > DESCRIPTION_MAX)
        s = mli_fail(ML_EINVAL, "net_save: the layers and extra are %zu bytes as JSON, the limit is %zu", strlen(text),
                     DESCRIPTION_MAX);
    if (!s)
        s = ml_params_save(net->params, path, text);
    free(text);
    return s;
}

/* ---- loading ---- */

static json_t *read_description(const char *name, const ml_safetensors *st)
{
    json_error_t why;
    char shown[MLI_SHOWN];
    const char *text = ml_safetensors_meta(st, "mlcore");
    if (!text)
        return mli_null(ML_EFORMAT, "%s: it does not describe a net: it has no metadata \"mlcore\" (ml_params_load reads numbers "
                                    "alone)", name);
    if (strlen(text) > DESCRIPTION_MAX)
        return mli_null(ML_EFORMAT, "%s: the description of its net is %zu bytes, the limit is %zu", name, strlen(text),
                        DESCRIPTION_MAX);
    json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!v && json_error_code(&why) == json_error_out_of_memory)
        return mli_null(ML_ENOMEM, "%s: out of memory while reading the description of its net", name);
    return v ? v : mli_null(ML_EFORMAT, "%s: the description of its net is not valid JSON: %s, at byte %d", name,
                            mli_shown(why.text, shown), why.position);
}

static ml_status check_format(const char *name, const json_t *root)
{
    const json_t *format = json_object_get(root, "format");
    if (!json_is_integer(format))
        return mli_fail(ML_EFORMAT, "%s: it does not describe a net: its metadata has no \"format\" (ml_params_load reads numbers "
                                    "alone)", name);
    if (json_integer_value(format) != FORMAT)
        return mli_fail(ML_EFORMAT, "%s: its format is %lld, and this version reads format %d: a newer one may have written it", name,
                        (long long)json_integer_value(format), FORMAT);
    return ML_OK;
}

/* "extra" as text; *text stays NULL where there is none. */
static ml_status read_extra(const char *name, const json_t *root, char **text)
{
    const json_t *extra = json_object_get(root, "extra");
    if (!extra)
        return ML_OK;
    if (!json_is_object(extra))
        return mli_fail(ML_EFORMAT, "%s: its \"extra\" is not a JSON object", name);
    *text = mli_json_text(extra, JSON_COMPACT);
    return *text ? ML_OK : mli_fail_in(name);
}

static int64_t numbers_in(const ml_safetensors *st)
{
    int64_t n = 0;
    for (int i = 0; i < ml_safetensors_count(st); i++)
        n += (int64_t)ml_safetensors_at(st, i).bytes / 4; /* F32 or wider */
    return n;
}

static ml_status add_layers(const char *name, ml_net *net, const ml_block_opts *layers, int64_t numbers)
{
    mli_build b = {.params = net->params, .left = numbers};
    if (layers->n == 0)
        return mli_fail(ML_EFORMAT, "%s: its net has no layers", name);
    for (int i = 0; i < layers->n; i++) {
        ml_status s = mli_net_add(net, &layers->layers[i], &b);
        if (s)
            return mli_fail(s == ML_ENOMEM ? s : ML_EFORMAT, "%s: %s", name, ml_error());
    }
    return ML_OK;
}

static ml_net *build(const char *name, const ml_safetensors *st, json_t *root)
{
    ml_block_opts layers;
    ml_rng rng = ml_rng_seed(0);
    if (mli_layers_from_json(name, json_object_get(root, "architecture"), &layers))
        return NULL;
    ml_net *net = ml_net_empty(&rng);
    ml_status s = net ? add_layers(name, net, &layers, numbers_in(st)) : mli_fail_in(name);
    mli_layers_free(&layers);
    if (!s && !mli_params_take(net->params, name, st))
        return net;
    ml_net_free(net);
    return NULL;
}

ml_net *mli_net_read(const char *name, const ml_safetensors *st, char **extra)
{
    char *text = NULL;
    json_t *root = read_description(name, st);
    ml_net *net = NULL;
    if (root && !check_format(name, root) && !read_extra(name, root, &text))
        net = build(name, st, root);
    json_decref(root);
    if (net && extra)
        *extra = text;
    else
        free(text);
    return net;
}

ml_net *ml_net_load(const char *path, char **extra)
{
    if (extra)
        *extra = NULL;
    if (!path)
        return mli_null(ML_EINVAL, "net_load: path is NULL");
    ml_safetensors *st = ml_safetensors_read(path);
    ml_net *net = st ? mli_net_read(path, st, extra) : NULL;
    ml_safetensors_free(st);
    return net;
}
