/* layers_embedding.c -- the lookup of whole numbers in a table that is learnt: y = W[x] */
#include "nn/nn.h"

#include <mlcore/ops.h>

#include <math.h>
#include <string.h>

/* Samples are ml_real, and that type must hold every row's number. */
static const int64_t MOST = sizeof(ml_real) == 4 ? 1 << 24 : INT32_MAX;

static ml_status embedding_build(mli_layer *l, mli_shape *shape, mli_build *b)
{
    const ml_embedding_opts *o = &l->spec.u.embedding;
    char text[160];
    if (o->rows < 1 || o->rows > MOST)
        return mli_fail(ML_EINVAL, "rows is %lld: it must be in 1 .. %lld, as whole numbers of a " ML_REAL_NAME " are",
                        (long long)o->rows, (long long)MOST);
    if (o->dims < 1)
        return mli_fail(ML_EINVAL, "dims is %lld: it must be >= 1", (long long)o->dims);
    if (shape->rank == ML_MAX_RANK - 1)
        return mli_fail(ML_EINVAL, "a sample is %s here: there is no room for an axis more",
                        mli_sample_text(shape, text, sizeof text));
    if (!(l->w = mli_layer_param(b, "weight", 2, (int64_t[]){o->rows, o->dims})))
        return ml_error_status();
    shape->extent[shape->rank++] = o->dims;
    return b->rng ? ml_init_normal(l->w, b->rng, 0, 1) : ML_OK;
}

/* The numbers of x as ids, which the tape keeps for backward; NULL (sticking) where one is no row. */
static int32_t *ids_of(const mli_layer *l, ml_tape *t, const ml_tensor *x)
{
    int32_t *ids = mli_saved(t, (size_t)x->size * sizeof *ids);
    int64_t rows = l->spec.u.embedding.rows;
    for (int64_t i = 0; ids && i < x->size; i++) {
        double v = (double)x->data[i];
        if (!(v >= 0 && v < (double)rows) || v != floor(v)) { /* so that NaN is found too */
            int64_t each = x->size / x->shape[0];
            mli_stick(t, ML_EINVAL, "embedding: number %lld of sample %lld is %g, not a whole number in 0 .. %lld",
                      (long long)(i % each), (long long)(i / each), v, (long long)rows - 1);
            return NULL;
        }
        ids[i] = (int32_t)v;
    }
    return ids;
}

static ml_tensor *embedding_forward(const mli_layer *l, ml_tape *t, ml_tensor *x)
{
    int64_t shape[ML_MAX_RANK];
    if (!mli_ready(t, "embedding", 1, x))
        return NULL;
    int32_t *ids = ids_of(l, t, x);
    ml_tensor *y = ids ? ml_embedding(t, l->w, (ml_ints){ids, x->size}) : NULL;
    if (!y)
        return NULL;
    memcpy(shape, x->shape, sizeof shape);
    shape[x->rank] = y->shape[1];
    return ml_reshape(t, y, x->rank + 1, shape);
}

static void embedding_describe(const mli_layer *l, char *buf, size_t size)
{
    snprintf(buf, size, "%lld rows", (long long)l->spec.u.embedding.rows);
}

static const mli_layer_option OPTIONS[] = {
    {"rows", MLI_OPTION_WHOLE, offsetof(ml_layer, u.embedding.rows)},
    {"dims", MLI_OPTION_WHOLE, offsetof(ml_layer, u.embedding.dims)},
    {0},
};

const ml_layer_kind mli_embedding = {.name = "embedding",
                                     .build = embedding_build,
                                     .forward = embedding_forward,
                                     .describe = embedding_describe,
                                     .options = OPTIONS};

ml_layer ml_layer_embedding(int64_t rows, int64_t dims)
{
    return (ml_layer){.kind = &mli_embedding, .u.embedding = {rows, dims}};
}
