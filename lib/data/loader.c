/* loader.c -- batches: bytes become floats here, and nowhere else.
 *
 * The buffers belong to the set. The first pass makes them; later passes of no larger batches allocate nothing.
 */
#include "data/dataset.h"

enum {
    CHUNK = 1 << 14, /* bytes that one chunk of the pool converts: some five microseconds */
    AHEAD = 3,       /* samples that are asked of memory before their turn */
    LINE = 64        /* bytes */
};

/* One conversion, one subtraction, one product; gcc and clang make vector code of it. */
void mli_bytes_to_real(ml_real *restrict out, const uint8_t *restrict bytes, int64_t n, ml_real mean, ml_real scale)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = ((ml_real)bytes[i] - mean) * scale;
}

typedef struct gather {
    const ml_dataset *ds;
    const int64_t *order;
    int64_t from, n, rows; /* rows a chunk */
    ml_real *out;
} gather;

static const uint8_t *sample_bytes(const gather *g, int64_t k)
{
    return mli_dataset_bytes(g->ds, g->order ? g->order[k] : g->from + k);
}

/* Shuffled samples lie anywhere in memory, where no prefetcher of the CPU would guess: it is told. */
static void ask_for(const uint8_t *bytes, int64_t n)
{
    for (int64_t i = 0; i < n; i += LINE)
        __builtin_prefetch(bytes + i);
}

static ml_status gather_chunk(void *arg, int64_t chunk)
{
    const gather *g = arg;
    const ml_dataset *ds = g->ds;
    int64_t begin = chunk * g->rows, end = begin + g->rows < g->n ? begin + g->rows : g->n;
    for (int64_t k = begin; k < end; k++) {
        if (k + AHEAD < end)
            ask_for(sample_bytes(g, k + AHEAD), ds->features);
        mli_bytes_to_real(g->out + k * ds->features, sample_bytes(g, k), ds->features,
                          (ml_real)ds->mean, (ml_real)ds->scale);
    }
    return ML_OK;
}

ml_status mli_dataset_gather(const ml_dataset *ds, const int64_t *order, int64_t from, int64_t n, ml_real *out)
{
    int64_t rows = ds->features > 0 && ds->features < CHUNK ? CHUNK / ds->features : 1;
    gather g = {ds, order, from, n, rows, out};
    if (n <= rows)
        return n > 0 ? gather_chunk(&g, 0) : ML_OK;
    return ml_parallel_for((n + rows - 1) / rows, gather_chunk, &g);
}

/* ---- a pass ---- */

static ml_status check_pass(const ml_dataset *ds, int64_t batch, const ml_rng *rng)
{
    if (!ds)
        return mli_fail(ML_EINVAL, "batches: ds is NULL");
    if (batch < 1)
        return mli_fail(ML_EINVAL, "batches: %lld samples a batch: wants at least 1", (long long)batch);
    if (rng && ds->role == ML_ROLE_TEST)
        return mli_fail(ML_EINVAL, "batches: shuffled batches are for training, and this is a TEST set: training on it "
                        "leaks the answers into the model, and its test score no longer says how it does on new data "
                        "(pass NULL for rng to read it in order)");
    return ML_OK;
}

static ml_status make_room(mli_pass *p, int64_t room, bool shuffled)
{
    const ml_dataset *ds = p->ds;
    if (shuffled && !p->order) {
        p->order = mli_alloc((size_t)ds->n * sizeof *p->order);
        if (!p->order)
            return ML_ENOMEM;
    }
    if (p->x && room <= p->room)
        return ML_OK;
    int64_t shape[ML_MAX_RANK] = {room};
    for (int i = 0; i < ds->rank; i++)
        shape[i + 1] = ds->shape[i];
    ml_tensor *x = ml_tensor_new(ds->rank + 1, shape);
    int32_t *labels = mli_alloc((size_t)room * sizeof *labels);
    if (!x || !labels) {
        ml_tensor_free(x);
        mli_free(labels);
        return ML_ENOMEM;
    }
    ml_tensor_free(p->x);
    mli_free(p->labels);
    p->x = x;
    p->labels = labels;
    p->room = room;
    return ML_OK;
}

static ml_loader start(ml_dataset *ds, int64_t batch, ml_rng *rng, bool whole)
{
    ml_loader loader = {.status = check_pass(ds, batch, rng)};
    if (loader.status)
        return loader;
    mli_pass *p = &ds->self->pass;
    loader.status = make_room(p, batch < ds->n ? batch : ds->n, rng != NULL);
    if (loader.status)
        return loader;
    p->batch = batch;
    p->count = whole ? ds->n / batch : ds->n / batch + (ds->n % batch != 0);
    p->end = whole ? p->count * batch : ds->n;
    p->at = p->index = 0;
    p->shuffled = rng != NULL;
    if (rng) {
        /* From order 0, 1, 2, ...: what a pass draws depends on rng alone, not on the passes before. */
        for (int64_t i = 0; i < ds->n; i++)
            p->order[i] = i;
        ml_rng_shuffle(rng, p->order, ds->n);
    }
    loader.number = ++p->number;
    loader.pass = p;
    return loader;
}

ml_loader ml_batches(ml_dataset *ds, int64_t batch, ml_rng *rng)
{
    return start(ds, batch, rng, false);
}

ml_loader ml_full_batches(ml_dataset *ds, int64_t batch, ml_rng *rng)
{
    return start(ds, batch, rng, true);
}

bool ml_next(ml_loader *loader, ml_batch *batch)
{
    mli_pass *p = loader ? loader->pass : NULL;
    if (!p || !batch || loader->status)
        return false;
    if (loader->number != p->number) {
        loader->status = mli_fail(ML_ESTATE, "next: another pass over this set began before this one ended: their buffers "
                                  "are one; use ml_dataset_head for a second view");
        return false;
    }
    if (p->at >= p->end)
        return false;
    const ml_dataset *ds = p->ds;
    int64_t n = p->end - p->at < p->batch ? p->end - p->at : p->batch;
    const int64_t *order = p->shuffled ? p->order + p->at : NULL;
    loader->status = mli_dataset_gather(ds, order, p->at, n, p->x->data);
    if (loader->status)
        return false;
    for (int64_t k = 0; k < n; k++)
        p->labels[k] = ds->labels[order ? order[k] : p->at + k];
    p->x->shape[0] = n;
    p->x->size = n * ds->features;
    *batch = (ml_batch){.x = p->x, .label = {p->labels, n}, .index = p->index, .count = p->count};
    p->at += n;
    p->index++;
    return true;
}
