/* layer.c -- how a layer joins a net: its place, the names of its parameters, the sentence where that fails.
 *
 * A kind of layer is one struct ml_layer_kind in one of layers_*.c or blocks.c, its options in the union of ml_layer, a
 * constructor, and one line in the table below. Nothing else knows which kinds there are.
 */
#include "nn/nn.h"

#include <math.h>
#include <string.h>

enum { DEEPEST = 32 }; /* blocks in blocks: forward and all else recurse into them */

#define POINTER_TO_KIND(name) &mli_##name,
const ml_layer_kind *const mli_layer_kinds[] = {MLI_LAYER_KINDS(POINTER_TO_KIND) NULL};

ml_layer ml_layer_named(const char *name, ml_layer layer)
{
    layer.name = name;
    return layer;
}

/* ---- shapes ---- */

int64_t mli_shape_numbers(const mli_shape *s)
{
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++)
        n *= s->extent[i];
    return n;
}

char *mli_sample_text(const mli_shape *s, char *buf, size_t size)
{
    return mli_shape_text(s->rank, s->extent, buf, size);
}

/* ---- names ---- */

/* Names come in sentences, tables and files: one line each. */
static bool is_printable(const char *name)
{
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (*c < 0x20 || *c == 0x7f)
            return false;
    return true;
}

/* Puts the layer's name behind the path. */
static ml_status enter(const mli_layer *l, mli_build *b)
{
    char number[16];
    size_t used = strlen(b->path), room = sizeof b->path - used;
    snprintf(number, sizeof number, "%d", l->index);
    const char *name = l->spec.name ? l->spec.name : number;
    if (!is_printable(name))
        return mli_fail(ML_EINVAL, "its name has a control character, such as a line end");
    if (!*name)
        return ML_OK;
    if ((size_t)snprintf(b->path + used, room, "%s%s", used ? "." : "", name) < room)
        return ML_OK;
    b->path[used] = 0;
    return mli_fail(ML_EINVAL, "its name has %zu bytes: with the names around it there may be %zu", strlen(name),
                    sizeof b->path - 1);
}

/* "net: layer features.0 (dense): " before the sentence that is there. */
static ml_status fail_in_layer(const mli_layer *l, mli_build *b)
{
    char where[sizeof b->path + 64];
    const char *kind = l->spec.kind ? l->spec.kind->name : "?";
    if (b->told)
        return ml_error_status();
    b->told = true;
    if (l->index < 0)
        snprintf(where, sizeof where, "net: input");
    else
        snprintf(where, sizeof where, "net: layer %s (%s)", *b->path ? b->path : "\"\"", kind);
    return mli_fail_in(where);
}

/* ---- joining ---- */

static ml_status check(const mli_layer *l, const mli_build *b)
{
    if (!l->spec.kind)
        return mli_fail(ML_EINVAL, "it is not one of ml_layer_...");
    if (l->index >= 0 && l->spec.kind == &mli_input)
        return mli_fail(ML_EINVAL, "only the first layer of a net may be an input");
    if (b->depth > DEEPEST)
        return mli_fail(ML_EINVAL, "it is inside of %d blocks: there may be %d", b->depth, DEEPEST);
    return ML_OK;
}

/* Adds up what the layer put into the lists since they had so many. */
static void count(mli_layer *l, const ml_params *ps, int params, int buffers)
{
    for (int i = params; i < ps->n; i++)
        l->params += ps->entries[i].x->size;
    for (int i = buffers; i < ps->n_buffers; i++)
        l->buffers += ps->buffers[i]->size;
}

static ml_status build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    int64_t size;
    int params = b->params->n, buffers = b->params->n_buffers;
    ml_status s = check(l, b);
    b->depth++;
    if (!s)
        s = l->spec.kind->build(l, shape, b);
    b->depth--;
    if (!s && !mli_shape_size(shape->rank, shape->extent, &size))
        s = mli_fail(ML_EINVAL, "what it gives for one sample is too large");
    if (s)
        return s;
    count(l, b->params, params, buffers);
    l->out = *shape;
    if (l->spec.kind->block)
        l->spec.u.block = (ml_block_opts){0}; /* the caller's, no longer needed */
    return ML_OK;
}

ml_status mli_layer_build(mli_layer *l, const ml_layer *spec, int index, mli_shape *shape, mli_build *b)
{
    size_t used = strlen(b->path);
    *l = (mli_layer){.spec = *spec, .index = index};
    l->spec.name = spec->name ? mli_strdup(spec->name) : NULL;
    ml_status s = spec->name && !l->spec.name ? ML_ENOMEM : enter(l, b);
    if (!s && !(l->path = mli_strdup(b->path)))
        s = ML_ENOMEM;
    if (!s)
        s = build(l, shape, b);
    if (s) {
        fail_in_layer(l, b);
        mli_layer_free(l);
    }
    b->path[used] = 0;
    return s;
}

void mli_layer_free(mli_layer *l)
{
    for (int i = 0; i < l->n; i++)
        mli_layer_free(&l->layers[i]);
    mli_free(l->layers);
    mli_free((char *)l->spec.name);
    mli_free(l->path);
    *l = (mli_layer){0};
}

/* ---- what goes out ---- */

ml_status mli_layer_keep(mli_layer *l, mli_shape *shape, mli_build *b)
{
    (void)l, (void)shape, (void)b;
    return ML_OK;
}

ml_status mli_layer_wants_image(const mli_shape *shape)
{
    char text[160];
    if (shape->rank == 3)
        return ML_OK;
    return mli_fail(ML_EINVAL, "a sample is %s here, not H x W x C: begin with ML_INPUT(height, width, channels)",
                    mli_sample_text(shape, text, sizeof text));
}

ml_status mli_layer_infer(const mli_layer *l, mli_shape *shape)
{
    int64_t none[ML_MAX_RANK] = {0};
    memcpy(none + 1, shape->extent, (size_t)shape->rank * sizeof *none);
    ml_tape *t = ml_tape_open((ml_tape_opts){.no_grad = true, .mode = ML_EVAL, .kernel = ML_KERNEL_REF});
    ml_tensor *x = t ? mli_out(t, shape->rank + 1, none) : NULL, *y = x ? l->spec.kind->forward(l, t, x) : NULL;
    ml_status s = y ? ML_OK : ml_error_status();
    if (y) {
        shape->rank = y->rank - 1;
        memcpy(shape->extent, y->shape + 1, (size_t)shape->rank * sizeof *none);
    }
    ml_tape_free(t);
    return s;
}

/* ---- what a layer learns ---- */

typedef ml_tensor *(*adder)(ml_params *ps, const char *name, int rank, const int64_t *shape);

static ml_tensor *add(adder f, mli_build *b, const char *name, int rank, const int64_t *shape)
{
    char full[sizeof b->path + 64], text[160];
    int64_t size;
    if (mli_shape_size(rank, shape, &size) && size > b->left)
        return mli_null(ML_EFORMAT, "its %s would be %s: the file has only %lld numbers more", name,
                        mli_shape_text(rank, shape, text, sizeof text), (long long)b->left);
    snprintf(full, sizeof full, "%s%s%s", b->path, *b->path ? "." : "", name);
    ml_tensor *x = f(b->params, full, rank, shape);
    if (x)
        b->left -= x->size;
    return x;
}

ml_tensor *mli_layer_param(mli_build *b, const char *name, int rank, const int64_t *shape)
{
    return add(ml_param, b, name, rank, shape);
}

ml_tensor *mli_layer_buffer(mli_build *b, const char *name, int rank, const int64_t *shape)
{
    return add(ml_buffer, b, name, rank, shape);
}

/* The fan-in of a weight (M,D) or (F,R,S,C): how many products each output sums. */
static double fan_in(const ml_tensor *w)
{
    return (double)(w->size / w->shape[0]);
}

ml_status mli_layer_init(ml_tensor *w, ml_tensor *bias, ml_init init, mli_build *b)
{
    if ((int)init < ML_INIT_DEFAULT || init > ML_INIT_HE_OUT)
        return mli_fail(ML_EINVAL, "init is %d: it must be one of ML_INIT_DEFAULT .. ML_INIT_HE_OUT", (int)init);
    if (!b->rng)
        return ML_OK;
    double a = 1 / sqrt(fan_in(w));
    switch (init) {
    case ML_INIT_HE:
        return ml_init_he_normal(w, b->rng);
    case ML_INIT_XAVIER:
        return ml_init_xavier_uniform(w, b->rng);
    case ML_INIT_NORMAL:
        return ml_init_normal(w, b->rng, 0, 0.01);
    case ML_INIT_ZERO:
        return ML_OK;
    case ML_INIT_ORTHOGONAL:
        return ml_init_orthogonal(w, b->rng, 1);
    case ML_INIT_TRUNC_NORMAL:
        return ml_init_trunc_normal(w, b->rng, 0, 0.02, -0.04, 0.04);
    case ML_INIT_HE_OUT:
        return ml_init_he_normal_out(w, b->rng);
    case ML_INIT_DEFAULT:
        break;
    }
    if (ml_init_uniform(w, b->rng, -a, a))
        return ml_error_status();
    return bias ? ml_init_uniform(bias, b->rng, -a, a) : ML_OK;
}
