/* params.c -- the parameters of a model, in one block of memory, their gradients in another.
 *
 *     data  | 0.weight ........ |0| 0.bias . |0 0| 2.weight .... | 2.bias . |0 0 0|
 *     grad  | 0.weight ........ |0| 0.bias . |0 0| 2.weight .... | 2.bias . |0 0 0|
 *             ^ each entry begins on 64 bytes      ^ padding is zero
 *
 * Why one block: a step of an optimizer becomes a single loop over flat memory, whatever the layers are, and sending
 * all gradients to another machine becomes one message. Why zero padding: p - lr * 0 is 0, so the loop may run across it.
 *
 * Until the block is sealed every parameter has storage of its own, since nobody knows yet how many there will be. The
 * ml_tensor structs never move, only what their data and grad point to.
 *
 * Buffers (running statistics) are a second list, in storage of their own: nothing ever steps over them.
 */
#include "nn/nn.h"

#include <string.h>

ml_params *ml_params_new(void)
{
    return mli_calloc(1, sizeof(ml_params));
}

static void free_storage(mli_param *e)
{
    if (e->at < 0) {
        mli_free(e->x->data);
        mli_free(e->x->grad);
    }
}

static void free_entry(mli_param *e)
{
    free_storage(e);
    mli_free((char *)e->x->name);
    mli_free(e->x);
}

/* A tensor that has its storage to itself. */
static void free_named(ml_tensor *x)
{
    mli_free((char *)x->name);
    ml_tensor_free(x);
}

void ml_params_free(ml_params *ps)
{
    if (!ps)
        return;
    mli_params_cut(ps, 0, 0);
    mli_free(ps->entries);
    mli_free(ps->buffers);
    mli_free(ps->data);
    mli_free(ps->grad);
    mli_free(ps);
}

void mli_params_cut(ml_params *ps, int n, int n_buffers)
{
    while (ps->n > n)
        free_entry(&ps->entries[--ps->n]);
    while (ps->n_buffers > n_buffers)
        free_named(ps->buffers[--ps->n_buffers]);
}

/* ---- adding and finding ---- */

/* Room for one more in an array of n: *array may move. */
static bool reserve(void **array, int n, int *room, size_t size)
{
    if (n < *room)
        return true;
    int more = *room ? *room * 2 : 16;
    void *copy = mli_alloc((size_t)more * size);
    if (!copy)
        return false;
    if (n)
        memcpy(copy, *array, (size_t)n * size);
    mli_free(*array);
    *array = copy;
    *room = more;
    return true;
}

static ml_tensor *param_of(const ml_params *ps, const char *name)
{
    for (int i = 0; i < ps->n; i++)
        if (strcmp(ps->entries[i].x->name, name) == 0)
            return ps->entries[i].x;
    return NULL;
}

static ml_tensor *buffer_of(const ml_params *ps, const char *name)
{
    for (int i = 0; i < ps->n_buffers; i++)
        if (strcmp(ps->buffers[i]->name, name) == 0)
            return ps->buffers[i];
    return NULL;
}

/* A tensor of zeros under a name that neither list has yet; `what` is what it will be, for sentences. */
static ml_tensor *named(const ml_params *ps, const char *what, const char *name, int rank, const int64_t *shape)
{
    if (!ps || !name || !*name)
        return mli_null(ML_EINVAL, "%s: the list is NULL or the name is empty", what);
    if (param_of(ps, name) || buffer_of(ps, name))
        return mli_null(ML_EINVAL, "%s: there is already one named \"%s\"", what, name);
    char *copy = mli_strdup(name);
    ml_tensor *x = copy ? ml_tensor_new(rank, shape) : NULL;
    if (!x) {
        mli_free(copy);
        mli_fail_in(what);
        return NULL;
    }
    x->name = copy;
    return x;
}

ml_tensor *ml_param(ml_params *ps, const char *name, int rank, const int64_t *shape)
{
    ml_tensor *x = named(ps, "param", name, rank, shape);
    if (!x)
        return NULL;
    void *array = ps->entries;
    if (ml_requires_grad(x) || !reserve(&array, ps->n, &ps->room, sizeof(mli_param))) {
        free_named(x);
        mli_fail_in("param");
        return NULL;
    }
    ps->entries = array;
    ps->entries[ps->n++] = (mli_param){.x = x, .at = -1};
    ps->sealed = false;
    return x;
}

ml_tensor *ml_param_conv1d(ml_params *ps, const char *name, const int64_t shape[3])
{
    ml_tensor *x = ml_param(ps, name, 3, shape);
    if (x)
        x->conv1d = true;
    return x;
}

ml_tensor *ml_buffer(ml_params *ps, const char *name, int rank, const int64_t *shape)
{
    ml_tensor *x = named(ps, "buffer", name, rank, shape);
    if (!x)
        return NULL;
    void *array = ps->buffers;
    if (!reserve(&array, ps->n_buffers, &ps->buffers_room, sizeof(ml_tensor *))) {
        free_named(x);
        mli_fail_in("buffer");
        return NULL;
    }
    ps->buffers = array;
    ps->buffers[ps->n_buffers++] = x;
    return x;
}

int ml_params_count(const ml_params *ps)
{
    return ps ? ps->n : 0;
}

ml_tensor *ml_params_at(const ml_params *ps, int i)
{
    if (!ps || i < 0 || i >= ps->n)
        return mli_null(ML_EINVAL, "params: there is no number %d: they are %d", i, ps ? ps->n : 0);
    return ps->entries[i].x;
}

ml_tensor *ml_params_find(const ml_params *ps, const char *name)
{
    ml_tensor *x = ps && name ? param_of(ps, name) : NULL;
    return x ? x : mli_null(ML_EINVAL, "params: none is named \"%s\"", name ? name : "(NULL)");
}

int64_t ml_params_size(const ml_params *ps)
{
    int64_t size = 0;
    for (int i = 0; ps && i < ps->n; i++)
        size += ps->entries[i].x->size;
    return size;
}

int ml_buffers_count(const ml_params *ps)
{
    return ps ? ps->n_buffers : 0;
}

ml_tensor *ml_buffers_at(const ml_params *ps, int i)
{
    if (!ps || i < 0 || i >= ps->n_buffers)
        return mli_null(ML_EINVAL, "buffers: there is no number %d: they are %d", i, ps ? ps->n_buffers : 0);
    return ps->buffers[i];
}

ml_tensor *ml_buffers_find(const ml_params *ps, const char *name)
{
    ml_tensor *x = ps && name ? buffer_of(ps, name) : NULL;
    return x ? x : mli_null(ML_EINVAL, "buffers: none is named \"%s\"", name ? name : "(NULL)");
}

/* ---- sealing ---- */

/* The length of the block, each entry rounded up; -1 where it is too long. */
static int64_t block_length(const ml_params *ps)
{
    const int64_t limit = INT64_MAX / 4 / (int64_t)sizeof(ml_real);
    int64_t length = 0;
    for (int i = 0; i < ps->n; i++) {
        int64_t size = ps->entries[i].x->size;
        if (size > limit - length)
            return -1;
        length += (size + MLI_ALIGN - 1) / MLI_ALIGN * MLI_ALIGN;
    }
    return length;
}

ml_status ml_params_seal(ml_params *ps)
{
    if (!ps)
        return mli_fail(ML_EINVAL, "params: the list is NULL");
    if (ps->sealed)
        return ML_OK;
    int64_t length = block_length(ps);
    if (length < 0)
        return mli_fail(ML_ENOMEM, "params: together they are too large for one block");
    ml_real *data = mli_calloc((size_t)length, sizeof *data);
    ml_real *grad = data ? mli_calloc((size_t)length, sizeof *grad) : NULL;
    if (!grad) {
        mli_free(data);
        return ML_ENOMEM; /* all stays where it was */
    }
    int64_t at = 0;
    for (int i = 0; i < ps->n; i++) {
        mli_param *e = &ps->entries[i];
        ml_tensor *x = e->x;
        memcpy(data + at, x->data, (size_t)x->size * sizeof *data);
        memcpy(grad + at, x->grad, (size_t)x->size * sizeof *grad);
        free_storage(e);
        x->data = data + at;
        x->grad = grad + at;
        e->at = at;
        at += (x->size + MLI_ALIGN - 1) / MLI_ALIGN * MLI_ALIGN;
    }
    mli_free(ps->data); /* those of an earlier seal */
    mli_free(ps->grad);
    ps->data = data;
    ps->grad = grad;
    ps->length = length;
    ps->sealed = true;
    ps->version++;
    return ML_OK;
}

/* ---- gradients ---- */

void ml_zero_grad(ml_params *ps)
{
    for (int i = 0; ps && i < ps->n; i++) {
        ml_tensor *x = ps->entries[i].x;
        memset(x->grad, 0, (size_t)x->size * sizeof *x->grad);
        x->has_grad = false;
    }
}

/* Whether the name begins with prefix; then the mark is set. */
static bool mark(ml_tensor *x, const char *prefix, bool frozen)
{
    if (strncmp(x->name, prefix, strlen(prefix)) != 0)
        return false;
    x->frozen = frozen;
    return true;
}

int ml_params_freeze(ml_params *ps, const char *prefix, bool frozen)
{
    int count = 0;
    for (int i = 0; ps && prefix && i < ps->n; i++) {
        ml_tensor *x = ps->entries[i].x;
        if (!mark(x, prefix, frozen))
            continue;
        x->requires_grad = !frozen;
        x->has_grad = x->has_grad && !frozen; /* what had gathered is dropped */
        count++;
    }
    for (int i = 0; ps && prefix && i < ps->n_buffers; i++)
        count += mark(ps->buffers[i], prefix, frozen);
    return count;
}
