/* architecture.c -- the layers of a net as JSON, and back.
 *
 *     [{"kind": "input", "shape": [28, 28, 1]},
 *      {"kind": "seq", "name": "features", "layers": [{"kind": "conv", "out": 16, "k": 3}, {"kind": "relu"}]}, ...]
 *
 * An option is written where it is not 0, the documented default: the file says what the caller said. Which options a kind
 * has is a table of its own (ml_layer_kind.options), so nothing here knows the kinds.
 */
#include "io/io.h"
#include "nn/architecture.h"

#include <stdarg.h>
#include <string.h>

/* ---- writing ---- */

static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static json_t *shape_json(const int64_t *extent)
{
    json_t *a = json_array();
    bool whole = a != NULL;
    for (int i = 0; i < ML_MAX_RANK - 1 && extent[i] && whole; i++)
        whole = json_array_append_new(a, json_integer(extent[i])) == 0;
    if (whole)
        return a;
    json_decref(a);
    return NULL;
}

static bool put_option(json_t *object, const ml_layer *layer, const mli_layer_option *o)
{
    const void *at = (const char *)layer + o->at;
    switch (o->type) {
    case MLI_OPTION_WHOLE: {
        int64_t value = *(const int64_t *)at;
        return value == 0 || put(object, o->name, json_integer(value));
    }
    case MLI_OPTION_REAL: {
        double value = *(const double *)at;
        return value == 0 || put(object, o->name, json_real(value == ML_ZERO ? 0 : value));
    }
    case MLI_OPTION_BOOL:
        return !*(const bool *)at || put(object, o->name, json_true());
    case MLI_OPTION_SHAPE:
        return put(object, o->name, shape_json(at));
    }
    return false;
}

static json_t *layer_json(const mli_layer *l)
{
    const ml_layer *spec = &l->spec;
    json_t *object = json_object();
    bool whole = object && put(object, "kind", json_string(spec->kind->name));
    if (whole && spec->name)
        whole = put(object, "name", json_string(spec->name));
    for (const mli_layer_option *o = spec->kind->options; whole && o && o->name; o++)
        whole = put_option(object, spec, o);
    if (whole && spec->kind->block)
        whole = put(object, "layers", mli_layers_to_json(l->layers, l->n));
    if (whole)
        return object;
    json_decref(object);
    return NULL;
}

json_t *mli_layers_to_json(const mli_layer *layers, int n)
{
    json_t *list = json_array();
    bool whole = list != NULL;
    for (int i = 0; i < n && whole; i++)
        whole = json_array_append_new(list, layer_json(&layers[i])) == 0;
    if (whole)
        return list;
    json_decref(list);
    return NULL;
}

/* ---- reading ---- */

/* Where we are: "architecture[3].layers[0]". */
typedef struct place {
    const char *file;
    char text[512];
} place;

static ml_status bad(const place *p, const char *format, ...) ML_PRINTF(2, 3);
static ml_status bad(const place *p, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return mli_fail(ML_EFORMAT, "%s: %s: %s", p->file, p->text, text);
}

static ml_status read_shape(const place *p, const char *name, const json_t *v, int64_t *extent)
{
    size_t n = json_array_size(v);
    if (!json_is_array(v) || n < 1 || n > ML_MAX_RANK - 1)
        return bad(p, "\"%s\" is not a list of 1 to %d extents", name, ML_MAX_RANK - 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(v, i);
        if (!json_is_integer(value))
            return bad(p, "\"%s\" has an extent that is not a whole number", name);
        extent[i] = json_integer_value(value);
    }
    return ML_OK;
}

static ml_status read_option(const place *p, const mli_layer_option *o, const json_t *v, ml_layer *layer)
{
    void *at = (char *)layer + o->at;
    switch (o->type) {
    case MLI_OPTION_WHOLE:
        if (!json_is_integer(v))
            return bad(p, "\"%s\" is not a whole number", o->name);
        *(int64_t *)at = json_integer_value(v);
        return ML_OK;
    case MLI_OPTION_REAL:
        if (!json_is_number(v))
            return bad(p, "\"%s\" is not a number", o->name);
        *(double *)at = json_number_value(v) == 0 ? ML_ZERO : json_number_value(v);
        return ML_OK;
    case MLI_OPTION_BOOL:
        if (!json_is_boolean(v))
            return bad(p, "\"%s\" is neither true nor false", o->name);
        *(bool *)at = json_is_true(v);
        return ML_OK;
    case MLI_OPTION_SHAPE:
        return read_shape(p, o->name, v, at);
    }
    return ML_OK;
}

static const ml_layer_kind *kind_of(const char *name)
{
    for (int i = 0; mli_layer_kinds[i]; i++)
        if (strcmp(mli_layer_kinds[i]->name, name) == 0)
            return mli_layer_kinds[i];
    return NULL;
}

static const mli_layer_option *option_of(const ml_layer_kind *kind, const char *name)
{
    for (const mli_layer_option *o = kind->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

/* What was left out of a layer would change what it computes: so a name that we do not know is an error. */
static ml_status read_entry(place *p, const char *key, json_t *v, ml_layer *layer)
{
    char shown[MLI_SHOWN];
    const mli_layer_option *o = option_of(layer->kind, key);
    if (o)
        return read_option(p, o, v, layer);
    if (strcmp(key, "name") == 0) {
        layer->name = json_string_value(v);
        return layer->name ? ML_OK : bad(p, "its name is not a string");
    }
    if (strcmp(key, "kind") == 0 || (layer->kind->block && strcmp(key, "layers") == 0))
        return ML_OK;
    return bad(p, "a layer of kind %s has no \"%s\"", layer->kind->name, mli_shown(key, shown));
}

static ml_status read_layer(place *p, json_t *v, ml_layer *layer)
{
    char shown[MLI_SHOWN];
    const char *key, *kind = json_string_value(json_object_get(v, "kind"));
    json_t *value;
    if (!kind)
        return bad(p, "it is not a layer: it has no \"kind\"");
    const ml_layer_kind *known = kind_of(kind);
    if (!known)
        return bad(p, "unknown kind \"%s\"", mli_shown(kind, shown));
    layer->kind = known;
    json_object_foreach(v, key, value)
        if (read_entry(p, key, value, layer))
            return ml_error_status();
    return ML_OK;
}

static ml_status read_list(place *p, json_t *list, ml_block_opts *block)
{
    size_t used = strlen(p->text), n = json_array_size(list);
    if (!json_is_array(list) || n > INT32_MAX)
        return bad(p, "its layers are not a list");
    if (used + 32 > sizeof p->text)
        return bad(p, "too many layers inside of layers");
    ml_layer *layers = mli_calloc(n + 1, sizeof *layers);
    if (!layers)
        return mli_fail_in(p->file);
    *block = (ml_block_opts){layers, (int)n};
    ml_status s = ML_OK;
    for (size_t i = 0; i < n && !s; i++) {
        json_t *v = json_array_get(list, i);
        snprintf(p->text + used, sizeof p->text - used, "[%zu]", i);
        s = read_layer(p, v, &layers[i]);
        if (!s && layers[i].kind->block) {
            snprintf(p->text + strlen(p->text), sizeof p->text - strlen(p->text), ".layers");
            s = read_list(p, json_object_get(v, "layers"), &layers[i].u.block);
        }
    }
    p->text[used] = 0;
    return s;
}

ml_status mli_layers_from_json(const char *file, json_t *list, ml_block_opts *block)
{
    place p = {file, "architecture"};
    *block = (ml_block_opts){0};
    ml_status s = read_list(&p, list, block);
    if (s)
        mli_layers_free(block);
    return s;
}

void mli_layers_free(ml_block_opts *block)
{
    for (int i = 0; i < block->n; i++) {
        ml_layer layer = block->layers[i];
        if (layer.kind && layer.kind->block)
            mli_layers_free(&layer.u.block);
    }
    mli_free((void *)block->layers);
    *block = (ml_block_opts){0};
}
