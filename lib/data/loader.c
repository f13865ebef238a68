/* loader.c -- batches: bytes become floats here, and nowhere else.
 *
 * A batch is a function of the pass and its number, so it does not matter who makes it: the caller with the pool, or a worker
 * ahead of time. The buffers belong to the set. The first pass makes them; later passes of no larger batches and no more
 * workers allocate nothing.
 */
#include "data/loader.h"

#include "data/dataset.h"

#include <string.h>

enum {
    CHUNK = 1 << 14,         /* bytes that one chunk of the pool converts: some five microseconds */
    CHUNK_CHANGED = 1 << 12, /* the same of pictures that are changed: some twenty */
    AHEAD = 3,               /* samples that are asked of memory before their turn */
    LINE = 64,               /* bytes */
    STREAM = 0x6f7264        /* of the order, apart from what augmentation draws */
};

/* ---- a batch ---- */

/* One conversion, one subtraction, one product; gcc and clang make vector code of it. */
void mli_bytes_to_real(ml_real *restrict out, const uint8_t *restrict bytes, int64_t n, ml_real mean, ml_real scale)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = ((ml_real)bytes[i] - mean) * scale;
}

static int64_t sample_at(const mli_pass *p, int64_t position)
{
    return p->order ? p->order[position] : position;
}

/* Shuffled samples lie anywhere in memory, where no prefetcher of the CPU would guess: it is told. */
static void ask_for(const uint8_t *bytes, int64_t n)
{
    for (int64_t i = 0; i < n; i += LINE)
        __builtin_prefetch(bytes + i);
}

static bool changed(const mli_pass *p)
{
    return p->augmented || p->opts.transform;
}

static size_t whole_lines(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

/* Bytes of scratch for one sample at a time: the picture, then what augmentation wants. */
static size_t scratch_size(const mli_pass *p)
{
    return (changed(p) ? whole_lines((size_t)p->ds->features) : 0) +
           (p->augmented ? whole_lines(mli_augment_scratch(&p->augment)) : 0);
}

/* Samples in one chunk: from shape and options alone, never from the number of threads. */
static int64_t chunk_rows(const mli_pass *p)
{
    const int64_t bytes = changed(p) ? CHUNK_CHANGED : CHUNK;
    return p->ds->features > 0 && p->ds->features < bytes ? bytes / p->ds->features : 1;
}

/* Sample i as this pass changes it, into scratch. */
static ml_status change(const mli_pass *p, int64_t i, uint8_t *scratch)
{
    const ml_load_opts *o = &p->opts;
    const uint8_t *bytes = mli_dataset_bytes(p->ds, i);
    const size_t n = (size_t)p->ds->features;
    if (p->augmented)
        mli_augment_picture(&p->augment, scratch, bytes, mli_sample_rng(o->seed, o->epoch, i, 0), scratch + whole_lines(n));
    else
        memcpy(scratch, bytes, n);
    if (!o->transform)
        return ML_OK;
    ml_rng rng = mli_sample_rng(o->seed, o->epoch, i, 1);
    const ml_status s = o->transform(o->transform_arg, p->ds, i, scratch, &rng);
    return s ? mli_fail(s, "load: transform of sample %lld: %s", (long long)i,
                        ml_error_status() == s ? ml_error() : "failed without a sentence") : ML_OK;
}

typedef struct fill {
    const mli_pass *p;
    mli_slot *slot;
    int64_t from, n, rows; /* first position, samples, samples a chunk */
    size_t step;           /* between the scratches of two chunks; 0 where they are not done at once */
} fill;

static ml_status fill_chunk(void *arg, int64_t chunk)
{
    const fill *f = arg;
    const mli_pass *p = f->p;
    const int64_t features = p->ds->features;
    const int64_t begin = chunk * f->rows, end = begin + f->rows < f->n ? begin + f->rows : f->n;
    for (int64_t k = begin; k < end; k++) {
        const int64_t i = sample_at(p, f->from + k);
        const uint8_t *bytes = mli_dataset_bytes(p->ds, i);
        if (k + AHEAD < end)
            ask_for(mli_dataset_bytes(p->ds, sample_at(p, f->from + k + AHEAD)), features);
        if (changed(p)) {
            uint8_t *scratch = f->slot->scratch + (size_t)chunk * f->step;
            const ml_status s = change(p, i, scratch);
            if (s)
                return s;
            bytes = scratch;
        }
        mli_bytes_to_real(f->slot->x->data + k * features, bytes, features, p->mean, p->scale);
        f->slot->labels[k] = p->ds->labels[i];
    }
    return ML_OK;
}

mli_slot *mli_pass_slot(mli_pass *p, int64_t k)
{
    return &p->slots[k % (p->opts.workers + 1)];
}

ml_status mli_pass_fill(mli_pass *p, int64_t k, bool pool)
{
    mli_slot *slot = mli_pass_slot(p, k);
    const int64_t batch = p->opts.batch, left = p->samples - k * batch, n = left < batch ? left : batch;
    const int64_t rows = chunk_rows(p), chunks = (n + rows - 1) / rows;
    fill f = {p, slot, k * batch, n, rows, pool ? scratch_size(p) : 0};
    ml_status s = ML_OK;
    if (pool)
        s = ml_parallel_for(chunks, fill_chunk, &f);
    for (int64_t i = 0; !pool && !s && i < chunks; i++)
        s = fill_chunk(&f, i);
    slot->x->shape[0] = n;
    slot->x->size = n * p->ds->features;
    return s;
}

/* ---- a pass ---- */

static ml_status check_test_set(const ml_dataset *ds, const char *what, const char *instead)
{
    if (ds->role != ML_ROLE_TEST)
        return ML_OK;
    return mli_fail(ML_EINVAL, "batches: %s for training, and this is a TEST set: training on it leaks the answers into the "
                    "model, and its test score no longer says how it does on new data (%s)", what, instead);
}

static ml_status check_common(const ml_dataset *ds, const ml_load_opts *o, const ml_rng *rng)
{
    if (!ds)
        return mli_fail(ML_EINVAL, "batches: ds is NULL");
    if (o->batch < 1)
        return mli_fail(ML_EINVAL, "batches: %lld samples a batch: wants at least 1", (long long)o->batch);
    if (rng)
        return check_test_set(ds, "shuffled batches are", "pass NULL for rng to read it in order");
    return ML_OK;
}

static int64_t batches_in(const ml_dataset *ds, const ml_load_opts *o)
{
    return ds->n / o->batch + (!o->drop_last && ds->n % o->batch != 0);
}

static ml_status check_load(const ml_dataset *ds, const ml_load_opts *o)
{
    const bool augmented = mli_augment_wanted(&o->augment);
    mli_augment augment;
    if (check_common(ds, o, NULL))
        return ml_error_status();
    if (o->workers < 0 || o->workers > MLI_WORKERS)
        return mli_fail(ML_EINVAL, "load: %d workers: wants 0 to %d", o->workers, MLI_WORKERS);
    if (o->epoch < 0 || o->start < 0)
        return mli_fail(ML_EINVAL, "load: epoch %lld from batch %lld: wants both from 0 on", (long long)o->epoch,
                        (long long)o->start);
    if (o->start > batches_in(ds, o))
        return mli_fail(ML_EINVAL, "load: start at batch %lld of an epoch of %lld", (long long)o->start,
                        (long long)batches_in(ds, o));
    if (o->shuffle && o->weights)
        return mli_fail(ML_EINVAL, "load: shuffle and weights are two orders, each once and drawn by weight: give one");
    if ((o->shuffle && check_test_set(ds, "shuffled batches are", "leave out shuffle to read it in order")) ||
        (o->weights && check_test_set(ds, "samples drawn by weight are", "leave out weights to read each once")) ||
        (augmented && check_test_set(ds, "changed pictures are", "leave out augment to read them as they are")) ||
        (o->transform && check_test_set(ds, "changed samples are", "leave out transform to read them as they are")))
        return ml_error_status();
    if (augmented && mli_augment_init(&augment, ds, &o->augment))
        return ml_error_status();
    return o->weights ? mli_weights_check(o->weights, ds->n) : ML_OK;
}

static ml_status slot_room(mli_slot *slot, const ml_dataset *ds, int64_t room, size_t scratch)
{
    if (!slot->x || room > slot->room) {
        int64_t shape[ML_MAX_RANK] = {room};
        memcpy(shape + 1, ds->shape, (size_t)ds->rank * sizeof *shape);
        ml_tensor *x = ml_tensor_new(ds->rank + 1, shape);
        int32_t *labels = mli_alloc((size_t)room * sizeof *labels);
        if (!x || !labels) {
            ml_tensor_free(x);
            mli_free(labels);
            return ML_ENOMEM;
        }
        ml_tensor_free(slot->x);
        mli_free(slot->labels);
        slot->x = x;
        slot->labels = labels;
        slot->room = room;
    }
    if (scratch > slot->scratch_room) {
        mli_free(slot->scratch);
        slot->scratch_room = 0;
        slot->scratch = mli_alloc(scratch);
        if (!slot->scratch)
            return ML_ENOMEM;
        slot->scratch_room = scratch;
    }
    return ML_OK;
}

/* Buffers for all that the options want. */
static ml_status make_room(mli_pass *p, bool ordered)
{
    const ml_dataset *ds = p->ds;
    const int64_t room = p->opts.batch < ds->n ? p->opts.batch : ds->n, rows = chunk_rows(p);
    const size_t at_once = p->opts.workers ? 1 : (size_t)((room + rows - 1) / rows);
    size_t scratch;
    if (!mli_mul_size(at_once, scratch_size(p), &scratch))
        return mli_fail(ML_ENOMEM, "load: pictures of %lld bytes are too large to be changed", (long long)ds->features);
    for (int i = 0; i <= p->opts.workers; i++)
        if (slot_room(&p->slots[i], ds, room, scratch))
            return ml_error_status();
    if (ordered && !p->own_order && !(p->own_order = mli_alloc((size_t)ds->n * sizeof *p->own_order)))
        return ML_ENOMEM;
    if (p->opts.weights && !p->sums && !(p->sums = mli_alloc((size_t)ds->n * sizeof *p->sums)))
        return ML_ENOMEM;
    return ML_OK;
}

/* The set's own pass, made at the first, and ended where one is under way. */
static mli_pass *pass_of(ml_dataset *ds)
{
    mli_pass *p = ds->self->pass;
    if (!p) {
        p = ds->self->pass = mli_calloc(1, sizeof *p);
        if (!p)
            return NULL;
        p->ds = ds;
        mli_ring_init(&p->ring);
    }
    mli_ring_stop(p);
    p->number++;
    return p;
}

/* Options that have been looked through; the order comes from rng, NULL for as they lie. */
static ml_loader start(ml_dataset *ds, const ml_load_opts *opts, ml_rng *rng)
{
    mli_pass *p = pass_of(ds);
    ml_loader loader = {.status = p ? ML_OK : ML_ENOMEM};
    if (!p)
        return loader;
    p->opts = *opts;
    p->mean = (ml_real)ds->mean;
    p->scale = (ml_real)ds->scale;
    p->index = opts->start;
    p->count = batches_in(ds, opts);
    p->samples = opts->drop_last ? p->count * opts->batch : ds->n;
    p->augmented = mli_augment_wanted(&opts->augment);
    if ((p->augmented && mli_augment_init(&p->augment, ds, &opts->augment)) || make_room(p, rng != NULL)) {
        loader.status = ml_error_status();
        return loader;
    }
    p->order = rng ? p->own_order : NULL;
    if (opts->weights)
        mli_order_draw(p->own_order, ds->n, opts->weights, p->sums, rng);
    else if (rng)
        mli_order_shuffle(p->own_order, ds->n, rng);
    p->opts.weights = NULL; /* the caller's, and read */
    mli_ring_start(p, p->index);
    loader.number = p->number;
    loader.pass = p;
    return loader;
}

ml_loader ml_batches(ml_dataset *ds, int64_t batch, ml_rng *rng)
{
    const ml_load_opts opts = {.batch = batch};
    const ml_status bad = check_common(ds, &opts, rng);
    return bad ? (ml_loader){.status = bad} : start(ds, &opts, rng);
}

ml_loader ml_full_batches(ml_dataset *ds, int64_t batch, ml_rng *rng)
{
    const ml_load_opts opts = {.batch = batch, .drop_last = true};
    const ml_status bad = check_common(ds, &opts, rng);
    return bad ? (ml_loader){.status = bad} : start(ds, &opts, rng);
}

ml_loader ml_load(ml_dataset *ds, ml_load_opts opts)
{
    const ml_status bad = check_load(ds, &opts);
    ml_rng rng = ml_rng_split(ml_rng_seed(opts.seed), STREAM, (uint64_t)opts.epoch);
    return bad ? (ml_loader){.status = bad} : start(ds, &opts, opts.shuffle || opts.weights ? &rng : NULL);
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
    if (p->index < p->count)
        loader->status = mli_ring_take(p, p->index);
    if (p->index >= p->count || loader->status) {
        mli_ring_stop(p);
        return false;
    }
    mli_slot *slot = mli_pass_slot(p, p->index);
    *batch = (ml_batch){.x = slot->x, .label = {slot->labels, slot->x->shape[0]}, .index = p->index, .count = p->count};
    p->index++;
    return true;
}

void mli_pass_free(mli_pass *p)
{
    if (!p)
        return;
    mli_ring_stop(p);
    for (int i = 0; i <= MLI_WORKERS; i++) {
        ml_tensor_free(p->slots[i].x);
        mli_free(p->slots[i].labels);
        mli_free(p->slots[i].scratch);
    }
    mli_free(p->own_order);
    mli_free(p->sums);
    mli_free(p);
}
